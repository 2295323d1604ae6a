"""Marks the Chinese of a course file as read against its English, after you have read it.

    python -m tools.confirm course/01_dynamics.py           show what is new or stale, and confirm it
    python -m tools.confirm --show course/01_dynamics.py    only show it

A build refuses a section while the English of any cell is newer than what its Chinese was confirmed against.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from itertools import pairwise
from pathlib import Path

from .source import digest, read_raw, write_text

OF = re.compile(r' of=("[^"]*"|\S+)')


def unconfirmed(path: Path) -> list[tuple[int, str, str, str | None]]:
    """The Chinese text cells whose English is another than they were confirmed against.

    Returns:
        For each the line of its header, the English, the Chinese, and the hash it has (None: never confirmed).
    """
    return [
        (line, english.source, chinese.source, chinese.metadata.get("of"))
        for (_, english), (line, chinese) in pairwise(read_raw(path))
        if english.metadata.get("lang") == "en" and chinese.metadata.get("lang") == "zh"
        and chinese.cell_type == "markdown" and chinese.metadata.get("of") != digest(english.source)
    ]  # fmt: skip


def confirm(path: Path) -> list[tuple[int, str, str, str | None]]:
    """Write the current hashes into the headers of *path*; returns what :func:`unconfirmed` found."""
    found = unconfirmed(path)
    lines = path.read_text(encoding="utf-8").split("\n")
    for line, english, _, _ in found:
        header = OF.sub("", lines[line - 1]).rstrip()
        lines[line - 1] = f'{header} of="{digest(english)}"'
    if found:
        write_text(path, "\n".join(lines))
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.confirm", description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--show", action="store_true", help="show what is new or stale, write nothing")
    options = parser.parse_args(arguments)
    for path in options.files:
        found = unconfirmed(path) if options.show else confirm(path)
        for line, english, chinese, old in found:
            print(f"{os.path.relpath(path)}:{line} {'stale' if old else 'new'}\n\n{english}\n\n{chinese}\n{'—' * 40}")
        print(f"{os.path.relpath(path)}: {len(found)} {'to confirm' if options.show else 'confirmed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
