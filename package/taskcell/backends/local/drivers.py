"""Start a driver process that outlives its launcher, and recognise it later."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from taskcell import errors
from taskcell.backends import contracts
from taskcell.backends.local import processes
from taskcell.model.runs import DriverStart

_started: list[subprocess.Popen[bytes]] = []
"""Drivers that this process has started: kept until they have ended, then reaped."""


def command(order: contracts.DriverOrder, verb: str) -> list[str]:
    """Return the command line of a driver or worker; the order is its last argument, so that it can be seen."""
    python = order.python or sys.executable
    return [python, "-m", "taskcell.worker", verb, msgspec.json.encode(order).decode()]


def start(order: contracts.DriverOrder) -> None:
    """Start a detached driver: own session, no terminal, nothing inherited."""
    folder = order.folder if order.folder and Path(order.folder).is_dir() else None
    _started[:] = [process for process in _started if process.poll() is None]
    try:
        process = subprocess.Popen(
            command(order, "drive"),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            close_fds=True,
        )
    except OSError as exc:
        raise errors.BackendError(
            f"The driver of run {order.run_id} could not be started: {exc.strerror}.",
            remedy="Free memory or processes on this machine, then resume the run.",
            run=order.run_id,
        ) from exc
    _started.append(process)


def alive(start: DriverStart) -> bool:
    """Whether the process that left this record is still that driver."""
    if start.host != processes.host():
        return True
    line = processes.command_line(start.pid)
    return "drive" in line and start.run_id in line[-1]
