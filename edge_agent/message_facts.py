"""Messages from the cloud as the facts that the shelf reckons with."""

from __future__ import annotations

from typing import assert_never

from edge_agent.cloud import messages
from edge_agent.cloud.events import CloudEvent
from edge_agent.errors import MessageError
from edge_agent.ledger import product_of
from edge_agent.shelf.catalogue import Catalogue
from edge_agent.shelf.facts import CatalogueFact, Fact, PaymentFact, RestockFact, RestockLine
from edge_agent.shelf.payments import Payment, PaymentLine, Refund, RefundLine


def fact_of(
    message: messages.Payment | messages.Restock | messages.Catalogue,
    event: CloudEvent,
    at: float,
    *,
    currency: str,
    known: Catalogue,
) -> Fact:
    """What a message tells, learned at `at` (Unix seconds).

    Raises MessageError where it contradicts itself, or is not of this shelf's currency and plates.
    """
    told_at = event.at if event.at is not None else at
    if isinstance(message, messages.Payment):
        if message.currency != currency:
            raise MessageError(
                f"payment {message.payment_id!r} is in {message.currency}, "
                f"this shelf sells in {currency}"
            )
        return PaymentFact(at, _payment(message, told_at))
    if isinstance(message, messages.Restock):
        return _restock(message, at, told_at)
    if isinstance(message, messages.Catalogue):
        return _catalogue(message, at, told_at, known)
    assert_never(message)


def _payment(message: messages.Payment, told_at: float) -> Payment:
    """A payment message as the shelf reckons with it."""
    return Payment(
        payment_id=message.payment_id,
        revision=message.revision,
        state=message.state,
        told_at=told_at,
        opened_at=message.opened_at,
        paid_at=message.paid_at,
        closed_at=message.closed_at,
        lines=tuple(
            PaymentLine(x.sku, x.quantity, x.unit_price, x.discount, x.gift) for x in message.lines
        ),
        paid=message.paid,
        total=message.total,
        discount=message.discount,
        refunds=tuple(
            Refund(
                r.refund_id,
                r.at,
                r.amount,
                r.reason,
                tuple(RefundLine(x.sku, x.quantity) for x in r.lines),
            )
            for r in message.refunds
        ),
    )


def _restock(message: messages.Restock, at: float, told_at: float) -> RestockFact:
    """A restock message as the shelf reckons with it."""
    return RestockFact(
        at=at,
        restock_id=message.restock_id,
        revision=message.revision,
        state=message.state,
        told_at=told_at,
        operator=message.operator or "",
        lines=tuple(RestockLine(x.sku, x.quantity, x.plate) for x in message.lines),
    )


def _catalogue(
    message: messages.Catalogue, at: float, told_at: float, known: Catalogue
) -> CatalogueFact:
    """A catalogue message; raises MessageError where it contradicts itself or the shelf."""
    products = {p.sku: product_of(p) for p in message.products}
    for plate in message.plates:
        if plate.id not in known.plates:
            raise MessageError(f"catalogue: there is no plate {plate.id!r} on this shelf")
        for sku in plate.products:
            if sku not in products:
                raise MessageError(
                    f"catalogue: plate {plate.id!r} holds {sku!r}, which is not among its products"
                )
    return CatalogueFact(
        at,
        message.version,
        tuple(products.values()),
        {plate.id: plate.products for plate in message.plates},
        told_at,
    )
