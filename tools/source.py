"""Reads one course file: py:percent text into cells that hold their English and their Chinese side by side."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import jupytext

from . import LANGUAGES

HEADER = re.compile(r"^# %%", re.M)
ATTRIBUTES = {"lang", "of", "tags", "name", "ex", "points", "given", "expect", "expect_zh"}
SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION[ \t]*\n(.*?)^[ \t]*### END SOLUTION[ \t]*$", re.M | re.S)
STUB = r"\1# YOUR CODE HERE\n\1raise NotImplementedError"


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
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)


def read_raw(path: Path) -> list[tuple[int, dict]]:
    """The cells of a py:percent file as jupytext reads them, each with the line number of its header."""
    text = path.read_text(encoding="utf-8")
    if not text.startswith("# %%"):
        raise SyntaxError(f"{path}: the first line must be a cell header (# %% …), got {first_line(text)!r}")
    lines = [text.count("\n", 0, found.start()) + 1 for found in HEADER.finditer(text)]
    return list(zip(lines, jupytext.reads(text, fmt="py:percent").cells, strict=True))


def read(path: Path) -> Source:
    """Read a course file, pair its languages and give every cell its id.

    Raises:
        SyntaxError: when the file does not begin with a cell header.
    """
    cells: list[Cell] = []
    faults: list[Fault] = []
    raw = read_raw(path)

    def fault(line: int, text: str, what: str, way_out: str) -> None:
        faults.append(Fault(path, f":{line} “{first_line(text)[:50]}”", what, way_out))

    position = 0
    while position < len(raw):
        line, cell = raw[position]
        position += 1
        attributes = {key: value for key, value in cell.metadata.items() if key != "lines_to_next_cell"}
        for key in sorted(attributes.keys() - ATTRIBUTES):
            fault(line, cell.source, f"unknown attribute {key!r}", f"known are {', '.join(sorted(ATTRIBUTES))}")
        language, text = attributes.get("lang"), {"en": cell.source, "zh": cell.source}
        confirmed = digest(cell.source)  # a twin that is missing is told once, not as unconfirmed too
        if language == "en":
            twin_line, twin = raw[position] if position < len(raw) else (0, None)
            if twin is None or twin.metadata.get("lang") != "zh" or twin.cell_type != cell.cell_type:
                fault(line, cell.source, "the Chinese twin is missing", 'add a cell lang="zh" right after it')
            else:
                position += 1
                text["zh"], confirmed = twin.source, twin.metadata.get("of")
                for key in ("tags", "name", "ex", "given"):
                    if twin.metadata.get(key, attributes.get(key)) != attributes.get(key):
                        fault(twin_line, twin.source, f"{key} differs from that of the English twin", "drop it here")
        elif language == "zh":
            fault(line, cell.source, "a Chinese cell without an English one right before it",
                  'English comes first: put its lang="en" twin there')
            continue
        elif cell.cell_type == "markdown" or language is not None:
            fault(line, cell.source, f"a {cell.cell_type} cell with lang={language!r}",
                  f"text comes in pairs, {' and '.join(f'lang={known!r}' for known in LANGUAGES)}")
        expect = attributes.get("expect", "")
        cells.append(Cell(
            cell.cell_type, text, line, tags=frozenset(attributes.get("tags", ())), name=attributes.get("name"),
            ex=attributes.get("ex"), points=attributes.get("points", 1), given=str(attributes.get("given", "")),
            expect={"en": expect, "zh": attributes.get("expect_zh", expect)}, confirmed=confirmed,
        ))
    give_ids(path.stem, cells)
    return Source(path, cells, faults)


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
