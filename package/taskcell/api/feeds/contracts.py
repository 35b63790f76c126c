"""Shapes of the registry: an operation, and on whose behalf it is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from taskcell.api.feeds.memory import Memory
from taskcell.store.opening import Store

Method = Literal["GET", "POST"]
SCHEMA = 1
"""Version of the payloads: raised by what an older view can't show rightly, not by what it may leave out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """On whose behalf an operation is answered.

    Attributes
    ----------
    store
        Where everything is looked up.
    in_kernel
        Whether this process is a notebook's kernel: an empty target then means the notebook as it stands.
    folder
        Folder of the notebook that is asked about, for its local modules. None: not known.
    memory
        What was read before and does not change, or is cheap to bring up to date; shared by all callers of a process.
    """

    store: Store
    in_kernel: bool = False
    folder: Path | None = None
    memory: Memory = field(default_factory=Memory)


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes to be saved as a file, never to be shown by a browser. ``name`` is a file name without folders."""

    name: str
    data: bytes
    media: Literal["application/octet-stream", "application/json"] = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked for.

    Attributes
    ----------
    name
        ``runs.get``.
    method, path
        How a server offers it. ``{name}`` in the path is the parameter of that name.
    params, result
        Structs; a result is ``Attachment`` or a payload of ``taskcell.views``.
    handler
        Answers it, or raises an error of ``errors``. May block; called from any thread.
    changes
        Whether it changes something: then a server asks for more than reading rights.
    summary
        What it does, in a sentence.
    steady
        Whether the same question gives the same answer for ever, such as for a version.
    """

    name: str
    method: Method
    path: str
    params: type[msgspec.Struct]
    result: Any
    handler: Callable[[Context, Any], Any]
    summary: str
    changes: bool = False
    steady: bool = False
