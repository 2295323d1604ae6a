"""The pictures of section 09: cooling too fast and too slowly, the best schedule of a noisy quadratic, a law that
predicts training curves, and the contest.

Losses of networks come from :mod:`lrcourse.training`, those of balls from :func:`lrcourse.dynamics.anneal`, everything
else from :mod:`lrcourse.physics`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .. import curves, dynamics, physics
from ..arguments import count
from ..curves import Schedule
from ..training import mnist1d, standard_error
from ..training.sweep import Sweep, shares, sweep, sweeping
from . import style
from .style import Figure, Picture, Seen, label, styled

Array = NDArray[np.float64]


_NAMES = {"computed": "算出的", "reheat": "再加热", "yours": "你的"}


def name_of(schedule: str) -> str:
    """A schedule's name in the language in use: the contest's own, or that of an everyday one."""
    return label(schedule, _NAMES[schedule]) if schedule in _NAMES else style.schedule_name(schedule)


def mean_and_error(values: Array) -> tuple[float, float]:
    """Mean and its standard error."""
    return float(np.mean(values)), float(standard_error(values))


# --- Cooling --------------------------------------------------------------------------------------------------

BALLS = 500


class Cooling(Picture):
    """Five hundred balls on the rugged landscape, cooled: where they end, and how far above the deepest well."""

    height = 4.6
    GOAL = 0.35

    def draw(self, figure):
        self.land = dynamics.rugged()
        grid = figure.add_gridspec(2, 1, height_ratios=(1.7, 1))
        hills, heat = (figure.add_subplot(part) for part in grid)
        (low, high), bottom = self.land.bounds[0], self.land.f(self.land.minima).min()
        x = np.linspace(low, high, 400)
        hills.plot(x, self.land.f(x) - bottom, color=style.INK, linewidth=1.5)
        (self.balls,) = hills.plot([], [], "o", color=style.LOSS, alpha=0.2, markersize=6, markeredgewidth=0)
        self.level = hills.axhline(0, color=style.NOISE, linewidth=1.5)
        hills.set(xlim=(low, high), ylim=(-0.3, 5))
        hills.set_xlabel(label("position x", "位置 x"))
        hills.set_ylabel(label("loss above the deepest", "高出最深处的损失"))
        self.title = hills.set_title(" ")
        (self.heat,) = heat.plot([], [], color=style.NOISE)
        heat.set(xlim=(0, 1), ylim=(0, 8.2), xlabel=label("share of all steps", "占总步数的比例"))
        heat.set_ylabel(label("temperature T", "温度 T"))
        self.axis = heat
        return [self.balls, self.level, self.title, self.heat]

    def update(self, start: float, end: float, steps: float, shape: str):
        self.balls.set_alpha(0.06)
        yield 0.1
        u = np.linspace(0, 1, round(steps), endpoint=False)
        share = max(end, 1e-3) if shape == "exponential" else end
        temperature = start * (share**u if shape == "exponential" else 1 - (1 - share) * u)
        result = dynamics.anneal(self.land, temperature, particles=BALLS, seed=0)
        x = result.positions
        loss = self.land.f(x) - self.land.f(self.land.minima).min()
        energy, error = mean_and_error(loss)
        self.balls.set_data(x, loss)
        self.balls.set_alpha(0.2)
        self.level.set_ydata([energy, energy])
        self.heat.set_data(u, temperature)
        top = 8.2 if start > 2 else 2.1 if start > 0.5 else 0.52
        if self.axis.get_ylim()[1] != top:
            self.axis.set_ylim(0, top)
        self.title.set_text(label("mean loss {e:.2f} ± {s:.2f}", "平均损失 {e:.2f} ± {s:.2f}", e=energy, s=error))
        words = label(
            "{steps} steps from T = {start:.2g} to {last:.2g}: {share:.0%} of {n} balls in the deepest well, mean loss "
            "{e:.2f} ± {s:.2f} above it (standard error). {remark}",
            "{steps} 步，从 T = {start:.2g} 到 {last:.2g}：{n} 个小球中有 {share:.0%} 在最深的势阱里，"
            "平均损失高出它 {e:.2f} ± {s:.2f}（标准误）。{remark}",
            steps=len(u), start=start, last=temperature[-1], share=result.share, n=BALLS, e=energy, s=error,
            remark=self._remark(start, temperature[-1], len(u)),
        )  # fmt: skip
        return Seen(words, f"{energy:.2f} ± {error:.2f}" if energy < self.GOAL else "")

    @staticmethod
    def _remark(start: float, last: float, steps: int) -> str:
        if start < 0.3:
            return label("Frozen from the start.", "一开始就冻住了。")
        if last > 0.25:
            return label("Still hot at the end.", "结束时还很热。")
        if steps < 500:
            return label("Quenched: no time to leave a wrong well.", "淬火：来不及离开错误的势阱。")
        if start > 2.5:
            return label("Most of the time goes by above all wells.", "大部分时间都浪费在所有势阱之上。")
        return label("Annealed.", "完成退火。")


@styled
def three_rules(
    balls: Mapping[str, Mapping[float, Array]], networks: Mapping[str, Mapping[float, Array]]
) -> Figure:
    """Annealing's three rules on balls (above) and on networks (below): rule → what varies → losses of the runs.

    Args:
        balls: loss above the deepest well of each ball; the rules are those of :func:`lrcourse.physics.coolings`.
        networks: final training loss of each seed.
    """
    figure = Figure(height=5.2)
    style.headline(figure, label("Break a rule, and balls and networks pay alike",
                                 "违反哪一条，小球和网络都要付出代价"))  # fmt: skip
    rows = figure.subplots(2, 3, sharex="col", sharey="row")
    names = {
        "start": (label("Start hot", "开始要热"), label("start / good start", "起点 / 合适的起点")),
        "speed": (
            label("Cool slowly, not too slowly", "冷却要慢，但别太慢"),
            label("time constant / all steps", "时间常数 / 总步数"),
        ),
        "end": (label("End cold", "结束要冷"), label("end / start", "终点 / 起点")),
    }
    said = []
    kinds = (
        (label("balls: loss (± 1 SE)", "小球：损失（± 1 标准误）"), label("balls", "小球"), style.NOISE, balls),
        (label("networks: loss (± 1 SE)", "网络：损失（± 1 标准误）"), label("networks", "网络"), style.LOSS, networks),
    )
    for row, (axes, (ylabel, kind, color, data)) in enumerate(zip(rows, kinds, strict=True)):
        for ax, (rule, (title, xlabel)) in zip(axes, names.items(), strict=True):
            xs = list(data[rule])
            mean, error = np.array([mean_and_error(np.asarray(each)) for each in data[rule].values()]).T
            ax.errorbar(xs, mean, yerr=error, fmt="o-", color=color, markersize=5, linewidth=1.5, elinewidth=2.5)
            if rule != "end":
                ax.set_xscale("log")
            if row == 0:
                ax.set_title(title, fontsize=9)
            else:
                ax.set_xlabel(xlabel)
            points = (f"{x:g}: {m:.2f} ± {e:.2f}" for x, m, e in zip(xs, mean, error, strict=True))
            said.append(label("{kind}, {title}: ", "{kind}，{title}：", kind=kind, title=title))
            said[-1] += label(", ", "、").join(points)
        axes[0].set_ylabel(ylabel)
    figure.alt = label(
        "Loss at the end against how it was cooled, ± standard error. {said}.",
        "最终损失与冷却方式的关系，± 标准误。{said}。", said=label("; ", "；").join(said),
    )  # fmt: skip
    return figure


# --- The best schedule ----------------------------------------------------------------------------------------

_COLORS = {"linear": style.NOISE, "cosine": style.SECOND, "constant": style.REFERENCE}


def shapes(steps: int) -> dict[str, Array]:
    """Linear, cosine and constant, peak 1."""
    t = np.arange(count("steps", steps))
    return {
        "linear": curves.linear_to_zero(1, steps)(t),
        "cosine": curves.cosine_annealing_lr(1, T_max=steps)(t),
        "constant": np.ones(steps),
    }


HIGHEST = 2.0
"""No rate above this one: the stability limit of the steepest direction, 2/λ with λ = 1."""


class Best(Picture):
    """A noisy quadratic and its best schedule, found by autodiff, beside linear, cosine and constant at best peaks, all
    of them at or below :data:`HIGHEST`."""

    height = 4.7
    NEAR = 1.1

    def draw(self, figure):
        self.rate, self.fall = figure.subplots(2, 1, sharex=True)
        self.rates, self.losses, self.names = {}, {}, {}
        for i, name in enumerate((*_COLORS, "best")):
            look = dict(color=_COLORS.get(name, style.LR), linewidth=2.6 if name == "best" else 1.6)
            (self.rates[name],) = self.rate.plot([], [], **look)
            (self.losses[name],) = self.fall.plot([], [], **look)
            said = label("best", "最优") if name == "best" else style.schedule_name(name)
            at = (0.02 + 0.24 * i, 1.04)
            self.rate.text(*at, said, transform=self.rate.transAxes, color=style.ink(look["color"]), weight="bold")
        self.rate.axhline(HIGHEST, color=style.REFERENCE, linewidth=1.5, linestyle="--", zorder=1)
        limit = label("2/λ: highest allowed", "2/λ：允许的最高值")
        self.rate.text(0.99, HIGHEST * 1.12, limit, color=style.QUIET, fontsize=9, ha="right", va="bottom")
        self.rate.set(yscale="log", ylim=(3e-3, 6), xlim=(0, 1))
        self.rate.set_ylabel(label("learning rate η", "学习率 η"))
        self.fall.set(yscale="log", ylim=(3e-4, 3), xlabel=label("share of the updates", "占更新步的比例"))
        self.fall.set_ylabel(label("expected loss", "期望损失"))
        return [*self.rates.values(), *self.losses.values()]

    def update(self, noise: float, exponent: float, steps: int):
        yield 0.1
        valley = physics.power_law(exponent=exponent, noise=noise)
        plans = {
            name: physics.best_peak(valley, shape, highest=HIGHEST)[0] * shape for name, shape in shapes(steps).items()
        }
        yield 0.5
        plans["best"] = physics.optimum(valley, steps, highest=HIGHEST)
        u, final = np.arange(steps) / steps, {}
        for name, plan in plans.items():
            loss = valley.loss(plan)
            final[name] = loss[-1]
            self.rates[name].set_data(u, np.maximum(plan, 1e-4))
            self.losses[name].set_data(np.arange(steps + 1) / steps, loss)
        bottom = min(3e-4, 10.0 ** np.floor(np.log10(max(final["best"], 1e-12))))
        if self.fall.get_ylim()[0] != bottom:
            self.fall.set_ylim(bottom, 3)
        times = {name: final[name] / final["best"] for name in _COLORS}
        best = plans["best"]
        words = label(
            "Final loss over that of the best: linear {linear:.2f}, cosine {cosine:.2f}, constant {constant:.2f} (each "
            "at its best peak). The best stays above half of 2/λ for {hot} of {n} updates and ends at {last:.2g}.",
            "最终损失与最优之比：线性 {linear:.2f}，余弦 {cosine:.2f}，恒定 {constant:.2f}（各取最佳峰值）。"
            "最优调度在 {n} 步中有 {hot} 步高于 2/λ 的一半，最后降到 {last:.2g}。",
            **times, hot=int((best > 1).sum()), n=steps, last=best[-1],
        )  # fmt: skip
        return Seen(words, f"{times['cosine']:.2f}" if times["cosine"] < self.NEAR else "")


# --- The law --------------------------------------------------------------------------------------------------


@styled
def predicted(law: physics.NoisyQuadratic, runs: Sweep, *, smooth: int = 10) -> Figure:
    """Training curves of schedules never run before, and what the law had said of each.

    Args:
        law: fitted to other schedules.
        runs: up to six schedules, each over several seeds.
        smooth: updates that a point of the measured curves averages.
    """
    figure = Figure(height=4.9)
    style.headline(figure, label("Three curves foretell six others (final loss predicted / measured)",
                                 "三条曲线预测另外六条（最终损失：预测 / 实测）"))  # fmt: skip
    axes = figure.subplots(2, 3, sharex=True, sharey=True)
    t = np.arange(runs.updates)
    for ax, name, rates, losses, final in zip(
        axes.flat, runs.schedules, runs.lr[:, 0], runs.mean("loss")[:, 0], runs.mean("train_loss")[:, 0], strict=False
    ):
        n = len(t) // smooth * smooth
        ax.plot(t[:n].reshape(-1, smooth).mean(1), losses[:n].reshape(-1, smooth).mean(1), color=style.LOSS)
        theory = law.loss(rates)
        style.theory_line(ax, np.arange(len(theory)), theory)
        twin = ax.twinx()
        twin.fill_between(t, rates, color=style.LR, alpha=0.12, linewidth=0)
        twin.set(ylim=(0, 0.4), yticks=[])
        twin.grid(False)
        ax.set_title(f"{name_of(name)}  {theory[-1]:.2f} / {final:.2f}", fontsize=10)
        ax.set(ylim=(1.2, 2.4))
    said = [
        f"{name_of(name)} {law.loss(rates)[-1]:.3f} / {final:.3f}"
        for name, rates, final in zip(runs.schedules, runs.lr[:, 0], runs.mean("train_loss")[:, 0], strict=True)
    ]
    for ax in axes[:, 0]:
        ax.set_ylabel(label("training loss", "训练损失"))
    for ax in axes[1]:
        ax.set_xlabel(label("update", "更新步"))
    figure.alt = label(
        "Training loss of schedules that the law has not seen; final loss predicted / measured: {said}.",
        "定律没有见过的调度的训练损失；最终损失，预测 / 实测：{said}。", said=label("; ", "；").join(said),
    )  # fmt: skip
    return figure


# --- The contest ----------------------------------------------------------------------------------------------


@styled
def standings(scores: Sequence[physics.Score]) -> Figure:
    """The contest's scores, best first: mean difference to the cosine, ± what a verdict takes."""
    figure = Figure(height=1.3 + 0.42 * len(scores))
    ax = figure.subplots()
    ax.axvline(0, color=style.SECOND)
    colors = {"better": style.LR, "worse": style.LOSS, "not distinguishable": style.REFERENCE}
    for row, score in enumerate(scores):
        color = colors[score.verdict]
        ax.errorbar(score.mean, row, xerr=score.margin, fmt="o", color=color, markersize=7, elinewidth=3)
    ax.set_yticks(range(len(scores)), [name_of(score.name) for score in scores])
    ax.tick_params(axis="y", length=0, labelcolor=style.INK)
    ax.set_ylim(len(scores) - 0.5, -0.5)
    ax.grid(False, axis="y")
    ax.set_xlabel(label(
        "final training loss − cosine's (bars: ±{k:.1f} standard errors)",
        "最终训练损失与余弦之差（横条：±{k:.1f} 个标准误）",
        k=physics.sure(max(2, len(scores[0].differences))),
    ))  # fmt: skip
    ax.set_title(label("A verdict needs three standard errors and a little", "要下结论，需要三个标准误还略多"))
    said = [f"{name_of(score.name)} {score.mean:+.4f} ± {score.error:.4f}" for score in scores]
    figure.alt = label(
        "Final training loss minus the cosine's, ± standard error, {n} seeds: {said}.",
        "最终训练损失减去余弦的，± 标准误，{n} 个随机种子：{said}。",
        n=len(scores[0].differences), said=label("; ", "；").join(said),
    )  # fmt: skip
    return figure


SEEDS = range(2 * physics.TUNED_ON, 2 * physics.TUNED_ON + 16)


@functools.cache
def _losses_of_rivals() -> dict[str, Array]:
    """Final training losses of the standard schedules, and of the computed one, on :data:`SEEDS`."""
    plans = physics.rivals() | {"computed": physics.computed_optimum()}
    result = sweep(mnist1d(), plans, seeds=SEEDS, updates=physics.UPDATES, progress=False, **physics.BENCH)
    return dict(zip(plans, result.train_loss[:, 0], strict=True))


def designed(peak: float, warmup: float, hold: float, power: float) -> Schedule:
    """Rise over a share of the 300 updates, stay for another, then fall to 0 as a power of the time that is left."""
    total = physics.UPDATES
    up = round(warmup * total)
    flat = min(round(hold * total), total - up - 1)
    fall = curves.polynomial_lr(peak, total_iters=total - up - flat, power=power)
    late = fall.shift(flat) if flat else fall
    return curves.then(curves.linear_warmup(peak, up), late, at=up) if up else late


class Capstone(Picture):
    """A schedule of four numbers, trained at once on sixteen networks, on the board with the standard ones."""

    height = 4.7
    _LEFT, _RIGHT = -0.06, 0.12

    def draw(self, figure):
        left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
        t = np.arange(physics.UPDATES)
        left.plot(t, physics.rivals()["cosine"](t), color=style.SECOND)
        left.plot(t, physics.computed_optimum()(t), color=style.THEORY, linestyle=(0, (4, 2.5)), linewidth=1.5)
        (self.rate,) = left.plot(t, 0.0 * t, color=style.LR)
        left.set(xlim=(0, physics.UPDATES), ylim=(0, 0.31), xlabel=label("update", "更新步"))
        left.set_ylabel(label("learning rate η", "学习率 η"))
        names = map(name_of, ("yours", "cosine", "computed"))
        for x, name, color in zip((0, 0.3, 1), names, (style.LR, style.SECOND, style.THEORY), strict=True):
            where = dict(ha="right" if x == 1 else "left", weight="bold")
            left.text(x, 1.03, name, transform=left.transAxes, color=style.ink(color), **where)
        losses = _losses_of_rivals()
        self.cosine = losses["cosine"]
        others = {name: each - self.cosine for name, each in losses.items() if name != "cosine"}
        ordered = sorted(others, key=lambda name: others[name].mean())
        right.axvline(0, color=style.SECOND)
        for row, name in enumerate(ordered, start=1):
            mean, error = mean_and_error(others[name])
            bar = physics.sure(len(self.cosine)) * error
            right.errorbar(mean, row, xerr=bar, fmt="o", color=style.QUIET, markersize=6, elinewidth=3)
        said = [name_of(name) for name in ("yours", *ordered)]
        right.set_yticks(range(len(said)), said)
        right.set(ylim=(len(said) - 0.5, -0.6), xlim=(self._LEFT, self._RIGHT))
        right.tick_params(axis="y", length=0, labelcolor=style.INK)
        right.grid(False, axis="y")
        right.set_xticks([-0.05, 0, 0.05, 0.1])
        right.set_xlabel(label(
            "training loss − cosine's\n(bars: ±{k:.1f} SE)", "最终训练损失与余弦之差\n（横条：±{k:.1f} 个标准误）",
            k=physics.sure(len(self.cosine)),
        ))  # fmt: skip
        (self.bar,) = right.plot([0, 0], [0, 0], color=style.LR, linewidth=4, solid_capstyle="butt")
        (self.dot,) = right.plot([0], [0], "o", color=style.LR, markersize=8, clip_on=False)
        self.beyond = right.text(self._RIGHT - 0.008, 0, "", ha="right", va="center", color=style.LR, weight="bold")
        return [self.rate, self.bar, self.dot, self.beyond]

    def update(self, peak: float, warmup: float, hold: float, power: float):
        plan = designed(peak, warmup, hold, power)
        self.rate.set_ydata(plan(np.arange(physics.UPDATES)))
        for artist in (self.bar, self.dot):
            artist.set_color(style.REFERENCE)
        steps = sweeping(mnist1d(), {"": plan}, seeds=SEEDS, updates=physics.UPDATES, **physics.BENCH)
        result = yield from shares(steps)
        losses = np.nan_to_num(result.train_loss[0, 0], nan=np.inf)
        score = physics.Score(label("yours", "你的"), tuple((losses - self.cosine).tolist()))
        for artist in (self.bar, self.dot):
            artist.set_color(style.LR)
        inside = score.mean <= self._RIGHT
        half = score.margin if inside else 0.0
        middle = min(score.mean, self._RIGHT)
        self.dot.set_xdata([middle])
        self.bar.set_xdata(np.clip([middle - half, middle + half], self._LEFT, self._RIGHT))
        self.beyond.set_text("" if inside else f"{score.mean:+.2f} →" if np.isfinite(score.mean) else "∞ →")
        reached = score.verdict == "better"
        words = label("{score}. Σ η = {path:.1f}, cosine {its:.1f}.", "{score}。Σ η = {path:.1f}，余弦 {its:.1f}。",
                      score=score, path=plan(np.arange(physics.UPDATES)).sum(),
                      its=physics.rivals()["cosine"](np.arange(physics.UPDATES)).sum())  # fmt: skip
        return Seen(words, f"{score.mean:+.3f} ± {score.error:.3f}" if reached else "")
