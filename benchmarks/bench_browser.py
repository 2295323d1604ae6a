"""From a key pressed on a slider to the new picture on the screen, in a real browser, against `interact`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from statistics import median

from playwright.sync_api import Locator

from lrcourse.figures.style import DPI
from tests.browser.lab import VIEW, Notebook, browser, serve

EXPLORERS = ("schedulers.half_life", "schedulers.one_cycle", "dynamics.bifurcation")
PRESSES = 20

EXPLORER = """
import ipywidgets
from IPython.core.pylabtools import print_figure
from IPython.display import Image, display
from lrcourse import explorers
from lrcourse.explorers.explorer import Slider

explorer = explorers.{name}()
slider = next(control for control in explorer.controls if isinstance(control, Slider))
explorer
"""

INTERACT = """
original = explorer._widgets[slider.key]
names = ("min", "max", "step", "value", "base")
twin = type(original)(**{name: getattr(original, name) for name in names if original.has_trait(name)})
fixed = {key: value for key, value in explorer.values.items() if key != slider.key}

def draw(value):
    figure = type(explorer.picture)(**fixed, **{slider.key: value}).figure
    display(Image(print_figure(figure, dpi={DPI}, bbox_inches="tight")))

ipywidgets.interact(draw, value=twin);
"""

# Resolves with milliseconds from the next key pressed in the cell to the first frame that shows another picture.
UNTIL_REPAINT = """cell => new Promise(resolve => {
    let start;
    const before = cell.querySelector('img').src;
    cell.addEventListener('keydown', () => { start = performance.now(); }, { capture: true, once: true });
    const observer = new MutationObserver(async () => {
        const image = cell.querySelector('img');
        if (start === undefined || !image || image.src === before) return;
        observer.disconnect();
        await image.decode().catch(() => {});
        requestAnimationFrame(() => resolve(performance.now() - start));
    });
    observer.observe(cell, { childList: true, subtree: true, attributes: true, attributeFilter: ['src'] });
})"""


def repaint(cell: Locator, key: str) -> float:
    """Seconds until *key*, pressed on the cell's first slider, has changed the picture."""
    handle = cell.locator(".noUi-handle").first
    handle.focus()
    cell.evaluate(f"cell => {{ window.repainted = ({UNTIL_REPAINT})(cell); }}")
    handle.press(key)
    seconds = cell.page.evaluate("window.repainted") / 1e3
    cell.page.wait_for_timeout(200)
    return seconds


def row(notebook: Notebook, name: str) -> dict:
    notebook.run_all()
    cells = [notebook.page.locator(f'.jp-Cell[data-windowed-list-index="{index}"]') for index in (0, 1)]
    for cell in cells:
        cell.locator(".jp-OutputArea img").wait_for()
        repaint(cell, "ArrowLeft")
    times = [[repaint(cell, key) for cell in cells] for key in ("ArrowLeft", "ArrowRight") * (PRESSES // 2)]
    ours, theirs = (median(column) for column in zip(*times, strict=True))
    return {
        "what": f"explorer {name}: slider key press to repaint",
        "against": "interact with inline plots",
        "target": "≥ 2.5×",
        "ratio": theirs / ours,
        "seconds": ours,
        "note": f"median of {PRESSES} presses, in turn; interact {theirs * 1e3:.0f} ms, at half our resolution",
    }


def rows() -> list[dict]:
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    found = []
    with tempfile.TemporaryDirectory() as home, serve(Path(home)) as lab, browser() as chrome:
        for name in EXPLORERS:
            cells = [code.strip().replace("{name}", name).replace("{DPI}", str(DPI)) for code in (EXPLORER, INTERACT)]
            page = chrome.new_page(viewport=VIEW | {"height": 1800})
            found.append(row(Notebook(page, lab, lab.add(f"{name}.ipynb", *cells)), name))
            lab.end_kernels()
            page.close()
    return found
