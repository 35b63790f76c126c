from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from taskcell import errors
from taskcell.hashing import digest_parts
from taskcell.model.runs import DriverStart
from taskcell.store.records import opened, sealed

RECORD = DriverStart(run_id="r", epoch=1, host="höst", pid=7, started_at=datetime(2026, 1, 2, tzinfo=UTC))


class Loose(msgspec.Struct):
    value: Any


def test_sealed_record_is_json_with_the_specified_digest() -> None:
    data = sealed("a/b.json", RECORD)
    raw = msgspec.json.encode(RECORD)
    assert json.loads(data)["record"]["host"] == "höst"
    assert json.loads(data)["digest"] == digest_parts("record", ("a/b.json", raw))
    assert opened("a/b.json", data) == raw


def test_every_flipped_bit_is_found() -> None:
    data = sealed("a.json", RECORD)
    for position in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises(errors.FormatError, match=r"a\.json"):
            opened("a.json", bytes(flipped))


def test_every_truncation_is_found() -> None:
    data = sealed("a.json", RECORD)
    for length in range(len(data)):
        with pytest.raises(errors.FormatError):
            opened("a.json", data[:length])


def test_added_bytes_are_found() -> None:
    data = sealed("a.json", RECORD)
    for changed in (data + b"\n", b" " + data, data.replace(b",", b", ", 1)):
        with pytest.raises(errors.FormatError):
            opened("a.json", changed)


def test_record_of_another_path_is_found() -> None:
    with pytest.raises(errors.FormatError):
        opened("b.json", sealed("a.json", RECORD))


@pytest.mark.parametrize(
    "value",
    [float("nan"), {"a": [1, float("inf")]}, (None, -float("inf")), "\ud800", {1, object()}, object()],
)
def test_value_that_json_would_change_is_refused(value: Any) -> None:
    with pytest.raises(errors.InvalidInputError, match="Loose"):
        sealed("a.json", Loose(value))


def test_deeply_nested_value_is_written_or_refused() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(errors.InvalidInputError):
        sealed("a.json", Loose(value))


@pytest.mark.parametrize("value", [None, {"a": None}, 2**62, "null", 0.1, random.Random(1).random()])
def test_exact_value_is_written(value: Any) -> None:
    raw = opened("a.json", sealed("a.json", Loose(value)))
    assert msgspec.json.decode(raw, type=Loose) == Loose(value)
