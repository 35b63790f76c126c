"""What a cell reads, writes and changes; what its code means; what it reaches.

``names`` answers the first, by interpreting the cell without values; ``canonical`` the second; ``reaching`` the third.
Nothing here runs code of the user's.
"""

from __future__ import annotations

from taskcell.analysis.builtin_names import is_session_name
from taskcell.analysis.names import CellNames, analyze

__all__ = ["CellNames", "analyze", "is_session_name"]
