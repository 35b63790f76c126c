from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from taskcell import environment, errors
from taskcell.environment import capturing, distributions, rebuilding
from taskcell.model.versions import Environment

SMALL = ("idna", "iniconfig", "pluggy", "taskcell")


def small(names: tuple[str, ...] = SMALL) -> tuple[Environment, str]:
    """Return a part of this environment, and its lock."""
    found = distributions.installed(distributions.site_folders())
    part = capturing.describe((name, found[name].version) for name in names)
    return part, environment.lock_toml(part)


def pretended(*packages: tuple[str, str]) -> tuple[Environment, str]:
    """Return an environment and lock of packages that are not installed here."""
    part = capturing.describe(packages)
    lines = ['lock-version = "1.0"', 'created-by = "test"']
    for name, version in packages:
        lines += ["[[packages]]", f'name = "{name}"', f'version = "{version}"']
    return part, "\n".join(lines)


def run(interpreter: Path, code: str) -> str:
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run([interpreter, "-c", code], env=environ, capture_output=True, text=True, check=True, cwd="/")
    return done.stdout.strip()


def test_rebuilt_environment_is_the_recorded_one_and_is_reused(tmp_path: Path) -> None:
    part, lock = small()
    said: list[str] = []
    interpreter = environment.rebuild(lock, part, folder=tmp_path, progress=said.append)
    listed = "from importlib.metadata import distributions as d; print(sorted((x.name, x.version) for x in d()))"
    assert run(interpreter, listed) == str(list(part.distributions))
    assert run(interpreter, "import sys; print(sys.version.split()[0])") == part.python
    assert not any("other files" in line for line in said)
    assert any("ready" in line for line in said)
    assert interpreter.parents[1].name.startswith(part.digest[:32])

    said.clear()
    started = time.monotonic()
    assert environment.rebuild(lock, part, folder=tmp_path, progress=said.append) == interpreter
    assert (said, time.monotonic() - started < 1) == ([], True)


def test_running_taskcell_is_the_one_that_is_rebuilt(tmp_path: Path) -> None:
    part, lock = small(("taskcell",))
    interpreter = environment.rebuild(lock, part, folder=tmp_path)
    site = next(interpreter.parents[1].glob("lib/*/site-packages"))
    source = Path(rebuilding.__file__).resolve().parents[2]
    assert (site / "taskcell.pth").read_text() == f"{source}\n"
    assert run(interpreter, "import importlib.metadata as m; print(m.version('taskcell'))") == part.distributions[0][1]


def test_damaged_folder_is_built_again(tmp_path: Path) -> None:
    part, lock = small(("idna",))
    interpreter = environment.rebuild(lock, part, folder=tmp_path)
    interpreter.unlink()
    assert run(environment.rebuild(lock, part, folder=tmp_path), "import idna; print(1)") == "1"


def test_builder_killed_in_the_middle_leaves_nothing_that_counts(tmp_path: Path) -> None:
    part, lock = small(("idna", "iniconfig"))
    (tmp_path / "lock").write_text(lock)
    code = (
        "import sys, os, signal, pathlib\n"
        "from taskcell import environment\n"
        "from taskcell.environment import capturing\n"
        "lock, folder, *names = sys.argv[1:]\n"
        "def say(line):\n"
        "    if line.startswith('Installed'):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "part = capturing.describe(tuple(name.split('==')) for name in names)\n"
        "text, folder = pathlib.Path(lock).read_text(), pathlib.Path(folder)\n"
        "environment.rebuild(text, part, folder=folder, progress=say)\n"
    )
    folder = tmp_path / "environments"
    words = [f"{name}=={version}" for name, version in part.distributions]
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "lock"), str(folder), *words], check=False)
    assert done.returncode == -signal.SIGKILL
    left = [path.name for path in folder.iterdir() if path.is_dir()]
    assert [name.startswith(".building-") for name in left] == [True]

    interpreter = environment.rebuild(lock, part, folder=folder)
    assert [path for path in folder.iterdir() if path.is_dir()] == [interpreter.parents[1]]
    assert run(interpreter, "import idna, iniconfig; print(1)") == "1"


def test_two_builders_of_one_environment_build_once(tmp_path: Path) -> None:
    part, lock = small(("idna", "pluggy"))
    (tmp_path / "lock").write_text(lock)
    code = (
        "import sys, pathlib\n"
        "from taskcell import environment\n"
        "from taskcell.environment import capturing\n"
        "lock, folder, *names = sys.argv[1:]\n"
        "part = capturing.describe(tuple(name.split('==')) for name in names)\n"
        "said = []\n"
        "text, folder = pathlib.Path(lock).read_text(), pathlib.Path(folder)\n"
        "environment.rebuild(text, part, folder=folder, progress=said.append)\n"
        "print(any('ready' in line for line in said))\n"
    )
    words = [f"{name}=={version}" for name, version in part.distributions]
    command = [sys.executable, "-c", code, str(tmp_path / "lock"), str(tmp_path / "environments"), *words]
    builders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = sorted(builder.communicate()[0].strip() for builder in builders)
    assert answers == ["False", "True"]


def test_all_packages_that_cannot_be_had_are_named(tmp_path: Path) -> None:
    part, lock = pretended(("idna", "0.0.0.1"), ("iniconfig", "0.0.0.2"), ("pluggy", "1.5.0"))
    with pytest.raises(errors.BackendError) as caught:
        environment.rebuild(lock, part, folder=tmp_path)
    assert "idna" in caught.value.message
    assert "iniconfig" in caught.value.message
    assert "pluggy" not in caught.value.message
    assert caught.value.retry_after_s is None
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_tools_that_cannot_be_had_are_left_out(tmp_path: Path) -> None:
    part, lock = pretended(("idna", "3.10"), ("pip", "0.0.0.1"), ("pkg-resources", "0.0.0"))
    said: list[str] = []
    interpreter = environment.rebuild(lock, part, folder=tmp_path, progress=said.append)
    assert sum("left out" in line for line in said) == 2
    assert run(interpreter, "import idna; print(idna.__version__)") == "3.10"


def test_other_files_than_recorded_are_reported(tmp_path: Path) -> None:
    found = distributions.installed(distributions.site_folders())["idna"]
    part, lock = small(("idna",))
    said: list[str] = []
    other = lock.replace(distributions.record_digest(found), "0" * 64)
    interpreter = environment.rebuild(other, part, folder=tmp_path, progress=said.append)
    assert "the same version but other files than recorded: idna" in said
    assert json.loads((interpreter.parents[1] / rebuilding.MARKER).read_text())["other_files"] == ["idna"]


def test_index_out_of_reach_is_a_temporary_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    part, lock = pretended(("idna", "3.10"))
    with pytest.raises(errors.BackendError, match="can't be rebuilt") as caught:
        environment.rebuild(lock, part, folder=tmp_path / "environments")
    assert caught.value.retry_after_s == 30.0


def test_another_platform_is_refused(tmp_path: Path) -> None:
    part = capturing.describe([], platform_name="plan9-mips")
    with pytest.raises(errors.BackendError, match="recorded on plan9-mips"):
        environment.rebuild('lock-version = "1.0"\npackages = []', part, folder=tmp_path)


def test_lock_of_another_environment_is_refused(tmp_path: Path) -> None:
    _, lock = small(("idna",))
    with pytest.raises(errors.FormatError, match="another environment"):
        environment.rebuild(lock, capturing.describe([]), folder=tmp_path)


def test_missing_uv_is_said_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    part, lock = small(("idna",))
    with pytest.raises(errors.BackendError) as caught:
        environment.rebuild(lock, part, folder=tmp_path)
    assert "pip install taskcell[locked]" in caught.value.remedy
