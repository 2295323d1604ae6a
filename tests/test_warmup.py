"""Warm-up: against the formulas of transformers and timm, and every after-scheduler against itself without warm-up."""

import copy
import math
import pickle
import warnings
from functools import partial

import numpy as np
import pytest
import torch
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
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from torch.optim.swa_utils import SWALR
from tracing import LRS, ORDERS, new_optimizer, resumed, run, setting, trace

from lrcourse import curves
from lrcourse.schedulers import record
from lrcourse.training.scheduler import CurveLR
from lrcourse.warmup import TransformerLRScheduler, WarmupScheduler, get_linear_warmup_scheduler

# Every warning is an error (the order warning too), but for sockets that another test left to the garbage collector.
pytestmark = pytest.mark.filterwarnings("error", "ignore::pytest.PytestUnraisableExceptionWarning")

AFTER = {
    "StepLR": partial(StepLR, step_size=3),
    "MultiStepLR": partial(MultiStepLR, milestones=[2, 5]),
    "ConstantLR": partial(ConstantLR, total_iters=4),
    "LinearLR": partial(LinearLR, total_iters=6),
    "ExponentialLR": partial(ExponentialLR, gamma=0.9),
    "PolynomialLR": partial(PolynomialLR, total_iters=12, power=2.0),
    "CosineAnnealingLR": partial(CosineAnnealingLR, T_max=10, eta_min=1e-4),
    "CosineAnnealingWarmRestarts": partial(CosineAnnealingWarmRestarts, T_0=4),
    "LambdaLR": partial(LambdaLR, lr_lambda=lambda t: 0.7 ** (t + 1)),
    "MultiplicativeLR": partial(MultiplicativeLR, lr_lambda=lambda t: 0.9),
    "CyclicLR": partial(CyclicLR, base_lr=0.01, max_lr=0.1, step_size_up=3),
    "OneCycleLR": partial(OneCycleLR, max_lr=0.5, total_steps=25),
    "SWALR": partial(SWALR, swa_lr=0.02, anneal_epochs=5),
    "SequentialLR": lambda o: SequentialLR(o, [LinearLR(o, 0.5, 1, 3), StepLR(o, 2)], [3]),
    "ChainedScheduler": lambda o: ChainedScheduler([ConstantLR(o, 0.5, 3), ExponentialLR(o, 0.9)]),
    "CurveLR": partial(CurveLR, schedule=curves.one_cycle_lr(0.1, 0.3, 25)),
    "WarmupScheduler": lambda o: WarmupScheduler(o, 3, StepLR(o, 2)),
    "ReduceLROnPlateau": partial(ReduceLROnPlateau, patience=1, factor=0.5),
    "plateau, warmed twice": lambda o: WarmupScheduler(o, 3, ReduceLROnPlateau(o, patience=0)),
}
each_after = pytest.mark.parametrize("name", AFTER)


def metric(name):
    return 1.0 if "lateau" in name else None


def warmed(name, warmup):
    return lambda optimizer: WarmupScheduler(optimizer, warmup, AFTER[name](optimizer))


# --- WarmupScheduler ------------------------------------------------------------------------------------------


@each_after
@pytest.mark.parametrize("warmup", [1, 4])
def test_warms_up_and_then_is_the_after_scheduler_shifted(name, warmup):
    """Learning rate and momentum, in both groups, the first update included."""
    alone = new_optimizer()
    alone = run(alone, AFTER[name](alone), 20, metric(name))
    optimizer = new_optimizer()
    scheduler = warmed(name, warmup)(optimizer)
    assert isinstance(scheduler, LRScheduler)
    found = run(optimizer, scheduler, 20 + warmup, metric(name))
    np.testing.assert_array_equal(found[warmup:], alone)
    rising = np.outer(np.arange(1, warmup + 1) / (warmup + 1), alone[0, :, 0])
    np.testing.assert_allclose(found[:warmup, :, 0], rising, rtol=1e-12)
    assert (found[0] > 0).all()


def test_without_an_after_scheduler_it_holds():
    for make in (lambda o: WarmupScheduler(o, 4), lambda o: get_linear_warmup_scheduler(o, 4, 30, None)):
        np.testing.assert_allclose(trace(make, 30), np.outer(curves.linear_warmup(1, 4)(range(30)), LRS), rtol=1e-12)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(warmup=st.integers(1, 9), lrs=st.lists(st.floats(1e-6, 10), min_size=1, max_size=3), t_max=st.integers(1, 20))
def test_is_then_of_curves_and_groups_keep_their_ratio(warmup, lrs, t_max):
    cosine = curves.cosine_annealing_lr(1, t_max)
    schedule = curves.then(curves.linear_warmup(1, warmup), cosine, at=warmup)
    found = trace(lambda o: WarmupScheduler(o, warmup, CosineAnnealingLR(o, t_max)), 25, lrs)
    np.testing.assert_allclose(found, np.outer(schedule(range(25)), lrs), rtol=1e-9, atol=1e-14)


def test_a_plateau_sees_no_metric_of_the_warm_up():
    optimizer = new_optimizer()
    scheduler = WarmupScheduler(optimizer, 5, ReduceLROnPlateau(optimizer, patience=0))
    assert scheduler.wants_metric
    for t in range(5):
        optimizer.step()
        scheduler.step() if t % 2 else scheduler.step(-100.0)
    assert scheduler.after_scheduler.best == math.inf
    assert [lr for lr, _ in setting(optimizer)] == list(LRS)
    before = scheduler.state_dict()
    with pytest.raises(TypeError, match=r"metrics must be given once the warm-up is over: step\(metric\)"):
        scheduler.step()
    assert scheduler.state_dict() == before
    scheduler.step(1.0)
    assert scheduler.after_scheduler.best == 1.0


def test_a_tensor_learning_rate_is_filled():
    tensors = [torch.tensor(lr) for lr in LRS]
    optimizer = new_optimizer(tensors, kind=torch.optim.Adam)
    found = run(optimizer, WarmupScheduler(optimizer, 4, CosineAnnealingLR(optimizer, 10)), 12)[:, :, 0]
    assert all(group["lr"] is lr for group, lr in zip(optimizer.param_groups, tensors, strict=True))
    np.testing.assert_allclose(found, trace(lambda o: WarmupScheduler(o, 4, CosineAnnealingLR(o, 10)), 12), rtol=1e-5)


def test_a_notebook_cell_that_runs_twice():
    """The optimizer is still warm from the first run, where torch's own LinearLR would be lowered once more."""
    for make in (partial(CosineAnnealingLR, T_max=9), partial(LinearLR, start_factor=0.5), ReduceLROnPlateau):
        optimizer = new_optimizer()
        for _ in range(2):
            scheduler = WarmupScheduler(optimizer, 4, make(optimizer))
        expected = WarmupScheduler(other := new_optimizer(), 4, make(other))
        assert setting(optimizer) == setting(other)
        assert scheduler.get_last_lr() == expected.get_last_lr()


@settings(max_examples=60, derandomize=True, deadline=None)
@given(name=st.sampled_from(list(AFTER)), at=st.integers(0, 18), order=st.sampled_from(ORDERS))
def test_resumes_at_every_update(name, at, order):
    make = warmed(name, 6)
    optimizer = new_optimizer()
    expected = run(optimizer, make(optimizer), 24, metric(name))
    np.testing.assert_array_equal(resumed(make, at, 24, order, metric(name)), expected)


@pytest.mark.parametrize("name", ["CosineAnnealingLR", "ReduceLROnPlateau", "OneCycleLR"])
def test_resumes_at_each_update(name):
    optimizer = new_optimizer()
    expected = run(optimizer, warmed(name, 4)(optimizer), 16, metric(name))
    for at in range(16):
        found = resumed(warmed(name, 4), at, 16, "optimizer first", metric(name))
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["CosineAnnealingLR", "ReduceLROnPlateau", "OneCycleLR"])
@pytest.mark.parametrize("done", [0, 2, 9])
def test_pickles_and_copies(name, done):
    optimizer = new_optimizer()
    scheduler = warmed(name, 4)(optimizer)
    run(optimizer, scheduler, done, metric(name))
    optimizer.step()
    copies = pickle.loads(pickle.dumps(scheduler)), copy.deepcopy(scheduler)
    expected = run(optimizer, scheduler, 9, metric(name))
    for other in copies:
        assert other.after_scheduler.optimizer is other.optimizer is not optimizer
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Seems like `optimizer.step")  # torch's own, of a copy not stepped yet
            np.testing.assert_array_equal(run(other.optimizer, other, 9, metric(name)), expected)


def test_inside_sequential_lr():
    def make(optimizer):
        first = WarmupScheduler(optimizer, 2, ExponentialLR(optimizer, 0.5))
        return SequentialLR(optimizer, [first, WarmupScheduler(optimizer, 3, CosineAnnealingLR(optimizer, 8))], [5])

    cosine = [(1 + math.cos(math.pi * k / 8)) / 2 for k in range(8)]
    expected = [1 / 3, 2 / 3, 1, 0.5, 0.25, 1 / 4, 2 / 4, 3 / 4, *cosine]
    np.testing.assert_allclose(trace(make, 16), np.outer(expected, LRS), rtol=1e-12)
    for at in (0, 1, 4, 5, 6, 9, 15):
        np.testing.assert_array_equal(resumed(make, at, 16, "optimizer first")[:, :, 0], trace(make, 16))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: WarmupScheduler(o, 0), ValueError, "warmup_epochs must be a positive whole number, got 0"),
        (lambda o: WarmupScheduler(o, -3), ValueError, "warmup_epochs must be a positive whole number, got -3"),
        (lambda o: WarmupScheduler(o, 2.5), ValueError, "warmup_epochs must be a positive whole number, got 2.5"),
        (lambda o: WarmupScheduler(o, 5, StepLR), TypeError, "after_scheduler must be a scheduler .*, or None"),
        (lambda o: WarmupScheduler(o, 5, StepLR(new_optimizer(), 3)), ValueError, "after_scheduler .* of another"),
        (lambda o: get_linear_warmup_scheduler(o, 11, 10), ValueError,
         "warmup_epochs must be at most total_epochs = 10, got 11: the warm-up is longer than the run"),
        (lambda o: get_linear_warmup_scheduler(o, 0, 10), ValueError, "warmup_epochs must be a positive whole number"),
        (lambda o: get_linear_warmup_scheduler(o, 1, -10), ValueError, "total_epochs must be a positive whole number"),
        (lambda o: get_linear_warmup_scheduler(o, 5, 10, StepLR(new_optimizer(), 3)), ValueError, "of another"),
        (lambda o: TransformerLRScheduler(o, 0), ValueError, "d_model must be a positive whole number"),
        (lambda o: TransformerLRScheduler(o, 512, 0), ValueError, "warmup_steps must be a positive number of updates"),
    ],
)  # fmt: skip
def test_bad_arguments(make, error, message):
    optimizer = new_optimizer()
    with pytest.raises(error, match=message):
        make(optimizer)
    assert [lr for lr, _ in setting(optimizer)] == list(LRS)


def test_an_after_scheduler_that_has_been_stepped():
    optimizer = new_optimizer()
    cosine = CosineAnnealingLR(optimizer, 10)
    run(optimizer, cosine, 3)
    with pytest.raises(ValueError, match="after_scheduler must stand at its beginning, got one at update 3"):
        WarmupScheduler(optimizer, 5, cosine)


def test_a_metric_that_nobody_reads():
    optimizer = new_optimizer()
    scheduler = WarmupScheduler(optimizer, 5, CosineAnnealingLR(optimizer, 10))
    with pytest.raises(TypeError, match=r"metrics is for a ReduceLROnPlateau, which alone reads it; got 0.5: step\(\)"):
        scheduler.step(0.5)


def test_states_of_other_kinds():
    optimizer = new_optimizer()
    scheduler = WarmupScheduler(optimizer, 5)
    other = WarmupScheduler(optimizer, 5, StepLR(optimizer, 3)).state_dict()
    with pytest.raises(ValueError, match="one of a WarmupScheduler, got one of a WarmupScheduler around StepLR"):
        scheduler.load_state_dict(other)


# --- get_linear_warmup_scheduler, and what other libraries do -------------------------------------------------


def transformers_linear(t, w, total):
    """get_linear_schedule_with_warmup, as in transformers 4."""
    return t / max(1, w) if t < w else max(0.0, (total - t) / max(1, total - w))


def timm_cosine(t, w, total, warmup_lr_init=0.0, warmup_prefix=False):
    """CosineLRScheduler._get_lr, as in timm 1, for lr = 1."""
    if t < w:
        return warmup_lr_init + t * (1 - warmup_lr_init) / w
    t = t - w if warmup_prefix else t
    return 0.5 * (1 + math.cos(math.pi * t / total))


def test_linear_warmup_and_decay_beside_transformers():
    """The same from update w on; before it, theirs wastes update 0."""
    w, total = 6, 20
    decay = curves.linear_to_zero(1, total - w)
    make = lambda o: get_linear_warmup_scheduler(o, w, total, CurveLR(o, decay, relative=True))  # noqa: E731
    ours, theirs = trace(make, 26, (1.0,))[:, 0], np.array([transformers_linear(t, w, total) for t in range(26)])
    np.testing.assert_allclose(ours[w:], theirs[w:], atol=1e-15)
    assert theirs[0] == 0 < ours[0]
    np.testing.assert_allclose(ours[:w], (theirs[:w] * w + 1) / (w + 1), rtol=1e-12)


def test_linear_warmup_and_cosine_beside_timm():
    w, total = 6, 20
    make = lambda o: get_linear_warmup_scheduler(o, w, total + w, CosineAnnealingLR(o, total))  # noqa: E731
    ours = trace(make, 26, (1.0,))[:, 0]
    theirs = [timm_cosine(t, w, total, warmup_prefix=True) for t in range(26)]
    np.testing.assert_allclose(ours[w:], theirs[w:], rtol=1e-12)
    np.testing.assert_allclose(ours[:w], [timm_cosine(t, w, total, 1 / (w + 1)) for t in range(w)], rtol=1e-12)
    assert timm_cosine(w, w, total) == pytest.approx(0.79, abs=0.01)  # without the prefix it has decayed meanwhile


def test_returns_a_warmup_scheduler():
    optimizer = new_optimizer()
    assert type(get_linear_warmup_scheduler(optimizer, 5, 10, StepLR(optimizer, 3))) is WarmupScheduler
    assert type(get_linear_warmup_scheduler(optimizer, 10, 10)) is WarmupScheduler


NAIVE = {
    "the first learning rate is 0": lambda o: LambdaLR(o, lambda t: min(t / 4, 1)),
    "one update early": lambda o: LambdaLR(o, lambda t: min((t + 1) / 4, 1)),
    "starts at the full learning rate": lambda o: LambdaLR(o, lambda t: 1 if t == 0 else min((t + 1) / 5, 1)),
    "the after-scheduler ran meanwhile": lambda o: LambdaLR(
        o, lambda t: (t + 1) / 5 if t < 4 else (1 + math.cos(math.pi * t / 10)) / 2
    ),
    "the after-scheduler never runs": lambda o: LambdaLR(o, lambda t: min((t + 1) / 5, 1)),
}


@pytest.mark.parametrize("make", NAIVE.values(), ids=NAIVE)
def test_naive_versions_are_something_else(make):
    right = trace(lambda o: get_linear_warmup_scheduler(o, 4, 14, CosineAnnealingLR(o, 10)), 14)
    assert np.abs(trace(make, 14) - right).max() > 0.01


# --- TransformerLRScheduler -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("d_model", "warmup_steps"), [(512, 4000), (64, 10), (1, 1)])
@pytest.mark.parametrize("lrs", [LRS, (1.0, 1.0)])
def test_transformer_is_the_papers_formula(d_model, warmup_steps, lrs):
    paper = [d_model**-0.5 * min(s**-0.5, s * warmup_steps**-1.5) for s in range(1, 61)]
    found = trace(partial(TransformerLRScheduler, d_model=d_model, warmup_steps=warmup_steps), 60, lrs)
    np.testing.assert_allclose(found, np.transpose([paper, paper]), rtol=1e-12)


def test_transformer_has_its_defaults_and_resumes():
    optimizer = new_optimizer()
    TransformerLRScheduler(optimizer, 256)
    assert setting(optimizer)[0][0] == pytest.approx(256**-0.5 * 4000**-1.5)
    make = partial(TransformerLRScheduler, d_model=64, warmup_steps=8)
    for order in ORDERS:
        np.testing.assert_array_equal(resumed(make, 5, 20, order)[:, :, 0], trace(make, 20))
    optimizer = new_optimizer()
    for group in optimizer.param_groups:
        group["initial_lr"] = 1.0
    found = run(optimizer, make(optimizer, last_epoch=4), 15)[:, :, 0]
    np.testing.assert_array_equal(found, trace(make, 20)[5:])


def test_record_hands_the_metric_through_a_warmup_to_the_plateau_behind_it():
    """Warm-up of 3, then a plateau that has no patience: halved after each bad metric it was shown."""

    def make(optimizer):
        return WarmupScheduler(optimizer, 3, ReduceLROnPlateau(optimizer, factor=0.5, patience=0))

    lrs = record(make, 8, lr=0.8, metric=[9.0, 9.0, 9.0, 1.0, 2.0, 2.0, 0.5])
    assert lrs.tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.4, 0.2, 0.2])


def test_a_chain_that_was_stepped_is_refused():
    optimizer = new_optimizer()
    chain = ChainedScheduler([StepLR(optimizer, 2)])
    optimizer.step()
    chain.step()
    with pytest.raises(ValueError, match="after_scheduler must stand at its beginning, got one at update 1"):
        WarmupScheduler(optimizer, 3, chain)


def test_a_late_param_group_is_named_and_no_step_taken():
    optimizer = new_optimizer()
    scheduler = WarmupScheduler(optimizer, 3)
    before = setting(optimizer)
    optimizer.add_param_group({"params": [torch.zeros((), requires_grad=True)], "lr": 0.5})
    optimizer.step()
    with pytest.raises(ValueError, match="optimizer must keep the 2 param groups that it had, got 3"):
        scheduler.step()
    assert setting(optimizer)[:2] == before and scheduler.last_epoch == 0
