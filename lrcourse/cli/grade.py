"""Grades a class from the terminal: ``lrcourse grade SUBMISSIONS --out RESULTS``."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime
from pathlib import Path

from ..words import LANGUAGES, say
from .copies import FOLDERS, Course, Problem, in_language, shown

IN_A_CLONE = ("course", "tests", "classroom", ".git")


def graded(course: Course, options: argparse.Namespace) -> int:
    """Grade, and print what came of it.

    Returns:
        0 if everything that was handed in is graded, 1 if something could not be.

    Raises:
        Problem: there is nothing to grade, or nothing to grade it with.
    """
    if os.name != "posix":
        raise Problem(say("grading needs Linux, or macOS without a sandbox; on Windows use WSL",
                          "评分需要 Linux，或无沙箱的 macOS；在 Windows 上请使用 WSL"))  # fmt: skip
    try:
        from ..grading import batch, sandbox, submissions

        if options.gradebook:  # what is missing is said before an hour of grading, not after
            from ..grading import gradebook
    except ModuleNotFoundError as error:
        raise Problem(
            say("grading needs {module}, which is not installed here: {python} -m pip install 'lrcourse[{extra}]'",
                "评分需要 {module}，但这里没有安装：{python} -m pip install 'lrcourse[{extra}]'",
                module=error.name, python=sys.executable, extra="lab,class" if options.gradebook else "lab")
        ) from None  # fmt: skip
    results, source = Path(options.out), Path(options.submissions)
    confined = _confined(options.sandbox, sandbox.obstacle)
    masters = masters_of(course)
    hidden = (source, *(course.root / name for name in (*FOLDERS, *IN_A_CLONE)))
    try:
        found = submissions.find(source, {section for section, _ in masters}, without=results)
        if not found:
            raise Problem(say("there is no notebook in {where}", "{where} 里没有 notebook", where=shown(source)))
        outcome = batch.grade_class(
            found, masters, results, due=_due(options.due), only=options.only, again=options.again,
            jobs=options.jobs or os.cpu_count() or 1, hidden=hidden, confined=confined,
            limits=sandbox.Limits(seconds=options.timeout, memory=options.memory * sandbox.GIB),
        )  # fmt: skip
    except ValueError as error:
        raise Problem(str(error)) from None
    if options.gradebook:
        gradebook.write(options.gradebook, outcome.records, masters)
    _tell(outcome, results)
    return 1 if outcome.problems else 0


def masters_of(course: Course) -> dict:
    """Every section's exercises as handed out, by section and language."""
    from ..grading.notebooks import Master

    masters, files = {}, set(course.files())
    for section in course.sections("exercises"):
        for language in LANGUAGES:
            name, solved = (in_language(folder, section, language) for folder in ("exercises", "solutions"))
            if name in files:
                solutions = course.read(solved) if solved in files else None
                masters[section, language] = Master.read(section, language, course.read(name), solutions)
    return masters


def _confined(wanted: bool, obstacle) -> bool:
    """Whether student code is confined; if not, says so, loudly."""
    why = obstacle() if wanted else say("you asked for it (--no-sandbox)", "这是你的要求（--no-sandbox）")
    if why:
        print(say(
            "!! NO SANDBOX: {why}\n!! The students' code runs as you: it can read your files, other submissions and "
            "these results, and use the network.\n!! Its time and memory are limited, nothing else. Grade in a "
            "container instead: classroom/Containerfile.",
            "!! 没有沙箱：{why}\n!! 学生的代码以你的身份运行：它能读取你的文件、其他提交和这些成绩，也能使用网络。\n"
            "!! 只限制了它的时间和内存，别无其他。请改在容器中评分：classroom/Containerfile。", why=why),
            file=sys.stderr)  # fmt: skip
    return not why


def _due(text: str | None) -> datetime | None:
    try:
        when = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise Problem(say("--due needs a time such as 2026-12-01T23:59, got {text!r}",
                          "--due 需要形如 2026-12-01T23:59 的时间，得到 {text!r}", text=text)) from None  # fmt: skip
    if when and text and len(text) == 10:  # a day without a time: until its end
        when = when.replace(hour=23, minute=59, second=59)
    return when.astimezone().replace(tzinfo=None) if when and when.tzinfo else when


def _tell(outcome, results: Path) -> None:
    from ..grading.report import remarks

    print(say("{n} graded, {kept} unchanged since the last time", "评了 {n} 份，{kept} 份自上次以来没有变化",
              n=len(outcome.graded), kept=outcome.kept))  # fmt: skip
    for record in outcome.records:
        late = say(" · late", " · 迟交") if record["late"] else ""
        print(f"  {record['student']} · {record['section']}: {record['points']:g} / {record['out_of']:g}{late}")
        for remark in remarks(record):
            print(f"    · {remark}")
    for group in outcome.alike:
        students = ", ".join(group["students"])
        print(say("· {id} is alike in: {who}", "· {id} 的答案相同：{who}", id=group["exercise"], who=students)
              + (say(" (the published solution)", "（即公布的参考答案）") if group["published"] else ""))  # fmt: skip
    for _, where, why in outcome.problems:
        print(say("✗ not graded: {where}: {why}", "✗ 未能评分：{where}：{why}", where=where, why=why.strip()))
    print(say("Grades: {csv}; feedback: {folder}", "成绩：{csv}；反馈：{folder}",
              csv=shown(results / "grades.csv"), folder=shown(results / "feedback")))  # fmt: skip
