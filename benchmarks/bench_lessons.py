"""All lessons, executed from top to bottom, two at a time."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from tools import build
from tools.source import find, read


def rows() -> list[dict]:
    lessons = [source for source in map(read, find(build.ROOT)) if not source.is_exercises]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as two:
        start = perf_counter()
        each = list(
            two.map(
                lambda source: build.execute(
                    build.assemble(source, "notebooks", "en"), Path(folder), Path(source.section)
                ),
                lessons,
            )
        )
        total = perf_counter() - start
    return [
        {
            "what": f"all {len(lessons)} lessons executed, kernel starts included",
            "against": "–",
            "target": "≤ 4 min",
            "ratio": None,
            "seconds": total,
            "note": ", ".join(f"{source.section} {took:.1f} s" for source, took in zip(lessons, each, strict=True)),
        }
    ]
