"""The notebook's side: ``%%task`` and friends. The only home of IPython (with ``analysis.ipython_syntax``).

``cells`` has the cell magics, ``lines`` the line magics, ``bodies`` executes a task's body in a clean namespace,
``recording`` keeps what it displays, ``transforming`` recognises comment headers and bodies that await.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics; harmless when they are registered already."""
    from taskcell.magics import loading

    loading.load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the hooks away again."""
    from taskcell.magics import loading

    loading.unload(shell)
