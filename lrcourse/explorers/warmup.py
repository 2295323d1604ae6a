"""The explorers of section 03: a warm-up at the edge of stability, and the shapes of warm-ups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..figures.style import schedule_name
from ..figures.warmup import NETWORKS, Edge, Shapes
from ..words import say
from .explorer import Choice, Control, Explorer, Slider, Switch


def edge() -> Explorer:
    """Real full-batch trainings: how long a warm-up does a learning rate far beyond 2/λ₀ need?"""
    return Explorer(
        Edge(),
        [
            Slider(
                key="peak",
                name=say("peak learning rate", "峰值学习率"),
                symbol="η",
                unit="× 2/λ₀",
                low=0.5,
                high=16,
                value=6.0,
                step=0.05,
                log=True,
                on_release=True,
                snaps={"1": 1, "2": 2, "4": 4, "8": 8},
            ),
            Slider(
                key="warmup",
                name=say("warm-up", "预热"),
                symbol="w",
                unit=say("updates", "步"),
                low=0,
                high=180,
                value=10,
                step=5,
                on_release=True,
                snaps={"0": 0, "40": 40, "120": 120},
            ),
            Choice(key="network", name=say("network", "网络"), options={name: name for name in NETWORKS}),
        ],
        question=say("How slow a start does a forbidden learning rate need?", "被禁止的学习率，需要多慢的起步？"),
        goal=say(
            "η = {peak} × 2/λ₀ or more, and all four networks end below {goal}",
            "η 不低于 {peak} × 2/λ₀，且四个网络最终损失都不超过 {goal}",
            peak=Edge.PEAK,
            goal=Edge.GOAL,
        ),
    )


def shapes() -> Explorer:
    """Every warm-up of the course, what may come after it, and the Transformer's formula."""

    def controls(values: Mapping[str, Any]) -> list[Control]:
        kind = Choice(
            key="kind",
            name=say("warm-up", "预热方式"),
            value="linear",
            options={
                say("linear", "线性"): "linear",
                say("linear from 0 (t/w)", "从 0 起的线性（t/w）"): "wasted",
                say("exponential", "指数"): "exponential",
                say("RAdam-like", "类 RAdam"): "radam",
                say("inverse square root", "平方根倒数"): "inverse_sqrt",
                say("Transformer formula", "Transformer 公式"): "transformer",
            },
        )
        updates = say("updates", "步")
        warmup = Slider(
            key="warmup",
            name=say("length", "长度"),
            symbol="w",
            unit=updates,
            low=1,
            high=150,
            value=30,
            step=1,
            snaps={"1": 1, "30": 30, "99": 99},
        )
        after = Choice(
            key="after",
            name=say("then", "之后"),
            value="cosine",
            options={schedule_name(name): name for name in Shapes.AFTER},
        )
        match values.get("kind", "linear"):
            case "transformer":
                own = [
                    Slider(
                        key="d_model",
                        name="d_model",
                        low=64,
                        high=4096,
                        value=512,
                        step=64,
                        snaps={"512": 512, "1024": 1024},
                    ),
                    Slider(
                        key="warmup_steps",
                        name="warmup_steps",
                        unit=updates,
                        low=100,
                        high=16000,
                        value=4000,
                        step=100,
                        snaps={"4000": 4000},
                    ),
                ]
            case "exponential":
                tau = Slider(
                    key="tau",
                    name=say("time constant", "时间常数"),
                    symbol="τ",
                    unit=updates,
                    low=1,
                    high=150,
                    value=30,
                    step=1,
                )
                own = [tau, after]
            case "radam":
                own = [
                    Slider(
                        key="beta2",
                        name="beta2",
                        symbol="β₂",
                        low=0.8,
                        high=0.999,
                        value=0.98,
                        step=0.001,
                        show=".3f",
                        snaps={"0.95": 0.95, "0.98": 0.98, "0.999": 0.999},
                    ),
                    after,
                ]
            case "inverse_sqrt":
                own = [warmup]
            case _:
                own = [warmup, after]
        return [kind, *own, Switch(key="log", name=say("logarithmic axes", "对数坐标"), value=True)]

    return Explorer(
        Shapes(),
        controls,
        question=say("What does the very first update use?", "第一个更新步用的是多少？"),
        goal=say(
            "the Transformer formula with a peak of {goal} (within 2%)",
            "用 Transformer 公式，使峰值为 {goal}（误差 2% 以内）",
            goal=Shapes.GOAL,
        ),
    )
