"""`practice.advise`: what it says to copy is what it builds, and is the schedule it shows."""

import itertools
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import ReduceLROnPlateau

from lrcourse import words
from lrcourse.practice import advise, watch

UPDATES = 200


def stepped(scheduler, optimizer, updates):
    rows = []
    for _ in range(updates):
        rows.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return np.array(rows)


CASES = [
    dict(model=model, updates=updates, goal=goal, unstable=unstable)
    for model, updates, goal, unstable in itertools.product(
        ("general", "transformer"), (UPDATES, 37, None), ("best", "baseline", "automatic"), (False, True)
    )
    if not (goal == "baseline" and updates is None)
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_it_builds_is_what_it_shows(case):
    a, b = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimizer = AdamW([{"params": [a]}, {"params": [b], "lr": 0.002}], lr=0.02)
    advice = advise(**case, lr=0.02)
    scheduler = advice.build(optimizer)
    names = {"optimizer": SGD([a], lr=0.1)}
    exec(advice.code, names)
    assert type(names["scheduler"]) is type(scheduler)
    if case["goal"] == "automatic":
        assert advice.schedule is None and advice.step == "epoch"
        assert isinstance(getattr(scheduler, "after_scheduler", scheduler), ReduceLROnPlateau)
        return
    updates = case["updates"] or UPDATES
    with watch(optimizer, scheduler, planned_updates=updates) as report:
        rows = stepped(scheduler, optimizer, updates)
    assert report.codes == (), str(report)
    assert np.allclose(rows[:, 0], advice.schedule(np.arange(updates)), rtol=1e-12)
    assert np.allclose(rows[:, 1], rows[:, 0] / 10, rtol=1e-12)
    assert rows.max() == pytest.approx(0.02)
    warm = case["unstable"] or case["model"] == "transformer"
    if warm:
        assert rows[0, 0] < 0.02 / 3
    if case["updates"]:
        assert rows[-1, 0] < 0.02 * (0.05 if updates == UPDATES else 0.2)
    else:
        assert np.ptp(rows[-50:, 0]) == 0


def test_the_guide():
    assert advise(updates=100).name == "wsd"
    assert advise().name == "wsd, trunk"
    assert advise(updates=100, model="transformer").name == "warm-up, cosine"
    assert advise(updates=100, goal="baseline").name == "multi-step"
    assert advise(goal="automatic").name == "plateau"


def test_a_trunk_cools_down_from_where_it_stands():
    advice = advise()
    optimizer = SGD([nn.Parameter(torch.ones(2))], lr=0.1)
    names = {"optimizer": optimizer}
    exec(advice.code, names)
    stepped(names["scheduler"], optimizer, 30)
    cooling = names["cooled"](30, 10)
    cooling.load_state_dict(names["scheduler"].state_dict())
    assert np.allclose(stepped(cooling, optimizer, 10)[:, 0], 0.1 * (1 - np.arange(10) / 10))


def test_evidence_has_numbers_and_a_setting_in_both_languages():
    for case in CASES:
        advice = advise(**case)
        for language in words.LANGUAGES:
            words.use_language(language)
            try:
                texts = [advice.why, str(advice), advice._repr_html_()]
                facts = [(fact.claim, fact.setting) for fact in advice.evidence]
            finally:
                words.use_language("en")
            assert facts and all(re.search(r"\d", claim) and setting for claim, setting in facts)
            assert all(bool(re.search("[一-鿿]", text)) == (language == "zh") for text in texts)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(model="cnn"), "model must be one of"),
        (dict(goal="win"), "goal must be one of"),
        (dict(optimizer="lion"), "optimizer must be one of"),
        (dict(updates=0), "updates must be"),
        (dict(updates=2), "updates must leave"),
        (dict(lr=-1.0), "lr must be"),
        (dict(goal="baseline"), "updates must be given"),
    ],
)
def test_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        advise(**wrong)
    with pytest.raises(TypeError, match="optimizer must be"):
        advise().build("sgd")
