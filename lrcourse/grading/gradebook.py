"""Writes grades where nbgrader keeps its own, so that its formgrader, its export and its feedback show them."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

from nbgrader.api import Gradebook

from .batch import Masters
from .notebooks import Master


def write(url: str, records: list[dict], masters: Masters) -> None:
    """Put the points of each exercise, and what the student is told about it, into a gradebook.

    A score or a comment that a person has given there stays, and stays what counts. Where there is no such assignment
    yet, it is made, as ``nbgrader generate_assignment`` makes it.

    Args:
        url: of the gradebook's database: ``sqlite:///gradebook.db``.
        records: as of :class:`.batch.Outcome`.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be opened or written.
    """
    own = str(Path(sys.executable).parent)  # nbgrader calls alembic by its name, which lies beside this Python
    os.environ["PATH"] = os.pathsep.join([own, os.environ.get("PATH", os.defpath)])
    with warnings.catch_warnings(action="ignore"), Gradebook(url) as book:  # of SQLAlchemy, about nbgrader
        for section in {record["section"] for record in records}:
            _assignment(book, next(master for (name, _), master in masters.items() if name == section))
        for record in records:
            section, student = record["section"], record["student"]
            marks = {mark["id"]: mark for mark in record["exercises"]}
            book.update_or_create_student(student)
            book.update_or_create_submission(section, student)
            for id, answer, check, _ in _cells(masters[section, record["language"]]):
                grade = book.find_grade(check, section, section, student)
                grade.auto_score = marks[id]["points"]
                grade.needs_manual_grade = False
                book.find_comment(answer, section, section, student).auto_comment = marks[id]["text"] or None
        book.db.commit()


def _assignment(book: Gradebook, master: Master) -> None:
    name = master.section
    book.update_or_create_assignment(name)
    book.update_or_create_notebook(name, name)
    for _, answer, check, points in _cells(master):
        book.update_or_create_solution_cell(answer, name, name)
        book.update_or_create_grade_cell(check, name, name, max_score=points, cell_type="code")


def _cells(master: Master) -> list[tuple[str, str, str, float]]:
    """Of each exercise its id, nbgrader's names for its answer and its check, and its points."""
    checks = [cell.grade_id for cell in master.cells if "check" in cell.tags]
    return [(task.id, task.answer.grade_id, check, task.points)
            for task, check in zip(master.tasks, checks, strict=True)]  # fmt: skip
