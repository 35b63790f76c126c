"""Text for a terminal of fixed pitch: widths in cells, clipping, tables, bars."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from taskcell.views import escaping

_GAP = "  "
_EIGHTHS = " ▏▎▍▌▋▊▉"


def cells(text: str) -> int:
    """Return how many terminal cells a text takes."""
    if text.isascii():
        return len(text)
    return sum(_cell(character) for character in text)


def _cell(character: str) -> int:
    if unicodedata.combining(character) or character in "\u200c\u200d\ufe0e\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fit(text: str, width: int) -> str:
    """Clip a text to ``width`` cells, the last of which then is an ellipsis."""
    if cells(text) <= width:
        return text
    return _prefix(text, width - 1) + escaping.ELLIPSIS if width > 0 else ""


def _prefix(text: str, width: int) -> str:
    used = 0
    for index, character in enumerate(text):
        used += _cell(character)
        if used > width:
            return text[:index]
    return text


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Fill a text with blanks to ``width`` cells, clipping it when it is longer."""
    text = fit(text, width)
    blanks = " " * (width - cells(text))
    return blanks + text if right else text + blanks


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a text table. ``least`` is the width below which it is not squeezed. Unit: cells."""

    title: str
    right: bool = False
    least: int = 6


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, indent: str = "") -> list[str]:
    """Lay rows out under titles; the widest columns give way until the table fits ``width`` cells."""
    body = [[column.title for column in columns], *([str(item) for item in row] for row in rows)]
    natural = [max(cells(row[index]) for row in body) for index in range(len(columns))]
    least = [min(natural[index], column.least) for index, column in enumerate(columns)]
    widths = squeeze(natural, least, width - len(indent) - len(_GAP) * (len(columns) - 1))
    lines = [_line(columns, row, widths, indent) for row in body]
    rule = indent + _GAP.join("─" * size for size in widths)
    made = [lines[0], rule, *lines[1:]] if any(column.title for column in columns) else lines[1:]
    return [fit(line, width) for line in made]  # when nothing can give way any more, the right edge goes


def _line(columns: Sequence[Column], row: Sequence[str], widths: Sequence[int], indent: str) -> str:
    parts = [pad(text, size, right=column.right) for column, text, size in zip(columns, row, widths, strict=True)]
    return (indent + _GAP.join(parts)).rstrip()


def squeeze(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Shrink widths, the widest first, until they sum to ``room`` or nothing can give way."""
    widths = list(natural)
    while sum(widths) > room:
        able = [index for index in range(len(widths)) if widths[index] > least[index]]
        if not able:
            break
        widest = max(widths[index] for index in able)
        most = [index for index in able if widths[index] == widest]
        below = max((widths[index] for index in able if widths[index] < widest), default=0)
        step = max(1, min(widest - below, (sum(widths) - room) // len(most)))
        for index in most:
            widths[index] = max(least[index], widths[index] - step)
            if sum(widths) <= room:
                break
    return widths


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Break prose into lines of at most ``width`` cells, each indented; a word that is too long is broken."""
    room = max(12, width - cells(indent))
    lines = [""]
    for word in text.split():
        while word:
            line = f"{lines[-1]} {word}" if lines[-1] else word
            if cells(line) <= room:
                lines[-1], word = line, ""
            elif lines[-1]:
                lines.append("")
            else:
                head = _prefix(word, room)
                lines[-1], word = head, word[len(head) :]
                lines.append("")
    return [indent + line for line in lines if line] or [indent]


def bar(done: float, width: int) -> str:
    """Draw a bar of ``width`` cells, filled to the share ``done``."""
    eighths = round(max(0.0, min(1.0, done)) * width * 8)
    full, rest = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[rest] if rest else "")
    return filled + "░" * (width - len(filled))
