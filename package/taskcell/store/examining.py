"""What can be found out about the service behind a store, for the doctor."""

from __future__ import annotations

from collections.abc import Iterator

from taskcell.store import opening

MAX_SKEW_S = 60.0
"""Clocks that differ by more are told of: ages look odd, and at 15 minutes services refuse. Unit: seconds."""


def examine(url: str) -> Iterator[tuple[str, bool, str]]:
    """Yield what was looked at, whether it is good, and what was found; raise StoreError.

    A folder has no service. One that serves a bucket is asked anew to keep its conditions.
    """
    if not url.startswith("s3://"):
        return
    from taskcell.store.s3.files import S3Files

    files = opening.open_files(url)
    if not isinstance(files, S3Files):
        return
    findings = files.probe()
    said = findings.fault or "of many writers one wins, replacements are by entity tag"
    yield "conditional writes", findings.is_sound, said
    yield "service", True, f"{findings.server or 'unnamed'} at {files.endpoint()}"
    skew_s = files.skew_s()
    is_near = abs(skew_s) <= MAX_SKEW_S
    direction = "ahead of" if skew_s > 0 else "behind"
    said = (
        "as the service's" if is_near else f"the service is {abs(skew_s):,.0f} s {direction} this machine: set the time"
    )
    yield "clock", is_near, said
