"""What lrcourse says, it says in both languages, with the same values in both."""

import ast
import string
from pathlib import Path

import pytest

import lrcourse
from lrcourse import words

PACKAGE = Path(lrcourse.__file__).parent


def said():
    """Every ``say`` or ``label`` with both texts written out: place, English, Chinese, names of the values given."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and len(call.args) == 2):
                continue
            name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
            if name in ("say", "label") and len(texts) == 2:
                yield f"{path.relative_to(PACKAGE)}:{call.lineno}", *texts, {given.arg for given in call.keywords}


def fields(text):
    """The names in a text's ``{fields}``."""
    return {name.partition(".")[0].partition("[")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_take_the_values_that_are_given():
    wrong = [
        f"{place}: English {fields(en)}, Chinese {fields(zh)}, given {given}"
        for place, en, zh, given in said()
        if given and None not in given and not fields(en) == fields(zh) == given
    ]
    assert wrong == []
    assert sum(1 for _ in said()) > 50


def test_a_language_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="'en', 'zh', got 'fr'"):
        words.use_language("fr")
