"""The conformance suite, for every codec of ours."""

from __future__ import annotations

import collections
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from tests.unit.hashing import golden

from taskcell.store.codecs.figures import StoredFigure
from taskcell.testing.codecs import CodecContract

PICKLED = {
    "namedtuple",
    "dataclass",
    "enum",
    "random",
    "builtin function",
    "builtin type",
    "stdlib function",
    "generator",
    "random state",
    "dtype",
    "circle",
    "memoryview",
    "stdlib module",
    "numpy longdouble",
    "arrow schema",
    "arrow scalar",
}


class TestGoldenValues(CodecContract):
    examples: ClassVar[Any] = {name: make for name, make in golden.VALUES.items() if name not in PICKLED}

    def test_no_pickle_is_needed(self, make: Callable[[], Any], blobs: Any) -> None:
        artifact = self.stored(make(), blobs)
        assert not [part for part in _codecs(artifact) if part.startswith("pickle")]


def _codecs(artifact: Any) -> list[str]:
    return [artifact.codec, *(name for child in artifact.children for name in _codecs(child))]


class TestPickles(CodecContract):
    examples: ClassVar[Any] = {
        "circle": golden.VALUES["circle"],
        "generator": golden.VALUES["generator"],
        "random state": golden.VALUES["random state"],
        "function": lambda: np.mean,
        "class": lambda: collections.OrderedDict,
        "longdouble": golden.VALUES["numpy longdouble"],
        "inside a container": lambda: {"rng": np.random.default_rng(1), "n": 1},
        "in a frame": lambda: pd.DataFrame({"a": pd.Series([np.random.default_rng(1), 1], dtype=object)}),
        "with large buffers": lambda: np.ma.array(np.zeros(300_000), mask=np.zeros(300_000, bool)).view(
            np.ma.MaskedArray
        ),
        "the masked element": lambda: [np.ma.masked],
        "fields out of order": lambda: np.zeros(2, np.dtype({"names": "ab", "formats": ["i4"] * 2, "offsets": [4, 0]})),
        "polars wide integers": lambda: pl.Series("a", [1, None], dtype=pl.Int128),
        "sparse matrix": lambda: sparse.csr_matrix(np.eye(3)),
        "partial": lambda: __import__("functools").partial(int, base=2),
    }


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


class TestFrames(CodecContract):
    examples: ClassVar[Any] = {
        "mixed": lambda: frame(
            i=[1, 2],
            f=[0.5, np.nan],
            b=[True, False],
            s=["x", None],
            t=pd.to_datetime(["2024-01-01", None]),
            d=pd.to_timedelta([1, None], unit="s"),
            u=np.array([1, 2], "u1"),
            h=np.array([1, 2], "f2"),
        ),
        "no rows": lambda: frame(
            a=[1], b=["x"], c=pd.Categorical(["u"]), d=pd.to_datetime(["2024"]).tz_localize("UTC")
        ).iloc[:0],
        "no columns": lambda: pd.DataFrame(index=["a", "b"]),
        "nothing": pd.DataFrame,
        "numbers as labels": lambda: pd.DataFrame(np.ones((2, 2)), columns=[3, 1]),
        "range as labels": lambda: pd.DataFrame(np.ones((2, 2))),
        "same label twice": lambda: pd.DataFrame(np.ones((2, 2)), columns=["a", "a"]),
        "labels of many types": lambda: pd.DataFrame(
            np.ones((1, 4)), columns=pd.Index(["a", 1, None, ("x", 2)], dtype=object)
        ),
        "labels that look alike": lambda: pd.DataFrame([[1, 2]], columns=pd.Index(["1", 1], dtype=object)),
        "times as labels": lambda: pd.DataFrame([[1, 2]], columns=pd.date_range("2024", periods=2, freq="D")),
        "categories as labels": lambda: pd.DataFrame([[1, 2]], columns=pd.CategoricalIndex(["a", "b"], ["b", "a"])),
        "categories as levels": lambda: frame(a=[1, 2], b=["x", "y"]).astype({"b": "category"}).set_index(["a", "b"]),
        "not a number beside missing": lambda: frame(
            a=pd.arrays.FloatingArray(np.array([np.nan, 1.0]), np.array([False, True]))
        ),
        "business days of one's own": lambda: frame(a=[1, 2]).set_axis(
            pd.date_range("2024", periods=2, freq=pd.offsets.CustomBusinessDay(weekmask="Mon Wed"))
        ),
        "months and days": lambda: frame(a=[1, 2]).set_axis(
            pd.date_range("2024", periods=2, freq=pd.DateOffset(months=1, days=1))
        ),
        "zone with a name of its own": lambda: frame(
            a=pd.to_datetime(["2024"], utc=True).tz_convert(dt.timezone(dt.timedelta(hours=1), "X"))
        ),
        "numbers to the ends": lambda: frame(a=[1, 2]).set_axis(pd.Index([-(2**63), 2**63 - 1])),
        "levels as labels": lambda: pd.DataFrame(
            np.ones((1, 3)),
            columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["x", None]),
        ),
        "named labels": lambda: pd.DataFrame([[1]], columns=pd.Index(["a"], name=("n", 1))),
        "surrogate label": lambda: pd.DataFrame([[1]], columns=pd.Index(["\ud800"], dtype=object)),
        "surrogate text": lambda: pd.DataFrame({"a": pd.Series(["\ud800", "x"], dtype=object)}),
        "objects": lambda: frame(a=pd.Series([1, "a", None, np.nan, [1], dt.date(2024, 1, 1)], dtype=object)),
        "lists": lambda: frame(a=[[1], [2, 3], []]),
        "arrays": lambda: frame(a=pd.Series([np.arange(3), np.arange(2.0)], dtype=object)),
        "bytes": lambda: frame(a=pd.Series([b"a", None], dtype=object)),
        "complex": lambda: frame(a=[1j, 2j]),
        "text index": lambda: frame(a=[1, 2]).set_axis(["x", "y"]),
        "object index": lambda: frame(a=[1, 2]).set_axis(pd.Index(["x", 1], dtype=object)),
        "time index": lambda: frame(a=[1, 2]).set_axis(pd.date_range("2024", periods=2, freq="h", tz="Europe/Berlin")),
        "uneven time index": lambda: frame(a=[1, 2]).set_axis(pd.DatetimeIndex(["2024", None])),
        "duration index": lambda: frame(a=[1, 2]).set_axis(pd.timedelta_range("1D", periods=2)),
        "period index": lambda: frame(a=[1, 2]).set_axis(pd.period_range("2024", periods=2, freq="Q-NOV")),
        "interval index": lambda: frame(a=[1, 2]).set_axis(pd.interval_range(0.0, 2.0, closed="both")),
        "category index": lambda: frame(a=[1, 2]).set_axis(pd.CategoricalIndex(["b", "a"], name="n")),
        "levels": lambda: frame(a=[1, 2, 3], b=["x", None, "z"], c=pd.to_datetime(["2024", "2025", None])).set_index(
            ["b", "c"]
        ),
        "unused levels": lambda: frame(a=range(4), b=list("abcd"), c=range(4)).set_index(["b", "c"]).iloc[1:3],
        "categories of times": lambda: frame(a=pd.Categorical(pd.to_datetime(["2024", "2025", "2024"]))),
        "categories of objects": lambda: frame(
            a=pd.Categorical.from_codes([0, 1, 0], pd.Index([1, "a"], dtype=object))
        ),
        "no categories": lambda: frame(a=pd.Categorical([None, None])),
        "many categories": lambda: frame(a=pd.Categorical([str(n) for n in range(300)])),
        "fixed offset": lambda: frame(a=pd.to_datetime(["2024-01-01T00:00+05:30"])),
        "every unit": lambda: frame(
            **{unit: pd.to_datetime(["2024", None]).as_unit(unit) for unit in ("s", "ms", "us", "ns")}
        ),
        "nullable": lambda: frame(
            a=pd.array([1, None], "Int8"),
            b=pd.array([1.5, None], "Float32"),
            c=pd.array([True, None], "boolean"),
            d=pd.array(["a", None], "string"),
            e=pd.array(["a", None], pd.StringDtype("python")),
        ),
        "arrow types": lambda: frame(
            a=pd.array([1, None], "int8[pyarrow]"),
            b=pd.array(["a", None], pd.ArrowDtype(pa.string())),
            c=pd.array([[1], None], pd.ArrowDtype(pa.list_(pa.int64()))),
        ),
        "sparse": lambda: frame(a=pd.arrays.SparseArray([0.0, np.nan, 1.0]), b=pd.arrays.SparseArray([0, 0, 1])),
        "wide": lambda: pd.DataFrame(np.arange(600.0).reshape(2, 300)),
        "strided": lambda: pd.DataFrame(np.arange(40).reshape(10, 4))[::2],
        "attributes": lambda: _noted().copy(),
        "strict labels": lambda: frame(a=[1]).set_flags(allows_duplicate_labels=False),
        "series with a tuple as name": lambda: pd.Series([1], name=("a", 1)),
        "series of objects without rows": lambda: pd.Series(dtype=object),
        "index of objects": lambda: pd.Index(["a", 1, None]),
        "levels alone": lambda: pd.MultiIndex.from_product([["a"], [1, 2]]),
    }

    def test_frame_is_equal_in_the_eyes_of_pandas(self, make: Callable[[], Any], blobs: Any, tmp_path: Path) -> None:
        value = make()
        found = self.codecs.decode(self.stored(value, blobs), blobs, trusted=True, folder=tmp_path)
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(found, value, check_exact=True, check_freq=True)
        elif isinstance(value, pd.Series):
            pd.testing.assert_series_equal(found, value, check_exact=True)
        else:
            pd.testing.assert_index_equal(found, value, exact=True)

    def test_frame_can_be_changed_like_a_fresh_one(self, make: Callable[[], Any], blobs: Any, tmp_path: Path) -> None:
        value = make()
        found = self.codecs.decode(self.stored(value, blobs), blobs, trusted=True, folder=tmp_path)
        if isinstance(found, pd.DataFrame) and found.size:
            expected = make()
            if any(isinstance(dtype, pd.SparseDtype) for dtype in expected.dtypes):
                return  # pandas itself refuses to change them
            for column in range(found.shape[1]):
                expected.iloc[0, column] = expected.iloc[-1, column]
                found.iloc[0, column] = found.iloc[-1, column]
            pd.testing.assert_frame_equal(found, expected)


def _noted() -> pd.DataFrame:
    made = frame(a=[1])
    made.attrs = {"source": "a", "n": (1, 2)}
    return made


class TestArrays(CodecContract):
    examples: ClassVar[Any] = {
        "strided": lambda: np.arange(20).reshape(4, 5)[::2, ::-1],
        "fortran": lambda: np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "transposed cube": lambda: np.arange(24).reshape(2, 3, 4).transpose(1, 2, 0),
        "no elements": lambda: np.zeros((3, 0, 2), "M8[D]"),
        "many fields": lambda: np.zeros(2, [(f"a rather long field name {n}", "f8") for n in range(800)]),
        "nested fields": lambda: np.zeros(2, [("a", [("b", "i4"), ("c", "U3")]), ("d", "f4", (2,))]),
        "padded": lambda: np.zeros(2, np.dtype("i1,f8", align=True)),
        "objects": lambda: np.array([[1, "a"], [None, [1, 2]]], object),
        "lists in objects": lambda: _objects([[1, 2], [3, 4]]),
        "masked": lambda: np.ma.array([[1.5, 2], [3, 4]], mask=[[0, 1], [0, 0]], fill_value=7),
        "large": lambda: np.arange(300_000.0),
        "half": lambda: np.array([1, np.nan], "f2"),
        "aligned": lambda: np.zeros(2, np.dtype([("a", "i1"), ("b", "f8")], align=True)),
        "titles": lambda: np.zeros(1, [(("title", "a"), "i4")]),
        "bool": lambda: np.array([True, False]),
    }

    def test_array_can_be_changed(self, make: Callable[[], Any], blobs: Any, tmp_path: Path) -> None:
        assert self.codecs.decode(self.stored(make(), blobs), blobs).flags.writeable


def _objects(values: list[Any]) -> np.ndarray[Any, Any]:
    made = np.empty(len(values), object)
    made[:] = [tuple(value) for value in values]
    return made


class TestTables(CodecContract):
    examples: ClassVar[Any] = {
        "no rows": lambda: pa.table({"a": pa.array([], pa.int64())}),
        "no columns": lambda: pa.table({}),
        "metadata": lambda: pa.table({"a": [1]}).replace_schema_metadata({"k": "v"}),
        "chunks": lambda: pa.table({"a": pa.chunked_array([[1], [2, None]])}),
        "slice": lambda: pa.table({"a": ["x", "y", None]}).slice(1),
        "chunked array": lambda: pa.chunked_array([["a"], [None]]),
        "dictionary array": lambda: pa.array(["a", None, "a"]).dictionary_encode(),
        "array without elements": lambda: pa.array([], pa.string()),
        "batch without rows": lambda: pa.RecordBatch.from_pylist([], schema=pa.schema([("a", pa.int8())])),
        "views": lambda: pa.array(["a", None], pa.string_view()),
        "dictionaries that differ": lambda: pa.chunked_array(
            [pa.array([name]).dictionary_encode() for name in ("a", "b")]
        ),
        "dictionary in another order": lambda: pa.DictionaryArray.from_arrays(pa.array([1, 0]), pa.array(["b", "a"])),
        "union": lambda: pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 1]), pa.array([1.5, 2])]),
        "polars without a name": lambda: pl.Series(["a", None]),
        "polars column without a name": lambda: pl.DataFrame({"": [1], "a": [2]}),
        "run ends": lambda: pa.compute.run_end_encode(pa.array([1, 1, 2])),
        "polars of every kind": lambda: pl.DataFrame(
            {
                "i": [1, None],
                "s": ["a", None],
                "l": [[1], None],
                "d": [dt.date(2024, 1, 1), None],
                "st": [{"a": 1}, None],
                "t": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC), None],
                "b": [b"a", None],
                "n": [None, None],
            },
        ),
        "polars categories": lambda: pl.DataFrame({"c": pl.Series(["b", "a", None], dtype=pl.Categorical)}),
        "polars enum": lambda: pl.Series("e", ["a", None], dtype=pl.Enum(["b", "a"])),
        "polars chunks": lambda: pl.concat([pl.Series("a", [1]), pl.Series("a", [2])], rechunk=False),
        "polars without columns": pl.DataFrame,
        "polars without rows": lambda: pl.DataFrame({"a": []}, schema={"a": pl.String}),
    }


class TestContainers(CodecContract):
    examples: ClassVar[Any] = {
        "frames": lambda: [frame(a=[1]), {"k": (frame(b=[2]),)}],
        "the same frame twice": lambda: (lambda one: [one, one, {"again": one}])(frame(a=range(1000))),
        "long text": lambda: "größe " * 100_000,
        "long bytes": lambda: bytes(range(256)) * 2000,
        "long bytearray": lambda: bytearray(300_000),
        "long text in a dict": lambda: {"a": "x" * 300_000, "n": 1},
        "many numbers": lambda: list(range(10_000)),
        "small arrays": lambda: {"w": [np.arange(3), np.array([1.5, np.nan])], "s": np.float32(1)},
        "dollar keys": lambda: {"$tuple": [1], "$child": 0, "plain": {"$x": None}},
        "one dollar key": lambda: {"$child": 0},
        "keys of many types": lambda: {
            1: "a",
            (1, "b"): 2,
            None: 3,
            dt.date(2024, 1, 1): 4,
            frozenset({1}): 5,
            1.5: 6,
        },
        "deep": lambda: _deep(150),
        "too deep for JSON": lambda: _deep(230),
        "shared without end": lambda: _shared(40),
        "deque of frames": lambda: collections.deque([frame(a=[1])], 4),
        "none": lambda: [None, [], {}, (), set(), ..., NotImplemented],
    }

    def test_nothing_is_pickled_that_need_not_be(self, make: Callable[[], Any], blobs: Any, request: Any) -> None:
        if "too deep" in request.node.name or "without end" in request.node.name:
            assert self.stored(make(), blobs).codec == "pickle/1"
        else:
            assert "pickle/1" not in _codecs(self.stored(make(), blobs))


def _deep(levels: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(levels):
        made = [made]
    return made


def _shared(levels: int) -> list[Any]:
    made: list[Any] = [1]
    for _ in range(levels):
        made = [made, made]
    return made


class TestPictures(CodecContract):
    examples: ClassVar[Any] = {
        "stored figure": lambda: StoredFigure(png=b"png", svg="<svg/>"),
        "image": lambda: _image("RGB"),
        "image with a palette": lambda: _image("RGB").quantize(4),
        "image with transparency": lambda: _image("RGBA"),
        "image of bits": lambda: _image("1"),
    }
    same_type = False


def _image(mode: str) -> Any:
    from PIL import Image

    return Image.linear_gradient("L").resize((8, 8)).convert(mode)


class TestFigures(CodecContract):
    examples: ClassVar[Any] = {"figure": lambda: _figure(1), "another": lambda: _figure(2)}
    same_type = False

    def test_figure_displays_and_saves(self, blobs: Any, tmp_path: Path) -> None:
        found = self.codecs.decode(self.stored(_figure(1), blobs), blobs)
        assert found._repr_mimebundle_()["image/png"].startswith("iVBOR")
        found.savefig(tmp_path / "a.png")
        found.savefig(tmp_path / "a.svg")
        assert (tmp_path / "a.png").read_bytes()[1:4] == b"PNG"
        assert "<svg" in (tmp_path / "a.svg").read_text()
        with pytest.raises(ValueError, match=r"\.png or \.svg"):
            found.savefig(tmp_path / "a.pdf")


def _figure(number: int) -> Any:
    from matplotlib.figure import Figure

    made = Figure(figsize=(1, 1))
    made.subplots().plot([1, number, 3])
    return made
