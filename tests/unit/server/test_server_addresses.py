"""What a server knows of its own address, and what it is told."""

from __future__ import annotations

import pytest
from jupyter_server.serverapp import ServerApp

from taskcell.model.addresses import HERE
from taskcell.server import addresses


def server(**given: object) -> ServerApp:
    """Return a server that was never started."""
    return ServerApp(**{"ip": "localhost", "port": 8899, "base_url": "/", **given})


@pytest.mark.parametrize(
    ("given", "environ", "address"),
    [
        ({}, {}, "http://localhost:8899/lab"),
        ({"base_url": "/user/ana/"}, {}, "http://localhost:8899/user/ana/lab"),
        ({"ip": "0.0.0.0"}, {}, ""),
        ({"sock": "/tmp/jupyter.sock"}, {}, ""),
        ({"custom_display_url": "https://lab.example", "base_url": "/x/"}, {}, "https://lab.example/x/lab"),
        ({"base_url": "/user/ana/"}, {"JUPYTERHUB_SERVICE_PREFIX": "/user/ana/"}, ""),
        (
            {"base_url": "/user/ana/"},
            {"JUPYTERHUB_SERVICE_PREFIX": "/user/ana/", "JUPYTERHUB_PUBLIC_URL": "https://hub.example/user/ana/"},
            "https://hub.example/user/ana/lab",
        ),
    ],
)
def test_server_says_only_what_it_truly_knows(given: dict[str, object], environ: dict[str, str], address: str) -> None:
    assert addresses.own(server(**given), environ) == address


def test_what_a_signed_in_page_says_is_taken_when_it_can_be_this_server() -> None:
    environ: dict[str, str] = {}
    addresses.told("https://hub.example/user/ana/lab", "/user/ana/", environ)
    assert environ == {HERE: "https://hub.example/user/ana/lab"}
    for wrong in ("https://elsewhere.example/lab", "javascript:alert(1)", ""):
        addresses.told(wrong, "/user/ana/", environ)
    assert environ == {HERE: "https://hub.example/user/ana/lab"}
