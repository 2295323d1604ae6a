"""The pictures of section 08: what :func:`lrcourse.practice.watch` saw, what mistakes cost, and runs that go on."""

from __future__ import annotations

import functools
from collections.abc import Collection, Generator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR

from ..practice import Report, load, save
from ..practice.mistakes import MISTAKES, SEEDS, UPDATES, Cost, costing
from ..training import mnist1d
from . import style
from .style import Figure, Picture, Seen, label, styled


@styled
def watched(report: Report, group: int = 0) -> Figure:
    """The learning rate that each update used, over the dashed one that the scheduler's arguments mean; a vertical line
    and a name where a finding is.

    Args:
        report: of a watched loop.
        group: the param group to draw.

    Raises:
        ValueError: nothing was watched; no such group.
    """
    lr, planned = report.lr, report.planned
    if not len(lr):
        raise ValueError("report must have updates to draw, got none: the loop made no optimizer.step()")
    if not 0 <= group < lr.shape[1]:
        raise ValueError(f"group must be one of the {lr.shape[1]} param groups, got {group!r}")
    used, plan = lr[:, group], planned[:, group]
    known = np.isfinite(plan)
    off = int((np.abs(used - plan)[known] > 1e-6 * np.abs(plan[known])).sum())
    codes = label(", ", "、").join(report.codes)
    if codes:
        title = label("To look at: {codes}", "需要查看：{codes}", codes=codes)
    elif known.all() and not off:
        title = label("Every update used the learning rate that was planned", "每个更新步都用了计划的学习率")
    else:
        title = label("What the updates used", "各更新步使用的学习率")
    figure = Figure(
        alt=label(
            "{title}. {n} updates; {off} of the {known} with a plan used another learning rate; first {first:.3g}, "
            "last {last:.3g}, highest {top:.3g}.",
            "{title}。共 {n} 个更新步；有计划的 {known} 步中，{off} 步用了别的学习率；第一个 {first:.3g}，"
            "最后一个 {last:.3g}，最大 {top:.3g}。",
            title=title, n=len(used), off=off, known=int(known.sum()), first=float(used[0]), last=float(used[-1]),
            top=float(np.nanmax(used)),
        )
    )  # fmt: skip
    ax = figure.subplots()
    t = np.arange(len(used))
    ax.step(t, used, where="post", color=style.LR, label=label("used", "实际使用"))
    if known.any():
        style.theory_line(ax, t, plan, label=label("planned", "计划"))
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.08 * len(report) * (high - low))  # room for the names above the curve
    for i, finding in enumerate(report.findings):
        left = finding.update > 0.6 * len(used)
        ax.axvline(finding.update, color=style.REFERENCE, linewidth=1.2, zorder=1.5)
        name = ax.annotate(
            finding.code, (finding.update, 1), (-4 if left else 4, -2 - 14 * i), xycoords=ax.get_xaxis_transform(),
            textcoords="offset points", va="top", ha="right" if left else "left", color=style.QUIET, fontsize=9.5,
        )  # fmt: skip
        style.halo(name)
    ax.set_xlabel(label("update", "更新步"))
    ax.set_ylabel(label("learning rate η", "学习率 η"))
    ax.set_title(title)
    ax.legend()
    return figure


# --- What mistakes cost ---------------------------------------------------------------------------------------

CONCERNED = tuple(code for code in MISTAKES if code not in ("late-param-group", "lambda-not-saved"))
"""The mistakes that change the learning rates of the first param group, in one run."""


def price(cost: Cost) -> str:
    """A mistake's cost in words: mean difference of the training loss and its standard error."""
    if not np.isfinite(cost.difference).all():
        lost = int((~np.isfinite(cost.difference)).sum())
        return label("{lost} of {n} diverged", "{n} 个中有 {lost} 个发散", lost=lost, n=len(cost.difference))
    return f"{cost.mean:+.3f} ± {cost.error:.3f}"


@styled
def gallery(costs: Mapping[str, Cost]) -> Figure:
    """All fifteen mistakes: the learning rates meant, dashed, and used; above each its code and what it cost.

    Args:
        costs: of :func:`lrcourse.practice.mistakes.costs`; a mistake without a cost is drawn without.
    """
    figure = Figure(height=8.6)
    t, told = np.arange(UPDATES), []
    elsewhere = {
        "late-param-group": label("paid by the new group", "由新参数组承担"),
        "lambda-not-saved": label("paid by a later run", "由之后的运行承担"),
    }
    for ax, (code, mistake) in zip(figure.subplots(5, 3, sharex=True).flat, MISTAKES.items(), strict=True):
        ax.plot(t, mistake.used, color=style.LR)
        style.theory_line(ax, t, mistake.meant)
        ax.set_title(code, fontsize=8.8, pad=15)
        words = price(costs[code]) if code in costs else elsewhere.get(code, "")
        said = ax.text(0, 1.04, words, transform=ax.transAxes, fontsize=9, color=style.QUIET, va="bottom")
        said.set_in_layout(False)  # or the columns would differ in width
        low = min(0.0, float(mistake.used.min()) * 1.4)
        ax.set(ylim=(low, 0.115), yticks=[0, 0.1], xticks=[0, 250, 500])
        ax.tick_params(labelsize=8.5)
        told.append(f"{code} {words}")
    figure.supxlabel(label("update", "更新步"), fontsize=11)
    figure.supylabel(label("learning rate η: used (blue), meant (dashed)", "学习率 η：实际使用（蓝），本意（虚线）"),
                     fontsize=11)  # fmt: skip
    n = len(next(iter(costs.values())).difference)
    figure.suptitle(label("Fifteen mistakes, and their cost in training loss", "十五种错误，以及训练损失上的代价"),
                    x=0.01, ha="left", fontsize=12, weight="bold")  # fmt: skip
    figure.alt = label(
        "Training loss with the mistake minus without it, mean of {n} seeds ± standard error: {told}.",
        "有错与无错时训练损失之差，{n} 个随机种子的平均 ± 标准误：{told}。", n=n, told=label("; ", "；").join(told),
    )  # fmt: skip
    return figure


class WhichMistake(Picture):
    """A mistake's learning rates and losses beside those that were meant: networks trained with both."""

    height = 4.9
    TIMES = 4  # what the goal asks for, in costs of a scheduler that is never stepped

    def draw(self, figure):
        t, nothing = np.arange(UPDATES), np.full(UPDATES, np.nan)
        rate, losses = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.2))
        (self.used,) = rate.plot(t, nothing, color=style.LR)
        self.meant = style.theory_line(rate, t, nothing)
        rate.set(ylim=(-0.03, 0.112), xlim=(0, UPDATES))
        rate.axhline(0, color=style.REFERENCE, linewidth=0.8, zorder=1)
        rate.set_ylabel(label("learning rate η", "学习率 η"))
        rate.text(0, 1.05, label("used", "实际使用"), transform=rate.transAxes, color=style.LR, weight="bold")
        rate.text(0.25, 1.05, label("meant (dashed)", "本意（虚线）"), transform=rate.transAxes, color=style.THEORY)
        (self.right,) = losses.plot(t, nothing, color=style.REFERENCE)
        (self.wrong,) = losses.plot(t, nothing, color=style.LOSS)
        losses.set(ylim=(1.0, 2.5), xlabel=label("update", "更新步"))
        losses.set_ylabel(label("batch loss, smoothed", "批次损失（平滑）"))
        losses.text(0, 1.05, label("with the mistake", "有错"), transform=losses.transAxes, color=style.ink(style.LOSS),
                    weight="bold")  # fmt: skip
        losses.text(0.36, 1.05, label("without (grey)", "无错（灰）"), transform=losses.transAxes, color=style.QUIET)
        self.price = losses.text(1, 1.05, "", transform=losses.transAxes, ha="right", color=style.INK, weight="bold")
        return [self.right, self.wrong, self.used, self.meant, self.price]

    def update(self, code: str, seeds: int = 0):
        """``code``: of :data:`CONCERNED`; ``seeds``: the first of the eight."""
        mistake = MISTAKES[code]
        for line in (self.wrong, self.right):
            line.set_ydata(np.full(UPDATES, np.nan))
        self.price.set_text(label("training …", "正在训练……"))
        self.used.set_ydata(mistake.used)
        self.meant.set_ydata(mistake.meant)
        chosen = range(seeds, seeds + len(SEEDS))
        cost = yield from _cost(code, chosen)
        never = yield from _cost("never-stepped", chosen)
        self.right.set_ydata(style.moving_average(cost.right.mean(0)))
        self.wrong.set_ydata(style.moving_average(cost.wrong.mean(0)))
        self.price.set_text(price(cost))
        said = label("{message}Cost at the end, on all training data: {price} ({n} seeds, ± standard error)",
                     "{message}最后在全部训练数据上的代价：{price}（{n} 个随机种子，± 标准误）",
                     message=mistake.finding.message + label(" ", ""), price=price(cost), n=len(chosen))  # fmt: skip
        if not np.isfinite(cost.mean):
            return Seen(said + label(".", "。"))
        if abs(cost.mean) < style.WORTH * cost.error:
            return Seen(said + label(": nothing that can be seen.", "：看不出差别。"))
        if cost.mean < 0:
            return Seen(said + label(": it *gained*, by accident.", "：反而*有利*，纯属偶然。"))
        times = cost.mean / never.mean
        said += label(", {times:.1f} times that of a scheduler never stepped.",
                      "，是从不 step 的调度器的 {times:.1f} 倍。", times=times)  # fmt: skip
        return Seen(said, f"× {times:.1f}" if times >= self.TIMES else "")


_KEPT: dict[tuple[str, range], Cost] = {}


def _cost(code: str, seeds: range) -> Generator[float, None, Cost]:
    if (code, seeds) not in _KEPT:
        _KEPT[code, seeds] = (yield from costing([code], seeds))[code]
    return _KEPT[code, seeds]


# --- Runs that go on ------------------------------------------------------------------------------------------

PARTS = ("model", "optimizer", "scheduler", "random", "loader")
LENGTH = 300


class Course(NamedTuple):
    """What a run did: learning rates and batch losses, ``(updates,)``, the weights after each update, and the training
    loss at its end, of all examples and without dropout."""

    lr: NDArray[np.float64]
    loss: NDArray[np.float64]
    weights: NDArray[np.float32]
    end: float


class Run:
    """A script as it begins: a network with dropout, AdamW, a cosine, batches drawn by a generator."""

    def __init__(self, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.model = nn.Sequential(nn.Linear(40, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 10))
        self.optimizer = AdamW(self.model.parameters(), lr=0.02)
        self.scheduler = CosineAnnealingLR(self.optimizer, T_max=LENGTH)
        self.loader = torch.Generator().manual_seed(seed)
        self.begin = torch.get_rng_state()

    def go(self, updates: int) -> Course:
        """Train on."""
        data = mnist1d()
        lrs, losses, weights = [], [], []
        for _ in range(updates):
            rows = torch.randint(len(data.x), (40,), generator=self.loader)
            loss = cross_entropy(self.model(data.x[rows]), data.y[rows])
            self.optimizer.zero_grad()
            loss.backward()
            lrs.append(self.optimizer.param_groups[0]["lr"])
            self.optimizer.step()
            self.scheduler.step()
            losses.append(loss.item())
            weights.append(nn.utils.parameters_to_vector(self.model.parameters()).detach().numpy())
        self.model.eval()
        with torch.no_grad():
            end = cross_entropy(self.model(data.x), data.y).item()
        self.model.train()
        return Course(np.array(lrs), np.array(losses), np.array(weights), end)


@functools.lru_cache(maxsize=16)
def whole(seed: int = 0) -> Course:
    """The run that nobody kills."""
    with torch.random.fork_rng(devices=[]):
        return Run(seed).go(LENGTH)


@functools.lru_cache(maxsize=64)
def resumed(at: int, kept: frozenset[str], seed: int = 0) -> Course:
    """The run that is killed after *at* updates and started again, by the same script, with the parts *kept*: what it
    does from there on.

    Args:
        kept: of :data:`PARTS`.
    """
    with torch.random.fork_rng(devices=[]), TemporaryDirectory() as folder:
        path = Path(folder) / "run.pt"
        path.write_bytes(_saved(at, seed))
        again, spare = Run(seed), Run(seed)
        into = [vars(again if part in kept else spare)[part] for part in ("model", "optimizer", "scheduler", "loader")]
        load(path, *into[:3], loader=into[3])
        if "random" not in kept:
            torch.set_rng_state(again.begin)
        return again.go(LENGTH - at)


@functools.lru_cache(maxsize=64)
def _saved(at: int, seed: int) -> bytes:
    """The file that the killed run leaves."""
    with TemporaryDirectory() as folder:
        path, run = Path(folder) / "run.pt", Run(seed)
        run.go(at)
        save(path, run.model, run.optimizer, run.scheduler, loader=run.loader)
        return path.read_bytes()


def apart(at: int, kept: Collection[str], seed: int = 0) -> NDArray[np.float64]:
    """``(300 - at,)``: the largest difference of any weight from the run that nobody killed, after each update."""
    weights = resumed(at, frozenset(kept), seed).weights
    return np.abs(weights - whole(seed).weights[at:]).max(1)


class KilledAt(Picture):
    """A run killed and started again with some of its parts: its learning rate, its loss, and how far apart it is."""

    height = 5.4
    FLOOR = 1e-9

    def draw(self, figure):
        t, nothing = np.arange(LENGTH), np.full(LENGTH, np.nan)
        rate, losses, gap = figure.subplots(3, 1, sharex=True, height_ratios=(1, 1.35, 1))
        one = whole()
        style.theory_line(rate, t, one.lr)
        (self.lr,) = rate.plot(t, nothing, color=style.LR)
        rate.set(xlim=(0, LENGTH), ylim=(0, 0.023), yticks=[0, 0.01, 0.02])
        rate.set_ylabel(label("η", "η"))
        rate.text(0, 1.06, label("dashed, grey: never killed", "虚线、灰线：从未中断"), transform=rate.transAxes,
                  color=style.QUIET)  # fmt: skip
        rate.text(1, 1.06, label("in colour: resumed", "彩色：续训"), transform=rate.transAxes, ha="right",
                  color=style.ink(style.LOSS), weight="bold")  # fmt: skip
        losses.plot(t, style.moving_average(one.loss), color=style.REFERENCE)
        (self.loss,) = losses.plot(t, nothing, color=style.LOSS)
        losses.set(ylim=(1.1, 2.6))
        losses.set_ylabel(label("batch loss", "批次损失"))
        (self.gap,) = gap.plot(t, nothing, color=style.NOISE)
        gap.set(yscale="log", ylim=(self.FLOOR / 3, 10), yticks=[self.FLOOR, 1e-6, 1e-3, 1])
        gap.set_yticklabels([label("0", "0"), "1e-6", "0.001", "1"])
        gap.set_ylabel(label("weights apart", "权重之差"))
        gap.set_xlabel(label("update", "更新步"))
        self.lines = [ax.axvline(0, color=style.INK, linewidth=1) for ax in (rate, losses, gap)]
        return [*self.lines, self.lr, self.loss, self.gap]

    def update(self, at: int, **kept: bool):
        """``at``: the update after which it is killed; a bool for each of :data:`PARTS`."""
        parts = frozenset(part for part in PARTS if kept[part])
        for line in self.lines:
            line.set_xdata([at, at])
        self.loss.set_color(style.REFERENCE)
        yield 0.1
        after, one = resumed(at, parts), whole()
        t = np.arange(LENGTH)
        late = t >= at
        gap = apart(at, parts)
        for line, values in ((self.lr, after.lr), (self.gap, np.maximum(gap, self.FLOOR))):
            line.set_ydata(np.where(late, np.r_[np.full(at, np.nan), values], np.nan))
        self.loss.set_ydata(np.where(late, np.r_[np.full(at, np.nan), style.moving_average(after.loss)], np.nan))
        self.loss.set_color(style.LOSS)
        if not gap.any():
            return Seen(label("All {n} updates after the kill have the same weights, to the last bit.",
                              "中断之后的 {n} 个更新步，权重逐位一致。", n=LENGTH - at), "0")  # fmt: skip
        return label(
            "Loss at the end on all training data, without dropout: {loss:.3f}; never killed, {its:.3f}. (The curves "
            "are smoothed batch losses, with dropout.) The weights are up to {gap:.2g} apart.",
            "最后在全部训练数据上的损失（无 dropout）为 {loss:.3f}；从未中断时为 {its:.3f}。"
            "（曲线是平滑后的批次损失，带 dropout。）权重之差最大为 {gap:.2g}。",
            loss=after.end, its=one.end, gap=gap[-1],
        )  # fmt: skip
