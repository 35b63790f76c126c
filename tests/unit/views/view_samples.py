"""One payload of every kind, with any text in every place where a user's text can stand."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from taskcell.views import (
    bundles,
    comparing,
    diffs,
    graph,
    launching,
    previews,
    reasons,
    reproductions,
    runs,
    versions,
)
from taskcell.views.states import State

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUN = "01JNGZ3ABCDEFGHJKMNPQRSTVW"
OTHER = "01JNGZ9XYCDEFGHJKMNPQRSTVX"
# The smallest PNG: one transparent pixel.
PNG = base64.b64encode(
    base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
).decode()


def dag(text: str = "train") -> graph.Graph:
    nodes = (
        graph.Node(id="p", label=text, role=graph.Role.PARAMETER, detail=text),
        graph.Node(id="load", label="load", state=State.CACHED, detail=text),
        graph.Node(id="clean", label="clean", state=State.SUCCEEDED, detail="1.2 s"),
        graph.Node(id=text, label=text, state=State.FAILED, outputs=(text,), counts={"succeeded": 3, "failed": 1}),
        graph.Node(id="report", label="report", state=State.SKIPPED),
    )
    pairs = (("p", "load"), ("load", "clean"), ("clean", text), (text, "report"), ("load", "report"))
    edges = tuple(graph.Edge(source=source, target=target, label=text) for source, target in pairs)
    return graph.Graph(title=text, nodes=nodes, edges=edges)


def run(text: str = "train", state: State = State.FAILED) -> runs.RunView:
    tasks = (
        runs.TaskRow(
            id="load",
            label="load",
            state=State.SUCCEEDED,
            cached=True,
            duration_s=0.003,
            from_run=OTHER,
            from_author=text,
            from_created_at=NOW - 48 * HOUR,
        ),
        runs.TaskRow(id="t", label=text, state=State.FAILED, attempt=2, duration_s=66, error=f"ValueError: {text}"),
        runs.TaskRow(id="f", label="features", state=State.RUNNING, notices=(text,), elements=12, elements_done=5),
        runs.TaskRow(id="r", label="report", state=State.SKIPPED),
    )
    return runs.RunView(
        id=RUN,
        workflow=text,
        state=state,
        shown_at=NOW,
        created_at=NOW - 3 * HOUR,
        author=text,
        duration_s=83.2,
        backend=text,
        sentence=text,
        parameters={"month": 1, text: text},
        tasks=tasks,
        graph=dag(text),
        notices=(text,),
        link=text,
    )


def run_list(text: str = "train") -> runs.RunList:
    row = runs.RunRow(
        id=RUN,
        workflow=text,
        state=State.SUCCEEDED,
        created_at=NOW - 5 * HOUR,
        author=text,
        duration_s=12.4,
        backend=text,
        parameters={text: text},
        counts={"succeeded": 4, "cached": 2},
        sentence=text,
        tags=(text,),
    )
    return runs.RunList(runs=(row,), shown_at=NOW, title=text, more=3)


def version_list(text: str = "train") -> versions.VersionList:
    changes = versions.VersionChanges(
        tasks_added=("plot",),
        tasks_removed=("old",),
        tasks_changed=(text,),
        parameters=(text,),
        packages=(text,),
    )
    newest = versions.VersionRow(
        number=7,
        digest="ab" * 32,
        created_at=NOW - HOUR,
        author=text,
        message=text,
        tags=(text,),
        commit="3f2a9c1d00",
        dirty=True,
        branch=text,
        changes=changes,
        runs=2,
        current=True,
    )
    first = versions.VersionRow(number=6, digest="cd" * 32, created_at=NOW - 30 * HOUR, message="first")
    return versions.VersionList(workflow=text, versions=(newest, first), shown_at=NOW)


def preview(text: str = "26 × 19") -> previews.Preview:
    return previews.Preview(type=text, text=text, digest=text, size_bytes=2345678)


def comparison(text: str = "rate") -> comparing.Comparison:
    columns = tuple(
        comparing.RunColumn(id=name, workflow=text, state=State.SUCCEEDED, created_at=NOW - HOUR, author=text)
        for name in (RUN, OTHER)
    )
    grid = previews.Preview(type="DataFrame", columns=(text, "b"), rows=((text, "1"), ("2",)))
    return comparing.Comparison(
        runs=columns,
        shown_at=NOW,
        parameters=(comparing.row(text, [text, "other"]), comparing.row("month", [1, 1])),
        metrics=(comparing.row("mae", [10.0, 12.5]),),
        durations=(comparing.row("load", [61.0, 60.0], tolerance=0.2),),
        cached=(comparing.row("load", [True, False]),),
        environment=(comparing.row("pandas", ["2.3.0", text]),),
        code=(comparing.CodeDiff(task=text, old=OTHER, new=RUN, lines=diffs.diff_lines("a\nb", f"a\n{text}")),),
        outputs=(
            comparing.OutputRow(task=text, name=text, cells=(preview(text), None), differs=True),
            comparing.OutputRow(task="t", name="grid", cells=(grid, previews.Preview(image_png=PNG)), differs=True),
            comparing.OutputRow(task="t", name="same", cells=(preview(), preview()), differs=False),
        ),
    )


def explanation(text: str = "score") -> reasons.Explanation:
    changes = (
        reasons.PartChange(part="code", name="", lines=diffs.diff_lines("x = 1", text), words=text, origin=text),
        reasons.PartChange(part="parameter", name="rate", old="0.1", new="0.05"),
        reasons.PartChange(part="function", name=text, change="added", new=text),
    )
    return reasons.Explanation(
        task=text,
        verdict="miss",
        headline=text,
        shown_at=NOW,
        changes=changes,
        unchanged=("import:numpy", text),
        compared_to=OTHER,
        compared_author=text,
        compared_at=NOW - 30 * HOUR,
        key=text,
        notices=(text,),
    )


def reproduction(text: str = "train") -> reproductions.ReproductionView:
    outputs = (
        reproductions.OutputVerdict(task="load", name="df", verdict="identical"),
        reproductions.OutputVerdict(
            task=text,
            name=text,
            verdict="different",
            detail=text,
            recorded=preview(text),
            reproduced=preview(),
        ),
        reproductions.OutputVerdict(task="train", name="mae", verdict="within tolerance", detail="0.008 % apart"),
    )
    return reproductions.ReproductionView(
        run=RUN,
        reproduced_by=OTHER,
        workflow=text,
        verdict="different",
        sentence=text,
        shown_at=NOW,
        created_at=NOW - 100 * HOUR,
        outputs=outputs,
        diverged=text,
        cause=text,
        why=text,
        environment=text,
        environment_changes=(text,),
        duration_s=44,
    )


def launch(text: str = "train") -> launching.LaunchPreview:
    tasks = (
        launching.LaunchTask(id="load", label="load", state=State.CACHED, reason=text),
        launching.LaunchTask(id="t", label=text, state=State.WILL_RUN, reason=text, expected_s=62),
        launching.LaunchTask(id="u", label="report", state=State.REFUSED, reason="no such input"),
    )
    return launching.LaunchPreview(
        workflow=text,
        backend=text,
        parameters={text: text},
        sweep={text: [0.1, 0.3]},
        tasks=tasks,
        expected_s=130,
        samples=6,
        problems=(text,),
        notices=(text,),
        graph=dag(text),
    )


def every_view(text: str = "train") -> list[bundles.View]:
    return [
        dag(text),
        run(text),
        run_list(text),
        version_list(text),
        comparison(text),
        explanation(text),
        reproduction(text),
        launch(text),
    ]
