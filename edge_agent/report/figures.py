"""What a report says, as plain figures. Money is in minor units, times in seconds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.report.intervals import Estimate
from edge_agent.report.span import Span

OUTCOMES = ("provisional", "open", "confirmed", "dismissed", "paid", "returned")
"""How a case can stand: its state, or once it is closed its resolution."""

LOST = ("open", "confirmed")
"""What counts as lost; `provisional` is told beside it, the others turned out to be no loss."""


@dataclass(frozen=True, slots=True)
class LossRow:
    """Loss of one product, plate, hour of the day, weekday or day, or of them all.

    `lost` and `taken` are units, `rate` the share of them. `sold` is the list value of what was
    paid, `value_rate` the lost share of lost and sold; None and unknown for plates, since payments
    name none. `provisional` are units and value that may yet turn out to be paid.
    """

    key: str
    name: str
    cases: int
    lost: int
    taken: int
    rate: Estimate
    value: Estimate
    sold: int | None
    value_rate: Estimate
    provisional: int
    provisional_value: int


@dataclass(frozen=True, slots=True)
class TimeRow:
    """The loss of a stretch of time, with what went on in it and how long it was watched."""

    loss: LossRow
    visits: int
    visitors: int
    observed_s: int

    @property
    def visits_per_hour(self) -> float | None:
        """Visits in an observed hour."""
        return self.visits * 3600 / self.observed_s if self.observed_s else None

    @property
    def visitors_per_hour(self) -> float | None:
        """Visitors (at least) in an observed hour."""
        return self.visitors * 3600 / self.observed_s if self.observed_s else None

    @property
    def loss_per_hour(self) -> float | None:
        """Lost value in an observed hour."""
        value = self.loss.value.value
        return value * 3600 / self.observed_s if self.observed_s and value is not None else None


@dataclass(frozen=True, slots=True)
class KindRow:
    """Cases with lines of one kind: lost, provisional, and what was no loss in the end."""

    kind: str
    cases: int
    units: int
    value: Estimate
    provisional: int
    provisional_value: int
    no_loss: int
    no_loss_value: int


@dataclass(frozen=True, slots=True)
class CountRow:
    """So many events of one sort, with their units and value."""

    key: str
    name: str
    events: int
    units: int
    value: int | None


@dataclass(frozen=True, slots=True)
class LatePayments:
    """Cases that a payment closed; the delay runs from the end of the visit to its news."""

    cases: int
    value: int
    median_delay_s: float | None


@dataclass(frozen=True, slots=True)
class RestockRow:
    """What came of a product against what was ordered; `short` and `surplus` by order line."""

    key: str
    name: str
    lines: int
    ordered: int
    weighed: int
    short: int
    surplus: int


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One weekday (0 is Monday) at one hour of the day."""

    weekday: int
    hour: int
    value: int
    lost: int
    observed_s: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report shows; `span_s` is how much of the span had passed when it was made."""

    shelf_id: str
    currency: str
    zone: str
    made_at: float
    span: Span
    span_s: float
    total: TimeRow
    outcomes: tuple[CountRow, ...]
    kinds: tuple[KindRow, ...]
    products: tuple[LossRow, ...]
    plates: tuple[LossRow, ...]
    hours: tuple[TimeRow, ...]
    weekdays: tuple[TimeRow, ...]
    days: tuple[TimeRow, ...]
    heat: Mapping[tuple[int, int], HeatCell]
    late: LatePayments
    margin: tuple[CountRow, ...]
    refunds_due: tuple[CountRow, ...]
    refunds_given: tuple[CountRow, ...]
    restocks: tuple[RestockRow, ...]
    notes: tuple[str, ...]

    def counts(self, section: str) -> tuple[tuple[CountRow, ...], str]:
        """The rows of a section that only counts, and what its events are called."""
        return {
            "outcome": (self.outcomes, "cases"),
            "margin": (self.margin, "times"),
            "refund_due": (self.refunds_due, "visits"),
            "refund_given": (self.refunds_given, "refunds"),
        }[section]
