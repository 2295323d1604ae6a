"""How a :class:`lrcourse.training.Sweep` draws itself."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from ..training import Sweep
from ..training.sweep import Measure, standard_error
from . import style
from .style import Figure, label, styled

LINES = 4  # more schedules than these over learning rates make a heat map
MEMORY = 0.9  # of the average that makes the losses of single batches readable
RISE = 20.0  # a heat map's colours end where a loss is this many times the best


@styled
def sweep(result: Sweep, measure: Measure | Literal["loss"] | None = None) -> Figure:
    """A heat map over schedules and learning rates, a line for each schedule over the learning rates, or the losses of
    single batches against the updates: whichever the sweep's axes ask for. Bands are ± 1 standard error.

    Args:
        result: what :func:`lrcourse.training.sweep` returned.
        measure: "train_loss", "test_loss", "accuracy", or "loss", which is drawn against the updates; None chooses.

    Raises:
        ValueError: measure is unknown; "loss" of several learning rates, of which one is to be picked first.
    """
    if measure is None:
        measure = result.default_measure if len(result.lrs) > 1 else "loss"
    if measure == "loss":
        return _losses(result)
    result.mean(measure)
    if len(result.lrs) == 1:
        return _dots(result, measure)
    return _map(result, measure) if len(result.schedules) > LINES else _rates(result, measure)


def _name(measure: str) -> str:
    return {
        "train_loss": label("training loss", "训练损失"),
        "test_loss": label("test loss", "测试损失"),
        "accuracy": label("accuracy", "准确率"),
        "loss": label("loss of the batch", "批次损失"),
    }[measure]


def _best(result: Sweep, measure: Measure) -> tuple[str, str]:
    """Title and text alternative: which was best, and how many were lost."""
    lost = int((result.diverged >= 0).sum())
    try:
        best = result.best(measure)
    except ValueError:
        words = label("Every training diverged", "所有训练都发散了")
        return words, words
    at = "" if best.lr is None else label(" at η = {lr:.2g}", "，η = {lr:.2g}", lr=best.lr)
    title = label("Best: {schedule}{at}", "最佳：{schedule}{at}", schedule=best.schedule, at=at)
    alt = label(
        "{title}: {name} {mean:.4g} ± {error:.2g} (standard error over {n} seeds). {lost} of {all} trainings diverged.",
        "{title}：{name} {mean:.4g} ± {error:.2g}（{n} 个随机种子的标准误）。{all} 次训练中有 {lost} 次发散。",
        title=title, name=_name(measure), mean=best.mean, error=best.standard_error, n=len(result.seeds), lost=lost,
        all=result.diverged.size,
    )  # fmt: skip
    return title, alt


def _map(result: Sweep, measure: Measure) -> Figure:
    title, alt = _best(result, measure)
    figure = Figure(height=1.6 + 0.3 * len(result.schedules), alt=alt)
    ax = figure.subplots()
    values = result.mean(measure)
    order = np.argsort([lr for lr in result.lrs if lr is not None])
    shown = np.ma.masked_invalid(values[:, order])
    if measure == "accuracy" or not shown.count():
        limits: dict[str, Any] = {}
    else:
        low = shown[shown > 0].min() if (shown > 0).any() else 1.0  # a loss may be 0, which has no logarithm
        limits = dict(norm="log", vmin=low, vmax=max(min(shown.max(), RISE * low), low))
    colours = ax.pcolormesh(shown, cmap="cividis" if measure == "accuracy" else "cividis_r", **limits)
    ax.set_facecolor(style.CARD)
    ticks = np.unique(np.linspace(0, len(order) - 1, min(len(order), 7)).round().astype(int))
    ax.set_xticks(ticks + 0.5, [f"{result.lrs[order[i]]:.2g}" for i in ticks])
    ax.set_yticks(np.arange(len(result.schedules)) + 0.5, result.schedules)
    ax.invert_yaxis()
    ax.grid(False)
    for i, row in enumerate(values[:, order]):
        if np.isfinite(row).any():
            j = np.nanargmax(row) if measure == "accuracy" else np.nanargmin(row)
            ax.plot(j + 0.5, i + 0.5, "o", color="white", markeredgecolor=style.INK, markersize=6)
    ax.set_xlabel(label("learning rate η (○: best of its row; grey: diverged)", "学习率 η（○：该行最佳；灰色：发散）"))
    ax.set_title(title)
    figure.colorbar(colours, ax=ax, label=_name(measure), pad=0.02)
    return figure


def _rates(result: Sweep, measure: Measure) -> Figure:
    title, alt = _best(result, measure)
    figure = Figure(alt=alt)
    ax = figure.subplots()
    order = np.argsort([lr for lr in result.lrs if lr is not None])
    _lines(ax, result.schedules, np.array(result.lrs)[order], *_band(result, measure, order), marker="o", markersize=4)
    ax.set(xscale="log" if all(result.lrs) else "linear", xlabel=label("learning rate η", "学习率 η"))
    ax.set_ylabel(_name(measure))
    if measure != "accuracy":
        ax.set_yscale("log")
    ax.set_title(title)
    return figure


def _dots(result: Sweep, measure: Measure) -> Figure:
    title, alt = _best(result, measure)
    figure = Figure(height=1.6 + 0.3 * len(result.schedules), alt=alt)
    ax = figure.subplots()
    places = np.arange(len(result.schedules))
    mean, error = (each[:, 0] for each in (result.mean(measure), np.nan_to_num(result.standard_error(measure))))
    ax.errorbar(mean, places, xerr=error, fmt="o", color=style.LOSS, capsize=3)
    ax.set_yticks(places, result.schedules)
    ax.invert_yaxis()
    ax.set_xlabel(label("{name} (± 1 standard error)", "{name}（± 1 个标准误）", name=_name(measure)))
    ax.set_title(title)
    return figure


def _losses(result: Sweep) -> Figure:
    if len(result.lrs) > 1:
        raise ValueError(
            f"loss against updates is drawn for one learning rate, and there are {len(result.lrs)}; pick one, "
            "result.at(lr=result.best().lr).plot()"
        )
    title, alt = _best(result, result.default_measure)
    figure = Figure(height=4.6, alt=alt)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.8))
    updates = np.arange(result.updates)
    weight = 1 - MEMORY ** (updates + 1.0)
    smooth = np.empty_like(result.loss[:, 0])
    total = np.zeros(smooth.shape[:-1])
    for t in updates:
        total = MEMORY * total + (1 - MEMORY) * result.loss[:, 0, :, t]
        smooth[..., t] = total / weight[t]
    error = np.nan_to_num(standard_error(smooth, axis=1))
    for rate, colour in zip(result.lr[:, 0], _colours(len(result.schedules)), strict=True):
        top.plot(updates, rate, color=colour)
    _lines(bottom, result.schedules, updates, smooth.mean(1), error)
    top.set_ylabel(label("learning rate η", "学习率 η"))
    top.set_title(title)
    bottom.set(yscale="log", xlabel=label("update", "更新步"), xlim=(0, result.updates))
    bottom.set_ylabel(label("loss of the batch, smoothed", "批次损失（平滑后）"))
    bottom.yaxis.set_minor_locator(NullLocator())
    return figure


def _band(result: Sweep, measure: Measure, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return result.mean(measure)[:, order], np.nan_to_num(result.standard_error(measure))[:, order]


def _colours(lines: int) -> list[str]:
    return [style.CYCLE[i % len(style.CYCLE)] for i in range(lines)]


def _lines(ax: Axes, names: tuple[str, ...], xs: np.ndarray, means: np.ndarray, errors: np.ndarray, **look) -> None:
    for name, mean, error, colour in zip(names, means, errors, _colours(len(names)), strict=True):
        ax.plot(xs, mean, color=colour, label=name, **look)
        ax.fill_between(xs, mean - error, mean + error, color=colour, alpha=0.2, linewidth=0)
    ax.legend(ncols=1 if len(names) <= LINES else 2)
