"""Ensembles of section 01 against the loop that one would write in plain Python."""

from __future__ import annotations

from math import sqrt
from random import gauss, seed
from statistics import median
from time import perf_counter

import numpy as np
import torch

from lrcourse.dynamics import clock, double_well, langevin

LR, TEMPERATURE = 0.02, 0.05
SIGMA = sqrt(2 * TEMPERATURE / LR)


def python_loop(particles: int, steps: int) -> list[float]:
    """The same dynamics, one particle at a time."""
    grad = double_well().grad
    x = [-1.0] * particles
    for _ in range(steps):
        for i in range(particles):
            x[i] -= LR * (grad(x[i]) + SIGMA * gauss(0.0, 1.0))
    return x


def ensemble(particles: int, steps: int) -> np.ndarray:
    return langevin(double_well(), -1.0, LR, SIGMA, steps, particles=particles)


def normals(particles: int, steps: int) -> None:
    """Nothing but the random numbers that the ensemble consumes, on one thread."""
    z, generator = torch.empty(particles), torch.Generator().manual_seed(0)
    for _ in range(steps):
        z.normal_(generator=generator)


def seconds(run, *args, repeats: int) -> float:
    """Median wall time of *repeats* runs."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        run(*args)
        times.append(perf_counter() - start)
    return median(times)


def rows() -> list[dict]:
    seed(0)
    ensemble(10_000, 10)
    plain = seconds(python_loop, 1000, 100, repeats=5) / 1e5
    fast = seconds(ensemble, 100_000, 100, repeats=7) / 1e7
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    single = seconds(ensemble, 100_000, 100, repeats=5) / 1e7
    random = seconds(normals, 25_000, 400, repeats=5) / 1e7
    torch.set_num_threads(threads)
    t = np.arange(200) / 200
    shapes = {"constant": np.ones(200), "linear": 1 - t, "cosine": 1 + np.cos(np.pi * t), "rising": t + 0.005}
    clock(shapes)
    training = seconds(clock, shapes, repeats=3)
    return [
        {
            "what": "Langevin ensemble, 100 000 particles × 100 updates",
            "against": "a plain Python loop",
            "target": "≥ 150×",
            "ratio": plain / fast,
            "seconds": fast * 1e7,
            "note": f"{1e-6 / fast:.0f} M updates/s on {threads} threads, loop {1e-6 / plain:.2f} M/s; "
            f"one thread {plain / single:.0f}×, random numbers take {random / single:.0%} of it",
        },
        {
            "what": "clock: 4 schedules × 200 full-batch updates of a 64-32-10 MLP",
            "against": "–",
            "target": "about 1 s",
            "ratio": None,
            "seconds": training,
            "note": "600 digits, ordinary torch training through fit",
        },
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
