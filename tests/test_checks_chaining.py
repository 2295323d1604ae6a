"""Section 06's checks: right answers of any kind pass, and each usual mistake is told for what it is."""

import math
import re

import numpy as np
import pytest
from torch.optim import lr_scheduler

import lrcourse
from lrcourse import chaining, curves, words
from lrcourse.checks import EXERCISES, NotYet, check, load
from lrcourse.checks import chaining as checks
from lrcourse.checks.exercise import plain

load()
SEEDS = range(3)


@pytest.fixture(autouse=True)
def english():
    words.use_language("en")
    yield
    words.use_language("en")


def refusal(id, answer, seed=0):
    with pytest.raises(NotYet) as caught:
        check(id, answer, seed=seed)
    return str(caught.value)


# --- References, by another road


def test_the_landing_is_the_formula():
    case = {"lrs": [0.1, 0.4], "warmup": 4, "updates": 15, "last": 0.003}
    for base, rates in zip(case["lrs"], checks.landing(case).T, strict=True):
        up = [base * (t + 1) / 5 for t in range(4)]
        down = [0.003 + (base - 0.003) * (1 + math.cos(math.pi * t / 10)) / 2 for t in range(11)]
        np.testing.assert_allclose(rates, up + down, rtol=1e-9)
        assert rates[-1] == pytest.approx(0.003, rel=1e-12)


def test_the_composite_is_the_algebra_s():
    case = checks.draw_composite(np.random.default_rng(0))
    first, second = (curves.lambda_lr(1, function) for function in checks.two(case))
    schedule = curves.then(first, second, at=case["milestone"])
    np.testing.assert_allclose(checks.sequence(case), np.outer(schedule(range(16)), case["lrs"]), rtol=1e-12)


def test_the_chain_of_the_second_exercise_really_loses_a_factor():
    case = checks.draw_factors(np.random.default_rng(0))
    optimizer = checks.new_optimizer(case["lrs"])
    parts = [lr_scheduler.LambdaLR(optimizer, f) for f in (checks.decay(case), checks.wave(case))]
    used = checks.train(optimizer, lr_scheduler.ChainedScheduler(parts), case["updates"])
    np.testing.assert_allclose(used, checks.traced(case, checks.wave(case)), rtol=1e-9)


# --- Right answers of other kinds


def test_right_answers_in_other_words_pass(capsys):
    def landing(optimizer, warmup, updates, last):
        def plan(lr):
            cool = curves.cosine_annealing_lr(lr, T_max=updates - 1 - warmup, eta_min=last)
            return curves.then(curves.linear_warmup(lr, warmup), cool, at=warmup)

        return lrcourse.CurveLR(optimizer, [plan(group["lr"]) for group in optimizer.param_groups])

    def product(optimizer, a, b):
        return lrcourse.CurveLR(optimizer, lambda t: a(t) * b(t), relative=True)

    def then(a, b, at):
        return curves.then(curves.lambda_lr(1, a), curves.lambda_lr(1, b), at=at)

    def in_sequence(optimizer, first, second, milestone):
        parts = [curves.lambda_lr(1, first), curves.lambda_lr(1, second)]
        return chaining.sequential(optimizer, parts, [milestone], relative=True)

    for id, answer in {"06.1": landing, "06.2": product, "06.3": then, "06.4": in_sequence}.items():
        for seed in SEEDS:
            check(id, answer, seed=seed)
    assert capsys.readouterr().out.count("✓") == 4 * len(SEEDS)


# --- The composite that resumes


@pytest.mark.parametrize("part", ["WHOLE", "RESUMED"])
def test_each_mistake_of_the_composite_is_refused_in_its_own_words(part):
    parts = getattr(checks, part)
    for seed in range(10):
        cases = plain(EXERCISES["06.4"].draw(np.random.default_rng(seed)))
        assert parts.judge(cases, plain(list(map(parts.right, cases)))) is None
        for mistake in parts.mistakes:
            seen = plain(list(map(mistake.gives, cases)))
            for language, text in (("en", mistake.en), ("zh", mistake.zh)):
                words.use_language(language)
                message = parts.judge(cases, seen)
                assert message is not None and message.endswith(text), message


def test_the_place_of_a_fault_after_resuming_is_named():
    class Forgetful(lr_scheduler.LambdaLR):
        def __init__(self, optimizer, first, second, milestone):
            super().__init__(optimizer, lambda t: first(t) if t < milestone else second(t - milestone))

        def load_state_dict(self, state):
            pass

    message = refusal("06.4", Forgetful)
    assert re.search(r"k = \d+, update k \+ 0, group 0: expected .*begins again at update 0", message)


@pytest.mark.parametrize("id", ["06.1", "06.2"])
def test_no_scheduler_is_told_so(id):
    assert "is the `return` missing" in refusal(id, lambda *arguments: None)
    assert "found int" in refusal(id, lambda *arguments: 3)


def test_a_state_with_functions_is_told_so():
    class WithFunctions(lr_scheduler.LRScheduler):
        def __init__(self, optimizer, first, second, milestone):
            self.first, self.second, self.milestone = first, second, milestone
            super().__init__(optimizer)

        def get_lr(self):
            t, m = self.last_epoch, self.milestone
            return [base * (self.first(t) if t < m else self.second(t - m)) for base in self.base_lrs]

    assert "cannot be saved" in refusal("06.4", WithFunctions)


# --- Wrong answers of other kinds than those in the exercises


def _sequence(*, iters=0, T_max=0, swap=False):
    def answer(optimizer, warmup, updates, last):
        heat = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup + iters)
        cool = lr_scheduler.CosineAnnealingLR(optimizer, T_max=updates - 1 - warmup + T_max, eta_min=last)
        return lr_scheduler.SequentialLR(optimizer, [cool, heat] if swap else [heat, cool], milestones=[warmup])

    return answer


def _group_0(optimizer, a, b):
    lr = optimizer.param_groups[0]["lr"]
    return lrcourse.CurveLR(optimizer, lambda t: lr * a(t) * b(t))


class _Composite(lr_scheduler.LRScheduler):
    """Right."""

    def __init__(self, optimizer, first, second, milestone):
        self.first, self.second, self.milestone = first, second, milestone
        super().__init__(optimizer)

    def factor(self, t):
        return self.first(t) if t < self.milestone else self.second(t - self.milestone)

    def get_lr(self):
        return [base * self.factor(self.last_epoch) for base in self.base_lrs]

    def state_dict(self):
        return {"last_epoch": self.last_epoch, "base_lrs": self.base_lrs}

    def load_state_dict(self, state):
        self.__dict__.update(state)
        for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            group["lr"] = lr


class _Bare(_Composite):
    def get_lr(self):
        return [self.factor(self.last_epoch) for _ in self.base_lrs]


class _Early(_Composite):
    def factor(self, t):
        return self.first(t) if t < self.milestone - 1 else self.second(t - self.milestone + 1)


class _Behind(_Composite):
    def load_state_dict(self, state):
        super().load_state_dict(state | {"last_epoch": state["last_epoch"] - 1})
        self.last_epoch += 1


class _FirstGroup(_Composite):
    def load_state_dict(self, state):
        self.__dict__.update(state)
        self.optimizer.param_groups[0]["lr"] = self.get_lr()[0]


@pytest.mark.parametrize(
    ("id", "answer", "reason"),
    [
        ("06.1", _sequence(iters=1), "`total_iters` one too many"),
        ("06.1", _sequence(iters=-1), "`total_iters` one too few"),
        ("06.1", _sequence(T_max=-1), "`T_max` one too few"),
        ("06.1", _sequence(swap=True), "the cosine runs first"),
        ("06.2", _group_0, "base rate of group 0"),
        (
            "06.2",
            lambda o, a, b: lr_scheduler.MultiplicativeLR(o, lambda t: a(t) * b(t) / (a(t - 1) * b(t - 1))),
            "the bare base rate",
        ),
        ("06.3", lambda a, b, at: lambda t: b(t) if t < at else a(t - at), "a comes first"),
        ("06.3", lambda a, b, at: lambda t: a(t) if t >= at else b(t), "a runs *before*"),
        ("06.4", _Bare, "the base rate is missing"),
        ("06.4", _Early, "one update early"),
        ("06.4", _Behind, "that of the update before"),
        ("06.4", _FirstGroup, "param group 0 only"),
    ],
)
def test_more_wrong_answers_are_refused_for_what_they_are(id, answer, reason):
    assert reason in refusal(id, answer)


def test_the_composite_that_these_break_is_right():
    check("06.4", _Composite)
