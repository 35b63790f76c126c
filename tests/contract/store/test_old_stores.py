"""Stores that earlier formats left behind open and read; a new format adds its own folder to ``stores/``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest
from store_makers import add_run, run_id

from taskcell.api.versions import notebook_texts
from taskcell.hashing import digest_bytes
from taskcell.model.caching import CacheEntry
from taskcell.model.runs import RunState
from taskcell.model.tasks import Task
from taskcell.model.versions import TagMove, Version
from taskcell.store import paths
from taskcell.store.collecting import collect
from taskcell.store.index import RunIndex
from taskcell.store.opening import open_store

STORES = Path(__file__).parent / "stores"


@pytest.mark.parametrize("version", [1, 2])
def test_store_of_each_format_is_read_and_written(tmp_path: Path, version: int) -> None:
    shutil.copytree(STORES / f"format-{version}", tmp_path / "store")
    store = open_store(str(tmp_path / "store"), create=False)
    assert collect(store).missing == ()
    entry = store.records.read(paths.cache_entry(digest_bytes("Größe".encode())), CacheEntry)
    assert bytes(store.blobs.get(entry.outputs["x"].blobs[0])) == "output of Größe".encode()
    assert msgspec.json.decode(store.blobs.get(entry.task), type=Task).name == "Größe"
    latest = store.records.latest(paths.tag_moves("churn", "Prod"), TagMove)
    assert latest is not None
    assert latest[0] == 1
    found = store.format()
    assert found is not None
    assert found.version == version
    add_run(store, 2)
    index = RunIndex(store, folder=tmp_path / "index")
    assert [(row.run_id, row.state) for row in index.runs()] == [
        (run_id(2), RunState.PENDING),
        (run_id(1), RunState.SUCCEEDED),
    ]
    index.close()


def test_notebooks_in_pieces_are_read(tmp_path: Path) -> None:
    shutil.copytree(STORES / "format-2", tmp_path / "store")
    store = open_store(str(tmp_path / "store"), create=False)
    for number in (1, 2):
        version = store.records.read(paths.version("churn", number), Version)
        cells = json.loads(notebook_texts.read(store, version))["cells"]
        assert [cell["source"].splitlines()[0] for cell in cells[:3]] == ["a = 1", f"b = {number}", "c = 3"]
