"""How a :class:`lrcourse.finder.RangeTest` draws itself."""

from __future__ import annotations

from math import inf, isfinite

import numpy as np

from ..finder import RangeTest
from . import style
from .style import Figure, halo, label, styled

LOOKS = {"steepest": ("^", style.NOISE), "valley": ("v", style.INK)}
LOOKS |= {"minimum/3": ("o", style.LR), "minimum/10": ("s", style.SECOND)}


@styled
def range_test(result: RangeTest) -> Figure:
    """The loss over the learning rate with the suggestions, and its slope over ln η.

    Args:
        result: what :func:`lrcourse.find_lr` returned. Of several runs each is a thin line, and the mean a thick one.
    """
    figure = Figure(height=5.2, alt=_alt(result))
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1.6, 1))
    lrs, smoothed, skip = result.lrs, result.smoothed, result.runs[0].skip
    if len(result.runs) == 1:
        top.plot(lrs, result.losses, ".", color=style.LOSS, alpha=0.35, markersize=5, markeredgewidth=0)
    else:
        for run in result.runs:
            top.plot(run.lrs, run.smoothed, color=style.LOSS, alpha=0.35, linewidth=0.8)
    top.plot(lrs, smoothed, color=style.LOSS)
    bottom.plot(lrs, result.gradient, color=style.LOSS)
    bottom.axhline(0, color=style.REFERENCE, linewidth=1.2, zorder=1.5)

    for name, lr in result.suggestions.items():
        marker, colour = LOOKS[name]
        chosen = name == result.suggestion
        (spot,) = top.plot(
            lr, np.interp(lr, lrs, smoothed), marker, color=colour, markersize=11 if chosen else 8, zorder=3,
            linestyle="none", markeredgecolor="white", label=f"{name}: {lr:.2g}{_spread(result, name)}",
        )  # fmt: skip
        halo(spot)
        for ax in (top, bottom) if chosen else ():
            ax.axvline(lr, color=colour, linewidth=1.2, linestyle=(0, (4, 2.5)), zorder=1.5)

    lowest = skip + int(np.argmin(smoothed[skip:]))
    before = result.losses[: lowest + 1]
    low, high = min(before.min(), smoothed.min()), before.max()
    pad = 0.08 * (high - low) or 1.0
    top.set(xscale="log", ylim=(low - pad, high + 2 * pad), ylabel=label("loss of the batch", "批次损失"))
    fall = np.abs(result.gradient[skip : lowest + 1]).max(initial=0.0)
    if isfinite(fall) and fall > 0:
        bottom.set_ylim(-1.3 * fall, 1.0 * fall)
    bottom.set_ylabel(label("slope dL/d ln η", "斜率 dL/d ln η"))
    bottom.set_xlabel(label("learning rate η", "学习率 η"))
    top.set_title(_title(result))
    top.legend(loc="lower left")
    return figure


def _title(result: RangeTest) -> str:
    if result.doubts:
        return result.doubts[0][:1].upper() + result.doubts[0][1:]
    values = result.suggestions.values()
    return label(
        "Try η = {lr:.2g}; the four rules differ ×{factor:.2g}", "可从 η = {lr:.2g} 试起；四种规则相差 {factor:.2g} 倍",
        lr=result.suggested_lr, factor=max(values) / min(values),
    )  # fmt: skip


def _spread(result: RangeTest, name: str) -> str:
    spread = result.spread[name]
    return f" (×{spread:.2g})" if isfinite(spread) else ""


def _alt(result: RangeTest) -> str:
    stopped = {
        "end": label("to the end of the range", "直到范围结束"),
        "diverged": label("until the loss diverged", "直到损失发散"),
        "non-finite": label("until the loss was not finite", "直到损失不再有限"),
    }[result.stopped]
    worst = max((value for value in result.spread.values() if isfinite(value)), default=-inf)
    seeds = label(
        " Over {n} seeds a suggestion varies by up to ×{worst:.2g}.",
        "{n} 个随机种子之间，建议值最多相差 {worst:.2g} 倍。",
        n=len(result.runs), worst=worst,
    )  # fmt: skip
    return label(
        "Range test from {first:.1g} to {last:.2g}, {stopped}: the loss goes from {start:.3g} to {best:.3g} at best. "
        "Suggested learning rates: {values}.{seeds}{doubts}",
        "学习率范围测试，从 {first:.1g} 到 {last:.2g}，{stopped}：损失从 {start:.3g} 降到最低 {best:.3g}。"
        "建议的学习率：{values}。{seeds}{doubts}",
        first=result.lrs[0], last=result.lrs[-1], stopped=stopped, start=result.smoothed[0],
        best=result.smoothed.min(), values=", ".join(f"{k} {v:.2g}" for k, v in result.suggestions.items()),
        seeds=seeds if len(result.runs) > 1 else "", doubts="".join(f" {doubt}" for doubt in result.doubts),
    )  # fmt: skip
