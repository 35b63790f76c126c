"""Numbers, times and sizes in words for people. Pure functions; whoever calls them gives the time."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")
_SHORT_DIGEST = 8
_SHORT_RUN = 10  # the time of a ULID; what follows is random


def duration(seconds: float | None) -> str:
    """Say a duration.

    Examples
    --------
    >>> duration(0.003), duration(1.2), duration(123)
    ('3 ms', '1.2 s', '2 min 3 s')
    """
    if seconds is None or not math.isfinite(seconds):
        return "–"
    seconds = max(0.0, seconds)
    if seconds < 0.0005:
        return "0 s" if seconds == 0 else "<1 ms"
    if round(seconds * 1000) < 1000:
        return f"{round(seconds * 1000)} ms"
    if round(seconds * 10) < 600:
        return f"{seconds:.1f} s"
    return _long_duration(round(seconds))


def _long_duration(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{count(days)} d {hours} h" if hours else f"{count(days)} d"


def age(moment: datetime, now: datetime) -> str:
    """Say how long ago something was; after a month, the date.

    Examples
    --------
    >>> from datetime import UTC, timedelta
    >>> now = datetime(2025, 6, 3, tzinfo=UTC)
    >>> age(now - timedelta(days=2), now)
    '2 days ago'
    """
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 5:
        return "just now"
    distance = abs(seconds)
    if distance >= 30 * 86_400:
        return f"on {moment:%Y-%m-%d}"
    said = _distance(distance)
    # A clock that is ahead is not worth a puzzle, unless it is far ahead.
    return f"{said} ago" if seconds > 0 else f"in {said}"


def _distance(seconds: float) -> str:
    for size, name in ((86_400, "day"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            number = int(seconds // size)
            return plural(number, name) if name == "day" else f"{number} {name}"
    return f"{int(seconds)} s"


def size(size_bytes: int) -> str:
    """Say a size.

    Examples
    --------
    >>> size(812), size(1_260_000)
    ('812 B', '1.2 MiB')
    """
    value = float(size_bytes)
    unit = "B"
    for bigger in _UNITS:
        if round(abs(value), 1 if abs(value) < 100 and unit != "B" else 0) < 1024:
            break
        value, unit = value / 1024, bigger
    if unit == "B" or abs(value) >= 100:
        return f"{value:,.0f} {unit}"
    return f"{value:.1f} {unit}"


def count(number: int) -> str:
    """Say a whole number: ``336,776``."""
    return f"{number:,}"


def plural(number: int, noun: str, nouns: str | None = None) -> str:
    """Say a number of things.

    Examples
    --------
    >>> plural(1, "task"), plural(1200, "task"), plural(2, "entry", "entries")
    ('1 task', '1,200 tasks', '2 entries')
    """
    return f"{count(number)} {noun if number == 1 else nouns or noun + 's'}"


def digest(full: str) -> str:
    """Shorten a digest to what tells two apart by eye."""
    return full[:_SHORT_DIGEST]


def run(full: str) -> str:
    """Shorten a run's id: the part that is its time."""
    return full if len(full) <= _SHORT_RUN else f"{full[:_SHORT_RUN]}…"


def number(value: float) -> str:
    """Say a measured number with six significant digits."""
    if isinstance(value, int):
        return count(value)
    if value.is_integer() and abs(value) < 1e6:
        return f"{value:.1f}"
    return f"{value:.6g}"


def value(thing: Any, limit: int = 60) -> str:
    """Say a value in JSON form as Python writes it, clipped; never more than one line."""
    if isinstance(thing, str) and len(thing) > limit:
        thing = thing[: limit + 1]
    said = repr(thing)
    return said if len(said) <= limit else f"{said[: limit - 1]}…"


def change(first: Any, other: Any) -> str:
    """Say how a number differs from the first: ``+3.1 %``. Empty when there is nothing to say."""
    numbers = all(isinstance(item, int | float) and not isinstance(item, bool) for item in (first, other))
    if not numbers or first == 0 or not (math.isfinite(first) and math.isfinite(other)) or first == other:
        return ""
    percent = (other - first) / abs(first) * 100
    if abs(percent) >= 1000:
        return f"×{other / first:.3g}" if other / first > 0 else f"{percent:+,.0f} %"
    return f"{percent:+.1f} %" if abs(percent) >= 0.05 else f"{percent:+.1g} %"


def listed(names: tuple[str, ...] | list[str], limit: int = 4) -> str:
    """Join names; beyond ``limit`` say how many more."""
    shown = ", ".join(names[:limit])
    return f"{shown} and {count(len(names) - limit)} more" if len(names) > limit else shown
