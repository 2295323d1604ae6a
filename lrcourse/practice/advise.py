"""Which schedule? The selection guide of the course as a function, with the measurement behind each answer."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from .. import curves
from ..arguments import choice, count, flag, positive
from ..curves import Schedule
from ..words import say

RATES = {"sgd": 0.1, "adam": 1e-3, "adamw": 1e-3}
"""Where to begin, if nothing is known: find the right one by a sweep."""

WARMUP, SHORT_WARMUP, COOLDOWN = 0.1, 0.05, 0.3  # of the run; the short one is what WSD was measured with
UNKNOWN_WARMUP = 100  # updates
MILESTONES, GAMMA = (0.6, 0.8, 0.93), 0.333


@dataclass(frozen=True)
class Evidence:
    """What was measured, and where: ``claim`` with its numbers, ``setting``.

    Example:
        >>> from lrcourse.practice import advise
        >>> print(advise(updates=1000).evidence[-1].setting)
        digits, 64-32-10 MLP, SGD, 1000 updates, 6 seeds
    """

    _claim: Callable[[], str] = field(repr=False)
    _setting: Callable[[], str] = field(repr=False)

    @property
    def claim(self) -> str:
        return self._claim()

    @property
    def setting(self) -> str:
        return self._setting()

    def __str__(self) -> str:
        return say("{claim} ({setting})", "{claim}（{setting}）", claim=self.claim, setting=self.setting)


@dataclass(frozen=True)
class Advice:
    """What :func:`advise` returns; shows itself as text, and as a small page in a notebook.

    Attributes:
        name: of the choice, as ``"wsd"``.
        schedule: the closed form, for a param group of learning rate *lr*; None for ReduceLROnPlateau, which follows
            the loss.
        step: ``"update"`` or ``"epoch"``: after what to call ``scheduler.step()``.
        code: the lines to copy: they want an ``optimizer`` and leave a ``scheduler``.
        evidence: what was measured, each with its setting.

    Example:
        >>> from lrcourse.practice import advise
        >>> print(advise(updates=1000, goal="baseline").code.splitlines()[-1])
        scheduler = MultiStepLR(optimizer, milestones=[600, 800, 930], gamma=0.333)
    """

    name: str
    schedule: Schedule | None
    step: Literal["update", "epoch"]
    code: str
    evidence: tuple[Evidence, ...]
    _why: tuple[Callable[[], str], ...] = field(repr=False)

    @property
    def title(self) -> str:
        """:attr:`name` in the language in use."""
        return say(self.name, _TITLES[self.name])

    @property
    def why(self) -> str:
        """The reasons, in the language in use."""
        return say(" ", "").join(reason() for reason in self._why)

    def build(self, optimizer: Optimizer) -> LRScheduler:
        """Run :attr:`code` with *optimizer*, and return its scheduler: param groups keep their ratios.

        Raises:
            TypeError: optimizer is no torch optimizer.
        """
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"optimizer must be a torch optimizer, got {optimizer!r}")
        names: dict[str, Any] = {"optimizer": optimizer}
        exec(self.code, names)
        return names["scheduler"]

    def __str__(self) -> str:
        facts = "\n".join(f"  · {each}" for each in self.evidence)
        code = "\n".join(f"    {line}" for line in self.code.splitlines())
        measured = say("Measured:", "实测：")
        return f"{self.title}{say(': ', '：')}{self.why}\n\n{code}\n\n{measured}\n{facts}"

    def _repr_html_(self) -> str:
        facts = "".join(f"<li>{html.escape(str(each))}</li>" for each in self.evidence)
        why, code, measured = html.escape(self.why), html.escape(self.code), say("Measured:", "实测：")
        head = f"<strong>{self.title}</strong>{say(': ', '：')}"
        return f"<p>{head}{why}</p><pre>{code}</pre><p>{measured}</p><ul>{facts}</ul>"


_TITLES = {
    "wsd": "WSD", "wsd, trunk": "WSD 主干", "warm-up, cosine": "预热＋余弦", "multi-step": "阶梯",
    "plateau": "平台期",
}  # fmt: skip


def advise(
    *,
    model: Literal["general", "transformer"] = "general",
    updates: int | None = None,
    goal: Literal["best", "baseline", "automatic"] = "best",
    optimizer: Literal["sgd", "adam", "adamw"] = "sgd",
    lr: float | None = None,
    unstable: bool = False,
) -> Advice:
    """A schedule for a case, configured, with the reasons and the measurements behind it.

    ===========================  =============================================================
    a baseline to compare with   MultiStepLR
    the best result              WSD; linear to zero, one-cycle and cosine come close
    unstable at the start        the same after a warm-up
    a transformer                warm-up, then cosine
    no known length              the trunk of WSD: constant, and a cooldown when you stop
    without deciding anything    ReduceLROnPlateau
    ===========================  =============================================================

    Args:
        model: "transformer", or "general" for everything else.
        updates: how many the run makes; None if that is not known yet.
        goal: see the table.
        optimizer: only for the default of lr.
        lr: the highest learning rate, of :attr:`Advice.schedule`; None takes a usual one. A built scheduler takes that
            of its optimizer.
        unstable: whether the loss jumps, or is lost, in the first updates.

    Raises:
        ValueError: a value out of range; a baseline without a known length.

    Example:
        >>> import numpy as np
        >>> from lrcourse.practice import advise
        >>> advice = advise(model="transformer", updates=10_000, optimizer="adamw")
        >>> advice.name, advice.step, advice.schedule(np.array([0, 1000, 5500, 9999])).round(6).tolist()
        ('warm-up, cosine', 'update', [1e-06, 0.001, 0.0005, 0.0])
    """
    choice("model", model, ("general", "transformer"))
    choice("goal", goal, ("best", "baseline", "automatic"))
    choice("optimizer", optimizer, tuple(RATES))
    updates = None if updates is None else count("updates", updates)
    lr = RATES[optimizer] if lr is None else positive("lr", lr)
    warmup = flag("unstable", unstable) or model == "transformer"
    why, evidence = [], []
    if warmup:
        why.append(_WHY_TRANSFORMER if model == "transformer" else _WHY_UNSTABLE)
        evidence += [_POST_LN, _CURVATURE]
    if goal == "automatic":
        return _plateau(warmup, why, evidence)
    if updates is None:
        if goal == "baseline":
            raise ValueError("updates must be given for goal='baseline': its milestones are shares of the run")
        return _trunk(lr, warmup, why, evidence)
    w = max(1, round(WARMUP * updates)) if warmup else 0
    if updates - w < 4:
        raise ValueError(f"updates must leave a schedule some room, at least {4 + w}, got {updates}")
    if goal == "baseline":
        return _baseline(lr, updates, w, why, evidence)
    if model == "transformer":
        return _cosine(lr, updates, w, why, evidence)
    return _wsd(lr, updates, w or round(SHORT_WARMUP * updates), why, evidence)


def _plateau(warmup: bool, why: list, evidence: list) -> Advice:
    lines = ["from torch.optim.lr_scheduler import ReduceLROnPlateau", ""]
    plateau = "ReduceLROnPlateau(optimizer, factor=0.5, patience=10)"
    if warmup:
        lines[:1] = ["from lrcourse import WarmupScheduler", lines[0]]
        lines += [f"plateau = {plateau}",
                  "scheduler = WarmupScheduler(optimizer, warmup_epochs=5, after_scheduler=plateau)"]  # fmt: skip
    else:
        lines += [f"scheduler = {plateau}"]
    lines += ["# once an epoch: scheduler.step(validation_loss)"]
    return Advice("plateau", None, "epoch", "\n".join(lines), (_PLATEAU, *evidence), (_WHY_AUTOMATIC, *why))


def _trunk(lr: float, warmup: bool, why: list, evidence: list) -> Advice:
    unit = f"curves.linear_warmup(1, warmup_steps={UNKNOWN_WARMUP})" if warmup else "curves.constant(1)"
    code = f"""from lrcourse import CurveLR, curves

trunk = {unit}
scheduler = CurveLR(optimizer, trunk, relative=True)

def cooled(t, n):
    \"\"\"Leave the trunk at update t and cool down for n updates: load the trunk's state into it.\"\"\"
    return CurveLR(optimizer, curves.then(trunk, curves.linear_to_zero(1, n), at=t), relative=True)"""
    schedule = curves.linear_warmup(lr, UNKNOWN_WARMUP) if warmup else curves.constant(lr)
    return Advice("wsd, trunk", schedule, "update", code, (_BRANCH, _EQUAL, *evidence), (_WHY_UNKNOWN, *why))


def _wsd(lr: float, updates: int, w: int, why: list, evidence: list) -> Advice:
    cooldown = max(1, round(COOLDOWN * updates))
    warm = f", warmup_steps={w}" if w else ""
    code = f"""from lrcourse import CurveLR, curves

schedule = curves.wsd(1, total_steps={updates}, cooldown_steps={cooldown}{warm})
scheduler = CurveLR(optimizer, schedule, relative=True)"""
    schedule = curves.wsd(lr, updates, cooldown, w)
    return Advice("wsd", schedule, "update", code, (_EQUAL, _COOLDOWN, _NOISE, *evidence), (_WHY_BEST, *why))


def _cosine(lr: float, updates: int, w: int, why: list, evidence: list) -> Advice:
    code = f"""from lrcourse import CurveLR, curves

schedule = curves.then(curves.linear_warmup(1, {w}), curves.cosine_annealing_lr(1, T_max={updates - w}), at={w})
scheduler = CurveLR(optimizer, schedule, relative=True)"""
    schedule = curves.then(curves.linear_warmup(lr, w), curves.cosine_annealing_lr(lr, T_max=updates - w), at=w)
    return Advice("warm-up, cosine", schedule, "update", code, (*evidence, _EQUAL), (*why, _WHY_COSINE))


def _baseline(lr: float, updates: int, w: int, why: list, evidence: list) -> Advice:
    milestones = [w + round(share * (updates - w)) for share in MILESTONES]
    schedule = curves.multi_step_lr(lr, milestones, GAMMA)
    if not w:
        code = f"""from torch.optim.lr_scheduler import MultiStepLR

scheduler = MultiStepLR(optimizer, milestones={milestones}, gamma={GAMMA})"""
    else:
        code = f"""from lrcourse import CurveLR, curves

schedule = curves.linear_warmup(1, {w}) * curves.multi_step_lr(1, milestones={milestones}, gamma={GAMMA})
scheduler = CurveLR(optimizer, schedule, relative=True)"""
        schedule = curves.linear_warmup(1, w) * schedule
    return Advice("multi-step", schedule, "update", code, (_STEPS, _EQUAL, *evidence), (_WHY_BASELINE, *why))


# --- Reasons --------------------------------------------------------------------------------------------------


def _WHY_BASELINE() -> str:
    return say(
        "A baseline should be easy to repeat: drops by a factor of three at 60, 80 and 93 % of the run.",
        "基线要便于复现：在训练的 60、80 和 93 % 处各降为三分之一。",
    )


def _WHY_BEST() -> str:
    return say(
        "A high learning rate for most of the run, and an end at zero. How it ends matters more than the formula: "
        "linear to zero, one-cycle and cosine come close.",
        "大部分时间保持高学习率，最后降到零。如何收尾比用哪个公式更重要：线性降到零、单周期和余弦都与之接近。",
    )


def _WHY_UNKNOWN() -> str:
    return say(
        "The length is not known, so it must not be in the schedule: stay constant, save, and cool down from any saved "
        "update over about a quarter of what has been run.",
        "训练长度未知，就不该写进调度里：先保持恒定并保存，之后可从任一保存点冷却，冷却长度约为已训练长度的四分之一。",
    )


def _WHY_AUTOMATIC() -> str:
    return say(
        "ReduceLROnPlateau needs no length: it halves the learning rate when the validation loss stands still. Its "
        "patience must outlast the noise of that loss.",
        "ReduceLROnPlateau 不需要知道训练长度：验证损失停滞时学习率减半。容忍轮数要长于该损失的噪声。",
    )


def _WHY_UNSTABLE() -> str:
    return say(
        "The warm-up lowers the curvature before the learning rate is high.",
        "预热会在学习率升高之前先降低曲率。",
    )  # fmt: skip


def _WHY_TRANSFORMER() -> str:
    return say(
        "A transformer with the norm after each block often fails without a warm-up; with the norm before, it still "
        "gains.",
        "层归一化放在每个块之后的 Transformer，没有预热往往会失败；放在块之前的，预热仍有好处。",
    )


def _WHY_COSINE() -> str:
    return say(
        "The decay after it was not compared on a transformer; the cosine is the custom.",
        "预热之后怎样衰减，并没有在 Transformer 上比较过；余弦只是惯例。",
    )


def _mnist1d() -> str:
    return say(
        "MNIST-1D, 2 × 32 MLP, SGD with momentum, 2000 updates, 12 seeds, each at its best peak",
        "MNIST-1D，2 × 32 MLP，带动量的 SGD，2000 个更新步，12 个随机种子，各取最佳峰值学习率",
    )


_EQUAL = Evidence(
    lambda: say(
        "training loss: WSD 0.628, linear after a warm-up 0.648, one-cycle 0.669, linear 0.682, cosine 0.705, constant "
        "0.804; standard errors about 0.01",
        "训练损失：WSD 0.628，预热后线性 0.648，单周期 0.669，线性 0.682，余弦 0.705，恒定 0.804；标准误约 0.01",
    ),
    _mnist1d,
)
_STEPS = Evidence(
    lambda: say(
        "training loss: steps by 3 0.660, steps by 10 0.769, constant 0.804",
        "训练损失：每次除以 3 的阶梯 0.660，除以 10 的阶梯 0.769，恒定 0.804",
    ),
    _mnist1d,
)
_COOLDOWN = Evidence(
    lambda: say(
        "training loss of WSD with a cooldown of 30 % minus that with 20 % (0.628 above): −0.007 ± 0.001 after "
        "500 updates (12 fresh seeds), −0.007 ± 0.002 after 2000 (8); at 500 the 30 % is level with the cosine, "
        "0.000 ± 0.006",
        "WSD 冷却占 30 % 与占 20 %（即上面的 0.628）的训练损失之差：500 步为 −0.007 ± 0.001（12 个新种子），"
        "2000 步为 −0.007 ± 0.002（8 个）；500 步时 30 % 与余弦持平，0.000 ± 0.006",
    ),
    lambda: say("MNIST-1D, the same network, each at its best peak", "MNIST-1D，同样的网络，各取最佳峰值学习率"),
)
_NOISE = Evidence(
    lambda: say(
        "without label noise decay gains nothing: the test errors of constant and linear have the ratio 0.98, at 10 % "
        "wrong labels 1.19",
        "没有标签噪声时衰减没有收益：恒定与线性的测试误差之比为 0.98，10 % 错误标签时为 1.19",
    ),
    lambda: say(
        "digits, 64-32-10 MLP, SGD, 1000 updates, 6 seeds", "digits，64-32-10 MLP，SGD，1000 个更新步，6 个随机种子"
    ),
)
_BRANCH = Evidence(
    lambda: say(
        "four lengths from one trunk: 4400 updates, losses 1.370/1.165/0.928/0.698; four cosines: 6000 updates, "
        "1.421/1.195/0.966/0.711",
        "一条主干给出四种长度：4400 个更新步，损失 1.370/1.165/0.928/0.698；"
        "四条余弦：6000 个更新步，1.421/1.195/0.966/0.711",
    ),
    lambda: say("MNIST-1D, MLP, SGD", "MNIST-1D，MLP，SGD"),
)
_POST_LN = Evidence(
    lambda: say(
        "a warm-up of 0.2 of the run, 8 seeds: accuracy 0.39 ± 0.10 → 0.82 ± 0.06, failed runs 62 % → 12 %; a "
        "warm-up of 0/0.02/0.05/0.1/0.2/0.4, four seeds only: 0.53/0.68/0.81/0.85/0.90/0.90",
        "预热占训练的 0.2，8 个随机种子：准确率 0.39 ± 0.10 → 0.82 ± 0.06，失败的运行 62 % → 12 %；"
        "预热占 0/0.02/0.05/0.1/0.2/0.4，仅四个种子：0.53/0.68/0.81/0.85/0.90/0.90",
    ),
    lambda: say(
        "post-LN transformer of 6 blocks, digits as 8 tokens, Adam, peak 0.008, 200 updates, a linear decay",
        "6 个块的 post-LN Transformer，digits 作 8 个 token，Adam，峰值 0.008，200 个更新步，线性衰减",
    ),
)
_CURVATURE = Evidence(
    lambda: say(
        "largest learning rate that survives, in units of 2/λ: 2 without warm-up, 4 with 50 updates, 12 with 150; "
        "an MLP with He's initialisation gains nothing",
        "能存活的最大学习率（以 2/λ 为单位）：无预热 2，预热 50 步 4，150 步 12；He 初始化的 MLP 则没有收益",
    ),
    lambda: say("tanh MLP, MSE, full batch, no noise", "tanh MLP，MSE，全批量，无噪声"),
)
_PLATEAU = Evidence(
    lambda: say(
        "by noise alone the first cut comes after 5.2/10.6/19.4/37 epochs at patience 2/5/10/20; patience 12 and "
        "factor 0.5 end at 0.23–0.25, patience 0 and factor 0.1 at 0.92–1.02, constant at 0.68, linear to zero at 0.19",
        "仅由噪声引起的第一次下降：容忍轮数 2/5/10/20 时在 5.2/10.6/19.4/37 轮后；"
        "容忍 12、因子 0.5 的最终损失为 0.23–0.25，容忍 0、因子 0.1 为 0.92–1.02，恒定 0.68，线性降到零 0.19",
    ),
    lambda: say("stationary noise; and noisy training of a small network", "平稳噪声；以及小网络的带噪声训练"),
)
