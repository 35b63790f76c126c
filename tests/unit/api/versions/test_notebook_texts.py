from __future__ import annotations

import json
import uuid
from typing import Any

import msgspec
import pytest
from recorded_runs import START

from taskcell import errors
from taskcell.api.versions import notebook_texts
from taskcell.hashing import Digest, digest_bytes
from taskcell.model.versions import Version
from taskcell.notebook import pieces
from taskcell.store import paths
from taskcell.store.collecting import collect
from taskcell.store.opening import FORMAT_VERSION, Store, open_files, open_store
from taskcell.store.records import sealed

CELLS = 50
VERSIONS = 150


@pytest.fixture
def where() -> Store:
    return open_store(f"memory://{uuid.uuid4()}")


def notebook(*, plot: str = "", **sources: str) -> bytes:
    """Return a notebook of 50 cells, some of them with other sources, the first with a large output."""
    cells: list[dict[str, Any]] = []
    for number in range(CELLS):
        source = sources.get(f"c{number}", "\n".join(f"part_{line} = {number} + {line}" for line in range(20)))
        outputs = [{"output_type": "display_data", "data": {"image/png": plot}, "metadata": {}}] if not number else []
        cells.append({"cell_type": "code", "id": f"c{number}", "metadata": {}, "outputs": outputs, "source": source})
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()


def take(where: Store, text: bytes, parent: Version | None, number: int = 1) -> Version:
    digest, base, cells = notebook_texts.put(where, text, parent)
    none = Digest("0" * 64)
    version = Version(
        workflow="w",
        number=number,
        digest=digest,
        tasks=(),
        parameters=none,
        environment=none,
        lock=none,
        notebook=digest,
        author="ana",
        message="",
        created_at=START,
        base=base,
        cells=cells,
    )
    where.records.create(paths.version("w", number), version)
    return where.records.read(paths.version("w", number), Version)


def held(where: Store) -> int:
    return sum(entry.size_bytes or 0 for entry in where.files.walk(""))


def test_versions_cost_what_changed(where: Store) -> None:
    version = take(where, notebook(), None)
    size = len(notebook())
    before = held(where)
    sources: dict[str, str] = {}
    for number in range(2, VERSIONS + 1):
        sources[f"c{number * 7 % CELLS}"] = f"edited = {number}\n" * 20
        version = take(where, notebook(**sources), version, number)
    each = (held(where) - before) / (VERSIONS - 1)
    assert notebook_texts.read(where, version) == notebook(**sources)
    assert each < size / 10, f"{each:.0f} bytes a version of a notebook of {size}"


def test_every_one_of_many_versions_is_read_as_it_was(where: Store) -> None:
    version, taken = None, []
    sources: dict[str, str] = {}
    for number in range(1, 60):
        sources[f"c{number % CELLS}"] = f"edited = {number}\n" * number
        text = notebook(**sources)
        version = take(where, text, version, number)
        taken.append((version, text))
    assert all(notebook_texts.read(where, version) == text for version, text in taken)
    assert len({version.base for version, _ in taken}) > 1


def test_large_output_is_stored_once_though_its_cell_is_edited(where: Store) -> None:
    plot = "iVBOR" * 100_000
    first = take(where, notebook(plot=plot), None)
    before = held(where)
    take(where, notebook(plot=plot, c0="edited"), first, 2)
    assert held(where) - before < 5_000


def test_moved_cells_are_not_stored_again(where: Store) -> None:
    first = take(where, notebook(), None)
    cells = json.loads(notebook())
    cells["cells"].insert(0, cells["cells"].pop(30))
    moved = json.dumps(cells, indent=1).encode()
    before = held(where)
    second = take(where, moved, first, 2)
    assert notebook_texts.read(where, second) == moved
    assert held(where) - before < 2_000


@pytest.mark.parametrize(
    "text", [b"", b"no notebook", b'{"cells": []}', b"\xff\xfe", json.dumps(json.loads(notebook())).encode()]
)
def test_any_text_is_read_as_it_was(where: Store, text: bytes) -> None:
    version = take(where, text, None)
    assert notebook_texts.read(where, version) == text
    assert b"".join(pieces.split(text)) == text
    second = take(where, text + b" ", version, 2)
    assert notebook_texts.read(where, second) == text + b" "


def test_wrong_piece_is_noticed(where: Store) -> None:
    version = take(where, notebook(), None)
    other = take(where, notebook(c1="other"), version, 2)
    mixed = msgspec.structs.replace(version, cells=other.cells)
    with pytest.raises(errors.FormatError, match="w@1"):
        notebook_texts.read(where, mixed)


def test_collection_spares_the_pieces_of_all_versions(where: Store) -> None:
    first = take(where, notebook(), None)
    second = take(where, notebook(c5="edited " * 100), first, 2)
    where.blobs.put(b"held by nothing")
    found = collect(where, grace_s=0, dry_run=False)
    assert found.unreachable_count == 1
    assert found.missing == ()
    assert notebook_texts.read(where, first) == notebook()
    assert notebook_texts.read(where, second) == notebook(c5="edited " * 100)


def test_store_of_format_1_keeps_whole_notebooks() -> None:
    url = f"memory://{uuid.uuid4()}"
    found = {"version": 1, "digests": "blake3-256", "store_id": "0", "created_at": START}
    record = msgspec.defstruct("Format", list(found))(**found)
    open_files(url).create(paths.FORMAT, sealed(paths.FORMAT, record))  # as release 0.1 wrote it
    where = open_store(url)
    assert FORMAT_VERSION > 1
    version = take(where, notebook(), None)
    assert version.base is None
    assert bytes(where.blobs.get(digest_bytes(notebook()))) == notebook()
    assert notebook_texts.read(where, version) == notebook()
