"""The explorers of section 06: two schedulers put together, and a schedule composed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..figures.chaining import NESTED, PARTS, Bench, Composer
from ..words import say
from .explorer import Choice, Control, Explorer, Slider, Switch


def chain_bench() -> Explorer:
    """Two classes in a ChainedScheduler, a SequentialLR, or the algebra: what trains over what was meant."""
    parts = {name: name for name in (*PARTS, *NESTED)}

    def controls(values: Mapping[str, Any]) -> list[Control]:
        how = values.get("how", "ChainedScheduler")
        joined = Slider(
            key="at", name=say("milestone", "里程碑"), low=1, high=90, value=20, step=1, unit=say("updates", "步"),
            snaps={"10": 10, "20": 20, "50": 50},
        )  # fmt: skip
        return [
            Choice(
                key="how", name=say("put together by", "组合方式"), value="ChainedScheduler",
                options={"Chained": "ChainedScheduler", "Sequential": "SequentialLR", "*": "*", "then": "then"},
            ),
            Choice(key="first", name=say("first", "第一个"), options=parts, value="ExponentialLR"),
            Choice(key="second", name=say("second", "第二个"), options=parts, value="CyclicLR"),
            *([joined] if how in ("SequentialLR", "then") else []),
        ]  # fmt: skip

    return Explorer(
        Bench(),
        controls,
        question=say("Do two schedulers together do what you meant?", "两个调度器合在一起，做的是你本意要的吗？"),
        goal=say(
            "a SequentialLR that is ten times too cold from its milestone on",
            "找一个 SequentialLR，从里程碑起学习率只有本意的十分之一",
        ),
    )  # fmt: skip


def composer() -> Explorer:
    """Warm-up, hold and cycles of cooling as one expression, to copy."""
    unit = say("updates", "步")
    return Explorer(
        Composer(),
        [
            Slider(key="warm", name=say("warm-up", "预热"), low=0, high=30, value=10, step=1, unit=unit),
            Slider(key="hold", name=say("hold", "保持"), low=0, high=50, value=30, step=1, unit=unit),
            Choice(
                key="decay", name=say("cooling", "冷却"), value="cosine",
                options={
                    say("cosine", "余弦"): "cosine", say("linear", "线性"): "linear",
                    say("exponential", "指数"): "exponential",
                },
            ),
            Slider(key="cycles", name=say("cycles of cooling", "冷却次数"), low=1, high=4, value=2, step=1),
            Slider(
                key="ratio", name=say("height of each, of the one before", "每次是前一次高度的"), low=0.2, high=1.0,
                value=1.0, step=0.05, show=".2f", snaps={"1/2": 0.5, "1": 1.0},
            ),
            Switch(key="envelope", name=say("× a straight line to zero", "× 一条降到零的直线")),
        ],
        question=say("How much of a schedule is one line?", "一行代码能写出怎样的调度？"),
        goal=say(
            "three coolings, each from half the height of the one before, and a last η below 0.0002",
            "三次冷却，每次从前一次一半的高度开始，最后的 η 低于 0.0002",
        ),
    )  # fmt: skip
