"""Section 09's explorers: cool balls, compute the best schedule of a valley, and enter the contest."""

from __future__ import annotations

from typing import Any

from ..figures.physics import Best, Capstone, Cooling
from ..words import say
from .explorer import Choice, Explorer, Slider


def cooling() -> Explorer:
    """Balls on a rugged landscape: how hot to begin, how cold to end, how long to take."""
    return Explorer(
        Cooling(),
        [
            Slider(
                key="start", name=say("temperature at the start", "起始温度"), symbol="T₀", low=0.05, high=8, value=5.0,
                step=0.05, log=True, on_release=True, snaps={"1": 1.0},
            ),
            Slider(
                key="end", name=say("left of it at the end", "结束时剩下的比例"), low=0, high=1, value=0.5, step=0.05,
                show=".0%", on_release=True,
            ),
            Slider(
                key="steps", name=say("steps", "步数"), symbol="n", low=30, high=3000, value=300, step=0.1, log=True,
                show=".0f", on_release=True,
            ),
            Choice(
                key="shape", name=say("cooling", "冷却方式"), value="linear",
                options={say("straight", "直线"): "linear", say("exponential", "指数"): "exponential"},
            ),
        ],
        question=say("How do most balls get to the deepest well?", "怎样让最多的小球落进最深的势阱？"),
        goal=say("a mean loss below {goal}", "平均损失低于 {goal}", goal=Cooling.GOAL),
    )  # fmt: skip


def best() -> Explorer:
    """A noisy quadratic: its spectrum, its noise, the number of updates; the best schedule below 2/λ."""
    return Explorer(
        Best(),
        [
            Slider(
                key="noise", name=say("gradient noise", "梯度噪声"), symbol="c/λ", low=0.0001, high=10, value=0.05,
                step=0.1, log=True, on_release=True, snaps={"0.05": 0.05},
            ),
            Slider(
                key="exponent", name=say("fall of the spectrum", "曲率谱的衰减"), symbol="a (λᵢ = i⁻ᵃ)", low=0, high=2,
                value=1.0, step=0.1, on_release=True, snaps={"1": 1.0},
            ),
            Slider(
                key="steps", name=say("updates in all", "更新步总数"), symbol="T", low=20, high=300, value=100, step=20,
                on_release=True,
            ),
        ],
        question=say(
            "With no rate above 2/λ: which schedule is the best one, and by how much?",
            "学习率都不超过 2/λ：哪种调度最好，又好多少？",
        ),
        goal=say(
            "a valley in which the cosine ends within 10% of the best",
            "找到一个山谷，让余弦的最终损失与最优相差不到 10%",
        ),
    )  # fmt: skip


def capstone() -> Explorer:
    """Four numbers make a schedule; sixteen networks are trained with it when a slider is let go."""
    percent: dict[str, Any] = dict(low=0, step=0.05, show=".0%", on_release=True)
    return Explorer(
        Capstone(),
        [
            Slider(
                key="peak", name=say("peak", "峰值"), symbol="η", low=0.02, high=0.3, value=0.2, step=0.01, show=".2f",
                on_release=True, snaps={"0.12": 0.12},
            ),
            Slider(key="warmup", name=say("share of the warm-up", "预热占比"), high=0.4, value=0.0, **percent),
            Slider(key="hold", name=say("share of the hold", "保持占比"), high=0.9, value=0.4, **percent),
            Slider(
                key="power", name=say("power of the fall", "下降的幂次"), low=0.3, high=3, value=1.0, step=0.1,
                show=".1f", on_release=True, snaps={"1": 1.0},
            ),
        ],
        question=say("Can four numbers beat the cosine?", "四个数能胜过余弦吗？"),
        goal=say("better than the cosine by 3.6 standard errors", "以 3.6 个标准误胜过余弦"),
    )  # fmt: skip
