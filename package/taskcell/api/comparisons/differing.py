"""Versions side by side: what changed from one to the next, as data for a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from taskcell import environment
from taskcell.api import evidence
from taskcell.api.versions import snapshots, versions
from taskcell.hashing import Digest
from taskcell.model.tasks import CaptureKind, Parameter, Task
from taskcell.model.versions import Environment, Version
from taskcell.store import index, paths
from taskcell.store.opening import Store
from taskcell.views import bundles, comparing, diffs
from taskcell.views import versions as version_views
from taskcell.views.comparing import CodeDiff, Row


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
        version_row(
            version,
            tags=tags.get(version.number, ()),
            changes=changes.of(version),
            runs=counts.get(version.number, 0),
            current=version.digest == current,
        )
        for version in found[:limit]
    ]
    return version_views.VersionList(
        workflow=name, versions=tuple(rows), shown_at=datetime.now(UTC), more=max(0, len(found) - limit)
    )


def version_row(
    version: Version,
    *,
    tags: Sequence[str] = (),
    changes: version_views.VersionChanges | None = None,
    runs: int | None = None,
    current: bool = False,
) -> version_views.VersionRow:
    """Return one version as a row of a list."""
    return version_views.VersionRow(
        number=version.number,
        digest=version.digest,
        created_at=version.created_at,
        author=version.author,
        message=version.message,
        tags=tuple(sorted(tags)),
        commit=version.git.commit if version.git else "",
        dirty=version.git.dirty if version.git else False,
        branch=version.git.branch if version.git else "",
        changes=changes,
        runs=runs,
        current=current,
    )


def changes_of(where: Store, version: Version) -> version_views.VersionChanges | None:
    """Return what differs from the version numbered one lower; None for the first."""
    return _Changes(where).of(version)


def _runs_by_version(where: Store, name: str) -> dict[int, int]:
    listing = index.RunIndex(where)
    listing.search(index.Search(workflow=name, limit=1))
    return listing.version_counts(name)


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


# -- two versions ----------------------------------------------------------------------------------------------------

_TEXT_KINDS = (CaptureKind.FUNCTION, CaptureKind.CLASS, CaptureKind.CONSTANT, CaptureKind.MODULE, CaptureKind.IMPORT)


def code_differences(where: Store, old: Version, new: Version) -> Iterator[CodeDiff]:
    """Yield how the code of tasks, and of what they reach, differs between two versions."""
    before = {task.name: task for task in versions.workflow(where, old).tasks}
    after = {task.name: task for task in versions.workflow(where, new).tasks}
    for name in dict.fromkeys([*before, *after]):
        left, right = before.get(name), after.get(name)
        if left is not None and right is not None and _same_text(left, right):
            continue
        was, now = (evidence.source_of(task) if task else "" for task in (left, right))
        yield CodeDiff(task=name, old=old.ref, new=new.ref, lines=diffs.diff_lines(was, now))
    reached = [_reached(tasks) for tasks in (before, after)]
    for key in dict.fromkeys([*reached[0], *reached[1]]):
        one, other = (found.get(key, ("", "")) for found in reached)
        if one[0] != other[0]:
            yield CodeDiff(
                task=f"{key[0]} {key[1]}", old=old.ref, new=new.ref, lines=diffs.diff_lines(one[1], other[1])
            )


def _same_text(left: Task, right: Task) -> bool:
    return left.code == right.code and evidence.header_of(left) == evidence.header_of(right)


def _reached(tasks: Mapping[str, Task]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return digest and text of what tasks reach, by kind and name."""
    return {
        (str(item.kind), item.name): (item.digest, item.source)
        for task in tasks.values()
        for item in task.captures
        if item.kind in _TEXT_KINDS
    }


def parameter_rows(where: Store, old: Version | None, new: Version) -> Iterator[Row]:
    """Yield defaults of parameters side by side; of one version alone, its own."""
    sides = [versions.parameters(where, version) for version in (old, new) if version is not None]
    tables = [{item.name: item.default for item in side} for side in sides]
    for name in dict.fromkeys(name for table in tables for name in table):
        yield comparing.row(name, [bundles.plain(table.get(name)) for table in tables])


def environment_rows(where: Store, old: Version | None, new: Version) -> Iterator[Row]:
    """Yield interpreter, platform and distributions that differ between two versions."""
    if old is None or old.environment == new.environment:
        return
    sides = [versions.recorded_environment(where, version) for version in (old, new)]
    for change in environment.difference(*sides):
        yield comparing.row(change.name.lstrip(":"), [change.old, change.new])
