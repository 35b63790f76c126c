"""Answers of a service that isn't kind: a real socket says them, and what is made of each is checked."""

from __future__ import annotations

import asyncio

import pytest

from taskcell.store.s3 import talking

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"


def _told(*answers: bytes, close: bool = False, method: str = "GET") -> list[talking.Answer]:
    """Ask once for each answer that a server on loopback gives, on as few connections as it keeps open."""

    async def run() -> list[talking.Answer]:
        left = list(answers)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while left:
                try:
                    head = await reader.readuntil(b"\r\n\r\n")
                except asyncio.IncompleteReadError:
                    break
                length = next(
                    int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
                )
                await reader.readexactly(length)
                writer.write(left.pop(0))
                await writer.drain()
                if close:
                    break
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        talker = talking.Talker("127.0.0.1", server.sockets[0].getsockname()[1], is_secure=False)
        try:
            return [await talker.ask(method, "/", {"host": "here"}, b"body") for _ in answers]
        finally:
            talker.close()
            server.close()

    return asyncio.run(run())


def test_an_answer_in_chunks_is_put_together() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=1\r\nye\r\n1\r\ns\r\n0\r\nTrailer: 1\r\n\r\n"
    assert [answer.body for answer in _told(chunked, WHOLE)] == [b"yes", b"yes"]


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    (answer,) = _told(b"HTTP/1.0 200 OK\r\nX-Amz-Meta-A: b\r\n\r\nyes", close=True)
    assert (answer.body, answer.headers["x-amz-meta-a"]) == (b"yes", "b")


def test_words_in_between_are_passed_over() -> None:
    (answer,) = _told(b"HTTP/1.1 100 Continue\r\n\r\n" + WHOLE)
    assert answer.status == 200


def test_a_connection_that_was_closed_while_idle_is_made_again() -> None:
    assert [answer.status for answer in _told(WHOLE, WHOLE, WHOLE, close=True)] == [200, 200, 200]


def test_nothing_is_read_behind_an_answer_that_has_no_body() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    assert [answer.body for answer in _told(head, head, method="HEAD")] == [b"", b""]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nyes",
        b"HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\nyes",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nyes",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    ],
)
def test_an_answer_that_is_none_or_cut_short_is_a_broken_connection(answer: bytes) -> None:
    with pytest.raises(ConnectionError):
        _told(answer, close=True)
