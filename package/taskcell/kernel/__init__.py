"""The process in which a task's cells run: forked from a server that has imported everything beforehand.

``serving`` is the server, ``tasks`` the forked process, ``shells`` the kernel in it (the home of ipykernel), ``streams``
what it prints, ``preloading`` what the server imports, ``wire`` how both talk to whoever wants a task to be run.
Nothing of a task's own is ever executed in the server. Who runs tasks here imports ``wire`` only.
"""
