from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from store_makers import WHEN, add_run, end, run_id, start

from taskcell.model.runs import RunState
from taskcell.store import index as index_module
from taskcell.store.index import RunIndex, Search
from taskcell.store.opening import Store, open_store

Flip = Callable[[Store, str, int], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def index(store: Store, folder: Path) -> Iterator[RunIndex]:
    opened = RunIndex(store, folder=folder)
    yield opened
    opened.close()


def ids(index: RunIndex, **wanted: object) -> list[int]:
    return [int(row.run_id[2:]) for row in index.runs(**wanted)]  # type: ignore[arg-type]


def test_store_without_runs_has_none(index: RunIndex, store: Store, folder: Path) -> None:
    assert index.runs() == []
    assert not folder.exists()
    store.blobs.put(b"x")
    assert index.runs() == []


def test_row_says_what_the_records_say(store: Store, index: RunIndex) -> None:
    run = add_run(store, 1, reproduces=run_id(0))
    start(store, run, 1)
    end(store, run, 1, RunState.FAILED, "Task t failed.")
    (row,) = index.runs()
    assert (row.run_id, row.workflow, row.version_number, row.version) == (run, "churn", 1, "1" * 64)
    assert (row.author, row.backend, row.parameters) == ("ana", "local", {"rate": 0.1})
    assert (row.state, row.sentence, row.ended_at) == (RunState.FAILED, "Task t failed.", WHEN)
    assert (row.created_at, row.reproduces, row.task_count) == (WHEN, run_id(0), 1)


def test_runs_are_newest_first_filtered_and_paged(store: Store, index: RunIndex) -> None:
    for number in range(10):
        workflow, author = ("churn", "ana") if number % 2 else ("sales", "bo")
        run = add_run(store, number, workflow=workflow, author=author)
        if number >= 5:
            start(store, run, 1)
            end(store, run, 1, RunState.SUCCEEDED)
    assert ids(index) == list(range(9, -1, -1))
    assert ids(index, limit=3) == [9, 8, 7]
    assert ids(index, limit=3, before=run_id(7)) == [6, 5, 4]
    assert ids(index, workflow="churn") == [9, 7, 5, 3, 1]
    assert ids(index, author="bo", state=RunState.SUCCEEDED) == [8, 6]
    assert ids(index, state=RunState.PENDING, workflow="churn", limit=1) == [3]
    assert ids(index, workflow="'; DROP TABLE runs; --") == []
    assert ids(index, limit=0) == []


def test_state_follows_the_drivers(store: Store, index: RunIndex) -> None:
    run = add_run(store, 1)
    states = [index.runs()[0].state]
    for epoch, ended in ((1, RunState.FAILED), (2, RunState.CANCELLED), (3, RunState.SUCCEEDED)):
        start(store, run, epoch)
        states.append(index.runs()[0].state)
        end(store, run, epoch, ended)
        states.append(index.runs()[0].state)
    assert states == ["pending", "running", "failed", "running", "cancelled", "running", "succeeded"]


def test_new_and_vanished_runs_are_caught_up(store: Store, index: RunIndex) -> None:
    add_run(store, 1)
    assert ids(index) == [1]
    add_run(store, 2)
    assert ids(index) == [2, 1]
    store.project_files.delete(f"runs/{run_id(1)}/plan.json")
    if store.url.startswith("file:"):
        shutil.rmtree(Path(store.url.removeprefix("file://")) / "default" / "runs" / run_id(1))
    assert ids(index) == [2]


def test_old_runs_are_listed_anew_once_an_hour(
    local_store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "_LISTED_AGAIN", 2)
    index = RunIndex(local_store, folder=folder)
    for number in range(10, 20):
        add_run(local_store, number)
    assert ids(index, limit=3) == [19, 18, 17]
    add_run(local_store, 20)
    add_run(local_store, 1)
    assert ids(index, limit=3) == [20, 19, 18]
    assert 1 not in ids(index)
    monkeypatch.setattr(index_module, "_LISTED_IN_FULL_EVERY_S", 0.0)
    assert ids(index)[-2:] == [10, 1]
    index.close()


def test_run_whose_plan_is_not_there_yet_is_not_listed(store: Store, index: RunIndex) -> None:
    start(store, run_id(1), 1)
    store.project_files.create("runs/strange/plan.json", b"?")
    assert ids(index) == []
    add_run(store, 1)
    assert ids(index) == [1]


def test_damaged_plan_is_reported_and_hides_no_other(
    local_store: Store, folder: Path, flip: Flip, caplog: pytest.LogCaptureFixture
) -> None:
    add_run(local_store, 1)
    add_run(local_store, 2)
    flip(local_store, f"default/runs/{run_id(1)}/plan.json", 100)
    index = RunIndex(local_store, folder=folder)
    assert ids(index) == [2]
    assert "damaged" in index.damaged[run_id(1)]
    assert run_id(1) in caplog.text
    index.close()


def test_caught_up_index_reads_no_ended_run_again(local_store: Store, folder: Path) -> None:
    run = add_run(local_store, 1)
    start(local_store, run, 1)
    end(local_store, run, 1, RunState.SUCCEEDED)
    with_rows = RunIndex(local_store, folder=folder)
    assert ids(with_rows) == [1]
    with_rows.close()
    place = local_store.project_files.local_path(f"runs/{run}/plan.json")
    assert place is not None
    place.write_bytes(b"unreadable")
    again = RunIndex(local_store, folder=folder)
    assert ids(again) == [1]
    assert again.damaged == {}
    again.close()


@pytest.mark.parametrize("harm", ["delete", "garbage", "truncate", "other schema"])
def test_harmed_index_is_made_anew(store: Store, folder: Path, harm: str, caplog: pytest.LogCaptureFixture) -> None:
    add_run(store, 1)
    first = RunIndex(store, folder=folder)
    assert ids(first) == [1]
    first.close()
    (file,) = folder.glob("*.sqlite3")
    if harm == "delete":
        file.unlink()
    elif harm == "garbage":
        file.write_bytes(b"garbage" * 1000)
    elif harm == "truncate":
        file.write_bytes(file.read_bytes()[:5000])
    else:
        connection = sqlite3.connect(file)
        connection.executescript("DROP TABLE runs; CREATE TABLE runs (x); PRAGMA user_version = 999")
        connection.close()
    again = RunIndex(store, folder=folder)
    with caplog.at_level(logging.WARNING):
        assert ids(again) == [1]
    again.close()
    assert ("damaged" in caplog.text) == (harm in ("garbage", "truncate"))
    assert ids(RunIndexClosing(store, folder)) == [1]


class RunIndexClosing(RunIndex):
    """Closes after each listing."""

    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(store, folder=folder)

    def runs(self, **wanted: object) -> list[index_module.RunRow]:
        try:
            return super().runs(**wanted)  # type: ignore[arg-type]
        finally:
            self.close()


def test_flipped_value_in_the_index_is_found(store: Store, folder: Path) -> None:
    add_run(store, 1)
    assert ids(RunIndexClosing(store, folder)) == [1]
    (file,) = folder.glob("*.sqlite3")
    connection = sqlite3.connect(file)
    changed = connection.execute("UPDATE runs SET row = CAST(replace(row, 'ana', 'bob') AS BLOB)").rowcount
    connection.commit()
    connection.close()
    assert changed == 1
    assert [row.author for row in RunIndexClosing(store, folder).runs()] == ["ana"]


def test_index_that_cannot_be_written_is_kept_in_memory(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add_run(store, 1)
    (tmp_path / "taken").write_text("not a folder")
    index = RunIndex(store, folder=tmp_path / "taken")
    assert ids(index) == [1]
    add_run(store, 2)
    assert ids(index) == [2, 1]
    assert caplog.text.count("in memory") == 1
    index.close()


def test_store_made_anew_at_the_same_place_has_its_own_index(tmp_path: Path, folder: Path) -> None:
    for author in ("ana", "bo"):
        store = open_store(str(tmp_path / "store"))
        add_run(store, 1, author=author)
        assert [row.author for row in RunIndexClosing(store, folder).runs()] == [author]
        shutil.rmtree(tmp_path / "store")


def test_projects_have_their_own_index(url: str, folder: Path) -> None:
    one, two = open_store(url, "one"), open_store(url, "two")
    add_run(one, 1)
    add_run(two, 2)
    assert ids(RunIndexClosing(one, folder)) == [1]
    assert ids(RunIndexClosing(two, folder)) == [2]


def test_many_threads_and_indexes_catch_up_at_once(local_store: Store, folder: Path) -> None:
    for number in range(30):
        add_run(local_store, number)
    shared = RunIndex(local_store, folder=folder)
    barrier = threading.Barrier(8)

    def list_(number: int) -> list[int]:
        barrier.wait(30)
        return ids(shared if number % 2 else RunIndexClosing(local_store, folder))

    with ThreadPoolExecutor(8) as pool:
        assert all(found == list(range(29, -1, -1)) for found in pool.map(list_, range(8)))
    shared.close()


def test_index_is_used_after_a_fork(local_store: Store, folder: Path) -> None:
    add_run(local_store, 1)
    code = """
        import os, sys
        from pathlib import Path
        from taskcell.store.index import RunIndex
        from taskcell.store.opening import open_store
        index = RunIndex(open_store(sys.argv[1]), folder=Path(sys.argv[2]))
        assert len(index.runs()) == 1
        child = os.fork()
        assert len(index.runs()) == 1
        index.close()
        if not child:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert len(index.runs()) == 1
        index.close()
    """
    command = [sys.executable, "-c", textwrap.dedent(code), local_store.url, str(folder)]
    subprocess.run(command, check=True, env=dict(os.environ), timeout=60)


def test_users_cache_folder_is_the_default(local_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    add_run(local_store, 1, created_at=datetime.now(UTC))
    index = RunIndex(local_store)
    assert ids(index) == [1]
    index.close()
    assert len(list(tmp_path.rglob("taskcell/index/*.sqlite3"))) == 1


def found(index: RunIndex, *words: str, **wanted: Any) -> list[int]:
    return [int(row.run_id[2:]) for row in index.search(index_module.Search(words=words, **wanted))]


def test_runs_are_found_by_what_is_said_of_them(store: Store, index: RunIndex) -> None:
    for number in range(6):
        add_run(store, number, parameters={"rate": number / 10, "Mode": "Fast" if number % 2 else "slow"}, author="Ana")
    failed = add_run(store, 6, workflow="sales", backend="interactive")
    start(store, failed, 1)
    end(store, failed, 1, RunState.FAILED, "Task t failed: Größe unbekannt.")
    assert found(index) == [5, 4, 3, 2, 1, 0]
    assert found(index, interactive=True, limit=2) == [6, 5]
    assert found(index, "mode=fast") == [5, 3, 1]
    assert found(index, "FAST", "rate=0.3") == [3]
    assert found(index, run_id(4).lower()) == [4]
    assert found(index, "GRÖßE", interactive=True) == [6]
    assert found(index, "fast", before=run_id(5), limit=1) == [3]
    assert found(index, workflow="sales") == []
    assert found(index, "%") == []
    assert found(index, "'; DROP TABLE searches; --") == []
    assert index.count(index_module.Search(states=(RunState.PENDING,))) == 6
    assert index.numbers("workflow") == {"churn": (6, 6, run_id(5))}
    assert index.version_counts("churn") == {1: 6}


def test_counts_and_results_are_kept_until_the_run_goes_on(store: Store, index: RunIndex) -> None:
    run = add_run(store, 1)
    start(store, run, 1)
    end(store, run, 1, RunState.FAILED)
    (row,) = index.runs()
    assert index.kept_counts([row]) == {}
    assert index.kept_results([row]) == {}
    index.keep_counts(row, {"failed": 1})
    index.keep_results(row, [b"one", b"two"])
    assert index.kept_counts([row]) == {run: {"failed": 1}}
    assert index.kept_results([row]) == {run: [b"one", b"two"]}
    index.keep_results(row, [])
    assert index.kept_results([row]) == {run: []}
    start(store, run, 2)
    (again,) = index.runs()
    assert index.kept_counts([again]) == {}


def test_what_others_wrote_is_seen_though_folders_are_not_listed_each_time(local_store: Store, folder: Path) -> None:
    index = RunIndex(local_store, folder=folder)
    run = add_run(local_store, 1)
    start(local_store, run, 1)
    end(local_store, run, 1, RunState.FAILED)
    time.sleep(0.1)  # times of folders are believed when they are older than this
    assert [index.runs()[0].state for _ in range(3)] == ["failed"] * 3
    (local_store.project_files.local_path("runs") or Path()).joinpath(run_id(2)).mkdir()  # its plan is on the way
    time.sleep(0.1)
    assert [ids(index) for _ in range(3)] == [[1]] * 3
    add_run(local_store, 2)
    assert ids(index) == [2, 1]
    start(local_store, run, 2)
    assert index.search(index_module.Search())[1].state == "running"
    end(local_store, run, 2, RunState.SUCCEEDED)
    assert index.search(index_module.Search())[1].state == "succeeded"
    index.close()


def test_many_new_runs_are_read_as_they_are_wanted(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "_READ_AT_ONCE", 3)
    monkeypatch.setattr(index_module, "_READ_ON", 2)
    for number in range(10):
        add_run(store, number, author="ben" if number in (1, 8) else "ana")
    index = RunIndex(store, folder=folder)
    assert ids(index, limit=2) == [9, 8]
    assert index.unread == 7
    wanted = Search(author="ben", limit=5)
    assert [int(row.run_id[2:]) for row in index.search(wanted, patience_s=0.0)] == [8]
    assert index.unread == 7
    assert int(index.read_down_to[2:]) == 7
    assert index.read_on() == 5
    other = RunIndex(store, folder=folder)  # somebody else begins where all is known
    assert ids(other, limit=1) == [9]
    assert other.unread == 2
    other.close()
    assert [int(row.run_id[2:]) for row in index.search(wanted)] == [8, 1]
    assert index.unread == 0
    assert ids(index, limit=20) == list(range(9, -1, -1))
    index.close()


def test_page_above_all_unread_runs_is_whole(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "_READ_AT_ONCE", 4)
    monkeypatch.setattr(index_module, "_READ_ON", 2)
    for number in range(10):
        add_run(store, number)
    index = RunIndex(store, folder=folder)
    seen: list[int] = []
    before: str | None = None
    while page := index.runs(limit=3, before=before):
        seen += [int(row.run_id[2:]) for row in page]
        before = page[-1].run_id
    assert seen == list(range(9, -1, -1))
    index.close()
