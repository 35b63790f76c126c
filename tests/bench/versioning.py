"""What a version costs: milliseconds and bytes, for the quickstart and for a notebook of 50 tasks.

``python -m tests.bench.versioning`` prints the tables of ``docs/versioning.md``. It measures and asserts no time.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import taskcell
from taskcell.model.versions import Version

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "01-quickstart.ipynb"
REPEATS = 7
EDITS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one snapshot cost: wall and processor time, and what the store grew by; and the number that it has."""

    what: str
    seconds: float
    processor_s: float
    size_bytes: int
    files: int
    number: int

    def row(self) -> str:
        """Return a row of a Markdown table."""
        size = f"{self.size_bytes:,} B" if self.size_bytes < 10_000 else f"{self.size_bytes / 1000:.1f} kB"
        times = f"{self.seconds * 1000:.0f} ms | {self.processor_s * 1000:.0f} ms"
        return f"| {self.what} | {times} | {size} | {self.files} | @{self.number} |"


class Subject:
    """One notebook, edited in a folder of its own, and a store that is empty at first."""

    def __init__(self, folder: Path, notebook: bytes) -> None:
        self.path = folder / "subject.ipynb"
        self.path.write_bytes(notebook)
        self.store = folder / "store"

    def cost(self, what: str) -> Cost:
        """Take a snapshot and return what it cost."""
        size, files = self._held()
        processor, clock = processor_s(), time.perf_counter()
        version = self.snapshot()
        seconds, processor = time.perf_counter() - clock, processor_s() - processor
        size_after, files_after = self._held()
        return Cost(
            what=what,
            seconds=seconds,
            processor_s=processor,
            size_bytes=size_after - size,
            files=files_after - files,
            number=version.number,
        )

    def snapshot(self) -> Version:
        """Take a snapshot of the notebook as it is."""
        return taskcell.snapshot(self.path, store=self.store.as_uri())

    def edit(self, change: Callable[[str], str]) -> None:
        """Change the text of the last task's cell."""
        notebook = json.loads(self.path.read_bytes())
        cell = [cell for cell in notebook["cells"] if "".join(cell["source"]).startswith("%%task")][-1]
        cell["source"] = change("".join(cell["source"]))
        self.path.write_text(json.dumps(notebook, indent=1))

    def _held(self) -> tuple[int, int]:
        found = [
            path.stat().st_size for path in self.store.rglob("*") if path.is_file() and ".leases" not in path.parts
        ]
        return sum(found), len(found)


def processor_s() -> float:
    """Return the processor time that this process and its children have used. Unit: seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def fifty_tasks() -> bytes:
    """Return a notebook of 50 tasks of ten lines, each of which reads the one before it and a helper."""
    sources = ["%load_ext taskcell\n%workflow fifty", "%%params\nrate: float = 0.1", "import math"]
    sources.append("def scaled(value, rate):\n    return math.tanh(value) * rate")
    for number in range(50):
        before = f"step_{number - 1}" if number else "rate"
        lines = [f"part_{line} = scaled({before} + {line}, rate)" for line in range(9)]
        total = " + ".join(f"part_{line}" for line in range(9))
        body = "\n".join([*lines, f"step_{number} = {total}"])
        sources.append(f"%%task step_{number}({before}{'' if number == 0 else ', rate'}) -> step_{number}\n{body}")
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        for n, source in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()


def costs(subject: Subject, packages: Path) -> list[Cost]:
    """Return the costs of one notebook's history."""
    found = [subject.cost("first version")]
    unchanged = [subject.cost("nothing changed") for _ in range(REPEATS)]
    found.append(sorted(unchanged, key=lambda cost: cost.seconds)[REPEATS // 2])
    subject.edit(lambda text: text + "\n# a remark")
    found.append(subject.cost("a comment added"))
    subject.edit(lambda text: text + "\n_edit = 0")
    found.append(subject.cost("one line edited"))
    install(packages)
    found.append(subject.cost("a package installed"))
    return found


def install(folder: Path) -> None:
    """Add a distribution to those that are installed, as metadata only."""
    number = len(list(folder.glob("*.dist-info")))
    metadata = folder / f"measured_{number}-1.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: measured-{number}\nVersion: 1.0\n")


def many(subject: Subject) -> Cost:
    """Return what a version costs over many one-line edits: median times, mean bytes."""
    found = []
    for number in range(EDITS):
        subject.edit(lambda text, number=number: text + f"\n_edit = {number + 1}")  # type: ignore[misc]
        found.append(subject.cost("edit"))
    return Cost(
        what=f"each of {EDITS} further edits",
        seconds=statistics.median(cost.seconds for cost in found),
        processor_s=statistics.median(cost.processor_s for cost in found),
        size_bytes=round(statistics.mean(cost.size_bytes for cost in found)),
        files=round(statistics.mean(cost.files for cost in found)),
        number=found[-1].number,
    )


def command(subject: Subject) -> tuple[float, float]:
    """Return median wall and processor time of ``taskcell snapshot`` as a process, with nothing changed."""
    words = ["snapshot", str(subject.path), "--store", subject.store.as_uri()]
    program = "import sys; from taskcell.cli import main; sys.exit(main())"
    times, processor = [], []
    for _ in range(3):
        used, clock = processor_s(), time.perf_counter()
        subprocess.run([sys.executable, "-c", program, *words], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - clock)
        processor.append(processor_s() - used)
    return statistics.median(times), statistics.median(processor)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as scratch:
        packages = Path(scratch) / "site-packages"
        packages.mkdir()
        sys.path.append(str(packages))
        for name, notebook in (("quickstart", QUICKSTART.read_bytes()), ("50 tasks", fifty_tasks())):
            folder = Path(scratch) / name.replace(" ", "-")
            folder.mkdir()
            subject = Subject(folder, notebook)
            print(f"\n{name}: {len(notebook) / 1000:.1f} kB of notebook\n")
            print("| change | time | processor | bytes | files | version |\n|---|---|---|---|---|---|")
            print("\n".join(cost.row() for cost in costs(subject, packages)))
            wall, processor = command(subject)
            print(many(subject).row())
            print(f"\n`taskcell snapshot` with nothing changed: {wall:.2f} s, {processor:.2f} s of processor time")


if __name__ == "__main__":
    main()
