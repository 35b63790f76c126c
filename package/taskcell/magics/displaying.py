"""Show things live where a front-end can, and as they are saved everywhere else.

A front-end is there when the cell that runs came with an id: JupyterLab, Notebook 7 and VS Code send one, papermill,
nbconvert and a console do not. Then one mimebundle goes out: the view's data, the widget, HTML and text. When a run ends,
the stored output is brought up to date, so that a saved notebook says how it ended.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display, publish_display_data

from taskcell import errors
from taskcell.api import showing
from taskcell.api.comparisons.comparing import Comparison
from taskcell.api.runs.runs import Run
from taskcell.model.runs import RunState
from taskcell.widgets import displays
from taskcell.widgets.displays import Display

REFRESH_S = 0.5


class Displaying:
    """How one shell shows things; hung into its formatters."""

    def __init__(self, shell: InteractiveShell, has_front_end: Callable[[], bool]) -> None:
        self._shell = shell
        self._has_front_end = has_front_end

    def put_on(self) -> None:
        """Show runs and comparisons live from now on, also as the value of a cell."""
        formatter = self._formatter()
        formatter.for_type(Run, self._show)
        formatter.for_type(Comparison, self._show)

    def take_off(self) -> None:
        """Leave the formatters as they were."""
        for kind in (Run, Comparison):
            self._formatter().pop(kind, None)

    @property
    def is_live(self) -> bool:
        """Whether a front-end shows what is displayed."""
        return getattr(self._shell, "kernel", None) is not None and self._has_front_end()

    def show(self, shown: Display) -> None:
        """Show a view, live where that is possible."""
        if not self.is_live:
            publish_display_data(shown.static)  # type: ignore[no-untyped-call]
            return
        _Live(shown).begin()

    def follow(self, run: Run) -> None:
        """Show a run and keep what is shown up to date until it ends; returns at once."""
        if self.is_live:
            self.show(_of_run(run))
            return
        show: Any = display
        handle = show(run, display_id=True)
        if handle is not None:
            named = f"taskcell-view-{run.id}"
            threading.Thread(target=_refresh, args=(run, handle), name=named, daemon=True).start()

    def _show(self, thing: Any) -> None:
        if not self.is_live:
            raise NotImplementedError  # then IPython asks the thing itself, as it would without us
        self.show(_of_run(thing) if isinstance(thing, Run) else _of_comparison(thing))

    def _formatter(self) -> Any:
        formatter: Any = self._shell.display_formatter
        return formatter.ipython_display_formatter


def _of_run(run: Run) -> Display:
    static = showing.bundle(showing.run_view(run))
    return Display(view="run", params={"run": run.id}, store=run.store, static=static)


def _of_comparison(comparison: Comparison) -> Display:
    runs = [run.id for run in comparison.runs]
    static = comparison._repr_mimebundle_()
    if len({(run.store.url, run.store.project) for run in comparison.runs}) > 1:
        return Display(view="", params={}, store=comparison.runs[0].store, static=static)
    return Display(view="compare", params={"runs": runs}, store=comparison.runs[0].store, static=static)


class _Live:
    """One display: its output in the notebook, its widget, and whoever brings the output up to date."""

    def __init__(self, shown: Display) -> None:
        self._shown = shown
        self._widget: Any = None
        self._handle: Any = None

    def begin(self) -> None:
        """Show it, and follow a run that goes on."""
        first = displays.payload(self._shown) if self._shown.view else None
        if self._shown.view and displays.has_widgets():
            from taskcell.widgets import live_views

            shown = self._shown
            self._widget = live_views.LiveView(
                shown.view, shown.params, first, store=shown.store, on_launched=self._launched
            )
        show: Any = display
        self._handle = show(self._bundle(first), raw=True, display_id=True)
        if self._shown.view == "run" and not self._ended(first):
            self._follow()

    def _bundle(self, first: dict[str, Any] | None) -> dict[str, Any]:
        return displays.bundle(self._shown, first, self._widget.model_id if self._widget is not None else "")

    def _ended(self, first: dict[str, Any] | None) -> bool:
        return first is not None and RunState(first["state"]).ended

    def _launched(self, run_id: str) -> None:
        """Show the run from now on whose form this was: on screen the view itself has taken its place."""
        self._shown = _of_run(Run(self._shown.store, run_id))
        self._follow()

    def _follow(self) -> None:
        named = f"taskcell-view-{self._shown.params['run']}"
        threading.Thread(target=self._until_end, name=named, daemon=True).start()

    def _until_end(self) -> None:
        """Wait for the run's end, then have the notebook say how it ended."""
        run = Run(self._shown.store, self._shown.params["run"])
        if self._widget is not None:
            self._widget.show(self._shown.view, self._shown.params, None)
        while not _ended(run):
            time.sleep(REFRESH_S)
        self._shown = _of_run(run)
        first = displays.payload(self._shown)
        if self._widget is not None:
            self._widget.show(self._shown.view, self._shown.params, first)
        if self._handle is not None:
            self._handle.update(self._bundle(first), raw=True)


def _ended(run: Run) -> bool:
    try:
        return run.state.ended
    except errors.StoreError:
        return False  # a store that can't be read for a moment; the view says so meanwhile


def _refresh(run: Run, handle: Any) -> None:
    while True:
        time.sleep(REFRESH_S)
        ended = run.state.ended
        handle.update(run)
        if ended:
            return
