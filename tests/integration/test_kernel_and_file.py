"""The same cells have the same version and the same keys in a kernel, after its restart, in a file and on a worker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from tests.integration import kernels

CELLS = """
import numpy as np
from dataclasses import dataclass
ROOT = 4
---
%load_ext taskcell
---
%workflow ident
---
%%params
month: int = 1  # the month
rate: float = 0.5
tags: list[str] = ["a", "b"]
---
import beside
FACTORS = [1, 2, 3]
LIMIT = ROOT * 2
@dataclass
class Point:
    x: int
    def up(self): return self.x + LIMIT
def helper(x):
    return beside.tripled(x) + sum(FACTORS)
---
%%task
frame = {"a": list(range(month * 3))}
frame
---
# %task total(frame, rate) -> total, point
print("hello")
total = helper(sum(frame["a"])) * rate
point = Point(int(total))
---
%%task raised(point, tags) -> up
up = point.up() + len(tags)
---
def helper(x):
    return x + LIMIT
LIMIT = 9
---
%%task
second = helper(up)
pair = np.arange(2)
---
%%task square(pair) -> square --map pair
square = int(pair) ** 2
---
%%task noise --seed 7 -> noise
import random
noise = random.random(), float(np.random.rand())
---
import taskcell
@taskcell.task
def train(square, rate):
    return sum(square) * rate, len(square)
---
score, n = train(square, rate)
---
%%task show(score, n)
print(score, n)
---
import json
_v = taskcell.snapshot()
_keys = {name: taskcell.outcome(name).key for name in [name for name, _ in _v.tasks] if name != "train"}
_cached = {name: taskcell.outcome(name).cached for name in _keys}
print(json.dumps({"version": _v.digest, "workflow": _v.workflow, "keys": _keys, "cached": _cached, "number": _v.number}))
"""

FILE = """
import json, taskcell
v = taskcell.snapshot("book.ipynb")
print(json.dumps({"version": v.digest, "workflow": v.workflow, "number": v.number}))
"""

LAUNCH = """
import json, taskcell
run = taskcell.launch("book.ipynb")
run.wait(timeout_s=100)
print(json.dumps({"state": run.state, "tasks": [[t.name, t.cached, t.key] for t in run.tasks.values()]}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("book")
    (made / "beside.py").write_text("import deeper\nX = 3\ndef tripled(x):\n    return X * x + deeper.NOTHING\n")
    (made / "deeper.py").write_text("NOTHING = 0\n")
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS.split("---\n")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), made / "book.ipynb")
    return made


def python(folder: Path, code: str, **environ: str) -> dict[str, object]:
    """Run code in a process of its own and return what it printed last, as JSON."""
    env = kernels.environment(folder / "store", **environ)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def execute(folder: Path, **environ: str) -> dict[str, object]:
    """Execute the notebook in a kernel, save it as Jupyter does, and return what its last cell says."""
    code = (
        "import nbformat, nbclient, warnings\nwarnings.simplefilter('ignore')\nbook = nbformat.read('book.ipynb', 4)\n"
        "nbclient.NotebookClient(book, timeout=100).execute()\nnbformat.write(book, 'book.ipynb')\n"
        "print(book.cells[-1].outputs[0]['text'].strip())"
    )
    return python(folder, code, **environ)


@pytest.fixture(scope="module")
def executed(folder: Path) -> dict[str, object]:
    return execute(folder, PYTHONHASHSEED="1")


def test_file_gives_the_version_that_the_kernel_gave(folder: Path, executed: dict[str, object]) -> None:
    found = python(folder, FILE, PYTHONHASHSEED="2")
    assert found == {name: executed[name] for name in ("version", "workflow", "number")}


@pytest.mark.slow
def test_another_kernel_has_the_same_keys_and_hits(folder: Path, executed: dict[str, object]) -> None:
    again = execute(folder, PYTHONHASHSEED="3")
    assert again["keys"] == executed["keys"]
    assert again["version"] == executed["version"]
    assert again["cached"] == dict.fromkeys(dict(executed["keys"]), True)  # type: ignore[call-overload]


def test_launch_of_the_saved_file_takes_everything_from_the_kernel(folder: Path, executed: dict[str, object]) -> None:
    launched = python(folder, LAUNCH, PYTHONHASHSEED="4")
    assert launched["state"] == "succeeded"
    tasks = list(launched["tasks"])  # type: ignore[call-overload]
    missed = [name for name, cached, _ in tasks if not cached]
    assert missed == ["train"]  # a call is cached by the function's own key, and hits inside the worker
    keys = {name: key for name, _, key in tasks if name not in ("train", "square")}
    assert keys == {name: key for name, key in dict(executed["keys"]).items() if name != "square"}  # type: ignore[call-overload]


def test_file_with_a_plain_value_is_refused_with_what_to_do(tmp_path: Path) -> None:
    sources = ["rows = open('data.txt').read().split()", "%%task count(rows) -> count\ncount = len(rows)"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbformat.write(book, tmp_path / "book.ipynb")
    env = kernels.environment(tmp_path / "store")
    code = "import sys; from taskcell.cli import main; sys.exit(main(['snapshot', 'book.ipynb']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "'rows'" in done.stderr
    assert "known only in a kernel where it ran" in done.stderr
    assert "Make that cell a task" in done.stderr
    assert "Traceback" not in done.stderr


def test_snapshot_of_an_edited_but_unsaved_notebook_holds_what_ran(folder: Path, tmp_path: Path) -> None:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%%task one -> one\none = 1")])
    nbformat.write(book, tmp_path / "mine.ipynb")
    with kernels.kernel(tmp_path, tmp_path / "store", JPY_SESSION_NAME=str(tmp_path / "mine.ipynb")) as live:
        live.run("%%task one -> one\none = 'edited'")
        ran = live.run("import taskcell\nprint(taskcell.snapshot().workflow)")
        assert ran.stdout == "mine\n", ran.traceback
        text = "taskcell.api.configuration.store().blobs.get(taskcell.versions()[0].notebook)"
        live.run("import taskcell.api.configuration")
        assert "edited" in live.value(f"bytes({text}).decode()")
