"""Checks of section 07: a debiased average, the learning rate of one's own model, a range test that leaves no trace, a
curve that may mislead."""

from __future__ import annotations

import copy
import functools
import itertools
import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import SGD, Optimizer

from ..finder import RangeTest
from ..training.threads import one_thread
from ..words import say
from .compare import UPDATE, Axis, Mistake, comparison
from .exercise import NotYet, exercise

# --- 07.1 A debiased average -----------------------------------------------------------------------------


def draw_losses(rng: np.random.Generator) -> dict:
    losses = 2.3 * np.exp(-np.arange(12) / 6) + rng.normal(0, 0.15, 12)
    return {"losses": losses.round(3).tolist(), "beta": round(rng.uniform(0.75, 0.95), 2)}


def averaged(case: dict, *, start: float = 0.0, fed_back: bool = False, swapped: bool = False,
             weight: Callable[[float, int], float] = lambda beta, t: 1 - beta ** (t + 1)) -> list[float]:  # fmt: skip
    """The debiased average, or one with a fault."""
    beta, running, found = case["beta"], start, []
    past = 1 - beta if swapped else beta
    for t, loss in enumerate(case["losses"]):
        running = past * running + (1 - past) * loss
        found.append(running / weight(past, t))
        if fed_back:
            running = found[-1]
    return found


def plain_mean(case: dict) -> list[float]:
    return (np.cumsum(case["losses"]) / np.arange(1, len(case["losses"]) + 1)).tolist()


comparison(
    "07.1",
    case=draw_losses,
    run=lambda answer, case: list(answer(list(case["losses"]), case["beta"])),
    right=averaged,
    mistakes=(
        Mistake(
            lambda case: averaged(case, weight=lambda beta, t: 1),
            "biased: it begins at 0 and is pulled there; divide by the weights gathered so far, 1 - beta ** (t + 1)",
            "有偏：它从 0 出发，并被拉向 0；请除以迄今累积的权重 1 - beta ** (t + 1)",
        ),
        Mistake(
            lambda case: averaged(case, start=case["losses"][0], weight=lambda beta, t: 1),
            "it begins at the first loss, which weighs too much for long; begin at 0 and divide by 1 - beta ** (t + 1)",
            "它从首个损失出发，首个损失的权重久久不退；应从 0 开始，并除以 1 - beta ** (t + 1)",
        ),
        Mistake(
            lambda case: averaged(case, swapped=True),
            "beta and 1 - beta are exchanged: the past has the weight beta",
            "beta 与 1 - beta 颠倒了：过去的权重是 beta",
        ),
        Mistake(
            lambda case: averaged(case, swapped=True, weight=lambda beta, t: 1),
            "beta and 1 - beta are exchanged, and it is not debiased",
            "beta 与 1 - beta 颠倒了，而且没有去偏",
        ),
        Mistake(
            lambda case: averaged(case, weight=lambda beta, t: 1 - beta),
            "1 - beta is the weight of one loss; t + 1 of them have gathered 1 - beta ** (t + 1)",
            "1 - beta 是一个损失的权重；t + 1 个损失累积的权重是 1 - beta ** (t + 1)",
        ),
        Mistake(
            lambda case: averaged(case, weight=lambda beta, t: 1 - beta ** (t + 2)),
            "one too many in the exponent; after the first loss (t = 0) the weight is 1 - beta",
            "指数多了一；首个损失之后（t = 0）权重是 1 - beta",
        ),
        Mistake(
            lambda case: averaged(case, fed_back=True),
            "the divided value went back into the average; keep the running value as it is, and divide a copy",
            "除过的值又放回了平均之中；累积值要保持原样，只把它除后的结果取出来",
        ),
        Mistake(
            plain_mean,
            "that is the mean of all losses so far, which never forgets",
            "这是迄今所有损失的均值，它从不遗忘",
        ),
        Mistake(
            lambda case: case["losses"],
            "these are the losses themselves",
            "这就是损失本身",
        ),
    ),
    call="smooth(losses, beta={beta})",
    axes=(UPDATE,),
)


# --- 07.2 The learning rate of your own model ------------------------------------------------------------

FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0)  # of the learning rate chosen, that the check trains with
UPDATES, LAST = 60, 15  # of each training; its loss is the mean over the last ones
RUNS, DECADES = 3, 3.0  # a test has at least so many runs, over at least such a range
SHARE = 0.3  # of the progress that may be lost to a better learning rate
TURN = 0.7  # of the learning rate where the loss turns: what is above is no suggestion


def built(build: Callable, seed: int) -> tuple[nn.Module, Iterable, Callable, Optimizer]:
    parts = build(seed)
    right = isinstance(parts, tuple | list) and len(parts) == 4
    if not (right and isinstance(parts[0], nn.Module) and callable(parts[2]) and isinstance(parts[3], Optimizer)):
        raise NotYet(say(
            "build(seed) has to return four things, in this order: model, loader, criterion, optimizer",
            "build(seed) 应依次返回四样东西：model、loader、criterion、optimizer",
        ))  # fmt: skip
    model, loader, _, optimizer = parts
    owned = {id(p) for p in model.parameters()}
    if not any(id(p) in owned for group in optimizer.param_groups for p in group["params"]):
        raise NotYet(say(
            "the optimizer that build(seed) returns holds no parameter of its model; make both in build",
            "build(seed) 返回的优化器不含该模型的任何参数；两者都要在 build 里新建",
        ))  # fmt: skip
    if iter(loader) is loader:
        raise NotYet(say(
            "the loader can be read only once; return a DataLoader, or a list of batches",
            "这个 loader 只能读一遍；请返回 DataLoader，或由批次组成的列表",
        ))  # fmt: skip
    return tuple(parts)


def weights_of(model: nn.Module) -> list[float]:
    """Enough of a model to tell it from another, as one number for each of its parameters."""
    return [float(parameter.detach().double().sum()) for parameter in model.parameters()]


def state_of(model: nn.Module, optimizer: Optimizer) -> dict:
    return copy.deepcopy({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "mode": model.training})


def same(a: object, b: object) -> bool:
    if isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor):
        return isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) and torch.equal(a, b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def watched(choose: Callable, model: nn.Module, loader: Iterable, criterion: Callable, optimizer: Optimizer) -> dict:
    """What *choose* returns, the updates that it makes meanwhile, and which parts it leaves changed."""
    updates: list[list[float]] = []
    losses: list[float] = []

    def record(optimizer: Optimizer, args: tuple, kwargs: dict) -> None:
        updates.append([float(optimizer.param_groups[0]["lr"]), float(np.mean(losses)) if losses else np.nan])
        losses.clear()

    def heard(*arguments: object) -> torch.Tensor:
        loss = criterion(*arguments)
        losses.append(float(loss.detach()))
        return loss

    before, hook = state_of(model, optimizer), optimizer.register_step_pre_hook(record)
    try:
        lr = choose(model, loader, heard, optimizer)
    finally:
        hook.remove()
    if isinstance(lr, RangeTest):
        raise NotYet(say("choose returned a RangeTest; return a number, e.g. `.suggested_lr`",
                         "choose 返回了一个 RangeTest；请返回一个数，例如它的 `.suggested_lr`"))  # fmt: skip
    after = state_of(model, optimizer)
    changed = [part for part in before if not same(before[part], after[part])]
    return {"lr": lr if lr is None else float(lr), "updates": updates, "changed": changed}


def trained(build: Callable, seed: int, lr: float) -> list[float]:
    """First and last loss of a training at a constant learning rate, infinite where it diverged."""
    model, loader, criterion, optimizer = built(build, seed)
    base = next((group["lr"] for group in optimizer.param_groups if group["lr"] > 0), 1.0)
    for group in optimizer.param_groups:
        group["lr"] = lr * float(group["lr"] / base)
    torch.manual_seed(seed)
    model.train()
    losses = []
    for x, y in itertools.islice(itertools.chain.from_iterable(itertools.repeat(loader)), UPDATES):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        if not np.isfinite(losses[-1]):
            return [losses[0], np.inf]
    return [losses[0], float(np.mean(losses[-LAST:]))]


def run_own(answer: tuple, case: dict) -> dict:
    """*choose* at work on two models of *build*; where it found something, trainings at and around that."""
    build, choose = answer
    with one_thread():
        first, second = case["seeds"]
        models = [weights_of(built(build, seed)[0]) for seed in (first, first, second)]
        seen: dict[str, Any] = {"models": models, "runs": [], "trained": []}
        for seed in case["seeds"]:
            if refused(seen) is None:
                torch.manual_seed(seed)
                seen["runs"].append(watched(choose, *built(build, seed)))
        if refused(seen) is None:
            lr = float(np.sqrt(np.prod([run["lr"] for run in seen["runs"]])))
            seen["trained"] = [[trained(build, seed, lr * f) for seed in case["seeds"]] for f in FACTORS]
    return seen


def tests_of(updates: list) -> list[np.ndarray]:
    """The updates ``(n, 2)`` of each range test: one ends where the learning rate falls by more than half."""
    values = np.asarray(updates, float).reshape(-1, 2)
    starts = np.flatnonzero(values[1:, 0] < values[:-1, 0] / 2) + 1
    return [test for test in np.split(values, starts) if len(test) > 1]


def turn_of(test: np.ndarray) -> float:
    """Learning rate at the lowest average of the losses ``(n, 2)``."""
    losses = np.minimum(np.nan_to_num(test[:, 1], nan=np.inf), 1e30).tolist()
    smoothed = averaged({"losses": losses, "beta": 0.9})
    skip = min(10, len(losses) // 4)
    return float(test[skip + int(np.argmin(smoothed[skip:])), 0])


def refused(seen: dict) -> str | None:
    """What is wrong with models or procedure, if anything."""
    first, again, other = seen["models"]
    if first != again:
        return say("build(seed) gave two different models for the same seed; call torch.manual_seed(seed) first",
                   "build(seed) 对同一个种子给出了两个不同的模型；请先调用 torch.manual_seed(seed)")  # fmt: skip
    if first == other:
        return say("build(seed) gave the same weights for two seeds; it has to make a new model from its seed",
                   "build(seed) 对两个种子给出了相同的权重；它应由种子生成新的模型")  # fmt: skip
    for run in seen["runs"]:
        lr, tests = run["lr"], tests_of(run["updates"])
        if lr is None or not (np.isfinite(lr) and lr > 0):
            return say("choose has to return a learning rate above 0, found {lr}",
                       "choose 应返回大于 0 的学习率，得到 {lr}", lr=lr)  # fmt: skip
        if not run["updates"]:
            return say("choose made no update of the model: {lr:.2g} is a guess; run find_lr on what it is given",
                       "choose 没有让模型更新过一步：{lr:.2g} 只是猜测；请对传入的东西运行 find_lr", lr=lr)  # fmt: skip
        if run["changed"]:
            parts = say(", ", "、").join({
                "model": say("the model's weights or buffers", "模型的权重或缓冲区"),
                "optimizer": say("the optimizer's state or learning rates", "优化器的状态或学习率"),
                "mode": say("training or evaluation mode", "训练或评估模式"),
            }[part] for part in run["changed"])  # fmt: skip
            return say("choose left its traces in {parts}; find_lr puts everything back, so must a loop of your own",
                       "choose 改动了{parts}，没有还原；find_lr 会还原一切，你自己的循环也必须如此",
                       parts=parts)  # fmt: skip
        low, high = min(u[0] for u in run["updates"]), max(u[0] for u in run["updates"])
        if high < low * 10**DECADES:
            return say("the learning rates tried go from {low:.1g} to {high:.1g} only; a range test spans decades",
                       "只试了 {low:.1g} 到 {high:.1g} 的学习率；范围测试要跨越多个数量级",
                       low=low, high=high)  # fmt: skip
        if len(tests) < RUNS:
            return say("expected at least {n} runs, found {k}: one run does not show how far it may be off; "
                       "pass seeds={n}",
                       "至少应有 {n} 次测试，得到 {k} 次：单独一次看不出会偏多远；请传入 seeds={n}",
                       n=RUNS, k=len(tests))  # fmt: skip
        if lr >= 0.95 * min(test[-1, 0] for test in tests):
            return say("{lr:.2g} is where a test ended, at the edge of what it can bear; take what it suggests",
                       "{lr:.2g} 是测试结束之处，已到承受的边缘；请采用它建议的值", lr=lr)  # fmt: skip
        if lr <= 2 * low:
            return say("{lr:.2g} is where the test began; there nothing happens yet",
                       "{lr:.2g} 是测试开始之处，那里什么都还没发生", lr=lr)  # fmt: skip
        turn = float(np.median([turn_of(test) for test in tests]))
        if lr > TURN * turn:
            return say("{lr:.2g} is where the loss turns up ({turn:.2g}); divide that by 3 to 10",
                       "{lr:.2g} 已是损失掉头向上之处（{turn:.2g}）；应再除以 3 到 10", lr=lr, turn=turn)  # fmt: skip
    return None


@exercise(
    "07.2",
    draw=lambda rng: {"seeds": rng.choice(10**6, 2, replace=False).tolist()},
    probe=run_own,
)
def judge_own(case: dict, seen: dict) -> str | None:
    """Procedure first, then the outcome: the loss at the chosen learning rate against those up to ten times away."""
    message = refused(seen)
    if message:
        return message
    losses = np.asarray(seen["trained"], float)  # (factors, seeds, first and last)
    start, last = losses[..., 0].mean(), losses[..., 1].mean(1)
    here, best = last[FACTORS.index(1.0)], int(last.argmin())
    progress = start - last[best]
    lr = float(np.sqrt(np.prod([run["lr"] for run in seen["runs"]])))
    if not progress > 0.05 * abs(start):
        return say("your model learns nothing in {n} updates, at {lr:.2g} or ten times more or less: the loss stays at "
                   "{start:.3g}; mend the model first",
                   "你的模型在 {n} 步里什么也没学到：学习率取 {lr:.2g} 或其十倍、十分之一，损失都停在 {start:.3g}；"
                   "请先修好模型",
                   n=UPDATES, lr=lr, start=start)  # fmt: skip
    if here - last[best] > SHARE * progress:
        too = say("too low", "太低") if FACTORS[best] > 1 else say("too high", "太高")
        return say("{lr:.2g} is {too}: after {n} updates the loss is {here:.3g}, with {factor:g} times as much "
                   "{best:.3g} (it began at {start:.3g})",
                   "{lr:.2g} {too}：{n} 步后损失为 {here:.3g}，换成它的 {factor:g} 倍则为 {best:.3g}"
                   "（起初为 {start:.3g}）",
                   lr=lr, too=too, n=UPDATES, here=here, factor=FACTORS[best], best=last[best],
                   start=start)  # fmt: skip
    return None


# --- 07.3 A range test that leaves no trace --------------------------------------------------------------

BATCHES = 6
ENTRY = Axis(("entry {}", "第 {} 个"), ("{} numbers", "{} 个数"))


class Interrupted(KeyboardInterrupt):
    """Somebody pressed Ctrl-C."""


def draw_range_test(rng: np.random.Generator) -> dict:
    seed = int(rng.integers(2**31))
    low, high = rng.uniform([0.002, 0.3], [0.005, 0.6])
    return {
        "seed": seed,
        "lrs": np.geomspace(low, high, BATCHES).round(5).tolist(),
        "groups": rng.uniform(0.01, 0.1, 2).round(3).tolist(),
        "interrupt": int(rng.integers(3, BATCHES)),
    }


def little(case: dict) -> tuple[nn.Module, list, Callable, SGD]:
    """A model with batch norm and two param groups that has trained for an update, and batches for the test."""
    generator = torch.Generator().manual_seed(case["seed"])
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 1)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.5 * draw(*parameter.shape))
    groups = [{"params": list(part.parameters()), "lr": lr}
              for part, lr in zip((model[:3], model[3:]), case["groups"], strict=True)]  # fmt: skip
    optimizer = SGD(groups, lr=0.1, momentum=0.9)
    batches = []
    for _ in range(BATCHES + 1):
        x = draw(8, 4)
        batches.append((x, x[:, :1] - x[:, 1:2] ** 2))
    criterion = nn.functional.mse_loss
    criterion(model(batches[0][0]), batches[0][1]).backward()
    optimizer.step()
    return model, batches[1:], criterion, optimizer


def left_behind(model: nn.Module, optimizer: SGD) -> dict:
    """All that training changes, in numbers."""
    return {
        "model.parameters()": [float(v) for p in model.parameters() for v in p.detach().view(-1)],
        "model.buffers()": [float(v) for b in model.buffers() for v in b.view(-1)],
        "momentum": [
            float(v) for group in optimizer.param_groups for p in group["params"]
            for v in optimizer.state[p]["momentum_buffer"].view(-1)
        ],
        "lr": [group["lr"] for group in optimizer.param_groups],
    }  # fmt: skip


def run_range_test(answer: Callable, case: dict) -> dict:
    """Losses and what is left behind after a test, and after one that Ctrl-C ends; whether that came through."""
    model, batches, criterion, optimizer = little(case)
    losses = answer(model, batches, criterion, optimizer, list(case["lrs"]))
    if losses is not None:
        losses = [float(loss) for loss in losses]
    found = {"losses": losses} | left_behind(model, optimizer)

    model, batches, criterion, optimizer = little(case)
    calls = itertools.count()

    def interrupted(*arguments: torch.Tensor) -> torch.Tensor:
        if next(calls) == case["interrupt"]:
            raise Interrupted
        return criterion(*arguments)

    passed = 0
    try:
        answer(model, batches, interrupted, optimizer, list(case["lrs"]))
    except Interrupted:
        passed = 1
    found |= {f"Ctrl-C · {name}": values for name, values in left_behind(model, optimizer).items()}
    return found | {"Ctrl-C · raised again": passed}


LIVE = (("rates",), ("optimizer",), ("parameters", "buffers", "rates"))
"""What comes back where both states, the model's, or the optimizer's were kept as live tensors: numbers do."""


def ranged(case: dict, **fault: Any) -> dict:
    """What the right range test gives, or one with a fault; drawing and judging ask for the same again."""
    return _ranged(json.dumps(case), **fault)


@functools.lru_cache(maxsize=64)
def _ranged(case: str, *, restores: tuple[str, ...] = ("parameters", "buffers", "optimizer"), finally_: bool = True,
            swallows: bool = False, late: bool = False, after: bool = False,
            one_group: bool = False) -> dict:  # fmt: skip
    """*restores*: what is put back ("rates": of the optimizer its learning rates alone), *finally_*: whatever happens;
    *swallows*: Ctrl-C ends here; *late*: the learning rate is set after the step; *after*: the loss is measured after
    the update."""

    def answer(model, loader, criterion, optimizer, lrs):
        before = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
        parameters = {name for name, _ in model.named_parameters()}
        losses, ended = [], False
        try:
            for lr, (x, y) in zip(lrs, loader, strict=True):
                groups = optimizer.param_groups[: 1 if one_group else None]
                if not late:
                    for group in groups:
                        group["lr"] = lr
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
                losses.append(float((criterion(model(x), y) if after else loss).detach()))
                if late:
                    for group in groups:
                        group["lr"] = lr
            ended = True
        except Interrupted:
            if not swallows:
                raise
        finally:
            if finally_ or ended:
                wanted = {"parameters": parameters, "buffers": before[0].keys() - parameters}
                names = set().union(*(wanted[part] for part in restores if part in wanted))
                model.load_state_dict({k: v for k, v in before[0].items() if k in names}, strict=False)
                if "optimizer" in restores:
                    optimizer.load_state_dict(before[1])
                if "rates" in restores:
                    for group, kept in zip(optimizer.param_groups, before[1]["param_groups"], strict=True):
                        group["lr"] = kept["lr"]
        return losses

    return run_range_test(answer, json.loads(case))


comparison(
    "07.3",
    essential="losses",
    case=draw_range_test,
    run=run_range_test,
    right=ranged,
    mistakes=(
        Mistake(
            lambda case: ranged(case, finally_=False),
            "an exception or Ctrl-C skips what puts things back; that belongs into `finally`",
            "异常或 Ctrl-C 会跳过还原；还原应放在 `finally` 里",
        ),
        Mistake(
            lambda case: ranged(case, swallows=True),
            "Ctrl-C has to go on after you put things back; use `finally`",
            "还原之后 Ctrl-C 必须继续向外抛出；请用 `finally`",
        ),
        *(
            Mistake(
                functools.partial(ranged, restores=restores, finally_=finally_),
                "what you kept has changed with the training: `state_dict()` holds live tensors; keep `copy.deepcopy` "
                "of it",
                "你存下的东西随训练一起变了：`state_dict()` 里是活的张量，要用 `copy.deepcopy` 存一份",
            )
            for restores in LIVE for finally_ in (True, False)
        ),
        Mistake(
            lambda case: ranged(case, restores=("parameters", "optimizer")),
            "weights are back, the buffers are not: batch norm's running mean and variance; they are in "
            "`model.state_dict()`",
            "权重还原了，缓冲区没有：批归一化的滑动均值与方差；它们在 `model.state_dict()` 里",
        ),
        Mistake(
            lambda case: ranged(case, restores=("parameters", "buffers")),
            "the model is back, the optimizer is not: its momentum and learning rates are still the test's",
            "模型还原了，优化器没有：动量和学习率仍是测试留下的",
        ),
        Mistake(
            lambda case: ranged(case, restores=()),
            "nothing was put back",
            "什么都没有还原",
        ),
        Mistake(
            lambda case: ranged(case, restores=(), finally_=False, late=True),
            "nothing was put back, and each learning rate comes one update late",
            "什么都没有还原，而且每个学习率都晚了一步",
        ),
        Mistake(
            lambda case: ranged(case, late=True),
            "each learning rate comes one update late; set it before `optimizer.step()`",
            "每个学习率都晚了一步；要在 `optimizer.step()` 之前设定",
        ),
        Mistake(
            lambda case: ranged(case, after=True),
            "these losses are measured after the update; keep the one that was there for `backward()`",
            "这些损失是更新之后测的；应记录用于 `backward()` 的那一个",
        ),
        Mistake(
            lambda case: ranged(case, one_group=True),
            "only param group 0 follows the learning rates; here every group uses the same",
            "只有参数组 0 跟着学习率走；这里每组都用同一个",
        ),
    ),
    call="range_test(model, loader, criterion, optimizer, lrs)",
    axes=(ENTRY,),
    cases=1,
)


# --- 07.4 Read a curve that may mislead ------------------------------------------------------------------

CURVE = Axis(("curve {}", "曲线 {}"), ("{} curves", "{} 条曲线"))
POINTS = 40


def draw_curves(rng: np.random.Generator) -> dict:
    """Five curves in any order: an honest one, one with a hole of nan, one that is nan right behind its lowest point,
    one cut off, one of noise."""
    lrs = np.geomspace(1e-5, rng.uniform(3, 10), POINTS)
    turn = int(rng.integers(24, 29))
    fall = 2.3 - 1.6 / (1 + np.exp(-(np.arange(POINTS) - turn + 7) / 2.0))
    honest = fall + 3.0 * np.clip((np.arange(POINTS) - turn) / 10, 0, None) ** 2
    holed = honest.copy()
    holed[turn + 3 :] = np.nan
    holed[-1] = 0.1  # after an overflow, a loss may be anything
    burst = np.where(np.arange(POINTS) <= turn, 2.3 - 0.05 * np.arange(POINTS), np.nan)
    cut = np.linspace(2.3, 1.2, POINTS)
    flat = np.full(POINTS, 2.3) + np.linspace(0, 0.5, POINTS)
    curves = [curve + rng.normal(0, 0.005, POINTS) for curve in (honest, holed, burst, cut)]
    curves.append(flat + rng.normal(0, 0.03, POINTS))
    order = rng.permutation(5)
    return {"lrs": lrs.tolist(), "noise": 0.2, "curves": [np.round(curves[i], 4).tolist() for i in order]}


def reading(lrs: list, losses: list, noise: float, *, factor: float = 10, hole: str = "cut", edge: bool | str = True,
            quiet: bool = True, back: int = 0) -> float:  # fmt: skip
    """A tenth of the learning rate at the lowest loss; 0 for None. Or one with a fault: *hole* "argmin" or "nanargmin"
    of all losses; without the doubts, or *edge* "kept", which takes a cut for the edge; *back*: points back instead of
    a factor."""
    losses = np.asarray(losses, float)
    if hole == "cut":
        broken = np.flatnonzero(~np.isfinite(losses))
        losses = losses[: broken[0]] if len(broken) else losses
    lowest = int((np.nanargmin if hole == "nanargmin" else np.argmin)(losses))
    if edge and lowest == len(losses if edge == "kept" else lrs) - 1:
        return 0.0
    if quiet and not losses[0] - losses[lowest] >= noise and not np.isnan(losses[lowest]):
        return 0.0
    return float(lrs[max(lowest - back, 0)] / factor)


def over_curves(**fault: Any) -> Callable[[dict], list[float]]:
    return lambda case: [reading(case["lrs"], curve, case["noise"], **fault) for curve in case["curves"]]


def run_reading(answer: Callable, case: dict) -> list[float]:
    found = [answer(np.array(case["lrs"]), np.array(curve), case["noise"]) for curve in case["curves"]]
    if all(value is None for value in found):
        return found
    return [0.0 if value is None else float(value) for value in found]


comparison(
    "07.4",
    case=draw_curves,
    run=run_reading,
    right=over_curves(),
    mistakes=(
        Mistake(
            over_curves(factor=1),
            "that is the minimum itself, where the loss has already turned; divide by 10",
            "这是最低点本身，损失已在那里掉头；应除以 10",
        ),
        Mistake(
            over_curves(hole="argmin"),
            "`np.argmin` takes nan for the smallest; cut the curve at the first loss that is not finite",
            "`np.argmin` 把 nan 当作最小；应在首个非有限的损失处截断曲线",
        ),
        Mistake(
            over_curves(hole="nanargmin"),
            "a loss after a nan means nothing, however low; cut the curve at the first that is not finite",
            "nan 之后的损失再低也毫无意义；应在首个非有限的损失处截断曲线",
        ),
        Mistake(
            over_curves(edge=False),
            "the loss still falls where the range ends (0 stands for None): the turn has not been seen",
            "范围结束时损失仍在下降（0 代表 None）：还没有见到转向",
        ),
        Mistake(
            over_curves(edge="kept"),
            "the last loss before a cut is not the last of the range (0 stands for None): it turned right behind it; "
            "compare with `len(lrs) - 1`",
            "截断处的最后一个损失并不是范围的最后一点（0 代表 None）：转向就在它后面；请与 `len(lrs) - 1` 比较",
        ),
        Mistake(
            over_curves(quiet=False),
            "the loss falls by less than the noise (0 stands for None): this minimum is an accident",
            "损失的下降小于噪声（0 代表 None）：这个最低点只是偶然",
        ),
        Mistake(
            over_curves(edge=False, quiet=False),
            "both doubts are missing (0 stands for None)",
            "两种存疑的情形都没有处理（0 代表 None）",
        ),
        Mistake(
            over_curves(factor=1, back=10),
            "ten points back is not a factor of 10; divide the learning rate",
            "往回十个点并不等于十分之一；要除的是学习率",
        ),
    ),
    call="read(lrs, losses, noise={noise})",
    axes=(CURVE,),
)
