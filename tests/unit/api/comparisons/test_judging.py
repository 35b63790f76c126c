from __future__ import annotations

from typing import Any

import pytest
from tests.unit.api.recorded_runs import Recorder, task

from taskcell import errors
from taskcell.api.comparisons import reproducing
from taskcell.api.comparisons.judging import Reproduction
from taskcell.api.runs.runs import Run
from taskcell.model.runs import RunState

LOAD = task("load", "n", "rows")
FIT = task("fit", "rows<-load", "model mae")
PARTS = {
    "load": {"code": "1", "interpreter": "cpython 3.11", "package:pandas": "2.2", "parameter:n": "5"},
    "fit": {"code": "2", "interpreter": "cpython 3.11", "package:scikit-learn": "1.5", "input:rows": "[1]"},
}


def _both(
    old: dict[str, dict[str, Any]],
    new: dict[str, dict[str, Any]],
    *,
    parts: dict[str, dict[str, str]] | None = None,
    **facts: Any,
) -> Reproduction:
    recorder = Recorder()
    original = recorder.run({"load": (LOAD, old["load"]), "fit": (FIT, old["fit"])}, parameters={"n": 5}, parts=PARTS)
    again = recorder.run(
        {"load": (LOAD, new["load"]), "fit": (FIT, new["fit"])},
        parameters={"n": 5},
        parts=parts or PARTS,
        reproduces=original.id,
        **facts,
    )
    return reproducing.judge(again)


OLD: dict[str, dict[str, Any]] = {"load": {"rows": [1.0, 2.0]}, "fit": {"model": {"w": 1.0}, "mae": 0.5}}


def test_same_outputs_are_identical() -> None:
    found = _both(OLD, OLD)
    assert found.verdict == "identical"
    assert found.outputs == {"rows": "identical", "model": "identical", "mae": "identical"}
    assert (found.first_difference, found.cause) == (None, None)


def test_close_numbers_are_within_tolerance() -> None:
    found = _both(OLD, {**OLD, "fit": {"model": {"w": 1.0 + 1e-12}, "mae": 0.5}})
    assert found.verdict == "within tolerance"
    assert found.outputs["model"] == "within tolerance"


def test_tolerance_zero_makes_close_numbers_different() -> None:
    recorder = Recorder()
    original = recorder.run({"load": (LOAD, {"rows": 1.0})}, parameters={"n": 5})
    again = recorder.run({"load": (LOAD, {"rows": 1.0 + 1e-12})}, parameters={"n": 5}, reproduces=original.id)
    assert reproducing.judge(again, tolerance=0.0, absolute=0.0).verdict == "different"


def test_first_difference_is_the_task_where_it_began() -> None:
    parts = {**PARTS, "fit": {**PARTS["fit"], "input:rows": "[2]"}}
    found = _both(OLD, {"load": {"rows": [9.0]}, "fit": {"model": {"w": 3.0}, "mae": 0.7}}, parts=parts)
    assert found.verdict == "different"
    assert found.first_difference == "load"
    assert found.causes["fit"].kind == "upstream"
    assert "load" in found.causes["fit"].why


@pytest.mark.parametrize(
    ("part", "new", "cause"),
    [
        ("package:pandas", "2.3", "environment"),
        ("interpreter", "cpython 3.12", "environment"),
        ("parameter:n", "6", "parameter"),
        ("value:table", "other", "data"),
    ],
)
def test_cause_follows_from_the_key_part_that_changed(part: str, new: str, cause: str) -> None:
    parts = {**PARTS, "load": {**PARTS["load"], part: new}}
    found = _both(OLD, {**OLD, "load": {"rows": [3.0]}}, parts=parts)
    assert found.cause == cause


def test_environment_cause_names_the_package_with_both_versions() -> None:
    parts = {**PARTS, "load": {**PARTS["load"], "package:pandas": "2.3"}}
    found = _both(OLD, {**OLD, "load": {"rows": [3.0]}}, parts=parts)
    assert "pandas 2.2 → 2.3" in found.causes["load"].why


def test_nothing_changed_but_the_output_is_nondeterminism() -> None:
    found = _both(OLD, {**OLD, "load": {"rows": [3.0]}})
    assert found.cause == "nondeterminism"
    assert "seed" in found.causes["load"].why


def test_failed_reproduction_is_failed_and_its_outputs_missing() -> None:
    found = _both(OLD, OLD, failed={"fit": "ValueError: no"}, state=RunState.FAILED)
    assert found.verdict == "failed"
    assert found.outputs == {"rows": "identical", "model": "missing", "mae": "missing"}
    assert found.first_difference == "fit"
    assert "ValueError: no" in found.causes["fit"].why


def test_branches_of_a_sweep_are_told_apart() -> None:
    recorder = Recorder()
    tasks = {"load~0": (LOAD, {"rows": 1}), "load~1": (LOAD, {"rows": 2})}
    labels = {"load~0": "load[n=1]", "load~1": "load[n=2]"}
    original = recorder.run(tasks, parameters={"n": 1}, labels=labels)
    again = recorder.run(
        {**tasks, "load~1": (LOAD, {"rows": 3})}, parameters={"n": 1}, labels=labels, reproduces=original.id
    )
    assert reproducing.judge(again).outputs == {"load[n=1]: rows": "identical", "load[n=2]: rows": "different"}


def test_verdict_is_recorded_beside_the_original() -> None:
    found = _both(OLD, OLD)
    store = found.original.store
    assert len(store.records.list(f"runs/{found.original.id}/reproductions")) == 1


def test_verdict_shows_itself_in_text_and_html() -> None:
    found = _both(OLD, {**OLD, "load": {"rows": [3.0]}})
    bundle = found._repr_mimebundle_()
    assert "different" in bundle["text/plain"]
    assert "load" in bundle["text/html"]


def test_run_that_reproduces_nothing_has_no_verdict() -> None:
    run = Recorder().run({"load": (LOAD, {"rows": 1})}, parameters={"n": 5})
    with pytest.raises(errors.InvalidInputError, match="not a reproduction"):
        reproducing.judge(run)


def test_notebook_session_is_not_reproduced_as_a_whole() -> None:
    run: Run = Recorder().run({}, backend="interactive")
    with pytest.raises(errors.InvalidInputError, match="session") as caught:
        reproducing.reproduce(run)
    assert "aunch" in caught.value.remedy


def test_unknown_environment_is_refused_before_anything_starts() -> None:
    with pytest.raises(errors.InvalidInputError, match="no environment"):
        reproducing.reproduce("x", env="lokced")  # type: ignore[arg-type]
