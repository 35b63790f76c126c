"""The process in which a task's cells run: forked from a server that has imported everything beforehand.

``starting`` makes the server, ``serving`` is its loop (workers and drivers are forked by the same), ``tasks`` the forked process,
``shells`` the kernel in it (the home of ipykernel), ``streams`` what it prints, ``preloading`` what the server imports, ``marks``
by what others recognise a forked process, ``wire`` how all of them talk. Nothing of a task's own is ever executed in the server.
Who runs tasks here imports ``wire`` and ``marks`` only.
"""
