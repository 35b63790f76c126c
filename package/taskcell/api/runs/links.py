"""Links to runs: one text that leads anybody with access to the store back to an experiment."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

from taskcell import errors
from taskcell.api import configuration
from taskcell.model import addresses
from taskcell.store import linking, paths
from taskcell.store.opening import Store, open_store

_WEB = re.compile(r"^https?://[^\s]*[?&]taskcell=(?P<what>[^&#]*)", re.IGNORECASE)


def link(where: Store, run_id: str) -> str:
    """Return where the JupyterLab that is known shows a run; empty when none is known.

    The store is named where the settings would lead to another one.
    """
    lab = configuration.jupyterlab()
    if not lab or _is_usual(where):
        return addresses.run_address(lab, run_id) if lab else ""
    return addresses.run_address(lab, run_id, store=where.url, project=where.project)


def _is_usual(where: Store) -> bool:
    try:
        usual = configuration.store()
    except errors.TaskcellError:
        return False
    return (usual.url, usual.project) == (where.url, where.project)


def is_link(text: str) -> bool:
    """Whether a text is a link of ours, or a JupyterLab address with ``?taskcell=``."""
    return text.startswith(f"{linking.SCHEME}://") or _WEB.search(text) is not None


def leads_to(link: str) -> tuple[str, Store | None]:
    """Return the id of a run and its store, None for the usual one; raise InvalidInputError or NotFoundError."""
    parts = urlsplit(link)
    query = parse_qs(parts.query)
    web = _WEB.search(link)
    if web is not None:
        kind, _, run_id = unquote(web["what"]).partition(":")
        run_id = run_id.upper()
    else:
        kind, run_id = parts.netloc, unquote(parts.path.strip("/"))
    if web is not None and kind in ("version", "comparison") and run_id:
        raise errors.InvalidInputError(
            f"This link leads to a {kind}, not to a run: {link[:200]}",
            remedy="Open it in JupyterLab, or use: taskcell checkout NAME@N, taskcell compare ID ID",
        )
    if kind != "run" or not paths.is_run_id(run_id) or (web is None and "store" not in query):
        raise errors.InvalidInputError(
            f"This is not a link to a run: {link[:200]}",
            remedy="A link looks like https://HOST/lab?taskcell=run:ID or taskcell://run/ID?store=URL&project=NAME",
        )
    if "store" not in query:
        return run_id, None
    where = open_store(query["store"][0], query.get("project", ["default"])[0], create=False)
    if not where.records.exists(paths.plan(run_id)):
        raise errors.NotFoundError(
            f"The store {where.url} has no run {run_id}.",
            remedy="It may have been collected; ask whoever sent the link.",
        )
    return run_id, where
