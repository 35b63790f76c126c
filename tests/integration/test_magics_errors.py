"""An error of the user's shows the user's own lines; an interrupt gives the notebook back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from tests.integration import kernels


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kernels.LiveKernel]:
    folder = tmp_path_factory.mktemp("errors")
    (folder / "broken.py").write_text("def boom(x):\n    return x / 0\n")
    with kernels.kernel(folder, folder / "store") as live:
        live.run("def outer(x):\n    return inner(x)\n\ndef inner(x):\n    return 1 / x")
        live.run("class Slots(Exception):\n    __slots__ = ()\n    def __setattr__(self, *a): raise AttributeError")
        yield live


def frames_of_ours(traceback: str) -> list[str]:
    lines = traceback.splitlines()
    return [line for line in lines if "taskcell/" in line or "interactiveshell" in line or "run_cell_magic" in line]


def test_traceback_begins_in_the_cell_and_goes_through_helpers(kernel: kernels.LiveKernel) -> None:
    ran = kernel.run("%%task e1 -> b\n\nb = outer(0)")
    assert ran.error == "ZeroDivisionError"
    assert "----> 3 b = outer(0)" in ran.traceback
    assert "----> 2     return inner(x)" in ran.traceback
    assert "----> 5     return 1 / x" in ran.traceback
    assert ran.traceback.count("Cell In[") == 3
    assert frames_of_ours(ran.traceback) == []


def test_error_in_a_local_module_shows_its_line(kernel: kernels.LiveKernel) -> None:
    ran = kernel.run("%%task e2 -> c\nimport broken\nc = broken.boom(1)")
    assert "broken.py:2, in boom(x)" in ran.traceback
    assert frames_of_ours(ran.traceback) == []


def test_cause_of_an_exception_is_shown(kernel: kernels.LiveKernel) -> None:
    ran = kernel.run(
        "%%task e3\ntry:\n    outer(0)\nexcept ZeroDivisionError as exc:\n    raise KeyError('k') from exc\nd = 1"
    )
    assert ran.error == "KeyError"
    assert "direct cause" in ran.traceback
    assert frames_of_ours(ran.traceback) == []


def test_exception_without_room_for_attributes(kernel: kernels.LiveKernel) -> None:
    ran = kernel.run("%%task e4\nok = 1\nraise Slots('q')")
    assert ran.error == "Slots"
    assert frames_of_ours(ran.traceback) == []


def test_exception_group_stays_an_error(kernel: kernels.LiveKernel) -> None:
    ran = kernel.run("%%task e5\nok5 = 1\nraise ExceptionGroup('both', [ValueError(1), KeyError(2)])")
    assert ran.status == "error"
    assert frames_of_ours(ran.stderr) == []
    assert "ValueError: 1" in ran.stderr


def test_error_after_await(kernel: kernels.LiveKernel) -> None:
    ran = kernel.run("%%task e6 -> e\nimport asyncio\nawait asyncio.sleep(0)\ne = 1 / 0")
    assert "----> 4 e = 1 / 0" in ran.traceback
    assert frames_of_ours(ran.traceback) == []


def test_plain_cell_keeps_its_traceback(kernel: kernels.LiveKernel) -> None:
    ran = kernel.run("outer(0)")
    assert "----> 1 outer(0)" in ran.traceback
    assert ran.traceback.count("Cell In[") == 3


@pytest.mark.parametrize(
    "wait",
    ["_n = 0\nwhile _n < 10**12: _n += 1", "import time\ntime.sleep(60)", "import asyncio\nawait asyncio.sleep(60)"],
    ids=["loop", "sleep", "await"],
)
def test_interrupt_gives_the_notebook_back(
    kernel: kernels.LiveKernel, wait: str, request: pytest.FixtureRequest
) -> None:
    cell = f"%%task stopped -> never\nprint('begun', flush=True)\n{wait}\nnever = 1"
    sent = kernel.send(cell)
    kernel.wait_for_text("begun")
    time.sleep(0.2)  # for the body to be in its wait
    kernel.interrupt()
    ran = kernel.wait(sent, timeout_s=20)
    assert ran.status in ("error", "aborted")
    assert ran.error == "KeyboardInterrupt", ran.traceback
    assert frames_of_ours(ran.traceback) == []
    after = kernel.run("%%task after -> after\nafter = 'usable'")
    assert after.error == "", after.traceback
    assert kernel.value("'never' in dir()") == "False"
    assert "· ran ·" in kernel.run(f"%%task stopped -> never\nnever = {request.node.name!r}").report
    assert kernel.value("__name__, get_ipython().user_ns is globals()") == "('__main__', True)"
    kernel.run("del never\n%forget stopped")
