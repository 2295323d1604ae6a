"""Grades a whole class: over the cores, and so that a run that was killed is completed by the next one.

Each submission's record is a file of its own in ``RESULTS/records``, written when it is graded and as a whole. A record
says of which answers, checks and versions it is; what has a record that still fits is not graded again.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import secrets
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from .. import __version__
from .._files import replacing
from ..words import language, say
from . import report
from .grade import CannotGrade, grade, speaking
from .notebooks import Answers, Cell, Master, answers, belongs_to, cells
from .sandbox import PACKAGE, Limits
from .submissions import Found

Masters = dict[tuple[str, str], Master]


@dataclass(frozen=True)
class Submission:
    """What counts of a student for one section, and what else that student handed in for it."""

    found: Found
    master: Master
    answers: Answers
    key: str
    others: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{report.safe(self.found.student)}/{self.master.section}"


@dataclass
class Outcome:
    """What a run did.

    Args:
        graded: names of the submissions graded now.
        kept: how many had a record that fits.
        problems: who, where and why, for what could not be graded.
        records: every record of the results, also of earlier runs.
    """

    graded: list[str] = field(default_factory=list)
    kept: int = 0
    problems: list[tuple[str, str, str]] = field(default_factory=list)
    records: list[dict] = field(default_factory=list)
    alike: list[dict] = field(default_factory=list)


def grade_class(
    found: Iterable[Found], masters: Masters, results: Path, *, due: datetime | None = None, only: Iterable[str] = (),
    again: bool = False, jobs: int = 1, limits: Limits | None = None, hidden: tuple[Path, ...] = (),
    confined: bool = True,
) -> Outcome:  # fmt: skip
    """Grade what was found, and write the records, the grades and the feedback into *results*.

    Args:
        masters: by section and language.
        due: what was submitted later is marked late; its points stay.
        only: students to grade; all if empty.
        again: grade also what has a record.
        jobs: submissions at once.

    Raises:
        ValueError: *only* names nobody who submitted.
        OSError: *results* cannot be written.
    """
    results = Path(results)
    for folder in ("records", "feedback"):
        (results / folder).mkdir(parents=True, exist_ok=True)
    outcome, limits = Outcome(), limits or Limits()
    submissions = _chosen(list(found), masters, [_secret(results), asdict(limits), confined], outcome)
    if only := list(only):
        submissions = [s for s in submissions if s.found.student in only]
        strangers = set(only) - {s.found.student for s in submissions}
        if strangers:
            raise ValueError(say("no submission of {names}", "没有 {names} 的提交", names=", ".join(sorted(strangers))))
    due_again = []
    for submission in submissions:
        record = None if again else _record(results / "records" / f"{submission.name}.json")
        if record and record["key"] == submission.key:
            outcome.kept += 1
            about = _about(submission)
            _write(results, submission, {k: v for k, v in record.items() if k not in about})
        else:
            due_again.append(submission)
    _run(due_again, results, jobs, limits, (results, *hidden), confined, outcome)
    for path in (results / "records").glob("*/*.json"):
        if record := _record(path):
            outcome.records.append(record)
        else:
            damaged = say("its record is damaged: delete it and run again", "它的成绩记录已损坏：请删除后重新运行")
            outcome.problems.append((path.parent.name, str(path), damaged))
    outcome.records.sort(key=lambda record: (record["student"], record["section"]))
    outcome.alike = alike(outcome.records)
    report.write(results, outcome.records, outcome.problems, outcome.alike, masters, due)
    return outcome


def _chosen(found: list[Found], masters: Masters, how: list, outcome: Outcome) -> list[Submission]:
    """The latest submission of each student for each section; *how* it is graded is part of its key."""
    groups: dict[tuple[str, str], list[tuple[Found, Master, list[Cell]]]] = defaultdict(list)
    for file in found:
        problem, content, master = file.problem, [], None
        if not problem:
            try:
                content = cells(file.data or b"")
            except ValueError as error:
                problem = say("not a notebook ({error})", "不是 notebook（{error}）", error=str(error)[:200])
            else:
                master = belongs_to(content, masters)
                problem = "" if master else say("no exercises of this course in it", "其中没有本课程的练习")
        if master:
            groups[file.student, master.section].append((file, master, content))
        else:
            outcome.problems.append((file.student, file.where, problem))
    chosen = []
    for group in groups.values():
        group.sort(key=lambda one: (one[0].submitted or datetime.min, one[0].where))
        *others, (file, master, content) = group
        made = answers(content, master)
        parts = [made.sources, made.notes, master.digest, _version(), how, file.student]
        key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        chosen.append(Submission(file, master, made, key, tuple(other.where for other, _, _ in others)))
    return chosen


@functools.cache
def _version() -> str:
    """A digest of whatever decides a grade but the answers and the masters: references stand all over the package."""
    digest = hashlib.sha256(repr([__version__, *map(version, ("numpy", "scipy", "torch"))]).encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _secret(results: Path) -> str:
    """The secret that the cases are drawn from: made once for a folder of results, and kept there."""
    path = results / "secret"
    if not path.exists():
        with replacing(path) as file:
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), 0o600)
            file.write(secrets.token_hex(32).encode())
    return path.read_text().strip()


def _about(submission: Submission) -> dict:
    """The part of a record that says whose it is."""
    found = submission.found
    return {
        "student": found.student,
        "section": submission.master.section,
        "language": submission.master.language,
        "where": found.where,
        "submitted": found.submitted.isoformat(sep=" ") if found.submitted else None,
        "marked_late": found.late,
        "others": list(submission.others),
        "notes": list(submission.answers.notes),
        "file": hashlib.sha256(found.data or b"").hexdigest(),
        "key": submission.key,
    }


def _record(path: Path) -> dict | None:
    """A submission's record; None if there is none, or none that can be read."""
    try:
        record = json.loads(path.read_bytes())
        return record if "exercises" in record else None
    except (OSError, ValueError, TypeError):
        return None


def _write(results: Path, submission: Submission, graded: dict) -> None:
    path = results / "records" / f"{submission.name}.json"
    data = json.dumps(_about(submission) | graded, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(exist_ok=True)
    with replacing(path) as file:
        file.write(data)


def _run(
    submissions: list[Submission], results: Path, jobs: int, limits: Limits, hidden: tuple[Path, ...], confined: bool,
    outcome: Outcome,
) -> None:  # fmt: skip
    """Grade these, each in a worker process that writes its record: what a killed run has finished stays finished."""
    if not submissions:
        return
    from joblib import Parallel, delayed
    from tqdm import tqdm

    secret = _secret(results)
    work = Parallel(n_jobs=min(jobs, len(submissions)), return_as="generator_unordered")(
        delayed(_one)(submission, results, secret, limits, hidden, confined, os.getpid(), language())
        for submission in submissions
    )
    with tqdm(work, total=len(submissions), unit=say(" submissions", "份")) as bar:
        for submission, problem in bar:
            if problem:
                found = submission.found
                outcome.problems.append((found.student, found.where, problem))
            else:
                outcome.graded.append(submission.name)


def _one(
    submission: Submission, results: Path, secret: str, limits: Limits, hidden: tuple[Path, ...], confined: bool,
    parent: int, speech: str,
) -> tuple[Submission, str]:  # fmt: skip
    """Grade one; why it could not be, if so. Nothing that a submission does may stop the others."""
    _end_with(parent)
    try:
        with speaking(speech):
            made = grade(
                submission.master, submission.answers, student=submission.found.student, secret=secret, limits=limits,
                hidden=hidden, confined=confined,
            )  # fmt: skip
            _write(results, submission, made.record() | {"confined": confined})
    except CannotGrade as error:
        return submission, str(error)
    except Exception:
        return submission, traceback.format_exc(limit=-3)
    return submission, ""


_watched: set[int] = set()


def _end_with(parent: int) -> None:
    """End this worker when the run that started it is gone: it must not grade on beside the next one."""
    if parent == os.getpid() or parent in _watched:
        return
    _watched.add(parent)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def alike(records: list[dict]) -> list[dict]:
    """Exercises that several students answer with the same code, comments and blank space aside: listed, not judged."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    published: set[str] = set()
    for record in records:
        for mark in record["exercises"]:
            if mark["alike"]:
                groups[mark["id"], mark["alike"]].append(record["student"])
                if mark["published"]:
                    published.add(mark["alike"])
    return [
        {"exercise": id, "students": sorted(students), "published": digest in published}
        for (id, digest), students in sorted(groups.items())
        if len(students) > 1
    ]


