"""A function of t as a torch scheduler: CurveLR, on which all of ours stand, and the schedulers of section 05."""

import copy
import math
import pickle
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import SGD, Adam, AdamW
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
    SequentialLR,
    StepLR,
)
from tracing import LRS, ORDERS, new_optimizer, resumed, run, setting, through_a_file, trace

import lrcourse
from lrcourse import curves
from lrcourse.curves import cosine_annealing_lr, cyclic_lr, linear_warmup, one_cycle_lr, step_lr, then
from lrcourse.custom import CustomScheduler, custom_lr_lambda, simulated_annealing_schedule
from lrcourse.training.scheduler import CurveLR, as_schedule

# Every warning is an error (the order warning too), but for sockets that another test left to the garbage collector.
pytestmark = pytest.mark.filterwarnings("error", "ignore::pytest.PytestUnraisableExceptionWarning")
WARM_COSINE = then(linear_warmup(1, 5), cosine_annealing_lr(1, 30), at=5)
ONE_CYCLE = one_cycle_lr(0.1, 0.5, 50)


class Halving:
    """A schedule with a memory: half as much with every call. No pure function; LambdaLR saves such, so do we."""

    def __init__(self):
        self.calls = 0

    def __call__(self, t):
        self.calls += 1
        return 0.5 ** (self.calls / 4)


MAKERS = {
    "absolute": partial(CurveLR, schedule=0.1 * WARM_COSINE),
    "relative": partial(CurveLR, schedule=WARM_COSINE, relative=True),
    "one a group": partial(CurveLR, schedule=[step_lr(0.1, 7), 0.3 * WARM_COSINE]),
    "momentum": partial(CurveLR, schedule=ONE_CYCLE),
    "momenta": partial(CurveLR, schedule=[ONE_CYCLE, cyclic_lr(1, 0.1, 0.2, step_size_up=5)]),
    "half a momentum": partial(CurveLR, schedule=[step_lr(0.1, 7), ONE_CYCLE]),
    "annealing": partial(CustomScheduler, schedule_fn=simulated_annealing_schedule),
    "lambda": partial(CustomScheduler, schedule_fn=lambda t: 1 / (t + 1)),
    "memory": lambda optimizer: CustomScheduler(optimizer, [Halving(), Halving()]),
    "in a sequence": lambda optimizer: SequentialLR(
        optimizer,
        [CustomScheduler(optimizer, WARM_COSINE), CurveLR(optimizer, ONE_CYCLE), ExponentialLR(optimizer, 0.9)],
        [8, 20],
    ),
}
each_maker = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


# --- A real torch scheduler -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (partial(StepLR, step_size=7), curves.step_lr(1, 7)),
        (partial(MultiStepLR, milestones=[5, 9]), curves.multi_step_lr(1, [5, 9])),
        (partial(ConstantLR, total_iters=6), curves.constant_lr(1, total_iters=6)),
        (partial(LinearLR, total_iters=9), curves.linear_lr(1, total_iters=9)),
        (partial(ExponentialLR, gamma=0.9), curves.exponential_lr(1, 0.9)),
        (partial(PolynomialLR, total_iters=30, power=2), curves.polynomial_lr(1, 30, 2)),
        (partial(CosineAnnealingLR, T_max=25), curves.cosine_annealing_lr(1, 25)),
        (partial(CosineAnnealingWarmRestarts, T_0=5, T_mult=2), curves.cosine_annealing_warm_restarts(1, 5, 2)),
        (partial(LambdaLR, lr_lambda=lambda t: 0.8**t), lambda t: 0.8**t),
        (partial(MultiplicativeLR, lr_lambda=lambda t: 0.8), lambda t: 0.8**t),
    ],
    ids=lambda value: getattr(getattr(value, "func", None), "__name__", ""),
)  # fmt: skip
def test_equals_torchs_class_in_every_group(theirs, ours):
    expected = trace(theirs, 40)
    for function in (ours, [ours, ours]):
        found = trace(partial(CustomScheduler, schedule_fn=function), 40)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-17)
    absolute = [lambda t, lr=lr: lr * ours(t) for lr in LRS]
    np.testing.assert_allclose(trace(partial(CurveLR, schedule=absolute), 40), expected, rtol=1e-9, atol=1e-17)


@pytest.mark.parametrize("kind", [SGD, AdamW])
def test_momentum_and_beta1_follow_as_torch_moves_them(kind):
    for theirs, ours in [
        (partial(OneCycleLR, max_lr=0.5, total_steps=50), ONE_CYCLE),
        (partial(CyclicLR, base_lr=0.01, max_lr=0.2, step_size_up=6), cyclic_lr(0.1, 0.01, 0.2, step_size_up=6)),
    ]:
        first, second = new_optimizer(kind=kind), new_optimizer(kind=kind)
        expected = run(first, theirs(first), 50)
        assert np.ptp(expected[:, :, 1]) > 0.05
        np.testing.assert_allclose(run(second, CurveLR(second, ours), 50), expected, rtol=1e-9)
    if kind is AdamW:
        assert second.param_groups[0]["betas"][1] == 0.999
    untouched = new_optimizer(kind=kind)
    assert np.ptp(run(untouched, CurveLR(untouched, step_lr(0.1, 3)), 9)[:, :, 1]) == 0


@each_maker
def test_is_an_lr_scheduler(make):
    optimizer = new_optimizer()
    scheduler = make(optimizer)
    assert isinstance(scheduler, LRScheduler)
    for t in range(12):
        assert scheduler.last_epoch == t
        assert scheduler.get_last_lr() == [lr for lr, _ in setting(optimizer)]
        optimizer.step()
        scheduler.step()


def test_the_very_first_update_is_right_and_a_wrong_order_still_warns():
    optimizer = new_optimizer()
    scheduler = CustomScheduler(optimizer, WARM_COSINE)
    assert [lr for lr, _ in setting(optimizer)] == pytest.approx([lr / 6 for lr in LRS])
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        scheduler.step()


def test_a_tensor_is_filled_not_replaced():
    tensors = [torch.tensor(0.1), torch.tensor(0.004, dtype=torch.float64)]
    optimizer = new_optimizer(tensors, kind=Adam, betas=(torch.tensor(0.9), torch.tensor(0.99)))
    inside = [(group["lr"], group["betas"][0]) for group in optimizer.param_groups]
    seen = run(optimizer, CustomScheduler(optimizer, WARM_COSINE), 40)[:, :, 0]
    assert [(group["lr"], group["betas"][0]) for group in optimizer.param_groups] == inside  # the same objects
    assert all(group["lr"] is lr for group, (lr, _) in zip(optimizer.param_groups, inside, strict=True))
    np.testing.assert_allclose(seen, np.outer(WARM_COSINE(range(40)), LRS), rtol=1e-6, atol=1e-9)
    scheduler = CurveLR(optimizer, ONE_CYCLE)
    assert all(group["betas"][0] is beta1 for group, (_, beta1) in zip(optimizer.param_groups, inside, strict=True))
    assert setting(optimizer)[0] == pytest.approx((0.02, 0.95))
    assert all(type(lr) is torch.Tensor for lr in scheduler.get_last_lr())
    assert scheduler.get_last_lr()[0] is not inside[0][0]
    state = through_a_file(scheduler.state_dict())
    inside[0][0].fill_(7)
    scheduler.load_state_dict(state)
    assert optimizer.param_groups[0]["lr"] is inside[0][0]
    assert inside[0][0].item() == pytest.approx(0.02)


# --- Saving, loading, copying ---------------------------------------------------------------------------------


@settings(max_examples=60, derandomize=True, deadline=None)
@given(name=st.sampled_from(sorted(MAKERS)), at=st.integers(0, 30), order=st.sampled_from(ORDERS))
def test_resumes_at_every_update_in_any_order(name, at, order):
    make = MAKERS[name]
    optimizer = new_optimizer()
    expected = run(optimizer, make(optimizer), 40)
    np.testing.assert_array_equal(resumed(make, at, 40, order), expected)


@each_maker
def test_resumes_at_each_update(make):
    optimizer = new_optimizer()
    expected = run(optimizer, make(optimizer), 23)
    for at in range(23):
        np.testing.assert_array_equal(resumed(make, at, 23, "optimizer first"), expected)


def test_a_test_of_resuming_that_can_fail():
    """LambdaLR, loaded in another order than torch's documentation has it, gets one update wrong."""
    make = partial(LambdaLR, lr_lambda=lambda t: 0.5**t)
    optimizer = new_optimizer()
    expected = run(optimizer, make(optimizer), 9)
    np.testing.assert_array_equal(resumed(make, 4, 9, "optimizer first"), expected)
    assert (resumed(make, 4, 9, "built after loading") != expected)[:, :, 0].sum(0).tolist() == [1, 1]


@pytest.mark.parametrize("at", [1, 7, 31])
def test_resumes_by_last_epoch(at):
    optimizer = new_optimizer()
    expected = run(optimizer, CustomScheduler(optimizer, WARM_COSINE), 40)
    fresh = new_optimizer()
    for group, lr in zip(fresh.param_groups, LRS, strict=True):
        group["initial_lr"] = lr
    scheduler = CustomScheduler(fresh, WARM_COSINE, last_epoch=at - 1)
    np.testing.assert_array_equal(run(fresh, scheduler, 40 - at), expected[at:])
    with pytest.raises(ValueError, match=r"last_epoch must be -1 for a new run, got 3.*initial_lr"):
        CustomScheduler(new_optimizer(), WARM_COSINE, last_epoch=3)


@pytest.mark.parametrize("make", [MAKERS[name] for name in ("absolute", "relative", "momenta", "annealing", "memory")])
def test_pickles_and_copies(make):
    optimizer = new_optimizer()
    scheduler = make(optimizer)
    run(optimizer, scheduler, 6)
    copies = pickle.loads(pickle.dumps(scheduler)), copy.deepcopy(scheduler)
    expected = run(optimizer, scheduler, 9)
    for other in copies:
        assert other.optimizer is not optimizer
        np.testing.assert_array_equal(run(other.optimizer, other, 9), expected)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (lambda: LambdaLR(new_optimizer(), lambda t: 1.0).state_dict(),
         "state_dict must be one of a CustomScheduler, got entries"),
        (lambda: {}, "state_dict must be one of a CustomScheduler"),
        (lambda: CustomScheduler(new_optimizer((0.1,)), WARM_COSINE).state_dict(),
         "state_dict must be for 2 param groups, got one for 1"),
    ],
)  # fmt: skip
def test_a_state_of_something_else(state, message):
    optimizer = new_optimizer()
    scheduler = CustomScheduler(optimizer, WARM_COSINE)
    before = setting(optimizer), scheduler.state_dict()
    with pytest.raises(ValueError, match=message):
        scheduler.load_state_dict(state())
    assert (setting(optimizer), scheduler.state_dict()) == before


# --- Inside torch's compositions, and back --------------------------------------------------------------------


def test_inside_sequential_lr():
    def make(optimizer):
        parts = [
            LinearLR(optimizer, 0.1, 1, 4),
            CustomScheduler(optimizer, WARM_COSINE),
            CurveLR(optimizer, cosine_annealing_lr(0.2, 9)),
        ]
        return SequentialLR(optimizer, parts, [4, 14])

    expected = [lr * np.concatenate([curves.linear_lr(1, 0.1, 1, 4)(range(4)), WARM_COSINE(range(10))]) for lr in LRS]
    found = trace(make, 24)
    np.testing.assert_allclose(found[:14].T, expected, rtol=1e-12)
    np.testing.assert_allclose(found[14:].T, [cosine_annealing_lr(0.2, 9)(range(10))] * 2, rtol=1e-12, atol=1e-17)


def test_in_a_chain_what_follows_multiplies_once():
    found = trace(
        lambda optimizer: ChainedScheduler([CustomScheduler(optimizer, WARM_COSINE), StepLR(optimizer, 1, 0.5)]), 9
    )
    np.testing.assert_allclose(found[1:, 0], 0.1 * 0.5 * WARM_COSINE(range(1, 9)), rtol=1e-12)


@pytest.mark.parametrize(
    "make",
    [
        partial(StepLR, step_size=7, gamma=0.3),
        partial(MultiStepLR, milestones=[9, 5, 5]),
        partial(ConstantLR, total_iters=6),
        partial(LinearLR, start_factor=0.2, total_iters=9),
        partial(ExponentialLR, gamma=0.9),
        partial(PolynomialLR, total_iters=30, power=2.0),
        partial(CosineAnnealingLR, T_max=25, eta_min=1e-3),
        partial(CosineAnnealingWarmRestarts, T_0=5, T_mult=2, eta_min=1e-3),
        partial(LambdaLR, lr_lambda=[lambda t: 0.8**t, lambda t: 1 / (t + 1)]),
        partial(MultiplicativeLR, lr_lambda=lambda t: 0.8),
        *[MAKERS[name] for name in ("absolute", "relative", "one a group", "annealing", "lambda")],
    ],
)
def test_a_schedule_of_a_scheduler(make):
    optimizer = new_optimizer()
    scheduler = make(optimizer)
    schedules = [as_schedule(scheduler, group) for group in (0, 1)]
    found = run(optimizer, scheduler, 40)[:, :, 0]
    np.testing.assert_allclose(np.array([s(range(40)) for s in schedules]).T, found, rtol=1e-9, atol=1e-17)
    np.testing.assert_allclose(trace(partial(CurveLR, schedule=schedules), 40), found, rtol=1e-9, atol=1e-17)


def test_no_schedule_of_a_scheduler():
    with pytest.raises(TypeError, match=r"a CurveLR or one of torch's StepLR, .*, got OneCycleLR; .*record"):
        as_schedule(OneCycleLR(new_optimizer(), 0.1, 10))


# --- CustomScheduler ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [(-0.5, "-0.5"), (math.nan, "nan"), (math.inf, "inf"), (None, "None"), ("1", "'1'"), (True, "True"),
     (1j, "1j"), ([1, 2], r"\[1, 2\]")],
)  # fmt: skip
def test_a_value_that_is_no_multiplier(value, shown):
    message = f"schedule_fn must return a finite number, not negative, got {shown} for t = 3; it multiplies"
    optimizer = new_optimizer()
    scheduler = CustomScheduler(optimizer, [lambda t: 0.5, lambda t: value if t == 3 else 0.25])
    run(optimizer, scheduler, 2)
    before = setting(optimizer), scheduler.last_epoch
    optimizer.step()
    for _ in range(2):
        with pytest.raises(ValueError, match=message):
            scheduler.step()
        assert (setting(optimizer), scheduler.last_epoch) == before


def test_numbers_of_all_kinds_will_do():
    for one in (1, np.float32(1), np.array(1.0), torch.tensor(1.0)):
        assert trace(partial(CustomScheduler, schedule_fn=lambda t, one=one: one), 3).tolist() == [list(LRS)] * 3


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: CustomScheduler(new_optimizer(), 0.5), TypeError, "schedule_fn must be a function of .* got 0.5"),
        (lambda: CustomScheduler(new_optimizer(), [len]), ValueError, "must be one function, or one for each of 2"),
        (lambda: CustomScheduler(None, len), TypeError, "optimizer must be a torch optimizer, got None"),
        (lambda: CurveLR(new_optimizer(), lambda t: -1), ValueError, "schedule must return .* got -1 for t = 0$"),
        (lambda: CurveLR(new_optimizer(kind=torch.optim.Adagrad), ONE_CYCLE), ValueError,
         "schedule cycles momentum, which Adagrad does not have: build the schedule with cycle_momentum=False"),
        (lambda: CurveLR(new_optimizer(), then(step_lr(0.1, 3), ONE_CYCLE, at=3)), ValueError,
         "only one_cycle_lr cycles momentum"),
    ],
)  # fmt: skip
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_nothing_stays_behind_when_the_first_value_is_bad():
    optimizer = new_optimizer()
    with pytest.raises(ValueError, match="for t = 0"):
        CustomScheduler(optimizer, lambda t: math.nan)
    assert all("initial_lr" not in group for group in optimizer.param_groups)
    assert [lr for lr, _ in setting(optimizer)] == list(LRS)


def test_a_schedule_is_asked_for_many_updates_at_once_and_none_goes_wrong():
    """Over several blocks, up to an end within one, and one update no further."""
    optimizer = new_optimizer()
    scheduler = CurveLR(optimizer, one_cycle_lr(0.1, 0.5, 600))
    found = run(optimizer, scheduler, 600)
    torchs = new_optimizer()
    np.testing.assert_allclose(found, run(torchs, OneCycleLR(torchs, 0.5, 600), 600), rtol=1e-9)
    optimizer.step()
    for _ in range(2):
        with pytest.raises(ValueError, match="one_cycle_lr has no value at t = 601: it has total_steps = 600"):
            scheduler.step()
        assert scheduler.last_epoch == 600

    def ends(t):
        if t > 20:
            raise RuntimeError("over")
        return 1 / (t + 1)

    found = trace(partial(CustomScheduler, schedule_fn=curves.lambda_lr(1, ends)), 20)
    np.testing.assert_allclose(found[:, 0], 0.1 / np.arange(1, 21), rtol=1e-12)


def test_a_group_that_comes_late():
    optimizer = new_optimizer()
    scheduler = CustomScheduler(optimizer, WARM_COSINE)
    optimizer.add_param_group({"params": [torch.zeros((), requires_grad=True)]})
    optimizer.step()
    with pytest.raises(ValueError, match="optimizer must keep the 2 param groups that it had, got 3; build the Custom"):
        scheduler.step()


# --- The functions --------------------------------------------------------------------------------------------


def test_custom_lr_lambda_warms_holds_and_decays():
    expected = [(t + 1) / 11 if t < 10 else 1 if t < 30 else 0.95 ** (t - 30) for t in range(80)]
    found = trace(partial(LambdaLR, lr_lambda=custom_lr_lambda), 80)
    np.testing.assert_allclose(found, np.outer(expected, LRS), rtol=1e-12)
    np.testing.assert_allclose(custom_lr_lambda(np.arange(80).reshape(8, 10)).ravel(), expected, rtol=1e-12)
    assert type(custom_lr_lambda(3)) is float
    assert custom_lr_lambda(0) > 0
    assert custom_lr_lambda(0, warmup_epochs=0, hold_epochs=0) == 1
    assert custom_lr_lambda(7, warmup_epochs=3, hold_epochs=2, gamma=0.5) == 0.25
    optimizer = new_optimizer()
    LambdaLR(optimizer, partial(custom_lr_lambda, warmup_epochs=5)).state_dict()


def test_simulated_annealing_schedule():
    expected = [max(0.01, 0.99**t) for t in range(600)]
    np.testing.assert_allclose([simulated_annealing_schedule(t) for t in range(600)], expected, rtol=1e-12)
    np.testing.assert_allclose(simulated_annealing_schedule(np.arange(600)), expected, rtol=1e-12)
    assert type(simulated_annealing_schedule(3)) is float
    assert simulated_annealing_schedule(2, 2.0, 0.1, 0.5) == 0.5
    assert simulated_annealing_schedule(9, T0=2.0, T_min=0.1, alpha=0.5) == 0.1
    found = trace(partial(CustomScheduler, schedule_fn=simulated_annealing_schedule), 600)
    np.testing.assert_allclose(found, np.outer(expected, LRS), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: simulated_annealing_schedule(-1), ValueError, "t must be finite and not negative, got -1"),
        (lambda: simulated_annealing_schedule("3"), TypeError, "t must be a number"),
        (lambda: simulated_annealing_schedule(3, T0=0), ValueError, "T0 must be a positive number"),
        (lambda: simulated_annealing_schedule(3, T_min=-1), ValueError, "T_min must be between 0 and T0 = 1, got -1"),
        (lambda: simulated_annealing_schedule(3, alpha=1.5), ValueError, "alpha must be .* got 1.5"),
        (lambda: custom_lr_lambda(3, warmup_epochs=-1), ValueError, "warmup_epochs must be .* got -1"),
        (lambda: custom_lr_lambda(3, hold_epochs=2.5), ValueError, "hold_epochs must be .* got 2.5"),
        (lambda: custom_lr_lambda(3, gamma=2), ValueError, "gamma must be .* or it grows, got 2"),
    ],
)  # fmt: skip
def test_bad_calls(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_names_at_the_top():
    for name in ("CurveLR", "CustomScheduler", "custom_lr_lambda", "simulated_annealing_schedule"):
        assert getattr(lrcourse, name).__name__ == name
    assert lrcourse.get_linear_warmup_scheduler is lrcourse.warmup.get_linear_warmup_scheduler


# --- What a stranger's reading found ---------------------------------------------------------------------


def test_a_schedule_is_asked_anew_by_every_scheduler():
    factor = 1.0
    first = new_optimizer()
    CurveLR(first, curves.lambda_lr(0.1, lambda t: factor))
    function = curves.lambda_lr(0.1, lambda t: factor)
    CurveLR(new_optimizer(), function)
    factor = 0.5  # a cell that is run again
    second = new_optimizer()
    CurveLR(second, function)
    assert second.param_groups[0]["lr"] == 0.05


def test_layer_wise_schedules_are_asked_for_blocks_too():
    asked = []

    def counted(t):
        asked.append(t)
        return 1.0

    optimizer = new_optimizer([0.1] * 80)
    scheduler = CurveLR(optimizer, [(i + 1) * curves.lambda_lr(0.1, counted) for i in range(80)])
    for _ in range(20):
        optimizer.step()
        scheduler.step()
    assert len(asked) == 80 * 256


@pytest.mark.parametrize(("maker", "other"), [
    (partial(CurveLR, schedule=lambda t: 0.1), partial(CustomScheduler, schedule_fn=lambda t: 0.5)),
    (partial(CustomScheduler, schedule_fn=lambda t: 0.5), partial(lrcourse.TransformerLRScheduler, d_model=64)),
    (lambda o: lrcourse.WarmupScheduler(o, 3, StepLR(o, 2)),
     lambda o: lrcourse.WarmupScheduler(o, 3, CosineAnnealingLR(o, 9))),
])  # fmt: skip
def test_the_state_of_another_kind_is_refused(maker, other):
    optimizer = new_optimizer()
    scheduler = maker(optimizer)
    before = setting(optimizer)
    with pytest.raises(ValueError, match=r"state_dict must be one of a .*, got one of a "):
        scheduler.load_state_dict(other(new_optimizer()).state_dict())
    assert setting(optimizer) == before


def test_groups_built_from_one_tensor_do_not_share_a_learning_rate():
    shared = torch.tensor(0.1)
    optimizer = SGD([{"params": [torch.zeros((), requires_grad=True)]} for _ in range(2)], lr=shared)
    CurveLR(optimizer, [curves.constant(0.03), curves.constant(0.01)])
    assert [float(group["lr"]) for group in optimizer.param_groups] == pytest.approx([0.03, 0.01])
    assert float(optimizer.defaults["lr"]) == pytest.approx(0.1)


def test_the_step_after_the_last_update_of_a_recording_is_taken():
    optimizer = new_optimizer()
    scheduler = CurveLR(optimizer, curves.recorded([0.3, 0.2, 0.1]))
    assert run(optimizer, scheduler, 3)[:, 0, 0].tolist() == [0.3, 0.2, 0.1]
    with pytest.raises(ValueError, match="recorded has no value at t = 4"):
        scheduler.step()


@pytest.mark.parametrize(
    "around",
    [
        lambda r: 2 * r,
        lambda r: linear_warmup(1, 2) * r,
        lambda r: ONE_CYCLE * r,
        lambda r: then(curves.constant(0.1), r, at=2),
        lambda r: r.shift(2),
        lambda r: r.stretch(1.5),
    ],
)
def test_the_step_after_the_last_update_of_a_composition_is_taken(around):
    schedule = around(curves.recorded([0.3, 0.2, 0.1]))
    updates = math.floor(schedule._law.last) + 1
    optimizer = new_optimizer([0.1])
    scheduler = CurveLR(optimizer, schedule)
    assert run(optimizer, scheduler, updates)[:, 0, 0].tolist() == pytest.approx(schedule(range(updates)).tolist())
    with pytest.raises(ValueError, match=rf"has no value at t = {updates + 1}: recorded ends, the recording has 3"):
        scheduler.step()


def test_a_step_that_is_not_taken_is_not_counted():
    optimizer = new_optimizer()
    scheduler = CustomScheduler(optimizer, lambda t: math.nan if t == 2 else 0.5)
    run(optimizer, scheduler, 1)
    before = scheduler.state_dict()
    with pytest.raises(ValueError, match="for t = 2"):
        scheduler.step()
    assert scheduler.state_dict() == before
    with pytest.raises(ValueError, match="for t = 2"):
        scheduler._update_lr(2)  # as a SequentialLR begins it
    assert scheduler.state_dict() == before


def test_a_state_goes_into_an_optimizer_without_momentum():
    first, second = new_optimizer(), new_optimizer(kind=torch.optim.Adagrad)
    saved, scheduler = CustomScheduler(first, WARM_COSINE), CustomScheduler(second, WARM_COSINE)
    run(first, saved, 3)
    scheduler.load_state_dict(saved.state_dict())
    assert scheduler.last_epoch == 3
    assert [group["lr"] for group in second.param_groups] == [lr for lr, _ in setting(first)]


def test_a_snapshot_in_memory_is_not_touched_by_what_comes_after():
    class Seen:
        def __init__(self):
            self.seen = []

        def __call__(self, t):
            self.seen.append(t)
            return 0.1

    optimizer = new_optimizer([0.1])
    scheduler = CurveLR(optimizer, Seen())
    state = scheduler.state_dict()
    run(optimizer, scheduler, 3)
    assert state["schedules"] == [{"seen": [0]}]


def test_a_learning_rate_of_numpy_is_saved_as_a_plain_number():
    optimizer = new_optimizer([np.geomspace(0.01, 1, 3)[1]])
    through_a_file(CustomScheduler(optimizer, lambda t: 0.5).state_dict())


def test_a_function_with_a_memory_is_no_schedule():
    with pytest.raises(TypeError, match="a function of t alone, got a LambdaLR whose function is an object"):
        as_schedule(LambdaLR(new_optimizer(), Halving()))
