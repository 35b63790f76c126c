"""Digests of generated values."""

from __future__ import annotations

import copy
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskcell.hashing import digest_value

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers()
KEYS = st.integers() | st.text() | st.booleans() | st.tuples(st.integers(), st.text())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner) | st.frozensets(KEYS),
    max_leaves=20,
)


def shuffled(value: Any, chance: random.Random) -> Any:
    """Return an equal value whose dicts were filled in another order."""
    if type(value) is dict:
        items = [(key, shuffled(part, chance)) for key, part in value.items()]
        chance.shuffle(items)
        return dict(items)
    if type(value) in (list, tuple):
        return type(value)(shuffled(part, chance) for part in value)
    return value


def described(value: Any) -> Any:
    """Return a description that is equal exactly for values that are to have one digest."""
    kind = type(value)
    if kind in (list, tuple):
        return kind.__name__, [described(part) for part in value]
    if kind is dict:
        return "dict", sorted(repr((described(key), described(part))) for key, part in value.items())
    if kind is frozenset:
        return "frozenset", sorted(repr(described(part)) for part in value)
    return kind.__name__, repr(value)


@given(VALUES, st.randoms(use_true_random=False))
def test_insertion_order_and_copies_do_not_count(value: Any, chance: random.Random) -> None:
    assert digest_value(shuffled(copy.deepcopy(value), chance)) == digest_value(value)


@given(VALUES, VALUES)
def test_digests_are_equal_exactly_for_equal_values(left: Any, right: Any) -> None:
    assert (digest_value(left) == digest_value(right)) == (described(left) == described(right))


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of theirs
@given(st.lists(VALUES, max_size=5), st.lists(VALUES, max_size=5))
def test_lists_never_run_into_each_other(left: list[Any], right: list[Any]) -> None:
    assert digest_value([left, right]) != digest_value([left + right])
