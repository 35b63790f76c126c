"""One run, and a list of runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from taskcell.views import columns, escaping, markup, states, words
from taskcell.views.columns import Column
from taskcell.views.graph import Graph, picture
from taskcell.views.graph.placing import Placed
from taskcell.views.markup import Html, tag
from taskcell.views.states import State

MAX_ROWS = 200
_DONE = (State.SUCCEEDED, State.CACHED)
_LOUD = (State.FAILED, State.REFUSED, State.INTERRUPTED, State.RUNNING, State.CANCELLED)


class TaskRow(msgspec.Struct, frozen=True, kw_only=True):
    """One task run in a run's table.

    Attributes
    ----------
    duration_s
        Unit: seconds. None: not started, or not known. For a running task: so far.
    from_run, from_author, from_created_at
        Who made a cached result, and when.
    elements, elements_done
        Number of elements of a mapped task, and how many are done.
    seeds
        What ``--seed`` came to: one number, or one for each element that has ended.
    task
        Name of the task, which branches of a sweep share.
    started_at, ended_at
        Of the newest attempt; of a mapped task, of the first and the last of its elements. None: not yet.
    """

    id: str
    label: str
    state: State
    cached: bool = False
    attempt: int = 1
    duration_s: float | None = None
    from_run: str = ""
    from_author: str = ""
    from_created_at: datetime | None = None
    error: str = ""
    notices: tuple[str, ...] = ()
    elements: int | None = None
    elements_done: int | None = None
    seeds: tuple[int, ...] = ()
    task: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None


class RunView(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="run"):
    """One run as it stood at ``shown_at``.

    ``workflow`` is the version's reference, ``churn@7``; ``sentence`` the one-sentence answer of a run that
    ended; ``counts`` maps a state to a number of tasks, empty to count ``tasks``; ``link`` the run's link.
    A live view is also told where the graph's nodes are drawn (``placed``), and what can be done
    (``actions``: ``cancel``, ``resume``, ``reproduce``, ``rescue``). ``waits`` says for what tasks wait outside the
    run, by their ids.
    """

    id: str
    workflow: str
    state: State
    shown_at: datetime
    created_at: datetime
    sentence: str = ""
    author: str = ""
    duration_s: float | None = None
    backend: str = ""
    parameters: dict[str, Any] = {}
    tasks: tuple[TaskRow, ...] = ()
    counts: dict[str, int] = {}
    graph: Graph | None = None
    notices: tuple[str, ...] = ()
    link: str = ""
    ended_at: datetime | None = None
    cancelling: bool = False
    reproduces: str = ""
    waits: dict[str, str] = {}
    actions: tuple[str, ...] = ()
    placed: Placed | None = None
    schema: int = 1


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run in a list."""

    id: str
    workflow: str
    state: State
    created_at: datetime
    author: str = ""
    duration_s: float | None = None
    backend: str = ""
    parameters: dict[str, Any] = {}
    counts: dict[str, int] = {}
    sentence: str = ""
    tags: tuple[str, ...] = ()
    ended_at: datetime | None = None
    reproduces: str = ""


class RunList(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="runs"):
    """Runs, newest first. ``more`` says how many older ones are not listed; ``next`` is where to go on, empty: nowhere.

    ``unread`` is the number of runs of a large store that were not read yet: some of them may belong here, after these.
    """

    runs: tuple[RunRow, ...]
    shown_at: datetime
    title: str = "Runs"
    more: int = 0
    next: str = ""
    unread: int = 0
    schema: int = 1


def progress(view: RunView) -> dict[str, int]:
    """Count tasks by what they show: a cached success counts as cached."""
    if view.counts:
        return view.counts
    counts: dict[str, int] = {}
    for task in view.tasks:
        shown = shown_state(task)
        counts[shown] = counts.get(shown, 0) + 1
    return counts


def shown_state(task: TaskRow) -> State:
    """Return the state to show: a success that came from the cache is shown as cached."""
    return State.CACHED if task.cached and task.state == State.SUCCEEDED else State(task.state)


def _ended(counts: dict[str, int]) -> int:
    return sum(number for state, number in counts.items() if state not in states.OPEN)


def _facts(view: RunView) -> list[str]:
    counts = progress(view)
    total = sum(counts.values())
    cached = counts.get(State.CACHED, 0)
    by = f"by {escaping.name(view.author, 30)}, " if view.author else ""
    return [
        f"{words.count(_ended(counts))} of {words.plural(total, 'task')}",
        f"{words.count(cached)} cached" if cached else "",
        words.duration(view.duration_s),
        escaping.name(view.backend, 30),
        f"{by}{words.age(view.created_at, view.shown_at)}",
    ]


def detail(task: TaskRow, now: datetime) -> str:
    """Say the one thing to know about a task run: its error, where its result came from, how far it is."""
    said = []
    if task.error:
        said.append(escaping.sentence(task.error))
    if task.from_run:
        when = f", {words.age(task.from_created_at, now)}" if task.from_created_at else ""
        by = f" by {escaping.name(task.from_author, 30)}" if task.from_author else ""
        said.append(f"from run {words.run(escaping.name(task.from_run, 40))}{by}{when}")
    if task.elements is not None:
        done = f"{words.count(task.elements_done)} of " if task.elements_done is not None else ""
        said.append(f"{done}{words.plural(task.elements, 'element')}")
    if task.seeds:
        more = len(task.seeds) - 3
        listed = ", ".join(map(str, task.seeds[:3])) + (f" and {more} more" if more > 0 else "")
        said.append(f"{'seed' if len(task.seeds) == 1 else 'seeds'} {listed}")
    if task.attempt > 1:
        said.append(f"attempt {task.attempt}")
    said += [escaping.sentence(notice) for notice in task.notices]
    return " · ".join(said)


def kept(tasks: Sequence[TaskRow], limit: int = MAX_ROWS) -> list[TaskRow]:
    """Return the rows to show: all, or those that failed or are running first, in their own order."""
    if len(tasks) <= limit:
        return list(tasks)
    ranked = sorted(range(len(tasks)), key=lambda index: (tasks[index].state not in _LOUD, index))
    return [tasks[index] for index in sorted(ranked[:limit])]


def parameters_text(parameters: dict[str, Any], limit: int = 40) -> str:
    """Say parameters on one line: ``month=1 learning_rate=0.05``."""
    return "  ".join(f"{escaping.name(name, 30)}={words.value(item, limit)}" for name, item in parameters.items())


def chips(parameters: dict[str, Any]) -> Html:
    """Show parameters as a row of chips."""
    if not parameters:
        return Html("")
    said = (f"{escaping.name(name, 40)} = {words.value(item)}" for name, item in parameters.items())
    made = [join_chip(text) for text in said]
    return tag("div", *made, class_="tc-chips")


def join_chip(text: str) -> Html:
    """Make one chip; the blank keeps chips apart where the style sheet is lost."""
    return markup.join([markup.span(text, "chip"), " "])


def to_text(view: RunView | RunList, width: int = 100) -> str:
    """Return the view for a terminal of ``width`` cells."""
    if isinstance(view, RunList):
        return _list_text(view, width)
    facts = " · ".join(fact for fact in _facts(view) if fact)
    lines = [f"{states.said(view.state)}  {escaping.name(view.workflow, 60)}  run {escaping.name(view.id, 40)}"]
    counts = progress(view)
    total = sum(counts.values())
    share = _ended(counts) / total if total else 0.0
    lines.append(f"{columns.bar(share, 24)}  {facts}")
    if view.sentence:
        lines += columns.wrap(escaping.sentence(view.sentence), width)
    for notice in view.notices:
        lines += columns.wrap(f"! {escaping.sentence(notice)}", width)
    if view.parameters:
        lines.append(parameters_text(view.parameters))
    lines = [columns.fit(line, width) for line in lines]
    if view.tasks:
        lines += ["", *_task_lines(view, width)]
    if view.link:
        lines += ["", escaping.name(view.link, 500)]
    return "\n".join(lines)


def _task_lines(view: RunView, width: int) -> list[str]:
    shape = [
        Column(title="task", least=14),
        Column(title="state", least=12),
        Column(title="time", right=True, least=9),
        Column(title="", least=10),
    ]
    shown = kept(view.tasks)
    rows = [
        [escaping.name(task.label, 60), states.said(shown_state(task)), words.duration(task.duration_s), ""]
        for task in shown
    ]
    for row, task in zip(rows, shown, strict=True):
        row[3] = "" if task.error else detail(task, view.shown_at)
    lines = columns.table(shape, rows, width)
    for index in reversed(range(len(shown))):
        if shown[index].error:  # an error is never clipped to a column
            lines[index + 3 : index + 3] = columns.wrap(detail(shown[index], view.shown_at), width, "    ")
    return [*lines, *_left_out(len(view.tasks) - len(shown))]


def _left_out(number: int) -> list[str]:
    return [f"… and {words.plural(number, 'more task')}"] if number > 0 else []


def _list_text(view: RunList, width: int) -> str:
    if not view.runs:
        return f"{escaping.name(view.title)}: none yet."
    shape = [
        Column(title="run", least=26),
        Column(title="workflow", least=8),
        Column(title="state", least=13),
        Column(title="tasks", right=True, least=5),
        Column(title="time", right=True, least=9),
        Column(title="by", least=4),
        Column(title="when", least=10),
        Column(title="parameters", least=8),
    ]
    rows = [
        [
            escaping.name(row.id, 40),
            escaping.name(row.workflow, 40),
            states.said(row.state),
            _ratio(row.counts),
            words.duration(row.duration_s),
            escaping.name(row.author, 20),
            words.age(row.created_at, view.shown_at),
            parameters_text(row.parameters, 20),
        ]
        for row in view.runs
    ]
    more = [f"… and {words.plural(view.more, 'older run')}"] if view.more else []
    return "\n".join([*columns.table(shape, rows, width), *more])


def _ratio(counts: dict[str, int]) -> str:
    total = sum(counts.values())
    finished = sum(counts.get(state, 0) for state in _DONE)
    return f"{words.count(finished)}/{words.count(total)}" if total else "–"


def to_html(view: RunView | RunList) -> str:
    """Return the view as HTML."""
    return _list_html(view) if isinstance(view, RunList) else _run_html(view)


def _run_html(view: RunView) -> str:
    counts = progress(view)
    ident = tag("span", escaping.name(view.id, 40), class_="tc-id tc-muted", title="run id")
    title = markup.join([markup.badge(view.state), markup.named(view.workflow, 60), ident], " ")
    label = f"{_ended(counts)} of {sum(counts.values())} tasks: {states.tally(counts)}"
    parts: list[str | Html] = [markup.head(title, *_facts(view)), markup.bar(counts, label)]
    if view.sentence:
        bad = view.state in (State.FAILED, State.REFUSED, State.INTERRUPTED)
        parts.append(markup.notice(escaping.sentence(view.sentence), "error" if bad else "good"))
    parts += [markup.notice(escaping.sentence(notice)) for notice in view.notices]
    parts.append(chips(view.parameters))
    if view.graph is not None and view.graph.nodes:
        parts.append(picture(view.graph))
    if view.tasks:
        parts.append(_task_table(view))
    if view.link:
        parts.append(tag("div", escaping.name(view.link, 500), class_="tc-mono tc-muted"))
    return markup.view("run", *parts)


def _task_table(view: RunView) -> Html:
    shown = kept(view.tasks)
    rows = [
        [
            markup.named(task.label, 60),
            markup.badge(shown_state(task)),
            words.duration(task.duration_s),
            tag("span", detail(task, view.shown_at), class_=None if task.error else "tc-muted"),
        ]
        for task in shown
    ]
    made = markup.table(
        ["task", "state", "time", ""], rows, caption="Task runs", numeric=frozenset({2}), class_="tc-steady"
    )
    rest = [tag("div", text, class_="tc-muted") for text in _left_out(len(view.tasks) - len(shown))]
    return markup.join([made, *rest])


def _list_html(view: RunList) -> str:
    if not view.runs:
        return markup.view("runs", markup.head(markup.named(view.title)), tag("div", "None yet.", class_="tc-muted"))
    rows = [
        [
            tag("span", escaping.name(row.id, 40), class_="tc-id"),
            _with_tags(row),
            markup.badge(row.state),
            _ratio(row.counts),
            words.duration(row.duration_s),
            markup.named(row.author, 24),
            markup.span(
                words.age(row.created_at, view.shown_at),
                "muted tc-when",
                f"{row.created_at:%Y-%m-%d %H:%M:%S %Z}",
            ),
            markup.named(parameters_text(row.parameters, 24), 90, "mono"),
        ]
        for row in view.runs
    ]
    titles = ["run", "workflow", "state", "tasks", "time", "by", "when", "parameters"]
    made = markup.table(titles, rows, caption="Runs", numeric=frozenset({3, 4}))
    more = f"… and {words.plural(view.more, 'older run')}" if view.more else ""
    number = words.plural(len(view.runs) + view.more, "run")
    return markup.view(
        "runs",
        markup.head(markup.named(view.title), number),
        made,
        tag("div", more, class_="tc-muted") if more else "",
    )


def _with_tags(row: RunRow) -> Html:
    tags = [join_chip(escaping.name(name, 24)) for name in row.tags]
    return markup.join([markup.named(row.workflow, 40), " " if tags else "", *tags])
