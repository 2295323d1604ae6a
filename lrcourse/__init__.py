"""Learning-rate scheduling in PyTorch, seen as physics: the package that the course's notebooks call.

``import lrcourse`` costs next to nothing: torch, Matplotlib and the widgets load when first used.
"""

from ._lazy import lazy
from .words import language, use_language

__version__ = "0.1.0"
__all__ = [
    "CurveLR", "CustomScheduler", "TransformerLRScheduler", "WarmupScheduler", "check", "custom_lr_lambda", "find_lr",
    "get_linear_warmup_scheduler", "language", "progress", "simulated_annealing_schedule", "use_language",
    "visualize_schedulers",
]  # fmt: skip

__getattr__, __dir__ = lazy(
    __name__,
    modules=(
        "curves", "training", "start", "dynamics", "schedulers", "warmup", "cyclic", "custom", "chaining", "finder",
        "practice", "physics", "checks", "figures", "explorers",
    ),
    names={
        "CurveLR": "lrcourse.training.scheduler",
        "CustomScheduler": "lrcourse.custom",
        "TransformerLRScheduler": "lrcourse.warmup",
        "WarmupScheduler": "lrcourse.warmup",
        "check": "lrcourse.checks",
        "custom_lr_lambda": "lrcourse.custom",
        "find_lr": "lrcourse.finder",
        "get_linear_warmup_scheduler": "lrcourse.warmup",
        "progress": "lrcourse.checks.progress",
        "simulated_annealing_schedule": "lrcourse.custom",
        "visualize_schedulers": "lrcourse.figures.schedulers",
    },
)
