"""The range test: its losses are those of a loop written by hand, and nothing but its result stays behind."""

import math
import random
import warnings
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.optim import SGD, Adam, AdamW, RMSprop
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from lrcourse import find_lr, use_language
from lrcourse.finder import SUGGESTIONS, Finder, RangeTest, Run, suggest
from lrcourse.training import digits, mlp

OPTIMIZERS = {
    "SGD": lambda p: SGD(p, lr=0.1),
    "momentum": lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "AdamW": lambda p: AdamW(p, lr=1e-3),
    "amsgrad": lambda p: Adam(p, lr=1e-3, amsgrad=True, foreach=False),
    "RMSprop": lambda p: RMSprop(p, lr=1e-3, momentum=0.5, centered=True),
    "tensor lr": lambda p: AdamW(p, lr=torch.tensor(1e-3)),
}


class Counts(nn.Module):
    """Keeps things where careless modules keep them: a buffer that is replaced, a plain attribute, a list, a view."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(8))
        self.register_buffer("frozen", torch.ones(1).expand(8))
        self.calls, self.seen = 0, []
        self.last = torch.zeros(2)

    def forward(self, x):
        self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(0)
        self.calls += 1
        self.seen.append(self.calls)
        self.last += 1
        return x * self.frozen


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), Counts(), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3))


def dataset(n: int = 40) -> TensorDataset:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(n, 4, generator=generator)
    return TensorDataset(x, (x[:, 0] > 0).long() + (x[:, 1] > 0).long())


def batches(n: int = 40, **options) -> DataLoader:
    return DataLoader(dataset(n), batch_size=8, shuffle=True, **options)


class Bowl(nn.Module):
    """L = λ·x²/2, whose gradient descent multiplies x by 1 - ηλ."""

    def __init__(self, curvature: float = 2.0):
        super().__init__()
        self.x, self.curvature = nn.Parameter(torch.tensor(1.0, dtype=torch.float64)), curvature

    def forward(self, _=None):
        return self.curvature * self.x**2 / 2


def bowl(curvature: float = 2.0, loss=lambda value: value, **options) -> RangeTest:
    """The range test of a bowl whose losses are bent by *loss*, a function that rises."""
    model = Bowl(curvature)
    options = {"init_lr": 1e-4, "num_steps": 200, "smoothing": 0.0, **options}
    return find_lr(model, [0], None, SGD([model.x], lr=1.0), closure=lambda m, _: loss(m()), **options)


# --- The losses are right -------------------------------------------------------------------------------------


def by_hand(model, loader, optimizer, lrs, k=1, clip=None) -> list[float]:
    losses, stream = [], iter(())
    for lr in lrs:
        for group, ratio in zip(optimizer.param_groups, (1.0, 5.0), strict=False):
            group["lr"] = float(lr) * ratio
        optimizer.zero_grad()
        total = 0.0
        for _ in range(k):
            try:
                x, y = next(stream)
            except StopIteration:
                stream = iter(loader)
                x, y = next(stream)
            loss = cross_entropy(model(x), y) / k
            loss.backward()
            total += float(loss.detach())
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        losses.append(total)
    return losses


@pytest.mark.parametrize(
    ("make", "k", "clip", "mode"),
    [("momentum", 1, None, "exponential"), ("AdamW", 1, 0.1, "linear"), ("momentum", 3, 0.1, "exponential"),
     ("amsgrad", 2, None, "exponential")],
)  # fmt: skip
def test_losses_are_those_of_a_loop_by_hand(make, k, clip, mode):
    model = network()
    groups = [{"params": model[0].parameters()}, {"params": model[1:].parameters()}]
    optimizer = OPTIMIZERS[make](groups)
    optimizer.param_groups[1]["lr"] *= 5
    torch.manual_seed(3)
    result = find_lr(model, batches(), cross_entropy, optimizer, 1e-4, 0.1, 30, mode=mode, accumulation_steps=k,
                     clip=clip, stop_factor=math.inf)  # fmt: skip
    lrs = [1e-4 * 1000 ** (t / 29) if mode == "exponential" else 1e-4 + (0.1 - 1e-4) * t / 29 for t in range(30)]
    np.testing.assert_allclose(result.lrs, lrs, rtol=1e-12)
    np.testing.assert_allclose(result.group_lrs, np.outer(lrs, [1, 5]), rtol=1e-12)
    torch.manual_seed(3)
    losses = by_hand(model, batches(), optimizer, result.lrs, k, clip)
    np.testing.assert_allclose(result.losses, losses, rtol=1e-6)

    average, smoothed = 0.0, []
    for t, loss in enumerate(losses):
        average = 0.9 * average + 0.1 * loss
        smoothed.append(average / (1 - 0.9 ** (t + 1)))
    np.testing.assert_allclose(result.smoothed, smoothed, rtol=1e-6)
    suggested_lr, first, second = result
    assert suggested_lr == result.suggestions["minimum/10"] and first is result.lrs and second is result.losses
    assert result.suggested_lrs == pytest.approx((suggested_lr, 5 * suggested_lr))
    assert result.stopped == "end" and repr(result).startswith(f"RangeTest(suggested_lr={suggested_lr:.2g}")


def test_losses_are_those_of_torch_lr_finder():
    peer = pytest.importorskip("torch_lr_finder")
    model, loader = network(), batches()
    optimizer = SGD(model.parameters(), lr=1e-5)
    torch.manual_seed(3)
    ours = find_lr(model, loader, cross_entropy, optimizer, 1e-5, 1.0, 25, stop_factor=math.inf)
    torch.manual_seed(3)
    theirs = peer.LRFinder(model, optimizer, cross_entropy)
    theirs.range_test(loader, end_lr=1.0, num_iter=25, smooth_f=0, diverge_th=math.inf)
    np.testing.assert_allclose(ours.lrs, theirs.history["lr"], rtol=1e-9)
    np.testing.assert_allclose(ours.losses, theirs.history["loss"], rtol=1e-6)


@pytest.mark.parametrize("curvature", [0.5, 2.0, 40.0])
def test_a_parabola_turns_at_its_stability_limit(curvature):
    result = bowl(curvature)
    falls = np.diff(result.losses) < 0
    np.testing.assert_array_equal(falls, result.lrs[:-1] < 2 / curvature)
    factors = np.cumprod(1 - result.lrs[:-1] * curvature) ** 2
    np.testing.assert_allclose(result.losses[1:], curvature / 2 * factors, rtol=1e-9)
    assert result.suggestions["minimum/3"] * 3 == pytest.approx(2 / curvature, rel=(10 / 1e-4) ** (1 / 199) - 1 + 1e-9)


def test_validation_losses_are_measured_in_evaluation_mode_before_the_update():
    model, held_out = network(), batches(20)
    model.eval()
    expected = np.mean([cross_entropy(model(x), y).item() for x, y in held_out])
    modes = []
    result = find_lr(model, batches(), lambda out, y: (modes.append(model.training), cross_entropy(out, y))[1],
                     SGD(model.parameters(), lr=0.1), num_steps=4, val_loader=held_out)  # fmt: skip
    assert result.losses[0] == pytest.approx(expected, abs=0.05) and Counter(modes) == {True: 4, False: 12}
    with pytest.raises(ValueError, match="val_loader must give at least one batch"):
        find_lr(model, batches(), cross_entropy, SGD(model.parameters(), lr=0.1), val_loader=[])


def test_after_an_interrupted_validation_it_trains_on():
    def interrupted(model, batch):
        if not model.training:
            raise KeyboardInterrupt
        return cross_entropy(model(batch[0]), batch[1])

    model = network()
    model[1].eval()
    modes = [module.training for module in model.modules()]
    optimizer = SGD(model.parameters(), lr=0.1)
    with Finder(model, batches(), None, optimizer, closure=interrupted, val_loader=batches(20)) as finder:
        with pytest.raises(KeyboardInterrupt):
            next(finder)
        assert [module.training for module in model.modules()] == modes


def test_frozen_batch_norm_stays_frozen_and_a_model_in_evaluation_mode_trains():
    seen = {}
    for mode in ("train", "frozen", "eval"):
        model = network()
        if mode == "eval":
            model.eval()
        if mode == "frozen":
            model[1].eval()
        with Finder(model, batches(), cross_entropy, SGD(model.parameters(), lr=0.1)) as finder:
            next(finder)
            seen[mode] = model[1].training, int(model[1].num_batches_tracked)
        assert (model.training, model[1].training) == {"train": (True, True), "frozen": (True, False),
                                                       "eval": (False, False)}[mode]  # fmt: skip
    assert seen == {"train": (True, 1), "frozen": (False, 0), "eval": (True, 1)}


# --- Everything is as before ----------------------------------------------------------------------------------


def frozen(thing):
    """Something hashable that tells apart what differs in a single bit or in its identity."""
    if isinstance(thing, Tensor):
        return id(thing), str(thing.dtype), tuple(thing.shape), thing.detach().contiguous().numpy().tobytes()
    if isinstance(thing, np.ndarray):
        return thing.tobytes()
    if isinstance(thing, dict):
        return tuple((id(k) if isinstance(k, Tensor) else k, frozen(v)) for k, v in thing.items())
    if isinstance(thing, list | tuple):
        return type(thing), id(thing) if isinstance(thing, list) else 0, tuple(map(frozen, thing))
    return thing if isinstance(thing, float | int | str | bool | None) else id(thing)


def state(model, optimizer, loader, scheduler=None, scaler=None) -> dict:
    counts = model[2]
    return {
        "weights": frozen(dict(model.named_parameters())),
        "buffers": frozen(dict(model.named_buffers())),
        "attributes": (counts.calls, frozen(counts.seen), frozen(counts.last)),
        "grads": tuple(frozen(p.grad) for p in model.parameters()),
        "modes": [module.training for module in model.modules()],
        "optimizer": frozen(dict(optimizer.state)),
        "groups": tuple(frozen(dict(group)) for group in optimizer.param_groups),
        "attached": {k: id(v) for k, v in vars(optimizer).items()},
        "scheduler": scheduler and repr(scheduler.state_dict()),
        "scaler": scaler and repr(scaler.state_dict()),
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": frozen(np.random.get_state()),  # noqa: NPY002
        "python": random.getstate(),
        "loader": loader.generator.get_state().numpy().tobytes() if loader.generator else None,
        "sampler": {k: id(v) for k, v in vars(loader.sampler).items()},
    }  # fmt: skip


def assert_same(before: dict, after: dict) -> None:
    assert [key for key in before if before[key] != after[key]] == []


def train(model, loader, optimizer, scheduler=None) -> list[float]:
    losses = []
    for x, y in loader:
        loss = cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if scheduler:
            scheduler.step()
        losses.append(loss.item())
    return losses


class Breaks:
    """A criterion that uses every random state there is and, at its tenth call, does as told."""

    def __init__(self, ending: str):
        self.ending, self.calls = ending, 0

    def __call__(self, outputs, targets):
        self.calls += 1
        random.random(), np.random.rand(), torch.rand(1)  # noqa: NPY002
        loss = cross_entropy(outputs, targets)
        if self.calls == 10:
            if self.ending == "exception":
                raise RuntimeError("a bug")
            if self.ending == "interrupt":
                raise KeyboardInterrupt
            if self.ending == "non-finite":
                return loss * math.nan
        return loss + (100.0 * max(self.calls - 12, 0) if self.ending == "diverged" else 0.0)


@settings(max_examples=30)
@given(
    make=st.sampled_from(sorted(OPTIMIZERS)),
    ending=st.sampled_from(["end", "diverged", "non-finite", "exception", "interrupt"]),
    epochs=st.integers(0, 1),
    scheduled=st.booleans(),
    mode=st.sampled_from(["train", "eval", "frozen"]),
    grads=st.booleans(),
    own_generator=st.booleans(),
    seeds=st.sampled_from([None, 2]),
)
def test_everything_is_bit_for_bit_as_before(make, ending, epochs, scheduled, mode, grads, own_generator, seeds):
    model = network()
    loader = batches(generator=torch.Generator().manual_seed(5) if own_generator else None)
    optimizer = OPTIMIZERS[make](model.parameters())
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3) if scheduled else None
    for _ in range(epochs):
        train(model, loader, optimizer, scheduler)
    if not grads:
        optimizer.zero_grad()
    elif not epochs:
        cross_entropy(model(torch.randn(8, 4)), torch.zeros(8).long()).backward()
    if mode == "eval":
        model.eval()
    if mode == "frozen":
        model[1].eval()
    before = state(model, optimizer, loader, scheduler)
    kept = [p.grad for p in model.parameters()]  # or a new gradient could have an old one's address

    def test() -> RangeTest:
        return find_lr(model, loader, Breaks(ending), optimizer, 1e-5, 1e-2, 20, seeds=seeds)

    if ending in ("exception", "interrupt"):
        with pytest.raises(RuntimeError if ending == "exception" else KeyboardInterrupt):
            test()
    else:
        assert test().stopped == ending
    assert_same(before, state(model, optimizer, loader, scheduler))
    assert len(kept) == 6


@pytest.mark.parametrize("make", ["momentum", "amsgrad", "tensor lr"])
def test_training_goes_on_as_if_there_had_been_no_test(make):
    def run(tested: bool) -> list[float]:
        model = network()
        optimizer = OPTIMIZERS[make](model.parameters())
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=20)
        loader = DataLoader(dataset(), batch_size=8,
                            sampler=WeightedRandomSampler(torch.ones(40), 40, generator=torch.Generator()))  # fmt: skip
        torch.manual_seed(7)
        losses = train(model, loader, optimizer, scheduler)
        middle = iter(loader)
        next(middle)
        if tested:
            find_lr(model, loader, cross_entropy, optimizer, num_steps=30, seeds=[4, 5])
        losses += train(model, middle, optimizer, scheduler)
        return losses + train(model, loader, optimizer, scheduler)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(tested=True) == run(tested=False)


def test_a_new_scheduler_still_misses_its_first_update():
    """torch warns when a scheduler steps before the optimizer; the test's updates do not count."""
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    find_lr(model, batches(), cross_entropy, optimizer, num_steps=5)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        scheduler.step()


def test_persistent_workers_go_on_where_they_are():
    def order(tested: bool) -> list[float]:
        model = network()
        loader = batches(num_workers=1, persistent_workers=True, generator=torch.Generator().manual_seed(2))
        mine = iter(loader)
        seen = [next(mine)]
        if tested:
            find_lr(model, loader, cross_entropy, SGD(model.parameters(), lr=0.1), num_steps=7)
            assert loader._iterator is mine
        seen += list(mine)
        return [float(x.sum()) for x, _ in (*seen, *loader)]

    assert order(tested=True) == order(tested=False)


def test_generators_of_data_set_and_custom_loaders_are_restored():
    class Noisy(TensorDataset):
        def __init__(self):
            super().__init__(*dataset().tensors)
            self.transform = {"jitter": [np.random.default_rng(3)], "flip": random.Random(4)}

        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            return x + self.transform["jitter"][0].normal() + self.transform["flip"].random(), y

    class Loader:
        def __init__(self):
            self.data, self.epoch = Noisy(), 0

        def __iter__(self):
            self.epoch += 1
            return iter(DataLoader(self.data, batch_size=8))

    model, loader = network(), Loader()
    rngs = loader.data.transform
    before = rngs["jitter"][0].bit_generator.state, rngs["flip"].getstate()
    optimizer = SGD(model.parameters(), lr=0.1)
    first, second, again = (find_lr(model, loader, cross_entropy, optimizer, seeds=s) for s in ([1], [2], [1]))
    assert (rngs["jitter"][0].bit_generator.state, rngs["flip"].getstate()) == before and loader.epoch == 0
    assert np.array_equal(first.losses, again.losses) and not np.array_equal(first.losses[:9], second.losses[:9])


def test_gradients_of_parameters_that_the_optimizer_does_not_hold_stay():
    model = network()
    cross_entropy(model(torch.randn(8, 4)), torch.zeros(8).long()).backward()
    grad = model[5].weight.grad
    before = grad.clone()
    find_lr(model, batches(), cross_entropy, SGD(model[0].parameters(), lr=0.1), num_steps=5)
    assert model[5].weight.grad is grad and torch.equal(grad, before)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_model_is_restored():
    model = torch.jit.script(nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    result = find_lr(model, batches(), cross_entropy, SGD(model.parameters(), lr=0.1), num_steps=20)
    assert len(result.lrs) == 20 and not any(module.training for module in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_criterion_with_parameters_of_its_own_is_restored():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))

        def forward(self, outputs, targets):
            return cross_entropy(outputs * self.scale, targets)

    model, criterion = network(), Scaled()
    optimizer = SGD([*model.parameters(), criterion.scale], lr=0.1)
    find_lr(model, batches(), criterion, optimizer, num_steps=20)
    assert criterion.scale.item() == 1.0 and criterion.scale.grad is None


def test_mixed_precision_and_the_scalers_state():
    model, loader = network(), batches()
    optimizer = SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**20, growth_interval=3)
    unused, fresh = state(model, optimizer, loader, scaler=scaler), dict(vars(scaler))
    torch.manual_seed(3)
    half = find_lr(model, loader, cross_entropy, optimizer, num_steps=30, amp=True, scaler=scaler)
    torch.manual_seed(3)
    unused["torch"] = torch.get_rng_state().numpy().tobytes()
    full = find_lr(model, loader, cross_entropy, optimizer, num_steps=30)
    assert_same(unused, state(model, optimizer, loader, scaler=scaler))
    assert vars(scaler) == fresh and fresh["_scale"] is None
    np.testing.assert_allclose(half.losses[:20], full.losses[:20], rtol=0.02)
    assert not np.array_equal(half.losses, full.losses)

    scaler.scale(torch.ones(1))
    scale = scaler._scale
    find_lr(model, loader, cross_entropy, optimizer, num_steps=30, amp=torch.bfloat16, scaler=scaler, clip=1.0)
    assert scaler._scale is scale and scaler.get_scale() == 2.0**20


# --- When it stops --------------------------------------------------------------------------------------------


def test_it_stops_at_four_times_the_best():
    result = bowl(loss=lambda value: value + 1)  # from 2 to 1, then up
    assert result.stopped == "diverged" and result.losses[-1] > 4 * result.losses.min() >= result.losses[:-1].max()
    assert bowl(loss=lambda value: value + 1, stop_factor=math.inf).stopped == "end"
    assert len(bowl(loss=lambda value: value + 1, stop_factor=40).lrs) > len(result.lrs)


def test_a_loss_near_zero_may_rise_to_where_it_began():
    result = bowl()
    assert result.stopped == "diverged" and result.losses[-1] > result.losses[0] >= result.losses[:-1].max()
    assert (result.losses[:-1] > 4 * np.minimum.accumulate(result.losses[:-1])).any()


@pytest.mark.parametrize("shift", [-1e3, -1.0, -0.5, 0.0, 1.0, 1e3])
def test_it_does_not_stop_while_the_loss_falls_whatever_its_sign(shift):
    """A ratio of losses means nothing where they cross zero; here they fall by 1 and then rise without bound."""
    result = bowl(loss=lambda value: value + shift)
    raised = result.losses[-1] - result.losses.min()
    assert result.stopped == "diverged" and result.lrs[-1] > 1.0 and raised > 3 * abs(result.losses.min())


def test_noise_about_zero_does_not_stop_it():
    """As of the log-likelihood of a density: mean 0.01, noise 1; four times the best is exceeded at once."""
    noise = iter(np.random.default_rng(0).normal(0.01, 1.0, 300))
    result = bowl(loss=lambda value: 0 * value + next(noise), smoothing=0.9)
    assert result.stopped == "end" and (result.smoothed > 4 * np.minimum.accumulate(result.smoothed)).any()
    assert any("noise" in doubt for doubt in result.doubts)


def test_a_trained_model_can_be_tested():
    """Its losses are small and vary tenfold from batch to batch."""
    model = network()
    optimizer = SGD(model.parameters(), lr=0.5)
    for _ in range(30):
        train(model, batches(), optimizer)
    result = find_lr(model, batches(), cross_entropy, optimizer)
    assert len(result.lrs) > 70


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite(bad):
    left = iter([1.0] * 30 + [bad])
    result = bowl(loss=lambda value: value * next(left), init_lr=1e-8)
    assert result.stopped == "non-finite" and len(result.lrs) == len(result.losses) == 30
    assert np.isfinite(result.losses).all() and all(map(math.isfinite, result.suggestions.values()))
    with pytest.raises(ValueError, match=r"closure must give a finite loss before any update, got -?(nan|inf)"):
        bowl(loss=lambda value: value * bad)


@pytest.mark.parametrize("steps", [2, 3, 7])
def test_few_updates_suggest_something_finite(steps):
    result = bowl(num_steps=steps, final_lr=0.01)
    assert len(result.lrs) == steps and all(map(math.isfinite, result.suggestions.values()))
    left = iter([1.0, math.nan])
    lone = bowl(loss=lambda value: value * next(left))
    assert lone.suggested_lr == pytest.approx(1e-5) and lone.doubts and lone.plot().alt


# --- What it suggests -----------------------------------------------------------------------------------------


def fastai_valley(lrs, losses):
    """As fastai/callback/schedule.py has it."""
    n = len(losses)
    max_start, max_end = 0, 0
    lds = [1] * n
    for i in range(1, n):
        for j in range(i):
            if losses[i] < losses[j] and lds[i] < lds[j] + 1:
                lds[i] = lds[j] + 1
            if lds[max_end] < lds[i]:
                max_end = i
                max_start = max_end - lds[max_end]
    sections = (max_end - max_start) / 3
    return lrs[max(0, max_start + int(sections) + int(sections / 2))]


@given(st.lists(st.integers(0, 20), min_size=1, max_size=40), st.integers(0, 5))
def test_valley_is_fastais(losses, skip):
    skip = min(skip, len(losses) - 1)
    lrs, losses = np.geomspace(1e-5, 1, len(losses)), np.array(losses, dtype=float)
    assert suggest(lrs, losses, skip)["valley"] == fastai_valley(lrs[skip:], losses[skip:])


def test_suggestions_of_a_curve_known_in_closed_form():
    """A fall of 1 centred at η = 1e-3 (steepest there, over ln η) and a rise that puts the minimum at 0.1."""
    lrs = np.geomspace(1e-7, 1, 701)
    u = np.log(lrs)
    losses = 1 / (1 + np.exp(u - np.log(1e-3))) + (lrs > 0.1) * (u - np.log(0.1))
    found = suggest(lrs, losses)
    assert found["steepest"] == pytest.approx(1e-3)
    assert found["minimum/3"] == pytest.approx(0.1 / 3) and found["minimum/10"] == pytest.approx(0.01)
    assert 1e-6 < found["valley"] < 1e-3
    run = Run(lrs, losses, losses, "end", 0)
    falls = lrs < 0.09
    s = 1 / (1 + np.exp(u - np.log(1e-3)))
    np.testing.assert_allclose(run.gradient[falls][1:], (-s * (1 - s))[falls][1:], atol=1e-4)


def test_a_lucky_first_batch_suggests_nothing():
    values = iter([1e-4, *np.linspace(2, 1, 99)])
    result = bowl(loss=lambda value: 0 * value + next(values), smoothing=0.9, num_steps=100)
    assert result.smoothed.argmin() == 0 and result.suggestions["minimum/10"] == pytest.approx(1.0)


def test_seeds_differ_by_their_batches_and_repeat():
    model, loader = network(), batches()
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    one = find_lr(model, loader, cross_entropy, optimizer, seeds=3, init_lr=1e-4, num_steps=50)
    torch.manual_seed(99)
    two = find_lr(model, loader, cross_entropy, optimizer, seeds=[2, 1, 0], init_lr=1e-4, num_steps=50)
    assert [run.seed for run in one.runs] == [0, 1, 2]
    for mine, other in zip(one.runs, reversed(two.runs), strict=True):
        np.testing.assert_array_equal(mine.losses, other.losses)
    assert len({float(run.losses[0]) for run in one.runs}) == 3
    shortest = min(len(run.lrs) for run in one.runs)
    assert len(one.lrs) == len(one.losses) == shortest and "3 seeds" in repr(one)
    np.testing.assert_allclose(one.losses, np.mean([run.losses[:shortest] for run in one.runs], axis=0))
    for name in SUGGESTIONS:
        values = sorted(run.suggestions[name] for run in one.runs)
        assert one.suggestions[name] == pytest.approx(values[1])
        assert one.spread[name] == pytest.approx(values[2] / values[0])
    assert all(map(math.isnan, find_lr(model, loader, cross_entropy, optimizer).spread.values()))


def test_ratios_of_groups_come_from_the_schedulers_base_rates():
    model = network()
    groups = [{"params": model[0].parameters(), "lr": 0.0}, {"params": model[1].parameters(), "lr": 1e-3},
              {"params": model[5].parameters(), "lr": 1e-2}]  # fmt: skip
    optimizer = SGD(groups)
    expected = (0.0, 1.0, 10.0)
    assert find_lr(model, batches(), cross_entropy, optimizer, num_steps=3).ratios == pytest.approx(expected)
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 0.0)
    result = find_lr(model, batches(), cross_entropy, optimizer, num_steps=3)
    assert result.ratios == pytest.approx(expected) and result.group_lrs[-1] == pytest.approx((0, 10, 100))
    assert [group["lr"] for group in optimizer.param_groups] == [0, 0, 0]


def test_doubts_name_a_range_that_ends_too_soon():
    short = bowl(final_lr=1e-3, num_steps=50)
    assert any("raise final_lr" in doubt for doubt in short.doubts)
    assert bowl().doubts == ()
    use_language("zh")
    assert any("final_lr" in doubt and "增大" in doubt for doubt in short.doubts)


def test_doubts_name_a_range_that_starts_too_high():
    """Digits from 0.3 on, where the loss has begun to fall, or to rise, before the average of the losses is one."""
    model, data = mlp((64, 32, 10), nn.ReLU), digits(train=256)
    loader = list(zip(data.x.split(32), data.y.split(32), strict=True))
    for init_lr, said in ((1e-5, False), (0.3, True)):
        found = find_lr(model, loader, cross_entropy, SGD(model.parameters(), lr=0.1), init_lr=init_lr, progress=False)
        assert any("lower init_lr" in doubt for doubt in found.doubts) is said, init_lr


# --- Loaders and arguments ------------------------------------------------------------------------------------


def test_a_short_loader_starts_again_and_a_list_will_do():
    model, loader = network(), list(batches(16))
    result = find_lr(model, loader, cross_entropy, SGD(model.parameters(), lr=0.1), num_steps=30, final_lr=0.1)
    assert len(result.lrs) == 30


def test_other_batches_go_through_a_closure():
    model = network()
    loader = [{"x": x, "y": y, "extra": ("a", [x])} for x, y in batches()]
    optimizer = SGD(model.parameters(), lr=0.1)
    result = find_lr(model, loader, None, optimizer, num_steps=10,
                     closure=lambda model, batch: cross_entropy(model(batch["x"]), batch["y"]))  # fmt: skip
    assert len(result.lrs) == 10
    with pytest.raises(TypeError, match=r"train_loader must give batches \(inputs, targets\), got a dict.*closure"):
        find_lr(model, loader, cross_entropy, optimizer)
    with pytest.raises(TypeError, match="got a list"):
        find_lr(model, [[1, 2, 3]], cross_entropy, optimizer)


def refused(**changes):
    model = network()
    known = dict(model=model, train_loader=batches(), criterion=cross_entropy,
                 optimizer=SGD(model.parameters(), lr=0.1))  # fmt: skip
    return find_lr(**known | changes)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        *[({name: bad}, ValueError, f"{name} must be a positive finite number, got {bad}")
          for name in ("init_lr", "final_lr", "clip") for bad in (0, -1.0, math.nan, math.inf)],
        ({"init_lr": 1.0, "final_lr": 1.0}, ValueError, "init_lr must be below final_lr, got init_lr=1.0"),
        ({"init_lr": 20}, ValueError, "final_lr=10"),
        *[({"num_steps": bad}, ValueError, "num_steps must be") for bad in (0, 1, -3, 2.5, True)],
        ({"accumulation_steps": 0}, ValueError, "accumulation_steps must be a positive whole number, got 0"),
        ({"mode": "exp"}, ValueError, "mode must be one of 'exponential', 'linear', got 'exp'"),
        *[({"smoothing": bad}, ValueError, "smoothing must be") for bad in (1, -0.1, math.nan, "0.9")],
        *[({"stop_factor": bad}, ValueError, "stop_factor must be above 1") for bad in (1, 0, -4, math.nan)],
        ({"suggestion": "best"}, ValueError, "suggestion must be one of 'steepest'"),
        *[({"seeds": bad}, ValueError, "seeds must be") for bad in (0, -1, [], [1.5], [-1], [3, 3], True)],
        ({"device": "cuda"}, ValueError, r"device must be where the model is, cpu, got 'cuda'"),
        ({"device": "gpu"}, ValueError, "device must be a torch device"),
        ({"progress": "yes"}, TypeError, "progress must be"),
        ({"amp": "fp16"}, TypeError, "amp must be"),
        ({"amp": torch.int8}, TypeError, "amp must be"),
        ({"scaler": 1024.0}, TypeError, "scaler must be"),
        ({"model": lambda x: x}, TypeError, "model must be a torch.nn.Module"),
        ({"model": nn.Linear(2, 2)}, ValueError, "optimizer must hold parameters of model, and holds none"),
        ({"optimizer": 0.1}, TypeError, "optimizer must be a torch.optim.Optimizer, got 0.1"),
        ({"criterion": None}, TypeError, "criterion must be a function"),
        ({"criterion": nn.CrossEntropyLoss}, TypeError, r"such as nn.CrossEntropyLoss\(\)"),
        ({"closure": 3}, TypeError, "closure must be a function"),
        ({"train_loader": 3}, TypeError, "train_loader must be a loader of batches"),
        ({"train_loader": []}, ValueError, "train_loader must give at least one batch, got none"),
        ({"train_loader": iter([1])}, TypeError, "train_loader must be a loader that can be iterated again"),
        ({"train_loader": DataLoader(dataset(4), batch_size=8, drop_last=True)}, ValueError, "drop_last"),
        ({"val_loader": iter([1])}, TypeError, "val_loader must be a loader that can be iterated again"),
        ({"criterion": nn.CrossEntropyLoss(reduction="none")}, ValueError, r"one number.*got shape \(8,\)"),
        ({"criterion": lambda out, y: 1.0}, ValueError, "criterion must give one number, a tensor.*got float"),
        ({"criterion": lambda out, y: torch.ones(())}, ValueError, "it has no gradient"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(changes, error, message):
    with pytest.raises(error, match=message):
        refused(**changes)


def test_lazy_models_and_lbfgs_are_refused():
    lazy = nn.LazyLinear(3)
    with pytest.raises(ValueError, match="call it once on a batch"):
        refused(model=lazy, optimizer=SGD(lazy.parameters(), lr=0.1))
    model = network()
    with pytest.raises(TypeError, match="got LBFGS"):
        refused(model=model, optimizer=torch.optim.LBFGS(model.parameters()))


def test_the_model_is_asked_for_its_device():
    assert refused(device=None, num_steps=3).lrs.shape == (3,)
    assert refused(device=torch.device("cpu"), num_steps=3).lrs.shape == (3,)


def test_under_no_grad_it_trains_all_the_same():
    with torch.no_grad():
        assert len(refused(num_steps=5).lrs) == 5


# --- The pieces -----------------------------------------------------------------------------------------------


def test_a_finder_stops_goes_on_and_begins_again():
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    torch.manual_seed(3)
    whole = find_lr(model, batches(), cross_entropy, optimizer, num_steps=12, final_lr=0.1)
    torch.manual_seed(3)
    weights = model[0].weight.clone()
    with Finder(model, batches(), cross_entropy, optimizer, num_steps=12, final_lr=0.1) as finder:
        with pytest.raises(RuntimeError, match="nothing has been measured"):
            _ = finder.run
        for point in finder:
            if point.update == 4:
                break
        assert len(finder.run.lrs) == 5 and finder.stopped is None
        assert not torch.equal(model[0].weight, weights)
        points = list(finder)
        assert [point.update for point in points] == list(range(5, 12)) and finder.stopped == "end"
        assert list(finder) == []
        np.testing.assert_array_equal(finder.run.losses, whole.losses)
        assert points[-1].loss == whole.losses[-1] and points[-1].smoothed == whole.smoothed[-1]
        with pytest.raises(RuntimeError, match="already at work"):
            finder.__enter__()
        finder.restart(seed=1)
        assert torch.equal(model[0].weight, weights) and finder.stopped is None
        assert next(finder).update == 0 and finder.run.seed == 1
    assert torch.equal(model[0].weight, weights)
    with pytest.raises(RuntimeError, match="inside a with block"):
        next(finder)
    assert len(finder.run.lrs) == 1


def test_a_result_draws_itself_in_both_languages():
    result = refused(seeds=2, num_steps=60)
    figure = result.plot()
    top, bottom = figure.axes
    assert (
        top.get_xscale() == "log" and f"minimum/10: {result.suggested_lr:.2g}" in top.get_legend_handles_labels()[1][3]
    )
    np.testing.assert_array_equal(bottom.lines[0].get_ydata(), result.gradient)
    drawn = [line for line in top.lines if len(line.get_xdata()) == len(result.lrs)]
    assert any(np.array_equal(line.get_ydata(), result.smoothed) for line in drawn)
    assert f"{result.suggested_lr:.2g}" in figure.alt and "Over 2 seeds" in figure.alt
    use_language("zh")
    assert "学习率范围测试" in result.plot().alt
    assert refused(num_steps=5, final_lr=1e-6).plot().axes[0].get_title(loc="left")


def test_progress_is_shown_on_request_and_in_terminals_only(capsys):
    refused(num_steps=3)
    refused(num_steps=3, progress=False)
    assert capsys.readouterr() == ("", "")
    refused(num_steps=3, progress=True)
    assert "update" in capsys.readouterr().err


def test_regression_losses_and_float64():
    model = nn.Linear(3, 1).double()
    x = torch.randn(32, 3, dtype=torch.float64)
    result = find_lr(model, [(x, x.sum(1, keepdim=True))], mse_loss, SGD(model.parameters(), lr=0.1), init_lr=1e-3)
    curvature = torch.linalg.eigvalsh(
        2 * torch.cat([x, torch.ones(32, 1)], 1).T @ torch.cat([x, torch.ones(32, 1)], 1) / 32
    )
    rising = result.lrs[int(np.argmin(result.losses))]
    assert 1 < rising * float(curvature[-1]) / 2 < 4  # the steepest direction starts to grow; it takes a few updates
