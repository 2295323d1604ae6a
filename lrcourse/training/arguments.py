"""What numbers must be, said in one voice."""

from __future__ import annotations

from math import inf
from numbers import Integral, Real


def positive(name: str, value: float) -> float:
    """*value* as a float, if it is a positive finite number; a ValueError that names the argument if not."""
    if isinstance(value, bool) or not (isinstance(value, Real) and 0 < value < inf):
        raise ValueError(f"{name} must be a positive finite number, got {value!r}")
    return float(value)


def count(name: str, value: int) -> int:
    """*value* as an int, if it is a positive whole number; a ValueError that names the argument if not."""
    if isinstance(value, bool) or not (isinstance(value, Integral) and value > 0):
        raise ValueError(f"{name} must be a positive whole number, got {value!r}")
    return int(value)
