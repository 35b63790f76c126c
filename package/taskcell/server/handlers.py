"""The one base class of our handlers, and the handler of operations.

Every request is authenticated, comes from here (origin, XSRF) and is authorised for the resource ``taskcell`` before
anything is looked at. Every answer is JSON or a file to be saved, never a page.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import tornado.web
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler

from taskcell import errors
from taskcell.model.addresses import TOLD
from taskcell.server import addresses, offices
from taskcell.server.offices import Office
from taskcell.views.faults import Fault, fault

if TYPE_CHECKING:  # imported by the first request, in a thread: a server starts without them
    from taskcell.api.feeds.contracts import Attachment
    from taskcell.server.answers import Found

RESOURCE = "taskcell"
BODY_BYTES = 64_000_000
"""What a request may bring. Unit: bytes."""
_NOT_PARAMETERS = frozenset({"token", "_xsrf", "_", "no_track_activity", "download"})
"""Query parameters that belong to jupyter_server, or to the form of the answer."""
_MOMENT = re.compile(rb'"shown_at":"[^"]*"')
_CHUNK_BYTES = 1 << 20


class BaseHandler(APIHandler):
    """Base of all our handlers."""

    auth_resource = RESOURCE

    def initialize(self, *, office: Office, root: str) -> None:
        """Take what all requests share, and the address below which ours begin."""
        self.office = office
        self.root = root

    @property
    def content_security_policy(self) -> str:
        """Nothing in an answer may do anything, wherever it is opened."""
        return "sandbox; default-src 'none'; frame-ancestors 'none'"

    def set_default_headers(self) -> None:
        """Say that an answer is what it says it is, and nobody else's."""
        super().set_default_headers()
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "private, no-cache")

    async def authorised(self, action: str) -> None:
        """Go on if the user may do this; raise HTTPError 403."""
        allowed = await ensure_async(self.authorizer.is_authorized(self, self.current_user, action, self.auth_resource))
        if not allowed:
            raise tornado.web.HTTPError(HTTPStatus.FORBIDDEN, f"You may not {action} {RESOURCE} on this server.")

    def refuse(self, exc: errors.TaskcellError) -> None:
        """Answer with an error of ours."""
        self._refuse(offices.status(exc), fault(exc))

    def _refuse(self, status: int, said: Fault) -> None:
        self.set_status(status)
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.set_header("Retry-After", "2")
        self.finish(msgspec.json.encode(said))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer what was refused before it came to us, or failed, in our form."""
        exc = (kwargs.get("exc_info") or (None, None))[1]
        if isinstance(exc, offices.BusyError):
            self._refuse(
                HTTPStatus.SERVICE_UNAVAILABLE,
                Fault(code="busy", message="The server has too much to do just now.", remedy="Try again in a moment."),
            )
            return
        said = HTTPStatus(status_code).phrase if status_code in set(HTTPStatus) else "Error"
        message = exc.log_message if isinstance(exc, tornado.web.HTTPError) and exc.log_message else said
        self._refuse(status_code, Fault(code=_CODES.get(status_code, "http"), message=message[:500]))


_CODES = {
    401: "forbidden",
    403: "forbidden",
    404: "not-found",
    405: "method",
    413: "too-large",
    415: "media",
    500: "internal",
}


class OperationHandler(BaseHandler):
    """Answers every address below the root: with an operation's result, or in words that there is none."""

    @tornado.web.authenticated
    async def head(self) -> None:
        """Say that we are here, with nothing imported; JupyterLab says in turn where it is, if it may look at all."""
        await self.authorised("read")
        addresses.told(self.request.headers.get(TOLD, ""), self.base_url, os.environ)
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()

    @tornado.web.authenticated
    async def get(self) -> None:
        """Answer a question."""
        await self._answer()

    @tornado.web.authenticated
    async def post(self) -> None:
        """Do what is asked."""
        await self._answer()

    async def _answer(self) -> None:
        method = self.request.method or "GET"
        address = self.request.path.removeprefix(f"{self.root}/")  # still quoted: a name may hold a slash
        try:
            found = await self.office.run(lambda: offices.answers().find(method, address))
            self._track_activity = found.changes  # views that look by themselves keep no idle server alive
            await self.authorised(found.action)
            given = {**self._asked(method), **found.places}
            folder = await self._folder(given)
            as_file = bool(self.get_query_argument("download", ""))
            result = await self.office.run(
                lambda: offices.answers().answer(self.office, found, given, folder=folder, as_file=as_file),
                changes=found.changes,
            )
        except errors.TaskcellError as exc:
            self.refuse(exc)
            return
        except offices.MethodError as exc:
            self.set_header("Allow", ", ".join(exc.args))
            said = f"This address knows {' and '.join(exc.args)}, not {method}."
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, Fault(code="method", message=said, remedy="Reload the page."))
            return
        if isinstance(result, bytes):
            self._send(found, result)
        else:
            await self._send_file(result)

    def _asked(self, method: str) -> dict[str, Any]:
        """Return the parameters of the query, or of the body."""
        if method == "GET":
            found = {}
            for name in self.request.query_arguments:
                if name not in _NOT_PARAMETERS:
                    found[name] = self.get_query_argument(name, strip=False)
            return found
        if len(self.request.body) > BODY_BYTES:
            raise tornado.web.HTTPError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request may have {BODY_BYTES:,} bytes."
            )
        if not self.request.body:
            return {}
        if not self.request.headers.get("Content-Type", "").startswith("application/json"):
            raise tornado.web.HTTPError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A request's body is JSON.")
        try:
            found = msgspec.json.decode(self.request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise errors.InvalidInputError(f"The request is not JSON: {exc}.", remedy="Reload the page.") from exc
        if not isinstance(found, dict):
            raise errors.InvalidInputError("The request is not a JSON object.", remedy="Reload the page.")
        return found

    async def _folder(self, given: Mapping[str, Any]) -> Path | None:
        """Return the folder of the notebook of a Jupyter session; None when it is none of this server's."""
        session = given.get("session")
        if not isinstance(session, str) or not session:
            return None
        try:
            model = await ensure_async(self.session_manager.get_session(session_id=session))
        except tornado.web.HTTPError:
            return None
        root = getattr(self.contents_manager, "root_dir", "")
        if not root or not isinstance(model, dict):
            return None
        top = Path(root).resolve()
        folder = (top / str(model.get("path", "")).lstrip("/")).resolve().parent
        return folder if folder.is_relative_to(top) and folder.is_dir() else None

    # -- answers -----------------------------------------------------------------------------------------------------

    def _send(self, found: Found, result: bytes) -> None:
        if self.request.method == "GET":
            tag = f'W/"{hashlib.blake2b(_MOMENT.sub(b"", result), digest_size=16).hexdigest()}"'
            self.set_header("ETag", tag)
            if found.steady:
                self.set_header("Cache-Control", "private, max-age=3600")
            if tag in [item.strip() for item in self.request.headers.get("If-None-Match", "").split(",")]:
                self.set_status(HTTPStatus.NOT_MODIFIED)
                super(APIHandler, self).finish()
                return
        self.finish(result)

    async def _send_file(self, file: Attachment) -> None:
        plain = "".join(
            letter if letter.isascii() and (letter.isalnum() or letter in "._-@") else "_" for letter in file.name
        )
        disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"
        self.set_header("Content-Disposition", disposition)
        self.set_header("Content-Type", file.media)
        self.set_header("Content-Length", str(len(file.data)))
        for start in range(0, len(file.data), _CHUNK_BYTES):
            self.write(file.data[start : start + _CHUNK_BYTES])
            await self.flush()
        self.finish(set_content_type=file.media)

    def compute_etag(self) -> str | None:
        """Return nothing: an answer's tag leaves the moment out, and is set where the answer is made."""
        return None
