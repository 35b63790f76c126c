"""The kernel of a task process: ipykernel's own, without its sockets and threads. The home of ipykernel.

Everything that makes output be what it is in any notebook is ipykernel's: shell, display hook, publisher, compiler,
comms, refused input. Only ``Session.send``, the one place through which messages leave, is another: it writes frames.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import traceback
import types
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import comm
from ipykernel.comm.manager import CommManager
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from jupyter_client.session import Session
from traitlets.config import Config

from taskcell import optional_imports

with optional_imports.hidden("debugpy"):
    import ipykernel.debugger  # noqa: F401  no debugger is used here, and it is a good part of what a kernel imports

Publish = Callable[[dict[str, Any], bytes, list[Any]], None]


class TaskSession(Session):  # type: ignore[misc]
    """A session whose messages go to a function."""

    publish: Publish | None = None

    def send(
        self,
        stream: object,
        msg_or_type: Any,
        content: dict[str, Any] | None = None,
        parent: dict[str, Any] | None = None,
        ident: object = None,
        buffers: Any = None,
        track: bool = False,
        header: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """Encode a message as the real one does, and hand it on."""
        if isinstance(msg_or_type, dict):
            message = msg_or_type
            buffers = buffers or message.get("buffers", [])
        else:
            message = self.msg(msg_or_type, content=content, parent=parent, header=header, metadata=metadata)
        facts = {key: message[key] for key in ("msg_type", "content", "metadata")}
        if self.publish is not None:
            self.publish(message, self.pack(facts), list(buffers or ()))
        return message


class _Loop:
    """The little of tornado's loop that the kernel needs while a cell runs."""

    def __init__(self) -> None:
        self.asyncio_loop: asyncio.AbstractEventLoop | None = None

    def add_callback(self, callback: Callable[..., object], *args: object) -> None:
        """Call soon, from wherever."""
        assert self.asyncio_loop is not None
        self.asyncio_loop.call_soon_threadsafe(callback, *args)

    def call_later(self, _delay: float, _callback: Callable[..., object]) -> None:
        """Leave the end to whoever runs the cells."""

    def stop(self) -> None:
        """Leave the end to whoever runs the cells."""


class TaskKernel(IPythonKernel):  # type: ignore[misc]
    """ipykernel's kernel, made before the fork and used after it."""

    def __init__(self, *, ipython_dir: str, **options: Any) -> None:
        # Not IPythonKernel's own: it would make a debugger with its sockets.
        super(IPythonKernel, self).__init__(**options)
        self.log = logging.getLogger("taskcell.kernel")
        self.session = TaskSession()
        self.loop = self.io_loop = _Loop()
        self.shell_channel_thread = types.SimpleNamespace(parent_thread=threading.main_thread())
        # Libraries look for the section IPKernelApp to learn that they are in a notebook.
        config = Config({"HistoryManager": {"enabled": False}, "IPKernelApp": {"parent_appname": "taskcell"}})
        self.shell = ZMQInteractiveShell.instance(
            parent=self,
            config=config,
            ipython_dir=ipython_dir,
            user_ns=self.user_ns,
            kernel=self,
            compiler_class=self.compiler_class,
        )
        self.shell.displayhook.session = self.session
        self.shell.display_pub.session = self.session
        self.shell.displayhook.topic = None
        manager = comm.get_comm_manager()
        if isinstance(manager, CommManager):
            self.shell.configurables.append(manager)
        self.comm_manager = manager
        self.shell.extension_manager.load_extension("storemagic")
        # Libraries and %matplotlib ask the kernel's application for its kernel. It is made, and never started.
        application = IPKernelApp.instance()
        application.kernel, application.shell = self, self.shell

    async def run(self, source: str, message_id: str) -> dict[str, Any]:
        """Execute a cell and return the reply's facts."""
        header = {"msg_id": message_id, "msg_type": "execute_request", "session": "", "username": ""}
        parent = {"header": header, "parent_header": {}, "metadata": {}, "content": {"code": source}, **header}
        self.set_parent([b"taskcell"], parent)
        begun = datetime.now(UTC)
        try:
            reply = await self.do_execute(source, False, store_history=True, user_expressions={}, allow_stdin=False)
        except BaseException as exc:  # noqa: BLE001  an interrupt between the cell's code and the shell's own
            told = traceback.format_exception(exc)
            reply = {"status": "error", "ename": type(exc).__name__, "evalue": str(exc), "traceback": told}
            self.session.send(None, "error", {key: reply[key] for key in ("ename", "evalue", "traceback")})
        return {
            "status": reply["status"],
            "ename": reply.get("ename"),
            "evalue": reply.get("evalue"),
            "traceback": reply.get("traceback"),
            "begun": begun.timestamp(),
            "ended": datetime.now(UTC).timestamp(),
            "leaves": bool(self.shell.exit_now),
        }

    def answer_comm(self, message: dict[str, Any]) -> None:
        """Take what a widget's other side says, between cells."""
        handler = getattr(self.comm_manager, message["msg_type"], None)
        if handler is not None:
            handler(None, None, message)


def language_info() -> str:
    """Return what a notebook's metadata says of its language, as JSON."""
    return json.dumps(IPythonKernel.language_info)


def patch_debuggers() -> None:
    """Do what the kernel's application does: debuggers that can be interrupted."""
    import pdb

    from IPython.core import debugger

    if hasattr(debugger, "InterruptiblePdb"):
        debugger.Pdb = debugger.InterruptiblePdb  # type: ignore[misc]
        pdb.Pdb = debugger.Pdb  # type: ignore[misc,assignment]
        pdb.set_trace = debugger.set_trace


def search_path(entries: list[str]) -> list[str]:
    """Return a kernel's ``sys.path``: the working folder after the standard library, before what is installed."""
    if "" in entries or sys.flags.safe_path:
        return entries
    place = next(
        (n for n, entry in enumerate(entries) if entry.rstrip("/").endswith(("site-packages", "dist-packages"))), 0
    )
    return [*entries[:place], "", *entries[place:]]
