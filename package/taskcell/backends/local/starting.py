"""Start a worker or a driver: forked from a server that has imported what they import, or as a program of its own.

A forked one begins in milliseconds. Where that can't be (another interpreter, another system, a server that does not start) a
program is started, which does the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from taskcell.backends.local import servers
from taskcell.kernel import marks, wire

SERVERS = servers.Servers("taskcell.worker.forking", arguments=[marks.argument_room()])
PROGRAM = ("-P", "-m", "taskcell.worker")
"""How an interpreter becomes a worker or driver. ``-P``: its folder may hold a ``json.py`` that is not ours to import."""


class ForkedProcess:
    """A process that a server has forked. Its end is heard from the server."""

    def __init__(self, pid: int, link: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._link = link

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code; raise subprocess.TimeoutExpired."""
        if self.returncode is None:
            poll = select.poll()
            poll.register(self._link, select.POLLIN)
            if not poll.poll(None if timeout is None else timeout * 1000):
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
            try:
                heard = wire.heard(self._link)
            except OSError:
                heard = None
            # Without its server nobody knows; and the process may go on, with nobody to wait for.
            self.returncode = heard[0]["ended"] if heard is not None else _gone(self.pid, timeout)
            self._link.close()
        return self.returncode

    def forget(self) -> None:
        """Let it go on; its end is not waited for."""
        self._link.close()


def _gone(pid: int, timeout: float | None) -> int:
    """Wait until a process that nobody tells of is gone; say that it was killed."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while Path(f"/proc/{pid}").exists():
        if deadline is not None and time.monotonic() > deadline:
            raise subprocess.TimeoutExpired(f"process {pid}", timeout or 0.0)
        time.sleep(0.02)
    return -9


def start(
    command: Sequence[str],
    *,
    folder: str | None,
    environ: Mapping[str, str],
    stdin: int | IO[bytes],
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
    imports: Sequence[str] = (),
    is_urgent: bool = False,
) -> subprocess.Popen[bytes] | ForkedProcess:
    """Start a process in a session of its own; raise OSError.

    Parameters
    ----------
    command
        Interpreter and arguments.
    folder
        Where it works; None: here.
    environ
        Its variables.
    stdin, stdout, stderr
        Its standard streams.
    imports
        Modules that it will import; a server may have done so.
    is_urgent
        Whether a server that is not ready yet takes too long.
    """
    is_ours = command[0] == sys.executable and tuple(command[1:4]) == PROGRAM
    if is_ours and not servers.obstacle():
        with contextlib.suppress(servers.ServerError, OSError):
            found = _forked(command, folder or os.getcwd(), environ, (stdin, stdout, stderr), imports, is_urgent)  # noqa: PTH109
            if found is not None:
                return found
    return subprocess.Popen(
        list(command),
        cwd=folder,
        env=dict(environ),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        bufsize=0,
        start_new_session=True,
        close_fds=True,
    )


def _forked(
    command: Sequence[str],
    folder: str,
    environ: Mapping[str, str],
    streams: Sequence[int | IO[bytes]],
    imports: Sequence[str],
    is_urgent: bool,
) -> ForkedProcess | None:
    server = SERVERS.begin({}, imports)
    if is_urgent and not server.is_ready():
        return None
    server = SERVERS.get({}, imports)
    if not server.hello["can_fork"]:
        return None
    umask = os.umask(0o077)
    os.umask(umask)
    order = {
        "command": list(command),
        "arguments": list(command[4:]),
        "environ": dict(environ),
        "folder": folder,
        "umask": umask,
    }
    link, link_end = wire.pair()
    order_fd = _in_memory(order)
    fds = [stream if isinstance(stream, int) else stream.fileno() for stream in streams]
    try:
        server.request([order_fd, *fds, link_end.fileno()], SERVERS.bearable(imports))
        link_end.close()
        heard = wire.heard(link)
    except OSError:
        link.close()
        raise
    finally:
        link_end.close()
        os.close(order_fd)
    if heard is not None and "pid" in heard[0]:
        return ForkedProcess(heard[0]["pid"], link)
    link.close()
    if heard is not None:
        SERVERS.refuse(server, heard[0]["refused"], heard[0]["reason"])  # the next process is forked from another one
    return None


def _in_memory(order: dict[str, Any]) -> int:
    """Return a descriptor from which an order of any length is read; nobody else sees it."""
    fd = os.memfd_create("taskcell-order")
    with open(fd, "wb", closefd=False) as file:
        file.write(json.dumps(order).encode())
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
