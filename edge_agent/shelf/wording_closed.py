"""The sentence of a case that is settled: how it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from edge_agent.shelf import phrases
from edge_agent.shelf.payments import PaidUnit
from edge_agent.shelf.reckoned import Account
from edge_agent.shelf.state import Rules, ShelfState

_VERDICTS = {
    "confirmed": " Somebody has looked at it and confirmed it.",
    "dismissed": " Somebody has looked at it and found that nothing is missing.",
}


def explain_closed(
    told: Mapping[str, Any],
    resolution: str,
    account: Account | None,
    state: ShelfState,
    rules: Rules,
) -> str:
    """The sentence of a case without lines any more; `told` is its content as told before.

    `resolution` is `paid` or `returned`; `account` is None for a restock's case.
    """
    what = _goods(told)
    if account is None:
        return f"{what} had been missing from a restock and arrived after all: nothing is missing."
    how = _paid(told, account, rules) if resolution == "paid" else _back(account, state)
    return f"{what} {how}: nothing is missing any more."


def with_verdict(explanation: str, verdict: Literal["confirmed", "dismissed"]) -> str:
    """A case's sentence with what a person has said of it, in place of what one said before."""
    for said in _VERDICTS.values():
        explanation = explanation.removesuffix(said)
    return explanation + _VERDICTS[verdict]


def _goods(told: Mapping[str, Any]) -> str:
    parts = [
        f"{line['quantity']} × {line['name']}" if line["sku"] else "something not identified"
        for line in told["lines"]
    ]
    where = phrases.plates(line["plate"] or "" for line in told["lines"])
    what = phrases.enumerated(parts) or "something"
    what = f"{what} from {where}" if where else what
    return f"{what[0].upper()}{what[1:]}"


def _paid(told: Mapping[str, Any], account: Account, rules: Rules) -> str:
    """By which payments and when, as far as they have the case's goods."""
    wanted = {line["sku"] for line in told["lines"]}
    has = phrases.have(sum(line["quantity"] for line in told["lines"]))
    covering = [p for p in (*account.paid.values(), *account.surplus) if p.sku in wanted]
    payments: dict[str, PaidUnit] = {}
    for paid in sorted(covering, key=lambda p: (p.paid_at, p.payment_id)):
        if paid.refunded_at is None:
            payments.setdefault(paid.payment_id, paid)
    if not payments:
        return f"{has} been paid or set right"
    parts = [_when(paid, account, rules) for paid in payments.values()]
    return f"{has} been paid {phrases.enumerated(parts)}"


def _when(paid: PaidUnit, account: Account, rules: Rules) -> str:
    after_s = paid.paid_at - account.visit.ended_at
    said = f"{phrases.moment(paid.paid_at)} ({paid.payment_id}"
    if after_s > rules.grace_s:
        return f"{said}, {phrases.duration(after_s)} after the visit)"
    return f"{said}), of which the shelf heard later"


def _back(account: Account, state: ShelfState) -> str:
    """When the goods came back, or that the scale has taken back what it had seen."""
    came = [state.changes[tie] for tie in sorted(account.ties) if tie in state.changes]
    came = [change for change in came if change.delta_g > 0]
    if not account.came_back_later and not account.gone:
        return "turned out not to have left, or to have been put back in the same visit"
    if not came:
        return "is back on the shelf" if len(account.gone) == 1 else "came back to the shelf"
    last = max(came, key=lambda change: change.settled_at)
    where = phrases.plates(change.plate for change in came)
    return f"came back to {where} {phrases.moment(last.settled_at)}"
