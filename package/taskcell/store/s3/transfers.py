"""Large bodies, moved in parts that go side by side."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from taskcell.store.s3.creating import Objects
from taskcell.store.s3.refusals import RefusedError

PART_BYTES = 16 * 2**20
"""Size of a part, and of what goes in one request. The protocol's least is 5 MiB."""
_MAX_PARTS = 10_000
_AT_ONCE = 8
_COPIED_AT_ONCE_BYTES = 2**30

T = TypeVar("T")


async def upload(objects: Objects, key: str, body: memoryview) -> None:
    """Write an object in parts, whatever was there: only for content that follows from the key.

    Conditions on multipart uploads are not kept by every service that keeps them on single ones, so there is
    none. A reader sees nothing before the last request.
    """
    upload_id = (await objects.call("create_multipart_upload", key))["UploadId"]
    size = max(PART_BYTES, -(-len(body) // _MAX_PARTS))

    async def send(number: int) -> dict[str, Any]:
        part = bytes(body[number * size : (number + 1) * size])
        reply = await objects.call("upload_part", key, UploadId=upload_id, PartNumber=number + 1, Body=part)
        return {"PartNumber": number + 1, "ETag": reply["ETag"]}

    await _assembled(objects, key, upload_id, len(body), send, -(-len(body) // size))


async def copy(objects: Objects, source: str, key: str, size_bytes: int) -> None:
    """Copy an object within the service, also onto itself: then it is as if made now."""
    origin = {"Bucket": objects.bucket, "Key": source}
    if size_bytes <= _COPIED_AT_ONCE_BYTES:
        await objects.call("copy_object", key, CopySource=origin, MetadataDirective="REPLACE")
        return
    upload_id = (await objects.call("create_multipart_upload", key))["UploadId"]

    async def send(number: int) -> dict[str, Any]:
        start = number * _COPIED_AT_ONCE_BYTES
        stop = min(start + _COPIED_AT_ONCE_BYTES, size_bytes)
        reply = await objects.call(
            "upload_part_copy",
            key,
            UploadId=upload_id,
            PartNumber=number + 1,
            CopySource=origin,
            CopySourceRange=f"bytes={start}-{stop - 1}",
        )
        return {"PartNumber": number + 1, "ETag": reply["CopyPartResult"]["ETag"]}

    await _assembled(objects, key, upload_id, size_bytes, send, -(-size_bytes // _COPIED_AT_ONCE_BYTES))


async def download(objects: Objects, key: str, descriptor: int) -> None:
    """Write an object's bytes into an open, empty file; raise RefusedError.

    The first request asks for one part and learns the size: a small object takes one request.
    """
    try:
        first = await objects.call("get_object", key, Range=f"bytes=0-{PART_BYTES - 1}")
    except RefusedError as exc:
        if exc.status != 416:
            raise
        return  # an empty object has no first byte
    body = first["Body"]
    os.pwrite(descriptor, body, 0)
    size_bytes = int(first.get("ContentRange", f"/{len(body)}").rpartition("/")[2])

    async def fetch(number: int) -> None:
        start = len(body) + number * PART_BYTES
        stop = min(start + PART_BYTES, size_bytes)
        reply = await objects.call("get_object", key, Range=f"bytes={start}-{stop - 1}", IfMatch=first["ETag"])
        if len(reply["Body"]) != stop - start:
            raise RefusedError("IncompleteBody", "the service sent another range than it was asked for")
        await asyncio.get_running_loop().run_in_executor(None, os.pwrite, descriptor, reply["Body"], start)

    await side_by_side(fetch, -(-(size_bytes - len(body)) // PART_BYTES))


async def side_by_side(work: Callable[[int], Awaitable[T]], count: int) -> list[T]:
    """Do some work for each number below a count, a few at a time; the first failure ends the others."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> T:
        async with gate:
            return await work(number)

    tasks = [asyncio.ensure_future(one(number)) for number in range(count)]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


async def _assembled(
    objects: Objects,
    key: str,
    upload_id: str,
    size_bytes: int,
    send: Callable[[int], Awaitable[dict[str, Any]]],
    count: int,
) -> None:
    """Send all parts and put them together; leave none behind when that fails."""
    try:
        parts = await side_by_side(send, count)
        await objects.call("complete_multipart_upload", key, UploadId=upload_id, MultipartUpload={"Parts": parts})
    except RefusedError as exc:
        found = await objects.stat(key) if exc.code == "NoSuchUpload" else None
        if found is None or found["ContentLength"] != size_bytes:
            await abort(objects, key, upload_id)
            raise
        # The upload is complete and only the answer was lost: its repetition found no upload.
    except BaseException:
        await asyncio.shield(abort(objects, key, upload_id))
        raise


async def abort(objects: Objects, key: str, upload_id: str) -> None:
    """Remove the parts of an upload that won't be completed; what can't be removed now, a collection removes."""
    with contextlib.suppress(RefusedError):
        await objects.call("abort_multipart_upload", key, UploadId=upload_id, patience_s=1.0)
