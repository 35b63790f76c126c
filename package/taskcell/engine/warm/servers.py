"""Servers of this process: one for an interpreter, an environment on disk and the variables it was started with."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from taskcell.backends.local.processes import MARK
from taskcell.kernel import marks, wire

IDLE_S = 600.0
"""How long a server without a task stays."""
START_PATIENCE_S = 60.0
END_PATIENCE_S = 5.0
_PASSING = frozenset({"PWD", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES"})
"""Variables that say nothing to a library when it is imported."""
_START = "import sys; del sys.path[0]; from taskcell.kernel import serving; serving.main(int(sys.argv[1]), sys.argv[2])"


class ServerError(Exception):
    """No server could be had; says why."""


@dataclass(slots=True, eq=False)
class Server:
    """A running server; ``refused`` are modules that it must not be asked to import."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    said: IO[bytes]
    language_info: dict[str, Any] = field(default_factory=dict)
    is_ready: bool = False
    refused: dict[str, str] = field(default_factory=dict)

    def greet(self) -> None:
        """Wait until it is ready; raise ServerError."""
        if self.is_ready:
            return
        self.control.settimeout(START_PATIENCE_S)
        with contextlib.suppress(OSError):
            hello = wire.heard(self.control)
            if hello is not None:
                self.control.settimeout(None)
                self.language_info, self.is_ready = hello[0]["language_info"], True
                return
        self.process.kill()
        self.process.wait()
        self.control.close()
        self.said.seek(0)
        last = self.said.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
        self.said.close()
        raise ServerError(last or "it did not start in time")

    def foresee(self, preload: Sequence[str]) -> None:
        """Let it import modules that the next task will ask for; they are imported while the caller does something else."""
        with contextlib.suppress(OSError):
            wire.tell(self.control, preload=list(preload))

    def request(self, fds: Sequence[int], preload: Sequence[str]) -> None:
        """Ask for a task process that gets these descriptors; raise OSError when the server is gone."""
        wire.tell(self.control, fds, preload=list(preload))

    def close(self) -> None:
        """End the server and the tasks that it runs."""
        self.control.close()
        if not self.is_ready:
            self.process.kill()  # it hears nothing yet, and nothing runs in it
        try:
            self.process.wait(timeout=END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.said.close()


_Key = tuple[object, ...]


class Servers:
    """The servers of this process, started when they are first needed."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._servers: dict[_Key, Server] = {}
        self._refused: dict[str, str] = {}

    def begin(self, ipython_dir: str) -> Server:
        """Return the server for the present state of the environment, which may not be ready yet; raise ServerError."""
        key = (ipython_dir, _variables(), _environment_stamp())
        with self._lock:
            for other in [other for other in self._servers if other[0] == ipython_dir and other != key]:
                self._servers.pop(other).close()
            server = self._servers.get(key)
            if server is None or server.process.poll() is not None:
                if server is not None:
                    server.close()
                server = self._servers[key] = _started(ipython_dir)
                server.refused.update(self._refused)
            return server

    def get(self, ipython_dir: str) -> Server:
        """Return the server for the present state of the environment, ready; raise ServerError."""
        with self._lock:
            server = self.begin(ipython_dir)
            try:
                server.greet()
            except ServerError:
                for key in [key for key, other in self._servers.items() if other is server]:
                    del self._servers[key]
                raise
            return server

    def refuse(self, server: Server, module: str, reason: str) -> None:
        """Give a server up that has imported what it should not have; its tasks still come to their end."""
        with self._lock:
            self._refused[module] = reason
            for key in [key for key, other in self._servers.items() if other is server]:
                del self._servers[key]
                _retired.append(server)

    def close(self) -> None:
        """End all servers."""
        with self._lock:
            for server in [*self._servers.values(), *_retired]:
                server.close()
            self._servers.clear()
            _retired.clear()

    def forget(self) -> None:
        """Be without servers in a forked process: they are its parent's."""
        self._lock = threading.RLock()
        for server in [*self._servers.values(), *_retired]:
            server.control.close()
            server.process.returncode = 0
        self._servers.clear()
        _retired.clear()


_retired: list[Server] = []
SERVERS = Servers()
atexit.register(SERVERS.close)
os.register_at_fork(after_in_child=SERVERS.forget)


def _started(ipython_dir: str) -> Server:
    ours, theirs = wire.pair()
    said = tempfile.TemporaryFile()  # noqa: SIM115  closed with the server
    facts = {
        "idle_s": IDLE_S,
        "parent": os.getpid(),
        "die_with_thread": threading.current_thread() is threading.main_thread(),
        "ipython_dir": ipython_dir,
        "mark": MARK,
        "argv": [_launcher(), "-f", os.devnull],
    }
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", _START, str(theirs.fileno()), json.dumps(facts)],
            cwd="/",
            env=_server_environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    except OSError as exc:
        ours.close()
        said.close()
        raise ServerError(f"no process could be started: {exc.strerror}") from exc
    finally:
        theirs.close()
    return Server(process, ours, said)


@lru_cache(maxsize=1)
def _launcher() -> str:
    """Return what a kernel finds as its program's name."""
    return str(Path(sysconfig.get_path("purelib"), "ipykernel_launcher.py"))


def _server_environ() -> dict[str, str]:
    environ = {**os.environ, **marks.room_for(MARK)}
    if environ.get("PYTHONPATH"):
        entries = environ["PYTHONPATH"].split(os.pathsep)
        environ["PYTHONPATH"] = os.pathsep.join(str(Path.cwd() / entry) if entry else entry for entry in entries)
    return environ


def _variables() -> frozenset[tuple[str, str]]:
    return frozenset(item for item in os.environ.items() if item[0] not in _PASSING)


def _environment_stamp() -> tuple[object, ...]:
    """Return what changes when distributions are installed, removed or replaced."""
    stamps: list[object] = [sys.executable]
    for place in _places():
        with contextlib.suppress(OSError):
            stamps.append((place, os.stat(place).st_mtime_ns))  # noqa: PTH116  on the path of every task
    return tuple(stamps)


@lru_cache(maxsize=1)
def _places() -> tuple[str, ...]:
    kinds = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return (*sorted(kinds), f"{sys.prefix}/pyvenv.cfg")
