"""What becomes of a cell's output besides the notebook: a listener hears it at once, and a flood is cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Listener = Callable[[str], None]

PRINTED_CAP_CHARACTERS = 20_000_000
"""What all cells together may print: a flood must fill neither memory nor store."""


class Recording:
    """Mixed into papermill's client: each message passes here before it becomes output."""

    def __init__(self, *args: Any, listener: Listener, **options: Any) -> None:
        super().__init__(*args, **options)
        self.listen = listener
        self._printed_characters = 0

    def process_message(self, msg: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Take a message: cut it where too much is printed, keep it, tell the listener."""
        if msg["msg_type"] == "stream":
            kept = self.kept(msg["content"]["text"])
            if not kept:
                return None
            msg["content"]["text"] = kept
        output = super().process_message(msg, *args, **kwargs)  # type: ignore[misc]
        text = _text_of(msg)
        if text:
            self.listen(text)
        return output

    def kept(self, text: str) -> str:
        """Return what is kept of printed text; the piece that is too much ends with a word on it."""
        room = PRINTED_CAP_CHARACTERS - self._printed_characters
        if room < 0:
            return ""
        self._printed_characters += len(text)
        if self._printed_characters <= PRINTED_CAP_CHARACTERS:
            return text
        self._printed_characters = PRINTED_CAP_CHARACTERS + 1
        return f"{text[:room]}\n[what is printed after {PRINTED_CAP_CHARACTERS:,} characters is not kept]\n"


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
