"""Images: write what an image of a version is built from, and build it where a builder is found."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taskcell import errors
from taskcell.api import configuration
from taskcell.api.versions import versions
from taskcell.environment import read_lock, requirements, wheels
from taskcell.environment.requirements import FOLDERS, Requirements
from taskcell.hashing import digest_parts
from taskcell.model.versions import Version

BUILDERS = ("docker", "podman", "buildah", "nerdctl")
USER_ID = 1000
LOOK_S = 20.0
_BASE = re.compile(r"[a-z0-9][\w.:/-]*(@sha256:[0-9a-f]{64})?")
_NAME = re.compile(r"[a-z0-9][a-z0-9._:/-]*(:[\w.-]{1,128})?")
_NOT_COPIED = shutil.ignore_patterns(".git", "__pycache__", ".venv", "*.pyc", ".env", "node_modules")


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """An image's definition that was written, and what is to be known about it. ``built`` is the image's id, once there."""

    folder: Path
    name: str
    notes: tuple[str, ...]
    built: str = ""

    def to_text(self, width: int = 100) -> str:
        """Say what was written and how it is used."""
        lines = [f"Written: {self.folder / 'Containerfile'}", *(f"  ! {note}" for note in self.notes)]
        if self.built:
            lines.append(f"Built: {self.name}, {self.built}")
            lines.append(f"  push it, then set TASKCELL_KUBERNETES_IMAGE to {self.name}@sha256:… as the push says")
        else:
            lines.append(f"  build: docker build -t {self.name} -f {self.folder / 'Containerfile'} {self.folder}")
            lines.append("  then push it, and set TASKCELL_KUBERNETES_IMAGE to its name and digest")
        return "\n".join(lines)

    def to_data(self) -> dict[str, Any]:
        """Return it in JSON form."""
        return {"folder": str(self.folder), "name": self.name, "notes": list(self.notes), "built": self.built}


def image(
    ref: str,
    *,
    base: str | None = None,
    output: str | Path | None = None,
    name: str | None = None,
    build: bool = False,
    store: str | None = None,
    project: str | None = None,
) -> Definition:
    """Write the definition of an image that holds a version's environment and this Taskcell.

    Parameters
    ----------
    ref : str
        The version: ``churn@3``, ``churn:prod``.
    base : str, optional
        Image to start from, best with a digest. None: ``python`` in the version's own release.
    output : path, optional
        Folder to write. None: ``churn-3-image`` in the current one.
    name : str, optional
        Name of the image. None: ``churn:3``.
    build : bool
        Whether to build it.

    Raises
    ------
    InvalidInputError
        For a base or a name that is none.
    AlreadyExistsError
        When the folder exists and is not empty.
    BackendError
        When no builder works here, or the build fails.
    """
    where = configuration.store(store=store, project=project)
    version = versions.find(where, ref)
    lock_text = bytes(where.blobs.get(version.lock)).decode()
    lock = read_lock(lock_text)
    base = _checked(base or f"docker.io/library/python:{lock.python}-slim", _BASE, "base")
    name = _checked(name or _default_name(version), _NAME, "name")
    builder = _builder() if build else ""
    wanted = requirements.of_lock(lock.packages, leave_out="taskcell")
    folder = _empty_folder(Path(output) if output else Path(f"{_stem(version)}-image"))
    wheel, data = wheels.pack("taskcell", Path(errors.__file__).parent)
    for file, content in {
        "Containerfile": _containerfile(version, base, wheel, wanted).encode(),
        "requirements.txt": "".join(f"{line}\n" for line in wanted.lines).encode(),
        "pylock.toml": lock_text.encode(),
        wheel: data,
    }.items():
        (folder / file).write_bytes(content)
    for package, source in wanted.folders:
        shutil.copytree(source, folder / FOLDERS / package, ignore=_NOT_COPIED)
    notes = list(wanted.missing)
    if "@sha256:" not in base:
        notes.append(f"the base {base} has no digest, so it can change: name it as …@sha256:… with --base")
    built = _built(builder, folder, name) if builder else ""
    return Definition(folder=folder, name=name, notes=tuple(notes), built=built)


def _containerfile(version: Version, base: str, wheel: str, wanted: Requirements) -> str:
    """Return the definition: what changes least comes first, so that a rebuild is quick."""
    lines = [
        f"# {version.ref}, digest {version.digest}: its environment as pylock.toml has it, and Taskcell.",
        f"FROM {base}",
        "ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1",
        "COPY requirements.txt /opt/taskcell/",
        # The lock names everything that was installed: nothing is to be resolved anew.
        "RUN python3 -m pip install --no-deps -r /opt/taskcell/requirements.txt",
    ]
    if wanted.folders:
        lines += [f"COPY {FOLDERS} /opt/taskcell/{FOLDERS}"]
        lines += [f"RUN python3 -m pip install --no-deps /opt/taskcell/{FOLDERS}/{name}" for name, _ in wanted.folders]
    return "\n".join(
        [
            *lines,
            f"COPY {wheel} /opt/taskcell/",
            f'RUN python3 -m pip install "/opt/taskcell/{wheel}[kubernetes,s3]"',
            f"LABEL taskcell.version={version.ref} taskcell.digest={version.digest}",
            "# A number, so that a cluster can tell that it isn't root.",
            f"USER {USER_ID}:{USER_ID}",
            "WORKDIR /tmp",
            'ENTRYPOINT []\nCMD ["python3", "-m", "taskcell", "--help"]',
            "",
        ]
    )


def _checked(text: str, pattern: re.Pattern[str], what: str) -> str:
    if not pattern.fullmatch(text):
        raise errors.InvalidInputError(
            f"{text[:80]!r} is not an image's name.", remedy=f"Write for example --{what} registry.example/team/churn:3"
        )
    return text


def _stem(version: Version) -> str:
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', version.workflow).strip('-.') or 'workflow'}-{version.number}"


def _default_name(version: Version) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", version.workflow.lower()).strip("-")
    return f"{plain or digest_parts('image', [version.workflow.encode()])[:12]}:{version.number}"


def _empty_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as exc:
        raise errors.StoreError(
            f"{folder} can't be written: {exc.strerror}.", remedy="Choose another --output."
        ) from exc
    if taken:
        raise errors.AlreadyExistsError(f"{folder} is not empty.", remedy="Choose another --output, or remove it.")
    return folder


def _builder() -> str:
    """Return a builder that works; raise BackendError that says what is missing."""
    found = [name for name in BUILDERS if shutil.which(name)]
    for name in found:
        try:
            said = subprocess.run([name, "info"], capture_output=True, timeout=LOOK_S, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if said.returncode == 0:
            return name
    why = (
        f"{', '.join(found)} is installed but does not work (is its daemon running?)" if found else "none is installed"
    )
    raise errors.BackendError(
        f"No builder of images was found here: {why}.",
        remedy=f"Leave --build out and build the folder where there is one of {', '.join(BUILDERS)}.",
    )


def _built(builder: str, folder: Path, name: str) -> str:
    """Build, showing the builder's own words; return the image's id."""
    command = [builder, "build", "-t", name, "-f", str(folder / "Containerfile"), str(folder)]
    if subprocess.run(command, check=False).returncode:
        raise errors.BackendError(
            f"{builder} could not build {name}: see above.", remedy=f"Correct it and build again: {' '.join(command)}"
        )
    inspect = [builder, "inspect", "--type", "image", "--format", "{{.Id}}", name]
    if builder == "buildah":
        inspect = [builder, "inspect", "--type", "image", "--format", "{{.FromImageID}}", name]
    return subprocess.run(inspect, capture_output=True, text=True, check=False).stdout.strip() or "with an unknown id"
