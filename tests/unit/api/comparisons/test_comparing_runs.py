from __future__ import annotations

import pandas as pd
import pytest
from tests.unit.api.recorded_runs import Recorder, task

from taskcell import errors
from taskcell.api.comparisons import comparing
from taskcell.model.runs import RunState


def test_run_compared_with_itself_does_not_differ() -> None:
    run = Recorder().run({"a": (task("a", "n", "x"), {"x": 1})}, parameters={"n": 1})
    found = comparing.compare(run, run)
    assert not found.differs
    assert "No difference" in found.to_text()


def test_parameters_and_results_have_a_cell_for_each_run() -> None:
    recorder = Recorder()
    fit = task("fit", "rate", "mae rows")
    one = recorder.run({"fit": (fit, {"mae": 0.5, "rows": [1, 2]})}, parameters={"rate": 0.1})
    two = recorder.run({"fit": (fit, {"mae": 0.4, "rows": [1, 2]})}, parameters={"rate": 0.2})
    three = recorder.run({"fit": (fit, {"mae": 0.5, "rows": [1, 3]})}, parameters={"rate": 0.1})
    found = comparing.compare(one, two, three)
    assert found.parameters == {"rate": (0.1, 0.2, 0.1)}
    assert found.results["mae"] == (0.5, 0.4, 0.5)
    assert found.outputs == {"fit.rows": True}


def test_edited_task_and_helper_are_shown_line_by_line() -> None:
    recorder = Recorder()
    old = task("fit", "", "y", body="y = helper(1)\n", helper="def helper(x):\n    return x\n")
    new = task("fit", "", "y", body="y = helper(2)\n", helper="def helper(x):\n    return x + 1\n")
    found = comparing.compare(recorder.run({"fit": (old, {"y": 1})}), recorder.run({"fit": (new, {"y": 3})}))
    assert "-y = helper(1)" in found.code["fit"]
    assert "+y = helper(2)" in found.code["fit"]
    assert "+    return x + 1" in found.code["function helper (in fit)"]


def test_comment_that_changes_no_meaning_is_no_difference() -> None:
    recorder = Recorder()
    task_ = task("fit", "", "y", body="y = 1")
    found = comparing.compare(recorder.run({"fit": (task_, {"y": 1})}), recorder.run({"fit": (task_, {"y": 1})}))
    assert found.code == {}


def test_environment_shows_only_distributions_that_differ() -> None:
    recorder = Recorder()
    recorder.version(1, {"numpy": "2.0", "pandas": "2.2"})
    recorder.version(2, {"numpy": "2.0", "pandas": "2.3", "dask": "1"}, python="3.12.1")
    fit = task("fit", "", "y")
    one, two = recorder.run({"fit": (fit, {"y": 1})}), recorder.run({"fit": (fit, {"y": 1})}, version=2)
    assert comparing.compare(one, two).environment == {
        "python": ("cpython 3.11.7", "cpython 3.12.1"),
        "platform": ("linux-x86_64", "linux-x86_64"),
        "dask": (None, "1"),
        "pandas": ("2.2", "2.3"),
    }


def test_package_that_a_task_met_counts_more_than_the_recorded_one() -> None:
    recorder = Recorder()
    recorder.version(1, {"pandas": "2.2"})
    fit = task("fit", "", "y")
    one = recorder.run({"fit": (fit, {"y": 1})}, parts={"fit": {"package:pandas": "2.2"}})
    two = recorder.run({"fit": (fit, {"y": 1})}, parts={"fit": {"package:pandas": "2.3"}})
    assert comparing.compare(one, two).environment["pandas"] == ("2.2", "2.3")


def test_session_that_knows_few_packages_is_compared_on_those() -> None:
    recorder = Recorder()
    recorder.version(1, {"numpy": "2.0", "pandas": "2.2"})
    fit = task("fit", "", "y")
    met = {"fit": {"package:pandas": "2.3", "interpreter": "cpython 3.11"}}
    launched = recorder.run({"fit": (fit, {"y": 1})})
    session = recorder.run({"fit": (fit, {"y": 1})}, parts=met, version=0, backend="interactive")
    assert comparing.compare(launched, session).environment == {
        "python": ("cpython 3.11", "cpython 3.11"),
        "pandas": ("2.2", "2.3"),
    }


def test_failed_run_is_compared_with_its_error() -> None:
    recorder = Recorder()
    fit = task("fit", "", "y")
    good = recorder.run({"fit": (fit, {"y": 1})})
    bad = recorder.run({"fit": (fit, {})}, failed={"fit": "KeyError: 'z'"}, state=RunState.FAILED)
    found = comparing.compare(good, bad)
    assert found.results == {"y": (1, None), "state of fit": ("succeeded", "failed: KeyError: 'z'")}


def test_runs_without_a_common_task_are_compared() -> None:
    recorder = Recorder()
    one = recorder.run({"a": (task("a", "", "x"), {"x": 1})})
    two = recorder.run({"b": (task("b", "", "y"), {"y": "text"})})
    assert comparing.compare(one, two).results == {"x": (1, None), "y": (None, "text")}


def test_runs_of_two_stores_are_compared() -> None:
    fit = task("fit", "", "y")
    one, two = Recorder().run({"fit": (fit, {"y": 1})}), Recorder().run({"fit": (fit, {"y": 2})})
    assert comparing.compare(one, two).results == {"y": (1, 2)}


def test_tables_that_differ_are_previewed_with_their_first_rows() -> None:
    recorder = Recorder()
    fit = task("fit", "", "t")
    one = recorder.run({"fit": (fit, {"t": pd.DataFrame({"k": [1, 2]})})})
    two = recorder.run({"fit": (fit, {"t": pd.DataFrame({"k": [1, 3]})})})
    (row,) = comparing.compare(one, two).view.outputs
    assert [cell.columns for cell in row.cells if cell] == [("k",), ("k",)]
    assert [cell.rows[1] for cell in row.cells if cell] == [("2",), ("3",)]


def test_comparison_shows_itself_in_text_and_html() -> None:
    recorder = Recorder()
    fit = task("fit", "", "y")
    found = comparing.compare(recorder.run({"fit": (fit, {"y": 1})}), recorder.run({"fit": (fit, {"y": 2})}))
    bundle = found._repr_mimebundle_()
    assert "Differs in 1 result" in bundle["text/plain"]
    assert "<table" in bundle["text/html"]
    assert "Differs in 1 result" in repr(found)


@pytest.mark.parametrize("number", [0, 1])
def test_one_run_alone_is_refused(number: int) -> None:
    run = Recorder().run({})
    with pytest.raises(errors.InvalidInputError, match="can't be compared"):
        comparing.compare(*[run] * number)
