from __future__ import annotations

import base64
import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from view_samples import dag

from taskcell import errors
from taskcell.views import graph
from taskcell.views.states import State

SVG = "{http://www.w3.org/2000/svg}"


def made(number: int, pairs: list[tuple[int, int]]) -> graph.Graph:
    nodes = tuple(graph.Node(id=f"t{index}", label=f"task {index}", state=State.WILL_RUN) for index in range(number))
    edges = tuple(graph.Edge(source=f"t{source}", target=f"t{target}", label="df") for source, target in pairs)
    return graph.Graph(title="churn", nodes=nodes, edges=edges)


@st.composite
def graphs(draw: st.DrawFn) -> graph.Graph:
    number = draw(st.integers(1, 25))
    ends = st.tuples(st.integers(0, number - 1), st.integers(0, number - 1))
    return made(number, [(a, b) for a, b in draw(st.lists(ends, max_size=45)) if a < b])


def overlap(one: graph.Box, other: graph.Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


@settings(max_examples=60, deadline=None)
@given(graphs(), st.sampled_from(["auto", "right", "down"]))
def test_boxes_never_overlap_and_lie_inside(drawn: graph.Graph, direction: graph.layouts.Direction) -> None:
    placed = graph.layout(drawn, direction)
    assert list(placed.boxes) == [node.id for node in drawn.nodes]
    assert not [pair for pair in combinations(placed.boxes.values(), 2) if overlap(*pair)]
    for box in placed.boxes.values():
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= placed.width
        assert box.y + box.height <= placed.height


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_edges_run_from_side_to_side_with_the_flow(drawn: graph.Graph) -> None:
    placed = graph.layout(drawn, "right")
    assert {(route.source, route.target) for route in placed.routes} == {(e.source, e.target) for e in drawn.edges}
    for route in placed.routes:
        source, target = placed.boxes[route.source], placed.boxes[route.target]
        assert source.x + source.width < target.x
        assert route.points[0] == pytest.approx((source.x + source.width, source.y + source.height / 2), abs=0.2)
        assert route.points[-1] == pytest.approx((target.x, target.y + target.height / 2), abs=0.2)
        assert len(route.points) % 3 == 1


@settings(max_examples=30, deadline=None)
@given(graphs())
def test_same_graph_gives_the_same_picture(drawn: graph.Graph) -> None:
    assert graph.to_svg(drawn) == graph.to_svg(drawn)


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_text_lists_each_task_once_below_what_it_needs(drawn: graph.Graph) -> None:
    lines = graph.to_text(drawn).splitlines()[1:]
    at = {re.search(r"task (\d+)", line)[1]: row for row, line in enumerate(lines)}  # type: ignore[index]
    assert len(lines) == len(drawn.nodes) == len(at)
    for edge in drawn.edges:
        assert at[edge.source[1:]] < at[edge.target[1:]]


def test_chain_is_straight_and_reads_in_one_direction() -> None:
    placed = graph.layout(made(4, [(0, 1), (1, 2), (2, 3)]))
    assert placed.direction == "right"
    assert len({box.y for box in placed.boxes.values()}) == 1
    xs = [box.x for box in placed.boxes.values()]
    assert all(left < right for left, right in pairwise(xs))


def test_long_chain_goes_down_rather_than_off_the_page() -> None:
    placed = graph.layout(made(20, [(index, index + 1) for index in range(19)]))
    assert placed.direction == "down"
    assert placed.width < 300


def test_long_edge_is_straight_beside_the_tasks_it_passes() -> None:
    placed = graph.layout(made(5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]), "right")
    route = next(one for one in placed.routes if (one.source, one.target) == ("t0", "t4"))
    middle = [
        y for x, y in route.points if placed.boxes["t1"].x <= x <= placed.boxes["t3"].x + placed.boxes["t3"].width
    ]
    assert len(set(middle[1:-1])) == 1
    assert all(abs(middle[1] - (box.y + box.height / 2)) > box.height / 2 for box in list(placed.boxes.values())[1:4])


def test_wide_fan_and_loose_tasks_are_placed() -> None:
    fan = made(302, [(0, index) for index in range(1, 301)] + [(index, 301) for index in range(1, 301)])
    loose = made(60, [])
    assert len(graph.layout(fan).boxes) == 302
    assert graph.layout(loose).width < 1400  # on shelves, not in one line


def test_five_thousand_tasks_are_placed_in_their_order() -> None:
    drawn = made(5000, [(index, index + step) for index in range(4900) for step in (1, 70) if index % 3])
    placed = graph.layout(drawn)
    assert all(
        placed.boxes[edge.source].x < placed.boxes[edge.target].x
        or placed.boxes[edge.source].y < placed.boxes[edge.target].y
        for edge in drawn.edges
    )


def test_empty_graph_draws() -> None:
    empty = graph.Graph(title="churn", nodes=())
    assert ElementTree.fromstring(graph.to_svg(empty)).tag == f"{SVG}svg"
    assert graph.to_text(empty) == "churn · 0 tasks"
    assert "No tasks yet" in graph.to_html(empty)


def test_cycle_is_refused_and_named() -> None:
    with pytest.raises(errors.InvalidInputError, match=r"task (1 → task 2 → task 1|2 → task 1 → task 2)"):
        graph.layout(made(3, [(0, 1), (1, 2), (2, 1)]))


def test_edge_to_nowhere_and_double_id_are_refused() -> None:
    with pytest.raises(errors.InvalidInputError, match="'t9'"):
        graph.layout(made(2, [(0, 9)]))
    node = graph.Node(id="a", label="a")
    with pytest.raises(errors.InvalidInputError, match="same id"):
        graph.layout(graph.Graph(title="", nodes=(node, node)))


def test_text_draws_branches_and_says_what_is_needed() -> None:
    drawn = made(4, [(0, 1), (0, 2), (1, 3), (2, 3)])
    assert graph.to_text(drawn).splitlines() == [
        "churn · 4 tasks: 4 will run",
        "▷ task 0     will run",
        "├─ ▷ task 1  will run  ← task 0",
        "└─ ▷ task 2  will run  ← task 0",
        "   ▷ task 3  will run  ← task 1, task 2",
    ]


def test_state_is_told_by_path_and_word_and_colour() -> None:
    nodes = tuple(graph.Node(id=state, label="x", state=state) for state in State)
    root = ElementTree.fromstring(graph.to_svg(graph.Graph(title="all", nodes=nodes)))
    signs = [path.get("d") for path in root.iter(f"{SVG}path")]
    shown = [text.text for text in root.iter(f"{SVG}text")]
    assert len({(path.get("d"), path.get("fill")) for path in root.iter(f"{SVG}path")}) == len(State)
    assert len(signs) == len(State)
    assert set(State) <= set(shown)


def test_svg_refers_to_nothing_outside_and_has_no_script() -> None:
    for text in ("train", '"><script>alert(1)</script>', "]]> <!-- \x1b[31m \u202e", "x" * 10_000):
        root = ElementTree.fromstring(graph.to_svg(dag(text)))
        names = {element.tag.removeprefix(SVG) for element in root.iter()}
        assert names <= {"svg", "title", "desc", "style", "g", "rect", "path", "text"}
        assert not [key for element in root.iter() for key in element.attrib if key.startswith("on") or "href" in key]
        assert "url(" not in (root.find(f"{SVG}style").text or "")  # type: ignore[union-attr]


def test_svg_styles_hold_in_the_picture_alone() -> None:
    for dark, scope in ((False, ".tc-svg-light"), (True, ".tc-svg-dark")):
        style = ElementTree.fromstring(graph.to_svg(dag(), dark)).find(f"{SVG}style")
        assert style is not None
        assert all(rule.startswith(scope) for rule in (style.text or "").split("}") if rule)


def test_long_names_do_not_widen_the_picture() -> None:
    assert graph.layout(dag("x" * 10_000)).width <= graph.layout(dag("x" * 40)).width + 1


def test_edge_names_stand_once_and_clear_of_tasks() -> None:
    drawn = made(5, [(0, index) for index in range(1, 5)])
    root = ElementTree.fromstring(graph.to_svg(drawn))
    assert [text.text for text in root.iter(f"{SVG}text")].count("df") == 1


def test_groups_become_one_node_with_counts() -> None:
    nodes = (
        graph.Node(id="a", label="load", state=State.SUCCEEDED),
        *(
            graph.Node(
                id=f"f{index}",
                label=f"fit[{index}]",
                state=State.FAILED if index == 7 else State.SUCCEEDED,
                group="fit",
            )
            for index in range(1000)
        ),
        graph.Node(id="z", label="gather", state=State.SKIPPED),
    )
    edges = tuple(
        edge
        for index in range(1000)
        for edge in (
            graph.Edge(source="a", target=f"f{index}", label="df"),
            graph.Edge(source=f"f{index}", target="z"),
        )
    )
    full = graph.Graph(title="fan", nodes=nodes, edges=edges)
    small = graph.collapse(full)
    assert [node.label for node in small.nodes] == ["load", "fit × 1,000", "gather"]
    assert small.nodes[1].state is State.FAILED
    assert small.nodes[1].detail == "999 of 1,000 done"
    assert small.edges[0] == graph.Edge(source="a", target="f0", label="df")
    assert graph.tally(small) == graph.tally(full)


@pytest.mark.parametrize("pairs", ["chain", "fan", "random"])
def test_any_large_graph_collapses_to_the_limit(pairs: str) -> None:
    number = 900
    chosen = {
        "chain": [(index, index + 1) for index in range(number - 1)],
        "fan": [(0, index) for index in range(1, number)],
        "random": [(index * 7 % 400, 400 + index % 500) for index in range(1200)],
    }[pairs]
    full = made(number, chosen)
    small = graph.collapse(full)
    assert len(small.nodes) <= 200
    assert graph.tally(small) == {"will run": number}
    graph.layout(small)


def test_small_graph_is_not_collapsed() -> None:
    assert graph.collapse(dag()) == dag()


def test_html_has_the_picture_as_an_image_with_words_for_it() -> None:
    html = graph.to_html(dag())
    assert "<svg" not in html
    encoded = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    assert encoded is not None
    assert base64.b64decode(encoded[1]).decode() == graph.render(dag(), "own")
    assert 'alt="Workflow train, 4 tasks: load (cached), clean (succeeded), train (failed), report (skipped)"' in html
    assert "3 succeeded" not in html  # counted with clean
    assert "4 succeeded" in html
