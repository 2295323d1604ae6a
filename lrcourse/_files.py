"""Files are replaced as wholes."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import BinaryIO

MARK = 8  # letters that tell writers apart; a whole uuid could make a long name too long


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of *path* when the block ends: ``with replacing("a.json") as file: ...``

    It is written beside its place, flushed to the disk and moved there in one step. Whenever the process is killed,
    *path* is the old file or the new one, whole; after an exception it is the old one. Of two writers at once the
    last one stays.
    """
    path = Path(path)
    _sweep(path)
    new = path.with_name(f".{path.name}.{uuid.uuid4().hex[:MARK]}.new")
    try:
        with open(new, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    if hasattr(os, "O_DIRECTORY"):  # make the move itself last through a power cut, where the system can
        handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(path: Path) -> None:
    """Remove what killed processes left of *path*; a minute's grace for one that is at work beside us."""
    for half in path.parent.glob(f".{escape(path.name)}.{'?' * MARK}.new"):
        with suppress(OSError):
            if half.stat().st_mtime < time.time() - 60:
                half.unlink()
