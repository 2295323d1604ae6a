"""Stop a run at any update and go on as if nothing had happened, to the last bit.

    loader = Batches(data, batch_size=32, seed=0)
    t = 0
    if Path("run.pt").exists():
        t = load("run.pt", model, optimizer, scheduler, loader=loader)["t"]
    while loader.epoch < epochs:
        for x, y in loader:                      # goes on inside the epoch
            ...; optimizer.step(); scheduler.step(); t += 1
            if t % 100 == 0:
                save("run.pt", model, optimizer, scheduler, loader=loader, extra={"t": t})

What a run is made of: weights and buffers, the optimizer's moments and param groups, the scheduler's counter, the
random numbers of torch, NumPy and Python, and the place in the data. Whatever of these is left out is the reason why
a resumed run is another run.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader

from .._files import replacing
from ..arguments import count, flag, instance, seeded
from .watch import everything_in

FORMAT = "lrcourse run 1"
SHOWN = 3  # of the entries that do not fit, in a message


class Batches:
    """A shuffled loader that knows where it stands: iterating gives the rest of the epoch, then begins the next one.

    The order of epoch e is a permutation of its own generator, seeded with (seed, e): no other random number changes
    it, and none is changed. ``state_dict`` is plain numbers. A batch counts as used when it is handed out, however far
    ahead workers have read.

    Args:
        dataset: any map-style dataset; a tuple of tensors is taken as a TensorDataset.
        batch_size: examples a batch; the last one of an epoch may be smaller.
        seed: of the order.
        drop_last: leave that last one out.
        **options: of :class:`torch.utils.data.DataLoader`. With workers, what an augmentation draws inside them is not
            resumed in the middle of an epoch.

    Attributes:
        epoch: the epoch whose batches come next, from 0.
        position: how many of its batches have been handed out.

    Raises:
        TypeError: dataset is no data set, or an option that sets the order.
        ValueError: not a single batch in it; a number out of range.

    Example:
        >>> import torch
        >>> from lrcourse.practice import Batches
        >>> loader = Batches((torch.arange(8),), batch_size=3)
        >>> (first,) = next(iter(loader))
        >>> loader.epoch, loader.position
        (0, 1)
        >>> rest = [rows for (rows,) in loader]  # goes on inside the epoch
        >>> sorted(torch.cat([first, *rest]).tolist())
        [0, 1, 2, 3, 4, 5, 6, 7]
    """

    def __init__(
        self, dataset: Any, batch_size: int = 32, *, seed: int = 0, drop_last: bool = False, **options: Any
    ) -> None:
        if isinstance(dataset, tuple | list) and dataset and all(isinstance(each, Tensor) for each in dataset):
            dataset = torch.utils.data.TensorDataset(*dataset)
        if taken := {"shuffle", "sampler", "batch_sampler", "generator"} & options.keys():
            raise TypeError(f"{min(taken)} is left to Batches; for another order, save the generator of a DataLoader")
        self.dataset, self.batch_size = dataset, count("batch_size", batch_size)
        self.seed, self.drop_last, self.options = seeded("seed", seed), flag("drop_last", drop_last), options
        self.epoch = self.position = 0
        if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")) or isinstance(dataset, str | bytes):
            raise TypeError(f"dataset must be a data set, a list of examples or a tuple of tensors, got {dataset!r}")
        if not len(self):
            raise ValueError(f"dataset must hold at least one batch of {batch_size}, got {len(dataset)} examples")

    def __len__(self) -> int:
        """Batches an epoch."""
        return len(self.dataset) // self.batch_size + (bool(len(self.dataset) % self.batch_size) and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        words = np.random.SeedSequence((self.seed, self.epoch)).generate_state(1, np.uint64)
        generator = torch.Generator().manual_seed(int(words[0]))
        order = torch.randperm(len(self.dataset), generator=generator).split(self.batch_size)[: len(self)]
        rest = [rows.tolist() for rows in order[self.position :]]
        for batch in DataLoader(self.dataset, batch_sampler=rest, generator=generator, **self.options):
            self.position += 1
            if self.position == len(self):  # so that a state saved after the last batch begins the next epoch
                self.epoch, self.position = self.epoch + 1, 0
            yield batch

    def state_dict(self) -> dict[str, int]:
        """Where it stands."""
        return {"examples": len(self.dataset), "batch_size": self.batch_size, "drop_last": self.drop_last,
                "seed": self.seed, "epoch": self.epoch, "position": self.position}  # fmt: skip

    def load_state_dict(self, state_dict: Mapping[str, int]) -> None:
        """Go on from there.

        Raises:
            ValueError: it is of other data, or other batches.
        """
        saved = {"drop_last": self.drop_last, **state_dict}  # older files lack it
        for name in ("examples", "batch_size", "drop_last", "seed"):
            mine = self.state_dict()[name]
            if saved.get(name) != mine:
                raise ValueError(f"loader must have the {name} of the saved run, {saved.get(name)}, got {mine}")
        if not 0 <= state_dict["position"] < len(self):  # nothing would be left, and the epoch never end
            raise ValueError(f"loader must have a batch at position {state_dict['position']}, got {len(self)} batches")
        self.epoch, self.position = int(state_dict["epoch"]), int(state_dict["position"])


def save(
    path: str | os.PathLike,
    model: nn.Module,
    optimizer: Optimizer,
    scheduler: LRScheduler | None = None,
    *,
    loader: Any = None,
    scaler: Any = None,
    others: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write a run to *path*, after an update: between ``scheduler.step()`` and the next batch.

    The file is written beside its place, flushed to the disk, and moved there in one step: whenever the process is
    killed, *path* is the old file or the new one, whole. It holds tensors and plain values only, so that
    ``torch.load(path, weights_only=True)`` reads it.

    Args:
        path: replaced if it exists.
        model: its weights, buffers, and which of its parts are in training mode.
        optimizer: its moments and param groups.
        scheduler: its state; functions in it (LambdaLR) are not saved.
        loader: where the data stand: a :class:`Batches`, the ``torch.Generator`` that draws the batches, or any object
            with ``state_dict`` and ``load_state_dict``.
        scaler: a ``torch.amp.GradScaler``.
        others: by name, whatever else has a state: a second optimizer, an average of the weights.
        extra: plain values of your own, which :func:`load` gives back: ``{"t": t}``.

    Raises:
        TypeError: an argument has no state, or a value in it cannot be saved as plain data; the message says where.
        ValueError: path names no file.
        OSError: the file cannot be written; the old one is still there.

    Example:
        >>> import tempfile
        >>> import torch
        >>> from lrcourse.practice import save
        >>> model = torch.nn.Linear(1, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save(f"{folder}/run.pt", model, optimizer, extra={"t": 100})
        ...     print(torch.load(f"{folder}/run.pt", weights_only=True)["extra"])
        {'t': 100}
    """
    things = _things(model, optimizer, scheduler, loader, scaler, others)
    if not Path(instance("path", path, str | os.PathLike, "the path of a file")).name:
        raise ValueError(f"path must be that of a file, got {os.fspath(path)!r}")
    if extra is not None:
        instance("extra", extra, Mapping, "a mapping name → plain value")
    run = {
        "format": FORMAT,
        "things": {name: _state(name, thing) for name, thing in things.items()},
        "classes": {name: type(thing).__name__ for name, thing in things.items()},
        "training": [module.training for module in model.modules()],
        "random": _random(),
        "extra": _plain("extra", dict(extra or {})),
    }
    with replacing(path) as file:
        torch.save(run, file)


def load(
    path: str | os.PathLike,
    model: nn.Module,
    optimizer: Optimizer,
    scheduler: LRScheduler | None = None,
    *,
    loader: Any = None,
    scaler: Any = None,
    others: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Put a run that :func:`save` wrote back into freshly built objects, and return its *extra*.

    Build everything as for a new run, the scheduler without ``last_epoch``, and load just before the loop: the random
    numbers go on from here. After an error everything is as it was.

    Args:
        path: the file.
        model, optimizer, scheduler, loader, scaler, others: as for :func:`save`, and all that were saved.

    Raises:
        FileNotFoundError: there is no such file.
        TypeError: an argument has no state.
        ValueError: it is cut off, damaged or not written by :func:`save`; or it does not fit the objects: the message
            names the entries whose shapes differ, the argument that is missing or too many, or of another class.

    Example:
        >>> import tempfile
        >>> import torch
        >>> from lrcourse.practice import load, save
        >>> model = torch.nn.Linear(1, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save(f"{folder}/run.pt", model, optimizer, extra={"t": 100})
        ...     drawn = torch.rand(3)  # by the run that goes on
        ...     print(load(f"{folder}/run.pt", model, optimizer), torch.equal(torch.rand(3), drawn))
        {'t': 100} True
    """
    things = _things(model, optimizer, scheduler, loader, scaler, others)
    run = _read(instance("path", path, str | os.PathLike, "the path of a file"))
    saved, classes = run["things"], run["classes"]
    if missing := sorted(saved.keys() - things.keys()):
        raise ValueError(f"{missing[0]} must be given: {os.fspath(path)} holds a {classes[missing[0]]}")
    if unknown := sorted(things.keys() - saved.keys()):
        raise ValueError(f"{unknown[0]} must be left out: {os.fspath(path)} was saved without one")
    for name, thing in things.items():
        if name != "model" and type(thing).__name__ != classes[name]:
            raise ValueError(f"{name} must be a {classes[name]}, as in {os.fspath(path)}, got a {type(thing).__name__}")
        if isinstance(thing, nn.Module):
            _fits_model(name, thing, saved[name])
        elif isinstance(thing, Optimizer):
            _fits_optimizer(name, thing, saved[name])
    mine, theirs = len(list(model.modules())), len(run["training"])
    if mine != theirs:
        raise ValueError(f"model must have the {theirs} modules of the saved one, got {mine}; Dropout counts too")
    _put_back(things, saved)
    for module, mode in zip(model.modules(), run["training"], strict=True):
        module.training = mode
    _set_random(run["random"])
    return run["extra"]


# --- Parts ----------------------------------------------------------------------------------------------------


def _put_back(things: Mapping[str, Any], saved: Mapping[str, Any]) -> None:
    """All states, or after an error none: of some only loading tells whether they fit."""
    with ExitStack() as undo:
        for name, thing in things.items():
            if name not in ("model", "optimizer"):
                undo.callback(_undo(name, thing))
                _set_state(thing, saved[name])
        undo.pop_all()
    for name in ("optimizer", "model"):  # these do fit, and are too large to be kept twice
        _set_state(things[name], saved[name])


def _undo(name: str, thing: Any) -> Callable[[], object]:
    """What puts *thing* back to where it is now."""
    if not isinstance(thing, LRScheduler):
        return partial(_set_state, thing, deepcopy(_state(name, thing)))
    # by hand, for a watch takes its state_dict for a save
    kept: list[tuple[dict, dict]] = [(vars(each), dict(vars(each))) for each in (thing, *everything_in(thing))]
    for group in thing.optimizer.param_groups:
        kept.append((group, {key: value if key == "params" else deepcopy(value) for key, value in group.items()}))

    def undo() -> None:
        for values, before in kept:
            values.clear()
            values.update(before)

    return undo


def _set_state(thing: Any, state: Any) -> None:
    thing.set_state(state) if isinstance(thing, torch.Generator) else thing.load_state_dict(state)


def _things(model: Any, optimizer: Any, scheduler: Any, loader: Any, scaler: Any, others: Any) -> dict[str, Any]:
    if others is not None:
        instance("others", others, Mapping, "a mapping name → thing")
    named = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "loader": loader, "scaler": scaler}
    named |= {f"others[{name!r}]": thing for name, thing in (others or {}).items()}
    for name, kind in {"model": nn.Module, "optimizer": Optimizer}.items():
        if not isinstance(named[name], kind):
            raise TypeError(f"{name} must be a torch {kind.__name__}, got {named[name]!r}")
    things = {name: thing for name, thing in named.items() if thing is not None}
    for name, thing in things.items():
        stateful = hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict")
        if not (stateful or isinstance(thing, torch.Generator)):
            raise TypeError(f"{name} must have state_dict and load_state_dict, or be a torch.Generator, got {thing!r}")
    return things


def _state(name: str, thing: Any) -> Any:
    if isinstance(thing, torch.Generator):
        return thing.get_state()
    state = thing.state_dict()
    if isinstance(thing, LRScheduler):
        state = _without_functions(state)
    return _plain(name, state)


def _without_functions(state: Any) -> Any:
    """A scheduler's state without the functions that its constructor puts there anyway (SWALR, CyclicLR)."""
    if isinstance(state, dict):
        return {key: _without_functions(value) for key, value in state.items() if not callable(value)}
    if type(state) is list:
        return [_without_functions(value) for value in state]
    return state


def _plain(where: str, value: Any) -> Any:
    """*value* with NumPy's numbers as Python's, if nothing else in it needs a pickle."""
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | Tensor):
        return value
    if isinstance(value, Counter):
        return Counter({key: number for key, number in value.items()})
    if isinstance(value, Mapping):
        return {key: _plain(f"{where}[{key!r}]", each) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        kind = type(value) if type(value) in (list, tuple, set) else list
        return kind(_plain(f"{where}[{i}]", each) for i, each in enumerate(value))
    if isinstance(value, torch.dtype | torch.device | torch.Size):
        return value
    raise TypeError(
        f"{where} must be a tensor, a number, text, or a list or dict of these, got {value!r}; anything else needs a "
        "pickle, which may run code when it is loaded"
    )


def _random() -> dict[str, Any]:
    state: Any = np.random.get_state()  # noqa: NPY002, the generator that data sets and transforms draw from
    kind, keys, *rest = state
    version, numbers, gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": [kind, torch.from_numpy(keys.astype(np.int64)), *rest],
        "python": [version, torch.tensor(numbers, dtype=torch.int64), gauss],
    }


def _set_random(state: Mapping[str, Any]) -> None:
    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers.tolist()), gauss))


def _read(path: str | os.PathLike) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            run = torch.load(file, map_location="cpu", weights_only=True)
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as error:  # bytes that are no such file raise all sorts of things in torch.load
        raise ValueError(f"{os.fspath(path)} is cut off, damaged or no file of practice.save") from error
    if not isinstance(run, dict) or run.get("format") != FORMAT:
        raise ValueError(f"{os.fspath(path)} is no file of practice.save, or of another version (wanted {FORMAT!r})")
    return run


def _fits_model(name: str, model: nn.Module, saved: Mapping[str, Any]) -> None:
    mine = model.state_dict()
    shapes = {key: tuple(value.shape) for key, value in mine.items() if isinstance(value, Tensor)}
    wrong = [f"{key} is missing in the file" for key in mine if key not in saved]
    wrong += [f"{key} is missing in the model" for key in saved if key not in mine]
    wrong += [
        f"{key} has shape {tuple(value.shape)} in the file and {shapes[key]} in the model"
        for key, value in saved.items() if key in shapes and tuple(value.shape) != shapes[key]
    ]  # fmt: skip
    if wrong:
        more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise ValueError(f"{name} must be the one that was saved: " + "; ".join(wrong[:SHOWN]) + more)


def _fits_optimizer(name: str, optimizer: Optimizer, saved: Mapping[str, Any]) -> None:
    mine = [len(group["params"]) for group in optimizer.param_groups]
    theirs = [len(group["params"]) for group in saved["param_groups"]]
    if mine != theirs:
        raise ValueError(f"{name} must have the param groups of the saved one, of {theirs} parameters, got {mine}")
