"""Checks of section 09: the noisy quadratic's loss, batch growth, a prediction, a schedule that beats the cosine."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from .. import physics
from ..training import mnist1d
from ..training.sweep import sweep
from ..words import say
from .compare import UPDATE, Axis, Comparison, Mistake, comparison, numbers
from .exercise import exercise

# --- 09.1 The expected loss ------------------------------------------------------------------------------------


def draw_valley(rng: np.random.Generator) -> dict:
    n = int(rng.integers(2, 4))
    return {
        "lrs": rng.uniform(0.1, 1.2, size=6).round(2).tolist(),
        "curvature": rng.uniform(0.2, 1.5, size=n).round(2).tolist(),
        "noise": rng.uniform(0.2, 2, size=n).round(2).tolist(),
        "start": rng.uniform(1, 5, size=n).round(2).tolist(),
    }


def losses(
    case: dict, shrink: Callable = lambda step: (1 - step) ** 2, kick: Callable = lambda lr, c: lr**2 * c,
    weigh: Callable = lambda curvature: curvature / 2,
) -> list[float]:  # fmt: skip
    """The recursion, or one with a fault."""
    curvature, noise, square = (np.array(case[name]) for name in ("curvature", "noise", "start"))
    found = [weigh(curvature) @ square]
    for lr in case["lrs"]:
        square = shrink(lr * curvature) * square + kick(lr, noise)
        found.append(weigh(curvature) @ square)
    return found


comparison(
    "09.1",
    case=draw_valley,
    run=lambda answer, case: list(answer(case["lrs"], case["curvature"], case["noise"], case["start"])),
    right=lambda case: physics.NoisyQuadratic(case["curvature"], case["noise"], case["start"]).loss(case["lrs"]),
    mistakes=(
        Mistake(
            lambda case: losses(case, kick=lambda lr, c: lr * c),
            "the noise is multiplied by the learning rate once; its square needs η²",
            "噪声只乘了一次学习率；它的平方需要 η²",
        ),
        Mistake(
            lambda case: losses(case, kick=lambda lr, c: c),
            "the noise arrives without the learning rate; x moves by η times the gradient",
            "噪声没有乘学习率；x 移动的是 η 乘以梯度",
        ),
        Mistake(
            lambda case: losses(case, kick=lambda lr, c: (lr * c) ** 2),
            "the noise is given as a variance, a square already; only η is to be squared",
            "给出的噪声是方差，已经是平方；只有 η 需要平方",
        ),
        Mistake(
            lambda case: losses(case, shrink=lambda step: 1 - step),
            "x shrinks by 1 - ηλ, its square by the square of that",
            "x 乘以 1 - ηλ，其平方要乘以它的平方",
        ),
        Mistake(
            lambda case: losses(case, kick=lambda lr, c: 0),
            "the noise is missing",
            "漏了噪声",
        ),
        Mistake(
            lambda case: losses(case, weigh=lambda curvature: curvature),
            "twice as much: the loss without its ½",
            "大了一倍：损失漏了 ½",
        ),
        Mistake(
            lambda case: losses(case, weigh=lambda curvature: np.full_like(curvature, 0.5)),
            "the loss weighs each direction by its curvature",
            "损失要用曲率给每个方向加权",
        ),
    ),
    call="expected_loss(lrs={lrs}, curvature={curvature}, noise={noise}, start={start})",
    axes=(Axis(("before update {}", "第 {} 步之前")),),
    cases=2,
)


# --- 09.2 Grow the batch ---------------------------------------------------------------------------------------


def draw_stages(rng: np.random.Generator) -> dict:
    """Rates of few decimals that are no exact binary fractions: a quotient such as 2.9999999999999996 is not rare."""
    first, factors = int(rng.integers(10, 50)) / 100, np.cumprod(rng.choice([2, 4, 5], size=2))
    updates = [int(rng.integers(20, 60)) * int(f) for f in (1, *factors)]
    lrs = [round(first / int(f), 6) for f in (1, *factors)]
    return {"stages": [list(pair) for pair in zip(lrs, updates, strict=True)], "batch_size": int(rng.integers(2, 33))}


def run_grow(answer: Callable, case: dict) -> dict:
    made = answer([tuple(stage) for stage in case["stages"]], case["batch_size"])
    return {name: [stage[i] for stage in made] for i, name in enumerate(("lr", "batch", "updates"))}


def named(made: dict) -> dict:
    """What :func:`run_grow` gives, under the names of a message; a probe may run where another language is in use."""
    return {
        say("learning rate", "学习率"): made["lr"],
        say("batch size", "批大小"): made["batch"],
        say("updates", "更新步数"): made["updates"],
    }


def grown(case: dict, lr: float = 0.0, batch: float = 1.0, updates: float = 1.0, *, stepwise: bool = False) -> dict:
    """Each quantity times a power of the stage's factor; right as it stands. *stepwise*: the factor since the stage
    before."""
    rates, lengths = map(np.array, zip(*case["stages"], strict=True))
    factor = np.append(1.0, rates[:-1] / rates[1:]) if stepwise else rates[0] / rates
    return named({
        "lr": rates[0] * factor**-lr,
        "batch": case["batch_size"] * factor**batch,
        "updates": lengths * factor**-updates,
    })  # fmt: skip


def truncated(case: dict) -> dict:
    """What ``int`` makes of the same quotients; the draw sees to it that one of them lies just below a whole number."""
    first = case["stages"][0][0]
    return named({
        "lr": [first for _ in case["stages"]],
        "batch": [int(case["batch_size"] * first / lr) for lr, _ in case["stages"]],
        "updates": [int(updates * lr / first) for lr, updates in case["stages"]],
    })  # fmt: skip


growing = Comparison(
    case=draw_stages,
    run=run_grow,
    right=grown,
    mistakes=(
        Mistake(
            lambda case: grown(case, updates=0),
            "it reads more examples than before: with a batch k times as large, k times fewer updates",
            "读了更多的样本：批大小变为 k 倍，更新步数就应减为 1/k",
        ),
        Mistake(
            lambda case: grown(case, lr=1),
            "the rate lowered and the batch grown as well: the noise goes down twice",
            "既降了学习率，又增大了批大小：噪声降了两次",
        ),
        Mistake(
            lambda case: grown(case, lr=1, batch=0, updates=0),
            "that is the old plan; keep the learning rate of the first stage",
            "这还是原来的方案；学习率应保持第一段的值",
        ),
        Mistake(
            lambda case: grown(case, batch=0),
            "the batch has not grown: the noise stays",
            "批大小没有增大：噪声没变",
        ),
        Mistake(
            lambda case: grown(case, batch=0, updates=0),
            "the batch has not grown: the noise stays",
            "批大小没有增大：噪声没变",
        ),
        Mistake(
            truncated,
            "int cuts 13.999… to 13; use round",
            "int 把 13.999… 截成 13；请用 round",
        ),
        Mistake(
            lambda case: grown(case, stepwise=True),
            "the factor is counted from the stage before; count it from the first one",
            "倍数是相对前一段算的；应相对第一段来算",
        ),
        Mistake(
            lambda case: grown(case, batch=-1, updates=-1),
            "the batch shrinks: a lower learning rate means less noise, and so does a *larger* batch",
            "批大小变小了：学习率低意味着噪声小，批大小要*更大*才会这样",
        ),
        Mistake(
            lambda case: grown(case, batch=0.5, updates=0.5),
            "grown by the square root of the factor; η/B stays the same only with the factor itself",
            "是按倍数的平方根增大的；只有按倍数本身，η/B 才不变",
        ),
    ),
    call="grow(stages={stages}, batch_size={batch_size})",
    axes=(Axis(("stage {}", "第 {} 段"), ("{} stages", "{} 段")),),
)


@exercise(
    "09.2",
    draw=growing.draw,
    probe=growing.probe,
    credit=lambda cases, seen: growing.credit(cases, list(map(named, seen))),
)
def judge_grow(cases: list[dict], seen: list[dict]) -> str | None:
    """Rates, batch sizes and updates of every stage."""
    return growing.judge(cases, list(map(named, seen)))


# --- 09.3 A prediction -----------------------------------------------------------------------------------------

LENGTH = 60
CLOSE = 0.005  # of each loss


def draw_prediction(rng: np.random.Generator) -> dict:
    """A hidden noisy quadratic, three schedules to learn from, and one to predict; usual mistakes are far off."""
    curvature = np.geomspace(0.02, 1.0, 6).round(3)
    t = np.arange(LENGTH)
    while True:
        here = rng.permutation(6) < 3
        valley = physics.NoisyQuadratic(
            curvature, np.where(here, rng.uniform(0.3, 2, 6), 0), np.where(here, rng.uniform(1, 6, 6), 0),
            floor=float(rng.uniform(0.2, 0.6)),
        )  # fmt: skip
        high = rng.uniform(0.8, 1.1)
        known = [np.full(LENGTH, high), np.where(t < LENGTH // 2, high, high / 10), high * (1 - t / LENGTH)]
        new = rng.uniform(0.6, 0.9) * np.clip((1 - t / LENGTH) / rng.uniform(0.2, 0.4), 0, 1)
        case = {
            "known": [[lrs.tolist(), valley.loss(lrs)[:-1].tolist()] for lrs in known],
            "curvature": curvature.tolist(), "lrs": new.tolist(), "_losses": valley.loss(new)[:-1].tolist(),
        }  # fmt: skip
        right = np.array(case["_losses"])
        others = [right[:-1] / right[1:], *(guess / right for guess, *_ in usual_guesses(case))]
        if all(np.abs(other - 1).max() > 2 * CLOSE for other in others):
            return case


@dataclass(frozen=True)
class Columns:
    """What the losses of a schedule are made of, one row an update: 1, squares from starts of 1 and from noises of 1.

    Right as it stands; each field makes one of the usual faults.
    """

    noise: bool = True
    floor: bool = True
    start_power: int = 2
    noise_power: int = 2
    late: bool = False
    runs: int | None = None

    def of(self, lrs: list[float], curvature: list[float]) -> np.ndarray:
        curvature, ones = np.array(curvature), [1.0] if self.floor else []
        start, shaken, rows = np.ones(len(curvature)), np.zeros(len(curvature)), []
        for lr in (*lrs, 0.0):
            rows.append(np.concatenate([ones, start, shaken if self.noise else []]))
            start = (1 - lr * curvature) ** self.start_power * start
            shaken = (1 - lr * curvature) ** self.noise_power * shaken + lr**2
        return np.array(rows[1:] if self.late else rows[:-1])

    def predict(self, case: dict) -> np.ndarray:
        """The losses of the new schedule, from weights fitted to the known ones."""
        known = case["known"][: self.runs]
        stacked = np.vstack([self.of(lrs, case["curvature"]) for lrs, _ in known])
        scale = np.linalg.norm(stacked, axis=0) + 1e-300
        weights = nnls(stacked / scale, np.concatenate([each for _, each in known]))[0] / scale
        return self.of(case["lrs"], case["curvature"]) @ weights


FAULTS = (
    (
        Columns(noise=False), "fitted without the noise columns: starts alone cannot rise or rest",
        "拟合时没有噪声那几列：只有起点，曲线既不会上升，也不会停住",
    ),
    *(
        (
            Columns(start_power=start, noise_power=noise), "loss holds x²: multiply by (1 − ηλ)² each update",
            "损失里是 x²：每步要乘以 (1 − ηλ)²",
        )
        for start, noise in ((1, 2), (1, 1), (2, 1))
    ),
    (
        Columns(late=True), "recorded after the update: append first, then update",
        "在更新之后才记录：先添加，再更新",
    ),
    (
        Columns(floor=False), "fitted without the column of ones: the floor is missing",
        "拟合时没有全为 1 的那一列：漏了下限",
    ),
    (
        Columns(runs=1), "fitted to the first run only: stack the rows of all known runs",
        "只用第一次训练来拟合：要把所有已知训练的行叠起来",
    ),
)  # fmt: skip


def usual_guesses(case: dict) -> list[tuple[np.ndarray, str, str]]:
    """What the usual mistakes predict, and what to say of each."""

    def before(values: list[float]) -> np.ndarray:
        return np.cumsum(values) - values

    guesses = [(fault.predict(case), en, zh) for fault, en, zh in FAULTS]
    for lrs, each in case["known"]:
        guesses.append((
            np.array(each), "that is the loss of a known run, whose schedule is another",
            "这是某次已知训练的损失，而它的调度不同",
        ))  # fmt: skip
        guesses.append((
            np.interp(before(case["lrs"]), before(lrs), each),
            "read off at equal Σ η: the clock alone knows nothing of the noise",
            "是按相同的 Σ η 读出来的：单凭时钟，对噪声一无所知",
        ))  # fmt: skip
    guesses.append((
        np.mean([each for _, each in case["known"]], axis=0), "that is the mean of the known runs",
        "这是几次已知训练的平均",
    ))  # fmt: skip
    return guesses


@exercise(
    "09.3",
    draw=draw_prediction,
    probe=lambda answer, case: answer(
        [(lrs, each) for lrs, each in case["known"]], case["curvature"], case["lrs"]
    ),
)
def judge_prediction(case: dict, seen: object) -> str | None:
    """Every loss to within half a per cent."""
    found = numbers(seen, (LENGTH,), (UPDATE,))
    if isinstance(found, str):
        return found
    right = np.array(case["_losses"])
    wrong = np.flatnonzero(~(np.abs(found / right - 1) <= CLOSE))
    if not len(wrong):
        return None
    because = ""
    for guess, en, zh in usual_guesses(case):
        if not because and np.allclose(found, guess, rtol=1e-4):
            because = say(en, zh)
    if not because and np.allclose(found[1:], right[:-1], rtol=CLOSE):
        because = say("one update late: a loss belongs *before* its update", "晚了一步：损失是更新*之前*的")
    if not because and np.allclose(found[:-1], right[1:], rtol=CLOSE):
        because = say("one update early: a loss belongs *before* its update", "早了一步：损失是更新*之前*的")
    t = wrong[0]
    words = say("update {t}: expected {e:.4g} to within 0.5%, found {f:.4g}",
                "第 {t} 步：应为 {e:.4g}（误差 0.5% 以内），得到 {f:.4g}", t=t, e=right[t], f=found[t])  # fmt: skip
    return say(": ", "：").join(filter(None, [words, because]))


# --- 09.4 Beat the cosine --------------------------------------------------------------------------------------

NETWORKS = 24


@functools.lru_cache(maxsize=64)
def losses_of(lrs: tuple[float, ...], first: int) -> np.ndarray:
    """Final training loss of each network; infinite where it diverged."""
    result = sweep(
        mnist1d(), {"": lrs}, seeds=range(first, first + NETWORKS), updates=physics.UPDATES, progress=False,
        **physics.BENCH,
    )  # fmt: skip
    return np.nan_to_num(result.train_loss[0, 0], nan=np.inf)


@exercise(
    "09.4",
    draw=lambda rng: {"_first": physics.TUNED_ON + NETWORKS * int(rng.integers(10_000_000))},
    probe=lambda answer, case: list(answer()),
)
def judge_design(case: dict, seen: object) -> str | None:
    """Train with the learning rates seen and with the cosine, on seeds that nobody can have tuned on."""
    if isinstance(seen, list) and len(seen) > physics.UPDATES:
        return say("over budget: {n} learning rates for {all} updates", "超出预算：{n} 个学习率，而更新步只有 {all} 个",
                   n=len(seen), all=physics.UPDATES)  # fmt: skip
    lrs = numbers(seen, (physics.UPDATES,), (UPDATE,))
    if isinstance(lrs, str):
        return lrs
    wrong = np.flatnonzero(~((lrs >= 0) & np.isfinite(lrs)))
    if len(wrong):
        return say("update {t}: expected a learning rate, 0 or more, found {lr:.4g}",
                   "第 {t} 步：应为不小于 0 的学习率，得到 {lr:.4g}", t=wrong[0], lr=lrs[wrong[0]])  # fmt: skip
    rates = physics.rivals()["cosine"](np.arange(physics.UPDATES))
    mine, cosine = (losses_of(tuple(each.tolist()), case["_first"]) for each in (lrs, rates))
    score = physics.Score(say("yours", "你的"), tuple((mine - cosine).tolist()))
    if score.verdict == "better":
        return None
    last, path = lrs[-30:].mean(), lrs.sum() / rates.sum()
    if not np.isfinite(score.mean):
        because = say("too hot", "太热了")
    elif not np.abs(lrs - rates).max() > 1e-6:
        because = say("that is the cosine itself", "这就是余弦本身")
    elif last > 0.03:
        because = say("it ends hot, at {last:.2g} over the last tenth",
                      "结束时还很热，为 {last:.2g}（最后十分之一的平均）", last=last)  # fmt: skip
    elif path < 0.6:
        because = say("too cold: Σ η is {path:.0%} of the cosine's", "太冷：Σ η 只有余弦的 {path:.0%}", path=path)
    elif score.verdict == "worse":
        because = say("the end is cold enough; look at the way there", "末端够冷了；问题在途中")
    else:
        because = say("a difference like this is the luck of a few seeds", "这样的差别，只是几个种子的运气")
    return say("{score}; {because}", "{score}；{because}", score=score, because=because)
