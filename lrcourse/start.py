"""The start page's first two minutes: eight small networks, trained anew for every touch of a slider.

One label in five is drawn at random, so that the last updates matter: a learning rate that is high at the end keeps
following the wrong labels of the latest batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from . import curves
from .training import digits

if TYPE_CHECKING:
    import torch

UPDATES, BATCH_SIZE, NETWORKS, HIDDEN, WRONG_LABELS = 200, 16, 8, 32, 0.2

SHAPES = {
    "constant": lambda lr: curves.constant(lr),
    "linear": lambda lr: curves.linear_to_zero(lr, UPDATES),
    "cosine": lambda lr: curves.cosine_annealing_lr(lr, T_max=UPDATES),
    "step": lambda lr: curves.multi_step_lr(lr, milestones=[UPDATES // 2, 3 * UPDATES // 4], gamma=0.1),
}
"""The schedules of the first explorer: name → (learning rate → closed form)."""


class Trained(NamedTuple):
    """What :func:`train` returns.

    Attributes:
        loss: ``(updates, networks)``, mean cross-entropy of the batch that update t used.
        accuracy: ``(networks,)``, the share of 597 unseen digits that is named rightly after the last update.
    """

    loss: np.ndarray
    accuracy: np.ndarray


def train(lr: np.ndarray, *, networks: int = NETWORKS, seed: int = 0) -> Trained:
    """Train *networks* copies of a 64-32-10 ReLU network on digits, all at once, by plain SGD.

    The copies differ in their first weights and in the batches they draw (with replacement). The gradient is written
    out by hand and batched over the copies; it is that of ``torch.nn`` and ``torch.optim.SGD`` (tested).

    Args:
        lr: ``(updates,)``, the learning rate that update t uses.
        networks: how many copies.
        seed: of weights and batches; the wrong labels are always the same.

    Raises:
        ValueError: lr is not one positive-length row of finite, non-negative numbers.
    """
    import torch

    from .arguments import count, numbers, seeded

    lr, networks, seed = numbers("lr", lr), count("networks", networks), seeded("seed", seed)
    if lr.ndim != 1 or not len(lr) or not np.isfinite(lr).all() or (lr < 0).any():
        raise ValueError("lr must be a row of finite learning rates, none negative, one an update; "
                         f"got shape {lr.shape}")  # fmt: skip
    data = digits(label_noise=WRONG_LABELS)
    parameters, batches = initial(networks, len(lr), len(data.x), seed)
    w1, b1, w2, b2 = parameters
    inputs, targets = data.x[batches], torch.nn.functional.one_hot(data.y, 10).float()[batches] / BATCH_SIZE
    log_likelihood = torch.empty(len(lr), networks)
    with torch.inference_mode():
        for t, rate in enumerate(lr.tolist()):
            x, y = inputs[t], targets[t]
            hidden = torch.baddbmm(b1, x, w1).relu_()
            log_p = torch.baddbmm(b2, hidden, w2).log_softmax(-1)
            log_likelihood[t] = (log_p * y).sum((1, 2))
            d_out = log_p.exp_().div_(BATCH_SIZE).sub_(y)
            d_hidden = torch.bmm(d_out, w2.mT).mul_(hidden > 0)
            w2.baddbmm_(hidden.mT, d_out, alpha=-rate)
            b2.sub_(d_out.sum(1, keepdim=True), alpha=rate)
            w1.baddbmm_(x.mT, d_hidden, alpha=-rate)
            b1.sub_(d_hidden.sum(1, keepdim=True), alpha=rate)
        assert data.x_test is not None and data.y_test is not None, "digits have both"
        out = torch.baddbmm(b2, torch.baddbmm(b1, data.x_test.expand(networks, -1, -1), w1).relu_(), w2)
        accuracy = (out.argmax(-1) == data.y_test).double().mean(1)
    return Trained(-log_likelihood.double().numpy(), accuracy.numpy())


def initial(networks: int, updates: int, examples: int, seed: int) -> tuple[list[torch.Tensor], torch.Tensor]:
    """First weights (He normal) and biases (0) of each copy, and the batches each of them draws.

    Returns:
        ``[w1 (K, 64, 32), b1 (K, 1, 32), w2 (K, 32, 10), b2 (K, 1, 10)]`` and indices ``(updates, K, batch)``.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    w1 = torch.randn(networks, 64, HIDDEN, generator=generator) * (2 / 64) ** 0.5
    w2 = torch.randn(networks, HIDDEN, 10, generator=generator) * (2 / HIDDEN) ** 0.5
    batches = torch.randint(0, examples, (updates, networks, BATCH_SIZE), generator=generator)
    return [w1, torch.zeros(networks, 1, HIDDEN), w2, torch.zeros(networks, 1, 10)], batches
