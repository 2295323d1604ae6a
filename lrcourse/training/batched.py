"""Many copies of one network, trained as one computation.

The copies are numbered (seed, configuration): those of one seed read the same batch, so that the first layer of all of
them is one matrix product. Every tensor of parameters carries these two axes in front, ``(S, C, *shape)``, with torch's
own shape behind them.

:class:`Layers` is a multilayer perceptron whose gradient is written out by hand; :class:`Modules` is any module,
through ``torch.func``. No copy can reach another one: a copy that diverges fills with NaN, alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap
from torch.nn.functional import cross_entropy, one_hot

from .data import Dataset

Loss = Callable[[Tensor, Tensor], Tensor]


def spread(parameters: Sequence[Tensor], configurations: int) -> list[Tensor]:
    """``(S, *shape)`` of each seed → ``(S, C, *shape)``, a copy for each configuration."""
    return [p[:, None].repeat(1, configurations, *[1] * (p.ndim - 1)) for p in parameters]


class Layers:
    """Copies of ``Sequential(Linear, activation, Linear, ..., Linear)``; loss: cross-entropy of classes, or MSE.

    Activations are kept with the batch as last axis, ``(S, C, units, B)``. Weights lie as torch has them,
    ``(S, C, outputs, inputs)``, so the first layer of all copies of a seed is one product ``(C·outputs, inputs) @
    (inputs, B)`` whose result is at once the batched operand of the next layer: nothing is ever transposed or copied.

    Args:
        parameters: ``[weight, bias, weight, bias, ...]``, each ``(S, C, ...)``; updated in place.
        activation: ``"relu"`` or ``"tanh"``.
        data: on the parameters' device, of their dtype.
        batch_size: None for all examples.
    """

    def __init__(self, parameters: list[Tensor], activation: str, data: Dataset, batch_size: int | None) -> None:
        self.parameters, self.relu, self.data = parameters, activation == "relu", data
        seeds, configurations, outputs = parameters[-1].shape
        self.classes = data.y.dtype == torch.int64
        self.targets = one_hot(data.y, outputs).to(data.x.dtype) if self.classes else data.y
        self.size = batch_size or len(data.x)
        self.layers = self.flat(parameters)
        empty = parameters[0].new_empty
        if batch_size is None:
            self.x, self.y = data.x.expand(seeds, -1, -1), self.targets.mT.contiguous()[None, None]
        else:
            self.x, self.y = empty(seeds, self.size, data.x.shape[1]), empty(seeds, 1, outputs, self.size)
            self.picked = empty(seeds * self.size, outputs)
        self.values = [empty(seeds, configurations, bias.shape[-1], self.size) for bias in parameters[1::2]]
        self.slopes = [torch.empty_like(value) for value in self.values[:-1]]
        self.products = torch.empty_like(self.values[-1])
        self.ones = torch.ones(1, self.size, 1, dtype=data.x.dtype, device=data.x.device)

    def flat(self, tensors: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """(weight, bias) of each layer as operands of ``baddbmm``: the first layer one matrix a seed, the others one
        a copy."""
        seeds, configurations = tensors[0].shape[:2]
        batches = [seeds, *[seeds * configurations] * (len(tensors) // 2 - 1)]
        return [
            (weight.view(n, -1, weight.shape[-1]), bias.view(n, -1, 1))
            for n, weight, bias in zip(batches, tensors[::2], tensors[1::2], strict=True)
        ]

    def load(self, rows: Tensor) -> None:
        """Make the examples ``rows (S, B)`` the batch of the next :meth:`backward`."""
        rows = rows.view(-1)
        torch.index_select(self.data.x, 0, rows, out=self.x.view(len(rows), -1))
        torch.index_select(self.targets, 0, rows, out=self.picked)
        self.y.copy_(self.picked.view(len(self.y), self.size, -1).mT[:, None])

    def forward(self, x: Tensor, values: Sequence[Tensor]) -> None:
        """Fill *values*, ``(S, C, units, n)`` each, for inputs ``(S, n, features)``; the last ones are the outputs."""
        inputs = x.mT
        for (weight, bias), value in zip(self.layers, values, strict=True):
            torch.baddbmm(bias, weight, inputs, out=value.view(len(weight), weight.shape[1], -1))
            if value is not values[-1]:
                value.relu_() if self.relu else value.tanh_()
            inputs = value.view(-1, *value.shape[2:])

    def backward(self, loss: Tensor, into: Sequence[Tensor], scale: Tensor | None = None) -> None:
        """Write the loss of each copy to *loss* ``(S, C)`` and its gradient to *into*.

        With *scale*, ``(1, C, 1, 1)``, scale × gradient is added to *into* instead; *into* may be the parameters.
        """
        self.forward(self.x, self.values)
        outputs = self.values[-1]
        if self.classes:
            log_p = torch.log_softmax(outputs, 2, out=outputs)
            torch.sum(torch.mul(log_p, self.y, out=self.products), (2, 3), out=loss)
            loss.div_(-self.size)
            delta, share = log_p.exp_().sub_(self.y), 1 / self.size
        else:
            delta = outputs.sub_(self.y)
            share = 1 / delta[0, 0].numel()
            torch.sum(torch.square(delta, out=self.products), (2, 3), out=loss)
            loss.mul_(share)
            share *= 2
        delta.mul_(share if scale is None else scale * share)
        keep = 0 if scale is None else 1
        targets = self.flat(into)
        for i in reversed(range(len(self.layers))):
            weight, bias = targets[i]
            slope = delta.view(len(weight), weight.shape[1], -1)
            if i:
                value = self.values[i - 1].view(-1, *self.values[i - 1].shape[2:])
                delta = self.slopes[i - 1].view_as(value)
                torch.bmm(self.layers[i][0].mT, slope, out=delta)
                if self.relu:
                    torch.ops.aten.threshold_backward.grad_input(delta, value, 0, grad_input=delta)
                else:
                    torch.ops.aten.tanh_backward.grad_input(delta, value, grad_input=delta)
            weight.baddbmm_(slope, value.mT if i else self.x, beta=keep)
            bias.baddbmm_(slope, self.ones.expand(len(slope), -1, -1), beta=keep)

    def score(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Sum over the examples of loss and of hits, ``(S, C)`` each, in float64."""
        seeds, configurations = self.parameters[0].shape[:2]
        values = [x.new_empty(seeds, configurations, value.shape[2], len(x)) for value in self.values]
        self.forward(x.expand(seeds, -1, -1), values)
        out = values[-1].flatten(0, 1)
        if self.classes:
            loss = cross_entropy(out, y.expand(len(out), -1), reduction="none")
            hits = (out.argmax(1) == y).double().sum(-1)
        else:
            loss = (out - y.mT).square_().mean(1)
            hits = loss.new_full((len(out),), torch.nan)
        return loss.double().sum(-1).view(seeds, -1), hits.view(seeds, -1)


class Modules:
    """Copies of any module, through ``torch.func``: slower than :class:`Layers`, and with no gradient to write.

    Args:
        parameters: of each of the module's ``named_parameters()``, ``(S, C, *shape)``; updated in place.
        module: gives the computation; its own parameters are not used.
        loss: ``loss(module(x), y)``, a mean over the examples.
        data, batch_size: as for :class:`Layers`.
    """

    def __init__(
        self, parameters: list[Tensor], module: nn.Module, loss: Loss, data: Dataset, batch_size: int | None
    ) -> None:
        self.parameters, self.data, self.loss = parameters, data, loss
        self.classes = data.y.dtype == torch.int64
        self.x, self.y = data.x, data.y
        self.batch_axis = None if batch_size is None else 0
        names = [name for name, _ in module.named_parameters()]

        def outputs(p: Sequence[Tensor], x: Tensor) -> Tensor:
            return functional_call(module, dict(zip(names, p, strict=True)), (x,))

        def value(p: Sequence[Tensor], x: Tensor, y: Tensor) -> Tensor:
            return loss(outputs(p, x), y)

        both = vmap(grad_and_value(value), in_dims=(0, None, None))
        self.gradient = vmap(both, in_dims=(0, self.batch_axis, self.batch_axis))
        self.outputs = vmap(vmap(outputs, in_dims=(0, None)), in_dims=(0, None))

    def load(self, rows: Tensor) -> None:
        """Make the examples ``rows (S, B)`` the batch of the next :meth:`backward`."""
        self.x, self.y = self.data.x[rows], self.data.y[rows]

    def backward(self, loss: Tensor, into: Sequence[Tensor], scale: Tensor | None = None) -> None:
        """As :meth:`Layers.backward`."""
        gradients, values = self.gradient(tuple(self.parameters), self.x, self.y)
        loss.copy_(values)
        for target, gradient in zip(into, gradients, strict=True):
            if scale is None:
                target.copy_(gradient)
            else:
                target.addcmul_(gradient, scale.view(1, -1, *[1] * (target.ndim - 2)))

    def score(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """As :meth:`Layers.score`."""
        outputs = self.outputs(tuple(self.parameters), x)
        loss = vmap(vmap(self.loss, in_dims=(0, None)), in_dims=(0, None))(outputs, y).double() * len(x)
        if self.classes and outputs.ndim == 4:
            return loss, (outputs.argmax(-1) == y).double().sum(-1)
        return loss, torch.full_like(loss, torch.nan)


class Optimizer:
    """SGD or AdamW as torch computes them, with a learning rate, and a momentum, of its own for each configuration.

    Args:
        copies: whose parameters it updates.
        lr: ``(T, C)`` float64, what update t uses.
        momentum: ``(T, C)`` float64: SGD's momentum, or AdamW's beta1; None for plain SGD.
        nesterov, weight_decay, eps: torch's. Weight decay is part of SGD's gradient, and beside AdamW's.
        beta2: AdamW's; None for SGD.
        clip: bounds the norm of each copy's gradient, as ``clip_grad_norm_``; None leaves it alone.
    """

    def __init__(
        self,
        copies: Layers | Modules,
        lr: Tensor,
        momentum: Tensor | None,
        *,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        beta2: float | None = None,
        eps: float = 1e-8,
        clip: float | None = None,
    ) -> None:
        self.copies, self.parameters = copies, copies.parameters
        if beta2 is not None and momentum is not None:
            self.shrink = (1 - lr * weight_decay).to(self.parameters[0].dtype)
            lr = lr / (1 - momentum ** torch.arange(1, len(lr) + 1, device=lr.device)[:, None])
        self.lr = lr.to(self.parameters[0].dtype)
        self.momentum = None if momentum is None else momentum.to(self.lr.dtype)
        self.rests = [False] * len(lr) if momentum is None else (momentum == 0).any(1).tolist()
        self.nesterov, self.decay, self.beta2, self.eps, self.clip = nesterov, weight_decay, beta2, eps, clip
        like = [torch.zeros_like(p) for p in self.parameters]
        self.fused = momentum is None and not weight_decay and clip is None
        self.gradients = like if not self.fused else []
        self.buffers = [torch.zeros_like(p) for p in like] if momentum is not None else []
        self.squares = [torch.zeros_like(p) for p in like] if beta2 is not None else []
        self.roots = [torch.empty_like(p) for p in like] if beta2 is not None else []

    def step(self, t: int, loss: Tensor) -> None:
        """Update t; *loss* ``(S, C)`` receives the losses before it."""
        if self.fused:
            self.copies.backward(loss, self.parameters, -self.lr[t].view(1, -1, 1, 1))
            return
        self.copies.backward(loss, self.gradients)
        if self.clip is not None:
            self._clip()
        for i, p in enumerate(self.parameters):
            shape = (1, -1, *[1] * (p.ndim - 2))
            lr = self.lr[t].view(shape)
            momentum = None if self.momentum is None else self.momentum[t].view(shape)
            if self.beta2 is None or momentum is None:
                self._sgd(i, lr, momentum, self.rests[t])
            else:
                if self.decay:
                    p.mul_(self.shrink[t].view(shape))
                self._adam(i, t, lr, momentum, self.beta2)

    def _clip(self) -> None:
        norms = torch.stack([g.flatten(2).norm(dim=2) for g in self.gradients]).norm(dim=0)
        factor = (self.clip / (norms + 1e-6)).clamp_(max=1.0)
        for g in self.gradients:
            g.mul_(factor.view(*factor.shape, *[1] * (g.ndim - 2)))

    def _sgd(self, i: int, lr: Tensor, momentum: Tensor | None, rests: bool) -> None:
        p, g = self.parameters[i], self.gradients[i]
        if self.decay:
            g.add_(p, alpha=self.decay)
        if momentum is not None and rests:  # torch leaves the buffer of a copy alone while its momentum is 0
            on, buffer = momentum != 0, self.buffers[i]
            buffer.copy_(torch.where(on, buffer * momentum + g, buffer))
            g = torch.where(on, g.addcmul(buffer, momentum) if self.nesterov else buffer, g)
        elif momentum is not None:
            buffer = self.buffers[i].mul_(momentum).add_(g)
            g = g.addcmul_(buffer, momentum) if self.nesterov else buffer
        p.addcmul_(g, lr, value=-1)

    def _adam(self, i: int, t: int, lr: Tensor, beta1: Tensor, beta2: float) -> None:
        p, g, mean, square, root = (
            each[i] for each in (self.parameters, self.gradients, self.buffers, self.squares, self.roots)
        )
        mean.lerp_(g, 1 - beta1)
        square.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        torch.sqrt(square, out=root).div_((1 - beta2 ** (t + 1)) ** 0.5).add_(self.eps)
        p.addcdiv_(torch.mul(mean, lr, out=g), root, value=-1)


def train(
    copies: Layers | Modules, optimizer: Optimizer, rows: Tensor | None, losses: Tensor, parts: int
) -> Iterator[int]:
    """Train all copies; yields the number of updates done, *parts* times, after as many equal stretches.

    Args:
        rows: ``(T, S, B)``, the examples of each batch; None for full batches.
        losses: ``(T, S, C)``, receives the loss of each batch before its update.
    """
    updates = len(losses)
    for part in range(parts):
        end = updates * (part + 1) // parts
        with torch.no_grad() if isinstance(copies, Modules) else torch.inference_mode():
            for t in range(updates * part // parts, end):
                if rows is not None:
                    copies.load(rows[t])
                optimizer.step(t, losses[t])
        yield end


@torch.no_grad()
def evaluate(copies: Layers | Modules, x: Tensor, y: Tensor, at_once: int) -> tuple[Tensor, Tensor]:
    """Mean loss and accuracy over all examples, ``(S, C)`` float64; *at_once* examples at a time."""
    loss, hits = (
        sum(part) for part in zip(*map(copies.score, x.split(at_once), y.split(at_once)), strict=True)
    )
    return loss / len(x), hits / len(x)

