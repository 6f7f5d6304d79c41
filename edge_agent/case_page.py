"""One case as a page of its own: to read, to send, to print and to put into a folder."""

from __future__ import annotations

from edge_agent import __version__
from edge_agent.case_file import CaseFile
from edge_agent.case_story import in_local_time
from edge_agent.page import case_match, case_pictures
from edge_agent.page.markup import Html, joined, moment, page, table, tag
from edge_agent.page.style import STYLE
from edge_agent.shelf.phrases import money, percent


def case_page(file: CaseFile) -> str:
    """The whole HTML document: inline styles and drawings, no scripts, nothing to be fetched.

    Reads the case's pictures from the disk; one that cannot be read is named with the reason.
    """
    return page(
        f"Case {file.case_id}",
        STYLE,
        *_head(file),
        *_lines(file),
        *case_match.visit_section(file),
        *case_match.timeline_section(file),
        *case_pictures.traces_section(file),
        *case_pictures.pictures_section(file),
        *case_match.payments_section(file),
        *case_match.match_section(file),
        _foot(file),
    )


def _head(file: CaseFile) -> list[Html]:
    case = file.case
    resolution = f": {case['resolution']}" if case["resolution"] else ""
    state = tag("span", f"{case['state']}{resolution}", class_=f"state {case['state']}")
    value = money(case["value"], file.currency)
    facts = [
        ("Value", value),
        ("Sure what it was", f"{percent(case['confidence'])} %"),
        ("Began", moment(case["started_at"])),
        ("Ended", moment(case["ended_at"])),
        ("Case opened", moment(case["opened_at"])),
        ("Visit", case["visit_id"] or "none"),
        ("Payments", ", ".join(case["payments"]) or "none"),
        ("Revision", str(case["revision"])),
    ]
    return [
        tag("h1", f"Case {file.case_id} ", state),
        tag("p", in_local_time(case["explanation"], case["started_at"]), class_="story"),
        tag("dl", *(tag("div", tag("dt", name), tag("dd", text)) for name, text in facts if text)),
    ]


def _lines(file: CaseFile) -> list[Html]:
    rows = [
        (
            line["kind"],
            joined([f"{line['quantity']} × {line['name']}", *_paid_as(file, line.get("paid_as"))]),
            line["sku"] or "",
            line["plate"] or "",
            money(line["unit_price"], file.currency) if line["sku"] else "",
            money(line["value"], file.currency),
            f"{percent(line['confidence'])} %",
        )
        for line in file.case["lines"]
    ]
    if not rows:
        return []
    columns = ("kind", "what~", "sku~", "plate~", "price>", "value>", "sure>")
    return [tag("h2", "What is missing" if _is_missing(file) else "What it was about"),
            table(columns, rows)]  # fmt: skip


def _is_missing(file: CaseFile) -> bool:
    return bool(file.case["state"] != "closed" or file.case["resolution"] == "confirmed")


def _paid_as(file: CaseFile, sku: str | None) -> list[Html]:
    if sku is None:
        return []
    return [tag("span", f", paid as {file.names.get(sku, sku)}", class_="soft")]


def _foot(file: CaseFile) -> Html:
    source = "Written by edge-agent " + __version__
    return tag(
        "footer",
        tag("p", "A case is a finding to be looked at, and accuses nobody. Weights and payments "
            "can be misread; the prices above say how likely each reading is."),
        tag("p", f"{source}. Times are local; point at one to see it in UTC."),
    )  # fmt: skip
