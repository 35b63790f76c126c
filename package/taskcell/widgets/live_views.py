"""The widget: one view that is live through this kernel. The only home of anywidget and traitlets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import anywidget
import traitlets

from taskcell.api import configuration
from taskcell.store.opening import Store
from taskcell.widgets import answering, contexts, subscribing

_STATIC: Final = Path(__file__).parent.parent / "_static"
MODULES: Final = {
    view: _STATIC / f"{half}.js"
    for half, views in {
        "running": ("run", "workflow", "form"),
        "looking": ("compare", "versions", "value", "runs"),
    }.items()
    for view in views
}
"""The module of each view: there are two, because one travels with each widget."""
AT_ONCE = 6
"""Questions that are answered at a time; others wait for their turn, and none for the cell that runs."""


class LiveView(anywidget.AnyWidget):  # type: ignore[misc]
    """A view of a run, a workflow, a comparison … that asks this kernel.

    A message is ``{id, request, params}`` and is answered by ``{id, result}`` or ``{id, error}``; ``{subscribe: topic}`` and
    ``{unsubscribe: topic}`` begin and end messages ``{topic, event}``, the last of which has ``ended`` or ``error``.
    """

    view = traitlets.Unicode().tag(sync=True)
    params = traitlets.Dict().tag(sync=True)
    first = traitlets.Dict(allow_none=True).tag(sync=True)
    base = traitlets.Unicode().tag(sync=True)
    """Address of the JupyterLab to which links lead; empty: none is known."""

    def __init__(
        self,
        view: str,
        params: Mapping[str, Any],
        first: Mapping[str, Any] | None,
        *,
        store: Store,
        on_launched: Callable[[str], None] | None = None,
    ) -> None:
        self._esm = MODULES[view].read_text(encoding="utf-8")
        self._store = store
        self._on_launched = on_launched
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._subscriptions = subscribing.Subscriptions(contexts.of_kernel(store), self.send)
        super().__init__(
            view=view,
            params=dict(params),
            first=dict(first) if first is not None else None,
            base=configuration.jupyterlab(),
        )
        self.on_msg(self._take)

    def close(self) -> None:
        """Take the widget away; what it watches is watched no longer."""
        self._subscriptions.close()
        super().close()

    def show(self, view: str, params: Mapping[str, Any], first: Mapping[str, Any] | None) -> None:
        """Show something else from the next time that it is drawn; what is on screen stays."""
        with self.hold_sync():
            self.view, self.params = view, dict(params)
            self.set_trait("first", dict(first) if first is not None else None)

    @property
    def topics(self) -> tuple[str, ...]:
        """What the view watches."""
        return self._subscriptions.topics

    def _take(self, _widget: object, content: object, _buffers: object) -> None:
        if not isinstance(content, dict):
            return
        if isinstance(content.get("subscribe"), str):
            self._subscriptions.add(content["subscribe"])
        elif isinstance(content.get("unsubscribe"), str):
            self._subscriptions.drop(content["unsubscribe"])
        elif "id" in content:
            asked = threading.Thread(target=self._answer, args=(content,), name="taskcell-answer", daemon=True)
            asked.start()  # a question that takes long must not hold up the kernel

    def _answer(self, message: dict[str, Any]) -> None:
        with self._turns:
            name = message.get("request")
            answer = answering.reply(contexts.of_kernel(self._store), name, message.get("params"))
        self.send({"id": message["id"], **answer})
        if name == "runs.launch" and "result" in answer and self._on_launched is not None:
            self._on_launched(answer["result"]["run"])
