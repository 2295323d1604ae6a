"""Sliders on real schedules and real physics: one module a section, one function an explorer."""

from .._lazy import lazy

_SECTIONS = (
    "start", "dynamics", "schedulers", "warmup", "cyclic", "custom", "chaining", "finder", "practice", "physics",
)  # fmt: skip
__getattr__, __dir__ = lazy(__name__, modules=_SECTIONS)
