"""Section 04's pictures: what they draw is what torch steps, and what balls and theory do."""

from functools import partial

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import CyclicLR

from lrcourse import curves, cyclic, explorers, training
from lrcourse.figures import cyclic as pictures
from lrcourse.schedulers import record


@pytest.fixture(scope="module")
def driven():
    return pictures.Driven(period=300, amplitude=0.03, t=pictures.STEPS)


# --- CyclicLR


@pytest.mark.parametrize("cycle_momentum", [True, False])
@pytest.mark.parametrize("mode", ["triangular", "triangular2", "exp_range"])
@pytest.mark.parametrize(("up", "down"), [(30, 30), (7, 0), (13, 40), (2000, 200)])
def test_the_browser_draws_what_torch_steps(mode, up, down, cycle_momentum):
    arguments = dict(mode=mode, step_size_up=up, step_size_down=down, gamma=0.98, cycle_momentum=cycle_momentum)
    picture = pictures.Cycle(**arguments)
    make = partial(CyclicLR, base_lr=0.01, max_lr=0.1, **arguments)
    lr, momentum = (record(make, 200, what=what) for what in ("lr", "momentum"))
    np.testing.assert_allclose(picture.lr.get_ydata(), lr, rtol=1e-9)
    np.testing.assert_allclose(picture.momentum.get_ydata(), momentum, rtol=1e-9)
    np.testing.assert_allclose(picture.ends.get_ydata(), lr[[0, -1]], rtol=1e-9)
    assert f"last {lr[-1]:.3g}" in picture.figure.alt


@pytest.mark.parametrize(
    ("values", "trap"),
    [
        ({"step_size_up": 2000}, "before the first peak, at update 2000"),
        ({"mode": "exp_range"}, "exp_range is triangular"),
        ({"step_size_up": 133, "step_size_down": 133}, "ends hot, 50% of the way up"),
        ({"step_size_up": 40, "step_size_down": 26}, "It ends cold"),
    ],
)
def test_the_browser_names_the_trap(values, trap):
    start = dict(mode="triangular", step_size_up=30, step_size_down=30, gamma=1.0, cycle_momentum=True)
    assert trap in pictures.Cycle(**(start | values)).figure.alt


def test_the_waves_are_the_recorded_ones():
    make = partial(CyclicLR, base_lr=0.01, max_lr=0.1, step_size_up=3, mode="triangular2")
    lr, momentum = record(make, 20), record(make, 20, what="momentum")
    above, below = pictures.waves({"triangular2": lr}, {"triangular2": momentum}).axes
    np.testing.assert_array_equal(above.lines[0].get_ydata(), lr)
    np.testing.assert_array_equal(below.lines[0].get_ydata(), momentum)


def test_gamma_is_offered_where_it_acts():
    explorer = explorers.cyclic.cyclic_lr()
    assert "gamma" not in explorer.values
    explorer.set(mode="exp_range")
    assert "exp_range is triangular" in explorer._words.value
    explorer.set(gamma=0.98)
    assert explorer.picture.lr.get_ydata().max() == pytest.approx(0.01 + 0.09 * 0.98**30)


# --- The drive


@pytest.mark.parametrize("period", [4, 300])
def test_as_many_escape_as_from_balls_run_alone(driven, period):
    seen = driven.dots.get_ydata()[pictures.PERIODS.index(period)]
    swing = cyclic.drive(0.01, 0.07, period)
    alone = np.mean([cyclic.escapes(swing, pictures.STEPS, particles=1000, seed=s)[-1] for s in (7, 8)])
    assert seen == pytest.approx(alone, abs=4 * np.sqrt(alone * (1 - alone) * (1 / driven.BALLS + 1 / 2000)))


def test_the_dashed_line_knows_constant_rates_alone(driven):
    """It is the adiabatic share, computed here from the theory of constant rates with the same 7 to 15 % allowance."""
    theory = driven.theory.get_ydata()
    swing = cyclic.drive(0.01, 0.07, 300)
    exact, kramers = (cyclic.adiabatic(swing, 3000, rate)[-1] for rate in (cyclic.escape_rate, cyclic.kramers_rate))
    assert exact < theory[-1] < 1 - (1 - exact) ** 1.3
    assert theory[-1] == pytest.approx(kramers, abs=0.03)


def test_slow_beats_fast_and_none_beats_the_adiabatic_share(driven):
    share, theory = driven.dots.get_ydata(), driven.theory.get_ydata()
    error = np.sqrt(share * (1 - share) / driven.BALLS)
    assert share[-3:].mean() - share[0] > 4 * error[0]
    assert (share < theory + 4 * error).all()


def test_balls_past_the_line_count_as_escaped(driven):
    driven.show(period=300, amplitude=0.03, t=0)
    assert len(driven.inside.get_xdata()) == driven.SHOWN and not len(driven.outside.get_xdata())
    driven.show(period=300, amplitude=0.03, t=pictures.STEPS)
    inside, outside = driven.inside.get_xdata(), driven.outside.get_xdata()
    assert len(inside) + len(outside) == driven.SHOWN
    assert inside.max() < 0.5 and (outside > 0.5).mean() > 0.3


def test_without_a_swing_every_period_is_the_constant_rate():
    picture = pictures.Driven(period=30, amplitude=0.0, t=100)
    share = picture.dots.get_ydata()
    expected = 1 - np.exp(-pictures.STEPS * pictures._rate()(pictures.MEAN))
    np.testing.assert_allclose(picture.theory.get_ydata(), expected, rtol=1e-3)
    assert np.abs(share - expected).max() < 4 * np.sqrt(expected * (1 - expected) / picture.BALLS)


def test_the_goals_are_open_at_first_and_can_be_reached():
    explorer = explorers.cyclic.drive()
    assert "✓" not in explorer._goal.value
    explorer.set(period=4, amplitude=0.027)
    assert "✓" not in explorer._goal.value, "a fast swing does not do it"
    explorer.set(period=300)
    assert "✓" in explorer._goal.value
    assert explorer.values["period"] == 300
    browser = explorers.cyclic.cyclic_lr()
    browser.set(step_size_up=25, step_size_down=25)
    assert "✓" in browser._goal.value
    browser.reset()
    browser.set(step_size_up=40, step_size_down=26, mode="triangular2")
    assert "✓" not in browser._goal.value, "the peaks are not full"
    browser.set(mode="triangular")
    assert "✓" in browser._goal.value


# --- Still figures


def test_no_resonance_draws_means_and_errors():
    shares = {10: [0.7, 0.8], 100: [0.9, 0.8]}
    figure = pictures.no_resonance(shares, {"mean": [0.3, 0.3], "top": [1.0, 1.0]}, 0.88, [0.7, 0.74])
    (ax,) = figure.axes
    drawn = next(line for line in ax.lines if len(line.get_xdata()) == 2 and list(line.get_xdata()) == [10, 100])
    np.testing.assert_allclose(drawn.get_ydata(), [0.75, 0.85])
    assert "10: 0.750 ± 0.050" in figure.alt and "Adiabatic 0.880, rapid limit 0.720" in figure.alt


def test_escapes_by_phase_draws_rates_in_thousandths():
    figure = pictures.escapes_by_phase({30: [[0.001, 0.002], [0.003, 0.002]]}, [0.001, 0.004, 0.001])
    line = next(line for line in figure.axes[0].lines if list(line.get_xdata()) == [0.25, 0.75])
    np.testing.assert_allclose(line.get_ydata(), [2, 2])


def test_equal_budget_ranks_the_best_of_each_schedule():
    data = training.digits(train=200)
    schedules = {"constant": curves.constant, "triangle × 2": lambda lr: curves.cyclic_lr(lr, lr / 10, lr, 5)}
    result = training.sweep(data, schedules, lrs=[1e-4, 0.05], seeds=2, updates=20, model=(64, 10), progress=False)
    figure = pictures.equal_budget(result)
    best = sorted(result.at(schedule=name).best("train_loss").mean for name in schedules)
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert sorted(labels) == sorted(schedules)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xdata().astype(float), best[::-1])


def test_snapshots_are_marked_where_cycles_end():
    model = training.mlp((64, 10), seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    ensemble = cyclic.snapshot_ensemble(model, training.digits(), optimizer, cycles=3, T_0=25, batch_size=8)
    above, below = pictures.snapshots(ensemble, smooth=5).axes
    for ax in (above, below):
        assert list(ax.lines[1].get_xdata()) == cyclic.cycle_ends(75, 25)
    np.testing.assert_array_equal(above.lines[0].get_ydata(), ensemble.lr)
    assert below.lines[1].get_ydata()[0] == pytest.approx(ensemble.loss[20:25].mean())
