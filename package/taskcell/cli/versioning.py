"""Verbs about versions: snapshot, versions, checkout, tag, rollback."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from taskcell.cli.arguments import where
from taskcell.cli.verbs import Verb

if TYPE_CHECKING:
    from taskcell.model.versions import Version


def _snapshot_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("notebook", nargs="?", help="an .ipynb file; in a notebook: the notebook itself")
    parser.add_argument("-m", "--message", default="", help="what is new, for people")
    parser.add_argument("--name", help="the workflow's name; else %%workflow's, the settings', the file's")


def _snapshot(args: argparse.Namespace) -> object:
    from datetime import UTC, datetime

    from taskcell.api.versions import snapshots

    before = datetime.now(UTC)
    version = snapshots.snapshot(args.notebook, message=args.message, name=args.name, **where(args))
    return Snapshot(version, is_new=version.created_at >= before)


class Snapshot:
    """A version that a snapshot gave, and whether it is new."""

    def __init__(self, version: Version, *, is_new: bool) -> None:
        self.version = version
        self.is_new = is_new

    def to_text(self, width: int = 100) -> str:
        """Say which version it is, and what of the notebook was stored as data."""
        from taskcell.views import words

        version = self.version
        tasks = words.plural(len(version.tasks), "task")
        new = f"{version.ref} stored" if self.is_new else f"{version.ref} has this already, nothing is new"
        lines = [f"{new}: {tasks}, digest {version.digest[:12]}"]
        lines += [f"  stored as data: {name} ({kind}, {words.size(size)})" for name, kind, size in version.values]
        return "\n".join(lines)

    def to_data(self) -> dict[str, Any]:
        """Return the version's record."""
        import msgspec

        found: dict[str, Any] = msgspec.to_builtins(self.version)
        return {**found, "new": self.is_new}

    def __repr__(self) -> str:
        return self.to_text()


def _versions_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workflow", nargs="?", help="its name; else all, in a notebook the notebook's own")
    parser.add_argument("-n", "--limit", type=int, default=20, help="how many of a workflow at most")


def _versions(args: argparse.Namespace) -> object:
    from taskcell.api import configuration, showing
    from taskcell.api.comparisons import differing
    from taskcell.api.kernels import sessions
    from taskcell.api.versions import snapshots, versions

    name = args.workflow
    store = configuration.store(**where(args))
    session = sessions.current()
    if name is None and args.in_notebook and session is not None:
        own = snapshots.workflow_name(session)
        name = own if own in versions.names(store) else None
    found = versions.versions(name, **where(args))
    groups: dict[str, list[Version]] = {}
    for version in found:
        groups.setdefault(version.workflow, []).append(version)
    if not groups:
        return f"The store {store.url} (project {store.project}) has no versions yet. Make one with: taskcell snapshot"
    return showing.Shown(*(differing.version_list(store, group, limit=args.limit) for group in groups.values()))


def _checkout_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ref", help="churn@3, churn:prod, churn, or a digest")
    parser.add_argument("-o", "--output", metavar="PATH", help="where to write; else churn@3.ipynb")


def _checkout(args: argparse.Namespace) -> object:
    from taskcell.api.versions import versions

    path = versions.checkout(args.ref, args.output, **where(args))
    return f"Written: {path}"


def _tag_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ref", help="churn@3, churn:prod, churn (the newest), or a digest")
    parser.add_argument("name", help="the tag")
    parser.add_argument("-m", "--message", default="", help="why, for people")


def _tag(args: argparse.Namespace) -> object:
    from taskcell.api import configuration
    from taskcell.api.versions import versions

    version = versions.find(configuration.store(**where(args)), args.ref)
    move = versions.tag(version, args.name, message=args.message, **where(args))
    return f"{version.workflow}:{move.tag} is now {version.ref}."


def _rollback_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ref", help="a tag: churn:prod")
    parser.add_argument("-m", "--message", default="", help="why, for people")


def _rollback(args: argparse.Namespace) -> object:
    from taskcell.api.versions import versions

    move = versions.rollback(args.ref, message=args.message, **where(args))
    return f"{args.ref} is back at {args.ref.rpartition(':')[0]}@{move.number}."


VERBS = (
    Verb(
        name="snapshot",
        help="store the notebook's workflow as an immutable version",
        add_arguments=_snapshot_arguments,
        run=_snapshot,
        details="Nothing is executed. Unchanged work gives the version that exists.",
    ),
    Verb(
        name="versions",
        help="list versions with what changed from one to the next",
        add_arguments=_versions_arguments,
        run=_versions,
    ),
    Verb(
        name="checkout",
        help="write an old version's notebook beside the current work",
        add_arguments=_checkout_arguments,
        run=_checkout,
        details="Nothing is overwritten.",
    ),
    Verb(name="tag", help="give a version a movable name", add_arguments=_tag_arguments, run=_tag),
    Verb(
        name="rollback",
        help="move a tag back to the version it named before",
        add_arguments=_rollback_arguments,
        run=_rollback,
    ),
)
