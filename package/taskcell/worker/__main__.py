"""Entry of driver and worker processes; orders come as JSON, never as paths or code."""

from __future__ import annotations

import contextlib
import logging
import os
import sys

import msgspec

from taskcell import errors
from taskcell.backends import registry
from taskcell.backends.contracts import DriverOrder, TaskOrder, WorkerNews
from taskcell.model.runs import Plan
from taskcell.store import paths
from taskcell.store.opening import Store, open_store


def main(arguments: list[str]) -> int:
    """Run as ``drive ORDER`` or ``work ORDER``; return the exit code."""
    logging.basicConfig(level=logging.WARNING)
    if len(arguments) != 2 or arguments[0] not in ("drive", "work"):
        sys.stderr.write("usage: python -m taskcell.worker {drive|work} ORDER\n")
        return 2
    order = msgspec.json.decode(arguments[1], type=DriverOrder)
    try:
        store = open_store(order.store, order.project)
        plan = store.records.read(paths.plan(order.run_id), Plan)
        return _drive(order, store, plan) if arguments[0] == "drive" else _work(order, store, plan)
    except errors.TaskcellError as exc:
        # The last line is what a reader of the run is shown.
        sys.stderr.write(f"{' '.join(str(exc).split())}\n")
        return 1


def _drive(order: DriverOrder, store: Store, plan: Plan) -> int:
    from taskcell.engine.driving import Driver
    from taskcell.environment import installed_version

    backend = registry.backend(plan.backend)
    workers = backend.workers(order, slots=plan.max_workers)
    driver = Driver(store, plan, workers, installed=installed_version, trusted=order.trusted, epoch=order.epoch)
    try:
        driver.drive()
    except errors.ConflictError:
        return 0  # another driver leads; it carries the run to its end
    backend.driver_ended(order.run_id)
    return 0


def _work(order: DriverOrder, store: Store, plan: Plan) -> int:
    """Execute orders from standard input until it ends, telling of each on standard output."""
    from taskcell.engine.executing import Executor

    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever prints must not be taken for an answer

    def tell(news: WorkerNews, order_id: str) -> None:
        # When its driver is gone, what it executes is finished and committed all the same.
        with contextlib.suppress(BrokenPipeError):
            answers.write(f"{news} {order_id}\n".encode())

    executor = Executor(store, plan, trusted=order.trusted, tell=tell)
    for line in sys.stdin.buffer:
        task_order = msgspec.json.decode(line, type=TaskOrder)
        executor.execute(task_order)
        tell(WorkerNews.DONE, task_order.id)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
