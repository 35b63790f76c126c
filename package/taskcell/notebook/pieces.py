"""A notebook's text cut into pieces that stay the same while other cells change.

The cuts are where a cell begins, and where its outputs and its source do. They are found in the text, not in the JSON:
joined again the pieces are the very bytes, and a file that is written in another way is merely cut less well.
"""

from __future__ import annotations

import re

_CUTS = re.compile(rb'\{\s*"cell_type"|"outputs"\s*:|"source"\s*:')
_SMALL_BYTES = 1024
"""Parts of a cell below this size stay together. Unit: bytes."""


def split(text: bytes) -> list[bytes]:
    """Return the pieces of a notebook's text.

    Examples
    --------
    >>> split(b'{"cells": [{"cell_type": "code", "source": []}, {"cell_type": "raw", "source": []}]}')
    [b'{"cells": [', b'{"cell_type": "code", "source": []}, ', b'{"cell_type": "raw", "source": []}]}']
    """
    found: list[bytes] = []
    start, is_cell = 0, True
    for cut in [*_CUTS.finditer(text), None]:
        end = cut.start() if cut else len(text)
        piece = text[start:end]
        if found and not is_cell and len(piece) < _SMALL_BYTES and len(found[-1]) < _SMALL_BYTES:
            found[-1] += piece
        elif piece:
            found.append(piece)
        start, is_cell = end, cut is not None and cut[0].startswith(b"{")
    return found
