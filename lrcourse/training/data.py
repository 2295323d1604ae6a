"""Two small data sets that come with the packages: nothing is downloaded."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..arguments import instance, seeded, share, whole


class Dataset(NamedTuple):
    """Examples as tensors, a training part and a test part (which may be missing).

    Example:
        >>> import torch
        >>> from lrcourse.training import Dataset, fit, mlp
        >>> x = torch.linspace(-1, 1, 50)[:, None]
        >>> line = mlp((1, 1))
        >>> optimizer, loss = torch.optim.SGD(line.parameters(), lr=0.5), torch.nn.functional.mse_loss
        >>> history = fit(line, Dataset(x, 3 * x), optimizer, updates=100, loss=loss)
        >>> round(line[0].weight.item(), 2), history.test  # there is no test part
        (3.0, None)
    """

    x: Tensor
    """``(n, features)`` float32: inputs of the training part."""
    y: Tensor
    """``(n,)`` int64: their classes."""
    x_test: Tensor | None = None
    y_test: Tensor | None = None


def checked_data(data: Dataset | tuple[Tensor, ...]) -> Dataset:
    """*data* as a :class:`Dataset`, if it is one that can be trained on.

    Raises:
        ValueError, TypeError: as :func:`~lrcourse.training.fit` and :func:`~lrcourse.training.sweep`.
    """
    if not isinstance(data, tuple) or len(data) not in (2, 4):
        kind = type(data).__name__
        raise TypeError(f"data must be a Dataset or a tuple (x, y) or (x, y, x_test, y_test), got {kind}")
    data = Dataset(*data)
    if (data.x_test is None) != (data.y_test is None):
        raise ValueError("data must hold x_test and y_test, or neither; got one of them")
    parts: list[tuple[str, Tensor, Tensor]] = [("training", data.x, data.y)]
    if data.x_test is not None and data.y_test is not None:
        parts.append(("test", data.x_test, data.y_test))
    for part, x, y in parts:
        for tensor in (x, y):
            if not instance("each part of data", tensor, Tensor, "a tensor").ndim:
                raise ValueError("data must hold a tensor with a row for each example, got a single number")
        if not len(x) or len(x) != len(y):
            raise ValueError(
                f"data must hold as many targets as inputs, and some; in the {part} part got {len(x)} and {len(y)}"
            )
    return data


def digits(*, train: int = 1200, label_noise: float = 0.0, seed: int = 0) -> Dataset:
    """Scikit-learn's 1797 handwritten digits: 64 pixels, 10 classes.

    The pixels are standardised by the mean and standard deviation of the training part.

    Args:
        train: size of the training part; the others make the test part.
        label_noise: share of the training labels that are drawn anew, uniformly from the ten classes.
        seed: of the split and of the label noise.

    Raises:
        ValueError: if train is not within 1 ... 1796, or label_noise not within [0, 1].

    Example:
        >>> from lrcourse.training import digits
        >>> data, noisy = digits(), digits(label_noise=0.3)
        >>> tuple(data.x.shape), len(data.x_test)
        ((1200, 64), 597)
        >>> round((data.y == noisy.y).float().mean().item(), 1)  # a tenth of those drawn anew is right by chance
        0.7
    """
    x, y = _digits()
    train = whole("train", train, least=1, most=len(x) - 1)
    generator = torch.Generator().manual_seed(seeded("seed", seed))
    order = torch.randperm(len(x), generator=generator)
    x, y = torch.as_tensor(x)[order], torch.as_tensor(y)[order]
    x = _standardised(x, x[:train])
    return Dataset(x[:train], _mislabel(y[:train], label_noise, generator), x[train:], y[train:])


def mnist1d(*, label_noise: float = 0.0, seed: int = 0) -> Dataset:
    """MNIST-1D: 4000 training and 1000 test signals of 40 samples, 10 classes.

    Far harder for a small network than :func:`digits` (Greydanus and Kobak, arXiv:2011.14439). The data are those
    that the authors' package ``mnist1d`` computes with its own fixed seed; they are stored with this one.

    Args:
        label_noise: share of the training labels that are drawn anew, uniformly from the ten classes.
        seed: of the label noise.

    Raises:
        ValueError: if label_noise is not within [0, 1].

    Example:
        >>> from lrcourse.training import mnist1d
        >>> data = mnist1d()
        >>> tuple(data.x.shape), len(data.x_test), data.y.unique().tolist()
        ((4000, 40), 1000, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    generator = torch.Generator().manual_seed(seeded("seed", seed))
    x, y, x_test, y_test = map(torch.tensor, _mnist1d())
    y = _mislabel(y, label_noise, generator)
    return Dataset(_standardised(x, x), y, _standardised(x_test, x), y_test)


def _standardised(x: Tensor, reference: Tensor) -> Tensor:
    # In float32 the last bit of the mean depends on the number of threads, and training amplifies it.
    exact = reference.double()
    return (x - exact.mean().float()) / exact.std().float()


def _mislabel(y: Tensor, label_noise: float, generator: torch.Generator) -> Tensor:
    drawn = torch.rand(len(y), generator=generator) < share("label_noise", label_noise)
    return torch.where(drawn, torch.randint(10, y.shape, generator=generator), y)


@cache
def _digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return x.astype(np.float32), y.astype(np.int64)


@cache
def _mnist1d() -> tuple[np.ndarray, ...]:
    with np.load(Path(__file__).with_name("mnist1d.npz")) as stored:  # tools/mnist1d.py makes it
        return tuple(stored[name].astype(kind) for name, kind in zip(stored, (np.float32, np.int64) * 2, strict=True))
