"""Section 02's pictures: what they draw is what torch steps, or what a training recorded."""

import inspect
import re
from functools import partial

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

import lrcourse
from lrcourse import dynamics, explorers, schedulers, training
from lrcourse.figures import schedulers as pictures
from lrcourse.schedulers import CATALOGUE, build, record


def stepped(name: str, steps: int, what: str = "lr", lr: float = 0.1, **arguments) -> np.ndarray:
    """What torch's own scheduler of this name leaves in the optimizer."""
    metric = schedulers.example_metric(steps) if name == "ReduceLROnPlateau" else None
    return record(build(name, **arguments), steps, lr=lr, metric=metric, what=what)


# --- visualize_schedulers


@pytest.mark.parametrize(("epochs", "lr"), [(100, 0.1), (37, 0.02), (1, 3.0)])
def test_the_four_curves_are_what_torch_steps(epochs, lr):
    figure = lrcourse.visualize_schedulers(epochs=epochs, initial_lr=lr)
    expected = [
        stepped("StepLR", epochs, lr=lr, step_size=30, gamma=0.1),
        stepped("MultiStepLR", epochs, lr=lr, milestones=[30, 60, 80], gamma=0.1),
        stepped("ExponentialLR", epochs, lr=lr, gamma=0.95),
        stepped("CosineAnnealingLR", epochs, lr=lr, T_max=epochs),
    ]
    assert len(figure.axes) == 4
    for ax, rates in zip(figure.axes, expected, strict=True):
        drawn = ax.patches[0].get_data()
        np.testing.assert_allclose(drawn.values, rates, rtol=1e-9)
        np.testing.assert_array_equal(drawn.edges, np.arange(epochs + 1))
        assert ax.get_yscale() == "log"
        low, high = ax.get_ylim()
        assert low < rates.min() and rates.max() < high, "every rate that an epoch used is inside the axis"
        assert f"{rates[-1]:.2g}" in " ".join(text.get_text() for text in ax.texts)
    assert f"{expected[-1][-1]:.3g}" in figure.alt


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"epochs": 0}, "epochs .* got 0"),
        ({"epochs": 2.5}, "epochs .* got 2.5"),
        ({"epochs": True}, "epochs .* got True"),
        ({"initial_lr": -0.1}, "initial_lr .* got -0.1"),
        ({"initial_lr": float("nan")}, "initial_lr .* got nan"),
        ({"initial_lr": float("inf")}, "initial_lr .* got inf"),
    ],
)
def test_bad_input_is_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        lrcourse.visualize_schedulers(**arguments)


# --- Gallery, catalogue, recorded runs


def test_the_gallery_draws_what_torch_steps():
    figure = pictures.gallery()
    assert len(figure.axes) == len(CATALOGUE)
    for ax, (name, entry) in zip(figure.axes, CATALOGUE.items(), strict=True):
        assert ax.get_title(loc="left").replace("\n", "") == name
        np.testing.assert_allclose(ax.lines[0].get_ydata(), stepped(name, 100, **entry.example), rtol=1e-9)
        low, high = ax.get_ylim()
        assert low <= ax.lines[0].get_ydata().min() and ax.lines[0].get_ydata().max() <= high, name


def test_the_catalogue_holds_every_class_of_torch_with_all_its_arguments():
    table = pictures.catalogue()._repr_mimebundle_()
    classes = {
        name: cls
        for name, cls in vars(lr_scheduler).items()
        if inspect.isclass(cls) and issubclass(cls, lr_scheduler.LRScheduler) and not name.startswith("_")
    }
    classes.pop("LRScheduler")
    classes["SWALR"] = torch.optim.swa_utils.SWALR
    for name, cls in classes.items():
        row = re.search(rf"<tbody><tr><td[^>]*><b>{name}</b>.*?</tbody>", table["text/html"]).group()
        line = re.search(rf"^{name}\(.*$", table["text/plain"], re.M).group()
        for argument in set(inspect.signature(cls).parameters) - {"optimizer", "last_epoch"}:
            assert f"<code>{argument}" in row and argument in line, f"{name} {argument}"
    assert table["text/html"].count("<tbody>") == len(classes)


def test_the_catalogue_speaks_both_languages_and_shows_what_is_named():
    english = pictures.catalogue("StepLR")._repr_mimebundle_()
    lrcourse.use_language("zh")
    chinese = pictures.catalogue("StepLR")._repr_mimebundle_()
    for kind in ("text/html", "text/plain"):
        assert "StepLR" in english[kind] and "MultiStepLR" not in english[kind]
        assert not re.search("[\u4e00-\u9fff]", english[kind]) and re.search("[\u4e00-\u9fff]", chinese[kind])
    with pytest.raises(ValueError, match="'StepLr'"):
        pictures.catalogue("StepLr")


def test_a_recorded_curve_is_the_one_that_trained():
    def run(seed):
        model = training.mlp((64, 10), seed=seed)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
        scheduler = lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.5)
        return training.fit(model, training.digits(), optimizer, scheduler, updates=30, batch_size=8, seed=seed)

    histories = [run(0), run(1)]
    above, below = pictures.trained({"StepLR": histories}, smooth=5).axes
    np.testing.assert_array_equal(above.lines[0].get_ydata(), [0.3 * 0.5 ** (t // 7) for t in range(30)])
    updates, loss = below.lines[0].get_data()
    assert updates[0] == 4 and updates[-1] == 29
    assert loss[3] == pytest.approx(np.mean([history.loss[3:8] for history in histories]))

    ax = pictures.cooling_speed({2.0: histories, np.inf: histories[::-1]}).axes[0]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), np.mean([h.test.loss for h in histories]))


# --- Explorers


def test_the_nuclei_and_the_clock_follow_exponential_lr():
    picture = pictures.HalfLife(gamma=0.93, unit="epoch")
    rates = stepped("ExponentialLR", 101, lr=1.0, gamma=0.93)
    per_epoch = slice(None, None, picture.UPDATES)
    np.testing.assert_allclose(picture.rate.get_ydata()[per_epoch], rates, rtol=1e-9)
    np.testing.assert_allclose(picture.path.get_ydata()[per_epoch], np.cumsum(rates) - rates, rtol=1e-9, atol=1e-12)
    left = picture.sample.get_ydata()[per_epoch] * picture.NUCLEI
    error = np.sqrt(picture.NUCLEI * rates * (1 - rates))
    assert (np.abs(left - picture.NUCLEI * rates) <= 4 * error + 1e-9).all(), "binomial fluctuations"
    assert picture.limit.get_ydata()[0] == pytest.approx(1 / 0.07)

    picture.show(gamma=0.93, unit="update")
    assert picture.rate.get_ydata()[picture.UPDATES] == pytest.approx(0.93**picture.UPDATES)
    assert picture.limit.get_ydata()[0] == pytest.approx(1 / 0.07 / picture.UPDATES)


@pytest.mark.parametrize("lr", [0.1, 0.5, 1.5])
def test_the_ball_of_the_restarts_comes_to_the_exact_noise(lr):
    assert pictures._energies(np.full(500, lr))[-1] == pytest.approx(dynamics.noise_variance(lr) / 2, rel=1e-6)


def test_restarts_draw_what_torch_steps_and_mark_each_restart():
    picture = pictures.Restarts(T_0=43, T_mult=2, eta_min=0.01)
    rates = stepped("CosineAnnealingWarmRestarts", 300, lr=0.5, T_0=43, T_mult=2, eta_min=0.01)
    np.testing.assert_allclose(picture.rate.get_ydata(), rates, rtol=1e-9)
    np.testing.assert_array_equal(picture.peaks.get_xdata(), [0, *(np.flatnonzero(np.diff(rates) > 0) + 1)])


@pytest.mark.parametrize("cooldown", [0, 5])
@pytest.mark.parametrize(("noise", "patience", "factor"), [(0.2, 2, 0.1), (0.3, 0, 0.9), (0.2, 8, 0.5), (0.0, 3, 0.1)])
def test_the_controller_is_torchs(noise, patience, factor, cooldown):
    runs = pictures.Controlled(noise, patience, factor, cooldown)
    for run in range(0, runs.RUNS, 5):
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=runs.LR)
        scheduler = lr_scheduler.ReduceLROnPlateau(
            optimizer, patience=patience, factor=factor, cooldown=cooldown, min_lr=runs.MIN_LR
        )
        for t in range(runs.EPOCHS):
            assert runs.lr[t, run] == pytest.approx(scheduler.get_last_lr()[0], rel=1e-9), f"run {run}, epoch {t}"
            scheduler.step(runs.reading[t, run])
            assert runs.cut[t, run] == (scheduler.get_last_lr()[0] < runs.lr[t, run])


def test_a_controller_without_cuts_rests_at_the_exact_noise():
    runs = pictures.Controlled(0.2, 10**6, 0.5, 0)
    assert not runs.cut.any()
    rest = runs.CURVATURE * dynamics.noise_variance(runs.LR, runs.CURVATURE) / 2
    assert pytest.approx(rest) == runs.NEVER
    assert runs.energy[-1] == pytest.approx(rest, rel=0.01)


@pytest.mark.parametrize("cycle_momentum", [True, False])
@pytest.mark.parametrize("three_phase", [True, False])
@pytest.mark.parametrize("anneal_strategy", ["cos", "linear"])
def test_one_cycle_draws_what_torch_steps(anneal_strategy, three_phase, cycle_momentum):
    arguments = dict(
        pct_start=0.27,
        anneal_strategy=anneal_strategy,
        div_factor=12,
        final_div_factor=300.0,
        three_phase=three_phase,
        cycle_momentum=cycle_momentum,
    )
    picture = pictures.OneCycle(**arguments)
    make = partial(lr_scheduler.OneCycleLR, max_lr=1.0, total_steps=100, **arguments)
    rates, momentum = (record(make, 100, what=what) for what in ("lr", "momentum"))
    np.testing.assert_allclose(picture.rate.get_ydata(), rates, rtol=1e-9)
    np.testing.assert_allclose(picture.momentum.get_ydata(), momentum, rtol=1e-9)
    np.testing.assert_allclose(picture.effective.get_ydata(), rates / (1 - momentum), rtol=1e-9)


# --- The browser of schedules


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_browser_draws_what_torch_steps(name):
    explorer = explorers.schedulers.schedule_browser()
    explorer.set(blue_scheduler=name)
    assert explorer.error is None
    shown, arguments = explorer.picture.shown["blue"]
    assert shown == name
    metric = schedulers.example_metric(100) if name == "ReduceLROnPlateau" else None
    rates = record(build(name, **arguments), 100, metric=metric)
    np.testing.assert_allclose(explorer.picture.lines["blue"].get_ydata(), rates, rtol=1e-9)
    assert CATALOGUE[name].trap in explorer.picture.figure.alt
    assert f"last {rates[-1]:.3g}" in explorer.picture.figure.alt
    few = set(explorer.values)
    if "blue_all" in few:
        explorer.set(blue_all=True)
        more = {key.removeprefix("blue_") for key in explorer.values if key.startswith("blue_")}
        assert few < set(explorer.values) and explorer.error is None
        assert {argument.name for argument in CATALOGUE[name].arguments} - more <= {"epochs", "steps_per_epoch"}


def test_the_browser_keeps_the_schedule_that_is_not_edited():
    explorer = explorers.schedulers.schedule_browser()
    explorer.set(blue_step_size=10)
    before = explorer.picture.lines["blue"].get_ydata().copy()
    explorer.set(edit="green")
    explorer.set(green_scheduler="StepLR")
    explorer.set(green_step_size=50)
    np.testing.assert_array_equal(explorer.picture.lines["blue"].get_ydata(), before)
    explorer.set(edit="blue")
    assert explorer.values["blue_scheduler"] == "StepLR" and explorer.values["blue_step_size"] == 10
    np.testing.assert_array_equal(explorer.picture.lines["blue"].get_ydata(), before)
    explorer.reset()
    assert explorer.picture.shown["green"][0] == "CosineAnnealingLR" and explorer.values["blue_step_size"] == 30


def test_two_classes_that_draw_one_curve_reach_the_goal():
    explorer = explorers.schedulers.schedule_browser()
    explorer.set(blue_scheduler="PolynomialLR")
    explorer.set(blue_total_iters=100, blue_power=1.0)
    explorer.set(edit="green")
    explorer.set(green_scheduler="LinearLR")
    explorer.set(green_start_factor=1.0, green_end_factor=0.05, green_total_iters=100)
    assert "✓" not in explorer._goal.value, "5 % apart at the end"
    explorer.set(green_end_factor=0.0)
    assert "✓" in explorer._goal.value and "LinearLR = PolynomialLR" in explorer._goal.value


def test_a_schedule_that_torch_refuses_is_said_and_the_old_curve_stays():
    picture = pictures.Browser()
    picture.show(edit="blue", log=False, blue_scheduler="StepLR", blue_step_size=20)
    before = picture.lines["blue"].get_ydata().copy()
    seen = picture.show(edit="blue", log=False, blue_scheduler="StepLR", blue_step_size=-3)
    assert "no such schedule" in seen.words and "step_size" in seen.words and "-3" in seen.words
    np.testing.assert_array_equal(picture.lines["blue"].get_ydata(), before)
    assert picture.shown["blue"] == ("StepLR", {"step_size": 20})


def test_a_long_run_stays_on_the_picture():
    figure = lrcourse.visualize_schedulers(epochs=2000)
    low, high = figure.axes[0].get_ylim()
    assert high / low <= 10 ** (pictures.DECADES + 1)
    assert f"{0.1 * 0.1**66:.2g}" in figure.axes[0].texts[1].get_text(), "what left the axis is said in words"


@pytest.mark.parametrize(
    ("explorer", "values"),
    [
        ("half_life", {"gamma": 0.955}),
        ("restarts", {"T_0": 20}),
        ("plateau", {"patience": 8, "factor": 0.5}),
        ("one_cycle", {"div_factor": 60}),
    ],
)
def test_a_goal_is_open_at_first_and_can_be_reached(explorer, values):
    explorer = getattr(explorers.schedulers, explorer)()
    assert "✓" not in explorer._goal.value
    explorer.set(**values)
    assert "✓" in explorer._goal.value
