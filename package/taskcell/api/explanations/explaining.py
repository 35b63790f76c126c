"""Say why a task was, or would be, executed or taken from the cache: each part of its key that changed, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from taskcell.api import configuration, showing
from taskcell.api.explanations import causes, changes, choosing, live, mapped, recorded
from taskcell.api.explanations.attempts import Attempt
from taskcell.api.explanations.standing import Standing
from taskcell.api.kernels import sessions
from taskcell.api.runs.runs import Run
from taskcell.cache.explanations import PartChange
from taskcell.model.runs import TaskState
from taskcell.store.opening import Store
from taskcell.views import bundles, reasons, words


class Explanation(showing.Viewed):
    """Why a task hits or misses the cache.

    Attributes
    ----------
    task
        Its name.
    cached
        Whether the result came, or would come, from the cache.
    changed
        Names of the key's parts that differ: ``code``, ``input:df``, ``parameter:rate``, ``package:pandas`` …
    """

    def __init__(self, view: reasons.Explanation, changed: tuple[str, ...]) -> None:
        self.view = view
        self.task = view.task
        self.cached = view.verdict == "hit"
        self.changed = changed

    @property
    def views(self) -> tuple[bundles.View, ...]:
        """What is shown."""
        return (self.view,)

    @property
    def headline(self) -> str:
        """The answer in one sentence."""
        return self.view.headline

    def __repr__(self) -> str:
        return self.to_text()


def why(
    task: str,
    *,
    against: str | Run | None = None,
    run: str | Run | None = None,
    store: str | None = None,
    project: str | None = None,
) -> Explanation:
    """Explain a task's place in the cache.

    Parameters
    ----------
    task : str
        Its name; in a sweep also the id or label of one branch.
    against : Run or str, optional
        What to compare with: a run, or a version (``churn@3``, ``churn:prod``), of which the newest run that has the
        task is taken. None: the newest attempt with another key, in runs of the same workflow if there is one.
    run : Run or str, optional
        The run in which to explain it. None: this kernel's session as it stands, outside a kernel the newest run.

    Raises
    ------
    NotFoundError
        When no such task, run or version is known.
    """
    where = configuration.store(store=store, project=project)
    now = _standing(where, task, run, store=store, project=project)
    if against is None:
        return _Answer(now, choosing.earlier(now)).explanation()
    other = choosing.named(against, now.task, now.parts, store=store, project=project)
    return _Answer(now, choosing.Choice(other=other), asked=True).explanation()


def _standing(where: Store, task: str, run: str | Run | None, **at: str | None) -> Standing:
    session = sessions.current()
    if run is not None:
        return recorded.of_run(*choosing.task_of(run, task, **at))
    if session is not None and live.knows(session, task):
        return live.of_session(session, where, task)
    return recorded.of_newest(where, task, session)


@dataclass(slots=True, kw_only=False)
class _Answer:
    """One explanation in the making. ``asked``: the user named what to compare with."""

    now: Standing
    choice: choosing.Choice
    asked: bool = False
    found: list[PartChange] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def explanation(self) -> Explanation:
        now = self.now
        made = self._mapped() if now.elements else self._whole()
        changed = tuple(change.name for change in self.found)
        hit = self._hit()
        old = self.choice.compared
        if hit and not self.asked:
            old = None
        view = reasons.Explanation(
            task=now.task,
            verdict="hit" if hit else "miss",
            headline=self._headline(),
            executed=now.executed and not hit,
            shown_at=datetime.now(UTC),
            changes=tuple(made),
            unchanged=tuple(part.name for part in now.parts if part.name not in changed) if old or hit else (),
            compared_to=old.run.id if old else "",
            compared_author=old.run.plan.author if old else "",
            compared_at=old.end.ended_at if old else None,
            key=now.key or "",
            notices=(*now.notices, *self.notices, *self._chance()),
        )
        return Explanation(view, changed)

    def _hit(self) -> bool:
        if self.now.elements:
            return all(element.cached for element in self.now.elements)
        return self.now.hit is not None

    def _chance(self) -> tuple[str, ...]:
        """Say what the recorded execution drew without a seed."""
        drawn = choosing.unseeded(self.now)
        if not drawn:
            return ()
        said = words.listed(list(drawn))
        return (f"It drew random numbers without a seed ({said}): executed again, it may give another result.",)

    # -- what changed ------------------------------------------------------------------------------------------------

    def _whole(self) -> list[reasons.PartChange]:
        old, now = self.choice.compared, self.now
        before = old.definition() if old is not None else None
        if before is not None and now.definition is not None:
            said = changes.uncounted(before, now.definition)
            self.notices += [said] if said else []
        if old is None or not old.parts or not now.parts or (now.hit is not None and not self.asked):
            return []
        self.found = changes.compared(old.parts, now.parts)
        return self._described(old, self.found)

    def _described(self, old: Attempt, found: list[PartChange]) -> list[reasons.PartChange]:
        now, definition = self.now, old.definition()
        before = recorded.source(old, now.history, definition or now.definition)
        chains = causes.Chains(before=recorded.in_run(old.run, causes.of_history(now.history)), now=now.makers)
        made = changes.described(found, before, now.source)
        return [
            msgspec.structs.replace(part, because=chains.of(now.definition, change))
            for part, change in zip(made, found, strict=True)
        ]

    def _mapped(self) -> list[reasons.PartChange]:
        elements = self._elements()
        old, found = elements.common()
        self.choice = choosing.Choice(other=old)
        if old is None:
            return []
        part = elements.described()
        made = self._described(old, found)
        self.found = list(found)
        if part is not None:
            one = next((item for item in changes.compared(old.parts, elements.missing[0].parts) if
                        item.what == elements.name), None)  # fmt: skip
            self.found += [one] if one is not None else []
            made.append(part)
        return made

    def _elements(self) -> mapped.Elements:
        now = self.now
        name = now.definition.options.map_over if now.definition is not None else None
        other = self.choice.other.run if self.asked and self.choice.other is not None else None
        return mapped.Elements(name=name or "", now=now.elements, old=choosing.element_finder(now, other))

    # -- the answer --------------------------------------------------------------------------------------------------

    def _headline(self) -> str:
        now, old = self.now, self.choice.compared
        verb = "it was executed" if now.executed else "it would be executed"
        if now.elements:
            return self._headline_of_elements(verb)
        if now.hit is not None:
            return now.hit.words(datetime.now(UTC))
        if not now.parts:
            return f"{verb}: it is not cacheable, since {now.uncacheable or 'something that it reads has no digest'}."
        if self.found:
            return f"{verb}, because {causes.said(self.found, 4)}."
        if self.asked and old is not None:
            return f"nothing in its key differs from run {old.run.id}."
        if now.obstacle and not now.executed:
            return f"{verb}, because {now.obstacle}."
        if old is None:
            name = f"{now.workflow}.{now.task}" if now.workflow else now.task
            since = "this is its first run" if now.executed else "it has never run before"
            other = "no other run" if now.executed else "no run"
            return f"{verb}: {since}, {other} of {name} is in this store."
        return f"{verb}, though its key is as it was: {self._reason_same(old)}."

    def _headline_of_elements(self, verb: str) -> str:
        elements = self._elements()
        counted = elements.counted(executed=self.now.executed)
        if not elements.missing:
            origin = self.now.hit
            return " · ".join(["hit", counted, *(origin.facts(datetime.now(UTC)) if origin is not None else ())])
        verb = "were executed" if self.now.executed else "would be executed"
        number = len(elements.missing)
        rest = f"{number:,} {verb if number > 1 else verb.replace('were', 'was')}"
        common = [change for change in self.found if change.what != elements.name]
        if common:
            return f"{counted}, {rest}, because {causes.said(common, 3)}."
        if self.choice.compared is None:
            return f"{counted}, {rest}: no earlier run of them is in this store."
        return f"{counted}, {rest}, because these elements are new or changed."

    def _reason_same(self, old: Attempt) -> str:
        now = self.now
        if now.definition is not None and not now.definition.options.cache:
            return "the task has the option --no-cache"
        if now.executed and now.run_id and not Run(old.run.store, now.run_id).plan.use_cache:
            return "the run was launched without reading the cache"
        if now.obstacle and not now.executed:
            return now.obstacle
        if old.end.state is not TaskState.SUCCEEDED:
            return f"the attempt in run {old.run.id} {old.end.state}, and only results that succeeded are kept"
        if not now.executed:
            return f"the result of run {old.run.id} is not in the cache any more, taskcell gc has collected it"
        return "its result was not in the cache (collected, damaged, or made at the same time)"
