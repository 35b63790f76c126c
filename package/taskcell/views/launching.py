"""What a launch would do, before it does it."""

from __future__ import annotations

from typing import Any

import msgspec

from taskcell.views import columns, escaping, markup, runs, states, words
from taskcell.views.columns import Column
from taskcell.views.graph import Graph, picture
from taskcell.views.graph.placing import Placed
from taskcell.views.markup import Html, tag
from taskcell.views.states import State


class LaunchTask(msgspec.Struct, frozen=True, kw_only=True):
    """What a launch would do with one task.

    ``state`` is ``cached``, ``will run``, ``may run`` or ``refused``; ``reason`` says why. ``expected_s`` is the typical
    duration of its earlier executions, in seconds; None: it never ran.
    """

    id: str
    label: str
    state: State
    reason: str = ""
    expected_s: float | None = None


class LaunchPreview(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="launch-preview"):
    """What a launch would do.

    ``expected_s`` is the whole run's expected wall time in seconds, None when nothing is known; ``samples``
    is the number of earlier runs it rests on. ``problems`` are sentences: with any of them the launch would
    be refused. A live view is also told where the graph's nodes are drawn, and the same launch as Python (``code``) and
    as a shell's command.
    """

    workflow: str
    backend: str
    parameters: dict[str, Any] = {}
    sweep: dict[str, list[Any]] = {}
    tasks: tuple[LaunchTask, ...] = ()
    expected_s: float | None = None
    samples: int = 0
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    graph: Graph | None = None
    placed: Placed | None = None
    code: str = ""
    command: str = ""
    schema: int = 1


def counts(view: LaunchPreview) -> dict[str, int]:
    """Count tasks by what would happen to them."""
    found: dict[str, int] = {}
    for task in view.tasks:
        found[task.state] = found.get(task.state, 0) + 1
    return found


def expectation(view: LaunchPreview) -> str:
    """Say how long it is expected to take, and on what that rests."""
    if view.expected_s is None:
        return "duration unknown"
    rests = f" (from {words.plural(view.samples, 'run')})" if view.samples else ""
    return f"about {words.duration(view.expected_s)}{rests}"


def _sweep(view: LaunchPreview) -> str:
    said = [
        f"{escaping.name(name, 30)} over {words.plural(len(values), 'value')}" for name, values in view.sweep.items()
    ]
    return f"sweeps {', '.join(said)}" if said else ""


def to_text(view: LaunchPreview, width: int = 100) -> str:
    """Return the preview for a terminal."""
    facts = [escaping.name(view.backend, 30), states.tally(counts(view)), expectation(view), _sweep(view)]
    lines = [f"{escaping.name(view.workflow, 60)} on " + " · ".join(fact for fact in facts if fact)]
    for problem in view.problems:
        lines += columns.wrap(f"{states.look(State.REFUSED).sign} {escaping.sentence(problem)}", width)
    for notice in view.notices:
        lines += columns.wrap(f"! {escaping.sentence(notice)}", width)
    if view.parameters:
        lines.append(runs.parameters_text(view.parameters))
    lines = [columns.fit(line, width) for line in lines]
    shown = view.tasks[: runs.MAX_ROWS]
    if shown:
        shape = [
            Column(title="task", least=14),
            Column(title="would", least=10),
            Column(title="expected", right=True, least=8),
            Column(title="why", least=10),
        ]
        taken = max(columns.cells(escaping.name(task.label, 60)) for task in shown)
        room = max(24, width - min(taken, width // 3) - 28)  # what the other columns and gaps leave
        rows = [row for task in shown for row in _rows(task, room)]
        lines += ["", *columns.table(shape, rows, width)]
    if len(view.tasks) > len(shown):
        lines.append(f"… and {words.plural(len(view.tasks) - len(shown), 'more task')}")
    return "\n".join(lines)


def _rows(task: LaunchTask, room: int) -> list[list[str]]:
    """Return a task's row, and further ones for the rest of a long reason."""
    first, *rest = columns.wrap(escaping.sentence(task.reason, 400), room)
    top = [escaping.name(task.label, 60), states.said(task.state), _expected(task), first]
    return [top, *(["", "", "", line] for line in rest)]


def _expected(task: LaunchTask) -> str:
    return words.duration(task.expected_s) if task.state in (State.WILL_RUN, State.MAY_RUN) else ""


def to_html(view: LaunchPreview) -> str:
    """Return the preview as HTML."""
    legend = [
        markup.sign(states.look(state).sign, states.look(state).middle, f"{number:,} {state}")
        for state, number in sorted(counts(view).items(), key=lambda item: states.PROGRESS_ORDER.index(State(item[0])))
    ]
    facts = [escaping.name(view.backend, 30), *legend, expectation(view), _sweep(view)]
    parts: list[str | Html] = [markup.head(markup.join(["Launch ", markup.named(view.workflow, 60)]), *facts)]
    parts += [markup.notice(escaping.sentence(problem), "error") for problem in view.problems]
    parts += [markup.notice(escaping.sentence(notice)) for notice in view.notices]
    parts.append(runs.chips(view.parameters | view.sweep))
    if view.graph is not None and view.graph.nodes:
        parts.append(picture(view.graph))
    if view.tasks:
        parts.append(_table(view))
    return markup.view("launch", *parts)


def _table(view: LaunchPreview) -> Html:
    shown = view.tasks[: runs.MAX_ROWS]
    rows = [
        [
            markup.named(task.label, 60),
            markup.badge(task.state),
            _expected(task),
            markup.span(escaping.sentence(task.reason, 300), "muted"),
        ]
        for task in shown
    ]
    made = markup.table(["task", "would", "expected", "why"], rows, caption="Tasks", numeric=frozenset({2}))
    left = len(view.tasks) - len(shown)
    more = tag("div", f"… and {words.plural(left, 'more task')}", class_="tc-muted") if left else Html("")
    return markup.join([made, more])
