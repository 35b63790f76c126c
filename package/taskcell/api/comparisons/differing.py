"""Versions side by side: what changed from one to the next, as data for a list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from taskcell import environment
from taskcell.api.versions import snapshots, versions
from taskcell.engine import states
from taskcell.hashing import Digest
from taskcell.model.tasks import Parameter, Task
from taskcell.model.versions import Environment, Version
from taskcell.store import index, paths
from taskcell.store.opening import Store
from taskcell.views import versions as version_views


def version_list(
    where: Store, found: Sequence[Version], *, current: Digest | None = None, limit: int = 50
) -> version_views.VersionList:
    """Return versions of one workflow, the newest first, each with its differences to the one before.

    Parameters
    ----------
    where
        Where they are stored.
    found
        Versions of one workflow, at least one.
    current
        Digest of the notebook as it stands, to mark its version.
    limit
        How many are shown at most.
    """
    name = found[0].workflow
    tags: dict[int, list[str]] = {}
    for tag, number in versions.tags(where, name).items():
        tags.setdefault(number, []).append(tag)
    counts = _runs_by_version(where, name)
    changes = _Changes(where)
    rows = [
        version_views.VersionRow(
            number=version.number,
            digest=version.digest,
            created_at=version.created_at,
            author=version.author,
            message=version.message,
            tags=tuple(sorted(tags.get(version.number, ()))),
            commit=version.git.commit if version.git else "",
            dirty=version.git.dirty if version.git else False,
            branch=version.git.branch if version.git else "",
            changes=changes.of(version),
            runs=counts.get(version.number, 0),
            current=version.digest == current,
        )
        for version in found[:limit]
    ]
    return version_views.VersionList(
        workflow=name, versions=tuple(rows), shown_at=datetime.now(UTC), more=max(0, len(found) - limit)
    )


def _runs_by_version(where: Store, name: str) -> dict[int, int]:
    counts: dict[int, int] = {}
    for row in index.RunIndex(where).runs(workflow=name, limit=1_000_000):
        if row.backend != states.INTERACTIVE:
            counts[row.version_number] = counts.get(row.version_number, 0) + 1
    return counts


class _Changes:
    """Differences of versions to the ones before; each blob is read once."""

    def __init__(self, where: Store) -> None:
        self._where = where
        self._identities: dict[Digest, Digest] = {}

    def of(self, version: Version) -> version_views.VersionChanges | None:
        """Return what differs from the version numbered one lower; None for the first."""
        if version.number <= 1:
            return None
        path = paths.version(version.workflow, version.number - 1)
        before = self._where.records.try_read(path, Version)
        return None if before is None else self.between(before, version)

    def between(self, old: Version, new: Version) -> version_views.VersionChanges:
        """Return what differs between two versions, in words."""
        left, right = dict(old.tasks), dict(new.tasks)
        common = [name for name in right if name in left and left[name] != right[name]]
        return version_views.VersionChanges(
            tasks_added=tuple(name for name in right if name not in left),
            tasks_removed=tuple(name for name in left if name not in right),
            tasks_changed=tuple(name for name in common if self._identity(left[name]) != self._identity(right[name])),
            parameters=_parameter_changes(versions.parameters(self._where, old), versions.parameters(self._where, new))
            if old.parameters != new.parameters
            else (),
            packages=environment_changes(
                versions.recorded_environment(self._where, old), versions.recorded_environment(self._where, new)
            )
            if old.environment != new.environment
            else (),
        )

    def _identity(self, address: Digest) -> Digest:
        """Return the digest of what a task means: comments and places do not count as changes."""
        if address not in self._identities:
            task = msgspec.json.decode(self._where.blobs.get(address), type=Task)
            self._identities[address] = snapshots.task_identity(task)
        return self._identities[address]


def _parameter_changes(old: Sequence[Parameter], new: Sequence[Parameter]) -> tuple[str, ...]:
    before = {item.name: item for item in old}
    after = {item.name: item for item in new}
    said = [f"+ {name} = {item.default!r}" for name, item in after.items() if name not in before]
    said += [f"− {name}" for name in before if name not in after]
    for name, item in after.items():
        earlier = before.get(name)
        if earlier is None:
            continue
        if earlier.annotation != item.annotation:
            said.append(f"{name}: {earlier.annotation} → {item.annotation}")
        if earlier.default != item.default:
            said.append(f"{name} {earlier.default!r} → {item.default!r}")
    return tuple(said)


def environment_changes(old: Environment, new: Environment) -> tuple[str, ...]:
    """Return the differences of two environments in words: ``pandas 2.2 → 2.3``."""
    return tuple(change_words(change.name, change.old, change.new) for change in environment.difference(old, new))


def change_words(name: str, old: str | None, new: str | None) -> str:
    """Say one difference: ``pandas 2.2 → 2.3``, ``+ polars 1.0``, ``− dask 2025.1``."""
    plain = name.lstrip(":")
    if old is None:
        return f"+ {plain} {new}"
    return f"− {plain} {old}" if new is None else f"{plain} {old} → {new}"
