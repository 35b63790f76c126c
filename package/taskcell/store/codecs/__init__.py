"""Codecs: values to open-format bytes and back.

One module for each family; ``registry`` chooses among them. A pickle is the last resort and the only codec of
ours that can run code when it is read. Rules for each type: ``docs/design/003-values-and-codecs.md``.
"""

from __future__ import annotations

from taskcell.store.codecs.previews import preview
from taskcell.store.codecs.registry import DEFAULT_CODECS, CodecRegistry, get_ready

encode = DEFAULT_CODECS.encode
decode = DEFAULT_CODECS.decode
executes_code = DEFAULT_CODECS.executes_code
gather = DEFAULT_CODECS.gather
preview_rows = DEFAULT_CODECS.preview_rows

__all__ = [
    "DEFAULT_CODECS",
    "CodecRegistry",
    "decode",
    "encode",
    "executes_code",
    "gather",
    "get_ready",
    "preview",
    "preview_rows",
]
