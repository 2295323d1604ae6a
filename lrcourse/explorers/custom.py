"""Section 05's explorers: draw a schedule and race it; browse the modern families."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..figures.custom import FAMILIES, HIGHEST, KNOTS, SEEDS, UPDATES, DrawYourOwn, FamilyBrowser
from ..figures.style import schedule_name
from ..words import say
from .explorer import Choice, Control, Explorer, Slider


def draw_your_own() -> Explorer:
    """Six points make a schedule; sixteen networks are trained with it, and with a cosine, when a slider is let go."""
    knots = [
        Slider(
            key=f"p{i}", name=say("η at update {t}", "第 {t} 步的 η", t=round(i * UPDATES / (KNOTS - 1))), low=0,
            high=HIGHEST, value=0.06, step=0.01, show=".2f", on_release=True,
        )
        for i in range(KNOTS)
    ]  # fmt: skip
    return Explorer(
        DrawYourOwn(),
        [
            *knots,
            Choice(
                key="seeds", name=say("sixteen seeds", "十六个随机种子"), value=0,
                options={
                    say("0–15", "0–15"): 0,
                    say("fresh: 16–31", "全新：16–31"): SEEDS,
                },
            ),
        ],
        question=say("Which schedule of your own beats the cosine?", "你自己的哪种调度能胜过余弦？"),
        goal=say("beat the cosine by 2 standard errors", "比余弦好 2 个标准误以上"),
    )  # fmt: skip


def family_browser() -> Explorer:
    """The modern families over any length, beside the cosine: how high, how cold at the end, how far."""

    def controls(values: Mapping[str, Any]) -> list[Control]:
        name = values.get("name", "REX")
        more: list[Control] = []
        if name == "WSD":
            more = [
                Slider(
                    key="cooldown", name=say("share of the cooldown", "冷却占比"), low=0.02, high=1, value=0.2,
                    step=0.01, show=".0%", snaps={"10%": 0.1, "20%": 0.2, "30%": 0.3},
                ),
                Choice(
                    key="shape", name=say("shape of the cooldown", "冷却的形状"),
                    options={say("linear", "线性"): "linear", say("cosine", "余弦"): "cosine", "1−sqrt": "1-sqrt"},
                ),
            ]  # fmt: skip
        elif name == "polynomial":
            more = [
                Slider(
                    key="power", name=say("power", "幂次"), low=0.2, high=4, value=2.0, step=0.1,
                    snaps={"½": 0.5, "1": 1.0, "2": 2.0},
                )
            ]  # fmt: skip
        return [
            Choice(
                key="name", name=say("family", "类别"), value="REX",
                options={schedule_name(family): family for family in FAMILIES},
            ),
            *more,
            Slider(
                key="warmup", name=say("share of the warm-up", "预热占比"), low=0, high=0.3, value=0.0, step=0.01,
                show=".0%", snaps={"0%": 0.0, "5%": 0.05},
            ),
            Slider(
                key="total", name=say("updates in all", "更新步总数"), low=100, high=FamilyBrowser.TOTAL,
                value=FamilyBrowser.TOTAL, step=10,
            ),
        ]  # fmt: skip

    return Explorer(
        FamilyBrowser(),
        controls,
        question=say("How far does each family go before it is cold?", "每一类调度在冷却之前能走多远？"),
        goal=say(
            "1.5 times as far as the cosine (1.48 to 1.52), and still end below 1% of the peak",
            "走到余弦的 1.5 倍远（1.48 到 1.52），而且最后仍低于峰值的 1%",
        ),
    )  # fmt: skip
