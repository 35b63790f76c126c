"""Execute notebooks in processes that are forked from a server which has imported everything beforehand.

``engines`` is papermill's engine, ``clients`` executes the cells of one notebook, ``processes`` holds the process that runs
them, ``servers`` the servers, ``imports`` says what a server imports, ``saving`` writes the notebook, ``choosing`` whether any
of this can be done here. What happens on the other side is in ``taskcell.kernel``.
"""
