"""The versions of a workflow, and what changed from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from taskcell.views import columns, escaping, markup, words
from taskcell.views.columns import Column
from taskcell.views.markup import Html, join, tag


class VersionChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What differs from the version before.

    ``parameters`` and ``packages`` are already in words: ``rate 0.1 → 0.05``, ``pandas 2.2 → 2.3``.
    """

    tasks_added: tuple[str, ...] = ()
    tasks_removed: tuple[str, ...] = ()
    tasks_changed: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    def said(self) -> list[str]:
        """Return the changes in words, one kind each; empty when there are none."""
        kinds = (
            ("+", self.tasks_added, "tasks"),
            ("−", self.tasks_removed, "tasks"),
            ("~", self.tasks_changed, "tasks"),
            ("", self.parameters, "parameters"),
            ("", self.packages, "packages"),
        )
        return [_kind(sign, names, noun) for sign, names, noun in kinds if names]


def _kind(sign: str, names: Sequence[str], noun: str) -> str:
    shown = words.listed([f"{sign} {escaping.name(name, 40)}".strip() for name in names], 3)
    return shown if noun == "tasks" else f"{noun}: {shown}"


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version. ``changes`` is None for the first; ``runs`` is a number, None when it was not counted."""

    number: int
    digest: str
    created_at: datetime
    author: str = ""
    message: str = ""
    tags: tuple[str, ...] = ()
    commit: str = ""
    dirty: bool = False
    branch: str = ""
    changes: VersionChanges | None = None
    runs: int | None = None
    current: bool = False
    """Whether the notebook as it stands is this version."""


class TagMoveRow(msgspec.Struct, frozen=True, kw_only=True):
    """One move of a tag. ``rollback``: it went back to where it was before; ``before`` is that number, 0: it was new."""

    tag: str
    number: int
    author: str
    created_at: datetime
    before: int = 0
    message: str = ""
    rollback: bool = False


class VersionList(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="versions"):
    """Versions of one workflow, newest first. ``more`` says how many older ones are not listed.

    ``moves`` are those of its tags, newest first; ``next`` is the number before which to go on, 0: nowhere.
    """

    workflow: str
    versions: tuple[VersionRow, ...]
    shown_at: datetime
    more: int = 0
    moves: tuple[TagMoveRow, ...] = ()
    next: int = 0
    schema: int = 1


def git(row: VersionRow) -> str:
    """Say the commit: ``3f2a9c1 + changes``."""
    if not row.commit:
        return ""
    return escaping.name(row.commit[:7]) + (" + changes" if row.dirty else "")


def changes(row: VersionRow) -> str:
    """Say what changed, on one line."""
    if row.changes is None:
        return "first version"
    return " · ".join(row.changes.said()) or "nothing but the message"


def _mark(row: VersionRow) -> list[str]:
    return [*(escaping.name(name, 24) for name in row.tags), *(["as it stands"] if row.current else [])]


def to_text(view: VersionList, width: int = 100) -> str:
    """Return the list for a terminal: two lines a version."""
    name = escaping.name(view.workflow, 50)
    if not view.versions:
        return f"{name}: no version yet."
    lines = [f"{name} · {words.plural(len(view.versions) + view.more, 'version')}", ""]
    shape = [
        Column(title="version", least=8),
        Column(title="when", least=10),
        Column(title="by", least=4),
        Column(title="runs", right=True, least=4),
        Column(title="git", least=7),
        Column(title="message", least=12),
    ]
    rows = [
        [
            f"@{row.number}" + "".join(f" [{mark}]" for mark in _mark(row)),
            words.age(row.created_at, view.shown_at),
            escaping.name(row.author, 20),
            "–" if row.runs is None else words.count(row.runs),
            git(row),
            escaping.sentence(row.message, 120),
        ]
        for row in view.versions
    ]
    made = columns.table(shape, rows, width)
    lines += made[:2]
    for line, row in zip(made[2:], view.versions, strict=True):
        lines += [line, *columns.wrap(changes(row), width, "    ")]
    if view.more:
        lines.append(f"… and {words.plural(view.more, 'older version')}")
    return "\n".join(columns.fit(line, width) for line in lines)


def to_html(view: VersionList) -> str:
    """Return the list as HTML."""
    number = words.plural(len(view.versions) + view.more, "version")
    head = markup.head(markup.named(view.workflow, 60), number)
    if not view.versions:
        return markup.view("versions", head, tag("div", "No version yet.", class_="tc-muted"))
    rows = [_row(row, view) for row in view.versions]
    titles = ["version", "message and changes", "by", "when", "git", "runs"]
    made = markup.table(titles, rows, caption="Versions", numeric=frozenset({5}))
    more = f"… and {words.plural(view.more, 'older version')}" if view.more else ""
    return markup.view("versions", head, made, tag("div", more, class_="tc-muted") if more else "")


def _row(row: VersionRow, view: VersionList) -> list[str | Html]:
    marks = [join([markup.span(mark, "chip"), " "]) for mark in _mark(row)]
    number = tag("span", f"@{row.number}", class_="tc-strong", title=f"digest {escaping.name(row.digest, 80)}")
    message = tag("div", escaping.sentence(row.message, 300)) if row.message else Html("")
    branch = f"branch {escaping.name(row.branch, 60)}" if row.branch else None
    return [
        join([number, " ", *marks]),
        join([message, tag("div", changes(row), class_="tc-muted")]),
        markup.named(row.author, 24),
        markup.span(
            words.age(row.created_at, view.shown_at),
            "muted tc-when",
            f"{row.created_at:%Y-%m-%d %H:%M:%S %Z}",
        ),
        markup.span(git(row), "mono", branch),
        "–" if row.runs is None else words.count(row.runs),
    ]
