"""Differences of two texts, line by line."""

from __future__ import annotations

from typing import Literal

import msgspec

from taskcell.views import columns, escaping
from taskcell.views.markup import Html, join, tag

Side = Literal["+", "-", " ", "@"]
_CLASSES = {"+": "tc-plus", "-": "tc-minus", "@": "tc-where", " ": None}
_MAX_LINES = 400
_MAX_CHARS = 400_000


class DiffLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line: added ``+``, removed ``-``, the same `` ``, or ``@`` for where the following lines stand."""

    side: Side
    text: str


def diff_lines(old: str, new: str, context: int = 3) -> tuple[DiffLine, ...]:
    """Compare two texts.

    Parameters
    ----------
    old, new : str
        Texts of any number of lines.
    context : int
        Number of equal lines kept around a change.

    Returns
    -------
    tuple of DiffLine
        Empty when the texts are equal. Very long differences end with a line that says how much was left out.
    """
    import difflib

    if old == new:
        return ()
    if len(old) + len(new) > _MAX_CHARS:
        return (DiffLine(side="@", text="the texts differ and are too long to compare line by line"),)
    raw = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=context))[2:]
    made = [_line(text) for text in raw[:_MAX_LINES]]
    if len(raw) > _MAX_LINES:
        made.append(DiffLine(side="@", text=f"… {len(raw) - _MAX_LINES} more lines"))
    # Texts that differ in their line ends only have no differing line.
    return tuple(made) or (DiffLine(side="@", text="only line ends differ"),)


def _line(text: str) -> DiffLine:
    if text.startswith("@@"):
        start = text.split("+", 1)[1].split(" ", 1)[0].partition(",")[0]
        return DiffLine(side="@", text=f"line {start}")
    side: Side = "+" if text[:1] == "+" else "-" if text[:1] == "-" else " "
    return DiffLine(side=side, text=text[1:])


def changed(lines: tuple[DiffLine, ...]) -> tuple[int, int]:
    """Count added and removed lines."""
    return sum(line.side == "+" for line in lines), sum(line.side == "-" for line in lines)


def counted(lines: tuple[DiffLine, ...]) -> str:
    """Say how many lines came and went: ``1 line added, 2 removed``."""
    added, removed = changed(lines)
    if not added and not removed:
        return lines[0].text if lines else "the lines are equal"
    noun = "line" if (added or removed) == 1 else "lines"
    said = [f"{number} {word}" for number, word in ((added, "added"), (removed, "removed")) if number]
    return ", ".join([said[0].replace(" ", f" {noun} ", 1), *said[1:]])


def to_lines(lines: tuple[DiffLine, ...], width: int, indent: str = "") -> list[str]:
    """Return lines for a terminal."""
    return [columns.fit(f"{indent}{line.side} {_shown(line)}".rstrip(), width) for line in lines]


def to_html(lines: tuple[DiffLine, ...]) -> Html:
    """Return a block with the lines, coloured and marked."""
    return tag(
        "pre",
        join(tag("span", _marked(line), class_=_CLASSES[line.side]) for line in lines),
        class_="tc-diff",
    )


def _marked(line: DiffLine) -> str:
    # The newline keeps lines apart where the style sheet is lost; in a block it is not shown.
    return f"{line.side if line.side != '@' else ' '} {_shown(line)}\n"


def _shown(line: DiffLine) -> str:
    return escaping.clip(escaping.visible(line.text[:2000]).expandtabs(4), 500)
