"""The warm engine records what papermill's own engine records, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from papermill.engines import papermill_engines
from tests.engines import cases, comparing

from taskcell.engine.warm import engines, task_servers

papermill_engines.register(engines.NAME, engines.WarmEngine)
pytestmark = pytest.mark.filterwarnings("default")  # stock papermill's own


@pytest.fixture(autouse=True, scope="module")
def _servers() -> Iterator[None]:
    yield
    task_servers.SERVERS.close()


@pytest.mark.parametrize(
    "name", [name if name in cases.SMALL else pytest.param(name, marks=pytest.mark.slow) for name in cases.CASES]
)
def test_both_engines_record_the_same(name: str, tmp_path: Path) -> None:
    case = cases.CASES[name]
    made = comparing.notebook(case)
    warm = comparing.executed(made, comparing.WARM, tmp_path / "warm")
    stock = comparing.executed(made, None, tmp_path / "stock")
    found = {number: what for number, *what in comparing.differences(stock, warm)}
    assert {number: what for number, what in found.items() if number not in case.apart} == {}
    assert sorted(found) == sorted(case.apart), "a difference that was expected is gone"


def test_warm_engine_was_the_one_that_ran(tmp_path: Path) -> None:
    source = "import sys; print('taskcell.kernel.serving' in sys.modules)"
    made = comparing.notebook(cases.Case((cases.Cell(source),)))
    assert comparing.executed(made, comparing.WARM, tmp_path).cells[0].outputs[0].text == "True\n"
