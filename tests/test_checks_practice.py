"""Section 08's checks: other right repairs pass, references are closed forms, right numbers with a wrong cause fail."""

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, MultiStepLR, OneCycleLR, SequentialLR

from lrcourse import CurveLR, curves, practice
from lrcourse.checks import NotYet, check
from lrcourse.checks import practice as checks


def one_cycle(optimizer, loader, epochs, train):
    """Right, with the lengths that torch multiplies."""
    scheduler = OneCycleLR(optimizer, 0.1, epochs=epochs, steps_per_epoch=len(loader), cycle_momentum=False)
    for batch in [*loader] * epochs:
        train(batch)
        scheduler.step()


def drops(optimizer, loader, epochs, train):
    """Right, in updates instead of epochs."""
    scheduler = MultiStepLR(optimizer, [2 * len(loader), 4 * len(loader)])
    for batch in [*loader] * epochs:
        train(batch)
        scheduler.step()


def accumulated(optimizer, loader, epochs, backward):
    scheduler = CosineAnnealingLR(optimizer, epochs * (len(loader) // 4))
    for _ in range(epochs):
        for k in range(0, len(loader), 4):
            for batch in loader[k : k + 4]:
                backward(batch)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()


def plateau_by_hand(optimizer, loader, epochs, train, validate):
    best = np.inf
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        loss = validate()
        for group in optimizer.param_groups:
            group["lr"] *= 1 if loss < best * (1 - 1e-4) else 0.5
        best = min(loss, best)


def line(optimizer, loader, epochs, train, warmup):
    n = epochs * len(loader)
    factor = curves.linear_warmup(1, warmup) * curves.linear_to_zero(1, n)
    scheduler = CurveLR(optimizer, factor, relative=True)
    for batch in [*loader] * epochs:
        train(batch)
        scheduler.step()


def warm_cosine(optimizer, loader, epochs, train):
    n = epochs * len(loader)
    warm = LambdaLR(optimizer, lambda t: 0.1 + 0.18 * t)
    scheduler = SequentialLR(optimizer, [warm, CosineAnnealingLR(optimizer, n - 5)], [5])
    for batch in [*loader] * epochs:
        train(batch)
        scheduler.step()


@pytest.mark.parametrize(
    ("id", "answer"),
    [("08.1", (one_cycle, drops)), ("08.2", (accumulated, warm_cosine)), ("08.3", (plateau_by_hand, line))],
)
def test_other_right_repairs_pass(id, answer, capsys):
    check(id, answer, seed=1)
    assert capsys.readouterr().out.startswith(f"✓ {id}")


def test_the_references_are_closed_forms():
    case = checks.draw_values(np.random.default_rng(0))
    n = checks.length(case)
    rates = np.array(checks.values(checks.plateau(), checks.RIGHT_LINE)(case)["second loop"])
    t = np.arange(n)
    expected = np.minimum(1, (t + 1) / (case["warmup"] + 1)) * (1 - t / n)
    np.testing.assert_allclose(rates, expected[:, None] * case["lrs"], rtol=1e-12)
    case = checks.draw_loops(np.random.default_rng(0))
    rates = np.array(checks.timing(checks.once(), checks.drops())(case)["first loop"])
    n = checks.length(case)
    cycle = curves.one_cycle_lr(0.1, 0.1, total_steps=n, cycle_momentum=False)
    np.testing.assert_allclose(rates[:, 0], cycle(np.arange(n)), rtol=1e-9)


def test_right_numbers_for_a_wrong_reason_are_told_apart():
    def by_hand(optimizer, loader, epochs, train):
        """The right rates, beside a scheduler that nobody steps."""
        MultiStepLR(optimizer, [2, 4])
        base = [group["lr"] for group in optimizer.param_groups]
        for epoch in range(epochs):
            for batch in loader:
                for group, lr in zip(optimizer.param_groups, base, strict=True):
                    group["lr"] = lr * 0.1 ** (epoch >= 2) * 0.1 ** (epoch >= 4)
                train(batch)

    def kept(optimizer, loader, epochs, train):
        kept.scheduler = MultiStepLR(optimizer, [2, 4])
        by_hand(optimizer, loader, epochs, train)

    with pytest.raises(NotYet, match="rates are right, but watch still finds never-stepped"):
        check("08.1", (one_cycle, kept), seed=0)


def test_what_is_no_pair_of_functions_and_validation_twice():
    with pytest.raises(NotYet, match="both functions"):
        check("08.1", one_cycle, seed=0)

    def greedy(optimizer, loader, epochs, train, validate):
        for _ in range(2 * epochs):
            validate()

    with pytest.raises(NotYet, match="more than once an epoch"):
        check("08.3", (greedy, line), seed=0)


def test_the_courses_own_save_passes(capsys):
    def save(path, model, optimizer, scheduler, t):
        practice.save(path, model, optimizer, scheduler, extra={"t": t})

    def load(path, model, optimizer, scheduler):
        return practice.load(path, model, optimizer, scheduler)["t"]

    state = torch.get_rng_state()
    for seed in range(2):
        check("08.4", (save, load), seed=seed)
    assert torch.equal(torch.get_rng_state(), state)
    assert capsys.readouterr().out.count("✓") == 2


def test_a_choice_can_be_any_of_them_and_has_to_be_one():
    chosen = {checks.chosen()(checks.draw_losses(np.random.default_rng(seed))) for seed in range(60)}
    assert len(chosen) >= 4
    with pytest.raises(NotYet, match="name of a schedule, found 'SGD'"):
        check("08.5", lambda losses: "SGD", seed=0)


def test_the_losses_of_08_3_stall_once_twice_and_below_the_epoch_before():
    for seed in range(30):
        losses = checks.draw_values(np.random.default_rng(seed))["losses"]
        best = np.minimum.accumulate(losses)
        stalls = "".join("x" if loss > low else "." for loss, low in zip(losses, best, strict=True))
        assert len(losses) == 8 and sorted(stalls.strip(".").split(".")) == ["x", "xx"] and stalls[-1] == "."
        at = stalls.index("xx")
        assert best[at] < losses[at + 1] < losses[at]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("options", [{"patience": 1}, {"factor": 0.1}, {"factor": 0.1, "patience": 1}])
def test_no_other_plateau_passes(options, seed):
    with pytest.raises(NotYet, match="first loop"):
        check("08.3", (checks.plateau(**options), line), seed=seed)


def test_gradients_that_are_not_emptied_are_refused():
    def piling_up(optimizer, loader, epochs, backward):
        scheduler = CosineAnnealingLR(optimizer, epochs * len(loader) // 4)
        for i, batch in enumerate([*loader] * epochs):
            backward(batch)
            if i % 4 == 3:
                optimizer.step()
                scheduler.step()

    def emptied_too_soon(optimizer, loader, epochs, backward):
        for i, batch in enumerate([*loader] * epochs):
            backward(batch)
            if i % 4 == 3:
                optimizer.zero_grad()
                optimizer.step()

    for wrong in (piling_up, emptied_too_soon):
        with pytest.raises(NotYet, match="zero_grad"):
            check("08.2", (wrong, warm_cosine), seed=0)
