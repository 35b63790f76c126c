from __future__ import annotations

import shutil
import subprocess
from xml.etree import ElementTree

import pytest
from view_samples import dag

from taskcell import errors
from taskcell.views import graph
from taskcell.views.graph import dots

HOSTILE = (
    'a"b',
    "back\\slash",
    "<b>html</b>",
    "a:b",
    "new\nline",
    "]; evil [",
    "\\N",
    "node",
    "ünï 東京",
    "x" * 9000,
)
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="the dot program is not installed")


def test_source_names_no_node_by_users_text() -> None:
    source = graph.to_dot(dag('"]; evil ['))
    assert 'label="✗ \\"]; evil [' in source
    assert "n0 -> n1" in source
    assert "\n\tevil" not in source


@needs_dot
@pytest.mark.parametrize("text", HOSTILE)
def test_dot_reads_hostile_names_as_text(text: str) -> None:
    source = graph.to_dot(dag(text))
    plain = subprocess.run(["dot", "-Tplain"], input=source.encode(), capture_output=True, timeout=20, check=True)
    assert plain.stderr == b""
    lines = plain.stdout.decode().splitlines()
    assert sum(line.startswith("node ") for line in lines) == 5
    assert sum(line.startswith("edge ") for line in lines) == 5


@needs_dot
@pytest.mark.parametrize("text", ["train", *HOSTILE])
def test_dot_places_what_we_draw(text: str) -> None:
    drawn = dag(text)
    placed = dots.dot_layout(drawn, "down")
    assert set(placed.boxes) == {node.id for node in drawn.nodes}
    assert len(placed.routes) == 5
    root = ElementTree.fromstring(graph.render(drawn, "dot"))
    assert root.find("{http://www.w3.org/2000/svg}desc").text == "placed by dot"  # type: ignore[union-attr]


def test_without_time_the_own_layout_is_drawn_and_says_so() -> None:
    svg = graph.render(dag(), "dot", timeout_s=0.000001)
    described = ElementTree.fromstring(svg).find("{http://www.w3.org/2000/svg}desc")
    assert described is not None
    assert described.text in ("dot took longer than 1e-06 s.", "The dot program is not installed.")
    assert svg.replace(f"<desc>{described.text}</desc>", "") == graph.render(dag(), "own")


def test_dot_is_not_asked_for_too_many_nodes() -> None:
    nodes = tuple(graph.Node(id=str(index), label="t") for index in range(501))
    with pytest.raises(errors.BackendError, match="500"):
        dots.dot_layout(graph.Graph(title="", nodes=nodes), "down")


def test_unknown_engine_is_refused() -> None:
    with pytest.raises(errors.InvalidInputError, match="'neato'"):
        graph.render(dag(), "neato")  # type: ignore[arg-type]
