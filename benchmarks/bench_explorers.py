"""The new picture of an explorer, kernel side, against `interact`, which draws the same figure anew."""

from __future__ import annotations

from statistics import median
from time import perf_counter

import numpy as np
from IPython.core.pylabtools import print_figure

from lrcourse.explorers.explorer import Control, Explorer, Slider
from lrcourse.figures.style import DPI
from tests.test_explorers import every_explorer

VALUES = 9
TRAINS = 0.03  # seconds of physics for one picture: then real networks are trained for it, and a second is allowed


def way(control: Control) -> list:
    """Values from one end of a slider to the other, or the choices."""
    if not isinstance(control, Slider):
        return list(control.stops())[:VALUES]
    spaced = np.geomspace if control.log else np.linspace
    return [round(v) if control.whole else float(v) for v in spaced(control.low, control.high, VALUES)]


def seconds(run, /, *args, **kwargs) -> float:
    start = perf_counter()
    run(*args, **kwargs)
    return perf_counter() - start


def anew(explorer: Explorer, values: dict) -> None:
    """What `interact` with inline plots does: a new figure, all its artists, a PNG of its default, half resolution."""
    print_figure(type(explorer.picture)(**values).figure, dpi=DPI, bbox_inches="tight")


def row(name: str, explorer: Explorer) -> dict:
    first, *_ = [control for control in explorer.controls if isinstance(control, Slider)] or explorer.controls
    ours, physics, theirs = [], [], []
    explorer.set(**{first.key: way(first)[-1]})
    for value in way(first):
        ours.append(seconds(explorer.set, **{first.key: value}))
        physics.append(seconds(explorer.picture.show, **explorer.values))
        theirs.append(seconds(anew, explorer, explorer.values))
    return {
        "what": f"explorer {name}: a new picture in the kernel",
        "against": "interact, the same figure drawn anew",
        "target": "≤ 1 s" if median(physics) > TRAINS else "≥ 20×, ≤ 15 ms",
        "ratio": median(theirs) / median(ours),
        "seconds": median(ours),
        "note": f"{median(theirs) * 1e3:.0f} ms anew; slowest of {VALUES}: {max(ours) * 1e3:.0f} ms; "
        f"the physics, and moving the artists: {median(physics) * 1e3:.1f} ms of either",
    }


def rows() -> list[dict]:
    return [row(param.id, param.values[0]()) for param in every_explorer()]
