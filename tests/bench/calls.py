"""Calls within one process: a small hit, a small task with a durable record."""

from __future__ import annotations

import itertools
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.bench.rounds import Result, compare

BATCH = 20
_numbers = itertools.count()


def work(n: int) -> int:
    """Return twice the number: nothing to speak of."""
    return n * 2


def per_call(function: Callable[[int], Any], numbers: Callable[[], int]) -> Callable[[], float]:
    """Return a contender: seconds a call, over a batch."""

    def run() -> float:
        clock = time.perf_counter()
        for _ in range(BATCH):
            function(numbers())
        return (time.perf_counter() - clock) / BATCH

    return run


def measure(rounds: int) -> Iterator[Result]:
    """Yield the results of this family."""
    import joblib
    from tests.bench import marimo_calls, reached

    import taskcell

    with tempfile.TemporaryDirectory() as folder:
        os.environ["TASKCELL_STORE"] = f"{folder}/store"
        memory = joblib.Memory(f"{folder}/joblib", verbose=0)
        ours, theirs, scheduled = taskcell.task(work), memory.cache(work), _redun(folder)
        contenders: dict[str, Callable[[int], Any]] = {
            "taskcell": ours,
            "joblib.Memory": theirs,
            "marimo.persistent_cache": marimo_calls.cached(f"{folder}/marimo"),
            "redun (one scheduler, SQLite)": scheduled,
        }
        yield compare(
            "a small hit through a decorated function",
            {name: per_call(function, lambda: 1) for name, function in contenders.items()},
            rounds=rounds,
        )
        yield compare(
            "a hit of a function that reaches two packages, a helper and two constants",
            {
                "taskcell": per_call(taskcell.task(reached.summed), lambda: 1),
                "joblib.Memory (sees none of these)": per_call(memory.cache(reached.summed), lambda: 1),
            },
            rounds=rounds,
        )
        fresh = lambda: next(_numbers)  # noqa: E731
        first_calls = {
            "taskcell (fsync'd record)": per_call(ours, fresh),
            "joblib.Memory (not fsync'd)": per_call(theirs, fresh),
            "redun (one scheduler, SQLite)": per_call(scheduled, fresh),
            "floor: fork and one SQLite commit": per_call(_floor(folder), fresh),
        }
        yield compare("one small task executed in a reused process, with its record", first_calls, rounds=rounds)


def _redun(folder: str) -> Callable[[int], Any]:
    import logging

    from redun import Scheduler, task
    from redun.config import Config

    task_work = task(namespace="bench", name="work")(work)
    scheduler = Scheduler(config=Config({"backend": {"db_uri": f"sqlite:///{folder}/redun.db"}}))
    scheduler.load()
    logging.getLogger("redun").setLevel(logging.ERROR)
    return lambda number: scheduler.run(task_work(number))


def _floor(folder: str) -> Callable[[int], Any]:
    connection = sqlite3.connect(Path(folder, "floor.db"), isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE results (n INTEGER, value INTEGER)")

    def run(number: int) -> None:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writer, str(work(number)).encode())
            os._exit(0)
        os.close(writer)
        value = int(os.read(reader, 64))
        os.close(reader)
        os.waitpid(child, 0)
        connection.execute("INSERT INTO results VALUES (?, ?)", (number, value))

    return run
