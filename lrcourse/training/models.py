"""Models that train in seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import nn


def mlp(
    widths: Sequence[int], activation: Callable[[], nn.Module] = nn.Tanh, *, seed: int = 0
) -> nn.Sequential:
    """A multilayer perceptron with torch's default initialisation, e.g. ``mlp((64, 32, 10))``.

    Args:
        widths: number of inputs, of units in each hidden layer, and of outputs.
        activation: what makes the module after each hidden layer, e.g. ``nn.ReLU``.
        seed: of the weights; torch's global random state is left as it was.

    Raises:
        ValueError: for fewer than two widths, or one that is not a positive integer.
    """
    if len(widths) < 2 or not all(isinstance(w, int) and w > 0 for w in widths):
        raise ValueError(f"widths must be two or more positive integers, inputs first, got {widths!r}")
    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for inputs, outputs in pairwise(widths):
            layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])
