"""One training loop, which records the learning rate that trained."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from ..arguments import choice, count, function, instance, seeded
from .data import Dataset, checked_data
from .models import in_mode
from .scheduler import momentum_of


class Score(NamedTuple):
    """How a model does on one part of the data.

    Example:
        >>> from lrcourse.training import digits, evaluate, mlp
        >>> score = evaluate(mlp((64, 32, 10)), *digits()[:2])
        >>> round(score.loss, 1), round(score.accuracy, 1)  # not trained yet: a guess among ten classes
        (2.4, 0.1)
    """

    loss: float
    accuracy: float
    """Share of examples in the right class; nan where the targets are no classes."""


@dataclass(frozen=True)
class History:
    """What a run recorded, one entry an update, T in all.

    Attributes:
        lrs: ``(T, groups)``: the learning rate of each param group, read from the optimizer as it took each
            step.
        momentum: ``(T,)``: momentum (for Adam: beta1) of the first group; nan where the optimizer has none.
        loss: ``(T,)``: loss of the batch of each update, before the update.
        updates_per_epoch: how many updates make an epoch.
        diverged: the update whose loss was the first not to be finite, which also was the last; None if all
            went well.
        train: score of the final model on the whole training part.
        test: the same on the test part; None if the data have none.

    Example:
        >>> import torch
        >>> from lrcourse.training import digits, fit, mlp
        >>> model = mlp((64, 32, 10))
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> halving = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> history = fit(model, digits(), optimizer, halving, updates=4, batch_size=32)
        >>> history.lr.tolist(), history.tau.round(4).tolist(), history.updates_per_epoch
        ([0.1, 0.05, 0.025, 0.0125], [0.0, 0.1, 0.15, 0.175], 38)
    """

    lrs: NDArray[np.float64]
    momentum: NDArray[np.float64]
    loss: NDArray[np.float64]
    updates_per_epoch: int
    diverged: int | None
    train: Score
    test: Score | None

    @property
    def lr(self) -> NDArray[np.float64]:
        """``(T,)``: the learning rate of the first param group; ``lr[t]`` is what update t used."""
        return self.lrs[:, 0]

    @property
    def tau(self) -> NDArray[np.float64]:
        """``(T,)``: the clock ``lr[0] + ... + lr[t - 1]`` at which ``loss[t]`` was measured."""
        return np.cumsum(self.lr) - self.lr


def fit(
    model: nn.Module,
    data: Dataset | tuple[Tensor, ...],
    optimizer: Optimizer,
    scheduler: LRScheduler | ReduceLROnPlateau | None = None,
    *,
    updates: int,
    batch_size: int | None = None,
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
    step_every: Literal["update", "epoch"] = "update",
    metric: Callable[[nn.Module], float] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> History:
    """Train *model* in place for a number of updates, as one would by hand, and record every update.

    Each update is ``loss.backward()``, ``optimizer.step()``, ``scheduler.step()``. Batches are drawn with
    replacement, which keeps the gradient's noise independent from update to update: reshuffled epochs lower
    the floor of the loss, ×0.7 for small batches and ×0.1 for batches of half the data. Training stops at the
    first loss that is not finite. A part of a model in training mode that is in evaluation mode stays so.

    Args:
        model: any module from inputs to the loss's first argument.
        data: a :class:`Dataset`, or ``(x, y)`` or ``(x, y, x_test, y_test)``.
        optimizer: any torch optimizer of the model's parameters that needs no closure.
        scheduler: any torch scheduler of this optimizer; None leaves the learning rate alone.
        updates: how many.
        batch_size: examples a batch; None takes all of them, so that nothing is random.
        loss: ``loss(model(x), y)``, a scalar.
        step_every: the scheduler's unit of time; an epoch is ``ceil(n / batch_size)`` updates.
        metric: ``metric(model)``, what a ReduceLROnPlateau watches. By default the mean batch loss since its
            last step.
        seed: of the batches.
        progress: called as ``progress(done, updates)`` about a hundred times.

    Raises:
        ValueError: for updates or batch_size out of range, empty or unequal data, a scheduler of another
            optimizer, or an unknown step_every.
        TypeError: for data that are no tuple, a scheduler that is none, or a metric without a
            ReduceLROnPlateau.

    Example:
        >>> import torch
        >>> from lrcourse.training import digits, fit, mlp
        >>> model = mlp((64, 32, 10))
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
        >>> cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)
        >>> history = fit(model, digits(), optimizer, cosine, updates=100, batch_size=32)
        >>> history.lr[[0, 50]].round(4).tolist(), history.test.accuracy > 0.9
        ([1.0, 0.5], True)
    """
    data = check_fit(model, data, optimizer, batch_size=batch_size, seed=seed, loss=loss, progress=progress)
    examples, updates = len(data.x), count("updates", updates)
    choice("step_every", step_every, ("update", "epoch"))
    plateau = wants_metric(scheduler)
    if not (scheduler is None or plateau or isinstance(scheduler, LRScheduler)):
        raise TypeError(f"scheduler must be a torch scheduler, built on this optimizer, got {scheduler!r}")
    if scheduler is not None and scheduler.optimizer is not optimizer:
        raise ValueError(
            "scheduler must be built on this optimizer; it steps another one, whose lr nobody uses"
        )
    if metric is not None and not plateau:
        raise TypeError(f"metric is for ReduceLROnPlateau, which watches it; got scheduler={scheduler!r}")
    if metric is not None:
        function("metric", metric, "the model")

    updates_per_epoch = math.ceil(examples / (batch_size or examples))
    period = 1 if step_every == "update" else updates_per_epoch
    generator = torch.Generator().manual_seed(int(seed))
    lrs: list[list[float]] = []
    momenta: list[float | None] = []
    losses: list[float] = []
    diverged = None

    def record(optimizer: Optimizer, args: tuple, kwargs: dict) -> None:
        lrs.append([float(group["lr"]) for group in optimizer.param_groups])
        momenta.append(momentum_of(optimizer.param_groups[0]))

    with in_mode(model, training=True), optimizer.register_step_pre_hook(record):
        x, y = data.x, data.y
        for t in range(updates):
            if batch_size is not None:
                rows = torch.randint(examples, (batch_size,), generator=generator)
                x, y = data.x[rows], data.y[rows]
            optimizer.zero_grad()
            batch_loss = loss(model(x), y)
            batch_loss.backward()
            optimizer.step()
            losses.append(batch_loss.item())
            if not math.isfinite(losses[-1]):
                diverged = t
                break
            if scheduler is not None and (t + 1) % period == 0:
                if plateau:
                    watched = float(metric(model)) if metric else math.fsum(losses[-period:]) / period
                    scheduler.step(watched)  # type: ignore[arg-type]  # a ReduceLROnPlateau, or one around it
                else:
                    scheduler.step()
            if progress is not None and ((t + 1) % max(1, updates // 100) == 0 or t + 1 == updates):
                progress(t + 1, updates)
        train = evaluate(model, data.x, data.y, loss)
        test = None if data.x_test is None or data.y_test is None else evaluate(model, data.x_test, data.y_test, loss)
    return History(
        lrs=np.array(lrs),
        momentum=np.array(momenta, dtype=float),
        loss=np.array(losses),
        updates_per_epoch=updates_per_epoch,
        diverged=diverged,
        train=train,
        test=test,
    )


def check_fit(
    model: nn.Module,
    data: Dataset | tuple[Tensor, ...],
    optimizer: Optimizer,
    *,
    batch_size: int | None = None,
    seed: int = 0,
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
    progress: Callable[[int, int], object] | None = None,
) -> Dataset:
    """What :func:`fit` asks of these arguments, for whoever has more to do before it; the data as a :class:`Dataset`.

    Raises:
        ValueError, TypeError: as :func:`fit`.
    """
    instance("model", model, nn.Module, "a torch.nn.Module")
    instance("optimizer", optimizer, Optimizer, "a torch optimizer")
    data = checked_data(data)
    examples = len(data.x)
    if batch_size is not None and count("batch_size", batch_size) > examples:
        raise ValueError(
            f"batch_size must be at most the {examples} training examples, got {batch_size!r}; None takes all"
        )
    seeded("seed", seed), function("loss", loss, "(outputs, targets)")
    if progress is not None:
        function("progress", progress, "(done, updates)")
    return data


def wants_metric(scheduler: object) -> bool:
    """Whether its ``step`` takes a metric: a ReduceLROnPlateau, or a scheduler around one that says so."""
    return isinstance(scheduler, ReduceLROnPlateau) or getattr(scheduler, "wants_metric", False)


@torch.no_grad()
def evaluate(
    model: nn.Module, x: Tensor, y: Tensor, loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy
) -> Score:
    """Loss and accuracy over all of *x* and *y*, with the model in evaluation mode; its parts' modes are restored.

    The loss is ``loss(model(x), y)``; accuracy is nan where the targets are no classes.

    Raises:
        ValueError: x and y are not equally many.
        TypeError: model is no module, x or y no tensor, or loss no function.

    Example:
        >>> from lrcourse.training import digits, evaluate, mlp
        >>> data = digits()
        >>> round(evaluate(mlp((64, 32, 10)), data.x_test, data.y_test).accuracy, 1)  # not trained yet
        0.1
    """
    instance("model", model, nn.Module, "a torch.nn.Module"), function("loss", loss, "(outputs, targets)")
    for name, value in (("x", x), ("y", y)):
        instance(name, value, Tensor, "a tensor")
    if len(x) != len(y):
        raise ValueError(f"x and y must be equally many, got {len(x)} and {len(y)}")
    with in_mode(model, training=False):
        outputs = model(x)
    classes = y.dtype == torch.int64 and outputs.ndim == 2
    accuracy = (outputs.argmax(dim=1) == y).float().mean().item() if classes else math.nan
    return Score(loss(outputs, y).item(), accuracy)
