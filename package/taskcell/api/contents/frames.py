"""What changed in a table: columns, types, the index, rows, cells, missing values.

Rows are matched by their labels where those are unique, else by position; where neither fits, they are counted by
what they hold.
"""

from __future__ import annotations

from typing import Any

from taskcell.api.contents import masks, shown
from taskcell.api.contents.findings import Budget, Finding
from taskcell.api.contents.tables import Table
from taskcell.views import words

_MOST_CELLS = 40_000_000
_MOST_OBJECTS = 500_000
_HASHED_CELLS = 3_000_000
_SHOWN = 3
Rows = Any
"""A slice or positions: which rows of a table are matched."""


def describe(old: Table, new: Table, budget: Budget) -> Finding:
    """Compare two tables."""
    found = Finding()
    matched = _rows(old, new, found, budget)
    pairs = _columns(old, new, found, matched, budget)
    _types(old, new, pairs, found)
    if matched is not None:
        _cells(old, new, pairs, matched, found, budget)
    if not found.sentences:
        found.say(
            "no difference in what was looked at"
            if budget.bounded
            else "the cells are equal; the tables differ in something else, such as attributes"
        )
    return found


# -- rows ------------------------------------------------------------------------------------------------------------


def _rows(old: Table, new: Table, found: Finding, budget: Budget) -> tuple[Rows, Rows] | None:
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


# -- columns ---------------------------------------------------------------------------------------------------------


def _columns(
    old: Table, new: Table, found: Finding, matched: tuple[Rows, Rows] | None, budget: Budget
) -> list[tuple[int, int]]:
    """Say which columns came, went, moved or have another name; return which of the two belong together."""
    unique = all(len(set(map(repr, table.names))) == len(table.names) for table in (old, new))
    if not unique or len(old.names) == len(new.names) == 1:
        if old.names != new.names:
            found.say(f"labels: {shown.listed(old.names)} → {shown.listed(new.names)}")
        return [(number, number) for number in range(min(len(old.names), len(new.names)))]
    places = {repr(name): number for number, name in enumerate(new.names)}
    pairs = [(number, places[repr(name)]) for number, name in enumerate(old.names) if repr(name) in places]
    gone = [number for number, name in enumerate(old.names) if repr(name) not in places]
    paired = {number for _, number in pairs}
    come = [number for number in range(len(new.names)) if number not in paired]
    renamed = _renamed(old, new, gone, come, matched, budget)
    for left, right in renamed:
        found.say(f"column {shown.label(old.names[left])} renamed to {shown.label(new.names[right])}")
    for word, numbers, table in (
        ("added", [number for number in come if number not in {right for _, right in renamed}], new),
        ("removed", [number for number in gone if number not in {left for left, _ in renamed}], old),
    ):
        if numbers:
            labels = shown.listed([table.names[number] for number in numbers], 6)
            found.say(f"{'column' if len(numbers) == 1 else f'{len(numbers):,} columns'} {word}: {labels}")
    if [right for _, right in pairs] != sorted(right for _, right in pairs):
        found.say(f"the columns are in another order: {shown.listed(new.names, 6)}")
    return [*pairs, *renamed]


def _renamed(
    old: Table, new: Table, gone: list[int], come: list[int], matched: tuple[Rows, Rows] | None, budget: Budget
) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    left = list(come)
    for number in gone:
        for other in left:
            if matched is None or old.types[number] != new.types[other] or budget.spent():
                continue
            if not _differing(old, new, (number, other), matched, budget)[2].any():
                pairs.append((number, other))
                left.remove(other)
                break
    return pairs


def _types(old: Table, new: Table, pairs: list[tuple[int, int]], found: Finding) -> None:
    for left, right in pairs:
        if old.types[left] != new.types[right]:
            found.say(f"dtype of {shown.label(new.names[right])}: {old.types[left]} → {new.types[right]}")
        before, after = old.categories(left), new.categories(right)
        if before is not None and after is not None and before != after:
            added, removed = [x for x in after if x not in before], [x for x in before if x not in after]
            said = [f"{word} {shown.listed(part)}" for word, part in (("added", added), ("removed", removed)) if part]
            found.say(f"categories of {shown.label(new.names[right])}: {', '.join(said) or 'in another order'}")


# -- cells -----------------------------------------------------------------------------------------------------------


def _cells(
    old: Table, new: Table, pairs: list[tuple[int, int]], matched: tuple[Rows, Rows], found: Finding, budget: Budget
) -> None:
    total, looked = 0, 0
    where: list[str] = []
    missing: list[str] = []
    examples: list[str] = []
    whole = isinstance(matched[0], slice) and matched == (slice(0, old.rows), slice(0, new.rows))
    for pair in pairs:
        if budget.spent():
            break
        looked += 1
        if whole and old.same(pair[0], new, pair[1]):
            continue
        left, right, differs = _differing(old, new, pair, matched, budget)
        number = int(differs.sum())
        if not number:
            continue
        label = shown.label(new.names[pair[1]])
        total += number
        where.append(label)
        gaps = int(masks.missing(left).sum()), int(masks.missing(right).sum())
        if gaps[0] != gaps[1]:
            missing.append(f"missing values in {label}: {gaps[0]:,} → {gaps[1]:,}")
        for place in differs.nonzero()[0][: max(0, _SHOWN - len(examples))]:
            row = _label(old, matched[0], int(place))
            examples.append(f"row {row}, {label}: {shown.change(left[place], right[place])}")
    if total:
        found.say(f"{words.plural(total, 'cell')} changed, in {shown.listed(where, 5)}")
        for sentence in (*examples, *missing[:_SHOWN]):
            found.say(sentence)
    if looked < len(pairs):
        found.say(f"{looked} of {len(pairs)} columns were looked at")


def _label(table: Table, rows: Rows, place: int) -> str:
    position = rows.start + place if isinstance(rows, slice) else int(rows[place])
    return f"{position}" if table.index is None else shown.label(table.index[position])


def _differing(
    old: Table, new: Table, pair: tuple[int, int], matched: tuple[Rows, Rows], budget: Budget
) -> tuple[Any, Any, Any]:
    """Return the matched cells of a column of both, and which of them differ."""
    numbers = all(kind.lower().startswith(("int", "uint", "float", "bool", "date")) for kind in
                  (old.types[pair[0]], new.types[pair[1]]))  # fmt: skip
    most = _MOST_CELLS if numbers else _MOST_OBJECTS
    left, right = (_at_most(rows, most, budget) for rows in matched)
    before, after = old.column(pair[0], left), new.column(pair[1], right)
    return before, after, masks.unequal(before, after)


def _at_most(rows: Rows, most: int, budget: Budget) -> Rows:
    if isinstance(rows, slice):
        return slice(rows.start, rows.start + budget.rows(rows.stop - rows.start, most))
    return rows[: budget.rows(len(rows), most)]
