"""Each class's closed form over a million updates, against stepping torch's scheduler: CPU time of one thread."""

from __future__ import annotations

from functools import partial
from statistics import median
from time import process_time

import numpy as np
import torch

from lrcourse import curves
from lrcourse.schedulers import build, curve, record

UPDATES, STEPPED = 1_000_000, 20_000

# What is drawn, and what torch is given instead where it differs.
CASES: dict[str, dict] = {
    "StepLR": {"step_size": 1000, "gamma": 0.99},
    "MultiStepLR": {"milestones": [250_000, 500_000, 750_000]},
    "ConstantLR": {"total_iters": 500_000},
    "LinearLR": {"start_factor": 0.01, "total_iters": 500_000},
    "ExponentialLR": {"gamma": 0.99999},
    "PolynomialLR": {"total_iters": UPDATES, "power": 2.0},
    "CosineAnnealingLR": {"T_max": UPDATES, "eta_min": 1e-4},
    "CosineAnnealingWarmRestarts": {"T_0": 1000, "T_mult": 2},
    "CyclicLR": {"base_lr": 0.001, "max_lr": 0.1, "mode": "exp_range", "gamma": 0.99999},
    "OneCycleLR": {"max_lr": 0.1, "total_steps": UPDATES},
    "SWALR": {"swa_lr": 0.01, "anneal_epochs": 500_000},
    "LambdaLR": {"lr_lambda": curves.exponential_lr(1, 0.99999)},
    "MultiplicativeLR": {"lr_lambda": curves.constant(0.99999)},
    "ReduceLROnPlateau": {"patience": 1000, "factor": 0.9},
    "SequentialLR": {
        "schedulers": [("LinearLR", {"total_iters": 10_000}), ("CosineAnnealingLR", {"T_max": 990_000})],
        "milestones": [10_000],
    },
    "ChainedScheduler": {
        "schedulers": [("LinearLR", {"total_iters": 10_000}), ("ExponentialLR", {"gamma": 0.99999})]
    },
}
FOR_TORCH = {
    "LambdaLR": {"lr_lambda": lambda t: 0.99999**t},
    "MultiplicativeLR": {"lr_lambda": lambda t: 0.99999},
}
NOTES = {
    "LambdaLR": "the lambda is a curves.Schedule; a plain Python function is called once an update on both sides",
    "MultiplicativeLR": "as LambdaLR",
    "ReduceLROnPlateau": "the metric is noise around a slow decay",
}


def seconds_a_step(name: str, metric: list[float]) -> float:
    """What one ``scheduler.step()`` of torch takes, nothing else."""
    optimizer = torch.optim.SGD([torch.zeros((), requires_grad=True)], lr=0.1, momentum=0.9)
    scheduler = build(name, **FOR_TORCH.get(name, CASES[name]))(optimizer)
    optimizer.step()  # torch warns without it
    arguments = [(value,) for value in metric] if name == "ReduceLROnPlateau" else [()] * STEPPED
    start = process_time()
    for argument in arguments:
        scheduler.step(*argument)
    return (process_time() - start) / STEPPED


def row(name: str) -> dict:
    metric = None
    if name == "ReduceLROnPlateau":
        noise = np.random.default_rng(0).standard_normal(UPDATES)
        metric = 1 + np.exp(-np.arange(UPDATES) / 2e5) + 0.1 * noise
    few = None if metric is None else metric[:STEPPED].tolist()
    draw = partial(curve, name, UPDATES, metric=metric, **CASES[name])
    drawn, seconds, single = draw(), [], []
    for _ in range(5):
        single.append(seconds_a_step(name, few))
        for _ in range(5):
            start = process_time()
            draw()
            seconds.append(process_time() - start)
    stepped = record(build(name, **CASES[name]), STEPPED, metric=few)
    difference = np.max(np.abs(drawn[:STEPPED] / stepped - 1))
    notes = [NOTES[name]] if name in NOTES else []
    if metric is not None:
        start = process_time()
        curve(name, UPDATES, metric=np.linspace(2, 1, UPDATES), **CASES[name])
        worst = median(single) * UPDATES / (process_time() - start)
        notes.append(f"one that improves at every step is scanned one by one, {worst:.0f}×")
    note = f"torch {median(single) * 1e6:.1f} µs a step ({STEPPED} stepped, scaled up); they differ by at most"
    return {
        "what": f"{name}, closed form, 10⁶ updates",
        "against": "stepping torch's scheduler",
        "target": "≥ 300×",
        "ratio": median(single) * UPDATES / median(seconds),
        "seconds": median(seconds),
        "note": "; ".join([f"{note} {difference:.0e} relative", *notes]),
    }


def short() -> dict:
    """What a slider event costs: the slowest of the classes at 400 updates."""
    times = {}
    for name, arguments in CASES.items():
        metric = np.ones(400) if name == "ReduceLROnPlateau" else None
        draw = partial(curve, name, 400, metric=metric, **arguments)
        start = process_time()
        for _ in range(50):
            draw()
        times[name] = (process_time() - start) / 50
    slowest = max(times, key=times.get)
    return {
        "what": "any curve of 400 updates",
        "against": "–",
        "target": "≤ 1 ms",
        "ratio": None,
        "seconds": times[slowest],
        "note": f"{slowest} is the slowest, the class in the middle takes {median(times.values()) * 1e3:.2f} ms",
    }


def rows() -> list[dict]:
    torch.set_num_threads(1)
    return [*map(row, CASES), short()]


if __name__ == "__main__":
    for result in rows():
        print(result)
