"""A week on one personal copy: whatever happens, in whatever order, all that the learner typed is still there.

What each command does, test_cli says; here they meet: edits, pages that are run, updates to versions with other pages,
resets, the other language, a kill in the middle, two commands at once.
"""

import contextlib
import io
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from test_cli import killed_at, notebook, stub, write

from lrcourse import words
from lrcourse.cli import main
from lrcourse.cli.copies import Course, PersonalCopy, cells

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
pytestmark = [needs_fork, pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")]

LANGUAGES = ("", "zh/")
RESETS = ("02", "03")


@pytest.fixture(autouse=True)
def _without_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # it guards against power cuts, not against kills
    monkeypatch.delenv("LRCOURSE_LANG", raising=False)


def deliver(root, version):
    """The course of this version: one page is always the same, one changes, one comes and goes."""
    shutil.rmtree(root, ignore_errors=True)
    for zh in LANGUAGES:
        write(root / f"notebooks/{zh}00_start.ipynb", notebook("# 00_start", "1 + 1"))
        write(root / f"notebooks/{zh}02_schedulers.ipynb", notebook("# 02_schedulers", f"1 + {version // 2}"))
        write(root / f"notebooks/{zh}03_warmup.ipynb", notebook("# 03_warmup", "3"))
        if version % 3 != 1:
            write(root / f"notebooks/{zh}04_cyclic.ipynb", notebook("# 04_cyclic", f"4 + {version}"))
        for folder in ("exercises", "solutions"):
            write(root / f"{folder}/{zh}02_schedulers.ipynb", stub(f"answer = None  # {folder} {version}"))
            write(root / f"{folder}/{zh}03_warmup.ipynb", stub(f"answer = None  # {folder}"))


def command(course, folder, *argv):
    """Run the command in this process, without a word; True if it did what it was asked."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        where = [] if argv[0] == "start" else ["--dir"]
        return main([argv[0], *argv[1:], *where, str(folder)], course) == 0


def saved(path, change):
    """What JupyterLab does on a save: the whole notebook, written anew."""
    page = json.loads(path.read_bytes())
    change(page["cells"])
    path.write_text(json.dumps(page, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def text_of(path):
    try:
        return "\n".join(source for _, source in cells(path.read_bytes()))
    except ValueError:
        return path.read_text(encoding="utf-8")


class Week(RuleBasedStateMachine):
    """A learner, a copy, and a course that goes on being written."""

    def __init__(self):
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        self.folder, self.root = Path(self.place.name, "mine"), Path(self.place.name, "course")
        self.typed, self.said, self.version = set(), 0, 0

    @initialize()
    def start(self):
        words.use_language("en")
        self.deliver()
        assert command(self.course, self.folder, "start")

    def teardown(self):
        if self.folder.exists():
            assert command(self.course, self.folder, "start"), "whatever happened, the next start completes the copy"
            copy = PersonalCopy(self.folder)
            assert copy.behind(self.course) == 0
            assert {name for name in self.course.files() if not (self.folder / name).is_file()} == set()
            self.nothing_is_lost()
        words.use_language("en")
        self.place.cleanup()

    # --- What there is

    @property
    def course(self):
        return Course(self.root, version=str(self.version))

    def files(self):
        return sorted(
            path for path in self.folder.rglob("*") if path.is_file() and ".lrcourse" not in path.parts
        )

    def pick(self, data, suffix=".ipynb"):
        there = [path for path in self.files() if path.suffix == suffix]
        return there[data.draw(st.integers(0, 99)) % len(there)]  # the same draw whatever there is: a replay stays one

    def new_text(self):
        self.said += 1
        self.typed.add(f"<typed {self.said}>")
        return f"<typed {self.said}>"

    def deliver(self):
        self.version += 1
        deliver(self.root, self.version)

    # --- What the learner does

    @rule(data=st.data(), where=st.integers(0, 9), after=st.booleans())
    def types_into_a_page(self, data, where, after):
        """Into a cell, or into a new one; also into a backup or a version laid beside."""
        text = self.new_text()

        def change(page):
            if after:
                page.append({"cell_type": "markdown", "metadata": {}, "source": text})
            else:
                cell = page[where % len(page)]
                cell["source"] = "".join(cell["source"]) + f"\n{text}"

        saved(self.pick(data), change)

    @rule()
    def writes_a_file_of_their_own(self):
        text = self.new_text()
        write(self.folder / f"exercises/notes-{self.said}.md", text.encode())

    @rule(data=st.data())
    def runs_a_page(self, data):
        def change(page):
            for cell in page:
                if cell["cell_type"] == "code":
                    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": f"{self.said}"}]
                    cell["execution_count"] = self.said

        saved(self.pick(data), change)

    @precondition(lambda self: self.typed)
    @rule(data=st.data())
    def deletes_a_page(self, data):
        path = self.pick(data)
        gone = {text for text in self.typed if text in text_of(path)}
        path.unlink()
        self.typed -= {text for text in gone if not any(text in text_of(other) for other in self.files())}

    # --- What the command does

    @rule()
    def a_new_version_comes_out(self):
        self.deliver()

    @rule()
    def updates(self):
        assert command(self.course, self.folder, "start")

    @rule(language=st.sampled_from(["en", "zh"]))
    def changes_the_language(self, language):
        assert command(self.course, self.folder, "start", "--lang", language)
        assert PersonalCopy(self.folder).language == language

    @rule(section=st.sampled_from(RESETS))
    def resets(self, section):
        assert command(self.course, self.folder, "reset", section)

    @rule(argv=st.sampled_from([("start",), *(("reset", section) for section in RESETS)]), step=st.integers(0, 900))
    def is_killed_half_way(self, argv, step):
        killed_at(step, lambda: command(self.course, self.folder, *argv))

    @rule(section=st.sampled_from(RESETS), first=st.sampled_from(["start", "reset"]))
    def runs_two_commands_at_once(self, section, first):
        runs = [("start",) if first == "start" else ("reset", section), ("reset", section)]
        children = []
        for argv in runs:
            child = os.fork()
            if child == 0:
                try:
                    os._exit(0 if command(self.course, self.folder, *argv) else 1)
                except BaseException:
                    os._exit(2)
            children.append(child)
        assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]

    # --- What holds all the time

    @invariant()
    def nothing_is_lost(self):
        there = "\n".join(map(text_of, self.files()))
        assert not [text for text in self.typed if text not in there]

    @invariant()
    def no_page_is_torn(self):
        for path in self.files():
            if path.suffix == ".ipynb":
                cells(path.read_bytes())


TestWeek = Week.TestCase
TestWeek.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)


def test_a_week_with_the_real_course(tmp_path):
    """The pages as they are delivered: solve, run, reset, update to a version with other pages, change the language."""
    old, new, mine = Course.here(), tmp_path / "new", tmp_path / "mine"
    page, other = "exercises/02_schedulers.ipynb", "exercises/03_warmup.ipynb"
    lesson = "notebooks/01_dynamics.ipynb"
    assert command(old, mine, "start")
    for name in (page, other):
        saved(mine / name, lambda cells, name=name: cells[-1].update(source=f"<my answer to {name}>"))
    saved(mine / lesson, lambda cells: [cell.update(outputs=[]) for cell in cells if cell["cell_type"] == "code"])
    assert command(old, mine, "reset", "02")
    saved(mine / page, lambda cells: cells[-1].update(source="<my second answer>"))

    for name in old.files():  # the next version: a page less, a page more, another text on each exercise page
        if not name.endswith("09_physics_summary.ipynb"):
            write(new / name, old.read(name))
    write(new / "notebooks/10_more.ipynb", notebook("# 10_more"))
    for name in (page, other, lesson):
        saved(new / name, lambda cells: cells[0].update(source="# A better title"))
    course = Course(new, version="2")
    assert command(course, mine, "start", "--lang", "zh")
    assert PersonalCopy(mine).behind(course) == 0 and PersonalCopy(mine).language == "zh"

    texts = {path.relative_to(mine).as_posix(): text_of(path) for path in mine.rglob("*.ipynb")}
    assert f"<my answer to {page}>" in texts["exercises/02_schedulers.backup-1.ipynb"]
    assert "<my second answer>" in texts[page] and f"<my answer to {other}>" in texts[other]
    assert "A better title" in texts["exercises/02_schedulers.new-1.ipynb"]
    assert "A better title" in texts["exercises/03_warmup.new-1.ipynb"]
    assert "A better title" in texts[lesson], "it was run, and not edited"
    assert "notebooks/10_more.ipynb" in texts and "notebooks/09_physics_summary.ipynb" in texts, "nothing is removed"
