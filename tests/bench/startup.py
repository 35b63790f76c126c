"""What the extension adds to JupyterLab's start: two servers, one without it, and the same page of each in Chromium in turn.

From the navigation to the moment at which JupyterLab says that it is restored, with the files in the browser's cache, as on
every day but the first.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.bench.rounds import Result, compare
from tests.e2e import lab_world

_RESTORED = """async () => {
  while (window.jupyterapp === undefined) await new Promise(resolve => setTimeout(resolve, 1));
  await jupyterapp.restored;
  return performance.now();
}"""


def measure(rounds: int) -> Iterator[Result]:
    """Yield the results of this family."""
    reason = lab_world.missing_browser() or lab_world.missing()
    if reason:
        print(f"\nskipped: {reason}")
        return
    from playwright.sync_api import sync_playwright

    with contextlib.ExitStack() as held:
        browser = held.enter_context(sync_playwright()).chromium.launch(
            executable_path=lab_world.chromium(), args=lab_world.FLAGS
        )
        held.callback(browser.close)
        contenders: dict[str, Callable[[], float]] = {}
        for name, has_it in (("with the extension", True), ("without it", False)):
            server = lab_world.LabServer(Path(held.enter_context(tempfile.TemporaryDirectory())))
            if not has_it:
                _disable(server)
            held.callback(server.start().stop)
            page = browser.new_page()
            contenders[name] = _opening(page, server, has_it=has_it)
        yield compare("JupyterLab is restored", contenders, rounds=rounds)


def _disable(server: lab_world.LabServer) -> None:
    folder = server.folder / "jupyter_config_dir" / "labconfig"
    folder.mkdir(parents=True)
    (folder / "page_config.json").write_text(json.dumps({"disabledExtensions": {"taskcell-lab": True}}))


def _opening(page: Any, server: lab_world.LabServer, *, has_it: bool) -> Callable[[], float]:
    def run() -> float:
        page.goto(server.page("lab", "reset"))
        milliseconds: float = page.evaluate(_RESTORED)
        assert page.evaluate("() => jupyterapp.hasPlugin('taskcell-lab:plugin')") is has_it
        return milliseconds / 1e3

    return run
