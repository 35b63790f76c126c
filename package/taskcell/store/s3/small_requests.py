"""Small requests by obstore, in place of s3fs, where the configuration is as plain as it can be; the only home of obstore.

A pod lives for a second or two, and most of what it sends is smaller than a page: s3fs would take half a second to be imported
and two milliseconds of the processor for each request. obstore (the crate ``object_store`` in Python) takes a hundredth of the
one and a quarter of the other. It does what it does well, and nothing else: what it can't do, and whatever goes wrong, is left to
the usual client, which reads every configuration, tells of refusals in the service's words and knows what may be repeated.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from taskcell.store.s3.refusals import RefusedError

SMALL_BYTES = 4 * 2**20
"""Larger bodies are sent by the usual client."""
_NEEDED = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})
_KNOWN = _NEEDED | {"AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED"}
_FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
_CERTIFICATES = frozenset({"AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"})
_OTHERS = frozenset({"BOTO_CONFIG", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
_KEY = re.compile(r"[A-Za-z0-9._@=+-]+(/[A-Za-z0-9._@=+-]+)*")
"""Names that both clients spell alike on the wire."""
_FIRST_PART = re.compile(r"bytes=0-([0-9]+)")
_MOST_STRIKES = 5

_is_used = False
"""Whether this process has sent something, and so has threads of obstore's that a fork would not have."""
_is_forked = False


class UnableError(Exception):
    """What happened says too little, or nothing certain."""


class SmallRequests:
    """A client of one service for the requests that it knows.

    Parameters
    ----------
    environ
        Address, key and secret, as ``plain`` found them.
    connect_timeout_s, read_timeout_s, limit_s
        How long a connection, a piece of an answer, and a request may take. Unit: seconds.
    """

    def __init__(
        self, environ: Mapping[str, str], *, connect_timeout_s: float, read_timeout_s: float, limit_s: float
    ) -> None:
        region = environ.get("AWS_DEFAULT_REGION")
        self.endpoint = environ.get("AWS_ENDPOINT_URL") or f"https://s3.{region}.amazonaws.com"
        self._config: Any = {
            "access_key_id": environ["AWS_ACCESS_KEY_ID"],
            "secret_access_key": environ["AWS_SECRET_ACCESS_KEY"],
            "endpoint": self.endpoint,
            "region": region or "us-east-1",
            "disable_bulk_delete": "true",
        }
        if token := environ.get("AWS_SESSION_TOKEN"):
            self._config["session_token"] = token
        self._client_options: Any = {
            "allow_http": self.endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=connect_timeout_s),
            "read_timeout": timedelta(seconds=read_timeout_s),
            "timeout": timedelta(seconds=limit_s),
            # A slim image has none of its own, and then there would be no client, not even for http.
            "root_certificate": _certificates(),
        }
        self._buckets: dict[str, Any] = {}
        self._strikes = 0

    def struck(self) -> None:
        """Note that the usual client did at once what this one failed to do."""
        self._strikes += 1

    async def send(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what botocore's method of that name would, as far as anybody here asks for it; None for what isn't done here.

        Raises
        ------
        RefusedError
            When the object isn't there, or the condition doesn't hold.
        UnableError
            When anything else keeps it from an answer.
        """
        asked = dict(arguments)
        work = _WORK.get(method)
        if work is None or self._strikes >= _MOST_STRIKES:
            return None
        try:
            reply: dict[str, Any] | None = await work(self._bucket(asked.pop("Bucket")), asked)
        except Exception as exc:
            _raise_if_certain(exc)
            raise UnableError from exc
        if reply is not None:
            self._strikes = 0
        return reply

    def _bucket(self, name: str) -> Any:
        from obstore.store import S3Store

        global _is_used
        _is_used = True
        if name not in self._buckets:
            self._buckets[name] = S3Store(
                name, config=self._config, client_options=self._client_options, retry_config={"max_retries": 0}
            )
        return self._buckets[name]


def plain(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether nothing but address, key and secret is configured, and all that in the environment."""
    if _is_forked or not environ.keys() >= _NEEDED:
        return False
    address = environ.get("AWS_ENDPOINT_URL", "")
    if not (address or environ.get("AWS_DEFAULT_REGION")):
        return False
    given = environ.keys() - _KNOWN - _FILES.keys()
    if address.startswith("http://"):
        given -= _CERTIFICATES
    if any(name.startswith(("AWS_", "FSSPEC_")) or name.upper() in _OTHERS | _CERTIFICATES for name in given):
        return False
    if any(_has_content(Path(environ.get(name) or usual)) for name, usual in _FILES.items()):
        return False
    return not (_has_content(Path("~/.config/fsspec")) or _is_configured_here())


def _certificates() -> bytes:
    """Return the certificates that botocore trusts, without importing it."""
    for library in ("certifi", "botocore"):
        found = importlib.util.find_spec(library)
        if found is not None and found.origin is not None:
            bundle = Path(found.origin).with_name("cacert.pem")
            if bundle.exists():
                return bundle.read_bytes()
    return b""


def _has_content(path: Path) -> bool:
    try:
        return path.expanduser().stat().st_size > 0
    except (OSError, RuntimeError):
        return False


def _is_configured_here() -> bool:
    """Whether somebody has configured s3fs in this process."""
    fsspec = sys.modules.get("fsspec.config")
    return fsspec is not None and bool(fsspec.conf.get("s3"))


async def _get(bucket: Any, asked: dict[str, Any]) -> dict[str, Any] | None:
    import obstore

    key, wanted = asked.pop("Key"), asked.pop("Range", None)
    first_part = _FIRST_PART.fullmatch(wanted) if wanted else None
    if asked or not _KEY.fullmatch(key) or (wanted and first_part is None):
        return None
    options: Any = {"range": (0, int(first_part[1]) + 1)} if first_part else None
    found = await obstore.get_async(bucket, key, options=options)
    meta, (start, stop) = found.meta, found.range
    body = bytes(await found.bytes_async())
    if len(body) != stop - start:
        raise UnableError
    return {
        "Body": body,
        "ContentLength": len(body),
        "ContentRange": f"bytes {start}-{stop - 1}/{meta['size']}",
        "ETag": meta["e_tag"],
        "LastModified": meta["last_modified"],
    }


async def _put(bucket: Any, asked: dict[str, Any]) -> dict[str, Any] | None:
    import obstore

    key, body, marks = asked.pop("Key"), asked.pop("Body"), asked.pop("Metadata", None)
    mode: Any = "overwrite"
    if asked.get("IfNoneMatch") == "*":
        mode = "create"
        del asked["IfNoneMatch"]
    elif "IfMatch" in asked:
        mode = {"e_tag": asked.pop("IfMatch")}
    if asked or not _KEY.fullmatch(key) or len(body) > SMALL_BYTES:
        return None
    done = await obstore.put_async(bucket, key, body, attributes=marks, mode=mode, use_multipart=False)
    return {"ETag": done["e_tag"]} if done["e_tag"] else None


async def _head(bucket: Any, asked: dict[str, Any]) -> dict[str, Any] | None:
    import obstore

    key = asked.pop("Key")
    if asked or not _KEY.fullmatch(key):
        return None
    found = await obstore.head_async(bucket, key)
    return {"ContentLength": found["size"], "ETag": found["e_tag"], "LastModified": found["last_modified"]}


async def _delete(bucket: Any, asked: dict[str, Any]) -> dict[str, Any] | None:
    import obstore

    key = asked.pop("Key")
    if asked or not _KEY.fullmatch(key):
        return None
    await obstore.delete_async(bucket, key)
    return {}


async def _list(bucket: Any, asked: dict[str, Any]) -> dict[str, Any] | None:
    import obstore

    prefix, delimiter = asked.pop("Prefix"), asked.pop("Delimiter", "")
    folder = prefix.removesuffix("/")
    if asked or delimiter != "/" or (prefix and (folder == prefix or not _KEY.fullmatch(folder))):
        return None
    found = await obstore.list_with_delimiter_async(bucket, folder or None)
    return {
        "CommonPrefixes": [{"Prefix": f"{name}/"} for name in found["common_prefixes"]],
        "Contents": [
            {"Key": entry["path"], "Size": entry["size"], "LastModified": entry["last_modified"]}
            for entry in found["objects"]
        ],
        "IsTruncated": False,
    }


_WORK = {
    "get_object": _get,
    "put_object": _put,
    "head_object": _head,
    "delete_object": _delete,
    "list_objects_v2": _list,
}


def _raise_if_certain(exc: Exception) -> None:
    """Raise what can only mean one thing; of a bucket that isn't there, or a conflict, the service shall tell itself."""
    from obstore.exceptions import AlreadyExistsError, PreconditionError

    said = str(exc)
    if isinstance(exc, FileNotFoundError) and "status code: 404" in said and "NoSuchBucket" not in said:
        raise RefusedError("NoSuchKey", "there is no such object", status=404) from exc
    if isinstance(exc, (AlreadyExistsError, PreconditionError)) and "status code: 412" in said:
        raise RefusedError("PreconditionFailed", "the condition does not hold", status=412) from exc


def _after_fork() -> None:
    global _is_forked
    _is_forked = _is_forked or _is_used


os.register_at_fork(after_in_child=_after_fork)
