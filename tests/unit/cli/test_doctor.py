from __future__ import annotations

import argparse
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from taskcell import cli
from taskcell.cli import examining


def test_doctor_finds_all_well_with_a_store_that_is_not_there_yet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["doctor", "--store", (tmp_path / "store").as_uri()]) == 0
    said = capsys.readouterr().out
    assert "nothing there yet" in said
    assert "forked processes: one started" in said or "a kernel for each task run" in said
    assert said.endswith("All is well.\n")


@pytest.mark.parametrize("is_compiled", [True, False])
def test_packages_that_each_program_compiles_anew_are_told(
    is_compiled: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ModuleSpec("papermill", None)
    found.cached = str(tmp_path / "papermill.pyc")
    if is_compiled:
        Path(found.cached).touch()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: found)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    names = [check.name for check in examining._interpreter(argparse.Namespace())]
    assert ("bytecode" in names) is not is_compiled
