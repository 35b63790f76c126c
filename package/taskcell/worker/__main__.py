"""Entry of driver and worker processes; orders come as JSON, never as paths or code."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import traceback
from pathlib import Path

import msgspec

from taskcell import errors, tallies
from taskcell.backends import beating, registry
from taskcell.backends.contracts import WEBHOOK_URL, DriverOrder, LookOrder, ServeOrder, TaskOrder, Tell, WorkerNews
from taskcell.backends.mailboxes import ANSWER, Mailbox
from taskcell.model.runs import Plan
from taskcell.store import paths
from taskcell.store.opening import Store, open_store

EX_TEMPFAIL = 75
"""Exit code by which a driver asks to be started again, as in sysexits.h."""


def main(arguments: list[str]) -> int:
    """Run as ``drive ORDER``, ``work ORDER``, ``serve ORDER`` or ``look ORDER``; return the exit code."""
    logging.basicConfig(level=logging.WARNING)
    try:
        match arguments:
            case ["drive", text]:
                return _drive(msgspec.json.decode(text, type=DriverOrder))
            case ["work", text]:
                return _work(msgspec.json.decode(text, type=DriverOrder))
            case ["serve", text]:
                return _serve(msgspec.json.decode(text, type=ServeOrder))
            case ["look", text]:
                return _look(msgspec.json.decode(text, type=LookOrder))
        sys.stderr.write("usage: python -m taskcell.worker {drive|work|serve|look} ORDER\n")
        return 2
    except errors.TaskcellError as exc:
        return _said(exc)


def _said(exc: errors.TaskcellError) -> int:
    """Say why the process ends, in a last line, which is what a reader of the run is shown; return the exit code."""
    sys.stderr.write(f"{' '.join(str(exc).split())}\n")
    return 1


def _fail(exc: BaseException) -> None:
    """End the process from whichever thread: what it has begun can't be recorded, and nobody should wait for it."""
    if isinstance(exc, errors.TaskcellError):
        _said(exc)
    else:
        traceback.print_exception(exc)
    sys.stderr.flush()
    os._exit(1)


def _opened(order: DriverOrder | ServeOrder) -> tuple[Store, Plan]:
    store = open_store(order.store, order.project)
    return store, store.records.read(paths.plan(order.run_id), Plan)


def _drive(order: DriverOrder) -> int:
    from taskcell.engine.driving import Driver, ReplacedError
    from taskcell.environment import installed_version

    beat = beating.Beats().beat if order.restarts else beating.silent
    beat()  # before anything that may take long: the file may be that of a predecessor in this pod
    store, plan = _opened(order)
    backend = registry.backend(plan.backend)
    workers = backend.workers(order, plan, store)
    driver = Driver(
        store,
        plan,
        workers,
        installed=installed_version,
        trusted=order.trusted,
        epoch=order.epoch,
        restarts=order.restarts,
        beat=beat,
    )
    if order.restarts:
        signal.signal(signal.SIGTERM, _replaced)
    try:
        driver.drive()
    except errors.ConflictError:
        return 0  # another driver leads or has led; it carries the run to its end
    except ReplacedError:
        return EX_TEMPFAIL
    finally:
        _notify(store, plan)
    backend.driver_ended(order.run_id)
    _say_requests()
    return 0


def _notify(store: Store, plan: Plan) -> None:
    """Tell whoever wants to know how the run ended, if it has."""
    url = os.environ.get(WEBHOOK_URL)
    if url:
        from taskcell.engine import notifying

        notifying.tell_of_run(store, plan, url)


def _replaced(_number: int, _frame: object) -> None:
    """Leave when the backend moves the driver elsewhere: workers go on, and the next driver finds them."""
    from taskcell.engine.driving import ReplacedError

    raise ReplacedError


def _work(order: DriverOrder) -> int:
    """Execute orders from standard input until it ends, telling of each on standard output."""
    from taskcell.engine.warm import foreseeing

    store, plan = _opened(order)
    foreseeing.server(plan.imports, [Path.cwd()])  # it imports what it needs while this process does
    from taskcell.engine.executing import Executor

    executor = Executor(store, plan, trusted=order.trusted, tell=_teller(""))
    for line in sys.stdin.buffer:
        executor.execute(msgspec.json.decode(line, type=TaskOrder))
    return 0


def _serve(order: ServeOrder) -> int:
    """Execute orders from a mailbox until it closes, telling of each on standard output."""
    from taskcell.engine.warm import foreseeing

    # The first process of a container ignores the signal unless it says what it does.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))
    foreseeing.server(order.imports, [Path.cwd()])
    from taskcell.engine.claiming import Claims
    from taskcell.engine.executing import Executor
    from taskcell.engine.overlapping import Overlap
    from taskcell.worker import serving

    store, plan = _opened(order)
    claims = Claims(store, order.run_id, order.mailbox)
    overlap = Overlap(_teller(f"{ANSWER} "), _fail)
    executor = Executor(store, plan, trusted=order.trusted, tell=overlap.tell, claims=claims)
    claims.begin()
    mailbox = Mailbox(store.records, order.run_id, order.mailbox)
    mailbox.put_up()
    from taskcell.engine import notebooks  # noqa: F401  papermill, while the first order is on its way

    for task_order in serving.orders(mailbox, order.linger_s):
        # What is claimed is stored before the next is begun: of a pod that dies it must be certain which one was executed.
        overlap.take(task_order, executor.execute, ahead=task_order.brief)
    overlap.close()
    claims.close()
    _say_requests()
    return 0


def _say_requests() -> None:
    if said := tallies.line():
        sys.stderr.write(f"{said}\n")


def _look(order: LookOrder) -> int:
    from taskcell.worker import looking

    looking.look(order)
    return 0


def _teller(beginning: str) -> Tell:
    """Return what tells the driver on standard output; whatever else prints there must not be taken for an answer."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def tell(news: WorkerNews, order_id: str) -> None:
        if news is WorkerNews.EXECUTED:
            return  # a driver has no use for it
        # When its driver is gone, what it executes is finished and committed all the same.
        with contextlib.suppress(BrokenPipeError):
            answers.write(f"{beginning}{news} {order_id}\n".encode())

    return tell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
