"""Processes of this machine: recognise one that is still the same, and kill a whole tree."""

from __future__ import annotations

import contextlib
import os
import signal
import socket


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
        family = []
    own_group = os.getpgrp()
    groups = set()
    for process in family:
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            groups.add(os.getpgid(process.pid))
    for group in groups - {own_group}:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def describe_exit(code: int | None) -> str:
    """Say how a process ended: ``exit code 3``, ``signal SIGKILL``."""
    if code is None:
        return "still running"
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-code).name}"
    return f"signal {-code}"

