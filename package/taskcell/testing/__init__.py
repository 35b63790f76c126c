"""Conformance suites for stores and codecs, and fakes: for whoever adds an implementation."""
