"""The course's pictures: one look (:mod:`~lrcourse.figures.style`) and one module a section."""

from .._lazy import SECTIONS, lazy

__getattr__, __dir__ = lazy(__name__, modules=("style", "training", *SECTIONS))
