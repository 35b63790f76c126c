"""Which live view goes with what a line magic returned."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from taskcell import errors
from taskcell.api import configuration, showing
from taskcell.api.versions import versions
from taskcell.store.opening import Store
from taskcell.views import graph
from taskcell.views import runs as run_views
from taskcell.views import versions as version_views
from taskcell.widgets import displays
from taskcell.widgets.displays import Display


def of_verb(name: str, words: Sequence[str], result: object) -> Display | None:
    """Return the live view of a verb's result; None where its static form is all there is.

    Parameters
    ----------
    name, words
        The verb and what it was given.
    result
        What it returned.
    """
    views = result.views if isinstance(result, showing.Shown) else ()
    if len(views) != 1:
        return None
    view, (where, rest) = views[0], _where(words)
    static = showing.bundle(view)
    if name == "versions" and isinstance(view, version_views.VersionList):
        return Display(view="versions", params={"workflow": view.workflow}, store=where, static=static)
    if name == "runs" and isinstance(view, run_views.RunList):
        return Display(view="runs", params=_run_filter(rest), store=where, static=static)
    if name == "dag" and isinstance(view, graph.Graph):
        params = _graph_of(where, rest)
        return None if params is None else Display(view="workflow", params=params, store=where, static=static)
    return None


def form(words: Sequence[str]) -> Display:
    """Return the form that launches a version, or the notebook as it stands.

    Raises
    ------
    InvalidInputError
        For options: what they say is filled in by hand.
    NotFoundError
        For a version that there is not.
    """
    where, rest = _where(words)
    if len(rest) > 1 or any(word.startswith("-") for word in rest):
        raise errors.InvalidInputError(
            f"%launch --form takes a version or nothing, not {' '.join(rest)[:100]!r}.",
            remedy="Fill parameters and options in by hand, or launch without --form.",
        )
    target = rest[0] if rest else ""
    shown = Display(view="form", params={"target": target}, store=where)
    found = displays.asked(shown)
    title = str(found["title"])
    given = ", ".join(f"{item['name']} = {item['default']!r}" for item in found["fields"]) or "no parameters"
    text = f"Launch {title}: {given}\nWithout a form: %launch{f' {target}' if target else ''} -p NAME=VALUE"
    return Display(view="form", params={"target": target}, store=where, static={"text/plain": text})


def _where(words: Sequence[str]) -> tuple[Store, list[str]]:
    """Return the store that the words name, or the settings' own, and the other words."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--store")
    parser.add_argument("--project")
    found, rest = parser.parse_known_args(list(words))
    return configuration.store(store=found.store, project=found.project), rest


def _graph_of(where: Store, rest: Sequence[str]) -> dict[str, Any] | None:
    """Return what a graph is of; None for a file or a run, whose graph is drawn as it was found."""
    if not rest:
        return {}
    try:
        version = versions.find(where, rest[0])
    except errors.TaskcellError:
        return None
    return {"workflow": version.workflow, "version": version.number}


def _run_filter(rest: Sequence[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("workflow", nargs="?", default="")
    parser.add_argument("--author", default="")
    parser.add_argument("--state", default="")
    found, _ = parser.parse_known_args(list(rest))
    return {name: text for name, text in vars(found).items() if text}
