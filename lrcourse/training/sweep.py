"""Many trainings as one computation: schedules × learning rates × seeds.

    result = sweep(digits(), {"cosine": lambda lr: curves.cosine_annealing_lr(lr, T_max=300),
                              "linear": lambda lr: curves.linear_to_zero(lr, 300)},
                   lrs=np.geomspace(0.01, 4, 20), seeds=6, updates=300)
    result.best()                                      # Best(schedule='linear', lr=0.46, mean=..., standard_error=...)
    result.at(schedule="cosine").mean("test_loss")     # (1, 20), the mean over the seeds
    result.plot()

Seed s means the same first weights and the same batches under every schedule and learning rate, so that comparisons are
paired. Each training is the one that ``fit(mlp((64, 32, 10), nn.ReLU, seed=s), data, optimizer, scheduler,
updates=300, batch_size=32, seed=s)`` makes: the same losses up to rounding.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, fields, replace
from math import ceil
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from .._files import replacing
from ..arguments import choice, count, flag, function, listed, not_negative, number, numbers, positive, share, whole
from ..curves import Schedule
from .batched import Layers, Loss, Modules, Optimizer, evaluate, spread, train
from .data import Dataset, checked_data
from .models import checked_widths, mlp
from .threads import one_thread

if TYPE_CHECKING:
    from ..figures.style import Figure

Array = NDArray[np.float64]
Rates = Schedule | Callable[[int], float] | ArrayLike
"""What update t uses: a closed form, any function of t, or an array with one entry an update."""
Progress = Callable[[int, int], object] | bool | None
Measure = Literal["train_loss", "test_loss", "accuracy"]

FORMAT = "lrcourse sweep 1"
MEMORY = 2**27  # bytes of weights, optimizer state and activations that one block of copies may take
PARTS = 50  # reports of progress in a block


def standard_error(values: ArrayLike, axis: int = -1) -> Array:
    """How uncertain a mean over seeds is: their standard deviation (n − 1 below) over √n.

    Args:
        values: any shape, the seeds along *axis*.

    Returns:
        *values*' shape without *axis*, in the unit of the values; nan for a single seed.

    Raises:
        TypeError: values are no numbers.
        ValueError: values have no such axis.

    Example:
        >>> from lrcourse.training import standard_error
        >>> standard_error([[1.0, 3.0], [5.0, 5.0]]).tolist()
        [1.0, 0.0]
    """
    array = numbers("values", values)
    if not array.ndim:
        raise ValueError("values must have an axis for the seeds, got a single number")
    axis = whole("axis, one of those that values have,", axis, least=-array.ndim, most=array.ndim - 1)
    n = array.shape[axis]
    if n < 2:
        return np.full(np.delete(array.shape, axis), np.nan)
    return np.asarray(array.std(axis, ddof=1) / n**0.5)


class Best(NamedTuple):
    """The training that did best on average over the seeds.

    *mean* and *standard_error* are those of the measure that was asked for; the error is nan for a single seed, *lr*
    None where the sweep was given no learning rates.

    Example:
        >>> from lrcourse import curves
        >>> from lrcourse.training import digits, sweep
        >>> linear = {"linear": curves.linear_to_zero(1, 50)}
        >>> best = sweep(digits(), linear, lrs=[0.01, 0.1, 1, 100], seeds=2, updates=50, progress=False).best()
        >>> best.schedule, best.lr, round(best.mean, 1)
        ('linear', 1.0, 0.2)
    """

    schedule: str
    lr: float | None
    mean: float
    standard_error: float


@dataclass(frozen=True, eq=False)
class Sweep:
    """What :func:`sweep` returns. Axes: (schedule, lr, seed) and, last, the update.

    Attributes:
        schedules, lrs, seeds: the labels of the axes; ``lrs`` is ``(None,)`` where none were given.
        lr: ``(schedules, lrs, T)``, as trained: ``lr[..., t]`` is what update t used.
        loss: ``(schedules, lrs, seeds, T)``, loss of the batch of each update, before the update; nan after the first
            that is not finite.
        train_loss, test_loss: ``(schedules, lrs, seeds)``, of the trained networks on the whole part; nan where they
            diverged, and where the data have no test part.
        accuracy: the share of the test part (of the training part, if there is none) in the right class; nan where the
            targets are no classes.
        diverged: the first update whose loss was not finite, -1 if all were; T if only the final score was not.
        settings: how they were trained, by argument of :func:`sweep`; models and losses by their names.

    Example:
        >>> from lrcourse import curves
        >>> from lrcourse.training import digits, sweep
        >>> linear = {"linear": curves.linear_to_zero(1, 50)}
        >>> result = sweep(digits(), linear, lrs=[0.01, 1], seeds=3, updates=50, progress=False)
        >>> result.test_loss.shape, result.mean("accuracy").round(1).tolist()
        ((1, 2, 3), [[0.2, 0.9]])
        >>> result.at(lr=1, seed=[0, 2])
        Sweep(1 schedules × 1 learning rates × 2 seeds, 50 updates each; 0 of 2 diverged)
    """

    schedules: tuple[str, ...]
    lrs: tuple[float | None, ...]
    seeds: tuple[int, ...]
    lr: Array
    loss: Array
    train_loss: Array
    test_loss: Array
    accuracy: Array
    diverged: NDArray[np.int64]
    settings: Mapping[str, object]

    @property
    def updates(self) -> int:
        """How many updates each training made."""
        return self.loss.shape[-1]

    def __repr__(self) -> str:
        a, b, c, t = self.loss.shape
        lost = int((self.diverged >= 0).sum())
        size = f"{a} schedules × {b} learning rates × {c} seeds, {t} updates each"
        return f"Sweep({size}; {lost} of {a * b * c} diverged)"

    def at(
        self,
        *,
        schedule: str | Sequence[str] | None = None,
        lr: float | Sequence[float] | None = None,
        seed: int | Sequence[int] | None = None,
    ) -> Sweep:
        """The part with these labels; every axis stays, if only of length 1. A learning rate may be off by 1e-6.

        Raises:
            KeyError: no such label; the message has those that there are.
        """
        rows = _find("schedule", self.schedules, schedule)
        columns = _find("lr", self.lrs, lr)
        depth = _find("seed", self.seeds, seed)
        picked = {
            name: getattr(self, name)[np.ix_(rows, columns, depth)]
            for name in ("loss", "train_loss", "test_loss", "accuracy", "diverged")
        }
        return replace(
            self,
            schedules=tuple(self.schedules[i] for i in rows),
            lrs=tuple(self.lrs[i] for i in columns),
            seeds=tuple(self.seeds[i] for i in depth),
            lr=self.lr[np.ix_(rows, columns)],
            **picked,
        )

    def mean(self, measure: Measure | Literal["loss"] = "test_loss") -> Array:
        """Mean over the seeds, ``(schedules, lrs)``, or ``(schedules, lrs, T)`` of "loss"; nan if one of them
        diverged."""
        return self._measure(measure).mean(axis=2)

    def standard_error(self, measure: Measure | Literal["loss"] = "test_loss") -> Array:
        """Standard error of :meth:`mean`; nan for a single seed."""
        return standard_error(self._measure(measure), axis=2)

    def best(self, measure: Measure | None = None) -> Best:
        """Schedule and learning rate with the lowest mean loss, or the highest accuracy.

        Args:
            measure: by default "test_loss", or "train_loss" if the data have no test part.

        Raises:
            ValueError: no configuration has a finite mean.
        """
        measure = measure or self.default_measure
        mean = self.mean(measure)
        if np.isnan(mean).all():
            raise ValueError(f"no training has a finite {measure}: {int((self.diverged >= 0).sum())} diverged")
        flat = np.nanargmax(mean) if measure == "accuracy" else np.nanargmin(mean)
        i, j = np.unravel_index(flat, mean.shape)
        error = self.standard_error(measure)[i, j]
        return Best(self.schedules[i], self.lrs[j], float(mean[i, j]), float(error))

    @property
    def default_measure(self) -> Measure:
        """ "test_loss", or "train_loss" if the data have no test part."""
        return "test_loss" if self.settings["test_examples"] else "train_loss"

    def plot(self, measure: Measure | Literal["loss"] | None = None) -> Figure:
        """Draw it: over several learning rates a line of *measure* for each schedule, or, if these are many, a heat
        map; the loss against the updates if there is one learning rate, or if measure is "loss". Bands are ± 1
        standard error over the seeds."""
        from ..figures.training import sweep as draw

        return draw(self, measure)

    def save(self, path: str | os.PathLike) -> None:
        """Write everything to *path*, a compressed ``.npz`` without pickles; replaced in one move or not at all."""
        head = {name: getattr(self, name) for name in ("schedules", "lrs", "seeds")}
        head |= {"format": FORMAT, "settings": dict(self.settings)}
        arrays = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in (*head, "settings")}
        with replacing(path) as file:
            np.savez_compressed(file, head=np.array(json.dumps(head)), **arrays)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Sweep:
        """Read what :meth:`save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is none of ours, damaged, or of another version.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                head = json.loads(str(file["head"]))
                if head.pop("format") != FORMAT:
                    raise ValueError("written by another version")
                axes: dict[str, Any] = {name: tuple(head.pop(name)) for name in ("schedules", "lrs", "seeds")}
                arrays = {f.name: file[f.name] for f in fields(cls) if f.name not in (*axes, "settings")}
                made = cls(**axes, **arrays, settings=head["settings"])
            if made.loss.shape[:3] != tuple(map(len, axes.values())):
                raise ValueError("labels and arrays disagree")
        except FileNotFoundError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, EOFError, OSError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"{os.fspath(path)} is no readable file of Sweep.save ({error}); run the sweep again"
            ) from error
        return made

    def _measure(self, measure: str) -> Array:
        if measure not in ("loss", "train_loss", "test_loss", "accuracy"):
            raise ValueError(f"measure must be 'loss', 'train_loss', 'test_loss' or 'accuracy', got {measure!r}")
        return getattr(self, measure)


def sweep(
    data: Dataset | tuple[Tensor, ...],
    schedules: Mapping[str, Rates | Callable[[float], Rates]],
    *,
    lrs: Sequence[float] | None = None,
    seeds: int | Iterable[int] = 8,
    updates: int,
    batch_size: int | None = 32,
    model: Sequence[int] | Callable[[int], nn.Module] = (64, 32, 10),
    activation: Callable[[], nn.Module] = nn.ReLU,
    loss: Loss | None = None,
    optimizer: Literal["sgd", "adamw"] = "sgd",
    momentum: Rates | Mapping[str, Rates] | None = None,
    nesterov: bool = False,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    clip: float | None = None,
    label_noise: float = 0.0,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    n_jobs: int | None = None,
    progress: Progress = None,
) -> Sweep:
    """Train schedules × learning rates × seeds networks, all at once, and record every loss.

    Training a multilayer perceptron (ReLU or Tanh; cross-entropy or MSE) is written out by hand and batched over the
    copies; any other module goes through ``torch.func.vmap``. Torch's global random state is left alone.

    Args:
        data: a :class:`Dataset`, or ``(x, y)`` or ``(x, y, x_test, y_test)``. Targets of type int64 are classes; float
            targets, of the outputs' shape, are regressed.
        schedules: name → what update t = 0 ... updates - 1 uses: a ``curves.Schedule``, a function of t, or an array
            ``(updates,)`` such as ``schedulers.record`` returns. With *lrs*: a function that takes a learning rate and
            returns one of these; or a Schedule or an array that is a multiplier of the learning rate.
        lrs: learning rates; None where the schedules hold them.
        seeds: how many, or which. Seed s gives the first weights, ``model(s)``, and the batches, those of
            ``fit(..., seed=s)``.
        updates: of each training.
        batch_size: drawn with replacement; None takes all examples.
        model: widths of :func:`mlp`, or a function seed → module. A module that is a Sequential of Linear and ReLU (or
            Tanh) is fast; others may hold no dropout and no batch statistics.
        activation: of the network that *model* gives as widths: nn.ReLU or nn.Tanh, or any other (slower).
        loss: ``loss(outputs, y)``, a mean; None is cross-entropy for classes and MSE else. Another one is slower.
        optimizer: "sgd" or "adamw", with torch's meaning of every argument below.
        momentum: of SGD (None: 0), or beta1 of AdamW (None: ``betas[0]``): a number, or what update t uses, as in
            *schedules*, or a mapping with one of these for each schedule. So ``momentum=record(make, updates,
            what="momentum")`` follows OneCycleLR.
        nesterov: SGD's.
        betas, eps: AdamW's.
        weight_decay: added to the gradient by SGD, taken from the weights by AdamW.
        clip: the largest norm of each copy's gradient, as ``clip_grad_norm_``.
        label_noise: share of the training labels drawn anew, the same for every copy.
        device: "cpu", "cuda", ...
        dtype: torch.float32 or torch.float64.
        n_jobs: processes that share the copies; None is 1, or what ``joblib.parallel_config`` says, Dask included. On
            the CPU each uses one thread: the matrices are small.
        progress: ``progress(done, total)``, called now and then with numbers of updates; what it raises ends the
            sweep. True shows a bar on stderr, None does so in a terminal only, False never.

    Raises:
        ValueError: a value out of range; a schedule that gives a negative or non-finite learning rate (named, with its
            t), or as many as not *updates*; labels twice; shapes that disagree; a device that is not there.
        TypeError: no mapping, no schedule, no module.

    Example:
        >>> from lrcourse import curves
        >>> from lrcourse.training import digits, sweep
        >>> schedules = {"level": curves.constant, "linear": lambda lr: curves.linear_to_zero(lr, 50)}
        >>> result = sweep(digits(), schedules, lrs=[0.01, 0.1, 1], seeds=2, updates=50, progress=False)
        >>> result
        Sweep(2 schedules × 3 learning rates × 2 seeds, 50 updates each; 0 of 12 diverged)
        >>> result.best().lr, result.lr[1, 2, :3].tolist()
        (1.0, [1.0, 0.98, 0.96])
    """
    options = locals()
    del options["progress"]
    steps = sweeping(**options)
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise TypeError(f"progress must be a function of (done, total), a bool or None, got {progress!r}")
    report, close = _bar(progress) if progress is None or progress is True else (progress or (lambda *_: None), None)
    try:
        while True:
            report(*next(steps))
    except StopIteration as end:
        return end.value
    finally:
        steps.close()
        if close is not None:
            close()


def sweeping(
    data: Dataset | tuple[Tensor, ...],
    schedules: Mapping[str, Rates | Callable[[float], Rates]],
    *,
    lrs: Sequence[float] | None = None,
    seeds: int | Iterable[int] = 8,
    updates: int,
    batch_size: int | None = 32,
    model: Sequence[int] | Callable[[int], nn.Module] = (64, 32, 10),
    activation: Callable[[], nn.Module] = nn.ReLU,
    loss: Loss | None = None,
    optimizer: Literal["sgd", "adamw"] = "sgd",
    momentum: Rates | Mapping[str, Rates] | None = None,
    nesterov: bool = False,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    clip: float | None = None,
    label_noise: float = 0.0,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    n_jobs: int | None = None,
) -> Generator[tuple[int, int], None, Sweep]:
    """:func:`sweep` in small steps: yields ``(done, total)`` updates and returns the result, so that whoever draws can
    draw in between: ``result = yield from sweeping(...)``.

    Arguments and errors are those of :func:`sweep`; an error comes with the first ``next``.

    Example:
        >>> from lrcourse import curves
        >>> from lrcourse.training import digits, sweeping
        >>> steps = sweeping(digits(), {"level": curves.constant(0.1)}, seeds=1, updates=4)
        >>> list(steps)  # a loop reports; "yield from" returns the Sweep as well
        [(1, 4), (2, 4), (3, 4), (4, 4)]
    """
    data, seeds = checked_data(data), checked_seeds(seeds)
    updates = count("updates", updates)
    if batch_size is not None and count("batch_size", batch_size) > len(data.x):
        raise ValueError(
            f"batch_size must be at most the {len(data.x)} training examples, got {batch_size!r}; None takes all"
        )
    choice("optimizer", optimizer, ("sgd", "adamw"))
    weight_decay, label_noise = not_negative("weight_decay", weight_decay), share("label_noise", label_noise)
    eps, nesterov = not_negative("eps", eps), flag("nesterov", nesterov)
    betas = listed("betas", betas, "two numbers in [0, 1)")
    if len(betas) != 2:
        raise ValueError(f"betas must be two numbers in [0, 1), got {betas!r}")
    betas = tuple(number("each of betas", beta, "lie in [0, 1)", lambda b: 0 <= b < 1) for beta in betas)
    if loss is not None:
        function("loss", loss, "(outputs, targets)")
    if n_jobs is not None and whole("n_jobs", n_jobs, least=-(10**4), most=10**4) == 0:
        raise ValueError("n_jobs must be a number of processes, -1 for all cores, or None, got 0")
    if dtype is not torch.float32 and dtype is not torch.float64:
        raise ValueError(f"dtype must be torch.float32 or torch.float64, got {dtype!r}")
    device = _checked_device(device)
    if not isinstance(schedules, Mapping) or not schedules:
        raise (ValueError if isinstance(schedules, Mapping) else TypeError)(
            f"schedules must be a mapping name → schedule with one at least, got {schedules!r}"
        )
    lrs = (None,) if lrs is None else _checked_lrs(lrs)
    lr = np.array([[_rates(name, s, lr, updates) for lr in lrs] for name, s in schedules.items()])
    beta = _momenta(momentum, schedules, updates, optimizer, betas)
    if nesterov and (optimizer != "sgd" or beta is None):
        raise ValueError("nesterov needs optimizer='sgd' and a momentum")

    data, work = _work(data, seeds, model, activation, loss, label_noise)
    work |= dict(
        device=device, dtype=dtype, batch_size=batch_size, updates=updates,
        optimizer=dict(
            nesterov=nesterov, weight_decay=float(weight_decay), clip=None if clip is None else positive("clip", clip),
            **(dict(beta2=betas[1], eps=eps) if optimizer == "adamw" else {}),
        ),
    )  # fmt: skip
    flat = lr.reshape(-1, updates)
    betas_flat = None if beta is None else np.repeat(beta, len(lrs), axis=0)
    done = yield from _run(data, work, seeds, flat, betas_flat, n_jobs)

    shape = (len(schedules), len(lrs), len(seeds))
    losses, train_loss, test_loss, accuracy = (part.reshape(*shape, *part.shape[2:]) for part in done)
    bad = ~np.isfinite(losses)
    diverged = np.where(bad.any(-1), bad.argmax(-1), np.where(np.isfinite(train_loss), -1, updates))
    losses[np.arange(updates) > np.where(diverged < 0, updates, diverged)[..., None]] = np.nan
    for score in (train_loss, test_loss, accuracy):
        score[diverged >= 0] = np.nan
    return Sweep(
        schedules=tuple(schedules), lrs=lrs, seeds=seeds, lr=lr, loss=losses, train_loss=train_loss,
        test_loss=test_loss, accuracy=accuracy, diverged=diverged,
        settings={
            "optimizer": optimizer, **work["optimizer"], "batch_size": batch_size, "updates": updates,
            "momentum": _told(beta), "model": _named(model), "activation": _named(activation),
            "loss": None if loss is None else _named(loss), "label_noise": float(label_noise), "examples": len(data.x),
            "test_examples": 0 if data.x_test is None else len(data.x_test), "dtype": str(dtype),
        },
    )  # fmt: skip


def shares(steps: Generator[tuple[int, int], None, Sweep], whole: float = 1.0) -> Generator[float, None, Sweep]:
    """*steps* of :func:`sweeping`, told as explorers tell it: yields ``whole * done / total``, returns the result.

    *whole* is the share that the sweep has in all there is to do.

    Example:
        >>> from lrcourse import curves
        >>> from lrcourse.training import digits, shares, sweeping
        >>> steps = sweeping(digits(), {"level": curves.constant(0.1)}, seeds=1, updates=4)
        >>> list(shares(steps, 0.5))  # the first half of what an explorer has to do
        [0.125, 0.25, 0.375, 0.5]
    """
    while True:
        try:
            done, total = next(steps)
        except StopIteration as end:
            return end.value
        yield done / total * whole


# --- What is asked for ----------------------------------------------------------------------------------------


def checked_seeds(seeds: int | Iterable[int]) -> tuple[int, ...]:
    """How many, or which: as a tuple of different ones."""
    if isinstance(seeds, Real):
        return tuple(range(count("seeds", seeds)))
    chosen = listed("seeds", seeds, "a number of seeds, or different integers")
    good = all(isinstance(s, Integral) and not isinstance(s, bool) and 0 <= s < 2**63 for s in chosen)
    if not chosen or not good or len(set(chosen)) < len(chosen):
        raise ValueError(f"seeds must be a number of seeds, or different integers, none negative, got {seeds!r}")
    return tuple(map(int, chosen))


def _checked_lrs(lrs: Sequence[float]) -> tuple[float, ...]:
    values = numbers("lrs", lrs)
    if values.ndim != 1 or not len(values) or len(set(values.tolist())) < len(values):
        raise ValueError(f"lrs must be a row of different learning rates, got {lrs!r}")
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"lrs must be finite and not negative, got {values[~(values >= 0) | np.isinf(values)][0]}")
    return tuple(values.tolist())


def _checked_device(device: str | torch.device) -> torch.device:
    try:
        device = torch.device(device)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, ValueError, TypeError) as error:
        raise ValueError(f"device {str(device)!r} cannot be used here: {str(error).splitlines()[0]}") from error
    return device


def _values(name: str, what: str, rates: Rates, updates: int) -> Array:
    """The numbers that updates 0 ... updates - 1 use."""
    if isinstance(rates, Schedule):
        values = rates(range(updates))
    elif callable(rates):
        values = [rates(t) for t in range(updates)]
    else:
        values = rates
    try:
        values = np.asarray(values, float)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(
            f"schedule {name!r} must give numbers for {what}: a curves.Schedule, a function of t or an array; "
            f"got {rates!r}"
        ) from None
    if values.shape != (updates,):
        raise ValueError(
            f"schedule {name!r} must give {updates} values for {what}, one an update; got shape {values.shape}"
        )
    return values


def _rates(name: str, schedule: Any, lr: float | None, updates: int) -> Array:
    factor = 1.0
    if lr is not None:
        if callable(schedule) and not isinstance(schedule, Schedule):
            schedule = schedule(lr)
            if not callable(schedule) and np.ndim(schedule) == 0:
                raise TypeError(
                    f"schedule {name!r} must be a function of the learning rate that returns a schedule, because lrs "
                    f"are given; it returned {schedule!r}"
                )
        else:
            factor = lr
    with np.errstate(over="ignore"):
        values = factor * _values(name, "the learning rate", schedule, updates)
    bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        t = int(bad.argmax())
        raise ValueError(
            f"schedule {name!r} gives learning rate {values[t]} at t = {t}" + (f" with lr = {lr:g}" if lr else "")
            + "; it must be finite and not negative"
        )  # fmt: skip
    return values


def _momenta(
    momentum: Rates | Mapping[str, Rates] | None,
    schedules: Mapping[str, object],
    updates: int,
    optimizer: str,
    betas: tuple[float, ...],
) -> Array | None:
    """``(schedules, T)``; None for SGD without momentum."""
    if momentum is None:
        momentum = betas[0] if optimizer == "adamw" else 0.0
    if isinstance(momentum, Mapping):
        if set(momentum) != set(schedules):
            raise ValueError(
                f"momentum must be given for each schedule, {list(schedules)}; got it for {list(momentum)}"
            )
    else:
        momentum = dict.fromkeys(schedules, momentum)
    values = np.array([
        np.full(updates, number("momentum", each)) if isinstance(each, Real)
        else _values(name, "momentum", each, updates)
        for name, each in ((name, momentum[name]) for name in schedules)
    ])  # fmt: skip
    bad = ~((values >= 0) & (values < 1))
    if bad.any():
        i, t = np.argwhere(bad)[0]
        name = list(schedules)[i]
        raise ValueError(f"momentum must lie in [0, 1), got {values[i, t]} at t = {t} of schedule {name!r}")
    return values if optimizer == "adamw" or values.any() else None


def _told(momentum: Array | None) -> float | str:
    """A momentum in a word: the number, if it is one."""
    if momentum is None:
        return 0.0
    return float(momentum.flat[0]) if (momentum == momentum.flat[0]).all() else "scheduled"


def _named(thing: Sequence[int] | Callable) -> list[int] | str:
    """Widths as they are, and a function or a class by its name."""
    return getattr(thing, "__name__", type(thing).__name__) if callable(thing) else list(map(int, thing))


def _find(axis: str, labels: tuple, wanted: Any) -> list[int]:
    if wanted is None:
        return list(range(len(labels)))
    found = []
    for each in [wanted] if isinstance(wanted, str) or np.ndim(wanted) == 0 else wanted:
        same = [
            i for i, label in enumerate(labels)
            if label == each or (axis == "lr" and label is not None and np.isclose(label, each, rtol=1e-6, atol=0))
        ]  # fmt: skip
        if not same:
            raise KeyError(f"no {axis} {each!r} in this sweep; there are {list(labels)}")
        found.append(same[0])
    return found


def _bar(progress: bool | None) -> tuple[Callable[[int, int], None], Callable[[], None]]:
    from tqdm import tqdm

    bar = tqdm(unit="update", leave=False, disable=None if progress is None else False)

    def report(done: int, total: int) -> None:
        if bar.total is None:
            bar.total = total
            bar.refresh()
        bar.update(done - bar.n)

    return report, bar.close


# --- The work -------------------------------------------------------------------------------------------------


def _work(
    data: Dataset,
    seeds: tuple[int, ...],
    model: Sequence[int] | Callable[[int], nn.Module],
    activation: Callable[[], nn.Module],
    loss: Loss | None,
    label_noise: float,
) -> tuple[Dataset, dict]:
    """The data as trained, and what a block of copies has to know."""
    if callable(model):
        with torch.random.fork_rng(devices=[]):
            modules = [model(seed) for seed in seeds]
        if wrong := [m for m in modules if not isinstance(m, nn.Module)]:
            raise TypeError(f"model must be widths, or a function seed → nn.Module; it returned {wrong[0]!r}")
    else:
        widths = checked_widths("model", model)
        modules = [mlp(widths, activation, seed=seed) for seed in seeds]
    first = modules[0].train()
    for part in first.modules():
        if getattr(part, "p", 0) and isinstance(part, nn.modules.dropout._DropoutNd):
            raise ValueError(f"model holds {part}: dropout draws no reproducible numbers in a sweep; set p=0")
        if getattr(part, "track_running_stats", False):
            raise ValueError(f"model holds {part}, whose running statistics cannot be shared by copies; use LayerNorm")
    if not all(p.requires_grad for p in first.parameters()):
        raise ValueError("model holds frozen parameters, which a sweep would train; register them as buffers")
    if any(not torch.equal(a, b) for m in modules[1:] for a, b in zip(first.buffers(), m.buffers(), strict=True)):
        raise ValueError("model gives other buffers for other seeds, but the copies share them; make them the same")
    shapes = [[(name, p.shape) for name, p in m.named_parameters()] for m in modules]
    if not shapes[0] or any(shape != shapes[0] for shape in shapes):
        raise ValueError("model must give modules with the same parameters, and some, for every seed")

    classes = data.y.dtype == torch.int64
    outputs = _probe(first, data)
    if loss is None:
        loss = cross_entropy if classes else mse_loss
        if not classes and outputs.shape[1:] != data.y.shape[1:]:
            raise ValueError(
                f"targets must have the shape of the outputs, {tuple(outputs.shape[1:])} an example; "
                f"got {tuple(data.y.shape[1:])}"
            )
        low, high = data.y.min(), data.y.max()
        if classes and not (data.y.ndim == 1 and outputs.ndim == 2 and 0 <= low <= high < outputs.shape[1]):
            raise ValueError(
                f"targets must be classes 0 ... outputs - 1, one an example; got shape {tuple(data.y.shape)} with "
                f"values {low} ... {high} for outputs of shape {tuple(outputs.shape[1:])}"
            )
    if label_noise:
        if not classes:
            raise ValueError("label_noise needs targets that are classes")
        generator = torch.Generator().manual_seed(0)
        drawn = torch.rand(len(data.y), generator=generator) < label_noise
        data = data._replace(
            y=torch.where(drawn, torch.randint(outputs.shape[1], data.y.shape, generator=generator), data.y)
        )
    initial = [torch.stack(each).detach() for each in zip(*(list(m.parameters()) for m in modules), strict=True)]
    slope = _slope(first) if loss in (cross_entropy, mse_loss) and data.x.ndim == 2 else None
    if (loss is cross_entropy) != classes:
        slope = None
    return data, dict(initial=initial, slope=slope, module=None if slope else first, loss=loss)


@torch.no_grad()
def _probe(module: nn.Module, data: Dataset) -> Tensor:
    try:
        return module(data.x[:2].to(next(module.parameters()).dtype))
    except RuntimeError as error:
        raise ValueError(
            f"model cannot read inputs of shape {tuple(data.x.shape[1:])}: {str(error).splitlines()[0]}"
        ) from error


def _slope(module: nn.Module) -> str | None:
    """ "relu" or "tanh" if the module is what :class:`Layers` computes."""
    if type(module) is not nn.Sequential or len(module) % 2 == 0:
        return None
    linear, between = list(module)[::2], list(module)[1::2]
    if not all(type(each) is nn.Linear and each.bias is not None for each in linear):
        return None
    kinds = {type(each) for each in between}
    return {frozenset(): "relu", frozenset({nn.ReLU}): "relu", frozenset({nn.Tanh}): "tanh"}.get(frozenset(kinds))


def _run(
    data: Dataset, work: dict, seeds: tuple[int, ...], lr: Array, beta: Array | None, n_jobs: int | None
) -> Generator[tuple[int, int], None, list[Array]]:
    """Train all copies, block by block or job by job; returns (configurations, seeds, ...) arrays."""
    from joblib import Parallel, delayed, effective_n_jobs

    updates = lr.shape[1]
    jobs = effective_n_jobs(n_jobs)
    blocks = _blocks(len(seeds), len(lr), _largest(data, work, lr), jobs)
    total = updates * len(blocks)

    def arguments(seed: slice, configuration: slice) -> tuple:
        own = work | {"initial": [p[seed] for p in work["initial"]]}
        return data, own, seeds[seed], lr[configuration], None if beta is None else beta[configuration]

    results: list[Array] = []
    if jobs == 1:
        made = (_block(*arguments(*block)) for block in blocks)
    else:
        parallel = Parallel(n_jobs=n_jobs, return_as="generator")
        made = parallel(delayed(_whole)(*arguments(*block)) for block in blocks)
    for i, (block, result) in enumerate(zip(blocks, made, strict=True)):
        if jobs == 1:
            steps = result
            while True:
                try:
                    yield i * updates + next(steps), total
                except StopIteration as end:
                    result = end.value
                    break
        else:
            yield (i + 1) * updates, total
        if not results:
            results = [np.empty((len(lr), len(seeds), *part.shape[2:])) for part in result]
        for all_of_it, part in zip(results, result, strict=True):
            all_of_it[block[1], block[0]] = part
    return results


def _blocks(seeds: int, configurations: int, largest: int, jobs: int) -> list[tuple[slice, slice]]:
    """Cut (seed, configuration) into blocks of at most *largest* copies, at least as many as jobs if there are."""
    copies = max(1, min(largest, ceil(seeds * configurations / jobs)))
    rows, columns = max(1, copies // configurations), min(configurations, copies)
    columns = ceil(configurations / ceil(configurations / columns))  # equal blocks
    return [
        (slice(s, min(s + rows, seeds)), slice(c, min(c + columns, configurations)))
        for s in range(0, seeds, rows)
        for c in range(0, configurations, columns)
    ]


def _largest(data: Dataset, work: dict, lr: Array) -> int:
    """How many copies at once fit into MEMORY."""
    size = work["batch_size"] or len(data.x)
    weights = sum(p[0].numel() for p in work["initial"])
    units = sum(p.shape[1] for p in work["initial"] if p.ndim == 2)
    return max(1, MEMORY // (8 * (5 * weights + 8 * units * size + lr.shape[1])))


def _whole(*arguments: Any) -> list[Array]:
    """:func:`_block` to its end, for a job."""
    steps = _block(*arguments)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _block(
    data: Dataset, work: dict, seeds: tuple[int, ...], lr: Array, beta: Array | None
) -> Generator[int, None, list[Array]]:
    """Train one block of copies. Returns losses (C, S, T), and train_loss, test_loss, accuracy (C, S)."""
    device, dtype, size, updates = (work[key] for key in ("device", "dtype", "batch_size", "updates"))
    moved: list[Any] = [
        part if part is None else part.to(device, dtype if part.is_floating_point() else None) for part in data
    ]
    data = Dataset(*moved)
    parameters = spread([p.to(device, dtype) for p in work["initial"]], len(lr))
    if work["slope"]:
        copies = Layers(parameters, work["slope"], data, size)
    else:
        module = deepcopy(work["module"]).to(device, dtype)  # functional_call swaps its tensors: one a thread
        copies = Modules(parameters, module, work["loss"], data, size)
    rates = torch.as_tensor(lr.T, device=device)
    momenta = None if beta is None else torch.as_tensor(beta.T, device=device)
    optimizer = Optimizer(copies, rates, momenta, **work["optimizer"])
    rows = None
    if size is not None:
        drawn = [
            torch.randint(len(data.x), (updates, size), generator=torch.Generator().manual_seed(seed)) for seed in seeds
        ]
        rows = torch.stack(drawn, 1).to(device)
    losses = torch.empty(updates, len(seeds), len(lr), dtype=dtype, device=device)
    steps = train(copies, optimizer, rows, losses, min(PARTS, updates))
    while True:
        with one_thread(device):
            try:
                done = next(steps)
            except StopIteration:
                break
        yield done
    with one_thread(device):
        at_once = max(1, MEMORY // (64 * parameters[0].shape[0] * len(lr) * sum(p.shape[2] for p in parameters)))
        train_loss, accuracy = evaluate(copies, data.x, data.y, at_once)
        test_loss = torch.full_like(train_loss, torch.nan)
        if data.x_test is not None and data.y_test is not None:
            test_loss, accuracy = evaluate(copies, data.x_test, data.y_test, at_once)
    scores = [score.T.cpu().numpy() for score in (train_loss, test_loss, accuracy)]
    return [losses.permute(2, 1, 0).double().cpu().numpy(), *scores]
