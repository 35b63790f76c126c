"""What a storage service refused, or failed to do, as one kind of exception and then in words."""

from __future__ import annotations

import errno

from taskcell import errors

_TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_TRANSIENT_CODES = frozenset(
    {
        "ConditionalRequestConflict",
        "InternalError",
        "OperationAborted",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
    }
)
_CREDENTIALS = "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role."
_WRONG_KEY = "Check AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: they don't belong together or here."
_REGION = "Set AWS_DEFAULT_REGION (or the profile's region) to the bucket's region."
_CLOCK = "Set this machine's clock right (NTP); `taskcell doctor` shows the difference."
_BUCKET = "Create the bucket, or correct the name in TASKCELL_STORE; AWS_ENDPOINT_URL says at which service."
_MEANINGS = {
    "NoCredentialsError": ("there are no credentials", _CREDENTIALS),
    "PartialCredentialsError": ("the credentials are incomplete", _CREDENTIALS),
    "CredentialRetrievalError": ("the credentials could not be fetched", _CREDENTIALS),
    "ProfileNotFound": ("the profile doesn't exist", "Correct AWS_PROFILE or ~/.aws/config."),
    "InvalidAccessKeyId": ("the access key is not known there", _WRONG_KEY),
    "SignatureDoesNotMatch": ("the secret key is wrong", _WRONG_KEY),
    "InvalidToken": ("the session token is wrong", _WRONG_KEY),
    "ExpiredToken": ("the session has expired", "Log in again (aws sso login), or renew the credentials."),
    "TokenRefreshRequired": ("the session has expired", "Log in again (aws sso login), or renew the credentials."),
    "RequestTimeTooSkewed": ("this machine's clock differs too much from the service's", _CLOCK),
    "RequestExpired": ("this machine's clock differs too much from the service's", _CLOCK),
    "NoSuchBucket": ("there is no such bucket", _BUCKET),
    "InvalidBucketName": ("that can't be a bucket's name", _BUCKET),
    "PermanentRedirect": ("the bucket is in another region", _REGION),
    "AuthorizationHeaderMalformed": ("the bucket is in another region", _REGION),
    "IllegalLocationConstraintException": ("the bucket is in another region", _REGION),
    "301": ("the bucket is in another region", _REGION),
    "NoRegionError": ("no region is set", _REGION),
    "QuotaExceeded": ("the store is full", "Free some space (see `taskcell gc`) or ask for a larger quota."),
    "XMinioStorageFull": ("the store is full", "Free some space (see `taskcell gc`) or ask for a larger quota."),
    "EntityTooLarge": ("it is larger than the service takes", "Store it in smaller pieces."),
    "KeyTooLongError": ("the name is too long", "Shorten it."),
}
_DENIED = "Ask for s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket on it, or use other credentials."


class RefusedError(Exception):
    """A request that did not succeed.

    Attributes
    ----------
    code
        The service's word for it, or the name of the exception that kept the request from being answered.
    status
        HTTP status; 0 when there was no answer.
    is_transient
        Whether the same request may succeed later.
    """

    def __init__(self, code: str, said: str, *, status: int = 0, is_transient: bool = False) -> None:
        super().__init__(said)
        self.code = code
        self.said = said
        self.status = status
        self.is_transient = is_transient

    @property
    def is_missing(self) -> bool:
        """Whether there is no such object; a missing bucket is something else."""
        return self.status == 404 and self.code not in ("NoSuchBucket", "NoSuchUpload")

    @property
    def is_condition(self) -> bool:
        """Whether the request's condition did not hold."""
        return self.status == 412


def refused(exc: Exception) -> RefusedError:
    """Return what an exception of the client library means; raise it again when it is none of a request's."""
    if isinstance(exc, RefusedError):
        return exc
    response = getattr(exc, "response", None)
    if isinstance(response, dict) and "ResponseMetadata" in response:
        return _answered(response)
    name = type(exc).__name__
    if name in _MEANINGS:
        return RefusedError(name, str(exc))
    if isinstance(exc, (OSError, TimeoutError)) or _is_of_the_wire(exc):
        is_transient = getattr(exc, "errno", None) not in (errno.EMFILE, errno.ENFILE)
        return RefusedError(name, str(exc) or name, is_transient=is_transient)
    if type(exc).__module__.startswith("botocore"):
        return RefusedError(name, " ".join(str(exc).split()))
    raise exc


def explained(exc: RefusedError, *, url: str, doing: str, path: str = "") -> errors.TaskcellError:
    """Return the error that names store, operation and key, and says what to do."""
    place = f"{url}/{path}" if path else url
    what, remedy = _MEANINGS.get(exc.code, ("", ""))
    if not what and exc.status == 403:
        what, remedy = f"the credentials don't allow it ({exc.code})", _DENIED
    if not what and exc.is_transient:
        what = f"the service doesn't answer as it should ({exc.said})"
        remedy = "Check that it is up and AWS_ENDPOINT_URL is right, then try again; what was committed is kept."
    if not what:
        what = f"the service says {exc.code}: {exc.said}".rstrip(": ")
        remedy = "Check TASKCELL_STORE and the service; `taskcell doctor` tries what a store needs."
    return errors.StoreError(f"Can't {doing} {place}: {what.rstrip('.')}.", remedy=remedy, path=place)


def _answered(response: dict[str, dict[str, object]]) -> RefusedError:
    error = response.get("Error", {})
    status = response["ResponseMetadata"].get("HTTPStatusCode", 0)
    status = status if isinstance(status, int) else 0
    code = str(error.get("Code") or status)
    is_transient = status in _TRANSIENT_STATUSES or code in _TRANSIENT_CODES
    said = f"{error.get('Message') or code}, status {status}" if is_transient else str(error.get("Message", ""))
    return RefusedError(code, said, status=status, is_transient=is_transient)


def _is_of_the_wire(exc: Exception) -> bool:
    """Whether a connection failed, was cut or was silent for too long, in any of the libraries on the way."""
    kinds = {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(exc).__mro__}
    return bool(
        kinds
        & {
            "aiohttp.ClientError",
            "botocore.HTTPClientError",
            "botocore.ConnectionError",
            "botocore.IncompleteReadError",
            "botocore.ResponseParserError",
            "botocore.ChecksumError",
            "botocore.FlexibleChecksumError",
        }
    )
