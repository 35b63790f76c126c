"""Whole processes: imports, the command line, a hit from a cold start."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.rounds import Result, compare

_JOBLIB = """
import joblib
@joblib.Memory({folder!r}, verbose=0).cache
def work(n):
    return n * 2
assert work(21) == 42
"""
_TASKCELL = """
import taskcell
@taskcell.task
def work(n):
    return n * 2
assert work(21) == 42
"""


def python(code: str, **environ: str) -> Callable[[], float]:
    """Return a contender: a fresh interpreter that executes code."""
    return command(sys.executable, "-c", code, **environ)


def command(*words: str, **environ: str) -> Callable[[], float]:
    """Return a contender: a whole process."""

    def run() -> float:
        clock = time.perf_counter()
        subprocess.run(words, check=True, env={**os.environ, **environ}, stdout=subprocess.DEVNULL)
        return time.perf_counter() - clock

    return run


def measure(rounds: int) -> Iterator[Result]:
    """Yield the results of this family."""
    floor = python("pass")
    yield compare(
        "import, as a whole process",
        {
            "taskcell": python("import taskcell"),
            "taskcell with launch, runs and reproduce": python("import taskcell; taskcell.launch; taskcell.reproduce"),
            "joblib": python("import joblib"),
            "flyte": python("import flyte"),
            "redun": python("import redun"),
            "pandas": python("import pandas"),
            "floor: python -c pass": floor,
        },
        rounds=rounds,
    )
    cli = str(Path(sys.executable).with_name("taskcell"))
    yield compare(
        "taskcell --help",
        {"taskcell --help": command(cli, "--help"), "floor: python -c pass": floor},
        rounds=rounds,
    )
    with tempfile.TemporaryDirectory() as folder:
        scripts = {"taskcell": _TASKCELL, "joblib": _JOBLIB.format(folder=f"{folder}/joblib")}
        for name, code in scripts.items():
            Path(folder, f"with_{name}.py").write_text(code)
        store = {"TASKCELL_STORE": f"{folder}/store"}
        yield compare(
            "process start to a cache hit",
            {
                "taskcell": command(sys.executable, f"{folder}/with_taskcell.py", **store),
                "joblib": command(sys.executable, f"{folder}/with_joblib.py"),
                "floor: python -c pass": floor,
            },
            rounds=rounds,
        )
