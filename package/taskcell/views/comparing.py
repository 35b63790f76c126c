"""Two or more runs side by side: what differs first, what is equal folded away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from taskcell.views import columns, diffs, escaping, markup, previews, states, words
from taskcell.views.columns import Column
from taskcell.views.diffs import DiffLine
from taskcell.views.markup import Html, join, tag
from taskcell.views.previews import Preview
from taskcell.views.states import State

_CELL = 48
_CELL_TEXT = 24


class RunColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One run being compared: the head of a column."""

    id: str
    workflow: str
    state: State
    created_at: datetime
    author: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One thing, for every run. Cells are in JSON form; None: the run has no such thing."""

    name: str
    cells: tuple[Any, ...]
    differs: bool


class CodeDiff(msgspec.Struct, frozen=True, kw_only=True):
    """How the code of one task differs between two of the runs; ``new`` and ``old`` are their ids."""

    task: str
    old: str
    new: str
    lines: tuple[DiffLine, ...]


class OutputRow(msgspec.Struct, frozen=True, kw_only=True):
    """One output of one task, for every run."""

    task: str
    name: str
    cells: tuple[Preview | None, ...]
    differs: bool


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """When a task ran. Unit: seconds from its run's launch."""

    start_s: float
    end_s: float
    state: State


class TimelineRow(msgspec.Struct, frozen=True, kw_only=True):
    """When one task ran in every run; None: it did not."""

    name: str
    cells: tuple[Span | None, ...]


class Comparison(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="comparison"):
    """Runs side by side. Every row has one cell a run.

    ``durations`` are in seconds, a row a task; ``cached`` has truth values, a row a task; ``code`` lists
    only tasks whose code differs.
    """

    runs: tuple[RunColumn, ...]
    shown_at: datetime
    parameters: tuple[Row, ...] = ()
    metrics: tuple[Row, ...] = ()
    durations: tuple[Row, ...] = ()
    cached: tuple[Row, ...] = ()
    environment: tuple[Row, ...] = ()
    code: tuple[CodeDiff, ...] = ()
    outputs: tuple[OutputRow, ...] = ()
    timeline: tuple[TimelineRow, ...] = ()
    schema: int = 1


def row(name: str, cells: Sequence[Any], *, tolerance: float = 0.0) -> Row:
    """Make a row and find out whether its cells differ.

    Parameters
    ----------
    name : str
        What the row is about.
    cells : sequence
        One value a run, in JSON form.
    tolerance : float
        Relative difference up to which two numbers count as equal: for durations, which are never the same
        twice.
    """
    first = cells[0] if cells else None
    differs = any(not _same(first, cell, tolerance) for cell in cells[1:])
    return Row(name=name, cells=tuple(cells), differs=differs)


def _same(one: Any, other: Any, tolerance: float) -> bool:
    if type(one) is not type(other) and not (_number(one) and _number(other)):
        return False
    if tolerance and _number(one) and _number(other):
        return bool(abs(one - other) <= tolerance * max(abs(one), abs(other)))
    return bool(one == other) or (one != one and other != other)  # two NaN are the same answer


def _number(thing: Any) -> bool:
    return isinstance(thing, int | float) and not isinstance(thing, bool)


def _sections(view: Comparison) -> list[tuple[str, tuple[Row, ...]]]:
    named = [
        ("Parameters", view.parameters),
        ("Results", view.metrics),
        ("Environment", view.environment),
        ("Durations", view.durations),
        ("Cached", view.cached),
    ]
    return [(title, rows) for title, rows in named if rows]


def _cell(title: str, cell: Any, first: Any) -> str:
    if cell is None:
        return "–"
    if title == "Durations" and _number(cell):
        return words.duration(cell)
    if title == "Cached":
        return "cached" if cell else "executed"
    if title == "Results" and _number(cell):
        change = words.change(first, cell)
        return f"{words.number(cell)} ({change})" if change else words.number(cell)
    return escaping.name(cell, 200) if title == "Environment" and isinstance(cell, str) else words.value(cell, 200)


def summary(view: Comparison) -> str:
    """Say in one sentence what differs."""
    said = [
        words.plural(number, noun)
        for noun, number in (
            ("parameter", _differing(view.parameters)),
            ("result", _differing(view.metrics)),
            ("task's code", len({diff.task for diff in view.code})),
            ("environment entry", _differing(view.environment)),
            ("output", sum(one.differs for one in view.outputs)),
        )
        if number
    ]
    plain = [text.replace("task's codes", "tasks' code").replace("entrys", "entries") for text in said]
    return f"Differs in {', '.join(plain)}." if plain else "No difference in parameters, results, code or outputs."


def _differing(rows: tuple[Row, ...]) -> int:
    return sum(one.differs for one in rows)


def to_text(view: Comparison, width: int = 100) -> str:
    """Return the comparison for a terminal; runs that don't fit beside each other follow below."""
    lines = [f"Comparing {words.plural(len(view.runs), 'run')}. {summary(view)}"]
    for index, run in enumerate(view.runs):
        about = f"{escaping.name(run.workflow, 40)}  {words.age(run.created_at, view.shown_at)}"
        by = f"  by {escaping.name(run.author, 30)}" if run.author else ""
        lines.append(f"  {_letter(index)}  {escaping.name(run.id, 40)}  {states.said(run.state)}  {about}{by}")
    lines = [columns.fit(line, width) for line in lines]
    lines += _rows_text(view, width)
    for diff in view.code:
        lines += ["", *_code_text(view, diff, width)]
    if view.outputs:
        lines += ["", "OUTPUTS", *_outputs_text(view, width)]
    return "\n".join(lines)


def _letter(index: int) -> str:
    """Name a column: A … Z, AA …"""
    said = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        said = chr(65 + rest) + said
    return said


def _rows_text(view: Comparison, width: int) -> list[str]:
    """Lay out what differs in one table, as many runs across as fit, then say what is equal."""
    number, across = len(view.runs), max(1, (width - 24) // 18)
    lines: list[str] = []
    for start in range(0, number, across):
        chosen = range(start, min(number, start + across))
        body: list[list[str]] = []
        for title, rows in _sections(view):
            differing = [one for one in rows if one.differs]
            if differing:
                body.append([title.upper(), *("" for _ in chosen)])
                body += [
                    [f"  {escaping.name(one.name, 40)}", *(_clipped(title, one, index) for index in chosen)]
                    for one in differing
                ]
        if body:
            shape = [Column(title="", least=14), *(Column(title=_letter(index), least=6) for index in chosen)]
            lines += ["", *columns.table(shape, body, width)]
    equal = [escaping.name(one.name, 24) for _, rows in _sections(view) for one in rows if not one.differs]
    if equal:
        lines += [
            "",
            columns.fit(f"{words.plural(len(equal), 'equal row')} hidden: {words.listed(equal, 6)}", width),
        ]
    return lines


def _clipped(title: str, one: Row, index: int) -> str:
    return escaping.clip(_cell(title, one.cells[index], one.cells[0]), _CELL_TEXT + 8)


def _run_name(view: Comparison, run_id: str) -> str:
    found = next((index for index, run in enumerate(view.runs) if run.id == run_id), None)
    return words.run(escaping.name(run_id, 40)) if found is None else _letter(found)


def _code_title(view: Comparison, diff: CodeDiff) -> str:
    added, removed = diffs.changed(diff.lines)
    pair = f"{_run_name(view, diff.old)} → {_run_name(view, diff.new)}"
    return f"{escaping.name(diff.task, 60)} · {pair} · +{added} −{removed}"


def _code_text(view: Comparison, diff: CodeDiff, width: int) -> list[str]:
    return [f"CODE  {_code_title(view, diff)}", *diffs.to_lines(diff.lines, width, "  ")]


def _outputs_text(view: Comparison, width: int) -> list[str]:
    lines: list[str] = []
    for one in view.outputs:
        if one.differs:
            lines.append(columns.fit(f"  {_output_name(one)}", width))
            for index, preview in enumerate(one.cells):
                shown = previews.to_lines(preview, width - 10)
                lines += [
                    f"    {_letter(index) + ':':<4}{shown[0]}",
                    *(f"        {line}" for line in shown[1:]),
                ]
    equal = [_output_name(one) for one in view.outputs if not one.differs]
    if equal:
        lines.append(columns.fit(f"  {words.plural(len(equal), 'equal row')} hidden: {words.listed(equal, 6)}", width))
    return lines


def _output_name(one: OutputRow) -> str:
    return f"{escaping.name(one.task, 40)}.{escaping.name(one.name, 40)}"


def to_html(view: Comparison) -> str:
    """Return the comparison as HTML: any number of runs; what is equal opens on a click."""
    heads = [_head(run, index, view) for index, run in enumerate(view.runs)]
    number = words.plural(len(view.runs), "run")
    parts = [
        markup.head(f"Comparing {number}", summary(view)),
        markup.table(["", "run", "state", "workflow", "by", "when"], heads, caption="Runs compared"),
        *_rows_html(view),
    ]
    code = [
        markup.folded(_code_title(view, diff), diffs.to_html(diff.lines), opened=len(view.code) <= 4)
        for diff in view.code
    ]
    if code:
        parts.append(markup.section("Code", *code))
    if view.outputs:
        parts.append(_outputs_html(view))
    return markup.view("comparison", *parts)


def _head(run: RunColumn, index: int, view: Comparison) -> list[str | Html]:
    return [
        markup.span(_letter(index), "strong"),
        markup.span(escaping.name(run.id, 40), "id"),
        markup.badge(run.state),
        markup.named(run.workflow, 40),
        markup.named(run.author, 24),
        markup.span(
            words.age(run.created_at, view.shown_at),
            "muted tc-when",
            f"{run.created_at:%Y-%m-%d %H:%M:%S %Z}",
        ),
    ]


def _rows_html(view: Comparison) -> list[Html]:
    differing = _table_rows(view, differs=True)
    equal = _table_rows(view, differs=False)
    made = [markup.table(_titles(view), differing, caption="What differs")] if differing else []
    number = sum(len(one) > 1 for one in equal)
    if number:
        table = markup.table(_titles(view), equal, caption="What is equal")
        made.append(markup.folded(words.plural(number, "equal row"), table))
    return made


def _table_rows(view: Comparison, *, differs: bool) -> list[list[str | Html]]:
    body: list[list[str | Html]] = []
    for title, rows in _sections(view):
        chosen = [one for one in rows if one.differs == differs]
        if chosen:
            body.append([title])
            body += [[markup.named(one.name, 60), *_cells(title, one)] for one in chosen]
    return body


def _cells(title: str, one: Row) -> list[Html]:
    return [markup.named(_cell(title, cell, one.cells[0]), _CELL) for cell in one.cells]


def _titles(view: Comparison) -> list[str | Html]:
    return [
        "",
        *(tag("span", _letter(index), title=f"run {escaping.name(run.id, 40)}") for index, run in enumerate(view.runs)),
    ]


def _outputs_html(view: Comparison) -> Html:
    differing = [one for one in view.outputs if one.differs]
    equal = [one for one in view.outputs if not one.differs]
    content = [_outputs_table(differing, view, whole=True)] if differing else []
    if equal:
        said = words.plural(len(equal), "equal row")
        content.append(markup.folded(said, _outputs_table(equal, view, whole=False)))
    return markup.section("Outputs", *content)


def _outputs_table(rows: list[OutputRow], view: Comparison, *, whole: bool) -> Html:
    """Put previews side by side; equal ones are shown once."""
    titles = _titles(view) if whole else ["", "all runs"]
    body = [
        [
            join([markup.named(one.name, 60), tag("div", escaping.name(one.task, 60), class_="tc-muted")]),
            *(previews.to_html(cell) for cell in (one.cells if whole else one.cells[:1])),
        ]
        for one in rows
    ]
    return markup.table(titles, body, caption="Outputs")
