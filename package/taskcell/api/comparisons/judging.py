"""Compare a reproduction with the run that it repeats: a verdict for each output, and why the first one differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, cast

import msgspec

from taskcell import environment, errors
from taskcell.api import evidence, showing
from taskcell.api.comparisons import differing, tolerances
from taskcell.api.comparisons.tolerances import Tolerance
from taskcell.api.runs.runs import Run
from taskcell.cache import explanations
from taskcell.engine import states
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import RunState, TaskState
from taskcell.views import bundles, words
from taskcell.views.reproductions import OutputVerdict, ReproductionView, Verdict

_WORST = ("identical", "within tolerance", "missing", "different", "failed")


class ReproductionRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict on one reproduction, as it is stored beside the original run."""

    run_id: str
    verdict: str
    outputs: dict[str, str]
    sentence: str
    author: str
    created_at: datetime
    first_difference: str = ""
    cause: str = ""
    environment: str = "current"
    relative_tolerance: float = 1e-9
    absolute_tolerance: float = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a task came out differently. ``kind`` is ``environment``, ``data``, ``parameter``, ``nondeterminism`` or
    ``upstream``; ``why`` a sentence.
    """

    kind: str
    why: str


class Reproduction(showing.Viewed):
    """What came of executing a run again.

    Attributes
    ----------
    original, run
        The run that was reproduced, and the one that repeated it.
    outputs
        Verdict by name of the output; by ``train[rate=0.1]: mae`` in a sweep.
    causes
        Why each task that differs does, by its label; the first of them is ``first_difference``.
    """

    def __init__(
        self, original: Run, run: Run, view: ReproductionView, causes: dict[str, Cause], tolerance: Tolerance
    ) -> None:
        self.original = original
        self.run = run
        self.view = view
        self.causes = causes
        self._tolerance = tolerance
        self.outputs: dict[str, str] = {_key(one.task, one.name): one.verdict for one in view.outputs}

    @property
    def views(self) -> tuple[bundles.View, ...]:
        """What is shown."""
        return (self.view,)

    @property
    def verdict(self) -> str:
        """``identical``, ``within tolerance``, ``different`` or ``failed``."""
        return self.view.verdict

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        return self.view.sentence

    @property
    def first_difference(self) -> str | None:
        """Label of the first task whose outputs are not identical; None when all are."""
        return self.view.diverged or None

    @property
    def cause(self) -> str | None:
        """Kind of the cause of the first difference; None when there is none."""
        return self.view.cause or None

    def record(self, author: str) -> ReproductionRecord:
        """Return what is stored of it."""
        return ReproductionRecord(
            run_id=self.run.id,
            verdict=self.verdict,
            outputs=self.outputs,
            sentence=self.sentence,
            author=author,
            created_at=datetime.now(UTC),
            first_difference=self.view.diverged,
            cause=self.view.cause,
            environment=self.view.environment,
            relative_tolerance=self._tolerance.relative,
            absolute_tolerance=self._tolerance.absolute,
        )

    def __repr__(self) -> str:
        return f"Reproduction({self.verdict}: {self.sentence})"


def _key(label: str, name: str) -> str:
    return f"{label}: {name}" if "[" in label else name


def judge(original: Run, again: Run, tolerance: Tolerance) -> Reproduction:
    """Compare two ended runs of one plan."""
    return _Judge(original, again, tolerance).verdict()


@dataclass(kw_only=True)
class _Pair:
    """One task in both runs, with the verdicts on its outputs."""

    old: states.TaskStatus
    new: states.TaskStatus
    outputs: list[OutputVerdict] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.old.label

    @property
    def differs(self) -> bool:
        return self.old.state is not self.new.state or any(one.verdict != "identical" for one in self.outputs)


class _Judge:
    """One comparison of two runs."""

    def __init__(self, original: Run, again: Run, tolerance: Tolerance) -> None:
        self._original, self._again, self._tolerance = original, again, tolerance
        self._old, self._new = original.status(), again.status()

    def verdict(self) -> Reproduction:
        pairs = [self._pair(planned.id) for planned in self._old.plan.tasks]
        causes = {pair.label: self._cause(pair, pairs) for pair in pairs if pair.differs}
        first = next((pair for pair in pairs if pair.differs), None)
        verdict = self._overall(pairs)
        cause = causes[first.label] if first else None
        plan = self._old.plan
        view = ReproductionView(
            run=self._original.id,
            reproduced_by=self._again.id,
            workflow=f"{plan.workflow}@{plan.version_number}",
            verdict=verdict,
            sentence=self._sentence(verdict, pairs),
            shown_at=datetime.now(UTC),
            created_at=plan.created_at,
            outputs=tuple(one for pair in pairs for one in pair.outputs),
            diverged=first.label if first else "",
            cause=cause.kind if cause else "",
            why=cause.why if cause else "",
            environment="locked" if self._new.plan.python else "current",
            environment_changes=self._environment_changes,
            duration_s=(self._new.ended_at - self._new.plan.created_at).total_seconds() if self._new.ended_at else None,
        )
        return Reproduction(self._original, self._again, view, causes, self._tolerance)

    # -- outputs -----------------------------------------------------------------------------------------------------

    def _pair(self, task_id: str) -> _Pair:
        pair = _Pair(old=self._old.tasks[task_id], new=self._new.tasks[task_id])
        stored = pair.old.end.outputs if pair.old.end else {}
        made = pair.new.end.outputs if pair.new.end else {}
        for name, artifact in stored.items():
            pair.outputs.append(self._output(pair.label, name, artifact, made.get(name)))
        return pair

    def _output(self, label: str, name: str, old: Artifact, new: Artifact | None) -> OutputVerdict:
        if new is None:
            return OutputVerdict(
                task=label,
                name=name,
                verdict="missing",
                detail="the reproduction has no such output",
                recorded=evidence.preview(self._original.store, old),
            )
        if new.digest == old.digest:
            return OutputVerdict(task=label, name=name, verdict="identical")
        verdict, detail = self._compared(old, new)
        where = self._original.store
        return OutputVerdict(
            task=label,
            name=name,
            verdict=verdict,
            detail=detail,
            recorded=evidence.preview(where, old),
            reproduced=evidence.preview(where, new),
        )

    def _compared(self, old: Artifact, new: Artifact) -> tuple[Verdict, str]:
        where = self._original.store
        if old.codec.startswith(("figure/", "image/")):
            return "different", "the pictures are not the same to the pixel"
        try:
            found = tolerances.compare(evidence.value(where, old), evidence.value(where, new), self._tolerance)
        except (errors.TaskcellError, ImportError, AttributeError) as exc:
            reason = exc.message if isinstance(exc, errors.TaskcellError) else str(exc)
            return "different", f"the contents differ, and can't be compared part by part: {reason}"
        if found.within and not found.close_count:
            return "different", "the contents differ in something that is not seen part by part"
        return ("within tolerance" if found.within else "different"), found.words()

    def _overall(self, pairs: Sequence[_Pair]) -> Verdict:
        if self._new.state is not RunState.SUCCEEDED:
            return "failed"
        worst = max((one.verdict for pair in pairs for one in pair.outputs), key=_WORST.index, default="identical")
        if worst == "missing" or any(pair.old.state is not pair.new.state for pair in pairs):
            return "different"
        return cast(Verdict, worst)

    # -- causes ------------------------------------------------------------------------------------------------------

    @cached_property
    def _environment_changes(self) -> tuple[str, ...]:
        """What is known to differ between the environments of the two runs, in words."""
        old, new = evidence.packages_met(self._old), evidence.packages_met(self._new)
        met = {name: (old[name], new[name]) for name in sorted(old.keys() & new.keys()) if old[name] != new[name]}
        said = [differing.change_words(name, *values) for name, values in met.items()]
        recorded = evidence.environment_of(self._original.store, self._old.plan)
        if recorded is not None and not self._new.plan.python:
            for change in environment.difference(recorded, environment.capture()):
                # What task runs met themselves counts more than what was recorded with the version.
                agrees = change.name not in old and change.name not in new
                if agrees and not (change.name == ":python" and ":interpreter" in met):
                    said.append(differing.change_words(change.name, change.old, change.new))
        return tuple(said)

    def _cause(self, pair: _Pair, pairs: Sequence[_Pair]) -> Cause:
        changes = self._changed_parts(pair)
        by_kind: dict[str, list[explanations.PartChange]] = {}
        for change in changes:
            by_kind.setdefault(change.kind, []).append(change)
        inputs = [change.what for change in by_kind.get("input", ())]
        diverged = [self._maker(pair, name) for name in inputs] or self._broken_above(pair)
        upstream = [label for label in diverged if label and any(one.label == label and one.differs for one in pairs)]
        if upstream:
            return Cause(kind="upstream", why=f"what it reads differs, since {words.listed(upstream)} did.")
        environment_parts = [*by_kind.get("interpreter", ()), *by_kind.get("package", ())]
        if environment_parts:
            return Cause(kind="environment", why=f"{_labels(environment_parts)}.{self._error(pair)}")
        if "parameter" in by_kind:
            return Cause(kind="parameter", why=f"{_labels(by_kind['parameter'])}.{self._error(pair)}")
        if inputs or "value" in by_kind:
            listed = words.listed([*inputs, *(change.what for change in by_kind.get("value", ()))])
            return Cause(kind="data", why=f"the data of {listed} is not what it was.{self._error(pair)}")
        if self._environment_changes:
            said = words.listed(list(self._environment_changes), 6)
            return Cause(kind="environment", why=f"the environment is not the recorded one: {said}.{self._error(pair)}")
        return Cause(kind="nondeterminism", why=f"{self._nondeterminism(pair)}{self._error(pair)}")

    def _nondeterminism(self, pair: _Pair) -> str:
        """Say what the task drew without a seed, as its records have it."""
        statuses = [pair.new, pair.old, *(task for both in self._elements(pair) for task in both)]
        met = {name: None for status in statuses if status.end for name in status.end.randomness}
        return f"{_UNSEEDED}: {words.listed(list(met))}. {_SEED_IT}" if met else _NONDETERMINISM

    def _changed_parts(self, pair: _Pair) -> tuple[explanations.PartChange, ...]:
        """Return key parts that differ; of a mapped task, those of its first element that came out differently."""
        for old, new in [(pair.old, pair.new), *self._elements(pair)]:
            if old.end is None or new.end is None or not old.end.parts or not new.end.parts:
                continue
            if old is pair.old or _digests(old) != _digests(new):
                return explanations.compare_parts(old.end.parts, new.end.parts)
        return ()

    def _elements(self, pair: _Pair) -> Iterator[tuple[states.TaskStatus, states.TaskStatus]]:
        old = evidence.elements_of(self._old, pair.old.id)
        new = {task.id: task for task in evidence.elements_of(self._new, pair.new.id)}
        return ((task, new[task.id]) for task in old if task.id in new)

    def _bindings(self, pair: _Pair) -> Iterator[tuple[str, str]]:
        for planned in self._old.plan.tasks:
            if planned.id == pair.old.id:
                yield from ((binding.input, binding.source) for binding in planned.bindings if binding.source)

    def _maker(self, pair: _Pair, name: str) -> str:
        return next((self._old.tasks[source].label for bound, source in self._bindings(pair) if bound == name), "")

    def _broken_above(self, pair: _Pair) -> list[str]:
        """Return what a task that never ran has waited for."""
        if pair.new.state is not TaskState.SKIPPED:
            return []
        return [self._old.tasks[source].label for _, source in self._bindings(pair)]

    def _error(self, pair: _Pair) -> str:
        error = pair.new.end.error if pair.new.end else None
        return f" It failed: {error.sentence}" if error else ""

    # -- words -------------------------------------------------------------------------------------------------------

    def _sentence(self, verdict: Verdict, pairs: Sequence[_Pair]) -> str:
        total = sum(len(pair.outputs) for pair in pairs)
        outputs = words.plural(total, "output")
        if verdict == "failed":
            again = self._old.state is self._new.state
            return f"The reproduction {'failed as the original did' if again else 'failed'}: {self._new.sentence}"
        if verdict == "identical":
            return f"Reproduced: {'all ' if total > 1 else ''}{outputs} came out identical."
        counts = {kind: sum(one.verdict == kind for pair in pairs for one in pair.outputs) for kind in _WORST}
        said = [f"{counts[kind]} {kind}" for kind in reversed(_WORST) if counts[kind]]
        start = "Reproduced within tolerance" if verdict == "within tolerance" else "Not reproduced"
        return f"{start}: of {outputs}, {words.listed(said)}." if said else f"{start}: a task ended in another state."


_UNSEEDED = (
    "the same code, inputs, parameters and environment gave another result, and it draws random numbers without a seed"
)
_SEED_IT = "Give the task --seed, or its generators seeds of their own."
_NONDETERMINISM = (
    "the same code, inputs, parameters and environment gave another result: it reads something that is not an input (a "
    "clock, a file by its name, the network), runs in an order of its own, or draws random numbers without a seed that "
    "no global generator shows."
)


def _labels(changes: Sequence[explanations.PartChange]) -> str:
    said = [
        differing.change_words(
            change.what or change.kind,
            change.old.label if change.old else None,
            change.new.label if change.new else None,
        )
        for change in changes
    ]
    return words.listed(said, 6)


def _digests(task: states.TaskStatus) -> dict[str, Any]:
    return {name: artifact.digest for name, artifact in task.end.outputs.items()} if task.end else {}
