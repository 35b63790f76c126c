"""Workflow, form, comparison, versions, values and the list of runs; and what every view looks like."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

RUNS = "{runs: payloads.comparison(3).runs.map(run => run.id)}"


def test_workflow_says_why_a_task_would_run_and_what_it_costs(sight: Any) -> None:
    sight.show("workflow", "{workflow: 'late_flights'}")
    page = sight.page
    page.locator("[data-id=fold]").hover()
    assert "its code changed in line 3" in page.locator(".tc-tip").inner_text()
    page.locator("[data-id=report]").click()
    page.get_by_text("would execute 7 tasks").wait_for()
    page.get_by_role("button", name="Launch…").click()
    page.get_by_role("heading", name="Launch late_flights@7").wait_for()


def test_form_checks_previews_and_starts_and_the_run_takes_its_place(sight: Any, wait: Any) -> None:
    sight.show("form", "{target: 'late_flights@7'}")
    page = sight.page
    page.get_by_text("7 tasks would run, about 48.5 s (from 12 runs)").wait_for()
    month = page.get_by_role("textbox", name="month int")
    month.fill("x")
    page.get_by_text("A whole number is needed.").wait_for()
    assert month.get_attribute("aria-invalid") == "true"
    assert page.get_by_role("button", name="Launch", exact=True).get_attribute("aria-disabled") == "true"
    month.fill("3")
    page.get_by_role("textbox", name="learning_rate float").fill("0.01, 0.1")
    page.locator(".tc-field", has_text="learning_rate").get_by_label("sweep").check()
    page.get_by_role("tab", name="As code").click()
    page.get_by_text("%launch late_flights@7 -p month=3 --sweep learning_rate=0.01,0.1").wait_for()
    page.get_by_role("button", name="Launch 2 branches").click()
    page.locator(".tc-run").wait_for()
    sent = page.evaluate("() => store.asked.find(([name]) => name === 'runs.launch')[1]")
    assert (sent["parameters"], sent["sweep"]) == ({"month": 3}, {"learning_rate": [0.01, 0.1]})


def test_form_refused_by_the_store_keeps_what_was_typed(sight: Any) -> None:
    sight.show(
        "form",
        "{target: 'w'}",
        "scriptedStore({'runs.launch': new views.ViewError('The cluster can not be reached.', {remedy: 'Try again in a minute.'})})",
    )
    sight.page.get_by_role("textbox", name="month int").fill("5")
    sight.page.get_by_role("button", name="Launch", exact=True).click()
    sight.page.get_by_role("alert").filter(has_text="The cluster can not be reached.").wait_for()
    assert sight.page.get_by_role("textbox", name="month int").input_value() == "5"


def test_comparison_shows_differences_first_and_any_run_as_baseline(sight: Any, wait: Any) -> None:
    sight.show("compare", RUNS)
    page = sight.page
    page.get_by_role("heading", name="Comparing 3 runs").wait_for()
    assert page.get_by_role("rowheader", name="month").count() == 0
    page.get_by_label("only differences").uncheck()
    assert page.get_by_role("rowheader", name="month").count() == 1
    page.get_by_label("Compare the others with B").check()
    wait("() => store.asked.at(-1)[1].baseline === store.asked.at(-1)[1].runs.split(',')[1]")
    page.get_by_role("tab", name="One against another").click()
    assert page.locator("svg.tc-plot circle").count() == 2


def test_versions_roll_back_after_asking(sight: Any, wait: Any) -> None:
    sight.show("versions", "{workflow: 'late_flights'}")
    page = sight.page
    page.get_by_role("button", name="Roll back").click()
    wait("() => store.asked.some(([name]) => name === 'tags.rollback')")
    assert "back from @5 to @6" in page.evaluate("() => calls.find(([name]) => name === 'confirm')[1]")
    page.get_by_role("button", name="@6 ").click()
    page.get_by_text("84 distributions").wait_for()
    page.get_by_label("compared with").select_option("2")
    wait("() => store.asked.at(-1)[1].against === 2")


def test_value_is_found_by_name_and_a_million_rows_are_paged(sight: Any, wait: Any) -> None:
    sight.show("value", "{}")
    page = sight.page
    page.get_by_label("Search values by name").fill("fli")
    page.get_by_text("1 found").wait_for()
    page.get_by_role("listbox", name="Values").focus()
    page.keyboard.press("Enter")
    page.get_by_text("1,000,000 rows · 11 columns").wait_for()
    assert page.locator(".tc-sheetrow").count() < 60
    page.get_by_label("Row").fill("654321")
    page.keyboard.press("Enter")
    wait(
        "() => [...document.querySelectorAll('.tc-sheetrow')].some(e => e.textContent.startsWith('654,321') && e.textContent.includes('655866'))"
    )


def test_pickle_of_an_untrusted_store_is_refused_in_words(sight: Any) -> None:
    sight.show("value", "{run: payloads.RUN, task: 'train', output: 'model'}")
    sight.page.get_by_text("It is a pickle, and this store is not named as trusted").wait_for()


def test_hundred_thousand_runs_are_searched_filtered_and_compared(sight: Any, wait: Any) -> None:
    sight.show("runs")
    page = sight.page
    page.get_by_text("100,000 runs").wait_for()
    assert page.locator(".tc-runlist [role=option]").count() < 60
    rows = page.get_by_role("listbox", name="Runs")
    rows.focus()
    for _ in range(4):
        page.keyboard.press("End")
        page.wait_for_timeout(120)
    assert page.evaluate("() => store.asked.filter(([name]) => name === 'runs.list').length") >= 4
    page.get_by_label("State").select_option("failed")
    wait("() => [...document.querySelectorAll('.tc-runlist .tc-badge')].every(e => e.textContent === 'failed')")
    rows.focus()
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press(" ")
    page.get_by_role("button", name="Compare 2").click()
    assert page.evaluate("() => calls.find(([name]) => name === 'openComparison')[1].length") == 2
    page.keyboard.press("Tab")
    rows.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("() => calls.some(([name]) => name === 'openRun')")


def test_new_run_appears_at_the_top_while_one_looks(sight: Any) -> None:
    sight.show("runs")
    sight.page.get_by_text("100,000 runs").wait_for()
    sight.page.evaluate(
        "() => store.tell('runs', {event: 'runs-change', topic: 'runs', sequence: 2, rows: [{...payloads.runRow(0), id: '01ZZZZZZZZZZZZZZZZZZZZZZZZ', workflow: 'brand_new@1'}], gone: [], running: 4})"
    )
    sight.page.locator(".tc-runlist [role=option]").first.get_by_text("brand_new@1").wait_for()
    sight.page.get_by_text("100,001 runs · 4 running").wait_for()


LOOKS = {
    "run": ("{run: payloads.RUN, task: 'train~2'}", "payloads.endedRun"),
    "workflow": ("{workflow: 'late_flights'}", "undefined"),
    "form": ("{target: 'late_flights@7'}", "undefined"),
    "compare": (RUNS, "undefined"),
    "versions": ("{workflow: 'late_flights'}", "undefined"),
    "value": ("{run: payloads.RUN, task: 'clean', output: 'flights'}", "undefined"),
    "runs": ("{}", "undefined"),
}


@pytest.mark.parametrize(
    "sight",
    [
        {"width": width, "theme": theme, "dir": way}
        for width in (1200, 320)
        for theme in ("light", "dark")
        for way in ("ltr", "rtl")
        if way == "ltr" or theme == "light"
    ],
    indirect=True,
    ids=lambda one: f"{one['width']}-{one['theme']}-{one['dir']}",
)
@pytest.mark.parametrize("view", LOOKS)
def test_view_fits_its_place_and_keeps_a_picture(sight: Any, view: str, request: pytest.FixtureRequest) -> None:
    params, first = LOOKS[view]
    sight.show(view, params, "scriptedStore({'runs.get': payloads.endedRun})", first)
    sight.page.wait_for_timeout(500)
    assert sight.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    unnamed = """() => [...document.querySelectorAll('.taskcell-view :is(button, input, select, textarea, [role=listbox], [role=log], [role=region], iframe)')]
      .filter(e => !e.getAttribute('aria-hidden') && !(e.getAttribute('aria-label') || e.textContent.trim() || e.title || e.labels?.length)).map(e => e.outerHTML.slice(0, 120))"""
    assert sight.page.evaluate(unnamed) == []
    sight.keep(f"{view}-{request.node.callspec.id}")
