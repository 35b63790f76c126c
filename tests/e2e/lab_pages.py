"""What a user does in JupyterLab, by name: open a notebook, run cells, look for a view, take a picture."""

from __future__ import annotations

import re
from typing import Any

from tests.e2e.lab_world import SHOTS, LabServer

READY = """async () => {
  await jupyterapp.restored;
  for (let tries = 0; tries < 600; tries++) {
    const widget = jupyterapp.shell.currentWidget;
    if (widget?.sessionContext) {
      await widget.context.ready;
      await widget.sessionContext.ready;
      if (widget.sessionContext.session?.kernel) {
        await widget.sessionContext.session.kernel.info;
        return;
      }
    }
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error('no kernel');
}"""
WAIT_MS = 60_000
VIEWS = """() => [...document.querySelectorAll('[class*=tc-view-], .tc-lab-banner, .tc-lab-status, .jp-Dialog')]
  .map(found => `${found.className}: ${found.innerText.replace(/\\s+/g, ' ').slice(0, 600)}`).join('\\n')"""


def standing(browser: Any, name: str) -> list[str]:
    """Return for each page that is open what its views say, and keep a picture of it."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    said = []
    for number, page in enumerate(page for context in browser.contexts for page in context.pages):
        page.screenshot(path=str(SHOTS / f"failed-{re.sub(r'[^a-z0-9]+', '-', name)}-{number}.png"))
        said.append(f"{page.url}\n{page.evaluate(VIEWS)}")
    return said


class LabPage:
    """One browser tab with JupyterLab in it."""

    def __init__(self, page: Any, server: LabServer) -> None:
        self.page = page
        self.server = server
        self.errors: list[str] = []
        self.foreign: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._note)

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self.server.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def open(self, path: str = "lab", query: str = "reset") -> LabPage:
        """Load a page of the server and wait until JupyterLab is there."""
        self.page.goto(self.server.page(path, query))
        self.page.wait_for_function("() => window.jupyterapp !== undefined")
        self.page.evaluate("async () => { await jupyterapp.restored }")
        return self

    def open_notebook(self, name: str, query: str = "reset") -> LabPage:
        """Open a notebook and wait for its kernel."""
        self.open(f"lab/tree/{name}", query)
        self.page.locator(".jp-Notebook:visible").first.wait_for()
        self.page.evaluate(READY)
        return self

    def reload(self) -> LabPage:
        """Load the page again, as a browser does."""
        self.page.reload()
        self.page.wait_for_function("() => window.jupyterapp !== undefined")
        self.page.evaluate("async () => { await jupyterapp.restored }")
        return self

    def run_all(self) -> LabPage:
        """Run all cells and wait for the last."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
        return self

    def command(self, name: str, args: dict[str, Any] | None = None) -> None:
        """Execute a command, as the palette does; does not wait for a dialog that it opens."""
        self.page.evaluate("([name, args]) => { void jupyterapp.commands.execute(name, args) }", [name, args or {}])

    def save(self) -> None:
        """Save the notebook at hand."""
        self.page.evaluate("async () => { await jupyterapp.commands.execute('docmanager:save') }")

    def theme(self, name: str) -> None:
        """Change the theme: light or dark."""
        full = "JupyterLab Dark" if name == "dark" else "JupyterLab Light"
        self.page.evaluate("name => jupyterapp.commands.execute('apputils:change-theme', { theme: name })", full)
        self.page.locator(f'body[data-jp-theme-light="{"false" if name == "dark" else "true"}"]').wait_for(
            state="attached"
        )

    def shot(self, name: str) -> None:
        """Keep a picture of the page, light and dark."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        for theme in ("dark", "light"):
            self.theme(theme)
            self.page.wait_for_timeout(200)  # the theme's style sheet is swapped without an event
            self.page.screenshot(path=str(SHOTS / f"{name}-{theme}.png"))

    def add_cell(self, source: str) -> None:
        """Type a cell at the end of the notebook and run it by the keyboard."""
        page = self.page
        page.locator(".jp-Notebook:visible .jp-Cell.jp-mod-active .cm-content").first.click()
        page.keyboard.insert_text(source)
        page.keyboard.press("Shift+Enter")

    def main(self, selector: str) -> Any:
        """Return what is found in the tab of the main area that is shown."""
        return self.page.locator(f".jp-MainAreaWidget:visible {selector}")

    def widgets(self) -> list[str]:
        """Return the labels of the tabs of the main area."""
        found: list[str] = self.page.evaluate("() => [...jupyterapp.shell.widgets('main')].map(w => w.title.label)")
        return found
