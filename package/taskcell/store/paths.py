"""The layout: where each thing lies, all of it in this one place.

Except for ``blob`` and ``quarantined``, a path is relative to the project. Names that come from users are
quoted, numbers have eight digits, so that a sorted listing is in order. ``docs/store-format.md`` specifies
all of it.
"""

from __future__ import annotations

import re

from taskcell import errors

FORMAT = "format.json"
BLOBS = "blobs"
QUARANTINE = "quarantine"
MAX_NAME_LENGTH = 200

_PATH = re.compile(r"[^./\\\0][^/\\\0]*(?:/[^./\\\0][^/\\\0]*)*")
_PROJECT = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_RUN = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_PLAIN = re.compile(r"[a-z0-9_~-][a-z0-9_~.-]*")
_ESCAPE = re.compile(rb"=([0-9a-f]{2})")
_PLAIN_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_~.-")


# -- names ---------------------------------------------------------------------------------------------------


def checked(path: str) -> str:
    """Return a path as it is; raise InvalidInputError when it could leave the store or is not portable."""
    if not is_path(path):
        raise errors.InvalidInputError(f"Not a path within a store: {path[:200]!r}.")
    return path


def is_path(text: str) -> bool:
    """Whether a text is a path within a store."""
    return _PATH.fullmatch(text) is not None


def checked_project(name: str) -> str:
    """Return a project's name as it is; raise InvalidInputError when it can't be a folder's."""
    if not _PROJECT.fullmatch(name) or name in (FORMAT, BLOBS, QUARANTINE):
        raise errors.InvalidInputError(
            f"Not a project's name: {name[:100]!r}.",
            remedy="Use 1 to 63 characters out of a-z, 0-9, '.', '_', '-', beginning with a letter or digit; "
            f"not {FORMAT!r}, {BLOBS!r} or {QUARANTINE!r}.",
        )
    return name


def quoted(name: str) -> str:
    """Return a user's name as one portable path part, injectively, and readable where it can be.

    Lower-case letters, digits and ``_ ~ - .`` stay, every other byte of its UTF-8 is ``=`` and two
    hexadecimal digits; capitals too, because file systems exist that don't tell ``Model`` from ``model``.

    Raises
    ------
    InvalidInputError
        When it is empty, not encodable or too long (200 characters, quoted).

    Examples
    --------
    >>> quoted("train~0"), quoted("../Größe")
    ('train~0', '=2e.=2f=47r=c3=b6=c3=9fe')
    """
    if _PLAIN.fullmatch(name) and len(name) <= MAX_NAME_LENGTH and not name.endswith("."):
        return name
    try:
        data = name.encode()
    except UnicodeEncodeError:
        raise errors.InvalidInputError(
            f"A name holds half a character (a lone surrogate): {name[:100]!r}.",
            remedy="Choose another name.",
        ) from None
    last = len(data) - 1
    text = "".join(
        chr(byte) if byte in _PLAIN_BYTES and not (byte == 0x2E and at in (0, last)) else f"={byte:02x}"
        for at, byte in enumerate(data)
    )
    if not text or len(text) > MAX_NAME_LENGTH:
        size = f"{len(text):,} characters as stored" if text else "empty"
        shown = f"{name[:40]!r}…" if len(name) > 40 else repr(name)
        raise errors.InvalidInputError(
            f"The name {shown} can't be stored: {size}.",
            remedy=f"Names have 1 to {MAX_NAME_LENGTH} characters; any but a-z 0-9 _ - . count 3 or more.",
        )
    return text


def unquoted(part: str) -> str:
    """Return the user's name again; raise FormatError for a path part that ``quoted`` did not make."""
    try:
        name = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), part.encode()).decode()
        if quoted(name) == part:
            return name
    except (UnicodeError, errors.InvalidInputError):
        pass
    raise errors.FormatError(f"Not a stored name: {part[:200]!r}.")


def last(path: str) -> str:
    """Return the last part of a path without ``.json``."""
    return path.rpartition("/")[2].removesuffix(".json")


def number(path: str) -> int | None:
    """Return the number in a sequence that a path stands for, or None when it isn't part of one."""
    name = last(path)
    return int(name) if len(name) == 8 and name.isascii() and name.isdecimal() else None


def is_run_id(text: str) -> bool:
    """Whether a text is a ULID as runs have it."""
    return _RUN.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Whether a text is a digest: 64 lower-case hexadecimal digits."""
    return _DIGEST.fullmatch(text) is not None


# -- the whole store's ---------------------------------------------------------------------------------------


def blob(digest: str) -> str:
    """Bytes by their address, relative to the store's root."""
    return f"{BLOBS}/{_checked_digest(digest)[:2]}/{digest}"


def is_blob(path: str) -> bool:
    """Whether a path relative to the store's root is a blob's."""
    return path.startswith(f"{BLOBS}/")


def quarantined(digest: str, mark: str) -> str:
    """Where a corrupt blob is put aside, relative to the store's root."""
    return f"{QUARANTINE}/{_checked_digest(digest)}-{mark}"


# -- a project's ---------------------------------------------------------------------------------------------


def cache() -> str:
    """Folder of all cache entries."""
    return "cache"


def cache_entry(key: str) -> str:
    """One ``CacheEntry``."""
    return f"cache/{_checked_digest(key)[:2]}/{key}.json"


def workflows() -> str:
    """Folder with one folder a workflow."""
    return "workflows"


def versions(workflow: str) -> str:
    """Sequence of a workflow's ``Version`` records."""
    return f"workflows/{quoted(workflow)}/versions"


def version(workflow: str, number: int) -> str:
    """One ``Version``."""
    return _numbered(versions(workflow), number)


def version_digest(workflow: str, digest: str) -> str:
    """Which number a version's digest has: unchanged work gives the old version."""
    return f"workflows/{quoted(workflow)}/digests/{_checked_digest(digest)}.json"


def tags(workflow: str) -> str:
    """Folder with one folder a tag."""
    return f"workflows/{quoted(workflow)}/tags"


def tag_moves(workflow: str, tag: str) -> str:
    """Sequence of a tag's ``TagMove`` records; the newest wins."""
    return f"{tags(workflow)}/{quoted(tag)}"


def runs() -> str:
    """Folder with one folder a run."""
    return "runs"


def run(run_id: str) -> str:
    """Folder of one run."""
    if not is_run_id(run_id):
        raise errors.InvalidInputError(
            f"Not a run's id: {run_id[:100]!r}.",
            remedy="`taskcell runs` lists the ids.",
        )
    return f"runs/{run_id}"


def plan(run_id: str) -> str:
    """The run's ``Plan``, its first record."""
    return f"{run(run_id)}/plan.json"


def driver_starts(run_id: str) -> str:
    """Sequence of ``DriverStart`` records, numbered by epoch."""
    return f"{run(run_id)}/drivers"


def driver_start(run_id: str, epoch: int) -> str:
    """One ``DriverStart``."""
    return _numbered(driver_starts(run_id), epoch)


def driver_ends(run_id: str) -> str:
    """Sequence of ``DriverEnd`` records, numbered by epoch."""
    return f"{run(run_id)}/ends"


def driver_end(run_id: str, epoch: int) -> str:
    """One ``DriverEnd``."""
    return _numbered(driver_ends(run_id), epoch)


def cancels(run_id: str) -> str:
    """Sequence of ``CancelRequest`` records."""
    return f"{run(run_id)}/cancels"


def cancel(run_id: str, number: int) -> str:
    """One ``CancelRequest``."""
    return _numbered(cancels(run_id), number)


def waits(run_id: str) -> str:
    """Sequence of ``Waits`` records; the newest counts."""
    return f"{run(run_id)}/waits"


def images(run_id: str) -> str:
    """Folder of the images that a run's workers ran, numbered."""
    return f"{run(run_id)}/images"


def outcomes(workflow: str, schedule: str) -> str:
    """Folder of the turns in a series of runs, numbered: those of a schedule, or a workflow's others."""
    return f"outcomes/{quoted(workflow)}/{quoted(schedule) if schedule else '=launched'}"


def mailboxes(run_id: str) -> str:
    """Folder of the mailboxes of a run's workers."""
    return f"{run(run_id)}/mailboxes"


def mailbox(run_id: str, name: str) -> str:
    """Sequence of ``Letter`` records for one worker that no pipe reaches."""
    return f"{mailboxes(run_id)}/{quoted(name)}"


def reproductions(run_id: str) -> str:
    """Sequence of the verdicts on reproductions of the run."""
    return f"{run(run_id)}/reproductions"


def reproduction(run_id: str, number: int) -> str:
    """One verdict."""
    return _numbered(reproductions(run_id), number)


def tasks(run_id: str) -> str:
    """Folder with one folder a task run."""
    return f"{run(run_id)}/tasks"


def attempts(run_id: str, task_id: str) -> str:
    """Folder with one folder an attempt at a task."""
    return f"{tasks(run_id)}/{quoted(task_id)}"


def attempt(run_id: str, task_id: str, number: int) -> str:
    """Folder of one attempt."""
    return f"{attempts(run_id, task_id)}/{_digits(number)}"


def attempt_start(run_id: str, task_id: str, number: int) -> str:
    """The attempt's ``AttemptStart``."""
    return f"{attempt(run_id, task_id, number)}/start.json"


def attempt_end(run_id: str, task_id: str, number: int) -> str:
    """The attempt's ``AttemptEnd``: the commit."""
    return f"{attempt(run_id, task_id, number)}/end.json"


def notebook(run_id: str, task_id: str, number: int) -> str:
    """The attempt's executed notebook; a file, not a record."""
    return f"{attempt(run_id, task_id, number)}/notebook.ipynb"


def drafts(run_id: str, task_id: str, number: int) -> str:
    """Folder of what the attempt's notebook was while it was executed; gone when there is the notebook."""
    return f"{attempt(run_id, task_id, number)}/draft"


def draft(run_id: str, task_id: str, number: int, state: int) -> str:
    """One state of the notebook; a file, not a record. The newest counts."""
    return f"{drafts(run_id, task_id, number)}/{_digits(state)}.ipynb"


def logs(run_id: str, task_id: str, number: int) -> str:
    """Folder of the attempt's log chunks."""
    return f"{attempt(run_id, task_id, number)}/log"


def log_chunk(run_id: str, task_id: str, number: int, chunk: int) -> str:
    """One piece of the attempt's log; a file, not a record."""
    return f"{logs(run_id, task_id, number)}/{_digits(chunk)}"


def numbered(folder: str, number: int) -> str:
    """One record of a sequence."""
    return _numbered(folder, number)


def _numbered(folder: str, number: int) -> str:
    return f"{folder}/{_digits(number)}.json"


def _digits(number: int) -> str:
    if not 0 <= number < 100_000_000:
        raise errors.InvalidInputError(f"Not a number of a sequence: {number}.", remedy="Use 0 to 99,999,999.")
    return f"{number:08d}"


def _checked_digest(digest: str) -> str:
    if not is_digest(digest):
        raise errors.InvalidInputError(f"Not a digest: {digest[:100]!r}.")
    return digest
