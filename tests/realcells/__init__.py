"""Agreement with CPython on the cells of real notebooks: `python -m tests.realcells FOLDER …`."""
