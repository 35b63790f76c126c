"""Both layouts of control groups are read; where there is no limit, nothing is claimed."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskcell.backends import memory

MI = 1 << 20


def write(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


def test_a_group_of_version_2_is_read(tmp_path: Path) -> None:
    write(tmp_path, memory__events="low 0\noom 3\noom_kill 2", memory__max=300 * MI, memory__peak=299 * MI)
    assert memory.usage(tmp_path) == memory.Usage(killed=2, limit_bytes=300 * MI, peak_bytes=299 * MI)


def test_a_group_of_version_1_is_read(tmp_path: Path) -> None:
    write(
        tmp_path / "memory",
        memory__oom_control="oom_kill_disable 0\nunder_oom 0\noom_kill 1",
        memory__limit_in_bytes=64 * MI,
        memory__max_usage_in_bytes=64 * MI,
    )
    assert memory.usage(tmp_path) == memory.Usage(killed=1, limit_bytes=64 * MI, peak_bytes=64 * MI)


@pytest.mark.parametrize("limit", ["max", str(2**63 - 4096), "nonsense", ""])
def test_without_a_limit_nothing_is_claimed(tmp_path: Path, limit: str) -> None:
    write(tmp_path, memory__events="oom_kill 2", memory__max=limit)
    assert memory.usage(tmp_path) is None
    assert memory.usage(tmp_path / "absent") is None


def test_an_old_kernel_has_no_peak(tmp_path: Path) -> None:
    write(tmp_path, memory__events="oom_kill 0", memory__max=300 * MI)
    found = memory.usage(tmp_path)
    assert found is not None
    assert found.peak_bytes is None


def test_the_error_names_limit_use_and_remedy() -> None:
    error = memory.out_of_memory(300 * MI, 299 * MI)
    assert error.counts
    assert error.sentence == (
        "out of memory, beyond its limit of 300Mi (it used 299Mi): give it more, such as --memory 600Mi"
    )
