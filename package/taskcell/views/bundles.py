"""One payload as a notebook's mimebundle, and payloads to JSON and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import msgspec

from taskcell import errors
from taskcell.views import comparing, graph, launching, reasons, reproductions, runs, versions

MIME: Final = "application/vnd.taskcell.view+json"

View = (
    graph.Graph
    | runs.RunView
    | runs.RunList
    | versions.VersionList
    | comparing.Comparison
    | reasons.Explanation
    | reproductions.ReproductionView
    | launching.LaunchPreview
)

_RENDERERS: dict[type, tuple[Callable[..., str], Callable[..., str]]] = {
    graph.Graph: (graph.to_text, graph.to_html),
    runs.RunView: (runs.to_text, runs.to_html),
    runs.RunList: (runs.to_text, runs.to_html),
    versions.VersionList: (versions.to_text, versions.to_html),
    comparing.Comparison: (comparing.to_text, comparing.to_html),
    reasons.Explanation: (reasons.to_text, reasons.to_html),
    reproductions.ReproductionView: (reproductions.to_text, reproductions.to_html),
    launching.LaunchPreview: (launching.to_text, launching.to_html),
}


def mimebundle(view: View, width: int = 100) -> dict[str, Any]:
    """Return text, HTML and data of a view, for a notebook to keep side by side.

    Parameters
    ----------
    view : View
        Any payload of this package.
    width : int
        Width of the text. Unit: terminal cells.

    Returns
    -------
    dict
        ``text/plain``, ``text/html`` and ``application/vnd.taskcell.view+json``.
    """
    return {"text/plain": to_text(view, width), "text/html": str(to_html(view)), MIME: to_data(view)}


def to_text(view: View, width: int = 100) -> str:
    """Return any payload as text for a terminal."""
    return _RENDERERS[type(view)][0](view, width)


def to_html(view: View) -> str:
    """Return any payload as HTML."""
    return _RENDERERS[type(view)][1](view)


def to_data(view: View) -> dict[str, Any]:
    """Return any payload as plain data that every JSON writer takes.

    NaN and infinities, which JSON does not have, become their names; lone surrogates become the replacement
    character.

    Raises
    ------
    InvalidInputError
        A value in the payload is not in JSON form.
    """
    try:
        data: dict[str, Any] = plain(msgspec.to_builtins(view, str_keys=True))
    except TypeError as exc:
        raise errors.InvalidInputError(
            f"A {type(view).__name__} holds a value that is not in JSON form: {exc}."
        ) from exc
    return data


def from_data(data: object) -> View:
    """Read a payload back.

    Raises
    ------
    FormatError
        It is not a view, or of a kind or shape that is not known here.
    """
    try:
        view: View = msgspec.convert(data, View)
    except msgspec.ValidationError as exc:
        raise errors.FormatError(f"This is not a view that can be shown: {exc}.") from exc
    return view


def plain(thing: Any) -> Any:
    """Return plain data that every JSON writer takes; ``to_data`` says what becomes of what JSON does not have."""
    if isinstance(thing, dict):
        return {plain(key): plain(item) for key, item in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(item) for item in thing]
    if isinstance(thing, str):
        return thing if thing.isascii() else thing.encode("utf-8", "replace").decode("utf-8")
    if isinstance(thing, float) and not math.isfinite(thing):
        return "NaN" if math.isnan(thing) else "Infinity" if thing > 0 else "-Infinity"
    return thing
