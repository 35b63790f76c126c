"""papermill finds the engine by its entry point, and loads next to nothing for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from tests.bench.notebooks import notebook


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return variables with which the entry point of this very source is found, whatever is installed."""
    declared = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"][
        "papermill.engine"
    ]
    distribution = tmp_path / "path" / "taskcell_here-0.dist-info"
    distribution.mkdir(parents=True)
    lines = "".join(f"{name} = {place}\n" for name, place in declared.items())
    (distribution / "entry_points.txt").write_text(f"[papermill.engine]\n{lines}")
    (distribution / "METADATA").write_text("Metadata-Version: 2.1\nName: taskcell_here\nVersion: 0\n")
    path = [str(Path("package").resolve()), str(distribution.parent), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}


@pytest.mark.slow
def test_command_executes_a_notebook_by_the_engine(tmp_path: Path, environ: dict[str, str]) -> None:
    source = tmp_path / "in.ipynb"
    source.write_text(json.dumps(notebook("import sys\nprint('taskcell.kernel.serving' in sys.modules)")))
    command = [sys.executable, "-m", "papermill", "--engine", "taskcell", str(source), str(tmp_path / "out.ipynb")]
    subprocess.run(command, env=environ, check=True, capture_output=True, timeout=100)
    assert nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[0].outputs[0].text == "True\n"


def test_importing_papermill_loads_nothing_of_the_engine(environ: dict[str, str]) -> None:
    code = "import sys, papermill; print([name for name in sys.modules if name.startswith(('taskcell.', 'msgspec'))])"
    found = subprocess.run([sys.executable, "-c", code], env=environ, check=True, capture_output=True, text=True).stdout
    assert json.loads(found.replace("'", '"')) == ["taskcell.engine", "taskcell.engine.entry"]
