"""JSON forms of values that JSON has no type for: dates, exact numbers, bytes, NumPy and pandas scalars.

A writer returns a tag and either text or a tuple of parts that are written in turn; a reader takes those
parts.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import fractions
import re
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any, TypeAlias

Written: TypeAlias = "tuple[str, str | tuple[Any, ...]] | None"

_NUMPY_KINDS = "biufcmMSU"
_SMALL_ARRAY_BYTES = 2048
"""Arrays up to this size inside a container are written with it. Unit: bytes."""


def write(value: Any) -> Written:
    """Return tag and content, or None when the value is no such scalar."""
    writer = _WRITERS.get(type(value))
    if writer is not None:
        return writer(value)
    root = type(value).__module__.partition(".")[0]
    if root == "numpy":
        return _write_numpy(value)
    return _write_pandas(value) if root == "pandas" else None


def read(tag: str, content: Any) -> Any:
    """Return the value; raise ValueError, TypeError or KeyError."""
    return _READERS[tag](content)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _wall(value: Any) -> str:
    text: str = value.replace(tzinfo=None, fold=0).isoformat()
    return text


_WRITERS: dict[type, Callable[[Any], Written]] = {
    bytes: lambda value: ("$bytes", _b64(value)),
    bytearray: lambda value: ("$bytearray", _b64(bytes(value))),
    complex: lambda value: ("$complex", (value.real, value.imag)),
    type(...): lambda _: ("$ellipsis", ""),
    type(NotImplemented): lambda _: ("$notimplemented", ""),
    range: lambda value: ("$range", (value.start, value.stop, value.step)),
    slice: lambda value: ("$slice", (value.start, value.stop, value.step)),
    datetime.date: lambda value: ("$date", value.isoformat()),
    datetime.datetime: lambda value: ("$datetime", (_wall(value), value.fold, value.tzinfo)),
    datetime.time: lambda value: ("$time", (_wall(value), value.fold, value.tzinfo)),
    datetime.timedelta: lambda value: ("$timedelta", (value.days, value.seconds, value.microseconds)),
    datetime.timezone: lambda value: ("$timezone", value.__getinitargs__()),
    zoneinfo.ZoneInfo: lambda value: ("$zone", value.key) if value.key else None,
    decimal.Decimal: lambda value: ("$decimal", str(value)),
    fractions.Fraction: lambda value: ("$fraction", (value.numerator, value.denominator)),
    uuid.UUID: lambda value: ("$uuid", str(value)),
    re.Pattern: lambda value: ("$pattern", (value.pattern, value.flags)),
}

_READERS: dict[str, Callable[[Any], Any]] = {
    "$bytes": lambda text: base64.b64decode(text, validate=True),
    "$bytearray": lambda text: bytearray(base64.b64decode(text, validate=True)),
    "$complex": lambda parts: complex(*parts),
    "$ellipsis": lambda _: ...,
    "$notimplemented": lambda _: NotImplemented,
    "$range": lambda parts: range(*parts),
    "$slice": lambda parts: slice(*parts),
    "$date": datetime.date.fromisoformat,
    "$datetime": lambda parts: datetime.datetime.fromisoformat(parts[0]).replace(fold=parts[1], tzinfo=parts[2]),
    "$time": lambda parts: datetime.time.fromisoformat(parts[0]).replace(fold=parts[1], tzinfo=parts[2]),
    "$timedelta": lambda parts: datetime.timedelta(*parts),
    "$timezone": lambda parts: datetime.timezone(*parts),
    "$zone": zoneinfo.ZoneInfo,
    "$decimal": decimal.Decimal,
    "$fraction": lambda parts: fractions.Fraction(*parts),
    "$uuid": uuid.UUID,
    "$pattern": lambda parts: re.compile(*parts),
    "$numpy": lambda parts: _read_numpy(*parts),
    "$ndarray": lambda parts: _read_array(*parts),
    "$timestamp": lambda parts: _read_timestamp(*parts),
    "$pandas-timedelta": lambda parts: _read_pandas_timedelta(*parts),
    "$period": lambda parts: _pandas("Period")(ordinal=parts[0], freq=parts[1]),
    "$interval": lambda parts: _pandas("Interval")(*parts),
    "$missing": lambda name: _pandas({"NaT": "NaT", "NA": "NA"}[name]),
}


# --- NumPy ------------------------------------------------------------------------------------------------


def _write_numpy(value: Any) -> Written:
    import numpy as np

    if type(value) is np.ndarray and value.nbytes <= _SMALL_ARRAY_BYTES:
        dtype = value.dtype
        if dtype.kind in _NUMPY_KINDS and dtype.char not in "gG" and value.flags.c_contiguous:
            return "$ndarray", (dtype.str, list(value.shape), _b64(value.tobytes()))
        return None
    if not isinstance(value, np.generic) or value.dtype.kind not in _NUMPY_KINDS or value.dtype.char in "gG":
        return None
    data = np.asarray(value).tobytes()
    if value.dtype.kind in "SU" and _read_numpy(value.dtype.str, _b64(data)) != value:
        return None
    return "$numpy", (value.dtype.str, _b64(data))


def _read_numpy(dtype: str, text: str) -> Any:
    import numpy as np

    return (
        np.frombuffer(base64.b64decode(text, validate=True), np.dtype(dtype), count=1)[0]
        if text
        else np.zeros((), dtype)[()]
    )


def _read_array(dtype: str, shape: list[int], text: str) -> Any:
    import numpy as np

    kind = np.dtype(dtype)
    if kind.hasobject:
        raise ValueError("an array of objects is never written so")
    if not text:
        if 0 not in shape and kind.itemsize:
            raise ValueError("its elements are missing")
        return np.zeros(shape, kind)
    return np.frombuffer(bytearray(base64.b64decode(text, validate=True)), kind).reshape(shape)


# --- pandas -----------------------------------------------------------------------------------------------


def _write_pandas(value: Any) -> Written:
    import pandas as pd

    if value is pd.NaT or value is pd.NA:
        return "$missing", "NaT" if value is pd.NaT else "NA"
    kind = type(value)
    if kind is pd.Timestamp:
        parts = (int(value._value), value.unit, value.tzinfo)
        return "$timestamp", parts if _read_timestamp(*parts).fold == value.fold else (*parts, value.fold)
    if kind is pd.Timedelta:
        return "$pandas-timedelta", (int(value._value), value.unit)
    if kind is pd.Period:
        return "$period", (value.ordinal, value.freqstr)
    return ("$interval", (value.left, value.right, value.closed)) if kind is pd.Interval else None


def _pandas(name: str) -> Any:
    import pandas as pd

    return getattr(pd, name)


def _read_timestamp(ticks: int, unit: str, zone: datetime.tzinfo | None, fold: int | None = None) -> Any:
    import numpy as np

    moment: Any = np.datetime64
    stamp = _pandas("Timestamp")(moment(ticks, unit))
    stamp = stamp if zone is None else stamp.tz_localize("UTC").tz_convert(zone)
    return stamp if fold is None else stamp.replace(fold=fold)


def _read_pandas_timedelta(ticks: int, unit: str) -> Any:
    import numpy as np

    span: Any = np.timedelta64
    return _pandas("Timedelta")(span(ticks, unit))
