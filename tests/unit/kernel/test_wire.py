from __future__ import annotations

import os
import threading

import pytest

from taskcell.kernel import wire


@pytest.mark.parametrize("size", [0, 1, 60_000, 60_001, 1_000_000])
def test_frame_of_any_length_arrives_whole(size: int) -> None:
    one, other = wire.pair()
    sender, receiver = wire.Channel(one), wire.Channel(other)
    body = os.urandom(size)
    thread = threading.Thread(target=sender.send, args=(wire.STDOUT, body))
    thread.start()
    frame = receiver.receive()
    thread.join()
    assert frame == (wire.STDOUT, body, False)
    sender.close()
    assert receiver.receive() is None
    receiver.close()


def test_pieces_of_several_senders_are_not_mixed_up() -> None:
    one, other = wire.pair()
    sender, receiver = wire.Channel(one), wire.Channel(other)
    bodies = [bytes([number]) * 200_000 for number in range(4)]
    threads = [threading.Thread(target=sender.send, args=(wire.STDOUT, body)) for body in bodies]
    for thread in threads:
        thread.start()
    frames = [receiver.receive() for _ in bodies]
    for thread in threads:
        thread.join()
    assert sorted(frame.body for frame in frames if frame) == bodies
    sender.close()
    receiver.close()


def test_frame_says_whether_a_pipe_holds_something_unread() -> None:
    one, other = wire.pair()
    out, out_end = os.pipe()
    sender, receiver = wire.Channel(one, raw=[out_end]), wire.Channel(other)
    sender.send(wire.STDOUT, b"a")
    os.write(out_end, b"raw")
    sender.send(wire.STDOUT, b"b")
    os.read(out, 3)
    sender.send(wire.STDOUT, b"c")
    assert [frame.after_raw for frame in (receiver.receive() for _ in "abc") if frame] == [False, True, False]
    for end in (sender, receiver):
        end.close()
    os.close(out)
    os.close(out_end)


def test_nothing_to_receive_is_said_at_once() -> None:
    one, other = wire.pair()
    with one, other, pytest.raises(BlockingIOError):
        wire.Channel(other).receive_now()


def test_message_keeps_its_buffers() -> None:
    assert wire.unpack(wire.pack(b'{"a": 1}', [b"x", memoryview(b"yz")])) == {"a": 1, "buffers": [b"x", b"yz"]}
