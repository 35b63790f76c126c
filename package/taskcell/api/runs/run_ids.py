"""Ids of runs: ULIDs, so that a listing is in the order of time."""

from __future__ import annotations


def new_run_id() -> str:
    """Return a new ULID: 26 characters of Crockford's base 32."""
    from ulid import ULID

    return str(ULID())
