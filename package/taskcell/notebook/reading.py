"""Read a notebook file into cells, and say clearly why a file is not one.

The format is checked by its shape: a notebook is JSON with a list of cells. Validation against the whole
schema would cost the import of nbformat (0.4 s) at every command and refuse files that every editor opens.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from taskcell import errors
from taskcell.model.cells import Cell
from taskcell.notebook import quoting

Notebook: TypeAlias = dict[str, Any]
"""A notebook in the JSON form of nbformat 4."""

MAJOR = 4
_PYTHON = frozenset({"python", "python3", "ipython"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookFile:
    """A notebook as it was read.

    Attributes
    ----------
    cells
        Its code cells in order. Their labels count all cells from 1: ``cell 3``.
    raw
        The bytes of the file.
    kernelspec
        Name of the kernel that it asks for; empty when it names none.
    """

    path: Path
    cells: tuple[Cell, ...]
    language: str
    raw: bytes
    kernelspec: str


def read_notebook(path: str | Path) -> NotebookFile:
    """Return the code cells of a notebook file.

    Raises
    ------
    NotFoundError
        There is no such file.
    InvalidInputError
        The file is no notebook of format 4, or not one in Python.
    """
    raw = read_bytes(path)
    return parse_notebook(raw, path=Path(path))


def parse_notebook(raw: bytes, *, path: str | Path = "notebook.ipynb") -> NotebookFile:
    """Return the code cells of a notebook's bytes; ``path`` is for messages."""
    notebook = load_notebook(raw, path=path)
    language = _language(notebook)
    if language.lower() not in _PYTHON:
        raise _refusal(
            path,
            f"is written in {quoting.shown(language, 30)}, not in Python",
            "Taskcell runs Python cells; change the notebook's kernel to a Python one.",
        )
    return NotebookFile(
        path=Path(path),
        cells=code_cells(notebook),
        language="python",
        raw=raw,
        kernelspec=_text_at(notebook, "metadata", "kernelspec", "name"),
    )


def load_notebook(raw: bytes, *, path: str | Path = "notebook.ipynb") -> Notebook:
    """Return a notebook's JSON after checking that it is one; ``path`` is for messages."""
    if not raw.strip():
        raise _refusal(path, "is empty", "Save the notebook first, or give another file.")
    try:
        data = json.loads(raw)
    except ValueError as exc:
        raise _refusal(path, "is not a notebook: it is not JSON", "Give an .ipynb file written by Jupyter.") from exc
    except RecursionError as exc:
        raise _refusal(path, "is nested too deep to be a notebook", "Give another file.") from exc
    _check_format(data, path)
    _check_cells(data, path)
    return data  # type: ignore[no-any-return]


def code_cells(notebook: Notebook) -> tuple[Cell, ...]:
    """Return the code cells of a loaded notebook, in order."""
    return tuple(
        Cell(
            source=cell_source(cell),
            id=_text_at(cell, "id"),
            label=f"cell {position}",
            tags=_tags(cell),
        )
        for position, cell in enumerate(notebook["cells"], start=1)
        if cell["cell_type"] == "code"
    )


def cell_source(cell: Notebook) -> str:
    """Return a cell's text; on disk it may be split into lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def read_bytes(path: str | Path) -> bytes:
    """Return the bytes of a file that the user named; raise NotFoundError or InvalidInputError."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as exc:
        raise errors.NotFoundError(
            f"There is no notebook {quoting.shown(str(path))}.",
            remedy="Check the path; a notebook that was never saved has no file.",
        ) from exc
    except IsADirectoryError as exc:
        raise _refusal(path, "is a folder, not a notebook", "Give the path of an .ipynb file.") from exc
    except (OSError, ValueError) as exc:
        # ValueError: a NUL in the name. OSError: a name that is too long, a file that may not be read.
        reason = getattr(exc, "strerror", None) or str(exc)
        raise _refusal(path, f"can't be read: {reason}", "Give the path of a readable .ipynb file.") from exc


def _check_format(data: Any, path: str | Path) -> None:
    if isinstance(data, dict) and "worksheets" in data and "cells" not in data:
        raise _too_old(path, "3")
    if not isinstance(data, dict) or "nbformat" not in data or not isinstance(data.get("metadata", {}), dict):
        raise _refusal(
            path,
            "is JSON but not a notebook: it has no 'nbformat'",
            "Give an .ipynb file written by Jupyter.",
        )
    major = data["nbformat"]
    if not isinstance(major, int) or isinstance(major, bool) or major < 1:
        raise _refusal(path, f"has the impossible format {quoting.shown(major, 30)}", "Save it again with Jupyter.")
    if major < MAJOR:
        raise _too_old(path, str(major))
    if major > MAJOR:
        raise _refusal(
            path,
            f"has the notebook format {major}; this version of Taskcell reads format {MAJOR}",
            "Upgrade Taskcell, or save the notebook as format 4.",
        )


def _too_old(path: str | Path, major: str) -> errors.InvalidInputError:
    return _refusal(
        path,
        f"has the old notebook format {major}",
        "Convert it: jupyter nbconvert --to notebook --inplace FILE.",
    )


def _check_cells(data: Notebook, path: str | Path) -> None:
    cells = data.get("cells")
    if not isinstance(cells, list):
        raise _refusal(path, "has no list of cells", "Save it again with Jupyter.")
    for position, cell in enumerate(cells, start=1):
        if not _is_cell(cell):
            raise _refusal(path, f"has a malformed cell {position}", "Save it again with Jupyter.")


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        return False
    source = cell.get("source", "")
    return isinstance(source, str) or (isinstance(source, list) and all(isinstance(line, str) for line in source))


def _language(notebook: Notebook) -> str:
    return (
        _text_at(notebook, "metadata", "language_info", "name")
        or _text_at(notebook, "metadata", "kernelspec", "language")
        or "python"
    )


def _text_at(data: Any, *keys: str) -> str:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, str) else ""


def _tags(cell: Notebook) -> tuple[str, ...]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


def _refusal(path: str | Path, what: str, remedy: str) -> errors.InvalidInputError:
    return errors.InvalidInputError(f"{quoting.shown(str(path))} {what}.", remedy=remedy)
