"""Section 01, dynamics: what the learning rate does to a ball on a landscape.

One update of gradient descent is ``x <- x - lr * grad(x)``. The same line is read here in four ways: as a
time step of gradient flow (:func:`gradient_flow`, :func:`modified_flow`, and how a step that is too long
fails, :func:`bifurcation`); as inverse damping, once the ball has mass (:func:`heavy_ball`); as a
temperature, once the gradient is noisy (:func:`langevin`, :func:`noise_variance`, :func:`anneal`,
:func:`batch_noise`); and as a clock (:func:`clock`).

Conventions. On a 1-D landscape a point is a float and *n* points are an array ``(n,)``; on a 2-D landscape a
point is ``(2,)`` and *n* points are ``(n, 2)``. ``lr`` is a positive number, an array with one entry an
update, or any callable ``lr(t)`` such as a schedule from :mod:`lrcourse.curves`; ``lr(t)`` is what update
t = 0, 1, 2, ... uses. A path that diverges raises nothing: from there on it holds ``inf`` and ``nan``.
"""

from __future__ import annotations

import functools
import itertools
from bisect import bisect_left
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import ceil, sqrt
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

from .arguments import (
    count,
    damping,
    function,
    instance,
    not_negative,
    number,
    numbers,
    positive,
    seeded,
    shown,
)
from .curves import Schedule
from .training import History, digits, fit, mlp
from .training.threads import one_thread
from .words import say

Rate = float | ArrayLike | Callable[[int], float]

# --- Landscapes ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Landscape:
    """A loss to roll on: value, gradient and curvature as functions of position.

    ``f``, ``grad`` and ``hess`` take Python floats (in 1-D), NumPy arrays and torch tensors alike.

    Attributes:
        key: stable name, such as ``"double_well"``.
        words: the name that a page shows, in English and in Chinese; read it through :attr:`name`.
        dim: 1 or 2.
        f: the loss: ``(...) -> (...)`` in 1-D, ``(..., 2) -> (...)`` in 2-D.
        grad: its gradient, of the shape of its argument.
        hess: its second derivative: of the shape of its argument in 1-D, ``(..., 2, 2)`` in 2-D.
        bounds: a range worth looking at, one ``(low, high)`` for each dimension.
        minima: where the loss has its minima, ``(m,)`` or ``(m, 2)``, from left to right.
        barriers: the tops between them, ``(m - 1,)``; empty in 2-D.

    Example:
        >>> from lrcourse import dynamics
        >>> valley = dynamics.valley()
        >>> valley.name, valley.minima.round(2).tolist(), valley.deepest
        ('curved valley', [[-1.05, 0.55], [0.95, 0.45]], 0)
    """

    key: str
    words: tuple[str, str]
    dim: int
    f: Callable
    grad: Callable
    hess: Callable
    bounds: tuple[tuple[float, float], ...]
    minima: NDArray[np.float64]
    barriers: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    @property
    def name(self) -> str:
        """The name in the language in use."""
        return say(*self.words)

    @property
    def deepest(self) -> int:
        """Index of the global minimum."""
        return int(np.argmin(self.f(self.minima)))

    def basin(self, x: ArrayLike) -> NDArray[np.intp]:
        """Index of the minimum towards which gradient flow carries each position in *x*.

        Raises:
            ValueError: on a 2-D landscape.
        """
        return np.searchsorted(_one_dimensional(self).barriers, x)

    def __repr__(self) -> str:
        return f"<Landscape {self.key}>"


def quadratic(curvature: float | tuple[float, float] = 1.0) -> Landscape:
    """A parabola, ``f = curvature / 2 * x**2``; a pair of curvatures makes a 2-D bowl, one for each axis.

    Raises:
        ValueError: for a curvature that is not positive and finite, or more than two of them.

    Example:
        >>> import numpy as np
        >>> from lrcourse import dynamics
        >>> dynamics.quadratic((1.0, 10.0)).grad(np.array([1.0, 1.0])).tolist()  # ten times steeper across
        [1.0, 10.0]
    """
    c = numbers("curvature", curvature)
    if c.shape not in ((), (2,)) or not np.all((c > 0) & (c < np.inf)):
        raise ValueError(
            f"curvature must be a positive number, or a pair of them for a 2-D bowl, got {curvature!r}"
        )
    if c.ndim == 0:
        c = c.item()
        return Landscape(
            key="quadratic",
            words=("parabola", "抛物线"),
            dim=1,
            f=lambda x: 0.5 * c * x * x,
            grad=lambda x: c * x,
            hess=lambda x: c + 0 * x,
            bounds=((-2.0, 2.0),),
            minima=np.zeros(1),
        )
    a, b = c.tolist()
    return Landscape(
        key="bowl",
        words=("bowl", "碗"),
        dim=2,
        f=lambda p: 0.5 * (a * p[..., 0] ** 2 + b * p[..., 1] ** 2),
        grad=lambda p: p * (p.new_tensor(c) if isinstance(p, torch.Tensor) else c),
        hess=lambda p: _matrix(a + 0 * p[..., 0], 0 * p[..., 0], b + 0 * p[..., 0]),
        bounds=((-2.0, 2.0), (-2.0, 2.0)),
        minima=np.zeros((1, 2)),
    )


def double_well(height: float = 0.25) -> Landscape:
    """Two equal wells at -1 and 1 with a barrier at 0: ``f = height * (x**2 - 1)**2``.

    The default height of 1/4 is ``x**4 / 4 - x**2 / 2`` (raised by 1/4 so that the wells lie at zero), with
    ``grad = x**3 - x`` and curvature 2 in the wells; the :data:`THRESHOLDS` hold for it.

    Raises:
        ValueError: for a height that is not positive.

    Example:
        >>> from lrcourse import dynamics
        >>> well = dynamics.double_well()
        >>> well.f(0.0), well.grad(0.5), well.hess(1.0)  # barrier, slope towards 1, curvature at the bottom
        (0.25, -0.375, 2.0)
    """
    h = positive("height", height)
    return Landscape(
        key="double_well",
        words=("double well", "双势阱"),
        dim=1,
        f=lambda x: h * (x * x - 1) ** 2,
        grad=lambda x: 4 * h * (x * x - 1) * x,
        hess=lambda x: 4 * h * (3 * x * x - 1),
        bounds=((-2.0, 2.0),),
        minima=np.array([-1.0, 1.0]),
        barriers=np.zeros(1),
    )


def flat_and_sharp(width: float = 3.0, height: float = 1.0) -> Landscape:
    """Two wells of equal depth: a sharp one at -1, and at *width* a flat one, that many times wider.

    The curvatures are ``8 * height`` and ``8 * height / width**2``: a learning rate between the two limits
    2/λ is unstable in the sharp well alone.

    Raises:
        ValueError: for a width or height that is not positive.

    Example:
        >>> from lrcourse import dynamics
        >>> landscape = dynamics.flat_and_sharp(width=3)
        >>> (2 / landscape.hess(landscape.minima)).tolist()  # the learning rate from which on each well is unstable
        [0.25, 2.25]
    """
    w, h = positive("width", width), positive("height", height)

    def scale(x):
        return 1 + (w - 1) * (x > 0)

    def f(x):
        return h * ((x / scale(x)) ** 2 - 1) ** 2

    def grad(x):
        y = x / scale(x)
        return 4 * h * (y * y - 1) * y / scale(x)

    def hess(x):
        y = x / scale(x)
        return 4 * h * (3 * y * y - 1) / scale(x) ** 2

    return Landscape(
        key="flat_and_sharp",
        words=("a sharp and a flat well", "一窄一宽两个势阱"),
        dim=1,
        f=f,
        grad=grad,
        hess=hess,
        bounds=((-1.6, 1.6 * w),),
        minima=np.array([-1.0, w]),
        barriers=np.zeros(1),
    )


def rugged() -> Landscape:
    """A wide bowl with nine wells in it: ``f = x**2 / 20 + 0.6 cos(2.2 x + 0.6) + 0.5 cos(3.7 x - 1)``.

    Example:
        >>> from lrcourse import dynamics
        >>> landscape = dynamics.rugged()
        >>> len(landscape.minima), float(landscape.minima[landscape.deepest].round(2))
        (9, 1.12)
    """

    def f(x):
        m = _functions(x)
        return 0.05 * x * x + 0.6 * m.cos(2.2 * x + 0.6) + 0.5 * m.cos(3.7 * x - 1)

    def grad(x):
        m = _functions(x)
        return 0.1 * x - 1.32 * m.sin(2.2 * x + 0.6) - 1.85 * m.sin(3.7 * x - 1)

    def hess(x):
        m = _functions(x)
        return 0.1 - 2.904 * m.cos(2.2 * x + 0.6) - 6.845 * m.cos(3.7 * x - 1)

    x = np.linspace(-8.5, 8.5, 2001)
    x = x[:-1][np.diff(np.sign(grad(x))) != 0]
    for _ in range(6):  # Newton's method, from the last grid point before each zero of the gradient
        x = x - grad(x) / hess(x)
    return Landscape(
        key="rugged",
        words=("rugged landscape", "崎岖景观"),
        dim=1,
        f=f,
        grad=grad,
        hess=hess,
        bounds=((-8.5, 8.5),),
        minima=x[hess(x) > 0],
        barriers=x[hess(x) < 0],
    )


def valley(stiffness: float = 10.0, tilt: float = 0.1) -> Landscape:
    """A narrow curved valley ``y = x**2 / 2`` with two basins; the left one is deeper by about ``2 * tilt``.

    ``f = (x**2 - 1)**2 / 4 + tilt * x + stiffness / 2 * (y - x**2 / 2)**2``: stiff across, slow along, as the
    losses of networks are.

    Raises:
        ValueError: for a stiffness that is not positive, or a tilt so large that one basin is gone.

    Example:
        >>> import numpy as np
        >>> from lrcourse import dynamics
        >>> valley = dynamics.valley(stiffness=10)
        >>> np.linalg.eigvalsh(valley.hess(valley.minima[0])).round(1).tolist()  # slow along, stiff across
        [1.0, 22.2]
    """
    k = positive("stiffness", stiffness)
    what = "lie between -0.385 and 0.385 (2/sqrt(27)), or one basin is gone"
    tilt = number("tilt", tilt, what, lambda slope: abs(slope) < 2 / sqrt(27))

    def f(p):
        x, y = p[..., 0], p[..., 1]
        return 0.25 * (x * x - 1) ** 2 + tilt * x + 0.5 * k * (y - 0.5 * x * x) ** 2

    def grad(p):
        x, y = p[..., 0], p[..., 1]
        across = k * (y - 0.5 * x * x)
        return _vector((x * x - 1 - across) * x + tilt, across)

    def hess(p):
        x, y = p[..., 0], p[..., 1]
        across = k * (y - 0.5 * x * x)
        return _matrix((3 + k) * x * x - 1 - across, -k * x, k + 0 * x)

    x = np.sort(np.roots([1, 0, -1, tilt]).real)[[0, 2]]
    return Landscape(
        key="valley",
        words=("curved valley", "弯曲的山谷"),
        dim=2,
        f=f,
        grad=grad,
        hess=hess,
        bounds=((-2.0, 2.0), (-1.0, 2.5)),
        minima=np.stack([x, 0.5 * x * x], axis=-1),
    )


LANDSCAPES: Mapping[str, Callable[[], Landscape]] = MappingProxyType(
    {make.__name__: make for make in (quadratic, double_well, flat_and_sharp, rugged, valley)}
)
"""Every landscape by its name, to choose from: ``LANDSCAPES["rugged"]()``."""


# --- A time step -----------------------------------------------------------------------------------------


def gradient_descent(landscape: Landscape, start: ArrayLike, lr: Rate, steps: int) -> NDArray[np.float64]:
    """The path of ``x <- x - lr(t) * grad(x)``, which is what ``torch.optim.SGD(params, lr)`` does.

    Args:
        landscape: what to descend.
        start: one point or many (see the module's conventions).
        lr: number, array ``(steps,)`` or callable ``lr(t)``.
        steps: number of updates.

    Returns:
        ``(steps + 1, *start.shape)``: the position before each update, and after the last.

    Raises:
        ValueError: for a start that does not fit the landscape, an lr that is negative or not a number (a
            constant one must be positive), or steps below 1.
        TypeError: if *landscape* is no :class:`Landscape`.

    Example:
        >>> from lrcourse import dynamics
        >>> bowl = dynamics.quadratic()
        >>> for lr in 0.5, 1.5, 2.5:  # falls, swings, diverges
        ...     print(lr, dynamics.gradient_descent(bowl, 1.0, lr, steps=4).tolist())
        0.5 [1.0, 0.5, 0.25, 0.125, 0.0625]
        1.5 [1.0, -0.5, 0.25, -0.125, 0.0625]
        2.5 [1.0, -1.5, 2.25, -3.375, 5.0625]
    """
    x, lrs = _start(landscape, start), _rates(lr, steps)
    path = [x]
    with np.errstate(over="ignore", invalid="ignore"):
        for eta in lrs.tolist():
            x = x - eta * landscape.grad(x)
            path.append(x)
    return np.array(path)


def gradient_flow(landscape: Landscape, start: ArrayLike, times: ArrayLike) -> NDArray[np.float64]:
    """The smooth path ``dx/ds = -grad(x)`` at *times*, to about nine digits.

    Update *n* of gradient descent belongs beside time ``s = lr(0) + ... + lr(n - 1)``: one update lasts
    ``lr``.

    Args:
        landscape: what to descend.
        start: one point or many, at time 0.
        times: increasing, from 0 on.

    Returns:
        ``(len(times), *start.shape)``.

    Raises:
        ValueError: for a start that does not fit the landscape, or times that are negative or do not
            increase.

    Example:
        >>> from lrcourse import dynamics
        >>> bowl = dynamics.quadratic()
        >>> dynamics.gradient_flow(bowl, 1.0, [0.5, 1.0]).round(4).tolist()  # exp(-s)
        [0.6065, 0.3679]
        >>> dynamics.gradient_descent(bowl, 1.0, lr=0.1, steps=10)[[5, 10]].round(4).tolist()
        [0.5905, 0.3487]
    """
    return _flow(landscape, start, times, lambda x: -landscape.grad(x))


def modified_flow(landscape: Landscape, start: ArrayLike, times: ArrayLike, lr: float) -> NDArray[np.float64]:
    """The flow that descent with a constant *lr* really follows: downhill on ``f + lr / 4 * |grad f|**2``.

    Descent leaves :func:`gradient_flow` by an error of order lr and this flow by one of order lr² (Barrett
    and Dherin, "Implicit gradient regularization", ICLR 2021, eq. 2). Arguments and result are those of
    :func:`gradient_flow`.

    Example:
        >>> from lrcourse import dynamics
        >>> bowl = dynamics.quadratic()
        >>> descent = dynamics.gradient_descent(bowl, 1.0, lr=0.1, steps=10)[-1]
        >>> modified = dynamics.modified_flow(bowl, 1.0, [1.0], lr=0.1)[0]
        >>> print(f"{descent:.3f} {modified:.3f} {dynamics.gradient_flow(bowl, 1.0, [1.0])[0]:.3f}")
        0.349 0.350 0.368
    """
    half = positive("lr", lr) / 2

    def velocity(x):
        g = landscape.grad(x)
        bend = landscape.hess(x) * g if landscape.dim == 1 else (landscape.hess(x) @ g[..., None])[..., 0]
        return -(g + half * bend)

    return _flow(landscape, start, times, velocity)


_EVALUATIONS = 30_000  # the stiffest flow of the course needs a few thousand


def _flow(
    landscape: Landscape, start: ArrayLike, times: ArrayLike, velocity: Callable
) -> NDArray[np.float64]:
    x, times = np.asarray(_start(landscape, start)), np.atleast_1d(numbers("times", times))
    if times.ndim != 1 or not (times.size and times[0] >= 0 and (np.diff(times) > 0).all() and times[-1] < np.inf):
        raise ValueError(f"times must be finite, increase and start at 0 or later, got {times!r}")
    if times[-1] == 0:
        return x[None]
    most = _EVALUATIONS * x.size  # a stiff step takes one for each coordinate
    left = itertools.count(most, -1)

    def flowing(_: float, x_flat: NDArray[np.float64]) -> NDArray[np.float64]:
        if next(left) < 0:
            raise ValueError(
                f"start, times and lr must leave a flow that can be followed, got start = {shown(start)} up to "
                f"{times[-1]:g}: too steep for {most} evaluations of the gradient"
            )
        return velocity(x_flat.reshape(x.shape)).ravel()

    solution = solve_ivp(
        flowing,
        (0.0, times[-1]),
        x.ravel(),
        method="LSODA",  # far fewer evaluations than Runge-Kutta where a valley is stiff
        t_eval=times,
        rtol=1e-9,
        atol=1e-12,
    )
    if not solution.success:
        raise ValueError(f"start, times and lr must leave a flow that can be followed: {solution.message}")
    return solution.y.T.reshape(len(times), *x.shape)


def stability_limit(curvature: float = 1.0, momentum: float = 0.0) -> float:
    """The learning rate from which on descent in a parabola of curvature λ fails: ``2 (1 + β) / λ``.

    Raises:
        ValueError: for a curvature that is not positive, or a momentum outside [0, 1).

    Example:
        >>> from lrcourse import dynamics
        >>> dynamics.stability_limit(curvature=10), dynamics.stability_limit(curvature=10, momentum=0.9)
        (0.2, 0.38)
    """
    return 2 * (1 + damping("momentum", momentum)) / positive("curvature", curvature)


THRESHOLDS: Mapping[str, float] = MappingProxyType(
    {
        "period 2": 1.0,
        "period 4": sqrt(5) - 1,
        "chaos": 1.3022834627,
        "hops": 1.5 * sqrt(3) - 1,
        "diverges": 2.0,
    }
)
"""Learning rates at which descent in ``double_well()``, the map ``x - lr * (x**3 - x)``, changes behaviour.

- ``"period 2"``: the slope of the map at the minimum, 1 - 2 lr, reaches -1.
- ``"period 4"``: the slope over one period of that orbit reaches -1, at √5 - 1.
- ``"chaos"``: the period doublings accumulate. The only one without a closed form: extrapolated from the
  superstable orbits of period 2 to 1024 with Feigenbaum's ratio. Windows of periodic motion follow within the
  chaos.
- ``"hops"``: the farthest point the ball reaches, the image of the map's maximum, falls on the map's zero at
  √(1 + 1/lr), from where it lands on the barrier: 3√3/2 - 1.
- ``"diverges"``: the farthest point reaches the unstable orbit at √(1 + 2/lr); beyond that orbit every ball
  is lost, whatever its learning rate.
"""


class Regime(NamedTuple):
    """What a ball in the double well does at one learning rate: a stable code, and words for a page.

    Example:
        >>> from lrcourse import dynamics
        >>> dynamics.regime(1.1).words
        'swings between two points of its well (period 2)'
    """

    code: str
    words: str


_REGIMES = (
    ("settles", "settles at the bottom of its well", "停在所在势阱的底部"),
    ("period 2", "swings between two points of its well (period 2)", "在势阱内的两点之间来回摆动（周期 2）"),
    ("doubling", "its period doubles again and again: 4, 8, 16, …", "周期一再倍增：4、8、16……"),
    ("chaos", "chaos; the ball stays in its well", "混沌；小球仍留在自己的势阱里"),
    (
        "hops",
        "chaos; the ball hops between the wells without any noise",
        "混沌；没有噪声，小球也在两个势阱之间跳跃",
    ),
    ("diverges", "diverges", "发散"),
)


def regime(lr: float) -> Regime:
    """What descent at this *lr* does in ``double_well()`` to almost every ball that starts within ±√(1 + 2/lr).

    The :data:`THRESHOLDS` separate the codes ``"settles"``, ``"period 2"``, ``"doubling"``, ``"chaos"``,
    ``"hops"`` and ``"diverges"``.

    Raises:
        ValueError: for an lr that is not positive.

    Example:
        >>> from lrcourse import dynamics
        >>> [dynamics.regime(lr).code for lr in (0.9, 1.1, 1.25, 1.4, 1.7, 2.1)]
        ['settles', 'period 2', 'doubling', 'chaos', 'hops', 'diverges']
    """
    code, en, zh = _REGIMES[bisect_left([*THRESHOLDS.values()], positive("lr", lr))]
    return Regime(code, say(en, zh))


def bifurcation(
    lrs: ArrayLike,
    start: ArrayLike = 0.5,
    *,
    landscape: Landscape | None = None,
    settle: int = 1000,
    keep: int = 128,
) -> NDArray[np.float64]:
    """Where descent ends up at each of many learning rates, once *settle* updates are forgotten.

    Args:
        lrs: learning rates, ``(m,)``.
        start: one starting position, or ``(n,)`` of them.
        landscape: a 1-D landscape; by default ``double_well()``.
        settle: updates to forget.
        keep: updates to return.

    Returns:
        ``(keep, m)`` or ``(keep, n, m)``; nan at each learning rate where the ball was lost.

    Raises:
        ValueError: for an lr that is not positive, settle or keep below 1, or a landscape that is not 1-D.

    Example:
        >>> from lrcourse import dynamics
        >>> points = dynamics.bifurcation([0.9, 1.1, 1.25])
        >>> [len(set(visited)) for visited in points.round(3).T.tolist()]  # the period doubles
        [1, 2, 4]
    """
    landscape, lrs = double_well() if landscape is None else landscape, np.atleast_1d(numbers("lrs", lrs))
    x = np.asarray(_start(_one_dimensional(landscape), start))[..., None] + 0 * lrs
    if lrs.ndim != 1 or not np.all((lrs > 0) & (lrs < np.inf)):
        raise ValueError(f"lrs must be a list of positive learning rates, got {lrs!r}")
    settle, keep = count("settle", settle), count("keep", keep)
    points = np.empty((keep, *x.shape))
    with np.errstate(over="ignore", invalid="ignore"):
        for n in range(-settle, keep):
            x -= lrs * landscape.grad(x)
            if n >= 0:
                points[n] = x
    points[:, ~np.isfinite(x)] = np.nan
    return points


# --- Damping and mass ------------------------------------------------------------------------------------


def heavy_ball(
    landscape: Landscape, start: ArrayLike, lr: Rate, steps: int, *, momentum: float = 0.9
) -> NDArray[np.float64]:
    """The path of a ball with mass: ``v <- momentum * v + grad(x)``, ``x <- x - lr(t) * v``, as in torch.

    It starts at rest. Seen over many updates it descends like :func:`gradient_descent` with the learning rate
    ``lr / (1 - momentum)``. Arguments, result and errors are those of :func:`gradient_descent`, and a
    ValueError for a momentum outside [0, 1). (Polyak 1964; ``torch.optim.SGD`` with ``dampening=0``.)

    Example:
        >>> from lrcourse import dynamics
        >>> bowl = dynamics.quadratic()
        >>> heavy = dynamics.heavy_ball(bowl, 1.0, lr=0.0001, steps=1000, momentum=0.9)[-1]
        >>> light = dynamics.gradient_descent(bowl, 1.0, lr=0.001, steps=1000)[-1]
        >>> print(f"{heavy:.2f} {light:.2f}")
        0.37 0.37
    """
    x, lrs, momentum = _start(landscape, start), _rates(lr, steps), damping("momentum", momentum)
    v, path = 0.0, [x]
    with np.errstate(over="ignore", invalid="ignore"):
        for eta in lrs.tolist():
            v = momentum * v + landscape.grad(x)
            x = x - eta * v
            path.append(x)
    return np.array(path)


def critical_momentum(lr: float, curvature: float = 1.0) -> float:
    """The momentum that brings a ball to rest soonest in a parabola of curvature λ: ``(1 - √(lr λ))**2``.

    With less of it the ball creeps, with more it swings. The distance then shrinks by ``|1 - √(lr λ)|`` an
    update.

    Raises:
        ValueError: unless ``0 < lr * curvature < 4``; beyond, no momentum below 1 is stable.

    Example:
        >>> from lrcourse import dynamics
        >>> bowl, best = dynamics.quadratic(), dynamics.critical_momentum(lr=0.01)
        >>> for momentum in 0.5, best, 0.99:
        ...     path = dynamics.heavy_ball(bowl, 1.0, 0.01, steps=100, momentum=momentum)
        ...     print(f"{momentum:.2f} {abs(path[-20:]).max():.3f}")
        0.50 0.192
        0.81 0.002
        0.99 0.623
    """
    step = positive("lr", lr) * positive("curvature", curvature)
    if step >= 4:
        raise ValueError(
            f"lr must be below 4 / curvature = {4 / curvature:g}, where every momentum diverges, got {lr!r}"
        )
    return (1 - sqrt(step)) ** 2


# --- Temperature -----------------------------------------------------------------------------------------

_TORCH_FROM = 1000  # particles; below, calling torch costs more than it saves
_BLOCK = 1 << 15  # particles whose state stays in the processor's cache


def langevin(
    landscape: Landscape,
    start: ArrayLike,
    lr: Rate,
    sigma: float | ArrayLike | Callable,
    steps: int,
    *,
    particles: int | None = None,
    momentum: float = 0.0,
    seed: int = 0,
    every: int | None = None,
) -> NDArray[np.floating]:
    """Descend with a noisy gradient: ``x <- x - lr(t) * (grad(x) + sigma * ξ)``, with ξ drawn from N(0, 1).

    For a small lr this is Langevin dynamics at temperature ``T = lr * sigma**2 / 2``. Fewer than 1000
    particles run in NumPy and float64; more run in torch and float32, in blocks, one a thread. The result
    depends on *seed* alone, not on the number of threads.

    Args:
        landscape: what to descend.
        start: one point, from where all particles start, or one for each.
        lr: number, array ``(steps,)`` or callable ``lr(t)``.
        sigma: standard deviation of the noise in each component of the gradient: a number; an array
            ``(steps,)``, one for each update; or a callable ``sigma(x)`` of the positions (an array, or a
            tensor in torch), broadcast against them, for noise that depends on the place.
        steps: number of updates.
        particles: how many, if *start* is one point (default 1).
        momentum: β, from 0 up to but not including 1.
        seed: of the noise.
        every: also keep what lies between: the positions before update 0, every, 2 * every, ...

    Returns:
        The final positions, ``(particles,)`` or ``(particles, 2)``; with *every*, one more axis in front, of
        length ``steps // every + 1``.

    Raises:
        ValueError: for a start that does not fit the landscape or the number of particles, lr, steps,
            particles, momentum or every out of range, or a negative sigma.

    Example:
        >>> from lrcourse import dynamics
        >>> x = dynamics.langevin(dynamics.quadratic(), 3.0, lr=0.1, sigma=2.0, steps=200, particles=5000)
        >>> round(float(x.var()), 1), 0.1 * 2.0**2 / 2  # the variance in this parabola, and the temperature
        (0.2, 0.2)
    """
    x, lrs, momentum = np.asarray(_start(landscape, start)), _rates(lr, steps), damping("momentum", momentum)
    seed = seeded("seed", seed)
    if x.ndim < landscape.dim:
        x = np.broadcast_to(x, (count("particles", 1 if particles is None else particles), *x.shape))
    elif particles not in (None, len(x)):
        raise ValueError(
            f"particles must be left out or match start, got particles={particles!r} and {len(x)} starts"
        )
    noise = sigma if callable(sigma) else _series("sigma", sigma, steps)
    stride = steps if every is None else count("every", every)

    in_torch = len(x) >= _TORCH_FROM
    frames = np.empty((steps // stride + 1, *x.shape), dtype=np.float32 if in_torch else np.float64)
    frames[0] = x

    def run(frames, gaussian, add):
        _descend_noisily(landscape, frames, lrs, noise, momentum, stride, gaussian, add)

    def run_block(block, seed):
        generator = torch.Generator().manual_seed(seed)
        run(block, lambda z: z.normal_(generator=generator), lambda y, a, x: y.add_(x, alpha=a))

    if in_torch:
        blocks = torch.from_numpy(frames).chunk(ceil(len(x) / _BLOCK), dim=1)
        seeds = np.random.SeedSequence(seed).generate_state(len(blocks)).tolist()
        with ThreadPoolExecutor(torch.get_num_threads()) as threads:
            list(threads.map(run_block, blocks, seeds))
    else:
        rng = np.random.default_rng(seed)
        run(frames, lambda z: rng.standard_normal(out=z), lambda y, a, x: np.add(y, a * x, out=y))
    return frames[-1] if every is None else frames


def _descend_noisily(landscape, frames, lrs, noise, momentum, stride, gaussian, add) -> None:
    """Fill *frames* from its first; ``gaussian(z)`` and ``add(y, a, x)`` change z and y in place."""
    x, v, z = frames[0] + 0, frames[0] * 0, frames[0] * 0
    sigmas = itertools.repeat(noise) if callable(noise) else noise.tolist()
    with np.errstate(over="ignore", invalid="ignore"):
        for n, (eta, sigma) in enumerate(zip(lrs.tolist(), sigmas, strict=False), start=1):
            gaussian(z)
            z *= sigma(x) if callable(sigma) else sigma
            z += landscape.grad(x)  # into the noise: a gradient may be its own argument, as that of x²/2 is
            if momentum:
                v *= momentum
                v += z
            add(x, -eta, v if momentum else z)
            if n % stride == 0:
                frames[n // stride] = x


def noise_variance(
    lr: ArrayLike, curvature: float = 1.0, sigma: float = 1.0, momentum: float = 0.0
) -> NDArray[np.float64] | float:
    """Exact variance of a ball that descends noisily in a parabola, once the start is forgotten.

    ``η σ² (1 + β) / (λ (1 - β) (2 (1 + β) - η λ))``; without momentum ``η σ² / (λ (2 - η λ))``. The
    temperature ``λ * variance`` is η σ² / 2 only for η λ much below 1. (Fixed point of the linear recursion
    for the second moments; Mandt, Hoffman and Blei 2017 give the limit of small η.)

    Args:
        lr: η, one or many.
        curvature: λ.
        sigma: standard deviation of the gradient's noise.
        momentum: β, as in :func:`langevin`.

    Returns:
        A float for one lr, else an array of lr's shape.

    Raises:
        ValueError: from the stability limit on, where the variance grows for ever; for arguments out of
            range.

    Example:
        >>> from lrcourse import dynamics
        >>> for lr in 0.01, 1.0, 1.9:
        ...     print(f"{lr}: {dynamics.noise_variance(lr):.3f}, of small lr {lr / 2:.3f}")
        0.01: 0.005, of small lr 0.005
        1.0: 1.000, of small lr 0.500
        1.9: 19.000, of small lr 0.950
    """
    eta, limit, momentum = numbers("lr", lr), stability_limit(curvature, momentum), damping("momentum", momentum)
    if not np.all((eta > 0) & (eta < limit)):
        raise ValueError(
            f"lr must lie between 0 and the stability limit 2 (1 + β) / λ = {limit:g}, got {lr!r} for "
            f"curvature = {curvature:g} and momentum = {momentum:g}"
        )
    sigma, up, down = np.float64(not_negative("sigma", sigma)), 1 + momentum, 1 - momentum
    with np.errstate(over="ignore"):
        variance = eta * sigma**2 * up / (curvature * down * (2 * up - eta * curvature))
    return variance if variance.ndim else float(variance)


def gibbs(landscape: Landscape, temperature: float, x: ArrayLike) -> NDArray[np.float64]:
    """The density ``exp(-f(x) / T) / Z`` in which Langevin dynamics settles, on a 1-D landscape.

    It holds for small lr, with ``T = lr * sigma**2 / 2``. *x* is an increasing grid ``(n,)``, over which the
    density ``(n,)`` is normalised by the trapezoidal rule.

    Raises:
        ValueError: for a temperature that is not positive, a grid that does not increase, or a 2-D landscape.

    Example:
        >>> import numpy as np
        >>> from lrcourse import dynamics
        >>> x = np.linspace(-2, 2, 401)
        >>> for temperature in 0.25, 0.05:
        ...     density = dynamics.gibbs(dynamics.double_well(), temperature, x)
        ...     print(f"T = {temperature}: {density[200] / density[300]:.3f}")  # on the barrier, against in a well
        T = 0.25: 0.368
        T = 0.05: 0.007
    """
    x = numbers("x", x)
    if x.ndim != 1 or x.size < 2 or not (np.diff(x) > 0).all():
        raise ValueError(f"x must be an increasing grid of two points or more, got {x!r}")
    energy = _one_dimensional(landscape).f(x)
    density = np.exp(-(energy - energy.min()) / positive("temperature", temperature))
    return density / np.trapezoid(density, x)


class Annealed(NamedTuple):
    """Where an ensemble was left by :func:`anneal`.

    Example:
        >>> import numpy as np
        >>> from lrcourse import dynamics
        >>> quench = dynamics.anneal(dynamics.rugged(), np.zeros(200))
        >>> print(f"{quench.share:.0%} in the deepest basin, {quench.energy:.1f} above its bottom on average")
        13% in the deepest basin, 1.4 above its bottom on average
    """

    share: float
    """Share of the particles that ended in the deepest basin."""
    energy: float
    """Their mean loss above the deepest minimum, before they roll to the bottom of their basins."""
    positions: NDArray[np.floating]
    """``(particles,)``: where they were at the end."""


def anneal(
    landscape: Landscape, temperature: ArrayLike, *, lr: float = 0.05, particles: int = 1000, seed: int = 0
) -> Annealed:
    """Cool an ensemble along a temperature curve: how much of it finds the deepest basin?

    The particles start evenly spread at random over ``landscape.bounds``. The learning rate stays, and with
    it the clock; only the noise cools, ``sigma(t) = √(2 T(t) / lr)``. Zeros throughout make a quench: plain
    descent.

    Args:
        landscape: a 1-D landscape, such as :func:`rugged`.
        temperature: T(t) for each update, ``(steps,)``.
        lr: the constant learning rate.
        particles: size of the ensemble.
        seed: of the starts and of the noise.

    Raises:
        ValueError: for a temperature that is negative or not a number, a 2-D landscape, and as
            :func:`langevin`.

    Example:
        >>> import numpy as np
        >>> from lrcourse import dynamics
        >>> for name, temperature in {"quench": np.zeros(1000), "slowly": np.linspace(1, 0, 1000)}.items():
        ...     print(f"{name}: {dynamics.anneal(dynamics.rugged(), temperature, particles=900).share:.0%}")
        quench: 13%
        slowly: 44%
    """
    temperature, seed = numbers("temperature", temperature), seeded("seed", seed)
    if temperature.ndim != 1 or not temperature.size or not np.all((temperature >= 0) & (temperature < np.inf)):
        raise ValueError(f"temperature must be one number >= 0 for each update, got {temperature!r}")
    sigma = np.sqrt(2 * temperature / positive("lr", lr))
    (low, high), rng = _one_dimensional(landscape).bounds[0], np.random.default_rng(seed)
    starts = rng.uniform(low, high, count("particles", particles))
    x = langevin(landscape, starts, lr, sigma, len(temperature), seed=seed)
    found = landscape.basin(x) == landscape.deepest
    energy = landscape.f(x) - landscape.f(landscape.minima).min()
    return Annealed(float(found.mean()), float(energy.mean()), x)


class BatchNoise(NamedTuple):
    """What mini-batches cost: excess loss of SGD at rest above the full-batch minimum.

    Example:
        >>> from lrcourse import dynamics
        >>> noise = dynamics.batch_noise(0.2, 8)
        >>> round(noise.excess, 3), round(noise.theory, 3)
        (0.011, 0.01)
    """

    excess: float
    """Measured."""
    theory: float
    """``lr / batch_size * s² tr(H) / 4``: residual variance s², Hessian H; the limit of small lr."""


def batch_noise(lr: float, batch_size: int, *, replicas: int = 256, seed: int = 0) -> BatchNoise:
    """Noise made by mini-batches alone: a linear regression that SGD keeps warm, at T ∝ lr / batch size.

    512 examples, 4 features with Hessian eigenvalues from 1 to 0.1, batches drawn with replacement;
    *replicas* runs start at the minimum, run for five relaxation times of the slowest mode, and are averaged
    over the second half.

    Raises:
        ValueError: for an lr that is not positive, or with which these batches diverge (2, the limit without
            noise, is far beyond it for small ones); or a batch size outside 1 ... 512.

    Example:
        >>> from lrcourse import dynamics
        >>> hot, cold = dynamics.batch_noise(0.2, 8), dynamics.batch_noise(0.2, 32)
        >>> round(hot.excess / cold.excess)  # batches four times as large are four times as cold
        4
    """
    lr, replicas, seed = positive("lr", lr), count("replicas", replicas), seeded("seed", seed)
    if not 1 <= count("batch_size", batch_size) <= 512:
        raise ValueError(f"batch_size must be at most 512, the number of examples, got {batch_size!r}")
    features, residuals = _regression(seed)
    eigenvalues = features.square().mean(0)
    generator = torch.Generator().manual_seed(seed)
    w = torch.zeros(replicas, 4, 1)
    variance = torch.zeros(4)
    steps = ceil(5 / (lr * 0.1))
    for n in range(steps):
        rows = torch.randint(512, (replicas, batch_size), generator=generator)
        x, residual = features[rows], residuals[rows][..., None]
        w -= lr / batch_size * x.mT @ (x @ w - residual)
        if n >= steps // 2:
            variance += w.square().mean((0, 2)) / (steps - steps // 2)
    excess = (eigenvalues @ variance / 2).item()
    theory = (lr / batch_size * residuals.square().mean() * eigenvalues.sum() / 4).item()
    if not excess < 100 * theory:
        raise ValueError(f"lr must be smaller for batches of {batch_size}: with {lr:g} this regression diverges")
    return BatchNoise(excess, theory)


def _regression(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Features ``(512, 4)`` and the residuals ``(512,)`` that remain at the minimum of the loss, w = 0."""
    generator = torch.Generator().manual_seed(seed)
    white = torch.linalg.qr(torch.randn(512, 4, generator=generator)).Q
    residuals = torch.randn(512, generator=generator)
    return white * sqrt(512) * torch.logspace(0, -0.5, 4), residuals - white @ (white.T @ residuals)


# --- A clock ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clock:
    """Runs of one network under schedules of equal Σ lr, and how far their losses lie apart.

    A spread is (largest - smallest) / mean over the runs.

    Attributes:
        histories: the :class:`~lrcourse.training.History` of each run, by the name of its schedule.

    Example:
        >>> import numpy as np
        >>> from lrcourse import dynamics
        >>> runs = dynamics.clock({"level": np.ones(50), "falling": np.linspace(1, 0, 50)}, updates=50)
        >>> [round(float(run.lr.sum()), 4) for run in runs.histories.values()]
        [5.0, 5.0]
    """

    histories: Mapping[str, History]

    @property
    def final_spread(self) -> float:
        """Spread of the training loss after the last update."""
        return _spread([h.train.loss for h in self.histories.values()]).item()

    @property
    def spread_against_updates(self) -> float:
        """Largest spread at equal numbers of updates, between a tenth and nine tenths of the run."""
        losses = np.array([h.loss for h in self.histories.values()])
        return _spread(losses[:, losses.shape[1] // 10 : losses.shape[1] * 9 // 10]).max().item()

    @property
    def spread_against_tau(self) -> float:
        """Largest spread at equal readings of the clock Σ lr, between a tenth and nine tenths of the run."""
        total = next(iter(self.histories.values())).lr.sum()
        tau = np.linspace(0.1, 0.9, 81) * total
        return _spread([np.interp(tau, h.tau, h.loss) for h in self.histories.values()]).max().item()


def _spread(losses: ArrayLike) -> NDArray[np.float64]:
    losses = np.asarray(losses)
    return np.ptp(losses, axis=0) / losses.mean(axis=0)


def _tell(progress: Callable[[int, int], object], before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)


def clock(
    schedules: Mapping[str, Rate],
    *,
    lr: float = 0.1,
    updates: int = 200,
    batch_size: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Clock:
    """Train one real network under several schedules, each scaled to the same Σ lr(t): do they share a clock?

    Without noise the loss depends on τ = Σ lr almost alone, whatever the shape of the schedule. The network
    is a 64-32-10 tanh MLP on 600 of scikit-learn's digits, trained by ``torch.optim.SGD`` through
    :func:`lrcourse.training.fit`.

    Args:
        schedules: shapes by name; each an array ``(updates,)`` or a callable of t, of any scale.
        lr: the mean learning rate to which each is scaled.
        updates: length of each run.
        batch_size: None for the full batch, which has no noise.
        seed: of the network's weights and of the batches, the same for all runs.
        progress: called as ``progress(done, total)`` with numbers of updates.

    Raises:
        ValueError: for no schedules, one that is negative, not a number, or zero throughout, or an lr so
            large that a run diverges.

    Example:
        >>> import numpy as np
        >>> from lrcourse import dynamics
        >>> runs = dynamics.clock({"level": np.ones(50), "falling": np.linspace(1, 0, 50)}, updates=50)
        >>> print(f"{runs.spread_against_updates:.0%} by updates, {runs.spread_against_tau:.1%} by the clock")
        30% by updates, 0.4% by the clock
    """
    if not instance("schedules", schedules, Mapping, "a mapping name → schedule"):
        raise ValueError("schedules must hold at least one schedule, got none")
    lr = number("lr", lr, "be positive, and below what float32 holds", lambda rate: 0 < rate <= 1e38)
    updates = count("updates", updates)
    if progress is not None:
        function("progress", progress, "(done, total)")
    data, histories, total = digits(train=600), {}, len(schedules) * updates
    for i, (name, shape) in enumerate(schedules.items()):
        lrs = _rates(shape, updates, f"schedules[{name!r}]")
        if not lrs.any():
            raise ValueError(f"schedules[{name!r}] is zero throughout")
        lrs *= lr / lrs.mean()
        model = mlp((64, 32, 10), seed=seed)
        optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, functools.partial(lrs.take, mode="clip"))
        with one_thread():
            histories[name] = fit(
                model,
                data,
                optimizer,
                scheduler,
                updates=updates,
                batch_size=batch_size,
                seed=seed,
                progress=progress and functools.partial(_tell, progress, i * updates, total),
            )
        if histories[name].diverged is not None:
            raise ValueError(f"lr={lr:g} is too large: training under {name!r} diverged; take a smaller one")
    return Clock(histories)


# --- Arguments -------------------------------------------------------------------------------------------


def _landscape(landscape: Landscape) -> Landscape:
    choice = ", ".join(f"dynamics.{name}()" for name in LANDSCAPES)
    return instance("landscape", landscape, Landscape, f"a Landscape, such as {choice}")


def _one_dimensional(landscape: Landscape) -> Landscape:
    if _landscape(landscape).dim != 1:
        raise ValueError(f"landscape must be 1-D here, {landscape.key!r} has {landscape.dim} dimensions")
    return landscape


def _start(landscape: Landscape, start: ArrayLike) -> NDArray[np.float64] | float:
    """A copy of *start*, fit for the landscape; a single number as Python's float, the fastest arithmetic."""
    x = numbers("start", start)
    if x.ndim > _landscape(landscape).dim or (landscape.dim == 2 and x.shape[-1:] != (2,)):
        wanted = "a number or an array (n,)" if landscape.dim == 1 else "an array (2,) or (n, 2)"
        raise ValueError(
            f"start must be {wanted} on the {landscape.dim}-D {landscape.key!r}, got shape {x.shape}"
        )
    if not np.isfinite(x).all():
        raise ValueError(f"start must be finite, got {start!r}")
    return x if x.ndim else x.item()


def _series(name: str, values: ArrayLike, steps: int) -> NDArray[np.float64]:
    """One finite number >= 0 for each update, from a single number or from *steps* of them."""
    series = numbers(name, values)
    if series.shape not in ((), (steps,)):
        raise ValueError(
            f"{name} must have one entry for each of the {steps} updates, got shape {series.shape}"
        )
    wrong = np.flatnonzero(~((series >= 0) & (series < np.inf)))
    if len(wrong):
        where = f" at update {wrong[0]}" if series.ndim else ""
        raise ValueError(f"{name} must be finite and not negative, got {series.flat[wrong[0]]:g}{where}")
    return series if series.ndim else np.full(steps, series)


def _rates(lr: Rate, steps: int, name: str = "lr") -> NDArray[np.float64]:
    """The learning rate of each update, ``(steps,)``."""
    steps = count("steps", steps)
    if callable(lr):
        # Any other function gets Python's whole numbers one by one: of int64 some power of t may overflow unseen.
        values: Any = lr(range(steps)) if isinstance(lr, Schedule) else [lr(t) for t in range(steps)]
        return _series(name, values, steps)
    lrs = _series(name, lr, steps)
    if np.ndim(lr) == 0 and lrs[0] == 0:
        raise ValueError(f"{name} must be positive, got 0: the ball would never move")
    return lrs


def _functions(x):
    """The module with the sines and cosines for *x*."""
    return torch if isinstance(x, torch.Tensor) else np


def _vector(x, y):
    if isinstance(x, torch.Tensor):
        return torch.stack((x, y), dim=-1)
    v = np.empty((*np.shape(x), 2))  # np.stack takes five times as long for a single point
    v[..., 0], v[..., 1] = x, y
    return v


def _matrix(xx, xy, yy):
    if isinstance(xx, torch.Tensor):
        return torch.stack((torch.stack((xx, xy), -1), torch.stack((xy, yy), -1)), -1)
    m = np.empty((*np.shape(xx), 2, 2))
    m[..., 0, 0], m[..., 0, 1], m[..., 1, 0], m[..., 1, 1] = xx, xy, xy, yy
    return m
