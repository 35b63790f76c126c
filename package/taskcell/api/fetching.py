"""``taskcell.url``: what lies behind a URL, as an input that counts by content."""

from __future__ import annotations

from pathlib import Path

from taskcell.store import urls


def url(address: str) -> Path:
    """Return the path of a read-only copy of what an ``http`` or ``https`` URL gives now.

    As an input it counts by content and name, as every path does. Where the server gives a strong ETag, a copy that it
    confirms is not fetched again; otherwise it is fetched each time.

    Examples
    --------
    ::

        raw = taskcell.url("https://example.org/flights.csv")
    """
    return urls.fetch(address)
