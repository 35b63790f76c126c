"""What a changed part says when contents can, or can't, be looked at."""

from __future__ import annotations

from typing import Any

import pytest

from taskcell import errors
from taskcell.api.explanations import causes, changes
from taskcell.api.explanations.causes import Chains, Made
from taskcell.hashing import Digest
from taskcell.model.caching import KeyPart
from taskcell.model.tasks import InputKind, Task, TaskInput
from taskcell.views import reasons


def part(name: str, digest: str, label: str = "") -> KeyPart:
    return KeyPart(name=name, digest=Digest(digest), label=label)


def input_change(old: Any, new: Any, *, size_bytes: int = 0) -> reasons.PartChange:
    def content(value: Any) -> changes.Content:
        def load() -> Any:
            if isinstance(value, Exception):
                raise value
            return value

        return changes.Content(load=load, size_bytes=size_bytes)

    sides = [changes.Source(definition=None, find=lambda _, __, value=value: content(value)) for value in (old, new)]
    found = changes.compared([part("input:x", "a")], [part("input:x", "b")])
    (described,) = changes.described(found, *sides)
    return described


def test_contents_are_compared_where_they_can_be_read() -> None:
    assert input_change({"lr": 0.1, "n": 1}, {"lr": 0.2, "n": 2}).details == ('x["lr"]: 0.1 → 0.2', 'x["n"]: 1 → 2')


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (errors.UntrustedError("no"), "is a pickle in a store that is not trusted: it is not loaded to explain"),
        (errors.NotFoundError("no"), "is no longer in the store"),
        (errors.FormatError("torn."), "can't be read: torn"),
    ],
)
def test_content_that_is_out_of_reach_says_why(problem: Exception, words: str) -> None:
    assert input_change(problem, 1).words == f"its earlier content {words}"


def test_large_content_is_not_read() -> None:
    assert "too much to be read" in input_change(AssertionError("was read"), 1, size_bytes=10**9).words


def test_class_that_fails_to_compare_harms_no_explanation() -> None:
    class Broken:
        @property
        def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
            raise RuntimeError

    assert input_change(Broken(), Broken()).words == "the contents can't be compared: RuntimeError"


def reads(name: str, item: str, maker: str) -> Task:
    inputs = (TaskInput(name=item, kind=InputKind.OUTPUT, task=maker),)
    return Task(name=name, body="", code=Digest("c"), inputs=inputs, outputs=())


def chain(before: dict[str, Made], now: dict[str, Made]) -> str:
    (change,) = changes.compared([part("input:a", "1")], [part("input:a", "2")])
    chains = Chains(before=lambda task, _: before.get(task), now=lambda task, _: now.get(task))
    return chains.of(reads("train", "a", "split"), change)


def made(*parts: KeyPart, reading: Task | None = None) -> Made:
    return Made(parts=parts, definition=reading)


def test_chain_goes_up_to_the_first_reason_of_its_own() -> None:
    middle = reads("split", "b", "load")
    before = {"split": made(part("input:b", "1"), reading=middle), "load": made(part("parameter:n", "1", "1"))}
    now = {"split": made(part("input:b", "2"), reading=middle), "load": made(part("parameter:n", "2", "2"))}
    assert chain(before, now) == (
        "split made another one, because input b changed: load made another one, because parameter n changed 1 → 2"
    )


def test_equal_key_with_another_result_is_called_not_deterministic() -> None:
    same = {"split": made(part("code", "1"))}
    assert chain(same, same).endswith("from the same code and inputs: it does not always give the same result")


def test_chain_ends_where_nothing_is_known() -> None:
    assert chain({}, {}) == "split made another one"
    assert causes.maker_of(None, "a") == ""
