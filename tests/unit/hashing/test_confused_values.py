"""Values that bear another's name or differ only in what is easily overlooked, and one value that was used."""

from __future__ import annotations

import collections
import copy
import dataclasses
import datetime as dt
import enum
import functools
import pickle
import types
import typing
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pyarrow as pa
import pydantic
import pytest
import scipy.special
from scipy import sparse
from sklearn import neighbors

from taskcell import errors
from taskcell.hashing import digest_value

T = typing.TypeVar("T")


class Box(typing.Generic[T]):
    """A class that takes a type."""


def data_class(*names: str, **options: Any) -> type:
    made = type("Made", (), {"__annotations__": dict.fromkeys(names, int), "__module__": __name__})
    return dataclasses.dataclass(**options)(made)


def shown(text: str) -> Any:
    class Colour(enum.Enum):
        RED = 1

        def __str__(self) -> str:
            return text

    return Colour.RED


def wrapped(number: int) -> Any:
    @functools.wraps(np.mean)
    def mean(values: Any) -> Any:
        return np.mean(values) + number

    mean.__qualname__ = "mean"
    return mean


def model(mode: Any, least: int) -> Any:
    class Model(pydantic.BaseModel):
        x: int = pydantic.Field(ge=least)

        @pydantic.field_validator("x", mode=mode)
        @classmethod
        def checked(cls, value: Any) -> Any:
            return value

    return Model(x=5)


def named_zone(hours: int) -> Any:
    zone = dt.timezone(dt.timedelta(hours=hours), "X")
    return pd.Series(pd.to_datetime(["2024"], utc=True)).dt.tz_convert(zone)


def dictionary(indices: list[int], values: list[str]) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(values))


def union(codes: list[int]) -> Any:
    return pa.UnionArray.from_sparse(pa.array(codes, pa.int8()), [pa.array([1, 1], pa.int32()), pa.array([1, 1])])


ALIGNED = np.dtype([("a", "i1"), ("b", "f8")], align=True)
PACKED = np.dtype([("a", "i1"), ("b", "f8")])
WEEK = {mask: pd.offsets.CustomBusinessDay(weekmask=mask) for mask in ("Mon Wed", "Mon Wed Fri")}

DIFFERENT: dict[str, list[Any]] = {
    "functions that wrap": [np.mean, wrapped(1), wrapped(2)],
    "ufuncs of one name": [np.log1p, scipy.special.log1p],
    "made dataclasses": [dataclasses.make_dataclass("P", names) for names in (["x"], ["x", "y"])],
    "made classes": [types.new_class("Q", (), {}, lambda ns, n=n: ns.update(a=n)) for n in (1, 2)],  # type: ignore[misc]
    "options of a dataclass": [data_class("x", **{name: True}) for name in ("init", "order", "frozen", "unsafe_hash")],
    "order of fields": [data_class("x", "y"), data_class("y", "x")],
    "special methods of an enum": [shown("a"), shown("b")],
    "validators": [model("before", 0), model("after", 0), model("before", 1)],
    "types of a box": [Box[int], Box[str], Box],
    "layout of fields": [PACKED, ALIGNED],
    "layout of records": [np.zeros(2, PACKED), np.zeros(2, ALIGNED)],
    "titles": [np.dtype([(("t", "a"), "i4")]), np.dtype([("a", "i4")])],
    "text types": [np.dtypes.StringDType(), np.dtypes.StringDType(na_object=None), np.dtypes.StringDType(coerce=False)],
    "the masked element": [np.ma.masked, np.ma.array(0.0, mask=True), None],
    "zones of one name": [named_zone(1), named_zone(2)],
    "ends of the integers": [pd.Index([-(2**63), 2**63 - 1]), pd.Index([2**63 - 1, -(2**63)])],
    "business days": [pd.date_range("2024-01-01", periods=2, freq=freq) for freq in WEEK.values()],
    "dictionaries": [
        dictionary([0, 1], ["a", "b"]),
        dictionary([1, 0], ["b", "a"]),
        dictionary([0, 1], ["a", "b", "c"]),
    ],
    "nested dictionaries": [
        pa.StructArray.from_arrays([dictionary(places, names)], ["x"])
        for places, names in (([0, 1], ["a", "b"]), ([1, 0], ["b", "a"]))
    ],
    "union": [union([0, 1]), union([1, 0]), union([0, 0])],
    "elements of a union": list(union([0, 1])),
}


@pytest.mark.parametrize("values", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_values_that_are_easily_confused_differ(values: list[Any]) -> None:
    assert len({digest_value(value) for value in values}) == len(values)


def test_padding_between_fields_does_not_count() -> None:
    one = np.zeros(2, ALIGNED)
    other = one.copy()
    other.view(np.uint8)[1] = 7
    assert digest_value(one) == digest_value(other)


def test_sparse_matrix_counts_by_elements_whatever_it_remembers() -> None:
    matrix = sparse.csr_matrix(np.array([[0, 1, 2], [3, 0, 4.0]]))
    used = matrix.copy()
    assert used.has_sorted_indices
    assert used.has_canonical_format
    unsorted = sparse.csr_matrix((np.array([2, 1.0, 4, 3]), np.array([2, 1, 2, 0]), np.array([0, 2, 4])), shape=(2, 3))
    assert digest_value(matrix) == digest_value(used) == digest_value(unsorted)
    assert len({digest_value(value) for value in (matrix, matrix.tocsc(), matrix.tocoo(), matrix * 2)}) == 4


def test_prediction_does_not_change_a_neighbours_model() -> None:
    fitted = neighbors.KNeighborsClassifier(1).fit([[0.0], [1.0]], [0, 1])
    used = copy.deepcopy(fitted)
    used.predict([[0.4]])
    assert digest_value(used) == digest_value(fitted)


def test_class_that_attrs_hashes_counts_alike_wherever_it_is_made() -> None:
    def made() -> Any:
        return attrs.make_class("Made", ["x"], frozen=True)

    assert digest_value(made()) == digest_value(made())


def test_ufunc_without_a_home_and_failing_property_are_refused() -> None:
    with pytest.raises(errors.UnstorableError, match="vectorized"):
        digest_value(np.frompyfunc(lambda x: x, 1, 1))

    @dataclasses.dataclass
    class Broken:
        @property
        def __dict__(self) -> Any:  # type: ignore[override]
            raise RuntimeError("no")

    with pytest.raises(errors.UnstorableError, match="RuntimeError: no"):
        digest_value(Broken())


def test_truth_values_count_whatever_bytes_stand_for_them() -> None:
    odd = np.frombuffer(b"\x00\x02\xff", dtype=bool)
    assert digest_value(odd) == digest_value(np.array([False, True, True]))
    assert digest_value(odd[::-1]) == digest_value(np.array([True, True, False]))


def test_fill_value_that_numpy_takes_is_that_of_the_pickled_array() -> None:
    made = np.ma.array(np.zeros(1, "i4"), mask=[True])
    assert digest_value(pickle.loads(pickle.dumps(made))) == digest_value(made)


def test_views_and_proxies_count_by_what_they_show() -> None:
    data = bytearray(b"abcd")
    assert digest_value(memoryview(data)) == digest_value(memoryview(b"abcd"))
    assert digest_value(memoryview(data)[::2]) == digest_value(memoryview(b"ac"))
    assert digest_value(memoryview(data)) != digest_value(memoryview(data).cast("b"))
    shown = {"a": 1}
    proxy = types.MappingProxyType(shown)
    before = digest_value(proxy)
    shown["b"] = 2
    assert digest_value(proxy) == digest_value(types.MappingProxyType({"b": 2, "a": 1})) != before


def test_looking_at_the_annotations_of_a_class_does_not_change_it() -> None:
    made = type("Made", (), {"__module__": "notebook_of_mine"})
    before = digest_value(made)
    assert made.__annotations__ == {}
    assert digest_value(made) == before


def test_fields_defaults_and_methods_of_a_named_tuple_count() -> None:
    def made(names: str, **options: Any) -> Any:
        return collections.namedtuple("Made", names, module="notebook_of_mine", **options)  # type: ignore[misc]

    own = made("a b")
    own.total = lambda self: self.a
    found = [made("a b"), made("b a"), made("a b", defaults=[1]), made("a c"), own]
    assert len({digest_value(one) for one in found}) == len(found)
    assert digest_value(made("a b")) == digest_value(made("a b"))
