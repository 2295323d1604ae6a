"""The picture of the start page: a schedule, and what it does to eight networks."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import PercentFormatter

from .. import start
from ..training import standard_error
from . import style
from .style import Picture, Seen, label

GOAL = 0.91
FLOOR = 0.6  # of the accuracy axis; what lies below is drawn on it
HOT, WARM = 0.25, 0.02  # a last learning rate above HOT costs a point of accuracy and more, one below WARM nothing


class FirstTouch(Picture):
    """Learning rate and loss against updates, and each network's accuracy on unseen digits."""

    def draw(self, figure):
        grid = figure.add_gridspec(2, 2, width_ratios=(3, 1), height_ratios=(1, 1.6))
        updates = np.arange(start.UPDATES)
        self.rate = figure.add_subplot(grid[0, 0])
        (self.lr,) = self.rate.plot(updates, np.ones(start.UPDATES), color=style.LR)
        self.rate.set(yscale="log", ylim=(8e-4, 5), xlim=(0, start.UPDATES))
        self.rate.set_ylabel(label("learning rate η", "学习率 η"), color=style.LR)
        self.rate.tick_params(labelbottom=False)
        self.rate.set_title(label("What you set", "你设定的"))

        self.losses = figure.add_subplot(grid[1, 0], sharex=self.rate)
        self.each = [
            self.losses.plot(updates, np.ones(start.UPDATES), color=style.LOSS, linewidth=0.8, alpha=0.22)[0]
            for _ in range(start.NETWORKS)
        ]
        (self.mean,) = self.losses.plot(updates, np.ones(start.UPDATES), color=style.LOSS)
        self.losses.set(ylim=(0, 4), xlabel=label("update", "更新步"))
        self.losses.set_ylabel(label("training loss", "训练损失"), color=style.ink(style.LOSS))
        self.losses.set_title(label("What eight networks make of it", "八个网络的反应"))

        right = figure.add_subplot(grid[:, 1])
        spread = np.linspace(-0.3, 0.3, start.NETWORKS)
        (self.dots,) = right.plot(
            spread, np.ones(start.NETWORKS), "o", color=style.SECOND, markersize=7, alpha=0.75, clip_on=False
        )
        (self.bar,) = right.plot([-0.45, 0.45], [1, 1], color=style.INK)
        self.number = right.text(0.5, 0.9, "", transform=right.transAxes, ha="center", fontsize=17, weight="bold")
        right.set(xlim=(-0.6, 0.6), ylim=(FLOOR, 1), xticks=[])
        right.set_yticks([FLOOR, 0.7, 0.8, GOAL, 1])
        right.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        right.set_title(label("Unseen", "未见过的数字"))
        right.grid(False, axis="x")
        right.axhline(GOAL, color=style.REFERENCE, linewidth=1.2, zorder=1)
        return [self.lr, *self.each, self.mean, self.dots, self.bar, self.number]

    def update(self, lr: float, shape: str) -> Seen:
        schedule = start.SHAPES[shape](lr)(np.arange(start.UPDATES))
        loss, accuracy = start.train(schedule)
        self.lr.set_ydata(np.where(schedule > 0, schedule, np.nan))
        smooth = _smoothed(loss)
        for line, column in zip(self.each, smooth.T, strict=True):
            line.set_ydata(column)
        self.mean.set_ydata(smooth.mean(1))
        self.dots.set_ydata(np.maximum(accuracy, FLOOR))
        mean, error = accuracy.mean(), standard_error(accuracy)
        self.bar.set_ydata([max(mean, FLOOR)] * 2)
        self.number.set_text(f"{mean:.1%}")
        words = label(
            "Peak η = {lr:.3g}: {mean:.1%} ± {error:.1%} of unseen digits are named rightly (8 networks, ± standard "
            "error). {verdict}",
            "峰值 η = {lr:.3g}：未见过的数字识别正确率为 {mean:.1%} ± {error:.1%}（8 个网络，± 标准误）。{verdict}",
            lr=lr, mean=mean, error=error, verdict=_verdict(loss, mean, schedule[-1]),
        )  # fmt: skip
        return Seen(words, goal=f"{mean:.1%}, η = {lr:.3g}" if mean >= GOAL else "")


def _smoothed(loss: np.ndarray, memory: float = 0.8) -> np.ndarray:
    """Exponential averages down the first axis, without the bias of the start: single batches of 16 flicker."""
    weights = np.cumsum(memory ** np.arange(len(loss)))
    smooth = np.empty_like(loss)
    total = np.zeros(loss.shape[1])
    for t, row in enumerate(np.nan_to_num(loss, nan=1e3, posinf=1e3)):
        total = memory * total + row
        smooth[t] = total / weights[t]
    return smooth


def _verdict(loss: np.ndarray, accuracy: float, last: float) -> str:
    late, later = loss[-60:-30].mean(), loss[-30:].mean()
    if not accuracy > 0.5:
        return label("Too hot: they never settle.", "太热了：始终安定不下来。")
    if last > HOT:
        return label(
            "Hot to the last update: they still follow the wrong labels of each batch.",
            "直到最后一步仍然很热：每个批次里的错误标签都牵着它们走。",
        )
    if later < 0.93 * late:
        return label("Too cold: still on the way down when the budget ends.", "太冷了：预算用完时仍在下降。")
    if last > WARM:
        return label("Arrived, and still trembling at η = {lr:.2g}.", "已经到达，但仍在 η = {lr:.2g} 下颤动。", lr=last)
    return label("Arrived, and cooled down.", "已经到达，并且冷却下来。")
