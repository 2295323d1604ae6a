"""Files are replaced as wholes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of *path* when the block ends: ``with replacing("a.json") as file: ...``

    It is written beside its place, flushed to the disk and moved there in one step. Whenever the process is killed,
    *path* is the old file or the new one, whole; after an exception it is the old one.
    """
    path = Path(path)
    new = path.with_name(f".{path.name}.new")  # one name: what a killed process leaves behind, the next one replaces
    try:
        with open(new, "wb") as file:
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
