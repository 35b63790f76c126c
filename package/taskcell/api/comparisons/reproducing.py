"""Execute a run again without reading the cache, and say of each output whether it came out the same.

``launching`` starts it, ``judging`` compares; this part finds what is meant, prepares the environment and waits.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from taskcell import environment, errors
from taskcell.api import configuration, evidence
from taskcell.api.comparisons import judging
from taskcell.api.comparisons.judging import Reproduction
from taskcell.api.comparisons.tolerances import Tolerance
from taskcell.api.launches import launching
from taskcell.api.runs import links, run_ids, runs, waiting
from taskcell.api.versions import versions
from taskcell.engine import states
from taskcell.model.runs import Plan, RunState
from taskcell.notebook import provenance, quoting
from taskcell.store import paths
from taskcell.store.opening import Store, open_store

__all__ = ["Reproduction", "judge", "reproduce"]

EnvironmentChoice = Literal["current", "locked"]


def reproduce(
    source: str | Path | runs.Run,
    *,
    env: EnvironmentChoice = "current",
    again: bool = True,
    tolerance: float = 1e-9,
    absolute: float = 1e-12,
    progress: waiting.Progress | None = None,
    say: Callable[[str], None] | None = None,
    store: str | None = None,
    project: str | None = None,
) -> Reproduction:
    """Execute a run's version again with the same parameters, and compare every output.

    Parameters
    ----------
    source : Run, str or path
        A run, its id, its link, or an executed notebook that a run left.
    env : {"current", "locked"}
        Execute with the interpreter that runs now, or in the recorded environment, rebuilt in a folder of its own.
    again : bool
        Whether to execute in any case. False: when the same version was executed again with the same parameters before,
        this run is compared with that execution, and nothing is executed.
    tolerance, absolute : float
        Two floating-point numbers are equal within tolerance when they differ by at most ``absolute`` plus
        ``tolerance`` times the larger one.
    progress : callable, optional
        Called with the status of the new run while it is waited for.
    say : callable, optional
        Called with a line for people: the environment being rebuilt, a note after an interrupt. None: prints it.
    store, project : str, optional
        Where an id is looked up, instead of the settings'.

    Returns
    -------
    Reproduction
        ``verdict`` and ``outputs``, the first task that differs and why.

    Raises
    ------
    InvalidInputError
        When the source names no run, or the run can't be executed again as a whole.
    NotFoundError
        When there is no such run, or its store can't be reached.
    BackendError
        When the recorded environment can't be rebuilt.
    KeyboardInterrupt
        After an interrupt; the run goes on, and ``judge`` gives its verdict later.
    """
    if env not in ("current", "locked"):
        raise errors.InvalidInputError(
            f"There is no environment {quoting.shown(env)}.", remedy="Choose 'current' or 'locked'."
        )
    if not (tolerance >= 0 and absolute >= 0):
        raise errors.InvalidInputError("A tolerance can't be negative.", remedy="Use 0 for exact equality.")
    original = find(source, store=store, project=project)
    tell = say or _print
    rerun, is_new = begin(original, env=env, again=again, say=tell)
    plan = original.plan
    if not is_new:
        tell(f"Run {rerun.id} has executed {_named(plan)} with these parameters again already.")
        return judging.judge(original, rerun, Tolerance(relative=tolerance, absolute=absolute))
    tell(f"Run {rerun.id} executes {_named(plan)} again ({len(plan.tasks)} tasks, without reading the cache).")
    ending = waiting.wait(rerun, progress=progress, say=tell)
    if ending is waiting.Ending.DETACHED:
        tell(f"Its verdict, when it has ended: taskcell reproduce {rerun.id} --verdict")
    if ending is not waiting.Ending.ENDED:
        raise KeyboardInterrupt
    return judge(rerun, tolerance=tolerance, absolute=absolute)


def begin(
    original: runs.Run,
    *,
    env: EnvironmentChoice = "current",
    again: bool = True,
    say: Callable[[str], None] | None = None,
) -> tuple[runs.Run, bool]:
    """Start executing a run again and return at once: the run that does it, and whether it is new.

    Parameters are those of ``reproduce``; rebuilding the recorded environment takes its time before the run begins.
    """
    plan = _checked(original)
    python = _locked_python(original.store, plan, say or _print) if env == "locked" else ""
    earlier = None if again else _earlier(original.store, plan, python)
    if earlier is not None:
        return earlier, False
    return launching.start(original.store, _plan_again(original.store, plan, python)), True


def judge(
    run: str | runs.Run,
    *,
    tolerance: float = 1e-9,
    absolute: float = 1e-12,
    store: str | None = None,
    project: str | None = None,
) -> Reproduction:
    """Return the verdict on a run that ``reproduce`` has started and that has ended; it is recorded too.

    Raises
    ------
    InvalidInputError
        When the run reproduces nothing, or has not ended.
    """
    again = evidence.run_of(run, store=store, project=project)
    reproduces = again.plan.reproduces
    if reproduces is None:
        raise errors.InvalidInputError(
            f"Run {again.id} is not a reproduction of another one.",
            remedy=f"Reproduce it with: taskcell reproduce {again.id}",
            run=again.id,
        )
    if not again.state.ended:
        raise errors.InvalidInputError(
            f"Run {again.id} has not ended.", remedy=f"Wait for it: taskcell run {again.id}", run=again.id
        )
    found = judging.judge(runs.Run(again.store, reproduces), again, Tolerance(relative=tolerance, absolute=absolute))
    record = found.record(configuration.user())
    again.store.records.append(paths.reproductions(reproduces), lambda _: record)
    return found


# -- what is meant ---------------------------------------------------------------------------------------------------


def find(source: str | Path | runs.Run, *, store: str | None = None, project: str | None = None) -> runs.Run:
    """Return the run that an id, a link or an executed notebook stands for."""
    if isinstance(source, Path) or (
        isinstance(source, str) and not links.is_link(source) and source.endswith(".ipynb")
    ):
        return _of_notebook(Path(source), store, project)
    return evidence.run_of(source, store=store, project=project)


def _of_notebook(path: Path, store: str | None, project: str | None) -> runs.Run:
    said = provenance.read_provenance(path)
    run_id = said.get("run_id") if said else None
    if not said or not isinstance(run_id, str) or not paths.is_run_id(run_id):
        version = said.get("version") if said else None
        raise errors.InvalidInputError(
            f"{quoting.shown(str(path))} does not say which run it comes from.",
            remedy=f"It is version {version}: launch it with: taskcell launch {version}"
            if isinstance(version, str)
            else "Give a notebook that a run has left behind, or a run's id; to start a run use: taskcell launch",
        )
    return _stored_run(said, run_id, store, project)


def _stored_run(said: dict[str, Any], run_id: str, store: str | None, project: str | None) -> runs.Run:
    """Return the run from the store in force if it is there, else from the one that the notebook names."""
    here = configuration.store(store=store, project=project)
    if here.records.exists(paths.plan(run_id)):
        return runs.Run(here, run_id)
    named, tenant = said.get("store"), said.get("project")
    there = named if isinstance(named, str) else "an unknown place"
    if isinstance(named, str) and store is None:
        try:
            where = open_store(named, tenant if isinstance(tenant, str) else "default", create=False)
        except errors.TaskcellError as exc:
            raise _unreachable(run_id, there, here, exc.message) from exc
        if where.records.exists(paths.plan(run_id)):
            return runs.Run(where, run_id)
    raise _unreachable(run_id, there, here, f"{here.url if store else there} has no such run.")


def _unreachable(run_id: str, there: str, here: Store, reason: str) -> errors.NotFoundError:
    return errors.NotFoundError(
        f"The notebook comes from run {run_id}, whose records can't be reached: {reason}",
        remedy=f"It was recorded in {there}; {here.url} doesn't have it. Name the store that does with --store or "
        "TASKCELL_STORE.",
        run=run_id,
    )


# -- the plan --------------------------------------------------------------------------------------------------------


def _checked(original: runs.Run) -> Plan:
    plan = original.plan
    if plan.backend == states.INTERACTIVE:
        raise errors.InvalidInputError(
            f"{original.id} is a notebook's session: its cells ran by hand, so it has no whole to repeat.",
            remedy="Launch the notebook (%launch, or: taskcell launch NOTEBOOK) and reproduce that run.",
            run=original.id,
        )
    state = original.state
    if not state.ended:
        raise errors.InvalidInputError(
            f"Run {original.id} is still {state}.",
            remedy=f"Wait for its end: taskcell run {original.id}",
            run=original.id,
        )
    return plan


def _earlier(where: Store, plan: Plan, python: str) -> runs.Run | None:
    """Return the newest run that executed the same experiment without the cache, in the same kind of environment."""
    for run in runs.runs(plan.workflow, state=RunState.SUCCEEDED, limit=1000, store=where.url, project=where.project):
        found = run.plan
        same = (found.version, found.parameters, found.sweep) == (plan.version, plan.parameters, plan.sweep)
        if same and found.reproduces is not None and found.python == python:
            return run
    return None


def _plan_again(where: Store, plan: Plan, python: str) -> Plan:
    """Return a plan with the same tasks and the same stored inputs."""
    run_id = run_ids.new_run_id()
    return msgspec.structs.replace(
        plan,
        run_id=run_id,
        link=links.link(where, run_id),
        author=configuration.user(),
        host=socket.gethostname(),
        created_at=datetime.now(UTC),
        use_cache=False,
        reproduces=plan.run_id,
        python=python,
    )


def _locked_python(where: Store, plan: Plan, tell: Callable[[str], None]) -> str:
    version = evidence.version_of(where, plan)
    if version is None:
        raise errors.NotFoundError(
            f"The version {_named(plan)} of run {plan.run_id} is not in {where.url} any more.",
            remedy="Reproduce it in the current environment.",
        )
    recorded = versions.recorded_environment(where, version)
    lock = bytes(where.blobs.get(version.lock)).decode()
    python = environment.rebuild(lock, recorded, folder=environment.default_folder(), progress=tell)
    return str(python)


def _named(plan: Plan) -> str:
    return f"{plan.workflow}@{plan.version_number}"


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201  a reproduction takes its time: it says what it is doing
