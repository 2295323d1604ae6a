"""The speed table: ``python -m benchmarks`` for all of it, ``python -m benchmarks dynamics import`` for some rows.

Each ``bench_NAME.py`` has a function ``rows()`` that returns a dict a row: ``what`` was measured ``against`` what, its
``target`` (``"≥ 20×, ≤ 15 ms"``), the ``ratio`` in one run (other / ours; None if there is no other), ``seconds``, and
a ``note``. It runs in a process of its own. A target that is missed is marked, and is no failure of the command; a
benchmark that raises is.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from textwrap import fill
from traceback import print_exc

UNITS = {"ms": 1e-3, "s": 1, "min": 60}


def missed(row: dict) -> list[str]:
    """The parts of a row's target that its numbers do not reach."""
    found = []
    for sign, number, unit in re.findall(r"([≥≤]) ([\d.]+)(×| ms| s| min)", row["target"]):
        value = row["ratio"] if unit == "×" else row["seconds"]
        limit = float(number) * UNITS.get(unit.strip(), 1)
        if not (value >= limit if sign == "≥" else value <= limit):
            found.append(f"{sign} {number}{unit}")
    return found


def shown(seconds: float) -> str:
    unit = "ms" if abs(seconds) < 1 else "s" if seconds < 120 else "min"
    return f"{seconds / UNITS[unit]:.3g} {unit}"


def line(what: str, against: str, target: str, measured: str) -> str:
    return f"{what:<62}  {against:<36}  {target:<18}  {measured}"


def tell(row: dict) -> None:
    ratio = [] if row["ratio"] is None else [f"{row['ratio']:.3g}×"]
    measured = ", ".join([*ratio, shown(row["seconds"])])
    if late := missed(row):
        measured += f"   ✗ target missed: {', '.join(late)}"
    print(line(row["what"], row["against"], row["target"], measured))
    if row.get("note"):
        print(fill(row["note"], 120, initial_indent="    ", subsequent_indent="    "))


def main(names: list[str]) -> int:
    """Print the table; returns 1 if a benchmark raised."""
    known = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    if unknown := set(names) - set(known):
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy", "matplotlib"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}\n")
    print(line("what", "against", "target", "measured"), flush=True)
    failed = False
    for name in names or known:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            try:
                for row in process.submit(import_module(f"benchmarks.bench_{name}").rows).result():
                    tell(row)
            except Exception:
                failed = True
                print(f"✗ bench_{name} failed", flush=True)
                print_exc()
        sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
