"""The stored notebooks are what course/ gives, in both languages, and the stubs turn green when solved.

Nothing is executed in a kernel here: nbval runs the English notebooks, and the Chinese print the same but for words.
"""

import re
import statistics

import nbformat
import pytest

from tools import LANGUAGES, build, lint
from tools.source import find, read

SOURCES = find(build.ROOT)
LESSONS = [path for path in SOURCES if path.parent.name == "course"]
EXERCISES = [path for path in SOURCES if path.parent.name == "exercises"]


def name(path):
    return f"{path.parent.name}/{path.stem}"


def stored(source, room, language):
    return nbformat.read(build.ROOT / build.place(source, room, language), as_version=4)


def prose_words(text):
    """Words of running text: headings, tables and tags do not count, code and formulas count as one."""
    lines = lint.FORMULA.sub("x", lint.without_code(text)).splitlines()
    prose = " ".join(line for line in lines if not line.startswith(("#", "|")))
    return len(re.findall(r"\w[\w'’-]*", re.sub(r"<[^>]+>", "", prose)))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_stored_notebooks_are_what_the_source_gives(path):
    source = read(path)
    assert build.check(build.ROOT, build.build(build.ROOT, source, run=False), run=False) == []
    for room in set(build.rooms(source)) - {"exercises"}:
        notebooks = [stored(source, room, language) for language in LANGUAGES]
        assert [str(fault) for fault in lint.output_faults(source, *notebooks)] == []
        for notebook in notebooks:
            ran = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
            assert ran == list(range(1, len(ran) + 1))


def test_every_stored_notebook_has_a_source():
    assert build.orphans(build.ROOT) == []


def test_every_file_of_exercises_belongs_to_a_lesson():
    assert {path.stem for path in EXERCISES} <= {path.stem for path in LESSONS}


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_text_cells_are_short(path):
    assert statistics.median(prose_words(cell.text["en"]) for cell in read(path).cells if not cell.is_code) < 40


@pytest.mark.parametrize("path", EXERCISES, ids=name)
def test_a_solved_stub_is_the_solution(path):
    """So nbval, which runs the solutions, proves that a stub with the right answers turns green."""
    source = read(path)
    for language in LANGUAGES:
        solution = [
            cell for cell in stored(source, "solutions", language).cells
            if cell.cell_type == "code" and "solution" not in cell.metadata.get("tags", ())
        ]  # fmt: skip
        answers = {cell.id: cell.source for cell in solution if "answer" in cell.metadata.get("tags", ())}
        stub = [cell for cell in stored(source, "exercises", language).cells if cell.cell_type == "code"]
        assert answers
        assert [(cell.id, answers.get(cell.id, cell.source)) for cell in stub] == [
            (cell.id, cell.source) for cell in solution
        ]


@pytest.mark.parametrize("path", EXERCISES, ids=name)
def test_nbgrader_accepts_the_stubs(path):
    nbgrader = pytest.importorskip("nbgrader.nbgraderformat", reason="the extra 'class' is not installed")
    for language in LANGUAGES:
        stub = stored(read(path), "exercises", language)
        nbgrader.MetadataValidator().validate_nb(stub)
        graded = [cell.metadata.nbgrader for cell in stub.cells if "nbgrader" in cell.metadata]
        assert sum(cell.grade for cell in graded) == sum(cell.solution for cell in graded) > 0
