"""The explorers of section 01: a ball on a landscape, and what the learning rate does to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import dynamics
from ..figures import dynamics as pictures
from ..words import say
from .explorer import Choice, Control, Explorer, Slider, Switch

_FIRST = {  # where the balls begin, and how hot
    "rugged": dict(x=4.3, lr=0.2, sigma=3.0),
    "double_well": dict(x=1.0, lr=0.1, sigma=1.5),
    "flat_and_sharp": dict(x=-0.9, lr=0.1, sigma=2.0),
    "quadratic": dict(x=1.0, lr=1.0, sigma=0.6),
    "valley": dict(x=1.5, y=2.0, lr=0.03, sigma=3.0),
}


def landscape() -> Explorer:
    """Three hundred balls on a landscape of your choice: learning rate, noise, start, and time."""

    def controls(values: Mapping[str, Any]) -> Sequence[Control]:
        here = pictures.landscape_of(values.get("landscape", "rugged"))
        first = _FIRST[here.key]
        if here.dim == 1:
            grid, _ = pictures.view(here)
            sharpest = max(here.hess(here.minima))
            bounds = {"x": (float(grid[0]), float(grid[-1]))}
        else:
            sharpest = None
            bounds = dict(zip("xy", here.bounds, strict=True))
        snaps = {"0.01": 0.01, "0.1": 0.1} | ({"2/λ": 2 / sharpest} if sharpest else {})
        return [
            Choice(
                key="landscape", name=say("landscape", "景观"),
                options={pictures.landscape_of(key).name: key for key in _FIRST}, value="rugged",
            ),
            Slider(
                key="lr", name=say("learning rate", "学习率"), symbol="η", low=0.001,
                high=3 if here.key == "quadratic" else 0.5, value=first["lr"], step=0.01, log=True, snaps=snaps,
            ),
            Slider(
                key="sigma", name=say("gradient noise", "梯度噪声"), symbol="σ", low=0.0, high=6.0,
                value=first["sigma"], step=0.1, show=".1f",
            ),
            *(
                Slider(
                    key=axis, name=say("start", "起点"), symbol=axis, low=low, high=high, value=first[axis], step=0.05,
                    show=".2f",
                )
                for axis, (low, high) in bounds.items()
            ),
            Slider(
                key="t", name=say("update", "更新步"), symbol="t", low=0, high=pictures.UPDATES,
                value=pictures.UPDATES // 2, step=2, play=70,
            ),
        ]  # fmt: skip

    return Explorer(
        pictures.OnLandscape(), controls,
        question=say(
            "300 balls start in the wrong valley. How hot must it be to find the deepest one, and not to leave it?",
            "300 个小球从错误的谷里出发。要多热，它们才能找到最深的谷，又不再离开？",
        ),
        goal=say(
            "with one η for all {n} updates, have {share:.0%} of the balls in the deepest valley at the end",
            "只用一个 η 走完 {n} 步，最后让 {share:.0%} 的小球在最深的谷里", n=pictures.UPDATES, share=pictures.WANTED,
        ),
    )  # fmt: skip


def by_hand() -> Explorer:
    """Cool an ensemble by hand: turn the learning rate while it runs."""
    return Explorer(
        pictures.ByHand(),
        [
            Slider(
                key="lr", name=say("learning rate", "学习率"), symbol="η", low=1e-3, high=0.3, value=0.2, step=0.02,
                log=True, snaps={"0.2": 0.2, "0.1": 0.1, "0.05": 0.05, "0.01": 0.01},
            ),
            Slider(
                key="t", name=say("update", "更新步"), symbol="t", low=0, high=pictures.COOLING, value=0, step=5,
                play=90,
            ),
        ],
        question=say(
            "Press play, and turn η down while it runs. What you draw is a learning-rate schedule.",
            "按下播放，在运行中调低 η。你画出的就是一条学习率调度曲线。",
        ),
        goal=say(
            "mean loss at most {goal:.2f} above the floor at update {n}",
            "第 {n} 步时平均损失至多比最低点高 {goal:.2f}",
            goal=pictures.HAND_GOAL, n=pictures.COOLING,
        ),
    )  # fmt: skip


def bifurcation() -> Explorer:
    """The double well without noise, from a quiet ball to chaos and beyond."""
    limits = dynamics.THRESHOLDS
    return Explorer(
        pictures.Bifurcation(),
        [
            Slider(
                key="lr", name=say("learning rate", "学习率"), symbol="η", low=0.05, high=2.1, value=0.9, step=0.005,
                show=".3f", play=120,
                snaps={
                    "1": limits["period 2"], "√5−1": limits["period 4"],
                    "3√3/2−1": limits["hops"], "2": limits["diverges"],
                },
            ),
            Slider(
                key="start", name=say("start", "起点"), symbol="x", low=-1.5, high=1.5, value=0.5, step=0.01,
                show=".2f",
            ),
        ],
        question=say(
            "No noise at all, only longer and longer steps. When does the ball leave its well?",
            "毫无噪声，只是步子越来越大。小球何时会离开自己的势阱？",
        ),
        goal=say(
            "make it hop over the barrier with an η of at most {goal}", "用不超过 {goal} 的 η 让它跳过势垒",
            goal=pictures.HOP_GOAL,
        ),
    )  # fmt: skip


def oscillator() -> Explorer:
    """A ball with momentum in a narrow bowl: learning rate, momentum, and critical damping."""
    return Explorer(
        pictures.Mass(),
        [
            Slider(
                key="lr", name=say("learning rate", "学习率"), symbol="η", low=0.01, high=5.0, value=1.0, step=0.01,
                log=True, snaps={"0.1": 0.1, "1": 1.0, "2/λ": 2.0},
            ),
            Slider(
                key="momentum", name=say("momentum", "动量"), symbol="β", low=0.0, high=0.99, value=0.0, step=0.01,
                show=".2f", snaps={"0": 0.0, "0.5": 0.5, "0.9": 0.9},
            ),
        ],
        question=say(
            "A bowl a hundred times as stiff one way as the other. Which η and β bring the ball to rest soonest?",
            "碗的一个方向比另一个方向陡一百倍。哪组 η 和 β 让小球最快停下来？",
        ),
        goal=say(
            "the distance down to 1% of the first in at most {goal} updates", "在 {goal} 步以内把距离降到起始的 1%",
            goal=pictures.MASS_GOAL,
        ),
    )  # fmt: skip


def clock() -> Explorer:
    """A real network, and schedules that share Σ η: predicted at once, then trained."""

    def controls(values: Mapping[str, Any]) -> Sequence[Control]:
        return [
            Slider(
                key="power", name=say("shape of your schedule", "调度的形状"), symbol="p", low=-4.0, high=4.0,
                value=values.get("power", 2.0), step=0.25, show="+.2f", on_release=values.get("train", False),
                snaps={say("backwards", "倒放"): -1.0, say("constant", "恒定"): 0.0, say("linear", "线性"): 1.0},
            ),
            Slider(
                key="lr", name=say("mean learning rate", "平均学习率"), symbol="η", low=0.01, high=0.5, value=0.05,
                step=0.05, log=True, on_release=True, snaps={"0.05": 0.05, "0.2": 0.2},
            ),
            Choice(
                key="batch_size", name=say("batch", "批量"), options={say("all 600", "全部 600"): 0, "16": 16},
            ),
            Switch(key="train", name=say("train the network", "训练网络")),
        ]  # fmt: skip

    return Explorer(
        pictures.OneClock(), controls,
        question=say(
            "Your schedule has the same Σ η as a constant one. Can its loss be known without training?",
            "你的调度与恒定学习率有相同的 Σ η。不训练，能预知它的损失吗？",
        ),
        goal=say(
            "break the clock: full batch, network and prediction more than {goal:.0%} apart",
            "打破时钟：全批量下，网络与预测相差超过 {goal:.0%}", goal=pictures.CLOCK_GOAL,
        ),
    )  # fmt: skip
