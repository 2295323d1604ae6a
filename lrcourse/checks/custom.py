"""Checks of section 05: simulated annealing, warm-up and hold and decay, a branch of a run, a schedule of one's own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import LRScheduler

from ..physics import sure
from ..training import mnist1d, standard_error, sweep
from ..words import say
from .compare import EPOCH, GROUP, TIME, UPDATE, Mistake, comparison, numbers
from .exercise import NotYet, exercise
from .loops import new_optimizer, train
from .schedulers import over_epochs

# --- 05.1 Simulated annealing ----------------------------------------------------------------------------


def draw_annealing(rng: np.random.Generator) -> dict:
    return {
        "lrs": rng.uniform(0.02, 0.5, size=rng.integers(2, 4)).round(3).tolist(),
        "T0": round(rng.uniform(1.2, 2), 2),
        "T_min": round(rng.uniform(0.05, 0.15), 3),
        "alpha": round(rng.uniform(0.7, 0.85), 2),
        "epochs": 24,
        "resume": int(rng.integers(3, 7)),
    }


def run_annealing(answer: tuple, case: dict) -> dict:
    """The function's values, and the learning rates of a run and of one that is saved and resumed."""
    function, scheduler_class = answer
    arguments = {key: case[key] for key in ("T0", "T_min", "alpha")}

    def build() -> tuple[Any, Any]:
        optimizer = new_optimizer(case["lrs"])
        try:
            scheduler = scheduler_class(optimizer, **arguments)
        except TypeError as error:
            if "object is not iterable" not in str(error):
                raise
            raise NotYet(say(
                "get_lr has to return a list, with one learning rate for each param group",
                "get_lr 要返回一个列表，每个参数组一个学习率",
            )) from None  # fmt: skip
        if not isinstance(scheduler, LRScheduler):
            raise NotYet(say(
                "AnnealingLR is no torch scheduler; write `class AnnealingLR(LRScheduler)` and call "
                "`super().__init__(optimizer, last_epoch)`",
                "AnnealingLR 不是 torch 的调度器；请写 `class AnnealingLR(LRScheduler)`，并调用 "
                "`super().__init__(optimizer, last_epoch)`",
            ))  # fmt: skip
        return optimizer, scheduler

    first = build()
    before = train(*first, case["resume"])
    second = build()
    for old, new in zip(first, second, strict=True):
        new.load_state_dict(old.state_dict())
    return {
        "temperature": [function(t, **arguments) for t in range(case["epochs"])],
        "AnnealingLR": train(*build(), case["epochs"]),
        "AnnealingLR.load_state_dict": before + train(*second, case["epochs"] - case["resume"]),
    }


def temperatures(case: dict, shift: int = 0, **others: float) -> np.ndarray:
    """What the temperature is, *shift* epochs later, or with other values of T0, T_min and alpha."""
    case = case | others
    t = np.maximum(np.arange(case["epochs"]) + shift, 0)
    return np.maximum(case["T_min"], case["T0"] * case["alpha"] ** t)


def annealed(case: dict, temperature: np.ndarray | None = None, lrs: np.ndarray | None = None, **parts) -> dict:
    """The three traces: of a temperature, of learning rates that belong to it, resumed as they were."""
    temperature = temperatures(case) if temperature is None else temperature
    lrs = np.outer(temperature, case["lrs"]) if lrs is None else lrs
    return {"temperature": temperature, "AnnealingLR": lrs, "AnnealingLR.load_state_dict": lrs} | parts


def only_group_0(case: dict) -> dict:
    lrs = np.tile(np.array(case["lrs"]), (case["epochs"], 1))
    lrs[:, 0] *= temperatures(case)
    return annealed(case, lrs=lrs)


def lost_place(case: dict) -> dict:
    lrs, k = np.outer(temperatures(case), case["lrs"]), case["resume"]
    return annealed(case, **{"AnnealingLR.load_state_dict": np.vstack([lrs[: k + 1], lrs[1 : case["epochs"] - k]])})


def without_floor(case: dict) -> np.ndarray:
    return case["T0"] * case["alpha"] ** np.arange(case["epochs"])


def without_T0(case: dict) -> np.ndarray:
    return np.maximum(case["T_min"], without_floor(case) / case["T0"])


def in_equal_steps(case: dict) -> np.ndarray:
    return np.maximum(case["T_min"], case["T0"] * (1 - (1 - case["alpha"]) * np.arange(case["epochs"])))


DEFAULTS: dict[str, Any] = {"T0": 1.0, "T_min": 0.01, "alpha": 0.99}


comparison(
    "05.1",
    case=draw_annealing,
    run=run_annealing,
    right=annealed,
    mistakes=(
        Mistake(
            only_group_0,
            "only param group 0 cools; `get_lr` returns one learning rate for each of `self.base_lrs`",
            "只有参数组 0 在降温；`get_lr` 要为 `self.base_lrs` 中的每一个返回一个学习率",
        ),
        Mistake(
            lambda case: annealed(case, temperatures(case, 1)),
            "one epoch early; epoch 0 has the temperature T0",
            "早了一轮；第 0 轮的温度是 T0",
        ),
        Mistake(
            lambda case: annealed(case, temperatures(case, -1)),
            "one epoch late; epoch 1 is already cooled by alpha",
            "晚了一轮；第 1 轮就已乘上 alpha",
        ),
        Mistake(
            lambda case: annealed(case, lrs=np.outer(temperatures(case, 1), case["lrs"])),
            "the scheduler is one epoch early; `self.last_epoch` is 0 when epoch 0 is set",
            "调度器早了一轮；设定第 0 轮时，`self.last_epoch` 为 0",
        ),
        Mistake(
            lambda case: annealed(case, without_floor(case)),
            "it cools below T_min; that is the floor",
            "降到 T_min 以下了；它是下限",
        ),
        Mistake(
            lambda case: annealed(case, lrs=np.outer(without_floor(case), case["lrs"])),
            "the scheduler cools below T_min; does it pass it on?",
            "调度器降到 T_min 以下了；把它传下去了吗？",
        ),
        Mistake(
            lambda case: annealed(case, np.minimum(case["T_min"], without_floor(case))),
            "`min` takes the lower of the two; a floor needs `max`",
            "`min` 取的是两者中较低的；下限要用 `max`",
        ),
        Mistake(
            lambda case: annealed(case, case["T0"] * without_T0(case)),
            "the floor is T_min itself, not a share of T0",
            "下限就是 T_min 本身，而不是 T0 的一个比例",
        ),
        Mistake(
            lambda case: annealed(case, case["T_min"] + (1 - case["T_min"] / case["T0"]) * without_floor(case)),
            "it comes down to T_min only in the end; the floor cuts off what lies below, and changes nothing above",
            "它只是最后才趋近 T_min；下限应当只截掉低于它的部分，高于它的不变",
        ),
        Mistake(
            lambda case: annealed(case, in_equal_steps(case)),
            "it cools by equal steps; each epoch *multiplies* by alpha",
            "这是每轮减去同样多；每一轮应当*乘以* alpha",
        ),
        Mistake(
            lambda case: annealed(case, without_T0(case)),
            "T0 is missing: epoch 0 has the temperature T0",
            "漏了 T0：第 0 轮的温度是 T0",
        ),
        Mistake(
            lambda case: annealed(case, lrs=np.outer(without_T0(case), case["lrs"])),
            "the scheduler leaves out T0: its first learning rate is the base times T0",
            "调度器漏了 T0：首个学习率是基准学习率乘以 T0",
        ),
        Mistake(
            lambda case: annealed(case, lrs=np.outer(temperatures(case, **DEFAULTS), case["lrs"])),
            "the scheduler cools by the default values; hand `self.T0, self.T_min, self.alpha` on to `temperature`",
            "调度器用的是默认值；请把 `self.T0, self.T_min, self.alpha` 传给 `temperature`",
        ),
        Mistake(
            lambda case: annealed(case, lrs=np.maximum(case["T_min"], np.outer(without_floor(case), case["lrs"]))),
            "the floor was put under the learning rate; it belongs under the temperature, and then the base multiplies",
            "下限加在了学习率上；它应当加在温度上，然后再乘基准学习率",
        ),
        Mistake(
            lambda case: annealed(case, lrs=np.outer(np.cumprod(temperatures(case)), case["lrs"])),
            "the current learning rate was multiplied, so the factors pile up; multiply the base learning rate, "
            "`self.base_lrs`",
            "乘的是当前学习率，因子层层累积；应乘基准学习率 `self.base_lrs`",
        ),
        Mistake(
            lost_place,
            "it loses its place: after loading it begins at epoch 0 again; `state_dict` has to hold `last_epoch`",
            "续训后找不到自己的位置：载入之后又从第 0 轮开始；`state_dict` 必须包含 `last_epoch`",
        ),
        Mistake(
            lambda case: annealed(case, lrs=np.outer(temperatures(case), np.ones(len(case["lrs"])))),
            "that is the multiplier; a param group uses its base learning rate times the temperature",
            "这是倍率；参数组使用的是基准学习率乘以温度",
        ),
        Mistake(
            lambda case: annealed(case, 0.1 * temperatures(case)),
            "`temperature` returns a learning rate; it is a multiplier, and knows no learning rate",
            "`temperature` 返回的是学习率；它应是倍率，并不知道学习率是多少",
        ),
        Mistake(
            lambda case: annealed(case, lrs=np.outer(temperatures(case), case["lrs"][:1] * len(case["lrs"]))),
            "all param groups got the learning rate of group 0; each has its own base",
            "所有参数组都得到了第 0 组的学习率；每组有自己的基准",
        ),
    ),
    call="T0={T0}, T_min={T_min}, alpha={alpha}",
    axes=(EPOCH, GROUP),
)


# --- 05.2 Warm-up, hold, decay ---------------------------------------------------------------------------


def draw_three_phases(rng: np.random.Generator) -> dict:
    warmup, hold = int(rng.integers(3, 7)), int(rng.integers(3, 7))
    return {"warmup": warmup, "hold": hold, "gamma": round(rng.uniform(0.6, 0.9), 2), "epochs": warmup + hold + 6}


def three_phases(
    t: int, case: dict, *, ramp: Callable | None = None, delay: int = 0, begin: int | None = None
) -> float:
    """The multiplier of epoch t; *ramp*(t, w) replaces the warm-up, *delay* shifts the decay, *begin* its exponent."""
    w, end = case["warmup"], case["warmup"] + case["hold"] + delay
    if t < w:
        return ramp(t, w) if ramp else (t + 1) / (w + 1)
    return 1.0 if t < end else case["gamma"] ** (t - (end if begin is None else begin))


def straight_decay(t: int, case: dict) -> float:
    after = t - case["warmup"] - case["hold"]
    return 1 - (1 - case["gamma"]) * after if after > 0 else three_phases(t, case)


comparison(
    "05.2",
    case=draw_three_phases,
    run=lambda answer, case: [
        answer(t, warmup=case["warmup"], hold=case["hold"], gamma=case["gamma"]) for t in range(case["epochs"])
    ],
    right=over_epochs(three_phases),
    mistakes=(
        Mistake(
            over_epochs(lambda t, c: three_phases(t, c, ramp=lambda t, w: t / w)),
            "epoch 0 trains with 0 and moves nothing; begin at 1/(warmup + 1)",
            "第 0 轮的学习率为 0，什么也没学；应从 1/(warmup + 1) 开始",
        ),
        Mistake(
            over_epochs(lambda t, c: three_phases(t, c, ramp=lambda t, w: (t + 1) / w)),
            "the warm-up arrives one epoch early; epoch `warmup` is the first at 1",
            "预热早到了一轮；第 `warmup` 轮才首次达到 1",
        ),
        Mistake(
            over_epochs(lambda t, c: three_phases(t, c, ramp=lambda t, w: t / (w + 1))),
            "epoch 0 trains with 0, and the ramp is one epoch late; it is (t + 1)/(warmup + 1)",
            "第 0 轮的学习率为 0，斜坡晚了一轮；应为 (t + 1)/(warmup + 1)",
        ),
        Mistake(
            over_epochs(lambda t, c: three_phases(t, c, ramp=lambda t, w: t / (w - 1))),
            "epoch 0 trains with 0, and the ramp arrives one epoch early; it is (t + 1)/(warmup + 1)",
            "第 0 轮的学习率为 0，而且斜坡早到了一轮；应为 (t + 1)/(warmup + 1)",
        ),
        Mistake(
            over_epochs(lambda t, c: three_phases(t, c, begin=0)),
            "it drops at the end of the hold; the decay counts its epochs from there: gamma⁰ = 1 first",
            "保持段一结束就骤降；衰减应从那里重新计数，先是 gamma⁰ = 1",
        ),
        Mistake(
            over_epochs(lambda t, c: three_phases(t, c, begin=c["warmup"])),
            "it drops at the end of the hold; the decay counts its epochs from there, not from the warm-up",
            "保持段一结束就骤降；衰减应从保持段结束处计数，而不是从预热结束处",
        ),
        Mistake(
            over_epochs(lambda t, c: three_phases(t, c, begin=c["warmup"] + c["hold"] - 1)),
            "decayed one epoch early; its first epoch has gamma⁰ = 1",
            "衰减早了一轮；它的第一轮是 gamma⁰ = 1",
        ),
        Mistake(
            over_epochs(lambda t, c: three_phases(t, c, delay=1)),
            "decayed one epoch late",
            "衰减晚了一轮",
        ),
        Mistake(
            over_epochs(lambda t, c: three_phases(t, c, delay=-c["hold"])),
            "the hold is missing",
            "漏了保持段",
        ),
        Mistake(
            over_epochs(lambda t, c: three_phases(t, c, delay=-c["warmup"])),
            "the hold is counted from epoch 0; it begins after the warm-up",
            "保持段是从第 0 轮算起的；它应在预热之后开始",
        ),
        Mistake(
            over_epochs(straight_decay),
            "it falls by equal steps; gamma *multiplies* every epoch",
            "这是每轮减去同样多；应当每轮*乘以* gamma",
        ),
        Mistake(
            over_epochs(lambda t, c: min(three_phases(t, c), 1.0 if t < c["warmup"] + c["hold"] else c["gamma"])),
            "it drops once and stays; gamma multiplies every epoch",
            "只降了一次就不动了；gamma 每轮都要再乘一次",
        ),
    ),
    call="warm_hold_decay(t, warmup={warmup}, hold={hold}, gamma={gamma})",
    axes=(TIME,),
)


# --- 05.3 A branch ---------------------------------------------------------------------------------------


def draw_branch(rng: np.random.Generator) -> dict:
    return {
        "seed": int(rng.integers(2**31)),
        "lrs": rng.uniform(0.02, 0.1, size=2).round(3).tolist(),
        "trunk": int(rng.integers(4, 8)),
        "cooldown": int(rng.integers(4, 7)),
    }


def new_model() -> tuple[torch.nn.Linear, SGD]:
    """A fresh little model and its optimizer, two param groups; its learning rate is not the trunk's."""
    model = torch.nn.Linear(4, 2, dtype=torch.float64)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    groups: list[dict[str, Any]] = [{"params": [model.weight]}, {"params": [model.bias]}]
    return model, SGD(groups, lr=0.5, momentum=0.9)


def learn(case: dict, model: torch.nn.Module, optimizer: SGD, updates: range, scheduler=None) -> list[list[float]]:
    """Train on the batches of these updates; returns the learning rates they used."""
    used = []
    for t in updates:
        generator = torch.Generator().manual_seed(case["seed"] + t)
        x = torch.randn(8, 4, generator=generator, dtype=torch.float64)
        y = x[:, :2] - 0.5 + 0.3 * torch.randn(8, 2, generator=generator, dtype=torch.float64)
        optimizer.zero_grad()
        (model(x) - y).square().mean().backward()
        used.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
    return used


def trunk_of(case: dict) -> dict:
    """The checkpoint of a trunk at its constant learning rates."""
    model, optimizer = new_model()
    for group, lr in zip(optimizer.param_groups, case["lrs"], strict=True):
        group["lr"] = lr
    learn(case, model, optimizer, range(case["trunk"]))
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict()}


def cooled(case: dict, model: torch.nn.Linear, optimizer: SGD, scheduler=None) -> dict:
    """What the cooldown uses, and the weights it ends with."""
    updates = range(case["trunk"], case["trunk"] + case["cooldown"])
    used = learn(case, model, optimizer, updates, scheduler)
    return {"lr": used, "weights": [*model.weight.detach().view(-1).tolist(), *model.bias.tolist()]}


def run_branch(answer: Callable, case: dict) -> dict:
    made = answer(new_model, trunk_of(case), case["cooldown"])
    if not isinstance(made, tuple | list) or len(made) != 3 or not isinstance(made[2], LRScheduler):
        raise NotYet(say(
            "branch has to return three things: model, optimizer, and a torch scheduler",
            "branch 应返回三样东西：模型、优化器，以及一个 torch 调度器",
        ))  # fmt: skip
    if made[2].optimizer is not made[1]:
        raise NotYet(say(
            "the scheduler steps another optimizer than the one that is returned",
            "调度器驱动的不是所返回的那个优化器",
        ))  # fmt: skip
    return cooled(case, *made)


def branched(
    case: dict, factor: Callable[[int, int], float] = lambda k, n: 1 - k / n, *, model: bool = True,
    momentum: bool = True, base: list[float] | None = None,
) -> dict:  # fmt: skip
    """The right branch, or one with a fault: *factor*(k, n) of its update k, what it loads, other base rates."""
    checkpoint, (net, optimizer) = trunk_of(case), new_model()
    if model:
        net.load_state_dict(checkpoint["model"])
    if momentum:
        optimizer.load_state_dict(checkpoint["optimizer"])
    rates = case["lrs"] if base is None else base

    class Cooling:
        k = 0

        def step(self) -> None:
            for group, lr in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = lr * factor(self.k, case["cooldown"])
            self.k += 1

    cooling = Cooling()
    cooling.step()
    return cooled(case, net, optimizer, cooling)


def built_before_loading(case: dict) -> dict:
    checkpoint, (net, optimizer) = trunk_of(case), new_model()
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: 1 - k / case["cooldown"])
    net.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    return cooled(case, net, optimizer, scheduler)


comparison(
    "05.3",
    case=draw_branch,
    run=run_branch,
    right=branched,
    mistakes=(
        Mistake(
            lambda case: branched(case, model=False),
            "the weights are those of a new model; load `checkpoint[\"model\"]`",
            "权重还是新模型的；请载入 `checkpoint[\"model\"]`",
        ),
        Mistake(
            lambda case: branched(case, momentum=False, base=[0.5, 0.5]),
            "the optimizer is a new one, with its own learning rate and no momentum; load `checkpoint[\"optimizer\"]`",
            "优化器是全新的：学习率是它自己的，动量也没了；请载入 `checkpoint[\"optimizer\"]`",
        ),
        Mistake(
            lambda case: branched(case, model=False, momentum=False, base=[0.5, 0.5]),
            "nothing was loaded; both parts of the checkpoint are needed",
            "什么都没有载入；检查点的两部分都需要",
        ),
        Mistake(
            lambda case: branched(case, momentum=False),
            "the learning rate is right, the momentum is lost: weights differ; load the optimizer's whole state",
            "学习率对了，动量却丢了，所以权重不同；请载入优化器的全部状态",
        ),
        Mistake(
            built_before_loading,
            "it cools from the new optimizer's learning rate; a scheduler takes its base when it is built, so load "
            "first",
            "它从新优化器的学习率开始降；调度器在构造时就取定了基准，所以要先载入",
        ),
        Mistake(
            lambda case: branched(case, lambda k, n: 1 - (k + 1) / n),
            "one update early: the branch's first update still has the trunk's learning rate, and none has 0",
            "早了一步：分支的第一步仍用主干的学习率，也没有哪一步为 0",
        ),
        Mistake(
            lambda case: branched(case, lambda k, n: 1 - k / (n - 1)),
            "the last update has 0 and is wasted; 0 comes at update `cooldown_steps`, after the last",
            "最后一步为 0，白白浪费；0 应出现在第 `cooldown_steps` 步，即最后一步之后",
        ),
        Mistake(
            lambda case: branched(case, lambda k, n: 1 - k / (n + 1)),
            "it reaches 0 one update too late; that is at update `cooldown_steps`",
            "它晚了一步才到 0；应当在第 `cooldown_steps` 步到 0",
        ),
        Mistake(
            lambda case: branched(case, lambda k, n: (1 + np.cos(np.pi * k / n)) / 2),
            "that is a cosine; the branch cools along a straight line",
            "这是余弦；分支应当沿直线降温",
        ),
        Mistake(
            lambda case: branched(case, lambda k, n: float(np.prod(1 - np.arange(k + 1) / n))),
            "the factors pile up, as in a MultiplicativeLR; each multiplies the trunk's rate",
            "因子层层累积，就像 MultiplicativeLR；每个因子乘的应是主干的学习率",
        ),
        Mistake(
            lambda case: branched(case, lambda k, n: case["lrs"][0] * (1 - k / n)),
            "the learning rate is in it twice; a LambdaLR's function is a multiplier",
            "学习率乘了两次；LambdaLR 的函数是倍率",
        ),
        Mistake(
            lambda case: branched(case, base=case["lrs"][:1] * 2),
            "all param groups got the rate of group 0; each cools from its own",
            "所有参数组都得到了第 0 组的学习率；每组应从自己的学习率降起",
        ),
        Mistake(
            lambda case: branched(case, lambda k, n: 1.0),
            "it stays hot; the branch has to cool",
            "一直是热的；分支应当降温",
        ),
    ),
    call="branch(build, checkpoint, cooldown_steps={cooldown})",
    axes=(UPDATE, GROUP),
    cases=2,
)


# --- 05.4 Beat the constant ------------------------------------------------------------------------------

UPDATES, NETWORKS, CONSTANT = 200, 8, 0.06


@functools.lru_cache(maxsize=16)
def constant_losses(first: int) -> np.ndarray:
    return losses_of(np.full(UPDATES, CONSTANT), first)


def losses_of(lrs: np.ndarray, first: int) -> np.ndarray:
    """Final training loss of each network; infinite where it diverged."""
    result = sweep(
        mnist1d(), {"": lrs}, seeds=range(first, first + NETWORKS), updates=UPDATES, batch_size=32,
        model=(40, 32, 32, 10), momentum=0.9, progress=False,
    )  # fmt: skip
    return np.nan_to_num(result.train_loss[0, 0], nan=np.inf)


@exercise(
    "05.4",
    draw=lambda rng: {"_first": 1000 * int(rng.integers(1000))},
    probe=lambda answer, case: [answer(t) for t in range(UPDATES)],
)
def judge_drawn(case: dict, seen: list) -> str | None:
    """Train eight networks with the learning rates seen, and eight with the constant."""
    lrs = numbers(seen, (UPDATES,), (UPDATE,))
    if isinstance(lrs, str):
        return lrs
    wrong = np.flatnonzero(~((lrs >= 0) & np.isfinite(lrs)))
    if len(wrong):
        return say("schedule({t}): expected a learning rate, 0 or more, found {lr:.4g}",
                   "schedule({t})：应为不小于 0 的学习率，得到 {lr:.4g}", t=wrong[0], lr=lrs[wrong[0]])  # fmt: skip
    mine, constant = losses_of(lrs, case["_first"]), constant_losses(case["_first"])
    if not np.isfinite(mine).all():
        return say("{n} of {all} networks diverged: too hot", "{all} 个网络中有 {n} 个发散：太热了",
                   n=int((~np.isfinite(mine)).sum()), all=NETWORKS)  # fmt: skip
    difference = mine - constant
    mean, error = difference.mean(), standard_error(difference)
    needed = sure(NETWORKS, 2.0)
    if mean < -needed * error:
        return None
    last, average = lrs[-UPDATES // 10 :].mean(), lrs.mean()
    if average < CONSTANT / 4:
        because = say("too cold: Σ η is {share:.0%} of the constant's, so they are still on the way down",
                      "太冷：Σ η 只有恒定学习率的 {share:.0%}，网络还在下降途中", share=average / CONSTANT)  # fmt: skip
    elif np.ptp(lrs) < 1e-9:
        because = say("that is a constant again; lower the end", "这还是恒定的；把末端降下来")
    elif last > CONSTANT / 2:
        because = say("it ends hot, at {last:.2g} over the last tenth; lower the end",
                      "结束时还很热，最后十分之一平均为 {last:.2g}；把末端降下来", last=last)  # fmt: skip
    else:
        because = say("the end is cold enough; change the way there", "末端够冷了；改一改途中的形状")
    return say(
        "expected a training loss at least {k:.2g} standard errors below the constant's, found {mean:+.3f} ± "
        "{error:.3f}: {because}",
        "训练损失应比恒定学习率至少低 {k:.2g} 个标准误，得到 {mean:+.3f} ± {error:.3f}：{because}",
        k=needed, mean=mean, error=error, because=because,
    )  # fmt: skip
