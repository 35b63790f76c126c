"""What becomes of a cell's output besides the notebook: a listener hears it at once, and a flood is cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Listener = Callable[[str], None]

PRINTED_CAP_CHARACTERS = 20_000_000
"""What the record keeps of what all cells together print: a flood must fill neither memory nor store. The listener hears all."""
SHOWN_CAP_CHARACTERS = 50_000_000
"""What the record keeps of what all cells together display."""
_SHOWN = frozenset({"display_data", "execute_result", "update_display_data"})
_NEARLY_FULL = 0.9
"""Part of it from which on nobody counts again: counting takes as long as the record is large."""


class Recording:
    """Mixed into papermill's client: each message passes here before it becomes output."""

    def __init__(self, *args: Any, listener: Listener, **options: Any) -> None:
        super().__init__(*args, **options)
        self.listen = listener
        self._printed_characters = 0
        self._shown_characters = 0
        self._is_full = False

    def process_message(self, msg: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Take a message: tell the listener, cut it where the record holds too much already, keep it."""
        text = _text_of(msg)
        if text:
            self.listen(text)
        if msg["msg_type"] == "stream":
            kept = self.kept(msg["content"]["text"])
            if not kept:
                return None
            msg["content"]["text"] = kept
        elif msg["msg_type"] in _SHOWN:
            self._cut_shown(msg)
        return super().process_message(msg, *args, **kwargs)  # type: ignore[misc]

    def kept(self, text: str) -> str:
        """Return what is kept of printed text; the piece that is too much ends with a word on it."""
        room = PRINTED_CAP_CHARACTERS - self._printed_characters
        if room < 0:
            return ""
        self._printed_characters += len(text)
        if self._printed_characters <= PRINTED_CAP_CHARACTERS:
            return text
        self._printed_characters = PRINTED_CAP_CHARACTERS + 1
        return f"{text[:room]}\n[what is printed after {PRINTED_CAP_CHARACTERS:,} characters is not kept here: see the log]\n"

    def _cut_shown(self, msg: dict[str, Any]) -> None:
        """Replace what is too large by a word on it."""
        size = _size(msg["content"]["data"])
        if self._shown_characters + size > SHOWN_CAP_CHARACTERS and not self._is_full:
            # What was cleared or replaced meanwhile takes no room any more.
            self._shown_characters = _shown(self.nb)  # type: ignore[attr-defined]
            self._is_full = self._shown_characters > SHOWN_CAP_CHARACTERS * _NEARLY_FULL
        if self._shown_characters + size > SHOWN_CAP_CHARACTERS:
            msg["content"]["data"] = {"text/plain": _replaced(msg["content"]["data"], size)}
            msg["content"]["metadata"] = {}
        elif msg["msg_type"] != "update_display_data":  # it takes another's place
            self._shown_characters += size


def _size(data: dict[str, Any]) -> int:
    return sum(len(value if isinstance(value, str) else str(value)) for value in data.values())


def _shown(notebook: Any) -> int:
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return sum(_size(output["data"]) for output in outputs if "data" in output)


def _replaced(data: dict[str, Any], size: int) -> str:
    kinds = ", ".join(sorted(data))
    return (
        f"[{size:,} characters ({kinds}) are not kept: the record holds {SHOWN_CAP_CHARACTERS:,} of what is displayed. "
        "What is to be kept whole can be an output of the task, or a file that it writes.]"
    )


def _text_of(message: dict[str, Any]) -> str:
    content = message["content"]
    match message["msg_type"]:
        case "stream":
            return str(content["text"])
        case "error":
            return "\n".join(content["traceback"]) + "\n"
        case "display_data" | "execute_result":
            return str(content["data"].get("text/plain", "")) + "\n"
    return ""
