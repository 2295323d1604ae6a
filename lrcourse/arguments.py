"""What arguments must be, said in one voice: ``lr must be a positive finite number, got -1``.

Each function takes the argument's name and value, gives the value back as a plain Python or NumPy one, and raises a
ValueError or a TypeError with this sentence where it cannot be what it must be. A bool is no number here, and a string
that looks like one is none.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite, nan
from numbers import Integral, Real
from types import UnionType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

T = TypeVar("T")

MOST = 10**9
"""Nobody waits for more updates, particles or examples; a larger number is a slip."""

_short = reprlib.Repr()
_short.maxother = _short.maxstring = _short.maxlong = 120


def shown(value: object) -> str:
    """*value* as an error message has it: not longer than a line or two."""
    return _short.repr(value)


def _plain(value: T) -> T:
    """A number out of an array or a tensor without axes; everything else as it is."""
    given: Any = value
    return given.item() if getattr(given, "ndim", None) == 0 else given


def number(
    name: str, value: float, what: str = "be a finite number", fits: Callable[[float], bool] = lambda _: True
) -> float:
    """*value* as a float, if it is a finite number that *fits*; *what* says which do: ``"lie between 1 and 2"``."""
    value = _plain(value)
    try:
        real = float(value) if isinstance(value, Real) and not isinstance(value, bool) else nan
    except OverflowError:  # an int beyond 1e308
        real = nan
    if not (isfinite(real) and fits(real)):
        raise ValueError(f"{name} must {what}, got {shown(value)}")
    return real


def positive(name: str, value: float) -> float:
    """*value* as a float, if it is a positive finite number."""
    return number(name, value, "be a positive finite number", lambda real: real > 0)


def not_negative(name: str, value: float) -> float:
    """*value* as a float, if it is 0 or a positive finite number."""
    return number(name, value, "be a finite number, not negative", lambda real: real >= 0)


def share(name: str, value: float) -> float:
    """*value* as a float, if it lies in [0, 1]."""
    return number(name, value, "be a share, which lies in [0, 1]", lambda real: 0 <= real <= 1)


def damping(name: str, value: float) -> float:
    """A momentum as a float, if it lies in [0, 1)."""
    return number(name, value, "lie in [0, 1)", lambda real: 0 <= real < 1)


def whole(name: str, value: int, least: int = 0, most: int = MOST) -> int:
    """*value* as an int, if it is a whole number from *least* to *most*."""
    value = _plain(value)
    if isinstance(value, bool) or not (isinstance(value, Integral) and least <= value <= most):
        kind = {0: "a whole number, not negative", 1: "a positive whole number"}.get(least, f"a whole number ≥ {least}")
        if most < MOST or (isinstance(value, Integral) and value > most):
            kind = f"a whole number between {least} and {most}"
        raise ValueError(f"{name} must be {kind}, got {shown(value)}")
    return int(value)


def count(name: str, value: Any) -> int:
    """*value* as an int, if it is a positive whole number."""
    return whole(name, value, least=1)


def seeded(name: str, value: int) -> int:
    """A random seed as an int, if it is one that torch and NumPy both take."""
    return whole(name, value, most=2**63 - 1)


def flag(name: str, value: bool) -> bool:
    """*value* as a bool, if it is one."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def choice(name: str, value: str, choices: Sequence[str]) -> str:
    """*value*, if it is one of the *choices*."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {shown(value)}")
    return value


def function(name: str, value: Callable, of: str) -> Callable:
    """*value*, if it can be called; *of* says with what: ``"(outputs, targets)"``."""
    if not callable(value):
        raise TypeError(f"{name} must be a function of {of}, got {shown(value)}")
    return value


def listed(name: str, values: Iterable[T] | int | None, what: str) -> list[T]:
    """*values* as a list, if they can be gone through and are no text; *what* says in words what they must be."""
    text = isinstance(values, str | bytes | Mapping)
    if isinstance(values, Iterable) and not text and getattr(values, "ndim", 1) != 0:
        return list(values)
    raise TypeError(f"{name} must be {what}, got {shown(values)}")


def instance(name: str, value: T, kind: type | UnionType | tuple[type, ...], what: str) -> T:
    """*value*, if it is of this *kind*; *what* says in words what that is, and where one gets it."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {what}, got {shown(value)}")
    return value


def numbers(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """*values* as a new float64 array of any shape; it may hold nan and infinities."""
    try:
        array = np.array(np.asarray(values))
        if array.dtype == object and all(isinstance(each, Real) and not isinstance(each, bool) for each in array.flat):
            array = array.astype(np.float64)
    except (TypeError, ValueError, RuntimeError, OverflowError):  # rows of unequal lengths, a tensor with a gradient
        array = np.array(None)
    if array.dtype.kind not in "iuf" and array.size:
        raise TypeError(f"{name} must be a number or an array of numbers, got {shown(values)}")
    return array.astype(np.float64, copy=False)
