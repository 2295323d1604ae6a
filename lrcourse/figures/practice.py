"""What :func:`lrcourse.practice.watch` saw: the learning rate that was planned, and the one that was used."""

from __future__ import annotations

import numpy as np

from ..practice import Report
from . import style
from .style import Figure, label, styled


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
    codes = ", ".join(report.codes)
    if codes:
        title = label("To look at: {codes}", "需要查看：{codes}", codes=codes)
    elif known.all() and not off:
        title = label("Every update used the learning rate that was planned", "每个更新步都用了计划的学习率")
    else:
        title = label("What the updates used", "各更新步使用的学习率")
    figure = Figure(
        alt=label(
            "{title}. {n} updates; {off} of the {known} with a plan used another learning rate; from {first:.3g} to "
            "{last:.3g}, at most {top:.3g}.",
            "{title}。共 {n} 个更新步；有计划的 {known} 步中，{off} 步用了别的学习率；从 {first:.3g} 到 {last:.3g}，"
            "最大 {top:.3g}。",
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
