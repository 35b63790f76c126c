"""The widgets in Notebook 7: by the same modules as in JupyterLab, with the extension beside them and without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e import lab_cells, notebook_world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

CELLS = (
    *lab_cells.FLOW,
    "%dag",
    "%launch -p seconds=1",
    "%launch -p rate=0.5",
    "%versions",
    "%launch --form",
    "import taskcell\nlast, first = (run.wait().id for run in taskcell.runs())",
    "get_ipython().run_line_magic('compare', f'{first} {last}')",
)


@pytest.fixture(params=[False, True], ids=["widgets-alone", "with-the-extension"])
def book(browser: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[notebook_world.NotebookPage]:
    with notebook_world.server(tmp_path, extended=request.param) as server:
        server.write("story.ipynb", *CELLS)
        context = browser.new_context(viewport={"width": 1200, "height": 1000})
        page = notebook_world.NotebookPage(context.new_page(), server)
        yield page
        context.close()
        assert page.faults == []
        assert page.foreign == []


def test_every_widget_is_live_in_notebook_7(book: notebook_world.NotebookPage, request: pytest.FixtureRequest) -> None:
    page = book.open_notebook("story.ipynb").run_all().page
    dag, run = page.locator(".tc-view-workflow"), page.locator(".tc-view-run").first
    dag.get_by_text("2 cached").first.wait_for()
    run.get_by_text("succeeded").first.wait_for()

    run.locator("[data-id=train]").click()
    run.locator(".tc-lines").get_by_text("step 3").wait_for()
    run.get_by_role("tab", name="Timeline").click()
    run.locator(".tc-timeline [role=option]").first.wait_for()

    page.locator(".tc-view-versions").get_by_text("@1").first.wait_for()
    compare = page.locator(".tc-view-compare")
    compare.get_by_role("heading", name="Comparing 2 runs").wait_for()
    compare.locator(".tc-matrix").get_by_text("rate", exact=True).wait_for()

    dag.locator(".tc-picture").focus()
    page.keyboard.press("End")
    assert dag.locator(".tc-picture [role=option]").inner_text().startswith("train, cached")
    cells = page.locator(".jp-Cell").count()
    page.keyboard.press("d")
    page.keyboard.press("d")
    page.keyboard.press("End")
    assert page.locator(".jp-Cell").count() == cells, "in the command mode a cell is deleted with d d"

    form = page.locator(".jp-Cell", has_text="%launch --form")
    form.get_by_label("rate", exact=False).first.fill("0.7")
    form.get_by_role("button", name="Launch", exact=True).click()
    form.locator(".tc-run").get_by_text("succeeded").first.wait_for()
    # Each widget has its module for itself, and this form's view is gone.
    assert page.locator(".tc-run .tc-chips").first.evaluate("chips => getComputedStyle(chips).display") == "flex"

    height = page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollHeight")
    page.set_viewport_size({"width": 1200, "height": height + 200})
    book.shot(f"notebook-7-{request.node.callspec.id}")


def test_what_is_looked_at_stays_when_the_run_ends(book: notebook_world.NotebookPage) -> None:
    book.server.write("looking.ipynb", *lab_cells.FLOW, "%launch -p seconds=6")
    run = book.open_notebook("looking.ipynb").run_all().page.locator(".tc-view-run").first
    run.get_by_text("running").first.wait_for()
    run.locator("[data-id=train]").click()
    run.locator(".tc-lines").get_by_text("step 3").wait_for()
    run.locator(".tc-good").wait_for()
    book.page.wait_for_timeout(3000)  # by then the notebook's copy is brought up to date
    run.locator(".tc-lines").get_by_text("step 3").wait_for()
