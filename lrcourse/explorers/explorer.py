"""The one mechanism behind every explorer: a picture that is drawn once, and controls that move it.

A :class:`~lrcourse.figures.style.Picture` names the artists that move. The explorer keeps what stands still as pixels,
draws the moving artists over it, and sends one JPEG at twice the page's resolution to one image widget: no flicker, and
a new picture in a few milliseconds. Only when an axis, a tick or a size changes is everything drawn again.
"""

from __future__ import annotations

import io
import math
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import ipywidgets as widgets
from PIL import Image

from ..figures.style import Picture, Seen, alone
from ..words import say

CONTROLS_WIDTH = 300  # CSS pixels
_STYLE = """<style>
.lrx {max-width: 100%; overflow: hidden;}
.lrx .widget-html-content {line-height: 1.4; white-space: normal;}
.lrx .lrx-question {font-size: 1.1em; font-weight: 600;}
.lrx .lrx-name {font-variant-numeric: tabular-nums;}
.lrx .lrx-goal {opacity: .8;}
.lrx .lrx-old {opacity: .3;}
.lrx .lrx-done {color: #007a5a; opacity: 1; font-weight: 600;}
[data-jp-theme-light="false"] .lrx .lrx-done {color: #3fd6a6;}
.lrx .lrx-error {color: #a40e26; background: #ffebe9; border-radius: 4px; padding: 4px 8px;}
.lrx button.jupyter-button {height: 24px; line-height: 22px; padding: 0 8px; width: auto; font-size: 12px;}
.lrx :is(button, .noUi-handle):focus-visible {outline: 2px solid #0072B2; outline-offset: 1px;}
.lrx .widget-hslider .slider-container {margin: 0 8px;}
</style>"""


@dataclass(frozen=True, kw_only=True)
class Control:
    """What every control has: the keyword of ``Picture.update`` that it sets, and its name on the page."""

    key: str
    name: str
    symbol: str = ""


@dataclass(frozen=True, kw_only=True)
class Slider(Control):
    """A number between *low* and *high*, live in the label.

    Args:
        step: the distance of two values; for ``log`` that of two exponents to base 10. An int makes the value an int.
        snaps: meaningful values by name; a button each ("2/λ", "optimum").
        unit: behind the value, e.g. ``"updates"``.
        show: a format, e.g. ``".3f"``.
        on_release: wait until the slider is let go (for pictures that take long).
        play: milliseconds between two values of the play button; 0 for none.
    """

    low: float
    high: float
    value: float
    step: float = 0.01
    log: bool = False
    snaps: Mapping[str, float] = field(default_factory=dict)
    unit: str = ""
    show: str = ""
    on_release: bool = False
    play: int = 0

    @property
    def whole(self) -> bool:
        return isinstance(self.step, int) and not self.log

    def grid(self) -> list[float]:
        """All values of a log slider. The start and the snaps are among them as they are: a slider of floats would
        round them to its steps as soon as it is shown."""
        decades = math.log10(self.high / self.low)
        steps = round(decades / self.step)
        regular = (self.low * 10 ** (decades * n / steps) for n in range(steps + 1))
        special = [self.low, self.high, self.value, *self.snaps.values()]
        near = 10 ** (self.step / 2)
        kept = [v for v in regular if all(not 1 / near < v / one < near for one in special)]
        return sorted({*kept, *special})

    def stops(self) -> list[float]:
        """Where a test has to go: the ends and every snap."""
        return [self.low, self.high, *self.snaps.values()]

    def text(self, value: float) -> str:
        """The value as the label shows it."""
        number = format(value, self.show or ("d" if self.whole else ".3g"))
        return f"{number} {self.unit}".strip()


@dataclass(frozen=True, kw_only=True)
class Choice(Control):
    """One of several values: ``options`` maps the name on the page to the value. Few are buttons, many a list."""

    options: Mapping[str, object]
    value: object = None

    @property
    def start(self) -> object:
        return next(iter(self.options.values())) if self.value is None else self.value

    def stops(self) -> list[object]:
        return list(self.options.values())


@dataclass(frozen=True, kw_only=True)
class Switch(Control):
    """On or off."""

    value: bool = False

    def stops(self) -> list[bool]:
        return [False, True]


class Explorer(widgets.VBox):
    """A question, controls on the left, a picture on the right, a goal and a line of words below.

    Args:
        picture: drawn once already; its ``update`` takes one keyword for each control.
        controls: in the order of the page; or, where some depend on others, a function that is given the values of now
            (at first ``{}``) and returns the controls that belong to them. Controls that stay equal keep their values.
        question: the one sentence above.
        goal: what to reach; turns to ✓ with the number that did it, as soon as the picture reports it.

    Attributes:
        error: the traceback of the last callback that failed, else None; the page shows its last line.
        values: what the controls say now.
    """

    def __init__(
        self,
        picture: Picture,
        controls: Sequence[Control] | Callable[[Mapping[str, Any]], Sequence[Control]],
        *,
        question: str,
        goal: str = "",
    ) -> None:
        self.picture, self.question, self.goal = picture, question, goal
        self.controls: tuple[Control, ...] = ()
        self.error: str | None = None
        self._choose = controls if callable(controls) else lambda values: controls
        self._reached = ""
        self._still: Any = None  # what does not move, as pixels
        self._still_key: tuple | None = None  # and the layout that they belong to
        self._quiet = False
        self._stale = True  # the controls may no longer be those that belong to the values
        self._labels: dict[str, widgets.HTML] = {}
        self._widgets: dict[str, widgets.Widget] = {}
        self._rows: dict[str, widgets.Widget] = {}

        width, _ = picture.figure.page_size
        self.image = widgets.Image(format="jpeg", layout={"width": f"{width}px", "max_width": "100%"})
        self._words, self._goal, self._failure = widgets.HTML(), widgets.HTML(), widgets.HTML()
        bar_layout = {"width": "100%", "height": "4px", "margin": "0", "visibility": "hidden"}
        self._bar = widgets.FloatProgress(min=0, max=1, layout=bar_layout)
        self._column = widgets.VBox()
        reset = widgets.Button(
            description=say("reset", "重置"), icon="undo", tooltip=say("back to the start", "回到初始状态")
        )
        reset.on_click(lambda _: self.reset())

        left = widgets.VBox(
            [self._column, widgets.HBox([reset])],
            layout={"width": f"{CONTROLS_WIDTH}px", "flex": "0 0 auto", "padding": "0 8px 0 0"},
        )
        right = widgets.VBox(
            [self._bar, self.image, self._goal, self._words],
            layout={"width": f"{width + 8}px", "max_width": "100%", "flex": "0 1 auto"},  # 8: the widgets' margins
        )
        body = widgets.Box([left, right], layout={"flex_flow": "row wrap", "align_items": "flex-start"})
        head = widgets.HTML(f'{_STYLE}<div class="lrx-question">{escape(question)}</div>')
        super().__init__([head, body, self._failure])
        self.add_class("lrx")
        self._refresh()

    # ---- controls

    @property
    def values(self) -> dict[str, Any]:
        return {control.key: self._widgets[control.key].value for control in self.controls}

    @alone
    def set(self, **values: object) -> None:
        """Set several controls at once and draw once, as if a hand had done it.

        Raises:
            KeyError: for a name that is no control now.
        """
        self._quiet = True
        try:
            for key, value in values.items():
                if self._stale:
                    self._arrange()
                self._set(key, value)
        finally:
            self._quiet = False
            self._refresh()  # an unknown name leaves what was set before it, shown

    @alone
    def reset(self) -> None:
        """Everything as it was at first; a goal once reached is forgotten."""
        self._reached, self.controls, self._stale = "", (), True
        self._refresh()

    def _arrange(self) -> None:
        """Show the controls that belong to the values of now; those that stay keep their widgets."""
        controls = tuple(self._choose(self.values))
        self._stale = False
        if controls == self.controls:
            return
        kept = {control.key for control in controls if control in self.controls}
        gone = [part[key] for part in (self._rows, self._labels) for key in part if key not in kept]
        for control in controls:
            if control.key not in kept:
                self._rows[control.key] = self._row(control)
        self.controls = controls
        self._column.children = [self._rows[control.key] for control in controls]
        keys = {control.key for control in controls}
        for parts in (self._rows, self._widgets, self._labels):
            for key in parts.keys() - keys:
                del parts[key]
        for widget in gone:
            _close(widget)

    def _changed(self, control: Control) -> None:
        self._name(control)
        self._stale |= not isinstance(control, Slider)
        if not self._quiet:
            self._refresh()

    def _row(self, control: Control) -> widgets.Widget:
        heading = self._labels[control.key] = widgets.HTML()
        extras: list[widgets.Widget] = []
        match control:
            case Slider():
                widget, extras = self._slider(control)
            case Choice():
                widget = self._choice(control)
            case Switch():
                widget = widgets.Checkbox(value=control.value, description=control.name, indent=False)
        self._widgets[control.key] = widget
        self._name(control)
        widget.observe(lambda _: self._changed(control), "value")
        rows = [widget] if isinstance(control, Switch) else [heading, widget]
        if extras:
            rows.append(widgets.HBox(extras, layout={"flex_flow": "row wrap"}))
        return widgets.VBox(rows, layout={"margin": "0 0 6px 0"})

    def _slider(self, control: Slider) -> tuple[widgets.Widget, list[widgets.Widget]]:
        common: dict[str, Any] = dict(value=control.value, readout=False, continuous_update=not control.on_release)
        common |= dict(layout={"width": "auto"})
        if control.log:
            slider = widgets.SelectionSlider(options=[(control.text(v), v) for v in control.grid()], **common)
        else:
            kind = widgets.IntSlider if control.whole else widgets.FloatSlider
            slider = kind(min=control.low, max=control.high, step=control.step, **common)
        extras = []
        if control.play:
            extras.append(self._player(control, slider))
        for name, value in control.snaps.items():
            button = widgets.Button(description=name, tooltip=f"{control.name} = {control.text(value)}")
            button.on_click(lambda _, value=value: self._set(control.key, value))
            extras.append(button)
        return slider, extras

    @staticmethod
    def _player(control: Slider, slider: widgets.Widget) -> widgets.Play:
        """A play button that goes on from where the slider stands."""
        last = round((control.high - control.low) / control.step)
        play = widgets.Play(min=0, max=last, interval=control.play, show_repeat=False, layout={"width": "auto"})
        to_play = lambda value: round((value - control.low) / control.step)  # noqa: E731
        widgets.link((slider, "value"), (play, "value"), transform=(to_play, lambda n: control.low + n * control.step))
        return play

    @staticmethod
    def _choice(control: Choice) -> widgets.Widget:
        options = list(control.options.items())
        if len(options) > 4:
            return widgets.Dropdown(options=options, value=control.start, layout={"width": "auto"})
        return widgets.ToggleButtons(options=options, value=control.start, style={"button_width": "auto"})

    def _set(self, key: str, value: Any) -> None:
        widget = self._widgets[key]
        match widget:
            case widgets.IntSlider():
                value = int(value)
            case widgets.SelectionSlider():
                value = min((v for _, v in widget.options), key=lambda v: abs(math.log(v / value)))
        widget.value = value

    def _name(self, control: Control) -> None:
        text = escape(f"{control.name} {control.symbol}".strip())
        if isinstance(control, Slider):
            text += f" = <b>{escape(control.text(self._widgets[control.key].value))}</b>"
        self._labels[control.key].value = f'<span class="lrx-name">{text}</span>'

    # ---- picture

    @alone
    def _refresh(self) -> None:
        try:
            if self._stale:
                self._arrange()
            frames = self.picture.frames(**self.values)
            while True:
                try:
                    self._bar.value = next(frames)
                    if self._bar.layout.visibility == "hidden":
                        self._bar.layout.visibility = "visible"
                        self._words.value = self._words.value.replace('aria-live="polite"', 'class="lrx-old"')
                        self._paint()
                except StopIteration as end:
                    seen = end.value
                    break
            self._paint()
            self._tell(seen)
            self.error = None
            self._failure.value = ""
        except Exception as error:
            self.error = traceback.format_exc()
            text = say("This picture could not be drawn: ", "无法画出此图：") + f"{type(error).__name__}: {error}"
            self._failure.value = f'<div class="lrx-error" role="alert">{escape(text)}</div>'
        finally:
            self._bar.layout.visibility = "hidden"

    def _paint(self) -> None:
        figure, canvas = self.picture.figure, self.picture.figure.canvas
        key = self._still_now()
        if key != self._still_key:
            for artist in self.picture.moving:
                artist.set_animated(True)
            canvas.draw()
            figure.set_layout_engine("none")  # laid out once: nothing jumps
            self._still, self._still_key = canvas.copy_from_bbox(figure.bbox), key
        canvas.restore_region(self._still)
        for artist in self.picture.moving:
            figure.draw_artist(artist)
        size = canvas.get_width_height(physical=True)
        file = io.BytesIO()
        frame = Image.frombuffer("RGBX", size, canvas.buffer_rgba())
        frame.save(file, "JPEG", quality=93)  # a tenth of the time of a PNG, and as sharp as the page's own pixels
        self.image.value = file.getvalue()

    def _still_now(self) -> tuple:
        """What the standing pixels depend on: axes, and whatever the picture says in ``still``."""
        axes = [
            (ax.get_xlim(), ax.get_ylim(), ax.get_xscale(), ax.get_yscale(), ax.get_xlabel(), ax.get_ylabel())
            for ax in self.picture.figure.axes
        ]
        return (*axes, self.picture.still)

    def _tell(self, seen: Seen) -> None:
        self._words.value = f'<div aria-live="polite">{escape(seen.words)}</div>'
        if not self.goal:
            return
        self._reached = seen.goal or self._reached
        if self._reached:
            self._goal.value = f'<div class="lrx-goal lrx-done">✓ {escape(self.goal)} ({escape(self._reached)})</div>'
        else:
            self._goal.value = f'<div class="lrx-goal">{say("Goal: ", "目标：")}{escape(self.goal)}</div>'

    # ---- on a page where widgets cannot live

    @alone
    def _repr_mimebundle_(self, include=None, exclude=None):
        for artist in self.picture.moving:
            artist.set_animated(False)
        data, metadata = self.picture.figure._repr_mimebundle_()
        for artist in self.picture.moving:
            artist.set_animated(True)
        data["text/plain"] = f"{self.question}\n{self.picture.figure.alt}"
        live = super()._repr_mimebundle_(include=include, exclude=exclude)
        live = live[0] if isinstance(live, tuple) else live
        return {**live, **data}, metadata


def _close(widget: widgets.Widget) -> None:
    """Close a widget and all that it is made of: its own ``close()`` leaves the rest open, here and in the browser."""
    for part in (*getattr(widget, "children", ()), getattr(widget, "style", None), widget.layout):
        if isinstance(part, widgets.DOMWidget):
            _close(part)
        elif isinstance(part, widgets.Widget):
            part.close()
    widget.close()
