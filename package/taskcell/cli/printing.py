"""Show results and progress in a terminal: text to standard output, refusals to standard error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from taskcell import errors

if TYPE_CHECKING:
    from taskcell.engine.states import RunStatus

_BAR = 24


def say(text: str) -> None:
    """Print a text."""
    print(text, flush=True)


def show(result: object, *, as_json: bool = False) -> None:
    """Print what a verb returned: as JSON, as text for this terminal's width, or as it is."""
    if as_json:
        import json

        say(json.dumps(data_of(result), ensure_ascii=False, indent=2))
    elif result is not None:
        say(text_of(result, width()))


def text_of(result: object, columns: int) -> str:
    """Return a result as text."""
    if isinstance(result, str):
        return result
    to_text = getattr(result, "to_text", None)
    if to_text is not None:
        return str(to_text(columns))
    bundle = getattr(result, "_repr_mimebundle_", None)
    return str(bundle()["text/plain"]) if bundle is not None else str(result)


def data_of(result: object) -> Any:
    """Return a result in JSON form."""
    to_data = getattr(result, "to_data", None)
    if to_data is not None:
        return to_data()
    if result is None or isinstance(result, str):
        return {"text": result}
    bundle = getattr(result, "_repr_mimebundle_", None)
    found = bundle() if bundle is not None else {}
    data = next((item for kind, item in found.items() if kind.endswith("+json")), None)
    if data is not None:
        return data
    import msgspec

    return msgspec.to_builtins(result, str_keys=True, enc_hook=str)


def width() -> int:
    """Return the width of the terminal, or one that suits a file. Unit: cells."""
    import shutil

    return max(60, min(160, shutil.get_terminal_size((100, 24)).columns))


def refuse(exc: errors.TaskcellError) -> None:
    """Print an error: what is wrong, then what to do, without frames of ours."""
    print(f"taskcell: {exc.message}", file=sys.stderr)
    if exc.remedy:
        print(exc.remedy, file=sys.stderr)


def close_output() -> None:
    """Let a closed pipe be: whoever read the output has had enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Progress:
    """Shows a run's progress: one updating line on a terminal, a line at each change elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._last = ""

    def __call__(self, status: RunStatus) -> None:
        """Show where the run stands."""
        line = progress_line(status, bar=self._live)
        if self._live:
            print(f"\r\x1b[K{line[: width() - 1]}", end="", file=sys.stderr, flush=True)
        elif line != self._last:
            print(line, file=sys.stderr, flush=True)
        self._last = line

    def tell(self, text: str) -> None:
        """Print a line for people below what is shown."""
        self.done()
        print(text, file=sys.stderr, flush=True)

    def done(self) -> None:
        """End the updating line."""
        if self._live and self._last:
            print(file=sys.stderr, flush=True)
        self._last = ""


def progress_line(status: RunStatus, *, bar: bool) -> str:
    """Say in a line how far a run is: what is done, what runs."""
    from taskcell.api import showing
    from taskcell.views import columns, states, words

    counts: dict[str, int] = {}
    running: list[str] = []
    for task, elements in showing.folded(status):
        state = showing.shown_state(task, elements)
        counts[state] = counts.get(state, 0) + 1
        if state == states.State.RUNNING:
            done = sum(element.state.ended for element in elements)
            running.append(f"{task.label} ({done} of its elements done)" if elements else task.label)
    total = sum(counts.values())
    ended = total - sum(counts.get(state, 0) for state in states.OPEN)
    drawn = f"{columns.bar(ended / total if total else 0.0, _BAR)} " if bar else ""
    now = f" · {words.listed(running, 3)}" if running else ""
    return f"{drawn}{status.state}: {ended} of {total} tasks · {states.tally(counts)}{now}"
