"""HTML and SVG made of elements: what is not markup is escaped, always.

Styles hang on the class ``tc-view`` and on names that start with ``tc-``, use JupyterLab's variables and
fall back to what reads on light and dark. An untrusted notebook loses the style sheet, so what must not be
lost (a bar's share, a sign's colour, a column's side) is said in the element itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from taskcell.views import escaping, states, stylesheet

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_VOID = frozenset({"img", "br", "hr"})


class Html(str):
    """Markup that is already safe."""

    __slots__ = ()


Content = str | Html | Iterable["str | Html"]


def escape(text: str) -> Html:
    """Turn text into markup that shows it."""
    return text if isinstance(text, Html) else Html(escaping.visible(text).translate(_ESCAPES))


def join(parts: Iterable[str | Html], between: str | Html = "") -> Html:
    """Join parts into markup, escaping what is text."""
    return Html(escape(between).join(escape(part) for part in parts))


def tag(element: str, *children: str | Html, **attributes: str | float | None) -> Html:
    """Make an element. ``class_`` is ``class``, ``aria_label`` ``aria-label``; None leaves one out."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(item)}"'
        for key, item in attributes.items()
        if item is not None
    )
    if element in _VOID:
        return Html(f"<{element}{said}>")
    return Html(f"<{element}{said}>{join(children)}</{element}>")


def _attribute(item: str | float) -> str:
    if isinstance(item, str):
        return escape(item)
    return f"{item:.1f}".rstrip("0").rstrip(".") if isinstance(item, float) else str(item)


def span(text: str | Html, class_: str, title: str | None = None) -> Html:
    """Make a span of one of our classes."""
    return tag("span", text, class_=f"tc-{class_}", title=title)


def named(text: str, limit: int = 80, class_: str = "name") -> Html:
    """Show a name on one line; the tooltip has more of it when it was clipped."""
    shown = escaping.name(text, limit)
    full = escaping.name(text, 1000)
    return span(shown, class_, full if full != shown else None)


def badge(state: str) -> Html:
    """Show a state as sign and word."""
    return sign(states.look(state).sign, states.look(state).middle, state)


def sign(glyph: str, colour: str, word: str) -> Html:
    """Show a coloured sign, which readers of screens skip, and a word."""
    mark = tag("span", glyph, style=f"color:{colour}", class_="tc-sign", aria_hidden="true")
    return tag("span", mark, " ", word, class_="tc-state")


def dotted(parts: Iterable[str | Html]) -> Html:
    """Join what is not empty by middle dots."""
    return join([escape(part) for part in parts if part], Html(' <span class="tc-dot">·</span> '))


def head(title: str | Html, *facts: str | Html) -> Html:
    """Make the first lines of a view: what it is, then facts about it."""
    first = tag("div", title, class_="tc-title")
    return join([first, tag("div", dotted(facts), class_="tc-facts")]) if any(facts) else first


def section(title: str, *content: str | Html) -> Html:
    """Make a part of a view under a small title."""
    return tag("div", tag("div", title, class_="tc-heading"), *content, class_="tc-section")


def folded(summary: str | Html, *content: str | Html, opened: bool = False) -> Html:
    """Make a part that opens on a click."""
    if opened:
        return tag("details", tag("summary", summary), *content, open="")
    return tag("details", tag("summary", summary), *content)


def notice(text: str | Html, class_: str = "notice") -> Html:
    """Make a sentence that stands out."""
    return tag("div", text, class_=f"tc-{class_}")


def table(
    titles: Sequence[str | Html],
    rows: Iterable[Sequence[str | Html]],
    *,
    caption: str,
    numeric: frozenset[int] = frozenset(),
    class_: str = "",
) -> Html:
    """Make a table that scrolls by itself; the first cell of a row is its head.

    ``numeric`` names the columns that are set to the right. ``caption`` is for readers of screens. A row of
    one cell is a small title for the rows that follow.
    """
    sides = ["right" if index in numeric else "left" for index in range(len(titles))]
    style = [f"text-align:{side}" for side in sides]
    top = join(tag("th", title, scope="col", style=style[index]) for index, title in enumerate(titles))
    body = join(tag("tr", _row(row, style) if len(row) > 1 else _group(row[0], len(titles))) for row in rows)
    classes = f"tc-table {class_}".strip()
    whole = tag("table", tag("thead", tag("tr", top)), tag("tbody", body), class_=classes, aria_label=caption)
    return tag("div", whole, class_="tc-scroll", style="overflow-x:auto")


def _row(row: Sequence[str | Html], style: Sequence[str]) -> Html:
    first = tag("th", row[0], scope="row", style=style[0])
    return join([first, *(tag("td", cell, style=style[index]) for index, cell in enumerate(row) if index)])


def _group(title: str | Html, wide: int) -> Html:
    return tag("th", title, scope="rowgroup", colspan=wide, class_="tc-group", style="text-align:left")


def bar(counts: dict[str, int], label: str) -> Html:
    """Draw a bar with a part for each state; what is still to be done is left empty."""
    total = sum(counts.values()) or 1
    parts = [
        tag(
            "div",
            style=f"width:{counts[state] / total * 100:.2f}%;background-color:{states.look(state).middle}",
        )
        for state in states.PROGRESS_ORDER
        if counts.get(state) and (state not in states.OPEN or state == states.State.RUNNING)
    ]
    return tag("div", *parts, class_="tc-bar", role="img", aria_label=label, title=label, style="display:flex")


def view(name: str, *content: str | Html) -> Html:
    """Make the whole of a view, with the style sheet."""
    return tag("div", tag("style", Html(stylesheet.STYLE)), *content, class_=f"tc-view tc-{name}")
