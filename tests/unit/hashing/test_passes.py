from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from taskcell.hashing import digest_value, passes

SIZE = 100_000


def table() -> Any:
    return pd.DataFrame(
        {
            "number": np.arange(SIZE) % 7,
            "share": np.linspace(0, 1, SIZE),
            "name": pd.array([f"n{number % 9}" for number in range(SIZE)], dtype="string[pyarrow]"),
            "time": pd.date_range("2013-01-01", periods=SIZE, freq="s"),
            "kind": pd.Categorical([f"k{number % 5}" for number in range(SIZE)]),
        }
    )


class Scaling:
    """An object that changes an array of others when it is taken apart."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __reduce__(self) -> tuple[Any, ...]:
        self.array *= 2
        return (Scaling, (None,))


def test_memory_is_read_once_in_a_pass() -> None:
    made: list[int] = []
    with passes.one_pass():
        for _ in range(3):
            passes.once("place", None, lambda: made.append(1))
    assert len(made) == 1
    passes.once("place", None, lambda: made.append(1))
    assert len(made) == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda frame: frame,
        lambda frame: frame.assign(more=frame["share"] * 2),
        lambda frame: frame[["name", "kind"]],
        lambda frame: frame.iloc[5:],
        lambda frame: frame.iloc[::2],
        lambda frame: frame["number"].to_numpy().reshape(-1, 2),
        lambda frame: frame["number"].to_numpy().view(np.float64),
        lambda frame: frame["number"].to_numpy()[::-1],
        lambda frame: {"a": frame, "b": [frame["name"], frame["name"][:90_000]]},
    ],
)
def test_digests_in_a_pass_are_those_outside_of_it(make: Any) -> None:
    frame = table()
    value = make(frame)
    alone = digest_value(value)
    with passes.one_pass():
        digest_value(frame)
        assert digest_value(value) == alone


def test_change_between_two_passes_is_seen() -> None:
    array = np.zeros(SIZE)
    with passes.one_pass():
        before = digest_value(array)
    array[7] = 1
    with passes.one_pass():
        assert digest_value(array) != before


def test_change_by_the_code_of_a_class_within_a_pass_is_seen() -> None:
    array = np.ones(SIZE)
    with passes.one_pass():
        before = digest_value(array)
        digest_value(Scaling(array))
        assert digest_value(array) != before
        assert digest_value(array) == digest_value(np.full(SIZE, 2.0))
