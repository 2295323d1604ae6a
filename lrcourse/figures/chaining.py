"""The pictures of section 06: what torch makes of two schedulers, over what was meant; and a schedule put together.

What torch does is recorded from a real optimizer, update by update. What was meant is made of the recordings of the
parts, each alone on an optimizer of its own: their product, or the one after the other.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray

from .. import curves, schedulers
from ..arguments import count
from ..curves import Schedule, then
from ..training.scheduler import CurveLR
from . import style
from .style import Figure, Picture, Seen, label, styled

if TYPE_CHECKING:
    from ..training.sweep import Measure, Sweep

Array = NDArray[np.float64]

LR = 0.1  # the optimizer's learning rate in all pictures of this section
NEAR = 1e-9  # relative; recursive and closed forms differ by 2e-13

_QUIET_MOMENTUM = {"cycle_momentum": False}
PARTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "StepLR": {"step_size": 30, "gamma": 0.5},
        "MultiStepLR": {"milestones": (30, 60), "gamma": 0.5},
        "ExponentialLR": {"gamma": 0.97},
        "PolynomialLR": {"total_iters": 100},
        "CosineAnnealingLR": {"T_max": 100},
        "LinearLR": {"start_factor": 0.1, "total_iters": 20},
        "ConstantLR": {"factor": 0.1, "total_iters": 20},
        "MultiplicativeLR": {"lr_lambda": curves.constant(0.97)},
        "CosineAnnealingLR, eta_min": {"T_max": 100, "eta_min": 0.01},
        "SWALR": {"swa_lr": 0.02, "anneal_epochs": 40},
        "LambdaLR": {"lr_lambda": curves.exponential_lr(1, 0.97)},
        "CosineAnnealingWarmRestarts": {"T_0": 25},
        "CyclicLR": {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 10, **_QUIET_MOMENTUM},
        "OneCycleLR": {"max_lr": 0.1, "total_steps": 100, **_QUIET_MOMENTUM},
    }
)
"""A class, told from others of its name behind a comma, and the arguments it is shown with, for 100 updates."""

NESTED: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "SequentialLR": {
            "schedulers": (
                ("LinearLR", {"start_factor": 0.1, "total_iters": 10}),
                ("CosineAnnealingLR", {"T_max": 30}),
            ),
            "milestones": (10,),
        },
        "ReduceLROnPlateau": {"patience": 10},
    }
)


def _part(name: str) -> tuple[str, Mapping[str, Any]]:
    return name.split(",")[0], {**PARTS, **NESTED}[name]


@functools.cache
def alone(name: str, steps: int) -> Array:
    """The learning rates that this part of :data:`PARTS` gives an optimizer that it has to itself."""
    scheduler, arguments = _part(name)
    rates = schedulers.record(schedulers.build(scheduler, **arguments), steps, lr=LR)
    rates.flags.writeable = False
    return rates


def meant(how: str, first: str, second: str, steps: int, at: int = 0) -> Array:
    """What one means by the composition *how*: the product, in units of LR, or second after first."""
    if how in ("ChainedScheduler", "*"):
        return alone(first, steps) * alone(second, steps) / LR
    return np.concatenate([alone(first, steps)[:at], alone(second, steps)[: steps - at]])


@functools.cache
def composed(how: str, first: str, second: str, steps: int, at: int = 0) -> Array:
    """The learning rates that *how* (a class of torch, ``"*"`` or ``"then"``) really makes of the two parts."""
    if how in ("ChainedScheduler", "SequentialLR"):
        more = {"milestones": [at]} if how == "SequentialLR" else {}
        make = schedulers.build(how, schedulers=[_part(first), _part(second)], **more)
    else:
        a, b = curves.recorded(alone(first, steps)), curves.recorded(alone(second, steps))
        schedule = then(a, b, at=at) if how == "then" else 1 / LR * (a * b)
        make = functools.partial(CurveLR, schedule=schedule)
    with warnings.catch_warnings(action="ignore"):  # a SequentialLR in the first place blames the order, wrongly
        rates = schedulers.record(make, steps, lr=LR)
    rates.flags.writeable = False
    return rates


def first_wrong(rates: Array, right: Array) -> int | None:
    """The first update at which they differ by more than rounding, or None."""
    wrong = np.flatnonzero(~np.isclose(rates, right, rtol=NEAR, atol=NEAR * LR))
    return int(wrong[0]) if wrong.size else None


# --- Still pictures -------------------------------------------------------------------------------------------


@styled
def against(panels: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Figure:
    """What an optimizer really used (blue) over what was meant (dashed), a panel each, two in a row.

    Args:
        panels: title → (recorded, meant), of equal length, one value an update.
    """
    rows = -(-len(panels) // 2)
    figure = Figure(height=0.9 + 1.95 * rows)
    figure.suptitle(
        label("Blue: what trained. Dashed: what was meant", "蓝线：真正参与训练的。虚线：本意"),
        x=0.02, ha="left", fontsize=12, weight="bold",
    )  # fmt: skip
    axes = figure.subplots(rows, 2, squeeze=False, sharex=True)
    said = []
    for ax, (title, (used, right)) in zip(axes.flat, panels.items(), strict=False):
        used, right = np.asarray(used, float), np.asarray(right, float)
        ax.set_title(title, fontsize=10.5, pad=19)
        ax.plot(used, color=style.LR, linewidth=2.4)
        style.theory_line(ax, range(right.size), right)
        at = first_wrong(used, right)
        words = (
            label("as meant", "符合本意") if at is None else
            label("wrong from update {t} on: {a:.3g}, not {b:.3g}", "从第 {t} 步起错：是 {a:.3g}，不是 {b:.3g}",
                  t=at, a=used[at], b=right[at])
        )  # fmt: skip
        ax.text(0, 1.03, words, transform=ax.transAxes, color=style.QUIET, fontsize=9.5, va="bottom")
        ax.set_ylim(0, 1.08 * max(used.max(), right.max()))
        said.append(f"{title}{label(': ', '：')}{words}")
    for ax in axes[-1]:
        ax.set_xlabel(label("update", "更新步"))
    for ax in axes[:, 0]:
        ax.set_ylabel(label("learning rate η", "学习率 η"))
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    opening = label("Recorded learning rates over those meant. ", "记录的学习率与本意。")
    figure.alt = opening + label("; ", "；").join(said)
    return figure


@styled
def where_chains_multiply(steps: int = 60) -> Figure:
    """Every ordered pair of parts in a ChainedScheduler, recorded, against the product: the first wrong update."""
    names, steps = list(PARTS), count("steps", steps)
    wrong = np.full((len(names), len(names)), -1)
    for i, first in enumerate(names):
        for j, second in enumerate(names):
            rates = composed("ChainedScheduler", first, second, steps)
            at = first_wrong(rates, meant("ChainedScheduler", first, second, steps))
            wrong[i, j] = -1 if at is None else at

    figure = Figure(height=6.6)
    ax = figure.subplots()
    ax.imshow(wrong < 0, cmap=ListedColormap(["#FBE3CF", "#BFE3D7"]), vmin=0, vmax=1)
    for i, j in np.ndindex(wrong.shape):
        ok = wrong[i, j] < 0
        ax.text(j, i, "✓" if ok else str(wrong[i, j]), ha="center", va="center", fontsize=9.5,
                color="#00614A" if ok else "#8F3F00")  # fmt: skip
    ax.set_xticks(range(len(names)), names, rotation=50, ha="left", rotation_mode="anchor", fontsize=9)
    ax.set_yticks(range(len(names)), names, fontsize=9)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.set(xticks=ax.get_xticks())
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_ylabel(label("first scheduler", "第一个调度器"))
    ax.set_xlabel(
        label("second scheduler (✓: a product; a number: the first wrong update)",
              "第二个调度器（✓：是乘积；数字：第一个出错的更新步）")
    )  # fmt: skip
    good = int((wrong < 0).sum())
    figure.suptitle(
        label("A chain is a product in {good} of {n} pairs", "{n} 对组合中，链式组合是乘积的有 {good} 对",
              good=good, n=wrong.size),
        x=0.02, ha="left", fontsize=12, weight="bold",
    )  # fmt: skip
    multiply = [name for i, name in enumerate(names) if (wrong[i, :2] < 0).any()]
    figure.alt = label(
        "{good} of {n} ordered pairs in a ChainedScheduler are the product of their parts: those of {names} with each "
        "other. All others are wrong at some update.",
        "ChainedScheduler 的 {n} 个有序组合中，有 {good} 个等于各部分的乘积：即 {names} 彼此之间的组合。"
        "其余都在某一步出错。",
        good=good, n=wrong.size, names=label(", ", "、").join(multiply),
    )  # fmt: skip
    return figure


@styled
def joints(result: Sweep, measure: Measure = "test_loss") -> Figure:
    """Each schedule of a sweep as it trained, and beside it what it left: mean over the seeds ± 1 standard error."""
    mean, error = result.mean(measure)[:, 0], result.standard_error(measure)[:, 0]
    n = len(result.schedules)
    figure = Figure(height=1.5 + 0.62 * n)
    figure.suptitle(
        label("What the optimizer used, and what it left", "优化器用了什么，留下了什么"),
        x=0.02, ha="left", fontsize=12, weight="bold",
    )  # fmt: skip
    axes = figure.subplots(n, 2, sharex="col", squeeze=False, width_ratios=(1, 1.5))
    top = 1.1 * result.lr.max()
    low, high = (mean - error).min(), (mean + error).max()
    for i, ((left, right), name) in enumerate(zip(axes, result.schedules, strict=True)):
        left.plot(result.lr[i, 0], color=style.LR, linewidth=1.8)
        left.set(ylim=(-0.04 * top, top), yticks=[], xlim=(0, result.updates))
        left.set_ylabel(_name(name), rotation=0, ha="right", va="center", fontsize=9.5, color=style.INK)
        right.errorbar(mean[i], 0, xerr=error[i], fmt="o", color=style.LOSS, capsize=3, markersize=5)
        right.annotate(f"{mean[i]:.3f} ± {error[i]:.3f}", (mean[i] + error[i], 0), (8, 0), va="center",
                       textcoords="offset points", color=style.LOSS, fontsize=9.5)  # fmt: skip
        right.set(ylim=(-1, 1), yticks=[], xlim=(low - 0.05 * (high - low), high + 0.5 * (high - low)))
        right.spines["left"].set_visible(False)
        if i < n - 1:
            for ax in (left, right):
                ax.tick_params(bottom=False)
            right.spines["bottom"].set_visible(False)
    axes[0, 0].set_title(label("learning rate η", "学习率 η"), fontsize=10.5)
    names = {"test_loss": ("loss on unseen digits", "未见数字上的损失"), "train_loss": ("training loss", "训练损失"),
             "accuracy": ("accuracy on unseen digits", "未见数字上的准确率")}  # fmt: skip
    axes[0, 1].set_title(label(*names[measure]), fontsize=10.5)
    axes[-1, 0].set_xlabel(label("update", "更新步"))
    axes[-1, 1].set_xlabel(
        label("mean of {n} seeds, ± 1 standard error", "{n} 个随机种子的平均，± 1 标准误", n=len(result.seeds)),
        fontsize=10,
    )  # fmt: skip
    rows = zip(result.schedules, mean, error, strict=True)
    figure.alt = label("What each schedule left: ", "各调度留下的结果：") + label(", ", "，").join(
        f"{_name(name)} {m:.3f} ± {e:.3f}" for name, m, e in rows
    )
    return figure


def _name(name: str) -> str:
    return label("product", "乘积") if name == "product" else style.schedule_name(name)


# --- The chain bench ------------------------------------------------------------------------------------------


class Bench(Picture):
    """Two schedulers, put together in one of four ways: what trains over what was meant, and their ratio."""

    UPDATES = 100
    height = 4.6

    def draw(self, figure):
        self.above, self.below = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
        t, nothing = np.arange(self.UPDATES), np.full(self.UPDATES, np.nan)
        (self.used,) = self.above.plot(t, nothing, color=style.LR, linewidth=2.6)
        self.right = style.theory_line(self.above, t, nothing)
        (self.ratio,) = self.below.plot(t, nothing, color=style.LR, linewidth=2.2)
        self.joint = [ax.axvline(np.nan, color=style.REFERENCE, linewidth=1.2, zorder=1.5)
                      for ax in (self.above, self.below)]  # fmt: skip
        (self.first,) = self.above.plot([], [], "o", color=style.LOSS, markersize=8, markerfacecolor="none",
                                        markeredgewidth=2)  # fmt: skip
        self.above.set(xlim=(-1.5, self.UPDATES), ylim=(-0.002, 0.108))
        self.above.set_ylabel(label("learning rate η", "学习率 η"))
        self.above.text(0, 1.04, label("what trains", "真正参与训练的"), transform=self.above.transAxes, color=style.LR,
                        weight="bold", fontsize=10.5)  # fmt: skip
        self.above.text(1, 1.04, label("- - what was meant", "- - 本意"), transform=self.above.transAxes, ha="right",
                        color=style.THEORY, weight="bold", fontsize=10.5)  # fmt: skip
        self.below.axhline(1, color=style.THEORY, linewidth=1.2, linestyle=(0, (4, 2.5)))
        self.below.set(yscale="log", ylim=(1 / 40, 40), xlabel=label("update", "更新步"))
        self.below.set_yticks([0.1, 1, 10], ["1/10", "1", "10"])
        self.below.minorticks_off()
        self.below.set_ylabel(label("trains / meant", "实际 / 本意"))
        return [*self.joint, self.used, self.right, self.first, self.ratio]

    def update(self, how: str, first: str, second: str, at: int = 0) -> Seen:
        for line in (self.used, self.right, self.ratio):
            line.set_ydata(np.full(self.UPDATES, np.nan))
        self.first.set_data([], [])
        joined = how in ("SequentialLR", "then")
        for line in self.joint:
            line.set_xdata([at if joined else np.nan] * 2)
        if "ReduceLROnPlateau" in (first, second):
            return Seen(self._plateau(how, first, second))
        right = meant(how, first, second, self.UPDATES, at)
        self.right.set_ydata(right)
        if how == "SequentialLR" and second == "SequentialLR":
            used = np.full(self.UPDATES, np.nan)
            used[:at] = alone(first, self.UPDATES)[:at]
            self.used.set_ydata(used)
            return Seen(label(
                "At update {t} torch raises NotImplementedError: a SequentialLR may stand in the first position only. "
                "`then` nests.",
                "第 {t} 步 torch 抛出 NotImplementedError：SequentialLR 只能放在第一个位置。`then` 可以嵌套。", t=at,
            ))  # fmt: skip
        used = composed(how, first, second, self.UPDATES, at)
        self.used.set_ydata(used)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where((used > 0) & (right > 0), used / right, np.nan)
        self.ratio.set_ydata(ratio)
        wrong = first_wrong(used, right)
        what = label("the product", "乘积") if how in ("ChainedScheduler", "*") else label(
            "{first}, then {second} from its own update 0", "先 {first}，再从自己的第 0 步开始 {second}",
            first=first, second=second)  # fmt: skip
        if wrong is None:
            return Seen(label("All {n} updates are as meant: {what}.", "{n} 个更新步全都符合本意：{what}。",
                              n=self.UPDATES, what=what))  # fmt: skip
        self.first.set_data([wrong], [used[wrong]])
        words = label(
            "First wrong update: {t}, {a:.3g} instead of {b:.3g}. Last update: {c:.3g} instead of {d:.3g}. {why}",
            "第一个出错的更新步：{t}，是 {a:.3g} 而不是 {b:.3g}。最后一步：{c:.3g}，应为 {d:.3g}。{why}",
            t=wrong, a=used[wrong], b=right[wrong], c=used[-1], d=right[-1], why=_why(how, first, second),
        )  # fmt: skip
        cold = how == "SequentialLR" and wrong == at and used[at] <= right[at] / 9.99
        return Seen(words, goal=f"η({at}) = {used[at]:.3g}, {right[at]:.3g}" if cold else "")

    @staticmethod
    def _plateau(how: str, first: str, second: str) -> str:
        if how in ("*", "then"):
            return label(
                "ReduceLROnPlateau is no function of t: it needs the loss. The algebra cannot hold it; WarmupScheduler "
                "(section 03) runs it after a warm-up.",
                "ReduceLROnPlateau 不是 t 的函数：它要看损失。代数装不下它；WarmupScheduler（第 03 节）"
                "能在预热之后运行它。",
            )
        return label(
            "torch raises ValueError: {how} does not support ReduceLROnPlateau, whose step needs a metric.",
            "torch 抛出 ValueError：{how} 不支持 ReduceLROnPlateau，它的 step 需要指标。", how=how,
        )  # fmt: skip


def _why(how: str, first: str, second: str) -> str:
    """The reason why torch's composition of the two is not what was meant."""
    if how == "SequentialLR":
        for name in (second, first):
            if name in ("CyclicLR", "OneCycleLR"):
                return label("{name} has rewritten the base rate of both parts.", "{name} 改写了两个部分的基准学习率。",
                             name=name)  # fmt: skip
        if second in ("MultiplicativeLR", "SWALR"):
            return label("{name} goes on from the rate it finds.", "{name} 从它遇到的学习率接着走。", name=second)
        return label("SequentialLR inside has taken one step too many.", "嵌套在内的 SequentialLR 多走了一步。")
    does = {name: schedulers.CATALOGUE[name.split(",")[0]].chained for name in (first, second)}
    does |= {name: "pulls" for name in does if "eta_min" in name}
    if does[second] == "overwrites":
        return label("{b} overwrites: it undoes {a} at every update.", "{b} 会覆盖：每一步都抹掉 {a} 的结果。",
                     a=first, b=second)  # fmt: skip
    if does[first] == "overwrites":
        return label("{a} overwrites, so the factor of {b} acts once and is lost.",
                     "{a} 会覆盖，{b} 的倍率只生效一次就丢了。", a=first, b=second)  # fmt: skip
    pulling = next((name for name in does if does[name] == "pulls"), None)
    if pulling:
        return label("{name} pulls towards a value of its own.", "{name} 会拉向自己的值。", name=pulling)
    return label("SequentialLR inside writes its own rate at its milestone.",
                 "嵌套的 SequentialLR 在自己的里程碑处直接写入学习率。")  # fmt: skip


# --- The composer ---------------------------------------------------------------------------------------------


class Composer(Picture):
    """Warm-up, hold, and cycles of cooling, put together with ``then``, ``*`` and ``shift``.

    Attributes:
        schedule: what is shown now; its ``repr`` is the expression.
    """

    UPDATES = 100

    def draw(self, figure):
        self.ax = figure.subplots()
        t, nothing = np.arange(self.UPDATES), np.full(self.UPDATES, np.nan)
        (self.line,) = self.ax.plot(t, nothing, color=style.LR, linewidth=2.4)
        (self.starts,) = self.ax.plot([], [], "o", color=style.LR, markersize=7)
        (self.envelope,) = self.ax.plot([], [], color=style.REFERENCE, linewidth=1.2)
        self.ax.set(xlim=(-1.5, self.UPDATES), ylim=(-0.002, 0.108), xlabel=label("update", "更新步"))
        self.ax.set_ylabel(label("learning rate η", "学习率 η"))
        self.ax.set_title(label("One curve, one expression (below)", "一条曲线，一个表达式（见下方）"))
        return [self.envelope, self.line, self.starts]

    def update(self, warm: int, hold: int, decay: str, cycles: int, ratio: float, envelope: bool) -> Seen:
        starts = _starts(self.UPDATES, warm, hold, cycles)
        self.schedule = composition(self.UPDATES, warm, hold, decay, cycles, ratio, envelope)
        rates = self.schedule(range(self.UPDATES))
        self.line.set_ydata(rates)
        self.starts.set_data(starts, rates[starts])
        self.envelope.set_data([0, self.UPDATES] if envelope else [], [LR, 0] if envelope else [])
        heights = label(", ", "、").join(f"{rate:.3g}" for rate in rates[starts])
        words = label(
            "First η {first:.3g}; cooling starts at {heights}; last η {last:.2g}. {code}",
            "首个 η 为 {first:.3g}；各次冷却起于 {heights}；最后的 η 为 {last:.2g}。{code}",
            first=rates[0], heights=heights, last=rates[-1], code=repr(self.schedule),
        )  # fmt: skip
        halves = cycles == 3 and np.allclose(rates[starts][1:] / rates[starts][:-1], 0.5, rtol=0.02)
        return Seen(words, goal=f"{heights}; {rates[-1]:.2g}" if halves and rates[-1] < 2e-4 else "")


def _starts(updates: int, warm: int, hold: int, cycles: int) -> list[int]:
    """The updates at which the cycles of cooling start."""
    length = (updates - warm - hold) // cycles
    return [warm + hold + i * length for i in range(cycles)]


def composition(
    updates: int, warm: int, hold: int, decay: str, cycles: int, ratio: float, envelope: bool = False
) -> Schedule:
    """A schedule of warm-up, hold and *cycles* of cooling, each *ratio* times as high as the one before.

    Args:
        updates: of the whole run; cooling has those that warm-up and hold leave.
        decay: "cosine", "linear" or "exponential" (to about a hundredth).
        envelope: whether all is multiplied by a straight line to zero.
    """
    starts = [*_starts(updates, warm, hold, cycles), updates]
    lr = 1.0 if warm else LR  # behind a warm-up the cooling is a factor
    whole: Schedule | None = None
    for i in reversed(range(cycles)):
        length = starts[i + 1] - starts[i]
        match decay:
            case "cosine":
                cool = curves.cosine_annealing_lr(lr, T_max=length)
            case "linear":
                cool = curves.linear_to_zero(lr, total_steps=length)
            case "exponential":
                cool = curves.exponential_lr(lr, gamma=round(0.01 ** (1 / length), 3))
        height = round(ratio**i, 4)
        cool = cool if height == 1 else height * cool
        whole = cool if whole is None else then(cool, whole, at=length)
    assert whole is not None, "there is one cycle at least"
    if warm + hold:
        whole = whole.shift(warm + hold)
    if warm:
        whole = curves.linear_warmup(LR, warm) * whole
    return whole * curves.linear_to_zero(1, updates) if envelope else whole
