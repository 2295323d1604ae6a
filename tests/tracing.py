"""What a scheduler does to a real optimizer, update by update, also after its state has gone through a file."""

import io

import numpy as np
import torch

LRS = (0.1, 0.004)  # two param groups
ORDERS = ("optimizer first", "scheduler first", "built after loading", "scheduler alone")


def new_optimizer(lrs=LRS, kind=torch.optim.SGD, **arguments):
    if kind is torch.optim.SGD:
        arguments = {"momentum": 0.9, **arguments}
    groups = [{"params": [torch.zeros((), requires_grad=True)], "lr": lr} for lr in lrs]
    return kind(groups, lr=lrs[0], **arguments)


def setting(optimizer):
    """Learning rate and momentum of each group."""
    return [
        (float(group["lr"]), float(group["betas"][0] if "betas" in group else group["momentum"]))
        for group in optimizer.param_groups
    ]


def run(optimizer, scheduler, steps, metric=None):
    """``(steps, groups, 2)``: what the next *steps* updates use."""
    seen = []
    for _ in range(steps):
        seen.append(setting(optimizer))
        optimizer.step()
        scheduler.step() if metric is None else scheduler.step(metric)
    return np.array(seen).reshape(steps, len(optimizer.param_groups), 2)


def trace(make, steps, lrs=LRS, metric=None):
    """``(steps, groups)``: the learning rates that updates 0 ... steps - 1 use."""
    optimizer = new_optimizer(lrs)
    return run(optimizer, make(optimizer), steps, metric)[:, :, 0]


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def resumed(make, at, steps, order, metric=None):
    """As :func:`run` of *steps* updates from the beginning, but saved and loaded after *at* of them."""
    first = new_optimizer()
    scheduler = make(first)
    before = run(first, scheduler, at, metric)
    optimizer_state, state = through_a_file(first.state_dict()), through_a_file(scheduler.state_dict())
    second = new_optimizer()
    if order == "built after loading":
        second.load_state_dict(optimizer_state)
    scheduler = make(second)
    if order == "optimizer first":
        second.load_state_dict(optimizer_state)
    scheduler.load_state_dict(state)
    if order == "scheduler first":
        second.load_state_dict(optimizer_state)
    return np.concatenate([before, run(second, scheduler, steps - at, metric)])
