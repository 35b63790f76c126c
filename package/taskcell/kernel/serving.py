"""A server: a process with one thread that imports, forks, and tells how each forked process ended.

It has a listening socket, to which whoever wants processes connects. A request brings descriptors, the last of which is a
*link*, over which the server says how the process goes and hears that it is to be interrupted or killed. A request without
descriptors only says what to import. Without a connection and without a process the server ends.

What is forked is somebody else's matter: tasks (``tasks``), or workers and drivers.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from taskcell.kernel import linux, preloading, wire

_LOOK_S = 5.0
"""How often it looks at the clock, at least."""
_IMPORT_PATIENCE_S = 120
"""How long imports may take: a server that hangs in one could not hear that nobody needs it any more, and is killed."""


def _noted(_number: int, _frame: object) -> None:
    """Wake the loop."""


def _woken_by_children() -> tuple[int, int]:
    """Let the end of a child end a wait; return the pipe that becomes readable then."""
    wake, wake_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _noted)
    return wake, wake_end


@dataclass(slots=True, eq=False)
class _Client:
    """Somebody who may ask for tasks."""

    control: socket.socket
    process: int | None
    """Descriptor that shows its end, should a fork of it keep the connection open; None where the system has none."""

    def fds(self) -> tuple[int, ...]:
        return (self.control.fileno(),) if self.process is None else (self.control.fileno(), self.process)


@dataclass(slots=True, eq=False, kw_only=True)
class Server:
    """Serves until nobody is left who could want anything.

    Attributes
    ----------
    run_child
        Called in a forked process with the request's descriptors; what it returns is the exit code.
    get_ready
        Called after modules were imported and before the next process is forked.
    is_tied
        Whether a process ends with its link, and what it leaves behind with it.
    refused
        Modules that another server has imported and should not have, and why.
    """

    listener: socket.socket
    hello: dict[str, Any]
    run_child: Callable[[list[int]], int]
    get_ready: Callable[[], None]
    is_tied: bool
    idle_s: float
    linger_s: float
    refused: dict[str, str]
    wake: tuple[int, int] = field(default_factory=_woken_by_children)
    """A pipe that has something to read when a process has ended."""
    clients: list[_Client] = field(default_factory=list)
    links: dict[int, socket.socket | None] = field(default_factory=dict)
    """Of each process by its number; None: nobody wants to hear of it."""
    foreseen: deque[str] = field(default_factory=deque)
    """Modules that somebody will ask for: imported one by one, while nobody asks for anything."""
    is_unsettled: bool = False
    """Whether modules were imported that are not ready to be shared."""
    refusal: tuple[str, str] | None = None
    """A module that it has imported and should not have, and why. It forks no more, and says so to who asks next."""
    is_retired: bool = False
    """Whether somebody knows, who starts another."""
    used: float = field(default_factory=time.monotonic)
    left: float = field(default_factory=time.monotonic)
    """When the last client went."""

    def serve(self) -> None:
        """Serve until nobody is left who could want anything."""
        self.listener.setblocking(False)
        try:
            while not self._is_over():
                self._serve_once()
                self._reap()
        finally:
            # Its name is free from here on; who has connected and was not heard starts another one.
            self.listener.close()
            if self.is_tied:
                self._end_all()

    def _serve_once(self) -> None:
        links = {link.fileno(): pid for pid, link in self.links.items() if link is not None}
        clients = {fd: client for client in self.clients for fd in client.fds()}
        poll = select.poll()
        for fd in (*links, *clients, self.wake[0]):
            poll.register(fd, select.POLLIN)
        if not self.is_retired:
            poll.register(self.listener, select.POLLIN)
        is_idle = not self.foreseen and not self.is_unsettled
        timeout_s = max(min(_LOOK_S, self.idle_s, self.linger_s), 0.01) if is_idle else 0.0
        ready = poll.poll(timeout_s * 1000)
        if not ready and self.foreseen:
            self._import([self.foreseen.popleft()])
        elif not ready:
            self._settle()
        for fd, _ in ready:
            if fd == self.wake[0]:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake[0], 4096)
            elif fd == self.listener.fileno():
                self._accept()
            elif fd in links:
                if self.links.get(links[fd]) is not None:
                    self._hear(links[fd])
            elif fd in clients and clients[fd] in self.clients:
                client = clients[fd]
                if fd == client.process or not self._take_request(client.control):
                    self._forget(client)

    def _is_over(self) -> bool:
        if self.links:
            return False
        now = time.monotonic()
        if self.is_retired or now - self.used > self.idle_s:
            return True
        return not self.clients and now - self.left > self.linger_s

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            control, _ = self.listener.accept()
            pid, uid, _ = struct.unpack("3i", control.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            if uid != os.getuid():
                control.close()
                return
            process = None
            with contextlib.suppress(OSError):  # older systems don't know it; and it may be gone already
                process = os.pidfd_open(pid)
            control.setblocking(True)
            with contextlib.suppress(OSError):
                wire.tell(control, **self.hello)
            self.clients.append(_Client(control, process))

    def _forget(self, client: _Client) -> None:
        self.clients.remove(client)
        client.control.close()
        if client.process is not None:
            os.close(client.process)
        self.left = time.monotonic()

    def _take_request(self, control: socket.socket) -> bool:
        try:
            request = wire.heard(control)
        except OSError:
            request = None
        if request is None:
            return False
        facts, fds = request
        if not fds:
            self.foreseen.extend(facts["preload"])
            return True
        self._import(facts["preload"])
        *ends, link_fd = fds
        link = socket.socket(fileno=link_fd)
        if self.refusal is not None:
            self.is_retired = True
            self.listener.close()  # the next server takes its name
            with contextlib.suppress(OSError):
                wire.tell(link, refused=self.refusal[0], reason=self.refusal[1])
            link.close()
        else:
            self._fork(ends, link)
        for fd in ends:
            os.close(fd)
        return True

    def _import(self, names: list[str]) -> None:
        """Import what is new and not refused, until a module turns out to be one that must not be imported here."""
        new = [name for name in names if name not in sys.modules and name not in self.refused]
        if not new or self.refusal is not None:
            return
        signal.alarm(_IMPORT_PATIENCE_S)
        for name in new:
            try:
                preloading.preload(name)
            except preloading.RefusedError as exc:
                self.refusal = name, str(exc)
                self.foreseen.clear()
                break
        signal.alarm(0)
        self.is_unsettled = self.refusal is None  # one that is given up forks nothing more

    def _settle(self) -> None:
        if self.is_unsettled:
            self.get_ready()
            preloading.settle()
            self.is_unsettled = False

    def _fork(self, ends: list[int], link: socket.socket) -> None:
        self._settle()
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                for other in (self.listener, link, *filter(None, self.links.values())):
                    other.close()
                for client in list(self.clients):
                    self._forget(client)
                for fd in self.wake:
                    os.close(fd)
                _be_nobodys_server()
                code = self.run_child(ends)
            except BaseException:  # noqa: BLE001  a fault of ours: it belongs in the output that somebody collects
                traceback.print_exc(file=open(2, "w", closefd=False))  # noqa: SIM115
            finally:
                os._exit(code)
        self.links[pid] = link
        with contextlib.suppress(OSError):
            wire.tell(link, pid=pid)

    def _hear(self, pid: int) -> None:
        """Pass a signal on. Who is gone and was tied to its process wants it killed."""
        link = self.links[pid]
        assert link is not None
        try:
            heard = wire.heard(link)
        except OSError:
            heard = None
        if heard is not None:
            _signal_group(pid, signal.Signals(heard[0]["signal"]))
        elif self.is_tied:
            _signal_group(pid, signal.SIGKILL)
            self._reap(wait_for=pid)
        else:
            self.links[pid] = None
            link.close()

    def _reap(self, wait_for: int = 0) -> None:
        """Tell of ended processes. Those of a task are killed before the number of their group can be another's."""
        while True:
            try:
                flags = os.WEXITED | os.WNOWAIT | (0 if wait_for else os.WNOHANG)
                ended = os.waitid(os.P_PID if wait_for else os.P_ALL, wait_for, flags)
            except ChildProcessError:
                return
            if ended is None:
                return
            pid, wait_for = ended.si_pid, 0
            if pid not in self.links:
                os.waitpid(pid, 0)
                continue
            if self.is_tied:
                _signal_group(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            link = self.links.pop(pid)
            if self.is_tied:
                self._end_orphans()
            if link is not None:
                with contextlib.suppress(OSError):
                    wire.tell(link, ended=os.waitstatus_to_exitcode(status))
                link.close()
            self.used = time.monotonic()

    def _end_orphans(self) -> None:
        """Kill what a task has left behind in sessions of its own: it is this process's child by now.

        What a task that still runs leaves behind is that task's child. Drivers and servers that a task has started stay.
        """
        while orphans := [pid for pid in linux.children(os.getpid()) if pid not in self.links and not _stays(pid)]:
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def _end_all(self) -> None:
        """Kill whatever still runs."""
        for pid in list(self.links):
            _signal_group(pid, signal.SIGKILL)
            self._reap(wait_for=pid)
        self._end_orphans()


def _signal_group(pid: int, number: signal.Signals) -> None:
    """Signal a task's processes; before it has made its group, the task alone."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _stays(pid: int) -> bool:
    """Whether a process is a driver or another server: these outlive whoever started them."""
    line = linux.command_line(pid)
    is_server = any(b"taskcell.kernel" in word for word in line) and line != linux.command_line(os.getpid())
    return is_server or (b"taskcell.worker" in line and b"drive" in line)


def serve(
    listener_fd: int,
    order: Mapping[str, Any],
    *,
    hello: Mapping[str, Any],
    run_child: Callable[[list[int]], int],
    is_tied: bool,
    get_ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve at the socket that this process was started with.

    Parameters
    ----------
    listener_fd
        Descriptor of the socket.
    order
        What the server was told: ``idle_s``, ``linger_s``, ``refused``.
    hello
        What clients are told.
    run_child, is_tied, get_ready
        As in ``Server``.
    """
    listener = socket.socket(fileno=listener_fd)
    listener.set_inheritable(False)
    Server(
        listener=listener,
        hello={**hello, "pid": os.getpid()},
        run_child=run_child,
        get_ready=get_ready,
        is_tied=is_tied,
        idle_s=order["idle_s"],
        linger_s=order["linger_s"],
        refused=order["refused"],
    ).serve()


def _be_nobodys_server() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
