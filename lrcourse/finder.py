"""The learning-rate range test: raise the learning rate from update to update, watch the loss, put everything back.

    suggested_lr, lrs, losses = find_lr(model, train_loader, criterion, optimizer)

    result = find_lr(model, train_loader, criterion, optimizer, seeds=5)
    result.suggestions      # {'steepest': 0.081, 'valley': 0.012, 'minimum/3': 0.22, 'minimum/10': 0.066}
    result.spread           # of each, the largest over the smallest of the seeds
    result.plot()

The test is Smith's (arXiv:1506.01186, section 3.3), who raises the learning rate linearly; to multiply it is fastai's
way (arXiv:2002.04688). It names an order of magnitude, no more. Measured on six small networks × 16 seeds against
sweeps of constant learning rates (600 updates): the suggestion over the best, in the geometric mean; and how much more
training loss than the best it costs, on average and at worst:

                 100 steps, the default       300 steps
    minimum/10   0.53    0.04    0.30         0.34    0.04    0.15
    minimum/3    1.8     0.22    1.05         1.1     0.07    0.66
    valley       0.26    0.08    0.67         0.26    0.07    0.33
    steepest     3.4     0.58    2.10         1.3     0.14    2.06

Too low costs less than too high, so minimum/10 is the default. Of a schedule that decays to 0, which bears a higher
start, minimum/3 of 300 steps is the better start: 0.03 and 0.16, where minimum/10 costs 0.17 and 0.51.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import nullcontext
from copy import copy
from dataclasses import dataclass
from functools import cached_property, partial
from math import inf, isfinite, nan
from numbers import Real
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.optim import LBFGS, Optimizer
from torch.utils.data import DataLoader, Sampler

from .arguments import choice, count, number, numbers, positive, whole
from .training.models import in_mode
from .training.sweep import checked_seeds
from .words import say

if TYPE_CHECKING:
    from .figures.style import Figure

Array = NDArray[np.float64]
Suggestion = Literal["steepest", "valley", "minimum/3", "minimum/10"]
Stop = Literal["end", "diverged", "non-finite"]

TOO_SOON = 0.2
"""Share of the whole fall of the loss that may come before the average is one: 0.1 at most where init_lr is far below
the best learning rate, 0.2 to 1 from there on (digits, SGD, 100 and 300 steps, three seeds)."""

SUGGESTIONS: tuple[Suggestion, ...] = ("steepest", "valley", "minimum/3", "minimum/10")


def find_lr(
    model: nn.Module,
    train_loader: Iterable,
    criterion: Callable | None,
    optimizer: Optimizer,
    init_lr: float = 1e-8,
    final_lr: float = 10.0,
    num_steps: int = 100,
    device: str | torch.device | None = "cpu",
    *,
    mode: Literal["exponential", "linear"] = "exponential",
    suggestion: Suggestion = "minimum/10",
    seeds: int | Iterable[int] | None = None,
    closure: Callable[[nn.Module, object], Tensor] | None = None,
    val_loader: Iterable | None = None,
    accumulation_steps: int = 1,
    clip: float | None = None,
    amp: bool | torch.dtype = False,
    scaler: torch.amp.GradScaler | None = None,
    smoothing: float = 0.9,
    stop_factor: float = 4.0,
    progress: bool | None = None,
) -> RangeTest:
    """Train for *num_steps* updates while the learning rate rises, and suggest one; afterwards all is as it was.

    However the test ends, by itself, through an exception or Ctrl-C, these are bit for bit what they were: weights,
    buffers and attributes of the model's modules, their training or evaluation mode, gradients, the optimizer's state
    and groups (a scheduler sees no update), the scaler, the random states of torch, NumPy and Python, and those of the
    loader, its samplers and its data set. What else your own functions change stays changed.

    Args:
        model: a model in evaluation mode is tested in training mode; in one that trains, modules that you put in
            evaluation mode (a frozen batch norm) stay there.
        train_loader: gives ``(inputs, targets)`` (or see *closure*) each time it is iterated; if shorter than the test
            it starts again.
        criterion: ``criterion(model(inputs), targets)`` is the loss of a batch. None if there is a *closure*.
        optimizer: any torch optimizer of the model's parameters that needs no closure. Several param groups keep the
            ratios of their learning rates (of ``initial_lr``, where a scheduler left one).
        init_lr, final_lr: learning rates of the first and the last update, of the first param group that has one
            above 0.
        num_steps: updates, at least 2. The average of the losses lags by ``smoothing / (1 - smoothing)`` of them, a
            factor of 6.6 in the learning rate by default; of 300 steps a factor of 1.9.
        device: where the model is; batches are moved there. None asks the model.
        mode: "exponential" multiplies the learning rate by the same factor at each update, "linear" adds to it.
        suggestion: which of the four is ``suggested_lr``. "minimum/10" and "minimum/3" divide the learning rate at the
            smallest smoothed loss; "steepest" is where it falls fastest per unit of ln η; "valley" lies within the
            longest fall, as fastai has it.
        seeds: how many tests, or their seeds, all different: each begins where the model is now, and differs by its
            batches (and dropout). None makes one test, with the random states as they are.
        closure: ``closure(model, batch)`` returns the loss of a batch of any kind, moved to *device*; for example
            ``lambda model, batch: model(**batch).loss``.
        val_loader: watch the mean loss over its batches, in evaluation mode, instead of the training loss.
        accumulation_steps: batches an update; the loss is their mean.
        clip: the largest norm of the gradient, as ``clip_grad_norm_`` in your own loop.
        amp: True, or a dtype, for ``torch.autocast``; float16 on CUDA gets a GradScaler.
        scaler: your own GradScaler.
        smoothing: share of the past in the debiased moving average of the losses, 0 for none. The first
            ``1 / (1 - smoothing)`` points neither stop the test nor suggest anything.
        stop_factor: the test has diverged when the smoothed loss L is worse than any of those first points, and
            ``L - best > (stop_factor - 1)·|best|``: for losses above 0, ``L > stop_factor·best``. inf never stops.
        progress: True shows a bar on stderr, None does so in a terminal only, False never.

    Returns:
        A :class:`RangeTest`, which unpacks as ``suggested_lr, lrs, losses``.

    Raises:
        ValueError: a number out of range, init_lr that is not below final_lr; an optimizer of another model; a device
            where the model is not; an empty loader; a loss that is no scalar, or not finite before any update.
        TypeError: no module, optimizer or function; a loader that can be read only once; batches that are no
            ``(inputs, targets)``.

    Example:
        >>> import torch
        >>> from lrcourse import find_lr
        >>> from lrcourse.training import mlp
        >>> x = torch.randn(256, 8, generator=torch.Generator().manual_seed(0))
        >>> batches = [(part, part.square().sum(1, keepdim=True)) for part in x.split(32)]
        >>> model = mlp((8, 32, 1), seed=0)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        >>> result = find_lr(model, batches, torch.nn.MSELoss(), optimizer, init_lr=1e-4, progress=False)
        >>> print(f"{result.suggested_lr:.0e}, {result.stopped}; lr is {optimizer.param_groups[0]['lr']}, as before")
        2e-02, diverged; lr is 0.5, as before
    """
    options = locals()
    for name in ("suggestion", "seeds", "progress"):
        del options[name]
    choice("suggestion", suggestion, SUGGESTIONS)
    if progress is not None and not isinstance(progress, bool | np.bool_):
        raise TypeError(f"progress must be True, False or None, got {progress!r}")
    chosen: Sequence[int | None] = [None] if seeds is None else checked_seeds(seeds)
    with Finder(**options) as finder, _bar(progress, len(chosen) * finder.num_steps) as bar:
        runs = []
        for number, seed in enumerate(chosen):
            if number or seed is not None:
                finder.restart(seed)
            for _ in finder:
                bar.update()
            runs.append(finder.run)
    return RangeTest(tuple(runs), finder.ratios, suggestion)


class Point(NamedTuple):
    """One update of a range test: the loss that it starts from (before the update), raw and smoothed.

    Example:
        >>> from lrcourse.finder import Point
        >>> points = [Point(0, lr=0.1, loss=2.0, smoothed=2.0), Point(1, lr=0.2, loss=1.4, smoothed=1.7)]
        >>> min(points, key=lambda point: point.smoothed).lr
        0.2
    """

    update: int
    lr: float
    loss: float
    smoothed: float


@dataclass(frozen=True, eq=False)
class Run:
    """One pass over the range, T updates.

    Attributes:
        lrs: ``(T,)``: ``lrs[t]`` is what update t used, of the first param group with a learning rate above 0.
        losses: ``(T,)``: as measured before update t, so they show what updates 0 ... t - 1 did; all finite.
        smoothed: ``(T,)``: their debiased moving average.
        stopped: "end" of the range, "diverged", or "non-finite": the next loss was nan or infinite.
        skip: the first points, whose average is of too few losses to suggest anything.
        seed: None where the random states were left as they were.

    Example:
        >>> import numpy as np
        >>> from lrcourse.finder import Run
        >>> lrs, losses = np.array([0.01, 0.1, 1.0, 10.0]), np.array([2.0, 1.5, 0.5, 3.0])
        >>> Run(lrs, losses, smoothed=losses, stopped="diverged", skip=0).suggestions["minimum/10"]
        0.1
    """

    lrs: Array
    losses: Array
    smoothed: Array
    stopped: Stop
    skip: int
    seed: int | None = None

    @cached_property
    def gradient(self) -> Array:
        """``(T,)``: slope of the smoothed loss over ln η."""
        return _slope(self.lrs, self.smoothed)

    @cached_property
    def suggestions(self) -> dict[str, float]:
        """The four suggestions, by name."""
        return suggest(self.lrs, self.smoothed, self.skip)


@dataclass(frozen=True, eq=False)
class RangeTest:
    """What :func:`find_lr` returns; ``suggested_lr, lrs, losses = result``.

    Of several runs, ``lrs`` reaches as far as the shortest, losses are means, and suggestions medians, over the runs.

    Attributes:
        runs: one a seed.
        ratios: learning rate of each param group over that of ``lrs``.
        suggestion: which of the suggestions is ``suggested_lr``.

    Example:
        >>> import numpy as np
        >>> from lrcourse.finder import RangeTest, Run
        >>> lrs, losses = np.array([0.01, 0.1, 1.0, 10.0]), np.array([2.0, 1.5, 0.5, 3.0])
        >>> runs = tuple(Run(lrs, each, each, "diverged", skip=0) for each in (losses, losses[[0, 2, 1, 3]]))
        >>> result = RangeTest(runs, ratios=(1.0, 0.1))  # of two seeds, for two param groups
        >>> result.spread["minimum/10"], np.round(result.suggested_lrs, 4).tolist()
        (10.0, [0.0316, 0.0032])
    """

    runs: tuple[Run, ...]
    ratios: tuple[float, ...] = (1.0,)
    suggestion: Suggestion = "minimum/10"

    def __iter__(self) -> Iterator:
        return iter((self.suggested_lr, self.lrs, self.losses))

    def __repr__(self) -> str:
        values = ", ".join(f"{name} {value:.2g}" for name, value in self.suggestions.items())
        runs = "" if len(self.runs) == 1 else f" × {len(self.runs)} seeds"
        doubts = "".join(f"; {doubt}" for doubt in self.doubts)
        return (
            f"RangeTest(suggested_lr={self.suggested_lr:.2g}; {values}; {len(self.lrs)} updates{runs}, "
            f"stopped: {self.stopped}{doubts})"
        )

    @property
    def suggested_lr(self) -> float:
        """Of the first param group with a learning rate above 0; :attr:`suggested_lrs` has all."""
        return self.suggestions[self.suggestion]

    @property
    def suggested_lrs(self) -> tuple[float, ...]:
        """One for each param group of the optimizer, in its order."""
        return tuple(self.suggested_lr * ratio for ratio in self.ratios)

    @cached_property
    def suggestions(self) -> dict[str, float]:
        """All four, by name."""
        return {name: float(np.exp(np.median(np.log(values)))) for name, values in self._each.items()}

    @cached_property
    def spread(self) -> dict[str, float]:
        """Largest over smallest of each suggestion among the runs; nan for a single run, which cannot know."""
        if len(self.runs) == 1:
            return dict.fromkeys(SUGGESTIONS, nan)
        return {name: max(values) / min(values) for name, values in self._each.items()}

    @property
    def _each(self) -> dict[str, list[float]]:
        return {name: [run.suggestions[name] for run in self.runs] for name in SUGGESTIONS}

    @property
    def lrs(self) -> Array:
        """``(T,)``: see :class:`Run`."""
        return self._shortest.lrs

    @property
    def group_lrs(self) -> Array:
        """``(T, groups)``: what each param group used."""
        return self.lrs[:, None] * np.array(self.ratios)

    @cached_property
    def losses(self) -> Array:
        """``(T,)``: raw, see :class:`Run`."""
        return np.mean([run.losses[: len(self.lrs)] for run in self.runs], axis=0)

    @cached_property
    def smoothed(self) -> Array:
        """``(T,)``: their debiased moving average."""
        return np.mean([run.smoothed[: len(self.lrs)] for run in self.runs], axis=0)

    @cached_property
    def gradient(self) -> Array:
        """``(T,)``: slope of the smoothed loss over ln η."""
        return _slope(self.lrs, self.smoothed)

    @property
    def stopped(self) -> Stop:
        """Why the shortest run ended."""
        return self._shortest.stopped

    @property
    def _shortest(self) -> Run:
        return min(self.runs, key=lambda run: len(run.lrs))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why this test may mislead, in words; empty if nothing speaks against it."""
        run = self._shortest
        t, skip = len(run.lrs), run.skip
        lowest = skip + int(np.argmin(run.smoothed[skip:]))
        found = []
        if run.stopped == "end" and lowest >= t - max(skip, 1):
            found.append(say("the loss still falls where the range ends: raise final_lr",
                             "范围结束时损失仍在下降：请增大 final_lr"))  # fmt: skip
        elif np.mean(run.losses[: skip + 1]) - run.smoothed[lowest] < np.std(run.losses[: skip + 1]):
            found.append(say("the loss falls by less than its noise from batch to batch: the test says little",
                             "损失的下降小于批次间的噪声：测试说明不了什么"))  # fmt: skip
        fallen, fall = run.smoothed[0] - run.smoothed[[skip, lowest]]
        if not found and (fallen > TOO_SOON * fall or self.suggested_lr < run.lrs[0]):
            found.append(say("the loss falls from the first point on: lower init_lr",
                             "损失从第一个点起就在下降：请减小 init_lr"))  # fmt: skip
        if run.stopped != "end" and t < 3 * max(skip, 4):
            found.append(say("it broke off early: lower init_lr or raise num_steps",
                             "测试过早中断：请减小 init_lr 或增大 num_steps"))  # fmt: skip
        return tuple(found)

    def plot(self) -> Figure:
        """Draw it: the loss over ln η with the suggestions, and its gradient."""
        from .figures.finder import range_test

        return range_test(self)


def suggest(lrs: Array, smoothed: Array, skip: int = 0) -> dict[str, float]:
    """The four suggestions from a smoothed loss ``(T,)`` over learning rates ``(T,)``, T at least 1.

    Args:
        lrs: positive and rising.
        smoothed: finite.
        skip: points at the start to be left out.

    Raises:
        ValueError: lrs that are not positive or do not rise; smoothed losses that are not finite, or not as many; skip
            that leaves no point.

    Example:
        >>> import numpy as np
        >>> from lrcourse.finder import suggest
        >>> lrs = np.geomspace(1e-4, 10, 101)
        >>> smoothed = 2 - np.exp(-(np.log(lrs / 0.1) ** 2))  # lowest at 0.1
        >>> {name: round(lr, 3) for name, lr in suggest(lrs, smoothed).items()}
        {'steepest': 0.05, 'valley': 0.004, 'minimum/3': 0.033, 'minimum/10': 0.01}
    """
    lrs, smoothed = numbers("lrs", lrs), numbers("smoothed", smoothed)
    if lrs.ndim != 1 or not lrs.size or not (lrs[0] > 0 and (np.diff(lrs) > 0).all() and np.isfinite(lrs).all()):
        raise ValueError(f"lrs must be a row of positive learning rates that rise, got {lrs}")
    if smoothed.shape != lrs.shape or not np.isfinite(smoothed).all():
        raise ValueError(f"smoothed must be finite losses, one for each of {lrs.size} lrs, got {smoothed}")
    skip = whole("skip", skip, most=lrs.size - 1)
    lowest = skip + int(np.argmin(smoothed[skip:]))
    fall = _slope(lrs, smoothed)[skip : lowest + 1]
    return {
        "steepest": float(lrs[skip + int(np.argmin(fall))]),
        "valley": float(lrs[skip + _valley(smoothed[skip:])]),
        "minimum/3": float(lrs[lowest] / 3),
        "minimum/10": float(lrs[lowest] / 10),
    }


def _slope(lrs: Array, losses: Array) -> Array:
    return np.gradient(losses, np.log(lrs)) if len(lrs) > 1 else np.full(len(lrs), nan)


def _valley(losses: Array) -> int:
    """fastai's ``valley``: half of a third, and a third, along the longest falling subsequence."""
    length = np.ones(len(losses), dtype=int)
    for i in range(1, len(losses)):
        length[i] += length[:i].max(where=losses[:i] > losses[i], initial=0)
    end = int(length.argmax())
    start = end - int(length[end])
    third = (end - start) / 3
    return max(0, start + int(third) + int(third / 2))


# --- The pieces -----------------------------------------------------------------------------------------------


class Finder:
    """A range test in single updates; :func:`find_lr` has the meaning of every argument, and what is raised.

        with Finder(model, train_loader, criterion, optimizer) as finder:
            for point in finder:                 # Point(update=0, lr=1e-08, loss=2.31, smoothed=2.31)
                if point.smoothed > 5:
                    break
            ...                                  # the model is as trained so far: look at it; and then
            for point in finder: ...             # the test goes on
            finder.restart(seed=1)               # or begins again
            result = RangeTest((finder.run,), finder.ratios)

    Inside the ``with`` block model and optimizer belong to the test; at its end they are as before.

    Attributes:
        lrs: ``(num_steps,)``: what will be used.
        ratios: learning rate of each param group over that of ``lrs``.
        stopped: why the test is over; None while it is not.

    Example:
        >>> import torch
        >>> from lrcourse.finder import Finder
        >>> from lrcourse.training import mlp
        >>> model, batch = mlp((1, 4, 1), seed=0), (torch.ones(4, 1), torch.zeros(4, 1))
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> with Finder(model, [batch], torch.nn.MSELoss(), optimizer, 0.01, 100, num_steps=20) as finder:
        ...     first, *_, last = finder
        >>> finder.stopped, last.loss > first.loss, optimizer.param_groups[0]["lr"]
        ('diverged', True, 0.1)
    """

    def __init__(
        self,
        model: nn.Module,
        train_loader: Iterable,
        criterion: Callable | None,
        optimizer: Optimizer,
        init_lr: float = 1e-8,
        final_lr: float = 10.0,
        num_steps: int = 100,
        device: str | torch.device | None = "cpu",
        *,
        mode: Literal["exponential", "linear"] = "exponential",
        closure: Callable[[nn.Module, object], Tensor] | None = None,
        val_loader: Iterable | None = None,
        accumulation_steps: int = 1,
        clip: float | None = None,
        amp: bool | torch.dtype = False,
        scaler: torch.amp.GradScaler | None = None,
        smoothing: float = 0.9,
        stop_factor: float = 4.0,
    ) -> None:
        _check_model(model, optimizer)
        if closure is None and (isinstance(criterion, type) or not callable(criterion)):
            raise TypeError(
                f"criterion must be a function of (outputs, targets) such as nn.CrossEntropyLoss(), got {criterion!r}"
            )
        if not (closure is None or callable(closure)):
            raise TypeError(f"closure must be a function of (model, batch), got {closure!r}")
        if not positive("init_lr", init_lr) < positive("final_lr", final_lr):
            raise ValueError(f"init_lr must be below final_lr, got init_lr={init_lr!r} and final_lr={final_lr!r}")
        if count("num_steps", num_steps) < 2:
            raise ValueError(f"num_steps must be at least 2, got {num_steps!r}; 100 to 300 are usual")
        if final_lr > 1e30:
            raise ValueError(f"final_lr must be one that float32 weights can bear, below 1e30, got {final_lr!r}")
        choice("mode", mode, ("exponential", "linear"))
        if not (isinstance(amp, bool) or (isinstance(amp, torch.dtype) and amp.is_floating_point)):
            raise TypeError(f"amp must be True, False or a floating dtype such as torch.bfloat16, got {amp!r}")
        if not (scaler is None or isinstance(scaler, torch.amp.GradScaler)):
            raise TypeError(f"scaler must be a torch.amp.GradScaler, got {scaler!r}")
        number("smoothing", smoothing, "be at least 0 and below 1", lambda share: 0 <= share < 1)
        if not (isinstance(stop_factor, Real) and stop_factor == inf):
            number("stop_factor", stop_factor, "be above 1 (inf never stops)", lambda factor: factor > 1)
        self.model, self.optimizer, self.closure = model, optimizer, closure
        self.criterion: Any = criterion  # None with a closure
        self.train_loader = _loader("train_loader", train_loader)
        self.val_loader = None if val_loader is None else _loader("val_loader", val_loader)
        self.num_steps, self.device = int(num_steps), _device(device, model)
        self.accumulation_steps = count("accumulation_steps", accumulation_steps)
        self.clip = None if clip is None else positive("clip", clip)
        self.smoothing, self.stop_factor = float(smoothing), float(stop_factor)
        spaced = np.geomspace if mode == "exponential" else np.linspace
        self.lrs = spaced(float(init_lr), float(final_lr), self.num_steps)
        self.ratios = _ratios(optimizer)
        self.amp = None if amp is False else torch.get_autocast_dtype(self.device.type) if amp is True else amp
        if self.amp is torch.float16 and self.device.type == "cuda" and scaler is None:
            scaler = torch.amp.GradScaler("cuda")
        self.scaler = scaler
        self.stopped: Stop | None = None
        self._snapshot: _Snapshot | None = None
        self._validation: Iterable = ()

    def __enter__(self) -> Finder:
        if self._snapshot is not None:
            raise RuntimeError("this Finder is already at work in another with block")
        self._snapshot = _Snapshot(self)
        self._batches = _cycle(self.train_loader)
        try:
            self.restart()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        snapshot, self._snapshot, self._validation = self._snapshot, None, ()
        try:
            self._batches.close()
        finally:
            if snapshot is not None:
                snapshot.restore()

    def restart(self, seed: int | None = None) -> None:
        """Back to the first update, and to the model as it was; with *seed*, all random states begin from it."""
        snapshot = self._open()
        self._batches.close()
        snapshot.restore()
        if seed is not None:
            snapshot.seed(seed)
        for parameter, _ in snapshot.grads:
            parameter.grad = None
        if not self.model.training:
            self.model.train()
        self._seed, self.stopped = seed, None
        self._losses: list[float] = []
        self._smoothed: list[float] = []
        self._average, self._best, self._worst = 0.0, inf, -inf
        self._batches = _cycle(self.train_loader)
        self._validation = () if self.val_loader is None else _own(self.val_loader)

    def __iter__(self) -> Finder:
        return self

    def __next__(self) -> Point:
        """Make the next update and return its :class:`Point`.

        Raises:
            StopIteration: the range is at its end, the loss has diverged or is not finite.
            RuntimeError: outside a ``with`` block.
        """
        self._open()
        if self.stopped:
            raise StopIteration
        t = len(self._losses)
        lr = float(self.lrs[t])
        for group, ratio in zip(self.optimizer.param_groups, self.ratios, strict=True):
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(lr * ratio)
            else:
                group["lr"] = lr * ratio
        with torch.enable_grad():
            watched = None if self.val_loader is None else self._validate()
            loss = self._backward()
            if watched is not None:
                loss = watched
            if not isfinite(loss):
                if t == 0:
                    raise ValueError(
                        f"{self._source} must give a finite loss before any update, got {loss} for the first batch: "
                        "look for nan or inf in the data and the model's weights, or for log(0) in the loss"
                    )
                self.stopped = "non-finite"
                raise StopIteration
            smoothed = self._record(loss)
            if self.stopped != "diverged":
                self._update()
        return Point(t, lr, loss, smoothed)

    @property
    def run(self) -> Run:
        """What has been measured so far; ``stopped`` is "end" where nothing else ended it.

        Raises:
            RuntimeError: before the first update.
        """
        t = len(getattr(self, "_losses", ()))
        if t == 0:
            raise RuntimeError("nothing has been measured yet; iterate over the Finder first")
        losses, smoothed = np.array(self._losses), np.array(self._smoothed)
        skip = min(self._settled, t // 4)
        return Run(self.lrs[:t].copy(), losses, smoothed, self.stopped or "end", skip, self._seed)

    @property
    def _settled(self) -> int:
        """After how many points the moving average is one."""
        return round(1 / (1 - self.smoothing))

    def _open(self) -> _Snapshot:
        if self._snapshot is None:
            raise RuntimeError("a Finder works inside a with block: with Finder(...) as finder: ...")
        return self._snapshot

    def _record(self, loss: float) -> float:
        self._losses.append(loss)
        t = len(self._losses)
        self._average = self.smoothing * self._average + (1 - self.smoothing) * loss
        smoothed = self._average / (1 - self.smoothing**t)
        self._smoothed.append(smoothed)
        self._best = min(self._best, smoothed)
        if t <= self._settled:
            self._worst = max(self._worst, loss)
        if smoothed > self._worst and smoothed - self._best > (self.stop_factor - 1) * abs(self._best):
            self.stopped = "diverged"
        elif t == self.num_steps:
            self.stopped = "end"
        return smoothed

    def _backward(self) -> float:
        """Gradients of one update; returns the mean loss of its batches."""
        self.optimizer.zero_grad()
        total = 0.0
        for _ in range(self.accumulation_steps):
            loss = self._loss(next(self._batches), "train_loader")
            if not loss.requires_grad:
                raise ValueError(f"{self._source} must give a loss that depends on the parameters: it has no gradient")
            if self.accumulation_steps > 1:
                loss = loss / self.accumulation_steps
            (loss if self.scaler is None else self.scaler.scale(loss)).backward()
            total += loss.item()
        return total

    def _update(self) -> None:
        if self.clip is not None:
            if self.scaler is not None:
                self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_([p for g in self.optimizer.param_groups for p in g["params"]], self.clip)
        if self.scaler is None:
            self.optimizer.step()
        else:
            self.scaler.step(self.optimizer)
            self.scaler.update()

    def _loss(self, batch: object, loader: str) -> Tensor:
        batch = _to(batch, self.device)
        with nullcontext() if self.amp is None else torch.autocast(self.device.type, dtype=self.amp):
            if self.closure is not None:
                loss = self.closure(self.model, batch)
            else:
                if not (isinstance(batch, tuple | list) and len(batch) == 2):
                    raise TypeError(
                        f"{loader} must give batches (inputs, targets), got a {type(batch).__name__}; for others pass "
                        "closure, a function of (model, batch) that returns the loss"
                    )
                loss = self.criterion(self.model(batch[0]), batch[1])
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            got = f"shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
            raise ValueError(f"{self._source} must give one number, a tensor, for a batch, got {got}; take the mean")
        return loss

    @property
    def _source(self) -> str:
        return "criterion" if self.closure is None else "closure"

    @torch.no_grad()
    def _validate(self) -> float:
        with in_mode(self.model, training=False):
            losses = [self._loss(batch, "val_loader").item() for batch in self._validation]
        if not losses:
            raise ValueError("val_loader must give at least one batch, got none")
        return sum(losses) / len(losses)


# --- Everything as it was -------------------------------------------------------------------------------------


class _Snapshot:
    """All that a training changes, as it is now; ``restore`` puts it back in place, as often as wanted.

    Tensors are filled, containers get back their very objects: whoever holds a reference sees no difference.
    """

    def __init__(self, finder: Finder) -> None:
        self._tensors: dict[int, tuple[Tensor, Tensor]] = {}
        self._undo: list[Callable[[], object]] = []
        self._generators: list = []
        optimizer = finder.optimizer
        roots = [root for root in (finder.model, finder.criterion) if isinstance(root, nn.Module)]
        parameters = {id(p): p for root in roots for p in root.parameters()}
        parameters |= {id(p): p for group in optimizer.param_groups for p in group["params"]}
        self.grads = [(p, p.grad) for p in parameters.values()]
        self._modes = [(module, module.training) for root in roots for module in root.modules()]
        for module, _ in self._modes:
            self._undo.append(self._keep(vars(module)))
        self._keep([*parameters.values(), *(buffer for root in roots for buffer in root.buffers())])
        self._undo += [self._keep(part) for part in (vars(optimizer), optimizer.state, optimizer.param_groups)]
        if finder.scaler is not None:
            self._undo.append(self._keep(vars(finder.scaler)))
        for loader in (finder.train_loader, finder.val_loader):
            for part in _reach(loader, 4, set()):
                self._keep(part)
                if part is loader or isinstance(part, Sampler):
                    self._undo.append(_keep_attributes(part))
        self._keep(torch.default_generator)
        if torch.cuda.is_initialized():
            self._keep(list(torch.cuda.default_generators))
        if torch.backends.mps.is_available():
            self._undo.append(partial(torch.mps.set_rng_state, torch.mps.get_rng_state()))
        self._undo.append(partial(random.setstate, random.getstate()))
        self._undo.append(partial(np.random.set_state, np.random.get_state()))  # noqa: NPY002

    def restore(self) -> None:
        for undo in self._undo:
            undo()
        with torch.no_grad():
            for tensor, values in self._tensors.values():
                tensor.copy_(values)
        for parameter, grad in self.grads:
            parameter.grad = grad
        for module, training in self._modes:
            module.training = training

    def seed(self, seed: int) -> None:
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        for generator in self._generators:
            if isinstance(generator, torch.Generator):
                generator.manual_seed(seed)
            elif isinstance(generator, np.random.Generator):
                generator.bit_generator.state = type(generator.bit_generator)(seed).state
            else:
                generator.seed(seed % 2**32)

    def _keep(self, thing: object) -> Callable[[], object]:
        """Remember *thing*; the function returned gives back the same object, its contents as they are now."""
        if isinstance(thing, Tensor):
            if id(thing) not in self._tensors and not _overlaps(thing):
                self._tensors[id(thing)] = thing, thing.detach().clone()
        elif isinstance(thing, dict):
            items = [(key, self._keep(value)) for key, value in thing.items()]

            def fill() -> dict:
                contents = {key: value() for key, value in items}
                thing.clear()
                thing.update(contents)
                return thing

            return fill
        elif isinstance(thing, list):
            values = [self._keep(value) for value in thing]

            def refill() -> list:
                thing[:] = [value() for value in values]
                return thing

            return refill
        elif isinstance(thing, torch.Generator | random.Random | np.random.Generator | np.random.RandomState):
            self._generators.append(thing)
            self._undo.append(_keep_random_state(thing))
        return lambda: thing


def _keep_attributes(thing: object) -> Callable[[], None]:
    before = dict(getattr(thing, "__dict__", {}))

    def undo() -> None:
        if before:
            vars(thing).clear()
            vars(thing).update(before)

    return undo


def _keep_random_state(generator: Any) -> Callable[[], object]:
    if isinstance(generator, np.random.Generator):
        return partial(setattr, generator.bit_generator, "state", generator.bit_generator.state)
    if isinstance(generator, random.Random):
        return partial(generator.setstate, generator.getstate())
    return partial(generator.set_state, generator.get_state())


def _overlaps(tensor: Tensor) -> bool:
    """Whether elements share memory, as after ``expand``: torch refuses to write to those, so they stay as they are."""
    return tensor.layout is torch.strided and any(
        stride == 0 and size > 1 for stride, size in zip(tensor.stride(), tensor.shape, strict=True)
    )


def _reach(thing: object, depth: int, seen: set[int]) -> Iterator[object]:
    """*thing* and what its attributes lead to: a loader's samplers, data set, transforms, random generators."""
    opaque = (Tensor, np.ndarray, nn.Module, type, ModuleType, FunctionType)
    if isinstance(thing, opaque) or id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, list | tuple | dict):
        parts = list(thing.values() if isinstance(thing, dict) else thing) if len(thing) <= 100 else []
    else:
        yield thing
        parts = list(getattr(thing, "__dict__", {}).values())
    for part in parts if depth else ():
        yield from _reach(part, depth - 1, seen)


# --- Arguments ------------------------------------------------------------------------------------------------


def _check_model(model: nn.Module, optimizer: Optimizer) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {model!r}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be a torch.optim.Optimizer, got {optimizer!r}")
    if isinstance(optimizer, LBFGS):
        raise TypeError("optimizer must be one whose step() needs no closure, got LBFGS, which searches its own steps")
    if any(is_lazy(tensor) for tensor in [*model.parameters(), *model.buffers()]):
        raise ValueError("model must have its weights: call it once on a batch, so that lazy layers get their shapes")
    owned = {id(p) for p in model.parameters()}
    if not any(id(p) in owned for group in optimizer.param_groups for p in group["params"]):
        raise ValueError(
            "optimizer must hold parameters of model, and holds none: build it on model.parameters(), after the last "
            "change of the model"
        )


def _device(device: str | torch.device | None, model: nn.Module) -> torch.device:
    there = list(dict.fromkeys(parameter.device for parameter in model.parameters()))
    if device is None:
        return there[0]
    try:
        wanted = torch.device(device)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"device must be a torch device such as 'cpu' or 'cuda', got {device!r}") from error
    for place in there:
        if place.type == wanted.type and wanted.index in (None, place.index):
            return place
    raise ValueError(
        f"device must be where the model is, {' and '.join(map(str, there))}, got {device!r}; device=None asks the "
        "model, and model.to(...) moves it: before the optimizer is built"
    )


def _loader(name: str, loader: Iterable) -> Iterable:
    if isinstance(loader, Iterator):
        raise TypeError(
            f"{name} must be a loader that can be iterated again, got a {type(loader).__name__}, whose batches would "
            "be lost to your training; pass what it was made from, or a list of batches"
        )
    if not isinstance(loader, Iterable) and not hasattr(loader, "__getitem__"):
        raise TypeError(f"{name} must be a loader of batches, such as a DataLoader, got {loader!r}")
    return loader


def _ratios(optimizer: Optimizer) -> tuple[float, ...]:
    groups = optimizer.param_groups
    key = "initial_lr" if all("initial_lr" in group for group in groups) else "lr"
    rates = [float(group[key]) for group in groups]
    base = next((rate for rate in rates if rate > 0), None)
    return (1.0,) * len(rates) if base is None else tuple(rate / base for rate in rates)


def _own(loader: Iterable) -> Iterable:
    if isinstance(loader, DataLoader):
        loader = copy(loader)
        vars(loader)["_iterator"] = None  # persistent workers: yours go on where they are
    return loader


def _cycle(loader: Iterable) -> Generator:
    loader = _own(loader)
    while True:
        empty = True
        for batch in loader:
            empty = False
            yield batch
        if empty:
            raise ValueError(
                "train_loader must give at least one batch, got none: the data set is empty, or drop_last drops the "
                "only batch"
            )


def _to(batch: Any, device: torch.device) -> Any:
    if hasattr(batch, "to"):
        return batch.to(device)
    if isinstance(batch, dict):
        return {key: _to(value, device) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(_to(value, device) for value in batch))
    if isinstance(batch, tuple | list):
        return type(batch)(_to(value, device) for value in batch)
    return batch


def _bar(progress: bool | None, total: int):
    from tqdm import tqdm

    return tqdm(total=total, unit="update", leave=False, disable=None if progress is None else not progress)
