"""Links to runs: one text that leads anybody with access to the store back to an experiment."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

from taskcell import errors
from taskcell.store import linking, paths
from taskcell.store.opening import Store, open_store

_WEB = re.compile(r"[?&]taskcell=run(?::|%3A)(?P<id>[0-9A-Za-z]{26})")


def is_link(text: str) -> bool:
    """Whether a text is a link to a run, ours or a JupyterLab address with ``?taskcell=run:ID``."""
    return text.startswith(f"{linking.SCHEME}://") or _WEB.search(text) is not None


def leads_to(link: str) -> tuple[str, Store | None]:
    """Return the id of a run and its store, None for the usual one; raise InvalidInputError or NotFoundError."""
    web = _WEB.search(link)
    if web is not None:
        return web["id"], None
    parts = urlsplit(link)
    query = parse_qs(parts.query)
    run_id = unquote(parts.path.strip("/"))
    if parts.netloc != "run" or not paths.is_run_id(run_id) or "store" not in query:
        raise errors.InvalidInputError(
            f"This is not a link to a run: {link[:200]}",
            remedy="A link looks like taskcell://run/ID?store=URL&project=NAME",
        )
    where = open_store(query["store"][0], query.get("project", ["default"])[0], create=False)
    if not where.records.exists(paths.plan(run_id)):
        raise errors.NotFoundError(
            f"The store {where.url} has no run {run_id}.",
            remedy="It may have been collected; ask whoever sent the link.",
        )
    return run_id, where
