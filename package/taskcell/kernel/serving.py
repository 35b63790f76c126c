"""The server: a process with one thread that imports, forks, and tells how each task process ended.

Started as ``python -c "…serving.main(FD, ORDER)"`` with a socket as descriptor ``FD``. A request on it brings four
descriptors: the task process's channel, its two output pipes, and a *link*, over which this process says how the task goes
and hears that it is to be interrupted or killed. A request without descriptors only says what to import. The end of a link
kills its task, the end of the socket the server.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

from taskcell.kernel import linux, marks, preloading, shells, tasks, warming, wire

_LOOK_S = 5.0
"""How often it makes sure that its parent still lives, should the end of the socket be hidden by a fork of the parent."""


@dataclass(slots=True, eq=False)
class _Server:
    control: socket.socket
    wake: int
    idle_s: float
    parent: int
    kernel: shells.TaskKernel
    environ: dict[str, str]
    mark: tasks.Mark
    tasks: dict[int, socket.socket] = field(default_factory=dict)
    """Links by process number."""
    retired: bool = False
    refusal: tuple[str, str] | None = None
    """A module that it has imported and should not have, and why."""
    used: float = field(default_factory=time.monotonic)

    def serve(self) -> None:
        """Serve until nobody is left who could want anything."""
        while not self._is_over():
            links = {link.fileno(): pid for pid, link in self.tasks.items()}
            poll = select.poll()
            for fd in (*links, self.wake, *(() if self.retired else (self.control.fileno(),))):
                poll.register(fd, select.POLLIN)
            for fd, _ in poll.poll(_LOOK_S * 1000):
                if fd == self.wake:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self.wake, 4096)
                elif fd in links:
                    self._hear(links[fd])
                elif not self._take_request():
                    return
            self._reap()

    def _is_over(self) -> bool:
        if os.getppid() != self.parent:
            return True
        if self.tasks:
            return False
        return self.retired or time.monotonic() - self.used > self.idle_s

    def _take_request(self) -> bool:
        request = wire.heard(self.control)
        if request is None:
            return False
        facts, fds = request
        self.refusal = self.refusal or self._preload(facts["preload"])
        if not fds:
            return True  # somebody foresees what will be asked for
        *ends, link_fd = fds
        link = socket.socket(fileno=link_fd)
        if self.refusal is not None:
            self.retired = True
            with contextlib.suppress(OSError):
                wire.tell(link, refused=self.refusal[0], reason=self.refusal[1])
            link.close()
        else:
            self._fork(ends, link)
        for fd in ends:
            os.close(fd)
        return True

    def _preload(self, names: list[str]) -> tuple[str, str] | None:
        """Import what is new; return what must not be imported here, and why."""
        new = [name for name in names if name not in sys.modules]
        for name in new:
            try:
                preloading.preload(name)
            except preloading.RefusedError as exc:
                return name, str(exc)
        if new:
            warming.libraries()
            preloading.settle()
        return None

    def _fork(self, ends: list[int], link: socket.socket) -> None:
        server = os.getpid()
        added = {name: value for name, value in os.environ.items() if self.environ.get(name) != value}
        pid = os.fork()
        if pid == 0:
            try:
                for other in (self.control, link, *self.tasks.values()):
                    other.close()
                os.close(self.wake)
                tasks.run(self.kernel, ends, added, server, self.mark)
            except BaseException:  # noqa: BLE001  a fault of ours: it belongs in the output that the runner collects
                traceback.print_exc(file=open(2, "w", closefd=False))  # noqa: SIM115
            finally:
                os._exit(70)
        self.tasks[pid] = link
        with contextlib.suppress(OSError):
            wire.tell(link, pid=pid)

    def _hear(self, pid: int) -> None:
        """Pass a signal on; a runner that has gone away wants its task killed."""
        try:
            heard = wire.heard(self.tasks[pid])
        except OSError:
            heard = None
        number = signal.SIGKILL if heard is None else signal.Signals(heard[0]["signal"])
        _signal_group(pid, number)
        if heard is None:
            self._reap(wait_for=pid)

    def _reap(self, wait_for: int = 0) -> None:
        """Tell of ended tasks. Their processes are killed before the number of their group can be another's."""
        while True:
            try:
                flags = os.WEXITED | os.WNOWAIT | (0 if wait_for else os.WNOHANG)
                ended = os.waitid(os.P_PID if wait_for else os.P_ALL, wait_for, flags)
            except ChildProcessError:
                return
            if ended is None:
                return
            pid, wait_for = ended.si_pid, 0
            link = self.tasks.pop(pid, None)
            if link is None:
                os.waitpid(pid, 0)
                continue
            _signal_group(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            if not self.tasks:
                self._end_orphans()
            with contextlib.suppress(OSError):
                wire.tell(link, ended=os.waitstatus_to_exitcode(status))
            link.close()
            self.used = time.monotonic()

    def _end_orphans(self) -> None:
        """Kill what tasks have left behind in sessions of its own: it is this process's child by now."""
        while orphans := [pid for pid in linux.children(os.getpid()) if pid not in self.tasks]:
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def close(self) -> None:
        """Kill whatever still runs."""
        for pid in list(self.tasks):
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


def main(control_fd: int, order: str) -> None:
    """Be a server on a socket. ``order`` is JSON: ``idle_s``, ``parent``, ``die_with_thread``, ``ipython_dir``, ``mark`` …"""
    facts = json.loads(order)
    if facts["die_with_thread"]:
        linux.die_with_parent()
    linux.adopt_orphans()
    control = socket.socket(fileno=control_fd)
    mark = tasks.Mark(facts["mark"], marks.place_of(facts["mark"]))
    environ = dict(os.environ)
    wake, wake_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _noted)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    sys.argv = facts["argv"]
    shells.patch_debuggers()
    # Whatever a shell writes when it is made must not outlive this process, however that ends.
    private = tempfile.mkdtemp(prefix="taskcell-ipython-")
    kernel = shells.TaskKernel.instance(ipython_dir=facts["ipython_dir"] or private)
    shutil.rmtree(private, ignore_errors=True)
    warming.shell(kernel.shell)
    preloading.settle()
    wire.tell(control, language_info=json.loads(shells.language_info()))
    server = _Server(control, wake, facts["idle_s"], facts["parent"], kernel, environ, mark)
    _closing(server.serve, server.close)


def _closing(serve: Callable[[], None], close: Callable[[], None]) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        try:
            serve()
        finally:
            close()


def _noted(_number: int, _frame: object) -> None:
    """Wake the loop."""
