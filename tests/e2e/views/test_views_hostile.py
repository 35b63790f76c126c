"""What others wrote is shown, and does nothing: no script, no style that leaks, no request that leaves."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

HTML = """<script>parent.hit = 1</script><img src=x onerror="parent.hit = 2"><img src="https://evil.example/a.png"><svg onload="parent.hit = 3"><use href="https://evil.example/b.svg#x"/></svg>
<style>@import url(https://evil.example/c.css); .tc-title { display: none } body { background: url(https://evil.example/d.png) }</style><link rel=stylesheet href=https://evil.example/e.css>
<link rel=dns-prefetch href=//evil.example><meta http-equiv=refresh content="0;url=https://evil.example/f"><iframe src="https://evil.example/g" srcdoc="<script>parent.parent.hit=4</script>"></iframe>
<base href="https://evil.example/"><a href="javascript:parent.hit=5" id=link>link</a><form action="https://evil.example/h"><button>go</button></form><video poster="https://evil.example/i"></video>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=parent.hit=6&gt;">survivor"""
NAME = "<img src=x onerror=hit=7>\\u202eevil\\u0000\\u001b[31m"


def test_html_of_a_task_runs_nothing_and_asks_for_nothing(sight: Any) -> None:
    page = sight.page
    page.evaluate("html => { window.bad = html }", HTML)
    sight.run(
        first="payloads.endedRun",
        store="scriptedStore({'runs.get': payloads.endedRun, 'tasks.get': p => ({...payloads.taskView(p), displays: [{mime: 'text/html', content: bad, clipped: false}, "
        '{mime: \'image/svg+xml\', content: \'<svg xmlns="http://www.w3.org/2000/svg" onload="parent.hit=8"><image href="https://evil.example/j.png"/><script>parent.hit=9</script></svg>\', clipped: false}]})})',
        task="train~0",
    )
    page.get_by_role("tab", name="Inputs and outputs").click()
    frame = page.frame_locator("iframe.tc-frame")
    frame.get_by_text("survivor").wait_for()
    frame.locator("#link").click()
    page.wait_for_timeout(400)
    assert page.evaluate("() => window.hit") is None
    assert page.locator(".tc-title").first.is_visible()
    assert page.locator("iframe.tc-frame").get_attribute("sandbox") == ""
    assert sight.left() == []


def test_markup_and_control_characters_in_names_are_text(sight: Any) -> None:
    sight.page.evaluate(
        f"""() => {{ const name = "{NAME}"; const wicked = structuredClone(payloads.endedRun); Object.assign(wicked, {{workflow: name, author: name, sentence: name.repeat(5), backend: name, parameters: {{[name]: name}}, notices: [name]}});
        wicked.tasks.forEach(task => Object.assign(task, {{label: name, error: name, notices: [name]}})); wicked.graph.nodes.forEach(node => Object.assign(node, {{label: name, detail: name, reason: name}})); window.wicked = wicked }}"""
    )
    sight.run(first="wicked", store="scriptedStore({'runs.get': () => wicked})", task="train~2")
    text = sight.page.locator(".taskcell-view").inner_text()
    assert "<img src=x onerror=hit=7>⟨U+202E⟩evil␀" in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    sight.page.get_by_role("tab", name="Tasks").click()
    assert sight.page.locator(".taskcell-view img").count() == 0
    assert sight.page.evaluate("() => window.hit") is None


def test_escapes_in_a_log_only_colour_it(sight: Any) -> None:
    line = "\\u001b[31mred\\u001b[0m \\u001b]8;;https://evil.example\\u0007click\\u001b]8;;\\u0007 \\u001b[2J<b>bold</b>\\u0007\\u0008 \\u202eevil"
    sight.run(
        first="payloads.endedRun",
        store=f"scriptedStore({{'runs.get': payloads.endedRun, 'tasks.log': p => ({{...payloads.logOf(1)(p), lines: [\"{line}\"]}})}})",
        task="train~0",
    )
    text = sight.page.locator(".tc-text").first
    text.wait_for()
    sight.page.wait_for_function("() => document.querySelector('.tc-text').textContent.includes('red')")
    assert text.inner_text() == "red click <b>bold</b>␇␈ ⟨U+202E⟩evil"
    assert sight.page.locator(".tc-text a, .tc-text b").count() == 0
    assert sight.page.locator(".tc-a-red").first.inner_text() == "red"


def test_payload_of_a_newer_version_is_refused_with_a_remedy(sight: Any) -> None:
    sight.run(
        first="{...payloads.run, schema: 99, tasks: 'other'}",
        store="scriptedStore({'runs.get': 'never'}, {mute: true})",
    )
    said = sight.page.get_by_role("alert").inner_text()
    assert "made by a newer Taskcell" in said
    assert "Update Taskcell" in said


@pytest.mark.parametrize(
    "first",
    [
        "{kind: 'run', id: 'x', schema: 1, tasks: 7}",
        "{kind: 'run', schema: 1, tasks: [null], graph: {nodes: 'no'}}",
        "'text'",
        "[]",
        "{kind: 'other'}",
    ],
)
def test_damaged_payload_is_refused_in_words_and_the_page_goes_on(sight: Any, first: str) -> None:
    sight.run(
        first=first, store="scriptedStore({'runs.get': new views.ViewError('There is no such run.')}, {mute: true})"
    )
    sight.page.get_by_role("alert").first.wait_for()
    assert len(sight.page.get_by_role("alert").first.inner_text()) > 10


@pytest.mark.parametrize("view", ["run", "workflow", "form", "compare", "versions", "value", "runs"])
def test_store_that_refuses_everything_is_said_with_a_way_to_try_again(sight: Any, view: str) -> None:
    sight.page.evaluate(
        "() => { window.no = new Proxy({}, {get: () => new views.ViewError('The store can not be read: permission denied.', {remedy: 'Ask its owner.'})}) }"
    )
    sight.show(
        view,
        "{run: payloads.RUN, runs: [payloads.RUN, payloads.OLD], workflow: 'w', target: 'w'}",
        "Object.assign(scriptedStore({}, {mute: true}), {answers: no})",
    )
    sight.page.get_by_role("alert").filter(has_text="permission denied").wait_for()
    sight.page.evaluate("() => { store.answers = payloads.answers }")
    sight.page.get_by_role("button", name="Try again").first.click()
    sight.page.get_by_role("alert").wait_for(state="detached")


@pytest.mark.parametrize("view", ["run", "workflow", "form", "compare", "versions", "value", "runs"])
def test_store_that_never_answers_is_waited_for_in_words(sight: Any, view: str) -> None:
    sight.show(
        view,
        "{run: payloads.RUN, runs: [payloads.RUN, payloads.OLD], workflow: 'w', target: 'w'}",
        "Object.assign(scriptedStore({}, {mute: true}), {answers: new Proxy({}, {get: () => 'never'})})",
    )
    sight.page.locator(".tc-waiting").first.wait_for()
    sight.page.evaluate("() => dispose()")
