"""A payment as the cloud tells it, and the units of goods that it pays for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

# Clocks that differ by less are said to agree.
CLOCKS_APART_S = 30.0

PaymentState = Literal["opened", "pending", "paid", "closed", "refunded"]


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One line of an order; gifts and discounted lines pay for their goods like any other."""

    sku: str
    quantity: int
    unit_price: int
    discount: int = 0
    gift: bool = False


@dataclass(frozen=True, slots=True)
class RefundLine:
    """Goods a refund names."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back. Only `returned` says that the goods should be back on the shelf."""

    refund_id: str
    at: float
    amount: int
    reason: Literal["returned", "quality", "goodwill"]
    lines: tuple[RefundLine, ...]


@dataclass(frozen=True, slots=True)
class Payment:
    """The highest revision of one order. Times are Unix seconds; `told_at` is the message's."""

    payment_id: str
    revision: int
    state: PaymentState
    told_at: float
    opened_at: float | None
    paid_at: float | None
    closed_at: float | None
    lines: tuple[PaymentLine, ...]
    paid: int
    refunds: tuple[Refund, ...]
    total: int = 0
    discount: int = 0

    @property
    def reference_at(self) -> float:
        """When the customer stood at the shelf, as far as the payment knows."""
        if self.opened_at is not None:
            return self.opened_at
        return self.paid_at if self.paid_at is not None else self.told_at

    @property
    def has_paid(self) -> bool:
        """Whether goods are covered: paid, or paid and refunded later."""
        return self.state in ("paid", "refunded")

    @property
    def is_final(self) -> bool:
        """Whether no further news is needed before judging by it."""
        return self.state not in ("opened", "pending")


def in_shelf_time(payment: Payment, learned_at: float) -> Payment:
    """The payment by the shelf's own clock, where that must be behind the cloud's.

    News cannot arrive before it was sent. How far a clock is ahead nobody can tell from news, which
    may have been late.
    """
    ahead_s = payment.told_at - learned_at
    if ahead_s <= CLOCKS_APART_S:
        return payment

    def moved(at: float | None) -> float | None:
        return None if at is None else at - ahead_s

    return replace(
        payment,
        told_at=learned_at,
        opened_at=moved(payment.opened_at),
        paid_at=moved(payment.paid_at),
        closed_at=moved(payment.closed_at),
        refunds=tuple(replace(r, at=r.at - ahead_s) for r in payment.refunds),
    )


@dataclass(frozen=True, slots=True)
class PaidUnit:
    """One unit of goods that a payment covers.

    `refunded_at` is set where the money went back because the goods should have come back.
    """

    payment_id: str
    number: int
    sku: str
    unit_price: int
    reference_at: float
    paid_at: float
    refunded_at: float | None

    @property
    def key(self) -> tuple[str, int]:
        """Names the unit: its payment and its place in it."""
        return self.payment_id, self.number


def paid_units(payment: Payment) -> list[PaidUnit]:
    """Expand a payment's lines into units; empty where nothing was paid."""
    if not payment.has_paid:
        return []
    returned = _returned(payment)
    paid_at = payment.paid_at if payment.paid_at is not None else payment.told_at
    units: list[PaidUnit] = []
    for line in payment.lines:
        for _ in range(line.quantity):
            back = returned.get(line.sku, [])
            units.append(
                PaidUnit(
                    payment_id=payment.payment_id,
                    number=len(units),
                    sku=line.sku,
                    unit_price=line.unit_price,
                    reference_at=min(payment.reference_at, paid_at),
                    paid_at=paid_at,
                    refunded_at=back.pop() if back else None,
                )
            )
    return units


def _returned(payment: Payment) -> dict[str, list[float]]:
    """By SKU, the refund times of units whose goods should have come back."""
    returned: dict[str, list[float]] = {}
    for refund in payment.refunds:
        if refund.reason != "returned":
            continue
        lines = refund.lines
        whole = payment.state == "refunded" or 0 < payment.paid <= refund.amount
        if not lines and whole:
            lines = tuple(RefundLine(line.sku, line.quantity) for line in payment.lines)
        for line in lines:
            returned.setdefault(line.sku, []).extend([refund.at] * line.quantity)
    return returned
