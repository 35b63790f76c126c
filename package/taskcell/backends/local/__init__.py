"""The local backend: a detached driver process, and a pool of worker processes that it feeds.

``drivers`` starts and recognises drivers, ``workers`` keeps the pool, ``processes`` kills whole process trees. ``starting`` makes
processes; most are forked from ``servers`` that processes of one user share, found by their ``addresses``.
"""

from __future__ import annotations

from taskcell.backends.local.backend import LocalBackend

__all__ = ["LocalBackend"]
