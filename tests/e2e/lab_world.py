"""A real JupyterLab with a store of its own, and a real browser in front of it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.integration import kernels

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "package"
LABEXTENSION = PACKAGE / "taskcell" / "labextension"
SHOTS = Path(os.environ.get("TASKCELL_SHOTS", ROOT / "build" / "screenshots"))
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TOKEN = "e2e-token"
START_S = 60


def missing_browser() -> str:
    """Return what is missing for tests in a browser, in words; empty when all is there."""
    if chromium() is None:
        return "no Chromium is installed: apt-get install chromium fonts-dejavu-core"
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed: make e2e installs it"
    return ""


def missing() -> str:
    """Return what is missing for a JupyterLab with the extension, in words; empty when all is there."""
    if importlib.util.find_spec("jupyterlab") is None:
        return "jupyterlab is not installed: make e2e installs it"
    if not (LABEXTENSION / "package.json").exists():
        return "the front-end is not built: make front"
    return ""


def chromium() -> str | None:
    """Return the browser that is installed; none is ever downloaded."""
    return next((found for name in CHROMIUMS if (found := shutil.which(name))), None)


class LabServer:
    """One server process. It can be stopped and started again at the same address with the same files."""

    def __init__(self, folder: Path, *, base_url: str = "/", **environ: str) -> None:
        self.folder = folder
        self.notebooks = folder / "notebooks"
        self.store = folder / "store"
        self.base_url = base_url
        self.port = free_port()
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None
        self._prepare()

    @property
    def address(self) -> str:
        """Address without a slash at its end."""
        return f"http://127.0.0.1:{self.port}{self.base_url.rstrip('/')}"

    def page(self, path: str = "lab", query: str = "") -> str:
        """Return the address of a page, signed in."""
        return f"{self.address}/{path}?token={TOKEN}{f'&{query}' if query else ''}"

    def start(self) -> LabServer:
        """Start, and return when it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self._command(), env=self._environment(), stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"JupyterLab did not start:\n{self.log()}")
            try:
                self.get("api/status")
            except OSError:
                time.sleep(0.2)
            else:
                return self
        raise TimeoutError(f"JupyterLab did not answer in {START_S} s:\n{self.log()}")

    def stop(self) -> None:
        """Stop it and its kernels."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def log(self) -> str:
        """Return the last of what it said."""
        return (self.folder / "server.log").read_text(errors="replace")[-4000:]

    def get(self, path: str) -> Any:
        """Ask with the token; return JSON."""
        asked = urllib.request.Request(f"{self.address}/{path}", headers={"Authorization": f"token {TOKEN}"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.loads(answer.read())

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook with these cells; return its name."""
        content = {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{number}",
                    "metadata": {},
                    "execution_count": None,
                    "outputs": [],
                    "source": source,
                }
                for number, source in enumerate(cells)
            ],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.notebooks / name).write_text(json.dumps(content))
        return name

    def saved(self, name: str) -> Any:
        """Return a notebook as it is on disk."""
        return json.loads((self.notebooks / name).read_text())

    def _prepare(self) -> None:
        for path in (self.notebooks, self.folder / "extensions", self.folder / "config" / "jupyter_server_config.d"):
            path.mkdir(parents=True, exist_ok=True)
        (self.folder / "extensions" / "taskcell-lab").symlink_to(LABEXTENSION, target_is_directory=True)
        settings = {
            "@jupyterlab/apputils-extension": {"notification.jupyterlab-settings": {"fetchNews": "false"}},
            "@jupyterlab/notebook-extension": {"tracker.jupyterlab-settings": {"windowingMode": "none"}},
        }
        for package, files in settings.items():
            for name, content in files.items():
                path = self.folder / "settings" / package / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(content))

    def _command(self) -> list[str]:
        options = {
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.base_url": self.base_url,
            "IdentityProvider.token": TOKEN,
            "ServerApp.root_dir": self.notebooks,
            "ServerApp.jpserver_extensions": '{"taskcell.server": True, "jupyterlab": True}',
            "LabApp.expose_app_in_browser": True,
            "LabApp.user_settings_dir": self.folder / "settings",
            "LabApp.workspaces_dir": self.folder / "workspaces",
            "LabApp.news_url": None,
            "LabServerApp.extra_labextensions_path": self.folder / "extensions",
        }
        listed = [f"--{name}={value}" for name, value in options.items()]
        return [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *listed]

    def _environment(self) -> dict[str, str]:
        env = kernels.environment(self.store)
        folders = {
            name: str(self.folder / name.lower())
            for name in (
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_DATA_DIR",
                "JUPYTER_RUNTIME_DIR",
                "IPYTHONDIR",
                "XDG_CACHE_HOME",
            )
        }
        return env | folders | self._environ


def wait_for(address: str, timeout_s: float = START_S) -> None:
    """Wait until an address answers."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def server(folder: Path, **options: str) -> Iterator[LabServer]:
    """Run a server for as long as the block; a test is skipped where there can be none."""
    if missing():
        pytest.skip(missing())
    made = LabServer(folder, **options)
    try:
        yield made.start()
    finally:
        made.stop()
