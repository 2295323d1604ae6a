"""Section 03's checks: right answers written another way pass, and the references are torch's and the package's own."""

import numpy as np
import pytest
from torch.optim.lr_scheduler import LinearLR, StepLR

import lrcourse
from lrcourse import curves, words
from lrcourse.checks import EXERCISES, NotYet, check, load, probe
from lrcourse.checks import warmup as checks
from lrcourse.schedulers import record

load()
IDS = ("03.1", "03.2", "03.3", "03.4")


@pytest.fixture(autouse=True)
def english():
    words.use_language("en")
    yield
    words.use_language("en")


def case(id, seed=0):
    return EXERCISES[id].draw(np.random.default_rng(seed))[0]


def usual(id):
    return EXERCISES[id].judge.__self__


def test_the_reference_of_03_1_is_what_torchs_linear_lr_does():
    drawn = case("03.1")
    w = drawn["warmup"]
    by_torch = record(lambda o: LinearLR(o, start_factor=1 / (w + 1), total_iters=w), drawn["updates"], lr=1.0)
    np.testing.assert_allclose(usual("03.1").right(drawn), by_torch)


def test_the_reference_of_03_2_is_transformer_lr_scheduler():
    drawn = case("03.2")
    ours = record(
        lambda o: lrcourse.TransformerLRScheduler(o, drawn["d_model"], drawn["warmup_steps"]),
        drawn["updates"],
        lr=[1.0, 2.0],
    )
    np.testing.assert_allclose(usual("03.2").right(drawn), ours)


def test_the_reference_of_03_3_is_what_warmup_scheduler_does():
    drawn = case("03.3")
    seen = checks.run_handover(lrcourse.WarmupScheduler, drawn)
    expected = usual("03.3").right(drawn)
    for name, trace in expected.items():
        np.testing.assert_allclose(seen[name], trace)
    np.testing.assert_allclose(expected["resumed"], expected["one run"][drawn["cut"] :])


def test_every_right_answer_passes_however_it_is_written(capsys):
    def vectorised(t, warmup):
        return np.minimum(np.float32(t + 1) / (warmup + 1), 1)

    check("03.1", vectorised, seed=1)
    check("03.1", lambda t, warmup: curves.linear_warmup(1, warmup)(t), seed=1)
    check("03.2", lambda d, w, base: (1 / base) * curves.transformer(d, w), seed=1)
    check("03.3", lrcourse.WarmupScheduler, seed=1)

    def by_hand(train, peak, lengths, limit):
        for w in sorted(lengths):
            losses = train([peak * min((t + 1) / (w + 1), 1) for t in range(200)])
            if max(np.nan_to_num(losses, nan=np.inf)) < limit:
                return w
        return None

    check("03.4", by_hand, seed=1)
    assert capsys.readouterr().out.count("✓") == 5


def test_another_training_than_the_expected_ones_is_really_run():
    drawn = {"network": "tanh", "peak": 4}
    train = checks.trainer(drawn["network"], drawn["peak"])
    ramp = checks.ramp(4, 10)
    np.testing.assert_array_equal(train(ramp), checks.losses("tanh", 4, 10))
    gentle = train(ramp / 8)
    assert np.isfinite(gentle).all() and (gentle != train(ramp)).all()
    with pytest.raises(ValueError, match="rates must be"):
        train([-1.0])


def test_networks_of_03_4_fail_in_both_ways_and_never_near_the_limit():
    results = {
        (network, peak, w): checks.losses(network, peak, w)
        for network, (_, peaks) in checks.NETWORKS.items()
        for peak in peaks
        for w in checks.LENGTHS
    }
    values = np.array(list(results.values()))
    assert np.isnan(values).any(), "some diverge"
    finite = values[np.isfinite(values)]
    assert (finite > 2 * checks.LIMIT).any(), "some are finite and dead"
    assert not ((finite > 0.9 * checks.LIMIT) & (finite < 1.1 * checks.LIMIT)).any()
    for network, (_, peaks) in checks.NETWORKS.items():
        for peak in peaks:
            assert any((results[network, peak, w] < checks.LIMIT).all() for w in checks.LENGTHS), (
                "one of them always does"
            )


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize("answer", [lambda *_: None, lambda *_: float("nan"), lambda *_: "soon", lambda: 1])
def test_nonsense_is_refused_in_one_line(id, answer):
    with pytest.raises(NotYet) as caught:
        check(id, answer, seed=0)
    assert str(caught.value).startswith(f"✗ {id} ") and "\n" not in str(caught.value)


def test_a_judge_knows_a_resumed_run_from_a_whole_one():
    drawn = EXERCISES["03.3"].draw(np.random.default_rng(2))
    seen = probe("03.3", lrcourse.WarmupScheduler, 2)
    assert EXERCISES["03.3"].judge(drawn, seen) is None
    seen[0]["resumed"][1][1] *= 1.01
    assert EXERCISES["03.3"].judge(drawn, seen).startswith("Warmup(optimizer, ")
    assert "resumed, update 1, group 1" in EXERCISES["03.3"].judge(drawn, seen)


def test_step_lr_closed_form_of_the_check_is_torchs():
    drawn = case("03.3")
    stepped = record(lambda o: StepLR(o, drawn["step_size"], drawn["gamma"]), 12, lr=1.0)
    np.testing.assert_allclose([checks.cooled(k, 1.0, drawn) for k in range(12)], stepped)
