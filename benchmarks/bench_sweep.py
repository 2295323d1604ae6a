"""Batched sweeps against the loop of ordinary trainings, and against what the machine can multiply at all."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from time import perf_counter

import joblib
import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import LambdaLR

from lrcourse import curves
from lrcourse.training import Sweep, digits, mlp, sweep, transformer

UPDATES, WIDTHS, BATCH = 300, (64, 32, 10), 32
RATES = np.geomspace(0.01, 4, 20)
WARM = 30


def after_warm_up(schedule: curves.Schedule) -> curves.Schedule:
    return curves.then(curves.linear_lr(1.0, start_factor=1 / WARM, total_iters=WARM - 1), schedule, at=WARM)


SHAPES = {
    "constant": curves.constant(1.0),
    "linear": curves.linear_to_zero(1.0, UPDATES),
    "cosine": curves.cosine_annealing_lr(1.0, T_max=UPDATES),
    "step": curves.step_lr(1.0, step_size=100, gamma=0.3),
    "multi-step": curves.multi_step_lr(1.0, milestones=[150, 225], gamma=0.1),
    "exponential": curves.exponential_lr(1.0, gamma=0.99),
    "polynomial": curves.polynomial_lr(1.0, total_iters=UPDATES, power=2.0),
    "one-cycle": curves.one_cycle_lr(1.0, max_lr=1.0, total_steps=UPDATES),
    "restarts": curves.cosine_annealing_warm_restarts(1.0, T_0=75),
    "triangular": curves.cyclic_lr(1.0, base_lr=0.05, max_lr=1.0, step_size_up=38),
    "warm-up, linear": after_warm_up(curves.linear_to_zero(1.0, UPDATES - WARM)),
    "warm-up, cosine": after_warm_up(curves.cosine_annealing_lr(1.0, T_max=UPDATES - WARM)),
}
"""Twelve schedules; with RATES they make 240 trainings."""


def ordinary(schedule: curves.Schedule, lr: float, make=SGD, module=None, **kwargs: object) -> list[float]:
    """One training as anybody writes it."""
    data = digits()
    model = module or mlp(WIDTHS, nn.ReLU, seed=0)
    optimizer = make(model.parameters(), lr=1.0, **kwargs)
    scheduler = LambdaLR(optimizer, lr * schedule)
    generator, losses = torch.Generator().manual_seed(0), []
    for _ in range(UPDATES):
        rows = torch.randint(len(data.x), (BATCH,), generator=generator)
        loss = cross_entropy(model(data.x[rows]), data.y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return losses


def swept(shapes=SHAPES, rates=RATES, seeds: int = 1, **options: object) -> Sweep:
    return sweep(digits(), shapes, lrs=rates, seeds=seeds, updates=UPDATES, batch_size=BATCH, progress=False, **options)


def timed(run, *args, repeats: int, **kwargs) -> list[float]:
    times = []
    for _ in range(repeats):
        start = perf_counter()
        run(*args, **kwargs)
        times.append(perf_counter() - start)
    return times


def matmul_rate(threads: int) -> float:
    """What one large float32 matrix product reaches, FLOP/s."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    a, b = torch.randn(2, 1024, 1024)
    best = min(timed(torch.mm, a, b, repeats=10))
    torch.set_num_threads(before)
    return 2 * 1024**3 / best


def work(trainings: int) -> float:
    """FLOP of the matrix products of all updates: forward, and the gradients; none for the inputs."""
    inner = sum(a * b for a, b in pairwise(WIDTHS))
    return trainings * UPDATES * 2 * BATCH * (3 * inner - WIDTHS[0] * WIDTHS[1])


def rows() -> list[dict]:
    trainings = len(SHAPES) * len(RATES)
    torch.set_num_threads(1)
    made = swept()
    losses = ordinary(SHAPES["cosine"], RATES[8])
    off = float(np.abs(made.at(schedule="cosine", lr=RATES[8]).loss[0, 0, 0, :200] - losses[:200]).max())
    loop, fast, both, rates = [], [], [], []
    for name in list(SHAPES)[:5]:  # side by side, so that a busy minute hits all of them
        rates.append((matmul_rate(1), matmul_rate(2)))
        loop += timed(ordinary, SHAPES[name], 0.1, repeats=1)
        fast += timed(swept, repeats=1)
        with joblib.parallel_config(backend="threading"):
            both += timed(swept, n_jobs=2, repeats=1)
    plain, single, double = trainings * median(loop), median(fast), median(both)
    rate_1, rate_2 = np.max(rates, axis=0)
    momentum = median(timed(swept, momentum=0.9, repeats=3))
    adamw = median(timed(swept, rates=RATES / 100, optimizer="adamw", repeats=3))
    plain_adamw = trainings * median(timed(ordinary, SHAPES["cosine"], 1e-3, AdamW, repeats=3))

    few = {name: SHAPES[name] for name in ("linear", "cosine")}
    explorer = median(timed(swept, few, [0.5], 8, repeats=9))
    net = {"linear": SHAPES["linear"]}
    options = dict(rates=[0.004], seeds=16, model=lambda seed: transformer(seed=seed), optimizer="adamw")
    general = median(timed(swept, net, repeats=1, **options))
    alone = 16 * median(timed(ordinary, net["linear"], 0.004, AdamW, transformer(), repeats=1))
    return [
        {
            "what": f"sweep: {trainings} trainings × {UPDATES} updates, SGD",
            "against": "a loop of ordinary trainings",
            "target": "≥ 20×, ≤ 2 s",
            "ratio": plain / single,
            "seconds": single,
            "note": f"one thread, {work(trainings) / single / rate_1:.0%} of what a large matrix product reaches "
            f"({rate_1 / 1e9:.0f} GFLOP/s); two threads {double:.2f} s, {plain / double:.0f}×, "
            f"{work(trainings) / double / rate_2:.0%} of {rate_2 / 1e9:.0f} GFLOP/s; losses differ by {off:.0e} "
            "over 200 updates",
        },
        {
            "what": "the same with momentum 0.9",
            "against": "a loop of ordinary trainings",
            "target": "≥ 20×, ≤ 2 s",
            "ratio": plain / momentum,
            "seconds": momentum,
            "note": "the loop of plain SGD is the reference, which is faster than one with momentum",
        },
        {
            "what": "the same with AdamW",
            "against": "a loop of ordinary trainings",
            "target": "≥ 10×",
            "ratio": plain_adamw / adamw,
            "seconds": adamw,
            "note": "one thread",
        },
        {
            "what": f"sweep for an explorer: 16 trainings × {UPDATES} updates",
            "against": "a loop of ordinary trainings",
            "target": "≥ 20×, ≤ 300 ms",
            "ratio": 16 * median(loop) / explorer,
            "seconds": explorer,
            "note": "two schedules, eight seeds, one thread",
        },
        {
            "what": f"sweep of a transformer: 16 seeds × {UPDATES} updates, AdamW",
            "against": "a loop of ordinary trainings",
            "target": "≥ 1.5×",
            "ratio": alone / general,
            "seconds": general,
            "note": "any module, through torch.func.vmap; one thread",
        },
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
