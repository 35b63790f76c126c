"""Cells of the notebooks that are clicked through."""

from __future__ import annotations

LOAD = "%load_ext taskcell\n%workflow flow"
PARAMS = "%%params\nrate: float = 0.1   # of learning\nseconds: float = 0.0"
MAKE = "%%task make -> numbers --retries 1\nnumbers = [1, 2, 3]"
TRAIN = (
    "%%task train(numbers, rate, seconds) -> total\n"
    "import time\n"
    "for step in range(4):\n"
    "    print('step', step, flush=True)\n"
    "    time.sleep(seconds / 4)\n"
    "total = sum(numbers) * rate"
)
FLOW = (LOAD, PARAMS, MAKE, TRAIN)
