"""The pictures of section 07: how a :class:`lrcourse.finder.RangeTest` draws itself, and range tests against the truth,
trainings at constant learning rates."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from math import inf, isfinite
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

from .. import curves, training
from ..curves import Schedule
from ..finder import SUGGESTIONS, RangeTest, find_lr
from ..training.sweep import shares, standard_error, sweep, sweeping
from . import style
from .style import Figure, Picture, Seen, halo, label, styled

UPDATES, SEEDS = 300, 4  # of a training at a constant learning rate
CONSTANT = curves.constant(1)
LOOKS = {"steepest": ("^", style.NOISE), "valley": ("v", style.INK)}
LOOKS |= {"minimum/3": ("o", style.LR), "minimum/10": ("s", style.SECOND)}


@styled
def range_test(result: RangeTest) -> Figure:
    """The loss over the learning rate with the suggestions, and its slope over ln η.

    Args:
        result: what :func:`lrcourse.find_lr` returned. Of several runs each is a thin line, and the mean a thick one.
    """
    figure = Figure(height=5.2, alt=_alt(result))
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1.6, 1))
    lrs, smoothed, skip, lowest = result.lrs, result.smoothed, result.runs[0].skip, turn(result)
    if len(result.runs) == 1:
        top.plot(lrs, result.losses, ".", color=style.LOSS, alpha=0.35, markersize=5, markeredgewidth=0)
    else:
        for run in result.runs:
            top.plot(run.lrs, run.smoothed, color=style.LOSS, alpha=0.35, linewidth=0.8)
    top.plot(lrs, smoothed, color=style.LOSS)
    bottom.plot(lrs, result.gradient, color=style.LOSS)
    bottom.axhline(0, color=style.REFERENCE, linewidth=1.2, zorder=1.5)

    for name, lr in result.suggestions.items():
        marker, colour = LOOKS[name]
        chosen = name == result.suggestion
        (spot,) = top.plot(
            lr, np.interp(lr, lrs, smoothed), marker, color=colour, markersize=11 if chosen else 8, zorder=3,
            linestyle="none", markeredgecolor="white", label=f"{name}: {lr:.2g}{_spread(result, name)}",
        )  # fmt: skip
        halo(spot)
        for ax in (top, bottom) if chosen else ():
            ax.axvline(lr, color=colour, linewidth=1.2, linestyle=(0, (4, 2.5)), zorder=1.5)

    before = result.losses[: lowest + 1]
    low, high = min(before.min(), smoothed.min()), before.max()
    pad = 0.08 * (high - low) or 1.0
    top.set(xscale="log", ylim=(low - pad, high + 2 * pad), ylabel=label("loss of the batch", "批次损失"))
    fall = np.abs(result.gradient[skip : lowest + 1]).max(initial=0.0)
    if isfinite(fall) and fall > 0:
        bottom.set_ylim(-1.3 * fall, 1.0 * fall)
    bottom.set_ylabel(label("slope dL/d ln η", "斜率 dL/d ln η"))
    bottom.set_xlabel(label("learning rate η", "学习率 η"))
    top.set_title(_title(result))
    top.legend(loc="lower left")
    return figure


def turn(test: RangeTest) -> int:
    """The point where the curve that is drawn, the mean over the runs, is lowest; suggestions are medians of the runs
    and may lie a step beside."""
    skip = test.runs[0].skip
    return skip + int(np.argmin(test.smoothed[skip:]))


def _title(result: RangeTest) -> str:
    if result.doubts:
        return result.doubts[0][:1].upper() + result.doubts[0][1:]
    values = result.suggestions.values()
    return label(
        "Try η = {lr:.2g}; the four rules differ ×{factor:.2g}", "可从 η = {lr:.2g} 试起；四种规则相差 {factor:.2g} 倍",
        lr=result.suggested_lr, factor=max(values) / min(values),
    )  # fmt: skip


def _spread(result: RangeTest, name: str) -> str:
    spread = result.spread[name]
    return f" (×{spread:.2g})" if isfinite(spread) else ""


def _alt(result: RangeTest) -> str:
    stopped = {
        "end": label("to the end of the range", "直到范围结束"),
        "diverged": label("until the loss diverged", "直到损失发散"),
        "non-finite": label("until the loss was not finite", "直到损失不再有限"),
    }[result.stopped]
    worst = max((value for value in result.spread.values() if isfinite(value)), default=-inf)
    seeds = label(
        " Over {n} seeds a suggestion varies by up to ×{worst:.2g}.",
        "{n} 个随机种子之间，建议值最多相差 {worst:.2g} 倍。",
        n=len(result.runs), worst=worst,
    )  # fmt: skip
    return label(
        "Range test from {first:.1g} to {last:.2g}, {stopped}: the loss goes from {start:.3g} to {best:.3g} at best. "
        "Suggested learning rates: {values}.{seeds}{doubts}",
        "学习率范围测试，从 {first:.1g} 到 {last:.2g}，{stopped}：损失从 {start:.3g} 降到最低 {best:.3g}。"
        "建议的学习率：{values}。{seeds}{doubts}",
        first=result.lrs[0], last=result.lrs[-1], stopped=stopped, start=result.smoothed[0],
        best=result.smoothed.min(),
        values=label(", ", "、").join(f"{k} {v:.2g}" for k, v in result.suggestions.items()),
        seeds=seeds if len(result.runs) > 1 else "", doubts="".join(f" {doubt}" for doubt in result.doubts),
    )  # fmt: skip


# --- What the average of the losses does ----------------------------------------------------------------------


def average(losses: Sequence[float] | NDArray, beta: float, *, start: str = "debiased") -> NDArray[np.float64]:
    """``(T,)``: moving average of *losses* ``(T,)``, the past weighing *beta*.

    Args:
        start: "zero" begins at 0, "first" at the first loss, "debiased" divides the one from 0 by the weights that it
            has gathered, ``1 - beta ** (t + 1)``.
    """
    running, found = (losses[0] if start == "first" else 0.0), []
    for t, loss in enumerate(losses):
        running = beta * running + (1 - beta) * loss
        found.append(running / (1 - beta ** (t + 1)) if start == "debiased" else running)
    return np.array(found)


@styled
def averages(lrs: Sequence[float], losses: Sequence[float], beta: float = 0.9) -> Figure:
    """One range test's losses, and three moving averages of them.

    Args:
        lrs, losses: ``(T,)``, as ``find_lr`` returns them.
        beta: share of the past.
    """
    losses = np.asarray(losses)
    lines = {start: average(losses, beta, start=start) for start in ("zero", "first", "debiased")}
    names = {
        "zero": label("from 0", "从 0 开始"),
        "first": label("from the first loss", "从首个损失开始"),
        "debiased": label("debiased", "去偏"),
    }
    figure = Figure(height=3.7)
    axes = figure.subplots()
    axes.plot(lrs, losses, ".", color=style.REFERENCE, markersize=5, markeredgewidth=0)
    for start, colour in zip(lines, (style.NOISE, style.SECOND, style.LOSS), strict=True):
        axes.plot(lrs, lines[start], color=colour, label=names[start], linestyle="--" if start == "first" else "-")
    axes.set(xscale="log", ylim=(0, 1.25 * losses[: len(losses) // 2].max()))
    axes.set_xlabel(label("learning rate η", "学习率 η"))
    axes.set_ylabel(label("loss of the batch", "批次损失"))
    axes.set_title(label("Begun at 0, an average climbs for long", "从 0 开始的平均要爬升很久"))
    axes.legend(loc="lower center")
    figure.alt = label(
        "The first batch loses {loss:.2f}. After {n} points the averages are at: {values}; the mean of these losses is "
        "{mean:.2f}.",
        "第一个批次的损失为 {loss:.2f}。{n} 个点之后，各平均为：{values}；这些损失的均值为 {mean:.2f}。",
        loss=losses[0], n=5, mean=losses[:5].mean(),
        values=label(", ", "，").join(f"{names[k]} {v[4]:.2f}" for k, v in lines.items()),
    )  # fmt: skip
    return figure


class Lag(Picture):
    """A range test of a noisy parabola of curvature λ = 2, and the moving average of its losses, which lags.

    The loss is exact, the mean over the gradient's noise (x² grows to (1 − ηλ)²·x² + η²σ²); what is added to it is the
    noise of the measurement, seed 0.
    """

    height = 4.4
    CURVATURE, FLOOR, KICK, NOISE, LAST = 2.0, 1.0, 0.1, 0.12, 10.0
    NEAR, QUIET = 1.4, 0.3  # the goal: how late the average is, and how much noise it keeps

    def draw(self, figure):
        axes = figure.subplots()
        nothing = [np.nan]
        (self.raw,) = axes.plot(nothing, nothing, ".", color=style.REFERENCE, markersize=4, markeredgewidth=0)
        self.exact = style.theory_line(axes, nothing, nothing)
        (self.line,) = axes.plot(nothing, nothing, color=style.LOSS, linewidth=2.4)
        (self.late,) = axes.plot(nothing, nothing, "o-", color=style.LR, markersize=8, markeredgecolor="white")
        style.limit_line(axes, 2 / self.CURVATURE)
        axes.annotate(
            "2/λ", (2 / self.CURVATURE, 1), (-4, -2), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
            va="top", ha="right", color=style.QUIET, fontsize=9.5,
        )  # fmt: skip
        axes.set(xscale="log", xlim=(1e-8, 10), ylim=(0, 3.2), xlabel=label("learning rate η", "学习率 η"))
        axes.set_ylabel(label("loss of the batch", "批次损失"))
        self.title = axes.set_title("η")
        return [self.raw, self.exact, self.line, self.late, self.title]

    @classmethod
    def losses(cls, init_lr: float, num_steps: int) -> tuple[NDArray, NDArray, NDArray]:
        """Learning rates, exact losses and measured losses ``(T,)``, until the loss is four times the best."""
        lrs = np.geomspace(init_lr, cls.LAST, num_steps)
        square, exact = 1.0, []
        for lr in lrs:
            exact.append(cls.FLOOR + square)
            if exact[-1] > 4 * min(exact):
                break
            square = (1 - lr * cls.CURVATURE) ** 2 * square + (lr * cls.KICK) ** 2
        exact = np.array(exact)
        noise = np.random.default_rng(0).normal(0, cls.NOISE, num_steps)
        return lrs[: len(exact)], exact, exact + noise[: len(exact)]

    def update(self, smoothing: float, num_steps: float, init_lr: float, debias: bool) -> Seen:
        """``smoothing``: share of the past; ``num_steps``; ``init_lr``: of the first update; ``debias``."""
        num_steps = round(num_steps)
        lrs, exact, losses = self.losses(init_lr, num_steps)
        smoothed = average(losses, smoothing, start="debiased" if debias else "zero")
        half = self.FLOOR + exact[0] / 4
        before = lrs <= 2 / self.CURVATURE  # there it still falls
        fallen = int(np.argmax(exact <= half))
        above = np.flatnonzero(before & (smoothed > half))
        reached = len(above) and above[-1] + 1 < before.sum()
        late = lrs[above[-1] + 1] / lrs[fallen] if reached else np.nan
        self.raw.set_data(lrs, losses)
        self.exact.set_data(lrs, exact)
        self.line.set_data(lrs, smoothed)
        self.late.set_data([lrs[fallen], lrs[fallen] * late], [half, half])
        decades = np.log10(self.LAST / init_lr) / (num_steps - 1)
        steps = smoothing / (1 - smoothing)
        noise = ((1 - smoothing) / (1 + smoothing)) ** 0.5
        self.title.set_text(
            label("The average sees half the fall × {late:.2g} late",
                  "平均看到下降过半时，η 已大了 {late:.2g} 倍", late=late)
            if reached else label("The average never sees half the fall", "平均根本没看到下降过半")
        )
        words = label(
            "The loss has fallen half-way at η = {lr:.2g}, the average {when}. In theory it lags by β/(1 − β) = "
            "{steps:.3g} steps of {each:.2g} decades: a factor of {factor:.2g}. Of the noise it keeps {noise:.0%}."
            "{zero}",
            "损失在 η = {lr:.2g} 处下降过半，平均{when}。理论上它滞后 β/(1 − β) = {steps:.3g} 步，"
            "每步 {each:.2g} 个数量级：即 {factor:.2g} 倍。噪声还剩 {noise:.0%}。{zero}",
            lr=lrs[fallen], steps=steps, each=decades, factor=10 ** (steps * decades), noise=noise,
            when=label("at {lr:.2g}", "则在 {lr:.2g} 处", lr=lrs[fallen] * late)
            if reached else label("not before 2/λ", "到 2/λ 都还没有"),
            zero="" if debias else label(" Its start is pulled to 0.", "它的开头被拉向 0。"),
        )  # fmt: skip
        near = reached and 1 / self.NEAR <= late <= self.NEAR and noise <= self.QUIET and debias
        return Seen(words, f"× {late:.2g} · {noise:.0%}" if near else "")


@styled
def turns(tests: Mapping[float, RangeTest]) -> Figure:
    """Range tests of parabolas over their curvature: each loss turns at 2/λ.

    Args:
        tests: by curvature λ, without smoothing.
    """
    figure = Figure(height=3.5)
    axes = figure.subplots()
    found = []
    for (curvature, test), colour in zip(tests.items(), style.CYCLE, strict=False):
        axes.plot(test.lrs, test.losses / test.losses[0], color=colour, label=f"λ = {curvature:g}")
        axes.axvline(2 / curvature, color=style.THEORY, linestyle=(0, (4, 2.5)), linewidth=1.2)
        found.append(label(
            "λ = {curvature:g} {lowest:.3g} (2/λ = {limit:.3g})",
            "λ = {curvature:g} 时 {lowest:.3g}（2/λ = {limit:.3g}）",
            curvature=curvature, lowest=test.lrs[np.argmin(test.losses)], limit=2 / curvature,
        ))  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel=label("learning rate η", "学习率 η"))
    axes.set_ylabel(label("loss / first loss", "损失 / 首个损失"))
    axes.set_title(label("A parabola turns at 2/λ (dashed)", "抛物线在 2/λ（虚线）处转向"))
    axes.legend(loc="lower left")
    figure.alt = label("The loss is lowest at η: {found}.", "损失在以下 η 处最低：{found}。",
                       found=label("; ", "；").join(found))  # fmt: skip
    return figure


# --- Three networks -------------------------------------------------------------------------------------------


class Bench(NamedTuple):
    """A network that trains in a moment: what ``find_lr`` and ``sweep`` need to know of it."""

    data: Callable[[], training.Dataset]
    widths: tuple[int, ...]
    optimizer: Callable[..., torch.optim.Optimizer]
    settings: dict
    """The same optimizer, as arguments of ``sweep``."""
    lrs: NDArray[np.float64]
    """A grid around the best."""

    def model(self, seed: int) -> nn.Module:
        return training.mlp(self.widths, nn.ReLU, seed=seed)

    def train(self, lrs: Sequence[float], *, shape: Schedule = CONSTANT, seeds: int | range = SEEDS) -> NDArray:
        """Final training losses ``(L, seeds)`` after 300 updates; nan where one diverged.

        Args:
            lrs: ``(L,)``: peaks.
            shape: of the schedule, peak 1.
        """
        result = sweep(self.data(), {"": shape}, lrs=lrs, seeds=seeds, progress=False, **self.arguments)
        return result.train_loss[0]

    @property
    def arguments(self) -> dict:
        """All of ``sweep``'s but schedules, learning rates and seeds."""
        return {"updates": UPDATES, "batch_size": 32, "model": self.widths, **self.settings}


BENCHES = {
    "digits": Bench(
        training.digits, (64, 32, 10), functools.partial(torch.optim.SGD, lr=0.1), {}, np.geomspace(0.03, 3, 9)
    ),
    "momentum": Bench(
        training.mnist1d, (40, 32, 32, 10), functools.partial(torch.optim.SGD, lr=0.1, momentum=0.9),
        {"momentum": 0.9}, np.geomspace(0.004, 0.4, 9),
    ),
    "adamw": Bench(
        training.mnist1d, (40, 32, 32, 10), functools.partial(torch.optim.AdamW, weight_decay=0.01),
        {"optimizer": "adamw", "weight_decay": 0.01}, np.geomspace(0.0007, 0.07, 9),
    ),
}  # fmt: skip


def bench_name(name: str) -> str:
    """A bench's name on the page."""
    return {
        "digits": label("digits, SGD", "手写数字，SGD"),
        "momentum": label("MNIST-1D, momentum", "MNIST-1D，动量"),
        "adamw": label("MNIST-1D, AdamW", "MNIST-1D，AdamW"),
    }[name]


@functools.cache
def range_test_of(name: str) -> RangeTest:
    """The range test of a bench over five seeds."""
    bench = BENCHES[name]
    model, data = bench.model(0), bench.data()
    rows = BatchSampler(RandomSampler(data.x), 32, drop_last=True)
    loader = DataLoader(TensorDataset(data.x, data.y), sampler=rows, batch_size=None)
    return find_lr(model, loader, cross_entropy, bench.optimizer(model.parameters()), seeds=5, progress=False)


@functools.cache
def trained(name: str) -> NDArray[np.float64]:
    """Final training losses of a bench over its grid ``(L, seeds)``; infinite where one diverged."""
    bench = BENCHES[name]
    return np.nan_to_num(bench.train(bench.lrs.tolist()), nan=np.inf)


# --- Against the truth ----------------------------------------------------------------------------------------


class Truth(NamedTuple):
    """What trainings at constant learning rates gave.

    Attributes:
        lrs: ``(L,)``: a grid.
        loss: ``(L, seeds)``: final training loss; infinite where it diverged.
        suggested: ``(4,)``: what a range test suggests, in the order of ``SUGGESTIONS``.
        at: ``(4, seeds)``: final training loss at these.
    """

    lrs: NDArray[np.float64]
    loss: NDArray[np.float64]
    suggested: NDArray[np.float64]
    at: NDArray[np.float64]

    @property
    def best(self) -> int:
        """Of the grid: the place of the lowest mean."""
        return int(self.loss.mean(1).argmin())

    def cost(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """``(4,)`` each: loss at the suggestions minus that at the best of the grid, mean of the paired differences,
        and its standard error."""
        difference = self.at - self.loss[self.best]
        with np.errstate(invalid="ignore"):  # some diverged
            return difference.mean(1), standard_error(difference)


def truth(test: RangeTest, lrs: Sequence[float], train: Callable[[NDArray[np.float64]], NDArray]) -> Truth:
    """Train at a grid of constant learning rates and at what *test* suggests.

    Args:
        test: a range test.
        lrs: ``(L,)``: the grid.
        train: learning rates ``(n,)`` → final losses ``(n, seeds)``; nan where a training diverged.
    """
    suggested = np.array([test.suggestions[name] for name in SUGGESTIONS])
    lrs = np.asarray(lrs, float)
    losses = np.nan_to_num(train(np.concatenate([lrs, suggested])), nan=np.inf)
    return Truth(lrs, losses[: len(lrs)], suggested, losses[len(lrs) :])


@styled
def against(found: Mapping[str, tuple[RangeTest, Truth]]) -> Figure:
    """The final loss over constant learning rates (± standard error), and on it what the range test suggests, with a
    bar from its smallest to its largest run: a panel a network. What diverged stands at the upper edge.

    Args:
        found: by name of the bench: its range test over several seeds, and what trainings gave.
    """
    figure = Figure(height=3.9)
    panels = figure.subplots(1, len(found), squeeze=False)[0]
    alt = []
    for ax, (name, (test, true)) in zip(panels, found.items(), strict=True):
        mean = true.loss.mean(1)
        kept = np.isfinite(mean)
        error = np.zeros_like(mean)
        error[kept] = standard_error(true.loss[kept])
        low = mean[kept].min()
        heights = true.at.mean(1)
        top = max(low + 1.6 * (mean[0] - low), 1.02 * heights[np.isfinite(heights)].max(initial=0))
        ax.fill_between(true.lrs, mean - error, mean + error, where=kept, color=style.LOSS, alpha=0.25, linewidth=0)
        ax.plot(true.lrs[kept], mean[kept], color=style.LOSS)
        for suggestion, lr, height in zip(SUGGESTIONS, true.suggested, np.minimum(heights, top), strict=True):
            marker, colour = LOOKS[suggestion]
            each = [run.suggestions[suggestion] for run in test.runs]
            ax.plot([min(each), max(each)], [height] * 2, color=colour, linewidth=1.6, zorder=2.5)
            (spot,) = ax.plot(
                lr, height, marker, color=colour, markersize=8, markeredgecolor="white", zorder=3, label=suggestion,
                linestyle="none",
            )  # fmt: skip
            halo(spot)
        ax.set(xscale="log", ylim=(low - 0.08 * (top - low), top + 0.05 * (top - low)))
        ax.set_xlabel(label("learning rate η", "学习率 η"))
        title = bench_name(name)
        ax.set_title(title, fontsize=11)
        alt.append(_told(title, true))
    panels[0].set_ylabel(label("final training loss", "最终训练损失"))
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, handletextpad=0.3,
    )  # fmt: skip
    figure.suptitle(
        label("No rule is nearest on all three", "没有哪条规则在三个网络上都最接近"),
        fontsize=12, weight="bold", x=0.02, ha="left",
    )  # fmt: skip
    figure.alt = label(" ", "").join(alt)
    return figure


def _told(name: str, true: Truth) -> str:
    cost, error = true.cost()
    each = label("; ", "；").join(
        label("{rule} {lr:.2g} (× {ratio:.2g}, {more})", "{rule} {lr:.2g}（× {ratio:.2g}，{more}）",
              rule=rule, lr=lr, ratio=lr / true.lrs[true.best],
              more=f"{c:+.3f} ± {e:.3f}" if isfinite(c) else label("diverged", "发散"))
        for rule, lr, c, e in zip(SUGGESTIONS, true.suggested, cost, error, strict=True)
    )  # fmt: skip
    return label(
        "{name}: best constant rate {lr:.2g}, loss {loss:.3f}. Suggested (over the best, loss more than the best): "
        "{each}.",
        "{name}：最佳恒定学习率 {lr:.2g}，损失 {loss:.3f}。建议值（与最佳之比，比最佳多的损失）：{each}。",
        name=name, lr=true.lrs[true.best], loss=true.loss[true.best].mean(), each=each,
    )  # fmt: skip


@styled
def intervals(tests: Mapping[str, RangeTest], rule: str = "minimum/10") -> Figure:
    """What one rule suggests under several batch sizes and momenta: the median over the seeds, and from the smallest to
    the largest.

    Args:
        tests: name of the setting → range test over several seeds.
        rule: of the four.
    """
    figure = Figure(height=0.95 + 0.34 * len(tests))
    axes = figure.subplots()
    told = []
    for row, (name, test) in enumerate(tests.items()):
        each = [run.suggestions[rule] for run in test.runs]
        middle = test.suggestions[rule]
        axes.plot([min(each), max(each)], [row] * 2, color=style.LR, linewidth=5, alpha=0.3, solid_capstyle="butt")
        axes.plot(each, [row] * len(each), "|", color=style.LR, markersize=10)
        axes.plot(middle, row, "o", color=style.LR)
        at: dict[str, Any] = dict(xytext=(8, 0), textcoords="offset points", va="center")
        axes.annotate(f"{middle:.2g}", (max(each), row), color=style.LR, **at)
        told.append(label(
            "{name} {middle:.2g} ({low:.2g}–{high:.2g})", "{name} {middle:.2g}（{low:.2g}–{high:.2g}）",
            name=name, middle=middle, low=min(each), high=max(each),
        ))  # fmt: skip
    axes.set_yticks(range(len(tests)), list(tests), fontsize=11, color=style.INK)
    axes.invert_yaxis()
    axes.margins(x=0.12, y=0.12)
    axes.set(xscale="log")
    axes.set_xlabel(label("η by {rule}: each seed, and the median", "{rule} 建议的 η：各随机种子及中位数", rule=rule))
    axes.set_title(label("Momentum moves the suggestion, the batch size little", "动量改变建议值，批大小影响不大"))
    figure.alt = label("{rule} suggests: {told}.", "{rule} 的建议：{told}。",
                       rule=rule, told=label("; ", "；").join(told))  # fmt: skip
    return figure


# --- Read it, and try it --------------------------------------------------------------------------------------


class ReadIt(Picture):
    """Above, a range test; below, the network trained at the learning rate that somebody reads from it."""

    height = 4.9
    GOAL = 0.02

    def draw(self, figure):
        self.tried: dict[tuple[str, float], NDArray] = {}  # final losses; nothing is trained twice
        self.good: set[str] = set()  # networks that were brought to the goal
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.15))
        nothing = [np.nan]
        (self.test,) = top.plot(nothing, nothing, color=style.LOSS)
        (self.turn,) = top.plot(nothing, nothing, "o", color=style.REFERENCE, markeredgecolor="white", markersize=8)
        self.above = top.axvline(1, color=style.LR, linewidth=1.5)
        self.below = bottom.axvline(1, color=style.LR, linewidth=1.5)
        (self.sweep,) = bottom.plot(nothing, nothing, "o-", color=style.SECOND, markersize=4)
        (self.error,) = bottom.plot(nothing, nothing, color=style.LR, linewidth=5, solid_capstyle="butt")
        (self.mine,) = bottom.plot(nothing, nothing, "o", color=style.LR, markersize=10, markeredgecolor="white")
        top.set(xscale="log", xlim=(1e-5, 30), ylim=(1.6, 3.2))
        top.set_ylabel(label("loss while η rises", "η 上升时的损失"))
        self.title = top.set_title("η")
        bottom.set(ylim=(-0.05, 2.6), xlabel=label("learning rate η", "学习率 η"))
        bottom.set_ylabel(label("loss after {n} updates", "{n} 步后的损失", n=UPDATES))
        self.hidden = bottom.text(
            0.02, 0.9, "", transform=bottom.transAxes, color=style.ink(style.SECOND), weight="bold", va="top",
        )  # fmt: skip
        still = [self.test, self.turn, self.above, self.below, self.sweep]
        return [*still, self.error, self.mine, self.title, self.hidden]

    def update(self, network: str, lr: float, sweep: bool):
        """``network``: of :data:`BENCHES`; ``lr``: constant; ``sweep``: whether the trainings at a grid of learning
        rates are shown."""
        for artist in (self.mine, self.error):
            artist.set_color(style.REFERENCE)
        bench, test, losses = BENCHES[network], range_test_of(network), trained(network)
        if (network, lr) not in self.tried:
            steps = sweeping(bench.data(), {"": curves.constant(lr)}, seeds=SEEDS, **bench.arguments)
            result = yield from shares(steps)
            self.tried[network, lr] = np.nan_to_num(result.train_loss[0, 0], nan=np.inf)
        final = self.tried[network, lr]
        self.test.set_data(test.lrs, test.smoothed)
        for line in (self.above, self.below):
            line.set_xdata([lr, lr])
        mean = losses.mean(1)
        self.sweep.set_data(bench.lrs, np.where(np.isfinite(mean), mean, np.nan))
        self.sweep.set_visible(sweep)
        self.hidden.set_text(label("constant rates, one after the other", "逐个试过的恒定学习率") if sweep else "")
        lowest = turn(test)
        self.turn.set_data([test.lrs[lowest]], [test.smoothed[lowest]])
        ratio = lr / test.lrs[lowest]
        self.title.set_text(label(
            "η = {lr:.2g}: {ratio:.2g} × where the loss turns", "η = {lr:.2g}：转向处的 {ratio:.2g} 倍",
            lr=lr, ratio=ratio,
        ))  # fmt: skip
        lost = int((~np.isfinite(final)).sum())
        height = np.clip(final.mean(), 0, 2.5) if not lost else 2.5
        error = 0.0 if lost else standard_error(final)
        self.mine.set_data([lr], [height])
        self.error.set_data([lr, lr], np.clip([height - error, height + error], 0, 2.5))
        for artist in (self.mine, self.error):
            artist.set_color(style.LR)
        if lost:
            return Seen(label("η = {lr:.2g}: {lost} of {n} networks diverged.",
                              "η = {lr:.2g}：{n} 个网络中有 {lost} 个发散。", lr=lr, lost=lost, n=SEEDS))  # fmt: skip
        best = mean.min()
        more = final.mean() - best
        words = label(
            "η = {lr:.2g}, {ratio:.2g} × the turn: loss {loss:.3f} ± {error:.3f} after {updates} updates ({n} seeds, ± "
            "standard error); {verdict}",
            "η = {lr:.2g}，转向处的 {ratio:.2g} 倍：{updates} 步后损失 {loss:.3f} ± {error:.3f}"
            "（{n} 个随机种子，± 标准误）；{verdict}",
            lr=lr, ratio=ratio, loss=final.mean(), error=error, updates=UPDATES, n=SEEDS,
            verdict=label("{more:+.3f} against the best of {g} rates.", "与 {g} 个学习率中最好的相比 {more:+.3f}。",
                          more=more, g=len(bench.lrs)),
        )  # fmt: skip
        if more > self.GOAL:
            return Seen(words)
        self.good.add(network)
        n, every = len(self.good), len(BENCHES)
        words += label(" Near enough: {n} of {all} networks.", "够近了：{all} 个网络中已完成 {n} 个。", n=n, all=every)
        return Seen(words, label("all {n}", "共 {n} 个", n=n) if n == every else "")
