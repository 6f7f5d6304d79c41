"""The report as one page: tables and plots, nothing from the network, good on paper."""

from __future__ import annotations

from edge_agent.page.markup import Html, joined, page, table, tag
from edge_agent.page.style import STYLE
from edge_agent.plot.drawing import Drawing
from edge_agent.plot.svg import to_svg
from edge_agent.report.figures import Report
from edge_agent.report.plots import by_day, by_product, by_weekday_and_hour
from edge_agent.report.section import Section
from edge_agent.report.sections import headline, sections, title_of
from edge_agent.report.words import METHOD

_EXTRA = """
main { max-width: 68rem; }
.note { border-left: 3px solid var(--provisional); padding-left: .7rem; }
td:first-child { min-width: 6rem; }
@media print { table { font-size: 7.8pt; } th, td { padding: .2rem .4rem .2rem 0; } }
"""


def report_page(report: Report) -> str:
    """The whole document; every text that came from outside is escaped."""
    tables = {section.name: section for section in sections(report)}
    title = title_of(report)
    story, *more = headline(report)
    shown = [
        tag("h1", title),
        tag("p", story, class_="story"),
        *(tag("p", line) for line in more),
        *(tag("p", note, class_="note") for note in report.notes),
        _table(tables.pop("outcome")),
        tag("h2", "Lost value by day"),
        _figure(by_day(report)),
        tag("h2", "Lost value by weekday and hour"),
        _figure(by_weekday_and_hour(report)),
        tag("h2", "Lost share of the units taken, by product"),
        _figure(by_product(report)),
        *map(_table, tables.values()),
        tag(
            "footer",
            tag("p", METHOD),
            tag("p", f"Whole local days, {report.zone}. Money in {report.currency}."),
        ),
    ]
    return page(title, STYLE + _EXTRA, *shown)


def _figure(drawing: Drawing) -> Html:
    return tag("figure", Html(to_svg(drawing)))


def _table(section: Section) -> Html:
    heading = tag("h2", section.title)
    if not section.rows:
        return joined([heading, tag("p", section.empty, class_="soft")])
    columns = [c.title + ("" if c.is_text else ">") for c in section.columns]
    remark = tag("p", section.remark, class_="soft") if section.remark else Html("")
    return joined([heading, table(columns, section.rows), remark])
