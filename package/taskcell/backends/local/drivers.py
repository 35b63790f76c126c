"""Start a driver process that outlives its launcher, and recognise it later."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

import msgspec

from taskcell import errors
from taskcell.backends import contracts
from taskcell.backends.local import processes, starting
from taskcell.model.runs import DriverStart

_started: list[subprocess.Popen[bytes]] = []
"""Drivers that are this process's children: kept until they have ended, so that none stays a zombie for long."""


def _let_go() -> None:
    """Leave drivers to themselves when this process ends: they outlive it on purpose, and Python need not warn."""
    for process in _started:
        if process.poll() is None:
            process.returncode = 0


atexit.register(_let_go)


def command(order: contracts.DriverOrder, verb: str) -> list[str]:
    """Return the command line of a driver or worker; the order is its last argument, so that it can be seen."""
    python = order.python or sys.executable
    shown = msgspec.structs.replace(order, webhook="")
    return [python, *starting.PROGRAM, verb, msgspec.json.encode(shown).decode()]


def environ() -> dict[str, str]:
    """Return this process's environment for one in another folder: relative entries of PYTHONPATH made absolute.

    The mark of a task that launches a run is left out: the run does not end with the task.
    """
    found = {name: value for name, value in os.environ.items() if name != processes.MARK}
    if found.get("PYTHONPATH"):
        entries = found["PYTHONPATH"].split(os.pathsep)
        found["PYTHONPATH"] = os.pathsep.join(str(Path.cwd() / entry) if entry else entry for entry in entries)
    return found


def imports(order: contracts.DriverOrder) -> tuple[str, ...]:
    """Return what a driver or worker imports beyond what all of them do."""
    return ("taskcell.store.s3.files", "s3fs") if order.store.startswith("s3:") else ()


def start(order: contracts.DriverOrder) -> None:
    """Start a detached driver: own session, no terminal, nothing inherited."""
    folder = order.folder if order.folder and Path(order.folder).is_dir() else None
    _started[:] = [process for process in _started if process.poll() is None]
    try:
        with _words(order.run_id) as said, Path(os.devnull).open("r+b", buffering=0) as nothing:
            process = starting.start(
                command(order, "drive"),
                folder=folder,
                environ={**environ(), contracts.WEBHOOK_URL: order.webhook},
                stdin=nothing,
                stdout=nothing,
                stderr=said,
                imports=imports(order),
                is_urgent=True,
            )
    except OSError as exc:
        raise errors.BackendError(
            f"The driver of run {order.run_id} could not be started: {exc.strerror}.",
            remedy="Free memory or processes on this machine, then resume the run.",
            run=order.run_id,
        ) from exc
    if isinstance(process, subprocess.Popen):
        _started.append(process)
    else:
        process.forget()


def alive(start: DriverStart) -> bool:
    """Whether the process that left this record is still that driver."""
    if start.host != processes.host():
        return True
    line = processes.command_line(start.pid)
    return "drive" in line and start.run_id in line[-1]


def last_words(run_id: str) -> str:
    """Return the last line that a driver of this user wrote before it ended; empty when there is none."""
    try:
        with _words_path(run_id).open("rb") as said:
            return processes.last_line(said)
    except OSError:
        return ""


def forget_words(run_id: str) -> None:
    """Remove what a driver wrote, when it has said all in its record."""
    _words_path(run_id).unlink(missing_ok=True)


def _words_path(run_id: str) -> Path:
    return Path(tempfile.gettempdir()) / f"taskcell-driver-{os.getuid()}-{run_id}.txt"


def _words(run_id: str) -> IO[bytes]:
    """Open where a driver's standard error goes, as nobody else's file; without a place for it, nowhere."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.fdopen(os.open(_words_path(run_id), flags, 0o600), "wb")
    except OSError:
        return Path(os.devnull).open("wb")
