"""Schedules after one another, and schedules times one another: what SequentialLR and ChainedScheduler promise.

A learning rate that is a pure function of t composes without surprise: ``then(a, b, at=n)`` and ``a * b`` are such
functions again, to any depth, and become one scheduler with nothing in it but t, which resumes at every update::

    warm, cool = linear_warmup(0.1, 5), cosine_annealing_lr(0.1, T_max=95)
    scheduler = sequential(optimizer, [warm, cool], milestones=[5])
    scheduler = product(optimizer, [cyclic_lr(0.1, 0.001, 0.01, 20), exponential_lr(1, 0.99)])   # the second: a factor
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from . import curves
from .arguments import count, function, listed, positive
from .curves import Schedule
from .training.scheduler import CurveLR

__all__ = ["in_sequence", "multiplied", "product", "sequential", "what_it_does"]


def in_sequence(
    schedules: Sequence[Schedule], milestones: Sequence[int], total_steps: int | None = None
) -> Schedule:
    """One schedule after another, each begun anew at its milestone: ``then``, for any number of parts.

    Args:
        schedules: the parts, compositions or not.
        milestones: the first update of each part but the first, in order.
        total_steps: the length of the run, if a milestone beyond it should be an error.

    Raises:
        TypeError: a part that is no :class:`~lrcourse.curves.Schedule`.
        ValueError: no part; milestones that are too few or many, not whole, out of order or past the end of the run.

    Example:
        >>> import numpy as np
        >>> from lrcourse import chaining, curves
        >>> warm, cool = curves.linear_warmup(0.1, 5), curves.cosine_annealing_lr(0.1, T_max=95)
        >>> schedule = chaining.in_sequence([warm, cool], milestones=[5])
        >>> schedule(np.array([0, 4, 5, 52, 99])).round(3).tolist()
        [0.017, 0.083, 0.1, 0.051, 0.0]
    """
    schedules = _schedules(schedules)
    milestones = listed("milestones", milestones, "a list of update numbers, such as [30, 60]")
    milestones = [count("each of milestones", milestone) for milestone in milestones]
    if len(milestones) != len(schedules) - 1:
        raise ValueError(
            f"milestones must be one fewer than schedules, got {len(milestones)} for {len(schedules)}: each but the "
            "first begins at a milestone"
        )
    if any(b <= a for a, b in itertools.pairwise(milestones)):
        raise ValueError(
            f"milestones must be in order, each later than the one before, got {milestones}; torch's SequentialLR "
            "would silently leave parts out"
        )
    if total_steps is not None and max(milestones, default=0) >= count("total_steps", total_steps):
        raise ValueError(
            f"milestones must lie within the run of total_steps = {total_steps} updates, got {milestones[-1]}: "
            "its part would never run"
        )
    joined = schedules[0]
    for schedule, milestone in zip(schedules[1:], milestones, strict=True):
        joined = curves.then(joined, schedule, at=milestone)
    return joined


def multiplied(schedules: Sequence[Schedule]) -> Schedule:
    """The product of schedules at each t. One is a learning rate, the others are factors, built with ``lr=1``.

    Raises:
        TypeError: a part that is no :class:`~lrcourse.curves.Schedule`.
        ValueError: no part.

    Example:
        >>> from lrcourse import chaining, curves
        >>> drops, decay = curves.step_lr(0.1, step_size=10), curves.exponential_lr(1, gamma=0.9)  # decay: a factor
        >>> schedule = chaining.multiplied([drops, decay])
        >>> [round(schedule(t), 4) for t in (0, 1, 10)]
        [0.1, 0.09, 0.0035]
    """
    return functools.reduce(operator.mul, _schedules(schedules))


def sequential(
    optimizer: Optimizer, schedules: Sequence[Schedule], milestones: Sequence[int], total_steps: int | None = None, *,
    last_epoch: int = -1, relative: bool = False,
) -> CurveLR:  # fmt: skip
    """A torch scheduler that does what SequentialLR promises: :func:`in_sequence`, whose arguments it takes.

    What SequentialLR does instead: parts without a closed form go on from the learning rate they find
    (MultiplicativeLR, SWALR); a Sequential or Chained in any but the first position raises NotImplementedError; a
    OneCycleLR changes the base learning rate of all parts; milestones out of order leave parts out.

    Args:
        last_epoch, relative: as for :class:`~lrcourse.training.scheduler.CurveLR`: with ``relative=True`` the
            schedules, built with ``lr=1``, multiply each param group's base learning rate.

    Raises:
        TypeError, ValueError: as :func:`in_sequence`.

    Example:
        >>> from lrcourse import chaining, curves, schedulers
        >>> parts = [curves.linear_warmup(0.1, 3), curves.exponential_lr(0.1, gamma=0.5)]
        >>> lr = schedulers.record(lambda optimizer: chaining.sequential(optimizer, parts, milestones=[3]), 6)
        >>> lr.round(4).tolist()
        [0.025, 0.05, 0.075, 0.1, 0.05, 0.025]
    """
    schedule = in_sequence(schedules, milestones, total_steps)
    return CurveLR(optimizer, schedule, last_epoch, relative=relative)


def product(
    optimizer: Optimizer, schedules: Sequence[Schedule], *, last_epoch: int = -1, relative: bool = False
) -> CurveLR:
    """A torch scheduler that does what ChainedScheduler promises: :func:`multiplied`.

    What ChainedScheduler does instead: a part that overwrites (see :func:`what_it_does`) undoes those before it, at
    every update.

    Args:
        last_epoch, relative: as for :func:`sequential`.

    Raises:
        TypeError, ValueError: as :func:`multiplied`.

    Example:
        >>> from lrcourse import chaining, curves, schedulers
        >>> parts = [curves.step_lr(0.1, step_size=2), curves.exponential_lr(1, gamma=0.5)]
        >>> lr = schedulers.record(lambda optimizer: chaining.product(optimizer, parts), 4)
        >>> lr.round(5).tolist()
        [0.1, 0.05, 0.0025, 0.00125]
    """
    return CurveLR(optimizer, multiplied(schedules), last_epoch, relative=relative)


def _schedules(schedules: Sequence[Schedule]) -> Sequence[Schedule]:
    if not isinstance(schedules, list | tuple) or not schedules:
        raise ValueError(f"schedules must be a list of at least one schedule, got {schedules!r}")
    return [curves._schedule(f"schedules[{i}]", schedule) for i, schedule in enumerate(schedules)]


def what_it_does(
    make: Callable[[Optimizer], LRScheduler], steps: int = 30, lr: float = 0.1
) -> Literal["multiplies", "overwrites", "neither"]:
    """What a scheduler does to a learning rate that somebody else has changed: the experiment that decides a chain.

    For each of the updates 1 ... steps, halve the learning rate that it finds. If it comes out half as large, each
    time, the scheduler multiplies, and is itself in a ChainedScheduler; if it comes out as ever, it overwrites, and
    undoes whoever stepped before it; a cosine with eta_min pulls towards a value, and does neither.

    Args:
        make: builds the scheduler on an optimizer, as ``partial(StepLR, step_size=30)``.
        steps: how many updates to try. What a class does may change: a cosine's rise is no multiplication.
        lr: the optimizer's learning rate.

    Returns:
        The verdict; of updates at which it stays at 0, whichever way, nothing is said.

    Example:
        >>> from functools import partial
        >>> from torch.optim.lr_scheduler import CyclicLR, StepLR
        >>> from lrcourse.chaining import what_it_does
        >>> what_it_does(partial(StepLR, step_size=10))
        'multiplies'
        >>> what_it_does(partial(CyclicLR, base_lr=0.01, max_lr=0.1))
        'overwrites'
    """
    function("make", make, "the optimizer that returns a scheduler")
    lr = positive("lr", lr)
    found: set[Literal["multiplies", "overwrites", "neither"]] = set()
    for t in range(count("steps", steps)):
        usual, halved = (_after(make, t, lr, factor) for factor in (1.0, 0.5))
        if math.isclose(usual, halved, rel_tol=1e-9, abs_tol=0):
            if usual:
                found.add("overwrites")
        else:
            found.add("multiplies" if math.isclose(halved, usual / 2, rel_tol=1e-9) else "neither")
    return found.pop() if len(found) == 1 else "neither"


def _after(make: Callable[[Optimizer], LRScheduler], t: int, lr: float, factor: float) -> float:
    """lr(t + 1), if the learning rate of update t is first multiplied by *factor*."""
    optimizer = torch.optim.SGD([torch.zeros((), requires_grad=True)], lr=lr, momentum=0.9)
    scheduler = make(optimizer)
    for _ in range(t):
        optimizer.step()
        scheduler.step()
    optimizer.param_groups[0]["lr"] *= factor
    optimizer.step()
    scheduler.step()
    return float(optimizer.param_groups[0]["lr"])
