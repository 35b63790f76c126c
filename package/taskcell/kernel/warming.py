"""What the server does beyond importing, once, so that each task need not: a short list of things that were tried.

Using a library before a fork can make it hang after it. What is here was run before thousands of forks without harm: it stays
on one thread and draws no random number. Everything else waits for the task.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from collections.abc import Callable
from typing import Any

_ALWAYS = (
    "pexpect",
    "ptyprocess",
    "stack_data",
    "executing",
    "multiprocessing.resource_tracker",
    "concurrent.futures.thread",
)
"""Modules that IPython imports when a cell first fails, starts a program or awaits."""

_OURS = "taskcell.worker.inside"
"""What the cells around a task's body import; it knows what they will need for values of the libraries that are loaded."""


def shell(target: Any) -> None:
    """Let a shell fail and show a value once; its history, namespace and counter stay as they were."""
    for name in _ALWAYS:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    names, hidden = dict(target.user_ns), dict(target.user_ns_hidden)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for source in ("1/0", "[0]"):
            target.run_cell(source, store_history=False, silent=False)
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        with contextlib.suppress(AttributeError):
            delattr(sys, name)
    target._last_traceback = None
    for now, then in ((target.user_ns, names), (target.user_ns_hidden, hidden)):
        now.clear()
        now.update(then)
    target.user_ns["_oh"].clear()
    for name in ("_", "__", "___"):
        setattr(target.displayhook, name, names.get(name, ""))


def libraries() -> None:
    """Do once what those of the loaded libraries that are on the list do slowly the first time."""
    for name, warm in _WARMERS.items():
        if name in sys.modules and name not in _warmed:
            _warmed.add(name)
            with contextlib.suppress(Exception):  # a task that meets the same fault tells of it
                warm()
    ours = sys.modules.get(_OURS)
    if ours is not None:
        with contextlib.suppress(Exception):
            ours.get_ready()


def _draw() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], label="a")
    axes.legend()
    axes.set_title("a")
    FigureCanvasAgg(figure).print_png(io.BytesIO())


def _show_frame() -> None:
    import pandas as pd

    frame: Any = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": ["x", "y"]})
    repr(frame)
    frame._repr_html_()


_WARMERS: dict[str, Callable[[], None]] = {"matplotlib.pyplot": _draw, "pandas": _show_frame}
_warmed: set[str] = set()
