"""Checks of section 03: a warm-up without waste, the Transformer's rate, handing over, the shortest that survives."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn
from torch.optim.lr_scheduler import LambdaLR, StepLR

from .. import curves
from ..words import say
from .compare import GROUP, UPDATE, Mistake, comparison
from .exercise import NotYet
from .loops import new_optimizer, train

# --- 03.1 A warm-up that wastes nothing ----------------------------------------------------------------------


def over_updates(factor: Callable[[int, int], float]) -> Callable[[dict], list[float]]:
    """The trace of a function of (t, warmup) over a case's updates."""
    return lambda case: [factor(t, case["warmup"]) for t in range(case["updates"])]


def draw_length(rng: np.random.Generator) -> dict:
    warmup = int(rng.integers(4, 12))
    return {"warmup": warmup, "updates": warmup + int(rng.integers(4, 9))}


comparison(
    "03.1",
    case=draw_length,
    run=lambda answer, case: [answer(t, case["warmup"]) for t in range(case["updates"])],
    right=over_updates(lambda t, w: min((t + 1) / (w + 1), 1)),
    mistakes=(
        Mistake(
            over_updates(lambda t, w: min(t / w, 1)),
            "update 0 runs at 0 and moves nothing; count from 1, up to warmup + 1",
            "第 0 步的学习率为 0，权重不动；请从 1 数起，一直数到 warmup + 1",
        ),
        Mistake(
            over_updates(lambda t, w: min((t + 1) / w, 1)),
            "it arrives one update early: update warmup - 1 is still warm-up",
            "早到了一步：第 warmup − 1 步仍属于预热",
        ),
        Mistake(
            over_updates(lambda t, w: min(t / (w + 1), 1)),
            "one update behind: it begins at 0 and arrives late; t counts from 0, so update t is the (t + 1)th",
            "晚了一步：从 0 起步，也迟到；t 从 0 数起，第 t 步是第 t + 1 个",
        ),
        Mistake(
            over_updates(lambda t, w: (t + 1) / (w + 1)),
            "it goes on rising; after the warm-up the factor stays 1",
            "它一直在升；预热之后倍率应保持为 1",
        ),
        Mistake(
            over_updates(lambda t, w: (t + 1) / (w + 1) if t < w else 0),
            "nothing is left after the warm-up; the factor stays 1",
            "预热之后什么都不剩了；倍率应保持为 1",
        ),
        Mistake(
            over_updates(lambda t, w: max((t + 1) / (w + 1), 1)),
            "the larger of the two; take the smaller",
            "取了两者中较大的一个；应取较小的",
        ),
        Mistake(
            over_updates(lambda t, w: (t + 1) // (w + 1) if t < w else 1),
            "`//` rounds down; divide by `/`",
            "`//` 会向下取整；应当用 `/`",
        ),
        Mistake(
            over_updates(lambda t, w: min(t + 1 / (w + 1), 1)),
            "a division binds before a sum: put brackets around t + 1",
            "除法先于加法：请给 t + 1 加上括号",
        ),
    ),
    call="warmup_factor(t, {warmup})",
    axes=(UPDATE,),
)


# --- 03.2 The Transformer's rate as a LambdaLR -----------------------------------------------------------------


def run_lambda(answer: Callable, case: dict) -> list[list[float]]:
    optimizer = new_optimizer([case["base_lr"]] * 2)
    factor = answer(case["d_model"], case["warmup_steps"], case["base_lr"])
    if not callable(factor):
        raise NotYet(
            say("LambdaLR needs a function of t; transformer_factor returned something of type {found}",
                "LambdaLR 需要一个 t 的函数，而 transformer_factor 返回的类型是 {found}", found=type(factor).__name__)
        )  # fmt: skip
    try:
        scheduler = LambdaLR(optimizer, factor)  # which asks for t = 0
    except ZeroDivisionError:
        raise NotYet(
            say("at t = 0 the function divides by zero: the paper counts its steps s from 1, so s = t + 1",
                "t = 0 时函数除以了零：论文的步数 s 从 1 数起，所以 s = t + 1")
        ) from None  # fmt: skip
    return train(optimizer, scheduler, case["updates"])


def noam(rate: Callable[[float, float, float, float], float]) -> Callable[[dict], list[list[float]]]:
    """The trace of a function of (t, d_model, warmup_steps, base_lr), in two groups."""
    return lambda case: [
        [rate(t, case["d_model"], case["warmup_steps"], case["base_lr"])] * 2 for t in range(case["updates"])
    ]


def draw_noam(rng: np.random.Generator) -> dict:
    warmup = int(rng.integers(5, 15))
    return {
        "d_model": int(rng.choice([64, 128, 256])),
        "warmup_steps": warmup,
        "base_lr": round(rng.uniform(0.1, 0.8), 2),
        "updates": 2 * warmup,
    }


comparison(
    "03.2",
    case=draw_noam,
    run=run_lambda,
    right=noam(lambda t, d, w, base: d**-0.5 * min((t + 1) ** -0.5, (t + 1) * w**-1.5)),
    mistakes=(
        Mistake(
            noam(lambda t, d, w, base: base * d**-0.5 * min((t + 1) ** -0.5, (t + 1) * w**-1.5)),
            "LambdaLR multiplies the base learning rate; divide it out, or the optimizer's lr scales the paper's",
            "LambdaLR 会乘上基准学习率；要把它除掉，否则论文的学习率会被优化器的 lr 缩放",
        ),
        Mistake(
            noam(lambda t, d, w, base: base**2 * d**-0.5 * min((t + 1) ** -0.5, (t + 1) * w**-1.5)),
            "base_lr is in it twice: LambdaLR multiplies it too; divide by it",
            "base_lr 乘了两次：LambdaLR 也会乘；应当除以它",
        ),
        Mistake(
            noam(lambda t, d, w, base: base * min((t + 1) / w, (w / (t + 1)) ** 0.5)),
            "the shape is right, but its peak is base_lr; the paper's is (d_model · warmup_steps)^(-1/2)",
            "形状对了，但峰值成了 base_lr；论文的峰值是 (d_model · warmup_steps)^(−1/2)",
        ),
        Mistake(
            noam(lambda t, d, w, base: d**-0.5 * min(max(t, 1) ** -0.5, max(t, 1) * w**-1.5)),
            "the first two updates are equal: s = t + 1 needs no special case for t = 0",
            "前两步相等：s = t + 1，t = 0 无需特殊处理",
        ),
        Mistake(
            noam(lambda t, d, w, base: d**-0.5 * (t * w**-1.5 if t <= w else t**-0.5)),
            "update 0 runs at 0: the paper counts steps from 1, s = t + 1",
            "第 0 步的学习率为 0：论文从 1 开始数步，s = t + 1",
        ),
        Mistake(
            noam(lambda t, d, w, base: d**-0.5 * max((t + 1) ** -0.5, (t + 1) * w**-1.5)),
            "the larger of the two, which is hottest where it should be coldest; take the smaller",
            "取了两者中较大的一个，该最冷的地方反而最热；应取较小的",
        ),
        Mistake(
            noam(lambda t, d, w, base: min((t + 1) ** -0.5, (t + 1) * w**-1.5)),
            "d_model is missing: a wider model takes smaller steps",
            "缺少 d_model：模型越宽，步子越小",
        ),
        Mistake(
            noam(lambda t, d, w, base: d**0.5 * min((t + 1) ** -0.5, (t + 1) * w**-1.5)),
            "multiplied by the root of d_model instead of divided",
            "应除以 d_model 的平方根，而不是乘",
        ),
        Mistake(
            noam(lambda t, d, w, base: d**-0.5 * min((t + 1) ** -0.5, (t + 1) * w**-0.5)),
            "the two branches must meet at s = warmup_steps: the warm-up's power is -3/2",
            "两支应在 s = warmup_steps 处相接：预热那一支的指数是 −3/2",
        ),
    ),
    call="LambdaLR(optimizer, transformer_factor({d_model}, {warmup_steps}, {base_lr}))",
    axes=(UPDATE, GROUP),
)


# --- 03.3 A warm-up that hands over ----------------------------------------------------------------------------


def draw_handover(rng: np.random.Generator) -> dict:
    warmup, size = int(rng.integers(3, 7)), int(rng.integers(3, 5))
    return {
        "lrs": rng.uniform(0.1, 1, 2).round(2).tolist(),
        "warmup": warmup,
        "step_size": size,
        "gamma": round(rng.uniform(0.3, 0.7), 2),
        "cut": warmup + size + 1,
        "updates": warmup + 4 * size,
    }


def run_handover(answer: Callable, case: dict) -> dict:
    """The whole trace, and what a fresh pair goes on with that loads the states of one cut off in the middle."""

    def build() -> tuple[Any, Any]:
        optimizer = new_optimizer(case["lrs"])
        after = StepLR(optimizer, step_size=case["step_size"], gamma=case["gamma"])
        return optimizer, answer(optimizer, case["warmup"], after)

    whole = train(*build(), case["updates"])
    first = build()
    train(*first, case["cut"])
    states = [part.state_dict() for part in first]
    again = build()
    for part, state in zip(again, states, strict=True):
        part.load_state_dict(state)
    return {"one run": whole, "resumed": train(*again, case["updates"] - case["cut"])}


def handover(rate: Callable[[int, float, dict], float]) -> Callable[[dict], dict]:
    """Both traces of a function of (t, base learning rate, case), resumed as if never interrupted."""

    def traces(case: dict) -> dict:
        whole = [[rate(t, lr, case) for lr in case["lrs"]] for t in range(case["updates"])]
        return {"one run": whole, "resumed": whole[case["cut"] :]}

    return traces


def cooled(k: int, lr: float, case: dict) -> float:
    """What StepLR gives at its own update k."""
    return lr * case["gamma"] ** (k // case["step_size"])


def rising(share: Callable[[int, int], float]) -> Callable[[int, float, dict], float]:
    """A rate that rises by *share* of (t, warmup) and then is right."""

    def rate(t: int, lr: float, case: dict) -> float:
        w = case["warmup"]
        return lr * share(t, w) if t < w else cooled(t - w, lr, case)

    return rate


def right_rate(t: int, lr: float, case: dict) -> float:
    return rising(lambda t, w: (t + 1) / (w + 1))(t, lr, case)


def compounded(t: int, lr: float, case: dict) -> float:
    w = case["warmup"]
    top = math.prod((n + 1) / (w + 1) for n in range(min(t, w) + 1))
    return top * cooled(max(t - w, 0), lr, case)


def resumed_as(rate: Callable[[int, float, dict], float]) -> Callable[[dict], dict]:
    """Right in one run; resumed, a function of (updates since the cut, learning rate at the cut, case)."""

    def traces(case: dict) -> dict:
        one = handover(right_rate)(case)["one run"]
        rest = [[rate(k, lr, case) for lr in one[case["cut"]]] for k in range(case["updates"] - case["cut"])]
        return {"one run": one, "resumed": rest}

    return traces


comparison(
    "03.3",
    case=draw_handover,
    run=run_handover,
    right=handover(right_rate),
    mistakes=(
        Mistake(
            handover(rising(lambda t, w: t / w)),
            "update 0 runs at 0 and moves nothing: (t + 1)/(w + 1)",
            "第 0 步的学习率为 0，权重不动：应为 (t + 1)/(w + 1)",
        ),
        Mistake(
            handover(rising(lambda t, w: (t + 1) / w)),
            "it arrives one update early: (t + 1)/(w + 1)",
            "早到了一步：应为 (t + 1)/(w + 1)",
        ),
        Mistake(
            handover(lambda t, lr, case: right_rate(min(t, case["warmup"]), lr, case)),
            "it never hands over: once the warm-up is done, each `step()` must step the after-scheduler",
            "从未交接：预热结束后，每次 `step()` 都必须让之后的调度器执行 step",
        ),
        Mistake(
            handover(lambda t, lr, case: right_rate(t if t <= case["warmup"] else t - 1, lr, case)),
            "the after-scheduler begins one update late: it is at *its* update 0 when t = warmup_epochs, so the next "
            "`step()` already steps it",
            "之后的调度器晚了一步：t = warmup_epochs 时它处在*自己的*第 0 步，所以下一次 `step()` 就该推动它",
        ),
        Mistake(
            handover(lambda t, lr, case: right_rate(t if t < case["warmup"] else t + 1, lr, case)),
            "the after-scheduler begins one update early: update warmup_epochs is its update 0",
            "之后的调度器早了一步：第 warmup_epochs 步才是它的第 0 步",
        ),
        Mistake(
            handover(rising(lambda t, w: t / (w + 1))),
            "update 0 runs at 0, and all of the warm-up is one update behind: (t + 1)/(w + 1)",
            "第 0 步的学习率为 0，整段预热都晚了一步：应为 (t + 1)/(w + 1)",
        ),
        Mistake(
            handover(lambda t, lr, case: right_rate(t, lr, case) if t < case["warmup"] else cooled(t, lr, case)),
            "the after-scheduler went on during the warm-up and begins in its middle; leave it alone until then",
            "之后的调度器在预热期间一直在走，一上来就处在中途；预热结束前不要动它",
        ),
        Mistake(
            lambda case: handover(lambda t, lr, case: right_rate(t, case["lrs"][0], case))(case),
            "all groups run at the learning rate of group 0: each has its own base learning rate, `self.base_lrs`",
            "所有参数组都用了参数组 0 的学习率：每组有各自的基准学习率 `self.base_lrs`",
        ),
        Mistake(
            handover(compounded),
            "each factor multiplies what the last one left; multiply the base learning rate, not the current one",
            "每个倍率都乘在上一步剩下的值上；应乘基准学习率，而不是当前学习率",
        ),
        Mistake(
            resumed_as(lambda k, lr, case: lr),
            "it stands still after loading: `state_dict` holds the after-scheduler itself, which steps the old "
            "optimizer. Save `after_scheduler.state_dict()` instead",
            "载入后停住不动：`state_dict` 里存的是之后的调度器本身，它推动的是旧优化器。"
            "应保存 `after_scheduler.state_dict()`",
        ),
        Mistake(
            resumed_as(lambda k, lr, case: cooled(k, lr, case)),
            "the after-scheduler begins anew after loading: save and load its state too",
            "载入后，之后的调度器又从头开始：也要保存并载入它的状态",
        ),
    ),
    call="Warmup(optimizer, {warmup}, StepLR(optimizer, {step_size}, {gamma}))",
    axes=(UPDATE, GROUP),
    cases=2,
)


# --- 03.4 The shortest warm-up that survives -------------------------------------------------------------------

UPDATES, LIMIT = 200, 0.035
LENGTHS = (0, 10, 20, 40, 60, 80)
NETWORKS = {  # activation, gain; peaks
    "tanh": ((nn.Tanh, 1.0), (4, 6)), "relu": ((nn.ReLU, 2.0), (16,)), "made up": ((nn.Tanh, 1.0), (5,)),
}  # fmt: skip
MADE_UP = {  # losses in which one network fails behind the back of the two others
    0: (np.nan, np.nan, np.nan), 10: (0.06, 0.008, 0.009), 20: (0.009, np.nan, 0.06), 40: (0.01, 0.012, 0.07),
    60: (0.011, 0.01, 0.012), 80: (0.008, 0.007, 0.009),
}  # fmt: skip


def alive(found: np.ndarray) -> bool:
    """Whether every loss is below the limit; nan is not."""
    return bool((found < LIMIT).all())


@functools.cache
def ramp(peak: float, warmup: int) -> np.ndarray:
    return curves.linear_warmup(peak, warmup)(range(UPDATES))


@functools.cache
def losses(network: str, peak: float, warmup: int) -> np.ndarray:
    return np.array(MADE_UP[warmup]) if network == "made up" else train_once(network, ramp(peak, warmup))


def train_once(network: str, rates: np.ndarray) -> np.ndarray:
    """The final losses of three real trainings, nan where one diverged."""
    from ..training.sharpness import descend

    (activation, gain), _ = NETWORKS[network]
    return descend(rates, seeds=3, activation=activation, gain=gain).loss[0, :, -1]


def trainer(network: str, peak: float) -> Callable[[object], np.ndarray]:
    """What the answer trains with; the ramps that it should train are trained only once."""

    def train(rates: object) -> np.ndarray:
        rates = np.asarray(rates, float)
        for warmup in LENGTHS:
            if rates.shape == (UPDATES,) and np.allclose(rates, ramp(peak, warmup), rtol=1e-9, atol=0):
                return losses(network, peak, warmup).copy()
        return train_once(network, rates)

    return train


def run_training(answer: Callable, case: dict) -> object:
    return answer(trainer(case["network"], case["peak"]), case["peak"], case["lengths"], case["limit"])


def chosen(choose: Callable[[list[int], list[np.ndarray]], float]) -> Callable[[dict], float]:
    """What a rule chooses, given the lengths and the losses of each."""
    return lambda case: choose(case["lengths"], [losses(case["network"], case["peak"], w) for w in case["lengths"]])


def shortest(good: Callable[[np.ndarray], bool]) -> Callable[[dict], float]:
    return chosen(lambda lengths, found: min((w for w, x in zip(lengths, found, strict=True) if good(x)), default=-1))


def first_in_order(case: dict) -> float:
    return next(w for w in case["lengths"] if alive(losses(case["network"], case["peak"], w)))


def draw_training(rng: np.random.Generator) -> dict:
    """Networks whose failures diverge (tanh), stay finite (ReLU), or hide among the others (made up)."""
    network = str(rng.choice(list(NETWORKS)))
    return {
        "network": network,
        "peak": int(rng.choice(NETWORKS[network][1])),
        "lengths": rng.permutation(LENGTHS).tolist(),
        "limit": LIMIT,
    }


comparison(
    "03.4",
    case=draw_training,
    run=run_training,
    right=shortest(alive),
    mistakes=(
        Mistake(
            shortest(lambda x: bool(np.isfinite(x).all())),
            "finite is not alive: compare every loss with the limit",
            "没有发散不等于活着：每个损失都要与界限比较",
        ),
        Mistake(
            shortest(lambda x: bool((x < LIMIT).any())),
            "a network that diverged was overlooked; all three have to be below the limit",
            "有一个发散的网络被忽略了；三个都必须低于界限",
        ),
        Mistake(
            shortest(lambda x: bool(np.nanmax(np.append(x, 0)) < LIMIT)),
            "nan went unnoticed: it is not above the limit, and not below it either; ask whether all are *below*",
            "漏掉了 nan：它既不高于界限，也不低于界限；应检查所有损失是否都*低于*界限",
        ),
        Mistake(
            shortest(lambda x: bool(x[0] < LIMIT)),
            "only the first network was looked at; all three have to be below the limit",
            "只看了第一个网络；三个都必须低于界限",
        ),
        Mistake(
            shortest(lambda x: bool(x.mean() < LIMIT)),
            "a mean hides the network that failed; compare every loss with the limit",
            "平均值掩盖了失败的那个网络；每个损失都要与界限比较",
        ),
        Mistake(
            first_in_order,
            "the first good one in the order given is not the shortest: sort the lengths",
            "按给定顺序遇到的第一个合格者未必最短：请先排序",
        ),
        Mistake(
            chosen(lambda lengths, found: max(w for w, x in zip(lengths, found, strict=True) if alive(x))),
            "the longest of those that survive; the shortest is asked for",
            "这是存活者中最长的；题目要最短的",
        ),
        Mistake(
            chosen(
                lambda lengths, found: min((x.mean(), w) for w, x in zip(lengths, found, strict=True) if alive(x))[1]
            ),
            "the one with the lowest loss; the shortest is asked for",
            "这是损失最低的；题目要最短的",
        ),
        Mistake(
            lambda case: sorted(case["lengths"]).index(shortest(alive)(case)),
            "that is a place in the list; return the length that stands there",
            "这是在列表中的位置；请返回该位置上的长度",
        ),
    ),
    call="shortest_warmup(train, {peak}, {lengths}, {limit})",
    cases=3,
)
