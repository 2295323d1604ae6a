"""Section 01 against torch, exact formulas, and what was derived or measured without it."""

import dataclasses
from math import exp, sqrt

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solve_discrete_lyapunov
from scipy.optimize import brentq, minimize
from scipy.stats import ks_2samp
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR

from lrcourse import curves, dynamics, words
from lrcourse.dynamics import (
    LANDSCAPES,
    THRESHOLDS,
    Landscape,
    anneal,
    batch_noise,
    bifurcation,
    clock,
    critical_momentum,
    double_well,
    flat_and_sharp,
    gibbs,
    gradient_descent,
    gradient_flow,
    heavy_ball,
    langevin,
    modified_flow,
    noise_variance,
    quadratic,
    regime,
    rugged,
    stability_limit,
    valley,
)

ALL = [
    *(make() for make in LANDSCAPES.values()),
    quadratic((1.0, 10.0)),
    double_well(2.0),
    valley(30.0, -0.2),
]


def inside(landscape: Landscape, n: int, seed: int = 0) -> np.ndarray:
    """*n* random points within the landscape's bounds."""
    low, high = np.array(landscape.bounds).T
    points = np.random.default_rng(seed).uniform(low, high, (n, landscape.dim))
    return points if landscape.dim == 2 else points[:, 0]


# --- Landscapes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("landscape", ALL, ids=lambda landscape: landscape.key)
def test_gradient_and_curvature_are_the_derivatives_of_the_loss(landscape):
    x = inside(landscape, 200)
    t = torch.tensor(x, requires_grad=True)
    (gradient,) = torch.autograd.grad(landscape.f(t).sum(), t, create_graph=True)
    np.testing.assert_allclose(landscape.grad(x), gradient.detach(), atol=1e-9)
    np.testing.assert_allclose(landscape.grad(t).detach(), gradient.detach(), atol=1e-9)
    rows = [
        torch.autograd.grad(g.sum(), t, retain_graph=True)[0].detach()
        for g in (gradient.unbind(-1) if landscape.dim == 2 else [gradient])
    ]
    hessian = torch.stack(rows, dim=-2) if landscape.dim == 2 else rows[0]
    np.testing.assert_allclose(landscape.hess(x), hessian, atol=1e-9)
    np.testing.assert_allclose(landscape.hess(t).detach(), hessian, atol=1e-9)
    np.testing.assert_allclose(landscape.f(x), landscape.f(t).detach(), atol=1e-12)
    if landscape.dim == 1:
        assert landscape.grad(float(x[0])) == pytest.approx(landscape.grad(x)[0], abs=1e-12)


@pytest.mark.parametrize("landscape", ALL, ids=lambda landscape: landscape.key)
def test_minima_are_where_a_minimiser_ends(landscape):
    minima = landscape.minima.reshape(-1, landscape.dim)
    for minimum in minima:
        np.testing.assert_allclose(minimize(landscape.f, minimum + 0.01).x, minimum, atol=1e-4)
    ends = np.array([minimize(landscape.f, x).x for x in inside(landscape, 40)])
    low, high = np.array(landscape.bounds).T
    ends = ends[((low < ends) & (ends < high)).all(axis=1)]  # rugged() has more minima outside
    assert np.linalg.norm(ends[:, None] - minima, axis=-1).min(axis=1).max() < 1e-4, "one is missing"
    assert landscape.f(landscape.minima).min() == landscape.f(landscape.minima)[landscape.deepest]


def test_the_landscapes_are_those_of_the_lesson():
    assert double_well().grad(1.7) == pytest.approx(1.7**3 - 1.7)
    assert len(rugged().minima) == 9
    low, high = flat_and_sharp(3.0).hess(flat_and_sharp(3.0).minima)
    assert low / high == pytest.approx(9)
    left, right = valley().f(valley().minima)
    assert right - left == pytest.approx(0.2, abs=0.01)
    assert all(LANDSCAPES[key]().key == key for key in LANDSCAPES)


@pytest.mark.parametrize("landscape", [double_well(), rugged(), flat_and_sharp()], ids=lambda x: x.key)
def test_basin_is_where_gradient_flow_ends(landscape):
    x = inside(landscape, 60)
    end = gradient_flow(landscape, x, [60.0])[-1]
    np.testing.assert_allclose(landscape.minima[landscape.basin(x)], end, atol=1e-3)


def test_names_follow_the_language():
    names = {landscape.name for landscape in ALL}
    words.use_language("zh")
    assert names.isdisjoint(landscape.name for landscape in ALL)


# --- A time step -----------------------------------------------------------------------------------------


def by_torch(landscape, start, lrs, momentum=0.0):
    """The path that torch.optim.SGD takes under a LambdaLR, with gradients by autograd."""
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = SGD([x], lr=1.0, momentum=momentum)
    scheduler = LambdaLR(optimizer, lambda t: float(lrs[min(t, len(lrs) - 1)]))
    path = [x.detach().clone()]
    for _ in lrs:
        optimizer.zero_grad()
        landscape.f(x).sum().backward()
        optimizer.step()
        scheduler.step()
        path.append(x.detach().clone())
    return torch.stack(path).numpy()


@pytest.mark.parametrize("landscape", ALL, ids=lambda landscape: landscape.key)
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_paths_are_those_of_torch(landscape, momentum):
    lrs = 0.02 * 0.97 ** np.arange(50)
    for start in (inside(landscape, 1)[0], inside(landscape, 5)):
        ours = (
            heavy_ball(landscape, start, lrs, 50, momentum=momentum)
            if momentum
            else gradient_descent(landscape, start, lrs, 50)
        )
        np.testing.assert_allclose(ours, by_torch(landscape, start, lrs, momentum), rtol=1e-9, atol=1e-12)


def test_a_learning_rate_is_a_number_an_array_or_any_function_of_t():
    well, lrs = double_well(), [0.1] * 10 + [0.01] * 10
    path = gradient_descent(well, 0.3, lrs, 20)
    assert path.shape == (21,)
    for lr in (
        np.array(lrs),
        lambda t: np.where(t < 10, 0.1, 0.01),
        lambda t: 0.1 if t < 10 else 0.01,
        lrs.__getitem__,
    ):
        np.testing.assert_array_equal(gradient_descent(well, 0.3, lr, 20), path)
    constant = gradient_descent(well, 0.3, 0.1, 20)
    np.testing.assert_array_equal(gradient_descent(well, 0.3, lambda t: 0.1, 20), constant)
    np.testing.assert_array_equal(constant[:11], path[:11])


@pytest.mark.parametrize("lr", [lambda t: 0.1 / abs(1 + t**8) ** 0.1, lambda t: 0.1 / 2**t])
def test_a_function_of_t_gets_whole_numbers_without_an_end(lr):
    expected = gradient_descent(quadratic(), 1.0, [lr(t) for t in range(300)], 300)
    np.testing.assert_array_equal(gradient_descent(quadratic(), 1.0, lr, 300), expected)


def test_a_schedule_is_asked_for_all_updates_at_once():
    asked = []
    gradient_descent(quadratic(), 1.0, curves.multiplicative_lr(0.1, lambda t: asked.append(t) or 0.9), 20)
    assert len(asked) < 20  # a value needs all before it: one by one they would be 190


@given(curvature=st.floats(0.01, 100), share=st.floats(0.01, 1.99), start=st.floats(-5, 5))
def test_descent_in_a_parabola_shrinks_by_one_minus_lr_curvature(curvature, share, start):
    path = gradient_descent(quadratic(curvature), start, share / curvature, 30)
    np.testing.assert_allclose(path, start * (1 - share) ** np.arange(31), rtol=1e-9, atol=1e-12)


@given(curvature=st.floats(0.01, 100), momentum=st.floats(0, 0.99))
def test_stability_limit(curvature, momentum):
    limit = stability_limit(curvature, momentum)
    for share, stable in ((0.99, True), (1.01, False)):
        roots = np.roots([1, -(1 + momentum - share * limit * curvature), momentum])
        assert (abs(roots).max() < 1) == stable


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_beyond_the_stability_limit_the_path_grows(momentum):
    bowl, limit = quadratic((1.0, 10.0)), stability_limit(10.0, momentum)
    calm, wild = (
        heavy_ball(bowl, (1, 1), share * limit, 2000, momentum=momentum) for share in (0.999, 1.001)
    )
    assert np.abs(calm[-1]).max() < 0.5
    assert np.abs(wild[-1]).max() > 2
    if not momentum:
        assert [np.abs(p[-1]).max() for p in (calm, wild)] == pytest.approx([0.998**2000, 1.002**2000])


def test_a_lost_ball_raises_nothing():
    with np.errstate(all="raise"):
        path = gradient_descent(double_well(), 5.0, 1.0, 50)
        assert not np.isfinite(path[-1])
        assert not np.isfinite(langevin(double_well(), 5.0, 1.0, 1.0, 50, particles=10)).any()


def test_flow_in_a_parabola_is_exponential():
    times = np.linspace(0, 3, 7)
    np.testing.assert_allclose(gradient_flow(quadratic(2.0), 1.5, times), 1.5 * np.exp(-2 * times), rtol=1e-7)
    rate = 2 + 0.1 * 2**2 / 2
    np.testing.assert_allclose(
        modified_flow(quadratic(2.0), [1.5, -1.0], times, 0.1),
        np.exp(-rate * times)[:, None] * [1.5, -1.0],
        rtol=1e-7,
    )
    assert gradient_flow(quadratic((1.0, 2.0)), (1.0, 1.0), 1.0)[0] == pytest.approx([exp(-1), exp(-2)])


def test_descent_leaves_the_flow_by_lr_and_the_modified_flow_by_its_square():
    two = Landscape(  # not ours: a double well coupled to a quartic
        key="coupled",
        words=("", ""),
        dim=2,
        f=None,
        grad=lambda p: np.stack(
            [p[..., 0] ** 3 - p[..., 0] + 0.3 * p[..., 1], 3 * p[..., 1] + 0.3 * p[..., 0] + p[..., 1] ** 3],
            -1,
        ),
        hess=lambda p: np.array([[3 * p[0] ** 2 - 1, 0.3], [0.3, 3 + 3 * p[1] ** 2]]),
        bounds=((-2.0, 2.0),) * 2,
        minima=np.zeros((1, 2)),
    )
    lrs = 0.4 / 2.0 ** np.arange(3, 8)
    errors = []
    for lr in lrs:
        steps = round(4 / lr)
        path = gradient_descent(two, (0.2, 1.5), lr, steps)
        times = lr * np.arange(steps + 1)
        flows = gradient_flow(two, (0.2, 1.5), times), modified_flow(two, (0.2, 1.5), times, lr)
        errors.append([np.abs(path - flow).max() for flow in flows])
    slopes = np.polyfit(np.log(lrs), np.log(errors), 1)[0]
    assert slopes == pytest.approx([1.06, 2.06], abs=0.03)


# --- Bifurcations ----------------------------------------------------------------------------------------


def period(points: np.ndarray) -> int:
    return len(np.unique(points.round(6)))


def test_thresholds_are_where_the_attractor_changes():
    t, gap = THRESHOLDS, 0.004
    around = [value + side * gap for value in t.values() for side in (-1, 1)]
    points = bifurcation(around, settle=20_000, keep=512)
    periods = [period(column) for column in points.T]
    assert periods[:4] == [1, 2, 2, 4]
    assert periods[4] in (8, 16)
    assert periods[5] > 64
    one_well = (points > 0).all(axis=0) | (points < 0).all(axis=0)
    assert one_well.tolist()[:8] == [True] * 7 + [False]
    assert np.isfinite(points).all(axis=0).tolist() == [True] * 9 + [False]


def test_the_onset_of_chaos_is_where_the_period_doublings_accumulate():
    def returns(lr, doublings):
        top = x = sqrt((1 + lr) / (3 * lr))
        for _ in range(2**doublings):
            x -= lr * (x**3 - x)
        return x - top

    superstable = [0.5, brentq(returns, 1.1, 1.15, args=(1,)), brentq(returns, 1.255, 1.27, args=(2,))]
    for doublings in range(3, 8):
        guess = superstable[-1] + (superstable[-1] - superstable[-2]) / 4.6692
        reach = (guess - superstable[-1]) / 20
        superstable.append(brentq(returns, guess - reach, guess + reach, args=(doublings,), xtol=1e-14))
    limit = superstable[-1] + (superstable[-1] - superstable[-2]) / (4.6692016 - 1)
    assert THRESHOLDS["chaos"] == pytest.approx(limit, abs=1e-7)


def test_regime_says_what_the_ball_does():
    lrs = np.linspace(0.05, 2.2, 200)
    lrs = lrs[np.min(np.abs(lrs[:, None] - list(THRESHOLDS.values())), axis=1) > 0.01]
    for lr, points in zip(lrs, bifurcation(lrs, settle=3000, keep=256).T, strict=True):
        if np.isnan(points).any():
            seen = {"diverges"}
        elif points.min() < 0 < points.max():
            seen = {"hops"}
        else:
            seen = {1: {"settles"}, 2: {"period 2"}}.get(period(points), {"doubling", "chaos"})
        assert regime(lr).code in seen or (lr > 1.6 and "chaos" not in seen and regime(lr).code == "hops"), lr
    assert [regime(lr).code for lr in (1.26, 1.31)] == ["doubling", "chaos"]
    english = regime(1.7).words
    words.use_language("zh")
    assert regime(1.7).words != english


def test_bifurcation_is_the_end_of_descent():
    lrs = [0.3, 1.1, 1.7, 2.5]
    points = bifurcation(lrs, [0.5, -0.2], settle=40, keep=10)
    assert points.shape == (10, 2, 4)
    for k, lr in enumerate(lrs[:3]):
        np.testing.assert_allclose(
            points[..., k], gradient_descent(double_well(), [0.5, -0.2], lr, 50)[41:], atol=1e-6
        )
    assert np.isnan(points[..., 3]).all()
    assert np.isnan(bifurcation([2.5], settle=1, keep=12)).all(), "lost only after the first positions kept"
    assert np.isfinite(bifurcation([0.1], landscape=rugged())).all()


# --- Momentum --------------------------------------------------------------------------------------------


@given(step=st.floats(0.001, 3.9), curvature=st.floats(0.1, 10))
def test_critical_momentum_settles_soonest(step, curvature):
    def slowest(momentum):
        return abs(np.roots([1, -(1 + momentum - step), momentum])).max()

    best = critical_momentum(step / curvature, curvature)
    assert slowest(best) == pytest.approx(abs(1 - sqrt(step)), abs=1e-6)
    assert all(slowest(best) <= slowest(other) + 1e-6 for other in np.linspace(0, 0.999, 15))


# --- Temperature -----------------------------------------------------------------------------------------


@given(
    share=st.floats(0.001, 0.999),
    curvature=st.floats(0.1, 10),
    sigma=st.floats(0, 5),
    momentum=st.floats(0, 0.99),
)
def test_noise_variance_solves_the_lyapunov_equation(share, curvature, sigma, momentum):
    lr = share * stability_limit(curvature, momentum)
    turn = np.array([[1 - lr * curvature, -lr * momentum], [curvature, momentum]])  # of (x, v)
    kick = np.array([[-lr * sigma], [sigma]])
    exact = solve_discrete_lyapunov(turn, kick @ kick.T)[0, 0]
    assert noise_variance(lr, curvature, sigma, momentum) == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize(
    ("lr", "momentum"), [(0.1, 0.0), (1.0, 0.0), (1.9, 0.0), (0.1, 0.5), (0.1, 0.9), (3.0, 0.9)]
)
def test_an_ensemble_has_that_variance(lr, momentum):
    x = langevin(quadratic(), 0.0, lr, 1.0, 700, particles=4000, momentum=momentum, every=20)
    assert np.square(x[15:]).mean() == pytest.approx(noise_variance(lr, momentum=momentum), rel=0.03)


def test_textbook_temperature_fails_for_large_steps():
    assert noise_variance(1.0) / (1.0 / 2) == 2
    assert noise_variance(0.1) / (0.1 / 2) == pytest.approx(1 / 0.95)
    np.testing.assert_allclose(noise_variance([0.1, 1.0]), [noise_variance(0.1), noise_variance(1.0)])


@pytest.mark.parametrize("landscape", [double_well(), valley()], ids=lambda x: x.key)
def test_numpy_and_torch_ensembles_agree_in_distribution(landscape, monkeypatch):
    start = (0.5, 0.5) if landscape.dim == 2 else 0.5

    def run(torch_from):
        monkeypatch.setattr(dynamics, "_TORCH_FROM", torch_from)
        return langevin(landscape, start, 0.05, 2.0, 200, particles=4000, momentum=0.3)

    ours, theirs = run(10**9), run(1)
    assert (ours.dtype, theirs.dtype) == (np.float64, np.float32)
    for a, b in zip(ours.reshape(4000, -1).T, theirs.reshape(4000, -1).T, strict=True):
        assert ks_2samp(a, b).pvalue > 0.01


@pytest.mark.parametrize("particles", [7, 70_000])
def test_an_ensemble_depends_on_its_seed_alone(particles):
    def run(seed):
        return langevin(rugged(), 0.0, 0.05, 2.0, 20, particles=particles, seed=seed)

    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = run(3)
        torch.set_num_threads(2)
        np.testing.assert_array_equal(run(3), one)
    finally:
        torch.set_num_threads(threads)
    assert len(np.unique(one)) > 0.99 * particles, "blocks or particles share their noise"
    assert np.mean(run(4) == one) < 0.01


@pytest.mark.parametrize("particles", [5, 2000])
@pytest.mark.parametrize("landscape", ALL, ids=lambda x: x.key)
def test_without_noise_an_ensemble_descends(landscape, particles):
    starts = inside(landscape, particles)
    frames = langevin(landscape, starts, lambda t: 0.01 * 0.9**t, 0.0, 25, every=10)
    path = gradient_descent(landscape, starts, lambda t: 0.01 * 0.9**t, 25)
    assert len(frames) == 3
    np.testing.assert_allclose(frames, path[::10], atol=2e-4)


def test_an_ensemble_is_the_loop_it_stands_for():
    rng, sigma = np.random.default_rng(5), np.linspace(3, 0, 30)
    x, well = np.full(6, 0.2), double_well()
    for t in range(30):
        x = x - 0.1 * 0.9**t * (well.grad(x) + sigma[t] * rng.standard_normal(6))
    ours = langevin(well, 0.2, lambda t: 0.1 * 0.9**t, sigma, 30, particles=6, seed=5)
    np.testing.assert_allclose(ours, x, rtol=1e-12)
    frames = langevin(well, 0.2, lambda t: 0.1 * 0.9**t, sigma, 30, particles=6, seed=5, every=15)
    np.testing.assert_allclose(frames[[0, -1]], [np.full(6, 0.2), x], rtol=1e-12)


@pytest.mark.parametrize("particles", [300, 2000])
def test_noise_may_depend_on_the_place(particles):
    quiet = langevin(double_well(), np.linspace(-1, 1, particles), 0.1, lambda x: 1.0 * (x > 0), 1)
    start = np.linspace(-1, 1, particles)
    moved = np.abs(quiet - (start - 0.1 * double_well().grad(start))) > 1e-6
    np.testing.assert_array_equal(moved, start > 0)


def test_gibbs_is_where_an_ensemble_settles():
    well, lr, temperature = double_well(1.0), 0.005, 0.3
    x = langevin(well, np.repeat([-1.0, 1.0], 5000), lr, sqrt(2 * temperature / lr), 6000, every=500)[4:]
    counts, edges = np.histogram(x, np.linspace(-2, 2, 41), density=True)
    middles = (edges[1:] + edges[:-1]) / 2
    assert np.abs(counts - gibbs(well, temperature, middles)).sum() * 0.1 / 2 < 0.02
    assert np.trapezoid(gibbs(well, temperature, middles), middles) == pytest.approx(1)


def test_width_alone_decides_between_wells_of_equal_depth():
    wells, lr, temperature = flat_and_sharp(2.0), 0.01, 0.5
    sigma = sqrt(2 * temperature / lr)
    starts = np.repeat([-1.0, 2.0], 2000)
    x = langevin(wells, starts, lr, sigma, 4000, every=250)[11:]
    assert (x > 0).mean() / (x < 0).mean() == pytest.approx(2, rel=0.1)
    calmer = langevin(wells, starts, lr, lambda x: sigma * (1 - 0.5 * (x > 0)), 3000)
    assert (calmer > 0).mean() / (calmer < 0).mean() > 8, (
        "noise that follows the curvature favours the flat well"
    )


def test_a_learning_rate_between_the_limits_empties_the_sharp_well():
    wells = flat_and_sharp(3.0)
    starts = np.random.default_rng(0).uniform(-1.4, 3.5, 2000)
    below, above = (gradient_descent(wells, starts, lr, 3000)[-1] for lr in (0.24, 0.26))
    assert np.mean(np.abs(below + 1) < 1e-3) == pytest.approx(0.27, abs=0.05)
    assert np.mean(np.abs(above + 1) < 1e-3) == 0
    assert np.isfinite(above).all()


def test_slow_cooling_finds_the_deepest_well():
    landscape = rugged()
    quench = anneal(landscape, np.zeros(400))
    starts = np.random.default_rng(0).uniform(*landscape.bounds[0], 1000)
    assert quench.share == np.mean(landscape.basin(starts) == landscape.deepest)
    runs = [anneal(landscape, 0.8 * (1 - np.arange(n) / n)) for n in (100, 1000, 5000)]
    assert [run.share for run in runs] == pytest.approx([0.19, 0.44, 0.62], abs=0.05)
    assert quench.energy > runs[0].energy > runs[1].energy > runs[2].energy > 0


@pytest.mark.parametrize(("lr", "batch_size"), [(0.1, 1), (0.4, 4), (0.1, 8)])
def test_small_batches_warm_by_lr_over_batch_size(lr, batch_size):
    x, residual = (a.double().numpy() for a in dynamics._regression(0))
    eye, hessian = np.eye(4), x.T @ x / 512
    np.testing.assert_allclose(x.T @ residual / 512, 0, atol=1e-6)
    np.testing.assert_allclose(hessian, np.diag(np.logspace(0, -1, 4)), atol=1e-6)
    pairs = np.einsum("na,nb,nc,nd->abcd", x, x, x, x).reshape(16, 16) / 512
    turn = np.kron(eye, eye) - lr * (np.kron(hessian, eye) + np.kron(eye, hessian))
    turn += lr**2 * (pairs / batch_size + (1 - 1 / batch_size) * np.kron(hessian, hessian))
    kick = lr**2 / batch_size * np.einsum("n,na,nb->ab", residual**2, x, x).ravel() / 512
    covariance = np.linalg.solve(np.eye(16) - turn, kick)  # stationary second moments of w
    measured = batch_noise(lr, batch_size)
    assert measured.excess == pytest.approx(hessian.ravel() @ covariance / 2, rel=0.04)
    assert measured.theory == pytest.approx(lr / batch_size * np.mean(residual**2) * np.trace(hessian) / 4)


# --- A clock ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shapes():
    t = np.arange(100) / 100
    return {"constant": np.ones(100), "cosine": lambda t: 1 + np.cos(np.pi * t / 100), "rising": 7 * t}


def test_schedules_of_equal_sum_share_a_clock(shapes):
    reports = []
    runs = clock(shapes, lr=0.1, updates=100, progress=lambda done, total: reports.append((done, total)))
    assert runs.spread_against_tau < 0.03
    assert runs.final_spread < 0.03
    assert runs.spread_against_updates > 0.8
    assert [h.lr.sum() for h in runs.histories.values()] == pytest.approx([10.0] * 3)
    rising = runs.histories["rising"].lr
    np.testing.assert_allclose(rising[1:] / rising[1], np.arange(1, 100))
    assert reports[-1] == (300, 300)
    assert reports == sorted(reports)


def test_the_clock_runs_a_real_network(shapes):
    from lrcourse.training import digits, mlp

    model, data = mlp((64, 32, 10), seed=2), digits(train=600)
    optimizer = SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(data.x), data.y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    threads = torch.get_num_threads()
    run = clock({"constant": 3.0}, updates=100, seed=2).histories["constant"]
    assert torch.get_num_threads() == threads
    np.testing.assert_allclose(run.loss, losses, rtol=1e-6)


# --- Bad input -------------------------------------------------------------------------------------------

WELL = double_well()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: gradient_descent("duble_well", 0.0, 0.1, 10),
            r"landscape must be a Landscape.*'duble_well'",
        ),
        (lambda: gradient_descent(WELL, 0.0, -0.1, 10), "lr must be finite and not negative, got -0.1"),
        (lambda: gradient_descent(WELL, 0.0, 0.0, 10), "lr must be positive, got 0"),
        (
            lambda: gradient_descent(WELL, 0.0, float("nan"), 10),
            "lr must be finite and not negative, got nan",
        ),
        (
            lambda: gradient_descent(WELL, 0.0, "fast", 10),
            "lr must be a number or an array of numbers, got 'fast'",
        ),
        (lambda: gradient_descent(WELL, 0.0, lambda t: 0.1 - 0.04 * t, 10), "lr .* got -0.02 at update 3"),
        (
            lambda: gradient_descent(WELL, 0.0, [0.1, 0.2], 10),
            r"lr .* each of the 10 updates, got shape \(2,\)",
        ),
        (lambda: gradient_descent(WELL, 0.0, 0.1, 0), "steps must be a positive whole number, got 0"),
        (lambda: gradient_descent(WELL, 0.0, 0.1, 2.5), "steps must be a positive whole number, got 2.5"),
        (lambda: gradient_descent(WELL, float("inf"), 0.1, 10), "start must be finite, got inf"),
        (lambda: gradient_descent(WELL, [[0.0, 1.0]], 0.1, 10), r"start must be a number or an array \(n,\)"),
        (
            lambda: gradient_descent(valley(), 0.0, 0.1, 10),
            r"start must be an array \(2,\) or \(n, 2\) on the 2-D",
        ),
        (lambda: gradient_descent(valley(), [0.0, 1.0, 2.0], 0.1, 10), r"start .* got shape \(3,\)"),
        (lambda: heavy_ball(WELL, 0.0, 0.1, 10, momentum=1.0), r"momentum must lie in \[0, 1\), got 1.0"),
        (lambda: heavy_ball(WELL, 0.0, 0.1, 10, momentum=-0.1), "momentum must lie"),
        (lambda: gradient_flow(WELL, 0.0, [1.0, 0.5]), "times must be finite, increase"),
        (lambda: gradient_flow(WELL, 0.0, [-1.0, 0.5]), "times must be finite, increase"),
        (lambda: modified_flow(WELL, 0.0, [1.0], 0), "lr must be a positive finite number, got 0"),
        (lambda: stability_limit(0.0), "curvature must be a positive finite number, got 0.0"),
        (lambda: critical_momentum(5.0), r"lr must be below 4 / curvature = 4, .* got 5.0"),
        (lambda: bifurcation([0.1, -1.0]), "lrs must be a list of positive learning rates"),
        (lambda: bifurcation([0.1], (0.0, 0.0), landscape=valley()), "landscape must be 1-D here, 'valley'"),
        (lambda: bifurcation([0.1], settle=-1), "settle must be a positive whole number, got -1"),
        (lambda: regime(0), "lr must be a positive finite number, got 0"),
        (lambda: langevin(WELL, 0.0, 0.1, -1.0, 10), "sigma must be finite and not negative, got -1"),
        (lambda: langevin(WELL, 0.0, 0.1, 1.0, 10, particles=0), "particles must be a positive whole number"),
        (lambda: langevin(WELL, [0.0, 1.0], 0.1, 1.0, 10, particles=3), "particles=3 and 2 starts"),
        (lambda: langevin(WELL, 0.0, 0.1, 1.0, 10, every=0), "every must be a positive whole number, got 0"),
        (lambda: noise_variance(2.0), r"lr .* stability limit 2 \(1 \+ β\) / λ = 2, got 2.0"),
        (lambda: noise_variance([0.1, 4.0], momentum=0.5), "stability limit .* = 3"),
        (lambda: noise_variance(0.1, sigma=-1.0), "sigma must be a finite number, not negative, got -1.0"),
        (lambda: gibbs(WELL, 0.0, [0.0, 1.0]), "temperature must be a positive finite number, got 0.0"),
        (lambda: anneal(rugged(), [1.0, -1.0]), "temperature must be one number >= 0 for each update"),
        (lambda: anneal(valley(), [1.0, 0.0]), "landscape must be 1-D here"),
        (lambda: gibbs(valley(), 1.0, [0.0, 1.0]), "landscape must be 1-D here"),
        (lambda: batch_noise(3.0, 1), "lr must be smaller for batches"),
        (lambda: batch_noise(0.1, 513), "batch_size must be at most 512"),
        (lambda: quadratic(-1.0), "curvature must be a positive number"),
        (lambda: quadratic((1.0, 2.0, 3.0)), "curvature must be a positive number, or a pair"),
        (lambda: double_well(0), "height must be a positive finite number, got 0"),
        (lambda: valley(tilt=0.5), "tilt must lie between"),
        (lambda: valley().basin(0.0), "landscape must be 1-D here, 'valley' has 2"),
        (lambda: clock({}), "schedules must hold at least one schedule"),
        (lambda: clock({"a": np.zeros(200)}), r"schedules\['a'\] is zero throughout"),
        (lambda: clock({"a": np.ones(3)}), r"schedules\['a'\] must have one entry for each of the 200"),
        (lambda: clock({"a": 1.0}, lr=1e38), "training under 'a' diverged"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


@pytest.mark.parametrize("particles", [900, 5000])  # NumPy, torch
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_a_gradient_that_is_its_own_argument_is_not_overwritten(particles, momentum):
    landscape = dataclasses.replace(quadratic(), grad=lambda x: x)
    usual = langevin(quadratic(), 0.0, 0.1, 1.0, 300, particles=particles, momentum=momentum)
    same = langevin(landscape, 0.0, 0.1, 1.0, 300, particles=particles, momentum=momentum)
    np.testing.assert_allclose(same, usual, rtol=1e-5, atol=1e-6)


def test_batches_that_diverge_are_refused():
    with pytest.raises(ValueError, match=r"lr must be smaller for batches of 1: with 0\.9"):
        batch_noise(0.9, 1)


def test_a_flow_at_its_start_stays_there():
    np.testing.assert_array_equal(gradient_flow(quadratic(), [1.0, 2.0], [0.0]), [[1.0, 2.0]])
    with pytest.raises(ValueError, match="times must be finite, increase"):
        gradient_flow(quadratic(), 1.0, [])


def test_a_density_needs_a_grid():
    with pytest.raises(ValueError, match="x must be an increasing grid"):
        dynamics.gibbs(quadratic(), 1.0, [0.0])


def test_true_is_no_number():
    with pytest.raises(ValueError, match="steps must be a positive whole number, got True"):
        gradient_descent(quadratic(), 1.0, 0.1, True)
