"""Where links lead, and what becomes of those that lead nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskcell import errors
from taskcell.api import configuration
from taskcell.api.runs import links
from taskcell.model.addresses import HERE
from taskcell.store.opening import Store, open_store

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store of the settings, with nothing known of a JupyterLab."""
    monkeypatch.setenv("TASKCELL_STORE", str(tmp_path / "store"))
    monkeypatch.delenv(HERE, raising=False)
    monkeypatch.delenv("TASKCELL_JUPYTERLAB", raising=False)
    return configuration.store()


def test_no_lab_is_made_up(where: Store) -> None:
    assert links.link(where, RUN) == ""


def test_setting_goes_before_the_server_of_the_kernel(where: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HERE, "http://localhost:8888/lab")
    assert links.link(where, RUN) == f"http://localhost:8888/lab?taskcell=run:{RUN}"
    monkeypatch.setenv("TASKCELL_JUPYTERLAB", "https://hub.example/hub/user-redirect")
    assert links.link(where, RUN) == f"https://hub.example/hub/user-redirect/lab?taskcell=run:{RUN}"


def test_setting_that_is_no_address_is_refused(where: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKCELL_JUPYTERLAB", "hub.example")
    with pytest.raises(errors.InvalidInputError, match=r"jupyterlab is not the address.*hub\.example"):
        links.link(where, RUN)


def test_link_names_a_store_that_is_not_the_usual_one(
    where: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HERE, "http://localhost:8888/lab")
    other = open_store(str(tmp_path / "other"), "churn")
    assert links.link(other, RUN).endswith(f"taskcell=run:{RUN}&store={other.url}&project=churn")


@pytest.mark.parametrize(
    "link",
    [
        f"http://localhost:8888/lab?taskcell=run:{RUN}",
        f"https://hub.example/user/ana/lab/tree/x.ipynb?a=b&taskcell=run%3A{RUN.lower()}#top",
    ],
)
def test_address_in_a_lab_leads_to_the_run_in_the_usual_store(link: str) -> None:
    assert links.is_link(link)
    assert links.leads_to(link) == (RUN, None)


def test_address_with_a_store_is_looked_up_there(tmp_path: Path) -> None:
    with pytest.raises(errors.NotFoundError):
        links.leads_to(f"http://localhost:8888/lab?taskcell=run:{RUN}&store=file://{tmp_path}/none")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("what", "said"),
    [("version:churn@3", "leads to a version"), ("run:short", "not a link to a run"), ("", "not a link to a run")],
)
def test_address_that_leads_to_no_run_is_refused(what: str, said: str) -> None:
    with pytest.raises(errors.InvalidInputError, match=said):
        links.leads_to(f"http://localhost:8888/lab?taskcell={what}")
