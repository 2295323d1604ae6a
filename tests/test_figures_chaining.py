"""Section 06's pictures: blue is what torch steps, dashed is the product or the sequence, the words say which."""

import re
from functools import partial
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from lrcourse import curves, explorers, schedulers, training
from lrcourse.curves import *  # noqa: F403  (an expression of the composer is to be read with these names)
from lrcourse.figures import chaining as pictures
from lrcourse.training.sweep import sweep

NAMES = list(pictures.PARTS)


def closed(name, steps):
    """The part alone, by closed form: another road than the pictures', which record."""
    return schedulers.curve(name.split(",")[0], steps, lr=0.1, **pictures.PARTS[name])


# --- What is compared


@pytest.mark.parametrize("name", NAMES)
def test_a_part_alone_is_its_closed_form(name):
    np.testing.assert_allclose(pictures.alone(name, 60), closed(name, 60), rtol=1e-9)


def test_torch_compositions_are_those_of_real_schedulers():
    def chain(optimizer):
        parts = [lr_scheduler.ExponentialLR(optimizer, 0.97), lr_scheduler.LinearLR(optimizer, 0.1, total_iters=20)]
        return lr_scheduler.ChainedScheduler(parts)

    def join(optimizer):
        parts = [lr_scheduler.LinearLR(optimizer, 0.1, total_iters=20), lr_scheduler.CosineAnnealingLR(optimizer, 100)]
        return lr_scheduler.SequentialLR(optimizer, parts, milestones=[7])

    used = pictures.composed("ChainedScheduler", "ExponentialLR", "LinearLR", 50)
    np.testing.assert_array_equal(used, schedulers.record(chain, 50, lr=0.1))
    used = pictures.composed("SequentialLR", "LinearLR", "CosineAnnealingLR", 50, at=7)
    np.testing.assert_array_equal(used, schedulers.record(join, 50, lr=0.1))


@pytest.mark.parametrize("first", NAMES[::3])
def test_the_algebra_is_what_was_meant(first):
    for second in NAMES:
        a, b = closed(first, 40), closed(second, 40)
        np.testing.assert_allclose(pictures.composed("*", first, second, 40), a * b / 0.1, rtol=1e-9)
        joined = pictures.composed("then", first, second, 40, at=11)
        np.testing.assert_allclose(joined, [*a[:11], *b[:29]], rtol=1e-9)


def test_first_wrong_update():
    right = np.linspace(0.1, 0, 10)
    assert pictures.first_wrong(right * (1 + 1e-12), right) is None
    for at in (0, 4, 8):
        used = right.copy()
        used[at:] *= 1.001
        assert pictures.first_wrong(used, right) == at


# --- Still pictures


def test_the_table_of_pairs_is_what_closed_forms_say():
    figure = pictures.where_chains_multiply(steps=40)
    cells = [text.get_text() for text in figure.axes[0].texts]
    expected = []
    for first, second in product(NAMES, repeat=2):
        parts = [(name.split(",")[0], pictures.PARTS[name]) for name in (first, second)]
        used = schedulers.curve("ChainedScheduler", 40, lr=0.1, schedulers=parts)
        wrong = np.flatnonzero(~np.isclose(used, closed(first, 40) * closed(second, 40) / 0.1, rtol=1e-9, atol=1e-10))
        expected.append(str(wrong[0]) if wrong.size else "✓")
    assert cells == expected
    assert f"{expected.count('✓')} of {len(expected)}" in figure.alt


def test_a_chain_is_a_product_just_where_the_catalogue_says_that_both_multiply():
    def multiplies(name):
        return schedulers.CATALOGUE[name.split(",")[0]].chained == "multiplies" and "eta_min" not in name

    for first, second in product(NAMES, repeat=2):
        used = pictures.composed("ChainedScheduler", first, second, 40)
        right = pictures.first_wrong(used, pictures.meant("ChainedScheduler", first, second, 40)) is None
        assert right == (multiplies(first) and multiplies(second)), (first, second)


def test_panels_draw_what_they_are_given_and_name_the_first_fault():
    right = np.linspace(0.1, 0.01, 20)
    used = right.copy()
    used[7:] = 0.05
    figure = pictures.against({"good": (right, right), "bad": (used, right), "third": (right, right)})
    good, bad, _, empty = figure.axes
    assert not empty.get_visible()
    np.testing.assert_array_equal(bad.lines[0].get_ydata(), used)
    np.testing.assert_array_equal(bad.lines[1].get_ydata(), right)
    assert good.texts[0].get_text() == "as meant"
    assert f"update 7 on: 0.05, not {right[7]:.3g}" in bad.texts[0].get_text()
    assert "bad: wrong from update 7" in figure.alt and "good: as meant" in figure.alt


def test_the_joints_show_mean_and_standard_error():
    plans = {"a": curves.constant(0.1), "b": curves.linear_to_zero(0.1, 10)}
    result = sweep(training.digits(), plans, seeds=3, updates=10, progress=False)
    figure = pictures.joints(result)
    for i in range(2):
        left, right = figure.axes[2 * i : 2 * i + 2]
        np.testing.assert_array_equal(left.lines[0].get_ydata(), result.lr[i, 0])
        losses = result.test_loss[i, 0]
        x, (bar,) = right.lines[0].get_xdata()[0], right.collections[0].get_segments()
        error = np.std(losses, ddof=1) / 3**0.5
        assert x == pytest.approx(losses.mean())
        np.testing.assert_allclose(bar[:, 0], [x - error, x + error])
        assert f"{x:.3f} ± {error:.3f}" in figure.alt


# --- The bench


@pytest.fixture(scope="module")
def bench():
    return explorers.chaining.chain_bench()


def test_the_bench_draws_the_recording_over_what_was_meant(bench):
    picture = bench.picture
    for how in ("ChainedScheduler", "SequentialLR", "*", "then"):
        bench.set(how=how, first="LinearLR", second="CyclicLR")
        at = bench.values.get("at", 0)
        np.testing.assert_array_equal(
            picture.used.get_ydata(), pictures.composed(how, "LinearLR", "CyclicLR", 100, at=at)
        )
        np.testing.assert_array_equal(
            picture.right.get_ydata(), pictures.meant(how, "LinearLR", "CyclicLR", 100, at=at)
        )
        assert ("at" in bench.values) == (how in ("SequentialLR", "then"))


def test_the_words_name_the_first_wrong_update(bench):
    bench.set(how="ChainedScheduler", first="ExponentialLR", second="CyclicLR")
    assert re.search(r"First wrong update: 0, 0\.1 instead of 0\.01\..*CyclicLR overwrites", bench._words.value)
    bench.set(second="StepLR")
    assert "All 100 updates are as meant: the product" in bench._words.value
    bench.set(how="SequentialLR", first="CyclicLR", second="StepLR", at=40)
    assert re.search(r"First wrong update: 40, 0\.01 instead of 0\.1\..*CyclicLR has rewritten", bench._words.value)


def test_every_fault_has_a_reason_in_which_a_culprit_is_named(bench):
    for how in ("ChainedScheduler", "SequentialLR"):
        for first, second in product([*NAMES, "SequentialLR"], repeat=2):
            words = bench.picture.show(how=how, first=first, second=second, at=30).words
            if "First wrong" in words:
                reason = words.partition("instead of")[2].partition("instead of")[2]
                assert first in reason or second in reason, words


def test_what_the_bench_says_torch_refuses_torch_refuses(bench):
    inner = pictures.NESTED["SequentialLR"]
    nested = schedulers.build("SequentialLR", schedulers=[("LinearLR", {}), ("SequentialLR", inner)], milestones=[5])
    with pytest.raises(NotImplementedError):
        schedulers.record(nested, 10)
    assert len(schedulers.record(nested, 5)) == 5
    bench.set(how="SequentialLR", first="LinearLR", second="SequentialLR", at=5)
    assert "At update 5 torch raises NotImplementedError" in bench._words.value
    drawn = bench.picture.used.get_ydata()
    assert np.isfinite(drawn[:5]).all() and np.isnan(drawn[5:]).all()

    optimizer = torch.optim.SGD([torch.zeros((), requires_grad=True)], lr=0.1)
    parts = [lr_scheduler.StepLR(optimizer, 5), lr_scheduler.ReduceLROnPlateau(optimizer)]
    refusals = {
        "SequentialLR": partial(lr_scheduler.SequentialLR, optimizer, parts, [3]),
        "ChainedScheduler": partial(lr_scheduler.ChainedScheduler, parts, optimizer),
    }
    for how, build in refusals.items():
        with pytest.raises(ValueError, match="ReduceLROnPlateau"):
            build()
        bench.set(how=how, first="StepLR", second="ReduceLROnPlateau")
        assert f"{how} does not support" in bench._words.value
    bench.set(how="then")
    assert "no function of t" in bench._words.value


def test_the_bench_s_goal_is_a_joint_ten_times_too_cold(bench):
    bench.reset()
    bench.set(how="SequentialLR", first="ConstantLR", second="ExponentialLR", at=10)
    assert "✓" not in bench._goal.value
    bench.set(second="MultiplicativeLR")
    assert "✓" in bench._goal.value


# --- The composer


compositions = dict(
    warm=st.integers(0, 30), hold=st.integers(0, 50), decay=st.sampled_from(["cosine", "linear", "exponential"]),
    cycles=st.integers(1, 4), ratio=st.sampled_from([0.2, 0.5, 0.75, 1.0]), envelope=st.booleans(),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(**compositions)
def test_a_composition_is_its_parts_in_order(warm, hold, decay, cycles, ratio, envelope):
    schedule = pictures.composition(100, warm, hold, decay, cycles, ratio, envelope)
    rates = schedule(range(100)) / (1 - np.arange(100) / 100 if envelope else 1)
    np.testing.assert_allclose(rates[:warm], 0.1 * np.arange(1, warm + 1) / (warm + 1), rtol=1e-9)
    np.testing.assert_allclose(rates[warm : warm + hold], 0.1, rtol=1e-9)
    length = (100 - warm - hold) // cycles
    for i in range(cycles):
        begin = warm + hold + i * length
        end = begin + length if i < cycles - 1 else 100
        assert rates[begin] == pytest.approx(0.1 * ratio**i, rel=1e-3)
        assert (np.diff(rates[begin:end]) < 0).all()


@settings(max_examples=15, deadline=None)
@given(**compositions)
def test_the_expression_gives_the_curve_back(**arguments):
    schedule = pictures.composition(100, **arguments)
    assert eval(repr(schedule)) == schedule


def test_the_composer_draws_its_schedule_says_it_and_can_reach_its_goal():
    explorer = explorers.chaining.composer()
    explorer.set(cycles=3, ratio=0.5)
    drawn = explorer.picture.line.get_ydata()
    np.testing.assert_array_equal(drawn, explorer.picture.schedule(range(100)))
    assert repr(explorer.picture.schedule) in explorer._words.value
    assert "✓" in explorer._goal.value
    explorer.reset()
    explorer.set(cycles=3, ratio=0.5, decay="linear")
    assert "✓" not in explorer._goal.value
