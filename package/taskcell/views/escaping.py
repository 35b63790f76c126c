"""Text that people or programs wrote, made safe to show.

Terminal escapes are dropped, control characters are made visible, characters that reorder or hide text are
spelled out, and everything is clipped. Escaping for HTML is done by ``markup``, on top of this.
"""

from __future__ import annotations

import re
from typing import Final

ELLIPSIS: Final = "…"

# CSI and OSC/DCS sequences (ECMA-48). An unterminated string sequence is left, so that it can't hide what
# follows.
_TERMINAL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[()][0-9A-Za-z]|\x1b[=>NOcDEHM78]"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_PILED_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)
_REORDERS_OR_HIDES = (
    0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xFEFF,
    *range(0x202A, 0x202F), *range(0x2066, 0x2070), *range(0xFFF9, 0xFFFC),
)  # fmt: skip


def _table() -> dict[int, str]:
    table = {code: chr(0x2400 + code) for code in range(0x20)}
    table |= {0x7F: "␡", 0x2028: "\n", 0x2029: "\n"}
    table |= dict.fromkeys(range(0x80, 0xA0), "�")
    table |= dict.fromkeys(range(0xD800, 0xE000), "�")  # lone surrogates can't be encoded
    table |= dict.fromkeys((0xFFFE, 0xFFFF), "�")  # not allowed in XML
    table |= dict.fromkeys(range(0xE0000, 0xE0080), "�")  # invisible "tag" characters
    table |= {code: f"⟨U+{code:04X}⟩" for code in _REORDERS_OR_HIDES}
    del table[0x0A], table[0x09]
    return table


_VISIBLE = _table()


def visible(text: str) -> str:
    """Return text without terminal escapes, with every control or reordering character made visible.

    Newlines and tabs stay. A carriage return counts as a terminal would show it: the line's last writing
    wins.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _TERMINAL.sub("", text).replace("\r\n", "\n")
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return _PILED_MARKS.sub(r"\1", text.translate(_VISIBLE))


def clip(text: str, limit: int) -> str:
    """Cut text to ``limit`` characters, the last of which then is an ellipsis."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + ELLIPSIS


def name(text: str, limit: int = 80) -> str:
    """Return a name on one line: safe, a newline shown as a sign, clipped."""
    text = visible(text[: limit * 4 + 64])
    return clip(text.replace("\n", "⏎").replace("\t", " "), limit)


def sentence(text: str, limit: int = 400) -> str:
    """Return prose on one line: safe, white space closed up, clipped."""
    return clip(" ".join(visible(text[: limit * 4 + 64]).split()), limit)


def block(text: str, max_lines: int = 40, max_chars: int = 4000) -> str:
    """Return text of several lines: safe, clipped in both directions, saying what was left out."""
    kept = visible(text[:max_chars]).expandtabs(4).split("\n")
    if len(kept) > max_lines:
        kept = [*kept[:max_lines], f"{ELLIPSIS} {len(kept) - max_lines} more lines"]
    elif len(text) > max_chars:
        kept[-1] += ELLIPSIS
    return "\n".join(kept)
