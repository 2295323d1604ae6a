"""The usual check: run the answer on drawn cases, compare with what is right, and recognise the usual mistakes.

An exercise lists its usual mistakes as functions, each with the words that set it right. Cases are drawn until every
mistake gives something else than what is right, and than every other mistake: so each is always refused, and always
for its own reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..words import say
from .exercise import Exercise, exercise


class Axis(NamedTuple):
    """An axis of a trace: the name of a place on it, and of its length, in English and Chinese."""

    place: tuple[str, str]
    length: tuple[str, str] = ("{} values", "{} 个值")


EPOCH = Axis(("epoch {}", "第 {} 轮"), ("{} epochs", "{} 轮"))
UPDATE = Axis(("update {}", "第 {} 步"), ("{} updates", "{} 步"))
GROUP = Axis(("group {}", "参数组 {}"), ("{} groups", "{} 个参数组"))
TIME = Axis(("t = {}", "t = {}"))


NAMES = {
    "one run": "不中断的运行", "whole": "不中断的运行", "resumed": "恢复后", "first loop": "第一个循环",
    "second loop": "第二个循环", "weights": "权重",
}  # fmt: skip
"""Names of traces that are words, in Chinese; all others are names in code."""


class Mistake(NamedTuple):
    """A usual wrong answer: what it gives in a case, and the words that set it right, in English and Chinese."""

    gives: Callable[[dict], object]
    en: str
    zh: str


@dataclass(frozen=True)
class Comparison:
    """The parts of an :class:`Exercise`, made out of what is right and what is usually wrong.

    Args:
        case: random generator → one case, a dict that JSON can hold.
        run: (answer, case) → what the answer gives: a number, a trace, or a dict of traces by name.
        right: case → the same, from torch or a derivation.
        mistakes: the usual wrong answers, the likeliest first.
        call: the call as the learner would type it, a format string with fields from the case.
        axes: the axes of a trace, such as ``(EPOCH, GROUP)``.
        cases: how many cases one check draws.
        essential: the named trace without which the others earn nothing, because who does nothing has them right.
    """

    case: Callable[[np.random.Generator], dict]
    run: Callable[[Any, dict], object]
    right: Callable[[dict], Any]
    mistakes: tuple[Mistake, ...]
    call: str = ""
    axes: tuple[Axis, ...] = ()
    cases: int = 3
    essential: str | None = None

    def draw(self, rng: np.random.Generator) -> list[dict]:
        """Cases that tell all mistakes apart."""
        for _ in range(1000):
            cases = [self.case(rng) for _ in range(self.cases)]
            given = [("", list(map(self.right, cases)))]
            given += [(mistake.en, list(map(mistake.gives, cases))) for mistake in self.mistakes]
            if not any(_equal(a, b) for (m, a), (n, b) in combinations(given, 2) if m != n):
                return cases
        raise RuntimeError(f"no cases for {self.call!r} tell all its mistakes apart")

    def probe(self, answer: object, cases: list[dict]) -> list:
        """What the answer gives in each case."""
        return [self.run(answer, case) for case in cases]

    def judge(self, cases: list[dict], seen: list) -> str | None:
        """None where all is right; else the call, the place, expected, found, and the mistake that gives just this."""
        for case, found in zip(cases, seen, strict=True):
            differs = difference(self.right(case), found, self.axes)
            if differs:
                place, words = differs
                where = say(", ", "，").join(filter(None, [self.call.format(**case), place]))
                because = (say(m.en, m.zh) for m in self.mistakes if _equal(map(m.gives, cases), seen))
                return say(": ", "：").join([where, words, *islice(because, 1)])
        return None

    def credit(self, cases: list[dict], seen: list) -> float:
        """The share of the named traces that are right in all cases; 0 where there is but one, without a name."""
        right = [self.right(case) for case in cases]
        names = right[0] if isinstance(right[0], dict) else ()
        good = {
            name: all(name in found and difference(r[name], found[name]) is None
                      for r, found in zip(right, seen, strict=True))
            for name in names
        }  # fmt: skip
        return sum(good.values()) / len(good) if good.get(self.essential, bool(good)) else 0.0


def comparison(id: str, **parts: Any) -> Exercise:
    """Register the exercise *id*, made of the *parts* of a :class:`Comparison`."""
    usual = Comparison(**parts)
    return exercise(id, draw=usual.draw, probe=usual.probe, credit=usual.credit)(usual.judge)


def difference(expected: object, found: object, axes: tuple[Axis, ...] = ()) -> tuple[str, str] | None:
    """Where *found* first differs from *expected*, and how, in words; None where they agree to five digits.

    Args:
        expected: a number, an array, or a dict of them.
        found: anything that came out of JSON.
        axes: the array's axes.
    """
    if isinstance(expected, dict):
        for name, part in expected.items():
            shown = say(name, NAMES.get(name) or name)
            if not isinstance(found, dict) or name not in found:
                return shown, say("expected, but missing", "缺少这一项")
            differs = difference(part, found[name], axes)
            if differs:
                return say(", ", "，").join(filter(None, [shown, differs[0]])), differs[1]
        return None
    expected = np.asarray(expected, float)
    values = numbers(found, expected.shape, axes)
    if isinstance(values, str):
        return "", values
    # Wide enough for an answer in float32, narrow enough for every mistake.
    wrong = np.argwhere(~np.isclose(values, expected, rtol=1e-5, atol=1e-7 * np.abs(expected).max()))
    if not len(wrong):
        return None
    at = tuple(wrong[0])
    place = say(", ", "，").join(say(*axis.place).format(index) for axis, index in zip(axes, at, strict=False))
    e, f = _digits(float(expected[at]), float(values[at]))
    return place, say("expected {e}, found {f}", "应为 {e}，得到 {f}", e=e, f=f)


def numbers(found: object, shape: tuple[int, ...], axes: tuple[Axis, ...] = ()) -> NDArray | str:
    """What came out of JSON as an array of this shape; where it is none, the words that say what it is instead."""
    try:
        values = np.asarray(found)
    except ValueError:  # a list of unequal lists
        values = np.asarray("")
    if values.dtype == object and values.size and all(value is None for value in values.flat):
        return say("found nothing; is the `return` missing?", "没有得到任何值；是不是忘了 `return`？")
    if values.dtype.kind not in "iuf":
        found = say("something else than numbers", "不是数的东西")
    elif values.shape != shape:
        found = _size(values.shape, axes)
    else:
        return values
    return say("expected {e}, found {f}", "应为 {e}，得到 {f}", e=_size(shape, axes), f=found)


def _equal(expected: Iterable, found: list) -> bool:
    return all(difference(e, f) is None for e, f in zip(expected, found, strict=True))


def _size(shape: tuple[int, ...], axes: tuple[Axis, ...]) -> str:
    if not shape:
        return say("one number", "一个数")
    if len(axes) != len(shape):
        return say("{} values", "{} 个值").format(" × ".join(map(str, shape)))
    return " × ".join(say(*axis.length).format(n) for axis, n in zip(axes, shape, strict=True))


def _digits(a: float, b: float) -> tuple[str, str]:
    """Two different numbers with as few digits as show that they differ, four at least."""
    for digits in range(4, 18):
        texts = f"{a:.{digits}g}", f"{b:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts
