"""Runs on a real cluster against bare Jobs of the same image, created at once by ``kubectl``, and against pure work.

The cluster, the S3 server, the driver and the workers share this machine's cores: all of that is in every figure.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests import seaweed
from tests.bench.rounds import Result, compare
from tests.e2e import clusters, images
from tests.e2e.kube_world import KubeWorld, until

from taskcell import tallies

TASKS = 20
ELEMENTS = 1000
ELEMENT_S = 0.05
PATIENCE_S = 900.0
_HEAD = "%load_ext taskcell"
_SPIN = "import time\nended = time.process_time() + {seconds}\nwhile time.process_time() < ended:\n    pass\n"


def measure(rounds: int) -> Iterator[Result]:
    """Yield the results of this family."""
    reason = clusters.missing()
    if reason:
        print(f"\nskipped, {reason}")
        return
    with ExitStack() as held:
        bench = _Bench(held, Path(held.enter_context(tempfile.TemporaryDirectory())))
        few = max(3, rounds // 3)
        for title, cells in (("chain", chain), ("fan", fan)):
            for share in (True, False):
                how = "pods shared" if share else "a pod per task"
                contenders = {
                    f"taskcell, {how}": bench.runs(cells, share=share),
                    f"floor: {TASKS} bare Jobs": bench.bare_jobs(NOTHING),
                }
                if not share:
                    contenders["the same, papermill and ipykernel imported"] = bench.bare_jobs(IMPORTS)
                    contenders["the same, a cell executed by stock papermill"] = bench.bare_jobs(STOCK)
                yield compare(f"a {title} of {TASKS} tasks, {how}", contenders, rounds=few)
                bench.print_requests()
        yield compare(
            f"a map over {ELEMENTS:,} elements of {ELEMENT_S * 1e3:.0f} ms",
            {"taskcell": bench.runs(mapped, share=True), "pure work, a process a core": pure_work},
            rounds=1,
        )
        bench.print_requests()


def chain() -> list[str]:
    """Return cells of which each needs the one before."""
    salt = uuid.uuid4().int % 2**31
    steps = [f"%%task t{n}(t{n - 1}) -> t{n}\nt{n} = t{n - 1} + 1" for n in range(1, TASKS)]
    return [_HEAD, f"%%task\nt0 = {salt}", *steps]


def fan() -> list[str]:
    """Return cells of which none needs another."""
    salt = uuid.uuid4().int % 2**31
    return [_HEAD, *(f"%%task\nt{n} = {salt} + {n}" for n in range(TASKS))]


def mapped() -> list[str]:
    """Return a map of short tasks that keep a core busy."""
    salt = uuid.uuid4().int % 2**31
    spin = _SPIN.format(seconds=ELEMENT_S)
    return [
        _HEAD,
        f"%%task\nitems = list(range({salt}, {salt + ELEMENTS}))",
        f"%%task done(items) -> done --map items\n{spin}done = items",
    ]


def pure_work() -> float:
    """Do a map's work in one process a core; return the seconds that took."""
    clock = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        pool.map(_work, range(ELEMENTS), chunksize=ELEMENTS // (4 * (os.cpu_count() or 1)) or 1)
    return time.perf_counter() - clock


def _work(_number: int) -> None:
    ended = time.process_time() + ELEMENT_S
    while time.process_time() < ended:
        pass


NOTHING = "t = 1 + 1"
IMPORTS = "import papermill, ipykernel.ipkernel, IPython.core.interactiveshell"
STOCK = """
import nbformat, papermill
kernel = {"name": "python3", "display_name": "Python", "language": "python"}
cells = [nbformat.v4.new_code_cell("t = 1 + 1")]
nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), "/tmp/in.ipynb")
papermill.execute_notebook("/tmp/in.ipynb", "/tmp/out.ipynb", progress_bar=False)
"""


class _Bench:
    """A namespace, a store, and what the last run did there."""

    def __init__(self, held: ExitStack, folder: Path) -> None:
        was_up = clusters.is_up()
        kubeconfig = clusters.up()
        if not was_up:
            held.callback(clusters.down)
        self._image = images.ensure(clusters.HOME)
        server = held.enter_context(seaweed.running(folder / "seaweed", clusters.NODE_ADDRESS))
        self._namespace = clusters.Namespace(f"bench-{uuid.uuid4().hex[:8]}")
        self._namespace.create(server.environ())
        held.callback(self._namespace.delete)
        self._kubeconfig = str(kubeconfig)
        self._world = KubeWorld(folder, self._namespace)
        self._requests: Counter[str] = Counter()
        self._pods = self._tasks = 0
        os.environ.update(
            server.environ(),
            KUBECONFIG=self._kubeconfig,
            XDG_CACHE_HOME=str(folder / "user-cache"),
            TASKCELL_STORE=f"s3://cache/{uuid.uuid4().hex}",
            TASKCELL_TRUSTED_STORES="s3://cache",
            TASKCELL_KUBERNETES_NAMESPACE=self._namespace.name,
            TASKCELL_KUBERNETES_IMAGE=self._image,
            TASKCELL_KUBERNETES_STORE_SECRET="taskcell-store",
            TASKCELL_KUBERNETES_MEMORY_BYTES=str(512 << 20),
            TASKCELL_KUBERNETES_CPU_CORES="0.05",
            TASKCELL_KUBERNETES_LINGER_S="5",
        )

    def runs(self, cells: Callable[[], Sequence[str]], *, share: bool) -> Callable[[], float]:
        """Return a contender: from the launch to the record of the run's end."""

        def run() -> float:
            os.environ["TASKCELL_KUBERNETES_SHARE_PODS"] = str(share).lower()
            began = time.time()
            launched = self._world.launch(*cells()).wait(PATIENCE_S)
            assert launched.state == "succeeded", launched.sentence
            status = launched.status()
            assert status.ended_at is not None
            seconds = status.ended_at.timestamp() - began
            self._tasks = len(status.tasks)
            self._count(f"taskcell/run={launched.id.lower()}")
            return seconds

        return run

    def bare_jobs(self, code: str) -> Callable[[], float]:
        """Return a contender: Jobs that execute some code, created at once, until all have."""
        return lambda: self._bare_jobs(code)

    def _bare_jobs(self, code: str) -> float:
        name = f"bare-{uuid.uuid4().hex[:8]}"
        items = [_bare_job(f"{name}-{number}", name, self._image, code) for number in range(TASKS)]
        clock = time.perf_counter()
        self._kubectl("create", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        self._kubectl("wait", "job", "-l", f"bare={name}", "--for=condition=complete", "--timeout=300s")
        seconds = time.perf_counter() - clock
        self._kubectl("delete", "job", "-l", f"bare={name}")
        return seconds

    def print_requests(self) -> None:
        """Print what the last run's driver and workers asked of the store and of the cluster."""
        each = {kind: number / self._tasks for kind, number in self._requests.items()}
        store = {kind: number for kind, number in each.items() if kind.islower()}
        cluster = {kind: number for kind, number in each.items() if kind not in store}
        print(f"\n  {self._pods} pods for {self._tasks} tasks; a task took")
        for what, found in (("store", store), ("cluster", cluster)):
            parts = ", ".join(f"{number:.1f} {kind}" for kind, number in sorted(found.items()))
            print(f"    {sum(found.values()):6.1f} requests to the {what}: {parts}")

    def _count(self, selector: str) -> None:
        """Take the counts from the last lines of a run's pods, when all have ended; they are out of the way then, too."""

        def ended() -> bool:
            pods = self._namespace.items("pods", selector)
            return all(pod["status"].get("phase") in ("Succeeded", "Failed") for pod in pods)

        until(ended, PATIENCE_S)
        names = [pod["metadata"]["name"] for pod in self._namespace.items("pods", selector)]
        self._pods = len(names)
        self._requests = Counter()
        for name in names:
            for line in self._kubectl("logs", name, "--tail=1").splitlines():
                self._requests += tallies.parsed(line)
        self._kubectl("delete", "job", "-l", selector)

    def _kubectl(self, *words: str, given: str | None = None) -> str:
        command = ["kubectl", "--kubeconfig", self._kubeconfig, "-n", self._namespace.name, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, input=given).stdout


def _bare_job(name: str, group: str, image: str, code: str) -> dict[str, object]:
    container = {
        "name": "bare",
        "image": image,
        "command": ["python3", "-c", code],
        "env": [{"name": name, "value": "/tmp"} for name in ("HOME", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR")],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
    }
    pod = {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": [container]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": {"bare": group}},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}},
    }
