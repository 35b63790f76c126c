"""Execute one notebook's cells in a task process. What becomes of its messages is nbclient's code, as in stock papermill."""

from __future__ import annotations

import signal
import time
import types
import uuid
from datetime import UTC, datetime
from typing import Any

from taskcell.engine import papermilling
from taskcell.engine.warm import processes, saving

INTERRUPT_PATIENCE_S = 5.0
"""How long a cell may take to end after it was interrupted."""


class WarmClient(papermilling.PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client, whose kernel is a task process."""

    def __init__(self, nb_man: saving.SavingManager, process: processes.TaskProcess, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self._process = process
        self._cell: Any = None
        self._index = 0
        self._message_id = ""
        self._printed: tuple[Any, list[str]] | None = None
        # An Output widget answers its other side through a kernel's client: of that, this much is used.
        session = types.SimpleNamespace(msg=_message)
        self.kc = types.SimpleNamespace(session=session, shell_channel=types.SimpleNamespace(send=process.comment))

    def execute(self, **_: Any) -> Any:
        """Execute all cells."""
        self.reset_execution_trackers()
        self.papermill_execute_cells()
        self.nb.metadata["language_info"] = self._process.server.hello["language_info"]
        self.set_widgets_metadata()
        return self.nb

    def execute_cell(self, cell: Any, cell_index: int, **_: Any) -> Any:
        """Execute one cell; raise one of nbclient's three errors when it fails."""
        if cell.cell_type != "code" or not cell.source.strip():
            return cell
        if self.skip_cells_with_tag in cell.metadata.get("tags", []):
            return cell
        cell.metadata["execution"] = {}
        cell.outputs = []
        self.clear_before_next_output = False
        self._cell, self._index, self._message_id = cell, cell_index, uuid.uuid4().hex
        self.code_cells_executed += 1
        try:
            reply = self._reply(cell, self._get_timeout(cell))
        finally:
            self._close_text()
        timing = cell.metadata["execution"]
        timing["shell.execute_reply"] = timing["iopub.status.idle"] = _stamp(reply["ended"])
        if reply["status"] == "error" and not self._is_allowed(cell, reply):
            raise papermilling.CellExecutionError.from_cell_and_msg(cell, reply)
        return cell

    def _reply(self, cell: Any, timeout_s: float | None) -> dict[str, Any]:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            return self._process.execute(cell.source, self._message_id, self, deadline)
        except processes.EndedError as exc:
            raise self._dead(describe_end(exc.code)) from None
        except processes.OvertimeError:
            self._stop()
            self._fail("CellTimeoutError", f"it took longer than {timeout_s:g} s")
            raise papermilling.CellTimeoutError.error_from_timeout_and_cell(
                "Cell execution timed out", timeout_s, cell
            ) from None
        except KeyboardInterrupt:
            self._stop()
            self._fail("KeyboardInterrupt", "the run was interrupted")
            raise

    def _stop(self) -> None:
        """Interrupt the cell, so that its record shows where it was; kill a process that does not heed it."""
        for stop in (self._process.interrupt, self._process.kill):
            stop()
            try:
                self._process.go_on(self, time.monotonic() + INTERRUPT_PATIENCE_S)
            except processes.OvertimeError:
                continue
            except processes.EndedError:
                pass
            return

    def _dead(self, reason: str) -> papermilling.DeadKernelError:
        self._fail("DeadKernelError", reason)
        return papermilling.DeadKernelError(reason)

    def _fail(self, name: str, reason: str) -> None:
        """Record why the cell has no end of its own."""
        self._close_text()
        self._cell.outputs.append(
            papermilling.nbformat.v4.new_output("error", ename=name, evalue=reason, traceback=[f"{name}: {reason}"])
        )
        self.nb_man.cell_exception(self._cell, cell_index=self._index)

    def _is_allowed(self, cell: Any, reply: dict[str, Any]) -> bool:
        if self.force_raise_errors:
            return False
        tags = cell.metadata.get("tags", [])
        return bool(self.allow_errors or reply.get("ename") in self.allow_error_names or "raises-exception" in tags)

    def begun(self, at: float, execution_count: int) -> None:
        """Take that the cell begins."""
        self._cell["execution_count"] = execution_count
        timing = self._cell.metadata["execution"]
        timing["iopub.status.busy"] = timing["iopub.execute_input"] = _stamp(at)

    def printed(self, name: str, text: str) -> None:
        """Take printed text. Text of one stream is one output, joined when the next kind of output comes."""
        hooked = self.output_hook_stack[self._message_id]
        if hooked or self.clear_before_next_output or self._printed is None or self._printed[0]["name"] != name:
            self._tell({"msg_type": "stream", "content": {"name": name, "text": text}})
            return
        self._printed[1].append(text)
        self.log_output_message(papermilling.nbformat.v4.new_output("stream", name=name, text=text))
        self._save_now_and_then()

    def told(self, message: dict[str, Any]) -> None:
        """Take a Jupyter message."""
        self._tell(message)

    def rest_s(self) -> float | None:
        """Return when to save, should nothing more happen."""
        due: float | None = self.nb_man.due_in_s()
        return due

    def rested(self) -> None:
        """Save what has happened before."""
        self._save_now_and_then()

    def _tell(self, message: dict[str, Any]) -> None:
        self._close_text()
        parent = {"msg_id": self._message_id}
        whole = {"header": {"msg_type": message["msg_type"]}, "parent_header": parent, "metadata": {}, **message}
        output = self.process_message(whole, self._cell, self._index)
        if output is not None and output.output_type == "stream":
            self._printed = (output, [output["text"]])

    def _save_now_and_then(self) -> None:
        if self.nb_man.is_due():
            name = self._printed and self._printed[0]
            self._close_text()
            self.nb_man.autosave_cell()
            if name:
                self._printed = (name, [name["text"]])

    def _close_text(self) -> None:
        if self._printed is not None:
            output, parts = self._printed
            output["text"] = "".join(parts)
            self._printed = None


def describe_end(code: int | None) -> str:
    """Say how a task process ended."""
    if code is None:
        return "its process died: with the server that it was forked from"
    if code >= 0:
        return f"its process died: exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    hint = {
        "SIGKILL": " (killed by somebody, or because the machine was out of memory)",
        "SIGSEGV": " (a crash in native code)",
    }
    return f"its process died: signal {name}{hint.get(name, '')}"


def _message(msg_type: str, content: Any, parent: Any, metadata: Any) -> dict[str, Any]:
    return {"msg_type": msg_type, "content": content, "metadata": metadata, "buffers": [], "header": {}}


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
