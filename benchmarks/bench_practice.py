"""Watching a loop against the loop itself; and what a save costs."""

from __future__ import annotations

import tempfile
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR

from lrcourse.practice import load, save, watch
from lrcourse.training import digits, mlp

UPDATES, WIDTHS, BATCH, REPEATS = 400, (64, 32, 10), 32, 15


class Loop:
    """Training on digits as anybody writes it; a call makes UPDATES updates, watched or not: seconds of computing."""

    def __init__(self, make=SGD, **options: object) -> None:
        self.data = digits()
        self.model = mlp(WIDTHS, nn.ReLU, seed=0)
        self.optimizer = make(self.model.parameters(), lr=1e-3, **options)
        self.rows = torch.randint(len(self.data.x), (UPDATES, BATCH), generator=torch.Generator().manual_seed(0))

    def __call__(self, watched: bool) -> float:
        scheduler = CosineAnnealingLR(self.optimizer, UPDATES)
        start = process_time()
        with watch(self.optimizer, scheduler, planned_updates=UPDATES) if watched else nullcontext():
            for rows in self.rows:
                loss = cross_entropy(self.model(self.data.x[rows]), self.data.y[rows])
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                scheduler.step()
        return process_time() - start


def overhead(loop: Loop) -> tuple[float, float]:
    """Watched / plain, and the time of a watched loop: medians of pairs, so that a busy minute hits both."""
    loop(True), loop(False)
    pairs = [(loop(True), loop(False)) for _ in range(REPEATS)]
    return median(a / b for a, b in pairs), median(a for a, _ in pairs)


def rows() -> list[dict]:
    torch.set_num_threads(1)
    made = []
    for name, loop in {"SGD": Loop(momentum=0.9), "AdamW": Loop(AdamW)}.items():
        share, seconds = overhead(loop)
        each = (share - 1) / share * seconds / UPDATES
        made.append({
            "what": f"practice.watch around {UPDATES} updates, digits MLP, {name}",
            "against": "the same loop, not watched",
            "target": "≥ 0.95×",
            "ratio": 1 / share,
            "seconds": seconds,
            "note": f"adds {share - 1:.1%}, {1e6 * each:.1f} µs an update; median of {REPEATS} pairs",
        })  # fmt: skip
    loop = Loop(AdamW)
    loop(False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.pt"
        saves, loads, plain = [], [], []
        for _ in range(REPEATS):
            start = perf_counter()
            torch.save([loop.model.state_dict(), loop.optimizer.state_dict()], Path(folder) / "plain.pt")
            plain.append(perf_counter() - start)
            start = perf_counter()
            save(path, loop.model, loop.optimizer)
            saves.append(perf_counter() - start)
            start = perf_counter()
            load(path, loop.model, loop.optimizer)
            loads.append(perf_counter() - start)
        made.append({
            "what": "practice.save of the digits MLP with AdamW",
            "against": "torch.save of two state_dicts",
            "target": "≤ 100 ms",
            "ratio": median(plain) / median(saves),
            "seconds": median(saves),
            "note": f"{path.stat().st_size / 1e3:.0f} kB, flushed to the disk; load {1e3 * median(loads):.1f} ms",
        })  # fmt: skip
    return made


if __name__ == "__main__":
    for row in rows():
        print(row)
