"""Section 09's module: the recursion is what simulations do, the optimum what a derivation says, the contest fair."""

import json
import os

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lrcourse import curves, physics, training
from lrcourse.physics import NoisyQuadratic
from lrcourse.training.sweep import sweep

VALLEY = dict(curvature=[1.0, 0.3], noise=[0.5, 0.2], start=[1.0, 2.0])


# --- A valley that shakes


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_the_expected_loss_is_what_many_descents_average_to(momentum):
    valley = NoisyQuadratic(**VALLEY, floor=0.3, momentum=momentum)
    lr, batch = np.linspace(0.6, 0, 40) * (1 - momentum), np.linspace(1, 6, 40)
    runs = valley.simulate(lr, batch, runs=8000, seed=1)
    error = runs.std(0, ddof=1) / 8000**0.5
    assert np.abs((runs.mean(0) - valley.loss(lr, batch)) / error).max() < 4


def test_momentum_moves_as_torchs_sgd():
    parameter = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([parameter], lr=0.1, momentum=0.9)
    valley = NoisyQuadratic([0.7], [0.0], [4.0], momentum=0.9)
    expected = []
    for _ in range(30):
        loss = 0.35 * (parameter**2).sum()
        expected.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    np.testing.assert_allclose(valley.loss(np.full(29, 0.1)), expected, rtol=1e-10)


@pytest.mark.parametrize("momentum", [0.0, 0.6])
def test_at_rest_is_where_a_constant_rate_ends(momentum):
    valley = NoisyQuadratic(**VALLEY, floor=0.1, momentum=momentum)
    assert valley.loss(np.full(2000, 0.2), 3)[-1] == pytest.approx(valley.at_rest(0.2, 3), rel=1e-9)
    assert np.isinf(valley.at_rest(2 * (1 + momentum)))
    assert valley.loss(np.full(3000, 2.01 * (1 + momentum)))[-1] > 1e6


def test_several_schedules_at_once_are_the_same_as_one_by_one():
    valley = NoisyQuadratic(**VALLEY)
    lr = np.random.default_rng(0).uniform(0, 1, (3, 2, 12))
    together = valley.loss(lr)
    assert together.shape == (3, 2, 13)
    np.testing.assert_allclose(together[1, 1], valley.loss(lr[1, 1]))


@given(st.integers(1, 33), st.sampled_from([0.0, 0.7]), st.integers(0, 1000))
def test_merging_updates_in_pairs_changes_nothing(steps, momentum, seed):
    valley = NoisyQuadratic(**VALLEY, floor=0.2, momentum=momentum)
    rng = np.random.default_rng(seed)
    lr, batch = rng.uniform(0, 0.5, steps), rng.uniform(1, 9, steps)
    merged = valley._final(torch.from_numpy(lr), torch.from_numpy(batch)).item()
    assert merged == pytest.approx(valley.loss(lr, batch)[-1], rel=1e-9)


def test_a_larger_batch_equals_a_lower_rate_where_steps_are_small():
    valley = NoisyQuadratic([1.0], [1.0], [0.0])
    ratio = [valley.at_rest(lr, 4) / valley.at_rest(lr / 4) for lr in (1e-4, 0.1, 1.5)]
    np.testing.assert_allclose(ratio, [(2 - lr / 4) / (2 - lr) for lr in (1e-4, 0.1, 1.5)], rtol=1e-9)
    assert ratio[0] == pytest.approx(1, abs=1e-3) and ratio[2] > 3


# --- The best schedule


@pytest.mark.parametrize(("curvature", "noise", "start"), [(1.0, 1.0, 25.0), (2.5, 0.3, 1.0), (0.4, 2.0, 3.0)])
def test_autodiff_finds_the_formula_of_one_direction(curvature, noise, start):
    valley = NoisyQuadratic([curvature], [noise], [start])
    expected = physics.one_mode_optimum(40, curvature=curvature, noise=noise, start=start)
    np.testing.assert_allclose(physics.optimum(valley, 40), expected, rtol=1e-3)


def test_nothing_near_the_optimum_is_better():
    valley = physics.power_law(8, noise=0.1)
    best = physics.optimum(valley, 30)
    least, rng = valley.loss(best)[-1], np.random.default_rng(0)
    for size in (1e-3, 0.03, 0.3):
        near = best * np.exp(size * rng.standard_normal((200, 30)))
        assert valley.loss(near)[:, -1].min() > least
    for shape in (np.ones(30), np.linspace(1, 0, 30, endpoint=False)):
        assert physics.best_peak(valley, shape)[1] > least


def test_the_optimum_keeps_below_highest():
    valley = physics.power_law(8, noise=0.01)
    free, bound = physics.optimum(valley, 30), physics.optimum(valley, 30, highest=1.0)
    assert free.max() > 2 and 0.9 < bound.max() <= 1.0
    assert valley.loss(bound)[-1] > valley.loss(free)[-1]


@pytest.mark.parametrize("noise", [0.05, 1.0])
@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_no_shape_under_the_same_limit_beats_the_optimum(noise, exponent):
    steps = 40
    valley = physics.power_law(exponent=exponent, noise=noise)
    least = valley.loss(physics.optimum(valley, steps, highest=2.0))[-1]
    for shape in (np.ones(steps), 3 * np.linspace(1, 0, steps, endpoint=False), np.cos(np.linspace(0, 1.5, steps))):
        peak, loss = physics.best_peak(valley, shape, highest=2.0)
        assert peak * shape.max() <= 2 * (1 + 1e-9)
        assert loss >= least
        assert loss == valley.loss(peak * shape)[-1]


def test_best_peak_is_the_best_of_a_finer_search():
    valley, shape = physics.power_law(8, noise=0.1), np.linspace(1, 0, 50, endpoint=False)
    peak, loss = physics.best_peak(valley, shape)
    others = valley.loss(np.linspace(0.01, 2, 400)[:, None] * shape)[:, -1].min()
    assert loss == pytest.approx(others, rel=0.02) and valley.loss(peak * shape)[-1] == loss


# --- A law


def test_a_law_recovers_what_made_the_curves():
    """Where the truth lies among the curvatures on offer, schedules never seen are predicted to 1e-6."""
    t = np.arange(100)
    lr = np.array([np.full(100, 1.0), np.where(t < 50, 1.0, 0.1), 1 - t / 100])
    offered = np.geomspace(1 / 100, 1, 8)
    truth = NoisyQuadratic(offered[[1, 4, 6]], [0.2, 0.1, 0.3], [4.0, 2.0, 1.0], floor=0.5)
    law = physics.fit_law(lr, truth.loss(lr)[:, :-1], directions=8, smooth=1)
    unseen = 0.7 * np.clip((100 - t) / 30, 0, 1)
    np.testing.assert_allclose(law.loss(unseen), truth.loss(unseen), rtol=1e-6)


def test_the_law_predicts_networks_better_than_the_clock():
    known = physics.known_runs()
    law = physics.fit_law(known.lr[:, 0], known.mean("loss")[:, 0])
    assert (law.noise > 0).any() and (law.start > 0).any() and 0 <= law.floor < 1.3
    unseen = {"linear": physics.rivals()["linear"], "reheat": np.repeat([0.12, 0.012, 0.12], [150, 75, 75])}
    runs = sweep(training.mnist1d(), unseen, seeds=range(950, 958), updates=300, progress=False, **physics.BENCH)
    error = [law.loss(lr)[-1] - final for lr, final in zip(runs.lr[:, 0], runs.mean("train_loss")[:, 0], strict=True)]
    assert np.abs(error).max() < 0.08
    spread = np.ptp(runs.mean("train_loss"))
    assert spread > 0.2, "the two differ by far more than the law is off"


# --- Cooling


def test_the_coolings_begin_and_end_as_they_say():
    families = physics.coolings(0.5, steps=100)
    assert [family[x][0] for family, x in ((families["start"], 2.0), (families["end"], 0.4))] == [1.0, 0.5]
    assert families["end"][1.0][-1] == 0.5 and families["start"][2.0][-1] == pytest.approx(0.01)
    speed = families["speed"][0.4]
    assert speed[0] == 1.0 and speed[40] == pytest.approx(np.exp(-1))


def test_staged_training_is_torchs():
    stages, data, seed = [(0.2, 16, 20), (0.2, 64, 5)], training.mnist1d(), 3
    model = training.mlp(physics.BENCH["model"], torch.nn.ReLU, seed=seed)
    stream = torch.Generator().manual_seed(seed)
    for lr, batch, updates in stages:
        optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        for rows in torch.randint(len(data.x), (updates, batch), generator=stream):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(data.x[rows]), data.y[rows]).backward()
            optimizer.step()
    expected = torch.nn.functional.cross_entropy(model(data.x), data.y).item()
    assert physics.staged(stages, seeds=[2, seed])[1] == pytest.approx(expected, abs=1e-5)


# --- The contest


def made_up(mean, spread, n=32):
    noise = np.random.default_rng(0).standard_normal(n)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    return physics.Score("made up", tuple(mean + spread * noise))


@pytest.mark.parametrize(
    ("standard_errors", "verdict"),
    [(-3.3, "better"), (-3.2, "not distinguishable"), (3.2, "not distinguishable"), (3.3, "worse")],
)
def test_a_verdict_takes_three_standard_errors_and_a_little(standard_errors, verdict):
    assert made_up(standard_errors * 0.01 / 32**0.5, 0.01).verdict == verdict


@pytest.mark.parametrize("seeds", [2, 4, 32])
def test_luck_gives_a_verdict_as_seldom_whatever_the_number_of_seeds(seeds):
    draws = np.random.default_rng(0).standard_normal((200_000, seeds))
    t = draws.mean(1) / (draws.std(1, ddof=1) / seeds**0.5)
    assert 0.7 < (t < -physics.sure(seeds)).mean() * 740.8 < 1.35
    assert physics.Score("one", (-0.1,)).verdict == "not distinguishable"


def test_who_diverges_is_worse_and_told_so():
    score = physics.Score("wild", (-0.5, np.inf, -0.4))
    assert score.verdict == "worse" and "1 of 3 networks diverged" in str(score)


def test_the_contest_pairs_every_schedule_with_the_cosine():
    rivals, seeds = physics.rivals(), range(7, 11)
    scores = physics.contest({"linear": rivals["linear"], "cosine": rivals["cosine"]}, seeds=seeds)
    by_name = {score.name: score for score in scores}
    assert by_name["cosine"].mean == 0 and by_name["cosine"].verdict == "not distinguishable"
    alone = [
        sweep(training.mnist1d(), {"": rivals[name]}, seeds=seeds, updates=300, progress=False, **physics.BENCH)
        for name in ("linear", "cosine")
    ]
    expected = alone[0].train_loss - alone[1].train_loss
    np.testing.assert_allclose(by_name["linear"].differences, expected[0, 0], atol=1e-6)
    assert [score.mean for score in scores] == sorted(score.mean for score in scores)


def test_fresh_seeds_are_fresh():
    first, second = physics.fresh_seeds(8), physics.fresh_seeds(8)
    assert min(first) >= physics.TUNED_ON and len(first) == 8 and first != second


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (np.full(450, 0.1), "must spend 300 updates, as the cosine does; it has 450"),
        (0.1, "must spend 300 updates"),
        (lambda t: 0.1 - t / 1000, "negative"),
        (np.full(300, np.nan), "finite"),
    ],
)
def test_what_is_no_entry_is_refused_and_leaves_no_board(schedule, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        physics.beat_cosine(schedule, seeds=2, board=tmp_path / "board.json")
    assert not list(tmp_path.iterdir())


def test_a_second_try_is_pooled_and_another_schedule_is_not(tmp_path):
    board, line = tmp_path / "board.json", curves.linear_to_zero(0.12, 300)
    first = physics.beat_cosine(line, name="line", seeds=2, board=board)
    again = physics.beat_cosine(line, name="line, again", seeds=3, board=board)
    assert again.differences[:2] == first.differences and len(again.differences) == 5
    physics.beat_cosine(curves.constant(0.12), name="hot", seeds=2, board=board)
    assert [score.name for score in physics.leaderboard(board)] == ["line, again", "hot"]
    assert [path.name for path in tmp_path.iterdir()] == ["board.json"]


def test_seeds_may_be_named_but_not_those_for_tuning(tmp_path):
    line = curves.linear_to_zero(0.12, 300)
    (expected,) = physics.contest({"line": line}, seeds=range(20_000, 20_002))
    assert physics.beat_cosine(line, name="line", seeds=range(20_000, 20_002)) == expected
    with pytest.raises(ValueError, match="seeds below 10000 are for tuning"):
        physics.beat_cosine(line, seeds=range(4), board=tmp_path / "board.json")


def test_a_seed_counts_once_however_often_it_is_run(tmp_path):
    board, line = tmp_path / "board.json", curves.linear_to_zero(0.12, 300)
    first = physics.beat_cosine(line, seeds=range(20_000, 20_002), board=board)
    assert physics.beat_cosine(line, seeds=range(20_000, 20_002), board=board) == first
    with pytest.raises(ValueError, match="board must lie in a folder"):
        physics.beat_cosine(line, seeds=2, board=tmp_path / "nowhere/board.json")


def test_plans_that_cannot_be_are_refused_before_anything_is_trained():
    for stages in ([], [(0.1, 32, 5), (0.1, 32, 0)]):
        with pytest.raises(ValueError, match=r"stage|updates"):
            physics.staged(stages, seeds=1)
    valley = physics.power_law(2)
    with pytest.raises(ValueError, match="one schedule"):
        valley.simulate(np.full((2, 2), 0.1), runs=3)
    with pytest.raises(ValueError, match="batch must be"):
        physics.optimum(valley, 3, batch=np.ones((2, 3)))


def test_the_board_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    board = tmp_path / "board.json"
    physics._write(board, {"k": {"name": "old", "differences": {"1": 1.0, "2": 2.0}}})
    before = board.read_bytes()

    def cut(*_):
        raise OSError("the power went")

    monkeypatch.setattr(os, "replace", cut)
    with pytest.raises(OSError, match="the power"):
        physics._write(board, {})
    assert board.read_bytes() == before and [path.name for path in tmp_path.iterdir()] == ["board.json"]


@pytest.mark.parametrize("content", ["", "[]", '{"format": "x", "entries": {}}', json.dumps({"entries": 1})])
def test_a_foreign_file_is_refused_and_left_alone(content, tmp_path):
    board = tmp_path / "board.json"
    board.write_text(content)
    with pytest.raises(ValueError, match="is no leaderboard"):
        physics.beat_cosine(curves.constant(0.1), seeds=2, board=board)
    assert board.read_text() == content


def test_there_is_no_board_before_the_first_entry(tmp_path):
    with pytest.raises(FileNotFoundError, match="beat_cosine"):
        physics.leaderboard(tmp_path / "none.json")


def test_the_computed_schedule_beats_the_cosine():
    (score,) = physics.contest({"computed": physics.computed_optimum()}, seeds=range(40_000, 40_024))
    assert score.verdict == "better"


# --- Arguments


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NoisyQuadratic([0.0], [1.0], [1.0]), "curvature must be positive"),
        (lambda: NoisyQuadratic([1.0], [-1.0], [1.0]), "noise must be a row of finite numbers, none negative"),
        (lambda: NoisyQuadratic([1.0], [1.0, 1.0], [1.0]), "equally many"),
        (lambda: NoisyQuadratic([1.0], [1.0], [1.0], momentum=1.0), "momentum must lie in"),
        (lambda: NoisyQuadratic(**VALLEY).loss([0.1, -0.1]), "lr must be finite learning rates"),
        (lambda: NoisyQuadratic(**VALLEY).loss(0.1), "one for each update"),
        (lambda: NoisyQuadratic(**VALLEY).loss([0.1, 0.1], [1, 2, 3]), "one for each of 2 updates"),
        (lambda: NoisyQuadratic(**VALLEY).loss([0.1], 0), "batch must be a positive number"),
        (lambda: physics.power_law(noise=-1), "noise must be a finite number, not negative"),
        (lambda: physics.optimum(NoisyQuadratic(**VALLEY), 0), "steps must be a positive whole number"),
        (lambda: physics.optimum(NoisyQuadratic([1.0], [1.0], [0.0]), 5), "must have noise and a start"),
        (lambda: physics.fit_law(np.ones((2, 50)), np.ones((3, 50))), "one shape"),
        (lambda: physics.fit_law(np.ones((1, 15)), np.ones((1, 15))), "too few"),
        (lambda: physics.fit_law(np.zeros((1, 50)), np.ones((1, 50))), "lr must be above 0 somewhere, got zeros only"),
        (lambda: physics.fit_law(-np.ones((1, 50)), np.ones((1, 50))), "lr must be finite learning rates, none neg"),
        (lambda: physics.best_peak(NoisyQuadratic(**VALLEY), [1.0], highest=0.0), "highest must be a positive"),
        (lambda: physics.best_peak(NoisyQuadratic(**VALLEY), [0.0, 0.0]), "shape must be a row of finite factors"),
        (lambda: physics.staged([(0.1, 0, 5)]), "batch size of each of stages must be a positive whole number"),
        (lambda: physics.contest({"a": curves.constant(0.1)}, seeds=[1]), "two at least"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
