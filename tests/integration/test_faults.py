"""Runs under attack: processes killed, frozen and racing, bytes flipped, disks full."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from run_world import World, driver_of, processes_of, until, workers_of

from taskcell import errors
from taskcell.api.runs import runs
from taskcell.engine import states
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import RunState, TaskState
from taskcell.store import paths

EFFECT = "with open('effects', 'a') as file:\n    file.write({0!r} + '\\n')\n"
HEAD = ("%load_ext taskcell",)

pytestmark = pytest.mark.slow  # real processes, killed and started again: minutes on two cores


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    found = made.store / "default" / "runs"
    for run_id in [path.name for path in found.iterdir()] if found.exists() else []:
        for process in processes_of(run_id):
            with contextlib.suppress(psutil.Error):
                process.kill()


def task(name: str, reads: str, makes: str, *lines: str, flags: str = "") -> str:
    """Return a cell that leaves a mark of each execution."""
    body = "\n".join(lines) or f"{makes} = 1"
    return f"%%task {name}({reads}) -> {makes} {flags}\n{EFFECT.format(name)}{body}"


def flip(world: World, artifact: Artifact) -> None:
    """Flip a bit in each of a stored value's blobs."""
    for digest in artifact.blobs:
        path = world.store / paths.blob(digest)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.chmod(0o644)
        path.write_bytes(data)


# -- the driver ------------------------------------------------------------------------------------------------------


def test_killed_launcher_and_killed_drivers_cost_no_result_and_no_second_execution(world: World) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    world.write(*HEAD, task("a", "", "x"), task("b", "x", "y"), task("c", "x", "z"), task("d", "y, z", "w"))
    launcher = world.python(
        "print(taskcell.launch(notebook, max_workers=2).id, flush=True); import time; time.sleep(600)"
    )
    assert launcher.stdout is not None
    run = runs.run(launcher.stdout.readline().strip(), store=world.url)
    driver = driver_of(run)
    os.killpg(launcher.pid, signal.SIGKILL)
    launcher.communicate()
    kills = 0
    while not run.state.ended:
        time.sleep(chance.uniform(0.2, 3.0))
        if kills < 4 and driver.is_running():
            driver.kill()
            kills += 1
            # One that was killed before its first record is given the time that a first driver has.
            until(lambda: run.state.ended, "end or interruption", 5 if run.head().epoch else 90)
            if run.state is RunState.INTERRUPTED:
                assert f"taskcell resume {run.id}" in run.sentence
                run.resume()
                driver = driver_of(run) if not run.state.ended else driver
    assert run.wait(60).state is RunState.SUCCEEDED, run.sentence
    assert kills > 0
    assert run.result("w") == 1
    counts = {name: world.lines().count(name) for name in "abcd"}
    assert min(counts.values()) == 1
    assert sum(counts.values()) <= 4 + kills
    assert all(task.attempt <= 1 + kills for task in run.tasks.values())


def test_two_resumes_at_once_make_one_attempt(world: World) -> None:
    needs_key = "open('key').close()\ny = 1"
    world.write(*HEAD, task("b", "", "y", needs_key))
    run = world.run()
    assert run.state is RunState.FAILED
    assert "FileNotFoundError" in run.sentence
    (world.folder / "key").touch()
    code = f"taskcell.run({run.id!r}).resume().wait(60)"
    for process in [world.python(code) for _ in range(2)]:
        _, said = process.communicate(timeout=90)
        assert process.returncode == 0, said
    assert run.state is RunState.SUCCEEDED
    assert world.lines() == ["b", "b"]
    assert run.head().epoch == 2


def test_two_launches_at_once_execute_each_task_once(world: World) -> None:
    world.write(*HEAD, task("a", "", "x", "import time; time.sleep(0.5)", "x = 1"), task("b", "x", "y"))
    code = "print(taskcell.launch(notebook, max_workers=1).wait(80).id)"
    processes = [world.python(code) for _ in range(2)]
    ids = []
    for process in processes:
        told, said = process.communicate(timeout=100)
        assert process.returncode == 0, said
        ids.append(told.strip())
    assert sorted(world.lines()) == ["a", "b"]
    both = [runs.run(run_id, store=world.url) for run_id in ids]
    assert [run.state for run in both] == [RunState.SUCCEEDED] * 2
    assert sorted(run.tasks["a"].cached for run in both) == [False, True]


# -- workers and kernels ---------------------------------------------------------------------------------------------

SLEEPS = (
    "import subprocess, os, time",
    "print('begun', flush=True)",
    "subprocess.Popen(['sleep', '600'], start_new_session=True)",
    "while not os.path.exists('go'):\n    time.sleep(0.05)",
    "x = 1",
)


def test_killed_worker_costs_no_retry_and_takes_everything_with_it(world: World) -> None:
    world.write(*HEAD, task("a", "", "x", *SLEEPS))
    run = world.launch(max_workers=1)
    until(lambda: run.tasks["a"].attempt and "begun" in run.logs("a"), "output while it runs")
    doomed = list(processes_of(run.id))
    (worker,) = workers_of(run.id)
    assert len(doomed) >= 4  # driver, worker, kernel, sleep
    _assert_idle(driver_of(run))
    worker.kill()
    until(lambda: run.tasks["a"].attempt == 2, "second attempt")
    gone = [process for process in doomed if "drive" not in _command(process)]
    until(lambda: not any(_command(process) for process in gone), "end of the killed worker's processes", 5)
    (world.folder / "go").touch()
    assert run.wait(60).state is RunState.SUCCEEDED
    first = states.read_attempt(run.store, run.id, "a", 1)
    assert first is not None
    assert first.end is not None
    assert first.end.error is not None
    assert not first.end.error.counts
    assert "signal SIGKILL" in first.end.error.sentence
    until(lambda: not list(processes_of(run.id)), "end of all processes", 10)


def test_cancel_ends_even_a_frozen_worker_at_once(world: World) -> None:
    world.write(*HEAD, task("a", "", "x", *SLEEPS), task("b", "x", "y"))
    run = world.launch(max_workers=1)
    until(lambda: run.tasks["a"].attempt and "begun" in run.logs("a"), "output while it runs")
    (worker,) = workers_of(run.id)
    worker.suspend()
    started = time.monotonic()
    run.cancel()
    until(lambda: not list(processes_of(run.id)), "end of all processes", 10)
    assert time.monotonic() - started < 4
    assert run.state is RunState.CANCELLED
    assert {name: task.state for name, task in run.tasks.items()} == {
        "a": TaskState.CANCELLED,
        "b": TaskState.CANCELLED,
    }


def test_cancel_of_an_interrupted_run_ends_what_its_workers_still_do(world: World) -> None:
    world.write(*HEAD, task("a", "", "x", *SLEEPS))
    run = world.launch(max_workers=1)
    until(lambda: run.tasks["a"].attempt and "begun" in run.logs("a"), "output while it runs")
    driver_of(run).kill()
    until(lambda: run.state is RunState.INTERRUPTED, "interruption", 5)
    assert list(processes_of(run.id)) != []
    run.cancel()
    until(lambda: run.state is RunState.CANCELLED, "end", 20)
    until(lambda: not list(processes_of(run.id)), "end of all processes", 5)


def _command(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        if process.status() != psutil.STATUS_ZOMBIE:
            return process.cmdline()
    return []


def _assert_idle(driver: psutil.Process) -> None:
    """A driver that waits takes less than 2 % of a core."""
    before, started = sum(driver.cpu_times()[:2]), time.monotonic()
    time.sleep(1.5)
    assert (sum(driver.cpu_times()[:2]) - before) / (time.monotonic() - started) <= 0.025


# -- stored bytes ----------------------------------------------------------------------------------------------------


def test_flipped_bits_are_noticed_told_and_mended(world: World) -> None:
    big = "x = '0123456789' * 100_000"
    world.write(*HEAD, task("a", "", "x", big), task("b", "x", "y", "open('key').close()", "y = len(x)"))
    run = world.run(max_workers=1)
    assert run.state is RunState.FAILED
    flip(world, run.tasks["a"].outputs["x"])
    (world.folder / "key").touch()
    run.resume().wait(90)
    assert run.state is RunState.SUCCEEDED, run.sentence
    assert run.result("y") == 1_000_000
    assert world.lines() == ["a", "b", "a", "b"]  # the attempt that met the damage never came to its body
    end = run.tasks["a"].end
    assert end is not None
    assert "was damaged in the store and is made again" in end.notices[0]

    flip(world, run.tasks["a"].outputs["x"])
    again = world.run(max_workers=1)
    assert again.state is RunState.SUCCEEDED
    assert world.lines() == ["a", "b", "a", "b", "a"]
    end = again.tasks["a"].end
    assert end is not None
    assert end.notices[0].startswith("its cached result was unusable and is computed again: The stored value")
    assert again.tasks["b"].cached
    assert len(list((world.store / "quarantine").iterdir())) == 2


# -- a store that is full, closed, or of another time -----------------------------------------------------------------


def test_output_that_does_not_fit_fails_the_task_and_resume_goes_on(world: World) -> None:
    limit = "import os, resource\nif not os.path.exists('room'):\n    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000,) * 2)"
    world.write(*HEAD, task("a", "", "x", limit, "x = 'abc' * 1_000_000", flags="--retries 0"))
    run = world.run(max_workers=1)
    assert run.state is RunState.FAILED
    assert "The store is full" in run.sentence
    assert str(world.store) in run.sentence
    (world.folder / "room").touch()
    assert run.resume().wait(60).state is RunState.SUCCEEDED


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system can't be mounted here; RLIMIT_FSIZE stands in for it above")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_full_disk_is_named_and_after_freeing_the_run_goes_on(world: World, small_disk: Path) -> None:
    world.url = (small_disk / "store").as_uri()
    world.write(*HEAD, task("a", "", "x", "import time; time.sleep(1)", "x = 1"))
    run = world.launch(max_workers=1)
    until(lambda: run.tasks["a"].attempt, "first attempt")
    with contextlib.suppress(OSError), (small_disk / "ballast").open("wb") as ballast:
        while True:
            ballast.write(b"0" * 4096)
    until(lambda: run.state.ended, "end")
    assert run.state in (RunState.FAILED, RunState.INTERRUPTED)
    assert "The store is full" in run.sentence
    assert str(small_disk) in run.sentence
    assert f"{run.id}" in run.sentence
    with pytest.raises(errors.StoreError, match="The store is full"):
        world.launch(use_cache=False)
    assert len(runs.runs(store=world.url)) == 1
    (small_disk / "ballast").unlink()
    until(lambda: not list(processes_of(run.id)), "end of all processes")
    assert run.resume().wait(60).state is RunState.SUCCEEDED
