"""The pictures of section 05: schedules drawn by hand, their modern families, and what training makes of them.

Every loss comes from :func:`lrcourse.training.sweep.sweep`, every curve from :mod:`lrcourse.curves`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import curves
from ..arguments import whole
from ..curves import Schedule
from ..training import BENCH, mnist1d, standard_error
from ..training.sweep import Measure, Sweep, shares, sweep, sweeping
from . import style
from .style import Figure, Picture, Seen, label, styled

SEEDS, UPDATES = 16, 300


# --- Draw your own --------------------------------------------------------------------------------------------

COSINE_PEAK = 0.12  # the best of 0.06, 0.08, 0.1, 0.12, 0.15, 0.18 over 16 seeds
KNOTS = 6
HIGHEST = 0.3
_LOWEST, _TALLEST = -0.08, 0.16  # of the axis of differences; what lies beyond is drawn at its edge


def drawn(points: Sequence[float]) -> Schedule:
    """Straight lines between learning rates at equal distances, the first at update 0, the last at the very end."""
    return curves.piecewise_linear(1.0, list(zip(np.linspace(0, UPDATES, len(points)), points, strict=True)))


@functools.cache
def _cosine(seeds: range) -> Sweep:
    schedule = curves.cosine_annealing_lr(COSINE_PEAK, T_max=UPDATES)
    return sweep(mnist1d(), {"": schedule}, seeds=seeds, updates=UPDATES, progress=False, **BENCH)


class DrawYourOwn(Picture):
    """A schedule of six points, trained at once against the cosine: the same 16 first weights, the same batches."""

    height = 4.7

    def draw(self, figure):
        grid = figure.add_gridspec(2, 2, width_ratios=(2.5, 1), height_ratios=(1, 1.35))
        t, nothing = np.arange(UPDATES), np.full(UPDATES, np.nan)
        rate = figure.add_subplot(grid[0, 0])
        rate.plot(t, curves.cosine_annealing_lr(COSINE_PEAK, T_max=UPDATES)(t), color=style.SECOND)
        (self.rate,) = rate.plot(np.linspace(0, UPDATES, KNOTS), np.zeros(KNOTS), "o-", color=style.LR, clip_on=False)
        rate.set(xlim=(0, UPDATES), ylim=(0, HIGHEST * 1.04))
        rate.set_ylabel(label("learning rate η", "学习率 η"), color=style.INK)
        rate.tick_params(labelbottom=False)
        rate.text(0, 1.05, label("yours", "你的"), transform=rate.transAxes, color=style.LR, weight="bold")
        its = dict(transform=rate.transAxes, color=style.ink(style.SECOND), weight="bold", ha="right")
        rate.text(1, 1.05, label("cosine, its best peak", "余弦（最佳峰值）"), **its)

        losses = figure.add_subplot(grid[1, 0], sharex=rate)
        (self.theirs,) = losses.plot(t, nothing, color=style.SECOND)
        (self.loss,) = losses.plot(t, nothing, color=style.LR)
        losses.set(ylim=(1.15, 2.45), xlabel=label("update", "更新步"))
        losses.set_ylabel(label("training loss, mean of 16", "训练损失（16 个平均）"))

        right = figure.add_subplot(grid[:, 1])
        right.axhline(0, color=style.SECOND, linewidth=2, zorder=1)
        across = np.linspace(-0.3, 0.3, SEEDS)
        (self.dots,) = right.plot(across, np.zeros(SEEDS), "o", color=style.LR, alpha=0.45, markersize=5, clip_on=False)
        (self.mean,) = right.plot([-0.42, 0.42], [0, 0], color=style.INK)
        (self.error,) = right.plot([0, 0], [0, 0], color=style.INK, linewidth=5, solid_capstyle="butt")
        right.set(xlim=(-0.6, 0.6), ylim=(_LOWEST, _TALLEST), xticks=[])
        right.grid(False, axis="x")
        right.set_title(label("yours − cosine", "你的 − 余弦"), fontsize=11, loc="center")
        sides = label("← better     worse →", "← 更好     更差 →")
        right.set_ylabel(sides, color=style.QUIET, y=-_LOWEST / (_TALLEST - _LOWEST))
        return [self.theirs, self.loss, self.rate, self.dots, self.mean, self.error]

    def update(self, seeds: int, **points: float):
        """``seeds``: the first of the sixteen; ``p0`` ... ``p5``: the learning rates at the knots."""
        values = [points[f"p{i}"] for i in range(KNOTS)]
        mine = (self.loss, self.dots, self.mean, self.error)
        self.rate.set_ydata(values)
        for artist in mine:
            artist.set_color(style.REFERENCE)
        chosen = range(seeds, seeds + SEEDS)
        steps = sweeping(mnist1d(), {"": drawn(values)}, seeds=chosen, updates=UPDATES, **BENCH)
        result = yield from shares(steps)
        cosine = _cosine(chosen)
        self.theirs.set_ydata(style.moving_average(cosine.mean("loss")[0, 0]))
        self.loss.set_ydata(style.moving_average(result.mean("loss")[0, 0]))
        difference = (result.train_loss - cosine.train_loss)[0, 0]
        mean, error = difference.mean(), standard_error(difference)
        self.dots.set_ydata(np.clip(np.nan_to_num(difference, nan=np.inf), _LOWEST, _TALLEST))
        self.mean.set_ydata([np.clip(mean, _LOWEST, _TALLEST)] * 2)
        self.error.set_ydata(np.clip([mean - error, mean + error], _LOWEST, _TALLEST))
        for artist, color in zip(mine, (style.LR, style.LR, style.INK, style.INK), strict=True):
            artist.set_color(color)
        lost = int((result.diverged >= 0).sum())
        if lost:
            return Seen(label(
                "{lost} of 16 networks diverged: somewhere the learning rate is too high for them.",
                "16 个网络中有 {lost} 个发散：某处的学习率对它们来说太高了。", lost=lost,
            ))  # fmt: skip
        words = label(
            "Training loss {mine:.3f}, cosine {cosine:.3f}. Paired difference {mean:+.3f} ± {error:.3f} (16 seeds, ± "
            "standard error): {verdict} Σ η = {path:.0f}, cosine {its:.0f}.",
            "训练损失 {mine:.3f}，余弦 {cosine:.3f}。配对之差 {mean:+.3f} ± {error:.3f}（16 个随机种子，± 标准误）："
            "{verdict}Σ η = {path:.0f}，余弦 {its:.0f}。",
            mine=result.train_loss.mean(), cosine=cosine.train_loss.mean(), mean=mean, error=error,
            verdict=_verdict(mean / error, values[-1]), path=result.lr.sum(), its=cosine.lr.sum(),
        )  # fmt: skip
        won = mean < -style.WORTH * error
        return Seen(words, f"{mean:+.3f} ± {error:.3f}" if won else "")


def _verdict(z: float, last: float) -> str:
    if z < -style.WORTH:
        return label("better by {z:.1f} standard errors.", "好 {z:.1f} 个标准误。", z=-z)
    if z <= style.WORTH:
        return label("within 2 standard errors, level.", "相差不到 2 个标准误，不分上下。")
    words = label("worse by {z:.1f} standard errors", "差 {z:.1f} 个标准误", z=z)
    if last > 0.02:
        return words + label("; it ends hot, at η = {last:g}.", "；结束时还很热，η = {last:g}。", last=last)
    return words + label("; it ends cold, so look at the way there.", "；结尾够冷，问题在途中。")


# --- Families -------------------------------------------------------------------------------------------------

PEAK = 0.1
FAMILIES = ("linear", "cosine", "WSD", "polynomial", "inverse sqrt", "REX", "exponential")


def family(
    name: str, total: int = 1000, *, warmup: float = 0.0, cooldown: float = 0.2, shape: str = "linear",
    power: float = 2.0,
) -> Schedule:  # fmt: skip
    """One of the modern families, peak 0.1.

    Args:
        name: of :data:`FAMILIES`.
        total: updates in all.
        warmup: share of the updates that a linear warm-up takes; the rest of the schedule begins after it.
        cooldown, shape: WSD's share of the updates and its form: "linear", "cosine" or "1-sqrt".
        power: the polynomial's.
    """
    w = round(warmup * total)
    rest = total - w
    match name:
        case "WSD":
            steps = min(max(1, round(cooldown * total)), rest)
            return curves.wsd(PEAK, total, cooldown_steps=steps, warmup_steps=w, shape=shape)
        case "inverse sqrt":
            return curves.inverse_sqrt(PEAK, w)
        case "linear":
            decay = curves.linear_to_zero(PEAK, rest)
        case "cosine":
            decay = curves.cosine_annealing_lr(PEAK, T_max=rest)
        case "polynomial":
            decay = curves.polynomial_lr(PEAK, total_iters=rest, power=power)
        case "REX":
            decay = curves.rex(PEAK, rest)
        case "exponential":
            decay = curves.exponential_lr(PEAK, 0.01 ** (1 / rest))
        case _:
            raise ValueError(f"name must be one of {', '.join(FAMILIES)}, got {name!r}")
    return curves.then(curves.linear_warmup(PEAK, w), decay, at=w) if w else decay


def _panels(total: int) -> dict[str, Schedule]:
    return {
        label("linear to zero", "线性降至零"): family("linear", total),
        label("cosine", "余弦"): family("cosine", total),
        "REX": family("REX", total),
        label("WSD, linear", "WSD，线性"): family("WSD", total, warmup=0.05),
        label("WSD, cosine", "WSD，余弦"): family("WSD", total, warmup=0.05, shape="cosine"),
        label("WSD, 1−sqrt", "WSD，1−sqrt"): family("WSD", total, warmup=0.05, shape="1-sqrt"),
        label("polynomial, power 2", "多项式，幂次 2"): family("polynomial", total),
        label("inverse sqrt", "反平方根"): family("inverse sqrt", total, warmup=0.05),
        label("piecewise linear", "分段线性"): curves.piecewise_linear(
            PEAK, [(0, 0.2), (0.15 * total, 1), (0.4 * total, 0.6), (0.7 * total, 0.5), (total, 0)]
        ),
    }


@styled
def families(total: int = 1000) -> Figure:
    """Nine modern families over the cosine: last value used, and Σ η as a share of total · peak."""
    figure, total = Figure(height=5.6), whole("total", total, least=10)
    figure.suptitle(
        label("Nine ways to spend 1000 updates", "花掉 1000 个更新步的九种方式") if total == 1000 else
        label("Nine ways to spend {n} updates", "花掉 {n} 个更新步的九种方式", n=total),
        x=0.02, ha="left", fontsize=12, weight="bold",
    )  # fmt: skip
    axes = figure.subplots(3, 3, sharex=True, sharey=True)
    t = np.arange(total)
    cosine = curves.cosine_annealing_lr(PEAK, T_max=total)(t)
    said = []
    for ax, (name, schedule) in zip(axes.flat, _panels(total).items(), strict=True):
        rates = schedule(t)
        ax.plot(t, cosine, color=style.REFERENCE, linewidth=1.2)
        ax.fill_between(t, rates, color=style.LR, alpha=0.12, linewidth=0)
        ax.plot(t, rates, color=style.LR)
        ax.plot([0, total - 1], rates[[0, -1]], "o", color=style.LR, markersize=4.5, clip_on=False)
        share = rates.sum() / (total * PEAK)
        ends = label(
            "{a:.2g} → {b:.2g}, Σ η {share:.2f}", "{a:.2g} → {b:.2g}，Σ η {share:.2f}",
            a=rates[0], b=rates[-1], share=share,
        )  # fmt: skip
        ax.set_title(name, fontsize=10, pad=17)
        ax.text(0, 1.04, ends, transform=ax.transAxes, fontsize=8.5, color=style.QUIET, va="bottom")
        said.append(f"{name} {ends}")
    axes[0, 0].set(xlim=(0, total), ylim=(0, PEAK * 1.08), yticks=[0, PEAK / 2, PEAK])
    for ax in axes[-1]:
        ax.set_xlabel(label("update", "更新步"), fontsize=10)
    for ax in axes[:, 0]:
        ax.set_ylabel(label("learning rate η", "学习率 η"), fontsize=10)
    figure.alt = label(
        "Nine schedules over {n} updates, peak {peak:g}, the cosine in grey. First and last rate used, and Σ η as a "
        "share of {n} · peak: {said}.",
        "九种调度，共 {n} 个更新步，峰值 {peak:g}，灰线为余弦。所用的首值与末值，以及 Σ η 占 {n} · 峰值的比例："
        "{said}。",
        n=total, peak=PEAK, said=label("; ", "；").join(said),
    )  # fmt: skip
    return figure


class FamilyBrowser(Picture):
    """One family and the cosine of the same length: the learning rate above, the clock Σ η below."""

    TOTAL = 1000
    AIM, NEAR, COLD = 1.5, 0.02, 0.01  # times the cosine's path, how near, last value as a share of the peak

    def draw(self, figure):
        rate, clock = figure.subplots(2, 1, sharex=True, height_ratios=(1.2, 1))
        (self.cosine,) = rate.plot([], [], color=style.SECOND)
        (self.rate,) = rate.plot([], [], color=style.LR)
        (self.ends,) = rate.plot([], [], "o", color=style.LR, markersize=6)
        rate.set(xlim=(-15, self.TOTAL + 15), ylim=(-0.003, PEAK * 1.08))
        rate.set_ylabel(label("learning rate η", "学习率 η"))
        its = dict(transform=rate.transAxes, color=style.ink(style.SECOND), weight="bold", ha="right")
        rate.text(1, 1.04, label("cosine", "余弦"), **its)
        self.name = rate.text(0, 1.04, "", transform=rate.transAxes, color=style.LR, weight="bold")
        (self.its_clock,) = clock.plot([], [], color=style.SECOND)
        (self.clock,) = clock.plot([], [], color=style.LR)
        clock.set(ylim=(0, self.TOTAL * PEAK * 1.02), xlabel=label("update", "更新步"))
        clock.set_ylabel(label("clock τ = Σ η", "时钟 τ = Σ η"))
        return [self.cosine, self.rate, self.ends, self.name, self.its_clock, self.clock]

    def update(self, name: str, total: int, warmup: float, **values: Any) -> Seen:
        """``values``: cooldown and shape of WSD, power of the polynomial."""
        t = np.arange(total)
        rates = family(name, total, warmup=warmup, **values)(t)
        cosine = curves.cosine_annealing_lr(PEAK, T_max=total)(t)
        self.cosine.set_data(t, cosine)
        self.rate.set_data(t, rates)
        self.ends.set_data([0, total - 1], rates[[0, -1]])
        self.name.set_text(style.schedule_name(name))
        self.its_clock.set_data(t, np.cumsum(cosine))
        self.clock.set_data(t, np.cumsum(rates))
        path, times = rates.sum(), rates.sum() / cosine.sum()
        words = label(
            "First η {first:.3g}, last η used {last:.2g} ({share:.2g} of the peak). Σ η = {path:.1f}, {times:.2f} "
            "times the cosine's. {remark}",
            "首个 η 为 {first:.3g}，最后用到的 η 为 {last:.2g}（峰值的 {share:.2g}）。Σ η = {path:.1f}，"
            "是余弦的 {times:.2f} 倍。{remark}",
            first=rates[0], last=rates[-1], share=rates[-1] / PEAK, path=path, times=times,
            remark=_remark(name, warmup),
        )  # fmt: skip
        reached = abs(times - self.AIM) <= self.NEAR and rates[-1] <= self.COLD * PEAK
        return Seen(words, label("{times:.2f} times", "{times:.2f} 倍", times=times) if reached else "")


def _remark(name: str, warmup: float) -> str:
    match name:
        case "linear":
            return label("As far as the cosine, to the last digit.", "与余弦走得一样远，一位不差。")
        case "cosine":
            return label("Half the peak on average.", "平均为峰值的一半。")
        case "WSD":
            return label(
                "Until the cooldown, the total is nowhere in it.", "在冷却开始之前，总步数根本不出现在公式里。"
            )
        case "polynomial":
            return label("A power above 1 cools early.", "幂次大于 1 时降温偏早。")
        case "inverse sqrt":
            if warmup == 0:
                return label(
                    "Without warm-up its own clock is one update long: it collapses.",
                    "没有预热，它自己的时间尺度只有一步：一下子就塌了下去。",
                )
            return label("It has no end: never cold.", "它没有终点：永远不会冷下来。")
        case "REX":
            return label("High for long, then steep.", "长时间保持高位，最后陡降。")
    return label("One hundredth of the peak at the end, cold by halftime.", "结束时为峰值的百分之一，半程就已经冷了。")


# --- What training makes of them ------------------------------------------------------------------------------


def at_best_peak(
    result: Sweep, schedule: str, measure: Measure = "train_loss"
) -> tuple[float | None, NDArray[np.float64]]:
    """The learning rate at which a schedule does best on average over the seeds, and its ``(seeds,)`` losses there."""
    part = result.at(schedule=schedule)
    best = part.best(measure).lr
    return best, getattr(part.at(lr=best), measure)[0, 0]


@styled
def raced(race: Sweep, reference: str = "cosine") -> Figure:
    """Schedules by their final training loss, each at its best peak, as paired differences to *reference*.

    Args:
        race: schedules × learning rates × seeds.
        reference: the schedule that the others are compared with.
    """
    at_best = {name: at_best_peak(race, name) for name in race.schedules}
    order = sorted(race.schedules, key=lambda name: at_best[name][1].mean())
    n, seeds = len(order), len(race.seeds)
    figure = Figure(height=1.4 + 0.42 * n)
    grid = figure.add_gridspec(n, 3, width_ratios=(1, 3.3, 1.9), hspace=0.15)
    right = figure.add_subplot(grid[:, 1])
    right.axvline(0, color=style.SECOND)
    table, columns = figure.add_subplot(grid[:, 2], sharey=right), (0.7, 1.0)
    table.set_axis_off()
    said = []
    for row, name in enumerate(order):
        peak, losses = at_best[name]
        difference = losses - at_best[reference][1]
        mean, error = difference.mean(), standard_error(difference)
        color = style.SECOND if name == reference else style.LR
        glyph = figure.add_subplot(grid[row, 0])
        rates = race.lr[race.schedules.index(name), race.lrs.index(peak)]
        glyph.fill_between(range(len(rates)), rates / rates.max(), color=color, alpha=0.25, linewidth=0)
        glyph.plot(rates / rates.max(), color=color, linewidth=1.6)
        glyph.set(xlim=(0, len(rates)), ylim=(0, 1.15))
        glyph.set_axis_off()
        right.errorbar(mean, row, xerr=error, fmt="o", color=color, markersize=7, elinewidth=3)
        gap = f"{mean:+.3f} ± {error:.3f}".replace("-", "−") if name != reference else "0"
        for column, words in zip(columns, (gap, f"{peak:g}"), strict=True):
            table.text(column, row, words, ha="right", va="center", fontsize=10, color=style.ink(color))
        said.append(label(
            "{name} {loss:.3f} ({mean:+.3f} ± {error:.3f}, η {peak:g})",
            "{name} {loss:.3f}（{mean:+.3f} ± {error:.3f}，η {peak:g}）",
            name=style.schedule_name(name), loss=losses.mean(), mean=mean, error=error, peak=peak,
        ))  # fmt: skip
    for column, words in zip(columns, (label("difference", "差值"), label("peak", "峰值")), strict=True):
        table.text(column, -0.55, words, ha="right", va="bottom", fontsize=10, color=style.QUIET)
    right.set(ylim=(n - 0.5, -0.5))
    right.locator_params(axis="x", nbins=5)
    right.set_yticks(range(n), [style.schedule_name(name) for name in order])
    right.tick_params(axis="y", length=0, labelcolor=style.INK)
    right.grid(False, axis="y")
    right.set_xlabel(label(
        "final training loss minus the {name}'s\n(± 1 standard error)", "最终训练损失与{name}之差（± 1 标准误）",
        name=style.schedule_name(reference),
    ))  # fmt: skip
    figure.suptitle(
        label("The front runners lie close together", "领先者挤在一起"), x=0.02, ha="left", fontsize=12, weight="bold"
    )
    figure.alt = label(
        "Final training loss after {T} updates at the best of {k} peaks, mean of {seeds} seeds, and difference to the "
        "{name}: {said}.",
        "{T} 个更新步后的最终训练损失，取 {k} 个峰值中最好的，{seeds} 个随机种子的平均，以及与{name}之差：{said}。",
        T=race.updates, k=len(race.lrs), seeds=seeds, name=style.schedule_name(reference),
        said=label("; ", "；").join(said),
    )  # fmt: skip
    return figure


@styled
def reheated(runs: Sweep, *, cold: slice, smooth: int = 30) -> Figure:
    """Networks that were hot, cooled by a factor for a while, and were heated again: loss above the never cooled ones.

    Args:
        runs: one schedule for each factor, named by it; the first is the one that was never cooled.
        cold: the updates of the cooling.
        smooth: updates that a point averages: those before it.
    """
    figure = Figure(height=4.6)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.8))
    t = np.arange(runs.updates)
    above.plot(t, runs.lr[0, 0], color=style.REFERENCE)
    below.axhline(0, color=style.REFERENCE, linewidth=2)
    below.annotate(
        label("never cooled", "从未降温"), (cold.start - 90, 0), (0, 5), textcoords="offset points", color=style.QUIET,
        fontsize=10,
    )  # fmt: skip
    said = []
    colors = (style.NOISE, style.LR, style.INK, style.MOMENTUM)
    for i, (name, color) in enumerate(zip(runs.schedules[1:], colors, strict=False), start=1):
        difference = runs.loss[i, 0] - runs.loss[0, 0]
        paired = np.stack([np.convolve(row, np.ones(smooth) / smooth, "valid") for row in difference])
        mean, error = paired.mean(0), standard_error(paired, 0)
        above.plot(t, runs.lr[i, 0], color=color, drawstyle="steps-post")
        below.fill_between(t[smooth - 1 :], mean - error, mean + error, color=color, alpha=0.2, linewidth=0)
        below.plot(t[smooth - 1 :], mean, color=color, label=f"× {name}")
        ends = [f"{mean[at - smooth]:+.3f} ± {error[at - smooth]:.3f}" for at in (cold.stop, runs.updates)]
        said.append(f"× {name} " + label(", ", "，").join(ends))
    for axes in (above, below):
        axes.axvspan(cold.start, cold.stop, color=style.LR, alpha=0.06, linewidth=0)
    above.set(yscale="log", xlim=(cold.start - 100, runs.updates))
    above.set_ylabel(label("learning rate η", "学习率 η"))
    above.set_title(label("The gain melts as soon as it is hot again", "一旦再加热，赢得的就化掉了"))
    below.set_xlabel(label("update", "更新步"))
    below.set_ylabel(label("training loss,\ndifference", "训练损失之差"))
    below.legend(ncols=1, loc="lower right", handlelength=1.2)
    figure.alt = label(
        "Training loss minus that of the networks that were never cooled, over the last {smooth} updates, {seeds} "
        "seeds, ± standard error; at the end of the cooling, and at the end: {said}.",
        "训练损失减去从未降温的网络的损失，取最近 {smooth} 步、{seeds} 个随机种子，± 标准误；"
        "降温结束时，以及全部结束时：{said}。",
        smooth=smooth, seeds=len(runs.seeds), said=label("; ", "；").join(said),
    )  # fmt: skip
    return figure


@styled
def branched(races: Mapping[int, Sweep], *, peak: float, cooldown: float) -> Figure:
    """One trunk with a cooldown for each horizon, beside a cosine for each; below, the loss that each leaves.

    Args:
        races: horizon → a sweep with the schedules "WSD" and "cosine".
        peak: the trunk's learning rate; each cosine has its own best one.
        cooldown: the share of each horizon that WSD cools.
    """
    figure = Figure(height=5.0)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.4))
    points: dict[str, list[tuple[float, float]]] = {"WSD": [], "cosine": []}
    for horizon, race in races.items():
        for name, color in (("cosine", style.SECOND), ("WSD", style.LR)):
            rates = race.lr[race.schedules.index(name), 0]
            begin = round((1 - cooldown) * horizon) if name == "WSD" and horizon != max(races) else 0
            t = np.arange(begin, horizon)
            above.plot(t, rates[begin:] / rates.max(), color=color, linewidth=1.2 if name == "cosine" else 2)
            losses = race.at(schedule=name, lr=peak).train_loss[0, 0] if name == "WSD" else at_best_peak(race, name)[1]
            points[name].append((losses.mean(), float(standard_error(losses))))
    above.set(ylim=(0, 1.1), xlim=(0, max(races) * 1.12))
    above.set_ylabel(label("η / peak", "η / 峰值"))
    above.set_title(label("One trunk reaches every horizon", "一条主干，通往每个终点"))
    said, comma = [], label(", ", "，")
    upper = max(points, key=lambda name: points[name][-1][0])
    for name, color in (("cosine", style.SECOND), ("WSD", style.LR)):
        mean, error = np.array(points[name]).T
        (line,) = below.plot(list(races), mean, color=color, linewidth=1)
        below.errorbar(list(races), mean, yerr=error, fmt="o", color=color, markersize=6, elinewidth=3)
        style.end_label(line, style.schedule_name(name), dy=8 if name == upper else -8)
        said.append(f"{style.schedule_name(name)} " + comma.join(f"{m:.3f} ± {e:.3f}" for m, e in points[name]))
    below.margins(y=0.12)  # the label of the lower line stands below its end
    below.set(xlabel=label("update", "更新步"), xticks=[0, *races])
    below.set_ylabel(label("final training loss", "最终训练损失"))
    figure.alt = label(
        "Final training loss after {horizons} updates, ± standard error: {said}.",
        "{horizons} 个更新步后的最终训练损失，± 标准误：{said}。",
        horizons=label(", ", "、").join(map(str, races)), said=label("; ", "；").join(said),
    )  # fmt: skip
    return figure
