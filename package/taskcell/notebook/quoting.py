"""Text from outside, shown to people: in one line, short, and unable to break out of where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")


def shortened(text: str, limit: int = 80) -> str:
    """Return the text in one line of at most ``limit`` characters; what is invisible becomes a space."""
    # Cut before the clean-up too, so that a text of many megabytes costs nothing.
    line = _UNSEEN.sub(" ", text[: 4 * limit]).strip()
    if len(line) <= limit and len(text) <= 4 * limit:
        return line
    return f"{line[: limit - 1]}…"


def shown(value: Any, limit: int = 80) -> str:
    """Return a short ``repr`` of any value, of text without building the whole of it."""
    if isinstance(value, str):
        cut = value[:limit]
        return (
            f"{ascii_only_surrogates(repr(cut))}… ({len(value):,} characters)"
            if cut != value
            else shortened(repr(value), 4 * limit)
        )
    try:
        return shortened(repr(value), limit)
    except (RecursionError, ValueError):
        # A value nested too deep, or an integer beyond the limit of digits.
        return f"<{type(value).__name__}>"


def ascii_only_surrogates(text: str) -> str:
    """Return text that can always be encoded as UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def code_span(text: str, limit: int = 120) -> str:
    """Return the text as a Markdown code span, in which neither Markdown nor HTML is interpreted."""
    line = shortened(text, limit) or "—"
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``Did you mean 'x'?`` for the nearest known word, or nothing."""
    import difflib  # only for messages of refusal

    near = difflib.get_close_matches(word[:100], list(known), n=1, cutoff=0.55)
    return f"Did you mean {near[0]!r}?" if near else ""
