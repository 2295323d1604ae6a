"""Watch a training loop, and say where its learning rate goes wrong.

    with watch(optimizer, scheduler, planned_updates=1000) as report:
        ...                                  # the loop, as it is
    report                                   # text, or a table in a notebook; report.findings is the list
    report.plot()                            # the learning rate that was planned, and the one that was used

The loop is not changed. The optimizer is seen through torch's own hooks; a scheduler has none, so while something is
watched the methods ``step``, ``state_dict`` and ``load_state_dict`` of the scheduler *classes* take a note before they
go on. Nothing is written into an optimizer or a scheduler: what is saved inside the loop is what it always was. On the
way out, after an exception too, hooks and methods are as they were.
"""

from __future__ import annotations

import functools
import gc
import html
import warnings
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import ChainedScheduler, CosineAnnealingLR, LRScheduler
from torch.optim.optimizer import register_optimizer_step_pre_hook

from ..arguments import count
from ..training.scheduler import as_schedule
from ..words import say

if TYPE_CHECKING:
    from types import TracebackType

    from ..figures.style import Figure

Row = tuple[float | Tensor, ...]


# --- What comes out -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that a rule found.

    Attributes:
        code: the name of the rule, as ``"never-stepped"``.
        update: the first update whose learning rate is concerned.
        level: ``"error"``: updates used a learning rate that the scheduler's arguments do not mean. ``"advice"``: they
            mean it, and it costs something.

    Example:
        >>> import torch
        >>> from lrcourse.practice import watch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        >>> scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
        >>> with watch(optimizer, scheduler) as report:
        ...     for t in range(3):
        ...         optimizer.step()
        >>> (finding,) = report
        >>> print(finding.level, finding.code, finding.fix, sep="; ")
        error; never-stepped; Call scheduler.step() once after each optimizer.step(), or once at the end of each epoch.
    """

    code: str
    update: int
    level: Literal["error", "advice"]
    _message: Callable[[], str] = field(repr=False)
    _fix: Callable[[], str] = field(repr=False)

    @property
    def message(self) -> str:
        """What was seen, with its numbers, in the language in use."""
        return self._message()

    @property
    def fix(self) -> str:
        """What to write instead."""
        return self._fix()

    def __str__(self) -> str:
        mark = "✗" if self.level == "error" else "!"
        at = say("(update {n}): ", "（第 {n} 步）：", n=self.update)
        return f"{mark} {self.code}{say(' ', '')}{at}{self.message}\n  → {self.fix}"


# --- What is recorded -----------------------------------------------------------------------------------------


class Seen:
    """One scheduler in the loop: each of its steps, in two rows of whole numbers.

    Attributes:
        updates: how many updates had been made at step k.
        counters: the scheduler's own counter after it (``last_epoch``).
        first: its counter before the first of them; None if it was neither stepped nor there at the first update.
        calls: k -> the arguments of step k, of those that had any.
        errors: (updates made, exception) of steps that raised.
        saved: updates made when ``state_dict`` was called, the first time; None if it was not.
        late: updates made when it was first stepped with more param groups than it knows; None.
        moved: updates made when a step first changed the learning rate; None.
    """

    def __init__(self, scheduler: LRScheduler) -> None:
        self.scheduler = scheduler
        self.updates, self.counters = array("q"), array("q")
        self.calls: dict[int, tuple[list, dict]] = {}
        self.errors: list[tuple[int, Exception]] = []
        self.first: int | None = None
        self.saved: int | None = None
        self.late: int | None = None
        self.moved: int | None = None
        self.twin: LRScheduler | None = None

    def __len__(self) -> int:
        return len(self.updates)

    @property
    def name(self) -> str:
        return type(self.scheduler).__name__

    def begin(self) -> None:
        """Note where it stands, before anything happens to it."""
        if self.first is None:
            self.first = counter(self.scheduler)
            self.twin = _twin(self.scheduler)

    def step(self, original: Callable, made: int, scheduler: LRScheduler, *args: object, **kwargs: object) -> object:
        """Let it step, and take a note."""
        if self.first is None:
            self.begin()
        groups = scheduler.optimizer.param_groups
        if self.late is None and len(getattr(scheduler, "base_lrs", groups)) < len(groups):
            self.late = made
        before = None if self.moved is not None else [float(group["lr"]) for group in groups]
        try:
            result = original(scheduler, *args, **kwargs)
        except Exception as error:
            self.errors.append((made, error))
            raise
        if before is not None and before != [float(group["lr"]) for group in groups]:
            self.moved = made
        if args or kwargs:
            self.calls[len(self.updates)] = [*map(_kept, args)], {name: _kept(value) for name, value in kwargs.items()}
        self.updates.append(made)
        self.counters.append(counter(scheduler))
        return result

    def at(self, updates: NDArray[np.int64]) -> NDArray[np.int64]:
        """Its counter at each of these updates."""
        values = np.array([self.first or 0, *self.counters])
        return values[np.searchsorted(self.updates, updates, side="right")]


@dataclass(frozen=True)
class Start:
    """The state before the first update, and before the first one after a state was loaded.

    Attributes:
        update: which.
        lr: of each param group.
        counters: id of each scheduler known then -> (counter, the learning rates that it set last, steps in its life).
        loaded: whether a state was loaded since the update before.
    """

    update: int
    lr: tuple[float, ...]
    counters: dict[int, tuple[int, tuple[float, ...], int | None]]
    loaded: bool


class Trace:
    """All that was seen of one optimizer. Rules read it; see :mod:`lrcourse.practice.rules`."""

    def __init__(self, optimizer: Optimizer, given: Sequence[LRScheduler], planned_updates: int | None) -> None:
        self.optimizer, self.planned_updates = optimizer, planned_updates
        self.updates = 0
        self.changes: list[tuple[int, Row]] = []  # (update, lr) where the learning rate differs from the update before
        self.seen: dict[int, Seen] = {}
        self.starts: list[Start] = []
        self.skipped = False  # an update before the first was skipped: its gradients were not finite
        self.running = True
        self.error: BaseException | None = None
        self.stepping_now: list[LRScheduler] = []  # a Sequential, and inside its step the part that it steps
        self._look, self._loaded, self._tensors = True, False, False
        for scheduler in given:
            self.see(scheduler)
        self.given = tuple(self.seen)

    # What hooks and methods call

    def before_update(self, optimizer: Optimizer, args: tuple, kwargs: dict) -> None:
        row = tuple([_kept(group["lr"]) for group in optimizer.param_groups])
        if self._look:
            self._start(row)
        if self._tensors or row != self.changes[-1][1]:  # comparing tensors would wait for the device
            self.changes.append((self.updates, row))
        self.updates += 1

    def after_load(self, *_: object) -> None:
        self._look = self._loaded = True

    def see(self, scheduler: LRScheduler) -> Seen:
        found = self.seen.get(id(scheduler))
        if found is None:
            found = self.seen[id(scheduler)] = Seen(scheduler)
        return found

    def before_first(self) -> None:
        """A scheduler steps before any update: is it because a GradScaler left the update out?"""
        gradients = [p.grad for group in self.optimizer.param_groups for p in group["params"] if p.grad is not None]
        self.skipped |= any(not bool(g.isfinite().all()) for g in gradients)

    def _start(self, row: Row) -> None:
        for seen in list(self.seen.values()):
            for part in everything_in(seen.scheduler):
                self.see(part)
        counters = {}
        for key, seen in self.seen.items():
            seen.begin()
            scheduler = seen.scheduler
            last = tuple(map(float, getattr(scheduler, "_last_lr", ())))
            counters[key] = (counter(scheduler), last, getattr(scheduler, "_step_count", None))
        self.starts.append(Start(self.updates, tuple(map(float, row)), counters, self._loaded))
        self._look = self._loaded = False
        self._tensors = any(isinstance(lr, Tensor) for lr in row)
        if not self.changes:
            self.changes.append((0, row))

    # What rules ask

    @functools.cached_property
    def lr(self) -> NDArray[np.float64]:
        """``(updates, groups)``; nan where a group was not there yet."""
        if not self.changes:
            return np.empty((0, len(self.optimizer.param_groups)))
        width = max(len(row) for _, row in self.changes)
        rows = np.full((len(self.changes), width), np.nan)
        for values, (_, row) in zip(rows, self.changes, strict=True):
            values[: len(row)] = [float(lr) for lr in row]
        begins = [update for update, _ in self.changes]
        return np.repeat(rows, np.diff([*begins, self.updates]), axis=0)

    @property
    def ended_well(self) -> bool:
        return not self.running and self.error is None

    def tops(self) -> list[Seen]:
        """The schedulers that are part of no other: those that the loop has to step."""
        inside = {id(part) for seen in self.seen.values() for part in everything_in(seen.scheduler)}
        return [seen for key, seen in self.seen.items() if key not in inside]

    def stepping(self) -> list[Seen]:
        return [seen for seen in self.tops() if len(seen)]

    def main(self) -> Seen | None:
        """The scheduler that the plan comes from: the first one given, or the one stepped most."""
        tops = self.tops()
        return next((seen for seen in tops if id(seen.scheduler) in self.given), max(tops, key=len, default=None))

    def period(self, seen: Seen) -> float:
        """Updates between two of its steps."""
        if not len(seen):
            return np.inf
        if len(seen) == 1:
            return float(seen.updates[0] or self.updates)
        return (seen.updates[-1] - seen.updates[0]) / (len(seen) - 1)


class Report:
    """What :func:`watch` saw. Shows itself as text, and as a table in a notebook; its length is that of the findings.

    Attributes:
        updates: how many updates were made.

    Example:
        >>> import torch
        >>> from lrcourse.practice import watch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        >>> scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> with watch(optimizer, scheduler) as report:
        ...     for t in range(3):
        ...         optimizer.step()
        ...         scheduler.step()
        >>> report.lr[:, 0].tolist(), report.codes
        ([0.1, 0.05, 0.025], ())
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._found: tuple[Finding, ...] | None = None

    @property
    def updates(self) -> int:
        return self._trace.updates

    @property
    def optimizer(self) -> Optimizer:
        """The one that was watched."""
        return self._trace.optimizer

    @property
    def lr(self) -> NDArray[np.float64]:
        """``(updates, groups)``, read from the optimizer as it took each step; nan before a group was added."""
        if self._trace.running:
            vars(self._trace).pop("lr", None)
        return self._trace.lr

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rules found, by update; while the loop still runs, what they find in it so far."""
        if self._found is not None:
            return self._found
        from .rules import RULES

        vars(self._trace).pop("lr", None)
        found = [finding for rule in RULES for finding in rule(self._trace)]
        found = tuple(sorted(found, key=lambda finding: (finding.level != "error", finding.update)))
        if not self._trace.running:
            self._found = found
        return found

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the findings, each once."""
        return tuple(dict.fromkeys(finding.code for finding in self.findings))

    @property
    def planned(self) -> NDArray[np.float64]:
        """``(updates, groups)``: what the scheduler's own closed form gives, one value for each update.

        Its unit of time is that of the loop (what a step of the scheduler was called after), except where the loop's
        is what is wrong: never stepped, or stepped once an epoch with a schedule in updates. The form of a class
        without one is had by stepping a copy. nan where there is none, and past the end of a OneCycleLR; past T_max a
        CosineAnnealingLR is meant to stay at eta_min. Of several schedulers it is that of the first.
        """
        return _planned(self._trace, self.codes)

    def plot(self) -> Figure:
        """Draw the learning rate that was used, the one that was planned, and where the findings are."""
        from ..figures.practice import watched

        return watched(self)

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def _head(self) -> str:
        stepped = [
            say("{name} stepped {n} times", "{name} 共 step {n} 次", name=seen.name, n=len(seen))
            for seen in self._trace.tops()
        ]
        n = len(self.findings)
        end = say("{n} to look at:", "有 {n} 处需要查看：", n=n) if n else say("nothing to report", "没有发现问题")
        said = [say("{n} updates watched", "已观察 {n} 个更新步", n=self.updates), *stepped, end]
        return ("" if n else "✓ ") + say("; ", "；").join(said)

    def __str__(self) -> str:
        return "\n".join([self._head(), *map(str, self.findings)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = f"<p><strong>{html.escape(self._head())}</strong></p>"
        if not self.findings:
            return head
        names = ("", say("code", "代码"), say("update", "更新步"), say("what was seen", "现象"), say("fix", "改法"))
        rows = [
            ("✗" if f.level == "error" else "!", f"<code>{f.code}</code>", str(f.update), html.escape(f.message),
             html.escape(f.fix)) for f in self.findings
        ]  # fmt: skip
        left = ' style="text-align: left; vertical-align: top"'
        cells = "".join("<tr>" + "".join(f"<td{left}>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        top = "".join(f"<th{left}>{name}</th>" for name in names)
        return f"{head}<table><thead><tr>{top}</tr></thead><tbody>{cells}</tbody></table>"


# --- Watching -------------------------------------------------------------------------------------------------


class watch:
    """A context manager around a training loop; ``as report`` gives the :class:`Report`.

    Any loop: plain, with a GradScaler, with accumulated gradients, with closures. For several optimizers, several
    watches: ``with watch(a) as of_a, watch(b) as of_b:``. Schedulers built inside are seen too, and those built before
    when they are stepped.

    If the loop ends in an exception that a finding explains, the finding is added to it as a note.

    Args:
        optimizer: whose updates to watch.
        scheduler: the scheduler that the loop should step, or a list of them; None finds it by itself.
        planned_updates: how many updates the whole run makes, those before a resume included. With it a schedule of
            another length is found from the first epoch on; without, only what has happened is judged.

    Raises:
        TypeError: optimizer is no torch optimizer; scheduler is no torch scheduler.
        ValueError: a scheduler of another optimizer; planned_updates is no positive whole number.

    Example:
        >>> import torch
        >>> from lrcourse.practice import watch
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        >>> scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
        >>> with watch(optimizer, scheduler, planned_updates=100) as report:
        ...     for t in range(100):
        ...         optimizer.step()
        ...         scheduler.step()
        >>> [(finding.code, finding.update) for finding in report]
        [('horizon-mismatch', 10), ('cosine-rebound', 11)]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        scheduler: LRScheduler | Sequence[LRScheduler] | None = None,
        *,
        planned_updates: int | None = None,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"optimizer must be a torch optimizer, got {optimizer!r}")
        given: list[Any] = [] if scheduler is None else [scheduler]
        if isinstance(scheduler, list | tuple):
            given = list(scheduler)
        for each in given:
            if not isinstance(each, LRScheduler):
                raise TypeError(f"scheduler must be a torch scheduler, a list of them or None, got {each!r}")
            if each.optimizer is not optimizer:
                raise ValueError(
                    f"scheduler must be built on this optimizer; {type(each).__name__} steps another one, whose lr "
                    "this loop does not use: build the scheduler after the optimizer"
                )
        self._made = optimizer, given, None if planned_updates is None else count("planned_updates", planned_updates)
        self._trace: Trace | None = None

    def __enter__(self) -> Report:
        if self._trace is not None:
            raise RuntimeError("a watch is for one loop: build another one")
        self._trace = trace = Trace(*self._made)
        optimizer = trace.optimizer
        self._hooks = [
            optimizer.register_step_pre_hook(trace.before_update),
            optimizer.register_load_state_dict_post_hook(trace.after_load),
        ]
        _watched.add(trace)
        return Report(trace)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        trace = self._trace
        assert trace is not None, "__enter__ made it"
        for hook in self._hooks:
            hook.remove()
        _watched.remove(trace)
        _finish(trace, error)


@contextmanager
def watching_everything(planned_updates: int | None = None) -> Iterator[list[Report]]:
    """Watch every optimizer that is stepped inside, whoever builds it: one :class:`Report` each, in the list it gives.

    For a script as it is: ``with watching_everything() as reports: runpy.run_path("train.py")``. By torch's hook that
    is common to all optimizers; a list grows as optimizers and schedulers come up.

    Args:
        planned_updates: as for :func:`watch`, of every optimizer.

    Raises:
        ValueError: planned_updates is no positive whole number.

    Example:
        >>> import torch
        >>> from lrcourse.practice import watching_everything
        >>> with watching_everything() as reports:
        ...     for lr in (0.1, 0.2):
        ...         optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr)
        ...         optimizer.step()
        >>> [report.lr.tolist() for report in reports]
        [[[0.1]], [[0.2]]]
    """
    planned_updates = None if planned_updates is None else count("planned_updates", planned_updates)
    traces: dict[int, Trace] = {}
    reports: list[Report] = []
    hooks = []

    def meet(optimizer: Optimizer) -> Trace:
        trace = traces.get(id(optimizer))
        if trace is None:
            trace = traces[id(optimizer)] = Trace(optimizer, (), planned_updates)
            hooks.append(optimizer.register_load_state_dict_post_hook(trace.after_load))
            reports.append(Report(trace))
            _watched.add(trace)
        return trace

    def before_update(optimizer: Optimizer, args: tuple, kwargs: dict) -> None:
        meet(optimizer).before_update(optimizer, args, kwargs)

    hooks.append(register_optimizer_step_pre_hook(before_update))
    _watched.newcomers.append(meet)
    _watched.patch()
    error: BaseException | None = None
    try:
        yield reports
    except BaseException as raised:
        error = raised
        raise
    finally:
        for hook in hooks:
            hook.remove()
        _watched.newcomers.remove(meet)
        for trace in traces.values():
            _watched.remove(trace)
        _watched.restore()
        for trace in traces.values():
            _finish(trace, error)


def _finish(trace: Trace, error: BaseException | None) -> None:
    trace.running, trace.error = False, error
    if not trace.seen and trace.updates > 1 and error is None:
        for scheduler in _built_on(trace.optimizer):
            trace.see(scheduler).begin()
    if error is not None and any(raised is error for seen in trace.seen.values() for _, raised in seen.errors):
        for finding in Report(trace).findings:
            error.add_note(f"lrcourse.practice.watch: {finding}")


def _built_on(optimizer: Optimizer) -> list[LRScheduler]:
    """The schedulers of *optimizer* that are alive and have never been stepped: the loop forgot them."""
    owners = list(gc.get_referrers(optimizer))
    owners += [owner for names in owners if type(names) is dict and "last_epoch" in names
               for owner in gc.get_referrers(names)]  # fmt: skip
    return [
        owner for owner in owners
        if issubclass(type(owner), LRScheduler) and owner.optimizer is optimizer and counter(owner) == 0
    ]  # fmt: skip


class _Watched:
    """The optimizers being watched, and what their schedulers' classes were before."""

    METHODS = ("step", "state_dict", "load_state_dict")

    def __init__(self) -> None:
        self.traces: list[Trace] = []
        self.newcomers: list[Callable[[Optimizer], Trace]] = []
        self.patched: list[tuple[type, str, Callable, Callable]] = []

    def add(self, trace: Trace) -> None:
        self.traces.append(trace)
        self.patch()

    def remove(self, trace: Trace) -> None:
        self.traces.remove(trace)
        self.restore()

    def of(self, scheduler: LRScheduler) -> list[Trace]:
        optimizer = getattr(scheduler, "optimizer", None)
        found = [trace for trace in self.traces if trace.optimizer is optimizer]
        if self.newcomers and not found and isinstance(optimizer, Optimizer) and not hasattr(optimizer, _STANDIN):
            found = [meet(optimizer) for meet in self.newcomers]
        return found

    def patch(self) -> None:
        if self.patched:
            return
        for owner in _classes(LRScheduler):
            self._patch(owner)

        def born(owner: type[LRScheduler], **options: Any) -> None:
            super(LRScheduler, owner).__init_subclass__(**options)
            self._patch(owner)

        LRScheduler.__init_subclass__ = classmethod(born)  # type: ignore[assignment]  # a script makes classes of its own

    def _patch(self, owner: type) -> None:
        for name in self.METHODS:
            if name in vars(owner):
                original = vars(owner)[name]
                noted = getattr(self, name)(original)
                setattr(owner, name, noted)
                self.patched.append((owner, name, original, noted))

    def restore(self) -> None:
        if self.traces or self.newcomers or not self.patched:
            return
        del LRScheduler.__init_subclass__
        for owner, name, original, noted in self.patched:
            if vars(owner).get(name) is noted:
                setattr(owner, name, original)
        self.patched.clear()

    def step(self, original: Callable) -> Callable:
        @functools.wraps(original)
        def step(scheduler: LRScheduler, *args, **kwargs):
            traces = self.of(scheduler)
            if not traces:
                return original(scheduler, *args, **kwargs)
            stepping = traces[0].stepping_now
            if scheduler._is_initial or (stepping and any(scheduler is other for other in stepping)):
                for trace in traces:
                    trace.see(scheduler)
                return original(scheduler, *args, **kwargs)
            trace, *others = traces
            if not trace.updates and not stepping:
                for each in traces:
                    each.before_first()
            call = original
            for other in others:
                call = functools.partial(other.see(scheduler).step, call, other.updates)
            stepping.append(scheduler)
            try:
                return trace.see(scheduler).step(call, trace.updates, scheduler, *args, **kwargs)
            finally:
                stepping.pop()

        return step

    def state_dict(self, original: Callable) -> Callable:
        @functools.wraps(original)
        def state_dict(scheduler: LRScheduler, *args, **kwargs):
            for trace in self.of(scheduler):
                seen = trace.see(scheduler)
                if seen.saved is None:
                    seen.saved = trace.updates
            return original(scheduler, *args, **kwargs)

        return state_dict

    def load_state_dict(self, original: Callable) -> Callable:
        @functools.wraps(original)
        def load_state_dict(scheduler: LRScheduler, *args, **kwargs):
            result = original(scheduler, *args, **kwargs)
            for trace in self.of(scheduler):
                seen = trace.see(scheduler)
                if not len(seen):
                    seen.first = None  # it begins where the state left off
                trace.after_load()
            return result

        return load_state_dict


_watched = _Watched()


# --- Schedulers -----------------------------------------------------------------------------------------------

_STANDIN = "_lrcourse_standin"


def _classes(root: type) -> list[type]:
    """*root* and all classes made from it."""
    children: list[type] = root.__subclasses__()
    return list(dict.fromkeys([root, *(each for child in children for each in _classes(child))]))


def parts(scheduler: LRScheduler) -> list[LRScheduler]:
    """The schedulers that it steps itself: those of a Sequential, a Chained, a warm-up."""
    found = []
    for value in vars(scheduler).values():
        found += [each for each in (value if isinstance(value, list | tuple) else [value])
                  if issubclass(type(each), LRScheduler)]  # fmt: skip
    return found


def everything_in(scheduler: LRScheduler) -> list[LRScheduler]:
    """:func:`parts`, and theirs."""
    return [each for part in parts(scheduler) for each in (part, *everything_in(part))]


def counter(scheduler: LRScheduler) -> int:
    """How many steps it has behind it; a ChainedScheduler has none of its own."""
    if type(scheduler) is ChainedScheduler:
        return max(map(counter, parts(scheduler)))
    return int(scheduler.last_epoch)


def _kept(value: Any) -> Any:
    """A number as it is now: of a tensor a copy, which is read when the loop is over."""
    return value.detach().clone() if isinstance(value, Tensor) else value


def _twin(scheduler: LRScheduler) -> LRScheduler | None:
    """A copy, at the same update, on an optimizer of its own; None if it is a function of t anyway, or has no copy."""
    try:
        as_schedule(scheduler)
    except (TypeError, ValueError, AttributeError, KeyError):
        groups = [
            {"params": [torch.zeros(1, requires_grad=True)],
             **{key: deepcopy(value) for key, value in group.items() if key != "params"}}
            for group in scheduler.optimizer.param_groups
        ]  # fmt: skip
        try:
            standin = SGD(groups, lr=0.0)
            vars(standin)["_opt_called"] = True  # or the copy warns that no optimizer steps
            setattr(standin, _STANDIN, True)
            return deepcopy(scheduler, {id(scheduler.optimizer): standin})
        except Exception:  # anything may stand in a scheduler of one's own; then there is no plan, and no more
            return None
    return None


def _planned(trace: Trace, codes: Sequence[str]) -> NDArray[np.float64]:
    lr, seen = trace.lr, trace.main()
    plan = np.full(lr.shape, np.nan)
    if seen is None or not trace.updates:
        return plan
    at = np.arange(trace.updates)
    if {"never-stepped", "stepped-per-epoch"} & set(codes):
        when = (seen.first or 0) + at
    else:
        when = seen.at(at) - ("scheduler-before-optimizer" in codes)
    if isinstance(seen.scheduler, CosineAnnealingLR):
        when = np.minimum(when, seen.scheduler.T_max)
    if seen.twin is not None and seen.first is not None:
        rows = _replayed(seen.twin, int(when.max()) - seen.first, seen.calls)
        known = when - seen.first < len(rows)
        plan[known, : rows.shape[1]] = rows[when[known] - seen.first]
        return plan
    for group in range(min(lr.shape[1], len(getattr(seen.scheduler, "base_lrs", ())))):
        try:
            plan[:, group] = as_schedule(seen.scheduler, group)(when)
        except Exception:  # a function of the learner's own, or past its end
            continue
    return plan


def _replayed(twin: LRScheduler, steps: int, calls: dict[int, tuple[list, dict]]) -> NDArray[np.float64]:
    """Learning rates, ``(updates, groups)``, of a copy of *twin* that is stepped with the arguments of *calls*."""
    twin = deepcopy(twin)
    groups = twin.optimizer.param_groups
    rows = [[float(group["lr"]) for group in groups]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in range(steps):
            args, kwargs = calls.get(k, ((), {}))
            try:
                twin.step(*args, **kwargs)
            except Exception:  # past its end
                break
            rows.append([float(group["lr"]) for group in groups])
    return np.array(rows)
