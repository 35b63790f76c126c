"""The server extension in a real Jupyter server: who may ask, what is refused, and how answers look."""

from __future__ import annotations

import http.client
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_server import BASE, TOKEN, Server, serving
from tests.unit.api.recorded_runs import START, Recorder, task

from taskcell.model.runs import CancelRequest, DriverStart
from taskcell.server import openapi
from taskcell.store import paths
from taskcell.store.opening import open_store

UNKNOWN = "01M814KCND2DRVWX02GNFQ3MSX"
HOSTILE = "<script>alert(1)</script>/../\"'"


class Gadget:
    """Runs code when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    return Recorder(open_store(str(tmp_path_factory.mktemp("served") / "store")))


@pytest.fixture(scope="module")
def mark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gadget") / "ran"


@pytest.fixture(scope="module")
def run(recorder: Recorder, mark: Path) -> str:
    import pandas as pd

    frame = pd.DataFrame({"x": range(1000), "name": [f"<b>{number}</b>" for number in range(1000)]})
    made = {
        "load": (task("load", "", "frame page"), {"frame": frame, "page": "<script>alert(1)</script>"}),
        "evil": (task("evil", "", "gadget"), {"gadget": Gadget(mark)}),
        HOSTILE: (task(HOSTILE, "frame<-load", "z"), {"z": 1}),
    }
    return recorder.run(made).id


@pytest.fixture(scope="module")
def server(recorder: Recorder, run: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("jupyter"), recorder.store.url) as made:
        yield made


def routes() -> list[tuple[str, str]]:
    found = []
    for path, methods in openapi.document()["paths"].items():
        address = path
        for place in ("run", "task", "output", "workflow", "tag", "target", "runs"):
            address = address.replace("{" + place + "}", UNKNOWN)
        found += [(method.upper(), address.replace("{number}", "1")) for method in methods]
    return [*found, ("GET", "/openapi.json"), ("GET", "/nothing"), ("POST", "/nothing"), ("GET", "/")]


# -- who may ask -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "address"), routes())
def test_nothing_is_answered_without_a_token(server: Server, method: str, address: str) -> None:
    for token in (None, "wrong"):
        reply = server.ask(address, method=method, token=token, body={} if method == "POST" else None)
        assert reply.status == 403
        assert reply.data["code"] == "forbidden"


def test_other_methods_are_refused_to_anybody(server: Server) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        assert server.ask("/runs", method=method, token=None).status in (403, 405)
        assert server.ask("/runs", method=method).status == 405
    assert server.ask("/about", method="POST", body={}).headers["allow"] == "GET"


def cookies(server: Server) -> dict[str, str]:
    """Log in as a browser does: a token in the address gives a cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", f"{BASE}/?token={TOKEN}")
    reply = connection.getresponse()
    reply.read()
    said = reply.headers.get_all("Set-Cookie") or []
    connection.close()
    pairs = [item.split(";")[0].partition("=") for item in said]
    return {name: value for name, _, value in pairs if value.strip('"')}


def test_cookie_alone_changes_nothing(server: Server) -> None:
    known = cookies(server)
    assert "_xsrf" in known
    cookie = "; ".join(f"{name}={value}" for name, value in known.items())
    here = f"http://127.0.0.1:{server.port}"
    asked = {"method": "POST", "token": None, "body": {"target": "none"}}
    without = server.ask("/runs", headers={"Cookie": cookie, "Origin": here}, **asked)
    assert without.status == 403
    headers = {"Cookie": cookie, "Origin": here, "X-XSRFToken": known["_xsrf"]}
    assert server.ask("/runs", headers=headers, **asked).status == 404  # there is no such version
    strange = {**headers, "Origin": "http://evil.example"}
    assert server.ask("/runs", headers=strange, **asked).status in (403, 404)
    foreign_get = {"Cookie": cookie, "Origin": "http://evil.example", "Referer": "http://evil.example/"}
    assert server.ask("/runs", token=None, headers=foreign_get).status in (403, 404)


def test_foreign_host_is_refused(server: Server) -> None:
    assert server.ask("/about", headers={"Host": "evil.example"}).status == 403


# -- bad questions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "%00",
        "/etc/passwd",
        "..%5c..",
        "x" * 10_000,
        "%ff",
        "01M%20",
        UNKNOWN.lower(),
    ],
)
def test_bad_id_is_refused_in_words(server: Server, name: str) -> None:
    for address in (f"/runs/{name}", f"/runs/{name}/experiment", f"/values/{name}/a/b"):
        reply = server.ask(address)
        assert reply.status in (400, 404)
        assert reply.headers["content-type"] == "application/json"
        assert reply.data["message"]


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "%00", "x" * 301, "%2e%2e"])
def test_bad_name_is_refused_in_words(server: Server, run: str, name: str) -> None:
    for address in (f"/runs/{run}/tasks/{name}", f"/runs/{run}/tasks/{name}/notebook", f"/workflows/{name}/versions"):
        reply = server.ask(address)
        assert reply.status in (400, 404)
        assert reply.data["kind"] == "fault"


def test_unknown_run_says_what_to_do(server: Server) -> None:
    for address in (f"/runs/{UNKNOWN}", f"/runs/{UNKNOWN}/experiment", f"/events?topic=run:{UNKNOWN}"):
        reply = server.ask(address)
        assert reply.status == 404
        assert "has no run" in reply.data["message"]
        assert "another store" in reply.data["remedy"]


@pytest.mark.parametrize(
    ("raw", "status"), [(b"{", 400), (b"[]", 400), (b'{"target": 1}', 400), (b"\xff", 400), (b"[" * 100_000, 400)]
)
def test_bad_body_is_refused_in_words(server: Server, raw: bytes, status: int) -> None:
    reply = server.ask("/previews", method="POST", raw=raw)
    assert reply.status == status
    assert reply.data["remedy"]


def test_body_of_another_kind_is_refused(server: Server) -> None:
    reply = server.ask("/previews", method="POST", raw=b"target=x", headers={"Content-Type": "text/plain"})
    assert reply.status == 415


def test_paths_are_no_targets(server: Server) -> None:
    (server.root / "secret.ipynb").write_text(json.dumps({"cells": [], "nbformat": 4, "metadata": {}}))
    for target in ("secret.ipynb", str(server.root / "secret.ipynb")):
        reply = server.ask("/previews", method="POST", body={"target": target})
        assert (reply.status, reply.data["code"]) == (404, "not-found")


# -- what others stored ----------------------------------------------------------------------------------------------


def test_pickle_is_never_loaded(server: Server, run: str, mark: Path, recorder: Recorder) -> None:
    for mode in (0o755, 0o777):  # trusted, and not
        Path(recorder.store.url.removeprefix("file://")).chmod(mode)
        reply = server.ask(f"/values/{run}/evil/gadget")
        assert reply.status == 200
        assert reply.data["form"] == "none"
        assert "pickle" in reply.data["refused"]
        assert server.ask(f"/runs/{run}/tasks/evil").status == 200
        assert server.ask(f"/values/{run}/evil/gadget/file").status == 400
    Path(recorder.store.url.removeprefix("file://")).chmod(0o755)
    assert not mark.exists()


def test_hostile_names_and_texts_are_only_text(server: Server, run: str) -> None:
    from urllib.parse import quote

    reply = server.ask(f"/runs/{run}/tasks/{quote(HOSTILE, safe='')}")
    assert reply.status == 200
    assert reply.data["row"]["id"] == HOSTILE
    for address in (f"/runs/{run}", f"/values/{run}/load/page", f"/values/{run}/load/frame?limit=2"):
        found = server.ask(address)
        assert found.status == 200
        assert found.headers["content-type"] == "application/json"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


def test_files_are_to_be_saved(server: Server, run: str) -> None:
    reply = server.ask(f"/values/{run}/load/page/file")
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["content-disposition"].startswith("attachment;")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert b"<script>" in reply.body


def test_table_is_given_page_by_page(server: Server, run: str) -> None:
    first = server.ask(f"/values/{run}/load/frame?limit=3").data
    assert (first["form"], first["total_rows"]) == ("table", 1000)
    assert [column["name"] for column in first["columns"]] == ["x", "name"]
    assert first["columns"][0]["numeric"]
    last = server.ask(f"/values/{run}/load/frame?offset=998&limit=10").data
    assert [row[0] for row in last["rows"]] == ["998", "999"]
    assert last["rows"][0][1] == "<b>998</b>"
    assert server.ask(f"/values/{run}/load/frame?offset=5000").data["rows"] == []
    assert server.ask(f"/values/{run}/load/frame?column=1").data["rows"][0] == ["<b>0</b>"]
    assert server.ask(f"/values/{run}/load/frame?limit=100000").status == 400


def test_unchanged_answer_is_not_sent_again(server: Server, run: str) -> None:
    first = server.ask(f"/runs/{run}")
    again = server.ask(f"/runs/{run}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    other = server.ask(f"/runs/{run}", headers={"If-None-Match": 'W/"other"'})
    assert other.status == 200


def test_openapi_file_is_served(server: Server) -> None:
    assert server.ask("/openapi.json").data["openapi"] == "3.1.0"


# -- events ----------------------------------------------------------------------------------------------------------


def open_run(recorder: Recorder) -> str:
    """A run whose driver works on another machine."""
    run = recorder.run({"one": (task("one", "", "a"), {"a": 1})}).id
    start = DriverStart(run_id=run, epoch=2, host="elsewhere", pid=1, started_at=START)
    recorder.store.records.create(paths.driver_start(run, 2), start)
    return run


def change(recorder: Recorder, run: str) -> None:
    request = CancelRequest(epoch=2, author="ana", created_at=START)
    recorder.store.records.append(paths.cancels(run), lambda _: request)


def test_stream_tells_the_whole_then_changes_then_goes_on_where_it_broke_off(
    server: Server, recorder: Recorder
) -> None:
    run = open_run(recorder)
    with server.stream(f"topic=run:{run}&topic=runs") as stream, server.stream(f"topic=run:{run}") as second:
        assert stream.response.headers["Content-Type"].startswith("text/event-stream")
        told, other = iter(stream), iter(second)
        _, first = next(told)
        assert (first["event"], first["view"]["state"]) == ("run", "running")
        mark, runs = next(told)
        assert runs["event"] == "runs"
        assert run in [row["id"] for row in runs["list"]["runs"]]
        assert next(other)[1]["event"] == "run"
        change(recorder, run)
        for each in (told, other):
            event = next(item for _, item in each if item["topic"] == f"run:{run}")
            assert (event["event"], event["cancelling"]) == ("run-change", True)
            assert event["sequence"] == first["sequence"] + 1
    with server.stream(f"topic=run:{run}&topic=runs", **{"Last-Event-ID": mark}) as again:
        _, missed = next(iter(again))
        assert missed["event"] == "run-change"
        assert missed["sequence"] == first["sequence"] + 1
    with server.stream(f"topic=run:{run}", **{"Last-Event-ID": "another-7"}) as stranger:
        assert next(iter(stranger))[1]["event"] == "run"


def test_stream_of_an_ended_run_ends(server: Server, run: str) -> None:
    with server.stream(f"topic=run:{run}") as stream:
        assert [data["event"] for _, data in stream] == ["run", "ended"]


@pytest.mark.parametrize(
    "query", ["", "topic=", "topic=what", "topic=run:../x", "topic=runs&topic=runs", "topic=runs&" * 30]
)
def test_bad_topics_are_refused_in_words(server: Server, query: str) -> None:
    reply = server.ask(f"/events?{query}")
    assert reply.status == 400
    assert "Topics are" in reply.data["remedy"]


# -- a store that goes -----------------------------------------------------------------------------------------------


def test_store_that_goes_and_comes_back(server: Server, recorder: Recorder, run: str) -> None:
    place = Path(recorder.store.url.removeprefix("file://"))
    away = place.with_name("away")
    with server.stream("topic=runs") as stream:
        told = iter(stream)
        assert next(told)[1]["event"] == "runs"
        shutil.move(place, away)
        try:
            assert next(item for _, item in told if item["event"] == "trouble")["fault"]["code"] == "store"
            for address in ("/runs", f"/runs/{run}"):
                reply = server.ask(address)
                assert (reply.status, reply.data["code"]) == (503, "store")
                assert "TASKCELL_STORE" in reply.data["remedy"]
        finally:
            shutil.move(away, place)
        assert next(told)[1]["event"] in ("runs", "runs-change")
    assert server.ask(f"/runs/{run}").status == 200


def test_server_says_nothing_bad_in_its_log(server: Server) -> None:
    text = server.log.read_text()
    assert "Traceback" not in text
    assert "without @allow_unauthenticated" not in text


def test_lab_says_where_it_is_only_when_it_may_look(server: Server) -> None:
    here = {"X-Taskcell-Lab": f"http://127.0.0.1:{server.port}{BASE}/lab"}
    assert server.ask("/about", method="HEAD", headers=here).status == 204
    assert server.ask("/about", method="HEAD", headers=here, token=None).status == 403
