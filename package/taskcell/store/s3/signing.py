"""Signatures of requests, version 4, for services that speak S3's protocol.

Source: *Signature Version 4 signing process*, AWS General Reference; its published examples are the tests.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "s3"
_SIGNED = ("host", "range")
"""Besides what begins with ``x-amz-``; others may be changed on the way."""


def path_of(*names: str) -> str:
    """Return names as a path of a request: what is signed is what is sent."""
    return quote("/".join(names), safe="/~-_.")


def query_of(given: Mapping[str, str]) -> str:
    """Return the query of a request."""
    return "&".join(f"{_quoted(name)}={_quoted(given[name])}" for name in sorted(given))


def signed(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes | memoryview,
    *,
    at: datetime,
    region: str,
    key: str,
    secret: str,
    token: str = "",
) -> dict[str, str]:
    """Return the headers, whose names are in lower case, with those that sign the request.

    Parameters
    ----------
    path, query
        As ``path_of`` and ``query_of`` make them.
    at
        The time in UTC.
    """
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    given = {**headers, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    if token:
        given["x-amz-security-token"] = token
    names = sorted(name for name in given if name.startswith("x-amz-") or name in _SIGNED)
    request = "\n".join(
        [
            method,
            path,
            query,
            *(f"{name}:{' '.join(given[name].split())}" for name in names),
            "",
            ";".join(names),
            digest,
        ]
    )
    scope = f"{stamp[:8]}/{region}/{_SERVICE}/aws4_request"
    words = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = hmac.new(_signing_key(secret, stamp[:8], region), words.encode(), hashlib.sha256).hexdigest()
    given["authorization"] = (
        f"{_ALGORITHM} Credential={key}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return given


@lru_cache(maxsize=4)
def _signing_key(secret: str, day: str, region: str) -> bytes:
    found = f"AWS4{secret}".encode()
    for part in (day, region, _SERVICE, "aws4_request"):
        found = hmac.new(found, part.encode(), hashlib.sha256).digest()
    return found


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
