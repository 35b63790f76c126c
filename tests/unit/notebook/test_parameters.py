from __future__ import annotations

import contextlib
import math
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskcell import errors
from taskcell.model.cells import Cell
from taskcell.model.tasks import Parameter
from taskcell.notebook import headers, parameters


def declared(body: str) -> tuple[Parameter, ...]:
    return parameters.parse_params(Cell(source=f"%%params\n{body}", label="cell 2"))


def parameter(annotation: str) -> Parameter:
    return Parameter(name="value", annotation=annotation, default=None)


def through_the_wire(kind: str, value: Any) -> Any:
    data = parameters.to_json(parameter(kind), value)
    return parameters.from_json(parameter(kind), msgspec.json.decode(msgspec.json.encode(data)))


def test_declaration_with_type_default_and_doc() -> None:
    assert declared("month: int = 1            # month of 2013\nlearning_rate: float = 0.1") == (
        Parameter(name="month", annotation="int", default=1, doc="month of 2013"),
        Parameter(name="learning_rate", annotation="float", default=0.1),
    )


def test_comment_form_is_read_alike() -> None:
    cell = Cell(source="# %params\nmonth = 1\n", label="cell 2")
    assert parameters.parse_params(cell) == (Parameter(name="month", annotation="int", default=1),)


def test_doc_from_comment_lines_above() -> None:
    body = "# not this\n\n# how fast\n# it learns\nrate: float = 1  # noqa: E501\n"
    assert declared(body)[0].doc == "how fast it learns"


def test_docstring_and_imports_are_allowed() -> None:
    imports = "from datetime import date\nimport datetime as dt"
    body = f'"""What can be set."""\n{imports}\n\nday: date = date(2013, 1, 31)'
    assert declared(body) == (Parameter(name="day", annotation="date", default="2013-01-31"),)


@pytest.mark.parametrize(
    ("default", "annotation"),
    [
        ("3", "int"),
        ("-0.5", "float"),
        ("True", "bool"),
        ("'x'", "str"),
        ("b'x'", "bytes"),
        ("[1, 2]", "list[int]"),
        ("[1, 'a']", "list"),
        ("[]", "list"),
        ("(1, 2)", "tuple[int, ...]"),
        ("{'a': 0.5}", "dict[str, float]"),
        ("{1}", "set[int]"),
        ("Path('data')", "Path"),
        ("date(2013, 1, 31)", "date"),
        ("datetime(2013, 1, 31, tzinfo=timezone.utc)", "datetime"),
        ("float('nan')", "float"),
    ],
)
def test_type_is_inferred_from_the_default(default: str, annotation: str) -> None:
    assert declared(f"x = {default}")[0].annotation == annotation


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("month: int", "has no default"),
        ("x = None", "can't be told from its default"),
        ("x: int = 'a'", "can't be 'a'"),
        ("x: int = True", "can't be True"),
        ("x = open('f')", "not a literal"),
        ("x = 60 * 60", "not a literal"),
        ("x: DataFrame = 1", "'DataFrame'"),
        ("x: dict[int, str] = {}", "the keys of a dict are str"),
        ("print = 1", "is a builtin"),
        ("__x = 1", "two underscores"),
        ("x = 1\nx = 2", "declared twice"),
        ("import os", "'import os' is not a parameter"),
        ("x = y = 1", "is not a parameter"),
        ("x.y = 1", "is not a parameter"),
        ("x: int = (", "is not Python"),
        ("x = 1j", "not a literal"),
        ("", "declares no parameter"),
        ("x: datetime = datetime(2013, 13, 1)", "not a literal"),
    ],
)
def test_refused_declarations_are_named(body: str, message: str) -> None:
    with pytest.raises(errors.DefinitionError) as caught:
        declared(body)
    assert message in str(caught.value)
    assert "cell 2" in caught.value.message
    assert caught.value.remedy


def test_refusal_names_the_line_of_the_cell() -> None:
    with pytest.raises(errors.DefinitionError, match="cell 2, line 4"):
        declared("a = 1\n\nb: int = 'x'")


def test_words_on_the_params_line_are_refused() -> None:
    with pytest.raises(errors.DefinitionError, match="takes nothing on its line"):
        parameters.parse_params(Cell(source="%%params month\nx = 1"))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", 2**70),
        ("int", -(2**63)),
        ("float", math.inf),
        ("float", -math.inf),
        ("float", 5e-324),
        ("bool", False),
        ("str", "x" * 10_000),
        ("str", "'\"\\\n\r\t\x00 €𝔘"),
        ("str", "\ud800 lone"),
        ("bytes", bytes(range(256))),
        ("None", None),
        ("int | None", None),
        ("Optional[float]", 1.5),
        ("list[float]", [1.0, math.inf]),
        ("list[list[int]]", [[1], []]),
        ("dict[str, int]", {"a": 1, "\ud800": 2**65}),
        ("dict[str, date]", {"\ud800": date(2013, 1, 1)}),
        ("dict", {"$int": "5"}),
        ("dict[str, Any]", {"$dict": [["a", 1]]}),
        ("tuple[int, str]", (1, "a")),
        ("tuple[int, ...]", (1, 2, 3)),
        ("set[str]", {"b", "a"}),
        ("set[date] | list[str]", {date(2013, 1, 1)}),
        ("tuple[int, ...] | list[int]", (1, 2)),
        ("Literal['a', 1, True]", True),
        ("date", date(2013, 1, 31)),
        ("str | date", date(2013, 1, 31)),
        ("str | date", "2013-01-31"),
        ("str | bytes | Path", b"abc"),
        ("str | Path", Path("it's\\here")),
        ("str | Path", "text"),
        ("datetime", datetime(2013, 1, 31, 12, 0, 0, 5)),
        ("datetime.datetime", datetime(2013, 1, 31, tzinfo=UTC)),
        ("Path", Path("a b/€")),
        ("pathlib.Path", Path("\udcff")),
        ("Any", {"a": [1, None, {"b": math.inf, "c": "\ud800"}]}),
    ],
)
def test_value_round_trips_through_json(kind: str, value: Any) -> None:
    found = through_the_wire(kind, value)
    assert found == value
    assert type(found) is type(value)


def test_integer_beyond_the_limit_of_digits_round_trips() -> None:
    assert through_the_wire("int", 10**5000) == 10**5000


def test_nan_round_trips() -> None:
    assert math.isnan(through_the_wire("float", math.nan))
    assert math.isnan(through_the_wire("Any", {"x": [math.nan]})["x"][0])


def test_default_beyond_json_survives_the_wire() -> None:
    (found,) = declared("x: float = float('-inf')")
    again = msgspec.json.decode(msgspec.json.encode(found), type=Parameter)
    assert parameters.check_values([again], {}) == {"x": -math.inf}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", True),
        ("int", 1.0),
        ("int", "1"),
        ("float", "0.1"),
        ("float", False),
        ("float", 10**400),
        ("bool", 1),
        ("str", 1),
        ("str", None),
        ("bytes", "x"),
        ("date", datetime(2013, 1, 1)),
        ("datetime", date(2013, 1, 1)),
        ("Path", ""),
        ("Path", "a\x00b"),
        ("list[int]", [1, "a"]),
        ("list[int]", "12"),
        ("tuple[int, str]", (1,)),
        ("dict[str, int]", {1: 1}),
        ("set[list]", [[1]]),
        ("Literal[1]", True),
        ("Literal['a', 'b']", "c"),
        ("int | None", "x"),
        ("Any", object()),
        ("Any", {1: 2}),
    ],
)
def test_value_of_another_type_is_refused_by_name(kind: str, value: Any) -> None:
    with pytest.raises(errors.InvalidInputError) as caught:
        parameters.check_value(parameter(kind), value)
    assert "'value'" in caught.value.message
    assert kind in caught.value.message
    assert caught.value.remedy.startswith("Give ")


def test_value_is_shown_shortened() -> None:
    with pytest.raises(errors.InvalidInputError) as caught:
        parameters.check_value(parameter("int"), "x\n" * 100_000)
    assert len(str(caught.value)) < 500
    assert "200,000 characters" in caught.value.message


def test_deeply_nested_and_cyclic_values_are_refused() -> None:
    deep: list[Any] = []
    deep.append(deep)
    with pytest.raises(errors.InvalidInputError, match="nesting"):
        parameters.check_value(parameter("Any"), deep)


def test_whole_number_becomes_a_wanted_float() -> None:
    found = parameters.check_value(parameter("float"), 3)
    assert type(found) is float


def test_numpy_scalars_become_python_values() -> None:
    numpy = pytest.importorskip("numpy")
    assert type(parameters.check_value(parameter("int"), numpy.int64(3))) is int
    assert type(parameters.check_value(parameter("float"), numpy.float32(0.5))) is float
    assert type(parameters.check_value(parameter("bool"), numpy.bool_(True))) is bool
    with pytest.raises(errors.InvalidInputError):
        parameters.check_value(parameter("int"), numpy.bool_(True))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("float", "0.05", 0.05),
        ("float", "inf", math.inf),
        ("int", " 12 ", 12),
        ("bool", "Yes", True),
        ("bool", "0", False),
        ("str", "0.05", "0.05"),
        ("str", "", ""),
        ("int | None", "null", None),
        ("int | str", "12", 12),
        ("str | int", "x", "x"),
        ("list[float]", "[1, 2.5]", [1.0, 2.5]),
        ("tuple[int, str]", "(1, 'a')", (1, "a")),
        ("list[int]", "1,2", [1, 2]),
        ("dict[str, int]", '{"a": 1}', {"a": 1}),
        ("set[int]", "{1, 2}", {1, 2}),
        ("Literal['a', 3]", "3", 3),
        ("date", "2013-01-31", date(2013, 1, 31)),
        ("list[date]", '["2013-01-31"]', [date(2013, 1, 31)]),
        ("Path", "a/b", Path("a/b")),
        ("Any", '{"a": [1]}', {"a": [1]}),
    ],
)
def test_text_of_a_command_line_becomes_a_value(kind: str, text: str, value: Any) -> None:
    found = parameters.parse_text(parameter(kind), text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "0.5"),
        ("int", "9" * 5000),
        ("float", "fast"),
        ("bool", "maybe"),
        ("date", "31.1.2013"),
        ("list[int]", "1;2"),
        ("list[int]", "__import__('os')"),
        ("Literal['a']", "b"),
        ("Any", "hello"),
        ("Any", "[" * 100_000),
    ],
)
def test_text_that_means_no_value_is_refused(kind: str, text: str) -> None:
    with pytest.raises(errors.InvalidInputError, match="'value'"):
        parameters.parse_text(parameter(kind), text)


@pytest.mark.parametrize(
    "data", [{"$int": "x"}, {"$float": 1}, {"$dict": "x"}, {"$dict": [1]}, {"$set": [[1]]}, {"$date": "x"}]
)
def test_malformed_tags_are_refused(data: Any) -> None:
    with pytest.raises(errors.InvalidInputError):
        parameters.from_json(parameter("int"), data)


def test_unknown_parameter_is_answered_with_the_nearest() -> None:
    known = declared("learning_rate = 0.1\nmonth = 1")
    with pytest.raises(errors.InvalidInputError, match="Did you mean 'learning_rate'"):
        parameters.check_values(known, {"learning_rte": 0.2})
    with pytest.raises(errors.InvalidInputError, match="There is no parameter"):
        parameters.find_parameter(known, "x=1\nopen('f')")


def test_missing_values_are_the_defaults() -> None:
    known = declared("rate = 0.1\nmonth = 1")
    assert parameters.check_values(known, {"rate": 1}) == {"rate": 1.0, "month": 1}


def test_optional_takes_the_type_of_its_only_member() -> None:
    assert parameters.from_json(parameter("date | None"), "2013-01-31") == date(2013, 1, 31)


JSON_LIKE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None, categories=None, exclude_categories=()), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$int", "$dict", "a", "\ud800"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON_LIKE)
def test_any_value_round_trips(value: Any) -> None:
    assert through_the_wire("Any", value) == value


@given(st.text(max_size=20))
def test_any_header_is_answered_or_refused(text: str) -> None:
    with contextlib.suppress(errors.DefinitionError):
        headers.parse_header(f"%%task {text}")
