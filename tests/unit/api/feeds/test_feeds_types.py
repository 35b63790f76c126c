"""The TypeScript types and what Python sends are one thing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from taskcell.api.feeds import operations, typescript
from taskcell.api.feeds.contracts import Attachment

COMMITTED = Path(__file__).parents[4] / "jupyter_extension/packages/views/src/types.ts"


def test_committed_types_agree_with_the_registry() -> None:
    expected = typescript.typescript()
    assert COMMITTED.read_text(encoding="utf-8") == expected, (
        "Make them anew: python -m taskcell.api.feeds.typescript > jupyter_extension/packages/views/src/types.ts"
    )


def test_every_operation_has_types_of_its_own() -> None:
    text = typescript.typescript()
    for name in operations.OPERATIONS:
        assert f'  "{name}": {{ params: ' in text
        assert f'  "{name}": {{ method: ' in text


@pytest.mark.parametrize("operation", operations.OPERATIONS.values(), ids=lambda item: item.name)
def test_operation_is_described_and_refuses_unknown_parameters(operation: operations.Operation) -> None:
    assert operation.summary.endswith(".")
    assert operation.params.__struct_config__.forbid_unknown_fields
    assert operation.method == "POST" or not operation.changes
    if operation.result is not Attachment:
        assert issubclass(operation.result, msgspec.Struct)


def test_no_parameter_is_a_path() -> None:
    for operation in operations.OPERATIONS.values():
        for field in operation.params.__struct_fields__:
            assert not {"path", "folder", "file", "url", "store"} & set(field.split("_")), (operation.name, field)
