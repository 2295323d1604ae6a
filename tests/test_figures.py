"""The one look: sharp, small, legible, without a trace in anybody else's settings; every figure, in both languages."""

import importlib
import inspect
import io
import pkgutil
import warnings

import matplotlib
import numpy as np
import pytest
from PIL import Image

import lrcourse
from lrcourse import figures
from lrcourse.figures import style
from lrcourse.figures.style import Figure, styled


def luminance(color: str) -> float:
    rgb = np.asarray(matplotlib.colors.to_rgb(color))
    linear = np.where(rgb <= 0.03928, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def still_figures() -> list:
    """Every function of figures/ that draws without being given anything."""
    found = []
    for info in pkgutil.iter_modules(figures.__path__):
        module = importlib.import_module(f"lrcourse.figures.{info.name}")
        for name, draw in inspect.getmembers(module, inspect.isfunction):
            signature = inspect.signature(draw)
            drawn = "Figure" in str(signature.return_annotation)
            free = all(p.default is not p.empty for p in signature.parameters.values())
            if draw.__module__ == module.__name__ and not name.startswith("_") and drawn and free:
                found.append(pytest.param(draw, id=f"{info.name}.{name}"))
    return found


@styled
def line() -> Figure:
    figure = Figure(alt="a line from 0 to 1")
    figure.subplots().plot([0, 1], [0, 1])
    return figure


def test_text_has_contrast():
    for color in (style.INK, style.QUIET):
        assert 1.05 / (luminance(color) + 0.05) >= 4.5, color


def test_nobody_elses_settings_change():
    before = dict(matplotlib.rcParams)
    line()
    assert dict(matplotlib.rcParams) == before


def test_a_figure_shows_itself_sharp_and_small_with_its_words():
    data, metadata = line()._repr_mimebundle_()
    picture = Image.open(io.BytesIO(data["image/png"]))
    assert picture.mode == "P" and picture.size == (1440, 780)
    assert metadata["image/png"] == {"width": 720, "height": 390, "alt": "a line from 0 to 1"}
    assert data["text/plain"] == "a line from 0 to 1"
    assert len(data["image/png"]) < 60_000


def test_a_figure_belongs_to_no_window():
    from matplotlib import pyplot

    line()
    assert not pyplot.get_fignums()


def test_the_same_figure_twice_is_the_same_bytes():
    assert line().png() == line().png()


def test_the_figures_are_found():
    assert len(still_figures()) >= 6  # a figure without `-> Figure` in its signature would go untested


@pytest.mark.parametrize("draw", still_figures())
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_figure_has_words_glyphs_and_nothing_cut_off(draw, language):
    lrcourse.use_language(language)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a missing glyph is a warning
            figure = draw()
            figure.canvas.draw()
    finally:
        lrcourse.use_language("en")
    assert len(figure.alt) > 20, "a figure says in words what it shows"
    by_hand = [*figure.texts, figure._suptitle, *(text for axes in figure.axes for text in _placed(axes))]
    for text in filter(None, by_hand):
        if text.get_visible() and text.get_text().strip():
            box, frame = text.get_window_extent(), figure.bbox.padded(1)
            inside = frame.contains(box.x0, box.y0) and frame.contains(box.x1, box.y1)
            assert inside, f"cut off: {text.get_text()!r}"


def _placed(axes) -> list:
    """Titles, axis labels, annotations: all words but tick labels, and what is cut at the axes on purpose."""
    ticks = [tick for axis in (axes.xaxis, axes.yaxis) for tick in (*axis.majorTicks, *axis.minorTicks)]
    labels = {label for tick in ticks for label in (tick.label1, tick.label2)}
    return [text for text in axes.findobj(matplotlib.text.Text) if text not in labels and not text.get_clip_on()]
