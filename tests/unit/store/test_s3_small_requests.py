"""When requests may go without s3fs: only where s3fs would read nothing but the same few variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskcell.store.s3 import small_requests

KEYS = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
HTTP = {**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:9000"}
HTTPS = {**KEYS, "AWS_ENDPOINT_URL": "https://minio.example"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "environ",
    [
        HTTP,
        HTTPS,
        {**KEYS, "AWS_DEFAULT_REGION": "eu-central-1", "AWS_SESSION_TOKEN": "t"},
        {**HTTP, "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"},
        {**HTTP, "AWS_CA_BUNDLE": "/etc/bundle.pem"},
        {**HTTP, "PATH": "/bin"},
    ],
)
def test_address_key_and_secret_are_plain(environ: dict[str, str]) -> None:
    assert small_requests.plain(environ)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        KEYS,
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"},
        {**HTTP, "AWS_PROFILE": "work"},
        {**HTTP, "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9001"},
        {**HTTP, "AWS_SOMETHING_NEW": "1"},
        {**HTTP, "FSSPEC_S3_ENDPOINT_URL": "http://127.0.0.1:9001"},
        {**HTTP, "http_proxy": "http://proxy:3128"},
        {**HTTPS, "AWS_CA_BUNDLE": "/etc/bundle.pem"},
        {**HTTPS, "REQUESTS_CA_BUNDLE": "/etc/bundle.pem"},
        {**HTTP, "AWS_CONFIG_FILE": __file__},
    ],
)
def test_whatever_else_is_configured_is_left_to_s3fs(environ: dict[str, str]) -> None:
    assert not small_requests.plain(environ)


@pytest.mark.parametrize("name", [".aws/config", ".aws/credentials", ".config/fsspec/conf.json"])
def test_configuration_in_files_is_left_to_s3fs(home: Path, name: str) -> None:
    (home / name).parent.mkdir(parents=True)
    (home / name).write_text("{}")
    assert not small_requests.plain(HTTP)


def test_configuration_made_in_this_process_is_left_to_s3fs(monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec

    monkeypatch.setitem(fsspec.config.conf, "s3", {"config_kwargs": {"read_timeout": 1}})
    assert not small_requests.plain(HTTP)
