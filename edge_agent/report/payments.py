"""A payment as the store keeps it: the message's own fields (contract, section 3). Pure."""

from __future__ import annotations

from typing import Any

from edge_agent.shelf.payments import Payment
from edge_agent.times import rfc3339


def payment_payload(payment: Payment) -> dict[str, Any]:
    """The payment's highest revision for the commands and the report, times in RFC 3339."""
    return {
        "payment_id": payment.payment_id,
        "revision": payment.revision,
        "state": payment.state,
        "opened_at": _when(payment.opened_at),
        "paid_at": _when(payment.paid_at),
        "closed_at": _when(payment.closed_at),
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
        "total": payment.total,
        "discount": payment.discount,
        "paid": payment.paid,
        "refunds": [
            {
                "refund_id": refund.refund_id,
                "at": rfc3339(refund.at),
                "amount": refund.amount,
                "reason": refund.reason,
                "lines": [{"sku": line.sku, "quantity": line.quantity} for line in refund.lines],
            }
            for refund in payment.refunds
        ],
    }


def _when(at: float | None) -> str | None:
    return None if at is None else rfc3339(at)
