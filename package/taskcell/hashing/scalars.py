"""Values of the standard library that are data: dates, numbers, enumerations, patterns, small containers."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import fractions
import re
import types
import uuid
import zoneinfo
from typing import Any

from taskcell.hashing import tokens
from taskcell.hashing.tokens import Node, RefusalError, Token
from taskcell.hashing.values import Attributes, register


def _date(value: datetime.date) -> Token:
    return tokens.from_bytes("date", b"d", value.isoformat().encode())


def _datetime(value: datetime.datetime) -> Node:
    wall = value.replace(tzinfo=None, fold=0).isoformat()
    return Node("datetime", (wall, str(value.fold)), (value.tzinfo,), labels=(".tzinfo",))


def _time(value: datetime.time) -> Node:
    wall = value.replace(tzinfo=None, fold=0).isoformat()
    return Node("time", (wall, str(value.fold)), (value.tzinfo,), labels=(".tzinfo",))


def _timedelta(value: datetime.timedelta) -> Node:
    return Node("timedelta", (), (value.days, value.seconds, value.microseconds))


def _timezone(value: datetime.timezone) -> Node:
    return Node("timezone", (), (value.utcoffset(None), value.tzname(None)))


def _zone(value: zoneinfo.ZoneInfo) -> Token:
    if value.key is None:
        raise RefusalError(
            "a time zone read from a file without a key", "Pass ZoneInfo.from_file(…, key='Area/Place')."
        )
    return tokens.from_bytes("zoneinfo", b"z", value.key.encode())


def _decimal(value: decimal.Decimal) -> Token:
    return tokens.from_bytes("decimal", b"D", str(value).encode())


def _fraction(value: fractions.Fraction) -> Node:
    return Node("fraction", (), (value.numerator, value.denominator))


def _uuid(value: uuid.UUID) -> Node:
    return Node("uuid", (value.bytes,))


def _member(value: enum.Enum) -> Node:
    return Node("enum", (value.name or "",), (type(value), value.value), labels=(".__class__", ".value"))


def _range(value: range) -> Node:
    return Node("range", (), (value.start, value.stop, value.step))


def _slice(value: slice) -> Node:
    return Node("slice", (), (value.start, value.stop, value.step))


def _pattern(value: re.Pattern[Any]) -> Node:
    return Node("pattern", (), (value.pattern, value.flags))


def _bytearray(value: bytearray) -> Node:
    return Node("bytearray", (), (bytes(value),))


def _memoryview(value: memoryview) -> Node:
    return Node("memoryview", (value.format,), (value.shape, value.tobytes()))


def _ordered(value: collections.OrderedDict[Any, Any]) -> Node:
    return Node("ordered-dict", (), [part for item in value.items() for part in item])


def _namespace(value: types.SimpleNamespace) -> Node:
    return Node("namespace", (), (Attributes(vars(value)),), labels=("",))


def _proxy(value: types.MappingProxyType[Any, Any]) -> Node:
    return Node("mapping-proxy", (), (dict(value),), labels=("",))


register(datetime.date, _date)
register(datetime.datetime, _datetime)
register(datetime.time, _time)
register(datetime.timedelta, _timedelta)
register(datetime.timezone, _timezone)
register(zoneinfo.ZoneInfo, _zone)
register(decimal.Decimal, _decimal)
register(fractions.Fraction, _fraction)
register(uuid.UUID, _uuid)
register(enum.Enum, _member, subclasses=True)
register(range, _range)
register(slice, _slice)
register(re.Pattern, _pattern)
register(bytearray, _bytearray)
register(memoryview, _memoryview)
register(collections.OrderedDict, _ordered)
register(types.SimpleNamespace, _namespace)
register(types.MappingProxyType, _proxy)
