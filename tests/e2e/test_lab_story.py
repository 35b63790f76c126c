"""The whole story, clicked through as a user does: from an empty notebook to a link that somebody else reproduces."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.e2e import lab_cells, lab_pages, lab_world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_from_an_empty_notebook_to_a_reproduced_link(
    lab: lab_world.LabServer, tab: lab_pages.LabPage, browser: Any
) -> None:
    page = tab.page
    _empty_notebook(tab)
    for cell in lab_cells.FLOW:
        tab.add_cell(cell)
    badges = page.locator(".tc-lab-badge")
    page.wait_for_function("() => document.querySelectorAll('.tc-lab-is-cached').length === 2", timeout=60_000)
    assert [text.split()[-1] for text in badges.all_inner_texts()] == ["cached", "cached"]
    assert page.locator(".tc-lab-code-name").all_inner_texts() == ["make", "train"]
    tab.shot("story-1-cells")

    _snapshot(tab)
    run = _launch_by_form(tab)
    _look_at_the_run(tab)
    tab.shot("story-3-run")

    link = page.evaluate(
        "run => `${location.origin}${jupyterapp.serviceManager.serverSettings.baseUrl.replace(location.origin, '')}lab?taskcell=run:${run}`",
        run,
    )
    other = browser.new_context(viewport={"width": 1280, "height": 900})
    second = lab_pages.LabPage(other.new_page(), lab)
    second.page.goto(f"{link}&token={lab_world.TOKEN}")
    _reproduce(second)
    second.shot("story-4-reproduced")
    assert second.errors == []
    other.close()


def test_keys_pressed_in_a_view_are_not_the_notebooks(tab: lab_pages.LabPage) -> None:
    page = tab.page
    _empty_notebook(tab)
    for cell in (*lab_cells.FLOW, "%dag"):
        tab.add_cell(cell)
    picture = page.locator(".tc-view-workflow .tc-picture")
    picture.focus()
    page.keyboard.press("End")
    assert picture.locator("[role=option]").inner_text().startswith("train")
    cells = page.locator(".jp-Cell").count()
    for key in ("d", "d", "x", "a"):  # in the command mode: delete, cut, a new one above
        page.keyboard.press(key)
    page.keyboard.press("Home")
    assert picture.locator("[role=option]").inner_text().startswith("make")
    for keys in ("Control+Enter", "Control+Shift+M", "Control+Backspace", "Control+z"):  # run, merge, merge, undo
        page.keyboard.press(keys)
    assert page.locator(".jp-Cell").count() == cells
    page.keyboard.press("Control+s")
    page.locator(".jp-Dialog", has_text="Rename file").wait_for()  # as for every first save
    page.get_by_role("button", name="Cancel").click()
    picture.focus()
    page.keyboard.press("Control+Shift+c")
    page.locator(".lm-CommandPalette:visible").wait_for()
    page.keyboard.press("Escape")
    picture.focus()
    page.keyboard.press("d")
    page.keyboard.press("d")
    assert page.locator(".jp-Cell").count() == cells


def _empty_notebook(tab: lab_pages.LabPage) -> None:
    page = tab.open().page
    page.locator(".jp-LauncherCard[data-category=Notebook]").first.click()
    page.locator(".jp-Notebook:visible").wait_for()
    page.evaluate(lab_pages.READY)
    page.locator(".jp-Notebook:visible .cm-content").first.click()


def _snapshot(tab: lab_pages.LabPage) -> None:
    page = tab.page
    page.locator('[data-jp-item-name="taskcell-snapshot"]').click()
    page.locator(".jp-Dialog input").fill("the first model")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.get_by_text("Stored as flow@1.").first.wait_for()


def _launch_by_form(tab: lab_pages.LabPage) -> str:
    """Fill in the form, look at its preview, launch; return the id of the run."""
    page = tab.page
    page.locator('[data-jp-item-name="taskcell-launch"]').click()
    rate = tab.main(".taskcell-view input").first
    rate.wait_for()
    tab.shot("story-2-form")
    field = tab.main(".taskcell-view").get_by_label(re.compile("^rate")).first
    field.fill("0.5")
    tab.main(".taskcell-view").get_by_role("button", name="Launch", exact=True).first.click()
    tab.main(".tc-view-form, .tc-view-run").get_by_text(re.compile("succeeded")).first.wait_for(timeout=120_000)
    found: str = tab.server.get("taskcell/api/runs")["runs"][0]["id"]
    return found


def _look_at_the_run(tab: lab_pages.LabPage) -> None:
    page = tab.page
    page.locator('.lm-TabBar-tab[title*="Taskcell"]').click()
    row = page.locator(".tc-lab-side [data-run]").first
    row.wait_for()
    row.locator(".tc-lab-name").click()
    tab.main(".taskcell-view").get_by_text("train").first.wait_for()


def _reproduce(tab: lab_pages.LabPage) -> None:
    page = tab.page
    banner = page.locator(".tc-lab-banner")
    banner.wait_for()
    assert "by ana" in banner.inner_text()
    assert "Not reproduced yet" in banner.inner_text()
    assert page.evaluate("() => location.search") == ""
    banner.get_by_role("button", name="Reproduce").click()
    tab.main(".taskcell-view").get_by_text("succeeded").first.wait_for(timeout=120_000)
    page.locator(".lm-TabBar-tab", has_text="as run").click()
    page.locator(".tc-lab-verdict", has_text="identical").wait_for(timeout=60_000)
