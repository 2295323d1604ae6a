"""Section 09's pictures: what they draw is what balls, valleys and networks gave."""

import numpy as np
import pytest
from scipy import stats

from lrcourse import curves, dynamics, explorers, physics, training
from lrcourse.figures import physics as pictures
from lrcourse.training.sweep import sweep


def test_the_balls_are_those_of_the_annealing():
    picture = pictures.Cooling()
    seen = picture.show(start=1.0, end=0.0, steps=200, shape="linear")
    temperature = np.linspace(1, 0, 200, endpoint=False)
    land = dynamics.rugged()
    x = dynamics.anneal(land, temperature, particles=pictures.BALLS, seed=0).positions
    np.testing.assert_array_equal(picture.balls.get_xdata(), x)
    energy = (land.f(x) - land.f(land.minima).min()).mean()
    assert f"{energy:.2f} ±" in seen.words and not seen.goal
    np.testing.assert_allclose(picture.heat.get_ydata(), temperature)


@pytest.mark.parametrize(
    ("values", "remark"),
    [
        (dict(start=0.1, end=0.0, steps=100, shape="linear"), "Frozen from the start"),
        (dict(start=1.0, end=1.0, steps=100, shape="exponential"), "Still hot at the end"),
        (dict(start=1.0, end=0.0, steps=100, shape="exponential"), "Quenched"),
        (dict(start=6.0, end=0.0, steps=1000, shape="linear"), "above all wells"),
    ],
)
def test_the_words_name_the_broken_rule(values, remark):
    assert remark in pictures.Cooling().show(**values).words


def test_the_goal_of_cooling_takes_all_three_rules():
    good = dict(start=1.0, end=0.0, steps=3000, shape="linear")
    assert pictures.Cooling().show(**good).goal
    for broken in ({"start": 0.1}, {"start": 8.0}, {"end": 1.0}, {"steps": 300}):
        assert not pictures.Cooling().show(**good | broken).goal, broken


def test_the_best_schedule_is_the_optimum_of_the_valley():
    picture = pictures.Best()
    seen = picture.show(noise=0.5, exponent=1.0, steps=40)
    valley = physics.power_law(exponent=1.0, noise=0.5)
    best = physics.optimum(valley, 40, highest=2.0)
    np.testing.assert_allclose(picture.rates["best"].get_ydata(), best)
    np.testing.assert_allclose(picture.losses["best"].get_ydata(), valley.loss(best))
    cosine = physics.best_peak(valley, pictures.shapes(40)["cosine"], highest=2.0)[1] / valley.loss(best)[-1]
    assert f"cosine {cosine:.2f}" in seen.words
    assert max(line.get_ydata().max() for line in picture.rates.values()) <= 2 * (1 + 1e-9)


def test_the_goal_of_the_best_is_reached_where_noise_is_large():
    assert pictures.Best().show(noise=10.0, exponent=1.0, steps=20).goal
    assert not pictures.Best().show(noise=0.05, exponent=1.0, steps=100).goal
    assert not pictures.Best().show(noise=0.05, exponent=2.0, steps=40).goal, "only for who goes above the limit"


def test_a_designed_schedule_rises_stays_and_falls():
    plan = pictures.designed(0.2, warmup=0.1, hold=0.3, power=2.0)(np.arange(300))
    assert plan[30] == 0.2 and (np.diff(plan[:31]) > 0).all() and (plan[30:121] == 0.2).all()
    assert (np.diff(plan[121:]) < 0).all() and plan[-1] < 1e-4
    whole = pictures.designed(0.12, warmup=0.0, hold=0.0, power=1.0)(np.arange(300))
    np.testing.assert_allclose(whole, physics.rivals()["linear"](np.arange(300)))


def test_the_capstone_scores_against_the_cosine_on_the_same_seeds():
    picture = pictures.Capstone()
    seen = picture.show(peak=0.12, warmup=0.0, hold=0.0, power=1.0)
    (score,) = physics.contest({"line": physics.rivals()["linear"]}, seeds=pictures.SEEDS)
    assert f"{score.mean:+.4f} ± {score.error:.4f}" in seen.words
    assert picture.dot.get_xdata()[0] == pytest.approx(score.mean, abs=1e-6)
    assert bool(seen.goal) == (score.verdict == "better")
    half = stats.t(len(score.differences) - 1).ppf(stats.norm.cdf(3)) * score.error
    np.testing.assert_allclose(picture.bar.get_xdata(), [score.mean - half, score.mean + half], atol=1e-6)
    assert picture.beyond.get_text() == ""


def test_who_is_off_the_board_is_shown_at_its_edge_with_the_number():
    picture = pictures.Capstone()
    seen = picture.show(peak=0.3, warmup=0.0, hold=0.9, power=3.0)
    assert picture.dot.get_xdata()[0] == picture._RIGHT
    number = picture.beyond.get_text().removesuffix(" →")
    assert f"yours: {number}" in seen.words and float(number) > picture._RIGHT


def test_three_rules_say_their_numbers():
    family = {0.1: np.array([1.0, 2.0]), 1.0: np.array([3.0, 3.0])}
    rules = dict.fromkeys(("start", "speed", "end"), family)
    figure = pictures.three_rules(rules, rules)
    assert figure.alt.count("0.1: 1.50 ± 0.50, 1: 3.00 ± 0.00") == 6
    assert [axes.get_title(loc="left") for axes in figure.axes[:3]] == [
        "Start hot", "Cool slowly, not too slowly", "End cold",
    ]  # fmt: skip


def test_the_predicted_picture_draws_the_law_over_the_measured():
    law = physics.NoisyQuadratic([1.0], [0.1], [2.0], floor=1.2)
    runs = sweep(
        training.digits(), {"linear": curves.linear_to_zero(0.1, 20), "constant": curves.constant(0.1)}, seeds=2,
        updates=20, progress=False,
    )  # fmt: skip
    figure = pictures.predicted(law, runs, smooth=5)
    measured, theory = figure.axes[0].lines
    np.testing.assert_allclose(theory.get_ydata(), law.loss(runs.lr[0, 0]))
    np.testing.assert_allclose(measured.get_ydata(), runs.mean("loss")[0, 0].reshape(4, 5).mean(1))
    assert f"linear {law.loss(runs.lr[0, 0])[-1]:.3f} / {runs.mean('train_loss')[0, 0]:.3f}" in figure.alt


def test_standings_draw_what_a_verdict_takes():
    score = physics.Score("linear", (-0.03, -0.02, -0.01))
    figure = pictures.standings([score])
    (container,) = figure.axes[0].containers
    (segment,) = container[2][0].get_segments()
    margin = stats.t(2).ppf(stats.norm.cdf(3)) * score.error  # three seeds: 19 standard errors
    np.testing.assert_allclose(segment[:, 0], [score.mean - margin, score.mean + margin])


def test_the_explorers_goals_are_within_reach():
    explorer = explorers.physics.capstone()
    assert "✓" not in explorer._goal.value
    explorer.set(peak=0.11, warmup=0.05, hold=0.3, power=1.0)
    assert "✓" in explorer._goal.value
