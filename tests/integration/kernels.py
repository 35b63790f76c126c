"""Real kernels for tests: cells are run one by one, with ids as JupyterLab gives them, and what came back is kept."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

PACKAGE = Path(__file__).parents[2] / "package"
_INLINE = "module://matplotlib_inline.backend_inline"
_PROFILES = Path(tempfile.gettempdir()) / f"taskcell-tests-{os.getuid()}-ipython"
"""IPython's folder, the same for all: servers are shared by those who have the same variables."""
_RENEW = """
import os as _os, sys as _sys
get_ipython().run_line_magic("unload_ext", "taskcell")
del get_ipython()._taskcell_session
for _name, _module in list(_sys.modules.items()):
    if str(getattr(_module, "__file__", "") or "").startswith({before!r}):
        del _sys.modules[_name]
_os.chdir({folder!r})
_os.environ.update({environ!r})
_history = get_ipython().history_manager
_history.input_hist_raw[:], _history.input_hist_parsed[:] = [""], [""]
get_ipython().reset(new_session=True)
"""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(kw_only=True)
class Ran:
    """What one executed cell sent back."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    """Class of the exception, empty when there was none."""
    message: str = ""
    traceback: str = ""
    status: str = ""
    values: dict[str, str] = field(default_factory=dict)

    @property
    def stdout(self) -> str:
        return self._stream("stdout")

    @property
    def stderr(self) -> str:
        return self._stream("stderr")

    def _stream(self, name: str) -> str:
        return "".join(out["text"] for out in self.outputs if out["output_type"] == "stream" and out["name"] == name)

    @property
    def report(self) -> str:
        """The line that says what became of the task."""
        lines = [line for line in self.stdout.splitlines() if " · " in line]
        return lines[-1] if lines else ""

    @property
    def shown(self) -> list[dict[str, Any]]:
        """What a notebook would save, without the report and with neighbouring texts joined."""
        found: list[dict[str, Any]] = []
        for out in self.outputs:
            if out["output_type"] == "stream":
                if found and found[-1].get("name") == out["name"]:
                    found[-1]["text"] += out["text"]
                else:
                    found.append(dict(out))
            else:
                found.append({"output_type": "display", "data": out["data"]})
        for out in found:
            if "text" in out:
                kept = [line for line in out["text"].splitlines(keepends=True) if not _is_report(line)]
                out["text"] = "".join(kept)
        return [out for out in found if out.get("text") != ""]


def _is_report(line: str) -> bool:
    return bool(re.search(r" · (ran|cached) · ", line)) or line.startswith(("  note: ", "  not cached: "))


def environment(store: Path, **more: str) -> dict[str, str]:
    """Return environment variables for a process that uses a store of the test's own."""
    env = {name: text for name, text in os.environ.items() if not name.startswith(("JPY_", "TASKCELL_"))}
    env |= {"PYTHONPATH": str(PACKAGE), "TASKCELL_STORE": store.as_uri(), "MPLBACKEND": _INLINE}
    return env | {"IPYTHONDIR": str(_PROFILES), "TASKCELL_USER": "ana", **more}


@contextmanager
def quiet_environment(live: LiveKernel) -> Iterator[None]:
    """Give kernels that others start from this process the environment of a live one."""
    before = dict(os.environ)
    os.environ.update(live.environ)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class LiveKernel:
    """One kernel process with the extension loaded."""

    def __init__(self, folder: Path, *, store: Path, **environ: str) -> None:
        self.folder = folder
        self.store = store
        self._manager = KernelManager(kernel_name="python3")
        self.environ = environment(store, **environ)
        self._manager.start_kernel(
            cwd=str(folder),
            env=self.environ,
            stderr=subprocess.DEVNULL,
            extra_arguments=["--HistoryManager.enabled=False"],
        )
        self.client: BlockingKernelClient = self._manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def load(self) -> LiveKernel:
        loaded = self.run("%load_ext taskcell")
        assert not loaded.error, loaded.traceback
        return self

    def renew(self, folder: Path, *, store: Path, **environ: str) -> LiveKernel:
        """Make it one in which nothing has happened, in another folder and with another store, and load the extension."""
        self.environ |= {"TASKCELL_STORE": store.as_uri(), **environ}
        code = _RENEW.format(folder=str(folder), before=str(self.folder), environ=self.environ)
        renewed = self.wait(self.client.execute(code, store_history=False))
        assert not renewed.error, renewed.traceback
        self.folder, self.store = folder, store
        return self.load()

    def stop(self) -> None:
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()

    def interrupt(self) -> None:
        os.kill(self._manager.provisioner.pid, signal.SIGINT)

    def send(self, source: str, *, cell_id: str = "", look_at: dict[str, str] | None = None) -> str:
        """Send a cell without waiting."""
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": look_at or {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        metadata = {"cellId": cell_id} if cell_id else {}
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def run(
        self, source: str, *, cell_id: str = "", look_at: dict[str, str] | None = None, timeout_s: float = 60
    ) -> Ran:
        """Run a cell and return what came of it."""
        return self.wait(self.send(source, cell_id=cell_id, look_at=look_at), timeout_s)

    def wait(self, message_id: str, timeout_s: float = 60) -> Ran:
        """Wait for the end of a cell that was sent."""
        ran = Ran()
        collected = _Outputs(ran)
        deadline = time.monotonic() + timeout_s
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            collected.take(message["msg_type"], message["content"])
        while True:
            reply = self.client.get_shell_msg(timeout=max(0.1, deadline - time.monotonic()))
            if reply["parent_header"].get("msg_id") == message_id:
                break
        ran.status = reply["content"]["status"]
        for name, result in (reply["content"].get("user_expressions") or {}).items():
            found = result.get("data", {}).get("text/plain")
            ran.values[name] = found if found is not None else f"{result.get('ename')}: {result.get('evalue')}"
        return ran

    def wait_reply(self, message_id: str) -> dict[str, Any]:
        """Return the content of a cell's reply."""
        while True:
            reply = self.client.get_shell_msg(timeout=30)
            if reply["parent_header"].get("msg_id") == message_id:
                return dict(reply["content"])

    def wait_for_text(self, text: str) -> None:
        """Wait until a cell has written a text."""
        while True:
            message = self.client.get_iopub_msg(timeout=30)
            if message["msg_type"] == "stream" and text in message["content"]["text"]:
                return

    def value(self, expression: str) -> str:
        """Return the text of an expression's value, without adding a cell to the session."""
        message_id = self.client.execute("", silent=True, user_expressions={"it": expression})
        return self.wait(message_id).values["it"]


class _Outputs:
    """Builds a cell's outputs from messages as a front-end does."""

    def __init__(self, ran: Ran) -> None:
        self._ran = ran
        self._by_id: dict[str, dict[str, Any]] = {}
        self._clear = False

    def take(self, kind: str, content: dict[str, Any]) -> None:
        outputs = self._ran.outputs
        if kind == "clear_output":
            if content["wait"]:
                self._clear = True
            else:
                outputs.clear()
        elif kind == "error":
            self._ran.error, self._ran.message = content["ename"], content["evalue"]
            self._ran.traceback = _COLOUR.sub("", "\n".join(content["traceback"]))
        elif kind == "update_display_data":
            known = self._by_id.get(content["transient"]["display_id"])
            if known is not None:
                known["data"] = content["data"]
        elif kind in ("stream", "display_data", "execute_result"):
            if self._clear:
                outputs.clear()
                self._clear = False
            kept = {"stream": ("name", "text")}.get(kind, ("data", "metadata"))
            output = {"output_type": kind, **{name: content[name] for name in kept}}
            outputs.append(output)
            display_id = content.get("transient", {}).get("display_id")
            if display_id:
                self._by_id[display_id] = output


@contextmanager
def kernel(folder: Path, store: Path, **environ: str) -> Iterator[LiveKernel]:
    """A kernel with the extension loaded, stopped at the end."""
    live = LiveKernel(folder, store=store, **environ)
    try:
        yield live.load()
    finally:
        live.stop()
