"""Keeping a cluster: schedules, images, and sweeping what ended runs have left."""
