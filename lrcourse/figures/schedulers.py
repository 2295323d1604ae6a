"""The pictures of section 02: what each scheduler of PyTorch does, and what a training makes of it.

Every curve comes from :func:`lrcourse.schedulers.curve`, which equals what torch steps, or from the ``History`` of a
training, recorded at each ``optimizer.step()``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from .. import schedulers
from ..training import History
from .style import (
    LOSS, LR, MOMENTUM, NOISE, QUIET, REFERENCE, SECOND, CYCLE,
    Figure, Picture, Seen, end_label, halo, label, limit_line, styled, theory_line,
)  # fmt: skip

DECADES = 6  # what a log axis shows below its highest value; a cosine's last point may lie far lower


# --- Four schedules, and the one that trained -----------------------------------------------------------------


@styled
def visualize_schedulers(epochs: int = 100, initial_lr: float = 0.1) -> Figure:
    """Four of PyTorch's schedulers side by side, on one logarithmic axis: the learning rate that each epoch uses.

    StepLR (every 30 epochs × 0.1), MultiStepLR (at 30, 60, 80, × 0.1), ExponentialLR (× 0.95 an epoch) and
    CosineAnnealingLR over all epochs. The scheduler is stepped once an epoch, so epoch t = 0 ... epochs - 1 uses
    ``lr(t)``. A cosine comes to 0 only at t = epochs, which no epoch uses: the curve ends at the last value that one
    did, and says which.

    Args:
        epochs: how many, at least 1.
        initial_lr: the optimizer's learning rate, positive.

    Raises:
        ValueError: epochs is not a positive integer, or initial_lr not a positive finite number.
    """
    if not isinstance(epochs, Integral) or isinstance(epochs, bool) or epochs < 1:
        raise ValueError(f"epochs must be a positive integer, got {epochs!r}; one point is drawn for each")
    if not 0 < initial_lr < np.inf:
        raise ValueError(
            f"initial_lr must be a positive finite number, got {initial_lr!r}; it is what the optimizer starts with"
        )
    panels = {
        "StepLR": dict(step_size=30, gamma=0.1),
        "MultiStepLR": dict(milestones=[30, 60, 80], gamma=0.1),
        "ExponentialLR": dict(gamma=0.95),
        "CosineAnnealingLR": dict(T_max=epochs),
    }
    rates = {name: schedulers.curve(name, epochs, lr=initial_lr, **kwargs) for name, kwargs in panels.items()}
    floor = max(min(rate[rate > 0].min() for rate in rates.values()), initial_lr * 10.0**-DECADES)

    figure = Figure(height=5.0)
    axes = figure.subplots(2, 2, sharex=True, sharey=True)
    edges = np.arange(epochs + 1)
    for ax, (name, rate) in zip(axes.flat, rates.items(), strict=True):
        arguments = ", ".join(f"{key}={value}" for key, value in panels[name].items())
        ax.set_title(name, fontsize=11, pad=19)
        ax.text(0, 1.02, arguments, transform=ax.transAxes, color=QUIET, fontsize=9.5, va="bottom")
        ax.stairs(np.maximum(rate, floor / 1e3), edges, baseline=None, color=LR, linewidth=2)
        ax.text(
            0.03, 0.06, label("last epoch: η = {lr:.2g}", "最后一轮：η = {lr:.2g}", lr=rate[-1]),
            transform=ax.transAxes, color=LR, fontsize=9.5,
        )  # fmt: skip
        ax.set(yscale="log", ylim=(floor / 2, initial_lr * 2.5), xlim=(0, epochs))
    for ax in axes[1]:
        ax.set_xlabel(label("epoch", "轮（epoch）"))
    for ax in axes[:, 0]:
        ax.set_ylabel(label("learning rate η", "学习率 η"))
    figure.suptitle(
        label("Four ways down from {lr:g}", "从 {lr:g} 降下来的四种方式", lr=initial_lr),
        x=0.02, ha="left", fontsize=12, weight="bold",
    )  # fmt: skip
    ends = ", ".join(f"{name} {rate[-1]:.3g}" for name, rate in rates.items())
    figure.alt = label(
        "Learning rate of each of {epochs} epochs, from {lr:g} on a log axis. Last epoch: {ends}.",
        "{epochs} 轮中每一轮的学习率，起点 {lr:g}，对数坐标。最后一轮：{ends}。",
        epochs=epochs, lr=initial_lr, ends=ends,
    )  # fmt: skip
    return figure


@styled
def trained(runs: Mapping[str, Sequence[History]], *, smooth: int = 20) -> Figure:
    """The learning rate that trained, above the loss that it left: one colour a schedule, up to five.

    Args:
        runs: name → one History a seed, all of one length.
        smooth: updates that a point of the loss averages.
    """
    figure = Figure(height=5.2)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.5))
    said = []
    for (name, histories), color in zip(runs.items(), CYCLE, strict=False):
        above.plot(histories[0].lr, color=color, label=name)
        loss = np.array([np.convolve(h.loss, np.ones(smooth) / smooth, mode="valid") for h in histories])
        at = np.arange(loss.shape[1]) + smooth - 1
        mean, error = loss.mean(0), _standard_error(loss)
        below.fill_between(at, mean - error, mean + error, color=color, alpha=0.2, linewidth=0)
        below.plot(at, mean, color=color)
        said.append(f"{name} {mean[-1]:.3f} ± {error[-1]:.3f}")
    above.legend(ncols=len(runs), loc="lower left", bbox_to_anchor=(-0.01, 1), borderaxespad=0, handlelength=1.2)
    above.set_ylabel(label("learning rate η", "学习率 η"))
    above.set_ylim(bottom=0)
    below.set(xlim=(0, at[-1] + 1), xlabel=label("update", "更新步"))
    below.set_ylabel(label("training loss", "训练损失"))
    seeds = len(next(iter(runs.values())))
    below.text(
        0.99, 0.97,
        label("mean of {n} seeds, ± 1 standard error", "{n} 个随机种子的平均，± 1 标准误", n=seeds),
        transform=below.transAxes, ha="right", va="top", color=QUIET, fontsize=9.5,
    )  # fmt: skip
    figure.alt = label(
        "Recorded learning rates, and training losses averaged over {smooth} updates, at the end: {said}.",
        "记录下来的学习率，以及按 {smooth} 个更新步平滑的训练损失；末尾为：{said}。",
        smooth=smooth, said=", ".join(said),
    )  # fmt: skip
    return figure


def _standard_error(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the mean over the first axis."""
    return values.std(0, ddof=1) / np.sqrt(len(values))


# --- ExponentialLR: a radioactive learning rate ---------------------------------------------------------------


class HalfLife(Picture):
    """ExponentialLR beside a radioactive sample of the same half-life, and the clock that it brings to a halt."""

    EPOCHS, UPDATES, NUCLEI, HALVINGS = 100, 25, 400, 6  # UPDATES: in an epoch

    def draw(self, figure):
        decay, clock = figure.subplots(1, 2, width_ratios=(1.5, 1))
        self.epochs = np.arange(self.EPOCHS * self.UPDATES + 1) / self.UPDATES
        self.fates = np.sort(np.random.default_rng(0).random(self.NUCLEI))

        (self.sample,) = decay.plot(self.epochs, self.epochs, color=NOISE, linewidth=1.2)
        (self.rate,) = decay.plot(self.epochs, self.epochs, color=LR)
        (self.drops,) = decay.plot([], [], color=REFERENCE, linewidth=1, marker="o", markersize=4, markevery=(1, 3))
        self.fractions = [decay.text(0, 0, f"1/{2**k}", color=QUIET, fontsize=9.5, va="bottom") for k in (1, 2, 3)]
        halo(self.fractions)
        decay.set(xlim=(0, self.EPOCHS), ylim=(0, 1.04), xlabel=label("epoch", "轮（epoch）"))
        decay.set_ylabel(label("share left", "剩余比例"))
        decay.set_title(label("The rate decays like a nucleus", "学习率像原子核一样衰变"))
        decay.text(0.98, 0.95, label("η / first η", "η / 初始 η"), color=LR, ha="right", transform=decay.transAxes)
        decay.text(
            0.98, 0.87, label("{n} nuclei", "{n} 个原子核", n=self.NUCLEI),
            color=NOISE, ha="right", transform=decay.transAxes,
        )  # fmt: skip

        clock.plot([0, self.EPOCHS], [0, self.EPOCHS], color=REFERENCE, linewidth=1.2)
        clock.text(
            54, 60, label("constant η", "恒定 η"), color=QUIET, fontsize=9.5, rotation=38, ha="center", va="bottom",
        )  # fmt: skip
        self.limit = theory_line(clock, [0, self.EPOCHS], [0, 0])
        (self.path,) = clock.plot(self.epochs, self.epochs, color=LR)
        clock.set(xlim=(0, self.EPOCHS), ylim=(0, self.EPOCHS), xlabel=label("epoch", "轮（epoch）"))
        clock.set_ylabel(label("clock Σ η / first η, in epochs", "时钟 Σ η / 初始 η（轮）"))
        clock.set_title(label("Its clock stops", "它的时钟会停"))
        return [self.sample, self.drops, self.rate, *self.fractions, self.limit, self.path]

    def update(self, half_life: float, unit: str) -> Seen:
        gamma = 0.5 ** (1 / half_life)
        steps = self.EPOCHS * (self.UPDATES if unit == "update" else 1) + 1
        share = schedulers.curve("ExponentialLR", steps, lr=1.0, gamma=gamma)
        clock = np.cumsum(share) - share
        if unit == "update":
            half_life, clock = half_life / self.UPDATES, clock / self.UPDATES
        else:
            share = np.repeat(share, self.UPDATES)[: len(self.epochs)]
            clock = np.interp(self.epochs, np.arange(steps), clock)
        limit = 1 / (1 - gamma) / (self.UPDATES if unit == "update" else 1)

        self.rate.set_ydata(share)
        self.sample.set_ydata(np.searchsorted(self.fates, share) / self.NUCLEI)
        halvings = np.arange(1, self.HALVINGS + 1)
        x, y = np.repeat(halvings * half_life, 3), np.repeat(0.5**halvings, 3)
        x[2::3], y[::3] = np.nan, 0
        self.drops.set_data(x, y)
        for k, text in enumerate(self.fractions, start=1):
            text.set_position((k * half_life + 1.5, 0.5**k + 0.01))
            text.set_visible(half_life > 4 and k * half_life < 92)
        self.path.set_ydata(clock)
        self.limit.set_ydata([limit, limit])

        left = share[-1]
        words = label(
            "γ = {gamma:.4g} an {unit}: half is gone after {half:.3g} epochs, {left} is left after 100. The whole "
            "path is worth {path:.3g} epochs at the first rate, however long you wait.",
            "每{unit}乘 γ = {gamma:.4g}：每 {half:.3g} 轮减半，100 轮后剩 {left}。无论等多久，总路程只相当于以初始学习率走 {path:.3g} 轮。",
            gamma=gamma, half=half_life, left=_percent(left), path=limit,
            unit=label("epoch", "轮") if unit == "epoch" else label("update", "更新步"),
        )  # fmt: skip
        reached = unit == "epoch" and abs(left - 0.01) <= 0.0005
        return Seen(words, goal=f"γ = {gamma:.4g}, {left:.2%}" if reached else "")


def _percent(share: float) -> str:
    """Two digits that count, however small the share."""
    return f"{100 * share:.2g} %"


@styled
def cooling_speed(runs: Mapping[float, Sequence[History]]) -> Figure:
    """Loss on unseen examples against the half-life of the learning rate.

    Args:
        runs: half-life in updates (``inf`` for a constant learning rate) → one History a seed.
    """
    half_lives = sorted(runs)
    losses = np.array([[history.test.loss for history in runs[t]] for t in half_lives]).T
    mean, error = losses.mean(0), _standard_error(losses)
    finite = [t for t in half_lives if np.isfinite(t)]
    at = [t if np.isfinite(t) else 4 * finite[-1] for t in half_lives]

    figure = Figure(height=3.5)
    ax = figure.subplots()
    ax.errorbar(at, mean, error, fmt="o", color=LOSS, capsize=4, markersize=7)
    ax.plot(at, mean, color=LOSS, linewidth=1, alpha=0.5)
    names = [f"{t:g}" if np.isfinite(t) else label("never", "从不") for t in half_lives]
    ax.set(xscale="log", yscale="log", ylim=(0.75 * mean.min(), 1.3 * mean.max()))
    ax.set_xticks(at, names)
    ax.set_xticks([], minor=True)
    ax.set_xlabel(label("half-life of the learning rate (updates)", "学习率的半衰期（更新步）"))
    ax.set_ylabel(label("loss on unseen digits", "未见过的数字上的损失"))
    ax.set_yticks(ticks := [0.3, 0.5, 1, 2], [f"{tick:g}" for tick in ticks])
    ax.set_yticks([], minor=True)
    ax.set_ylim(0.75 * mean.min(), 1.3 * mean.max())
    ax.set_title(label("Too fast and it freezes, never and it stays hot", "太快会冻住，从不降温则一直是热的"))
    ends = [(label("frozen", "冻住了"), at[0], mean[0], 10), (label("still hot", "仍然很热"), at[-1], mean[-1], 10)]
    for words, x, y, dy in ends:
        ax.annotate(
            words, (x, y), xytext=(12 if x == at[0] else -12, dy), textcoords="offset points", color=QUIET,
            ha="left" if x == at[0] else "right",
        )  # fmt: skip
    seeds = label("mean of {n} seeds, ± 1 standard error", "{n} 个随机种子的平均，± 1 标准误", n=len(losses))
    ax.text(0.99, 0.95, seeds, transform=ax.transAxes, ha="right", va="top", color=QUIET, fontsize=9.5)
    said = ", ".join(f"{n}: {m:.2f} ± {e:.2f}" for n, m, e in zip(names, mean, error, strict=True))
    figure.alt = label("Loss on unseen digits by half-life: {said}.", "各半衰期下未见过的数字上的损失：{said}。", said=said)
    return figure


# --- CosineAnnealingWarmRestarts: cooling, and heating again --------------------------------------------------


def _next_energy(energy, lr, curvature):
    """Mean energy of a ball on a parabola, gradient noise of variance 1, after one more update: exact.

    From ``Var' = (1 - ηλ)² Var + η²`` and ``energy = λ Var / 2``, element by element.
    """
    return (1 - lr * curvature) ** 2 * energy + curvature * lr**2 / 2


def _energies(lrs: NDArray[np.float64], curvature: float = 1.0, start: float = 5.0) -> NDArray[np.float64]:
    """``(updates + 1,)``: the energy at first and after each update."""
    energies = [start]
    for lr in lrs.tolist():
        energies.append(_next_energy(energies[-1], lr, curvature))
    return np.array(energies)


class Restarts(Picture):
    """CosineAnnealingWarmRestarts, and how hot a ball on a noisy parabola is while it runs."""

    UPDATES, LR = 300, 0.5
    GOAL = 0.012

    def draw(self, figure):
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.1, 1))
        self.t = np.arange(self.UPDATES)
        plain = schedulers.curve("CosineAnnealingLR", self.UPDATES, lr=self.LR, T_max=self.UPDATES)
        above.plot(self.t, plain, color=REFERENCE, linewidth=1.2)
        above.text(
            1.01, 0.02, label("no\nrestart", "不重启"), transform=above.transAxes, color=QUIET, fontsize=9.5, va="bottom",
        )  # fmt: skip
        (self.rate,) = above.plot(self.t, plain, color=LR)
        (self.peaks,) = above.plot([], [], "o", color=LR, markersize=6)
        above.set(xlim=(0, self.UPDATES), ylim=(0, 1.12 * self.LR))
        above.set_ylabel(label("learning rate η", "学习率 η"), color=LR)
        above.set_title(label("The peaks stay as high as the first", "每个峰都和第一个一样高"))

        energies = _energies(plain)
        self.plain = energies[-1]
        below.semilogy(np.arange(self.UPDATES + 1), energies, color=REFERENCE, linewidth=1.2)
        (self.energy,) = below.plot(np.arange(self.UPDATES + 1), energies, color=LOSS)
        (self.end,) = below.plot([self.UPDATES], [1], "o", color=LOSS, markersize=7, clip_on=False)
        below.axhline(self.GOAL, color=REFERENCE, linewidth=1, linestyle=":")
        below.set(ylim=(3e-3, 5), xlabel=label("update", "更新步"))
        below.set_ylabel(label("energy", "能量"), color=LOSS)
        below.set_title(label("What the ball feels: heated again, cooled again", "小球的感受：再加热，再冷却"))
        return [self.rate, self.peaks, self.energy, self.end]

    def update(self, T_0: int, T_mult: int, eta_min: float) -> Seen:
        rate = schedulers.curve(
            "CosineAnnealingWarmRestarts", self.UPDATES, lr=self.LR, T_0=T_0, T_mult=T_mult, eta_min=eta_min
        )
        energy = _energies(rate)
        starts, length = [0], T_0
        while starts[-1] + length < self.UPDATES:
            starts.append(starts[-1] + length)
            length *= T_mult
        self.rate.set_ydata(rate)
        self.peaks.set_data(starts, rate[starts])
        self.energy.set_ydata(energy)
        self.end.set_ydata(energy[-1:])

        words = label(
            "Restarts: {when}. Training stops after {through} of the {length} updates of a cycle: last η = {lr:.3g}, "
            "energy {energy:.2g} (without restarts {plain:.2g}).",
            "重启：{when}。训练结束时，长为 {length} 步的周期走了 {through} 步：最后的 η = {lr:.3g}，能量 {energy:.2g}（不重启为 {plain:.2g}）。",
            when=_few(starts[1:]), through=self.UPDATES - starts[-1], length=length, lr=rate[-1], energy=energy[-1],
            plain=self.plain,
        )  # fmt: skip
        done = len(starts) > 2 and energy[-1] <= self.GOAL
        return Seen(words, goal=f"T_0 = {T_0}, T_mult = {T_mult}: {energy[-1]:.2g}" if done else "")


def _few(updates: Sequence[int], most: int = 4) -> str:
    """``"at update 10, 30, 70"``; where there are more than *most*, the first few of them."""
    if not updates:
        return label("none", "无")
    shown = ", ".join(map(str, updates[:most])) + (", …" if len(updates) > most else "")
    return label("at update {shown}", "第 {shown} 步", shown=shown)


# --- ReduceLROnPlateau: a controller that reads a noisy gauge -------------------------------------------------


class Controlled:
    """Many runs of ReduceLROnPlateau at once, each in a closed loop with a ball on a noisy parabola.

    In each of ``EPOCHS`` epochs the ball makes one update; the controller reads its energy through a gauge with a
    relative error *noise* and, by torch's rule (mode "min", threshold 1e-4 rel), cuts the rate. A cut is a *false alarm*
    where the ball still had to come down: its energy was over 1.5 times that at which this rate would let it rest.

    Attributes:
        lr, energy, reading: ``(EPOCHS, RUNS)``: the rate of each epoch, the energy after it, what the gauge says.
        cut, false: ``(EPOCHS, RUNS)`` bool: whether the controller cuts after this epoch, and without need.
    """

    EPOCHS, RUNS = 120, 60
    LR, MIN_LR, START, CURVATURE = 0.5, 5e-5, 20.0, 0.1

    def __init__(self, noise: float, patience: int, factor: float, cooldown: int) -> None:
        shape = self.EPOCHS, self.RUNS
        gauge = 1 + noise * np.random.default_rng(0).standard_normal(shape)
        self.lr, self.energy, self.reading = np.empty((3, *shape))
        self.cut, self.false = np.zeros((2, *shape), bool)
        lr, energy = np.full(self.RUNS, self.LR), np.full(self.RUNS, self.START)
        best, bad, rest = np.full(self.RUNS, np.inf), np.zeros(self.RUNS), np.zeros(self.RUNS)
        for t in range(self.EPOCHS):
            energy = _next_energy(energy, lr, self.CURVATURE)
            reading = energy * gauge[t]
            better = reading < best * (1 - 1e-4)
            best = np.where(better, reading, best)
            bad = np.where(better | (rest > 0), 0, bad + 1)
            rest = np.maximum(rest - 1, 0)
            fire = bad > patience
            self.lr[t], self.energy[t], self.reading[t] = lr, energy, reading
            if fire.any():
                self.cut[t] = fire & (lr > self.MIN_LR + 1e-8)
                self.false[t] = self.cut[t] & (energy > 1.5 * lr / (2 * (2 - lr * self.CURVATURE)))
                lr = np.where(fire, np.maximum(lr * factor, self.MIN_LR), lr)
                bad, rest = np.where(fire, 0, bad), np.where(fire, cooldown, rest)


class Plateau(Picture):
    """One run of the controller: what the gauge says, what is true, and each cut; and how all the others went."""

    GOAL = 0.08

    def draw(self, figure):
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.5, 1))
        t, nothing = np.arange(Controlled.EPOCHS), np.full(Controlled.EPOCHS, np.nan)
        (self.reading,) = above.semilogy(t, nothing, color=NOISE, linewidth=1.1, label=label("gauge", "仪表读数"))
        (self.energy,) = above.plot(t, nothing, color=LOSS, label=label("true loss", "真实损失"))
        (self.false,) = above.plot(
            t, nothing, "v", color=NOISE, markersize=9, markeredgecolor="black", label=label("false alarm", "误报"),
        )  # fmt: skip
        (self.right,) = above.plot(
            t, nothing, "v", color=SECOND, markersize=9, markeredgecolor="black", label=label("cut in time", "恰当的降低"),
        )  # fmt: skip
        above.legend(
            ncols=4, loc="lower left", bbox_to_anchor=(-0.01, 0.98), borderaxespad=0, handlelength=1.2, columnspacing=1.2,
        )  # fmt: skip
        above.axhline(self.GOAL, color=REFERENCE, linewidth=1, linestyle=":")
        above.set(ylim=(0.02, 50))
        above.set_ylabel(label("loss", "损失"), color=LOSS)
        above.set_title(label("The gauge is noisy, the controller believes it", "仪表有噪声，控制器却信以为真"), pad=26)

        (self.others,) = below.semilogy(t, nothing, color=LR, alpha=0.13, linewidth=1, drawstyle="steps-post")
        (self.rate,) = below.plot(t, nothing, color=LR, drawstyle="steps-post")
        limit_line(below, Controlled.MIN_LR, "min_lr", vertical=False)
        below.set(xlim=(0, Controlled.EPOCHS), ylim=(3e-5, 1), xlabel=label("epoch", "轮（epoch）"))
        below.set_ylabel(label("learning rate η", "学习率 η"), color=LR)
        return [self.reading, self.energy, self.false, self.right, self.others, self.rate]

    def update(self, noise: float, patience: int, factor: float, cooldown: int, run: int) -> Seen:
        runs = Controlled(noise, patience, factor, cooldown)
        energy, cut, false = (x[:, run - 1] for x in (runs.energy, runs.cut, runs.false))
        self.reading.set_ydata(runs.reading[:, run - 1])
        self.energy.set_ydata(energy)
        self.false.set_ydata(np.where(false, energy, np.nan))
        self.right.set_ydata(np.where(cut & ~false, energy, np.nan))
        self.rate.set_ydata(runs.lr[:, run - 1])
        gap = np.full((1, runs.RUNS), np.nan)
        self.others.set_data(
            np.tile(np.arange(runs.EPOCHS + 1), runs.RUNS), np.vstack([runs.lr, gap]).T.ravel()
        )

        final = float(np.median(runs.energy[-1]))
        words = label(
            "Run {run}: {cuts} cuts, {false} of them false alarms. Of {n} runs {share:.0%} cut while the loss was still "
            "falling; median final loss {final:.3g} (never cutting: 0.128).",
            "第 {run} 次运行：降低 {cuts} 次，其中误报 {false} 次。{n} 次运行中有 {share:.0%} 在损失仍在下降时就降低了学习率；"
            "最终损失的中位数为 {final:.3g}（从不降低：0.128）。",
            run=run, cuts=cut.sum(), false=false.sum(), n=runs.RUNS, share=runs.false.any(0).mean(), final=final,
        )  # fmt: skip
        reached = noise >= 0.2 and final <= self.GOAL
        return Seen(words, goal=f"patience {patience}, factor {factor:g}: {final:.3g}" if reached else "")


# --- OneCycleLR and its momentum mirror -----------------------------------------------------------------------


class OneCycle(Picture):
    """OneCycleLR update by update, the momentum that mirrors it, and the rate at which the ball really moves."""

    UPDATES = 100

    def draw(self, figure):
        top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=(1.4, 1, 1))
        t = np.arange(self.UPDATES)
        (self.rate,) = top.plot(t, np.ones(self.UPDATES), color=LR)
        (self.marks,) = top.plot([0, 0, 0], [1, 1, 1], "o", color=LR, markersize=6, clip_on=False)
        self.values = [top.text(0, 0, "", color=LR, fontsize=9.5) for _ in range(3)]
        halo(self.values)
        top.set(ylim=(0, 1.18), yticks=[0, 0.5, 1])
        top.set_ylabel("η / max_lr", color=LR, fontsize=10)
        top.set_title(label("Up, down, and far below where it began", "升、降，最后远低于起点"))
        (self.momentum,) = middle.plot(t, np.ones(self.UPDATES), color=MOMENTUM)
        middle.set(ylim=(0.83, 0.97))
        middle.set_ylabel(label("momentum β", "动量 β"), color=MOMENTUM, fontsize=10)
        (self.effective,) = bottom.plot(t, np.ones(self.UPDATES), color=LOSS)
        bottom.set(xlim=(0, self.UPDATES), ylim=(0, 10.8), xlabel=label("update", "更新步"))
        bottom.set_ylabel("η / (1 − β)", color=LOSS, fontsize=10)
        return [self.rate, self.marks, *self.values, self.momentum, self.effective]

    def update(
        self, pct_start: float, anneal_strategy: str, div_factor: float, final_div_factor: float, three_phase: bool,
        cycle_momentum: bool,
    ) -> Seen:  # fmt: skip
        arguments = dict(
            max_lr=1.0, total_steps=self.UPDATES, pct_start=pct_start, anneal_strategy=anneal_strategy,
            div_factor=div_factor, final_div_factor=final_div_factor, three_phase=three_phase,
            cycle_momentum=cycle_momentum,
        )  # fmt: skip
        rate = schedulers.curve("OneCycleLR", self.UPDATES, **arguments)
        momentum = np.full(self.UPDATES, 0.9)
        if cycle_momentum:
            momentum = schedulers.curve("OneCycleLR", self.UPDATES, what="momentum", **arguments)
        effective = rate / (1 - momentum)
        peak = int(rate.argmax())
        self.rate.set_ydata(rate)
        at = [0, peak, self.UPDATES - 1]
        self.marks.set_data(at, rate[at])
        for text, t in zip(self.values, at, strict=True):
            side = 1 if t < 50 else -1
            text.set(position=(t + 1.5 * side, rate[t] + 0.07), text=f"{rate[t]:.2g}", ha="left" if t < 50 else "right")
        self.momentum.set_ydata(momentum)
        self.effective.set_ydata(effective)

        ratio = effective[0] / effective[peak]
        words = label(
            "Peak at update {peak} of 0…99; last η = {last:.2g} of max_lr. The ball's rate η/(1 − β) starts at {ratio:.3g} of "
            "its value at the peak, η itself at {bare:.3g}.",
            "峰值在第 {peak} 步（共 0…99）；最后的 η 是 max_lr 的 {last:.2g} 倍。小球的实际速率 η/(1 − β) 从峰值时的 {ratio:.3g} 倍起步，而 η 本身从 {bare:.3g} 倍起步。",
            peak=peak, last=rate[-1], ratio=ratio, bare=rate[0],
        )  # fmt: skip
        reached = cycle_momentum and 0.0475 <= ratio <= 0.0525
        return Seen(words, goal=f"div_factor = {div_factor:.3g}: {ratio:.3g}" if reached else "")
