"""A task process may end in any way: its record is complete, the next one is unharmed, the server stays as it was."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import papermill
import psutil
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError

from taskcell.backends.local import servers
from taskcell.backends.local.processes import MARK
from taskcell.engine.warm import clients, engines, imports, processes, task_servers
from taskcell.kernel import marks

papermill_engines.register(engines.NAME, engines.WarmEngine)


@pytest.fixture(autouse=True, scope="module")
def _own_servers() -> Iterator[None]:
    """Share no server with other test processes: they are killed here, and looked into."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TC_ISOLATION", str(os.getpid()))
        yield
    task_servers.SERVERS.close()


def _notebook(*sources: str) -> Any:
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = nbformat.v4.new_notebook(metadata={"kernelspec": spec})
    made.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return made


def _run(folder: Path, *sources: str, **options: Any) -> Any:
    """Execute cells and return them as recorded."""
    target = folder / "out.ipynb"
    with contextlib.suppress(PapermillExecutionError, CellTimeoutError, DeadKernelError):
        papermill.execute_notebook(
            _notebook(*sources), str(target), engine_name=engines.NAME, progress_bar=False, cwd=str(folder), **options
        )
    return [cell for cell in nbformat.read(target, as_version=4).cells if cell.cell_type == "code"]


def _printed(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def _states(cells: Any) -> list[str]:
    return [cell.metadata.papermill.status for cell in cells]


def _errors(cell: Any) -> str:
    return " ".join(f"{one.ename}: {one.evalue}" for one in cell.outputs if one.output_type == "error")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import os; os._exit(0)", "exit code 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("import os; os.abort()", "SIGABRT"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass", "SIG"),
    ],
)
def test_dead_process_leaves_a_complete_record(tmp_path: Path, source: str, reason: str) -> None:
    cells = _run(tmp_path, "1", f"print('last words')\n{source}", "3")
    assert _states(cells) == ["completed", "failed", "pending"]
    assert _printed(cells[1]).startswith("last words\n")
    assert reason in _errors(cells[1])
    assert cells[2].execution_count is None
    assert _printed(_run(tmp_path, "print('unharmed')")[0]) == "unharmed\n"


def test_memory_limit_is_an_error_of_its_cell(tmp_path: Path) -> None:
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))"
    cells = _run(tmp_path, limit, "x = bytearray(8 << 30)", "3")
    assert _states(cells) == ["completed", "failed", "pending"]
    assert "MemoryError" in _errors(cells[1])


def test_overtime_is_recorded_where_it_happened(tmp_path: Path) -> None:
    cells = _run(tmp_path, "print('begun')\nimport time\nwhile True: time.sleep(0.1)", "2", execution_timeout=1)
    assert _states(cells) == ["failed", "pending"]
    assert "KeyboardInterrupt" in _errors(cells[0])
    assert "CellTimeoutError: it took longer than 1 s" in _errors(cells[0])


def test_cell_that_heeds_no_interrupt_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "INTERRUPT_PATIENCE_S", 0.3)
    stubborn = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(0.1)"
    cells = _run(tmp_path, stubborn, "2", execution_timeout=1)
    assert _states(cells) == ["failed", "pending"]


def test_awaiting_cell_is_interrupted(tmp_path: Path) -> None:
    cells = _run(tmp_path, "import asyncio\nawait asyncio.sleep(60)", "2", execution_timeout=1)
    assert _states(cells) == ["failed", "pending"]
    assert "CancelledError" in _errors(cells[0])


def test_interrupted_caller_leaves_a_complete_record(tmp_path: Path) -> None:
    _run(tmp_path, "1")
    main = threading.main_thread().ident
    assert main is not None
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background programs ignore it
    threading.Timer(0.7, signal.pthread_kill, [main, signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        _run(tmp_path, "import time\ntime.sleep(60)", "2")
    signal.signal(signal.SIGINT, before)
    cells = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    assert _states(cells) == ["failed", "pending"]


_LEAVE = """
import os, subprocess, sys
pid = os.fork()
if pid == 0:
    os.setsid()
    if os.fork() == 0:
        import time
        time.sleep(60)
    os._exit(0)
os.waitpid(pid, 0)
other = subprocess.Popen(["sleep", "60"], start_new_session=True)
"""


def test_processes_that_a_task_leaves_end_with_it(tmp_path: Path) -> None:
    _run(tmp_path, _LEAVE)
    assert _descendants_of_server() == []


def _server() -> psutil.Process:
    """Return the server that was used last."""
    return psutil.Process(task_servers.SERVERS.held()[-1].pid)


def _descendants_of_server() -> list[psutil.Process]:
    children = _server().children(recursive=True)
    return [child for child in children if child.status() != psutil.STATUS_ZOMBIE]


_CHANGE = """
import os, sys, random, signal, builtins, locale, time
os.chdir("/"); os.environ["TC_LEAK"] = "1"; os.environ["TZ"] = "Asia/Tokyo"; time.tzset()
sys.path.insert(0, "/leak"); sys.modules["leaked"] = sys; builtins.leaked = 1; random.seed(1)
signal.signal(signal.SIGTERM, signal.SIG_IGN); sys.setrecursionlimit(5000); os.umask(0o777)
import pandas as pd; pd.options.display.max_rows = 7; pd.leaked = 1
keep = open("/dev/zero"); os.dup2(keep.fileno(), 200)
get_ipython().user_ns["leak"] = 1
"""
_LOOK = """
import os, sys, random, signal, builtins, time
import pandas as pd
print(os.getcwd() != "/", "TC_LEAK" in os.environ, os.environ.get("TZ"), "/leak" in sys.path, "leaked" in sys.modules)
print(hasattr(builtins, "leaked"), signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, sys.getrecursionlimit())
print(pd.options.display.max_rows, hasattr(pd, "leaked"), os.path.exists("/proc/self/fd/200"), "leak" in globals())
print(sorted(os.listdir("/proc/self/fd")))
"""


def test_nothing_leaks_from_one_task_into_the_next(tmp_path: Path) -> None:
    before = _printed(_run(tmp_path, _LOOK)[0])
    assert _states(_run(tmp_path, _CHANGE)) == ["completed"]
    assert _printed(_run(tmp_path, _LOOK)[0]) == before
    assert "True False None False False\nFalse True" in before


def test_random_numbers_differ_from_task_to_task(tmp_path: Path) -> None:
    source = "import random, numpy as np, uuid\nprint(random.random(), np.random.rand(), uuid.uuid4())"
    first, second = (_printed(_run(tmp_path, source)[0]).split() for _ in range(2))
    assert all(one != other for one, other in zip(first, second, strict=True))


def _descriptors(server: psutil.Process) -> tuple[int, int]:
    """Count this process's and the server's, once the server has no task left: it closes the last one's link after its end."""
    deadline = time.monotonic() + 10.0
    seen = psutil.Process().num_fds(), server.num_fds()
    while time.monotonic() < deadline:
        time.sleep(0.5)
        before, seen = seen, (psutil.Process().num_fds(), server.num_fds())
        if seen == before and not server.children():
            break
    return seen


def count_descriptors(folder: Path) -> None:
    """Print the numbers before and after ten tasks."""
    _run(folder, "1")
    server = _server()
    before = _descriptors(server)
    for _ in range(5):
        _run(folder, "1")
        _run(folder, "import os; os._exit(1)")
    print(before, _descriptors(server), sep="\n")


def test_descriptors_do_not_grow(tmp_path: Path) -> None:
    # In a process of its own: what other tests have left open here may be closed at any moment.
    source = f"import pathlib, {__name__} as tests; tests.count_descriptors(pathlib.Path({str(tmp_path)!r}))"
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "TC_ISOLATION": "alone"}
    done = subprocess.run([sys.executable, "-c", source], env=environ, check=True, capture_output=True, text=True)
    before, after = done.stdout.splitlines()
    assert after == before


def test_killed_server_fails_the_cell_and_the_next_task_has_another(tmp_path: Path) -> None:
    source = "import os, signal\nprint('x')\nos.kill(os.getppid(), signal.SIGKILL)\nimport time; time.sleep(30)"
    cells = _run(tmp_path, source, "2")
    assert _states(cells) == ["failed", "pending"]
    assert _states(_run(tmp_path, "1")) == ["completed"]


_HOST = """
import sys, os, threading
sys.path.insert(0, {here!r})
from tests.integration import test_warm_isolation as here
from pathlib import Path
here._run(Path({folder!r}), "import os, time\\nopen('pids', 'w').write(f'{{os.getpid()}} {{os.getppid()}}')\\ntime.sleep(60)")
"""


@pytest.mark.slow
def test_server_and_tasks_end_with_a_killed_caller(tmp_path: Path) -> None:
    code = _HOST.format(here=str(Path.cwd()), folder=str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ) as host:
        try:
            pids = _until(lambda: [int(text) for text in (tmp_path / "pids").read_text().split()])
        finally:
            host.kill()
    _until(lambda: [pid for pid in pids if not _alive(pid)] == pids or None)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _until(look: Any) -> Any:
    deadline = time.monotonic() + 50  # a busy machine takes long to import what a fresh process needs
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            found = look()
            if found:
                return found
        time.sleep(0.02)
    pytest.fail("it did not come to that")


def test_idle_server_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TC_OTHER", "idle")
    monkeypatch.setattr(servers, "IDLE_S", 0.1)
    _run(tmp_path, "1")
    server = _server()
    _until(lambda: not _alive(server.pid))
    assert _states(_run(tmp_path, "1")) == ["completed"]


def test_server_that_nobody_holds_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TC_OTHER", "linger")
    monkeypatch.setattr(servers, "LINGER_S", 0.1)
    _run(tmp_path, "1")
    server = _server()
    time.sleep(0.5)
    assert _alive(server.pid)
    task_servers.SERVERS.close()
    _until(lambda: not _alive(server.pid))


def test_all_who_want_a_server_at_once_share_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TC_OTHER", "shared")
    # As many as there were processes.
    holders = [servers.Servers("taskcell.kernel.task_server", room=marks.room_for(MARK)) for _ in range(6)]
    facts = {"ipython_dir": "", "mark": MARK, "argv": ["x"]}
    with ThreadPoolExecutor(len(holders)) as pool:
        pids = list(pool.map(lambda holder: holder.get(facts).pid, holders))
    for holder in holders:
        holder.close()
    assert len(set(pids)) == 1


def test_what_one_task_leaves_ends_while_another_runs(tmp_path: Path) -> None:
    _run(tmp_path, "1")
    long = processes.started(lambda: task_servers.get(""), ())
    try:
        server = psutil.Process(long.server.pid)
        before = set(server.children(recursive=True))
        short = processes.started(lambda: task_servers.get(""), ())
        short.begin(dict(os.environ), str(tmp_path), private=True)
        short.execute(_LEAVE, "1", _Deaf(), None)
        assert len(set(server.children(recursive=True)) - before) > 1
        short.close()
        assert set(server.children(recursive=True)) == before
    finally:
        long.close()


class _Deaf:
    """Takes what a task says, and makes nothing of it."""

    def printed(self, name: str, text: str) -> None: ...

    def told(self, message: dict[str, Any]) -> None: ...

    def begun(self, at: float, execution_count: int) -> None: ...

    def rest_s(self) -> float | None:
        return None

    def rested(self) -> None: ...


@pytest.mark.slow
def test_module_that_is_refused_once_is_not_imported_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TC_OTHER", "refused")
    monkeypatch.setattr(task_servers.SERVERS, "_refused", {"pandas": "it was tried"})
    cells = _run(tmp_path, "import sys; print('pandas' in sys.modules)\nimport pandas")
    assert _printed(cells[0]) == "False\n"


def test_refused_module_that_only_others_import_costs_a_server_and_no_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TC_OTHER", "foreseen")
    monkeypatch.setattr(task_servers.SERVERS, "_refused", {})
    first = task_servers.get("", ("this", "numpy"))  # `this` prints when it is imported

    def is_another() -> bool:
        process = processes.started(lambda: task_servers.get("", ("this", "numpy")), ("numpy",))
        process.close()
        return process.server.pid != first.pid

    _until(is_another)  # it imports what is foreseen when nobody asks for anything
    assert is_another()
    assert task_servers.SERVERS._refused == {"this": "it prints when it is imported"}


def test_changed_environment_variable_has_a_server_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _printed(_run(tmp_path, "import os; print(os.getppid(), os.environ.get('TC_OTHER'))")[0]).split()
    monkeypatch.setenv("TC_OTHER", "1")
    second = _printed(_run(tmp_path, "import os; print(os.getppid(), os.environ.get('TC_OTHER'))")[0]).split()
    assert first[1] == "None"
    assert second[1] == "1"
    assert first[0] != second[0]


@pytest.mark.slow
def test_local_module_hides_an_installed_one_and_is_read_anew(tmp_path: Path) -> None:
    _run(tmp_path, "import pandas")
    (tmp_path / "pandas.py").write_text("which = 'local'")
    (tmp_path / "helper.py").write_text("n = 1")
    task_servers.SERVERS.close()
    cells = _run(tmp_path, "import pandas, helper\nprint(pandas.which, helper.n)")
    assert _printed(cells[0]) == "local 1\n"
    (tmp_path / "helper.py").write_text("n = 22")
    assert _printed(_run(tmp_path, "import helper\nprint(helper.n)")[0]) == "22\n"


def test_only_installed_modules_are_imported_beforehand(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("")
    sources = ["import numpy, pandas as pd, json, own\nfrom matplotlib import pyplot", "!ls\nimport polars", "x ="]
    assert imports.of_cells(sources, [tmp_path]) == ("pandas", "matplotlib", "polars")
