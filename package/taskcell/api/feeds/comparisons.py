"""Runs side by side."""

from __future__ import annotations

import msgspec

from taskcell import errors
from taskcell.api.comparisons import comparing
from taskcell.api.feeds import readings, requests
from taskcell.api.feeds.contracts import Context
from taskcell.views import bundles
from taskcell.views.comparing import Comparison, Row

_KEPT = 16


def compare(context: Context, params: requests.Compare) -> Comparison:
    """Answer ``comparisons.get``; the baseline comes first."""
    ids = list(dict.fromkeys(params.runs.split(",")))
    if params.baseline:
        if params.baseline not in ids:
            raise errors.InvalidInputError(
                f"{params.baseline} is none of the runs that are compared.", remedy=f"They are: {', '.join(ids)}."
            )
        ids.sort(key=lambda run_id: run_id != params.baseline)
    found = [readings.reading(context, run_id) for run_id in ids]
    statuses = [reading.status() for reading in found]

    def compared() -> Comparison:
        return plain(comparing.compare(*(reading.run for reading in found)).view)

    if not all(status.state.ended for status in statuses):
        return compared()
    key = (context.store.url, context.store.project, *ids, *(status.epoch for status in statuses))
    return context.memory.get("comparisons", key, compared, most=_KEPT)


def plain(view: Comparison) -> Comparison:
    """Return a comparison whose cells every JSON reader takes: not-a-number by its name."""

    def cells(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(msgspec.structs.replace(row, cells=tuple(bundles.plain(row.cells))) for row in rows)

    return msgspec.structs.replace(view, parameters=cells(view.parameters), metrics=cells(view.metrics))
