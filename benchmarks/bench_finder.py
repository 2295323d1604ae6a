"""The range test against the bare training loop that it is made of, and against torch-lr-finder."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from statistics import median
from time import perf_counter

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD
from torch_lr_finder import LRFinder, TrainDataLoaderIter

from lrcourse import find_lr
from lrcourse.training import digits

STEPS, BATCH, REPEATS = 100, 32, 15
FIRST, LAST = 1e-6, 1e-2  # every step is made: nothing diverges


def network(width: int) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(64, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(width, width), nn.ReLU(),
        nn.Linear(width, 10),
    )  # fmt: skip


def bare(model: nn.Module, batches: list, optimizer: SGD) -> None:
    """One training as anybody writes it, its losses recorded."""
    losses = []
    model.train()
    for t in range(STEPS):
        x, y = batches[t % len(batches)]
        optimizer.zero_grad()
        loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())


def ours(model: nn.Module, batches: list, optimizer: SGD) -> None:
    _, lrs, _ = find_lr(model, batches, cross_entropy, optimizer, FIRST, LAST, STEPS)
    assert len(lrs) == STEPS


def theirs(model: nn.Module, batches: list, optimizer: SGD) -> None:
    """With ``reset``, without which model and optimizer stay trained."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        finder = LRFinder(model, optimizer, cross_entropy)
        finder.range_test(TrainDataLoaderIter(batches), start_lr=FIRST, end_lr=LAST, num_iter=STEPS)
        finder.reset()
    assert len(finder.history["lr"]) == STEPS


def measured(width: int) -> tuple[float, float, float]:
    """Seconds of the bare loop, of ours, of theirs: medians of turns taken one after the other."""
    x, y = digits()[:2]
    batches = [(x[i : i + BATCH], y[i : i + BATCH]) for i in range(0, len(x) - BATCH, BATCH)]
    batches = batches * (STEPS // len(batches) + 1)  # theirs cannot begin a list again
    times = {run: [] for run in (bare, ours, theirs)}
    for _ in range(REPEATS + 2):
        for run, seconds in times.items():
            model = network(width)
            optimizer = SGD(model.parameters(), lr=0.01, momentum=0.9)
            start = perf_counter()
            run(model, batches, optimizer)
            seconds.append(perf_counter() - start)
    return tuple(median(seconds[2:]) for seconds in times.values())


def rows() -> list[dict]:
    torch.set_num_threads(1)
    found = []
    for width in (64, 512):
        loop, mine, peer = measured(width)
        what = f"find_lr: {STEPS} updates of a network of width {width}, all restored"
        found += [
            {
                "what": what,
                "against": "a bare training loop",
                "target": "≥ 0.91×",
                "ratio": loop / mine,
                "seconds": mine,
                "note": f"takes {mine / loop:.3f}× of the loop's time (at most 1.10×)",
            },
            {
                "what": what,
                "against": "torch-lr-finder, with reset()",
                "target": "≥ 1×",
                "ratio": peer / mine,
                "seconds": mine,
                "note": f"which takes {peer / loop:.3f}× of the loop's time",
            },
        ]
    return found


if __name__ == "__main__":
    for row in rows():
        print(row)
