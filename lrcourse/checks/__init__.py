"""Checks of the exercises: ``check("02.1", answer)``."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from .exercise import EXERCISES, Exercise, NotYet, Unsolved, asked, check, credit, draw, judge, once_solved, probe
from .progress import progress

__all__ = [
    "EXERCISES", "Exercise", "NotYet", "Unsolved", "asked", "check", "credit", "draw", "judge", "load", "once_solved",
    "probe", "progress",
]  # fmt: skip


@functools.cache
def load() -> None:
    """Import every section's checks, so that :data:`EXERCISES` is complete.

    Example:
        >>> from lrcourse.checks import EXERCISES, load
        >>> load()
        >>> sorted(EXERCISES)[:3]
        ['01.1', '01.2', '01.3']
    """
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
