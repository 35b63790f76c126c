"""Keep what a body displays while it is shown live, and show it again on a cache hit."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

Displays = list[dict[str, object]]

CAP_BYTES = 20_000_000
"""What one body may leave as displayed output; the rest is shown but not kept."""


class Recorder:
    """Collects outputs in the notebook format while they go where they always go."""

    def __init__(self) -> None:
        self.outputs: Displays = []
        self._by_display_id: dict[str, dict[str, object]] = {}
        self._clear_next = False
        self._size = 0
        self.paused = False

    def stream(self, name: str, text: str) -> None:
        """Note text on stdout or stderr; neighbouring pieces become one output."""
        if self.paused or not text or not self._room(len(text)):
            return
        self._clear_if_due()
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last.get("name") == name:
            last["text"] = f"{last['text']}{text}"
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})

    def result(self, data: dict[str, Any], metadata: dict[str, Any] | None) -> None:
        """Note the value of a last expression."""
        if self._room(sum(len(str(part)) for part in data.values())):
            self._clear_if_due()
            made = {"output_type": "execute_result", "data": _plain(data), "metadata": dict(metadata or {})}
            self.outputs.append({**made, "execution_count": None})

    def newest_stream(self) -> str:
        """Return the name of the stream that was written to last; empty when something else came after it."""
        return str(self.outputs[-1].get("name", "")) if self.outputs else ""

    def display(self, data: dict[str, Any], metadata: dict[str, Any] | None, transient: Any, update: bool) -> None:
        """Note a display, or a change to an earlier one."""
        display_id = str((transient or {}).get("display_id") or "")
        if update:
            known = self._by_display_id.get(display_id)
            if known is not None:
                known.update(data=_plain(data), metadata=dict(metadata or {}))
            return
        if not self._room(sum(len(str(part)) for part in data.values())):
            return
        self._clear_if_due()
        output: dict[str, object] = {
            "output_type": "display_data",
            "data": _plain(data),
            "metadata": dict(metadata or {}),
        }
        self.outputs.append(output)
        if display_id:
            self._by_display_id[display_id] = output

    def clear(self, wait: bool) -> None:
        """Forget what was displayed, at once or with the next output."""
        if wait:
            self._clear_next = True
        else:
            self.outputs.clear()

    def _clear_if_due(self) -> None:
        if self._clear_next:
            self.outputs.clear()
            self._clear_next = False

    def _room(self, size: int) -> bool:
        if self._size > CAP_BYTES:
            return False
        self._size += size
        if self._size > CAP_BYTES:
            note = f"[output above {CAP_BYTES // 1_000_000} MB was shown but not kept]\n"
            self.outputs.append({"output_type": "stream", "name": "stderr", "text": note})
            return False
        return True


class _Tee:
    """A stream that also tells a recorder; everything else is the stream's own.

    A kernel's stream is given our ``write``, so that whoever got hold of it earlier, as a logging handler does, is
    heard too. A terminal's takes no method of ours and is replaced.
    """

    def __init__(self, name: str, recorder: Recorder) -> None:
        self._name = name
        self._stream = getattr(sys, name)
        self._write = self._stream.write
        self._recorder = recorder
        self.other: _Tee | None = None
        try:
            self._stream.write, self._stream.writelines = self.write, self.writelines
        except AttributeError:
            setattr(sys, name, self)

    def remove(self) -> None:
        """Let the stream be as it was."""
        if getattr(sys, self._name) is self:
            setattr(sys, self._name, self._stream)
        else:
            vars(self._stream).pop("write", None)
            vars(self._stream).pop("writelines", None)

    def write(self, text: str) -> int:
        if self.other is not None and self._recorder.newest_stream() == self.other._name:
            self.other._stream.flush()  # else a kernel may send what was written later first
        self._recorder.stream(self._name, text)
        return int(self._write(text) or 0)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Recording:
    """Records everything that is displayed while it is entered."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._publisher: Any = shell.display_pub
        self._hook: Any = shell.displayhook
        self._recorder = Recorder()

    def __enter__(self) -> Recorder:
        self._publish, self._clear = self._publisher.publish, self._publisher.clear_output
        self._write_result = self._hook.write_format_data
        self._publisher.__dict__.update(publish=self._tell_publish, clear_output=self._tell_clear)
        self._hook.__dict__["write_format_data"] = self._tell_result
        self._tees = _Tee("stdout", self._recorder), _Tee("stderr", self._recorder)
        self._tees[0].other, self._tees[1].other = self._tees[1], self._tees[0]
        return self._recorder

    def __exit__(self, kind: type | None, exc: BaseException | None, frames: TracebackType | None) -> None:
        for tee in self._tees:
            tee.remove()
        for name in ("publish", "clear_output"):
            self._publisher.__dict__.pop(name, None)
        self._hook.__dict__.pop("write_format_data", None)

    def _tell_publish(self, data: Any, metadata: Any = None, *args: Any, **options: Any) -> Any:
        self._recorder.display(data, metadata, options.get("transient"), bool(options.get("update")))
        return self._publish(data, metadata, *args, **options)

    def _tell_clear(self, wait: bool = False) -> Any:
        self._recorder.clear(wait)
        return self._clear(wait)

    def _tell_result(self, format_dict: Any, md_dict: Any = None) -> Any:
        self._recorder.result(format_dict, md_dict)
        self._recorder.paused = True  # a terminal's shell writes the result to stdout
        try:
            return self._write_result(format_dict, md_dict)
        finally:
            self._recorder.paused = False


def ends_within_line(displays: Displays) -> bool:
    """Whether the newest text on stdout lacks its line's end, so that what is printed next would stand beside it."""
    texts = [str(output["text"]) for output in displays if output.get("name") == "stdout"]
    return bool(texts) and not texts[-1].endswith(("\n", "\r"))


def show(shell: InteractiveShell, displays: Displays) -> None:
    """Show recorded output again, in order."""
    for output in displays:
        if output["output_type"] == "stream":
            stream = sys.stderr if output.get("name") == "stderr" else sys.stdout
            stream.write(str(output["text"]))
            stream.flush()
        elif output["output_type"] == "execute_result":
            _show_result(shell.displayhook, output)
        elif output["output_type"] == "display_data":
            shell.display_pub.publish(output["data"], output.get("metadata") or {})


def _show_result(hook: Any, output: dict[str, Any]) -> None:
    """Show the value of a last expression as the displayhook does, with this cell's number."""
    hook.start_displayhook()
    hook.write_output_prompt()
    hook.write_format_data(output["data"], output.get("metadata") or {})
    hook.finish_displayhook()


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """Return a mimebundle as the notebook format has it: bytes as base64 text."""
    import base64

    return {kind: base64.b64encode(part).decode() if isinstance(part, bytes) else part for kind, part in data.items()}
