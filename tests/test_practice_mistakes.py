"""The gallery of mistakes: each loop has its one finding, its right twin none, and costs are of real trainings."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD

from lrcourse import training, words
from lrcourse.practice import mistakes
from lrcourse.practice.mistakes import MISTAKES
from lrcourse.practice.rules import RULES


def test_every_code_has_its_loop_and_nothing_else_is_said_of_it():
    assert list(MISTAKES) == [rule.__name__.replace("_", "-") for rule in RULES]
    for code, mistake in MISTAKES.items():
        assert [found for report in mistake.reports for found in report.codes] == [code]
        assert len(mistake.used) == len(mistake.meant) == mistakes.UPDATES
        right = mistakes._watched(mistake.right, mistake.planned)
        assert not any(report.codes for report in right), code
        for language in words.LANGUAGES:
            words.use_language(language)
            try:
                assert mistake.finding.message in str(mistake) and code in mistake._repr_html_()
            finally:
                words.use_language("en")
        assert "noqa" not in mistake.source and mistake.source.count("\n") <= 16


@pytest.mark.parametrize("code", ["plateau-without-metric", "resume-mismatch"])
def test_the_single_weight_uses_the_rates_of_a_real_network(code):
    data, seen = training.mnist1d(), []
    for loop in (MISTAKES[code].wrong, MISTAKES[code].right):
        model = training.mlp((40, 32, 32, 10), nn.ReLU, seed=0)
        loader = list(zip(data.x.split(40), data.y.split(40), strict=True))

        def train(optimizer, batch, model=model):
            optimizer.zero_grad()
            loss = cross_entropy(model(batch[0]), batch[1])
            loss.backward()
            optimizer.step()
            return loss.detach()

        reports = mistakes.recorded(loop, SGD(model.parameters(), lr=0.1, momentum=0.9), loader, train, False)
        seen.append(np.concatenate([report.lr[:, 0] for report in reports]))
    np.testing.assert_allclose(seen[0], MISTAKES[code].used)
    np.testing.assert_allclose(seen[1], MISTAKES[code].meant)


def test_a_cost_is_a_paired_difference_of_real_trainings():
    cost = mistakes.costs(["stepped-per-epoch"], range(3))["stepped-per-epoch"]
    by_torch = [mistakes._trained(lr, 1)[1] for lr in (MISTAKES["stepped-per-epoch"].used,
                                                      MISTAKES["stepped-per-epoch"].meant)]  # fmt: skip
    assert cost.difference[1] == pytest.approx(by_torch[0] - by_torch[1], abs=2e-3)
    assert cost.mean == pytest.approx(cost.difference.mean())
    assert cost.error == pytest.approx(cost.difference.std(ddof=1) / 3**0.5)
    assert cost.mean > 10 * cost.error


def test_what_climbs_is_lost():
    cost = mistakes.costs(["negative-lr"], range(2))["negative-lr"]
    assert not np.isfinite(cost.difference).any()
    assert np.isfinite(cost.right).all()


def test_a_trial_runs_a_loop_of_accumulated_batches():
    def loop(optimizer, loader, epochs, backward):
        for _ in range(epochs):
            for i, batch in enumerate(loader):
                backward(batch)
                if i % 4 == 3:
                    optimizer.step()

    assert mistakes.trial(loop, accumulate=4).updates == 12
    assert torch.is_grad_enabled()
