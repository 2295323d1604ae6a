"""Schedules as functions: their algebra, their manners, the numerics below. (Equal to torch? See test_schedulers.)"""

import copy
import inspect
import math
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lrcourse import curves
from lrcourse.curves import (
    Schedule,
    chained_scheduler,
    constant,
    constant_lr,
    cosine_annealing_lr,
    cosine_annealing_warm_restarts,
    cyclic_lr,
    exponential_lr,
    exponential_warmup,
    inverse_sqrt,
    lambda_lr,
    linear_lr,
    linear_to_zero,
    linear_warmup,
    multi_step_lr,
    multiplicative_lr,
    one_cycle_lr,
    piecewise_linear,
    polynomial_lr,
    radam_warmup,
    recorded,
    reduce_lr_on_plateau,
    rex,
    sequential_lr,
    simulated_annealing,
    sinusoidal,
    step_lr,
    swalr,
    then,
    transformer,
    wsd,
)  # fmt: skip

NOISE = np.random.default_rng(3).standard_normal(3000)

SCHEDULES = [
    step_lr(0.1, 30),
    step_lr(0.1, 3, gamma=-0.9),
    multi_step_lr(0.1, [30, 60, 60, 80]),
    constant_lr(0.1, total_iters=70),
    linear_lr(0.1, 0.01, 0.5, 1200),
    exponential_lr(0.1, 0.998),
    polynomial_lr(0.1, 1700, power=1.5),
    cosine_annealing_lr(0.1, 400, eta_min=0.01),
    cosine_annealing_lr(0.1, 1),
    cosine_annealing_warm_restarts(0.1, 30),
    cosine_annealing_warm_restarts(0.1, 30, T_mult=2, eta_min=0.01),
    cyclic_lr(0.1, 0.01, 0.2, step_size_up=40, step_size_down=7, mode="triangular2"),
    cyclic_lr(0.1, 0.01, 0.2, step_size_up=40, mode="exp_range", gamma=0.999),
    cyclic_lr(0.1, 0.01, 0.2, step_size_up=40, scale_fn=exponential_lr(1, 0.9)),
    one_cycle_lr(0.1, 1.0, 3000),
    one_cycle_lr(0.1, 1.0, 3000, three_phase=True, anneal_strategy="linear"),
    swalr(0.1, 0.5, 800),
    swalr(0.1, 0.5, 80, anneal_strategy="linear"),
    lambda_lr(0.1, np.cos),
    lambda_lr(0.1, exponential_lr(1, 0.99)),
    multiplicative_lr(0.1, linear_lr(1, 0.99, 1, 900)),
    reduce_lr_on_plateau(0.1, NOISE, patience=20, factor=0.9),
    sequential_lr(0.1, [linear_lr(0.1, total_iters=40), cosine_annealing_lr(0.1, 900)], [40]),
    chained_scheduler(0.1, [cosine_annealing_lr(0.1, 900, eta_min=1e-3), exponential_lr(0.1, 0.999)]),
    constant(0.1),
    linear_to_zero(0.1, 1000),
    linear_warmup(0.1, 500),
    linear_warmup(0.1, 100) * cosine_annealing_lr(1, 2000),
    3 * step_lr(0.1, 30),
    step_lr(0.1, 30).shift(7),
    cosine_annealing_lr(0.1, 300).shift(-40),
    linear_to_zero(0.1, 100).stretch(2.5),
    then(linear_warmup(0.1, 100), cosine_annealing_lr(0.1, 2000), at=100),
    one_cycle_lr(0.1, 1.0, 3000).momentum,
    exponential_warmup(0.1, 300),
    radam_warmup(0.1, 0.99),
    inverse_sqrt(0.1, 100),
    inverse_sqrt(0.1, 0, timescale=7.5),
    transformer(512, 400),
    wsd(0.1, 2000, 500, warmup_steps=100),
    wsd(0.1, 2000, 500, warmup_steps=100, shape="cosine"),
    wsd(0.1, 2000, 500, shape="1-sqrt"),
    rex(0.1, 1500),
    piecewise_linear(0.1, [(0, 0.1), (300, 1), (301.5, 0.4), (1700, 0)]),
    sinusoidal(0.1, 0.05, 333.3),
    simulated_annealing(0.1, alpha=0.998),
    recorded(NOISE[:3000] ** 2).shift(1),
    2 * then(one_cycle_lr(0.1, 1.0, 3000), cyclic_lr(0.1, 0.01, 0.2), at=100).shift(3).momentum,
]
each_schedule = pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
drawn = st.sampled_from(SCHEDULES)
updates = st.integers(0, 2000)


def examples(number):
    """The same examples in each run, however busy the machine."""
    return settings(max_examples=number, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


# --- A function of t ------------------------------------------------------------------------------------------


@each_schedule
def test_one_call_with_all_t_is_many_calls_with_one(schedule):
    """The long run goes by tables and chunks, the single values by the formula."""
    run = schedule(range(3000))
    some = [0, 1, 2, 29, 30, 31, 399, 400, 401, 1023, 1024, 2047, 2048, 2999]
    np.testing.assert_allclose(run[some], [schedule(t) for t in some], rtol=1e-11, atol=1e-16)
    np.testing.assert_array_equal(run, schedule(np.arange(3000)))
    order = np.random.default_rng(0).permutation(3000)
    np.testing.assert_allclose(schedule(order), run[order], rtol=1e-11, atol=1e-16)
    gaps = np.arange(0, 3000, 7)
    np.testing.assert_allclose(schedule(gaps.astype(float)), run[gaps], rtol=1e-11, atol=1e-16)
    np.testing.assert_allclose(schedule(range(2990, 0, -7)), run[2990:0:-7], rtol=1e-11, atol=1e-16)


@each_schedule
def test_shapes_and_types(schedule):
    assert type(schedule(3)) is float
    assert type(schedule(np.float32(3))) is float
    assert schedule(np.arange(6).reshape(2, 3)).shape == (2, 3)
    assert schedule([[1, 2]]).shape == (1, 2)
    assert schedule([]).shape == schedule(range(0)).shape == (0,)
    assert schedule(np.arange(5, dtype=np.uint8)).dtype == np.float64
    assert math.isfinite(schedule(2.5))


@pytest.mark.parametrize(
    ("t", "error", "message"),
    [
        (-1, ValueError, "t must be finite and not negative, got -1; t = 0 is the first update"),
        ([3, math.nan], ValueError, "t must be finite and not negative, got nan"),
        (math.inf, ValueError, "t must be finite and not negative, got inf"),
        (range(3, -2, -1), ValueError, "got -1"),
        ("3", TypeError, "t must be a number or an array of numbers"),
        (None, TypeError, "t must be a number"),
        (True, TypeError, "t must be a number"),
    ],
)
def test_bad_t(t, error, message):
    with pytest.raises(error, match=message):
        step_lr(0.1, 30)(t)


def test_t_beyond_the_end():
    with pytest.raises(ValueError, match="one_cycle_lr has no value at t = 11: it has total_steps = 10"):
        one_cycle_lr(0.1, 1, 10)(11)
    with pytest.raises(ValueError, match=r"constant_lr has no value at t = 5: factor = 0 .*use a small factor"):
        constant_lr(0.1, factor=0)([0, 5])
    assert constant_lr(0.1, factor=0)(4.9) == 0
    with pytest.raises(ValueError, match="reduce_lr_on_plateau has no value at t = 4: the metric ends after 3 values"):
        reduce_lr_on_plateau(0.1, [1, 2, 3])(4)
    with pytest.raises(ValueError, match=r"cyclic_lr has no value at t = 4096: .*1024 cycles"):
        cyclic_lr(0.1, 0.1, 1, step_size_up=2, mode="triangular2")(4096)
    assert cyclic_lr(0.1, 0.1, 1, step_size_up=2, mode="triangular2")(4095) == 0.1  # + 2 ** -1024


def test_between_updates():
    """Smooth formulas go on, what lives at updates waits."""
    assert cosine_annealing_lr(1, 10)(2.5) == pytest.approx((1 + math.cos(math.pi / 4)) / 2)
    assert exponential_lr(1, 0.25)(0.5) == pytest.approx(0.5)
    assert linear_lr(1, 0.5, 1, 10)(0.5) == pytest.approx(0.525)
    assert lambda_lr(1, lambda t: t / 2)(2.5) == 1.25
    for schedule in (step_lr(1, 3), multi_step_lr(1, [3]), multiplicative_lr(1, lambda t: 0.5), SCHEDULES[21]):
        assert schedule(2.9) == schedule(2)
        assert schedule(3.1) == schedule(3)


def test_a_million_values_in_one_call():
    t = np.arange(1_000_000)
    np.testing.assert_allclose(exponential_lr(0.1, 0.99999)(t)[::1000], 0.1 * 0.99999 ** t[::1000], rtol=1e-12)
    cosine = cosine_annealing_lr(0.1, 1_000_000)(t)
    expected = 0.05 * (1 + np.cos(np.pi * t / 1_000_000))
    np.testing.assert_allclose(cosine, expected, rtol=1e-10)  # down to 1e-13, where 1 + cos keeps 4 digits


def test_lambdas_are_called_as_torch_calls_them_or_once():
    seen = []
    lambda_lr(1, lambda t: seen.append(t) or 1.0)(np.arange(3))
    lambda_lr(1, lambda t: seen.append(t) or 1.0)(4.0)
    assert seen == [0, 1, 2, 4]
    assert all(type(t) is int for t in seen)
    multiplicative_lr(1, lambda t: seen.append(t) or 1.0)(3)
    assert seen[4:] == [1, 2, 3]
    assert lambda_lr(1, np.reciprocal)([1, 2]).tolist() == [1, 0]  # an integer ufunc gets integers, as from torch


# --- Algebra --------------------------------------------------------------------------------------------------


@examples(80)
@given(a=drawn, b=drawn, n=st.integers(0, 500), t=st.lists(updates, min_size=1, max_size=8))
def test_products_and_scalings_are_pointwise(a, b, n, t):
    np.testing.assert_array_equal((a * b)(t), a(t) * b(t))
    np.testing.assert_array_equal((a * b)(t), (b * a)(t))
    np.testing.assert_array_equal((2.5 * a)(t), 2.5 * a(t))
    np.testing.assert_array_equal((a * np.float64(2.5))(t), (np.float64(2.5) * a)(t))
    np.testing.assert_array_equal((a * b).shift(n)(t), (a.shift(n) * b.shift(n))(t))


@examples(80)
@given(a=drawn, n=st.integers(0, 500), m=st.integers(0, 500), t=updates)
def test_shifts_add_up_and_hold_the_first_value(a, n, m, t):
    assert a.shift(n).shift(m)(t) == a.shift(n + m)(t)
    assert a.shift(-n).shift(-m)(t) == a.shift(-n - m)(t)
    assert a.shift(-n)(t) == a(t + n)
    assert a.shift(n)(t) == (a(t - n) if t >= n else a(0))
    assert a.shift(0)(t) == a(t)


@examples(80)
@given(a=drawn, b=drawn, c=drawn, n=st.integers(0, 400), m=st.integers(0, 400), t=updates)
def test_then_begins_b_anew_and_is_associative(a, b, c, n, m, t):
    joined = then(a, b, at=n)
    assert joined(t) == (a(t) if t < n else b(t - n))
    left, right = then(joined, c, at=n + m), then(a, then(b, c, at=m), at=n)
    assert left(t) == right(t)
    assert then(a, b, at=0)(t) == b(t)


@examples(40)
@given(a=drawn, k=st.sampled_from([0.5, 2, 4]), t=st.integers(0, 1000))
def test_stretch_slows_down(a, k, t):
    if t / k <= 1000:
        assert a.stretch(k)(t) == a(t / k)
        assert a.stretch(k).stretch(1 / k)(t) == a(t)


ONE_CYCLE, CYCLE = one_cycle_lr(0.1, 1.0, 60), cyclic_lr(0.1, 0.01, 0.2, step_size_up=7, base_momentum=0.6)


def test_momentum_goes_along():
    """Of what is shifted, stretched, scaled, joined or multiplied."""
    t, own = np.arange(40), ONE_CYCLE.momentum
    np.testing.assert_array_equal(ONE_CYCLE.shift(5).momentum(t), own.shift(5)(t))
    np.testing.assert_array_equal(ONE_CYCLE.shift(-5).momentum(t), own(t + 5))
    np.testing.assert_array_equal(ONE_CYCLE.stretch(2).momentum(t), own(t / 2))
    np.testing.assert_array_equal((3 * ONE_CYCLE).momentum(t), own(t))
    np.testing.assert_array_equal((linear_warmup(1, 5) * ONE_CYCLE).momentum(t), own(t))
    np.testing.assert_array_equal((ONE_CYCLE * linear_warmup(1, 5)).momentum(t), own(t))
    joined = then(ONE_CYCLE, CYCLE, at=20)
    expected = [own(k) if k < 20 else CYCLE.momentum(k - 20) for k in t]
    np.testing.assert_array_equal(joined.momentum(t), expected)
    np.testing.assert_array_equal((2 * joined).shift(3).momentum(t), joined.momentum(np.maximum(t - 3, 0)))
    with pytest.raises(ValueError, match="no value at t = 61"):
        (2 * ONE_CYCLE).momentum(61)
    assert joined.cycles_momentum and (2 * joined).cycles_momentum
    assert not (2 * constant(1)).cycles_momentum


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (then(constant(0.1), ONE_CYCLE, at=3), "only one_cycle_lr cycles momentum, constant does not.*give both one"),
        (then(CYCLE, constant(0.1), at=3).shift(2), "only cyclic_lr cycles momentum, constant does not say"),
        (then(then(constant(0.1), CYCLE, at=3), CYCLE, at=9), "only cyclic_lr cycles momentum, constant does not say"),
        (2 * (CYCLE * ONE_CYCLE), "both factors of the product cycle momentum; leave it to one"),
    ],
    ids=repr,
)
def test_momentum_that_nobody_knows(schedule, message):
    assert schedule(5) > 0
    assert schedule.cycles_momentum
    with pytest.raises(ValueError, match=message):
        _ = schedule.momentum


R = recorded([0.3, 0.2, 0.1])


@pytest.mark.parametrize(
    ("schedule", "updates"),
    [
        (2 * R, 3), (linear_warmup(1, 2) * R, 3), (R * recorded([1, 1]), 2), (then(constant(0.1), R, at=2), 5),
        (R.shift(2), 5), (R.shift(1.5), 5), (R.shift(-2), 1), (R.shift(40), 43), (R.stretch(1), 3), (R.stretch(1.5), 5),
        (2 * R.stretch(1.5).stretch(3).shift(10), 24), (then(R, R.shift(-1), at=2).shift(1), 5),
        (ONE_CYCLE.shift(3), 64), (ONE_CYCLE.stretch(0.1), 7), (ONE_CYCLE.stretch(1 / 60), 2),
        (R.shift(-3), 0), (2 * R.shift(-3).shift(9), 0), (then(constant(0.1), R.shift(-3), at=4), 4),
    ],
    ids=repr,
)  # fmt: skip
def test_a_composition_knows_where_it_ends(schedule, updates):
    """*updates*: how many have a value; the next one has none, which the outermost law says."""
    assert updates == math.floor(schedule._law.last) + 1
    assert len(schedule(range(updates))) == updates
    assert updates == 0 or schedule(schedule._law.last) >= 0
    ends = "recorded ends, the recording has [23] values|one_cycle_lr ends, it has total_steps = 60"
    with pytest.raises(ValueError, match=f"^{schedule.name} has no value at t = {updates}: ({ends})"):
        schedule(updates)


@examples(80)
@given(values=st.integers(1, 99), n=st.floats(-50, 1e9), factor=st.floats(1e-3, 1e9), t=st.integers(0, 3000))
def test_a_composition_ends_exactly_where_its_part_does(values, n, factor, t):
    part = recorded(np.ones(values))
    for schedule, inner in ((part.shift(n), max(t - n, 0)), (part.stretch(factor), t / factor)):
        assert (t <= schedule._law.last) == (inner < values)


def test_then_takes_arrays_in_any_order():
    joined = then(constant(1), linear_to_zero(2, 4), at=3)
    assert joined([5, 0, 3, 2, 9]).tolist() == [1, 1, 2, 1, 0]


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda a: a * "2", TypeError, "factor must be a finite number, got '2'"),
        (lambda a: math.nan * a, ValueError, "factor must be a finite number, got nan"),
        (lambda a: a * [1, 2], TypeError, "unsupported operand|can't multiply"),
        (lambda a: a.shift(math.inf), ValueError, "n must be a finite number, got inf"),
        (lambda a: a.stretch(0), ValueError, "factor must be a positive number, got 0"),
        (lambda a: then(a, a, at=-1), ValueError, "at must be a whole number of updates, not negative, got -1"),
        (lambda a: then(a, a, at=2.5), ValueError, "at must be a whole number"),
        (lambda a: then(a, 0.1, at=2), TypeError, r"b must be a Schedule, such as curves.constant\(0.1\), got 0.1"),
        (lambda a: then(a, a), TypeError, "then: missing a required argument: 'at'; its arguments are a, b, at"),
        (lambda a: a.momentum, ValueError, "step_lr does not cycle momentum.*cyclic_lr and one_cycle_lr do"),
    ],
)
def test_bad_algebra(build, error, message):
    with pytest.raises(error, match=message):
        build(step_lr(0.1, 30))


# --- Manners --------------------------------------------------------------------------------------------------


@each_schedule
def test_equality_hash_pickle_and_copy(schedule):
    for other in (pickle.loads(pickle.dumps(schedule)), copy.deepcopy(schedule)):
        assert other == schedule
        assert hash(other) == hash(schedule)
        np.testing.assert_array_equal(other(range(50)), schedule(range(50)))
    assert schedule != constant(0.123)
    assert schedule != 0.1
    assert (schedule == copy.copy(schedule)) is True


def test_equality_is_that_of_the_arguments():
    assert step_lr(0.1, 30) == step_lr(0.1, step_size=30, gamma=0.1)
    assert step_lr(0.1, 30) != step_lr(0.1, 31)
    assert step_lr(0.1, 30) != exponential_lr(0.1, 0.5)
    assert 2 * step_lr(0.1, 30) == step_lr(0.1, 30) * 2
    assert reduce_lr_on_plateau(0.1, NOISE) == reduce_lr_on_plateau(0.1, NOISE.copy())
    assert reduce_lr_on_plateau(0.1, NOISE) != reduce_lr_on_plateau(0.1, NOISE[:-1])
    assert multi_step_lr(0.1, iter([3, 4])) == multi_step_lr(0.1, (3, 4))


@each_schedule
def test_repr_builds_it_again(schedule):
    if "<" in repr(schedule):
        assert "values>" in repr(schedule) or "ufunc" in repr(schedule)
    else:
        assert eval(repr(schedule), dict(vars(curves))) == schedule


def test_repr_shows_what_was_chosen():
    assert repr(step_lr(0.1, 30)) == "step_lr(lr=0.1, step_size=30)"
    assert repr(2 * constant(1).shift(3)) == "2 * constant(lr=1).shift(3)"
    assert repr((constant(1) * constant(2)).stretch(3)) == "(constant(lr=1) * constant(lr=2)).stretch(3)"
    assert repr(reduce_lr_on_plateau(0.1, NOISE)) == "reduce_lr_on_plateau(lr=0.1, metric=<3000 values>)"


def test_immutable():
    milestones = [3, 5]
    schedule = multi_step_lr(1, milestones)
    milestones.append(7)
    assert schedule.params["milestones"] == (3, 5)
    with pytest.raises(AttributeError, match="immutable, so name cannot be set"):
        schedule.name = "x"
    with pytest.raises(AttributeError, match="immutable"):
        del schedule.params
    with pytest.raises(TypeError):
        schedule.params["gamma"] = 3
    with pytest.raises(ValueError, match="read-only"):
        reduce_lr_on_plateau(0.1, NOISE).params["metric"][0] = 3
    values = np.array([0.1, 0.2])
    schedule = recorded(values)
    values[0] = 7
    assert schedule(0) == schedule.params["values"][0] == 0.1
    rate = np.array(0.1)
    schedule = step_lr(rate, 30)
    rate[...] = 7
    assert schedule(0) == schedule.params["lr"] == 0.1
    assert hash(schedule) == hash(step_lr(0.1, 30))


def test_every_factory_is_documented_and_returns_a_schedule():
    for name in set(curves.__all__) - {"Schedule"}:
        factory = getattr(curves, name)
        assert factory.__doc__
        assert inspect.signature(factory).return_annotation == "Schedule"
    assert isinstance(SCHEDULES[0], Schedule)


def test_numpy_alone():
    program = "import sys, lrcourse.curves; print({'torch', 'matplotlib', 'scipy'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: step_lr("0.1", 3), TypeError, r"lr must be a positive finite number \(what the optimizer is built"),
        (lambda: step_lr(0, 3), ValueError, "lr must be a positive finite number.*got 0"),
        (lambda: step_lr(True, 3), TypeError, "lr must be"),
        (lambda: step_lr(0.1, step=3), TypeError, "step_lr: missing a required argument: 'step_size'"),
        (lambda: step_lr(0.1, 3, last_epoch=3), TypeError, "step_lr: got an unexpected keyword argument 'last_epoch'"),
        (lambda: exponential_lr(0.1, None), TypeError, "gamma must be a finite number, got None"),
        (lambda: linear_to_zero(0.1, 0), ValueError, "total_steps must be a positive number of updates, got 0"),
        (lambda: linear_warmup(0.1, -1), ValueError, "warmup_steps must be a number of updates, not negative, got -1"),
        (lambda: sequential_lr(0.1, [constant(0.1)], []), TypeError,
         r"schedulers\[0\] must be the curve of a torch scheduler, such as step_lr\(0.1, step_size=30\), got constant"),
        (lambda: sequential_lr(0.1, [step_lr(0.2, 3)], []), ValueError, r"schedulers\[0\] must have lr=0.1 .*got 0.2"),
        (lambda: chained_scheduler(0.1, [SCHEDULES[21]]), ValueError, "must not be reduce_lr_on_plateau"),
        (lambda: chained_scheduler(0.1, step_lr(0.1, 3)), ValueError, "schedulers must be a list of at least one"),
    ],
)  # fmt: skip
def test_bad_arguments(build, error, message):
    with pytest.raises(error, match=message):
        build()


# --- Families -------------------------------------------------------------------------------------------------


def test_linear_to_zero_wastes_no_update():
    rates = linear_to_zero(0.1, 10)(range(12))
    np.testing.assert_allclose(rates, [*np.arange(10, 0, -1) / 100, 0, 0], atol=1e-18)


def test_linear_warmup_wastes_none_either_and_meets_what_follows():
    joined = then(linear_warmup(0.1, 4), cosine_annealing_lr(0.1, 10), at=4)
    np.testing.assert_allclose(joined(range(5)), [0.02, 0.04, 0.06, 0.08, 0.1])
    assert linear_warmup(0.1, 0)(0) == 0.1


T = np.arange(300)


def test_warmup_is_the_one_that_torchtitan_and_linear_lr_make():
    np.testing.assert_allclose(linear_warmup(0.1, 9)(T), linear_lr(0.1, 1 / 10, 1, 9)(T), rtol=1e-13)
    assert linear_warmup(0.1, 9)(8) < linear_warmup(0.1, 9)(9) == 0.1
    assert linear_warmup(0.7, 2)(2) == 0.7  # exactly: what follows goes on from there


def test_warmups_of_adam():
    """As the papers have them, step by step."""
    np.testing.assert_allclose(
        exponential_warmup(0.1, 50)(T), [0.1 * (1 - math.exp(-(t + 1) / 50)) for t in T], rtol=1e-12
    )
    for beta2 in (0.65, 0.9, 0.999):
        rho_inf = 2 / (1 - beta2) - 1
        rectified = []
        for s in range(1, 400):
            rho = rho_inf - 2 * s * beta2**s / (1 - beta2**s)
            if rho > 4:
                rectified.append(((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)) ** 0.5)
        np.testing.assert_allclose(radam_warmup(0.1, beta2)(T), 0.1 * np.array(rectified[:300]), rtol=1e-7)
        assert radam_warmup(1, beta2)(10**6) == pytest.approx(1)
    t, by_thumb = np.arange(6000), linear_warmup(1, 2000)
    assert 0.2 < np.abs(radam_warmup(1, 0.999)(t) - by_thumb(t)).max() < 0.24


def test_noam_and_inverse_sqrt():
    paper = [512**-0.5 * min(s**-0.5, s * 40**-1.5) for s in range(1, 301)]
    np.testing.assert_allclose(transformer(512, 40)(T), paper, rtol=1e-13)
    peak = (512 * 40) ** -0.5
    assert transformer(512, 40)(39) == pytest.approx(peak)
    np.testing.assert_allclose(inverse_sqrt(peak, 39)(T), paper, rtol=1e-12)  # the same shape
    theirs = [  # transformers: get_inverse_sqrt_schedule
        t / 40 if t < 40 else 1 / math.sqrt((t + 25 - 40) / 25) for t in range(300)
    ]
    np.testing.assert_allclose(inverse_sqrt(1, 40, timescale=25)(T[40:]), theirs[40:], rtol=1e-12)
    np.testing.assert_allclose(inverse_sqrt(1, 40, timescale=25)(T[:40]), linear_warmup(1, 40)(T[:40]), rtol=1e-12)


@pytest.mark.parametrize(
    ("shape", "decay"),
    [
        ("linear", lambda p: 1 - p),
        ("cosine", lambda p: math.cos(math.pi * p / 2) ** 2),
        ("1-sqrt", lambda p: 1 - p**0.5),
    ],
)
def test_wsd_branches_from_one_trunk(shape, decay):
    short, long = wsd(0.1, 100, 20, 10, shape), wsd(0.1, 200, 40, 10, shape)
    np.testing.assert_array_equal(short(T[:81]), long(T[:81]))
    np.testing.assert_array_equal(short(T[:81]), linear_warmup(0.1, 10)(T[:81]))
    np.testing.assert_allclose(short(T[80:100]), [0.1 * decay(k / 20) for k in range(20)], rtol=1e-12)
    assert short(99) > 0 == short(100) == short(10**6)


def test_rex_lines_sines_and_annealing():
    left = 1 - T[:100] / 100
    np.testing.assert_allclose(rex(0.1, 100)(T[:100]), 0.1 * left / (0.5 + 0.5 * left), rtol=1e-12)
    assert rex(0.1, 100)([100, 500]).tolist() == [0, 0]
    lines = piecewise_linear(0.2, [(10, 0.5), (20, 1), (40, 0)])
    np.testing.assert_allclose(lines([0, 10, 15, 20, 30, 40, 99]), [0.1, 0.1, 0.15, 0.2, 0.1, 0, 0])
    np.testing.assert_allclose(sinusoidal(0.1, 0.04, 20)([0, 5, 10, 15, 20]), [0.1, 0.14, 0.1, 0.06, 0.1])
    annealed = simulated_annealing(0.1, T0=2, T_min=0.05, alpha=0.97)
    np.testing.assert_allclose(annealed(T), [0.1 * max(0.05, 2 * 0.97**t) for t in range(300)], rtol=1e-12)
    assert recorded([3, 1, 2])([0, 1, 2, 2.9]).tolist() == [3, 1, 2, 2]
    with pytest.raises(ValueError, match="recorded has no value at t = 3: the recording has 3 values"):
        recorded([3, 1, 2])(3)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: exponential_warmup(0.1, 0), ValueError, "tau must be a positive number of updates, got 0"),
        (lambda: radam_warmup(0.1, 0.5), ValueError, "beta2 must be between 0.6 .* got 0.5"),
        (lambda: inverse_sqrt(0.1, 5, timescale=-1), ValueError, "timescale must be None or a positive number"),
        (lambda: transformer(0), ValueError, "d_model must be a positive whole number, the width of the model, got 0"),
        (lambda: transformer(512, 0), ValueError, "warmup_steps must be a positive number of updates, got 0"),
        (lambda: wsd(0.1, 100, 60, 50), ValueError, r"must fit into total_steps = 100, got 50 \+ 60"),
        (lambda: wsd(0.1, 100, 0), ValueError, "cooldown_steps must be a positive number of updates, got 0"),
        (lambda: wsd(0.1, 100, 10, shape="sqrt"), ValueError, "shape must be one of 'linear', 'cosine', '1-sqrt'"),
        (lambda: rex(0.1, 2.5), ValueError, "total_steps must be a positive number of updates, got 2.5"),
        (lambda: piecewise_linear(0.1, []), ValueError, "points must stand in order of t"),
        (lambda: piecewise_linear(0.1, [(3, 1), (3, 2)]), ValueError, r"each once and from 0 on, got t = \[3.0, 3.0\]"),
        (lambda: piecewise_linear(0.1, [(0, 1), (3, -2)]), ValueError, "factors of lr that are not negative, got -2"),
        (lambda: piecewise_linear(0.1, [(0, math.nan)]), ValueError, "points must be pairs of finite numbers"),
        (lambda: piecewise_linear(0.1, [(0, 1, 2), (3, 4, 5)]), ValueError, "points must be pairs"),
        (lambda: piecewise_linear(0.1, [0, 1]), TypeError, r"finite numbers \(t, factor\), as .* got \(0, 1\)"),
        (lambda: sinusoidal(0.1, 0.2, 5), ValueError, "amplitude must be between 0 and lr = 0.1, .*negative, got 0.2"),
        (lambda: simulated_annealing(1, alpha=1.01), ValueError, "alpha must be .* or it heats, got 1.01"),
        (lambda: simulated_annealing(1, T_min=2), ValueError, "T_min must be between 0 and T0 = 1, got 2"),
        (lambda: recorded([]), TypeError, "values must be a list of at least one learning rate"),
        (lambda: recorded([1, -1]), ValueError, r"values must be finite and not negative, got \(1, -1\)"),
    ],
)
def test_bad_families(build, error, message):
    with pytest.raises(error, match=message):
        build()


# --- Numerics -------------------------------------------------------------------------------------------------


@examples(100)
@given(st.integers(0, 2**32), st.integers(1, 300), st.sampled_from(["both", "multiplies", "overwrites"]))
def test_scan_is_the_recursion(seed, n, kind):
    rng = np.random.default_rng(seed)
    a, b = rng.choice([0, 1, 0.9, 1.1, -0.5], n), rng.choice([0, 0, 0.1, -0.2], n)
    x, expected = 0.3, []
    for a_i, b_i in zip(a * (kind != "overwrites"), b * (kind != "multiplies"), strict=True):
        x = a_i * x + b_i
        expected.append(x)
    move = (None if kind == "overwrites" else a, None if kind == "multiplies" else b)
    np.testing.assert_allclose(curves._scan(move, 0.3), expected, rtol=1e-10, atol=1e-14)


@examples(100)
@given(st.integers(0, 2**32), st.sampled_from(["both", "a", "b"]), st.sampled_from(["both", "a", "b"]))
def test_composed_moves_are_one_after_the_other(seed, kind1, kind2):
    first, second = [
        tuple(np.random.default_rng(seed + i).standard_normal(9) if kind in ("both", name) else None for name in "ab")
        for i, kind in enumerate((kind1, kind2))
    ]

    def do(move, x):
        a, b = (0.0 if part is None else part for part in move)
        return a * x + b

    x = 0.7
    np.testing.assert_allclose(do(curves._compose(first, second), x), do(second, do(first, x)), atol=1e-12)


def plateau_by_the_book(metric, mode, patience, threshold, threshold_mode, cooldown):
    """The steps at which torch's rule cuts, told step by step."""
    best, bad, rest, cuts = math.inf if mode == "min" else -math.inf, 0, 0, []
    for k, value in enumerate(metric, start=1):
        sign = -1 if mode == "min" else 1
        bar = best * (1 + sign * threshold) if threshold_mode == "rel" else best + sign * threshold
        better = value < bar if mode == "min" else value > bar
        best, bad = (value, 0) if better else (best, bad + 1)
        if rest > 0:
            rest, bad = rest - 1, 0
        if bad > patience:
            cuts.append(k)
            rest, bad = cooldown, 0
    return cuts


@examples(150)
@given(
    st.integers(0, 2**32), st.sampled_from(["min", "max"]), st.integers(0, 9), st.sampled_from([1e-4, 0, 0.3, -0.2]),
    st.sampled_from(["rel", "abs"]), st.integers(0, 5), st.sampled_from([0, 3, -3]),
)  # fmt: skip
def test_plateau_events_are_those_of_a_scan(seed, mode, patience, threshold, threshold_mode, cooldown, level):
    """A block of minima is 1024 long: 2500 values have several."""
    rng = np.random.default_rng(seed)
    metric = level + rng.standard_normal(2500) + rng.choice([0, 2]) * np.exp(-np.arange(2500) / 300)
    metric[rng.random(2500) < 0.05] = np.nan
    schedule = reduce_lr_on_plateau(
        1.0, metric, mode, 0.999, patience, threshold, threshold_mode, cooldown, eps=0
    )
    cuts = np.flatnonzero(np.diff(schedule(range(2501)))) + 1
    assert cuts.tolist() == plateau_by_the_book(metric, mode, patience, threshold, threshold_mode, cooldown)
