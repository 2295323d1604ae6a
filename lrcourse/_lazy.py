"""Modules that load when first used (PEP 562), so that a page pays only for what it shows."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping

SECTIONS = (
    "start", "dynamics", "schedulers", "warmup", "cyclic", "custom", "chaining", "finder", "practice", "physics",
)  # fmt: skip


def lazy(package: str, modules: Iterable[str], names: Mapping[str, str] | None = None) -> tuple[Callable, Callable]:
    """The ``__getattr__`` and ``__dir__`` of *package*: its *modules*, and *names* that live in a module elsewhere."""
    modules, names = tuple(modules), names or {}

    def __getattr__(name: str) -> object:
        if name in modules:
            return importlib.import_module(f"{package}.{name}")
        if name in names:
            return getattr(importlib.import_module(names[name]), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {', '.join((*modules, *names))}")

    def __dir__() -> list[str]:
        return sorted({*importlib.import_module(package).__dict__, *modules, *names})

    return __getattr__, __dir__
