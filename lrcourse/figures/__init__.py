"""The course's pictures: one look (:mod:`~lrcourse.figures.style`) and one module a section."""

from .._lazy import lazy

_SECTIONS = (
    "start", "dynamics", "schedulers", "warmup", "cyclic", "custom", "chaining", "finder", "practice", "physics",
)  # fmt: skip
__getattr__, __dir__ = lazy(__name__, modules=("style", "training", *_SECTIONS))
