r"""A learning rate that goes up and down: a ball that is shaken to and fro, and ensembles from one run.

The ball descends the double well ``f(x) = height (x² - 1)²`` from its left minimum with a noisy gradient,
``x <- x - η_t (f'(x) + sigma ξ)``. It has escaped once it passes x = 1/2, well beyond the barrier at 0. With
:math:`T = η σ^2 / 2` and a small η, escapes at constant η are a Poisson process of a known rate k(η). A slow drive then
escapes with the sum of the rates that it passes, and nothing more: the *adiabatic* prediction. A resonance would be an
excess over it at some period.

    swing = drive(0.01, 0.07, period=300)
    escapes(swing, 3000)[-1], adiabatic(swing, 3000)[-1], escapes(constant(0.04), 3000)[-1]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import curves
from .arguments import count, function, numbers, positive, seeded
from .curves import Schedule

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from .training import Dataset

__all__ = [
    "Ensemble", "adiabatic", "cycle_ends", "drive", "escape_rate", "escapes", "kramers_rate", "measured_rate",
    "snapshot_ensemble",
]  # fmt: skip

Array = NDArray[np.float64]
HEIGHT, SIGMA = 1.0, 3.0
_LINE = 0.5  # where a ball counts as escaped


# --- A periodic drive -----------------------------------------------------------------------------------------


def drive(
    base_lr: float, max_lr: float, period: float, shape: Literal["sine", "triangle"] = "sine"
) -> Schedule:
    """A learning rate that swings between *base_lr* and *max_lr*, once in *period* updates; its mean is midway.

    The sine begins midway and rises; the triangle, CyclicLR's, begins at base_lr.

    Raises:
        ValueError: base_lr above max_lr, period or a learning rate out of range, or an unknown shape.

    Example:
        >>> import numpy as np
        >>> from lrcourse.cyclic import drive
        >>> swing = drive(0.01, 0.07, period=300)
        >>> swing(np.array([0, 75, 150, 225])).round(3).tolist()
        [0.04, 0.07, 0.04, 0.01]
    """
    base_lr, max_lr, period = positive("base_lr", base_lr), positive("max_lr", max_lr), positive("period", period)
    if base_lr > max_lr:
        raise ValueError(
            f"base_lr must be at most max_lr = {max_lr:g}, got {base_lr:g}; torch's CyclicLR would take them and run "
            "upside down"
        )
    curves._choice("shape", shape, "sine", "triangle")
    middle = (base_lr + max_lr) / 2
    if shape == "sine":
        return curves.sinusoidal(middle, middle - base_lr, period)
    return curves.cyclic_lr(middle, base_lr, max_lr, step_size_up=period / 2, cycle_momentum=False)


def escapes(
    lr: Schedule | Callable[[NDArray], Array], steps: int, *, particles: int = 2000, height: float = HEIGHT,
    sigma: float = SIGMA, seed: int = 0,
) -> Array:  # fmt: skip
    """``(steps,)``: the share of the balls that have escaped after update t; its standard error is √(p(1-p)/particles).

    Args:
        lr: a schedule, or any vectorised function of t.
        steps: how many updates.
        particles: how many balls, all from the left minimum.
        height: of the barrier.
        sigma: standard deviation of the gradient's noise.
        seed: of the noise.

    Raises:
        TypeError: lr is no function of t.
        ValueError: a learning rate that is not positive and finite, or another number out of range.

    Example:
        >>> from lrcourse import curves
        >>> from lrcourse.cyclic import drive, escapes
        >>> steady, swing = curves.constant(0.04), drive(0.01, 0.07, period=300)  # of the same mean
        >>> print(f"{escapes(steady, 900)[-1]:.1f} {escapes(swing, 900)[-1]:.1f}")
        0.1 0.5
    """
    rates, seed = _rates(lr, steps).astype(np.float32), seeded("seed", seed)
    height, sigma = np.float32(positive("height", height)), np.float32(positive("sigma", sigma))
    rng = np.random.default_rng(seed)
    x = np.full(count("particles", particles), -1, np.float32)
    escaped = np.empty(len(rates))
    for t, eta in enumerate(rates):
        force = x * x
        force -= 1
        force *= x
        force *= 4 * height * eta
        x -= force
        noise = rng.standard_normal(x.size, dtype=np.float32)
        noise *= sigma * eta
        x -= noise
        stay = x < _LINE
        if not stay.all():
            x = x[stay]
        escaped[t] = particles - x.size
    return escaped / particles


def kramers_rate(lr: ArrayLike, height: float = HEIGHT, sigma: float = SIGMA) -> Array:
    """Kramers' escape rate an update: ``η √(f''(-1) |f''(0)|) / 2π · exp(-height / T)``, ``T = η σ² / 2``.

    One for each η in *lr*, in its shape. With ``f'' = 8 height`` at the bottom and ``-4 height`` at the top. It holds
    for T well below height; see :func:`escape_rate`, which does not need that. (Kramers 1940; Gardiner, Handbook of
    Stochastic Methods, 5.2.7.)

    Raises:
        ValueError: a learning rate, height or sigma that is not positive and finite.

    Example:
        >>> from lrcourse.cyclic import kramers_rate
        >>> cold, hot = kramers_rate([0.02, 0.04])
        >>> print(f"twice the learning rate, {hot / cold:.0f} times the escapes")
        twice the learning rate, 517 times the escapes
    """
    eta = _positive_rates(lr)
    height, sigma = np.float64(positive("height", height)), np.float64(positive("sigma", sigma))
    return eta * height * np.sqrt(32) / (2 * np.pi) * np.exp(-2 * height / (eta * sigma**2))


def escape_rate(lr: ArrayLike, height: float = HEIGHT, sigma: float = SIGMA) -> Array:
    """The escape rate an update at any temperature: one over the mean first-passage time of Langevin dynamics.

    One for each η in *lr*, in its shape: 1/τ with
    ``τ = 1/(η T) ∫_{-1}^{1/2} dy exp(f(y)/T) ∫_{-∞}^y dz exp(-f(z)/T)``, by quadrature. Exact for small η; with
    the height and sigma here real steps of η = 0.04 escape 4 % ± 1 % faster, those of 0.07 14 % ± 1 %
    (:func:`measured_rate`, 6 seeds). (Gardiner, Handbook of Stochastic Methods, 5.2.)

    Raises:
        ValueError: as :func:`kramers_rate`.

    Example:
        >>> from lrcourse.cyclic import escape_rate
        >>> (1 / escape_rate([0.02, 0.04, 0.07])).round(-1).tolist()  # updates until a ball escapes, on average
        [3853780.0, 7690.0, 410.0]
    """
    eta = _positive_rates(lr)
    height, sigma = np.float64(positive("height", height)), np.float64(positive("sigma", sigma))
    x, step = np.linspace(-3, _LINE, 3501, retstep=True)
    energy, climb = height * (x**2 - 1) ** 2, x > -1 - step / 2
    rates = np.empty(eta.size)
    for i, eta_i in enumerate(eta.ravel()):
        temperature = eta_i * sigma**2 / 2
        weight = np.exp(-energy / temperature)
        below = np.cumsum(weight) - weight / 2  # trapezoidal from the left end, where it is 0
        inner = below[climb] * np.exp(energy[climb] / temperature)
        rates[i] = eta_i * temperature / (np.trapezoid(inner) * step**2)
    return rates.reshape(eta.shape)


def measured_rate(
    base_lr: float, max_lr: float, steps: int = 3000, *, points: int = 9, particles: int = 2000,
    height: float = HEIGHT, sigma: float = SIGMA, seed: int = 1,
) -> Callable[[ArrayLike], Array]:  # fmt: skip
    """k(η), a vectorised function, from :func:`escapes` at constant learning rates, for :func:`adiabatic`.

    Escapes per ball and update at *points* learning rates from base_lr to max_lr, *steps* updates each, then a parabola
    through log(k/η) against 1/η, on which Kramers' law is a straight line. Where fewer than ten balls escaped it is
    extrapolated: there k is small, and means little.

    Raises:
        ValueError: fewer than three of the learning rates let ten balls escape.

    Example:
        >>> from lrcourse.cyclic import escape_rate, measured_rate
        >>> k = measured_rate(0.03, 0.07, steps=1000, points=5)
        >>> print(f"steps of 0.07 escape at {k(0.07) / escape_rate(0.07):.1f} times the rate of tiny ones")
        steps of 0.07 escape at 1.1 times the rate of tiny ones
    """
    lrs = np.linspace(positive("base_lr", base_lr), positive("max_lr", max_lr), count("points", points))
    seed = seeded("seed", seed)
    escaped, waited = np.empty(lrs.size), np.empty(lrs.size)
    for i, eta in enumerate(lrs.tolist()):
        share = escapes(
            curves.constant(eta), steps, particles=particles, height=height, sigma=sigma, seed=seed * points + i
        )
        escaped[i], waited[i] = share[-1] * particles, (1 - share).sum() * particles + share[-1] * particles
    seen = escaped >= 10
    if seen.sum() < 3:
        raise ValueError(f"max_lr must let balls escape, got {max_lr!r}: too few did; more steps or particles help")
    inverse = 1 / lrs[seen]
    fit = np.polyfit(inverse, np.log(escaped[seen] / waited[seen] / lrs[seen]), 2, w=np.sqrt(escaped[seen]))
    return lambda eta: np.asarray(eta) * np.exp(np.polyval(fit, 1 / np.asarray(eta, np.float64)))


def adiabatic(
    lr: Schedule | Callable[[NDArray], Array], steps: int, rate: Callable[[Array], Array] = escape_rate
) -> Array:
    """``(steps,)``: the share escaped after update t if each update adds its own rate: ``1 - exp(-Σ k(η_t))``.

    Args:
        lr, steps: as for :func:`escapes`.
        rate: k(η), vectorised: :func:`escape_rate`, :func:`kramers_rate`, or what :func:`measured_rate` returns.

    Example:
        >>> from lrcourse.cyclic import adiabatic, drive, escapes
        >>> swing = drive(0.01, 0.07, period=300)
        >>> print(f"{adiabatic(swing, 900)[-1]:.1f} predicted, {escapes(swing, 900)[-1]:.1f} seen")
        0.5 predicted, 0.5 seen
    """
    rates, rate = _rates(lr, steps), function("rate", rate, "learning rates, as escape_rate")
    grid = np.linspace(rates.min(), rates.max(), 129) if np.ptp(rates) else rates[:1]
    return -np.expm1(-np.cumsum(np.exp(np.interp(rates, grid, np.log(np.maximum(rate(grid), 1e-300))))))


def _rates(lr: Callable, steps: int) -> Array:
    if not callable(lr):
        raise TypeError(f"lr must be a schedule, such as curves.constant(0.04), got {lr!r}")
    eta = _positive_rates(lr(np.arange(count("steps", steps))))
    if eta.shape != (steps,):
        raise ValueError(f"lr must give one learning rate an update, {steps} of them, got shape {eta.shape}")
    return eta


def _positive_rates(lr: ArrayLike) -> Array:
    eta = numbers("lr", lr)
    if not (np.isfinite(eta) & (eta > 0)).all():
        raise ValueError(f"lr must be positive and finite at every update, got {lr!r}")
    return eta


# --- Warm restarts, and an ensemble from one run --------------------------------------------------------------


def cycle_ends(steps: int, T_0: int, T_mult: int = 1) -> list[int]:
    """The last update of each complete cycle of CosineAnnealingWarmRestarts, where the network is coldest.

    Args:
        steps: updates of the run, 0 ... steps - 1.
        T_0: updates of the first cycle.
        T_mult: each cycle is that many times as long as the one before.

    Example:
        >>> from lrcourse.cyclic import cycle_ends
        >>> cycle_ends(100, T_0=10, T_mult=2)  # cycles of 10, 20 and 40 updates; the fourth has no end
        [9, 29, 69]
    """
    steps, length, T_mult = count("steps", steps), count("T_0", T_0), count("T_mult", T_mult)
    ends, end = [], length - 1
    while end < steps:
        ends.append(end)
        length *= T_mult
        end += length
    return ends


@dataclass(frozen=True)
class Ensemble:
    """The networks that a run has passed through.

    Attributes:
        model: the module that they are states of.
        states: one ``state_dict`` each, in order of time.
        lr: ``(steps,)``: the learning rate that trained, from the optimizer.
        loss: ``(steps,)``: loss of the batch of each update.

    Example:
        >>> import numpy as np
        >>> import torch
        >>> from lrcourse.cyclic import Ensemble
        >>> states = tuple({"weight": torch.tensor([[w], [-w]])} for w in (-0.1, 1.0))  # wrong, but unsure; right
        >>> ensemble = Ensemble(torch.nn.Linear(1, 2, bias=False), states, lr=np.zeros(0), loss=np.zeros(0))
        >>> ensemble.errors(torch.tensor([[1.0], [-1.0]]), torch.tensor([0, 1]))
        (0.0, [1.0, 0.0])
    """

    model: nn.Module
    states: tuple[dict[str, Tensor], ...]
    lr: Array
    loss: Array

    def probabilities(self, x: Tensor) -> Tensor:
        """``(members, n, classes)``: softmax of each member's outputs; the ensemble's is the mean over members."""
        import torch
        from torch.func import functional_call

        from .training.models import in_mode

        with in_mode(self.model, training=False), torch.no_grad():
            return torch.stack([functional_call(self.model, state, (x,)).softmax(-1) for state in self.states])

    def errors(self, x: Tensor, y: Tensor) -> tuple[float, list[float]]:
        """The share of wrong classes: of the ensemble, and of each member."""
        p = self.probabilities(x)
        return (p.mean(0).argmax(-1) != y).double().mean().item(), (p.argmax(-1) != y).double().mean(1).tolist()


def snapshot_ensemble(
    model: nn.Module, data: Dataset | tuple[Tensor, ...], optimizer: Optimizer, *, cycles: int, T_0: int,
    T_mult: int = 1, batch_size: int | None = None, seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Ensemble:  # fmt: skip
    """Train *model* in place with warm restarts, and keep the network at the end of each cycle, before it is reheated.

    The members cost one run. (Huang et al., arXiv:1704.00109.)

    Args:
        model, data, optimizer, batch_size: as for :func:`lrcourse.training.fit`.
        cycles: how many, at least 1.
        T_0, T_mult: lengths in updates, as CosineAnnealingWarmRestarts'.
        seed: of the batches.
        progress: called as ``progress(done, updates)`` after each cycle.

    Raises:
        ValueError: the training diverged, with the update; a number out of range.
        TypeError: as :func:`lrcourse.training.fit`.

    Example:
        >>> import torch
        >>> from lrcourse.cyclic import cycle_ends, snapshot_ensemble
        >>> from lrcourse.training import mlp
        >>> x = torch.linspace(-2, 2, 64)[:, None]
        >>> data, model = (x, (x[:, 0].abs() > 1).long()), mlp((1, 8, 2), seed=0)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        >>> ensemble = snapshot_ensemble(model, data, optimizer, cycles=3, T_0=20)
        >>> len(ensemble.states), ensemble.lr[cycle_ends(60, T_0=20)].round(3).tolist()
        (3, [0.003, 0.003, 0.003])
        >>> together, each = ensemble.errors(*data)
        >>> together < sum(each) / 3
        True
    """
    from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

    from .training.fit import check_fit, fit

    lengths = [count("T_0", T_0) * count("T_mult", T_mult) ** i for i in range(count("cycles", cycles))]
    check_fit(model, data, optimizer, batch_size=batch_size, seed=seed, progress=progress)
    scheduler = CosineAnnealingWarmRestarts(optimizer, int(T_0), int(T_mult))
    states, lrs, losses = [], [], []
    for i, length in enumerate(lengths):
        run = fit(model, data, optimizer, scheduler, updates=length, batch_size=batch_size, seed=seed * cycles + i)
        if run.diverged is not None:
            raise ValueError(
                f"optimizer has too large a learning rate: diverged at update {sum(lengths[:i]) + run.diverged}"
            )
        states.append({name: value.detach().clone() for name, value in model.state_dict().items()})
        lrs.append(run.lr)
        losses.append(run.loss)
        if progress is not None:
            progress(sum(lengths[: i + 1]), sum(lengths))
    return Ensemble(model, tuple(states), np.concatenate(lrs), np.concatenate(losses))
