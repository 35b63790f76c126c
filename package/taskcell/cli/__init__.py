"""The ``taskcell`` command, and its verbs as functions for the line magics.

``verbs`` is the registry, one module a theme has the verbs (``versioning``, ``running``, ``looking``, ``operating``,
``keeping``, ``examining``), ``arguments`` reads words, ``printing`` shows results and progress. Nothing heavy is imported before
a verb runs.
"""

from __future__ import annotations

from taskcell.cli.commands import call, help_of, main

__all__ = ["call", "help_of", "main"]
