"""A section's exercises as they were handed out, the *master*, and what one submission makes of them."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ..words import say

LONGEST = 100_000  # characters of an answer that is looked into; the longest solution has 2000
LANGUAGE = re.compile(r"""^[ \t]*(?:lrcourse\.)?use_language\(\s*["'](en|zh)["']""", re.M)


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook, with what grading reads of it."""

    id: str
    kind: str
    source: str
    tags: tuple[str, ...] = ()
    grade_id: str = ""
    points: float | None = None


def cells(data: bytes) -> list[Cell]:
    """The cells of a notebook.

    Raises:
        ValueError: the bytes are no notebook; its text says how.
    """
    try:
        found = json.loads(data)["cells"]
        return [_cell(cell) for cell in found]
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("it lacks the cells of a notebook") from error


def _cell(cell: dict) -> Cell:
    metadata = cell.get("metadata") or {}
    nbgrader = metadata.get("nbgrader") or {}
    points = nbgrader.get("points")
    return Cell(
        _text(cell.get("id", "")), _text(cell["cell_type"]), _text("".join(cell["source"])),
        tuple(map(_text, metadata.get("tags") or ())), _text(nbgrader.get("grade_id", "")),
        points if isinstance(points, int | float) else None,
    )  # fmt: skip


def _text(value: object) -> str:
    """Text that can be written anywhere: JSON may carry halves of characters."""
    return str(value).encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Task:
    """One exercise: its answer cell as handed out, what its check takes, and the cells given before it."""

    id: str
    title: str
    points: float
    answer: Cell
    takes: str
    given: tuple[str, ...] = ()


@dataclass(frozen=True)
class Master:
    """A section's exercises in one language.

    Args:
        published: the digest of each answer of the worked solutions, and the names that it uses, by exercise.
    """

    section: str
    language: str
    title: str
    setup: str
    tasks: tuple[Task, ...]
    cells: tuple[Cell, ...]
    published: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, section: str, language: str, data: bytes, solutions: bytes | None = None) -> Master:
        """The master in these bytes of ``exercises/NN_section.ipynb``."""
        all_cells, setup, tasks = cells(data), "", []
        answer: Cell | None = None
        title = ""
        given: list[str] = []
        for cell in all_cells:
            if "card" in cell.tags and (heading := re.search(r"^#+ +(.*)$", cell.source, re.M)):
                title = heading[1]
            elif "setup" in cell.tags:
                setup = cell.source
            elif "answer" in cell.tags:
                answer = cell
            elif "check" in cell.tags:
                id, takes = _check(cell.source)
                if answer is None:
                    raise ValueError(f"{section}: the check of {id} stands before any answer")
                words = re.sub(rf"^{re.escape(id)}[\s·:：—-]*", "", title)
                tasks.append(Task(id, words, float(cell.points or 0), answer, takes, tuple(given)))
                given = []
            elif cell.kind == "code" and "show" not in cell.tags:
                given.append(cell.source)
        solved = {cell.id: cell.source for cell in cells(solutions)} if solutions else {}
        published = {
            task.id: (fingerprint(solved[task.answer.id]), frozenset(names(solved[task.answer.id])))
            for task in tasks if task.answer.id in solved
        }  # fmt: skip
        first = re.search(r"^# +(.*)$", all_cells[0].source, re.M)
        return cls(section, language, first[1] if first else section, setup, tuple(tasks), tuple(all_cells), published)

    @property
    def digest(self) -> str:
        parts = [self.setup, *((t.id, t.points, t.answer.source, t.takes, t.given) for t in self.tasks)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def points(self) -> float:
        return sum(task.points for task in self.tasks)


def _check(source: str) -> tuple[str, str]:
    """Exercise and answer of ``check("02.1", answer)``."""
    statement: Any = ast.parse(source).body[-1]
    call = statement.value
    return ast.literal_eval(call.args[0]), ast.unparse(call.args[1])


def belongs_to(found: list[Cell], masters: dict[tuple[str, str], Master]) -> Master | None:
    """The master that a notebook was made from: it shares most answer cells, by id or by nbgrader's name for them.

    Its language is the one that the set-up cell chooses.
    """
    ids, grade_ids = {cell.id for cell in found}, {cell.grade_id for cell in found if cell.grade_id}
    best, most = None, 0
    for (section, _), master in masters.items():
        shared = sum(2 * (t.answer.id in ids) + (t.answer.grade_id in grade_ids) for t in master.tasks)
        if shared > most:
            best, most = section, shared
    if best is None:
        return None
    chosen = [m[1] for cell in found if cell.kind == "code" for m in LANGUAGE.finditer(cell.source)]
    language = chosen[0] if chosen else "en"
    return masters.get((best, language)) or masters[best, "en"]


@dataclass(frozen=True)
class Answers:
    """What a submission contributes: the source of each answer cell, None where it is gone; and what was noted."""

    sources: dict[str, str | None]
    notes: tuple[str, ...]
    elsewhere: frozenset[str]


def answers(found: list[Cell], master: Master) -> Answers:
    """Take the answer cells out of a submission, and note how the rest of it differs from the master."""
    code = [cell for cell in found if cell.kind == "code"]
    by_id = {cell.id: cell for cell in reversed(code)}
    by_name = {cell.grade_id: cell for cell in reversed(code) if cell.grade_id}
    sources, taken, notes = {}, [], []
    for task in master.tasks:
        cell = by_id.get(task.answer.id) or by_name.get(task.answer.grade_id)
        sources[task.id] = cell.source if cell else None
        if cell is None:
            notes.append(say("answer cell of {id} is gone", "{id} 的答案单元格不见了", id=task.id))
        else:
            taken.append(cell)
    handed_out = {cell.id: cell for cell in master.cells if cell.kind == "code"}
    named = {cell.grade_id: cell for cell in handed_out.values() if cell.grade_id}
    counts: Counter[str] = Counter()
    extra, outside = 0, []
    for cell in code:
        original = handed_out.get(cell.id) or named.get(cell.grade_id)
        if original is None:
            extra += 1
            outside.append(cell.source)
            continue
        counts[original.id] += 1
        what = _role(original, master)
        marks = {(cell.points, original.points), (cell.grade_id or None, original.grade_id)}
        if any(mine is not None and mine != given for mine, given in marks):
            notes.append(say("{what}: points or grading marks altered", "{what}：分值或评分标记被改动", what=what))
        if "answer" not in original.tags and cell.source.strip() != original.source.strip():
            notes.append(say("{what} altered", "{what}被改动", what=what))
            outside.append(cell.source)
    for id, original in handed_out.items():
        if counts[id] == 0 and "answer" not in original.tags:
            notes.append(say("{what} deleted", "{what}被删除", what=_role(original, master)))
        elif counts[id] > 1:
            notes.append(say("{what}: {n} copies; the first counts", "{what}：有 {n} 份，以第一份为准",
                             what=_role(original, master), n=counts[id]))  # fmt: skip
    if extra:
        notes.append(say("cells added: {n}", "新增单元格：{n} 个", n=extra))
    elsewhere = {name for source in outside for name in _assigned(source)}
    return Answers(sources, tuple(dict.fromkeys(notes)), frozenset(elsewhere))


def _role(cell: Cell, master: Master) -> str:
    if "setup" in cell.tags:
        return say("set-up cell", "设置单元格")
    if "check" in cell.tags:
        return say("check cell of {id}", "{id} 的检查单元格", id=_check(cell.source)[0])
    if "answer" in cell.tags:
        id = next(task.id for task in master.tasks if task.answer.id == cell.id)
        return say("answer cell of {id}", "{id} 的答案单元格", id=id)
    return say("given cell", "给定单元格")


def _assigned(source: str) -> set[str]:
    """Names that a cell defines, as far as it can be parsed."""
    tree = _parsed(source)
    if tree is None:
        return set()
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return found


def _parsed(source: str) -> ast.Module | None:
    """The syntax tree of code, None where it has none, or where it is made to be hard to parse."""
    if len(source) > LONGEST:
        return None
    try:
        tree = ast.parse(source)
        ast.dump(tree)  # deeper trees than this can take are no answers
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree


def fingerprint(source: str) -> str:
    """A digest of an answer that comments, blank space and docstrings do not change."""
    tree = _parsed(source)
    if tree is None:
        text = "".join(source.split())
    else:
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                first = node.body[0] if node.body else None
                if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                    node.body[0] = ast.Pass()
        text = ast.dump(tree)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def size(source: str) -> int:
    """How much there is in an answer to be alike: the nodes of its syntax tree."""
    tree = _parsed(source)
    return len(source.split()) if tree is None else sum(1 for _ in ast.walk(tree))


def names(source: str) -> set[str]:
    """The dotted names that code reads or imports, ``lrcourse.schedulers.record``; plain names among them."""
    tree = _parsed(source)
    if tree is None:
        return set()
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                found |= {f"import {alias.name}" for alias in aliases}
            case ast.ImportFrom(module=module, names=aliases):
                found |= {f"import {module}.{alias.name}" for alias in aliases} | {f"import {module}"}
            case ast.Attribute() | ast.Name():
                parts = []
                while isinstance(node, ast.Attribute):
                    parts.append(node.attr)
                    node = node.value
                if isinstance(node, ast.Name):
                    found.add(".".join([node.id, *reversed(parts)]))
            case ast.Constant(value=str() as text) if re.fullmatch(r"lrcourse[\w.]{0,80}", text):
                found.add(f"import {text}")
    return found


SUSPICIOUS = re.compile(
    r"import (lrcourse\.\w+|gc|inspect|ctypes|importlib|subprocess|socket|builtins)\b.*"
    r"|lrcourse\.\w+.*|sys\.modules\b.*|sys\._getframe\b.*|gc\.\w+.*|__import__|globals|exec|eval|.*\.__globals__\b.*"
    r"|.*\.(f_back|f_globals|f_locals|tb_frame|gi_frame)\b.*"
)


def borrowed(source: str, task: Task, master: Master) -> list[str]:
    """Names of the reference implementation, and of ways around it, that an answer uses: reported, never judged.

    What the stub, the set-up and the worked solution use themselves is not among them.
    """
    allowed = names(master.setup) | names(task.answer.source) | master.published.get(task.id, ("", frozenset()))[1]
    return sorted(
        name for name in names(source) - allowed
        if SUSPICIOUS.fullmatch(name) and not any(a == name or a.startswith(f"{name}.") for a in allowed)
    )  # fmt: skip
