"""Runs: in a list, one of them closely, and what can be done with it."""

from __future__ import annotations

from datetime import UTC, datetime

from taskcell.api.feeds import indexes, pictures, readings, requests
from taskcell.api.feeds.contracts import Context
from taskcell.store.index import Search
from taskcell.views.runs import RunList, RunRow, RunView


def listed(context: Context, params: requests.ListRuns) -> RunList:
    """Answer ``runs.list``."""
    known, wanted = indexes.states_of(params.state)
    before, kept = params.before.upper(), list[RunRow]()
    more = True
    while len(kept) < params.limit and more:
        search = Search(
            words=indexes.words_of(params.q),
            workflow=params.workflow,
            author=params.author,
            states=known,
            before=before,
            limit=params.limit + 1 - len(kept),
            interactive=params.interactive,
        )
        found = indexes.search(context, search)
        more = len(found) == search.limit
        page = found[: params.limit - len(kept)]
        kept += [row for row in indexes.rows(context, page) if wanted is None or row.state.value == wanted.value]
        if not page:
            break
        before = page[-1].run_id
        more = more or len(found) > len(page)
        if indexes.run_index(context).unread:
            break
    unread = indexes.run_index(context).unread
    if unread and not more:  # what comes next is not known yet: it is to be asked again, from where all is known
        more, before = True, before or indexes.run_index(context).read_down_to
    return RunList(runs=tuple(kept), shown_at=datetime.now(UTC), next=before if more else "", unread=unread)


def one(context: Context, params: requests.GetRun) -> RunView:
    """Answer ``runs.get``."""
    return pictures.picture(context, params.run).view(with_places=params.placed)


def cancel(context: Context, params: requests.OneRun) -> RunView:
    """Answer ``runs.cancel``."""
    found = readings.reading(context, params.run)
    found.run.cancel()
    return pictures.picture(context, params.run).view(with_places=False)


def resume(context: Context, params: requests.OneRun) -> RunView:
    """Answer ``runs.resume``."""
    found = readings.reading(context, params.run)
    found.run.resume()
    return pictures.picture(context, params.run).view(with_places=False)
