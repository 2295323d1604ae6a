"""Learning-rate schedules as pure functions of time: a closed form for every scheduler of torch 2.13.

``lr(t)`` is the learning rate that update ``t = 0, 1, 2, ...`` uses. Building a torch scheduler performs its step 0,
and the k-th ``scheduler.step()`` sets ``lr(k)``. Read "epoch" for "update" where a loop steps once an epoch.

A factory is named after the torch class whose curve it gives. It takes ``lr``, the learning rate of the optimizer's
param group, then torch's arguments by torch's names with torch's defaults, and returns a :class:`Schedule`::

    warm = linear_lr(0.1, start_factor=0.01, total_iters=500)
    cool = cosine_annealing_lr(0.1, T_max=9500)
    schedule = then(warm, cool, at=500)
    schedule(0), schedule(np.arange(10_000))

``last_epoch`` is left out: a function has no state to resume; ``schedule.shift(-k)`` begins at update k.

*Equal to torch* means equal to what stepping the real scheduler leaves in ``param_group["lr"]``, to 1e-9 relative, its
surprises included; each docstring names them after the word "Surprise". Where torch itself ends in an error there is
no curve either. Every factory raises

    TypeError: an argument is missing, unknown, or no number (function, list) where one is due;
    ValueError: an argument is out of range, NaN or infinite; the message names it, what it was, and the way out.

Between two updates (a t that is no whole number) a formula is evaluated as it stands, a function of yours too
(``lambda_lr`` calls it with the fraction); a schedule that only lives at updates (steps, products of lambdas, plateau,
torch's compositions, recordings) keeps its last value.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Schedule", "chained_scheduler", "constant", "constant_lr", "cosine_annealing_lr",
    "cosine_annealing_warm_restarts", "cyclic_lr", "exponential_lr", "exponential_warmup", "inverse_sqrt", "lambda_lr",
    "linear_lr", "linear_to_zero", "linear_warmup", "multi_step_lr", "multiplicative_lr", "one_cycle_lr",
    "piecewise_linear", "polynomial_lr", "radam_warmup", "recorded", "reduce_lr_on_plateau", "rex", "sequential_lr",
    "simulated_annealing", "sinusoidal", "step_lr", "swalr", "then", "transformer", "wsd",
]  # fmt: skip

Array = NDArray[np.float64]
Move = tuple[Array | None, Array | None]
"""``lr ← a·lr + b`` at each of n updates. a is None: a = 0, the move overwrites. b is None: b = 0, it multiplies."""


# --- Schedule -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """How a torch scheduler that has company on its optimizer moves the learning rate; see :func:`sequential_lr`."""

    move: Callable[[int, int], Move] | None = None  # (first counter, n) -> n moves; None: overwrites with its value
    enter: Callable[[], float] | None = None  # what SequentialLR sets at its milestone; None: the move of counter 0
    held: bool = False  # building it leaves the learning rate as it is
    cycle: _OneCycle | None = None


@dataclass(frozen=True)
class _Law:
    """What a factory knows: the values, where they end, the momentum, and what the class does in a composition."""

    value: Callable[[NDArray], Array]  # of int64 or float64, one axis
    last: float = math.inf  # no value after this t,
    beyond: str = ""  # and why
    momentum: Callable[[NDArray], Array] | None = None
    unclear: str = ""  # why there is no momentum although a part cycles it
    part: _Part | None = None
    run: Callable[[range], Array] | None = None  # values, if there is a faster way for consecutive updates
    whole: bool = False  # give it all t at once: each value needs those before it


class Schedule:
    """A learning rate as a pure function of time: ``schedule(t)`` is what update t uses.

    Immutable; equal to another one of the same name and parameters; pickles; ``repr`` shows how to build it.

    Algebra: ``a * b`` (pointwise product), ``2 * a``, ``a.shift(n)``, ``a.stretch(k)``, ``then(a, b, at=n)``. Built
    with ``lr=1`` it is a multiplier, and a valid ``lr_lambda`` for torch's LambdaLR, which saves and loads with it.

    Attributes:
        name: the factory's name, ``"step_lr"``.
        params: the factory's arguments, by name, read-only.

    Example:
        >>> from lrcourse.curves import cosine_annealing_lr, linear_warmup
        >>> schedule = linear_warmup(1, 4) * cosine_annealing_lr(0.1, T_max=100)
        >>> schedule
        linear_warmup(lr=1, warmup_steps=4) * cosine_annealing_lr(lr=0.1, T_max=100)
        >>> round(schedule(0), 4), schedule([4, 50, 100]).round(4).tolist()
        (0.02, [0.0996, 0.05, 0.0])
    """

    # An empty __dict__ beside the slots: LambdaLR.state_dict() stores it for each lambda that is no plain function.
    __slots__ = ("__dict__", "__weakref__", "_law", "name", "params")
    __array_ufunc__ = None  # np.float64(2) * schedule is ours

    name: str
    params: Mapping[str, Any]
    _law: _Law

    def __init__(self, name: str, params: Mapping[str, object], law: _Law) -> None:
        for slot, value in (("name", name), ("params", MappingProxyType(dict(params))), ("_law", law)):
            object.__setattr__(self, slot, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Schedule is immutable, so {name} cannot be set; build another one")

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    @overload
    def __call__(self, t: float) -> float: ...
    @overload
    def __call__(self, t: ArrayLike | range) -> Array: ...
    def __call__(self, t):
        """The learning rate of update t; for an array of any shape an array of that shape, float64.

        ``schedule(range(n))`` gives the first n in the shortest time.

        Raises:
            ValueError: some t is negative, NaN or infinite, or lies where torch's scheduler raises.
            TypeError: t is no number, and no array of numbers.
        """
        run = isinstance(t, range)
        if not run:
            try:
                t = np.asarray(t)
            except ValueError:  # rows of unequal lengths
                t = np.asarray(t, object)
            if t.dtype.kind not in "iuf":
                raise TypeError(f"t must be a number or an array of numbers, got {t.dtype} values")
            t = t.astype(np.float64 if t.dtype.kind == "f" else np.int64, copy=False)
        shape = (len(t),) if run else t.shape
        if 0 in shape:
            return np.empty(shape)
        low, high = sorted((t[0], t[-1])) if run else (t.min(), t.max())
        if not 0 <= low <= high < math.inf:
            bad = high if low >= 0 else low
            raise ValueError(f"t must be finite and not negative, got {bad}; t = 0 is the first update")
        if high > self._law.last:
            raise ValueError(f"{self.name} has no value at t = {high}: {self._law.beyond}")
        values = self._values(t if run else t.ravel())
        return values.reshape(shape) if shape else float(values[0])

    def _values(self, t: NDArray | range) -> Array:
        if self._law.run is not None and isinstance(t, range) and t.step == 1:
            return self._law.run(t)
        if len(t) > _CHUNK and not self._law.whole:
            values = np.empty(len(t))
            for start in range(0, len(t), _CHUNK):
                values[start : start + _CHUNK] = self._values(t[start : start + _CHUNK])
            return values
        return self._law.value(np.arange(t.start, t.stop, t.step) if isinstance(t, range) else t)

    @property
    def cycles_momentum(self) -> bool:
        """Whether it, or a part of it, moves the momentum too."""
        return self._law.momentum is not None or bool(self._law.unclear)

    @property
    def momentum(self) -> Schedule:
        """The momentum (SGD) or beta1 (Adam) that CyclicLR and OneCycleLR cycle, as a function of t.

        Shifting, stretching and scaling keep it; a product has that of its one factor with any; ``then`` has that of
        its parts, if both have one.

        Raises:
            ValueError: the schedule leaves momentum alone, or its parts do not say what it should be.
        """
        if self._law.momentum is None:
            raise ValueError(
                self._law.unclear
                or f"{self.name} does not cycle momentum, the optimizer's own value stays; "
                "cyclic_lr and one_cycle_lr do, with cycle_momentum=True"
            )
        return _momentum(self)

    def shift(self, n: float) -> Schedule:
        """The same curve n updates later; until then it holds its first value. Negative n: it begins at update -n."""
        return _shift(self, n)

    def stretch(self, factor: float) -> Schedule:
        """The same curve, *factor* > 0 times slower: ``a.stretch(k)(t) == a(t / k)``."""
        return _stretch(self, factor)

    def __mul__(self, other: Schedule | float) -> Schedule:
        if isinstance(other, Schedule):
            return _product(self, other)
        return NotImplemented if np.ndim(other) else _scale(other, self)

    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Schedule):
            return NotImplemented
        return (self.name, self.params.keys()) == (other.name, other.params.keys()) and all(
            np.array_equal(mine, other.params[key]) if isinstance(mine, np.ndarray) else mine == other.params[key]
            for key, mine in self.params.items()
        )

    def __hash__(self) -> int:
        return hash((self.name, self.params.get("lr")))

    def __reduce__(self):
        return _rebuild, (self.name, dict(self.params))

    def __repr__(self) -> str:
        p = self.params
        match self.name:
            case "product":
                return f"{p['a']!r} * {p['b']!r}"
            case "scale":
                return f"{p['factor']!r} * {p['a']!r}"
            case "shift" | "stretch":
                a = f"({p['a']!r})" if p["a"].name in ("product", "scale") else repr(p["a"])
                return f"{a}.{self.name}({p['n' if self.name == 'shift' else 'factor']!r})"
            case "momentum":
                return f"{p['a']!r}.momentum"
            case "then":
                return f"then({p['a']!r}, {p['b']!r}, at={p['at']!r})"
        return f"{self.name}({_arguments(self)})"


def _arguments(schedule: Schedule) -> str:
    """The arguments that differ from their defaults, as one would type them."""
    shown = []
    for key, parameter in inspect.signature(_FACTORIES[schedule.name]).parameters.items():
        value = schedule.params[key]
        if isinstance(value, np.ndarray):
            shown.append(f"{key}=<{value.size} values>")
        elif parameter.default is inspect.Parameter.empty or value != parameter.default:
            shown.append(f"{key}={list(value) if isinstance(value, tuple) else value!r}")
    return ", ".join(shown)


_FACTORIES: dict[str, Callable[..., Schedule]] = {}


def _factory(build: Callable[..., _Law]) -> Callable[..., Schedule]:
    """Make a function that returns a law into one that returns a named schedule, which knows its arguments."""
    signature, name = inspect.signature(build), build.__name__.removeprefix("_")

    @functools.wraps(build)
    def factory(*args: object, **kwargs: object) -> Schedule:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{name}: {error}; its arguments are {', '.join(signature.parameters)}") from None
        bound.apply_defaults()
        params = {key: _frozen(value) for key, value in bound.arguments.items()}
        return Schedule(name, params, build(**params))

    vars(factory)["__signature__"] = signature.replace(return_annotation="Schedule")
    _FACTORIES[name] = factory
    return factory


def _rebuild(name: str, params: Mapping[str, object]) -> Schedule:
    return _FACTORIES[name](**params)


def _frozen(value: object) -> object:
    """A value that nobody can change afterwards: of an array a read-only copy, of one without axes its number."""
    if hasattr(value, "__array__") and np.ndim(value):
        value = np.array(value)
        value.flags.writeable = False
    elif hasattr(value, "__array__"):
        value = np.asarray(value)[()]
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        value = tuple(tuple(item) if isinstance(item, list) else item for item in value)
    return value


# --- Arguments ------------------------------------------------------------------------------------------------


def _number(
    name: str, value: Any, what: str = "a finite number", fits: Callable[[float], bool] = math.isfinite
) -> float:
    try:
        number = None if isinstance(value, bool | str | bytes) else float(value)
    except (TypeError, ValueError):
        number = None
    except OverflowError:  # an int beyond 1e308
        number = math.inf
    if number is None:
        raise TypeError(f"{name} must be {what}, got {value!r}")
    if not math.isfinite(number) or not fits(number):
        raise ValueError(f"{name} must be {what}, got {value!r}")
    return number


_LARGEST = float(np.finfo(np.float64).max)
_LONGEST = 2**53
"""Beyond it float64 skips whole numbers, and int64 is near its end."""


class _Base(float):
    """A base learning rate that a torch constructor has left, which may be anything: CyclicLR's base_lr may be 0."""


def _lr(value: object) -> float:
    if isinstance(value, _Base):
        return float(value)
    return _number("lr", value, "a positive finite number (what the optimizer is built with)", lambda lr: lr > 0)


def _whole(name: str, value: object, least: int, what: str) -> int:
    """An integer, or a float that is one."""
    number = _number(name, value, what, lambda number: number >= least and number == int(number))
    return min(int(number), _LONGEST)  # no update that can be reached differs


def _int(name: str, value: object, least: int) -> None:
    """Where torch insists on a Python int."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**63:
        raise ValueError(f"{name} must be an int, at least {least} and below 2**63, got {value!r}; torch takes no "
                         "float: use int(...)")  # fmt: skip


def _choice(name: str, value: object, *choices: str) -> None:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")


def _flag(name: str, value: object) -> None:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")


def _function(name: str, value: object) -> None:
    if not callable(value):
        raise TypeError(f"{name} must be a function of the update number t, got {value!r}")


# --- Numerics -------------------------------------------------------------------------------------------------

_CHUNK = 32_000  # stays in cache
_COLUMNS = 256


def _run(t: NDArray) -> tuple[NDArray[np.int64], NDArray | slice] | None:
    """Every 256th update of the run that t lies in, and where in the run t is; None if a table of it would not pay."""
    if t.dtype.kind != "i" or t.size < 8 * _COLUMNS:
        return None
    if t[-1] - t[0] == t.size - 1 and (t[1:] > t[:-1]).all():
        return np.arange(t[0], t[-1] + 1, _COLUMNS), slice(t.size)
    first, last = t.min(), t.max()
    return None if last - first >= 2 * t.size else (np.arange(first, last + 1, _COLUMNS), t - first)


def _whole_updates(t: NDArray) -> NDArray[np.int64]:
    return t if t.dtype.kind == "i" else np.floor(t).astype(np.int64)


def _power(base: float, n: NDArray) -> Array:
    """``base**n``; for a long run one outer product, since x^(p+q) = x^p x^q: ten times faster."""
    run = _run(n)
    with np.errstate(over="ignore", under="ignore"):
        if run is None:
            return np.power(base, (n if base >= 0 else np.floor(n)).astype(np.float64, copy=False))
        rows, chosen = run
        table = np.multiply.outer(np.power(base, rows.astype(np.float64)), np.power(base, np.arange(float(_COLUMNS))))
    return table.ravel()[chosen]


def _half_cosine(start: float, goal: float, t: NDArray, angle: Callable[[NDArray], Array]) -> Array:
    """From start (at angle 0) to goal (at π) along a cosine."""
    values = _one_plus_cos(t, angle)
    values *= (start - goal) / 2
    values += goal
    return values


def _one_plus_cos(t: NDArray, angle: Callable[[NDArray], Array]) -> Array:
    """``1 + cos(angle(t))`` for an angle linear in t; for a long run one matrix product of rank 3, ten times faster.

    cos(x + y) = cos x cos y - sin x sin y. Where the sum nearly cancels, only the floats that ``math.cos`` gives torch
    will do: these few are computed one by one.
    """
    run = _run(t)
    if run is None or np.abs(angle(run[0][[0, -1]])).max() > 1e3 * math.pi:  # more turns would cost digits
        return 1 + np.cos(angle(t))
    rows, chosen = run
    x = angle(rows)
    y = angle(rows[0] + np.arange(_COLUMNS)) - x[0]
    left, right = np.array([np.ones(x.size), np.cos(x), -np.sin(x)]), np.array([np.ones(y.size), np.cos(y), np.sin(y)])
    table = (left.T @ right).ravel()
    if table.min() < 1e-4:
        low = np.flatnonzero(table < 1e-4)
        table[low] = 1 + np.cos(angle(rows[0] + low))
    return table[chosen]


@dataclass(frozen=True)
class _Stairs:
    """``levels[i]`` where i of the edges are ≤ t."""

    edges: list[int]
    levels: Array

    def __call__(self, t: NDArray) -> Array:
        return self.levels[np.searchsorted(self.edges, t, side="right")]

    def run(self, t: range) -> Array:
        cuts = np.clip(self.edges, t.start, t.stop)
        return np.repeat(self.levels, np.diff(cuts, prepend=t.start, append=t.stop).astype(np.int64))


def _piecewise(
    t: NDArray, bounds: NDArray, side: Literal["left", "right"], piece: Callable[[int, NDArray], Array]
) -> Array:
    """``piece(i, t)`` between bounds i - 1 and i; at a bound the piece before (side "right") or after it ("left")."""
    first, last = np.searchsorted(bounds, [t.min(), t.max()], side="left" if side == "right" else "right")
    if first == last:
        return piece(first, t)
    values = np.empty(t.shape)
    if (t[1:] >= t[:-1]).all():
        cuts = [0, *np.searchsorted(t, bounds, side=side).tolist(), t.size]
        chosen = [slice(*pair) for pair in itertools.pairwise(cuts)]
    else:
        index = np.searchsorted(bounds, t, side="left" if side == "right" else "right")
        chosen = [index == i for i in range(len(bounds) + 1)]
    for i, some in enumerate(chosen):
        if t[some].size:
            values[some] = piece(i, t[some])
    return values


def _apply(name: str, function: Callable, t: NDArray | range) -> Array:
    """``function(t)``: one call for a :class:`Schedule` or a NumPy ufunc, else one for each t, an int where whole."""
    if isinstance(function, Schedule):
        return function(t)
    if isinstance(t, range):
        t = np.arange(t.start, t.stop)
    elif t.dtype.kind == "f" and (np.floor(t) == t).all():
        t = t.astype(np.int64)
    if isinstance(function, np.ufunc):
        return np.asarray(function(t), np.float64)
    values = []
    for k in t.tolist():
        value = function(k)
        try:
            values.append(float(value))
        except (TypeError, ValueError):
            raise TypeError(f"{name} must return a number, got {value!r} for t = {k}") from None
    return np.array(values)


# --- Algebra --------------------------------------------------------------------------------------------------


def _schedule(name: str, value: object) -> Schedule:
    if not isinstance(value, Schedule):
        raise TypeError(f"{name} must be a Schedule, such as curves.constant(0.1), got {value!r}")
    return value


def _whole_runs(*functions: Callable) -> bool:
    """Whether one of them is a schedule that wants all t at once."""
    return any(isinstance(function, Schedule) and function._law.whole for function in functions)


def _carried(a: Schedule, time: Callable[[NDArray], NDArray] = lambda t: t) -> dict[str, Any]:
    """What a law says of momentum if a's goes on in another time."""
    momentum = a._law.momentum and (lambda t: a.momentum(time(t)))
    return {"momentum": momentum, "unclear": a._law.unclear, "whole": _whole_runs(a)}


_ALGEBRA = ("product", "scale", "shift", "stretch", "then")


def _until(
    a: Schedule, back: Callable[[float], float] = lambda t: t, time: Callable[[float], float] = lambda t: t
) -> dict[str, Any]:
    """Where a law ends if a's goes on in another time, of which *back* is the inverse but for rounding."""
    end, last, beyond = a._law.last, a._law.last, a._law.beyond
    if time(0.0) > last:
        end = -1.0
    elif last < math.inf:
        end = min(max(back(last), 0.0), _LARGEST)
        if time(float(math.ceil(end))) <= last:  # 49 * (1 / 49) < 1, yet 1 / (1 / 49) == 49
            end = float(math.ceil(end))
        while time(end) > last:
            end = math.nextafter(end, 0)
    return {"last": end, "beyond": beyond if a.name in _ALGEBRA else f"{a.name} ends, {beyond}"}


@_factory
def _product(a: Schedule, b: Schedule) -> _Law:
    if a.cycles_momentum and b.cycles_momentum:
        rest: dict[str, Any] = {"unclear": "both factors of the product cycle momentum; leave it to one, the other "
                                           "takes cycle_momentum=False"}  # fmt: skip
    else:
        rest = _carried(b if b.cycles_momentum else a)
    sooner = a if a._law.last <= b._law.last else b
    return _Law(lambda t: a(t) * b(t), **{**rest, **_until(sooner), "whole": _whole_runs(a, b)})


@_factory
def _scale(factor: float, a: Schedule) -> _Law:
    number = _number("factor", factor)
    return _Law(lambda t: number * a(t), **_carried(a), **_until(a))


@_factory
def _shift(a: Schedule, n: float) -> _Law:
    number = _number("n", n)
    number = int(number) if number == int(number) else number

    def earlier(t: NDArray) -> NDArray:
        return np.maximum(t - number, 0)

    until = _until(a, lambda t: t + number, lambda t: max(t - number, 0))
    return _Law(lambda t: a(earlier(t)), **_carried(a, earlier), **until)


@_factory
def _stretch(a: Schedule, factor: float) -> _Law:
    number = _number("factor", factor, "a positive number", lambda x: x > 0)
    until = _until(a, lambda t: t * number, lambda t: t / number)
    return _Law(lambda t: a(t / number), **_carried(a, lambda t: t / number), **until)


@_factory
def _momentum(a: Schedule) -> _Law:
    momentum = a._law.momentum
    assert momentum is not None, "Schedule.momentum asks first"
    return _Law(momentum, a._law.last, a._law.beyond, whole=_whole_runs(a))


@_factory
def then(a: Schedule, b: Schedule, at: int) -> _Law:
    """*a* until update *at*, from there *b*, which begins anew: ``a(t)`` for t < at, ``b(t - at)`` for t ≥ at.

    This is what SequentialLR promises. Unlike :func:`sequential_lr` it nests, restarts any b, and holds no surprise.

    Example:
        >>> from lrcourse import curves
        >>> warm = curves.linear_warmup(0.1, 4)
        >>> curves.then(warm, curves.step_lr(0.1, step_size=2), at=4)(range(8)).round(4).tolist()
        [0.02, 0.04, 0.06, 0.08, 0.1, 0.1, 0.01, 0.01]
    """
    _schedule("a", a), _schedule("b", b)
    join = _whole("at", at, 0, "a whole number of updates, not negative")

    def joined(first: Callable[[NDArray], Array], second: Callable[[NDArray], Array], t: NDArray) -> Array:
        later = t >= join
        values = np.empty(t.shape)
        values[~later], values[later] = first(t[~later]), second(t[later] - join)
        return values

    momentum, unclear = None, a._law.unclear or b._law.unclear
    if a._law.momentum and b._law.momentum:
        momentum = functools.partial(joined, a.momentum, b.momentum)
    elif a.cycles_momentum != b.cycles_momentum:
        one, other = (a, b) if a.cycles_momentum else (b, a)
        unclear = (
            f"of the two parts only {one.name} cycles momentum, {other.name} does not say what it should be; "
            "give both one, or build it with cycle_momentum=False"
        )
    until = _until(b, lambda t: t + join, lambda t: t - join if t >= join else -math.inf)
    whole = _whole_runs(a, b)
    return _Law(functools.partial(joined, a, b), momentum=momentum, unclear=unclear, whole=whole, **until)


# --- Families -------------------------------------------------------------------------------------------------


@_factory
def constant(lr: float) -> _Law:
    """``lr`` at all times: isothermal.

    Example:
        >>> from lrcourse import curves
        >>> hold_then_cool = curves.then(curves.constant(0.1), curves.linear_to_zero(0.1, 20), at=80)
        >>> hold_then_cool([0, 80, 90, 100]).round(4).tolist()
        [0.1, 0.1, 0.05, 0.0]
    """
    lr = _lr(lr)
    return _Law(lambda t: np.full(t.shape, lr))


@_factory
def linear_to_zero(lr: float, total_steps: int) -> _Law:
    """``lr · (1 - t / total_steps)``, then 0: all *total_steps* updates are worth something, the next would be 0.

    Source: Defazio et al., arXiv:2310.07831; Bergsma et al., arXiv:2502.15938.

    Example:
        >>> from lrcourse import curves
        >>> curves.linear_to_zero(0.1, 4)(range(6)).round(4).tolist()
        [0.1, 0.075, 0.05, 0.025, 0.0, 0.0]
    """
    lr, total_steps = _lr(lr), _whole("total_steps", total_steps, 1, "a positive number of updates")
    return _Law(lambda t: lr * (1 - np.minimum(t, total_steps) / total_steps))


@_factory
def linear_warmup(lr: float, warmup_steps: int) -> _Law:
    """``lr · (t + 1) / (warmup_steps + 1)``, then ``lr``: the first update moves, update *warmup_steps* has it all.

    The convention of all warm-ups here, and of torchtitan and nanoGPT; LinearLR(start_factor=1 / (w + 1),
    total_iters=w) for w = *warmup_steps*. Others:

    - transformers: ``t / w``. It arrives at the same update, but update 0 has lr 0 and moves nothing: of w warm-up
      updates, w - 1 work.
    - timm: ``warmup_lr_init + (lr - warmup_lr_init) · t / w``; the same with its default ``warmup_lr_init=0``. Without
      ``warmup_prefix`` the decay has run on meanwhile, and lr(w) is its value at w, not lr.
    - pytorch-warmup: ``(t + 1) / w``. It arrives one update earlier.

    Source: Goyal et al., arXiv:1706.02677, section 2.2. ``warmup_steps=2 / (1 - beta2)`` is the rule of thumb for Adam
    of Ma & Yarats, arXiv:1910.04209: 2000 for beta2 = 0.999.

    Example:
        >>> from lrcourse import curves
        >>> curves.linear_warmup(0.1, warmup_steps=4)(range(6)).round(4).tolist()
        [0.02, 0.04, 0.06, 0.08, 0.1, 0.1]
    """
    lr, w = _lr(lr), _whole("warmup_steps", warmup_steps, 0, "a number of updates, not negative")
    return _Law(lambda t: lr * (np.minimum(t + 1, w + 1) / (w + 1)))


@_factory
def exponential_warmup(lr: float, tau: float) -> _Law:
    """``lr · (1 - exp(-(t + 1) / tau))``: it approaches lr like a capacitor its voltage, and never quite arrives.

    Source: Ma & Yarats, arXiv:1910.04209, section 5; ``tau=1 / (1 - beta2)`` is their rule of thumb for Adam.

    Example:
        >>> from lrcourse import curves
        >>> curves.exponential_warmup(0.1, tau=1000)([0, 999, 4999]).round(4).tolist()
        [0.0001, 0.0632, 0.0993]
    """
    lr, tau = _lr(lr), _number("tau", tau, "a positive number of updates", lambda n: n > 0)
    return _Law(lambda t: lr * -np.expm1(-(t + 1) / tau))


@_factory
def radam_warmup(lr: float, beta2: float = 0.999) -> _Law:
    """``lr · r``, where r is the rectification that RAdam multiplies Adam's update by: a warm-up without a length.

    ``r² = (ρ - 4)(ρ - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρ)`` with ``ρ∞ = 2 / (1 - beta2) - 1`` and
    ``ρ = ρ∞ - 2 s beta2^s / (1 - beta2^s)``. RAdam counts s from 1 and takes no adaptive step while ρ ≤ 4; such updates
    are left out here: s = t + 5, the first with ρ > 4. With Adam it therefore approximates RAdam, four updates ahead,
    and it stays within 0.24 lr of ``linear_warmup(lr, 2 / (1 - beta2))``, a rule of thumb for the same.

    Source: Liu et al., arXiv:1908.03265, algorithm 2; Ma & Yarats, arXiv:1910.04209.

    Example:
        >>> from lrcourse import curves
        >>> t = [0, 500, 1000, 2000]
        >>> curves.radam_warmup(0.1)(t).round(3).tolist(), curves.linear_warmup(0.1, 2000)(t).round(3).tolist()
        ([0.002, 0.048, 0.065, 0.083], [0.0, 0.025, 0.05, 0.1])
    """
    lr = _lr(lr)
    beta2 = _number("beta2", beta2, "between 0.6 (below, RAdam is never adaptive) and 1", lambda b: 0.6 < b < 1)
    limit = 2 / (1 - beta2) - 1

    def length(s: ArrayLike) -> Array:
        """ρ, the length of the simple moving average that the exponential one resembles."""
        s = np.asarray(s, np.float64)
        return limit - 2 * s * beta2**s / -np.expm1(s * math.log(beta2))

    first = next(s for s in itertools.count(1) if length(s) > 4)  # 5, but for small beta2

    def value(t: NDArray) -> Array:
        rho = length(t + first)
        return lr * np.sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))

    return _Law(value)


@_factory
def inverse_sqrt(lr: float, warmup_steps: int, timescale: float | None = None) -> _Law:
    """Linear warm-up to lr at update *warmup_steps*, then ``lr · sqrt(timescale / (t - warmup_steps + timescale))``.

    Without a timescale it is ``warmup_steps + 1``: the decay is ``lr · sqrt((warmup_steps + 1) / (t + 1))``, and the
    whole has :func:`transformer`'s shape. transformers' ``get_inverse_sqrt_schedule`` takes ``warmup_steps``, and warms
    up from 0. There is no horizon: it goes on for ever, and is never cold.

    Source: Vaswani et al., arXiv:1706.03762, equation 3; Zhai et al., arXiv:2106.04560, for the timescale.

    Example:
        >>> from lrcourse import curves
        >>> curves.inverse_sqrt(0.1, warmup_steps=99)([0, 99, 399, 9999]).round(4).tolist()
        [0.001, 0.1, 0.05, 0.01]
    """
    lr, w = _lr(lr), _whole("warmup_steps", warmup_steps, 0, "a number of updates, not negative")
    scale = w + 1 if timescale is None else _number(
        "timescale", timescale, "None or a positive number of updates", lambda n: n > 0
    )  # fmt: skip

    def value(t: NDArray) -> Array:
        return lr * np.where(t < w, np.minimum(t + 1, w + 1) / (w + 1), np.sqrt(scale / (np.maximum(t - w, 0) + scale)))

    return _Law(value)


@_factory
def transformer(d_model: int, warmup_steps: int = 4000) -> _Law:
    """``d_model^-½ · min(s^-½, s · warmup_steps^-3/2)`` with s = t + 1: Noam, the Transformer's own learning rate.

    It rises to ``(d_model · warmup_steps)^-½`` at update ``warmup_steps - 1``. The paper counts steps from 1; at s = 0
    the formula would divide by zero. Scaled: ``2 * transformer(512)``.

    Source: Vaswani et al., arXiv:1706.03762, equation 3.

    Example:
        >>> from lrcourse import curves
        >>> curves.transformer(d_model=512)([999, 3999, 15999]).round(6).tolist()
        [0.000175, 0.000699, 0.000349]
    """
    d = _whole("d_model", d_model, 1, "a positive whole number, the width of the model")
    w = _whole("warmup_steps", warmup_steps, 1, "a positive number of updates")
    return _Law(lambda t: d**-0.5 * np.minimum((t + 1) ** -0.5, (t + 1) * w**-1.5))


@_factory
def wsd(lr: float, total_steps: int, cooldown_steps: int, warmup_steps: int = 0, shape: str = "linear") -> _Law:
    """Warm-up, stable, decay: a trapezoid that ends at 0 at t = total_steps.

    Up to lr as :func:`linear_warmup`, then lr, and over the last *cooldown_steps* updates ``lr · d(p)`` with p from 0
    to 1: ``d = 1 - p`` (linear), ``(1 + cos π p) / 2`` (cosine), ``1 - sqrt(p)`` (1-sqrt). Before
    ``total_steps - cooldown_steps`` the horizon is not in it: one trunk, from which every horizon branches.

    Source: Hägele et al., arXiv:2405.18392; Hu et al. (MiniCPM), arXiv:2404.06395.

    Example:
        >>> from lrcourse import curves
        >>> short, long = (curves.wsd(0.1, n, cooldown_steps=20) for n in (100, 200))
        >>> short([50, 90, 99]).round(4).tolist(), long([50, 90, 190]).round(4).tolist()
        ([0.1, 0.05, 0.005], [0.1, 0.1, 0.05])
    """
    lr = _lr(lr)
    total = _whole("total_steps", total_steps, 1, "a positive number of updates")
    cooldown = _whole("cooldown_steps", cooldown_steps, 1, "a positive number of updates")
    w = _whole("warmup_steps", warmup_steps, 0, "a number of updates, not negative")
    _choice("shape", shape, "linear", "cosine", "1-sqrt")
    if w + cooldown > total:
        raise ValueError(
            f"warmup_steps + cooldown_steps must fit into total_steps = {total}, got {w} + {cooldown}"
        )

    def value(t: NDArray) -> Array:
        p = np.clip((t - (total - cooldown)) / cooldown, 0, 1)
        match shape:
            case "linear":
                decay = 1 - p
            case "cosine":
                decay = (1 + np.cos(np.pi * p)) / 2
            case _:
                decay = 1 - np.sqrt(p)
        return lr * (np.minimum(t + 1, w + 1) / (w + 1)) * decay

    return _Law(value)


@_factory
def rex(lr: float, total_steps: int) -> _Law:
    """``lr · (1 - p) / (1 - p / 2)`` with p = t / total_steps, then 0: it stays high, and falls steeply at the end.

    Source: Chen, Wolfe & Kyrillidis, arXiv:2107.04197.

    Example:
        >>> from lrcourse import curves
        >>> curves.rex(0.1, total_steps=100)([0, 50, 90, 100]).round(4).tolist()
        [0.1, 0.0667, 0.0182, 0.0]
    """
    lr, total = _lr(lr), _whole("total_steps", total_steps, 1, "a positive number of updates")

    def value(t: NDArray) -> Array:
        p = np.minimum(t, total) / total
        return lr * (1 - p) / (1 - p / 2)

    return _Law(value)


@_factory
def piecewise_linear(lr: float, points: Iterable[tuple[float, float]]) -> _Law:
    """``lr ·`` straight lines between control points ``(t, factor)``; level before the first and after the last.

    The points stand in order of t; factors are not negative: ``piecewise_linear(0.1, [(0, 0.1), (30, 1), (100, 0)])``.

    Example:
        >>> from lrcourse import curves
        >>> curves.piecewise_linear(0.1, [(0, 0.1), (30, 1), (100, 0)])([0, 30, 65, 100]).round(4).tolist()
        [0.01, 0.1, 0.05, 0.0]
    """
    lr = _lr(lr)
    try:
        pairs = [(_number("each t of points", t), _number("each factor of points", factor)) for t, factor in points]
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"points must be pairs of finite numbers (t, factor), as [(0, 0.1), (30, 1), (100, 0)], got {points!r}"
        ) from None
    t, factors = np.array(pairs).reshape(-1, 2).T
    if not t.size or t[0] < 0 or not (np.diff(t) > 0).all():
        raise ValueError(f"points must stand in order of t, each once and from 0 on, got t = {t.tolist()}")
    if (factors < 0).any():
        raise ValueError(f"points must have factors of lr that are not negative, got {factors.min():g}")
    return _Law(lambda at: lr * np.interp(at, t, factors))


@_factory
def sinusoidal(lr: float, amplitude: float, period: float) -> _Law:
    """``lr + amplitude · sin(2 π t / period)``: a periodic drive around lr, its mean over a period.

    Example:
        >>> from lrcourse import curves
        >>> curves.sinusoidal(0.1, amplitude=0.05, period=100)([0, 25, 50, 75]).round(4).tolist()
        [0.1, 0.15, 0.1, 0.05]
    """
    lr = _lr(lr)
    what = f"between 0 and lr = {lr:g}, or the learning rate turns negative"
    amplitude = _number("amplitude", amplitude, what, lambda a: 0 <= a <= lr)
    period = _number("period", period, "a positive number of updates", lambda n: n > 0)
    return _Law(lambda t: lr + amplitude * np.sin(2 * np.pi * t / period))


@_factory
def simulated_annealing(lr: float, T0: float = 1.0, T_min: float = 0.01, alpha: float = 0.99) -> _Law:
    """``lr · max(T_min, T0 · alpha^t)``: geometric cooling with a floor; lr is the learning rate at temperature 1.

    Source: Kirkpatrick, Gelatt & Vecchi, Science 220 (1983).

    Example:
        >>> from lrcourse import curves
        >>> curves.simulated_annealing(0.1, alpha=0.9)([0, 10, 100]).round(4).tolist()
        [0.1, 0.0349, 0.001]
    """
    lr = _lr(lr)
    T0 = _number("T0", T0, "a positive number, the starting temperature", lambda x: x > 0)
    T_min = _number("T_min", T_min, f"between 0 and T0 = {T0:g}", lambda x: 0 <= x <= T0)
    alpha = _number("alpha", alpha, "greater than 0 and at most 1, or it heats", lambda x: 0 < x <= 1)
    return _Law(lambda t: lr * np.maximum(T_min, T0 * _power(alpha, t)))


@_factory
def recorded(values: ArrayLike) -> _Law:
    """``values[t]``: a curve that was measured or recorded, as from :func:`lrcourse.schedulers.record`.

    It has no value after the last one; between updates it keeps the one before.

    Example:
        >>> from lrcourse import curves
        >>> by_hand = [0.01, 0.1, 0.1, 0.05]
        >>> (2 * curves.recorded(by_hand))(range(4)).tolist()
        [0.02, 0.2, 0.2, 0.1]
    """
    try:
        rates = np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        rates = np.empty(0)
    if rates.ndim != 1 or not rates.size:
        raise TypeError(f"values must be a list of at least one learning rate, values[t] of update t, got {values!r}")
    if not (np.isfinite(rates) & (rates >= 0)).all():
        raise ValueError(f"values must be finite and not negative, got {values!r}")
    end = f"the recording has {rates.size} values"
    return _Law(lambda t: rates[_whole_updates(t)], math.nextafter(rates.size, 0), end)


# --- Schedulers that multiply ---------------------------------------------------------------------------------


@_factory
def step_lr(lr: float, step_size: int, gamma: float = 0.1) -> _Law:
    """``lr · gamma^⌊t / step_size⌋``: a staged quench. Torch: ``StepLR``.

    A ``step_size`` that is no whole number is refused: torch accepts 2.5, then drops at each t that 2.5 divides (5, 10,
    ...) while its own closed form drops at 3, 5, 8, ...

    Example:
        >>> from lrcourse import curves
        >>> curves.step_lr(0.1, step_size=30)([0, 29, 30, 60]).round(4).tolist()
        [0.1, 0.1, 0.01, 0.001]
    """
    lr, gamma = _lr(lr), _number("gamma", gamma)
    step_size = _whole(
        "step_size", step_size, 1,
        "a positive integer (torch.optim.lr_scheduler.StepLR counts the updates, or epochs, between two drops)",
    )  # fmt: skip

    def move(first: int, n: int) -> Move:
        a = np.ones(n)
        a[-first % step_size :: step_size] = gamma
        if first == 0:
            a[0] = 1
        return a, None

    return _Law(lambda t: lr * _power(gamma, t // step_size), part=_Part(move, lambda: lr))


@_factory
def multi_step_lr(lr: float, milestones: Iterable[int], gamma: float = 0.1) -> _Law:
    """``lr · gamma^(number of milestones ≤ t)``. Torch: ``MultiStepLR``.

    Surprise: a milestone that stands twice drops twice; a milestone at 0 lowers the very first value; one that is
    negative or no whole number never comes. Milestones out of order are refused: torch would sort them.

    Example:
        >>> from lrcourse import curves
        >>> curves.multi_step_lr(0.1, [30, 60, 60])([29, 30, 60]).round(4).tolist()
        [0.1, 0.01, 0.0001]
    """
    lr, gamma = _lr(lr), _number("gamma", gamma)
    milestones = _milestones(milestones)
    drops = [int(m) for m in milestones if m >= 0 and m == int(m)]
    levels = np.multiply.accumulate([lr] + [gamma] * len(drops))
    try:
        factors = {milestone: gamma**times for milestone, times in Counter(drops).items()}
    except OverflowError:
        raise ValueError(f"gamma must not overflow at a milestone that stands several times, got {gamma!r}") from None

    def move(first: int, n: int) -> Move:
        a = np.ones(n)
        for milestone, factor in factors.items():
            if first <= milestone < first + n:
                a[milestone - first] = factor
        return a, None

    stairs = _Stairs(drops, levels)
    return _Law(stairs, run=stairs.run, part=_Part(move, lambda: lr * gamma ** bisect_right(milestones, 0)))


def _milestones(values: object) -> list[float]:
    if not isinstance(values, tuple | np.ndarray):
        raise TypeError(f"milestones must be a list of update numbers, such as [30, 60], got {values!r}")
    numbers = [_number("each of milestones", value, "an update number") for value in values]
    if numbers != sorted(numbers):
        raise ValueError(f"milestones must be in order, got {list(values)}; sorted, they are {sorted(values)}")
    return numbers


@_factory
def constant_lr(lr: float, factor: float = 1 / 3, total_iters: int = 5) -> _Law:
    """``lr · factor`` for t < total_iters, then ``lr``. Torch: ``ConstantLR``.

    Surprise: with ``total_iters=0``, or one that is no whole number, the learning rate stays at ``lr · factor`` for
    good. With ``factor=0`` it has no value from total_iters on: torch divides by zero there.

    Example:
        >>> from lrcourse import curves
        >>> curves.constant_lr(0.1, factor=0.5, total_iters=2)(range(4)).round(4).tolist()
        [0.05, 0.05, 0.1, 0.1]
    """
    lr = _lr(lr)
    factor = _number("factor", factor, "between 0 and 1; put the larger value into lr", lambda f: 0 <= f <= 1)
    total_iters = _number("total_iters", total_iters, "a number of updates, not negative", lambda n: n >= 0)
    back = total_iters if total_iters > 0 and total_iters == int(total_iters) else math.inf
    beyond = f"factor = 0 cannot be undone at total_iters = {total_iters:g}, torch divides by it; use a small factor"

    def move(first: int, n: int) -> Move:
        a = np.ones(n)
        if first == 0:
            a[0] = factor
        if first <= back < first + n:
            if not factor:
                raise ValueError(f"constant_lr: {beyond}")
            a[int(back) - first] = 1 / factor
        return a, None

    last = math.inf if factor else math.nextafter(back, 0)
    return _Law(
        lambda t: np.where(t >= back, lr, lr * factor), last, beyond,
        part=_Part(move, lambda: lr * (factor if total_iters > 0 else 1)),
    )  # fmt: skip


@_factory
def linear_lr(lr: float, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5) -> _Law:
    """``lr ·`` a factor that runs from start to end over total_iters, and stays. Torch: ``LinearLR``.

    Surprise: ``total_iters=0`` stays at start_factor for good; a total_iters that is no whole number stops at the last
    update before it, short of end_factor.

    Example:
        >>> from lrcourse import curves
        >>> curves.linear_lr(0.1, start_factor=0.2, total_iters=4)(range(6)).round(4).tolist()
        [0.02, 0.04, 0.06, 0.08, 0.1, 0.1]
    """
    lr = _lr(lr)
    start = _number(
        "start_factor", start_factor, "greater than 0 and at most 1; torch divides by it", lambda f: 0 < f <= 1
    )
    end = _number("end_factor", end_factor, "between 0 and 1; put the larger value into lr", lambda f: 0 <= f <= 1)
    total = _number("total_iters", total_iters, "a number of updates, not negative", lambda n: n >= 0)
    whole = min(math.floor(total), _LONGEST)

    def value(t: NDArray) -> Array:
        return lr * (start + (end - start) * np.minimum(t, whole) / (total or 1))

    def move(first: int, n: int) -> Move:
        a = np.ones(n)
        k = np.arange(max(first, 1), min(first + n, whole + 1))
        a[k - first] = 1 + (end - start) / (total * start + (k - 1) * (end - start))
        if first == 0:
            a[0] = start
        return a, None

    return _Law(value, part=_Part(move, _enter_with_iters("linear_lr", total, lr * start)))


def _enter_with_iters(name: str, total_iters: float, value: float) -> Callable[[], float]:
    """On entering it, SequentialLR has torch evaluate its closed form, which divides by total_iters."""

    def enter() -> float:
        if not total_iters:
            raise ValueError(f"{name}: total_iters must be positive for a part that SequentialLR enters, got 0; "
                             "torch divides by it there")  # fmt: skip
        return value

    return enter


@_factory
def exponential_lr(lr: float, gamma: float) -> _Law:
    """``lr · gamma^t``: radioactive decay with half-life ln 2 / -ln gamma. Torch: ``ExponentialLR``.

    Example:
        >>> from lrcourse import curves
        >>> half_life = 10
        >>> curves.exponential_lr(0.1, gamma=0.5 ** (1 / half_life))([0, 10, 20]).round(4).tolist()
        [0.1, 0.05, 0.025]
    """
    lr, gamma = _lr(lr), _number("gamma", gamma)
    part = _Part(lambda first, n: (np.full(n, gamma), None), lambda: lr, held=True)
    return _Law(lambda t: lr * _power(gamma, t), part=part)


@_factory
def polynomial_lr(lr: float, total_iters: int = 5, power: float = 1.0) -> _Law:
    """``lr · (1 - t / total_iters)^power``, and 0 from total_iters on. Torch: ``PolynomialLR``.

    Surprise: ``total_iters=0`` stays at ``lr``; one that is no whole number stops at the last update before it, above
    0. A negative power has no value from total_iters on: torch divides by zero there.

    Example:
        >>> from lrcourse import curves
        >>> curves.polynomial_lr(0.1, total_iters=4, power=2)(range(6)).round(5).tolist()
        [0.1, 0.05625, 0.025, 0.00625, 0.0, 0.0]
    """
    lr, power = _lr(lr), _number("power", power)
    total = _number("total_iters", total_iters, "a number of updates, not negative", lambda n: n >= 0)
    whole = min(math.floor(total), _LONGEST)
    pole = power < 0 and 0 < total == whole
    beyond = f"power = {power:g} makes it a division by zero at total_iters = {total:g}, as in torch"

    def value(t: NDArray) -> Array:
        return lr * (1 - np.minimum(t, whole) / (total or 1)) ** power

    def move(first: int, n: int) -> Move:
        a = np.ones(n)
        k = np.arange(first, min(first + n, whole + 1))
        if not total and k.size:
            raise ValueError("polynomial_lr: total_iters must be positive here, got 0; torch divides by it")
        if pole and whole in k:
            raise ValueError(f"polynomial_lr: {beyond}")
        a[k - first] = ((1 - k / total) / (1 - (k - 1) / total)) ** power if total else 1
        return a, None

    return _Law(
        value, math.nextafter(total, 0) if pole else math.inf, beyond,
        part=_Part(move, _enter_with_iters("polynomial_lr", total, lr), held=True),
    )  # fmt: skip


@_factory
def cosine_annealing_lr(lr: float, T_max: int, eta_min: float = 0.0) -> _Law:
    """``eta_min + (lr - eta_min) · (1 + cos(π t / T_max)) / 2``. Torch: ``CosineAnnealingLR``.

    Surprise: it rises again after T_max, with period 2 T_max; a run of T_max updates never uses eta_min, which comes
    at t = T_max. Torch steps by ratios and starts anew at T_max + 1, from a rounding of 1 - cos(π / T_max) that stays:
    it is here too (7e-9 relative at T_max = 17096). What torch's rounding adds beyond T_max where eta_min is not 0 is
    not: about 1e-16 · T_max² · eta_min / lr, so below 1e-9 for T_max ≤ 3000.

    A T_max that is no whole number is refused: torch's ratios then pass close to 0 / 0, and may meet it.

    Example:
        >>> from lrcourse import curves
        >>> curves.cosine_annealing_lr(0.1, T_max=100)([0, 50, 100, 150]).round(4).tolist()
        [0.1, 0.05, 0.0, 0.05]
    """
    lr, eta_min = _lr(lr), _number("eta_min", eta_min)
    T_max = _whole("T_max", T_max, 1, "a positive integer, the number of updates from lr down to eta_min")
    restart = (lr - eta_min) * (1 - math.cos(math.pi / T_max)) / 2  # above eta_min, at T_max + 1

    def angle(t: NDArray) -> Array:
        return np.pi * t / T_max

    def value(t: NDArray) -> Array:
        if t.max() < T_max + 1:
            return _half_cosine(lr, eta_min, t, angle)
        above = _one_plus_cos(t, angle)
        again = t >= T_max + 1
        restarted = T_max + 1 + (t[again] - T_max - 1) // (2 * T_max) * (2 * T_max)
        above[~again] *= (lr - eta_min) / 2
        above[again] *= restart / (1 + np.cos(np.pi * restarted / T_max))
        return eta_min + above

    def move(first: int, n: int) -> Move:
        above = _one_plus_cos(np.abs(np.arange(first - 1, first + n)), angle)
        again = slice((T_max + 1 - first) % (2 * T_max), None, 2 * T_max)
        before = above[:-1].copy()
        before[again] = 1  # it is 0 at T_max
        a = above[1:] / before
        a[again] = 1
        if not eta_min and again.start >= n:
            return a, None
        b = eta_min * (1 - a)
        b[again] = restart
        return a, b

    return _Law(value, part=_Part(move, lambda: lr, held=True))


@_factory
def multiplicative_lr(lr: float, lr_lambda: Callable[[int], float]) -> _Law:
    """``lr · lr_lambda(1) · lr_lambda(2) · ... · lr_lambda(t)``. Torch: ``MultiplicativeLR``.

    A :class:`Schedule` or a NumPy ufunc is called once with all t, any other function once for each t.

    Surprise: ``lr_lambda(0)`` is never asked for, but by a SequentialLR that enters it.

    Example:
        >>> from lrcourse import curves
        >>> curves.multiplicative_lr(0.1, lambda t: 0.5 if t == 2 else 1)(range(5)).round(4).tolist()
        [0.1, 0.1, 0.05, 0.05, 0.05]
    """
    lr = _lr(lr)
    _function("lr_lambda", lr_lambda)

    def move(first: int, n: int) -> Move:
        return _apply("lr_lambda", lr_lambda, range(first, first + n)), None

    def first(n: int) -> Array:
        return _play(lr, lambda first, n: [move(first, n)], n)

    return _history(first, part=_Part(move, held=True))


# --- Schedulers that overwrite --------------------------------------------------------------------------------


@_factory
def lambda_lr(lr: float, lr_lambda: Callable[[int], float]) -> _Law:
    """``lr · lr_lambda(t)``, t from 0. Torch: ``LambdaLR``.

    A :class:`Schedule` or a NumPy ufunc is called once with all t, any other function once for each t, as torch does.

    Example:
        >>> from lrcourse import curves
        >>> curves.lambda_lr(0.1, lambda t: 0.5 if t == 2 else 1)(range(5)).round(4).tolist()
        [0.1, 0.1, 0.05, 0.1, 0.1]
    """
    lr = _lr(lr)
    _function("lr_lambda", lr_lambda)
    return _Law(lambda t: lr * _apply("lr_lambda", lr_lambda, t), part=_Part(), whole=_whole_runs(lr_lambda))


@_factory
def cosine_annealing_warm_restarts(lr: float, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> _Law:
    """A cosine from lr towards eta_min over T_0 updates, then anew over T_0 · T_mult, T_0 · T_mult², ...: re-heating.

    Torch: ``CosineAnnealingWarmRestarts``; Loshchilov & Hutter, arXiv:1608.03983, equation 5.

    Surprise: eta_min is never reached at a whole update: where it would be, the next cycle begins. This is the curve
    of ``step()``; torch's ``step(t)`` differs where a logarithm rounds down (T_0=1, T_mult=3, t=121).

    Example:
        >>> from lrcourse import curves
        >>> curves.cosine_annealing_warm_restarts(0.1, T_0=10, T_mult=2)([0, 9, 10, 29, 30]).round(4).tolist()
        [0.1, 0.0024, 0.1, 0.0006, 0.1]
    """
    lr, eta_min = _lr(lr), _number("eta_min", eta_min)
    _int("T_0", T_0, 1)
    _int("T_mult", T_mult, 1)

    def cycle(t: NDArray, start: int, length: int) -> Array:
        return _half_cosine(lr, eta_min, t, lambda t: np.pi * (t - start) / length)

    def value(t: NDArray) -> Array:
        if T_mult == 1:
            return cycle(t - t // T_0 * T_0, 0, T_0)
        starts, last = [0], t.max()
        while starts[-1] <= last:
            starts.append(starts[-1] + T_0 * T_mult ** (len(starts) - 1))
        return _piecewise(t, np.array(starts[1:-1]), "left", lambda i, t: cycle(t, starts[i], T_0 * T_mult ** int(i)))

    return _Law(value, part=_Part())


@_factory
def cyclic_lr(
    lr: float,
    base_lr: float,
    max_lr: float,
    step_size_up: int = 2000,
    step_size_down: int | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
    scale_fn: Callable[[float], float] | None = None,
    scale_mode: str = "cycle",
    cycle_momentum: bool = True,
    base_momentum: float = 0.8,
    max_momentum: float = 0.9,
) -> _Law:
    """A triangle wave from base_lr to max_lr and back, its height scaled by the mode. Torch: ``CyclicLR``.

    ``triangular``: full height; ``triangular2``: half of it after each cycle; ``exp_range``: · gamma^t; or ``scale_fn``
    of the cycle (1, 2, ...) or of t. The momentum mirrors it: max_momentum at base_lr, base_momentum at max_lr.
    Smith, arXiv:1506.01186.

    Surprise: the optimizer's own lr is ignored. ``triangular2`` ends after 1024 cycles, ``exp_range`` with gamma > 1
    where gamma^t overflows: torch raises OverflowError there.

    Example:
        >>> from lrcourse import curves
        >>> wave = curves.cyclic_lr(0.1, base_lr=0.01, max_lr=0.1, step_size_up=10, mode="triangular2")
        >>> wave([0, 10, 20, 30]).round(4).tolist(), wave.momentum([0, 10, 20, 30]).round(4).tolist()
        ([0.01, 0.1, 0.01, 0.055], [0.9, 0.8, 0.9, 0.85])
    """
    _lr(lr)
    low, high = _number("base_lr", base_lr), _number("max_lr", max_lr)
    up = _number("step_size_up", step_size_up, "a positive number of updates", lambda n: n > 0)
    down = up if step_size_down is None else _number(
        "step_size_down", step_size_down, "None (as many as up) or a number of updates, not negative", lambda n: n >= 0
    )  # fmt: skip
    gamma = _number("gamma", gamma)
    if scale_fn is None:
        _choice("mode", mode, "triangular", "triangular2", "exp_range")
    else:
        _function("scale_fn", scale_fn)
    _choice("scale_mode", scale_mode, "cycle", "iterations")
    _flag("cycle_momentum", cycle_momentum)
    cool, warm = _number("max_momentum", max_momentum), _number("base_momentum", base_momentum)
    total, ratio = up + down, up / (up + down)
    last, beyond = math.inf, ""
    if scale_fn is None and mode == "triangular2":
        last, beyond = math.nextafter(1024 * total, 0), "2 ** 1024 overflows in torch; triangular2 has 1024 cycles"
    elif scale_fn is None and mode == "exp_range" and abs(gamma) > 1:
        last = math.nextafter(1024 / math.log2(abs(gamma)), 0)
        beyond = f"gamma ** t = {gamma:g} ** t overflows; gamma is meant to be ≤ 1"

    def height(t: NDArray) -> Array:
        """Between 0 (base_lr) and 1 (max_lr), scaled."""
        x = t / total
        x += 1
        cycle = np.floor(x)
        x -= cycle
        triangle = np.minimum(x / ratio, (x - 1) / (ratio - 1)) if down else x / ratio
        if scale_fn is not None:
            if scale_mode == "iterations":
                return triangle * _apply("scale_fn", scale_fn, t)
            cycles, index = np.unique(cycle, return_inverse=True)
            return triangle * _apply("scale_fn", scale_fn, cycles)[index]
        if mode == "triangular":
            return triangle
        return triangle * (np.exp2(1 - cycle) if mode == "triangular2" else _power(gamma, t))

    return _Law(
        lambda t: low + (high - low) * height(t), last, beyond,
        momentum=(lambda t: cool - (cool - warm) * height(t)) if cycle_momentum else None,
        part=_Part(),
    )  # fmt: skip


@_factory
def one_cycle_lr(
    lr: float,
    max_lr: float,
    total_steps: int | None = None,
    epochs: int | None = None,
    steps_per_epoch: int | None = None,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    cycle_momentum: bool = True,
    base_momentum: float = 0.85,
    max_momentum: float = 0.95,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
) -> _Law:
    """From max_lr / div_factor up to max_lr, then down to max_lr / div_factor / final_div_factor, momentum mirrored.

    Torch: ``OneCycleLR``; Smith & Topin, arXiv:1708.07120.

    Surprise: the optimizer's own lr is ignored, and its momentum set (switched on where it was 0). The peak is at
    ``pct_start · total_steps - 1``, the lowest value at ``total_steps - 1``; ``t = total_steps`` still has a value,
    back up on the other side (negative with "linear"), and only later ones do not.

    Example:
        >>> from lrcourse import curves
        >>> cycle = curves.one_cycle_lr(0.1, max_lr=1.0, total_steps=100)
        >>> cycle([0, 29, 99]).round(6).tolist(), cycle.momentum([0, 29, 99]).round(4).tolist()
        ([0.04, 1.0, 4e-06], [0.95, 0.85, 0.95])
    """
    _lr(lr)
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise ValueError(
            f"give total_steps, or both epochs and steps_per_epoch, got epochs={epochs!r} and "
            f"steps_per_epoch={steps_per_epoch!r}; total_steps counts updates"
        )
    counts: dict[str, Any] = {"total_steps": total_steps}
    if total_steps is None:
        counts = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    for name, count in counts.items():
        _int(name, count, 1)
    total = math.prod(counts.values())
    pct = _number("pct_start", pct_start, "a float between 0 and 1", lambda p: 0 <= p <= 1)
    if not isinstance(pct_start, float):
        raise ValueError(f"pct_start must be a float between 0 and 1, got {pct_start!r}; write {pct}")
    if pct * total == 1:
        raise ValueError(
            f"pct_start must not make pct_start * total_steps 1, got {pct_start!r} for {total} steps: the first phase "
            "then has no length, and torch divides by it; a slightly different pct_start will do"
        )
    _choice("anneal_strategy", anneal_strategy, "cos", "linear")
    _flag("cycle_momentum", cycle_momentum)
    _flag("three_phase", three_phase)
    nonzero = "a finite number other than 0; torch divides by it"
    initial = _number("max_lr", max_lr) / _number("div_factor", div_factor, nonzero, bool)
    group = {
        "initial_lr": initial,
        "max_lr": float(max_lr),
        "min_lr": initial / _number("final_div_factor", final_div_factor, nonzero, bool),
        "max_momentum": _number("max_momentum", max_momentum),
        "base_momentum": _number("base_momentum", base_momentum),
    }
    up = pct * total - 1
    if three_phase:
        cycle = _OneCycle(
            [0.0, up, 2 * pct * total - 2, total - 1], anneal_strategy == "cos", group,
            lr=["initial_lr", "max_lr", "initial_lr", "min_lr"],
            momentum=["max_momentum", "base_momentum", "max_momentum", "max_momentum"],
        )  # fmt: skip
    else:
        cycle = _OneCycle(
            [0.0, up, total - 1], anneal_strategy == "cos", group,
            lr=["initial_lr", "max_lr", "min_lr"],
            momentum=["max_momentum", "base_momentum", "max_momentum"],
        )  # fmt: skip
    return _Law(
        functools.partial(cycle.anneal, cycle.lr, group), total,
        f"it has total_steps = {total}, and torch raises from the next update on; give it the length of the run",
        momentum=functools.partial(cycle.anneal, cycle.momentum, group) if cycle_momentum else None,
        part=_Part(cycle=cycle),
    )  # fmt: skip


@dataclass(frozen=True)
class _OneCycle:
    """What a OneCycleLR writes into the param group, and the entries between which it anneals."""

    knots: list[float]  # phase i runs from knots[i] to knots[i + 1]
    cosine: bool
    group: dict[str, float]
    lr: list[str]  # the group's entry at each knot
    momentum: list[str]

    def anneal(self, entries: list[str], group: Mapping[str, float], t: NDArray) -> Array:
        def phase(i: int, t: NDArray) -> Array:
            begin, end = self.knots[i], self.knots[i + 1]
            if begin == end:
                raise ValueError(
                    f"one_cycle_lr: the last phase has no length and torch divides by it at t = {t[0]}; "
                    "lower pct_start, or stop one update earlier"
                )
            start, goal = group[entries[i]], group[entries[i + 1]]
            if self.cosine:
                return _half_cosine(start, goal, t, lambda t: np.pi * ((t - begin) / (end - begin)))
            return (goal - start) * ((t - begin) / (end - begin)) + start

        return _piecewise(t, np.maximum.accumulate(self.knots[1:-1]), "right", phase)


@_factory
def swalr(lr: float, swa_lr: float, anneal_epochs: int = 10, anneal_strategy: str = "cos") -> _Law:
    """From lr to swa_lr over anneal_epochs, along a half cosine or a line, and constant from there.

    Torch: ``SWALR`` of ``torch.optim.swa_utils``; Izmailov et al., arXiv:1803.05407.

    Surprise: with ``anneal_epochs=0`` the first value is swa_lr already.

    Example:
        >>> from lrcourse import curves
        >>> curves.swalr(0.1, swa_lr=0.02, anneal_epochs=10)([0, 5, 10, 50]).round(4).tolist()
        [0.1, 0.06, 0.02, 0.02]
    """
    lr, goal = _lr(lr), _number("swa_lr", swa_lr)
    _choice("anneal_strategy", anneal_strategy, "cos", "linear")
    _int("anneal_epochs", anneal_epochs, 0)

    def value(t: NDArray) -> Array:
        done = _swa_progress(t, anneal_epochs, anneal_strategy)
        return goal * done + lr * (1 - done)

    return _Law(value, part=_Part())


def _swa_progress(t: NDArray, anneal_epochs: int, anneal_strategy: str) -> Array:
    """From 0 (the learning rate before) to 1 (swa_lr) as t goes from 0 to anneal_epochs."""
    if not anneal_epochs or t.min() >= anneal_epochs:
        return np.ones(t.shape)
    if anneal_strategy == "linear":
        return np.clip(t / anneal_epochs, 0, 1)
    if t.min() < 0 or t.max() > anneal_epochs:
        t = np.clip(t, 0, anneal_epochs)
    return 1 - _one_plus_cos(t, lambda t: np.pi * (t / anneal_epochs)) / 2


# --- Feedback -------------------------------------------------------------------------------------------------


@_factory
def reduce_lr_on_plateau(
    lr: float,
    metric: Sequence[float],
    mode: str = "min",
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    threshold_mode: str = "rel",
    cooldown: int = 0,
    min_lr: float = 0,
    eps: float = 1e-8,
) -> _Law:
    """``lr · factor`` after each *patience* + 1 bad metrics in a row. Torch: ``ReduceLROnPlateau``.

    ``metric[t]`` is what was measured after update t; it decides ``lr(t + 1)``, so ``lr`` is known up to
    t = len(metric). Bad is what does not beat the best so far by *threshold*; so is NaN, as in torch, a first one too.

    Surprise: with threshold_mode "rel" and a negative metric, slightly worse counts as better; a drop smaller than eps
    is not made, so an lr near 1e-7 is frozen.

    This is a scan over the metric by nature. It goes from event to event (a new best, a drop) and is vectorised between
    them, exactly: a few ns a step where events are rare, as in noise; 0.2 µs where nearly every step is a new best, or
    where slightly worse counts as better. Torch's own step takes 1 µs.

    Example:
        >>> from lrcourse import curves
        >>> loss = [1.0, 0.5, 0.5, 0.5, 0.4]  # two in a row that are no better: one more than patience allows
        >>> curves.reduce_lr_on_plateau(0.1, loss, patience=1)(range(6)).round(4).tolist()
        [0.1, 0.1, 0.1, 0.1, 0.01, 0.01]
    """
    lr = _lr(lr)
    _choice("mode", mode, "min", "max")
    _choice("threshold_mode", threshold_mode, "rel", "abs")
    factor = _number("factor", factor, "a number below 1: the learning rate is to be reduced", lambda f: f < 1)
    patience = math.floor(_number("patience", patience, "a number of updates, not negative", lambda n: n >= 0))
    cooldown = math.ceil(_number("cooldown", cooldown, "a number of updates, not negative", lambda n: n >= 0))
    threshold, floor, eps = _number("threshold", threshold), _number("min_lr", min_lr), _number("eps", eps)
    try:
        measured = np.asarray(metric, np.float64)
    except (TypeError, ValueError, OverflowError):
        measured = None
    if measured is None or measured.ndim != 1:
        raise TypeError(f"metric must be a list of numbers, metric[t] measured after update t, got {metric!r}")

    if mode == "max":
        measured = -measured
    if threshold_mode == "rel":
        better = _improvements(measured, 1 + threshold if mode == "max" else 1 - threshold, 0.0)
    else:
        better = _improvements(measured, 1.0, threshold)
    drops, levels = [], [lr]
    for k in _plateaus(better, measured.size, patience, cooldown):
        lower = max(levels[-1] * factor, floor)
        if not levels[-1] - lower > eps:
            break  # nor will any later drop be larger
        drops.append(k)
        levels.append(lower)
    stairs = _Stairs(drops, np.array(levels))
    beyond = f"the metric ends after {measured.size} values, and metric[t] decides lr(t + 1)"
    return _Law(stairs, measured.size, beyond, run=stairs.run)


def _improvements(measured: Array, ratio: float, offset: float) -> list[int]:
    """The scheduler's steps (from 1) at which a value beats the best so far, lower being better: by ratio and offset.

    Where that bar is never above the best, only a new minimum can pass it. So the minima are found first, block by
    block, and only they are looked at in turn.
    """
    starts = np.arange(0, measured.size, 1024)
    lows = np.fmin.reduceat(measured, starts) if measured.size else measured
    before = np.fmin.accumulate(np.concatenate(([np.inf], lows)))[:-1]
    minima = [np.empty(0, np.int64)]
    for start, lowest in zip(starts[lows < before], before[lows < before], strict=True):
        block = measured[start : start + 1024]
        so_far = np.fmin.accumulate(np.concatenate(([lowest], block)))
        minima.append(start + np.flatnonzero(block < so_far[:-1]))
    candidates = np.concatenate(minima)
    with np.errstate(invalid="ignore"):
        if not (measured[candidates] * ratio - offset <= measured[candidates]).all():
            candidates = np.arange(measured.size)
    steps, best = [], math.inf
    for k, value in zip((candidates + 1).tolist(), measured[candidates].tolist(), strict=True):
        if value < best * ratio - offset:
            best = value
            steps.append(k)
    return steps


def _plateaus(improved: list[int], n: int, patience: int, cooldown: int) -> Iterable[int]:
    """The steps, 1 ... n, at which more than *patience* bad ones stand in a row, counted anew after each cooldown."""
    edges = np.array([0, *improved, n + 1])
    long = np.flatnonzero(np.diff(edges) > patience + 1)
    free = 0
    for begin, end in zip(edges[long].tolist(), edges[long + 1].tolist(), strict=True):
        k = max(begin, free) + patience + 1
        while k < end:
            yield k
            free = k + cooldown
            k = free + patience + 1


# --- Several schedulers on one optimizer ----------------------------------------------------------------------
#
# Each scheduler of torch moves a learning rate by lr <- a·lr + b, where a and b depend on its own counter. One with
# b = 0 multiplies, one with a = 0 overwrites, a cosine with eta_min and SWALR pull towards a value. So compositions are
# those of affine maps, after constructors that read and write the param group in their order, as torch's do.


@_factory
def sequential_lr(lr: float, schedulers: Sequence[Schedule], milestones: Sequence[int]) -> _Law:
    """One scheduler after another, each from its milestone on. Torch: ``SequentialLR``.

    Args:
        lr: the optimizer's learning rate.
        schedulers: curves of torch schedulers with this same lr. They are built in this order on one optimizer, each
            composition right after its own parts.
        milestones: the first update of each scheduler but the first: whole numbers in order.

    Surprise: parts without a closed form in torch do not reset: MultiplicativeLR goes on from the learning rate it
    finds, times ``lr_lambda(0)``, and SWALR from what it finds. OneCycleLR overwrites the base learning rate of all
    parts. A SequentialLR or ChainedScheduler in any but the first position ends in torch's NotImplementedError, here
    in a ValueError, at its milestone; in the first position it takes one step too many at once. :func:`then` has none
    of this.

    Example:
        >>> from lrcourse.curves import constant_lr, exponential_lr, sequential_lr
        >>> parts = [constant_lr(0.1, factor=0.1, total_iters=9), exponential_lr(0.1, gamma=0.5)]
        >>> sequential_lr(0.1, parts, milestones=[2])(range(5)).round(4).tolist()
        [0.01, 0.01, 0.1, 0.05, 0.025]
    """
    lr = _lr(lr)
    parts = _parts(lr, schedulers)
    what = "a whole update number, not negative"
    starts = [_whole("each of milestones", milestone, 0, what) for milestone in _milestones(milestones)]
    if len(starts) != len(parts) - 1:
        raise ValueError(
            f"milestones must be one fewer than schedulers, got {len(starts)} for {len(parts)} schedulers: "
            "each but the first begins at a milestone"
        )
    return _composition(lr, parts, lambda group, what: _Sequence(parts, starts, group, what, alone=True))


@_factory
def chained_scheduler(lr: float, schedulers: Sequence[Schedule]) -> _Law:
    """All schedulers stepped one after another at each update. Torch: ``ChainedScheduler``.

    Args:
        lr: the optimizer's learning rate.
        schedulers: as for :func:`sequential_lr`.

    Surprise: a product of its parts only if all of them multiply. One that overwrites (LambdaLR, warm restarts,
    CyclicLR, OneCycleLR) undoes, at each update, what the parts before it did at this and every earlier one; those
    after it then act once, without accumulating. A cosine multiplies only with ``eta_min=0``, and only up to T_max.
    The first scheduler built stores the base learning rate for all, so a CyclicLR behind it begins with that value.

    Example:
        >>> from lrcourse.curves import chained_scheduler, exponential_lr, lambda_lr, step_lr
        >>> decay = exponential_lr(0.1, gamma=0.5)
        >>> chained_scheduler(0.1, [decay, step_lr(0.1, step_size=2)])(range(4)).round(5).tolist()
        [0.1, 0.05, 0.0025, 0.00125]
        >>> chained_scheduler(0.1, [decay, lambda_lr(0.1, lambda t: 1)])(range(4)).tolist()  # it overwrites: no product
        [0.1, 0.1, 0.1, 0.1]
    """
    lr = _lr(lr)
    parts = _parts(lr, schedulers)
    return _composition(lr, parts, lambda group, what: _Chain(parts, group, what))


_COMPOSITIONS = ("sequential_lr", "chained_scheduler")


def _parts(lr: float, schedulers: object) -> tuple[Schedule, ...]:
    if not isinstance(schedulers, tuple) or not schedulers:
        raise ValueError(f"schedulers must be a list of at least one scheduler's curve, got {schedulers!r}")
    for i, part in enumerate(schedulers):
        if not isinstance(part, Schedule) or (part._law.part is None and part.name not in _COMPOSITIONS):
            if getattr(part, "name", "") == "reduce_lr_on_plateau":
                raise ValueError(f"schedulers[{i}] must not be reduce_lr_on_plateau: a composition gets no metric; "
                                 "torch refuses it too")  # fmt: skip
            raise TypeError(
                f"schedulers[{i}] must be the curve of a torch scheduler, such as step_lr({lr}, step_size=30), got "
                f"{part!r}; join other schedules by then(a, b, at=...) or a * b"
            )
        if part.params["lr"] != lr:
            raise ValueError(
                f"schedulers[{i}] must have lr={lr} as the whole has, got {part.params['lr']}: they share one optimizer"
            )
    return schedulers


def _composition(lr: float, parts: tuple[Schedule, ...], build: Callable) -> _Law:
    def first(what: str, n: int) -> Array:
        group: dict[str, Any] = {"lr": lr}
        root = build(group, what)
        return _play(group[what], lambda first, n: root.step(n), n)

    def momentum(t: NDArray) -> Array:
        n = int(t.max()) + 1
        first("lr", n)  # where torch raises over the one, it has no other
        return first("momentum", n)[_whole_updates(t)]

    cycles = any(part._law.momentum for part in parts)
    return _history(functools.partial(first, "lr"), momentum=momentum if cycles else None)


def _history(first: Callable[[int], Array], **rest: Any) -> _Law:
    """The law of a schedule that is known by its first n values."""
    return _Law(
        lambda t: first(int(t.max()) + 1)[_whole_updates(t)], run=lambda t: first(t.stop)[t.start :], whole=True, **rest
    )


def _play(x: float, moves: Callable[[int, int], Iterable[Move]], n: int) -> Array:
    """The first n values: x, and where it goes by the moves, a function (first update, n) -> the moves of n updates."""
    values, filled = np.empty(n), 1
    values[0] = x
    while filled < n:
        for move in moves(filled, min(_CHUNK, n - filled)):
            piece = _scan(move, values[filled - 1])
            values[filled : filled + piece.size] = piece
            filled += piece.size
    return values


def _scan(move: Move, x: float) -> Array:
    """``x_i = a_i x_{i-1} + b_i`` from x_0 = x. In the general case √n blocks of √n side by side, twice."""
    a, b = move
    if a is None:
        assert b is not None, "no move has neither"
        return b
    if b is None:
        values = a.copy()
        values[0] *= x  # torch's order: each product is rounded in its turn
        return np.multiply.accumulate(values, out=values)
    width = math.isqrt(len(a))
    gap = -len(a) % width
    a = np.concatenate((a, np.ones(gap))).reshape(-1, width).T.copy()
    b = np.concatenate((b, np.zeros(gap))).reshape(-1, width).T.copy()
    slope, offset = np.ones(a.shape[1]), np.zeros(a.shape[1])
    for a_i, b_i in zip(a, b, strict=True):
        slope *= a_i
        offset *= a_i
        offset += b_i
    firsts = []
    for slope_j, offset_j in zip(slope.tolist(), offset.tolist(), strict=True):
        firsts.append(x)
        x = slope_j * x + offset_j
    values, rows = np.empty(a.shape), np.array(firsts)
    for i, (a_i, b_i) in enumerate(zip(a, b, strict=True)):
        rows = values[i] = a_i * rows + b_i
    return values.T.reshape(-1)[: values.size - gap]


def _compose(first: Move, second: Move) -> Move:
    """The move that does *first*, then *second*, at each update."""
    (a1, b1), (a2, b2) = first, second
    if a2 is None:
        return second
    carried = None if b1 is None else a2 * b1
    return None if a1 is None else a1 * a2, carried if b2 is None else b2 if carried is None else carried + b2


def _join(moves: list[Move]) -> Move:
    """One move of moves that follow each other in time."""
    if len(moves) == 1:
        return moves[0]
    sizes = [len(next(part for part in move if part is not None)) for move in moves]
    return (
        np.concatenate([np.zeros(n) if a is None else a for (a, _), n in zip(moves, sizes, strict=True)]),
        np.concatenate([np.zeros(n) if b is None else b for (_, b), n in zip(moves, sizes, strict=True)]),
    )


def _part(schedule: Schedule) -> _Part:
    part = schedule._law.part
    assert part is not None, "_parts lets no other in"
    return part


class _Member:
    """One scheduler among several: what its constructor, ``_initial_step``, ``step`` and ``_update_lr(0)`` do.

    Args:
        schedule: its class and arguments; the learning rate in it is replaced by what the constructor finds.
        group: the param group: lr, initial_lr, momentum, and what else constructors write.
        what: "lr" or "momentum", the entry whose moves are asked for.
    """

    def __init__(self, schedule: Schedule, group: dict[str, Any], what: str) -> None:
        self.group, self.what, self.params = group, what, schedule.params
        self.cycle = _part(schedule).cycle
        self.prepare()
        base_lr = _Base(group.setdefault("initial_lr", group["lr"]))
        self.schedule = _rebuild(schedule.name, {**schedule.params, "lr": base_lr})
        self.part = _part(self.schedule)
        self.counter, self.calls = -1, 0
        self.start()

    def prepare(self) -> None:
        """What the constructor writes into the param group before it reads initial_lr."""

    def start(self) -> None:
        self.counter += 1
        self.calls = 1
        if self.what == "momentum" or not self.part.held:
            self.group[self.what] = float(_scan(self.moves(1), self.group.get(self.what, math.nan))[-1])

    def undo(self) -> None:
        self.counter -= 1

    def enter(self) -> list[Move]:
        self.counter = 0
        if self.part.enter is None or self.what == "momentum":
            return [self.moves(1)]
        return [(None, np.array([self.part.enter()]))]

    def step(self, n: int) -> list[Move]:
        self.counter += n
        self.calls += n
        return [self.moves(n)]

    def begins_at(self, lr: float) -> bool:
        """Whether from here on, if nobody else moves the learning rate, it follows the schedule."""
        return self.what == "lr" and self.part.move is not None and self.counter == 0 and self.schedule(0) == lr

    def follow(self, n: int) -> Move:
        """``step`` for one that does: as exact, and faster."""
        self.counter += n
        return None, self.schedule(range(self.counter - n + 1, self.counter + 1))

    def moves(self, n: int) -> Move:
        """The n moves that end at the counter."""
        first = self.counter - n + 1
        if self.what == "momentum":
            return np.ones(n), None
        if self.part.move is None:
            return None, self.schedule(range(first, first + n))
        return self.part.move(first, n)


class _Cyclic(_Member):
    def prepare(self) -> None:
        p = self.params
        self.group["lr"] = p["base_lr"]
        if p["cycle_momentum"]:
            self.group.update({key: p[key] for key in ("max_momentum", "base_momentum")})

    def __init__(self, schedule: Schedule, group: dict[str, Any], what: str) -> None:
        super().__init__(schedule, group, what)
        if what == "lr":
            group["lr"] = group["initial_lr"]  # base_lrs is put right only after the constructor's first step

    def moves(self, n: int) -> Move:
        if self.what == "momentum" and self.params["cycle_momentum"]:
            return None, self.schedule.momentum(range(self.counter - n + 1, self.counter + 1))
        return super().moves(n)


class _OneCycled(_Member):
    """It anneals between entries of the param group, which another scheduler may have overwritten since."""

    cycle: _OneCycle

    def prepare(self) -> None:
        momenta = () if self.params["cycle_momentum"] else ("max_momentum", "base_momentum")
        self.group.update({key: value for key, value in self.cycle.group.items() if key not in momenta})

    def moves(self, n: int) -> Move:
        t = np.arange(self.counter - n + 1, self.counter + 1)
        self.schedule(t[-1])  # raises beyond total_steps
        if self.what == "momentum" and not self.params["cycle_momentum"]:
            return super().moves(n)
        entries = self.cycle.lr if self.what == "lr" else self.cycle.momentum
        return None, self.cycle.anneal(entries, self.group, t)


class _Averaging(_Member):
    """SWALR counts its calls of ``step``, which SequentialLR neither undoes nor resets."""

    def prepare(self) -> None:
        self.group["swa_lr"] = self.params["swa_lr"]

    def moves(self, n: int) -> Move:
        if self.what == "momentum":
            return super().moves(n)
        t = np.arange(self.calls - n - 1, self.calls)
        done = _swa_progress(t, self.params["anneal_epochs"], self.params["anneal_strategy"])
        a = np.zeros(n)
        np.divide(1 - done[1:], 1 - done[:-1], out=a, where=done[:-1] < 1)
        return a, self.group["swa_lr"] * (1 - a)


class _Composite:
    """What SequentialLR and ChainedScheduler share. Within another composition their own clock is not undone."""

    members: list
    group: dict[str, Any]
    what: str

    def start(self) -> None:
        for move in self.step(1):
            self.group[self.what] = float(_scan(move, self.group[self.what])[-1])

    def undo(self) -> None:
        for member in self.members:
            member.undo()

    def enter(self) -> list[Move]:
        raise ValueError(
            "sequential_lr: a composition must stand in the first position, got one that begins at a milestone: torch "
            "raises NotImplementedError there; use then(a, b, at=...)"
        )

    def step(self, n: int) -> list[Move]:
        raise NotImplementedError

    def begins_at(self, lr: float) -> bool:
        return False


class _Sequence(_Composite):
    """SequentialLR; *alone* if nothing else moves the learning rate."""

    def __init__(
        self, parts: Sequence[Schedule], milestones: list[int], group: dict[str, Any], what: str, alone: bool = False
    ) -> None:
        self.milestones, self.group, self.what, self.alone = milestones, group, what, alone
        self.members = [_member(part, group, what) for part in parts]
        group["lr"] = group["initial_lr"]
        self.undo()
        self.clock = 0
        first = self.members[bisect_right(milestones, 0)]
        first.start()
        self.on_curve = alone and first.begins_at(group["lr"])

    def step(self, n: int) -> list[Move]:
        moves, stop = [], self.clock + n
        while self.clock < stop:
            i = bisect_right(self.milestones, self.clock + 1)
            member = self.members[i]
            if i and self.milestones[i - 1] == self.clock + 1:
                moves += member.enter()
                a, b = moves[-1]
                self.on_curve = self.alone and a is None and member.begins_at(b[0])
                self.clock += 1
            else:
                end = min(stop, self.milestones[i] - 1) if i < len(self.milestones) else stop
                moves += [member.follow(end - self.clock)] if self.on_curve else member.step(end - self.clock)
                self.clock = end
        return moves


class _Chain(_Composite):
    def __init__(self, parts: Sequence[Schedule], group: dict[str, Any], what: str) -> None:
        self.group, self.what = group, what
        self.members = [_member(part, group, what) for part in parts]

    def step(self, n: int) -> list[Move]:
        return [functools.reduce(_compose, (_join(member.step(n)) for member in self.members))] if n else []


def _member(part: Schedule, group: dict[str, Any], what: str) -> _Member | _Composite:
    match part.name:
        case "sequential_lr":
            return _Sequence(part.params["schedulers"], [int(m) for m in part.params["milestones"]], group, what)
        case "chained_scheduler":
            return _Chain(part.params["schedulers"], group, what)
        case "cyclic_lr":
            return _Cyclic(part, group, what)
        case "one_cycle_lr":
            return _OneCycled(part, group, what)
        case "swalr":
            return _Averaging(part, group, what)
    return _Member(part, group, what)
