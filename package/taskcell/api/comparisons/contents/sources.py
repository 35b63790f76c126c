"""What changed in a function or class that is a value."""

from __future__ import annotations

import inspect
from typing import Any

from taskcell.api.comparisons.contents.findings import Finding
from taskcell.views import diffs


def describe(old: Any, new: Any) -> Finding:
    """Compare two functions or classes by their text, as far as it is known."""
    found = Finding()
    if old.__qualname__ != new.__qualname__:
        found.say(f"{old.__qualname__} → {new.__qualname__}")
    before, after = _text(old), _text(new)
    if before and after and before != after:
        found.lines = diffs.diff_lines(before, after, context=1)
        found.say(diffs.counted(found.lines))
    elif not (before and after) and not found.sentences:
        found.say("its code, or what it reads, is another; the earlier text is not kept with the value")
    elif not found.sentences:
        found.say("its text is the same; what it reads (defaults, enclosed names, globals) is not")
    return found


def _text(thing: Any) -> str:
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):
        return ""
