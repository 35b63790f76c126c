"""Make the image that the end-to-end tests run: Debian, its Python, this environment's packages, and Taskcell.

No registry is needed: a root file system becomes an archive that containerd imports. There are two layers, so that an
edit of the package costs seconds: one of everything that the lock names, kept by the lock's digest, and one of the package.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
NAME = "localhost/taskcell-e2e"
DEBIAN_PACKAGES = "python3,libgomp1"
EXTRAS = ("s3", "kubernetes")
GROUPS = ("demo",)
_NO_TIME = 0


def ensure(cluster_home: Path) -> str:
    """Return the name of an image of the package as it is now, made and imported unless it is there."""
    locked = "\n".join(_locked())
    lock = _digest(_codename(), DEBIAN_PACKAGES, locked)
    name = f"{NAME}:{_digest(lock, *_sources())}"
    if name in _ctr(cluster_home, "images", "ls", "-q").split():
        return name
    kept = cluster_home / "images"
    kept.mkdir(parents=True, exist_ok=True)
    base = kept / f"packages-{lock}.tar"
    if not base.exists():
        _make_base(base, locked)
    with tempfile.TemporaryDirectory(dir=kept) as work:
        layer = Path(work, "package.tar")
        _make_package(layer, Path(work, "tree"), base)
        archive = Path(work, "image.tar")
        _write_archive(archive, name, (base, layer))
        _ctr(cluster_home, "images", "import", str(archive))
    return name


def _locked() -> list[str]:
    """Return the requirements of the image, each at the version that is installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"].get("optional-dependencies", {})
    wanted = list(project["project"]["dependencies"])
    wanted += [line for extra in EXTRAS for line in extras.get(extra, ())]
    wanted += [line for group in GROUPS for line in project["dependency-groups"][group]]
    found: dict[str, str] = {}
    open_ = [Requirement(line) for line in wanted]
    while open_:
        requirement = open_.pop()
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras)):
            continue
        try:
            distribution = importlib.metadata.distribution(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            continue
        name = distribution.metadata["Name"].lower()
        if name not in found:
            found[name] = distribution.version
            for line in distribution.requires or ():
                inner = Requirement(line)
                if not inner.marker or any(
                    inner.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras)
                ):
                    inner.marker = None
                    open_.append(inner)
    return sorted(f"{name}=={version}" for name, version in found.items())


def _make_base(target: Path, locked: str) -> None:
    """Write a tar of Debian with its Python and all packages, compiled so that pods need not."""
    mirror = _output("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages").split()[0]
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        root = Path(work, "root")
        debian = Path(work, "debian.tar")
        _run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={DEBIAN_PACKAGES}", _codename(), debian, mirror)
        root.mkdir()
        _run("tar", "-xf", debian, "-C", root, "--exclude=./dev/*")
        for folder in ("usr/share/doc", "usr/share/locale", "usr/share/man"):
            shutil.rmtree(root / folder, ignore_errors=True)
        lock = Path(work, "lock.txt")
        lock.write_text(locked, encoding="utf-8")
        _install(root, "--no-deps", "-r", str(lock))
        _compile(root)
        part = target.with_suffix(".part")
        _run("tar", "-cf", part, "-C", root, "--numeric-owner", ".")
        part.rename(target)


def _make_package(target: Path, root: Path, base: Path) -> None:
    """Write a tar of Taskcell alone, laid out as in the image."""
    (root / "usr/lib" / _python_of(base)).mkdir(parents=True)
    _install(root, "--no-deps", str(ROOT))
    packages = root / "usr/local"
    source = hashlib.sha256()
    for file in sorted(packages.rglob("*.py")):
        source.update(file.read_bytes())
        os.utime(file, (_NO_TIME, _NO_TIME))
    _run(sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", packages)
    _run("tar", "-cf", target, "-C", root, "--numeric-owner", "--owner=0", "--group=0", "./usr/local")


def _python_of(base: Path) -> str:
    with tarfile.open(base) as archive:
        for member in archive:
            parts = Path(member.name).parts
            if len(parts) > 2 and parts[:2] == ("usr", "lib") and parts[2].startswith("python3."):
                return parts[2]
    raise RuntimeError(f"{base} holds no Python.")


def _install(root: Path, *arguments: str) -> None:
    python = next((root / "usr/lib").glob("python3.*")).name
    target = root / "usr/local/lib" / python / "dist-packages"
    version = python.removeprefix("python")
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    _run(uv, "pip", "install", "--quiet", "--target", target, "--python-version", version, *arguments)


def _compile(root: Path) -> None:
    packages = next((root / "usr/local/lib").glob("python3.*/dist-packages"))
    inside = f"/{packages.relative_to(root)}"
    # Some packages ship templates that are not Python; what can't be compiled is not imported either.
    command = ["chroot", root, "python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*map(str, command), inside], check=False, stdout=subprocess.DEVNULL)


def _write_archive(target: Path, name: str, layers: tuple[Path, ...]) -> None:
    """Write a Docker-format archive of several layers (the cluster's own tool writes one)."""
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_file_digest(layer)}" for layer in layers]},
        "history": [{"created_by": f"taskcell e2e {layer.name}"} for layer in layers],
    }
    config_bytes = json.dumps(config, sort_keys=True).encode()
    config_name = f"{hashlib.sha256(config_bytes).hexdigest()}.json"
    names = [f"{number}/layer.tar" for number, _ in enumerate(layers)]
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": names}]
    with tarfile.open(target, "w") as archive:
        for layer, inside in zip(layers, names, strict=True):
            archive.add(layer, arcname=inside)
        for inside, data in ((config_name, config_bytes), ("manifest.json", json.dumps(manifest).encode())):
            info = tarfile.TarInfo(inside)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sources() -> list[str]:
    files = [ROOT / "pyproject.toml", *sorted((ROOT / "package").rglob("*.py"))]
    return [
        hashlib.sha256(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes()).hexdigest() for file in files
    ]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _codename() -> str:
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("VERSION_CODENAME="))


def _ctr(cluster_home: Path, *arguments: str) -> str:
    return _output("ctr", "-a", str(cluster_home / "run/containerd.sock"), "-n", "k8s.io", *arguments)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _run(*command: object) -> None:
    said = subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True)
    if said.returncode:
        raise RuntimeError(f"{command[0]} failed: {said.stderr[-2000:]}")


if __name__ == "__main__":
    print(ensure(Path(os.environ.get("CLUSTER_HOME", "/var/tmp/test-cluster"))))
