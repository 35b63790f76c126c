"""A graph that is small enough to look at: many alike become one node with counts."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from taskcell.views import words
from taskcell.views.graph import payloads
from taskcell.views.graph.payloads import Edge, Graph, Node, Role
from taskcell.views.states import PROGRESS_ORDER, State

LIMIT = 200
_LOUDEST = (State.FAILED, State.REFUSED, State.INTERRUPTED, State.RUNNING, State.CANCELLED, State.STALE)


def collapse(graph: Graph, limit: int = LIMIT) -> Graph:
    """Return a graph of at most ``limit`` nodes that says the same in less detail.

    First the groups become one node each, then tasks with the same neighbours, then whole stretches of ranks.
    A graph that is small enough is returned as it is.
    """
    if len(graph.nodes) > limit:
        graph = _merge(graph, _by_group(graph), _group_label)
    if len(graph.nodes) > limit:
        graph = _merge(graph, _by_neighbours(graph), _many_label)
    if len(graph.nodes) > limit:
        graph = _merge(graph, _by_rank(graph, limit), _many_label)
    return graph


def _by_group(graph: Graph) -> list[Hashable]:
    """Key by group and rank: members of one rank can't need each other, so joining them makes no cycle."""
    rank = _ranks(graph)
    return [(node.group, rank[index]) if node.group else node.id for index, node in enumerate(graph.nodes)]


def _by_neighbours(graph: Graph) -> list[Hashable]:
    before, after = payloads.neighbours(graph)
    return [(node.role, tuple(before[index]), tuple(after[index])) for index, node in enumerate(graph.nodes)]


def _by_rank(graph: Graph, limit: int) -> list[Hashable]:
    rank = _ranks(graph)
    number = max(rank) + 1
    return [value * min(limit, number) // number for value in rank]


def _ranks(graph: Graph) -> list[int]:
    before, _ = payloads.neighbours(graph)
    rank = [0] * len(graph.nodes)
    for position in payloads.topological(graph):
        rank[position] = max((rank[source] + 1 for source in before[position]), default=0)
    return rank


def _merge(graph: Graph, keys: list[Hashable], label: Callable[[list[Node]], str]) -> Graph:
    members: dict[Hashable, list[Node]] = {}
    for key, node in zip(keys, graph.nodes, strict=True):
        members.setdefault(key, []).append(node)
    home = {node.id: nodes[0].id for nodes in members.values() for node in nodes}
    merged = tuple(nodes[0] if len(nodes) == 1 else _one(nodes, label(nodes)) for nodes in members.values())
    labels: dict[tuple[str, str], dict[str, None]] = {}
    for edge in graph.edges:
        ends = home[edge.source], home[edge.target]
        if ends[0] != ends[1]:
            labels.setdefault(ends, {}).update({edge.label: None} if edge.label else {})
    edges = tuple(
        Edge(source=ends[0], target=ends[1], label=words.listed(list(names))) for ends, names in labels.items()
    )
    return Graph(title=graph.title, nodes=merged, edges=edges, schema=graph.schema)


def _one(nodes: list[Node], label: str) -> Node:
    counts = payloads.tally(Graph(title="", nodes=tuple(nodes)))
    loudest = next((state for state in _LOUDEST if counts.get(state)), None)
    common = max((state for state in PROGRESS_ORDER if counts.get(state)), key=lambda one: counts[one], default=None)
    finished = counts.get(State.SUCCEEDED, 0) + counts.get(State.CACHED, 0)
    return Node(
        id=nodes[0].id,
        label=label,
        state=loudest or common,
        detail=f"{words.count(finished)} of {words.count(sum(counts.values()))} done" if counts else "",
        role=nodes[0].role if len({node.role for node in nodes}) == 1 else Role.TASK,
        outputs=nodes[0].outputs,
        counts=counts,
    )


def _group_label(nodes: list[Node]) -> str:
    return f"{nodes[0].group} × {words.count(len(nodes))}"


def _many_label(nodes: list[Node]) -> str:
    number = sum(max(1, sum(node.counts.values())) for node in nodes)
    return f"{nodes[0].label} … {words.plural(number, 'task')}"
