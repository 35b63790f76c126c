"""Whether a notebook can be executed in a forked process here, and if not, why not."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from taskcell.backends.local import servers


def obstacle_of(notebook: Any, kernel_name: str | None) -> str:
    """Return why this notebook needs a kernel of its own; empty when it does not."""
    return servers.obstacle() or _other_kernel(notebook, kernel_name) or _start_up_files()


def _other_kernel(notebook: Any, kernel_name: str | None) -> str:
    spec = notebook.metadata.get("kernelspec", {})
    language = spec.get("language") or notebook.metadata.get("language_info", {}).get("name") or "python"
    if language.lower() != "python":
        return f"its language is {language}"
    return _foreign(kernel_name or spec.get("name") or "python3", os.environ.get("JUPYTER_PATH"))


@lru_cache(maxsize=64)
def _foreign(name: str, _path: str | None) -> str:
    """Return why a kernel is not this interpreter's own; looked up once, since that costs more than a small task."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        found = KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel:
        return f"there is no kernel {name} here"
    program, *rest = found.argv
    ours = {sys.executable, os.path.realpath(sys.executable), "python", "python3"}
    if program not in ours or rest[:2] != ["-m", "ipykernel_launcher"] or found.env:
        return f"the kernel {name} is not this interpreter's own"
    return ""


def ipython_folder() -> Path:
    """Return where IPython keeps the user's profiles."""
    return Path(os.environ.get("IPYTHONDIR") or "~/.ipython").expanduser()


def _start_up_files() -> str:
    """Return whether IPython would execute something of the user's own before the notebook."""
    profile = ipython_folder() / "profile_default"
    scripts = [*profile.glob("startup/*.py"), *profile.glob("startup/*.ipy"), *profile.glob("ipython*_config.py")]
    return f"IPython's profile has files of its own ({scripts[0].name})" if scripts else ""
