"""Seeds of task runs."""

from __future__ import annotations

from taskcell.cache import seeds
from taskcell.hashing import Digest
from taskcell.model.tasks import Task, TaskOptions


def task(seed: int | None, map_over: str | None = None) -> Task:
    options = TaskOptions(seed=seed, map_over=map_over)
    return Task(name="t", body="", code=Digest("c"), inputs=(), outputs=(), options=options)


def test_task_that_is_not_mapped_has_the_seed_that_was_given() -> None:
    assert seeds.seed_of(task(7)) == 7


def test_without_a_seed_no_element_has_one() -> None:
    assert seeds.seed_of(task(None, "x"), "d") is None


def test_elements_have_seeds_of_their_own_that_follow_from_seed_and_content() -> None:
    found = [seeds.seed_of(task(seed, "x"), digest) for seed in (7, 8) for digest in ("a", "b")]
    assert len(set(found)) == 4
    assert found[0] == seeds.seed_of(task(7, "x"), "a") == 777489578
    assert all(one is not None and 0 <= one < 2**32 for one in found)
