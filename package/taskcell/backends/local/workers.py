"""A pool of worker processes, each executing one order after the other.

A worker reads orders as lines of JSON on its standard input and answers each with a line on its standard output. It
ends when its input ends: so workers finish and commit what they execute when their driver is killed, and then go.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import msgspec

from taskcell.backends import contracts
from taskcell.backends.contracts import WorkerEvent, WorkerNews
from taskcell.backends.local import drivers, processes


@dataclass(slots=True, kw_only=True)
class _Worker:
    process: subprocess.Popen[bytes]
    said: IO[bytes]
    """What it wrote on standard error: why it ended, if it ended by itself."""
    order_id: str | None = None
    buffer: bytearray = field(default_factory=bytearray)

    @property
    def answers(self) -> int:
        assert self.process.stdout is not None
        return self.process.stdout.fileno()


class LocalWorkers:
    """Up to ``slots`` worker processes, started when first needed and reused."""

    def __init__(self, order: contracts.DriverOrder, *, slots: int) -> None:
        self._order = order
        self._slots = slots
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._pending: list[WorkerEvent] = []

    def free(self) -> int:
        """Return how many more orders could start now."""
        return self._slots - sum(worker.order_id is not None for worker in self._workers)

    def submit(self, order: contracts.TaskOrder) -> None:
        """Hand an order to an idle worker, or to a new one."""
        worker = next((worker for worker in self._workers if worker.order_id is None), None) or self._start()
        worker.order_id = order.id
        assert worker.process.stdin is not None
        # A worker that died while idle shows as the end of its output, and the order as lost.
        with contextlib.suppress(BrokenPipeError):
            worker.process.stdin.write(msgspec.json.encode(order) + b"\n")
            worker.process.stdin.flush()

    def events(self, timeout_s: float) -> Sequence[WorkerEvent]:
        """Wait for answers and for the end of workers."""
        if not self._pending:
            for key, _ in self._selector.select(timeout_s):
                self._hear(key.data)
        news, self._pending = self._pending, []
        return news

    def cancel(self, order_id: str) -> None:
        """Kill the worker that executes the order, with everything it started."""
        for worker in self._workers:
            if worker.order_id == order_id:
                processes.kill_tree(worker.process.pid)

    def close(self) -> None:
        """End idle workers by ending their input; kill those that execute."""
        for worker in list(self._workers):
            if worker.order_id is not None:
                processes.kill_tree(worker.process.pid)
            self._drop(worker)
        self._selector.close()

    def _start(self) -> _Worker:
        folder = self._order.folder if Path(self._order.folder).is_dir() else None
        said = tempfile.TemporaryFile()  # noqa: SIM115  closed with the worker
        process = subprocess.Popen(
            drivers.command(self._order, "work"),
            cwd=folder or None,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
            close_fds=True,
        )
        worker = _Worker(process=process, said=said)
        self._workers.append(worker)
        self._selector.register(worker.answers, selectors.EVENT_READ, worker)
        return worker

    def _hear(self, worker: _Worker) -> None:
        data = os.read(worker.answers, 1 << 16)
        if not data:
            self._end(worker)
            return
        worker.buffer += data
        *lines, rest = worker.buffer.split(b"\n")
        worker.buffer = bytearray(rest)
        for line in lines:
            order_id = line.decode()
            if order_id == worker.order_id:
                worker.order_id = None
            self._pending.append(WorkerEvent(order_id=order_id, news=WorkerNews.DONE))

    def _end(self, worker: _Worker) -> None:
        order_id = worker.order_id
        last_words = _last_line(worker.said)
        code = self._drop(worker)
        if order_id is not None:
            detail = f"{processes.describe_exit(code)}{last_words}"
            self._pending.append(WorkerEvent(order_id=order_id, news=WorkerNews.LOST, detail=detail))

    def _drop(self, worker: _Worker) -> int | None:
        self._workers.remove(worker)
        self._selector.unregister(worker.answers)
        for stream in (worker.process.stdin, worker.process.stdout, worker.said):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        try:
            return worker.process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            processes.kill_tree(worker.process.pid)
            return worker.process.wait()


def _last_line(said: IO[bytes]) -> str:
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - 4096))
    lines = said.read().decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f": {last[:300]}" if last else ""
