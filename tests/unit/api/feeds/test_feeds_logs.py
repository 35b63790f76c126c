"""Lines of a log by number and by what they say, while it grows."""

from __future__ import annotations

import random

import pytest
from tests.unit.api.recorded_runs import memory_store

from taskcell.api.feeds import logs
from taskcell.api.feeds.logs import Log
from taskcell.store import paths
from taskcell.store.opening import Store

RUN = "01M814KCND2DRVWX02GNFQ3MSX"


class Growing:
    """A log that is written piece by piece."""

    def __init__(self) -> None:
        self.store: Store = memory_store()
        self.log = Log(store=self.store, run=RUN, task="fit", attempt=1)
        self.text = ""
        self._chunk = 0

    def write(self, text: str) -> None:
        self._chunk += 1
        self.text += text
        self.store.project_files.create(paths.log_chunk(RUN, "fit", 1, self._chunk), text.encode())

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")[: -1 if self.text.endswith("\n") or not self.text else None]


def test_lines_are_those_of_the_text_wherever_chunks_break() -> None:
    growing, draw = Growing(), random.Random(7)
    for _ in range(30):
        pieces = [f"line {draw.random()}" + draw.choice(["", "\n", "\n", "\n\n"]) for _ in range(draw.randrange(400))]
        growing.write("".join(pieces) or "x")
        whole = growing.lines
        for first in (0, draw.randrange(len(whole)), len(whole) - 1, len(whole) + 5):
            chunk = growing.log.chunk(first=first, limit=50, ended=False)
            expected = whole[first : first + 50]
            assert list(chunk.lines) == expected
            assert (chunk.total_lines, chunk.next_line) == (len(whole), min(first, len(whole)) + len(expected))
            assert chunk.more == (chunk.next_line < len(whole))
        tail = growing.log.chunk(first=-7, limit=7, ended=False)
        assert list(tail.lines) == whole[-7:]


def test_hits_have_their_numbers_and_a_search_goes_on() -> None:
    growing = Growing()
    growing.write("".join(f"Line {number} of größe\n" for number in range(50_000)))
    chunk = growing.log.chunk(first=0, limit=3, ended=True, query="LINE 777")
    assert chunk.numbers == (777, 7770, 7771)
    further = growing.log.chunk(first=chunk.next_line, limit=500, ended=True, query="line 777")
    assert further.numbers[0] == 7772
    assert not further.more
    assert growing.log.chunk(first=0, limit=1, ended=True, query="GRÖßE").numbers == (0,)
    assert growing.log.chunk(first=0, limit=1, ended=True, query="nowhere").lines == ()


def test_long_lines_are_clipped_and_progress_bars_end_as_they_are() -> None:
    growing = Growing()
    growing.write("x" * 1_000_000 + "\n" + "".join(f"\r{number}%" for number in range(101)) + "\r\nend")
    chunk = growing.log.chunk(first=0, limit=9, ended=True)
    assert [len(line) for line in chunk.lines] == [logs.LONGEST_LINE, 4, 3]
    assert chunk.lines[1:] == ("100%", "end")
    assert chunk.clipped == (0,)


def test_bytes_that_are_no_text_are_replaced() -> None:
    growing = Growing()
    growing.store.project_files.create(paths.log_chunk(RUN, "fit", 1, 1), b"\xff\x00ok\n")
    assert growing.log.chunk(first=0, limit=1, ended=True).lines == ("\ufffd\x00ok",)


@pytest.mark.parametrize("first", [0, -5, 10])
def test_empty_log_has_no_lines(first: int) -> None:
    chunk = Growing().log.chunk(first=first, limit=5, ended=False)
    assert (chunk.lines, chunk.total_lines, chunk.more) == ((), 0, False)
