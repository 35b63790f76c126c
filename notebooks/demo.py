"""The main job: execute the quickstart notebook in a real kernel and say in plain words what happened."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
NOTEBOOK = HERE / "01-quickstart.ipynb"


def main() -> int:
    """Run the demo; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE.parent / ".demo", help="folder for what is left behind")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("TASKCELL_STORE", str(arguments.out / "store"))
    executed = arguments.out / "01-quickstart.executed.ipynb"

    import taskcell

    before = {run.id for run in taskcell.runs(limit=1000)}
    versions_before = {version.ref for version in taskcell.versions()}
    print(f"Executing {NOTEBOOK.name} in a kernel; the store is {os.environ['TASKCELL_STORE']}", flush=True)
    clock = time.perf_counter()
    error = execute(executed)
    took = time.perf_counter() - clock
    if error is not None:
        print(f"The notebook failed: {error}\nLook at {executed}", file=sys.stderr)
        return 1
    new_runs = [run for run in taskcell.runs(limit=1000) if run.id not in before]
    new_versions = [version.ref for version in taskcell.versions() if version.ref not in versions_before]
    report(executed, took, new_versions, new_runs)
    return 0


def execute(target: Path) -> str | None:
    """Execute the notebook through papermill; return why it failed, or None."""
    import papermill

    try:
        with kernel_log(target.with_suffix(".log")):
            papermill.execute_notebook(
                str(NOTEBOOK), str(target), cwd=str(HERE), progress_bar=False, kernel_name="python3"
            )
    except papermill.PapermillExecutionError as exc:
        return f"{exc.ename}: {exc.evalue}"
    return None


@contextmanager
def kernel_log(path: Path) -> Iterator[None]:
    """Let the kernel's own messages go to a file instead of the terminal."""
    terminal = os.dup(2)
    with path.open("w") as stream:
        os.dup2(stream.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


def report(executed: Path, took: float, new_versions: list[str], new_runs: list) -> None:
    """Say what happened, and where to look."""
    import taskcell

    tasks = [task for run in new_runs for task in run.tasks.values()]
    ran = sum(not task.cached for task in tasks)
    cached = sum(task.cached for task in tasks)
    reproductions = [run for run in taskcell.runs(limit=1000) if run.plan.reproduces]
    made = ", ".join(new_versions) if new_versions else "none: nothing has changed since the last time"
    print(f"\nDone in {took:.0f} s.")
    print(f"  versions made       {made}")
    print(f"  runs                {len(new_runs)}, with {len(tasks)} task runs")
    print(f"  task runs           {ran} executed, {cached} taken from the cache")
    for line in verdicts(reproductions):
        print(f"  reproduction        {line}")
    newest = new_runs[0] if new_runs else None
    print("\nLook at it:")
    print(f"  the executed notebook   {executed}")
    print(f"  export TASKCELL_STORE={os.environ['TASKCELL_STORE']}")
    taskcell_command = Path(sys.executable).with_name("taskcell")
    print(f"  {taskcell_command} runs")
    print(f"  {taskcell_command} versions flights")
    if newest is not None:
        print(f"  {taskcell_command} open '{newest.link}'")
    print("  make lab               the notebook in JupyterLab")


def verdicts(reproductions: list) -> list[str]:
    """Return a line for the newest reproduction: its verdict, and of which run."""
    from taskcell.api.comparisons import reproducing

    return [reproducing.judge(run).sentence for run in reproductions[:1]]


if __name__ == "__main__":
    sys.exit(main())
