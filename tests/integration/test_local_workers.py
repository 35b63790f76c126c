"""The pool of worker processes by itself: orders that don't fit, processes that don't start, trees that hide."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from run_world import until

from taskcell.backends import contracts, scratch
from taskcell.backends.contracts import TaskOrder, WorkerNews
from taskcell.backends.local import drivers, processes, workers
from taskcell.model.artifacts import Artifact

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

ANSWERS = """
import sys, json
for line in sys.stdin:
    order = json.loads(line)
    print("begun", f"{order['task_id']}/{order['attempt']}", flush=True)
    print("done", f"{order['task_id']}/{order['attempt']}", flush=True)
"""
DEAF = "import time; time.sleep(600)"
DIES = "import sys; sys.stderr.write('no memory\\n'); sys.exit(3)"


def order(task_id: str = "t", size: int = 1) -> TaskOrder:
    inputs = {f"x{i}": Artifact(digest="0" * 64, codec="json/1", type="int") for i in range(size)}
    return TaskOrder(run_id=RUN, task_id=task_id, attempt=1, epoch=1, task="0" * 64, inputs=inputs)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[workers.LocalWorkers]:
    monkeypatch.setattr(drivers, "command", lambda *_: [sys.executable, "-c", os.environ["POOL_CODE"], RUN, "work"])
    made = workers.LocalWorkers(
        contracts.DriverOrder(store="memory://x", project="default", run_id=RUN, folder=str(tmp_path)), slots=1
    )
    yield made
    made.close()


def news(pool: workers.LocalWorkers, wanted: int) -> list[contracts.WorkerEvent]:
    found: list[contracts.WorkerEvent] = []
    until(lambda: found.extend(pool.events(0.1)) or len(found) >= wanted, "news", 20)
    return found


def test_worker_takes_one_order_after_the_other(pool: workers.LocalWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POOL_CODE", ANSWERS)
    for name in ("a", "b"):
        pool.submit(order(name))
        assert pool.free() == 0
        assert [(event.order_id, event.news) for event in news(pool, 2)] == [
            (f"{name}/1", WorkerNews.BEGUN),
            (f"{name}/1", WorkerNews.DONE),
        ]
        assert pool.free() == 1


def test_order_larger_than_the_pipe_arrives(pool: workers.LocalWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POOL_CODE", ANSWERS)
    pool.submit(order(size=20_000))
    assert news(pool, 2)[-1].news is WorkerNews.DONE


def test_worker_that_does_not_read_holds_nobody_up(pool: workers.LocalWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POOL_CODE", DEAF)
    started = time.monotonic()
    pool.submit(order(size=20_000))
    assert pool.events(0.0) == []
    assert time.monotonic() - started < 2
    pool.cancel("t/1")
    (event,) = news(pool, 1)
    assert (event.news, event.detail) == (WorkerNews.LOST, "signal SIGKILL")


def test_lost_worker_is_told_with_its_last_words(pool: workers.LocalWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POOL_CODE", DIES)
    pool.submit(order())
    (event,) = news(pool, 1)
    assert event.detail == "exit code 3: no memory"
    assert pool.free() == 1


def test_worker_that_can_not_be_started_is_a_lost_one(
    pool: workers.LocalWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drivers, "command", lambda *_: ["/nowhere/python"])
    pool.submit(order())
    (event,) = pool.events(0.0)
    assert event.news is WorkerNews.LOST
    assert "no process could be started" in event.detail


def test_closing_twice_is_harmless(pool: workers.LocalWorkers) -> None:
    pool.close()


def test_daemon_that_left_its_parent_and_its_session_is_found_by_its_mark() -> None:
    folder = scratch.make(RUN, "t", 7)
    quiet = "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True"
    daemon = f"import subprocess; print(subprocess.Popen(['sleep', '600'], {quiet}).pid)"
    environ = {**os.environ, processes.MARK: str(folder / "order.json")}
    told = subprocess.run([sys.executable, "-c", daemon], env=environ, capture_output=True, text=True, check=True)
    found = psutil.Process(int(told.stdout))
    processes.kill_marked(scratch.beginning(RUN, "t/70"))
    assert found.status() != psutil.STATUS_ZOMBIE
    assert found.is_running()
    processes.kill_marked(scratch.beginning(RUN, "t/7"))
    until(lambda: not psutil.pid_exists(found.pid) or found.status() == psutil.STATUS_ZOMBIE, "end", 5)
    scratch.remove(RUN, "t/7")
    assert not folder.exists()


def test_relative_import_path_keeps_its_meaning_in_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["src", "/abs"]))
    monkeypatch.setenv(processes.MARK, "/tmp/outer")
    found = drivers.environ()
    assert found["PYTHONPATH"] == os.pathsep.join([str(Path.cwd() / "src"), "/abs"])
    assert processes.MARK not in found
