"""What a learner has solved is remembered in the learner's copy, and only there."""

import re

import pytest

import lrcourse
from lrcourse.checks import EXERCISES, NotYet, check, load
from lrcourse.checks.progress import SECTIONS, remember
from tools import build
from tools.source import find, read


@pytest.fixture
def copy(tmp_path, monkeypatch):
    (tmp_path / ".lrcourse").mkdir()
    (tmp_path / "exercises" / "zh").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "exercises" / "zh")
    return tmp_path


@pytest.fixture
def double(monkeypatch):
    from lrcourse.checks.exercise import exercise

    load()
    monkeypatch.delitem(EXERCISES, "01.1")  # and back afterwards
    exercise("01.1", draw=lambda rng: 3, probe=lambda answer, x: answer(x))(
        lambda x, seen: None if seen == 2 * x else "wrong"
    )


def test_a_right_answer_counts_once_and_a_wrong_one_not(copy, double):
    assert lrcourse.progress().solved == []
    with pytest.raises(NotYet):
        check("01.1", lambda x: x)
    assert lrcourse.progress().solved == []
    for _ in range(2):
        check("01.1", lambda x: 2 * x)
    mine = lrcourse.progress()
    assert mine.solved == ["01.1"] and mine.next == "01.2" and mine.total == len(EXERCISES)
    with pytest.raises(NotYet):
        check("01.1", lambda x: x)  # tried out again: it was solved all the same
    assert lrcourse.progress().solved == ["01.1"]


def test_the_page_shows_dots_and_what_comes_next(copy):
    load()
    for id in sorted(EXERCISES)[:6]:
        remember(id)
    rows = repr(lrcourse.progress()).splitlines()
    assert rows[0].startswith("01  ●●●●● ") and rows[1].startswith("02  ●○○○○○ ")
    assert [row for row in rows if "next" in row] == [rows[1]] and "02.2" in rows[1]
    assert rows[-1] == f"6 of {len(EXERCISES)} exercises solved"
    lrcourse.use_language("zh")
    assert re.search("下一题：02.2", repr(lrcourse.progress()))


def test_after_the_last_nothing_is_next(copy):
    load()
    for id in EXERCISES:
        remember(id)
    mine = lrcourse.progress()
    assert mine.next is None and "○" not in repr(mine) and "next" not in repr(mine)


def test_outside_a_copy_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    remember("01.1")
    assert lrcourse.progress().solved == [] and not list(tmp_path.iterdir())


def test_a_copy_that_cannot_be_written_is_no_failure(copy):
    (copy / ".lrcourse" / "solved").write_text("a file where the folder belongs")
    remember("01.1")
    assert lrcourse.progress().solved == []


def test_what_is_no_exercise_does_not_count(copy):
    remember("99.1")
    assert lrcourse.progress().solved == []


def test_every_section_has_a_row():
    sources = [source for source in map(read, find(build.ROOT)) if source.is_exercises]
    assert [source.section[:2] for source in sources] == list(SECTIONS)
