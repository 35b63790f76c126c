"""Times of a schedule in the five fields of cron, read as a cluster reads them."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass

from taskcell import errors

_MACROS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_ITEM = re.compile(r"(?P<first>\*|\?|\w+)(-(?P<last>\w+))?(/(?P<step>\d+))?")
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class _Field:
    what: str
    low: int
    high: int
    names: dict[str, int]


_FIELDS = (
    _Field("minute", 0, 59, {}),
    _Field("hour", 0, 23, {}),
    _Field("day of the month", 1, 31, {}),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 6, _DAYS),
)


def checked(text: str) -> str:
    """Return an expression with single spaces; raise InvalidInputError for one that is none, or that never comes."""
    words = text.split()
    if len(words) == 1 and words[0].startswith("@"):
        if words[0].lower() not in _MACROS:
            raise _refused(text, f"there is no {words[0][:40]}: choose out of {', '.join(_MACROS)}")
        return words[0].lower()
    if words and words[0].upper().startswith(("TZ=", "CRON_TZ=")):
        raise _refused(text, "a time zone has an option of its own: --time-zone")
    if len(words) != len(_FIELDS):
        raise _refused(
            text, f"it has {len(words)} fields, not 5: minute, hour, day of the month, month, day of the week"
        )
    values = [_values(text, word, field) for word, field in zip(words, _FIELDS, strict=True)]
    days, months = values[2], values[3]
    if words[4] in ("*", "?") and not any(min(days) <= _LONGEST_MONTHS[month - 1] for month in months):
        raise _refused(text, "that day never comes")
    return " ".join(words)


def _values(text: str, word: str, field: _Field) -> set[int]:
    found: set[int] = set()
    for item in word.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise _refused(text, f"{item[:40]!r} is not a {field.what}")
        if match["first"] in ("*", "?"):
            if match["last"]:
                raise _refused(text, f"{item[:40]!r} is not a {field.what}")
            first, last = field.low, field.high
        else:
            first = _number(text, match["first"], field)
            last = _number(text, match["last"], field) if match["last"] else field.high if match["step"] else first
        step = int(match["step"] or 1)
        if step == 0 or first > last:
            raise _refused(text, f"{item[:40]!r} holds no {field.what}")
        found |= set(range(first, last + 1, step))
    return found


def _number(text: str, word: str, field: _Field) -> int:
    number = field.names.get(word.lower(), int(word) if word.isascii() and word.isdecimal() else None)
    if number is None or not field.low <= number <= field.high:
        raise _refused(text, f"{word[:40]!r} is not a {field.what} ({field.low} to {field.high})")
    return number


def _refused(text: str, why: str) -> errors.InvalidInputError:
    return errors.InvalidInputError(
        f"{text[:80]!r} is not a schedule: {why}.", remedy='Write for example --cron "0 6 * * *": every day at 6:00.'
    )
