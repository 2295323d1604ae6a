"""The new picture of an explorer, kernel side, against `interact`, which draws the same figure anew."""

from __future__ import annotations

from statistics import median
from time import perf_counter

import numpy as np
from IPython.core.pylabtools import print_figure

from lrcourse.explorers.explorer import Explorer, Slider
from lrcourse.figures.style import DPI
from tests.test_explorers import every_explorer

VALUES = 9
TRAINS = 0.03  # seconds of physics for one picture: then real networks are trained for it, and a second is allowed


def way(slider: Slider) -> list:
    """Values from one end of a slider to the other."""
    spaced = np.geomspace if slider.log else np.linspace
    return [round(v) if slider.whole else float(v) for v in spaced(slider.low, slider.high, VALUES)]


def seconds(run, /, *args, **kwargs) -> float:
    start = perf_counter()
    run(*args, **kwargs)
    return perf_counter() - start


def anew(explorer: Explorer, values: dict) -> None:
    """What `interact` with inline plots does: a new figure, all its artists, a PNG of its default, half resolution."""
    print_figure(type(explorer.picture)(**values).figure, dpi=DPI, bbox_inches="tight")


def row(name: str, explorer: Explorer) -> dict:
    slider = next(control for control in explorer.controls if isinstance(control, Slider))
    ours, physics, theirs = [], [], []
    explorer.set(**{slider.key: slider.high})
    for value in way(slider):
        ours.append(seconds(explorer.set, **{slider.key: value}))
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
