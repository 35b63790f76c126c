"""Listings of runs, from an SQLite file on the reader's machine that is caught up from the store each time.

The file is a cache: it can be deleted at any time, a damaged one is made anew, and where none can be written
a listing is made in memory. Nothing is known here that the store does not say; whether a driver is alive is
not asked.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from taskcell import errors
from taskcell.hashing import Digest, digest_bytes, digest_parts
from taskcell.model.runs import DriverEnd, RunId, RunState
from taskcell.store import paths, pooling
from taskcell.store.opening import Store

_log = logging.getLogger(__name__)

_SCHEMA_VERSION = 2
_BUSY_TIMEOUT_S = 10.0
_RECHECKED = 200
"""Newest ended runs that are looked at again, because they did not succeed and may have been resumed."""

_LISTED_AGAIN = 1000
"""Newest runs that each listing looks at; older ones, which may have gone or come late, once an hour."""
_LISTED_IN_FULL_EVERY_S = 3600.0

_inherited: list[sqlite3.Connection] = []
"""Connections that came through a fork: never used nor closed here, which could damage the parent's file."""

_SCHEMA = """
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY, workflow TEXT NOT NULL, author TEXT NOT NULL, state TEXT NOT NULL,
    row BLOB NOT NULL, digest TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX runs_by_workflow ON runs (workflow, run_id);
CREATE INDEX runs_by_state ON runs (state, run_id);
CREATE TABLE listings (id INTEGER PRIMARY KEY, full_at REAL NOT NULL);
"""


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run in a listing.

    Attributes
    ----------
    state
        As the drivers' records have it: pending before the first driver, running while the last one left no
        end.
    sentence
        The last driver's one-sentence answer; empty while there is none.
    task_count
        Number of planned tasks.
    """

    run_id: RunId
    workflow: str
    version_number: int
    version: Digest
    author: str
    created_at: datetime
    backend: str
    parameters: dict[str, Any]
    state: RunState
    sentence: str
    ended_at: datetime | None
    reproduces: str | None
    task_count: int


class _Planned(msgspec.Struct):
    """What a listing needs of a ``Plan``."""

    run_id: RunId
    workflow: str
    version_number: int
    version: Digest
    author: str
    created_at: datetime
    backend: str
    parameters: dict[str, Any]
    tasks: list[msgspec.Raw]
    reproduces: str | None = None


class RunIndex:
    """Listings of one project's runs.

    Parameters
    ----------
    store : Store
        The store.
    folder : Path, optional
        Where the index lies. None: the user's cache folder.

    Attributes
    ----------
    damaged
        Runs that the last listing had to leave out, with the reason.
    """

    def __init__(self, store: Store, *, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened_for: tuple[int, str] | None = None
        self.damaged: dict[str, str] = {}

    def runs(
        self,
        *,
        workflow: str | None = None,
        author: str | None = None,
        state: RunState | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[RunRow]:
        """Return runs, newest first, caught up with the store.

        Parameters
        ----------
        workflow, author, state
            Only runs with this; None: any.
        limit
            Number of runs at most.
        before
            Only runs older than the one of this id: the last of the page before.
        """
        format_ = self._store.format()
        if format_ is None:
            return []
        wanted = {"workflow": workflow, "author": author, "state": state}
        conditions = {f"{name} = ?": value for name, value in wanted.items() if value is not None}
        if before is not None:
            conditions["run_id < ?"] = before
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        query = f"SELECT row, digest FROM runs {where} ORDER BY run_id DESC LIMIT ?"
        with self._lock:
            return self._answer(format_.store_id, query, [*conditions.values(), max(0, limit)])

    def close(self) -> None:
        """Close the file; a later listing opens it again."""
        with self._lock:
            self._disconnect()

    def _answer(self, store_id: str, query: str, values: list[Any]) -> list[RunRow]:
        for is_last in (False, True):
            try:
                connection = self._connected(store_id)
                self._catch_up(connection)
                return [_row(*found) for found in connection.execute(query, values)]
            except (sqlite3.DatabaseError, _DamagedRowError) as exc:
                self._start_anew(store_id, exc, in_memory=is_last or not _is_damage(exc))
        connection = self._connected(store_id)
        self._catch_up(connection)
        return [_row(*found) for found in connection.execute(query, values)]

    # -- the file ------------------------------------------------------------------------------------------

    def _connected(self, store_id: str) -> sqlite3.Connection:
        mark = (os.getpid(), store_id)
        if self._connection is None or self._opened_for != mark:
            if self._connection is not None and mark[0] != (self._opened_for or mark)[0]:
                _inherited.append(self._connection)
            self._connection = self._open(self._path(store_id))
            self._opened_for = mark
        return self._connection

    def _open(self, path: Path) -> sqlite3.Connection:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise sqlite3.OperationalError(str(exc)) from exc
        return _prepared(str(path))

    def _start_anew(self, store_id: str, exc: Exception, *, in_memory: bool) -> None:
        self._disconnect()
        path = self._path(store_id)
        if in_memory:
            _log.warning("The index %s can't be used (%s); listing in memory.", path, exc)
            self._connection = _prepared(":memory:")
            self._opened_for = (os.getpid(), store_id)
            return
        _log.warning("The index %s is damaged (%s); making it anew.", path, exc)
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                path.with_name(path.name + suffix).unlink(missing_ok=True)

    def _disconnect(self) -> None:
        if self._connection is not None and self._opened_for is not None:
            if self._opened_for[0] == os.getpid():
                self._connection.close()
            else:
                _inherited.append(self._connection)
        self._connection = self._opened_for = None

    def _path(self, store_id: str) -> Path:
        folder = self._folder
        if folder is None:
            import platformdirs

            folder = platformdirs.user_cache_path("taskcell") / "index"
        name = digest_parts("index", (self._store.url, store_id, self._store.project))
        return folder / f"{name[:40]}.sqlite3"

    # -- catching up ---------------------------------------------------------------------------------------

    def _catch_up(self, connection: sqlite3.Connection) -> None:
        self.damaged = {}
        now_s = time.time()
        since = _listed_since(connection, now_s)
        listed = {paths.last(path) for path in self._store.records.list(paths.runs(), after=since)}
        there = {run_id for run_id in listed if paths.is_run_id(run_id)}
        known = {run_id for (run_id,) in connection.execute("SELECT run_id FROM runs WHERE run_id > ?", [since])}
        if not since:
            connection.execute("INSERT OR REPLACE INTO listings VALUES (0, ?)", [now_s])
        looked_at = (there - known) | (_unsettled(connection) & there)
        changed = list(self._read(looked_at))
        # Some services list the folder of a run for a while after its last record has gone.
        gone = known - there | (known & looked_at) - {row[0] for row in changed} - self.damaged.keys()
        if not changed and not gone:
            return
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("DELETE FROM runs WHERE run_id = ?", [(run_id,) for run_id in gone])
            connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?)", changed)

    def _read(self, run_ids: Collection[str]) -> Iterator[tuple[str, ...]]:
        rows = pooling.each(self._store.files, self._try_read, sorted(run_ids))
        return (_columns(row) for row in rows if row is not None)

    def _try_read(self, run_id: str) -> RunRow | None:
        try:
            return self._read_run(run_id)
        except errors.FormatError as exc:
            self.damaged[run_id] = exc.message
            _log.warning("Run %s is left out of the listing: %s", run_id, exc.message)
            return None

    def _read_run(self, run_id: str) -> RunRow | None:
        """Return a run's row, or None while its plan isn't there."""
        records = self._store.records
        plan = records.try_read(paths.plan(run_id), _Planned)
        if plan is None:
            return None
        end = records.latest(paths.driver_ends(run_id), DriverEnd)
        last_start = max(records.numbers(paths.driver_starts(run_id)), default=0)
        state, sentence, ended_at = RunState.RUNNING if last_start else RunState.PENDING, "", None
        if end is not None and end[0] >= last_start:
            state, sentence, ended_at = end[1].state, end[1].sentence, end[1].ended_at
        return RunRow(
            run_id=plan.run_id,
            workflow=plan.workflow,
            version_number=plan.version_number,
            version=plan.version,
            author=plan.author,
            created_at=plan.created_at,
            backend=plan.backend,
            parameters=plan.parameters,
            state=state,
            sentence=sentence,
            ended_at=ended_at,
            reproduces=plan.reproduces,
            task_count=len(plan.tasks),
        )


class _DamagedRowError(Exception):
    """A row does not match its digest."""


def _prepared(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _make_schema(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_schema(connection: sqlite3.Connection) -> None:
    """Make the tables unless they are there; another schema's go: they can be filled again."""
    if connection.execute("PRAGMA user_version").fetchone()[0] == _SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] != _SCHEMA_VERSION:
            connection.execute("DROP TABLE IF EXISTS runs")
            connection.execute("DROP TABLE IF EXISTS listings")
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def _listed_since(connection: sqlite3.Connection, now_s: float) -> str:
    """Return after which run a listing begins: empty for all, when that was last done long ago."""
    full_at = connection.execute("SELECT full_at FROM listings").fetchone()
    if full_at is None or not 0 <= now_s - full_at[0] < _LISTED_IN_FULL_EVERY_S:
        return ""
    oldest = connection.execute("SELECT run_id FROM runs ORDER BY run_id DESC LIMIT 1 OFFSET ?", [_LISTED_AGAIN])
    found = oldest.fetchone()
    return str(found[0]) if found else ""


def _unsettled(connection: sqlite3.Connection) -> set[str]:
    """Return the runs whose state may have changed."""
    open_states = [state for state in RunState if not state.ended]
    marks = ", ".join("?" * len(open_states))
    found = connection.execute(
        f"SELECT run_id FROM runs WHERE state IN ({marks}) UNION "
        "SELECT run_id FROM (SELECT run_id FROM runs WHERE state != ? ORDER BY run_id DESC LIMIT ?)",
        [*open_states, RunState.SUCCEEDED, _RECHECKED],
    )
    return {run_id for (run_id,) in found}


def _columns(row: RunRow) -> tuple[Any, ...]:
    data = msgspec.json.encode(row)
    return row.run_id, row.workflow, row.author, row.state.value, data, digest_bytes(data)


def _row(data: bytes, digest: str) -> RunRow:
    if not isinstance(data, bytes) or digest_bytes(data) != digest:
        raise _DamagedRowError("a row doesn't match its digest")
    return msgspec.json.decode(data, type=RunRow)


def _is_damage(exc: Exception) -> bool:
    """Whether making the file anew helps: not against a full or read-only disk or a lock held too long."""
    return not isinstance(exc, sqlite3.OperationalError)
