"""Take one attempt from its order to its committed record. Runs in a worker, on a laptop as in a pod."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from taskcell import analysis, errors
from taskcell.backends import memory, scratch
from taskcell.backends.contracts import TaskOrder, Tell, WorkerNews
from taskcell.backends.local import processes
from taskcell.cache.results import Found, Results
from taskcell.engine import claiming, composing, drafts, ending, exchanging, logs, ordering
from taskcell.environment import installed_version
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheEntry
from taskcell.model.handover import InsideOrder, InsideResult
from taskcell.model.runs import AttemptEnd, Plan, TaskError, TaskState
from taskcell.model.tasks import Task
from taskcell.notebook import writing
from taskcell.store import paths, pooling
from taskcell.store.opening import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    outputs: dict[str, Artifact]
    displays: Digest | None
    notebook: dict[str, Any]
    error: TaskError | None
    notices: tuple[str, ...]
    dropped: dict[str, str]
    randomness: tuple[str, ...] = ()


def _silent(news: WorkerNews, order_id: str) -> None:
    """Tell nobody."""


class Executor:
    """Executes orders of one run, one after the other.

    ``tell`` hears when a body begins and when it has been executed, and when its record is committed.
    """

    def __init__(
        self,
        store: Store,
        plan: Plan,
        *,
        trusted: bool,
        tell: Tell = _silent,
        claims: claiming.Claims | None = None,
    ) -> None:
        self._store = store
        self._plan = plan
        self._results = Results(store)
        self._trusted = trusted
        self._tell = tell
        self._claims = claims or claiming.Claims(store, plan.run_id)

    def execute(self, order: TaskOrder) -> None:
        """Execute an order and those that go along with it, each once the one before has succeeded.

        Of each the record is committed, then told. An attempt that another worker has claimed is left alone.
        """
        outputs: dict[tuple[str, str], Artifact] = {}
        self._fetch_ahead([following.task for following in order.then])
        end = self._one(order)
        for following in order.then:
            if end is None or end.state is not TaskState.SUCCEEDED:
                return
            outputs.update(((end.task_id, name), artifact) for name, artifact in end.outputs.items())
            if not outputs.keys() >= set(following.awaits.values()):
                return  # one was not kept: the driver says so
            inputs = following.inputs | {name: outputs[source] for name, source in following.awaits.items()}
            end = self._one(ordering.bound(following, self._task(following), inputs, installed_version))

    def _one(self, order: TaskOrder) -> AttemptEnd | None:
        """Execute one order; return what is recorded, None where that is another worker's affair."""
        started = datetime.now(UTC)
        with self._claims.of(order, started) as turn:
            end = self._claimed(order, started, turn) if turn is not None else None
            # The driver need not wait until what is held is given up, which are requests of their own.
            self._tell(WorkerNews.DONE, order.id)
        return end

    def _claimed(self, order: TaskOrder, started: datetime, turn: Callable[[], Found]) -> AttemptEnd:
        clock = time.perf_counter()
        try:
            end = self._shared(order, started, clock, turn)
        except errors.TaskcellError as exc:
            error = TaskError(kind=exc.code, sentence=" ".join(str(exc).split()))
            end = ending.of_order(order, started, time.perf_counter() - clock, state=TaskState.FAILED, error=error)
        except Exception as exc:  # noqa: BLE001  the attempt's record is the place where it is told
            end = ending.of_order(
                order, started, time.perf_counter() - clock, state=TaskState.FAILED, error=_unexpected(exc)
            )
        return ending.commit(self._store, order.run_id, end)

    def _shared(self, order: TaskOrder, started: datetime, clock: float, turn: Callable[[], Found]) -> AttemptEnd:
        """Execute when nobody else computes the key, or take the result of whoever did."""
        found = turn()
        if found.entry is not None:
            return ending.of_hit(order, found.entry, started, time.perf_counter() - clock)
        if found.notice:
            order = msgspec.structs.replace(order, notices=(*order.notices, found.notice))
        return self._committed(order, started, clock)

    def _committed(self, order: TaskOrder, started: datetime, clock: float) -> AttemptEnd:
        self._tell(WorkerNews.BEGUN, order.id)
        with logs.LogWriter(self._store, order.run_id, order.task_id, order.attempt) as log:
            outcome = self._executed(order, log)
        if outcome.error is not None:
            seconds = time.perf_counter() - clock
            return ending.of_order(
                order, started, seconds, state=TaskState.FAILED, error=outcome.error, notices=outcome.notices
            )
        end = ending.of_order(
            order,
            started,
            time.perf_counter() - clock,
            state=TaskState.SUCCEEDED,
            outputs=outcome.outputs,
            displays=outcome.displays,
            notices=outcome.notices,
            randomness=outcome.randomness,
        )
        return self._published(order, end, outcome.dropped)

    def _published(self, order: TaskOrder, end: AttemptEnd, dropped: dict[str, str]) -> AttemptEnd:
        """Commit to the cache; the first commit of a key wins, and a later one takes its outputs."""
        if order.key is None or not order.write_cache:
            return end
        mine = CacheEntry(
            key=order.key,
            parts=order.parts,
            task_name=order.task_id,
            task=order.task,
            outputs=end.outputs,
            run_id=order.run_id,
            author=self._plan.author,
            created_at=end.ended_at,
            duration_s=end.duration_s,
            displays=end.displays,
            dropped=dropped,
        )
        winner = self._results.commit(mine)
        if order.use_cache and winner.outputs != mine.outputs:
            return msgspec.structs.replace(end, outputs=winner.outputs, displays=winner.displays)
        return end

    def _executed(self, order: TaskOrder, log: logs.LogWriter) -> _Outcome:
        task = self._task(order)
        folder = scratch.make(order.run_id, order.task_id, order.attempt)
        before = memory.usage()
        draft = drafts.Drafts(self._store, order.run_id, order.task_id, order.attempt)
        may_have_left = True
        try:
            values = {item.name: item.artifact for item in task.captures if item.artifact is not None}
            exchange = exchanging.Exchange(self._store, folder, [*order.inputs.values(), *values.values()])
            self._prepare(folder, task, order, values, exchange)
            composed = composing.task_notebook(task, order, self._plan, self._store.url)
            isolation, working = task.options.isolation or self._plan.isolation, _folder(self._plan)
            from taskcell.engine import notebooks  # papermill with it

            executed = notebooks.execute(
                composed,
                scratch=folder,
                parameters=dict(order.parameters),
                folder=working,
                timeout_s=task.options.timeout_s,
                environ={
                    processes.MARK: str(folder / "order.json"),
                    "TASKCELL_STORE": self._store.url,
                    "TASKCELL_PROJECT": self._store.project,
                    "TASKCELL_READ_CACHE": "1" if order.use_cache else "0",
                },
                listener=log.write,
                isolation=isolation,
                imported=self._plan.imports,
                draft=draft,
            )
            may_have_left = executed.may_have_left
            outcome = _explained(self._read(folder, executed, task), before, memory.usage())
            self._tell(WorkerNews.EXECUTED, order.id)
            kept = self._kept(order, outcome, writing.body_outputs(executed.notebook), exchange)
            draft.close()
            return kept
        finally:
            if may_have_left:
                # What a task leaves running ends with it, also what gave up its parent or its session.
                processes.kill_marked(f"{folder}{os.sep}")
            shutil.rmtree(folder, ignore_errors=True)

    def _task(self, order: TaskOrder) -> Task:
        return msgspec.json.decode(self._store.blobs.get(order.task), type=Task)

    def _fetch_ahead(self, addresses: Sequence[Digest]) -> None:
        """Fetch tasks that come next while something else is executed; what fails is told when they come."""
        files = self._store.files
        if not addresses or files.copies is None:
            return

        def fetch() -> None:
            with contextlib.suppress(errors.TaskcellError):
                pooling.each(files, self._store.blobs.get, addresses)

        threading.Thread(target=fetch, name="taskcell-ahead", daemon=True).start()

    def _kept(
        self, order: TaskOrder, outcome: _Outcome, shown: list[dict[str, object]], exchange: exchanging.Exchange
    ) -> _Outcome:
        """Store what was executed, and of a success what came out and what was shown."""
        displays: list[Digest | None] = [None]

        def keep_notebook() -> None:
            path = paths.notebook(order.run_id, order.task_id, order.attempt)
            try:
                self._store.project_files.create(path, writing.dump_notebook(outcome.notebook))
            except errors.AlreadyExistsError:
                if not order.brief:
                    raise
                # An attempt that nobody claims may have been executed before, by a worker that died before its end.

        def keep_displays() -> None:
            displays[0] = self._results.put_displays(shown)

        if outcome.error is not None:
            keep_notebook()
            return outcome
        exchange.settle(outcome.outputs.values(), keep_notebook, keep_displays)
        return dataclasses.replace(outcome, displays=displays[0])

    def _prepare(
        self, folder: Path, task: Task, order: TaskOrder, values: dict[str, Artifact], exchange: exchanging.Exchange
    ) -> None:
        composing.write_modules(task, folder / "modules")
        inside = InsideOrder(
            store=exchange.url,
            project=self._store.project,
            trusted=self._trusted,
            is_own=exchange.is_own,
            scratch=str(folder),
            inputs=order.inputs,
            outputs=task.outputs,
            stated=task.stated,
            seed=order.seed,
            values=values,
        )
        (folder / "order.json").write_bytes(msgspec.json.encode(inside))

    def _read(self, folder: Path, executed: Any, task: Task) -> _Outcome:
        answer = folder / "result.json"
        error = composing.explain(executed)
        if error is None and not answer.exists():
            error = TaskError(kind="exception", sentence="the cell left the interpreter before its end (SystemExit)")
        result = (
            InsideResult(outputs={})
            if error is not None
            else msgspec.json.decode(answer.read_bytes(), type=InsideResult)
        )
        notices = list(ending.not_kept(result.dropped))
        notices += [
            f"input {name} was changed in place; the change is not part of the result, and nobody else sees it"
            for name in result.changed
        ]
        return _Outcome(
            outputs=result.outputs,
            displays=None,
            notebook=executed.notebook,
            error=error,
            notices=tuple(notices),
            dropped=result.dropped,
            randomness=analysis.unseeded(task.sources, result.drawn),
        )


def _explained(outcome: _Outcome, before: memory.Usage | None, after: memory.Usage | None) -> _Outcome:
    """Say that a process which was killed was killed for want of memory, where the system says so."""
    if outcome.error is None or outcome.error.kind != "killed" or before is None or after is None:
        return outcome
    if after.killed <= before.killed:
        return outcome
    return dataclasses.replace(outcome, error=memory.out_of_memory(after.limit_bytes, after.peak_bytes))


def _unexpected(exc: Exception) -> TaskError:
    """Tell of what nobody foresaw, such as a temporary folder that is full."""
    if isinstance(exc, OSError):
        place = f" ({exc.filename})" if exc.filename else ""
        return TaskError(kind="worker", sentence=f"its worker could not go on: {exc.strerror or exc}{place}")
    words = "".join(traceback.format_exception(exc))
    return TaskError(kind="internal", sentence=f"a fault of Taskcell's: {type(exc).__name__}: {exc}", traceback=words)


def _folder(plan: Plan) -> Path:
    folder = Path(plan.folder) if plan.folder else Path.cwd()
    return folder if folder.is_dir() else Path.cwd()
