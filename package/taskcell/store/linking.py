"""The text that leads back to a run, from wherever it is read."""

from __future__ import annotations

from urllib.parse import quote

from taskcell.store.opening import Store

SCHEME = "taskcell"


def run_link(where: Store, run_id: str) -> str:
    """Return ``taskcell://run/ID?store=URL&project=NAME``."""
    return f"{SCHEME}://run/{run_id}?store={quote(where.url, safe='')}&project={quote(where.project, safe='')}"
