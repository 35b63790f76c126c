"""The process that runs one notebook's cells, seen from the outside."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from signal import SIGINT, SIGKILL, Signals
from typing import Any, Protocol

from taskcell.backends.local import servers
from taskcell.engine.warm import task_servers
from taskcell.kernel import wire

_READ_BYTES = 1 << 16
LEAVE_PATIENCE_S = 5.0
"""How long a process may take to end by itself when its cells are done."""


class Viewer(Protocol):
    """Takes what a cell brings forth, as it happens."""

    def printed(self, name: str, text: str) -> None:
        """Take printed text of ``stdout`` or ``stderr``."""

    def told(self, message: dict[str, Any]) -> None:
        """Take a Jupyter message."""

    def begun(self, at: float, execution_count: int) -> None:
        """Take that a cell begins."""

    def rest_s(self) -> float | None:
        """Return after what time without news ``rested`` is to be called; None for never."""

    def rested(self) -> None:
        """Hear that there was no news for that time."""


class EndedError(Exception):
    """The process ended before its cell did; ``code`` is as in ``subprocess``, None when nobody knows."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class OvertimeError(Exception):
    """The cell took longer than it may."""


@dataclass(slots=True, eq=False)
class _Pipe:
    fd: int
    name: str
    decoder: codecs.IncrementalDecoder


class TaskProcess:
    """One task process. Made by ``started``; closed when it has ended, or to make it end."""

    def __init__(self, server: servers.Server, channel: wire.Channel, link: socket.socket, pipes: list[_Pipe]) -> None:
        self.server = server
        self._channel = channel
        self._link = link
        self._pipes = pipes
        self._poll = select.poll()
        for fd in (channel.fileno(), link.fileno(), *(pipe.fd for pipe in pipes)):
            self._poll.register(fd, select.POLLIN)
        self._ended = False
        self._code: int | None = None

    def begin(self, environ: dict[str, str], folder: str, *, private: bool) -> None:
        """Tell the process what it is for."""
        umask = os.umask(0o077)
        os.umask(umask)
        facts = {"environ": environ, "folder": folder, "umask": umask, "private": private}
        self._send(wire.MESSAGE, facts)

    def execute(self, source: str, message_id: str, viewer: Viewer, deadline: float | None) -> dict[str, Any]:
        """Execute a cell and return its reply; raise EndedError or OvertimeError."""
        self._send(wire.STDOUT, {"source": source, "message_id": message_id})
        return self.go_on(viewer, deadline)

    def go_on(self, viewer: Viewer, deadline: float | None) -> dict[str, Any]:
        """Wait for the reply of the cell that is executing; raise EndedError or OvertimeError."""
        while True:
            rest_s = viewer.rest_s()
            rested = None if rest_s is None else time.monotonic() + rest_s
            ready = {fd for fd, _ in self._poll.poll(_left_ms(min(filter(None, (deadline, rested)), default=None)))}
            if not ready and deadline is not None and time.monotonic() >= deadline:
                raise OvertimeError
            if not ready:
                viewer.rested()
            if self._channel.fileno() in ready:
                for frame in self._frames():
                    if frame.after_raw:
                        self._drain(viewer)
                    if frame.kind == wire.DONE:
                        self._drain(viewer)
                        reply: dict[str, Any] = json.loads(frame.body)
                        return reply
                    _show(frame, viewer)
            if not ready.isdisjoint(pipe.fd for pipe in self._pipes):
                self._drain(viewer)
            if self._link.fileno() in ready:
                self._hear_link()
            if self._ended:
                self._last_words(viewer)
                raise EndedError(self._code)

    def comment(self, message: dict[str, Any]) -> None:
        """Send a widget's message; the process takes it when its cell is done."""
        self._send(wire.MESSAGE, message)

    def signal(self, number: Signals) -> None:
        """Send a signal to the process and what it has started, as long as it lives."""
        with contextlib.suppress(OSError):
            wire.tell(self._link, signal=int(number))

    def interrupt(self) -> None:
        """Interrupt the executing cell."""
        self.signal(SIGINT)

    def kill(self) -> None:
        """Kill the process and what it has started."""
        self.signal(SIGKILL)

    def close(self) -> None:
        """Let the process end; kill it when that takes too long. What it has left running is killed with it."""
        self._channel.close()
        deadline = time.monotonic() + LEAVE_PATIENCE_S
        waiting = select.poll()
        fds = {self._link.fileno(): None, **{pipe.fd: pipe for pipe in self._pipes}}
        for fd in fds:
            waiting.register(fd, select.POLLIN)
        while not self._ended:
            ready = [fd for fd, _ in waiting.poll(_left_ms(deadline))]
            if not ready:
                self.kill()
                deadline = time.monotonic() + LEAVE_PATIENCE_S
            for fd in ready:
                if fd == self._link.fileno():
                    self._hear_link()
                elif not _read(fd):  # whoever ends must not wait for a reader of its last words
                    waiting.unregister(fd)
        self._link.close()
        for pipe in self._pipes:
            os.close(pipe.fd)

    def _send(self, kind: bytes, facts: dict[str, Any]) -> None:
        # Of a process that is dead one hears on the link.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._channel.send(kind, json.dumps(facts).encode())

    def _frames(self) -> Iterator[wire.Frame]:
        """Yield what the channel holds."""
        while True:
            try:
                frame = self._channel.receive_now()
            except (BlockingIOError, ConnectionResetError):
                return
            if frame is None:
                with contextlib.suppress(KeyError):
                    self._poll.unregister(self._channel.fileno())
                return
            yield frame

    def _drain(self, viewer: Viewer) -> None:
        """Take what the pipes hold."""
        for pipe in list(self._pipes):
            while data := _read(pipe.fd):
                text = pipe.decoder.decode(data)
                if text:
                    viewer.printed(pipe.name, text)
            if data is not None and not data:
                with contextlib.suppress(KeyError):
                    self._poll.unregister(pipe.fd)

    def _last_words(self, viewer: Viewer) -> None:
        for frame in self._frames():
            if frame.kind != wire.DONE:
                _show(frame, viewer)
        self._drain(viewer)

    def _hear_link(self) -> None:
        try:
            heard = wire.heard(self._link)
        except OSError:
            heard = None
        if heard is None:
            self._ended = True  # the server has ended, and every task with it
        elif "ended" in heard[0]:
            self._ended, self._code = True, heard[0]["ended"]


def started(find: Callable[[], servers.Server], preload: tuple[str, ...]) -> TaskProcess:
    """Start a task process, in another server when the first refuses a module; raise servers.ServerError."""
    for _ in range(len(preload) + 3):
        server = find()
        link, link_end = wire.pair()
        channel, channel_end = wire.pair()
        out, out_end = os.pipe2(os.O_CLOEXEC)
        err, err_end = os.pipe2(os.O_CLOEXEC)
        ends = [channel_end.fileno(), out_end, err_end, link_end.fileno()]
        try:
            server.request(ends, task_servers.SERVERS.bearable(preload))
            answer: dict[str, Any] | None = None
        except OSError:
            answer = {}
        finally:
            channel_end.close()
            link_end.close()
            os.close(out_end)
            os.close(err_end)
        if answer is None:
            answer = _answer(link)
        if "pid" in answer:
            for fd in (out, err):
                os.set_blocking(fd, False)
            decoder = codecs.getincrementaldecoder("utf-8")
            pipes = [_Pipe(out, "stdout", decoder("replace")), _Pipe(err, "stderr", decoder("replace"))]
            return TaskProcess(server, wire.Channel(channel), link, pipes)
        for fd in (out, err):
            os.close(fd)
        channel.close()
        link.close()
        if "refused" in answer:
            task_servers.SERVERS.refuse(server, answer["refused"], answer["reason"])
    raise servers.ServerError("it ended again and again")


def _answer(link: socket.socket) -> dict[str, Any]:
    try:
        heard = wire.heard(link)
    except OSError:
        heard = None
    return heard[0] if heard is not None else {}


def _show(frame: wire.Frame, viewer: Viewer) -> None:
    if frame.kind == wire.STDOUT:
        viewer.printed("stdout", frame.body.decode("utf-8", "replace"))
    elif frame.kind == wire.STDERR:
        viewer.printed("stderr", frame.body.decode("utf-8", "replace"))
    elif frame.kind == wire.BEGUN:
        viewer.begun(**json.loads(frame.body))
    else:
        viewer.told(wire.unpack(frame.body))


def _read(fd: int) -> bytes | None:
    """Return what a pipe holds: nothing at its end, None when there is nothing yet."""
    try:
        return os.read(fd, _READ_BYTES)
    except BlockingIOError:
        return None


def _left_ms(deadline: float | None) -> int | None:
    return None if deadline is None else max(0, round((deadline - time.monotonic()) * 1000) + 1)
