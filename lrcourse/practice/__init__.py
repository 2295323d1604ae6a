"""Practice: choose a schedule, watch it in the loop, and go on after an interruption.

Three tools, in the order in which a run needs them:

    advice = advise(model="transformer", updates=10_000)     # which schedule, and by what evidence
    with watch(optimizer, scheduler, planned_updates=10_000) as report: ...      # the usual mistakes, caught
    save("run.pt", model, optimizer, scheduler, loader=loader)                   # and load: the same run, bit for bit
"""

from .advise import Advice, Evidence, advise
from .resume import Batches, load, save
from .watch import Finding, Report, watch, watching_everything

__all__ = [
    "Advice", "Batches", "Evidence", "Finding", "Report", "advise", "load", "save", "watch", "watching_everything",
]  # fmt: skip
