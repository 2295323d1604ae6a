"""Learning-rate scheduling in PyTorch, seen as physics: the package that the course's notebooks call.

``import lrcourse`` costs next to nothing: torch, Matplotlib and the widgets load when first used.
"""

from ._lazy import lazy
from .words import language, use_language

__version__ = "0.1.0"
__all__ = ["check", "language", "use_language", "visualize_schedulers"]

__getattr__, __dir__ = lazy(
    __name__,
    modules=("curves", "training", "start", "dynamics", "schedulers", "checks", "figures", "explorers"),
    names={"check": "lrcourse.checks", "visualize_schedulers": "lrcourse.figures.schedulers"},
)
