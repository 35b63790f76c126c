"""Parameters of a workflow: what a ``%%params`` cell declares, and values checked against it.

``declarations`` reads the cell, ``types`` its annotations; ``values`` checks, ``encoding`` writes JSON and
reads it back, ``texts`` reads a command line; ``schemas`` puts these together for one parameter by name.
"""

from __future__ import annotations

from taskcell.notebook.parameters.declarations import parse_params
from taskcell.notebook.parameters.schemas import (
    check_value,
    check_values,
    find_parameter,
    from_json,
    parse_text,
    to_json,
)

__all__ = [
    "check_value",
    "check_values",
    "find_parameter",
    "from_json",
    "parse_params",
    "parse_text",
    "to_json",
]
