"""Runs an exercise without a kernel, the way a notebook would: set-up, given code, an answer, its check."""

from __future__ import annotations

import contextlib
import functools
import io
import re

from lrcourse import words

from .source import Exercise, Source

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def prepared(source: Source, exercise: Exercise, language: str) -> list[str]:
    """The code that stands before an exercise's answer: the file's set-up and this exercise's given cells."""
    ahead = list(source.setup)
    for cell in exercise.cells:
        if "answer" in cell.tags:
            break
        if cell.is_code:
            ahead.append(cell)
    return [cell.text[language] for cell in ahead]


def verdict(source: Source, exercise: Exercise, answer: str, language: str, **arguments) -> Exception | None:
    """What the check says about *answer*, the code of an answer cell: None if it is right, else what it raised.

    *arguments* are handed to ``check`` in addition (``seed=0`` draws the same cases each time). What set-up, given
    code or the answer cell itself raise is not caught.
    """
    namespace: dict = {"__name__": "__main__"}
    language_before = words.language()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            for code in [*prepared(source, exercise, language), answer]:
                exec(code, namespace)
            if arguments:
                namespace["check"] = functools.partial(namespace["check"], **arguments)
            try:
                exec(exercise.tagged("check")[0].text[language], namespace)
            except Exception as error:
                return error
    finally:
        words.use_language(language_before)


def friendly(error: Exception) -> str | None:
    """The one message that a notebook shows for *error*, or None if it shows anything else, such as a traceback."""
    render = getattr(error, "_render_traceback_", None)
    shown = ANSI.sub("", " ".join(render())) if render else ""
    return shown if shown.startswith("✗ ") and "\n" not in str(error) else None
