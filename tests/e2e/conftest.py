"""A cluster, an S3 server that its pods reach, and an image; a JupyterLab and a browser: made once, left as they were found."""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import seaweed
from tests.e2e import clusters, images, lab_pages, lab_world
from tests.e2e.kube_world import KubeWorld


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what needs the cluster last: from its start to the session's end its processes take part of each core."""
    items.sort(key=lambda item: "kubeconfig" in getattr(item, "fixturenames", ()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say what stood on the pages when a test failed."""
    report = yield
    browser = getattr(item, "funcargs", {}).get("browser")
    if report.when == "call" and report.failed and browser is not None:
        report.sections += [("what stood on the page", text) for text in lab_pages.standing(browser, item.name)]
    return report


@pytest.fixture(scope="session")
def kubeconfig() -> Iterator[Path]:
    reason = clusters.missing()
    if reason:
        pytest.skip(reason)
    was_up = clusters.is_up()
    yield clusters.up()
    if not was_up:
        clusters.down()


@pytest.fixture(scope="session")
def image(kubeconfig: Path) -> str:
    return images.ensure(clusters.HOME)


@pytest.fixture(scope="session")
def bucket_server(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[seaweed.Seaweed]:
    with seaweed.running(tmp_path_factory.mktemp("seaweed"), clusters.NODE_ADDRESS) as server:
        yield server


TTL_S = 20


@pytest.fixture(scope="session")
def left(kubeconfig: Path) -> Iterator[dict[str, clusters.Namespace]]:
    """Collect namespaces by test; at the very end nothing of ours may be left in any."""
    found: dict[str, clusters.Namespace] = {}
    yield found
    deadline = time.monotonic() + TTL_S + 60
    while (rest := {test: names for test, place in found.items() if (names := place.leftovers())}) and (
        time.monotonic() < deadline
    ):
        time.sleep(1)
    for place in found.values():
        place.delete()
    assert not rest


@pytest.fixture
def kube(
    kubeconfig: Path,
    image: str,
    bucket_server: seaweed.Seaweed,
    left: dict[str, clusters.Namespace],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> KubeWorld:
    """A namespace, a store and a notebook's folder of this test's own; settings by environment, as a user has them."""
    namespace = clusters.Namespace(f"e2e-{uuid.uuid4().hex[:8]}")
    environ = bucket_server.environ()
    namespace.create(environ)
    settings = {
        "KUBECONFIG": str(kubeconfig),
        "XDG_CACHE_HOME": str(tmp_path / "user-cache"),
        "TASKCELL_STORE": f"s3://cache/{uuid.uuid4().hex}",
        "TASKCELL_TRUSTED_STORES": "s3://cache",
        "TASKCELL_KUBERNETES_NAMESPACE": namespace.name,
        "TASKCELL_KUBERNETES_IMAGE": image,
        "TASKCELL_KUBERNETES_STORE_SECRET": "taskcell-store",
        "TASKCELL_KUBERNETES_MEMORY_BYTES": str(512 << 20),
        "TASKCELL_KUBERNETES_TTL_S": str(TTL_S),
    }
    for name, value in {**environ, **settings}.items():
        monkeypatch.setenv(name, value)
    left[request.node.name] = namespace
    return KubeWorld(tmp_path, namespace)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    reason = lab_world.missing_browser()
    if reason:
        pytest.skip(reason)
    from playwright import sync_api

    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=lab_world.chromium(), args=lab_world.FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[lab_world.LabServer]:
    with lab_world.server(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture
def tab(lab: lab_world.LabServer, browser: Any) -> Iterator[lab_pages.LabPage]:
    """One user's browser; no page may fail, and none may ask any other host."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = lab_pages.LabPage(context.new_page(), lab)
    yield page
    context.close()
    assert page.errors == []
    assert page.foreign == []
