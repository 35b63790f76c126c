"""Versions of a workflow: making, finding and storing them."""
