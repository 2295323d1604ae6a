"""The pictures of section 04: a learning rate that swings, what escapes by it, and what a cycle leaves behind."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike, NDArray

from .. import cyclic, schedulers
from ..cyclic import Ensemble
from ..training import Sweep, standard_error
from ..training.sweep import Measure
from . import style
from .style import Figure, Picture, Seen, label, styled

Array = NDArray[np.float64]


def _summary(values: ArrayLike) -> tuple[Array, Array]:
    """Mean over the first axis, and its standard error."""
    values = np.asarray(values, float)
    return values.mean(0), standard_error(values, axis=0)


def _errors_said(axes, seeds: int, y: float = 0.04, **look: Any) -> None:
    axes.text(
        0.99, y, label("mean of {n} seeds, ± 1 standard error", "{n} 个随机种子的平均，± 1 标准误", n=seeds),
        transform=axes.transAxes, color=style.QUIET, fontsize=9.5, **({"ha": "right", "va": "bottom"} | look),
    )  # fmt: skip


# --- CyclicLR, as it steps ------------------------------------------------------------------------------------


@styled
def waves(lrs: Mapping[str, Array], momenta: Mapping[str, Array]) -> Figure:
    """What CyclicLR writes into the optimizer, one column a mode: the learning rate above, its mirror below.

    Args:
        lrs, momenta: mode → ``(steps,)``, recorded from the optimizer.
    """
    figure = Figure(height=3.9)
    above, below = figure.subplots(2, len(lrs), sharex=True, sharey="row", height_ratios=(1.5, 1), squeeze=False)
    for top, bottom, (mode, lr) in zip(above, below, lrs.items(), strict=True):
        top.plot(lr, color=style.LR)
        top.set_title(mode, fontsize=11)
        bottom.plot(momenta[mode], color=style.MOMENTUM)
        bottom.set_xlabel(label("update", "更新步"))
    above[0].set_ylim(bottom=0)
    above[0].set_xlim(0, len(lr))
    above[0].set_ylabel(label("learning rate η", "学习率 η"))
    below[0].set_ylabel(label("momentum β", "动量 β"))
    said = label("; ", "；").join(
        label("{mode}: η {low:.3g} … {high:.3g}, β {top:.3g} … {bottom:.3g}",
              "{mode}：η {low:.3g} … {high:.3g}，β {top:.3g} … {bottom:.3g}", mode=mode, low=lr.min(), high=lr.max(),
              top=momenta[mode].max(), bottom=momenta[mode].min())
        for mode, lr in lrs.items()
    )  # fmt: skip
    figure.alt = label(
        "Recorded from the optimizer, {n} updates: {said}.", "从优化器记录，{n} 步：{said}。", n=len(lr), said=said
    )
    return figure


class Cycle(Picture):
    """CyclicLR over 200 updates, with its momentum, as the optimizer has them."""

    UPDATES, BASE, MAX = 200, 0.01, 0.1
    COLD = 0.05 + 1e-9  # of the swing

    def draw(self, figure):
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.6, 1))
        t = np.arange(self.UPDATES)
        for value, name in ((self.BASE, "base_lr"), (self.MAX, "max_lr")):
            above.axhline(value, color=style.REFERENCE, linewidth=1.2, zorder=1.5)
            above.annotate(
                name, (1, value), (5, 0), xycoords=above.get_yaxis_transform(), textcoords="offset points",
                color=style.QUIET, fontsize=9.5, va="center",
            )  # fmt: skip
        (self.lr,) = above.plot(t, np.full(self.UPDATES, self.BASE), color=style.LR)
        (self.ends,) = above.plot([0, self.UPDATES - 1], [self.BASE] * 2, "o", color=style.LR, markersize=6)
        above.set(xlim=(-2, self.UPDATES + 2), ylim=(0, 0.113))
        above.set_ylabel(label("learning rate η", "学习率 η"), color=style.LR)
        self.title = above.set_title(" ")
        (self.momentum,) = below.plot(t, np.full(self.UPDATES, 0.9), color=style.MOMENTUM)
        below.set(ylim=(0.785, 0.915), xlabel=label("update", "更新步"))
        below.set_ylabel(label("momentum β", "动量 β"), color=style.ink(style.MOMENTUM))
        return [self.lr, self.ends, self.momentum, self.title]

    def update(
        self, mode: str, step_size_up: int, step_size_down: int, cycle_momentum: bool, gamma: float = 1.0
    ) -> Seen:  # fmt: skip
        arguments: dict[str, Any] = dict(
            base_lr=self.BASE, max_lr=self.MAX, step_size_up=step_size_up, step_size_down=step_size_down, mode=mode,
            gamma=gamma, cycle_momentum=cycle_momentum,
        )  # fmt: skip
        lr = schedulers.curve("CyclicLR", self.UPDATES, lr=self.BASE, **arguments)
        momentum = np.full(self.UPDATES, 0.9)
        if cycle_momentum:
            momentum = schedulers.curve("CyclicLR", self.UPDATES, what="momentum", **arguments)
        self.lr.set_ydata(lr)
        self.ends.set_ydata(lr[[0, -1]])
        self.momentum.set_ydata(momentum)

        ball = lr / (1 - momentum)
        peaks = np.arange(step_size_up, self.UPDATES, step_size_up + step_size_down)
        last = (lr[-1] - self.BASE) / (self.MAX - self.BASE)
        words = label(
            "First η {first:.3g}, last {last:.3g}; {n} peaks, the highest {top:.3g}. The effective rate η/(1 − β) "
            "swings between {low:.2g} and {high:.2g}. {trap}",
            "η 首值 {first:.3g}，末值 {last:.3g}；峰 {n} 个，最高 {top:.3g}。有效学习率 η/(1 − β) 在 {low:.2g} 与 "
            "{high:.2g} 之间摆动。{trap}",
            first=lr[0], last=lr[-1], n=len(peaks), top=lr.max(), low=ball.min(), high=ball.max(),
            trap=self._trap(mode, step_size_up, gamma, len(peaks), last),
        )  # fmt: skip
        ending = label("it ends cold", "在冷处结束") if last <= self.COLD else label("it ends hot", "在热处结束")
        counted = label("one peak", "一个峰") if len(peaks) == 1 else label("{n} peaks", "{n} 个峰", n=len(peaks))
        if not len(peaks):
            ending = label("the run is over before the first", "训练先结束了")
        self.title.set_text(counted + label("; ", "；") + ending)
        reached = len(peaks) >= 3 and last <= self.COLD and lr[peaks[2]] > 0.9 * self.MAX
        return Seen(words, goal=label("last η = {:.3g}", "末值 η = {:.3g}").format(lr[-1]) if reached else "")

    def _trap(self, mode: str, up: int, gamma: float, peaks: int, last: float) -> str:
        if not peaks:
            return label(
                "Trap: the run ends before the first peak, at update {up}.",
                "陷阱：第 {up} 步才到第一个峰，训练已结束。", up=up,
            )  # fmt: skip
        if mode == "exp_range" and gamma == 1:
            return label(
                "Trap: with gamma = 1 (the default) exp_range is triangular.",
                "陷阱：gamma = 1（默认值）时，exp_range 就是 triangular。",
            )
        if last > self.COLD:
            return label(
                "Trap: the run ends hot, {last:.0%} of the way up.",
                "陷阱：训练在热处结束，停在从谷到峰的 {last:.0%} 处。",
                last=last,
            )  # fmt: skip
        return label("It ends cold, as it should.", "它在冷处结束，理应如此。")


# --- A ball that is driven ------------------------------------------------------------------------------------

MEAN, STEPS = 0.04, 3000
PERIODS = (4, 10, 30, 100, 300, 1000, 3000)
GOAL_SHARE, GOAL_AMPLITUDE = 0.8, 0.027


@functools.cache
def _rate() -> Callable[[ArrayLike], Array]:
    """k(η) as balls at constant η have it."""
    return cyclic.measured_rate(0.02, 0.08, STEPS, points=7, particles=800)


class _Run(NamedTuple):
    share: Array  # (periods, frames): escaped so far
    x: NDArray[np.float32]  # (periods, frames, SHOWN): where the first balls are
    out: NDArray[np.bool_]  # whether they have escaped by then
    adiabatic: Array  # (periods,)


class Driven(Picture):
    """Balls in the left well of a double well whose learning rate swings: how many escape, against the period."""

    height = 4.9
    BALLS, SHOWN, EVERY, SEED = 600, 150, 25, 0

    def __init__(self, **values: object) -> None:
        self._runs: dict[float, _Run] = {}
        super().__init__(**values)

    def draw(self, figure):
        grid = figure.add_gridspec(2, 2, height_ratios=(1, 1.6), width_ratios=(1.25, 1))
        well, swing, shares = (figure.add_subplot(part) for part in (grid[0, 0], grid[0, 1], grid[1, :]))

        x = np.linspace(-1.75, 1.75, 300)
        well.fill_between(x, self._height(x), -0.25, color=style.GROUND, linewidth=0, zorder=0.5)
        well.plot(x, self._height(x), color=style.INK, linewidth=1.4, zorder=1)
        well.axvline(0.5, color=style.REFERENCE, linewidth=1.2, zorder=0.8)
        well.text(0.56, 3.2, label("escaped", "已逃逸"), color=style.QUIET, fontsize=9.5, va="top")
        lift = well.transData + ScaledTranslation(0, 4 / 72, figure.dpi_scale_trans)
        look = dict(linestyle="", marker="o", markersize=5, markeredgewidth=0, alpha=0.55, transform=lift)
        (self.inside,) = well.plot([], [], color=style.LOSS, **look)
        (self.outside,) = well.plot([], [], color=style.REFERENCE, **look)
        well.set(xlim=(-1.75, 1.75), ylim=(-0.25, 3.3), xticks=[], yticks=[])
        well.set_xlabel(label("position x", "位置 x"), fontsize=10)
        well.set_ylabel(label("loss", "损失"), color=style.ink(style.LOSS), fontsize=10)
        well.grid(False)

        self.phase = np.linspace(0, 1, 121)
        (self.wave,) = swing.plot(self.phase, np.full(121, MEAN), color=style.LR)
        swing.axhline(MEAN, color=style.REFERENCE, linewidth=1.2, zorder=1.5)
        (self.now,) = swing.plot([0], [MEAN], "o", color=style.LR, markersize=8, markeredgecolor="white")
        swing.set(xlim=(0, 1), ylim=(0, 0.08), xticks=[0, 0.5, 1])
        swing.set_xlabel(label("part of a cycle", "周期中的位置"), fontsize=10)
        swing.set_ylabel(label("learning rate η", "学习率 η"), color=style.LR, fontsize=10)

        at = np.array(PERIODS, float)
        self.theory = style.theory_line(shares, at, np.zeros(len(at)))
        errors = shares.errorbar(at, np.zeros(len(at)), np.zeros(len(at)), fmt="none", ecolor=style.LOSS, capsize=3)
        _, self.caps, (self.bars,) = errors
        (self.dots,) = shares.plot(at, np.zeros(len(at)), "o", color=style.LOSS, markersize=6)
        (self.chosen,) = shares.plot(
            [at[0]], [0], "o", markersize=13, markerfacecolor="none", markeredgecolor=style.INK, markeredgewidth=1.6
        )
        (self.hot,) = shares.plot([3, 4000], [1, 1], color=style.REFERENCE, linewidth=1.2, zorder=1.5)
        mean_share = 1 - np.exp(-STEPS * float(_rate()(MEAN)))
        shares.axhline(mean_share, color=style.REFERENCE, linewidth=1.2, zorder=1.5)
        right = dict(xycoords=shares.get_yaxis_transform(), textcoords="offset points", va="center", fontsize=9.5)
        shares.annotate(
            label("constant,\nthe mean", "恒定\n取平均值"), (1, mean_share), (5, 0), color=style.QUIET, **right
        )
        self.hot_name = shares.annotate(
            label("constant,\nthe top", "恒定\n取最高值"), (1, 1), (5, 0), color=style.QUIET, **right
        )
        self.theory_name = shares.annotate(
            "", (0.97, 0.9), (0, -9), color=style.THEORY, xycoords=shares.get_yaxis_transform(),
            textcoords="offset points", va="top", ha="right", fontsize=9.5,
        )  # fmt: skip
        shares.set(xscale="log", xlim=(3, 4000), ylim=(0, 1.12), yticks=[0, 0.25, 0.5, 0.75, 1])
        shares.set_xticks(PERIODS, [str(p) for p in PERIODS])
        shares.set_xticks([], minor=True)
        shares.set_xlabel(label("period of the swing (updates)", "摆动的周期（更新步）"))
        shares.set_ylabel(label("share escaped", "逃逸比例"), color=style.ink(style.LOSS))
        self.clock = shares.set_title(" ", fontsize=11)
        return [
            self.wave, self.now, self.inside, self.outside, self.hot, self.hot_name, self.theory, self.theory_name,
            self.bars, *self.caps, self.dots, self.chosen, self.clock,
        ]  # fmt: skip

    @staticmethod
    def _height(x):
        return (x**2 - 1) ** 2

    def update(self, period: float, amplitude: float, t: int):
        amplitude = round(float(amplitude), 4)
        if amplitude not in self._runs:
            self._grey(0.3)
            self._runs[amplitude] = yield from self._run(amplitude)
            self._grey(1)
        run, i = self._runs[amplitude], int(np.abs(np.array(PERIODS) - period).argmin())
        frame = min(t // self.EVERY, run.share.shape[1] - 1)
        share, final = run.share[i, frame], run.share[:, -1]
        error = np.sqrt(np.maximum(final * (1 - final), 1e-4) / self.BALLS)

        x, out = run.x[i, frame], run.out[i, frame]
        scatter = self._height(x) + 0.9 * (np.arange(x.size) * 0.618034 % 1) ** 2
        self.inside.set_data(x[~out], scatter[~out])
        self.outside.set_data(x[out], scatter[out])
        lr = MEAN + amplitude * np.sin(2 * np.pi * self.phase)
        part = (t % PERIODS[i]) / PERIODS[i]
        self.wave.set_ydata(lr)
        self.now.set_data([part], [MEAN + amplitude * np.sin(2 * np.pi * part)])
        self.dots.set_ydata(final)
        for cap, sign in zip(self.caps, (-1, 1), strict=True):
            cap.set_ydata(final + sign * error)
        self.bars.set_segments([[(p, s - e), (p, s + e)] for p, s, e in zip(PERIODS, final, error, strict=True)])
        self.chosen.set_data([PERIODS[i]], final[i : i + 1])
        self.theory.set_ydata(run.adiabatic)
        self.theory_name.xy = (0.97, run.adiabatic[-1])
        self.theory_name.set_text(
            label("adiabatic: {:.0%}", "绝热预测：{:.0%}").format(run.adiabatic[i]) if amplitude else ""
        )
        top = 1 - np.exp(-STEPS * float(_rate()(MEAN + amplitude)))
        self.hot.set_ydata([top, top])
        self.hot_name.xy = (1, top)
        self.hot.set_visible(amplitude >= 0.01)
        self.hot_name.set_visible(amplitude >= 0.01)
        self.clock.set_text(
            label("Update {t} of {n}: {share:.0%} have escaped", "第 {t} 步（共 {n} 步）：{share:.0%} 已逃逸",
                  t=t, n=STEPS, share=share)
        )  # fmt: skip
        words = label(
            "Period {period}, η from {low:.3g} to {high:.3g}: {final:.1%} ± {error:.1%} escape in {n} updates; "
            "adiabatic prediction {theory:.1%}. No period beats the prediction by more than {excess:.1f} standard "
            "errors.",
            "周期 {period}，η 在 {low:.3g} 与 {high:.3g} 之间：{n} 步内 {final:.1%} ± {error:.1%} 逃逸；"
            "绝热预测 {theory:.1%}。所有周期之中，超出绝热预测最多的也只有 {excess:.1f} 个标准误。",
            period=PERIODS[i], low=MEAN - amplitude, high=MEAN + amplitude, final=final[i], error=error[i], n=STEPS,
            theory=run.adiabatic[i], excess=max(float(((final - run.adiabatic) / error).max()), 0),
        )  # fmt: skip
        reached = final[i] >= GOAL_SHARE and amplitude <= GOAL_AMPLITUDE
        goal = label(
            "period {n}, Δη = {a:g}: {share:.0%}", "周期 {n}，Δη = {a:g}：{share:.0%}", n=PERIODS[i], a=amplitude,
            share=final[i],
        )  # fmt: skip
        return Seen(words, goal if reached else "")

    def _grey(self, alpha: float) -> None:
        for artist in (self.dots, self.bars, *self.caps, self.inside, self.outside):
            artist.set_alpha(alpha if artist not in (self.inside, self.outside) else 0.55 * alpha)

    def _run(self, amplitude: float):
        """All periods at once; yields the part done."""
        periods, frames = np.array(PERIODS)[:, None], STEPS // self.EVERY + 1
        rng = np.random.default_rng(self.SEED)
        x = np.full((len(PERIODS), self.BALLS), -1, np.float32)
        out = np.zeros(x.shape, bool)
        share = np.zeros((len(PERIODS), frames))
        places = np.full((len(PERIODS), frames, self.SHOWN), -1, np.float32)
        escaped = np.zeros(places.shape, bool)
        lrs = (MEAN + amplitude * np.sin(2 * np.pi * np.arange(STEPS) / periods)).astype(np.float32)
        for t in range(STEPS):
            lr = lrs[:, t, None]
            force = x * x
            force -= 1
            force *= x
            force *= 4 * cyclic.HEIGHT
            noise = rng.standard_normal(x.shape, np.float32)
            noise *= cyclic.SIGMA
            force += noise
            force *= lr
            x -= force
            out |= x >= 0.5
            if (t + 1) % self.EVERY == 0:
                frame = (t + 1) // self.EVERY
                share[:, frame] = out.mean(1)
                places[:, frame], escaped[:, frame] = x[:, : self.SHOWN], out[:, : self.SHOWN]
            if (t + 1) % 600 == 0:
                yield (t + 1) / STEPS
        predicted = np.array([
            cyclic.adiabatic(lr.astype(float).take, STEPS, _rate())[-1] for lr in lrs
        ])  # fmt: skip
        return _Run(share, places, escaped, predicted)


@styled
def no_resonance(
    shares: Mapping[int, Sequence[float]], constants: Mapping[str, Sequence[float]], adiabatic: float,
    rapid: Sequence[float],
) -> Figure:  # fmt: skip
    """The share of the balls that escape, against the period of the swing, between its two limits.

    Args:
        shares: period → one share a seed.
        constants: "mean" and "top" → one share a seed, at a constant learning rate.
        adiabatic: the prediction for slow swings.
        rapid: one share a seed, for a swing so fast that the ball feels its mean alone.
    """
    periods = np.array(list(shares), float)
    mean, error = _summary(np.array(list(shares.values())).T)
    figure = Figure(height=3.9)
    ax = figure.subplots()
    ax.set(xscale="log", xlim=(periods[0] * 0.75, periods[-1] * 1.3), ylim=(0, 1.14))
    names = {
        "mean": label("constant at the mean", "恒定，取平均值"), "top": label("constant at the top", "恒定，取最高值"),
    }  # fmt: skip
    for key, values in constants.items():
        style.limit_line(ax, float(np.mean(values)), f"{names[key]} {np.mean(values):.2f}", vertical=False)
    edge: dict[str, Any] = dict(textcoords="offset points", color=style.THEORY, fontsize=9.5)
    style.theory_line(ax, [periods[-1] / 200, periods[-1] * 1.3], [adiabatic] * 2)
    ax.annotate(
        label("slow limit (adiabatic) {:.2f}", "慢极限（绝热）{:.2f}").format(adiabatic),
        (periods[-1] / 200, adiabatic), (0, 5), va="bottom", **edge,
    )  # fmt: skip
    style.theory_line(ax, [periods[0] * 0.75, periods[0] * 12], [np.mean(rapid)] * 2)
    ax.annotate(
        label("rapid limit {:.2f}", "快极限 {:.2f}").format(np.mean(rapid)), (periods[0] * 12, np.mean(rapid)), (0, -5),
        va="top", ha="right", **edge,
    )  # fmt: skip
    ax.errorbar(periods, mean, error, fmt="o", color=style.LOSS, capsize=4, markersize=7)
    ax.plot(periods, mean, color=style.LOSS, linewidth=1, alpha=0.5)
    ax.set_xticks(periods, [f"{p:g}" for p in periods])
    ax.set_xticks([], minor=True)
    ax.set_xlabel(label("period of the swing (updates)", "摆动的周期（更新步）"))
    ax.set_ylabel(label("share escaped", "逃逸比例"))
    ax.set_title(label("It rises, and levels off: no resonance", "上升，然后持平：没有共振"))
    _errors_said(ax, len(next(iter(shares.values()))))
    colon, comma = label(": ", "："), label(", ", "，")
    said = comma.join(f"{p:g}{colon}{m:.3f} ± {e:.3f}" for p, m, e in zip(periods, mean, error, strict=True))
    figure.alt = label(
        "Share escaped by period of the swing: {said}. Adiabatic {adiabatic:.3f}, rapid limit {rapid:.3f}.",
        "各周期的逃逸比例：{said}。绝热 {adiabatic:.3f}，快极限 {rapid:.3f}。",
        said=said, adiabatic=adiabatic, rapid=np.mean(rapid),
    )  # fmt: skip
    return figure


@styled
def escapes_by_phase(rates: Mapping[int, NDArray], adiabatic: ArrayLike) -> Figure:
    """When in a cycle the balls escape: escapes an update, against the phase.

    Args:
        rates: period → ``(seeds, bins)``, escapes an update of a ball still inside, in each part of the cycle.
        adiabatic: k(η) at equally many phases, from 0 to 1.
    """
    figure = Figure(height=3.6)
    ax = figure.subplots()
    theory = np.asarray(adiabatic, float)
    style.theory_line(ax, np.linspace(0, 1, theory.size), 1e3 * theory)
    ax.annotate(
        label("k(η) of this moment", "此刻的 k(η)"), (0.25, 1e3 * theory.max()), (0, 4), textcoords="offset points",
        ha="center", va="bottom", fontsize=9.5,
    )  # fmt: skip
    said = []
    for (period, values), color in zip(rates.items(), (style.SECOND, style.LOSS, style.NOISE), strict=False):
        mean, error = _summary(values)
        at = (np.arange(mean.size) + 0.5) / mean.size
        ax.errorbar(at, 1e3 * mean, 1e3 * error, fmt="o-", color=color, capsize=3, markersize=5, linewidth=1.4,
                    label=label("period {n}", "周期 {n}", n=period))  # fmt: skip
        said.append(label(
            "period {n}: most, {top:.2f} per 1000, at {at:.2f} of the cycle",
            "周期 {n}：在 {at:.2f} 处最多，每 1000 步 {top:.2f}",
            n=period, top=1e3 * mean.max(), at=at[mean.argmax()],
        ))  # fmt: skip
    ax.legend(loc="upper right")
    ax.set(xlim=(0, 1), ylim=(0, 1.15 * 1e3 * theory.max()))
    ax.set_xlabel(label("part of the cycle (hottest at 0.25, coldest at 0.75)", "周期中的位置（0.25 最热，0.75 最冷）"))
    ax.set_ylabel(label("escapes per ball and 1000 updates", "每球每 1000 步逃逸次数"))
    ax.set_title(label("A slow swing lets the balls out while it is hot", "慢摆动时，小球趁热逃逸"))
    _errors_said(ax, len(next(iter(rates.values()))), y=0.6, va="top")
    figure.alt = label(
        "Escapes against the phase; {said}.", "逃逸随周期位置的分布；{said}。", said=label(", ", "；").join(said)
    )
    return figure


# --- What a cycle is worth --------------------------------------------------------------------------------------


@styled
def equal_budget(result: Sweep, measure: Measure = "train_loss") -> Figure:
    """Every schedule of a sweep at its own best learning rate, the best on top."""
    best = [result.at(schedule=name).best(measure) for name in result.schedules]
    ranked = sorted(best, key=lambda b: b.mean, reverse=measure != "accuracy")
    figure = Figure(height=0.9 + 0.36 * len(ranked))
    ax = figure.subplots()
    values, errors = ([getattr(b, key) for b in ranked] for key in ("mean", "standard_error"))
    rows = np.arange(len(ranked))
    ax.errorbar(values, rows, xerr=errors, fmt="o", color=style.LOSS, capsize=4, markersize=7)
    ax.set_yticks(rows, [_schedule_name(b.schedule) for b in ranked])
    ax.tick_params(axis="y", labelcolor=style.INK)
    ax.set_ylim(-0.6, len(ranked) - 0.4)
    ax.set_xlabel(label("training loss after {n} updates, learning rate tuned", "{n} 步之后的训练损失（学习率已调优）",
                        n=result.updates))  # fmt: skip
    ax.set_title(label("One long way down ends low; ending hot ends high", "一路慢慢降温，损失低；在热处结束，损失高"))
    _errors_said(ax, len(result.seeds), y=0.97, va="top")
    said = label(", ", "，").join(
        f"{_schedule_name(b.schedule)} {b.mean:.3f} ± {b.standard_error:.3f}" for b in ranked[::-1]
    )
    figure.alt = label("Training loss, best first: {said}.", "训练损失，由好到差：{said}。", said=said)
    return figure


def _schedule_name(name: str) -> str:
    """``"triangle × 4"``: the schedule's own name is translated."""
    kind, times, number = name.partition(" × ")
    return style.schedule_name(kind) + times + number


@styled
def snapshots(ensemble: Ensemble, *, smooth: int = 20) -> Figure:
    """One run with warm restarts: the learning rate that trained, the loss it left, and where each member was kept."""
    figure = Figure(height=4.4)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.4))
    steps = len(ensemble.lr)
    ends = np.append(np.flatnonzero(np.diff(ensemble.lr) > 0), steps - 1)
    above.plot(ensemble.lr, color=style.LR)
    above.plot(ends, ensemble.lr[ends], "s", color=style.INK, markersize=7, clip_on=False, zorder=5)
    above.set_ylabel(label("learning rate η", "学习率 η"), color=style.LR)
    above.set_ylim(bottom=0)
    above.set_title(label("One run, one member at each bottom", "一次训练，每个谷底留下一个成员"))
    loss = np.convolve(ensemble.loss, np.ones(smooth) / smooth, mode="valid")
    at = np.arange(loss.size) + smooth - 1
    below.plot(at, loss, color=style.LOSS)
    below.plot(ends, loss[ends - smooth + 1], "s", color=style.INK, markersize=7, clip_on=False, zorder=5)
    below.set(xlim=(0, steps), xlabel=label("update", "更新步"))
    name = label("training loss,\nmean of {n} updates", "训练损失\n（{n} 步平均）", n=smooth)
    below.set_ylabel(name, color=style.ink(style.LOSS))
    colon, comma = label(": ", "："), label(", ", "，")
    said = comma.join(f"{end}{colon}{loss[end - smooth + 1]:.2f}" for end in ends)
    figure.alt = label(
        "Members kept at updates, with the training loss there (mean of {smooth}): {said}.",
        "留下成员的更新步及当时的训练损失（{smooth} 步平均）：{said}。", smooth=smooth, said=said,
    )  # fmt: skip
    return figure
