"""What can be wrong with a learning rate, one function each: it reads a :class:`~lrcourse.practice.watch.Trace` and
yields what it finds. Its docstring says what counts as evidence, and what looks alike and is right.
"""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from torch.optim import lr_scheduler as torch_lr
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from ..curves import Schedule
from ..training.fit import wants_metric
from ..training.scheduler import CurveLR, as_schedule
from ..words import say
from .watch import Finding, Seen, Trace, parts

ALIKE = 1e-6  # learning rates this close, relatively, are the same: a float32 tensor holds no more
FROZEN = 1e-6  # of the highest learning rate; OneCycleLR ends at 4e-6
SLACK, MORE = 0.02, 2  # a schedule fits a run whose length is this share, and this many steps, off


# --- The order and number of steps ----------------------------------------------------------------------------


def never_stepped(trace: Trace) -> Iterator[Finding]:
    """Two updates or more, and a scheduler without a step.

    It is one that was given to ``watch``, or the only one there is. Not judged: a loop that ended in an exception, one
    of several given schedulers whose turn has not come (SWALR), and what another scheduler steps.
    """
    if trace.updates < 2 or trace.error is not None:
        return
    working = bool(trace.stepping())
    for seen in trace.tops():
        idle = not len(seen) and not seen.errors and seen.first is not None
        asked = [id(seen.scheduler)] == list(trace.given)
        if idle and (asked or not working) and (not trace.running or trace.updates > 2):
            if not asked and (seen.first or 0) > 0:
                continue
            yield Finding(
                "never-stepped", 1, "error",
                functools.partial(say,
                    "{name} was never stepped in {n} updates: the learning rate stayed what it was at the start.",
                    "{n} 个更新步中从未调用 {name} 的 step()：学习率一直停在初值。", name=seen.name, n=trace.updates),
                functools.partial(say,
                    "Call scheduler.step() once after each optimizer.step(), or once at the end of each epoch.",
                    "每次 optimizer.step() 之后调用一次 scheduler.step()，或每轮结束时调用一次。"),
            )  # fmt: skip


def scheduler_before_optimizer(trace: Trace) -> Iterator[Finding]:
    """One step before the first update, and an update after the last step: all steps stand before their updates.

    Not judged: a first update that a GradScaler left out (the gradients are not finite, or the loop ends with a step),
    several steps before the first update (they wind a scheduler forward), ReduceLROnPlateau.
    """
    for seen in trace.stepping():
        early = sum(made == 0 for made in seen.updates)
        late = seen.updates[-1] >= trace.updates
        if early != 1 or late or trace.updates < 2 or trace.skipped or wants_metric(seen.scheduler):
            continue
        skipped, used = (_used_at(seen, (seen.first or 0) + k) for k in range(2))
        lost = skipped is not None and used is not None and not _alike((skipped,), (used,))
        yield Finding(
            "scheduler-before-optimizer", 0, "error",
            functools.partial(say,
                "{name}.step() was called before the first optimizer.step(): the whole schedule runs one step early"
                + (", and {lr:.3g}, the learning rate of step {k}, was never used." if lost else "."),
                "{name}.step() 在第一次 optimizer.step() 之前就调用了：整个调度提前了一个 step"
                + ("，第 {k} 步的学习率 {lr:.3g} 从未使用。" if lost else "。"),
                name=seen.name, k=seen.first, lr=skipped),
            functools.partial(say,
                "Order: loss.backward(); optimizer.step(); scheduler.step().",
                "顺序应为：loss.backward()；optimizer.step()；scheduler.step()。"),
        )  # fmt: skip


def plateau_without_metric(trace: Trace) -> Iterator[Finding]:
    """A ReduceLROnPlateau whose ``step`` raised for want of a metric, or whose metric is the number of the epoch.

    The number of the epoch: at least three whole numbers that grow by one from 0 or 1. A loss does not do that.
    """
    for seen in trace.seen.values():
        if not wants_metric(seen.scheduler):
            continue
        missing = [made for made, error in seen.errors if isinstance(error, TypeError)]
        given = [(args[0] if args else kwargs.get("metrics")) for args, kwargs in seen.calls.values()]
        counted = (
            len(given) >= 3 and all(type(value) is int for value in given) and given[0] in (0, 1)
            and given == list(range(given[0], given[0] + len(given)))
        )  # fmt: skip
        if missing or counted:
            at = missing[0] if missing else seen.updates[0]
            yield Finding(
                "plateau-without-metric", at, "error",
                functools.partial(say, "{name}.step() was called without what it watches.",
                                  "{name}.step() 调用时没有传入要监视的指标。", name=seen.name)
                if missing else
                functools.partial(say,
                    "{name}.step({first}), step({second}), ...: it watches the number of the epoch, which only grows, "
                    "so it will cut the learning rate whatever the loss does.",
                    "{name}.step({first})、step({second})……：它监视的是轮数，轮数只增不减，"
                    "所以无论损失如何，学习率都会被降低。",
                    name=seen.name, first=given[0], second=given[1]),
                functools.partial(say,
                    "scheduler.step(validation_loss), once an epoch.", "每轮一次 scheduler.step(validation_loss)。"),
            )  # fmt: skip


def stepped_per_epoch(trace: Trace) -> Iterator[Finding]:
    """Stepped every second update or more rarely, while its length is that of the run in *updates*.

    Length: T_max, total_steps, total_iters of a decay, the last milestone of a SequentialLR with what follows it; it
    is within 5 % of the updates of the run. If planned_updates says how long the run is, a step_size, a milestone, a
    cycle or a warm-up counts too that is reached in updates, and not in steps. Not judged otherwise: ten epochs of a
    StepLR(30) may be a trial.
    """
    for seen in trace.stepping():
        if found := _in_updates(trace, seen):
            length, period = found
            yield Finding(
                "stepped-per-epoch", min(seen.updates[0], 1), "error",
                functools.partial(say,
                    "{name} has {argument}, which counts updates, but was stepped every {period:.4g} updates, "
                    "{steps} times: it got {share:.1%} of its way.",
                    "{name} 的 {argument} 以更新步计，却每 {period:.4g} 个更新步才 step 一次，共 {steps} 次："
                    "只走完了 {share:.1%}。",
                    name=seen.name, argument=length.argument, period=period, steps=len(seen),
                    share=min(seen.counters[-1] / length.steps, 1)),
                functools.partial(say,
                    "Move scheduler.step() into the inner loop, after optimizer.step(); or count {what} in epochs.",
                    "把 scheduler.step() 移进内层循环，放在 optimizer.step() 之后；或者让 {what} 以轮计。",
                    what=length.argument.partition("=")[0]),
            )  # fmt: skip


def horizon_mismatch(trace: Trace) -> Iterator[Finding]:
    """By planned_updates and the steps made so far, the run has more or fewer steps than the schedule.

    A difference of 2 % and 2 steps passes (T_max = N - 1 is a choice). A step_size, or a last milestone, that the run
    never reaches is too long. Silent where the steps are counted in another unit: that is ``stepped-per-epoch``. For a
    SequentialLR and a warm-up the length is that of all parts together.
    """
    if trace.planned_updates is None:
        return
    for seen in trace.stepping():
        if _in_updates(trace, seen):
            continue
        steps = trace.planned_updates / trace.period(seen)
        end = _end(seen.scheduler)
        if end is not None and abs(end.steps - steps) > SLACK * end.steps + MORE:
            early = end.steps < steps
        elif end is None and (end := _first_event(seen.scheduler)) is not None and end.steps >= steps:
            early = False
        else:
            continue
        yield Finding(
            "horizon-mismatch", min(int(end.steps * trace.period(seen)), trace.planned_updates - 1), "error",
            functools.partial(say,
                "{name} has {argument}, but {n} updates make {steps:.6g} steps: the schedule ends after {share:.0%} of "
                "the run."
                if early else
                "{name} has {argument}, but {n} updates make {steps:.6g} steps: the run ends after {share:.0%} of the "
                "schedule, with the learning rate still high.",
                "{name} 的 {argument}，而 {n} 个更新步共 step {steps:.6g} 次：训练到 {share:.0%} 时调度就结束了。"
                if early else
                "{name} 的 {argument}，而 {n} 个更新步共 step {steps:.6g} 次：调度只走到 {share:.0%}，训练就结束了，"
                "此时学习率仍然很高。",
                name=seen.name, argument=end.argument, n=trace.planned_updates, steps=steps,
                share=end.steps / steps if early else steps / end.steps),
            functools.partial(say,
                "Compute it: epochs * len(loader) if the scheduler is stepped every update, epochs if once an epoch, "
                "divided by the accumulation; minus the warm-up, if one comes before.",
                "应由计算得出：每个更新步 step 一次时为 epochs * len(loader)，每轮一次时为 epochs；"
                "有梯度累积再除以累积步数，前面有预热则减去预热步数。"),
        )  # fmt: skip


# --- The values that were used --------------------------------------------------------------------------------


def zero_first_lr(trace: Trace) -> Iterator[Finding]:
    """The first update of the run has learning rate 0 in all param groups, a later one has not.

    Not judged: groups that are frozen at first while others move; a resumed run.
    """
    lr = trace.lr
    if len(lr) < 2 or not trace.starts or np.nan_to_num(lr[0]).any() or not np.nan_to_num(lr).any():
        return
    known = [count for count, _, _ in trace.starts[0].counters.values()]
    if not known or min(known) <= 0:
        wasted = int(np.flatnonzero(np.nan_to_num(lr).any(1))[0])
        yield Finding(
            "zero-first-lr", 0, "advice",
            functools.partial(say,
                "The first {n} updates ran at learning rate 0: their gradients were computed for nothing.",
                "前 {n} 个更新步的学习率为 0：梯度白算了。", n=wasted)
            if wasted > 1 else
            functools.partial(say,
                "The first update ran at learning rate 0: its gradient was computed for nothing.",
                "第一个更新步的学习率为 0：梯度白算了。"),
            functools.partial(say,
                "Let the warm-up be (t + 1) / (warmup + 1) instead of t / warmup, or start_factor > 0.",
                "预热用 (t + 1) / (warmup + 1) 而不是 t / warmup，或让 start_factor > 0。"),
        )  # fmt: skip


def negative_lr(trace: Trace) -> Iterator[Finding]:
    """An update used a learning rate that is negative, infinite or no number.

    A value that a last ``step()`` sets and no update uses, as that of OneCycleLR after its end, is none.
    """
    wrong = (trace.lr < 0) | np.isinf(trace.lr)
    for _, row in trace.changes:
        if any(math.isnan(float(lr)) for lr in row):
            wrong |= np.isnan(trace.lr)
            break
    if wrong.any():
        t, group = (int(i[0]) for i in np.nonzero(wrong))
        yield Finding(
            "negative-lr", t, "error",
            functools.partial(say,
                "{n} updates used a learning rate that none can be; the first was {lr:.4g} in param group {group}. "
                "A negative one climbs the loss.",
                "{n} 个更新步用了不合法的学习率；第一个是参数组 {group} 的 {lr:.4g}。学习率为负时损失会上升。",
                n=int(wrong.any(1).sum()), lr=float(trace.lr[t, group]), group=group),
            functools.partial(say,
                "Stop at the schedule's end, or give the function a floor: max(0.0, ...).",
                "在调度结束处停止，或给函数加下限：max(0.0, ...)。"),
        )  # fmt: skip


def cosine_rebound(trace: Trace) -> Iterator[Finding]:
    """An update used a cosine past its T_max, where it rises again.

    Also one inside a SequentialLR or a warm-up, and ``curves.cosine_annealing_lr``. At T_max itself it has its lowest
    value, so T_max = N - 1 is right, and so is a ``step()`` after the last update.
    """
    for seen in trace.seen.values():
        end = _end(seen.scheduler) if type(seen.scheduler) in (torch_lr.CosineAnnealingLR, CurveLR) else None
        if end is None or end.law != "cosine_annealing_lr" or not len(seen):
            continue
        past = np.flatnonzero(seen.at(np.arange(trace.updates)) > end.steps)
        if past.size:
            t, top = int(past[0]), float(np.nanmax(trace.lr[past]))
            yield Finding(
                "cosine-rebound", t, "error",
                functools.partial(say,
                    "{name} has {argument} and was stepped on: from update {t} on the learning rate rises again, to "
                    "{top:.3g}. A cosine has period 2 · T_max.",
                    "{name} 的 {argument}，之后仍继续 step：从第 {t} 步起学习率重新上升，升到 {top:.3g}。"
                    "余弦的周期是 2 · T_max。",
                    name=seen.name, argument=end.argument, t=t, top=top),
                functools.partial(say,
                    "T_max = the number of steps of the run; stop stepping at T_max; or, if restarts are meant, "
                    "CosineAnnealingWarmRestarts.",
                    "T_max 设为整个训练的 step 次数；到 T_max 后不再 step；若想要热重启，"
                    "用 CosineAnnealingWarmRestarts。"),
            )  # fmt: skip


def onecycle_overrun(trace: Trace) -> Iterator[Finding]:
    """An update used a OneCycleLR past its last value, or a step past its end raised.

    N updates with N calls of ``step()`` and ``total_steps=N`` are right: the last call sets a value for an update that
    does not come. It raises at the next one only.
    """
    for seen in trace.seen.values():
        end = _end(seen.scheduler)
        if end is None or end.law != "one_cycle_lr" or not len(seen) or parts(seen.scheduler):
            continue
        past = np.flatnonzero(seen.at(np.arange(trace.updates)) >= end.steps)
        raised = [made for made, error in seen.errors if isinstance(error, ValueError)]
        if past.size or raised:
            t = int(past[0]) if past.size else raised[0]
            yield Finding(
                "onecycle-overrun", t, "error",
                functools.partial(say,
                    "{name} has {argument} and went past it: update {t} used {lr:.4g}, which is no part of the cycle."
                    if past.size else
                    "{name} has {argument}, and a step past it raised after {t} updates.",
                    "{name} 的 {argument}，却走过了头：第 {t} 步用了 {lr:.4g}，不属于这个周期。"
                    if past.size else "{name} 的 {argument}，走过头的一次 step 在 {t} 个更新步之后抛出了异常。",
                    name=seen.name, argument=end.argument, t=t, lr=float(trace.lr[t, 0]) if past.size else math.nan),
                functools.partial(say,
                    "total_steps = the number of updates of the whole run: epochs * len(loader), the last, smaller "
                    "batch counted.",
                    "total_steps 设为整个训练的更新步数：epochs * len(loader)，最后不足一批的也算。"),
            )  # fmt: skip


def lr_frozen(trace: Trace) -> Iterator[Finding]:
    """The last updates, more than 5 % of all and more than two, move nothing; or a schedule that moves is not used.

    Nothing moves below a millionth of the highest learning rate of each param group (groups at 0 throughout are
    frozen on purpose). Not used: the scheduler's steps changed the learning rate, and yet all updates had the same,
    because something sets it back. And a milestone that is no whole number, which MultiStepLR passes by.
    """
    lr = np.abs(np.nan_to_num(trace.lr))
    n = len(lr)
    if n < 3:
        return
    peak = lr.max(0)
    small = (lr <= FROZEN * peak)[:, peak > 0].all(1) if (peak > 0).any() else np.ones(n, bool)
    last = 0 if small.all() else n - int(np.argmin(small[::-1]))
    if n - last > max(2, 0.05 * n):
        yield Finding(
            "lr-frozen", last, "advice",
            functools.partial(say,
                "From update {t} on, {share:.0%} of the run, the learning rate is below a millionth of its highest "
                "value, {peak:.3g}: nothing moves.",
                "从第 {t} 步起（占整个训练的 {share:.0%}），学习率不到最大值 {peak:.3g} 的百万分之一：什么都不动了。",
                t=last, share=(n - last) / n, peak=float(peak.max())),
            functools.partial(say,
                "A schedule meant for epochs is not to be stepped every update; end the run with the schedule; or give "
                "it a floor (eta_min, min_lr).",
                "以轮计的调度不要每个更新步都 step；让训练与调度同时结束；或设下限（eta_min、min_lr）。"),
        )  # fmt: skip
    for seen in trace.stepping():
        if len(trace.changes) == 1 and seen.moved is not None and seen.moved < trace.updates - 1:
            yield Finding(
                "lr-frozen", seen.moved, "error",
                functools.partial(say,
                    "{name} changes the learning rate, but every update used {lr:.4g}: something sets it back.",
                    "{name} 改变了学习率，但每个更新步用的都是 {lr:.4g}：有别的代码把它改了回去。",
                    name=seen.name, lr=float(lr[0, 0])),
                functools.partial(say,
                    "Leave param_group['lr'] to the scheduler; build the optimizer once, outside the loop.",
                    "把 param_group['lr'] 交给调度器；优化器只在循环外构建一次。"),
            )  # fmt: skip
    for seen in trace.seen.values():
        missed = [m for m in getattr(seen.scheduler, "milestones", ()) if m != int(m) and len(seen)
                  and m <= seen.counters[-1]]  # fmt: skip
        if missed:
            yield Finding(
                "lr-frozen", int(seen.updates[0]), "error",
                functools.partial(say,
                    "{name} passed milestone {m}, and nothing dropped: it compares with whole numbers.",
                    "{name} 越过了里程碑 {m}，学习率却没有下降：它只与整数比较。", name=seen.name, m=missed[0]),
                functools.partial(say, "milestones=[int(m), ...]", "milestones=[int(m), ...]"),
            )  # fmt: skip


# --- Several schedulers, and their construction ---------------------------------------------------------------


def second_scheduler(trace: Trace) -> Iterator[Finding]:
    """Two schedulers work on one learning rate, and their effects do not multiply.

    They are stepped during the same updates, neither inside the other, and one of them overwrites, or both are of one
    class (the cell that builds it ran twice). Torch's own back-to-back chaining of classes that multiply is right, and
    so is one after the other (SWALR after a decay, a warm-up by hand). Or: a scheduler was built after another one and
    began from what that had left: LinearLR and ConstantLR apply their factor twice, CyclicLR does not begin at base_lr.
    """
    working = trace.stepping()
    for i, one in enumerate(working):
        for other in working[:i]:
            together = max(one.updates[0], other.updates[0]) <= min(one.updates[-1], other.updates[-1])
            same = type(one.scheduler) is type(other.scheduler)
            if together and (same or not (_multiplies(one.scheduler) and _multiplies(other.scheduler))):
                yield Finding(
                    "second-scheduler", max(one.updates[0], other.updates[0]), "error",
                    functools.partial(say,
                        "{a} and {b} are both stepped on this optimizer: both write param_group['lr'], and neither "
                        "knows of the other.",
                        "{a} 与 {b} 同时在这个优化器上 step：两者都写 param_group['lr']，彼此并不知情。",
                        a=other.name, b=one.name),
                    functools.partial(say,
                        "Build one scheduler: SequentialLR for one after the other, or a product or sequence of "
                        "lrcourse.curves in a CurveLR.",
                        "只建一个调度器：先后进行用 SequentialLR，或把 lrcourse.curves 的乘积、拼接交给 CurveLR。"),
                )  # fmt: skip
    if not trace.starts or not len(trace.lr):
        return
    start, tops = trace.starts[0], working or trace.tops()  # one that was built and never stepped left its mark only
    count, last, _ = start.counters.get(id(tops[0].scheduler), (1, (), 0)) if len(tops) == 1 else (1, (), 0)
    meant = None if count else _first_lr(tops[0].scheduler)
    if meant is not None and _alike(last, start.lr) and len(meant) == len(last) and not _alike(meant, last):
        yield Finding(
            "second-scheduler", 0, "error",
            functools.partial(say,
                "{name} begins at {used:.4g} instead of {meant:.4g}: another scheduler had been built on this "
                "optimizer before, and left its mark in lr and initial_lr.",
                "{name} 的起点是 {used:.4g} 而不是 {meant:.4g}：之前已在这个优化器上建过调度器，"
                "它改动了 lr 和 initial_lr。",
                name=tops[0].name, used=last[0], meant=meant[0]),
            functools.partial(say,
                "Build optimizer and scheduler anew together, in one cell.",
                "优化器与调度器在同一个单元格中一起重建。"),
        )  # fmt: skip


def chained_not_product(trace: Trace) -> Iterator[Finding]:
    """A ChainedScheduler of two or more in the loop, of which one overwrites the learning rate instead of multiplying.

    Those that multiply: StepLR, MultiStepLR, ConstantLR, LinearLR, ExponentialLR, PolynomialLR, MultiplicativeLR, and
    CosineAnnealingLR with eta_min=0. Measured for each class of torch.
    """
    for seen in trace.tops():
        scheduler = seen.scheduler
        inside = parts(scheduler)
        if not isinstance(scheduler, torch_lr.ChainedScheduler) or len(inside) < 2 or not len(seen):
            continue
        if over := [type(part).__name__ for part in inside if not _multiplies(part)]:
            others = [type(part).__name__ for part in inside if _multiplies(part)]
            yield Finding(
                "chained-not-product", 1, "error",
                functools.partial(say,
                    "ChainedScheduler is no product here: {over} overwrites the learning rate at every step, and the "
                    "effect of {others} does not build up.",
                    "这里的 ChainedScheduler 不是乘积：{over} 每一步都覆盖学习率，{others} 的作用无法累积。",
                    over=_Listed(dict.fromkeys(over)), others=_Listed(others or over[:1])),
                functools.partial(say,
                    "CurveLR(optimizer, curves.exponential_lr(1, gamma) * curves.cyclic_lr(...)), a real product.",
                    "CurveLR(optimizer, curves.exponential_lr(1, gamma) * curves.cyclic_lr(...))，真正的乘积。"),
            )  # fmt: skip


def late_param_group(trace: Trace) -> Iterator[Finding]:
    """A scheduler was stepped while the optimizer had more param groups than when it was built.

    A scheduler that is built anew after ``add_param_group`` is right; ReduceLROnPlateau, which keeps no base, too.
    """
    late = [seen for seen in trace.seen.values() if seen.late is not None]
    for seen in late[:1]:
        raised = bool(seen.errors)
        yield Finding(
            "late-param-group", seen.late or 0, "error",
            functools.partial(say,
                "{name} was built when the optimizer had {n} of its param groups: " + (
                    "its step raised." if raised else "the new one has no base learning rate of its own."),
                "{name} 构建时优化器只有 {n} 个参数组，现在更多：" + (
                    "step 抛出了异常。" if raised else "新参数组没有自己的基准学习率。"),
                name=seen.name, n=len(seen.scheduler.base_lrs)),
            functools.partial(say,
                "Call add_param_group first and build the scheduler afterwards; to thaw layers later, keep their group "
                "from the start, with learning rate 0.",
                "先 add_param_group，再构建调度器；若要之后解冻某些层，一开始就保留它们的参数组，学习率设为 0。"),
        )  # fmt: skip


def lambda_not_saved(trace: Trace) -> Iterator[Finding]:
    """``state_dict()`` was called while a LambdaLR or MultiplicativeLR has a plain function: the file has None for it.

    Right, and silent: an object with a ``__call__``, whose ``__dict__`` is saved, such as a ``curves.Schedule``; and a
    function that nobody saves.
    """
    for seen in trace.seen.values():
        functions = getattr(seen.scheduler, "lr_lambdas", None) or getattr(seen.scheduler, "schedules", [])
        kinds = types.FunctionType | types.BuiltinFunctionType | functools.partial
        plain = [function for function in functions if isinstance(function, kinds)]
        if seen.saved is None or not plain:
            continue
        outside = sorted({name for function in plain for name in _outside(function)})
        yield Finding(
            "lambda-not-saved", seen.saved, "advice",
            functools.partial(say,
                "{name} was saved, but its function is not in the state" + (" ({outside})" if outside else "")
                + ": resumed with another function, it goes on with that, and says nothing.",
                "保存了 {name} 的状态，但其中没有它的函数" + ("（{outside}）" if outside else "")
                + "：若恢复时换了函数，它会照新函数继续，没有任何提示。",
                name=seen.name,
                outside=_Listed(outside)),
            functools.partial(say,
                "Keep the function's numbers beside the state, or use an object whose __dict__ is saved, or a CurveLR "
                "with a curves.Schedule.",
                "把函数用到的数与状态一起保存；或改用其 __dict__ 会被保存的对象，或用带 curves.Schedule 的 CurveLR。"),
        )  # fmt: skip


def resume_mismatch(trace: Trace) -> Iterator[Finding]:
    """A run that goes on, with a learning rate that its scheduler did not set.

    At the first update, or the first after a ``load_state_dict``: a scheduler has steps behind it, or a state was
    loaded, and the optimizer's learning rate is that of no scheduler. Or a scheduler was built with ``last_epoch=``
    where its closed form gives another value (a drop that is applied twice).
    """
    tops = {id(seen.scheduler) for seen in trace.tops()}
    for start in trace.starts:
        known = {key: entry for key, entry in start.counters.items() if key in tops and entry[1]}
        if not known or not (start.loaded or any(count > 0 for count, _, _ in known.values())):
            continue
        key, (count, last, steps) = max(known.items(), key=lambda item: item[1][0])
        seen = trace.seen[key]
        if any(_alike(set_last, start.lr) for _, set_last, _ in known.values()):
            if not (steps == 1 and count > 0 and len(known) == 1):
                continue
            last = _closed_form(seen, count)
            if last is None or _alike(last, start.lr):
                continue
        yield Finding(
            "resume-mismatch", start.update, "error",
            functools.partial(say,
                "{name} stands at step {k}, where it gives {meant:.4g}, but update {t} used {used:.4g}.",
                "{name} 处在第 {k} 步，应给出 {meant:.4g}，但第 {t} 个更新步用的是 {used:.4g}。",
                name=seen.name, k=count, meant=last[0], t=start.update, used=start.lr[0]),
            functools.partial(say,
                "Build optimizer and scheduler first, without last_epoch, then load the states of both; "
                "lrcourse.practice.load does all of it.",
                "先构建优化器和调度器（不传 last_epoch），再加载两者的状态；lrcourse.practice.load 会全部处理好。"),
        )  # fmt: skip
        return


RULES = (
    never_stepped, scheduler_before_optimizer, plateau_without_metric, stepped_per_epoch, horizon_mismatch,
    zero_first_lr, second_scheduler, chained_not_product, late_param_group, lambda_not_saved, cosine_rebound,
    onecycle_overrun, resume_mismatch, negative_lr, lr_frozen,
)  # fmt: skip


# --- What schedulers are --------------------------------------------------------------------------------------


class Length(NamedTuple):
    """How many of its own steps a schedule is long, the argument that says so, and the law it ends with."""

    steps: float
    argument: str
    law: str = ""


def _end(scheduler: Any) -> Length | None:
    """Where a schedule has run its course; None for one that has no end."""
    match type(scheduler).__name__:
        case "CosineAnnealingLR":
            return Length(scheduler.T_max, f"T_max={scheduler.T_max}", "cosine_annealing_lr")
        case "OneCycleLR":
            return Length(scheduler.total_steps, f"total_steps={scheduler.total_steps}", "one_cycle_lr")
        case "PolynomialLR":
            return Length(scheduler.total_iters, f"total_iters={scheduler.total_iters}")
        case "LinearLR" if scheduler.end_factor < scheduler.start_factor:
            return Length(scheduler.total_iters, f"total_iters={scheduler.total_iters}")
        case "SequentialLR":
            return _later(scheduler._milestones[-1], "milestones[-1]", _end(scheduler._schedulers[-1]))
        case "ChainedScheduler":
            return max(filter(None, map(_end, parts(scheduler))), default=None)
    if getattr(scheduler, "after_scheduler", None) is not None:
        return _later(scheduler.warmup_epochs, "warmup_epochs", _end(scheduler.after_scheduler))
    if isinstance(scheduler, CurveLR) and isinstance(scheduler.schedules[0], Schedule):
        return _schedule_end(scheduler.schedules[0])
    return None


def _later(begin: float, name: str, end: Length | None) -> Length | None:
    return end and Length(begin + end.steps, f"{name}={begin:g} + {end.argument}", end.law)


def _schedule_end(schedule: Schedule) -> Length | None:
    params = schedule.params
    match schedule.name:
        case "then":
            return _later(params["at"], "at", _schedule_end(params["b"]))
        case "shift":
            return _later(params["n"], "shift", _schedule_end(params["a"]))
        case "scale":
            return _schedule_end(params["a"])
        case "product":
            return max(filter(None, map(_schedule_end, (params["a"], params["b"]))), default=None)
        case "cosine_annealing_lr":
            return Length(params["T_max"], f"T_max={params['T_max']}", schedule.name)
        case "polynomial_lr":
            return Length(params["total_iters"], f"total_iters={params['total_iters']}", schedule.name)
    steps = params.get("total_steps")
    return None if steps is None else Length(steps, f"total_steps={steps}", schedule.name)


def _first_event(scheduler: LRScheduler) -> Length | None:
    """The step at which something has happened to the learning rate, of a schedule without an end."""
    if isinstance(scheduler, CurveLR) and isinstance(scheduler.schedules[0], Schedule):
        given = scheduler.schedules[0].params
    else:
        given = vars(scheduler)
    for name in ("step_size", "total_size", "T_0", "warmup_steps", "warmup_epochs", "total_iters"):
        if isinstance(steps := given.get(name), int | float):
            return Length(steps, f"{name}={steps:g}")
    if milestones := given.get("milestones"):
        return Length(max(milestones), f"milestones[-1]={max(milestones):g}")
    return None


def _in_updates(trace: Trace, seen: Seen) -> tuple[Length, float] | None:
    """Length and period of a scheduler that is stepped by the epoch and counts updates; else None."""
    period = trace.period(seen)
    run = trace.planned_updates or (trace.updates if trace.ended_well else None)
    if run is None or period < 2 or (seen.first or 0) > 0:
        return None
    end = _end(seen.scheduler)
    if end is not None:
        return (end, period) if abs(end.steps - run) <= 0.05 * run and end.steps > 1.5 * run / period else None
    event = _first_event(seen.scheduler)
    if trace.planned_updates is None or event is None or not run / period < event.steps <= run:
        return None
    return event, period


_MULTIPLY = (
    torch_lr.StepLR, torch_lr.MultiStepLR, torch_lr.ConstantLR, torch_lr.LinearLR, torch_lr.ExponentialLR,
    torch_lr.PolynomialLR, torch_lr.MultiplicativeLR, ReduceLROnPlateau,
)  # fmt: skip


def _multiplies(scheduler: LRScheduler) -> bool:
    """Whether each of its steps multiplies what it finds in the optimizer."""
    if type(scheduler) is torch_lr.ChainedScheduler:
        return all(map(_multiplies, parts(scheduler)))
    if type(scheduler) is torch_lr.CosineAnnealingLR:
        return scheduler.eta_min == 0
    return type(scheduler) in _MULTIPLY


def _first_lr(scheduler: Any) -> tuple[float, ...] | None:
    """The learning rates of update 0, of classes that a scheduler built before them puts off course."""
    bases = [float(base) for base in getattr(scheduler, "base_lrs", ())]
    match type(scheduler).__name__:
        case "LinearLR":
            return tuple(base * scheduler.start_factor for base in bases)
        case "ConstantLR":
            return tuple(base * scheduler.factor for base in bases)
        case "CyclicLR":
            return tuple(bases)
    return None


def _used_at(seen: Seen, k: int) -> float | None:
    """What the closed form of a class of torch gives at step k, for the first param group."""
    form = _closed_form(seen, k)
    return form[0] if form else None


def _closed_form(seen: Seen, k: int) -> tuple[float, ...] | None:
    """Of the classes that are a formula; functions of the learner's own are not called."""
    if not hasattr(type(seen.scheduler), "_get_closed_form_lr"):
        return None
    try:
        return tuple(as_schedule(seen.scheduler, group)(k) for group in range(len(seen.scheduler.base_lrs)))
    except (TypeError, ValueError):
        return None


class _Listed(tuple):
    """Names in a message, between them the comma of the language it is read in."""

    def __format__(self, spec: str) -> str:
        return say(", ", "、").join(self)


def _alike(some: tuple[float, ...], others: tuple[float, ...]) -> bool:
    return len(some) == len(others) and bool(np.allclose(some, others, rtol=ALIKE, atol=0, equal_nan=True))


def _outside(function: object) -> list[str]:
    """The numbers that a function reads from outside, as ``"warmup = 10"``."""
    if isinstance(function, functools.partial):
        return [f"{name} = {value!r}" for name, value in function.keywords.items()] + _outside(function.func)
    if not isinstance(function, types.FunctionType):
        return []
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    found = {name: cell.cell_contents for name, cell in cells}
    found |= {name: function.__globals__[name] for name in function.__code__.co_names if name in function.__globals__}
    return [f"{name} = {value!r}" for name, value in found.items() if isinstance(value, int | float)]
