"""What a reproduction found: a verdict, one for each output, and where and why the first difference began."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from taskcell.views import columns, escaping, markup, previews, words
from taskcell.views.columns import Column
from taskcell.views.markup import Html, tag
from taskcell.views.previews import Preview

Verdict = Literal["identical", "within tolerance", "different", "missing", "failed"]

_LOOKS: dict[str, tuple[str, str]] = {
    "identical": ("✓", "#2a9d4e"),
    "within tolerance": ("≈", "#0d9488"),
    "different": ("✗", "#e03e3e"),
    "missing": ("○", "#c2700c"),
    "failed": ("✗", "#e03e3e"),
}
_WORST_FIRST: tuple[Verdict, ...] = ("failed", "missing", "different", "within tolerance", "identical")


class OutputVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One output of one task, recorded and reproduced. ``detail`` says how it differs, in words."""

    task: str
    name: str
    verdict: Verdict
    detail: str = ""
    recorded: Preview | None = None
    reproduced: Preview | None = None


class ReproductionView(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="reproduction"):
    """The outcome of executing a run again.

    Attributes
    ----------
    run, reproduced_by
        Ids of the original run and of the one that repeated it.
    diverged, cause, why
        The first task that differs, the kind of cause (``environment``, ``data``, ``parameter``,
        ``nondeterminism``), and the cause in a sentence. Empty when nothing differs.
    environment
        In which environment it ran: ``current`` or ``locked``.
    environment_changes
        In words: ``pandas 2.2.3 → 2.3.0``.
    """

    run: str
    reproduced_by: str
    workflow: str
    verdict: Verdict
    sentence: str
    shown_at: datetime
    created_at: datetime
    outputs: tuple[OutputVerdict, ...] = ()
    diverged: str = ""
    cause: str = ""
    why: str = ""
    environment: str = ""
    environment_changes: tuple[str, ...] = ()
    duration_s: float | None = None
    schema: int = 1


def _ordered(view: ReproductionView) -> list[OutputVerdict]:
    return sorted(view.outputs, key=lambda one: _WORST_FIRST.index(one.verdict))


def _facts(view: ReproductionView) -> list[str]:
    same = sum(one.verdict == "identical" for one in view.outputs)
    environment = f"{escaping.name(view.environment, 30)} environment" if view.environment else ""
    return [
        f"{words.count(same)} of {words.plural(len(view.outputs), 'output')} identical" if view.outputs else "",
        environment,
        words.duration(view.duration_s) if view.duration_s is not None else "",
        f"recorded {words.age(view.created_at, view.shown_at)}",
    ]


def _cause(view: ReproductionView) -> str:
    if not view.diverged:
        return ""
    cause = f" ({escaping.name(view.cause, 40)})" if view.cause else ""
    why = f": {escaping.sentence(view.why)}" if view.why else "."
    return f"First difference in {escaping.name(view.diverged, 60)}{cause}{why}"


def to_text(view: ReproductionView, width: int = 100) -> str:
    """Return the outcome for a terminal."""
    sign = _LOOKS[view.verdict][0]
    facts = " · ".join(fact for fact in _facts(view) if fact)
    lines = [
        f"{sign} {view.verdict}  {escaping.name(view.workflow, 50)}  run {escaping.name(view.run, 40)}",
        f"  by run {escaping.name(view.reproduced_by, 40)} · {facts}",
    ]
    lines = [columns.fit(line, width) for line in lines]
    lines += columns.wrap(escaping.sentence(view.sentence), width)
    if _cause(view):
        lines += columns.wrap(_cause(view), width)
    if view.environment_changes:
        lines += columns.wrap(f"environment: {_changes(view, 8)}", width)
    if view.outputs:
        shape = [
            Column(title="output", least=12),
            Column(title="verdict", least=18),
            Column(title="", least=10),
        ]
        rows = [
            [
                f"{escaping.name(one.task, 30)}.{escaping.name(one.name, 30)}",
                f"{_LOOKS[one.verdict][0]} {one.verdict}",
                escaping.sentence(one.detail, 200),
            ]
            for one in _ordered(view)
        ]
        lines += ["", *columns.table(shape, rows, width)]
    return "\n".join(lines)


def _changes(view: ReproductionView, limit: int) -> str:
    return words.listed([escaping.name(text, 60) for text in view.environment_changes], limit)


def to_html(view: ReproductionView) -> str:
    """Return the outcome as HTML; previews are shown of what is not identical."""
    run = tag("span", escaping.name(view.run, 40), class_="tc-id tc-muted", title="run that was reproduced")
    title = markup.join([_badge(view.verdict), markup.named(view.workflow, 60), run], " ")
    good = view.verdict in ("identical", "within tolerance")
    parts = [
        markup.head(title, *_facts(view)),
        markup.notice(
            markup.join(
                [
                    tag("div", escaping.sentence(view.sentence)),
                    tag("div", _cause(view)) if _cause(view) else "",
                ]
            ),
            "good" if good else "error",
        ),
    ]
    if view.environment_changes:
        parts.append(tag("div", f"environment: {_changes(view, 12)}", class_="tc-facts"))
    if view.outputs:
        parts.append(_table(view))
    by = tag("span", escaping.name(view.reproduced_by, 40), class_="tc-id")
    parts.append(tag("div", "executed again as run ", by, class_="tc-facts"))
    return markup.view("reproduction", *parts)


def _badge(verdict: Verdict) -> Html:
    return markup.sign(*_LOOKS[verdict], verdict)


def _table(view: ReproductionView) -> Html:
    shown = any(_previewed(one) for one in view.outputs)
    titles: list[str | Html] = ["output", "verdict", "", *(["recorded", "reproduced"] if shown else [])]
    rows = []
    for one in _ordered(view):
        name = markup.join([markup.named(one.name, 60), tag("div", escaping.name(one.task, 60), class_="tc-muted")])
        row: list[str | Html] = [name, _badge(one.verdict), escaping.sentence(one.detail)]
        if shown:
            pair = (one.recorded, one.reproduced) if _previewed(one) else ()
            row += [previews.to_html(preview) for preview in pair] or ["", ""]
        rows.append(row)
    return markup.table(titles, rows, caption="Outputs")


def _previewed(one: OutputVerdict) -> bool:
    return one.verdict != "identical" and (one.recorded is not None or one.reproduced is not None)
