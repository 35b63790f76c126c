"""The run view: followed, walked through by keyboard, read, acted upon."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]


def test_saved_payload_is_drawn_before_the_store_answers(sight: Any) -> None:
    sight.run(store="scriptedStore({'runs.get': 'never'}, {mute: true})")
    assert sight.page.locator(".tc-workflow").inner_text() == "late_flights@7"
    assert sight.page.locator("[data-id='train~2']").count() == 1


def test_view_without_a_kernel_says_that_it_is_not_live(sight: Any) -> None:
    gone = "Object.assign(new views.ViewError('No kernel.', {code: 'gone'}))"
    sight.run(store=f"scriptedStore({{'runs.get': {gone}}}, {{mute: true}})", task="load")
    sight.page.get_by_text("not live").wait_for()
    assert sight.page.get_by_role("button", name="Cancel").count() == 0
    assert "shown when a kernel or a server answers" in sight.page.locator(".tc-task").inner_text()


def test_change_of_state_reaches_the_screen_and_moves_nothing(sight: Any, wait: Any) -> None:
    sight.run()
    sight.page.get_by_text("live", exact=True).wait_for()
    where = "() => JSON.stringify([...document.querySelectorAll('.tc-picture, .tc-tabrow, .tc-bar')].map(e => e.getBoundingClientRect()))"
    before = sight.page.evaluate(where)
    sight.page.evaluate(
        """() => store.tell(`run:${payloads.RUN}`, {event: 'run-change', topic: '', sequence: 2, state: 'running', shown_at: payloads.at(70), sentence: '',
        duration_s: 70, ended_at: null, counts: {succeeded: 5, cached: 1, failed: 1, skipped: 1, running: 2, pending: 1}, notices: [], actions: ['cancel'], cancelling: false,
        tasks: [payloads.task('report', 'running', {duration_s: 1})], nodes: [{id: 'report', state: 'running', detail: 'just begun', counts: {}}]})"""
    )
    sight.page.locator("[data-id='report'] >> text=just begun").wait_for()
    assert sight.page.evaluate(where) == before
    sight.page.get_by_role("button", name="Reproduce").wait_for(state="detached")


def test_answer_that_is_older_than_a_change_does_not_undo_it(sight: Any, wait: Any) -> None:
    sight.run(store="scriptedStore({}, {held: true})")
    wait("() => store.asked.some(([name]) => name === 'runs.get')")
    sight.page.evaluate(
        """() => store.tell(`run:${payloads.RUN}`, {event: 'run-change', topic: '', sequence: 2, state: 'running', shown_at: payloads.at(70), sentence: '',
        duration_s: 70, ended_at: null, counts: payloads.run.counts, notices: [], actions: [], cancelling: false, tasks: [],
        nodes: [{id: 'report', state: 'running', detail: 'just begun', counts: {}}]})"""
    )
    sight.page.locator("[data-id='report'] >> text=just begun").wait_for()
    sight.page.evaluate("() => store.release()")
    sight.page.wait_for_timeout(200)
    assert sight.page.locator("[data-id='report'] >> text=just begun").count() == 1


def test_lost_connection_is_said_and_what_was_shown_stays(sight: Any) -> None:
    sight.run()
    sight.page.get_by_text("live", exact=True).wait_for()
    sight.page.evaluate("() => store.state('lost')")
    sight.page.get_by_text("Connection lost, trying again").wait_for()
    assert sight.page.locator("[data-id='load']").count() == 1
    sight.page.evaluate("() => store.state('live')")
    sight.page.get_by_text("live", exact=True).wait_for()


def test_keyboard_alone_opens_a_task_searches_its_log_and_comes_back(sight: Any, wait: Any) -> None:
    sight.run()
    page = sight.page
    page.locator(".tc-picture").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    spoken = page.locator(".tc-picture [role=option]").inner_text()
    assert "needs" in spoken
    page.keyboard.press("End")
    assert page.locator(".tc-picture [role=option]").inner_text().startswith("report, pending")
    page.keyboard.press("Enter")
    page.locator("section.tc-task h3", has_text="report").wait_for()
    page.locator(".tc-picture").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("log").wait_for()
    page.get_by_role("log").focus()
    page.keyboard.press("/")
    page.keyboard.type("needle 997")
    page.keyboard.press("Enter")
    wait("() => document.querySelector('.tc-line.tc-hit mark')?.textContent === 'needle 997'")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    wait("() => !document.querySelector('section.tc-task')")
    assert page.evaluate("() => document.activeElement !== document.body")


def test_tabs_are_walked_by_arrows(sight: Any) -> None:
    sight.run()
    page = sight.page
    page.get_by_role("tab", name="Graph").focus()
    page.keyboard.press("ArrowRight")
    assert "Timeline" in sight.focused()
    page.keyboard.press("ArrowRight")
    page.get_by_role("listbox", name="Tasks").wait_for()
    page.get_by_role("listbox", name="Tasks").focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("[role=option][aria-selected=true]").first.inner_text().startswith("load")


def test_plain_wheel_scrolls_the_page_and_ctrl_wheel_zooms(sight: Any) -> None:
    sight.run()
    page = sight.page
    page.evaluate("() => { document.body.style.height = '3000px' }")
    page.mouse.move(500, 350)
    scale = "() => document.querySelector('.tc-svg > g').getAttribute('transform')"
    before = page.evaluate(scale)
    page.mouse.wheel(0, 200)
    page.wait_for_function("() => scrollY > 100")
    assert page.evaluate(scale) == before
    page.evaluate("() => scrollTo(0, 0)")
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    page.wait_for_function(f"() => ({scale})() !== {before!r}")


def test_each_button_is_busy_while_it_works_and_says_its_error(sight: Any) -> None:
    sight.run(
        store="scriptedStore({'runs.cancel': new views.ViewError('The run has ended already.', {remedy: 'Look at its results.'})})"
    )
    page = sight.page
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("alert").filter(has_text="The run has ended already.").wait_for()
    assert "Look at its results." in page.get_by_role("alert").inner_text()
    assert page.evaluate("() => calls[0][0]") == "confirm"
    page.evaluate("() => store.hold()")
    page.get_by_role("button", name="Reproduce").click()
    assert page.get_by_role("button", name="Starting…").get_attribute("aria-busy") == "true"
    page.evaluate("() => store.release()")
    page.get_by_text("Reproducing as run").wait_for()


def test_verdict_follows_a_reproduction(sight: Any) -> None:
    old = "{...payloads.endedRun, id: payloads.OLD, state: 'succeeded'}"
    sight.run(
        first="payloads.endedRun",
        store=f"""scriptedStore({{'runs.get': p => p.run === payloads.OLD ? {old} : payloads.endedRun,
        'runs.verdict': {{kind: 'reproduction-state', run: payloads.RUN, reproduction: payloads.verdict, running: []}}}})""",
    )
    sight.page.get_by_role("button", name="Reproduce").click()
    sight.page.get_by_text("Reproduced: different.").wait_for()
    assert (
        "First difference in train[learning_rate=0.1] (nondeterminism)"
        in sight.page.locator(".taskcell-view").inner_text()
    )


def test_rescue_and_executed_notebook_are_handed_to_the_host(sight: Any, wait: Any) -> None:
    sight.run(first="payloads.endedRun", store="scriptedStore({'runs.get': payloads.endedRun})", task="train~2")
    sight.page.get_by_role("button", name="Rescue").click()
    wait("() => calls.some(([name, , file]) => name === 'openNotebook' && file === 'rescue-train.ipynb')")
    sight.page.get_by_role("button", name="Executed notebook").click()
    wait("() => calls.some(([name, , file]) => name === 'openNotebook' && file === 'train.ipynb')")


def test_thousand_wide_map_opens_as_a_list_that_is_windowed(sight: Any, wait: Any) -> None:
    sight.run(task="fold")
    page = sight.page
    page.get_by_role("listbox", name="Elements of fold").wait_for()
    page.get_by_role("option", name="0 succeeded").first.wait_for()
    assert page.locator(".tc-elements [role=option]").count() < 60
    page.get_by_role("listbox", name="Elements of fold").focus()
    page.keyboard.press("End")
    wait(
        "() => [...document.querySelectorAll('.tc-elements [role=option]')].some(e => e.textContent.startsWith('999'))"
    )
    page.locator(".tc-elements select").select_option("failed")
    wait("() => document.querySelectorAll('.tc-elements [role=option]').length === 3")


def test_five_thousand_nodes_are_drawn_searched_and_walked(sight: Any, wait: Any) -> None:
    sight.page.evaluate("() => { window.big = payloads.bigRun(5000) }")
    sight.run(first="big", store="scriptedStore({'runs.get': () => big})")
    page = sight.page
    assert page.locator(".tc-picture canvas").count() == 2
    painted = "() => { const c = document.querySelectorAll('.tc-canvas')[1]; return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0) }"
    wait(painted)
    page.get_by_label("Find a task or a state in the graph").fill("task_4321")
    page.keyboard.press("Enter")
    page.locator(".tc-picture").focus()
    assert page.locator(".tc-picture [role=option]").inner_text().startswith("task_4321, pending")
    page.get_by_role("tab", name="Tasks").click()
    assert page.locator(".tc-tasktable [role=option]").count() < 60
    page.get_by_role("tab", name="Timeline").click()
    assert page.locator(".tc-timeline [role=option]").count() < 60


def test_taking_a_view_away_leaves_nothing(sight: Any, wait: Any) -> None:
    sight.run()
    sight.page.get_by_text("live", exact=True).wait_for()
    assert len(sight.page.evaluate("() => store.listening()")) == 1
    sight.page.evaluate("() => dispose()")
    assert sight.page.evaluate(
        "() => [place.childElementCount, document.querySelectorAll('style[data-taskcell-style]').length]"
    ) == [0, 0]
    wait("() => store.listening().length === 0")


@pytest.mark.parametrize("sight", [{"width": 300}], indirect=True)
def test_names_of_tasks_can_be_read_in_a_narrow_cell(sight: Any) -> None:
    sight.run(first="payloads.endedRun", store="scriptedStore({'runs.get': payloads.endedRun})")
    label = sight.page.locator(".tc-svg .tc-label").first
    label.wait_for()
    heights = (
        """() => [...document.querySelectorAll('.tc-svg .tc-label')].map(text => text.getBoundingClientRect().height)"""
    )
    assert min(sight.page.evaluate(heights)) > 11
    outside = """() => [...document.querySelectorAll('.tc-svg .tc-node')].filter(node =>
      node.querySelector('.tc-label')?.getBoundingClientRect().right > node.querySelector('.tc-card').getBoundingClientRect().right + 1).length"""
    assert sight.page.evaluate(outside) == 0


def test_large_graph_is_drawn_once_for_its_first_picture(sight: Any) -> None:
    sight.page.evaluate(
        """() => { window.cleared = 0; const clear = CanvasRenderingContext2D.prototype.clearRect;
        CanvasRenderingContext2D.prototype.clearRect = function (...box) { window.cleared += 1; return clear.apply(this, box) } }"""
    )
    sight.run(first="payloads.bigRun(2000)", store="scriptedStore({'runs.get': 'never'}, {mute: true})")
    sight.page.wait_for_timeout(500)
    assert sight.page.evaluate("() => cleared") == 2, "one time for the edges, one for the nodes"
