"""Long things as a view asks for them, page by page: 100,000 runs, a log of 1,000,000 lines, a table of 1,000,000 rows."""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import nbformat
from tests.bench.rounds import Result, compare
from ulid import ULID

import taskcell
from taskcell.api.feeds import answering, indexes
from taskcell.api.feeds.contracts import Context
from taskcell.model.runs import DriverEnd, DriverStart, Plan, RunState
from taskcell.store import paths, pooling
from taskcell.store.opening import Store, open_store

RUNS, LINES, ROWS = 100_000, 1_000_000, 1_000_000
_CELLS = (
    "%load_ext taskcell",
    f"%%task said\nprint('\\n'.join(f'step {{n:07d}}' for n in range({LINES})))\nsaid = 1",
    f"%%task table\nimport pandas as pd\nn = range({ROWS})\n"
    "table = pd.DataFrame({'n': n, 'half': [i / 2 for i in n], 'name': [f'name {i % 1000}' for i in n]})",
)


def measure(rounds: int) -> Iterator[Result]:
    """Yield the results of this family."""
    with tempfile.TemporaryDirectory(prefix="taskcell-bench-") as folder:
        os.environ.update(TASKCELL_STORE=f"{folder}/store", XDG_CACHE_HOME=f"{folder}/cache")
        path = Path(folder, "long.ipynb")
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in _CELLS]), path)
        run = taskcell.launch(path).wait(600)
        context = Context(store=open_store(f"{folder}/store"))
        yield from _log(context, run.id, rounds)
        yield from _table(context, run.id, rounds)
        yield from _runs(folder, run.id, rounds)


def _asking(context: Context, name: str, **given: Any) -> Callable[[], float]:
    """Return a contender that asks as a server is asked, and has the answer in JSON."""

    def ask() -> float:
        clock = time.perf_counter()
        answering.encoded(answering.answer(context, name, given))
        return time.perf_counter() - clock

    return ask


def _asking_anew(store: Store, name: str, **given: Any) -> Callable[[], float]:
    """Return a contender that asks a process which has looked at nothing yet."""

    def ask() -> float:
        return _asking(Context(store=store), name, **given)()

    return ask


def _log(context: Context, run: str, rounds: int) -> Iterator[Result]:
    of = {"run": run, "task": "said"}
    whole = b"\n".join(b"step %07d" % number for number in range(LINES))

    def floor() -> float:
        clock = time.perf_counter()
        whole.find(b"step 0999999")
        return time.perf_counter() - clock

    yield compare(
        f"a log of {LINES:,} lines",
        {
            "200 lines at the end": _asking(context, "tasks.log", **of, from_line=-200, limit=200),
            "200 lines in the middle": _asking(context, "tasks.log", **of, from_line=LINES // 2, limit=200),
            "a search that finds only the last line": _asking(
                context, "tasks.log", **of, from_line=0, limit=200, query="step 0999999"
            ),
            "the same, by a process that never saw it": _asking_anew(
                context.store, "tasks.log", **of, from_line=0, limit=200, query="step 0999999"
            ),
            "floor: find in bytes": floor,
        },
        rounds=rounds,
    )


def _table(context: Context, run: str, rounds: int) -> Iterator[Result]:
    of = {"run": run, "task": "table", "output": "table", "limit": 100}
    yield compare(
        f"a table of {ROWS:,} rows",
        {
            "100 rows in the middle": _asking(context, "values.get", **of, offset=ROWS // 2),
            "100 rows at the end": _asking(context, "values.get", **of, offset=ROWS - 100),
            "the same, by a process that never saw it": _asking_anew(
                context.store, "values.get", **of, offset=ROWS - 100
            ),
        },
        rounds=rounds,
    )


def _runs(folder: str, run: str, rounds: int) -> Iterator[Result]:
    quick = open_store(f"{folder}/store", durability="process")
    like = quick.records.read(paths.plan(run), Plan)
    chance = random.Random(0)
    newest = datetime.now(UTC)
    pooling.each(
        quick.files,
        lambda number: _write_run(quick, like, number, newest - timedelta(minutes=number), chance),
        range(1, RUNS),
    )
    context = Context(store=open_store(f"{folder}/store"))
    clock = time.perf_counter()
    first = answering.answer(context, "runs.list", {"limit": 50})
    began = time.perf_counter() - clock
    while indexes.run_index(context).unread:
        time.sleep(0.2)
    whole = time.perf_counter() - clock
    print(
        f"\n{RUNS:,} runs that were never read: {len(first.runs)} of them after {began:.2f} s, all after {whole:.1f} s"
    )
    middle = answering.answer(context, "runs.list", {"limit": 50, "q": "rate=0.5"}).next
    numbers = iter(range(RUNS, 10 * RUNS))

    def one_more() -> float:
        _write_run(quick, like, next(numbers), datetime.now(UTC), chance)
        time.sleep(0.4)  # longer than a listing may be old
        return _asking(context, "runs.list", limit=50)()

    yield compare(
        f"a list of {RUNS:,} runs",
        {
            "the first 50": _asking(context, "runs.list", limit=50),
            "the first 50 after another run": one_more,
            "the first 50, by a process that begins": _asking_anew(context.store, "runs.list", limit=50),
            "a page further down": _asking(context, "runs.list", limit=50, before=middle),
            "50 failed ones": _asking(context, "runs.list", limit=50, state="failed"),
            "50 of somebody": _asking(context, "runs.list", limit=50, author="user7"),
            "a search for a parameter": _asking(context, "runs.list", limit=50, q="rate=0.5"),
            "a search that finds nothing": _asking(context, "runs.list", limit=50, q="nothing like it"),
            "floor: rows of SQLite": _floor(Path(folder, "floor.db")),
        },
        rounds=rounds,
    )


def _write_run(where: Store, like: Plan, number: int, at: datetime, chance: random.Random) -> None:
    """Write the records of another run."""
    run_id = str(ULID.from_datetime(at))
    has_failed = number % 20 == 0
    plan = msgspec.structs.replace(
        like,
        run_id=run_id,
        author=f"user{number % 30}",
        created_at=at,
        parameters={"rate": round(chance.random(), 1), "seed": number},
    )
    start = DriverStart(run_id=run_id, epoch=1, host="h", pid=1, started_at=at)
    end = DriverEnd(
        epoch=1,
        state=RunState.FAILED if has_failed else RunState.SUCCEEDED,
        sentence="1 of 2 tasks failed." if has_failed else "2 tasks succeeded.",
        ended_at=at + timedelta(seconds=30),
    )
    where.records.create(paths.plan(run_id), plan)
    where.records.create(paths.driver_start(run_id, 1), start)
    where.records.create(paths.driver_end(run_id, 1), end)


def _floor(path: Path) -> Callable[[], float]:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (id TEXT PRIMARY KEY, row TEXT)")
    connection.executemany("INSERT INTO runs VALUES (?, ?)", ((f"{n:026d}", "x" * 400) for n in range(RUNS)))
    connection.commit()

    def read() -> float:
        clock = time.perf_counter()
        connection.execute("SELECT row FROM runs ORDER BY id DESC LIMIT 50").fetchall()
        return time.perf_counter() - clock

    return read
