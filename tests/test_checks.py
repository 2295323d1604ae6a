"""Checks: nothing fools the mechanism, right answers of any kind pass, each usual mistake is told for what it is."""

import bisect
import contextlib
import dataclasses
import itertools
import json
import linecache
import math

import numpy as np
import pytest
import torch
from torch.optim import SGD, lr_scheduler

from lrcourse import dynamics, words
from lrcourse.checks import (
    EXERCISES,
    Exercise,
    NotYet,
    Unsolved,
    asked,
    check,
    draw,
    judge,
    load,
    once_solved,
    probe,
)
from lrcourse.checks import dynamics as checks_01
from lrcourse.checks import schedulers as checks_02
from lrcourse.checks.compare import EPOCH, GROUP, Comparison, difference, numbers
from lrcourse.checks.exercise import ask, exercise, plain

load()
IDS = sorted(EXERCISES)
SEEDS = range(2)


def comparison_of(id):
    """The Comparison behind an exercise, or None."""
    if id == "02.1":
        return checks_02.CURVES
    return getattr(EXERCISES[id].judge, "__self__", None)


@pytest.fixture(autouse=True)
def english():
    words.use_language("en")
    yield
    words.use_language("en")


def double_judge(cases, seen):
    for x, found in zip(cases, seen, strict=True):
        differs = difference(2 * x, found)
        if differs:
            return differs[1]
    return None


DOUBLE = Exercise(
    "99.1",
    draw=lambda rng: rng.integers(1, 10**6, 3),
    probe=lambda answer, cases: [answer(x) for x in cases],
    judge=double_judge,
)


@pytest.fixture
def double(monkeypatch):
    monkeypatch.setitem(EXERCISES, "99.1", DOUBLE)
    return "99.1"


def refusal(id, answer, seed=0):
    """The message that a notebook shows for a wrong answer."""
    with pytest.raises(NotYet) as caught:
        check(id, answer, seed=seed)
    line = " ".join(caught.value._render_traceback_())
    assert line == str(caught.value)
    assert line.startswith(f"✗ {id} ")
    assert "\n" not in line
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return line


# --- The mechanism ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "line"), [("en", "✓ 99.1 correct\n"), ("zh", "✓ 99.1 正确\n")])
def test_right_answer_prints_one_line(double, capsys, language, line):
    words.use_language(language)
    assert check(double, lambda x: 2 * x) is None
    assert capsys.readouterr() == (line, "")


@pytest.mark.parametrize(("language", "text"), [("en", "not solved yet"), ("zh", "尚未完成")])
def test_stub_is_unsolved(double, language, text):
    def stub(x):
        raise NotImplementedError

    words.use_language(language)
    with pytest.raises(Unsolved, match=text):
        check(double, stub)


def test_method_that_torch_misses_is_no_stub(double):
    class Half(lr_scheduler.LRScheduler):
        """Lacks get_lr."""

    def answer(x):
        return Half(SGD([torch.zeros(1, requires_grad=True)], lr=0.1))

    with pytest.raises(NotYet, match="your code raised NotImplementedError") as caught:
        check(double, answer)
    assert not isinstance(caught.value, Unsolved)


@pytest.mark.parametrize("id", IDS)
def test_what_does_nothing_earns_nothing_and_probes_see_no_more_than_they_need(id):
    cases, found = draw(id, 5), EXERCISES[id]
    shown = asked(cases)
    if id in ("05.4", "09.3", "09.4"):  # seeds of a contest, and what is right
        assert shown != cases
    if not found.credit:
        return
    for idle in (lambda *_: None, lambda *given: given[0] if given else None, lambda *_: 0.0):
        for answer in (idle, (idle, idle)):
            try:
                seen = plain(ask(found.probe, answer, shown))
            except NotYet:
                continue
            with contextlib.suppress(TypeError):  # nothing at all: no credit either
                assert found.credit(cases, seen) == 0


def test_what_begins_with_an_underscore_is_for_the_judge():
    assert asked({"a": [{"_b": 1, "c": 2}], "_d": 3}) == {"a": [{"c": 2}]}


@pytest.mark.parametrize(("language", "text"), [("en", "before the exercise is solved"), ("zh", "完成练习之后")])
def test_what_shows_an_answer_waits_for_it_and_hides_no_other_error(capsys, language, text):
    words.use_language(language)
    with once_solved():
        raise NotImplementedError
    assert text in capsys.readouterr().out
    with pytest.raises(NotImplementedError, match="missing the required"), once_solved():
        torch.nn.Module()(1)
    with pytest.raises(ZeroDivisionError), once_solved():
        1 / 0  # noqa: B018


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "raised ZeroDivisionError: division by zero (line 3 of your cell: `return x / 0`)"),
     ("zh", "抛出了 ZeroDivisionError: division by zero（你的单元格第 3 行：`return x / 0`）")],
)  # fmt: skip
def test_error_names_the_line_of_the_cell(double, monkeypatch, language, text):
    cell, file = "import math\ndef answer(x):\n    return x / 0\n", "/tmp/ipykernel_7/42.py"
    monkeypatch.setitem(linecache.cache, file, (len(cell), None, cell.splitlines(True), file))
    space = {}
    exec(compile(cell, file, "exec"), space)
    words.use_language(language)
    assert text in refusal(double, space["answer"])


def test_error_of_many_lines_becomes_one(double):
    def answer(x):
        raise ValueError("first\nsecond\n" + "long " * 200)

    line = refusal(double, answer)
    assert "ValueError: first second" in line
    assert len(line) < 300


def test_error_with_braces_is_not_a_format(double):
    def answer(x):
        raise KeyError("{not a field}")

    assert "{not a field}" in refusal(double, answer)


class Agreeable:
    """Equal to everything, and any number on demand."""

    def __eq__(self, other):
        return True

    __hash__ = object.__hash__

    def __float__(self):
        return 2.0

    __array__ = __index__ = None


class Pretender(float):
    """A float that claims to be equal, and prints as another."""

    def __eq__(self, other):
        return True

    __hash__ = float.__hash__

    def __float__(self):
        return 2.0

    def __repr__(self):
        return "2.0"


class Listless:
    def tolist(self):
        return self


class Exploding:
    def tolist(self):
        raise RuntimeError("boom")


class LyingList(list):
    def __len__(self):
        return 3

    def __iter__(self):
        return iter([2.0] * 3)


WRONG_VALUES = {
    "always equal": lambda x: Agreeable(),
    "float in disguise": lambda x: Pretender(3.5),
    "list in disguise": lambda x: LyingList(),
    "tolist of itself": lambda x: Listless(),
    "tolist that raises": lambda x: Exploding(),
    "NaN": lambda x: math.nan,
    "infinity": lambda x: math.inf,
    "None": lambda x: None,
    "text": lambda x: str(2 * x),
    "truth": lambda x: True,
    "complex": lambda x: complex(2 * x),
    "one-element list": lambda x: [2 * x],
    "array of wrong shape": lambda x: np.full((2, 2), 2 * x),
    "unequal lists": lambda x: [[1], [1, 2]],
    "generator": lambda x: (y for y in [2 * x]),
    "set": lambda x: {2 * x},
    "dict": lambda x: {"answer": 2 * x},
    "function": lambda x: lambda: 2 * x,
    "beyond float": lambda x: 10**400,
    "class": lambda x: float,
    "tensor without values": lambda x: torch.empty(1, device="meta"),
}


@pytest.mark.parametrize("answer", WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_whatever_is_no_right_number_is_refused(double, answer):
    refusal(double, answer)


@pytest.mark.parametrize("kind", ["generator", "set", "function"])
def test_what_is_no_number_is_named(double, kind):
    assert f"no plain numbers (object of type {kind})" in refusal(double, WRONG_VALUES[kind])


def test_not_even_a_function(double):
    assert "not callable" in refusal(double, 3.0)


@pytest.mark.parametrize("make", [np.float64, np.float32, torch.tensor, int, float, np.array], ids=lambda m: m.__name__)
def test_numbers_of_any_make_are_accepted(double, make):
    check(double, lambda x: make(2 * x))


def test_judge_sees_only_what_json_carries(monkeypatch):
    seen = []
    spy = Exercise("99.1", DOUBLE.draw, lambda answer, cases: {"x": Pretender(1.5), "y": np.ones((2, 2)), "z": (1, 2)},
                   lambda cases, found: seen.append((cases, found)))  # fmt: skip
    monkeypatch.setitem(EXERCISES, "99.1", spy)
    check("99.1", None)
    ((cases, found),) = seen
    assert all(type(case) is int for case in cases)
    assert found == {"x": 1.5, "y": [[1.0, 1.0], [1.0, 1.0]], "z": [1, 2]}
    assert type(found["x"]) is float
    assert repr(found["x"]) == "1.5"


def test_answer_cannot_change_the_cases_of_the_judge(monkeypatch):
    vandal = Exercise("99.1", lambda rng: {"xs": [1, 2]}, lambda answer, cases: answer(cases),
                      lambda cases, seen: None if cases == {"xs": [1, 2]} else "changed")  # fmt: skip
    monkeypatch.setitem(EXERCISES, "99.1", vandal)
    check("99.1", lambda cases: cases["xs"].clear())


def test_cases_are_fresh_each_time_and_repeat_with_the_seed(double):
    def cases(**seed):
        met = []
        check(double, lambda x: met.append(x) or 2 * x, **seed)
        return met

    assert cases(seed=5) == cases(seed=5) != cases(seed=6)
    assert cases() != cases()


def test_halves_work_apart(double):
    seen = json.loads(json.dumps(probe(double, lambda x: 2 * x, 3)))
    assert judge(double, 3, seen) is None
    assert judge(double, 4, seen)


@pytest.mark.parametrize(
    ("id", "near"), [("2.1", "02.1"), ("01.9", "01."), ("O2.3", "02.3"), (2.1, "02.1"), (["02.1"], "02.1")]
)
def test_unknown_exercise_suggests_the_nearest(id, near):
    with pytest.raises(ValueError, match=rf"there is no exercise .*the nearest is '{near}"):
        check(id, None)


def test_an_exercise_is_registered_once():
    with pytest.raises(ValueError, match="defined twice"):
        exercise("01.1", draw=None, probe=None)(None)


def test_cases_that_cannot_tell_mistakes_apart_are_the_authors_fault():
    same = Comparison(
        case=lambda rng: {}, run=None, right=lambda case: 1.0,
        mistakes=(checks_02.Mistake(lambda case: 1.0, "wrong", "错"),),
    )  # fmt: skip
    with pytest.raises(RuntimeError, match="tell all its mistakes apart"):
        same.draw(np.random.default_rng(0))


# --- Differences in words --------------------------------------------------------------------------------

TRACE = np.arange(6.0).reshape(3, 2) + 1


@pytest.mark.parametrize(
    ("found", "place", "words_"),
    [
        (TRACE + np.array([[0, 0], [0, 0], [0, 1]]), "epoch 2, group 1", "expected 6, found 7"),
        (TRACE + np.array([[0, 0], [0, 1e-3], [0, 0]]), "epoch 1, group 1", "expected 4, found 4.001"),
        (TRACE[:2], "", "expected 3 epochs × 2 groups, found 2 epochs × 2 groups"),
        (TRACE[:, 0], "", "expected 3 epochs × 2 groups, found 3 values"),
        (7, "", "expected 3 epochs × 2 groups, found one number"),
        ([], "", "expected 3 epochs × 2 groups, found 0 values"),
        ([None] * 3, "", "found nothing; is the `return` missing?"),
        ("x", "", "expected 3 epochs × 2 groups, found something else than numbers"),
        (np.where(TRACE == 3, np.nan, TRACE), "epoch 1, group 0", "expected 3, found nan"),
    ],
)
def test_difference(found, place, words_):
    found = found.tolist() if isinstance(found, np.ndarray) else found
    assert difference(TRACE, found, (EPOCH, GROUP)) == (place, words_)


def test_difference_shows_as_many_digits_as_it_takes():
    assert difference(0.1, 0.10001) == ("", "expected 0.1, found 0.10001")
    assert difference(1 / 3, 0.3334) == ("", "expected 0.3333, found 0.3334")


def test_difference_allows_for_float32():
    assert difference(TRACE, np.float32(TRACE / 3 * 3).tolist()) is None
    assert difference(TRACE, (TRACE * (1 + 1e-4)).tolist()) is not None


def test_difference_names_the_part():
    parts = {"lr": TRACE, "tau": TRACE}
    assert difference(parts, {"lr": TRACE.tolist(), "tau": [1]}, (EPOCH, GROUP))[0] == "tau"
    assert difference(parts, {"lr": TRACE.tolist()}) == ("tau", "expected, but missing")
    assert difference(parts, None) == ("lr", "expected, but missing")
    assert difference(parts, {"tau": TRACE.tolist(), "lr": TRACE.tolist(), "more": 1}) is None


def test_numbers_reads_what_is_of_the_right_shape():
    assert numbers([1, 2], (2,)).tolist() == [1, 2]
    assert isinstance(numbers([1, 2], (3,)), str)


# --- Every exercise --------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", IDS)
def test_cases_are_plain_fresh_and_repeat(id):
    draws = [plain(EXERCISES[id].draw(np.random.default_rng(seed))) for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize("id", IDS)
def test_what_is_no_answer_is_refused_and_breaks_nothing(id, monkeypatch):
    cases = plain(EXERCISES[id].draw(np.random.default_rng(0)))
    monkeypatch.setitem(EXERCISES, id, dataclasses.replace(EXERCISES[id], draw=lambda rng: cases))
    n = len(cases)
    junk = [None, True, 0, -1.5, math.nan, "", "0.1", [], {}, [[]], [None] * n, [0.1] * n, ["0.1"] * n, [{}] * n,
            [[math.nan] * 2000] * n, [10**400] * n, [[[[[[]]]]]] * n, {"curves": {}, "order": ""},
            [{"curves": None, "order": 3}] * n, [{"curves": {"StepLR": "x"}, "order": "oooo"}] * n,
            [{"scaled": [[1]], "tau": None}] * n, [math.nan] * 2000, [[1]] * 2000, [None] * 2000]  # fmt: skip
    for seen, language in itertools.product(junk, ("en", "zh")):
        words.use_language(language)
        message = judge(id, 0, seen)
        assert isinstance(message, str), seen
        assert message
        assert "\n" not in message


@pytest.mark.parametrize("id", [id for id in IDS if comparison_of(id)])
def test_each_mistake_is_refused_in_its_own_words(id):
    parts = comparison_of(id)
    for seed in SEEDS:
        cases = plain(EXERCISES[id].draw(np.random.default_rng(seed)))
        assert parts.judge(cases, plain(list(map(parts.right, cases)))) is None
        for mistake in parts.mistakes:
            seen = plain(list(map(mistake.gives, cases)))
            for language, text in (("en", mistake.en), ("zh", mistake.zh)):
                words.use_language(language)
                message = parts.judge(cases, seen)
                assert message is not None
                assert message.endswith(text), message


@pytest.mark.parametrize("id", [id for id in IDS if comparison_of(id)])
def test_an_unknown_mistake_is_refused_without_a_guess(id):
    parts = comparison_of(id)
    cases = plain(EXERCISES[id].draw(np.random.default_rng(1)))

    def changed(right):
        if isinstance(right, dict):
            return {name: changed(part) for name, part in right.items()}
        return (np.asarray(right) * 1.01).tolist()

    message = parts.judge(cases, [changed(parts.right(case)) for case in cases])
    assert "expected" in message
    assert not any(message.endswith(mistake.en) for mistake in parts.mistakes)


@pytest.mark.parametrize("steps", ["so", "s"])
def test_right_curves_stepped_in_the_wrong_order_are_refused(steps):
    def curves_of(new_optimizer, schedulers, epochs):
        curves = {}
        for name, make in schedulers.items():
            optimizer = new_optimizer()
            scheduler = make(optimizer)
            curves[name] = []
            for _ in range(epochs):
                curves[name].append(scheduler.get_last_lr())
                for step in steps:
                    {"o": optimizer, "s": scheduler}[step].step()
        return curves

    assert "stepped before its optimizer" in refusal("02.1", curves_of)


# --- Right answers of any kind ---------------------------------------------------------------------------


def multi_step_loop(t, lr, milestones, gamma):
    while milestones and milestones[0] <= t:
        milestones.pop(0)
        lr *= gamma
    return lr


def restarts_in_closed_form(t, lr, T_0, T_mult, eta_min):
    if T_mult == 1:
        cycle, begin = 0, t // T_0 * T_0
    else:
        cycle = int(math.log(t / T_0 * (T_mult - 1) + 1, T_mult))
        begin = T_0 * (T_mult**cycle - 1) / (T_mult - 1)
    return torch.tensor(eta_min + (lr - eta_min) * (1 + math.cos(math.pi * (t - begin) / (T_0 * T_mult**cycle))) / 2)


def restarts_recursively(t, lr, T_0, T_mult, eta_min):
    if t >= T_0:
        return restarts_recursively(t - T_0, lr, T_0 * T_mult, T_mult, eta_min)
    return np.float32(eta_min + 0.5 * (lr - eta_min) * (1 + np.cos(np.pi * t / T_0)))


class PlateauByTorch:
    def __init__(self, lr, **arguments):
        self.optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=lr)
        self.scheduler = lr_scheduler.ReduceLROnPlateau(self.optimizer, **arguments)

    def step(self, metric):
        self.scheduler.step(metric)
        return self.optimizer.param_groups[0]["lr"]


def curves_all_at_once(new_optimizer, schedulers, epochs):
    """Every scheduler with its own optimizer, stepped side by side; the learning rates asked of the schedulers."""
    optimizers = {name: new_optimizer() for name in schedulers}
    built = {name: make(optimizers[name]) for name, make in schedulers.items()}
    curves = {name: [] for name in schedulers}
    for _ in range(epochs):
        for name, scheduler in built.items():
            curves[name].append(scheduler.get_last_lr())
            optimizers[name].step()
            scheduler.step()
    return {name: torch.tensor(curve) for name, curve in curves.items()}


def curves_without_the_last_step(new_optimizer, schedulers, epochs):
    curves = {}
    for name, make in schedulers.items():
        optimizer = new_optimizer()
        scheduler = make(optimizer)
        curves[name] = [scheduler.get_last_lr()]
        while len(curves[name]) < epochs:
            optimizer.zero_grad()
            optimizer.step()
            scheduler.step()
            curves[name].append([group["lr"] for group in optimizer.param_groups])
    return curves


def one_cycle_by_epochs(optimizer, samples, batch_size, accumulate, epochs, max_lr):
    loader = torch.utils.data.DataLoader(range(samples), batch_size=batch_size)
    steps = -(-len(loader) // accumulate)
    return lr_scheduler.OneCycleLR(optimizer, max_lr, epochs=epochs, steps_per_epoch=steps)


def descend_in_place(grad, start, lr, updates):
    path = [start.copy()]
    for t in range(updates):
        start -= lr(t) * grad(start)
        path.append(start.copy())
    return path


def descend_in_torch(grad, start, lr, updates):
    x, path = torch.tensor(start, dtype=torch.float32), [start.tolist()]
    for t in range(updates):
        x = x - lr(t) * torch.as_tensor(grad(x.numpy()), dtype=torch.float32)
        path.append(x.tolist())
    return path


def descend_by_library(grad, start, lr, updates):
    parabola = dynamics.quadratic((1.0, 1.0))
    landscape = dynamics.Landscape("own", ("own", "自己的"), 2, parabola.f, grad, parabola.hess, (), np.zeros((1, 2)))
    return dynamics.gradient_descent(landscape, start, lr, updates)


def same_clock_in_python(lrs, reference):
    factor = sum(reference) / sum(lrs)
    scaled = [factor * lr for lr in lrs]
    return scaled, [sum(scaled[:n]) for n in range(len(scaled) + 1)]


def same_clock_in_torch(lrs, reference):
    lrs = torch.tensor(lrs)
    scaled = lrs * (reference.sum() / lrs.sum())
    return [scaled, torch.cat([torch.zeros(1), scaled.cumsum(0)])]


RIGHT = {
    "01.1": [
        lambda c: 2 / c.max(),
        lambda c: (2 / torch.tensor(c).max()),
        lambda c: np.min(2 / c),
        lambda c: 2 / np.linalg.eigvalsh(np.diag(c))[-1],
    ],
    "01.2": [descend_in_place, descend_in_torch, descend_by_library],
    "01.3": [same_clock_in_python, same_clock_in_torch],
    "01.4": [
        lambda variance, curvature, sigma, batch_size: torch.tensor(
            2 / (curvature + sigma**2 / (batch_size * variance * curvature))
        ),
        lambda variance, curvature, sigma, batch_size: np.float64(2) * variance * curvature * batch_size
        / (sigma**2 + batch_size * variance * curvature**2),
    ],
    "01.5": [
        lambda t: 0.08 * (1 + math.cos(math.pi * t / 2000)),
        lambda t: np.interp(t, [0, 200, 1600, 2000], [0.2, 0.11, 0.065, 0]),
        lambda t: torch.tensor(0.15 - 0.15 * t / 2000),
    ],
    "02.1": [curves_all_at_once, curves_without_the_last_step],
    "02.2": [
        lambda h: 2 ** (-1 / h),
        lambda h: math.exp(-math.log(2) / h),
        lambda h: torch.tensor(0.5) ** (1 / h),
        lambda half_life: np.power(0.5, 1 / half_life),
    ],
    "02.3": [
        lambda t, lr, milestones, gamma: lr * gamma ** bisect.bisect_right(milestones, t),
        lambda t, lr, milestones, gamma: lr * gamma ** np.searchsorted(milestones, t, side="right"),
        lambda t, lr, milestones, gamma: lr * gamma ** (torch.tensor(milestones) <= t).sum(),
        multi_step_loop,
    ],
    "02.4": [restarts_in_closed_form, restarts_recursively],
    "02.5": [PlateauByTorch],
    "02.6": [one_cycle_by_epochs],
}  # fmt: skip


@pytest.mark.parametrize(
    ("id", "answer"),
    [pytest.param(id, answer, id=f"{id}-{n}") for id, answers in RIGHT.items() for n, answer in enumerate(answers)],
)
def test_right_answers_of_any_kind_pass(id, answer):
    for seed in range(1 if id == "01.5" else 4):
        check(id, answer, seed=seed)


def test_every_exercise_has_other_right_answers_here():
    assert sorted(RIGHT) == [id for id in IDS if id < "03"]  # those of later sections: test_checks_SECTION.py


# --- References ------------------------------------------------------------------------------------------


def float64(values):
    return torch.tensor(values, dtype=torch.float64)


def cases_of(id, seeds=range(3)):
    return [case for seed in seeds for case in EXERCISES[id].draw(np.random.default_rng(seed))]


@pytest.mark.parametrize("case", cases_of("01.1"), ids=str)
def test_limit_separates_convergence_from_divergence_in_torch(case):
    limit = comparison_of("01.1").right(case)
    for factor, converges in ((0.98, True), (1.02, False)):
        x = torch.ones(len(case["curvatures"]), requires_grad=True, dtype=torch.float64)
        optimizer = SGD([x], lr=factor * limit)
        for _ in range(300):
            optimizer.zero_grad()
            (float64(case["curvatures"]) * x**2).sum().div(2).backward()
            optimizer.step()
        assert (x.abs().max() <= 1).item() is converges


@pytest.mark.parametrize("case", cases_of("01.2"), ids=str)
def test_path_is_that_of_torch(case):
    x = float64(case["start"]).requires_grad_()
    optimizer = SGD([x], lr=1.0)
    scheduler = lr_scheduler.LambdaLR(optimizer, lambda t: case["lr"][t])
    path = [x.tolist()]
    for _ in range(case["updates"]):
        optimizer.zero_grad()
        (float64(case["curvature"]) * (x - float64(case["bottom"])) ** 2).sum().div(2).backward()
        optimizer.step()
        scheduler.step()
        path.append(x.tolist())
    np.testing.assert_allclose(comparison_of("01.2").right(case), path)


@pytest.mark.parametrize("case", cases_of("01.4"), ids=str)
def test_learning_rate_gives_the_variance(case):
    lr = comparison_of("01.4").right(case)
    noise = case["sigma"] / math.sqrt(case["batch_size"])
    assert dynamics.noise_variance(lr, case["curvature"], noise) == pytest.approx(case["variance"])
    balls = dynamics.langevin(dynamics.quadratic(case["curvature"]), 0.0, lr, noise, 60, particles=20_000)
    assert balls.var() == pytest.approx(case["variance"], rel=0.05)  # 5 standard errors


def stepped(make, lrs, epochs):
    """The plainest loop there is."""
    optimizer = SGD([{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in lrs])
    scheduler, trace = make(optimizer), []
    for _ in range(epochs):
        trace.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return np.array(trace)


@pytest.mark.parametrize("case", cases_of("02.1"), ids=lambda case: str(case["lrs"]))
def test_curves_are_those_of_torch(case):
    for name, curve in checks_02.CURVES.right(case).items():
        make = getattr(lr_scheduler, name)
        expected = stepped(lambda optimizer: make(optimizer, **case["schedulers"][name]), case["lrs"], case["epochs"])  # noqa: B023
        np.testing.assert_array_equal(curve, expected)


def test_half_life_is_that_of_torch():
    for case in cases_of("02.2"):
        gamma = comparison_of("02.2").right(case)
        trace = stepped(lambda optimizer: lr_scheduler.ExponentialLR(optimizer, gamma), [0.8], case["half_life"] + 1)  # noqa: B023
        assert trace[-1, 0] == pytest.approx(0.4)


REBUILT = {
    "02.3": lambda optimizer, case: lr_scheduler.MultiStepLR(optimizer, case["milestones"], case["gamma"]),
    "02.4": lambda optimizer, case: lr_scheduler.CosineAnnealingWarmRestarts(
        optimizer, case["T_0"], case["T_mult"], case["eta_min"]
    ),
}


@pytest.mark.parametrize("id", REBUILT)
def test_function_of_time_is_torchs(id):
    for case in cases_of(id):
        expected = stepped(lambda optimizer: REBUILT[id](optimizer, case), [case["lr"]], case["epochs"])[:, 0]  # noqa: B023
        np.testing.assert_array_equal(comparison_of(id).right(case), expected)


@pytest.mark.parametrize("case", cases_of("02.5", range(5)), ids=lambda case: case["mode"])
def test_controller_without_fault_is_torchs(case):
    """So each mistake in the list differs from torch by its one fault."""
    twin = PlateauByTorch(**{key: value for key, value in case.items() if key != "metrics"})
    expected = list(map(twin.step, case["metrics"]))
    np.testing.assert_allclose(comparison_of("02.5").right(case), expected, rtol=0)
    np.testing.assert_allclose(checks_02.plateau(case), expected, rtol=1e-12)


@pytest.mark.parametrize("total", [checks_02.updates, lambda case: case["epochs"]], ids=["right", "few"])
def test_one_cycle_of_any_length_is_torchs(total):
    for case in cases_of("02.6"):
        seen = checks_02.run_one_cycle(
            lambda optimizer, **_: lr_scheduler.OneCycleLR(optimizer, case["max_lr"], total_steps=total(case)), case  # noqa: B023
        )
        np.testing.assert_allclose(checks_02.counted(total)(case), seen, rtol=1e-9)


def test_updates_are_those_of_a_real_loop():
    for case in cases_of("02.6"):
        count = 0
        for _ in range(case["epochs"]):
            waiting = 0
            for _batch in torch.utils.data.DataLoader(range(case["samples"]), batch_size=case["batch_size"]):
                waiting += 1
                if waiting == case["accumulate"]:
                    count, waiting = count + 1, 0
            count += waiting > 0
        assert checks_02.updates(case) == count


def at_rest(schedule, seed=0):
    landscape = dynamics.rugged()
    balls = dynamics.langevin(landscape, landscape.minima[0], schedule, checks_01.SIGMA, checks_01.UPDATES,
                              particles=checks_01.BALLS, seed=seed)  # fmt: skip
    return np.mean(abs(balls - landscape.minima[landscape.deepest]) < checks_01.NEAR)


def test_cooling_is_judged_with_room_on_both_sides():
    """What is wanted lies five standard errors below sensible schedules, and far above lazy ones."""
    t = np.arange(checks_01.UPDATES) / checks_01.UPDATES
    error = math.sqrt(0.25 / checks_01.BALLS)
    for schedule in (0.19 * (1 - t), 0.08 * (1 + np.cos(np.pi * t))):
        assert at_rest(schedule) > checks_01.WANTED + 5 * error
    for schedule in (0.06, 0.1, 0.08 * (1 - t), np.where(t < 0.9, 0.15, 0.005)):
        assert at_rest(schedule) < checks_01.WANTED - 10 * error
