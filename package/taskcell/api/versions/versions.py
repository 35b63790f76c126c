"""Find, list, tag, roll back and check out versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from taskcell import errors
from taskcell.api import configuration
from taskcell.api.versions import notebook_texts
from taskcell.hashing import Digest
from taskcell.model.tasks import Parameter, Task, Workflow
from taskcell.model.versions import Environment, TagMove, Version
from taskcell.notebook import provenance, quoting, reading, writing
from taskcell.store import paths
from taskcell.store.opening import Store

_NUMBERED = re.compile(r"(?P<name>.+)@(?P<number>\d{1,8})")
_DIGEST = re.compile(r"[0-9a-f]{6,64}")
_TAG = re.compile(r"[\w][\w.+-]{0,99}")


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """Which number a version's digest has."""

    number: int


# -- finding ---------------------------------------------------------------------------------------------------------


def names(where: Store) -> tuple[str, ...]:
    """Return the names of all workflows, sorted."""
    return tuple(sorted(paths.unquoted(paths.last(item.path)) for item in where.project_files.list(paths.workflows())))


def by_digest(where: Store, name: str, digest: Digest) -> Version | None:
    """Return the version of a workflow with that digest, or None."""
    found = where.records.try_read(paths.version_digest(name, digest), Numbered)
    return None if found is None else where.records.read(paths.version(name, found.number), Version)


def latest(where: Store, name: str) -> Version | None:
    """Return a workflow's newest version, or None."""
    found = where.records.latest(paths.versions(name), Version)
    return found[1] if found else None


def of_workflow(where: Store, name: str) -> tuple[Version, ...]:
    """Return all versions of a workflow, the newest first."""
    numbers = sorted(where.records.numbers(paths.versions(name)), reverse=True)
    return tuple(where.records.read(paths.version(name, number), Version) for number in numbers)


def find(where: Store, ref: str) -> Version:
    """Return the version that a reference means.

    Parameters
    ----------
    ref : str
        ``churn@3``, ``churn:prod``, ``churn`` (the newest), or a digest's first six or more digits.

    Raises
    ------
    NotFoundError
        When there is none; says what there is.
    """
    numbered = _NUMBERED.fullmatch(ref)
    if numbered:
        return _by_number(where, numbered["name"], int(numbered["number"]))
    name, separator, tag_name = ref.rpartition(":")
    if separator and name:
        move = tag_moves(where, name, tag_name)[-1]
        return _by_number(where, name, move.number)
    found = latest(where, ref) if _storable(ref) else None
    if found is not None:
        return found
    if _DIGEST.fullmatch(ref):
        return _by_prefix(where, ref)
    raise _unknown_workflow(where, ref)


def _storable(name: str) -> bool:
    try:
        paths.quoted(name)
    except errors.InvalidInputError:
        return False
    return True


def _by_number(where: Store, name: str, number: int) -> Version:
    found = where.records.try_read(paths.version(name, number), Version) if _storable(name) else None
    if found is not None:
        return found
    newest = latest(where, name) if _storable(name) else None
    if newest is None:
        raise _unknown_workflow(where, name)
    known = f"Its versions are {name}@1 to {newest.ref}" if newest.number > 1 else f"Its only version is {newest.ref}"
    raise errors.NotFoundError(
        f"Workflow {name!r} has no version {number}.",
        remedy=f"{known}; see: taskcell versions {name}",
        workflow=name,
    )


def _by_prefix(where: Store, prefix: str) -> Version:
    matches = [
        version for name in names(where) for version in of_workflow(where, name) if version.digest.startswith(prefix)
    ]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise errors.NotFoundError(
            f"No version has a digest that begins with {prefix}.", remedy="List versions with: taskcell versions"
        )
    listed = ", ".join(version.ref for version in matches)
    raise errors.InvalidInputError(
        f"{prefix} begins the digests of several versions: {listed}.", remedy="Name one of them."
    )


def _unknown_workflow(where: Store, name: str) -> errors.NotFoundError:
    known = names(where)
    hint = quoting.did_you_mean(name, known)
    listed = f"Workflows here: {', '.join(known)}." if known else f"The store {where.url} has no versions yet."
    return errors.NotFoundError(
        f"There is no workflow {quoting.shortened(name)!r}.", remedy=f"{hint} {listed}".strip(), workflow=name[:200]
    )


# -- contents --------------------------------------------------------------------------------------------------------


def workflow(where: Store, version: Version) -> Workflow:
    """Return the workflow that a version holds."""
    tasks = tuple(msgspec.json.decode(where.blobs.get(address), type=Task) for _, address in version.tasks)
    return Workflow(name=version.workflow, tasks=tasks, parameters=parameters(where, version))


def parameters(where: Store, version: Version) -> tuple[Parameter, ...]:
    """Return a version's parameter schema."""
    return msgspec.json.decode(where.blobs.get(version.parameters), type=tuple[Parameter, ...])


def recorded_environment(where: Store, version: Version) -> Environment:
    """Return the environment that a version was taken in."""
    return msgspec.json.decode(where.blobs.get(version.environment), type=Environment)


# -- public verbs ----------------------------------------------------------------------------------------------------


def versions(workflow: str | None = None, *, store: str | None = None, project: str | None = None) -> list[Version]:
    """Return the versions of a workflow (None: of all), the newest first.

    Raises
    ------
    NotFoundError
        When there is no such workflow.
    """
    where = configuration.store(store=store, project=project)
    if workflow is None:
        found = [version for name in names(where) for version in of_workflow(where, name)]
        return sorted(found, key=lambda version: version.created_at, reverse=True)
    listed = of_workflow(where, workflow) if _storable(workflow) else ()
    if not listed:
        raise _unknown_workflow(where, workflow)
    return list(listed)


def tag_moves(where: Store, name: str, tag_name: str) -> tuple[TagMove, ...]:
    """Return all moves of a tag, the oldest first; raise NotFoundError."""
    folder = paths.tag_moves(name, tag_name)
    numbers = sorted(where.records.numbers(folder))
    if not numbers:
        if latest(where, name) is None:
            raise _unknown_workflow(where, name)
        known = ", ".join(sorted(tags(where, name)))
        raise errors.NotFoundError(
            f"Workflow {name!r} has no tag {tag_name!r}.",
            remedy=f"Its tags are: {known}." if known else f"Set one with: taskcell tag {name} {tag_name}",
            workflow=name,
        )
    return tuple(where.records.read(paths.numbered(folder, number), TagMove) for number in numbers)


def tags(where: Store, name: str) -> dict[str, int]:
    """Return a workflow's tags: name to version number."""
    return dict(_tags(where, name))


def _tags(where: Store, name: str) -> Iterator[tuple[str, int]]:
    for item in where.project_files.list(paths.tags(name)):
        tag_name = paths.unquoted(paths.last(item.path))
        found = where.records.latest(paths.tag_moves(name, tag_name), TagMove)
        if found:
            yield tag_name, found[1].number


def tag(
    version: str | Version, name: str, *, message: str = "", store: str | None = None, project: str | None = None
) -> TagMove:
    """Move a tag to a version (a new tag is made); its history is kept.

    Parameters
    ----------
    version : str or Version
        ``churn@3``, ``churn:prod``, ``churn``, or a version.
    name : str
        The tag: letters, digits and ``_ . + -``.
    """
    if not _TAG.fullmatch(name):
        raise errors.InvalidInputError(
            f"{quoting.shortened(name)!r} can't be a tag.",
            remedy="Use up to 100 letters, digits, '_', '.', '+' and '-'.",
        )
    where = configuration.store(store=store, project=project)
    found = find(where, version) if isinstance(version, str) else version
    return _move(where, found, name, message)


def _move(where: Store, version: Version, name: str, message: str, *, rollback: bool = False) -> TagMove:
    move = TagMove(
        tag=name,
        number=version.number,
        digest=version.digest,
        author=configuration.user(),
        created_at=datetime.now(UTC),
        message=message,
        rollback=rollback,
    )
    where.records.append(paths.tag_moves(version.workflow, name), lambda _: move)
    return move


def rollback(ref: str, *, message: str = "", store: str | None = None, project: str | None = None) -> TagMove:
    """Move a tag back to the version that it named before.

    Parameters
    ----------
    ref : str
        ``churn:prod``.

    Raises
    ------
    InvalidInputError
        When the tag has named one version only.
    """
    where = configuration.store(store=store, project=project)
    name, separator, tag_name = ref.rpartition(":")
    if not separator or not name:
        raise errors.InvalidInputError(
            f"{quoting.shortened(ref)!r} is not a tag.", remedy="Write workflow and tag: churn:prod"
        )
    moves = tag_moves(where, name, tag_name)
    earlier = _before(moves)
    if earlier is None:
        raise errors.InvalidInputError(
            f"{ref} has named {name}@{moves[-1].number} only: there is nothing to go back to.",
            remedy=f"Move it with: taskcell tag {name}@N {tag_name}",
        )
    target = _by_number(where, name, earlier)
    words = message or f"rollback from {name}@{moves[-1].number}"
    return _move(where, target, tag_name, words, rollback=True)


def _before(moves: tuple[TagMove, ...]) -> int | None:
    """Return the version before the current one, undoing rollbacks too: a second rollback goes further back."""
    stack: list[int] = []
    for move in moves:
        if move.rollback:
            stack.pop()
        elif not stack or stack[-1] != move.number:
            stack.append(move.number)
    return stack[-2] if len(stack) > 1 else None


def checkout(
    ref: str | Version, path: str | Path | None = None, *, store: str | None = None, project: str | None = None
) -> Path:
    """Write an old version's notebook beside the current work; nothing is overwritten.

    Parameters
    ----------
    ref : str or Version
        The version.
    path : path, optional
        Where to write. None: ``churn@3.ipynb`` in the current folder, numbered when that exists with other content.

    Raises
    ------
    AlreadyExistsError
        When ``path`` is given and exists with other content.
    """
    where = configuration.store(store=store, project=project)
    version = find(where, ref) if isinstance(ref, str) else ref
    notebook = notebook_of(where, version)
    if path is not None:
        target = Path(path)
        if not write_new(target, notebook):
            raise errors.AlreadyExistsError(f"{target} exists.", remedy="Choose another path, or leave it out.")
        return target
    for attempt in range(1, 1000):
        suffix = "" if attempt == 1 else f"-{attempt}"
        target = Path(f"{stem_of(version)}{suffix}.ipynb")
        if write_new(target, notebook):
            return target
    raise errors.AlreadyExistsError("There are 999 checkouts of that version here already.", remedy="Remove some.")


def stem_of(version: Version) -> str:
    """Return what a file with a version's notebook is called: ``churn@3``."""
    safe = paths.quoted(version.workflow) if "/" in version.workflow else version.workflow
    return f"{safe}@{version.number}"


def notebook_of(where: Store, version: Version) -> bytes:
    """Return a version's notebook, which says where it comes from, in the notebook format."""
    facts = provenance.Facts(
        kind="version",
        workflow=version.workflow,
        version=version.ref,
        author=version.author,
        created_at=version.created_at,
        project=where.project,
        store=where.url,
        more={"version_digest": version.digest},
    )
    raw = reading.load_notebook(notebook_texts.read(where, version))
    return writing.dump_notebook(writing.checkout_notebook(raw, facts))


def write_new(target: Path, data: bytes) -> bool:
    """Write a file that does not exist; True also when it exists with the same content."""
    try:
        with target.open("xb") as stream:
            stream.write(data)
    except FileExistsError:
        return target.is_file() and target.read_bytes() == data
    except OSError as exc:
        raise errors.StoreError(f"{target} can't be written: {exc.strerror}.", remedy="Choose another path.") from exc
    return True
