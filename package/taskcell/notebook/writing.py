"""Write notebooks as plain JSON of nbformat 4.5.

Cell ids follow from a cell's role or place, never from chance: the same facts give the same bytes.
"""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from taskcell import errors
from taskcell.model.cells import Cell
from taskcell.notebook.provenance import KEY, Facts, provenance, title_markdown
from taskcell.notebook.reading import Notebook

TITLE_TAG = "taskcell-title"
LOAD_TAG = "taskcell-load"
SETUP_TAG = "taskcell-setup"
BODY_TAG = "taskcell-body"
STORE_TAG = "taskcell-store"
PARAMETERS_TAG = "parameters"
"""The tag by which papermill finds the cell behind which it injects values."""
MINOR = 5
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def task_notebook(
    *,
    facts: Facts,
    begin: str = "",
    load: str = "",
    setup: str = "",
    body: str,
    store: str = "",
    kernel: str = "python3",
) -> Notebook:
    """Return the notebook that a task run executes.

    Parameters
    ----------
    facts : Facts
        Its origin, for the first cell and the metadata.
    begin, load, setup, store : str
        Code around the body: defining what loaded values may need (their classes), loading inputs, defining what needs
        those, storing outputs. Empty: no cell.
    body : str
        The user's text, unchanged.
    kernel : str
        Name of the kernel to execute it.
    """
    parts = [
        _code("", PARAMETERS_TAG, "parameters", hidden=True),
        _code(begin, SETUP_TAG, "taskcell-begin", hidden=True),
        _code(load, LOAD_TAG, LOAD_TAG, hidden=True),
        _code(setup, SETUP_TAG, SETUP_TAG, hidden=True),
        _code(body, BODY_TAG, BODY_TAG),
        _code(store, STORE_TAG, STORE_TAG, hidden=True),
    ]
    kept = [part for part in parts if part["source"] or part["id"] == "parameters"]
    return _notebook([title_cell(facts), *kept], kernel=kernel, facts=facts)


def body_outputs(notebook: Notebook) -> list[dict[str, Any]]:
    """Return the outputs of the body of an executed task notebook."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and BODY_TAG in cell.get("metadata", {}).get("tags", ()):
            return list(cell.get("outputs", ()))
    raise errors.InvalidInputError(
        "The notebook has no cell tagged 'taskcell-body'.", remedy="Give the executed notebook of a task run."
    )


def notebook_from_cells(cells: Sequence[Cell], *, kernel: str = "python3") -> Notebook:
    """Return a notebook of a session's cells, without outputs."""
    written = []
    for cell in cells:
        entry = _code(cell.source, "", cell.id)
        if cell.tags:
            entry["metadata"]["tags"] = sorted(set(cell.tags))
        written.append(entry)
    return with_ids(_notebook(written, kernel=kernel, facts=None))


def checkout_notebook(notebook: Notebook, facts: Facts) -> Notebook:
    """Return a copy that says in its metadata which version it is; its cells are unchanged."""
    written = copy.deepcopy(notebook)
    written.setdefault("metadata", {})[KEY] = provenance(facts)
    return written


def title_cell(facts: Facts) -> Notebook:
    """Return the first cell for people."""
    return {
        "cell_type": "markdown",
        "id": TITLE_TAG,
        "metadata": {"tags": [TITLE_TAG]},
        "source": title_markdown(facts),
    }


def with_ids(notebook: Notebook) -> Notebook:
    """Return a copy in format 4.5, in which every cell has an id that no other has."""
    written = copy.deepcopy(notebook)
    taken: set[str] = set()
    for position, cell in enumerate(written["cells"], start=1):
        wanted = cell.get("id")
        if not isinstance(wanted, str) or not _ID.fullmatch(wanted) or wanted in taken:
            wanted = _free(f"cell-{position}", taken)
        cell["id"] = wanted
        cell.setdefault("metadata", {})
        taken.add(wanted)
    written["nbformat"] = 4
    written["nbformat_minor"] = max(MINOR, written.get("nbformat_minor", 0))
    return written


def dump_notebook(notebook: Notebook) -> bytes:
    """Return a notebook's bytes: JSON that any reader takes, one line a value, as Jupyter writes it.

    Numbers that JSON has not (NaN in an output) become null, since Jupyter's front-end refuses them.
    """
    try:
        text = json.dumps(notebook, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(notebook), ensure_ascii=False, allow_nan=False)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return f"{json.dumps(_finite(notebook), indent=1)}\n".encode("ascii")  # half a surrogate is left to its escape
    # The standard library's encoder is written in Python where it indents.
    return msgspec.json.format(data, indent=1) + b"\n"


def assignments(values: Mapping[str, Any]) -> str:
    """Return Python that binds parameters to their values, in papermill's form."""
    written = {name: _literal(value) for name, value in values.items()}
    needed = [
        f"import {module}"
        for module in ("datetime", "pathlib")
        if any(f"{module}." in text for text in written.values())
    ]
    lines = [f"{name} = {text}" for name, text in written.items()]
    return "\n".join(["# Parameters", *needed, *lines])


def _literal(value: Any) -> str:
    """Return Python source of a parameter's value."""
    match value:
        case float() if not math.isfinite(value):
            return f'float("{value}")'
        case int() if not isinstance(value, bool) and abs(value) >= 2**63:
            return hex(value)  # a decimal of thousands of digits can't be parsed again
        case str():
            return ascii(value) if not value.isprintable() else repr(value)
        case list():
            return f"[{', '.join(map(_literal, value))}]"
        case tuple():
            return f"({', '.join(map(_literal, value))}{',' if len(value) == 1 else ''})"
        case set():
            return f"{{{', '.join(sorted(map(_literal, value)))}}}" if value else "set()"
        case dict():
            return f"{{{', '.join(f'{_literal(key)}: {_literal(part)}' for key, part in value.items())}}}"
    if hasattr(value, "__fspath__"):
        return f"pathlib.Path({_literal(str(value))})"
    return repr(value)


def _code(source: str, tag: str, identity: str, *, hidden: bool = False) -> Notebook:
    metadata: dict[str, Any] = {"tags": [tag]} if tag else {}
    if hidden:
        metadata["jupyter"] = {"source_hidden": True}
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": identity,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def _notebook(cells: list[Notebook], *, kernel: str, facts: Facts | None) -> Notebook:
    metadata: dict[str, Any] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": kernel},
        "language_info": {"name": "python"},
    }
    if facts is not None:
        metadata[KEY] = provenance(facts)
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": MINOR}


def _free(wanted: str, taken: set[str]) -> str:
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}-{count}"
    return name


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return value
