"""The course in JupyterLab and a real browser: pages run, sliders move pictures, answers get one friendly line."""

import re

import pytest

from tests.browser.lab import Notebook
from tools import build
from tools.source import find, read

pytestmark = pytest.mark.browser
ANSI = re.compile(r"\x1b\[[0-9;]*m")
SOURCES = [read(path) for path in find(build.ROOT)]
LESSONS = [build.place(source, "notebooks", "en") for source in SOURCES if not source.is_exercises]
EXERCISES = [source for source in SOURCES if source.is_exercises]


def errors(cell: dict) -> list[str]:
    """What a cell shows as an error, without colours."""
    found = (output for output in cell.get("outputs", ()) if output["output_type"] == "error")
    return [ANSI.sub("", "\n".join(output["traceback"])).strip() for output in found]


def is_friendly(message: str) -> bool:
    """Whether it is one message, in a few lines that JupyterLab need not break, and no traceback."""
    lines = message.split("\n")
    return message.startswith("✗ ") and len(lines) <= 4 and max(map(len, lines)) <= 96


def check_cells(notebook: Notebook) -> list[dict]:
    return [cell for cell in notebook.cells() if "check" in cell["metadata"].get("tags", ())]


def moved(explorer, act) -> bool:
    """Whether the explorer's picture changes when *act* is done to its first slider, or, without one, to its choice."""
    image, handle = explorer.locator("img"), explorer.locator(".noUi-handle").first
    before, source = image.screenshot(), image.get_attribute("src")
    if explorer.locator(".noUi-handle").count():
        act(handle)
    else:
        explorer.locator(".widget-toggle-button:not(.mod-active)").last.click()
    for _ in range(100):
        if image.get_attribute("src") != source and image.screenshot() != before:  # to take a picture is dear
            return True
        image.page.wait_for_timeout(100)
    return False


def drag(handle) -> None:
    """Take the handle towards the middle of its slider, and let go."""
    mouse, box, track = handle.page.mouse, handle.bounding_box(), handle.locator("xpath=../..").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    way = 40 if x < track["x"] + track["width"] / 2 else -40
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + way, y, steps=8)
    mouse.up()


def press(handle) -> None:
    """Move the handle by one key, away from the end that it may stand at."""
    box, track = handle.bounding_box(), handle.locator("xpath=../..").bounding_box()
    handle.press("ArrowRight" if box["x"] < track["x"] + track["width"] / 2 else "ArrowLeft")


def contrast(part) -> float:
    """Contrast of a part's text with what lies behind it, by the formula of WCAG 2."""
    colors = part.evaluate(
        """part => {
            let behind = part;
            const background = () => getComputedStyle(behind).backgroundColor;
            while (/rgba\\(.*, 0\\)|transparent/.test(background())) behind = behind.parentElement;
            return [getComputedStyle(part).color, background()];
        }"""
    )
    luminances = []
    for color in colors:
        channels = [int(channel) / 255 for channel in re.findall(r"\d+", color)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        luminances.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


def slider_page(lab, language: str, most: int | None = None) -> tuple[str, int]:
    """A page with every explorer of every lesson, or some, which takes one kernel; its path, and how many there are."""
    lessons = [source.cells for source in SOURCES if not source.is_exercises]
    setups = [cell.text[language] for cells in lessons for cell in cells if "setup" in cell.tags]
    shown = [cell.text[language] for cells in lessons for cell in cells if cell.is_code and "setup" not in cell.tags]
    shown = [code for code in shown if "explorers." in code][:most]
    return lab.add(f"explorers-{language}.ipynb", *dict.fromkeys(setups), *shown), len(shown)


def check_sliders(notebook: Notebook, *, keys: bool = True) -> int:
    """Move the explorers of a page, by key and by mouse in turn; returns how many there are."""
    assert not [error for cell in notebook.cells() for error in errors(cell)]
    count = 0
    for explorer in notebook.explorers():
        wrong = explorer.locator(".lrx-error")
        asked = explorer.locator(".lrx-question").inner_text()
        act = press if keys and count % 2 == 0 else drag
        assert moved(explorer, act), f"{asked}: to {act.__name__} changes no picture {wrong.all_inner_texts()}"
        assert not wrong.all_inner_texts(), asked
        count += 1
    assert notebook.page.locator(".Toastify__toast").count() == 0, "JupyterLab asks or tells something over the page"
    return count


def check_contrast(notebook: Notebook) -> None:
    """Read the words of a page's explorers in the dark."""
    notebook.use_theme("dark")
    for explorer in notebook.explorers():
        for words in explorer.locator(".lrx-question, .lrx-name, .lrx-goal, [aria-live]").all():
            assert contrast(words) >= 4.5, f"hard to read in the dark: {words.inner_text()}"


@pytest.mark.parametrize("front", ["lab/tree", "notebooks"], ids=["JupyterLab", "Notebook 7"])
def test_first_lesson_runs_and_its_sliders_move(open_notebook, front):
    notebook = open_notebook(LESSONS[0].as_posix(), front)
    notebook.run_all()
    assert check_sliders(notebook, keys=front == "lab/tree")  # Notebook 7 takes the arrow keys for itself
    check_contrast(notebook)


def test_sliders_of_all_lessons_move(open_notebook, lab, keep):
    path, count = slider_page(lab, "en")
    notebook = open_notebook(path)
    notebook.run_all()
    for number, explorer in enumerate(notebook.explorers()):
        keep(notebook, explorer, f"{number:02}-en")
    assert check_sliders(notebook) == count


def test_sliders_speak_chinese(request, open_notebook, lab, keep):
    """A few are enough, unless pictures are asked for: what all of them say is tested without a browser."""
    path, count = slider_page(lab, "zh", None if request.config.getoption("--shots", default=None) else 3)
    notebook = open_notebook(path)
    notebook.run_all()
    for number, explorer in enumerate(notebook.explorers()):
        assert re.search(r"[\u4e00-\u9fff]{2}", explorer.inner_text())
        keep(notebook, explorer, f"{number:02}-zh")
    assert number == count - 1
    assert moved(explorer, press)


# nbval proves it of every stub; here of one, as JupyterLab shows it.
@pytest.mark.parametrize("source", EXERCISES[:1], ids=lambda source: source.section)
def test_stub_answers_each_check_with_a_friendly_message(open_notebook, source):
    notebook = open_notebook(build.place(source, "exercises", "en").as_posix())
    notebook.run_all()
    checks = check_cells(notebook)
    assert len(checks) == len(source.exercises)
    for cell in checks:
        (message,) = errors(cell)
        assert is_friendly(message)
    for cell in notebook.cells():
        if not {"check", "show"} & set(cell["metadata"].get("tags", ())):
            assert not errors(cell)


@pytest.mark.parametrize("source", [EXERCISES[1], EXERCISES[-1]], ids=lambda source: source.section)
def test_wrong_then_right_answer_typed_into_a_stub(open_notebook, source):
    exercise = next(exercise for exercise in source.exercises if exercise.tagged("wrong"))
    answer, wrong = exercise.tagged("answer")[0], exercise.tagged("wrong")[0]
    notebook = open_notebook(build.place(source, "exercises", "en").as_posix())
    ids = [cell["id"] for cell in notebook.cells()]
    at, check = ids.index(answer.id), ids.index(exercise.tagged("check")[0].id)
    for index in range(at):
        notebook.run(index)

    def try_out(text: str) -> str:
        notebook.write(at, text)
        notebook.run(at)
        notebook.run(check)
        return notebook.cell(check).locator(".jp-OutputArea-output").inner_text().strip()

    shown = try_out(wrong.text["en"])
    assert is_friendly(shown)
    assert re.search(wrong.expect["en"], " ".join(shown.split()))
    assert try_out(answer.solved("en")).startswith("✓ ")
