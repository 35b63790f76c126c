"""What changed in an object: parameters of an estimator, fields of a dataclass, attributes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from taskcell.api.comparisons.contents import shown, trees
from taskcell.api.comparisons.contents.findings import Budget, Finding


def describe(old: Any, new: Any, path: str, budget: Budget, deeper: trees.Describe) -> Finding:
    """Compare two objects of one class; an estimator first by its parameters, then by what fitting left."""
    found = Finding()
    if all(callable(getattr(item, "get_params", None)) and not isinstance(item, type) for item in (old, new)):
        _parameters(old, new, found, path, deeper)
    left, right = state_of(old), state_of(new)
    if not isinstance(left, dict) or not isinstance(right, dict):
        if not found.sentences and left is not None and right is not None:
            return deeper(left, right, path)
        if not found.sentences:
            found.say(f"another {shown.kind(new)}; it doesn't say what it consists of")
        return found
    said = set(old.get_params(deep=False)) if found.sentences else set()
    _attributes(left, right, said, found, path, budget, deeper)
    return found


def _parameters(old: Any, new: Any, found: Finding, path: str, deeper: trees.Describe) -> None:
    before, after = old.get_params(deep=True), new.get_params(deep=True)
    plain = [name for name in before if not hasattr(before[name], "get_params") and name != "steps"]
    for name in plain:
        if name in after and not trees.same(before[name], after[name]):
            place = f"{path}.{name}"
            trees.into(found, deeper(before[name], after[name], place), place)
    for word, names in (("gone", before.keys() - after.keys()), ("new", after.keys() - before.keys())):
        if names:
            found.say(f"parameters {word}: {shown.listed(sorted(names))}")


def _attributes(
    old: dict[Any, Any], new: dict[Any, Any], said: set[str], found: Finding, path: str, budget: Budget,
    deeper: trees.Describe,
) -> None:  # fmt: skip
    learnt = []
    for name in [*old, *(name for name in new if name not in old)]:
        if budget.spent() or name in said:
            continue
        place = f"{path}.{name}"
        if name not in new or name not in old:
            found.say(f"{place} is {'new' if name in new else 'gone'}")
        elif trees.same(old[name], new[name]):
            continue
        elif said:  # what an estimator learnt follows from its parameters
            learnt.append(str(name))
        else:
            trees.into(found, deeper(old[name], new[name], place), place)
    if learnt:
        found.say(f"what it learnt differs: {shown.listed(learnt)}")


def state_of(value: Any) -> Any | None:
    """Return what an object consists of, or None when it doesn't say."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    own = type(value).__dict__.get("__getstate__") or getattr(type(value), "__getstate__", None)
    if own is not None and own is not getattr(object, "__getstate__", None):
        try:
            return value.__getstate__()
        except (TypeError, AttributeError, NotImplementedError):
            return None
    state = dict(getattr(value, "__dict__", {}))
    state.update({name: getattr(value, name) for name in _slots(type(value)) if hasattr(value, name)})
    return state or None


def _slots(kind: type) -> Iterator[str]:
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots
