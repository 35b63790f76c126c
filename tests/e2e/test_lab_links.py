"""A link leads to what it says, in any JupyterLab with the store; else to a page that says what to do."""

from __future__ import annotations

import re
import time

import pytest
from tests.e2e import lab_cells, lab_pages, lab_world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def run_flow(lab: lab_world.LabServer, rate: float = 0.1) -> str:
    """Launch the flow outside of any notebook, wait for its end, return the id."""
    import os
    import subprocess
    import sys

    from tests.integration import kernels

    name = "flow.ipynb"
    if not (lab.notebooks / name).exists():
        lab.write(name, *lab_cells.FLOW)
    done = subprocess.run(
        [sys.executable, "-m", "taskcell", "launch", name, "-p", f"rate={rate}", "--wait", "--json"],
        cwd=lab.notebooks,
        env={**os.environ, **kernels.environment(lab.store)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: str = lab.get("taskcell/api/runs")["runs"][0]["id"]
    return found


@pytest.fixture(scope="module")
def runs(lab: lab_world.LabServer) -> tuple[str, str]:
    return run_flow(lab, 0.1), run_flow(lab, 0.2)


def test_link_to_a_run_opens_its_experiment_without_a_kernel(
    lab: lab_world.LabServer, tab: lab_pages.LabPage, runs: tuple[str, str]
) -> None:
    tab.open(query=f"taskcell=run:{runs[0]}")
    banner = tab.page.locator(".tc-lab-banner")
    banner.wait_for()
    assert "flow@1" in banner.inner_text()
    tab.page.locator(".tc-lab-experiment .jp-OutputArea-output", has_text="step 3").first.wait_for()
    cells = "jupyterapp.shell.currentWidget.content.widgets"
    assert tab.page.evaluate(f"() => {cells}.length > 4 && {cells}.every(cell => cell.readOnly)")
    assert lab.get("api/kernels") == []
    assert "taskcell" not in tab.page.evaluate("() => location.href")


def test_experiment_is_there_again_after_a_reload(tab: lab_pages.LabPage, runs: tuple[str, str]) -> None:
    tab.open(query=f"reset&taskcell=run:{runs[0]}")
    tab.page.locator(".tc-lab-banner").wait_for()
    time.sleep(2)  # JupyterLab saves its layout after a second
    tab.reload()
    tab.page.locator(".tc-lab-banner").wait_for()
    assert tab.widgets().count("flow@1 as run.ipynb") == 1


def test_link_to_a_comparison_and_to_a_version(tab: lab_pages.LabPage, runs: tuple[str, str]) -> None:
    tab.open(query=f"reset&taskcell=comparison:{','.join(runs)}")
    tab.main(".tc-view-compare").get_by_text("rate").first.wait_for()
    tab.shot("comparison")
    tab.open(query="taskcell=version:flow@1")
    tab.page.locator(".tc-lab-banner", has_text="This version as it was stored").wait_for()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (f"taskcell=run:{UNKNOWN}", f"has no run {UNKNOWN}"),
        ("taskcell=run:nonsense", "leads nowhere"),
        ("taskcell=version:flow@99", "99"),
        (f"taskcell=run:{UNKNOWN}&store=s3%3A%2F%2Felsewhere", "TASKCELL_STORE=s3://elsewhere"),
        ("taskcell=<img src=x onerror=alert(1)>", "leads nowhere"),
    ],
)
def test_link_that_cannot_be_followed_gives_a_page_that_says_what_to_do(
    tab: lab_pages.LabPage, runs: tuple[str, str], query: str, said: str
) -> None:
    tab.open(query=f"reset&{query}")
    page = tab.page.locator(".tc-lab-problem")
    page.wait_for()
    assert said in page.inner_text()
    assert tab.page.locator(".tc-lab-problem img").count() == 0
    page.get_by_role("button", name="Show all runs").click()
    tab.main(".tc-view-runs").get_by_text(re.compile("flow")).first.wait_for()


def test_copied_notebook_opens_beside_the_work(
    lab: lab_world.LabServer, tab: lab_pages.LabPage, runs: tuple[str, str]
) -> None:
    tab.open(query=f"reset&taskcell=run:{runs[1]}")
    tab.page.locator(".tc-lab-banner").get_by_role("button", name="Open as a new notebook").click()
    tab.page.locator(".jp-Notebook:visible .cm-content[contenteditable=true]").first.wait_for()
    copied = lab.saved("flow@1.ipynb")
    assert "step 3" in str(copied["cells"])
    assert all("editable" not in cell["metadata"] for cell in copied["cells"])


def test_pasted_link_of_the_command_line_is_followed(tab: lab_pages.LabPage, runs: tuple[str, str]) -> None:
    tab.open()
    tab.command("taskcell:open-link")
    store = tab.server.get("taskcell/api/about")["store"]
    tab.page.locator(".jp-Dialog input").fill(f"taskcell://run/{runs[0]}?store={store}&project=default")
    tab.page.locator(".jp-Dialog .jp-mod-accept").click()
    tab.page.locator(".tc-lab-banner").wait_for()


def test_link_of_a_kernel_and_of_its_notebooks_leads_here(lab: lab_world.LabServer, tab: lab_pages.LabPage) -> None:
    said = (
        "run = taskcell.launch('linked.ipynb', parameters={'rate': 0.77}).wait()\n"
        "import nbformat\n"
        "first = nbformat.read(run.notebook('train'), 4).cells[0].source\n"
        "print('LINK', run.link, run.link in first)"
    )
    lab.write("linked.ipynb", *lab_cells.FLOW)
    lab.write("asks.ipynb", "import taskcell", said)
    tab.open_notebook("asks.ipynb").run_all()
    output = tab.page.locator(".jp-OutputArea-output", has_text="LINK").first
    output.wait_for(timeout=120_000)
    _, link, in_first_cell = output.inner_text().split()
    assert in_first_cell == "True"
    assert re.fullmatch(re.escape(f"{lab.address}/lab?taskcell=run:") + "[0-9A-Z]{26}", link)
    tab.page.goto(link)
    tab.page.locator(".tc-lab-banner", has_text="flow@1").wait_for()


def test_link_to_another_store_is_followed_here_when_asked(tab: lab_pages.LabPage, runs: tuple[str, str]) -> None:
    tab.open(query=f"reset&taskcell=run:{runs[0]}&store=s3%3A%2F%2Felsewhere&project=churn")
    page = tab.page.locator(".tc-lab-problem")
    page.wait_for()
    assert "TASKCELL_PROJECT=churn" in page.inner_text()
    page.get_by_role("button", name="Look for it here").click()
    tab.page.locator(".tc-lab-banner", has_text="flow@1").wait_for()
