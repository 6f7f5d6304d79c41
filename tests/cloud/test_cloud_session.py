"""The MQTT session against a real broker."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_agent.cloud.session import Session
from edge_agent.cloud.session_events import (
    Arrived,
    Connected,
    Delivered,
    Denied,
    Disconnected,
    Refused,
)
from edge_agent.errors import SettingsError
from edge_agent.store import OutboxMessage
from tests.broker import Broker, ServerTls, free_port, wait_until
from tests.cloud.certificates import Authority
from tests.cloud.shelf import PREFIX, session, settings

BOTH = pytest.mark.parametrize("protocol", [5, 3])


def message(event_id: str, topic: str = "changes", **changes: object) -> OutboxMessage:
    fields: dict[str, object] = {
        "payload": event_id.encode(),
        "content_type": "application/cloudevents+json",
        "retain": False,
        "at": 1.0,
    }
    return OutboxMessage(event_id=event_id, topic=topic, **(fields | changes))  # type: ignore[arg-type]


class Cloud:
    """Hears everything the shelf publishes."""

    def __init__(self, client: mqtt.Client) -> None:
        self.heard: list[mqtt.MQTTMessage] = []
        self._subscribed = threading.Event()
        client.on_message = lambda c, u, heard: self.heard.append(heard)
        client.on_subscribe = lambda *_: self._subscribed.set()
        client.subscribe("#", qos=1)
        assert self._subscribed.wait(5)

    def payloads(self, topic: str) -> list[bytes]:
        return [bytes(m.payload) for m in self.heard if m.topic == topic]


@BOTH
def test_a_broker_that_comes_later_is_found(tmp_path: Path, protocol: int) -> None:
    port = free_port()
    with session(settings(port, protocol=protocol)) as (shelf, told):
        refused = told.wait(Refused)
        assert "Nothing listens" in refused[0].reason
        assert "[mqtt] port" in refused[0].reason
        assert not shelf.publish(message("early"))
        time.sleep(0.5)
        assert len(told.of(Refused)) == 1
        with Broker(tmp_path, port=port):
            assert told.wait(Connected)[0].session_present is False
            assert shelf.is_connected
            assert shelf.publish(message("e1"))
            assert told.wait(Delivered)[0].event_id == "e1"
    assert told.of(Delivered) == [Delivered("e1")]


@BOTH
def test_a_broker_that_was_killed_is_found_again(broker: Broker, protocol: int) -> None:
    with session(settings(broker.port, protocol=protocol)) as (shelf, told):
        for round_ in (1, 2):
            told.wait(Connected, round_)
            broker.kill()
            told.wait(Disconnected, round_)
            assert not shelf.publish(message("offline"))
            broker.start()
        told.wait(Connected, 3)
        assert shelf.publish(message("e1"))
        told.wait(Delivered)
    assert told.of(Delivered) == [Delivered("e1")]


@BOTH
def test_what_was_not_acknowledged_comes_again(broker: Broker, protocol: int) -> None:
    with session(settings(broker.port, protocol=protocol)) as (shelf, told), broker.client() as c:
        told.wait(Connected)
        for name in (b"first", b"second"):
            c.publish(f"{PREFIX}/payments", name, qos=1).wait_for_publish(5)
        first, second = told.wait(Arrived, 2)
        assert (first.topic, first.payload, second.payload) == ("payments", b"first", b"second")
        assert shelf.acknowledge(first.token)
        assert not shelf.acknowledge(first.token)
    with session(settings(broker.port, protocol=protocol)) as (shelf, told):
        assert told.wait(Connected)[0].session_present is True
        assert [a.payload for a in told.wait(Arrived)] == [b"second"]
        assert not shelf.acknowledge(second.token)
        assert shelf.acknowledge(told.of(Arrived)[0].token)
    with session(settings(broker.port, protocol=protocol)) as (shelf, told):
        told.wait(Connected)
        time.sleep(0.1)
        assert told.of(Arrived) == []


@BOTH
def test_what_came_while_the_shelf_was_away_arrives(broker: Broker, protocol: int) -> None:
    with session(settings(broker.port, protocol=protocol)) as (_, told):
        told.wait(Connected)
    with broker.client() as cloud:
        cloud.publish(f"{PREFIX}/restocks", b"meanwhile", qos=1).wait_for_publish(5)
    with session(settings(broker.port, protocol=protocol)) as (_, told):
        assert told.wait(Arrived)[0].payload == b"meanwhile"


def test_a_token_of_an_old_connection_acknowledges_nothing(tmp_path: Path) -> None:
    with (
        Broker(tmp_path, persistence=True) as broker,
        session(settings(broker.port)) as (shelf, told),
    ):
        told.wait(Connected)
        with broker.client() as cloud:
            cloud.publish(f"{PREFIX}/payments", b"old", qos=1).wait_for_publish(5)
            stale = told.wait(Arrived)[0].token
        broker.stop()
        told.wait(Disconnected)
        broker.start()
        told.wait(Connected, 2)
        again = told.wait(Arrived, 2)[1]
        assert again.payload == b"old"
        assert not shelf.acknowledge(stale)
        assert shelf.acknowledge(again.token)


@BOTH
def test_a_wrong_password_is_said_once(tmp_path: Path, protocol: int) -> None:
    with Broker(tmp_path, users={"shelf": "secret"}) as broker:
        wrong = settings(broker.port, protocol=protocol, username="shelf")
        with session(wrong, password="guess") as (_, told):
            assert "password" in told.wait(Refused)[0].reason
            time.sleep(0.5)
            assert len(told.events) == 1
        with session(wrong, password="secret") as (_, told):
            told.wait(Connected)
            assert told.of(Refused) == []


def test_a_denied_publish_is_told_under_mqtt_5(tmp_path: Path) -> None:
    acl = f"topic read {PREFIX}/#\ntopic write {PREFIX}/changes\n"
    with (
        Broker(tmp_path, acl=acl) as broker,
        session(settings(broker.port)) as (shelf, told),
    ):
        told.wait(Connected)
        shelf.publish(message("allowed"))
        shelf.publish(message("denied", "losses"))
        told.wait(Delivered)
        assert told.wait(Denied) == [Denied("denied", "Not authorized")]
        assert told.of(Delivered) == [Delivered("allowed")]


def test_a_packet_that_the_broker_would_not_take_is_not_sent(tmp_path: Path) -> None:
    with (
        Broker(tmp_path, extra="max_packet_size 4000") as broker,
        session(settings(broker.port)) as (shelf, told),
    ):
        told.wait(Connected)
        shelf.publish(message("big", payload=b"x" * 5000))
        assert "4000 bytes" in told.wait(Denied)[0].reason
        shelf.publish(message("small"))
        assert told.wait(Delivered) == [Delivered("small")]
        assert told.of(Disconnected) == []


def test_an_answer_goes_to_the_response_topic_with_its_correlation(broker: Broker) -> None:
    with session(settings(broker.port)) as (shelf, told), broker.client() as client:
        cloud = Cloud(client)
        told.wait(Connected)
        wishes = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        wishes.ResponseTopic = "operators/42/answers"
        wishes.CorrelationData = b"\x00\x01"
        client.publish(f"{PREFIX}/commands", b"ask", qos=1, properties=wishes)
        asked = told.wait(Arrived)[0]
        assert (asked.response_topic, asked.correlation) == ("operators/42/answers", b"\x00\x01")
        shelf.publish(
            message(
                "r1",
                "replies",
                response_topic=asked.response_topic,
                correlation=asked.correlation,
            )
        )
        wait_until(lambda: bool(cloud.payloads("operators/42/answers")), "the answer")
        answer = next(m for m in cloud.heard if m.topic == "operators/42/answers")
        assert getattr(answer.properties, "CorrelationData", None) == b"\x00\x01"
        assert getattr(answer.properties, "ContentType", "") == "application/cloudevents+json"


@BOTH
def test_stopping_is_fast_and_leaves_the_last_will(broker: Broker, protocol: int) -> None:
    with broker.client() as client:
        cloud = Cloud(client)
        with session(settings(broker.port, protocol=protocol)) as (shelf, told):
            told.wait(Connected)
            shelf.publish(message("online", "status", retain=True))
            told.wait(Delivered)
        wait_until(lambda: len(cloud.payloads(f"{PREFIX}/status")) == 2, "the last will")
        assert cloud.payloads(f"{PREFIX}/status") == [b"online", b"gone"]
    assert not shelf._thread.is_alive()
    with broker.client() as later:
        late = Cloud(later)
        wait_until(lambda: late.payloads(f"{PREFIX}/status") == [b"gone"], "it is retained")
    assert told.of(Disconnected) == [Disconnected("stopped")]


def test_a_new_last_will_is_taken_by_the_next_connection(broker: Broker) -> None:
    with session(settings(broker.port)) as (shelf, told):
        told.wait(Connected)
        shelf.last_will = b"gone again"
        broker.kill()
        told.wait(Disconnected)
        broker.start()
        told.wait(Connected, 2)
        with broker.client() as client:
            cloud = Cloud(client)
            shelf.stop()
            wait_until(lambda: cloud.payloads(f"{PREFIX}/status") == [b"gone again"], "the will")
            assert told.of(Connected)[1].session_present is False


def test_a_second_agent_of_the_same_shelf_is_named(broker: Broker) -> None:
    with session(settings(broker.port)) as (_, told):
        told.wait(Connected)
        with session(settings(broker.port)) as (_, other):
            other.wait(Connected)
            assert "called edge-agent-office-7" in told.wait(Disconnected)[0].reason


def test_a_port_that_does_not_speak_mqtt_is_no_end(broker: Broker) -> None:
    with session(settings(broker.port, tls=True)) as (_, told):
        assert "[mqtt] tls" in told.wait(Refused)[0].reason
        assert told.of(Connected) == []


@BOTH
def test_tls_with_an_authority_of_ones_own(tmp_path: Path, protocol: int) -> None:
    authority = Authority(tmp_path / "ca")
    certificate, key = authority.issue("broker", address="127.0.0.1")
    mine, my_key = authority.issue("shelf")
    server = ServerTls(authority.ca, certificate, key, require_client_certificate=True)
    with Broker(tmp_path / "broker", tls=server, users=None) as broker:
        known = settings(
            broker.port,
            tls=True,
            ca_file=authority.ca,
            cert_file=mine,
            key_file=my_key,
            protocol=protocol,
        )
        with session(known) as (shelf, told):
            told.wait(Connected)
            shelf.publish(message("e1"))
            told.wait(Delivered)
        with session(known.model_copy(update={"ca_file": None})) as (_, told):
            assert "ca_file" in told.wait(Refused)[0].reason
        bare = known.model_copy(update={"cert_file": None, "key_file": None})
        with session(bare) as (_, told):
            told.wait(Refused)
            assert told.of(Connected) == []


def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    certificate, key = authority.issue("broker", address="10.1.2.3")
    with (
        Broker(tmp_path / "b", tls=ServerTls(authority.ca, certificate, key)) as broker,
        session(settings(broker.port, tls=True, ca_file=authority.ca)) as (_, told),
    ):
        assert "[mqtt] host" in told.wait(Refused)[0].reason


def test_a_missing_authority_file_is_a_setting_to_correct(tmp_path: Path) -> None:
    wrong = settings(1, tls=True, ca_file=tmp_path / "none.pem")
    with pytest.raises(SettingsError, match="ca_file"):
        Session(
            wrong,
            shelf_id="s",
            topic_prefix="p",
            password=None,
            last_will=b"",
            on_event=lambda event: None,
        )


def test_many_messages_from_another_thread_arrive_once_each(broker: Broker) -> None:
    with session(settings(broker.port)) as (shelf, told), broker.client() as client:
        cloud = Cloud(client)
        told.wait(Connected)
        for n in range(300):
            assert shelf.publish(message(f"e{n}", payload=b"%d" % n + b" " * (n % 300)))
            if n % 15 == 0:
                told.wait(Delivered, n)
        told.wait(Delivered, 300)
        wait_until(lambda: len(cloud.heard) >= 300, "the cloud heard all")
        assert [int(p) for p in cloud.payloads(f"{PREFIX}/changes")] == list(range(300))
        assert sorted(d.event_id for d in told.of(Delivered)) == sorted(f"e{n}" for n in range(300))
