"""The graph as HTML: a title, a legend with counts, and the picture as a data URI."""

from __future__ import annotations

import base64
import re

from taskcell.views import columns, escaping, markup, states, words
from taskcell.views.graph import dots, payloads
from taskcell.views.graph.payloads import Graph, Role
from taskcell.views.markup import Html, tag


def to_html(graph: Graph, engine: dots.Engine = "own") -> str:
    """Return the graph's HTML. ``engine`` as in ``render``; ``own`` gives the same bytes on every machine."""
    counts = payloads.tally(graph)
    total = words.plural(sum(counts.values()), "task")
    return markup.view(
        "dag", markup.head(markup.named(graph.title), total, *legend(counts)), picture(graph, engine), _reasons(graph)
    )


def _reasons(graph: Graph) -> Html:
    """Say why tasks would run, in a table below the picture."""
    found, more = payloads.reasons(graph)
    if not found:
        return Html("")
    rows = [
        [
            markup.named(node.label, 60),
            markup.badge(node.state) if node.state else "",
            markup.span(escaping.sentence(node.reason, 600), "muted"),
        ]
        for node in found
    ]
    made = markup.table(["task", "would", "why"], rows, caption="Why tasks would run")
    left = tag("div", f"… and {words.plural(more, 'more task')}", class_="tc-muted") if more else Html("")
    return markup.join([made, left])


def legend(counts: dict[str, int]) -> list[Html]:
    """Return signs, numbers and words of the states that occur."""
    return [
        markup.sign(states.look(state).sign, states.look(state).middle, f"{counts[state]:,} {state}")
        for state in states.PROGRESS_ORDER
        if counts.get(state)
    ]


def picture(graph: Graph, engine: dots.Engine = "own") -> Html:
    """Return the picture alone, as an ``<img>`` with its bytes: it survives in an untrusted notebook."""
    if not graph.nodes:
        return tag("div", "No tasks yet.", class_="tc-muted")
    svg = dots.render(graph, engine)
    wide, tall = _measures(svg)
    image = tag(
        "img",
        src="data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode(),
        alt=alternative(graph),
        width=wide,
        height=tall,
        # Shrinks to the page, but never so far that names can't be read: then it scrolls.
        style=f"max-width:100%;height:auto;min-width:{min(wide, max(320, round(wide * 0.62)))}px",
    )
    return tag("div", image, class_="tc-graph", style="overflow-x:auto")


def _measures(svg: str) -> tuple[int, int]:
    found = re.search(r'width="([\d.]+)" height="([\d.]+)" viewBox', svg)
    return (round(float(found[1])), round(float(found[2]))) if found else (600, 300)


def alternative(graph: Graph) -> str:
    """Say the graph in a sentence, for those who don't see the picture."""
    tasks = [node for node in graph.nodes if node.role == Role.TASK]
    said = ", ".join(f"{escaping.name(node.label, 40)} ({node.state or 'task'})" for node in tasks[:20])
    more = f" and {words.count(len(tasks) - 20)} more" if len(tasks) > 20 else ""
    title = escaping.name(graph.title, 60)
    return columns.fit(f"Workflow {title}, {words.plural(len(tasks), 'task')}: {said}{more}", 700)
