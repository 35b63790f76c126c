"""Settings: one typed object. Reading them from files and the environment is done elsewhere."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user can set, for a call, by environment variable or in a configuration file.

    Each field ``name`` is read from the environment as ``TASKCELL_NAME`` and from ``[tool.taskcell]``.
    """

    store: str | None = None
    """fsspec URL of the store. None: a folder in the user's data directory."""
    project: str = "default"
    """Tenant: prefix in the store and, on Kubernetes, the namespace."""
    user: str | None = None
    """Name written on versions and runs. None: the login name."""
    backend: str = "local"
    """Backend of a launch that names none."""
    max_workers: int | None = None
    """Tasks that the local backend runs at once. Unit: processes. None: the number of cores."""
    trusted_stores: tuple[str, ...] = ()
    """URLs (or URL prefixes) of stores whose pickles may be loaded. A folder that you own and that nobody else may
    write to is trusted without being named. Empty: no other store is trusted."""
    cache_budget_bytes: int | None = None
    """Size above which ``gc`` removes least recently made results. Unit: bytes. None: no limit."""
    workflow: str | None = None
    """Name of the workflow. None: the notebook's file name."""
