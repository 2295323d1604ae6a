"""The pictures of section 08 show what was recorded: costs with their errors, and how far a resumed run is apart."""

import numpy as np
import pytest
import torch

from lrcourse.figures import practice as pictures
from lrcourse.practice import mistakes
from lrcourse.practice.mistakes import MISTAKES, Cost


def cost_of(*difference):
    return Cost(np.array(difference), np.ones((len(difference), 500)), np.full((len(difference), 500), 2.0))


def test_a_price_has_its_error_and_divergence_is_no_number():
    assert pictures.price(cost_of(0.1, 0.2, 0.3)) == "+0.200 ± 0.058"
    assert pictures.price(cost_of(0.1, np.nan, np.inf)) == "2 of 3 diverged"


def test_the_gallery_draws_all_fifteen_used_and_meant():
    figure = pictures.gallery({"never-stepped": cost_of(0.1, 0.2, 0.3)})
    panels = {ax.get_title(loc="left"): ax for ax in figure.axes if ax.get_title(loc="left")}
    assert list(panels) == list(MISTAKES)
    for code, ax in panels.items():
        used, meant = (line.get_ydata() for line in ax.lines)
        np.testing.assert_array_equal(used, MISTAKES[code].used)
        np.testing.assert_array_equal(meant, MISTAKES[code].meant)
    assert "never-stepped +0.200 ± 0.058" in figure.alt


@pytest.fixture
def which(monkeypatch):
    kept = {
        "never-stepped": cost_of(0.1, 0.1, 0.11), "lr-frozen": cost_of(0.6, 0.6, 0.61),
        "plateau-without-metric": cost_of(-0.1, -0.1, -0.11), "zero-first-lr": cost_of(0.01, -0.01, 0.005),
        "negative-lr": cost_of(np.nan, np.nan, np.nan),
    }  # fmt: skip
    monkeypatch.setattr(pictures, "_KEPT", {(code, pictures.SEEDS): cost for code, cost in kept.items()})
    return pictures.WhichMistake()


def test_what_is_seen_of_a_mistake(which):
    first = which.show(code="never-stepped", seeds=0)
    assert not first.goal and "never stepped" in first.words and "1.0 times" in first.words
    np.testing.assert_array_equal(which.used.get_ydata(), MISTAKES["never-stepped"].used)
    assert which.show(code="lr-frozen", seeds=0).goal == "× 5.8"
    for code, words in {"plateau-without-metric": "gained", "zero-first-lr": "nothing that can be seen",
                        "negative-lr": "3 of 3 diverged"}.items():  # fmt: skip
        seen = which.show(code=code, seeds=0)
        assert words in seen.words and not seen.goal


def test_the_goal_of_the_mistakes_holds_on_fresh_seeds():
    for seeds in (range(40, 44), range(60, 64)):
        found = mistakes.costs(["never-stepped", "lr-frozen"], seeds)
        assert found["lr-frozen"].mean > pictures.WhichMistake.TIMES * found["never-stepped"].mean > 0


def test_a_resumed_run_is_the_run_and_each_part_left_out_makes_another():
    state = torch.get_rng_state()
    assert not pictures.apart(280, pictures.PARTS).any()
    np.testing.assert_array_equal(pictures.resumed(280, frozenset(pictures.PARTS)).lr, pictures.whole().lr[280:])
    for part in pictures.PARTS:
        assert pictures.apart(280, set(pictures.PARTS) - {part})[1:].all(), part
    fresh = pictures.resumed(280, frozenset(set(pictures.PARTS) - {"optimizer"}))
    assert fresh.lr[0] == pytest.approx(0.02), "the rate of a new optimizer"
    assert torch.equal(torch.get_rng_state(), state)


def test_the_goal_of_the_killed_run_is_all_of_it():
    picture = pictures.KilledAt()
    on = dict.fromkeys(pictures.PARTS, True)
    seen = picture.show(at=280, **on)
    assert seen.goal == "0"
    assert np.isnan(picture.lr.get_ydata()[:280]).all()
    assert not picture.show(at=280, **on | {"loader": False}).goal
