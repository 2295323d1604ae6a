"""The two halves of every check: a probe that runs the answer, and a judge that never does.

A *probe* runs the answer on freshly drawn cases and reduces it to plain numbers; a *judge* compares those numbers with
a reference that comes from torch or from a derivation. In the notebook both run at once. In grading, the probe runs in
the student's sandbox, and the judge outside, where no student code has ever run: whatever an answer does to ``==``,
``float`` or NumPy, the judge sees only what survived a round trip through JSON.
"""

from __future__ import annotations

import json
import linecache
import sysconfig
import textwrap
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Integral

import numpy as np

from ..words import say
from .progress import remember


class NotYet(AssertionError):
    """An answer that is not right yet. In a notebook it shows as its message alone, without a stack of frames.

    Example:
        >>> from lrcourse.checks import NotYet, check
        >>> try:
        ...     check("02.2", lambda half_life: "a half", seed=0)
        ... except NotYet as error:
        ...     print(error)
        ✗ 02.2 gamma_for(25): expected one number, found something else than numbers
    """

    def _render_traceback_(self) -> list[str]:
        # Broken between words here, or JupyterLab breaks it inside them.
        return textwrap.wrap(str(self), 96, break_long_words=False, break_on_hyphens=False)


class Unsolved(NotYet):
    """The stub as it was handed out.

    Example:
        >>> from lrcourse.checks import Unsolved, probe
        >>> def gamma_for(half_life):
        ...     raise NotImplementedError
        >>> try:
        ...     probe("02.2", gamma_for, seed=0)
        ... except Unsolved:
        ...     print("still the stub")
        still the stub
    """


@dataclass(frozen=True)
class Exercise:
    """One exercise's check.

    Args:
        id: section and number, ``"02.1"``.
        draw: random generator → cases: plain values (numbers, strings, lists, dicts) that JSON can hold.
        probe: (answer, cases) → plain numbers in lists or dicts. The only half that runs the answer.
        judge: (cases, seen) → None where the answer is right, else what was expected, what was found, at which update,
            and the likely mistake.
        credit: (cases, seen) → how much of an answer that the judge refuses is right all the same, 0 to 1; None where
            it is all or nothing. A class's grades use it, the notebook does not.

    Example:
        >>> from lrcourse.checks import Exercise
        >>> halve = Exercise(
        ...     "halve",
        ...     draw=lambda rng: [int(rng.integers(100))],
        ...     probe=lambda answer, cases: [answer(x) for x in cases],
        ...     judge=lambda cases, seen: None if seen == [x / 2 for x in cases] else "what is half of it?",
        ... )
        >>> halve.judge([50], halve.probe(lambda x: x - 2, [50]))
        'what is half of it?'
    """

    id: str
    draw: Callable[[np.random.Generator], object]
    probe: Callable[[object, object], object]
    judge: Callable[[object, object], str | None]
    credit: Callable[[object, object], float] | None = None


EXERCISES: dict[str, Exercise] = {}
"""Every exercise by its id, once :func:`~lrcourse.checks.load` has run."""


def exercise(
    id: str, *, draw: Callable, probe: Callable, credit: Callable | None = None
) -> Callable[[Callable], Exercise]:
    """Decorate a judge to make it, with its *draw*, *probe* and *credit*, the exercise *id*."""

    def register(judge: Callable) -> Exercise:
        if id in EXERCISES:
            raise ValueError(f"exercise {id!r} is defined twice")
        EXERCISES[id] = Exercise(id, draw, probe, judge, credit)
        return EXERCISES[id]

    return register


def plain(value: object) -> object:
    """Reduce what a probe returns to numbers, strings, lists and dicts, as JSON would carry it.

    NumPy and torch values become numbers and lists; NaN and infinities survive.

    Raises:
        TypeError: for anything else, with its type.
    """

    def reduce(item: object) -> object:
        if hasattr(item, "tolist"):
            return item.tolist()
        raise TypeError(f"object of type {type(item).__name__}")

    return json.loads(json.dumps(value, default=reduce))


def draw(id: str, seed: int) -> object:
    """The cases that *seed* draws, as plain values.

    Raises:
        ValueError: no such exercise; the nearest one is named.

    Example:
        >>> from lrcourse.checks import draw
        >>> draw("02.2", seed=0)
        [{'half_life': 25}, {'half_life': 20}, {'half_life': 16}]
    """
    return plain(find(id).draw(np.random.default_rng(seed)))


def asked(cases: object) -> object:
    """What a probe gets of the cases: all but entries whose names begin with ``_``, which are for the judge.

    Example:
        >>> from lrcourse.checks import asked
        >>> asked({"half_life": 25, "_gamma": 0.97})
        {'half_life': 25}
    """
    if isinstance(cases, dict):
        return {key: asked(value) for key, value in cases.items() if not key.startswith("_")}
    return [asked(case) for case in cases] if isinstance(cases, list) else cases


def probe(id: str, answer: object, seed: int) -> object:
    """Run the first half of a check: *answer* on the cases drawn from *seed*, as plain numbers.

    Raises:
        NotYet: the answer raised, or returned what is no number; :class:`Unsolved` where it is still the stub.

    Example:
        >>> from lrcourse.checks import probe
        >>> probe("02.2", lambda half_life: 0.5 / half_life, seed=0)
        [0.02, 0.025, 0.03125]
    """
    return ask(find(id).probe, answer, asked(draw(id, seed)))


def ask(run: Callable[[object, object], object], answer: object, cases: object) -> object:
    """Run a probe on cases that are drawn already: what remains of a check in a student's sandbox.

    Raises:
        NotYet: as :func:`probe`.
    """
    try:
        seen = run(answer, cases)
    except NotYet:
        raise
    except Exception as error:
        if isinstance(error, NotImplementedError) and not _in_a_library(error):
            raise Unsolved(
                say("not solved yet: put your code in place of `raise NotImplementedError`, run the cell, "
                    "then this one again",
                    "尚未完成：请把 `raise NotImplementedError` 换成你的代码，运行该单元格，再运行本单元格")
            ) from None  # fmt: skip
        raise NotYet(
            say("your code raised {error}{where}", "你的代码抛出了 {error}{where}",
                error=_one_line(f"{type(error).__name__}: {error}"), where=_where(error))
        ) from None  # fmt: skip
    try:
        return plain(seen)
    except Exception as error:  # a value's own tolist() may do anything
        raise NotYet(
            say("your answer returned something that holds no plain numbers ({error})",
                "你的答案返回的内容不是普通的数（{error}）", error=_one_line(str(error)))
        ) from None  # fmt: skip


def judge(id: str, seed: int, seen: object) -> str | None:
    """Run the second half: None where *seen* is right for the cases drawn from *seed*, else what to say.

    What a judge cannot even read, it refuses: *seen* comes out of a sandbox and may be anything.

    Example:
        >>> from lrcourse.checks import judge
        >>> judge("02.2", seed=0, seen=[0.02, 0.025, 0.03125])  # doctest: +ELLIPSIS
        'gamma_for(25): expected 0.9727, found 0.02: more than half is gone after a single epoch; ...'
    """
    cases = draw(id, seed)
    try:
        return find(id).judge(cases, seen)
    except Exception as error:
        return say("the check cannot read what your answer returned ({error})",
                   "检查程序读不懂你的答案返回的内容（{error}）",
                   error=_one_line(f"{type(error).__name__}: {error}"))  # fmt: skip


def credit(id: str, seed: int, seen: object) -> float:
    """How much of an answer that the judge refused is right all the same: 0 to below 1.

    0 where the exercise has no parts, where *seen* cannot be read, and where all parts are right: then the judge
    refused it for another reason.

    Example:
        >>> from lrcourse.checks import credit, probe
        >>> def same_clock(lrs, reference):
        ...     scaled = lrs * (reference.sum() / lrs.sum())
        ...     return scaled, scaled.cumsum()  # one entry short
        >>> credit("01.3", seed=0, seen=probe("01.3", same_clock, seed=0))
        0.5
    """
    share, cases = find(id).credit, draw(id, seed)
    try:
        return float(share(cases, seen)) % 1 if share else 0.0
    except Exception:
        return 0.0


def check(id: str, answer: object, *, seed: int | None = None) -> None:
    """Check an answer on freshly drawn cases: one line with ✓, or one line that says what is not right yet.

    Args:
        id: the exercise, ``"02.1"``.
        answer: what the exercise asks for: a function, a class, an object.
        seed: draws the same cases again; new ones each time if None.

    Raises:
        NotYet: the answer is not right yet; :class:`Unsolved` where it is still the stub.
        ValueError: no such exercise; the nearest one is named.

    Example:
        >>> from lrcourse import check
        >>> check("02.2", lambda half_life: 0.5 / half_life, seed=0)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        lrcourse.checks.exercise.NotYet: ✗ 02.2 gamma_for(25): expected 0.9727, found 0.02: more than half is gone ...
    """
    seed = int(np.random.default_rng().integers(2**32)) if seed is None else seed
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed must be a whole number, not negative, got {seed!r}")
    try:
        message = judge(id, seed, probe(id, answer, seed))
    except NotYet as error:
        raise type(error)(f"✗ {id} {error}") from None
    if message:
        raise NotYet(f"✗ {id} {message}")
    remember(id)
    print(f"✓ {id} " + say("correct", "正确"))


@contextmanager
def once_solved() -> Iterator[None]:
    """Run what shows an answer at work; while the answer is still the stub, print one line instead.

    Any other error of the answer is left as it is: it helps its author.

    Example:
        >>> from lrcourse.checks import once_solved
        >>> def largest_stable_lr(curvatures):
        ...     raise NotImplementedError
        >>> with once_solved():
        ...     print(largest_stable_lr([1.0, 40.0]))
        · nothing to show before the exercise is solved
    """
    try:
        yield
    except NotImplementedError as error:
        if _in_a_library(error):
            raise
        print(say("· nothing to show before the exercise is solved", "· 完成练习之后，这里才有内容可看"))


def find(id: str) -> Exercise:
    """The exercise with this id.

    Raises:
        ValueError: there is none; the nearest one is named.
    """
    from . import load

    load()
    if not isinstance(id, str) or id not in EXERCISES:
        near = get_close_matches(str(id), EXERCISES, n=1, cutoff=0)
        raise ValueError(f"id must be that of an exercise, and there is no exercise {id!r}; the nearest is {near[0]!r}")
    return EXERCISES[id]


def _where(error: BaseException) -> str:
    """The line of the learner's own code that raised, where it was typed in a notebook."""
    place = ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if "ipykernel" in file or file.startswith("<ipython"):
            code = linecache.getline(file, number).strip()
            place = say(" (line {n} of your cell: `{code}`)", "（你的单元格第 {n} 行：`{code}`）", n=number, code=code)
    return place


def _in_a_library(error: BaseException) -> bool:
    """Whether installed code raised it, and not the learner's, as torch does for a method that a subclass lacks."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_code.co_filename.startswith(sysconfig.get_path("purelib"))


def _one_line(text: str) -> str:
    return textwrap.shorten(text, 200, placeholder=" …")
