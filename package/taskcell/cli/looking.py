"""Verbs that look back and inside: compare, reproduce, why, rescue, open, dag."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from taskcell import errors
from taskcell.cli import printing
from taskcell.cli.arguments import where
from taskcell.cli.verbs import Verb

if TYPE_CHECKING:
    from pathlib import Path

    from taskcell.views.graph import Graph


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="two or more ids or links")


def _compare(args: argparse.Namespace) -> object:
    from taskcell.api.comparisons import comparing

    return comparing.compare(*args.runs, **where(args))


# -- reproduce -------------------------------------------------------------------------------------------------------


def _reproduce_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", help="a run's id or link, or an executed notebook")
    parser.add_argument(
        "--env",
        choices=("current", "locked"),
        default="current",
        help="execute in this environment, or in the recorded one, rebuilt with uv in a folder that is reused",
    )
    parser.add_argument("--tolerance", type=float, default=1e-9, help="relative difference of numbers that is accepted")
    parser.add_argument("--absolute", type=float, default=1e-12, help="absolute difference that is accepted")
    parser.add_argument(
        "--verdict", action="store_true", help="SOURCE is a reproduction that was left alone: give its verdict"
    )


def _reproduce(args: argparse.Namespace) -> object:
    from taskcell.api.comparisons import reproducing

    if args.verdict:
        return reproducing.judge(args.source, tolerance=args.tolerance, absolute=args.absolute, **where(args))
    progress = printing.Progress()
    try:
        return reproducing.reproduce(
            args.source,
            env=args.env,
            tolerance=args.tolerance,
            absolute=args.absolute,
            progress=progress,
            say=progress.tell,
            **where(args),
        )
    finally:
        progress.done()


def _not_reproduced(result: object) -> int:
    return int(getattr(result, "verdict", "") not in ("identical", "within tolerance"))


# -- why, rescue -----------------------------------------------------------------------------------------------------


def _why_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="the task's name; in a sweep also the id of a branch")
    parser.add_argument("--against", metavar="RUN", help="compare with this run; else with the last other attempt")
    parser.add_argument("--run", metavar="RUN", help="explain it in this run; else as it stands, or the newest")


def _why(args: argparse.Namespace) -> object:
    from taskcell.api.explanations import explaining

    return explaining.why(args.task, against=args.against, run=args.run, **where(args))


def _rescue_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", help="the run's id or link")
    parser.add_argument("task", help="the task run: train, in a sweep train~0, an element fit.3")
    parser.add_argument("-o", "--output", metavar="PATH", help="where to write; else rescue-TASK.ipynb")


def _rescue(args: argparse.Namespace) -> object:
    from taskcell.api.runs import rescuing

    path = rescuing.rescue_notebook(args.run, args.task, args.output, **where(args))
    return f"Written: {path}. Its first cells load the exact inputs of the task; run it cell by cell."


# -- open ------------------------------------------------------------------------------------------------------------


def _open_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("link", help="a run's link or id, or an executed notebook")
    parser.add_argument("-o", "--output", metavar="PATH", help="where to write the notebook; else beside your work")


def _open(args: argparse.Namespace) -> object:
    from taskcell.api.comparisons import reproducing
    from taskcell.api.runs import opening
    from taskcell.engine import states

    run = reproducing.find(args.link, **where(args))
    path = None if run.plan.backend == states.INTERACTIVE else opening.write_experiment(run, args.output)
    return Opened(run, path)


class Opened:
    """A run that was opened by its link, and where its notebooks are."""

    def __init__(self, run: Any, path: Path | None) -> None:
        self.run = run
        self.path = path

    def to_text(self, width: int = 100) -> str:
        """Return the run, and where its notebooks are."""
        from taskcell.api import showing
        from taskcell.views import bundles

        lines = [bundles.to_text(showing.run_view(self.run), width), ""]
        lines.append(f"One task's executed notebook: taskcell notebook {self.run.id} TASK")
        if self.path is not None:
            lines.append(f"The experiment's notebook as it was run: {self.path}")
            lines.append(f"Execute it again and compare: taskcell reproduce {self.run.id}")
        return "\n".join(lines)

    def to_data(self) -> dict[str, Any]:
        """Return the run's view and the notebook's path."""
        from taskcell.api import showing
        from taskcell.views import bundles

        view = bundles.to_data(showing.run_view(self.run))
        return {"run": view, "notebook": str(self.path) if self.path else None}

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle: dict[str, Any] = self.run._repr_mimebundle_()
        return {**bundle, "text/plain": self.to_text()}


# -- dag -------------------------------------------------------------------------------------------------------------


def _dag_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", help="an .ipynb file, a version, or a run; in a notebook: as it stands")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--svg", metavar="FILE", help="write a picture instead")
    form.add_argument("--dot", action="store_true", help="print graphviz source instead")


def _dag(args: argparse.Namespace) -> object:
    from taskcell.api import showing

    graph = _graph(args)
    if args.dot:
        from taskcell.views.graph import to_dot

        return to_dot(graph)
    if args.svg:
        return _write_svg(graph, args.svg)
    return showing.Shown(graph)


def _graph(args: argparse.Namespace) -> Graph:
    from taskcell.api import configuration, showing
    from taskcell.api.launches import foreseeing
    from taskcell.api.runs import links, runs
    from taskcell.store import paths

    target = args.target
    if target is not None and (links.is_link(target) or paths.is_run_id(target.upper())):
        return showing.run_graph(runs.run(target, **where(args)).status())
    return foreseeing.graph(configuration.store(**where(args)), target)


def _write_svg(graph: Graph, name: str) -> str:
    from pathlib import Path

    from taskcell.views.graph import render

    path = Path(name)
    try:
        path.write_text(render(graph, "own"), encoding="utf-8")
    except OSError as exc:
        raise errors.StoreError(f"{path} can't be written: {exc.strerror}.", remedy="Choose another path.") from exc
    return f"Written: {path}"


VERBS = (
    Verb(
        name="compare",
        help="put runs side by side, differences first",
        add_arguments=_compare_arguments,
        run=_compare,
    ),
    Verb(
        name="reproduce",
        help="execute a run again without the cache, and compare every output",
        add_arguments=_reproduce_arguments,
        run=_reproduce,
        exit_code=_not_reproduced,
        details="Exit code 1 unless the verdict is 'identical' or 'within tolerance'.",
    ),
    Verb(
        name="why",
        help="say which parts of a task's cache key changed",
        add_arguments=_why_arguments,
        run=_why,
    ),
    Verb(
        name="rescue",
        help="write a notebook with a failed task's exact inputs",
        add_arguments=_rescue_arguments,
        run=_rescue,
        details="In a notebook, %%rescue loads the inputs into the kernel instead.",
    ),
    Verb(
        name="open",
        help="show what a link leads to, and write the experiment's notebook as it was run",
        add_arguments=_open_arguments,
        run=_open,
        details="Nothing is overwritten.",
    ),
    Verb(name="dag", help="draw the workflow", add_arguments=_dag_arguments, run=_dag),
)
