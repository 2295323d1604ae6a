"""Checks of section 01: the stability limit, a trajectory, the clock, the variance of the noise, cooling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .. import dynamics
from ..words import say
from .compare import UPDATE, Axis, Mistake, comparison, numbers
from .exercise import NotYet, exercise

# --- 01.1 The limit --------------------------------------------------------------------------------------

comparison(
    "01.1",
    case=lambda rng: {"curvatures": [float(f"{c:.2g}") for c in 10 ** rng.uniform(-1, 2, rng.integers(3, 6))]},
    run=lambda answer, case: answer(np.array(case["curvatures"])),
    right=lambda case: dynamics.stability_limit(max(case["curvatures"])),
    mistakes=(
        Mistake(
            lambda case: 2 / min(case["curvatures"]),
            "the flattest direction bears that; the steepest diverges first",
            "最平的方向受得了，最陡的方向却会先发散",
        ),
        Mistake(
            lambda case: 1 / max(case["curvatures"]),
            "with that the steepest direction arrives in one update; it can take twice as much",
            "这样最陡的方向一步就到底；上限还要再大一倍",
        ),
        Mistake(
            lambda case: 2 / np.mean(case["curvatures"]),
            "the mean hides the steepest direction, and that one diverges",
            "平均值掩盖了最陡的方向，而发散的正是它",
        ),
        Mistake(
            lambda case: 2 / sum(case["curvatures"]),
            "safe, but not the largest: the directions do not add up, each moves on its own",
            "安全，但不是最大：各方向互不相干，不必相加",
        ),
        Mistake(
            lambda case: max(case["curvatures"]) / 2,
            "upside down: the steeper, the smaller the limit",
            "上下颠倒了：越陡，上限越小",
        ),
    ),
    call="largest_stable_lr({curvatures})",
)


# --- 01.2 A trajectory -----------------------------------------------------------------------------------

POINT = Axis(("path[{}]", "path[{}]"), ("{} points", "{} 个点"))
COORDINATE = Axis(("coordinate {}", "坐标 {}"), ("{} coordinates", "{} 个坐标"))


def draw_descent(rng: np.random.Generator) -> dict:
    updates = int(rng.integers(4, 8))
    return {
        "updates": updates,
        "start": rng.uniform(1, 3, 2).round(2).tolist(),
        "bottom": rng.uniform(-1, 0, 2).round(2).tolist(),
        "curvature": rng.uniform(0.5, 2, 2).round(2).tolist(),
        "lr": np.sort(rng.uniform(0.05, 0.6, updates + 1))[::-1].round(3).tolist(),  # one more than is used
    }


def gradient(case: dict) -> Callable[[NDArray], NDArray]:
    curvature, bottom = np.array(case["curvature"]), np.array(case["bottom"])
    return lambda x: curvature * (x - bottom)


def path(
    case: dict,
    *,
    rate: Callable[[int], int] = lambda t: t,
    downhill: int = 1,
    where: Callable[[list], NDArray] = lambda points: points[-1],
) -> NDArray[np.float64]:
    """Gradient descent, right or with one fault: which update's rate, which way, the gradient at which point."""
    grad, points = gradient(case), [np.array(case["start"])]
    for t in range(case["updates"]):
        points.append(points[-1] - downhill * case["lr"][rate(t)] * grad(where(points)))
    return np.array(points)


comparison(
    "01.2",
    case=draw_descent,
    run=lambda answer, case: answer(
        gradient(case), np.array(case["start"]), lambda t: case["lr"][t], case["updates"]
    ),
    right=path,
    mistakes=(
        Mistake(
            lambda case: path(case, rate=lambda t: t + 1),
            "one update ahead? The first update is t = 0 and uses lr(0)",
            "是不是早用了一步？第一次更新是 t = 0，用 lr(0)",
        ),
        Mistake(
            lambda case: path(case, rate=lambda t: 0),
            "always lr(0)? Update t uses lr(t)",
            "是不是一直在用 lr(0)？第 t 次更新用 lr(t)",
        ),
        Mistake(
            lambda case: path(case, downhill=-1),
            "uphill; descent subtracts the gradient",
            "在往上走；下降应减去梯度",
        ),
        Mistake(
            lambda case: path(case, where=lambda points: points[0]),
            "always the gradient at the start? Take it where the ball is now",
            "是不是一直在用起点的梯度？应取小球当前位置的梯度",
        ),
        Mistake(
            lambda case: path(case)[1:],
            "the start belongs to the path too",
            "起点也属于路径",
        ),
        Mistake(
            lambda case: path(case)[:-1],
            "where the last update leads is missing",
            "缺少最后一次更新到达的点",
        ),
        Mistake(
            lambda case: path(case)[-1:].repeat(case["updates"] + 1, 0),
            "every entry is the last point: `x -= ...` changes the array that the path already holds; "
            "`x = x - ...` makes a new one",
            "每一项都成了最后的点：`x -= ...` 改动了路径里已存的那个数组；`x = x - ...` 才会生成新数组",
        ),
        Mistake(
            lambda case: path(case)[-1],
            "only the last point? Return the whole path",
            "是不是只返回了最后一点？应返回整条路径",
        ),
    ),
    call="descend(grad, {start}, lr, {updates})",
    axes=(POINT, COORDINATE),
)


# --- 01.3 The clock --------------------------------------------------------------------------------------

ENTRY = Axis(("entry {}", "第 {} 项"))


def draw_schedules(rng: np.random.Generator) -> dict:
    mine, other = rng.choice([3, 4, 5, 6], 2, replace=False)
    return {
        "lrs": rng.uniform(0.1, 1, mine).round(2).tolist(),
        "reference": rng.uniform(0.01, 0.1, other).round(3).tolist(),
    }


def same_clock(
    case: dict, factor: Callable[[NDArray, NDArray], float] = lambda lrs, reference: reference.sum() / lrs.sum()
) -> dict[str, NDArray]:
    lrs = np.array(case["lrs"])
    scaled = lrs * factor(lrs, np.array(case["reference"]))
    return {"scaled": scaled, "tau": np.cumsum([0.0, *scaled])}


def run_clock(answer: Callable, case: dict) -> dict:
    both = answer(np.array(case["lrs"]), np.array(case["reference"]))
    if not isinstance(both, tuple | list) or len(both) != 2:
        raise NotYet(say("return two things: `scaled, tau`", "应返回两样东西：`scaled, tau`"))
    return {"scaled": both[0], "tau": both[1]}


comparison(
    "01.3",
    case=draw_schedules,
    run=run_clock,
    right=same_clock,
    mistakes=(
        Mistake(
            lambda case: same_clock(case) | {"tau": same_clock(case)["tau"][1:]},
            "the clock shows 0 before the first update: one entry more than there are updates",
            "第一次更新之前，时钟是 0：比更新次数多一项",
        ),
        Mistake(
            lambda case: same_clock(case) | {"tau": same_clock(case)["tau"][:-1]},
            "the time after the last update is missing",
            "缺少最后一次更新之后的时刻",
        ),
        Mistake(
            lambda case: same_clock(case) | {"tau": np.cumsum([0.0, *case["lrs"]])},
            "that is the clock of the schedule before it was scaled",
            "这是缩放之前的时钟",
        ),
        Mistake(
            lambda case: same_clock(case) | {"tau": np.arange(len(case["lrs"]) + 1.0)},
            "that counts updates; each of them lasts its learning rate",
            "这是在数更新次数；每次更新经过的时间是它的学习率",
        ),
        Mistake(
            lambda case: same_clock(case, lambda lrs, reference: reference.mean() / lrs.mean()),
            "equal means are equal times only where both make as many updates; compare the sums",
            "只有更新次数相同，均值相等才意味着时间相等；应比较总和",
        ),
        Mistake(
            lambda case: same_clock(case, lambda lrs, reference: reference.max() / lrs.max()),
            "that makes the peaks equal; the time is the sum of all learning rates",
            "这样只是峰值相等；时间是所有学习率之和",
        ),
        Mistake(
            lambda case: same_clock(case, lambda lrs, reference: lrs.sum() / reference.sum()),
            "the factor is upside down",
            "缩放因子上下颠倒了",
        ),
        Mistake(
            lambda case: same_clock(case, lambda lrs, reference: 1.0),
            "not scaled yet",
            "还没有缩放",
        ),
    ),
    call="same_clock({lrs}, {reference})",
    axes=(ENTRY,),
)


# --- 01.4 The variance of the noise ----------------------------------------------------------------------


def draw_noise(rng: np.random.Generator) -> dict:
    curvature, sigma = round(rng.uniform(0.5, 5), 1), round(rng.uniform(0.5, 4), 1)
    batch_size = int(rng.integers(2, 17))
    lr = rng.uniform(0.3, 1.5) / curvature
    variance = dynamics.noise_variance(lr, curvature, sigma / np.sqrt(batch_size))
    return {
        "variance": float(f"{variance:.3g}"), "curvature": curvature, "sigma": sigma, "batch_size": batch_size,
    }  # fmt: skip


def lr_for(variance: float, curvature: float, noise: float) -> float:
    """The learning rate at which gradient noise of this variance makes the position tremble with *variance*.

    From the stationary state: variance = (1 − lr · curvature)² · variance + lr² · noise.
    """
    return 2 * variance * curvature / (noise + variance * curvature**2)


comparison(
    "01.4",
    case=draw_noise,
    run=lambda answer, case: answer(**case),
    right=lambda c: lr_for(c["variance"], c["curvature"], c["sigma"] ** 2 / c["batch_size"]),
    mistakes=(
        Mistake(
            lambda c: 2 * c["variance"] * c["curvature"] * c["batch_size"] / c["sigma"] ** 2,
            "good for small learning rates only; the exact law has (2 − ηλ) where that has 2",
            "这只对小学习率成立；精确公式中此处的 2 是 (2 − ηλ)",
        ),
        Mistake(
            lambda c: lr_for(c["variance"], c["curvature"], c["sigma"] ** 2),
            "the batch is missing: the mean of B gradients has the variance σ²/B",
            "漏了批大小：B 个梯度的平均值，方差是 σ²/B",
        ),
        Mistake(
            lambda c: lr_for(c["variance"], c["curvature"], (c["sigma"] / c["batch_size"]) ** 2),
            "a batch divides the variance by B, so the standard deviation by √B only",
            "一批使方差除以 B，标准差只除以 √B",
        ),
        Mistake(
            lambda c: lr_for(c["variance"], c["curvature"], c["sigma"] / c["batch_size"]),
            "sigma is a standard deviation; its square is the variance",
            "sigma 是标准差，平方之后才是方差",
        ),
        Mistake(
            lambda c: lr_for(c["variance"] ** 2, c["curvature"], c["sigma"] ** 2 / c["batch_size"]),
            "`variance` is a variance already; do not square it",
            "`variance` 已经是方差，不必再平方",
        ),
        Mistake(
            lambda c: lr_for(c["variance"] / c["curvature"], c["curvature"], c["sigma"] ** 2 / c["batch_size"]),
            "that is the learning rate at which the temperature, λ · variance, has this value",
            "这是使温度（λ · 方差）取该值的学习率",
        ),
    ),
    call="lr_for_variance({variance}, curvature={curvature}, sigma={sigma}, batch_size={batch_size})",
)


# --- 01.5 Cooling ----------------------------------------------------------------------------------------

UPDATES, SIGMA, BALLS, NEAR, WANTED = 2000, 3.0, 4000, 0.1, 0.45


@exercise(
    "01.5",
    draw=lambda rng: {"seed": int(rng.integers(2**31))},
    probe=lambda answer, case: [answer(t) for t in range(UPDATES)],
)
def judge_cooling(case: dict, seen: list) -> str | None:
    """Let 4000 balls go under the learning rates seen, and look where they come to rest."""
    lrs = numbers(seen, (UPDATES,), (UPDATE,))
    if isinstance(lrs, str):
        return lrs
    wrong = np.flatnonzero(~((lrs >= 0) & np.isfinite(lrs)))
    if len(wrong):
        return say("cooling({t}): expected a learning rate, 0 or more, found {lr:.4g}",
                   "cooling({t})：应为不小于 0 的学习率，得到 {lr:.4g}", t=wrong[0], lr=lrs[wrong[0]])  # fmt: skip
    landscape = dynamics.rugged()
    balls = dynamics.langevin(landscape, landscape.minima[0], lrs, SIGMA, UPDATES, particles=BALLS, seed=case["seed"])
    basins, bottom = landscape.basin(balls), landscape.minima[landscape.deepest]
    stayed, deep, at_rest = np.mean([basins == 0, basins == landscape.deepest, np.abs(balls - bottom) < NEAR], axis=1)
    if at_rest >= WANTED:
        return None
    if stayed > 0.2:
        because = say("{stayed:.0%} never left the well they start in; begin hotter",
                      "{stayed:.0%} 从未离开出发的势阱；开始时要更热", stayed=stayed)  # fmt: skip
    elif deep - at_rest > 0.1:
        because = say("{deep:.0%} are in the deepest well, but too warm to lie still; end colder",
                      "{deep:.0%} 已在最深的势阱里，但太热，静不下来；结束时要更冷", deep=deep)  # fmt: skip
    else:
        because = say("the others froze in other wells; go from hot to cold more slowly",
                      "其余的冻结在别的势阱里；由热到冷要更慢")  # fmt: skip
    return say("expected {wanted:.0%} of the balls at rest in the deepest well, found {at_rest:.1%}: {because}",
               "应有 {wanted:.0%} 的小球静止在最深的势阱里，得到 {at_rest:.1%}：{because}",
               wanted=WANTED, at_rest=at_rest, because=because)  # fmt: skip
