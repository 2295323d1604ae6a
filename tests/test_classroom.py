"""The course directory for nbgrader, from the command line: handed out, graded, exported; and lrcourse's own grades."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lrcourse
from classroom import make
from lrcourse.cli import main as cli
from lrcourse.cli.copies import Course
from lrcourse.cli.grade import masters_of

pytest.importorskip("nbgrader")

REPOSITORY = Path(lrcourse.__file__).parents[1]
SECTION = "01_dynamics"
NOTEBOOK = f"{SECTION}/{SECTION}.ipynb"


def nbgrader(course, *arguments):
    """Run nbgrader as a teacher does, in the course directory and in the environment that has it."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    made = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=course, capture_output=True, text=True,
        env=os.environ | {"PATH": path, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-3000:]


def scores(course):
    nbgrader(course, "export")
    with open(course / "grades.csv", newline="") as file:
        return {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in csv.DictReader(file)}


def sources(path):
    cells = json.loads(Path(path).read_bytes())["cells"]
    return [(cell["id"], "".join(cell["source"])) for cell in cells]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course directory with one released section, and two submissions: one right, one with a wrong answer."""
    root = tmp_path_factory.mktemp("class")
    assert make.main([str(root), "01"]) == 0
    nbgrader(root, "generate_assignment", SECTION)
    solutions = dict(sources(REPOSITORY / "solutions" / f"{SECTION}.ipynb"))
    for student in ("ada", "bo"):
        notebook = json.loads((root / "release" / NOTEBOOK).read_bytes())
        answers = [cell for cell in notebook["cells"] if "answer" in cell["metadata"].get("tags", ())]
        for cell in answers:
            cell["source"] = solutions[cell["id"]]
        if student == "bo":
            answers[0]["source"] = f"{answers[0]['metadata']['nbgrader']['grade_id']} = None"
        path = root / "submitted" / student / NOTEBOOK
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")
    return root


@pytest.mark.parametrize("language", ["en", "zh"])
def test_masters_have_solutions_and_the_metadata_of_what_is_handed_out(language, tmp_path):
    assert make.main([str(tmp_path), "01", "--lang", language]) == 0
    folder = REPOSITORY / "exercises" / ("zh" if language == "zh" else "")
    master = json.loads((tmp_path / "source" / NOTEBOOK).read_bytes())["cells"]
    stub = json.loads((folder / f"{SECTION}.ipynb").read_bytes())["cells"]
    assert [(cell["id"], cell["metadata"]) for cell in master] == [(cell["id"], cell["metadata"]) for cell in stub]
    assert sum("### BEGIN SOLUTION" in "".join(cell["source"]) for cell in master) == 5


def test_a_configuration_that_is_there_is_kept(tmp_path):
    (tmp_path / make.CONFIG).write_text("# mine")
    assert make.main([str(tmp_path), "01"]) == 0
    assert (tmp_path / make.CONFIG).read_text() == "# mine"


def test_what_is_released_is_what_the_course_hands_out(course):
    assert sources(course / "release" / NOTEBOOK) == sources(REPOSITORY / "exercises" / f"{SECTION}.ipynb")


def test_nbgrader_grades_returns_feedback_and_exports(course):
    nbgrader(course, "autograde", SECTION)
    right, wrong = (scores(course)[student] for student in ("ada", "bo"))
    points = [task.points for task in masters_of(Course(REPOSITORY))[SECTION, "en"].tasks]
    assert right == (sum(points), sum(points))
    assert wrong == (sum(points[1:]), sum(points))
    nbgrader(course, "generate_feedback", SECTION)
    assert (course / "feedback" / "bo" / SECTION / f"{SECTION}.html").stat().st_size > 10_000


@pytest.mark.parametrize("there_already", [True, False])
def test_grades_are_written_into_the_gradebook(course, tmp_path, there_already):
    from nbgrader.api import Gradebook

    from lrcourse.grading import gradebook

    masters = masters_of(Course(REPOSITORY))
    tasks = masters[SECTION, "en"].tasks
    marks = [{"id": task.id, "points": task.points / 2, "text": f"about {task.id}"} for task in tasks]
    records = [{"student": "bo", "section": SECTION, "language": "zh", "exercises": marks}]
    url = f"sqlite:///{course if there_already else tmp_path}/gradebook.db"
    for _ in range(2):
        gradebook.write(url, records, masters)
    with Gradebook(url) as book:
        assert book.find_submission(SECTION, "bo").score == sum(task.points for task in tasks) / 2
        name = tasks[0].answer.grade_id
        assert book.find_comment(name, SECTION, SECTION, "bo").comment == f"about {tasks[0].id}"


def test_lrcourse_grade_puts_its_scores_where_nbgrader_shows_them(course, tmp_path, capsys):
    url = f"sqlite:///{course}/gradebook.db"
    command = ["grade", str(course / "submitted"), "--out", str(tmp_path / "results"), "--gradebook", url]
    assert cli(command) == 0, capsys.readouterr().err
    points = [task.points for task in masters_of(Course(REPOSITORY))[SECTION, "en"].tasks]
    assert scores(course) == {"ada": (sum(points), sum(points)), "bo": (sum(points[1:]), sum(points))}
    nbgrader(course, "generate_feedback", SECTION, "--force")
    feedback = (course / "feedback" / "bo" / SECTION / f"{SECTION}.html").read_text(encoding="utf-8")
    assert "largest_stable_lr" in feedback and "Comments" in feedback
