"""SciPy's sparse matrices and arrays: format, shape and stored elements, in an order of their places.

How they are sorted and how wide their indices are doesn't count, nor what the object remembers about that.
Stored zeros and elements that are stored twice do count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from taskcell.hashing.tokens import Node
from taskcell.hashing.values import Attributes, register

_REMEMBERED = frozenset({"_has_sorted_indices", "_has_canonical_format", "has_canonical_format", "maxprint"})
_PLACES = frozenset({"indices", "indptr", "offsets", "coords"})


def _expand(value: Any) -> Node:
    if value.format in ("csr", "csc", "bsr") and not value.has_sorted_indices:
        value = value.sorted_indices()
    held = {name: part for name, part in vars(value).items() if name not in _REMEMBERED}
    if value.format == "coo":
        order = np.lexsort(value.coords[::-1])
        held["coords"] = [places[order] for places in value.coords]
        held["data"] = value.data[order]
    held = {name: _widened(part) if name in _PLACES else part for name, part in held.items()}
    return Node("scipy-sparse", (value.format,), (type(value), Attributes(held)), labels=("", ""))


def _widened(places: Any) -> Any:
    if isinstance(places, np.ndarray):
        return places.astype(np.int64, copy=False)
    return [_widened(part) for part in places]


register(sparse.sparray, _expand, subclasses=True)
register(sparse.spmatrix, _expand, subclasses=True)
