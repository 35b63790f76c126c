"""Optional parts of a library can be kept out while it is imported, and are there afterwards."""

from __future__ import annotations

import importlib
import sys

import pytest

from taskcell import optional_imports


def test_a_hidden_module_is_absent_only_meanwhile() -> None:
    sys.modules.pop("colorsys", None)
    with optional_imports.hidden("colorsys"), pytest.raises(ImportError):
        importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").rgb_to_hsv


def test_a_module_that_is_loaded_stays() -> None:
    with optional_imports.hidden("json"):
        assert importlib.import_module("json") is sys.modules["json"]
    assert "json" in sys.modules
