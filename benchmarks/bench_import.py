"""What ``import lrcourse`` adds to a program that has NumPy anyway."""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from time import perf_counter

PAIRS = 15


def seconds(module: str) -> float:
    """Wall time of a fresh interpreter that imports *module* and nothing else."""
    start = perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
    return perf_counter() - start


def rows() -> list[dict]:
    seconds("numpy, lrcourse")  # what the disk has to fetch and Python to compile
    pairs = [(seconds("lrcourse"), seconds("numpy")) for _ in range(PAIRS)]
    ours, numpys = (median(column) for column in zip(*pairs, strict=True))
    return [
        {
            "what": "import lrcourse, beyond import numpy",
            "against": "import numpy",
            "target": "≤ 0.15 s",
            "ratio": None,
            "seconds": median(a - b for a, b in pairs),
            "note": f"fresh processes, median of {PAIRS} pairs: {ours * 1e3:.0f} ms against {numpys * 1e3:.0f} ms",
        }
    ]
