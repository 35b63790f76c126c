"""What a driver shows, and what is made of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from taskcell.backends import beating


def test_a_beat_makes_a_predecessors_file_young_and_the_next_waits(tmp_path: Path) -> None:
    file = tmp_path / "beats"
    file.touch()
    os.utime(file, (1.0, 1.0))
    beats = beating.Beats(file)
    beats.beat()
    assert time.time() - file.stat().st_mtime < 60
    os.utime(file, (1.0, 1.0))
    beats.beat()
    assert file.stat().st_mtime == 1.0


def test_a_folder_that_is_gone_is_no_reason_to_stop(tmp_path: Path) -> None:
    beating.Beats(tmp_path / "gone" / "beats").beat()


@pytest.mark.parametrize(
    ("age_s", "state", "code"), [(1.0, "S", 0), (None, "R", 0), (1.0, "T", 1), (beating.LIMIT_S + 60, "S", 1)]
)
def test_the_probe_tells_a_driver_that_hangs(tmp_path: Path, age_s: float | None, state: str, code: int) -> None:
    file, stat = tmp_path / beating.NAME, tmp_path / "stat"
    stat.write_text(f"1 (a (name) of it) {state} 0 1 1", encoding="utf-8")
    if age_s is not None:
        file.touch()
        os.utime(file, (time.time() - age_s,) * 2)
    program = beating.PROBE.replace("/proc/1/stat", str(stat))
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        check=False,
        capture_output=True,
        timeout=30,
        env={"TMPDIR": str(tmp_path)},
    )
    assert said.returncode == code
