"""Section 04's checks: right answers of any kind pass, and what goes wrong is told for what it is."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts, CyclicLR, LambdaLR

from lrcourse import curves, words
from lrcourse.checks import NotYet, check


@pytest.fixture(autouse=True)
def english():
    words.use_language("en")
    yield
    words.use_language("en")


def triangle_by_torch(t, base_lr, max_lr, step_size_up, step_size_down):
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = CyclicLR(optimizer, base_lr, max_lr, step_size_up, step_size_down, cycle_momentum=False)
    for _ in range(t):
        optimizer.step()
        scheduler.step()
    return scheduler.get_last_lr()[0]


def triangle_by_interpolation(t, base_lr, max_lr, step_size_up, step_size_down):
    period = step_size_up + step_size_down
    return np.interp(t % period, [0, step_size_up, period], [base_lr, max_lr, base_lr])


def triangle_by_min(t, base_lr, max_lr, step_size_up, step_size_down):
    x = torch.tensor(float(t)) % (step_size_up + step_size_down)
    height = torch.minimum(x / step_size_up, (step_size_up + step_size_down - x) / step_size_down)
    return base_lr + (max_lr - base_lr) * height


class PeaksByHand(LambdaLR):
    """No CyclicLR at all: multipliers of each group's rate, and the momentum written beside them."""

    def __init__(self, optimizer, base_lr, max_lr, step_size, cycles):
        for group in optimizer.param_groups:
            group["lr"] = 1.0
        self.height = lambda t: (
            (1 - abs(t % (2 * step_size) - step_size) / step_size) * max(0, 1 - (t // (2 * step_size)) / cycles)
        )
        super().__init__(
            optimizer,
            [lambda t, a=a, b=b: a + (b - a) * self.height(t) for a, b in zip(base_lr, max_lr, strict=True)],
        )

    def step(self):
        super().step()
        for group in self.optimizer.param_groups:
            group["momentum"] = 0.95 - 0.1 * self.height(self.last_epoch)


def share_in_a_loop(lrs, height, sigma):
    inside, shares = 1.0, []
    for lr in lrs:
        inside *= np.exp(-lr * height * np.sqrt(8) / np.pi * np.exp(-2 * height / lr / sigma**2))
        shares.append(1 - inside)
    return shares


def snapshots_of_copies(model, optimizer, batches, T_0, x):
    scheduler, kept = CosineAnnealingWarmRestarts(optimizer, T_0), []
    for inputs, targets in batches:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()
        if scheduler.T_cur == 0:
            kept.append(copy.deepcopy(model))
    return sum(member(x).softmax(1) for member in kept) / len(kept)


def snapshots_by_a_curve(model, optimizer, batches, T_0, x):
    lr = curves.cosine_annealing_warm_restarts(optimizer.param_groups[0]["lr"], T_0)
    said = []
    for t, (inputs, targets) in enumerate(batches):
        optimizer.param_groups[0]["lr"] = lr(t)
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(model(inputs), targets).backward()
        optimizer.step()
        if t % T_0 == T_0 - 1:
            said.append(torch.softmax(model(x), 1).detach().numpy())
    return np.mean(said, axis=0)


@pytest.mark.parametrize(
    ("id", "answer"),
    [
        ("04.1", triangle_by_torch),
        ("04.1", triangle_by_interpolation),
        ("04.1", triangle_by_min),
        ("04.3", share_in_a_loop),
        ("04.4", snapshots_of_copies),
        ("04.4", snapshots_by_a_curve),
    ],
)
def test_right_answers_of_any_kind_pass(id, answer, capsys):
    for seed in range(2):
        check(id, answer, seed=seed)
    assert capsys.readouterr().out == f"✓ {id} correct\n" * 2


def test_a_scheduler_that_is_no_cyclic_lr_passes(capsys):
    check("04.2", PeaksByHand, seed=0)
    assert capsys.readouterr().out == "✓ 04.2 correct\n"


def test_a_scheduler_that_is_not_returned_is_named():
    def answer(optimizer, base_lr, max_lr, step_size, cycles):
        CyclicLR(optimizer, base_lr, max_lr, step_size)

    with pytest.raises(NotYet, match="is the `return` missing"):
        check("04.2", answer, seed=0)


def test_an_answer_cannot_change_what_the_judge_knows():
    def answer(optimizer, base_lr, max_lr, step_size, cycles):
        max_lr[:] = base_lr
        return CyclicLR(optimizer, base_lr, max_lr, step_size, cycle_momentum=False)

    with pytest.raises(NotYet, match=r"04\.2"):
        check("04.2", answer, seed=0)


def test_networks_trained_in_the_wrong_order_are_refused():
    def late(model, optimizer, batches, T_0, x):
        return snapshots_of_copies(model, optimizer, batches[::-1], T_0, x)

    with pytest.raises(NotYet, match=r"example 0, class 0: expected"):
        check("04.4", late, seed=0)


@pytest.mark.parametrize("answer", [lambda *a, **k: None, lambda *a, **k: float("nan"), lambda *a, **k: "0.1"])
@pytest.mark.parametrize("id", ["04.1", "04.3", "04.4"])
def test_what_is_no_answer_gets_one_friendly_line(id, answer):
    with pytest.raises(NotYet) as caught:
        check(id, answer, seed=0)
    assert "\n" not in str(caught.value)
