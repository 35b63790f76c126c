"""The graph as lines for a terminal: one task a line, below what it needs, branches drawn at the left."""

from __future__ import annotations

from taskcell.views import columns, escaping, states, words
from taskcell.views.graph import payloads
from taskcell.views.graph.collapsing import collapse
from taskcell.views.graph.payloads import Graph, Node, Role
from taskcell.views.states import State

_DEEPEST = 12


def to_text(graph: Graph, width: int = 100) -> str:
    """Draw a graph as text: ``✓ train  1.2 s  ← clean``. A task always stands below everything it needs."""
    counts = payloads.tally(graph)
    total = words.plural(sum(counts.values()), "task")
    title = f"{escaping.name(graph.title, 60)} · {total}" + (f": {states.tally(counts)}" if counts else "")
    drawn = lines(collapse(graph), width)
    why = _reasons(graph, width)
    return "\n".join([columns.fit(title, width), *drawn, *([""] if why else []), *why])


def _reasons(graph: Graph, width: int) -> list[str]:
    """Say why tasks would run, one after the other."""
    found, more = payloads.reasons(graph)
    made = []
    for node in found:
        sign = f"{states.look(node.state).sign} " if node.state else ""
        start = f"{sign}{escaping.name(node.label, 40)}: "
        first, *rest = columns.wrap(start + escaping.sentence(node.reason, 600), width - 2)
        made += [first, *(f"  {line}" for line in rest)]
    return [*made, f"… and {words.plural(more, 'more task')}"] if more else made


def lines(graph: Graph, width: int) -> list[str]:
    """Return the outline's lines without a title."""
    before, after = payloads.neighbours(graph)
    payloads.topological(graph)
    tasks = [index for index, node in enumerate(graph.nodes) if node.role == Role.TASK]
    rows = []
    for index, prefix in _walk(tasks, before, after):
        node = graph.nodes[index]
        needs = words.listed([escaping.name(graph.nodes[source].label, 30) for source in before[index]], 5)
        sign = states.look(node.state).sign if node.state else "•"
        rows.append((f"{prefix}{sign} {escaping.name(node.label, 40)}", _said(node), f"← {needs}" if needs else ""))
    shape = [
        columns.Column(title="", least=16),
        columns.Column(title="", least=8),
        columns.Column(title="", least=6),
    ]
    return columns.table(shape, rows, width) if rows else []


def _said(node: Node) -> str:
    said = escaping.sentence(node.detail or str(node.state or ""), 40)
    if not node.counts or "done" in said:
        return said
    finished = node.counts.get(State.SUCCEEDED, 0) + node.counts.get(State.CACHED, 0)
    return f"{said} · {words.count(finished)} of {words.count(sum(node.counts.values()))} done"


def _walk(tasks: list[int], before: list[list[int]], after: list[list[int]]) -> list[tuple[int, str]]:
    """Return tasks with what is drawn at their left; a task follows the last thing that it needed."""
    kept = set(tasks)
    waiting = {index: sum(source in kept for source in before[index]) for index in tasks}
    walked: list[tuple[int, str]] = []
    # (task, what stands left of it, what stands left of what follows it)
    stack = [(index, "", "") for index in reversed(tasks) if waiting[index] == 0]
    while stack:
        index, prefix, rest = stack.pop()
        walked.append((index, prefix))
        ready = []
        for target in after[index]:
            if target in kept:
                waiting[target] -= 1
                if waiting[target] == 0:
                    ready.append(target)
        stack.extend(reversed(_branches(ready, rest)))
    return walked


def _branches(ready: list[int], rest: str) -> list[tuple[int, str, str]]:
    if len(ready) <= 1 or len(rest) > _DEEPEST:
        return [(index, rest, rest) for index in ready]
    return [
        (index, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))
        for index, last in ((index, index == ready[-1]) for index in ready)
    ]
