"""The start page's explorer."""

from __future__ import annotations

from ..figures.start import GOAL, FirstTouch
from ..start import NETWORKS, UPDATES
from ..words import say
from .explorer import Choice, Explorer, Slider


def first_touch() -> Explorer:
    """Eight real networks, trained anew for every touch of the slider."""
    return Explorer(
        FirstTouch(),
        [
            Slider(
                key="lr", name=say("peak learning rate", "峰值学习率"), symbol="η", low=1e-3, high=4, value=0.8,
                step=0.02, log=True, show=".3g", snaps={"0.01": 0.01, "0.1": 0.1, "0.4": 0.4, "2": 2.0},
            ),
            Choice(
                key="shape", name=say("schedule", "调度"),
                options={
                    say("constant", "恒定"): "constant",
                    say("linear to 0", "线性降至 0"): "linear",
                    say("cosine", "余弦"): "cosine",
                    say("step", "阶梯"): "step",
                },
            ),
        ],
        question=say(
            "Which learning rate teaches these networks most in {updates} updates?",
            "哪种学习率能让这些网络在 {updates} 个更新步内学得最好？", updates=UPDATES,
        ),
        goal=say(
            "{goal:.0%} of unseen digits, mean of {n} networks",
            "未见过的数字识别正确率达到 {goal:.0%}（{n} 个网络的平均）",
            goal=GOAL, n=NETWORKS,
        ),
    )  # fmt: skip
