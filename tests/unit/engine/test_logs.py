from __future__ import annotations

import uuid

import pytest
from driver_world import RUN

from taskcell import errors
from taskcell.engine import logs
from taskcell.store import paths
from taskcell.store.opening import Store, open_store


@pytest.fixture
def store() -> Store:
    return open_store(f"memory://{uuid.uuid4()}")


def written(store: Store, *texts: str) -> str:
    with logs.LogWriter(store, RUN, "t", 1) as log:
        for text in texts:
            log.write(text)
    return logs.read_log(store, RUN, "t", 1)[0]


def test_log_is_what_was_written(store: Store) -> None:
    assert written(store, "a\n", "b", "\x00\x1b[31m\r\n", "ü🚀\n") == "a\nb\x00\x1b[31m\r\nü🚀\n"


def test_half_a_character_is_shown_as_a_question_mark(store: Store) -> None:
    assert written(store, "a\ud800b") == "a?b"


def test_log_is_cut_at_its_cap_and_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "CAP_CHARACTERS", 10)
    text = written(store, "12345", "6789", "0123456789", "more")
    assert text == "1234567890\n[the log ends here, at 10 characters]\n"


def test_much_text_is_stored_before_the_end(store: Store) -> None:
    with logs.LogWriter(store, RUN, "t", 1) as log:
        log.write("x" * logs.FLUSH_AT_CHARACTERS)
        assert logs.read_log(store, RUN, "t", 1)[0] != ""


def test_reader_goes_on_where_it_was(store: Store) -> None:
    with logs.LogWriter(store, RUN, "t", 1) as log:
        log.write("a" * logs.FLUSH_AT_CHARACTERS)
        first, after = logs.read_log(store, RUN, "t", 1)
        log.write("b")
    assert first[0] == "a"
    assert logs.read_log(store, RUN, "t", 1, after) == ("b", after + 1)


def test_log_that_can_not_be_stored_says_so_at_the_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise errors.StoreError("The store is full.")

    monkeypatch.setattr(type(store.project_files), "create", full)
    with pytest.raises(errors.StoreError, match="full"), logs.LogWriter(store, RUN, "t", 1) as log:
        log.write("a")


def test_error_of_the_body_is_not_hidden_by_that_of_its_log(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise errors.StoreError("The store is full.")

    monkeypatch.setattr(type(store.project_files), "create", full)

    def body() -> None:
        with logs.LogWriter(store, RUN, "t", 1) as log:
            log.write("a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        body()


def test_what_else_lies_in_the_folder_is_not_log(store: Store) -> None:
    store.project_files.create(f"{paths.logs(RUN, 't', 1)}/note.txt", b"?")
    assert written(store, "a") == "a"
