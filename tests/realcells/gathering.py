"""Cells of the notebooks, gallery scripts and tutorials below some folders, each text once."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCRIPT_FOLDERS = frozenset({"examples", "tutorials", "tutorial", "gallery"})
_CELL_MARK = re.compile(r"^(?:#{20,}|# ?%%.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RealCell:
    file: Path
    number: int
    source: str


def cells_below(folders: Iterable[Path]) -> Iterator[RealCell]:
    """Yield every code cell, in the order of the file names; what can't be read as a notebook is passed over."""
    seen: set[str] = set()
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            for number, source in enumerate(_sources(file), start=1):
                if source.strip() and source not in seen:
                    seen.add(source)
                    yield RealCell(file=file, number=number, source=source)


def _sources(file: Path) -> list[str]:
    if file.name.endswith((".ipynb", ".ipynb.gz")):
        return _notebook_sources(file)
    if file.suffix == ".py" and (file.name.startswith("plot_") or _SCRIPT_FOLDERS & set(file.parts)):
        return _CELL_MARK.split(file.read_text(encoding="utf-8", errors="replace"))
    return []


def _notebook_sources(file: Path) -> list[str]:
    data = file.read_bytes()
    try:
        notebook = json.loads(gzip.decompress(data) if file.suffix == ".gz" else data)
        cells: list[dict[str, Any]] = notebook.get("cells") or [
            cell for sheet in notebook.get("worksheets", []) for cell in sheet["cells"]
        ]
        python = _is_python(notebook.get("metadata", {}))
    except (ValueError, LookupError, OSError, AttributeError):
        return []
    if not python:
        return []
    sources = [cell.get("source", cell.get("input", "")) for cell in cells if cell.get("cell_type") == "code"]
    return [source if isinstance(source, str) else "".join(source) for source in sources]


def _is_python(metadata: dict[str, Any]) -> bool:
    languages = (
        (metadata.get("language_info") or {}).get("name"),
        (metadata.get("kernelspec") or {}).get("language"),
    )
    return all("python" in (language or "python").lower() for language in languages)
