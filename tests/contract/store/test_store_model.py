"""A store against a model of it: random writers, records, harm and collections."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from store_makers import WHEN, add_entry, artifact

from taskcell import errors
from taskcell.hashing import Digest, digest_bytes
from taskcell.model.versions import TagMove
from taskcell.store import paths
from taskcell.store.collecting import collect
from taskcell.store.opening import Store, open_store

TEXTS = st.integers(0, 7).map(lambda number: b"text %d" % number)
NAMES = st.sampled_from(["prod", "Prod", "a/b", "..", "日本"])
OLD = (1, 1)


class StoreMachine(RuleBasedStateMachine):
    """What the store should hold: texts by record, moves by tag, and blobs put since they grew old."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.store: Store = open_store(str(self.root / "store"), durability="process")
        self.records: dict[str, tuple[bytes, ...]] = {}
        self.entries: dict[str, tuple[bytes, Digest]] = {}
        self.moves: dict[str, list[int]] = {}
        self.young: set[Digest] = set()

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @rule(text=TEXTS, as_stream=st.booleans())
    def put(self, text: bytes, as_stream: bool) -> None:
        assert self.store.blobs.put(iter([text]) if as_stream else text) == (digest_bytes(text), len(text))
        self.young.add(digest_bytes(text))

    @rule(outer=TEXTS, inner=TEXTS, name=st.integers(0, 3))
    def commit(self, outer: bytes, inner: bytes, name: int) -> None:
        path = f"held/{name}.json"
        record = artifact(self.store, outer, artifact(self.store, inner))
        self.young |= {digest_bytes(outer), digest_bytes(inner)}
        try:
            self.store.records.create(path, record)
        except errors.AlreadyExistsError:
            assert path in self.records
        else:
            assert path not in self.records
            self.records[path] = (outer, inner)

    @rule(text=TEXTS, name=st.sampled_from("abc"))
    def cache(self, text: bytes, name: str) -> None:
        if name not in self.entries:
            entry = add_entry(self.store, name, outputs={"x": artifact(self.store, text)})
            self.entries[name] = (text, entry.task)
            self.young |= {digest_bytes(text), entry.task}

    @rule(name=st.integers(0, 3))
    def forget(self, name: int) -> None:
        self.store.records.delete(f"held/{name}.json")
        self.records.pop(f"held/{name}.json", None)

    @rule(tag=NAMES, number=st.integers(1, 9))
    def move_tag(self, tag: str, number: int) -> None:
        move = TagMove(tag=tag, number=number, digest=Digest("0" * 64), author="ana", created_at=WHEN)
        moves = self.moves.setdefault(tag, [])
        moves.append(number)
        assert self.store.records.append(paths.tag_moves("churn", tag), lambda _: move) == len(moves)

    @rule()
    def grow_old(self) -> None:
        for place in (self.root / "store" / "blobs").rglob("*"):
            os.utime(place, OLD)
        self.young.clear()

    @rule(text=TEXTS)
    def corrupt(self, text: bytes) -> None:
        """Harm a blob; its next reader finds out, and its next writer heals it."""
        place = self.root / "store" / paths.blob(digest_bytes(text))
        if place.exists():
            place.write_bytes(b"harmed")
            try:
                self.store.blobs.get(digest_bytes(text))
            except errors.FormatError:
                self.store.blobs.put(text)
                self.young.add(digest_bytes(text))
            else:
                raise AssertionError("harm was not found")

    @rule(dry_run=st.booleans(), evict=st.booleans())
    def collect(self, dry_run: bool, evict: bool) -> None:
        before = self.present()
        found = collect(self.store, dry_run=dry_run, budget_bytes=0 if evict else None)
        assert found.missing == ()
        if dry_run:
            assert self.present() == before
            return
        self.entries = {
            name: held
            for name, held in self.entries.items()
            if self.store.records.exists(paths.cache_entry(digest_bytes(name.encode())))
        }
        assert not (evict and self.entries)
        assert self.present() == self.committed() | self.young

    @rule()
    def reopen(self) -> None:
        is_new = self.store.format() is None
        self.store = open_store(self.store.url, create=is_new, durability="process")

    @invariant()
    def what_was_committed_or_is_young_is_read(self) -> None:
        for digest in self.committed() | self.young:
            assert digest_bytes(self.store.blobs.get(digest)) == digest

    @invariant()
    def tags_keep_their_history(self) -> None:
        tags = [paths.unquoted(paths.last(path)) for path in self.store.records.list(paths.tags("churn"))]
        assert sorted(tags) == sorted(self.moves)
        for tag, numbers in self.moves.items():
            latest = self.store.records.latest(paths.tag_moves("churn", tag), TagMove)
            assert latest is not None
            assert (latest[0], latest[1].number) == (len(numbers), numbers[-1])

    def present(self) -> set[str]:
        return {paths.last(entry.path) for entry in self.store.files.walk("blobs")}

    def committed(self) -> set[Digest]:
        held = {digest_bytes(text) for texts in self.records.values() for text in texts}
        return held | {digest for text, task in self.entries.values() for digest in (digest_bytes(text), task)}


TestStore = StoreMachine.TestCase
TestStore.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
