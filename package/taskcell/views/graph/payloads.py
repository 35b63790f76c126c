"""The graph as plain data."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from taskcell import errors
from taskcell.views.states import State


class Role(StrEnum):
    """What a node stands for."""

    TASK = "task"
    PARAMETER = "parameter"
    VALUE = "value"
    """A plain value of the notebook that a task reads."""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One node.

    Attributes
    ----------
    state
        None for what has no state: parameters and values.
    detail
        One short line under the name: a duration, ``cached``, why it will run, a parameter's value.
    reason
        Why it would run, in a sentence; shown below the picture, and in its tooltip.
    outputs
        Names of what it makes.
    group
        Nodes of the same non-empty group (elements of a map, branches of a sweep) are drawn as one when the
        graph is large.
    counts
        State -> number, for a node that stands for many (a mapped task, a collapsed group).
    """

    id: str
    label: str
    state: State | None = None
    detail: str = ""
    reason: str = ""
    role: Role = Role.TASK
    outputs: tuple[str, ...] = ()
    group: str = ""
    counts: dict[str, int] = {}


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """``target`` needs something from ``source``; ``label`` names it: ``model, mae``."""

    source: str
    target: str
    label: str = ""


class Graph(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="graph"):
    """Tasks and what passes between them. Nodes are kept in the order given, which decides ties."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()
    schema: int = 1


def reasons(graph: Graph, most: int = 20) -> tuple[list[Node], int]:
    """Return tasks that say why they would run, at most so many, and how many more there are.

    Without those that only wait for another: the drawing says for which.
    """
    found = [node for node in graph.nodes if node.reason and node.state is not State.MAY_RUN]
    return found[:most], max(0, len(found) - most)


def neighbours(graph: Graph) -> tuple[list[list[int]], list[list[int]]]:
    """Return, by position in ``nodes``, who is needed by and who needs each node; parallel edges count once.

    Raises
    ------
    InvalidInputError
        Two nodes have one id, or an edge names a node that is not there.
    """
    index = {node.id: position for position, node in enumerate(graph.nodes)}
    if len(index) != len(graph.nodes):
        raise errors.InvalidInputError("Two nodes of the graph have the same id.")
    before: list[list[int]] = [[] for _ in graph.nodes]
    after: list[list[int]] = [[] for _ in graph.nodes]
    for source, target in dict.fromkeys((edge.source, edge.target) for edge in graph.edges):
        if source not in index or target not in index:
            missing = target if source in index else source
            raise errors.InvalidInputError(f"An edge of the graph names {missing!r}, which is not one of its nodes.")
        before[index[target]].append(index[source])
        after[index[source]].append(index[target])
    return before, after


def topological(graph: Graph) -> list[int]:
    """Return positions of nodes, what is needed first; ties in the order given.

    Raises
    ------
    InvalidInputError
        There is a cycle; the message names it.
    """
    before, after = neighbours(graph)
    return sorted_positions(before, after, [node.label for node in graph.nodes])


def sorted_positions(before: list[list[int]], after: list[list[int]], names: list[str]) -> list[int]:
    """Order positions so that what is needed comes first; refuse a cycle."""
    waiting = [len(needs) for needs in before]
    order = [position for position, number in enumerate(waiting) if number == 0]
    for position in order:  # grows while it is walked
        for target in after[position]:
            waiting[target] -= 1
            if waiting[target] == 0:
                order.append(target)
    if len(order) < len(before):
        around = " → ".join(names[position] for position in _cycle(before, waiting)[:12])
        raise errors.InvalidInputError(f"These tasks need each other in a circle: {around}.")
    return order


def _cycle(before: list[list[int]], waiting: list[int]) -> list[int]:
    position = next(index for index, number in enumerate(waiting) if number)
    path: list[int] = []
    while position not in path:
        path.append(position)
        position = next(source for source in before[position] if waiting[source])
    circle = [*path[path.index(position) :], position]
    return circle[::-1]


def tally(graph: Graph) -> dict[str, int]:
    """Count tasks by state; a node that stands for many counts as many."""
    counts: dict[str, int] = {}
    for node in graph.nodes:
        if node.role == Role.TASK and node.state is not None:
            for state, number in (node.counts or {str(node.state): 1}).items():
                counts[state] = counts.get(state, 0) + number
    return counts
