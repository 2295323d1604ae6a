"""Every exercise accepts its solution and refuses its wrong answers, each in one line that names the mistake."""

import re

import pytest

from lrcourse.checks import exercise as machinery
from tools import LANGUAGES, build, rehearse
from tools.source import find, read

SEEDS = range(2)
EXERCISES = [
    pytest.param(source, exercise, id=exercise.id)
    for source in map(read, find(build.ROOT)) if source.is_exercises
    for exercise in source.exercises
]  # fmt: skip
WRONG = [
    pytest.param(*param.values, wrong, id=f"{param.id}-line{wrong.line}")
    for param in EXERCISES for wrong in param.values[1].tagged("wrong")
]  # fmt: skip


@pytest.fixture(autouse=True)
def one_probe_for_both_languages(monkeypatch):
    """An answer's numbers are the same in both languages, the words of the judge are not."""
    seen, ask = {}, machinery.probe

    def probe(id, answer, seed):
        if seed not in seen:
            seen[seed] = ask(id, answer, seed)  # what it raises speaks a language, and is not kept
        return seen[seed]

    monkeypatch.setattr(machinery, "probe", probe)


@pytest.mark.parametrize(("source", "exercise"), EXERCISES)
def test_solution_is_right(source, exercise):
    answer = exercise.tagged("answer")[0]
    assert answer.solved("en") == answer.solved("zh")
    for seed in SEEDS:
        assert rehearse.verdict(source, exercise, answer.solved("en"), "en", seed=seed) is None


@pytest.mark.parametrize(("source", "exercise", "wrong"), WRONG)
def test_wrong_answer_is_told_why(source, exercise, wrong):
    assert wrong.text["en"] == wrong.text["zh"]
    for language in LANGUAGES:
        error = rehearse.verdict(source, exercise, wrong.text[language], language, seed=wrong.line)  # of any seed
        assert error is not None, "accepted"
        line = rehearse.friendly(error)
        assert line is not None, f"not one friendly line but {type(error).__name__}: {error}"
        assert re.search(wrong.expect[language], line), f"{line!r} does not say {wrong.expect[language]!r}"
