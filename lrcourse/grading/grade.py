"""Grades one submission: its answers are probed in a sandbox, the numbers that come out are judged here."""

from __future__ import annotations

import hashlib
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from .. import checks
from ..words import language, say, use_language
from .notebooks import Answers, Master, Task, borrowed, fingerprint, size
from .probes import sources
from .sandbox import GIB, Limits, Sandbox, Stopped

JUDGE_SECONDS = 120  # the slowest judges train networks, for a second or two
ALIKE = 40  # nodes of a syntax tree beyond the stub's: below, everyone's right answer is the same


class CannotGrade(Exception):
    """The grader itself failed: no fault of the submission, which is tried again next time."""


@dataclass(frozen=True)
class Mark:
    """What became of one exercise.

    Args:
        state: ``right``, ``partly``, ``wrong``, ``unsolved``, ``missing`` (its cell is gone) or ``stopped``.
        text: for the student, in the submission's language.
        alike: a digest to compare answers with; empty where right answers are alike anyway.
        published: it is the worked solution.
        borrowed: names of the reference implementation, or of ways around it, in the answer.
    """

    id: str
    title: str
    points: float
    out_of: float
    state: str
    text: str = ""
    alike: str = ""
    published: bool = False
    borrowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """The marks of one submission, and what the sandbox noted that its code reached for."""

    marks: tuple[Mark, ...]
    noted: tuple[str, ...]
    seconds: float

    @property
    def points(self) -> float:
        return round(sum(mark.points for mark in self.marks), 2)

    def record(self) -> dict:
        return {
            "points": self.points,
            "out_of": sum(mark.out_of for mark in self.marks),
            "exercises": [asdict(mark) for mark in self.marks],
            "noted": list(self.noted),
            "seconds": round(self.seconds, 2),
        }


def grade(
    master: Master, answers: Answers, *, student: str, secret: str, limits: Limits, hidden: tuple[Path, ...] = (),
    confined: bool = True,
) -> Result:  # fmt: skip
    """Grade the answers of one submission.

    An answer that runs for too long, or takes the sandbox down with it, costs its own exercise only: the others go on
    in a fresh one.

    Args:
        secret: with the student's name and the exercise it is the seed of the cases; it never enters the sandbox.
        hidden: what the sandbox must not see.
        confined: in bubblewrap.

    Raises:
        CannotGrade: no sandbox starts, or the master's own cells fail in it.
    """
    started = time.monotonic()
    with speaking(master.language):
        run = _Run(master, answers, limits, f"{secret}\0{student}")
        while run.pending:
            before = len(run.verdicts) + len(run.broken) + len(run.replies)
            with Sandbox(limits, hidden, confined=confined) as sandbox:
                run.go(sandbox)
            if len(run.verdicts) + len(run.broken) + len(run.replies) == before:
                raise CannotGrade(say("the sandbox ends without a reason", "沙箱无故终止"))
        run.judge()
        marks = tuple(_mark(master, task, answers.sources[task.id], run.verdicts[task.id]) for task in master.tasks)
    return Result(marks, tuple(run.noted), time.monotonic() - started)


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Say everything in this language meanwhile."""
    before = language()
    use_language(chosen)
    try:
        yield
    finally:
        use_language(before)


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what takes longer: numbers may be chosen to keep a judge busy for ever.

    A judge that is interrupted says so as its verdict, as after any other exception.
    """

    def stop(*_: object) -> None:
        raise TimeoutError(say("that took too long", "耗时太久"))

    if threading.current_thread() is not threading.main_thread():  # where no signal arrives
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)  # again and again: one may fall into a clean-up
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Verdict(NamedTuple):
    """State, text and share of the points of one exercise."""

    state: str
    text: str = ""
    share: float = 0.0


class _Run:
    """One submission on its way through as many sandboxes as it breaks, and one."""

    def __init__(self, master: Master, answers: Answers, limits: Limits, secret: str) -> None:
        self.master, self.answers, self.limits = master, answers, limits
        self.verdicts = {task.id: verdict for task in master.tasks if (verdict := _at_once(task, answers))}
        # With its source in the seed, an answer that was changed after looking at its feedback meets other cases.
        self.seeds = {
            task.id: int.from_bytes(
                hashlib.sha256(f"{secret}\0{task.id}\0{answers.sources[task.id]}".encode(errors="replace")).digest()[:8]
            )
            for task in master.tasks if task.id not in self.verdicts
        }  # fmt: skip
        self.cases = {id: checks.draw(id, seed) for id, seed in self.seeds.items()}
        self.replies: dict[str, tuple[dict, dict]] = {}
        self.broken: set[str] = set()  # answers that take a sandbox down, and run no more
        self.noted: dict[str, None] = {}

    @property
    def pending(self) -> bool:
        return any(task.id not in self.verdicts and task.id not in self.replies for task in self.master.tasks)

    def go(self, sandbox: Sandbox) -> None:
        """Run the cells in order, and probe what has no reply yet: to the end, or to the first breakdown."""
        tasks = self.master.tasks
        try:
            ready = sandbox.start(sources([task.id for task in tasks]), self.master.setup, exercises=len(tasks))
        except Stopped as stopped:
            raise CannotGrade(say("no sandbox starts ({why})", "沙箱无法启动（{why}）", why=stopped.why)) from None
        if "broken" in ready or "error" in ready:
            raise CannotGrade(str(ready.get("broken") or ready["error"])[:500])
        blamed = None
        for task in tasks:
            if not self.pending:
                return
            try:
                for source in task.given:
                    if "error" in sandbox.ask("cell", self.limits.seconds, source=source) and task is tasks[0]:
                        raise CannotGrade(say("a given cell fails", "给定单元格出错"))
                source = self.answers.sources[task.id]
                if source is None or task.id in self.broken or self._unsolved(task):
                    continue
                blamed = task.id
                self._answer(sandbox, task, source)
            except Stopped as stopped:
                if blamed is None:
                    raise CannotGrade(say("a given cell breaks the sandbox", "给定单元格使沙箱终止")) from None
                self.broken.add(blamed)
                self.verdicts.setdefault(blamed, Verdict("stopped", _why(stopped.why, self.limits)))
                return

    def _unsolved(self, task: Task) -> bool:
        return task.id in self.verdicts and self.verdicts[task.id].state == "unsolved"

    def _answer(self, sandbox: Sandbox, task: Task, source: str) -> None:
        """Run an answer; then, unless an earlier sandbox did, probe it with the cases."""
        ran = sandbox.ask("cell", self.limits.seconds, source=source)
        if task.id in self.verdicts or task.id in self.replies:
            return
        cases = checks.asked(self.cases[task.id])
        reply = sandbox.ask("probe", self.limits.seconds, id=task.id, answer=task.takes, cases=cases)
        if isinstance(reply.get("noted"), list):
            self.noted.update(dict.fromkeys(_clean(event) for event in reply["noted"][:20]))
        self.replies[task.id] = ran, reply

    def judge(self) -> None:
        """Judge all replies. No sandbox is alive meanwhile: nobody would watch it."""
        for task in self.master.tasks:
            if task.id in self.replies:
                with _at_most(JUDGE_SECONDS):
                    verdict = _judged(task, self.seeds[task.id], *self.replies[task.id], self.answers)
                self.verdicts[task.id] = verdict


def _at_once(task: Task, answers: Answers) -> Verdict | None:
    """The verdict on an exercise whose answer need not run."""
    source = answers.sources[task.id]
    if source is None:
        return Verdict("missing", say(
            "its answer cell is gone; write the answer in the cell that was handed out",
            "答案单元格不见了；请把答案写在发下来的那个单元格里"))  # fmt: skip
    if fingerprint(source) == fingerprint(task.answer.source):
        return Verdict("unsolved", say("not solved yet", "尚未完成"))
    return None


def _judged(task: Task, seed: int, ran: dict, reply: dict, answers: Answers) -> Verdict:
    """The verdict on what came out of the sandbox, which may be anything."""
    share, error = 0.0, ran.get("error")
    if "seen" in reply:
        text = checks.judge(task.id, seed, reply["seen"])
        if text is None:
            return Verdict("right", share=1.0)
        share = checks.credit(task.id, seed, reply["seen"])
    elif isinstance(error, dict):
        stops = say("its cell stops with {error}", "单元格出错并停止：{error}", error=_clean(error.get("message", "")))
        text = "" if error.get("kind") == "NotImplementedError" else stops
    elif reply.get("unsolved") is True:
        text = ""
    else:
        text = _clean(reply.get("refused") or say("no answer came back", "没有返回任何结果"))
    if not text:
        return Verdict("unsolved", say("not solved yet", "尚未完成"))
    missing = re.search(r"name '(\w+)' is not defined", text)
    if missing and missing[1] in answers.elsewhere:
        text += say(". `{name}` is defined outside the answer cell, and only the answer cell is graded",
                    "。`{name}` 定义在答案单元格之外，而评分只看答案单元格", name=missing[1])  # fmt: skip
    return Verdict("partly" if share else "wrong", text, share)


def _why(why: str, limits: Limits) -> str:
    match why:
        case "time":
            return say("it runs for more than {n:g} s: an endless loop?", "运行超过 {n:g} 秒：是死循环吗？",
                       n=limits.seconds)  # fmt: skip
        case "memory":
            return say("it takes more than {n:g} GB of memory", "占用内存超过 {n:g} GB", n=limits.memory / GIB)
        case "processes":
            return say("it starts more than {n} processes", "启动的进程超过 {n} 个", n=limits.processes)
        case "flood":
            return say("it returns more than can be read, or writes into the grader's own channel",
                       "返回的内容多得无法读取，或写入了评分程序自己的通道")  # fmt: skip
        case _:
            return say("it ends the whole process: an exit, a crash, or out of memory?",
                       "整个进程终止了：是退出、崩溃，还是内存不足？")  # fmt: skip


def _clean(text: object) -> str:
    """Text from the sandbox as one harmless line."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)[:1000]).split())[:600]


def _mark(master: Master, task: Task, source: str | None, verdict: Verdict) -> Mark:
    source, (state, text, share) = source or "", verdict
    mine = fingerprint(source)
    large = size(source) - size(task.answer.source) >= ALIKE
    return Mark(
        task.id, task.title, round(task.points * share, 2), task.points, state, text,
        alike=mine if large and state not in ("unsolved", "missing") else "",
        published=large and mine == master.published.get(task.id, ("",))[0],
        borrowed=tuple(borrowed(source, task, master)),
    )  # fmt: skip
