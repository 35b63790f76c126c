from __future__ import annotations

from taskcell.notebook import quoting


def test_text_is_cut_and_made_visible() -> None:
    assert quoting.shortened("a\n\u202eb\x00c", 10) == "a b c"
    assert quoting.shortened("x" * 100, 10) == "x" * 9 + "…"
    assert len(quoting.shortened("\x00" * 5 + "y" * 10_000, 10)) == 10


def test_long_text_is_shown_with_its_length() -> None:
    assert quoting.shown("x" * 1000, 5) == "'xxxxx'… (1,000 characters)"


def test_surrogates_can_be_printed() -> None:
    quoting.shown("\ud800" * 200).encode()
    quoting.shown(["\ud800"]).encode()


def test_unshowable_values_are_shown_by_type() -> None:
    assert quoting.shown(10**5000) == "<int>"


def test_code_span_holds_backticks() -> None:
    assert quoting.code_span("a``b") == "```a``b```"
    assert quoting.code_span("`") == "`` ` ``"
