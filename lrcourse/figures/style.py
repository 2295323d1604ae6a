"""One look for every figure of the course.

Colours are those of Okabe and Ito ("Color Universal Design", 2008), each with one meaning from the first page to the
last; a figure is a white card with a thin border, so that it reads the same on a light and on a dark page; and it
carries its own text alternative, with its numbers, for those who cannot see it.
"""

from __future__ import annotations

import functools
import io
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable
from typing import Any, NamedTuple, ParamSpec, TypeVar

import matplotlib
import numpy as np
from matplotlib import font_manager, patheffects, rcsetup
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from ..words import language, say

LR = "#0072B2"  # blue: the learning rate
LOSS = "#D55E00"  # vermillion: loss, energy, the ball that rolls down it
NOISE = "#E69F00"  # orange: temperature and noise
SECOND = "#009E73"  # green: the second schedule
MOMENTUM = "#CC79A7"  # purple: momentum
THEORY = "#000000"  # black, dashed: what theory says
REFERENCE = "#8C8C8C"  # grey: a reference, a limit
INK = "#24292F"  # text
QUIET = "#59636E"  # text of second rank, 4.5:1 and more on white
CARD = "#D0D7DE"  # the border of the card
GROUND = "#EDF0F4"  # what the balls roll on
CYCLE = (LR, SECOND, LOSS, NOISE, MOMENTUM, "#56B4E9", "#8C8C8C", "#000000")

WORTH = 2.0  # standard errors: below it a difference is called level
WIDTH, DPI, SHARPNESS = 7.2, 100, 2  # inches; pixels an inch on the page; pixels rendered for each of them

_CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Noto Sans CJK JP", "PingFang SC", "Hiragino Sans GB",
    "Heiti SC", "Microsoft YaHei", "SimHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Arial Unicode MS",
)  # fmt: skip

P = ParamSpec("P")
R = TypeVar("R")

_DRAWING = threading.RLock()


def luminance(color: str) -> float:
    """Relative luminance of a colour, from 0 (black) to 1 (white); WCAG 2.2, "relative luminance"."""
    rgb = np.asarray(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@functools.cache
def ink(color: str) -> str:
    """*color* for words: darker where it needs it, until it has 4.5:1 on white (WCAG 2.2, 1.4.3)."""
    share = next(share for share in np.linspace(1, 0, 101) if luminance(_darker(color, share)) <= 1.05 / 4.5 - 0.05)
    return _darker(color, share)


def _darker(color: str, share: float) -> str:
    red, green, blue = to_rgb(color)
    return to_hex((share * red, share * green, share * blue))


@functools.cache
def chinese_font() -> str | None:
    """The name of an installed font that draws Chinese, or None."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CHINESE_FONTS if name in installed), None)


def label(en: str, zh: str, /, **values: object) -> str:
    """Words inside a figure: :func:`lrcourse.words.say`, but English where no installed font draws Chinese."""
    if language() == "zh" and chinese_font() is None:
        return en.format(**values) if values else en
    return say(en, zh, **values)


_SCHEDULES = {
    "constant": "恒定", "linear": "线性", "cosine": "余弦", "step": "阶梯", "exponential": "指数", "triangle": "三角",
    "backwards": "倒放", "one-cycle": "单周期", "warmup": "预热", "restarts": "热重启", "sequential": "顺序组合",
    "inverse sqrt": "反平方根", "polynomial": "多项式", "annealing": "退火", "baseline": "基线", "best": "最佳",
    "unstable": "不稳定", "transformer": "Transformer",
}  # fmt: skip


def schedule_name(name: str) -> str:
    """A schedule's name as a figure shows it: those of everyday schedules are translated, others stay as they are."""
    return label(name, _SCHEDULES.get(name, name))


@functools.cache
def _rc() -> dict[Any, Any]:
    return {
        "font.family": ["DejaVu Sans", *filter(None, [chinese_font()])],
        "font.size": 11,
        "text.color": INK,
        "axes.titlesize": 12,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlepad": 10,
        "axes.titlecolor": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": QUIET,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": rcsetup.cycler(color=CYCLE),
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "grid.color": "#E6E9ED",
        "grid.linewidth": 0.8,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "xtick.labelsize": 10,
        "ytick.labelsize": 10,
        "lines.linewidth": 2,
        "lines.solid_capstyle": "round",
        "legend.frameon": False,
        "legend.fontsize": 10,
        "figure.facecolor": "white",
        "figure.edgecolor": CARD,
        "mathtext.fontset": "dejavusans",
        "path.simplify": True,
    }


def alone(draw: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that draws: no two of them run at once, for Matplotlib's settings and a canvas are everyone's
    and JupyterLab may move sliders on a thread beside the cells'."""

    @functools.wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with _DRAWING:
            return draw(*args, **kwargs)

    return wrapper


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that draws: inside it the course's style holds, and nobody else's settings change."""

    @functools.wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with _DRAWING, matplotlib.rc_context(_rc()):
            return draw(*args, **kwargs)

    return wrapper


class Figure(MatplotlibFigure):
    """A white card, 7.2 in wide unless said otherwise, with a text alternative in :attr:`alt`.

    It belongs to no window and to no pyplot: as the last value of a cell it shows itself, as a palette PNG of
    2 pixels for each pixel of the page, with its text alternative beside it.

    Args:
        width, height: in inches, at 100 px an inch.
        alt: what the picture shows, with its numbers; the text that a reader without the picture gets.
    """

    canvas: FigureCanvasAgg

    def __init__(self, width: float = WIDTH, height: float = 3.9, *, alt: str = "") -> None:
        margins = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12, wspace=0.04, hspace=0.06)
        super().__init__(figsize=(width, height), dpi=DPI * SHARPNESS, layout=margins, linewidth=1, edgecolor=CARD)
        self.alt = alt
        FigureCanvasAgg(self)

    @property
    def page_size(self) -> tuple[int, int]:
        """Width and height on the page, in CSS pixels."""
        width, height = self.get_size_inches() * DPI
        return round(width), round(height)

    def png(self, colors: int = 128) -> bytes:
        """The picture as a palette PNG, sharp at twice the page's resolution."""
        self.canvas.draw()
        picture = Image.frombuffer("RGBA", self.canvas.get_width_height(physical=True), self.canvas.buffer_rgba())
        palette = picture.convert("RGB").quantize(colors, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        file = io.BytesIO()
        palette.save(file, "PNG", optimize=True)
        return file.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None):
        width, height = self.page_size
        return (
            {"image/png": self.png(), "text/plain": self.alt or "figure"},
            {"image/png": {"width": width, "height": height, "alt": self.alt}},
        )


def end_label(line: Line2D, text: str, *, dy: float = 0.0, **kwargs: Any) -> Text:
    """Name *line* at its right end, in its own colour; *dy* moves the name, in points, away from a neighbour."""
    axes: Any = line.axes  # Matplotlib's hint allows a line that is in no axes
    xs, ys = map(np.asarray, line.get_data())
    return axes.annotate(
        text, (xs[-1], ys[-1]), xytext=(6, dy), textcoords="offset points", va="center", ha="left",
        color=line.get_color(), annotation_clip=False, **kwargs,
    )  # fmt: skip


def headline(figure: MatplotlibFigure, words: str) -> Text:
    """A title over several panels."""
    return figure.suptitle(words, fontweight="bold", fontsize=12, x=0.02, ha="left")


def halo(artists: Artist | Iterable[Artist], width: float = 3.0) -> None:
    """Give words or lines that cross a busy background a white rim."""
    for artist in [artists] if isinstance(artists, Artist) else artists:
        artist.set_path_effects([patheffects.withStroke(linewidth=width, foreground="white")])


def moving_average(loss: NDArray[np.float64], width: int = 15) -> NDArray[np.float64]:
    """``(T,)``, as long as *loss*: the losses of single batches, made readable."""
    padded = np.pad(loss, ((width - 1) // 2, width // 2), mode="edge")
    return np.convolve(padded, np.ones(width) / width, mode="valid")


def theory_line(axes: Axes, xs, ys, **kwargs: Any) -> Line2D:
    """Draw what theory says: black and dashed, here and everywhere."""
    (line,) = axes.plot(xs, ys, color=THEORY, linestyle=(0, (4, 2.5)), linewidth=1.5, **kwargs)
    return line


def limit_line(axes: Axes, value: float, text: str = "", *, vertical: bool = True) -> Line2D:
    """Draw a limit or a reference value: grey, thin, named at its end where *text* is given."""
    look: dict[str, Any] = dict(color=REFERENCE, linewidth=1.2, zorder=1.5)
    words: dict[str, Any] = dict(textcoords="offset points", color=QUIET, fontsize=9.5)
    if vertical:
        axes.annotate(text, (value, 1), (3, -2), xycoords=axes.get_xaxis_transform(), va="top", ha="left", **words)
        return axes.axvline(value, **look)
    axes.annotate(text, (1, value), (-2, 3), xycoords=axes.get_yaxis_transform(), va="bottom", ha="right", **words)
    return axes.axhline(value, **look)


class Seen(NamedTuple):
    """What a picture shows now: in words, and, where the reader's goal is reached, the number that reached it."""

    words: str
    goal: str = ""


class Picture(ABC):
    """A figure drawn once, whose artists then move: the half of an explorer that knows nothing of sliders.

    A subclass draws everything in :meth:`draw` and moves it in :meth:`update`. A still figure on a page is such a
    picture after one :meth:`show`, so that page and explorer can never disagree.
    """

    width, height = 6.2, 4.2  # inches
    still: object = None  # a new value says that what does not move has changed after all, as a landscape's contours

    def __init__(self, **values: object) -> None:
        self.figure = Figure(self.width, self.height)
        with _DRAWING, matplotlib.rc_context(_rc()):
            self.moving: list[Artist] = list(self.draw(self.figure))
        if values:
            self.show(**values)

    @abstractmethod
    def draw(self, figure: Figure) -> Iterable[Artist]:
        """Create every artist, once. Returns those that :meth:`update` moves, in the order of drawing."""

    @abstractmethod
    def update(self, *args: Any, **values: Any) -> str | Seen | Generator[float, None, str | Seen]:
        """Move the artists to where *values* put them, and return what is seen now. (An update that creates artists
        is to be decorated with :func:`styled`.)

        A slow picture writes this as a generator: it greys its old curves, yields the fraction done, between 0 and 1,
        while it computes, and returns what is seen at the end.
        """

    def frames(self, **values: object) -> Generator[float, None, Seen]:
        """Run :meth:`update`, fast or slow: yields the fractions done, if any, and returns what is seen."""
        seen = self.update(**values)
        if isinstance(seen, Generator):
            seen = yield from seen
        seen = Seen(seen) if isinstance(seen, str) else seen
        self.figure.alt = seen.words
        return seen

    def show(self, **values: object) -> Seen:
        """Run :meth:`update` to its end."""
        frames = self.frames(**values)
        while True:
            try:
                next(frames)
            except StopIteration as end:
                return end.value
