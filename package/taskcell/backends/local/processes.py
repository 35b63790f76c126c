"""Processes of this machine: recognise one that is still the same, and kill all that belong together."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from typing import IO

MARK = "TASKCELL_TASK"
"""Environment variable of all processes of one attempt: its scratch folder is its beginning."""


def host() -> str:
    """Return the name of this machine."""
    return socket.gethostname()


def command_line(pid: int) -> list[str]:
    """Return a process's command line; empty when there is no such process or it is a zombie."""
    import psutil

    try:
        process = psutil.Process(pid)
        return [] if process.status() == psutil.STATUS_ZOMBIE else process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def kill_tree(pid: int) -> None:
    """Kill a process, its process group and all descendants, whatever session they moved to.

    A kernel leaves its worker's group by starting a session of its own; so the tree is walked before the root dies,
    and each descendant's group is killed too.
    """
    import psutil

    try:
        root = psutil.Process(pid)
        family = [*root.children(recursive=True), root]
    except psutil.NoSuchProcess:
        return
    _kill_groups(process.pid for process in family)
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def kill_marked(beginning: str) -> None:
    """Kill processes whose mark begins like this, and those they start meanwhile.

    It reaches what no tree shows: descendants of a worker that is dead, and daemons that gave their parent up.
    """
    for _ in range(5):
        found = list(_marked(beginning))
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def kill_commands(wanted: Callable[[list[str]], bool], *, sparing: Iterable[int]) -> None:
    """Kill the trees of this user's processes by their command lines."""
    import psutil

    spared = {os.getpid(), *sparing}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid not in spared and wanted(process.cmdline()):
                kill_tree(process.pid)


def _marked(beginning: str) -> Iterator[int]:
    import psutil

    for process in psutil.process_iter():
        # Other users' processes can't be read, and are not of this run.
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                mark = process.environ().get(MARK, "")
                if mark.startswith(beginning):
                    yield process.pid


def _kill_groups(pids: Iterable[int]) -> None:
    own = os.getpgrp()
    groups = set()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            groups.add(os.getpgid(pid))
    for group in groups - {own}:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def describe_exit(code: int | None) -> str:
    """Say how a process ended: ``exit code 3``, ``signal SIGKILL``."""
    if code is None:
        return "still running"
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-code).name}"
    return f"signal {-code}"


def last_line(said: IO[bytes]) -> str:
    """Return the last line of a file that isn't blank, shortened."""
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - 4096))
    lines = said.read().decode("utf-8", "replace").split("\n")
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
