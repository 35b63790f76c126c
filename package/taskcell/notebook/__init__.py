"""Cells <-> the notebook format: what a cell states, and the notebooks that a run leaves behind.

``headers`` reads ``%%task`` lines, ``parameters`` reads ``%%params`` cells and checks values, ``reading``
reads ``.ipynb`` files, ``writing`` and ``records`` compose them, ``finding`` finds the file of a kernel.
What the code of a cell means is not known here; nothing here imports IPython, papermill or nbformat.
"""
