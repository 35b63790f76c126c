"""The views' own unit tests, and how large a widget's module is."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest

FRONT = Path(__file__).parents[3] / "jupyter_extension"
WIDGETS = FRONT.parent / "package" / "taskcell" / "_static"
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def test_unit_tests_of_the_views_pass(library: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or not (FRONT / "node_modules").exists():
        pytest.skip("there is no npm, or `npm ci` was not run in jupyter_extension")
    done = subprocess.run(
        [npm, "test", "-w", "@taskcell/views"], cwd=FRONT, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("name", ["running.js", "looking.js"])
def test_module_of_a_widget_is_small(name: str) -> None:
    code = (WIDGETS / name).read_bytes()
    assert (len(code) <= 150_000, len(gzip.compress(code)) <= 50_000) == (True, True)
