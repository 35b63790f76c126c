from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskcell.api.comparisons.tolerances import Tolerance, compare

NAN = float("nan")
CLOSE = 1.0 + 1e-12


@dataclasses.dataclass
class Point:
    x: float
    name: str = "p"


class Model:
    def __init__(self, weights: Any) -> None:
        self.weights = weights


class Slotted:
    __slots__ = ("weight",)

    def __init__(self, weight: float) -> None:
        self.weight = weight


PAIRS_WITHIN = [
    (1.0, CLOSE),
    (0.0, 1e-13),
    (1 + 1j, 1 + 1j * CLOSE),
    ([1.0, {"a": 2.0}], [CLOSE, {"a": 2.0 * CLOSE}]),
    ((1.0, "x"), (CLOSE, "x")),
    (np.array([1.0, NAN, math.inf]), np.array([CLOSE, NAN, math.inf])),
    (np.float32(1.0) * np.ones(3, "f4"), np.ones(3, "f4")),
    (np.array([[1.0], [2.0]], dtype=object), np.array([[CLOSE], [2.0]], dtype=object)),
    (np.array([(1, 1.0)], dtype=[("n", "i4"), ("v", "f8")]), np.array([(1, CLOSE)], dtype=[("n", "i4"), ("v", "f8")])),
    (pd.DataFrame({"a": [1.0, NAN], "b": ["x", "y"]}), pd.DataFrame({"a": [CLOSE, NAN], "b": ["x", "y"]})),
    (pd.Series([1.0], index=["k"]), pd.Series([CLOSE], index=["k"])),
    (pd.Series([1.0, None], dtype="Float64"), pd.Series([CLOSE, None], dtype="Float64")),
    (pd.DataFrame({"a": [1]}, index=pd.Index([0.5])), pd.DataFrame({"a": [1]}, index=pd.Index([0.5 * CLOSE]))),
    (pl.DataFrame({"a": [1.0, None]}), pl.DataFrame({"a": [CLOSE, None]})),
    (pa.table({"a": [1.0]}), pa.table({"a": [CLOSE]})),
    (Point(1.0), Point(CLOSE)),
    (Model(np.ones(2)), Model(np.ones(2) * CLOSE)),
    (Slotted(1.0), Slotted(CLOSE)),
]

PAIRS_DIFFERENT = [
    (1.0, 1.001),
    (1, 2),
    (1, 1.0),
    (True, 1),
    (1.0, NAN),
    (math.inf, -math.inf),
    (0.0, 1e-11),
    ("a", "b"),
    ([1.0], [1.0, 2.0]),
    ({"a": 1}, {"b": 1}),
    ({1, 2}, {1, 3}),
    (np.array([1, 2]), np.array([1, 3])),
    (np.array([1.0]), np.array([[1.0]])),
    (np.ones(2), np.ones(2, "f4")),
    (np.array(["2020-01-01"], "M8[D]"), np.array(["2020-01-02"], "M8[D]")),
    (pd.DataFrame({"a": [1.0]}), pd.DataFrame({"b": [1.0]})),
    (pd.DataFrame({"a": ["x"]}), pd.DataFrame({"a": ["y"]})),
    (pd.Series([1.0], index=["k"]), pd.Series([1.0], index=["l"])),
    (pd.Series([1.0]), pd.Series([1])),
    (pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2]})),
    (pa.table({"a": [1]}), pa.table({"a": [1.0]})),
    (Point(1.0), Point(2.0)),
    (Model([1.0]), Model([2.0])),
    (object(), object()),
]


@pytest.mark.parametrize(("old", "new"), PAIRS_WITHIN, ids=lambda value: type(value).__name__)
def test_numbers_that_are_close_are_within(old: object, new: object) -> None:
    assert compare(old, new).within


@pytest.mark.parametrize(("old", "new"), PAIRS_DIFFERENT, ids=lambda value: type(value).__name__)
def test_anything_else_that_differs_is_not_within(old: object, new: object) -> None:
    found = compare(old, new)
    assert not found.within
    assert found.words()


def test_difference_names_the_place() -> None:
    found = compare({"scores": [1.0, {"mae": 0.5}]}, {"scores": [1.0, {"mae": 0.7}]})
    assert found.words() == "['scores'][1]['mae']: 0.5 and 0.7"


def test_column_that_differs_is_named_with_how_often() -> None:
    old = pd.DataFrame({"same": [1, 2], "off": [1.0, 2.0]})
    assert compare(old, old.assign(off=[1.0, 3.0])).words() == "['off']: 1 of 2 elements differ"


def test_words_say_how_far_close_numbers_are_apart() -> None:
    assert compare([1.0, 2.0], [CLOSE, 2.0]).words().startswith("1 number differ")


def test_tolerance_is_the_callers() -> None:
    assert compare(1.0, 1.01, Tolerance(relative=0.1)).within
    assert not compare(1.0, CLOSE, Tolerance(relative=0.0, absolute=0.0)).within


def test_value_that_contains_itself_is_compared() -> None:
    old: list[Any] = [1.0]
    old.append(old)
    new: list[Any] = [CLOSE]
    new.append(new)
    assert compare(old, new).within


def test_value_nested_very_deep_is_refused_not_crashed() -> None:
    old: list[Any] = []
    new: list[Any] = [1]
    for _ in range(100_000):
        old, new = [old], [new]
    assert not compare(old, new).within


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_value_is_within_of_itself(value: object) -> None:
    import copy

    assert compare(value, copy.deepcopy(value)).within


@given(VALUES, VALUES)
def test_comparison_is_symmetric(one: object, other: object) -> None:
    assert compare(one, other).within == compare(other, one).within
