"""The pictures of section 01 say numbers; each is held against theory, or against another kind of computation."""

import re

import numpy as np
import pytest

import lrcourse
from lrcourse import dynamics
from lrcourse.figures import dynamics as pictures

NUMBER = re.compile(r"(?<![\w.])\d+\.\d+(?:e-?\d+)?%?|\d+%")
RUGGED = dict(landscape="rugged", sigma=3.0, x=4.3, t=pictures.UPDATES)


def numbers(text):
    """The decimal numbers and percentages of a text, as floats."""
    return [float(n.rstrip("%")) / (100 if n.endswith("%") else 1) for n in NUMBER.findall(text)]


def after(text, words):
    """The comma-separated numbers that follow *words*."""
    found = re.search(re.escape(words) + r"\s*((?:\d[\d.e-]*(?:, )?)+)", text)
    return np.array([float(n) for n in found[1].rstrip("., ").split(", ")])


# --- Balls on a landscape


@pytest.fixture(scope="module")
def balls():
    return pictures.OnLandscape()


@pytest.mark.parametrize("lr", [0.2, 1.0, 1.6])
def test_in_a_parabola_the_measured_temperature_is_the_exact_one(balls, lr):
    seen = balls.show(landscape="quadratic", lr=lr, sigma=1.0, x=0.0, t=pictures.UPDATES)
    (measured,), (exact,), (simple,) = (after(seen.words, f"{name} =") for name in ("Var(x)", "(2 − ηλ)", "ησ²/2"))
    assert exact == pytest.approx(lr / (2 - lr), rel=0.01)
    assert simple == pytest.approx(lr / 2, rel=0.05)
    assert measured == pytest.approx(exact, rel=0.06)  # 300 balls, 50 correlated updates


@pytest.mark.parametrize(("lr", "reached"), [(0.02, False), (0.1, True), (0.2, False)])
def test_only_a_middling_temperature_reaches_the_goal(balls, lr, reached):
    assert bool(balls.show(lr=lr, **RUGGED).goal) is reached


def test_no_goal_before_the_last_update_nor_from_the_deepest_valley(balls):
    assert not balls.show(**RUGGED | dict(lr=0.1, t=pictures.UPDATES - 2)).goal
    assert not balls.show(**RUGGED | dict(lr=0.05, x=1.1)).goal


def test_at_update_0_all_balls_stand_where_they_were_put(balls):
    balls.show(**RUGGED | dict(lr=0.1, t=0))
    x, _ = balls.rolling.cloud.get_data()
    np.testing.assert_array_equal(x, 4.3)
    assert len(x) == pictures.BALLS


def test_play_and_jump_show_the_same_balls():
    played, jumped = pictures.OnLandscape(), pictures.OnLandscape()
    for t in range(0, 121, 8):
        played.show(**RUGGED | dict(lr=0.1, t=t))
    pictures._block.cache_clear()
    jumped.show(**RUGGED | dict(lr=0.1, t=120))
    np.testing.assert_array_equal(played.rolling.cloud.get_xydata(), jumped.rolling.cloud.get_xydata())


def test_no_noise_comes_twice(balls):
    values = dict(landscape="quadratic", lr=1.0, sigma=1.0, x=0.0)  # here x is nothing but the last noise
    balls.show(**values, t=50)
    before = balls.rolling.cloud.get_xdata()
    balls.show(**values, t=100)
    assert not np.any(before == balls.rolling.cloud.get_xdata())


def test_the_thermometer_is_as_high_as_the_temperature_and_gibbs_is_normalised(balls):
    balls.show(lr=0.05, **RUGGED)
    assert np.ptp(balls.mercury.get_ydata()) == pytest.approx(0.05 * 9 / 2)
    density, edges, _ = balls.counts.get_data()
    gibbs = np.trapezoid(balls.gibbs.get_ydata(), balls.gibbs.get_xdata())  # both in units of the axis
    assert np.sum(density * np.diff(edges)) == pytest.approx(gibbs, rel=0.02)
    assert np.log2(1 / gibbs) == pytest.approx(round(np.log2(1 / gibbs)), abs=1e-3)
    assert 0 < density.max() <= 1 and 0 < balls.gibbs.get_ydata().max() <= 1


def test_the_way_out_is_the_lowest_barrier_of_the_valley():
    assert pictures.way_out(dynamics.double_well(), -0.7) == pytest.approx(0.25)
    assert pictures.way_out(dynamics.quadratic(), 1.0) == np.inf
    land = dynamics.rugged()
    x = np.linspace(4.32, 3.0, 2000)  # from the start's minimum over the left, lower barrier
    assert pictures.way_out(land, 4.3) == pytest.approx(np.ptp(land.f(x)), abs=1e-3)


def test_the_pass_of_the_valley_is_a_saddle():
    valley = dynamics.valley()
    saddle = pictures._pass(valley)
    np.testing.assert_allclose(valley.grad(saddle), 0, atol=2e-3)
    assert np.prod(np.sign(np.linalg.eigvalsh(valley.hess(saddle)))) == -1


@pytest.mark.parametrize(
    ("values", "word"),
    [
        (RUGGED | dict(lr=0.02), "stuck"),
        (RUGGED | dict(lr=0.2), "roam"),
        (dict(landscape="flat_and_sharp", lr=0.3, sigma=0.0, x=-0.9, t=100), "cannot hold"),
        (dict(landscape="double_well", lr=0.1, sigma=0.0, x=0.5, t=100), "slides"),
        (dict(landscape="valley", lr=0.4, sigma=3.0, x=1.5, y=2.0, t=100), "infinity"),
    ],
)
def test_what_the_words_say(balls, values, word):
    assert word in balls.show(**values).words


# --- Cooling by hand


def decay(lr, t):
    return max(1e-3, lr * (1 - t / pictures.COOLING))


def cooled(schedule, every=20):
    """The last words and goal of a hand that follows this schedule."""
    picture = pictures.ByHand()
    for t in range(0, pictures.COOLING, every):
        picture.show(lr=schedule(t), t=t)
        seen = picture.show(lr=schedule(t), t=t + every)
    return picture, seen


def test_slow_cooling_reaches_the_goal_and_neither_hot_nor_cold_does():
    picture, seen = cooled(lambda t: decay(0.15, t))
    assert seen.goal
    assert picture.losses[-1] <= pictures.HAND_GOAL
    np.testing.assert_allclose(picture.lrs[::20], [decay(0.15, t) for t in range(0, pictures.COOLING, 20)])
    for lr in (0.2, 0.1, 0.01):
        assert not cooled(lambda t, lr=lr: lr, every=pictures.COOLING)[1].goal


def test_going_back_forgets_what_came_after_and_the_same_hand_gives_the_same_run():
    picture = pictures.ByHand()
    picture.show(lr=0.1, t=100)
    first = picture.show(lr=0.1, t=200)
    picture.show(lr=0.01, t=100)
    assert len(picture.lrs) == 100
    assert len(picture.places) == len(picture.losses) == 101
    picture.show(lr=0.01, t=200)
    np.testing.assert_array_equal(picture.lrs, [0.1] * 100 + [0.01] * 100)
    picture.show(lr=0.1, t=100)
    assert picture.show(lr=0.1, t=200) == first


# --- The double well without noise


@pytest.fixture(scope="module")
def well():
    return pictures.Bifurcation()


def ends(picture, lr):
    picture.show(lr=lr, start=0.5)
    return np.unique(np.round(picture.here.get_ydata(), 6))


def step(x, lr):
    return x - lr * (x**3 - x)


def test_it_ends_in_the_orbits_that_theory_names(well):
    np.testing.assert_allclose(ends(well, 0.8), [1])
    two = ends(well, 1.15)
    assert len(two) == 2
    np.testing.assert_allclose(step(two, 1.15), two[::-1], atol=1e-5)
    assert len(ends(well, 1.26)) == 4
    assert len(ends(well, 1.4)) > 20


@pytest.mark.parametrize(("lr", "reached"), [(1.59, False), (1.6, True), (1.65, False), (2.05, False)])
def test_the_goal_is_a_hop_at_the_threshold(well, lr, reached):
    assert bool(well.show(lr=lr, start=0.5).goal) is reached


def test_a_long_first_step_over_the_barrier_is_no_hop(well):
    assert not well.show(lr=1.2, start=1.5).goal


def test_the_diagram_lies_on_the_orbits():
    image = pictures._attractor()[..., 3]
    column = np.argmin(np.abs(pictures._LRS - 1.15))
    dark = np.flatnonzero(image[:, column] > 150)  # of the right well; the mirrored one is paler
    x = np.linspace(-1.6, 1.6, 321)[dark] + 0.005
    two = [0.7, 1.15]
    for _ in range(1000):
        two = [step(v, pictures._LRS[column]) for v in two]
    np.testing.assert_allclose(x, sorted(two), atol=0.01)


# --- Mass


@pytest.mark.parametrize(
    ("lr", "momentum", "curvature"), [(0.1, 0.0, 1), (1, 0.9, 0.01), (3.3, 0.67, 1), (0.5, 0.0858, 1)]
)
def test_decay_is_what_heavy_ball_does(lr, momentum, curvature):
    roots = np.roots([1, -(1 + momentum - lr * curvature), momentum])
    assert pictures.decay(lr, momentum, curvature) == pytest.approx(np.abs(roots).max())


def test_where_the_critical_lines_meet_the_goal_is_reached():
    root = 0.1  # of the ratio of the curvatures
    lr, momentum = 4 / (1 + root) ** 2, ((1 - root) / (1 + root)) ** 2  # Polyak's best
    picture = pictures.Mass()
    seen = picture.show(lr=lr, momentum=momentum)
    assert seen.words.count("critically damped") == 2
    assert seen.goal
    (updates,) = map(int, re.findall(r"after (\d+) updates", seen.words))
    distance, last = np.ones((2, 2))
    for _ in range(updates - 1):
        distance, last = distance + momentum * (distance - last) - lr * np.array([0.01, 1.0]) * distance, distance
    assert np.abs(distance).max() > 0.01
    distance = distance + momentum * (distance - last) - lr * np.array([0.01, 1.0]) * distance
    assert np.abs(distance).max() <= 0.01
    assert not picture.show(lr=1.0, momentum=0.0).goal


def test_words_of_damping():
    picture = pictures.Mass()
    assert "diverges" in picture.show(lr=4.5, momentum=0.5).words
    words = picture.show(lr=0.01, momentum=0.9).words
    assert "Slow direction: creeps" in words
    assert "stiff direction: swings" in words


# --- The clock


def test_without_noise_the_constant_run_predicts_the_others():
    picture = pictures.OneClock()
    seen = picture.show(power=2.0, lr=0.05, batch_size=0, train=True)
    assert numbers(seen.words)[-1] < 0.01
    assert not seen.goal
    np.testing.assert_allclose(picture.yours.get_ydata(), picture.predicted.get_ydata(), rtol=0.01)
    assert np.abs(picture.constant.get_ydata() / picture.predicted.get_ydata() - 1).max() > 0.5


@pytest.mark.parametrize(("power", "lr", "broken"), [(4.0, 0.15, False), (4.0, 0.3, True), (-4.0, 0.3, False)])
def test_a_peak_beyond_the_limit_of_its_time_breaks_the_clock(power, lr, broken):
    """Peaks of 0.74 and 1.49; the limit 2/λ is 1 at first, and higher when a rising schedule gets to its peak."""
    seen = pictures.OneClock().show(power=power, lr=lr, batch_size=0, train=True)
    assert (numbers(seen.words)[-1] > pictures.CLOCK_GOAL) is broken
    assert bool(seen.goal) is broken


def test_it_yields_only_when_a_network_has_to_be_trained():
    picture = pictures.OneClock()
    values = dict(power=1.25, lr=0.05, batch_size=0, train=True)
    picture.show(**values)
    assert not list(picture.frames(**values))
    assert picture.rate.get_ydata().mean() == pytest.approx(1)


@pytest.mark.parametrize("power", [-4.0, -1.0, 0.0, 0.5, 4.0])
def test_all_shapes_share_the_sum(power):
    assert pictures.shape(power).mean() == pytest.approx(1)
    assert (pictures.shape(power) > 0).all()


# --- Still pictures


def test_descent_leaves_the_flow_by_eta_and_the_modified_flow_by_eta_squared():
    alt = pictures.time_step().alt
    flow, modified = after(alt, "0.00625:"), after(alt, "modified flow:")
    lrs = 0.4 / 2.0 ** np.arange(7)
    np.testing.assert_allclose(flow[:-1] / flow[1:], 2, rtol=0.06)
    np.testing.assert_allclose(modified[2:-1] / modified[3:], 4, rtol=0.06)
    assert after(alt, "like η^")[0] == pytest.approx(1, abs=0.02)
    assert np.all(modified < lrs * flow)


def test_noise_makes_the_exact_temperature():
    alt = pictures.noise_temperature().alt
    at, measured = after(alt, "at ηλ ="), after(alt, "measured")
    np.testing.assert_allclose(measured, 2 / (2 - at), rtol=0.03)


def test_batches_share_the_temperature_eta_over_b():
    alt = pictures.batch_temperature(seeds=2).alt
    for words in ("B = 1:", "B = 2:"):
        np.testing.assert_allclose(after(alt, words), 1, atol=0.25)
    assert after(alt, "B = 8 (η = 0.16, 0.32, 0.64):")[-1] > 1.3


def test_slower_cooling_finds_more_and_a_quench_only_what_chance_gives():
    alt = pictures.slow_cooling(seeds=2).alt
    share, loss = after(alt, "deepest well"), after(alt, "above the floor")
    assert (np.diff(share) > 0).all()
    assert (np.diff(loss) < 0).all()
    land = dynamics.rugged()
    x = np.linspace(*land.bounds[0], 10_001)
    assert after(alt, "Quench: share")[0] == pytest.approx(np.mean(land.basin(x) == land.deepest), abs=0.03)


def test_one_clock_tells_the_spreads_of_the_runs_it_draws():
    t = np.arange(60)
    runs = dynamics.clock({"constant": np.ones(60), "backwards": t + 1.0}, lr=0.05, updates=60)
    figure = pictures.one_clock(runs)
    assert [line.get_ydata().sum() for line in figure.axes[0].lines] == pytest.approx([3.0, 3.0])
    updates, tau, final = numbers(figure.alt)
    assert tau < 0.02 < updates
    assert final == pytest.approx(runs.final_spread, abs=6e-4)


def test_both_languages_tell_the_same_numbers():
    told = {}
    try:
        for language in lrcourse.words.LANGUAGES:
            lrcourse.use_language(language)
            told[language] = [
                pictures.time_step().alt,
                pictures.noise_temperature(particles=2000).alt,
                pictures.OnLandscape().show(lr=0.1, **RUGGED).words,
                pictures.ByHand().show(lr=0.1, t=40).words,
                pictures.Bifurcation().show(lr=1.6, start=0.5).words,
                pictures.Mass().show(lr=1.0, momentum=0.9).words,
            ]
    finally:
        lrcourse.use_language("en")
    for en, zh in zip(told["en"], told["zh"], strict=True):
        assert sorted(numbers(en)) == sorted(numbers(zh)) != []
        assert re.search(r"[\u4e00-\u9fff]", zh)
