"""The sources that go into a sandbox: of all checks only what the probes reach, and neither judge nor reference.

``lrcourse.checks`` itself is out of sight there. What a probe needs of it is cut out here, definition by definition.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator
from graphlib import TopologicalSorter
from typing import Any

from .. import checks
from ..checks.compare import Comparison

PACKAGE = checks.__name__
DRIVER = ("ask", "NotYet", "Unsolved", "once_solved", "_where", "_one_line")  # what the driver itself calls


def sources(ids: Iterable[str]) -> list[tuple[str, str]]:
    """Names and sources of the modules that the probes of these exercises need, each after those that it imports.

    A module defines ``PROBES``: exercise → (its probe, whether that takes one case at a time).
    """
    checks.load()
    wanted = _Wanted()
    for name in DRIVER:
        wanted.add(f"{PACKAGE}.exercise", name)
    for id in ids:
        probe = checks.EXERCISES[id].probe
        each = getattr(probe, "__func__", None) is Comparison.probe
        owner: Any = getattr(probe, "__self__", None)
        run = owner.run if each else probe
        wanted.probe(run.__module__, id, _expression(run), each)
    return [(module, wanted.source(module)) for module in TopologicalSorter(wanted.imports).static_order()]


class _Wanted:
    """The definitions wanted of each module, and the modules that each of them imports."""

    def __init__(self) -> None:
        self.modules: dict[str, set[str]] = {}
        self.imports: dict[str, set[str]] = {}
        self.probes: dict[str, list[str]] = {}
        self.seen: set[tuple[str, str]] = set()

    def add(self, module: str, name: str) -> None:
        if (module, name) in self.seen or name not in _definitions(module):
            return
        self.seen.add((module, name))
        node = _definitions(module)[name]
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            original = next(alias.name for alias in node.names if (alias.asname or alias.name) == name)
            other = f"{PACKAGE}.{node.module}"
            self.imports.setdefault(module, set()).add(other)
            self.add(other, original)
        else:
            for used in _names(node):
                self.add(module, used)
        self.modules.setdefault(module, set()).add(name)
        self.imports.setdefault(module, set())

    def probe(self, module: str, id: str, expression: ast.expr, each: bool) -> None:
        for name in _names(expression):
            self.add(module, name)
        self.modules.setdefault(module, set())
        self.imports.setdefault(module, set())
        self.probes.setdefault(module, []).append(f"{id!r}: ({ast.unparse(expression)}, {each})")

    def source(self, module: str) -> str:
        kept: list[ast.stmt] = []
        for node in _tree(module).body:
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                kept.append(node)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias for alias in node.names if _bound(alias) in self.modules[module]]
                if names:
                    level: dict[str, Any] = {}
                    if isinstance(node, ast.ImportFrom):
                        level = {"module": node.module, "level": node.level}
                    kept.append(type(node)(names=names, **level))
            elif self.modules[module].intersection(_binds(node)):
                kept.append(node)
        code = ast.unparse(ast.fix_missing_locations(ast.Module(kept, [])))
        return f"{code}\nPROBES = {{{', '.join(self.probes.get(module, []))}}}\n"


@functools.cache
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(importlib.import_module(module)))


@functools.cache
def _definitions(module: str) -> dict[str, ast.stmt]:
    return {name: node for node in _tree(module).body for name in _binds(node)}


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _binds(node: ast.stmt) -> Iterator[str]:
    """The names that a statement at the top of a module defines."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from map(_bound, names)
        case ast.Assign() | ast.AnnAssign():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name))


def _names(node: ast.AST) -> Iterator[str]:
    """Every name that code reads, annotations aside: they are never evaluated."""
    if isinstance(node, ast.Name):
        yield node.id
    for field, value in ast.iter_fields(node):
        if field not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _names(child)


def _expression(run: Callable) -> ast.expr:
    """What a module's source calls this function: its name, or the whole lambda."""
    if run.__name__ != "<lambda>" and "<locals>" not in run.__qualname__:
        return ast.Name(run.__name__)
    for node in ast.walk(_tree(run.__module__)):
        if isinstance(node, ast.Lambda) and node.lineno == run.__code__.co_firstlineno:
            return node
    raise TypeError(f"a probe must be a function or a lambda of its module, got {run.__qualname__} in {run.__module__}")
