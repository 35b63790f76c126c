"""Which values are one and which are two."""

from __future__ import annotations

import collections
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import pathlib
import random
import re
import types
import uuid
import zoneinfo
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from taskcell import errors
from taskcell.hashing import digest_value


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Rate:
    value: float
    name: str = "r"


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    value: float


class Bag:
    def __init__(self, **parts: Any) -> None:
        vars(self).update(parts)

    @functools.cached_property
    def twice(self) -> int:
        return 2


class Tags(set[str]):
    """A set with a name of its own."""


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntFlag):
    LOW = 1
    HIGH = 2


BERLIN, PARIS = zoneinfo.ZoneInfo("Europe/Berlin"), zoneinfo.ZoneInfo("Europe/Paris")
NOON = dt.datetime(2024, 1, 1, 12, tzinfo=BERLIN)


def text_index(values: list[Any], kind: str) -> pd.Index[Any]:
    return pd.Index(values, dtype=kind)


def nan_with_payload(bits: int) -> np.ndarray[Any, Any]:
    return np.array([bits], np.uint64).view(np.float64)


DIFFERENT: list[list[Any]] = [
    [
        1,
        1.0,
        True,
        "1",
        b"1",
        1 + 0j,
        decimal.Decimal(1),
        fractions.Fraction(1),
        np.int64(1),
        np.int32(1),
        np.bool_(True),
    ],
    [
        0,
        0.0,
        -0.0,
        False,
        None,
        "",
        b"",
        [],
        (),
        {},
        set(),
        frozenset(),
        ...,
        NotImplemented,
        np.nan,
        pd.NA,
        pd.NaT,
    ],
    [
        [1, 2],
        (1, 2),
        {1, 2},
        frozenset({1, 2}),
        [2, 1],
        {1: 2},
        range(1, 3),
        Point(1, 2),
        collections.deque([1, 2]),
    ],
    [["ab", "c"], ["a", "bc"], ["abc"], ["ab", ["c"]], [["ab"], "c"], ["a", "b", "c"], [["ab", "c"]]],
    [{}, {"a": {}}, {"a": None}, {"a": 1, "b": 2}, {"a": 2, "b": 1}, {"b": 1}],
    [
        {"a": 1},
        collections.OrderedDict(a=1),
        collections.Counter(a=1),
        types.SimpleNamespace(a=1),
        {("a",): 1},
    ],
    [collections.OrderedDict([(1, 1), (2, 2)]), collections.OrderedDict([(2, 2), (1, 1)])],
    [
        collections.defaultdict(int, a=1),
        collections.defaultdict(float, a=1),
        collections.deque([1], 2),
        collections.deque([1]),
    ],
    [b"x", bytearray(b"x"), memoryview(b"x"), np.bytes_(b"x"), "x", np.str_("x")],
    ["\ud800", "\udfff", "\U00010000", "\ud800\udc00", "\u00e9", "e\u0301", "a" * 40, "a" * 41],
    [2**63, -(2**63), 2**64, 2**400, -(2**400), 2.0**63],
    [NOON, NOON.astimezone(PARIS), NOON.replace(tzinfo=None), NOON.astimezone(dt.UTC), NOON.replace(fold=1)],
    [
        dt.date(2024, 1, 1),
        dt.datetime(2024, 1, 1),
        "2024-01-01",
        pd.Timestamp("2024-01-01"),
        np.datetime64("2024-01-01"),
    ],
    [dt.UTC, zoneinfo.ZoneInfo("UTC"), dt.timezone(dt.timedelta(0), "Z"), dt.timedelta(0), dt.time(0)],
    [
        decimal.Decimal("1.0"),
        decimal.Decimal("1.00"),
        decimal.Decimal(1),
        decimal.Decimal("sNaN"),
        decimal.Decimal("NaN"),
    ],
    [uuid.UUID(int=1), uuid.UUID(int=2), 1, "00000000-0000-0000-0000-000000000001"],
    [Colour.RED, Colour.BLUE, 1, Level.LOW, Level.LOW | Level.HIGH],
    [range(3), range(0, 3, 2), slice(3), slice(0, 3), slice(None)],
    [re.compile("a"), re.compile("a", re.IGNORECASE), re.compile(b"a"), "a"],
    [pathlib.PurePosixPath("a"), pathlib.PureWindowsPath("a"), pathlib.Path("no such file"), "a"],
    [Rate(1.0), Rate(1.0, "q"), Rate(1), Frozen(1.0), Point(1, 2), Bag(value=1.0), {"value": 1.0}],
    [
        random.Random(1),
        random.Random(2),
        np.random.default_rng(1),
        np.random.default_rng(2),
        np.random.RandomState(1),
    ],
    [
        functools.partial(int, base=2),
        functools.partial(int, base=3),
        int,
        len,
        "".upper,
        "a".upper,
        str.upper,
    ],
    [
        np.array([1, 2]),
        np.array([1, 2], "i4"),
        np.array([1, 2], ">i8"),
        np.array([[1, 2]]),
        np.array([1.0, 2.0]),
        np.array([1, 2], object),
        np.ma.array([1, 2]),
        np.ma.array([1, 2], mask=[0, 1]),
        [1, 2],
        np.array([1, 2]).view(np.recarray),
        pd.Series([1, 2]),
        pd.Index([1, 2]),
        pa.array([1, 2]),
        pl.Series([1, 2]),
        pd.array([1, 2], dtype="Int64"),
    ],
    [np.array(["a"]), np.array([b"a"]), np.array(["a"], "U5"), np.array(["a"], object), np.array("a")],
    [
        np.array(["NaT"], "M8[s]"),
        np.array(["NaT"], "M8[ns]"),
        np.array(["NaT"], "m8[ns]"),
        np.array([np.nan]),
    ],
    [np.zeros((0, 2)), np.zeros((2, 0)), np.zeros(0), np.zeros((), float), np.float64(0)],
    [
        np.array([(1, 2)], "i4,i4"),
        np.array([(1, 2)], [("a", "i4"), ("b", "i4")]),
        np.array([(1, 2)], "i4,i8"),
    ],
    [np.array([None]), np.array([np.nan], object), np.array([pd.NA]), np.array([pd.NaT], object)],
    [np.longdouble(1), np.float64(1), np.clongdouble(1), np.longdouble(1) + np.finfo(np.longdouble).eps],
    [
        pd.Series(["a", None], dtype="str"),
        pd.Series(["a", None], dtype="string"),
        pd.Series(["a", None], dtype=object),
        pd.Series(["a", np.nan], dtype=object),
        pd.Series(["a", None], dtype="category"),
        pd.Series(["a", "None"]),
        pd.Series(["a", None], dtype="string[pyarrow]", name="n"),
        pd.Series(["a", None], dtype=pd.ArrowDtype(pa.string())),
    ],
    [
        pd.DataFrame({"a": [1], "b": [2]}),
        pd.DataFrame({"b": [2], "a": [1]}),
        pd.DataFrame({"a": [2], "b": [1]}),
        pd.DataFrame({"a": [1], "b": [2.0]}),
        pd.DataFrame({"a": [1], "b": [2]}, index=[1]),
        pd.DataFrame({"a": [1]}),
        pd.DataFrame([[1, 2]]),
        pd.DataFrame({"a": [1], "b": [2]}, index=pd.Index([0], name="n")),
    ],
    [
        pd.Categorical(["a", "b"]),
        pd.Categorical(["a", "b"], ordered=True),
        pd.Categorical(["a", "b"], ["b", "a"]),
        pd.Categorical(["a", "b"], ["a", "b", "c"]),
        pd.Categorical(["a", None]),
        np.array(["a", "b"], object),
    ],
    [
        pd.Index([1, 2]),
        pd.Index([1.0, 2.0]),
        pd.Index([1, 2], name="a"),
        pd.Index([2, 1]),
        pd.RangeIndex(0, 4, 2),
        pd.Index([1, 2], dtype="int32"),
        pd.MultiIndex.from_tuples([(1,), (2,)]),
        text_index(["1", "2"], "str"),
        text_index(["1", "2"], "object"),
        pd.date_range("2024", periods=2, freq="D"),
        pd.DatetimeIndex(["2024", "2024"]),
    ],
    [
        pd.Series(pd.to_datetime(["2024"]).tz_localize(zone)).dt.as_unit(unit)
        if zone
        else pd.Series(pd.to_datetime(["2024"])).dt.as_unit(unit)
        for zone in (None, "UTC", "Europe/Berlin")
        for unit in ("s", "ns")
    ],
    [
        pd.Timestamp("2024"),
        pd.Timestamp("2024", tz="UTC"),
        pd.Timestamp("2024").as_unit("ns"),
        pd.Period("2024"),
        pd.Timedelta(1),
    ],
    [
        pa.array(["a"]),
        pa.array(["a"], pa.large_string()),
        pa.array(["a"]).dictionary_encode(),
        pa.array([b"a"]),
        pa.array([None]),
        pa.array([None], pa.string()),
        pa.array([""]),
        pa.array([["a"]]),
        pa.array([{"a": "a"}]),
    ],
    [
        pa.array([[1], [2]]),
        pa.array([[1, 2], []]),
        pa.array([[], [1, 2]]),
        pa.array([[1, 2], None]),
        pa.array([None, [1, 2]]),
    ],
    [
        pa.array([{"a": 1}, None]),
        pa.array([{"a": 1}, {"a": None}]),
        pa.array([{"b": 1}, None]),
        pa.array([None, {"a": 1}]),
    ],
    [
        pa.table({"a": [1], "b": [1]}),
        pa.table({"b": [1], "a": [1]}),
        pa.table({"a": [1]}),
        pa.table({"a": [1.0]}),
        pa.table({"a": [1]}).replace_schema_metadata({"k": "v"}),
        pl.DataFrame({"a": [1]}),
        pd.DataFrame({"a": [1]}),
    ],
    [
        pl.Series(["a"]),
        pl.Series(["a"], dtype=pl.Categorical),
        pl.Series(["a"], dtype=pl.Enum(["a"])),
        pl.Series(["a"], dtype=pl.Enum(["a", "b"])),
        pl.Series("n", ["a"]),
        pl.Series([["a"]]),
        pl.DataFrame({"": ["a"]}),
    ],
]


@pytest.mark.parametrize("values", DIFFERENT, ids=lambda values: str(type(values[0]).__name__))
def test_values_that_differ_have_different_digests(values: list[Any]) -> None:
    digests = [digest_value(value) for value in values]
    assert len(set(digests)) == len(digests)


def test_all_different_values_together_stay_different_when_nested() -> None:
    values = [value for group in DIFFERENT for value in group]
    alone = [digest_value(value) for value in values]
    nested = [digest_value([value]) for value in values]
    keyed = [digest_value({"k": value}) for value in values]
    assert len(set(alone)) == len(set(nested)) == len(set(keyed))


BASE = np.arange(24.0).reshape(4, 6)
FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "c": [0.5, np.nan, 1.5]})


def fragmented() -> pd.DataFrame:
    frame = pd.DataFrame({"a": [1, 2, 3]})
    for name in ("b", "c"):
        frame[name] = FRAME[name]
    return frame


def with_junk_under_nulls() -> Any:
    bits = pa.py_buffer(np.array([0b101], np.uint8))
    return pa.Array.from_buffers(pa.int64(), 3, [bits, pa.py_buffer(np.array([1, 77, 3]))])


EQUAL: dict[str, list[Any]] = {
    "dict order": [{"a": 1, "b": [1, {"c": 2, "d": 3}]}, {"b": [1, {"d": 3, "c": 2}], "a": 1}],
    "set order": [{"a", "b", 3, None}, {None, 3, "b", "a"}],
    "counter order": [collections.Counter("abb"), collections.Counter("bba")],
    "nan": [float("nan"), -float("nan"), float("inf") - float("inf")],
    "nan keys": [{float("nan"): 1, 2: 3}, {2: 3, float("nan"): 1}],
    "utc": [dt.UTC, dt.timezone(dt.timedelta(0))],
    "copy of everything": [[[], {}, "x", 1.5], copy.deepcopy([[], {}, "x", 1.5])],
    "shared or copied": [(lambda part: [part, part])([1]), [[1], [1]]],
    "dataclass": [Rate(1.0), Rate(value=1.0, name="r")],
    "attribute order": [Bag(a=1, b=2), Bag(b=2, a=1)],
    "namespace order": [types.SimpleNamespace(a=1, b=2), types.SimpleNamespace(b=2, a=1)],
    "set subclass order": [Tags("abcdef"), Tags("fedcba")],
    "nan payloads": [nan_with_payload(0x7FF8 << 48), nan_with_payload((0xFFF8 << 48) + 7)],
    "memory order": [BASE, np.asfortranarray(BASE), BASE[::-1][::-1], np.ascontiguousarray(BASE.T).T],
    "big strided": [np.arange(200_000)[::2], np.arange(0, 200_000, 2)],
    "complex nan": [np.array([complex(np.nan, 1)]), np.array([complex(-np.nan, 1)])],
    "object array": [np.array([1, "a", None], object), np.array([1, "a", None, 2], object)[:3]],
    "masked data": [np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 9], mask=[0, 1])],
    "no mask": [np.ma.array([1, 2]), np.ma.array([1, 2], mask=[False, False])],
    "frame blocks": [
        FRAME,
        fragmented(),
        FRAME.copy(),
        FRAME[::-1][::-1],
        FRAME[["c", "a", "b"]][["a", "b", "c"]],
    ],
    "range index": [pd.RangeIndex(3), pd.Index([0, 1, 2]), pd.RangeIndex(9)[:3], pd.Index(range(3))],
    "empty index": [pd.RangeIndex(0), pd.RangeIndex(5, 5), pd.Index([], dtype="int64")],
    "text storage": [
        pd.Series(["a", None], dtype="str"),
        pd.Series(["a", None], dtype=pd.StringDtype("python", np.nan)),
    ],
    "text slices": [pd.Series(["a", "b", "c"])[1:].reset_index(drop=True), pd.Series(["b", "c"])],
    "object texts": [pd.Series(["a"] * 100, dtype=object), pd.Series(list("a" * 101), dtype=object)[:100]],
    "masked numbers": [
        pd.array([1, None], dtype="Int64"),
        pd.arrays.IntegerArray(np.array([1, 5]), np.array([False, True])),
    ],
    "multi index levels": [
        pd.MultiIndex.from_tuples([(1, "a"), (2, "b")]),
        pd.MultiIndex.from_tuples([(1, "a"), (2, "b"), (3, "c")])[:2],
    ],
    "sparse": [pd.arrays.SparseArray([0, 1]), pd.arrays.SparseArray(np.array([0, 1]), kind="block")],
    "arrow chunks": [
        pa.chunked_array([[1, 2, None]]),
        pa.chunked_array([[1], [2, None]]),
        pa.chunked_array([[], [1, 2, None]], pa.int64()),
    ],
    "arrow slices": [
        pa.array(["x", "a", None, "b"])[1:],
        pa.array(["a", None, "b"]),
        pa.array(["a", None, "b", "c"])[:3],
    ],
    "arrow lists": [pa.array([[9], [1, 2], None, []])[1:], pa.array([[1, 2], None, []])],
    "arrow structs": [pa.array([{"a": 9}, {"a": 1}, None])[1:], pa.array([{"a": 1}, None])],
    "arrow bools": [pa.array([True, False, None])[1:], pa.array([False, None])],
    "arrow junk": [with_junk_under_nulls(), pa.array([1, None, 3])],
    "arrow dictionaries": [
        pa.chunked_array([pa.array(["a", "b"]).dictionary_encode()]),
        pa.chunked_array([pa.array([name]).dictionary_encode() for name in "ab"]),
    ],
    "table written by another pandas": [
        pa.Table.from_pandas(FRAME),
        pa.Table.from_pandas(FRAME).replace_schema_metadata(
            {b"pandas": pa.Table.from_pandas(FRAME).schema.metadata[b"pandas"].replace(pd.__version__.encode(), b"0.1")}
        ),
    ],
    "polars chunks": [
        pl.Series(["a", "b", None]),
        pl.concat([pl.Series(["a"]), pl.Series(["b", None])], rechunk=False),
    ],
    "generators": [np.random.default_rng(1), np.random.default_rng(1)],
}


@pytest.mark.parametrize("values", EQUAL.values(), ids=EQUAL.keys())
def test_equal_values_have_equal_digests(values: list[Any]) -> None:
    assert len({digest_value(value) for value in values}) == 1


def test_remembered_property_does_not_count() -> None:
    plain, used = Bag(a=1), Bag(a=1)
    assert used.twice == 2
    assert digest_value(plain) == digest_value(used)


def test_advanced_generator_differs() -> None:
    fresh, used = np.random.default_rng(1), np.random.default_rng(1)
    used.random()
    assert digest_value(fresh) != digest_value(used)


def test_frame_attributes_and_flags_count() -> None:
    noted = FRAME.copy()
    noted.attrs = {"source": "a"}
    strict = FRAME.set_flags(allows_duplicate_labels=False)
    assert len({digest_value(frame) for frame in (FRAME, noted, strict)}) == 3


def test_value_nested_20_000_deep_is_digested() -> None:
    deep: list[Any] = []
    other: list[Any] = [1]
    for _ in range(20_000):
        deep, other = [deep], [other]
    assert digest_value(deep) != digest_value(other)
    while deep:  # taken apart by hand: freeing it recursively is Python's own limit
        deep = deep.pop()
    while other and isinstance(other[0], list):
        other = other.pop()


def test_shared_values_are_digested_once() -> None:
    shared: list[Any] = [1]
    for _ in range(200):
        shared = [shared, shared]
    assert digest_value(shared)


def circle(*values: Any) -> list[Any]:
    made: list[Any] = [*values]
    made.append(made)
    return made


def test_circles_are_digested_by_their_shape() -> None:
    assert digest_value(circle(1)) == digest_value(circle(1))
    assert digest_value(circle(1)) != digest_value(circle(2))
    assert digest_value(circle(1)) != digest_value([1, None])


def test_digest_of_a_circle_does_not_depend_on_where_it_was_entered_before() -> None:
    def pair() -> tuple[list[Any], list[Any]]:
        left: list[Any] = ["left"]
        right: list[Any] = ["right", left]
        left.append(right)
        return left, right

    left, right = pair()
    assert digest_value({"a": left, "b": right}) == digest_value({"b": pair()[1], "a": pair()[0]})


REFUSED: dict[str, Any] = {
    "generator": lambda: (number for number in range(3)),
    "iterator": lambda: iter([1]),
    "zip": lambda: zip([1], [2], strict=True),
    "lock": lambda: __import__("threading").Lock(),
    "thread": lambda: __import__("threading").Thread(),
    "weak reference": lambda: __import__("weakref").ref(Bag()),
    "lazy frame": lambda: pl.LazyFrame({"a": [1]}),
    "dict view": {}.keys,
    "frame": lambda: __import__("sys")._getframe(),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_value_without_a_sound_digest_is_refused_with_its_place(make: Any) -> None:
    with pytest.raises(errors.UnstorableError, match=r"^value\['a'\]\[1\]\.part: .* can't be digested") as caught:
        digest_value({"a": [0, types.SimpleNamespace(part=make())]})
    assert caught.value.remedy


def test_refusal_in_a_frame_names_the_column() -> None:
    frame = pd.DataFrame({"ok": [1], "bad": pd.Series([(n for n in ())], dtype=object)})
    with pytest.raises(errors.UnstorableError, match=r"\['bad'\].*generator"):
        digest_value(frame)


def test_failing_reduction_is_refused() -> None:
    class Stubborn:
        def __reduce__(self) -> Any:
            raise RuntimeError("no")

    with pytest.raises(errors.UnstorableError, match="Stubborn"):
        digest_value([Stubborn()])


def test_known_digests_are_taken_for_the_values_inside() -> None:
    big, other = np.arange(5), np.arange(6)
    assert digest_value([big, 1], known={id(big): digest_value(other)}) == digest_value([other, 1])


def test_fitted_estimators_are_digested_by_what_they_learnt() -> None:
    trees = pytest.importorskip("sklearn.tree")
    numbers = np.random.default_rng(0).random((60, 3))
    labels = (numbers[:, 0] > 0.5).astype(int)

    def fitted(seed: int) -> Any:
        return trees.DecisionTreeClassifier(max_features=1, random_state=seed).fit(numbers, labels)

    assert digest_value(fitted(1)) == digest_value(fitted(1))
    assert digest_value(fitted(1)) != digest_value(fitted(2))
