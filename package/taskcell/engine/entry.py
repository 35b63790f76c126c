"""What papermill loads, in every environment that has Taskcell, each time that it is imported: next to nothing.

``papermill.execute_notebook(…, engine_name="taskcell")``, ``papermill --engine taskcell``.
"""

from __future__ import annotations

from typing import Any


class TaskcellEngine:
    """papermill's engine ``taskcell``; the real one is imported when it is first used."""

    @classmethod
    def execute_notebook(cls, *args: Any, **options: Any) -> Any:
        """Execute a notebook and return it."""
        return _engine().execute_notebook(*args, **options)

    @classmethod
    def nb_kernel_name(cls, *args: Any, **options: Any) -> Any:
        """Return the name of the notebook's kernel."""
        return _engine().nb_kernel_name(*args, **options)

    @classmethod
    def nb_language(cls, *args: Any, **options: Any) -> Any:
        """Return the notebook's language."""
        return _engine().nb_language(*args, **options)


def _engine() -> Any:
    from taskcell.engine.warm import engines

    return engines.WarmEngine
