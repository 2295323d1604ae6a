"""Section 09, the physics summed up: a loss whose schedules can be computed, a law fitted to real ones, and a contest.

A *noisy quadratic* is a valley of independent directions, each with its own curvature, shaken by gradient noise. Its
expected loss under any learning-rate schedule follows exactly (:meth:`NoisyQuadratic.loss`), so that the best schedule
can be computed (:func:`optimum`). Fitted to the training curves of a network (:func:`fit_law`) it predicts the loss of
schedules that were never run. What a schedule of one's own is worth on real networks, :func:`beat_cosine` says.

Learning rates are arrays ``(..., T)``: ``lr[..., t]`` is what update t = 0 ... T - 1 uses. A loss curve has T + 1
entries: before each update, and after the last.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls
from scipy.special import ndtr, stdtrit
from torch import Tensor

from . import curves
from ._files import replacing
from .arguments import (
    count,
    damping,
    instance,
    listed,
    not_negative,
    number,
    numbers,
    positive,
    seeded,
    shown,
    whole,
)
from .curves import Schedule
from .training import mlp, mnist1d, standard_error
from .training.batched import Layers, Optimizer, evaluate, train
from .training.models import BENCH
from .training.sweep import Rates, Sweep, checked_seeds, sweep
from .training.threads import one_thread
from .words import say

Array = NDArray[np.float64]

UPDATES = 300

# --- A valley that shakes -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class NoisyQuadratic:
    """``L = floor + ½ Σ λ_i x_i²``, descended by SGD whose gradients are ``λ_i x_i`` plus noise of variance c_i / B.

    Zhang and others, "Which algorithmic choices matter at which batch sizes?", arXiv:1907.04164, section 3.

    Attributes:
        curvature: ``(n,)``, the λ_i > 0.
        noise: ``(n,)``, the c_i >= 0: variance of one example's gradient; a batch of B has c_i / B.
        start: ``(n,)``, mean square of x_i before update 0.
        floor: what no schedule can remove.
        momentum: torch's, ``v <- β v + g; x <- x - η v``.

    Raises:
        ValueError: unequal lengths; a curvature that is not positive; a negative noise or start; momentum outside
            [0, 1).

    Example:
        >>> from lrcourse.physics import NoisyQuadratic
        >>> valley = NoisyQuadratic(curvature=[1.0], noise=[1.0], start=[1.0])
        >>> hot, cooled = [0.5] * 20, [0.5] * 10 + [0.1] * 10
        >>> valley.loss([hot, cooled])[:, -1].round(2).tolist(), round(valley.at_rest(0.5), 2)
        ([0.17, 0.04], 0.17)
    """

    curvature: Array
    noise: Array
    start: Array
    floor: float = 0.0
    momentum: float = 0.0

    def __post_init__(self) -> None:
        for name in ("curvature", "noise", "start"):
            values = np.atleast_1d(numbers(name, getattr(self, name)))
            if values.ndim != 1 or not (np.isfinite(values) & (values >= 0)).all():
                raise ValueError(f"{name} must be a row of finite numbers, none negative, got {values}")
            object.__setattr__(self, name, values)
        if not self.curvature.all():
            raise ValueError(f"curvature must be positive in every direction, got {self.curvature}")
        if not len(self.curvature) == len(self.noise) == len(self.start):
            sizes = len(self.curvature), len(self.noise), len(self.start)
            raise ValueError(f"curvature, noise and start must be equally many, got {sizes}")
        for name, check in {"floor": number, "momentum": damping}.items():
            object.__setattr__(self, name, check(name, getattr(self, name)))

    def squares(self, lr: ArrayLike, batch: ArrayLike = 1.0) -> Array:
        """E[x_i²], exactly: ``(..., T + 1, n)``. Arguments as for :meth:`loss`."""
        moves, kicks = self._updates(*_checked(lr, batch))
        moments = self._first_moments().expand(*kicks.shape[:-3], *self._first_moments().shape)
        squares = [moments[..., 0]]
        for t in range(kicks.shape[-3]):
            moments = _applied(moves[..., t, :, :, :], moments) + kicks[..., t, :, :]
            squares.append(moments[..., 0])
        return torch.stack(squares, -2).numpy()

    def loss(self, lr: ArrayLike, batch: ArrayLike = 1.0) -> Array:
        """The expected loss, exactly.

        Args:
            lr: learning rates ``(..., T)``.
            batch: batch size, a number or one for each update, ``(T,)`` or ``(..., T)``.

        Returns:
            ``(..., T + 1)``; infinite or nan where the schedule diverges.

        Raises:
            ValueError: a negative or non-finite learning rate, or a batch size that is not positive.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            return self.floor + self.squares(lr, batch) @ self.curvature / 2

    def at_rest(self, lr: float, batch: float = 1.0) -> float:
        """The expected loss that a constant learning rate ends at: ``Var_i = η c_i (1 + β) / (B λ_i (1 - β)
        (2 (1 + β) - η λ_i))``, half of λ_i of which is the loss; infinite beyond the stability limit."""
        gap = 2 * (1 + self.momentum) - positive("lr", lr) * self.curvature
        if (gap <= 0).any():
            return np.inf
        noise = self.noise / positive("batch", batch)
        return self.floor + float((lr * noise * (1 + self.momentum) / (2 * (1 - self.momentum) * gap)).sum())

    def simulate(self, lr: ArrayLike, batch: ArrayLike = 1.0, *, runs: int = 1000, seed: int = 0) -> Array:
        """The loss of each of *runs* descents under Gaussian noise, ``(runs, T + 1)``: what :meth:`loss` averages."""
        lr, batch = (values.numpy() for values in _checked(lr, batch))
        seed = seeded("seed", seed)
        if lr.ndim > 1 or batch.ndim > 1:
            raise ValueError(f"lr and batch must be one schedule, (T,), got shapes {lr.shape} and {batch.shape}")
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((count("runs", runs), len(self.start))) * np.sqrt(self.start)
        v, losses = np.zeros_like(x), [x**2 @ self.curvature / 2]
        for eta, size in zip(lr, np.broadcast_to(batch, lr.shape), strict=True):
            v = self.momentum * v + self.curvature * x
            v += np.sqrt(self.noise / size) * rng.standard_normal(x.shape)
            x = x - eta * v
            losses.append(x**2 @ self.curvature / 2)
        return self.floor + np.array(losses).T

    def _first_moments(self) -> Tensor:
        """``(n, d)``: E[x²], and with momentum E[xv] and E[v²] too, which begin at 0."""
        moments = torch.zeros(len(self.start), 3 if self.momentum else 1, dtype=torch.float64)
        moments[:, 0] = torch.from_numpy(self.start)
        return moments

    def _updates(self, lr: Tensor, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Update t takes the moments m to ``M_t m + b_t``; M is ``(..., T, n, d, d)``, b ``(..., T, n, d)``."""
        eta, curvature = lr[..., None], torch.from_numpy(self.curvature)
        noise = torch.from_numpy(self.noise) / batch[..., None] + 0 * eta
        step = eta * curvature
        if not self.momentum:
            return ((1 - step) ** 2)[..., None, None], (eta**2 * noise)[..., None]
        beta = self.momentum
        rows = (
            ((1 - step) ** 2, -2 * eta * beta * (1 - step), eta**2 * beta**2),  # of x², after x - η v'
            (curvature * (1 - step), beta * (1 - 2 * step), -eta * beta**2),  # of xv'
            (curvature**2, 2 * beta * curvature, beta**2),  # of v'², where v' = β v + λ x + noise
        )
        moves = torch.stack([torch.stack([entry + 0 * step for entry in row], -1) for row in rows], -2)
        return moves, torch.stack([eta**2 * noise, -eta * noise, noise], -1)

    def _final(self, lr: Tensor, batch: Tensor) -> Tensor:
        """The last entry of :meth:`loss`, for autodiff: neighbouring updates merge in pairs, then in fours, and so on,
        so that T updates take log₂ T operations."""
        moves, kicks = self._updates(lr, batch)
        while len(moves) > 1:
            even = len(moves) // 2 * 2
            first, second = moves[:even:2], moves[1:even:2]
            pushed = _applied(second, kicks[:even:2]) + kicks[1:even:2]
            both = (second[..., None] * first[..., None, :, :]).sum(-2)
            moves, kicks = torch.cat([both, moves[even:]]), torch.cat([pushed, kicks[even:]])
        squares = (_applied(moves[0], self._first_moments()) + kicks[0])[:, 0]
        return self.floor + torch.from_numpy(self.curvature) @ squares / 2


def _applied(matrices: Tensor, vectors: Tensor) -> Tensor:
    """Each matrix times its vector; they are so small that a sum of products is several times faster than matmul."""
    return (matrices * vectors[..., None, :]).sum(-1)


def power_law(
    directions: int = 20, *, exponent: float = 1.0, noise: float = 0.05, momentum: float = 0.0
) -> NoisyQuadratic:
    """Curvatures ``i^-exponent``, i = 1, 2, ..., as the spectra of networks fall off; noise along each in proportion to
    its curvature, *noise* times it; every x begins at 1 (mean square).

    Raises:
        ValueError: directions that are no positive whole number, a negative exponent or noise.

    Example:
        >>> from lrcourse.physics import power_law
        >>> power_law(4).curvature.round(2).tolist()
        [1.0, 0.5, 0.33, 0.25]
    """
    exponent, noise = not_negative("exponent", exponent), not_negative("noise", noise)
    curvature = np.arange(1.0, count("directions", directions) + 1) ** -exponent
    if not curvature.all():
        raise ValueError(f"exponent must leave every curvature above 0, got {exponent!r} for {directions} directions")
    return NoisyQuadratic(curvature, noise * curvature, np.ones_like(curvature), momentum=momentum)


def _quadratic(quadratic: NoisyQuadratic) -> NoisyQuadratic:
    return instance("quadratic", quadratic, NoisyQuadratic, "a NoisyQuadratic, such as physics.power_law()")


def _checked(lr: ArrayLike, batch: ArrayLike = 1.0) -> tuple[Tensor, Tensor]:
    rates, sizes = numbers("lr", lr), numbers("batch", batch)
    if not rates.ndim or not rates.shape[-1] or not (np.isfinite(rates) & (rates >= 0)).all():
        raise ValueError(f"lr must be finite learning rates, none negative, one for each update; got {lr!r}")
    if not ((sizes > 0) & np.isfinite(sizes)).all() or (sizes.ndim and sizes.shape[-1] != rates.shape[-1]):
        updates = rates.shape[-1]
        raise ValueError(f"batch must be a positive number, or one for each of {updates} updates; got {batch!r}")
    return torch.from_numpy(rates), torch.from_numpy(sizes)


# --- The best schedule ----------------------------------------------------------------------------------------


def one_mode_optimum(steps: int, *, curvature: float = 1.0, noise: float = 1.0, start: float = 1.0) -> Array:
    """The best schedule of a single direction: ``η_t = 1 / (λ (1 + t + c / (λ² V_0)))``, V_0 = *start*.

    With E[x²] = V the next one, ``(1 - ηλ)² V + η² c``, is least at ``η = λ V / (λ² V + c)``, and what is least after
    every update is least at the end, for a smaller V is never worse. There ``1 / V`` grows by λ² / c an update.

    Raises:
        ValueError: an argument that is not positive.

    Example:
        >>> from lrcourse.physics import one_mode_optimum
        >>> one_mode_optimum(5).round(3).tolist()  # 1 / (t + 2)
        [0.5, 0.333, 0.25, 0.2, 0.167]
    """
    curvature, noise, start = positive("curvature", curvature), positive("noise", noise), positive("start", start)
    return 1 / (curvature * (1 + np.arange(count("steps", steps)) + noise / curvature / start / curvature))


def optimum(
    quadratic: NoisyQuadratic, steps: int, *, batch: ArrayLike = 1.0, highest: float | None = None
) -> Array:
    """The schedule with the lowest expected loss after its last update, found by autodiff and L-BFGS.

    Args:
        quadratic: whose loss.
        steps: T.
        batch: a number, or one for each update.
        highest: no learning rate above this one. Without it the first few may lie far beyond the stability limit of
            the sharpest direction, which later ones calm again.

    Returns:
        ``(T,)``, all positive.

    Raises:
        ValueError: steps or highest that are not positive; a quadratic whose loss can reach the floor exactly.

    Example:
        >>> import numpy as np
        >>> from lrcourse.physics import optimum, power_law
        >>> valley, straight = power_law(noise=0.1), 0.5 * (1 - np.arange(50) / 50)
        >>> best = optimum(valley, 50)
        >>> print(f"{valley.loss(straight)[-1]:.2f} {valley.loss(best)[-1]:.2f}")
        0.09 0.03
    """
    _quadratic(quadratic)
    steps = count("steps", steps)
    cap = None if highest is None else positive("highest", highest)
    limit = 2 * (1 - quadratic.momentum) / quadratic.curvature.max()
    begin = np.linspace(0.4, 0.01, steps) * (limit if cap is None else min(cap, limit))
    _, batch = _checked(begin, batch)
    if batch.ndim > 1:
        raise ValueError(f"batch must be a number or one for each update, ({steps},), got shape {tuple(batch.shape)}")
    ratio = begin if cap is None else begin / (cap - begin)
    free = torch.tensor(np.log(ratio), requires_grad=True)  # unbounded; its exp is positive, its sigmoid below 1
    search = torch.optim.LBFGS(
        [free], max_iter=300, history_size=20, line_search_fn="strong_wolfe", tolerance_grad=1e-8,
        tolerance_change=1e-10,
    )  # fmt: skip

    def rates() -> Tensor:
        return free.exp() if cap is None else cap * free.sigmoid()

    def closure() -> Tensor:
        search.zero_grad()
        loss = (quadratic._final(rates(), batch) - quadratic.floor).log()
        loss.backward()
        return loss

    with one_thread():
        search.step(closure)
    best = rates().detach().numpy()
    if not np.isfinite(best).all():
        raise ValueError(
            "quadratic must have noise and a start: where updates can bring the loss to its floor exactly, no schedule "
            "is the best one"
        )
    return best


def best_peak(
    quadratic: NoisyQuadratic, shape: ArrayLike, *, peaks: int = 80, highest: float | None = None
) -> tuple[float, float]:  # fmt: skip
    """The factor of *shape* ``(T,)`` with the lowest final loss, of *peaks* in equal ratios, and that loss.

    The largest of them brings the largest learning rate to *highest*; without it, to twice the stability limit.

    Raises:
        ValueError: *peaks* or *highest* that are not positive, a shape without a positive entry.

    Example:
        >>> import numpy as np
        >>> from lrcourse.physics import best_peak, power_law
        >>> u = np.arange(100) / 100
        >>> for name, shape in {"constant": u**0, "linear": 1 - u}.items():
        ...     peak, loss = best_peak(power_law(), shape)
        ...     print(f"{name}: {loss:.3f} from {peak:.2f}")
        constant: 0.021 from 0.35
        linear: 0.009 from 0.97
    """
    shape, limit = numbers("shape", shape), 2 * (1 + _quadratic(quadratic).momentum) / quadratic.curvature.max()
    if shape.ndim != 1 or not (np.isfinite(shape) & (shape >= 0)).all() or not shape.any():
        raise ValueError(f"shape must be a row of finite factors, none negative and some above 0, got {shown(shape)}")
    top = 2 * limit if highest is None else positive("highest", highest)
    top /= shape.max()
    factors = np.geomspace(top / 3000, top, count("peaks", peaks))
    final = np.nan_to_num(quadratic.loss(factors[:, None] * shape)[:, -1], nan=np.inf)
    return float(factors[final.argmin()]), float(final.min())


# --- A law for real curves ------------------------------------------------------------------------------------


def fit_law(lr: ArrayLike, loss: ArrayLike, *, directions: int = 16, smooth: int = 10) -> NoisyQuadratic:
    """The noisy quadratic whose expected loss comes nearest to the training curves of a network.

    Its curvatures are given, *directions* of them in equal ratios: from those too flat to be felt in the whole run,
    1 / Σ η, to those that the largest learning rate settles at once, 1 / max η. The curve is then linear in floor,
    starts and noises; they are found by least squares without negative values, which leaves most of them 0 and needs no
    first guess. Where the runs had momentum β, each fitted curvature is that of the network over 1 - β.

    In the spirit of Luo and others, "A multi-power law for loss curve prediction across learning rate schedules",
    arXiv:2503.12811.

    Args:
        lr: ``(runs, T)``.
        loss: ``(runs, T)``, loss of the batch of each update, before it; better the mean over several seeds.
        directions: how many curvatures are offered.
        smooth: updates that one point of the fit averages.

    Raises:
        ValueError: shapes that differ, a loss that is not finite, learning rates that are negative, not finite or 0
            throughout, or too few updates.

    Example:
        >>> import numpy as np
        >>> from lrcourse.physics import fit_law, power_law
        >>> valley, u = power_law(noise=1.0), np.arange(200) / 200
        >>> seen, new = np.array([0.5 + 0 * u, 0.5 * (1 - u)]), 0.5 * (1 + np.cos(np.pi * u)) / 2
        >>> law = fit_law(seen, valley.loss(seen)[:, :-1])
        >>> print(f"predicted {law.loss(new)[-1]:.3f}, true {valley.loss(new)[-1]:.3f}")
        predicted 0.087, true 0.087
    """
    rates, losses = np.atleast_2d(numbers("lr", lr)), np.atleast_2d(numbers("loss", loss))
    if rates.shape != losses.shape or not np.isfinite(losses).all():
        raise ValueError(f"lr and loss must have one shape, and loss be finite; got {rates.shape} and {losses.shape}")
    _checked(rates)
    if not rates.any():
        raise ValueError("lr must be above 0 somewhere, got zeros only")
    if rates.shape[1] < 2 * count("smooth", smooth):
        raise ValueError(f"{rates.shape[1]} updates are too few for averages over {smooth}; take a smaller smooth")
    curvature = np.geomspace(1 / rates.sum(1).max(), 1 / rates.max(), count("directions", directions))
    nothing, unit = np.zeros_like(curvature), np.ones_like(curvature)
    parts = [NoisyQuadratic(curvature, *each).squares(rates) for each in ((nothing, unit), (unit, nothing))]
    columns = np.concatenate([np.ones((*rates.shape, 1)), *(part[:, :-1] * curvature / 2 for part in parts)], -1)
    n = rates.shape[1] // smooth

    def averaged(values: Array) -> Array:
        return values[:, : n * smooth].reshape(len(values) * n, smooth, -1).mean(1)

    matrix = averaged(columns)
    scale = np.linalg.norm(matrix, axis=0)
    weights = nnls(matrix / scale, averaged(losses)[:, 0])[0] / scale
    floor, (start, noise) = weights[0], weights[1:].reshape(2, -1)
    kept = (start > 0) | (noise > 0)
    return NoisyQuadratic(curvature[kept], noise[kept], start[kept], floor=float(floor))


# --- Cooling --------------------------------------------------------------------------------------------------

Rule = dict[float, Array]


def coolings(good: float, steps: int) -> dict[str, Rule]:
    """Three families of coolings, one for each rule of annealing: what varies → values ``(steps,)``.

    Args:
        good: a start, as a temperature or a learning rate, from which straight cooling works.
        steps: length of each.

    Returns:
        ``"start"``: how hot to begin, in units of *good*, then straight to 0. ``"speed"``: time constant of an
        exponential from 2 *good*, as a share of all steps. ``"end"``: the share of *good* that is left at the end of a
        straight cooling.

    Raises:
        ValueError: good or steps that are not positive.

    Example:
        >>> from lrcourse.physics import coolings
        >>> for left, rates in coolings(0.1, steps=4)["end"].items():
        ...     print(left, rates.round(3).tolist())
        0.0 [0.1, 0.075, 0.05, 0.025]
        0.1 [0.1, 0.078, 0.055, 0.032]
        0.4 [0.1, 0.085, 0.07, 0.055]
        1.0 [0.1, 0.1, 0.1, 0.1]
    """
    u, good = np.arange(count("steps", steps)) / steps, positive("good", good)
    return {
        "start": {x: x * good * (1 - u) for x in (0.1, 0.4, 1.0, 2.0, 4.0)},
        "speed": {x: 2 * good * np.exp(-u / x) for x in (0.01, 0.1, 0.4, 1.0, 10.0)},
        "end": {x: good * (1 - (1 - x) * u) for x in (0.0, 0.1, 0.4, 1.0)},
    }


def staged(stages: Iterable[tuple[float, int, int]], *, seeds: int | Iterable[int] = 8) -> Array:
    """Final training loss ``(seeds,)`` of networks whose learning rate *and batch size* change on the way.

    The networks of :data:`BENCH`, by plain SGD. A seed gives first weights and a stream of examples, from which each
    batch takes the next: plans that read equally many examples in a stage read the same ones in the same order.

    Args:
        stages: (learning rate, batch size, updates), one after the other.
        seeds: how many, or which.

    Raises:
        ValueError: no stage; a stage with a number that is not positive.

    Example:
        >>> from lrcourse.physics import staged
        >>> hot = staged([(0.2, 16, 120)], seeds=4)
        >>> cooled = staged([(0.2, 16, 60), (0.05, 16, 60)], seeds=4)  # a quarter of the learning rate
        >>> grown = staged([(0.2, 16, 60), (0.2, 64, 15)], seeds=4)  # or four times the batch: the same end, nearly
        >>> bool(abs(grown - cooled).max() < 0.1 * abs(hot - cooled).max())
        True
    """
    given = listed("stages", stages, "a list of (learning rate, batch size, updates)")
    if not given or not all(isinstance(stage, Sequence) and len(stage) == 3 for stage in given):
        raise ValueError(f"stages must hold one at least: (learning rate, batch size, updates), got {shown(stages)}")
    stages = [
        (positive("lr of each of stages", lr), count("batch size of each of stages", batch),
         count("updates of each of stages", updates)) for lr, batch, updates in given
    ]  # fmt: skip
    data, seeds = mnist1d(), checked_seeds(seeds)
    networks = [mlp(BENCH["model"], torch.nn.ReLU, seed=seed).parameters() for seed in seeds]
    parameters = [torch.stack(each).detach()[:, None] for each in zip(*networks, strict=True)]
    streams = [torch.Generator().manual_seed(seed) for seed in seeds]
    with one_thread():
        for lr, batch, updates in stages:
            copies = Layers(parameters, "relu", data, batch)
            optimizer = Optimizer(copies, torch.full((updates, 1), lr), None)
            rows = [torch.randint(len(data.x), (updates, batch), generator=stream) for stream in streams]
            for _ in train(copies, optimizer, torch.stack(rows, 1), torch.empty(updates, len(seeds), 1), 1):
                pass
        return evaluate(copies, data.x, data.y, 500)[0][:, 0].numpy()


# --- The contest ----------------------------------------------------------------------------------------------

TUNED_ON = 10_000
"""Seeds below are for tuning; the contest draws its own, above."""
SURE = 3.0
"""Standard errors that a verdict takes where the seeds are many; :func:`sure` has how many more where they are few."""


def sure(seeds: int, sigmas: float = SURE) -> float:
    """How many standard errors of a mean over *seeds* are as hard to reach by luck as *sigmas* of many seeds.

    The standard error is itself estimated from the seeds, so that the mean over it follows Student's t with
    ``seeds - 1`` degrees of freedom, not a Gaussian: 3 becomes 3.3 with 32 seeds, 3.6 with 16, 19 with 3. One in 740
    schedules that equal the cosine then seems to beat it, however many seeds there are, as long as the differences are
    about Gaussian.

    Args:
        seeds: how many, at least 2.
        sigmas: standard deviations of a Gaussian.

    Raises:
        ValueError: fewer than two seeds, or sigmas that are not positive.

    Example:
        >>> from lrcourse.physics import sure
        >>> {seeds: round(sure(seeds), 1) for seeds in (3, 16, 32, 1000)}
        {3: 19.2, 16: 3.6, 32: 3.3, 1000: 3.0}
    """
    return float(-stdtrit(whole("seeds", seeds, least=2) - 1, ndtr(-positive("sigmas", sigmas))))


def rivals() -> dict[str, Schedule]:
    """The standard schedules of the contest, for 300 updates, each at its best of eight peaks over 32 seeds.

    Example:
        >>> from lrcourse.physics import rivals
        >>> {name: round(schedule(150), 3) for name, schedule in rivals().items()}  # at half time
        {'cosine': 0.06, 'linear': 0.06, 'WSD': 0.08, 'one-cycle': 0.097}
    """
    return {
        "cosine": curves.cosine_annealing_lr(0.12, T_max=UPDATES),
        "linear": curves.linear_to_zero(0.12, UPDATES),
        "WSD": curves.wsd(0.08, UPDATES, cooldown_steps=90, warmup_steps=15),
        "one-cycle": curves.one_cycle_lr(0.12, max_lr=0.12, total_steps=UPDATES, cycle_momentum=False),
    }


def known_runs(seeds: int | Iterable[int] = 16) -> Sweep:
    """Trainings that the law is fitted to: one that stays hot, the cosine, and one that drops tenfold at half time.

    They are kept: whoever asks again gets the same object.

    Example:
        >>> from lrcourse.physics import known_runs
        >>> runs = known_runs()
        >>> runs.schedules, runs.loss.shape  # (schedules, 1, seeds, updates)
        (('constant', 'cosine', 'step'), (3, 1, 16, 300))
        >>> hot, *cooled = runs.mean("train_loss")[:, 0]
        >>> bool(max(cooled) < hot)
        True
    """
    return _known_runs(checked_seeds(seeds))


@functools.cache
def _known_runs(seeds: tuple[int, ...]) -> Sweep:
    schedules = {
        "constant": curves.constant(0.12),
        "cosine": curves.cosine_annealing_lr(0.12, T_max=UPDATES),
        "step": curves.multi_step_lr(0.12, milestones=[UPDATES // 2], gamma=0.1),
    }
    return sweep(mnist1d(), schedules, seeds=seeds, updates=UPDATES, progress=False, **BENCH)


@functools.cache
def computed_optimum() -> Schedule:
    """The schedule that is best for the law fitted to :func:`known_runs`; computed once, in seconds.

    Example:
        >>> from lrcourse.physics import computed_optimum
        >>> best = computed_optimum()
        >>> best(200) > best(0) / 2, best(299) < best(0) / 5  # hot for long, then a fast cooling
        (True, True)
    """
    runs = known_runs()
    law = fit_law(runs.lr[:, 0], runs.mean("loss")[:, 0])
    return curves.recorded(optimum(law, UPDATES, highest=runs.lr.max()))


@dataclass(frozen=True)
class Score:
    """What a schedule is worth against the cosine: final training losses on the same seeds, in pairs.

    Attributes:
        name: of the schedule.
        differences: its loss minus the cosine's, one for each seed; infinite where it diverged.

    Example:
        >>> from lrcourse.physics import Score
        >>> print(Score("mine", (-0.02, -0.05, 0.01, -0.03)))
        mine: -0.0225 ± 0.0125 (4 seeds): not distinguishable from the cosine
    """

    name: str
    differences: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean difference; below 0 is better than the cosine."""
        return float(np.mean(self.differences))

    @property
    def error(self) -> float:
        """Standard error of the mean; infinite if one run diverged, 0 for the cosine itself."""
        if not np.isfinite(self.differences).all():
            return np.inf
        return float(standard_error(self.differences))

    @property
    def margin(self) -> float:
        """How far the mean must lie from 0 for a verdict: :func:`sure` standard errors; infinite for a single seed."""
        return sure(len(self.differences)) * self.error if len(self.differences) > 1 else np.inf

    @property
    def verdict(self) -> str:
        """ "better" or "worse" by more than :attr:`margin`, else "not distinguishable"."""
        if not np.isfinite(self.mean):
            return "worse"
        if abs(self.mean) <= self.margin:
            return "not distinguishable"
        return "better" if self.mean < 0 else "worse"

    def __str__(self) -> str:
        verdict = {
            "better": say("better than the cosine", "胜过余弦"),
            "worse": say("worse than the cosine", "不如余弦"),
            "not distinguishable": say("not distinguishable from the cosine", "与余弦分不出高下"),
        }[self.verdict]
        lost = sum(not np.isfinite(d) for d in self.differences)
        if lost:
            return say("{name}: {lost} of {n} networks diverged: {verdict}",
                       "{name}：{n} 个网络中有 {lost} 个发散：{verdict}",
                       name=self.name, lost=lost, n=len(self.differences), verdict=verdict)  # fmt: skip
        return say(
            "{name}: {mean:+.4f} ± {error:.4f} ({n} seeds): {verdict}",
            "{name}：{mean:+.4f} ± {error:.4f}（{n} 个随机种子）：{verdict}",
            name=self.name, mean=self.mean, error=self.error, n=len(self.differences), verdict=verdict,
        )  # fmt: skip


def fresh_seeds(n: int) -> range:
    """*n* seeds that nobody can have tuned on: beyond :data:`TUNED_ON`, from the system's own randomness.

    Example:
        >>> from lrcourse.physics import TUNED_ON, fresh_seeds
        >>> seeds = fresh_seeds(32)
        >>> len(seeds), min(seeds) >= TUNED_ON
        (32, True)
    """
    first = TUNED_ON + secrets.randbelow(2**30)
    return range(first, first + count("n", n))


def _drawn(seeds: int | Iterable[int]) -> Sequence[int]:
    """That many fresh ones, or these."""
    return fresh_seeds(count("seeds", seeds)) if isinstance(seeds, Real) else checked_seeds(seeds)


def contest(schedules: Mapping[str, Rates], *, seeds: int | Iterable[int] = 32) -> list[Score]:
    """Train every schedule and the cosine on the same networks and batches; the best comes first.

    Args:
        schedules: name → curve, function of t = 0 ... 299, or array ``(300,)``.
        seeds: how many fresh ones to draw; or which.

    Raises:
        ValueError: a budget that is not 300 updates, a learning rate that is negative or not finite (named, with its
            t), fewer than two seeds.

    Example:
        >>> from lrcourse import curves
        >>> from lrcourse.physics import contest, rivals
        >>> entries = {"too cold": curves.constant(0.001), "the same": rivals()["cosine"]}
        >>> for score in contest(entries, seeds=range(10_000, 10_004)):
        ...     print(f"{score.name}: {score.verdict}")
        the same: not distinguishable
        too cold: worse
    """
    instance("schedules", schedules, Mapping, "a mapping name → schedule")
    seeds = _drawn(seeds)
    if len(seeds) < 2:
        raise ValueError(f"seeds must be two at least, or luck decides; got {len(seeds)}")
    run = {str(i): budgeted(name, each) for i, (name, each) in enumerate(schedules.items())}
    run = {"cosine": rivals()["cosine"]} | run
    losses = sweep(mnist1d(), run, seeds=seeds, updates=UPDATES, progress=False, **BENCH).train_loss[:, 0]
    losses = np.nan_to_num(losses, nan=np.inf)
    scores = [Score(name, tuple((row - losses[0]).tolist())) for name, row in zip(schedules, losses[1:], strict=True)]
    return sorted(scores, key=lambda score: score.mean)


def budgeted(name: str, schedule: Rates) -> Rates:
    """*schedule*, if it keeps to the budget.

    Raises:
        ValueError: an array of any other length than 300.

    Example:
        >>> from lrcourse.physics import budgeted
        >>> budgeted("mine", [0.1] * 299)
        Traceback (most recent call last):
            ...
        ValueError: schedule 'mine' must spend 300 updates, as the cosine does; it has 299
    """
    if callable(schedule):
        return schedule
    rates = np.atleast_1d(numbers(f"schedule {name!r}", schedule))
    if len(rates) != UPDATES:
        raise ValueError(f"schedule {name!r} must spend {UPDATES} updates, as the cosine does; it has {len(rates)}")
    return schedule


def beat_cosine(
    schedule: Rates, *, name: str = "yours", seeds: int | Iterable[int] = 32, board: str | os.PathLike | None = None
) -> Score:  # fmt: skip
    """Score one schedule on fresh networks, and write it on the leaderboard of a file.

    Whoever runs the same learning rates again is scored on all their seeds together, each of them once: a lucky second
    try does not count alone. Trying until the verdict comes, and then stopping, still helps a little: decide on the
    number of seeds beforehand.

    Args:
        schedule: as in :func:`contest`.
        name: on the board.
        seeds: how many networks; or which, none of them below :data:`TUNED_ON`, where a page has to repeat its numbers.
        board: a JSON file, made if it is not there, replaced in one move; None keeps no record.

    Raises:
        ValueError: as :func:`contest`; a *board* that is no leaderboard, which is left as it is.

    Example:
        >>> from lrcourse import curves
        >>> from lrcourse.physics import beat_cosine
        >>> beat_cosine(curves.constant(0.001), seeds=range(10_000, 10_003)).verdict  # too cold to get anywhere
        'worse'
    """
    if board is not None:
        _read(board)  # what is no leaderboard is refused before anything is trained
        if not Path(board).absolute().parent.is_dir():
            raise ValueError(f"board must lie in a folder that exists, got {os.fspath(board)}")
    rates = numbers("schedule", [schedule(t) for t in range(UPDATES)] if callable(schedule) else schedule)
    seeds = _drawn(seeds)
    if min(seeds, default=TUNED_ON) < TUNED_ON:
        raise ValueError(f"seeds below {TUNED_ON} are for tuning, and score nothing here; got {min(seeds)}")
    (score,) = contest({name: rates}, seeds=seeds)
    if board is None:
        return score
    key = hashlib.sha256(rates.round(9).tobytes()).hexdigest()[:16]
    entries = _read(board)  # again: others may have written meanwhile
    known = entries.get(key, {"differences": {}})["differences"]
    known |= dict(zip(map(str, seeds), score.differences, strict=True))  # a seed counts once, however often it is run
    entries[key] = {"name": name, "differences": known}
    _write(board, entries)
    return Score(name, tuple(known.values()))


def leaderboard(board: str | os.PathLike) -> list[Score]:
    """The scores in the file *board*, the best first.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no leaderboard.

    Example:
        >>> import tempfile
        >>> from lrcourse import curves
        >>> from lrcourse.physics import beat_cosine, leaderboard
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     board = f"{folder}/board.json"
        ...     for name, lr in {"cold": 0.001, "hot": 0.12}.items():
        ...         score = beat_cosine(curves.constant(lr), name=name, seeds=[10_000, 10_001], board=board)
        ...     print([score.name for score in leaderboard(board)])
        ['hot', 'cold']
    """
    entries = _read(board)
    if not Path(board).exists():
        raise FileNotFoundError(f"there is no leaderboard {os.fspath(board)}; beat_cosine(..., board=...) makes one")
    scores = [Score(entry["name"], tuple(entry["differences"].values())) for entry in entries.values()]
    return sorted(scores, key=lambda score: score.mean)


FORMAT = "lrcourse leaderboard 2"


def _read(board: str | os.PathLike) -> dict[str, dict]:
    path = Path(instance("board", board, str | os.PathLike, "the path of a file"))
    if path.is_dir():
        raise ValueError(f"board must be the path of a file, got the folder {os.fspath(path)!r}")
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError("written by another version")
        for entry in content["entries"].values():
            Score(str(entry["name"]), tuple(map(float, entry["differences"].values())))
        return content["entries"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no leaderboard of lrcourse ({error}); give another name") from error


def _write(board: str | os.PathLike, entries: dict[str, dict]) -> None:
    with replacing(board) as file:
        file.write(json.dumps({"format": FORMAT, "entries": entries}, ensure_ascii=False, indent=1).encode())
