"""Messages nobody should believe: none is accepted, none changes anything, few are written down."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from edge_agent import rejections
from edge_agent.cloud.messages import TOPICS
from edge_agent.cloud.signatures import Key, sign
from edge_agent.store.store import Store
from scripts.bench.forgeries import (
    AT,
    OTHER_SHELF,
    Forger,
    Sent,
    command,
    genuine,
    new_keys,
    payment,
)
from scripts.bench_forged import Shelf

KEYS = new_keys("op")
KINDS = 19


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A shelf that has taken what the operator really sent."""
    made = Shelf(Store.open(tmp_path), KEYS)
    for message in genuine(KEYS, 20):
        assert made.take(message, AT) or message.topic != "commands"
    yield made
    made.store.close()


def told(shelf: Shelf) -> list[dict[str, Any]]:
    return shelf.store.views.list("rejection", newest_first=False)


def test_of_hundreds_of_every_kind_none_is_accepted_and_nothing_changes(shelf: Shelf) -> None:
    heard = list(genuine(KEYS, 20))
    # Keys are the same, and so is what they signed, but for the algorithms that sign with chance.
    forger = Forger(KEYS, heard, seed=7)
    assert len(forger.kinds) == KINDS
    before = shelf.everything()
    for number, sent in enumerate(forger.draw(20 * KINDS)):
        assert not shelf.take(sent, AT + number / 100), sent.kind
    assert shelf.everything() == before
    assert shelf.rejections <= rejections.BURST + rejections.MOST_KINDS


def test_what_was_taken_before_a_restart_is_known_after_it(shelf: Shelf, tmp_path: Path) -> None:
    heard = list(genuine(KEYS, 20))
    before = shelf.everything()
    again = Shelf(shelf.store, KEYS)
    assert not any(again.take(sent, AT + 1) for sent in heard)
    assert again.everything() == before
    assert again.rejections == 0


@given(st.sampled_from([*TOPICS, "losses"]), st.binary(max_size=200) | st.text().map(str.encode))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_no_bytes_on_any_topic_are_accepted_without_a_key(
    shelf: Shelf, topic: str, payload: bytes
) -> None:
    before = shelf.everything()
    assert not shelf.take(Sent("any", topic, payload), AT + 5)
    assert shelf.everything() == before


def part(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def of_shelf(key: Key, audience: object) -> bytes:
    """A payment whose signature says for whom it is."""
    header = {"alg": "EdDSA", "kid": key.kid, "aud": audience}
    signed = part(json.dumps(header).encode()) + b"." + part(payment(777, 2))
    signature = JWSRegistry.algorithms["EdDSA"].sign(signed, key)
    return signed + b"." + part(signature)


@pytest.mark.parametrize("audience", [OTHER_SHELF, [f"/shelves/{OTHER_SHELF}", "x"], 7, []])
def test_a_message_signed_for_another_shelf_is_refused(shelf: Shelf, audience: object) -> None:
    assert not shelf.take(Sent("elsewhere", "payments", of_shelf(KEYS[0], audience)), AT)
    assert "P777" not in shelf.ledger.state.payments


@pytest.mark.parametrize("audience", ["office-7", ["office-8", "/shelves/office-7"]])
def test_a_message_signed_for_this_shelf_is_taken(shelf: Shelf, audience: object) -> None:
    shelf.take(Sent("ours", "payments", of_shelf(KEYS[0], audience)), AT)
    assert "P777" in shelf.ledger.state.payments


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "shelves/office-8"},
        {"subject": "/shelves/office-8/payments"},
        {"source": "/shelves/office-8"},
        {"content": {"shelf_id": "office-8"}},
    ],
)
def test_a_message_that_names_another_shelf_is_refused_and_says_so(
    shelf: Shelf, changes: dict[str, Any]
) -> None:
    shelf.take(
        Sent("elsewhere", "payments", sign(payment(777, 2, **changes), KEYS[1]).encode()), AT
    )
    assert "P777" not in shelf.ledger.state.payments
    assert "for another shelf" in told(shelf)[-1]["explanation"]


@pytest.mark.parametrize("subject", ["P777", "/shelves/office-7", "shelves/office-7/payments"])
def test_a_subject_of_another_kind_or_of_this_shelf_is_no_hindrance(
    shelf: Shelf, subject: str
) -> None:
    shelf.take(
        Sent("ours", "payments", sign(payment(777, 2, subject=subject), KEYS[1]).encode()), AT
    )
    assert "P777" in shelf.ledger.state.payments


def test_a_storm_is_answered_in_part_and_counted_in_full(shelf: Shelf) -> None:
    for number in range(2000):
        shelf.take(Sent("storm", "payments", b"junk %d" % number), AT + number / 100)
    assert shelf.rejections == rejections.BURST
    assert shelf.inbox.rejections.untold == 2000 - rejections.BURST
    shelf.inbox.rejections.summarise(AT + 20 + rejections.SUMMARY_S)
    summary = told(shelf)[-1]
    assert summary["count"] == 2000 - rejections.BURST
    assert summary["refused"] == [
        {"topic": "payments", "reason": "signature", "count": 2000 - rejections.BURST}
    ]
    assert shelf.inbox.rejections.untold == 0


def test_within_a_storm_the_first_of_another_kind_is_answered(shelf: Shelf) -> None:
    for number in range(300):
        shelf.take(Sent("storm", "payments", b"junk %d" % number), AT)
    stranger = OKPKey.generate_key("Ed25519", {"kid": "new-key"})
    for number in range(3):
        shelf.take(Sent("new", "payments", sign(payment(number, 9), stranger).encode()), AT)
    assert shelf.rejections == rejections.BURST + 1
    assert sum("'new-key' is not known" in t["explanation"] for t in told(shelf)) == 1


def test_after_a_storm_single_refusals_are_answered_again(shelf: Shelf) -> None:
    for number in range(300):
        shelf.take(Sent("storm", "payments", b"junk %d" % number), AT)
    later = AT + 10 * rejections.REFILL_S
    shelf.take(Sent("one", "payments", b"another"), later)
    assert "another" in [t.get("payload") for t in told(shelf)]


def test_the_same_bytes_are_refused_each_time_and_answered_once(shelf: Shelf) -> None:
    for again in (shelf, shelf, Shelf(shelf.store, KEYS)):
        assert not again.take(Sent("same", "payments", b"the same"), AT)
    assert shelf.rejections == 1


def test_another_spelling_of_a_signature_is_the_same_message(shelf: Shelf) -> None:
    order = command(900, "query")
    signed = sign(order, KEYS[0]).encode()
    assert shelf.take(Sent("first", "commands", signed), AT)
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    head, body, tail = signed.split(b".")
    for last in alphabet:
        spelled = b".".join((head, body, tail[:-1] + bytes([last])))
        assert not shelf.take(Sent("again", "commands", spelled), AT)


def test_a_payload_with_two_meanings_is_refused(shelf: Shelf) -> None:
    twice = payment(778, 2).replace(b'"paid":350', b'"paid":350,"paid":999')
    assert json.loads(twice)["data"]["paid"] == 999
    shelf.take(Sent("twice", "payments", sign(twice, KEYS[0]).encode()), AT)
    assert "stands there twice" in told(shelf)[-1]["explanation"]
    assert part(twice).decode() in told(shelf)[-1]["payload"]
