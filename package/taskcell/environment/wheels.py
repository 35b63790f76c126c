"""Pack an installed pure-Python distribution as a wheel again, so that the same one can be installed elsewhere (PEP 427)."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import io
import zipfile
from pathlib import Path

from taskcell import errors

_EPOCH = (1980, 1, 1, 0, 0, 0)
_WHEEL = "Wheel-Version: 1.0\nGenerator: taskcell\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_METADATA = ("METADATA", "entry_points.txt")


def pack(name: str, package: Path) -> tuple[str, bytes]:
    """Return the file name and bytes of a wheel; the same files give the same bytes.

    Parameters
    ----------
    name : str
        The distribution, for its metadata.
    package : path
        The folder of its one package: an installed one, or a source tree that is installed for editing.

    Raises
    ------
    NotFoundError
        When the distribution is not installed.
    """
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError as exc:
        raise errors.NotFoundError(f"{name} is not installed, only imported.", remedy=f"pip install {name}") from exc
    stem = f"{name.replace('-', '_')}-{found.version}"
    files = {
        f"{package.name}/{file.relative_to(package).as_posix()}": file.read_bytes()
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    info = f"{stem}.dist-info"
    files |= {f"{info}/{part}": text.encode() for part in _METADATA if (text := found.read_text(part))}
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    return f"{stem}-py3-none-any.whl", _zipped(files, f"{info}/RECORD")


def _zipped(files: dict[str, bytes], record: str) -> bytes:
    lines = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in sorted(files.items())]
    whole = {**dict(sorted(files.items())), record: "\n".join([*lines, f"{record},,", ""]).encode()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in whole.items():
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
