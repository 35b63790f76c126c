"""What changed in a text or in bytes."""

from __future__ import annotations

from taskcell.api.comparisons.contents import shown
from taskcell.api.comparisons.contents.findings import Finding
from taskcell.views import diffs, words

_AROUND = 20


def describe(old: str, new: str) -> Finding:
    """Compare two texts: of several lines line by line, of one line at the first difference."""
    if "\n" in old.strip("\n") or "\n" in new.strip("\n"):
        lines = diffs.diff_lines(old, new, context=1)
        return Finding(sentences=[diffs.counted(lines)], lines=lines)
    if max(len(old), len(new)) <= 2 * _AROUND:
        return Finding(sentences=[shown.change(old, new)])
    at = first_difference(old, new)
    start = max(0, at - _AROUND)
    cut = [f"{'…' if start else ''}{text[start : at + _AROUND]}{'…' if len(text) > at + _AROUND else ''}"
           for text in (old, new)]  # fmt: skip
    return Finding(sentences=[f"from character {at + 1:,}: {cut[0]!r} → {cut[1]!r}"])


def describe_bytes(old: bytes, new: bytes) -> Finding:
    """Compare two byte strings."""
    found = Finding()
    if len(old) != len(new):
        found.say(f"size: {words.size(len(old))} → {words.size(len(new))}")
    found.say(f"the first difference is at byte {first_difference(old, new):,}")
    return found


def first_difference(old: str | bytes, new: str | bytes) -> int:
    """Return the first position where two sequences differ; that of the end of the shorter one if it begins the other."""
    low, high = 0, min(len(old), len(new))
    while low < high:  # the longest common beginning, by halves: slices compare at memory speed
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
