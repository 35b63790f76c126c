"""The identity that a notebook of a run or a version carries, for machines and in its first cell for people.

It lies in ``metadata.taskcell``, which every tool keeps, so that a notebook sent by mail says what it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from taskcell.notebook import quoting, reading

KEY = "taskcell"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the notebook's origin. Empty fields are left out.

    Attributes
    ----------
    kind
        ``run`` (an experiment's notebook as it was run), ``task`` (one task run), ``version`` (checked out).
    version
        ``churn@7``.
    link
        Link that opens the run.
    more
        Anything else for machines, in JSON form (parameters, cache key, digest of the version).
    """

    kind: str
    workflow: str = ""
    version: str = ""
    run_id: str = ""
    task: str = ""
    author: str = ""
    created_at: datetime | None = None
    backend: str = ""
    link: str = ""
    project: str = ""
    store: str = ""
    more: dict[str, Any] = field(default_factory=dict)


def provenance(facts: Facts) -> dict[str, Any]:
    """Return the value of ``metadata.taskcell``."""
    stated: dict[str, Any] = {"format": FORMAT, "kind": facts.kind}
    for name in ("workflow", "version", "run_id", "task", "author", "backend", "link", "project", "store"):
        if getattr(facts, name):
            stated[name] = getattr(facts, name)
    if facts.created_at is not None:
        stated["created_at"] = facts.created_at.isoformat()
    return {**facts.more, **stated}


def read_provenance(source: str | Path | bytes) -> dict[str, Any] | None:
    """Return what a notebook (a path, or its bytes) says about its origin; None when it says nothing.

    Raises
    ------
    NotFoundError, InvalidInputError
        There is no such file, or it is no notebook.
    """
    if isinstance(source, bytes):
        notebook = reading.load_notebook(source)
    else:
        notebook = reading.load_notebook(reading.read_bytes(source), path=source)
    found = notebook.get("metadata", {}).get(KEY)
    return found if isinstance(found, dict) and isinstance(found.get("kind"), str) else None


def title_markdown(facts: Facts) -> str:
    """Return the first cell for people: what ran, whose it is, where it is, how to reproduce it.

    Everything from outside stands in a code span, in which neither Markdown nor HTML is interpreted.
    """
    lines = [_heading(facts), ""]
    rows = {
        "Version": facts.version,
        "Task": facts.task,
        "Run": facts.run_id,
        "By": facts.author,
        "Started": f"{facts.created_at:%Y-%m-%d %H:%M:%S %Z}" if facts.created_at else "",
        "Backend": facts.backend,
    }
    lines += [f"- {label}: {quoting.code_span(text)}" for label, text in rows.items() if text]
    if facts.link:
        lines.append(f"- Link: {_link(facts.link)}")
    if facts.run_id:
        command = f"taskcell reproduce {facts.run_id}"
        lines += ["", f"Reproduce it: {quoting.code_span(command)}, or `taskcell reproduce` with this file."]
    return "\n".join(lines)


def _heading(facts: Facts) -> str:
    name = quoting.code_span(facts.task or facts.version or facts.workflow)
    return {"task": f"## Task {name}", "version": f"## Version {name}"}.get(facts.kind, f"## Run of {name}")


def _link(url: str) -> str:
    """Return a Markdown link for the web, a code span for anything else (``javascript:`` included)."""
    try:
        web = urlsplit(url).scheme in ("http", "https")
    except ValueError:
        web = False
    if not web:
        return quoting.code_span(url, limit=500)
    target = quote(quoting.ascii_only_surrogates(url[:4000]), safe=":/?#@!$&*+,;=%~[]")
    return f"[open]({target})"
