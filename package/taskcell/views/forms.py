"""A launch as a form: what can be filled in, and with what."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

Control = Literal["integer", "number", "boolean", "text", "date", "datetime", "choice", "list", "json"]


class FormField(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter.

    Attributes
    ----------
    annotation
        Its type as the user wrote it: ``int``, ``list[float]``, ``Literal['a', 'b']``.
    control
        What to fill it in with. ``json`` takes any value in JSON form; ``choice`` one of ``choices``.
    optional
        Whether it may be empty (null).
    default
        In JSON form.
    item
        Control of one item, where it is a list; ``choices`` are then those of an item.
    """

    name: str
    annotation: str
    control: Control
    default: Any
    doc: str = ""
    optional: bool = False
    choices: tuple[Any, ...] = ()
    item: str = ""


class FormVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version that can be launched."""

    ref: str
    number: int
    created_at: datetime
    author: str = ""
    message: str = ""
    tags: tuple[str, ...] = ()


class FormBackend(msgspec.Struct, frozen=True, kw_only=True):
    """Where tasks can execute. ``problem`` says why not, in a sentence; empty: it can be chosen."""

    name: str
    is_default: bool = False
    problem: str = ""


class LaunchForm(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="launch-form"):
    """What a launch can be given.

    Attributes
    ----------
    target
        What is launched: ``churn@7``, or empty for the notebook as it stands.
    title
        The same for people.
    problems
        Sentences: with any of them it can't be launched as it stands.
    max_workers
        Tasks at once unless the launch says; unit: processes. None: one for each core.
    max_branches
        Branches that a sweep may have.
    expected_s
        How long the newest runs of it that succeeded took, the middle one, in seconds; None: there were none.
    """

    target: str
    title: str
    workflow: str
    fields: tuple[FormField, ...]
    shown_at: datetime
    versions: tuple[FormVersion, ...] = ()
    tags: dict[str, int] = {}
    backends: tuple[FormBackend, ...] = ()
    backend: str = "local"
    max_workers: int | None = None
    max_branches: int = 10_000
    tasks: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    expected_s: float | None = None
    samples: int = 0
    schema: int = 1
