"""Verbs about runs: launch, runs, run, logs, cancel, resume."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from taskcell import errors
from taskcell.cli import arguments, printing
from taskcell.cli.arguments import where
from taskcell.cli.verbs import Verb

if TYPE_CHECKING:
    from taskcell.api.runs.runs import Run
    from taskcell.model.tasks import Parameter

# -- launch ----------------------------------------------------------------------------------------------------------


def _launch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", nargs="?", help="churn@3, churn:prod, churn, or an .ipynb file; in a notebook: as it stands"
    )
    parser.add_argument(
        "-p", "--parameter", action="append", metavar="NAME=VALUE", help="a parameter's value; repeatable"
    )
    parser.add_argument(
        "--sweep",
        action="append",
        metavar="NAME=V1,V2,…",
        help="several values: one run with a branch for each combination; repeatable",
    )
    parser.add_argument("--backend", metavar="NAME", help="where tasks execute; else the setting")
    parser.add_argument("--workers", type=int, metavar="N", help="tasks at once; else one for each core")
    parser.add_argument("--no-cache", action="store_true", help="take nothing from the cache")
    parser.add_argument("-m", "--message", default="", help="message of a version that is made")
    parser.add_argument(
        "--dry-run",
        "--preview",
        dest="preview",
        action="store_true",
        help="say what would be cached and what would run, and why; start nothing",
    )
    parser.add_argument("--schedule", metavar="NAME", help="launch as that schedule does: its runs bear its name")
    parser.add_argument(
        "--overlap",
        choices=("forbid", "allow", "replace"),
        default="forbid",
        help="with --schedule: when its last run still goes on",
    )
    waits = parser.add_mutually_exclusive_group()
    waits.add_argument("--wait", action="store_true", help="wait for the end, with progress; 1 if it failed")
    waits.add_argument("--detach", action="store_true", help="return at once, which is the default")


def _launch(args: argparse.Namespace) -> object:
    from taskcell.api.launches import launching, previewing

    arguments.check_target(args.target)
    schema = _schema(args)
    given = _typed(schema, arguments.pairs(args.parameter, "-p"))
    swept = {
        name: [_typed(schema, {name: text})[name] for text in arguments.split_values(texts)]
        for name, texts in arguments.pairs(args.sweep, "--sweep").items()
    }
    if args.preview:
        return previewing.preview(
            args.target,
            given,
            sweep=swept,
            backend=args.backend,
            max_workers=args.workers,
            use_cache=not args.no_cache,
            **where(args),
        )
    if args.schedule:
        return _launch_as_schedule(args, given)
    run = launching.launch(
        args.target,
        given,
        sweep=swept,
        backend=args.backend,
        max_workers=args.workers,
        use_cache=not args.no_cache,
        message=args.message,
        **where(args),
    )
    if args.wait:
        return _waited(run)
    return run if args.in_notebook else Started(run)


def _launch_as_schedule(args: argparse.Namespace, given: dict[str, Any]) -> object:
    from taskcell.api.operations import scheduled

    if args.target is None or args.sweep or args.backend not in (None, "kubernetes"):
        raise errors.InvalidInputError(
            "A schedule launches a version on Kubernetes, without a sweep.", remedy="Leave --schedule out."
        )
    run = scheduled.launch(
        args.target, given, name=args.schedule, overlap=args.overlap, max_workers=args.workers, **where(args)
    )
    if isinstance(run, str):
        return run
    if args.wait:
        return _waited(run)
    return run if args.in_notebook else Started(run)


def _schema(args: argparse.Namespace) -> Sequence[Parameter]:
    """Return the parameters of what is to be launched, without making a version of it."""
    from taskcell.api import configuration
    from taskcell.api.kernels import sessions
    from taskcell.api.versions import versions
    from taskcell.notebook import reading

    if args.target is None:
        session = sessions.current()
        return _declared(session.cells) if session is not None else ()
    if args.target.endswith(".ipynb"):
        return _declared(reading.read_notebook(args.target).cells)
    store = configuration.store(**where(args))
    return versions.parameters(store, versions.find(store, args.target))


def _declared(cells: Sequence[Any]) -> list[Parameter]:
    from taskcell.model.cells import CellKind
    from taskcell.notebook import headers, parameters

    found: dict[str, Parameter] = {}
    for cell in cells:
        if headers.kind_of(cell.source) is CellKind.PARAMS:
            found.update({item.name: item for item in parameters.parse_params(cell)})
    return list(found.values())


def _typed(schema: Sequence[Parameter], given: dict[str, str]) -> dict[str, Any]:
    from taskcell.notebook import parameters

    found = {}
    for name, text in given.items():
        parameter = parameters.find_parameter(schema, name)
        found[parameter.name] = parameters.parse_text(parameter, text)
    return found


class Started:
    """A run that was started and left to itself."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def to_text(self, width: int = 100) -> str:
        """Say what was started, and how to look at it."""
        plan = self.run.plan
        return "\n".join(
            [
                f"Run {self.run.id} of {plan.workflow}@{plan.version_number} has started: {len(plan.tasks)} tasks.",
                f"  look: taskcell run {self.run.id}    follow: taskcell run {self.run.id} --wait",
                f"  cancel: taskcell cancel {self.run.id}",
                f"  link: {self.run.link}",
            ]
        )

    def to_data(self) -> dict[str, Any]:
        """Return id, version and link."""
        plan = self.run.plan
        return {"run": self.run.id, "version": f"{plan.workflow}@{plan.version_number}", "link": self.run.link}


def _waited(run: Run) -> Run:
    """Wait for a run with progress; an interrupt leaves it, a second one cancels it."""
    from taskcell.api.runs import waiting

    progress = printing.Progress()
    ending = waiting.wait(run, progress=progress, say=progress.tell)
    progress.done()
    if ending is not waiting.Ending.ENDED:
        raise KeyboardInterrupt
    return run


def failed_run(result: object) -> int:
    """Return 1 for a run that has ended and did not succeed, and for a launch that would be refused."""
    from taskcell.api.runs.runs import Run
    from taskcell.model.runs import RunState

    if not isinstance(result, Run):
        return int(any(getattr(view, "problems", ()) for view in getattr(result, "views", ())))
    state = result.state
    return int(state.ended and state is not RunState.SUCCEEDED)


# -- looking at runs -------------------------------------------------------------------------------------------------


def _runs_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workflow", nargs="?", help="only of this workflow")
    parser.add_argument("--author", metavar="NAME", help="only of this person")
    parser.add_argument("--state", metavar="STATE", help="only in this state: running, failed …")
    parser.add_argument("-n", "--limit", type=int, default=20, help="how many at most")
    parser.add_argument("--sessions", action="store_true", help="notebooks' sessions too")


def _runs(args: argparse.Namespace) -> object:
    from taskcell.api import showing
    from taskcell.api.runs import runs
    from taskcell.model.runs import RunState

    if args.state is not None and args.state not in list(RunState):
        raise errors.InvalidInputError(
            f"There is no state {args.state[:60]!r}.", remedy=f"States are: {', '.join(RunState)}."
        )
    if args.limit < 1:
        raise errors.InvalidInputError(f"A list of {args.limit} runs is empty.", remedy="Use -n 1 or more.")
    found = runs.runs(
        args.workflow,
        author=args.author,
        state=args.state,
        limit=args.limit,
        interactive=args.sessions,
        **where(args),
    )
    return showing.Shown(showing.run_list(found))


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", help="its id, the first characters of it, or its link")
    parser.add_argument("--wait", action="store_true", help="follow it to its end; 1 if it failed")


def _run(args: argparse.Namespace) -> object:
    from taskcell.api.runs import runs

    found = runs.run(args.run, **where(args))
    return _waited(found) if args.wait else found


def _logs_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", help="the run's id or link")
    parser.add_argument("task", help="the task run: train, in a sweep train~0")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the task has ended")


def _logs(args: argparse.Namespace) -> object:
    from taskcell.api.runs import runs

    found = runs.run(args.run, **where(args))
    if args.follow:
        _follow(found, args.task)
        return None
    text = found.logs(args.task)
    return text.rstrip("\n") or f"Task {args.task!r} has printed nothing."


def _follow(run: Run, name: str) -> None:
    """Print a task's log as it grows, until the task has ended."""
    import time

    shown = 0
    while True:
        task = run.task(name)
        over = task.state.ended or run.state.ended
        text = run.logs(name) if task.attempt else ""
        shown = 0 if len(text) < shown else shown
        sys.stdout.write(text[shown:])
        sys.stdout.flush()
        shown = len(text)
        if over:
            return
        time.sleep(0.3)


def _one_run_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", help="its id, the first characters of it, or its link")


def _cancel(args: argparse.Namespace) -> object:
    from taskcell.api.runs import runs

    found = runs.run(args.run, **where(args))
    state = found.state
    if state.ended and state != "interrupted":
        return f"Run {found.id} is {state} already."
    found.cancel()
    return f"Run {found.id} is being cancelled: what is running is stopped, finished results stay."


def _resume_arguments(parser: argparse.ArgumentParser) -> None:
    _one_run_argument(parser)
    parser.add_argument("--wait", action="store_true", help="follow it to its end; 1 if it failed")


def _resume(args: argparse.Namespace) -> object:
    from taskcell.api.runs import runs

    found = runs.run(args.run, **where(args))
    state = found.state
    if state == "succeeded" or not state.ended:
        return f"Run {found.id} is {state}: there is nothing to resume."
    found.resume()
    if args.wait:
        return _waited(found)
    return found if args.in_notebook else f"Run {found.id} goes on with what is missing. Look: taskcell run {found.id}"


def _notebook_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", help="the run's id or link")
    parser.add_argument("task", help="the task run: train, in a sweep train~0")


def _notebook(args: argparse.Namespace) -> object:
    from taskcell.api.runs import runs

    return str(runs.run(args.run, **where(args)).notebook(args.task))


VERBS = (
    Verb(
        name="launch",
        help="start a run of a version, or of the notebook as it stands",
        add_arguments=_launch_arguments,
        run=_launch,
        exit_code=failed_run,
        details="A driver process of its own carries the run: it goes on when this command or the kernel ends.\n"
        "Example: taskcell launch churn:prod -p month=2 --sweep learning_rate=0.05,0.1 --wait",
    ),
    Verb(name="runs", help="list runs, the newest first", add_arguments=_runs_arguments, run=_runs),
    Verb(
        name="run",
        help="show where a run stands",
        add_arguments=_run_arguments,
        run=_run,
        exit_code=failed_run,
        aliases=("status",),
        details="Exit code 1 when it has ended and did not succeed.",
    ),
    Verb(name="logs", help="print what a task has printed", add_arguments=_logs_arguments, run=_logs),
    Verb(
        name="notebook",
        help="print the path of a task's executed notebook",
        add_arguments=_notebook_arguments,
        run=_notebook,
    ),
    Verb(
        name="cancel",
        help="stop a run; finished results stay",
        add_arguments=_one_run_argument,
        run=_cancel,
    ),
    Verb(
        name="resume",
        help="go on with what is missing of a run",
        add_arguments=_resume_arguments,
        run=_resume,
        exit_code=failed_run,
    ),
)
