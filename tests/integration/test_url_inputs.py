"""URLs against a real server on loopback."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from taskcell import errors
from taskcell.hashing import digest_value
from taskcell.store import urls


@dataclass(slots=True)
class Site:
    """What a server gives, and what it was asked. ``bodies`` counts answers that had one."""

    address: str = ""
    content: bytes = b"a,b\n1,2\n"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    short: bool = False
    moved: str = ""
    bodies: int = 0


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            etag = served.headers.get("ETag")
            if served.moved and self.path != served.moved:
                self.send_response(302)
                self.send_header("Location", served.moved)
                self.end_headers()
            elif etag and self.headers.get("If-None-Match") == etag:
                self.send_response(304)
                self.end_headers()
            else:
                served.bodies += 1
                self.send_response(served.status)
                for name, text in served.headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(served.content) + 5 * served.short))
                self.end_headers()
                self.wfile.write(served.content)

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served.address = f"http://127.0.0.1:{server.server_port}/data/flights.csv"
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


def test_url_counts_as_the_file_that_it_gives(site: Site, tmp_path: Path) -> None:
    same = tmp_path / "flights.csv"
    same.write_bytes(site.content)
    found = urls.fetch(site.address, folder=tmp_path / "urls")
    assert found.read_bytes() == site.content
    assert digest_value(found) == digest_value(same)


def test_copy_with_a_strong_etag_is_fetched_once(site: Site, tmp_path: Path) -> None:
    site.headers["ETag"] = '"1"'
    first = urls.fetch(site.address, folder=tmp_path)
    assert urls.fetch(site.address, folder=tmp_path) == first
    assert site.bodies == 1
    site.headers["ETag"], site.content = '"2"', b"changed"
    assert urls.fetch(site.address, folder=tmp_path).read_bytes() == b"changed"


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"1"'}, {"Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}])
def test_weak_validator_never_gives_an_old_copy(site: Site, tmp_path: Path, headers: dict[str, str]) -> None:
    site.headers = headers
    first = urls.fetch(site.address, folder=tmp_path)
    site.content = b"a,b\n1,3\n"  # the same length within the same second
    assert urls.fetch(site.address, folder=tmp_path).read_bytes() == site.content
    assert first.read_bytes() == b"a,b\n1,2\n"


def test_copy_that_somebody_changed_is_fetched_again(site: Site, tmp_path: Path) -> None:
    site.headers["ETag"] = '"1"'
    found = urls.fetch(site.address, folder=tmp_path)
    found.chmod(0o644)
    found.write_bytes(b"a,b\n1,9\n")
    assert urls.fetch(site.address, folder=tmp_path).read_bytes() == site.content


def test_etag_of_another_place_does_not_count(site: Site, tmp_path: Path) -> None:
    site.headers["ETag"], site.moved = '"1"', "/2024.csv"
    urls.fetch(site.address, folder=tmp_path)
    site.moved, site.content = "/2025.csv", b"of next year"
    assert urls.fetch(site.address, folder=tmp_path).read_bytes() == b"of next year"


def test_answer_cut_short_is_refused(site: Site, tmp_path: Path) -> None:
    site.short = True
    with pytest.raises(errors.StoreError, match="can't be read"):
        urls.fetch(site.address, folder=tmp_path)
    assert not list(tmp_path.rglob("flights.csv"))


def test_missing_page_and_other_schemes_are_refused_by_name(site: Site, tmp_path: Path) -> None:
    site.status = 404
    with pytest.raises(errors.NotFoundError, match="404"):
        urls.fetch(site.address, folder=tmp_path)
    with pytest.raises(errors.InvalidInputError, match="not an http or https URL"):
        urls.fetch("file:///etc/hostname", folder=tmp_path)
