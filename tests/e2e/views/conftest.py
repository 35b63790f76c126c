"""The views in a real browser: the built module, a plain page, a store that a test writes. The browser is that of all."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SHOTS = HERE / "shots"
FRONT = HERE.parents[2] / "jupyter_extension"
LIBRARY = FRONT / "packages" / "views" / "lib"


class _Files(SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        name = path.split("?", 1)[0].lstrip("/")
        return str(LIBRARY / name[4:] if name.startswith("lib/") else HERE / "pages" / name)

    def log_message(self, *_said: Any) -> None:
        pass


@pytest.fixture(scope="session")
def library() -> Path:
    if not (LIBRARY / "index.js").exists():
        npm = shutil.which("npm")
        if npm is None or not (FRONT / "node_modules").exists():
            pytest.skip(
                "the views are not built: run `npm ci && npm run build -w @taskcell/views` in jupyter_extension"
            )
        subprocess.run([npm, "run", "build", "-w", "@taskcell/views"], cwd=FRONT, check=True, timeout=120)
    return LIBRARY


@pytest.fixture(scope="session")
def address(library: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


class Sight:
    """A page with a view in it, what it asked for over the network, and what went wrong in it."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.address = address
        self.requests: list[str] = []
        self.faults: list[str] = []
        self.stopped: set[str] = set()
        page.on("request", lambda request: self.requests.append(request.url))
        # The browser tells of requests that the frame's policy stops, too: these did not leave.
        page.on("requestfailed", lambda request: "csp" in (request.failure or "") and self.stopped.add(request.url))
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def show(self, view: str, params: str = "{}", store: str = "scriptedStore()", first: str = "undefined") -> None:
        self.page.evaluate(f"show({view!r}, {params}, {store}, {first})")

    def run(self, first: str = "payloads.run", store: str = "scriptedStore()", task: str = "") -> None:
        self.show("run", f"{{run: payloads.RUN, task: {task!r}}}", store, first)

    def left(self) -> list[str]:
        """Return requests that left the test's own server."""
        own = (self.address, "data:", "blob:", "about:")
        return [url for url in self.requests if url not in self.stopped and not url.startswith(own)]

    def keep(self, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=str(SHOTS / f"{name}.png"), full_page=True)

    def focused(self) -> str:
        text: str = self.page.evaluate(
            "() => { const node = document.activeElement; return `${node.getAttribute('role') ?? node.tagName}: "
            "${node.getAttribute('aria-label') ?? node.textContent ?? ''}` }"
        )
        return text


@pytest.fixture
def sight(browser: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Sight]:
    asked: dict[str, Any] = getattr(request, "param", {})
    page = browser.new_page(viewport={"width": asked.get("width", 1000), "height": 900})
    query = "&".join(f"{key}={value}" for key, value in asked.items() if key != "width")
    page.set_default_timeout(6000)
    page.set_default_navigation_timeout(30_000)  # of the tests' own file server
    sight = Sight(page, address)
    page.goto(f"{address}/page.html?{query}")
    page.wait_for_function("window.ready", timeout=30_000)  # that they are loaded is part of it
    yield sight
    page.close()  # a view that stays open goes on drawing, also while the next test is at work
    assert sight.faults == []
    assert sight.left() == []


@pytest.fixture
def wait(sight: Sight) -> Callable[[str], Any]:
    return partial(sight.page.wait_for_function, timeout=5000)
