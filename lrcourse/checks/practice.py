"""Section 08's checks: loops put right, judged by the rates they use and by what watch says; resume; a choice."""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
)  # fmt: skip

from ..practice import watch
from ..practice.rules import RULES
from ..words import say
from .compare import GROUP, UPDATE, Comparison, Mistake, comparison, difference
from .exercise import NotYet, exercise

CODES = [rule.__name__.replace("_", "-") for rule in RULES]


# --- Loops that are put right ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Repair(Comparison):
    """A comparison of learning rates, and of what watch finds in the loops: nothing, when they are right."""

    def judge(self, cases: list[dict], seen: list) -> str | None:
        message = super().judge(cases, seen)
        found = {code for each in seen for code in each.get("watch", ()) if code in CODES}
        said = say(", ", "、").join(sorted(found, key=CODES.index))
        if message and said:
            return message + say(" (watch finds: {said})", "（watch 发现：{said}）", said=said)
        if said:
            return say("the learning rates are right, but watch still finds {said}: mend the cause, not the numbers",
                       "学习率对了，但 watch 仍然发现 {said}：请改掉原因，而不是凑出数值", said=said)  # fmt: skip
        return message


def repair(id: str, **parts: Any) -> None:
    """Register the exercise *id*."""
    usual = Repair(**parts, axes=(UPDATE, GROUP), cases=1)
    exercise(id, draw=usual.draw, probe=usual.probe)(usual.judge)


def watched(
    loop: Callable, case: dict, updates: int, *, look: bool = True, accumulate: bool = False, losses: bool = False
) -> dict:
    """Run a loop as a learner writes it: the learning rates that its updates use, and the codes of watch.

    Args:
        look: False spares watch, and leaves out its codes: of our own loops we know them.
        updates: how many there should be.
        accumulate: the loop gets ``backward(batch)``, and calls ``optimizer.step()`` itself.
        losses: the loop gets ``validate()`` too, which returns the next of ``case["losses"]``.
    """
    weight = [nn.Parameter(torch.ones(1, dtype=torch.float64)) for _ in case["lrs"]]
    mine = [torch.zeros(1, dtype=torch.float64) for _ in weight]  # the gradient of the batches since the last update
    optimizer = SGD([{"params": [w], "lr": lr} for w, lr in zip(weight, case["lrs"], strict=True)], momentum=0.9)

    def backward(batch: float) -> Tensor:
        for w, sum_ in zip(weight, mine, strict=True):  # of (w - batch)², by hand: autograd takes ten times as long
            slope = 2 * (w.detach() - batch)
            sum_ += slope
            w.grad = slope if w.grad is None else w.grad + slope
        return (weight[0].detach() - batch).square().sum()

    def train(batch: float) -> Tensor:
        optimizer.zero_grad()
        loss = backward(batch)
        optimizer.step()
        return loss

    def used_up(*_: object) -> None:
        clean = all(w.grad is not None and w.grad.allclose(m) for w, m in zip(weight, mine, strict=True))
        if accumulate and look and not clean:
            raise NotYet(say(
                "first loop: at an optimizer.step() the gradients are not those of the batches since the last update; "
                "optimizer.zero_grad() belongs right after optimizer.step()",
                "第一个循环：调用 optimizer.step() 时，梯度不是上次更新以来各批次的梯度之和；"
                "optimizer.zero_grad() 应紧跟在 optimizer.step() 之后",
            ))  # fmt: skip
        for m in mine:
            m.zero_()

    optimizer.register_step_pre_hook(used_up)
    remaining: Iterator[float] = iter(case.get("losses", ()))

    def validate() -> float:
        try:
            return next(remaining)
        except StopIteration:
            raise NotYet(say(
                "validate() was called more than once an epoch", "validate() 每轮被调用了不止一次"
            )) from None  # fmt: skip

    loader = [((7 * i) % 5) / 10 for i in range(case["batches"])]
    more = (validate,) * losses
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of some of the mistakes; the message says more
        given = optimizer, loader, case["epochs"], backward if accumulate else train, *more
        if look:
            with watch(optimizer, planned_updates=updates) as report:
                loop(*given)
            return {"lr": report.lr, "watch": list(report.codes)}
        used: list[list[float]] = []
        optimizer.register_step_pre_hook(lambda *_: used.append([group["lr"] for group in optimizer.param_groups]))
        loop(*given)
    return {"lr": used, "watch": []}


def pair(loops: object) -> tuple[Callable, Callable]:
    """The two functions that an exercise asks for."""
    if not isinstance(loops, tuple | list) or len(loops) != 2 or not all(map(callable, loops)):
        raise NotYet(say("give the check both functions, as a tuple", "请把两个函数作为元组交给检查"))
    return loops[0], loops[1]


def both(one: dict, other: dict) -> dict:
    return {
        "first loop": one["lr"], "second loop": other["lr"],
        "watch": [*one["watch"], *other["watch"]],
    }  # fmt: skip


def draw_loops(rng: np.random.Generator) -> dict:
    return {
        "epochs": int(rng.integers(5, 8)), "batches": 4 * int(rng.integers(2, 4)),
        "lrs": [float(rng.choice([0.1, 0.2, 0.3])), float(rng.choice([0.01, 0.02, 0.04]))],
    }  # fmt: skip


def length(case: dict) -> int:
    return case["epochs"] * case["batches"]


def rates(run: Callable[..., dict], first: Callable, second: Callable) -> Callable[[dict], dict]:
    """What a pair of our own loops gives, as :class:`Repair` compares it; each case once."""

    @functools.lru_cache(maxsize=64)
    def of(case: str) -> dict:
        found = run((first, second), json.loads(case), look=False)
        return {name: value for name, value in found.items() if name != "watch"}

    return lambda case: of(json.dumps(case))


# --- 08.1 At the wrong time --------------------------------------------------------------------------------------


def run_time(answer: object, case: dict, look: bool = True) -> dict:
    first, second = pair(answer)
    try:
        return both(*[watched(loop, case, length(case), look=look) for loop in (first, second)])
    except ValueError as error:
        if "Tried to step" not in str(error):
            raise
        raise NotYet(say(
            "OneCycleLR was stepped more often than its total_steps: stepped once an update, it needs the number of "
            "updates, epochs * len(loader)",
            "OneCycleLR 的 step 次数超过了 total_steps：每个更新步调用一次，就要填更新步总数，即 epochs * len(loader)",
        )) from None  # fmt: skip


def once(when: str = "update", total: str = "updates", early: bool = False) -> Callable:
    """The first loop: a one-cycle, stepped after each "update" or each "epoch"; *early*: before it."""

    def loop(optimizer: Optimizer, loader: list, epochs: int, train: Callable) -> None:
        steps = epochs * len(loader) if total == "updates" else epochs
        scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=steps, cycle_momentum=False)
        for _ in range(epochs):
            for batch in loader:
                if early and when == "update":
                    scheduler.step()
                train(batch)
                if not early and when == "update":
                    scheduler.step()
            if when == "epoch":
                scheduler.step()

    return loop


def drops(when: str = "after") -> Callable:
    """The second loop: drops at epochs 2 and 4, stepped "before" or "after" the epoch, or each "update"."""

    def loop(optimizer: Optimizer, loader: list, epochs: int, train: Callable) -> None:
        scheduler = MultiStepLR(optimizer, milestones=[2, 4])
        for _ in range(epochs):
            if when == "before":
                scheduler.step()
            for batch in loader:
                train(batch)
                if when == "update":
                    scheduler.step()
            if when == "after":
                scheduler.step()

    return loop


def timing(first: Callable, second: Callable) -> Callable[[dict], dict]:
    return rates(run_time, first, second)


repair(
    "08.1",
    case=draw_loops,
    run=run_time,
    right=timing(once(), drops()),
    mistakes=(
        Mistake(timing(once("epoch"), drops("before")), "both loops are as they were", "两个循环都还是原样"),
        Mistake(
            timing(once("epoch"), drops()),
            "total_steps counts updates, but the scheduler steps once an epoch and never leaves its warm-up",
            "total_steps 以更新步计，调度器却每轮才 step 一次，始终没走出预热",
        ),
        Mistake(
            timing(once("epoch", "epochs"), drops()),
            "the rate now moves once an epoch; the cycle was meant to move every update",
            "学习率现在每轮才变一次；这个周期本该每个更新步都变",
        ),
        Mistake(
            timing(once(early=True), drops()),
            "every update uses the next one's rate; step after train(batch)",
            "每个更新步都用了下一步的学习率；应在 train(batch) 之后再 step",
        ),
        Mistake(
            timing(once(), drops("before")),
            "it drops one epoch early: it steps before the epoch's updates",
            "早降了一轮：它在这一轮的更新步之前就 step 了",
        ),
        Mistake(
            timing(once(), drops("update")),
            "milestones count epochs here, but it steps every update and is cold within the first epoch",
            "这里的里程碑以轮计，它却每个更新步都 step，第一轮之内就冷了",
        ),
    ),
    call="",
)


# --- 08.2 Of the wrong length ------------------------------------------------------------------------------------


def run_length(answer: object, case: dict, look: bool = True) -> dict:
    first, second = pair(answer)
    n = length(case)
    return both(watched(first, case, n // 4, look=look, accumulate=True), watched(second, case, n, look=look))


def accumulated(total: Callable[[int, int], int] = lambda n, epochs: n // 4, every_batch: bool = False) -> Callable:
    """The first loop: a cosine over *total*(batches in all, epochs) steps, one update every four batches."""

    def loop(optimizer: Optimizer, loader: list, epochs: int, backward: Callable) -> None:
        scheduler = CosineAnnealingLR(optimizer, T_max=total(epochs * len(loader), epochs))
        for _ in range(epochs):
            for i, batch in enumerate(loader):
                backward(batch)
                if i % 4 == 3:
                    optimizer.step()
                    optimizer.zero_grad()
                if every_batch or i % 4 == 3:
                    scheduler.step()

    return loop


def sequence(
    total: Callable[..., int] = lambda n: n - 5, milestone: Callable[[int], int] = lambda n: 5, start: float = 0.1,
    rise: int = 5,
) -> Callable:
    """The second loop: a warm-up of *rise* updates from *start*, then a cosine of *total*(updates in all) steps."""

    def loop(optimizer: Optimizer, loader: list, epochs: int, train: Callable) -> None:
        n = epochs * len(loader)
        warmup = LinearLR(optimizer, start_factor=start, total_iters=rise)
        scheduler = SequentialLR(optimizer, [warmup, CosineAnnealingLR(optimizer, T_max=total(n))], [milestone(n)])
        for _ in range(epochs):
            for batch in loader:
                train(batch)
                scheduler.step()

    return loop


def lengths(first: Callable, second: Callable) -> Callable[[dict], dict]:
    return rates(run_length, first, second)


repair(
    "08.2",
    case=draw_loops,
    run=run_length,
    right=lengths(accumulated(), sequence()),
    mistakes=(
        Mistake(lengths(accumulated(lambda n, epochs: n), sequence(lambda n: n)), "both loops are as they were",
                "两个循环都还是原样"),
        Mistake(
            lengths(accumulated(lambda n, epochs: n), sequence()),
            "T_max counts batches, and four of them make one update: the run ends on a quarter of the cosine",
            "T_max 数的是批次，而四个批次才是一个更新步：训练结束时只走完余弦的四分之一",
        ),
        Mistake(
            lengths(accumulated(lambda n, epochs: n, every_batch=True), sequence()),
            "the length fits, but the scheduler steps on batches that make no update: step where the optimizer does",
            "长度凑对了，但没有更新的批次也在 step：应与优化器在同一处 step",
        ),
        Mistake(
            lengths(accumulated(every_batch=True), sequence()),
            "four steps an update: the cosine is through after a quarter of the run, and rises again",
            "每个更新步 step 了四次：训练到四分之一时余弦就走完，然后又上升",
        ),
        Mistake(
            lengths(accumulated(lambda n, epochs: epochs), sequence()),
            "T_max is the number of epochs, but it steps every update",
            "T_max 是轮数，但它每个更新步都 step",
        ),
        Mistake(
            lengths(accumulated(), sequence(lambda n: n)),
            "the cosine begins after the warm-up, so it has five steps less than the run",
            "余弦在预热之后才开始，所以比整个训练少五步",
        ),
        *[Mistake(lengths(accumulated(), sequence(lambda n, off=off: n - off)),
                  "the cosine has N − 5 steps: all updates but the five of the warm-up",
                  "余弦有 N − 5 个 step：除去预热的五步，其余全是它的") for off in (4, 6)],
        *[Mistake(lengths(accumulated(), sequence(**other)),
                  "the warm-up itself was right; leave it, start_factor=0.1 and total_iters=5",
                  "预热本来就是对的；保持 start_factor=0.1、total_iters=5 不动")
          for other in ({"rise": 4}, {"rise": 6}, {"start": 0.2}, {"start": 1 / 3})],
        Mistake(
            lengths(accumulated(), sequence(lambda n: n - 5, lambda n: n - 5)),
            "the milestone is where the warm-up ends, update 5",
            "里程碑是预热结束之处，即第 5 步",
        ),
        Mistake(
            lengths(accumulated(), sequence(lambda n: 5)),
            "T_max=5 is the warm-up's length: the cosine is through at update 10, and swings up and down after that",
            "T_max=5 是预热的长度：余弦到第 10 步就走完，之后上下摆动",
        ),
    ),
    call="",
)  # fmt: skip


# --- 08.3 With the wrong values ----------------------------------------------------------------------------------


def draw_values(rng: np.random.Generator) -> dict:
    """Validation losses with one stall alone, and two in a row, the second of which is below the first."""
    case = draw_loops(rng) | {"epochs": 8, "warmup": int(rng.integers(4, 8))}
    stalls = [[1.05], [1.08, 1.03]]
    plan = [*[[]] * int(rng.integers(1, 3)), *(stalls[i] for i in rng.permutation(2))]
    losses, best = [], 1.0
    for stall in plan:
        best *= float(rng.uniform(0.8, 0.9))
        losses += [best, *(best * above for above in stall)]
    while len(losses) < case["epochs"]:
        losses.append(losses[-1] * 0.8)
    return case | {"losses": losses}


def run_values(answer: object, case: dict, look: bool = True) -> dict:
    first, second = pair(answer)
    n = length(case)
    with_warmup = lambda *given: second(*given, case["warmup"])  # noqa: E731
    return both(watched(first, case, n, look=look, losses=True), watched(with_warmup, case, n, look=look))


def plateau(metric: str = "validation", every: str = "epoch", factor: float = 0.5, patience: int = 0) -> Callable:
    """The first loop: it watches the "validation" loss, the number of the "epoch", the last batch's "training" loss."""

    def loop(optimizer: Optimizer, loader: list, epochs: int, train: Callable, validate: Callable) -> None:
        scheduler = ReduceLROnPlateau(optimizer, factor=factor, patience=patience)
        for epoch in range(epochs):
            for batch in loader:
                loss = train(batch)
                if every == "update":
                    scheduler.step(loss)
            if every == "epoch":
                watched = {"epoch": epoch, "training": loss}
                scheduler.step(watched[metric] if metric in watched else validate())

    return loop


def against_previous(optimizer: Optimizer, loader: list, epochs: int, train: Callable, validate: Callable) -> None:
    """The first loop by hand, wrong: it compares each loss with that of the epoch before."""
    before = np.inf
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        loss = validate()
        for group in optimizer.param_groups:
            group["lr"] *= 1 if loss < before else 0.5
        before = loss


def line(factor: Callable[[int, int, int], float]) -> Callable:
    """The second loop: *factor*(t, warmup, updates in all)."""

    def loop(optimizer: Optimizer, loader: list, epochs: int, train: Callable, warmup: int) -> None:
        n = epochs * len(loader)
        scheduler = LambdaLR(optimizer, lambda t: factor(t, warmup, n))
        for _ in range(epochs):
            for batch in loader:
                train(batch)
                scheduler.step()

    return loop


def rise(t: int, w: int) -> float:
    return min(1.0, (t + 1) / (w + 1))


def values(first: Callable, second: Callable) -> Callable[[dict], dict]:
    return rates(run_values, first, second)


RIGHT_LINE = line(lambda t, w, n: rise(t, w) * (1 - t / n))

repair(
    "08.3",
    case=draw_values,
    run=run_values,
    right=values(plateau(), RIGHT_LINE),
    mistakes=(
        Mistake(values(plateau("epoch"), line(lambda t, w, n: min(1.0, t / w) * (1 - t / 50))),
                "both loops are as they were", "两个循环都还是原样"),
        Mistake(
            values(plateau(patience=1), RIGHT_LINE),
            "patience=1 lets one epoch without a new lowest loss pass; 0 cuts at its end",
            "patience=1 会放过一轮没有创新低的损失；0 才会在那一轮结束时下降",
        ),
        *[Mistake(values(plateau(factor=0.1, patience=patience), RIGHT_LINE),
                  "ReduceLROnPlateau's own factor is 0.1, which is no halving",
                  "ReduceLROnPlateau 的默认因子是 0.1，那不是减半") for patience in (0, 1)],
        Mistake(
            values(against_previous, RIGHT_LINE),
            "it compares with the epoch before; what counts is the lowest loss so far",
            "它是与上一轮比较；要比的是迄今最低的损失",
        ),
        Mistake(
            values(plateau("epoch"), RIGHT_LINE),
            "it watches the number of the epoch, which only grows: it cuts whatever the loss does",
            "它监视的是轮数，轮数只增不减：无论损失如何都会下降",
        ),
        Mistake(
            values(plateau("training"), RIGHT_LINE),
            "it watches the loss of the last batch; hand it what validate() returns",
            "它监视的是最后一个批次的损失；应交给它 validate() 的返回值",
        ),
        Mistake(
            values(plateau(every="update"), RIGHT_LINE),
            "it steps on every batch; a validation loss comes once an epoch",
            "它每个批次都 step；验证损失每轮才有一次",
        ),
        Mistake(
            values(plateau(), line(lambda t, w, n: min(1.0, t / w) * (1 - t / n))),
            "t / warmup is 0 at the first update, which moves nothing",
            "t / warmup 在第一步为 0，什么也没动",
        ),
        Mistake(
            values(plateau(), line(lambda t, w, n: min(1.0, (t + 1) / w) * (1 - t / n))),
            "the warm-up arrives one update early; (t + 1) / (warmup + 1) is 1 at update `warmup`",
            "预热早到了一步；(t + 1) / (warmup + 1) 在第 `warmup` 步才为 1",
        ),
        Mistake(
            values(plateau(), line(lambda t, w, n: rise(t, w) * (1 - t / 50))),
            "50 is not the length of this run: past it the rate is negative, or the run ends before the line",
            "50 不是这次训练的长度：超过它学习率为负，不到它则直线太陡或太平",
        ),
        Mistake(
            values(plateau(), line(lambda t, w, n: rise(t, w) * max(0.0, 1 - t / 50))),
            "a floor at 0 hides it: the line still ends at update 50, and the rest of the run stands still",
            "0 下限只是掩盖：直线仍在第 50 步结束，其余的训练原地不动",
        ),
        Mistake(
            values(plateau(), line(lambda t, w, n: rise(t, w) * (1 - t / (n - 1)))),
            "the last update has 0 and is wasted; 0 comes after the last",
            "最后一步为 0，白白浪费；0 应在最后一步之后",
        ),
    ),
    call="",
)  # fmt: skip


# --- 08.4 Save and resume ----------------------------------------------------------------------------------------


def draw_run(rng: np.random.Generator) -> dict:
    updates = int(rng.integers(12, 18))
    return {"seed": int(rng.integers(1000)), "updates": updates, "cut": int(rng.integers(5, updates - 4))}


def new_run(seed: int, updates: int) -> tuple[nn.Module, Optimizer, LRScheduler]:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.3), nn.Linear(6, 2)).double()
    groups: list[dict[str, Any]] = [{"params": model[0].parameters()}, {"params": model[2].parameters(), "lr": 0.02}]
    optimizer = AdamW(groups, lr=0.05)
    return model, optimizer, CosineAnnealingLR(optimizer, T_max=updates)


def go_on(model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler, begin: int, end: int) -> list[list[float]]:
    """Train from update *begin* to *end*, batches and dropout drawn from torch's random numbers."""
    used = []
    for _ in range(begin, end):
        x = torch.randn(8, 4, dtype=torch.float64)
        loss = mse_loss(model(x), x[:, :2])
        optimizer.zero_grad()
        loss.backward()
        used.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return used


def run_resume(answer: object, case: dict) -> dict:
    save, load = pair(answer)
    with torch.random.fork_rng(devices=[]), TemporaryDirectory() as folder:
        path = str(Path(folder) / "run.pt")
        parts = new_run(case["seed"], case["updates"])
        go_on(*parts, 0, case["cut"])
        save(path, *parts, case["cut"])
        if not Path(path).is_file():
            raise NotYet(say("save has written no file at path", "save 没有在 path 处写出文件"))
        go_on(*parts, 0, 3)  # the old run lives a little longer, and what was saved must not change with it
        plain = 1
        try:
            torch.load(path, weights_only=True)
        except Exception:  # whatever a foreign file makes torch raise
            plain = 0
        again = new_run(case["seed"] + 1, case["updates"])
        t = load(path, *again)
        if isinstance(t, bool) or not isinstance(t, int):
            raise NotYet(say("load has to return t, the number of updates made, got {t!r}",
                             "load 应返回 t，即已完成的更新步数，得到 {t!r}", t=t))  # fmt: skip
        t = min(max(t, 0), case["updates"])
        return {"t": t, **ended(again, go_on(*again, t, case["updates"])), "weights_only": plain}


def ended(parts: tuple, used: list) -> dict:
    return {"lr": used, "weights": nn.utils.parameters_to_vector(parts[0].parameters()).tolist()}


def resumed(*left_out: str, t: int | None = None) -> Callable[[dict], dict]:
    """The run that goes on with everything but the parts *left_out*."""

    @functools.lru_cache(maxsize=64)
    def of(key: str) -> dict:
        case = json.loads(key)
        with torch.random.fork_rng(devices=[]):
            parts: tuple[Any, Any, Any] = new_run(case["seed"], case["updates"])
            go_on(*parts, 0, case["cut"])
            states = {"random": torch.get_rng_state()}
            again: tuple[Any, Any, Any] = new_run(case["seed"] + 1, case["updates"])
            for name, part, old in zip(("model", "optimizer", "scheduler"), again, parts, strict=True):
                if name not in left_out:
                    part.load_state_dict(old.state_dict())
            if "random" not in left_out:
                torch.set_rng_state(states["random"])
            begin = case["cut"] if t is None else t
            return {"t": begin, **ended(again, go_on(*again, begin, case["updates"])),
                    "weights_only": 0 if "plain" in left_out else 1}  # fmt: skip

    return lambda case: of(json.dumps(case))


comparison(
    "08.4",
    case=draw_run,
    run=run_resume,
    right=resumed(),
    mistakes=(
        Mistake(
            resumed("random"),
            "the random numbers begin anew: other batches, another dropout; keep torch.get_rng_state()",
            "随机数重新开始了：批次和 dropout 都不同；请保存 torch.get_rng_state()",
        ),
        Mistake(
            resumed("optimizer"),
            "the optimizer is a new one: its own rate, no moments; load its state",
            "优化器是全新的：学习率是它自己的，各阶矩也没了；请载入它的状态",
        ),
        Mistake(
            resumed("scheduler"),
            "the scheduler begins at step 0 again; load its state",
            "调度器又从第 0 步开始了；请载入它的状态",
        ),
        Mistake(resumed("model"), "the weights are those of a new model; load them", "权重还是新模型的；请载入"),
        Mistake(
            resumed("optimizer", "scheduler", "random"),
            "only the weights went on; a run is more than that",
            "只有权重延续了下来；一次训练不只是权重",
        ),
        Mistake(
            resumed("optimizer", "scheduler"),
            "optimizer and scheduler begin anew; save and load both",
            "优化器和调度器都重新开始了；两者都要保存和载入",
        ),
        Mistake(resumed(t=0), "the run is made once more from update 0; return the t that was saved",
                "训练又从第 0 步重做了一遍；应返回保存的 t"),
        Mistake(
            resumed("plain"),
            "the run goes on, but the file holds more than tensors and plain values; save states, not objects",
            "训练接上了，但文件里不只是张量和普通的值；请保存状态，而不是对象",
        ),
    ),
    call="load(path, ...)",
    axes=(UPDATE, GROUP),
    cases=1,
)  # fmt: skip


# --- 08.5 Choose by evidence -------------------------------------------------------------------------------------

NAMES = ("constant", "multi-step", "linear", "cosine", "one-cycle", "WSD")


def draw_losses(rng: np.random.Generator) -> dict:
    shared = rng.normal(0, 0.1, 8)
    means = 1 + np.sort(rng.uniform(0, 0.08, len(NAMES)))[:: rng.choice([1, -1])] + rng.normal(0, 0.02, len(NAMES))
    noise = rng.normal(0, 0.025, (len(NAMES), 8))
    return {"losses": {name: [round(float(x), 4) for x in row]
                       for name, row in zip(NAMES, means[:, None] + shared + noise, strict=True)}}  # fmt: skip


def run_choice(answer: Callable, case: dict) -> int:
    losses = {name: list(row) for name, row in case["losses"].items()}
    name = answer(losses)
    if name is None:
        raise NotYet(say("found nothing; is the `return` missing?", "没有得到任何值；是不是忘了 `return`？"))
    if name not in case["losses"]:
        raise NotYet(say("expected the name of a schedule, found {name!r}", "应为某种调度的名字，得到 {name!r}",
                         name=name))  # fmt: skip
    return list(case["losses"]).index(name)


def chosen(
    within: float = 2, *, paired: bool = True, root: bool = True, last: bool = False, ddof: int = 1
) -> Callable[[dict], int]:
    """Number of the first schedule (or the *last*) that is no more than *within* standard errors behind the best."""

    def gives(case: dict) -> int:
        losses = np.array(list(case["losses"].values()))
        best = losses[losses.mean(1).argmin()]
        difference = losses - best
        apart = np.sqrt(losses.var(1, ddof=1) + best.var(ddof=1))
        spread = difference.std(1, ddof=ddof) if paired else apart
        if root:
            spread = spread / np.sqrt(losses.shape[1])
        level = np.flatnonzero(difference.mean(1) <= within * spread)
        return int(level[-1 if last else 0])

    return gives


class Choice(Comparison):
    """A comparison of the schedules' numbers, which shows their names."""

    def judge(self, cases: list[dict], seen: list) -> str | None:
        message = super().judge(cases, seen)
        for case, found in zip(cases, seen, strict=True):
            expected, names = self.right(case), list(case["losses"])
            differs = difference(expected, found)
            if message and differs and type(found) is int and found in range(len(names)):
                e, f = names[expected], names[found]
                words = say("expected {e!r}, found {f!r}", "应为 {e!r}，得到 {f!r}", e=e, f=f)
                return message.replace(differs[1], words)
        return message


usual = Choice(
    case=draw_losses,
    run=run_choice,
    right=chosen(),
    mistakes=(
        Mistake(
            chosen(0),
            "that is the lowest mean; a simpler one lies within two standard errors of it",
            "这是平均值最低的；有更简单的一种与它相差不到两个标准误",
        ),
        Mistake(
            chosen(paired=False),
            "the seeds are the same for all, so take differences seed by seed before you look at their spread",
            "各种调度的随机种子相同，所以先逐个种子求差，再看差的离散程度",
        ),
        Mistake(
            chosen(root=False),
            "that is the standard deviation of the differences; the error of their mean is smaller by √n",
            "这是各个差的标准差；其平均值的误差要再除以 √n",
        ),
        Mistake(chosen(ddof=0),
                "s has ddof=1: with np.std's own ddof=0 it is too small, and a schedule that is level goes missing",
                "s 要用 ddof=1：np.std 默认的 ddof=0 偏小，会漏掉一种不分上下的调度"),
        Mistake(chosen(1), "that allows one standard error; the rule here allows two",
                "这只允许一个标准误；这里的规则允许两个"),
        Mistake(
            chosen(last=True),
            "that is the last one that is level with the best; the dict begins with the simplest",
            "这是与最佳不分上下的最后一种；字典是从最简单的开始排的",
        ),
        Mistake(lambda case: 0, "the first one always; it can be clearly behind", "总是第一种；它可能明显落后"),
    ),
    call="choose(losses)",
    cases=8,
)  # fmt: skip
exercise("08.5", draw=usual.draw, probe=usual.probe)(usual.judge)
