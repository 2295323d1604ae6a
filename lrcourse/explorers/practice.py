"""The explorers of section 08: what each mistake costs; and what a killed run needs to go on."""

from __future__ import annotations

from ..figures.practice import CONCERNED, LENGTH, PARTS, SEEDS, KilledAt, WhichMistake
from ..words import say
from .explorer import Choice, Explorer, Slider, Switch


def which_mistake() -> Explorer:
    """Choose a mistake: its learning rates, and eight networks trained with them and with those that were meant."""
    return Explorer(
        WhichMistake(),
        [
            Choice(key="code", name=say("mistake", "错误"), options={code: code for code in CONCERNED}),
            Choice(
                key="seeds", name=say("eight seeds", "八个随机种子"),
                options={"0–7": 0, say("fresh: 8–15", "全新：8–15"): len(SEEDS)},
            ),
        ],
        question=say("Which mistakes would the loss have told you?", "哪些错误能从损失上看出来？"),
        goal=say(
            "a mistake that all eight networks survive, and that costs at least {times} times as much as a scheduler "
            "that is never stepped",
            "找到一种错误：八个网络都没有发散，代价却至少是从不 step 的调度器的 {times} 倍",
            times=WhichMistake.TIMES,
        ),
    )  # fmt: skip


def killed() -> Explorer:
    """Kill a run at any update, and start it again with some of its parts."""
    names = {
        "model": say("the weights", "权重"),
        "optimizer": say("the optimizer", "优化器"),
        "scheduler": say("the scheduler", "调度器"),
        "random": say("the random numbers", "随机数"),
        "loader": say("the place in the data", "数据的位置"),
    }
    return Explorer(
        KilledAt(),
        [
            Slider(
                key="at", name=say("killed after", "中断于"), unit=say("updates", "步之后"), low=10, high=LENGTH - 10,
                value=150, step=10, on_release=True, snaps={"50": 50, "150": 150, "250": 250},
            ),
            *[Switch(key=part, name=names[part], value=part == "model") for part in PARTS],
        ],
        question=say("What has to be in the file?", "文件里必须有什么？"),
        goal=say("the same run, to the last bit", "同一次训练，逐位一致"),
    )  # fmt: skip
