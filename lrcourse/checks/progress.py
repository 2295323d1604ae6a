"""How far a learner has come: the exercises that a check has accepted, remembered in the learner's own copy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from ..words import say

MARK = ".lrcourse"  # what makes a folder a copy of the course
SECTIONS = {
    "01": ("Dynamics", "动力学"),
    "02": ("Schedulers", "调度器"),
    "03": ("Warm-up", "预热"),
    "04": ("Cyclic rates", "循环学习率"),
    "05": ("Your own schedule", "自定义调度"),
    "06": ("Chaining", "链式组合"),
    "07": ("The LR finder", "学习率查找器"),
    "08": ("Practice", "实践"),
    "09": ("The physics, summed up", "物理总结"),
}


def _solved_folder() -> Path | None:
    """Where the copy that we are in keeps the names of solved exercises; None outside a copy."""
    here = Path.cwd()
    return next((place / MARK / "solved" for place in (here, *here.parents) if (place / MARK).is_dir()), None)


def remember(id: str) -> None:
    """Keep that an exercise was solved. Outside a copy, or where nothing can be written, nothing is kept."""
    if folder := _solved_folder():
        with contextlib.suppress(OSError):
            folder.mkdir(exist_ok=True)
            (folder / id).touch()


class Progress:
    """What :func:`progress` returns; shows as a table.

    Attributes:
        solved: ids of exercises that a check has accepted in this copy, sorted.
        total: how many exercises the course has.
        next: the id of the first one that is not solved; None after the last.
    """

    def __init__(self, exercises: Iterable[str], solved: set[str]) -> None:
        self.exercises = sorted(exercises)
        self.solved = [id for id in self.exercises if id in solved]
        self.total = len(self.exercises)
        self.next = next((id for id in self.exercises if id not in solved), None)

    def __repr__(self) -> str:
        lines = []
        for number, names in SECTIONS.items():
            mine = [id for id in self.exercises if id.startswith(number)]
            dots = "".join("●" if id in self.solved else "○" for id in mine)
            line = f"{number}  {dots:6} {say(*names)}"
            if self.next in mine:
                line += say("   ← next: exercise {id}", "   ← 下一题：{id}", id=self.next)
            lines.append(line)
        total = say("{n} of {total} exercises solved", "已完成 {n} / {total} 道练习",
                    n=len(self.solved), total=self.total)  # fmt: skip
        return "\n".join([*lines, "", total])


def progress() -> Progress:
    """How far you have come: each section's exercises, those solved as ●, and the next one.

    An exercise counts once a check has said ✓ in this copy of the course, in a notebook or by ``lrcourse check``;
    the copy remembers it on this machine and nowhere else. Outside a copy nothing is solved.

    Example:
        >>> import lrcourse
        >>> lrcourse.progress()  # doctest: +ELLIPSIS
        01  ○○○○○  Dynamics   ← next: exercise 01.1
        02  ○○○○○○ Schedulers
        ...
        0 of ... exercises solved
    """
    from . import EXERCISES, load

    load()
    folder = _solved_folder()
    return Progress(EXERCISES, {path.name for path in folder.iterdir()} if folder and folder.is_dir() else set())
