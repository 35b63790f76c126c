"""Be a server of task processes: started as ``python -c "…starting.main(FD, ORDER)"`` with a listening socket."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile

from taskcell.kernel import linux, marks, preloading, serving, shells, tasks, warming


def main(listener_fd: int, order: str) -> None:
    """Serve at a socket.

    Parameters
    ----------
    listener_fd
        Descriptor of the listening socket.
    order
        JSON with ``idle_s``, ``linger_s``, ``refused``, ``ipython_dir``, ``mark`` (the variable that shows whose a process is)
        and ``argv`` (what a kernel finds as its program's).
    """
    facts = json.loads(order)
    linux.adopt_orphans()
    listener = serving.listening(listener_fd)
    mark = tasks.Mark(facts["mark"], marks.place_of(facts["mark"]))
    environ = dict(os.environ)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    sys.argv = facts["argv"]
    shells.patch_debuggers()
    # Whatever a shell writes when it is made must not outlive this process, however that ends.
    private = tempfile.mkdtemp(prefix="taskcell-ipython-")
    kernel = shells.TaskKernel.instance(ipython_dir=facts["ipython_dir"] or private)
    shutil.rmtree(private, ignore_errors=True)
    warming.shell(kernel.shell)
    preloading.settle()
    server_pid = os.getpid()

    def run_child(ends: list[int]) -> int:
        added = {name: value for name, value in os.environ.items() if environ.get(name) != value}
        tasks.run(kernel, ends, added, server_pid, mark)
        return 0

    serving.Server(
        listener=listener,
        hello={"language_info": json.loads(shells.language_info()), "pid": server_pid},
        run_child=run_child,
        get_ready=warming.libraries,
        is_tied=True,
        idle_s=facts["idle_s"],
        linger_s=facts["linger_s"],
        refused=facts["refused"],
    ).serve()
