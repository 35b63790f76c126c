"""When a process takes the cluster for the one whose pod it is in."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest

from taskcell.backends.kubernetes import accounts

IN_A_POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "6443"}


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    (tmp_path / "ca.crt").write_bytes(Path(certifi.where()).read_bytes())
    (tmp_path / "token").write_text("secret\n", encoding="utf-8")
    (tmp_path / "namespace").write_text("team\n", encoding="utf-8")
    return tmp_path


def test_a_pod_with_a_token_knows_its_cluster(mount: Path) -> None:
    account = accounts.account(1.0, mount, IN_A_POD)
    assert account is not None
    assert (account.server, account.namespace) == ("https://10.0.0.1:6443", "team")
    other = accounts.account(1.0, mount, {"KUBERNETES_SERVICE_HOST": "fd00::1"})
    assert other is not None
    assert other.server == "https://[fd00::1]:443"


def test_elsewhere_the_client_reads_its_configuration(mount: Path) -> None:
    assert accounts.account(1.0, mount, {}) is None
    assert accounts.account(1.0, mount, {**IN_A_POD, "HTTPS_PROXY": "http://proxy:3128"}) is None
    (mount / "token").unlink()
    assert accounts.account(1.0, mount, IN_A_POD) is None


def test_a_server_that_is_not_there_is_a_broken_connection(mount: Path) -> None:
    account = accounts.Account("127.0.0.1", 1, mount, timeout_s=1.0)
    with pytest.raises(OSError, match="refused"):
        account.request("GET", "/")
