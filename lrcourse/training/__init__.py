"""Training small real networks: data made offline, models, one loop that records itself, and many trainings at once."""

from .data import Dataset, digits, mnist1d
from .fit import History, Score, evaluate, fit
from .models import mlp, transformer
from .sweep import Best, Sweep, shares, sweep, sweeping

__all__ = [
    "Best", "Dataset", "History", "Score", "Sweep", "digits", "evaluate", "fit", "mlp", "mnist1d", "shares", "sweep",
    "sweeping", "transformer",
]  # fmt: skip
