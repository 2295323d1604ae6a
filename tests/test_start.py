"""The start page's eight networks are what torch would have trained."""

import numpy as np
import pytest
import torch

from lrcourse import start
from lrcourse.training import digits


def test_eight_at_once_equal_eight_ordinary_trainings():
    lr = start.SHAPES["linear"](0.4)(np.arange(start.UPDATES))
    loss, accuracy = start.train(lr, networks=3, seed=5)
    data = digits(label_noise=start.WRONG_LABELS)
    parameters, batches = start.initial(3, start.UPDATES, len(data.x), seed=5)
    for k in range(3):
        w1, b1, w2, b2 = (p[k] for p in parameters)
        model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
        with torch.no_grad():
            for p, value in zip(model.parameters(), (w1.T, b1[0], w2.T, b2[0]), strict=True):
                p.copy_(value)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.4)
        scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1e-12, total_iters=start.UPDATES)
        losses = []
        for t in range(start.UPDATES):
            value = torch.nn.functional.cross_entropy(model(data.x[batches[t, k]]), data.y[batches[t, k]])
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            scheduler.step()
            losses.append(value.item())
        np.testing.assert_allclose(loss[:, k], losses, atol=2e-4)
        right = (model(data.x_test).argmax(1) == data.y_test).double().mean().item()
        assert accuracy[k] == pytest.approx(right, abs=2 / len(data.y_test))


def test_only_a_schedule_that_cools_reaches_the_goal():
    """The page says so; it has to hold for other seeds than the page's."""
    from lrcourse.figures.start import GOAL

    grid = np.geomspace(0.03, 1.6, 8)
    for seed in (1, 2):
        best = {
            shape: max(start.train(make(lr)(np.arange(start.UPDATES)), seed=seed).accuracy.mean() for lr in grid)
            for shape, make in start.SHAPES.items()
        }
        assert best["constant"] < GOAL < min(best["linear"], best["cosine"]), best


@pytest.mark.parametrize("lr", [[], [[0.1]], [0.1, -0.1], [0.1, float("nan")]])
def test_a_schedule_that_is_none_is_refused(lr):
    with pytest.raises(ValueError, match="lr must be a row"):
        start.train(lr)
