"""The training loop that checks of schedulers share: no data and no loss, only the learning rates that updates use."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import LRScheduler

from ..words import say
from .exercise import NotYet


def new_optimizer(lrs: list[float]) -> Optimizer:
    """An optimizer with one param group for each learning rate."""
    return SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs])


def train(optimizer: Optimizer, scheduler: LRScheduler | None, updates: int) -> Any:
    """The learning rates that the next *updates* updates use, ``(updates, groups)``, as far as torch goes.

    None, an answer not yet written, gives None.
    """
    if scheduler is None:
        return None
    if not callable(getattr(scheduler, "step", None)):
        raise NotYet(say(
            "expected a scheduler, something with `.step()`, found {kind}",
            "应为调度器，即带有 `.step()` 的对象，得到 {kind}", kind=type(scheduler).__name__,
        ))  # fmt: skip
    trace = []
    with warnings.catch_warnings(action="ignore"):  # the judge words what torch would warn of
        for _ in range(updates):
            trace.append([float(group["lr"]) for group in optimizer.param_groups])
            optimizer.step()
            try:
                scheduler.step()
            except ValueError:  # OneCycleLR: "Tried to step ... times"
                break
    return trace
