"""Checks of section 06: warm-up and cosine in sequence, a product, ``then``, a composite that resumes."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from ..schedulers import record
from ..words import say
from .compare import GROUP, TIME, UPDATE, Axis, Comparison, Mistake, comparison
from .exercise import NotYet, exercise
from .loops import new_optimizer, train

SINCE = Axis(("update k + {}", "第 k + {} 步"), ("{} updates", "{} 步"))


def draw_groups(rng: np.random.Generator) -> list[float]:
    return rng.uniform(0.05, 0.5, size=rng.integers(2, 4)).round(3).tolist()


# --- 06.1 Warm up, then land -----------------------------------------------------------------------------


def draw_landing(rng: np.random.Generator) -> dict:
    warmup = int(rng.integers(3, 8))
    return {
        "lrs": draw_groups(rng),
        "warmup": warmup,
        "updates": warmup + int(rng.integers(8, 15)),
        "last": round(rng.uniform(0.002, 0.02), 4),
    }


def run_landing(answer: Callable, case: dict) -> list | None:
    optimizer = new_optimizer(case["lrs"])
    return train(optimizer, answer(optimizer, case["warmup"], case["updates"], case["last"]), case["updates"])


def landing(
    case: dict, *, start: float = 0, more: int = 0, late: int = 0, T_max: int = 0, last: float | None = None,
    chain: bool = False, swap: bool = False,
) -> np.ndarray:  # fmt: skip
    """Torch's own warm-up and cosine, with one fault or none."""
    w = case["warmup"]

    def make(optimizer: Optimizer) -> LRScheduler:
        heat = lr_scheduler.LinearLR(optimizer, start_factor=start or 1 / (w + 1), total_iters=w + more)
        cool = lr_scheduler.CosineAnnealingLR(
            optimizer, T_max=T_max or case["updates"] - 1 - w, eta_min=case["last"] if last is None else last
        )
        if chain:
            return lr_scheduler.ChainedScheduler([heat, cool])
        parts = [cool, heat] if swap else [heat, cool]
        return lr_scheduler.SequentialLR(optimizer, parts, milestones=[w + late])

    return record(make, case["updates"], lr=case["lrs"])


comparison(
    "06.1",
    case=draw_landing,
    run=run_landing,
    right=landing,
    mistakes=(
        Mistake(
            lambda case: landing(case, late=-1),
            "handed over one update early, so that it jumps; the milestone is the first update of the cosine",
            "早交接了一步，于是发生跳变；里程碑是余弦的第一个更新步",
        ),
        Mistake(
            lambda case: landing(case, late=1),
            "handed over one update late, so that the full rate is used twice; the milestone is the first update of "
            "the cosine",
            "晚交接了一步，于是完整的学习率用了两次；里程碑是余弦的第一个更新步",
        ),
        Mistake(
            lambda case: landing(case, T_max=case["updates"]),
            "`T_max` counts from update 0 here; the cosine's clock begins at the milestone",
            "这里的 `T_max` 从第 0 步数起；余弦的时钟从里程碑才开始",
        ),
        Mistake(
            lambda case: landing(case, T_max=case["updates"] - 1),
            "`T_max` counts from update 0 here; the cosine's clock begins at the milestone",
            "这里的 `T_max` 从第 0 步数起；余弦的时钟从里程碑才开始",
        ),
        Mistake(
            lambda case: landing(case, T_max=case["updates"] - case["warmup"]),
            "`T_max` one too many: n updates are n − 1 steps apart, so the last one stops just short of `last`",
            "`T_max` 多了一：n 个更新步之间只有 n − 1 步，所以最后一步差一点才到 `last`",
        ),
        Mistake(
            lambda case: landing(case, T_max=case["updates"] - case["warmup"] - 2),
            "`T_max` one too few: it reaches `last` one update before the end, and rises again",
            "`T_max` 少了一：它在结束前一步就到了 `last`，然后又升了上去",
        ),
        Mistake(
            lambda case: landing(case, more=1),
            "`total_iters` one too many: `LinearLR` has to arrive at update `warmup`",
            "`total_iters` 多了一：`LinearLR` 应在第 `warmup` 步到达终点",
        ),
        Mistake(
            lambda case: landing(case, more=-1),
            "`total_iters` one too few: `LinearLR` has to arrive at update `warmup`, no earlier",
            "`total_iters` 少了一：`LinearLR` 应在第 `warmup` 步到达终点，不能提前",
        ),
        Mistake(
            lambda case: landing(case, swap=True),
            "the cosine runs first; the parts run in the order of the list",
            "余弦先运行了；各部分按列表中的顺序运行",
        ),
        Mistake(
            lambda case: landing(case, last=case["last"] * case["lrs"][0]),
            "`eta_min` is a learning rate, not a factor: `last` itself",
            "`eta_min` 是学习率，不是倍率：就是 `last` 本身",
        ),
        Mistake(
            lambda case: landing(case, last=0.0),
            "it lands on 0; the cosine's floor is `eta_min`",
            "它落到了 0；余弦的下限是 `eta_min`",
        ),
        Mistake(
            lambda case: landing(case, start=1 / 3),
            "`start_factor` is still torch's 1/3; update 0 uses 1/(warmup + 1) of the base rate",
            "`start_factor` 还是 torch 默认的 1/3；第 0 步应使用基准学习率的 1/(warmup + 1)",
        ),
        Mistake(
            lambda case: landing(case, start=1 / case["warmup"]),
            "1/warmup? With `warmup` updates *below* the full rate the first is 1/(warmup + 1) of it",
            "用了 1/warmup？有 `warmup` 步*低于*完整的学习率，所以第一步是它的 1/(warmup + 1)",
        ),
        Mistake(
            lambda case: landing(case, chain=True),
            "both run at once from update 0, as in a ChainedScheduler; one shall follow the other",
            "两者从第 0 步起同时运行，像 ChainedScheduler 那样；应当一个接着另一个",
        ),
    ),
    call="warmup_then_cosine(optimizer, warmup={warmup}, updates={updates}, last={last})",
    axes=(UPDATE, GROUP),
)


# --- 06.2 A product --------------------------------------------------------------------------------------


def draw_factors(rng: np.random.Generator) -> dict:
    return {
        "lrs": draw_groups(rng),
        "gamma": round(rng.uniform(0.8, 0.95), 2),
        "period": int(rng.integers(4, 8)),
        "low": round(rng.uniform(0.1, 0.4), 2),
        "updates": 20,
    }


def decay(case: dict) -> Callable[[int], float]:
    return lambda t: 0.9 * case["gamma"] ** t


def wave(case: dict) -> Callable[[int], float]:
    """A triangle between low and 1; it begins half way up."""
    return lambda t: case["low"] + (1 - case["low"]) * abs((t / case["period"] + 0.5) % 2 - 1)


def traced(case: dict, factor: Callable[[int], float], power: int = 1) -> np.ndarray:
    """``base**power · factor(t)``, for each group."""
    return np.array([[lr**power * factor(t) for lr in case["lrs"]] for t in range(case["updates"])])


def run_product(answer: Callable, case: dict) -> list | None:
    optimizer = new_optimizer(case["lrs"])
    return train(optimizer, answer(optimizer, decay(case), wave(case)), case["updates"])


def on_group_0(case: dict) -> np.ndarray:
    trace = both(case)
    trace[:, 1:] = case["lrs"][1:]
    return trace


def both(case: dict) -> np.ndarray:
    a, b = decay(case), wave(case)
    return traced(case, lambda t: a(t) * b(t))


def accumulated(case: dict, first: int) -> np.ndarray:
    """The current rate times both factors at each update, from update *first* on."""
    a, b = decay(case), wave(case)
    return traced(case, lambda t: math.prod(a(s) * b(s) for s in range(first, t + 1)))


comparison(
    "06.2",
    case=draw_factors,
    run=run_product,
    right=both,
    mistakes=(
        Mistake(
            lambda case: traced(case, wave(case)),
            "only b is left: in a chain each LambdaLR overwrites the one before; give one of them the product",
            "只剩下 b：在链式组合里，每个 LambdaLR 都会覆盖前一个；把乘积交给其中一个",
        ),
        Mistake(
            lambda case: traced(case, decay(case)),
            "only a is left: in a chain each LambdaLR overwrites the one before; give one of them the product",
            "只剩下 a：在链式组合里，每个 LambdaLR 都会覆盖前一个；把乘积交给其中一个",
        ),
        Mistake(
            lambda case: traced(case, lambda t: decay(case)(t) + wave(case)(t)),
            "that is the sum; multiply the two factors",
            "这是和；应把两个倍率相乘",
        ),
        Mistake(
            lambda case: traced(case, lambda t: decay(case)(t) * wave(case)(t), power=0),
            "the base rate is missing: a(t)·b(t) is a factor of what each group was built with",
            "缺少基准学习率：a(t)·b(t) 是倍率，要乘上每个参数组构造时的学习率",
        ),
        Mistake(
            lambda case: traced(case, lambda t: decay(case)(t) * wave(case)(t), power=2),
            "the base rate is in it twice; a LambdaLR multiplies by it already",
            "基准学习率乘了两次；LambdaLR 已经替你乘过一次",
        ),
        Mistake(
            on_group_0,
            "only param group 0? The factor belongs to all of them",
            "是不是只改了参数组 0？倍率属于每一组",
        ),
        Mistake(
            lambda case: both(case) / case["lrs"] * case["lrs"][0],
            "all param groups got the base rate of group 0; each has its own",
            "所有参数组都用了第 0 组的基准学习率；每组应当用自己的",
        ),
        Mistake(
            lambda case: both(case) / (decay(case)(0) * wave(case)(0)),
            "update 0 uses the bare base rate; a(0)·b(0) multiplies it too (MultiplicativeLR leaves the first out)",
            "第 0 步用的是基准学习率本身；它也要乘 a(0)·b(0)（MultiplicativeLR 会漏掉第一个因子）",
        ),
        Mistake(
            lambda case: accumulated(case, 0),
            "it multiplies the current rate; multiply the base rate",
            "它乘的是当前的学习率；应乘基准学习率",
        ),
        Mistake(
            lambda case: accumulated(case, 1),
            "it multiplies the current rate, as MultiplicativeLR does; multiply the base rate",
            "它乘的是当前的学习率，像 MultiplicativeLR 那样；应乘基准学习率",
        ),
    ),
    call="product(optimizer, a, b)",
    axes=(UPDATE, GROUP),
)


# --- 06.3 then -------------------------------------------------------------------------------------------


def draw_then(rng: np.random.Generator) -> dict:
    at = int(rng.integers(3, 7))
    return {
        "a": round(rng.uniform(0.1, 0.3), 2),
        "b": round(rng.uniform(0.4, 0.6), 2),
        "c": round(rng.uniform(0.7, 0.9), 2),
        "at": at,
        "later": at + int(rng.integers(4, 8)),
        "updates": 20,
    }


def three(case: dict) -> tuple[Callable[[int], float], ...]:
    """A rise, a fall and a decay, each from a value of its own."""
    return (
        lambda t: case["a"] * (t + 1) / 5,
        lambda t: case["b"] * (1 + math.cos(math.pi * t / 30)) / 2,
        lambda t: case["c"] * 0.9**t,
    )


def joined(a: Callable, b: Callable, at: int) -> Callable:
    return lambda t: a(t) if t < at else b(t - at)


def with_then(then: Callable) -> Callable[[dict], dict]:
    """Two and three functions, joined by *then*."""

    def gives(case: dict) -> dict:
        a, b, c = three(case)
        at, later = case["at"], case["later"]
        builds = {
            f"then(a, b, at={at})": lambda: then(a, b, at),
            f"then(then(a, b, at={at}), c, at={later})": lambda: then(then(a, b, at), c, later),
            f"then(a, then(b, c, at={at}), at={at})": lambda: then(a, then(b, c, at), at),
        }
        traces = {}
        for name, build in builds.items():
            function = build()
            if not callable(function):
                raise NotYet(
                    say("{name} gives {kind}; it shall be a function of t: define one inside, and return it",
                        "{name} 得到 {kind}；它应当是 t 的函数：在里面定义一个函数并返回它",
                        name=name, kind=type(function).__name__)
                )  # fmt: skip
            traces[name] = [function(t) for t in range(case["updates"])]
        return traces

    return gives


comparison(
    "06.3",
    case=draw_then,
    run=lambda answer, case: with_then(answer)(case),
    right=with_then(joined),
    mistakes=(
        Mistake(
            with_then(lambda a, b, at: lambda t: a(t) if t < at else b(t)),
            "b does not begin anew: at t = at it shall stand at its own 0",
            "b 没有重新开始：在 t = at 时，它应处在自己的 0",
        ),
        Mistake(
            with_then(lambda a, b, at: lambda t: a(t) if t <= at else b(t - at)),
            "one update late: t = at is the first update of b",
            "晚了一步：t = at 是 b 的第一个更新步",
        ),
        Mistake(
            with_then(lambda a, b, at: lambda t: a(t) if t <= at else b(t - at - 1)),
            "one update late: t = at is the first update of b",
            "晚了一步：t = at 是 b 的第一个更新步",
        ),
        Mistake(
            with_then(lambda a, b, at: lambda t: a(t) if t < at - 1 else b(t - at + 1)),
            "one update early: t = at − 1 is the last update of a",
            "早了一步：t = at − 1 是 a 的最后一个更新步",
        ),
        Mistake(
            with_then(lambda a, b, at: lambda t: a(t) if t < at else b(t - at + 1)),
            "the first value of b is left out",
            "漏掉了 b 的第一个值",
        ),
        Mistake(
            with_then(lambda a, b, at: lambda t: a(t) if t < at else a(at) * b(t - at) / b(0)),
            "b goes on from the rate that a has come to; it begins at its own first value",
            "b 从 a 到达的学习率接着走；它应从自己的首值开始",
        ),
        Mistake(
            with_then(lambda a, b, at: lambda t: a(t) if t < at else a(at - 1) * b(t - at) / b(0)),
            "b goes on from the rate that a has come to; it begins at its own first value",
            "b 从 a 到达的学习率接着走；它应从自己的首值开始",
        ),
        Mistake(
            with_then(lambda a, b, at: lambda t: a(t) if t < at else a(at - 1) * b(t - at)),
            "b multiplies the rate that a has come to; it takes its place",
            "b 乘在 a 到达的学习率上；它应当取而代之",
        ),
        Mistake(
            with_then(lambda a, b, at: lambda t: b(t) if t < at else a(t - at)),
            "a and b have changed places: a comes first",
            "a 和 b 的位置颠倒了：a 在前",
        ),
        Mistake(
            with_then(lambda a, b, at: lambda t: a(t) if t >= at else b(t)),
            "a and b have changed places: a runs *before* update at",
            "a 和 b 的位置颠倒了：第 at 步*之前*是 a",
        ),
        Mistake(
            with_then(lambda a, b, at: lambda t: a(t) * b(t)),
            "that is the product of the two, at all times",
            "这是两者在所有时刻的乘积",
        ),
    ),
    axes=(TIME,),
    cases=2,
)


# --- 06.4 A composite that resumes -----------------------------------------------------------------------


def draw_composite(rng: np.random.Generator) -> dict:
    milestone = int(rng.integers(4, 7))
    return {
        "lrs": draw_groups(rng),
        "milestone": milestone,
        "rise": round(rng.uniform(0.2, 0.5), 2),
        "gamma": round(rng.uniform(0.7, 0.9), 2),
        "updates": 16,
        "stops": [int(rng.integers(1, milestone)), milestone, milestone + int(rng.integers(2, 6))],
    }


def two(case: dict) -> tuple[Callable[[int], float], Callable[[int], float]]:
    """Factors: a rise, and a decay that begins below 1."""
    return (
        lambda t: case["rise"] + (1 - case["rise"]) * t / case["milestone"],
        lambda t: 0.95 * case["gamma"] ** t,
    )


def sequence(case: dict, *, late: int = 0, anew: bool = True, more: int = 0) -> np.ndarray:
    """The uninterrupted run, ``(updates + more, groups)``, with one fault or none."""
    first, second = two(case)
    at = case["milestone"]
    factors = [
        first(t) if t < at + late else second(t - at - min(late, 0) if anew else t)
        for t in range(case["updates"] + more)
    ]
    return np.outer(factors, case["lrs"])


def current_rates(case: dict) -> np.ndarray:
    """The factors of all updates so far, one after the other on the current rate."""
    first, second = two(case)
    at = case["milestone"]
    factors = [first(t) if t < at else second(t - at) for t in range(case["updates"])]
    return np.outer(np.cumprod(factors), case["lrs"])


def composite_on_group_0(case: dict) -> np.ndarray:
    trace = sequence(case)
    trace[:, 1:] = case["lrs"][1:]
    return trace


def through_a_file(state: object) -> Any:
    """What comes back out of a checkpoint."""
    file = io.BytesIO()
    try:
        torch.save(state, file)
        file.seek(0)
        return torch.load(file, weights_only=True)
    except Exception:
        raise NotYet(
            say("`state_dict()` cannot be saved: a checkpoint holds numbers, lists and dicts; leave the functions out, "
                "whoever loads it has them",
                "`state_dict()` 无法保存：检查点里只放数、列表和字典；不要放函数，载入的人自己有")
        ) from None  # fmt: skip


def run_composite(answer: Callable, case: dict) -> dict:
    """The uninterrupted run, and runs that stop and go on with another optimizer and scheduler."""

    def build(optimizer: Optimizer) -> LRScheduler:
        return answer(optimizer, *two(case), case["milestone"])

    optimizer = new_optimizer(case["lrs"])
    found: dict[str, Any] = {"whole": train(optimizer, build(optimizer), case["updates"]), "resumed": {}}
    for stop in case["stops"]:
        for name, optimizer_first in resumptions(stop):
            optimizer = new_optimizer(case["lrs"])
            scheduler = build(optimizer)
            train(optimizer, scheduler, stop)
            saved = through_a_file([scheduler.state_dict(), optimizer.state_dict()])
            optimizer = new_optimizer(case["lrs"])
            if optimizer_first:
                optimizer.load_state_dict(saved[1])
            scheduler = build(optimizer)
            scheduler.load_state_dict(saved[0])
            found["resumed"][name] = train(optimizer, scheduler, case["updates"] - stop)
    return found


def resumptions(stop: int) -> list[tuple[str, bool]]:
    """Their names, in no language, and whether the optimizer is loaded before the scheduler is built, or not at all."""
    return [(f"k = {stop}", False), (f"k = {stop}, optimizer.load_state_dict(...)", True)]


def resumed(rates: Callable[[dict, int, bool], np.ndarray]) -> Callable[[dict], dict]:
    """All resumed runs; *rates* gives one of them: (case, stop, optimizer first) -> rates of the rest."""
    return lambda case: {
        name: rates(case, stop, first) for stop in case["stops"] for name, first in resumptions(stop)
    }


def from_the_start(case: dict, stop: int, optimizer_first: bool) -> np.ndarray:
    return sequence(case)[: case["updates"] - stop]


def stale_first(case: dict, stop: int, optimizer_first: bool) -> np.ndarray:
    return np.concatenate([sequence(case)[:1], sequence(case)[stop + 1 :]])


def a_step_ahead(case: dict, stop: int, optimizer_first: bool) -> np.ndarray:
    return sequence(case, more=1)[stop + 1 :]


def a_step_behind(case: dict, stop: int, optimizer_first: bool) -> np.ndarray:
    return np.concatenate([sequence(case)[stop - 1 : stop], sequence(case)[stop + 1 :]])


def written_to_group_0(case: dict, stop: int, optimizer_first: bool) -> np.ndarray:
    rest = sequence(case)[stop:].copy()
    rest[0, 1:] = sequence(case)[0, 1:]
    return rest


def from_the_loaded_rate(case: dict, stop: int, optimizer_first: bool) -> np.ndarray:
    rest = sequence(case)[stop:]
    return rest * rest[0] / case["lrs"] if optimizer_first else rest


WHOLE = Comparison(
    case=draw_composite,
    run=run_composite,
    right=sequence,
    mistakes=(
        Mistake(
            lambda case: sequence(case, anew=False),
            "the second function does not begin anew: at the milestone it shall stand at its own 0",
            "第二个函数没有重新开始：到了里程碑，它应处在自己的 0",
        ),
        Mistake(
            lambda case: sequence(case, late=1),
            "one update late: the milestone is the first update of the second function",
            "晚了一步：里程碑是第二个函数的第一个更新步",
        ),
        Mistake(
            lambda case: sequence(case, late=-1),
            "one update early: the milestone itself is the first update of the second function",
            "早了一步：里程碑那一步才是第二个函数的第一个更新步",
        ),
        Mistake(
            lambda case: sequence(case) / case["lrs"],
            "the base rate is missing: the functions return factors of `self.base_lrs`",
            "缺少基准学习率：两个函数返回的是倍率，要乘以 `self.base_lrs`",
        ),
        Mistake(
            current_rates,
            "it multiplies the current rate; multiply the base rate, which each group was built with",
            "它乘的是当前的学习率；应乘每个参数组构造时的基准学习率",
        ),
        Mistake(
            composite_on_group_0,
            "only param group 0? Return one rate a group",
            "是不是只改了参数组 0？每个参数组都要返回一个学习率",
        ),
    ),
    axes=(UPDATE, GROUP),
    cases=1,
)
RESUMED = Comparison(
    case=draw_composite,
    run=run_composite,
    right=resumed(lambda case, stop, optimizer_first: sequence(case)[stop:]),
    mistakes=(
        Mistake(
            resumed(from_the_start),
            "it begins again at update 0; `load_state_dict` must bring its place back",
            "它又从第 0 步开始；`load_state_dict` 必须恢复所处的位置",
        ),
        Mistake(
            resumed(stale_first),
            "the place is back, the rates are not: until the next `step()` the optimizer has those of update 0; write "
            "them in `load_state_dict`",
            "位置恢复了，学习率没有：到下一次 `step()` 之前，优化器里还是第 0 步的值；"
            "请在 `load_state_dict` 里写入",
        ),
        Mistake(
            resumed(a_step_behind),
            "the first rate after loading is that of the update before; `self.last_epoch` is already the coming update",
            "载入后的首个学习率是上一步的；`self.last_epoch` 已经是即将到来的那一步",
        ),
        Mistake(
            resumed(written_to_group_0),
            "`load_state_dict` wrote the rate of param group 0 only; the others still have that of update 0",
            "`load_state_dict` 只写入了参数组 0 的学习率；其他组还是第 0 步的值",
        ),
        Mistake(
            resumed(a_step_ahead),
            "one update is left out: loading must not step",
            "漏掉了一步：载入时不应再走一步",
        ),
        Mistake(
            resumed(from_the_loaded_rate),
            "the base rate was read from an optimizer that had been loaded, and is a current one; save the base rates",
            "基准学习率是从已载入的优化器读出的，其实是当前值；请把基准学习率存进状态",
        ),
    ),
    axes=(SINCE, GROUP),
    cases=1,
)


@exercise("06.4", draw=WHOLE.draw, probe=WHOLE.probe)
def judge_composite(cases: list[dict], seen: list[dict]) -> str | None:
    return WHOLE.judge(cases, [found["whole"] for found in seen]) or RESUMED.judge(
        cases, [found["resumed"] for found in seen]
    )
