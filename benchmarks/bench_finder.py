"""The range test against the bare training loop that it is made of, and against torch-lr-finder.

``python -m benchmarks.bench_finder`` also prints what four finders do, side by side: ours and torch-lr-finder measured
in this run, fastai and Lightning as they were when this was written.
"""

from __future__ import annotations

import copy
import io
import random
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from statistics import median
from time import perf_counter

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD
from torch_lr_finder import LRFinder, TrainDataLoaderIter

from lrcourse import find_lr
from lrcourse.finder import SUGGESTIONS
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


# --- Side by side ---------------------------------------------------------------------------------------------

FASTAI = {  # 2.8.12
    "suggestion": "valley .010-.015, slide .060, minimum .048-.072, steep .10-.24",
    "smoothing": "EMA, debiased", "non-finite loss": "truncates", "slope over": "log LR",
    "after the test": "restores model, optimizer, gradients; not the random state, not the mode",
    "per-group LR": "lists",
}  # fmt: skip
LIGHTNING = {  # 2.6.6
    "suggestion": ".040 / .040 / .0044", "smoothing": "EMA, debiased", "non-finite loss": "drops",
    "slope over": "linear LR", "after the test": "restores model, random state, mode, gradients", "per-group LR": "one",
}  # fmt: skip


def state(model: nn.Module, optimizer: SGD) -> dict[str, object]:
    """All that a test should leave alone, by name."""
    moving = [value for entry in optimizer.state.values() for value in entry.values()]
    return copy.deepcopy({
        "weights": [p.detach() for p in model.parameters()], "buffers": list(model.buffers()),
        "optimizer": [optimizer.state_dict()["param_groups"], moving],
        "gradients": [p.grad for p in model.parameters()], "mode": [module.training for module in model.modules()],
        "random state": [torch.get_rng_state(), random.getstate()],
    })  # fmt: skip


def unlike(a: object, b: object) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return not torch.equal(a, b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) != len(b) or any(map(unlike, a, b))
    return type(a) is not type(b) or a != b


def changes(run: Callable, error: BaseException | None = None) -> str:
    """The parts that *run* leaves changed in a trained model in evaluation mode, or where a batch raises *error*."""
    x, y = digits()[:2]
    model, calls = network(64), []
    optimizer = SGD(model.parameters(), lr=0.01, momentum=0.9)
    batches = [(x[i : i + BATCH], y[i : i + BATCH]) for i in range(0, len(x) - BATCH, BATCH)] * 3
    bare(model, batches[:20], optimizer)
    model.eval()

    def criterion(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        if error is not None and len(calls) == 30:
            raise error
        return cross_entropy(outputs, targets)

    before = state(model, optimizer)
    try:
        run(model, batches, criterion, optimizer)
    except BaseException as caught:
        if caught is not error:
            raise
    after = state(model, optimizer)
    return ", ".join(part for part in before if unlike(before[part], after[part])) or "nothing"


def our_test(model: nn.Module, batches: list, criterion: Callable, optimizer: SGD):
    return find_lr(model, batches, criterion, optimizer, 1e-5, 10, STEPS)


def their_test(model: nn.Module, batches: list, criterion: Callable, optimizer: SGD, reset: bool = True) -> LRFinder:
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        finder = LRFinder(model, optimizer, criterion)
        finder.range_test(TrainDataLoaderIter(batches), start_lr=1e-5, end_lr=10, num_iter=STEPS)
        if reset:
            finder.reset()
    return finder


def suggested() -> tuple[list[float], dict[str, list[float]]]:
    """Of three seeds (weights and batches): what theirs suggests, and each of our four."""
    x, y = digits()[:2]
    theirs, ours = [], {name: [] for name in SUGGESTIONS}
    for seed in range(3):
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
        batches = [(x[rows], y[rows]) for rows in order.split(BATCH)] * 3
        for run in (their_test, our_test):
            torch.manual_seed(seed)
            model = nn.Sequential(
                nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10)
            )  # fmt: skip
            found = run(model, batches, cross_entropy, SGD(model.parameters(), lr=0.01, momentum=0.9))
            if run is our_test:
                for name, lr in found.suggestions.items():
                    ours[name].append(lr)
            else:
                lrs, losses = (np.array(found.history[key]) for key in ("lr", "loss"))
                theirs.append(float(lrs[np.gradient(losses).argmin()]))
    return theirs, ours


def side_by_side() -> dict[str, dict[str, str]]:
    """What four finders do: finder → row → words."""
    theirs, ours = suggested()
    shown = lambda values: f"{min(values):.2g}-{max(values):.2g}"  # noqa: E731
    no_reset = lambda *parts: their_test(*parts, reset=False)  # noqa: E731
    return {
        "lrcourse": {
            "suggestion": ", ".join(f"{name} {shown(values)}" for name, values in ours.items()),
            "smoothing": "EMA, debiased", "non-finite loss": "stops, keeps finite ones", "slope over": "log LR",
            "after the test": f"changed: {changes(our_test)}",
            "after an error": f"changed: {changes(our_test, ValueError())}",
            "after Ctrl-C": f"changed: {changes(our_test, KeyboardInterrupt())}",
            "per-group LR": "keeps ratios",
        },
        "torch-lr-finder": {
            "suggestion": f"steepest {shown(theirs)}", "smoothing": "EMA from the first loss",
            "non-finite loss": "no stop", "slope over": "index",
            "after the test": f"changed: {changes(no_reset)}; after reset(): {changes(their_test)}",
            "after an error": f"changed: {changes(their_test, ValueError())}",
            "after Ctrl-C": f"changed: {changes(their_test, KeyboardInterrupt())}",
            "per-group LR": "start only",
        },
        "fastai 2.8.12 (quoted)": FASTAI,
        "Lightning 2.6.6 (quoted)": LIGHTNING,
    }  # fmt: skip


if __name__ == "__main__":
    for row in rows():
        print(row)
    for name, row in side_by_side().items():
        print(f"\n{name}")
        for what, words in row.items():
            print(f"  {what:16} {words}")
