"""Runs with real drivers, workers and kernels: one notebook with a task for each fact."""

from __future__ import annotations

import json
import random
from pathlib import Path

import nbformat
import pytest
from run_world import World, package_path, processes_of, until

from taskcell import errors
from taskcell.api.runs import runs
from taskcell.engine import notebooks, recording
from taskcell.model.runs import RunState, TaskState

ZOO = (
    "%load_ext taskcell",
    "%%params\nn: int = 3  # how many",
    "import helper_module",
    "%%task first(n) -> a\nprint('hello from first')\na = n + 1",
    "%%task second(a) -> b\nprint('second')\nb = a * 2",
    "%%task place() -> where, setting, answer, number --seed 7 --no-cache\n"
    "import os, random\n"
    "where, setting = os.getcwd(), os.environ.get('ZOO_SETTING')\n"
    "answer, number = helper_module.answer(), random.random()",
    "%%task leaves() -> never --no-cache\nimport sys\nsys.exit('enough')\nnever = 1",
    "%%task dies() -> gone --no-cache\nimport os, time\nprint('last words', flush=True)\n"
    "time.sleep(1)  # a kernel sends its output from another thread\nos._exit(3)\ngone = 1",
    "%%task crashes() -> gone3 --no-cache\nimport ctypes\nctypes.string_at(0)\ngone3 = 1",
    "%%task raises() -> gone4 --no-cache --retries 1 --retry-delay 0.1s\nopen('tries', 'a').write('x')\ngone4 = 1 / 0",
    "%%task after(gone4) -> z\nz = gone4",
    "%%task forgets() -> nothing --no-cache\nimport os\nif os.environ.get('NEVER'):\n    nothing = 1",
    "%%task slow() -> s --timeout 2s --no-cache\n"
    "import subprocess\n"
    "child = subprocess.Popen(['sleep', '4711'], start_new_session=True)\n"
    "child.wait()\n"
    "s = 1",
    "%%task chatter() -> shouted --no-cache\n"
    "print('done first/1')\n"
    "print('\\x00\\x01\\x1b[31mred\\x1b[0m\\ud800'.encode('utf-8', 'replace').decode())\n"
    "for i in range(200_000):\n    print(i)\n"
    "shouted = 1",
    "%%task fit(rates) -> fits --map rates\nfits = rates * 2",
    "%%task make() -> rates\nrates = [1, 2]",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("zoo"))
    (made.folder / "helper_module.py").write_text("def answer():\n    return 42\n")
    # A name of ours and of the standard library, which workers started here must not take for theirs.
    (made.folder / "json.py").write_text("raise ImportError('the wrong json')\n")
    made.write(*ZOO)
    return made


@pytest.fixture(scope="module")
def run(world: World) -> runs.Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_SETTING", "kept")
        # The worker's, not the notebook's folder: relative entries must not change their meaning.
        patch.setenv("PYTHONPATH", package_path())
        started = world.launch(max_workers=3)
        # Changed after the snapshot: the version has the old text.
        (world.folder / "helper_module.py").write_text("def answer():\n    return 'changed'\n")
        return started.wait(110)


def test_run_ends_failed_and_says_so_in_one_sentence(run: runs.Run) -> None:
    assert run.state is RunState.FAILED
    assert "more failed)" in run.sentence
    assert run.sentence.count("\n") == 0


def test_results_of_what_succeeded_are_there(run: runs.Run) -> None:
    assert run.result("b") == 8
    assert run.result("second") == 8
    assert run.result("fits") == [2, 4]
    assert run.task("fit.1").state is TaskState.SUCCEEDED


def test_local_module_is_the_one_of_the_version(run: runs.Run) -> None:
    assert run.result("answer") == 42


def test_tasks_run_in_the_notebooks_folder_with_the_launchers_environment(run: runs.Run, world: World) -> None:
    assert run.result("where") == str(world.folder)
    assert run.result("setting") == "kept"
    assert sorted(run.result("place")) == ["answer", "number", "setting", "where"]


def test_plan_says_what_its_tasks_import(run: runs.Run) -> None:
    assert {"os", "sys", "ctypes"} <= set(run.plan.imports)


def test_seed_is_set_before_the_body(run: runs.Run) -> None:
    assert run.result("number") == random.Random(7).random()


def test_log_has_what_was_printed(run: runs.Run) -> None:
    assert run.logs("first") == "hello from first\n"


def test_prints_are_not_taken_for_answers_and_hundreds_of_thousands_arrive(run: runs.Run) -> None:
    assert run.task("chatter").state is TaskState.SUCCEEDED
    lines = run.logs("chatter").splitlines()
    assert lines[0] == "done first/1"
    assert "\x1b[31mred" in lines[1]
    assert lines[-1] == "199999"
    assert run.task("chatter").duration_s < 60


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("leaves", "SystemExit"),
        ("dies", "its process died"),
        ("crashes", "its process died"),
        ("raises", "ZeroDivisionError: division by zero"),
        ("forgets", "'nothing' was not assigned"),
        ("slow", "it took longer than 2 s"),
    ],
)
def test_failure_is_told_in_words_and_keeps_notebook_and_log(run: runs.Run, task: str, words: str) -> None:
    found = run.task(task)
    assert found.state is TaskState.FAILED
    assert found.error is not None
    assert words in found.error.sentence
    with pytest.raises(errors.TaskFailedError, match=task):
        run.result(task)
    assert isinstance(run.logs(task), str)
    notebook = nbformat.read(run.notebook(task), as_version=4)
    nbformat.validate(notebook)
    marks = [cell.metadata.get("papermill", {}).get("status") for cell in notebook.cells if cell.cell_type == "code"]
    assert marks.count("failed") == 1
    assert set(marks[: marks.index("failed")]) == {"completed"}
    assert set(marks[marks.index("failed") + 1 :]) <= {"pending"}


def test_last_words_before_a_crash_are_in_the_log(run: runs.Run) -> None:
    assert "last words" in run.logs("dies")


def test_retries_are_counted_and_dependents_skipped(run: runs.Run, world: World) -> None:
    assert run.task("raises").attempt == 2
    assert (world.folder / "tries").read_text() == "xx"
    assert run.task("after").state is TaskState.SKIPPED
    with pytest.raises(errors.NotFoundError, match="skipped"):
        run.result("after")


def test_nothing_is_left_running(run: runs.Run) -> None:
    until(lambda: not list(processes_of(run.id)), "end of all processes", 10)


def test_unknown_names_are_refused_with_what_there_is(run: runs.Run) -> None:
    with pytest.raises(errors.NotFoundError, match="Did you mean 'first'"):
        run.task("frist")
    with pytest.raises(errors.TaskcellError):
        run.result("no such thing")
    with pytest.raises(errors.NotFoundError, match="'frist'"):
        run.logs("frist")


def test_executed_notebook_of_a_hit_is_the_executing_runs(run: runs.Run, world: World) -> None:
    (world.folder / "helper_module.py").write_text("def answer():\n    return 42\n")
    small = world.write(*ZOO[:2], *ZOO[3:5], name="small.ipynb")
    again = world.run()
    assert small.exists()
    assert again.state is RunState.SUCCEEDED
    assert again.tasks["first"].cached
    assert again.notebook("first") == run.notebook("first")
    assert again.logs("first") == "hello from first\n"
    provenance = json.loads(Path(again.notebook("second")).read_text())["metadata"]["taskcell"]
    assert run.id in json.dumps(provenance)


def test_link_leads_back(run: runs.Run) -> None:
    assert runs.run(run.link).id == run.id
    assert runs.run(run.link).result("a") == 4


def test_run_is_found_by_the_first_characters_of_its_id(run: runs.Run, world: World) -> None:
    assert runs.run(run.id[:20].lower(), store=world.url).id == run.id


def test_flood_of_prints_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "PRINTED_CAP_CHARACTERS", 5000)
    flood = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None}
    flood["source"] = "for _ in range(20):\n    print('x' * 999, flush=True)\n1 + 1"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    heard: list[str] = []
    executed = notebooks.execute(
        {"cells": [flood], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5},
        scratch=tmp_path,
        parameters={},
        folder=tmp_path,
        timeout_s=None,
        environ={},
        listener=heard.append,
    )
    assert executed.error is None
    *printed, value = executed.notebook["cells"][0]["outputs"]
    text = "".join("".join(output["text"]) for output in printed)
    assert text.startswith(("x" * 999 + "\n") * 5)
    assert text.count("[what is printed after 5,000 characters is not kept here: see the log]") == 1
    assert len(text) < 5200
    assert "".join(value["data"]["text/plain"]) == "2"
    assert "".join(heard) == ("x" * 999 + "\n") * 20 + "2\n"
