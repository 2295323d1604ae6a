"""Learning-rate scheduling in PyTorch, seen as physics: the package that the course's notebooks call.

Everything below loads on first use, so that ``import lrcourse`` costs next to nothing.
"""

from __future__ import annotations

import importlib

from .words import language, use_language

__version__ = "0.1.0"

_HOME = {
    "visualize_schedulers": "lrcourse.figures.schedulers",
    "check": "lrcourse.checks",
}
_MODULES = ("curves", "training", "dynamics", "schedulers", "checks", "figures", "explorers")

__all__ = ["language", "use_language", *_HOME, *_MODULES]


def __getattr__(name: str):
    if name in _MODULES:
        return importlib.import_module(f"lrcourse.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'lrcourse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
