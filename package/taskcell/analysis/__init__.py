"""What a cell reads, writes and changes; what its code means; what it reaches.

``names`` answers the first, by interpreting the cell without values; ``meaning`` the second; ``defining`` and
``reaching`` the third. Nothing here runs code of the user's. The names below are brought in when they are
first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskcell.analysis.awaiting import needs_await
    from taskcell.analysis.builtin_names import is_session_name
    from taskcell.analysis.defining import definitions
    from taskcell.analysis.extending import extend_scope
    from taskcell.analysis.live_definitions import is_as_written, keeps_defaults
    from taskcell.analysis.loaded_modules import note_modules, stale_modules
    from taskcell.analysis.local_modules import Finder
    from taskcell.analysis.meaning import canonical, code_digest
    from taskcell.analysis.names import TELLING, CellNames, analyze
    from taskcell.analysis.randomness import unseeded
    from taskcell.analysis.reaching import Missing, Reach, reach
    from taskcell.analysis.scoping import Definition, supersede

_HOMES = {
    "CellNames": "names",
    "Definition": "scoping",
    "Finder": "local_modules",
    "Missing": "reaching",
    "Reach": "reaching",
    "TELLING": "names",
    "analyze": "names",
    "canonical": "meaning",
    "code_digest": "meaning",
    "definitions": "defining",
    "extend_scope": "extending",
    "is_as_written": "live_definitions",
    "is_session_name": "builtin_names",
    "keeps_defaults": "live_definitions",
    "needs_await": "awaiting",
    "note_modules": "loaded_modules",
    "reach": "reaching",
    "stale_modules": "loaded_modules",
    "supersede": "scoping",
    "unseeded": "randomness",
}

__all__ = [
    "TELLING",
    "CellNames",
    "Definition",
    "Finder",
    "Missing",
    "Reach",
    "analyze",
    "canonical",
    "code_digest",
    "definitions",
    "extend_scope",
    "is_as_written",
    "is_session_name",
    "keeps_defaults",
    "needs_await",
    "note_modules",
    "reach",
    "stale_modules",
    "supersede",
    "unseeded",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
