"""Checks a learner's exercise notebook in the terminal: runs it in a kernel and reads what its check cells say."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..words import say
from .copies import Course, PersonalCopy, Problem, cells, in_language

CARD = re.compile(r"^#+ .*\b\d\d\.\d+\b", re.M)
CHECK = re.compile(r"""^[^#\n]*\bcheck\(\s*["'](\d\d\.\d+)["']""", re.M)
SIGNS = {"solved": "✓", "unsolved": "…", "wrong": "✗"}


@dataclass(frozen=True)
class Verdict:
    """What became of one exercise."""

    id: str
    state: Literal["solved", "unsolved", "wrong"]
    text: str = ""

    @property
    def sign(self) -> str:
        return SIGNS[self.state]


class Breakdown(Exception):
    """A cell that never ended, or that took the kernel down with it."""

    def __init__(self, source: str, text: str) -> None:
        super().__init__(text)
        self.source = source


@dataclass(frozen=True)
class Block:
    """The code cells of one exercise, its check the last of them; or, with no id, cells that belong to none."""

    id: str | None
    cells: list[str]


def blocks(notebook: list[tuple[str, str]]) -> list[Block]:
    """Cut a notebook into exercises. One begins at its card, whose title bears a number, and ends with its check."""
    found: list[Block] = []
    current: list[str] = []
    for kind, source in notebook:
        if kind == "markdown" and CARD.search(source):
            found.append(Block(None, current))
            current = []
        elif kind == "code":
            current.append(source)
            if match := CHECK.search(source):
                found.append(Block(match[1], current))
                current = []
    return found


def titles(stub: bytes) -> dict[str, str]:
    """Id and title of each exercise of a stub, in order; the title is the heading before its check, or empty."""
    found, heading = {}, ""
    for kind, source in cells(stub):
        if kind == "markdown" and (match := re.search(r"^#+ (.*)$", source, re.M)):
            heading = match[1]
        elif kind == "code" and (match := CHECK.search(source)):
            found[match[1]] = re.sub(rf"^.*\b{re.escape(match[1])}\b[\s.:：·—-]*", "", heading)
    return found


def verdicts(course: Course, copy: PersonalCopy, section: str, language: str, timeout: int) -> Iterator[Verdict]:
    """Run a section's exercise notebook in a kernel of this interpreter; yields each verdict as soon as it is known.

    The notebook on disk is only read. A cell that runs for more than *timeout* seconds, or takes the kernel down with
    it, costs its own exercise only: the others run in a fresh kernel.

    Raises:
        Problem: the notebook is missing or broken, or no kernel starts.
    """
    name = in_language("exercises", section, language)
    path = copy.folder / name
    try:
        mine = blocks(cells(path.read_bytes()))
    except FileNotFoundError:
        raise Problem(
            say("{name} is gone; `lrcourse reset {section}` gives back a fresh one",
                "{name} 不见了；`lrcourse reset {section}` 会还你一份新的", name=name, section=section)
        ) from None  # fmt: skip
    except ValueError as error:
        raise Problem(
            say("{name} is broken as a notebook ({error}); `lrcourse reset {section}` keeps it as a backup and gives "
                "back a fresh one",
                "{name} 作为 notebook 已损坏（{error}）；`lrcourse reset {section}` 会把它留作备份并还你一份新的",
                name=name, error=error, section=section)
        ) from None  # fmt: skip
    yield from run(mine, path.parent, language, timeout)
    present = {block.id for block in mine}
    for id in titles(course.read(name)):
        if id not in present:
            yield Verdict(id, "wrong", say(
                "its check cell is gone; add a cell `check(\"{id}\", …)` again, or `lrcourse reset {section}`",
                "检查单元格不见了；请补上 `check(\"{id}\", …)`，或运行 `lrcourse reset {section}`",
                id=id, section=section))  # fmt: skip


def run(mine: list[Block], folder: Path, language: str, timeout: int) -> Iterator[Verdict]:
    """Run blocks in order, in one kernel; in a new one, without the cell to blame, after each breakdown."""
    known: set[str | None] = {None}
    broken: set[str] = set()
    while any(block.id not in known for block in mine):
        with kernel(folder, language, timeout) as execute:
            for block in mine:
                breakdown = None
                try:
                    outputs = [execute(source) for source in block.cells if source not in broken]
                except Breakdown as error:
                    breakdown = error
                if block.id is not None and block.id not in known:
                    known.add(block.id)
                    yield Verdict(block.id, "wrong", str(breakdown)) if breakdown else read(block.id, outputs)
                if breakdown:
                    broken.add(breakdown.source)
                    break


def read(id: str, outputs: list[list]) -> Verdict:
    """The verdict on an exercise, from the outputs of each of its cells; those of its check are the last."""
    *before, shown = outputs
    stumbles = [output for outputs in before for output in outputs if output.output_type == "error"]
    errors = [output for output in shown if output.output_type == "error"]
    printed = "".join(output.text for output in shown if output.output_type == "stream")
    if not errors:
        if re.search(rf"^✓ {re.escape(id)}\b", printed, re.M):
            return Verdict(id, "solved")
        return Verdict(id, "wrong", say("its check cell printed no ✓; is it still as it was handed out?",
                                        "检查单元格没有输出 ✓；它还是原来的样子吗？"))  # fmt: skip
    error = errors[0] if errors[0].ename in ("NotYet", "Unsolved") else (stumbles + errors)[0]
    message = " ".join(error.evalue.split())
    if error.ename in ("Unsolved", "NotImplementedError"):
        return Verdict(id, "unsolved", say("not solved yet", "尚未完成"))
    if error.ename == "NotYet":
        return Verdict(id, "wrong", re.sub(rf"^✗ ({re.escape(id)} )?", "", message))
    return Verdict(id, "wrong", say("its cells stop with {kind}: {message}", "单元格因 {kind} 而停止：{message}",
                                    kind=error.ename, message=message))  # fmt: skip


@contextmanager
def kernel(folder: Path, language: str, timeout: int) -> Iterator[Callable[[str], list]]:
    """A kernel of this very interpreter, at work in *folder*; yields a function from a cell's source to its outputs.

    That function raises Breakdown, after which the kernel is of no more use.
    """
    try:
        import nbclient.exceptions
        from jupyter_client.kernelspec import KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager
        from nbformat.v4 import new_code_cell, new_notebook
    except ModuleNotFoundError as error:
        raise Problem(
            say("checking needs {module}, which is not installed here: {python} -m pip install nbclient ipykernel",
                "检查练习需要 {module}，但这里没有安装：{python} -m pip install nbclient ipykernel",
                module=str(error.name).partition(".")[0], python=sys.executable)
        ) from None  # fmt: skip
    silent = logging.Logger("lrcourse", level=logging.CRITICAL + 1)
    specs = KernelSpecManager(kernel_dirs=[])  # nobody's installed kernels: what remains is this interpreter's own
    notebook = new_notebook()
    client = nbclient.NotebookClient(
        notebook,
        km=AsyncKernelManager(kernel_spec_manager=specs, kernel_name="python3", log=silent),
        timeout=timeout, allow_errors=True, shutdown_kernel="immediate", store_widget_state=False, log=silent,
        resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip

    def execute(source: str) -> list:
        notebook.cells.append(new_code_cell(source))
        where = source.strip().partition("\n")[0][:60]
        try:
            return client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1).outputs
        except nbclient.exceptions.CellTimeoutError:
            text = say("the cell `{where}` runs for more than {timeout} s: an endless loop?",
                       "单元格 `{where}` 运行超过 {timeout} 秒：是死循环吗？",
                       where=where, timeout=timeout)  # fmt: skip
        except nbclient.exceptions.DeadKernelError:
            text = say("the kernel died in the cell `{where}`: out of memory, or an exit?",
                       "内核在单元格 `{where}` 中退出：内存不足，还是调用了 exit？", where=where)  # fmt: skip
        raise Breakdown(source, text)

    environment = os.environ | {"LRCOURSE_LANG": language}
    try:
        client.start_new_kernel(env=environment, stderr=subprocess.DEVNULL)  # what the kernel tells its own terminal
        client.start_new_kernel_client()
    except (RuntimeError, OSError) as error:
        raise Problem(
            say("no kernel starts here ({error}); `lrcourse doctor` looks for the cause",
                "这里无法启动内核（{error}）；请用 `lrcourse doctor` 查找原因", error=error)
        ) from None  # fmt: skip
    with client.setup_kernel(cleanup_kc=True):
        yield execute
