"""Compare the analyser with CPython on every cell below some folders, and say where they differ.

Notebooks ship in source distributions (``pip download --no-binary :all: --no-deps seaborn``) and in Debian's
documentation packages (``apt-get download python-sklearn-doc``, then ``dpkg-deb -x``): unpack them into a
folder, and give it here. Nothing is downloaded.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.realcells import comparing, gathering


def main(folders: list[str]) -> int:
    if not folders:
        print("Give folders in which to look for notebooks: python -m tests.realcells FOLDER …", file=sys.stderr)
        return 2
    report = comparing.compare(gathering.cells_below(map(Path, folders)))
    for cell, differences in report.disagreements:
        print(f"{cell.file}, cell {cell.number}: {differences}\n{cell.source}\n")
    print(report)
    return 1 if report.disagreements or not report.counts["cells"] else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
