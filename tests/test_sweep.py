"""Sweeps against ordinary trainings: the same modules, torch's optimizers, torch's schedulers, one after the other."""

import json
import pickle
import sys

import joblib
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss, one_hot
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, OneCycleLR, StepLR

from lrcourse import curves
from lrcourse.schedulers import record
from lrcourse.training import Dataset, Sweep, digits, fit, mlp, shares, sweep, sweeping, transformer
from lrcourse.training.sweep import _blocks

DIGITS = digits(label_noise=0.1)
SMALL = Dataset(*(part[:90] for part in digits()))
T = 200
MAKERS = {
    "cosine": lambda optimizer: CosineAnnealingLR(optimizer, T),
    "step": lambda optimizer: StepLR(optimizer, 25, 0.5),
}


def ordinary(model, data, make_optimizer, make_scheduler, seed, *, updates=T, batch=32, clip=None, loss=cross_entropy):
    """The loop one would write: (losses, loss on all training examples)."""
    optimizer = make_optimizer(model.parameters())
    scheduler = make_scheduler(optimizer)
    generator, losses = torch.Generator().manual_seed(seed), []
    for _ in range(updates):
        rows = slice(None) if batch is None else torch.randint(len(data.x), (batch,), generator=generator)
        optimizer.zero_grad()
        value = loss(model(data.x[rows]), data.y[rows])
        value.backward()
        if clip:
            clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        scheduler.step()
        losses.append(value.item())
    with torch.no_grad():
        return losses, loss(model(data.x), data.y).item()


class Hidden(nn.Module):
    """The same network as a module of which nothing is known, so that it is differentiated and not written out."""

    def __init__(self, seed):
        super().__init__()
        self.net = mlp((64, 32, 10), nn.ReLU, seed=seed)

    def forward(self, x):
        return self.net(x)


def at_rate(optimizer, lr):
    for group in optimizer.param_groups:
        group["lr"] = lr
    return optimizer


# --- Equal to ordinary training -------------------------------------------------------------------------------

SETTINGS = {
    "sgd": (dict(), lambda p: SGD(p, 0.1)),
    "momentum": (dict(momentum=0.9), lambda p: SGD(p, 0.1, momentum=0.9)),
    "nesterov": (dict(momentum=0.8, nesterov=True), lambda p: SGD(p, 0.1, momentum=0.8, nesterov=True)),
    "weight decay": (dict(weight_decay=0.02), lambda p: SGD(p, 0.1, weight_decay=0.02)),
    "all of it": (
        dict(momentum=0.9, weight_decay=0.01, clip=0.5), lambda p: SGD(p, 0.1, momentum=0.9, weight_decay=0.01),
    ),
    "clip": (dict(clip=0.3), lambda p: SGD(p, 0.1)),
    "adamw": (
        dict(optimizer="adamw", betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1),
        lambda p: AdamW(p, 0.1, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1),
    ),
    "adamw, clip": (dict(optimizer="adamw", clip=0.3), lambda p: AdamW(p, 0.1, weight_decay=0, eps=1e-8)),
}  # fmt: skip


@pytest.mark.parametrize("model", [(64, 32, 10), Hidden], ids=["layers", "modules"])
@pytest.mark.parametrize("name", SETTINGS)
def test_losses_are_those_of_ordinary_trainings(name, model):
    """In double precision, where rounding hides nothing."""
    options, make_optimizer = SETTINGS[name]
    base = 0.003 if "adamw" in name else 0.1
    data = DIGITS._replace(x=DIGITS.x.double(), x_test=DIGITS.x_test.double())
    updates = T if model is not Hidden else 60
    shapes = {schedule: record(make, updates, lr=1.0) for schedule, make in MAKERS.items()}
    result = sweep(
        data, shapes, lrs=[base, 3 * base], seeds=[3, 0], updates=updates, model=model, dtype=torch.float64, **options
    )
    assert result.loss.shape == (2, 2, 2, updates)
    for schedule, lr, seed in (("cosine", 3 * base, 0), ("step", base, 3)):
        losses, final = ordinary(
            mlp((64, 32, 10), nn.ReLU, seed=seed).double(), data, lambda p, lr=lr: at_rate(make_optimizer(p), lr),
            MAKERS[schedule], seed, updates=updates, clip=options.get("clip"),
        )  # fmt: skip
        one = result.at(schedule=schedule, lr=lr, seed=seed)
        np.testing.assert_allclose(one.loss[0, 0, 0], losses, rtol=0, atol=1e-9)
        assert one.train_loss.item() == pytest.approx(final, abs=1e-9)


@pytest.mark.parametrize("name", ["sgd", "momentum", "weight decay", "adamw"])
def test_single_precision_is_close_enough(name):
    options, make_optimizer = SETTINGS[name]
    base = 0.003 if "adamw" in name else 0.05
    shape = curves.cosine_annealing_lr(1.0, T_max=T)
    result = sweep(DIGITS, {"cosine": shape}, lrs=[base / 2, base], seeds=2, updates=T, **options)
    for k, lr in enumerate((base / 2, base)):
        losses, _ = ordinary(
            mlp((64, 32, 10), nn.ReLU, seed=1), DIGITS, lambda p, lr=lr: at_rate(make_optimizer(p), lr),
            lambda o: CosineAnnealingLR(o, T), 1,
        )  # fmt: skip
        np.testing.assert_allclose(result.loss[0, k, 1], losses, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("optimizer", "make"), [("sgd", lambda p: SGD(p, 0.1, momentum=0.5)), ("adamw", lambda p: AdamW(p, 0.1))]
)
def test_one_cycle_cycles_the_momentum_too(optimizer, make):
    maker = lambda o: OneCycleLR(o, 0.1 if optimizer == "sgd" else 0.01, total_steps=T)  # noqa: E731
    curve, momentum = (record(maker, T, what=what) for what in ("lr", "momentum"))
    result = sweep(
        DIGITS, {"constant": [0.01] * T, "one-cycle": curve}, seeds=1, updates=T, optimizer=optimizer,
        momentum={"constant": 0.9, "one-cycle": momentum}, weight_decay=0.01 if optimizer == "adamw" else 0,
    )  # fmt: skip
    losses, _ = ordinary(mlp((64, 32, 10), nn.ReLU), DIGITS, make, maker, 0)
    np.testing.assert_allclose(result.at(schedule="one-cycle").loss[0, 0, 0], losses, rtol=0, atol=1e-5)
    assert np.ptp(momentum) > 0.05
    np.testing.assert_array_equal(result.lr[1, 0], curve)


def test_sweep_and_fit_are_the_same_training():
    shape = curves.linear_to_zero(0.2, T)
    result = sweep(DIGITS, {"linear": shape}, seeds=[5], updates=T, batch_size=16)
    model = mlp((64, 32, 10), nn.ReLU, seed=5)
    optimizer = SGD(model.parameters(), 1.0)
    history = fit(model, DIGITS, optimizer, LambdaLR(optimizer, shape), updates=T, batch_size=16, seed=5)
    np.testing.assert_allclose(result.loss.ravel(), history.loss, rtol=0, atol=1e-5)
    np.testing.assert_allclose(result.lr.ravel(), history.lr, rtol=1e-12)
    assert result.train_loss.item() == pytest.approx(history.train.loss, abs=1e-5)
    assert result.test_loss.item() == pytest.approx(history.test.loss, abs=1e-5)
    assert result.accuracy.item() == pytest.approx(history.test.accuracy, abs=2 / 597)


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
@pytest.mark.parametrize("widths", [(3, 2), (3, 7, 2), (3, 6, 5, 4, 2)])
def test_regression_of_any_depth_on_full_batches(widths, activation):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(50, 3, generator=generator, dtype=torch.float64)
    data = Dataset(x, x[:, :2].sin() * x[:, 2:], x[:20], x[:20, 1:].clone())
    result = sweep(
        data, {"constant": lambda lr: curves.constant(lr)}, lrs=[0.1, 0.3], seeds=2, updates=80, batch_size=None,
        model=widths, activation=activation, momentum=0.5, dtype=torch.float64,
    )  # fmt: skip
    losses, final = ordinary(
        mlp(widths, activation, seed=1).double(), data, lambda p: SGD(p, 0.3, momentum=0.5),
        lambda o: LambdaLR(o, lambda t: 1.0), 1, updates=80, batch=None, loss=mse_loss,
    )  # fmt: skip
    np.testing.assert_allclose(result.loss[0, 1, 1], losses, rtol=0, atol=1e-12)
    assert result.train_loss[0, 1, 1] == pytest.approx(final, abs=1e-12)
    assert np.isnan(result.accuracy).all()
    assert losses[-1] < losses[0]


def test_the_transformer_trains_as_it_would_alone():
    data = DIGITS._replace(x=DIGITS.x.double(), x_test=DIGITS.x_test.double())
    result = sweep(
        data, {"warm-up": curves.linear_lr(0.01, start_factor=0.1, total_iters=8)}, seeds=2, updates=12,
        model=lambda seed: transformer(blocks=2, seed=seed), optimizer="adamw", batch_size=8, dtype=torch.float64,
    )  # fmt: skip
    losses, final = ordinary(
        transformer(blocks=2, seed=1).double(), data, lambda p: AdamW(p, 0.01, weight_decay=0),
        lambda o: LambdaLR(o, lambda t: min(1, 0.1 + 0.9 * t / 8)), 1, updates=12, batch=8,
    )  # fmt: skip
    np.testing.assert_allclose(result.loss[0, 0, 1], losses, rtol=0, atol=1e-9)
    assert result.train_loss[0, 0, 1] == pytest.approx(final, abs=1e-9)
    assert 0 < result.accuracy[0, 0, 1] < 1


def test_another_loss():
    result = sweep(SMALL, {"c": [0.1] * 30}, seeds=1, updates=30, loss=lambda out, y: 2 * cross_entropy(out, y))
    twice = sweep(SMALL, {"c": [0.2] * 30}, seeds=1, updates=30)
    np.testing.assert_allclose(result.loss, 2 * twice.loss, rtol=1e-4)


# --- Copies do not know of each other -------------------------------------------------------------------------


def small(**options):
    shapes = {"cosine": lambda lr: curves.cosine_annealing_lr(lr, T_max=60), "hold": curves.constant(1.0)}
    return sweep(SMALL, shapes, **dict(lrs=[0.03, 0.1, 0.3], seeds=3, updates=60) | options)


def assert_equal(a, b, atol=2e-6):
    assert (a.schedules, a.lrs, a.seeds) == (b.schedules, b.lrs, b.seeds)
    for name in ("lr", "loss", "train_loss", "test_loss", "diverged"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=0, atol=atol)
    np.testing.assert_allclose(a.accuracy, b.accuracy, rtol=0, atol=2 / len(SMALL.x_test))


@pytest.mark.parametrize("options", [{}, dict(optimizer="adamw", clip=1.0, lrs=[0.003])], ids=["sgd", "adamw"])
@pytest.mark.parametrize("memory", [1, 400_000, 1_000_000])
def test_the_result_does_not_depend_on_the_blocks(monkeypatch, memory, options):
    whole = small(**options)
    monkeypatch.setattr(sys.modules["lrcourse.training.sweep"], "MEMORY", memory)
    seen = []
    parts = small(**options, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][1] > 60, "one block only: nothing was cut"
    assert_equal(whole, parts)


def test_a_part_of_the_sweep_is_the_same_as_in_the_whole():
    alone = sweep(SMALL, {"hold": curves.constant(1.0)}, lrs=[0.1], seeds=[2], updates=60)
    assert_equal(small().at(schedule="hold", lr=0.1, seed=2), alone)


@pytest.mark.parametrize("seeds", [1, 2, 7])
@pytest.mark.parametrize("configurations", [1, 3, 40])
@pytest.mark.parametrize("largest", [1, 5, 24, 1000])
@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_blocks_cover_every_copy_once(seeds, configurations, largest, jobs):
    count = np.zeros((seeds, configurations), int)
    blocks = _blocks(seeds, configurations, largest, jobs)
    for rows, columns in blocks:
        count[rows, columns] += 1
        assert count[rows, columns].size <= largest
    assert (count == 1).all()
    assert len(blocks) >= min(jobs, seeds * configurations) // 2


def test_a_copy_that_diverges_is_flagged_and_harms_nobody():
    shapes = {"constant": lambda lr: curves.constant(lr)}
    kwargs = dict(seeds=2, updates=60, model=(64, 8, 10))
    data = SMALL._replace(y=one_hot(SMALL.y).float(), y_test=one_hot(SMALL.y_test).float())
    result = sweep(data, shapes, lrs=[0.1, 1e8, 0.2], **kwargs)
    calm = sweep(data, shapes, lrs=[0.1, 0.2], **kwargs)
    assert_equal(calm, result.at(lr=[0.1, 0.2]))
    assert (calm.diverged == -1).all()
    for seed in range(2):
        t = result.diverged[0, 1, seed]
        assert 0 < t < 60
        loss = result.loss[0, 1, seed]
        assert np.isfinite(loss[:t]).all() and not np.isfinite(loss[t]) and np.isnan(loss[t + 1 :]).all()
    assert np.isnan(result.train_loss[0, 1]).all() and np.isnan(result.mean("test_loss")[0, 1])
    assert result.best().lr in (0.1, 0.2)
    lost = sweep(SMALL, shapes, lrs=[1e38], **kwargs)
    assert (lost.diverged >= 0).all()
    assert np.isnan(lost.accuracy).all(), "weights that are nan still pick a class"
    with pytest.raises(ValueError, match="no training has a finite test_loss: 2 diverged"):
        result.at(lr=1e8).best()


def test_seeds_pair_the_comparisons_and_nothing_else_is_random():
    state = torch.get_rng_state()
    first = small()
    assert torch.equal(torch.get_rng_state(), state), "torch's global random state was touched"
    assert_equal(first, small(), atol=0)
    start = first.loss[..., 0]
    assert (start == start[:1, :1]).all(), "same weights and batches under every schedule"
    assert len(set(start[0, 0].tolist())) == 3, "other weights for every seed"


def test_label_noise_is_the_same_for_all_and_leaves_the_test_part_alone():
    clean, noisy = (small(label_noise=share, lrs=[0.3], updates=200) for share in (0.0, 0.5))
    assert (noisy.train_loss > clean.train_loss + 0.05).all()
    assert_equal(noisy, small(label_noise=0.5, lrs=[0.3], updates=200), atol=0)


# --- Many cores, many machines --------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [(64, 8, 10), lambda seed: nn.Sequential(nn.Linear(64, 10), nn.Sigmoid())])
def test_threads_share_the_copies(model):
    with joblib.parallel_config(backend="threading"):
        seen = []
        parts = small(model=model, n_jobs=2, progress=lambda *both: seen.append(both))
    assert_equal(small(model=model), parts)
    assert seen[-1][0] == seen[-1][1] >= 120


def test_processes_share_the_copies():
    assert_equal(small(), small(n_jobs=2))


def test_dask_shares_the_copies_by_the_same_call():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        seen = []
        parts = small(progress=lambda *both: seen.append(both))
    assert seen[-1][1] >= 120, "one block only: Dask had nothing to share"
    assert_equal(small(), parts)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("options", [{}, dict(optimizer="adamw", clip=1.0, lrs=[0.003])])
def test_a_gpu_gives_the_same(options):
    assert_equal(small(**options), small(device="cuda", **options), atol=1e-3)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_missing_device_is_named():
    with pytest.raises(ValueError, match="device 'cuda' cannot be used here: "):
        small(device="cuda")
    with pytest.raises(ValueError, match="device 'gpu' cannot be used here: "):
        small(device="gpu")


# --- Progress -------------------------------------------------------------------------------------------------


def test_shares_rise_to_the_whole_and_the_result_comes_back():
    arguments = dict(data=SMALL, schedules={"c": curves.constant(0.1)}, seeds=2, updates=60)
    made = []

    def told():
        made.append((yield from shares(sweeping(**arguments), 0.5)))

    seen = list(told())
    assert 0 < seen[0] < seen[-1] == 0.5 and seen == sorted(seen)
    assert_equal(sweep(**arguments), made[0])


def test_progress_is_told_and_may_stop_the_sweep(capfd):
    seen = []
    small(progress=lambda *both: seen.append(both))
    assert seen[-1] == (60, 60) and len(seen) == 50 and seen == sorted(seen)
    assert capfd.readouterr() == ("", "")

    class Stop(Exception):
        pass

    def stop(done, total):
        if done > 10:
            raise Stop

    threads = torch.get_num_threads()
    with pytest.raises(Stop):
        small(progress=stop)
    assert torch.get_num_threads() == threads
    small()
    assert capfd.readouterr() == ("", ""), "no terminal, no bar"
    small(progress=True)
    out, err = capfd.readouterr()
    assert out == "" and "/60" in err


def test_the_generator_pauses_between_updates_with_torch_as_it_was():
    torch.set_num_threads(2)
    try:
        steps = sweeping(SMALL, {"c": [0.1] * 20}, seeds=2, updates=20)
        done = []
        while True:
            try:
                done.append(next(steps))
            except StopIteration as end:
                result = end.value
                break
            assert torch.get_num_threads() == 2
            assert not torch.is_inference_mode_enabled() and torch.is_grad_enabled()
    finally:
        torch.set_num_threads(1)
    assert done == [(t + 1, 20) for t in range(20)]
    assert_equal(result, sweep(SMALL, {"c": [0.1] * 20}, seeds=2, updates=20))


# --- The result -----------------------------------------------------------------------------------------------


def test_means_and_errors_are_over_the_seeds():
    result = small()
    values = result.test_loss
    np.testing.assert_allclose(result.mean(), values.sum(2) / 3)
    by_hand = np.sqrt(((values - values.mean(2, keepdims=True)) ** 2).sum(2) / 2 / 3)
    np.testing.assert_allclose(result.standard_error(), by_hand)
    assert result.mean("loss").shape == (2, 3, 60)
    assert np.isnan(result.at(seed=0).standard_error()).all()
    best = result.best()
    assert best.mean == result.mean().min() == result.at(schedule=best.schedule, lr=best.lr).mean().item()
    assert result.best("accuracy").mean == result.mean("accuracy").max()
    assert sweep(SMALL[:2], {"c": [0.1] * 5}, seeds=1, updates=5).best().mean > 0


def test_labels_pick_a_part():
    result = small()
    part = result.at(schedule=["hold", "cosine"], lr=0.1 * (1 + 1e-9), seed=[2, 0])
    assert (part.schedules, part.lrs, part.seeds) == (("hold", "cosine"), (0.1,), (2, 0))
    np.testing.assert_array_equal(part.loss, result.loss[::-1, 1:2, ::-2])
    np.testing.assert_array_equal(part.lr, result.lr[::-1, 1:2])
    for wrong in (dict(schedule="sine"), dict(lr=0.2), dict(seed=9)):
        with pytest.raises(KeyError, match="there are"):
            result.at(**wrong)
    with pytest.raises(ValueError, match="measure must be"):
        result.mean("los")


def test_save_and_load_and_files_of_others(tmp_path):
    result = small()
    path = tmp_path / "run.npz"
    result.save(path)
    back = Sweep.load(path)
    assert_equal(result, back, atol=0)
    assert back.settings == json.loads(json.dumps(result.settings)) and repr(back) == repr(result)
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]
    (tmp_path / "ordinary").touch()
    assert path.stat().st_mode == (tmp_path / "ordinary").stat().st_mode, "others may read it as any file"

    whole = path.read_bytes()
    for name, content in {
        "half": whole[: len(whole) // 2], "empty": b"", "text": b"lr,loss\n", "pickle": pickle.dumps({"head": 1}),
        "flipped": whole[:2000] + bytes(64) + whole[2064:],
    }.items():  # fmt: skip
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"run\.npz is no readable file of Sweep\.save"):
            Sweep.load(path)
        assert name
    np.savez(path, loss=np.zeros(3))
    with pytest.raises(ValueError, match="no readable file"):
        Sweep.load(path)
    with pytest.raises(FileNotFoundError):
        Sweep.load(tmp_path / "nowhere.npz")


def test_settings_say_how_it_was_trained():
    cycled = np.linspace(0.95, 0.85, 60)
    for momentum, told in ((None, 0.0), (0.9, 0.9), (cycled, "scheduled")):
        assert small(seeds=1, momentum=momentum).settings["momentum"] == told
    settings = small(seeds=1, model=(64, 8, 10), activation=nn.Tanh).settings
    assert (settings["model"], settings["activation"], settings["loss"]) == ([64, 8, 10], "Tanh", None)
    named = small(seeds=1, model=Hidden, loss=cross_entropy).settings
    assert (named["model"], named["loss"]) == ("Hidden", "cross_entropy")


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    small().save(path)
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space"):
        small().save(path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_it_draws_itself():
    result = small()
    rates, losses, dots = result.plot(), result.at(lr=0.1).plot(), result.at(lr=0.1).plot("accuracy")
    assert f"{result.best().mean:.4g}" in rates.alt and "3 seeds" in rates.alt
    assert [len(axes.lines) for axes in rates.axes] == [2]
    np.testing.assert_allclose(rates.axes[0].lines[0].get_ydata(), result.mean()[0])
    np.testing.assert_allclose(losses.axes[0].lines[1].get_ydata(), result.lr[1, 1])
    assert len(losses.axes[1].lines) == 2 and dots.axes[0].get_xlabel().startswith("accuracy")
    shapes = {f"step {n}": curves.step_lr(1.0, step_size=n) for n in (5, 10, 15, 20, 25)}
    many = sweep(SMALL, shapes, lrs=[0.3, 0.1], seeds=1, updates=30)
    (cells,) = many.plot().axes[0].collections
    np.testing.assert_allclose(cells.get_array(), many.mean()[:, ::-1], err_msg="learning rates in order")
    for figure in (rates, losses, dots, many.plot("accuracy")):
        assert figure.png().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="pick one"):
        result.plot("loss")
    with pytest.raises(ValueError, match="measure must be"):
        result.plot("los")


# --- The models it trains ---------------------------------------------------------------------------------------


def test_gain_gives_the_weights_their_variance():
    model = mlp((400, 300, 10), gain=2, seed=1)
    assert model[0].weight.var().item() == pytest.approx(2 / 400, rel=0.02)
    assert model[2].weight.var().item() == pytest.approx(2 / 300, rel=0.1)
    assert not any(model[i].bias.any() for i in (0, 2))
    with pytest.raises(ValueError, match="gain must be a positive"):
        mlp((4, 2), gain=0)


def test_post_norm_and_pre_norm():
    state = torch.get_rng_state()
    post, pre = transformer(seed=2), transformer(norm="pre", seed=2)
    assert torch.equal(torch.get_rng_state(), state)
    x = digits().x[:5]
    # After the last block post-norm leaves each token with mean 0 and variance 1, whatever its input was.
    seen = {}
    post.norm.register_forward_hook(lambda module, args, out: seen.update(tokens=out))
    assert post(100 * x).shape == pre(x).shape == (5, 10)
    torch.testing.assert_close(seen["tokens"].mean(-1), torch.zeros(5, 8), atol=1e-5, rtol=0)
    torch.testing.assert_close(seen["tokens"].var(-1, correction=0), torch.ones(5, 8), atol=1e-3, rtol=0)
    # Pre-norm's residual stream is an identity: with the branches off, the blocks do nothing.
    with torch.no_grad():
        for block in pre.blocks:
            block.out.weight.zero_(), block.down.weight.zero_()
    torch.testing.assert_close(pre.blocks[0](seen["tokens"]), seen["tokens"])
    for wrong in (dict(norm="none"), dict(width=15), dict(blocks=0)):
        with pytest.raises(ValueError, match="must be"):
            transformer(**wrong)


def test_attention_is_torchs():
    block = transformer(blocks=1, seed=0).blocks[0]
    reference = nn.MultiheadAttention(16, 2, batch_first=True)
    with torch.no_grad():
        reference.in_proj_weight.copy_(block.qkv.weight)
        reference.out_proj.weight.copy_(block.out.weight)
        reference.in_proj_bias.zero_(), reference.out_proj.bias.zero_()
        x = torch.randn(3, 8, 16, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(block.attention(x), reference(x, x, x)[0], atol=1e-6, rtol=1e-5)


# --- Bad input ------------------------------------------------------------------------------------------------

OK = dict(schedules={"c": lambda lr: curves.constant(lr)}, lrs=[0.1], seeds=1, updates=10)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(schedules={}), "schedules must be a mapping"),
        (dict(lrs=[0.1, 0.1]), "different learning rates"),
        (dict(lrs=[-0.1]), "not negative, got -0.1"),
        (dict(lrs=[float("nan")]), "finite and not negative, got nan"),
        (dict(lrs=None, schedules={"dip": lambda t: 0.5 - t / 8}), r"'dip' gives learning rate -0.125 at t = 5"),
        (dict(lrs=None, schedules={"hole": [0.1] * 9 + [np.nan]}), r"'hole' gives learning rate nan at t = 9"),
        (dict(lrs=None, schedules={"short": [0.1] * 9}), r"'short' must give 10 values .* got shape \(9,\)"),
        (dict(schedules={"rise": curves.constant(1e308)}, lrs=[1e9]), "'rise' gives learning rate inf at t = 0"),
        (dict(seeds=[1, 1]), "seeds must be"),
        (dict(seeds=[]), "seeds must be"),
        (dict(seeds=0), "seeds must be a positive whole number"),
        (dict(seeds=[-1]), "seeds must be"),
        (dict(updates=0), "updates must be a positive whole number"),
        (dict(batch_size=91), "at most the 90 training examples, got 91; None takes all"),
        (dict(batch_size=0), "batch_size must be a positive"),
        (dict(optimizer="adam"), "optimizer must be one of 'sgd', 'adamw', got 'adam'"),
        (dict(momentum=1.0), r"momentum must lie in \[0, 1\), got 1.0 at t = 0 of schedule 'c'"),
        (dict(momentum={"d": 0.9}), "momentum must be given for each schedule"),
        (dict(nesterov=True), "nesterov needs"),
        (dict(weight_decay=-1), "weight_decay must be"),
        (dict(clip=0), "clip must be a positive finite number"),
        (dict(label_noise=1.5), "label_noise must be a share"),
        (dict(optimizer="adamw", betas=(0.9, 1.0)), "betas must lie"),
        (dict(optimizer="adamw", eps=-1), "eps must be"),
        (dict(dtype=torch.float16), "dtype must be"),
        (dict(model=(32, 10)), r"model cannot read inputs of shape \(64,\)"),
        (dict(model=(64, 8)), "targets must be classes 0 ... outputs - 1"),
        (dict(model=(64,)), "model must be two or more"),
        (dict(model=lambda s: nn.Sequential(nn.Linear(64, 10), nn.Dropout(0.5))), "dropout"),
        (dict(model=lambda s: nn.Sequential(nn.Linear(64, 10), nn.BatchNorm1d(10))), "running statistics"),
        (dict(model=lambda s: mlp((64, 4 + s, 10)), seeds=2), "the same parameters"),
        (dict(data=(SMALL.x, SMALL.y[:-1])), r"in the training part got 90 and 89"),
        (dict(data=(SMALL.x, SMALL.y, SMALL.x, SMALL.y[1:])), "in the test part got"),
        (dict(data=(SMALL.x, SMALL.y.float())), "targets must have the shape of the outputs"),
        (dict(data=(SMALL.x, SMALL.x[:, :10]), label_noise=0.1), "label_noise needs"),
    ],
)  # fmt: skip
def test_bad_values_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        sweep(**dict(data=SMALL) | OK | wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(data=SMALL.x), "data must be a Dataset"),
        (dict(schedules=[curves.constant(0.1)]), "schedules must be a mapping"),
        (dict(schedules={"late": lambda t: 0.1}), "must be a function of the learning rate that returns a schedule"),
        (dict(schedules={"word": "cosine"}, lrs=None), "'word' must give numbers"),
        (dict(model=lambda s: "mlp"), "it returned 'mlp'"),
        (dict(progress="yes"), "progress must be"),
    ],
)
def test_bad_types_are_named(wrong, message):
    with pytest.raises(TypeError, match=message):
        sweep(**dict(data=SMALL) | OK | wrong)


def test_momentum_that_rests_at_some_updates_is_torchs():
    """Torch leaves a buffer alone while momentum is 0; here it rests in the middle, and only for one of two copies."""
    momentum = {"rests": np.repeat([0.9, 0.0, 0.9], [4, 3, 5]), "goes on": np.full(12, 0.9)}
    result = sweep(
        digits(), dict.fromkeys(momentum, curves.constant(0.1)), momentum=momentum, seeds=1, updates=12,
        dtype=torch.float64, progress=False,
    )  # fmt: skip
    for i, beta in enumerate(momentum.values()):
        model, data = mlp((64, 32, 10), nn.ReLU, seed=0).double(), digits()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        generator = torch.Generator().manual_seed(0)
        rows = torch.randint(len(data.x), (12, 32), generator=generator)
        for t in range(12):
            optimizer.param_groups[0]["momentum"] = beta[t]
            loss = nn.functional.cross_entropy(model(data.x[rows[t]].double()), data.y[rows[t]])
            assert result.loss[i, 0, 0, t] == pytest.approx(loss.item(), rel=1e-9)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def test_frozen_parameters_and_buffers_of_a_seed_are_refused():
    def frozen(seed):
        model = mlp((64, 8, 10), nn.ReLU, seed=seed)
        model[0].requires_grad_(False)
        return model

    class Features(nn.Module):
        def __init__(self, seed):
            super().__init__()
            self.register_buffer("project", torch.randn(64, 8, generator=torch.Generator().manual_seed(seed)))
            self.out = nn.Linear(8, 10)

        def forward(self, x):
            return self.out(x @ self.project)

    for model, message in ((frozen, "model holds frozen parameters"), (Features, "model gives other buffers")):
        with pytest.raises(ValueError, match=message):
            sweep(digits(), {"a": curves.constant(0.1)}, seeds=2, updates=3, model=model, progress=False)


def test_a_loss_of_zero_is_drawn():
    result = sweep(digits(), {str(i): lambda lr: curves.constant(lr) for i in range(6)}, lrs=[0.1, 0.2], seeds=2,
                   updates=3, progress=False)  # fmt: skip
    result.test_loss[0, 0] = 0
    result.plot().png()
