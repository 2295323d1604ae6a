"""Makes the notebooks of the course from its source.

    python -m tools.build                     every section: notebooks/, exercises/, solutions/, and zh/ in each
    python -m tools.build 01                  one section
    python -m tools.build --lint              say what is wrong with the source, build nothing
    python -m tools.build --check             rebuild, and say what differs from the stored notebooks
    python -m tools.build --check --no-execute    the same for all but outputs, in seconds

A fault anywhere in a section leaves its stored notebooks as they were.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

from . import KERNEL_ENVIRONMENT, LANGUAGES, compare, lint
from .source import Cell, Source, find, first_line, read, write_text

ROOT = Path(__file__).parent.parent
ROOMS = ("notebooks", "exercises", "solutions")
LEFT_OUT = {"notebooks": set(), "exercises": {"solution", "wrong"}, "solutions": {"wrong"}}
CELL_TIMEOUT = 120  # seconds
WIDGET = "application/vnd.jupyter.widget-view+json"


class BuildError(Exception):
    """What keeps a section from being built: one readable text, all faults of the section in it."""


def rooms(source: Source) -> tuple[str, ...]:
    """Where a source's notebooks go."""
    return ("exercises", "solutions") if source.is_exercises else ("notebooks",)


def place(source: Source, room: str, language: str) -> Path:
    """A notebook's path in the repository: ``notebooks/zh/01_dynamics.ipynb``."""
    return Path(room, *(() if language == "en" else (language,)), f"{source.section}.ipynb")


def assemble(source: Source, room: str, language: str) -> NotebookNode:
    """One notebook of a source, not executed."""
    notebook = nbformat.v4.new_notebook(metadata={
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    })  # fmt: skip
    for cell in source.cells:
        if not cell.tags & LEFT_OUT[room]:
            text = cell.stub(language) if room == "exercises" else cell.solved(language)
            new = nbformat.v4.new_code_cell if cell.is_code else nbformat.v4.new_markdown_cell
            notebook.cells.append(new(text, id=cell.id, metadata=metadata(source, cell, room)))
    return notebook


def metadata(source: Source, cell: Cell, room: str) -> dict:
    """Tags, and on the cells of a stub that are graded what nbgrader needs."""
    tags, grading = set(cell.tags), {}
    if room == "exercises":
        tags |= {"raises-exception"} if tags & {"check", "show"} else set()
        if tags & {"answer", "check"}:
            answer = next(one for one in source.cells if "answer" in one.tags and one.ex == cell.ex)
            grading = {
                "schema_version": 3, "grade_id": answer.name if cell is answer else f"{answer.name}-check",
                "solution": cell is answer, "grade": cell is not answer, "locked": cell is not answer, "task": False,
            }  # fmt: skip
            if grading["grade"]:
                grading["points"] = cell.points
    return ({"tags": sorted(tags)} if tags else {}) | ({"nbgrader": grading} if grading else {})


def execute(notebook: NotebookNode, directory: Path, title: Path) -> float:
    """Run all cells in *directory* and store their outputs, nothing that changes from run to run; seconds it took.

    Raises:
        BuildError: a cell fails, takes too long or kills the kernel.
    """
    start = time.perf_counter()
    directory.mkdir(parents=True, exist_ok=True)
    sockets = tempfile.TemporaryDirectory(prefix="kernel")
    client = NotebookClient(
        notebook, kernel_name="python3", timeout=CELL_TIMEOUT, resources={"metadata": {"path": str(directory)}},
        store_widget_state=False, record_timing=False, coalesce_streams=True, config=connection(sockets.name),
    )  # fmt: skip
    running: list[NotebookNode] = []
    client.on_cell_start = lambda cell, cell_index: running.append(cell)
    try:
        with sockets:
            client.execute(env=os.environ | KERNEL_ENVIRONMENT)
    except (CellExecutionError, CellTimeoutError, DeadKernelError, nbformat.ValidationError) as error:
        cell = running[-1]
        reason = f"{error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else str(error)[:1000]
        where = f"{title}: cell {cell.id} “{first_line(cell.source)}”"
        raise BuildError(f"{where} fails\n\n{cell.source}\n\n{reason}") from None
    notebook.metadata.language_info = {"name": "python"}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data.pop(WIDGET, None)
    return time.perf_counter() - start


def connection(directory: str) -> Config:
    """Talk to a kernel through sockets in *directory*: two kernels that start together may get the same TCP port."""
    return Config({} if os.name == "nt" else {"KernelManager": {"transport": "ipc", "ip": f"{directory}/socket"}})


def check_source(source: Source) -> None:
    """Raise BuildError with all faults of the source's text or, if there are none, of its stubs."""
    raise_faults(lint.source_faults(source) or lint.stub_faults(source))


def raise_faults(faults: list) -> None:
    if faults:
        raise BuildError("\n".join(map(str, faults)))


def build(root: Path, source: Source, *, jobs: int = 2, run: bool = True) -> dict[Path, NotebookNode]:
    """All notebooks of one source, by their path in the repository; executed where they are stored executed.

    Raises:
        BuildError: a fault in the source, a failing cell, or a fault in what was printed.
    """
    check_source(source)
    built = {place(source, room, language): assemble(source, room, language)
             for room in rooms(source) for language in LANGUAGES}  # fmt: skip
    if run:
        live = [path for path in built if path.parts[0] != "exercises"]
        with ThreadPoolExecutor(jobs) as pool:  # the work is done by the kernels, which are processes
            seconds = pool.map(lambda path: execute(built[path], root / path.parent, path), live)
            took = dict(zip(live, seconds, strict=True))
        raise_faults(lint.output_faults(source, *(built[path] for path in live)))
        for path in live:
            print(f"{path}  {took[path]:.1f} s")
    for notebook in built.values():
        nbformat.validate(notebook)
    return built


def write(root: Path, built: dict[Path, NotebookNode]) -> None:
    """Put finished notebooks in their place; each is replaced as a whole."""
    for path, notebook in built.items():
        write_text(root / path, nbformat.writes(notebook) + "\n")


def check(root: Path, built: dict[Path, NotebookNode], *, run: bool = True) -> list[str]:
    """What differs between stored notebooks and those just *built*, one line each."""
    found = []
    for path, notebook in built.items():
        try:
            stored = nbformat.read(root / path, as_version=4)
        except FileNotFoundError:
            found.append(f"{path}: not there")
            continue
        outputs = run or path.parts[0] == "exercises"
        found += [f"{path}: {what}" for what in compare.differences(stored, notebook, outputs=outputs)]
    return found


def orphans(root: Path) -> list[str]:
    """Stored notebooks that no source gives."""
    sources = [Source(path, [], []) for path in find(root)]
    known = {place(source, room, language) for source in sources for room in rooms(source) for language in LANGUAGES}
    stored = {path.relative_to(root) for room in ROOMS for path in root.glob(f"{room}/**/*.ipynb")}
    orphaned = sorted(path for path in stored - known if ".ipynb_checkpoints" not in path.parts)
    return [f"{path}: no file in course/ gives it; remove it" for path in orphaned]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.build", description=__doc__.partition("\n")[0])
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="01 or 01_dynamics; all if none is named")
    parser.add_argument("--lint", action="store_true", help="only say what is wrong with the source")
    parser.add_argument("--check", action="store_true", help="compare with the stored notebooks, write nothing")
    parser.add_argument("--no-execute", action="store_true", help="with --check: leave the outputs alone")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks executed at the same time")
    options = parser.parse_args(arguments)
    if options.no_execute and not options.check:
        parser.error("--no-execute goes with --check: stored notebooks carry their outputs")
    try:
        paths = find(root, options.sections)
    except ValueError as error:
        parser.error(str(error))
    problems: list[str] = []
    stale: list[str] = [] if options.sections or not options.check else orphans(root)
    for path in paths:
        try:
            source = read(path)
            if options.lint:
                check_source(source)
                continue
            built = build(root, source, jobs=options.jobs, run=not options.no_execute)
        except (BuildError, SyntaxError) as error:
            problems.append(str(error))
            continue
        if options.check:
            stale += check(root, built, run=not options.no_execute)
        else:
            write(root, built)
    for problem in problems + stale:
        print(problem, file=sys.stderr)
    if stale:
        command = " ".join(["python -m tools.build", *options.sections])
        print(f"to bring them up to date: {command}", file=sys.stderr)
    return 1 if problems or stale else 0


if __name__ == "__main__":
    sys.exit(main())
