"""The report as table, CSV, JSON and page: the same figures, every text harmless."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from rich.console import Console

from edge_agent.plot.drawing import cut
from edge_agent.report.as_page import report_page
from edge_agent.report.as_text import print_report
from edge_agent.report.figures import Report
from edge_agent.report.rows import COLUMNS, to_csv, to_tree
from edge_agent.report.words import amount, duration, percent
from edge_agent.store import Store
from tests.report.month_scene import NAMES, Shelf, moment, payment


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> Iterator[Report]:
    monkeypatch.setitem(NAMES, "gum", "=HYPERLINK(0) 口香糖 of a very long name indeed")
    store = Store.in_memory()
    shelf = Shelf(store)
    at = moment("2026-03-03 14:10")
    shelf.visit(at, {"nuts": 2, "gum": 1, "cola": 90}, due={"gum": 1})
    shelf.case(at, {"nuts": 2, "gum": 1}, "open")
    shelf.case(at, {"cola": 1}, "provisional")
    shelf.case(at, {"cola": 1}, "paid")
    shelf.pay(payment("P", at, {"cola": 80, "gum": 1}, gifts=["gum"], discount=20))
    shelf.restock(at, "gum", 20, 19)
    shelf.watch(at, 1800)
    yield shelf.report()
    store.close()


@pytest.fixture
def empty() -> Iterator[Report]:
    store = Store.in_memory()
    yield Shelf(store).report()
    store.close()


def text_of(report: Report, width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), highlight=False)
    print_report(report, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_fits_eighty_columns_and_cuts_only_names(report: Report) -> None:
    text = text_of(report)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "Lost: 26.00 CNY" in text
    assert not re.findall(r"[\d.]…", text)
    assert "Nothing happened at other times" not in text


def test_every_section_of_the_table_is_there(report: Report) -> None:
    text = text_of(report)
    for title in (
        "Findings",
        "By kind",
        "By product",
        "By plate",
        "By hour of the day",
        "By day of the week",
        "Paid late",
        "Coupons, red packets and gifts",
        "Paid and not taken",
        "Restocks: ordered against weighed",
        "Nothing to tell of: refunds given.",
    ):
        assert title in text
    assert "Nuts <b>&</b> more" in text


def test_the_csv_is_one_tidy_table(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(report), newline="")))
    assert tuple(rows[0]) == COLUMNS
    keys = [(r["section"], r["key"], r["metric"]) for r in rows]
    assert len(keys) == len(set(keys))
    found = {(r["section"], r["key"], r["metric"]): r for r in rows}
    value = found["total", "", "lost_value"]
    assert (value["value"], value["unit"]) == ("2600", "CNY")
    assert float(value["low"]) < 2600 < float(value["high"])
    assert found["product", "nuts", "loss_rate"]["value"] == "1"
    assert found["hour", "14", "observed"]["value"] == "1800"
    assert found["outcome", "paid", "cases"]["value"] == "1"
    assert found["restock", "gum", "short"]["value"] == "1"
    assert found["margin", "gift", "value"]["value"] == "200"
    assert {r["section"] for r in rows} >= {"kind", "plate", "weekday", "day", "paid_late"}


def test_a_name_is_no_formula_for_a_spreadsheet(report: Report) -> None:
    rows = csv.DictReader(io.StringIO(to_csv(report), newline=""))
    assert all(r["name"][:1] not in "=+-@" or r["name"] == "" for r in rows)


def test_the_tree_is_json_with_the_same_figures(report: Report) -> None:
    tree = json.loads(json.dumps(to_tree(report), allow_nan=False))
    assert tree["span"] == {"from": "2026-03-01", "to": "2026-03-31", "days": 31}
    assert tree["total"]["loss"]["value"]["value"] == 2600
    assert tree["heat"] == [
        {"weekday": 1, "hour": 14, "value": 2600, "lost": 3, "observed_s": 1800}
    ]
    assert [p["key"] for p in tree["products"]] == ["nuts", "gum", "cola"]


class Reader(HTMLParser):
    """Collects what a browser would fetch or run, and checks that tags are closed in order."""

    VOID = frozenset({"meta", "img", "br", "rect", "circle", "polyline", "polygon"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.outside += [f"{k}={v}" for k, v in attrs if k in ("src", "href") or k[:2] == "on"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read_page(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def test_the_page_needs_nothing_from_the_network(report: Report) -> None:
    text = report_page(report)
    reader = read_page(text)
    assert reader.outside == []
    assert not {"script", "link", "iframe", "img"} & reader.names
    assert set(re.findall(r"https?://[^\"\s]+", text)) == {"http://www.w3.org/2000/svg"}
    assert "url(" not in text
    assert text.count("<svg") == 3


def test_every_text_on_the_page_is_escaped(report: Report) -> None:
    text = report_page(report)
    assert "<b>" not in text
    assert "Nuts &lt;b&gt;&amp;&lt;/b&gt; more" in text


def test_a_report_of_nothing_can_be_printed_in_every_form(empty: Report) -> None:
    assert "Nothing to tell of" in text_of(empty)
    assert to_csv(empty).count("\n") > 20
    assert to_tree(empty)["products"] == ()
    assert "nothing is recorded in these days" in read_and_return(report_page(empty))


def read_and_return(text: str) -> str:
    read_page(text)
    return text


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (amount(1234567, "CNY"), "12 345.67"),
        (amount(-5, "CNY"), "−0.05"),
        (amount(1234, "JPY"), "1 234"),
        (amount(None, "CNY"), "–"),
        (percent(0.0), "0 %"),
        (percent(1.0), "100 %"),
        (percent(0.0234), "2.3 %"),
        (duration(45.0), "45 s"),
        (duration(3000.0), "50 min"),
        (duration(36000.0), "10.0 h"),
        (duration(400000.0), "4.6 days"),
        (cut("口香糖", 4), "口…"),
        (cut("Cola", 4), "Cola"),
    ],
)
def test_figures_are_written_for_people(found: str, expected: str) -> None:
    assert found == expected
