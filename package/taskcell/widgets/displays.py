"""Which view shows what, and everything that a display of it sends: live, saved, and static."""

from __future__ import annotations

import functools
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from taskcell import errors
from taskcell.store.opening import Store
from taskcell.views import bundles
from taskcell.widgets import answering, contexts

OPERATIONS: Final = {
    "run": "runs.get",
    "compare": "comparisons.get",
    "versions": "workflows.versions",
    "workflow": "workflows.graph",
    "runs": "runs.list",
    "form": "runs.form",
}
"""What a view asks for first."""
MOST_BYTES = 2_000_000
"""Of a payload that is saved in a notebook; a larger one stays with the live view, and the notebook has the static forms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """Something to be shown by a view.

    Attributes
    ----------
    view
        Name of the view, as the front-end knows it.
    params
        What it is of, in JSON form: ``{"run": "01J…"}``.
    store
        Where it is.
    static
        Its text and HTML, for viewers that know nothing of us.
    key
        Tells this display from others: what has taken a form's place is remembered by it.
    """

    view: str
    params: dict[str, Any]
    store: Store
    static: dict[str, Any] = field(default_factory=dict)
    key: str = field(default_factory=lambda: uuid.uuid4().hex[:16])


def payload(shown: Display) -> dict[str, Any] | None:
    """Return what the view begins with, and how it becomes live; None when it can't be had or is too large to save."""
    try:
        data = asked(shown)
    except errors.TaskcellError:
        return None  # what is shown has its static forms; the view itself will say what is wrong
    data["live"] = {
        "view": shown.view,
        "params": shown.params,
        "store": shown.store.url,
        "project": shown.store.project,
        "key": shown.key,
    }
    return data if _size(data) <= MOST_BYTES else None


def asked(shown: Display) -> dict[str, Any]:
    """Return the answer to what a view asks first; raise what the operation raises."""
    params = dict(shown.params)
    if shown.view == "compare":
        params["runs"] = ",".join(params["runs"])
    data: dict[str, Any] = answering.result(contexts.of_kernel(shown.store), OPERATIONS[shown.view], params)
    return data


def bundle(shown: Display, first: dict[str, Any] | None, model_id: str = "") -> dict[str, Any]:
    """Return the one mimebundle: the view's data, the widget's model where there is one, HTML, text."""
    data = {name: content for name, content in shown.static.items() if name in ("text/plain", "text/html")}
    if first is not None:
        data[bundles.MIME] = first
    if model_id:
        data["application/vnd.jupyter.widget-view+json"] = {
            "version_major": 2,
            "version_minor": 0,
            "model_id": model_id,
        }
    return data


def _size(data: dict[str, Any]) -> int:
    import msgspec

    return len(msgspec.json.encode(data))


@functools.cache
def has_widgets() -> bool:
    """Whether anywidget is installed and the widgets' modules were built."""
    try:
        from taskcell.widgets import live_views
    except ImportError:
        return False
    return all(module.exists() for module in live_views.MODULES.values())
