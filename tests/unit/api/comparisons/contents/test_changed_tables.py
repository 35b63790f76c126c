from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from taskcell.api.comparisons import contents

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": [1.0, None, 3.0], "c": list("xyz")})


def edited() -> pd.DataFrame:
    frame = FRAME.copy()
    frame.loc[1, "a"], frame.loc[1, "b"] = 9, 2.0
    return frame


def said(old: Any, new: Any) -> tuple[str, ...]:
    return contents.describe(old, new, "df").said()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (FRAME, edited()),
        (pl.from_pandas(FRAME), pl.from_pandas(edited())),
        (pa.Table.from_pandas(FRAME), pa.Table.from_pandas(edited())),
    ],
    ids=["pandas", "polars", "arrow"],
)
def test_changed_cells_are_counted_and_the_first_are_shown(old: Any, new: Any) -> None:
    assert said(old, new) == (
        "2 cells changed, in a, b",
        "row 1, a: 2 → 9",
        "row 1, b: nan → 2.0",
        "missing values in b: 1 → 0",
    )


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (FRAME.assign(d=1), "column added: d"),
        (FRAME.drop(columns="a"), "column removed: a"),
        (FRAME.rename(columns={"a": "A"}), "column a renamed to A"),
        (FRAME[["c", "a", "b"]], "the columns are in another order: c, a, b"),
        (FRAME.astype({"a": "float64"}), "dtype of a: int64 → float64"),
        (FRAME.iloc[::-1].reset_index(drop=True), "the rows are the same in another order"),
        (FRAME.iloc[::-1], "the rows are in another order"),
        (pd.concat([FRAME, FRAME.tail(1)], ignore_index=True), "1 row added at the end"),
        (FRAME.iloc[1:].reset_index(drop=True), "1 row removed at the beginning"),
        (FRAME.iloc[[0, 2]], "1 row removed (row 1)"),
        (FRAME.iloc[[0, 2]].reset_index(drop=True), "1 row removed"),
    ],
)
def test_one_edit_is_said_in_one_sentence(new: pd.DataFrame, words: str) -> None:
    assert said(FRAME, new) == (words,)


def test_cells_are_matched_by_the_rows_labels() -> None:
    old = FRAME.set_index("c")
    new = old.drop("x")
    new.loc["z", "a"] = 7
    assert said(old, new) == ("1 row removed (row x)", "1 cell changed, in a", "row z, a: 3 → 7")


def test_another_index_is_named_with_its_type() -> None:
    assert said(FRAME, FRAME.set_index("c", drop=False))[0].startswith("index: int64 → str named c")


def test_repeated_labels_are_compared_by_what_rows_hold() -> None:
    old = FRAME.set_axis([0, 0, 1])
    assert "1 row removed" in said(old, old.iloc[[0, 2]])


def test_rows_that_have_nothing_in_common_are_counted_on_both_sides() -> None:
    new = pd.DataFrame({"a": [7, 8], "b": [1.0, 2.0], "c": ["q", "r"]}, index=[10, 11])
    assert said(FRAME, new)[:2] == ("2 rows added", "3 rows removed")


def test_categories_are_said_apart_from_cells() -> None:
    old, new = (FRAME.assign(c=pd.Categorical(list("xyz"), categories=list(kinds))) for kinds in ("xyz", "xyzw"))
    assert said(old, new) == ("categories of c: added w",)


def test_equal_cells_are_admitted_when_something_else_differs() -> None:
    new = FRAME.copy()
    new.attrs["source"] = "web"
    assert said(FRAME, new) == ("the cells are equal; the tables differ in something else, such as attributes",)


def test_series_is_a_table_of_one_column() -> None:
    assert said(FRAME["a"], edited()["a"]) == ("1 cell changed, in a", "row 1, a: 2 → 9")


def test_comparison_stops_when_its_time_is_over() -> None:
    budget = contents.Budget(seconds=0)
    found = contents.describe(FRAME, edited(), "df", budget)
    assert budget.bounded
    assert "0 of 3 columns were looked at" in found.said()


def test_cells_that_hold_arrays_are_compared_too() -> None:
    old, new = (pd.DataFrame({"v": [np.array([1, 2]), np.array([3, last])]}) for last in (4, 5))
    assert said(old, new)[0] == "1 cell changed, in v"
