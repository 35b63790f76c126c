"""One task process: forked from the server, it executes the cells that its runner sends, and ends."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import faulthandler
import gc
import json
import os
import random
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from taskcell.kernel import linux, marks, shells, streams, wire

_SILENT_MESSAGES = frozenset({"status", "execute_input"})


class Mark(NamedTuple):
    """A variable by which others find a task's processes, and where the system reads it from."""

    name: str
    place: marks.Place


def run(kernel: shells.TaskKernel, ends: list[int], added: Mapping[str, str], parent: int, mark: Mark) -> None:
    """Be a task process until its runner has nothing more; never returns to the server's code.

    Parameters
    ----------
    kernel
        The kernel that the server made.
    ends
        Descriptors: the channel to the runner, and the writing ends for output and errors.
    added
        Environment variables that imports have set in the server.
    parent
        The server's process number.
    mark
        The variable that others look for.
    """
    os.setsid()
    linux.die_with_parent()
    linux.adopt_orphans()  # so that what it leaves behind can be told from what other tasks have
    if os.getppid() != parent:
        os._exit(1)
    channel_fd, out, err = ends
    _stand_alone(out, err)
    channel = wire.Channel(socket.socket(fileno=channel_fd), raw=(out, err))
    start = channel.receive()
    if start is None:
        os._exit(0)
    facts = json.loads(start.body)
    mark.place.write_bytes(os.fsencode(facts["environ"].get(mark.name, "")))
    _take_over(kernel, facts, added)
    printer = streams.Printer(channel)
    sys.stdout = streams.OutStream(printer, wire.STDOUT, "stdout", 1)
    sys.stderr = streams.OutStream(printer, wire.STDERR, "stderr", 2)
    faulthandler.enable(2)
    assert isinstance(kernel.session, shells.TaskSession)

    def publish(message: dict[str, Any], content: bytes, buffers: list[Any]) -> None:
        if message["msg_type"] not in _SILENT_MESSAGES:
            printer.flush()
            channel.send(wire.MESSAGE, wire.pack(content, buffers))

    kernel.session.publish = publish
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    kernel.io_loop.asyncio_loop = loop
    with contextlib.suppress(OSError):
        loop.run_until_complete(_answer(kernel, channel, printer))
    _end(printer)


async def _answer(kernel: shells.TaskKernel, channel: wire.Channel, printer: streams.Printer) -> None:
    """Execute cell after cell. What a cell has left running in the loop goes on while the next is awaited."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(channel.fileno(), readable.set)
    while True:
        try:
            frame = channel.receive_now()
        except BlockingIOError:
            readable.clear()
            await readable.wait()
            continue
        if frame is None:
            return
        order = json.loads(frame.body)
        if frame.kind == wire.MESSAGE:
            kernel.answer_comm(order)
            continue
        loop.remove_reader(channel.fileno())  # a busy loop would see it readable again and again
        reply = await _executed(kernel, channel, order)
        _flush(printer)
        channel.send(wire.DONE, json.dumps(reply).encode())
        if reply["leaves"]:
            return
        loop.add_reader(channel.fileno(), readable.set)


async def _executed(kernel: shells.TaskKernel, channel: wire.Channel, order: dict[str, Any]) -> dict[str, Any]:
    channel.send(wire.BEGUN, json.dumps({"at": time.time(), "execution_count": kernel.shell.execution_count}).encode())
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return await kernel.run(order["source"], order["message_id"])
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stand_alone(out: int, err: int) -> None:
    """Drop what belongs to the server: standard streams, and its answer to an interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    os.close(nothing)
    linux.be_first_victim()


def _take_over(kernel: shells.TaskKernel, start: dict[str, Any], added: Mapping[str, str]) -> None:
    """Become a process like one that was started for this task: its folder, its environment, its own chance."""
    _set_environment({**added, **start["environ"]})
    kernel.shell.init_environment()
    os.chdir(start["folder"])
    os.umask(start["umask"])
    sys.path[:] = shells.search_path(sys.path)
    kernel.shell.user_ns["_dh"][:] = [start["folder"]]
    if start["private"]:
        kernel.shell.db = {}
    random.seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    gc.enable()


def _set_environment(wanted: dict[str, str]) -> None:
    zone = os.environ.get("TZ")
    for name in [name for name in os.environ if name not in wanted]:
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    if os.environ.get("TZ") != zone:
        time.tzset()


def _flush(printer: streams.Printer) -> None:
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(Exception):  # a task may have closed or replaced any of them
            stream.flush()  # type: ignore[union-attr]
    linux.flush_c_output()
    printer.flush()


def _end(printer: streams.Printer) -> None:
    """End as an interpreter does, but for the tear-down of its modules."""
    code = 0
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        _flush(printer)
    except BaseException:  # noqa: BLE001  the record is complete; nothing of this is part of it
        code = 1
    os._exit(code)
