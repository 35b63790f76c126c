"""Where nodes and edges go: longest-path ranks, few crossings, straight edges. Pure Python, deterministic.

Units are pixels of the picture. ``along`` is the direction of the flow, ``across`` is at right angles to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from taskcell.views import columns, escaping
from taskcell.views.graph import ordering, payloads
from taskcell.views.graph.payloads import Graph, Node, Role

Direction = Literal["auto", "right", "down"]
Point = tuple[float, float]

LABEL_CHARS = 26
DETAIL_CHARS = 30
MARGIN = 16.0
_GAP_ACROSS = 16.0
_COMFORTABLE_WIDTH = 1000.0
_MAX_BENDS = 8_000
"""Bends of edges that pass ranks. With more the picture takes longer than a second, and nobody can follow an edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where a node is: its top left corner and its size. Unit: pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An edge as cubic Bézier curves: a start, then three points for each curve."""

    source: str
    target: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Positions of everything. ``direction`` is ``right`` or ``down``. Unit: pixels."""

    boxes: dict[str, Box]
    routes: tuple[Route, ...]
    width: float
    height: float
    direction: Literal["right", "down"]


def layout(graph: Graph, direction: Direction = "auto") -> Layout:
    """Place a graph.

    Parameters
    ----------
    graph : Graph
        Any size; 5,000 nodes take about a second.
    direction : {"auto", "right", "down"}
        ``auto``: to the right while that fits a notebook's width, else whichever picture is narrower.

    Returns
    -------
    Layout
        Boxes that don't overlap, in the same place each time for the same graph.

    Raises
    ------
    InvalidInputError
        There is a cycle, two nodes have one id, or an edge names no node.
    """
    before, after = payloads.neighbours(graph)
    order = payloads.sorted_positions(before, after, [node.label for node in graph.nodes])
    rank = _ranks(order, before, after)
    chosen = _direction(graph, rank) if direction == "auto" else direction
    wide = task_width(graph)
    sizes = [size(node, wide) for node in graph.nodes]
    gap = gap_along(graph, chosen)
    placed = [_place(graph, part, rank, after, sizes, gap, chosen) for part in _components(order, before, after)]
    return _pack(graph, placed, chosen)


def size(node: Node, width: float) -> tuple[float, float]:
    """Return a node's width and height: tasks share one width, the rest is as wide as its text."""
    if node.role != Role.TASK:
        shown = small_text(node)
        return max(36.0, 16 + columns.cells(shown) * 6.6), 24.0
    return width, 54.0 if node.counts else 46.0


def small_text(node: Node) -> str:
    """Return what a parameter or a value says: ``month = 1``."""
    text = escaping.name(node.label, LABEL_CHARS)
    return f"{text} = {escaping.name(node.detail, 14)}" if node.detail else text


def task_width(graph: Graph) -> float:
    """Return the width that all tasks of a graph share: what their names and details need."""
    tasks = [node for node in graph.nodes if node.role == Role.TASK]
    names = max((min(columns.cells(escaping.name(node.label, LABEL_CHARS)), LABEL_CHARS) for node in tasks), default=0)
    details = max((min(columns.cells(escaping.name(detail(node))), DETAIL_CHARS) for node in tasks), default=0)
    return float(round(max(112.0, 50 + names * 8.0, 50 + details * 6.5)))


def detail(node: Node) -> str:
    """Return the line under a task's name: its detail, else the word of its state."""
    return node.detail or (str(node.state) if node.state else "")


def gap_along(graph: Graph, direction: Literal["right", "down"]) -> float:
    """Return the room between ranks: more when edges carry names."""
    if direction == "down":
        return 46.0
    longest = max((len(edge.label) for edge in graph.edges), default=0)
    return 44.0 if longest == 0 else min(140.0, 40.0 + longest * 6.2)


def _ranks(order: list[int], before: list[list[int]], after: list[list[int]]) -> list[int]:
    rank = [0] * len(order)
    for position in order:
        rank[position] = max((rank[source] + 1 for source in before[position]), default=0)
    for position in reversed(order):
        if not before[position] and after[position]:  # a source stands next to what needs it
            rank[position] = min(rank[target] for target in after[position]) - 1
    return rank


def _direction(graph: Graph, rank: list[int]) -> Literal["right", "down"]:
    if not rank:
        return "right"
    number = max(rank) + 1
    widest = max(rank.count(value) for value in set(rank)) if len(rank) < 2000 else len(rank) // number
    wide = task_width(graph)
    right = number * wide + (number - 1) * gap_along(graph, "right") + 2 * MARGIN
    down = widest * (wide + _GAP_ACROSS) + 2 * MARGIN
    return "right" if right <= max(_COMFORTABLE_WIDTH, down) else "down"


def _components(order: list[int], before: list[list[int]], after: list[list[int]]) -> list[list[int]]:
    """Split into parts that are not joined, each in topological order, by their first node."""
    part = [-1] * len(order)
    parts: list[list[int]] = []
    for start in range(len(order)):
        if part[start] >= 0:
            continue
        part[start] = len(parts)
        stack = [start]
        while stack:
            position = stack.pop()
            for other in (*before[position], *after[position]):
                if part[other] < 0:
                    part[other] = len(parts)
                    stack.append(other)
        parts.append([])
    for position in order:
        parts[part[position]].append(position)
    return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """One component at its own origin. Curves are points of (along, across)."""

    boxes: dict[str, Box]
    curves: list[tuple[str, str, list[Point]]]
    width: float
    height: float


@dataclass(slots=True)
class _Layers:
    """Ranks with bends: members below ``real`` are nodes, the others are bends of edges."""

    ranks: list[list[int]]
    up: list[list[int]]
    down: list[list[int]]
    paths: list[list[int]]
    rank: list[int]
    chains: list[list[int]]
    """The bends of each source, in order."""


def _layers(part: list[int], rank: list[int], after: list[list[int]]) -> _Layers:
    """Number the part's nodes from 0 and give long edges a bend in each rank they pass.

    Edges from one source share their bends: they leave as one line and part where they must.
    """
    local = {position: index for index, position in enumerate(part)}
    lowest = min(rank[position] for position in part)
    made = _Layers([], [[] for _ in part], [[] for _ in part], [], [rank[position] - lowest for position in part], [])
    made.ranks = [[] for _ in range(max(made.rank) + 1)]
    for index in range(len(part)):
        made.ranks[made.rank[index]].append(index)
    long = sorted(
        ((made.rank[local[target]] - made.rank[local[source]], local[source], local[target]))
        for source in part
        for target in after[source]
    )
    bends: dict[tuple[int, int], int] = {}
    for span, source, target in long:
        made.paths.append(_bend(made, bends, source, target) if span > 1 else [source, target])
        if span == 1:
            _link(made, source, target)
    chains: dict[int, list[int]] = {}
    for (source, _), bend in bends.items():
        chains.setdefault(source, []).append(bend)
    made.chains = list(chains.values())
    return made


def _bend(made: _Layers, bends: dict[tuple[int, int], int], source: int, target: int) -> list[int]:
    if len(bends) > _MAX_BENDS:
        return [source, target]  # drawn straight across: a picture that large is not read edge by edge
    path = [source]
    for level in range(made.rank[source] + 1, made.rank[target]):
        bend = bends.get((source, level))
        if bend is None:
            bend = bends[source, level] = len(made.up)
            made.up.append([])
            made.down.append([])
            made.rank.append(level)
            made.ranks[level].append(bend)
            _link(made, path[-1], bend)
        path.append(bend)
    _link(made, path[-1], target)
    return [*path, target]


def _link(made: _Layers, source: int, target: int) -> None:
    made.down[source].append(target)
    made.up[target].append(source)


def _place(
    graph: Graph,
    part: list[int],
    rank: list[int],
    after: list[list[int]],
    extents: list[tuple[float, float]],
    gap: float,
    direction: Literal["right", "down"],
) -> _Placed:
    made = _layers(part, rank, after)
    sizes = [extents[position] for position in part]
    rightward = direction == "right"
    across = [height if rightward else width for width, height in sizes] + [0.0] * (len(made.up) - len(part))
    along = [width if rightward else height for width, height in sizes]
    ranks = ordering.order(made.ranks, made.up, made.down)
    centres = ordering.spread(ranks, made.up, made.down, across, _GAP_ACROSS)
    ordering.straighten(ranks, made.chains, across, _GAP_ACROSS, centres)
    lowest = min(centre - extent / 2 for centre, extent in zip(centres, across, strict=True))
    centres = [centre - lowest for centre in centres]
    bands = _bands(ranks, along, gap)
    turn = _turn(direction)
    boxes = {
        graph.nodes[position].id: _box(bands[made.rank[index]], centres[index], sizes[index], turn)
        for index, position in enumerate(part)
    }
    names = [graph.nodes[position].id for position in part]
    curves = [(names[path[0]], names[path[-1]], _curve(path, made.rank, bands, centres, along)) for path in made.paths]
    extent = max(centre + size_ / 2 for centre, size_ in zip(centres, across, strict=True))
    width, height = (bands[-1][1], extent) if rightward else (extent, bands[-1][1])
    return _Placed(boxes=boxes, curves=curves, width=width, height=height)


def _bands(ranks: list[list[int]], along: list[float], gap: float) -> list[tuple[float, float]]:
    """Return where each rank begins and ends along the flow."""
    bands, edge = [], 0.0
    for members in ranks:
        thick = max([along[member] for member in members if member < len(along)], default=0.0)
        bands.append((edge, edge + thick))
        edge += thick + gap
    return bands


@dataclass(frozen=True, slots=True)
class _turn:  # noqa: N801 - used as a function: (along, across) -> (x, y)
    direction: Literal["right", "down"]

    def __call__(self, along: float, across: float) -> Point:
        return (along, across) if self.direction == "right" else (across, along)


def _box(band: tuple[float, float], centre: float, extent: tuple[float, float], turn: _turn) -> Box:
    width, height = extent
    x, y = turn((band[0] + band[1]) / 2, centre)
    return Box(x=x - width / 2, y=y - height / 2, width=width, height=height)


def _curve(
    path: list[int],
    rank: list[int],
    bands: list[tuple[float, float]],
    centres: list[float],
    along: list[float],
) -> list[Point]:
    """Route an edge: straight through the ranks it passes, curved in the room between them."""
    first = path[0]
    here, across = sum(bands[rank[first]]) / 2 + along[first] / 2, centres[first]
    points = [(here, across)]
    for member in path[1:]:
        begin, end = bands[rank[member]]
        centre, bend = centres[member], member >= len(along)
        enter = begin if bend else (begin + end) / 2 - along[member] / 2
        middle = (here + enter) / 2
        points += ((middle, across), (middle, centre), (enter, centre))
        here, across = enter, centre
        if bend:
            here = end
            points += ((begin, centre), (end, centre), (end, centre))
    return points


def _pack(graph: Graph, parts: list[_Placed], direction: Literal["right", "down"]) -> Layout:
    """Put components on shelves, the large ones first."""
    gap = 28.0
    area = sum((part.width + gap) * (part.height + gap) for part in parts)
    room = max([_COMFORTABLE_WIDTH if direction == "right" else 0.0, (area * 1.6) ** 0.5, *(p.width for p in parts)])
    boxes: dict[str, Box] = {}
    routes: list[Route] = []
    x = y = shelf = width = 0.0
    for part in sorted(parts, key=lambda one: -one.width * one.height):
        if x and x + part.width > room:
            x, y, shelf = 0.0, y + shelf + gap, 0.0
        boxes |= {name: _move_box(box, x + MARGIN, y + MARGIN) for name, box in part.boxes.items()}
        place = (x + MARGIN, y + MARGIN)
        routes += [
            Route(source=one, target=other, points=_points(curve, place, direction))
            for one, other, curve in part.curves
        ]
        width, shelf = max(width, x + part.width), max(shelf, part.height)
        x += part.width + gap
    ordered = {node.id: boxes[node.id] for node in graph.nodes}
    return Layout(
        boxes=ordered,
        routes=tuple(routes),
        width=round(width + 2 * MARGIN, 1),
        height=round(y + shelf + 2 * MARGIN, 1),
        direction=direction,
    )


def _move_box(box: Box, x: float, y: float) -> Box:
    return Box(x=round(box.x + x, 1), y=round(box.y + y, 1), width=box.width, height=box.height)


def _points(curve: list[Point], place: Point, direction: Literal["right", "down"]) -> tuple[Point, ...]:
    x, y = place
    if direction == "right":
        return tuple([(round(along + x, 1), round(across + y, 1)) for along, across in curve])
    return tuple([(round(across + x, 1), round(along + y, 1)) for along, across in curve])
