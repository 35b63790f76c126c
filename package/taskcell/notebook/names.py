"""Names that a user may give to tasks, values and parameters."""

from __future__ import annotations

import keyword
import unicodedata

LONGEST = 200
"""Longest name. Unit: characters."""


def normal(name: str) -> str:
    """Return the name as Python's parser sees it: identifiers are NFKC-normalised (PEP 3131)."""
    return unicodedata.normalize("NFKC", name)


def fault(name: str) -> str:
    """Return why this can't be a name, or nothing."""
    if len(name) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if not normal(name).isidentifier():
        return "is not a Python name"
    if keyword.iskeyword(normal(name)):
        return "is a keyword of Python"
    if name.startswith("__"):
        return "begins with two underscores"
    return ""
