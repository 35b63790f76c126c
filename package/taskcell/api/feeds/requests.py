"""What each operation can be given. Everything is an id, a name, a number or a text to search: never a path.

Limits stand here, so that they are checked at the border, once, and are in the OpenAPI file.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

RunId = Annotated[str, Meta(pattern="^[0-7][0-9A-HJKMNP-TV-Z]{25}$", description="Id of a run: a ULID.")]
TaskId = Annotated[str, Meta(min_length=1, max_length=300, description="Id of a task run: train, train~0, fit.3")]
Name = Annotated[str, Meta(min_length=1, max_length=300)]
Query = Annotated[str, Meta(max_length=500, description="Text to search for; case does not matter.")]
Text = Annotated[str, Meta(max_length=10_000)]
Number = Annotated[int, Meta(ge=1, le=99_999_999)]
Offset = Annotated[int, Meta(ge=0, le=10_000_000_000)]
Page = Annotated[int, Meta(ge=1, le=200)]
Elements = Annotated[int, Meta(ge=1, le=1000)]
Rows = Annotated[int, Meta(ge=1, le=1000)]
Lines = Annotated[int, Meta(ge=1, le=5000)]
MAX_CELL_CHARACTERS = 1_000_000


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all: an unknown name is refused."""


class Nothing(Request, frozen=True, kw_only=True):
    """No parameters."""


class ListRuns(Request, frozen=True, kw_only=True):
    """``q`` searches ids, workflows, authors, parameters and sentences. ``before`` is the cursor of a page before."""

    q: Query = ""
    workflow: Annotated[str, Meta(max_length=300)] = ""
    state: Annotated[str, Meta(max_length=20)] = ""
    author: Annotated[str, Meta(max_length=300)] = ""
    before: Annotated[str, Meta(max_length=40)] = ""
    limit: Page = 50
    interactive: bool = False
    """Whether notebooks' sessions are among them."""


class OneRun(Request, frozen=True, kw_only=True):
    """A run."""

    run: RunId


class GetRun(Request, frozen=True, kw_only=True):
    """A run; ``placed`` false leaves positions out."""

    run: RunId
    placed: bool = True


class OneTask(Request, frozen=True, kw_only=True):
    """A task run; an id or a label."""

    run: RunId
    task: TaskId


class GetElements(Request, frozen=True, kw_only=True):
    """Elements of a mapped task, from ``offset`` on; ``state`` keeps those in that state."""

    run: RunId
    task: TaskId
    offset: Offset = 0
    limit: Elements = 200
    state: Annotated[str, Meta(max_length=20)] = ""


class GetLog(Request, frozen=True, kw_only=True):
    """Lines of a log.

    ``attempt`` 0 is the newest. ``from_line`` negative counts from the end: -200 gives the last 200 lines. With ``query``
    lines that contain it are given, searched from ``from_line`` on.
    """

    run: RunId
    task: TaskId
    attempt: Annotated[int, Meta(ge=0, le=99_999_999)] = 0
    from_line: Annotated[int, Meta(ge=-5000, le=10_000_000_000)] = 0
    limit: Lines = 500
    query: Query = ""


class GetTaskNotebook(Request, frozen=True, kw_only=True):
    """The executed notebook of an attempt; 0: the newest."""

    run: RunId
    task: TaskId
    attempt: Annotated[int, Meta(ge=0, le=99_999_999)] = 0


class Why(Request, frozen=True, kw_only=True):
    """A task run; ``against`` names a run or a version to compare with. Empty: the attempt before."""

    run: RunId
    task: TaskId
    against: Annotated[str, Meta(max_length=300)] = ""


class Resources(Request, frozen=True, kw_only=True):
    """What tasks get that state nothing themselves; on Kubernetes only. None: the setting."""

    image: Annotated[str, Meta(max_length=500)] | None = None
    cpu_cores: Annotated[float, Meta(gt=0, le=10_000)] | None = None
    memory_bytes: Annotated[int, Meta(gt=0, le=1 << 50)] | None = None


class Launch(Request, frozen=True, kw_only=True):
    """A launch.

    ``target`` is ``churn@3``, ``churn:prod``, ``churn`` or a digest; empty: the notebook as it stands, in its kernel only.
    Values are in JSON form. ``sweep`` maps a parameter to several values.
    """

    target: Annotated[str, Meta(max_length=300)] = ""
    parameters: dict[str, Any] = {}
    sweep: dict[str, list[Any]] = {}
    backend: Annotated[str, Meta(max_length=100)] = ""
    max_workers: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    use_cache: bool = True
    message: Text = ""
    resources: Resources | None = None


class Form(Request, frozen=True, kw_only=True):
    """What to launch, as in a launch."""

    target: Annotated[str, Meta(max_length=300)] = ""


class Reproduce(Request, frozen=True, kw_only=True):
    """A run.

    ``again`` false: an earlier execution without the cache will do. ``environment`` is the one of this process, or the
    recorded one, rebuilt first, which takes its time.
    """

    run: RunId
    again: bool = True
    environment: Literal["current", "locked"] = "current"


class Compare(Request, frozen=True, kw_only=True):
    """Ids of 2 to 50 runs, joined by commas; ``baseline`` is the one that the others are compared with."""

    runs: Annotated[str, Meta(pattern="^[0-7][0-9A-HJKMNP-TV-Z]{25}(,[0-7][0-9A-HJKMNP-TV-Z]{25}){1,49}$")]
    baseline: Annotated[str, Meta(max_length=26)] = ""


class ListWorkflows(Request, frozen=True, kw_only=True):
    """``q`` searches names."""

    q: Query = ""


class ListVersions(Request, frozen=True, kw_only=True):
    """Versions with numbers below ``before``; 0: from the newest on."""

    workflow: Name
    before: Annotated[int, Meta(ge=0, le=99_999_999)] = 0
    limit: Page = 50


class OneVersion(Request, frozen=True, kw_only=True):
    """A version by its number."""

    workflow: Name
    number: Number


class GetVersion(Request, frozen=True, kw_only=True):
    """A version; ``against`` is the number of another to compare with. 0: the one before."""

    workflow: Name
    number: Number
    against: Annotated[int, Meta(ge=0, le=99_999_999)] = 0


class GetWorkflowGraph(Request, frozen=True, kw_only=True):
    """A workflow; ``version`` 0 is the newest. Without a name: the notebook as it stands, in its kernel only."""

    workflow: Annotated[str, Meta(max_length=300)] = ""
    version: Annotated[int, Meta(ge=0, le=99_999_999)] = 0


class MoveTag(Request, frozen=True, kw_only=True):
    """Move a tag to a version; a new tag is made."""

    workflow: Name
    tag: Annotated[str, Meta(min_length=1, max_length=100)]
    version: Number
    message: Text = ""


class RollBackTag(Request, frozen=True, kw_only=True):
    """Move a tag back to where it was before."""

    workflow: Name
    tag: Annotated[str, Meta(min_length=1, max_length=100)]
    message: Text = ""


class ListValues(Request, frozen=True, kw_only=True):
    """``q`` searches names of outputs, of tasks and types. ``before`` is the cursor of a page before."""

    q: Query = ""
    run: Annotated[str, Meta(pattern="^([0-7][0-9A-HJKMNP-TV-Z]{25})?$")] = ""
    task: Annotated[str, Meta(max_length=300)] = ""
    before: Annotated[str, Meta(max_length=40)] = ""
    limit: Page = 50


class OneValue(Request, frozen=True, kw_only=True):
    """One output of one task run."""

    run: RunId
    task: TaskId
    output: Name


class GetValue(Request, frozen=True, kw_only=True):
    """One output of one task run, its rows from ``offset`` on, its columns from ``column`` on."""

    run: RunId
    task: TaskId
    output: Name
    offset: Offset = 0
    limit: Rows = 100
    column: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    columns: Annotated[int, Meta(ge=1, le=500)] = 100


class NotebookCell(Request, frozen=True, kw_only=True):
    """A code cell as it stands in an editor."""

    id: Annotated[str, Meta(max_length=200)]
    source: Annotated[str, Meta(max_length=MAX_CELL_CHARACTERS)]


class CellsState(Request, frozen=True, kw_only=True):
    """The code cells of a notebook in order.

    ``name`` is the notebook's file name, without folders. ``session`` is the id of its Jupyter session, by which its
    local modules are found.
    """

    cells: Annotated[list[NotebookCell], Meta(max_length=5000)]
    name: Annotated[str, Meta(max_length=300)] = "notebook.ipynb"
    session: Annotated[str, Meta(max_length=100)] = ""


class Snapshot(Request, frozen=True, kw_only=True):
    """A notebook as it stands in an editor, in the JSON form of nbformat 4, to be made a version."""

    notebook: dict[str, Any]
    name: Annotated[str, Meta(min_length=1, max_length=300)]
    message: Text = ""
    session: Annotated[str, Meta(max_length=100)] = ""
