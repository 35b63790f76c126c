from __future__ import annotations

import pytest

from taskcell.kernel import streams, wire


class _Heard(wire.Channel):
    """A channel that keeps what is sent."""

    def __init__(self) -> None:
        self.frames: list[tuple[bytes, str]] = []

    def send(self, kind: bytes, body: bytes) -> None:
        self.frames.append((kind, body.decode()))


def test_few_writes_are_sent_at_once() -> None:
    heard = _Heard()
    out = streams.OutStream(streams.Printer(heard), wire.STDOUT, "stdout", 1)
    print("a", file=out)
    assert heard.frames == [(wire.STDOUT, "a"), (wire.STDOUT, "\n")]


def test_flood_is_gathered_in_its_order_and_nothing_is_lost() -> None:
    heard = _Heard()
    printer = streams.Printer(heard)
    out, err = (streams.OutStream(printer, kind, "any", 1) for kind in (wire.STDOUT, wire.STDERR))
    for number in range(5000):
        (err if number % 1000 == 0 else out).write(f"{number}\n")
    printer.flush()
    assert [int(line) for _, text in heard.frames for line in text.split()] == list(range(5000))
    assert len(heard.frames) < 2500


def test_only_text_is_printed() -> None:
    out = streams.OutStream(streams.Printer(_Heard()), wire.STDOUT, "stdout", 1)
    with pytest.raises(TypeError, match="must be str"):
        out.write(b"a")  # type: ignore[arg-type]
