"""Is the whole configuration in the environment? Then requests can be sent without the client library, whose import costs more
than a small task.

An address, a key and its secret are what a pod is given from its secret. Whatever else somebody may have configured (a profile, a
role, a proxy, settings of fsspec, a variable that isn't known here) is for the library to understand: then it is used.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_UNDERSTOOD = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_DEFAULT_REGION",
        "AWS_CA_BUNDLE",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        # What follows says nothing about such requests.
        "AWS_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_DEFAULT_OUTPUT",
        "AWS_PAGER",
        "AWS_MAX_ATTEMPTS",
        "AWS_RETRY_MODE",
        "AWS_REQUEST_CHECKSUM_CALCULATION",
        "AWS_RESPONSE_CHECKSUM_VALIDATION",
    }
)
_FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?(?P<path>(?:/[\w.~-]+)*)/?"
)
_REGION = "us-east-1"
"""What the library signs for at an address of one's own, where no region is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where requests go, and with whose signature."""

    is_secure: bool
    host: str
    port: int
    path: str
    """What stands before a bucket's name; empty or with a slash at its beginning only."""
    region: str
    key: str
    secret: str
    token: str = ""
    authorities: str | None = None
    """File of the certificates that are believed. None: where the library would look."""

    @property
    def address(self) -> str:
        """The host as a request names it."""
        return self.host if self.port == (443 if self.is_secure else 80) else f"{self.host}:{self.port}"


def place(environ: Mapping[str, str] | None = None) -> Place | None:
    """Return what the environment says; None where it does not say all, or something that the library should read."""
    environ = os.environ if environ is None else environ
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    found = _ADDRESS.fullmatch(environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or "")
    if not key or not secret or found is None or _is_more(environ):
        return None
    is_secure = found["scheme"] == "https"
    return Place(
        is_secure=is_secure,
        host=found["host"],
        port=int(found["port"] or (443 if is_secure else 80)),
        path=found["path"],
        region=environ.get("AWS_DEFAULT_REGION") or _REGION,
        key=key,
        secret=secret,
        token=environ.get("AWS_SESSION_TOKEN", ""),
        authorities=environ.get("AWS_CA_BUNDLE") or environ.get("REQUESTS_CA_BUNDLE") or _authorities(),
    )


def _is_more(environ: Mapping[str, str]) -> bool:
    """Whether anything is configured that isn't understood here."""
    names = {name for name, value in environ.items() if value}
    if any(name.startswith("AWS_") and name not in _UNDERSTOOD for name in names):
        return True
    if any(name.startswith("FSSPEC_") or name.lower() in _PROXIES for name in names):
        return True
    if any(_says_something(Path(environ.get(name) or usual)) for name, usual in _FILES.items()):
        return True
    settings = Path("~/.config/fsspec").expanduser()
    loaded = sys.modules.get("fsspec.config")
    return settings.is_dir() or bool(loaded is not None and loaded.conf.get("s3"))


def _says_something(file: Path) -> bool:
    try:
        return file.expanduser().stat().st_size > 0
    except OSError:
        return False


def _authorities() -> str | None:
    """Return the certificates that the library would believe: a package's own, because an image may have none."""
    for package, file in (("certifi", "cacert.pem"), ("botocore", "cacert.pem")):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None and Path(spec.origin).with_name(file).is_file():
            return str(Path(spec.origin).with_name(file))
    return None
