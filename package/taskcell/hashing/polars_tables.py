"""Polars values: names, types and elements, through their Arrow form."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from taskcell.hashing import tables, tokens
from taskcell.hashing.tokens import Node, RefusalError, Token
from taskcell.hashing.values import register


def _series(value: pl.Series) -> Node | Token:
    described = (value.name, str(value.dtype))
    if value.dtype == pl.Object:
        return Node("polars-series", described, (value.to_list(),), labels=("",))
    if isinstance(value.dtype, pl.Enum):
        described = (*described, *value.dtype.categories)
    try:
        found = value.to_arrow(compat_level=pl.CompatLevel.newest())
    except pa.ArrowException:  # a type that Arrow has not, such as Int128
        return Node("polars-series", described, (value.to_list(),), labels=("",))
    elements = tables.content(found)
    return tokens.join(Node("polars-series", (*described, elements)), [])


def _frame(value: pl.DataFrame) -> Node:
    labels = [f"[{name!r}]" for name in value.columns]
    return Node("polars-frame", (str(value.height),), value.get_columns(), labels=labels)


def _lazy(_: pl.LazyFrame) -> Node:
    raise RefusalError("a Polars LazyFrame", "Pass its result: .collect().")


register(pl.Series, _series, subclasses=True)
register(pl.DataFrame, _frame, subclasses=True)
register(pl.LazyFrame, _lazy, subclasses=True)
register(
    pl.DataType,
    lambda value: tokens.join(Node("polars-type", (str(value), *getattr(value, "categories", ()))), []),
    subclasses=True,
)
