"""Reads one course file: py:percent text into cells that hold their English and their Chinese side by side."""

from __future__ import annotations

import hashlib
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
from nbformat import NotebookNode

HEADER = re.compile(r"^# %%", re.M)
ATTRIBUTES = {"lang", "of", "tags", "name", "ex", "points", "given", "expect", "expect_zh"}
SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION[ \t]*\n(.*?)^[ \t]*### END SOLUTION[ \t]*$", re.M | re.S)
STUB = r"\1# YOUR CODE HERE\n\1raise NotImplementedError"

WIDE = "\u2e80-\u9fff\uff00-\uffef\u201c\u201d\u2014\u2026"  # Han letters and the punctuation that goes with them
CHINESE_BREAK = re.compile(rf"(?<=[{WIDE}])\n *(?=[{WIDE}])|(?<=[，。；：、！？）])\n(?=[A-Za-z`]|\$(?!\$))")


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a course file: where it stands, what it is, and the way out."""

    path: Path
    where: str
    what: str
    way_out: str

    def __str__(self) -> str:
        return f"{os.path.relpath(self.path)}{self.where}: {self.what}; {self.way_out}"


@dataclass
class Cell:
    """A cell in both languages: ``text["en"]`` and ``text["zh"]`` (one and the same for shared code)."""

    kind: str
    text: dict[str, str]
    line: int
    id: str = ""
    tags: frozenset[str] = frozenset()
    name: str | None = None
    ex: str | None = None
    points: int = 1
    given: str = ""
    expect: dict[str, str] = field(default_factory=dict)
    confirmed: str | None = None

    @property
    def where(self) -> str:
        """Line in the source file and how the cell begins, for messages."""
        return f":{self.line} “{first_line(self.text['en'])[:50]}”"

    @property
    def is_code(self) -> bool:
        return self.kind == "code"

    def stub(self, language: str) -> str:
        """The cell as a learner gets it: solutions replaced by a line that says so."""
        return SOLUTION.sub(STUB, self.text[language])

    def solved(self, language: str) -> str:
        """The cell with its solution, without the markers."""
        return SOLUTION.sub(lambda found: found[2].rstrip("\n"), self.text[language])

    def solution_lines(self) -> list[str]:
        return [line.strip() for found in SOLUTION.finditer(self.text["en"]) for line in found[2].splitlines()]


@dataclass(frozen=True)
class Exercise:
    """One exercise of a file: its card and all cells up to the next card."""

    cells: list[Cell]

    def tagged(self, tag: str) -> list[Cell]:
        return [cell for cell in self.cells if tag in cell.tags]

    @property
    def card(self) -> Cell:
        return self.cells[0]

    @property
    def id(self) -> str:
        """``"02.1"``, as the title of the card says, or ``"?"``."""
        found = re.match(r"#+ (\d\d\.\d+)\b", self.card.text["en"])
        return found[1] if found else "?"


@dataclass(frozen=True)
class Source:
    """A course file that has been read. ``faults`` holds what kept cells from being paired."""

    path: Path
    cells: list[Cell]
    faults: list[Fault]

    @property
    def section(self) -> str:
        return self.path.stem

    @property
    def is_exercises(self) -> bool:
        return self.path.parent.name == "exercises"

    @property
    def setup(self) -> list[Cell]:
        return [cell for cell in self.cells if "setup" in cell.tags]

    @property
    def exercises(self) -> list[Exercise]:
        blocks: list[list[Cell]] = []
        for cell in self.cells:
            if "card" in cell.tags:
                blocks.append([])
            if blocks:
                blocks[-1].append(cell)
        return [Exercise(block) for block in blocks]


def first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def digest(text: str) -> str:
    """What a Chinese cell is confirmed against: 8 hex digits of the English text."""
    return hashlib.sha1(text.strip().encode()).hexdigest()[:8]


def write_text(path: Path, text: str) -> None:
    """Replace a file as a whole: whoever interrupts this finds the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def read_raw(path: Path) -> list[tuple[int, NotebookNode]]:
    """The cells of a py:percent file as jupytext reads them, each with the line number of its header."""
    text = path.read_text(encoding="utf-8")
    if not text.startswith("# %%"):
        raise SyntaxError(f"{path}: the first line must be a cell header (# %% …), got {first_line(text)!r}")
    lines = [text.count("\n", 0, found.start()) + 1 for found in HEADER.finditer(text)]
    with warnings.catch_warnings(action="ignore"):  # jupytext evaluates attributes, and a regex has its backslashes
        cells = jupytext.reads(text, fmt="py:percent").cells
    for cell in cells:
        cell.metadata.pop("lines_to_next_cell", None)  # how jupytext remembers blank lines
    return list(zip(lines, cells, strict=True))


def read(path: Path) -> Source:
    """Read a course file, pair its languages and give every cell its id.

    Raises:
        SyntaxError: when the file does not begin with a cell header.
    """
    cells: list[Cell] = []
    faults: list[Fault] = []
    raw = [(line, cell, cell.metadata.get("lang")) for line, cell in read_raw(path)]
    for (_, before, language_before), (line, this, language), (_, after, language_after) in triples(raw):
        cell = shared_cell(line, this)

        def fault(what: str, way_out: str, cell: Cell = cell) -> None:
            faults.append(Fault(path, cell.where, what, way_out))

        for key in sorted(this.metadata.keys() - ATTRIBUTES):
            fault(f"unknown attribute {key!r}", f"known are {', '.join(sorted(ATTRIBUTES))}")
        if language == "zh":
            if language_before != "en" or before.cell_type != this.cell_type:
                fault("a Chinese cell without its English", 'English comes first: put its lang="en" twin right before')
                continue
            cells[-1].text["zh"] = this.source if this.cell_type == "code" else joined(this.source)
            cells[-1].confirmed = this.metadata.get("of")
            for key in ("tags", "name", "ex", "given"):
                if key in this.metadata and this.metadata[key] != before.metadata.get(key):
                    fault(f"{key} differs from that of the English twin", "drop it here")
            continue
        if language == "en" and (language_after != "zh" or after.cell_type != this.cell_type):
            fault("the Chinese twin is missing", 'add a cell lang="zh" right after it')
        elif language != "en" and (this.cell_type == "markdown" or language is not None):
            fault(f"a {this.cell_type} cell with lang={language!r}", 'text comes in pairs, lang="en" and lang="zh"')
        cells.append(cell)
    give_ids(path.stem, cells)
    return Source(path, cells, faults)


def joined(text: str) -> str:
    """Chinese prose without the line breaks of its source: Markdown would show each as a space between two letters."""

    def join(found: re.Match) -> str:
        heading = text.startswith("#", text.rfind("\n", 0, found.start()) + 1)
        return found[0] if heading else ""

    return CHINESE_BREAK.sub(join, text)


def triples(items: list[tuple]) -> Iterator[tuple[tuple, tuple, tuple]]:
    """Every item with its neighbours; (0, None, None) beyond the ends."""
    none = (0, None, None)
    return zip([none, *items], items, [*items[1:], none], strict=False)


def shared_cell(line: int, raw: NotebookNode) -> Cell:
    """A cell with one text for both languages, its attributes taken over."""
    given = raw.metadata
    expect = given.get("expect", "")
    return Cell(
        raw.cell_type, {"en": raw.source, "zh": raw.source}, line,
        tags=frozenset(given.get("tags", ())), name=given.get("name"), ex=given.get("ex"),
        points=given.get("points", 1), given=str(given.get("given", "")),
        expect={"en": expect, "zh": given.get("expect_zh", expect)},
        confirmed=digest(raw.source),  # where the twin is missing, that is fault enough
    )  # fmt: skip


def give_ids(section: str, cells: list[Cell]) -> None:
    """An id hashes a cell's name, or its first line and which of its like it is: an insertion changes no other id."""
    seen: Counter[str] = Counter()
    for cell in cells:
        key = cell.name or f"{cell.kind}:{first_line(cell.text['en'])}"
        seen[key] += 1
        cell.id = digest(f"{section}:{key}:{seen[key]}")


def find(root: Path, sections: list[str] | None = None) -> list[Path]:
    """The course files of *sections* (``"01"`` or ``"01_dynamics"``; all if none are named), lessons first.

    Raises:
        ValueError: for a section that no file has.
    """
    paths = sorted(root.glob("course/*.py")) + sorted(root.glob("course/exercises/*.py"))
    wanted = [name.removesuffix(".py") for name in sections or ()]
    for name in wanted:
        if not any(path.stem == name or path.stem.split("_")[0] == name for path in paths):
            known = ", ".join(sorted({path.stem for path in paths})) or "none"
            raise ValueError(f"no section {name!r} in {root / 'course'}; there are: {known}")
    return [path for path in paths if not wanted or path.stem in wanted or path.stem.split("_")[0] in wanted]
