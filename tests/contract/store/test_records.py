from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from store_makers import WHEN

from taskcell import errors
from taskcell.hashing import Digest
from taskcell.model.runs import DriverStart
from taskcell.model.versions import TagMove
from taskcell.store import paths
from taskcell.store.opening import Store, open_store
from taskcell.store.records import sealed

PATH = "some/where.json"
RECORD = DriverStart(run_id="r", epoch=1, host="h", pid=1, started_at=WHEN)
Flip = Callable[[Store, str, int], None]


def move(number: int) -> TagMove:
    return TagMove(tag="prod", number=number, digest=Digest("0" * 64), author="ana", created_at=WHEN)


class NewerStart(DriverStart, frozen=True, kw_only=True):
    mood: str = "cheerful"


def test_record_is_read_as_it_was_written(store: Store) -> None:
    store.records.create(PATH, RECORD)
    assert store.records.read(PATH, DriverStart) == RECORD
    assert store.records.exists(PATH)
    assert store.records.list("some") == [PATH]
    assert [entry.path for entry in store.files.list("")] == ["default", "format.json"]


def test_record_is_written_once(store: Store) -> None:
    store.records.create(PATH, RECORD)
    with pytest.raises(errors.AlreadyExistsError):
        store.records.create(PATH, msgspec.structs.replace(RECORD, pid=2))
    assert store.records.read(PATH, DriverStart) == RECORD


def test_absent_record_is_not_found_or_none(store: Store) -> None:
    with pytest.raises(errors.NotFoundError, match="where"):
        store.records.read(PATH, DriverStart)
    assert store.records.try_read(PATH, DriverStart) is None


def test_unknown_fields_of_a_newer_writer_are_ignored(store: Store) -> None:
    store.records.create(PATH, NewerStart(run_id="r", epoch=1, host="h", pid=1, started_at=WHEN))
    assert store.records.read(PATH, DriverStart) == RECORD


def test_record_of_another_shape_is_refused_by_name(store: Store) -> None:
    store.records.create(PATH, RECORD)
    with pytest.raises(errors.FormatError, match=r"where\.json.*TagMove"):
        store.records.read(PATH, TagMove)


@pytest.mark.parametrize("text", [b"", b"{}", b"not json", b'{"record":{},"digest":""}\n', b"\xff" * 200])
def test_file_that_is_no_record_is_refused_by_name(store: Store, text: bytes) -> None:
    store.project_files.create(PATH, text)
    with pytest.raises(errors.FormatError, match=r"where\.json"):
        store.records.read(PATH, DriverStart)


def test_any_flipped_bit_is_found(local_store: Store, flip: Flip) -> None:
    local_store.records.create(PATH, RECORD)
    for trial in range(60):
        bit = trial * 7919
        flip(local_store, f"default/{PATH}", bit)
        with pytest.raises(errors.FormatError, match=r"where\.json"):
            local_store.records.read(PATH, DriverStart)
        flip(local_store, f"default/{PATH}", bit)
    assert local_store.records.read(PATH, DriverStart) == RECORD


def test_swapped_records_are_found(local_store: Store) -> None:
    local_store.project_files.create("b.json", sealed("a.json", RECORD))
    with pytest.raises(errors.FormatError, match=r"b\.json"):
        local_store.records.read("b.json", DriverStart)


def test_value_that_json_would_change_writes_nothing(store: Store) -> None:
    with pytest.raises(errors.InvalidInputError):
        store.records.create(PATH, msgspec.structs.replace(RECORD, host="\ud800"))
    assert not store.records.exists(PATH)


def test_sequence_counts_from_one_and_knows_its_latest(store: Store) -> None:
    folder = paths.tag_moves("churn", "prod")
    assert store.records.latest(folder, TagMove) is None
    assert [store.records.append(folder, move) for _ in range(3)] == [1, 2, 3]
    assert store.records.numbers(folder) == (1, 2, 3)
    assert store.records.latest(folder, TagMove) == (3, move(3))


def test_sequence_continues_after_its_highest_number(store: Store) -> None:
    folder = paths.tag_moves("churn", "prod")
    store.records.create(paths.numbered(folder, 41), move(41))
    store.project_files.create(f"{folder}/note.txt", b"")
    assert store.records.append(folder, move) == 42


def test_appends_at_once_take_different_numbers(url: str) -> None:
    folder = paths.versions("churn")
    barrier = threading.Barrier(8)

    def append(_: int) -> list[int]:
        store = open_store(url)
        barrier.wait(30)
        return [store.records.append(folder, move) for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for taken in pool.map(append, range(8)) for number in taken]
    records = open_store(url).records
    assert sorted(numbers) == list(range(1, 41))
    assert all(records.read(paths.numbered(folder, number), TagMove).number == number for number in numbers)


def test_projects_do_not_see_each_other(url: str) -> None:
    one, two = open_store(url, "one"), open_store(url, "two")
    one.records.create(PATH, RECORD)
    assert not two.records.exists(PATH)
    two.records.create(PATH, RECORD)
    assert one.project_files.lease("x").acquire()
    lease = two.project_files.lease("x")
    assert lease.acquire()
    lease.release()
