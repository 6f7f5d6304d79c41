"""`config/mosquitto.conf` and `.acl` in a real mosquitto: each shelf has its own topics."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.reasoncodes import ReasonCode

from tests.broker import Broker, wait_until

CONFIG = Path(__file__).resolve().parent.parent / "config"

# What the test's own broker sets: places, port, users.
OWN = ("listener", "allow_anonymous", "password_file", "acl_file")

UP = "status changes visits losses stock restock-reports payment-queries scans replies rejections"


@pytest.fixture
def shelf_broker(tmp_path: Path) -> Iterator[Broker]:
    lines = (CONFIG / "mosquitto.conf").read_text().splitlines()
    extra = [line for line in lines if not line.startswith(OWN)]
    extra.append(f"persistence_location {tmp_path}/")
    users = {name: name for name in ("office-7", "office-8", "cloud")}
    acl = (CONFIG / "mosquitto.acl").read_text()
    with Broker(tmp_path / "broker", users=users, acl=acl, extra="\n".join(extra)) as running:
        yield running


def answers(broker: Broker, user: str, topics: list[str]) -> dict[str, bool]:
    """Publish to each topic and tell which ones the broker took."""
    reasons: dict[int, bool] = {}
    with broker.client(user, username=user, password=user) as client:
        client.on_publish = lambda _c, _u, mid, reason, _p: reasons.update(
            {mid: not reason.is_failure}
        )
        sent = {topic: client.publish(topic, b"x", qos=1).mid for topic in topics}
        wait_until(lambda: len(reasons) == len(topics), "each publish is answered")
    return {topic: reasons[mid] for topic, mid in sent.items()}


def test_a_shelf_writes_its_own_topics_and_no_others(shelf_broker: Broker) -> None:
    own = [f"shelves/office-7/{topic}" for topic in [*UP.split(), "evidence/e1"]]
    others = [topic.replace("office-7", "office-8") for topic in own]
    down = [f"shelves/office-7/{topic}" for topic in ("payments", "catalogue", "acks")]
    taken = answers(shelf_broker, "office-7", own + others + down)
    assert {topic for topic, was_taken in taken.items() if was_taken} == set(own)


def test_a_shelf_hears_the_cloud_on_its_own_topics_only(shelf_broker: Broker) -> None:
    heard: list[str] = []
    with shelf_broker.client("office-7", username="office-7", password="office-7") as shelf:
        granted: list[ReasonCode] = []
        shelf.on_subscribe = lambda _c, _u, _m, reasons, _p: granted.extend(reasons)
        shelf.on_message = lambda _c, _u, message: heard.append(message.topic)
        shelf.subscribe([("shelves/office-8/payments", 1), ("shelves/office-7/payments", 1)])
        wait_until(lambda: len(granted) == 2, "the subscriptions are answered")
        sent = ["shelves/office-8/payments", "shelves/office-7/payments"]
        assert all(answers(shelf_broker, "cloud", sent).values())
        wait_until(lambda: "shelves/office-7/payments" in heard, "the shelf's own payment arrives")
    assert heard == ["shelves/office-7/payments"]
