"""What all tests share."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported; the tests use the cores side by side
os.environ.setdefault("MPLBACKEND", "Agg")

import hypothesis
import pytest

from lrcourse import words

hypothesis.settings.register_profile("course", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("course")


@pytest.fixture(autouse=True)
def english():
    """Every test begins in English, whatever the one before it chose."""
    words.use_language("en")
    yield
    words.use_language("en")
