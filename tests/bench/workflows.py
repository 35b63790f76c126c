"""Whole workflows: analysis of a large notebook, keys of many tasks, a run that takes everything from the cache."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from tests.bench.rounds import Result, compare

from taskcell import environment
from taskcell.api.definitions import workflows
from taskcell.api.runs import run_ids
from taskcell.backends.contracts import TaskOrder, WorkerEvent
from taskcell.cache import keys
from taskcell.cache.results import Results
from taskcell.engine import planning
from taskcell.engine.driving import Driver
from taskcell.hashing import digest_parts
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheEntry, CacheKey
from taskcell.model.cells import Cell
from taskcell.model.runs import Plan, TaskState
from taskcell.model.tasks import Capture, CaptureKind, InputKind, Task, TaskInput, TaskOptions, Workflow
from taskcell.store import codecs, paths
from taskcell.store.opening import Store, open_store

CELLS = 200
TASKS = 1_000
_WIDTH = 10
_salt = itertools.count()

_HELPERS = '''LIMIT_{n} = {n}
WEIGHTS_{n} = {{"a": {n}, "b": [1, 2, {n}]}}

def clean_{n}(frame, limit=LIMIT_{n}):
    """Return rows that count."""
    kept = frame[frame["value"] > limit].dropna()
    for column, weight in WEIGHTS_{n}.items():
        if column in kept:
            kept[column] = kept[column] * weight
    return kept.reset_index(drop=True)


class Model_{n}:
    def __init__(self, rate):
        self.rate = rate
        self.history = []

    def fit(self, x, y):
        total = [a * b for a, b in zip(x, y) if a > self.rate]
        self.history.append(sum(total))
        return self
'''
_LOOK = """def show_{n}(frame):
    import matplotlib.pyplot as plt
    fig, ax = plt.subplots()
    ax.plot(frame["value"])
    with open("notes.txt") as stream:
        text = stream.read()
    try:
        count = int(text)
    except ValueError:
        count = 0
    return fig, count
SCALE_{n} = math.sqrt({n})
total_{n} = sum(i * i for i in range(10))
"""
_INFERRED = """%%task
wide_{n} = clean_{n}(frame_{before}).assign(ratio=lambda d: d["value"] / (1 + LIMIT_{n}))
frame_{n} = wide_{n}.groupby("value").agg("mean")
for name, part in wide_{n}.groupby("value"):
    print(name, part["ratio"].sum())
"""
_STATED = """%%task model_{n}(frame_{n}, rate) -> model_{n}, mae_{n} --retries 2
x = frame_{n}[["value"]]
y = frame_{n}["value"] * 2
model_{n} = Ridge(alpha=rate).fit(x, y)
errors = [abs(a - b) for a, b in zip(model_{n}.predict(x), y)]
mae_{n} = float(np.mean(errors))
print(f"mae {{mae_{n}:.3f}}")
"""


def notebook(count: int) -> list[Cell]:
    """Return a notebook of dense cells: a quarter each of helpers, looks at data, inferred and stated tasks."""
    sources = [
        "%%params\nrate: float = 0.1",
        "import math\nimport numpy as np\nimport pandas as pd\nfrom sklearn.linear_model import Ridge",
        "%%task\nframe_0 = pd.DataFrame({'value': np.arange(100)})",
    ]
    for number in itertools.count(1):
        sources += [text.format(n=number, before=number - 1) for text in (_HELPERS, _LOOK, _INFERRED, _STATED)]
        if len(sources) >= count:
            break
    return [Cell(source=source, label=f"cell {at}") for at, source in enumerate(sources[:count], start=1)]


def _unseen(cells: list[Cell]) -> list[Cell]:
    """Return cells that nothing remembers: a line more in each."""
    salt = next(_salt)
    return [
        Cell(source=f"{cell.source}\n" + ("" if "%%params" in cell.source else f"_unseen = {salt}"), label=cell.label)
        for cell in cells
    ]


def _read(cells: list[Cell]) -> float:
    clock = time.perf_counter()
    workflows.read_workflow(cells, name="large", folder=Path.cwd())
    return time.perf_counter() - clock


class Many:
    """A workflow of many small tasks, each of which reads one before it, and their results in a store."""

    def __init__(self, folder: str, count: int) -> None:
        self.store: Store = open_store(Path(folder, "store").as_uri(), "default")
        self.tasks = [_small(number) for number in range(count)]
        self.addresses = {task.name: self.store.blobs.put(msgspec.json.encode(task))[0] for task in self.tasks}
        self.rate = codecs.encode(0.1, self.store.blobs)
        self.made = {f"out_{number}": codecs.encode(number, self.store.blobs) for number in range(count)}

    def key(self, task: Task) -> CacheKey:
        """Return a task's key."""
        artifacts: dict[str, Artifact] = {"rate": self.rate, **self.made}
        inputs = {
            item.name: keys.InputDigest(digest=artifacts[item.name].digest, label=artifacts[item.name].preview)
            for item in task.inputs
        }
        return keys.task_key(task, inputs, installed=environment.installed_version)

    def keys(self) -> float:
        """Return the seconds that all keys take."""
        clock = time.perf_counter()
        for task in self.tasks:
            self.key(task)
        return time.perf_counter() - clock

    def fill(self) -> None:
        """Commit every result."""
        results = Results(self.store)
        for task in self.tasks:
            key = self.key(task)
            entry = CacheEntry(
                key=key.digest,
                parts=key.parts,
                task_name=task.name,
                task=self.addresses[task.name],
                outputs={name: self.made[name] for name in task.outputs},
                run_id=run_ids.new_run_id(),
                author="bench",
                created_at=datetime.now(UTC),
                duration_s=1.0,
            )
            results.commit(entry)

    def run(self) -> float:
        """Return the seconds that a task takes in a run in which all are cached: plan, look-up, record."""
        clock = time.perf_counter()
        planned = planning.plan_tasks(
            Workflow(name="many", tasks=tuple(self.tasks)), self.addresses, {"rate": self.rate}, {}
        )
        plan = Plan(
            run_id=run_ids.new_run_id(),
            project="default",
            workflow="many",
            version_number=1,
            version=digest_parts("bench", []),
            parameters={"rate": 0.1},
            tasks=planned,
            backend="local",
            author="bench",
            host="here",
            created_at=datetime.now(UTC),
        )
        self.store.records.create(paths.plan(plan.run_id), plan)
        Driver(self.store, plan, _Nobody(), installed=environment.installed_version, trusted=False).drive()
        return (time.perf_counter() - clock) / len(self.tasks)


class _Nobody:
    """Workers that are never needed."""

    def free(self) -> int:
        return 1

    def submit(self, order: TaskOrder) -> None:
        raise AssertionError(f"{order.id} is not cached")

    def foresee(self, options: Sequence[TaskOptions]) -> None: ...

    def events(self, timeout_s: float) -> Sequence[WorkerEvent]:
        return []

    def cancel(self, order_id: str) -> None: ...

    def goes_along(self, first: TaskOptions, options: TaskOptions) -> bool:
        return False

    def go_on(self, order: TaskOrder) -> None: ...

    def withdraw(self, order: TaskOrder) -> None: ...

    def recall(self, ended: Callable[[TaskOrder], TaskState | None]) -> Sequence[TaskOrder]:
        return []

    def is_gone(self, host: str) -> bool:
        return False

    def stop_strays(self) -> None: ...

    def close(self) -> None: ...


def _small(number: int) -> Task:
    inputs = [TaskInput(name="rate", kind=InputKind.PARAMETER)]
    if number >= _WIDTH:
        before = number - _WIDTH
        inputs.append(TaskInput(name=f"out_{before}", kind=InputKind.OUTPUT, task=f"task_{before}"))
    helpers = (
        Capture(name=f"helper_{n}", kind=CaptureKind.FUNCTION, digest=digest_parts("helper", [str(n)]), source="…")
        for n in range(6)
    )
    return Task(
        name=f"task_{number}",
        body=f"out_{number} = rate",
        code=digest_parts("body", [str(number)]),
        inputs=tuple(inputs),
        outputs=(f"out_{number}",),
        captures=tuple(helpers),
        distributions=(("numpy", "2"), ("pandas", "2"), ("scikit-learn", "1")),
        options=TaskOptions(),
        stated=True,
    )


def _floor(folder: str) -> float:
    """Write and sync as many small files, one after the other."""
    import os

    clock = time.perf_counter()
    for _ in range(100):
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"x" * 800)
            os.fsync(file.fileno())
    return (time.perf_counter() - clock) / 100


def measure(rounds: int) -> Iterator[Result]:
    """Yield the results of this family."""
    cells = notebook(CELLS)
    lines = sum(cell.source.count("\n") + 1 for cell in cells)
    yield compare(
        f"the workflow of a notebook of {CELLS} cells, {lines:,} lines",
        {"every cell new": lambda: _read(_unseen(cells)), "nothing new": lambda: _read(cells)},
        rounds=rounds,
    )
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        many = Many(folder, TASKS)
        yield compare(f"the keys of {TASKS:,} tasks", {"all keys": many.keys}, rounds=rounds)
        many.fill()
        yield compare(
            f"a run of {TASKS:,} cached tasks, a task",
            {"plan, look-up and durable record": many.run, "floor: one small file synced": lambda: _floor(folder)},
            rounds=max(3, rounds // 4),
        )
