"""Long runs and large outputs: seen while they happen, in linear time, in a record that says what it does not hold."""

from __future__ import annotations

import json
import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from tests.bench.notebooks import notebook
from tests.integration.run_world import World, until

from taskcell.engine import drafts, logs, notebooks, recording
from taskcell.engine.warm import task_servers
from taskcell.store import paths
from taskcell.store.opening import Store, open_store

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture(autouse=True, scope="module")
def _servers() -> Iterator[None]:
    yield
    task_servers.SERVERS.close()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store((tmp_path / "store").as_uri(), durability="process")


def _execute(folder: Path, *sources: str, **options: Any) -> tuple[list[Any], str]:
    """Return the cells as recorded and what the listener heard."""
    heard: list[str] = []
    made = notebooks.execute(
        notebook(*sources),
        scratch=folder,
        parameters={},
        folder=folder,
        timeout_s=None,
        environ={},
        listener=options.pop("listener", heard.append),
        **options,
    )
    assert made.error is None, made.error
    return made.notebook["cells"], "".join(heard)


def _text(cell: Any) -> str:
    return "".join("".join(output["text"]) for output in cell["outputs"] if output["output_type"] == "stream")


def test_silent_cell_shows_what_it_printed_before(store: Store, tmp_path: Path) -> None:
    """The notebook so far is in the store while the cell computes and says nothing more."""
    draft = drafts.Drafts(store, RUN, "t", 1)
    draft.pause_s = 0.1
    source = f"print('so far', flush=True)\nimport os, time\nwhile not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.01)"
    thread = threading.Thread(target=_execute, args=(tmp_path, "1 + 1", source, "3"), kwargs={"draft": draft})
    thread.start()
    try:
        until(lambda: "so far" in _text(_seen(store)[1]), "draft", 60)
        cells = _seen(store)
    finally:
        (tmp_path / "go").touch()
        thread.join()
    assert [cell["metadata"]["papermill"]["status"] for cell in cells] == ["completed", "running", "pending"]
    assert "".join(cells[0]["outputs"][0]["data"]["text/plain"]) == "2"
    assert len(store.project_files.list(paths.drafts(RUN, "t", 1))) == 1
    draft.close()
    assert store.project_files.list(paths.drafts(RUN, "t", 1)) == []


def _seen(store: Store) -> list[Any]:
    try:
        read = drafts.read(store, RUN, "t", 1)
    except KeyError:
        return [{"outputs": []}] * 3
    nbformat.validate(nbformat.reads(read.decode(), as_version=4))
    return list(json.loads(read)["cells"])


def test_draft_is_gone_when_there_is_the_notebook(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("%%task\nimport time\nprint('begun', flush=True)\ntime.sleep(1.6)\nx = 1", "%%task\ny = x + 1")
    run = world.launch()
    until(lambda: list(world.store.rglob("draft/*.ipynb")), "draft")
    assert "begun" in run.notebook(next(iter(run.tasks))).read_text()
    assert run.wait(90).state == "succeeded"
    assert list(world.store.rglob("draft/*.ipynb")) == []
    assert len(list(world.store.rglob("notebook.ipynb"))) == 2


def test_first_words_after_a_silence_are_seen_at_once(store: Store) -> None:
    delays = []
    with logs.LogWriter(store, RUN, "t", 1) as log:
        for number in range(5):
            written = time.monotonic()
            log.write(f"{number}\n")
            until(lambda want=f"{number}\n": logs.read_log(store, RUN, "t", 1)[0].endswith(want), "text", 5)  # type: ignore[misc]
            delays.append(time.monotonic() - written)
    assert min(delays) < logs.FLUSH_AFTER_S / 2


def test_log_that_is_closed_at_any_moment_ends(store: Store) -> None:
    for number in range(200):
        with logs.LogWriter(store, RUN, "t", number + 1) as log:
            log.write("x")
            time.sleep(logs.GATHER_S * (0.8 + number % 40 / 100))


def test_chatter_is_gathered(store: Store) -> None:
    begun = time.monotonic()
    with logs.LogWriter(store, RUN, "t", 1) as log:
        for _ in range(400):
            log.write("x")
            time.sleep(0.004)
    pauses = (time.monotonic() - begun) / logs.FLUSH_AFTER_S
    chunks = len(store.project_files.list(paths.logs(RUN, "t", 1)))
    assert chunks <= logs.AT_ONCE + 2 * pauses + 2
    assert logs.read_log(store, RUN, "t", 1)[0] == "x" * 400


def test_what_is_displayed_beyond_the_cap_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "SHOWN_CAP_CHARACTERS", 10_000)
    many = "from IPython.display import HTML, display\nfor n in range(6): display(HTML(str(n) * 3_000))"
    cells, _ = _execute(tmp_path, many, "'after'")
    kept = [output["data"] for output in cells[0]["outputs"]]
    assert [("text/html" in data) for data in kept] == [True, True, True, False, False, False]
    assert "3,034 characters (text/html, text/plain) are not kept" in "".join(kept[-1]["text/plain"])
    assert "".join(cells[1]["outputs"][0]["data"]["text/plain"]) == "'after'"


def test_display_that_takes_the_place_of_another_is_not_counted_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "SHOWN_CAP_CHARACTERS", 10_000)
    source = (
        "from IPython.display import HTML, clear_output, display\n"
        "for n in range(20):\n    clear_output(wait=True)\n    display(HTML(str(n % 10) * 3_000))\n"
        "handle = display(HTML('a'), display_id=True)\n"
        "for n in range(20): handle.update(HTML(str(n % 10) * 3_000))"
    )
    cells, _ = _execute(tmp_path, source)
    assert ["".join(output["data"]["text/html"])[:2] for output in cells[0]["outputs"]] == ["99", "99"]


def test_text_beyond_the_cap_is_in_the_log(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "PRINTED_CAP_CHARACTERS", 5_000)
    with logs.LogWriter(store, RUN, "t", 1) as log:
        cells, _ = _execute(tmp_path, "for n in range(5_000): print(n)", listener=log.write)
    assert "is not kept here: see the log]" in _text(cells[0])
    assert logs.read_log(store, RUN, "t", 1)[0] == "".join(f"{n}\n" for n in range(5_000))


_LOADS = {
    "prints": "for n in range({n}): print(n)",
    "displays": "from IPython.display import display\nfor n in range({n}): display(n)",
    "text": "line = 'x' * 999\nfor n in range({n}): print(line)",
}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("load", "count"), [("prints", 200_000), ("displays", 2_000), ("text", 50_000)])
def test_time_grows_with_the_output_and_no_faster(tmp_path: Path, load: str, count: int) -> None:
    """Ten times the output takes about ten times as long; by processor time, since others may be at work here."""
    _execute(tmp_path, "1")
    tenth, whole = (_seconds(tmp_path, _LOADS[load].format(n=number)) for number in (count // 10, count))
    assert whole < 16 * tenth + 0.5


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_time_grows_with_the_cells_and_no_faster(tmp_path: Path) -> None:
    _execute(tmp_path, "1")
    tenth, whole = (_seconds(tmp_path, *["print(1)"] * number) for number in (20, 200))
    assert whole < 16 * tenth + 0.5


def _seconds(folder: Path, *sources: str) -> float:
    before = _processor()
    _execute(folder, *sources)
    return _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_flood_takes_bounded_memory(store: Store, tmp_path: Path) -> None:
    """150 MB of text: neither this process nor the record holds it."""
    _execute(tmp_path, "1")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with logs.LogWriter(store, RUN, "t", 1) as log:
        cells, _ = _execute(tmp_path, "line = 'x' * 9_999\nfor n in range(15_000): print(line)", listener=log.write)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert len(_text(cells[0])) < recording.PRINTED_CAP_CHARACTERS + 200
    assert "the log ends here" in logs.read_log(store, RUN, "t", 1)[0][-100:]
    assert grown < 200, f"{grown:.0f} MB"
