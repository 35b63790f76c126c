"""The git commit at which a folder stands. Git is asked as a program; without it there is no answer."""

from __future__ import annotations

import os
from pathlib import Path

from taskcell.model.versions import GitState

TIMEOUT_S = 3.0
"""Longest wait for git. A work tree on a slow network drive must not hold up a snapshot. Unit: seconds."""


def git_state(folder: str | Path, *, timeout_s: float = TIMEOUT_S) -> GitState | None:
    """Return commit, branch and whether the work tree differs from the commit (untracked files count).

    None when git is not installed, the folder is in no repository, or nothing was ever committed. When
    comparing the work tree takes too long it counts as dirty: it is not known to be clean.
    """
    listing = _git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=normal", timeout_s=timeout_s)
    if listing is not None:
        return _parsed(listing)
    commit = _git(folder, "rev-parse", "--verify", "HEAD", timeout_s=timeout_s)
    if commit is None:
        return None
    branch = _git(folder, "symbolic-ref", "--short", "--quiet", "HEAD", timeout_s=timeout_s) or ""
    return GitState(commit=commit.strip(), dirty=True, branch=branch.strip())


def _parsed(listing: str) -> GitState | None:
    facts: dict[str, str] = {}
    dirty = False
    for line in listing.splitlines():
        if line.startswith("# "):
            key, _, value = line[2:].partition(" ")
            facts[key] = value
        elif line:
            dirty = True
    commit, branch = facts.get("branch.oid", ""), facts.get("branch.head", "")
    if not commit or commit == "(initial)":
        return None
    return GitState(commit=commit, dirty=dirty, branch="" if branch == "(detached)" else branch)


def _git(folder: str | Path, *words: str, timeout_s: float) -> str | None:
    import subprocess

    # GIT_DIR and its like would override the folder; no lock is taken, no monitor is started.
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environ |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *words]
    try:
        done = subprocess.run(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
