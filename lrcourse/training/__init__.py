"""Training small real networks: data made offline, models, one loop that records itself, and many trainings at once."""

from .data import Dataset, digits, mnist1d
from .fit import History, Score, evaluate, fit
from .models import BENCH, mlp, transformer
from .sweep import Best, Sweep, shares, standard_error, sweep, sweeping

__all__ = [
    "BENCH", "Best", "Dataset", "History", "Score", "Sweep", "digits", "evaluate", "fit", "mlp", "mnist1d", "shares",
    "standard_error", "sweep", "sweeping", "transformer",
]  # fmt: skip
