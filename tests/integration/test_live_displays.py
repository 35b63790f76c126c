"""What a notebook is sent when a run is shown: live where a front-end asks, static where papermill does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.integration import kernels

VIEW = "application/vnd.taskcell.view+json"
WIDGET = "application/vnd.jupyter.widget-view+json"
CELLS = (
    "%%params\nrate: float = 0.5",
    "%%task load -> xs\nxs = [1, 2, 3]",
    "%%task train(xs, rate) -> total\nimport time\ntime.sleep(1)\ntotal = sum(xs) * rate",
)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kernels.LiveKernel]:
    folder = tmp_path_factory.mktemp("live")
    with kernels.kernel(folder, folder / "store") as live:
        live.run("%workflow flow")
        for number, cell in enumerate(CELLS):
            ran = live.run(cell, cell_id=f"cell-{number}")
            assert not ran.error, ran.traceback
        yield live


def _bundle(ran: kernels.Ran, kind: str = VIEW) -> dict[str, Any]:
    found = [out["data"] for out in ran.outputs if kind in out.get("data", {})]
    assert found, (ran.outputs, ran.traceback)
    return dict(found[-1])


class Comm:
    """The other side of a widget, as a front-end has it."""

    def __init__(self, kernel: kernels.LiveKernel, model_id: str) -> None:
        self._kernel = kernel
        self._id = model_id

    def send(self, content: dict[str, Any]) -> None:
        data = {"method": "custom", "content": content}
        message = self._kernel.client.session.msg("comm_msg", {"comm_id": self._id, "data": data})
        self._kernel.client.shell_channel.send(message)

    def receive(self, wanted: str, timeout_s: float = 20) -> dict[str, Any]:
        """Return the next message that has such a member."""
        deadline = time.monotonic() + timeout_s
        while True:
            message = self._kernel.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == self._id:
                content = message["content"]["data"].get("content") or {}
                if wanted in content:
                    return dict(content)


def test_run_is_shown_with_data_widget_page_and_text(kernel: kernels.LiveKernel) -> None:
    bundle = _bundle(kernel.run("%launch", cell_id="launch"))
    assert {VIEW, "text/html", "text/plain"} <= set(bundle)
    live = bundle[VIEW]["live"]
    assert live["view"] == "run"
    assert live["params"] == {"run": bundle[VIEW]["id"]}
    assert live["store"] == kernel.store.as_uri()


def test_value_of_a_line_magic_can_be_kept(kernel: kernels.LiveKernel) -> None:
    ran = kernel.run(
        "run = %launch -p rate=0.75\nlisted = %runs\nstr(run.wait().state), run.id in str(listed)", cell_id="kept"
    )
    assert [out["data"]["text/plain"] for out in ran.outputs if out["output_type"] == "execute_result"] == [
        "('succeeded', True)"
    ], (ran.outputs, ran.traceback)
    assert _bundle(ran)[VIEW]["live"]["view"] == "run"
    assert sum(VIEW in out.get("data", {}) for out in ran.outputs) == 1


def test_cell_without_an_id_is_answered_as_ever(kernel: kernels.LiveKernel) -> None:
    ran = kernel.run("import taskcell\ntaskcell.runs()[0]")
    bundle = _bundle(ran)
    assert WIDGET not in bundle
    assert "live" not in bundle[VIEW]
    assert [out["output_type"] for out in ran.outputs] == ["execute_result"]


def test_stored_output_says_how_the_run_ended(kernel: kernels.LiveKernel) -> None:
    ran = kernel.run(
        "%launch -p rate=0.25\nimport threading, time\n"
        "while any(t.name.startswith('taskcell-view') for t in threading.enumerate()): time.sleep(0.1)",
        cell_id="waits",
    )
    assert _bundle(ran)[VIEW]["state"] == "succeeded"
    assert "succeeded" in _bundle(ran)["text/plain"]


@pytest.mark.parametrize(("line", "view"), [("%dag", "workflow"), ("%runs", "runs"), ("%launch --form", "form")])
def test_line_magics_have_live_views(kernel: kernels.LiveKernel, line: str, view: str) -> None:
    assert _bundle(kernel.run(line, cell_id=view))[VIEW]["live"]["view"] == view


def test_versions_and_comparisons_are_live(kernel: kernels.LiveKernel) -> None:
    kernel.run("%snapshot -m first")
    assert _bundle(kernel.run("%versions", cell_id="v"))[VIEW]["live"]["params"] == {"workflow": "flow"}
    ids = kernel.value("[r.id for r in taskcell.runs()[:2]]")
    compared = kernel.run(f"taskcell.compare(*{ids})", cell_id="c")
    assert _bundle(compared)[VIEW]["live"]["view"] == "compare"


def test_task_that_shows_a_run_keeps_a_static_form(kernel: kernels.LiveKernel) -> None:
    ran = kernel.run(
        "%%task shows -> None\nimport taskcell\nfrom IPython.display import display\ndisplay(taskcell.runs()[0])",
        cell_id="shows",
    )
    assert not ran.error, ran.traceback
    assert WIDGET not in _bundle(ran)
    assert "live" not in _bundle(ran)[VIEW]


def test_form_refuses_options(kernel: kernels.LiveKernel) -> None:
    ran = kernel.run("%launch --form --backend local", cell_id="refused")
    assert ran.error == "InvalidInputError"
    assert "--backend" in ran.message


class TestComm:
    """A widget answers its front-end."""

    @pytest.fixture
    def comm(self, kernel: kernels.LiveKernel) -> Comm:
        bundle = _bundle(kernel.run("taskcell.runs()[0]", cell_id="shown"))
        if WIDGET not in bundle:
            pytest.skip("the widget's module is not built: make front")
        return Comm(kernel, bundle[WIDGET]["model_id"])

    def test_question_is_answered(self, comm: Comm) -> None:
        comm.send({"id": "1", "request": "runs.list", "params": {"limit": 1}})
        answer = comm.receive("id")
        assert answer["id"] == "1"
        assert len(answer["result"]["runs"]) == 1

    def test_bad_question_is_answered_in_words(self, comm: Comm) -> None:
        comm.send({"id": "2", "request": "runs.get", "params": {"run": "../x"}})
        assert comm.receive("id")["error"]["message"]

    def test_notebook_as_it_stands_is_known(self, comm: Comm) -> None:
        comm.send({"id": "3", "request": "workflows.graph", "params": {}})
        nodes = comm.receive("id")["result"]["graph"]["nodes"]
        assert {"load", "train"} <= {node["id"] for node in nodes}

    def test_topic_is_watched_until_it_is_dropped(self, kernel: kernels.LiveKernel, comm: Comm) -> None:
        comm.send({"subscribe": "runs"})
        assert comm.receive("topic")["event"]["event"] == "runs"
        comm.send({"unsubscribe": "runs"})
        threads = "[t.name for t in __import__('threading').enumerate() if t.name == 'taskcell-topic-runs']"
        deadline = time.monotonic() + 10
        while kernel.value(threads) != "[]":
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def test_unknown_topic_is_refused_in_words(self, comm: Comm) -> None:
        comm.send({"subscribe": "weather"})
        assert comm.receive("topic")["error"]["message"]
