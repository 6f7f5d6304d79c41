"""Figures as a person writes them. Pure."""

from __future__ import annotations

from edge_agent.report.intervals import Estimate
from edge_agent.shelf.phrases import WHOLE_CURRENCIES

NONE = "–"
MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86400.0


def amount(minor_units: float | None, currency: str) -> str:
    """Money without its currency: `3.50`; a dash where it is not known."""
    if minor_units is None:
        return NONE
    whole = round(minor_units)
    if currency in WHOLE_CURRENCIES:
        return f"{whole:,}".replace(",", " ")
    sign, cents = ("−" if whole < 0 else ""), abs(whole)
    return f"{sign}{cents // 100:,}".replace(",", " ") + f".{cents % 100:02d}"


def amount_range(estimate: Estimate, currency: str) -> str:
    """The interval of an amount of money, coarse where it is large: `5.68–41`."""
    if estimate.high is None or estimate.low is None:
        return NONE
    return f"{_coarse(estimate.low, currency)}–{_coarse(estimate.high, currency)}"


def _coarse(minor_units: float, currency: str) -> str:
    text = amount(minor_units, currency)
    return text.split(".")[0] if "." in text and minor_units >= 10_000 else text


def percent(share: float | None) -> str:
    """A share as `2.4 %`; a dash where it is not known."""
    if share is None:
        return NONE
    shown = 100 * share
    return f"{shown:.0f} %" if shown >= 99.95 or shown == 0 else f"{shown:.1f} %"


def percent_range(estimate: Estimate) -> str:
    """The interval of a share: `1.0–5.4`."""
    if estimate.high is None or estimate.low is None:
        return NONE
    return f"{100 * estimate.low:.1f}–{100 * estimate.high:.1f}"


def count(number: int | None) -> str:
    """A count, empty where there was none, so that the others stand out."""
    return NONE if number is None else (f"{number:,}".replace(",", " ") if number else "")


def hours(seconds: float) -> str:
    """A time in hours: `12.5 h`."""
    found = seconds / HOUR_S
    return f"{found:.0f} h" if found >= 100 or found == round(found) else f"{found:.1f} h"


def per_hour(number: float | None) -> str:
    """A pace: `3.2`."""
    return NONE if number is None else f"{number:.1f}"


def duration(seconds: float | None) -> str:
    """A time in the unit that fits it: `45 s`, `12 min`, `3.5 h`, `2.1 days`."""
    if seconds is None:
        return NONE
    if seconds < 2 * MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR_S:
        return f"{seconds / MINUTE_S:.0f} min"
    if seconds < 2 * DAY_S:
        return f"{seconds / HOUR_S:.1f} h"
    return f"{seconds / DAY_S:.1f} days"


OUTCOME_WORDS = {
    "provisional": "provisional (facts are missing)",
    "open": "open (to be reviewed)",
    "confirmed": "confirmed by a person",
    "dismissed": "dismissed by a person",
    "paid": "closed: paid late",
    "returned": "closed: goods came back",
}

METHOD = (
    "Lost is what stands in open and confirmed cases; provisional ones are told beside it, "
    "and dismissed, paid and returned ones are no loss. Brackets are 95\u00a0% intervals: of units "
    "lost among units taken Wilson's (1927), with Kish's design effect, since units of one "
    "case went together; of values Garwood's (1936) for the equivalent number of losses (Bohm "
    "and Zech, 2014). A loss rate in money is lost / (lost + sold at list price). What "
    "restocks came short is told by kind and under restocks, and is in no loss rate. "
    "Discounts and gifts cost margin; they are no loss."
)
