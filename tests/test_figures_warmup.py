"""Section 03's pictures and the descent behind them: what they draw was trained, or is what torch steps."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss, one_hot
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, SequentialLR

import lrcourse
from lrcourse import curves, explorers, training
from lrcourse.figures import style
from lrcourse.figures import warmup as pictures
from lrcourse.schedulers import record
from lrcourse.training.sharpness import descend, sharpness

# --- The descent and its sharpness


def test_the_sharpness_is_the_largest_eigenvalue_of_the_hessian():
    torch.manual_seed(0)
    x, y = torch.randn(20, 3, dtype=torch.float64), torch.randn(20, 2, dtype=torch.float64)
    first, second = torch.randn(4, 5, 3, dtype=torch.float64), torch.randn(4, 2, 5, dtype=torch.float64)

    def losses(parameters):
        w, v = parameters
        return ((torch.tanh(x @ w.mT) @ v.mT - y) ** 2).mean((1, 2))

    found, directions = sharpness(losses, [first, second], iterations=300)
    for k in range(4):

        def flat(z, k=k):
            return losses([z[:15].view(1, 5, 3), z[15:].view(1, 2, 5)])[0]

        hessian = torch.autograd.functional.hessian(flat, torch.cat([first[k].flatten(), second[k].flatten()]))
        values = torch.linalg.eigvalsh(hessian)
        largest = values[values.abs().argmax()]
        assert found[k].item() == pytest.approx(largest.item(), rel=1e-4)
    again, _ = sharpness(losses, [first, second], directions, iterations=1)
    torch.testing.assert_close(again, found, rtol=1e-4, atol=0)


def test_the_sharpness_of_a_flat_loss_is_zero_and_its_direction_finds_what_curves_later():
    curvatures = torch.tensor([[0.0, 0.0], [2.0, 8.0]])

    def losses(p):
        return (curvatures * p[0] ** 2).sum(1) / 2

    found, directions = sharpness(losses, [torch.ones(2, 2)])
    assert found.tolist() == pytest.approx([0, 8])
    curvatures[0] = torch.tensor([1.0, 3.0])
    assert sharpness(losses, [torch.ones(2, 2)], directions)[0].tolist() == pytest.approx([3, 8])
    curvatures[1] = torch.nan
    assert sharpness(losses, [torch.ones(2, 2)])[0].isnan().tolist() == [False, True]


@pytest.mark.parametrize(("activation", "gain"), [(nn.Tanh, 1.0), (nn.ReLU, 2.0)])
def test_a_descent_is_what_plain_pytorch_trains(activation, gain):
    rates = curves.linear_warmup(1.5, 10)(range(30))
    run = descend([rates, rates / 2], seeds=(3, 5), activation=activation, gain=gain, every=10)
    assert run.loss.shape == (2, 2, 30) and run.sharpness.shape == (2, 2, 3)
    data = training.digits(train=128)
    targets = one_hot(data.y, 10).float()
    model = training.mlp((64, 32, 32, 10), activation, gain=gain, seed=5)
    optimizer = torch.optim.SGD(model.parameters(), lr=2 / run.initial[1])
    scheduler = LambdaLR(optimizer, lambda t: rates[min(t, 29)])
    for t in range(30):
        loss = mse_loss(model(data.x), targets)
        assert run.loss[0, 1, t] == pytest.approx(loss.item(), rel=2e-4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()


def test_the_edge_is_sharpness_times_rate_over_two():
    run = descend(curves.constant(0.5)(range(10)), seeds=2, every=5)
    np.testing.assert_allclose(run.edge[0, :, 0], 0.5, rtol=0.02)
    np.testing.assert_allclose(run.edge[0], run.sharpness[0] * (0.5 * 2 / run.initial)[:, None] / 2)


def test_a_ramp_survives_what_a_sudden_rate_does_not_and_stays_at_the_edge():
    peak = 6.0
    ramp = descend(pictures.ramp(peak, 120, 200), seeds=3, every=10)
    sudden = descend(pictures.ramp(peak, 0, 200), seeds=3)
    assert np.isfinite(ramp.loss).all() and np.isnan(sudden.loss[:, :, -1]).all()
    assert 0.9 < ramp.edge[0, :, 10:].mean() < 1.3
    assert (ramp.sharpness[0, :, -1] < ramp.initial / 3).all()


@pytest.mark.parametrize("rates", [[-1.0], [np.nan], [[[1.0]]]])
def test_bad_rates_are_named(rates):
    with pytest.raises(ValueError, match="rates must be"):
        descend(rates)


# --- Edge


def test_the_explorer_shows_the_training_that_it_ran():
    explorer = explorers.warmup.edge()
    explorer.set(peak=8, warmup=120)
    run = descend(pictures.ramp(8, 120, 200), seeds=4, every=5)
    for line, loss in zip(explorer.picture.losses, run.loss[0], strict=True):
        np.testing.assert_allclose(line.get_ydata(), loss, rtol=1e-6)
    np.testing.assert_allclose(explorer.picture.rate.get_ydata(), run.rates[0])
    assert not len(explorer.picture.blown.get_xdata())
    assert "120 updates" in explorer._goal.value and "✓" in explorer._goal.value


def test_the_goal_is_not_reached_at_the_start_nor_by_networks_that_only_stay_finite():
    explorer = explorers.warmup.edge()
    assert not explorer._reached and len(explorer.picture.blown.get_xdata()) == 4
    explorer.set(peak=16, warmup=0, network="ReLU")
    assert not explorer._reached
    assert "0 of them trained" in explorer.picture.figure.alt
    explorer.set(peak=1, warmup=120, network="tanh")
    assert not explorer._reached, "not at a rate that needs no warm-up"


# --- Survival, rescue


def test_survival_counts_the_finite_and_averages_where_all_are():
    peaks = [2, 4]
    runs = {w: descend([pictures.ramp(peak, w, 60) for peak in peaks], seeds=2) for w in (0, 40)}
    figure = pictures.survival(runs)
    above, below = figure.axes
    for line, run in zip(above.lines, runs.values(), strict=True):
        np.testing.assert_allclose(line.get_ydata(), np.isfinite(run.loss[:, :, -1]).mean(1))
    np.testing.assert_allclose(below.containers[1][0].get_ydata(), runs[40].loss[:, :, -1].mean(1))
    assert "warm-up 0: none diverges up to 2; warm-up 40: none diverges up to 4" in figure.alt


def test_rescue_draws_each_seed_and_the_mean():
    plans = {"a": curves.constant(1.0), "b": curves.linear_warmup(1.0, 5)}
    result = training.sweep(training.digits(), plans, lrs=[0.05, 0.1], seeds=3, updates=20, progress=False)
    figure = pictures.rescue(result)
    assert len(figure.axes) == 2
    for j, ax in enumerate(figure.axes):
        for i in range(2):
            mean = result.accuracy[i, j].mean()
            assert any(line.get_ydata()[0] == pytest.approx(mean) for line in ax.lines if line.get_marker() == "D")
            assert f"{mean:.2f}" in figure.alt


# --- Conventions, shapes


def test_conventions_are_what_schedulers_step():
    lines = {line.get_label(): line.get_ydata() for line in pictures.conventions(5, 20, 12).axes[0].lines}

    def joined(rise):
        def make(optimizer):
            parts = [LambdaLR(optimizer, rise), CosineAnnealingLR(optimizer, T_max=15)]
            return SequentialLR(optimizer, parts, milestones=[5])

        return record(make, 12, lr=1.0)

    ours = record(
        lambda o: lrcourse.get_linear_warmup_scheduler(o, 5, 20, CosineAnnealingLR(o, T_max=15)), 12, lr=1.0
    )
    np.testing.assert_allclose(lines["(t + 1)/(w + 1)"], ours, atol=1e-12)
    np.testing.assert_allclose(lines["(t + 1)/w"], joined(lambda t: (t + 1) / 5), atol=1e-12)
    np.testing.assert_allclose(lines["t/w (transformers)"], joined(lambda t: t / 5), atol=1e-12)
    unshifted = record(partial(CosineAnnealingLR, T_max=20), 12, lr=1.0)
    np.testing.assert_allclose(lines["t/w, cosine unshifted (timm)"][5:], unshifted[5:], atol=1e-12)


@pytest.mark.parametrize("after", pictures.Shapes.AFTER)
def test_the_linear_shape_is_what_warmup_scheduler_steps(after):
    explorer = explorers.warmup.shapes()
    explorer.set(log=False, warmup=20, after=after)
    drawn = explorer.picture.line.get_ydata()

    def make(optimizer):
        rest = pictures.Shapes.AFTER[after](280)
        return lrcourse.WarmupScheduler(optimizer, 20, LambdaLR(optimizer, rest))

    np.testing.assert_allclose(drawn, record(make, 300, lr=1.0), rtol=1e-9, atol=1e-12)
    assert f"{0.1 / 21:.4g}" in explorer.picture.figure.alt


def test_the_wasted_update_is_told():
    explorer = explorers.warmup.shapes()
    explorer.set(kind="wasted")
    assert "update 0 uses 0; it moves nothing" in explorer.picture.figure.alt


def test_the_transformer_shape_is_the_scheduler_and_its_goal_is_the_peak():
    explorer = explorers.warmup.shapes()
    explorer.set(kind="transformer", log=False)
    assert not explorer._reached
    s = explorer.picture.line.get_xdata().astype(int)
    ours = record(lambda o: lrcourse.TransformerLRScheduler(o, 512), pictures.Shapes.LONG)
    np.testing.assert_allclose(explorer.picture.line.get_ydata(), 1e3 * ours[s - 1], rtol=1e-9)
    explorer.set(d_model=1024, warmup_steps=1000)
    assert "d_model 1024" in explorer._reached


@pytest.mark.parametrize("kind", ["linear", "wasted", "exponential", "radam", "inverse_sqrt", "transformer"])
@pytest.mark.parametrize("log", [False, True])
def test_every_shape_stays_inside_its_axes(kind, log):
    explorer = explorers.warmup.shapes()
    explorer.set(kind=kind, log=log)
    for control in explorer.controls:
        for stop in control.stops():
            if control.key not in ("kind", "log"):
                explorer.set(**{control.key: stop})
                values = explorer.picture.line.get_ydata()
                low, high = explorer.picture.axes.get_ylim()
                assert explorer.error is None
                assert low <= np.nanmin(values) and np.nanmax(values) <= high


def test_pictures_are_styled_figures_in_both_languages():
    for language in ("en", "zh"):
        lrcourse.use_language(language)
        try:
            figure = pictures.conventions()
        finally:
            lrcourse.use_language("en")
        assert isinstance(figure, style.Figure) and "0.17" in figure.alt
