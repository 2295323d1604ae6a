"""The usual mistakes, each as the shortest loop that makes it, beside the loop that was meant.

    MISTAKES["cosine-rebound"]              # its lines, and what watch says of them
    MISTAKES["cosine-rebound"].used         # the learning rates of that loop, recorded from its optimizer
    costs(["cosine-rebound"])               # what they do to the loss, over seeds

A loop gets an optimizer of learning rate 0.1, a loader of 100 batches, and ``train(optimizer, batch)``: the forward
pass, the backward pass and ``optimizer.step()``; five epochs make 500 updates.
"""

from __future__ import annotations

import functools
import html
import inspect
import textwrap
import warnings
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    CosineAnnealingLR,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
)  # fmt: skip

from .. import curves
from ..arguments import count, function
from ..training import BENCH, fit, mlp, mnist1d, standard_error
from ..training.scheduler import CurveLR
from ..training.sweep import shares, sweeping
from .watch import Finding, Report, watch, watching_everything

EPOCHS, PER_EPOCH, PEAK = 5, 100, 0.1
UPDATES = EPOCHS * PER_EPOCH
SEEDS = range(8)
NETWORK = BENCH | {"batch_size": 40}
"""What is trained, as arguments of ``sweep``, on MNIST-1D: an epoch is 100 updates."""

Loop = Callable[[Optimizer, Iterable, Callable[[Optimizer, object], Tensor]], None]


@dataclass(frozen=True)
class Mistake:
    """One of :data:`MISTAKES`. Shows itself as its lines, and what :func:`~lrcourse.practice.watch` says of them.

    Attributes:
        code: the finding that names it.
        wrong: the loop.
        right: the loop that was meant.
        planned: whether watch has to be told how long the run is, to know.
    """

    code: str
    wrong: Loop
    right: Loop
    planned: bool = False

    @property
    def source(self) -> str:
        """The lines of the loop."""
        lines = inspect.getsource(self.wrong).partition("\n")[2]
        return textwrap.dedent("\n".join(line.partition("  # noqa")[0] for line in lines.splitlines()))

    @property
    def reports(self) -> tuple[Report, ...]:
        """What watch says of the wrong loop: a report for each optimizer that it builds."""
        return _watched(self.wrong, self.planned)

    @property
    def used(self) -> NDArray[np.float64]:
        """``(500,)``: the learning rate of each update of the wrong loop, of the first param group."""
        return np.concatenate([report.lr[:, 0] for report in self.reports])

    @property
    def meant(self) -> NDArray[np.float64]:
        """``(500,)``: that of the right loop."""
        return np.concatenate([report.lr[:, 0] for report in _watched(self.right, self.planned)])

    @property
    def finding(self) -> Finding:
        """The finding that names it."""
        return next(finding for report in self.reports for finding in report if finding.code == self.code)

    def __str__(self) -> str:
        return f"{textwrap.indent(self.source, '    ')}\n{self.finding}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        said, fix = html.escape(self.finding.message), html.escape(self.finding.fix)
        return f"<pre>{html.escape(self.source)}</pre><p><code>{self.code}</code>: {said}<br>→ {fix}</p>"


@functools.cache
def _watched(loop: Loop, planned: bool) -> tuple[Report, ...]:
    """Run the loop once, with a network of a single weight: which network it trains is nothing to a schedule, nor to
    the plateau of these loops, as long as its loss falls."""
    weight = nn.Parameter(torch.ones(1))

    def train(optimizer: Optimizer, batch: object) -> Tensor:
        weight.grad = weight.detach() / 100
        optimizer.step()
        return weight.detach().square().sum()

    return recorded(loop, SGD([weight], lr=PEAK, momentum=NETWORK["momentum"]), range(PER_EPOCH), train, planned)


def recorded(loop: Loop, optimizer: Optimizer, loader: Iterable, train: Callable, planned: bool) -> tuple[Report, ...]:
    """Run *loop*, watched; torch's own warnings, which some of the mistakes cause, are left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with watching_everything(UPDATES if planned else None) as reports:
            loop(optimizer, loader, train)
    return tuple(reports)


def trial(loop: Callable, *more: object, epochs: int = 6, batches: int = 8, accumulate: int = 1) -> Report:
    """Run ``loop(optimizer, loader, epochs, train, *more)`` on a single weight, and return what watch saw.

    Args:
        accumulate: how many batches make an update; if more than one, ``train`` leaves the step to the loop.
    """
    function("loop", loop, "(optimizer, loader, epochs, train)")
    epochs, batches, accumulate = count("epochs", epochs), count("batches", batches), count("accumulate", accumulate)
    if accumulate > epochs * batches:
        raise ValueError(f"accumulate must be at most epochs * batches = {epochs * batches}, got {accumulate}")
    weight = nn.Parameter(torch.ones(1))
    optimizer = SGD([weight], lr=PEAK, momentum=NETWORK["momentum"])

    def train(batch: object) -> Tensor:
        weight.grad = weight.detach() / 100
        if accumulate == 1:
            optimizer.step()
        return weight.detach().square().sum()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with watch(optimizer, planned_updates=epochs * batches // accumulate) as report:
            loop(optimizer, range(batches), epochs, train, *more)
    return report


class Cost(NamedTuple):
    """What a mistake does to the loss: ``difference``, ``(seeds,)``, of the final training losses, wrong minus right,
    and the batch losses of both, ``(seeds, 500)``."""

    difference: NDArray[np.float64]
    right: NDArray[np.float64]
    wrong: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """Mean difference; inf where a network diverged."""
        return float(self.difference.mean()) if np.isfinite(self.difference).all() else np.inf

    @property
    def error(self) -> float:
        """Standard error of :attr:`mean`; inf where a network diverged."""
        return float(standard_error(self.difference)) if np.isfinite(self.mean) else np.inf


def costing(codes: Sequence[str], seeds: range = SEEDS) -> Generator[float, None, dict[str, Cost]]:
    """Train networks with the learning rates of the loops that make these mistakes, and of those that were meant: the
    same first weights, the same batches. Yields the fraction done, and returns the :class:`Cost` of each.

    Raises:
        KeyError: no such mistake.
    """
    rates = {(code, side): lr for code in codes
             for side, lr in (("right", MISTAKES[code].meant), ("wrong", MISTAKES[code].used))}  # fmt: skip
    apart = {lr.tobytes(): lr for lr in rates.values()}
    name = {key: str(list(apart).index(lr.tobytes())) for key, lr in rates.items()}
    climbing = {name[key]: lr for key, lr in rates.items() if lr.min() < 0}
    others = {name[key]: lr for key, lr in rates.items() if lr.min() >= 0}
    steps = sweeping(mnist1d(), others, seeds=seeds, updates=UPDATES, **NETWORK)
    result = yield from shares(steps, len(others) / len(apart))
    found = {n: (result.loss[i, 0], result.train_loss[i, 0]) for i, n in enumerate(result.schedules)}
    for n, lr in climbing.items():  # a sweep refuses a learning rate that climbs the loss
        runs = []
        for seed in seeds:
            runs.append(_trained(lr, seed))
            yield (len(others) + len(runs) / len(seeds)) / len(apart)
        found[n] = np.array([run[0] for run in runs]), np.array([run[1] for run in runs])
    made = {}
    for code in codes:
        (right, its), (wrong, mine) = (found[name[code, side]] for side in ("right", "wrong"))
        made[code] = Cost(mine - its, right, wrong)
    return made


def costs(codes: Sequence[str], seeds: range = SEEDS) -> dict[str, Cost]:
    """Run :func:`costing` to its end."""
    steps = costing(codes, seeds)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _trained(lr: NDArray[np.float64], seed: int) -> tuple[NDArray[np.float64], float]:
    """One training of the sweep, by torch: batch losses, and the final training loss."""
    model = mlp(NETWORK["model"], nn.ReLU, seed=seed)
    optimizer = SGD(model.parameters(), lr=1.0, momentum=NETWORK["momentum"])
    scheduler = LambdaLR(optimizer, [*lr, 0.0].__getitem__)
    history = fit(model, mnist1d(), optimizer, scheduler, updates=UPDATES, batch_size=NETWORK["batch_size"], seed=seed)
    loss = np.full(UPDATES, np.nan)
    loss[: len(history.loss)] = history.loss
    return loss, history.train.loss


# --- The loops ------------------------------------------------------------------------------------------------


def cosine(optimizer, loader, train):
    scheduler = CosineAnnealingLR(optimizer, T_max=500)
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def never_stepped(optimizer, loader, train):
    scheduler = CosineAnnealingLR(optimizer, T_max=500)  # noqa: F841, nobody uses it: that is the mistake
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)


def scheduler_before_optimizer(optimizer, loader, train):
    scheduler = MultiStepLR(optimizer, milestones=[3, 4])
    for _ in range(5):
        scheduler.step()
        for batch in loader:
            train(optimizer, batch)


def scheduler_after_optimizer(optimizer, loader, train):
    scheduler = MultiStepLR(optimizer, milestones=[3, 4])
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
        scheduler.step()


def plateau_without_metric(optimizer, loader, train):
    scheduler = ReduceLROnPlateau(optimizer, patience=0)
    for epoch in range(5):
        for batch in loader:
            train(optimizer, batch)
        scheduler.step(epoch)


def plateau_with_metric(optimizer, loader, train):
    scheduler = ReduceLROnPlateau(optimizer, patience=0)
    for _ in range(5):
        losses = [train(optimizer, batch) for batch in loader]
        scheduler.step(sum(losses) / len(losses))


def stepped_per_epoch(optimizer, loader, train):
    scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=500, cycle_momentum=False)
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
        scheduler.step()


def stepped_per_update(optimizer, loader, train):
    scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=500, cycle_momentum=False)
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def horizon_mismatch(optimizer, loader, train):
    scheduler = CosineAnnealingLR(optimizer, T_max=2000)
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def zero_first_lr(optimizer, loader, train):
    scheduler = LambdaLR(optimizer, lambda t: min(1, t / 50) * (1 - t / 500))
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def first_lr(optimizer, loader, train):
    scheduler = LambdaLR(optimizer, lambda t: min(1, (t + 1) / 51) * (1 - t / 500))
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def second_scheduler(optimizer, loader, train):
    for _ in range(2):  # the notebook's cell was run twice
        scheduler = LinearLR(optimizer, start_factor=0.01, total_iters=100)
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def one_scheduler(optimizer, loader, train):
    scheduler = LinearLR(optimizer, start_factor=0.01, total_iters=100)
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def chained_not_product(optimizer, loader, train):
    decay, cycle = ExponentialLR(optimizer, 0.997), CyclicLR(optimizer, 0.01, 0.1, 40, cycle_momentum=False)
    scheduler = ChainedScheduler([decay, cycle])
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def product(optimizer, loader, train):
    cycle = curves.cyclic_lr(1, base_lr=0.01, max_lr=0.1, step_size_up=40)
    scheduler = CurveLR(optimizer, curves.exponential_lr(1, 0.997) * cycle)
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def late_param_group(optimizer, loader, train):
    scheduler = ExponentialLR(optimizer, 0.5)
    for epoch in range(5):
        if epoch == 2:
            optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(3))], "lr": 0.1})
        for batch in loader:
            train(optimizer, batch)
        scheduler.step()


def lambda_not_saved(optimizer, loader, train):
    scheduler = LambdaLR(optimizer, lambda t: 1 - t / 500)
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()
        scheduler.state_dict()  # into a checkpoint


def linear(optimizer, loader, train):
    scheduler = CurveLR(optimizer, curves.linear_to_zero(0.1, 500))
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()
        scheduler.state_dict()


def cosine_rebound(optimizer, loader, train):
    scheduler = CosineAnnealingLR(optimizer, T_max=250)
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def onecycle_overrun(optimizer, loader, train):
    scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=499, cycle_momentum=False)
    for epoch in range(5):
        for i, batch in enumerate(loader):
            train(optimizer, batch)
            if epoch * 100 + i < 499:  # or step() raises
                scheduler.step()


def resume_mismatch(optimizer, loader, train):
    scheduler = MultiStepLR(optimizer, milestones=[200, 300])
    for epoch in range(5):
        if epoch == 3:  # killed, and resumed without the optimizer's state
            saved = scheduler.state_dict()
            optimizer = SGD(optimizer.param_groups[0]["params"], lr=0.1, momentum=0.9)
            scheduler = MultiStepLR(optimizer, milestones=[200, 300])
            scheduler.load_state_dict(saved)
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def resumed(optimizer, loader, train):
    scheduler = MultiStepLR(optimizer, milestones=[200, 300])
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def negative_lr(optimizer, loader, train):
    scheduler = LambdaLR(optimizer, lambda t: 1 - t / 400)
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def lr_frozen(optimizer, loader, train):
    scheduler = ExponentialLR(optimizer, gamma=0.5)
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
            scheduler.step()


def halved(optimizer, loader, train):
    scheduler = ExponentialLR(optimizer, gamma=0.5)
    for _ in range(5):
        for batch in loader:
            train(optimizer, batch)
        scheduler.step()


MISTAKES = {
    mistake.code: mistake
    for mistake in (
        Mistake("never-stepped", never_stepped, cosine),
        Mistake("scheduler-before-optimizer", scheduler_before_optimizer, scheduler_after_optimizer),
        Mistake("plateau-without-metric", plateau_without_metric, plateau_with_metric),
        Mistake("stepped-per-epoch", stepped_per_epoch, stepped_per_update),
        Mistake("horizon-mismatch", horizon_mismatch, cosine, planned=True),
        Mistake("zero-first-lr", zero_first_lr, first_lr),
        Mistake("second-scheduler", second_scheduler, one_scheduler),
        Mistake("chained-not-product", chained_not_product, product),
        Mistake("late-param-group", late_param_group, halved),
        Mistake("lambda-not-saved", lambda_not_saved, linear),
        Mistake("cosine-rebound", cosine_rebound, cosine),
        Mistake("onecycle-overrun", onecycle_overrun, stepped_per_update),
        Mistake("resume-mismatch", resume_mismatch, resumed),
        Mistake("negative-lr", negative_lr, linear),
        Mistake("lr-frozen", lr_frozen, halved),
    )
}
"""By code, in the order of the rules."""
