"""Launching a version, and saying beforehand what a launch would do."""
