"""What changed in a value made of others: the path to each place, ``config["lr"]: 0.1 → 0.05``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from taskcell import errors
from taskcell.api.comparisons.contents import shown
from taskcell.api.comparisons.contents.findings import Budget, Finding
from taskcell.hashing.values import digest_value

Describe = Callable[[Any, Any, str], Finding]
"""Compares two values that lie at a path, whatever they are."""

_MOST_PARTS = 2_000_000
_SORTED_PARTS = 50_000
_SHOWN = 5


def describe(old: Any, new: Any, path: str, budget: Budget, deeper: Describe) -> Finding:
    """Compare two mappings, sequences or sets of one type."""
    if isinstance(old, Mapping):
        return _mapping(old, new, path, budget, deeper)
    if isinstance(old, set | frozenset):
        return _set(old, new)
    return _sequence(old, new, path, budget, deeper)


def into(found: Finding, inner: Finding, path: str) -> None:
    """Take over what was found at a path; what has a path of its own keeps it."""
    for sentence in inner.sentences:
        found.say(sentence if sentence.startswith(path) else f"{path}: {sentence}")
    found.left_out += inner.left_out
    found.lines = found.lines or inner.lines


def _mapping(old: Any, new: Any, path: str, budget: Budget, deeper: Describe) -> Finding:
    found = Finding()
    for key in list(old)[: budget.rows(len(old), _MOST_PARTS)]:
        if budget.spent():
            break
        place = f"{path}[{_key(key)}]"
        if key not in new:
            found.say(f"{place} is gone; it was {shown.value(old[key])}")
        elif not same(old[key], new[key]):
            into(found, deeper(old[key], new[key], place), place)
    for key in (key for key in new if key not in old):
        found.say(f"{path}[{_key(key)}] is new: {shown.value(new[key])}")
    if not found.sentences and list(old) != list(new):
        found.say("the keys are in another order")
    return found


def _key(key: Any) -> str:
    return json.dumps(key, ensure_ascii=False) if isinstance(key, str) else shown.value(key)


def _set(old: Any, new: Any) -> Finding:
    found = Finding()
    for word, items in (("added", new - old), ("removed", old - new)):
        if items:
            listed = shown.listed(sorted(map(shown.value, items)), _SHOWN)
            found.say(f"{len(items):,} element{'s' if len(items) != 1 else ''} {word}: {listed}")
    return found


def _sequence(old: Any, new: Any, path: str, budget: Budget, deeper: Describe) -> Finding:
    found = Finding()
    if len(old) != len(new):
        found.say(f"{len(old):,} → {len(new):,} elements")
        _inserted(old, new, found, path, budget)
        return found
    seen = budget.rows(len(old), _MOST_PARTS)
    differing = []
    for index in range(seen):
        if budget.spent():
            break
        if not same(old[index], new[index]):
            differing.append(index)
    if len(differing) > 1:
        found.say(f"{len(differing):,} of {len(old):,} elements differ")
        if _reordered(old, new):
            found.say("they are the same in another order")
            return found
    for index in differing[:_SHOWN]:
        place = f"{path}[{index}]"
        into(found, deeper(old[index], new[index], place), place)
    found.left_out += max(0, len(differing) - _SHOWN)
    return found


def _reordered(old: Any, new: Any) -> bool:
    try:
        return len(old) <= _SORTED_PARTS and sorted(map(repr, old)) == sorted(map(repr, new))
    except Exception:  # noqa: BLE001 - a user's own __repr__ may raise anything, and nothing hangs on the answer
        return False


def _inserted(old: Any, new: Any, found: Finding, path: str, budget: Budget) -> None:
    """Say which stretch was put in or taken out, between an equal beginning and an equal end."""
    least = min(len(old), len(new))
    start = 0
    while start < least and start < _MOST_PARTS and not budget.spent() and same(old[start], new[start]):
        start += 1
    end = 0
    while end < least - start and end < _MOST_PARTS and not budget.spent() and same(old[-1 - end], new[-1 - end]):
        end += 1
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    if len(gone) and len(come):
        found.say(f"from {path}[{start}] on: {_items(gone)} → {_items(come)}")
    elif len(come):
        found.say(f"added at {path}[{start}]: {_items(come)}")
    elif len(gone):
        found.say(f"removed at {path}[{start}]: {_items(gone)}")


def _items(items: Any) -> str:
    return shown.listed([shown.value(item) for item in items[: _SHOWN + 1]], _SHOWN) + (
        f" and {len(items) - _SHOWN - 1:,} more" if len(items) > _SHOWN + 1 else ""
    )


def same(old: Any, new: Any) -> bool:
    """Whether two values are the same by their meaning, as keys count them."""
    if old is new:
        return True
    if type(old) is not type(new):
        return False
    if isinstance(old, int | str | bytes | None):
        return bool(old == new)
    if isinstance(old, float):
        return old == new or (old != old and new != new)
    try:
        return digest_value(old) == digest_value(new)
    except errors.UnstorableError:
        return False
