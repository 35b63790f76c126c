"""A comment header becomes the magic; a body that awaits becomes an await; everything else is left alone."""

from __future__ import annotations

import pytest

from taskcell.magics import transforming


def transformed(source: str) -> str:
    return "".join(transforming.transform(source.splitlines(keepends=True)))


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n",
        "# a comment\nx = 1\n",
        "\n\nx = 1\n",
        "%%time\nx = 1\n",
        "%%taskforce\nx\n",
        "%%task?\n",
        "",
        "# %tasks\n",
    ],
)
def test_other_cells_are_left_alone(source: str) -> None:
    assert transformed(source) == source


def test_comment_header_becomes_the_magic() -> None:
    assert transformed("# %task train(df) -> model\nmodel = 1\n") == "%%task train(df) -> model\nmodel = 1\n"
    assert transformed("\n#%params\nk: int = 1\n") == "%%params\nk: int = 1\n"


def test_body_that_awaits_becomes_an_await() -> None:
    found = transformed("%%task one -> a\na = await f()\n")
    assert found.startswith("await get_ipython().taskcell_await('one -> a', ")
    compile("async def _():\n    " + found, "<test>", "exec")


def test_body_that_only_defines_a_coroutine_does_not_await() -> None:
    source = "%%task one -> a\nasync def f(): await g()\na = 1\n"
    assert transformed(source) == source


def test_empty_body_is_handed_over() -> None:
    assert transformed("%%task train\n") == "%%task train\n\n"
