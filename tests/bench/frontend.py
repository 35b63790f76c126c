"""The graph in a real browser beside what others draw with: layout, first paint, zoom, pan, a hundred changes.

Needs playwright, chromium and node; `npm install && npm run build` in `tests/bench/frontend_page` once. Left out of the
families that run by default: it starts a browser a measurement.
"""

from __future__ import annotations

import functools
import json
import random
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.bench import rounds

from taskcell.views import graph as graphs
from taskcell.views.graph import dots, layouts
from taskcell.views.states import State

PAGE = Path(__file__).parent / "frontend_page"
LIBRARY = Path(__file__).parents[2] / "jupyter_extension" / "packages" / "views" / "lib"
FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync".split()
CONTENDERS = {
    "taskcell": "/ours.js",
    "@xyflow/react": "/lib/xyflow.js",
    "cytoscape": "/lib/cytoscape.js",
}
SIZES = (50, 500, 2000, 5000)
DOT_LARGEST = 5000


def layered(size: int) -> graphs.Graph:
    """Return a layered graph of ``size`` tasks with 1.5 edges a task; the same one each time."""
    chance = random.Random(size)
    rank_size = max(4, round(size**0.5))
    names = [f"task_{number}" for number in range(size)]
    nodes = tuple(
        graphs.Node(
            id=name, label=name, state=State.SUCCEEDED if number < size * 0.6 else State.PENDING, detail="1.2 s"
        )
        for number, name in enumerate(names)
    )
    edges = {}
    for number in range(rank_size, size):
        start = (number // rank_size - 1) * rank_size
        for _ in range(1 + chance.randrange(2)):
            edges[names[start + chance.randrange(rank_size)], names[number]] = None
    return graphs.Graph(
        title="large", nodes=nodes, edges=tuple(graphs.Edge(source=one, target=two) for one, two in edges)
    )


def wide(size: int = 1000) -> graphs.Graph:
    """Return one task, a map of ``size`` elements as tasks of their own, and one that gathers them."""
    names = [f"fold_{number}" for number in range(size)]
    nodes = [graphs.Node(id=name, label=name, state=State.SUCCEEDED) for name in ("load", *names, "gather")]
    edges = [graphs.Edge(source="load", target=name) for name in names]
    edges += [graphs.Edge(source=name, target="gather") for name in names]
    return graphs.Graph(title="wide", nodes=tuple(nodes), edges=tuple(edges))


def measure(number: int) -> Iterator[rounds.Result]:
    """Yield results: layouts first, then what a browser shows. ``number`` of rounds, at most five."""
    repeats = min(number, 5)
    made = {f"{size} tasks": layered(size) for size in SIZES} | {"map of 1,000": wide()}
    for name, graph in made.items():
        contenders: dict[str, Callable[[], float]] = {
            "taskcell, Python": functools.partial(_timed, layouts.layout, graph)
        }
        if shutil.which("dot"):
            contenders["graphviz dot"] = functools.partial(_timed, _dot, graph)
        yield rounds.compare(
            f"layout, {name}", contenders, rounds=repeats if len(graph.nodes) <= 2000 else min(repeats, 2)
        )
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        for name, graph in made.items():
            (data / f"{len(graph.nodes)}.json").write_text(json.dumps(_run(graph)))
        yield from _browser(made, data, repeats)


def _timed(act: Callable[..., Any], *given: Any) -> float:
    begun = time.perf_counter()
    act(*given)
    return time.perf_counter() - begun


def _dot(graph: graphs.Graph) -> None:
    subprocess.run(["dot", "-Tsvg"], input=dots.to_dot(graph), capture_output=True, text=True, check=True, timeout=120)


def _run(graph: graphs.Graph) -> dict[str, Any]:
    placed = layouts.layout(graph)
    nodes = [
        {
            "id": one.id,
            "label": one.label,
            "state": one.state,
            "detail": one.detail,
            "reason": "",
            "role": "task",
            "outputs": [],
            "group": "",
            "counts": {},
        }
        for one in graph.nodes
    ]
    boxes = [
        {"id": name, "x": box.x, "y": box.y, "width": box.width, "height": box.height}
        for name, box in placed.boxes.items()
    ]
    routes = [
        {"source": one.source, "target": one.target, "points": [part for point in one.points for part in point]}
        for one in placed.routes
    ]
    return {
        "kind": "run", "schema": 1, "id": "01KAH3B0Z0ABCDEFGHJKMNPQRS", "workflow": "large@1", "state": "running",
        "shown_at": "2026-11-20T10:01:00Z", "created_at": "2026-11-20T10:00:00Z", "duration_s": 60.0, "tasks": [],
        "counts": {"succeeded": len(nodes)},
        "graph": {"kind": "graph", "title": graph.title, "schema": 1, "nodes": nodes, "edges": [{"source": one.source, "target": one.target, "label": ""} for one in graph.edges]},
        "placed": {"boxes": boxes, "routes": routes, "width": placed.width, "height": placed.height, "direction": placed.direction},
    }  # fmt: skip


class _Files(SimpleHTTPRequestHandler):
    data: Path

    def translate_path(self, path: str) -> str:
        name = path.split("?", 1)[0].lstrip("/")
        if name.startswith("views/"):
            return str(LIBRARY / name[6:])
        return str(self.data / name[5:]) if name.startswith("data/") else str(PAGE / name)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _browser(made: dict[str, graphs.Graph], data: Path, repeats: int) -> Iterator[rounds.Result]:
    from playwright.sync_api import sync_playwright

    handler = type("Files", (_Files,), {"data": data})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    program = shutil.which("chromium") or "/usr/bin/chromium"
    try:
        with sync_playwright() as playwright:
            for name, graph in made.items():
                taken: dict[str, dict[str, list[float]]] = {}
                for _ in range(repeats):
                    for contender, module in CONTENDERS.items():
                        found = _once(playwright, program, base, module, len(graph.nodes))
                        for what, milliseconds in found.items():
                            taken.setdefault(what, {}).setdefault(contender, []).append(milliseconds / 1e3)
                for what, times in taken.items():
                    yield rounds.Result(
                        title=f"{what}, {name}",
                        medians={one: sorted(all_)[len(all_) // 2] for one, all_ in times.items()},
                        spread={one: (min(all_), max(all_)) for one, all_ in times.items()},
                    )
    finally:
        server.shutdown()
        server.server_close()


def _once(playwright: Any, program: str, base: str, module: str, size: int) -> dict[str, float]:
    browser = playwright.chromium.launch(executable_path=program, headless=True, args=FLAGS)
    try:
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        page.set_default_timeout(120_000)
        page.goto(f"{base}/page.html")
        page.wait_for_function("window.ready")
        found: dict[str, float] = page.evaluate(f"measure({module!r}, '/data/{size}.json')")
        return found
    finally:
        browser.close()
