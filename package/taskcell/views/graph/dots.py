"""``graphviz`` source for a graph, and the ``dot`` program as a better layouter where there is one.

``dot`` only places; the picture is always drawn by ``drawings``, so it looks the same with and without.
"""

from __future__ import annotations

from typing import Literal

from taskcell import errors
from taskcell.views import escaping, states
from taskcell.views.graph import drawings, layouts
from taskcell.views.graph.collapsing import collapse
from taskcell.views.graph.layouts import MARGIN, Box, Layout, Point, Route
from taskcell.views.graph.payloads import Graph, Node, Role

DOT_LIMIT = 500
TIMEOUT_S = 5.0
_INCH = 72.0
Engine = Literal["auto", "dot", "own"]


def to_dot(graph: Graph, direction: layouts.Direction = "auto") -> str:
    """Return DOT source. Nodes are ``n0``, ``n1`` …; names of users appear in labels only, as plain text."""
    import graphviz

    flow = layouts.layout(graph).direction if direction == "auto" else direction
    source = graphviz.Digraph("taskcell")
    source.attr("graph", rankdir="LR" if flow == "right" else "TB", nodesep="0.22", ranksep="0.6", tooltip=" ")
    source.attr("node", shape="box", style="rounded,filled", fontname="Helvetica", fontsize="11", fixedsize="true")
    source.attr("edge", color=drawings.LIGHT.line, fontname="Helvetica", fontsize="9", arrowsize="0.7")
    wide = layouts.task_width(graph)
    for index, node in enumerate(graph.nodes):
        width, height = layouts.size(node, wide)
        source.node(f"n{index}", **_look(node), width=f"{width / _INCH:.3f}", height=f"{height / _INCH:.3f}")
    index_of = {node.id: index for index, node in enumerate(graph.nodes)}
    for edge in graph.edges:
        label = graphviz.escape(escaping.name(edge.label, 40))
        source.edge(f"n{index_of[edge.source]}", f"n{index_of[edge.target]}", label=label)
    return str(source.source)


def _look(node: Node) -> dict[str, str]:
    import graphviz

    if node.role != Role.TASK:
        label = graphviz.escape(layouts.small_text(node))
        return {"label": label, "color": "#eef0f2", "fillcolor": "#eef0f2", "tooltip": label}
    tint = drawings.colour(node.state, drawings.LIGHT) if node.state else drawings.LIGHT.muted
    sign = f"{states.look(node.state).sign} " if node.state else ""
    # Two escaped lines joined by DOT's own line break: the join must stay unescaped.
    label = graphviz.escape(sign + escaping.name(node.label, layouts.LABEL_CHARS))
    detail = graphviz.escape(escaping.name(layouts.detail(node), layouts.DETAIL_CHARS))
    return {
        "label": type(label)(f"{label}\\n{detail}") if detail else label,
        "tooltip": label,
        "color": tint,
        "fillcolor": states.mix(tint, "#ffffff", 0.07),
    }


def render(graph: Graph, engine: Engine = "auto", *, dark: bool = False, timeout_s: float = TIMEOUT_S) -> str:
    """Draw a graph as SVG, placed by ``dot`` where that is possible.

    Parameters
    ----------
    graph : Graph
        Collapsed first when it is large.
    engine : {"auto", "dot", "own"}
        ``auto`` and ``dot`` use the ``dot`` program for up to 500 nodes; when it is missing, fails or takes
        longer than ``timeout_s`` seconds, the own layout is used and the picture's description says so.

    Raises
    ------
    InvalidInputError
        There is no such engine, or the graph can't be drawn.
    """
    if engine not in ("auto", "dot", "own"):
        raise errors.InvalidInputError(f"There is no engine {engine!r}.", remedy="Engines are: auto, dot, own.")
    small = collapse(graph)
    own = layouts.layout(small)
    if engine == "own" or not small.nodes:
        return drawings.to_svg(small, dark, own)
    try:
        return drawings.to_svg(small, dark, dot_layout(small, own.direction, timeout_s), "placed by dot")
    except errors.BackendError as exc:
        return drawings.to_svg(small, dark, own, exc.message)


def dot_layout(graph: Graph, direction: Literal["right", "down"], timeout_s: float = TIMEOUT_S) -> Layout:
    """Let ``dot`` place a graph.

    Raises
    ------
    BackendError
        There is no ``dot``, it failed, it took too long, or the graph is too large for it.
    """
    import shutil
    import subprocess

    if len(graph.nodes) > DOT_LIMIT:
        raise errors.BackendError(f"The graph has more than {DOT_LIMIT} nodes, too many for dot.")
    program = shutil.which("dot")
    if program is None:
        raise errors.BackendError("The dot program is not installed.")
    try:
        done = subprocess.run(
            [program, "-Tplain"],
            input=to_dot(graph, direction).encode(),
            capture_output=True,
            timeout=timeout_s,
            check=True,
        )
        return _parse(done.stdout.decode(), graph, direction)
    except subprocess.TimeoutExpired as exc:
        raise errors.BackendError(f"dot took longer than {timeout_s:g} s.") from exc
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError, KeyError) as exc:
        raise errors.BackendError(f"dot failed: {type(exc).__name__}.") from exc


def _parse(plain: str, graph: Graph, direction: Literal["right", "down"]) -> Layout:
    """Read ``dot -Tplain``: inches from the lower left corner, positions before any text of a line."""
    boxes: dict[str, Box] = {}
    routes: dict[tuple[str, str], Route] = {}
    wide = layouts.task_width(graph)
    width = height = 0.0
    for line in plain.splitlines():
        match line.split(" "):
            case ["graph", _, across, tall, *_]:
                width, height = float(across) * _INCH, float(tall) * _INCH
            case ["node", name, x, y, *_]:
                node = graph.nodes[int(name[1:])]
                extent = layouts.size(node, wide)
                centre = _point(x, y, height)
                boxes[node.id] = Box(
                    x=round(centre[0] - extent[0] / 2, 1),
                    y=round(centre[1] - extent[1] / 2, 1),
                    width=extent[0],
                    height=extent[1],
                )
            case ["edge", tail, head, number, *rest]:
                source, target = graph.nodes[int(tail[1:])].id, graph.nodes[int(head[1:])].id
                flat = rest[: 2 * int(number)]
                points = [_point(x, y, height) for x, y in zip(flat[::2], flat[1::2], strict=True)]
                routes[source, target] = Route(source=source, target=target, points=_onto(points, boxes[target]))
    if len(boxes) != len(graph.nodes):
        raise ValueError("not every node was placed")
    return Layout(
        boxes=boxes,
        routes=tuple(routes.values()),
        width=round(width + 2 * MARGIN, 1),
        height=round(height + 2 * MARGIN, 1),
        direction=direction,
    )


def _point(x: str, y: str, height: float) -> Point:
    return round(float(x) * _INCH + MARGIN, 1), round(height - float(y) * _INCH + MARGIN, 1)


def _onto(points: list[Point], box: Box) -> tuple[Point, ...]:
    """Let the curve end on the node: ``dot`` leaves room for the arrowhead that it would draw."""
    x = min(max(points[-1][0], box.x), box.x + box.width)
    y = min(max(points[-1][1], box.y), box.y + box.height)
    return (*points[:-1], (x, y))
