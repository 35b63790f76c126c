"""What changed in the content of a value, in the words of whoever works with it.

One module for each kind: ``frames`` (with ``tables``), ``arrays``, ``trees``, ``texts``, ``files``, ``sources``,
``objects``. ``masks`` says which elements differ, ``findings`` holds what was found and how long it may take.
Nothing is loaded here: whoever calls has both values in hand.
"""

from __future__ import annotations

from pathlib import Path
from types import FunctionType
from typing import Any

from taskcell.api.comparisons.contents import arrays, files, frames, objects, shown, sources, tables, texts, trees
from taskcell.api.comparisons.contents.findings import Budget, Finding

__all__ = ["Budget", "Finding", "describe"]

_DEEPEST = 12


def describe(old: Any, new: Any, name: str = "value", budget: Budget | None = None) -> Finding:
    """Compare two values that are known to differ.

    Parameters
    ----------
    name
        What paths begin with: ``config["lr"]``.
    budget
        Time that it may take; afterwards its ``bounded`` tells whether something was not looked at.

    Examples
    --------
    >>> describe({"lr": 0.1}, {"lr": 0.05}, "config").said()
    ('config["lr"]: 0.1 → 0.05',)
    """
    budget = budget or Budget()
    found = _Walk(budget).describe(old, new, name)
    if not found.sentences:
        found.say("no difference in what was looked at" if budget.bounded else "it differs in something not seen here")
    return found


class _Walk:
    """One comparison: how deep it is, and the time that is left."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._depth = 0

    def describe(self, old: Any, new: Any, path: str) -> Finding:
        if self._depth > _DEEPEST:
            return Finding(sentences=["differs deep inside"])
        self._depth += 1
        try:
            return self._described(old, new, path)
        finally:
            self._depth -= 1

    def _described(self, old: Any, new: Any, path: str) -> Finding:
        if isinstance(old, Path) and isinstance(new, Path):
            return files.describe(old, new, self._budget)
        left, right = tables.table(old), tables.table(new)
        if left is not None and right is not None:
            found = frames.describe(left, right, self._budget)
            if type(old) is not type(new):
                found.sentences.insert(0, f"type: {shown.kind(old)} → {shown.kind(new)}")
            return found
        if _is_array(old) and _is_array(new):
            return arrays.describe(_array(old), _array(new), self._budget, path)
        if type(old) is not type(new):
            return Finding(sentences=[shown.change(old, new)])
        if isinstance(old, str):
            return texts.describe(old, new)
        if isinstance(old, bytes):
            return texts.describe_bytes(old, new)
        if isinstance(old, dict | list | tuple | set | frozenset):
            return trees.describe(old, new, path, self._budget, self.describe)
        if isinstance(old, FunctionType | type):
            return sources.describe(old, new)
        if type(old).__module__ == "builtins" or _is_scalar(old):
            return Finding(sentences=[shown.change(old, new)])
        return objects.describe(old, new, path, self._budget, self.describe)


def _is_array(value: Any) -> bool:
    home = type(value).__module__.partition(".")[0]
    return (home == "numpy" and getattr(value, "ndim", 0) > 0) or (
        home == "pandas" and type(value).__name__.endswith("Index")
    )


def _array(value: Any) -> Any:
    return value.to_numpy() if hasattr(value, "to_numpy") else value


def _is_scalar(value: Any) -> bool:
    home = type(value).__module__.partition(".")[0]
    known = home in ("datetime", "decimal", "uuid", "fractions", "enum", "numpy", "zoneinfo")
    return known or (home == "pandas" and type(value).__name__ in ("Timestamp", "Timedelta", "Period", "Interval"))
