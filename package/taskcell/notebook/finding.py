"""Find the notebook file that a kernel belongs to, which no kernel is told in a standard way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from taskcell import errors
from taskcell.notebook import provenance, reading

_HINTS = ("JPY_SESSION_NAME", "__vsc_ipynb_file__", "__session__")
KERNEL_NAMES = ("__vsc_ipynb_file__", "__session__")
"""Those of them that are global names of the kernel."""
_LARGEST = 200 * 2**20
"""Larger files are not searched for cells. Unit: bytes."""


def kernel_notebook_path(environ: Mapping[str, Any]) -> Path | None:
    """Return the notebook that the kernel's front-end hinted at, if there is such a file.

    Parameters
    ----------
    environ : mapping
        Environment variables, joined with the kernel's global names: Jupyter sets the variable
        ``JPY_SESSION_NAME``, VS Code the name ``__vsc_ipynb_file__``.
    """
    for hint in _HINTS:
        value = environ.get(hint)
        if not isinstance(value, str) or not value.endswith(".ipynb"):
            continue
        try:
            path = Path(value)
            if path.is_file():
                return path.resolve()
        except (OSError, ValueError):
            continue  # a hint that can't be a path on this machine
    return None


def matching_notebook(folder: Path, sources: Sequence[str]) -> Path | None:
    """Return the only notebook in a folder whose code cells contain these sources in order.

    Notebooks that a run left behind do not count. None when there is no such notebook, or more than one.
    """
    wanted = [source.strip() for source in sources if source.strip()]
    if not wanted:
        return None
    marks = _marks(max(wanted, key=len))
    found = [path for path in sorted(folder.glob("*.ipynb")) if _matches(path, wanted, marks)]
    return found[0] if len(found) == 1 else None


def _marks(source: str) -> tuple[bytes, bytes]:
    """Return how the source's longest line stands in a file, in the two ways that JSON is written."""
    line = max(source.splitlines(), key=len).strip()
    escaped = json.dumps(line)[1:-1]
    plain = json.dumps(line, ensure_ascii=False)[1:-1]
    return escaped.encode(), plain.encode("utf-8", "surrogatepass")


def _matches(path: Path, wanted: Sequence[str], marks: tuple[bytes, bytes]) -> bool:
    try:
        if path.stat().st_size > _LARGEST:
            return False
        raw = path.read_bytes()
        if not any(mark in raw for mark in marks):
            return False
        read = reading.parse_notebook(raw, path=path)
        origin = provenance.read_provenance(raw)
    except (OSError, errors.InvalidInputError):
        return False
    if origin is not None and origin["kind"] in ("run", "task"):
        return False
    rest = iter(cell.source.strip() for cell in read.cells)
    return all(source in rest for source in wanted)
