from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskcell import errors
from taskcell.views import columns, escaping, markup, states


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;title\x07after", "after"),
        ("a\x00b", "a␀b"),
        ("\x1b", "␛"),
        ("a\x7fb\x9bm", "a␡b"),
        ("50%\r100%", "100%"),
        ("one\r\ntwo", "one\ntwo"),
        ("safe\u202egpj.exe", "safe⟨U+202E⟩gpj.exe"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("lone \ud800", "lone �"),
        ("tag\U000e0041", "tag�"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 3),
        ("Zürich 東京 👩‍🔬", "Zürich 東京 👩‍🔬"),
    ],
)
def test_what_hides_or_controls_is_dropped_or_shown(text: str, shown: str) -> None:
    assert escaping.visible(text) == shown


def test_unterminated_sequence_hides_nothing() -> None:
    assert "secret" in escaping.visible("\x1b]0;secret and the rest")


@given(st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=0xFFFF, exclude_categories=()), max_size=80))
def test_no_control_survives(text: str) -> None:
    shown = escaping.visible(text)
    assert not [one for one in shown if unicodedata.category(one) in ("Cc", "Cs") and one not in "\n\t"]
    shown.encode()


def test_names_are_one_clipped_line() -> None:
    assert escaping.name("a\nb\tc") == "a⏎b c"
    assert len(escaping.name("x" * 10_000)) == 80
    assert escaping.sentence("  one\n   two ") == "one two"


def test_block_says_what_it_left_out() -> None:
    assert escaping.block("\n".join("abcdef"), max_lines=2) == "a\nb\n… 4 more lines"
    assert escaping.block("x" * 100, max_chars=10) == "x" * 10 + "…"


def test_elements_escape_text_and_attributes() -> None:
    made = markup.tag("a", "<b>&", title='" onclick="x', class_="tc-x")
    assert made == '<a title="&quot; onclick=&quot;x" class="tc-x">&lt;b&gt;&amp;</a>'
    assert markup.join(["<", markup.tag("br")], "&") == "&lt;&amp;<br>"


@given(st.text(max_size=60), st.integers(min_value=1, max_value=30))
def test_padding_gives_exactly_the_width(text: str, width: int) -> None:
    assert columns.cells(columns.pad(escaping.name(text), width)) == width


def test_table_fits_and_squeezes_the_widest() -> None:
    shape = [columns.Column(title="name", least=6), columns.Column(title="note", least=6)]
    lines = columns.table(shape, [["short", "long " * 40], ["東京", "x"]], 40)
    assert max(map(columns.cells, lines)) <= 40
    assert "short" in lines[2]
    assert lines[2].endswith("…")


@given(st.lists(st.integers(1, 90), min_size=1, max_size=6), st.integers(10, 120))
def test_squeezed_widths_fit_or_are_at_their_least(natural: list[int], room: int) -> None:
    least = [min(size, 6) for size in natural]
    widths = columns.squeeze(natural, least, room)
    assert sum(widths) <= room or widths == least
    assert all(low <= width <= size for low, width, size in zip(least, widths, natural, strict=True))


def test_bar_is_as_wide_as_asked() -> None:
    assert columns.bar(0, 8) == "░" * 8
    assert columns.bar(1, 8) == "█" * 8
    assert len(columns.bar(0.43, 8)) == 8


def _luminance(colour: str) -> float:
    parts = [channel / 255 for channel in bytes.fromhex(colour[1:])]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("state", list(states.State))
def test_state_colours_have_the_contrast_of_signs(state: states.State) -> None:
    look = states.look(state)
    assert _contrast(look.middle, "#ffffff") >= 3
    assert _contrast(look.middle, "#111111") >= 3
    assert _contrast(look.light, "#ffffff") >= 4.5
    assert _contrast(look.dark, "#14171b") >= 4.5


def test_states_are_told_apart_without_colour() -> None:
    assert len({look.sign for look in states.LOOKS.values()}) == len(states.State)
    assert set(states.PROGRESS_ORDER) == set(states.State)


def test_unknown_state_is_refused_by_name() -> None:
    with pytest.raises(errors.InvalidInputError, match="'bored'"):
        states.look("bored")


@given(st.text(max_size=120), st.integers(min_value=20, max_value=60))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    shown = escaping.sentence(text)
    lines = columns.wrap(shown, width, "  ")
    assert max(map(columns.cells, lines)) <= width
    assert "".join(lines).replace(" ", "") == "".join(shown.split())
