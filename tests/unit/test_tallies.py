"""Requests are counted by kind, and the counts can be read from a log."""

from __future__ import annotations

from taskcell import tallies


def test_a_line_of_counts_reads_back_as_it_was_counted() -> None:
    before = tallies.parsed(tallies.line())
    for kind in ("POST jobs", "put_object", "POST jobs"):
        tallies.count(kind)
    counted = tallies.parsed(tallies.line())
    counted.subtract(before)
    assert {kind: number for kind, number in counted.items() if number} == {"POST jobs": 2, "put_object": 1}


def test_another_line_counts_nothing() -> None:
    assert not tallies.parsed("Traceback: requests: 3 of them")
    assert not tallies.parsed("")
