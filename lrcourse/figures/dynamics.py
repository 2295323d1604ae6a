"""The pictures of section 01: a ball on a landscape, and what the learning rate does to it."""

from __future__ import annotations

import functools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray

from .. import dynamics
from ..dynamics import Landscape
from . import style
from .style import Figure, Picture, Seen, label, styled

GROUND = "#EDF0F4"  # what the balls roll on
_HEIGHTS = LinearSegmentedColormap.from_list("heights", ["#FFFFFF", "#E3E8EE", "#B9C6D4", "#8C9FB4"])

landscape_of = functools.cache(lambda key: dynamics.LANDSCAPES[key]())


class _Balls:
    """One ball with its trail, and a cloud of others behind it; on a line they rest, on a map they lie."""

    def __init__(self, axes: Axes, *, lift: float = 0.0, trail: int = 30) -> None:
        """*lift*, in points: the height of the ball's centre above its place. *trail*: how many updates it shows."""

        def raised(points: float):
            return axes.transData + ScaledTranslation(0, points / 72, axes.figure.dpi_scale_trans)

        fade = [to_rgba(style.LOSS, alpha) for alpha in np.linspace(0.1, 0.85, trail) ** 2]
        self.cloud = Line2D(
            [], [], linestyle="", marker="o", markersize=5, markeredgewidth=0, color=style.NOISE, alpha=0.45,
            transform=raised(0.45 * lift),
        )  # fmt: skip
        self.trail = LineCollection([], colors=fade, linewidths=1.3, transform=raised(lift))
        self.ball = Line2D(
            [], [], linestyle="", marker="o", markersize=11, color=style.LOSS, markeredgecolor="white",
            markeredgewidth=1.2, transform=raised(lift), zorder=5,
        )  # fmt: skip
        self.axes, self._length = axes, trail
        self.artists = [self.cloud, self.trail, self.ball]
        for artist in self.artists:
            axes.add_artist(artist)

    def show(self, path: NDArray, others: NDArray | None = None) -> None:
        """*path* ``(n, 2)``: the places of the ball up to now; *others* ``(m, 2)``: those of the cloud."""
        path = path[-self._length - 1 :]
        missing = self._length + 1 - len(path)
        path = np.concatenate([np.repeat(path[:1], missing, axis=0), path])
        self.trail.set_segments(np.stack([path[:-1], path[1:]], axis=1))
        self.ball.set_data(path[-1:].T)
        if others is not None:
            self.cloud.set_data(others.T)

    def set_visible(self, visible: bool) -> None:
        self.axes.set_visible(visible)
        for artist in self.artists:
            artist.set_visible(visible)


class _Ground:
    """A 1-D landscape as the ground that the balls roll on."""

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        (self._fill,) = axes.fill([0, 1, 1], [0, 0, 1], color=GROUND, linewidth=0, zorder=0.5)
        (self._line,) = axes.plot([], [], color=style.INK, linewidth=1.6, zorder=1)
        axes.grid(False)

    def show(self, landscape: Landscape) -> None:
        x, top = view(landscape)
        y = landscape.f(x)
        floor = y.min()
        bottom = floor - 0.12 * (top - floor)
        self._line.set_data(x, y)
        self._fill.set_xy(np.column_stack([[x[0], *x, x[-1]], [bottom, *y, bottom]]))
        self.axes.set(xlim=(x[0], x[-1]), ylim=(bottom, top + 0.08 * (top - floor)))


@functools.cache
def view(landscape: Landscape) -> tuple[NDArray[np.float64], float]:
    """The grid of positions worth showing on a 1-D landscape, and the highest loss there.

    Walls that rise beyond twice the height of the highest barrier are cut off.
    """
    x = np.linspace(*landscape.bounds[0], 601)
    y = landscape.f(x)
    floor = y.min()
    if len(landscape.barriers):
        x = x[y - floor <= 2 * (landscape.f(landscape.barriers).max() - floor)]
    return x, float(landscape.f(x).max())


# --- A ball anywhere, at any temperature -----------------------------------------------------------------

BALLS = 300
UPDATES = 400
_BLOCK = 50  # updates simulated, and remembered, at a time


@functools.lru_cache(maxsize=64)
def _block(key: str, lr: float, sigma: float, start: float | tuple[float, float], block: int) -> NDArray:
    """All places of all balls during 50 updates: ``(51, balls, ...)``; what the play button needs next."""
    begin = _block(key, lr, sigma, start, block - 1)[-1] if block else np.full((BALLS, *np.shape(start)), start)
    return dynamics.langevin(landscape_of(key), begin, lr, sigma, _BLOCK, seed=block, every=1)


def _recent(key: str, lr: float, sigma: float, start: float | tuple[float, float], update: int) -> NDArray:
    """The places of all balls at this update and at up to 50 before it."""
    block = max(update - 1, 0) // _BLOCK
    frames = _block(key, lr, sigma, start, block)[: update - block * _BLOCK + 1]
    if block:
        frames = np.concatenate([_block(key, lr, sigma, start, block - 1)[:-1], frames])
    return frames[-_BLOCK - 1 :]


class OnLandscape(Picture):
    """Three hundred balls, let go at one place of a landscape, with noise in their gradients."""

    height = 4.7

    def draw(self, figure):
        grid = figure.add_gridspec(2, 1, height_ratios=(3, 1))
        hills = figure.add_subplot(grid[0])
        self.message = hills.set_title(" ")
        hills.set_ylabel(label("loss", "损失"), color=style.LOSS)
        hills.tick_params(labelbottom=False)
        self.ground = _Ground(hills)
        self.rolling = _Balls(hills, lift=5)
        column = dict(transform=hills.get_yaxis_transform(), clip_on=False, color=style.NOISE)
        (self.mercury,) = hills.plot([1.015, 1.015], [0, 1], linewidth=5, solid_capstyle="butt", **column)
        self.degrees = hills.text(1.03, 0, " T", va="center", fontsize=10, weight="bold", **column)

        self.where = figure.add_subplot(grid[1], sharex=hills)
        self.counts = self.where.stairs([0], [0, 1], fill=True, color=style.NOISE, alpha=0.55)
        self.gibbs = style.theory_line(self.where, [], [])
        key = dict(transform=self.where.transAxes, fontsize=9.5, va="top", ha="right")
        self.where.text(0.995, 0.97, label("balls, last 50 updates", "小球（最近 50 步）"), color="#9A6B00", **key)
        self.where.text(0.995, 0.76, label("- - Gibbs at T", "- - 温度 T 的吉布斯分布"), color=style.THEORY, **key)
        self.where.set(xlabel=label("position x", "位置 x"), ylabel=label("density", "密度"), yticks=[])
        self.where.grid(False)

        self.map = figure.add_subplot(grid[:, 0])
        self.flat = _Balls(self.map)
        valley = landscape_of("valley")
        (left, right), (low, high) = valley.bounds
        x, y = np.meshgrid(np.linspace(left, right, 160), np.linspace(low, high, 140))
        height = valley.f(np.stack([x, y], axis=-1)) - valley.f(valley.minima).min()
        levels = 4 * np.linspace(0, 1, 15) ** 2
        self.map.contourf(x, y, height, levels, cmap=_HEIGHTS, extend="max")
        self.map.contour(x, y, height, levels, colors="#7C8DA1", linewidths=0.5)
        self.map.plot(*valley.minima.T, linestyle="", marker="+", color=style.INK, markersize=9, markeredgewidth=1.5)
        self.map.set(xlim=(left, right), ylim=(low, high), xlabel="x", ylabel="y")
        self.map.grid(False)
        self.map_message = self.map.set_title(" ")
        line = [self.counts, self.gibbs, self.mercury, self.degrees, self.message]
        return [*line, *self.rolling.artists, *self.flat.artists, self.map_message]

    def update(self, landscape: str, lr: float, sigma: float, x: float, t: int, y: float = 0.0) -> Seen:
        here = landscape_of(landscape)
        start = x if here.dim == 1 else (x, y)
        if landscape != self.still:
            self._turn_to(here)
        with np.errstate(over="ignore", invalid="ignore"):
            frames = np.clip(_recent(landscape, lr, sigma, start, t), -99, 99)  # far outside, and nan stays nan
            if here.dim == 1:
                self.rolling.show(_on(here, frames[:, 0]), _on(here, frames[-1]))
                self._weigh(here, frames, lr * sigma**2 / 2)
            else:
                self.flat.show(frames[:, 0], frames[-1])
        headline = _headline(here, start, lr, sigma)
        self.message.set_text(headline)
        self.map_message.set_text(headline)
        return _roaming(here, start, frames, lr, sigma, t, headline)

    def _turn_to(self, here: Landscape) -> None:
        """Show the panels of this landscape and hide the others."""
        self.still = here.key
        line = here.dim == 1
        for artist in (self.where, self.counts, self.gibbs, self.mercury, self.degrees, self.message):
            artist.set_visible(line)
        self.rolling.set_visible(line)
        self.flat.set_visible(not line)
        self.map_message.set_visible(not line)
        if line:
            self.ground.show(here)

    def _weigh(self, here: Landscape, frames: NDArray, temperature: float) -> None:
        """Where the balls are, beside where they should be at this temperature, and the thermometer."""
        grid, top = view(here)
        floor = here.f(here.minima).min()
        self.mercury.set_ydata([floor, floor + temperature])
        self.degrees.set_y(min(floor + temperature / 2, top))
        density, edges = np.histogram(frames, bins=64, range=(grid[0], grid[-1]))
        density = density / (frames.size * (edges[1] - edges[0]))
        self.counts.set_data(density, edges)
        theory = dynamics.gibbs(here, temperature, grid) if temperature > 0 else np.full(grid.shape, np.nan)
        self.gibbs.set_data(grid, theory)
        self.where.set_ylim(0, 2 ** np.ceil(np.log2(max(density.max(), 0.2, np.nanmax(theory, initial=0)))))


def _on(landscape: Landscape, x: NDArray) -> NDArray:
    """Points ``(n, 2)`` on the graph of a 1-D landscape."""
    return np.column_stack([x, landscape.f(x)])


def _basin(landscape: Landscape, places: NDArray) -> NDArray[np.intp]:
    """The basin of each place; in the 2-D valley, the side of the pass."""
    if landscape.dim == 1:
        return landscape.basin(places)
    return (places[..., 0] > _pass(landscape)[0]).astype(int)


@functools.cache
def _pass(valley: Landscape) -> NDArray:
    """The highest point of the valley's floor between its two minima."""
    x = np.linspace(*valley.minima[:, 0], 999)
    floor = np.stack([x, x**2 / 2], axis=-1)
    return floor[valley.f(floor).argmax()]


def way_out(landscape: Landscape, start: float | tuple[float, float]) -> float:
    """How high the lowest barrier around the basin of *start* stands above its bottom; inf where there is none."""
    home = int(_basin(landscape, np.asarray(start)))
    around = landscape.barriers[max(home - 1, 0) : home + 1] if landscape.dim == 1 else _pass(landscape)
    return float(np.min(landscape.f(around), initial=np.inf) - landscape.f(landscape.minima[home]))


def _headline(here: Landscape, start: float | tuple[float, float], lr: float, sigma: float) -> str:
    """What the balls do, as far as theory knows."""
    bottom = here.minima[int(_basin(here, np.asarray(start)))]
    limit = 2 / np.max(np.linalg.eigvalsh(np.reshape(here.hess(bottom), (here.dim, here.dim))))
    temperature = lr * sigma**2 / 2
    if lr > limit:
        return label(
            "Too long a step for this valley: η > 2/λ = {limit:.2g}", "对这个谷来说步子太大：η > 2/λ = {limit:.2g}",
            limit=limit,
        )  # fmt: skip
    if temperature == 0:
        return label("No noise: each slides to the bottom of its valley", "没有噪声：小球滑到自己的谷底")
    height = way_out(here, start) / temperature
    if height == np.inf:
        return label("T = {T:.3g}: the balls tremble about the bottom", "T = {T:.3g}：小球在谷底附近抖动", T=temperature)
    if height > 7:
        text = label("Cold: stuck in the valley, the way out is {h:.0f} T", "冷：困在谷里，出口高达 {h:.0f} T", h=height)
    elif height > 2.5:
        text = label("Warm: now and then one gets over {h:.1f} T", "温：偶尔有球越过 {h:.1f} T 的势垒", h=height)
    else:
        text = label("Hot: the way out is only {h:.1f} T, they roam", "热：出口只有 {h:.1f} T，小球四处游荡", h=height)
    return text


def _roaming(
    here: Landscape, start: float | tuple[float, float], frames: NDArray, lr: float, sigma: float, t: int, headline: str
) -> Seen:
    """What can be counted now, beside what theory expects."""
    temperature, now = lr * sigma**2 / 2, frames[-1]
    basins = _basin(here, now)
    lost = ~(np.abs(now).reshape(BALLS, -1).max(1) < 50)
    if lost.mean() > 0.5:
        return Seen(label(
            "η = {lr:.3g}: after {t} updates {lost:.0%} of the balls have left for infinity.",
            "η = {lr:.3g}：{t} 步之后，{lost:.0%} 的小球已飞向无穷远。", lr=lr, t=t, lost=lost.mean(),
        ))  # fmt: skip
    loss = float(here.f(now[~lost]).mean() - here.f(here.minima).min())
    words = label("{headline}. T = ησ²/2 = {T:.3g}. ", "{headline}。T = ησ²/2 = {T:.3g}。", headline=headline, T=temperature)
    if len(here.minima) == 1:
        curvature = float(here.hess(0.0))
        exact = lr * sigma**2 / (2 - lr * curvature) if lr * curvature < 2 else np.inf
        return Seen(words + label(
            "Measured over the last 50 updates: λ·Var(x) = {measured:.3g}; exact: ησ²/(2 − ηλ) = {exact:.3g}.",
            "最近 50 步的测量值：λ·Var(x) = {measured:.3g}；精确值：ησ²/(2 − ηλ) = {exact:.3g}。",
            measured=curvature * frames.var(), exact=exact,
        ))  # fmt: skip
    home, deepest = int(_basin(here, np.asarray(start))), here.deepest
    share = float((basins == deepest).mean())
    words += label(
        "After {t} updates {share:.0%} of the balls are in the deepest valley, {stay:.0%} where they began; mean loss "
        "{loss:.2f} above the floor.",
        "{t} 步之后，{share:.0%} 的小球在最深的谷里，{stay:.0%} 还在出发的谷里；平均损失比最低点高 {loss:.2f}。",
        t=t, share=share, stay=float((basins == home).mean()), loss=loss,
    )  # fmt: skip
    reached = here.key == "rugged" and home != deepest and t == UPDATES and share >= 0.5
    return Seen(words, f"{share:.0%}, η = {lr:.3g}" if reached else "")
