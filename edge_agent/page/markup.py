"""HTML in which every text is escaped unless it was made here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape

_VOID = frozenset({"meta", "img", "br"})
_SIDES = {">": "right", "~": "free"}


class Html(str):
    """Markup that needs no escaping any more."""

    __slots__ = ()


def tag(name: str, *content: str, **attributes: str) -> Html:
    """An element; what is not `Html` is text. `class_` is the attribute class."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
    )
    if name in _VOID:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{joined(content)}</{name}>")


def joined(content: Iterable[str], between: str = "") -> Html:
    """Several texts and elements one after the other."""
    return Html(between.join(c if isinstance(c, Html) else escape(c) for c in content))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """A table: columns that end in `>` are set flush right, those in `~` hold foreign words, which
    may break anywhere."""
    return tag("table", tag("thead", _head(columns)), table_body(columns, rows))


def table_body(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> Html:
    """Rows under `columns`, below a line of their own where they have a title."""
    sides = [_SIDES.get(name[-1:], "left") for name in columns]
    above = [tag("tr", tag("th", title, colspan=str(len(columns)), scope="rowgroup"))]
    body = [
        tag("tr", *(tag("td", cell, class_=side) for cell, side in zip(row, sides, strict=True)))
        for row in rows
    ]
    return tag("tbody", *(above if title else []), *body)


def grouped_table(columns: Sequence[str], bodies: Iterable[Html]) -> Html:
    """A table of several `table_body`."""
    return tag("table", tag("thead", _head(columns)), *bodies)


def _head(columns: Sequence[str]) -> Html:
    cells = [
        tag("th", name.rstrip(">~"), class_=_SIDES.get(name[-1:], "left"), scope="col")
        for name in columns
    ]
    return tag("tr", *cells)


def zone_of(at: float) -> str:
    """The name of this machine's zone at Unix seconds."""
    return f"{datetime.fromtimestamp(at).astimezone():%Z}"


def moment(at: float | str | None, *, day_of: float | None = None) -> Html:
    """Unix seconds or an RFC 3339 text in local time, UTC in the title; empty for None.

    With its date and zone, unless it is on the day of another moment, which has shown them.
    """
    if at is None:
        return Html("")
    instant = datetime.fromisoformat(at) if isinstance(at, str) else datetime.fromtimestamp(at)
    local = instant.astimezone()
    utc = f"{local.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if day_of is None:
        shown = f"{local:%Y-%m-%d %H:%M:%S %Z}"
    elif datetime.fromtimestamp(day_of).date() == local.date():
        shown = f"{local:%H:%M:%S}"
    else:
        shown = f"{local:%Y-%m-%d %H:%M:%S}"
    return tag("time", shown, datetime=utc, title=f"{utc[:10]} {utc[11:19]} UTC")


def page(title: str, style: str, *content: str) -> str:
    """A whole document."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        Html(f"<style>{style}</style>"),
    )
    body = tag("body", tag("main", *content))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"
