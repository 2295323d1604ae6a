"""The pictures of section 01: a ball on a landscape, and what the learning rate does to it."""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator, PercentFormatter
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray

from .. import dynamics
from ..dynamics import Landscape
from ..training import History, standard_error
from ..words import say
from . import style
from .style import Figure, Picture, Seen, label, styled

_HEIGHTS = LinearSegmentedColormap.from_list("heights", ["#FFFFFF", "#E3E8EE", "#B9C6D4", "#8C9FB4"])

Start = float | tuple[float, float]

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
        self.trail.set_segments(list(np.stack([path[:-1], path[1:]], axis=1)))
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
        (self._fill,) = axes.fill([0, 1, 1], [0, 0, 1], color=style.GROUND, linewidth=0, zorder=0.5)
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
UPDATES = 200
WANTED = 0.45  # share of the balls in the deepest valley
_BLOCK = 50  # updates simulated, and remembered, at a time


@functools.lru_cache(maxsize=64)
def _block(key: str, lr: float, sigma: float, start: Start, block: int) -> NDArray:
    """All places of all balls during 50 updates: ``(51, balls, ...)``; what the play button needs next."""
    begin = _block(key, lr, sigma, start, block - 1)[-1] if block else np.full((BALLS, *np.shape(start)), start)
    begin = np.where(np.isfinite(begin), begin, 1e9)  # the lost stay lost
    return dynamics.langevin(landscape_of(key), begin, lr, sigma, _BLOCK, seed=block, every=1)


def _recent(key: str, lr: float, sigma: float, start: Start, update: int) -> NDArray:
    """The places of all balls at this update and at up to 50 before it."""
    block = max(update - 1, 0) // _BLOCK
    frames = _block(key, lr, sigma, start, block)[: update - block * _BLOCK + 1]
    if block:
        frames = np.concatenate([_block(key, lr, sigma, start, block - 1)[:-1], frames])
    return frames[-_BLOCK - 1 :]


class OnLandscape(Picture):
    """Three hundred balls, let go at one place of a landscape, with noise in their gradients."""

    height = 4.5

    def draw(self, figure):
        grid = figure.add_gridspec(2, 1, height_ratios=(3, 1))
        hills = figure.add_subplot(grid[0])
        self.message = hills.set_title(" ")
        hills.set_ylabel(label("loss", "损失"), color=style.ink(style.LOSS))
        hills.tick_params(labelbottom=False)
        self.ground = _Ground(hills)
        self.rolling = _Balls(hills, lift=5)
        (self.mercury,) = hills.plot(
            [1.02, 1.02], [0, 1], color=style.NOISE, linewidth=6, solid_capstyle="butt",
            transform=hills.get_yaxis_transform(), clip_on=False,
        )  # fmt: skip
        hills.text(1.02, 0.03, "T", transform=hills.transAxes, ha="center", color=style.ink(style.NOISE), weight="bold")

        self.where = figure.add_subplot(grid[1], sharex=hills)
        self.counts = self.where.stairs([0], [0, 1], fill=True, color=style.NOISE, alpha=0.55)
        self.gibbs = style.theory_line(self.where, [], [])
        key = dict(transform=self.where.transAxes, fontsize=9.5, va="top", ha="right")
        balls = label("balls, last 50 updates", "小球（最近 50 步）")
        self.where.text(0.995, 0.97, balls, color=style.ink(style.NOISE), **key)
        self.where.text(0.995, 0.76, label("- - Gibbs at T", "- - 温度 T 的吉布斯分布"), color=style.THEORY, **key)
        self.where.set(xlabel=label("position x", "位置 x"), ylabel=label("density", "密度"), yticks=[], ylim=(0, 1))
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
        self.map.set(xlim=(left, right), ylim=(low, high), xlabel="x")
        self.map.set_ylabel("y", rotation=0, labelpad=-3)
        self.map.grid(False)
        self.map_message = self.map.set_title(" ")
        line = [self.counts, self.gibbs, self.mercury, self.message]
        return [*line, *self.rolling.artists, *self.flat.artists, self.map_message]

    def update(self, landscape: str, lr: float, sigma: float, x: float, t: int, y: float = 0.0) -> Seen:
        here = landscape_of(landscape)
        start = x if here.dim == 1 else (x, y)
        if landscape != self.still:
            self._turn_to(here)
        with np.errstate(over="ignore", invalid="ignore"):
            frames = np.clip(_recent(landscape, lr, sigma, start, t), -99, 99)  # far outside, and nan stays nan
            if here.dim == 1:
                self.rolling.show(_on(here, frames[:, 0]), _strewn(here, frames[-1]))
                self._weigh(here, frames, lr * sigma**2 / 2)
            else:
                self.flat.show(frames[:, 0], frames[-1])
            self.message.set_text(self._thermometer(here, start, lr, sigma))
            self.map_message.set_text(self.message.get_text())
            return _roaming(here, start, frames, lr, sigma, t)

    def _turn_to(self, here: Landscape) -> None:
        """Show the panels of this landscape and hide the others."""
        self.still = here.key
        line = here.dim == 1
        for artist in (self.where, self.counts, self.gibbs, self.mercury, self.message):
            artist.set_visible(line)
        self.rolling.set_visible(line)
        self.flat.set_visible(not line)
        self.map_message.set_visible(not line)
        if line:
            self.ground.show(here)

    @staticmethod
    def _thermometer(here: Landscape, start: Start, lr: float, sigma: float) -> str:
        temperature = lr * sigma**2 / 2
        verdict, _ = _verdict(here, start, lr, temperature)
        return label("T = {T:.2g}: {verdict}", "T = {T:.2g}：{verdict}", T=temperature, verdict=verdict)

    def _weigh(self, here: Landscape, frames: NDArray, temperature: float) -> None:
        """Where the balls are, beside where they should be at this temperature, and the thermometer."""
        grid, top = view(here)
        floor = here.f(here.minima).min()
        self.mercury.set_ydata([floor, min(floor + temperature, top)])
        density, edges = np.histogram(frames, bins=64, range=(grid[0], grid[-1]))
        density = density / (frames.size * (edges[1] - edges[0]))
        theory = dynamics.gibbs(here, temperature, grid) if temperature > 0 else np.full(grid.shape, np.nan)
        # The axis has no numbers. Scaling the curves instead of it spares drawing everything anew.
        full = 2 ** np.ceil(np.log2(max(density.max(), 0.2, np.nanmax(theory, initial=0))))
        self.counts.set_data(density / full, edges)
        self.gibbs.set_data(grid, theory / full)


def _on(landscape: Landscape, x: NDArray) -> NDArray:
    """Points ``(n, 2)`` on the graph of a 1-D landscape."""
    return np.column_stack([x, landscape.f(x)])


def _strewn(landscape: Landscape, x: NDArray) -> NDArray:
    """The same, but each ball a little above the ground, always as much, so that a crowd shows how many it is."""
    _, top = view(landscape)
    points = _on(landscape, x)
    points[:, 1] += 0.09 * (top - landscape.f(landscape.minima).min()) * (np.arange(len(x)) * 0.618034 % 1) ** 1.5
    return points


def _basin(landscape: Landscape, places: NDArray) -> NDArray[np.intp]:
    """The basin of each place; in the 2-D valley, the side of the pass."""
    if landscape.dim == 1:
        return landscape.basin(places)
    return (places[..., 0] > _pass(landscape)[0]).astype(int)


@functools.cache
def _pass(valley: Landscape) -> NDArray:
    """The highest point of the valley's floor between its two minima."""
    low, high = valley.minima[:, 0]
    x = np.linspace(low, high, 999)
    floor = np.stack([x, x**2 / 2], axis=-1)
    return floor[valley.f(floor).argmax()]


def way_out(landscape: Landscape, start: Start) -> float:
    """How high the lowest barrier around the basin of *start* stands above its bottom; inf where there is none."""
    home = int(_basin(landscape, np.asarray(start)))
    around = landscape.barriers[max(home - 1, 0) : home + 1] if landscape.dim == 1 else _pass(landscape)
    return float(np.min(landscape.f(around), initial=np.inf) - landscape.f(landscape.minima[home]))


def _verdict(here: Landscape, start: Start, lr: float, temperature: float) -> tuple[str, str]:
    """How hot this is for the valley of *start*: in a word, and in a clause."""
    bottom = here.minima[int(_basin(here, np.asarray(start)))]
    limit = 2 / np.max(np.linalg.eigvalsh(np.reshape(here.hess(bottom), (here.dim, here.dim))))
    if lr > limit:
        why = say(
            "their first valley cannot hold them, η > 2/λ = {limit:.2g}", "起点的谷留不住小球，η > 2/λ = {limit:.2g}",
            limit=limit,
        )  # fmt: skip
        return label("too long a step", "步子太大"), why
    if temperature == 0:
        return label("no noise", "没有噪声"), say("each slides to the bottom of its valley", "小球各自滑到谷底")
    height = way_out(here, start) / temperature
    if height == np.inf:
        return label("they tremble", "抖动"), say("they tremble about the bottom", "小球在谷底附近抖动")
    way = say("the way out is {height:.1f} T high, ", "出口高 {height:.1f} T，", height=height)
    if height > 7:
        return label("cold", "冷"), way + say("they are stuck", "小球被困住")
    if height > 2.5:
        return label("warm", "温"), way + say("a few get over", "偶尔有球越过")
    return label("hot", "热"), way + say("they roam", "小球四处游荡")


def _roaming(here: Landscape, start: Start, frames: NDArray, lr: float, sigma: float, t: int) -> Seen:
    """What can be counted now, beside what theory expects."""
    temperature, now = lr * sigma**2 / 2, frames[-1]
    lost = ~(np.abs(now).reshape(BALLS, -1).max(axis=1) < 50)
    if lost.mean() > 0.5:
        return Seen(say(
            "η = {lr:.3g}: after {t} updates {lost:.0%} of the balls have left for infinity.",
            "η = {lr:.3g}：{t} 步之后，{lost:.0%} 的小球已飞向无穷远。", lr=lr, t=t, lost=lost.mean(),
        ))  # fmt: skip
    _, clause = _verdict(here, start, lr, temperature)
    words = say("T = ησ²/2 = {T:.2g}: {clause}. ", "T = ησ²/2 = {T:.2g}：{clause}。", T=temperature, clause=clause)
    depths = here.f(here.minima)
    if len(depths) == 1:
        curvature = here.hess(0.0)
        exact = dynamics.noise_variance(lr, curvature, sigma) * curvature if lr * curvature < 2 else np.inf
        return Seen(words + say(
            "Measured over the last 50 updates: λ·Var(x) = {measured:.3g}; exact: ησ²/(2 − ηλ) = {exact:.3g}.",
            "最近 50 步的测量值：λ·Var(x) = {measured:.3g}；精确值：ησ²/(2 − ηλ) = {exact:.3g}。",
            measured=curvature * frames.var(), exact=exact,
        ))  # fmt: skip
    basins, home = _basin(here, now), _basin(here, np.asarray(start))
    share = float(np.mean(basins == here.deepest))
    words += say(
        "After {t} updates {stay:.0%} of the balls are where they began", "{t} 步之后，{stay:.0%} 的小球还在出发的谷里",
        t=t, stay=np.mean(basins == home),
    )  # fmt: skip
    if np.ptp(depths) > 1e-9:
        words += say(", {share:.0%} in the deepest valley", "，{share:.0%} 在最深的谷里", share=share)
    words += say(
        "; mean loss {loss:.2f} above the floor.", "；平均损失比最低点高 {loss:.2f}。",
        loss=here.f(now[~lost]).mean() - depths.min(),
    )  # fmt: skip
    reached = here.key == "rugged" and home != here.deepest and t == UPDATES and share >= WANTED
    return Seen(words, f"{share:.0%}, η = {lr:.3g}" if reached else "")


# --- Cool it by hand --------------------------------------------------------------------------------------

COOLING = 800  # updates
HAND_GOAL = 0.5  # mean loss above the floor
SIGMA = 3.0  # of the noise in the gradient
_CROWD = 400


class ByHand(Picture):
    """An ensemble whose learning rate the reader turns while it runs: the schedule is drawn by hand.

    What lies before update *t* stays as it was run; going back in time forgets what came after.
    """

    height = 4.9

    def draw(self, figure):
        self.landscape = landscape_of("rugged")
        grid = figure.add_gridspec(2, 2, height_ratios=(1.7, 1))
        hills = figure.add_subplot(grid[0, :])
        self.message = hills.set_title(" ")
        hills.set(xlabel=label("position x", "位置 x"))
        hills.set_ylabel(label("loss", "损失"), color=style.ink(style.LOSS))
        self.ground = _Ground(hills)
        self.ground.show(self.landscape)
        self.rolling = _Balls(hills, lift=5, trail=12)

        rate = figure.add_subplot(grid[1, 0])
        (self.schedule,) = rate.plot([], [], color=style.LR)
        (self.knob,) = rate.plot([], [], "o", color=style.LR, markersize=7)
        rate.set(xlim=(0, COOLING), yscale="log", ylim=(6e-4, 0.5), xlabel=label("update", "更新步"))
        rate.set_title(label("Your schedule η(t)", "你的调度 η(t)"), color=style.LR, fontsize=11)

        loss = figure.add_subplot(grid[1, 1])
        (self.loss,) = loss.plot([], [], color=style.LOSS)
        loss.set(xlim=(0, COOLING), ylim=(0, 2.6), xlabel=label("update", "更新步"))
        above = label("Mean loss above the floor", "平均损失（相对最低点）")
        loss.set_title(above, color=style.ink(style.LOSS), fontsize=11)
        style.limit_line(loss, HAND_GOAL, vertical=False)
        loss.text(12, HAND_GOAL - 0.06, label("goal", "目标"), va="top", color=style.QUIET, fontsize=9.5)
        self._forget()
        return [*self.rolling.artists, self.schedule, self.knob, self.loss, self.message]

    def _forget(self, t: int = 0) -> None:
        """Drop what came after update *t*."""
        if t == 0:
            start = np.random.default_rng(0).uniform(*self.landscape.bounds[0], _CROWD)
            self.lrs: list[float] = []
            self.places, self.losses = [start], [self._loss(start)]
        del self.lrs[t:], self.places[t + 1 :], self.losses[t + 1 :]

    def _loss(self, places: NDArray) -> NDArray:
        """Mean loss of the balls above the deepest point, ``(..., balls) -> (...)``."""
        return self.landscape.f(places).mean(axis=-1) - self.landscape.f(self.landscape.minima).min()

    def _run(self, lr: float, steps: int) -> None:
        """Go on for some updates at this learning rate."""
        now = len(self.lrs)
        frames = dynamics.langevin(self.landscape, self.places[-1], lr, SIGMA, steps, seed=now, every=1)
        self.places.extend(frames[1:])
        self.losses.extend(self._loss(frames[1:]))
        self.lrs.extend([lr] * steps)

    def update(self, lr: float, t: int) -> Seen:
        if t < len(self.lrs):
            self._forget(t)
        elif t > len(self.lrs):
            self._run(lr, t - len(self.lrs))
        now = self.places[-1]
        path = np.array([places[0] for places in self.places[-13:]])
        self.rolling.show(_on(self.landscape, path), _strewn(self.landscape, now))
        self.schedule.set_data(np.arange(t), self.lrs)
        self.knob.set_data([t], [lr])
        self.loss.set_data(np.arange(t + 1), self.losses)
        loss = float(self.losses[-1])
        share = float((self.landscape.basin(now) == self.landscape.deepest).mean())
        self.message.set_text(label(
            "T = {T:.2g}, loss {loss:.2f}", "T = {T:.2g}，损失 {loss:.2f}", T=lr * SIGMA**2 / 2, loss=loss,
        ))  # fmt: skip
        words = say(
            "Update {t}: mean loss {loss:.2f} above the floor, {share:.0%} of the balls in the deepest valley, clock "
            "τ = Ση = {tau:.3g}.",
            "第 {t} 步：平均损失比最低点高 {loss:.2f}，{share:.0%} 的小球在最深的谷里，时钟 τ = Ση = {tau:.3g}。",
            t=t, loss=loss, share=share, tau=sum(self.lrs),
        )  # fmt: skip
        reached = t == COOLING and loss <= HAND_GOAL
        return Seen(words, say("loss {loss:.2f}", "损失 {loss:.2f}", loss=loss) if reached else "")


# --- Too long a step ---------------------------------------------------------------------------------------

HOP_GOAL = 1.61
_SHOWN = 50  # updates
_LRS = np.linspace(0.005, 2.1, 720)


@functools.cache
def _attractor() -> NDArray[np.uint8]:
    """The bifurcation diagram as an image: dark where the right well's ball ends up, pale where the left one's does."""
    edges = np.linspace(-1.6, 1.6, 321)
    ends = dynamics.bifurcation(_LRS, 0.5, settle=600, keep=400)
    counts = np.stack([np.histogram(x, edges)[0] if np.isfinite(x).all() else 0 * edges[1:] for x in ends.T], axis=1)
    ink = np.minimum(1, np.sqrt(counts / 15))
    image = np.empty((*ink.shape, 4))
    image[..., :3] = to_rgba(style.INK)[:3]
    image[..., 3] = np.maximum(ink, 0.35 * ink[::-1])
    return (255 * image).astype(np.uint8)


_NAMES = {
    "settles": lambda: label("settles", "停在谷底"),
    "period 2": lambda: label("swings", "摆动"),
    "doubling": lambda: label("doubling", "倍周期"),
    "chaos": lambda: label("chaos", "混沌"),
    "hops": lambda: label("hops", "跳跃"),
    "diverges": lambda: label("lost", "发散"),
}


class Bifurcation(Picture):
    """The ball in the double well without noise: its path, its map, and where it ends up at every learning rate."""

    width, height = 6.4, 5.0

    def draw(self, figure):
        self.well = landscape_of("double_well")
        self.message = figure.suptitle(" ", x=0.02, ha="left", fontweight="bold", fontsize=11)
        grid = figure.add_gridspec(2, 3, height_ratios=(1, 1.5), width_ratios=(1, 1.35, 1))
        hills = figure.add_subplot(grid[0, 0])
        self.ground = _Ground(hills)
        self.ground.show(self.well)
        hills.set(yticks=[], xlabel="x")
        hills.set_title(label("The ball", "小球"), fontsize=11)
        self.rolling = _Balls(hills, lift=5)

        series = figure.add_subplot(grid[0, 1])
        (self.path,) = series.plot([], [], color=style.LOSS, linewidth=1, marker="o", markersize=3)
        series.set(xlim=(-1, _SHOWN), ylim=(-1.6, 1.6), xlabel=label("update", "更新步"))
        series.set_title(label("Its x, update by update", "逐步的 x"), fontsize=11)

        web = figure.add_subplot(grid[0, 2])
        x = self._x = np.linspace(-1.75, 1.75, 141)
        web.plot(x, x, color=style.REFERENCE, linewidth=1)
        (self.map,) = web.plot(x, x, color=style.LR)
        (self.cobweb,) = web.plot([], [], color=style.LOSS, linewidth=0.9, alpha=0.8)
        web.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), xlabel=label("x now", "现在的 x"))
        web.set_title(label("The next x", "下一步的 x"), fontsize=11)

        ends = figure.add_subplot(grid[1, :])
        ends.imshow(_attractor(), origin="lower", aspect="auto", extent=(_LRS[0], _LRS[-1], -1.6, 1.6), zorder=2,
                    interpolation="antialiased")  # fmt: skip
        ends.set(xlim=(0, 2.1), ylim=(-1.6, 1.6), xlabel=label("learning rate η", "学习率 η"))
        ends.set_ylabel(label("where x ends up", "x 的最终去处"))
        ends.grid(False)
        limits = dynamics.THRESHOLDS
        for value in limits.values():
            ends.axvline(value, color="#C3CCD6", linewidth=0.9, zorder=1)
        middle = (limits["chaos"] + limits["hops"]) / 2
        names = {"settles": 0.5, "period 2": 1.118, "chaos": middle, "hops": 1.8, "diverges": 2.052}
        for code, x in names.items():
            ends.text(x, 1.72, _NAMES[code](), ha="center", fontsize=9.5, color=style.QUIET)
        ends.plot([0, 1], [1, 1], color=style.INK, linewidth=1, zorder=2)
        ends.plot([0, 1], [-1, -1], color=style.INK, linewidth=1, alpha=0.35, zorder=2)
        self.cursor = ends.axvline(1, color=style.LR, linewidth=1.5, zorder=3)
        (self.here,) = ends.plot([], [], "o", color=style.LOSS, markersize=3.5, markeredgewidth=0, alpha=0.8, zorder=4)
        return [*self.rolling.artists, self.path, self.map, self.cobweb, self.cursor, self.here, self.message]

    def update(self, lr: float, start: float) -> Seen:
        path = dynamics.gradient_descent(self.well, start, lr, 260)
        shown = np.where(np.abs(path) < 9, path, np.nan)
        first, late = shown[: _SHOWN + 1], shown[-100:]
        self.rolling.show(_on(self.well, first))
        self.path.set_data(np.arange(len(first)), first)
        with np.errstate(over="ignore"):
            self.map.set_ydata(self._x - lr * self.well.grad(self._x))
        self.cobweb.set_data(np.repeat(first, 2)[:-1], np.repeat(first, 2)[1:])
        self.cursor.set_xdata([lr, lr])
        self.here.set_data(np.full(100, lr), late)
        regime = dynamics.regime(lr)
        if lr < 2 and not np.isfinite(late).all():
            code, what = "diverges", say("from so far out it is lost at this η", "从这么远处出发，在这个 η 下会发散")
        else:
            code, what = regime
        self.message.set_text(label("η = {lr:.3f}: {name}", "η = {lr:.3f}：{name}", lr=lr, name=_NAMES[code]()))
        words = say(
            "η = {lr:.3f}: {what}. One update multiplies a small error at the bottom by 1 − 2η = {factor}.",
            "η = {lr:.3f}：{what}。每一步把谷底附近的小偏差乘以 1 − 2η = {factor}。",
            lr=lr, what=what, factor=f"{1 - 2 * lr:.2f}".replace("-", "−"),
        )  # fmt: skip
        hops = np.ptp(np.sign(shown[5:])) == 2  # what comes before may be a long first step
        return Seen(words, f"η = {lr:.3f}" if hops and lr <= HOP_GOAL else "")


# --- Mass --------------------------------------------------------------------------------------------------

MASS_GOAL = 50  # updates
_STIFF, _SLOW = 1.0, 0.01  # curvatures
_BOWL = dynamics.quadratic((_SLOW, _STIFF))
_LONG = 500  # updates


def decay(lr, momentum, curvature):
    """The factor by which heavy ball shrinks the distance in a parabola, an update: the larger root's modulus."""
    b = 1 + momentum - lr * curvature
    root = np.sqrt(np.asarray(b * b - 4 * momentum, dtype=complex))
    return np.maximum(abs(b + root), abs(b - root)) / 2


class Mass(Picture):
    """A ball with momentum in a bowl a hundred times as stiff one way as the other, and the map of all such balls."""

    width, height = 6.4, 4.5

    def draw(self, figure):
        grid = figure.add_gridspec(2, 2, width_ratios=(1.35, 1))
        bowl = figure.add_subplot(grid[0, 0])
        x, y = np.meshgrid(np.linspace(-1.2, 1.2, 80), np.linspace(-1.2, 1.2, 80))
        bowl.contourf(x, y, _BOWL.f(np.stack([x, y], -1)), 0.75 * np.linspace(0, 1, 12) ** 2, cmap=_HEIGHTS)
        bowl.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), xlabel=label("slow direction, λ = 0.01", "缓方向，λ = 0.01"))
        bowl.set_ylabel(label("stiff, λ = 1", "陡方向，λ = 1"))
        bowl.grid(False)
        self.message = bowl.set_title(" ", fontsize=11)
        (self.path,) = bowl.plot([], [], color=style.LOSS, linewidth=1.2, marker="o", markersize=2.5)
        (self.ball,) = bowl.plot([], [], "o", color=style.LOSS, markersize=10, markeredgecolor="white")

        series = figure.add_subplot(grid[1, 0])
        (self.stiff,) = series.plot([], [], color=style.MOMENTUM, linewidth=1.4)
        (self.slow,) = series.plot([], [], color=style.INK, linewidth=1.8)
        series.set(xlim=(0, _LONG), ylim=(-1.1, 1.25), xlabel=label("update", "更新步"))
        series.set_ylabel(label("distance left", "剩余距离"))
        words = dict(transform=series.transAxes, ha="right", fontsize=10)
        series.text(0.98, 0.18, label("slow direction", "缓方向"), color=style.INK, **words)
        series.text(0.98, 0.06, label("stiff direction", "陡方向"), color=style.ink(style.MOMENTUM), **words)
        series.axhspan(-0.01, 0.01, color=style.REFERENCE, alpha=0.6, linewidth=0)
        (self.done,) = series.plot([], [], color=style.SECOND, linewidth=1.5)

        chart = figure.add_subplot(grid[:, 1])
        self._chart(chart)
        (self.here,) = chart.plot([], [], "o", color=style.LOSS, markersize=10, markeredgecolor="white")
        return [self.path, self.ball, self.stiff, self.slow, self.done, self.here, self.message]

    @staticmethod
    def _chart(chart: Axes) -> None:
        """Updates to within 1% for every η and β, and the two lines of critical damping."""
        lr = np.geomspace(0.01, 3.999, 160)
        damping = np.geomspace(1, 0.003, 160)[:, None]
        factor = np.maximum(decay(lr, 1 - damping, _STIFF), decay(lr, 1 - damping, _SLOW))
        updates = np.where(factor < 1, np.log(100) / -np.log(np.minimum(factor, 1 - 1e-9)), np.nan)
        chart.contourf(lr, damping[:, 0], np.log10(updates), np.linspace(1.3, 4.3, 11), cmap=_HEIGHTS, extend="both")
        for curvature in (_SLOW, _STIFF):
            style.theory_line(chart, lr, 1 - np.array([dynamics.critical_momentum(eta, curvature) for eta in lr]))
        words: dict[str, Any] = dict(color=style.INK, fontsize=9, rotation_mode="anchor")
        style.halo([
            chart.text(0.017, 0.019, label("critical, slow direction", "缓方向的临界阻尼"), rotation=-43, **words),
            chart.text(0.017, 0.19, label("critical, stiff direction", "陡方向的临界阻尼"), rotation=-43, **words),
            chart.text(0.4, 0.006, label("both swing", "都摆动"), ha="center", **words),
            chart.text(4.45, 0.03, label("diverges", "发散"), rotation=90, ha="center", va="center", **words),
        ])  # fmt: skip
        chart.fill_betweenx(damping[:, 0], 2 * (2 - damping[:, 0]), 5, color="#F6D5C3", linewidth=0)
        chart.set(xscale="log", yscale="log", xlim=(0.01, 5), ylim=(1, 0.003))
        chart.set(xlabel=label("learning rate η", "学习率 η"), ylabel=label("momentum β", "动量 β"))
        chart.yaxis.set_major_locator(FixedLocator([1, 0.5, 0.1, 0.01]))
        chart.yaxis.set_major_formatter(FixedFormatter(["0", "0.5", "0.9", "0.99"]))
        chart.yaxis.set_minor_locator(NullLocator())
        chart.grid(False)
        chart.set_title(label("Light: soon at rest", "浅色：很快停下"), fontsize=11)

    def update(self, lr: float, momentum: float) -> Seen:
        path = dynamics.heavy_ball(_BOWL, (1.0, 1.0), lr, _LONG, momentum=momentum)
        far = np.flatnonzero(~(np.abs(path).max(axis=1) <= 0.01))[-1]
        updates = int(far) + 1 if far < _LONG else None
        path = np.where(np.abs(path) < 9, path, np.nan)
        slow, stiff = path.T
        self.path.set_data(slow, stiff)
        self.ball.set_data(path[-1:].T)
        self.slow.set_data(np.arange(_LONG + 1), slow)
        self.stiff.set_data(np.arange(_LONG + 1), stiff)
        self.here.set_data([lr], [1 - momentum])
        self.done.set_data([updates or -1] * 2, [-0.25, 0.25])
        if updates:
            outcome = say("within 1% after {n} updates", "{n} 步后进入 1% 以内", n=updates)
        else:
            outcome = say("not within 1% after {n} updates", "{n} 步后仍未进入 1% 以内", n=_LONG)
        self.message.set_text(label("{n} updates", "{n} 步", n=updates or f"> {_LONG}"))
        words = say(
            "Slow direction: {slow}; stiff direction: {stiff}; {outcome}. Effective rate η/(1 − β) = {effective:.3g}.",
            "缓方向：{slow}；陡方向：{stiff}；{outcome}。有效学习率 η/(1 − β) = {effective:.3g}。",
            slow=_damping(lr, momentum, _SLOW), stiff=_damping(lr, momentum, _STIFF), outcome=outcome,
            effective=lr / (1 - momentum),
        )  # fmt: skip
        return Seen(words, outcome if updates and updates <= MASS_GOAL else "")


def _damping(lr: float, momentum: float, curvature: float) -> str:
    """How a ball of this momentum comes to rest in a parabola."""
    if lr >= dynamics.stability_limit(curvature, momentum):
        return say("diverges (η > 2(1 + β)/λ)", "发散（η > 2(1 + β)/λ）")
    critical = dynamics.critical_momentum(lr, curvature)
    if abs(momentum - critical) < 0.01:
        return say("critically damped (β* = {b:.2f})", "临界阻尼（β* = {b:.2f}）", b=critical)
    if momentum > critical:
        return say("swings (β above the critical {b:.2f})", "摆动（β 大于临界值 {b:.2f}）", b=critical)
    return say("creeps (β below the critical {b:.2f})", "缓慢爬行（β 小于临界值 {b:.2f}）", b=critical)


# --- One clock -----------------------------------------------------------------------------------------------

CLOCK_GOAL = 0.05  # relative miss of the prediction
_TRAINED = 200  # updates


def shape(power: float) -> NDArray[np.float64]:
    """A schedule of mean 1 over 200 updates: falling like ``(1 - t/T)**power``, or rising like ``(t/T)**-power``."""
    left = 1 - (np.arange(_TRAINED) + 0.5) / _TRAINED
    curve = left**power if power >= 0 else (1 - left) ** -power
    return curve / curve.mean()


_runs: dict[tuple[float, float, int | None], History] = {}


def _trained(power: float, lr: float, batch_size: int | None) -> Generator[float, None, History]:
    """The history of the network trained under one shape; yields only if it has to be trained first."""
    key = (power, lr, batch_size)
    if key not in _runs:
        yield 0.3
        clock = dynamics.clock({"yours": shape(power)}, lr=lr, updates=_TRAINED, batch_size=batch_size)
        _runs[key] = clock.histories["yours"]
    return _runs[key]


class OneClock(Picture):
    """A real network under a constant learning rate, and under yours with the same Σ η: against updates, against τ."""

    width, height = 6.4, 4.7

    def draw(self, figure):
        grid = figure.add_gridspec(2, 2, height_ratios=(1, 1.5))
        t = np.arange(_TRAINED)
        rate = figure.add_subplot(grid[0, 0])
        (self.constant_rate,) = rate.plot(t, t * np.nan, color=style.LR)
        (self.rate,) = rate.plot(t, t * np.nan, color=style.SECOND)
        rate.set(xlim=(0, _TRAINED), ylim=(0, 5.2), xlabel=label("update", "更新步"))
        rate.set_ylabel(label("η(t) / mean η", "η(t) / 平均 η"))
        ticking = figure.add_subplot(grid[0, 1])
        (self.constant_tau,) = ticking.plot(t, t * np.nan, color=style.LR)
        (self.tau,) = ticking.plot(t, t * np.nan, color=style.SECOND)
        ticking.set(xlim=(0, _TRAINED), ylim=(0, 1.05), xlabel=label("update", "更新步"))
        ticking.set_ylabel(label("clock τ / Σ η", "时钟 τ / Σ η"))

        self.by_update = figure.add_subplot(grid[1, 0])
        self.by_tau = figure.add_subplot(grid[1, 1], sharey=self.by_update)
        lines = []
        for axes in (self.by_update, self.by_tau):
            (constant,) = axes.plot(t, t * np.nan, color=style.LR)
            (yours,) = axes.plot(t, t * np.nan, color=style.SECOND)
            lines += [constant, yours]
        self.constant, self.yours, self.constant_on_tau, self.yours_on_tau = lines
        self.predicted = style.theory_line(self.by_update, t, t * np.nan)
        self.by_update.set(xlim=(0, _TRAINED), yscale="log", ylim=(0.02, 4), xlabel=label("update", "更新步"))
        self.by_update.set_ylabel(label("training loss", "训练损失"), color=style.ink(style.LOSS))
        self.by_tau.set(xlim=(0, 1), xlabel=label("clock τ / Σ η", "时钟 τ / Σ η"))
        self.by_tau.tick_params(labelleft=False)
        key = dict(transform=rate.transAxes, fontsize=9.5, ha="center")
        rate.text(0.5, 0.88, label("your schedule", "你的调度"), color=style.ink(style.SECOND), **key)
        rate.text(0.5, 0.72, label("constant", "恒定"), color=style.LR, **key)
        self.message = self.by_tau.set_title(" ", fontsize=11)
        self.by_update.set_title(label("Loss (dashed: predicted)", "损失（虚线：预测）"), fontsize=11)
        return [self.constant_rate, self.rate, self.constant_tau, self.tau, *lines, self.predicted, self.message]

    def update(self, power: float, lr: float, batch_size: int, train: bool):
        """``batch_size``: 0 for all examples at once."""
        size = batch_size or None
        t, mine = np.arange(_TRAINED), shape(power)
        tau = np.cumsum(mine) - mine
        self.constant_rate.set_ydata(np.ones(_TRAINED))
        self.rate.set_ydata(mine)
        self.constant_tau.set_ydata(t / _TRAINED)
        self.tau.set_ydata(tau / _TRAINED)
        constant = yield from _trained(0.0, lr, size)
        predicted = np.interp(tau, t, constant.loss)
        self.constant.set_ydata(constant.loss)
        self.constant_on_tau.set_data(t / _TRAINED, constant.loss)
        self.predicted.set_ydata(predicted)
        if not train:
            self.yours.set_ydata(t * np.nan)
            self.yours_on_tau.set_ydata(t * np.nan)
            self.message.set_text(label("Not yet trained", "尚未训练"))
            return Seen(say(
                "The dashed curve is the constant run, read at your τ(t): no network was trained for it. Switch on the "
                "training to see whether a real one follows.",
                "虚线只是把恒定学习率的那次训练按你的 τ(t) 重读一遍，没有为它训练任何网络。"
                "打开训练开关，看真实网络是否跟随。",
            ))  # fmt: skip
        for line in (self.yours, self.yours_on_tau):
            line.set_alpha(0.25)  # of the shape before, while this one trains
        yours = yield from _trained(power, lr, size)
        for line in (self.yours, self.yours_on_tau):
            line.set_alpha(1)
        loss = np.append(yours.loss, np.full(_TRAINED - len(yours.loss), np.nan))
        self.yours.set_ydata(loss)
        self.yours_on_tau.set_data(tau / _TRAINED, loss)
        words = say(
            "Final loss {yours:.3f}, with constant η {constant:.3f}; peak η = {peak:.3g}. ",
            "最终损失 {yours:.3f}，恒定 η 为 {constant:.3f}；峰值 η = {peak:.3g}。",
            yours=yours.train.loss, constant=constant.train.loss, peak=lr * mine.max(),
        )  # fmt: skip
        if size is None:
            miss = np.nanmax(np.abs(loss / predicted - 1))
            words += say("The network leaves the prediction by at most {miss:.1%}.", "网络与预测最多相差 {miss:.1%}。",
                         miss=miss)  # fmt: skip
        else:
            miss = abs(yours.train.loss / constant.train.loss - 1)
            words += say("With noise, single losses say little: the final ones differ by {miss:.1%}.",
                         "有噪声时单步损失说明不了什么：最终损失相差 {miss:.1%}。", miss=miss)  # fmt: skip
        self.message.set_text(label("Miss: {miss:.1%}", "偏差：{miss:.1%}", miss=miss))
        broken = size is None and miss > CLOCK_GOAL
        return Seen(words, say("{miss:.0%} off", "偏差 {miss:.0%}", miss=miss) if broken else "")


# --- Still pictures of the page ---------------------------------------------------------------------------


@styled
def time_step() -> Figure:
    """How far gradient descent leaves gradient flow, and the modified flow, over 4 units of time in the double well."""
    well, start, horizon = dynamics.double_well(), 0.2, 4.0
    lrs = 0.4 / 2.0 ** np.arange(7)
    miss = np.empty((2, len(lrs)))
    figure = Figure(height=3.6)
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    times = np.linspace(0, horizon, 200)
    style.theory_line(left, times, dynamics.gradient_flow(well, start, times))
    for lr, color, y in ((0.9, style.LOSS, 0.55), (0.3, style.LR, 0.45)):
        steps = round(horizon / lr)
        path = dynamics.gradient_descent(well, start, lr, steps)
        left.plot(lr * np.arange(steps + 1), path, color=color, marker="o", markersize=5, linewidth=1.2)
        left.text(2.3, y, label("descent, η = {lr}", "下降法，η = {lr}", lr=lr), color=style.ink(color))
    left.text(2.3, 0.35, label("- - gradient flow", "- - 梯度流"), color=style.THEORY)
    left.set(xlabel=label("time s = η × updates", "时间 s = η × 更新步数"), ylabel=label("position x", "位置 x"))

    for i, lr in enumerate(lrs):
        s = lr * np.arange(round(horizon / lr) + 1)
        path = dynamics.gradient_descent(well, start, lr, len(s) - 1)
        flows = dynamics.gradient_flow(well, start, s), dynamics.modified_flow(well, start, s, lr)
        miss[:, i] = [np.abs(path - flow).max() for flow in flows]
    orders = [np.polyfit(np.log(lrs[2:]), np.log(m[2:]), 1)[0] for m in miss]
    right.plot(lrs, miss[0], "o-", color=style.LR, markersize=5)
    right.plot(lrs, miss[1], "o-", color=style.SECOND, markersize=5)
    words = dict(fontsize=10, va="top")
    law = [rf"$\propto\eta^{{{order:.2f}}}$" for order in orders]
    right.text(0.0055, 0.06, label("to gradient flow\n", "与梯度流\n") + law[0], color=style.LR, **words)
    modified = label("to the modified flow\n", "与修正流\n") + law[1]
    right.text(0.045, 3e-5, modified, color=style.ink(style.SECOND), **words)
    right.set(xscale="log", yscale="log", xlabel=label("learning rate η", "学习率 η"))
    right.set_ylabel(label("largest distance", "最大距离"))
    style.headline(
        figure,
        label("One update is a time step η: halve it, the error halves", "一次更新就是一个时间步 η：它减半，误差减半"),
    )
    figure.alt = label(
        "Largest distance to gradient flow at η = 0.4 … 0.00625: {a}; it grows like η^{p:.2f}. "
        "To the modified flow: {b}; it grows like η^{q:.2f}.",
        "η = 0.4 … 0.00625 时与梯度流的最大距离：{a}，按 η^{p:.2f} 增长；与修正流：{b}，按 η^{q:.2f} 增长。",
        a=", ".join(f"{m:.2g}" for m in miss[0]), b=", ".join(f"{m:.2g}" for m in miss[1]), p=orders[0], q=orders[1],
    )  # fmt: skip
    return figure


@styled
def noise_temperature(*, particles: int = 20_000, seed: int = 0) -> Figure:
    """T = λ·Var of a ball in a parabola with gradient noise, measured and exact, in units of ησ²/2."""
    steps = np.array([0.02, 0.1, 0.3, 0.6, 1.0, 1.4, 1.7, 1.85])
    parabola = dynamics.quadratic()
    relax = [int(np.ceil(6 / -np.log(abs(1 - eta) + 1e-9))) + 1 for eta in steps]
    variance = np.array([
        dynamics.langevin(parabola, 0.0, eta, 1.0, n, particles=particles, seed=seed).var()
        for eta, n in zip(steps, relax, strict=True)
    ])  # fmt: skip
    ratio = variance / (steps / 2)
    exact = dynamics.noise_variance(steps) / (steps / 2)
    error = ratio * np.sqrt(2 / particles)
    figure = Figure(height=3.5)
    axes = figure.subplots()
    fine = np.linspace(0.005, 1.9, 300)
    style.theory_line(axes, fine, dynamics.noise_variance(fine) / (fine / 2))
    axes.errorbar(steps, ratio, error, fmt="o", color=style.NOISE, markersize=7, zorder=3)
    style.limit_line(axes, 1, vertical=False)
    axes.text(1.98, 1.05, label("ησ²/2, the limit of small steps", "小步长极限 ησ²/2"), ha="right", color=style.QUIET)
    axes.set(yscale="log", ylim=(0.8, 24), xlim=(0, 2.05), xlabel=label("step times curvature, ηλ", "步长乘曲率 ηλ"))
    axes.set_ylabel(label("T / (ησ²/2),  T = λ·Var(x)", "T / (ησ²/2)，T = λ·Var(x)"))
    _ticks(axes.yaxis, [1, 2, 5, 10, 20])
    style.limit_line(axes, 2)
    axes.text(1.05, 2.9, label("exact: 2/(2 − ηλ)", "精确：2/(2 − ηλ)"), ha="right")
    axes.set_title(label("ησ²/2 is the temperature only while ηλ is small", "只有 ηλ 很小时，ησ²/2 才是温度"))
    figure.alt = label(
        "T / (ησ²/2) at ηλ = {steps}: measured {ratio}; exact {exact}; one standard error is {error:.1%}.",
        "ηλ = {steps} 时 T / (ησ²/2)：测量值 {ratio}；精确值 {exact}；一个标准误为 {error:.1%}。",
        steps=_list(steps, "g"), ratio=_list(ratio, ".2f"), exact=_list(exact, ".2f"), error=np.sqrt(2 / particles),
    )  # fmt: skip
    return figure


def _list(numbers: Iterable[float], form: str) -> str:
    return ", ".join(format(number, form) for number in numbers)


@styled
def batch_temperature(*, seeds: int = 3) -> Figure:
    """Excess loss that mini-batches cost a linear regression, against η, and against η/B."""
    heats = np.array([0.02, 0.04, 0.08])  # η/B
    figure = Figure(height=3.5)
    left, right = figure.subplots(1, 2, sharey=True)
    ratios = {}
    for batch, color, marker in ((1, style.LOSS, "o"), (2, style.NOISE, "s"), (8, style.LR, "^")):
        runs = np.array([
            [dynamics.batch_noise(heat * batch, batch, replicas=64, seed=seed) for seed in range(seeds)]
            for heat in heats
        ])  # fmt: skip
        excess, theory = runs.mean(axis=1).T
        ratios[batch] = runs[..., 0] / runs[..., 1]
        look = dict(marker=marker, color=color, markersize=8, alpha=0.85)
        left.plot(heats * batch, excess, **look)
        right.plot(heats, excess, linestyle="", **look)
        left.text(heats[0] * batch, excess[0] * 0.72, f"B = {batch}", color=style.ink(color), ha="center")
    style.theory_line(right, [0.015, 0.11], np.array([0.015, 0.11]) * theory[-1] / heats[-1])
    right.text(0.036, 0.0098, label("theory: η s² tr(H) / 4B", "理论：η s² tr(H) / 4B"))
    left.set(xscale="log", yscale="log", xlim=(0.013, 0.9), ylim=(0.0055, 0.075))
    left.set_xlabel(label("learning rate η", "学习率 η"))
    left.set_ylabel(label("excess loss", "多出的损失"), color=style.ink(style.LOSS))
    right.set(xscale="log", xlabel=label("η / B (batch size)", "η / B（B 为批大小）"))
    _ticks(left.xaxis, [0.02, 0.05, 0.1, 0.2, 0.5])
    _ticks(right.xaxis, heats)
    _ticks(left.yaxis, [0.01, 0.02, 0.05])
    style.headline(figure, label("Three batch sizes, one temperature: η/B", "三种批大小，同一个温度：η/B"))
    figure.alt = label(
        "Excess loss over theory at η/B = {heats}: B = 1: {one}; B = 2: {two}; B = 8 (η = {etas}): {eight}; standard "
        "error over {seeds} data sets up to {error:.2f}.",
        "η/B = {heats} 时多出的损失与理论之比：B = 1：{one}；B = 2：{two}；B = 8（η = {etas}）：{eight}；"
        "{seeds} 个数据集的标准误不超过 {error:.2f}。",
        heats=_list(heats, "g"), etas=_list(8 * heats, "g"), one=_list(ratios[1].mean(axis=1), ".2f"),
        two=_list(ratios[2].mean(axis=1), ".2f"), eight=_list(ratios[8].mean(axis=1), ".2f"), seeds=seeds,
        error=max(standard_error(ratio).max() for ratio in ratios.values()),
    )  # fmt: skip
    return figure


def _ticks(axis: Axis, values) -> None:
    """Plain numbers at these places of a logarithmic axis, and nothing between."""
    axis.set_major_locator(FixedLocator(values))
    axis.set_major_formatter(FixedFormatter([f"{value:g}" for value in values]))
    axis.set_minor_locator(NullLocator())


@styled
def slow_cooling(*, seeds: int = 4) -> Figure:
    """Share of an ensemble that finds the deepest of nine wells, against the time it is given to cool."""
    land = dynamics.rugged()
    lengths = np.array([30, 100, 300, 1000, 3000])
    share, loss = np.empty((2, len(lengths), seeds))
    for i, length in enumerate(lengths):
        for seed in range(seeds):
            share[i, seed], loss[i, seed] = _cooled(land, 0.18 * (1 - np.arange(length) / length), seed)
    quench = np.array([_cooled(land, np.full(400, 0.02), seed, sigma=0.0) for seed in range(seeds)])
    figure = Figure(height=3.5)
    left, right = figure.subplots(1, 2)
    frozen = quench.mean(axis=0)
    for axes, values, still, color in ((left, share, frozen[0], style.SECOND), (right, loss, frozen[1], style.LOSS)):
        error = standard_error(values)
        axes.errorbar(lengths, values.mean(axis=1), error, fmt="o-", color=color, markersize=6)
        style.limit_line(axes, still, label("quench", "淬火"), vertical=False)
        axes.set(xscale="log", xlabel=label("updates spent cooling", "用于冷却的更新步数"))
    left.set(ylim=(0, 0.7), ylabel=label("share in the deepest valley", "落入最深谷的比例"))
    left.yaxis.set_major_formatter(PercentFormatter(1))
    right.set(ylim=(0, 1.7), ylabel=label("mean loss above the floor", "平均损失（相对最低点）"))
    style.headline(
        figure, label("Cool slowly, and more of them find the deepest valley", "冷却得越慢，找到最深谷的小球越多")
    )
    figure.alt = label(
        "Linear cooling in {n} updates: share in the deepest well {share} (standard error up to {error:.3f}), mean "
        "loss above the floor {loss}. Quench: share {quench:.2f}, loss {above:.2f}.",
        "用 {n} 步线性冷却：落入最深谷的比例 {share}（标准误不超过 {error:.3f}），平均损失比最低点高 {loss}。"
        "淬火：比例 {quench:.2f}，损失 {above:.2f}。",
        n=_list(lengths, "d"), share=_list(share.mean(1), ".2f"), loss=_list(loss.mean(1), ".2f"),
        error=standard_error(share).max(), quench=frozen[0], above=frozen[1],
    )  # fmt: skip
    return figure


def _cooled(land: Landscape, lr: NDArray, seed: int, sigma: float = SIGMA) -> tuple[float, float]:
    """Share in the deepest well, and mean loss above its floor, of 1000 balls that begin anywhere."""
    start = np.random.default_rng(seed).uniform(*land.bounds[0], 1000)
    x = dynamics.langevin(land, start, lr, sigma, len(lr), seed=seed)
    return float(np.mean(land.basin(x) == land.deepest)), float(land.f(x).mean() - land.f(land.minima).min())


@styled
def one_clock(clock: dynamics.Clock) -> Figure:
    """The schedules of a :class:`~lrcourse.dynamics.Clock`, its losses against updates, and against τ."""
    figure = Figure(height=3.6)
    rate, by_update, by_tau = figure.subplots(1, 3)
    by_tau.sharey(by_update)
    widths = np.linspace(12, 1.6, len(clock.histories))  # one line lies on the other, and each is seen
    for (name, run), color, width in zip(clock.histories.items(), style.CYCLE, widths, strict=False):
        rate.plot(run.lr, color=color, linewidth=1.6, label=style.schedule_name(name))
        by_update.plot(run.loss, color=color, linewidth=1.6)
        by_tau.plot(run.tau, run.loss, color=color, linewidth=width)
    highest = max(run.lr.max() for run in clock.histories.values())
    rate.set(xlabel=label("update", "更新步"), ylim=(0, 1.6 * highest))
    rate.set_title(label("Learning rate η(t)", "学习率 η(t)"), fontsize=11)
    rate.legend(fontsize=8.5, loc="upper center", handlelength=1, ncols=2, columnspacing=0.8, borderaxespad=0.1)
    by_update.set(xlabel=label("update", "更新步"), yscale="log")
    by_update.set_title(label("Loss by update", "按更新步看损失"), fontsize=11)
    by_tau.set(xlabel=label("clock τ = Σ η", "时钟 τ = Σ η"))
    by_tau.set_title(label("By clock: one line", "按时钟看：合成一条线"), fontsize=11)
    _ticks(by_update.yaxis, [0.1, 0.2, 0.5, 1, 2])
    by_tau.tick_params(labelleft=False)
    spreads = clock.final_spread, clock.spread_against_tau, clock.spread_against_updates
    figure.alt = label(
        "Loss of {n} schedules of equal sum: they differ by up to {updates:.0%} at equal updates, by at most {tau:.1%} "
        "at equal τ, and by {final:.1%} at the end.",
        "{n} 种总和相同的调度：在相同更新步上损失最多相差 {updates:.0%}，在相同 τ 上最多相差 {tau:.1%}，"
        "最终相差 {final:.1%}。",
        n=len(clock.histories), final=spreads[0], tau=spreads[1], updates=spreads[2],
    )  # fmt: skip
    return figure
