"""What can't be a task is refused at once: one message in words, nothing changed, and the cell counts as failed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import papermill
import pytest
from tests.integration import kernels

REFUSED = {
    "unknown name": ("%%task r1 -> x1\nx1 = 1 + nope", ["'nope' (line 2)", "Run (or write) the cell"]),
    "close name": ("%%task r2 -> x2\nx2 = numbrs", ["'numbrs' (line 2)", "Did you mean 'numbers'?"]),
    "never assigned": ("%%task r3 -> gone\nother = 1", ["output 'gone' is never assigned", "The cell assigns: other"]),
    "two makers": ("%%task r4 -> made\nmade = 2", ["'maker' (In[", "'r4' (In[", "make 'made'"]),
    "output is a parameter": ("%%task r5 -> month\nmonth = 2", ["'month' is a parameter and an output"]),
    "replaces its input": ("%%task r6\nmade = made + 1", ["reads 'made' and makes it anew", "new_made"]),
    "exec": ("%%task r7\nexec('y = 1')", ["can't be known: exec() on line 2"]),
    "star import": ("%%task r8\nfrom math import *\ny8 = sin(1)", ["from math import * on line 2"]),
    "globals": ("%%task r9\ny9 = globals()['numbers']", ["globals() on line 2"]),
    "last result": ("%%task r10\ny10 = _", ["'_' (line 2) is a result of this session"]),
    "Out": ("%%task r11\ny11 = Out[1]", ["'Out' (line 2) is a result of this session"]),
    "empty": ("%%task", ["empty body", "below the %%task line"]),
    "empty but for a comment": ("%%task r12\n# nothing", ["'r12' has an empty body"]),
    "unclosed inputs": ("%%task r13(a\nb = a", ["are not closed properly", "%%task train(df, rate) -> model"]),
    "unknown option": ("%%task r14 --retry 2\nb = 1", ["no option '--retry'", "--retries"]),
    "bad option value": ("%%task r15 --retries many\nb = 1", ["--retries"]),
    "map of no input": (
        "%%task r16(numbers) -> b --map other\nb = numbers",
        ["--map names 'other'", "Inputs: numbers"],
    ),
    "syntax error": ("%%task r17 -> b\nfine = 1\nb = (1", ["Task 'r17'", "line 3", "never closed"]),
    "comment form": ("# %task r18 -> b\nb = nope", ["'nope' (line 2)"]),
    "unstated input": ("%%task r19() -> b\nb = made", ["'made' (line 2)", "State it: %%task r19(made)"]),
    "wrong default": ("%%params\nmonth: int = 'x'", ["parameter 'month' (int) can't be 'x'"]),
    "parameter that is an output": ("%%params\nmade: int = 2", ["'made' is a parameter and an output of task 'maker'"]),
}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kernels.LiveKernel]:
    folder = tmp_path_factory.mktemp("refusals")
    with kernels.kernel(folder, folder / "store") as live:
        live.run("%%params\nmonth: int = 1")
        live.run("numbers = [1, 2]\ndef half(x): return x / 2")
        live.run("%%task maker -> made\nmade = 1")
        live.run("from taskcell.api.kernels import sessions as _sessions")
        yield live


STATE = "[c.source for c in _sessions.current().cells if c.source != 'late'], sorted(_sessions.current().outcomes)"


@pytest.mark.parametrize("what", REFUSED)
def test_refusal_is_one_message_and_changes_nothing(kernel: kernels.LiveKernel, what: str) -> None:
    cell, words = REFUSED[what]
    before = kernel.value(STATE)
    ran = kernel.run(cell)
    assert ran.status == "error"
    assert ran.error == "DefinitionError", ran.traceback
    assert [word for word in words if word not in ran.traceback] == [], ran.traceback
    assert "taskcell/" not in ran.traceback
    assert "Traceback" not in ran.traceback
    assert ran.outputs == []
    assert kernel.value(STATE) == before


def test_change_in_place_is_refused_and_names_the_cell(kernel: kernels.LiveKernel) -> None:
    kernel.run("%%task\nimport pandas as pd\nframe = pd.DataFrame({'a': [3, 1]})")
    kernel.run("frame['b'] = 1")
    ran = kernel.run("%%task width(frame) -> width\nwidth = frame.shape[1]")
    assert ran.error == "DefinitionError"
    assert "changed behind its back by In[" in ran.traceback
    assert "(it changes frame in place)" in ran.traceback
    kernel.run("%%task\nimport pandas as pd\nframe = pd.DataFrame({'a': [3, 1]})")
    assert kernel.run("%%task width(frame) -> width\nwidth = frame.shape[1]").error == ""


def test_change_that_nobody_can_see_in_the_text_is_found_by_content(kernel: kernels.LiveKernel) -> None:
    kernel.run("%%task\nbasket = {'eggs': 1}")
    kernel.run("import sys\nvars(sys.modules['__main__'])['bas' + 'ket']['eggs'] = 0")
    ran = kernel.run("%%task eggs(basket) -> eggs\neggs = basket['eggs']")
    assert ran.error == "DefinitionError"
    assert "'basket', made by task 'basket', was changed behind its back" in ran.traceback


def test_parameter_of_another_value_counts_and_is_said_in_one_note(kernel: kernels.LiveKernel) -> None:
    kernel.run("%%params\nday: int = 1\nrate: float = 0.5")
    cell = "%%task scaled(day, rate) -> scaled\nscaled = day * rate"
    kernel.run(cell)
    kernel.run("day = 4\nrate = 2")
    ran = kernel.run(cell)
    assert "parameters have other values here: day = 4 (default 1), rate = 2.0 (default 0.5)" in ran.stdout
    assert kernel.value("scaled") == "8.0"
    kernel.run("day = 'four'")
    refused = kernel.run(cell)
    assert refused.error == "DefinitionError"
    assert "Parameter 'day' (int) can't be 'four'" in refused.traceback
    kernel.run("day, rate = 1, 0.5")
    assert "cached" in kernel.run(cell).report


def test_papermill_marks_the_refused_cell_and_stops(kernel: kernels.LiveKernel, tmp_path: Path) -> None:
    sources = ["%load_ext taskcell", "%%task broken\ny = nope", "print('never')"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, tmp_path / "in.ipynb")
    with kernels.quiet_environment(kernel), pytest.raises(papermill.PapermillExecutionError, match="'nope'"):
        papermill.execute_notebook(tmp_path / "in.ipynb", tmp_path / "out.ipynb", progress_bar=False, cwd=str(tmp_path))
    done = [
        cell for cell in nbformat.read(tmp_path / "out.ipynb", 4).cells if "papermill-error" not in str(cell.metadata)
    ]
    status = [cell.metadata.papermill.status for cell in done if cell.source in sources]
    assert status == ["completed", "failed", "pending"]
