"""Errors at the border to the cluster: what the client raises becomes one of ours, in one sentence with what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import httpx2
import lightkube

from taskcell import errors


class ApiFaultError(errors.BackendError):
    """The API server refused. ``status`` is its HTTP status, ``reason`` its word for it."""

    def __init__(
        self, message: str, *, remedy: str = "", status: int, reason: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, remedy=remedy, retry_after_s=retry_after_s)
        self.status = status
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (self.message, self.remedy, self.status, self.reason, self.retry_after_s)


def _rebuilt(message: str, remedy: str, status: int, reason: str, retry_after_s: float | None) -> ApiFaultError:
    return ApiFaultError(message, remedy=remedy, status=status, reason=reason, retry_after_s=retry_after_s)


def is_temporary(exc: errors.BackendError) -> bool:
    """Whether the same request may succeed later."""
    return exc.retry_after_s is not None


@contextlib.contextmanager
def translated(server: str) -> Iterator[None]:
    """Turn the client's exceptions into ours."""
    try:
        yield
    except lightkube.ConfigError as exc:
        raise errors.BackendError(
            f"The credentials for the cluster {server} can't be used: {' '.join(str(exc).split())}.",
            remedy="Log in to the cluster again; `kubectl get pods` shows whether that worked.",
        ) from exc
    except httpx2.HTTPError as exc:
        raise errors.BackendError(
            f"The cluster {server} can't be reached: {' '.join(str(exc).split()) or type(exc).__name__}.",
            remedy="Check the network and the kubeconfig's context; `kubectl version` shows whether it answers.",
            retry_after_s=1.0,
        ) from exc


def check(response: httpx2.Response, server: str) -> None:
    """Raise ApiFaultError for an answer that is not a success; its body must have been read."""
    if response.is_success:
        return
    status, reason, said = response.status_code, "", response.text[:500]
    with contextlib.suppress(ValueError, AttributeError):
        body = response.json()
        reason, said = str(body.get("reason", "")), str(body.get("message", said))
    said = " ".join(said.split()).rstrip(".")
    delay = _retry_after(response) if status in (408, 429, 500, 502, 503, 504) else None
    message, remedy = _words(status, said, server)
    raise ApiFaultError(message, remedy=remedy, status=status, reason=reason, retry_after_s=delay)


def _words(status: int, said: str, server: str) -> tuple[str, str]:
    match status:
        case 401:
            return (
                f"The cluster {server} does not accept the credentials: they are wrong or have expired.",
                "Log in again.",
            )
        case 403:
            return f"The cluster forbids it: {said}.", "Ask for the Role that `taskcell kubernetes manifest` prints."
        case 404:
            return f"The cluster does not have it: {said}.", "Check the namespace and the context."
        case 409:
            return f"The cluster has it already: {said}.", ""
        case 422 | 400:
            return f"The cluster does not take it: {said}.", "Correct what it names."
    return f"The cluster {server} answered {status}: {said}.", "Try again."


def _retry_after(response: httpx2.Response) -> float:
    try:
        return min(max(float(response.headers.get("Retry-After", "1")), 0.1), 30.0)
    except ValueError:
        return 1.0
