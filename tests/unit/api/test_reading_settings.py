"""Settings are what the nearest file, the environment and the call say now, the later before the earlier."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskcell import errors
from taskcell.api import configuration
from taskcell.model.settings import Settings


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, below another."""
    for variable in configuration._ALL_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def test_call_goes_before_variable_and_variable_before_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "taskcell.toml").write_text('project = "file"\nuser = "file"\nworkflow = "file"\n')
    monkeypatch.setenv("TASKCELL_USER", "variable")
    monkeypatch.setenv("TASKCELL_WORKFLOW", "variable")
    found = configuration.settings(workflow="call", project=None)
    assert (found.project, found.user, found.workflow) == ("file", "variable", "call")


def test_nearest_file_counts_and_one_about_other_things_is_passed_over(place: Path) -> None:
    (place.parent / "taskcell.toml").write_text('project = "outer"\n')
    (place / "pyproject.toml").write_text("[tool.ruff]\nline-length = 130\n")
    assert configuration.settings().project == "outer"
    (place / "pyproject.toml").write_text('[tool.taskcell]\nproject = "inner"\n')
    assert configuration.settings().project == "inner"


def test_a_change_counts_at_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert configuration.settings() == Settings()
    monkeypatch.setenv("TASKCELL_PROJECT", "one")
    assert configuration.settings().project == "one"
    monkeypatch.setenv("TASKCELL_PROJECT", "two")
    assert configuration.settings().project == "two"
    monkeypatch.delenv("TASKCELL_PROJECT")
    file = place / "taskcell.toml"
    file.write_text('project = "three"\n')
    assert configuration.settings().project == "three"
    file.write_text('project = "fourth"\n')
    assert configuration.settings().project == "fourth"
    file.unlink()
    assert configuration.settings() == Settings()


def test_an_empty_variable_says_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKCELL_PROJECT", "")
    assert configuration.settings().project == "default"


def test_variables_replace_entries_of_a_table_one_by_one(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "taskcell.toml").write_text('[kubernetes]\nimage = "file"\nnamespace = "file"\n')
    monkeypatch.setenv("TASKCELL_KUBERNETES_IMAGE", "variable")
    found = configuration.settings().kubernetes
    assert (found.image, found.namespace) == ("variable", "file")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("project = ", "can't be read"),
        ('colour = "red"\n', "colour"),
        ('max_workers = "many"\n', "max_workers"),
        ('kubernetes = "here"\n', "kubernetes"),
    ],
)
def test_a_file_that_is_wrong_is_refused(place: Path, text: str, said: str) -> None:
    (place / "taskcell.toml").write_text(text)
    with pytest.raises(errors.InvalidInputError, match=said):
        configuration.settings()
