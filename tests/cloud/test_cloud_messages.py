"""What comes down from the cloud, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.cloud.events import CloudEvent
from edge_agent.cloud.messages import (
    TOPICS,
    Ack,
    Catalogue,
    Command,
    Payment,
    Restock,
    parse_message,
)
from edge_agent.errors import MessageError

TYPES = {
    "payments": "shelf.payment",
    "restocks": "shelf.restock",
    "catalogue": "shelf.catalogue",
    "commands": "shelf.command",
    "acks": "shelf.ack",
}

PAYMENT: dict[str, Any] = {
    "payment_id": "P20260301-0042",
    "revision": 3,
    "state": "paid",
    "channel": "wechat",
    "session_id": "s-77",
    "payer": "a pseudonym",
    "opened_at": "2026-03-01T12:00:00Z",
    "paid_at": "2026-03-01T12:00:30.5Z",
    "closed_at": None,
    "lines": [
        {"sku": "6901028075831", "quantity": 2, "unit_price": 350, "discount": 0, "gift": False}
    ],
    "currency": "CNY",
    "total": 700,
    "discount": 200,
    "paid": 500,
    "refunds": [
        {
            "refund_id": "R1",
            "at": "2026-03-01T13:00:00+08:00",
            "amount": 350,
            "reason": "returned",
            "lines": [{"sku": "6901028075831", "quantity": 1}],
        }
    ],
}


def parse(topic: str, data: dict[str, Any], type_: str | None = None) -> Any:
    event = CloudEvent(
        specversion="1.0", id="m1", source="cloud", type=type_ or TYPES[topic], data=data
    )
    return parse_message(topic, event)


def test_the_contracts_payment_is_read() -> None:
    payment = parse("payments", PAYMENT)
    assert isinstance(payment, Payment)
    assert (payment.paid_at, payment.closed_at) == (1772366430.5, None)
    assert payment.lines[0].quantity == 2
    assert payment.refunds[0].lines[0].sku == "6901028075831"
    assert payment.refunds[0].at == 1772341200.0


def test_a_field_that_is_not_known_yet_is_ignored() -> None:
    line = PAYMENT["lines"][0] | {"loyalty": 5}
    assert parse("payments", PAYMENT | {"lines": [line], "wallet": {}}) == parse(
        "payments", PAYMENT
    )


@pytest.mark.parametrize("state", ["opened", "pending", "closed"])
def test_a_payment_under_way_may_have_no_lines(state: str) -> None:
    assert parse("payments", PAYMENT | {"state": state, "lines": []}).lines == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"revision": "3"}, "revision: .*found '3'"),
        ({"revision": True}, "revision"),
        ({"revision": -1}, "revision"),
        ({"paid": 5.0}, "paid: .*found 5.0"),
        ({"paid": -1}, "paid: .*greater than or equal to 0.*found -1"),
        ({"state": "payed"}, "state: .*'opened', 'pending', 'paid'.*found 'payed'"),
        ({"paid_at": 1772366430}, "paid_at: .*RFC 3339.*found 1772366430"),
        ({"paid_at": "noon"}, "paid_at: .*noon"),
        ({"currency": "yuan"}, "currency"),
        ({"payment_id": ""}, "payment_id"),
        ({"payment_id": "P\x00"}, "payment_id"),
        ({"lines": []}, "at least one line"),
        ({"lines": {}}, "lines"),
        ({"lines": [{"sku": "1", "quantity": 0}]}, r"lines\[0\]\.quantity: .*found 0"),
        ({"lines": [{"sku": "1", "quantity": 1.5}]}, r"lines\[0\]\.quantity"),
        ({"lines": [{"sku": "1"}]}, r"lines\[0\]\.quantity: Field required"),
        ({"lines": ["1"]}, r"lines\[0\]"),
        ({"refunds": [PAYMENT["refunds"][0] | {"reason": "mood"}]}, r"refunds\[0\]\.reason"),
    ],
)
def test_a_wrong_payment_is_refused_by_field(change: dict[str, Any], said: str) -> None:
    with pytest.raises(MessageError, match=said):
        parse("payments", PAYMENT | change)


@pytest.mark.parametrize("field", ["payment_id", "revision", "state", "currency"])
def test_a_payment_needs_these_fields(field: str) -> None:
    data = {name: value for name, value in PAYMENT.items() if name != field}
    with pytest.raises(MessageError, match=f"{field}: Field required"):
        parse("payments", data)


def test_a_restock_may_take_goods_out() -> None:
    lines = [{"sku": "1", "quantity": 12, "plate": "A1"}, {"sku": "2", "quantity": -3}]
    restock = parse(
        "restocks",
        {"restock_id": "R1", "revision": 1, "state": "started", "operator": "Li", "lines": lines},
    )
    assert isinstance(restock, Restock)
    assert [(line.quantity, line.plate) for line in restock.lines] == [(12, "A1"), (-3, None)]
    with pytest.raises(MessageError, match="must not be 0"):
        parse(
            "restocks",
            {
                "restock_id": "R1",
                "revision": 1,
                "state": "started",
                "lines": [{"sku": "1", "quantity": 0}],
            },
        )


def test_a_catalogue_has_products_as_the_settings_do() -> None:
    product = {"sku": "1", "name": "Soda", "weight_g": 346, "price": 350, "later": "ignored"}
    data: dict[str, Any] = {
        "version": 4,
        "products": [product],
        "plates": [{"id": "A1", "products": ["1"]}],
    }
    catalogue = parse("catalogue", data)
    assert isinstance(catalogue, Catalogue)
    assert (catalogue.products[0].weight_g, catalogue.products[0].weight_sd_g) == (346.0, 2.0)
    assert catalogue.plates[0].products == ("1",)
    for wrong in ({"weight_g": "346"}, {"price": 3.5}, {"weight_g": -1}, {"sku": "a b"}):
        with pytest.raises(MessageError, match=r"products\[0\]"):
            parse("catalogue", data | {"products": [product | wrong]})


def test_a_command_and_an_ack_are_read() -> None:
    command = parse("commands", {"command": "tare", "arguments": {"plate": "A1"}})
    assert isinstance(command, Command)
    assert command.arguments == {"plate": "A1"}
    ack = parse("acks", {"ids": ["a-1", "a-2"]})
    assert isinstance(ack, Ack)
    assert ack.ids == ("a-1", "a-2")
    with pytest.raises(MessageError, match=r"ids\[1\]"):
        parse("acks", {"ids": ["a-1", 2]})


def test_the_type_must_fit_the_topic() -> None:
    with pytest.raises(MessageError, match=r"must be 'shelf\.payment'"):
        parse("payments", PAYMENT, "shelf.command")
    with pytest.raises(MessageError, match="known: payments"):
        parse("nowhere", PAYMENT, "shelf.payment")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.sampled_from(TOPICS), st.dictionaries(st.text(max_size=5), values))
def test_any_data_is_a_message_or_a_message_error(topic: str, data: dict[str, Any]) -> None:
    try:
        assert parse(topic, data) is not None
    except MessageError as error:
        assert TYPES[topic] in str(error)


@given(st.dictionaries(st.sampled_from(sorted(PAYMENT)), values, min_size=1))
def test_a_payment_with_wrong_fields_is_read_or_refused(changes: dict[str, Any]) -> None:
    try:
        assert isinstance(parse("payments", PAYMENT | changes), Payment)
    except MessageError as error:
        assert any(field in str(error) for field in changes) or "line" in str(error)
