"""What counts as the address of a JupyterLab."""

from __future__ import annotations

import pytest

from taskcell.model import addresses

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("http://localhost:8888", "http://localhost:8888/lab"),
        ("http://localhost:8888/lab/?token=secret#x", "http://localhost:8888/lab"),
        ("https://hub.example/user/ana/", "https://hub.example/user/ana/lab"),
        ("https://hub.example/hub/user-redirect", "https://hub.example/hub/user-redirect/lab"),
        ("http://[::1]:8888/", "http://[::1]:8888/lab"),
    ],
)
def test_lab_is_found_with_and_without_its_last_part(given: str, address: str) -> None:
    assert addresses.lab_address(given) == address


@pytest.mark.parametrize(
    "given",
    [
        "",
        "localhost:8888",
        "javascript:alert(1)",
        "http://",
        "https://ana:secret@hub.example",
        "http://host:port/",
        "http://a b/",
        "https://hub.example/<img>",
        "https://hub.example/" + "x" * 600,
        "http+unix://%2Ftmp%2Fsocket",
    ],
)
def test_what_is_no_address_is_none(given: str) -> None:
    assert addresses.lab_address(given) == ""


def test_store_is_named_where_it_may_be_another() -> None:
    lab = "https://hub.example/lab"
    assert addresses.run_address(lab, RUN) == f"{lab}?taskcell=run:{RUN}"
    named = addresses.run_address(lab, RUN, store="s3://team/a&b", project="churn")
    assert named == f"{lab}?taskcell=run:{RUN}&store=s3://team/a%26b&project=churn"
