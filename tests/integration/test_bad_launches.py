"""What can't be launched is refused at once, by name, and leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from run_world import World

import taskcell
from taskcell import errors
from taskcell.api.launches import launching
from taskcell.api.runs import runs
from taskcell.api.versions import snapshots
from taskcell.model.runs import RunState

CELLS = (
    "%load_ext taskcell",
    "%%params\nmonth: int = 1  # month\nrate: float = 0.1\nwords: list[str] = ['a']",
    "%%task a(month, rate, words) -> x\nx = month",
)


@pytest.fixture(scope="module")
def module_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("bad"))
    made.write(*CELLS)
    return made


def left_behind(world: World) -> list[Path]:
    return [path for path in world.store.rglob("*") if path.is_file() and ".taskcell" not in str(path)]


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ([{"mont": 2}], {}, ["mont", "Did you mean 'month'"]),
        ([{"month": "x"}], {}, ["month", "int"]),
        ([{"month": 1.5}], {}, ["month", "int"]),
        ([{"rate": None}], {}, ["rate", "float"]),
        ([{"words": [1]}], {}, ["words", "list[str]"]),
        ([["month"]], {}, ["parameters", "dict"]),
        ([{"month": 2}], {"sweep": {"month": [1, 2]}}, ["month", "swept"]),
        ([], {"sweep": {"month": []}}, ["month", "no list of values"]),
        ([], {"sweep": {"month": "12"}}, ["month", "no list of values"]),
        ([], {"sweep": {"month": 3}}, ["month", "no list of values"]),
        ([], {"sweep": {"month": [1, 2, 1]}}, ["month", "twice"]),
        ([], {"sweep": {"mnth": [1]}}, ["mnth", "Did you mean 'month'"]),
        ([], {"sweep": {"month": range(20_000)}}, ["20,000 branches"]),
        ([], {"backend": "locl"}, ["locl", "Did you mean 'local'"]),
        ([], {"max_workers": -1}, ["max_workers", "1 or more"]),
        ([], {"max_workers": 0}, ["max_workers", "1 or more"]),
        ([], {"max_workers": "many"}, ["max_workers"]),
    ],
)
def test_bad_launch_is_refused_by_name_and_writes_nothing(
    module_world: World, arguments: list[Any], options: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(errors.InvalidInputError) as refused:
        module_world.launch(*arguments, **options)
    for word in words:
        assert word in str(refused.value)
    assert refused.value.remedy or "max_workers" in str(refused.value)
    assert left_behind(module_world) == []


def test_store_that_can_not_be_written_is_refused_in_one_sentence(module_world: World) -> None:
    with pytest.raises(errors.StoreError) as refused:
        launching.launch(module_world.notebook, store="file:///sys/taskcell-store")
    assert "/sys/taskcell-store" in refused.value.message
    assert refused.value.remedy


def test_store_of_a_newer_format_is_refused(module_world: World, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from taskcell.store import paths
    from taskcell.store.opening import StoreFormat, open_store
    from taskcell.store.records import sealed

    newer = StoreFormat(version=99, digests="blake3", store_id="0", created_at=datetime.now(UTC))
    (tmp_path / paths.FORMAT).write_bytes(sealed(paths.FORMAT, newer))
    with pytest.raises(errors.FormatError, match="format 99"):
        launching.launch(module_world.notebook, store=tmp_path.as_uri())
    assert [path.name for path in tmp_path.iterdir()] == [paths.FORMAT]
    assert open_store(module_world.url)


@pytest.mark.parametrize("target", ["nothing", "flow@7", "flow:prod", "f" * 64, "../x", "flow@x", ""])
def test_unknown_version_or_tag_is_refused(module_world: World, target: str) -> None:
    snapshots.snapshot(module_world.notebook, store=module_world.url)
    with pytest.raises(errors.TaskcellError) as refused:
        launching.launch(target, store=module_world.url)
    assert isinstance(refused.value, errors.NotFoundError | errors.InvalidInputError)
    assert refused.value.remedy
    assert not (module_world.store / "default" / "runs").exists()


@pytest.mark.parametrize("run_id", ["", "x", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "../../etc", "ß" * 10_000, "a\nb"])
def test_unknown_run_is_refused(module_world: World, run_id: str) -> None:
    with pytest.raises(errors.NotFoundError, match="There is no run") as refused:
        runs.run(run_id, store=module_world.url)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    "link", ["taskcell://run/xyz", "taskcell://other/01ARZ3NDEKTSV4RRFFQ69G5FAV?store=x", "taskcell://run/"]
)
def test_broken_link_is_refused(link: str) -> None:
    with pytest.raises(errors.InvalidInputError, match="not a link to a run"):
        runs.run(link)


def test_link_to_a_store_that_is_not_there_makes_none(tmp_path: Path) -> None:
    link = f"taskcell://run/01ARZ3NDEKTSV4RRFFQ69G5FAV?store=file://{tmp_path}/none&project=default"
    with pytest.raises(errors.NotFoundError):
        runs.run(link)
    assert list(tmp_path.iterdir()) == []


HOSTILE = {
    "quotes": "'\"\"\"'''\\\\\"); import os; os._exit(9) #\n%%bash\n!exit 1\r\n{{x}} {0} $HOME `id` \t",
    "long": "x" * 10_000,
    "letters": "Größe 数据 🚀 \u202e \u2028 \x00 \x1b[31m \x7f",
    "half": "a\ud800b",
    "large": 2**70,
    "negative": -(2**63) - 1,
    "nothing": float("nan"),
    "endless": float("-inf"),
    "tiny": 5e-324,
    "zero": -0.0,
    "nested": {"a": [1, [2, {"b": None}]], "'\"\n": "\ud83d"},
}


def test_hostile_values_and_names_reach_the_task_unchanged(tmp_path: Path) -> None:
    world = World(tmp_path)
    kinds = {str: "str = ''", int: "int = 0", float: "float = 0.0", dict: "dict[str, Any] = {}"}
    schema = "\n".join(f"{name}: {kinds[type(value)]}" for name, value in HOSTILE.items())
    names = ", ".join(HOSTILE)
    body = f"seen = repr([{names}])\nback = [{names}]"
    world.write(
        "%load_ext taskcell",
        f"%%params\n{schema}",
        f"%%task a({names}) -> seen, back\n{body}",
        name='it\'s "a" $(touch x) `y` ; 数据\n{z}.ipynb',
    )
    run = world.run(HOSTILE, max_workers=1)
    assert run.state is RunState.SUCCEEDED, run.sentence
    assert run.result("seen") == repr(list(HOSTILE.values()))
    assert repr(run.result("back")) == repr(list(HOSTILE.values()))
    notebook = json.loads(run.notebook("a").read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    assert taskcell.run(run.id, store=world.url).state is RunState.SUCCEEDED
    assert sorted(path.name for path in world.folder.iterdir()) == [world.notebook.name]
