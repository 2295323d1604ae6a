"""Section 09's checks: right answers of any kind pass, the references are the module's, luck is refused."""

import numpy as np
import pytest

from lrcourse import physics, words
from lrcourse.checks import NotYet, Unsolved, check
from lrcourse.checks import physics as checks

SEEDS = range(3)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_courses_own_recursion_passes(seed, capsys):
    check(
        "09.1",
        lambda lrs, curvature, noise, start: physics.NoisyQuadratic(curvature, noise, start).loss(lrs),
        seed=seed,
    )
    assert capsys.readouterr().out.startswith("✓ 09.1")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_grown_plan_keeps_examples_and_noise(seed):
    def grow(stages, batch_size):
        lr = stages[0][0]
        return np.array([(lr, batch_size * lr / each, n * each / lr) for each, n in stages])

    check("09.2", grow, seed=seed)
    case = checks.draw_stages(np.random.default_rng(seed))
    right = checks.grown(case)
    for (lr, updates), new_lr, batch, n in zip(case["stages"], *right.values(), strict=True):
        assert batch * n == pytest.approx(case["batch_size"] * updates), "as many examples"
        assert new_lr / batch == pytest.approx(lr / case["batch_size"]), "as much noise"
        assert [n, batch] == pytest.approx([round(n), round(batch)], rel=1e-9), "whole numbers"


def test_a_plan_that_was_run_in_another_language_is_judged_alike():
    cases = checks.growing.draw(np.random.default_rng(0))
    seen = checks.growing.probe(lambda stages, batch: [(lr, batch, n) for lr, n in stages], cases)
    words.use_language("zh")
    assert "批大小没有增大" not in checks.judge_grow.judge(cases, seen)
    assert "学习率" in checks.judge_grow.judge(cases, seen)


def test_the_hidden_model_is_predicted_by_who_knows_the_columns():
    case = checks.draw_prediction(np.random.default_rng(5))
    others = checks.Columns().of(case["lrs"], case["curvature"])
    assert others.shape == (checks.LENGTH, 13)
    weights = np.linalg.lstsq(others, case["_losses"], rcond=None)[0]
    np.testing.assert_allclose(others @ weights, case["_losses"], rtol=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_a_prediction_a_little_off_passes_and_one_further_off_does_not(seed):
    case = checks.draw_prediction(np.random.default_rng(seed))
    right = np.array(case["_losses"])
    assert checks.judge_prediction.judge(case, (right * 1.004).tolist()) is None
    assert "expected" in checks.judge_prediction.judge(case, (right * 1.006).tolist())
    late = checks.judge_prediction.judge(case, [right[0], *right[:-1]])
    assert "one update late" in late


def test_what_is_no_prediction_is_told_so():
    case = checks.draw_prediction(np.random.default_rng(0))
    assert "return" in checks.judge_prediction.judge(case, None)
    assert "59 updates" in checks.judge_prediction.judge(case, [1.0] * 59)
    assert "nan" in checks.judge_prediction.judge(case, [float("nan")] * 60)


@pytest.mark.parametrize("id", ["09.1", "09.2", "09.3", "09.4"])
def test_a_stub_is_unsolved(id):
    def stub(*_):
        raise NotImplementedError

    with pytest.raises(Unsolved):
        check(id, stub)


def test_a_plain_line_passes_and_too_hot_is_told_so():
    check("09.4", lambda: 0.12 * (1 - np.arange(300) / 300), seed=0)
    with pytest.raises(NotYet, match=r"too hot|ends hot"):
        check("09.4", lambda: [50.0] * 300, seed=0)


def test_the_seeds_of_a_check_are_not_those_one_tunes_on():
    firsts = {checks.judge_design.draw(np.random.default_rng(seed))["_first"] for seed in range(50)}
    assert min(firsts) >= physics.TUNED_ON and len(firsts) == 50


def test_a_schedule_as_good_as_the_cosine_is_refused_for_want_of_evidence(monkeypatch):
    rng = np.random.default_rng(0)
    monkeypatch.setattr(checks, "losses_of", lambda lrs, first: rng.normal(1.3, 0.02, checks.NETWORKS))
    lrs = (0.1 * (1 - np.arange(300) / 300)).tolist()
    verdicts = [checks.judge_design.judge({"_first": 0}, lrs) for _ in range(300)]
    assert sum(verdict is None for verdict in verdicts) <= 4
    assert sum("luck of a few seeds" in (verdict or "") for verdict in verdicts) > 290


@pytest.mark.parametrize(
    ("lrs", "message"),
    [([0.1] * 299, "299 updates"), (["a"] * 300, "something else than numbers"), (None, "return")],
)
def test_what_is_no_schedule_is_told_so(lrs, message):
    assert message in checks.judge_design.judge({"_first": 0}, lrs)
