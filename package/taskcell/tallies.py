"""How many requests this process has sent, by kind: for the last line of a process's log, and for whoever measures."""

from __future__ import annotations

import threading
from collections import Counter

_sent: Counter[str] = Counter()
_lock = threading.Lock()


def count(kind: str) -> None:
    """Note one request, such as ``put_object`` or ``POST jobs``."""
    with _lock:
        _sent[kind] += 1


def line() -> str:
    """Return the numbers on one line; empty when nothing was sent."""
    with _lock:
        parts = [f"{number} {kind}" for kind, number in sorted(_sent.items())]
    return f"requests: {', '.join(parts)}" if parts else ""


def parsed(text: str) -> Counter[str]:
    """Return the numbers of a ``line``; of any other text, none."""
    head, _, rest = text.partition("requests: ")
    if head or not rest:
        return Counter()
    pairs = (part.split(" ", 1) for part in rest.strip().split(", "))
    return Counter({kind: int(number) for number, kind in pairs})
