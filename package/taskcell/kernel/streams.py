"""What a task prints: sent at once, and gathered for some milliseconds only while it prints faster than anyone reads."""

from __future__ import annotations

import io
import os
import threading
import time
from typing import Any

from taskcell.kernel import wire

_WINDOW_S = 0.01
_AT_ONCE = 16
"""Writes that are sent at once within one window."""
_GATHERED_S = 0.005
"""How long text may be gathered when there are more."""
_GATHERED_CHARACTERS = 1 << 16


class Printer:
    """Sends printed text of both streams in its order.

    Further writes than ``_AT_ONCE`` in a window are gathered, and sent by a thread that is started when it is first
    needed: most tasks have none, so that they can fork like any process with one thread.
    """

    def __init__(self, channel: wire.Channel) -> None:
        self._channel = channel
        self._window = 0.0
        self._writes = 0
        self._start_over()
        os.register_at_fork(after_in_child=self._start_over)

    def _start_over(self) -> None:
        """Begin as a new process does: what its parent has gathered is the parent's to send."""
        self._lock = threading.RLock()
        self._gathered: list[tuple[bytes, list[str]]] = []
        self._characters = 0
        self._wanted = threading.Event()
        self._sender: threading.Thread | None = None

    def write(self, kind: bytes, text: str) -> None:
        """Take a piece of text."""
        with self._lock:
            if not self._gathered or self._gathered[-1][0] != kind:
                self._gathered.append((kind, []))
            self._gathered[-1][1].append(text)
            self._characters += len(text)
            if self._is_calm() or self._characters > _GATHERED_CHARACTERS:
                self.flush()
            else:
                self._send_soon()

    def flush(self) -> None:
        """Send what is gathered."""
        with self._lock:
            gathered, self._gathered, self._characters = self._gathered, [], 0
            for kind, parts in gathered:
                self._channel.send(kind, "".join(parts).encode("utf-8", "backslashreplace"))

    def _is_calm(self) -> bool:
        now = time.monotonic()
        if now - self._window > _WINDOW_S:
            self._window, self._writes = now, 0
        self._writes += 1
        return self._writes <= _AT_ONCE

    def _send_soon(self) -> None:
        if self._sender is None:
            self._sender = threading.Thread(target=self._send_gathered, name="taskcell-printer", daemon=True)
            self._sender.start()
        self._wanted.set()

    def _send_gathered(self) -> None:
        while True:
            self._wanted.wait()
            time.sleep(_GATHERED_S)
            self._wanted.clear()
            try:
                self.flush()
            except OSError:
                return  # nobody listens any more; this process is about to end


class OutStream(io.TextIOBase):
    """``sys.stdout`` and ``sys.stderr`` of a task; named like ipykernel's, whose place it takes."""

    def __init__(self, printer: Printer, kind: bytes, name: str, fd: int) -> None:
        self._printer = printer
        self._kind = kind
        self.name = name
        self._fd = fd

    encoding = "UTF-8"
    errors = None

    def write(self, string: str) -> int:
        """Print text."""
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        if string:
            self._printer.write(self._kind, string)
        return len(string)

    def flush(self) -> None:
        """Send what is gathered."""
        self._printer.flush()

    def close(self) -> None:
        """Stay open: the next cell prints too."""

    def writable(self) -> bool:
        """Return true."""
        return True

    def isatty(self) -> bool:
        """Return false: output is recorded."""
        return False

    def fileno(self) -> int:
        """Return the descriptor whose output lands in the notebook too."""
        return self._fd

    def set_parent(self, _parent: dict[str, Any]) -> None:
        """Hear which request is answered; it does not matter here."""
