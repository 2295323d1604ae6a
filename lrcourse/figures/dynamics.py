"""The pictures of section 01: a ball on a landscape, and what the learning rate does to it."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.patches import StepPatch
from numpy.typing import NDArray

from .. import curves, dynamics
from ..dynamics import Landscape
from ..words import say
from .style import (
    LOSS, LR, MOMENTUM, NOISE, QUIET, REFERENCE, SECOND, THEORY, CYCLE,
    Figure, Picture, Seen, end_label, halo, label, limit_line, styled, theory_line,
)  # fmt: skip

HILL = "#EEF1F5"  # the ground that the balls roll on
