from __future__ import annotations

import errno
import os

import pytest

from taskcell import errors
from taskcell.store import faults


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_full_disk_names_path_need_and_remedy(number: int) -> None:
    exc = OSError(number, os.strerror(number))
    error = faults.store_error(exc, doing="write", place="/s/blobs/x", size_bytes=12345)
    assert isinstance(error, errors.StoreError)
    assert "/s/blobs/x" in error.message
    assert "12,345 bytes needed" in error.message
    assert "gc" in error.remedy


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_forbidden_write_names_path_and_remedy(number: int) -> None:
    error = faults.store_error(OSError(number, os.strerror(number)), doing="write", place="/s/x")
    assert isinstance(error, errors.StoreError)
    assert "/s/x" in error.message
    assert "TASKCELL_STORE" in error.remedy


def test_too_long_name_is_bad_input_in_a_short_message() -> None:
    error = faults.store_error(OSError(errno.ENAMETOOLONG, "long"), doing="write", place="/s/" + "x" * 9999)
    assert isinstance(error, errors.InvalidInputError)
    assert len(str(error)) < 500


def test_error_without_number_is_said_too() -> None:
    error = faults.store_error(OSError("connection reset"), doing="read", place="s3://b/x")
    assert "connection reset" in error.message
