"""Calls of functions with the ``task`` decorator."""
