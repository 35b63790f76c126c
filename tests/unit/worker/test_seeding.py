"""Which global generators somebody drew from."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from taskcell.worker import seeding


@pytest.fixture(autouse=True)
def _undisturbed() -> Iterator[None]:
    before = random.getstate(), np.random.get_state()
    yield
    random.setstate(before[0])
    np.random.set_state(before[1])


def test_generators_that_moved_are_named() -> None:
    before = seeding.states()
    assert seeding.drawn(before) == ()
    np.random.default_rng(1).random()
    assert seeding.drawn(before) == ()
    random.random()
    assert seeding.drawn(before) == ("random",)
    np.random.normal()
    assert seeding.drawn(before) == ("random", "numpy.random")


def test_library_loaded_meanwhile_counts_once_it_was_drawn_from() -> None:
    np.random.seed(5)
    before = {"random": random.getstate()}
    assert seeding.drawn(before) == ()
    np.random.random(3)
    assert seeding.drawn(before) == ("numpy.random",)


def test_seed_sets_all_generators() -> None:
    seeding.seed(2**40 + 1)
    first = random.random(), np.random.random()
    seeding.seed(2**40 + 1)
    assert (random.random(), np.random.random()) == first
