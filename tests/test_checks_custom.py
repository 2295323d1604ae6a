"""Section 05's checks: right answers of any kind pass, and the references equal torch, or what was trained."""

import numpy as np
import pytest
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from lrcourse import custom_lr_lambda, simulated_annealing_schedule
from lrcourse.checks import NotYet, Unsolved, check
from lrcourse.checks import custom as checks
from lrcourse.custom import CustomScheduler

SEEDS = range(3)


def temperature(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    return max(T_min, T0 * alpha**epoch)


class Closed(LambdaLR):
    """Right, by way of LambdaLR."""

    def __init__(self, optimizer, T0, T_min, alpha, last_epoch=-1):
        super().__init__(optimizer, lambda t: temperature(t, T0, T_min, alpha), last_epoch)


class Ours(CustomScheduler):
    """Right, by way of ours."""

    def __init__(self, optimizer, T0, T_min, alpha):
        super().__init__(optimizer, lambda t: simulated_annealing_schedule(t, T0, T_min, alpha))


class Counting(LRScheduler):
    """Right, with a count of its own, which is saved."""

    def __init__(self, optimizer, T0, T_min, alpha):
        self.arguments, self.count = (T0, T_min, alpha), -1
        super().__init__(optimizer)

    def get_lr(self):
        self.count += 1
        return [base * temperature(self.count, *self.arguments) for base in self.base_lrs]


@pytest.mark.parametrize("scheduler", [Closed, Ours, Counting])
@pytest.mark.parametrize("seed", SEEDS)
def test_any_right_annealing_passes(scheduler, seed, capsys):
    check("05.1", (temperature, scheduler), seed=seed)
    assert capsys.readouterr().out.startswith("✓ 05.1")


def test_the_reference_of_annealing_is_the_courses_function():
    case = checks.draw_annealing(np.random.default_rng(0))
    t = np.arange(case["epochs"])
    expected = simulated_annealing_schedule(t, case["T0"], case["T_min"], case["alpha"])
    np.testing.assert_allclose(checks.temperatures(case), expected)
    assert (expected[-3:] == case["T_min"]).all(), "the floor is reached, or nobody could forget it"


def test_a_count_that_is_not_saved_loses_its_place():
    count = {}

    class Lost(LRScheduler):
        def __init__(self, optimizer, T0, T_min, alpha):
            self.arguments = T0, T_min, alpha
            count[id(optimizer)] = -1
            super().__init__(optimizer)

        def get_lr(self):
            count[id(self.optimizer)] += 1
            return [base * temperature(count[id(self.optimizer)], *self.arguments) for base in self.base_lrs]

    with pytest.raises(NotYet, match=r"AnnealingLR\.load_state_dict, epoch .*loses its place"):
        check("05.1", (temperature, Lost), seed=0)


@pytest.mark.parametrize("id", ["05.2", "05.3", "05.4"])
def test_a_stub_is_unsolved(id):
    def stub(*_, **__):
        raise NotImplementedError

    with pytest.raises(Unsolved):
        check(id, stub)


def test_half_a_stub_is_unsolved():
    class Stub(Counting):
        def get_lr(self):
            raise NotImplementedError

    with pytest.raises(Unsolved):
        check("05.1", (temperature, Stub))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_courses_own_lambda_passes(seed):
    check(
        "05.2",
        lambda t, warmup, hold, gamma: custom_lr_lambda(t, warmup_epochs=warmup, hold_epochs=hold, gamma=gamma),
        seed=seed,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_branch_by_custom_scheduler_passes(seed):
    def branch(build, checkpoint, cooldown_steps):
        model, optimizer = build()
        optimizer.load_state_dict(checkpoint["optimizer"])
        model.load_state_dict(checkpoint["model"])
        return model, optimizer, CustomScheduler(optimizer, lambda k: max(0, 1 - k / cooldown_steps))

    check("05.3", branch, seed=seed)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda build, checkpoint, n: build(), "has to return three things"),
        (lambda build, checkpoint, n: None, "has to return three things"),
        (lambda build, checkpoint, n: (*build(), LambdaLR(build()[1], lambda k: 1)), "another optimizer"),
    ],
)
def test_what_is_no_branch_is_told_so(answer, message):
    with pytest.raises(NotYet, match=message):
        check("05.3", answer, seed=0)


def test_the_constant_of_05_4_is_a_good_one():
    rates = (0.03, checks.CONSTANT, 0.12)
    losses = [checks.losses_of(np.full(checks.UPDATES, lr), 0).mean() for lr in rates]
    assert losses[1] < losses[0] + 0.02 and losses[1] < losses[2]


def test_a_schedule_that_is_too_hot_is_told_so():
    with pytest.raises(NotYet, match=r"diverged: too hot|ends hot|lower the end"):
        check("05.4", lambda t: 50.0, seed=0)
    with pytest.raises(NotYet, match=r"change the way there|still on the way down"):
        check("05.4", lambda t: 0.3 if t < 60 else 0.0, seed=0)


# --- Wrong answers of other kinds than those in the exercises


def annealing(function, rate=lambda self, base: base * self.temperature(self.last_epoch, *self.arguments)):
    """Both parts of an answer to 05.1: the function, and a scheduler that uses it."""

    class Annealing(LRScheduler):
        temperature = staticmethod(function)

        def __init__(self, optimizer, T0, T_min, alpha):
            self.arguments = T0, T_min, alpha
            super().__init__(optimizer)

        def get_lr(self):
            return [rate(self, base) for base in self.base_lrs]

    return function, Annealing


def floor_on_the_rate(self, base):
    T0, T_min, alpha = self.arguments
    return max(T_min, base * T0 * alpha**self.last_epoch)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (annealing(lambda t, T0, T_min, alpha: max(T_min, alpha**t)), "T0 is missing"),
        (annealing(lambda t, T0, T_min, alpha: max(T_min, T0 * (1 - (1 - alpha) * t))), "by equal steps"),
        (annealing(lambda t, T0, T_min, alpha: T_min + (T0 - T_min) * alpha**t), "changes nothing above"),
        (annealing(temperature, lambda self, base: base * temperature(self.last_epoch)), "by the default values"),
        (annealing(temperature, floor_on_the_rate), "the floor was put under the learning rate"),
        (
            annealing(temperature, lambda self, base: base * temperature(self.last_epoch, 1, *self.arguments[1:])),
            "the scheduler leaves out T0",
        ),
    ],
)
def test_more_wrong_annealings_are_refused_for_what_they_are(answer, reason):
    with pytest.raises(NotYet, match=reason):
        check("05.1", answer, seed=0)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda k, n, lr: 1 - k / (n + 1), "reaches 0 one update too late"),
        (lambda k, n, lr: (1 + np.cos(np.pi * k / n)) / 2, "that is a cosine"),
        (lambda k, n, lr: np.prod(1 - np.arange(k + 1) / n), "the factors pile up"),
        (lambda k, n, lr: lr * (1 - k / n), "the learning rate is in it twice"),
    ],
)
def test_more_wrong_branches_are_refused_for_what_they_are(function, reason):
    def branch(build, checkpoint, cooldown_steps):
        model, optimizer = build()
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        lr = optimizer.param_groups[0]["lr"]
        return model, optimizer, LambdaLR(optimizer, lambda k: function(k, cooldown_steps, lr))

    with pytest.raises(NotYet, match=reason):
        check("05.3", branch, seed=0)
