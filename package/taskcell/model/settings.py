"""Settings: one typed object. Reading them from files and the environment is done elsewhere."""

from __future__ import annotations

from typing import Any

import msgspec

from taskcell.model.tasks import Isolation


class KubernetesSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How the ``kubernetes`` backend runs drivers and tasks; a launch writes it into its plan.

    Each field ``name`` is read from the environment as ``TASKCELL_KUBERNETES_NAME`` and from
    ``[tool.taskcell.kubernetes]``.
    """

    namespace: str | None = None
    """Namespace of the runs; ``{project}`` in it stands for the project. None: that of the kubeconfig's context."""
    context: str | None = None
    """Context of the kubeconfig, for launching and watching. None: the current one."""
    image: str | None = None
    """Image of drivers, and of tasks that name none. It holds Python and Taskcell. None: each task names its own."""
    python: str = "python3"
    """Interpreter in the images."""
    service_account: str = "taskcell"
    """Service account of drivers. Workers have no token."""
    store_secret: str | None = None
    """Secret whose entries are environment variables of drivers and workers: the store's address and credentials."""
    cpu_cores: float = 0.25
    """Cores reserved for a task that states none, and for a driver. Unit: cores."""
    memory_bytes: int = 1 << 30
    """Memory reserved for, and the limit of, a task that states none, and a driver. Unit: bytes."""
    disk_bytes: int = 4 << 30
    """Scratch space of a task that states none. Unit: bytes."""
    share_pods: bool = True
    """Whether tasks of the same shape follow one another in a pod. False: each attempt has a pod of its own."""
    max_pods: int = 32
    """Workers of a run at once, unless the launch says. Unit: pods."""
    linger_s: float = 20.0
    """How long a worker without an order waits for one. Unit: seconds."""
    pending_limit_s: float = 300.0
    """How long a pod may wait for room, a secret or a quota before its task fails. Unit: seconds."""
    image_limit_s: float = 60.0
    """How long an image may be missing before its task fails. Unit: seconds."""
    ttl_s: int = 3600
    """How long finished Jobs stay. Unit: seconds."""
    pod: dict[str, Any] = {}
    """Part of a pod's ``spec``, merged into that of every worker: ``{nodeSelector: {disk: ssd}}``."""


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
    webhook: str | None = None
    """Who is told when a launched run fails, and when the next one of its kind succeeds again: a URL, or ``SECRET/KEY`` of
    the namespace on Kubernetes. None: nobody."""
    workflow: str | None = None
    """Name of the workflow. None: the notebook's file name."""
    jupyterlab: str | None = None
    """Address of a JupyterLab with the extension and the same store, base URL included: links lead there. None: that
    of the Jupyter server that started this kernel; where there is none, links have the form ``taskcell://``."""
    isolation: Isolation = Isolation.PROCESS
    """What separates task runs from each other: forked processes, or a kernel each."""
    kubernetes: KubernetesSettings = KubernetesSettings()
    """How the kubernetes backend runs."""
