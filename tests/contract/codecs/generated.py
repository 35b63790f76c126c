"""Generated values of every family, nested, and what each of them means.

``meaning`` is written apart from the digests on purpose: two values are one exactly if their meanings are equal.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import re
import types
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any, NamedTuple

import attrs
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import strategies as st


class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Word(enum.StrEnum):
    A = "a"


class Right(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass
class Bag:
    held: Any
    name: Any = "bag"


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    left: Any
    right: Any


@attrs.define
class Shelf:
    held: Any


class Point(NamedTuple):
    x: Any
    y: Any


class Plain:
    def __init__(self, held: Any) -> None:
        self.held = held


class OwnText(str):
    __slots__ = ()


class OwnList(list[Any]):
    pass


class OwnDict(dict[Any, Any]):
    pass


class OwnSet(frozenset[Any]):
    pass


# --- what a value means -------------------------------------------------------------------------------------------


def meaning(value: Any) -> Any:
    """Return nested tuples of texts that are equal exactly for values that are one."""
    kind: type = type(value)
    if isinstance(value, np.generic):
        kind = value.dtype.newbyteorder("=").type  # C's long and long long are one type under two names
        kind = np.int64 if kind is np.longlong else np.uint64 if kind is np.ulonglong else kind
    for known, describe in _MEANINGS.items():
        if kind is known or (known in _FAMILIES and isinstance(value, known)):
            return f"{kind.__module__}.{kind.__qualname__}", describe(value)
    raise AssertionError(f"no meaning for {kind}")


def _each(values: Any) -> tuple[Any, ...]:
    return tuple(meaning(value) for value in values)


def _unordered(values: Any) -> tuple[Any, ...]:
    return tuple(sorted((meaning(value) for value in values), key=repr))


def _float(value: Any) -> str:
    return "nan" if value != value else float(value).hex()


def _array(value: Any) -> Any:
    if value.dtype.names is not None:
        return value.dtype.str, value.shape, tuple((name, meaning(value[name])) for name in value.dtype.names)
    return value.dtype.str, value.shape, tuple(_element(value.dtype, element) for element in value.ravel())


def _element(dtype: Any, value: Any) -> Any:
    match dtype.kind:
        case "O":
            return meaning(value)
        case "f":
            return _float(value)
        case "c":
            return _float(value.real), _float(value.imag)
        case "mM":
            return str(value)
    return repr(value.item()) if dtype.kind not in "mM" else str(value)


def _masked(value: Any) -> Any:
    mask = np.ma.getmaskarray(value)
    data = [
        None if hidden else _element(value.dtype, one)
        for one, hidden in zip(value.data.ravel(), mask.ravel(), strict=False)
    ]
    return value.dtype.str, value.shape, tuple(data), str(value.fill_value)


def _column(value: Any) -> Any:
    dtype = value.dtype
    extra: Any = _each(dtype.categories) if isinstance(dtype, pd.CategoricalDtype) else ""
    ordered = getattr(dtype, "ordered", None)
    return str(dtype), repr(dtype), str(ordered), extra, tuple(_pandas_element(dtype, element) for element in value)


def _pandas_element(dtype: Any, value: Any) -> Any:
    if dtype.kind == "O" or value is None or value is pd.NA or value is pd.NaT:
        return meaning(value)
    return meaning(value.item() if isinstance(value, np.generic) else value)


def _polars_elements(value: Any) -> list[Any]:
    """Return the elements; of times their numbers, because Python's own times have no nanoseconds."""
    found: list[Any] = (value.to_physical() if value.dtype.is_temporal() else value).to_list()
    return found


def _index(value: Any) -> Any:
    if isinstance(value, pd.MultiIndex):
        return _each(value.names), tuple(_index(value.get_level_values(level)) for level in range(value.nlevels))
    return meaning(value.name), _column(value), str(getattr(value, "freq", None))


def _series(value: Any) -> Any:
    return meaning(value.name), _index(value.index), _column(value), meaning(value.attrs)


def _frame(value: Any) -> Any:
    columns = tuple(_column(value.iloc[:, number]) for number in range(value.shape[1]))
    return _index(value.columns), _index(value.index), columns, meaning(value.attrs)


def _zone_of(value: Any) -> Any:
    return None if value.tzinfo is None else meaning(value.tzinfo)


def _moment(value: Any) -> Any:
    return value.replace(tzinfo=None, fold=0).isoformat(), value.fold, _zone_of(value)


_MEANINGS: dict[Any, Callable[[Any], Any]] = {
    bool: repr,
    int: repr,
    type(None): repr,
    type(...): repr,
    str: lambda value: ascii(str(value)),
    bytes: repr,
    bytearray: repr,
    float: _float,
    complex: lambda value: (_float(value.real), _float(value.imag)),
    OwnText: lambda value: ascii(str(value)),
    OwnList: _each,
    OwnDict: lambda value: _unordered(value.items()),
    OwnSet: _unordered,
    list: _each,
    tuple: _each,
    Point: _each,
    collections.deque: lambda value: (_each(value), value.maxlen),
    set: _unordered,
    frozenset: _unordered,
    dict: lambda value: _unordered(value.items()),
    collections.OrderedDict: lambda value: _each(value.items()),
    collections.Counter: lambda value: _unordered(value.items()),
    collections.defaultdict: lambda value: (repr(value.default_factory), _unordered(value.items())),
    types.SimpleNamespace: lambda value: _unordered(vars(value).items()),
    Bag: lambda value: (meaning(value.held), meaning(value.name)),
    Pair: lambda value: (meaning(value.left), meaning(value.right)),
    Shelf: lambda value: meaning(value.held),
    Plain: lambda value: meaning(value.held),
    enum.Enum: lambda value: str(value.name),
    decimal.Decimal: str,
    fractions.Fraction: str,
    uuid.UUID: str,
    range: repr,
    slice: lambda value: _each((value.start, value.stop, value.step)),
    re.Pattern: lambda value: (value.pattern, value.flags),
    pd.Timestamp: lambda value: (value.unit, value.value, value.fold, _zone_of(value)),
    pd.Timedelta: lambda value: (value.unit, value.value),
    pd.Period: lambda value: (value.freqstr, value.ordinal),
    pd.Interval: lambda value: (value.closed, meaning(value.left), meaning(value.right)),
    type(pd.NaT): repr,
    type(pd.NA): repr,
    dt.datetime: _moment,
    dt.date: str,
    dt.time: _moment,
    dt.timedelta: repr,
    dt.timezone: lambda value: (repr(value.utcoffset(None)), value.tzname(None)),
    zoneinfo.ZoneInfo: lambda value: value.key,
    np.ma.MaskedArray: _masked,
    np.ndarray: _array,
    np.generic: lambda value: (value.dtype.str, _element(value.dtype, value)),
    np.dtype: repr,
    pd.DataFrame: _frame,
    pd.Series: _series,
    pd.Index: _index,
    pd.api.extensions.ExtensionArray: _column,
    pa.Array: lambda value: (str(value.type), _each(value.to_pylist())),
    pa.ChunkedArray: lambda value: (str(value.type), _each(value.to_pylist())),
    pa.Table: lambda value: (repr(value.schema), repr(value.schema.metadata), _each(value.to_pylist())),
    pl.Series: lambda value: (value.name, repr(value.dtype), _each(_polars_elements(value))),
    pl.DataFrame: lambda value: tuple(meaning(column) for column in value.get_columns()),
}
_FAMILIES = frozenset(
    {
        enum.Enum,
        np.ma.MaskedArray,
        np.ndarray,
        np.generic,
        np.dtype,
        pd.Index,
        pd.api.extensions.ExtensionArray,
        pa.Array,
    }
)


# --- values -------------------------------------------------------------------------------------------------------

ZONES = st.sampled_from(
    [
        dt.UTC,
        dt.timezone(dt.timedelta(0), "UTC"),
        dt.timezone(dt.timedelta(0), "Z"),
        dt.timezone(dt.timedelta(hours=1)),
        dt.timezone(dt.timedelta(hours=1), "home"),
        zoneinfo.ZoneInfo("UTC"),
        zoneinfo.ZoneInfo("Europe/Berlin"),
    ]
)
SMALL = st.integers(-2, 2)
NUMBERS = SMALL | st.integers() | st.integers(-(2**64) - 2, 2**64 + 2)
FLOATS = st.sampled_from([0.0, -0.0, 1.0, float("nan"), -float("nan"), float("inf"), 5e-324]) | st.floats()
TEXTS = st.sampled_from(["", "a", "nan", "1", "\ud800", "ä", "ä", "a\0"]) | st.text(max_size=60)
YEARS = {"min_value": dt.datetime(1700, 1, 1), "max_value": dt.datetime(2250, 1, 1)}
MOMENTS = st.datetimes(**YEARS, timezones=st.none() | ZONES)
HASHABLE = (
    st.none()
    | st.booleans()
    | NUMBERS
    | FLOATS
    | st.complex_numbers()
    | TEXTS
    | st.binary(max_size=50)
    | st.sampled_from([*Colour, *Level, *Word, *Right, Right.READ | Right.WRITE, OwnText("a"), ...])
    | st.decimals(allow_nan=False)
    | st.sampled_from([decimal.Decimal(text) for text in ("1", "1.0", "1E0", "-0", "0", "0E2", "Infinity")])
    | st.fractions()
    | st.uuids()
    | MOMENTS
    | st.dates()
    | st.times(timezones=st.none() | ZONES)
    | st.timedeltas()
    | ZONES
    | st.builds(range, SMALL, SMALL, st.sampled_from([1, 2, -1]))
    | st.sampled_from([re.compile("a"), re.compile("a", re.IGNORECASE), re.compile(b"a")])
)
SCALARS = (
    HASHABLE
    | st.binary(max_size=50).map(bytearray)
    | st.builds(slice, SMALL | st.none(), SMALL, SMALL)
    | st.sampled_from(
        [decimal.Decimal("NaN"), decimal.Decimal("-NaN"), decimal.Decimal("NaN1"), decimal.Decimal("sNaN")]
    )
)

DTYPES = [*"?bBhHiIlLqQefdFD", ">i4", ">f8", ">u2", "S3", "U2", ">U2", "M8[ns]", "M8[D]", "m8[us]", "M8[3s]", "V2"]
NUMBER_LISTS = st.lists(st.integers(0, 3), max_size=6)


@st.composite
def arrays(draw: Any) -> Any:
    """Arrays of every element type, in memory as they happen to lie."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    numbers = draw(NUMBER_LISTS)
    if dtype.kind == "f":
        made = np.array(draw(st.lists(FLOATS, max_size=6)))
        with np.errstate(all="ignore"):
            made = made.astype(dtype)
    elif dtype.kind == "V":
        made = np.array([bytes([number, 1]) for number in numbers], dtype)
    else:
        with np.errstate(all="ignore"):
            made = np.array(numbers, np.int64).astype(dtype)
    lie = draw(st.sampled_from(["flat", "strided", "reversed", "two", "fortran", "scalar", "zero", "read-only"]))
    match lie:
        case "strided":
            return np.repeat(made, 2)[::2]
        case "reversed":
            return made[::-1]
        case "two" | "fortran":
            whole = np.resize(made, (2, 3)) if made.size else made.reshape(0, 2)
            return np.asfortranarray(whole) if lie == "fortran" else whole
        case "zero":
            return made[:1].reshape(()) if made.size else made
        case "scalar":
            return made[0] if made.size and dtype.kind != "V" else made
        case "read-only":
            made.flags.writeable = False
    return made


@st.composite
def odd_arrays(draw: Any, inner: Any) -> Any:
    """Arrays of objects, of records, and with a mask."""
    kind = draw(st.sampled_from(["objects", "records", "masked"]))
    if kind == "objects":
        values = draw(st.lists(inner, min_size=1, max_size=3))
        made = np.empty(len(values), object)
        for place, value in enumerate(values):
            made[place] = value
        return made
    numbers = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    if kind == "records":
        return np.array(
            [(number, number / 2) for number in numbers], [("a", "i2"), ("b", draw(st.sampled_from(["f4", "f8"])))]
        )
    mask = [number % 2 == 0 for number in numbers]
    return np.ma.array(np.array(numbers, draw(st.sampled_from("ifd"))), mask=mask)


COLUMN_TYPES = ["int8", "int64", "float32", "float64", "bool", "Int64", "UInt8", "Float64", "boolean", "object", "str"]
COLUMN_TYPES += [
    "string",
    "category",
    "datetime64[ns]",
    "datetime64[us]",
    "datetime64[ns, Europe/Berlin]",
    "timedelta64[s]",
]
COLUMN_TYPES += [
    "period[D]",
    "period[M]",
    "Sparse[int64]",
    "int64[pyarrow]",
    "string[pyarrow]",
    "interval[int64, right]",
]


@st.composite
def columns(draw: Any, inner: Any, size: int | None = None) -> Any:
    """A Series without a name."""
    dtype = draw(st.sampled_from(COLUMN_TYPES))
    size = draw(st.integers(0, 4)) if size is None else size
    numbers = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    missing = dtype not in ("int8", "int64", "bool", "Sparse[int64]", "period[D]", "period[M]") and draw(st.booleans())
    if dtype == "object":
        made = pd.Series([None] * size, dtype=object)
        for place in range(size):
            made.iat[place] = draw(HASHABLE)
        return made
    if dtype.startswith("interval"):
        return pd.Series(pd.arrays.IntervalArray.from_breaks([0, *np.cumsum(numbers).tolist()]))
    if dtype.startswith("period"):
        return pd.Series(pd.PeriodIndex.from_ordinals(numbers, freq=dtype[7]))
    if dtype in ("str", "string", "string[pyarrow]", "category"):
        made = pd.Series([str(number) for number in numbers], dtype=dtype)
    else:
        numbers = [number % 2 for number in numbers] if dtype == "boolean" else numbers
        made = pd.Series(numbers, dtype="int64").astype(dtype)
    if missing and size:
        made.iloc[0] = pd.NaT if dtype.startswith(("datetime", "timedelta")) else None if dtype == "category" else pd.NA
    return made


LABELS = st.none() | st.sampled_from(["a", "b", 1, ("a", 1)])


@st.composite
def indexes(draw: Any, size: int) -> Any:
    """An index of a size."""
    kind = draw(st.sampled_from(["range", "texts", "numbers", "times", "levels", "categories", "odd"]))
    numbers = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    name = draw(LABELS)
    match kind:
        case "range":
            step = draw(st.sampled_from([1, 2, -1]))
            return pd.RangeIndex(0, size * step, step, name=name)
        case "texts":
            return pd.Index([str(number) for number in numbers], dtype="str", name=name)
        case "numbers":
            return pd.Index(numbers, dtype=draw(st.sampled_from(["int64", "int8", "float64"])), name=name)
        case "times":
            zone = draw(st.sampled_from([None, "UTC", "Europe/Berlin"]))
            return pd.date_range("2024", periods=size, freq=draw(st.sampled_from(["D", "h", "2h"])), tz=zone, name=name)
        case "levels":
            return pd.MultiIndex.from_arrays([numbers, [str(number) for number in numbers]], names=[name, "level"])
        case "categories":
            return pd.CategoricalIndex([str(number) for number in numbers], name=name)
    return pd.Index([number or "x" for number in numbers], dtype=object, name=name)


@st.composite
def frames(draw: Any, inner: Any) -> Any:
    """Series, frames and indexes."""
    size = draw(st.integers(0, 3))
    index = draw(indexes(size))
    kind = draw(st.sampled_from(["series", "frame", "index", "array"]))
    if kind == "index":
        return index
    if kind == "series":
        return draw(columns(inner, size)).set_axis(index).rename(draw(LABELS))
    if kind == "array":
        return draw(columns(inner, size)).array
    held = {label: draw(columns(inner, size)) for label in draw(st.lists(st.sampled_from("abc"), unique=True))}
    made = pd.DataFrame(held, index=range(size)).set_axis(index)
    if draw(st.booleans()):
        made.attrs["note"] = draw(SMALL)
    return made


TABLE_TYPES: list[Any] = [pa.int8(), pa.int64(), pa.float32(), pa.bool_(), pa.string(), pa.large_string(), pa.binary()]
TABLE_TYPES += [pa.timestamp("us", "UTC"), pa.timestamp("ns"), pa.date32(), pa.duration("s"), pa.decimal128(5, 2)]
TABLE_TYPES += [pa.list_(pa.int8()), pa.struct([("a", pa.int8())]), pa.dictionary(pa.int8(), pa.string()), pa.null()]


@st.composite
def tables(draw: Any) -> Any:
    """Arrow arrays and tables, cut in ways that do not count."""
    size = draw(st.integers(0, 4))
    made = [_arrow(draw, size) for _ in range(draw(st.integers(1, 2)))]
    cut = draw(st.integers(0, size))
    match draw(st.sampled_from(["array", "slice", "chunks", "table"])):
        case "array":
            return made[0]
        case "slice":
            return made[0].slice(cut)
        case "chunks":
            return pa.chunked_array([made[0].slice(0, cut), made[0].slice(cut)])
    table = pa.table(made, names=["a", "b"][: len(made)])
    return table.replace_schema_metadata({"k": "v"}) if draw(st.booleans()) else table


def _arrow(draw: Any, size: int) -> Any:
    kind = draw(st.sampled_from(TABLE_TYPES))
    numbers = draw(st.lists(st.integers(0, 3) | st.none(), min_size=size, max_size=size))
    if pa.types.is_null(kind):
        return pa.nulls(size)
    if pa.types.is_list(kind):
        return pa.array([number if number is None else [number, None] for number in numbers], kind)
    if pa.types.is_struct(kind):
        return pa.array([number if number is None else {"a": number} for number in numbers], kind)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind):
        return pa.array([number if number is None else "a" * number for number in numbers], kind)
    if pa.types.is_dictionary(kind):  # of text, else one of nulls alone holds a null, which Arrow can't unify
        texts = [number if number is None else "a" * number for number in numbers]
        return pa.array(texts, pa.string()).dictionary_encode().cast(kind)
    if pa.types.is_decimal(kind):
        return pa.array([number if number is None else decimal.Decimal(number) for number in numbers], kind)
    if pa.types.is_floating(kind):
        return pa.array([number if number is None else float(number) for number in numbers], kind)
    return pa.array(numbers, pa.int64()).cast(pa.int32() if kind == pa.date32() else pa.int64()).cast(kind)


POLARS_TYPES: list[Any] = [pl.Int8, pl.Int64, pl.Float32, pl.Boolean, pl.String, pl.Date, pl.Datetime("us", "UTC")]
POLARS_TYPES += [
    pl.Datetime("ns"),
    pl.Duration("ms"),
    pl.Categorical,
    pl.Enum(["", "a", "aa", "aaa"]),
    pl.List(pl.Int8),
]


@st.composite
def polars_values(draw: Any) -> Any:
    """Series and frames of Polars."""
    size = draw(st.integers(0, 4))

    def series(name: str) -> Any:
        kind = draw(st.sampled_from(POLARS_TYPES))
        numbers = draw(st.lists(st.integers(0, 3) | st.none(), min_size=size, max_size=size))
        if kind in (pl.String, pl.Categorical, pl.Enum):
            return pl.Series(name, [number if number is None else "a" * number for number in numbers], kind)
        if kind == pl.List:
            return pl.Series(name, [number if number is None else [number, None] for number in numbers], kind)
        return pl.Series(name, numbers, pl.Int64).cast(kind)

    if draw(st.booleans()):
        return series(draw(st.sampled_from(["", "a"])))
    return pl.DataFrame([series(name) for name in ("a", "b")])


PANDAS_SCALARS = (
    MOMENTS.map(pd.Timestamp)
    | st.sampled_from([pd.NaT, pd.NA, pd.Period("2024-01"), pd.Period("2024-01-01"), pd.Timestamp("2024").as_unit("s")])
    | st.sampled_from(
        [pd.Timedelta(1, "s"), pd.Timedelta(1, "s").as_unit("ms"), pd.Interval(0, 1), pd.Interval(0, 1, "both")]
    )
)
LEAVES = SCALARS | SCALARS | arrays() | PANDAS_SCALARS | tables() | polars_values()


def _containers(inner: Any) -> Any:
    few = st.lists(inner, max_size=3)
    mappings = st.dictionaries(HASHABLE, inner, max_size=3)
    return (
        few
        | few.map(tuple)
        | few.map(collections.deque)
        | few.map(OwnList)
        | mappings
        | mappings.map(collections.OrderedDict)
        | mappings.map(OwnDict)
        | mappings.map(lambda held: collections.defaultdict(list, held))
        | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2).map(
            lambda held: types.SimpleNamespace(**held)
        )
        | st.dictionaries(HASHABLE, st.integers(0, 3), max_size=3).map(collections.Counter)
        | st.sets(HASHABLE, max_size=4)
        | st.frozensets(HASHABLE, max_size=4)
        | st.frozensets(HASHABLE, max_size=4).map(OwnSet)
        | st.builds(Bag, inner, inner)
        | st.builds(Pair, inner, inner)
        | st.builds(Shelf, inner)
        | st.builds(Point, inner, inner)
        | st.builds(Plain, inner)
        | odd_arrays(inner)
        | frames(inner)
    )


VALUES = st.recursive(LEAVES, _containers, max_leaves=8)


def with_a_part_changed(value: Any) -> list[Any]:
    """Return values that differ from a container, table or array in one part."""
    other = "another"
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return [type(value)([*value[:place], (part, other), *value[place + 1 :]]) for place, part in enumerate(value)]
    if type(value) is dict:
        return [{**value, key: (part, other)} for key, part in value.items()]
    if type(value) in (set, frozenset):
        return [type(value)([*value, (other, *value)])]
    if isinstance(value, Bag):
        return [Bag((value.held, other), value.name), Bag(value.held, (value.name, other))]
    if isinstance(value, pd.DataFrame):
        return [value.assign(**{str(label): [other] * len(value)}) for label in value.columns if len(value)]
    if type(value) is np.ndarray and value.dtype.kind in "iub" and value.size:
        changed = value.copy()
        changed.flat[0] = not changed.flat[0]
        return [changed]
    if isinstance(value, pl.DataFrame):
        return [value.with_columns(pl.lit(1.5).alias("a"))] if value.height else []
    return []
