"""The engine: plan a run, follow its states, drive it to its end, execute one task run.

``planning`` decides once at launch; ``states`` reads back what happened from the records; ``driving`` carries a run;
``executing`` takes one attempt from its order to its committed record; ``notebooks`` is the home of papermill.
"""
