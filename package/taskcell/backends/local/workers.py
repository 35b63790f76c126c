"""A pool of worker processes, each executing one order after the other.

A worker reads orders as lines of JSON on its standard input and tells of them in lines on its standard output:
``begun fit/1``, ``done fit/1``. It ends when its input ends: so workers finish and commit what they execute when their
driver is killed, and then go.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import msgspec

from taskcell.backends import contracts, scratch
from taskcell.backends.contracts import WorkerEvent, WorkerNews
from taskcell.backends.local import drivers, processes, starting
from taskcell.model.runs import TaskState
from taskcell.model.tasks import TaskOptions

END_PATIENCE_S = 5.0
"""How long an idle worker may take to go."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Worker:
    process: subprocess.Popen[bytes] | starting.ForkedProcess
    orders: int
    """Descriptor of its standard input; -1 when it is closed."""
    answers: int
    """Descriptor of its standard output."""
    said: IO[bytes]
    """What it wrote on standard error: why it ended, if it ended by itself."""
    order_id: str | None = None
    heard: bytearray = field(default_factory=bytearray)
    unsent: bytearray = field(default_factory=bytearray)
    """The rest of an order that did not fit into the pipe; a worker that does not read must not hold the driver up."""


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
        worker = next((worker for worker in self._workers if worker.order_id is None), None)
        try:
            worker = worker or self._start()
        except OSError as exc:
            detail = f"no process could be started: {exc.strerror}"
            self._pending.append(WorkerEvent(order_id=order.id, news=WorkerNews.LOST, detail=detail))
            return
        worker.order_id = order.id
        worker.unsent += msgspec.json.encode(order) + b"\n"
        self._send(worker)

    def foresee(self, options: Sequence[TaskOptions]) -> None:
        """Hear what comes next: a process is there as soon as it is needed."""

    def events(self, timeout_s: float) -> Sequence[WorkerEvent]:
        """Wait for news and for the end of workers."""
        if not self._pending:
            for key, _ in self._selector.select(timeout_s):
                worker: _Worker = key.data
                if key.events & selectors.EVENT_READ:
                    self._hear(worker)
                elif worker in self._workers:  # it may have ended a moment ago
                    self._send(worker)
        news, self._pending = self._pending, []
        return news

    def cancel(self, order_id: str) -> None:
        """Kill the worker that executes the order, and all processes of that attempt, whoever started them."""
        for worker in self._workers:
            if worker.order_id == order_id:
                processes.kill_tree(worker.process.pid)
        self._clear(order_id)

    def goes_along(self, first: TaskOptions, options: TaskOptions) -> bool:
        """Return False: an order reaches a worker here in less than a millisecond."""
        del first, options
        return False

    def go_on(self, order: contracts.TaskOrder) -> None:
        """Do nothing: no order has one that goes along."""

    def withdraw(self, order: contracts.TaskOrder) -> None:
        """Do nothing: no order has one that goes along."""

    def recall(self, ended: Callable[[contracts.TaskOrder], TaskState | None]) -> Sequence[contracts.TaskOrder]:
        """Return none: workers hear of nobody but the driver that started them."""
        return ()

    def is_gone(self, host: str) -> bool:
        """Return False: one host has many workers here, whose leases end with them."""
        return False

    def stop_strays(self) -> None:
        """Kill the workers that earlier drivers of this run have left, and all that they started."""
        run_id = self._order.run_id
        mine = [worker.process.pid for worker in self._workers]
        processes.kill_commands(
            lambda line: "taskcell.worker" in line and "work" in line and run_id in line[-1], sparing=mine
        )
        self._clear()

    def close(self) -> None:
        """End idle workers by ending their input; kill those that execute."""
        busy = [worker for worker in self._workers if worker.order_id is not None]
        for worker in busy:
            processes.kill_tree(worker.process.pid)
        for worker in self._workers:
            self._close_input(worker)
        for worker in list(self._workers):
            self._drop(worker)
        for worker in busy:
            self._clear(worker.order_id or "")
        self._selector.close()

    def _clear(self, order_id: str = "") -> None:
        """Kill what is left of an order that no worker executes any more, and remove its folder."""
        processes.kill_marked(scratch.beginning(self._order.run_id, order_id))
        scratch.remove(self._order.run_id, order_id)

    def _start(self) -> _Worker:
        folder = self._order.folder if Path(self._order.folder).is_dir() else None
        said = tempfile.TemporaryFile()  # noqa: SIM115  closed with the worker
        orders_end, orders = os.pipe()
        answers, answers_end = os.pipe()
        try:
            process = starting.start(
                drivers.command(self._order, "work"),
                folder=folder,
                environ=drivers.environ(),
                stdin=orders_end,
                stdout=answers_end,
                stderr=said,
                imports=drivers.imports(self._order),
            )
        except OSError:
            said.close()
            os.close(orders)
            os.close(answers)
            raise
        finally:
            os.close(orders_end)
            os.close(answers_end)
        worker = _Worker(process=process, orders=orders, answers=answers, said=said)
        os.set_blocking(worker.orders, False)
        self._workers.append(worker)
        self._selector.register(worker.answers, selectors.EVENT_READ, worker)
        return worker

    def _send(self, worker: _Worker) -> None:
        """Write as much of an order as the pipe takes; go on when it takes more."""
        waits = worker.orders in self._selector.get_map()
        try:
            del worker.unsent[: os.write(worker.orders, worker.unsent)]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            # It died while idle: that shows as the end of its output, and the order as lost.
            worker.unsent.clear()
        if worker.unsent and not waits:
            self._selector.register(worker.orders, selectors.EVENT_WRITE, worker)
        elif waits and not worker.unsent:
            self._selector.unregister(worker.orders)

    def _hear(self, worker: _Worker) -> None:
        data = os.read(worker.answers, 1 << 16)
        if not data:
            self._end(worker)
            return
        worker.heard += data
        *lines, rest = worker.heard.split(b"\n")
        worker.heard = bytearray(rest)
        for line in lines:
            news, _, order_id = line.decode().partition(" ")
            self._pending.append(WorkerEvent(order_id=order_id, news=WorkerNews(news)))
            if news == WorkerNews.DONE and order_id == worker.order_id:
                worker.order_id = None

    def _end(self, worker: _Worker) -> None:
        order_id = worker.order_id
        last_words = processes.last_line(worker.said)
        code = self._drop(worker)
        if order_id is not None:
            self._clear(order_id)
            detail = f"{processes.describe_exit(code)}{': ' if last_words else ''}{last_words}"
            self._pending.append(WorkerEvent(order_id=order_id, news=WorkerNews.LOST, detail=detail))

    def _close_input(self, worker: _Worker) -> None:
        if worker.orders < 0:
            return
        if worker.orders in self._selector.get_map():
            self._selector.unregister(worker.orders)
        os.close(worker.orders)
        worker.orders = -1

    def _drop(self, worker: _Worker) -> int | None:
        self._workers.remove(worker)
        self._selector.unregister(worker.answers)
        self._close_input(worker)
        os.close(worker.answers)
        worker.said.close()
        try:
            return worker.process.wait(timeout=END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            processes.kill_tree(worker.process.pid)
            return worker.process.wait()
