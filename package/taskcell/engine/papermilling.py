"""papermill's parts, imported in one place and without what it reads notebooks from besides files.

Here notebooks are given as objects; the libraries for other places take half of papermill's import.
"""

from __future__ import annotations

from taskcell import optional_imports

with optional_imports.hidden("papermill.s3", "papermill.adl", "papermill.abs", "gcsfs", "pyarrow.fs", "github"):
    from papermill import execute_notebook
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine, NBClientEngine, NotebookExecutionManager, papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.iorw import write_ipynb
    from papermill.log import logger

__all__ = [
    "Engine",
    "NBClientEngine",
    "NotebookExecutionManager",
    "PapermillExecutionError",
    "PapermillNotebookClient",
    "execute_notebook",
    "logger",
    "papermill_engines",
    "write_ipynb",
]
