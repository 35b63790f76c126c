"""A mixed table of 1e6 and 1e7 rows through the cache, as argument and result: against peers and the floor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.bench import contenders, large_calls

ROWS = (1_000_000, 10_000_000)


def table(rows: int) -> Any:
    """Return ints, floats, 1,000 distinct strings and datetimes."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "i": random.integers(0, 1 << 40, rows),
            "f": random.normal(size=rows),
            "s": pd.Series([f"name-{n}" for n in range(1000)], dtype="str").iloc[random.integers(0, 1000, rows)].array,
            "t": pd.date_range("2013-01-01", periods=rows, freq="s"),
        }
    )


def change(frame: Any, factor: float) -> Any:
    """Return the table with one more column."""
    return frame.assign(g=frame["f"] * factor)


def measure(rounds: int) -> Iterator[large_calls.Comparison]:
    """Yield the results of this family."""
    small = table(100)
    for rows in ROWS:
        frame = table(rows)
        yield large_calls.compare(
            f"a table of {rows:,} rows as argument, with one more column as result",
            change,
            (frame, 2.0),
            (small, 1.0),
            names=list(contenders.ALL),
            rounds=max(3, rounds // 2),
        )
