"""Addresses of a JupyterLab, and of a run in it. Texts only; imported by a starting server, so nothing heavy."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit, urlunsplit

HERE = "TASKCELL_JUPYTERLAB_HERE"
"""Variable by which a Jupyter server tells the kernels and terminals that it starts where a browser finds its JupyterLab."""
TOLD = "X-Taskcell-Lab"
"""Header by which our part of JupyterLab tells its server where the browser found it: behind a proxy no server knows."""
LONGEST = 500
_OTHER = re.compile(r"[\s<>\"'`\\^{}|\x00-\x1f\x7f]")


def lab_address(text: str) -> str:
    """Return ``https://hub.example/user/ana/lab`` for such an address with or without ``/lab``; empty when it is none.

    A question, a fragment and a password are no part of where a JupyterLab is.
    """
    text = text.strip()
    if not text or len(text) > LONGEST or _OTHER.search(text):
        return ""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return ""
    path = parts.path.rstrip("/")
    if not path.endswith("/lab") and "/lab/workspaces/" not in path:
        path += "/lab"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def run_address(lab: str, run_id: str, *, store: str = "", project: str = "") -> str:
    """Return where a JupyterLab shows a run; ``store`` and ``project`` when it may read others."""
    more = f"&store={quote(store, safe=':/')}&project={quote(project, safe='')}" if store else ""
    return f"{lab}?taskcell=run:{run_id}{more}"
