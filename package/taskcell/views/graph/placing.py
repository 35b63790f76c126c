"""Positions as plain data, for whoever draws a graph elsewhere: in a browser."""

from __future__ import annotations

from typing import Literal

import msgspec

from taskcell.views.graph import layouts
from taskcell.views.graph.payloads import Graph


class PlacedBox(msgspec.Struct, frozen=True, kw_only=True):
    """Where a node is: its top left corner and its size. Unit: pixels."""

    id: str
    x: float
    y: float
    width: float
    height: float


class PlacedRoute(msgspec.Struct, frozen=True, kw_only=True):
    """An edge as cubic Bézier curves: ``x0, y0``, then for each curve two control points and its end. Unit: pixels."""

    source: str
    target: str
    points: tuple[float, ...]


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything of a graph is drawn; ``boxes`` in the order of its nodes. Unit: pixels."""

    boxes: tuple[PlacedBox, ...]
    routes: tuple[PlacedRoute, ...]
    width: float
    height: float
    direction: Literal["right", "down"]


def placed(graph: Graph, direction: layouts.Direction = "auto") -> Placed:
    """Place a graph as ``layouts.layout`` does; raise InvalidInputError for one that has a cycle."""
    found = layouts.layout(graph, direction)
    return Placed(
        boxes=tuple(
            PlacedBox(id=name, x=box.x, y=box.y, width=box.width, height=box.height)
            for name, box in found.boxes.items()
        ),
        routes=tuple(
            PlacedRoute(
                source=route.source, target=route.target, points=tuple(part for point in route.points for part in point)
            )
            for route in found.routes
        ),
        width=found.width,
        height=found.height,
        direction=found.direction,
    )
