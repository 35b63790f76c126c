"""What changed in a table: columns, types, the index, rows, cells, missing values.

Which rows belong together is a matter of ``rows``.
"""

from __future__ import annotations

from typing import Any

from taskcell.api.comparisons.contents import masks, rows, shown
from taskcell.api.comparisons.contents.findings import Budget, Finding
from taskcell.api.comparisons.contents.tables import Table
from taskcell.views import words

_MOST_CELLS = 40_000_000
_MOST_OBJECTS = 500_000
_SHOWN = 3


def describe(old: Table, new: Table, budget: Budget) -> Finding:
    """Compare two tables."""
    found = Finding()
    matched = rows.match(old, new, found, budget)
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


# -- columns ---------------------------------------------------------------------------------------------------------


def _columns(
    old: Table, new: Table, found: Finding, matched: tuple[rows.Rows, rows.Rows] | None, budget: Budget
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
    old: Table,
    new: Table,
    gone: list[int],
    come: list[int],
    matched: tuple[rows.Rows, rows.Rows] | None,
    budget: Budget,
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
    old: Table,
    new: Table,
    pairs: list[tuple[int, int]],
    matched: tuple[rows.Rows, rows.Rows],
    found: Finding,
    budget: Budget,
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


def _label(table: Table, these: rows.Rows, place: int) -> str:
    position = these.start + place if isinstance(these, slice) else int(these[place])
    return f"{position}" if table.index is None else shown.label(table.index[position])


def _differing(
    old: Table, new: Table, pair: tuple[int, int], matched: tuple[rows.Rows, rows.Rows], budget: Budget
) -> tuple[Any, Any, Any]:
    """Return the matched cells of a column of both, and which of them differ."""
    numbers = all(kind.lower().startswith(("int", "uint", "float", "bool", "date")) for kind in
                  (old.types[pair[0]], new.types[pair[1]]))  # fmt: skip
    most = _MOST_CELLS if numbers else _MOST_OBJECTS
    left, right = (_at_most(these, most, budget) for these in matched)
    before, after = old.column(pair[0], left), new.column(pair[1], right)
    return before, after, masks.unequal(before, after)


def _at_most(these: rows.Rows, most: int, budget: Budget) -> rows.Rows:
    if isinstance(these, slice):
        return slice(these.start, these.start + budget.rows(these.stop - these.start, most))
    return these[: budget.rows(len(these), most)]
