"""What the cluster says arrives, also after connections that broke, and its refusals have words."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import lightkube
import pytest

from taskcell import errors
from taskcell.backends.kubernetes import faults, feeds

Item = dict[str, Any]


def pod(job: str, version: str = "1") -> Item:
    return {"metadata": {"name": f"{job}-x", "labels": {"job-name": job}, "resourceVersion": version}}


def refused(status: int) -> faults.ApiFaultError:
    return faults.ApiFaultError("It is so.", status=status, retry_after_s=None if status == 410 else 0.0)


class ScriptedCluster:
    """Answers as scripted, then not at all."""

    def __init__(self, *, lists: list[Any], watches: list[Any], logs: list[Any] | None = None) -> None:
        self.lists, self.watches, self.logs = list(lists), list(watches), list(logs or [])
        self.watched_from: list[str] = []
        self.rest = threading.Event()

    def list_pods(self, selector: str) -> tuple[list[Item], str]:
        answer = self.lists.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer, "100"

    def watch_pods(self, selector: str, version: str) -> Iterator[tuple[str, Item]]:
        self.watched_from.append(version)
        yield from self._said(self.watches)

    def follow_log(self, name: str, container: str) -> Iterator[str]:
        yield from self._said(self.logs)

    def _said(self, script: list[Any]) -> Iterator[Any]:
        if not script:
            self.rest.wait(20.0)
            return
        for item in script.pop(0):
            if isinstance(item, Exception):
                raise item
            yield item


def heard(feed: feeds.Feed, enough: Callable[[list[feeds.Fact]], bool]) -> list[feeds.Fact]:
    found: list[feeds.Fact] = []
    while not enough(found):
        found += feed.facts(10.0)
    return found


def listening(cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch) -> feeds.Feed:
    monkeypatch.setattr(feeds, "LONGEST_DELAY_S", 0.0)
    return feeds.Feed(cluster, "01ARZ3NDEKTSV4RRFFQ69G5FAV")  # type: ignore[arg-type]


def test_pods_are_listed_then_watched_from_there_and_on(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = [("MODIFIED", pod("a", "101")), ("BOOKMARK", pod("", "105")), ("DELETED", pod("a", "106"))]
    cluster = ScriptedCluster(lists=[[pod("a")]], watches=[changes, [("ADDED", pod("b", "107"))]])
    feed = listening(cluster, monkeypatch)
    feed.start()
    facts = heard(feed, lambda found: len(found) == 5)
    assert [(fact.job, fact.deleted) for fact in facts if isinstance(fact, feeds.PodFact)] == [
        ("a", False),
        ("a", False),
        ("a", True),
        ("b", False),
    ]
    assert feeds.ListedFact(jobs=frozenset({"a"})) in facts
    assert cluster.watched_from[:2] == ["100", "106"]
    feed.stop()
    cluster.rest.set()


def test_a_watch_that_is_too_old_lists_again(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = ScriptedCluster(lists=[[], [pod("a")]], watches=[[refused(410)]])
    feed = listening(cluster, monkeypatch)
    feed.start()
    facts = heard(feed, lambda found: len(found) == 3)
    assert [type(fact) for fact in facts] == [feeds.ListedFact, feeds.PodFact, feeds.ListedFact]
    feed.stop()
    cluster.rest.set()


def test_a_server_that_is_away_is_told_of_and_asked_until_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = ScriptedCluster(lists=[refused(503), refused(503), refused(503), [pod("a")]], watches=[])
    feed = listening(cluster, monkeypatch)
    feed.start()
    facts = heard(feed, lambda found: len(found) == 4)
    assert facts[0] == feeds.TroubleFact(sentence="It is so.")
    assert facts[-1] == feeds.TroubleFact(sentence="")
    feed.stop()
    cluster.rest.set()


def test_a_log_that_breaks_off_goes_on_without_repeating_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = ScriptedCluster(lists=[], watches=[], logs=[["one", "two", refused(500)], ["one", "two", "three"]])
    feed = listening(cluster, monkeypatch)
    feed.follow("a", "a-x")
    feed.follow("a", "a-x")
    facts = heard(feed, lambda found: len(found) == 3)
    assert facts == [feeds.LineFact(job="a", line=line) for line in ("one", "two", "three")]
    feed.stop()
    cluster.rest.set()


@pytest.mark.parametrize(
    ("status", "words", "temporary"),
    [
        (401, "does not accept the credentials", False),
        (403, "The cluster forbids it: pods is forbidden", False),
        (404, "The cluster does not have it", False),
        (422, "The cluster does not take it", False),
        (429, "answered 429", True),
        (500, "answered 500", True),
        (503, "answered 503", True),
    ],
)
def test_an_answer_that_is_no_success_has_words_and_says_whether_to_try_again(
    status: int, words: str, temporary: bool
) -> None:
    body = json.dumps({"kind": "Status", "message": "pods is forbidden.", "reason": "Forbidden"})
    with pytest.raises(faults.ApiFaultError) as caught:
        faults.check(httpx2.Response(status, text=body), "https://server")
    assert words in caught.value.message
    assert faults.is_temporary(caught.value) is temporary
    assert caught.value.reason == "Forbidden"


@pytest.mark.parametrize("text", ["", "<html>", "[]", "null", "{"])
def test_a_body_that_is_no_status_is_no_trouble(text: str) -> None:
    with pytest.raises(faults.ApiFaultError):
        faults.check(httpx2.Response(502, text=text), "https://server")


def test_a_connection_that_fails_and_a_login_that_fails_are_told_apart() -> None:
    with pytest.raises(errors.BackendError, match="can't be reached") as caught, faults.translated("https://server"):
        raise httpx2.ConnectError("refused")
    assert faults.is_temporary(caught.value)
    with pytest.raises(errors.BackendError, match="credentials") as caught, faults.translated("https://server"):
        raise lightkube.ConfigError("Exec aws returned 1")
    assert not faults.is_temporary(caught.value)
