"""A class on the hub, on this host with accounts made for it: all log in at once and run lesson 02 to its end.

It takes root and CI=true: ``CI=true python -m benchmarks hub``. Times are counted from the login. Memory is that of
all processes of an account, JupyterLab's server and the kernel, with pages that several share divided among them
(PSS); it is read at the end, with all kernels still up.
"""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from threading import Barrier
from time import perf_counter

LESSON = "my-lrcourse/notebooks/02_schedulers.ipynb"
CLASSES = (1, 10)


def rows() -> list[dict]:
    from tests.hub import obstacle

    if why := obstacle():
        print(f"a class on the hub: not measured: {why}")
        return []
    return [measured(users) for users in CLASSES]


def measured(users: int) -> dict:
    """One hub, and so many students on it at the same time."""
    from tests.hub import STUDENTS, Kernel, accounts, code_cells, open_folder, pss, running

    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(open_folder())
        class_ = stack.enter_context(accounts(folder, {f"student{n}": (STUDENTS,) for n in range(users)}))
        url = stack.enter_context(running(folder))
        begin, all_up = Barrier(users), []

        def attend(student):
            begin.wait()
            start, times = perf_counter(), []
            student.log_in(url)
            student.wait()
            times.append(perf_counter() - start)
            kernel = Kernel(student, LESSON)
            all_up.append(kernel)
            lesson = student.ask("GET", f"{student.server}api/contents/{LESSON}").json()["content"]
            for code in code_cells(lesson):
                kernel.run(code)
                times.append(perf_counter() - start)
            if kernel.errors:
                raise RuntimeError(f"{LESSON}: {kernel.errors}")
            return times[0], times[1], times[-1]

        with ThreadPoolExecutor(users) as together:
            spawned, first, finished = zip(*together.map(attend, class_), strict=True)
        each = [pss(student.processes()) / 10**9 for student in class_]

    def both(numbers, digits=0):
        return f"{median(numbers):.{digits}f} (most {max(numbers):.{digits}f})"

    return {
        "what": f"{users} at once on the hub: lesson 02, login included",
        "against": "–",
        "target": "–",
        "ratio": None,
        "seconds": max(finished),
        "note": f"seconds until the server is up {both(spawned)}, the first cell has run {both(first)}, "
        f"the last {both(finished)}; memory each {both(each, 2)} GB, together {sum(each):.1f} GB; "
        f"load {os.getloadavg()[0]:.1f}",
    }
