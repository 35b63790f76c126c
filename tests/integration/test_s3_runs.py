"""Launched runs on a store in a bucket: real driver, workers and kernels, a real S3 server."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from run_world import World, processes_of
from tests import fault_proxy, seaweed

from taskcell.api.runs import runs
from taskcell.model.runs import RunState, TaskState
from taskcell.store.opening import open_store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

NOTEBOOK = (
    "%load_ext taskcell",
    "%%task\nimport pyarrow as pa\ntable = pa.table({'x': list(range(200_000))})\nopen('effects', 'a').write('load\\n')",
    "%%task\ntotal = sum(table.column('x').to_pylist())\nopen('effects', 'a').write('add\\n')\nprint('added')",
)


class BucketWorld(World):
    """A world whose store is in a bucket, and which knows its runs when that is gone."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder)
        self.url = url
        self.launched: list[runs.Run] = []

    def launch(self, *arguments: Any, **options: Any) -> runs.Run:
        self.launched.append(super().launch(*arguments, **options))
        return self.launched[-1]


@pytest.fixture
def world(tmp_path: Path, s3_url: str) -> Iterator[World]:
    made = BucketWorld(tmp_path, s3_url)
    made.write(*NOTEBOOK)
    yield made
    for run in made.launched:
        for process in processes_of(run.id):
            with contextlib.suppress(psutil.Error):
                process.kill()


def states(run: runs.Run) -> list[TaskState]:
    return [task.state for task in run.status().tasks.values()]


def hits(run: runs.Run) -> int:
    """Return how many tasks took a result from the cache."""
    ended = [task.end for task in run.status().tasks.values()]
    return sum(end is not None and end.cached for end in ended)


def test_run_is_a_hit_on_another_machine(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = world.run()
    assert (run.state, states(run)) == (RunState.SUCCEEDED, [TaskState.SUCCEEDED] * 2)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    again = world.run()
    assert again.state is RunState.SUCCEEDED
    assert hits(again) == 2
    assert again.result("total") == sum(range(200_000))
    assert world.lines() == ["load", "add"]


def test_run_with_every_fifth_request_failing_ends_as_undisturbed(
    world: World, s3_server: seaweed.Seaweed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fault_proxy.running(s3_server.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        proxy.rule = fault_proxy.sometimes(0.2, *fault_proxy.FAULTS, seed=3)
        run = world.run()
        assert (run.state, states(run)) == (RunState.SUCCEEDED, [TaskState.SUCCEEDED] * 2)
        assert run.result("total") == sum(range(200_000))
        assert proxy.faults.total() > 10
        assert world.lines() == ["load", "add"]


def test_run_goes_on_when_the_server_was_away(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = "%%task\nimport time\ntime.sleep(8)\nfirst = 1\nopen('effects', 'a').write('first\\n')"
    world.write("%load_ext taskcell", slow, "%%task\nsecond = first + 1\nopen('effects', 'a').write('second\\n')")
    with seaweed.running(tmp_path / "seaweed") as server:
        for name, value in server.environ().items():
            monkeypatch.setenv(name, value)
        run = world.launch()
        deadline = time.monotonic() + 60
        while TaskState.RUNNING not in states(run):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        server.kill()
        threading.Timer(20.0, server.start).start()
        run.wait(120)
        assert (run.state, states(run)) == (RunState.SUCCEEDED, [TaskState.SUCCEEDED] * 2)
        assert run.result("second") == 2
        assert world.lines() == ["first", "second"]


def test_two_machines_with_one_key_execute_once(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write("%load_ext taskcell", "%%task\nimport time\ntime.sleep(6)\nx = 1\nopen('effects', 'a').write('x\\n')")
    first = world.launch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    second = world.launch()
    assert {first.wait(90).state, second.wait(90).state} == {RunState.SUCCEEDED}
    assert hits(first) + hits(second) == 1
    assert world.lines() == ["x"]


def test_requests_of_a_run_are_few(
    world: World, s3_server: seaweed.Seaweed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    count = 6
    bodies = [f"%%task\nx{n} = {f'x{n - 1} + 1' if n else 0}" for n in range(count)]
    world.write("%load_ext taskcell", *bodies)
    with fault_proxy.running(s3_server.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        open_store(world.url).blobs.put(b"x")
        for kind in ("executed", "hit"):
            proxy.reset()
            run = world.run(max_workers=1)
            assert run.state is RunState.SUCCEEDED
            with capsys.disabled():
                per_task = {name: round(number / count, 1) for name, number in sorted(proxy.counts().items())}
                print(f"\n  requests a task, {kind}, {count} tasks, watcher included: {per_task}")
                if os.environ.get("SHOW_REQUESTS"):
                    for request in proxy.requests:
                        print("   ", request.method, request.key[:150])


def test_the_process_of_a_tasks_cells_needs_no_connection(world: World) -> None:
    world.write(
        "%load_ext taskcell",
        "%%task\nimport pyarrow as pa\ntable = pa.table({'x': list(range(200_000))})",
        "%%task\nimport sys\nconnected = [table.num_rows, 's3fs' in sys.modules, 'botocore' in sys.modules]",
    )
    run = world.run()
    assert run.state is RunState.SUCCEEDED, run.sentence
    assert run.result("connected") == [200_000, False, False]
