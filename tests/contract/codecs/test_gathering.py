"""Lists of stored values, content that is stored once, JSON forms, previews."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.hashing import golden
from tests.unit.hashing.test_properties import VALUES

from taskcell import errors
from taskcell.hashing import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.store.codecs import DEFAULT_CODECS
from taskcell.testing.memory import MemoryBlobs

STORABLE = [make() for name, make in golden.VALUES.items() if name not in ("stdlib module", "memoryview")]


def test_gathered_artifacts_are_the_list_of_their_values() -> None:
    blobs = MemoryBlobs()
    gathered = DEFAULT_CODECS.gather([DEFAULT_CODECS.encode(value, blobs) for value in STORABLE], blobs)
    assert gathered.digest == digest_value(STORABLE)
    assert digest_value(DEFAULT_CODECS.decode(gathered, blobs, trusted=True)) == gathered.digest


def test_gathering_reads_nothing() -> None:
    blobs = MemoryBlobs()
    artifacts = [DEFAULT_CODECS.encode(value, blobs) for value in (pd.DataFrame({"a": range(9)}), "x" * 10**6, 3)]
    DEFAULT_CODECS.gather(artifacts, blobs)
    assert blobs.gets == []


@pytest.mark.parametrize("values", [[], [1], [1, "a", None], ["x" * 5000], [[1], list(range(5000))], [10**6000, 3]])
def test_gathered_list_is_stored_as_the_list_itself(values: list[Any]) -> None:
    blobs = MemoryBlobs()
    gathered = DEFAULT_CODECS.gather([DEFAULT_CODECS.encode(value, blobs) for value in values], blobs)
    assert gathered.digest == DEFAULT_CODECS.encode(values, blobs).digest == digest_value(values)
    assert DEFAULT_CODECS.decode(gathered, blobs) == values


@settings(max_examples=50)
@given(st.lists(VALUES, max_size=4))
def test_any_gathered_list_has_the_digest_of_the_list(values: list[Any]) -> None:
    blobs = MemoryBlobs()
    gathered = DEFAULT_CODECS.gather([DEFAULT_CODECS.encode(value, blobs) for value in values], blobs)
    assert gathered.digest == digest_value(values)


@given(VALUES)
def test_any_plain_value_comes_back_exactly(value: Any) -> None:
    blobs = MemoryBlobs()
    artifact = DEFAULT_CODECS.encode(value, blobs)
    found = DEFAULT_CODECS.decode(artifact, blobs)
    assert digest_value(found) == artifact.digest == digest_value(value)
    assert repr(found) == repr(value) or "frozenset" in repr(value)


def test_equal_content_is_stored_once() -> None:
    blobs = MemoryBlobs()
    frame = pd.DataFrame({"a": np.arange(1000)})
    DEFAULT_CODECS.encode(frame, blobs)
    count = len(blobs.blobs)
    DEFAULT_CODECS.encode({"x": [frame.copy(), frame], "n": 1}, blobs)
    assert len(blobs.blobs) == count


def test_small_values_need_no_blob() -> None:
    blobs = MemoryBlobs()
    for value in (3, "text", [1, (2, {"a": None})], {"k": np.float32(1), "w": np.arange(3)}):
        assert DEFAULT_CODECS.decode(DEFAULT_CODECS.encode(value, blobs), blobs) is not None
    assert blobs.blobs == {}


def test_decoded_values_do_not_share_state() -> None:
    artifact = DEFAULT_CODECS.encode({"a": [1]}, MemoryBlobs())
    DEFAULT_CODECS.decode(artifact, MemoryBlobs())["a"].append(2)
    assert DEFAULT_CODECS.decode(artifact, MemoryBlobs()) == {"a": [1]}


@pytest.mark.parametrize(
    "form",
    [
        {"$no-such-tag": 1},
        {"$child": 5},
        {"$date": "never"},
        {"$timezone": [1]},
        {"$set": [[1]]},
        {"$missing": "eval"},
        {"$ndarray": ["<f8", [1000000000000], ""]},
        {"$ndarray": ["O", [1], "AAAAAAAAAAA="]},
    ],
)
def test_malformed_form_is_a_format_error(form: Any) -> None:
    artifact = Artifact(digest=digest_value(1), codec="json/1", type="int", meta={"value": form})
    with pytest.raises(errors.FormatError):
        DEFAULT_CODECS.decode(artifact, MemoryBlobs())


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Verbose:
    def __repr__(self) -> str:
        return "a\nb" * 10_000


@pytest.mark.parametrize(
    ("value", "preview"),
    [
        (0.1234, "0.1234"),
        ("a\nb" * 100, None),
        (pd.DataFrame(np.zeros((27004, 19))), "DataFrame 27,004 × 19"),
        (np.zeros((2, 3)), "ndarray 2 × 3 float64"),
        ([1, 2], "[1, 2]"),
        (10**100_000, "int of 332,193 bits"),
        (Rude(), None),
        (Verbose(), None),
    ],
    ids=range(8),
)
def test_preview_is_short_and_never_fails(value: Any, preview: str | None) -> None:
    found = DEFAULT_CODECS.encode(value, MemoryBlobs()).preview
    assert len(found) <= 80
    assert preview in (None, found)


def test_first_rows_are_texts() -> None:
    blobs = MemoryBlobs()
    frame = pd.DataFrame({"n": range(9), "s": list("abcdefghi"), "o": pd.Series([[1]] * 9, dtype=object)})
    rows = DEFAULT_CODECS.preview_rows(DEFAULT_CODECS.encode(frame, blobs), blobs)
    assert rows is not None
    assert rows[0][:3] == ["n", "s", "column 2"]
    assert rows[1][:3] == ["0", "a", "…"]
    assert len(rows) == 6
    assert DEFAULT_CODECS.preview_rows(DEFAULT_CODECS.encode(3, blobs), blobs) is None


UNORDERED = "[{'b', 'a', None, 1.5}, {1: {'k', 'j'}, 'x': frozenset('xyz')}, {'p', ('q', 2)}, set('abcdefgh')]"


def run(script: str, seed: str) -> str:
    """Run a script in a fresh process; return what it prints."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_hash_seed_does_not_count() -> None:
    script = f"from taskcell.hashing import digest_value; print(digest_value({UNORDERED}))"
    for seed in ("1", "2"):
        assert run(script, seed) == digest_value(eval(UNORDERED))


def test_storing_a_number_imports_no_large_library() -> None:
    script = (
        "import sys; from taskcell.store.codecs import DEFAULT_CODECS as C\n"
        "from taskcell.testing.memory import MemoryBlobs\n"
        "b = MemoryBlobs(); a = C.encode({'a': [1, 'x', (2.5, None)]}, b); C.decode(a, b)\n"
        "large = ('numpy', 'pandas', 'pyarrow', 'polars', 'matplotlib', 'PIL', 'cloudpickle')\n"
        "print([name for name in large if name in sys.modules])"
    )
    assert run(script, "0") == "[]"
