"""Sequences and products that do what torch's compositions promise; and what torch's classes do in a chain."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    SequentialLR,
    StepLR,
)
from torch.optim.swa_utils import SWALR
from tracing import LRS, ORDERS, new_optimizer, resumed, run, trace

from lrcourse import curves
from lrcourse.chaining import in_sequence, multiplied, product, sequential, what_it_does
from lrcourse.curves import (
    constant,
    cosine_annealing_lr,
    cyclic_lr,
    exponential_lr,
    linear_lr,
    linear_to_zero,
    linear_warmup,
    multiplicative_lr,
    one_cycle_lr,
    step_lr,
    then,
)
from lrcourse.custom import CustomScheduler

# Every warning is an error (the order warning too), but for sockets that another test left to the garbage collector.
pytestmark = pytest.mark.filterwarnings("error", "ignore::pytest.PytestUnraisableExceptionWarning")

PARTS = [
    constant(0.1), linear_warmup(0.1, 4), cosine_annealing_lr(0.1, 9), exponential_lr(0.1, 0.9), step_lr(0.1, 3),
    multiplicative_lr(0.1, exponential_lr(1, 0.9)), cyclic_lr(0.1, 0.01, 0.2, step_size_up=3, cycle_momentum=False),
    then(linear_warmup(0.1, 3), linear_to_zero(0.1, 7), at=3), linear_warmup(1, 5) * step_lr(0.1, 2),
]  # fmt: skip


# --- Sequences ------------------------------------------------------------------------------------------------


@settings(max_examples=60, derandomize=True, deadline=None)
@given(data=st.data())
def test_each_part_begins_anew_at_its_milestone(data):
    parts = data.draw(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4))
    milestones = sorted(data.draw(st.sets(st.integers(1, 28), min_size=len(parts) - 1, max_size=len(parts) - 1)))
    found = trace(partial(sequential, schedules=parts, milestones=milestones), 30)
    for t in range(30):
        i = sum(milestone <= t for milestone in milestones)
        begun = milestones[i - 1] if i else 0
        assert found[t].tolist() == [parts[i](t - begun)] * 2


def test_equals_sequential_lr_where_that_keeps_its_promise():
    def torchs(optimizer):
        parts = [LinearLR(optimizer, 0.1, 1, 4), CosineAnnealingLR(optimizer, 9), StepLR(optimizer, 2)]
        return SequentialLR(optimizer, parts, [4, 10])

    ours = partial(
        sequential, schedules=[linear_lr(1, 0.1, 1, 4), cosine_annealing_lr(1, 9), step_lr(1, 2)], milestones=[4, 10],
        relative=True,
    )  # fmt: skip
    np.testing.assert_allclose(trace(ours, 25), trace(torchs, 25), rtol=1e-9)


def test_and_keeps_it_where_sequential_lr_does_not():
    def torchs(optimizer):
        return SequentialLR(
            optimizer, [ConstantLR(optimizer, 0.1, 4), MultiplicativeLR(optimizer, lambda t: 0.9)], [4]
        )

    fades = multiplicative_lr(1, lambda t: 0.9)
    ours = partial(sequential, schedules=[constant(0.1), fades], milestones=[4], relative=True)
    promised = np.outer([0.1] * 4 + [0.9**k for k in range(6)], LRS)
    np.testing.assert_allclose(trace(ours, 10), promised, rtol=1e-12)
    np.testing.assert_allclose(trace(torchs, 10)[4, 0], 0.1 * 0.09)  # it goes on from what it finds

    def nested(optimizer):
        inner = SequentialLR(optimizer, [StepLR(optimizer, 2), ExponentialLR(optimizer, 0.9)], [3])
        return SequentialLR(optimizer, [LinearLR(optimizer), inner], [4])

    with pytest.raises(NotImplementedError):
        trace(nested, 10)
    inner = in_sequence([step_lr(1, 2), exponential_lr(1, 0.9)], [3])
    ours = trace(partial(sequential, schedules=[linear_lr(1), inner], milestones=[4], relative=True), 10, (1.0,))[:, 0]
    np.testing.assert_allclose(ours[4:], [1, 1, 0.1, 1, 0.9, 0.81], rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([], []), ValueError, r"schedules must be a list of at least one schedule, got \[\]"),
        ((constant(1), []), ValueError, "schedules must be a list of at least one"),
        (([constant(1), StepLR], [3]), TypeError, r"schedules\[1\] must be a Schedule, such as curves.constant\(0.1\)"),
        ((PARTS[:3], [3]), ValueError, "milestones must be one fewer than schedules, got 1 for 3"),
        ((PARTS[:3], [9, 3]), ValueError, r"milestones must be in order, .* got \[9, 3\]; torch's Sequential"),
        ((PARTS[:3], [3, 3]), ValueError, r"milestones must be in order"),
        ((PARTS[:3], [0, 3]), ValueError, "each of milestones must be a positive whole number, got 0"),
        ((PARTS[:3], [2.5, 3]), ValueError, "each of milestones must be a positive whole number, got 2.5"),
        ((PARTS[:3], [3, 30], 30), ValueError, "within the run of total_steps = 30 updates, got 30: its part"),
    ],
)
def test_bad_sequences(arguments, error, message):
    with pytest.raises(error, match=message):
        in_sequence(*arguments)
    optimizer = new_optimizer()
    with pytest.raises(error, match=message):
        sequential(optimizer, *arguments)
    assert [group["lr"] for group in optimizer.param_groups] == list(LRS)


def test_the_last_milestone_may_be_the_last_update():
    assert in_sequence(PARTS[:3], [3, 29], 30)(29) == PARTS[2](0)


# --- Products -------------------------------------------------------------------------------------------------


def test_exponential_times_cyclic_is_one():
    """What ChainedScheduler([ExponentialLR, CyclicLR]) promises; what it does is CyclicLR after a wrong first value."""
    def torchs(optimizer):
        return ChainedScheduler(
            [ExponentialLR(optimizer, 0.99), CyclicLR(optimizer, 0.001, 0.01, 20, cycle_momentum=False)]
        )

    cycle = cyclic_lr(0.1, 0.001, 0.01, 20, cycle_momentum=False)
    found = trace(partial(product, schedules=[exponential_lr(1, 0.99), cycle]), 90)
    rising = [min(t % 40, 40 - t % 40) / 20 for t in range(90)]
    np.testing.assert_allclose(found[:, 1], [0.99**t * (0.001 + 0.009 * rising[t]) for t in range(90)], rtol=1e-12)
    chained = trace(torchs, 90)[:, 0]
    assert chained[0] == 0.1
    np.testing.assert_allclose(chained[1:], cycle(range(1, 90)), rtol=1e-9)


def test_equals_chained_scheduler_where_all_multiply():
    def torchs(optimizer):
        return ChainedScheduler([ConstantLR(optimizer, 0.1, 4), ExponentialLR(optimizer, 0.9), StepLR(optimizer, 7)])

    factors = [curves.constant_lr(1, 0.1, 4), exponential_lr(1, 0.9), step_lr(1, 7)]
    ours = partial(product, schedules=factors, relative=True)
    np.testing.assert_allclose(trace(ours, 25), trace(torchs, 25), rtol=1e-9)


def test_one_factor_is_itself_and_the_order_does_not_matter():
    assert multiplied([step_lr(0.1, 3)]) == step_lr(0.1, 3)
    a, b, c = PARTS[2:5]
    np.testing.assert_allclose(multiplied([a, b, c])(range(20)), multiplied([c, a, b])(range(20)), rtol=1e-14)


def test_momentum_of_a_product_is_that_of_its_one_factor_that_cycles_it():
    optimizer = new_optimizer()
    one_cycle = one_cycle_lr(0.1, 0.5, 30)
    found = run(optimizer, product(optimizer, [linear_warmup(1, 5), one_cycle]), 30)[:, 0, 1]
    np.testing.assert_array_equal(found, one_cycle.momentum(range(30)))


# --- One resumable scheduler ----------------------------------------------------------------------------------


def deep(optimizer):
    """A sequence in a product in a sequence, within torch's SequentialLR."""
    waves = multiplied([in_sequence([step_lr(1, 2), cosine_annealing_lr(1, 5)], [3]), exponential_lr(1, 0.9)])
    ours = sequential(optimizer, [linear_warmup(1, 3), waves, linear_to_zero(1, 9)], [3, 11], relative=True)
    return SequentialLR(optimizer, [ours, product(optimizer, [PARTS[2], exponential_lr(1, 0.9)])], [15])


@settings(max_examples=30, derandomize=True, deadline=None)
@given(at=st.integers(0, 19), order=st.sampled_from(ORDERS))
def test_nests_and_resumes(at, order):
    optimizer = new_optimizer()
    np.testing.assert_array_equal(resumed(deep, at, 20, order), run(optimizer, deep(optimizer), 20))


def test_resumes_by_last_epoch():
    optimizer = new_optimizer()
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
    arguments = {"schedules": [linear_warmup(1, 3), step_lr(1, 2)], "milestones": [3], "relative": True}
    expected = trace(partial(sequential, **arguments), 12)
    found = run(optimizer, sequential(optimizer, **arguments, last_epoch=4), 7)[:, :, 0]
    np.testing.assert_array_equal(found, expected[5:])


# --- What torch's classes do ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "verdict"),
    [
        (partial(StepLR, step_size=3), "multiplies"),
        (partial(MultiStepLR, milestones=[3, 7]), "multiplies"),
        (partial(ConstantLR, total_iters=5), "multiplies"),
        (partial(LinearLR, total_iters=5), "multiplies"),
        (partial(ExponentialLR, gamma=0.9), "multiplies"),
        (partial(PolynomialLR, total_iters=12), "multiplies"),
        (partial(MultiplicativeLR, lr_lambda=lambda t: 0.9), "multiplies"),
        (partial(CosineAnnealingLR, T_max=20), "multiplies"),
        (partial(CosineAnnealingLR, T_max=20, eta_min=0.01), "neither"),
        (partial(CosineAnnealingLR, T_max=6), "neither"),  # it is stepped beyond T_max
        (partial(SWALR, swa_lr=0.02), "neither"),
        (partial(LambdaLR, lr_lambda=lambda t: 0.9**t), "overwrites"),
        (partial(CosineAnnealingWarmRestarts, T_0=4), "overwrites"),
        (partial(CyclicLR, base_lr=0.01, max_lr=0.1, step_size_up=3), "overwrites"),
        (partial(OneCycleLR, max_lr=0.5, total_steps=40), "overwrites"),
        (partial(CustomScheduler, schedule_fn=exponential_lr(1, 0.9)), "overwrites"),
    ],
)
def test_what_it_does(make, verdict):
    """And that is what happens behind another one in a ChainedScheduler."""
    assert what_it_does(make, 12) == verdict
    alone = trace(make, 12, (0.1,))[:, 0]
    chained = trace(lambda o: ChainedScheduler([StepLR(o, 1, 0.8), make(o)]), 12, (0.1,))[:, 0]
    multiplies = np.allclose(chained, 0.8 ** np.arange(12) * alone, rtol=1e-9, atol=1e-15)
    assert multiplies == (verdict == "multiplies")
    assert np.allclose(chained[1:], alone[1:], rtol=1e-9, atol=1e-15) == (verdict == "overwrites")
