"""What executing a task's notebook costs: the warm engine, stock papermill, its command, ploomber-engine, and the floors."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import bursts
from tests.bench.notebooks import notebook
from tests.bench.rounds import Result, compare

_TASK = (
    "month = 1",
    "import pandas as pd",
    "frame = pd.DataFrame({'a': range(1000), 'b': [n % 7 for n in range(1000)]})",
    "means = frame[frame.a > month].groupby('b').a.mean()",
    "means",
)
_PLOT = ("import matplotlib.pyplot as plt", "fig, ax = plt.subplots()\nax.plot([1, 2, 3])\nax.set_title('t');")
_KINDS = {"one cell": ("1 + 1",), "a small task, pandas": _TASK, "a figure": _PLOT}


class _Place:
    """A folder with the notebooks that are executed."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        for name, cells in _KINDS.items():
            self.source(name).write_text(json.dumps(notebook(*cells)), encoding="utf-8")

    def source(self, name: str) -> Path:
        return self.folder / f"{name}.ipynb"

    def papermill(self, name: str, engine: str | None) -> Callable[[], float]:
        import papermill

        def run() -> float:
            clock = time.perf_counter()
            papermill.execute_notebook(
                str(self.source(name)), str(self.folder / "out.ipynb"), engine_name=engine, progress_bar=False
            )
            return time.perf_counter() - clock

        return run

    def command(self, name: str) -> Callable[[], float]:
        def run() -> float:
            program = [sys.executable, "-m", "papermill", "--no-progress-bar"]
            clock = time.perf_counter()
            subprocess.run(
                [*program, str(self.source(name)), str(self.folder / "out.ipynb")], check=True, capture_output=True
            )
            return time.perf_counter() - clock

        return run


def _in_process(cells: tuple[str, ...]) -> Callable[[], float]:
    """Return the floor without isolation: the cells' code, compiled and executed here."""

    def run() -> float:
        clock = time.perf_counter()
        names: dict[str, object] = {"__name__": "floor"}
        for cell in cells:
            exec(compile(cell, "floor", "exec"), names)
        return time.perf_counter() - clock

    return run


def _forked(cells: tuple[str, ...]) -> Callable[[], float]:
    """Return the floor with isolation: the same in a forked process, with nothing recorded."""
    inner = _in_process(cells)

    def run() -> float:
        clock = time.perf_counter()
        pid = os.fork()
        if pid == 0:
            try:
                inner()
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        return time.perf_counter() - clock

    return run


def _bursts(rounds: int) -> Iterator[str]:
    """Yield what many tasks take by each contender, interleaved; memory in a round of its own, since looking at it takes time."""
    for count, kind in [*((count, "with pandas") for count in (1, 10, 100)), *((1000, kind) for kind in bursts.BODIES)]:
        contenders = [name for name, (_, most) in bursts.CONTENDERS.items() if count <= most]
        repeated = 1 if count >= 100 else max(1, rounds // 4)
        found: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
        absent: dict[str, str] = {}
        for number in range(repeated + 1):
            for name in [name for name in contenders if name not in absent]:
                try:
                    found[name].append(_burst(name, count, kind, memory=number == repeated))
                except subprocess.CalledProcessError as exc:
                    absent[name] = (exc.stderr.strip().splitlines() or ["no reason was given"])[-1]
        lines = [f"{count} small tasks {kind}, {bursts.AT_ONCE} at once, from nothing: start and imports included"]
        lines += [_line(name, count, results) for name, results in found.items() if name not in absent]
        lines += [f"  {name:<44} not measured: {reason[:90]}" for name, reason in absent.items()]
        yield "\n".join(lines)


def _burst(name: str, count: int, kind: str, *, memory: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.bench.bursts", name, str(count), folder, *(["--memory"] * memory)]
        environ = os.environ | {"BURST_BODY": kind}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environ)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _line(name: str, count: int, results: list[dict[str, float]]) -> str:
    *timed, looked = results
    middle = {key: statistics.median(result[key] for result in timed) for key in timed[0]}
    return (
        f"  {name:<44} {middle['seconds']:8.2f} s {count / middle['seconds']:7.1f} a second"
        f"   each p50 {middle['p50_s'] * 1e3:7.1f} ms, p95 {middle['p95_s'] * 1e3:7.1f} ms"
        f"   processor {middle['processor_s'] / count * 1e3:8.1f} ms a task   memory {looked['peak_mb']:6.0f} MB"
    )


def _live() -> str:
    """Return how long a print takes from the cell to the listener, in a burst of slow ones."""
    from taskcell.engine import notebooks

    delays: list[float] = []

    def hear(text: str) -> None:
        if text.strip():
            delays.append(time.time() - float(text))

    source = "import time\nfor _ in range(40):\n    print(repr(time.time()))\n    time.sleep(0.02)"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        notebooks.execute(
            notebook(source), scratch=place, parameters={}, folder=place, timeout_s=None, environ={}, listener=hear
        )
    delays.sort()
    return f"print to listener: p50 {statistics.median(delays) * 1e3:.2f} ms, p95 {delays[-2] * 1e3:.2f} ms"


def _crash() -> str:
    """Return how long after a task's process was killed its record is complete."""
    from taskcell.engine import notebooks

    delays: list[float] = []
    source = "import os, time\nprint(repr(time.time()), flush=True)\nos.kill(os.getpid(), 9)"
    for _ in range(20):
        heard: list[str] = []
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            done = notebooks.execute(
                notebook(source),
                scratch=place,
                parameters={},
                folder=place,
                timeout_s=None,
                environ={},
                listener=heard.append,
            )
        delays.append(time.time() - float(heard[0]))
        assert done.error is not None
    delays.sort()
    return (
        f"from a kill to the record of it: p50 {statistics.median(delays) * 1e3:.1f} ms, p95 {delays[-2] * 1e3:.1f} ms"
    )


def _processor(run: Callable[[], float]) -> str:
    """Return the processor time of a run, ours and that of processes which have ended with it."""
    from taskcell.engine.warm import task_servers

    run()
    servers_pids = [server.pid for server in task_servers.SERVERS.held()]
    before = _seconds(servers_pids)
    for _ in range(10):
        run()
    return f"{(_seconds(servers_pids) - before) * 100:.1f} ms"


def _seconds(pids: list[int]) -> float:
    import psutil

    own = resource.getrusage(resource.RUSAGE_SELF)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
    for pid in pids:
        total += sum(psutil.Process(pid).cpu_times()[:4])
    return total


def _memory() -> str:
    """Return what a task process has for itself while it holds a small table, and what the server has."""
    look = "import os\nfor pid in (os.getpid(), os.getppid()):\n    print(open(f'/proc/{pid}/smaps_rollup').read())"
    source = (*_TASK[:4], look)
    from taskcell.engine import notebooks

    heard: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        notebooks.execute(
            notebook(*source),
            scratch=place,
            parameters={},
            folder=place,
            timeout_s=None,
            environ={},
            listener=heard.append,
        )
    lines = [line.split() for line in "".join(heard).splitlines()]
    private = [int(line[1]) for line in lines if line and line[0] in ("Private_Dirty:", "Private_Clean:")]
    whole = [int(line[1]) for line in lines if line and line[0] == "Pss:"]
    own, task, server = sum(private[:2]) / 1024, whole[0] / 1024, whole[1] / 1024
    return f"private memory of a pandas task {own:.1f} MB, PSS {task:.1f} MB; server PSS {server:.1f} MB"


def measure(rounds: int) -> Iterator[Result | str]:
    """Yield the results of this family."""
    from papermill.engines import papermill_engines

    from taskcell.engine.warm import engines

    papermill_engines.register(engines.NAME, engines.WarmEngine)
    with tempfile.TemporaryDirectory() as folder:
        place = _Place(folder)
        for name, cells in _KINDS.items():
            contenders = {
                "taskcell's engine, through papermill": place.papermill(name, engines.NAME),
                "papermill": place.papermill(name, None),
                "the papermill command": place.command(name),
            }
            if "embedded" in papermill_engines._engines:
                contenders["ploomber-engine (no isolation)"] = place.papermill(name, "embedded")
            contenders |= {
                "floor: forked, nothing recorded": _forked(cells),
                "floor: in this process": _in_process(cells),
            }
            yield compare(f"{name}: a notebook from file to file", contenders, rounds=max(3, rounds // 2))
        yield "processor time of a small task: " + ", ".join(
            f"{label} {_processor(place.papermill('a small task, pandas', engine))}"
            for label, engine in (("taskcell", engines.NAME), ("papermill", None))
        )
    yield _memory()
    yield _live()
    yield _crash()
    yield from _bursts(rounds)
