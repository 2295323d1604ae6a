"""The explorers of section 02: schedules to turn by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import floor, log10
from typing import Any

from ..figures.schedulers import Browser, Controlled, HalfLife, OneCycle, Plateau, Restarts
from ..schedulers import CATALOGUE, Argument, Entry
from ..words import say
from .explorer import Choice, Control, Explorer, Slider, Switch


def schedule_browser() -> Explorer:
    """Any two classes of the catalogue, with all their arguments, one over the other."""
    picture = Browser()
    return Explorer(
        picture,
        _Arguments(picture),
        question=say("Can two different classes draw one curve?", "两个不同的类能画出同一条曲线吗？"),
        goal=say("two classes, one curve (within 1% of the first η)", "两个类，一条曲线（相差不超过初始 η 的 1%）"),
    )


class _Arguments:
    """The controls of the schedule being edited; the picture keeps what the other one was left at."""

    FEW = 4  # arguments shown at first; the others behind a switch

    def __init__(self, picture: Browser) -> None:
        self.picture = picture

    def __call__(self, values: Mapping[str, Any]) -> list[Control]:
        if not values:
            self.picture.restart()
            self.edited = None
        edit = values.get("edit", "blue")
        name, arguments = self.picture.shown[edit]
        chosen = values.get(f"{edit}_scheduler", name)
        if (edit, chosen) != self.edited:
            self.edited = edit, chosen
            self.start = arguments if chosen == name else CATALOGUE[chosen].example
        few, more = self._arguments(CATALOGUE[chosen])
        everything = bool(values.get(f"{edit}_all"))
        return [
            Choice(
                key="edit", name=say("curve to edit", "编辑哪条曲线"), value="blue",
                options={say("blue", "蓝线"): "blue", say("green", "绿线"): "green"},
            ),
            Choice(
                key=f"{edit}_scheduler", name=say("class", "类"), options={name: name for name in CATALOGUE},
                value=self.picture.shown[edit][0] if chosen == name else chosen,
            ),
            *(self._control(edit, argument) for argument in (*few, *(more if everything else ()))),
            *([Switch(key=f"{edit}_all", name=say("all arguments", "全部参数"))] if more else []),
            Switch(key="log", name=say("logarithmic axis", "对数坐标")),
        ]  # fmt: skip

    def _arguments(self, entry: Entry) -> tuple[list[Argument], list[Argument]]:
        """Those shown at first, in torch's order, and the others; an int that torch leaves None is left out."""
        known = [
            a for a in entry.arguments if not (a.kind == "int" and a.default is None and a.name not in entry.example)
        ]
        first = sorted(known, key=lambda a: not (a.required or a.name in entry.example))
        first = first[: max(self.FEW, sum(a.required or a.name in entry.example for a in known))]
        return [a for a in known if a in first], [a for a in known if a not in first]

    def _control(self, edit: str, argument: Argument) -> Control:
        value = self.start.get(argument.name, argument.default)
        common: dict[str, Any] = dict(key=f"{edit}_{argument.name}", name=argument.name, value=value)
        match argument.kind:
            case "bool":
                return Switch(**common)
            case "int" | "float" if argument.low is not None and argument.high is not None:
                common |= dict(low=argument.low, high=argument.high)
                if argument.kind == "int":
                    return Slider(**common, step=1)
                step = 0.002 if argument.log else 10.0 ** floor(log10((argument.high - argument.low) / 50))
                return Slider(**common, step=step, log=argument.log, show=".3g")
        return Choice(**common, options={_short(choice): choice for choice in argument.choices})


def _short(choice: object) -> str:
    """A choice on a button: the names of the parts, numbers, or a schedule without what goes without saying."""
    if isinstance(choice, tuple):
        return ", ".join(part[0] if isinstance(part, tuple) else str(part) for part in choice)
    return re.sub(r"lr=1, |\(lr=1\)", "", str(choice))


def half_life() -> Explorer:
    """ExponentialLR as radioactive decay: gamma and the half-life are two names of one number."""
    return Explorer(
        HalfLife(),
        [
            Slider(
                key="gamma", name=say("factor of each step", "每一步的倍率"), symbol="γ", low=0.5, high=0.999,
                value=0.95, step=0.001, show=".3f", snaps={"0.5": 0.5, "0.9": 0.9, "0.95": 0.95, "0.99": 0.99},
            ),
            Choice(
                key="unit", name=say("scheduler.step() once an", "scheduler.step() 的时机"),
                options={
                    say("epoch", "每轮一次"): "epoch",
                    say("update (25 an epoch)", "每个更新步（一轮 25 步）"): "update",
                },
            ),
        ],
        question=say("How long does an exponentially decaying learning rate live?", "指数衰减的学习率能活多久？"),
        goal=say(
            "1% of the first η left at the end (0.95% to 1.05%)", "结束时剩下初始 η 的 1%（0.95% 到 1.05%）"
        ),
    )  # fmt: skip


def restarts() -> Explorer:
    """CosineAnnealingWarmRestarts: how often to heat again, and where the budget ends."""
    return Explorer(
        Restarts(),
        [
            Slider(
                key="T_0", name=say("first cycle", "首个周期"), symbol="T_0", unit=say("updates", "步"), low=5,
                high=300, value=40, step=1, snaps={"20": 20, "75": 75, "100": 100, "300": 300},
            ),
            Slider(
                key="T_mult", name=say("each cycle longer, times", "后一周期是前一周期的倍数"), symbol="T_mult", low=1,
                high=4, value=2, step=1,
            ),
            Slider(key="eta_min", name=say("floor", "下限"), symbol="eta_min", low=0, high=0.25, value=0.0, step=0.005),
        ],
        question=say("Heat it again, but where does the budget end?", "可以再加热，但预算会在哪里用完？"),
        goal=say(
            "at least two restarts, and a final energy of {goal} or less", "至少重启两次，且最终能量不超过 {goal}",
            goal=Restarts.GOAL,
        ),
    )  # fmt: skip


def plateau() -> Explorer:
    """ReduceLROnPlateau as a controller with a noisy gauge: false alarms against patience."""
    return Explorer(
        Plateau(),
        [
            Slider(
                key="noise", name=say("noise of the gauge", "仪表噪声"), symbol="σ", low=0, high=0.5, value=0.2,
                step=0.01,
            ),
            Slider(
                key="patience", name="patience", unit=say("epochs", "轮"), low=0, high=30, value=2, step=1,
                snaps={"2": 2, "5": 5, "10": 10, "20": 20},
            ),
            Slider(
                key="factor", name="factor", low=0.05, high=0.9, value=0.1, step=0.05, snaps={"0.1": 0.1, "0.5": 0.5},
            ),
            Slider(key="cooldown", name="cooldown", unit=say("epochs", "轮"), low=0, high=20, value=0, step=1),
            Slider(
                key="run", name=say("which run", "第几次运行"), low=1, high=Controlled.RUNS, value=1, step=1, play=250,
            ),
        ],
        question=say("When should a controller believe a noisy gauge?", "仪表有噪声时，控制器该何时相信它？"),
        goal=say(
            "at σ ≥ 0.2, a median final loss of {goal} or less", "σ ≥ 0.2 时，最终损失的中位数不超过 {goal}",
            goal=Plateau.GOAL,
        ),
    )  # fmt: skip


def one_cycle() -> Explorer:
    """OneCycleLR, the momentum that mirrors it, and the rate η/(1 − β) that the two of them make."""

    def controls(values: Mapping[str, Any]) -> list[Control]:
        half = 0.45 if values.get("three_phase") else 0.9  # three phases need the way down to fit in too
        return [
            Slider(
                key="pct_start",
                name=say("share of the rise", "上升段占比"),
                symbol="pct_start",
                low=0.05,
                high=half,
                value=min(values.get("pct_start", 0.3), half),
                step=0.01,
            ),
            Slider(
                key="div_factor",
                name=say("peak / first", "峰值 / 首值"),
                symbol="div_factor",
                low=2,
                high=100,
                value=25,
                step=1,
                snaps={"10": 10, "25": 25},
            ),
            Slider(
                key="final_div_factor",
                name=say("first / last", "首值 / 末值"),
                symbol="final_div_factor",
                low=1,
                high=1e4,
                value=1e4,
                step=0.1,
                log=True,
                show=".5g",
            ),
            Choice(key="anneal_strategy", name="anneal_strategy", options={"cos": "cos", "linear": "linear"}),
            Switch(key="three_phase", name="three_phase"),
            Switch(key="cycle_momentum", name="cycle_momentum", value=True),
        ]

    return Explorer(
        OneCycle(),
        controls,
        question=say("How fast does the ball really start?", "小球起步时究竟有多快？"),
        goal=say(
            "with cycled momentum, start at 1/20 of the peak's η/(1 − β)",
            "在动量循环时，让起步的 η/(1 − β) 为峰值的 1/20",
        ),
    )  # fmt: skip
