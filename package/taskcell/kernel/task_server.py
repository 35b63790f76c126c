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
        JSON with what ``serving.serve`` is told, ``ipython_dir``, ``mark`` (the variable that shows whose a process is) and
        ``argv`` (what a kernel finds as its program's).
    """
    facts = json.loads(order)
    linux.adopt_orphans()
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

    hello = {"language_info": json.loads(shells.language_info())}
    serving.serve(listener_fd, facts, hello=hello, run_child=run_child, is_tied=True, get_ready=warming.libraries)
