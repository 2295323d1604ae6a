"""Makes a course directory for nbgrader, or brings the exercises of one up to date.

    python -m classroom.make ~/lr-class               every section, in English
    python -m classroom.make ~/lr-class 01 03         two sections
    python -m classroom.make ~/lr-class --lang zh     in Chinese

Each section is an assignment: its exercises and their solutions, as `nbgrader generate_assignment` takes them, go to
`source/03_warmup/03_warmup.ipynb`. A configuration or a gradebook that is there already is left alone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools import LANGUAGES, lint
from tools.build import ROOT, BuildError, assemble, raise_faults
from tools.source import Source, find, read, write_text

CONFIG = "nbgrader_config.py"


def master(source: Source, language: str) -> NotebookNode:
    """A section's exercises as they are handed out, save that the answers are still there, between their markers."""
    notebook = assemble(source, "exercises", language)
    written = {cell.id: cell.text[language] for cell in source.cells}
    for cell in notebook.cells:
        cell.source = written[cell.id]
    return notebook


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m classroom.make", description=__doc__.partition("\n")[0])
    parser.add_argument("course", type=Path, metavar="COURSE", help="nbgrader's course directory")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="01 or 01_dynamics; all if none is named")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="the language of the exercises")
    options = parser.parse_args(arguments)
    try:
        sources = [read(path) for path in find(ROOT, options.sections) if path.parent.name == "exercises"]
        for source in sources:
            raise_faults(lint.source_faults(source))
    except ValueError as error:
        parser.error(str(error))
    except (BuildError, SyntaxError) as error:
        print(error, file=sys.stderr)
        return 1
    for source in sources:
        path = options.course / "source" / source.section / f"{source.section}.ipynb"
        write_text(path, nbformat.writes(master(source, options.lang)) + "\n")
        print(path)
    config = options.course / CONFIG
    if not config.exists():
        write_text(config, (ROOT / "classroom" / CONFIG).read_text(encoding="utf-8"))
        print(config)
    return 0


if __name__ == "__main__":
    sys.exit(main())
