"""From the outbox to the cloud, over a real broker."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import paho.mqtt.client as mqtt
import pytest

from edge_agent.cloud.delivery import Delivery
from edge_agent.cloud.session import Session
from edge_agent.cloud.session_events import Arrived, Denied, SessionEvent
from edge_agent.store import OutboxMessage, Store
from tests.broker import Broker, free_port, wait_until
from tests.cloud.shelf import PREFIX, SHELF, settings


class Loop:
    """The agent's loop in small: one store, one session, one delivery, one thread."""

    def __init__(self, port: int, confirm: Literal["broker", "cloud"], protocol: int) -> None:
        self.store = Store.in_memory()
        self.told: list[SessionEvent] = []
        self.now = 1000.0
        self._events: queue.SimpleQueue[SessionEvent] = queue.SimpleQueue()
        self.session = Session(
            settings(port, protocol=protocol),
            shelf_id=SHELF,
            topic_prefix=PREFIX,
            password=None,
            last_will=b"gone",
            on_event=self._events.put,
            first_pause_s=0.05,
            longest_pause_s=0.2,
        )
        self.delivery = Delivery(self.store.outbox, self.session, confirm)

    def put(self, *event_ids: str, topic: str = "changes") -> None:
        for event_id in event_ids:
            self.store.outbox.put(
                OutboxMessage(event_id, topic, event_id.encode(), "text/plain", False, 1.0)
            )

    def turn(self) -> None:
        """One turn of the loop: events first, then what is due."""
        while not self._events.empty():
            event = self._events.get()
            self.told.append(event)
            self.delivery.handle(event, self.now)
            if isinstance(event, Arrived) and event.topic == "acks":
                with self.store.atomic():
                    self.delivery.confirmed(json.loads(event.payload), self.now, vouched=True)
                self.session.acknowledge(event.token)
        self.delivery.pump(self.now)

    def until(self, fact: Callable[[], bool], what: str) -> None:
        def turned() -> bool:
            self.turn()
            return fact()

        wait_until(turned, what)

    def turn_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn()
            time.sleep(0.005)


@contextmanager
def loop(
    port: int, confirm: Literal["broker", "cloud"] = "broker", protocol: int = 5
) -> Iterator[Loop]:
    running = Loop(port, confirm, protocol)
    running.session.start()
    try:
        yield running
    finally:
        running.session.stop()
        running.store.close()


@contextmanager
def hearing(broker: Broker) -> Iterator[tuple[mqtt.Client, list[str]]]:
    """A cloud that hears all changes, and what it heard."""
    heard: list[str] = []
    with broker.client() as client:
        subscribed: list[bool] = []
        client.on_message = lambda c, u, m: heard.append(m.payload.decode())
        client.on_subscribe = lambda *_: subscribed.append(True)
        client.subscribe(f"{PREFIX}/changes", qos=1)
        wait_until(lambda: bool(subscribed), "the cloud listens")
        yield client, heard


@pytest.mark.parametrize("protocol", [5, 3])
def test_a_backlog_is_delivered_in_order_and_once(broker: Broker, protocol: int) -> None:
    names = [f"e{n:03d}" for n in range(100)]
    with hearing(broker) as (_, heard), loop(broker.port, protocol=protocol) as agent:
        agent.put(*names)
        agent.until(lambda: agent.store.outbox.depth == 0, "the outbox is empty")
        wait_until(lambda: len(heard) >= 100, "the cloud heard all")
        assert heard == names
        assert agent.delivery.in_flight == 0


def test_only_a_few_are_under_way_at_a_time(tmp_path: Path) -> None:
    with loop(free_port()) as agent:
        agent.put(*(f"e{n}" for n in range(100)))
        assert agent.delivery.pump(0.0) == 0
        with Broker(tmp_path, port=agent.session._settings.effective_port):
            agent.until(lambda: agent.delivery.in_flight > 0, "the first are sent")
            assert agent.delivery.in_flight <= 20
            agent.until(lambda: agent.store.outbox.depth == 0, "the outbox is empty")


def test_with_confirm_cloud_a_killed_broker_loses_nothing(broker: Broker) -> None:
    names = {f"e{n:03d}" for n in range(200)}
    stored: set[str] = set()

    def acknowledge(client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        stored.add(message.payload.decode())
        client.publish(f"{PREFIX}/acks", json.dumps([message.payload.decode()]), qos=1)

    with loop(broker.port, "cloud") as agent:
        agent.put(*sorted(names))
        _store_until(broker, agent, acknowledge, left=100)
        assert not names <= stored
        broker.kill()
        agent.turn_for(0.05)
        broker.start()
        _store_until(broker, agent, acknowledge, left=0)
    assert stored == names


def _store_until(
    broker: Broker, agent: Loop, acknowledge: mqtt.CallbackOnMessage, left: int
) -> None:
    with hearing(broker) as (cloud, _):
        cloud.on_message = acknowledge
        agent.now += 100
        agent.until(lambda: agent.store.outbox.depth <= left, f"only {left} are left")


def test_a_denied_message_stays_and_is_tried_again(tmp_path: Path) -> None:
    acl = f"topic read {PREFIX}/#\ntopic write {PREFIX}/changes\n"
    with Broker(tmp_path, acl=acl) as broker, loop(broker.port) as agent:
        agent.put("denied", topic="losses")
        agent.put("allowed")
        agent.until(lambda: agent.store.outbox.depth == 1, "the allowed one is gone")
        agent.until(lambda: agent.store.outbox.last_failure is not None, "the denial is noted")
        assert agent.store.outbox.last_failure == "Not authorized"
        assert agent.store.outbox.due(agent.now, 9) == []
        agent.now += 1.5
        agent.until(lambda: sum(isinstance(t, Denied) for t in agent.told) == 2, "tried again")
        assert [m.event_id for m in agent.store.outbox.due(agent.now + 2, 9)] == ["denied"]


def test_with_confirm_cloud_a_message_stays_until_the_cloud_names_it(broker: Broker) -> None:
    with hearing(broker) as (cloud, heard), loop(broker.port, "cloud") as agent:
        agent.put("e1", "e2")
        agent.until(lambda: heard == ["e1", "e2"], "both were heard")
        agent.until(lambda: agent.delivery.in_flight == 0, "the broker has answered")
        agent.turn_for(0.1)
        assert (heard, agent.store.outbox.depth) == (["e1", "e2"], 2)
        cloud.publish(f"{PREFIX}/acks", json.dumps(["e2", "unknown"]), qos=1)
        agent.until(lambda: agent.store.outbox.depth == 1, "the named one is gone")
        agent.now += 21
        agent.until(lambda: heard == ["e1", "e2", "e1"], "the other is sent again, same id")
        cloud.publish(f"{PREFIX}/acks", json.dumps(["e1"]), qos=1)
        agent.until(lambda: agent.store.outbox.depth == 0, "the outbox is empty")


def test_an_unsigned_ack_drops_nothing_that_the_broker_has_not_accepted(tmp_path: Path) -> None:
    with loop(free_port(), "cloud") as agent:
        agent.put("e1", "e2")
        agent.delivery.confirmed(["e1", "e2", "e3"], agent.now, vouched=False)
        agent.turn_for(0.05)
        assert agent.store.outbox.depth == 2
        with Broker(tmp_path, port=agent.session._settings.effective_port):
            # Once the broker has them, they go without a second ack; those named by nobody stay.
            agent.put("e4")
            agent.until(lambda: agent.store.outbox.depth == 1, "the named ones are gone")
            assert [m.event_id for m in agent.store.outbox.due(9e9, 9)] == ["e4"]


def test_a_signed_ack_drops_what_it_names_at_once() -> None:
    with loop(free_port(), "cloud") as agent:
        agent.put("e1", "e2")
        agent.delivery.confirmed(["e2", "never"], agent.now, vouched=True)
        assert [m.event_id for m in agent.store.outbox.due(9e9, 9)] == ["e1"]


@pytest.mark.parametrize("vouched", [True, False])
def test_with_confirm_broker_an_ack_drops_nothing(vouched: bool) -> None:
    with loop(free_port(), "broker") as agent:
        agent.put("e1")
        agent.delivery.confirmed(["e1"], agent.now, vouched=vouched)
        assert agent.store.outbox.depth == 1


def test_a_cloud_that_is_heard_again_need_not_wait_out_the_pauses() -> None:
    with loop(free_port(), "cloud") as agent:
        agent.put("e1", "e2")
        for _ in range(12):
            agent.store.outbox.sent(["e1", "e2"], agent.now)
        assert agent.store.outbox.due(agent.now + 3000, 9) == []
        agent.delivery.confirmed(["e1"], agent.now, vouched=True)
        assert [m.event_id for m in agent.store.outbox.due(agent.now + 20, 9)] == ["e2"]
