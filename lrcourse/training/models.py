"""Models that train in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from numbers import Integral
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from ..arguments import choice, count, function, instance, listed, positive, seeded

BENCH: dict[str, Any] = {"model": (40, 32, 32, 10), "batch_size": 32, "momentum": 0.9}
"""What the course's races train, as arguments of ``sweep``: MNIST-1D, two hidden layers of 32, SGD with momentum."""


def mlp(
    widths: Sequence[int],
    activation: Callable[[], nn.Module] = nn.Tanh,
    *,
    gain: float | None = None,
    seed: int = 0,
) -> nn.Sequential:
    """A multilayer perceptron with torch's default initialisation, e.g. ``mlp((64, 32, 10))``.

    Args:
        widths: number of inputs, of units in each hidden layer, and of outputs.
        activation: what makes the module after each hidden layer, e.g. ``nn.ReLU``.
        gain: draws normal weights of variance ``gain / inputs`` and sets the biases to 0; 2 is He's initialisation
            (arXiv:1502.01852, eq. 10). None is torch's default: weights and biases uniform, of variance
            ``1 / (3·inputs)``.
        seed: of the weights; torch's global random state is left as it was.

    Raises:
        ValueError: for fewer than two widths, or one that is not a positive integer; a gain that is not positive.
        TypeError: widths that are no list, or an activation that makes no module.

    Example:
        >>> from lrcourse.training import mlp
        >>> [tuple(parameter.shape) for parameter in mlp((64, 32, 10)).parameters()]
        [(32, 64), (32,), (10, 32), (10,)]
    """
    widths = checked_widths("widths", widths)
    gain = None if gain is None else positive("gain", gain)
    seed, activation = seeded("seed", seed), function("activation", activation, "nothing that makes a module: nn.ReLU")
    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for inputs, outputs in pairwise(widths):
            linear = nn.Linear(inputs, outputs)
            if gain is not None:
                nn.init.normal_(linear.weight, std=(gain / inputs) ** 0.5)
                nn.init.zeros_(linear.bias)
            layers += [linear, instance("what activation makes", activation(), nn.Module, "a module")]
    return nn.Sequential(*layers[:-1])


def checked_widths(name: str, widths: Sequence[int]) -> list[int]:
    """The widths of an :func:`mlp` as a list of ints; *name* is the argument's."""
    sizes = listed(name, widths, "two or more positive integers, inputs first")
    if len(sizes) < 2 or not all(isinstance(w, Integral) and not isinstance(w, bool) and w > 0 for w in sizes):
        raise ValueError(f"{name} must be two or more positive integers, inputs first, got {widths!r}")
    return [int(w) for w in sizes]


@contextmanager
def in_mode(model: nn.Module, *, training: bool) -> Iterator[None]:
    """*model* as it is trained, its frozen parts still frozen, or as it is evaluated; then each part as it was."""
    modes = [(module, module.training) for module in model.modules()]
    if not (training and model.training):
        model.train(training)
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


class Block(nn.Module):
    """Self-attention and a feed-forward layer, each with a residual connection, and LayerNorm after or before it."""

    def __init__(self, width: int, heads: int, post: bool) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.heads, self.post = heads, post

    def attention(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.mT / (width // self.heads) ** 0.5).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(batch, tokens, width))

    def feed_forward(self, x: Tensor) -> Tensor:
        return self.down(relu(self.up(x)))

    def forward(self, x: Tensor) -> Tensor:
        if self.post:
            x = self.norm1(x + self.attention(x))
            return self.norm2(x + self.feed_forward(x))
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))


class Transformer(nn.Module):
    """Reads 64 pixels as 8 tokens, the rows of a digit, and names its class; see :func:`transformer`."""

    def __init__(self, width: int, blocks: int, heads: int, post: bool) -> None:
        super().__init__()
        self.embed = nn.Linear(8, width)
        self.position = nn.Parameter(torch.randn(8, width) / 2)
        self.blocks = nn.ModuleList([Block(width, heads, post) for _ in range(blocks)])
        self.norm = nn.Identity() if post else nn.LayerNorm(width)
        self.classes = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x.view(-1, 8, 8)) + self.position
        for block in self.blocks:
            x = block(x)
        return self.classes(self.norm(x).mean(1))


def transformer(
    *, norm: Literal["post", "pre"] = "post", width: int = 16, blocks: int = 6, heads: int = 2, seed: int = 0
) -> nn.Module:
    """A small transformer encoder for :func:`digits`: 64 pixels → logits of 10 classes; the rows are its 8 tokens.

    Args:
        norm: "post" puts LayerNorm after each residual sum, as in "Attention is all you need" (arXiv:1706.03762), which
            trains badly without warm-up; "pre" before each branch (Xiong et al., arXiv:2002.04745).
        width: of the residual stream, a multiple of heads.
        blocks: how many, each attention and feed-forward.
        heads: of the attention.
        seed: of the weights (Xavier uniform, biases 0); torch's global random state is left as it was.

    Raises:
        ValueError: norm is unknown, a size is no positive integer, or width no multiple of heads.

    Example:
        >>> from lrcourse.training import digits, transformer
        >>> model = transformer(blocks=2)
        >>> sum(parameter.numel() for parameter in model.parameters()), tuple(model(digits(train=100).x).shape)
        (4890, (100, 10))
    """
    choice("norm", norm, ("post", "pre"))
    seed = seeded("seed", seed)
    if count("width", width) % count("heads", heads):
        raise ValueError(f"width must be a multiple of heads, got {width} and {heads}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Transformer(width, count("blocks", blocks), heads, norm == "post")
        for module in model.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
    return model
