"""Training small real networks: data made offline, models, and one loop that records itself."""

from .data import Dataset, digits, mnist1d
from .fit import History, Score, evaluate, fit
from .models import mlp

__all__ = ["Dataset", "History", "Score", "digits", "evaluate", "fit", "mlp", "mnist1d"]
