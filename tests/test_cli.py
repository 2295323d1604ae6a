"""The command ``lrcourse``, on a course of three small sections, and once on the wheel."""

import functools
import importlib.metadata
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import lrcourse.cli
from lrcourse import words
from lrcourse.cli import copies, doctor, exercises, lab_command, main
from lrcourse.cli.copies import Course, PersonalCopy

REPOSITORY = Path(lrcourse.__file__).parents[1]
LESSON, EXERCISES = "notebooks/02_schedulers.ipynb", "exercises/02_schedulers.ipynb"

SETUP = """
class NotYet(AssertionError): ...
class Unsolved(NotYet): ...
def check(id, answer):
    if answer is None:
        raise Unsolved(f"✗ {id} not solved yet: …")
    if answer != 4:
        raise NotYet(f"✗ {id} update 3: expected 4, found {answer}")
    print(f"✓ {id} correct")
"""


def notebook(*sources, outputs=()):
    """The bytes of a notebook; a source that begins with # is a text cell."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": source}
        if source.startswith("#") else
        {"cell_type": "code", "metadata": {}, "source": source.splitlines(keepends=True), "outputs": list(outputs),
         "execution_count": None}
        for source in sources
    ]  # fmt: skip
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def stub(*answers):
    """An exercise notebook with these answers, numbered from 02.1."""
    sources = [SETUP]
    for n, answer in enumerate(answers, 1):
        mine = f"answer_{n}"
        sources += [f"## 02.{n} · Draw {n} curves", answer.replace("answer", mine), f'check("02.{n}", {mine})', "1 / 0"]
    return notebook(*sources)


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture
def course(tmp_path):
    """A course of two lessons and one section of exercises, in both languages."""
    root = tmp_path / "course"
    for zh in ("", "zh/"):
        for section in ("00_start", "01_dynamics", "02_schedulers"):
            write(root / f"notebooks/{zh}{section}.ipynb", notebook(f"# {section}", "1 + 1"))
        for folder in ("exercises", "solutions"):
            write(root / f"{folder}/{zh}02_schedulers.ipynb", stub("answer = None", "answer = None"))
    write(root / "notebooks/.ipynb_checkpoints/02_schedulers.ipynb", b"not delivered")
    return Course(root, version="1.0")


@pytest.fixture
def newer(course):
    """The same course, later: another lesson, another stub, and a third exercise page."""
    write(course.root / LESSON, notebook("# 02_schedulers", "1 + 2"))
    write(course.root / EXERCISES, stub("answer = None  # new", "answer = None"))
    write(course.root / "notebooks/03_warmup.ipynb", notebook("# 03_warmup"))

    return Course(course.root, version="2.0")


@pytest.fixture(autouse=True)
def _english_in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("LRCOURSE_LANG", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    before = words.language()
    words.use_language("en")
    yield
    words.use_language(before)


@pytest.fixture
def run(course, capsys):
    """Runs the command on the small course; returns exit code and all that was printed."""

    def run(*argv):
        code = main([str(word) for word in argv], course)
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    return run


def contents(folder):
    """Every visible file below a folder, and its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file() and ".lrcourse" not in path.parts
    }


# ------------------------------------------------------------------ start


def test_start_makes_a_whole_copy(run, course):
    assert run("start", "mine") == (0, "Your copy of the course is in mine.\n")
    assert contents("mine") == {name: course.read(name) for name in course.files()}
    assert len(course.files()) == 10
    assert run("start", "mine") == (0, "Your copy in mine is up to date.\n")


def test_start_without_a_name_uses_the_copy_we_stand_in(run, monkeypatch):
    run("start")
    assert Path("my-lrcourse", EXERCISES).is_file()
    monkeypatch.chdir("my-lrcourse/exercises")
    assert run("start") == (0, f"Your copy in {Path('..').resolve()} is up to date.\n")


def test_a_page_that_was_run_is_replaced_and_one_that_was_edited_stays(run, course, request):
    run("start", "mine")
    ran = notebook("# 02_schedulers", "1 + 1", outputs=[{"output_type": "stream", "name": "stdout", "text": "2"}])
    solved = stub("answer = 4", "answer = None")
    write(Path("mine", LESSON), ran)
    write(Path("mine", EXERCISES), solved)
    write(Path("mine/exercises/scratch.ipynb"), b"my own")

    assert run("start", "mine") == (0, "Your copy in mine is up to date.\n")
    assert contents("mine")[LESSON] == ran, "the outputs of an unchanged page stay"

    request.getfixturevalue("newer")
    code, told = run("start", "mine")
    assert code == 0
    assert "1 files added, 1 brought up to date" in told
    assert "exercises/02_schedulers.ipynb has your changes and stays" in told
    assert "02_schedulers.new-1.ipynb" in told
    mine = contents("mine")
    assert mine.pop("exercises/scratch.ipynb") == b"my own"
    assert mine.pop("exercises/02_schedulers.new-1.ipynb") == course.read(EXERCISES)
    assert mine == {name: course.read(name) for name in course.files()} | {EXERCISES: solved}
    assert run("start", "mine") == (0, "Your copy in mine is up to date.\n"), "told once, laid beside once"


def test_a_file_is_exchanged_and_never_rewritten(run, request):
    """Who reads a page while it is replaced reads the whole old page."""
    run("start", "mine")
    before = contents("mine")[LESSON]
    with open(Path("mine", LESSON), "rb") as page:
        request.getfixturevalue("newer")
        run("start", "mine")
        assert page.read() == before
    assert contents("mine")[LESSON] != before


def test_a_new_version_never_lands_on_work_in_the_one_laid_beside(run, course, newer):
    Path("mine/.lrcourse").mkdir(parents=True)
    write(Path("mine", EXERCISES), b"my work")
    write(Path("mine/exercises/02_schedulers.new-1.ipynb"), b"my work on the new version")
    run("start", "mine")
    assert contents("mine")[EXERCISES] == b"my work"
    assert contents("mine")["exercises/02_schedulers.new-1.ipynb"] == b"my work on the new version"
    assert contents("mine")["exercises/02_schedulers.new-2.ipynb"] == course.read(EXERCISES)


def test_a_lost_or_broken_manifest_costs_no_work(run, course):
    run("start", "mine")
    write(Path("mine", EXERCISES), b"my work")
    write(Path("mine/.lrcourse/manifest.json"), b'{"files": 3')
    assert run("start", "mine")[0] == 0
    assert contents("mine")[EXERCISES] == b"my work"
    assert contents("mine")["exercises/02_schedulers.new-1.ipynb"] == course.read(EXERCISES)


def test_start_refuses_a_file(run):
    Path("mine").write_text("a letter")
    code, told = run("start", "mine")
    assert code == 2
    assert told.startswith("✗ mine is a file; name a folder")
    assert Path("mine").read_text() == "a letter"


def test_start_refuses_a_folder_with_other_files(run):
    write(Path("mine/thesis.tex"), b"years")
    code, told = run("start", "mine")
    assert code == 2
    assert "mine holds other files" in told
    assert "lrcourse start mine/my-lrcourse" in told
    assert contents("mine") == {"thesis.tex": b"years"}
    assert run("start", "mine/my-lrcourse")[0] == 0


def test_start_takes_a_folder_under_version_control(run):
    write(Path("mine/.git/config"), b"")
    assert run("start", "mine")[0] == 0


def test_start_where_nothing_can_be_written_says_so(run, monkeypatch):
    def denied(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", denied)
    assert run("start", "mine") == (2, "✗ mine/.lrcourse: Permission denied\n")


def test_a_full_disk_leaves_nothing_half_done(run, course, monkeypatch):
    run("start", "mine")
    before = contents("mine")
    write(course.root / LESSON, notebook("# longer"))

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, told = run("start", "mine")
    assert code == 2
    assert "No space left on device" in told
    assert contents("mine") == before
    assert [path.name for path in Path("mine/.lrcourse").iterdir()] == ["manifest.json"]


def test_half_written_files_of_killed_runs_are_swept_away(run):
    run("start", "mine")
    old, young = Path("mine/.lrcourse/half-old"), Path("mine/.lrcourse/half-young")
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    run("start", "mine")
    assert not old.exists()
    assert young.exists(), "another run may be at work on it"


# ------------------------------------------------------------------ being killed


def killed_at(step, act):
    """Run *act* in a child that kills itself on reaching its step-th line in copies.py. True if it got that far."""
    child = os.fork()
    if child == 0:
        left = step

        def trace(frame, event, argument):
            nonlocal left
            if frame.f_code.co_filename != copies.__file__:
                return None
            left -= event == "line"
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        try:
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or status == 0, "it failed rather than being killed"
    return os.WIFSIGNALED(status)


def each_death(tmp_path, act, before):
    """Kill *act* on a copy with the files *before*, at each of its lines in turn; yields the folders left behind."""
    for step in itertools.count():
        folder = tmp_path / f"copy-{step}"
        for name, data in before.items():
            write(folder / name, data)
        if not killed_at(step, functools.partial(act, PersonalCopy(folder))):
            assert step > 30
            return
        yield folder


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
class TestKilled:
    """On a course of two files: each file takes the same path."""

    @pytest.fixture(autouse=True)
    def _without_waiting_for_the_disk(self, monkeypatch):
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # it guards against power cuts, not against kills

    @pytest.fixture
    def small(self, course):
        for name in set(course.files()) - {LESSON, EXERCISES}:
            (course.root / name).unlink()
        return course

    def test_start_is_completed_by_the_next(self, small, tmp_path):
        whole = {name: small.read(name) for name in small.files()}
        for folder in each_death(tmp_path, lambda copy: copy.update(small, "en"), {}):
            assert contents(folder).items() <= whole.items(), f"a torn file in {folder}"
            PersonalCopy(folder).update(small, "en")
            assert contents(folder) == whole
            assert PersonalCopy(folder).behind(small) == 0

    def test_an_update_keeps_all_work_and_is_completed_by_the_next(self, small, tmp_path, request):
        first = tmp_path / "first"
        PersonalCopy(first).update(small, "en")
        old = contents(first) | {EXERCISES: b"my work"}
        manifest = {".lrcourse/manifest.json": (first / ".lrcourse/manifest.json").read_bytes()}
        newer = request.getfixturevalue("newer")
        new = {name: newer.read(name) for name in newer.files()} | {
            EXERCISES: b"my work", "exercises/02_schedulers.new-1.ipynb": newer.read(EXERCISES)
        }  # fmt: skip
        for folder in each_death(tmp_path, lambda copy: copy.update(newer, "en"), old | manifest):
            for name, data in contents(folder).items():
                assert data in (old.get(name), new[name]), f"{name} is torn in {folder}"
            PersonalCopy(folder).update(newer, "en")
            assert contents(folder) == new

    def test_a_reset_has_the_backup_before_the_stub(self, small, tmp_path):
        fresh, backup = small.read(EXERCISES), "exercises/02_schedulers.backup-1.ipynb"
        before = {".lrcourse/manifest.json": b"{}", EXERCISES: b"my work"}
        for folder in each_death(tmp_path, lambda copy: copy.reset(small, EXERCISES), before):
            mine = contents(folder)
            assert mine[EXERCISES] == b"my work" or (mine[EXERCISES], mine[backup]) == (fresh, b"my work")
            PersonalCopy(folder).reset(small, EXERCISES)
            assert contents(folder)[EXERCISES] == fresh
            assert contents(folder)[backup] == b"my work"


# ------------------------------------------------------------------ reset


def test_reset_keeps_each_old_version(run, course):
    run("start", "mine")
    for n in (1, 2):
        write(Path("mine", EXERCISES), b"attempt %d" % n)
        code, told = run("reset", "schedulers", "--dir", "mine")
        assert code == 0
        assert f"yours is kept as mine/exercises/02_schedulers.backup-{n}.ipynb" in told
        assert Path(f"mine/exercises/02_schedulers.backup-{n}.ipynb").read_bytes() == b"attempt %d" % n
        assert contents("mine")[EXERCISES] == course.read(EXERCISES)
    assert "as it was handed out; nothing to do" in run("reset", "2", "--dir", "mine")[1]
    Path("mine", EXERCISES).unlink()
    assert "was gone and is back" in run("reset", "02", "--dir", "mine")[1]


def test_reset_takes_the_language_of_the_copy(run):
    run("start", "mine", "--lang", "zh")
    words.use_language("en")
    write(Path("mine/exercises/zh/02_schedulers.ipynb"), b"attempt")
    assert "mine/exercises/zh/02_schedulers.ipynb 已恢复" in run("reset", "02", "--dir", "mine")[1]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("scheduler", "there is no section 'scheduler'; the nearest is 02_schedulers"),
        ("77", "there is no section '77'; there are 00_start, 01_dynamics, 02_schedulers"),
        ("00", "section 00_start has no exercises; these have: 02_schedulers"),
    ],
)
@pytest.mark.parametrize("command", ["check", "reset"])
def test_a_section_that_is_not_there(run, command, word, told):
    run("start")
    assert run(command, word) == (2, f"✗ {told}\n")


@pytest.mark.parametrize("command", [("check",), ("reset", "02")])
def test_no_copy_yet(run, command):
    code, told = run(*command)
    assert code == 2
    assert "there is no copy of the course in my-lrcourse; `lrcourse start my-lrcourse` makes one" in told


# ------------------------------------------------------------------ check


def test_check_tells_each_exercise_its_verdict(run, course):
    """One kernel, and two more after the cells that break theirs."""
    answers = {
        "answer = 4": "✓ 02.1 Draw 1 curves",
        "answer = None": "… 02.2 Draw 2 curves: not solved yet",
        "answer = 5": "✗ 02.3 Draw 3 curves: update 3: expected 4, found 5",
        "answer = = 4": "✗ 02.4 Draw 4 curves: its cells stop with SyntaxError: invalid syntax",
        "raise NotImplementedError": "… 02.5 Draw 5 curves: not solved yet",
        "while True: pass": "✗ 02.6 Draw 6 curves: the cell `while True: pass` runs for more than 3 s",
        "import os; os._exit(1)": "✗ 02.7 Draw 7 curves: the kernel died in the cell `import os; os._exit(1)`",
        "answer = 2 + 2": "✓ 02.8 Draw 8 curves",
    }  # and 02.9 is deleted
    write(course.root / EXERCISES, stub(*["answer = None"] * 9))
    run("start", "mine")
    write(Path("mine", EXERCISES), stub(*answers))
    before = contents("mine")

    code, told = run("check", "--dir", "mine", "--timeout", "3")
    assert code == 1
    lines = told.splitlines()
    assert lines[0] == "02_schedulers"
    assert lines[-1] == "2 of 9 solved"
    for line, expected in zip(lines[1:], answers.values(), strict=False):
        assert line.strip().startswith(expected)
    assert lines[9].strip().startswith("✗ 02.9 Draw 9 curves: its check cell is gone")
    assert "Traceback" not in told
    assert contents("mine") == before, "a check reads, and writes nothing"


def test_check_is_green_when_all_is_solved_and_speaks_chinese(run):
    run("start", "mine")
    write(Path("mine/exercises/zh/02_schedulers.ipynb"), stub("answer = 4", "answer = 4"))
    code, told = run("check", "02", "--dir", "mine", "--lang", "zh")
    assert told.splitlines()[-2:] == ["  现在可以对照参考答案：solutions/zh/02_schedulers.ipynb", "已完成 2 / 2"]
    assert code == 0


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is broken as a notebook"),
        (b"\x80{", "is broken as a notebook"),
        (b"[1, 2]", "is broken as a notebook (it lacks the cells of a notebook)"),
        (b'{"worksheets": []}', "is broken as a notebook (it lacks the cells of a notebook)"),
        (None, "is gone; `lrcourse reset 02_schedulers` gives back a fresh one"),
    ],
)
def test_check_of_a_broken_notebook_is_one_line(run, data, told):
    run("start")
    path = Path("my-lrcourse", EXERCISES)
    path.unlink() if data is None else path.write_bytes(data)
    code, output = run("check", "02")
    assert code == 1
    assert re.fullmatch(rf"02_schedulers\n  ✗ \S+ {re.escape(told)}.*\n0 of 2 solved\n", output)
    if data is not None:
        run("reset", "02")
        assert Path("my-lrcourse/exercises/02_schedulers.backup-1.ipynb").read_bytes() == data


def test_check_without_nbclient_says_what_to_install(run, monkeypatch):
    run("start")
    monkeypatch.setitem(sys.modules, "nbclient", None)
    code, told = run("check", "02")
    assert code == 1
    assert f"checking needs nbclient, which is not installed here: {sys.executable} -m pip install" in told


def test_check_interrupted_stops_tidily(run, monkeypatch):
    run("start")

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(exercises, "run", interrupted)
    code, told = run("check")
    assert code == 130
    assert told == "02_schedulers\n\nstopped\n"


def test_a_check_that_prints_its_sign_and_then_fails_is_not_solved():
    from nbformat.v4 import new_output

    printed = new_output("stream", text="✓ 02.1 correct\n")
    error = new_output("error", ename="ValueError", evalue="late\nvery", traceback=[])
    assert exercises.read("02.1", [[printed]]).state == "solved"
    assert exercises.read("02.2", [[printed]]).state == "wrong"
    assert exercises.read("02.1", [[printed, error]]).text == "its cells stop with ValueError: late very"


# ------------------------------------------------------------------ lab


@pytest.fixture
def replaced(monkeypatch):
    """Stands for the process that JupyterLab takes over: what it was started with."""
    started = {}

    def replace(argv, env):
        started.update(options=argv[3:], env=env)
        assert argv[:3] == [sys.executable, "-m", "jupyterlab"]
        return 0

    monkeypatch.setattr(os, "execve", lambda program, argv, env: sys.exit(replace(argv, env)))
    monkeypatch.setattr(lrcourse.cli.subprocess, "call", lambda argv, env: sys.exit(replace(argv, env)))
    return started


def test_lab_replaces_the_process_by_jupyterlab_on_the_copy(run, replaced, capsys, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    with pytest.raises(SystemExit):
        run("lab", "--lang", "zh", "--port", "9123", "--no-browser", "--", "--debug")
    assert capsys.readouterr().out == "你的课程副本在 my-lrcourse。\n"
    options = replaced["options"]
    folder = Path("my-lrcourse").resolve()
    assert f"--ServerApp.root_dir={folder}" in options
    assert "--LabApp.default_url=/lab/tree/notebooks/zh/00_start.ipynb" in options
    assert "--ServerApp.ip=localhost" in options
    assert "--ServerApp.port=9123" in options
    assert {"--no-browser", "--allow-root"} <= set(options)
    assert options[-1] == "--debug"
    assert not any("token" in option.lower() for option in options), "JupyterLab draws a fresh token each time"
    assert replaced["env"]["LRCOURSE_LANG"] == "zh"
    assert PersonalCopy(folder).language == "zh"
    words.use_language("en")
    with pytest.raises(SystemExit):
        run("lab")
    assert "--LabApp.default_url=/lab/tree/notebooks/zh/00_start.ipynb" in replaced["options"], "the copy remembers"


def test_lab_lets_the_caller_choose_the_address(tmp_path):
    command, _ = lab_command(tmp_path, None, True, ["--ip=0.0.0.0"])
    assert [option for option in command if "ip=" in option] == ["--ip=0.0.0.0"]


def test_lab_without_jupyterlab_says_what_to_install(run, monkeypatch):
    monkeypatch.setattr(lrcourse.cli, "find_spec", lambda name: None)
    code, told = run("lab")
    assert code == 2
    assert told.startswith("✗ JupyterLab is not installed for")
    assert not Path("my-lrcourse").exists()


# ------------------------------------------------------------------ doctor


def fake_metadata(monkeypatch, requires, **versions):
    """An environment with these distributions."""

    def version(name):
        if name.replace("-", "_") not in versions:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions[name.replace("-", "_")]

    monkeypatch.setattr(importlib.metadata, "requires", lambda name: requires)
    monkeypatch.setattr(importlib.metadata, "version", version)


def test_doctor_compares_packages_with_what_the_project_asks_for(monkeypatch):
    asked = ["torch<2.14,>=2.13", "numpy>=2.1", "ipywidgets<9,>=8.1", "jupyterlab<5,>=4.4; extra == 'lab'",
             "ruff>=0.9; extra == 'dev'"]  # fmt: skip
    fake_metadata(monkeypatch, asked, torch="2.12.1", ipywidgets="8.1.9", numpy="2.4.6")
    report = [str(finding) for finding in doctor.packages()]
    assert report == [
        f"✗ torch 2.12.1, but the course needs <2.14,>=2.13\n    → {sys.executable} -m pip install 'torch<2.14,>=2.13'",
        f"✗ jupyterlab is not installed here\n    → {sys.executable} -m pip install 'jupyterlab<5,>=4.4'",
        "✓ 2 packages as the course needs them",
    ]
    fake_metadata(monkeypatch, asked, torch="2.13.0+cpu", ipywidgets="8.1.9", numpy="2.4.6", jupyterlab="4.6.6")
    assert [str(finding) for finding in doctor.packages()] == [
        "✓ torch 2.13.0+cpu", "✓ 4 packages as the course needs them",
    ]  # fmt: skip


def test_doctor_where_the_package_is_not_installed(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", absent)
    (finding,) = doctor.packages()
    assert finding.sign == "✗"
    assert finding.what == "lrcourse is not installed here"


def test_doctor_names_an_old_python():
    assert doctor.python((3, 10, 2)).sign == "✗"
    assert doctor.python((3, 11, 0)).sign == "✓"


def test_doctor_finds_a_missing_half_of_the_widgets(monkeypatch, tmp_path):
    fake_metadata(monkeypatch, [], ipywidgets="8.1.9")
    assert [finding.sign for finding in doctor.widgets()] == ["✗"]
    fake_metadata(monkeypatch, [], ipywidgets="8.1.9", jupyterlab_widgets="3.0.17")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert [finding.sign for finding in doctor.widgets()] == ["✗"]
    write(tmp_path / "share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager/package.json", b"{}")
    assert [finding.sign for finding in doctor.widgets()] == ["✓"]


def test_doctor_finds_a_kernel_of_another_python(monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "none"))
    assert doctor.kernel().sign == "✓"
    spec = {"argv": ["/opt/other/bin/python", "-m", "ipykernel_launcher"], "display_name": "3", "language": "python"}
    write(tmp_path / "kernels/python3/kernel.json", json.dumps(spec).encode())
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    finding = doctor.kernel()
    assert finding.sign == "!"
    assert "/opt/other/bin/python" in finding.what
    assert "lrcourse lab" in finding.way_out


def test_doctor_finds_a_jupyterlab_of_another_environment(monkeypatch, tmp_path):
    write(tmp_path / "jupyter-lab", b"#!/bin/sh\n")
    (tmp_path / "jupyter-lab").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (finding,) = doctor.commands()
    assert finding.sign == "!"
    assert str(tmp_path / "jupyter-lab") in finding.what
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert list(doctor.commands()) == []


def test_doctor_misses_a_chinese_font_and_a_browser(monkeypatch, tmp_path):
    from lrcourse.figures import style

    monkeypatch.setattr(style, "chinese_font", lambda: None)
    assert doctor.fonts().sign == "!"
    assert "fonts-noto-cjk" in doctor.fonts().way_out
    for name in ("PATH", "HOME", "LOCALAPPDATA", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    assert [finding.sign for finding in doctor.browser()] == ["!"]
    chrome = tmp_path / ".cache/ms-playwright/chromium-1234/chrome-linux/chrome"
    chrome.parent.mkdir(parents=True)
    chrome.touch()
    assert [finding.sign for finding in doctor.browser()] == ["✓"]
    fake_metadata(monkeypatch, [])
    assert list(doctor.browser()) == [], "who has not installed the tests needs no browser for them"


def test_doctor_counts_threads_against_the_cores_granted(monkeypatch, tmp_path):
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert doctor.cores(quota).sign == "✓", "no quota here"
    quota.write_text("max 100000")
    assert doctor.cores(quota).sign == "✓"
    quota.write_text("200000 100000")
    assert doctor.cores(quota) == ("!", "2 cores, 64 threads for torch",
                                   "more threads than cores slow torch down: export OMP_NUM_THREADS=2")  # fmt: skip
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert doctor.cores(quota).sign == "✓"


def test_doctor_notices_an_old_copy(run, course, monkeypatch, request):
    monkeypatch.setattr(Course, "here", classmethod(lambda cls: course))
    assert "no copy of the course here yet" in str(next(doctor.copy_of_the_course()))
    run("start")
    assert "is up to date" in str(next(doctor.copy_of_the_course()))
    request.getfixturevalue("newer")
    (finding,) = doctor.copy_of_the_course()
    assert finding.sign == "!"
    assert "behind lrcourse 1.0 by 3 files" in finding.what
    run("start")
    assert "is up to date" in str(next(doctor.copy_of_the_course()))


def test_doctor_exits_1_only_where_something_is_wrong(run, monkeypatch):
    monkeypatch.setattr(doctor, "examine", lambda: [doctor.Finding("✓", "a"), doctor.Finding("!", "b", "c")])
    assert run("doctor") == (0, "✓ a\n! b\n    → c\n")
    monkeypatch.setattr(doctor, "examine", lambda: [doctor.Finding("✗", "d", "e")])
    assert run("doctor") == (1, "✗ d\n    → e\n")


# ------------------------------------------------------------------ the command as a whole


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["strat"], "✗ there is no command 'strat'; the nearest is `lrcourse start`\n"),
        (["check", "--lang", "fr"], "✗ argument --lang: invalid choice: 'fr'"),
        (["check", "--timeout", "-1"], "✗ argument --timeout: needs a whole number from 1, got -1"),
        (["check", "--timeout", "soon"], "✗ argument --timeout: needs a whole number from 1, got soon"),
        (["check", "--timeout", "soon"], "✗ argument --timeout: "),
        (["lab", "--port", "x"], "✗ argument --port: invalid int value: 'x'"),
        (["reset"], "✗ the following arguments are required: SECTION; `lrcourse reset --help`\n"),
        (["start", "--", "--debug"], "✗ only `lrcourse lab` takes arguments after --\n"),
    ],
)
def test_a_mistyped_command_gets_one_line(run, argv, told):
    code, shown = run(*argv)
    assert code == 2
    assert shown.startswith(told)
    assert shown.count("\n") == 1


def test_help_lists_every_command_in_both_languages(run):
    code, english = run()
    assert code == 2
    _, chinese = run("--lang", "zh")
    for name in lrcourse.cli.COMMANDS:
        assert re.search(rf"^    {name} ", english, re.M)
        assert re.search(rf"^    {name} +[一-鿿]", chinese, re.M)


def test_the_command_starts_without_torch_numpy_and_matplotlib():
    heavy = "{'torch', 'numpy', 'matplotlib', 'nbclient', 'IPython'}"
    loaded = f"import sys, lrcourse.cli; print({heavy} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert result.stdout == "set()\n"


def test_doctor_examines_this_environment_without_loading_torch():
    program = "import sys, lrcourse.cli; print(lrcourse.cli.main(['doctor']), 'torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    *report, end = result.stdout.splitlines()
    assert end in ("0 False", "1 False")
    assert all(re.match("[✓!✗] \\S|    → ", line) for line in report)
    assert len(report) >= 8, "python, torch, packages, widgets, kernel, fonts, cores, copy"
    assert result.stderr == ""


def test_check_understands_the_checks_of_the_course(tmp_path, capsys):
    """The stubs of a section, with the first of them solved as the solutions have it."""
    course = Course.here()
    section = course.sections("exercises")[0]
    main(["start", "mine"], course)
    mine = Path("mine/exercises", f"{section}.ipynb")
    exercises = json.loads(mine.read_bytes())
    solved = {cell["id"]: cell for cell in json.loads(course.read(f"solutions/{section}.ipynb"))["cells"]}
    first = next(cell for cell in exercises["cells"] if "answer" in cell["metadata"].get("tags", ()))
    first["source"] = solved[first["id"]]["source"]
    mine.write_text(json.dumps(exercises), encoding="utf-8")
    capsys.readouterr()

    assert main(["check", section, "--dir", "mine"], course) == 1
    _, *verdicts, summary = capsys.readouterr().out.splitlines()
    assert re.match(rf"  ✓ {section[:2]}\.1 \w", verdicts[0])
    assert all(re.fullmatch(r"  … \d\d\.\d+ .*: not solved yet", verdict) for verdict in verdicts[1:])
    assert summary == f"1 of {len(verdicts)} solved"


def test_a_wheel_holds_the_course_and_starts_it_in_an_empty_folder(tmp_path):
    """Built and installed offline; no clone in sight of the installed command."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    held = zipfile.ZipFile(wheel).namelist()
    mine = Course(REPOSITORY).files()
    assert {f"lrcourse/_course/{name}" for name in mine} == {name for name in held if "/_course/" in name}
    assert {name.split("/")[0].split("-")[0] for name in held} == {"lrcourse"}, "no tools, tests or course sources"
    assert "lrcourse/cli/jupyter/labconfig/default_setting_overrides.json" in held

    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    command = [str(site / "bin/lrcourse"), "start", "mine"]
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.stdout == "Your copy of the course is in mine.\n", result.stderr
    assert contents("mine") == {name: (REPOSITORY / name).read_bytes() for name in mine}
