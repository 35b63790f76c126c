"""The text that leads back to a run, from wherever it is read, when no JupyterLab is known that shows it."""

from __future__ import annotations

from urllib.parse import quote

from taskcell.store.opening import Store

SCHEME = "taskcell"


def run_link(where: Store, run_id: str) -> str:
    """Return ``taskcell://run/ID?store=URL&project=NAME``."""
    return link_to(where.url, where.project, run_id)


def link_to(store_url: str, project: str, run_id: str) -> str:
    """Return the same for a store that is not open."""
    return f"{SCHEME}://run/{run_id}?store={quote(store_url, safe='')}&project={quote(project, safe='')}"
