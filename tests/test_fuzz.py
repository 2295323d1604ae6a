"""Every argument of every public function, with values that it cannot mean: a right result, or an error that helps.

The public callables are found by looking, not listed: a new one is fuzzed as soon as it has an example call in
:data:`EXAMPLES`, and fails until then. A value that is refused is refused by our own code, in a ValueError or a
TypeError that names the argument, before optimizer or model have changed.
"""

import dataclasses
import fnmatch
import functools
import importlib
import inspect
import math
import os
import pkgutil
import random
import re
import tempfile
import traceback
import types
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import lrcourse
from lrcourse import curves, cyclic, dynamics, finder, physics, practice, training
from lrcourse.checks.exercise import NotYet
from lrcourse.curves import Schedule
from lrcourse.figures.style import Figure, Picture

PACKAGE = Path(lrcourse.__file__).parent
FLOORS = ("curves", "schedulers", "dynamics", "warmup", "cyclic", "custom", "chaining", "finder", "physics", "start")
PACKAGES = ("training", "practice", "figures", "explorers")

# --- What is public -------------------------------------------------------------------------------------------


def modules():
    yield from FLOORS
    for package in PACKAGES:
        folder = importlib.import_module(f"lrcourse.{package}").__path__
        yield from (f"{package}.{module.name}" for module in pkgutil.iter_modules(folder))


def public():
    """Name → function or class, without those that an exemption covers."""
    found = {"check": lrcourse.check, "use_language": lrcourse.use_language}
    for name in modules():
        module = importlib.import_module(f"lrcourse.{name}")
        names = getattr(module, "__all__", None) or [
            key for key, value in vars(module).items()
            if not key.startswith("_") and getattr(value, "__module__", "") == module.__name__
        ]  # fmt: skip
        things = {f"{name}.{key}": getattr(module, key) for key in names}
        found |= {
            key: thing for key, thing in things.items()
            if inspect.isclass(thing) or inspect.isfunction(getattr(thing, "__wrapped__", thing))
        }  # fmt: skip
    return found


def record(thing):
    """Whether it only holds what a function of ours returns: a tuple or a dataclass without a check of its own."""
    return inspect.isclass(thing) and (
        hasattr(thing, "_fields") or (dataclasses.is_dataclass(thing) and not hasattr(thing, "__post_init__"))
    )


EXEMPT = {
    "training.batched.*": "the inner loop of sweep, which has looked at everything; checks would cost its speed",
    "training.threads.*": "takes a device that its caller has checked",
    "training.models.Block": "a part of transformer(), which checks",
    "training.models.Transformer": "a part of transformer(), which checks",
    "training.scheduler.ResumableLR": "the base of our schedulers, which check",
    "training.scheduler.momentum_of": "reads a torch param group",
    "start.initial": "draws the weights of start.train, which checks",
    "training.data.checked_data": "the check of fit and sweep, which are called with every bad value",
    "training.fit.check_fit": "the checks of fit, which is called with every bad value",
    "training.models.checked_widths": "the check of mlp and sweep, which are called with every bad value",
    "training.models.in_mode": "takes a module that fit, evaluate and the finder have checked",
    "training.fit.wants_metric": "asks a question that any object can answer: no",
    "training.sweep.shares": "takes what sweeping() gives",
    "curves.Schedule": "built by the factories; called with bad t in test_curves",
    "practice.rules.*": "judge a Trace, which watch records",
    "practice.watch.Trace": "what watch records with",
    "practice.watch.Seen": "what watch records with",
    "practice.watch.Report": "what watch returns",
    "practice.watch.parts": "reads a torch scheduler that watch has checked",
    "practice.watch.everything_in": "reads a torch scheduler that watch has checked",
    "practice.watch.counter": "reads a torch scheduler that watch has checked",
    "practice.mistakes.Mistake": "a record of two loops, all in its module",
    "practice.mistakes.cost*": "takes names from MISTAKES, and trains for seconds; test_practice_mistakes has it",
    "practice.mistakes.recorded": "the recorder of the mistakes' loops, all in its module",
    "explorers.finder.read_it": "seconds of range tests for one flag, which is checked first; test_explorers has it",
    "explorers.explorer.*": "built by the explorers of a section, and tested with them (test_explorers)",
    "figures.style.*": "the drawing kit: text and artists of Matplotlib, whose words it leaves alone",
    **dict.fromkeys(
        ("figures.chaining.against", "figures.chaining.first_wrong", "figures.chaining.joints", "figures.custom.at_*",
         "figures.custom.raced", "figures.custom.reheated", "figures.custom.branched", "figures.cyclic.*",
         "figures.dynamics.one_clock", "figures.finder.range_test", "figures.finder.turns", "figures.finder.truth",
         "figures.finder.against", "figures.finder.intervals", "figures.finder.averages", "figures.physics.predicted",
         "figures.physics.three_rules", "figures.physics.standings", "figures.physics.mean_and_error",
         "figures.practice.watched", "figures.practice.price", "figures.practice.gallery", "figures.schedulers.trained",
         "figures.schedulers.cooling_speed", "figures.training.sweep", "figures.warmup.survival",
         "figures.warmup.rescue"),
        "draws what a function of ours returned, which its page has just called; test_figures_* draw them",
    ),
    **dict.fromkeys(
        ("figures.dynamics.noise_temperature", "figures.dynamics.batch_temperature", "figures.dynamics.slow_cooling",
         "figures.finder.trained", "figures.practice.whole", "figures.practice.resumed", "figures.practice.apart",
         "figures.chaining.meant", "figures.chaining.composed", "figures.schedulers.catalogue"),
        "seconds of work for a page that calls it once, with constants; what it calls is fuzzed",
    ),
    "figures.*.alone": "draws for its picture; no page calls it",
    "figures.chaining.composition": "draws for its picture; no page calls it",
    "figures.custom.drawn": "draws for its picture; no page calls it",
    "figures.custom.family": "draws for its picture; no page calls it",
    "figures.dynamics.landscape_of": "draws for its picture; no page calls it",
    "figures.dynamics.view": "draws for its picture; no page calls it",
    "figures.dynamics.way_out": "draws for its picture; no page calls it",
    "figures.dynamics.decay": "draws for its picture; no page calls it",
    "figures.dynamics.shape": "draws for its picture; no page calls it",
    "figures.finder.turn": "draws for its picture; no page calls it",
    "figures.finder.average": "draws for its picture; no page calls it",
    "figures.finder.bench_name": "draws for its picture; no page calls it",
    "figures.finder.range_test_of": "draws for its picture; no page calls it",
    "figures.physics.name_of": "draws for its picture; no page calls it",
    "figures.physics.designed": "draws for its picture; no page calls it",
    "figures.practice.Run": "draws for its picture; no page calls it",
    "figures.schedulers.Catalogue": "what catalogue() returns",
    "figures.schedulers.Controlled": "draws for its picture; no page calls it",
    "figures.warmup.ramp": "draws for its picture; no page calls it",
}  # fmt: skip


def exempt(name, thing):
    if record(thing) or any(fnmatch.fnmatch(name, pattern) for pattern in EXEMPT):
        return True
    if inspect.isclass(thing) and issubclass(thing, Picture):
        return True  # its values come from an explorer's controls, which hold them in bounds
    if name.startswith("practice.mistakes."):
        return list(inspect.signature(thing).parameters) == ["optimizer", "loader", "train"]  # loops, to be read
    return not inspect.signature(thing).parameters  # nothing to be wrong, as most explorers


# --- Example calls --------------------------------------------------------------------------------------------


def sgd(lr=0.1):
    return torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=lr, momentum=0.9)


def step(optimizer):
    return torch.optim.lr_scheduler.StepLR(optimizer, 3)


@functools.cache
def points():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(16, 4, generator=generator)
    return training.Dataset(x, (x[:, 0] > 0).long(), x.clone(), (x[:, 0] > 0).long())


def fitting(**more):
    model = training.mlp((4, 3, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return {"model": model, "data": points(), "optimizer": optimizer, **more}


def finding():
    made = fitting()
    loader = [(points().x, points().y)] * 2
    return {
        "model": made["model"], "train_loader": loader, "criterion": nn.CrossEntropyLoss(),
        "optimizer": made["optimizer"], "init_lr": 1e-3, "final_lr": 1.0, "num_steps": 4, "device": "cpu",
        "mode": "exponential", "closure": None, "val_loader": None, "accumulation_steps": 1, "clip": None, "amp": False,
        "scaler": None, "smoothing": 0.5, "stop_factor": 4.0,
    }  # fmt: skip


def sweeping():
    return {
        "data": points(), "schedules": {"a": curves.constant(1.0)}, "lrs": [0.1], "seeds": 2, "updates": 3,
        "batch_size": 4, "model": (4, 3, 2), "activation": nn.ReLU, "loss": None, "optimizer": "adamw",
        "momentum": 0.9, "nesterov": False, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, "clip": 1.0,
        "label_noise": 0.0, "device": "cpu", "dtype": torch.float32, "n_jobs": None,
    }  # fmt: skip


def saved():
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = {"path": board("saved.pt"), "model": model, "optimizer": optimizer, "scheduler": step(optimizer)}
    practice.save(**run)
    return run | {"loader": None, "scaler": None, "others": None}


VALLEY = {"curvature": [1.0, 0.1], "noise": [0.1, 0.1], "start": [1.0, 1.0]}


def valley():
    return physics.NoisyQuadratic(**VALLEY)


def one():
    return curves.constant(0.04)


WELL = dynamics.double_well()
EXAMPLES = {
    "check": lambda: dict(id="09.1", answer=lambda *a: 0, seed=0),
    "use_language": lambda: dict(language="en"),
    # curves
    "curves.then": lambda: dict(a=one(), b=one(), at=3),
    "curves.constant": lambda: dict(lr=0.1),
    "curves.linear_to_zero": lambda: dict(lr=0.1, total_steps=9),
    "curves.linear_warmup": lambda: dict(lr=0.1, warmup_steps=4),
    "curves.exponential_warmup": lambda: dict(lr=0.1, tau=4.0),
    "curves.radam_warmup": lambda: dict(lr=0.1, beta2=0.99),
    "curves.inverse_sqrt": lambda: dict(lr=0.1, warmup_steps=4, timescale=3.0),
    "curves.transformer": lambda: dict(d_model=16, warmup_steps=4),
    "curves.wsd": lambda: dict(lr=0.1, total_steps=9, cooldown_steps=3, warmup_steps=2, shape="linear"),
    "curves.rex": lambda: dict(lr=0.1, total_steps=9),
    "curves.piecewise_linear": lambda: dict(lr=0.1, points=[(0, 1.0), (9, 0.5)]),
    "curves.sinusoidal": lambda: dict(lr=0.1, amplitude=0.05, period=9.0),
    "curves.simulated_annealing": lambda: dict(lr=0.1, T0=1.0, T_min=0.01, alpha=0.9),
    "curves.recorded": lambda: dict(values=[0.1] * 60),
    "curves.step_lr": lambda: dict(lr=0.1, step_size=3, gamma=0.1),
    "curves.multi_step_lr": lambda: dict(lr=0.1, milestones=[3, 6], gamma=0.1),
    "curves.constant_lr": lambda: dict(lr=0.1, factor=0.5, total_iters=3),
    "curves.linear_lr": lambda: dict(lr=0.1, start_factor=0.5, end_factor=1.0, total_iters=3),
    "curves.exponential_lr": lambda: dict(lr=0.1, gamma=0.9),
    "curves.polynomial_lr": lambda: dict(lr=0.1, total_iters=9, power=2.0),
    "curves.cosine_annealing_lr": lambda: dict(lr=0.1, T_max=9, eta_min=0.01),
    "curves.multiplicative_lr": lambda: dict(lr=0.1, lr_lambda=lambda t: 0.9),
    "curves.lambda_lr": lambda: dict(lr=0.1, lr_lambda=lambda t: 0.9),
    "curves.cosine_annealing_warm_restarts": lambda: dict(lr=0.1, T_0=3, T_mult=2, eta_min=0.01),
    "curves.cyclic_lr": lambda: dict(
        lr=0.1, base_lr=0.01, max_lr=0.1, step_size_up=3, step_size_down=4, mode="exp_range", gamma=0.9, scale_fn=None,
        scale_mode="cycle", cycle_momentum=True, base_momentum=0.8, max_momentum=0.9,
    ),
    "curves.one_cycle_lr": lambda: dict(
        lr=0.1, max_lr=0.1, total_steps=60, epochs=None, steps_per_epoch=None, pct_start=0.3, anneal_strategy="cos",
        cycle_momentum=True, base_momentum=0.8, max_momentum=0.9, div_factor=25.0, final_div_factor=1e4,
        three_phase=False,
    ),
    "curves.swalr": lambda: dict(lr=0.1, swa_lr=0.05, anneal_epochs=3, anneal_strategy="cos"),
    "curves.reduce_lr_on_plateau": lambda: dict(
        lr=0.1, metric=[1.0] * 60, mode="min", factor=0.5, patience=3, threshold=1e-4, threshold_mode="rel", cooldown=1,
        min_lr=0.0, eps=1e-8,
    ),
    "curves.sequential_lr": lambda: dict(
        lr=0.1, schedulers=[curves.linear_lr(0.1), curves.step_lr(0.1, 3)], milestones=[5]
    ),
    "curves.chained_scheduler": lambda: dict(lr=0.1, schedulers=[curves.linear_lr(0.1), curves.step_lr(0.1, 3)]),
    # schedulers
    "schedulers.curve": lambda: dict(scheduler="StepLR", steps=9, lr=0.1, metric=None, what="lr", step_size=3),
    "schedulers.record": lambda: dict(make=step, steps=9, lr=0.1, metric=None, what="lr"),
    "schedulers.build": lambda: dict(scheduler="StepLR", step_size=3),
    "schedulers.example_metric": lambda: dict(steps=9),
    "schedulers.explain": lambda: dict(scheduler="StepLR", steps=9, lr=0.1, metric=None, step_size=3),
    # dynamics
    "dynamics.quadratic": lambda: dict(curvature=1.0),
    "dynamics.double_well": lambda: dict(height=1.0),
    "dynamics.flat_and_sharp": lambda: dict(width=3.0, height=1.0),
    "dynamics.valley": lambda: dict(stiffness=10.0, tilt=0.1),
    "dynamics.gradient_descent": lambda: dict(landscape=WELL, start=0.5, lr=0.1, steps=5),
    "dynamics.gradient_flow": lambda: dict(landscape=WELL, start=0.5, times=[0.0, 1.0]),
    "dynamics.modified_flow": lambda: dict(landscape=WELL, start=0.5, times=[0.0, 1.0], lr=0.1),
    "dynamics.stability_limit": lambda: dict(curvature=1.0, momentum=0.5),
    "dynamics.regime": lambda: dict(lr=0.1),
    "dynamics.bifurcation": lambda: dict(lrs=[0.1, 0.2], start=0.5, landscape=WELL, settle=3, keep=4),
    "dynamics.heavy_ball": lambda: dict(landscape=WELL, start=0.5, lr=0.1, steps=5, momentum=0.9),
    "dynamics.critical_momentum": lambda: dict(lr=0.1, curvature=1.0),
    "dynamics.langevin": lambda: dict(
        landscape=WELL, start=0.5, lr=0.1, sigma=1.0, steps=4, particles=3, momentum=0.5, seed=0, every=2
    ),
    "dynamics.noise_variance": lambda: dict(lr=0.1, curvature=1.0, sigma=1.0, momentum=0.5),
    "dynamics.gibbs": lambda: dict(landscape=WELL, temperature=1.0, x=[-1.0, 0.0, 1.0]),
    "dynamics.anneal": lambda: dict(landscape=WELL, temperature=[1.0, 0.5], lr=0.05, particles=5, seed=0),
    "dynamics.batch_noise": lambda: dict(lr=0.5, batch_size=64, replicas=2, seed=0),
    "dynamics.clock": lambda: dict(
        schedules={"a": one()}, lr=0.1, updates=2, batch_size=4, seed=0, progress=None
    ),
    # warmup, custom, chaining, cyclic
    "warmup.WarmupScheduler": lambda: dict(optimizer=(o := sgd()), warmup_epochs=3, after_scheduler=step(o)),
    "warmup.get_linear_warmup_scheduler": lambda: dict(
        optimizer=(o := sgd()), warmup_epochs=3, total_epochs=9, after_scheduler=step(o)
    ),
    "warmup.TransformerLRScheduler": lambda: dict(optimizer=sgd(), d_model=16, warmup_steps=4, last_epoch=-1),
    "custom.CustomScheduler": lambda: dict(optimizer=sgd(), schedule_fn=lambda t: 0.9**t, last_epoch=-1),
    "custom.custom_lr_lambda": lambda: dict(epoch=3, warmup_epochs=2, hold_epochs=2, gamma=0.9),
    "custom.simulated_annealing_schedule": lambda: dict(epoch=3, T0=1.0, T_min=0.01, alpha=0.9),
    "chaining.in_sequence": lambda: dict(schedules=[one(), one()], milestones=[3], total_steps=9),
    "chaining.multiplied": lambda: dict(schedules=[one(), one()]),
    "chaining.sequential": lambda: dict(
        optimizer=sgd(), schedules=[one(), one()], milestones=[3], total_steps=9, last_epoch=-1, relative=False
    ),
    "chaining.product": lambda: dict(optimizer=sgd(), schedules=[one(), one()], last_epoch=-1, relative=False),
    "chaining.what_it_does": lambda: dict(make=step, steps=3, lr=0.1),
    "cyclic.drive": lambda: dict(base_lr=0.01, max_lr=0.1, period=9.0, shape="sine"),
    "cyclic.escapes": lambda: dict(lr=one(), steps=3, particles=4, height=1.0, sigma=3.0, seed=0),
    "cyclic.kramers_rate": lambda: dict(lr=0.04, height=1.0, sigma=3.0),
    "cyclic.escape_rate": lambda: dict(lr=0.04, height=1.0, sigma=3.0),
    "cyclic.measured_rate": lambda: dict(
        base_lr=0.1, max_lr=0.2, steps=60, points=3, particles=100, height=1.0, sigma=3.0, seed=1
    ),
    "cyclic.adiabatic": lambda: dict(lr=one(), steps=3, rate=cyclic.kramers_rate),
    "cyclic.cycle_ends": lambda: dict(steps=9, T_0=2, T_mult=2),
    "cyclic.snapshot_ensemble": lambda: fitting(
        cycles=2, T_0=2, T_mult=1, batch_size=4, seed=0, progress=None
    ),
    # finder
    "finder.find_lr": lambda: finding() | dict(suggestion="minimum/10", seeds=None, progress=False),
    "finder.Finder": finding,
    "finder.suggest": lambda: dict(lrs=[0.1, 0.2, 0.3], smoothed=[3.0, 2.0, 4.0], skip=0),
    # physics
    "physics.NoisyQuadratic": lambda: VALLEY | dict(floor=0.1, momentum=0.5),
    "physics.power_law": lambda: dict(directions=3, exponent=1.0, noise=0.1, momentum=0.5),
    "physics.one_mode_optimum": lambda: dict(steps=3, curvature=1.0, noise=1.0, start=1.0),
    "physics.optimum": lambda: dict(quadratic=valley(), steps=2, batch=1.0, highest=1.0),
    "physics.best_peak": lambda: dict(quadratic=valley(), shape=[1.0, 0.5], peaks=3, highest=1.0),
    "physics.fit_law": lambda: dict(lr=[[0.1] * 6], loss=[[1.0, 0.9, 0.8, 0.7, 0.6, 0.5]], directions=3, smooth=2),
    "physics.coolings": lambda: dict(good=0.1, steps=3),
    "physics.staged": lambda: dict(stages=[(0.1, 8, 2)], seeds=2),
    "physics.sure": lambda: dict(seeds=8, sigmas=3.0),
    "physics.known_runs": lambda: dict(seeds=2),
    "physics.fresh_seeds": lambda: dict(n=2),
    "physics.contest": lambda: dict(schedules={"a": one()}, seeds=2),
    "physics.budgeted": lambda: dict(name="a", schedule=one()),
    "physics.beat_cosine": lambda: dict(schedule=one(), name="a", seeds=2, board=None),
    "physics.leaderboard": lambda: dict(board=board()),
    "start.train": lambda: dict(lr=[0.1, 0.1], networks=2, seed=0),
    # figures, explorers
    "figures.chaining.where_chains_multiply": lambda: dict(steps=9),
    "figures.custom.families": lambda: dict(total=40),
    "figures.physics.shapes": lambda: dict(steps=9),
    "figures.schedulers.visualize_schedulers": lambda: dict(epochs=40, initial_lr=0.1),
    "figures.warmup.conventions": lambda: dict(warmup=5, updates=20, shown=12),
    # training
    "training.data.digits": lambda: dict(train=20, label_noise=0.1, seed=0),
    "training.data.mnist1d": lambda: dict(label_noise=0.1, seed=0),
    "training.fit.fit": lambda: fitting(
        scheduler=None, updates=2, batch_size=4, loss=nn.functional.cross_entropy, step_every="update", metric=None,
        seed=0, progress=None,
    ),
    "training.fit.evaluate": lambda: dict(
        model=training.mlp((4, 3, 2)), x=points().x, y=points().y, loss=nn.functional.cross_entropy
    ),
    "training.models.mlp": lambda: dict(widths=(4, 3, 2), activation=nn.Tanh, gain=1.0, seed=0),
    "training.models.transformer": lambda: dict(norm="post", width=4, blocks=1, heads=2, seed=0),
    "training.scheduler.CurveLR": lambda: dict(optimizer=sgd(), schedule=one(), last_epoch=-1, relative=False),
    "training.scheduler.as_schedule": lambda: dict(scheduler=step(sgd()), group=0),
    "training.sharpness.descend": lambda: dict(
        rates=[0.1, 0.1], seeds=1, activation=nn.Tanh, gain=1.0, examples=4, every=0
    ),
    "training.sharpness.descending": lambda: EXAMPLES["training.sharpness.descend"](),
    "training.sharpness.sharpness": lambda: dict(
        losses=lambda p: p[0].square().sum(1), parameters=[torch.ones(2, 3)], direction=None, iterations=2
    ),
    "training.sweep.sweep": lambda: sweeping() | dict(progress=False),
    "training.sweep.sweeping": sweeping,
    "training.sweep.standard_error": lambda: dict(values=[[1.0, 2.0], [2.0, 4.0]], axis=1),
    "training.sweep.checked_seeds": lambda: dict(seeds=2),
    # practice
    "practice.advise.advise": lambda: dict(
        model="general", updates=100, goal="best", optimizer="sgd", lr=0.1, unstable=False
    ),
    "practice.mistakes.trial": lambda: dict(
        loop=lambda optimizer, loader, epochs, train: [train(b) for b in loader], epochs=2, batches=2, accumulate=1
    ),
    "practice.resume.Batches": lambda: dict(dataset=[1, 2, 3], batch_size=2, seed=0, drop_last=False),
    "practice.resume.save": lambda: dict(
        path=board("run.pt"), model=(m := nn.Linear(2, 2)), optimizer=(o := torch.optim.SGD(m.parameters(), lr=0.1)),
        scheduler=step(o), loader=None, scaler=None, others=None, extra=None,
    ),
    "practice.resume.load": saved,
    "practice.watch.watch": lambda: dict(optimizer=(o := sgd()), scheduler=step(o), planned_updates=9),
    "practice.watch.watching_everything": lambda: dict(planned_updates=9),
}  # fmt: skip


@functools.cache
def folder():
    return tempfile.TemporaryDirectory()


def board(name="board.json"):
    path = Path(folder().name, name)
    if name == "board.json" and not path.exists():
        physics._write(path, {"0": {"name": "a", "differences": {"10000": -0.1, "10001": -0.2}}})
    return path


FREE = {
    ("curves.one_cycle_lr", "epochs"): "not read beside total_steps, as in torch",
    ("curves.one_cycle_lr", "steps_per_epoch"): "not read beside total_steps, as in torch",
    ("schedulers.build", "step_size"): "torch's own class judges it, when it is built",
    ("check", "answer"): "any object may be handed in; NotYet says what is wrong with it",
    ("physics.budgeted", "name"): "text, shown as it is",
    ("physics.beat_cosine", "name"): "text, shown as it is",
}
"""Arguments whose every value has a meaning."""

ITS_OWN = {("finder", "train_loader"): {"nested"}, ("finder", "val_loader"): {"nested"}}
"""Two numbers may be a batch: what the learner's own model makes of it, it says itself."""

RIGHT = {("training.sweep.sweep", "eps", "zero"), ("training.sweep.sweeping", "eps", "zero")}
"""0 / 0 in AdamW where a unit never fires: torch diverges too."""

ALIAS = {"epoch": "t"}
"""Messages of a Schedule speak of t, whatever unit of time it has."""

# --- Bad values -----------------------------------------------------------------------------------------------


class Odd:
    """No number, no text, no function."""

    def __repr__(self):
        return "<Odd>"


BAD = {
    "nan": math.nan, "inf": math.inf, "-inf": -math.inf, "zero": 0, "negative": -3, "fraction": 2.5, "huge": 1e300,
    "endless": 10**400, "2**64": 2**64, "true": True, "complex": 1j, "none": None, "text": "banana", "digits": "3",
    "no text": "", "bytes": b"3", "object": Odd(), "type": int, "empty": [], "dict": {}, "list": [1, 2, 3],
    "nested": [[1, 2], [3]], "nan in a list": [0.5, math.nan], "array of nothing": np.array([]),
    "array of words": np.array(["a", "b"]), "array": np.array([1.0, 2.0, 3.0]), "array of nan": np.array([math.nan]),
    "no generator": iter(()), "set": {1, 2}, "tensor": torch.tensor([1.0, math.nan]),
}  # fmt: skip
NEVER = {
    float: {"nan", "true", "complex", "text", "digits", "no text", "bytes", "object", "type", "dict", "set", "nested"},
    bool: set(BAD) - {"true", "none"},
    str: set(BAD) - {"none"},
    object: {"nan", "complex", "object", "bytes"},
}
"""By the kind of the example: what no such argument can mean. Of the others either answer is right."""


def kind_of(value):
    for kind in (bool, str):
        if isinstance(value, kind):
            return kind
    return float if isinstance(value, int | float) else object


def cases():
    for name, thing in public().items():
        if not exempt(name, thing) and name in EXAMPLES:
            for argument in EXAMPLES[name]():
                if (name, argument) not in FREE:
                    yield pytest.param(name, argument, id=f"{name}-{argument}")


def tried(name, argument):
    """Ten of the values, other ones for each argument; all of them, in minutes, where ``FUZZ=all`` asks for it."""
    return BAD if os.environ.get("FUZZ") == "all" else random.Random(f"{name}.{argument}").sample(sorted(BAD), 10)


# --- The promise ----------------------------------------------------------------------------------------------


def outcome(thing, arguments):
    """What comes of a call, to its end: a generator is run, a context entered, a scheduler stepped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = thing(**arguments)
        if isinstance(made, types.GeneratorType):
            while True:
                try:
                    next(made)
                except StopIteration as end:
                    return end.value
        if isinstance(made, torch.optim.lr_scheduler.LRScheduler):
            rates = [made.get_last_lr()]
            for _ in range(4):
                made.optimizer.step()
                made.step()
                rates.append(made.get_last_lr())
            return rates
        if isinstance(made, practice.watch) or hasattr(made, "gen"):
            with made:
                return None
        if isinstance(made, finder.Finder):
            with made:
                return [point.loss for point in made]
        if isinstance(made, Schedule):
            return made(np.arange(60))
        if isinstance(made, physics.NoisyQuadratic):
            return made.loss([0.1, 0.1])
        return made


def finite(thing):
    """Whether all numbers in a result are."""
    match thing:
        case bool() | str() | None:
            return True
        case int() | float() | complex():
            return math.isfinite(thing)
        case np.ndarray():
            return thing.dtype.kind not in "fc" or bool(np.isfinite(thing).all())
        case torch.Tensor():
            return bool(thing.isfinite().all())
        case Figure():
            return "nan" not in thing.alt
        case Schedule():
            return finite(thing(np.arange(60)))
        case dict():
            return all(map(finite, thing.values()))
        case list() | tuple():
            return all(map(finite, thing))
    if dataclasses.is_dataclass(thing):
        return all(finite(getattr(thing, field.name)) for field in dataclasses.fields(thing))
    return True


def state(arguments):
    """All that a call may leave half done: of each optimizer its groups, of each model its weights."""
    kept = []
    for value in arguments.values():
        if isinstance(value, torch.optim.Optimizer):
            kept += [{k: v for k, v in group.items() if k != "params"} for group in value.param_groups]
            kept += [len(value.state), len(value._optimizer_step_pre_hooks)]
        if isinstance(value, nn.Module):
            kept += [value.training, *(p.tolist() for p in value.parameters())]
    return kept


def broken(name, argument, bad):
    """What the promise says against this call; None where it is kept."""
    thing, arguments = public()[name], EXAMPLES[name]()
    if bad in ITS_OWN.get((name.split(".")[0], argument), ()):
        return None
    if (bad == "type" and takes(thing, argument, bad)) or (name, argument, bad) in RIGHT:
        return None  # a class is a function, whose errors are its own
    never = bad in NEVER[kind_of(arguments[argument])] and not takes(thing, argument, bad)
    arguments[argument] = BAD[bad]
    before = state(arguments)
    try:
        result = outcome(thing, arguments)
    except NotYet:
        return None  # the answer was checked
    except (ValueError, TypeError) as error:
        return told_badly(error, argument) or (state(arguments) != before and "left something half done") or None
    except FileNotFoundError as error:
        return None if argument in ("path", "board") and str(BAD[bad]) in str(error) else str(error)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    if never:
        return f"accepted, and gave {result!r:.60}"
    if not finite(result) and bad not in ("huge", "2**64"):
        return f"accepted, and gave what is not finite: {result!r:.60}"
    return None


def takes(thing, argument, bad):
    """Whether the annotation says so: None and lists where the example is something else."""
    parameters = inspect.signature(thing).parameters
    hint = str(parameters[argument].annotation) if argument in parameters else "object"
    if bad == "type":
        return any(word in hint for word in ("Callable", "Rate", "Loss", "Progress"))
    return bad in {"set", "nested"} and ("Iterable" in hint or argument == "seeds")


def told_badly(error, argument):
    frame = traceback.extract_tb(error.__traceback__)[-1]
    text = str(error)
    if not Path(frame.filename).is_relative_to(PACKAGE):
        return f"from the depths, {Path(frame.filename).name}: {type(error).__name__}: {text:.70}"
    if not re.search(rf"\b{ALIAS.get(argument, argument)}", text):
        return f"does not name {argument}: {text:.90}"
    return f"{len(text)} characters: {text:.60}" if len(text) > 600 else None


# --- The tests ------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some words are names of files


def test_every_public_callable_has_an_example_or_a_reason():
    missing = [name for name, thing in public().items() if not exempt(name, thing) and name not in EXAMPLES]
    assert not missing, f"give these an example call in EXAMPLES, or a reason in EXEMPT: {missing}"
    assert not EXAMPLES.keys() - public().keys()
    assert not [pattern for pattern in EXEMPT if not fnmatch.filter(public(), pattern)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_right(name):
    """And name every argument, so that none is left out."""
    thing, arguments = public()[name], EXAMPLES[name]()
    parameters = inspect.signature(thing).parameters.values()
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    assert named - {"options"} <= arguments.keys()
    if name != "check":  # whose answer is no answer
        assert finite(outcome(thing, arguments))


@pytest.mark.parametrize(("name", "argument"), list(cases()))
def test_what_an_argument_cannot_mean_is_refused(name, argument):
    wrong = {bad: message for bad in tried(name, argument) if (message := broken(name, argument, bad))}
    assert not wrong, "\n".join(f"{argument} = {bad}: {message}" for bad, message in wrong.items())
