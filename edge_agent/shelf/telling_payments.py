"""A payment in messages, answers and stored reasons, in the words of the contract, section 3."""

from __future__ import annotations

from typing import Any

from edge_agent.shelf.payments import Payment
from edge_agent.times import rfc3339, rfc3339_or_none


def payment_payload(payment: Payment) -> dict[str, Any]:
    """All that is known of a payment: its highest revision, times in RFC 3339."""
    return {
        "payment_id": payment.payment_id,
        "revision": payment.revision,
        "state": payment.state,
        "told_at": rfc3339(payment.told_at),
        "opened_at": rfc3339_or_none(payment.opened_at),
        "paid_at": rfc3339_or_none(payment.paid_at),
        "closed_at": rfc3339_or_none(payment.closed_at),
        "total": payment.total,
        "discount": payment.discount,
        "paid": payment.paid,
        "lines": [
            {
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "discount": line.discount,
                "gift": line.gift,
            }
            for line in payment.lines
        ],
        "refunds": [
            {
                "refund_id": refund.refund_id,
                "at": rfc3339(refund.at),
                "amount": refund.amount,
                "reason": refund.reason,
                "lines": [{"sku": x.sku, "quantity": x.quantity} for x in refund.lines],
            }
            for refund in payment.refunds
        ],
    }
