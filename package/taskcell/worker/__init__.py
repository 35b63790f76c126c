"""The process that executes task runs, and the one that drives a run: ``python -m taskcell.worker``.

The same entry on a laptop and in a pod. ``inside`` is the only part that is imported by a task's kernel.
"""
