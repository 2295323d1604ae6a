"""Warm-up: real torch schedulers that start low, and then let another one run.

``lr(t)`` is the learning rate that update t = 0, 1, 2, ... uses; read "epoch" where the loop steps once an epoch. All
warm-ups of the course rise by ``(t + 1) / (w + 1)``: the first update moves, and update w has the full learning rate.
See :func:`lrcourse.curves.linear_warmup` for the conventions of other libraries.

    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    cosine = CosineAnnealingLR(optimizer, T_max=95)
    scheduler = WarmupScheduler(optimizer, warmup_epochs=5, after_scheduler=cosine)   # cosine begins at update 5

Warm-ups that are pure functions need none of these classes: ``CurveLR(optimizer, curves.wsd(...))``.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from . import curves
from .arguments import count
from .training.fit import wants_metric
from .training.scheduler import CurveLR, ResumableLR

__all__ = ["TransformerLRScheduler", "WarmupScheduler", "get_linear_warmup_scheduler"]


class WarmupScheduler(ResumableLR):
    """Linear warm-up, then another scheduler from its own beginning, whatever its class.

    Update t < w = *warmup_epochs* uses ``target · (t + 1) / (w + 1)``, update ``w + k`` what the after-scheduler gives
    at its own update k. The target is what it gives at k = 0, for each param group its own, so that the groups keep
    their ratios and nothing jumps. After a :class:`~torch.optim.lr_scheduler.ReduceLROnPlateau`, ``step(metric)`` is
    called as one would without warm-up; metrics of the warm-up are not shown to it.

    What the usual naive version gets wrong: ``epoch / warmup_epochs`` makes the first learning rate 0, and the first
    update is wasted; or the first update runs at the full one, since only ``step()`` sets the warm-up's; the
    after-scheduler is never stepped, or has been stepped meanwhile, so that it begins in the middle; its ``step()``
    starts from what the warm-up left in the optimizer; plateau's metric does not reach it; its state is not saved.

    Args:
        optimizer: whose groups it sets.
        warmup_epochs: w, the number of updates (or epochs) below the target, at least 1.
        after_scheduler: a scheduler built on this optimizer and not stepped yet, any class. From now on only this
            WarmupScheduler steps it, saves it and loads it. None holds the optimizer's own learning rate.

    Raises:
        TypeError: after_scheduler is no scheduler; at a ``step``, a metric is missing or not wanted.
        ValueError: warmup_epochs is no positive whole number; after_scheduler belongs to another optimizer, or has
            been stepped.

    Example:
        >>> from torch.optim.lr_scheduler import StepLR
        >>> from lrcourse import WarmupScheduler
        >>> from lrcourse.schedulers import record
        >>> record(lambda optimizer: WarmupScheduler(optimizer, 3, StepLR(optimizer, step_size=2)), 8).round(4).tolist()
        [0.025, 0.05, 0.075, 0.1, 0.1, 0.01, 0.01, 0.001]
    """

    _left_out = ("after_scheduler",)

    def __init__(
        self, optimizer: Optimizer, warmup_epochs: int, after_scheduler: LRScheduler | None = None
    ) -> None:
        self.warmup_epochs = count("warmup_epochs", warmup_epochs)
        _check_after(optimizer, after_scheduler)
        self.after_scheduler = after_scheduler
        self._targets = [float(lr) for lr in _first_rates(optimizer, after_scheduler)]
        super().__init__(optimizer)

    def _kind(self) -> str:
        after = self.after_scheduler
        return super()._kind() if after is None else f"{super()._kind()} around {type(after).__name__}"

    @property
    def wants_metric(self) -> bool:
        """Whether ``step(metric)`` needs a metric once the warm-up is over."""
        return wants_metric(self.after_scheduler)

    def get_lr(self) -> list[float]:  # type: ignore[override]  # torch has tensors too; these are always floats
        """What update ``last_epoch`` uses, one a group. To look at it from outside, call ``get_last_lr()``."""
        if self.last_epoch > self.warmup_epochs:
            return [float(group["lr"]) for group in self.optimizer.param_groups]
        done = (self.last_epoch + 1) / (self.warmup_epochs + 1)
        return [target * done for target in self._targets]

    def step(self, metrics: float | None = None) -> None:
        """Go on to the next update; *metrics* is for a ReduceLROnPlateau, and not asked for during the warm-up."""
        if len(self.optimizer.param_groups) != len(self._targets):
            raise ValueError(
                f"optimizer must keep the {len(self._targets)} param groups that it had, got "
                f"{len(self.optimizer.param_groups)}; build the WarmupScheduler after add_param_group"
            )
        if metrics is not None and not self.wants_metric:
            raise TypeError(f"metrics is for a ReduceLROnPlateau, which alone reads it; got {metrics!r}: step()")
        if self.after_scheduler is not None and self.last_epoch >= self.warmup_epochs:
            if self.wants_metric and metrics is None:
                raise TypeError(
                    "metrics must be given once the warm-up is over: step(metric), what ReduceLROnPlateau watches"
                )
            if self.wants_metric:
                self.after_scheduler.step(metrics)  # type: ignore[arg-type]  # a ReduceLROnPlateau, or one around it
            else:
                self.after_scheduler.step()
        super().step()

    def state_dict(self) -> dict[str, Any]:
        """As ``ResumableLR.state_dict``, and the after-scheduler's."""
        after = self.after_scheduler
        return {**super().state_dict(), "after_scheduler": None if after is None else after.state_dict()}

    def _restore(self, state: dict[str, Any]) -> None:
        after = state.pop("after_scheduler")
        if after is not None and self.after_scheduler is not None:
            self.after_scheduler.load_state_dict(after)
        super()._restore(state)


def _check_after(optimizer: Optimizer, after: object) -> None:
    if after is None:
        return
    if not isinstance(after, LRScheduler):
        raise TypeError(
            f"after_scheduler must be a scheduler built on this optimizer, or None, got {after!r}; "
            "as CosineAnnealingLR(optimizer, T_max=100)"
        )
    if after.optimizer is not optimizer:
        raise ValueError(
            "after_scheduler must be built on this optimizer, got one of another, whose learning rate nobody uses"
        )
    stood = max(getattr(part, "last_epoch", 0) for part in (after, *getattr(after, "_schedulers", ())))
    if stood > 0:
        raise ValueError(
            f"after_scheduler must stand at its beginning, got one at update {stood}; build it just before "
            "the WarmupScheduler, and leave stepping it to that"
        )


def _first_rates(optimizer: Optimizer, after: LRScheduler | None) -> list[float]:
    """What *after* gives at its update 0.

    Where it can be had without, not what stands in the optimizer: that is the warm-up's, if a notebook cell that builds
    both runs again on one optimizer. (MultiplicativeLR, SWALR and ChainedScheduler leave no other trace of it: build
    the optimizer anew with them.)
    """
    if after is None or isinstance(after, ReduceLROnPlateau):
        return [group.get("initial_lr", group["lr"]) for group in optimizer.param_groups]
    if hasattr(after, "_get_closed_form_lr"):
        with suppress(ZeroDivisionError):  # of LinearLR(total_iters=0), which is silly but runs
            return after._get_closed_form_lr()
    return [group["lr"] for group in optimizer.param_groups]


def get_linear_warmup_scheduler(
    optimizer: Optimizer, warmup_epochs: int, total_epochs: int, after_scheduler: LRScheduler | None = None
) -> WarmupScheduler:
    """A :class:`WarmupScheduler` for a run of known length: *warmup_epochs* of linear warm-up, then *after_scheduler*.

    The after-scheduler has ``total_epochs - warmup_epochs`` updates (or epochs) to itself: that is its T_max or its
    total_steps. None holds the full learning rate.

    What the usual naive version gets wrong, a LambdaLR of ``epoch / warmup_epochs`` in a SequentialLR: the first
    learning rate is 0; parts without a closed form (MultiplicativeLR, a Sequential or Chained) go on from the warm-up's
    learning rate or raise; ReduceLROnPlateau is refused.

    Raises:
        ValueError: a warm-up longer than the run; otherwise as :class:`WarmupScheduler`, TypeError too.

    Example:
        >>> from torch.optim.lr_scheduler import LinearLR
        >>> from lrcourse import get_linear_warmup_scheduler, schedulers
        >>> def make(optimizer):
        ...     decay = LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=8 - 3)
        ...     return get_linear_warmup_scheduler(optimizer, 3, total_epochs=8, after_scheduler=decay)
        >>> schedulers.record(make, 8).round(4).tolist()
        [0.025, 0.05, 0.075, 0.1, 0.08, 0.06, 0.04, 0.02]
    """
    if count("warmup_epochs", warmup_epochs) > count("total_epochs", total_epochs):
        raise ValueError(
            f"warmup_epochs must be at most total_epochs = {total_epochs}, got {warmup_epochs}: the warm-up is longer "
            "than the run"
        )
    return WarmupScheduler(optimizer, warmup_epochs, after_scheduler)


class TransformerLRScheduler(CurveLR):
    """``lr = d_model^-½ · min(s^-½, s · warmup_steps^-3/2)``, s = t + 1 from 1: the paper's formula, at every update.

    Absolute, as in the paper: it takes the place of the optimizer's own learning rate, which is ignored, and is the
    same for all param groups. To scale it, ``CurveLR(optimizer, 2 * curves.transformer(d_model))``; for several groups
    a list of such.

    What the usual naive version gets wrong: s from 0, which divides by zero (or, patched, repeats a value); the
    optimizer's learning rate left as it was for the first update, so that it runs at lr = 1; a factor of the base
    learning rate, so that the default lr = 1e-3 makes it a thousand times smaller; a ``step`` of its own, without
    state_dict.

    Args:
        optimizer: whose groups it sets.
        d_model: width of the model.
        warmup_steps: the update ``warmup_steps - 1`` uses the highest, ``(d_model · warmup_steps)^-½``.
        last_epoch: as for :class:`~lrcourse.training.scheduler.CurveLR`.

    Raises:
        ValueError: d_model or warmup_steps is not positive, or no whole number.

    Source: Vaswani et al., arXiv:1706.03762, section 5.3, equation 3.

    Example:
        >>> from functools import partial
        >>> from lrcourse import TransformerLRScheduler, schedulers
        >>> make = partial(TransformerLRScheduler, d_model=512, warmup_steps=4)
        >>> schedulers.record(make, 6, lr=1.0).round(4).tolist()  # the optimizer's lr of 1 is ignored
        [0.0055, 0.011, 0.0166, 0.0221, 0.0198, 0.018]
    """

    def __init__(self, optimizer: Optimizer, d_model: int, warmup_steps: int = 4000, last_epoch: int = -1) -> None:
        super().__init__(optimizer, curves.transformer(d_model, warmup_steps), last_epoch)
