"""papermill's parts, imported in one place and without what it reads notebooks from besides files.

Here notebooks are given as objects; the libraries for other places take half of papermill's import.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat.v4 import rwbase

from taskcell import optional_imports

with optional_imports.hidden("papermill.s3", "papermill.adl", "papermill.abs", "gcsfs", "pyarrow.fs", "github"):
    import papermill
    from papermill import execute_notebook
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine, NBClientEngine, NotebookExecutionManager, papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import raise_for_execution_errors
    from papermill.iorw import write_ipynb
    from papermill.log import logger
    from papermill.parameterize import parameterize_notebook

__all__ = [
    "Engine",
    "NBClientEngine",
    "NotebookExecutionManager",
    "PapermillExecutionError",
    "PapermillNotebookClient",
    "execute_notebook",
    "execute_object",
    "logger",
    "papermill_engines",
    "write_ipynb",
]


def execute_object(
    notebook: Mapping[str, Any],
    *,
    engine: type[Engine],
    parameters: Mapping[str, Any],
    kernel_name: str,
    language: str,
    folder: str,
    **options: Any,
) -> Any:
    """Do what ``execute_notebook`` does with a notebook of our own making, given as plain data and saved by nobody.

    papermill writes such a notebook as text, reads and checks it, and at the end writes it as text again, for nobody: that is
    most of what it does for a small one.

    Raises
    ------
    PapermillExecutionError
        When a cell failed.
    """
    made = rwbase.rejoin_lines(nbformat.from_dict(notebook))
    made.metadata["papermill"] = nbformat.from_dict(
        {"default_parameters": {}, "parameters": {}, "environment_variables": {}, "version": papermill.__version__}
    )
    for cell in made.cells:
        cell.metadata.setdefault("tags", [])
        cell.metadata.setdefault("papermill", nbformat.NotebookNode())
    if parameters:
        made = parameterize_notebook(made, dict(parameters), kernel_name=kernel_name, language=language)
    before = os.getcwd()  # noqa: PTH109  papermill goes there and back too
    os.chdir(folder)
    try:
        made = engine.execute_notebook(made, kernel_name, **options)
    finally:
        os.chdir(before)
    raise_for_execution_errors(made, None)
    return made
