"""A log of a million lines: read, searched, followed, never taken away from under the reader."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

TOPIC = "`log:${payloads.RUN}/train~1`"
SAY = f"""(lines, total, first) => store.tell({TOPIC}, {{event: 'log-lines', topic: '', sequence: 2, chunk: {{kind: 'log', run: payloads.RUN, task: 'train~1', attempt: 1,
first_line: first, lines, next_line: total, numbers: [], total_lines: total, total_bytes: 0, done: false, more: false, query: '', clipped: [], schema: 1}}}})"""


def _running(sight: Any, lines: int) -> None:
    sight.run(store=f"scriptedStore({{'tasks.log': payloads.logOf({lines}, false)}})", task="train~1")
    sight.page.get_by_role("log").wait_for()
    sight.page.locator(f".tc-number[data-number='{lines}']").wait_for()


def test_million_lines_are_scrolled_and_searched(sight: Any, wait: Any) -> None:
    sight.run(
        first="payloads.endedRun",
        store="scriptedStore({'runs.get': payloads.endedRun, 'tasks.log': payloads.logOf(1_000_000)})",
        task="train~0",
    )
    page = sight.page
    page.get_by_text("1,000,000 lines").wait_for()
    assert page.locator(".tc-line").count() < 60
    page.get_by_role("log").focus()
    page.keyboard.press("End")
    wait("() => document.querySelector('[data-number=\"1000000\"]')?.parentElement.textContent.includes('step 999999')")
    page.keyboard.press("Home")
    wait("() => document.querySelector('[data-number=\"1\"]')")
    page.get_by_label("Search the log of").fill("needle 498500")
    page.keyboard.press("Enter")
    wait("() => document.querySelector('.tc-hit mark')?.textContent === 'needle 498500'")
    assert page.evaluate("() => document.querySelector('.tc-hit .tc-number').dataset.number") == "498501"
    page.get_by_role("log").hover()
    page.mouse.wheel(0, 36)
    wait("() => document.querySelector('.tc-hit')")


def test_next_and_previous_go_around_the_matches(sight: Any, wait: Any) -> None:
    sight.run(
        first="payloads.endedRun",
        store="scriptedStore({'runs.get': payloads.endedRun, 'tasks.log': payloads.logOf(3000)})",
        task="train~0",
    )
    page = sight.page
    page.get_by_role("log").wait_for()
    page.get_by_label("Search the log of").fill("NEEDLE")
    page.keyboard.press("Enter")
    page.get_by_text("1 of 4").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("2 of 4").wait_for()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    page.get_by_text("4 of 4").wait_for()
    wait("() => document.querySelector('.tc-hit .tc-number').dataset.number === '2992'")


def test_follow_stays_at_the_end(sight: Any, wait: Any) -> None:
    _running(sight, 2000)
    sight.page.evaluate(f"() => ({SAY})(['one more', 'and the last'], 2002, 2000)")
    wait("() => document.querySelector('[data-number=\"2002\"]')?.parentElement.textContent.includes('and the last')")


def test_scroll_is_never_taken_from_the_reader(sight: Any, wait: Any) -> None:
    _running(sight, 2000)
    page = sight.page
    page.get_by_role("log").hover()
    page.mouse.wheel(0, -3000)
    page.wait_for_timeout(200)
    top = page.evaluate("() => document.querySelector('.tc-lines').scrollTop")
    first = page.locator(".tc-line").first.inner_text()
    page.evaluate(f"() => ({SAY})(['new'], 2001, 2000)")
    page.get_by_role("button", name="1 new line").wait_for()
    assert page.evaluate("() => document.querySelector('.tc-lines').scrollTop") == top
    assert page.locator(".tc-line").first.inner_text() == first
    page.get_by_role("button", name="1 new line").click()
    wait("() => document.querySelector('[data-number=\"2001\"]')")


def test_line_without_its_end_is_replaced(sight: Any, wait: Any) -> None:
    _running(sight, 600)
    sight.page.evaluate(f"() => ({SAY})(['50%'], 601, 600)")
    sight.page.evaluate(f"() => ({SAY})(['50%\\r100%'], 601, 600)")
    wait(
        "() => document.querySelector('[data-number=\"601\"]')?.parentElement.querySelector('.tc-text').textContent === '100%'"
    )
