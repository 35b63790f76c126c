"""Listings of runs, from an SQLite file on the reader's machine that is caught up from the store each time.

The file is a cache: it can be deleted at any time, a damaged one is made anew, and where none can be written
a listing is made in memory. Nothing is known here that the store does not say; whether a driver is alive is
not asked.
"""

from __future__ import annotations

import bisect
import contextlib
import logging
import math
import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from taskcell import errors
from taskcell.hashing import Digest, digest_bytes, digest_parts
from taskcell.model.runs import DriverEnd, RunId, RunState
from taskcell.store import folder_times, index_files, paths, pooling
from taskcell.store.opening import Store

_log = logging.getLogger(__name__)

_RECHECKED = 200
"""Newest ended runs that are looked at again, because they did not succeed and may have been resumed."""

_LISTED_AGAIN = 1000
"""Newest runs that each listing looks at; older ones, which may have gone or come late, once an hour."""
_LISTED_IN_FULL_EVERY_S = 3600.0

_READ_AT_ONCE = 500
"""Runs that are read before a listing answers; of more that are new the older ones wait until they are wanted."""
_READ_ON = 200
"""Runs that are read at a time of those that wait."""

_SEARCHED_CHARACTERS = 2000
"""What of a run can be searched for."""

_inherited: list[sqlite3.Connection] = []
"""Connections that came through a fork: never used nor closed here, which could damage the parent's file."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which runs: each of ``words`` occurs in id, workflow, author, backend, parameters or sentence, in any case.

    ``states`` empty: any. ``before`` is an id: only older ones. ``interactive`` false leaves notebooks' sessions out.
    """

    words: tuple[str, ...] = ()
    workflow: str = ""
    author: str = ""
    states: tuple[RunState, ...] = ()
    before: str = ""
    limit: int = 50
    interactive: bool = False

    def conditions(self) -> tuple[str, list[Any]]:
        """Return what SQL asks for and the values in it."""
        found: list[tuple[str, list[Any]]] = [("1", [])]
        if self.before:
            found.append(("run_id < ?", [self.before]))
        if self.workflow:
            found.append(("workflow = ?", [self.workflow]))
        if self.author:
            found.append(("author = ?", [self.author]))
        if self.states:
            found.append((f"state IN ({', '.join('?' * len(self.states))})", [state.value for state in self.states]))
        if not self.interactive:
            found.append(("backend != 'interactive'", []))
        found += [("instr(text, ?) > 0", [word.lower()]) for word in self.words]
        return " AND ".join(condition for condition, _ in found), [value for _, values in found for value in values]


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

    Notes
    -----
    The first listing of a large store reads its newest runs only. Older ones are read when a listing needs them, or by
    ``read_on``. Until then an answer is what is certain: everything that matches down to the newest unread run.
    """

    def __init__(self, store: Store, *, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._caught_up_at = -math.inf
        self._seen: dict[str, tuple[int, ...]] = {}
        self._top: str | None = None
        self._opened_for: tuple[int, str] | None = None
        self._backlog: list[str] = []
        self._left_out: dict[str, str] = {}
        self._listed_at_s = 0.0
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
            return self._answer(format_.store_id, query, [*conditions.values(), max(0, limit)], before=before or "")

    def search(self, wanted: Search, *, fresh_s: float = 0.0, patience_s: float = math.inf) -> list[RunRow]:
        """Return runs that match, newest first; fewer than there are when ``unread`` says so afterwards.

        Parameters
        ----------
        wanted
            Which.
        fresh_s
            How old what is known of the store may be. Unit: seconds.
        patience_s
            How long runs that were never read before are read for this answer. Unit: seconds.
        """
        format_ = self._store.format()
        if format_ is None:
            return []
        conditions, values = wanted.conditions()
        query = (
            "SELECT row, digest FROM runs JOIN "
            f"(SELECT run_id FROM searches WHERE {conditions} ORDER BY run_id DESC LIMIT ?) USING (run_id) "
            "ORDER BY run_id DESC"
        )
        with self._lock:
            asked = [*values, max(0, wanted.limit)]
            return self._answer(format_.store_id, query, asked, fresh_s, patience_s, wanted.before)

    @property
    def unread(self) -> int:
        """Number of runs that were listed and not yet read."""
        return len(self._backlog)

    @property
    def read_down_to(self) -> str:
        """The oldest run before which there is none that is unread; empty when there is none."""
        with self._lock:
            if not self._backlog or self._connection is None:
                return ""
            query = "SELECT min(run_id) FROM searches WHERE run_id > ?"
            return str(self._connection.execute(query, [self._backlog[-1]]).fetchone()[0] or "")

    def read_on(self) -> int:
        """Read some of the runs that are unread; return how many are left."""
        format_ = self._store.format()
        if format_ is None:
            return 0
        with (
            self._lock,
            contextlib.suppress(sqlite3.DatabaseError),
        ):  # the next listing says what is wrong with the file
            connection = self._connected(format_.store_id)
            if self._backlog:
                self._read_backlog(connection)
            return len(self._backlog)
        return 0

    def count(self, wanted: Search) -> int:
        """Return how many runs match, as of the last listing."""
        format_ = self._store.format()
        if format_ is None:
            return 0
        conditions, values = wanted.conditions()
        with self._lock:
            connection = self._connected(format_.store_id)
            found = connection.execute(f"SELECT count(*) FROM searches WHERE {conditions}", values).fetchone()
        return int(found[0])

    def numbers(self, name: Literal["workflow", "state"]) -> dict[str, tuple[int, int, str]]:
        """Return, by workflow or state, how many runs there are, how many are open, and the newest; without sessions."""
        format_ = self._store.format()
        if format_ is None:
            return {}
        open_states = ", ".join(f"'{state.value}'" for state in RunState if not state.ended)
        query = (
            f"SELECT {name}, count(*), sum(state IN ({open_states})), max(run_id) FROM searches "
            f"WHERE backend != 'interactive' GROUP BY {name}"
        )
        with self._lock:
            found = self._connected(format_.store_id).execute(query).fetchall()
        return {group: (number, is_open, newest) for group, number, is_open, newest in found}

    # -- what was once read of ended runs ------------------------------------------------------------------

    def kept_counts(self, rows: Collection[RunRow]) -> dict[str, dict[str, int]]:
        """Return the numbers of task runs by state that were kept, of those of the runs that have ended since then."""
        marks = {str(row.run_id): _mark(row) for row in rows if row.ended_at is not None}
        found = self._kept("SELECT run_id, ended_at, counts FROM tallies WHERE run_id IN ({})", marks)
        return {
            run_id: msgspec.json.decode(data, type=dict[str, int])
            for run_id, mark, data in found
            if marks[run_id] == mark
        }

    def keep_counts(self, row: RunRow, counts: dict[str, int]) -> None:
        """Keep the numbers of task runs by state of a run that has ended."""
        if row.ended_at is not None:
            self._keep([("INSERT OR REPLACE INTO tallies VALUES (?, ?, ?)", row, (msgspec.json.encode(counts),))])

    def kept_results(self, rows: Collection[RunRow]) -> dict[str, list[bytes]]:
        """Return what was kept of the results of those of the runs that have ended since then."""
        marks = {str(row.run_id): _mark(row) for row in rows if row.ended_at is not None}
        known = self._kept("SELECT run_id, ended_at FROM results_of WHERE run_id IN ({})", marks)
        found: dict[str, list[bytes]] = {run_id: [] for run_id, mark in known if marks[run_id] == mark}
        listed = dict.fromkeys(found, "")
        for run_id, data in self._kept(
            "SELECT run_id, row FROM results WHERE run_id IN ({}) ORDER BY run_id, number", listed
        ):
            found[run_id].append(data)
        return found

    def keep_results(self, row: RunRow, results: Sequence[bytes]) -> None:
        """Keep the results of a run that has ended."""
        if row.ended_at is None:
            return
        gone = "DELETE FROM results WHERE run_id = ?1 AND ?2 != ''"
        put = "INSERT OR REPLACE INTO results SELECT ?1, ?3, ?4 WHERE ?2 != ''"
        done = "INSERT OR REPLACE INTO results_of VALUES (?, ?)"
        self._keep([(gone, row, ()), *((put, row, pair) for pair in enumerate(results)), (done, row, ())])

    def version_counts(self, workflow: str) -> dict[int, int]:
        """Return how many runs each version of a workflow has, as of the last listing; without sessions."""
        format_ = self._store.format()
        if format_ is None:
            return {}
        query = (
            "SELECT version, count(*) FROM searches WHERE workflow = ? AND backend != 'interactive' GROUP BY version"
        )
        with self._lock:
            return dict(self._connected(format_.store_id).execute(query, [workflow]).fetchall())

    def _kept(self, query: str, marks: dict[str, str]) -> list[tuple[Any, ...]]:
        format_ = self._store.format()
        if format_ is None or not marks:
            return []
        with self._lock, contextlib.suppress(sqlite3.DatabaseError):
            connection = self._connected(format_.store_id)
            return connection.execute(query.format(", ".join("?" * len(marks))), list(marks)).fetchall()
        return []

    def _keep(self, writes: list[tuple[str, RunRow, tuple[Any, ...]]]) -> None:
        format_ = self._store.format()
        if format_ is None:
            return
        with self._lock, contextlib.suppress(sqlite3.DatabaseError):  # it is only kept to be quick
            connection = self._connected(format_.store_id)
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                for query, row, values in writes:
                    connection.execute(query, (row.run_id, _mark(row), *values))

    def close(self) -> None:
        """Close the file; a later listing opens it again."""
        with self._lock:
            self._disconnect()

    def _answer(
        self,
        store_id: str,
        query: str,
        values: list[Any],
        fresh_s: float = 0.0,
        patience_s: float = math.inf,
        before: str = "",
    ) -> list[RunRow]:
        for is_last in (False, True):
            try:
                connection = self._connected(store_id)
                if time.monotonic() - self._caught_up_at > fresh_s:
                    self._catch_up(connection)
                    self._caught_up_at = time.monotonic()
                return self._certain(connection, query, values, patience_s, before)
            except (sqlite3.DatabaseError, _DamagedRowError) as exc:
                self._start_anew(store_id, exc, in_memory=is_last or not _is_damage(exc))
        connection = self._connected(store_id)
        self._catch_up(connection)
        return self._certain(connection, query, values, patience_s, before)

    def _certain(
        self, connection: sqlite3.Connection, query: str, values: list[Any], patience_s: float, before: str
    ) -> list[RunRow]:
        """Return what a query gives down to the newest unread run; what waits is read while it may add to that."""
        deadline = time.monotonic() + patience_s
        while True:
            rows = [_row(*found) for found in connection.execute(query, values)]
            older = bisect.bisect_left(self._backlog, before) if before else len(self._backlog)
            if older == 0:
                return rows
            certain = [row for row in rows if row.run_id > self._backlog[older - 1]]
            if len(certain) >= values[-1] or time.monotonic() >= deadline:
                return certain
            self._read_backlog(connection)

    # -- the file ------------------------------------------------------------------------------------------

    def _connected(self, store_id: str) -> sqlite3.Connection:
        mark = (os.getpid(), store_id)
        if self._connection is None or self._opened_for != mark:
            self._caught_up_at, self._seen, self._backlog = -math.inf, {}, []
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
        return index_files.prepared(str(path))

    def _start_anew(self, store_id: str, exc: Exception, *, in_memory: bool) -> None:
        self._disconnect()
        path = self._path(store_id)
        if in_memory:
            _log.warning("The index %s can't be used (%s); listing in memory.", path, exc)
            self._connection = index_files.prepared(":memory:")
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
        self._caught_up_at, self._seen, self._backlog = -math.inf, {}, []

    def _path(self, store_id: str) -> Path:
        folder = self._folder
        if folder is None:
            import platformdirs

            folder = platformdirs.user_cache_path("taskcell") / "index"
        name = digest_parts("index", (self._store.url, store_id, self._store.project))
        return folder / f"{name[:40]}.sqlite3"

    # -- catching up ---------------------------------------------------------------------------------------

    def _catch_up(self, connection: sqlite3.Connection) -> None:
        now_s = time.time()
        unsettled = _unsettled(connection)
        new, known, there = set[str](), set[str](), unsettled
        is_due = not self._backlog and _is_full_listing_due(connection, now_s)
        if is_due:
            self._left_out = {}
        self.damaged = dict(self._left_out)
        since = ""
        if not self._is_as_seen("", "") or is_due:
            since = "" if is_due else _listed_since(connection)
            listed = {paths.last(path) for path in self._store.records.list(paths.runs(), after=since)}
            there = {run_id for run_id in listed if paths.is_run_id(run_id)}
            known = {run_id for (run_id,) in connection.execute("SELECT run_id FROM runs WHERE run_id > ?", [since])}
            new = self._newest(there - known)
        if is_due:
            self._listed_at_s = now_s
            self._note_listed(connection)
        looked_at = new | {
            run_id
            for run_id in unsettled & there
            if not self._is_as_seen(run_id, f"/{run_id}/drivers", f"/{run_id}/ends")
        }
        changed = list(self._read(looked_at))
        if new - {row.run_id for row in changed}:  # a plan may yet come, and leaves no trace on the folder of all runs
            self._seen.pop("", None)
        # Some services list the folder of a run for a while after its last record has gone.
        gone = known - there | (known & looked_at) - {row.run_id for row in changed} - self.damaged.keys()
        if changed or gone:
            self._write(connection, changed, gone)

    def _newest(self, new: set[str]) -> set[str]:
        """Return those of the new runs that are read now; the older ones of very many wait."""
        new = new - set(self._backlog) - self._left_out.keys()
        if len(new) <= _READ_AT_ONCE:
            return new
        ordered = sorted(new)
        self._backlog = sorted([*self._backlog, *ordered[:-_READ_AT_ONCE]])
        return set(ordered[-_READ_AT_ONCE:])

    def _read_backlog(self, connection: sqlite3.Connection) -> None:
        """Read the newest of the runs that wait, unless another process has."""
        part = self._backlog[-_READ_ON:]
        between = "SELECT run_id FROM runs WHERE run_id BETWEEN ? AND ?"
        known = {run_id for (run_id,) in connection.execute(between, [part[0], part[-1]])}
        rows = list(self._read(set(part) - known))
        if rows:
            self._write(connection, rows, ())
        del self._backlog[-len(part) :]
        self._left_out |= {run_id: self.damaged[run_id] for run_id in part if run_id in self.damaged}
        self._note_listed(connection)

    def _note_listed(self, connection: sqlite3.Connection) -> None:
        """Note when all runs were listed, once all are read: whoever comes before that lists them again."""
        if not self._backlog and self._listed_at_s:
            connection.execute("INSERT OR REPLACE INTO listings VALUES (0, ?)", [self._listed_at_s])

    def _write(self, connection: sqlite3.Connection, changed: Collection[RunRow], gone: Collection[str]) -> None:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for table in ("runs", "searches", "tallies", "results", "results_of"):
                connection.executemany(f"DELETE FROM {table} WHERE run_id = ?", [(run_id,) for run_id in gone])
            connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?)", map(_columns, changed))
            connection.executemany(
                "INSERT OR REPLACE INTO searches VALUES (?, ?, ?, ?, ?, ?, ?)", map(_searched, changed)
            )

    def _is_as_seen(self, name: str, *folders: str) -> bool:
        """Whether folders are certainly as they were at the last look; notes how they are, before they are read.

        They are named by their places below that of all runs.
        """
        top = self._top
        if top is None:
            place = self._store.project_files.local_path(paths.runs())
            top = self._top = "" if place is None else str(place)
        times = tuple(folder_times.of_place(top + folder) for folder in folders) if top else ()
        is_known = any(times) and self._seen.get(name) == times
        if is_known:
            return True
        settled = any(times) and all(folder_times.is_settled(time_ns) for time_ns in times if time_ns)
        self._seen[name] = times if settled else ()
        return False

    def _read(self, run_ids: Collection[str]) -> Iterator[RunRow]:
        rows = pooling.each(self._store.files, self._try_read, sorted(run_ids))
        return (row for row in rows if row is not None)

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


def _is_full_listing_due(connection: sqlite3.Connection, now_s: float) -> bool:
    """Whether all runs were last listed long ago."""
    full_at = connection.execute("SELECT full_at FROM listings").fetchone()
    return full_at is None or not 0 <= now_s - full_at[0] < _LISTED_IN_FULL_EVERY_S


def _listed_since(connection: sqlite3.Connection) -> str:
    """Return after which run a listing of the newest begins."""
    oldest = connection.execute("SELECT run_id FROM searches ORDER BY run_id DESC LIMIT 1 OFFSET ?", [_LISTED_AGAIN])
    found = oldest.fetchone()
    return str(found[0]) if found else ""


def _unsettled(connection: sqlite3.Connection) -> set[str]:
    """Return the runs whose state may have changed."""
    open_states = [state for state in RunState if not state.ended]
    marks = ", ".join("?" * len(open_states))
    found = connection.execute(
        f"SELECT run_id FROM searches WHERE state IN ({marks}) UNION "
        "SELECT run_id FROM (SELECT run_id FROM searches WHERE state != ? ORDER BY run_id DESC LIMIT ?)",
        [*open_states, RunState.SUCCEEDED, _RECHECKED],
    )
    return {run_id for (run_id,) in found}


def _columns(row: RunRow) -> tuple[Any, ...]:
    data = msgspec.json.encode(row)
    return row.run_id, row.workflow, row.author, row.state.value, data, digest_bytes(data)


def _searched(row: RunRow) -> tuple[Any, ...]:
    said = " ".join(f"{name}={_short(value)}" for name, value in row.parameters.items())
    text = f"{row.run_id} {row.workflow}@{row.version_number} {row.author} {row.backend} {said} {row.sentence}"
    shown = text[:_SEARCHED_CHARACTERS].lower().encode("utf-8", "replace").decode()
    return row.run_id, row.workflow, row.version_number, row.author, row.state.value, row.backend, shown


def _short(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _mark(row: RunRow) -> str:
    return row.ended_at.isoformat() if row.ended_at is not None else ""


def _row(data: bytes, digest: str) -> RunRow:
    if not isinstance(data, bytes) or digest_bytes(data) != digest:
        raise _DamagedRowError("a row doesn't match its digest")
    return msgspec.json.decode(data, type=RunRow)


def _is_damage(exc: Exception) -> bool:
    """Whether making the file anew helps: not against a full or read-only disk or a lock held too long."""
    return not isinstance(exc, sqlite3.OperationalError)
