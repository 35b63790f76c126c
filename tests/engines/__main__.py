"""``python -m tests.engines [CASE …]``: execute the cases by both engines and print what differs."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from papermill.engines import papermill_engines
from tests.engines import cases, comparing

from taskcell.engine.warm import engines

papermill_engines.register(engines.NAME, engines.WarmEngine)
with tempfile.TemporaryDirectory() as place:
    for name in sys.argv[1:] or cases.CASES:
        made = comparing.notebook(cases.CASES[name])
        clock = time.perf_counter()
        warm = comparing.executed(made, comparing.WARM, Path(place, name, "warm"))
        between = time.perf_counter()
        stock = comparing.executed(made, None, Path(place, name, "stock"))
        print(f"== {name}: {between - clock:.2f} s against {time.perf_counter() - between:.2f} s", flush=True)
        for number, what, a, b in comparing.differences(stock, warm):
            print(f"  cell {number} {what}\n    stock {str(a)[:600]}\n    warm  {str(b)[:600]}", flush=True)
