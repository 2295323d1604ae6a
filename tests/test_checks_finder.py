"""Section 07's checks: right answers of any kind pass, a learner's model may be any, and each rule refuses."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.optim import SGD, AdamW

from lrcourse import find_lr, training
from lrcourse.checks import NotYet, Unsolved, check
from lrcourse.checks import finder as checks
from lrcourse.figures.finder import average
from lrcourse.finder import Finder, RangeTest

SEEDS = range(2)


def batches(inputs=64, outputs=10, n=6):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, 32, inputs, generator=generator)
    if outputs == 1:
        return [(each, each[:, :1] - each[:, 1:2]) for each in x]
    return [(each, each[:, :outputs].argmax(1)) for each in x]


def classifier(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    return model, batches(), cross_entropy, SGD(model.parameters(), lr=0.1, momentum=0.9)


def grouped(seed):
    """Regression, two param groups with rates of their own, AdamW, batch norm."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Tanh(), nn.Linear(16, 1))
    groups = [{"params": model[:3].parameters(), "lr": 1e-3}, {"params": model[3:].parameters(), "lr": 5e-3}]
    return model, batches(8, 1), mse_loss, AdamW(groups)


def choose(*parts):
    return find_lr(*parts, num_steps=60, seeds=3).suggested_lr


def by_pieces(model, loader, criterion, optimizer):
    """Right, by way of Finder, and with another rule."""
    with Finder(model, loader, criterion, optimizer, 1e-6, 10, 60) as finder:
        runs = []
        for seed in range(4):
            finder.restart(seed)
            list(finder)
            runs.append(finder.run)
        return RangeTest(tuple(runs), finder.ratios, "minimum/10").suggested_lr


def test_the_average_of_07_1_is_the_pictures():
    case = checks.draw_losses(np.random.default_rng(0))
    np.testing.assert_allclose(checks.averaged(case), average(case["losses"], case["beta"]))
    check("07.1", lambda losses, beta: average(losses, beta), seed=0)


@pytest.mark.parametrize(("build", "choose"), [(classifier, choose), (grouped, choose), (classifier, by_pieces)])
def test_any_model_passes(build, choose, capsys):
    check("07.2", (build, choose), seed=0)
    assert capsys.readouterr().out.startswith("✓ 07.2")


@pytest.mark.parametrize("id", ["07.1", "07.3", "07.4"])
def test_a_stub_is_unsolved(id):
    def stub(*_):
        raise NotImplementedError

    with pytest.raises(Unsolved):
        check(id, stub)
    with pytest.raises(Unsolved):
        check("07.2", (classifier, stub))
    with pytest.raises(Unsolved):
        check("07.2", (stub, choose))


def unseeded(seed):
    model = nn.Linear(64, 10)
    return model, batches(), cross_entropy, SGD(model.parameters(), lr=0.1)


def strangers(seed):
    model = classifier(seed)[0]
    return model, batches(), cross_entropy, SGD(nn.Linear(2, 2).parameters(), lr=0.1)


def once(seed):
    model, loader, *others = classifier(seed)
    return (model, iter(loader), *others)


def hopeless(seed):
    """Targets that have nothing to do with the inputs."""
    model, loader, *others = classifier(seed)
    generator = torch.Generator().manual_seed(1)
    many = [(torch.zeros_like(x), torch.randint(10, y.shape, generator=generator)) for x, y in loader * 10]
    return (model, many, *others)


def narrow(model, loader, criterion, optimizer):
    return find_lr(model, loader, criterion, optimizer, 0.01, 0.1, 30, seeds=3).suggested_lr


def evaluates(model, loader, criterion, optimizer):
    found = choose(model, loader, criterion, optimizer)
    model.eval()
    return found


@pytest.mark.parametrize(
    ("build", "choose", "message"),
    [
        (lambda seed: classifier(seed)[:3], choose, "has to return four things"),
        (unseeded, choose, "two different models for the same seed"),
        (strangers, choose, "holds no parameter of its model"),
        (once, choose, "can be read only once"),
        (hopeless, lambda *parts: choose(*parts), "learns nothing|is too|where the loss turns"),
        (classifier, narrow, r"go from 0\.01 to 0\.1 only"),
        (classifier, evaluates, "left its traces in training or evaluation mode"),
        (classifier, lambda *parts: choose(*parts) and None, "return a learning rate above 0"),
        (classifier, lambda *parts: find_lr(*parts, num_steps=60, seeds=3).suggested_lr / 100, "is too low"),
        (classifier, lambda *parts: 20 * choose(*parts), "where a test ended|where the loss turns"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_search_is_told(build, choose, message):
    with pytest.raises(NotYet, match=message):
        check("07.2", (build, choose), seed=0)


def test_too_high_is_told_by_the_outcome():
    """What the procedure cannot see: losses of trainings decide."""
    tests = [[lr, 2.0 - lr if lr < 1 else 9.0] for lr in np.geomspace(1e-4, 10, 50)]
    run = {"lr": 0.1, "updates": tests * 3, "changed": []}
    seen = {"models": [[1.0], [1.0], [2.0]], "runs": [run, run]}
    losses = {0.1: 0.5, 0.3: 1.0, 1.0: 2.0, 3.0: np.inf, 10.0: np.inf}
    seen["trained"] = [[[2.3, losses[factor]]] * 2 for factor in checks.FACTORS]
    assert "0.1 is too high" in checks.judge_own.judge({}, seen)
    seen["trained"] = [[[2.3, 0.6]] * 2 for _ in checks.FACTORS]
    assert checks.judge_own.judge({}, seen) is None


def test_runs_are_told_apart_where_the_rate_falls():
    once = [[lr, 1.0] for lr in np.geomspace(1e-4, 1, 20)]
    assert [len(test) for test in checks.tests_of(once * 3)] == [20] * 3
    valley = np.array([[lr, abs(np.log10(lr) + 1)] for lr in np.geomspace(1e-4, 10, 400)])
    assert checks.turn_of(valley) == pytest.approx(0.1, rel=0.3)


@pytest.mark.parametrize("seed", SEEDS)
def test_our_own_finder_passes_as_a_range_test(seed):
    def range_test(model, loader, criterion, optimizer, lrs):
        for group in optimizer.param_groups:
            group["initial_lr"] = 1.0  # one rate for all groups
        with Finder(model, loader, criterion, optimizer, lrs[0], lrs[-1], len(lrs), stop_factor=np.inf) as finder:
            finder.lrs = np.array(lrs)
            return [point.loss for point in finder]

    check("07.3", range_test, seed=seed)


def test_curves_of_07_4_are_of_five_kinds():
    for seed in range(20):
        case = checks.draw_curves(np.random.default_rng(seed))
        right = [checks.reading(case["lrs"], curve, case["noise"]) for curve in case["curves"]]
        assert sum(value == 0 for value in right) == 2
        holed = [curve for curve in map(np.array, case["curves"]) if np.isnan(curve).any()]
        assert len(holed) == 2
        kept = [curve[: np.isnan(curve).argmax()] for curve in holed]
        assert sum(curve.argmin() == len(curve) - 1 for curve in kept) == 1, "the last before a cut, not of the range"


def test_training_is_at_the_rate_that_is_judged():
    rates = []

    def build(seed):
        model, loader, criterion, optimizer = grouped(seed)
        optimizer.register_step_pre_hook(lambda o, *_: rates.append([group["lr"] for group in o.param_groups]))
        return model, loader, criterion, optimizer

    first, last = checks.trained(build, 0, 0.02)
    np.testing.assert_allclose(rates, [[0.02, 0.1]] * checks.UPDATES)
    assert last < first
    assert np.isinf(checks.trained(build, 0, 1e20)[1])
    assert training.digits().x.shape == (1200, 64), "what the card says"
