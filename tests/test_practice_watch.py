"""`practice.watch`: each mistake is found in a loop that makes it, and in no loop that is right; nothing is changed."""

import copy
import functools
import gc
import io
import runpy
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import LBFGS, SGD, AdamW, swa_utils
from torch.optim import lr_scheduler as L
from torch.optim import optimizer as optimizers

from lrcourse import CurveLR, CustomScheduler, TransformerLRScheduler, WarmupScheduler, curves, words
from lrcourse.practice import watch, watching_everything
from lrcourse.practice.rules import RULES

N = 60  # updates of a loop
CODES = {rule.__name__.replace("_", "-") for rule in RULES}


class Loop:
    """A network, an optimizer, and the lines of a training loop."""

    def __init__(self, make=None, *, groups=1, kind=SGD, lr=0.1, **options):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
        parameters = list(self.model.parameters())
        if groups == 2:
            parameters = [{"params": parameters[:2]}, {"params": parameters[2:], "lr": lr / 10}]
        self.optimizer = kind(parameters, lr=lr, **options)
        self.scheduler = make(self.optimizer) if make else None
        self.x, self.y = torch.randn(8, 3), torch.randint(2, (8,))

    def loss(self):
        return nn.functional.cross_entropy(self.model(self.x), self.y)

    def backward(self):
        self.optimizer.zero_grad()
        loss = self.loss()
        loss.backward()
        return loss

    def update(self):
        """A gradient that needs no backward: only the learning rate is looked at."""
        for parameter in self.model.parameters():
            parameter.grad = parameter.detach().clone()
        self.optimizer.step()
        return self.model[0].weight.detach().square().sum()

    def run(self, updates=N, every=1, **options):
        """The loop as it should be, watched."""
        with watch(self.optimizer, self.scheduler, **options) as report:
            self.report = report
            for t in range(1, updates + 1):
                self.update()
                if t % every == 0:
                    self.scheduler.step()
        return report


def quiet(report):
    assert report.codes == (), str(report)
    return report


# --- Loops that are right -------------------------------------------------------------------------------------


def sequence(first, second, at):
    return lambda o: L.SequentialLR(o, [first(o), second(o)], [at])


RIGHT = {
    "StepLR": lambda o: L.StepLR(o, 20),
    "MultiStepLR": lambda o: L.MultiStepLR(o, [30, 45]),
    "ConstantLR": lambda o: L.ConstantLR(o, total_iters=5),
    "LinearLR": lambda o: L.LinearLR(o, 0.1, total_iters=5),
    "LinearLR to zero": lambda o: L.LinearLR(o, 1.0, 0.0, total_iters=N),
    "ExponentialLR": lambda o: L.ExponentialLR(o, 0.95),
    "PolynomialLR": lambda o: L.PolynomialLR(o, N, 2.0),
    "CosineAnnealingLR": lambda o: L.CosineAnnealingLR(o, N),
    "CosineAnnealingLR, ends at eta_min": lambda o: L.CosineAnnealingLR(o, N - 1, eta_min=1e-3),
    "CosineAnnealingWarmRestarts": lambda o: L.CosineAnnealingWarmRestarts(o, 10, 2),
    "LambdaLR": lambda o: L.LambdaLR(o, lambda t: 0.97**t),
    "MultiplicativeLR": lambda o: L.MultiplicativeLR(o, lambda t: 0.97),
    "CyclicLR": lambda o: L.CyclicLR(o, 0.01, 0.1, step_size_up=10),
    "OneCycleLR": lambda o: L.OneCycleLR(o, 0.1, total_steps=N),
    "OneCycleLR, linear": lambda o: L.OneCycleLR(o, 0.1, total_steps=N, anneal_strategy="linear", three_phase=True),
    "SWALR": lambda o: swa_utils.SWALR(o, 0.02, anneal_epochs=5),
    "SequentialLR": sequence(
        lambda o: L.LinearLR(o, 0.1, total_iters=10), lambda o: L.CosineAnnealingLR(o, N - 10), 10
    ),
    "SequentialLR, one-cycle": sequence(
        lambda o: L.ConstantLR(o, 0.1, 10), lambda o: L.OneCycleLR(o, 0.1, total_steps=N - 10), 10
    ),
    "ChainedScheduler": lambda o: L.ChainedScheduler([L.ConstantLR(o, 0.1, 5), L.ExponentialLR(o, 0.95)]),
    "ChainedScheduler, cosine": lambda o: L.ChainedScheduler([L.LinearLR(o, 0.1), L.CosineAnnealingLR(o, N)]),
    "WarmupScheduler": lambda o: WarmupScheduler(o, 10, L.CosineAnnealingLR(o, N - 10)),
    "WarmupScheduler alone": lambda o: WarmupScheduler(o, 10),
    "TransformerLRScheduler": lambda o: TransformerLRScheduler(o, 64, 20),
    "CustomScheduler": lambda o: CustomScheduler(o, lambda t: 1 / (1 + t)),
    "CurveLR": lambda o: CurveLR(o, curves.wsd(0.1, N, 20, 5)),
    "CurveLR, cosine": lambda o: CurveLR(
        o, curves.then(curves.linear_warmup(0.1, 5), 2 * curves.cosine_annealing_lr(0.1, N - 5), at=5)
    ),
}


@pytest.mark.parametrize("make", RIGHT.values(), ids=RIGHT.keys())
@pytest.mark.parametrize("groups", [1, 2])
def test_every_scheduler_in_a_right_loop(make, groups):
    loop = Loop(make, groups=groups, **(dict(momentum=0.9) if groups == 1 else dict(kind=AdamW)))
    with watch(loop.optimizer) as without_a_plan:
        report = quiet(loop.run(planned_updates=N))
    assert report.lr.shape == (N, groups)
    assert np.allclose(report.planned, report.lr, rtol=1e-6, atol=1e-12)
    assert np.array_equal(quiet(without_a_plan).lr, report.lr)


@pytest.mark.parametrize("make", RIGHT.values(), ids=RIGHT.keys())
def test_once_an_epoch(make):
    loop = Loop(make, momentum=0.9)
    with watch(loop.optimizer) as without_a_plan:
        report = quiet(loop.run(updates=3 * N, every=3, planned_updates=3 * N))
    assert np.allclose(report.planned, report.lr, rtol=1e-6, atol=1e-12)
    assert np.array_equal(quiet(without_a_plan).lr, report.lr)


@pytest.mark.parametrize("make", RIGHT.values(), ids=RIGHT.keys())
def test_built_inside_and_found(make):
    loop = Loop(momentum=0.9)
    with watch(loop.optimizer) as report:
        scheduler = make(loop.optimizer)
        for _ in range(N):
            loop.update()
            scheduler.step()
    quiet(report)
    assert [seen.scheduler for seen in report._trace.tops()] == [scheduler]


@pytest.mark.parametrize("make", RIGHT.values(), ids=RIGHT.keys())
@pytest.mark.parametrize("inside", [False, True])
def test_a_resumed_run(make, inside):
    """Optimizer and scheduler are built, then both states are loaded, before the watch or in it."""
    before = Loop(make, momentum=0.9)
    before.run(updates=25)
    states = copy.deepcopy((before.optimizer.state_dict(), before.scheduler.state_dict()))
    after = Loop(make, momentum=0.9)

    def load():
        after.optimizer.load_state_dict(states[0])
        after.scheduler.load_state_dict(states[1])

    if not inside:
        load()
    with watch(after.optimizer, after.scheduler, planned_updates=N) as report:
        if inside:
            load()
        for _ in range(N - 25):
            after.update()
            after.scheduler.step()
    quiet(report)
    assert np.allclose(report.planned, report.lr, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("warm", [False, True])
def test_plateau_with_its_metric(warm):
    def make(optimizer):
        plateau = L.ReduceLROnPlateau(optimizer, patience=1)
        return WarmupScheduler(optimizer, 5, plateau) if warm else plateau

    loop = Loop(make)
    with watch(loop.optimizer, loop.scheduler, planned_updates=N) as report:
        for t in range(N):
            loss = loop.update()
            if t % 5 == 4:
                loop.scheduler.step(loss if t < 30 else torch.tensor(1.0))
    assert np.allclose(quiet(report).planned, report.lr)
    assert len(np.unique(report.lr)) > 2


def test_no_scheduler_a_hand_written_one_and_stopping_early():
    with watch(Loop().optimizer) as report:
        pass
    assert len(quiet(report).lr) == 0
    loop = Loop()
    with watch(loop.optimizer, planned_updates=1000) as report:
        for t in range(N):
            loop.optimizer.param_groups[0]["lr"] = 0.1 / (1 + t)
            loop.update()
    assert np.allclose(quiet(report).lr[:, 0], 0.1 / (1 + np.arange(N)))
    assert np.isnan(report.planned).all()
    quiet(Loop(lambda o: L.CosineAnnealingLR(o, 1000)).run())


def test_torchs_loops_with_two_schedulers():
    """Back-to-back chaining, and SWA, as in torch's documentation."""
    loop = Loop(lambda o: (L.ExponentialLR(o, 0.95), L.MultiStepLR(o, [30, 50])))
    with watch(loop.optimizer, loop.scheduler) as report:
        for _ in range(N):
            loop.update()
            for scheduler in loop.scheduler:
                scheduler.step()
    quiet(report)
    loop = Loop(lambda o: (L.CosineAnnealingLR(o, 40), swa_utils.SWALR(o, 0.05)))
    with watch(loop.optimizer) as report:
        for t in range(N):
            loop.update()
            loop.scheduler[t >= 40].step()
    quiet(report)


def test_accumulation_closures_and_two_optimizers():
    loop = Loop(lambda o: L.CosineAnnealingLR(o, N))
    with watch(loop.optimizer, loop.scheduler, planned_updates=N) as report:
        for i in range(3 * N):
            (loop.loss() / 3).backward()
            if i % 3 == 2:
                loop.optimizer.step()
                loop.optimizer.zero_grad()
                loop.scheduler.step()
    assert quiet(report).updates == N

    loop = Loop(lambda o: L.ExponentialLR(o, 0.9), kind=LBFGS, max_iter=4)
    with watch(loop.optimizer, loop.scheduler) as report:
        for _ in range(5):
            loop.optimizer.step(loop.backward)
            loop.scheduler.step()
    assert np.allclose(quiet(report).lr[:, 0], 0.1 * 0.9 ** np.arange(5))

    a, b = Loop(lambda o: L.StepLR(o, 10)), Loop(lambda o: L.CosineAnnealingLR(o, 10))
    with watch(a.optimizer, a.scheduler) as of_a, watch(b.optimizer, b.scheduler) as of_b:
        for t in range(20):
            a.update(), a.scheduler.step()
            if t % 2:
                b.update(), b.scheduler.step()
    assert (quiet(of_a).updates, quiet(of_b).updates) == (20, 10)


def test_a_grad_scaler_that_skips_the_first_updates():
    loop = Loop(lambda o: L.CosineAnnealingLR(o, N))
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**8)
    with watch(loop.optimizer, loop.scheduler, planned_updates=N) as report, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(N):
            loop.optimizer.zero_grad()
            scaler.scale(loop.loss() * (float("inf") if i < 2 else 1.0)).backward()
            scaler.step(loop.optimizer)
            scaler.update()
            loop.scheduler.step()
    assert quiet(report).updates == N - 2


# --- Loops that are wrong, and what looks alike ---------------------------------------------------------------


def never():
    loop = Loop(lambda o: L.StepLR(o, 10))
    with watch(loop.optimizer, loop.scheduler) as report:
        for _ in range(N):
            loop.update()
    return report


def never_found():
    """The scheduler is not given, and built before."""
    loop = Loop(lambda o: L.StepLR(o, 10))
    with watch(loop.optimizer) as report:
        for _ in range(N):
            loop.update()
    return report


def before(every=1):
    loop = Loop(lambda o: L.StepLR(o, 10))
    with watch(loop.optimizer, loop.scheduler) as report, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for t in range(N):
            if t % every == 0:
                loop.scheduler.step()
            loop.update()
    return report


def wound_forward():
    """Near-miss: steps before the first update, to resume without a state."""
    loop = Loop(lambda o: L.StepLR(o, 10))
    with watch(loop.optimizer, loop.scheduler) as report, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(25):
            loop.scheduler.step()
        for _ in range(N):
            loop.update()
            loop.scheduler.step()
    return report


def plateau(metric):
    loop = Loop(lambda o: L.ReduceLROnPlateau(o, patience=2))
    with watch(loop.optimizer, loop.scheduler) as report:
        for t in range(10):
            loss = loop.update()
            loop.scheduler.step(*metric(t, loss))
    return report


def plateau_raises():
    loop = Loop(lambda o: L.ReduceLROnPlateau(o))
    with pytest.raises(TypeError, match="metrics") as caught:
        loop.run()
    assert "plateau-without-metric" in "".join(caught.value.__notes__)
    return loop.report


def twice(make=lambda o: L.LinearLR(o, 0.1, total_iters=10)):
    loop = Loop(make)
    loop.scheduler = make(loop.optimizer)
    return loop.run()


def two(first, second):
    loop = Loop(lambda o: (first(o), second(o)))
    with watch(loop.optimizer) as report:
        for _ in range(N):
            loop.update()
            for scheduler in loop.scheduler:
                scheduler.step()
    return report


def late(make, rebuild=False):
    loop = Loop(make)
    with watch(loop.optimizer) as report:
        try:
            for t in range(N):
                if t == 20:
                    loop.optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(2))], "lr": 0.02})
                    if rebuild:
                        loop.scheduler = make(loop.optimizer)
                loop.update()
                loop.scheduler.step()
        except (ValueError, KeyError):
            pass
    return report


def saved(make, save=True):
    loop = Loop(make)
    with watch(loop.optimizer, loop.scheduler) as report:
        for _ in range(N):
            loop.update()
            loop.scheduler.step()
        if save:
            loop.scheduler.state_dict()
    return report


class Decay:
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, t):
        return self.rate**t


def captured(rate):
    return lambda t: rate**t


def resumed(how):
    make = {"scheduler only": lambda o: L.StepLR(o, 10)}.get(how, lambda o: L.LinearLR(o, 0.1, total_iters=40))
    first = Loop(make)
    first.run(updates=25)
    loop = Loop()
    if how == "optimizer first":
        loop.optimizer.load_state_dict(first.optimizer.state_dict())
    loop.scheduler = make(loop.optimizer)
    loop.scheduler.load_state_dict(first.scheduler.state_dict())
    return loop.run(updates=10)


def last_epoch():
    """Built at a milestone with last_epoch: the drop is applied again."""
    first = Loop(lambda o: L.StepLR(o, 10))
    first.run(updates=20)
    loop = Loop()
    loop.optimizer.load_state_dict(first.optimizer.state_dict())
    loop.scheduler = L.StepLR(loop.optimizer, 10, last_epoch=19)
    return loop.run(updates=10)


def optimizer_loaded_inside():
    first = Loop(lambda o: L.StepLR(o, 10))
    first.run(updates=25)
    loop = Loop(lambda o: L.StepLR(o, 10))
    with watch(loop.optimizer, loop.scheduler) as report:
        loop.optimizer.load_state_dict(first.optimizer.state_dict())
        for _ in range(10):
            loop.update()
            loop.scheduler.step()
    return report


def set_back():
    loop = Loop(lambda o: L.CosineAnnealingLR(o, N))
    with watch(loop.optimizer, loop.scheduler) as report:
        for _ in range(N):
            loop.optimizer.param_groups[0]["lr"] = 0.1
            loop.update()
            loop.scheduler.step()
    return report


def phantom(strategy):
    """One update more than the cycle has: its learning rate is no part of it."""
    loop = Loop(lambda o: L.OneCycleLR(o, 0.1, total_steps=N - 1, anneal_strategy=strategy), momentum=0.9)
    with watch(loop.optimizer, loop.scheduler) as report:
        for t in range(N):
            loop.update()
            if t < N - 1:
                loop.scheduler.step()
    return report


def partly_frozen():
    """Near-miss of zero-first-lr: one group waits."""
    return Loop(lambda o: L.LambdaLR(o, [lambda t: 1.0, lambda t: float(t > 20)]), groups=2).run()


def run(make, **options):
    return lambda: Loop(make, momentum=0.9).run(**options)


EPOCHS = dict(updates=100, every=10)
EXP_CYCLIC = lambda o: L.ChainedScheduler([L.ExponentialLR(o, 0.99), L.CyclicLR(o, 0.001, 0.01, 20)])  # noqa: E731

WRONG = {
    "never-stepped": [never, never_found],
    "scheduler-before-optimizer": [before, functools.partial(before, 10)],
    "plateau-without-metric": [plateau_raises, lambda: plateau(lambda t, loss: [t])],
    "stepped-per-epoch": [
        run(lambda o: L.OneCycleLR(o, 0.1, total_steps=100), **EPOCHS),
        run(lambda o: L.CosineAnnealingLR(o, 100), planned_updates=100, **EPOCHS),
        run(RIGHT["SequentialLR"], updates=N, every=5),
        run(lambda o: L.StepLR(o, 30), planned_updates=100, **EPOCHS),
        run(lambda o: CurveLR(o, curves.linear_to_zero(0.1, 100)), **EPOCHS),
    ],
    "horizon-mismatch": [
        run(lambda o: L.CosineAnnealingLR(o, 90), planned_updates=N),
        run(lambda o: L.CosineAnnealingLR(o, N), planned_updates=2 * N),
        run(lambda o: L.OneCycleLR(o, 0.1, total_steps=200), planned_updates=N),
        run(sequence(lambda o: L.LinearLR(o, 0.1), lambda o: L.CosineAnnealingLR(o, N), 10), planned_updates=N),
        run(lambda o: L.MultiStepLR(o, [100, 200]), planned_updates=N),
    ],
    "zero-first-lr": [
        run(lambda o: L.LambdaLR(o, lambda t: min(1.0, t / 10))),
        run(lambda o: L.CyclicLR(o, 0.0, 0.1, 10)),
    ],
    "second-scheduler": [
        lambda: two(lambda o: L.CosineAnnealingLR(o, N), lambda o: L.CosineAnnealingLR(o, N)),
        lambda: two(lambda o: L.ExponentialLR(o, 0.9), lambda o: L.LambdaLR(o, lambda t: 1.0)),
        twice,
        lambda: twice(lambda o: L.ConstantLR(o, 0.5)),
    ],
    "chained-not-product": [
        run(EXP_CYCLIC),
        run(lambda o: L.ChainedScheduler([L.LambdaLR(o, lambda t: 0.99**t), L.StepLR(o, 10)])),
        run(lambda o: L.ChainedScheduler([L.ConstantLR(o, 0.1), L.CosineAnnealingLR(o, N, eta_min=0.01)])),
    ],
    "late-param-group": [
        lambda: late(lambda o: L.ExponentialLR(o, 0.95)),
        lambda: late(lambda o: L.LambdaLR(o, lambda t: 0.95**t)),
        lambda: late(lambda o: CurveLR(o, curves.linear_to_zero(0.1, N))),
    ],
    "lambda-not-saved": [
        lambda: saved(lambda o: L.LambdaLR(o, lambda t: 0.97**t)),
        lambda: saved(lambda o: L.MultiplicativeLR(o, captured(0.97))),
        lambda: saved(sequence(lambda o: L.LambdaLR(o, captured(0.97)), lambda o: L.StepLR(o, 30), 10)),
    ],
    "cosine-rebound": [
        run(lambda o: L.CosineAnnealingLR(o, N - 5)),
        run(lambda o: L.CosineAnnealingLR(o, 10), updates=100, every=5),
        run(sequence(lambda o: L.LinearLR(o, 0.1), lambda o: L.CosineAnnealingLR(o, 40), 10)),
        run(lambda o: WarmupScheduler(o, 10, L.CosineAnnealingLR(o, 40))),
        run(lambda o: CurveLR(o, curves.cosine_annealing_lr(0.1, 40))),
    ],
    "onecycle-overrun": [lambda: phantom("cos"), lambda: phantom("linear")],
    "resume-mismatch": [
        lambda: resumed("scheduler only"), lambda: resumed("optimizer first"), last_epoch, optimizer_loaded_inside,
    ],
    "negative-lr": [lambda: phantom("linear"), run(lambda o: L.LambdaLR(o, lambda t: 1 - t / 50))],
    "lr-frozen": [
        run(lambda o: L.ExponentialLR(o, 0.7)), run(lambda o: L.PolynomialLR(o, 30)), set_back,
        run(lambda o: L.MultiStepLR(o, [10.5, 40])),
    ],
}  # fmt: skip

ALIKE = {
    "never-stepped": [run(lambda o: L.StepLR(o, 1000)), run(lambda o: L.StepLR(o, 1000), updates=50, every=50)],
    "scheduler-before-optimizer": [wound_forward],
    "plateau-without-metric": [
        lambda: plateau(lambda t, loss: [loss]), lambda: plateau(lambda t, loss: [float(t)]),
        lambda: plateau(lambda t, loss: [10 - t]),
    ],
    "stepped-per-epoch": [
        run(lambda o: L.OneCycleLR(o, 0.1, total_steps=10), planned_updates=100, **EPOCHS),
        run(lambda o: L.StepLR(o, 3), planned_updates=100, **EPOCHS),
        run(lambda o: L.StepLR(o, 30), **EPOCHS),
    ],
    "horizon-mismatch": [
        run(lambda o: L.CosineAnnealingLR(o, N - 1), planned_updates=N),
        run(lambda o: L.CosineAnnealingLR(o, 200), updates=N, planned_updates=200),
        run(lambda o: L.CosineAnnealingLR(o, 20), updates=N, every=5, planned_updates=100),
        run(lambda o: L.MultiStepLR(o, [20, 40]), planned_updates=N),
    ],
    "zero-first-lr": [partly_frozen, run(lambda o: L.LambdaLR(o, lambda t: min(1.0, (t + 1) / 10)))],
    "second-scheduler": [
        lambda: two(lambda o: L.LinearLR(o, 0.1), lambda o: L.CosineAnnealingLR(o, N)),
        lambda: twice(lambda o: L.StepLR(o, 10)),
        lambda: twice(sequence(lambda o: L.LinearLR(o, 0.1, total_iters=5), lambda o: L.StepLR(o, 20), 5)),
    ],
    "chained-not-product": [
        run(RIGHT["ChainedScheduler"]),
        run(lambda o: CurveLR(o, curves.exponential_lr(1, 0.99) * curves.cyclic_lr(0.1, 0.001, 0.01, 20))),
    ],
    "late-param-group": [lambda: late(lambda o: L.ExponentialLR(o, 0.95), rebuild=True)],
    "lambda-not-saved": [
        lambda: saved(lambda o: L.LambdaLR(o, lambda t: 0.97**t), save=False),
        lambda: saved(lambda o: L.LambdaLR(o, Decay(0.97))),
        lambda: saved(lambda o: L.LambdaLR(o, curves.exponential_lr(1, 0.97))),
        lambda: saved(lambda o: CurveLR(o, curves.linear_to_zero(0.1, N))),
    ],
    "cosine-rebound": [run(lambda o: L.CosineAnnealingLR(o, N)), run(RIGHT["CosineAnnealingWarmRestarts"])],
    "onecycle-overrun": [run(lambda o: L.OneCycleLR(o, 0.1, epochs=6, steps_per_epoch=10))],
    "resume-mismatch": [wound_forward, run(lambda o: L.LinearLR(o, 0.1, total_iters=40))],
    "negative-lr": [run(RIGHT["OneCycleLR, linear"]), run(lambda o: L.LambdaLR(o, lambda t: max(0.0, 1 - t / N)))],
    "lr-frozen": [
        run(lambda o: L.ExponentialLR(o, 0.85)), run(lambda o: L.PolynomialLR(o, N)),
        run(lambda o: L.MultiStepLR(o, [10.0, 40])), run(lambda o: L.StepLR(o, 1000)),
    ],
}  # fmt: skip


def cases(table):
    return [pytest.param(code, make, id=f"{code}-{i}") for code, made in table.items() for i, make in enumerate(made)]


def test_every_code_has_both():
    assert WRONG.keys() == ALIKE.keys() == CODES
    assert len(CODES) == 15


@pytest.mark.parametrize(("code", "loop"), cases(WRONG))
def test_a_mistake_is_found(code, loop):
    report = loop()
    found = [finding for finding in report if finding.code == code]
    assert len(found) == 1, str(report)
    assert 0 <= found[0].update <= max(report.updates, 2)
    for language in words.LANGUAGES:
        words.use_language(language)
        try:
            texts = found[0].message, found[0].fix, str(report), report._repr_html_()
        finally:
            words.use_language("en")
        assert all(texts)
        assert not any("{" in text.replace("{}", "") for text in texts[:2])
    assert code in str(report) and f"<code>{code}</code>" in report._repr_html_()


@pytest.mark.parametrize(("code", "loop"), cases(ALIKE))
def test_what_looks_alike_is_right(code, loop):
    quiet(loop())


def test_nothing_else_is_said_of_a_simple_mistake():
    assert never().codes == ("never-stepped",)
    assert before().codes == ("scheduler-before-optimizer",)
    assert run(lambda o: L.LambdaLR(o, lambda t: 1 - t / 50))().codes == ("negative-lr",)
    assert run(EXP_CYCLIC)().codes == ("chained-not-product",)
    assert run(lambda o: L.CosineAnnealingLR(o, N - 5))().codes == ("cosine-rebound",)
    assert run(lambda o: L.OneCycleLR(o, 0.1, total_steps=100), **EPOCHS)().codes == ("stepped-per-epoch",)
    assert [f.update for f in run(lambda o: L.CosineAnnealingLR(o, N - 5))()] == [N - 4]


def test_a_step_past_the_end_of_one_cycle_carries_the_finding():
    loop = Loop(lambda o: L.OneCycleLR(o, 0.1, total_steps=40), momentum=0.9)
    with pytest.raises(ValueError, match="total") as caught:
        loop.run()
    assert "onecycle-overrun" in "".join(caught.value.__notes__)
    assert loop.report.codes == ("onecycle-overrun",)
    assert loop.report.updates == 41


def test_the_plan_shows_where_a_loop_leaves_it():
    t = np.arange(N)
    step = curves.step_lr(0.1, 10)(t)
    assert np.allclose(never().planned[:, 0], step)
    assert np.allclose(never().lr, 0.1)
    report = before()
    assert np.allclose(report.planned[:, 0], step)
    assert np.allclose(report.lr[:, 0], curves.step_lr(0.1, 10)(t + 1))
    report = run(lambda o: L.CosineAnnealingLR(o, 100), **EPOCHS)()
    assert np.allclose(report.planned[:, 0], curves.cosine_annealing_lr(0.1, 100)(np.arange(100)))
    figure = report.plot()
    assert "stepped-per-epoch" in figure.alt
    assert figure.png().startswith(b"\x89PNG")


# --- Nothing is changed ---------------------------------------------------------------------------------------


def anatomy():
    return {(owner, name): value for owner in (L.LRScheduler, L.ReduceLROnPlateau, L.SequentialLR, WarmupScheduler)
            for name, value in vars(owner).items()}  # fmt: skip


@pytest.mark.parametrize("raises", [False, True])
def test_what_is_watched_trains_and_saves_as_before_and_nothing_stays(raises):
    def trained(watched):
        loop = Loop(RIGHT["SequentialLR"], momentum=0.9)
        inside = None
        try:
            with watch(loop.optimizer, loop.scheduler) if watched else warnings.catch_warnings():
                for t in range(30):
                    loop.backward()
                    loop.optimizer.step()
                    loop.scheduler.step()
                    if t == 20:
                        inside = io.BytesIO()
                        torch.save([loop.scheduler.state_dict(), loop.optimizer.state_dict()], inside)
                        inside = torch.load(io.BytesIO(inside.getvalue()), weights_only=True)
                if raises:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        assert not loop.optimizer._optimizer_step_pre_hooks
        assert not loop.optimizer._optimizer_load_state_dict_post_hooks
        return loop, inside

    classes = anatomy()
    (plain, kept), (seen, kept_inside) = trained(False), trained(True)
    assert anatomy() == classes
    assert str(kept) == str(kept_inside)
    assert vars(plain.scheduler).keys() == vars(seen.scheduler).keys()
    assert vars(plain.optimizer).keys() == vars(seen.optimizer).keys()
    for a, b in zip(plain.model.parameters(), seen.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_scheduler_of_ones_own_and_a_tensor_learning_rate():
    class Halving(L.LRScheduler):
        def get_lr(self):
            return [base * 0.5**self.last_epoch for base in self.base_lrs]

        def step(self, epoch=None):
            super().step(epoch)

    report = quiet(Loop(Halving).run(updates=10))
    assert np.allclose(report.lr[:, 0], 0.1 * 0.5 ** np.arange(10))
    assert np.allclose(report.planned, report.lr)
    report = quiet(Loop(lambda o: L.CosineAnnealingLR(o, N), kind=AdamW, lr=torch.tensor(0.1)).run())
    assert np.allclose(report.lr[:, 0], curves.cosine_annealing_lr(0.1, N)(np.arange(N)), atol=1e-7)


def test_the_report_can_be_read_inside_the_loop():
    loop = Loop(lambda o: L.CosineAnnealingLR(o, N))
    with watch(loop.optimizer, loop.scheduler, planned_updates=2 * N) as report:
        for t in range(N):
            loop.update()
            loop.scheduler.step()
            assert len(report.lr) == t + 1
            if t == 5:
                assert report.codes == ("horizon-mismatch",)


def test_watching_everything_needs_no_name(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import torch\n"
        "model = torch.nn.Linear(2, 2)\n"
        "a = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "b = torch.optim.AdamW(model.parameters(), lr=0.1)\n"
        "decay = torch.optim.lr_scheduler.CosineAnnealingLR(a, 10)\n"
        "idle = torch.optim.lr_scheduler.StepLR(b, 10)\n"
        "for _ in range(30):\n"
        "    for optimizer in (a, b):\n"
        "        optimizer.zero_grad(); model(torch.ones(1, 2)).sum().backward(); optimizer.step()\n"
        "    decay.step()\n"
    )
    classes = anatomy()
    with watching_everything() as reports:
        runpy.run_path(str(script))
    assert [report.codes for report in reports] == [("cosine-rebound",), ("never-stepped",)]
    assert anatomy() == classes
    assert not optimizers._global_optimizer_pre_hooks


def test_classes_that_are_made_inside_are_seen():
    class Noted:
        def __init_subclass__(cls, note=None):
            cls.note = note

    classes = anatomy()
    with watching_everything() as reports:

        class Halving(L.LRScheduler, Noted, note="mine"):
            def get_lr(self):
                return self.base_lrs

            def step(self, epoch=None):  # torch's is never called
                self.last_epoch += 1
                for group, base in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
                    group["lr"] = base * 0.5**self.last_epoch

        loop = Loop(Halving)
        for _ in range(10):
            loop.scheduler.step()
            loop.update()
    assert Halving.note == "mine"
    assert [report.codes for report in reports] == [("scheduler-before-optimizer",)]
    assert anatomy() == classes
    assert not hasattr(Halving.step, "__wrapped__")


def test_arguments():
    loop, other = Loop(lambda o: L.StepLR(o, 10)), Loop(lambda o: L.StepLR(o, 10))
    with pytest.raises(TypeError, match="optimizer must be"):
        watch(loop.model)
    with pytest.raises(TypeError, match="scheduler must be"):
        watch(loop.optimizer, "cosine")
    with pytest.raises(ValueError, match="built on this optimizer"):
        watch(loop.optimizer, other.scheduler)
    with pytest.raises(ValueError, match="planned_updates"):
        watch(loop.optimizer, planned_updates=0)
    gc.collect()
