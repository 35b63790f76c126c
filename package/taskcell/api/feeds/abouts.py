"""Who answers."""

from __future__ import annotations

import platform
from datetime import UTC, datetime

from taskcell.api import configuration
from taskcell.api.feeds import requests, results
from taskcell.api.feeds.contracts import SCHEMA, Context
from taskcell.backends import registry
from taskcell.model import addresses


def about(context: Context, params: requests.Nothing) -> results.About:
    """Answer ``about``."""
    settings = configuration.settings()
    return results.About(
        version=_version(),
        schema=SCHEMA,
        store=context.store.url,
        project=context.store.project,
        user=configuration.user(),
        backends=registry.names(),
        backend=settings.backend,
        trusted=configuration.trusted(context.store),
        python=platform.python_version(),
        shown_at=datetime.now(UTC),
        jupyterlab=addresses.lab_address(settings.jupyterlab or ""),
    )


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("taskcell")
    except metadata.PackageNotFoundError:
        return "unknown"  # run from a source tree that was not installed
