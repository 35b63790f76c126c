"""Each view comes back from the run's id and is true: after reloads, restarts, behind a base URL, in two tabs, by keyboard."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from tests.e2e import lab_cells, lab_pages, lab_world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


HELD = (
    lab_cells.LOAD,
    '%%params\ngate: str = ""',
    "%%task wait(gate) -> there\nimport os, time\nwhile gate and not os.path.exists(gate):\n    time.sleep(0.1)\nthere = 1",
)
"""A run of it can't end before a slow browser has looked: it waits for a file, which a run of the cell alone doesn't."""


def _launched(lab: lab_world.LabServer, tab: lab_pages.LabPage, name: str, *cells: str) -> Any:
    lab.write(name, *(HELD if "gate=" in cells[-1] else lab_cells.FLOW), *cells)
    tab.open_notebook(name).run_all()
    view = tab.page.locator(".jp-OutputArea .tc-view-run").first
    view.wait_for(timeout=60_000)
    return view


def test_reload_in_mid_run_shows_the_run_as_it_stands(
    lab: lab_world.LabServer, tab: lab_pages.LabPage, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    _launched(lab, tab, "reloaded.ipynb", f"%launch -p gate={gate}")
    tab.save()
    tab.reload()
    view = tab.page.locator(".jp-OutputArea .tc-view-run").first
    view.get_by_text("running").first.wait_for()
    tab.page.locator(".tc-lab-status", has_text="1 run").wait_for()
    gate.touch()
    view.get_by_text("succeeded").first.wait_for(timeout=90_000)
    tab.page.locator(".tc-lab-status", has_text="0 runs").wait_for()


def test_restarted_kernel_leaves_the_view_live(lab: lab_world.LabServer, tab: lab_pages.LabPage) -> None:
    view = _launched(lab, tab, "restarted.ipynb", "%launch -p seconds=8 -p rate=0.3")
    tab.page.evaluate("async () => { await jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart() }")
    view.get_by_text("succeeded").first.wait_for(timeout=90_000)


def test_view_is_not_drawn_anew_when_the_run_ends(lab: lab_world.LabServer, tab: lab_pages.LabPage) -> None:
    view = _launched(lab, tab, "kept.ipynb", "%launch -p seconds=5 -p rate=0.35")
    view.get_by_text("running").first.wait_for()
    view.evaluate("view => { view.isTheSame = true }")
    view.locator(".tc-good").wait_for()
    time.sleep(3)
    assert view.evaluate("view => view.isTheSame && view.isConnected")


def test_saved_notebook_without_a_kernel_shows_the_run(lab: lab_world.LabServer, tab: lab_pages.LabPage) -> None:
    view = _launched(lab, tab, "saved.ipynb", "%launch -p rate=0.4")
    view.get_by_text("succeeded").first.wait_for(timeout=90_000)
    time.sleep(2)
    tab.save()
    saved = str(lab.saved("saved.ipynb")["cells"][-1]["outputs"])
    assert "vnd.taskcell.view+json" in saved
    tab.page.evaluate("async () => { await jupyterapp.shell.currentWidget.sessionContext.shutdown() }")
    tab.reload()
    tab.page.locator(".jp-OutputArea .tc-view-run").first.get_by_text("succeeded").first.wait_for()


def test_run_tab_comes_back_after_a_reload_and_lives_in_two_tabs(
    lab: lab_world.LabServer, tab: lab_pages.LabPage
) -> None:
    _launched(lab, tab, "two.ipynb", "%launch -p seconds=10 -p rate=0.6")
    run = lab.get("taskcell/api/runs")["runs"][0]["id"]
    tab.command("taskcell:open-run", {"run": run})
    tab.main(".tc-view-run").get_by_text("train").first.wait_for()
    other = lab_pages.LabPage(tab.page.context.new_page(), lab).open("lab/workspaces/other", "reset")
    other.command("taskcell:open-run", {"run": run})
    other.main(".tc-view-run").get_by_text("succeeded").first.wait_for(timeout=90_000)
    time.sleep(2)
    tab.reload()
    assert f"Run …{run[-6:]}" in tab.widgets()
    tab.main(".tc-view-run").get_by_text("succeeded").first.wait_for()


def test_server_that_comes_back_is_followed_again(browser: Any, tmp_path: Path) -> None:
    with lab_world.server(tmp_path) as lab:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        tab = lab_pages.LabPage(context.new_page(), lab)
        gate = tmp_path / "gate"
        _launched(lab, tab, "server.ipynb", f"%launch -p gate={gate}")
        run = lab.get("taskcell/api/runs")["runs"][0]["id"]
        tab.command("taskcell:open-run", {"run": run})
        tab.main(".tc-view-run").get_by_text("running").first.wait_for()
        lab.stop()
        lab.start()
        gate.touch()
        tab.main(".tc-view-run").get_by_text("succeeded").first.wait_for(timeout=120_000)
        context.close()


def test_everything_works_behind_a_base_url(browser: Any, tmp_path: Path) -> None:
    with lab_world.server(tmp_path, base_url="/user/ana@example/") as lab:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        tab = lab_pages.LabPage(context.new_page(), lab)
        view = _launched(lab, tab, "based.ipynb", "%launch")
        view.get_by_text("succeeded").first.wait_for(timeout=90_000)
        run = lab.get("taskcell/api/runs")["runs"][0]["id"]
        tab.open(query=f"taskcell=run:{run}")
        tab.page.locator(".tc-lab-banner").wait_for()
        assert tab.errors == []
        context.close()


def test_side_panel_is_used_by_keyboard_alone(lab: lab_world.LabServer, tab: lab_pages.LabPage) -> None:
    _launched(lab, tab, "keys.ipynb", "%launch -p rate=0.7").get_by_text("succeeded").first.wait_for(timeout=90_000)
    page = tab.page
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Alt+r")
    page.locator(".tc-lab-side [data-run]").first.wait_for()
    page.wait_for_function("() => document.activeElement?.type === 'search'")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(
            "() => document.activeElement.closest('[data-run]') && document.activeElement.matches('.tc-lab-name')"
        ):
            break
    page.keyboard.press("Enter")
    tab.main(".tc-view-run").get_by_text("train").first.wait_for()
    tab.shot("side-panel")


def test_form_that_has_launched_is_its_run_after_a_reload(lab: lab_world.LabServer, tab: lab_pages.LabPage) -> None:
    lab.write("formed.ipynb", *lab_cells.FLOW, "%launch --form")
    tab.open_notebook("formed.ipynb").run_all()
    output = tab.page.locator(".jp-OutputArea-output:has(.taskcell-view)").last
    output.get_by_role("button", name="Launch", exact=True).click(timeout=120_000)
    output.locator(".tc-run").get_by_text("succeeded").first.wait_for(timeout=120_000)
    tab.save()
    time.sleep(2)
    tab.reload()
    output.locator(".tc-run").get_by_text("succeeded").first.wait_for(timeout=120_000)
    tab.shot("form-launched")
