"""In a page that runs from right to left places are mirrored; words, logs and code still read as they were written."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

MIRRORED = pytest.mark.parametrize("sight", [{"dir": "rtl"}], indirect=True, ids=["rtl"])
BOTH_WAYS = pytest.mark.parametrize("sight", [{"dir": "ltr"}, {"dir": "rtl"}], indirect=True, ids=["ltr", "rtl"])

HEBREW = "\u05d3\u05e0\u05d4"
LEFTS = """([selector, texts]) => {
  const box = document.querySelector(selector), range = document.createRange();
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT), nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  return texts.map(text => { const node = nodes.find(one => one.data.includes(text));
    const at = node.data.indexOf(text); range.setStart(node, at); range.setEnd(node, at + text.length); return range.getBoundingClientRect().left })
}"""
"""Where texts begin on screen: what is read first from the left has the least."""


def lefts(sight: Any, selector: str, *texts: str) -> list[float]:
    found: list[float] = sight.page.evaluate(LEFTS, [selector, list(texts)])
    return found


def show_run(sight: Any) -> None:
    sight.page.evaluate(
        f"""() => {{ window.mine = structuredClone(payloads.endedRun); mine.author = "{HEBREW}"; mine.sentence = "Task train failed: {HEBREW} (3 rows)."; mine.parameters = {{ "{HEBREW}": 7, month: 1 }};
        for (const one of [...mine.tasks, ...mine.graph.nodes]) if (one.id === "clean") one.label = "{HEBREW}" }}"""
    )
    sight.run(first="mine", store="scriptedStore({'runs.get': () => mine})", task="train~2")
    sight.page.locator(".tc-text").first.wait_for()


@BOTH_WAYS
def test_sentences_that_begin_with_a_number_or_hold_other_letters_keep_their_order(sight: Any) -> None:
    show_run(sight)
    facts = lefts(sight, ".tc-under .tc-facts", "of 11", "tasks", "cached", "by ", HEBREW, "ago")
    assert facts == sorted(facts)
    assert lefts(sight, ".tc-under .tc-when", "1", "min", "ago") == sorted(
        lefts(sight, ".tc-under .tc-when", "1", "min", "ago")
    )
    said = lefts(sight, ".tc-run > .tc-error", "Task", "failed", HEBREW, "(3", "rows", ".")
    assert said == sorted(said)
    legend = lefts(sight, ".tc-legend", "8", "succeeded")
    assert legend == sorted(legend)


@MIRRORED
def test_places_are_mirrored_and_log_and_graph_are_not(sight: Any) -> None:
    show_run(sight)
    page = sight.page

    def box(selector: str) -> dict[str, float]:
        found: dict[str, float] = page.locator(selector).first.bounding_box()
        return found

    graph, tasks = (page.get_by_role("tab", name=name).bounding_box()["x"] for name in ("Graph", "Tasks"))
    assert graph > tasks
    assert box(".tc-head .tc-title")["x"] > box(".tc-head .tc-buttons")["x"]
    line, text = box(".tc-line .tc-number"), box(".tc-line .tc-text")
    assert line["x"] < text["x"]
    assert text["x"] - box(".tc-lines")["x"] < 80
    card = page.locator("[data-id=clean]").bounding_box()
    label = page.locator("[data-id=clean] .tc-label").bounding_box()
    assert card["x"] < label["x"]
    assert label["x"] + label["width"] < card["x"] + card["width"]
    page.get_by_role("tab", name="Graph").focus()
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("tab", name="Timeline").get_attribute("aria-selected") == "true"


@BOTH_WAYS
def test_bars_of_the_timeline_stand_under_their_times(sight: Any) -> None:
    show_run(sight)
    sight.page.get_by_role("tab", name="Timeline").click()
    zero = sight.page.locator(".tc-axis span").first.bounding_box()
    track = sight.page.locator(".tc-timeline .tc-track").first.bounding_box()
    assert abs(zero["x"] - track["x"]) < 2


@MIRRORED
def test_what_is_typed_into_a_form_reads_as_python_reads_it(sight: Any) -> None:
    sight.show("form", "{target: 'late_flights@7'}")
    page = sight.page
    page.get_by_text("7 tasks would run, about 48.5 s (from 12 runs)").wait_for()
    heading = lefts(sight, ".tc-expected", "7 tasks", "would run", "48.5", "12 runs")
    assert heading == sorted(heading)
    assert page.locator(".tc-field").first.bounding_box()["x"] > page.locator(".tc-expected").bounding_box()["x"]
    # A base direction of its own: the first letter decides, so that brackets of a dict stay where they were typed.
    for control in page.locator(".tc-field :is(input[type=text], textarea, select)").all():
        assert control.evaluate("node => getComputedStyle(node).unicodeBidi") == "plaintext"
    page.get_by_role("tab", name="As code").click()
    code = page.locator(".tc-expected .tc-pre").first
    assert code.evaluate("node => [getComputedStyle(node).direction, getComputedStyle(node).textAlign]") == [
        "ltr",
        "left",
    ]


@MIRRORED
def test_comparison_is_a_mirrored_table_with_numbers_and_code_as_written(sight: Any) -> None:
    sight.show("compare", "{runs: payloads.comparison(3).runs.map(run => run.id)}")
    page = sight.page
    page.get_by_role("heading", name="Comparing 3 runs").wait_for()
    heads = [one["x"] for one in (page.locator(".tc-matrix thead th").nth(at).bounding_box() for at in (1, 2, 3))]
    assert heads == sorted(heads, reverse=True)
    delta = lefts(sight, ".tc-delta", "+", "3.7", "%")
    assert delta == sorted(delta)
    diff = lefts(sight, ".tc-diff .tc-minus", "-", "learning_rate", ",")
    assert diff == sorted(diff)
    assert diff[0] - page.locator(".tc-diff").first.bounding_box()["x"] < 30


@BOTH_WAYS
def test_characters_that_turn_text_around_are_spelled_out(sight: Any) -> None:
    wicked = "abc\\u202edcba\\u2066x"
    sight.page.evaluate(
        f'() => {{ window.mine = structuredClone(payloads.endedRun); mine.workflow = "{wicked}"; mine.author = "{wicked}" }}'
    )
    sight.run(first="mine", store="scriptedStore({'runs.get': () => mine})")
    text = sight.page.locator(".tc-head").inner_text()
    assert "abc⟨U+202E⟩dcba⟨U+2066⟩x" in text
    order = lefts(sight, ".tc-workflow", "abc", "U+202E", "dcba", "x")
    assert order == sorted(order)
