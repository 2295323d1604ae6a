"""The ball that is shaken: rates against known results, the drive against the adiabatic prediction; snapshots."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from lrcourse import curves
from lrcourse.curves import constant, cosine_annealing_warm_restarts
from lrcourse.cyclic import (
    Ensemble,
    adiabatic,
    cycle_ends,
    drive,
    escape_rate,
    escapes,
    kramers_rate,
    measured_rate,
    snapshot_ensemble,
)
from lrcourse.training import digits, evaluate, fit, mlp

# --- The drive ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["sine", "triangle"])
def test_a_drive_swings_between_its_two_rates_once_a_period(shape):
    swing = drive(0.01, 0.07, 40, shape)
    rates = swing(range(400))
    assert (rates.min(), rates.max()) == pytest.approx((0.01, 0.07))
    assert rates.mean() == pytest.approx(0.04)
    np.testing.assert_allclose(rates[40:], rates[:-40], atol=1e-12)
    assert rates[0] == pytest.approx(0.04 if shape == "sine" else 0.01)
    assert not swing.cycles_momentum


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: drive(0.2, 0.1, 9), ValueError, "base_lr must be at most max_lr = 0.1, got 0.2; torch's"),
        (lambda: drive(0.0, 0.1, 9), ValueError, "base_lr must be a positive finite number, got 0.0"),
        (lambda: drive(0.01, 0.1, 0), ValueError, "period must be a positive finite number, got 0"),
        (lambda: drive(0.01, 0.1, 9, "square"), ValueError, "shape must be one of 'sine', 'triangle', got 'square'"),
        (lambda: escapes(0.04, 10), TypeError, r"lr must be a schedule, such as curves.constant\(0.04\), got 0.04"),
        (lambda: escapes(lambda t: t * 1.0, 10), ValueError, "lr must be positive and finite at every update"),
        (lambda: escapes(constant(0.04), 0), ValueError, "steps must be a positive whole number, got 0"),
        (lambda: escapes(constant(0.04), 9, particles=0), ValueError, "particles must be a positive whole number"),
        (lambda: escapes(constant(0.04), 9, sigma=-1), ValueError, "sigma must be a positive finite number, got -1"),
        (lambda: kramers_rate([0.1, -0.1]), ValueError, "lr must be positive and finite"),
        (lambda: escape_rate(0.1, height=0), ValueError, "height must be a positive finite number, got 0"),
        (lambda: measured_rate(0.001, 0.002, 50), ValueError, "max_lr must let balls escape, got 0.002"),
        (lambda: cycle_ends(0, 10), ValueError, "steps must be a positive whole number"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- Rates ----------------------------------------------------------------------------------------------------


def test_one_update_is_the_one_that_is_written():
    """The mean and spread of where many balls are, after a first update from x = -1 and after a second."""
    eta, sigma, height = 0.02, 3.0, 1.0
    rng = np.random.default_rng(0)  # the same noise, by hand
    x = np.full(500, -1.0)
    share = []
    for _ in range(300):
        x = x - eta * (4 * height * x * (x * x - 1) + sigma * 2 * rng.standard_normal(x.size, dtype=np.float32))
        x = x[x < 0.5]
        share.append(1 - x.size / 500)
    found = escapes(constant(eta), 300, particles=500, sigma=2 * sigma, seed=0)
    assert 0.1 < share[-1] < 0.9
    np.testing.assert_allclose(found, share, atol=0.005)  # but for float32, which may move a crossing by an update
    assert (np.diff(found) >= 0).all()


def test_kramers_is_the_limit_of_a_cold_ball():
    cold = np.array([0.005, 0.01, 0.02])
    ratio = kramers_rate(cold) / escape_rate(cold)
    assert (np.abs(ratio - 1) < 0.05).all()
    assert abs(ratio[0] - 1) < abs(ratio[1] - 1) < abs(ratio[2] - 1)


@pytest.mark.parametrize("eta", [0.01, 0.04, 0.07])
def test_escape_rate_is_the_mean_first_passage_time(eta):
    """By adaptive quadrature of the nested integral."""
    temperature = eta * 9 / 2

    def energy(x):
        return (x * x - 1) ** 2

    def below(y):
        return quad(lambda z: math.exp(-energy(z) / temperature), -3, y)[0]

    tau = quad(lambda y: math.exp(energy(y) / temperature) * below(y), -1, 0.5)[0] / (eta * temperature)
    assert escape_rate(eta) == pytest.approx(1 / tau, rel=1e-4)


def test_balls_escape_at_that_rate_when_steps_are_small():
    """η = .008 at the temperature of η = .04 (σ √5 as large): 3 standard errors of 1100 escapes are 9 %."""
    eta, sigma = 0.008, 3 * 5**0.5
    share = escapes(constant(eta), 12_000, sigma=sigma, particles=4000)
    rate = share[-1] / (1 - share).sum()
    assert rate == pytest.approx(float(escape_rate(eta, sigma=sigma)), rel=0.1)
    assert escape_rate(0.04) == pytest.approx(5 * escape_rate(eta, sigma=sigma))


@pytest.fixture(scope="module")
def measured():
    return measured_rate(0.01, 0.07)


def test_measured_rates_are_arrhenius_and_somewhat_faster(measured):
    ratio = measured([0.03, 0.04, 0.05, 0.06, 0.07]) / escape_rate([0.03, 0.04, 0.05, 0.06, 0.07])
    assert (ratio > 1).all() and (ratio < 1.25).all()
    assert measured(0.04) > kramers_rate(0.04) * 0.9


def test_no_resonance(measured):
    """Escapes under a drive never exceed the adiabatic prediction, approach it with the period, and beat the mean."""
    shares = {period: escapes(drive(0.01, 0.07, period), 3000)[-1] for period in (4, 30, 300, 1000)}
    predicted = adiabatic(drive(0.01, 0.07, 300), 3000, measured)[-1]
    error = 3 * (predicted * (1 - predicted) / 2000) ** 0.5
    assert all(share < predicted + error for share in shares.values())
    assert abs(shares[300] - predicted) < 1.5 * error
    assert shares[4] < shares[30] - error < shares[300]
    assert escapes(constant(0.04), 3000)[-1] < 0.5 < shares[4] < escapes(constant(0.07), 3000)[-1]


def test_adiabatic_sums_the_rates():
    swing = drive(0.01, 0.07, 300)
    summed = 1 - np.exp(-np.cumsum(escape_rate(swing(np.arange(0, 600)))))
    np.testing.assert_allclose(adiabatic(swing, 600), summed, rtol=2e-3, atol=1e-9)
    np.testing.assert_allclose(adiabatic(constant(0.04), 9), 1 - np.exp(-escape_rate(0.04) * np.arange(1, 10)))
    assert adiabatic(swing, 600, kramers_rate)[-1] > adiabatic(swing, 600)[-1]


# --- Snapshots ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("T_0", "T_mult"), [(10, 1), (5, 2), (2, 3)])
def test_a_cycle_ends_where_the_learning_rate_is_lowest_before_it_jumps(T_0, T_mult):
    rates = cosine_annealing_warm_restarts(0.1, T_0, T_mult)(range(101))
    assert cycle_ends(100, T_0, T_mult) == np.flatnonzero(np.diff(rates) > 0).tolist()
    assert cycle_ends(100, 1, 3) == [0, 3, 12, 39]


class Normed(nn.Module):
    """With a buffer, which belongs to a snapshot, and dropout, which does not belong to its predictions."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.BatchNorm1d(64), nn.Dropout(0.5), mlp((64, 16, 10)))

    def forward(self, x):
        return self.body(x)


def test_snapshots_are_those_of_one_run_with_warm_restarts():
    data, steps = digits(), [20, 40, 80]
    torch.manual_seed(0)
    model = Normed()
    by_hand = Normed()
    by_hand.load_state_dict(model.state_dict())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    torch.manual_seed(1)
    done = []
    ensemble = snapshot_ensemble(
        model, data, optimizer, cycles=3, T_0=20, T_mult=2, batch_size=32, progress=lambda *x: done.append(x)
    )
    assert done == [(20, 140), (60, 140), (140, 140)]
    np.testing.assert_allclose(ensemble.lr, cosine_annealing_warm_restarts(0.1, 20, 2)(range(140)), rtol=1e-9)
    assert ensemble.loss.shape == (140,)

    optimizer = torch.optim.SGD(by_hand.parameters(), lr=0.1, momentum=0.9)
    scheduler = CosineAnnealingWarmRestarts(optimizer, 20, 2)
    torch.manual_seed(1)
    together = 0
    for i, n in enumerate(steps):
        fit(by_hand, data, optimizer, scheduler, updates=n, batch_size=32, seed=i)
        for name, value in by_hand.state_dict().items():
            assert torch.equal(ensemble.states[i][name], value), name
        by_hand.eval()
        with torch.no_grad():
            p = by_hand(data.x_test).softmax(1)
        torch.testing.assert_close(ensemble.probabilities(data.x_test)[i], p)
        together = together + p / 3
        assert ensemble.errors(data.x_test, data.y_test)[1][i] == pytest.approx(
            1 - evaluate(by_hand, data.x_test, data.y_test).accuracy
        )
    wrong = (together.argmax(1) != data.y_test).double().mean().item()
    assert ensemble.errors(data.x_test, data.y_test)[0] == pytest.approx(wrong)
    assert model.training
    assert ensemble.states[0]["body.2.0.weight"].ne(ensemble.states[1]["body.2.0.weight"]).any()  # copies


def test_an_ensemble_leaves_frozen_parts_frozen():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    model[1].eval()
    Ensemble(model, (model.state_dict(),), np.zeros(0), np.zeros(0)).probabilities(torch.ones(4, 2))
    assert [module.training for module in model.modules()] == [True, True, False]


def test_bad_ensembles():
    model = mlp((64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for name, arguments in (("cycles", {"cycles": 0, "T_0": 5}), ("T_0", {"cycles": 2, "T_0": -5})):
        with pytest.raises(ValueError, match=f"{name} must be a positive whole number"):
            snapshot_ensemble(model, digits(), optimizer, **arguments)
    assert "initial_lr" not in optimizer.param_groups[0]


def test_cyclic_lr_is_the_triangle():
    np.testing.assert_allclose(
        drive(0.01, 0.07, 40, "triangle")(range(90)),
        curves.cyclic_lr(0.1, 0.01, 0.07, step_size_up=20, cycle_momentum=False)(range(90)),
    )
