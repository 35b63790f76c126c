"""Values for a workflow's parameters, checked; messages name the parameter, the value and the remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from taskcell import errors
from taskcell.model.tasks import Parameter
from taskcell.notebook import names, quoting
from taskcell.notebook.parameters import encoding, texts, types, values
from taskcell.notebook.parameters.types import Type


def find_parameter(parameters: Sequence[Parameter], name: str) -> Parameter:
    """Return the parameter of that name; raise InvalidInputError with the nearest one."""
    for parameter in parameters:
        if parameter.name == names.normal(name):
            return parameter
    known = [parameter.name for parameter in parameters]
    listing = f"Parameters: {', '.join(known)}." if known else "This workflow declares no parameters (%%params)."
    raise errors.InvalidInputError(
        f"There is no parameter {quoting.shown(name)}.",
        remedy=f"{quoting.did_you_mean(name, known)} {listing}".strip(),
    )


def check_values(parameters: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value for every parameter: what is given, checked, and the defaults for the rest."""
    found = {parameter.name: from_json(parameter, parameter.default) for parameter in parameters}
    for name, value in given.items():
        parameter = find_parameter(parameters, name)
        found[parameter.name] = check_value(parameter, value)
    return found


def check_value(parameter: Parameter, value: Any) -> Any:
    """Return a Python value as the parameter's type has it; raise InvalidInputError."""
    kind = type_of(parameter)
    try:
        return values.accept(kind, value)
    except values.MismatchError as exc:
        raise _mismatch(parameter, value, str(exc)) from None


def parse_text(parameter: Parameter, text: str) -> Any:
    """Return the value that a text from a command line or a form means; raise InvalidInputError."""
    kind = type_of(parameter)
    try:
        return texts.from_text(kind, text)
    except values.MismatchError as exc:
        raise _mismatch(parameter, text, str(exc)) from None


def to_json(parameter: Parameter, value: Any) -> Any:
    """Return the JSON form of a value, after checking it; raise InvalidInputError."""
    return encoding.encode(type_of(parameter), check_value(parameter, value))


def from_json(parameter: Parameter, data: Any) -> Any:
    """Return the value of a JSON form, after checking it; raise InvalidInputError."""
    try:
        return encoding.decode(type_of(parameter), data)
    except values.MismatchError as exc:
        raise _mismatch(parameter, data, str(exc)) from None


def type_of(parameter: Parameter) -> Type:
    """Return the parameter's type."""
    return types.parse_annotation(parameter.annotation)


def _mismatch(parameter: Parameter, value: Any, expected: str) -> errors.InvalidInputError:
    return errors.InvalidInputError(
        f"Parameter {parameter.name!r} ({parameter.annotation}) can't be {quoting.shown(value)}"
        f"{'' if isinstance(value, str) else f' ({type(value).__name__})'}.",
        remedy=f"Give {expected}.",
        parameter=parameter.name,
    )
