"""papermill's parts and those of nbclient and nbformat, imported in one place and without what isn't needed here.

Notebooks are given as objects: the libraries for other places than files take half of papermill's import. What JupyterLab
installs for jsonschema to check addresses with takes three times as long as all of it, and no notebook has any.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from taskcell import optional_imports

_ELSEWHERE = ("papermill.s3", "papermill.adl", "papermill.abs", "gcsfs", "pyarrow", "pyarrow.fs", "github")

with optional_imports.hidden(*_ELSEWHERE, "rfc3987_syntax"):
    import nbformat
    import papermill
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from nbformat.v4 import rwbase
    from papermill import execute_notebook
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine, NBClientEngine, NotebookExecutionManager, papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import raise_for_execution_errors
    from papermill.iorw import write_ipynb
    from papermill.log import logger
    from papermill.parameterize import parameterize_notebook

__all__ = [
    "CellExecutionError",
    "CellTimeoutError",
    "DeadKernelError",
    "Engine",
    "NBClientEngine",
    "NotebookExecutionManager",
    "PapermillExecutionError",
    "PapermillNotebookClient",
    "execute_notebook",
    "execute_object",
    "logger",
    "nbformat",
    "papermill_engines",
    "rwbase",
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
