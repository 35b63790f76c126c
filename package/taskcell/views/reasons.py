"""Why a task was, or was not, taken from the cache: each part of its key that changed, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from taskcell.views import columns, diffs, escaping, markup, states, words
from taskcell.views.diffs import DiffLine
from taskcell.views.markup import Html, join, tag
from taskcell.views.states import State

Verdict = Literal["hit", "miss"]
Change = Literal["changed", "added", "removed"]
_SIGNS = {"changed": "~", "added": "+", "removed": "−"}


class PartChange(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the key that is not what it was.

    Attributes
    ----------
    part
        Kind of part: ``code``, ``input``, ``parameter``, ``function``, ``package`` …
    name
        Which one. Empty for the task's own code.
    old, new
        Labels for people: a version, a short value, a shape. Empty when there is nothing short to say.
    words
        One more sentence, where that helps: ``3 of 12 columns differ: delay, carrier, tail``.
    details
        Sentences of what changed inside a value, one fact each: ``row 17, delay: 2.0 → 3.0``.
    because
        Why an input changed: the chain of tasks above it, in one sentence.
    origin
        Where it stands: ``cell 3, line 2``.
    """

    part: str
    name: str
    change: Change = "changed"
    old: str = ""
    new: str = ""
    words: str = ""
    details: tuple[str, ...] = ()
    because: str = ""
    origin: str = ""
    lines: tuple[DiffLine, ...] = ()


class Explanation(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="explanation"):
    """Why a task hits or misses the cache.

    ``headline`` is one sentence. ``executed`` tells a miss that has happened from one that would. ``compared_to`` is
    the run that it is compared with, empty when there was none; ``unchanged`` names the parts that are as they were.
    """

    task: str
    verdict: Verdict
    headline: str
    shown_at: datetime
    changes: tuple[PartChange, ...] = ()
    unchanged: tuple[str, ...] = ()
    executed: bool = False
    compared_to: str = ""
    compared_author: str = ""
    compared_at: datetime | None = None
    key: str = ""
    notices: tuple[str, ...] = ()
    schema: int = 1


def _state(view: Explanation) -> State:
    return State.CACHED if view.verdict == "hit" else State.WILL_RUN


def _verdict(view: Explanation) -> str:
    if view.verdict == "hit":
        return "cached"
    return "executed" if view.executed else "would run"


def _title(change: PartChange) -> str:
    name = f" {escaping.name(change.name, 60)}" if change.name else ""
    return f"{escaping.name(change.part, 30)}{name}"


def _said(change: PartChange) -> str:
    """Say the change without its title: ``0.1 → 0.05``."""
    old, new = escaping.sentence(change.old, 80), escaping.sentence(change.new, 80)
    if change.change == "changed":
        labels = f"{old} → {new}" if old and new and old != new else new
    else:
        labels = new or old
    parts = (
        labels or change.change,
        escaping.sentence(change.words, 300),
        escaping.sentence(change.origin, 120),
    )
    return " · ".join(part for part in parts if part)


def _against(view: Explanation) -> str:
    if not view.compared_to:
        return ""
    by = f" by {escaping.name(view.compared_author, 30)}" if view.compared_author else ""
    when = f", {words.age(view.compared_at, view.shown_at)}" if view.compared_at else ""
    return f"compared with run {escaping.name(view.compared_to, 40)}{by}{when}"


def to_text(view: Explanation, width: int = 100) -> str:
    """Return the explanation for a terminal."""
    sign = states.look(_state(view)).sign
    lines = columns.wrap(f"{sign} {escaping.name(view.task, 60)}: {escaping.sentence(view.headline)}", width)
    for notice in view.notices:
        lines += columns.wrap(f"! {escaping.sentence(notice)}", width)
    if _against(view):
        lines.append(columns.fit(f"  {_against(view)}", width))
    room = max((columns.cells(_title(change)) for change in view.changes), default=0)
    for change in view.changes:
        title = columns.pad(_title(change), min(room, 36, width // 3))
        lines += _hanging(f"  {_SIGNS[change.change]} {title}  ", _said(change), width)
        for detail in change.details:
            lines += _hanging("      · ", escaping.sentence(detail, 300), width)
        if change.because:
            lines += _hanging("      ↳ ", escaping.sentence(change.because, 600), width)
        lines += diffs.to_lines(change.lines, width, "      ")
    if view.unchanged:
        names = words.listed([escaping.name(name, 40) for name in view.unchanged], 5)
        lines += _hanging("  = ", f"{words.plural(len(view.unchanged), 'part')} unchanged: {names}", width)
    return "\n".join(lines)


def _hanging(start: str, text: str, width: int) -> list[str]:
    first, *rest = columns.wrap(text, width - columns.cells(start))
    return [start + first, *(" " * columns.cells(start) + line for line in rest)]


def to_html(view: Explanation) -> str:
    """Return the explanation as HTML."""
    look = states.look(_state(view))
    verdict = markup.sign(look.sign, look.middle, _verdict(view))
    parts = [
        markup.head(join([verdict, markup.named(view.task, 60)], " "), escaping.sentence(view.headline)),
        *(markup.notice(escaping.sentence(notice)) for notice in view.notices),
    ]
    if view.changes:
        rows = [_row(change) for change in view.changes]
        parts.append(markup.table(["part", "what changed"], rows, caption="Changed parts of the cache key"))
    facts = [_against(view), f"key {escaping.name(words.digest(view.key))}" if view.key else ""]
    parts.append(tag("div", markup.dotted(facts), class_="tc-facts"))
    if view.unchanged:
        parts.append(_unchanged(view.unchanged))
    return markup.view("reasons", *parts)


def _row(change: PartChange) -> Sequence[str | Html]:
    mark = markup.span(_SIGNS[change.change], "sign tc-muted")
    title = join([mark, " ", tag("span", escaping.name(change.part, 30), class_="tc-muted"), " "])
    code = [diffs.to_html(change.lines)] if change.lines else []
    return [
        join([title, markup.named(change.name, 60, "name tc-strong")]),
        join([tag("div", _said(change)), *_details(change), *code]),
    ]


def _details(change: PartChange) -> list[Html]:
    made = []
    if change.details:
        items = [tag("li", escaping.sentence(detail, 300)) for detail in change.details]
        made.append(tag("ul", join(items), class_="tc-points"))
    if change.because:
        made.append(tag("div", f"↳ {escaping.sentence(change.because, 600)}", class_="tc-muted"))
    return made


def _unchanged(names: tuple[str, ...]) -> Html:
    said = f"{words.plural(len(names), 'part')} unchanged"
    listed = words.listed([escaping.name(name, 60) for name in names], 200)
    return markup.folded(said, tag("div", listed, class_="tc-muted tc-name"))
