"""The DAG of a workflow or of a run: payload, layout, picture, outline.

``payloads`` is the data, ``collapsing`` keeps it small enough to look at, ``layouts`` and ``ordering``
place it in pure Python, ``dots`` writes ``graphviz`` source and can let ``dot`` place it, ``drawings``
makes the SVG, ``outlines`` the text; ``pages`` puts the SVG into HTML.
"""

from __future__ import annotations

from taskcell.views.graph.collapsing import collapse
from taskcell.views.graph.dots import render, to_dot
from taskcell.views.graph.drawings import to_svg
from taskcell.views.graph.layouts import Box, Layout, Route, layout
from taskcell.views.graph.outlines import to_text
from taskcell.views.graph.pages import picture, to_html
from taskcell.views.graph.payloads import Edge, Graph, Node, Role, tally

__all__ = [
    "Box",
    "Edge",
    "Graph",
    "Layout",
    "Node",
    "Role",
    "Route",
    "collapse",
    "layout",
    "picture",
    "render",
    "tally",
    "to_dot",
    "to_html",
    "to_svg",
    "to_text",
]
