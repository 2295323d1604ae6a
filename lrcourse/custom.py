"""A schedule of your own: write ``lr`` as a function of t, and it is a scheduler.

Three ways, from torch's own to ours::

    LambdaLR(optimizer, custom_lr_lambda)                                  # torch: a factor of each base learning rate
    CustomScheduler(optimizer, simulated_annealing_schedule)               # the same, checked and resumable
    CurveLR(optimizer, curves.wsd(0.1, total_steps=1000, cooldown_steps=200))   # the learning rate itself
"""

from __future__ import annotations

import functools
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch.optim import Optimizer

from . import curves
from .curves import Schedule
from .training.scheduler import CurveLR, Function

__all__ = ["CustomScheduler", "custom_lr_lambda", "simulated_annealing_schedule"]


class CustomScheduler(CurveLR):
    """Update t uses ``schedule_fn(t)`` times each param group's base learning rate.

    As torch's LambdaLR, but for two things. A value that no learning rate can be (negative, NaN, infinite, no number)
    is a ValueError that names t, before the step is taken, where LambdaLR lets the model diverge. And a saved state
    brings the learning rates back, in whatever order optimizer and scheduler are loaded.

    As LambdaLR, it saves the ``__dict__`` of a schedule_fn that is an object with a memory, and nothing of a plain
    function or lambda: to resume, build it with the same function.

    Args:
        optimizer: whose groups it sets.
        schedule_fn: t = 0, 1, 2, ... -> multiplier; one for all param groups, or a list with one for each.
        last_epoch: as for :class:`~lrcourse.training.scheduler.CurveLR`.

    Raises:
        TypeError: schedule_fn is no function.
        ValueError: a value of schedule_fn that is negative, NaN, infinite or no number; too few or many functions.

    Example:
        >>> from lrcourse import CustomScheduler, schedulers
        >>> def make(optimizer):
        ...     return CustomScheduler(optimizer, lambda t: 1 - t / 5)
        >>> schedulers.record(make, 5).round(3).tolist()
        [0.1, 0.08, 0.06, 0.04, 0.02]
        >>> schedulers.record(make, 7)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        ValueError: schedule_fn must return a finite number, not negative, got -0.2 for t = 6; ...
    """

    _function = "schedule_fn"

    def __init__(self, optimizer: Optimizer, schedule_fn: Function | list[Function], last_epoch: int = -1) -> None:
        super().__init__(optimizer, schedule_fn, last_epoch, relative=True)


@overload
def custom_lr_lambda(epoch: int, *, warmup_epochs: int = ..., hold_epochs: int = ..., gamma: float = ...) -> float: ...
@overload
def custom_lr_lambda(
    epoch: ArrayLike, *, warmup_epochs: int = ..., hold_epochs: int = ..., gamma: float = ...
) -> NDArray[np.float64]: ...
def custom_lr_lambda(epoch, *, warmup_epochs=10, hold_epochs=20, gamma=0.95):
    """Warm-up, hold, decay, as a factor of the base learning rate: ``LambdaLR(optimizer, custom_lr_lambda)``.

    ``(t + 1) / (warmup_epochs + 1)`` for t < warmup_epochs, then 1 for hold_epochs, then ``gamma^k``, k = 0, 1, ...
    The first value is not 0: ``epoch / warmup_epochs`` would waste the first epoch. For other lengths::

        LambdaLR(optimizer, functools.partial(custom_lr_lambda, warmup_epochs=5, hold_epochs=45))

    Args:
        epoch: t from 0, one or an array of any shape.
        warmup_epochs, hold_epochs: lengths, 0 to leave one out.
        gamma: factor an epoch of the decay, greater than 0 and at most 1.

    Raises:
        TypeError, ValueError: a negative or NaN epoch, a length or gamma out of range.

    Example:
        >>> import numpy as np
        >>> from lrcourse import custom_lr_lambda
        >>> custom_lr_lambda(np.array([0, 9, 10, 29, 30, 31])).round(2).tolist()
        [0.09, 0.91, 1.0, 1.0, 1.0, 0.95]
    """
    warmup = curves._whole("warmup_epochs", warmup_epochs, 0, "a number of epochs, not negative")
    hold = curves._whole("hold_epochs", hold_epochs, 0, "a number of epochs, not negative")
    gamma = curves._number("gamma", gamma, "greater than 0 and at most 1, or it grows", lambda g: 0 < g <= 1)
    return _warm_hold_decay(warmup, hold, gamma)(epoch)


@functools.lru_cache(64)
def _warm_hold_decay(warmup: int, hold: int, gamma: float) -> Schedule:
    return curves.then(curves.linear_warmup(1, warmup), curves.exponential_lr(1, gamma), at=warmup + hold)


@overload
def simulated_annealing_schedule(epoch: int, T0: float = ..., T_min: float = ..., alpha: float = ...) -> float: ...
@overload
def simulated_annealing_schedule(
    epoch: ArrayLike, T0: float = ..., T_min: float = ..., alpha: float = ...
) -> NDArray[np.float64]: ...
def simulated_annealing_schedule(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    """``max(T_min, T0 · alpha^epoch)``: the temperature of simulated annealing, as a factor of the learning rate.

    Args:
        epoch: t from 0, one or an array of any shape.
        T0: temperature at the start.
        T_min: lowest temperature, at most T0.
        alpha: factor an epoch, greater than 0 and at most 1.

    Raises:
        TypeError, ValueError: a negative or NaN epoch, T0, T_min or alpha out of range.

    Source: Kirkpatrick, Gelatt & Vecchi, Science 220 (1983).

    Example:
        >>> import numpy as np
        >>> from lrcourse import simulated_annealing_schedule
        >>> simulated_annealing_schedule(np.array([0, 100, 1000])).round(3).tolist()
        [1.0, 0.366, 0.01]
    """
    numbers = {"T0": T0, "T_min": T_min, "alpha": alpha}
    return _annealing(*(curves._number(name, value) for name, value in numbers.items()))(epoch)


@functools.lru_cache(64)
def _annealing(T0: float, T_min: float, alpha: float) -> Schedule:
    return curves.simulated_annealing(1.0, T0, T_min, alpha)
