"""The explorers of section 04: a ball that is driven, and CyclicLR with every argument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..figures import cyclic as pictures
from ..words import say
from .explorer import Choice, Control, Explorer, Slider, Switch


def drive() -> Explorer:
    """Balls in a double well whose learning rate swings: does one period free more of them than the others?"""
    return Explorer(
        pictures.Driven(),
        [
            Slider(
                key="period", name=say("period", "周期"), unit=say("updates", "步"), low=4, high=3000, value=30,
                step=3, log=True, show=".0f", snaps={str(p): p for p in pictures.PERIODS},
            ),
            Slider(
                key="amplitude", name=say("amplitude", "振幅"), symbol="Δη", low=0.0, high=0.035, value=0.03,
                step=0.001, show=".3f", on_release=True, snaps={"0.01": 0.01, "0.02": 0.02, "0.03": 0.03},
            ),
            Slider(
                key="t", name=say("update", "更新步"), symbol="t", low=0, high=pictures.STEPS, value=1500,
                step=pictures.Driven.EVERY, play=60,
            ),
        ],
        question=say(
            "The learning rate swings around 0.04. Which period sets most balls free?",
            "学习率围绕 0.04 摆动。哪个周期放走的小球最多？",
        ),
        goal=say(
            "{share:.0%} escaped in {n} updates, with an amplitude of at most {amplitude}",
            "{n} 步内 {share:.0%} 逃逸，而振幅不超过 {amplitude}",
            share=pictures.GOAL_SHARE, n=pictures.STEPS, amplitude=pictures.GOAL_AMPLITUDE,
        ),
    )  # fmt: skip


def cyclic_lr() -> Explorer:
    """CyclicLR over 200 updates: mode, step sizes, gamma, and the momentum that mirrors it."""

    def controls(values: Mapping[str, Any]) -> list[Control]:
        gamma = Slider(
            key="gamma", name="gamma", low=0.95, high=1.0, value=1.0, step=0.001, show=".3f",
            snaps={"0.98": 0.98, "0.99": 0.99, "1": 1.0},
        )  # fmt: skip
        return [
            Choice(
                key="mode", name="mode",
                options={name: name for name in ("triangular", "triangular2", "exp_range")},
            ),
            *([gamma] if values.get("mode") == "exp_range" else []),
            Slider(
                key="step_size_up", name="step_size_up", unit=say("updates", "步"), low=1, high=2000, value=30,
                step=1, snaps={"20": 20, "50": 50, say("2000 (default)", "2000（默认）"): 2000},
            ),
            Slider(
                key="step_size_down", name="step_size_down", unit=say("updates", "步"), low=0, high=200, value=30,
                step=1, snaps={"0": 0, "20": 20, "50": 50},
            ),
            Switch(key="cycle_momentum", name="cycle_momentum", value=True),
        ]  # fmt: skip

    return Explorer(
        pictures.Cycle(),
        controls,
        question=say("Two hundred updates of CyclicLR: where does it end?", "CyclicLR 走两百步：它停在哪里？"),
        goal=say(
            "three peaks at the full height, and a last η within {cold:.0%} of the swing above base_lr",
            "三个满高的峰，且末值 η 高出 base_lr 不超过摆幅的 {cold:.0%}", cold=pictures.Cycle.COLD,
        ),
    )  # fmt: skip
