"""The course, and a learner's own copy of it that survives every update with the learner's work in it.

A copy is a folder that holds a folder ``.lrcourse``; from the moment that exists, the copy is ours to complete.
Each file arrives whole or not at all, and ``.lrcourse/manifest.json`` is written last: whoever is killed on the way
leaves a copy that the next run completes. *Work* is the source of a notebook's cells. Outputs, which change whenever
a page is run, are not: a page that was run but not edited is replaced by its newer version, an edited one never.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import uuid
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from itertools import count
from pathlib import Path

from .. import __version__
from ..words import say

FOLDERS = ("notebooks", "exercises", "solutions")
DEFAULT = "my-lrcourse"
MARK = ".lrcourse"


class Problem(Exception):
    """Something that the person at the terminal can mend: shown as one line, never as a traceback."""


def shown(path: Path) -> str:
    """A path as one would type it here: relative where it lies below the current folder."""
    with contextlib.suppress(ValueError):
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path)


@dataclass(frozen=True)
class Course:
    """The course as delivered: the folder that holds ``notebooks``, ``exercises`` and ``solutions``."""

    root: Path
    version: str = __version__

    @classmethod
    def here(cls) -> Course:
        """The course that belongs to this package: beside it in a clone, inside it when installed from a wheel.

        Raises:
            Problem: the notebooks are in neither place.
        """
        package = Path(__file__).parents[1]
        for root in (package.parent, package / "_course"):
            if (root / "notebooks" / "00_start.ipynb").is_file():
                return cls(root)
        raise Problem(
            say(
                "the course's notebooks are missing beside {package}; in a clone, `make notebooks` builds them; "
                "else install lrcourse again",
                "在 {package} 旁边找不到课程的 notebook；克隆的仓库请运行 `make notebooks`，否则请重新安装 lrcourse",
                package=package,
            )
        )

    def files(self) -> list[str]:
        """Every file of the course, relative to its root, with forward slashes."""
        found = (path for folder in FOLDERS for path in (self.root / folder).rglob("*") if path.is_file())
        names = (path.relative_to(self.root) for path in found)
        return sorted(name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts))

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def sections(self, folder: str = "notebooks") -> list[str]:
        """Names of the sections, ``02_schedulers``, that have a notebook in this folder."""
        return sorted(path.stem for path in (self.root / folder).glob("[0-9][0-9]_*.ipynb"))

    def exercise_section(self, word: str) -> str:
        """The section that someone means by ``02``, ``2``, ``schedulers``, ``02_schedulers`` or its notebook's path.

        Raises:
            Problem: there is no such section, or it has no exercises.
        """
        sections, with_exercises = self.sections(), self.sections("exercises")
        wanted = Path(word).name.removesuffix(".ipynb")
        known = {name: name for name in sections} | {name.partition("_")[2]: name for name in sections}
        known |= {str(int(name[:2])): name for name in sections} | {name[:2]: name for name in sections}
        if wanted not in known:
            near = get_close_matches(wanted, known, n=1)
            raise Problem(
                say("there is no section {word!r}; the nearest is {near}", "没有 {word!r} 这一节；最接近的是 {near}",
                    word=wanted, near=known[near[0]])
                if near else
                say("there is no section {word!r}; there are {names}", "没有 {word!r} 这一节；现有：{names}",
                    word=wanted, names=", ".join(sections))
            )  # fmt: skip
        if known[wanted] not in with_exercises:
            raise Problem(
                say("section {name} has no exercises; these have: {names}",
                    "{name} 这一节没有练习；有练习的是：{names}",
                    name=known[wanted], names=", ".join(with_exercises))
            )  # fmt: skip
        return known[wanted]


def in_language(folder: str, section: str, language: str) -> str:
    """Where a section's notebook lies in the course and in each copy: ``exercises/zh/02_schedulers.ipynb``."""
    return "/".join([folder, *(["zh"] if language == "zh" else []), f"{section}.ipynb"])


def cells(data: bytes) -> list[tuple[str, str]]:
    """Type and source of each cell of a notebook.

    Raises:
        ValueError: the bytes are no notebook.
    """
    try:
        notebook = json.loads(data)
        return [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("it lacks the cells of a notebook") from error


def work(data: bytes) -> str:
    """A digest of what counts as work in a file: the sources of a notebook's cells, else every byte."""
    try:
        return digest(json.dumps(cells(data)).encode())
    except ValueError:
        return digest(data)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Changes:
    """What an update did: files added, files replaced, and edited files, each with the newer version beside it."""

    added: list[Path] = field(default_factory=list)
    replaced: list[Path] = field(default_factory=list)
    kept: list[tuple[Path, Path]] = field(default_factory=list)


@dataclass(frozen=True)
class PersonalCopy:
    """A folder with a learner's own copy of the course, or the place where one shall be."""

    folder: Path

    @classmethod
    def locate(cls, folder: str | None = None) -> PersonalCopy:
        """The copy meant: in *folder* if given, else the one we stand in, else ``./my-lrcourse``."""
        if folder is not None:
            return cls(Path(folder).expanduser())
        here = Path.cwd()
        around = (place for place in (here, *here.parents) if (place / MARK).is_dir())
        return cls(next(around, here / DEFAULT))

    @property
    def exists(self) -> bool:
        return (self.folder / MARK).is_dir()

    @cached_property
    def manifest(self) -> dict:
        """``version`` and ``language`` of the last complete update and, by file, digests of what it delivered."""
        with contextlib.suppress(OSError, ValueError):
            manifest = json.loads((self.folder / MARK / "manifest.json").read_bytes())
            if isinstance(manifest, dict) and isinstance(manifest.get("files"), dict):
                return manifest
        return {"files": {}}

    @property
    def language(self) -> str | None:
        """The language in which this copy was last opened."""
        return self.manifest.get("language")

    def require(self) -> None:
        """Raise a Problem where there is no copy."""
        if not self.exists:
            raise Problem(
                say("there is no copy of the course in {folder}; `lrcourse start {folder}` makes one, "
                    "--dir names another place",
                    "{folder} 里没有课程副本；用 `lrcourse start {folder}` 创建，或用 --dir 指明位置",
                    folder=shown(self.folder))
            )  # fmt: skip

    def claim(self) -> None:
        """Make the folder a copy of ours, still empty, unless it is one.

        Raises:
            Problem: a file is in the way, or the folder holds something else. Hidden files do not count.
            OSError: the place cannot be written to.
        """
        if self.exists:
            return
        if self.folder.exists() and not self.folder.is_dir():
            raise Problem(
                say("{folder} is a file; name a folder for your copy, as in `lrcourse start {other}`",
                    "{folder} 是一个文件；请为副本指定一个文件夹，例如 `lrcourse start {other}`",
                    folder=shown(self.folder), other=DEFAULT)
            )  # fmt: skip
        if self.folder.is_dir() and any(not path.name.startswith(".") for path in self.folder.iterdir()):
            raise Problem(
                say("{folder} holds other files and is no copy of the course, so nothing was written; "
                    "name a new folder, as in `lrcourse start {other}`",
                    "{folder} 里有其他文件，且不是课程副本，因此没有写入任何内容；请指定一个新文件夹，"
                    "例如 `lrcourse start {other}`",
                    folder=shown(self.folder), other=shown(self.folder / DEFAULT))
            )  # fmt: skip
        (self.folder / MARK).mkdir(parents=True, exist_ok=True)

    def update(self, course: Course, language: str) -> Changes:
        """Make the copy, or bring it up to date, without touching anything that the learner wrote.

        A file that is missing is added. A newer version replaces a file whose cells are as they were delivered, run or
        not; beside an edited file it is laid as ``NAME.new-1.ipynb``, once. Nothing is ever removed.

        Raises:
            Problem, OSError: as :meth:`claim`; OSError also where the disk is full. Running it again completes it.
        """
        self.claim()
        self._sweep()
        changes, files = Changes(), dict(self.manifest["files"])
        for name in course.files():
            data, mine, before = course.read(name), self.folder / name, files.get(name, {})
            files[name] = {"bytes": digest(data), "work": work(data)}
            if not mine.exists():
                self._write(mine, data)
                changes.added.append(mine)
            elif before.get("bytes") != digest(data):
                current = mine.read_bytes()
                if work(current) == before.get("work"):
                    self._write(mine, data)
                    changes.replaced.append(mine)
                elif work(current) != work(data):
                    changes.kept.append((mine, self._lay_beside(mine, data)))
        self._remember({"version": course.version, "language": language, "files": files})
        return changes

    def reset(self, course: Course, name: str) -> Path | None:
        """Give back the file *name* as the course delivers it.

        Returns:
            The backup, ``NAME.backup-1.ipynb`` beside it, of what was there; None if nothing or the same was there.
        """
        data, mine = course.read(name), self.folder / name
        current = mine.read_bytes() if mine.exists() else data
        backup = None
        if current != data:
            backup = next(path for path in numbered(mine, "backup") if self._write(path, current, only_new=True))
        if backup or not mine.exists():
            self._write(mine, data)
        files = self.manifest["files"] | {name: {"bytes": digest(data), "work": work(data)}}
        self._remember(self.manifest | {"files": files})
        return backup

    def behind(self, course: Course) -> int:
        """The number of files whose version in *course* this copy has not received yet."""
        files = self.manifest["files"]
        return sum(files.get(name, {}).get("bytes") != digest(course.read(name)) for name in course.files())

    def _lay_beside(self, mine: Path, data: bytes) -> Path:
        names = numbered(mine, "new")
        return next(path for path in names if self._write(path, data, only_new=True) or path.read_bytes() == data)

    def _remember(self, manifest: dict) -> None:
        self._write(self.folder / MARK / "manifest.json", json.dumps(manifest, indent=1).encode())
        self.__dict__.pop("manifest", None)

    def _write(self, path: Path, data: bytes, *, only_new: bool = False) -> bool:
        """Put *data* at *path* in one step: at any moment there is the old file or the whole new one.

        With *only_new* a file that is there stays, and the answer is False; of two runs at once only one gets True.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        half = self.folder / MARK / f"half-{uuid.uuid4().hex}"
        try:
            with open(half, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if not only_new:
                os.replace(half, path)
                return True
            try:
                os.link(half, path)
            except FileExistsError:
                return False
            except OSError:  # a file system without hard links, where runs at once cannot be told apart
                if path.exists():
                    return False
                os.replace(half, path)
            return True
        finally:
            half.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what killed runs left half-written; a minute's grace for a run that is at work beside us."""
        for half in (self.folder / MARK).glob("half-*"):
            with contextlib.suppress(OSError):
                if half.stat().st_mtime < time.time() - 60:
                    half.unlink()


def numbered(path: Path, word: str):
    """``NAME.word-1.ipynb``, ``NAME.word-2.ipynb``, … beside *path*."""
    return (path.with_name(f"{path.stem}.{word}-{n}{path.suffix}") for n in count(1))
