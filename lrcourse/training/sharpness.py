"""Curvature along a training: full-batch gradient descent of many copies of one network, and the sharpness of each.

The sharpness λ is the largest eigenvalue of the Hessian of the loss. On a quadratic of this curvature gradient descent
is stable while ``λη/2 < 1``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ..arguments import count, function, instance, listed, numbers, whole
from .batched import Layers, spread
from .data import Dataset, digits
from .models import mlp
from .sweep import checked_seeds
from .threads import one_thread

WIDTHS = (64, 32, 32, 10)


@dataclass(frozen=True)
class Descent:
    """What :func:`descend` returns, for C schedules, S seeds, T updates.

    Attributes:
        loss: ``(C, S, T)``, mean squared error before each update; nan from where it is not finite.
        sharpness: ``(C, S, ceil(T / every))`` at updates 0, every, 2·every ...; None if it was not measured.
        initial: ``(S,)``, the sharpness λ₀ of the first weights of each seed.
        rates: ``(C, T)``, the learning rates in units of 2/λ₀.
        every: updates between two measurements of the sharpness, 0 for none.
    """

    loss: NDArray[np.float64]
    sharpness: NDArray[np.float64] | None
    initial: NDArray[np.float64]
    rates: NDArray[np.float64]
    every: int

    @property
    def edge(self) -> NDArray[np.float64]:
        """``(C, S, ceil(T / every))``: λη/2, which is 1 at the edge of stability."""
        if self.sharpness is None:
            raise ValueError("every was 0: the sharpness was measured at the start only")
        return self.sharpness / self.initial[:, None] * self.rates[:, None, :: self.every]


def descend(rates: ArrayLike, **options: Any) -> Descent:
    """Full-batch gradient descent on the mean squared error of digits: no noise, a network for each schedule and seed.

    Args:
        rates: ``(C, T)`` or ``(T,)``: what update t uses, in units of 2/λ₀ of its own seed's first weights.
        seeds: how many, or which: of the first weights.
        activation: ``nn.Tanh`` or ``nn.ReLU``, of a 64-32-32-10 network.
        gain: of its weights, see :func:`~lrcourse.training.mlp`.
        examples: how many digits.
        every: updates between two measurements of the sharpness; 0 measures that of the first weights only.

    Raises:
        ValueError: for rates that are negative or no numbers, or of another shape.

    Example:
        >>> import numpy as np
        >>> from lrcourse.training.sharpness import descend
        >>> run = descend(np.full(101, 1.5), seeds=1, every=50)
        >>> (run.edge[0, 0] < 1).tolist()  # it leaves the valley that is too steep for it
        [False, True, True]
    """
    steps = descending(rates, **options)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def descending(
    rates: ArrayLike,
    *,
    seeds: int | Iterable[int] = 8,
    activation: type[nn.Module] = nn.Tanh,
    gain: float = 1.0,
    examples: int = 128,
    every: int = 0,
) -> Generator[float, None, Descent]:
    """:func:`descend` in small steps: yields the fraction done, and returns the result."""
    rates = np.atleast_2d(numbers("rates", rates))
    if rates.ndim != 2 or not np.isfinite(rates).all() or (rates < 0).any():
        raise ValueError(
            f"rates must be (schedules, updates) finite numbers, not negative, got {rates!r}"
        )
    if not rates.size:
        raise ValueError("rates must hold at least one update, got none")
    if activation is not nn.Tanh and activation is not nn.ReLU:
        raise ValueError(f"activation must be nn.Tanh or nn.ReLU, got {activation!r}")
    every, seeds = whole("every", every), checked_seeds(seeds)
    data = digits(train=whole("examples", examples, least=1, most=1796))
    y = one_hot(data.y, WIDTHS[-1]).float()
    networks = [list(mlp(WIDTHS, activation, gain=gain, seed=seed).parameters()) for seed in seeds]
    first = [torch.stack(each).detach() for each in zip(*networks, strict=True)]
    parameters = spread(first, len(rates))
    copies = Layers(parameters, "relu" if activation is nn.ReLU else "tanh", Dataset(data.x, y), None)
    act = torch.relu if activation is nn.ReLU else torch.tanh

    def losses(flat: Sequence[Tensor]) -> Tensor:
        x = data.x.expand(len(flat[0]), -1, -1)
        for i in range(0, len(flat), 2):
            x = torch.baddbmm(flat[i + 1][:, None], x, flat[i].mT)
            x = x if i + 2 == len(flat) else act(x)
        return (x - y).square().mean((1, 2))

    with one_thread():
        initial, _ = sharpness(losses, first)
    lr = torch.tensor(rates[None]) * (2 / initial)[:, None, None]  # (S, C, T)
    updates = rates.shape[1]
    loss = torch.empty(updates, len(seeds), len(rates))
    gradients = [torch.empty_like(p) for p in parameters]
    measured, direction = [], None
    for t in range(updates):
        if every and t % every == 0:
            with one_thread():
                flat = [p.flatten(0, 1) for p in parameters]
                found, direction = sharpness(losses, flat, direction, iterations=3 if direction else 40)
            measured.append(found.view(len(seeds), len(rates)))
            yield t / updates
        with torch.no_grad(), one_thread():
            copies.backward(loss[t], gradients)
            for p, g in zip(parameters, gradients, strict=True):
                p.addcmul_(g, lr[:, :, t, *[None] * (p.ndim - 2)].float(), value=-1)
    loss = torch.where(loss.isfinite(), loss, torch.nan)
    axes = (2, 1, 0)
    return Descent(
        loss.permute(axes).double().numpy(),
        torch.stack(measured).permute(axes).double().numpy() if every else None,
        initial.double().numpy(),
        rates,
        every,
    )


def sharpness(
    losses: Callable[[Sequence[Tensor]], Tensor],
    parameters: Sequence[Tensor],
    direction: Sequence[Tensor] | None = None,
    *,
    iterations: int = 40,
) -> tuple[Tensor, list[Tensor]]:
    """Largest eigenvalue, by size, of the Hessian of K losses at once, by power iteration on Hessian-vector products.

    Args:
        losses: parameters → ``(K,)``; loss k depends on row k of each parameter alone.
        parameters: ``(K, ...)`` each.
        direction: where to begin, from an earlier call; a random one if None.
        iterations: products with the Hessian. From a direction of a few updates ago three suffice.

    Returns:
        The eigenvalues ``(K,)`` (nan where the loss is not finite) and the directions, as *parameters*.

    Example:
        >>> import torch
        >>> from lrcourse.training.sharpness import sharpness
        >>> curvatures = torch.tensor([[1.0, 3.0], [2.0, 8.0]])  # of two losses, of two parameters each
        >>> values, directions = sharpness(lambda p: (curvatures * p[0] ** 2).sum(1) / 2, [torch.ones(2, 2)])
        >>> values
        tensor([3., 8.])
    """
    function("losses", losses, "the parameters, which gives (K,)")
    for name, tensors in (("parameters", parameters), ("direction", direction)):
        if tensors is not None or name == "parameters":
            many = listed(name, () if isinstance(tensors, Tensor) else tensors, "a list of tensors")
            shapes = [tuple(instance(f"each of {name}", each, Tensor, "a tensor").shape) for each in many]
            if not shapes or shapes != [tuple(p.shape) for p in parameters]:
                raise ValueError(f"{name} must be tensors, as many and of such shapes as parameters, got {shapes}")
    count("iterations", iterations)
    parameters = [p.detach().requires_grad_() for p in parameters]
    gradients = torch.autograd.grad(losses(parameters).sum(), parameters, create_graph=True)
    if direction is None:
        generator = torch.Generator().manual_seed(0)
        direction = [torch.randn(p.shape, generator=generator).to(p) for p in parameters]
    zero = torch.zeros(())

    def norms(vectors: Iterable[Tensor]) -> Tensor:
        return sum((v.flatten(1).square().sum(1) for v in vectors), zero).sqrt()

    norm = norms(direction)
    for _ in range(iterations):
        direction = [v / norm.view(-1, *[1] * (v.ndim - 1)) for v in direction]
        product = torch.autograd.grad(gradients, parameters, direction, retain_graph=True)
        value = sum(((v * h).flatten(1).sum(1) for v, h in zip(direction, product, strict=True)), zero)
        norm = norms(product)
        flat = norm == 0  # it keeps its direction, which may curve later
        norm = norm.where(~flat, 1)
        direction = [
            torch.where(flat.view(-1, *[1] * (v.ndim - 1)), v, h) for v, h in zip(direction, product, strict=True)
        ]
    return value.detach(), list(direction)
