"""Finds what a class handed in: in a folder, in nbgrader's layout, or in a zip as Moodle and Canvas export it.

Nothing of it is executed or unpacked here: entries of a zip are read in memory, whatever their names claim, and
symbolic links are never followed.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from ..words import say

LARGEST = 20 * 2**20  # bytes of a notebook; with all its pictures a solved one has less than one
MANY = 20_000  # files of one export
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(file|onlinetext)_?")
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)")
NOT_HANDED_IN = {"notebooks", "solutions"}  # of a whole copy of the course, only the exercises


@dataclass(frozen=True)
class Found:
    """One file that a student handed in.

    Args:
        student: who, as the folder, the file or the export names them.
        where: the file, as a person would look for it.
        data: its bytes; None where they could not be read.
        submitted: when, local time; None if nothing says so.
        late: the export itself marks it so.
        problem: why there are no bytes.
    """

    student: str
    where: str
    data: bytes | None = None
    submitted: datetime | None = None
    late: bool = False
    problem: str = ""


def find(source: Path, sections: Iterable[str] = (), without: Path | None = None) -> list[Found]:
    """Everything handed in below a folder, or in a zip.

    Args:
        source: the folder, or the zip.
        sections: names such as ``02_schedulers``, which file names may carry beside the student's.
        without: a folder that is not searched: the results may lie inside.

    Raises:
        ValueError: there is no such folder or zip.
    """
    source = Path(source)
    if source.is_dir():
        files = list(_in_folder(source, without))
    elif source.is_file() and zipfile.is_zipfile(source):
        try:
            files = list(_in_zip(source))
        except zipfile.BadZipFile as error:
            raise ValueError(say("{source} is damaged ({error})", "{source} 已损坏（{error}）",
                                 source=source, error=error)) from None  # fmt: skip
    else:
        raise ValueError(say("{source} is neither a folder nor a zip file", "{source} 既不是文件夹，也不是 zip 文件",
                             source=source))  # fmt: skip
    return _told_apart([_handed_in(path, file, tuple(sections)) for path, file in files if _counts(path)])


def _counts(path: PurePosixPath) -> bool:
    """Whether a file could have been meant: not a checkpoint, a lesson or the course's own solutions."""
    folders = path.parts[:-1]
    hidden = any(part.startswith((".", "__MACOSX")) and part != ".." for part in path.parts)
    return not hidden and not NOT_HANDED_IN & {part for part in folders[1:]}


def _in_folder(top: Path, without: Path | None) -> Iterator[tuple[PurePosixPath, Found]]:
    unreadable: list[OSError] = []
    for folder, folders, files in os.walk(top, onerror=unreadable.append):
        folders.sort()
        here = Path(folder)
        if without is not None and here.resolve() == without.resolve():
            folders.clear()
            continue
        links = [name for name in folders if (here / name).is_symlink()]
        for name in (*links, *sorted(files)):
            path = here / name
            if not (name in links or path.suffix == ".ipynb" or path.is_symlink()):
                continue
            relative = PurePosixPath(path.relative_to(top).as_posix())
            yield relative, replace(_read(path, collected=len(relative.parts) > 2), where=str(relative))
    for error in unreadable:
        relative = PurePosixPath(Path(error.filename).relative_to(top).as_posix())
        yield relative, Found("", str(relative), problem=error.strerror or str(error))


def _read(path: Path, *, collected: bool) -> Found:
    """A file's bytes, without following links or waiting for pipes.

    Args:
        collected: it lies as nbgrader lays it, ``STUDENT/ASSIGNMENT/``, so that a timestamp.txt is nbgrader's.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        link = path.is_symlink()
        return Found("", "", problem=say("a symbolic link; it was not followed", "是符号链接，未予跟随") if link
                     else error.strerror or str(error))  # fmt: skip
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return Found("", "", problem=say("not a file", "不是文件"))
        if status.st_size > LARGEST:
            return Found("", "", problem=_too_large())
        data = file.read(LARGEST + 1)
    when = _timestamp(path.parent) if collected else None
    with contextlib.suppress(ValueError, OverflowError, OSError):  # a file may claim any year
        when = when or datetime.fromtimestamp(status.st_mtime).replace(microsecond=0)
    return Found("", "", data, when)


def _timestamp(folder: Path) -> datetime | None:
    """When nbgrader collected it."""
    path = folder / "timestamp.txt"
    if path.is_symlink() or not path.is_file() or path.stat().st_size > 1000:
        return None
    words = path.read_text(errors="replace").split()
    try:
        when = datetime.fromisoformat(" ".join(words[:2]))
        if when.tzinfo is None and words[2:3] == ["UTC"]:
            when = when.replace(tzinfo=UTC)
        return (when.astimezone().replace(tzinfo=None) if when.tzinfo else when).replace(microsecond=0)
    except (ValueError, OverflowError, OSError):
        return None


def _in_zip(source: Path) -> Iterator[tuple[PurePosixPath, Found]]:
    with zipfile.ZipFile(source) as archive:
        entries = archive.infolist()
        if len(entries) > MANY:
            raise ValueError(say("{source} holds more than {n} files; split it", "{source} 中的文件超过 {n} 个；请拆分",
                                 source=source, n=MANY))  # fmt: skip
        for entry in entries:
            name = entry.filename.replace("\\", "/")
            link = stat.S_ISLNK(entry.external_attr >> 16)
            if entry.is_dir() or not (link or name.endswith(".ipynb")):
                continue
            when = None
            if entry.date_time > (1980, 1, 1, 23, 59, 59):  # before, the export knew no date
                try:
                    when = datetime(*entry.date_time)
                except ValueError:
                    when = None
            data, problem = None, ""
            if link:
                problem = say("a symbolic link; it was not followed", "是符号链接，未予跟随")
            elif name.startswith("/") or ".." in PurePosixPath(name).parts or re.match(r"[A-Za-z]:/", name):
                problem = say("its name leads out of the zip; it was not read", "其名称指向 zip 之外，未予读取")
            elif entry.file_size > LARGEST:
                problem = _too_large()
            else:
                try:
                    with archive.open(entry) as file:
                        data = file.read(LARGEST + 1)  # the size that is claimed may lie
                except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError) as error:
                    problem = str(error)
                else:
                    if len(data) > LARGEST:
                        data, problem = None, _too_large()
            shown = f"{source.name}: {entry.filename}"
            yield PurePosixPath(name), Found("", shown, data, when, problem=problem)


def _too_large() -> str:
    return say("larger than {n} MB", "超过 {n} MB", n=LARGEST >> 20)


def _handed_in(path: PurePosixPath, file: Found, sections: tuple[str, ...]) -> Found:
    """The student's name, out of the path."""
    parts = [part for part in path.parts if part not in ("/", "..", "submitted")] or [path.name]
    if match := MOODLE.fullmatch(parts[0]):
        return replace(file, student=f"{match['name']}\0{match['id']}")
    if len(parts) > 1:
        return replace(file, student=parts[0])
    if match := CANVAS.fullmatch(parts[0]):
        return replace(file, student=f"{match['name']}\0{match['id']}", late=bool(match["late"]))
    stem = path.stem
    for section in sections:
        stem = re.sub(rf"(?i)(^(zh[-_ ]*)?{section}[-_ ]+|[-_ ]+(zh[-_ ]*)?{section}$)", "", stem)
    return replace(file, student=stem or path.stem)


def _told_apart(found: list[Found]) -> list[Found]:
    """Names without the export's numbers, save where two students share one."""
    numbers = defaultdict(set)
    for file in found:
        name, _, number = file.student.partition("\0")
        numbers[name].add(number)
    told = []
    for file in found:
        name, _, number = file.student.partition("\0")
        student = f"{name} {number}".strip() if len(numbers[name]) > 1 else name
        told.append(replace(file, student=_written(student), where=_written(file.where)))
    return told


def _written(name: str) -> str:
    """A file's name as text that can be printed and written: file systems may hold any bytes."""
    return "".join(c if c.isprintable() else "�" for c in name)
