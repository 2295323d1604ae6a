"""The closed form against torch's own steps, over drawn arguments; and the catalogue's facts, measured."""

import functools
import inspect
import math
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler
from torch.optim.swa_utils import SWALR

from lrcourse import curves, words
from lrcourse.schedulers import CATALOGUE, REQUIRED, build, curve, example_metric, explain, record

CLOSE = {"rtol": 1e-9, "atol": 1e-14}  # where a formula is 0, torch's recursion may leave 1e-17
COMPOSITIONS = ("SequentialLR", "ChainedScheduler")


def examples(number):
    """The same examples in each run, however busy the machine."""
    return settings(max_examples=number, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


# --- Drawn arguments ------------------------------------------------------------------------------------------

rates = st.floats(1e-3, 1)
counts = st.integers(1, 25)
gammas = st.sampled_from([0, 0.1, 0.5, 0.95, 1, 1.3, -0.5]) | st.floats(0, 1.2)
lambdas = st.sampled_from([
    lambda t: 0.9**t, lambda t: 1 / (t + 1), lambda t: 0, lambda t: 0.5 if t == 0 else 0.97, np.sqrt, np.cos,
    curves.linear_lr(1, 0.5, total_iters=8), curves.cosine_annealing_lr(1, T_max=20, eta_min=0.1),
])  # fmt: skip
strategies = st.sampled_from(["cos", "linear"])
iters = st.sampled_from([0, 1, 5.0, 4.5, 0.5]) | st.integers(0, 40)

ARGUMENTS = {
    "StepLR": {"step_size": counts | st.just(5.0), "gamma": gammas},
    "MultiStepLR": {
        "milestones": st.lists(st.integers(0, 40), max_size=5).map(sorted)
        | st.sampled_from([[], [0, 0, 3], [-1, 2], [2.5, 4], [3.0, 7]]),
        "gamma": gammas,
    },
    "ConstantLR": {"factor": st.sampled_from([0, 0.1, 1]) | st.floats(0.01, 1), "total_iters": iters},
    "LinearLR": {"start_factor": st.floats(0.01, 1), "end_factor": st.just(0) | st.floats(0, 1), "total_iters": iters},
    "ExponentialLR": {"gamma": gammas},
    "PolynomialLR": {"total_iters": iters, "power": st.sampled_from([1, 0, 2.0, 0.5, -1]) | st.floats(0, 4)},
    "CosineAnnealingLR": {"T_max": counts | st.just(7.0), "eta_min": st.just(0) | st.floats(-0.1, 1)},
    "CosineAnnealingWarmRestarts": {
        "T_0": counts, "T_mult": st.integers(1, 3), "eta_min": st.just(0) | st.floats(0, 1)
    },
    "CyclicLR": {
        "base_lr": rates | st.just(0), "max_lr": rates, "step_size_up": counts | st.just(2.5),
        "step_size_down": st.none() | st.integers(0, 25) | st.just(3.5),
        "mode": st.sampled_from(["triangular", "triangular2", "exp_range"]), "gamma": st.floats(0.8, 1.1),
        "scale_fn": st.none() | st.sampled_from([lambda x: 0.8**x, np.sqrt]),
        "scale_mode": st.sampled_from(["cycle", "iterations"]), "cycle_momentum": st.booleans(),
        "base_momentum": st.floats(0, 0.9), "max_momentum": st.floats(0, 0.99),
    },
    "OneCycleLR": {
        "max_lr": rates, "total_steps": st.integers(1, 150), "pct_start": st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0])
        | st.floats(0, 1), "anneal_strategy": strategies, "cycle_momentum": st.booleans(),
        "base_momentum": st.floats(0, 0.9), "max_momentum": st.floats(0, 0.99),
        "div_factor": st.floats(0.5, 50), "final_div_factor": st.floats(1, 1e6), "three_phase": st.booleans(),
    },
    "SWALR": {"swa_lr": rates | st.just(0), "anneal_epochs": st.integers(0, 30), "anneal_strategy": strategies},
    "LambdaLR": {"lr_lambda": lambdas},
    "MultiplicativeLR": {"lr_lambda": lambdas},
    "ReduceLROnPlateau": {
        "mode": st.sampled_from(["min", "max"]), "factor": st.floats(-0.5, 0.99),
        "patience": st.integers(0, 6) | st.just(1.5), "threshold": st.sampled_from([0, 1e-4, 0.1, -0.1, 1, 2]),
        "threshold_mode": st.sampled_from(["rel", "abs"]), "cooldown": st.integers(0, 4) | st.just(0.5),
        "min_lr": st.sampled_from([0, 1e-3, 0.5]), "eps": st.sampled_from([1e-8, 1e-3, 0]),
    },
}  # fmt: skip
leaves = st.sampled_from([name for name in ARGUMENTS if name != "ReduceLROnPlateau"]).flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries(ARGUMENTS[name]))
)


@st.composite
def compositions(draw, name=None, depth=0):
    """(name, arguments) of a SequentialLR or ChainedScheduler, some of whose parts are compositions themselves."""
    name = name or draw(st.sampled_from(COMPOSITIONS))
    part = leaves if depth == 2 else st.integers(0, 5).flatmap(lambda i: leaves if i else compositions(depth=depth + 1))
    parts = draw(st.lists(part, min_size=1, max_size=3))
    arguments = {"schedulers": parts}
    if name == "SequentialLR":
        starts = st.lists(st.integers(0, 25), min_size=len(parts) - 1, max_size=len(parts) - 1)
        arguments["milestones"] = sorted(draw(starts))
    return name, arguments


@st.composite
def metrics(draw, steps):
    noise = np.random.default_rng(draw(st.integers(0, 2**32))).standard_normal(steps)
    shape = draw(st.sampled_from(["noise", "falling", "negative", "flat", "holes", "levels", "infinite"]))
    return {
        "noise": noise,
        "falling": np.exp(-np.arange(steps) / 9) + 0.05 * noise,
        "negative": -np.abs(noise),
        "flat": np.ones(steps),
        "holes": np.where(noise > 1, np.nan, noise),
        "levels": np.round(noise),
        "infinite": np.where(noise > 1, np.inf, np.where(noise < -1.5, -np.inf, noise)),
    }[shape]


learning_rates = rates | st.lists(rates, min_size=1, max_size=3)


def agree(name, arguments, steps, lr, metric=None, what="lr"):
    """The closed form equals the recording, and refuses where torch ends in an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a nested composition is stepped before the optimizer
        try:
            recorded = record(build(name, **arguments), steps, lr=lr, metric=metric, what=what)
        except (ValueError, TypeError, ZeroDivisionError, OverflowError, NotImplementedError):
            with pytest.raises((ValueError, TypeError)):
                curve(name, steps, lr=lr, metric=metric, what=what, **arguments)
            return
    drawn = curve(name, steps, lr=lr, metric=metric, what=what, **arguments)
    assert drawn.shape == recorded.shape == ((steps,) if np.ndim(lr) == 0 else (steps, len(lr)))
    assert drawn.dtype == np.float64
    np.testing.assert_allclose(drawn, recorded, **CLOSE)


# --- The closed form equals torch -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARGUMENTS)
@examples(60)
@given(data=st.data())
def test_curve_equals_torch(name, data):
    arguments = data.draw(st.fixed_dictionaries(ARGUMENTS[name]))
    steps = data.draw(st.integers(1, 120))
    metric = data.draw(metrics(steps)) if name == "ReduceLROnPlateau" else None
    agree(name, arguments, steps, data.draw(learning_rates), metric)


@pytest.mark.parametrize("name", ["CyclicLR", "OneCycleLR"])
@examples(50)
@given(data=st.data())
def test_momentum_equals_torch(name, data):
    arguments = {**data.draw(st.fixed_dictionaries(ARGUMENTS[name])), "cycle_momentum": True}
    agree(name, arguments, data.draw(st.integers(1, 80)), data.draw(learning_rates), what="momentum")


@pytest.mark.parametrize("name", COMPOSITIONS)
@examples(200)
@given(data=st.data())
def test_compositions_equal_torch(name, data):
    _, arguments = data.draw(compositions(name))
    agree(name, arguments, data.draw(st.integers(1, 50)), data.draw(learning_rates))


@examples(60)
@given(parts=st.lists(leaves, min_size=1, max_size=2), steps=st.integers(1, 50), data=st.data())
def test_momentum_of_compositions_equals_torch(parts, steps, data):
    cycling = data.draw(st.sampled_from(["CyclicLR", "OneCycleLR"]))
    own = {**data.draw(st.fixed_dictionaries(ARGUMENTS[cycling])), "cycle_momentum": True}
    parts.insert(data.draw(st.integers(0, len(parts))), (cycling, own))
    milestones = [5 * i for i in range(1, len(parts))]
    agree("SequentialLR", {"schedulers": parts, "milestones": milestones}, steps, 0.1, what="momentum")
    agree("ChainedScheduler", {"schedulers": parts}, steps, 0.1, what="momentum")


LONG = {
    "StepLR": {"step_size": 7, "gamma": 0.999},
    "MultiStepLR": {"milestones": [100, 7000, 7000, 16000], "gamma": 0.3},
    "ExponentialLR": {"gamma": 0.9995},
    "PolynomialLR": {"total_iters": 15_000, "power": 1.7},
    "LinearLR": {"start_factor": 0.01, "end_factor": 0.5, "total_iters": 18_000},
    "CosineAnnealingLR": {"T_max": 3000, "eta_min": 0.002},
    "CosineAnnealingWarmRestarts": {"T_0": 37, "T_mult": 2, "eta_min": 1e-4},
    "CyclicLR": {"base_lr": 0.001, "max_lr": 0.1, "step_size_up": 700, "mode": "exp_range", "gamma": 0.9999},
    "OneCycleLR": {"max_lr": 0.1, "total_steps": 20_000, "pct_start": 0.21},
    "SWALR": {"swa_lr": 1e-5, "anneal_epochs": 12_000},
    "LambdaLR": {"lr_lambda": np.cos},
    "MultiplicativeLR": {"lr_lambda": lambda t: 0.9997},
    "SequentialLR": {
        "schedulers": [
            ("LinearLR", {"total_iters": 4000}), ("CosineAnnealingLR", {"T_max": 9000, "eta_min": 1e-3}),
            ("MultiplicativeLR", {"lr_lambda": lambda t: 0.999}),
        ],
        "milestones": [4000, 15_000],
    },
    "ChainedScheduler": {
        "schedulers": [("CosineAnnealingLR", {"T_max": 3000, "eta_min": 1e-3}), ("ExponentialLR", {"gamma": 0.9999})]
    },
}  # fmt: skip


@pytest.mark.parametrize("name", LONG)
def test_long_runs_equal_torch(name):
    """Long enough for the tables of powers and cosines, for several chunks, and for rounding to add up."""
    steps = 20_000 if name == "OneCycleLR" else 34_000
    optimizer = torch.optim.SGD([torch.zeros((), requires_grad=True)], lr=0.1, momentum=0.9)
    scheduler = build(name, **LONG[name])(optimizer)
    optimizer.step()
    recorded = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps - 1):
        scheduler.step()
        recorded.append(optimizer.param_groups[0]["lr"])
    drawn = curve(name, steps, **LONG[name])
    np.testing.assert_allclose(drawn, recorded, **CLOSE)


def test_a_cosine_stepped_past_a_long_T_max_has_torchs_rounding():
    """1 - cos(pi / T_max) keeps 8 digits here, and the textbook formula is off by the rest of them beyond T_max."""
    T_max, steps = 17_096, 17_300
    drawn = curve("CosineAnnealingLR", steps, T_max=T_max)
    recorded = record(build("CosineAnnealingLR", T_max=T_max), steps)
    np.testing.assert_allclose(drawn, recorded, rtol=1e-11, atol=1e-24)
    t = np.arange(T_max + 1, steps)
    textbook = 0.05 * (1 + np.cos(np.pi * t / T_max))
    assert np.max(np.abs(textbook / recorded[t] - 1)) > 5e-9


def test_a_list_gives_each_group_its_own():
    arguments = {"base_lr": [0.01, 0.02], "max_lr": [0.1, 0.5], "step_size_up": 5, "base_momentum": [0.7, 0.8]}
    for what in ("lr", "momentum"):
        agree("CyclicLR", arguments, 23, [0.1, 0.2], what=what)
    agree("OneCycleLR", {"max_lr": [0.1, 1.0, 3.0], "total_steps": 20}, 20, [0.1, 0.1, 0.2])
    agree("SWALR", {"swa_lr": [0.5, 0.01]}, 15, [0.1, 0.2])
    agree("LambdaLR", {"lr_lambda": [lambda t: t, lambda t: 0.5**t]}, 9, [0.1, 0.2])
    agree("ReduceLROnPlateau", {"min_lr": [1e-3, 0.15], "patience": 1}, 30, [0.1, 0.2], metric=np.ones(30))
    nested = [("LinearLR", {}), ("SWALR", {"swa_lr": [0.5, 0.01]})]
    agree("SequentialLR", {"schedulers": nested, "milestones": [6]}, 25, [0.1, 0.2])
    for lr in (0.1, [0.1, 0.2, 0.3]):
        with pytest.raises(ValueError, match=r"max_lr must have one value for each of \d param groups, got 2"):
            curve("OneCycleLR", 10, lr=lr, max_lr=[0.1, 0.2], total_steps=10)


def test_plateau_counts_a_first_nan_as_bad_and_needs_no_last_metric():
    metric = [math.nan, math.nan, 1.0, 1.0, 1.0, 1.0]
    rates = curve("ReduceLROnPlateau", 7, metric=metric, patience=1, factor=0.5)
    np.testing.assert_array_equal(rates, [0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025])
    np.testing.assert_array_equal(rates, record(build("ReduceLROnPlateau", patience=1, factor=0.5), 7, metric=metric))


def test_plateau_with_a_constant_metric_drops_after_patience_and_again():
    rates = curve("ReduceLROnPlateau", 12, metric=np.ones(12), patience=2)
    assert np.flatnonzero(np.diff(rates)).tolist() == [3, 6, 9]  # lr(4), lr(7), lr(10)


# --- Torch's surprises, with their numbers --------------------------------------------------------------------


def test_chained_exponential_and_cyclic_is_no_product():
    """A wrong first value, ten times max_lr, then CyclicLR alone: no decay at all."""
    parts = [("ExponentialLR", {"gamma": 0.99}), ("CyclicLR", {"base_lr": 0.001, "max_lr": 0.01})]
    rates = curve("ChainedScheduler", 6001, schedulers=parts)
    assert rates[0] == 0.1
    np.testing.assert_allclose(rates[[1, 2000, 6000]], [0.0010045, 0.01, 0.01], rtol=1e-12)
    reverse = curve("ChainedScheduler", 50, schedulers=parts[::-1])
    cyclic = curve("CyclicLR", 50, base_lr=0.001, max_lr=0.01)
    np.testing.assert_allclose(reverse[1:], 0.99 * cyclic[1:], rtol=1e-12)
    for order in (parts, parts[::-1]):
        agree("ChainedScheduler", {"schedulers": order}, 60, 0.1)


def test_a_chained_cosine_forgets_the_product_at_T_max():
    parts = [("CosineAnnealingLR", {"T_max": 10}), ("ExponentialLR", {"gamma": 0.9})]
    rates = curve("ChainedScheduler", 21, schedulers=parts)
    alone, decay = curve("CosineAnnealingLR", 21, T_max=10), 0.9 ** np.arange(21)
    np.testing.assert_allclose(rates[:10], (alone * decay)[:10], rtol=1e-12)
    np.testing.assert_allclose(rates[11:], (alone * 0.9 ** (np.arange(21) - 10.0))[11:], rtol=1e-12)


def test_sequential_parts_without_a_closed_form_do_not_reset():
    parts = [("ConstantLR", {"factor": 0.1, "total_iters": 4}), ("MultiplicativeLR", {"lr_lambda": lambda t: 0.9})]
    rates = curve("SequentialLR", 6, lr=1.0, schedulers=parts, milestones=[3])
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.1, 0.09, 0.081, 0.0729], rtol=1e-12)


def test_sequential_jumps_to_the_next_beginning():
    parts = [("LinearLR", {"start_factor": 0.1, "total_iters": 4}), ("CosineAnnealingLR", {"T_max": 9})]
    np.testing.assert_allclose(curve("SequentialLR", 5, lr=1, schedulers=parts, milestones=[4])[4], 1)
    np.testing.assert_allclose(curve("SequentialLR", 4, lr=1, schedulers=parts, milestones=[3])[2:], [0.55, 1])


def test_one_cycle_overwrites_the_base_of_the_warmup_before_it():
    parts = [("LinearLR", {"start_factor": 0.1, "total_iters": 4}), ("OneCycleLR", {"max_lr": 1.0, "total_steps": 9})]
    rates = curve("SequentialLR", 5, schedulers=parts, milestones=[4])
    np.testing.assert_allclose(rates[[0, 4]], [0.004, 0.04], rtol=1e-12)


def test_one_cycle_takes_one_step_too_many_and_goes_negative():
    cosine, line = (curve("OneCycleLR", 11, max_lr=1.0, total_steps=10, anneal_strategy=s) for s in ("cos", "linear"))
    assert cosine.argmax() == 2
    np.testing.assert_allclose([cosine[9], line[9]], 1 / 25 / 1e4, rtol=1e-9)
    np.testing.assert_allclose([cosine[10], line[10]], [0.0495, -0.143], rtol=2e-3)
    with pytest.raises(ValueError, match="total_steps = 10"):
        curve("OneCycleLR", 12, max_lr=1.0, total_steps=10)


# --- Where torch raises, and where only we do -----------------------------------------------------------------

PARTS = {"schedulers": [("StepLR", {"step_size": 3})]}
TORCH_RAISES = [
    ("StepLR", {"step_size": 0}, "step_size must be a positive integer"),
    ("ConstantLR", {"factor": 1.5}, "factor must be between 0 and 1"),
    ("ConstantLR", {"factor": -0.1}, "factor must be between 0 and 1"),
    ("ConstantLR", {"factor": 0}, "factor = 0 cannot be undone at total_iters = 5"),
    ("LinearLR", {"start_factor": 0}, "start_factor must be greater than 0"),
    ("LinearLR", {"start_factor": 1.1}, "start_factor must be greater than 0 and at most 1"),
    ("LinearLR", {"end_factor": 1.1}, "end_factor must be between 0 and 1"),
    ("PolynomialLR", {"power": -1}, "division by zero at total_iters = 5"),
    ("CosineAnnealingLR", {"T_max": 0}, "T_max must be a positive integer"),
    ("CosineAnnealingWarmRestarts", {"T_0": 0}, "T_0 must be an int, at least 1 and below"),
    ("CosineAnnealingWarmRestarts", {"T_0": 5.0}, "T_0 must be an int"),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 1.5}, "T_mult must be an int"),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1, "mode": "sine"}, "mode must be one of 'triangular'"),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1, "step_size_up": 0}, "step_size_up must be a positive number"),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1, "step_size_up": 0.01, "mode": "triangular2"}, "1024 cycles"),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1, "gamma": 1e30, "mode": "exp_range"}, "overflows"),
    ("OneCycleLR", {"max_lr": 1}, "give total_steps, or both epochs and steps_per_epoch"),
    ("OneCycleLR", {"max_lr": 1, "total_steps": 0}, "total_steps must be an int"),
    ("OneCycleLR", {"max_lr": 1, "total_steps": 50.0}, "total_steps must be an int"),
    ("OneCycleLR", {"max_lr": 1, "epochs": 5, "steps_per_epoch": -1}, "steps_per_epoch must be an int"),
    ("OneCycleLR", {"max_lr": 1, "total_steps": 50, "pct_start": 1.2}, "pct_start must be a float between"),
    ("OneCycleLR", {"max_lr": 1, "total_steps": 50, "pct_start": 1}, "pct_start must be a float .* write 1.0"),
    ("OneCycleLR", {"max_lr": 1, "total_steps": 50, "pct_start": 0.02}, "pct_start must not make"),
    ("OneCycleLR", {"max_lr": 1, "total_steps": 39, "pct_start": 1.0}, "no length and torch divides by it at t = 39"),
    ("OneCycleLR", {"max_lr": 1, "total_steps": 38}, "it has total_steps = 38"),
    ("OneCycleLR", {"max_lr": 1, "total_steps": 50, "anneal_strategy": "exp"}, "anneal_strategy must be one of"),
    ("OneCycleLR", {"max_lr": 1, "total_steps": 50, "div_factor": 0}, "div_factor must be .* other than 0"),
    ("OneCycleLR", {"max_lr": 1, "total_steps": 50, "final_div_factor": 0}, "final_div_factor must be"),
    ("SWALR", {"swa_lr": 0.1, "anneal_epochs": -1}, "anneal_epochs must be an int, at least 0"),
    ("SWALR", {"swa_lr": 0.1, "anneal_epochs": 2.5}, "anneal_epochs must be an int"),
    ("SWALR", {"swa_lr": 0.1, "anneal_strategy": "poly"}, "anneal_strategy must be one of"),
    ("ReduceLROnPlateau", {"factor": 1.0}, "factor must be a number below 1"),
    ("ReduceLROnPlateau", {"mode": "auto"}, "mode must be one of 'min', 'max'"),
    ("ReduceLROnPlateau", {"threshold_mode": "x"}, "threshold_mode must be one of"),
    ("LambdaLR", {"lr_lambda": 3}, "lr_lambda must be a function of the update number t, got 3"),
    ("LambdaLR", {"lr_lambda": lambda t: None}, "lr_lambda must return a number, got None for t = 0"),
    ("MultiStepLR", {"milestones": 30}, "milestones must be a list of update numbers"),
    ("SequentialLR", {"schedulers": [], "milestones": []}, "schedulers must be a list of at least one"),
    ("SequentialLR", {**PARTS, "milestones": [3]}, "milestones must be one fewer than schedulers, got 1 for 1"),
    ("SequentialLR", {"schedulers": [("ReduceLROnPlateau", {})], "milestones": []},
     r"schedulers\[0\] must not be ReduceLROnPlateau"),
    ("SequentialLR", {"schedulers": [*PARTS["schedulers"], ("ChainedScheduler", PARTS)], "milestones": [4]},
     "a composition must stand in the first position"),
    ("SequentialLR", {"schedulers": [*PARTS["schedulers"], ("LinearLR", {"total_iters": 0})], "milestones": [4]},
     "linear_lr: total_iters must be positive for a part that SequentialLR enters"),
    ("ChainedScheduler", {"schedulers": []}, "schedulers must be a list of at least one"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "message"), TORCH_RAISES, ids=lambda v: v if isinstance(v, str) else "")
def test_where_torch_raises_so_does_curve(name, arguments, message):
    metric = np.ones(40) if name == "ReduceLROnPlateau" else None
    with pytest.raises((ValueError, TypeError, ZeroDivisionError, OverflowError, NotImplementedError)):
        record(build(name, **arguments), 40, metric=metric)
    with pytest.raises((ValueError, TypeError), match=message):
        curve(name, 40, metric=metric, **arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("StepLR", {"step_size": -3}, r"step_size must be a positive integer .*StepLR counts the updates.* got -3"),
        ("StepLR", {"step_size": 2.5}, "step_size must be a positive integer"),
        ("StepLR", {"step_size": 3, "gamma": math.nan}, "gamma must be a finite number, got nan"),
        ("ExponentialLR", {"gamma": math.inf}, "gamma must be a finite number, got inf"),
        ("MultiStepLR", {"milestones": [60, 30]}, r"milestones must be in order, got \[60, 30\]; sorted.*\[30, 60\]"),
        ("SequentialLR", {"schedulers": PARTS["schedulers"] * 3, "milestones": [9, 4]}, "milestones must be in order"),
        ("SequentialLR", {"schedulers": PARTS["schedulers"] * 2, "milestones": [2.5]}, "milestones must be a whole"),
        ("SequentialLR", {"schedulers": PARTS["schedulers"] * 2, "milestones": [-1]}, "milestones must be a whole"),
        ("LinearLR", {"total_iters": -1}, "total_iters must be a number of updates, not negative, got -1"),
        ("CosineAnnealingLR", {"T_max": -10}, "T_max must be a positive integer"),
        ("CosineAnnealingLR", {"T_max": 13.8}, "T_max must be a positive integer"),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 1, "scale_mode": "batch"}, "scale_mode must be one of"),
        ("ReduceLROnPlateau", {"patience": -1}, "patience must be a number of updates, not negative, got -1"),
    ],
)
def test_bad_input_that_torch_takes_silently(name, arguments, message):
    metric = np.ones(40) if name == "ReduceLROnPlateau" else None
    record(build(name, **arguments), 3, metric=metric)
    with pytest.raises(ValueError, match=message):
        curve(name, 3, metric=metric, **arguments)


@pytest.mark.parametrize("lr", [0, -0.1, math.nan, math.inf, [0.1, 0], []])
def test_a_learning_rate_is_positive_and_finite(lr):
    for call in (curve, lambda name, steps, lr, **kw: record(build(name, **kw), steps, lr=lr)):
        with pytest.raises(ValueError, match="lr must be"):
            call("StepLR", 5, lr=lr, step_size=2)


@pytest.mark.parametrize("steps", [0, -1, 2.5, "10", True, None])
def test_steps_is_a_positive_integer(steps):
    for call in (lambda: curve("StepLR", steps, step_size=2), lambda: record(build("StepLR", step_size=2), steps)):
        with pytest.raises(ValueError, match="steps must be a positive integer, the number of updates, got"):
            call()


def test_unknown_names_get_the_nearest():
    with pytest.raises(ValueError, match="got 'CosineLR'; did you mean 'CosineAnnealingLR'"):
        curve("CosineLR", 10)
    with pytest.raises(ValueError, match="got 'steplr'; did you mean 'StepLR'"):
        curve("steplr", 10, step_size=3)
    with pytest.raises(ValueError, match="got 'qqq'; there are StepLR, MultiStepLR"):
        curve("qqq", 10)
    with pytest.raises(TypeError, match="StepLR has no argument 'stepsize'; did you mean 'step_size'"):
        curve("StepLR", 10, stepsize=3)
    with pytest.raises(TypeError, match="StepLR needs step_size: steps between two drops"):
        curve("StepLR", 10)


def test_what_is_no_scheduler():
    class Mine(lr_scheduler.LRScheduler):
        pass

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    for scheduler, message in [
        (torch.optim.SGD, "must be a class of torch.optim.lr_scheduler or its name, got <class .*SGD"),
        (3, "got 3"),
        (Mine, r"got Mine, which has no closed form here; record\(lambda optimizer: Mine"),
        (lr_scheduler.StepLR(optimizer, 3), "must be a class or its name, got a built StepLR"),
        (functools.partial(lr_scheduler.StepLR, optimizer, 3), "must have its arguments by name"),
    ]:
        with pytest.raises(TypeError, match=message):
            curve(scheduler, 10)
    with pytest.raises(ValueError, match="last_epoch must be -1"):
        curve("StepLR", 10, step_size=3, last_epoch=5)
    with pytest.raises(ValueError, match="what must be one of 'lr', 'momentum', got 'beta'"):
        curve("StepLR", 10, step_size=3, what="beta")
    with pytest.raises(TypeError, match="schedulers must be a list"):
        curve("ChainedScheduler", 10, schedulers="StepLR")


def test_the_ways_to_name_a_scheduler_agree():
    expected = curve("StepLR", 20, step_size=3, gamma=0.5)
    for scheduler, rest in [
        (lr_scheduler.StepLR, {"step_size": 3, "gamma": 0.5}),
        (functools.partial(lr_scheduler.StepLR, step_size=3), {"gamma": 0.5}),
        (("StepLR", {"step_size": 3}), {"gamma": 0.5, "last_epoch": -1}),
    ]:
        np.testing.assert_array_equal(curve(scheduler, 20, **rest), expected)
    np.testing.assert_array_equal(curve(SWALR, 5, swa_lr=0.5), curve("SWALR", 5, swa_lr=0.5))
    parts = [functools.partial(lr_scheduler.LinearLR, total_iters=3), (lr_scheduler.StepLR, {"step_size": 3})]
    agree("SequentialLR", {"schedulers": parts, "milestones": [3]}, 12, 0.1)


def test_momentum_of_a_scheduler_that_leaves_it_alone():
    with pytest.raises(ValueError, match="does not cycle momentum, the optimizer's own value stays"):
        curve("StepLR", 5, step_size=3, what="momentum")
    with pytest.raises(ValueError, match="cycle_momentum=True"):
        curve("OneCycleLR", 5, max_lr=1, total_steps=5, cycle_momentum=False, what="momentum")
    assert record(build("StepLR", step_size=3), 2, what="momentum").tolist() == [0.9, 0.9]


def test_metrics_are_for_the_plateau():
    def recorded(name, metric, **arguments):
        return record(build(name, **arguments), 5, metric=metric)

    for call in (lambda name, **arguments: curve(name, 5, **arguments), recorded):
        with pytest.raises(ValueError, match="ReduceLROnPlateau needs metric"):
            call(name="ReduceLROnPlateau", metric=None)
        with pytest.raises(ValueError, match="metric must have at least steps - 1 = 4 values, got 3"):
            call(name="ReduceLROnPlateau", metric=[1, 2, 3])
        with pytest.raises(ValueError, match="metric is read by ReduceLROnPlateau alone, got one for StepLR"):
            call(name="StepLR", step_size=3, metric=[1] * 5)
    for metric in (["a", "b"], 3.0):
        with pytest.raises(TypeError, match="metric must be a list of numbers"):
            curve("ReduceLROnPlateau", 3, metric=metric)


def test_record_says_what_is_wrong_with_a_factory():
    other = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    for make, error, message in [
        (lambda optimizer: None, TypeError, "make must return the scheduler that it builds, got None"),
        (lambda optimizer: optimizer, TypeError, "make must return a scheduler"),
        (lambda optimizer: 3, TypeError, "make must return a scheduler.*got 3"),
        ("StepLR", TypeError, "make must be a function of the optimizer"),
        (lambda optimizer: lr_scheduler.StepLR(other, 3), ValueError, "got one of another optimizer"),
    ]:
        with pytest.raises(error, match=message):
            record(make, 5)
    with pytest.raises(ValueError, match="what must be"):
        record(build("StepLR", step_size=3), 5, what="beta")


def test_record_really_steps():
    seen = []
    recorded = record(lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda t: seen.append(t) or 1 / (t + 1)), 4)
    assert seen == [0, 1, 2, 3]
    np.testing.assert_allclose(recorded, 0.1 / np.arange(1, 5))


# --- The catalogue --------------------------------------------------------------------------------------------


def test_the_catalogue_has_every_class():
    assert set(CATALOGUE) == {*lr_scheduler.__all__, "SWALR"} - {"LRScheduler"}
    assert [entry.name for entry in CATALOGUE.values()] == list(CATALOGUE)


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_arguments_are_torchs(entry):
    own = {"self", "optimizer", "last_epoch"}
    theirs = [p for p in inspect.signature(entry.torch_class.__init__).parameters.values() if p.name not in own]
    assert [argument.name for argument in entry.arguments] == [p.name for p in theirs]
    for argument, parameter in zip(entry.arguments, theirs, strict=True):
        assert argument.required == (parameter.default is parameter.empty)
        assert argument.required or argument.default == parameter.default
    ours = list(inspect.signature(entry.factory).parameters.values())
    assert ours[0].name == "lr"
    ours = [p for p in ours[1:] if p.name != "metric"]
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs]


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_closed_form_and_state_are_torchs(entry):
    assert entry.closed_form == hasattr(entry.torch_class, "_get_closed_form_lr")


def metric_for(entry, steps):
    return example_metric(steps) if entry.name == "ReduceLROnPlateau" else None


@pytest.mark.parametrize("entry", [e for e in CATALOGUE.values() if e.chained != "runs"], ids=lambda entry: entry.name)
def test_behaviour_in_a_chain_is_torchs(entry):
    """Behind ExponentialLR: does the other's decay survive, as a factor?"""
    steps = 40
    if entry.chained == "refused":
        with pytest.raises(ValueError, match="does not support"):
            lr_scheduler.ChainedScheduler([build(entry.name)(torch.optim.SGD([torch.zeros(1, requires_grad=True)]))])
        return
    parts = [("ExponentialLR", {"gamma": 0.9}), (entry.name, entry.example)]
    chained = record(build("ChainedScheduler", schedulers=parts), steps)
    alone = record(build(entry.name, **entry.example), steps)
    product = np.allclose(chained, alone * 0.9 ** np.arange(steps), rtol=1e-9)
    overwritten = np.allclose(chained[1:], alone[1:], rtol=1e-9)
    verdict = {"multiplies": (True, False), "overwrites": (False, True), "pulls": (False, False)}[entry.chained]
    assert (product, overwritten) == verdict


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_first_and_last_value_are_what_the_entry_says(entry):
    n = 100
    metric = metric_for(entry, n)
    recorded = record(build(entry.name, **entry.example), n, metric=metric)
    arguments = {a.name: entry.example.get(a.name, a.default) for a in entry.arguments}
    known = {**arguments, "lr": 0.1, "n": n, "cos": math.cos, "pi": math.pi, "prod": math.prod}
    match entry.name:
        case "CosineAnnealingWarmRestarts":  # 15, 30, 60: the third cycle began at 45
            known |= {"T_cur": n - 1 - 45, "T_i": 60}
        case "CyclicLR":  # cycles of 12 up, 20 down; t = 99 is 3 updates into the fourth, of height 1/8
            known["height"] = lambda t: 3 / 12 / 8
        case "ReduceLROnPlateau":
            known["drops"] = np.count_nonzero(np.diff(recorded))
        case "SequentialLR" | "ChainedScheduler":
            known["schedulers"] = [CATALOGUE[name].factory(0.1, **kwargs) for name, kwargs in arguments["schedulers"]]
    first, last = (eval(text, known) for text in (entry.first, entry.last))
    np.testing.assert_allclose([recorded[0], recorded[-1]], [first, last], rtol=1e-9)


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_examples_and_choices_work(entry):
    metric = metric_for(entry, 100)
    rates = curve(entry.name, 100, metric=metric, **entry.example)
    assert np.ptp(rates) > 0.5 * rates.max()  # something to see
    for argument in entry.arguments:
        if argument.kind in ("int", "float") and argument.low is not None:
            assert argument.low < argument.high
            assert not argument.log or argument.low > 0
            for edge in (argument.low, argument.high):
                curve(entry.name, 100, metric=metric, **{**entry.example, argument.name: edge})
        if argument.kind == "choice" and argument.default is not REQUIRED:
            assert argument.default in argument.choices
        for choice in argument.choices:
            rest = {**entry.example, argument.name: choice}
            if argument.name in ("epochs", "steps_per_epoch"):
                continue
            assert curve(entry.name, 100, metric=metric, **rest).shape == (100,)
        assert argument.kind in ("int", "float", "bool") or argument.choices


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_every_text_speaks_both_languages(entry):
    texts = lambda: [entry.unit, entry.picture, entry.trap, *(argument.meaning for argument in entry.arguments)]  # noqa: E731
    english = texts()
    words.use_language("zh")
    chinese = texts()
    assert all(e.isascii() or set(e) <= set(map(chr, range(32, 127))) | set("λη·Σ") for e in english)
    assert all(any("\u4e00" <= c <= "\u9fff" for c in text) for text in chinese)


def test_the_plateau_trap_holds_on_noise_alone():
    """First cut at 5.2, 10.6, 19.4, 37 epochs for patience 2, 5, 10, 20 (measured): about twice."""
    noise = np.random.default_rng(0)
    for patience, expected in ((5, 10.6), (10, 19.4), (20, 37.0)):
        firsts = [
            np.argmax(curve("ReduceLROnPlateau", 400, metric=1 + 0.1 * gauge, patience=patience) < 0.1) - 1
            for gauge in noise.standard_normal((400, 400))
        ]
        assert np.mean(firsts) == pytest.approx(expected, rel=0.08)


# --- explain --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_explain_gives_the_values_that_are_used(entry):
    metric = metric_for(entry, 100)
    told = explain(entry.name, 100, metric=metric, **entry.example)
    recorded = record(build(entry.name, **entry.example), 100, metric=metric)
    np.testing.assert_allclose([told.first, told.last], recorded[[0, -1]], rtol=1e-9)
    assert f"First lr {told.first:.3g}, last {told.last:.3g} (update 99)." in told.words
    assert all(trap in told.words for trap in told.traps)


NOT_ALONE = [("ExponentialLR", {"gamma": 0.9})]


@pytest.mark.parametrize(
    ("name", "steps", "arguments", "trap"),
    [
        ("StepLR", 30, {"step_size": 30}, "The first drop comes at update 30"),
        ("StepLR", 100, {"step_size": 10}, "From update 50 on it is below 1/10000"),
        ("MultiStepLR", 50, {"milestones": [2.5, 20, 20, 80]}, "2.5 never comes"),
        ("MultiStepLR", 50, {"milestones": [2.5, 20, 20, 80]}, "20 stands several times"),
        ("MultiStepLR", 50, {"milestones": [2.5, 20, 20, 80]}, "80 lies beyond this run"),
        ("ExponentialLR", 50, {"gamma": 1.1}, "gamma is above 1"),
        ("CosineAnnealingLR", 50, {"T_max": 50}, "eta_min = 0 is not reached: that is update 50"),
        ("CosineAnnealingLR", 52, {"T_max": 50}, "After update T_max = 50 it goes back"),
        ("CosineAnnealingLR", 51, {"T_max": 50, "eta_min": 0.5}, "it heats"),
        ("CosineAnnealingWarmRestarts", 45, {"T_0": 30}, "ends 50% of the way through a cycle of 30"),
        ("ReduceLROnPlateau", 20, {"patience": 0}, "one unlucky metric"),
        ("ReduceLROnPlateau", 20, {"patience": 100}, "It never drops in this run"),
        ("ReduceLROnPlateau", 20, {"patience": 1}, "No further drop is made: it would be at most eps = 1e-08"),
        ("OneCycleLR", 101, {"max_lr": 1.0, "total_steps": 100}, "One step too many: back up to"),
        ("OneCycleLR", 60, {"max_lr": 1.0, "total_steps": 100}, "stops before total_steps = 100"),
        ("OneCycleLR", 20, {"max_lr": 1.0, "epochs": 4, "steps_per_epoch": 5}, "The optimizer's lr 0.1 is ignored"),
        ("CyclicLR", 100, {"base_lr": 0.1, "max_lr": 1}, "The run ends before the top, which is update 2000"),
        ("ConstantLR", 9, {"total_iters": 0}, "total_iters=0: it never comes back to lr"),
        ("ConstantLR", 5, {}, "ends before it comes back"),
        ("LinearLR", 9, {"total_iters": 0}, "it stays at start_factor"),
        ("LinearLR", 5, {"start_factor": 0.2}, "before end_factor, at 0.84 of lr"),
        ("LinearLR", 10, {"start_factor": 1, "end_factor": 0}, "Wasted: the updates with lr 0, 5 of them"),
        ("PolynomialLR", 10, {}, "Wasted: the updates with lr 0, 5 of them"),
        ("PolynomialLR", 10, {"total_iters": 0}, "it stays at lr for good"),
        ("LambdaLR", 10, {"lr_lambda": lambda t: t}, "the first update is wasted"),
        ("MultiplicativeLR", 10, {"lr_lambda": lambda t: t < 4}, "From update 4 on it is 0"),
        ("SWALR", 10, {"swa_lr": 0.5}, "before swa_lr, which comes at update 10"),
        ("SWALR", 10, {"swa_lr": 0.5, "anneal_epochs": 0}, "the first update uses swa_lr"),
        ("SequentialLR", 9, {"schedulers": [*NOT_ALONE, ("SWALR", {"swa_lr": 1})], "milestones": [4]}, "SWALR goes on"),
        ("SequentialLR", 9, {"schedulers": NOT_ALONE * 2, "milestones": [40]}, "40 lies beyond"),
        ("SequentialLR", 9, {"schedulers": [*NOT_ALONE, ("OneCycleLR", {"max_lr": 1, "total_steps": 9})],
                             "milestones": [4]}, "OneCycleLR overwrites the base lr"),
        ("ChainedScheduler", 9, {"schedulers": [*NOT_ALONE, ("LambdaLR", {"lr_lambda": np.exp})]},
         "No product: LambdaLR overwrites"),
        ("ChainedScheduler", 9, {"schedulers": [*NOT_ALONE, ("CosineAnnealingLR", {"T_max": 5, "eta_min": 0.1})]},
         "No product: eta_min is not 0"),
        ("ChainedScheduler", 9, {"schedulers": [*NOT_ALONE, ("CosineAnnealingLR", {"T_max": 5})]},
         "No product after T_max = 5"),
    ],
)  # fmt: skip
def test_explain_names_the_trap_that_these_arguments_spring(name, steps, arguments, trap):
    metric = np.ones(steps) if name == "ReduceLROnPlateau" else None
    english = explain(name, steps, metric=metric, **arguments)
    assert any(trap in told for told in english.traps)
    words.use_language("zh")
    chinese = explain(name, steps, metric=metric, **arguments)
    assert len(chinese.traps) == len(english.traps)
    assert all(any("\u4e00" <= c <= "\u9fff" for c in told) for told in chinese.traps)


def test_explain_is_for_one_group():
    with pytest.raises(ValueError, match=r"lr must be one number here, for one param group, got \[0.1, 0.2\]"):
        explain("StepLR", 10, lr=[0.1, 0.2], step_size=3)


def test_no_trap_where_all_is_well():
    assert explain("CosineAnnealingLR", 51, T_max=50).traps == ()
    assert explain("OneCycleLR", 100, lr=0.1, max_lr=0.1, total_steps=100).traps == ()
    assert explain("CosineAnnealingWarmRestarts", 90, T_0=30, T_mult=2).traps == ()
    assert explain("StepLR", 100, step_size=30).traps == ()
    assert explain("ChainedScheduler", 50, **CATALOGUE["ChainedScheduler"].example).traps == ()


# --- Cheap to import, safe to save ----------------------------------------------------------------------------


def test_neither_module_loads_torch():
    program = (
        "import sys; from lrcourse import curves, schedulers; schedulers.curve('StepLR', 5, step_size=2); "
        "schedulers.explain('StepLR', 5, step_size=2); print('torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def test_a_schedule_is_a_lambda_that_saves_and_loads(tmp_path):
    schedule = curves.then(curves.linear_warmup(1, 5), curves.cosine_annealing_lr(1, T_max=20), at=5)
    optimizer = torch.optim.SGD([torch.zeros((), requires_grad=True)], lr=0.1)
    scheduler = lr_scheduler.LambdaLR(optimizer, schedule)
    for _ in range(7):
        optimizer.step()
        scheduler.step()
    torch.save(scheduler.state_dict(), tmp_path / "state.pt")
    again = lr_scheduler.LambdaLR(torch.optim.SGD([torch.zeros((), requires_grad=True)], lr=0.1), schedule)
    again.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert again.get_last_lr() == scheduler.get_last_lr() == [0.1 * schedule(7)]
    assert schedule == curves.then(curves.linear_warmup(1, 5), curves.cosine_annealing_lr(1, T_max=20), at=5)
