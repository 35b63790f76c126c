"""``%why``, ``%dag`` and ``%launch --dry-run`` in a real kernel: each clause of an answer, read as a user reads it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from tests.integration import kernels

PARAMS = "%%params\nmonth: int = 1\nrate: float = 0.1\n"
HELPER = "def late(delays, most=3):\n    return delays > most\n"
LOAD = (
    "%%task\nimport pandas as pd\n"
    "table = pd.DataFrame({'delay': [number % 7 for number in range(100)], 'name': ['x'] * 100}).iloc[: 90 + month]\n"
)
SPLIT = "%%task split(table) -> train_set\ntrain_set = table.assign(late=late(table.delay)).iloc[:50]\n"
TRAIN = "%%task train(train_set, rate) -> model\nmodel = {'rate': rate, 'late': int(train_set.late.sum())}\n"


def code_cell(source: str) -> Any:
    return nbformat.v4.new_code_cell(source)


class Notebook:
    """Cells by name, run again when they are edited, as in JupyterLab."""

    def __init__(self, live: kernels.LiveKernel) -> None:
        self.live = live

    def __call__(self, **cells: str) -> None:
        for name, source in cells.items():
            ran = self.live.run(source, cell_id=name)
            assert not ran.error, ran.traceback

    def says(self, line: str) -> str:
        ran = self.live.run(line)
        assert not ran.error, ran.traceback
        (shown,) = (out["data"] for out in ran.outputs if "data" in out)
        assert "<script" not in shown["text/html"]
        return " ".join(str(shown["text/plain"]).split())  # as if the lines were not wrapped

    def refuses(self, line: str) -> str:
        ran = self.live.run(line)
        assert ran.error, ran.outputs
        return ran.message + ran.traceback


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kernels.LiveKernel]:
    folder = tmp_path_factory.mktemp("explaining")
    with kernels.kernel(folder, folder / "store") as live:
        yield live


@pytest.fixture
def notebook(live: kernels.LiveKernel, tmp_path: Path) -> Notebook:
    book = Notebook(live.renew(tmp_path, store=tmp_path / "store", XDG_CACHE_HOME=str(tmp_path / "cache")))
    book(params=PARAMS, helper=HELPER, load=LOAD, split=SPLIT, train=TRAIN)
    return book


def test_story_of_an_edited_helper_is_told_before_and_after(notebook: Notebook) -> None:
    first = notebook.says("%why train")
    assert "this is its first run, no other run of notebook.train is in this store" in first
    notebook(train=TRAIN)
    assert "hit · from run 01" in notebook.says("%why train")
    assert "by ana, just now · took" in notebook.says("%why train")

    notebook(helper=HELPER.replace("> most", ">= most"))
    drawn = notebook.says("%dag")
    assert "1 cached, 1 stale, 1 may run" in drawn
    assert "◇ split: helper late changed (since run 01" in drawn
    assert "▹ train after split" in drawn
    assert "train ▹ may run" in notebook.says("%launch --dry-run")
    assert "Task split above it is stale" in notebook.says("%why train")

    notebook(split=SPLIT)
    said = notebook.says("%why train")
    assert "it would be executed, because input train_set changed" in said
    assert "· 7 cells changed, in late" in said
    assert "· row 3, late: False → True" in said
    assert "↳ split made another one, because helper late changed" in said
    notebook(train=TRAIN)
    assert "it was executed, because input train_set changed" in notebook.says("%why train")
    assert "- return delays > most" in notebook.says("%why split")


def test_reason_of_an_input_goes_up_to_the_parameter(notebook: Notebook) -> None:
    notebook(params=PARAMS.replace("month: int = 1", "month: int = 5"))
    planned = notebook.says("%launch --dry-run")
    assert "1 will run, 2 may run" in planned
    assert "parameter month changed 1 → 5" in planned
    notebook(load=LOAD, split=SPLIT.replace("[:50]", "[-50:]"))
    said = notebook.says("%why split")
    assert "4 rows added at the end" in said
    assert "↳ table made another one, because parameter month changed 1 → 5" in said
    assert "↳ split made another one, because its code changed" in notebook.says("%why train")


def test_comments_and_options_are_named_as_not_counting(notebook: Notebook) -> None:
    notebook(train=TRAIN.replace("-> model", "-> model --retries 3").replace("model =", "# fitted\nmodel ="))
    said = notebook.says("%why train")
    assert "hit" in said
    assert "which doesn't count: comments or formatting, --retries." in said


def test_collected_and_damaged_results_are_told_apart(notebook: Notebook, tmp_path: Path) -> None:
    store = tmp_path / "store"
    restarted = "import taskcell.api.kernels.sessions as s; s.current().outcomes.clear()"
    notebook.live.run(restarted)
    for blob in store.glob("blobs/*/*"):
        if b"ARROW1" in blob.read_bytes():
            blob.unlink()
    assert "but the bytes of train_set are missing from the store" in notebook.says("%why split")
    assert "the bytes of table are missing from the store" in notebook.says("%dag")
    shutil.rmtree(store / "default" / "cache")
    assert "is not in the cache any more, taskcell gc has collected it" in notebook.says("%why train")
    assert "is not in the cache any more" in notebook.says("%dag")


def test_map_is_explained_by_its_elements(notebook: Notebook) -> None:
    notebook(xs="xs = [1, 2, 3]", fit="%%task fit(xs) -> ys --map xs\nys = xs * 2\n")
    assert "0 of 3 elements were cached, 3 were executed: no earlier run of them" in notebook.says("%why fit")
    notebook(fit="%%task fit(xs) -> ys --map xs\nys = xs * 2\n")
    said = notebook.says("%why fit")
    assert "hit · all 3 elements are cached · from run 01" in said
    assert "by ana, just now · took" in said
    assert "saved" in said
    notebook(xs="xs = [1, 5, 3, 4]")
    said = notebook.says("%why fit")
    assert "2 of 4 elements are cached, 2 would be executed, because these elements are new or changed" in said
    assert "xs[1]: 2 → 5" in said
    assert "xs[3] is new: 4" in said
    assert "2 of 4 elements cached; xs[1], xs[3] would run" in notebook.says("%dag")
    notebook(fit="%%task fit(xs) -> ys --map xs\nys = xs * 2\n")
    said = notebook.says("%why fit")
    assert "2 of 4 elements were cached, 2 were executed, because these elements are new or changed" in said
    assert "xs[1]: 2 → 5" in said


def test_unseeded_randomness_is_said(notebook: Notebook) -> None:
    notebook(noise="%%task noise(rate) -> noise\nimport random\nnoise = random.random() + rate\n")
    assert "It drew random numbers without a seed (random)" in notebook.says("%why noise")
    notebook(noise="%%task noise(rate) -> noise --seed 3\nimport random\nnoise = random.random() + rate\n")
    assert "without a seed" not in notebook.says("%why noise")


def test_task_that_reads_a_local_module_is_not_stale_at_once(notebook: Notebook, tmp_path: Path) -> None:
    (tmp_path / "shoplib.py").write_text("def net(price):\n    return price\n")
    notebook(imports="import shoplib", net="%%task net(rate) -> net\nnet = shoplib.net(rate)\n")
    notebook(gross="%%task gross(net) -> gross\ngross = net * 2\n")
    assert "stale" not in notebook.says("%why gross")


def test_one_refused_task_does_not_refuse_the_others(notebook: Notebook, tmp_path: Path) -> None:
    cells = [code_cell(text) for text in (PARAMS, HELPER, LOAD, SPLIT, TRAIN.replace(": rate,", ": rat,"))]
    cells.append(code_cell("%%task report(model) -> report\nreport = str(model)\n"))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "half.ipynb")
    drawn = notebook.says("%dag half.ipynb")
    assert "2 refused" in drawn
    assert "⊘ train: Task 'train': 'rat' (line 2) is neither an input nor anything" in drawn
    assert "⊘ report: needs what train gives" in drawn
    preview = notebook.says("%launch half.ipynb --dry-run")
    assert "split" in preview.partition("would")[2]
    assert "Did you mean 'rate'?" in preview


def test_unknown_names_are_answered_with_the_nearest(notebook: Notebook) -> None:
    assert "Did you mean 'train'?" in notebook.refuses("%why trian")
    assert "There is no run '01ZZZ'" in notebook.refuses("%why train --against 01ZZZ")
    assert "There is no workflow 'churn'" in notebook.refuses("%why train --against churn@3")


def test_version_without_a_run_says_so_and_a_preview_makes_no_version(notebook: Notebook, tmp_path: Path) -> None:
    notebook.says("%launch --dry-run -p month=2 --sweep rate=0.1,0.2")
    assert not list((tmp_path / "store" / "default").glob("workflows/*/versions/*"))
    snapshot = notebook.live.run("%snapshot -m first")
    assert not snapshot.error, snapshot.traceback
    assert "No run of notebook@1 has executed task 'train'" in notebook.refuses("%why train --against notebook@1")
    assert "has no version 3" in notebook.refuses("%why train --against notebook@3")


def test_preview_says_what_would_be_refused(notebook: Notebook) -> None:
    assert "no parameter 'mont'" in notebook.refuses("%launch --dry-run -p mont=2")


def test_explanation_is_data_too(notebook: Notebook) -> None:
    ran = notebook.live.run(
        "import json; from taskcell import cli; print(json.dumps(cli.call('why', ['train']).to_data()))"
    )
    data = json.loads(ran.stdout)
    assert (data["kind"], data["verdict"], data["executed"]) == ("explanation", "miss", True)
