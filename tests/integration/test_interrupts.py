"""An interrupt of a wait, in a live kernel: the first detaches, a second one soon after cancels."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import LiveKernel
from run_world import World, processes_of, until

from taskcell.api.runs import runs
from taskcell.model.runs import RunState


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.write("%load_ext taskcell", "%%task a() -> x\nimport time\ntime.sleep(600)\nx = 1")
    return made


@pytest.fixture
def kernel(world: World) -> Iterator[LiveKernel]:
    live = LiveKernel(world.folder, store=world.store)
    yield live
    live.stop()


def launched(kernel: LiveKernel, world: World) -> runs.Run:
    """Launch in the kernel; return the run, of which nothing was waited for yet."""
    ran = kernel.run(f"import taskcell\nrun = taskcell.launch({world.notebook.name!r})\nprint(run.id)")
    assert not ran.error, ran.traceback
    return runs.run(ran.stdout.strip(), store=world.url)


def test_interrupts_detach_then_cancel_but_only_soon_and_only_while_idle(kernel: LiveKernel, world: World) -> None:
    run = launched(kernel, world)
    shrunk = kernel.run(
        "import time\nfrom taskcell.api.runs import interrupting\ninterrupting.SECOND_INTERRUPT_S = 0.3"
    )
    assert not shrunk.error

    def waits_and_is_interrupted() -> str:
        sent = kernel.send("print('waiting', flush=True)\nrun.wait()\nprint('came further')")
        until(lambda: "waiting" in _first_output(kernel), "wait", 20)
        time.sleep(0.3)
        kernel.interrupt()
        ran = kernel.wait(sent)
        assert ran.error == "Detached"
        assert "came further" not in ran.stdout
        return ran.stdout

    said = waits_and_is_interrupted()
    assert f"Detached: run {run.id} goes on." in said
    assert f"taskcell cancel {run.id}" in said
    # The time is over: an interrupt of an idle kernel means nothing again.
    assert kernel.run("time.sleep(0.6)").error == ""
    time.sleep(0.2)
    kernel.interrupt()
    time.sleep(0.2)
    assert "False" in kernel.run("print(bool(run.head().state.ended))").stdout
    # A cell that runs meanwhile is interrupted as ever, and does not cancel.
    assert not kernel.run("interrupting.SECOND_INTERRUPT_S = 30").error
    waits_and_is_interrupted()
    sent = kernel.send("print('waiting', flush=True)\ntime.sleep(60)")
    until(lambda: "waiting" in _first_output(kernel), "second cell", 20)
    time.sleep(0.3)
    kernel.interrupt()
    assert kernel.wait(sent).error == "KeyboardInterrupt"
    assert not run.state.ended
    # Idle again, within the time: cancelled.
    until(lambda: "_Second" in _handler(kernel), "handler", 5)
    kernel.interrupt()
    until(lambda: run.state is RunState.CANCELLED, "cancellation", 20)
    until(lambda: not list(processes_of(run.id)), "end of all processes", 10)


def _first_output(kernel: LiveKernel) -> str:
    message = kernel.client.get_iopub_msg(timeout=20)
    return str(message["content"].get("text", "")) if message["msg_type"] == "stream" else ""


def _handler(kernel: LiveKernel) -> str:
    """Return what a kernel that was idle for a moment does with an interrupt: a cell sees what it will put back."""
    looked = kernel.run("print(get_ipython().kernel.saved_sigint_handler)")
    return looked.stdout.strip() if not looked.error else looked.traceback


def test_interrupt_in_a_script_detaches_and_ends_it(world: World) -> None:
    process = world.python(
        "run = taskcell.launch(notebook); print(run.id, flush=True)\n"
        "try:\n    run.wait()\nexcept KeyboardInterrupt as exc:\n    print(type(exc).__name__)"
    )
    assert process.stdout is not None
    run = runs.run(process.stdout.readline().strip(), store=world.url)
    until(lambda: run.state is RunState.RUNNING, "driver")
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=20)
    assert told.splitlines() == [
        f"Detached: run {run.id} goes on. Cancel it with: taskcell cancel {run.id}",
        "Detached",
    ]
    with pytest.raises(TimeoutError, match="it goes on"):
        run.wait(0.1)
    run.cancel()
    until(lambda: run.state is RunState.CANCELLED, "cancellation", 20)
