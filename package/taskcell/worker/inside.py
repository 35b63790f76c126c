"""What a task's notebook calls from within its kernel: load inputs, store outputs.

The order comes in a file that ``TASKCELL_TASK`` names. Opened outside a task run, ``load`` still works for whoever has
access to the store, so that an executed notebook can be run again by hand.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from taskcell import errors
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.model.handover import InsideOrder, InsideResult
from taskcell.store import codecs
from taskcell.store.local_files import Durability
from taskcell.store.opening import Store, open_store
from taskcell.worker import seeding

_loaded: dict[str, tuple[object, str]] = {}
"""Inputs with their digest as they were loaded."""
_generators: dict[str, Any] = {}
"""States of the global random generators when the task began."""
_ORDERS = msgspec.json.Decoder(InsideOrder)
"""Made when this is imported, which a server does before it forks tasks: the first decoding of a type is a slow one."""


def _order() -> InsideOrder:
    path = os.environ.get("TASKCELL_TASK")
    if not path:
        raise errors.InvalidInputError(
            "This cell loads the inputs of a task run, and no task is being run.",
            remedy="To load a value by hand use taskcell.run(ID).result(NAME).",
        )
    return _read_order(path)


@functools.cache
def _read_order(path: str) -> InsideOrder:
    return _ORDERS.decode(Path(path).read_bytes())


@functools.cache
def _opened(url: str, project: str, durability: Durability) -> Store:
    return open_store(url, project, durability=durability)


def _store(order: InsideOrder) -> Store:
    return _opened(order.store, order.project, "process" if order.is_own else "full")


def get_ready() -> None:
    """Do what every task would do, before tasks are forked: nothing is loaded, stored or opened."""
    codecs.get_ready()


def begin() -> None:
    """Make the workflow's own modules importable, before any others of the same name, and set the seed."""
    order = _order()
    modules = Path(order.scratch) / "modules"
    if modules.is_dir():
        sys.path.insert(0, str(modules))
    if order.seed is not None:
        seeding.seed(order.seed)
    _generators.update(seeding.states())


def load(name: str) -> Any:
    """Return the value of an input, or of what a helper reaches by value."""
    order = _order()
    artifact = order.inputs.get(name) or order.values.get(name)
    if artifact is None:
        raise errors.NotFoundError(f"This task has no input {name!r}.")
    main = sys.modules["__main__"].__dict__
    value = codecs.decode(artifact, _store(order).blobs, trusted=order.trusted, namespace=main)
    # A class that came with its pickle has no source here, so that its digest is another one than where it was made.
    _loaded[name] = (value, (_digest(value) or "") if codecs.executes_code(artifact) else artifact.digest)
    return value


def store(namespace: Mapping[str, Any]) -> None:
    """Store the outputs that the body left in its namespace; raise when a stated one is missing or can't be stored."""
    order = _order()
    sink = _store(order).blobs
    drawn = seeding.drawn(_generators) if order.seed is None else ()
    outputs: dict[str, Artifact] = {}
    dropped: dict[str, str] = {}
    for name in order.outputs:
        try:
            outputs[name] = codecs.encode(_output(namespace, name), sink)
        except errors.TaskcellError as exc:
            if order.stated:
                raise type(exc)(f"Output {name!r}: {exc.message}", remedy=exc.remedy, **exc.ids) from exc
            dropped[name] = exc.message
    result = InsideResult(outputs=outputs, dropped=dropped, changed=_changed(namespace), drawn=drawn)
    (Path(order.scratch) / "result.json").write_bytes(msgspec.json.encode(result))


def _output(namespace: Mapping[str, Any], name: str) -> Any:
    if name not in namespace:
        raise errors.UnstorableError(
            f"{name!r} was not assigned when the cell ended.", remedy="Assign it on every path, or don't list it."
        )
    return namespace[name]


def _changed(namespace: Mapping[str, Any]) -> tuple[str, ...]:
    """Return inputs that are still the loaded objects, but no longer equal what was loaded."""
    names = []
    for name, (value, digest) in _loaded.items():
        if namespace.get(name) is value and digest and _digest(value) not in (None, digest):
            names.append(name)
    return tuple(names)


def _digest(value: object) -> str | None:
    try:
        return digest_value(value)
    except errors.UnstorableError:
        return None
