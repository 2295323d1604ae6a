"""The pictures of section 02: what each scheduler of PyTorch does, and what a training makes of it.

Every curve comes from :func:`lrcourse.schedulers.curve`, which equals what torch steps, or from the ``History`` of a
training, recorded at each ``optimizer.step()``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import schedulers
from ..arguments import count, positive
from ..training import History, standard_error
from ..words import say
from . import style
from .style import Figure, Picture, Seen, label, styled

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

    Example:
        >>> import lrcourse
        >>> figure = lrcourse.visualize_schedulers(epochs=50)
        >>> figure.alt.partition(". ")[2]
        'Last epoch: StepLR 0.01, MultiStepLR 0.01, ExponentialLR 0.0081, CosineAnnealingLR 9.87e-05.'
    """
    epochs, initial_lr = count("epochs", epochs), positive("initial_lr", initial_lr)
    panels: dict[str, dict[str, Any]] = {
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
        ax.text(0, 1.02, arguments, transform=ax.transAxes, color=style.QUIET, fontsize=9.5, va="bottom")
        ax.stairs(np.maximum(rate, floor / 1e3), edges, baseline=None, color=style.LR, linewidth=2)
        ax.text(
            0.03, 0.06, label("last epoch: η = {lr:.2g}", "最后一轮：η = {lr:.2g}", lr=rate[-1]),
            transform=ax.transAxes, color=style.LR, fontsize=9.5,
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
    colors = (style.LR, style.SECOND, style.MOMENTUM, *style.CYCLE[5:])
    for (name, histories), color in zip(runs.items(), colors, strict=False):
        above.plot(histories[0].lr, color=color, label=style.schedule_name(name))
        loss = np.array([np.convolve(h.loss, np.ones(smooth) / smooth, mode="valid") for h in histories])
        at = np.arange(loss.shape[1]) + smooth - 1
        mean, error = loss.mean(0), standard_error(loss, axis=0)
        below.fill_between(at, mean - error, mean + error, color=color, alpha=0.2, linewidth=0)
        below.plot(at, mean, color=color)
        said.append(f"{style.schedule_name(name)} {mean[-1]:.3f} ± {error[-1]:.3f}")
    above.set_title(label("The rate that trained, and what it left", "真正参与训练的学习率，以及它留下的损失"), pad=28)
    above.legend(ncols=len(runs), loc="lower left", bbox_to_anchor=(-0.01, 1), borderaxespad=0, handlelength=1.2)
    above.set_ylabel(label("learning rate η", "学习率 η"))
    above.set_ylim(bottom=0)
    below.set(xlim=(0, at[-1] + 1), xlabel=label("update", "更新步"))
    below.set_ylabel(label("training loss,\nmean of {n} updates", "训练损失\n（{n} 步平均）", n=smooth))
    seeds = len(next(iter(runs.values())))
    below.text(
        0.99, 0.97,
        label("mean of {n} seeds, ± 1 standard error", "{n} 个随机种子的平均，± 1 标准误", n=seeds),
        transform=below.transAxes, ha="right", va="top", color=style.QUIET, fontsize=9.5,
    )  # fmt: skip
    figure.alt = label(
        "Recorded learning rates, and training losses averaged over {smooth} updates, at the end: {said}.",
        "记录下来的学习率，以及按 {smooth} 个更新步平滑的训练损失；末尾为：{said}。",
        smooth=smooth, said=label(", ", "，").join(said),
    )  # fmt: skip
    return figure


# --- Any two classes, side by side ----------------------------------------------------------------------------


class Browser(Picture):
    """Two schedules of any classes over 100 steps, blue and green, one of which is being edited.

    Attributes:
        shown: "blue" and "green" → name of the class and its arguments, as they are now.
    """

    UPDATES, LR = 100, 0.1
    NEAR = 0.01  # of LR: so close, two curves are one
    START = MappingProxyType({"blue": "StepLR", "green": "CosineAnnealingLR"})

    def restart(self) -> None:
        """Both schedules as they were at first: the catalogue's examples."""
        for edit, name in self.START.items():
            self._change(edit, name, schedulers.CATALOGUE[name].example)

    def draw(self, figure):
        self.axes = figure.subplots()
        self.metric = schedulers.example_metric(self.UPDATES)
        self.shown, self.curves, self.lines, self.ends, self.names = {}, {}, {}, {}, {}
        self.restart()
        t, nothing = np.arange(self.UPDATES), np.full(self.UPDATES, np.nan)
        for edit, color, x, ha in (("green", style.SECOND, 1, "right"), ("blue", style.LR, 0, "left")):
            (self.lines[edit],) = self.axes.plot(t, nothing, color=color, linewidth=2.4 if edit == "blue" else 2)
            (self.ends[edit],) = self.axes.plot([0, self.UPDATES - 1], [np.nan] * 2, "o", color=color, markersize=6)
            self.names[edit] = self.axes.text(
                x, 1.03, "", transform=self.axes.transAxes, color=style.ink(color), ha=ha, weight="bold", fontsize=10.5,
            )  # fmt: skip
        self.axes.set(xlim=(-1.5, self.UPDATES + 0.5), xlabel=label("update (or epoch) t", "更新步（或轮）t"))
        self.axes.set_ylabel(label("learning rate η", "学习率 η"))
        self._look = None
        return [*self.lines.values(), *self.ends.values()]

    def update(self, edit: str, log: bool, **values: Any) -> Seen:
        """The keys of the schedule being edited begin with its colour: ``blue_scheduler``, ``blue_gamma`` ..."""
        arguments = {key.removeprefix(f"{edit}_"): value for key, value in values.items()}
        arguments.pop("all", None)
        scheduler = arguments.pop("scheduler")
        try:
            self._change(edit, scheduler, arguments)
        except (ValueError, TypeError) as error:
            return Seen(label("There is no such schedule: {error}", "没有这样的调度：{error}", error=error))
        self._scale(log)
        for name, rates in self.curves.items():
            visible = np.where(rates > 0, rates, np.nan) if log else rates
            self.lines[name].set_ydata(visible)
            self.ends[name].set_ydata(visible[[0, -1]])
            self.names[name].set_text(self.shown[name][0])
        self.still = tuple(name for name, _ in self.shown.values())

        gap = np.abs(self.curves["blue"] - self.curves["green"]).max()
        classes = {name for name, _ in self.shown.values()}
        words = label(
            "{words} {momentum}Largest difference of blue and green: {gap:.2g}. Trap of {name}: {trap}",
            "{words}{momentum}蓝绿之间的最大差别：{gap:.2g}。{name} 的陷阱：{trap}",
            words=self.words, momentum=self._momentum(scheduler, arguments), gap=gap, name=scheduler,
            trap=schedulers.CATALOGUE[scheduler].trap,
        )  # fmt: skip
        same = len(classes) == 2 and gap <= self.NEAR * self.LR
        return Seen(words, goal=" = ".join(sorted(classes)) if same else "")

    def _change(self, edit: str, scheduler: str, arguments: Mapping[str, Any]) -> None:
        metric = self.metric if scheduler == "ReduceLROnPlateau" else None
        self.curves[edit] = schedulers.curve(scheduler, self.UPDATES, lr=self.LR, metric=metric, **arguments)
        self.words = schedulers.explain(scheduler, self.UPDATES, lr=self.LR, metric=metric, **arguments).words
        self.shown[edit] = scheduler, arguments

    def _momentum(self, scheduler: str, arguments: Mapping[str, Any]) -> str:
        try:
            momentum = schedulers.curve(scheduler, self.UPDATES, lr=self.LR, what="momentum", **arguments)
        except ValueError:
            return ""
        return label(
            "Momentum between {low:.3g} and {high:.3g}. ", "动量在 {low:.3g} 与 {high:.3g} 之间。",
            low=momentum.min(), high=momentum.max(),
        )  # fmt: skip

    @styled
    def _scale(self, log: bool) -> None:
        """The smallest of a few axes that holds both curves, so that a slider does not shake the axis."""
        highest = max(rates.max() for rates in self.curves.values())
        top = next(top for top in (0.11, 0.33, 1.1, 11, np.inf) if top >= highest)
        if (log, top) != self._look:
            self._look = (log, top)
            self.axes.set_yscale("log" if log else "linear")
            self.axes.set_ylim((1e-6, 2 * top) if log else (-0.02 * top, top))


@styled
def gallery() -> Figure:
    """Every class of the catalogue once, with its example: 100 steps from 0.1, first and last value below the name."""
    steps = 100
    figure = Figure(height=7.8)
    figure.suptitle(
        label("One thermostat, sixteen plans", "一个恒温器，十六份计划"), x=0.02, ha="left", fontsize=12, weight="bold"
    )
    axes = figure.subplots(4, 4, sharex=True, sharey=True)
    said = []
    for ax, (name, entry) in zip(axes.flat, schedulers.CATALOGUE.items(), strict=True):
        metric = schedulers.example_metric(steps) if name == "ReduceLROnPlateau" else None
        rates = schedulers.curve(name, steps, lr=0.1, metric=metric, **entry.example)
        ax.plot(rates, color=style.LR, linewidth=1.8)
        ax.plot([0, steps - 1], rates[[0, -1]], "o", color=style.LR, markersize=4.5, clip_on=False)
        ax.set_title(_two_lines(name), fontsize=9, pad=17)
        ends = f"{rates[0]:.2g} → {rates[-1]:.2g}"
        ax.text(0, 1.03, ends, transform=ax.transAxes, fontsize=8.5, color=style.QUIET, va="bottom")
        said.append(f"{name} {ends}")
    axes[0, 0].set(xlim=(0, steps), ylim=(0, 0.108), xticks=[0, 50, 100], yticks=[0, 0.05, 0.1])
    for ax in axes[-1]:
        ax.set_xlabel(label("step", "步"), fontsize=10)
    for ax in axes[:, 0]:
        ax.set_ylabel(label("learning rate η", "学习率 η"), fontsize=10)
    figure.alt = label(
        "Sixteen schedules over {steps} steps, first and last learning rate: {said}.",
        "十六种调度在 {steps} 步中的曲线，首末学习率：{said}。",
        steps=steps, said=label(", ", "，").join(said),
    )  # fmt: skip
    return figure


def _two_lines(name: str, longest: int = 18) -> str:
    """A class's name, broken before the capital that leaves the halves most even, where it is long."""
    if len(name) <= longest:
        return name
    capitals = [i for i in range(1, len(name)) if name[i].isupper() and name[i - 1].islower()]
    middle = min(capitals, key=lambda i: abs(2 * i - len(name)))
    return f"{name[:middle]}\n{name[middle:]}"


class Catalogue:
    """The catalogue as a table of the page: HTML, and plain text for whoever cannot see it."""

    def __init__(self, names: Sequence[str]) -> None:
        self.entries = [schedulers.CATALOGUE[name] for name in names]

    def _repr_mimebundle_(self, include=None, exclude=None):
        heads = {
            label("class", "类"): 24,
            label("formula, first and last of n values, arguments", "公式、n 个值中的首值与末值、参数"): 42,
            label("physics, trap", "物理图像、陷阱"): 34,
        }
        head = "".join(f'<th style="text-align:left; width:{width}%">{words}</th>' for words, width in heads.items())
        rows = "".join(map(self._rows, self.entries))
        html = f'<table style="width:100%"><thead><tr>{head}</tr></thead>{rows}</table>'
        return {"text/html": html, "text/plain": "\n".join(map(self._line, self.entries))}

    @staticmethod
    def _rows(entry: schedulers.Entry) -> str:
        chained = {
            "multiplies": say("in a chain: multiplies", "链式组合中：相乘"),
            "overwrites": say("in a chain: overwrites", "链式组合中：覆盖"),
            "pulls": say("in a chain: pulls to its value", "链式组合中：拉向自己的值"),
            "runs": say("in a chain: its parts decide", "链式组合中：由各部分决定"),
            "refused": say("in a chain: refused", "链式组合中：不允许"),
        }[entry.chained]
        arguments = "<br>".join(
            f"<code>{escape(_argument(argument))}</code> {escape(argument.meaning)}" for argument in entry.arguments
        )
        ends = f"<code>{escape(entry.first)}</code> → <code>{escape(entry.last)}</code>"
        cells = [
            f"{say('unit of time: ', '时间单位：')}{escape(entry.unit)}<br>{escape(chained)}",
            f"{ends}<br>{arguments}",
            f"{escape(entry.picture)}<br><br>⚠ {escape(entry.trap)}",
        ]
        look = 'style="text-align:left; vertical-align:top"'
        details = "".join(f"<td {look}>{cell}</td>" for cell in cells)
        title = f'<td {look}><b>{entry.name}</b></td><td {look} colspan="2">${escape(entry.formula)}$</td>'
        return f"<tbody><tr>{title}</tr><tr>{details}</tr></tbody>"

    @staticmethod
    def _line(entry: schedulers.Entry) -> str:
        arguments = ", ".join(map(_argument, entry.arguments))
        return (
            f"{entry.name}({arguments}): {entry.first} → {entry.last} | {entry.unit} | {entry.picture} | {entry.trap}"
        )


def _argument(argument: schedulers.Argument) -> str:
    """``gamma=0.1``, or the bare name where torch has no default."""
    if argument.required:
        return argument.name
    number = isinstance(argument.default, float)
    return f"{argument.name}={f'{argument.default:.5g}' if number else repr(argument.default)}"


def catalogue(*names: str) -> Catalogue:
    """All there is to know about every class, or about those *named*, as a table in the language in use.

    Raises:
        ValueError: for a name that is no class of ``torch.optim.lr_scheduler``, nor SWALR.
    """
    unknown = [name for name in names if name not in schedulers.CATALOGUE]
    if unknown:
        raise ValueError(f"no scheduler is called {unknown[0]!r}; there are {', '.join(schedulers.CATALOGUE)}")
    return Catalogue(names or tuple(schedulers.CATALOGUE))


# --- ExponentialLR: a radioactive learning rate ---------------------------------------------------------------


class HalfLife(Picture):
    """ExponentialLR beside a radioactive sample of the same half-life, and the clock that it brings to a halt."""

    EPOCHS, UPDATES, NUCLEI, HALVINGS = 100, 25, 400, 6  # UPDATES: in an epoch

    def draw(self, figure):
        decay, clock = figure.subplots(1, 2, width_ratios=(1.5, 1))
        self.epochs = np.arange(self.EPOCHS * self.UPDATES + 1) / self.UPDATES
        self.fates = np.sort(np.random.default_rng(0).random(self.NUCLEI))

        (self.sample,) = decay.plot(self.epochs, self.epochs, color=style.NOISE, linewidth=1.2)
        (self.rate,) = decay.plot(self.epochs, self.epochs, color=style.LR)
        (self.drops,) = decay.plot(
            [], [], color=style.REFERENCE, linewidth=1, marker="o", markersize=4, markevery=(1, 3)
        )
        decay.set(xlim=(0, self.EPOCHS), ylim=(0, 1.04), xlabel=label("epoch", "轮（epoch）"))
        decay.set_yticks([0, 1 / 8, 1 / 4, 1 / 2, 1], ["0", "1/8", "1/4", "1/2", "1"])
        decay.set_ylabel(label("share left", "剩余比例"))
        decay.set_title(label("The rate decays like a nucleus", "学习率像原子核一样衰变"), pad=24)
        decay.text(0, 1.02, label("η / first η", "η / 初始 η"), color=style.LR, transform=decay.transAxes)
        decay.text(
            1, 1.02, label("{n} nuclei", "{n} 个原子核", n=self.NUCLEI),
            color=style.ink(style.NOISE), ha="right", transform=decay.transAxes,
        )  # fmt: skip

        clock.plot([0, self.EPOCHS], [0, self.EPOCHS], color=style.REFERENCE, linewidth=1.2)
        clock.text(
            54, 60, label("constant η", "恒定 η"), rotation=38, ha="center", va="bottom",
            color=style.QUIET, fontsize=9.5,
        )  # fmt: skip
        self.limit = style.theory_line(clock, [0, self.EPOCHS], [0, 0])
        (self.path,) = clock.plot(self.epochs, self.epochs, color=style.LR)
        clock.set(xlim=(0, self.EPOCHS), ylim=(0, self.EPOCHS), xlabel=label("epoch", "轮（epoch）"))
        clock.set_ylabel(label("clock Σ η / first η, in epochs", "时钟 Σ η / 初始 η（轮）"))
        clock.set_title(label("Its clock stops", "它的时钟会停"), pad=24)
        return [self.sample, self.drops, self.rate, self.limit, self.path]

    def update(self, gamma: float, unit: str) -> Seen:
        half_life = np.log(2) / -np.log(gamma)
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
        halvings = np.arange(1.0, self.HALVINGS + 1)
        x, y = np.repeat(halvings * half_life, 3), np.repeat(0.5**halvings, 3)
        x[2::3], y[::3] = np.nan, 0
        self.drops.set_data(x, y)
        self.path.set_ydata(clock)
        self.limit.set_ydata([limit, limit])

        left = share[-1]
        words = label(
            "γ = {gamma:.4g} an {unit}: half is gone after {half:.3g} epochs, {left} is left after 100. The whole "
            "path is worth {path:.4g} epochs at the first rate, however long you wait.",
            "每{unit}乘 γ = {gamma:.4g}：每 {half:.3g} 轮减半，100 轮后剩 {left}。"
            "无论等多久，总路程只相当于以初始学习率走 {path:.4g} 轮。",
            gamma=gamma, half=half_life, left=_percent(left), path=limit,
            unit=label("epoch", "轮") if unit == "epoch" else label("update", "更新步"),
        )  # fmt: skip
        reached = unit == "epoch" and abs(left - 0.01) <= 0.0005
        return Seen(words, goal=f"γ = {gamma:.4g}, {left:.2%}" if reached else "")


def _percent(share: float) -> str:
    """Two digits that count, down to a hundredth of a percent."""
    return f"{100 * share:.2g}%" if share >= 1e-4 else "< 0.01%"


@styled
def cooling_speed(runs: Mapping[float, Sequence[History]]) -> Figure:
    """Loss on unseen examples against the half-life of the learning rate.

    Args:
        runs: half-life in updates (``inf`` for a constant learning rate) → one History a seed.
    """
    half_lives = sorted(runs)
    losses = np.array([[history.test.loss for history in runs[t] if history.test] for t in half_lives]).T
    mean, error = losses.mean(0), standard_error(losses, axis=0)
    finite = [t for t in half_lives if np.isfinite(t)]
    at = [t if np.isfinite(t) else 4 * finite[-1] for t in half_lives]

    figure = Figure(height=3.5)
    ax = figure.subplots()
    ax.errorbar(at, mean, error, fmt="o", color=style.LOSS, capsize=4, markersize=7)
    ax.plot(at, mean, color=style.LOSS, linewidth=1, alpha=0.5)
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
            words, (x, y), xytext=(12 if x == at[0] else -12, dy), textcoords="offset points", color=style.QUIET,
            ha="left" if x == at[0] else "right",
        )  # fmt: skip
    seeds = label("mean of {n} seeds, ± 1 standard error", "{n} 个随机种子的平均，± 1 标准误", n=len(losses))
    ax.text(0.99, 0.95, seeds, transform=ax.transAxes, ha="right", va="top", color=style.QUIET, fontsize=9.5)
    said = ", ".join(f"{n}: {m:.2f} ± {e:.2f}" for n, m, e in zip(names, mean, error, strict=True))
    figure.alt = label(
        "Loss on unseen digits by half-life: {said}.", "各半衰期下未见过的数字上的损失：{said}。", said=said
    )
    return figure


# --- CosineAnnealingWarmRestarts: cooling, and heating again --------------------------------------------------


def _relaxation(lr, curvature):
    """``keep, heat``: an update makes of the energy of a ball on a parabola ``keep * energy + heat``, in the mean.

    Exact for gradient noise of variance 1, from ``Var' = (1 - ηλ)² Var + η²`` and ``energy = λ Var / 2``; at rest the
    energy is ``heat / (1 - keep) = η / (2 (2 - ηλ))``.
    """
    return (1 - lr * curvature) ** 2, curvature * lr**2 / 2


def _energies(lrs: NDArray[np.float64], start: float = 5.0) -> NDArray[np.float64]:
    """``(updates + 1,)``: the energy on a parabola of curvature 1, at first and after each update."""
    energies = [start]
    for keep, heat in zip(*map(np.ndarray.tolist, _relaxation(lrs, 1.0)), strict=True):
        energies.append(keep * energies[-1] + heat)
    return np.array(energies)


class Restarts(Picture):
    """CosineAnnealingWarmRestarts, and how hot a ball on a noisy parabola is while it runs."""

    UPDATES, LR = 300, 0.5
    GOAL = 0.012

    def draw(self, figure):
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.1, 1))
        self.t = np.arange(self.UPDATES)
        plain = schedulers.curve("CosineAnnealingLR", self.UPDATES, lr=self.LR, T_max=self.UPDATES)
        above.plot(self.t, plain, color=style.REFERENCE, linewidth=1.2)
        above.text(
            1.01, 0.02, label("no\nrestart", "不重启"), transform=above.transAxes, va="bottom",
            color=style.QUIET, fontsize=9.5,
        )  # fmt: skip
        (self.rate,) = above.plot(self.t, plain, color=style.LR)
        (self.peaks,) = above.plot([], [], "o", color=style.LR, markersize=6)
        above.set(xlim=(0, self.UPDATES), ylim=(0, 1.12 * self.LR))
        above.set_ylabel(label("learning rate η", "学习率 η"), color=style.LR)
        above.set_title(label("The peaks stay as high as the first", "每个峰都和第一个一样高"))

        energies = _energies(plain)
        self.plain = energies[-1]
        below.semilogy(np.arange(self.UPDATES + 1), energies, color=style.REFERENCE, linewidth=1.2)
        (self.energy,) = below.plot(np.arange(self.UPDATES + 1), energies, color=style.LOSS)
        (self.end,) = below.plot([self.UPDATES], [1], "o", color=style.LOSS, markersize=7, clip_on=False)
        style.limit_line(below, self.GOAL, label("goal", "目标"), vertical=False)
        below.set(ylim=(3e-3, 5), xlabel=label("update", "更新步"))
        below.set_ylabel(label("energy", "能量"), color=style.ink(style.LOSS))
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
            "重启：{when}。训练结束时，长为 {length} 步的周期走了 {through} 步："
            "最后的 η = {lr:.3g}，能量 {energy:.2g}（不重启为 {plain:.2g}）。",
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
    relative error *noise* and, by torch's rule (mode "min", threshold 1e-4 rel), cuts the rate. A cut is a *false
    alarm* where the ball still had to come down: its energy was over 1.5 times that at which this rate lets it rest.

    Attributes:
        lr, energy, reading: ``(EPOCHS, RUNS)``: the rate of each epoch, the energy after it, what the gauge says.
        cut, false: ``(EPOCHS, RUNS)`` bool: whether the controller cuts after this epoch, and without need.
    """

    EPOCHS, RUNS = 100, 24
    LR, MIN_LR, START, CURVATURE = 0.5, 1e-4, 20.0, 0.15
    NEVER = LR / (2 * (2 - LR * CURVATURE))  # the energy at rest of a run that never cuts

    def __init__(self, noise: float, patience: int, factor: float, cooldown: int) -> None:
        shape = self.EPOCHS, self.RUNS
        gauge = 1 + noise * np.random.default_rng(0).standard_normal(shape)
        self.lr, self.energy, self.reading = np.full(shape, self.LR), np.empty(shape), np.empty(shape)
        self.cut, self.false = np.zeros(shape, bool), np.zeros(shape, bool)
        lr, energy = np.full(self.RUNS, self.LR), np.full(self.RUNS, self.START)
        best, bad, rest = np.full(self.RUNS, np.inf), np.zeros(self.RUNS), np.zeros(self.RUNS)
        keep, heat = _relaxation(lr, self.CURVATURE)
        for t in range(self.EPOCHS):
            energy = keep * energy + heat
            reading = energy * gauge[t]
            better = reading < best * (1 - 1e-4)
            best = np.where(better, reading, best)
            bad += 1
            bad[better] = 0
            if cooldown:
                bad[rest > 0] = 0
                rest -= 1
            self.energy[t], self.reading[t] = energy, reading
            fire = bad > patience
            if fire.any():
                self.cut[t] = fire & (lr > self.MIN_LR)
                self.false[t] = self.cut[t] & (energy > 1.5 * heat / (1 - keep))
                lr = np.where(fire, np.maximum(lr * factor, self.MIN_LR), lr)
                keep, heat = _relaxation(lr, self.CURVATURE)
                self.lr[t + 1 :] = lr
                rest[fire] = cooldown
                bad[fire] = np.where(lr[fire] > self.MIN_LR, 0, -np.inf)  # at min_lr there is nothing left to count for


class Plateau(Picture):
    """One run of the controller: what the gauge says, what is true, and each cut; and how all the others went."""

    GOAL = 0.06

    def draw(self, figure):
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.5, 1))
        t, nothing = np.arange(Controlled.EPOCHS), np.full(Controlled.EPOCHS, np.nan)
        (self.reading,) = above.semilogy(t, nothing, color=style.NOISE, linewidth=1.1, label=label("gauge", "仪表读数"))
        (self.energy,) = above.plot(t, nothing, color=style.LOSS, label=label("true loss", "真实损失"))
        cut = dict(marker="v", linestyle="", markersize=9, markeredgecolor="black")
        (self.false,) = above.plot(t, nothing, color=style.NOISE, label=label("false alarm", "误报"), **cut)
        (self.right,) = above.plot(t, nothing, color=style.SECOND, label=label("cut in time", "恰当的降低"), **cut)
        above.legend(
            ncols=4, loc="lower left", bbox_to_anchor=(-0.01, 0.98), borderaxespad=0, handlelength=1.2,
            columnspacing=1.2,
        )  # fmt: skip
        style.limit_line(above, self.GOAL, label("goal", "目标"), vertical=False)
        above.set(ylim=(0.02, 50))
        above.set_ylabel(label("loss", "损失"), color=style.ink(style.LOSS))
        above.set_title(label("The gauge is noisy, the controller believes it", "仪表有噪声，控制器却信以为真"), pad=26)

        below.set(yscale="log", ylim=(3e-5, 1), xlim=(0, Controlled.EPOCHS), xlabel=label("epoch", "轮（epoch）"))
        (self.others,) = below.plot(t, nothing, color=style.LR, alpha=0.15, linewidth=1)
        (self.rate,) = below.plot(t, nothing, color=style.LR, drawstyle="steps-post")
        style.limit_line(below, Controlled.MIN_LR, "min_lr", vertical=False)
        below.set_ylabel(label("learning rate η", "学习率 η"), color=style.LR)
        return [self.reading, self.energy, self.false, self.right, self.others, self.rate]

    def update(self, noise: float, patience: int, factor: float, cooldown: int, run: int) -> Seen:
        runs = Controlled(noise, patience, factor, cooldown)
        energy, cut, false = runs.energy[:, run - 1], runs.cut[:, run - 1], runs.false[:, run - 1]
        self.reading.set_ydata(runs.reading[:, run - 1])
        self.energy.set_ydata(energy)
        self.false.set_ydata(np.where(false, energy, np.nan))
        self.right.set_ydata(np.where(cut & ~false, energy, np.nan))
        self.rate.set_ydata(runs.lr[:, run - 1])
        gap = np.full((1, runs.RUNS), np.nan)
        self.others.set_data(np.tile(np.arange(runs.EPOCHS + 1), runs.RUNS), np.vstack([runs.lr, gap]).T.ravel())

        final = float(np.median(runs.energy[-1]))
        words = label(
            "Run {run}: cuts {cuts}, false alarms {false}. Of {n} runs {share:.0%} cut while the loss was still "
            "falling; median final loss {final:.3g} (never cutting: {never:.2g}).",
            "第 {run} 次运行：降低 {cuts} 次，其中误报 {false} 次。{n} 次运行中有 {share:.0%} 在损失仍在下降时"
            "就降低了学习率；最终损失的中位数为 {final:.3g}（从不降低：{never:.2g}）。",
            run=run, cuts=cut.sum(), false=false.sum(), n=runs.RUNS, share=runs.false.any(0).mean(), final=final,
            never=runs.NEVER,
        )  # fmt: skip
        reached = noise >= 0.2 and final <= self.GOAL
        return Seen(words, goal=f"patience {patience}, factor {factor:g}: {final:.3g}" if reached else "")


# --- OneCycleLR and its momentum mirror -----------------------------------------------------------------------


class OneCycle(Picture):
    """OneCycleLR update by update, the momentum that mirrors it, and the rate at which the ball really moves."""

    height = 4.6
    UPDATES = 100

    def draw(self, figure):
        top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=(1.4, 1, 1))
        t = np.arange(self.UPDATES)
        (self.rate,) = top.plot(t, np.ones(self.UPDATES), color=style.LR)
        (self.marks,) = top.plot([0, 0, 0], [1, 1, 1], "o", color=style.LR, markersize=6, clip_on=False)
        top.set(ylim=(0, 1.18), yticks=[0, 0.5, 1])
        top.set_ylabel("η / max_lr", color=style.LR, fontsize=10)
        top.set_title(label("Up, down, and far below where it began", "升、降，最后远低于起点"))
        (self.momentum,) = middle.plot(t, np.ones(self.UPDATES), color=style.MOMENTUM)
        middle.set(ylim=(0.83, 0.97))
        middle.set_ylabel(label("momentum β", "动量 β"), color=style.ink(style.MOMENTUM), fontsize=10)
        (self.effective,) = bottom.plot(t, np.ones(self.UPDATES), color=style.LOSS)
        bottom.set(xlim=(0, self.UPDATES), ylim=(0, 10.8), xlabel=label("update", "更新步"))
        bottom.set_ylabel("η / (1 − β)", color=style.ink(style.LOSS), fontsize=10)
        return [self.rate, self.marks, self.momentum, self.effective]

    def update(
        self, pct_start: float, anneal_strategy: str, div_factor: float, final_div_factor: float, three_phase: bool,
        cycle_momentum: bool,
    ) -> Seen:  # fmt: skip
        arguments: dict[str, Any] = dict(
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
        self.momentum.set_ydata(momentum)
        self.effective.set_ydata(effective)

        ratio = effective[0] / effective[peak]
        words = label(
            "η: first {first:.3g} of max_lr, peak at update {peak} of 0…99, last {last:.2g}. The ball's rate η/(1 − β) "
            "starts at {ratio:.3g} of its value at the peak.",
            "η：首值为 max_lr 的 {first:.3g} 倍，峰值在第 {peak} 步（0…99），末值 {last:.2g}。"
            "小球的实际速率 η/(1 − β) 从峰值时的 {ratio:.3g} 倍起步。",
            first=rate[0], peak=peak, last=rate[-1], ratio=ratio,
        )  # fmt: skip
        reached = cycle_momentum and 0.0475 <= ratio <= 0.0525
        return Seen(words, goal=f"div_factor = {div_factor:.3g}: {ratio:.3g}" if reached else "")
