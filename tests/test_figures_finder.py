"""Section 07's pictures: what they draw is what range tests and trainings gave."""

import numpy as np
import pytest
import torch
from torch import nn

from lrcourse import curves, explorers, training
from lrcourse.figures import finder as pictures
from lrcourse.finder import SUGGESTIONS, RangeTest, Run


def made_up(turn=0.5, seeds=2) -> RangeTest:
    """A test whose loss falls to *turn*, and rises after it; a seed moves that by a factor of two."""
    runs = []
    for seed in range(seeds):
        lrs = np.geomspace(1e-5, 5, 60)
        losses = 2.3 - np.exp(-(np.log(lrs / turn / 2**seed) ** 2))
        runs.append(Run(lrs, losses, losses, "end", 0, seed))
    return RangeTest(tuple(runs), (1.0,), "minimum/10")


def test_averages_have_the_weights_they_claim():
    losses = np.random.default_rng(0).normal(2, 0.3, 30)
    weights = 0.1 * 0.9 ** np.arange(30)[::-1]
    assert pictures.average(losses, 0.9, start="zero")[-1] == pytest.approx(weights @ losses)
    assert pictures.average(losses, 0.9)[-1] == pytest.approx(weights @ losses / weights.sum())
    assert pictures.average(losses, 0.9, start="first")[-1] == pytest.approx(weights @ losses + 0.9**30 * losses[0])
    assert pictures.average(losses, 0.9)[0] == pytest.approx(losses[0])


def test_three_averages_are_drawn():
    lrs, losses = np.geomspace(1e-8, 10, 40), np.linspace(2.4, 1, 40)
    axes = pictures.averages(lrs, losses).axes[0]
    drawn = [line.get_ydata() for line in axes.lines[1:]]
    for start, values in zip(("zero", "first", "debiased"), drawn, strict=True):
        np.testing.assert_allclose(values, pictures.average(losses, 0.9, start=start))


# --- The average that lags


def test_the_exact_loss_is_the_mean_of_noisy_descents():
    lrs, exact, _ = pictures.Lag.losses(1e-3, 60)
    x, rng = np.ones(40_000), np.random.default_rng(0)
    for lr, loss in zip(lrs, exact, strict=True):
        assert pictures.Lag.FLOOR + np.mean(x**2) == pytest.approx(loss, rel=0.03)
        gradient = pictures.Lag.CURVATURE * x + pictures.Lag.KICK * rng.normal(size=x.size)
        x = x - lr * gradient


def test_the_lag_is_that_of_theory_where_the_loss_falls_slowly(monkeypatch):
    monkeypatch.setattr(pictures.Lag, "NOISE", 0.0)
    picture = pictures.Lag()
    for num_steps, smoothing in ((1000, 0.9), (1000, 0.95), (600, 0.8)):
        picture.show(smoothing=smoothing, num_steps=num_steps, init_lr=1e-6, debias=True)
        fallen, seen = picture.late.get_xdata()
        theory = smoothing / (1 - smoothing) * np.log10(10 / 1e-6) / (num_steps - 1)
        assert np.log10(seen / fallen) == pytest.approx(theory, rel=0.25)


def test_the_goal_needs_little_lag_and_little_noise():
    picture = pictures.Lag()
    start = dict(smoothing=0.9, num_steps=100, init_lr=1e-8, debias=True)
    assert not picture.show(**start).goal
    assert not picture.show(**start | {"smoothing": 0.0}).goal, "all of the noise"
    assert picture.show(**start | {"num_steps": 1000}).goal
    assert picture.show(**start | {"init_lr": 1e-3, "num_steps": 300}).goal
    assert not picture.show(**start | {"smoothing": 0.98}).goal and "never" in picture.title.get_text()
    assert not picture.show(**start | {"num_steps": 1000, "debias": False}).goal


# --- Against the truth


@pytest.fixture(scope="module")
def true():
    lrs = np.array([0.05, 0.2, 0.8])
    bent = lambda rates: np.log(np.asarray(rates)[:, None] / 0.2) ** 2 + np.array([0.5, 0.6])  # noqa: E731
    return made_up(), pictures.truth(made_up(), lrs, bent)


def test_costs_are_paired_differences(true):
    test, found = true
    cost, error = found.cost()
    for i, rule in enumerate(SUGGESTIONS):
        assert found.suggested[i] == test.suggestions[rule]
        assert cost[i] == pytest.approx(np.log(found.suggested[i] / 0.2) ** 2)
    np.testing.assert_allclose(error, 0, atol=1e-12)
    assert found.lrs[found.best] == 0.2


def test_a_divergence_is_told(true):
    test, _ = true
    train = lambda rates: np.where(np.asarray(rates)[:, None] > 0.19, np.nan, [[1.0, 2.0]])  # noqa: E731
    lost = pictures.truth(test, [0.05, 0.2], train)
    assert np.isinf(lost.loss[1]).all() and lost.best == 0
    assert "diverged" in pictures._told("net", lost)


def test_suggestions_stand_on_the_curve(true):
    figure = pictures.against({"digits": true})
    axes = figure.axes[0]
    spots = {line.get_label(): line for line in axes.lines if line.get_label() in SUGGESTIONS}
    for rule, lr in zip(SUGGESTIONS, true[1].suggested, strict=True):
        assert spots[rule].get_xdata()[0] == lr
        assert f"{rule} {lr:.2g} (× {lr / 0.2:.2g}" in figure.alt


def test_intervals_reach_from_seed_to_seed():
    test = made_up(seeds=3)
    figure = pictures.intervals({"B = 8": test}, rule="minimum/3")
    each = [run.suggestions["minimum/3"] for run in test.runs]
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xdata(), [min(each), max(each)])
    assert f"B = 8 {test.suggestions['minimum/3']:.2g} ({min(each):.2g}–{max(each):.2g})" in figure.alt


@pytest.mark.parametrize("name", pictures.BENCHES)
def test_a_bench_trains_with_the_optimizer_that_it_tests(name):
    """One seed, by torch's own loop."""
    bench = pictures.BENCHES[name]
    lr = float(bench.lrs[3])
    model = bench.model(5)
    optimizer = bench.optimizer(model.parameters())
    for group in optimizer.param_groups:
        group["lr"] = lr
    history = training.fit(model, bench.data(), optimizer, updates=pictures.UPDATES, batch_size=32, seed=5)
    assert bench.train([lr], seeds=[5])[0, 0] == pytest.approx(history.train.loss, rel=0.02)


def test_the_grid_brackets_the_best():
    losses = np.nan_to_num(pictures.trained("digits"), nan=np.inf).mean(1)
    assert 0 < losses.argmin() < len(losses) - 1


# --- Read it


def test_what_is_read_is_trained():
    explorer = explorers.finder.read_it(rules=True)
    bench = pictures.BENCHES["digits"]
    explorer.set(lr=0.5, sweep=True)
    losses = bench.train([explorer.values["lr"]])[0]
    (height,) = explorer.picture.mine.get_ydata()
    assert height == pytest.approx(losses.mean(), rel=1e-4)
    np.testing.assert_allclose(explorer.picture.sweep.get_ydata(), pictures.trained("digits").mean(1), rtol=1e-6)
    assert "1 of 3 networks" in explorer._words.value and "✓" not in explorer._goal.value
    buttons = next(control for control in explorer.controls if control.key == "lr").snaps
    assert buttons == pictures.range_test_of("digits").suggestions
    explorer.set(lr=10.0)
    assert explorer.error is None


def test_the_goal_is_reached_on_all_three_networks_and_on_no_fewer():
    explorer = explorers.finder.read_it()
    for done, name in enumerate(pictures.BENCHES, 1):
        bench, losses = pictures.BENCHES[name], pictures.trained(name).mean(1)
        explorer.set(network=name, lr=1e-4)
        assert "Near enough" not in explorer._words.value
        explorer.set(lr=bench.lrs[np.nanargmin(losses)])
        assert f"{done} of 3 networks" in explorer._words.value
        assert ("✓" in explorer._goal.value) == (done == 3)


def test_old_dots_are_grey_while_it_trains():
    picture = pictures.ReadIt()
    frames = picture.frames(network="digits", lr=0.1, sweep=False)
    done = [next(frames), next(frames)]
    assert 0 < done[0] < done[1] <= 1 and picture.mine.get_color() == pictures.style.REFERENCE
    list(frames)
    assert picture.mine.get_color() == pictures.style.LR and not picture.sweep.get_visible()


def test_turns_are_drawn_with_their_limits():
    from lrcourse import find_lr

    model = nn.Linear(1, 1, bias=False, dtype=torch.float64)
    nn.init.ones_(model.weight)
    sgd = torch.optim.SGD(model.parameters(), lr=1.0)
    test = find_lr(model, [0], None, sgd, 1e-3, num_steps=200, smoothing=0, closure=lambda m, _: m.weight.sum() ** 2)
    figure = pictures.turns({2.0: test})
    assert figure.axes[0].lines[1].get_xdata()[0] == 1.0
    assert float(figure.alt.split("λ = 2 ")[1].split()[0]) == pytest.approx(1.0, rel=0.1)
    assert curves.constant(1)(0) == 1
