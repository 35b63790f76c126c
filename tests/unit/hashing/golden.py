"""One value or more of every type, with the digests that they must keep.

A change here is a change of every cache key: it needs a new ``tokens.VERSION`` and a design note.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import pathlib
import random
import re
import sys
import textwrap
import types
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa


class Pair(NamedTuple):
    left: int
    right: str


@dataclasses.dataclass
class Record:
    number: int
    parts: list[str]


class Colour(enum.Enum):
    RED = "r"


# By name, as if they were installed: their source is not under test here.
_INSTALLED = "taskcell.testing.golden"
sys.modules[_INSTALLED] = sys.modules[__name__]
for _kind in (Pair, Record, Colour):
    _kind.__module__ = _INSTALLED

_CLOCK = dt.datetime(2024, 2, 29, 12, 30, 15, 123456)
_BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def _circle() -> list[Any]:
    made: list[Any] = [1]
    made.append(made)
    return made


VALUES: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "true": lambda: True,
    "int": lambda: 3,
    "int negative": lambda: -129,
    "int long": lambda: 7**300,
    "float": lambda: 0.1,
    "float nan": lambda: float("nan"),
    "float minus zero": lambda: -0.0,
    "complex": lambda: 1 - 2j,
    "str": lambda: "größe",
    "str long": lambda: "0123456789" * 5,
    "str surrogate": lambda: "\ud800",
    "bytes": lambda: b"\x00\xff",
    "bytearray": lambda: bytearray(b"ab"),
    "memoryview": lambda: memoryview(b"ab"),
    "ellipsis": lambda: ...,
    "list": lambda: [1, "a", [None]],
    "tuple": lambda: (1, "a", (None,)),
    "dict": lambda: {"b": 1, "a": [2]},
    "set": lambda: {1, "a", None},
    "frozenset": lambda: frozenset({1, 2}),
    "circle": _circle,
    "ordered dict": lambda: collections.OrderedDict([("b", 1), ("a", 2)]),
    "counter": lambda: collections.Counter("abca"),
    "defaultdict": lambda: collections.defaultdict(list, a=[1]),
    "deque": lambda: collections.deque([1, 2], maxlen=3),
    "namespace": lambda: types.SimpleNamespace(b=1, a=2),
    "namedtuple": lambda: Pair(1, "a"),
    "dataclass": lambda: Record(1, ["a"]),
    "enum": lambda: Colour.RED,
    "range": lambda: range(1, 9, 2),
    "slice": lambda: slice(None, 3),
    "date": _CLOCK.date,
    "time": _CLOCK.time,
    "datetime": lambda: _CLOCK,
    "datetime utc": lambda: _CLOCK.replace(tzinfo=dt.UTC),
    "datetime zone": lambda: _CLOCK.replace(tzinfo=_BERLIN),
    "timedelta": lambda: dt.timedelta(days=-1, microseconds=3),
    "timezone": lambda: dt.timezone(dt.timedelta(hours=5, minutes=30)),
    "decimal": lambda: decimal.Decimal("1.10"),
    "fraction": lambda: fractions.Fraction(1, 3),
    "uuid": lambda: uuid.UUID(int=5),
    "pattern": lambda: re.compile("a+", re.IGNORECASE),
    "pure path": lambda: pathlib.PurePosixPath("a/b"),
    "absent path": lambda: pathlib.Path("no/such/file"),
    "random": lambda: random.Random(1),
    "builtin function": lambda: len,
    "builtin type": lambda: dict,
    "stdlib function": lambda: textwrap.dedent,
    "stdlib module": lambda: re,
    "numpy int": lambda: np.int64(3),
    "numpy float32": lambda: np.float32(0.1),
    "numpy bool": lambda: np.True_,
    "numpy str": lambda: np.str_("a"),
    "numpy datetime": lambda: np.datetime64("2024-02-29", "D"),
    "numpy longdouble": lambda: np.longdouble("0.1"),
    "array int": lambda: np.arange(6).reshape(2, 3),
    "array float nan": lambda: np.array([1.5, np.nan, -0.0]),
    "array fortran": lambda: np.asfortranarray(np.arange(6).reshape(2, 3)),
    "array big endian": lambda: np.array([1, 2], ">i4"),
    "array complex": lambda: np.array([1 + 2j]),
    "array str": lambda: np.array(["a", "bc"]),
    "array time": lambda: np.array(["2024", "NaT"], "M8[ns]"),
    "array structured": lambda: np.array([(1, 2.5)], [("a", "i4"), ("b", "f8")]),
    "array object": lambda: np.array([1, "a", None], object),
    "array empty": lambda: np.zeros((0, 3)),
    "array scalar": lambda: np.array(5),
    "array masked": lambda: np.ma.array([1, 2], mask=[0, 1], fill_value=9),
    "generator": lambda: np.random.default_rng(1),
    "random state": lambda: np.random.RandomState(1),
    "dtype": lambda: np.dtype("f4"),
    "pandas timestamp": lambda: pd.Timestamp("2024-02-29", tz="Europe/Berlin").as_unit("ns"),
    "pandas timedelta": lambda: pd.Timedelta(days=1).as_unit("ns"),
    "pandas nat": lambda: pd.NaT,
    "pandas na": lambda: pd.NA,
    "pandas period": lambda: pd.Period("2024-02", "M"),
    "pandas interval": lambda: pd.Interval(0, 1),
    "index range": lambda: pd.RangeIndex(1, 9, 2),
    "index text": lambda: pd.Index(["a", "b"], dtype="str", name="n"),
    "index multi": lambda: pd.MultiIndex.from_product([[1, 2], ["a"]], names=["x", "y"]),
    "index dates": lambda: pd.date_range("2024-01-01", periods=2, freq="D", unit="ns"),
    "series int": lambda: pd.Series([1, 2], name="n"),
    "series float": lambda: pd.Series([1.5, np.nan]),
    "series bool": lambda: pd.Series([True, False]),
    "series str": lambda: pd.Series(["a", None], dtype="str"),
    "series string": lambda: pd.Series(["a", None], dtype="string"),
    "series object": lambda: pd.Series(["a", 1, None], dtype=object),
    "series long object": lambda: pd.Series(["a", None] * 50, dtype=object),
    "series masked": lambda: pd.Series([1, None], dtype="Int64"),
    "series boolean": lambda: pd.Series([True, None], dtype="boolean"),
    "series category": lambda: pd.Series(pd.Categorical(["b", "a", None], ordered=True)),
    "series zoned": lambda: pd.Series(pd.to_datetime(["2024", None], utc=True).as_unit("ns")),
    "series period": lambda: pd.Series(pd.period_range("2024-01", periods=2, freq="M")),
    "series interval": lambda: pd.Series(pd.interval_range(0, 2)),
    "series sparse": lambda: pd.Series(pd.arrays.SparseArray([0, 0, 1])),
    "series arrow": lambda: pd.Series([1, None], dtype="int8[pyarrow]"),
    "frame": lambda: pd.DataFrame({"a": [1, 2], "b": ["x", None]}, index=pd.Index([5, 3], name="k")),
    "frame empty": pd.DataFrame,
    "arrow array": lambda: pa.array([1, None, 3]),
    "arrow text": lambda: pa.array(["a", None, "bc"]),
    "arrow bool": lambda: pa.array([True, None]),
    "arrow list": lambda: pa.array([[1], None, [2, 3]]),
    "arrow struct": lambda: pa.array([{"a": 1}, None]),
    "arrow map": lambda: pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
    "arrow dictionary": lambda: pa.array(["a", "b", "a"]).dictionary_encode(),
    "arrow decimal": lambda: pa.array([decimal.Decimal("1.1"), None]),
    "arrow table": lambda: pa.table({"a": [1, None], "b": ["x", "y"]}),
    "arrow batch": lambda: pa.record_batch({"a": [1]}),
    "arrow schema": lambda: pa.schema([("a", pa.int64())]),
    "arrow scalar": lambda: pa.scalar(1),
    "polars series": lambda: pl.Series("n", [1, None]),
    "polars text": lambda: pl.Series("n", ["a", None]),
    "polars enum": lambda: pl.Series("n", ["a"], dtype=pl.Enum(["a", "b"])),
    "polars frame": lambda: pl.DataFrame({"a": [1], "b": [[1, 2]]}),
}

DIGESTS: dict[str, str] = {
    "none": "5e630648703f886aefc31071a9ad62309b563b06117390330610e9544d69e147",
    "true": "22f084ed81662f551bcfd7716124e0a4dfa1a686f82528ef8b79ef43b3153187",
    "int": "79fb0b0e696199a0c228916e710059142f036b5753d04e1bddb5e4da5446eeb3",
    "int negative": "bd7b8d9b56bd36a131a85519ac03086131d6b161b90a28ff792444c445fe289b",
    "int long": "267840e181f05bba042ad399ba15f22b6b5bbd1bbd1d6e919ea1ee2026a4b913",
    "float": "b270d656cf7bf014f3cb8acc161e7bcb6ec5262cadc19396b92149f506064a70",
    "float nan": "d2d2c09072ad5d55d20fe35df65982075cf0ac8e35086b767ab50e71b4ab2413",
    "float minus zero": "aefccdf910ee58c00eae319b0e447f57e45b96413bbe4564c5ea95d094c19964",
    "complex": "4dfbc57af5380e994c56d4aa210955855057fdceb53f96194c3dfcfaf6c26aea",
    "str": "2cf68a9c17ffb1c824c302957a35695ba8575529306e15429cd70cca6f830718",
    "str long": "eb26e9dd28dd46d3d9a3cc33658df83344f3c9632c3aab55cd49345b7bd35555",
    "str surrogate": "d912d5cd2b0aad2d33137032ed8498a5e9396fa3c3b5f4c1f2117de7379be1ee",
    "bytes": "6e068634f15b10665f6193bce1d39ff5deb7c348946154c09847bdb895e9be68",
    "bytearray": "e7a4063ee1d40c6f89bd77bc5195ec7fadec0f37c1c5341f7df7e9176582fbb2",
    "memoryview": "b23ccc47428285e6f2ad10b52142eee12000d2d85dfd1017a039d4fa16d88043",
    "ellipsis": "c0821c3f75276ba1feb4d4368fa9ff4487f057499f5a585683f557b7c32316cd",
    "list": "88eda5f988886fd4ddb5722313b8f36f9446dfe8bf8d12b0047cfd3f1f5b1ca7",
    "tuple": "754fe87ab3363f63c855fd7b58a88cc816be599b25c057defec027a30c98a6cc",
    "dict": "ab33720c4ebe9681889ca06770f88d4e3b049172dd2a5827b91c4273ebdc0033",
    "set": "97cd1e67326d49293c03f63b66838849c30d324a98d7b74e6b9d02e964d7edfb",
    "frozenset": "1883d9fd57e33da858138af1e564396d3ba63bc9ccfe0d65400f3f1651eb12e4",
    "circle": "24090eb9b0f6a2e80ea14eb9bd5c47995f8e336f51464d80cbddb8f2d7f524d6",
    "ordered dict": "b65b35f458e93adf671ac13793f60c9e381567aaff274d10e88deb81eed0fa5c",
    "counter": "a64f9a68109ce0a0552d5b8a2669ac8307bd00c54b7e1d9d3e9afe4097a40e89",
    "defaultdict": "ee020d79c2e42f00147b21de6eecf77064098d7a3791779d8d8c3fa3ff02a04b",
    "deque": "4cf1c1ffa364c6a4afa9749372e7bc16f89431597eb6cddb1e61e1a593546bd4",
    "namespace": "7e85495b7950c199f523fb134e754fe26e419d31338874af55385e0e7802799e",
    "namedtuple": "c0201498a04a74b43e1f4cf7d4786461c7127d94facbb5791624a4a46d681e93",
    "dataclass": "803883cbaf235f25210e630e22f2e78ae465048c8b027204279f384cb6c7f0ba",
    "enum": "736a0e8d4382148e271b3a2551e97df81e7f652ea4aac0b71d6dda3241981951",
    "range": "d3d9d3abf33f8c914d5ee50f29dadca481050cf4d38e456733840726ea0962fc",
    "slice": "0d13478ad4a2c10e3bf2b34540141b7bd02b0cb17523ae4b1df000c1d882c46e",
    "date": "395e8ce32dc0c804f70373a593b5697af2b322b19c0e4bc9c8ca99e1daa8cbe7",
    "time": "2b6f5a7b4a00a61de603d94e9210c6d3b465c38d5e0c2363f6d399a46cfd85f4",
    "datetime": "3a0578afad87bab6b3d34df0ec6a118e8ddbcb4763a41f8c0995682fceb2d8fb",
    "datetime utc": "54d881a16f22bd4edbb7620af10f57e5b5a406230a5818d61798049c8cec2305",
    "datetime zone": "2ee28ca83cb9e533cf9ee1adbbf3a8016b4037c3510303af6239e155e429eb8b",
    "timedelta": "6dd8651fe3866d3eef2192ab14cd261ce71b43ef6206643978ca03b5a670241b",
    "timezone": "e1f706ef2455c5e27d633609dfef1c34a7e6dddec66d17296b2d3af9e49f4a8a",
    "decimal": "57ed89a6f7edc9f5919cae0a736cefe5a92dbf7491c897c7795eb141c65fb3f3",
    "fraction": "f229b04f9a994c8111ba091453169703dfcf8884d409d9ee1ec47e565f911bbe",
    "uuid": "0176a706c23f65cc2088a0bc6d3c597a5b4294bfcb18657e431cbf484acdb2b5",
    "pattern": "08b4348632f83789eb9dddc0df81422e918f64932b27e66a80930ab46fdb65f3",
    "pure path": "02d0cbad4521cffc238af745f29c7f844c41eee729468cc970fbf43bdcbc40de",
    "absent path": "bd5f98d5db15bf168b5ddb3406f22c177f1e20d3a5a4419d824e6a1709c207fa",
    "random": "254f799bd7d3ed11b1e4e9f0257ce6b4e32fe57cae44d8e71b05d20f0afc8ec1",
    "builtin function": "ab82f190525f9282873f17b2a0276830df372eb41bf3af18697069f67dcd5c56",
    "builtin type": "5707159bb6af6ba7ba78d4bb4bd4b94200b45f8cda0c024a873b05c4adccbd8c",
    "stdlib function": "6bfc21ae33c1b9d500adbea13a9abda8c4367c66180699824326f33846db1969",
    "stdlib module": "fc983bb2ea5c8f8d48048fa503245ef0eeb78b2b3c94bf816cfeed155ddc729b",
    "numpy int": "93a4b678de702248ad1480d3552c1af471d985f161863c63505dbaff95a6b859",
    "numpy float32": "02fdf21cdc6d51e33a9e7d1170a55ebd471bf543442778fca2e0d576787252c5",
    "numpy bool": "f58acec33d4b5a68d907c365b9cfd78110226e4db3bf36b2d2a4a7e3e892ac85",
    "numpy str": "a1f3656ae6c1c5bcb5f1f576741a31624eb7b0aac7426031c05ca6968ead6c9e",
    "numpy datetime": "e90f99bdf6583eaf7a39b905111094ab3cb396d28d468416fab73a2af7c53d4d",
    "numpy longdouble": "204f5a1f0c7f45d22c05f1c578773f54835dcfc0dbf9dd5e1d6b6652cfd654bd",
    "array int": "cd0578ec5c4b938e75f2b3e8ac99a05e71127c8e09d8838fa1e1efa1503557a7",
    "array float nan": "0ee4f8d54a2fe9881ee87de4a6d11e0e0fa24d26c4df591ab7fde0ffa0744931",
    "array fortran": "cd0578ec5c4b938e75f2b3e8ac99a05e71127c8e09d8838fa1e1efa1503557a7",
    "array big endian": "97df1dbd9eedfd67d5fc1712519fda59230b68bd78df394987a76ff80fbf1120",
    "array complex": "67218567e3f724994fca7fb00ddaab5ca7d1cf67ececdc651759a71f54b5afdc",
    "array str": "150aa339b09a86935ff7845894ba89204a8f55f84e58984cc175c9badd844be1",
    "array time": "a2edc814e91d3f1ae9d5f3dcd64acef37c6d31a5d10b6ae9b68eae5c7a68e3f9",
    "array structured": "61be978d90b0e12455a1ccfa97acbd1b1c161853c83a6a628cdc316525aed2d1",
    "array object": "e2eb04491909c6ddfe1edf7440fcd98892d13aae4f7e79330c3826475e776c73",
    "array empty": "ffa52639986d201e8500e5e0aea0636162cb9476f3a69d0c9a77e9d60b698d8c",
    "array scalar": "2c9214cdd0a836fb9c5063c2d4f90c4a5a35fcd56c820f0402b061b664fe07ef",
    "array masked": "9b6db37b943196270684d45515bac03fc0ee22785a5f38195ab7379aeaf10638",
    "generator": "12e4dd3b50a48e6a1c3a1a8f71f3c6d843d8467671f387d7b6ebbd099728164f",
    "random state": "fa929d36f60e5dd95ff82042f41260bfb11d3b31a5d11756d8b2ec836ab9a9f2",
    "dtype": "3ff0cf65ecf973d35857b4f526c2822bea14b0ce696690064aa66cffe39d3295",
    "pandas timestamp": "9a3ec3bd70bee4c1f2c5334deed0ec5ead50402070fd576ced5bbae1954ae2b5",
    "pandas timedelta": "a512bc24d85457624e677cc8fbdf76153ac15a76ced600cd22e7c950ff8b8911",
    "pandas nat": "e656e2ac5aa315a07a38dbc45e8d766a1e5cca7853f98da3275edd60a1ea2418",
    "pandas na": "8b57100ae3c7c96ec93dcc95365070fc96a208dc14291be5e0b8988eab875386",
    "pandas period": "dc43818fb38f141625db1944924ad957639ab69fc01d74701e1d8550e1b64072",
    "pandas interval": "ee52c1f3cf003b07bb48475f5805f36235d7d133752c84af95830ab1724b8b32",
    "index range": "6703ef189a2755af1d869c1ebe66be4b461650a15f776e1941891b9ca7547481",
    "index text": "b52b82ec961ca68b4f37fd230895c622287bc9601cf694901aeea869e6b0c44a",
    "index multi": "7eba7b3e296e7890b31d95bfd7dc148fb715aa535ef39517cdc311e8967738a7",
    "index dates": "3ad162dd21f8a99e2ca9ee15eaf82772e6d7e1b713291f2db88693fadb99f989",
    "series int": "9cb70cf67c6cf4af1b6faa33d9393c047994f288cdd3df384c375d53ce7b2483",
    "series float": "6466c960ec39fd5c0e7fd6e0de0805a5264dca01dd4190e1fdeb48b8a5d40110",
    "series bool": "68fcceb04bc4f855ed414fe72e4fc2dac11ed57b0810725d67552f27e8aa2ea9",
    "series str": "17ab04ce26c34cce3f4f009f36b2c99e37acd84ea9db7669823701c9d68d9d5d",
    "series string": "95e3edb09f1a17519808056bebc9cb4b6838d7a9ed7e19597f77c8ffc6df926f",
    "series object": "7625848eb9c4669e19273af8ad04a336e682b9228f261cd86632a5200b4ddade",
    "series long object": "32388477f2d32e56bae6ea49a8531e660aaf93b7a1730523fc3f098252ad64ca",
    "series masked": "e4e076790ee4a0abf5bd9f126e91c4c1f4a84901600f7c473560fb407e8f975b",
    "series boolean": "fe7edd937fdc4e0693256bac31fba8f5f7c86234dda015523a3aaec945bb7a71",
    "series category": "5f88e85d8da55acf9d9009050e3b67ff6b74e7a66d3db5a013b22554cc30e823",
    "series zoned": "44b7deb8d17a6464cfa3544981c8f364e44f659a9a83ffbfbf1288d511f21580",
    "series period": "92b0d923eb8605ae6d4020dbf43a26509e933fe6382798c0372a783591c287ba",
    "series interval": "0f4824840355ee36518a1fdda42aef096f56b553364c14f80dee9e2cde0a0727",
    "series sparse": "aabd5b23807f5b03a716a84b3ff31fed1ecbcb015dd50662cff4918562d01d58",
    "series arrow": "0240953c7330e07976c7b14123bf3f38f449afadf1bc1a74202b95748912a1c2",
    "frame": "0e826e96c7ade8bbf1e7d30f2ba3ff0994b23a743faf0862a4a8261127456597",
    "frame empty": "b0136fb9201fb130858b9f5234447c42dcbb7ec8ab1e9444dd0482b4f82885ca",
    "arrow array": "65b9411bf71613bf13c5ebec0ee17cd3d79c27975ba3c8a82f88c5df7622b3f1",
    "arrow text": "635b8a2924fbbaa22d72ccea6b1f038084301bfd1c8ea1238debea4fa7fbf09d",
    "arrow bool": "83f97864dd97f071f5532e67f21e6e34e1231022736b6bd34ccd66ac6d88a40f",
    "arrow list": "f78d897447a73f03f458d682e29892992151af5fbd7b1a4bcf9492c7b9da1ad6",
    "arrow struct": "1f4f8fb7e4caf31001b788c449e638f0906b655fafd0121f6b5fe17a8b886f9c",
    "arrow map": "919462666ffe2575675a9f60e6f99e065b85c89c9bd26604f1fcf363d3f4c998",
    "arrow dictionary": "194f53bc74514711e1deca2e2d03a8676adca5c7537f9301dc71e4336751d6f0",
    "arrow decimal": "fa9d7d63c27b45c72fe02cd440ee0fffa28a52c8a95fd2e4dd90959213b61f4e",
    "arrow table": "4218dede22860cdcacf7c859a3b9d5552b1b5531affd9007d949e53361531545",
    "arrow batch": "43fdcec268e1fa81baea8de7d37268bf13a8e4b1abbd57219636034c49157261",
    "arrow schema": "aa3402e26ba785ea598c34340ddc376eb107c94057ead0a211ca0fdec29e1a82",
    "arrow scalar": "44536107f30183e95862cb9bcb965ae78e74caf5e521a247e0dd50dbff93671e",
    "polars series": "88000fd185d1b42a3e77f045e15578b15c136a15ed76973343de579d2802caa9",
    "polars text": "5ae99073503c4e1c2f9e4e5e2345b43122e207264ff53363826a991cbf155d49",
    "polars enum": "ecfac61c01264a4364272f64e1fb65329893fee8a2d7497cec319444fba06c76",
    "polars frame": "36a2d188f62b8446c0d3f48be0cbf8e08f09b449a7e95b0075624aa40277d1c9",
}
