"""The small change of sentences: goods, plates, moments and money as a person writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from edge_agent.shelf.catalogue import Catalogue
from edge_agent.shelf.identify import Hypothesis
from edge_agent.shelf.units import Unit

# A sentence that names more is a list, and the lines of the case are that list.
MOST_NAMED = 5
# Clock times alone would mislead about what happened in the course of a day or longer.
WITH_DATE_S = 12 * 3600.0
# ISO 4217 currencies without a minor unit, among those a shelf may meet.
WHOLE_CURRENCIES = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})


def money(amount: int, currency: str) -> str:
    """A minor-unit amount as a person writes it: `3.50 CNY`, `-3.50 CNY`."""
    if currency in WHOLE_CURRENCIES:
        return f"{amount} {currency}"
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d} {currency}"


def enumerated(parts: Sequence[str], last: str = "and") -> str:
    """`a, b and c`; what goes beyond `MOST_NAMED` is counted."""
    if len(parts) > MOST_NAMED:
        parts = [*parts[: MOST_NAMED - 1], f"{len(parts) - MOST_NAMED + 1} more"]
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def goods(counts: Counter[str], catalogue: Catalogue) -> str:
    """`2 × Cola and 1 × Nuts`, in the order in which the SKUs were counted."""
    return enumerated([f"{count} × {catalogue.name(sku)}" for sku, count in counts.items()])


def are(quantity: int) -> str:
    """The verb for so many."""
    return "is" if quantity == 1 else "are"


def were(quantity: int) -> str:
    """The same, in the past."""
    return "was" if quantity == 1 else "were"


def have(quantity: int) -> str:
    """The verb for so many that have done something."""
    return "has" if quantity == 1 else "have"


def plates(names: Iterable[str]) -> str:
    """`plate A1`, `plates A1 and B2`; empty for none."""
    known = list(dict.fromkeys(name for name in names if name))
    return f"plate{'s' if len(known) > 1 else ''} {enumerated(known)}" if known else ""


def clock(at: float) -> str:
    """Unix seconds as `14:03`, UTC, cut as a clock shows them."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M}"


def moment(at: float) -> str:
    """`at 14:03 UTC`."""
    return f"at {clock(at)} UTC"


def stretch(begin: float, end: float) -> str:
    """`at 14:03 UTC`, `between 14:03 and 14:05 UTC`; with the date where a day may have passed."""
    if end - begin >= WITH_DATE_S:
        first, last = (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}" for at in (begin, end))
        return f"between {first} and {last} UTC"
    if clock(begin) == clock(end):
        return moment(end)
    return f"between {clock(begin)} and {clock(end)} UTC"


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h 05 min`, `2 days 4 h`."""
    whole = timedelta(seconds=round(abs(seconds)))
    minutes, rest_s = divmod(whole.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if whole.days:
        days = f"{whole.days} day{'s' if whole.days > 1 else ''}"
        return f"{days} {hours} h" if hours else days
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min" if minutes >= 2 else f"{minutes * 60 + rest_s} s"


def unknown_thing(unit: Unit, explanations: Sequence[Hypothesis], catalogue: Catalogue) -> str:
    """Something by its weight, with what it may have been; `explanations` likeliest first."""
    weight = "something" if unit.by_sight else f"something of {abs(unit.delta_g):.1f} g"
    maybe = [
        " + ".join(f"{abs(n)} × {catalogue.name(sku)}" for sku, n in explanation.items)
        for explanation in explanations[:3]
    ]
    return f"{weight} (perhaps {enumerated(maybe, 'or')})" if maybe else weight


def percent(confidence: float) -> int:
    """A confidence in whole percents, 99 at most: a scale is never 100 % sure."""
    return min(99, round(100 * confidence))


def sureness(confidences: Iterable[float]) -> str:
    """`97 % sure`, or `90 to 97 % sure`; empty for none."""
    percents = sorted({percent(c) for c in confidences})
    if not percents:
        return ""
    if len(percents) == 1:
        return f"{percents[0]} % sure"
    return f"{percents[0]} to {percents[-1]} % sure"
