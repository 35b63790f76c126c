"""`binder/` makes a session in which a link works: its steps are run in a fresh environment, as Binder runs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from tests.e2e import lab_world

pytestmark = [pytest.mark.e2e, pytest.mark.e2e_long, pytest.mark.timeout(1800)]


def test_steps_of_binder_make_a_session_in_which_a_link_works(tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("no Node is installed, which binder/environment.yml asks for")
    checkout = tmp_path / "checkout"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=lab_world.ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(lab_world.ROOT / name, checkout / name)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "environment")], check=True)
    binaries = tmp_path / "environment" / "bin"
    folders = {name: str(tmp_path / name.lower()) for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "JUPYTER_DATA_DIR")}
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("TASKCELL_", "PYTHON", "JPY_"))}
    env = {
        **kept,
        **folders,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(binaries.parent),
    }

    built = subprocess.run(
        [str(checkout / "binder" / "postBuild")], env=env, capture_output=True, text=True, check=False
    )

    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    listing = subprocess.run(
        [str(binaries / "taskcell"), "runs", "-n", "1", "--json"],
        env=env,
        cwd=checkout / "notebooks",
        capture_output=True,
        text=True,
        check=True,
    )
    run = json.loads(listing.stdout)["runs"][0]["id"]
    port = lab_world.free_port()
    options = [f"--ServerApp.port={port}", "--IdentityProvider.token=t", "--no-browser", "--allow-root"]
    session = subprocess.Popen([str(binaries / "jupyter"), "lab", *options], env=env, cwd=checkout)
    try:
        lab_world.wait_for(f"http://127.0.0.1:{port}/api/status?token=t")
        address = f"http://127.0.0.1:{port}/taskcell/api/runs/{run}/experiment?token=t"
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert json.load(answer)["run"] == run
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/lab?taskcell=run:{run}&token=t", timeout=60) as page:
            assert b"taskcell-lab" in page.read()
    finally:
        session.terminate()
        session.wait(30)
