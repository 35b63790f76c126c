"""Backends: places where tasks execute. ``contracts`` says what one must offer, ``registry`` finds one by name."""
