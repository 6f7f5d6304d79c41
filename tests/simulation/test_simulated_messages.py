"""What the simulated cloud says has the form of the contract's section 3."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from edge_agent.simulation.cashier import Cashier, Line, Order
from edge_agent.simulation.chance import stream
from edge_agent.simulation.live import LiveShelf
from edge_agent.simulation.script import CloudMessage
from edge_agent.times import rfc3339

PAYMENT_FIELDS = {
    "payment_id", "revision", "state", "channel", "session_id", "payer", "opened_at", "paid_at",
    "closed_at", "lines", "currency", "total", "discount", "paid", "refunds",
}  # fmt: skip
START_AT = 1772413200.0


@cache
def messages_of_two_hours() -> list[CloudMessage]:
    shelf = LiveShelf(5, START_AT, visits_per_hour=60.0, office_rhythm=False)
    return shelf.messages_due(START_AT + 7200.0)


def test_every_message_is_a_cloud_event_in_utc_that_arrives_after_it_was_told() -> None:
    messages = messages_of_two_hours()
    assert len(messages) > 100
    for message in messages:
        event = message.event
        assert set(event) == {
            "specversion", "id", "source", "type", "time", "datacontenttype", "data",
        }  # fmt: skip
        assert event["specversion"] == "1.0"
        kind = {"payments": "shelf.payment", "restocks": "shelf.restock"}[message.topic]
        assert event["type"] == kind
        assert event["time"].endswith("Z")
        assert datetime.fromisoformat(event["time"]).timestamp() <= message.at


def test_payments_have_exactly_the_fields_of_the_contract_and_add_up() -> None:
    states = set()
    for message in messages_of_two_hours():
        if message.topic != "payments":
            continue
        told = message.event["data"]
        assert set(told) == PAYMENT_FIELDS
        states.add(told["state"])
        lines = told["lines"]
        assert told["total"] == sum(x["quantity"] * x["unit_price"] for x in lines)
        assert told["discount"] >= sum(x["discount"] for x in lines)
        has_money = told["paid_at"] is not None
        assert told["paid"] == (told["total"] - told["discount"] if has_money else 0)
        assert (told["closed_at"] is not None) == (told["state"] == "closed")
        assert sum(refund["amount"] for refund in told["refunds"]) <= told["paid"]
    assert states == {"opened", "pending", "paid", "closed", "refunded"}


def test_restock_orders_have_the_fields_of_the_contract() -> None:
    orders = [m.event["data"] for m in messages_of_two_hours() if m.topic == "restocks"]
    assert {order["state"] for order in orders} == {"planned", "started", "finished"}
    for order in orders:
        assert set(order) == {"restock_id", "revision", "state", "operator", "lines"}
        assert all(set(line) == {"sku", "quantity", "plate"} for line in order["lines"])


def test_some_messages_come_twice_and_some_out_of_order() -> None:
    messages = [m for m in messages_of_two_hours() if m.topic == "payments"]
    ids = [message.event["id"] for message in messages]
    assert len(ids) > len(set(ids))
    seen: dict[str, int] = {}
    overtaken = 0
    for message in messages:
        told = message.event["data"]
        overtaken += told["revision"] < seen.get(told["payment_id"], 0)
        seen[told["payment_id"]] = max(told["revision"], seen.get(told["payment_id"], 0))
    assert overtaken > 0


def test_repeats_are_the_same_event_word_for_word() -> None:
    by_id: dict[str, object] = {}
    for message in messages_of_two_hours():
        event = message.event
        assert by_id.setdefault(event["id"], event) == event


def test_a_full_refund_ends_the_order_and_a_partial_one_does_not() -> None:
    cashier = Cashier("CNY", 180.0, stream(1, "test"))
    order = Order(cashier, START_AT, (Line("a", 2, 350),), coupon=100)
    order.tell(START_AT + 1, "paid")
    order.refund(START_AT + 2, "a", 1, "goodwill")
    order.refund(START_AT + 3, "a", 1, "returned")
    told = {m.event["data"]["revision"]: m.event["data"] for m in order.messages}
    assert [told[n]["state"] for n in (1, 2, 3)] == ["paid", "paid", "refunded"]
    assert [refund["amount"] for refund in told[3]["refunds"]] == [350, 250]


def test_times_are_told_in_utc_to_the_millisecond() -> None:
    assert rfc3339(1772413200.25) == "2026-03-02T01:00:00.250Z"
