"""Where an installed distribution came from, as the source tables of a lock file (PEP 610 to PEP 751)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from taskcell.environment.distributions import Distribution

RECORD_HASH = "taskcell-record"
"""Name under which the digest of the installed files stands among a file's hashes."""
_SUBSTITUTED = re.compile(r"\$\{[A-Za-z0-9_]+\}(:\$\{[A-Za-z0-9_]+\})?|git")


def source_table(origin: Mapping[str, Any]) -> dict[str, Any]:
    """Return the source table of a direct URL (PEP 610), or nothing when it says too little."""
    url = clean_url(origin["url"])
    subdirectory = {"subdirectory": origin["subdirectory"]} if origin.get("subdirectory") else {}
    match origin:
        case {"dir_info": dict() as folder}:
            editable = {"editable": True} if folder.get("editable") else {}
            return {"directory": {"path": _local(url) or url, **editable, **subdirectory}}
        case {"vcs_info": {"vcs": str() as kind, "commit_id": str() as commit, **rest}}:
            wanted = rest.get("requested_revision")
            requested = {"requested-revision": wanted} if isinstance(wanted, str) else {}
            return {"vcs": {"type": kind, "url": url, **requested, "commit-id": commit, **subdirectory}}
        case {"archive_info": dict() as archive}:
            place = {"path": _local(url)} if _local(url) else {"url": url}
            return {"archive": {**place, **_hashes(archive), **subdirectory}}
    return {}


def _hashes(archive: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stated hashes, in the present form or the one before it (``hash = "sha256=…"``)."""
    stated = archive.get("hashes")
    if isinstance(stated, dict) and stated:
        return {"hashes": {str(key): str(value) for key, value in stated.items()}}
    name, _, value = str(archive.get("hash") or "").partition("=")
    return {"hashes": {name: value}} if value else {}


def index_table(found: Distribution, record: str) -> dict[str, Any]:
    """Return the table of a file from an index: its name beside the lock file, its content's digest."""
    file = _wheel_name(found)
    hashes = {RECORD_HASH: record}
    if file:
        return {"wheels": [{"name": file, "path": file, "hashes": hashes}]}
    file = f"{found.name.replace('-', '_')}-{found.version}.tar.gz"
    return {"sdist": {"name": file, "path": file, "hashes": hashes}}


def _wheel_name(found: Distribution) -> str:
    """Return the name of the wheel that was installed, from its tags (PEP 427, PEP 425)."""
    fields = [line.partition(":")[::2] for line in found.read("WHEEL").splitlines()]
    tags = [value.strip().split("-") for key, value in fields if key.strip().lower() == "tag"]
    if not tags or any(len(tag) != 3 for tag in tags):
        return ""
    build = [value.strip() for key, value in fields if key.strip().lower() == "build"]
    sets = [".".join(dict.fromkeys(part.strip() for part in parts)) for parts in zip(*tags, strict=True)]
    version = found.version.replace("-", "_")
    return f"{'-'.join([found.name.replace('-', '_'), version, *build, *sets])}.whl"


def clean_url(url: str) -> str:
    """Return a URL without password, query and fragment; a user's name stays only where it is no secret.

    PEP 610 allows ``git@`` and ``${VARIABLES}`` as credentials, which name where the secret is.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    user, at, host = parts.netloc.rpartition("@")
    if at and not _SUBSTITUTED.fullmatch(user):
        user, at = "", ""
    return urlunsplit((parts.scheme, f"{user}{at}{host}", parts.path, "", ""))


def _local(url: str) -> str:
    parts = urlsplit(url)
    return unquote(parts.path) if parts.scheme == "file" else ""
