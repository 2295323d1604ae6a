"""Data, models and the one training loop, against loops written out by hand."""

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.optim import SGD, Adagrad, Adam
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

from lrcourse.training import Dataset, Score, digits, evaluate, fit, mlp, mnist1d

SMALL = Dataset(*(part[:60] for part in digits()))


class Ramp(nn.Module):
    """One weight w that the model returns for every input: with the loss below, an update takes away exactly lr."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, x):
        return self.w.expand(len(x))


def output(prediction, target):
    return prediction.mean()


# --- Data ------------------------------------------------------------------------------------------------


def test_digits_are_scikit_learns():
    from sklearn.datasets import load_digits

    ours, (x, y) = digits(train=1000, seed=3), load_digits(return_X_y=True)
    assert [tuple(part.shape) for part in ours] == [(1000, 64), (1000,), (797, 64), (797,)]
    assert (ours.x.dtype, ours.y.dtype) == (torch.float32, torch.int64)
    assert ours.x.mean().item() == pytest.approx(0, abs=1e-5)
    assert ours.x.std().item() == pytest.approx(1, abs=1e-5)
    together = torch.cat([ours.x, ours.x_test]), torch.cat([ours.y, ours.y_test])
    scale, shift = np.polyfit(np.sort(together[0].sum(1).numpy()), np.sort(x.sum(1)), 1)
    np.testing.assert_allclose(
        np.sort(together[0].sum(1).numpy()) * scale + shift, np.sort(x.sum(1)), atol=1e-2
    )
    np.testing.assert_array_equal(torch.bincount(together[1]).numpy(), np.bincount(y))


def test_mnist1d_is_what_its_authors_package_computes():
    from tools.mnist1d import computed

    state = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        theirs = computed()  # seeds both
    finally:
        random.setstate(state[0])
        np.random.set_state(state[1])  # noqa: NPY002
    made = mnist1d()
    assert [tuple(part.shape) for part in made] == [(4000, 40), (4000,), (1000, 40), (1000,)]
    assert torch.bincount(torch.cat([made.y, made.y_test])).tolist() == [500] * 10
    mean, std = theirs["x"].mean(dtype=float), theirs["x"].std(dtype=float, ddof=1)
    for part, name in ((made.x, "x"), (made.x_test, "x_test")):
        np.testing.assert_allclose(part, (theirs[name] - mean) / std, atol=1e-5)
    np.testing.assert_array_equal(made.y, theirs["y"])
    np.testing.assert_array_equal(made.y_test, theirs["y_test"])


@pytest.mark.parametrize("load", [digits, mnist1d])
def test_data_depend_on_their_seed_alone(load):
    for a, b in zip(load(seed=1, label_noise=0.1), load(seed=1, label_noise=0.1), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(load(seed=1, label_noise=0.1).y, load(seed=2, label_noise=0.1).y)


@pytest.mark.parametrize("load", [digits, mnist1d])
def test_label_noise_draws_a_share_of_the_training_labels_anew(load):
    clean, noisy = load(), load(label_noise=0.4)
    assert (clean.y != noisy.y).float().mean().item() == pytest.approx(0.4 * 0.9, abs=0.05)
    assert torch.equal(clean.y_test, noisy.y_test)
    assert torch.equal(clean.x, noisy.x)


# --- Models ----------------------------------------------------------------------------------------------


def test_mlp_is_what_torch_builds_under_that_seed():
    state = torch.get_rng_state()
    ours = mlp((5, 4, 3), nn.ReLU, seed=7)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(7)
    theirs = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
    assert str(ours) == str(theirs)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(a, b)


# --- The learning rate on the plot is the learning rate that trained ---------------------------------------


def two_groups(module_or_parameters, optimizer=SGD, **kwargs):
    parameters = list(module_or_parameters)
    half = len(parameters) // 2
    return optimizer(
        [{"params": parameters[:half]}, {"params": parameters[half:], "lr": 0.01}], lr=0.2, **kwargs
    )


def chain(optimizer):
    parts = [LambdaLR(optimizer, lambda t: (t + 1) / 6), CosineAnnealingLR(optimizer, 20)]
    return SequentialLR(optimizer, parts, [5])


@pytest.mark.parametrize(
    "make",
    [
        lambda o: StepLR(o, 7, 0.5),
        lambda o: LambdaLR(o, [lambda t: 0.9**t, lambda t: 1 / (1 + t)]),
        lambda o: OneCycleLR(o, [0.3, 0.2], total_steps=30),
        chain,
    ],
    ids=["step", "lambda", "onecycle", "sequential"],
)
def test_history_holds_what_the_scheduler_set_by_hand(make):
    optimizer = two_groups(mlp((64, 8, 10)).parameters(), momentum=0.9)
    scheduler = make(optimizer)
    lrs, momenta = [], []
    for _ in range(30):
        lrs.append([group["lr"] for group in optimizer.param_groups])
        momenta.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        scheduler.step()

    model = mlp((64, 8, 10))
    optimizer = two_groups(model.parameters(), momentum=0.9)
    history = fit(model, SMALL, optimizer, make(optimizer), updates=30, batch_size=16)
    np.testing.assert_allclose(history.lrs, lrs, rtol=1e-12)
    np.testing.assert_allclose(history.momentum, momenta, rtol=1e-12)
    np.testing.assert_array_equal(history.lr, history.lrs[:, 0])
    np.testing.assert_allclose(history.tau, [sum(r[0] for r in lrs[:t]) for t in range(30)], atol=1e-12)


@pytest.mark.parametrize("step_every", ["update", "epoch"])
def test_the_recorded_learning_rate_is_the_one_that_moved_the_weights(step_every):
    model = Ramp()
    optimizer = SGD(model.parameters(), lr=0.5)
    scheduler = ExponentialLR(optimizer, 0.8)
    history = fit(
        model, SMALL, optimizer, scheduler, updates=20, batch_size=25, loss=output, step_every=step_every
    )
    moved = -np.diff([*history.loss, model.w.item()])
    np.testing.assert_allclose(history.lr, moved, rtol=1e-9)
    unit = 1 if step_every == "update" else 3  # 60 examples in batches of 25
    assert history.updates_per_epoch == 3
    np.testing.assert_allclose(moved, 0.5 * 0.8 ** (np.arange(20) // unit), rtol=1e-9)


def test_a_tensor_learning_rate_and_adams_beta1_are_recorded():
    model = mlp((64, 10))
    optimizer = Adam(model.parameters(), lr=torch.tensor(0.01), betas=(0.8, 0.99))
    history = fit(model, SMALL, optimizer, updates=3)
    np.testing.assert_allclose(history.lr, 0.01, rtol=1e-6)
    np.testing.assert_allclose(history.momentum, 0.8)
    assert np.isnan(fit(model, SMALL, Adagrad(model.parameters()), updates=2).momentum).all()


# --- The loop ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [None, 16])
def test_fit_is_the_loop_one_would_write(batch_size):
    model, ours = mlp((64, 8, 10)), mlp((64, 8, 10))
    optimizer = SGD(model.parameters(), lr=0.3, momentum=0.9)
    scheduler = CosineAnnealingLR(optimizer, 25)
    generator, losses = torch.Generator().manual_seed(4), []
    for _ in range(25):
        rows = torch.randint(60, (16,), generator=generator) if batch_size else slice(None)
        loss = cross_entropy(model(SMALL.x[rows]), SMALL.y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())

    optimizer = SGD(ours.parameters(), lr=0.3, momentum=0.9)
    scheduler = CosineAnnealingLR(optimizer, 25)
    history = fit(ours, SMALL, optimizer, scheduler, updates=25, batch_size=batch_size, seed=4)
    np.testing.assert_array_equal(history.loss, losses)
    for a, b in zip(ours.parameters(), model.parameters(), strict=True):
        assert torch.equal(a, b)
    with torch.no_grad():
        assert history.train.loss == cross_entropy(model(SMALL.x), SMALL.y).item()
        hits = (model(SMALL.x_test).argmax(1) == SMALL.y_test).double().mean().item()
    assert history.test.accuracy == pytest.approx(hits)
    assert history.diverged is None


def test_fit_learns_the_digits():
    model = mlp((64, 32, 10))
    history = fit(model, digits(), SGD(model.parameters(), lr=0.1, momentum=0.9), updates=200, batch_size=32)
    assert history.test.accuracy > 0.93
    assert history.test == evaluate(model, *digits()[2:])


def test_batches_are_drawn_with_replacement_and_follow_the_seed():
    seen = []

    def spy(prediction, target):
        seen.append(prediction.detach().flatten().tolist())
        return prediction.mean()

    model = nn.Identity()
    inputs = torch.arange(60.0).reshape(60, 1).requires_grad_()
    optimizer = SGD([inputs], lr=1e-9)

    def rows(seed):
        seen.clear()
        fit(model, (inputs, torch.zeros(60)), optimizer, updates=40, batch_size=30, loss=spy, seed=seed)
        return np.round(seen[:40]).tolist()

    first = rows(1)
    assert rows(1) == first
    assert rows(2) != first
    assert all(len(set(batch)) < 30 for batch in first), (
        "30 of 60 without a repeat: drawn without replacement"
    )
    counts = np.bincount(np.ravel(first).astype(int), minlength=60)
    assert counts.min() > 5, "every example should turn up about 20 times"
    assert counts.max() < 45


def test_plateau_watches_the_mean_loss_of_an_epoch_or_your_metric():
    def run(**kwargs):
        model = Ramp()
        optimizer = SGD(model.parameters(), lr=0.1)
        watched = []
        scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
        step = scheduler.step
        scheduler.step = lambda metric: (watched.append(metric), step(metric))
        history = fit(
            model,
            SMALL,
            optimizer,
            scheduler,
            updates=24,
            batch_size=20,
            loss=output,
            step_every="epoch",
            **kwargs,
        )
        return history, watched

    history, watched = run()
    np.testing.assert_allclose(watched, history.loss.reshape(8, 3).mean(axis=1))
    np.testing.assert_allclose(history.lr, 0.1)
    history, watched = run(metric=lambda model: 1.0)
    assert watched == [1.0] * 8
    np.testing.assert_allclose(history.lr, 0.1 * 0.5 ** np.repeat([0, 0, 0, 1, 1, 2, 2, 3], 3))


def test_divergence_is_flagged_and_not_fatal():
    model = mlp((64, 8, 10))
    history = fit(model, SMALL, SGD(model.parameters(), lr=1e30), updates=50, loss=lambda z, y: (z**2).mean())
    assert 0 < history.diverged < 50
    assert len(history.loss) == len(history.lr) == len(history.momentum) == history.diverged + 1
    assert np.isfinite(history.loss[:-1]).all()
    assert not np.isfinite(history.loss[-1])


def test_nothing_of_fit_stays_behind():
    model = nn.Sequential(nn.Dropout(), mlp((64, 10))).eval()
    optimizer = SGD(model.parameters(), lr=0.1)
    fit(model, SMALL, optimizer, updates=2)
    assert not optimizer._optimizer_step_pre_hooks
    assert not model.training

    def broken(prediction, target):
        assert prediction.requires_grad
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(model, SMALL, optimizer, updates=2, loss=broken)
    assert not optimizer._optimizer_step_pre_hooks
    assert not model.training


def test_dropout_is_on_in_training_and_off_in_evaluation():
    model = nn.Sequential(nn.Dropout(0.5), mlp((64, 10)))
    modes = []
    model.register_forward_hook(lambda module, args, result: modes.append(module.training))
    fit(model, SMALL, SGD(model.parameters(), lr=0.1), updates=3)
    assert modes == [True] * 3 + [False] * 2
    assert model.training
    assert evaluate(model, SMALL.x, SMALL.y) == evaluate(model, SMALL.x, SMALL.y)


def test_frozen_batch_norm_stays_frozen():
    model = nn.Sequential(nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Linear(8, 10))
    model[1].eval()
    evaluate(model, SMALL.x, SMALL.y)
    assert model.training and not model[1].training
    fit(model, SMALL, SGD(model.parameters(), lr=0.1), updates=2)
    assert model.training and not model[1].training
    assert not model[1].num_batches_tracked
    model.eval()[1].train()
    fit(model, SMALL, SGD(model.parameters(), lr=0.1), updates=2)
    assert model[1].num_batches_tracked == 2
    assert [module.training for module in model.modules()] == [False, False, True, False]


def test_regression_has_no_accuracy_and_data_may_lack_a_test_part():
    model = mlp((64, 3))
    history = fit(model, (SMALL.x, SMALL.x[:, :3]), SGD(model.parameters(), lr=0.1), updates=2, loss=mse_loss)
    assert np.isnan(history.train.accuracy)
    assert history.test is None
    assert isinstance(history.train, Score)


def test_progress_reaches_the_end():
    model, calls = mlp((64, 10)), []
    fit(model, SMALL, SGD(model.parameters(), lr=0.1), updates=250, progress=lambda *call: calls.append(call))
    assert calls[-1] == (250, 250)
    assert calls == sorted(set(calls))
    assert 50 < len(calls) < 150


# --- Bad input ---------------------------------------------------------------------------------------------


def fitting(**changes):
    model = mlp((64, 10))
    optimizer = SGD(model.parameters(), lr=0.1)
    arguments = {"data": SMALL, "updates": 3} | changes
    return lambda: fit(model, optimizer=optimizer, **arguments)


OTHER = StepLR(SGD(mlp((2, 2)).parameters(), lr=0.1), 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (fitting(updates=0), "updates must be a positive whole number, got 0"),
        (fitting(updates=1.5), "updates must be a positive whole number, got 1.5"),
        (fitting(batch_size=61), "batch_size must be at most the 60 training examples, got 61"),
        (fitting(batch_size=0), "batch_size must be a positive whole number, got 0"),
        (fitting(data=(torch.zeros(0, 64), torch.zeros(0))), "data must hold .* got 0 and 0"),
        (fitting(data=(SMALL.x, SMALL.y[:5])), "data must hold .* got 60 and 5"),
        (fitting(data=SMALL.x), "data must be a Dataset or a tuple"),
        (fitting(step_every="batch"), "step_every must be one of 'update', 'epoch', got 'batch'"),
        (fitting(scheduler=OTHER), "scheduler must be built on this optimizer"),
        (fitting(scheduler=lambda t: 0.1), "scheduler must be a torch scheduler"),
        (fitting(metric=lambda model: 1.0), "metric is for ReduceLROnPlateau"),
        (lambda: digits(train=1797), "train must be a whole number between 1 and 1796, got 1797"),
        (lambda: digits(label_noise=1.5), r"label_noise .* \[0, 1\], got 1.5"),
        (lambda: mnist1d(label_noise=-0.1), "label_noise"),
        (lambda: mlp((64,)), r"widths must be two or more positive integers, inputs first, got \(64,\)"),
        (lambda: mlp((64, 0, 10)), "widths must be two or more positive integers"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
