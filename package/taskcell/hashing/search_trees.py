"""scikit-learn's search trees: without the counters of how often they were asked, which every prediction moves."""

from __future__ import annotations

from typing import Any

from sklearn.neighbors import BallTree, KDTree

from taskcell.hashing.tokens import Node, RefusalError
from taskcell.hashing.values import register

_STATE_LENGTH = 13
_COUNTERS = slice(7, 11)
"""Trims, leaves, splits and calls, in the state that a tree gives to ``pickle`` (scikit-learn 0.14 to 1.9)."""


def _expand(value: Any) -> Node:
    state = list(value.__getstate__())
    if len(state) != _STATE_LENGTH or {type(count) for count in state[_COUNTERS]} != {int}:
        raise RefusalError(f"a {type(value).__name__} of an unknown release of scikit-learn", "Upgrade Taskcell.")
    del state[_COUNTERS]
    return Node("search-tree", (), (type(value), state), labels=("", ""))


for _kind in (BallTree, KDTree):
    for _base in (_kind, *_kind.__subclasses__()):
        register(_base, _expand, subclasses=True)
