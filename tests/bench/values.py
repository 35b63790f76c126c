"""Large values of other kinds than one table, as argument and result, against ``joblib.Memory``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.bench import frames, large_calls

NAMES = ("taskcell", "joblib.Memory")


def same(value: Any, _: float) -> Any:
    """Return the argument."""
    return value


def values() -> dict[str, Callable[[], Any]]:
    """Return makers of the values, by name."""
    import numpy as np
    import polars as pl
    import pyarrow as pa

    return {
        "a NumPy array of 1e8 bytes": lambda: np.random.default_rng(0).normal(size=12_500_000),
        "a dict of four tables of 250,000 rows": lambda: {f"t{n}": frames.table(250_000) for n in range(4)},
        "a list of 1,000,000 strings": lambda: [f"string number {n}" for n in range(1_000_000)],
        "a table of 100,000 rows and 100 columns": _wide,
        "an Arrow table of 2,000,000 rows": lambda: pa.Table.from_pandas(frames.table(2_000_000)),
        "a Polars frame of 2,000,000 rows": lambda: pl.DataFrame(pa.Table.from_pandas(frames.table(2_000_000))),
        "a text of 5e7 characters": lambda: "text, " * 8_000_000,
    }


def _wide() -> Any:
    import numpy as np
    import pandas as pd

    return pd.DataFrame(np.random.default_rng(0).normal(size=(100_000, 100)))


def measure(rounds: int) -> Iterator[large_calls.Comparison]:
    """Yield the results of this family."""
    for name, make in values().items():
        value = make()
        yield large_calls.compare(name, same, (value, 2.0), (1, 1.0), names=NAMES, rounds=max(3, rounds // 2))
