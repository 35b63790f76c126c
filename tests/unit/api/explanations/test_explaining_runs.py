"""What is said of recorded runs: which attempt is compared with, each kind of part, results that can't be used."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.api.recorded_runs import Recorder, task

from taskcell import errors
from taskcell.api.explanations import changes, explaining
from taskcell.api.runs.runs import Run
from taskcell.hashing.values import digest_value
from taskcell.model.caching import KeyPart
from taskcell.model.runs import RunState
from taskcell.model.tasks import TaskOptions
from taskcell.store import codecs

PARTS = {"code": "a", "parameter:rate": "r", "interpreter": "cpython 3.11", "package:pandas": "2.2"}


def recorded(recorder: Recorder, *, version: int = 1, state: str = "", **parts: str) -> Run:
    made = {name.replace("__", ":"): text for name, text in parts.items()}
    return recorder.run(
        {"train": (task("train", "rate", "model"), {} if state else {"model": 1})},
        parameters={"rate": 0.1},
        parts={"train": {**PARTS, **made}},
        failed={"train": state} if state else None,
        state=RunState.FAILED if state else RunState.SUCCEEDED,
        version=version,
    )


def test_first_run_says_that_nothing_is_there_to_compare_with() -> None:
    run = recorded(Recorder())
    said = explaining.why("train", run=run).headline
    assert said == "it was executed: this is its first run, no other run of flow.train is in this store."


def test_newest_run_with_another_key_is_compared_with() -> None:
    recorder = Recorder()
    recorded(recorder, code="x")
    second = recorded(recorder, code="y")
    found = explaining.why("train", run=recorded(recorder))
    assert found.changed == ("code",)
    assert found.view.compared_to == second.id


@pytest.mark.parametrize(
    ("part", "new", "words"),
    [
        ("interpreter", "cpython 3.12", "Python changed 3.11 → 3.12"),
        ("interpreter", "pypy 3.11", "Python changed cpython 3.11 → pypy 3.11"),
        ("package__pandas", "2.3", "package pandas changed 2.2 → 2.3"),
        ("option__seed", "7", "option seed was added"),
        ("code", "b", "its code changed"),
        ("function__clean", "f", "helper clean was added"),
    ],
)
def test_part_is_named_in_the_users_words(part: str, new: str, words: str) -> None:
    recorder = Recorder()
    recorded(recorder)
    found = explaining.why("train", run=recorded(recorder, **{part: new}))
    assert found.headline == f"it was executed, because {words}."


def test_run_that_is_named_is_compared_with() -> None:
    recorder = Recorder()
    first, _, third = (recorded(recorder, code=code) for code in "abb")
    assert explaining.why("train", run=third, against=first).changed == ("code",)
    same = explaining.why("train", run=recorded(recorder), against=first)
    assert same.headline == f"nothing in its key differs from run {first.id}."


def test_run_without_the_task_says_which_it_has() -> None:
    recorder = Recorder()
    run = recorded(recorder)
    other = recorder.run({"load": (task("load", "", "x"), {"x": 1})}, parts={"load": {"code": "l"}})
    with pytest.raises(errors.NotFoundError) as caught:
        explaining.why("train", run=run, against=other)
    assert "has no task 'train'" in caught.value.message
    assert "load" in caught.value.remedy


def test_equal_key_of_a_failed_attempt_is_the_reason() -> None:
    recorder = Recorder()
    first = recorded(recorder, state="ValueError: no")
    said = explaining.why("train", run=recorded(recorder)).headline
    assert said == (
        f"it was executed, though its key is as it was: the attempt in run {first.id} failed, and only results that "
        "succeeded are kept."
    )


def test_unknown_task_is_answered_with_the_nearest() -> None:
    run = recorded(Recorder())
    with pytest.raises(errors.NotFoundError, match="has no task") as caught:
        explaining.why("trian", run=run)
    assert "Did you mean 'train'?" in caught.value.remedy


def test_difference_in_a_small_dict_is_told_though_the_earlier_one_was_not_stored() -> None:
    def part(value: object) -> KeyPart:
        return KeyPart(name="input:config", digest=digest_value(value), label=codecs.preview(value))

    parts = part({"depth": 3, "rates": [0.1]}), part({"depth": 4, "rates": [0.1]})
    source = changes.Source(definition=None, find=changes.nowhere)
    (said,) = changes.described(changes.compared(parts[:1], parts[1:]), source, source)
    assert said.words == 'config["depth"]: 3 → 4'


def test_path_goes_by_its_name() -> None:
    parts = [KeyPart(name="input:source", digest=digest_value(text), label="PosixPath('a.csv')") for text in "xy"]
    source = changes.Source(definition=None, find=changes.nowhere)
    (said,) = changes.described(changes.compared(parts[:1], parts[1:]), source, source)
    assert (said.old, said.words) == ("a.csv", "another content; its earlier content was not stored")


def test_map_in_a_launched_run_is_explained_by_its_elements() -> None:
    recorder = Recorder()
    mapped = msgspec.structs.replace(task("fit", "", "ys"), options=TaskOptions(map_over="xs"))
    parts = [{"code": "c", "input:xs": text} for text in ("1", "2")]
    again = [{"code": "c", "input:xs": text} for text in ("1", "5")]
    for each in (parts, again):
        ids = {"fit": (mapped, {"ys": [1, 2]}), "fit.0": (mapped, {"ys": 1}), "fit.1": (mapped, {"ys": 2})}
        run = recorder.run(ids, parts={f"fit.{number}": part for number, part in enumerate(each)})
    found = explaining.why("fit", run=run)
    assert found.headline.startswith("0 of 2 elements were cached, 2 were executed")
    assert [part.details for part in found.view.changes] == [("xs[1]: 2 → 5",)]
