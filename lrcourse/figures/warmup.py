"""The pictures of section 03: the edge of stability during a warm-up, and the shapes that warm-ups have.

Training curves are real: full-batch gradient descent (:func:`lrcourse.training.sharpness.descend`), or a
:class:`~lrcourse.training.Sweep`. Schedules come from :mod:`lrcourse.curves`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray
from torch import nn

from .. import curves
from ..arguments import count, whole
from ..training import Sweep, standard_error
from ..training.sharpness import Descent, descending
from . import style
from .style import Figure, Picture, Seen, label, styled

NETWORKS = MappingProxyType({"tanh": (nn.Tanh, 1.0), "ReLU": (nn.ReLU, 2.0)})  # activation, gain
DEAD = 0.09  # mean squared error of the best constant answer to ten classes


def ramp(peak: float, warmup_steps: int, updates: int) -> NDArray[np.float64]:
    """Linear warm-up to *peak*, then constant: what each update uses."""
    return curves.linear_warmup(peak, warmup_steps)(range(updates))


# --- Warm-up at the edge --------------------------------------------------------------------------------------


class Edge(Picture):
    """Networks trained with a warm-up to a learning rate that would blow them up: their loss, and λη/2 on the way."""

    height = 5.0
    UPDATES, SEEDS, EVERY = 200, 4, 5
    PEAK, GOAL = 8, 0.015

    def draw(self, figure):
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.1, 1))
        t, measured = np.arange(self.UPDATES), np.arange(0, self.UPDATES, self.EVERY)
        nothing = np.full(self.UPDATES, np.nan)
        self.losses = [above.semilogy(t, nothing, color=style.LOSS, linewidth=1.2)[0] for _ in range(self.SEEDS)]
        (self.blown,) = above.plot([], [], "x", color=style.LOSS, markersize=8, markeredgewidth=2, clip_on=False)
        self.blown.set_in_layout(False)
        style.limit_line(
            above, DEAD, label("the same answer to every digit", "对每张图都给出同一个答案"), vertical=False
        )
        above.set(ylim=(2e-3, 20))
        above.set_ylabel(label("loss (MSE)", "损失（MSE）"), color=style.ink(style.LOSS))
        self.title = above.set_title(" ")

        style.limit_line(below, 1, "", vertical=False)
        named = dict(color=style.QUIET, fontsize=9.5, ha="right", va="bottom", zorder=5)
        style.halo(below.text(self.UPDATES, 1.06, label("edge of stability", "稳定边界"), **named))
        (self.rate,) = below.semilogy(t, nothing, color=style.LR)
        edge = dict(color=style.NOISE, linewidth=1.2)
        self.edges = [below.plot(measured, measured * np.nan, **edge)[0] for _ in range(self.SEEDS)]
        below.set(ylim=(0.01, 150), xlim=(0, self.UPDATES), xlabel=label("update", "更新步"))
        below.set_ylabel("λη/2", color=style.ink(style.NOISE))
        below.text(
            0.985,
            0.97,
            label("if the curvature stayed at λ₀", "若曲率一直是 λ₀"),
            color=style.LR,
            transform=below.transAxes,
            ha="right",
            va="top",
            fontsize=10,
        )
        below.text(
            0.985,
            0.06,
            label("with the curvature measured", "按实测曲率"),
            color=style.ink(style.NOISE),
            transform=below.transAxes,
            ha="right",
            va="bottom",
            fontsize=10,
        )
        return [*self.losses, self.blown, self.rate, *self.edges, self.title]

    def update(self, network: str, peak: float, warmup: int):
        for line in (*self.losses, *self.edges):
            line.set_alpha(0.25)
        activation, gain = NETWORKS[network]
        rates = ramp(peak, warmup, self.UPDATES)
        self.rate.set_ydata(rates)
        run = yield from descending(rates, seeds=self.SEEDS, activation=activation, gain=gain, every=self.EVERY)
        loss, edge = run.loss[0], run.edge[0]
        edge = np.where(loss[:, :: self.EVERY] < DEAD * 100, edge, np.nan)  # no curvature to speak of far outside
        for line, values in zip((*self.losses, *self.edges), (*loss, *edge), strict=True):
            line.set_ydata(np.where(values < 1e3, values, np.nan))
            line.set_alpha(1)
        high = self.losses[0].axes.get_ylim()[1]
        gone = [int(np.argmax(~(values < high))) for values in loss if not (values < high).all()]
        self.blown.set_data(gone, [high] * len(gone))
        return self._seen(peak, warmup, run)

    def _seen(self, peak: float, warmup: int, run: Descent) -> Seen:
        last = run.loss[0, :, -1]
        finite = np.isfinite(last)
        assert run.sharpness is not None, "it was measured for the lower panel"
        sharpness = run.sharpness[0]
        alive = finite & (last < DEAD / 2)
        if alive.all() and warmup and peak > 1:
            title = label("The ramp pushes the curvature down", "爬升压低了曲率")
        elif alive.all():
            title = label("Stable, and no warm-up is needed", "稳定，不需要预热")
        elif finite.any() and not alive.any():
            title = label("Not diverged, yet not trained", "没有发散，却也没有学会")
        elif finite.any():
            title = label("Some train, some do not", "有的学会了，有的没有")
        else:
            title = label("Too much, too soon: all diverge", "太大，也太早：全部发散")
        self.title.set_text(title)
        words = label(
            "η = {peak:.3g} × 2/λ₀ after {w} updates of warm-up: ",
            "预热 {w} 步后 η = {peak:.3g} × 2/λ₀：",
            peak=peak,
            w=warmup,
        )
        if not finite.any():
            words += label("all {n} networks diverge.", "{n} 个网络全部发散。", n=len(last))
        else:
            words += label(
                "{finite} of {n} networks have not diverged, {alive} of them trained. Their loss: {low:.2g} to "
                "{high:.2g}. Curvature now: {fell:.2g} λ₀.",
                "{n} 个网络中有 {finite} 个未发散，其中 {alive} 个真正学会了。它们的损失：{low:.2g} 到 {high:.2g}。"
                "此刻的曲率：{fell:.2g} λ₀。",
                n=len(last),
                finite=finite.sum(),
                alive=alive.sum(),
                low=last[finite].min(),
                high=last[finite].max(),
                fell=np.median(sharpness[finite, -1] / run.initial[finite]),
            )
        reached = peak >= self.PEAK and finite.all() and last.max() <= self.GOAL
        goal = label("{w} updates: {loss:.2g}", "{w} 步：{loss:.2g}", w=warmup, loss=last.max())
        return Seen(words, goal=goal if reached else "")


@styled
def survival(runs: Mapping[int, Descent]) -> Figure:
    """Which learning rate networks survive, and what it earns them, for each length of warm-up.

    Args:
        runs: updates of warm-up → a descent whose schedules are ramps to rising peaks.
    """
    figure = Figure(height=4.6)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.3))
    told = []
    for (warmup, run), color in zip(runs.items(), (style.LOSS, style.NOISE, style.SECOND), strict=False):
        peaks, last = run.rates[:, -1], run.loss[:, :, -1]
        share = np.isfinite(last).mean(1)
        above.plot(peaks, share, "o-", color=color, markersize=5, label=label("warm-up {w}", "预热 {w} 步", w=warmup))
        mean, error = last.mean(1), standard_error(last)
        whole = np.isfinite(mean)
        below.errorbar(peaks[whole], mean[whole], error[whole], fmt="o-", color=color, markersize=5, capsize=3)
        top = peaks[share == 1].max()
        told.append(
            label("warm-up {w}: none diverges up to {top:g}", "预热 {w} 步：到 {top:g} 为止无一发散", w=warmup, top=top)
        )
    above.set(xscale="log", ylim=(-0.06, 1.08), yticks=[0, 0.5, 1])
    above.set_ylabel(label("share not diverged", "未发散的比例"))
    above.set_title(label("A slower start survives a larger learning rate", "起步越慢，能承受的学习率越大"))
    above.legend(loc="lower left")
    below.set(yscale="log", xlabel=label("peak learning rate η, in units of 2/λ₀", "峰值学习率 η（单位 2/λ₀）"))
    below.set_ylabel(label("final loss, ± 1 SE", "最终损失，± 1 标准误"))
    below.xaxis.set_major_locator(FixedLocator(peaks.tolist()))
    below.xaxis.set_minor_locator(NullLocator())
    below.set_xticklabels([f"{peak:g}" for peak in peaks])
    low, high = below.get_ylim()
    ticks = (0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2)
    below.yaxis.set_major_locator(FixedLocator([tick for tick in ticks if low < tick < high]))
    below.yaxis.set_minor_locator(NullLocator())
    below.yaxis.set_major_formatter("{x:g}")
    figure.alt = label("; ", "；").join(told)
    return figure


@styled
def rescue(result: Sweep) -> Figure:
    """Test accuracy of each seed at each learning rate of a sweep of two schedules, without a warm-up and with one."""
    figure = Figure(height=3.6)
    axes = figure.subplots(1, len(result.lrs), sharey=True, squeeze=False)[0]
    names = label("no warm-up", "无预热"), label("warm-up", "有预热")
    told = []
    for j, (ax, lr) in enumerate(zip(axes, result.lrs, strict=True)):
        accuracy = result.accuracy[:, j]
        ax.plot([0, 1], accuracy, "-", color=style.REFERENCE, linewidth=0.8, alpha=0.7)
        mean, error = result.mean("accuracy")[:, j], result.standard_error("accuracy")[:, j]
        for place, color, side, ha in ((0, style.LOSS, -1, "right"), (1, style.SECOND, 1, "left")):
            ax.plot(np.full(accuracy.shape[1], place), accuracy[place], "o", color=color, alpha=0.45, markersize=6)
            ax.errorbar(place + side * 0.13, mean[place], error[place], fmt="D", color=color, capsize=4, markersize=6)
            ax.text(
                place + side * 0.2, mean[place], f"{mean[place]:.2f}", color=color, va="center", ha=ha, weight="bold"
            )
            told.append(
                label("η = {lr:g}, {name}: {mean:.2f} ± {error:.2f}", "η = {lr:g}，{name}：{mean:.2f} ± {error:.2f}",
                      lr=lr, name=names[place], mean=mean[place], error=error[place])
            )  # fmt: skip
        style.limit_line(ax, 0.1, label("guessing", "随机猜测"), vertical=False)
        ax.set(xlim=(-0.55, 1.55), ylim=(0, 1), xticks=[0, 1], xticklabels=names)
        ax.set_title(f"η = {lr:g}", fontsize=11)
    axes[0].set_ylabel(label("test accuracy, mean ± 1 SE", "测试准确率，均值 ± 1 标准误"))
    gains = np.subtract(*result.mean("accuracy")[1::-1])
    title = label(
        "The warm-up gains most at η = {lr:g}", "在 η = {lr:g} 处，预热的收益最大", lr=result.lrs[gains.argmax()]
    )
    figure.suptitle(title, x=0.089, ha="left", fontsize=12, weight="bold")
    figure.alt = label("; ", "；").join(told)
    return figure


# --- Conventions and shapes -----------------------------------------------------------------------------------


@styled
def conventions(warmup: int = 5, updates: int = 20, shown: int = 12) -> Figure:
    """The first updates of one plan, warm-up then a half cosine, as different libraries read it.

    Args:
        warmup: updates of warm-up.
        updates: length of the run, cosine included.
        shown: how many updates to draw.
    """
    updates = count("updates", updates)
    warmup = whole("warmup", warmup, least=1, most=updates - 1)
    t = np.arange(whole("shown", shown, least=2, most=updates))
    cosine = curves.cosine_annealing_lr(1.0, T_max=updates - warmup)
    late, unshifted = cosine.shift(warmup)(t), curves.cosine_annealing_lr(1.0, T_max=updates)(t)
    lines = {
        "(t + 1)/(w + 1)": ((t + 1) / (warmup + 1), late, style.LR, "o-"),
        "(t + 1)/w": ((t + 1) / warmup, cosine.shift(warmup)(t), style.SECOND, "s-"),
        label("t/w (transformers)", "t/w（transformers）"): (t / warmup, late, style.LOSS, "^-"),
        label("t/w, cosine unshifted (timm)", "t/w，余弦未平移（timm）"): (t / warmup, unshifted, style.NOISE, "v:"),
    }
    figure = Figure(height=3.9)
    ax = figure.subplots()
    told = []
    for name, (rise, after, color, look) in lines.items():
        values = np.where(t < warmup, rise, after)
        ax.plot(t, values, look, color=color, markersize=6, label=name)
        told.append(name + label(": ", "：") + ", ".join(f"{value:.2f}" for value in values[: warmup + 2]))
    ax.plot([0], [0], "o", color=style.LOSS, markersize=15, fillstyle="none", clip_on=False)
    ax.annotate(
        label("moves nothing", "权重不动"),
        (0, 0),
        (14, 2),
        textcoords="offset points",
        color=style.ink(style.LOSS),
        fontsize=10,
        va="center",
    )
    style.limit_line(ax, warmup, f"w = {warmup}")
    ax.set(xlim=(-0.4, shown - 0.6), ylim=(-0.05, 1.1), xticks=t, xlabel=label("update t", "更新步 t"))
    ax.set_ylabel(label("learning rate / peak", "学习率 / 峰值"), color=style.LR)
    ax.set_title(label("Four readings of “five updates of warm-up”", "“预热五步”的四种读法"))
    ax.legend(loc="lower right")
    figure.alt = label("; ", "；").join(told)
    return figure


class Shapes(Picture):
    """Any warm-up of the course with what comes after it: exact values, the wasted updates, the path it costs."""

    UPDATES, PEAK = 300, 0.1
    LONG = 18_000  # updates shown of the Transformer's formula, which is in no hurry
    GOAL = 1e-3
    AFTER = MappingProxyType(
        {
            "constant": lambda left: curves.constant(1.0),
            "cosine": lambda left: curves.cosine_annealing_lr(1.0, T_max=left),
            "linear": lambda left: curves.linear_to_zero(1.0, left),
            "exponential": lambda left: curves.exponential_lr(1.0, gamma=0.01 ** (1 / left)),
        }
    )

    def draw(self, figure):
        self.axes = figure.subplots()
        nothing = [np.nan, np.nan]
        (self.other,) = self.axes.plot([1, 2], nothing, color=style.REFERENCE, linestyle="--", linewidth=1.5)
        (self.line,) = self.axes.plot([1, 2], nothing, color=style.LR)
        (self.ends,) = self.axes.plot([1, 2], nothing, "o", color=style.LR, markersize=7, clip_on=False)
        self.ends.set_in_layout(False)
        self.name = self.axes.text(
            0, 1.03, "", transform=self.axes.transAxes, color=style.LR, weight="bold", fontsize=10.5
        )
        self.other_name = self.axes.text(
            1, 1.03, "", transform=self.axes.transAxes, color=style.QUIET, ha="right", fontsize=10.5
        )
        self.axes.set_xlabel(label("update number s = t + 1", "更新步序号 s = t + 1"))
        self._scale(True, self.UPDATES, 1.1, label("learning rate / peak", "学习率 / 峰值"))
        return [self.other, self.line, self.ends, self.name, self.other_name]

    def update(self, kind: str, log: bool, **values: Any) -> Seen:
        """*kind* and the arguments that belong to it: see :func:`lrcourse.explorers.warmup.shapes`."""
        if kind == "transformer":
            return self._transformer(log, **values)
        schedule, other, *names = getattr(self, f"_{kind}")(**values)
        self._scale(log, self.UPDATES, 1.1, label("learning rate / peak", "学习率 / 峰值"))
        rates = self._show(np.arange(self.UPDATES), schedule, other, *names)
        cold = self.AFTER[values.get("after", "constant")](self.UPDATES)(range(self.UPDATES))
        wasted = label("; it moves nothing and is wasted", "，权重不动，白费一步") if rates[0] == 0 else ""
        words = label(
            "With a peak of {peak:g}, update 0 uses {first:.4g}{wasted}. The highest rate, {top:.4g}, is that of "
            "update {at}. Path walked, Ση: {path:.1%} of a run without warm-up.",
            "峰值为 {peak:g} 时，第 0 步用 {first:.4g}{wasted}。学习率在第 {at} 步最高，为 {top:.4g}。"
            "走过的路程 Ση 是不预热时的 {path:.1%}。",
            peak=self.PEAK,
            first=rates[0] * self.PEAK,
            wasted=wasted,
            top=rates.max() * self.PEAK,
            at=rates.argmax(),
            path=rates.sum() / cold.sum(),
        )
        return Seen(words)

    def _transformer(self, log: bool, d_model: int, warmup_steps: int) -> Seen:
        t = np.unique(np.geomspace(1, self.LONG, 2000).astype(int)) - 1
        schedule = 1e3 * curves.transformer(d_model, warmup_steps)
        cooling = curves.lambda_lr(1e3 * d_model**-0.5, lambda t: (t + 1) ** -0.5)
        peak = (d_model * warmup_steps) ** -0.5
        high = 10 ** np.ceil(np.log10(peak * 1100)) if log else next(h for h in (0.5, 1, 2, 5, 15) if h > peak * 1050)
        self._scale(log, self.LONG, high, label("learning rate × 1000", "学习率 × 1000"))
        self._show(t, schedule, cooling, "TransformerLRScheduler", "d_model^−½ · s^−½")
        at = min(warmup_steps, self.LONG)
        self.ends.set_data([1, at], schedule([0, at - 1]))
        words = label(
            "Update 0 uses {first:.3g}, not 0. The peak, (d_model · warmup_steps)^−½ = {peak:.4g}, is that of update "
            "{at}. The optimizer’s own lr is ignored.",
            "第 0 步用 {first:.3g}，而不是 0。峰值 (d_model · warmup_steps)^−½ = {peak:.4g}，在第 {at} 步。"
            "优化器自己的 lr 不起作用。",
            first=schedule(0) / 1e3,
            peak=peak,
            at=warmup_steps - 1,
        )
        reached = abs(peak / self.GOAL - 1) <= 0.02
        return Seen(words, goal=f"d_model {d_model}, warmup_steps {warmup_steps}: {peak:.4g}" if reached else "")

    def _scale(self, log: bool, updates: int, high: float, unit: str) -> None:
        now = log, updates, high
        if getattr(self, "_now", None) == now:
            return
        self._now = self.still = now
        scale = "log" if log else "linear"
        self.axes.set(xscale=scale, yscale=scale)
        self.axes.set(xlim=(0.9 if log else -0.012 * updates, updates * 1.02), ylim=(high / 1e3 if log else 0, high))
        self.axes.set_ylabel(unit, color=style.LR)

    def _show(self, t, schedule, other, name: str, other_name: str) -> NDArray[np.float64]:
        rates = schedule(t)
        low = self.axes.get_ylim()[0]
        visible = lambda values: np.where(values > low, values, np.nan) if low else values  # noqa: E731
        self.line.set_data(t + 1, visible(rates))
        self.other.set_data(t + 1, visible(other(t)))
        at = [0, int(rates.argmax())]
        self.ends.set_data(t[at] + 1, visible(rates[at]))
        self.name.set_text(name)
        self.other_name.set_text(label("grey: ", "灰线：") + other_name)
        return rates

    def _then(self, warm: curves.Schedule, warmup: int, after: str) -> curves.Schedule:
        return curves.then(warm, self.AFTER[after](self.UPDATES - warmup), at=warmup)

    def _linear(self, warmup: int, after: str):
        wasted = curves.piecewise_linear(1.0, [(0, 0), (warmup, 1)])
        warm = curves.linear_warmup(1.0, warmup)
        return self._then(warm, warmup, after), self._then(wasted, warmup, after), "(t + 1)/(w + 1)", "t/w"

    def _wasted(self, warmup: int, after: str):
        ours, wasted, name, other_name = self._linear(warmup, after)
        return wasted, ours, other_name, name

    def _exponential(self, tau: float, after: str):
        cool = self.AFTER[after](self.UPDATES)
        linear = curves.linear_warmup(1.0, 2 * tau) * cool
        return (
            curves.exponential_warmup(1.0, tau) * cool,
            linear,
            "1 − exp(−(t + 1)/τ)",
            label("linear, w = 2τ", "线性，w = 2τ"),
        )

    def _radam(self, beta2: float, after: str):
        cool = self.AFTER[after](self.UPDATES)
        linear = curves.linear_warmup(1.0, round(2 / (1 - beta2))) * cool
        names = label("RAdam’s factor", "RAdam 的倍率"), label("linear, w = 2/(1 − β₂)", "线性，w = 2/(1 − β₂)")
        return curves.radam_warmup(1.0, beta2) * cool, linear, *names

    def _inverse_sqrt(self, warmup: int):
        cosine = self._then(curves.linear_warmup(1.0, warmup), warmup, "cosine")
        return (
            curves.inverse_sqrt(1.0, warmup),
            cosine,
            label("inverse square root", "平方根倒数"),
            label("cosine", "余弦"),
        )
