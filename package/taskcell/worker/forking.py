"""Be a server of workers and drivers: started as ``python -c "…forking.main(FD, ORDER, ROOM)"`` with a listening socket.

It imports what they import and does nothing else, so that each of them begins in milliseconds. What is forked shows itself as
what it would be had it been started: its command line is written over this process's own.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import random
import signal
import sys
import threading
import traceback

from taskcell.kernel import marks, preloading, serving
from taskcell.worker import __main__ as entry

_PRELOADED = ("taskcell.engine.driving", "taskcell.engine.executing", "taskcell.engine.notebooks")


def main(listener_fd: int, order: str) -> None:
    """Serve at a socket.

    Parameters
    ----------
    listener_fd
        Descriptor of the listening socket.
    order
        JSON with what ``serving.serve`` is told.
    """
    place = marks.place_of_arguments()
    for name in _PRELOADED:
        importlib.import_module(name)
    preloading.settle()
    hello = {"can_fork": threading.active_count() == 1}
    serving.serve(listener_fd, json.loads(order), hello=hello, run_child=lambda ends: _run(ends, place), is_tied=False)


def _run(ends: list[int], place: marks.Place) -> int:
    """Be the process that the order asks for; return its exit code."""
    order_fd, *streams = ends
    with os.fdopen(order_fd, "rb") as file:
        order = json.load(file)
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, fd in enumerate(streams):
        os.dup2(fd, number)
        os.close(fd)
    place.write(order["command"])
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["folder"])
    os.umask(order["umask"])
    sys.argv = ["taskcell.worker", *order["arguments"]]
    random.seed()
    gc.enable()
    code = 1
    try:
        code = entry.main(order["arguments"])
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except BaseException:  # noqa: BLE001  as an interpreter does
        traceback.print_exc()
    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    return code
