"""The explorers' one mechanism, and every explorer of the course at its controls' ends and snap points."""

import importlib
import inspect
import io
import pkgutil
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

import lrcourse
from lrcourse import explorers
from lrcourse.explorers.explorer import Choice, Explorer, Slider
from lrcourse.figures import style
from lrcourse.figures.style import Picture, Seen
from tests.contrast import pale


def pixels(explorer: Explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.image.value)).convert("RGB")).astype(int)


def every_explorer() -> list:
    found = []
    for info in pkgutil.iter_modules(explorers.__path__):
        module = importlib.import_module(f"lrcourse.explorers.{info.name}")
        for name, make in inspect.getmembers(module, inspect.isfunction):
            if make.__module__ == module.__name__ and inspect.signature(make).return_annotation == "Explorer":
                found.append(pytest.param(make, id=f"{info.name}.{name}"))
    return found


class Wave(Picture):
    """A line y = a·sin x, with a limit that moves the axis when the data leave it."""

    draws = 0

    def draw(self, figure):
        type(self).draws += 1
        self.ax = figure.subplots()
        self.x = np.linspace(0, 6, 50)
        self.ax.set_ylim(-2, 2)
        (self.line,) = self.ax.plot(self.x, np.sin(self.x))
        self.title = self.ax.set_title("")
        return self.line, self.title

    def update(self, a, shape="sin", **others):
        if a < 0:
            raise ValueError(f"a must be positive, got {a}")
        self.line.set_ydata(a * getattr(np, shape)(self.x))
        if a > 2:
            self.ax.set_ylim(-a, a)
        self.title.set_text(f"a = {a:g}")
        return Seen(f"amplitude {a:g}", goal=f"a = {a:g}" if a >= 1.5 else "")


def wave(**kwargs) -> Explorer:
    def controls(values):
        snaps = {"one": 1, "two": 2.0}
        yield Slider(key="a", name="amplitude", symbol="a", low=-1, high=5, value=1, snaps=snaps, unit="m")
        yield Choice(key="shape", name="shape", options={"sine": "sin", "cosine": "cos"})
        if values.get("shape") == "cos":
            yield Slider(key="phase", name="phase", low=0, high=9, value=3, step=1)

    return Explorer(Wave(), controls, question="How high?", goal="make it 1.5", **kwargs)


def test_a_control_moves_the_picture_and_its_words():
    explorer = wave()
    before = pixels(explorer)
    explorer.set(a=1.9)
    assert np.abs(pixels(explorer) - before).max() > 100
    assert "amplitude 1.9" in explorer._words.value
    assert explorer._labels["a"].value.count("1.9 m") == 1
    explorer.set(a=1.0)
    assert np.abs(pixels(explorer) - before).max() == 0, "what moved away and back leaves no trace"


def test_what_is_blitted_is_what_a_full_drawing_shows():
    explorer = wave()
    explorer.set(a=1.7, shape="cos")
    for artist in explorer.picture.moving:
        artist.set_animated(False)
    canvas = explorer.picture.figure.canvas
    canvas.draw()
    full = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
    assert np.abs(pixels(explorer) - full).mean() < 1  # JPEG, no more


def test_the_figure_is_drawn_once_and_again_only_when_an_axis_moves(monkeypatch):
    explorer = wave()
    drawings = []
    canvas = explorer.picture.figure.canvas
    monkeypatch.setattr(canvas, "draw", lambda draw=canvas.draw: (drawings.append(1), draw()))
    explorer.set(a=0.5)
    explorer.set(a=1.4)
    assert not drawings
    explorer.set(a=4)  # leaves the axis
    assert len(drawings) == 1


def test_the_picture_is_sharp_at_twice_the_page():
    explorer = wave()
    height, width, _ = pixels(explorer).shape
    page = explorer.picture.figure.page_size
    assert (width, height) == (2 * page[0], 2 * page[1])
    assert explorer.image.layout.width == f"{page[0]}px"


def test_an_error_shows_in_the_widget_and_goes_when_it_is_gone():
    explorer = wave()
    explorer.set(a=-1)
    assert "a must be positive, got -1" in explorer._failure.value
    assert "Traceback" in explorer.error and "Traceback" not in explorer._failure.value
    explorer.set(a=1)
    assert explorer.error is None and explorer._failure.value == ""


def test_an_error_in_choosing_the_controls_shows_too():
    def controls(values):
        if values.get("shape") == "cos":
            raise ValueError("no controls for cos")
        yield Slider(key="a", name="a", low=0, high=2, value=1)
        yield Choice(key="shape", name="shape", options={"sine": "sin", "cosine": "cos"})

    explorer = Explorer(Wave(), controls, question="?")
    explorer._widgets["shape"].value = "cos"
    assert "no controls for cos" in explorer._failure.value
    explorer._widgets["shape"].value = "sin"
    assert explorer.error is None
    explorer._widgets["shape"].value = "cos"
    explorer.reset()
    assert explorer.error is None and explorer.values == {"a": 1, "shape": "sin"}


def test_the_goal_keeps_the_number_that_reached_it_until_reset():
    explorer = wave()
    assert "✓" not in explorer._goal.value
    explorer.set(a=1.6)
    explorer.set(a=1.0)
    assert "✓ make it 1.5 (a = 1.6)" in explorer._goal.value
    explorer.reset()
    assert "✓" not in explorer._goal.value


def test_controls_follow_the_choice_and_the_others_keep_their_values():
    explorer = wave()
    explorer.set(a=0.3)
    assert list(explorer.values) == ["a", "shape"]
    explorer.set(shape="cos")
    assert explorer.values == {"a": 0.3, "shape": "cos", "phase": 3}
    explorer.set(shape="sin")
    assert explorer.values == {"a": 0.3, "shape": "sin"}
    explorer.reset()
    assert explorer.values == {"a": 1, "shape": "sin"}


def test_a_log_slider_holds_its_start_and_its_snaps_as_they_are():
    slider = Slider(key="a", name="a", low=1e-3, high=4, value=0.95, step=0.1, log=True, snaps={"2/λ": 2 / 9})
    explorer = Explorer(Wave(), [slider], question="?")
    assert explorer.values["a"] == 0.95
    explorer._rows["a"].children[-1].children[0].click()
    assert explorer.values["a"] == 2 / 9
    grid = np.array(slider.grid())
    assert (grid[0], grid[-1]) == (1e-3, 4)
    assert np.diff(np.log10(grid)).max() < 0.2
    explorer.set(a=0.5)
    assert explorer.values["a"] == pytest.approx(0.5, rel=0.15)


def test_a_snap_button_sets_its_value():
    explorer = wave()
    button = next(w for w in explorer._rows["a"].children[-1].children if w.description == "two")
    button.click()
    assert explorer.values["a"] == 2.0


def test_play_goes_on_from_where_the_slider_stands():
    picture = Wave()
    explorer = Explorer(
        picture, [Slider(key="a", name="a", low=0, high=2, value=0.5, step=0.5, play=50)], question="?"
    )
    play = explorer._rows["a"].children[-1].children[0]
    assert play.value == 1 and explorer.values["a"] == 0.5
    play.value = 3
    assert explorer.values["a"] == 1.5
    explorer.set(a=0.0)
    assert play.value == 0


def test_an_unknown_control_is_named():
    with pytest.raises(KeyError, match="height"):
        wave().set(height=1)


def test_a_slow_picture_greys_paints_and_moves_the_bar():
    class Slow(Wave):
        def update(self, a):
            self.line.set_alpha(0.3)
            yield 0.25
            yield 0.75
            self.line.set_alpha(1)
            return super().update(a)

    explorer = Explorer(Slow(), [Slider(key="a", name="a", low=0, high=2, value=1)], question="?")
    bars, frames = [], []
    explorer._bar.observe(lambda change: bars.append(change["new"]), "value")
    explorer.image.observe(lambda change: frames.append(change["new"]), "value")
    explorer.set(a=0.5)
    assert bars == [0.25, 0.75] and len(frames) == 2 and explorer._bar.layout.visibility == "hidden"
    assert explorer.error is None and "amplitude 0.5" in explorer._words.value


def test_a_stored_notebook_keeps_picture_and_words():
    explorer = wave()
    data, metadata = explorer._repr_mimebundle_()
    assert data["text/plain"] == "How high?\namplitude 1"
    assert "application/vnd.jupyter.widget-view+json" in data
    stored = Image.open(io.BytesIO(data["image/png"]))
    assert stored.mode == "P" and stored.size == tuple(2 * side for side in explorer.picture.figure.page_size)
    assert metadata["image/png"]["alt"] == "amplitude 1"
    explorer.set(a=1.2)
    assert explorer.error is None  # it still moves afterwards


def test_the_explorers_are_found():
    assert len(every_explorer()) >= 10  # one without `-> Explorer` in its signature would go untested


@pytest.fixture
def few_networks(monkeypatch):
    """Explorers that train move the same artists with fewer networks or fewer updates, sooner."""
    from lrcourse.figures import custom, finder, physics, practice, warmup

    monkeypatch.setattr(custom, "SEEDS", 2)
    monkeypatch.setattr(finder, "SEEDS", 2)
    monkeypatch.setattr(physics, "SEEDS", physics.SEEDS[:3])
    monkeypatch.setattr(practice, "SEEDS", range(2))
    monkeypatch.setattr(warmup.Edge, "SEEDS", 1)
    monkeypatch.setattr(warmup.Edge, "UPDATES", 50)
    physics._losses_of_rivals.cache_clear()
    yield
    physics._losses_of_rivals.cache_clear()


@pytest.mark.usefixtures("few_networks")
@pytest.mark.parametrize("make", every_explorer())
def test_every_explorer_at_its_ends_and_snaps(make):
    """Nothing fails, each control moves the picture, reset undoes it, and the goal is not a gift."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        explorer = make()
        assert explorer.error is None, explorer.error
        assert explorer.question and explorer._words.value
        assert "✓" not in explorer._goal.value, "the goal is reached before anything was done"
        first = pixels(explorer)
        unmoved = {control.key for control in explorer.controls}
        for control in explorer.controls:
            for stop in control.stops():
                explorer.set(**{control.key: stop})
                assert explorer.error is None, f"{control.key} = {stop}: {explorer.error}"
                assert not pale(explorer.picture.figure), "words of less than 4.5:1"
                if control.key in unmoved and np.abs(pixels(explorer) - first).max() > 60:
                    unmoved.remove(control.key)
                for ends in brought_along(explorer, control):
                    explorer.set(**ends)
                    assert explorer.error is None, f"{control.key} = {stop}, {ends}: {explorer.error}"
            explorer.reset()
            assert np.abs(pixels(explorer) - first).max() == 0, f"reset does not undo {control.key}"
        assert not unmoved, "controls that change nothing"


@pytest.mark.usefixtures("few_networks")
@pytest.mark.parametrize("make", every_explorer())
def test_every_explorer_speaks_chinese(make):
    """A missing glyph is a warning, and a warning an error here."""
    lrcourse.use_language("zh")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            explorer = make()
            for control in explorer.controls:
                if control in explorer.controls:  # a choice may have taken it away
                    explorer.set(**{control.key: control.stops()[-1]})
    finally:
        lrcourse.use_language("en")
    assert explorer.error is None, explorer.error
    names = [control.name for control in explorer.controls if not control.name.isidentifier()]  # torch's arguments
    for text in (explorer.question, explorer._words.value, *names):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text), f"not Chinese: {text!r}"


def test_controls_that_go_are_closed_with_all_that_they_are_made_of():
    from ipywidgets.widgets.widget import _instances

    from lrcourse.explorers import schedulers

    browser = schedulers.schedule_browser()
    choice = next(control for control in browser.controls if isinstance(control, Choice))
    first, other, *_ = choice.stops()
    open_ones = set(_instances)
    for _ in range(3):
        browser.set(**{choice.key: other})
        browser.set(**{choice.key: first})
        browser.reset()
    assert len(_instances) == len(open_ones)


def test_two_threads_that_move_a_slider_leave_one_picture(monkeypatch):
    """JupyterLab may answer a slider on another thread than a cell."""
    explorer = explorers.schedulers.half_life()
    slider = next(control for control in explorer.controls if isinstance(control, Slider))
    restore = explorer.picture.figure.canvas.restore_region

    def slowly(region):
        restore(region)
        time.sleep(0.01)  # the other thread's turn

    monkeypatch.setattr(explorer.picture.figure.canvas, "restore_region", slowly)
    ends = [slider.low, slider.high]
    with ThreadPoolExecutor(2) as threads:
        for _ in range(5):
            list(threads.map(lambda end: explorer.set(**{slider.key: end}), ends))
            shown, value = pixels(explorer), explorer.values[slider.key]
            explorer.set(**{slider.key: value})
            assert np.abs(pixels(explorer) - shown).max() == 0


def test_a_name_that_is_no_control_leaves_sliders_and_picture_at_one():
    explorer = explorers.schedulers.half_life()
    slider = next(control for control in explorer.controls if isinstance(control, Slider))
    with pytest.raises(KeyError):
        explorer.set(**{slider.key: slider.high, "nope": 1})
    shown = pixels(explorer)
    explorer.set(**{slider.key: slider.high})
    assert np.abs(pixels(explorer) - shown).max() == 0


def brought_along(explorer: Explorer, control) -> list[dict]:
    """The ends of all sliders, where a choice may have brought some of its own."""
    if not isinstance(control, Choice):
        return []
    sliders = [other for other in explorer.controls if isinstance(other, Slider)]
    return [{other.key: other.low for other in sliders}, {other.key: other.high for other in sliders}]


def test_figures_fall_back_to_english_without_a_chinese_font(monkeypatch):
    lrcourse.use_language("zh")
    try:
        monkeypatch.setattr(style, "chinese_font", lambda: None)
        assert style.label("epoch {n}", "轮 {n}", n=3) == "epoch 3"
        monkeypatch.setattr(style, "chinese_font", lambda: "Noto Sans CJK SC")
        assert style.label("epoch {n}", "轮 {n}", n=3) == "轮 3"
    finally:
        lrcourse.use_language("en")
