"""A mixed table of a million rows through the cache: first call, hit, against joblib and the floor."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.bench.rounds import Result, compare

ROWS = 1_000_000


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


def measure(rounds: int) -> Iterator[Result]:
    """Yield the results of this family."""
    import joblib

    import taskcell

    frame = table(ROWS)
    rounds = max(3, rounds // 2)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TASKCELL_STORE"] = f"{folder}/store"
        ours = taskcell.task(change)
        theirs = joblib.Memory(f"{folder}/joblib", verbose=0).cache(change)
        factors = iter(range(1, 10_000))

        def first(function: Callable[..., Any]) -> Callable[[], float]:
            return lambda: _timed(lambda factor=next(factors): function(frame, factor))

        yield compare(
            f"first call with a table of {ROWS:,} rows",
            {
                "taskcell": first(ours),
                "joblib.Memory": first(theirs),
                "floor: Arrow file": lambda: _floor(frame, folder),
            },
            rounds=rounds,
        )
        ours(frame, 0.5), theirs(frame, 0.5)
        yield compare(
            f"a hit with a table of {ROWS:,} rows",
            {
                "taskcell": lambda: _timed(lambda: ours(frame, 0.5)),
                "joblib.Memory": lambda: _timed(lambda: theirs(frame, 0.5)),
            },
            rounds=rounds,
        )


def _timed(call: Callable[[], Any]) -> float:
    clock = time.perf_counter()
    call()
    return time.perf_counter() - clock


def _floor(frame: Any, folder: str) -> float:
    import pyarrow as pa

    clock = time.perf_counter()
    result = pa.Table.from_pandas(change(frame, 2.0))
    with Path(folder, "floor.arrow").open("wb") as stream, pa.ipc.new_file(stream, result.schema) as writer:
        writer.write_table(result)
    return time.perf_counter() - clock
