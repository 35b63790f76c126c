"""Caches that are measured against each other: each wraps a function, in a folder of its own."""

from __future__ import annotations

import logging
import mmap
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

Function: TypeAlias = Callable[..., Any]
Contender: TypeAlias = Callable[[Function, Path], Function]


def taskcell_task(function: Function, folder: Path) -> Function:
    """``@taskcell.task`` on a store in the folder: every file synced to disk, every digest verified."""
    import taskcell

    cached = taskcell.task(function)

    def call(*arguments: Any) -> Any:
        os.environ["TASKCELL_STORE"] = str(folder / "store")
        return cached(*arguments)

    return call


def joblib_memory(function: Function, folder: Path) -> Function:
    """``joblib.Memory``: pickles, neither synced nor verified."""
    import joblib

    cached: Function = joblib.Memory(folder, verbose=0).cache(function)
    return cached


def marimo_cache(function: Function, folder: Path) -> Function:
    """``marimo.persistent_cache``: pickles, neither synced nor verified."""
    import marimo

    cached: Function = marimo.persistent_cache(function, save_path=str(folder))
    return cached


def redun_task(function: Function, folder: Path) -> Function:
    """A redun task with its SQLite database in the folder."""
    import redun
    from redun.config import Config

    task = redun.task(namespace="bench", name=function.__name__)(function)
    scheduler = redun.Scheduler(config=Config({"backend": {"db_uri": f"sqlite:///{folder}/redun.db"}}))
    scheduler.load()
    logging.getLogger("redun").setLevel(logging.ERROR)
    return lambda *arguments: scheduler.run(task(*arguments))


def arrow_floor(function: Function, folder: Path) -> Function:
    """No cache: an Arrow file and its BLAKE3; on a hit mapped, hashed and made a frame of."""
    import pyarrow as pa
    from blake3 import blake3

    def call(*arguments: Any) -> Any:
        path = folder / "_".join(str(part) for part in arguments if isinstance(part, float))
        if path.exists():
            with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                blake3(mapped).digest()
            with pa.memory_map(str(path)) as source:
                return pa.ipc.open_file(source).read_all().to_pandas()
        value = function(*arguments)
        table = pa.Table.from_pandas(value)
        with path.open("wb") as stream, pa.ipc.new_file(stream, table.schema) as writer:
            writer.write_table(table)
        for column in table.columns:
            for buffer in column.chunk(0).buffers():
                blake3(buffer or b"").digest()
        return value

    return call


ALL: dict[str, Contender] = {
    "taskcell": taskcell_task,
    "joblib.Memory": joblib_memory,
    "marimo.persistent_cache": marimo_cache,
    "redun": redun_task,
    "floor: Arrow file and BLAKE3": arrow_floor,
}
