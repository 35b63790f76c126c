"""The few requests about single objects and listings that nearly all work consists of, as HTTP, and the answers as the client
library would give them. Others are the library's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from taskcell.store.s3 import signing, talking
from taskcell.store.s3.configuring import Place
from taskcell.store.s3.refusals import RefusedError, answered

_METADATA = "x-amz-meta-"
_VERBS = {
    "get_object": "GET",
    "head_object": "HEAD",
    "put_object": "PUT",
    "delete_object": "DELETE",
    "copy_object": "PUT",
    "list_objects_v2": "GET",
}
_HEADERS = {
    "Range": "range",
    "IfMatch": "if-match",
    "IfNoneMatch": "if-none-match",
    "MetadataDirective": "x-amz-metadata-directive",
}
_QUERY = {
    "Prefix": "prefix",
    "Delimiter": "delimiter",
    "StartAfter": "start-after",
    "ContinuationToken": "continuation-token",
}
_OTHERS = frozenset({"Bucket", "Key", "Body", "Metadata", "CopySource"})


def is_known(method: str, arguments: Mapping[str, Any]) -> bool:
    """Whether such a request can be sent from here."""
    return method in _VERBS and arguments.keys() <= _HEADERS.keys() | _QUERY.keys() | _OTHERS


class Service:
    """A storage service at one place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._talker = talking.Talker(place.host, place.port, is_secure=place.is_secure, authorities=place.authorities)

    @property
    def url(self) -> str:
        """The address, as the client library would tell it."""
        return f"http{'s' * self._place.is_secure}://{self._place.address}{self._place.path}"

    async def ask(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request; return the answer in the client library's words. Raise RefusedError, or OSError for none."""
        place, body = self._place, arguments.get("Body", b"")
        query = {name: arguments[word] for word, name in _QUERY.items() if word in arguments}
        if method == "list_objects_v2":
            query = {**query, "list-type": "2", "encoding-type": "url"}
        headers = {"host": place.address}
        headers |= {name: arguments[word] for word, name in _HEADERS.items() if word in arguments}
        headers |= {f"{_METADATA}{name}": value for name, value in arguments.get("Metadata", {}).items()}
        if "CopySource" in arguments:
            source = arguments["CopySource"]
            headers["x-amz-copy-source"] = signing.path_of(source["Bucket"], source["Key"])
        names = [arguments["Bucket"], *([arguments["Key"]] if "Key" in arguments else [])]
        path = f"{place.path}/{signing.path_of(*names)}"
        words = signing.query_of(query)
        sent = signing.signed(
            _VERBS[method],
            path,
            words,
            headers,
            body,
            at=datetime.now(UTC),
            region=place.region,
            key=place.key,
            secret=place.secret,
            token=place.token,
        )
        target = f"{path}?{words}" if words else path
        answer = await self._talker.ask(_VERBS[method], target, sent, body)
        reply = {"ResponseMetadata": {"HTTPStatusCode": answer.status, "HTTPHeaders": answer.headers}}
        if answer.status >= 300:
            raise _refusal(reply, answer)
        try:
            return reply | _FOUND[method](answer)
        except (ValueError, KeyError, TypeError, ElementTree.ParseError) as exc:
            raise RefusedError("ResponseParserError", f"an answer without sense ({exc})", is_transient=True) from exc


def _refusal(reply: dict[str, Any], answer: talking.Answer) -> RefusedError:
    error = {"Code": str(answer.status), "Message": ""}
    try:
        parts = list(ElementTree.fromstring(answer.body)) if answer.body else []
    except ElementTree.ParseError:
        parts = []  # a proxy's page, say: the status has to do
    for part in parts:
        if _bare(part.tag) in error and part.text:
            error[_bare(part.tag)] = part.text
    refusal = answered({**reply, "Error": error})
    refusal.response = reply
    return refusal


def _object(answer: talking.Answer) -> dict[str, Any]:
    headers = answer.headers
    found: dict[str, Any] = {
        "ContentLength": int(headers.get("content-length", len(answer.body))),
        "Body": answer.body,
        "ETag": headers.get("etag", ""),
        "Metadata": {
            name.removeprefix(_METADATA): value for name, value in headers.items() if name.startswith(_METADATA)
        },
    }
    if "last-modified" in headers:
        found["LastModified"] = parsedate_to_datetime(headers["last-modified"])
    if "content-range" in headers:
        found["ContentRange"] = headers["content-range"]
    return found


def _written(answer: talking.Answer) -> dict[str, Any]:
    return {"ETag": answer.headers["etag"]} if "etag" in answer.headers else {}


def _copied(answer: talking.Answer) -> dict[str, Any]:
    """Return nothing, unless the copy failed after the status was sent."""
    root = ElementTree.fromstring(answer.body)
    if _bare(root.tag) == "Error":
        raise ValueError(" ".join("".join(root.itertext()).split()))
    return {}


def _listing(answer: talking.Answer) -> dict[str, Any]:
    root = ElementTree.fromstring(answer.body)
    found: dict[str, Any] = {"Contents": [], "CommonPrefixes": []}
    is_quoted = any(_bare(part.tag) == "EncodingType" and part.text == "url" for part in root)

    def plain(text: str) -> str:
        return unquote_plus(text) if is_quoted else text

    for part in root:
        inner = {_bare(each.tag): each.text or "" for each in part}
        match _bare(part.tag):
            case "Contents":
                found["Contents"].append(
                    {
                        "Key": plain(inner["Key"]),
                        "Size": int(inner["Size"]),
                        "LastModified": datetime.fromisoformat(inner["LastModified"]),
                        "ETag": inner.get("ETag", ""),
                    }
                )
            case "CommonPrefixes":
                found["CommonPrefixes"].append({"Prefix": plain(inner["Prefix"])})
            case "IsTruncated":
                found["IsTruncated"] = part.text == "true"
            case "NextContinuationToken":
                found["NextContinuationToken"] = part.text
    return found


_FOUND: dict[str, Callable[[talking.Answer], dict[str, Any]]] = {
    "get_object": _object,
    "head_object": _object,
    "put_object": _written,
    "delete_object": _written,
    "copy_object": _copied,
    "list_objects_v2": _listing,
}


def _bare(tag: str) -> str:
    """Return a tag without its name space."""
    return tag.rpartition("}")[2]
