"""Checks of section 04: the triangle, a scale_fn with its mirror, the adiabatic prediction, snapshots."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, CosineAnnealingWarmRestarts, CyclicLR, LambdaLR

from .. import cyclic
from ..schedulers import build, record
from .compare import GROUP, TIME, UPDATE, Axis, Mistake, comparison

# --- 04.1 The triangle ----------------------------------------------------------------------------------------


def draw_triangle(rng: np.random.Generator) -> dict:
    up, down = rng.choice(np.arange(2, 9), size=2, replace=False).tolist()
    return {
        "base_lr": round(rng.uniform(0.01, 0.1), 3),
        "max_lr": round(rng.uniform(0.2, 0.9), 2),
        "step_size_up": up,
        "step_size_down": down,
        "updates": 3 * (up + down) + 2,
    }


def height(t: int, case: dict) -> float:
    """Of the triangle, between 0 and 1."""
    up, down = case["step_size_up"], case["step_size_down"]
    x = t % (up + down)
    return x / up if x <= up else (up + down - x) / down


def swung(part: Callable[[int, dict], float]) -> Callable[[dict], list[float]]:
    """The trace between base_lr, where *part* of the swing is 0, and max_lr, where it is 1."""
    return lambda c: [c["base_lr"] + (c["max_lr"] - c["base_lr"]) * part(t, c) for t in range(c["updates"])]


def total(case: dict) -> int:
    return case["step_size_up"] + case["step_size_down"]


def from_the_valley(t: int, case: dict) -> float:
    """The height, if the way down is counted from the beginning of the cycle."""
    x = t % total(case)
    return height(t, case) if x <= case["step_size_up"] else 1 - x / case["step_size_down"]


comparison(
    "04.1",
    case=draw_triangle,
    run=lambda answer, case: [
        answer(t, **{key: value for key, value in case.items() if key != "updates"}) for t in range(case["updates"])
    ],
    right=lambda case: record(
        build("CyclicLR", cycle_momentum=False, **{key: v for key, v in case.items() if key != "updates"}),
        case["updates"],
    ),
    mistakes=(
        Mistake(
            swung(lambda t, c: height(t + 1, c)),
            "one update early? Update 0 uses base_lr, and the peak is update step_size_up",
            "是不是早了一步？第 0 步用的是 base_lr，峰值在第 step_size_up 步",
        ),
        Mistake(
            swung(lambda t, c: height(max(t - 1, 0), c)),
            "one update late? The peak is update step_size_up itself",
            "是不是晚了一步？峰值就在第 step_size_up 步",
        ),
        Mistake(
            swung(lambda t, c: 1 - height(t, c)),
            "upside down: it begins at base_lr and goes up first",
            "上下颠倒了：应从 base_lr 开始，先上升",
        ),
        Mistake(
            swung(lambda t, c: height(t, c | {"step_size_down": c["step_size_up"]})),
            "as many updates down as up? The way down takes step_size_down",
            "下降与上升的步数一样多？下降应为 step_size_down 步",
        ),
        Mistake(
            swung(lambda t, c: height(t, c) if t <= total(c) else 0.0),
            "it stays at base_lr after the first cycle; a new one begins there",
            "第一个周期之后就停在 base_lr；那里应开始新的周期",
        ),
        Mistake(
            swung(lambda t, c: (t % total(c)) / total(c)),
            "a saw: it rises through the whole cycle and then drops; the peak is after step_size_up",
            "这是锯齿：整个周期都在上升，然后骤降；峰值应在 step_size_up 步之后",
        ),
        Mistake(
            swung(lambda t, c: (t % c["step_size_up"]) / c["step_size_up"]),
            "a saw: it drops back at the peak instead of coming down in step_size_down updates",
            "这是锯齿：到峰值就直接跌落，而不是用 step_size_down 步降下来",
        ),
        Mistake(
            swung(from_the_valley),
            "the way down counts from the peak: t % cycle − step_size_up updates of it are done",
            "下降应从峰值处数起：已走了 t % 周期 − step_size_up 步",
        ),
        Mistake(
            swung(lambda t, c: height(t, c) / 2 ** (t // total(c))),
            "that is triangular2, which halves; all peaks of triangular are max_lr",
            "这是 triangular2，逐次减半；triangular 的每个峰都是 max_lr",
        ),
        Mistake(
            lambda c: [c["max_lr"] * height(t, c) for t in range(c["updates"])],
            "the valley is 0; it should be base_lr",
            "谷值成了 0；应为 base_lr",
        ),
        Mistake(
            lambda c: [c["base_lr"] + c["max_lr"] * height(t, c) for t in range(c["updates"])],
            "the peak is base_lr + max_lr; what swings is max_lr − base_lr",
            "峰值成了 base_lr + max_lr；摆动的那一段是 max_lr − base_lr",
        ),
    ),
    call="triangle(t, base_lr={base_lr}, max_lr={max_lr}, step_size_up={step_size_up}, "
    "step_size_down={step_size_down})",
    axes=(TIME,),
)


# --- 04.2 Peaks that fall, and their mirror -------------------------------------------------------------------

LOW, HIGH = 0.85, 0.95  # momentum


def draw_peaks(rng: np.random.Generator) -> dict:
    step_size, cycles = int(rng.integers(2, 5)), int(rng.integers(3, 6))
    return {
        "base_lr": rng.uniform(0.01, 0.05, 2).round(3).tolist(),
        "max_lr": rng.uniform(0.2, 0.9, 2).round(2).tolist(),
        "step_size": step_size,
        "cycles": cycles,
        "updates": 2 * step_size * (cycles + 2),
    }


def falling(cycle: int, cycles: int) -> float:
    return max(0.0, 1 - (cycle - 1) / cycles)


def peaks(
    optimizer: Optimizer, base_lr: list, max_lr: list, step_size: int, cycles: int, **changed: Any
) -> CyclicLR:  # fmt: skip
    arguments: dict[str, Any] = dict(
        step_size_up=step_size, scale_fn=lambda cycle: falling(cycle, cycles), base_momentum=LOW, max_momentum=HIGH
    )
    return CyclicLR(optimizer, base_lr, max_lr, **(arguments | changed))


def traces(answer: Callable, case: dict) -> dict[str, Any]:
    """Learning rate and momentum of each update, ``(updates, groups)``."""
    arguments = copy.deepcopy({key: value for key, value in case.items() if key != "updates"})
    groups = [{"params": [nn.Parameter(torch.zeros(1))]} for _ in case["base_lr"]]
    optimizer = SGD(groups, lr=1.0, momentum=0.9)
    scheduler = answer(optimizer, **arguments)
    if scheduler is None:
        return {"lr": None, "momentum": None}
    found: dict[str, list] = {"lr": [], "momentum": []}
    for _ in range(case["updates"]):
        for what, trace in found.items():
            trace.append([group[what] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return found


def changed(**arguments: Any) -> Callable[[dict], dict]:
    """What comes of these arguments in place of the right ones; functions of the case."""
    return lambda case: traces(
        lambda optimizer, **given: peaks(
            optimizer, **{**given, **{key: make(case) for key, make in arguments.items()}}
        ),
        case,
    )


def scaled_whole(case: dict) -> dict:
    """The peak itself falls to 0, not its height above base_lr; the momentum is right."""
    found, up = traces(peaks, case), case["step_size"]
    for t, row in enumerate(found["lr"]):
        part = height(t, {"step_size_up": up, "step_size_down": up})
        scale = falling(1 + t // (2 * up), case["cycles"])
        row[:] = [low + part * (high * scale - low) for low, high in zip(case["base_lr"], case["max_lr"], strict=True)]
    return found


comparison(
    "04.2",
    case=draw_peaks,
    run=traces,
    right=lambda case: traces(peaks, case),
    mistakes=(
        Mistake(
            changed(scale_fn=lambda c: lambda cycle: max(0.0, 1 - cycle / c["cycles"])),
            "cycle counted from 0? CyclicLR counts from 1, so the first peak is lowered already",
            "周期从 0 数起？CyclicLR 从 1 数起，所以第一个峰就已经降低了",
        ),
        Mistake(
            changed(scale_fn=lambda c: lambda cycle: max(0.0, 1 - (cycle - 1) / (c["cycles"] - 1))),
            "too steep: cycle number `cycles` still has a height, and the next one has none; divide by cycles",
            "降得太快：第 `cycles` 个周期仍有高度，下一个才没有；应除以 cycles",
        ),
        Mistake(
            changed(scale_fn=lambda c: lambda cycle: max(0.0, 1 - cycle / (c["cycles"] + 1))),
            "the first peak must have its full height; cycle counts from 1, so subtract 1, and divide by cycles",
            "第一个峰应为满高；cycle 从 1 数起，所以应减 1，再除以 cycles",
        ),
        Mistake(
            changed(scale_fn=lambda c: lambda t: falling(t, c["cycles"]), scale_mode=lambda c: "iterations"),
            "scale_fn is given the update, not the cycle; scale_mode='cycle' is what you want",
            "scale_fn 得到的是更新步而不是周期；应当用 scale_mode='cycle'",
        ),
        Mistake(
            scaled_whole,
            "the peak itself is scaled; what falls is its height above base_lr",
            "缩放的是峰值本身；应下降的是它高出 base_lr 的部分",
        ),
        Mistake(
            changed(scale_fn=lambda c: lambda cycle: 1 - (cycle - 1) / c["cycles"]),
            "after the last cycle the factor turns negative, and the learning rate dives below base_lr; stop at 0",
            "最后一个周期之后倍率变负，学习率跌到 base_lr 以下；应止于 0",
        ),
        Mistake(
            changed(scale_fn=lambda c: lambda cycle: 2.0 ** (1 - cycle)),
            "that is triangular2, which halves; these peaks fall in a straight line",
            "这是 triangular2，逐次减半；这里的峰应沿直线下降",
        ),
        Mistake(
            changed(scale_fn=lambda c: None),
            "the peaks do not fall; CyclicLR needs your scale_fn",
            "峰没有下降；要把你的 scale_fn 交给 CyclicLR",
        ),
        Mistake(
            changed(base_lr=lambda c: c["base_lr"][0], max_lr=lambda c: c["max_lr"][0]),
            "group 1 has the rates of group 0; hand over the whole lists",
            "参数组 1 用了参数组 0 的学习率；应把整个列表交给它",
        ),
        Mistake(
            changed(step_size_up=lambda c: c["step_size"] / 2),
            "a cycle of step_size? It takes step_size up, and as many down",
            "整个周期只有 step_size 步？应上升 step_size 步，再下降同样多步",
        ),
        Mistake(
            changed(cycle_momentum=lambda c: False),
            "the momentum stays where it was; it should mirror the learning rate",
            "动量没有动；它应与学习率互为镜像",
        ),
        Mistake(
            changed(base_momentum=lambda c: 0.8, max_momentum=lambda c: 0.9),
            "those are CyclicLR's own momenta; asked for are 0.85 at a full peak and 0.95 in the valley",
            "这是 CyclicLR 默认的动量；要求的是满高峰处 0.85、谷底 0.95",
        ),
        Mistake(
            changed(base_momentum=lambda c: HIGH, max_momentum=lambda c: LOW),
            "the momentum rises with the learning rate; base_momentum is that of the peak, and the lower one",
            "动量随学习率一起上升；base_momentum 是峰值处的动量，是较低的那个",
        ),
    ),
    call="falling_peaks(optimizer, base_lr={base_lr}, max_lr={max_lr}, step_size={step_size}, cycles={cycles})",
    axes=(UPDATE, GROUP),
)


# --- 04.3 What escapes ----------------------------------------------------------------------------------------


def draw_swing(rng: np.random.Generator) -> dict:
    low, high = rng.uniform(0.02, 0.04), rng.uniform(0.06, 0.09)
    t = np.arange(40)
    lrs = (low + high) / 2 + (high - low) / 2 * np.sin(2 * np.pi * t / rng.uniform(12, 30))
    return {
        "lrs": lrs.round(4).tolist(),
        "height": round(rng.uniform(0.4, 0.8), 2),
        "sigma": round(rng.uniform(2.5, 4), 1),
    }


def share(rates: Callable[[np.ndarray, dict], Any]) -> Callable[[dict], np.ndarray]:
    """The share escaped if these are the rates of all updates."""

    def gives(case: dict) -> np.ndarray:
        lrs = np.array(case["lrs"])
        return -np.expm1(-np.cumsum(np.broadcast_to(rates(lrs, case), lrs.shape)))

    return gives


def kramers(lrs: np.ndarray, case: dict, temperature: Callable = lambda eta, sigma: eta * sigma**2 / 2) -> np.ndarray:
    h = case["height"]
    return lrs * h * np.sqrt(32) / (2 * np.pi) * np.exp(-h / temperature(lrs, case["sigma"]))


comparison(
    "04.3",
    case=draw_swing,
    run=lambda answer, case: answer(np.array(case["lrs"]), case["height"], case["sigma"]),
    right=share(lambda lrs, c: cyclic.kramers_rate(lrs, c["height"], c["sigma"])),
    mistakes=(
        Mistake(
            share(lambda lrs, c: kramers(lrs.mean(), c)),
            "the rate of the mean η is not the mean of the rates; add k(η) update by update",
            "平均 η 的逃逸率不等于逃逸率的平均；应逐步累加 k(η)",
        ),
        Mistake(
            lambda c: np.cumsum(kramers(np.array(c["lrs"]), c)),
            "a sum of rates is no share: it passes 1. Who has left cannot leave again: 1 − exp(−sum)",
            "逃逸率之和不是比例，它会超过 1。离开的不能再离开一次：1 − exp(−和)",
        ),
        Mistake(
            lambda c: 1 - np.cumprod(1 - kramers(np.array(c["lrs"]), c)),
            "1 − k is e^(−k) only where k is small; add up k, then take the exponential",
            "只有 k 很小时，1 − k 才等于 e^(−k)；应先累加 k，再取指数",
        ),
        Mistake(
            lambda c: np.exp(-np.cumsum(kramers(np.array(c["lrs"]), c))),
            "that is the share still inside",
            "这是还留在里面的比例",
        ),
        Mistake(
            lambda c: -np.expm1(-kramers(np.array(c["lrs"]), c)),
            "that is what one update lets out; add up all updates so far",
            "这只是一步放走的；应累加到目前为止的所有更新步",
        ),
        Mistake(
            share(lambda lrs, c: kramers(lrs, c) * (np.arange(lrs.size) > 0)),
            "update 0 is missing; the share is that after update t",
            "缺了第 0 步；要的是第 t 步之后的比例",
        ),
        Mistake(
            lambda c: np.concatenate([[0], share(lambda lrs, c: kramers(lrs, c))(c)[:-1]]),
            "one update late? Entry t is the share after update t, which has used η_t",
            "是不是晚了一步？第 t 项是第 t 步之后的比例，那一步已用过 η_t",
        ),
        Mistake(
            share(lambda lrs, c: kramers(lrs, c, lambda eta, sigma: eta * sigma**2)),
            "T = ησ²/2, with the half",
            "T = ησ²/2，别漏了二分之一",
        ),
        Mistake(
            share(lambda lrs, c: kramers(lrs, c, lambda eta, sigma: eta * sigma / 2)),
            "T = ησ²/2, with σ squared",
            "T = ησ²/2，σ 要平方",
        ),
        Mistake(
            share(lambda lrs, c: np.full(lrs.size, kramers(lrs, c).mean())),
            "the mean of k over the whole run; add k up as it comes, update by update",
            "这是整个训练中 k 的平均；应按顺序逐步累加 k",
        ),
        Mistake(
            share(lambda lrs, c: kramers(lrs, c, lambda eta, sigma: -eta * sigma**2 / 2)),
            "the exponent is negative: a higher barrier lets fewer out",
            "指数应为负：势垒越高，逃出的越少",
        ),
        Mistake(
            share(lambda lrs, c: kramers(lrs, c, lambda eta, sigma: c["height"] * eta * sigma**2 / 2)),
            "the exponent is −h/T, with the height h",
            "指数应为 −h/T，别漏了高度 h",
        ),
        Mistake(
            share(lambda lrs, c: kramers(lrs, c) * np.pi**2),
            "`/ 2 * np.pi` multiplies by π; put brackets around 2π",
            "`/ 2 * np.pi` 会乘上 π；请给 2π 加上括号",
        ),
        Mistake(
            share(lambda lrs, c: kramers(lrs, c) / lrs),
            "the mobility is missing: k(η) has a factor η before the exponential",
            "缺了迁移率：k(η) 的指数之前还有因子 η",
        ),
        Mistake(
            share(lambda lrs, c: kramers(lrs, c) / c["height"]),
            "the factor h before the exponential is missing: a higher well is a stiffer one",
            "指数之前缺了因子 h：阱越高，也越陡",
        ),
    ),
    call="share_escaped(lrs, height={height}, sigma={sigma})",
    axes=(TIME,),
)


# --- 04.4 Snapshots -------------------------------------------------------------------------------------------

EXAMPLE, CLASS = Axis(("example {}", "第 {} 个样本"), ("{} examples", "{} 个样本")), Axis(("class {}", "类别 {}"))


def draw_batches(rng: np.random.Generator) -> dict:
    T_0, cycles = int(rng.integers(3, 5)), int(rng.integers(2, 4))
    return {
        "T_0": T_0,
        "cycles": cycles,
        "lr": round(rng.uniform(0.4, 0.8), 2),
        "seed": int(rng.integers(2**31)),
    }


def prepared(case: dict) -> tuple[nn.Module, Optimizer, list[tuple[Tensor, Tensor]], Tensor]:
    """A small network, its optimizer, the batches, and the inputs to predict, in float64."""
    generator = torch.Generator().manual_seed(case["seed"])
    model = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    updates = case["T_0"] * case["cycles"]
    xs = torch.randn((updates, 6, 2), generator=generator, dtype=torch.float64)
    ys = torch.randint(3, (updates, 6), generator=generator)
    x = torch.randn((4, 2), generator=generator, dtype=torch.float64)
    return model, SGD(model.parameters(), lr=case["lr"], momentum=0.9), list(zip(xs, ys, strict=True)), x


def run_snapshots(answer: Callable, case: dict) -> object:
    model, optimizer, batches, x = prepared(case)
    found = answer(model, optimizer, batches, case["T_0"], x)
    return found.detach() if isinstance(found, Tensor) else found


def members(
    case: dict, make: Callable = CosineAnnealingWarmRestarts, keep: Callable[[int, int], bool] | None = None,
    zero: bool = True,
) -> tuple[list[nn.Module], Tensor]:  # fmt: skip
    """The networks kept after those updates t that keep(t, T_0) names: the last of each cycle."""
    keep = keep or (lambda t, T_0: (t + 1) % T_0 == 0)
    model, optimizer, batches, x = prepared(case)
    scheduler, kept = make(optimizer, case["T_0"]), []
    for t, (inputs, targets) in enumerate(batches):
        if zero:
            optimizer.zero_grad()
        with torch.enable_grad():
            nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()
        if keep(t, case["T_0"]):
            kept.append(copy.deepcopy(model))
    return kept, x


@torch.no_grad()
def said(kept: list[nn.Module], x: Tensor) -> Tensor:
    """Mean of what they say."""
    return torch.stack([model(x).softmax(-1) for model in kept]).mean(0)


@torch.no_grad()
def mean_logits(case: dict) -> Tensor:
    kept, x = members(case)
    return torch.stack([model(x) for model in kept]).mean(0).softmax(-1)


@torch.no_grad()
def mean_weights(case: dict) -> Tensor:
    kept, x = members(case)
    for parameter, *others in zip(*(model.parameters() for model in kept), strict=True):
        parameter.copy_(torch.stack([parameter, *others]).mean(0))
    return kept[0](x).softmax(-1)


def votes(case: dict) -> Tensor:
    kept, x = members(case)
    return torch.stack([nn.functional.one_hot(model(x).argmax(-1), 3).double() for model in kept]).mean(0)


@torch.no_grad()
def across_examples(case: dict) -> Tensor:
    kept, x = members(case)
    return torch.stack([model(x).softmax(0) for model in kept]).mean(0)


def once_a_cycle(optimizer: Optimizer, T_0: int) -> LambdaLR:
    return LambdaLR(optimizer, lambda t: (1 + np.cos(np.pi * (t // T_0 % T_0) / T_0)) / 2)


def last_only(case: dict) -> Tensor:
    kept, x = members(case)
    return said(kept[-1:], x)


def constant(optimizer: Optimizer, T_0: int) -> LambdaLR:
    return LambdaLR(optimizer, lambda t: 1.0)


comparison(
    "04.4",
    case=draw_batches,
    run=run_snapshots,
    right=lambda case: said(*members(case)),
    mistakes=(
        Mistake(
            last_only,
            "this is what the last network says alone. A `state_dict` or a model that is kept without a copy goes on "
            "training",
            "这只是最后那个网络的输出。没有复制就保存的 `state_dict` 或模型，会继续被训练",
        ),
        Mistake(
            mean_logits,
            "the outputs were averaged before the softmax; average probabilities",
            "先平均了输出再做 softmax；应平均概率",
        ),
        Mistake(
            mean_weights,
            "the weights were averaged; average what the networks say",
            "平均的是权重；应平均各网络的输出概率",
        ),
        Mistake(
            votes,
            "these are votes; average the probabilities themselves",
            "这是投票；应平均概率本身",
        ),
        Mistake(
            lambda case: said(*members(case)) * case["cycles"],
            "a sum; divide by the number of members, so that each row sums to 1",
            "这是求和；应除以成员数，使每行之和为 1",
        ),
        Mistake(
            lambda case: said(*members(case, keep=lambda t, T_0: t % T_0 == 0)),
            "kept after updates 0, T_0, …, just reheated; a cycle's last update is T_0 − 1, 2·T_0 − 1, …",
            "在第 0、T_0、…… 步之后留下，刚刚重新加热；周期的最后一步是 T_0 − 1、2·T_0 − 1、……",
        ),
        Mistake(
            lambda case: said(*members(case, keep=lambda t, T_0: (t + 1) % T_0 == 0 and t + 1 < T_0 * case["cycles"])),
            "the last cycle's network is missing",
            "缺少最后一个周期的网络",
        ),
        Mistake(
            lambda case: said(*members(case, keep=lambda t, T_0: True)),
            "one network an update; keep only the last of each cycle",
            "每步留了一个网络；应只留每个周期的最后一个",
        ),
        Mistake(
            lambda case: said(*members(case, make=constant)),
            "the learning rate never changes: is `scheduler.step()` called after each update?",
            "学习率一直不变：每个更新步之后调用 `scheduler.step()` 了吗？",
        ),
        Mistake(
            lambda case: said(*members(case, make=once_a_cycle)),
            "the learning rate moves only once a cycle: call `scheduler.step()` after each update",
            "学习率每个周期才变一次：应在每个更新步之后调用 `scheduler.step()`",
        ),
        Mistake(
            lambda case: said(*members(case, zero=False)),
            "gradients pile up: is `optimizer.zero_grad()` called before each `backward()`?",
            "梯度一直在累积：每次 `backward()` 之前调用 `optimizer.zero_grad()` 了吗？",
        ),
        Mistake(
            across_examples,
            "softmax ran over the examples; it is the classes of one example that sum to 1",
            "softmax 沿样本做了；应使每个样本的各类别之和为 1",
        ),
        Mistake(
            lambda case: said(*members(case, make=CosineAnnealingLR)),
            "CosineAnnealingLR climbs back slowly; CosineAnnealingWarmRestarts jumps",
            "CosineAnnealingLR 是慢慢回升；CosineAnnealingWarmRestarts 才会跳回",
        ),
    ),
    call="snapshots(model, optimizer, batches, T_0={T_0}, x)",
    axes=(EXAMPLE, CLASS),
    cases=2,
)
