"""Section 07's explorers: read a learning rate from a range test, and try it; the average that lags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..arguments import flag
from ..figures.finder import BENCHES, SEEDS, Lag, ReadIt, bench_name, range_test_of
from ..words import say
from .explorer import Choice, Control, Explorer, Slider, Switch


def read_it(rules: bool = False) -> Explorer:
    """A range test, and the network trained at the learning rate read from it.

    Args:
        rules: a button for each suggestion of the range test.
    """
    flag("rules", rules)

    def controls(values: Mapping[str, Any]) -> list[Control]:
        network = values.get("network", "digits")
        snaps = dict(range_test_of(network).suggestions) if rules else {}
        start = {"digits": 0.03, "momentum": 0.3, "adamw": 0.05}[network]  # none of them good
        return [
            Choice(key="network", name=say("network", "网络"), options={bench_name(name): name for name in BENCHES}),
            Slider(
                key="lr", name=say("constant learning rate", "恒定学习率"), symbol="η", low=1e-4, high=10.0,
                value=start, step=0.05, log=True, show=".2g", on_release=True,
                snaps=snaps,
            ),
            Switch(key="sweep", name=say("show the trainings at all rates", "显示所有学习率的训练结果")),
        ]  # fmt: skip

    return Explorer(
        ReadIt(),
        controls,
        question=say(
            "At which constant rate would you train, having seen the upper curve?",
            "看过上面的曲线，你会用多大的恒定学习率来训练？",
        ),
        goal=say(
            "on each of the three networks a loss within {goal} of the best rate's (mean of {seeds} seeds)",
            "在三个网络上，损失都不超过最佳学习率的损失 {goal}（{seeds} 个随机种子的平均）",
            goal=ReadIt.GOAL, seeds=SEEDS,
        ),
    )  # fmt: skip


def lag() -> Explorer:
    """The losses of a noisy parabola in a range test, and their moving average."""
    return Explorer(
        Lag(),
        [
            Slider(
                key="smoothing", name=say("share of the past", "过去的占比"), symbol="β", low=0.0, high=0.98, value=0.9,
                step=0.01, show=".2f", snaps={"0": 0.0, "0.9": 0.9, "0.98": 0.98},
            ),
            Slider(
                key="num_steps", name=say("updates", "更新步数"), symbol="num_steps", low=20, high=1000, value=100,
                step=0.02, log=True, show=".0f", snaps={"100": 100, "300": 300},
            ),
            Slider(
                key="init_lr", name=say("first learning rate", "起始学习率"), symbol="init_lr", low=1e-8, high=1e-2,
                value=1e-8, step=0.25, log=True, show=".0e", snaps={"1e-8": 1e-8, "1e-5": 1e-5, "1e-3": 1e-3},
            ),
            Switch(key="debias", name=say("debiased", "去偏"), value=True),
        ],
        question=say("How late does the average see the loss fall?", "平均值要晚多久才看到损失下降？"),
        goal=say(
            "the average at most a factor of {near} late, keeping at most {quiet:.0%} of the noise",
            "平均至多晚 {near} 倍，且噪声至多剩下 {quiet:.0%}",
            near=Lag.NEAR, quiet=Lag.QUIET,
        ),
    )  # fmt: skip
