"""Grading a class: nobody gains a point that was not earned, nobody harms the batch, and a killed run goes on."""

import ast
import builtins
import contextlib
import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
import types
import zipfile
from datetime import datetime
from pathlib import Path

import psutil
import pytest

import lrcourse
from lrcourse import checks, words
from lrcourse.cli import main
from lrcourse.cli.copies import Course
from lrcourse.cli.grade import masters_of
from lrcourse.grading import batch, grade, probes, report, sandbox, submissions
from lrcourse.grading.grade import Mark, Result
from lrcourse.grading.notebooks import Cell, answers, belongs_to, borrowed, cells, fingerprint

REPOSITORY = Path(lrcourse.__file__).parents[1]
SECTION = "01_dynamics"
REAL = Course(REPOSITORY)
LIGHT = """import numpy as np
import lrcourse
from lrcourse.checks import check, once_solved

lrcourse.use_language("{}")"""


@pytest.fixture(scope="session")
def bubblewrap():
    """What it must hold runs nowhere without it. Where it cannot run is a failure under CI=true."""
    if why := sandbox.obstacle():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"bubblewrap cannot run here: {why}")


def path_of(folder, language):
    return f"{folder}/{'zh/' if language == 'zh' else ''}{SECTION}.ipynb"


def name_of(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def tags_of(cell):
    return cell["metadata"].get("tags", [])


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """The first three exercises of a section, with a set-up cell that loads neither torch nor pictures."""
    root = tmp_path_factory.mktemp("course")
    for language in ("en", "zh"):
        for folder in ("exercises", "solutions"):
            notebook = json.loads(REAL.read(path_of(folder, language)))
            at_end = next(i for i, c in enumerate(notebook["cells"]) if "01.4" in "".join(c["source"]))
            notebook["cells"] = [c for c in notebook["cells"][:at_end] if c["cell_type"] != "code" or tags_of(c)]
            for cell in notebook["cells"]:
                if "setup" in tags_of(cell):
                    cell["source"] = LIGHT.format(language)
            (root / path_of(folder, language)).parent.mkdir(parents=True, exist_ok=True)
            (root / path_of(folder, language)).write_text(json.dumps(notebook), encoding="utf-8")
    return Course(root, version="1")


@pytest.fixture(autouse=True)
def _english(monkeypatch):
    monkeypatch.delenv("LRCOURSE_LANG", raising=False)
    before = words.language()
    words.use_language("en")
    yield
    words.use_language(before)


def notebook(course, language="en", solved=(), change=None, **mine):
    """A student's notebook: the stub, with the published answers *solved*, and those given by name."""
    made = json.loads(course.read(path_of("exercises", language)))
    published = {c["id"]: c["source"] for c in json.loads(course.read(path_of("solutions", language)))["cells"]}
    for cell in made["cells"]:
        if "answer" in tags_of(cell):
            if solved == "all" or name_of(cell) in solved:
                cell["source"] = published[cell["id"]]
            if name_of(cell) in mine:
                cell["source"] = textwrap.dedent(mine[name_of(cell)])
    if change:
        change(made["cells"])
    return json.dumps(made).encode()


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def grades(results):
    return json.loads((results / "grades.json").read_text(encoding="utf-8"))


def marks(results):
    """Student → exercise → mark."""
    return {
        record["student"]: {mark["id"]: mark for mark in record["exercises"]}
        for record in grades(results)["submissions"]
    }


# ------------------------------------------------------------------ the hostile set

RIGHT = """
def descend(grad, start, lr, updates):
    path = [start]
    for t in range(updates):
        path.append(path[-1] - lr(t) * grad(path[-1]))
    return np.array(path)
"""
WRONG = "def descend(grad, start, lr, updates):\n    return [start] * (updates + 1)\n"

# What stands in the answer of 01.2; the other two exercises are solved. State of 01.2, and what its text says.
ANSWERS = {
    "endless loop": ("def descend(*args):\n    while True:\n        pass", "stopped", "endless loop"),
    "loop that catches all": (
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
        "stopped", "endless loop",
    ),
    "sleep for ever": ("import time\ntime.sleep(10**6)", "stopped", "endless loop"),
    "exit": ("import os\ndef descend(*args):\n    os._exit(0)", "stopped", "ends the whole process"),
    "kernel kill": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "stopped", "ends the whole process"),
    "kill of all others": ("import os, signal\nos.kill(1, 9)\nos.kill(-1, 9)", "wrong", "ProcessLookupError"),
    "polite exit": ("import sys\ndef descend(*args):\n    sys.exit(0)", "wrong", "SystemExit"),
    "memory bomb": ("def descend(*args):\n    return bytearray(10**11)", "wrong", "MemoryError"),
    "memory bomb of many": (
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        held = b'x' * (600 * 2**20)\n"
        "        time.sleep(10**6)\ntime.sleep(10**6)",
        "stopped", "more than 1 GB of memory",
    ),
    "fork bomb": ("import os\nwhile True:\n    os.fork()", "stopped", "more than (32 processes|1 GB)"),
    "10 GB of output": (
        f"import os\nfor _ in range(10**4):\n    os.write(1, b'x' * 10**6)\n{RIGHT}", "right", "",
    ),
    "flood of prints": (f"for _ in range(1000):\n    print('x' * 100)\n    display('x')\n{RIGHT}", "right", ""),
    "10 GB on disk": (
        "for name in range(100):\n    for folder in ('.', '/tmp', '/dev/shm'):\n"
        "        with open(f'{folder}/{name}', 'wb') as file:\n            file.write(b'x' * 10**8)",
        "wrong", "No space left|File too large",
    ),
    "flood of the grader's channel": (
        "import os\nfor fd in range(3, 64):\n    try:\n        while True:\n            os.write(fd, b'x' * 65536)\n"
        "    except OSError:\n        pass",
        "stopped", "channel",
    ),
    "forged reply": (
        # The nonce is there for who looks. It buys nothing: a reply is only numbers, and these are judged.
        """
        import os, sys, json
        def descend(*args):
            frame = sys._getframe()
            while frame and "nonce" not in frame.f_locals:
                frame = frame.f_back
            reply = {"seen": True, "state": "right", "points": 100, "refused": None}
            for nonce in ("0" * 32, frame.f_locals["nonce"]):
                line = json.dumps({"nonce": nonce, "reply": reply}).encode() + b"\\n"
                for fd in range(3, 20):
                    try:
                        os.write(fd, line)
                    except OSError:
                        pass
            return []
        """,
        "wrong", "01.2|cannot read|expected|no numbers",
    ),
    "deep and huge reply": (
        "def descend(*args):\n    deep = []\n    for _ in range(900):\n        deep = [deep]\n"
        "    return [deep, 10**4000]",
        "wrong", "",
    ),
    "patched libraries": (
        """
        import builtins, json, sys
        import lrcourse, numpy
        def yes(*args, **kwargs):
            return True
        for name in ("isclose", "allclose", "array_equal", "all"):
            setattr(numpy, name, yes)
        numpy.argwhere = lambda *args: numpy.zeros((0, 1))
        numpy.asarray = lambda *args, **kwargs: numpy.zeros(3)
        lrcourse.words.say = yes
        builtins.all = builtins.max = yes
        json.dumps = lambda *args, **kwargs: '{"seen": "right"}'
        json.loads = lambda *args, **kwargs: {}
        sys.modules["lrcourse.checks"].check = yes
        """ + WRONG.replace("\n", "\n        "),
        "wrong|stopped", "",
    ),
    "patched builtins": ("import builtins\nbuiltins.isinstance = lambda *args: True\n" + WRONG, "stopped|wrong", ""),
    "patched torch": ("import torch\ntorch.equal = lambda *args: True\n" + WRONG, "wrong|stopped", ""),
    "lying object": (
        """
        class Yes:
            __class__ = float
            shape, dtype, ndim = (5, 2), np.dtype(float), 2
            def __eq__(self, other): return True
            def __float__(self): return 1.0
            def __len__(self): return 5
            def __getitem__(self, i): return self
            def __iter__(self): return iter([self] * 5)
            def tolist(self): return [[1.0, 2.0]] * 5
        def descend(*args):
            return Yes()
        """,
        "wrong", "",
    ),
    "object that equals all": (
        "class Yes:\n    def __eq__(self, other): return True\n    def __float__(self): return 1.0\n"
        "def descend(grad, start, lr, updates):\n    return [[Yes()] * 2] * (updates + 1)",
        "wrong", "no plain numbers",
    ),
    "reference": ("from lrcourse.checks.dynamics import path as descend", "wrong", "ImportError|ModuleNotFound"),
}  # fmt: skip

# Looks for what it must not find, then answers rightly: 01.2 is right exactly if nothing was found.
SPY = """
import glob, os, socket
found = []
for place in {places}:
    if os.path.isfile(place) and os.access(place, os.R_OK) or os.path.isdir(place) and os.listdir(place):
        found.append("read " + place)
for place in (*{places}, "/", "/usr", "/etc", "/dev", "/proc/sys/kernel", "/home", {package!r}):
    try:
        with open(os.path.join(os.path.dirname(place) if os.path.isfile(place) else place, "planted"), "w") as file:
            file.write("x")
        found.append("wrote " + place)
    except OSError:
        pass
for address in (("127.0.0.1", {port}), ("1.1.1.1", 53)):
    try:
        socket.create_connection(address, timeout=1)
        found.append("connected")
    except OSError:
        pass
others = [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) > 2 and int(pid) != os.getpid()]
if {mine} in map(int, others):
    found.append("saw processes")
found += [name for name in os.environ if name == "LRCOURSE_TEST_TOKEN"]
if found:
    raise RuntimeError("; ".join(found))
"""


def edited_checks(made):
    """Edits one check, deletes another, duplicates a third, and gives itself points; under a strange id, too."""
    by_name = {name_of(cell): cell for cell in made}
    by_name["largest_stable_lr-check"]["source"] = "print('✓ 01.1 correct')"
    by_name["largest_stable_lr-check"]["metadata"]["nbgrader"]["points"] = 1000
    by_name["descend-check"]["metadata"]["nbgrader"]["grade_id"] = "bonus"
    made.remove(by_name["same_clock-check"])
    made += [json.loads(json.dumps(by_name["descend-check"])) for _ in range(5)]
    made.append({"cell_type": "code", "id": "mine", "metadata": {}, "outputs": [], "execution_count": None,
                 "source": "def largest_stable_lr(curvatures):\n    return 2 / max(curvatures)"})  # fmt: skip


SOLVED = ("largest_stable_lr", "same_clock")
HALF = """
def same_clock(lrs, reference):
    scaled = lrs * reference.sum() / lrs.sum()
    return scaled, np.cumsum(scaled)
"""
FORGOT = "def same_clock(lrs, reference):\n    return helper(lrs), helper(lrs)\n"


def helper_outside(made):
    made.insert(3, {"cell_type": "code", "id": "help", "metadata": {}, "outputs": [], "execution_count": None,
                    "source": "def helper(lrs):\n    return lrs"})  # fmt: skip


@pytest.fixture(scope="module")
def hostile(bubblewrap, course, tmp_path_factory):
    """One class of everyone who means harm, and three who do not, graded once by the command; its results."""
    here = tmp_path_factory.mktemp("class")
    handed_in, results = here / "submissions", here / "results"
    for name, (answer, _, _) in ANSWERS.items():
        write(handed_in / f"{name}.ipynb", notebook(course, solved=SOLVED, descend=answer))
    write(here / "private.txt", b"the teacher's own")
    with socket.create_server(("127.0.0.1", 0)) as server:
        places = [
            here / "private.txt", handed_in / "exit.ipynb", results / "secret", results / "records",
            course.root / path_of("solutions", "en"), course.root / path_of("exercises", "en"),
            REPOSITORY / "solutions", REPOSITORY / "course", REPOSITORY / "tests",
            sandbox.PACKAGE / "checks", sandbox.PACKAGE / "_course", Path.home() / ".bashrc", Path("/etc/passwd"),
        ]  # fmt: skip
        spy = SPY.format(places=list(map(str, places)), package=str(sandbox.PACKAGE), port=server.getsockname()[1],
                         mine=os.getpid())  # fmt: skip
        write(handed_in / "spy.ipynb", notebook(course, solved=SOLVED, descend=spy + RIGHT))
        write(handed_in / "edited.ipynb", notebook(course, change=edited_checks, descend=WRONG))
        write(handed_in / "all right.ipynb", notebook(course, solved="all"))
        write(handed_in / "全对.ipynb", notebook(course, "zh", solved="all"))
        write(handed_in / "half.ipynb", notebook(course, "zh", same_clock=HALF, descend="def descend(:\n"))
        write(handed_in / "forgot.ipynb", notebook(course, same_clock=FORGOT, change=helper_outside))
        write(handed_in / "no notebook.ipynb", b'{"cells": [')
        write(handed_in / "nor this.ipynb", b"[" * 10**6)
        (handed_in / "link.ipynb").symlink_to(here / "private.txt")
        os.environ["LRCOURSE_TEST_TOKEN"] = "secret"
        options = ["--timeout", "3", "--memory", "1", "--jobs", "2"]
        code = main(["grade", str(handed_in), "--out", str(results), *options], course)
        del os.environ["LRCOURSE_TEST_TOKEN"]
    return types.SimpleNamespace(code=code, results=results)


@pytest.mark.parametrize("name", ANSWERS)
def test_hostile_answer_costs_its_own_exercise_only(hostile, name):
    _, state, text = ANSWERS[name]
    mine = marks(hostile.results)[name]
    assert re.fullmatch(state, mine["01.2"]["state"]), mine["01.2"]["text"]
    assert re.search(text, mine["01.2"]["text"])
    assert mine["01.2"]["points"] == (mine["01.2"]["out_of"] if state == "right" else 0)
    after = [] if name.startswith("patched") else ["01.3"]  # who breaks NumPy has it broken from then on
    for id in ("01.1", *after):
        assert mine[id]["state"] == "right", mine[id]["text"]


def test_spy_finds_nothing(hostile):
    mine = marks(hostile.results)["spy"]
    assert mine["01.2"]["state"] == "right", mine["01.2"]["text"]
    noted = next(r for r in grades(hostile.results)["submissions"] if r["student"] == "spy")["noted"]
    assert "network socket.connect" in noted
    assert any(note.startswith("file") for note in noted)


def test_edited_checks_and_points_change_no_grade(hostile):
    record = next(r for r in grades(hostile.results)["submissions"] if r["student"] == "edited")
    assert (record["points"], record["out_of"]) == (0, 4)
    notes = "\n".join(record["notes"])
    for text in ("check cell of 01.1 altered", "check cell of 01.1: points or grading marks altered",
                 "check cell of 01.2: points or grading marks altered", "check cell of 01.2: 6 copies",
                 "check cell of 01.3 deleted", "cells added: 1"):  # fmt: skip
        assert text in notes


def test_broken_files_are_named_and_stop_nothing(hostile):
    assert hostile.code == 1
    why = {problem["where"]: problem["why"] for problem in grades(hostile.results)["not_graded"]}
    assert set(why) == {"no notebook.ipynb", "nor this.ipynb", "link.ipynb"}
    assert "not a notebook" in why["no notebook.ipynb"]
    assert "symbolic link" in why["link.ipynb"]
    assert len(marks(hostile.results)) == len(ANSWERS) + 6


def test_nothing_is_left_running(hostile):
    family = psutil.Process().children(recursive=True)
    assert not [p for p in family if "lrcourse.grading.inside" in p.cmdline()], "a sandbox outlived its submission"


def test_reference_is_reported_and_not_judged(hostile):
    assert "import lrcourse.checks.dynamics" in marks(hostile.results)["reference"]["01.2"]["borrowed"]
    assert marks(hostile.results)["all right"]["01.2"]["borrowed"] == []
    assert marks(hostile.results)["all right"]["01.2"]["published"]


def test_identical_answers_are_listed(hostile):
    (group,) = (group for group in grades(hostile.results)["alike"] if group["exercise"] == "01.2")
    assert {"all right", "全对"} <= set(group["students"])
    assert group["published"]
    assert "half" not in group["students"]


def test_solutions_have_all_points_in_both_languages(hostile):
    for record in grades(hostile.results)["submissions"]:
        if record["student"] in ("all right", "全对"):
            assert record["points"] == record["out_of"] == 4
            assert record["language"] == ("zh" if record["student"] == "全对" else "en")


def test_credit_by_parts_and_words_in_the_students_language(hostile):
    mine = marks(hostile.results)["half"]
    assert (mine["01.3"]["state"], mine["01.3"]["points"], mine["01.3"]["out_of"]) == ("partly", 1, 2)
    assert "应为" in mine["01.3"]["text"]
    assert mine["01.2"]["text"].startswith("单元格出错并停止：SyntaxError")
    assert mine["01.1"]["text"] == "尚未完成"
    (page,) = (hostile.results / "feedback/half").glob("*.html")
    (text,) = (hostile.results / "feedback/half").glob("*.txt")
    assert 'lang="zh-CN"' in page.read_text(encoding="utf-8")
    assert "部分正确" in page.read_text(encoding="utf-8")
    assert "◐ 01.3" in text.read_text(encoding="utf-8")
    assert "1 / 4 分" in text.read_text(encoding="utf-8")


def test_a_name_defined_elsewhere_is_said_to_be(hostile):
    assert "`helper` is defined outside the answer cell" in marks(hostile.results)["forgot"]["01.3"]["text"]


def test_results_tell_no_secret(hostile):
    secret = (hostile.results / "secret").read_text()
    assert (hostile.results / "secret").stat().st_mode & 0o077 == 0
    for path in hostile.results.rglob("*.*"):
        assert secret not in path.read_text(encoding="utf-8", errors="replace")


def test_without_bubblewrap_it_warns_and_limits(course, tmp_path, monkeypatch, capsys):
    """The spy now finds what it looks for, so it can; what the limits hold, they still hold."""
    monkeypatch.setattr(sandbox, "obstacle", lambda: "no bwrap in this test")
    spy = "open({!r}).read()\nraise RuntimeError('read')".format(str(tmp_path / "private.txt"))
    write(tmp_path / "private.txt", b"x")
    bomb = "import os\nwhile True:\n    os.fork()"
    write(tmp_path / "in/spy.ipynb", notebook(course, solved=SOLVED, descend=spy))
    write(tmp_path / "in/bomb.ipynb", notebook(course, solved=SOLVED, descend=bomb))
    main(["grade", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--timeout", "2", "--jobs", "1"], course)
    assert "NO SANDBOX: no bwrap in this test" in capsys.readouterr().err
    assert "RuntimeError: read" in marks(tmp_path / "out")["spy"]["01.2"]["text"]
    assert marks(tmp_path / "out")["bomb"]["01.2"]["state"] == "stopped"
    assert marks(tmp_path / "out")["bomb"]["01.3"]["state"] == "right"
    assert grades(tmp_path / "out")["confined"] is False
    assert "sandbox" not in (tmp_path / f"out/feedback/spy/{SECTION}.txt").read_text()
    homes = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            homes.append(process.environ().get("HOME", ""))
    assert not [home for home in homes if Path(home).name.startswith("lrcourse-")], "the bomb goes on"


def test_a_judge_cannot_be_kept_busy(monkeypatch):
    def endless(cases, seen):
        while True:
            pass

    monkeypatch.setitem(checks.EXERCISES, "99.9", checks.Exercise("99.9", lambda rng: [], None, endless))
    with grade._at_most(0.2):
        assert "cannot read" in checks.judge("99.9", 0, [])


@pytest.mark.parametrize("source", ["(" * 10**5, "-" * 10**5 + "1", "a." * 40_000 + "a", "1+" * 40_000 + "1",
                                    "'\ud800'", "\ud800", "\0", "x" * 10**7])  # fmt: skip
def test_an_answer_that_is_hard_to_look_into_harms_nobody(course, source):
    found = cells(notebook(course, descend=source))
    master = belongs_to(found, masters_of(course))
    made = answers(found, master).sources["01.2"]
    assert fingerprint(made) == fingerprint(made) != fingerprint(RIGHT)
    assert json.dumps([borrowed(made, master.tasks[1], master), made], ensure_ascii=False).encode()


def test_a_notebook_of_blank_lines_is_read_at_once(course):
    assert not belongs_to([Cell("x", "code", "\n" * 10**6)], masters_of(course))


@pytest.mark.parametrize("told", ["0001-01-01 00:00:00+14:00", "9999-12-31T23:59:59-14:00", "yesterday"])
def test_a_date_that_no_calendar_has_stops_nobody(course, tmp_path, told):
    write(tmp_path / f"in/submitted/max/{SECTION}/a.ipynb", notebook(course))
    write(tmp_path / f"in/submitted/max/{SECTION}/timestamp.txt", told.encode())
    (found,) = submissions.find(tmp_path / "in")
    assert found.submitted.year == datetime.now().year


def test_a_students_own_timestamp_is_not_believed(course, tmp_path):
    write(tmp_path / "in/max/a.ipynb", notebook(course))
    write(tmp_path / "in/max/timestamp.txt", b"2001-01-01 00:00:00")
    (found,) = submissions.find(tmp_path / "in")
    assert found.submitted.year == datetime.now().year


def test_a_course_that_lies_in_tmp_is_seen():
    command = sandbox.bubblewrap((), 1, {})
    assert command.index("/tmp") < command.index(str(sandbox.PACKAGE))


def test_memory_in_files_without_a_name_counts():
    before = sandbox._files_in_memory(os.getpid())
    handle = os.memfd_create("hoard")
    try:
        os.write(handle, bytes(2**20))
        assert sandbox._files_in_memory(os.getpid()) - before == 2**20
    finally:
        os.close(handle)


def test_a_changed_answer_meets_other_cases(course):
    master = belongs_to(cells(notebook(course)), masters_of(course))
    runs = [
        grade._Run(master, answers(cells(notebook(course, descend=source)), master), sandbox.Limits(), "secret")
        for source in (RIGHT, RIGHT, RIGHT + "\n# again")
    ]
    seeds = [run.seeds["01.2"] for run in runs]
    assert seeds[0] == seeds[1] != seeds[2]


# ------------------------------------------------------------------ killed half-way


def test_a_killed_run_is_completed_and_nothing_is_graded_twice(bubblewrap, course, tmp_path):
    for n in range(6):
        slow = f"import time\ntime.sleep({n % 3})\n"
        write(tmp_path / f"in/student{n}.ipynb", notebook(course, descend=slow + RIGHT))
    code = (
        "import sys; from pathlib import Path; from lrcourse.cli import main; from lrcourse.cli.copies import Course\n"
        f"sys.exit(main(sys.argv[1:], Course(Path({str(course.root)!r}))))"
    )
    command = [sys.executable, "-c", code, "grade", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--jobs"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*command, "2"], env=environment, **silent) as first:
        until = time.monotonic() + 120
        while not list((tmp_path / "out").glob("records/*/*.json")) and time.monotonic() < until:
            time.sleep(0.02)
        family = psutil.Process(first.pid).children(recursive=True)
        os.kill(first.pid, signal.SIGKILL)
    assert psutil.wait_procs(family, timeout=20)[1] == [], "workers of the killed run go on"
    records = list((tmp_path / "out").glob("records/*/*.json"))
    done = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in records}
    assert 0 < len(done) < 6
    assert not (tmp_path / "out/grades.csv").exists()

    second = subprocess.run([*command, "1"], env=environment, capture_output=True, text=True)
    assert second.stdout.startswith(f"{6 - len(done)} graded, {len(done)} unchanged since the last time\n")
    assert second.returncode == 0
    for path, before in done.items():
        assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert len(marks(tmp_path / "out")) == 6
    assert all(mine["01.2"]["state"] == "right" for mine in marks(tmp_path / "out").values())


# ------------------------------------------------------------------ who, when, what (no sandbox)


@pytest.fixture
def graded(course, tmp_path, monkeypatch):
    """Grade a folder or zip with a grader that only counts: every answer gets one point. Returns what it graded."""
    seen = []

    def grade(master, answers, *, student, **_):
        seen.append(student)
        made = tuple(Mark(task.id, task.title, 1.0, task.points, "right") for task in master.tasks)
        return Result(made, (), 0.0)

    monkeypatch.setattr(batch, "grade", grade)

    def run(source, *options):
        seen.clear()
        code = main(["grade", str(source), "--out", str(tmp_path / "out"), "--jobs", "1", *options], course)
        return code, sorted(seen)

    return run


def test_a_record_that_is_damaged_is_named_and_graded_again_when_its_turn_comes(course, graded, tmp_path):
    for student in ("ada", "bo"):
        write(tmp_path / f"in/{student}.ipynb", notebook(course))
    assert graded(tmp_path / "in") == (0, ["ada", "bo"])
    for damage in (b"{", b"{}"):
        record = tmp_path / f"out/records/bo/{SECTION}.json"
        record.write_bytes(damage)
        assert graded(tmp_path / "in", "--only", "ada") == (1, [])
        (problem,) = grades(tmp_path / "out")["not_graded"]
        assert problem["where"] == str(record) and "damaged" in problem["why"]
        assert graded(tmp_path / "in") == (0, ["bo"])


def test_a_link_in_place_of_the_folder_of_submissions_is_named(course, graded, tmp_path):
    write(tmp_path / "in/ada.ipynb", notebook(course))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "in/submitted").symlink_to(tmp_path / "elsewhere")
    assert graded(tmp_path / "in") == (1, ["ada"])
    (problem,) = grades(tmp_path / "out")["not_graded"]
    assert "symbolic link" in problem["why"]


def test_layouts(course, graded, tmp_path):
    stub = notebook(course)
    for name in (
        "ada.ipynb", f"{SECTION}_grace.ipynb", "emmy/anything at all.ipynb", "submitted/max/ps1/x.ipynb",
        "Niels Bohr_1234_assignsubmission_file_/x.ipynb", "lise/.ipynb_checkpoints/x-checkpoint.ipynb",
        f"otto/solutions/{SECTION}.ipynb", f"otto/exercises/{SECTION}.ipynb", "otto/notes.txt",
    ):  # fmt: skip
        write(tmp_path / "in" / name, stub)
    assert graded(tmp_path / "in") == (0, ["Niels Bohr", "ada", "emmy", "grace", "max", "otto"])


def test_zips_of_moodle_and_canvas(course, graded, tmp_path):
    stub = notebook(course)
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for name in ("Li Ming_11_assignsubmission_file_/a.ipynb", "Li Ming_12_assignsubmission_file_/a.ipynb",
                     "Ada Lovelace_13_assignsubmission_file_/a.ipynb", "hopper_LATE_77_99_b.ipynb",
                     "noether_78_98_b.ipynb", "__MACOSX/x.ipynb", "read me.txt"):  # fmt: skip
            archive.writestr(name, stub)
    assert graded(tmp_path / "export.zip") == (0, ["Ada Lovelace", "Li Ming 11", "Li Ming 12", "hopper", "noether"])
    assert [r["student"] for r in grades(tmp_path / "out")["submissions"] if r["late"]] == ["hopper"]


def test_hostile_zip(course, graded, tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "LARGEST", 10**6)
    link = zipfile.ZipInfo("linked.ipynb")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "evil.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("../../escaped.ipynb", "/absolute.ipynb", "C:/windows.ipynb", "..\\back.ipynb"):
            archive.writestr(name, notebook(course))
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.ipynb", b" " * 10**8)
        archive.writestr("good.ipynb", notebook(course))
    before = set(tmp_path.parent.glob("*")) | set(tmp_path.rglob("*"))
    assert graded(tmp_path / "evil.zip") == (1, ["good"])
    after = set(tmp_path.parent.glob("*")) | {path for path in tmp_path.rglob("*") if "out" not in path.parts}
    assert after == before, "something was unpacked"
    why = {problem["where"]: problem["why"] for problem in grades(tmp_path / "out")["not_graded"]}
    assert len(why) == 6
    assert "larger than" in why["evil.zip: bomb.ipynb"]
    assert "symbolic link" in why["evil.zip: linked.ipynb"]
    assert "leads out" in why["evil.zip: ../../escaped.ipynb"]


def test_links_to_folders_are_not_followed(course, graded, tmp_path):
    write(tmp_path / "elsewhere/other.ipynb", notebook(course))
    (tmp_path / "in").mkdir()
    (tmp_path / "in/mallory").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "in/pipe.ipynb")
    write(tmp_path / "in/good.ipynb", notebook(course))
    assert graded(tmp_path / "in") == (1, ["good"])
    assert {p["where"] for p in grades(tmp_path / "out")["not_graded"]} == {"mallory", "pipe.ipynb"}


def test_the_latest_counts_and_late_is_said(course, graded, tmp_path):
    first, last = tmp_path / "in/ada/first.ipynb", tmp_path / "in/ada/last.ipynb"
    write(first, notebook(course, solved="all"))
    write(last, notebook(course))
    os.utime(first, (10**9, 10**9))
    write(tmp_path / "in/submitted/max/ps1/x.ipynb", notebook(course))
    write(tmp_path / "in/submitted/max/ps1/timestamp.txt", b"2026-12-02 01:00:00.5 UTC")
    os.utime(last, (datetime(2026, 11, 30).timestamp(),) * 2)
    graded(tmp_path / "in", "--due", "2026-12-01")
    ada, max_ = grades(tmp_path / "out")["submissions"]
    assert (ada["where"], ada["others"], ada["late"]) == ("ada/last.ipynb", ["ada/first.ipynb"], False)
    assert (max_["late"], max_["points"]) == (True, 3), "late costs no point here"
    graded(tmp_path / "in", "--due", "2026-12-05")
    assert not any(record["late"] for record in grades(tmp_path / "out")["submissions"])
    assert main(["grade", str(tmp_path / "in"), "--out", "x", "--due", "soon"], course) == 2


def test_only_what_is_new_or_changed_or_asked_for_is_graded(course, graded, tmp_path, capsys):
    for name in ("ada", "max"):
        write(tmp_path / f"in/{name}.ipynb", notebook(course))
    assert graded(tmp_path / "in")[1] == ["ada", "max"]
    assert graded(tmp_path / "in")[1] == []
    write(tmp_path / "in/max.ipynb", notebook(course, descend=RIGHT))
    assert graded(tmp_path / "in")[1] == ["max"]
    assert graded(tmp_path / "in", "--only", "ada", "--again")[1] == ["ada"]
    assert len(marks(tmp_path / "out")) == 2
    (tmp_path / f"out/records/ada/{SECTION}.json").write_text("{half a rec")
    assert graded(tmp_path / "in")[1] == ["ada"]
    capsys.readouterr()
    assert graded(tmp_path / "in", "--only", "adda")[0] == 2
    assert "no submission of adda" in capsys.readouterr().err


def test_a_grader_that_fails_is_told_and_tried_again(course, graded, tmp_path, monkeypatch):
    write(tmp_path / "in/ada.ipynb", notebook(course))
    write(tmp_path / "in/max.ipynb", notebook(course))
    works = batch.grade

    def fails(master, answers, *, student, **rest):
        if student == "ada":
            raise ZeroDivisionError
        return works(master, answers, student=student, **rest)

    monkeypatch.setattr(batch, "grade", fails)
    assert graded(tmp_path / "in") == (1, ["max"])
    assert "ZeroDivisionError" in grades(tmp_path / "out")["not_graded"][0]["why"]
    monkeypatch.setattr(batch, "grade", works)
    assert graded(tmp_path / "in") == (0, ["ada"])


def test_stub_has_no_points_and_needs_no_sandbox(course, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox.Sandbox, "__init__", None)
    for language in ("en", "zh"):
        write(tmp_path / f"in/{language}.ipynb", notebook(course, language))
    assert main(["grade", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--jobs", "1"], course) == 0
    for record in grades(tmp_path / "out")["submissions"]:
        assert (record["points"], record["out_of"]) == (0, 4)
        assert {mark["state"] for mark in record["exercises"]} == {"unsolved"}


def test_tables_are_safe_and_names_too(course, graded, tmp_path):
    names = ['=HYPERLINK("http:evil")', "+1", "@x", "-", "CON", "a:b", "ada", "李明"]
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        for n, name in enumerate(names):
            archive.writestr(f"{name}_{n}_assignsubmission_file_/x.ipynb", notebook(course))
    graded(tmp_path / "c.zip")
    data = (tmp_path / "out/grades.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert len(rows) == len(names)
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())
    assert {(row["points"], row["out_of"], row["01.2"]) for row in rows} == {("3", "4", "1")}
    folders = {path.name for path in (tmp_path / "out/feedback").iterdir()}
    assert len(folders) == len(names)
    assert {"ada", "李明"} < folders
    assert all(re.fullmatch(r"[\w.-]+", name) and not name.startswith(".") and name != "CON" for name in folders)


def test_feedback_is_escaped():
    mark = {"id": "01.1", "title": "t", "points": 0, "out_of": 1, "state": "wrong", "text": "<script>`<b>`</script>"}
    record = {"student": "<img src=x>", "submitted": None, "late": False, "points": 0, "out_of": 1, "language": "en",
              "exercises": [mark]}  # fmt: skip
    page = report.html(record, "Title")
    assert "<script>" not in page
    assert "<img" not in page
    assert "<code>&lt;b&gt;</code>" in page


def test_cells_are_known_by_name_where_ids_are_lost(course):
    """Some editors give every cell a new id."""
    made = json.loads(notebook(course, "zh", solved="all"))
    for n, cell in enumerate(made["cells"]):
        cell["id"] = f"new{n}"
    masters = masters_of(course)
    found = cells(json.dumps(made).encode())
    master = belongs_to(found, masters)
    assert (master.section, master.language) == (SECTION, "zh")
    assert None not in answers(found, master).sources.values()


# ------------------------------------------------------------------ what goes into the sandbox


def test_probes_carry_neither_judge_nor_reference():
    checks.load()
    ids = sorted(checks.EXERCISES)
    made = dict(probes.sources(ids))
    for n, source in enumerate(made.values()):
        needed = {f"lrcourse.checks.{name}" for name in re.findall(r"^from \.(\w+) import", source, re.M)}
        assert needed <= set(list(made)[:n]), "a module stands before one that it imports"
    defined = {}
    for module, source in made.items():
        tree = ast.parse(source)
        mine = {name for node in tree.body for name in probes._binds(node)} | {"PROBES"}
        defined[module.rpartition(".")[2]] = mine
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        local = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        local |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        local |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        local |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)}
        local |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        annotations = {
            name.id for node in ast.walk(tree) for field in ("annotation", "returns")
            if isinstance(getattr(node, field, None), ast.AST)
            for name in ast.walk(getattr(node, field)) if isinstance(name, ast.Name)
        }  # fmt: skip
        assert used - mine - local - annotations - set(dir(builtins)) == set(), f"{module} lacks what it needs"
        assert not {"Mistake", "Comparison", "comparison", "EXERCISES"} & (mine | used), module
    assert set(re.findall(r"'(\d\d\.\d+)': \(", "".join(made.values()))) == set(ids)
    for module, name in (("dynamics", "path"), ("custom", "branched"), ("custom", "annealed"),
                         ("schedulers", "all_curves"), ("exercise", "judge"), ("exercise", "credit")):  # fmt: skip
        assert name not in defined[module], f"{module}.{name} goes into the sandbox"


def test_no_published_solution_is_reported_as_borrowing():
    for master in masters_of(REAL).values():
        folder = "solutions/zh" if master.language == "zh" else "solutions"
        solved = {cell.id: cell.source for cell in cells(REAL.read(f"{folder}/{master.section}.ipynb"))}
        for task in master.tasks:
            assert borrowed(solved[task.answer.id], task, master) == []
        assert len(master.tasks) >= 3
        assert all(task.points > 0 and task.title for task in master.tasks)


def test_credit_counts_parts_and_never_gives_a_refused_answer_all():
    cases = checks.draw("01.3", 1)
    seen = checks.probe("01.3", lambda lrs, reference: (lrs * reference.sum() / lrs.sum(), lrs), 1)
    assert len(cases) == len(seen)
    assert checks.judge("01.3", 1, seen)
    assert checks.credit("01.3", 1, seen) == 0.5
    for nonsense in (None, [], [1], [[]], [{"scaled": "x"}], {"scaled": 1}):
        assert checks.credit("01.3", 1, nonsense) == 0
    assert checks.credit("01.1", 1, [1.0, 1.0, 1.0]) == 0
