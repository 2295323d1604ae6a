"""A class, graded: every student hands in every section, some answers right, some wrong, some not given.

``python -m benchmarks.bench_grade 30`` grades a class of thirty, as the teacher's guide quotes it; the table's row
takes two students, which is enough for the time of one submission.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from time import perf_counter

import psutil

from tools import build
from tools.source import Exercise, find, read

CLASS = 2  # students of the table's row
ANSWERS = ("right", "wrong", "none")
SHARES = (0.6, 0.25, 0.15)


def answer(exercise: Exercise, chance: random.Random) -> str | None:
    """The text of an answer cell, or None to leave the stub as it is."""
    kind = chance.choices(ANSWERS, SHARES)[0]
    wrong = exercise.tagged("wrong")
    if kind == "wrong" and wrong:
        return chance.choice(wrong).text["en"]
    return None if kind == "none" else exercise.tagged("answer")[0].solved("en")


def hand_in(folder: Path, students: int) -> int:
    """Write every submission of a class; returns how many."""
    sources = [source for source in map(read, find(build.ROOT)) if source.is_exercises]
    for number in range(students):
        chance = random.Random(number)
        for source in sources:
            stub = json.loads((build.ROOT / build.place(source, "exercises", "en")).read_bytes())
            chosen = {exercise.tagged("answer")[0].id: answer(exercise, chance) for exercise in source.exercises}
            for cell in stub["cells"]:
                cell["source"] = chosen.get(cell["id"]) or cell["source"]
            path = folder / f"student-{number:02}" / f"{source.section}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(stub), encoding="utf-8")
    return students * len(sources)


def memory(process: psutil.Process) -> int:
    """Bytes that a process and all below it hold, what they share counted once."""
    held = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            held += one.memory_full_info().pss
        except psutil.Error:
            continue
    return held


def graded(students: int) -> tuple[float, int, int, int]:
    """Seconds, submissions, bytes at the peak and the command's exit status, for ``lrcourse grade`` on a class."""
    with tempfile.TemporaryDirectory() as home:
        submissions, results = Path(home, "submissions"), Path(home, "results")
        count = hand_in(submissions, students)
        command = [sys.executable, "-m", "lrcourse", "grade", str(submissions), "--out", str(results)]
        start, peak = perf_counter(), 0
        process = psutil.Popen(command, stdout=subprocess.DEVNULL)
        ended = threading.Event()

        def watch() -> None:
            nonlocal peak
            while not ended.wait(3):  # to add up the memory takes a tenth of a second
                peak = max(peak, memory(process))

        watching = threading.Thread(target=watch)
        watching.start()
        status = process.wait()
        took = perf_counter() - start
        ended.set()
        watching.join()
    return took, count, peak, status


def rows(students: int = CLASS) -> list[dict]:
    took, count, peak, status = graded(students)
    if status:
        raise RuntimeError(f"lrcourse grade ended with {status}")
    return [
        {
            "what": f"one submission of {count}, graded in a sandbox",
            "against": "–",
            "target": "–",
            "ratio": None,
            "seconds": took / count,
            "note": f"{students} students × {count // students} sheets on {os.cpu_count()} cores: {took / 60:.1f} min, "
            f"at most {peak / 2**30:.2f} GB in all processes",
        }
    ]


if __name__ == "__main__":
    for row in rows(int(sys.argv[1]) if sys.argv[1:] else CLASS):
        print(f"{row['seconds']:.1f} s a submission; {row['note']}")
