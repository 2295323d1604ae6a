"""The language that pages, figures and checks speak: English and Chinese stand side by side where they are used."""

from __future__ import annotations

import os

LANGUAGES = ("en", "zh")
_language = "zh" if os.environ.get("LRCOURSE_LANG", "").lower().startswith("zh") else "en"


def use_language(language: str) -> None:
    """Choose the language of everything that lrcourse says from now on: ``"en"`` or ``"zh"``.

    The start value is the environment variable ``LRCOURSE_LANG``, else English.

    Raises:
        ValueError: for any other language.

    Example:
        >>> import lrcourse
        >>> from lrcourse.practice import advise
        >>> lrcourse.use_language("zh")
        >>> advise(updates=1000, goal="baseline").title
        '阶梯'
        >>> lrcourse.use_language("en")
    """
    global _language
    if not isinstance(language, str) or language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(map(repr, LANGUAGES))}, got {language!r}")
    _language = language


def language() -> str:
    """The language in use, ``"en"`` or ``"zh"``.

    Example:
        >>> import lrcourse
        >>> lrcourse.use_language("en")
        >>> lrcourse.language()
        'en'
    """
    return _language


def say(en: str, zh: str, /, **values: object) -> str:
    """One text in the language in use, its ``{fields}`` filled from *values* where any are given."""
    text = zh if _language == "zh" else en
    return text.format(**values) if values else text
