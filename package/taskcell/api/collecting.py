"""Free what nothing refers to: report first, delete when asked."""

from __future__ import annotations

from typing import Any

from taskcell import errors
from taskcell.api import configuration
from taskcell.store import collecting
from taskcell.store.collecting import Collection
from taskcell.views import words


class Collected:
    """What a collection found, and freed unless it was a dry run; ``facts`` has the numbers."""

    def __init__(self, facts: Collection, url: str, budget_bytes: int | None) -> None:
        self.facts = facts
        self._url = url
        self._budget_bytes = budget_bytes

    @property
    def dry_run(self) -> bool:
        """Whether nothing was deleted."""
        return self.facts.dry_run

    @property
    def freed_bytes(self) -> int:
        """What was freed, or would be. Unit: bytes."""
        return self.facts.freed_bytes

    def to_text(self, width: int = 100) -> str:
        """Return the report for a terminal."""
        facts = self.facts
        lines = [
            f"Store {self._url}: {words.plural(facts.blob_count, 'blob')}, {words.size(facts.blob_bytes)}",
            f"  unreachable: {words.plural(facts.unreachable_count, 'blob')}, {words.size(facts.unreachable_bytes)}",
            f"  {self._cache_line()}",
        ]
        if facts.stale_count:
            stale = words.plural(facts.stale_count, "file")
            lines.append(f"  left by writers that died: {stale}, {words.size(facts.stale_bytes)}")
        lines += [f"    {example}" for example in facts.examples]
        if facts.missing:
            said = words.plural(len(facts.missing), "blob")
            lines.append(f"! {said} that records refer to can't be found, such as {facts.missing[0][:16]}…")
        return "\n".join([*lines, self._last_line()])

    def _cache_line(self) -> str:
        facts = self.facts
        held = f"results that only the cache holds: {words.size(facts.cache_bytes)} remain"
        if self._budget_bytes is None:
            return f"{held}, no budget is set"
        evicted = words.plural(facts.evicted_count, "result")
        return (
            f"{held} of a budget of {words.size(self._budget_bytes)}; "
            f"beyond it: {evicted}, {words.size(facts.evicted_bytes)}"
        )

    def _last_line(self) -> str:
        size = words.size(self.facts.freed_bytes)
        if not self.facts.dry_run:
            return f"Freed {size}."
        if not self.facts.freed_bytes:
            return "Nothing to free."
        return f"Would free {size}. Nothing was deleted; to free it: taskcell gc --yes, or taskcell.gc(dry_run=False)"

    def to_data(self) -> dict[str, Any]:
        """Return the numbers in JSON form."""
        import msgspec

        found: dict[str, Any] = msgspec.to_builtins(self.facts)
        return found

    def __repr__(self) -> str:
        return self.to_text()


def gc(
    *,
    dry_run: bool = True,
    budget_bytes: int | None = None,
    grace_s: float = 3600.0,
    store: str | None = None,
    project: str | None = None,
) -> Collected:
    """Find what nothing refers to any more, and free it when ``dry_run`` is False.

    Parameters
    ----------
    dry_run : bool
        Only report, which is the default: what is deleted can't be had again.
    budget_bytes : int, optional
        Size that results which only the cache holds may have; the oldest beyond it go. None: the setting
        ``cache_budget_bytes``, else no limit. Unit: bytes.
    grace_s : float
        Nothing that was stored or used within this time goes. Unit: seconds.

    Raises
    ------
    NotFoundError
        When there is no store yet.
    ConflictError
        When another collection is under way.
    """
    where = configuration.store(store=store, project=project)
    if where.format() is None:
        raise errors.NotFoundError(
            f"There is no store at {where.url} yet.", remedy="The first task, snapshot or launch makes one."
        )
    budget = configuration.settings(cache_budget_bytes=budget_bytes, project=project).cache_budget_bytes
    facts = collecting.collect(where, budget_bytes=budget, grace_s=grace_s, dry_run=dry_run)
    return Collected(facts, where.url, budget)
