"""What many versions cost: 1,000 snapshots of a notebook of 50 cells, one small edit each.

``python -m tests.bench.storage`` prints the store's growth, the files and the times, beside the notebook's size. It
measures and asserts no time.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.bench import versioning

import taskcell

VERSIONS = 1000
PLOT_BYTES = 300_000


def with_plots(notebook: bytes) -> bytes:
    """Return the notebook with a large output in every tenth cell."""
    made = json.loads(notebook)
    noise = random.Random(0)
    for cell in made["cells"][::10]:
        data = {"image/png": noise.randbytes(PLOT_BYTES // 2).hex()}
        cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
    return json.dumps(made, indent=1).encode()


def edit(path: Path, number: int) -> None:
    """Change one line of one task, another one each time."""
    made = json.loads(path.read_bytes())
    cells: list[dict[str, Any]] = [cell for cell in made["cells"] if "".join(cell["source"]).startswith("%%task")]
    cell = cells[number * 7 % len(cells)]
    cell["source"] = "".join(cell["source"]).partition("\n_edit")[0] + f"\n_edit = {number}"
    path.write_text(json.dumps(made, indent=1))


def held(folder: Path) -> tuple[int, int]:
    """Return bytes and number of a store's files."""
    found = [path.stat().st_size for path in folder.rglob("*") if path.is_file() and ".leases" not in path.parts]
    return sum(found), len(found)


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    clock = time.perf_counter()
    call()
    return time.perf_counter() - clock


def report(name: str, notebook: bytes, count: int) -> Iterator[str]:
    """Yield lines on one notebook's history."""
    with tempfile.TemporaryDirectory(prefix="taskcell-bench-") as folder:
        path, store = Path(folder, "subject.ipynb"), Path(folder, "store")
        path.write_bytes(notebook)
        first = timed(lambda: taskcell.snapshot(path, store=str(store)))
        size, files = held(store)
        yield f"{name}: {len(notebook):,} bytes; the first version {size:,} bytes, {files} files, {first * 1e3:.0f} ms"
        taken = []
        for number in range(1, count):
            edit(path, number)
            taken.append(timed(lambda: taskcell.snapshot(path, store=str(store))))
        size_after, files_after = held(store)
        each = (size_after - size) / (count - 1)
        yield (
            f"  each of {count - 1} edits: {each:,.0f} bytes ({each / len(notebook):.1%} of the notebook), "
            f"{(files_after - files) / (count - 1):.1f} files, {statistics.median(taken) * 1e3:.0f} ms "
            f"(the last ten {statistics.median(taken[-10:]) * 1e3:.0f} ms)"
        )
        listing = [timed(lambda: taskcell.versions(store=str(store))) for _ in range(5)]
        yield f"  a listing of all {count}: {statistics.median(listing) * 1e3:.0f} ms"


def main(count: int) -> None:
    """Measure and print."""
    plain = versioning.fifty_tasks()
    for name, notebook in (("50 tasks", plain), ("50 tasks, with plots", with_plots(plain))):
        for line in report(name, notebook, count):
            print(line, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else VERSIONS)
