"""Writing an object under a condition, in one request, so that of many writers one wins and knows it.

An answer can get lost after the service has done its work. The repetition is then refused, as if somebody
else had been first. So each write carries a random mark, and a refused writer reads the mark of what is
there before it believes that it lost. Source: Icechunk's design note 017.
"""

from __future__ import annotations

import os
from typing import Any

from taskcell.store.s3.connections import Connection
from taskcell.store.s3.refusals import RefusedError

MARK = "taskcell-write"
_MAX_ROUNDS = 20


class Objects:
    """Objects of one bucket, written under conditions.

    Parameters
    ----------
    connection : Connection
        The client.
    bucket : str
        The bucket's name.
    """

    def __init__(self, connection: Connection, bucket: str) -> None:
        self.connection = connection
        self.bucket = bucket

    async def call(self, method: str, key: str, **arguments: Any) -> dict[str, Any]:
        """Send a request about one object."""
        return await self.connection.call(method, Bucket=self.bucket, Key=key, **arguments)

    async def stat(self, key: str) -> dict[str, Any] | None:
        """Return size, time and entity tag of an object, or None when there is none."""
        return await self.head(key, whole=False)

    async def head(self, key: str, *, whole: bool = True) -> dict[str, Any] | None:
        """Return all that the service says of an object, its metadata and the time too, or None when there is none."""
        try:
            return await self.call("head_object", key, whole=whole)
        except RefusedError as exc:
            if exc.is_missing:
                return None
            raise

    async def create(self, key: str, body: bytes | memoryview, *, mark: str | None = None) -> str | None:
        """Create an object if there is none; return its entity tag, or None when there is one.

        ``mark`` tells the writer's own work from others'; None: one for this write alone.
        """
        return await self._written(key, body, mark or os.urandom(16).hex(), IfNoneMatch="*")

    async def replace(
        self, key: str, body: bytes | memoryview, tag: str, *, mark: str | None = None, patience_s: float | None = None
    ) -> str | None:
        """Replace the object that has an entity tag; return the new tag, or None when it has another or is gone."""
        return await self._written(key, body, mark or os.urandom(16).hex(), IfMatch=tag, patience_s=patience_s)

    async def delete(self, key: str, *, tag: str, **arguments: Any) -> None:
        """Delete the object that has an entity tag; one that has another, or is gone, is no error."""
        try:
            await self.call("delete_object", key, IfMatch=tag, **arguments)
        except RefusedError as exc:
            if not (exc.is_condition or exc.is_missing):
                raise

    async def _written(self, key: str, body: bytes | memoryview, mark: str, **arguments: Any) -> str | None:
        for _ in range(_MAX_ROUNDS):
            try:
                reply = await self.call("put_object", key, Body=bytes(body), Metadata={MARK: mark}, **arguments)
            except RefusedError as exc:
                if not (exc.is_condition or exc.is_missing):
                    raise
            else:
                return str(reply["ETag"])
            found = await self.head(key)
            if found is not None:
                return str(found["ETag"]) if found["Metadata"].get(MARK) == mark else None
            if "IfMatch" in arguments:
                return None
            # It was there and is gone: whoever deleted it made room.
        raise RefusedError("Contention", "it is created and deleted again and again", is_transient=True)
