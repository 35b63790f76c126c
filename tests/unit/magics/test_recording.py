"""What a recorder keeps of what is displayed."""

from __future__ import annotations

from taskcell.magics import recording


def test_neighbouring_texts_of_one_stream_are_one_output() -> None:
    recorder = recording.Recorder()
    for name, text in [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]:
        recorder.stream(name, text)
    assert [(out["name"], out["text"]) for out in recorder.outputs] == [
        ("stdout", "ab"),
        ("stderr", "c"),
        ("stdout", "d"),
    ]


def test_update_changes_the_earlier_display() -> None:
    recorder = recording.Recorder()
    recorder.display({"text/plain": "x"}, None, {"display_id": "1"}, False)
    recorder.display({"text/plain": "y"}, None, {"display_id": "1"}, True)
    recorder.display({"text/plain": "z"}, None, {"display_id": "unknown"}, True)
    assert [out["data"] for out in recorder.outputs] == [{"text/plain": "y"}]


def test_clear_with_wait_waits_for_the_next_output() -> None:
    recorder = recording.Recorder()
    recorder.stream("stdout", "a")
    recorder.clear(wait=True)
    assert len(recorder.outputs) == 1
    recorder.stream("stdout", "b")
    assert [out["text"] for out in recorder.outputs] == ["b"]
    recorder.clear(wait=False)
    assert recorder.outputs == []


def test_bytes_are_kept_as_the_notebook_format_has_them() -> None:
    recorder = recording.Recorder()
    recorder.display({"image/png": b"\x89PNG"}, None, None, False)
    assert recorder.outputs[0]["data"] == {"image/png": "iVBORw=="}


def test_what_is_above_the_cap_is_said_once_and_left_out() -> None:
    recorder = recording.Recorder()
    recorder.stream("stdout", "x" * (recording.CAP_BYTES + 1))
    recorder.stream("stdout", "y")
    assert len(recorder.outputs) == 1
    assert "was shown but not kept" in str(recorder.outputs[0]["text"])


def test_open_line_is_noticed() -> None:
    def text(written: str) -> recording.Displays:
        return [{"output_type": "stream", "name": "stdout", "text": written}]

    assert recording.ends_within_line(text("raw"))
    assert not recording.ends_within_line(text("line\n"))
    assert not recording.ends_within_line([])
