"""How JupyterLab asks a kernel: an expression whose value is the answer. No comm, nothing shown, nothing in the history."""

from __future__ import annotations

import json
from typing import Any

from taskcell.widgets import answering, contexts


class Answer:
    """An answer that a front-end reads as JSON."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def __repr__(self) -> str:
        return "Answer(error)" if "error" in self.data else "Answer(result)"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {"text/plain": repr(self), "application/json": self.data}


def ask(text: str) -> Answer:
    """Answer ``{"request": NAME, "params": {…}}``, given as JSON text."""
    message = json.loads(text)
    return Answer(answering.reply(contexts.of_kernel(), message.get("request"), message.get("params")))
