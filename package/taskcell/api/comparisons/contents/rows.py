"""Which rows of two tables belong together: by their labels, their position, or what they hold."""

from __future__ import annotations

from typing import Any

from taskcell.api.comparisons.contents import shown
from taskcell.api.comparisons.contents.findings import Budget, Finding
from taskcell.api.comparisons.contents.tables import Table
from taskcell.views import words

_HASHED_CELLS = 3_000_000
_SHOWN = 3
Rows = Any
"""A slice or positions: which rows of a table are matched."""


def match(old: Table, new: Table, found: Finding, budget: Budget) -> tuple[Rows, Rows] | None:
    """Say which rows came and went; return which rows of the two belong together."""
    everything = slice(0, old.rows), slice(0, new.rows)
    if old.index is None or new.index is None:
        return everything if old.rows == new.rows else _by_content(old, new, found, budget)
    _index(old.index, new.index, found)
    numbered = _numbered(old) and _numbered(new)
    if old.rows == new.rows and (numbered or old.index.equals(new.index)):
        if numbered and _reordered(old, new, budget):
            found.say("the rows are the same in another order")
            return None
        return everything
    if not numbered and old.index.is_unique and new.index.is_unique and old.index.isin(new.index).any():
        return _by_label(old, new, found)
    if old.rows == new.rows:
        found.say("the rows have other labels")
        return everything
    return _by_content(old, new, found, budget)


def _numbered(table: Table) -> bool:
    return type(table.index).__name__ == "RangeIndex" and table.index.start == 0 and table.index.step == 1


def _index(old: Any, new: Any, found: Finding) -> None:
    facts = [
        (list(index.names), index.nlevels, [str(dtype) for dtype in getattr(index, "dtypes", [index.dtype])])
        for index in (old, new)
    ]
    if facts[0] != facts[1]:
        said = [
            f"{'/'.join(types)}{f' named {shown.listed(names)}' if any(name is not None for name in names) else ''}"
            for names, _, types in facts
        ]
        found.say(f"index: {said[0]} → {said[1]}")


def _by_label(old: Table, new: Table, found: Finding) -> tuple[Rows, Rows]:
    places = new.index.get_indexer(old.index)
    kept = (places >= 0).nonzero()[0]
    added, removed = new.rows - len(kept), old.rows - len(kept)
    if added or removed:
        for word, number, index, others in (("added", added, new.index, old.index), ("removed", removed, old.index,
                                                                                      new.index)):  # fmt: skip
            if number:
                labels = index[~index.isin(others)][:_SHOWN]
                found.say(f"{words.plural(number, 'row')} {word} ({_labels(list(labels), number)})")
    elif len(kept) and (places[1:] < places[:-1]).any():
        found.say("the rows are in another order")
    return kept, places[kept]


def _labels(labels: list[Any], number: int) -> str:
    more = f" and {words.count(number - len(labels))} more" if number > len(labels) else ""
    return f"row{'s' if number > 1 else ''} {shown.listed(labels)}{more}"


def _by_content(old: Table, new: Table, found: Finding, budget: Budget) -> tuple[Rows, Rows] | None:
    """Match rows without labels: those at the beginning, at the end, else by what they hold."""
    more = new.rows - old.rows
    count = words.plural(abs(more), "row")
    hashed = _hashes(old, new, budget)
    if hashed is None:
        if more:
            found.say(f"{count} {'more' if more > 0 else 'fewer'}")
        return None
    before, after = hashed
    common = min(len(before), len(after))
    word = "added" if more > 0 else "removed"
    if more and (before[:common] == after[:common]).all():
        found.say(f"{count} {word} at the end")
        return slice(0, common), slice(0, common)
    if more and (before[len(before) - common :] == after[len(after) - common :]).all():
        found.say(f"{count} {word} at the beginning")
        return slice(old.rows - common, old.rows), slice(new.rows - common, new.rows)
    came, went = _counted(after, before), _counted(before, after)
    if came:
        found.say(f"{words.plural(came, 'row')} added")
    if went:
        found.say(f"{words.plural(went, 'row')} removed")
    if not came and not went:
        found.say("the rows are the same in another order")
    return None


def _counted(these: Any, those: Any) -> int:
    """Count what is in these and not, or less often, in those."""
    import numpy as np

    values, counts = np.unique(these, return_counts=True)
    others, numbers = np.unique(those, return_counts=True)
    places = np.searchsorted(others, values)
    inside = np.minimum(places, max(0, len(others) - 1))
    known = (others[inside] == values) if len(others) else np.zeros(len(values), dtype=bool)
    return int(np.maximum(counts - np.where(known, numbers[inside] if len(others) else 0, 0), 0).sum())


def _hashes(old: Table, new: Table, budget: Budget) -> tuple[Any, Any] | None:
    """Return a hash of each row, without its label; None when that would take too long or can't be had."""
    cells = max(old.rows, new.rows) * max(1, len(old.names))
    if [str(name) for name in old.names] != [str(name) for name in new.names] or old.types != new.types:
        return None
    if cells > _HASHED_CELLS or budget.spent():
        budget.bounded = True
        return None
    try:
        if old.home == "polars":
            frames = [
                table.value if hasattr(table.value, "hash_rows") else table.value.to_frame() for table in (old, new)
            ]
            return frames[0].hash_rows().to_numpy(), frames[1].hash_rows().to_numpy()
        import pandas as pd

        values = [table.value.to_pandas() if table.home == "pyarrow" else table.value for table in (old, new)]
        first, second = (pd.util.hash_pandas_object(value, index=False, categorize=True).to_numpy() for value in values)
    except (TypeError, ValueError, ImportError):  # cells that have no hash
        return None
    return first, second


def _reordered(old: Table, new: Table, budget: Budget) -> bool:
    import numpy as np

    hashed = _hashes(old, new, budget)
    if hashed is None or (hashed[0] == hashed[1]).all():
        return False
    return bool((np.sort(hashed[0]) == np.sort(hashed[1])).all())
