"""Workers and drivers that are forked: they are what they would be had they been started, and nobody depends on their server."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from run_world import World, driver_of, until

from taskcell.backends.local import starting


@pytest.fixture(autouse=True, scope="module")
def _own_server() -> Iterator[None]:
    """Share no server with other test processes: it is killed here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TC_FORKED", str(os.getpid()))
        yield
    starting.SERVERS.close()


def _started(
    *arguments: str,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    imports: Sequence[str] = (),
) -> tuple[Any, Any, Any]:
    """Start a worker process with these arguments; return it, where to write its input, and what it says."""
    said = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    reading, writing = os.pipe()
    process = starting.start(
        [sys.executable, *starting.PROGRAM, *arguments],
        folder=None if folder is None else str(folder),
        environ=environ or dict(os.environ),
        stdin=reading,
        stdout=said,
        stderr=said,
        imports=imports,
    )
    os.close(reading)
    return process, os.fdopen(writing, "wb"), said


def _text(said: Any) -> str:
    said.seek(0)
    return str(said.read().decode())


def test_exit_code_and_words_are_its_own() -> None:
    process, entry, said = _started("nonsense")
    with entry, said:
        assert isinstance(process, starting.ForkedProcess)
        assert process.wait(20) == 2
        assert process.wait(20) == 2
        assert _text(said).startswith("usage: python -m taskcell.worker")


def test_killed_one_says_by_which_signal(tmp_path: Path) -> None:
    with _waiting(tmp_path) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL


@contextmanager
def _waiting(folder: Path) -> Iterator[Any]:
    """Start one that opens a named pipe to write its answer, and waits there."""
    os.mkfifo(folder / "pipe")
    order = (
        f'{{"store": "{folder.as_uri()}/store", "project": "default", "answer": "{folder}/pipe", '
        '"padding": "' + "x" * 100_000 + '"}'
    )
    process, entry, said = _started("look", order, folder=folder, environ={**os.environ, "TC_LONG": "y" * 100_000})
    with entry, said:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            process.wait(20)


def test_it_shows_itself_as_what_it_is(tmp_path: Path) -> None:
    with _waiting(tmp_path) as process:
        shown = psutil.Process(process.pid)
        until(lambda: "look" in shown.cmdline(), "command line")
        line = shown.cmdline()
        assert line[:5] == [sys.executable, "-P", "-m", "taskcell.worker", "look"]
        assert line[5].startswith(f'{{"store": "{tmp_path.as_uri()}')
        assert os.getsid(process.pid) == process.pid
        assert shown.cwd() == str(tmp_path)
        assert sorted(path.name for path in Path(f"/proc/{process.pid}/fd").iterdir())[:3] == ["0", "1", "2"]
        assert not [path for path in _open_files(process.pid) if "socket" in path]


def _open_files(pid: int) -> list[str]:
    return [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir() if path.exists()]


def test_end_of_its_server_is_not_its_own(tmp_path: Path) -> None:
    with _waiting(tmp_path) as process:
        server = starting.SERVERS.held()[-1]
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: not psutil.pid_exists(server.pid), "end of the server")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)
        assert (tmp_path / "pipe").read_bytes()
        process.wait(20)
    another, entry, said = _started("nonsense")
    with entry, said:
        assert another.wait(20) == 2


def test_other_interpreters_and_those_who_want_kernels_are_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKCELL_ISOLATION", "kernel")
    process, entry, said = _started("nonsense")
    with entry, said:
        assert isinstance(process, subprocess.Popen)
        assert process.wait(60) == 2


def test_second_launch_has_a_driver_and_workers_of_the_same_server(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("%%task first() -> a --no-cache\nimport os, time\ntime.sleep(1)\na = os.getpid()")
    world.run()
    run = world.launch()
    driver = driver_of(run)
    server = starting.SERVERS.held()[-1]
    assert driver.ppid() == server.pid
    worker = until(lambda: [one for one in psutil.Process(server.pid).children() if "work" in one.cmdline()], "worker")
    assert run.wait(60).state == "succeeded"
    until(lambda: not driver.is_running() and not worker[0].is_running(), "end of both")


def test_module_that_must_not_be_imported_before_a_fork_costs_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TC_FORKED", "refused")
    process, entry, said = _started("nonsense", imports=("this",))  # it prints
    with entry, said:
        assert isinstance(process, subprocess.Popen)
        assert process.wait(60) == 2
    process, entry, said = _started("nonsense", imports=("this",))
    with entry, said:
        assert isinstance(process, starting.ForkedProcess)
        assert process.wait(60) == 2
