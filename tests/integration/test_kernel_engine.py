"""The engine that gives each notebook a kernel of its own."""

from __future__ import annotations

from pathlib import Path

import nbformat

from taskcell.engine import notebooks
from taskcell.model.tasks import Isolation

_CELLS = 20
_CAPTURES = """
import ipywidgets
out = ipywidgets.Output()
with out:
    for number in range(100):
        print(number, flush=True)
"""


def test_messages_to_a_widget_never_hide_the_answer(tmp_path: Path) -> None:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(_CAPTURES) for _ in range(_CELLS)]
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    executed = notebooks.execute(
        made,
        scratch=tmp_path,
        parameters={},
        folder=tmp_path,
        timeout_s=20,
        environ={},
        listener=lambda text: None,
        isolation=Isolation.KERNEL,
    )
    assert executed.error is None
    took = [cell["metadata"]["papermill"]["duration"] for cell in executed.notebook["cells"]]
    assert max(took) < 15, "a cell waited for an answer that had come"
