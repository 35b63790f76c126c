"""Runs as a user has them in hand, and the ways back to them."""
