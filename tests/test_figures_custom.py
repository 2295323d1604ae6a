"""Section 05's pictures: what they draw is what the curves and the trainings gave."""

import numpy as np
import pytest
import torch
from torch.optim import SGD

from lrcourse import curves, explorers, training
from lrcourse.figures import custom as pictures
from lrcourse.figures import style
from lrcourse.training.scheduler import CurveLR
from lrcourse.training.sweep import sweep

BEATS = (0.12, 0.12, 0.1, 0.08, 0.05, 0.0)


def points(values) -> dict[str, float]:
    return {f"p{i}": value for i, value in enumerate(values)}


def final_loss(schedule, seed: int) -> float:
    """One of the race's networks, trained by torch."""
    model = training.mlp(pictures.BENCH["model"], torch.nn.ReLU, seed=seed)
    optimizer = SGD(model.parameters(), lr=1.0, momentum=pictures.BENCH["momentum"])
    history = training.fit(
        model, training.mnist1d(), optimizer, CurveLR(optimizer, schedule), updates=pictures.UPDATES,
        batch_size=pictures.BENCH["batch_size"], seed=seed,
    )  # fmt: skip
    return history.train.loss


# --- Draw your own


@pytest.fixture(scope="module")
def drawn():
    return pictures.DrawYourOwn()


def test_a_drawn_schedule_goes_through_its_points():
    values = (0.0, 0.3, 0.1, 0.1, 0.05, 0.2)
    schedule = pictures.drawn(values)
    np.testing.assert_allclose(schedule(np.linspace(0, pictures.UPDATES, len(values))), values, atol=1e-15)
    assert schedule(30) == pytest.approx(0.15), "straight between two of them"


def test_the_dots_are_paired_differences_of_real_trainings(drawn):
    drawn.show(seeds=0, **points(BEATS))
    dots = drawn.dots.get_ydata()
    cosine = curves.cosine_annealing_lr(pictures.COSINE_PEAK, T_max=pictures.UPDATES)
    for seed in (0, 5):
        expected = final_loss(pictures.drawn(BEATS), seed) - final_loss(cosine, seed)
        assert dots[seed] == pytest.approx(expected, abs=2e-3)
    assert drawn.mean.get_ydata()[0] == pytest.approx(dots.mean())
    low, high = drawn.error.get_ydata()
    assert (high - low) / 2 == pytest.approx(dots.std(ddof=1) / 4)


def test_the_goal_needs_two_standard_errors_and_holds_on_fresh_seeds(drawn):
    hot = drawn.show(seeds=0, **points([0.1] * 6))
    assert not hot.goal and "ends hot" in hot.words
    for seeds in (0, pictures.SEEDS):
        won = drawn.show(seeds=seeds, **points(BEATS))
        assert won.goal and "better by" in won.words
    level = drawn.show(seeds=0, **points([0.2, 0.15, 0.1, 0.08, 0.05, 0.0]))
    assert not level.goal and "level" in level.words
    cold = drawn.show(seeds=0, **points([0.0] * 6))
    assert not cold.goal and "ends cold" in cold.words


def test_the_cosine_has_its_best_peak():
    peaks = [0.06, 0.08, 0.1, 0.12, 0.15, 0.18]
    shape = {"cosine": curves.cosine_annealing_lr(1, T_max=pictures.UPDATES)}
    tried = sweep(
        training.mnist1d(), shape, lrs=peaks, seeds=pictures.SEEDS, updates=pictures.UPDATES, progress=False,
        **pictures.BENCH,
    )  # fmt: skip
    loss = dict(zip(peaks, tried.mean("train_loss")[0], strict=True))
    assert loss[pictures.COSINE_PEAK] <= min(loss.values()) + tried.standard_error("train_loss").min() / 2


def test_old_curves_are_grey_while_the_networks_train(drawn):
    drawn.show(seeds=0, **points(BEATS))
    old = drawn.loss.get_ydata().copy()
    frames = drawn.frames(seeds=0, **points([0.05] * 6))
    done = [next(frames), next(frames)]
    assert 0 < done[0] < done[1] <= 1
    assert drawn.loss.get_color() == style.REFERENCE
    np.testing.assert_array_equal(drawn.loss.get_ydata(), old)
    for _ in frames:
        pass
    assert drawn.loss.get_color() == style.LR
    assert np.abs(drawn.loss.get_ydata() - old).max() > 0.01


def test_a_verdict_in_standard_errors():
    assert "better by 2.1" in pictures._verdict(-2.1, 0)
    assert "level" in pictures._verdict(-1.9, 0)
    assert "level" in pictures._verdict(1.9, 0.1)
    assert "ends hot" in pictures._verdict(5, 0.1)


# --- Families


@pytest.mark.parametrize("name", pictures.FAMILIES)
@pytest.mark.parametrize("warmup", [0.0, 0.1])
def test_every_family_warms_up_to_the_peak_and_never_above(name, warmup):
    rates = pictures.family(name, 200, warmup=warmup)(np.arange(200))
    w = round(200 * warmup)
    np.testing.assert_allclose(rates[:w], pictures.PEAK * (np.arange(w) + 1) / (w + 1))
    assert rates[w] == pytest.approx(pictures.PEAK)
    assert rates.max() <= pictures.PEAK * (1 + 1e-12)
    assert (np.diff(rates[w:]) <= 1e-15).all()


def test_an_unknown_family_is_named():
    with pytest.raises(ValueError, match=r"name must be one of .*got 'cubic'"):
        pictures.family("cubic")


def test_nine_families_are_drawn_with_their_ends_and_their_path():
    figure = pictures.families(total=500)
    panels = figure.axes
    assert len(panels) == 9
    for ax in panels:
        rates = ax.lines[1].get_ydata()
        share = rates.sum() / (500 * pictures.PEAK)
        assert ax.texts[0].get_text() == f"{rates[0]:.2g} → {rates[-1]:.2g}, Σ η {share:.2f}"
        assert f"{ax.get_title(loc='left')} {ax.texts[0].get_text()}" in figure.alt


def test_the_browser_reports_first_last_and_path():
    explorer = explorers.custom.family_browser()
    explorer.set(name="WSD")
    explorer.set(cooldown=0.5)
    rates = curves.wsd(pictures.PEAK, 1000, 500)(np.arange(1000))
    cosine = curves.cosine_annealing_lr(pictures.PEAK, T_max=1000)(np.arange(1000))
    words = explorer._words.value
    assert f"Σ η = {rates.sum():.1f}, {rates.sum() / cosine.sum():.2f} times" in words
    assert f"last η used {rates[-1]:.2g}" in words
    assert "✓" in explorer._goal.value
    np.testing.assert_allclose(explorer.picture.clock.get_ydata(), np.cumsum(rates))


def test_far_but_hot_is_not_the_goal():
    seen = pictures.FamilyBrowser().show(name="polynomial", total=1000, warmup=0.05, power=0.3)
    times = float(seen.words.split(" times")[0].split()[-1])
    assert times == pytest.approx(pictures.FamilyBrowser.AIM, abs=pictures.FamilyBrowser.NEAR)
    assert not seen.goal


# --- What training makes of them


@pytest.fixture(scope="module")
def race():
    shapes = {"constant": curves.constant(1), "cosine": curves.cosine_annealing_lr(1, T_max=40),
              "WSD": curves.wsd(1, 40, 12)}  # fmt: skip
    return sweep(training.digits(), shapes, lrs=[0.05, 0.2], seeds=4, updates=40, progress=False)


def test_the_race_takes_each_at_its_best_peak_and_pairs_the_seeds(race):
    figure = pictures.raced(race)
    right = next(ax for ax in figure.axes if ax.get_xlabel())
    drawn_at = {text.get_text(): line for text, line in zip(
        right.get_yticklabels(), [c.lines[0] for c in right.containers], strict=True)}  # fmt: skip
    best = {name: race.train_loss[i][race.train_loss[i].mean(-1).argmin()] for i, name in enumerate(race.schedules)}
    for name, losses in best.items():
        difference = (losses - best["cosine"]).mean()
        assert drawn_at[name].get_xdata()[0] == pytest.approx(difference, abs=1e-12)
        assert f"{name} {losses.mean():.3f} ({difference:+.3f}" in figure.alt


def test_branches_take_the_trunks_peak(race):
    figure = pictures.branched({40: race}, peak=0.05, cooldown=0.3)
    losses = race.at(schedule="WSD", lr=0.05).train_loss[0, 0]
    assert f"WSD {losses.mean():.3f} ± {losses.std(ddof=1) / 2:.3f}" in figure.alt


def test_reheated_draws_paired_differences():
    plans = {f"{f:g}": np.repeat([0.2, 0.2 * f, 0.2], [40, 20, 20]) for f in (1, 0.1)}
    runs = sweep(training.digits(), plans, seeds=3, updates=80, progress=False)
    figure = pictures.reheated(runs, cold=slice(40, 60), smooth=10)
    difference = (runs.loss[1, 0] - runs.loss[0, 0])[:, 50:60].mean(1)
    assert f"× 0.1 {difference.mean():+.3f} ± {difference.std(ddof=1) / 3**0.5:.3f}" in figure.alt
