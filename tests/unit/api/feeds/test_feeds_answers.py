"""Operations on runs that were recorded and not executed: what is answered, and how bad questions are."""

from __future__ import annotations

import threading
import time
from typing import Any

import msgspec
import pytest
from tests.unit.api.recorded_runs import START, Recorder, memory_store, task

from taskcell import errors
from taskcell.api.feeds import answering, events
from taskcell.api.feeds.contracts import Context
from taskcell.api.feeds.memory import Memory
from taskcell.model.runs import AttemptEnd, CancelRequest, DriverStart, RunState, TaskState
from taskcell.store import paths
from taskcell.views.events import Ended, RunChange, RunWhole

NOT_A_RUN = "01M814KCND2DRVWX02GNFQ3MSX"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(memory_store())


@pytest.fixture
def context(recorder: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Context:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    return Context(store=recorder.store)


def ask(context: Context, name: str, /, **given: Any) -> Any:
    return answering.answer(context, name, given)


def two_tasks(recorder: Recorder, **more: Any) -> str:
    load, fit = task("load", "", "df"), task("fit", "df<-load", "mae model")
    return recorder.run({"load": (load, {"df": [1, 2]}), "fit": (fit, {"mae": 0.5, "model": {"a": 1}})}, **more).id


def test_run_is_given_with_positions_and_what_can_be_done(context: Context, recorder: Recorder) -> None:
    view = ask(context, "runs.get", run=two_tasks(recorder))
    assert [row.id for row in view.tasks] == ["load", "fit"]
    assert [box.id for box in view.placed.boxes] == ["load", "fit"]
    assert [(route.source, route.target) for route in view.placed.routes] == [("load", "fit")]
    assert len(view.placed.routes[0].points) % 6 == 2
    assert view.actions == ("reproduce",)
    assert view.tasks[0].started_at == view.created_at
    assert view.counts == {"succeeded": 2}


def test_positions_can_be_left_out(context: Context, recorder: Recorder) -> None:
    assert ask(context, "runs.get", run=two_tasks(recorder), placed=False).placed is None


def test_failed_run_can_be_resumed_and_its_task_rescued(context: Context, recorder: Recorder) -> None:
    run = two_tasks(recorder, failed={"fit": "it broke"}, state=RunState.FAILED)
    assert ask(context, "runs.get", run=run).actions == ("resume", "reproduce", "rescue")
    view = ask(context, "tasks.get", run=run, task="fit")
    assert view.row.error == "it broke"
    assert view.attempts[0].error.sentence == "it broke"
    assert view.can_rescue
    assert [port.origin for port in view.inputs] == ["task"]
    notebook = ask(context, "runs.rescue", run=run, task="fit")
    assert notebook.name == "rescue-fit.ipynb"
    assert b"rescuing.rescue" in bytes(notebook.notebook)


def test_runs_are_listed_paged_and_searched(context: Context, recorder: Recorder) -> None:
    made = [
        recorder.run({"fit": (task("fit", "rate", "mae"), {"mae": number})}, parameters={"rate": number}).id
        for number in range(5)
    ]
    first = ask(context, "runs.list", limit=2)
    assert [row.id for row in first.runs] == made[:2:-1]
    second = ask(context, "runs.list", limit=2, before=first.next)
    assert [row.id for row in second.runs] == made[2:0:-1]
    assert ask(context, "runs.list", limit=2, before=second.next).next == ""
    assert [row.id for row in ask(context, "runs.list", q="RATE=3 flow").runs] == [made[3]]
    assert ask(context, "runs.list", q="rate=9").runs == ()
    assert ask(context, "runs.list", author="bo").runs == ()
    assert len(ask(context, "runs.list", state="succeeded").runs) == 5


def test_interrupted_runs_are_found_though_the_index_has_them_running(context: Context, recorder: Recorder) -> None:
    run = two_tasks(recorder)
    start = DriverStart(run_id=run, epoch=2, host="here", pid=1, started_at=START)
    recorder.store.records.create(paths.driver_start(run, 2), start)
    found = ask(context, "runs.list", state="running").runs  # a driver of another machine is taken to live
    assert [row.id for row in found] == [run]
    assert ask(context, "runs.list", state="interrupted").runs == ()


def test_values_are_found_and_shown(context: Context, recorder: Recorder) -> None:
    run = two_tasks(recorder)
    assert {row.output for row in ask(context, "values.list").values} == {"df", "mae", "model"}
    assert [row.output for row in ask(context, "values.list", q="MAE").values] == ["mae"]
    view = ask(context, "values.get", run=run, task="fit", output="model")
    assert (view.form, view.content) == ("json", {"a": 1})
    assert ask(context, "values.file", run=run, task="fit", output="mae").name == "mae.json"


def test_not_a_number_reaches_json_by_its_name(context: Context, recorder: Recorder) -> None:
    first = recorder.run({"fit": (task("fit", "", "mae"), {"mae": float("nan")})}).id
    second = recorder.run({"fit": (task("fit", "", "mae"), {"mae": 1.0})}).id
    found = answering.as_data(ask(context, "comparisons.get", runs=f"{first},{second}"))
    assert found["metrics"][0]["cells"] == ["NaN", 1.0]


def test_baseline_comes_first(context: Context, recorder: Recorder) -> None:
    runs = [two_tasks(recorder), two_tasks(recorder)]
    found = ask(context, "comparisons.get", runs=",".join(runs), baseline=runs[1])
    assert [column.id for column in found.runs] == runs[::-1]
    assert found.timeline[0].cells[0].end_s == 1.0
    with pytest.raises(errors.InvalidInputError, match="none of the runs"):
        ask(context, "comparisons.get", runs=",".join(runs), baseline=NOT_A_RUN)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("runs.get", {"run": "../../etc"}),
        ("runs.get", {"run": NOT_A_RUN + "\0"}),
        ("runs.get", {"run": "x" * 10_000}),
        ("runs.get", {"run": None}),
        ("runs.get", {}),
        ("runs.get", {"run": NOT_A_RUN, "path": "/etc/passwd"}),
        ("runs.list", {"limit": 100_000}),
        ("runs.list", {"state": "dancing"}),
        ("tasks.log", {"run": NOT_A_RUN, "task": "x" * 1000}),
        ("comparisons.get", {"runs": NOT_A_RUN}),
        ("runs.launch", {"target": "", "parameters": {}}),
        ("runs.launch", {"target": "flow", "parameters": [1]}),
        ("cells.states", {"cells": "no"}),
        ("versions.take", {"notebook": {"cells": []}, "name": "../../x.ipynb"}),
    ],
)
def test_bad_question_is_refused_in_words(context: Context, name: str, given: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidInputError) as caught:
        ask(context, name, **given)
    assert caught.value.remedy
    assert len(str(caught.value)) < 2000


def test_notebook_files_are_no_targets(context: Context, recorder: Recorder) -> None:
    two_tasks(recorder)
    for target in ("/etc/passwd.ipynb", "../flow.ipynb", "flow.ipynb"):
        for name in ("runs.launch", "runs.preview", "runs.form"):
            with pytest.raises(errors.NotFoundError):
                ask(context, name, target=target)


def test_unknown_names_say_what_there_is(context: Context, recorder: Recorder) -> None:
    run = two_tasks(recorder)
    with pytest.raises(errors.NotFoundError, match="has no run"):
        ask(context, "runs.get", run=NOT_A_RUN)
    with pytest.raises(errors.NotFoundError, match=r"Did you mean 'fit'"):
        ask(context, "tasks.get", run=run, task="fitt")
    with pytest.raises(errors.NotFoundError, match="It has: mae, model"):
        ask(context, "values.get", run=run, task="fit", output="rmse")
    with pytest.raises(errors.NotFoundError, match="no operation"):
        ask(context, "runs.explode")


def test_store_that_is_not_there_is_told_from_a_run_that_is_not(recorder: Recorder) -> None:
    with pytest.raises(errors.StoreError, match="There is no store"):
        ask(Context(store=memory_store()), "runs.get", run=NOT_A_RUN)


def test_fault_of_ours_is_an_error_in_words(context: Context, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def get(self, *_: object, **__: object) -> object:
            raise ZeroDivisionError("oh")

    broken = Context(store=context.store, memory=Broken())  # type: ignore[arg-type]
    with pytest.raises(errors.InternalError, match="ZeroDivisionError: oh"):
        ask(broken, "runs.get", run=NOT_A_RUN)
    assert "runs.get failed" in caplog.text


def test_lone_surrogates_become_replacement_characters() -> None:
    assert answering.encoded({"a": "\ud800"}) == b'{"a":"?"}'


def test_cancelled_run_is_told_to_who_watches(context: Context, recorder: Recorder) -> None:
    run = two_tasks(recorder)
    records = recorder.store.records
    records.create(
        paths.driver_start(run, 2), DriverStart(run_id=run, epoch=2, host="elsewhere", pid=1, started_at=START)
    )
    stop, told = threading.Event(), list[Any]()
    for event in events.watch(context, f"run:{run}", stop):
        told.append(event)
        if isinstance(event, RunWhole):
            records.append(paths.cancels(run), lambda _: CancelRequest(epoch=2, author="ana", created_at=START))
        else:
            stop.set()
    assert isinstance(told[0], RunWhole)
    assert told[0].view.state == "running"
    assert isinstance(told[1], RunChange)
    assert told[1].cancelling
    assert told[1].sequence == told[0].sequence + 1


def test_ended_run_is_told_whole_and_ended(context: Context, recorder: Recorder) -> None:
    told = list(events.watch(context, f"run:{two_tasks(recorder)}", threading.Event()))
    assert [type(event) for event in told] == [RunWhole, Ended]
    assert msgspec.json.decode(msgspec.json.encode(told[0]))["event"] == "run"


@pytest.mark.parametrize(
    "topic", ["", "run", "run:x", f"run:{NOT_A_RUN}/x", "log:x/y", f"log:{NOT_A_RUN}/", "x" * 9999]
)
def test_unknown_topic_is_refused(context: Context, topic: str) -> None:
    with pytest.raises(errors.InvalidInputError, match="no topic"):
        events.Subscription(context, topic)


def test_ten_askers_make_a_thing_once() -> None:
    memory, made, gate = Memory(), list[int](), threading.Barrier(10)

    def make() -> int:
        made.append(1)
        return 7

    def ask_memory() -> None:
        gate.wait(10)
        assert memory.get("shelf", "key", make) == 7

    threads = [threading.Thread(target=ask_memory) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_oldest_things_go_when_a_shelf_is_full() -> None:
    memory, made = Memory(), list[int]()
    for key in (1, 2, 3, 1, 3):
        memory.get("shelf", key, lambda key=key: made.append(key), most=2)  # type: ignore[misc]
    assert made == [1, 2, 3, 1]


def test_what_could_not_be_made_is_tried_again() -> None:
    memory = Memory()

    def fail() -> int:
        raise errors.StoreError("gone")

    for _ in range(2):
        with pytest.raises(errors.StoreError):
            memory.get("shelf", "key", fail)
    assert memory.get("shelf", "key", lambda: 1) == 1


def test_session_goes_on_being_watched(context: Context, recorder: Recorder) -> None:
    run = recorder.run({}, backend="interactive", version=0).id
    stop, told = threading.Event(), list[Any]()

    def cell(number: int) -> None:
        end = AttemptEnd(
            task_id="fit",
            attempt=number,
            state=TaskState.SUCCEEDED,
            started_at=START,
            ended_at=START,
            duration_s=float(number),
        )
        recorder.store.records.create(paths.attempt_end(run, "fit", number), end)

    for event in events.watch(context, f"run:{run}", stop):
        told.append(event)
        if len(told) < 3:
            cell(len(told))
        else:
            stop.set()
    assert [type(event) for event in told] == [RunWhole, RunWhole, RunChange]
    assert told[2].tasks[0].duration_s == 2.0


def test_watchers_are_shared_and_nobody_waits_for_one_who_looks(context: Context, recorder: Recorder) -> None:
    topic = f"run:{two_tasks(recorder, backend='interactive')}"
    listeners = [events.Subscription(context, topic) for _ in range(5)]
    assert sum(thread.name == f"taskcell-watch-{topic}" for thread in threading.enumerate()) == 1
    looking = listeners[0]._watcher._lock
    with looking:
        begun = time.monotonic()
        for listener in listeners:
            listener.close()
        assert time.monotonic() - begun < 1
