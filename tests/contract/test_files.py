"""Every implementation of ``Files`` keeps the contract."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from taskcell.store.contracts import Files
from taskcell.store.folders import FolderFiles
from taskcell.store.local_files import LocalFiles
from taskcell.store.opening import open_files
from taskcell.testing.stores import FilesContract


class TestLocalFiles(FilesContract):
    @pytest.fixture
    def files(self, tmp_path: Path) -> Files:
        return LocalFiles(tmp_path / "store")


class TestLocalFilesForProcesses(FilesContract):
    @pytest.fixture
    def files(self, tmp_path: Path) -> Files:
        return LocalFiles(tmp_path / "store", durability="process")


class TestMemoryFiles(FilesContract):
    @pytest.fixture
    def files(self) -> Files:
        return open_files(f"memory://{uuid.uuid4()}")


class TestFolderOfLocalFiles(FilesContract):
    @pytest.fixture
    def files(self, tmp_path: Path) -> Files:
        return FolderFiles(LocalFiles(tmp_path / "store"), "some/folder", lambda: None)


class TestFolderOfMemoryFiles(FilesContract):
    @pytest.fixture
    def files(self) -> Files:
        return FolderFiles(open_files(f"memory://{uuid.uuid4()}"), "folder", lambda: None)


class TestS3Files(FilesContract):
    @pytest.fixture
    def files(self, s3_url: str) -> Files:
        return open_files(s3_url)

    @pytest.mark.slow  # SeaweedFS makes losers wait a second
    def test_one_of_many_threads_creates(self, files: Files) -> None:
        super().test_one_of_many_threads_creates(files)


class TestS3FilesByS3fsAlone(FilesContract):
    @pytest.fixture
    def files(self, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Files:
        monkeypatch.setenv("AWS_RETRY_MODE", "standard")  # something that only s3fs reads
        return open_files(s3_url)

    @pytest.mark.slow  # SeaweedFS makes losers wait a second
    def test_one_of_many_threads_creates(self, files: Files) -> None:
        super().test_one_of_many_threads_creates(files)
