"""Results that are no views of their own."""

from __future__ import annotations

from datetime import datetime

import msgspec

from taskcell.views.reproductions import ReproductionView


class About(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="about"):
    """Who answers.

    Attributes
    ----------
    version
        Of Taskcell.
    schema
        Version of the payloads: a view that knows only an older one says so.
    store, project
        As in links.
    trusted
        Whether pickles of this store are loaded.
    jupyterlab
        Address to which links lead by the setting of that name; empty: to the JupyterLab at hand.
    """

    version: str
    schema: int
    store: str
    project: str
    user: str
    backends: tuple[str, ...]
    backend: str
    trusted: bool
    python: str
    shown_at: datetime
    jupyterlab: str = ""


class Launched(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="launched"):
    """A run that was started."""

    run: str
    workflow: str
    link: str
    backend: str = ""


class ReproductionState(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="reproduction-state"):
    """The newest verdict on a run, and runs that execute it again just now.

    Asked of a run that reproduces another, the verdict is on that other run; it is made when the run has ended.
    """

    run: str
    reproduction: ReproductionView | None = None
    running: tuple[str, ...] = ()


class Snapshotted(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="snapshotted"):
    """The version that a snapshot gave; ``new`` false: it has this already."""

    workflow: str
    number: int
    ref: str
    digest: str
    new: bool
    tasks: int
