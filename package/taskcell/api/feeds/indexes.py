"""The index of a store's runs, one a process, and its rows as views show them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from taskcell import errors
from taskcell.api import showing
from taskcell.api.feeds import pictures, readings
from taskcell.api.feeds.contracts import Context
from taskcell.model.runs import RunState
from taskcell.store import index
from taskcell.store.index import RunIndex, Search
from taskcell.views import bundles
from taskcell.views.runs import RunRow
from taskcell.views.states import State

_LOG = logging.getLogger(__name__)

_NEAR_FRESH_S = 0.3
_FAR_FRESH_S = 2.0
"""How old a listing may be: where each look is a request, and elsewhere."""
_PATIENCE_S = 0.2
"""What one page may spend on reading runs that the index has never seen."""
_PAUSE_S = 0.01
_COUNTED_TASKS = 500
"""Planned tasks of a run up to which a list says how many are done."""
_COUNTING_S = 0.25
"""What one page may spend on counting tasks of runs that it has not seen before."""


def run_index(context: Context) -> RunIndex:
    """Return the index, which all askers share; raise StoreError when the store is gone."""
    where = context.store
    if where.format() is None and context.memory.get("founded", where.url, lambda: [False])[0]:
        raise readings.unknown_run(where, "")
    if where.format() is not None:
        context.memory.get("founded", where.url, lambda: [False])[0] = True
    return context.memory.get("indexes", (where.url, where.project), lambda: RunIndex(where))


def fresh_s(context: Context) -> float:
    """Return how old a listing may be. Unit: seconds."""
    return _NEAR_FRESH_S if context.store.files.copies is None else _FAR_FRESH_S


def search(context: Context, wanted: Search, *, now: bool = False) -> list[index.RunRow]:
    """Return runs from the index, caught up with the store; of one that was never read, what a moment gives.

    Whatever is unread afterwards is read in the background. ``now``: nothing is remembered of a moment ago.
    """
    found = run_index(context)
    rows = found.search(wanted, fresh_s=0.0 if now else fresh_s(context), patience_s=_PATIENCE_S)
    if found.unread:
        where = context.store
        context.memory.get("reading on", (where.url, where.project), _ReadingOn).begin(found)
    return rows


class _ReadingOn:
    """Reads what a first listing left unread, a little at a time, so that questions are answered in between."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, found: RunIndex) -> None:
        """Read in a thread, unless one does."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._read, args=(found,), name="taskcell-index", daemon=True)
                self._thread.start()

    def _read(self, found: RunIndex) -> None:
        try:
            while found.read_on():
                time.sleep(_PAUSE_S)
        except errors.TaskcellError as exc:
            _LOG.warning("Older runs are not read just now: %s", exc)  # the next question begins again


def words_of(query: str) -> tuple[str, ...]:
    """Return the words that are all to be found."""
    return tuple(query.split())[:20]


def states_of(text: str) -> tuple[tuple[RunState, ...], RunState | None]:
    """Return in which states the index may have the runs of a state, and that state; raise InvalidInputError.

    The index does not know which drivers are dead: an interrupted run is running there.
    """
    if not text:
        return (), None
    try:
        state = RunState(text)
    except ValueError:
        raise errors.InvalidInputError(
            f"There is no state {text[:40]!r} of a run.", remedy=f"States are: {', '.join(RunState)}."
        ) from None
    if state.ended and state is not RunState.INTERRUPTED:
        return (state,), state
    return (RunState.PENDING, RunState.RUNNING, RunState.INTERRUPTED), state


def rows(context: Context, found: Iterable[index.RunRow]) -> Iterator[RunRow]:
    """Yield runs as a list shows them; of those that have not ended, as they stand now."""
    listed = list(found)
    kept = run_index(context).kept_counts(listed)
    now, deadline = datetime.now(UTC), time.monotonic() + _COUNTING_S
    for item in listed:
        yield _row(context, item, now, kept.get(item.run_id), may_count=time.monotonic() < deadline)


def _row(
    context: Context, item: index.RunRow, now: datetime, kept: dict[str, int] | None, *, may_count: bool
) -> RunRow:
    state, sentence, ended_at, counts = item.state, item.sentence, item.ended_at, kept or {}
    if kept is None and (not item.state.ended or (may_count and item.task_count <= _COUNTED_TASKS)):
        try:
            status = readings.reading(context, item.run_id).status()
        except (errors.NotFoundError, errors.FormatError):
            pass  # it has just gone, or is damaged: what is said of it is what was known
        else:
            state, sentence, ended_at = status.state, status.sentence, status.ended_at
            counts = pictures.counts(list(showing.folded(status)))
            if status.ended_at == item.ended_at:
                run_index(context).keep_counts(item, counts)
    end = now if not state.ended else ended_at
    return RunRow(
        id=item.run_id,
        workflow=f"{item.workflow}@{item.version_number}" if item.version_number else item.workflow,
        state=State(state),
        created_at=item.created_at,
        author=item.author,
        duration_s=(end - item.created_at).total_seconds() if end else None,
        backend=item.backend,
        parameters=bundles.plain(item.parameters),
        counts=counts,
        sentence=sentence if state.ended and state is not RunState.SUCCEEDED else "",
        ended_at=ended_at,
        reproduces=item.reproduces or "",
    )
