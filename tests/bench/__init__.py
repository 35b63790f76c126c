"""Measurements against peers and physical floors: `make bench`. They compare; they assert no absolute time."""
