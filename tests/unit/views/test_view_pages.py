from __future__ import annotations

import html
import json
import math
import re
from html.parser import HTMLParser

import msgspec
import pytest
import view_samples
from hypothesis import given, settings
from hypothesis import strategies as st

from taskcell import errors
from taskcell.views import bundles, columns, comparing, diffs, previews, reasons, runs, stylesheet
from taskcell.views.states import State

HOSTILE = [
    "<script>alert(1)</script>",
    "\"' onload=x <img src=x onerror=alert(1)>",
    "</style></table><h1>out</h1>",
    "\x1b[2J\x1b[31mred\x1b[0m\x00\x07\x9b",
    "\u202egnp.exe\u2066",
    "lone \ud800 surrogate",
    "line\nbreak\r\nand\ttab\u2028",
    "x" * 10_000,
    "東京" * 3_000,
    "",
    "   ",
    "{css} %s \\n ${x}",
]
SAFE_TAGS = frozenset(
    ("div", "span", "style", "table", "thead", "tbody", "tr", "th", "td", "img", "pre", "details", "summary")
)
SAFE_ATTRIBUTES = frozenset(
    (
        "class",
        "style",
        "title",
        "role",
        "aria-label",
        "aria-hidden",
        "scope",
        "colspan",
        "src",
        "alt",
        "width",
        "height",
        "open",
    )
)


class Reader(HTMLParser):
    """Checks nesting and gathers what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.sources: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.sources += [value or "" for name, value in attrs if name == "src"]
        if tag != "img":
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.stack:
            self.words.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.stack == []
    return reader


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_every_view(text: str) -> None:
    for view in view_samples.every_view(text or "t"):
        reader = read(bundles.to_html(view))
        assert reader.tags <= SAFE_TAGS
        assert reader.attributes <= SAFE_ATTRIBUTES
        assert all(
            source.startswith(("data:image/svg+xml;base64,", "data:image/png;base64,")) for source in reader.sources
        )
        shown = "".join(reader.words) + bundles.to_text(view)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=3, max_size=40), st.integers(60, 140))
def test_any_text_fits_any_width(text: str, width: int) -> None:
    for view in view_samples.every_view(text):
        read(bundles.to_html(view))
        lines = bundles.to_text(view, width).splitlines()
        assert max(map(columns.cells, lines)) <= width


def test_ten_thousand_characters_do_not_break_the_text() -> None:
    for view in view_samples.every_view("x" * 10_000)[:4]:
        assert len(bundles.to_text(view)) < 6_000


@pytest.mark.parametrize("view", view_samples.every_view(), ids=lambda view: type(view).__name__)
def test_payload_survives_json(view: bundles.View) -> None:
    data = bundles.to_data(view)
    assert data["schema"] == 1
    assert isinstance(data["kind"], str)
    assert bundles.from_data(json.loads(json.dumps(data, allow_nan=False))) == view


def test_bundle_has_text_page_and_data() -> None:
    bundle = bundles.mimebundle(view_samples.run())
    assert list(bundle) == ["text/plain", "text/html", "application/vnd.taskcell.view+json"]
    json.dumps(bundle, ensure_ascii=False, allow_nan=False).encode()


def test_numbers_and_text_that_json_lacks_are_replaced() -> None:
    view = view_samples.comparison("\ud800")
    odd = msgspec.structs.replace(view, metrics=(comparing.row("loss", [math.nan, -math.inf]),))
    data = bundles.to_data(odd)
    assert data["metrics"][0]["cells"] == ["NaN", "-Infinity"]
    json.dumps(data, ensure_ascii=False, allow_nan=False).encode()


def test_value_outside_json_is_refused() -> None:
    with pytest.raises(errors.InvalidInputError, match="RunView"):
        bundles.to_data(msgspec.structs.replace(view_samples.run(), parameters={"x": object()}))


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(errors.FormatError, match="not a view"):
        bundles.from_data({"kind": "weather", "schema": 1})


def test_kinds_are_distinct_and_stable() -> None:
    kinds = [bundles.to_data(view)["kind"] for view in view_samples.every_view()]
    assert kinds == [
        "graph",
        "run",
        "runs",
        "versions",
        "comparison",
        "explanation",
        "reproduction",
        "launch-preview",
    ]


def test_every_style_rule_holds_inside_a_view_only() -> None:
    selectors = [one for rule in stylesheet.STYLE.split("}") if rule for one in rule.split("{")[0].split(",")]
    assert all(".tc-view" in selector for selector in selectors)
    assert "@import" not in stylesheet.STYLE
    assert "url(" not in stylesheet.STYLE


def test_tables_have_heads_for_rows_and_columns() -> None:
    for view in view_samples.every_view()[1:]:
        page = bundles.to_html(view)
        assert '<th scope="col"' in page
        assert '<th scope="row"' in page


def test_pages_are_the_same_each_time() -> None:
    for one, other in zip(view_samples.every_view(), view_samples.every_view(), strict=True):
        assert bundles.mimebundle(one) == bundles.mimebundle(other)


def test_run_text_says_state_progress_origin_and_error() -> None:
    text = bundles.to_text(view_samples.run())
    assert text.startswith("✗ failed  train  run 01JNGZ3ABCDEFGHJKMNPQRSTVW")
    assert "3 of 4 tasks · 1 cached · 1 min 23 s" in text
    assert "from run 01JNGZ9XYC… by train, 2 days ago" in text
    assert "    ValueError: train · attempt 2" in text
    assert "5 of 12 elements" in text


def test_run_page_keeps_its_shape_while_it_runs() -> None:
    view = view_samples.run(state=State.RUNNING)
    early = msgspec.structs.replace(
        view,
        tasks=tuple(msgspec.structs.replace(task, state=State.PENDING, duration_s=None) for task in view.tasks),
    )
    pages = [re.sub(r'<div style="width:[^"]*"></div>', "", runs.to_html(one)) for one in (early, view)]
    shapes = [re.findall(r"<(div|table|tr|th|td|img)\b", page) for page in pages]
    assert shapes[0] == shapes[1]
    assert shapes[0].count("tr") == 5


def test_many_tasks_are_cut_to_those_that_matter() -> None:
    tasks = [runs.TaskRow(id=str(index), label=f"t{index}", state=State.SUCCEEDED) for index in range(1000)]
    tasks[777] = msgspec.structs.replace(tasks[777], state=State.FAILED)
    view = msgspec.structs.replace(view_samples.run(), tasks=tuple(tasks), graph=None)
    assert len(runs.kept(tasks)) == runs.MAX_ROWS
    for shown in (runs.to_text(view), runs.to_html(view)):
        assert "t777" in shown
        assert "… and 800 more tasks" in shown


def test_empty_lists_say_so() -> None:
    assert runs.to_text(runs.RunList(runs=(), shown_at=view_samples.NOW)) == "Runs: none yet."


def test_version_list_says_what_changed() -> None:
    text = bundles.to_text(view_samples.version_list())
    assert "train · 2 versions" in text
    assert "@7 [train] [as it stands]" in text
    assert "3f2a9c1 + changes" in text
    assert "    + plot · − old · ~ train · parameters: train · packages: train" in text
    assert "    first version" in text


def test_comparison_shows_differences_and_folds_what_is_equal() -> None:
    view = view_samples.comparison()
    text, page = bundles.to_text(view), bundles.to_html(view)
    assert "Differs in 1 parameter, 1 result, 1 task's code, 1 environment entry, 2 outputs." in text
    assert "12.5 (+25.0 %)" in text
    assert "2 equal rows hidden: month, load" in text
    assert "1 equal row hidden: t.same" in text
    assert "<details><summary>2 equal rows</summary>" in page
    assert page.index("mae") < page.index("2 equal rows") < page.index("month")


def test_comparison_of_many_runs_breaks_text_and_scrolls_pages() -> None:
    one = view_samples.comparison()
    columns_ = tuple(msgspec.structs.replace(one.runs[0], id=f"{index:026d}") for index in range(30))
    view = comparing.Comparison(
        runs=columns_, shown_at=view_samples.NOW, metrics=(comparing.row("mae", list(range(30))),)
    )
    lines = comparing.to_text(view).splitlines()
    assert max(map(columns.cells, lines)) <= 100
    assert sum("RESULTS" in line for line in lines) == 8
    assert re.search(r"\bAD\b", "\n".join(lines))
    assert comparing.to_html(view).count('<th scope="col"') == 31 + 6


@pytest.mark.parametrize(
    ("cells", "tolerance", "differs"),
    [
        ([1, 1.0], 0, False),
        ([1, True], 0, True),
        ([math.nan, math.nan], 0, False),
        ([60.0, 61.0], 0.2, False),
        ([60.0, 100.0], 0.2, True),
        ([1, None], 0, True),
        (["a"], 0, False),
    ],
)
def test_rows_know_whether_they_differ(cells: list[object], tolerance: float, differs: bool) -> None:
    assert comparing.row("x", cells, tolerance=tolerance).differs is differs


def test_diff_lines_mark_sides_and_places() -> None:
    old = "".join(f"line {index}\n" for index in range(20))
    lines = diffs.diff_lines(old, old.replace("line 10\n", "new\n"), context=1)
    assert [(line.side, line.text) for line in lines] == [
        ("@", "line 10"),
        (" ", "line 9"),
        ("-", "line 10"),
        ("+", "new"),
        (" ", "line 11"),
    ]
    assert diffs.changed(lines) == (1, 1)
    assert diffs.diff_lines("a", "a") == ()


def test_lines_that_look_like_diff_marks_keep_their_text() -> None:
    lines = diffs.diff_lines("--x\n", "++y\n")
    assert [(line.side, line.text) for line in lines[1:]] == [("-", "--x"), ("+", "++y")]


def test_huge_texts_are_not_compared_line_by_line() -> None:
    assert diffs.diff_lines("a" * 300_000, "b" * 300_000)[0].side == "@"
    assert len(diffs.diff_lines("a\n" * 5000, "b\n" * 5000)) == 401


def test_explanation_names_part_change_and_lines() -> None:
    text = bundles.to_text(view_samples.explanation())
    assert "▷ score: score" in text
    assert "~ parameter rate" in text
    assert "0.1 → 0.05" in text
    assert "- x = 1" in text
    assert "+ score" in text
    assert "= 2 parts unchanged: import:numpy, score" in text


def test_hit_is_said_as_cached() -> None:
    view = reasons.Explanation(task="train", verdict="hit", headline="Nothing changed.", shown_at=view_samples.NOW)
    assert reasons.to_text(view) == "◆ train: Nothing changed."
    assert "cached" in reasons.to_html(view)


def test_reproduction_lists_the_worst_first_and_the_cause() -> None:
    text = bundles.to_text(view_samples.reproduction())
    assert "First difference in train (train): train" in text
    assert text.index("✗ different   ") < text.index("≈ within tolerance") < text.index("✓ identical")


def test_launch_preview_says_what_would_happen_and_how_long() -> None:
    text = bundles.to_text(view_samples.launch())
    assert "1 cached, 1 refused, 1 will run · about 2 min 10 s (from 6 runs)" in text
    assert "⊘ refused" in text
    assert re.search(r"▷ will run +1 min 2 s", text)


def test_only_real_pictures_are_embedded() -> None:
    assert "<img" in previews.to_html(previews.Preview(image_png=view_samples.PNG))
    for broken in ('"><script>', "bm90IGEgcG5n", "%%%"):
        assert "<img" not in previews.to_html(previews.Preview(image_png=broken))


def test_missing_cell_is_a_dash() -> None:
    assert previews.to_lines(None, 80) == ["–"]
    assert html.unescape(previews.to_html(None)) == '<span class="tc-muted">–</span>'
