"""HTML and SVG made of elements: what is not markup is escaped, always.

Styles hang on the class ``tc-view`` and on names that start with ``tc-``, use JupyterLab's variables and fall back
to what reads on light and dark. An untrusted notebook loses the style sheet, so what must not be lost (a bar's
share, a sign's colour, a column's side) is said in the element itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from taskcell.views import escaping, states

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
    """Make an element. ``class_`` is ``class``, ``aria_label`` is ``aria-label``; an attribute that is None is left out."""
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
) -> Html:
    """Make a table that scrolls by itself; the first cell of a row is its head.

    ``numeric`` names the columns that are set to the right. ``caption`` is for readers of screens.
    """
    sides = ["right" if index in numeric else "left" for index in range(len(titles))]
    style = [f"text-align:{side}" for side in sides]
    top = join(tag("th", title, scope="col", style=style[index]) for index, title in enumerate(titles))
    body = join(tag("tr", _row(row, style)) for row in rows)
    whole = tag("table", tag("thead", tag("tr", top)), tag("tbody", body), class_="tc-table", aria_label=caption)
    return tag("div", whole, class_="tc-scroll", style="overflow-x:auto")


def _row(row: Sequence[str | Html], style: Sequence[str]) -> Html:
    first = tag("th", row[0], scope="row", style=style[0])
    return join([first, *(tag("td", cell, style=style[index]) for index, cell in enumerate(row) if index)])


def bar(counts: dict[str, int], label: str) -> Html:
    """Draw a bar with a part for each state; what is still to be done is left empty."""
    total = sum(counts.values()) or 1
    parts = [
        tag("div", style=f"width:{counts[state] / total * 100:.2f}%;background-color:{states.look(state).middle}")
        for state in states.PROGRESS_ORDER
        if counts.get(state) and (state not in states.OPEN or state == states.State.RUNNING)
    ]
    return tag("div", *parts, class_="tc-bar", role="img", aria_label=label, title=label, style="display:flex")


def view(name: str, *content: str | Html) -> Html:
    """Make the whole of a view, with the style sheet."""
    return tag("div", tag("style", Html(STYLE)), *content, class_=f"tc-view tc-{name}")


_MUTED = "var(--jp-ui-font-color2,var(--vscode-descriptionForeground,#7d8590))"
_LINE = "var(--jp-border-color2,rgba(128,128,128,.28))"
_FAINT = "rgba(128,128,128,.10)"
_MONO = "var(--jp-code-font-family,ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace)"

STYLE = f"""
.tc-view{{font-family:var(--jp-ui-font-family,system-ui,-apple-system,'Segoe UI',sans-serif);font-size:13px;
line-height:1.45;color:var(--jp-ui-font-color1,inherit);max-width:1100px;padding:2px 0 6px}}
.tc-view .tc-title{{font-size:14px;font-weight:600;display:flex;flex-wrap:wrap;gap:2px 10px;align-items:baseline}}
.tc-view .tc-facts,.tc-view .tc-muted{{color:{_MUTED};font-weight:400}}
.tc-view .tc-facts{{font-size:12px;font-variant-numeric:tabular-nums}}
.tc-view .tc-dot{{opacity:.55}}
.tc-view .tc-state{{white-space:nowrap}} .tc-view .tc-title .tc-state{{font-weight:600}}
.tc-view .tc-sign{{display:inline-block;min-width:1em;text-align:center}}
.tc-view .tc-name,.tc-view .tc-id{{unicode-bidi:isolate;overflow-wrap:anywhere}}
.tc-view .tc-id,.tc-view .tc-mono{{font-family:{_MONO};font-size:12px;font-weight:400}}
.tc-view .tc-heading{{font-size:11px;font-weight:600;letter-spacing:.04em;text-transform:uppercase;color:{_MUTED};
margin:14px 0 4px}}
.tc-view .tc-chips{{display:flex;flex-wrap:wrap;gap:4px;margin:8px 0 0}}
.tc-view .tc-chip{{font-family:{_MONO};font-size:12px;padding:0 7px;border-radius:9px;background:{_FAINT};
overflow-wrap:anywhere}}
.tc-view .tc-bar{{height:6px;border-radius:3px;overflow:hidden;background-color:rgba(128,128,128,.22);
margin:7px 0 2px;gap:1px}}
.tc-view .tc-bar div{{min-width:2px}}
.tc-view .tc-notice,.tc-view .tc-error{{margin:8px 0 0;padding:5px 10px;border-left:3px solid #c2700c;
background:rgba(194,112,12,.09);border-radius:0 4px 4px 0;overflow-wrap:anywhere}}
.tc-view .tc-error{{border-left-color:#e03e3e;background:rgba(224,62,62,.09)}}
.tc-view .tc-good{{margin:8px 0 0;padding:5px 10px;border-left:3px solid #2a9d4e;background:rgba(42,157,78,.09);
border-radius:0 4px 4px 0;overflow-wrap:anywhere}}
.tc-view .tc-scroll{{overflow-x:auto;max-width:100%}}
.tc-view.tc-view .tc-table{{border-collapse:collapse;border:0;margin:2px 0 0;font-size:13px;table-layout:auto;
width:auto;min-width:min(100%,480px);color:inherit}}
.tc-view.tc-view .tc-table th,.tc-view.tc-view .tc-table td{{padding:4px 14px 4px 0;border:0;border-bottom:1px solid {_LINE};
vertical-align:top;font-weight:400;max-width:420px;white-space:normal;line-height:1.4;background:none}}
.tc-view.tc-view .tc-table th[scope=row]{{min-width:90px}}
.tc-view.tc-view .tc-table thead th{{font-size:11px;font-weight:600;color:{_MUTED};white-space:nowrap;
vertical-align:bottom;background:none}}
.tc-view.tc-view .tc-table tbody tr:nth-child(n){{background:none}}
.tc-view.tc-view .tc-table tbody tr:hover{{background:{_FAINT}}}
.tc-view.tc-view .tc-table tbody tr:last-child>*{{border-bottom:0}}
.tc-view.tc-view .tc-table td[style*=right],.tc-view.tc-view .tc-table th[style*=right]{{font-variant-numeric:tabular-nums;
white-space:nowrap}}
.tc-view.tc-view .tc-small{{font-size:11px;margin:0;min-width:0}}
.tc-view.tc-view .tc-small th,.tc-view.tc-view .tc-small td{{padding:1px 10px 1px 0;max-width:180px;overflow:hidden;
text-overflow:ellipsis;white-space:nowrap}}
.tc-view .tc-strong{{font-weight:600}}
.tc-view details{{margin:6px 0 0}} .tc-view summary{{cursor:pointer;color:{_MUTED};font-size:12px}}
.tc-view .tc-graph{{margin:10px 0 4px;overflow-x:auto}}
.tc-view .tc-graph img,.tc-view .tc-picture{{display:block;height:auto;margin:0}}
.tc-view.tc-view pre{{font-family:{_MONO};font-size:12px;line-height:1.4;margin:4px 0;padding:6px 10px;background:{_FAINT};
border-radius:4px;overflow-x:auto;white-space:pre;color:inherit}}
.tc-view .tc-diff span{{display:block;margin:0 -10px;padding:0 10px;min-height:1.4em}}
.tc-view .tc-diff .tc-plus{{background:rgba(42,157,78,.17)}} .tc-view .tc-diff .tc-minus{{background:rgba(224,62,62,.15)}}
.tc-view .tc-diff .tc-where{{color:{_MUTED}}}
[data-jp-theme-light=false] .tc-view .tc-graph img,body.vscode-dark .tc-view .tc-graph img{{
filter:invert(.925) hue-rotate(180deg)}}
"""
STYLE = "".join(STYLE.splitlines())
