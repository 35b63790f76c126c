"""Clear a namespace of what ended runs left: report, delete, and see that it is gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from taskcell import errors
from taskcell.api import configuration
from taskcell.api.runs import runs
from taskcell.model.runs import RunState
from taskcell.store.opening import Store
from taskcell.views import words

if TYPE_CHECKING:
    from taskcell.backends.kubernetes import remains

GONE_WITHIN_S = 30.0
"""How long is waited for pods to end. Unit: seconds."""
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What could go, and went unless it was a dry run.

    ``kept`` counts what bears our labels and stays; ``lingering`` what was deleted and takes longer to end.
    """

    namespace: str
    items: tuple[remains.Remain, ...]
    kept: int
    dry_run: bool
    lingering: int = 0

    def to_text(self, width: int = 100) -> str:
        """Say it for a terminal."""
        lines = [
            f"Namespace {self.namespace}: {self._counted()} of ended runs; {self.kept} that are still needed stay."
        ]
        lines += [f"  {item.kind} {item.name}: {item.why}" for item in self.items[:_SHOWN]]
        if len(self.items) > _SHOWN:
            lines.append(f"  and {len(self.items) - _SHOWN} more")
        if self.dry_run and self.items:
            lines.append("Nothing was deleted; to delete it, leave --dry-run out.")
        elif self.items:
            lines.append(f"Deleted; {self.lingering} take longer to end." if self.lingering else "Deleted.")
        return "\n".join(lines)

    def _counted(self) -> str:
        jobs = sum(item.kind == "job" for item in self.items)
        return f"{words.plural(jobs, 'Job')} and {words.plural(len(self.items) - jobs, 'pod')}"

    def to_data(self) -> dict[str, Any]:
        """Return it in JSON form."""
        remains = [{"kind": item.kind, "name": item.name, "run": item.run_id, "why": item.why} for item in self.items]
        return {
            "namespace": self.namespace,
            "remains": remains,
            "kept": self.kept,
            "dry_run": self.dry_run,
            "lingering": self.lingering,
        }


def sweep(*, dry_run: bool = False, store: str | None = None, project: str | None = None) -> Sweep:
    """Delete the Jobs and pods of ended runs from the project's namespace. Records and schedules stay.

    Raises
    ------
    BackendError
        When the cluster can't be asked, or forbids it.
    """
    from taskcell.backends.kubernetes import clients, naming, remains

    where = configuration.store(store=store, project=project)
    settings = configuration.settings(project=where.project)
    mine = settings.kubernetes
    cluster = clients.Cluster(mine.context, naming.namespace(mine.namespace, settings.project))
    place = remains.Namespace(cluster)
    jobs, pods = place.items()
    found = tuple(remains.found(jobs, pods, _states(where)))
    jobs_left = len(jobs) - sum(item.kind == "job" for item in found)
    lingering = 0
    if not dry_run:
        for item in found:
            place.delete(item)
        # A Job that was deleted a moment ago may be gone before its pods are even told to.
        going = {job["metadata"]["name"] for job in jobs if _is_going(job)}
        lingering = _await(place, going | {item.name for item in found})
    return Sweep(namespace=cluster.namespace, items=found, kept=jobs_left, dry_run=dry_run, lingering=lingering)


def _states(where: Store) -> Callable[[str], RunState | None]:
    @cache
    def state_of(run_id: str) -> RunState | None:
        try:
            return runs.run(run_id, store=where.url, project=where.project).state
        except (errors.NotFoundError, errors.InvalidInputError):
            return None

    return state_of


def _await(place: remains.Namespace, deleted: set[str]) -> int:
    """Wait until what was deleted is gone, by us or shortly before, pods of Jobs too; return how many are not."""
    deadline = time.monotonic() + GONE_WITHIN_S
    while True:
        jobs, pods = place.items()
        left = [item for item in (*jobs, *pods) if deleted & _names(item) or _is_going(item)]
        if not left or time.monotonic() >= deadline:
            return len(left)
        time.sleep(0.5)


def _is_going(item: dict[str, Any]) -> bool:
    return "deletionTimestamp" in item["metadata"]


def _names(item: dict[str, Any]) -> set[str]:
    labels = item["metadata"].get("labels") or {}
    return {item["metadata"]["name"], str(labels.get("job-name", ""))}
