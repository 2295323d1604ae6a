"""Every exercise accepts its solution and refuses its wrong answers, each in one line that names the mistake."""

import re

import pytest

from tools import LANGUAGES, build, rehearse
from tools.source import find, read

SEEDS = {"en": range(2), "zh": range(1)}  # the numbers are the same in both languages, the words are not
EXERCISES = [
    pytest.param(source, exercise, id=exercise.id)
    for source in map(read, find(build.ROOT)) if source.is_exercises
    for exercise in source.exercises
]  # fmt: skip
WRONG = [
    pytest.param(*param.values, wrong, id=f"{param.id}-line{wrong.line}")
    for param in EXERCISES for wrong in param.values[1].tagged("wrong")
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("source", "exercise"), EXERCISES)
def test_solution_is_right(source, exercise, language):
    answer = exercise.tagged("answer")[0].solved(language)
    for seed in SEEDS[language]:
        assert rehearse.verdict(source, exercise, answer, language, seed=seed) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("source", "exercise", "wrong"), WRONG)
def test_wrong_answer_is_told_why(source, exercise, wrong, language):
    for seed in SEEDS[language]:
        error = rehearse.verdict(source, exercise, wrong.text[language], language, seed=seed)
        assert error is not None, "accepted"
        line = rehearse.friendly(error)
        assert line is not None, f"not one friendly line but {type(error).__name__}: {error}"
        assert re.search(wrong.expect[language], line), f"{line!r} does not say {wrong.expect[language]!r}"
