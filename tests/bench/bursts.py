"""Many small tasks at once, by one contender: ``python -m tests.bench.bursts CONTENDER COUNT FOLDER`` prints what it took as JSON.

A process for each contender and count, so that processor time and memory are those of all that it starts and of nothing else.
What a task does is one of ``BODIES``, by the variable ``BURST_BODY``; each contender works on two of them at a time.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.notebooks import notebook

AT_ONCE = 2
BODIES = {
    "with pandas": (
        "import pandas as pd\n"
        "frame = pd.DataFrame({'a': range(1000), 'b': [n % 7 for n in range(1000)]})\n"
        "mean = float(frame[frame.a > item].groupby('b').a.mean().sum())"
    ),
    "of plain Python": "mean = sum(range(item)) / (item + 1)",
}
KIND = os.environ.get("BURST_BODY", "with pandas")
BODY = BODIES[KIND]
_LOOK_S = 0.1

Took = list[float]


def _whole_path(count: int, folder: Path) -> Took:
    """Launch a mapped task: plan, look-up, execution, values, executed notebook and record of each in a store on disk."""
    from taskcell.api.launches import launching

    cells = [
        f"%%task\nitems = list(range({count}))",
        f"%%task mean_of(items) -> mean --map items\nitem = items\n{BODY}",
    ]
    source = folder / "burst.ipynb"
    source.write_text(json.dumps(notebook(*cells)), encoding="utf-8")
    run = launching.launch(source, store=(folder / "store").as_uri(), max_workers=AT_ONCE).wait()
    assert run.state == "succeeded", run.sentence
    return [task.duration_s or 0.0 for task in run.tasks.values() if task.id.partition(".")[2] or "~" in task.id]


def _papermill_one(engine: str | None, folder: str, number: int) -> float:
    import papermill

    warnings.simplefilter("ignore")
    clock = time.perf_counter()
    source, target = Path(folder, "in.ipynb"), Path(folder, f"out-{number}.ipynb")
    papermill.execute_notebook(
        str(source), str(target), {"item": number}, engine_name=engine, progress_bar=False, log_output=False
    )
    return time.perf_counter() - clock


def _papermill(engine: str | None, count: int, folder: Path) -> Took:
    _write_source(folder)
    with ProcessPoolExecutor(min(AT_ONCE, count), mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(partial(_papermill_one, engine, str(folder)), range(count)))


def _command(count: int, folder: Path) -> Took:
    _write_source(folder)

    def one(number: int) -> float:
        clock = time.perf_counter()
        files = [str(folder / "in.ipynb"), str(folder / f"out-{number}.ipynb")]
        command = [sys.executable, "-m", "papermill", "--no-progress-bar", *files, "-p", "item", str(number)]
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - clock

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(count)))


def _write_source(folder: Path) -> None:
    made = notebook("item = 0", BODY)
    made["cells"][0]["metadata"]["tags"] = ["parameters"]
    (folder / "in.ipynb").write_text(json.dumps(made), encoding="utf-8")


def compute(item: int) -> float:
    """Execute the body here and return how long it took."""
    clock = time.perf_counter()
    exec(compile(BODY, "burst", "exec"), {"item": item})
    return time.perf_counter() - clock


def _redun(count: int, folder: Path) -> Took:
    import redun
    from redun.config import Config

    logging.getLogger("redun").setLevel(logging.ERROR)
    one = redun.task(namespace="burst", name="one", executor="pool")(compute)

    @redun.task(namespace="burst")  # type: ignore[untyped-decorator,unused-ignore]
    def every(items: list[int]) -> list[float]:
        return [one(item) for item in items]

    settings = {
        "backend": {"db_uri": f"sqlite:///{folder}/redun.db"},
        "executors.pool": {"type": "local", "mode": "thread", "max_workers": str(AT_ONCE)},
    }
    scheduler = redun.Scheduler(config=Config(settings))
    scheduler.load()
    return list(scheduler.run(every(list(range(count)))))


def _prefect(count: int, folder: Path) -> Took:
    os.environ |= {
        "PREFECT_HOME": str(folder),
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    }
    import prefect
    from prefect.task_runners import ProcessPoolTaskRunner

    one = prefect.task(compute)

    @prefect.flow(task_runner=ProcessPoolTaskRunner(max_workers=AT_ONCE))  # type: ignore[untyped-decorator,unused-ignore]
    def every() -> list[float]:
        return list(one.map(list(range(count))).result())

    return list(every())


def _forked(count: int, _folder: Path) -> Took:
    _import_once()
    running: dict[int, float] = {}
    took: Took = []

    def reap() -> None:
        pid, _ = os.wait()
        took.append(time.perf_counter() - running.pop(pid))

    for item in range(count):
        if len(running) == AT_ONCE:
            reap()
        clock = time.perf_counter()
        pid = os.fork()
        if pid == 0:
            compute(item)
            os._exit(0)
        running[pid] = clock
    while running:
        reap()
    return took


def _import_once() -> None:
    """Import what tasks need, as a server does."""
    if "pandas" in BODY:
        import pandas  # noqa: F401


def _here(count: int, _folder: Path) -> Took:
    _import_once()
    return [compute(item) for item in range(count)]


CONTENDERS: dict[str, tuple[Callable[[int, Path], Took], int]] = {
    "taskcell, whole path with records": (_whole_path, 1000),
    "taskcell's engine, through papermill": (partial(_papermill, "taskcell"), 1000),
    "papermill": (partial(_papermill, None), 10),
    "the papermill command": (_command, 10),
    "ploomber-engine (no isolation)": (partial(_papermill, "embedded"), 100),
    "redun, threads (no isolation, no notebook)": (_redun, 1000),
    "Prefect, process pool (no notebook)": (_prefect, 100),
    "floor: forked, nothing recorded": (_forked, 1000),
    "floor: in one process": (_here, 1000),
}
"""What is measured, and of how many tasks at most: what takes a second a task is not asked for a thousand."""


def _processor() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


class Memory:
    """Looks now and then at what all processes of this one's tree hold, shared memory counted once (PSS)."""

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        import psutil

        while not self._stop.wait(_LOOK_S):
            tree = [psutil.Process(), *psutil.Process().children(recursive=True)]
            self.peak_mb = max(self.peak_mb, sum(_pss_mb(process.pid) for process in tree))


def _pss_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def _reap() -> None:
    """Wait for what was started and has not ended yet: its processor time counts."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def main(arguments: Sequence[str]) -> None:
    """Run one contender and print what it took."""
    name, count, folder = arguments[0], int(arguments[1]), Path(arguments[2])
    run, _ = CONTENDERS[name]
    warnings.simplefilter("ignore")
    found: dict[str, Any] = {}
    clock = time.perf_counter()
    if "--memory" in arguments:
        with Memory() as memory:
            took = run(count, folder)
        found["peak_mb"] = memory.peak_mb
    else:
        took = run(count, folder)
    found["seconds"] = time.perf_counter() - clock
    if name.startswith("taskcell, whole"):
        _reap()
    took.sort()
    late = took[min(len(took) - 1, round(len(took) * 0.95))]
    found |= {"processor_s": _processor(), "p50_s": statistics.median(took), "p95_s": late}
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
