"""Executing runs again, and what that came to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

from taskcell import errors
from taskcell.api.comparisons import reproducing
from taskcell.api.comparisons.judging import ReproductionRecord
from taskcell.api.feeds import indexes, readings, requests, results
from taskcell.api.feeds.contracts import Context
from taskcell.store import index, paths
from taskcell.store.index import Search
from taskcell.views.reproductions import OutputVerdict, ReproductionView, Verdict

_LOOKED_AT = 200
"""Newest runs of a workflow among which those are looked for that reproduce one of them."""


def reproduce(context: Context, params: requests.Reproduce) -> results.Launched:
    """Answer ``runs.reproduce``."""
    original = readings.reading(context, params.run).run
    run, _ = reproducing.begin(original, env=params.environment, again=params.again, say=lambda _: None)
    plan = run.plan
    return results.Launched(
        run=run.id, workflow=f"{plan.workflow}@{plan.version_number}", link=run.link, backend=plan.backend
    )


def state(context: Context, params: requests.OneRun) -> results.ReproductionState:
    """Answer ``runs.verdict``: the newest verdict; one on a run that has just ended is made and recorded."""
    plan = readings.reading(context, params.run).run.plan
    original = plan.reproduces or params.run
    again = list(_again(context, plan.workflow, original))
    running = tuple(row.run_id for row in again if not row.state.ended and not _has_ended(context, row.run_id))
    ended = [str(row.run_id) for row in again if row.run_id not in running]
    if plan.reproduces:
        ended = [params.run] if params.run not in running else []
    known = newest_records(context, original)
    for run_id in ended[:1]:
        if run_id not in known:
            return results.ReproductionState(run=original, reproduction=_judged(context, run_id), running=running)
    chosen = known.get(params.run) if plan.reproduces else next(reversed(known.values()), None)
    found = of_record(original, _title(context, original, plan.workflow), chosen) if chosen is not None else None
    return results.ReproductionState(run=original, reproduction=found, running=running)


def _has_ended(context: Context, run_id: str) -> bool:
    return readings.reading(context, run_id).status().state.ended


def _again(context: Context, workflow: str, original: str) -> Iterator[index.RunRow]:
    for row in indexes.search(context, Search(workflow=workflow, limit=_LOOKED_AT), now=True):
        if row.reproduces == original:
            yield row


def _judged(context: Context, run_id: str) -> ReproductionView:
    key = (context.store.url, run_id)
    run = readings.reading(context, run_id).run
    made: ReproductionView = context.memory.get("verdicts", key, lambda: reproducing.judge(run).view)
    return made


def newest_records(context: Context, original: str) -> dict[str, ReproductionRecord]:
    """Return the recorded verdicts on a run by the run that repeated it, the newest last."""
    records = context.store.records
    folder = paths.reproductions(original)
    found: dict[str, ReproductionRecord] = {}
    for number in records.numbers(folder):
        record = records.try_read(paths.numbered(folder, number), ReproductionRecord)
        if record is not None:
            found.pop(record.run_id, None)
            found[record.run_id] = record
    return found


def newest(context: Context, original: str, workflow: str) -> ReproductionView | None:
    """Return the newest recorded verdict on a run, or None."""
    records = newest_records(context, original)
    return of_record(original, workflow, next(reversed(records.values()))) if records else None


def _title(context: Context, run_id: str, otherwise: str) -> str:
    try:
        plan = readings.reading(context, run_id).run.plan
    except errors.NotFoundError:
        return otherwise
    return f"{plan.workflow}@{plan.version_number}"


def of_record(original: str, workflow: str, record: ReproductionRecord) -> ReproductionView:
    """Return a recorded verdict as a view: without previews of the values, which are not looked at again."""
    return ReproductionView(
        run=original,
        reproduced_by=record.run_id,
        workflow=workflow,
        verdict=cast(Verdict, record.verdict),
        sentence=record.sentence,
        shown_at=datetime.now(UTC),
        created_at=record.created_at,
        outputs=tuple(_output(name, verdict) for name, verdict in record.outputs.items()),
        diverged=record.first_difference,
        cause=record.cause,
        environment=record.environment,
    )


def _output(name: str, verdict: str) -> OutputVerdict:
    task, separator, output = name.rpartition(": ")
    return OutputVerdict(task=task if separator else "", name=output, verdict=cast(Verdict, verdict))
