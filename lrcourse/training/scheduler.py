"""A pure function of t becomes a real torch scheduler: the one mechanism behind every scheduler of the course."""

from __future__ import annotations

import copy
import inspect
import math
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from .. import curves
from ..arguments import flag, instance, shown, whole
from ..curves import Schedule

Function = Callable[[int], float]
"""Of t = 0, 1, 2, ...: a :class:`~lrcourse.curves.Schedule`, or any function."""


class ResumableLR(LRScheduler):
    """A torch scheduler whose state also holds the learning rate and momentum that the optimizer's groups have.

    Torch's schedulers leave these to the optimizer's own state, so what comes back depends on what is loaded, and in
    which order. Here ``load_state_dict`` puts them back: any order is right, before or after the optimizer's state or
    without it, inside a SequentialLR too.
    """

    _left_out: tuple[str, ...] = ()  # attributes that state_dict does not take as they are

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers (tensors where the learning rate is one): ``torch.load(..., weights_only=True)`` reads them."""
        state = {key: value for key, value in super().state_dict().items() if key not in self._left_out}
        for key in ("base_lrs", "_last_lr"):
            state[key] = [rate if isinstance(rate, Tensor) else float(rate) for rate in state[key]]
        state["groups"] = [
            {"lr": float(group["lr"]), "momentum": momentum_of(group)} for group in self.optimizer.param_groups
        ]
        return {**state, "kind": self._kind()}

    def _kind(self) -> str:
        """What a state must come from."""
        return type(self).__name__

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where the scheduler stood that *state_dict* was taken from, with its learning rates.

        Raises:
            ValueError: it is of another kind of scheduler, or for another number of param groups.
        """
        state = dict(state_dict)
        saved, kind, groups = state.pop("groups", None), state.pop("kind", None), self.optimizer.param_groups
        if saved is None or kind != self._kind():
            raise ValueError(
                f"state_dict must be one of a {self._kind()}, got "
                + (f"one of a {kind}" if kind else f"entries {', '.join(map(str, state_dict))}")
            )
        if len(saved) != len(groups):
            raise ValueError(f"state_dict must be for {len(groups)} param groups, got one for {len(saved)}")
        self._restore(state)
        for group, values in zip(groups, saved, strict=True):
            _set(group, "lr", values["lr"])
            if values["momentum"] is not None and momentum_of(group) is not None:
                _set_momentum(group, values["momentum"])

    def _restore(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class CurveLR(ResumableLR):
    """The learning rate that update t uses is ``schedule(t)``: a pure function of time as a torch scheduler.

    Unlike LambdaLR with a product of two curves, or SequentialLR and ChainedScheduler, it knows nothing but t: it
    nests, resumes at any update, and is right from the first one. If a schedule cycles momentum (``one_cycle_lr``,
    ``cyclic_lr``), the optimizer's momentum, or Adam's beta1, follows it, as with torch's own class.

    A tensor learning rate (``lr=torch.tensor(0.1)``) is filled in place. What a function of yours remembers is saved
    as by LambdaLR: the ``__dict__`` of an object, nothing of a function or lambda.

    Args:
        optimizer: whose groups it sets.
        schedule: a :class:`~lrcourse.curves.Schedule` or any function of t, for all param groups, or a list with one
            for each. A Schedule is asked for many updates at once, ahead of time; any other function for each t, once
            for each group.
        last_epoch: the update before the next one, to go on without a saved state; torch then wants ``initial_lr`` in
            each group.
        relative: whether ``schedule(t)`` multiplies each group's base learning rate (``initial_lr``, what the
            optimizer was built with), as a LambdaLR does, instead of replacing it.

    Raises:
        TypeError: optimizer is none, or schedule is no function.
        ValueError: too few or many schedules; a schedule that cycles momentum for an optimizer without; and, naming t,
            here or at a ``step()``, a value that is negative, NaN, infinite or no number. The step is then not taken.

    Example:
        >>> from lrcourse import CurveLR, curves, schedulers
        >>> schedule = curves.linear_warmup(0.1, 3) * curves.linear_to_zero(1, 10)
        >>> schedulers.record(lambda optimizer: CurveLR(optimizer, schedule), 6).round(4).tolist()
        [0.025, 0.045, 0.06, 0.07, 0.06, 0.05]
        >>> schedule(range(6)).round(4).tolist()
        [0.025, 0.045, 0.06, 0.07, 0.06, 0.05]
    """

    _left_out = ("schedules", "relative", "_ahead", "_momenta")
    _function = "schedule"

    def __init__(
        self, optimizer: Optimizer, schedule: Function | Sequence[Function], last_epoch: int = -1, *,
        relative: bool = False,
    ) -> None:  # fmt: skip
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"optimizer must be a torch optimizer, got {optimizer!r}")
        groups = optimizer.param_groups
        schedules: list[Any] = list(schedule) if isinstance(schedule, list | tuple) else [schedule] * len(groups)
        if len(schedules) != len(groups):
            raise ValueError(f"{self._function} must be one function, or one for each of {len(groups)} param groups, "
                             f"got {len(schedules)}")  # fmt: skip
        for function, group in zip(schedules, groups, strict=True):
            if not callable(function):
                raise TypeError(f"{self._function} must be a function of the update number t, got {function!r}")
            if _cycles_momentum(function) and momentum_of(group) is None:
                raise ValueError(
                    f"{self._function} cycles momentum, which {type(optimizer).__name__} does not have: build "
                    "the schedule with cycle_momentum=False"
                )
        relative, last_epoch = flag("relative", relative), whole("last_epoch", last_epoch, least=-1)
        if last_epoch >= 0 and not all("initial_lr" in group for group in groups):
            raise ValueError(
                f"last_epoch must be -1 for a new run, got {last_epoch}; to go on from there each param group needs an "
                "initial_lr, which comes with the optimizer's saved state"
            )
        _unshare(optimizer)
        self.schedules = schedules
        self._ahead = [_ahead(function) for function in schedules]
        self._momenta = [_ahead(function.momentum) if _cycles_momentum(function) else None for function in schedules]
        self.relative = relative
        fresh = [group for group in groups if "initial_lr" not in group]
        try:
            super().__init__(optimizer, last_epoch)
        except Exception:
            for group in fresh:
                group.pop("initial_lr", None)
            raise

    def get_lr(self) -> list[float]:  # type: ignore[override]  # torch has tensors too; these are always floats
        """What update ``last_epoch`` uses, one a group. To look at it from outside, call ``get_last_lr()``."""
        groups = self.optimizer.param_groups
        if len(groups) != len(self.schedules):
            raise ValueError(
                f"optimizer must keep the {len(self.schedules)} param groups that it had, got {len(groups)}; "
                f"build the {type(self).__name__} after add_param_group"
            )
        rates = [self._value(function) for function in self._ahead]
        return [float(base) * rate for base, rate in zip(self.base_lrs, rates, strict=True)] if self.relative else rates

    def as_schedule(self, group: int = 0) -> Schedule:
        """The learning rate of one param group as a pure function of t."""
        function = self.schedules[group]
        if not isinstance(function, Schedule):
            function = curves.lambda_lr(1.0, function)
        return float(self.base_lrs[group]) * function if self.relative else function

    def _value(self, function: Function) -> float:
        value = function(self.last_epoch - self._is_after_the_end(function))
        try:
            number = math.nan if isinstance(value, bool | str | bytes) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not 0 <= number < math.inf:
            factor = "; it multiplies each group's base learning rate" if self.relative else ""
            got = f"{value:.4g}" if isinstance(value, float) else shown(value)
            raise ValueError(
                f"{self._function} must return a finite number, not negative, got {got} for t = {self.last_epoch}"
                + factor
            )
        return number

    def _is_after_the_end(self, function: Function) -> bool:
        """Whether this is the step that a loop makes after its last update, and whose value no update uses."""
        return isinstance(function, _Ahead) and self.last_epoch - 1 < function.schedule._law.last < self.last_epoch

    def _update_lr(self, epoch: int | None = None) -> None:
        before = self.last_epoch
        try:
            super()._update_lr(epoch)
        except Exception:
            self.last_epoch = before
            if epoch is None:  # from step(), which has counted; a SequentialLR comes with 0, and has not
                self._step_count -= 1
            raise
        for group, momentum in zip(self.optimizer.param_groups, self._momenta, strict=True):
            if momentum is not None:
                _set_momentum(group, momentum(self.last_epoch - self._is_after_the_end(momentum)))

    def state_dict(self) -> dict[str, Any]:
        """As ``ResumableLR.state_dict``, and what those schedules remember that are objects with a memory."""
        return {**super().state_dict(), "schedules": [_memory(function) for function in self.schedules]}

    def _restore(self, state: dict[str, Any]) -> None:
        for function, memory in zip(self.schedules, state.pop("schedules"), strict=True):
            if memory is not None:
                vars(function).update(copy.deepcopy(memory))
        super()._restore(state)


# --- A schedule from a scheduler ------------------------------------------------------------------------------

_FACTORIES = {
    lr_scheduler.StepLR: curves.step_lr,
    lr_scheduler.MultiStepLR: curves.multi_step_lr,
    lr_scheduler.ConstantLR: curves.constant_lr,
    lr_scheduler.LinearLR: curves.linear_lr,
    lr_scheduler.ExponentialLR: curves.exponential_lr,
    lr_scheduler.PolynomialLR: curves.polynomial_lr,
    lr_scheduler.CosineAnnealingLR: curves.cosine_annealing_lr,
    lr_scheduler.CosineAnnealingWarmRestarts: curves.cosine_annealing_warm_restarts,
    lr_scheduler.LambdaLR: curves.lambda_lr,
    lr_scheduler.MultiplicativeLR: curves.multiplicative_lr,
}


def as_schedule(scheduler: LRScheduler, group: int = 0) -> Schedule:
    """The learning rate that a built scheduler gives one param group, from update 0 on, as a pure function of t.

    The way back from :class:`CurveLR`: ``CurveLR(optimizer, as_schedule(scheduler))`` does the same, and composes. Of
    the classes of torch, those that keep their arguments by name; of all others :func:`lrcourse.curves.recorded` makes
    a schedule from a recording.

    Raises:
        TypeError: a scheduler that is no function of t alone, or does not keep its arguments.
        ValueError: there is no such param group.

    Example:
        >>> import torch
        >>> from lrcourse.training.scheduler import as_schedule
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        >>> schedule = as_schedule(torch.optim.lr_scheduler.StepLR(optimizer, step_size=30))
        >>> schedule, schedule([29, 30]).round(4).tolist()
        (step_lr(lr=0.1, step_size=30), [0.1, 0.01])
    """
    instance("scheduler", scheduler, LRScheduler, "a built torch scheduler")
    whole("group", group, most=len(scheduler.optimizer.param_groups) - 1)
    if isinstance(scheduler, CurveLR):
        return scheduler.as_schedule(group)
    factory = _FACTORIES.get(type(scheduler))
    if factory is None:
        raise TypeError(
            f"scheduler must be a CurveLR or one of torch's {', '.join(c.__name__ for c in _FACTORIES)}, got "
            f"{type(scheduler).__name__}; curves.recorded(schedulers.record(make, steps)) records any other"
        )
    arguments: dict[str, Any] = {"lr": float(scheduler.base_lrs[group])}
    for name in list(inspect.signature(factory).parameters)[1:]:
        value = getattr(scheduler, "lr_lambdas" if name == "lr_lambda" else name)
        if name == "lr_lambda":
            value = value[group]
            if _memory(value) is not None:
                raise TypeError(f"scheduler must be a function of t alone, got a {type(scheduler).__name__} whose "
                                "function is an object with a memory")  # fmt: skip
        elif name == "milestones":
            value = sorted(value.elements())
        arguments[name] = value
    return factory(**arguments)


# --- Functions and param groups -------------------------------------------------------------------------------


_BLOCK = 256


class _Ahead:
    """A schedule, asked for a block of updates at a time: that is as fast as torch's own classes."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule, self.block = schedule, -1
        self.values: list[float] = []

    def __call__(self, t: int) -> float:
        if t // _BLOCK != self.block:
            block = t // _BLOCK
            try:
                self.values = self.schedule(range(block * _BLOCK, (block + 1) * _BLOCK)).tolist()
            except Exception:  # another update of the block has no value; if it is this one, the next line says so
                return self.schedule(t)
            self.block = block
        return self.values[t % _BLOCK]


def _ahead(function: Function) -> Function:
    return _Ahead(function) if isinstance(function, Schedule) else function


def _memory(function: Callable) -> dict[str, Any] | None:
    """What LambdaLR saves of a function."""
    if isinstance(function, types.FunctionType | Schedule):
        return None
    return copy.deepcopy(dict(getattr(function, "__dict__", {}))) or None


def _unshare(optimizer: Optimizer) -> None:
    """Give each param group a tensor learning rate of its own: groups built from one ``lr=torch.tensor(...)`` share it,
    with each other and with the optimizer's default."""
    seen = set()
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            if id(group["lr"]) in seen:
                group["lr"] = group["lr"].clone()
            seen.add(id(group["lr"]))
    if id(optimizer.defaults.get("lr")) in seen:
        optimizer.defaults["lr"] = optimizer.defaults["lr"].clone()


def _cycles_momentum(function: Function) -> bool:
    return isinstance(function, Schedule) and function.cycles_momentum


def momentum_of(group: Mapping[str, Any]) -> float | None:
    """Momentum, or Adam's beta1; None if the group has neither."""
    value = group["betas"][0] if "betas" in group else group.get("momentum")
    return None if value is None else float(value)


def _set_momentum(group: dict[str, Any], value: float) -> None:
    if "betas" not in group:
        _set(group, "momentum", value)
    elif isinstance(group["betas"][0], Tensor):
        group["betas"][0].fill_(value)
    else:
        group["betas"] = (value, *group["betas"][1:])


def _set(group: dict[str, Any], key: str, value: float) -> None:
    """A tensor stays the one that a compiled step reads."""
    if isinstance(group[key], Tensor):
        group[key].fill_(value)
    else:
        group[key] = value
