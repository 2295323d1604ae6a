"""Checks of section 02: curves of schedulers, half-life, milestones, warm restarts, plateau, one-cycle."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from .. import curves
from ..schedulers import build, record
from ..words import say
from .compare import EPOCH, GROUP, TIME, UPDATE, Comparison, Mistake, comparison
from .exercise import exercise
from .loops import new_optimizer, train

# --- 02.1 Curves of different schedulers -----------------------------------------------------------------


def draw_schedulers(rng: np.random.Generator) -> dict:
    epochs = int(rng.integers(12, 25))
    return {
        "epochs": epochs,
        "lrs": rng.uniform(0.01, 0.5, size=rng.integers(2, 4)).round(3).tolist(),
        "schedulers": {
            "StepLR": {"step_size": int(rng.integers(3, 7)), "gamma": round(rng.uniform(0.3, 0.7), 2)},
            "ExponentialLR": {"gamma": round(rng.uniform(0.7, 0.95), 2)},
            "CosineAnnealingLR": {"T_max": epochs},
        },
    }


def makers(case: dict) -> dict[str, Callable[[Optimizer], LRScheduler]]:
    return {name: build(name, **kwargs) for name, kwargs in case["schedulers"].items()}


def all_curves(case: dict, more: int = 0) -> dict[str, np.ndarray]:
    """The curve of each scheduler, over *more* epochs than asked for."""
    return {name: record(make, case["epochs"] + more, lr=case["lrs"]) for name, make in makers(case).items()}


def on_one_optimizer(case: dict) -> dict[str, list]:
    shared = new_optimizer(case["lrs"])
    return {name: train(shared, make(shared), case["epochs"]) for name, make in makers(case).items()}


def on_one_optimizer_at_once(case: dict) -> dict[str, list]:
    shared = new_optimizer(case["lrs"])
    built = {name: make(shared) for name, make in makers(case).items()}
    return {name: train(shared, scheduler, case["epochs"]) for name, scheduler in built.items()}


def run_curves(answer: Callable, case: dict) -> dict:
    """The curves, and in which order optimizers (o) and schedulers (s) were stepped."""
    order: list[str] = []

    def watched_optimizer() -> Optimizer:
        optimizer = new_optimizer(case["lrs"])
        optimizer.register_step_post_hook(lambda *_: order.append("o"))
        return optimizer

    def watched(make: Callable[[Optimizer], LRScheduler]) -> Callable[[Optimizer], LRScheduler]:
        def make_watched(optimizer: Optimizer) -> LRScheduler:
            scheduler = make(optimizer)
            step = scheduler.step

            def noted() -> None:
                order.append("s")
                step()

            scheduler.step = noted  # type: ignore[method-assign, assignment]  # of this one scheduler
            return scheduler

        return make_watched

    with warnings.catch_warnings(action="ignore"):  # torch's warning of the order, which the judge words itself
        found = answer(watched_optimizer, {name: watched(make) for name, make in makers(case).items()}, case["epochs"])
    return {"curves": found, "order": "".join(order)}


SHARED = (
    "this is what schedulers give that share one optimizer; call `new_optimizer()` for each",
    "多个调度器共用一个优化器就会得到这样的曲线；请为每个调度器各调用一次 `new_optimizer()`",
)
CURVES = Comparison(
    case=draw_schedulers,
    run=run_curves,
    right=all_curves,
    mistakes=(
        Mistake(
            lambda case: {name: curve[1:] for name, curve in all_curves(case, 1).items()},
            "recorded after `scheduler.step()`? Epoch 0 uses the learning rate before it",
            "是不是在 `scheduler.step()` 之后才记录？第 0 轮用的是它之前的学习率",
        ),
        Mistake(
            lambda case: all_curves(case, 1),
            "the last one is a learning rate that no epoch uses; record once an epoch",
            "最后一个学习率没有任何一轮用到；每轮只记录一次",
        ),
        Mistake(
            lambda case: {name: curve[:, 0] for name, curve in all_curves(case).items()},
            "only param group 0? Record all of `optimizer.param_groups`",
            "是不是只记录了参数组 0？请记录 `optimizer.param_groups` 中的每一组",
        ),
        Mistake(
            lambda case: {name: curve.T for name, curve in all_curves(case).items()},
            "one row an epoch, one column a param group; yours lies on its side",
            "每行是一轮，每列是一个参数组；你的数组行列颠倒了",
        ),
        Mistake(
            lambda case: {name: curve[:1].repeat(len(curve), 0) for name, curve in all_curves(case).items()},
            "it never changes; is `scheduler.step()` called at the end of each epoch?",
            "学习率一直不变；每轮结束时调用 `scheduler.step()` 了吗？",
        ),
        Mistake(on_one_optimizer, *SHARED),
        Mistake(on_one_optimizer_at_once, *SHARED),
    ),
    axes=(EPOCH, GROUP),
    cases=1,
)


@exercise(
    "02.1",
    draw=CURVES.draw,
    probe=CURVES.probe,
    credit=lambda cases, seen: CURVES.credit(cases, [found["curves"] for found in seen]),
)
def judge_curves(cases: list[dict], seen: list[dict]) -> str | None:
    for found in seen:
        order = found["order"]
        if any(order.count("o", 0, at) < order.count("s", 0, at + 1) for at in range(len(order))):
            return say(
                "a scheduler was stepped before its optimizer: `optimizer.step()` first, then `scheduler.step()`, "
                "or epoch 0 trains with the learning rate of epoch 1",
                "调度器先于优化器执行了 step：应先 `optimizer.step()`，再 `scheduler.step()`，"
                "否则第 0 轮用的是第 1 轮的学习率",
            )
    return CURVES.judge(cases, [found["curves"] for found in seen])


# --- 02.2 Half-life --------------------------------------------------------------------------------------

comparison(
    "02.2",
    case=lambda rng: {"half_life": int(rng.integers(3, 30))},
    run=lambda answer, case: answer(case["half_life"]),
    right=lambda case: 0.5 ** (1 / case["half_life"]),
    mistakes=(
        Mistake(
            lambda case: math.exp(-1 / case["half_life"]),
            "that leaves 1/e after a half-life, not 1/2",
            "这样经过一个半衰期后剩下 1/e，而不是 1/2",
        ),
        Mistake(
            lambda case: 1 - 0.5 / case["half_life"],
            "decay multiplies: taking the same share of the first value away each epoch is a straight line",
            "衰减是连乘：每轮减去初始值的同一份额，得到的是直线",
        ),
        Mistake(
            lambda case: 0.5 / case["half_life"],
            "more than half is gone after a single epoch; γ multiplies `half_life` times",
            "这样仅一轮就不止减半了；γ 要连乘 `half_life` 次",
        ),
        Mistake(
            lambda case: 0.5 ** case["half_life"],
            "that is what is left after half_life halvings; γ is the factor of one epoch",
            "这是减半 half_life 次之后剩下的；γ 是一轮的因子",
        ),
        Mistake(
            lambda case: 2 ** (1 / case["half_life"]),
            "γ > 1 grows; that is a doubling time",
            "γ > 1 会增长；这是倍增时间",
        ),
        Mistake(
            lambda case: math.log(2) / case["half_life"],
            "that is the decay constant λ; γ = exp(−λ)",
            "这是衰变常数 λ；γ = exp(−λ)",
        ),
    ),
    call="gamma_for({half_life})",
)


# --- 02.3 Milestones -------------------------------------------------------------------------------------


def draw_milestones(rng: np.random.Generator) -> dict:
    milestones = rng.integers(2, 7, size=3).cumsum().tolist()
    return {
        "lr": round(rng.uniform(0.1, 1), 2),
        "milestones": sorted([*milestones, milestones[rng.integers(3)]]),
        "gamma": round(rng.uniform(0.2, 0.7), 2),
        "epochs": milestones[-1] + 3,
    }


def over_epochs(lr_at: Callable[[int, dict], float]) -> Callable[[dict], list[float]]:
    """The trace of a function of t over a case's epochs."""
    return lambda case: [lr_at(t, case) for t in range(case["epochs"])]


def passed(t: int, case: dict) -> int:
    return sum(t >= milestone for milestone in case["milestones"])


comparison(
    "02.3",
    case=draw_milestones,
    run=lambda answer, case: [
        answer(t, lr=case["lr"], milestones=list(case["milestones"]), gamma=case["gamma"])
        for t in range(case["epochs"])
    ],
    right=lambda case: record(
        build("MultiStepLR", milestones=case["milestones"], gamma=case["gamma"]), case["epochs"], lr=case["lr"]
    ),
    mistakes=(
        Mistake(
            over_epochs(lambda t, c: c["lr"] * c["gamma"] ** sum(t > m for m in c["milestones"])),
            "one epoch late? The milestone's own epoch is already lower",
            "是不是晚了一轮？到达里程碑的那一轮就已降低",
        ),
        Mistake(
            over_epochs(lambda t, c: c["lr"] * c["gamma"] ** passed(t + 1, c)),
            "one epoch early? The milestone's own epoch is the first that is lower",
            "是不是早了一轮？从里程碑那一轮起才降低",
        ),
        Mistake(
            over_epochs(lambda t, c: c["lr"] * c["gamma"] ** sum(t >= m for m in set(c["milestones"]))),
            "a milestone that is listed twice counts twice",
            "列出两次的里程碑要算两次",
        ),
        Mistake(
            over_epochs(lambda t, c: c["lr"] * (c["gamma"] if t in c["milestones"] else 1)),
            "back up again? The learning rate stays low after a milestone",
            "怎么又升回去了？过了里程碑，学习率就一直保持较低的值",
        ),
        Mistake(
            over_epochs(lambda t, c: c["lr"] * (c["gamma"] if passed(t, c) else 1)),
            "only the first milestone acts; each one multiplies by gamma again",
            "只有第一个里程碑起了作用；每个里程碑都要再乘一次 gamma",
        ),
        Mistake(
            over_epochs(lambda t, c: c["lr"] * (1 - c["gamma"]) ** passed(t, c)),
            "gamma is the share that stays, not the share that goes",
            "gamma 是留下的比例，不是去掉的比例",
        ),
        Mistake(
            over_epochs(lambda t, c: c["lr"] * c["gamma"] ** (t // c["milestones"][0])),
            "that repeats the first interval, as StepLR does; milestones are epochs, not lengths",
            "这是 StepLR，按第一段的长度反复降低；里程碑是轮的编号，不是间隔",
        ),
    ),
    call="multi_step(t, lr={lr}, milestones={milestones}, gamma={gamma})",
    axes=(TIME,),
)


# --- 02.4 Warm restarts ----------------------------------------------------------------------------------


def draw_restarts(rng: np.random.Generator) -> dict:
    return {
        "lr": round(rng.uniform(0.2, 1), 2),
        "T_0": int(rng.integers(3, 7)),
        "T_mult": int(rng.integers(1, 4)),
        "eta_min": round(rng.uniform(0.01, 0.1), 3),
        "epochs": 60,
    }


def cycle(t: int, case: dict, grow: Callable[[int, int], int] | None = None) -> tuple[int, int, int]:
    """Which cycle *t* falls in, how far into it, and its length; cycle i has length T_0 · T_mult**i, or grow(i, T)."""
    i, length = 0, case["T_0"]
    while t >= length:
        t, i = t - length, i + 1
        length = grow(i, length) if grow else length * case["T_mult"]
    return i, t, length


def cooled(part: float, case: dict, *, top: float = 1.0) -> float:
    """The cosine from lr·top at part = 0 to eta_min at part = 1."""
    low = case["eta_min"]
    return low + (case["lr"] * top - low) * (1 + math.cos(math.pi * part)) / 2


def restarts(t: int, case: dict, *, grow: Callable | None = None, top: float = 1.0) -> float:
    i, now, length = cycle(t, case, grow)
    return cooled(now / length, case, top=top**i)


def wave(t: int, case: dict, factor: float = 1.0) -> float:
    """(1 + cos(π · factor · part of the cycle)) / 2"""
    _, now, length = cycle(t, case)
    return (1 + math.cos(math.pi * factor * now / length)) / 2


comparison(
    "02.4",
    case=draw_restarts,
    run=lambda answer, case: [
        answer(t, lr=case["lr"], T_0=case["T_0"], T_mult=case["T_mult"], eta_min=case["eta_min"])
        for t in range(case["epochs"])
    ],
    right=lambda case: record(
        build("CosineAnnealingWarmRestarts", T_0=case["T_0"], T_mult=case["T_mult"], eta_min=case["eta_min"]),
        case["epochs"],
        lr=case["lr"],
    ),
    mistakes=(
        Mistake(
            over_epochs(lambda t, c: cooled(t / c["T_0"], c)),
            "no restart: past T_0 the cosine climbs back slowly instead of jumping",
            "没有重启：过了 T_0，余弦只是慢慢回升，而不是跳回顶端",
        ),
        Mistake(
            over_epochs(lambda t, c: cooled(min(t / c["T_0"], 1), c)),
            "no restart: it stays at eta_min",
            "没有重启：一直停在 eta_min",
        ),
        Mistake(
            over_epochs(lambda t, c: restarts(t, c, grow=lambda i, length: length)),
            "every cycle has the length T_0; T_mult makes each longer than the one before",
            "每个周期的长度都是 T_0；有了 T_mult，后一个周期应比前一个更长",
        ),
        Mistake(
            over_epochs(lambda t, c: restarts(t, c, grow=lambda i, length: c["T_0"] * c["T_mult"] * i)),
            "the lengths grow by steps; multiply the length before: T_0, T_0·T_mult, T_0·T_mult²",
            "周期长度在逐次相加；应由前一个长度相乘：T_0、T_0·T_mult、T_0·T_mult²",
        ),
        Mistake(
            over_epochs(lambda t, c: c["eta_min"] + (c["lr"] - c["eta_min"]) * wave(t, c, 2)),
            "the learning rate goes down and up again within a cycle; half a cosine, π and not 2π, goes only down",
            "学习率在一个周期里先降后升；应只用半个余弦，用 π 而不是 2π",
        ),
        Mistake(
            over_epochs(lambda t, c: c["lr"] * wave(t, c)),
            "it falls towards 0; the floor is eta_min",
            "它在降向 0；下限应是 eta_min",
        ),
        Mistake(
            over_epochs(lambda t, c: c["eta_min"] + c["lr"] * wave(t, c)),
            "the peak is lr + eta_min; what falls is lr − eta_min",
            "峰值成了 lr + eta_min；下降的那一段应是 lr − eta_min",
        ),
        Mistake(
            over_epochs(lambda t, c: max(c["eta_min"], c["lr"] * wave(t, c))),
            "the cosine is cut off at eta_min; squeeze it between eta_min and lr instead",
            "余弦在 eta_min 处被截断；应把它压缩到 eta_min 与 lr 之间",
        ),
        Mistake(
            over_epochs(lambda t, c: restarts(t, c, top=0.5)),
            "the peaks shrink; each restart goes all the way back to lr",
            "峰值越来越低；每次重启都应完全回到 lr",
        ),
    ),
    call="warm_restarts(t, lr={lr}, T_0={T_0}, T_mult={T_mult}, eta_min={eta_min})",
    axes=(TIME,),
)


# --- 02.5 A controller -----------------------------------------------------------------------------------


def draw_metrics(rng: np.random.Generator) -> dict:
    lr, factor = round(rng.uniform(0.1, 1), 2), round(rng.uniform(0.3, 0.6), 2)
    progress = 1 - np.exp(-np.arange(40) / rng.uniform(5, 15))
    noisy = 0.2 + 0.6 * progress + rng.normal(0, 0.04, 40)
    mode = str(rng.choice(["min", "max"]))
    return {
        "lr": lr,
        "mode": mode,
        "factor": factor,
        "patience": int(rng.integers(1, 4)),
        "threshold": round(rng.uniform(0.01, 0.05), 3),
        "cooldown": int(rng.integers(0, 4)),
        "min_lr": round(lr * factor**3 * 1.3, 4),
        "metrics": (noisy if mode == "max" else 1.2 - noisy).round(3).tolist(),
    }


def plateau_in_torch(case: dict) -> np.ndarray:
    """After each metric, the learning rate of the epoch that follows."""
    arguments = {key: value for key, value in case.items() if key not in ("lr", "metrics")}
    make, metrics = build("ReduceLROnPlateau", **arguments), case["metrics"]
    return record(make, len(metrics) + 1, lr=case["lr"], metric=metrics)[1:]


def plateau(
    case: dict,
    *,
    best_is_last: bool = False,
    total: bool = False,
    counts_on: bool = False,
    counts_while_cooling: bool = False,
    blind_while_cooling: bool = False,
    removes: bool = False,
    **changed: Any,
) -> list[float]:
    """The controller, with one fault or none; *changed* replaces arguments of the case."""
    case = case | changed
    sign = 1 if case["mode"] == "min" else -1
    lr, best, bad, cooling, trace = case["lr"], sign * math.inf, 0, 0, []
    for metric in case["metrics"]:
        if not (blind_while_cooling and cooling):
            better = sign * metric < sign * best * (1 - sign * case["threshold"]) if math.isfinite(best) else True
            if better:
                best, bad = metric, bad if total else 0
            else:
                bad += 1
            if best_is_last:
                best = metric
        may_cut = not cooling
        if cooling:
            cooling, bad = cooling - 1, bad if counts_while_cooling else 0
        if may_cut and bad > case["patience"]:
            lr = max(lr * (1 - case["factor"] if removes else case["factor"]), case["min_lr"])
            cooling, bad = case["cooldown"], bad if counts_on else 0
        trace.append(lr)
    return trace


comparison(
    "02.5",
    case=draw_metrics,
    run=lambda answer, case: list(
        map(answer(**{key: value for key, value in case.items() if key != "metrics"}).step, case["metrics"])
    ),
    right=plateau_in_torch,
    mistakes=(
        Mistake(
            lambda case: plateau(case, patience=case["patience"] - 1),
            "cut one epoch early? `patience` bad epochs are still borne, the next one cuts",
            "是不是早降了一轮？要先容忍 `patience` 个坏轮，再来一个才降低",
        ),
        Mistake(
            lambda case: plateau(case, patience=case["patience"] + 1),
            "cut one epoch late? The first bad epoch beyond `patience` cuts",
            "是不是晚降了一轮？超出 `patience` 的第一个坏轮就要降低",
        ),
        Mistake(
            lambda case: plateau(case, best_is_last=True),
            "compared with the epoch before? Compare with the best so far",
            "是不是与上一轮比较了？应与迄今最好的一轮比较",
        ),
        Mistake(
            lambda case: plateau(case, mode="min"),
            "with mode='max', larger is better",
            "mode='max' 时，越大越好",
        ),
        Mistake(
            lambda case: plateau(case, counts_on=True),
            "it goes on cutting; after a cut the bad epochs are counted from 0 again",
            "降低之后仍在接连降低；降低后坏轮数应重新从 0 计",
        ),
        Mistake(
            lambda case: plateau(case, total=True),
            "bad epochs have to come in a row; a better one sets their count back to 0",
            "坏轮必须是连续的；出现更好的一轮，计数就应归零",
        ),
        Mistake(
            lambda case: plateau(case, cooldown=0),
            "no cooldown? After a cut, bad epochs do not count for `cooldown` epochs",
            "没有冷却期？降低之后的 `cooldown` 轮内，坏轮不计数",
        ),
        Mistake(
            lambda case: plateau(case, counts_while_cooling=True),
            "bad epochs within the cooldown were counted; it sets their count back to 0",
            "冷却期内的坏轮被计数了；冷却期内计数应保持为 0",
        ),
        Mistake(
            lambda case: plateau(case, blind_while_cooling=True),
            "a better metric within the cooldown was missed; only the counting stops, the best is still kept",
            "漏掉了冷却期内更好的指标；停下的只是计数，最好值仍要更新",
        ),
        Mistake(
            lambda case: plateau(case, threshold=0.0),
            "better by less than `threshold` does not count as better",
            "改善不到 `threshold` 不算变好",
        ),
        Mistake(
            lambda case: plateau(case, min_lr=0.0),
            "below min_lr; that is the floor",
            "低于 min_lr 了；它是下限",
        ),
        Mistake(
            lambda case: plateau(case, removes=True),
            "factor is the share that stays, not the share that goes",
            "factor 是留下的比例，不是去掉的比例",
        ),
    ),
    call="Plateau(lr={lr}, mode={mode!r}, factor={factor}, patience={patience}, threshold={threshold}, "
    "cooldown={cooldown}, min_lr={min_lr})",
    axes=(EPOCH,),
    cases=8,
)


# --- 02.6 How many updates -------------------------------------------------------------------------------


def draw_run(rng: np.random.Generator) -> dict:
    return {
        "samples": int(rng.integers(90, 250)),
        "batch_size": int(rng.choice([8, 12, 16])),
        "accumulate": int(rng.integers(2, 5)),
        "epochs": int(rng.integers(3, 6)),
        "max_lr": rng.uniform(0.1, 1, 2).round(2).tolist(),
    }


def updates(case: dict) -> int:
    return case["epochs"] * math.ceil(math.ceil(case["samples"] / case["batch_size"]) / case["accumulate"])


def run_one_cycle(answer: Callable, case: dict) -> list | None:
    optimizer = new_optimizer([0.1] * len(case["max_lr"]))
    scheduler = answer(optimizer, **case)
    return train(optimizer, scheduler, updates(case))


def counted(total: Callable[[dict], int]) -> Callable[[dict], np.ndarray]:
    """What comes of taking this for the number of updates; one step beyond it torch refuses."""

    def gives(case: dict) -> np.ndarray:
        t = np.arange(min(updates(case), total(case) + 1))
        groups = [curves.one_cycle_lr(0.1, max_lr, total_steps=total(case)) for max_lr in case["max_lr"]]
        return np.stack([group(t) for group in groups], axis=1)

    return gives


comparison(
    "02.6",
    case=draw_run,
    run=run_one_cycle,
    right=lambda case: record(
        build("OneCycleLR", max_lr=case["max_lr"], total_steps=updates(case)),
        updates(case),
        lr=[0.1] * len(case["max_lr"]),
    ),
    mistakes=(
        Mistake(
            counted(lambda c: c["epochs"]),
            "total_steps counted in epochs? OneCycleLR is stepped at every update",
            "total_steps 是按轮计的吗？OneCycleLR 每次更新都要 step",
        ),
        Mistake(
            counted(lambda c: updates(c) // c["epochs"]),
            "total_steps is one epoch's; the cycle spans the whole run",
            "total_steps 只够一轮；整个训练只有一个周期",
        ),
        Mistake(
            counted(lambda c: c["epochs"] * math.ceil(c["samples"] / c["batch_size"])),
            "batches counted, not updates; there is one update for `accumulate` batches",
            "数的是批次，不是更新；每 `accumulate` 个批次才更新一次",
        ),
        Mistake(
            counted(lambda c: c["epochs"] * math.ceil(c["samples"] // c["batch_size"] / c["accumulate"])),
            "rounded down? The last, smaller batch of an epoch is a batch too",
            "是不是向下取整了？每轮最后那个较小的批次也算一个批次",
        ),
        Mistake(
            counted(lambda c: c["epochs"] * (math.ceil(c["samples"] / c["batch_size"]) // c["accumulate"])),
            "rounded down? The batches left over at the end of an epoch make an update too",
            "是不是向下取整了？每轮末尾剩下的批次也要更新一次",
        ),
        Mistake(
            counted(lambda c: c["epochs"] * (c["samples"] // c["batch_size"] // c["accumulate"])),
            "rounded down, and twice? What is left over makes a batch, and an update",
            "是不是两次都向下取整了？剩下的样本也成一批，剩下的批次也更新一次",
        ),
        Mistake(
            counted(lambda c: math.ceil(c["epochs"] * math.ceil(c["samples"] / c["batch_size"]) / c["accumulate"])),
            "round up within the epoch: the batches left over at its end make an update too",
            "应在每一轮内向上取整：每轮末尾剩下的批次也要更新一次",
        ),
        Mistake(
            counted(lambda c: c["epochs"] * c["samples"]),
            "samples counted; an update takes `batch_size` · `accumulate` of them",
            "数的是样本；一次更新要用掉 `batch_size` · `accumulate` 个样本",
        ),
    ),
    call="one_cycle(optimizer, samples={samples}, batch_size={batch_size}, accumulate={accumulate}, "
    "epochs={epochs}, max_lr={max_lr})",
    axes=(UPDATE, GROUP),
    cases=5,
)
