"""The one look: sharp, small, legible, without a trace in anybody else's settings; every figure, in both languages."""

import importlib
import inspect
import io
import itertools
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
from tests.contrast import contrast, pale


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


# How the cones that are left see linear RGB: Machado, Oliveira and Fernandes (2009), severity 1.
EYES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "all three cones": np.eye(3),
}
XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]


def seen(color: str, eye: str) -> np.ndarray:
    """A colour in CIELAB, where distances are roughly those that are felt, as one who sees like this sees it."""
    rgb = np.asarray(matplotlib.colors.to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = np.asarray(XYZ) @ np.clip(EYES[eye] @ linear, 0, 1) / (0.95047, 1, 1.08883)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eye", EYES)
def test_colours_that_mean_something_are_told_apart_by_every_eye(eye):
    """By 15, six times what is just noticed; a grey reference is thin as well, and may come as near as 8."""
    kinds = ("LR", "LOSS", "NOISE", "SECOND", "MOMENTUM", "THEORY", "REFERENCE")
    for one, other in itertools.combinations(kinds, 2):
        apart = np.linalg.norm(seen(getattr(style, one), eye) - seen(getattr(style, other), eye))
        assert apart > (8 if other == "REFERENCE" else 15), (one, other, apart)


def test_a_colour_becomes_ink_only_as_far_as_it_must():
    assert style.ink(style.LR).upper() == style.LR  # 5.2:1 as it is
    for color in (style.LOSS, style.NOISE, style.SECOND, style.MOMENTUM):
        assert 4.5 <= contrast(style.ink(color)) < 4.75


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
    assert not pale(figure), "words of less than 4.5:1"
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
