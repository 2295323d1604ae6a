"""The authoring tools refuse broken sources with a fitting word, and build sound ones the same each time."""

import base64
import io
import os
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, ImageDraw

from tools import LANGUAGES, build, compare, confirm, lint, source

LESSON = """\
# %% [markdown] lang="en"
# # See it halve
# With $\\gamma = 0.5$ the function `halve` leaves 0.05.

# %% [markdown] lang="zh"
# # 看它减半
# 取 $\\gamma = 0.5$，函数 `halve` 给出 0.05。

# %% lang="en" tags=["setup"]
import lrcourse
lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import lrcourse
lrcourse.use_language("zh")

# %%
from lrcourse.words import say
print(say("after {n} update: {lr}", "第 {n} 步之后：{lr}", n=1, lr=0.1 * 0.5))

# %% name="quiet"
[1, 2, 3];

# %%
import base64
import ipywidgets
class Picture(ipywidgets.Image):
    def _repr_mimebundle_(self, **options):
        png = base64.b64encode(self.value).decode()
        return super()._repr_mimebundle_(**options) | {"image/png": png, "text/plain": "a grey dot"}
Picture(value=base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="))
"""

EXERCISES = '''\
# %% [markdown] lang="en"
# # On your own

# %% [markdown] lang="zh"
# # 自己动手

# %% lang="en" tags=["setup"]
import lrcourse
from lrcourse.checks import NotYet
lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import lrcourse
from lrcourse.checks import NotYet
lrcourse.use_language("zh")

# %% [markdown] lang="en" tags=["card"]
# ## 01.1 · Halve it
#
# **Difficulty** ●○○ · **Time** 2 minutes · **Expected result** `halve(0.1)` is `0.05`
#
# <details><summary>Hint 1</summary>
#
# Which operator divides?
# </details>

# %% [markdown] lang="zh"
# ## 01.1 · 减半
#
# **难度** ●○○ · **用时** 2 分钟 · **预期结果** `halve(0.1)` 得到 `0.05`
#
# <details><summary>提示 1</summary>
#
# 哪个运算符做除法？
# </details>

# %%
def check(id, answer):
    try:
        found = answer(4.0)
    except NotImplementedError:
        raise NotYet("✗ not solved") from None
    if found != 2:
        raise NotYet(f"✗ expected 2, found {found}")
    print("✓ 2")

# %% tags=["answer"] name="halve" ex="01.1"
def halve(lr):
    """Half of it."""
    ### BEGIN SOLUTION
    half_of_it = lr / 2
    return half_of_it
    ### END SOLUTION

# %% tags=["check"] ex="01.1" points=2
check("01.1", halve)

# %% tags=["show"]
print(halve(1.0))

# %% [markdown] lang="en" tags=["solution"]
# Two halves are a whole.

# %% [markdown] lang="zh"
# 两个一半是一个整体。

# %% tags=["wrong"] ex="01.1" expect="found 8"
def halve(lr):
    return lr * 2

# %% tags=["wrong"] ex="01.1" expect="found 4"
def halve(lr):
    return lr

# %% tags=["wrong"] ex="01.1" expect="found 0"
def halve(lr):
    return 0
'''

SETUP = LESSON[LESSON.index('# %% lang="en" tags=["setup"]') : LESSON.index("# %%\nfrom")]
CHINESE_TITLE = '# %% [markdown] lang="zh"\n# # 看它减半\n# 取 $\\gamma = 0.5$，函数 `halve` 给出 0.05。\n\n'
LONG = "".join(f"x{n} = {n}\n" for n in range(16))
CODE = "# %%\nfrom lrcourse.words"


def course(root, lesson=LESSON, exercises=EXERCISES, confirmed=True):
    """Write a course of one section; returns the paths of its two files."""
    paths = root / "course/01_mini.py", root / "course/exercises/01_mini.py"
    for path, text in zip(paths, (lesson, exercises), strict=True):
        source.write_text(path, text)
        if confirmed:
            confirm.confirm(path)
    return paths


def changed(text, old, new):
    assert old in text
    return text.replace(old, new)


def faults(path):
    found = source.read(path)
    return [str(fault) for fault in lint.source_faults(found) or lint.stub_faults(found)]


def refused(path, message):
    """One fault and no other, with the file, the line, *message* and a way out."""
    found = faults(path)
    assert len(found) == 1, found
    assert re.search(rf"(?s)01_mini\.py:\d+ “.+”: .*{message}.*; .+", found[0]), found[0]


def test_sound_sources_have_no_faults(tmp_path):
    assert [faults(path) for path in course(tmp_path)] == [[], []]


@pytest.mark.parametrize(("old", "new", "message"), [
    (CHINESE_TITLE, "", "the Chinese twin is missing"),
    (CODE, "# %% [markdown]\n# Words.\n\n" + CODE, "a markdown cell with lang=None"),
    (CODE, '# %% lang="fr"\nfrom lrcourse.words', "a code cell with lang='fr'"),
    ('# %%\nimport base64', '# %% tgas=["setup"]\nimport base64', "unknown attribute 'tgas'"),
    ('# %%\nimport base64', '# %% tags=["answr"]\nimport base64', "unknown tag 'answr'"),
    ('name="quiet"', 'name="so quiet"', "name='so quiet'"),
    ("# %%\nimport base64", '# %% name="quiet"\nimport base64', "the name 'quiet' is given 2 times"),
    ("取 $\\gamma = 0.5$", "取一半", "the Chinese lacks the formula .* of its twin"),
    ("With $\\gamma = 0.5$", "Halving,", "the English lacks the formula .* of its twin"),
    ("函数 `halve`", "函数", "the Chinese lacks the code 'halve' of its twin"),
    ("$，函数", "$,函数", "half-width punctuation .*,函数"),
    ("# # 看它减半", "# # 看它(x) 减半", "half-width punctuation"),
    ("给出 0.05。", "给出 0.05。就这样. 好", "half-width punctuation"),
    ("[1, 2, 3];", LONG, "16 lines of code, at most 15"),
    ("[1, 2, 3];", "# BEGIN SOLUTION", "a solution marker outside an answer cell"),
    ("[1, 2, 3];", "%time 1", "no Python"),
    ('use_language("zh")', 'use_language("zh")\nimport zh', "the twins of the set-up differ"),
    (SETUP, "", "code before the set-up"),
])  # fmt: skip
def test_broken_lesson_is_refused(tmp_path, old, new, message):
    refused(course(tmp_path, changed(LESSON, old, new))[0], message)


def test_chinese_comes_second(tmp_path):
    found = faults(course(tmp_path, CHINESE_TITLE + changed(LESSON, CHINESE_TITLE, ""))[0])
    assert ["English comes first" in fault for fault in found] == [True, False]
    assert "the Chinese twin is missing" in found[1]


def test_twin_repeats_nothing_else(tmp_path):
    text = changed(LESSON, 'lang="zh"\n# # 看', 'lang="zh" given="0.05"\n# # 看')
    refused(course(tmp_path, text)[0], "given differs from that of the English twin")


def test_exercises_begin_with_a_card(tmp_path):
    opening = EXERCISES[: EXERCISES.index('# %% [markdown] lang="en" tags=["card"]')]
    refused(course(tmp_path, exercises=opening)[1], "a file of exercises without a card")


def test_file_begins_with_a_cell(tmp_path):
    path, _ = course(tmp_path)
    path.write_text("import this\n" + path.read_text())
    with pytest.raises(SyntaxError, match=r"01_mini\.py: the first line must be a cell header .* got 'import this'"):
        source.read(path)


def test_code_in_two_languages_is_refused(tmp_path):
    twins = '# %% lang="en"\nprint(1)\n\n# %% lang="zh"\nprint(2)\n\n'
    refused(course(tmp_path, changed(LESSON, CODE, twins + CODE))[0], "code in two languages")


def test_english_that_changed_is_refused_until_confirmed(tmp_path, capsys):
    path, _ = course(tmp_path)
    before = path.read_text()
    path.write_text(changed(before, "leaves 0.05", "still leaves 0.05"))
    refused(path, "the English changed since the Chinese was confirmed")
    stale = path.read_text()
    assert confirm.main(["--show", str(path)]) == 0
    assert path.read_text() == stale
    assert confirm.main([str(path)]) == 0
    assert "01_mini.py:5 stale" in capsys.readouterr().out
    assert faults(path) == []
    lines = zip(stale.split("\n"), path.read_text().split("\n"), strict=True)
    rewritten = [new for old, new in lines if new != old]
    assert len(rewritten) == 1
    assert re.fullmatch(r'# %% \[markdown\] lang="zh" of="[0-9a-f]{8}"', rewritten[0])


def test_chinese_never_confirmed_is_refused(tmp_path):
    refused(course(tmp_path, confirmed=False)[0], "never confirmed")


@pytest.mark.parametrize(("old", "new", "message"), [
    ("## 01.1 · Halve", "## Halve", "the card has no number|the (answer|check) cell has ex|something else|lacks ex"),
    ("**Difficulty** ●○○ · ", "", r"difficulty, time or expected result are missing \(en\)"),
    ("**用时** 2 分钟", "**用时** 两分钟", r"difficulty, time or expected result are missing \(zh\)"),
    ("**Expected result** `halve(0.1)` is `0.05`", "`halve(0.1)` is `0.05`", "expected result are missing"),
    ("**Time** 2", "**Time** 3", "difficulty or minutes differ"),
    ("<summary>Hint 1</summary>", "<summary>Hint</summary>", "no hints|different numbers of hints"),
    ("# Which operator divides?\n# </details>", "# Which operator divides?\n# </details>\n# <summary>Hint 2</summary>",
     "different numbers of hints"),
    ("<summary>提示 1</summary>", "<summary>提示 2</summary>", r"no hints, or not numbered from 1 \(zh\)"),
    ('# %% tags=["check"] ex="01.1" points=2\ncheck("01.1", halve)\n\n', "", "0 check cells"),
    ('name="halve" ex="01.1"', 'name="halve" ex="01.2"', "the answer cell has ex='01.2'"),
    ('name="halve" ex', "ex", "the answer cell has no name"),
    ("    ### END SOLUTION\n", "", "a marker lacks its partner"),
    ("    ### BEGIN SOLUTION\n", "", "a marker lacks its partner"),
    ('check("01.1", halve)', 'check("01.2", halve)', "the check cell checks something else"),
    ('# %% tags=["wrong"] ex="01.1" expect="found 0"', '# %% tags=["show"]', "2 wrong answers|the cells stand as"),
    ('expect="found 0"', "", "lacks ex or expect"),
    ("# Which operator divides?", "# Write half_of_it = lr  / 2.", "line 'half_of_it = lr / 2' stands in the stub"),
    ('tags=["show"]\nprint(halve(1.0))', 'tags=["show"]\nhalf_of_it = lr / 2', "stands in the stub"),
    ('tags=["solution"]', "", "the solution is not explained"),
])  # fmt: skip
def test_broken_exercise_is_refused(tmp_path, old, new, message):
    _, path = course(tmp_path, exercises=changed(EXERCISES, old, new))
    found = faults(path)
    assert found
    assert all(re.search(rf"01_mini\.py:\d+ “.+”: .*({message}).*; .+", fault) for fault in found), found


def test_exercise_numbers_are_given_once(tmp_path):
    again = EXERCISES[EXERCISES.index('# %% [markdown] lang="en" tags=["card"]') :]
    twice = EXERCISES + "\n" + again.replace('name="halve"', 'name="again"')
    refused(course(tmp_path, exercises=twice)[1], "exercise 01.1 stands here 2 times")


@pytest.mark.parametrize(("old", "new", "message"), [
    ("found = answer(4.0)", "found = 2", "the check passes on the untouched stub"),
    ('raise NotYet("✗ not solved") from None', "raise", "the check stops on the stub with NotImplementedError"),
    ('"✗ not solved"', '"✗ not\\nsolved"', "the check stops on the stub with NotYet"),
    ("    ### END SOLUTION\n", "    ### END SOLUTION\nhalve(1)\n", "the untouched stub stops with NotImplementedError"),
])  # fmt: skip
def test_stub_must_be_refused_kindly(tmp_path, old, new, message):
    refused(course(tmp_path, exercises=changed(EXERCISES, old, new))[1], message)


@pytest.mark.parametrize(("prose", "printed", "missing"), [
    ("It ends at 0.05.", "lr 0.050", []),
    ("It ends at 0.05.", "lr 0.055", ["0.05"]),
    ("from −0.3 to 0.7, that is 70%", "[-0.3, 0.7]", []),
    ("95% and 95.5 %", "accuracy 95 %", ["95.5 %"]),
    (r"$95\%$", "0.95", []),
    ("95%", "95", ["95%"]),
    (r"$1.3 \times 10^{-4}$", "1.3e-04", []),
    ("1.3e-4", "0.00013", []),
    ("3 updates in 2026, exercise 02.1, torch 2.13.0", "", []),
    ("`gamma=0.9` in arXiv:1708.07120 and [there](https://x.org/0.123)", "", []),
    ("学习率为0.25，即25%", "0.25", []),
    ("学习率为0.25", "10.25", ["0.25"]),
])  # fmt: skip
def test_numbers_of_the_prose_are_printed(prose, printed, missing):
    assert lint.unproven(prose, lint.numbers(printed)) == missing


def executed(found, *outputs):
    """The lesson's notebooks as if executed: *outputs* (English, Chinese) in the cell that follows the set-up."""
    notebooks = [build.assemble(found, "notebooks", language) for language in LANGUAGES]
    for notebook, of_cell in zip(notebooks, outputs, strict=True):
        notebook.cells[2].outputs = of_cell
    return notebooks


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def shown(text):
    return new_output("display_data", data={"text/plain": text})


WIDGET = nbformat.from_dict(
    {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "Image()", build.WIDGET: {}}}
)
PROVEN = stream("0.05")


@pytest.mark.parametrize(("english", "chinese", "message"), [
    ([stream("0.06")], [stream("0.06")], "no cell prints the number 0.05 of the text"),
    ([PROVEN], [stream("0.05 0.6")], "the languages print different numbers: only English –; only Chinese 0.6"),
    ([PROVEN], [shown("0.05")], "English has the outputs"),
    ([PROVEN], [PROVEN, PROVEN], "English has the outputs"),
    ([PROVEN, shown("<object at 0x7f>")], [PROVEN, shown("<object at 0x7f>")], "it prints a memory address"),
    ([PROVEN, stream("warn", "stderr")], [PROVEN, stream("warn", "stderr")], "it writes to stderr: 'warn'"),
    ([PROVEN, new_output("error", ename="E", evalue="no")],
     [PROVEN, new_output("error", ename="E", evalue="no")], "it stops with E: no"),
    ([PROVEN, WIDGET], [PROVEN, WIDGET], "a widget without a picture"),
])  # fmt: skip
def test_bad_outputs_are_refused(tmp_path, english, chinese, message):
    found = source.read(course(tmp_path)[0])
    said = [str(fault) for fault in lint.output_faults(found, *executed(found, english, chinese))]
    assert said
    assert all(message in fault for fault in said), said


def test_heavy_notebook_is_refused(tmp_path):
    found = source.read(course(tmp_path)[0])
    english, chinese = executed(found, [stream("0.05" + " " * lint.MAX_BYTES)], [stream("0.05")])
    said = [str(fault) for fault in lint.output_faults(found, english, chinese)]
    assert len(said) == 1
    assert "the notebook takes 1.5 MB, at most 1.5 MB (en)" in said[0]


def test_outputs_may_differ_in_words(tmp_path):
    found = source.read(course(tmp_path)[0])
    outputs = [stream("0.05 after 3 updates")], [stream("3 步之后：0.05")]
    assert lint.output_faults(found, *executed(found, *outputs)) == []


def test_given_numbers_need_no_print(tmp_path):
    text = changed(LESSON, 'lang="en"\n# # See', 'lang="en" given="0.05"\n# # See')
    found = source.read(course(tmp_path, text)[0])
    assert lint.output_faults(found, *executed(found, [], [])) == []


def test_insertion_changes_no_other_id(tmp_path):
    before = [cell.id for cell in source.read(course(tmp_path)[0]).cells]
    text = changed(LESSON, CODE, "# %%\nprint(2)\n\n" + CODE).replace("[1, 2, 3];", "[1, 2];")
    after = [cell.id for cell in source.read(course(tmp_path, text)[0]).cells]
    assert len(set(after)) == len(before) + 1
    assert [id for id in after if id in before] == before


def test_stub_and_solution_come_from_one_text(tmp_path):
    found = source.read(course(tmp_path)[1])
    stub, solution = (
        {cell.id: cell for cell in build.assemble(found, room, "en").cells} for room in ("exercises", "solutions")
    )
    answer, check = (found.exercises[0].tagged(tag)[0].id for tag in ("answer", "check"))
    head = 'def halve(lr):\n    """Half of it."""\n    '
    assert stub[answer].source == head + "# YOUR CODE HERE\n    raise NotImplementedError"
    assert solution[answer].source == head + "half_of_it = lr / 2\n    return half_of_it"
    assert [solution[id].source for id in solution if id not in stub] == ["Two halves are a whole."]
    assert all(solution[id].source == stub[id].source for id in stub if id != answer)
    check = stub[check]
    assert check.metadata.tags == ["check", "raises-exception"]
    assert check.metadata.nbgrader == {
        "schema_version": 3, "grade_id": "halve-check", "points": 2,
        "grade": True, "solution": False, "locked": True, "task": False,
    }  # fmt: skip


def test_words_alone_make_a_lesson(tmp_path):
    path, _ = course(tmp_path, LESSON[: LESSON.index("# %% lang")].replace("0.05", "less").replace("0.5", "1/2"))
    found = source.read(path)
    assert faults(path) == []
    notebooks = [build.assemble(found, "notebooks", language) for language in LANGUAGES]
    assert lint.output_faults(found, *notebooks) == []
    assert [source.first_line(notebook.cells[0].source) for notebook in notebooks] == ["# See it halve", "# 看它减半"]


def png(draw):
    """A figure's size in pixels, with *draw* on it, base64 as in a notebook."""
    picture = Image.new("RGB", (1440, 800), "white")
    draw(ImageDraw.Draw(picture))
    file = io.BytesIO()
    picture.save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def test_pictures_are_compared_by_tolerance():
    def curve(y, colour="#0072B2"):
        return png(lambda draw: draw.line([(100, 700), (1300, y)], fill=colour, width=6))

    assert not list(compare.picture_difference(curve(100), curve(100, "#0072B4")))
    assert "pictures differ by" in next(compare.picture_difference(curve(100), curve(120)))
    small = png(lambda draw: draw.text((10, 10), "lr"))
    assert not list(compare.picture_difference(small, png(lambda draw: draw.text((11, 10), "lr"))))


def test_compare_names_what_differs():
    def notebook(number, text, id):
        code = new_code_cell(f"a = {number}\nprint(a)", id="code", execution_count=1, outputs=[stream(f"{number}\n")])
        return new_notebook(cells=[code, new_markdown_cell(text, id=id)])

    old, new = notebook(1, "text", "old"), notebook(2, "more", "new")
    assert list(compare.differences(old, new)) == [
        "cells: only stored cell old “text”; only built cell new “more”",
        "cell code “a = 1”: source differs: stored 'a = 1', built 'a = 2'",
        "cell code “a = 1”: output 1: text differs: stored '1', built '2'",
    ]
    assert len(list(compare.differences(old, new, outputs=False))) == 2
    assert list(compare.differences(old, old)) == []


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The course above, built and written: its root and its notebooks."""
    root = tmp_path_factory.mktemp("course")
    notebooks = {}
    for path in course(root):
        notebooks |= build.build(root, source.read(path))
    build.write(root, notebooks)
    return root, notebooks


def test_build_fills_the_rooms_and_twice_gives_the_same_bytes(built):
    root, notebooks = built
    rooms = [f"{room}/{zh}" for room in ("notebooks", "exercises", "solutions") for zh in ("", "zh/")]
    assert sorted(path.as_posix() for path in notebooks) == sorted(f"{room}01_mini.ipynb" for room in rooms)
    lesson = source.read(root / "course/01_mini.py")
    for path, notebook in build.build(root, lesson).items():
        assert (root / path).read_text(encoding="utf-8") == nbformat.writes(notebook) + "\n"
    picture = notebooks[build.place(lesson, "notebooks", "en")].cells[-1].outputs[0].data
    assert sorted(picture) == ["image/png", "text/plain"]
    assert not list(root.glob("**/.*"))


def test_check_finds_what_was_edited_by_hand(built, tmp_path):
    _, notebooks = built
    build.write(tmp_path, notebooks)
    assert build.check(tmp_path, notebooks) == []
    lesson, stub = tmp_path / "notebooks/zh/01_mini.ipynb", tmp_path / "exercises/01_mini.ipynb"
    lesson.write_text(changed(lesson.read_text(encoding="utf-8"), "步之后：0.05", "步之后：0.06"), encoding="utf-8")
    stub.unlink()
    found = build.check(tmp_path, notebooks)
    assert len(found) == 2
    assert found[0].startswith("notebooks/zh/01_mini.ipynb: cell ")
    assert found[0].endswith("text differs: stored '第 1 步之后：0.06', built '第 1 步之后：0.05'")
    assert found[1] == "exercises/01_mini.ipynb: not there"


def test_command_says_what_is_stale_and_how_to_mend_it(built, tmp_path, capsys):
    _, notebooks = built
    build.write(tmp_path, notebooks)
    course(tmp_path)
    assert build.main(["--check", "--no-execute"], tmp_path) == 0
    course(tmp_path, changed(LESSON, "n=1", "n=2"))
    source.write_text(tmp_path / "solutions/02_gone.ipynb", "{}")
    capsys.readouterr()
    assert build.main(["--check", "--no-execute"], tmp_path) == 1
    said = capsys.readouterr().err
    assert "solutions/02_gone.ipynb: no file in course/ gives it" in said
    assert said.count("source differs") == 2
    assert "python -m tools.build" in said


def test_command_refuses_an_unknown_section(tmp_path, capsys):
    course(tmp_path)
    with pytest.raises(SystemExit):
        build.main(["07"], tmp_path)
    assert re.search(r"no section '07' in .*course; there are: 01_mini", capsys.readouterr().err)


def test_failing_cell_stops_the_build_and_leaves_the_old_files(built, tmp_path, capsys):
    _, notebooks = built
    build.write(tmp_path, notebooks)
    before = {path: (tmp_path / path).read_bytes() for path in notebooks}
    course(tmp_path, changed(LESSON, "[1, 2, 3];", "halved = 1 / 0"))
    (tmp_path / "course/exercises/01_mini.py").unlink()
    assert build.main([], tmp_path) == 1
    said = capsys.readouterr().err
    assert re.search(r"notebooks/(zh/)?01_mini\.ipynb: cell \w{8} “halved = 1 / 0” fails", said)
    assert "ZeroDivisionError: division by zero" in said
    assert {path: (tmp_path / path).read_bytes() for path in notebooks} == before


def test_interrupted_write_leaves_the_old_file(built, tmp_path, monkeypatch):
    _, notebooks = built
    build.write(tmp_path, notebooks)
    path = next(iter(notebooks))
    before = (tmp_path / path).read_bytes()

    def interrupted(old, new):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        source.write_text(tmp_path / path, "half")
    assert (tmp_path / path).read_bytes() == before


def test_nbval_tells_the_truth(built, tmp_path):
    """Lesson (its `;`, its widget) and solution print what is stored; stubs may be unsolved, but not rude."""
    _, notebooks = built
    build.write(tmp_path, notebooks)
    stubs = [
        ("from lrcourse.checks import NotYet", []),
        ("raise NotYet('✗ not solved')", ["check"]),
        ("print('✓ passes')", ["check"]),
        ("raise ValueError('✗ rude')", ["check"]),
        ("raise NotYet('✗ ' + 'too long ' * 50)", ["check"]),
        ("from lrcourse.checks import once_solved\nwith once_solved():\n    raise NotImplementedError", ["show"]),
        ("raise KeyError('broken')", ["show"]),
        ("import os; os._exit(1)", []),
    ]
    cells = [new_code_cell(text, metadata={"tags": tags and [*tags, "raises-exception"]}) for text, tags in stubs]
    nbformat.write(new_notebook(cells=cells), tmp_path / "exercises/02_lapses.ipynb")
    files = ["notebooks/01_mini.ipynb", "solutions/01_mini.ipynb", "exercises/02_lapses.ipynb"]
    options = ["-p", "conftest", "-p", "no:cacheprovider", "-rA", "--color=no", "--rootdir=."]
    said = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--nbval", "--nbval-current-env", "--stubs", *files],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(build.ROOT)}, capture_output=True, text=True, timeout=100,
    ).stdout  # fmt: skip
    found = sorted((cell, verdict) for verdict, cell in re.findall(r"^([PFX])[A-Z]+ (\S+::Cell \d)", said, re.M))
    verdicts = ["".join(verdict for cell, verdict in found if cell.startswith(file)) for file in files]
    assert verdicts == ["PPPP", "PPPPP", "PXFFFPFF"], said
    assert "the check passes on the untouched stub" in said
    assert "the kernel died" in said


def test_chinese_lines_are_joined_where_markdown_would_show_a_gap():
    text = "# 题\n甲乙，\n丙丁\n戊 `lr`\n己：\n$x$。\n\n- 一\n- 二\n\n| 表 |\n|---|\n$$y$$\n“引”\n庚"
    expected = "# 题\n甲乙，丙丁戊 `lr`\n己：$x$。\n\n- 一\n- 二\n\n| 表 |\n|---|\n$$y$$\n“引”庚"
    assert source.joined(text) == expected
