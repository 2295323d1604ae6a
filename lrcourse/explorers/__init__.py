"""Sliders on real schedules and real physics: one module a section, one function an explorer."""

from .._lazy import SECTIONS, lazy

__getattr__, __dir__ = lazy(__name__, modules=SECTIONS)
