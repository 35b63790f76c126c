"""Servers that this process has its tasks, workers and drivers forked from.

It shares them with others of the same user: whoever needs one first starts it, and it ends when nobody holds it.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import json
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import IO, Any

from taskcell.backends.local import server_names
from taskcell.kernel import wire

IDLE_S = 600.0
"""How long a server without a task stays, whoever holds it."""
LINGER_S = 10.0
"""How long a server stays that nobody holds: the next worker may be on its way."""
START_PATIENCE_S = 60.0
MOST = 4
"""Servers that one process holds; of a further one the longest unused is let go."""
_ATTEMPTS = 5
_BACKLOG = 1024
_START = (
    "import os; os.fork() and os._exit(0); "  # its starter may be killed with all its descendants, and others use it
    "import sys; sys.path[:] = filter(None, sys.path); "
    "from {kind} import main; main(int(sys.argv[1]), sys.argv[2])"
)


ISOLATION_VARIABLE = "TASKCELL_ISOLATION"


def obstacle() -> str:
    """Return why no process can be forked from a server on this system; empty when it can."""
    if os.environ.get(ISOLATION_VARIABLE) == "kernel":
        return f"{ISOLATION_VARIABLE} is kernel"
    if sys.platform != "linux":
        return f"on {sys.platform} a process that has loaded the system's libraries can't be forked safely"
    if not os.path.isdir("/proc/self/task"):  # noqa: PTH112  on the path of every task
        return "there is no /proc on this system"
    return ""


class ServerError(Exception):
    """No server could be had; says why."""


@dataclass(slots=True, eq=False)
class Server:
    """A connection to a server; ``hello`` is what it tells of itself."""

    control: socket.socket
    said: IO[bytes] | None = None
    """What it wrote on standard error, if this process started it."""
    hello: dict[str, Any] = field(default_factory=dict)

    def greet(self) -> None:
        """Wait until it is ready; raise ServerError."""
        if self.hello:
            return
        self.control.settimeout(START_PATIENCE_S)
        with contextlib.suppress(OSError):
            hello = wire.heard(self.control)
            if hello is not None:
                self.control.settimeout(None)
                self.hello = hello[0]
                return
        last = self._last_words()
        self.close()
        raise ServerError(last or "it did not start in time")

    @property
    def pid(self) -> int:
        """Its process number, when it is ready."""
        return int(self.hello["pid"])

    def is_ready(self) -> bool:
        """Whether greeting it takes no time."""
        return bool(self.hello) or bool(select.select([self.control], [], [], 0.0)[0])

    def is_there(self) -> bool:
        """Whether it has not ended."""
        try:
            return bool(self.control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def foresee(self, preload: Sequence[str]) -> None:
        """Let it import modules that the next task will ask for; they are imported while the caller does something else."""
        with contextlib.suppress(OSError):
            wire.tell(self.control, preload=list(preload))

    def request(self, fds: Sequence[int], preload: Sequence[str]) -> None:
        """Ask for a task process that gets these descriptors; raise OSError when the server is gone."""
        wire.tell(self.control, fds, preload=list(preload))

    def close(self) -> None:
        """Let go of it. Tasks that it runs for this process go on; it ends when nobody needs it."""
        self.control.close()
        if self.said is not None:
            self.said.close()

    def _last_words(self) -> str:
        if self.said is None:
            return ""
        self.said.seek(0)
        return self.said.read().decode("utf-8", "replace").strip().rpartition("\n")[2]


class Servers:
    """The servers of a kind that this process holds.

    Parameters
    ----------
    kind
        The module whose ``main`` serves.
    room
        Variables that it is started with and that say nothing of it.
    arguments
        Arguments that it is started with and that say nothing of it.
    """

    def __init__(
        self, kind: str, *, room: Mapping[str, str] = MappingProxyType({}), arguments: Sequence[str] = ()
    ) -> None:
        self._kind = kind
        self._room = room
        self._arguments = arguments
        self._lock = threading.RLock()
        self._held: dict[str, Server] = {}
        """By name, the one that was used last at the end."""
        self._refused: dict[str, str] = {}
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self.forget)

    def begin(self, facts: Mapping[str, Any], preload: Sequence[str] = ()) -> Server:
        """Return the server for the present state of the environment, which may not be ready yet; raise ServerError.

        Parameters
        ----------
        facts
            What it is told when it starts, in JSON form.
        preload
            Modules that it imports; whoever wants others has another server.
        """
        place = server_names.address(self._kind, sorted(facts.items()), preload)
        with self._lock:
            server = self._held.pop(place.name, None)
            if server is not None and not server.is_there():
                server.close()
                server = None
            if server is None:
                server = self._connected(place, facts)
                server.foresee(self.bearable(preload))
            self._held[place.name] = server
            for name in list(self._held)[:-MOST]:
                self._held.pop(name).close()
            return server

    def get(self, facts: Mapping[str, Any], preload: Sequence[str] = ()) -> Server:
        """Return the server for the present state of the environment, ready; raise ServerError."""
        with self._lock:
            for attempt in range(_ATTEMPTS):
                server = self.begin(facts, preload)
                try:
                    server.greet()
                except ServerError:
                    started_here = server.said is not None
                    self._drop(server)
                    # Another's may have ended in the moment when it was called.
                    if started_here or attempt == _ATTEMPTS - 1:
                        raise
                    continue
                return server
        raise AssertionError

    def refuse(self, server: Server, module: str, reason: str) -> None:
        """Give a server up that has imported what it should not have; its tasks still come to their end."""
        with self._lock:
            self._refused[module] = reason
            self._drop(server)

    def bearable(self, modules: Sequence[str]) -> list[str]:
        """Return those of the modules that no server has refused."""
        return [name for name in modules if name not in self._refused]

    def held(self) -> tuple[Server, ...]:
        """Return the servers that this process holds."""
        return tuple(self._held.values())

    def close(self) -> None:
        """Let go of all servers."""
        with self._lock:
            for server in self._held.values():
                server.close()
            self._held.clear()

    def forget(self) -> None:
        """Hold no servers in a forked process: they are its parent's."""
        self._lock = threading.RLock()
        self.close()

    def _drop(self, server: Server) -> None:
        for name in [name for name, other in self._held.items() if other is server]:
            del self._held[name]
        server.close()

    def _connected(self, place: server_names.Address, facts: Mapping[str, Any]) -> Server:
        """Return a connection to the server of that name; start it when there is none."""
        for _ in range(_ATTEMPTS):
            control = _socket()
            try:
                control.connect(f"\0{place.name}")
            except ConnectionRefusedError:
                control.close()
            except OSError as exc:
                control.close()
                raise ServerError(f"there is no way to it: {exc.strerror}") from exc
            else:
                if _owner(control) == os.getuid():
                    return Server(control)
                control.close()
                raise ServerError("another user has taken its name")
            with _socket() as listener:
                try:
                    listener.bind(f"\0{place.name}")
                except OSError as exc:
                    if exc.errno == errno.EADDRINUSE:
                        continue  # somebody was quicker
                    raise ServerError(f"it could have no name: {exc.strerror}") from exc
                listener.listen(_BACKLOG)
                said = self._started(place, listener, facts)
                control = _socket()
                control.connect(f"\0{place.name}")
                return Server(control, said)
        raise ServerError("it ended again and again")

    def _started(self, place: server_names.Address, listener: socket.socket, facts: Mapping[str, Any]) -> IO[bytes]:
        said = tempfile.TemporaryFile()  # noqa: SIM115  closed with the connection
        own = {"name": place.name, "idle_s": IDLE_S, "linger_s": LINGER_S, "refused": self._refused}
        code = _START.format(kind=self._kind)
        try:
            starter = subprocess.Popen(
                [sys.executable, "-c", code, str(listener.fileno()), json.dumps({**facts, **own}), *self._arguments],
                cwd="/",
                env={**place.environ, **self._room},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )
        except OSError as exc:
            said.close()
            raise ServerError(f"no process could be started: {exc.strerror}") from exc
        threading.Thread(target=starter.wait, name="taskcell-server-starter", daemon=True).start()
        return said


def _socket() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def _owner(connection: socket.socket) -> int:
    """Return the user who listens at the other side."""
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(uid)
