from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskcell.views import words

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (math.nan, "–"),
        (0, "0 s"),
        (-3, "0 s"),
        (0.0001, "<1 ms"),
        (0.003, "3 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (1.2, "1.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min"),
        (123, "2 min 3 s"),
        (3599.7, "1 h"),
        (3840, "1 h 4 min"),
        (180_000, "2 d 2 h"),
    ],
)
def test_duration_in_words(seconds: float | None, said: str) -> None:
    assert words.duration(seconds) == said


@given(st.floats(min_value=0, max_value=1e7))
def test_no_duration_says_sixty_of_the_smaller_unit(seconds: float) -> None:
    said = words.duration(seconds)
    assert not re.search(r"\b(1000 ms|60\.0 s|60 s|60 min|24 h)\b", said)


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (timedelta(seconds=2), "just now"),
        (timedelta(seconds=-2), "just now"),
        (timedelta(seconds=12), "12 s ago"),
        (timedelta(minutes=3, seconds=50), "3 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(hours=25), "1 day ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=40), "on 2026-01-23"),
        (timedelta(minutes=-3), "in 3 min"),
    ],
)
def test_age_in_words(back: timedelta, said: str) -> None:
    assert words.age(NOW - back, NOW) == said


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 B"),
        (812, "812 B"),
        (1023, "1,023 B"),
        (1024, "1.0 KiB"),
        (1_260_000, "1.2 MiB"),
        (1024**2 - 1, "1.0 MiB"),
    ],
)
def test_size_in_words(size: int, said: str) -> None:
    assert words.size(size) == said


def test_numbers_keep_six_digits() -> None:
    assert words.number(12.3456789) == "12.3457"
    assert words.number(336_776) == "336,776"
    assert words.number(13.0) == "13.0"


def test_value_is_one_clipped_line() -> None:
    assert words.value("a\nb") == "'a\\nb'"
    assert len(words.value("x" * 10_000)) == 60
    assert words.value([True, None, 0.1]) == "[True, None, 0.1]"


@pytest.mark.parametrize(
    ("first", "other", "said"),
    [
        (10, 12.5, "+25.0 %"),
        (10, 10, ""),
        (0, 3, ""),
        ("a", 3, ""),
        (True, False, ""),
        (1, 50, "×50"),
        (1.0, math.nan, ""),
    ],
)
def test_change_against_the_first(first: object, other: object, said: str) -> None:
    assert words.change(first, other) == said


def test_plural_listed_and_short_names() -> None:
    assert words.plural(1, "task") == "1 task"
    assert words.plural(0, "entry", "entries") == "0 entries"
    assert words.listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert words.run("01JNGZ3ABCDEFGHJKMNPQRSTVW") == "01JNGZ3ABC…"
    assert words.digest("ab" * 32) == "abababab"
