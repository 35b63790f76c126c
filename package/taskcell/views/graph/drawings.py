"""The graph as one SVG file: no script, no font, no reference to anything outside it.

It carries its own card, because an image in a page can't see the page's theme. A state is told by a sign
drawn as a path, by a word and by a colour.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from taskcell.views import columns, escaping, states
from taskcell.views.graph import layouts
from taskcell.views.graph.layouts import Box, Layout, Point
from taskcell.views.graph.payloads import Graph, Node, Role
from taskcell.views.markup import Html, join, tag
from taskcell.views.states import State

FONT = "system-ui,-apple-system,'Segoe UI','DejaVu Sans',Verdana,sans-serif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours of what has no state."""

    card: str
    rim: str
    text: str
    muted: str
    line: str
    dark: bool


LIGHT = Palette(card="#ffffff", rim="#e4e7eb", text="#1f2933", muted="#5a6672", line="#9aa5b1", dark=False)
DARK = Palette(card="#14171b", rim="#2b3138", text="#e6eaee", muted="#a3adb8", line="#6b7682", dark=True)

# Signs as paths in a field of 12 by 12 around the origin. "f" is filled, "s" is stroked.
_SIGNS: dict[State, tuple[str, str]] = {
    State.CACHED: ("f", "M0-5 5 0 0 5-5 0Z"),
    State.STALE: ("s", "M0-5 5 0 0 5-5 0Z"),
    State.WILL_RUN: ("s", "M-3-4.5 4.5 0-3 4.5Z"),
    State.MAY_RUN: ("s", "M-2-3 3 0-2 3Z"),
    State.REFUSED: ("s", "M5 0A5 5 0 1 1-5 0 5 5 0 1 1 5 0ZM-3.4 3.4 3.4-3.4"),
    State.PENDING: ("s", "M4.6 0A4.6 4.6 0 1 1-4.6 0 4.6 4.6 0 1 1 4.6 0Z"),
    State.RUNNING: ("f", "M-3.5-5 5 0-3.5 5Z"),
    State.SUCCEEDED: ("s", "M-5 .5-1.5 4 5-3.5"),
    State.FAILED: ("s", "M-4-4 4 4M4-4-4 4"),
    State.CANCELLED: ("f", "M-4-4H4V4H-4Z"),
    State.SKIPPED: ("s", "M-5 2A4.5 4.5 0 0 1 3.6.6M4.4-3.4 3.9 1-.3.2"),
    State.INTERRUPTED: ("s", "M-2.5-4.5V4.5M2.5-4.5V4.5"),
}


def to_svg(graph: Graph, dark: bool = False, placed: Layout | None = None, note: str = "") -> str:
    """Draw a graph.

    Parameters
    ----------
    graph : Graph
        What to draw, as it is: see ``collapse`` for large ones.
    dark : bool
        For a dark surface. The light card reads on both.
    placed : Layout, optional
        Where everything goes. None: ``layout(graph)``.
    note : str
        Something to keep in the picture's description, for example why ``dot`` was not used.

    Returns
    -------
    str
        An ``<svg>`` element with width, height and a title.
    """
    placed = placed or layouts.layout(graph)
    palette = DARK if dark else LIGHT
    edges = join(_edge(route.points, _label(graph, route), palette) for route in placed.routes)
    nodes = join(_node(node, placed.boxes[node.id], palette) for node in graph.nodes)
    card = tag(
        "rect",
        x=0.5,
        y=0.5,
        width=placed.width - 1,
        height=placed.height - 1,
        rx=8,
        fill=palette.card,
        stroke=palette.rim,
    )
    return tag(
        "svg",
        tag("title", escaping.name(graph.title)),
        tag("desc", note) if note else Html(""),
        tag("style", Html(_style(palette))),
        card,
        tag("g", edges, class_="e"),
        nodes,
        tag("g", join(_edge_names(graph, placed)), class_="n"),
        xmlns="http://www.w3.org/2000/svg",
        width=placed.width,
        height=placed.height,
        viewBox=f"0 0 {placed.width:g} {placed.height:g}",
        class_=_scope(palette),
        font_family=FONT,
        role="img",
    )


def _style(palette: Palette) -> str:
    """Return rules that hold in this picture alone, also when it is put into a page as it is."""
    rules = (
        (".e path", f"fill:none;stroke:{palette.line};stroke-width:1.3"),
        (".e .a", f"fill:{palette.line};stroke:none"),
        ("text", f"fill:{palette.text}"),
        (".l", "font-size:13px;font-weight:600"),
        (".d", f"font-size:11px;fill:{palette.muted}"),
        (".p", f"font-size:11px;fill:{palette.muted}"),
        (".n text", f"font-size:10.5px;fill:{palette.muted};stroke:{palette.card};stroke-width:3px"),
        (".n text", "paint-order:stroke"),
    )
    return "".join(f".{_scope(palette)} {where}{{{what}}}" for where, what in rules)


def _scope(palette: Palette) -> str:
    return "tc-svg-dark" if palette.dark else "tc-svg-light"


def colour(state: str, palette: Palette) -> str:
    """Return a state's colour on a palette's ground."""
    found = states.look(state)
    return found.dark if palette.dark else found.light


def _node(node: Node, box: Box, palette: Palette) -> Html:
    title = tag("title", _tooltip(node))
    if node.role != Role.TASK:
        return tag("g", title, _pill(node, box, palette))
    tint = colour(node.state, palette) if node.state else palette.muted
    fill = states.mix(tint, palette.card, 0.16 if palette.dark else 0.07)
    edge = states.mix(tint, palette.card, 0.75)
    dashes = "4 3" if node.state and states.look(node.state).dashed else None
    outline: dict[str, str | float] = {"width": box.width, "height": box.height, "rx": 8, "fill": fill}
    outline["stroke"] = edge
    back = tag("rect", x=box.x + 4, y=box.y - 4, **outline) if node.counts else Html("")
    ground = tag("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=8, fill=palette.card)
    front = tag("rect", x=box.x, y=box.y, stroke_dasharray=dashes, stroke_width=1.3, **outline)
    sign = _sign(node.state, box.x + 19, box.y + 23, tint) if node.state else Html("")
    return tag("g", title, back, ground, front, sign, _words(node, box), _shares(node, box, palette))


def _tooltip(node: Node) -> str:
    said = [
        escaping.name(node.label, 300),
        escaping.name(str(node.state or "")),
        escaping.sentence(node.detail),
        escaping.sentence(node.reason),
    ]
    if node.outputs:
        said.append("makes " + escaping.name(", ".join(node.outputs), 200))
    if node.counts:
        said.append(states.tally(node.counts))
    return " · ".join(part for part in said if part)


def _words(node: Node, box: Box) -> Html:
    room = box.width - 44
    label = columns.fit(escaping.name(node.label), int(room / 7.7))
    detail = columns.fit(escaping.name(layouts.detail(node)), int(room / 6.3))
    x = box.x + 35
    if not detail:
        return tag("text", label, x=x, y=box.y + 28, class_="l")
    return join(
        [
            tag("text", label, x=x, y=box.y + 20, class_="l"),
            tag("text", detail, x=x, y=box.y + 35, class_="d"),
        ]
    )


def _pill(node: Node, box: Box, palette: Palette) -> Html:
    fill = states.mix(palette.muted, palette.card, 0.12)
    radius = 12 if node.role == Role.PARAMETER else 3
    shape = tag("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=radius, fill=fill)
    centre = box.x + box.width / 2
    text = tag("text", layouts.small_text(node), x=centre, y=box.y + 16, text_anchor="middle", class_="p")
    return join([shape, text])


def _sign(state: State, x: float, y: float, tint: str) -> Html:
    how, path = _SIGNS[State(state)]
    move = f"translate({x:g} {y:g})"
    if how == "f":
        return tag("path", d=path, transform=move, fill=tint)
    return tag(
        "path",
        d=path,
        transform=move,
        fill="none",
        stroke=tint,
        stroke_width=2,
        stroke_linecap="round",
        stroke_linejoin="round",
    )


def _shares(node: Node, box: Box, palette: Palette) -> Html:
    """Draw a node's counts as a bar along its lower edge."""
    total = sum(node.counts.values())
    if not total:
        return Html("")
    x, room, parts = box.x + 12, box.width - 24, []
    y = box.y + box.height - 11
    empty = states.mix(palette.muted, palette.card, 0.2)
    parts.append(tag("rect", x=x, y=y, width=room, height=4, rx=2, fill=empty))
    for state in states.PROGRESS_ORDER:
        share = node.counts.get(state, 0) / total * room
        if share and (state not in states.OPEN or state == State.RUNNING):
            parts.append(tag("rect", x=x, y=y, width=share, height=4, rx=1, fill=colour(state, palette)))
            x += share
    return join(parts)


def _edge(points: tuple[Point, ...], label: str, palette: Palette) -> Html:
    tail = " ".join(f"{x:g} {y:g}" for x, y in points[1:])
    title = tag("title", label) if label else Html("")
    return tag(
        "g",
        title,
        tag("path", d=f"M{points[0][0]:g} {points[0][1]:g}C{tail}"),
        tag("path", d=_arrowhead(points), class_="a", fill=palette.line),
    )


def _arrowhead(points: tuple[Point, ...]) -> str:
    tip = points[-1]
    near = next((point for point in reversed(points[:-1]) if point != tip), tip)
    dx, dy = tip[0] - near[0], tip[1] - near[1]
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    dx, dy = dx / length, dy / length
    base = (tip[0] - dx * 8, tip[1] - dy * 8)
    left = (base[0] - dy * 3.6, base[1] + dx * 3.6)
    right = (base[0] + dy * 3.6, base[1] - dx * 3.6)
    return f"M{tip[0]:g} {tip[1]:g}L{left[0]:.1f} {left[1]:.1f} {right[0]:.1f} {right[1]:.1f}Z"


def _label(graph: Graph, route: layouts.Route) -> str:
    ends = f"{escaping.name(route.source)} → {escaping.name(route.target)}"
    if len(graph.edges) > 400:
        return ""
    names = ", ".join(
        edge.label for edge in graph.edges if (edge.source, edge.target) == (route.source, route.target) and edge.label
    )
    return f"{ends}: {escaping.name(names, 200)}" if names else ends


def _edge_names(graph: Graph, placed: Layout) -> Iterable[Html]:
    """Write what passes along edges, once where all edges of one end carry the same; never over anything."""
    if len(graph.edges) > 60:
        return
    labels: dict[tuple[str, str], str] = {}
    for edge in graph.edges:
        ends = edge.source, edge.target
        labels[ends] = f"{labels[ends]}, {edge.label}" if labels.get(ends) else edge.label
    leaving, arriving = _by_end(labels, 0), _by_end(labels, 1)
    taken = list(placed.boxes.values())
    said: set[tuple[str, str]] = set()
    for route in placed.routes:
        label = labels.get((route.source, route.target), "")
        place, once = "middle", ("", "")
        if len(leaving[route.source]) > 1 and len(set(leaving[route.source])) == 1:
            place, once = "start", ("from", route.source)
        elif len(arriving[route.target]) > 1 and len(set(arriving[route.target])) == 1:
            place, once = "end", ("to", route.target)
        if not label or once in said:
            continue
        text = escaping.name(label, 24)
        x, y = _spot(route.points, columns.cells(text) * 6.0, placed.direction, place)
        box = Box(x=x, y=y - 9, width=columns.cells(text) * 6.0, height=11)
        if any(_touch(box, other) for other in taken):
            continue
        taken.append(box)
        if once[0]:
            said.add(once)
        yield tag("text", text, x=round(x, 1), y=round(y, 1))


def _by_end(labels: dict[tuple[str, str], str], end: int) -> dict[str, list[str]]:
    gathered: dict[str, list[str]] = {}
    for ends, label in labels.items():
        gathered.setdefault(ends[end], []).append(label)
    return gathered


def _spot(points: tuple[Point, ...], width: float, direction: str, place: str) -> Point:
    """Choose where an edge's name begins: at the end that is shared, else half-way."""
    start, half, end = points[0], _half(points), points[-1]
    if direction == "right":
        x, y = {
            "start": (start[0] + 8, start[1] - 5),
            "middle": (half[0] - width / 2, half[1] - 5),
            "end": (end[0] - 12 - width, end[1] - 5),
        }[place]
    else:
        x, y = {
            "start": (start[0] + 7, start[1] + 15),
            "middle": (half[0] + 7, half[1] + 4),
            "end": (end[0] + 7, end[1] - 11),
        }[place]
    return x, y


def _half(points: tuple[Point, ...]) -> Point:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points[-4:]
    return (ax + 3 * bx + 3 * cx + dx) / 8, (ay + 3 * by + 3 * cy + dy) / 8


def _touch(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )
