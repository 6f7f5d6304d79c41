"""The agent's end of the cloud: what arrives is stored, then acknowledged; what is due is sent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge_agent.cloud import session_events as cloud
from edge_agent.cloud.delivery import Delivery
from edge_agent.cloud.session import Session
from edge_agent.equipment import Equipment
from edge_agent.inbox import Inbox
from edge_agent.ledger import Ledger
from edge_agent.replaying import verifier_for
from edge_agent.settings import MqttSettings, Settings
from edge_agent.settings_file import mqtt_password, resolve
from edge_agent.shelf.facts import LinkFact
from edge_agent.shelf.state import Output
from edge_agent.standing import Standing, last_will
from edge_agent.store.store import Store

log = logging.getLogger(__name__)


class Uplink:
    """The MQTT session with its delivery; used by the agent's loop alone."""

    def __init__(
        self,
        settings: Settings,
        mqtt: MqttSettings,
        settings_path: Path,
        store: Store,
        ledger: Ledger,
        inbox: Inbox,
        standing: Standing,
        emit: Callable[[Any], None],
    ) -> None:
        """`mqtt` is the table of `settings`. Raises SettingsError, for a certificate of no use."""
        self._settings = settings
        self._store = store
        self._ledger = ledger
        self._inbox = inbox
        self._standing = standing
        self._session = Session(
            with_files_resolved(mqtt, settings_path),
            shelf_id=settings.shelf_id,
            topic_prefix=settings.topic_prefix,
            password=mqtt_password(settings, settings_path),
            last_will=last_will(settings, store.epoch, time.time()),
            on_event=emit,
        )
        self._delivery = Delivery(store.outbox, self._session, mqtt.confirm)

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._session.start()

    def stop(self) -> None:
        """End the session, within a second."""
        self._session.stop()

    def pump(self, now: float) -> None:
        """Send what is due, and drop what was heard; `now` is Unix seconds."""
        self._inbox.rejections.summarise(now)
        self._delivery.pump(time.monotonic())

    def take(self, event: cloud.SessionEvent, now: float) -> list[Output]:
        """Act on what the session told; returns what was decided because of it."""
        if isinstance(event, cloud.Arrived):
            return self._file(event, now)
        self._delivery.handle(event, time.monotonic())
        if isinstance(event, cloud.Connected):
            log.info("connected to the broker")
            self._standing.mended("broker")
            self._standing.cloud = "connected"
            self._session.last_will = last_will(self._settings, self._store.epoch, now)
            return self._ledger.take(LinkFact(now, True))
        if isinstance(event, cloud.Disconnected | cloud.Refused):
            log.error("no connection to the broker: %s", event.reason)
            self._standing.fault("broker", event.reason)
            self._standing.cloud = "disconnected"
            return self._ledger.take(LinkFact(now, False))
        return []

    def _file(self, arrived: cloud.Arrived, now: float) -> list[Output]:
        answer_to = None
        if arrived.response_topic:
            answer_to = (arrived.response_topic, arrived.correlation)
        received = self._inbox.receive(arrived.topic, arrived.payload, now, answer_to)
        if received.acknowledged:
            now_s = time.monotonic()
            self._delivery.confirmed(received.acknowledged, now_s, vouched=received.vouched)
        # Everything is on the disk: now the broker may forget the message.
        self._session.acknowledge(arrived.token)
        return received.outputs


def build_uplink(
    settings: Settings,
    settings_path: Path,
    store: Store,
    ledger: Ledger,
    equipment: Equipment,
    standing: Standing,
    emit: Callable[[Any], None],
) -> Uplink | None:
    """The uplink of these settings, None without an [mqtt] table; raises SettingsError."""
    if settings.mqtt is None:
        return None
    verifier = verifier_for(settings, settings_path)
    inbox = Inbox(ledger, verifier, settings, store, equipment)
    return Uplink(settings, settings.mqtt, settings_path, store, ledger, inbox, standing, emit)


def with_files_resolved(mqtt: MqttSettings, settings_path: Path) -> MqttSettings:
    """The broker's settings with its certificate files relative to the settings file."""
    files = {
        name: resolve(path, settings_path)
        for name in ("ca_file", "cert_file", "key_file")
        if (path := getattr(mqtt, name)) is not None
    }
    return mqtt.model_copy(update=files)
