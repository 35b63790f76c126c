from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from taskcell.api.comparisons import contents


@dataclasses.dataclass
class Config:
    rate: float
    layers: list[int]


class Bare:
    __slots__ = ()


def said(old: Any, new: Any, name: str = "it") -> tuple[str, ...]:
    return contents.describe(old, new, name).said()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (0.1, 0.05, "0.1 → 0.05"),
        (1, True, "1 → True"),
        (1, 1.0, "1 → 1.0"),
        ("abc", "abd", "'abc' → 'abd'"),
        (None, 3, "None → 3"),
        (b"abc", b"abd", "the first difference is at byte 2"),
        (np.float64(1.0), np.float32(1.0), "1.0 (float64) → 1.0 (float32)"),
        (datetime.date(2020, 1, 1), datetime.date(2021, 1, 1), "datetime.date(2020, 1, 1) → datetime.date(2021, 1, 1)"),
    ],
)
def test_scalar_is_said_old_to_new(old: object, new: object, words: str) -> None:
    assert said(old, new) == (words,)


def test_long_text_is_cut_around_its_first_difference() -> None:
    (words,) = said("x" * 500 + "a" + "y" * 500, "x" * 500 + "b" + "y" * 500)
    assert words.startswith("from character 501: '…xx")
    assert len(words) < 150


def test_text_of_lines_is_compared_line_by_line() -> None:
    found = contents.describe("a\nb\nc", "a\nB\nc")
    assert found.said() == ("1 line added, 1 removed",)
    assert [line.text for line in found.lines if line.side == "+"] == ["B"]


# -- arrays ----------------------------------------------------------------------------------------------------------


def test_array_says_how_many_elements_where_and_by_how_much() -> None:
    old = np.arange(6.0).reshape(2, 3)
    new = old.copy()
    new[0, 1], new[1, 2] = 1.5, 9.0
    assert said(old, new, "x") == (
        "2 of 6 elements differ, by at most 4",
        "x[0, 1]: 1.0 → 1.5",
        "x[1, 2]: 5.0 → 9.0",
    )


def test_array_says_shape_dtype_and_missing_values() -> None:
    assert said(np.arange(3), np.arange(4.0)) == ("shape: 3 → 4", "dtype: int64 → float64")
    assert said(np.arange(3), np.arange(4)) == ("shape: 3 → 4", "1 added at the end, the others are equal")
    assert said(np.array([1.0, np.nan]), np.array([1.0, 2.0]))[-1] == "missing values: 1 → 0"


def test_nan_equals_nan() -> None:
    assert said(np.array([np.nan, 1.0]), np.array([np.nan, 2.0]))[0] == "1 of 2 elements differ, by at most 1"


# -- what is made of others ------------------------------------------------------------------------------------------


def test_nested_places_have_their_path() -> None:
    old = {"lr": 0.1, "deep": {"layers": [1, 2, 3]}, "gone": 1}
    new = {"lr": 0.05, "deep": {"layers": [1, 2, 4]}, "new": 2}
    assert said(old, new, "config") == (
        'config["lr"]: 0.1 → 0.05',
        'config["deep"]["layers"][2]: 3 → 4',
        'config["gone"] is gone; it was 1',
        'config["new"] is new: 2',
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ([1, 2, 3], [1, 5, 2, 3], ("3 → 4 elements", "added at it[1]: 5")),
        ([1, 2, 3], [1, 3], ("3 → 2 elements", "removed at it[1]: 2")),
        ([1, 2, 3], [3, 2, 1], ("2 of 3 elements differ", "they are the same in another order")),
        ({1, 2}, {2, 3}, ("1 element added: 3", "1 element removed: 1")),
    ],
)
def test_sequences_and_sets_say_what_came_and_went(old: object, new: object, words: tuple[str, ...]) -> None:
    assert said(old, new) == words


def test_many_differences_are_counted_not_listed() -> None:
    words = said({number: number for number in range(100)}, {number: -number - 1 for number in range(100)})
    assert len(words) < 20
    assert words[-1].startswith("and ")


def test_long_values_are_shortened() -> None:
    assert all(len(words) < 200 for words in said({"k": "a" * 10_000}, {"k": "b" * 10_000}))


def test_value_that_holds_itself_ends() -> None:
    old: list[Any] = [1]
    new: list[Any] = [2]
    old.append(old)
    new.append(new)
    assert said(old, new)


# -- objects and code ------------------------------------------------------------------------------------------------


def test_dataclass_names_the_field() -> None:
    assert said(Config(0.1, [1]), Config(0.1, [2]), "config") == ("config.layers[0]: 1 → 2",)


def test_estimator_names_its_parameters_first() -> None:
    points, marks = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    old, new = (LogisticRegression(C=weight).fit(points, marks) for weight in (1.0, 2.0))
    words = said(old, new, "model")
    assert words[0] == "model.C: 1.0 → 2.0"
    assert words[1].startswith("what it learnt differs: ")
    assert "coef_" in words[1]


def test_step_of_a_pipeline_is_named() -> None:
    old, new = (make_pipeline(StandardScaler(), LogisticRegression(C=weight)) for weight in (1.0, 2.0))
    assert said(old, new, "model") == ("model.logisticregression__C: 1.0 → 2.0",)


def test_object_that_says_nothing_of_itself_is_admitted() -> None:
    assert said(Bare(), Bare()) == ("another Bare; it doesn't say what it consists of",)


def one(value: int) -> int:
    return value + 1


def two(value: int) -> int:
    return value + 2


def test_function_is_compared_by_its_text() -> None:
    found = contents.describe(one, two)
    assert found.said()[0] == "one → two"
    assert any(line.side == "+" and line.text == "    return value + 2" for line in found.lines)
