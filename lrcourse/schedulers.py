"""Every scheduler of torch 2.13: its curve, a recording of the real one, and what there is to know about it.

``lr(t)`` is the learning rate that update ``t = 0, 1, 2, ...`` uses; read "epoch" where a loop steps once an epoch.

    curve("StepLR", 100, step_size=30)                         # the closed form, (100,)
    record(partial(StepLR, step_size=30), 100)                 # the same, from a real optimizer and scheduler
    CATALOGUE["StepLR"].trap                                   # what people trip over, in the language in use
    explain("CosineAnnealingLR", 120, T_max=100).words         # what these very arguments do

Several schedulers on one optimizer are described by their parts::

    curve("SequentialLR", 50, schedulers=[("LinearLR", {"total_iters": 5}), ("CosineAnnealingLR", {"T_max": 45})],
          milestones=[5])
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import curves
from .words import say

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

__all__ = [
    "CATALOGUE", "REQUIRED", "Argument", "Entry", "Explanation",
    "build", "curve", "example_metric", "explain", "record",
]  # fmt: skip

What = Literal["lr", "momentum"]


# --- Curves and recordings ------------------------------------------------------------------------------------


def curve(
    scheduler: str | type | functools.partial,
    steps: int,
    *,
    lr: float | Sequence[float] = 0.1,
    metric: Sequence[float] | NDArray[np.float64] | None = None,
    what: What = "lr",
    **kwargs: Any,
) -> NDArray[np.float64]:
    """The learning rates that updates 0 ... steps - 1 use, by closed form: :func:`record`'s, to 1e-9 relative.

    Args:
        scheduler: a class of ``torch.optim.lr_scheduler``, or SWALR, or its name, or ``partial(StepLR, step_size=30)``.
        steps: how many updates, at least 1.
        lr: the optimizer's learning rate, or a list with one for each param group.
        metric: for ReduceLROnPlateau alone, at least steps - 1 values: ``metric[t]`` is measured after update t and
            decides ``lr(t + 1)``. NaN counts as bad, as in torch.
        what: "momentum" gives the momentum (or Adam's beta1) that CyclicLR and OneCycleLR cycle.
        **kwargs: torch's arguments by name. Where torch takes a list with one value a group, so does this.
            ``schedulers`` is a list of ``("LinearLR", {...})``, ``partial(LinearLR, ...)`` or names, built in order.

    Returns:
        ``(steps,)`` for a float lr, ``(steps, groups)`` for a list; float64.

    Raises:
        ValueError: an unknown name; an argument out of range; more steps than torch would make (OneCycleLR); momentum
            of a scheduler that leaves it alone: it then keeps the value that the optimizer was built with.
        TypeError: no scheduler class; an argument that torch's class does not have, or lacks.

    See the factories of :mod:`lrcourse.curves` for each class's formula and surprises.

    Example:
        >>> from lrcourse.schedulers import curve
        >>> curve("StepLR", 6, step_size=2).round(4).tolist()
        [0.1, 0.1, 0.01, 0.01, 0.001, 0.001]
        >>> curve("OneCycleLR", 4, max_lr=1.0, total_steps=4, pct_start=0.5, what="momentum").round(4).tolist()
        [0.95, 0.85, 0.9, 0.95]
    """
    t = range(_steps(steps))
    curves._choice("what", what, "lr", "momentum")
    entry, arguments = _describe(scheduler, kwargs)
    if _checked_metric(metric, steps, entry.name) is not None:
        arguments["metric"] = metric
    rates = _rates(lr)
    columns = []
    for group, rate in enumerate(rates):
        schedule = _schedule(entry, arguments, rate, group, len(rates))
        columns.append((schedule.momentum if what == "momentum" else schedule)(t))
    return np.stack(columns, axis=1) if np.ndim(lr) else columns[0]


def record(
    make: Callable[[Optimizer], LRScheduler],
    steps: int,
    *,
    lr: float | Sequence[float] = 0.1,
    metric: Sequence[float] | NDArray[np.float64] | None = None,
    what: What = "lr",
) -> NDArray[np.float64]:
    """The learning rates that updates 0 ... steps - 1 use, read from a real SGD before each ``optimizer.step()``.

    Args:
        make: builds a scheduler on the optimizer it is given, and returns it: ``partial(StepLR, step_size=30)``,
            ``lambda optimizer: StepLR(optimizer, 30)``, or what :func:`build` returns.
        steps, lr, metric: as for :func:`curve`.
        what: "momentum" reads the momentum, 0.9 before a scheduler touches it.

    Returns:
        ``(steps,)`` for a float lr, ``(steps, groups)`` for a list; float64.

    Raises:
        TypeError: make returns nothing, or no scheduler.
        ValueError: the scheduler belongs to another optimizer; a metric is missing, too short or superfluous.

    Example:
        >>> from functools import partial
        >>> from torch.optim.lr_scheduler import LinearLR
        >>> from lrcourse.schedulers import record
        >>> record(partial(LinearLR, start_factor=0.25, total_iters=3), 5).round(4).tolist()
        [0.025, 0.05, 0.075, 0.1, 0.1]
    """
    import torch

    from .training.fit import wants_metric

    steps, rates = _steps(steps), _rates(lr)
    curves._choice("what", what, "lr", "momentum")
    if not callable(make):
        raise TypeError(f"make must be a function of the optimizer that returns a scheduler, got {make!r}")
    groups = [{"params": [torch.zeros((), requires_grad=True)], "lr": rate} for rate in rates]
    optimizer = torch.optim.SGD(groups, lr=rates[0], momentum=0.9)
    scheduler = make(optimizer)
    if scheduler is None:
        raise TypeError("make must return the scheduler that it builds, got None; is its 'return scheduler' missing?")
    if not callable(getattr(scheduler, "step", None)) or not hasattr(scheduler, "optimizer"):
        raise TypeError(f"make must return a scheduler, something with .step() and .optimizer, got {scheduler!r}")
    if scheduler.optimizer is not optimizer:
        raise ValueError("make must build its scheduler on the optimizer it is given, got one of another optimizer")
    plateau = wants_metric(scheduler)
    if _checked_metric(metric, steps, "ReduceLROnPlateau" if plateau else type(scheduler).__name__) is not None:
        metric = np.asarray(metric, float).tolist()
    values = np.empty((steps, len(rates)))
    for t in range(steps):
        if t:
            optimizer.step()
            if metric is None:
                scheduler.step()
            else:
                scheduler.step(metric[t - 1])  # type: ignore[arg-type]  # a ReduceLROnPlateau, or one around it
        values[t] = [float(group[what]) for group in optimizer.param_groups]
    return values if np.ndim(lr) else values[:, 0]


def build(scheduler: str | type | functools.partial, **kwargs: Any) -> Callable[[Optimizer], LRScheduler]:
    """A function of the optimizer that builds the real torch scheduler, described as for :func:`curve`.

    Raises:
        ValueError, TypeError: an unknown scheduler or argument, or one that is missing. Values are for torch to judge,
            when the function is called.

    Example:
        >>> from lrcourse.schedulers import build, record
        >>> parts = [("ConstantLR", {"factor": 0.5, "total_iters": 2}), ("ExponentialLR", {"gamma": 0.5})]
        >>> record(build("SequentialLR", schedulers=parts, milestones=[2]), 5).round(4).tolist()
        [0.05, 0.05, 0.1, 0.05, 0.025]
    """
    entry, arguments = _describe(scheduler, kwargs)

    def make(optimizer: Optimizer) -> LRScheduler:
        given = dict(arguments)
        torch_class: Callable[..., LRScheduler] = entry.torch_class
        if "schedulers" in given:
            given["schedulers"] = [build(part)(optimizer) for part in given["schedulers"]]
        if entry.name == "ChainedScheduler":
            return torch_class(**given, optimizer=optimizer)
        return torch_class(optimizer, **given)

    return make


def _steps(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= 10**9:
        raise ValueError(f"steps must be a positive integer, the number of updates, got {value!r}")
    return int(value)


def _rates(lr: Any) -> list[float]:
    try:
        rates = list(lr) if np.ndim(lr) else [lr]
    except ValueError:  # a list of lists of unequal lengths
        raise ValueError(f"lr must be a number or a list with one for each param group, got {lr!r}") from None
    if not rates:
        raise ValueError("lr must be a number or a list with one for each param group, got an empty list")
    return [curves._lr(rate) for rate in rates]


def _checked_metric(
    metric: Sequence[float] | NDArray[np.float64] | None, steps: int, name: str
) -> Sequence[float] | NDArray[np.float64] | None:
    """The metric, if ReduceLROnPlateau has one of the right length and no other scheduler has any."""
    if (metric is None) == (name == "ReduceLROnPlateau"):
        raise ValueError(
            "ReduceLROnPlateau needs metric, one value an update: metric[t] is measured after update t"
            if metric is None else f"metric is read by ReduceLROnPlateau alone, got one for {name}; leave it out"
        )  # fmt: skip
    if metric is not None and not hasattr(metric, "__len__"):
        raise TypeError(f"metric must be a list of numbers, metric[t] measured after update t, got {metric!r}")
    if metric is not None and len(metric) < steps - 1:
        raise ValueError(
            f"metric must have at least steps - 1 = {steps - 1} values, got {len(metric)}: metric[t] decides lr(t + 1)"
        )
    return metric


def _entry(scheduler: Any) -> Entry:
    if isinstance(scheduler, str):
        if scheduler in CATALOGUE:
            return CATALOGUE[scheduler]
        names = {name.lower(): name for name in CATALOGUE}
        near = difflib.get_close_matches(scheduler.lower(), names, n=1, cutoff=0.5)
        hint = f"did you mean {names[near[0]]!r}?" if near else f"there are {', '.join(CATALOGUE)}"
        raise ValueError(f"scheduler must name a class of torch.optim.lr_scheduler, got {scheduler!r}; {hint}")
    name = getattr(scheduler, "__name__", "")
    if isinstance(scheduler, type) and name in CATALOGUE and CATALOGUE[name].torch_class is scheduler:
        return CATALOGUE[name]
    if isinstance(scheduler, type) and hasattr(scheduler, "get_lr"):
        raise TypeError(
            f"scheduler must be one of torch's own classes, got {name}, which has no closed form here; "
            f"record(lambda optimizer: {name}(optimizer, ...), steps) steps it"
        )
    if hasattr(scheduler, "get_last_lr"):
        raise TypeError(f"scheduler must be a class or its name, got a built {type(scheduler).__name__}; "
                        "pass the class, and its arguments by name")  # fmt: skip
    raise TypeError(f"scheduler must be a class of torch.optim.lr_scheduler or its name, got {scheduler!r}")


def _describe(scheduler: Any, kwargs: Mapping[str, Any]) -> tuple[Entry, dict[str, Any]]:
    """The entry and the arguments, by name, of a class, a name, a partial, or a pair of one of them and a dict."""
    given: dict[str, Any] = {}
    if isinstance(scheduler, tuple) and len(scheduler) == 2 and isinstance(scheduler[1], Mapping):
        scheduler, given = scheduler[0], dict(scheduler[1])
    if isinstance(scheduler, functools.partial):
        if scheduler.args:
            raise TypeError(f"a partial scheduler must have its arguments by name, got the positional {scheduler.args}")
        given = {**scheduler.keywords, **given}
        scheduler = scheduler.func
    entry, given = _entry(scheduler), {**given, **kwargs}
    if given.pop("last_epoch", -1) != -1:
        raise ValueError("last_epoch must be -1 here: a curve begins at update 0; index into it to begin elsewhere")
    known = [argument.name for argument in entry.arguments]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"
            raise TypeError(f"{entry.name} has no argument {name!r}; {hint}")
    for argument in entry.arguments:
        if argument.required and argument.name not in given:
            raise TypeError(f"{entry.name} needs {argument.name}: {argument.text[0]}")
    if not isinstance(given.get("schedulers", ()), list | tuple):
        raise TypeError(f"schedulers must be a list, as [('StepLR', {{'step_size': 30}})], got {given['schedulers']!r}")
    return entry, given


_PER_GROUP = {"lr_lambda", "base_lr", "max_lr", "base_momentum", "max_momentum", "swa_lr", "min_lr"}


def _part(i: int, scheduler: object) -> tuple[Entry, dict[str, Any]]:
    entry, arguments = _describe(scheduler, {})
    if entry.chained == "refused":
        raise ValueError(f"schedulers[{i}] must not be {entry.name}: a composition has no metric; torch refuses too")
    return entry, arguments


def _schedule(
    entry: Entry, arguments: Mapping[str, Any], lr: float, group: int, groups: int
) -> curves.Schedule:
    """The curve of one param group: of the arguments that are lists over the groups, its own values."""
    own = {}
    for name, value in arguments.items():
        if name in _PER_GROUP and isinstance(value, list | tuple):
            if len(value) != groups:
                raise ValueError(f"{name} must have one value for each of {groups} param groups, got {len(value)}")
            value = value[group]
        elif name == "schedulers":
            value = [_schedule(*_part(i, part), lr, group, groups) for i, part in enumerate(value)]
        own[name] = value
    return entry.factory(lr, **own)


# --- The catalogue --------------------------------------------------------------------------------------------

REQUIRED = object()
"""The default of an argument that has none."""

Text = tuple[str, str]  # English, Chinese


@dataclass(frozen=True)
class Argument:
    """One argument of a scheduler's class, with what a control for it needs.

    Attributes:
        name: torch's own.
        kind: "int", "float", "bool", "choice" (one of choices), "ints" (a list of them), "function" (of t),
            "schedulers" (parts).
        text: what it is, in both languages; ``meaning`` says it.
        default: torch's own; ``REQUIRED`` where torch has none.
        low, high: a sensible range for a slider, for runs of about 100 updates at lr 0.1; log: on a logarithmic one.
        choices: all values of a "choice"; of other kinds a few worth choosing, None among them where torch takes it.

    Example:
        >>> from lrcourse.schedulers import CATALOGUE
        >>> for argument in CATALOGUE["StepLR"].arguments:
        ...     print(argument.name, "required" if argument.required else argument.default, argument.meaning, sep=" · ")
        step_size · required · steps between two drops
        gamma · 0.1 · factor of each drop
    """

    name: str
    kind: Literal["int", "float", "bool", "choice", "ints", "function", "schedulers"]
    text: Text
    default: Any = REQUIRED
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple = ()

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def meaning(self) -> str:
        """What it is, in a few words, in the language in use."""
        return say(*self.text)


@dataclass(frozen=True)
class Entry:
    r"""What there is to know about one class.

    Attributes:
        name: torch's name of the class.
        factory: its closed form in :mod:`lrcourse.curves`.
        arguments: in torch's order, without optimizer and last_epoch.
        example: arguments for an interesting picture of 100 updates at lr 0.1 (with :func:`example_metric`).
        formula: LaTeX; :math:`\eta_0` is the optimizer's learning rate.
        first, last: Python expressions for what update 0 and update n - 1 use, in lr, n and the arguments. Besides:
            T_cur, T_i (place in the cycle, its length), height (of the scaled triangle wave, 0 to 1), drops (how many).
        closed_form: whether torch's class has a closed form of its own; then SequentialLR resets it.
        chained: what it does in a ChainedScheduler: "multiplies", "overwrites", "pulls" (towards a value: neither of
            the two), "runs" (its parts decide), "refused".

    Example:
        >>> from lrcourse.schedulers import CATALOGUE
        >>> CATALOGUE["StepLR"].picture
        'A staged quench: hold the temperature, drop it at once, hold again.'
        >>> [entry.name for entry in CATALOGUE.values() if entry.chained == "overwrites"]
        ['CosineAnnealingWarmRestarts', 'OneCycleLR', 'CyclicLR', 'LambdaLR']
    """

    name: str
    factory: Callable[..., curves.Schedule]
    arguments: tuple[Argument, ...]
    example: Mapping[str, Any]
    formula: str
    first: str
    last: str
    closed_form: bool
    chained: Literal["multiplies", "overwrites", "pulls", "runs", "refused"]
    unit_text: Text
    picture_text: Text
    trap_text: Text

    @property
    def torch_class(self) -> type[LRScheduler]:
        """The class itself; imports torch."""
        import torch

        home = torch.optim.swa_utils if self.name == "SWALR" else torch.optim.lr_scheduler
        return getattr(home, self.name)

    @property
    def unit(self) -> str:
        """What one ``scheduler.step()`` usually counts."""
        return say(*self.unit_text)

    @property
    def picture(self) -> str:
        """The physics it looks like."""
        return say(*self.picture_text)

    @property
    def trap(self) -> str:
        """What people trip over."""
        return say(*self.trap_text)


_EPOCH = ("epoch, as a rule", "通常是轮（epoch）")
_UPDATE = ("update", "更新步")
_EITHER = ("epoch or update, whichever you step", "轮（epoch）或更新步，取决于在哪里调用 step()")

_GAMMA = Argument("gamma", "float", ("factor of each drop", "每次下降的倍率"), 0.1, 0.01, 1)
_ETA_MIN = Argument("eta_min", "float", ("lowest learning rate", "最低学习率"), 0.0, 0, 0.1)
_STRATEGY = Argument("anneal_strategy", "choice", ("shape of a ramp", "升降的形状"), "cos", choices=("cos", "linear"))


def _total_iters(en: str, zh: str) -> Argument:
    return Argument("total_iters", "int", (en, zh), 5, 0, 100)


def _momenta(low: float, high: float) -> tuple[Argument, ...]:
    return (
        Argument("cycle_momentum", "bool", ("mirror the rate in the momentum", "让动量与学习率反向变化"), True),
        Argument("base_momentum", "float", ("momentum at the highest rate", "学习率最高时的动量"), low, 0, 0.99),
        Argument("max_momentum", "float", ("momentum at the lowest rate", "学习率最低时的动量"), high, 0, 0.99),
    )


_HEAT_THEN_COOL = (("LinearLR", {"start_factor": 0.1, "total_iters": 10}), ("CosineAnnealingLR", {"T_max": 90}))
_HEAT_TIMES_DECAY = (("LinearLR", {"start_factor": 0.1, "total_iters": 20}), ("ExponentialLR", {"gamma": 0.97}))
_HEAT_AND_DESCEND = curves.linear_warmup(1, 10) * curves.linear_to_zero(1, 100)

_ENTRIES = (
    Entry(
        name="StepLR",
        factory=curves.step_lr,
        arguments=(
            Argument("step_size", "int", ("steps between two drops", "两次下降之间的步数"), REQUIRED, 1, 100),
            _GAMMA,
        ),
        example={"step_size": 30},
        formula=r"\eta_t = \eta_0\,\gamma^{\lfloor t/\mathrm{step\_size}\rfloor}",
        first="lr",
        last="lr * gamma ** ((n - 1) // step_size)",
        closed_form=True,
        chained="multiplies",
        unit_text=_EPOCH,
        picture_text=(
            "A staged quench: hold the temperature, drop it at once, hold again.",
            "分段淬火：保持温度，骤然下降，再保持。",
        ),
        trap_text=(
            "step_size counts calls of step(). Stepped once an update instead of once an epoch, 30 epochs pass within "
            "30 batches.",
            "step_size 数的是 step() 的调用次数。若每个更新步（而不是每轮）调用一次，"
            "本该 30 轮后的下降在 30 个批次之后就发生了。",
        ),
    ),
    Entry(
        name="MultiStepLR",
        factory=curves.multi_step_lr,
        arguments=(
            Argument(
                "milestones", "ints", ("where to drop, in order", "下降的时刻，按顺序"),
                choices=((30, 60, 80), (50, 75), (25, 50, 75), (90,), (30, 30)),
            ),
            _GAMMA,
        ),
        example={"milestones": (30, 60, 80)},
        formula=r"\eta_t = \eta_0\,\gamma^{\#\{m \in \mathrm{milestones}:\; m \le t\}}",
        first="lr * gamma ** milestones.count(0)",
        last="lr * gamma ** sum(m <= n - 1 for m in milestones)",
        closed_form=True,
        chained="multiplies",
        unit_text=_EPOCH,
        picture_text=("A staged quench whose stages you choose.", "由你选定时刻的分段淬火。"),
        trap_text=(
            "A milestone that is no whole number never comes, one that stands twice drops twice, without a word.",
            "不是整数的里程碑永远不会触发，重复的里程碑会下降两次；torch 对两者都没有警告。",
        ),
    ),
    Entry(
        name="ExponentialLR",
        factory=curves.exponential_lr,
        arguments=(Argument("gamma", "float", ("factor of each step", "每一步的倍率"), REQUIRED, 0.8, 1),),
        example={"gamma": 0.95},
        formula=r"\eta_t = \eta_0\,\gamma^t = \eta_0\,e^{-\lambda t},\quad \lambda = -\ln\gamma",
        first="lr",
        last="lr * gamma ** (n - 1)",
        closed_form=True,
        chained="multiplies",
        unit_text=_EPOCH,
        picture_text=(
            "Radioactive decay: half of what is there goes in each half-life, ln 2 / λ steps.",
            "放射性衰变：每过一个半衰期（ln 2 / λ 步），剩下的减半。",
        ),
        trap_text=(
            "gamma belongs to a unit of time: 0.95 an epoch halves the rate in 13.5 epochs, 0.95 an update in 13.5 "
            "batches. And Σ η is finite: a run can freeze before it arrives.",
            "gamma 与时间单位绑定：每轮 0.95 的半衰期是 13.5 轮，每个更新步 0.95 的半衰期只有 13.5 个批次。"
            "而且 Σ η 是有限的：训练可能还没到达就冻结了。",
        ),
    ),
    Entry(
        name="CosineAnnealingLR",
        factory=curves.cosine_annealing_lr,
        arguments=(
            Argument("T_max", "int", ("steps from the top to the bottom", "从最高到最低的步数"), REQUIRED, 1, 200),
            _ETA_MIN,
        ),
        example={"T_max": 100},
        formula=r"\eta_t = \eta_{\min} + \tfrac12(\eta_0 - \eta_{\min})\left(1 + \cos\frac{\pi t}{T_{\max}}\right)",
        first="lr",
        last="eta_min + (lr - eta_min) * (1 + cos(pi * (n - 1) / T_max)) / 2",
        closed_form=True,
        chained="multiplies",
        unit_text=_EITHER,
        picture_text=(
            "Smooth cooling: slow at both ends, half way at half time.",
            "平滑冷却：两端慢，时间过半时正好降到一半。",
        ),
        trap_text=(
            "It rises again after T_max. A run of T_max updates never uses eta_min. In a ChainedScheduler it "
            "multiplies only with eta_min=0, and only up to T_max.",
            "超过 T_max 之后它会再次上升。恰好 T_max 个更新步的训练用不到 eta_min。"
            "在 ChainedScheduler 里，只有 eta_min=0 且不超过 T_max 时它才是相乘。",
        ),
    ),
    Entry(
        name="CosineAnnealingWarmRestarts",
        factory=curves.cosine_annealing_warm_restarts,
        arguments=(
            Argument("T_0", "int", ("length of the first cycle", "第一个周期的长度"), REQUIRED, 1, 100),
            Argument("T_mult", "int", ("each cycle is this much longer", "后一个周期是前一个的几倍"), 1, 1, 4),
            _ETA_MIN,
        ),
        example={"T_0": 15, "T_mult": 2},
        formula=r"\eta_t = \eta_{\min} + \tfrac12(\eta_0 - \eta_{\min})"
        r"\left(1 + \cos\frac{\pi\,T_{\mathrm{cur}}}{T_i}\right),\quad T_i = T_0\,T_{\mathrm{mult}}^{\,i}",
        first="lr",
        last="eta_min + (lr - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2",
        closed_form=False,
        chained="overwrites",
        unit_text=_EITHER,
        picture_text=(
            "Cooling, then sudden re-heating to the full first temperature: the peaks stay.",
            "冷却，然后突然再加热到最初的温度：峰值不降。",
        ),
        trap_text=(
            "eta_min is never reached at a whole step: where it would be, the next cycle begins. A run that ends "
            "inside a cycle ends hot.",
            "整数步上永远达不到 eta_min：本该达到的那一步，新的周期已经开始。若训练在周期中间结束，结束时还是热的。",
        ),
    ),
    Entry(
        name="ReduceLROnPlateau",
        factory=curves.reduce_lr_on_plateau,
        arguments=(
            Argument("mode", "choice", ("is lower or higher better", "越小或越大为好"), "min", choices=("min", "max")),
            Argument("factor", "float", ("factor of each drop", "每次下降的倍率"), 0.1, 0.05, 0.95),
            Argument("patience", "int", ("bad metrics in a row that it bears", "容忍连续多少次没有改善"), 10, 0, 40),
            Argument("threshold", "float", ("by how much better counts", "好多少才算改善"), 1e-4, 1e-6, 0.5, log=True),
            Argument("threshold_mode", "choice", ("relative, absolute", "相对或绝对"), "rel", choices=("rel", "abs")),
            Argument("cooldown", "int", ("steps of rest after a drop", "下降之后的冷却期"), 0, 0, 40),
            Argument("min_lr", "float", ("lowest learning rate", "最低学习率"), 0, 0, 0.1),
            Argument("eps", "float", ("smallest drop that is made", "小于它的下降不执行"), 1e-8, 1e-10, 1e-2, log=True),
        ),
        example={"factor": 0.3, "patience": 8},
        formula=r"\eta_{t+1} = \max(\mathrm{factor}\cdot\eta_t,\ \mathrm{min\_lr})"
        r"\quad (n_{\mathrm{bad}} > \mathrm{patience})",
        first="lr",
        last="max(min_lr, lr * factor ** drops)",
        closed_form=False,
        chained="refused",
        unit_text=("epoch, or however often you measure", "轮（epoch），或你测量的频率"),
        picture_text=(
            "Feedback control: a thermostat that only turns down, on a noisy reading.",
            "反馈控制：一个只会调低、读数又有噪声的恒温器。",
        ),
        trap_text=(
            "step() needs the metric. Noise makes the best value a lucky one: on noise alone it cuts after about twice "
            "its patience.",
            "step() 需要传入指标。噪声让历史最佳值只是一次运气：面对纯噪声，它大约在两倍 patience 之后就降低学习率。",
        ),
    ),
    Entry(
        name="OneCycleLR",
        factory=curves.one_cycle_lr,
        arguments=(
            Argument("max_lr", "float", ("highest learning rate", "最高学习率"), REQUIRED, 1e-3, 1, log=True),
            Argument("total_steps", "int", ("updates of the whole run", "整个训练的更新步数"), None, 100, 200),
            Argument("epochs", "int", ("or its epochs ...", "或轮数……"), None, 1, 20, choices=(None,)),
            Argument("steps_per_epoch", "int", ("... of so many updates", "……每轮步数"), None, 1, 50, choices=(None,)),
            Argument("pct_start", "float", ("share of the run that goes up", "上升阶段所占比例"), 0.3, 0.02, 0.98),
            _STRATEGY,
            *_momenta(0.85, 0.95),
            Argument("div_factor", "float", ("max_lr / first rate", "max_lr / 起始学习率"), 25.0, 1, 1000, log=True),
            Argument("final_div_factor", "float", ("first / last rate", "起始 / 最终学习率"), 1e4, 1, 1e6, log=True),
            Argument("three_phase", "bool", ("back to the start first, then down", "先降回起点，再继续下降"), False),
        ),
        example={"max_lr": 0.1, "total_steps": 100},
        formula=r"\frac{\eta_{\max}}{\mathrm{div}}\ (t = 0)\ \nearrow\ \eta_{\max}\ (t = \mathrm{pct}\,T - 1)\ "
        r"\searrow\ \frac{\eta_{\max}}{\mathrm{div}\cdot\mathrm{final\_div}}\ (t = T - 1)",
        first="max_lr / div_factor",
        last="max_lr / div_factor / final_div_factor",
        closed_form=False,
        chained="overwrites",
        unit_text=_UPDATE,
        picture_text=(
            "One heating, one long cooling; the momentum, the ball's mass, mirrors it.",
            "一次加热，一次漫长的冷却；动量（小球的质量）反向变化。",
        ),
        trap_text=(
            "It ignores the optimizer's lr and switches momentum on. Step number total_steps still works and sends the "
            "rate back up (below zero with 'linear'); only the next one raises.",
            "它无视优化器的 lr，还会打开动量。第 total_steps 次 step() 仍能调用，却让学习率反弹"
            "（'linear' 时变成负数）；再下一次才报错。",
        ),
    ),
    Entry(
        name="CyclicLR",
        factory=curves.cyclic_lr,
        arguments=(
            Argument("base_lr", "float", ("lowest learning rate", "最低学习率"), REQUIRED, 1e-4, 0.1, log=True),
            Argument("max_lr", "float", ("highest learning rate", "最高学习率"), REQUIRED, 1e-3, 1, log=True),
            Argument("step_size_up", "int", ("steps up", "上升的步数"), 2000, 1, 100),
            Argument("step_size_down", "int", ("steps down; None: as up", "下降步数；None：同上升"), None, 0, 100,
                     choices=(None,)),
            Argument(
                "mode", "choice", ("how the height changes", "高度如何变化"), "triangular",
                choices=("triangular", "triangular2", "exp_range"),
            ),
            Argument("gamma", "float", ("factor of each step in exp_range", "exp_range 每一步的倍率"), 1.0, 0.9, 1),
            Argument(
                "scale_fn", "function", ("factor of the height, instead of mode", "高度的倍率，代替 mode"),
                None, choices=(None, curves.exponential_lr(1, 0.8)),
            ),
            Argument(
                "scale_mode", "choice", ("scale_fn is a function of", "scale_fn 的自变量"), "cycle",
                choices=("cycle", "iterations"),
            ),
            *_momenta(0.8, 0.9),
        ),
        example={"base_lr": 0.005, "max_lr": 0.1, "step_size_up": 12, "step_size_down": 20, "mode": "triangular2"},
        formula=r"\eta_t = \eta_{\mathrm{base}} + (\eta_{\max} - \eta_{\mathrm{base}})\,\Lambda(t)\,s,\quad "
        r"0 \le \Lambda \le 1,\ s \in \{1,\ 2^{1-\mathrm{cycle}},\ \gamma^t\}",
        first="base_lr",
        last="base_lr + (max_lr - base_lr) * height(n - 1)",
        closed_form=False,
        chained="overwrites",
        unit_text=_UPDATE,
        picture_text=("A periodic drive: heated and cooled in turn.", "周期驱动：交替加热和冷却。"),
        trap_text=(
            "It ignores the optimizer's lr and momentum, and overwrites both. With the default of 2000 steps up, a "
            "short run never comes to the top.",
            "它无视优化器的 lr 和动量，并覆盖两者。默认上升 2000 步，短的训练到不了峰值。",
        ),
    ),
    Entry(
        name="ConstantLR",
        factory=curves.constant_lr,
        arguments=(
            Argument("factor", "float", ("factor until total_iters", "total_iters 之前的倍率"), 1 / 3, 0.01, 1),
            _total_iters("steps at the lower rate", "低学习率的步数"),
        ),
        example={"factor": 0.1, "total_iters": 20},
        formula=r"\eta_t = \mathrm{factor}\cdot\eta_0\ (t < \mathrm{total\_iters}),\quad "
        r"\eta_0\ (t \ge \mathrm{total\_iters})",
        first="lr * factor",
        last="lr * factor if n - 1 < total_iters else lr",
        closed_form=True,
        chained="multiplies",
        unit_text=_EITHER,
        picture_text=("Kept cool at first, then heated at once.", "先保持低温，然后一下子加热。"),
        trap_text=(
            "The name misleads: it is constant until total_iters (5 by default), then the rate jumps up by 1 / factor. "
            "With total_iters=0 it never jumps.",
            "名字容易误导：它在 total_iters（默认 5）之前恒定，之后学习率跳升为 1 / factor 倍。"
            "total_iters=0 时永远不跳。",
        ),
    ),
    Entry(
        name="LinearLR",
        factory=curves.linear_lr,
        arguments=(
            Argument("start_factor", "float", ("first factor", "起始倍率"), 1 / 3, 0.001, 1, log=True),
            Argument("end_factor", "float", ("last factor", "最终倍率"), 1.0, 0, 1),
            _total_iters("steps from the first to the last", "从起始到最终的步数"),
        ),
        example={"start_factor": 0.01, "total_iters": 40},
        formula=r"\eta_t = \eta_0\left[\mathrm{start} + (\mathrm{end} - \mathrm{start})\,"
        r"\frac{\min(t, \mathrm{total\_iters})}{\mathrm{total\_iters}}\right]",
        first="lr * start_factor",
        last="lr * (start_factor + (end_factor - start_factor) * min(n - 1, total_iters) / total_iters)",
        closed_form=True,
        chained="multiplies",
        unit_text=_EITHER,
        picture_text=("Slow heating (or cooling) at a steady rate.", "以恒定速率缓慢加热（或冷却）。"),
        trap_text=(
            "Building it already writes lr · start_factor into the optimizer. Run the notebook cell that builds it "
            "twice, and the factor is there twice.",
            "构造它时，lr · start_factor 就已写进优化器。把构造它的 notebook 单元运行两次，倍率就乘了两次。",
        ),
    ),
    Entry(
        name="PolynomialLR",
        factory=curves.polynomial_lr,
        arguments=(
            _total_iters("steps down to 0", "降到 0 的步数"),
            Argument("power", "float", ("1 is a straight line", "1 为直线"), 1.0, 0.25, 4),
        ),
        example={"total_iters": 100, "power": 2.0},
        formula=r"\eta_t = \eta_0\left(1 - \frac{\min(t, \mathrm{total\_iters})}{\mathrm{total\_iters}}\right)"
        r"^{\mathrm{power}}",
        first="lr",
        last="lr * (1 - min(n - 1, total_iters) / total_iters) ** power",
        closed_form=True,
        chained="multiplies",
        unit_text=_EITHER,
        picture_text=("Cooling to absolute zero by a fixed date.", "在规定时刻之前冷却到绝对零度。"),
        trap_text=(
            "From total_iters on (5 by default) the learning rate is exactly 0, and every update is wasted.",
            "从 total_iters（默认 5）开始学习率恰好为 0，之后的每个更新步都白费。",
        ),
    ),
    Entry(
        name="LambdaLR",
        factory=curves.lambda_lr,
        arguments=(
            Argument(
                "lr_lambda", "function", ("lr(t) / first lr, a function of t", "lr(t) / 初始 lr，是 t 的函数"),
                choices=(
                    _HEAT_AND_DESCEND,
                    curves.then(curves.linear_warmup(1, 10), curves.cosine_annealing_lr(1, 90), at=10),
                    curves.linear_to_zero(1, 100),
                    curves.exponential_lr(1, 0.95),
                ),
            ),
        ),
        example={"lr_lambda": _HEAT_AND_DESCEND},
        formula=r"\eta_t = \eta_0\,\lambda(t)",
        first="lr * lr_lambda(0)",
        last="lr * lr_lambda(n - 1)",
        closed_form=False,
        chained="overwrites",
        unit_text=_EITHER,
        picture_text=("Any protocol: a thermostat turned by hand.", "任意方案：用手调节的恒温器。"),
        trap_text=(
            "λ gives a factor, not a learning rate, and gets t = 0 first: λ(0) = 0 wastes the first update. A plain "
            "function is not saved in state_dict.",
            "λ 给出的是倍率而不是学习率，并且从 t = 0 开始：λ(0) = 0 会浪费第一个更新步。"
            "普通函数不会保存在 state_dict 里。",
        ),
    ),
    Entry(
        name="MultiplicativeLR",
        factory=curves.multiplicative_lr,
        arguments=(
            Argument(
                "lr_lambda", "function", ("lr(t) / lr(t - 1), a function of t", "lr(t) / lr(t - 1)，是 t 的函数"),
                choices=(curves.linear_lr(1, 0.9, 1.0, 60), curves.linear_lr(1, 1.0, 0.9, 60), curves.constant(0.97)),
            ),
        ),
        example={"lr_lambda": curves.linear_lr(1, 0.9, 1.0, 60)},
        formula=r"\eta_t = \eta_0\prod_{k=1}^{t}\lambda(k)",
        first="lr",
        last="lr * prod(lr_lambda(t) for t in range(1, n))",
        closed_form=False,
        chained="multiplies",
        unit_text=_EITHER,
        picture_text=("Decay at a rate that you set anew at each step.", "衰变率每一步都由你设定的衰变。"),
        trap_text=(
            "The factors accumulate, and λ(0) is never called. One factor of 0 is final.",
            "倍率会累积，λ(0) 从不被调用。只要有一次倍率为 0，就再也回不来。",
        ),
    ),
    Entry(
        name="SWALR",
        factory=curves.swalr,
        arguments=(
            Argument("swa_lr", "float", ("learning rate to end at", "最终学习率"), REQUIRED, 1e-3, 1, log=True),
            Argument("anneal_epochs", "int", ("steps on the way", "过渡的步数"), 10, 0, 100),
            _STRATEGY,
        ),
        example={"swa_lr": 0.02, "anneal_epochs": 40},
        formula=r"\eta_t = \alpha_t\,\eta_{\mathrm{swa}} + (1 - \alpha_t)\,\eta_0,\quad "
        r"\alpha_t \in \{\tfrac12(1 - \cos\pi x),\ x\},\quad x = \min(t / \mathrm{anneal\_epochs},\, 1)",
        first="lr if anneal_epochs else swa_lr",
        last="swa_lr",
        closed_form=False,
        chained="pulls",
        unit_text=_EPOCH,
        picture_text=(
            "Brought to one temperature and held there, to average over what it visits.",
            "调到某个温度并保持，对所经过的状态求平均。",
        ),
        trap_text=(
            "It starts from the learning rate it finds, and pulls it to swa_lr. Step it or the main scheduler, never "
            "both.",
            "它从当时的学习率出发，把它拉向 swa_lr。它和主调度器只能二选一调用 step()。",
        ),
    ),
    Entry(
        name="SequentialLR",
        factory=curves.sequential_lr,
        arguments=(
            Argument(
                "schedulers", "schedulers", ("the parts, in order", "各个部分，按顺序"),
                choices=(
                    _HEAT_THEN_COOL,
                    (("ConstantLR", {"factor": 0.1, "total_iters": 10}), ("ExponentialLR", {"gamma": 0.95})),
                    (
                        ("ConstantLR", {"factor": 0.1, "total_iters": 200}),
                        ("MultiplicativeLR", {"lr_lambda": curves.constant(0.97)}),
                    ),
                ),
            ),
            Argument(
                "milestones", "ints", ("first step of each part but the first", "除第一个外各部分开始的时刻"),
                choices=((10,), (20,), (50,)),
            ),
        ),
        example={"schedulers": _HEAT_THEN_COOL, "milestones": (10,)},
        formula=r"\eta_t = \eta^{(i)}_{t - m_i},\quad m_i \le t < m_{i+1}",
        first="schedulers[0](0)",
        last="schedulers[-1](n - 1 - milestones[-1])",
        closed_form=False,
        chained="runs",
        unit_text=_EITHER,
        picture_text=("One protocol after another.", "一个方案接着另一个方案。"),
        trap_text=(
            "At a milestone the next part jumps to its own beginning, wherever the last one was. MultiplicativeLR and "
            "SWALR go on from there instead; a composition inside ends in an error.",
            "到达里程碑时，下一部分直接跳到自己的起点，不管上一部分停在哪里。MultiplicativeLR 和 SWALR 则从当前值继续；"
            "嵌套的组合会报错。",
        ),
    ),
    Entry(
        name="ChainedScheduler",
        factory=curves.chained_scheduler,
        arguments=(
            Argument(
                "schedulers", "schedulers", ("the parts, stepped one after another", "各个部分，每步依次调用"),
                choices=(
                    _HEAT_TIMES_DECAY,
                    (("CosineAnnealingLR", {"T_max": 100}), ("StepLR", {"step_size": 30, "gamma": 0.5})),
                    (("ExponentialLR", {"gamma": 0.97}), ("CosineAnnealingWarmRestarts", {"T_0": 25})),
                    (
                        ("ExponentialLR", {"gamma": 0.97}),
                        ("CyclicLR", {"base_lr": 0.001, "max_lr": 0.01, "step_size_up": 20}),
                    ),
                ),
            ),
        ),
        example={"schedulers": _HEAT_TIMES_DECAY},
        formula=r"\eta_t = \eta_0\prod_i f_i(t),\quad f_i = \eta^{(i)} / \eta_0",
        first="lr * prod(part(0) / lr for part in schedulers)",
        last="lr * prod(part(n - 1) / lr for part in schedulers)",
        closed_form=False,
        chained="runs",
        unit_text=_EITHER,
        picture_text=("Several protocols at once, on one thermostat.", "几个方案同时作用在一个恒温器上。"),
        trap_text=(
            "A product only if every part multiplies. LambdaLR, warm restarts, CyclicLR and OneCycleLR overwrite what "
            "the parts before them did.",
            "只有每个部分都相乘时才是乘积。LambdaLR、热重启、CyclicLR 和 OneCycleLR 会覆盖前面各部分的结果。",
        ),
    ),
)  # fmt: skip

CATALOGUE: Mapping[str, Entry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
"""Every class of ``torch.optim.lr_scheduler``, and SWALR, by name, in the order in which one would learn them."""


def example_metric(steps: int = 100) -> NDArray[np.float64]:
    """``(steps,)``: a loss for ReduceLROnPlateau's picture, always the same: it falls to a floor, with noise.

    Example:
        >>> from lrcourse.schedulers import curve, example_metric
        >>> rates = curve("ReduceLROnPlateau", 100, metric=example_metric(), patience=5)
        >>> rates[[0, 67, 68, 99]].round(6).tolist()
        [0.1, 0.1, 0.01, 1e-06]
    """
    noise = np.random.default_rng(0).standard_normal(_steps(steps))
    return 0.3 + 2 * np.exp(-np.arange(steps) / 15) + 0.02 * noise


# --- What these very arguments do -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Explanation:
    """What a scheduler does in a run of given length.

    Attributes:
        first, last: the learning rates that the first and the last update use.
        traps: what these arguments run into, each a sentence in the language in use; empty where all is well.
        words: one line: first and last value, and the traps.

    Example:
        >>> from lrcourse.schedulers import explain
        >>> explain("StepLR", 20, step_size=30).traps
        ('The first drop comes at update 30, after the end of this run.',)
    """

    first: float
    last: float
    traps: tuple[str, ...]
    words: str


def explain(
    scheduler: str | type | functools.partial,
    steps: int,
    *,
    lr: float = 0.1,
    metric: Sequence[float] | NDArray[np.float64] | None = None,
    **kwargs: Any,
) -> Explanation:
    """First and last learning rate *used* in a run of *steps* updates, and the traps that these arguments spring.

    Args and errors: as for :func:`curve`, for one param group.

    Example:
        >>> from lrcourse.schedulers import explain
        >>> print(explain("CosineAnnealingLR", 100, T_max=100).words)
        First lr 0.1, last 2.47e-05 (update 99). eta_min = 0 is not reached: that is update 100.
    """
    _rates(lr)
    if np.ndim(lr):
        raise ValueError(f"lr must be one number here, for one param group, got {lr!r}")
    rates = curve(scheduler, steps, lr=lr, metric=metric, **kwargs)
    entry, arguments = _describe(scheduler, kwargs)
    given = {argument.name: arguments.get(argument.name, argument.default) for argument in entry.arguments}
    traps = tuple(_TRAPS[entry.name](given, float(lr), rates))
    words = say(
        "First lr {first:.3g}, last {last:.3g} (update {t}).",
        "第一个 lr 为 {first:.3g}，最后一个为 {last:.3g}（更新步 {t}）。",
        first=rates[0], last=rates[-1], t=steps - 1,
    )  # fmt: skip
    return Explanation(float(rates[0]), float(rates[-1]), traps, say(" ", "").join((words, *traps)))


# Each of these gets the arguments, the optimizer's lr and the learning rates, and yields a sentence a trap.


def _step_traps(given, lr, rates):
    if given["step_size"] >= rates.size:
        yield say(
            "The first drop comes at update {at}, after the end of this run.",
            "第一次下降在更新步 {at}，这次训练已经结束。",
            at=given["step_size"],
        )
    yield from _decay_traps(given, lr, rates)


def _multi_step_traps(given, lr, rates):
    milestones = list(given["milestones"])
    never = [m for m in milestones if m != int(m) or m < 0]
    late = [m for m in milestones if m not in never and m >= rates.size]
    twice = sorted({m for m in milestones if m not in never and milestones.count(m) > 1})
    if never:
        yield say("{m} never comes: no whole update.", "{m} 永远不会触发：不是整数的更新步。", m=_listed(never))
    if late:
        yield say("{m} lies beyond this run.", "{m} 超出了这次训练。", m=_listed(late))
    if twice:
        yield say("{m} stands several times, and drops as often.", "{m} 出现多次，就下降多次。", m=_listed(twice))
    yield from _decay_traps(given, lr, rates)


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


def _decay_traps(given, lr, rates):
    if given["gamma"] > 1:
        yield say("gamma is above 1: the learning rate grows.", "gamma 大于 1：学习率在增长。")
    frozen = np.flatnonzero(np.abs(rates) < 1e-4 * lr)
    if frozen.size:
        yield say(
            "From update {t} on it is below 1/10000 of lr: frozen.",
            "从更新步 {t} 起，学习率不到 lr 的万分之一：冻结了。",
            t=frozen[0],
        )


def _cosine_traps(given, lr, rates):
    if given["eta_min"] > lr:
        yield say("eta_min is above lr: it heats.", "eta_min 高于 lr：这是在加热。")
    if rates.size > given["T_max"] + 1:
        yield say(
            "After update T_max = {t} it goes back the way it came.", "更新步 T_max = {t} 之后它原路返回。",
            t=given["T_max"],
        )  # fmt: skip
    elif rates.size <= given["T_max"]:
        yield say(
            "eta_min = {eta_min:g} is not reached: that is update {t}.",
            "没有达到 eta_min = {eta_min:g}：那要到更新步 {t}。",
            eta_min=given["eta_min"], t=given["T_max"],
        )  # fmt: skip


def _restart_traps(given, lr, rates):
    begin, length = 0, given["T_0"]
    while begin + length < rates.size:
        begin, length = begin + length, length * given["T_mult"]
    if rates.size < begin + length:
        yield say(
            "The run ends {share:.0%} of the way through a cycle of {length}, not at its bottom.",
            "训练结束时正处在长为 {length} 的周期的 {share:.0%} 处，没有到底。",
            share=(rates.size - begin) / length, length=length,
        )  # fmt: skip


def _plateau_traps(given, lr, rates):
    if rates[0] == rates[-1]:
        yield say("It never drops in this run.", "在这次训练中从未下降。")
    if given["patience"] == 0:
        yield say("patience=0: one unlucky metric is enough for a drop.", "patience=0：一次坏运气就足以触发下降。")
    if rates[-1] - max(rates[-1] * given["factor"], given["min_lr"]) <= given["eps"]:
        yield say(
            "No further drop is made: it would be at most eps = {eps:g}.",
            "不会再下降：降幅不超过 eps = {eps:g}。",
            eps=given["eps"],
        )


def _one_cycle_traps(given, lr, rates):
    total = given["total_steps"] or given["epochs"] * given["steps_per_epoch"]
    if lr != given["max_lr"]:
        yield _ignored(lr)
    if rates.size > total:
        yield say(
            "One step too many: back up to {last:.3g}; the next one raises.",
            "多走了一步：变回 {last:.3g}；再走一步就会报错。",
            last=rates[-1],
        )
    elif rates.size < total:
        yield say(
            "The run stops before total_steps = {total}, still hot.",
            "训练在 total_steps = {total} 之前停止，还是热的。",
            total=total,
        )


def _cyclic_traps(given, lr, rates):
    if lr != given["base_lr"]:
        yield _ignored(lr)
    if rates.size <= given["step_size_up"]:
        yield say(
            "The run ends before the top, which is update {t}.",
            "训练在到达峰值（更新步 {t}）之前结束。",
            t=given["step_size_up"],
        )


def _ignored(lr: float) -> str:
    return say("The optimizer's lr {lr:g} is ignored.", "优化器的 lr {lr:g} 被忽略。", lr=lr)


def _constant_traps(given, lr, rates):
    total = given["total_iters"]
    if total == 0 or total != int(total):
        yield say("total_iters={n:g}: it never comes back to lr.", "total_iters={n:g}：永远不会恢复到 lr。", n=total)
    elif total >= rates.size:
        yield say("The run ends before it comes back to lr.", "训练在学习率恢复到 lr 之前就结束了。")


def _linear_traps(given, lr, rates):
    if given["total_iters"] == 0:
        yield say("total_iters=0: it stays at start_factor for good.", "total_iters=0：永远停在 start_factor。")
    elif given["total_iters"] > rates.size - 1:
        yield say(
            "The run ends before end_factor, at {factor:.3g} of lr.",
            "训练在到达 end_factor 之前结束，此时为 lr 的 {factor:.3g} 倍。",
            factor=rates[-1] / lr,
        )
    else:
        yield from _wasted(rates)


def _wasted(rates):
    if rates[-1] == 0:
        yield say(
            "Wasted: the updates with lr 0, {n} of them.", "白费：lr 为 0 的更新步有 {n} 个。",
            n=np.count_nonzero(rates == 0),
        )  # fmt: skip


def _polynomial_traps(given, lr, rates):
    if given["total_iters"] == 0:
        yield say("total_iters=0: it stays at lr for good.", "total_iters=0：永远停在 lr。")
    yield from _wasted(rates)


def _lambda_traps(given, lr, rates):
    if rates[0] == 0:
        yield say("λ(0) = 0: the first update is wasted.", "λ(0) = 0：第一个更新步白费了。")


def _multiplicative_traps(given, lr, rates):
    if rates[-1] == 0:
        t = np.flatnonzero(rates == 0)[0]
        yield say("From update {t} on it is 0, for good.", "从更新步 {t} 起为 0，再也回不来。", t=t)


def _averaging_traps(given, lr, rates):
    if given["anneal_epochs"] == 0:
        yield say("anneal_epochs=0: the first update uses swa_lr.", "anneal_epochs=0：第一个更新步就用 swa_lr。")
    elif rates.size <= given["anneal_epochs"]:
        yield say(
            "The run ends before swa_lr, which comes at update {t}.",
            "训练在到达 swa_lr（更新步 {t}）之前结束。",
            t=given["anneal_epochs"],
        )


def _sequential_traps(given, lr, rates):
    names = [_describe(part, {})[0].name for part in given["schedulers"]]
    for name in names[1:]:
        if name in ("MultiplicativeLR", "SWALR"):
            yield say("{name} goes on from the rate it finds.", "{name} 从当前学习率继续。", name=name)
    if "OneCycleLR" in names:
        yield say("OneCycleLR overwrites the base lr of all parts.", "OneCycleLR 覆盖了所有部分的基准学习率。")
    if late := [milestone for milestone in given["milestones"] if milestone >= rates.size]:
        yield say("{m} lies beyond this run.", "{m} 超出了这次训练。", m=_listed(late))


def _chained_traps(given, lr, rates):
    parts = [_describe(part, {}) for part in given["schedulers"]]
    for i, (entry, arguments) in enumerate(parts):
        if i and entry.chained == "overwrites":
            yield say(
                "No product: {name} overwrites what comes before it.",
                "不是乘积：{name} 覆盖了它前面的结果。",
                name=entry.name,
            )
        elif entry.name == "CosineAnnealingLR" and len(parts) > 1:
            if arguments.get("eta_min", 0):
                yield say("No product: eta_min is not 0.", "不是乘积：eta_min 不为 0。")
            elif rates.size > arguments["T_max"] + 1:
                yield say(
                    "No product after T_max = {t}: the cosine starts anew, from 0.",
                    "T_max = {t} 之后不再是乘积：余弦从 0 重新开始。",
                    t=arguments["T_max"],
                )


_TRAPS: dict[str, Callable[..., Iterable[str]]] = {
    "StepLR": _step_traps,
    "MultiStepLR": _multi_step_traps,
    "ExponentialLR": _decay_traps,
    "CosineAnnealingLR": _cosine_traps,
    "CosineAnnealingWarmRestarts": _restart_traps,
    "ReduceLROnPlateau": _plateau_traps,
    "OneCycleLR": _one_cycle_traps,
    "CyclicLR": _cyclic_traps,
    "ConstantLR": _constant_traps,
    "LinearLR": _linear_traps,
    "PolynomialLR": _polynomial_traps,
    "LambdaLR": _lambda_traps,
    "MultiplicativeLR": _multiplicative_traps,
    "SWALR": _averaging_traps,
    "SequentialLR": _sequential_traps,
    "ChainedScheduler": _chained_traps,
}
