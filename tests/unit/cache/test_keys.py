"""Parts of a key never run into each other, each has a name, and keys that were given once are kept."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from taskcell import analysis
from taskcell.cache import keys
from taskcell.hashing import Digest
from taskcell.hashing.values import digest_value
from taskcell.model.caching import CacheKey
from taskcell.model.tasks import Capture, CaptureKind, InputKind, Task, TaskInput, TaskOptions

VERSIONS = {"numpy": "2.0.0", "pandas": "2.2.0"}


def task(**changes: object) -> Task:
    made = Task(
        name="train",
        body="model = fit(rows, rate)",
        code=analysis.code_digest("model = fit(rows, rate)"),
        inputs=(
            TaskInput(name="rows", kind=InputKind.OUTPUT, task="load"),
            TaskInput(name="rate", kind=InputKind.PARAMETER),
        ),
        outputs=("model",),
        captures=(capture("fit", CaptureKind.FUNCTION, "def fit(a, b): return a"),),
        distributions=(("numpy", "1.0.0"),),
    )
    return msgspec.structs.replace(made, **changes)


def capture(name: str, kind: CaptureKind, source: str) -> Capture:
    return Capture(name=name, kind=kind, digest=analysis.code_digest(source), source=source)


def key(made: Task, installed: Callable[[str], str | None] = VERSIONS.get, **values: object) -> CacheKey:
    given = {"rows": [1, 2], "rate": 0.1, **values}
    wanted = {item.name: keys.InputDigest(digest=digest_value(given.get(item.name))) for item in made.inputs}
    return keys.task_key(made, wanted, installed=installed)


def without_interpreter(made: CacheKey) -> dict[str, str]:
    return {part.name: part.digest[:12] for part in made.parts if part.name != "interpreter"}


def test_parts_are_the_recorded_ones() -> None:
    assert without_interpreter(key(task(options=TaskOptions(seed=1, map_over="rows")))) == {
        "code": "8626bd1eb066",
        "function:fit": "ffe5f8bb2259",
        "input:rows": "abe91875345b",
        "option:map": "d4bca8679526",
        "option:seed": "021e141b6b1c",
        "outputs": "6810fff42c05",
        "package:numpy": "3a9f84adfdb5",
        "parameter:rate": "b270d656cf7b",
    }


def test_key_is_the_recorded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "interpreter", lambda: "cpython 3.11")
    assert key(task()).digest == "a24ad352961181d70c08202be39021f8e623a20995800061c1c87ff367ea4718"


def test_key_has_a_version() -> None:
    assert keys.KEY_FORMAT == "taskcell.key/1"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"body": "model = fit(rows, rate)  # why"},
        {"stated": True},
        {"doc": "what it does"},
        {"distributions": (("numpy", "3.0.0"),)},
        {"options": TaskOptions(retries=3, timeout_s=9.0, cpu_cores=2.0, memory_bytes=9, gpu_count=1, image="i")},
        {"options": TaskOptions(cache=False, retry_delay_s=9.0)},
        {"inputs": tuple(reversed(task().inputs))},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_changes_no_result_changes_no_key(changes: dict[str, object]) -> None:
    assert key(task(**changes)) == key(task())


@pytest.mark.parametrize(
    "changes",
    [
        {"code": analysis.code_digest("model = fit(rows, -rate)")},
        {"outputs": ("mode", "l")},
        {"outputs": ()},
        {"outputs": ("",)},
        {"outputs": ("model", "")},
        {"captures": ()},
        {"captures": (capture("fit", CaptureKind.CLASS, "def fit(a, b): return a"),)},
        {"captures": (capture("fit", CaptureKind.FUNCTION, "def fit(a, b): return b"),)},
        {"captures": (*task().captures, capture("fit", CaptureKind.VALUE, "1"))},
        {"distributions": ()},
        {"distributions": (("pandas", "1.0.0"),)},
        {"options": TaskOptions(seed=0)},
        {"options": TaskOptions(map_over="rows")},
        {"options": TaskOptions(map_over="rate")},
        {"inputs": (task().inputs[0],)},
        {"inputs": (TaskInput(name="rows", kind=InputKind.PARAMETER), task().inputs[1])},
    ],
)
def test_what_may_change_a_result_changes_the_key(changes: dict[str, object]) -> None:
    assert key(task(**changes)).digest != key(task()).digest


def test_version_counts_that_is_installed_where_the_task_executes() -> None:
    newer = key(task(), {"numpy": "2.0.1"}.get)
    assert newer.digest != key(task()).digest
    assert key(task(), {}.get).digest not in (newer.digest, key(task()).digest)


def test_distribution_that_is_not_imported_does_not_count() -> None:
    assert key(task(), {**VERSIONS, "pandas": "3.0.0"}.get) == key(task())


def test_swapped_inputs_are_another_key() -> None:
    assert key(task(), rows=1, rate=2).digest != key(task(), rows=2, rate=1).digest


def test_content_does_not_move_between_inputs() -> None:
    found = {
        key(task(), rows=rows, rate=rate).digest for rows, rate in [("a", "bc"), ("ab", "c"), ("abc", ""), ("", "abc")]
    }
    assert len(found) == 4


def test_name_and_digest_of_parts_do_not_run_into_each_other() -> None:
    parts = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")]
    made = [
        key(task(captures=(Capture(name=name, kind=CaptureKind.VALUE, digest=Digest(digest)),)))
        for name, digest in parts
    ]
    assert len({each.digest for each in made}) == len(parts)


def test_names_with_the_separators_of_part_names_stay_apart() -> None:
    value = Digest("0" * 64)
    left = (
        Capture(name="a", kind=CaptureKind.MODULE, digest=value),
        Capture(name="b", kind=CaptureKind.VALUE, digest=value),
    )
    right = (Capture(name="a:b", kind=CaptureKind.MODULE, digest=value),)
    assert key(task(captures=left)).digest != key(task(captures=right)).digest


def test_captures_in_another_order_are_the_same_key() -> None:
    two = (capture("a", CaptureKind.FUNCTION, "def a(): ..."), capture("b", CaptureKind.CONSTANT, "b = 1"))
    assert key(task(captures=two)) == key(task(captures=two[::-1]))


def test_equal_keys_have_equal_parts_and_others_a_part_that_differs() -> None:
    one, other = key(task()), key(task(), rate=0.2)
    assert [part.name for part in one.parts] == [part.name for part in other.parts]
    assert [a.name for a, b in zip(one.parts, other.parts, strict=True) if a.digest != b.digest] == ["parameter:rate"]
