"""A ``%%task`` cell that hits, in real kernels with few and many cells above it, against an empty cell there."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from tests.bench.rounds import Result, compare

PACKAGE = Path(__file__).parents[2] / "package"
ABOVE = (10, 90, 200)
TASK = "%%task first(v2) -> o3\no3 = f0(v2) + c1"


def sources(count: int) -> Iterator[str]:
    """Yield cells: helpers, constants, values and tasks that read the ones before."""
    kinds = (
        "def f{0}(x):\n    y = x + {0}\n    return math.sqrt(y)",
        "c{0} = {0}",
        "v{0} = f{2}(c{1})\nw{0} = [i for i in range(3)]",
        "%%task t{0}(v{1}) -> p{0}\np{0} = f{3}(v{1}) + c{2}",
    )
    for number in range(count):
        yield kinds[number % 4].format(*range(number, number - 4, -1))


@contextlib.contextmanager
def kernel(folder: Path, count: int) -> Iterator[BlockingKernelClient]:
    """A kernel in which that many cells have run, then the task."""
    environ = os.environ | {"PYTHONPATH": str(PACKAGE), "TASKCELL_STORE": str(folder / "store")}
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder), env=environ)
    try:
        for number, source in enumerate(["%load_ext taskcell", "import math", *sources(count), TASK]):
            timed(client, source, f"c{number}")
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def timed(client: BlockingKernelClient, source: str, cell_id: str) -> float:
    """Return the seconds from sending a cell to its reply."""
    content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
    clock = time.perf_counter()
    message = client.session.msg("execute_request", content, metadata={"cellId": cell_id})
    client.shell_channel.send(message)
    while True:
        reply = client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            break
    taken = time.perf_counter() - clock
    if reply["content"]["status"] != "ok":
        raise RuntimeError(reply["content"])
    return taken


def measure(rounds: int) -> Iterator[Result]:
    """Yield the results of this family."""
    with contextlib.ExitStack() as stack:
        contenders: dict[str, Callable[[], float]] = {}
        for count in ABOVE:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="taskcell-bench-")))
            client = stack.enter_context(kernel(folder, count))
            last, middle = f"c{count + 2}", 2 + count // 2 // 4 * 4 + 3
            again = list(sources(count))[middle - 2]
            contenders[f"a hit below {count} cells"] = lambda client=client, last=last: timed(client, TASK, last)  # type: ignore[misc]
            contenders[f"a hit in the middle of {count} cells"] = (
                lambda client=client, again=again, place=f"c{middle}": timed(client, again, place)  # type: ignore[misc]
            )
            contenders[f"an empty cell below {count} cells"] = lambda client=client: timed(client, "", "empty")  # type: ignore[misc]
        yield compare("a cell in a real kernel, from its request to its reply", contenders, rounds=rounds)
