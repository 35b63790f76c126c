"""Write the notebook that a task run executes, and read back what its cells say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from taskcell import analysis
from taskcell.backends.contracts import TaskOrder
from taskcell.model.runs import Plan, TaskError
from taskcell.model.tasks import Capture, CaptureKind, Task
from taskcell.notebook import provenance, writing
from taskcell.store import linking

if TYPE_CHECKING:
    from taskcell.engine.notebooks import Executed

_EXACT_TYPES = frozenset({int, float, str, bool, type(None)})
"""Types of parameters in JSON form whose injected literal is the value itself; others are loaded from the store: what
JSON has not (not-a-number, 2**70, half a surrogate) is there in a form that stands for it."""

_BEGIN = "from taskcell.worker import inside as _taskcell\n\n_taskcell.begin()"


def task_notebook(task: Task, order: TaskOrder, plan: Plan, store_url: str) -> dict[str, Any]:
    """Return the notebook of one attempt: load inputs, define what is reached, the user's cell, store outputs."""
    facts = provenance.Facts(
        kind="task",
        workflow=plan.workflow,
        version=f"{plan.workflow}@{plan.version_number}",
        run_id=order.run_id,
        task=order.task_id,
        author=plan.author,
        created_at=plan.created_at,
        backend=plan.backend,
        link=plan.link or linking.link_to(store_url, plan.project, order.run_id),
        project=plan.project,
        store=store_url,
        more={
            "attempt": order.attempt,
            "key": order.key,
            "version_digest": plan.version,
            "parameters": order.parameters,
        },
    )
    first, rest = _definitions(task)
    begin, load = "\n\n".join([_BEGIN, *first]), _load_cell(task, order)
    if load and not first:
        begin, load = "", f"{_BEGIN}\n{load}"  # a cell that is not there costs nothing
    return writing.task_notebook(
        facts=facts,
        begin=begin,
        load=load,
        setup="\n\n".join(rest),
        body=task.body,
        store=_store_cell(task),
    )


def _load_cell(task: Task, order: TaskOrder) -> str:
    """Return the cell that binds inputs; parameters that papermill injects exactly are left to it."""
    injected = {
        name
        for name, value in order.parameters.items()
        if name in order.inputs and type(value).__name__ == order.inputs[name].type and type(value) in _EXACT_TYPES
    }
    values = [item.name for item in task.captures if item.kind is CaptureKind.VALUE]
    names = [*values, *(name for name in order.inputs if name not in injected)]
    return "\n".join(f"{name} = _taskcell.load({name!r})" for name in names)


def _definitions(task: Task) -> tuple[list[str], list[str]]:
    """Return what the body reaches: what comes before values are loaded, and what needs those when it is defined.

    Classes come first wherever they can: a loaded instance is then one of the class that the body sees.
    """
    first = [item.source for item in task.captures if item.kind is CaptureKind.IMPORT]
    first, rest = ["\n".join(first)] if first else [], []
    late = {item.name for item in task.inputs} | {item.name for item in task.captures if item.kind is CaptureKind.VALUE}
    for item in task.captures:
        if item.kind not in (CaptureKind.FUNCTION, CaptureKind.CLASS, CaptureKind.CONSTANT):
            continue
        if late & _needed_at_once(item):
            late.add(item.name)
            rest.append(item.source)
        else:
            first.append(item.source)
    return first, rest


def _needed_at_once(item: Capture) -> frozenset[str]:
    """Return the names that a definition reads when it is executed: of decorators, defaults, bases, operands."""
    return frozenset().union(*(definition.eager for definition in analysis.definitions(item.source)))


def _store_cell(task: Task) -> str:
    return "_taskcell.store(globals())"


def write_modules(task: Task, folder: Path) -> None:
    """Write the local modules that a task reaches, as they were when the version was made."""
    for capture in task.captures:
        if capture.kind is not CaptureKind.MODULE:
            continue
        parts = capture.name.split(".")
        package = Path(capture.origin).stem == "__init__"
        target = folder.joinpath(*parts, "__init__.py") if package else folder.joinpath(*parts).with_suffix(".py")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(capture.source, encoding="utf-8")


def explain(executed: Executed) -> TaskError | None:
    """Return why a notebook failed, told apart by the cell that did: the user's, or one of ours around it."""
    error = executed.error
    if error is None or error.kind != "exception" or writing.BODY_TAG in executed.failed_tags:
        return error
    where = {writing.LOAD_TAG: "input", writing.SETUP_TAG: "setup", writing.STORE_TAG: "unstorable"}
    kind = next((where[tag] for tag in executed.failed_tags if tag in where), error.kind)
    return TaskError(kind=kind, sentence=_plain(error.sentence), traceback=error.traceback)


def _plain(sentence: str) -> str:
    """Drop the name of our own error class: the message stands for itself."""
    name, separator, rest = sentence.partition(": ")
    return rest if separator and name.endswith("Error") and name[:-5] in _OURS else sentence


_OURS = frozenset({"Unstorable", "Untrusted", "Format", "NotFound", "InvalidInput", "Store"})
