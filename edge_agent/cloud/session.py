"""The shelf's standing with the broker: connected, or trying with growing pauses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_agent.cloud.connection import Connection
from edge_agent.cloud.credentials import tls_context
from edge_agent.cloud.messages import TOPICS
from edge_agent.cloud.session_events import (
    Connected,
    Disconnected,
    Refused,
    SessionEvent,
    Token,
)
from edge_agent.settings import MqttSettings
from edge_agent.store.outbox import OutboxMessage

STEADY_S = 10.0  # a connection that held this long starts the pauses anew
CONNECT_TIMEOUT_S = 5.0
STOP_S = 0.9


def client_id_of(shelf_id: str) -> str:
    """The MQTT client id of a shelf; the broker keeps its session under it."""
    return f"edge-agent-{shelf_id}"


class Session:
    """Keeps one persistent session with the broker, in a thread of its own.

    Everything is told through `on_event`, called in that thread: give it a queue's `put`. An
    absent broker is an event, never an exception. The last will is the retained `status` that
    the broker publishes once the shelf is gone, also after `stop`; set `last_will` again after
    each `Connected`, for the same event id twice would be dropped as a repeat.
    """

    def __init__(
        self,
        settings: MqttSettings,
        *,
        shelf_id: str,
        topic_prefix: str,
        password: str | None,
        last_will: bytes,
        on_event: Callable[[SessionEvent], None],
        first_pause_s: float = 1.0,
        longest_pause_s: float = 120.0,
    ) -> None:
        """Raises SettingsError where a certificate file cannot be used."""
        self.last_will = last_will
        self._settings = settings
        self._client_id = client_id_of(shelf_id)
        self._prefix = topic_prefix
        self._password = password
        self._tls = tls_context(settings)
        self._tell = on_event
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._said: str | None = None
        self._stopping = threading.Event()
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    @property
    def is_connected(self) -> bool:
        """Whether a message published now would leave."""
        connection = self._connection
        return connection is not None and connection.is_up

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End the session; the broker publishes the last will. Takes less than a second."""
        self._stopping.set()
        if self._thread.is_alive():
            # A name server or a TLS handshake that hangs is not waited for.
            self._thread.join(STOP_S)

    def publish(self, message: OutboxMessage) -> bool:
        """Send a message at QoS 1; False where there is no connection, and nothing is kept.

        True is no success: `Delivered` or `Denied` follows, or neither if the connection ends.
        """
        connection = self._connection
        return connection is not None and connection.publish(message)

    def acknowledge(self, token: Token | None) -> bool:
        """Tell the broker that a message is stored; call it after the commit.

        False where its connection has ended: the broker will send the message again.
        """
        return token is None or token.connection.acknowledge(token)

    def _run(self) -> None:
        pause_s = self._first_pause_s
        while not self._stopping.is_set():
            connection = Connection(
                self._new_client(),
                host=self._settings.host,
                port=self._settings.effective_port,
                prefix=self._prefix,
                topics=TOPICS,
                on_event=self._pass_on,
            )
            self._connection = connection
            began = time.monotonic()
            fault = connection.serve(self._stopping)
            self._connection = None
            self._tell_end(connection.came_up, str(fault))
            if connection.came_up and time.monotonic() - began > STEADY_S:
                pause_s = self._first_pause_s
            self._stopping.wait(pause_s)
            pause_s = min(pause_s * 2, self._longest_pause_s)

    def _pass_on(self, event: SessionEvent) -> None:
        if isinstance(event, Connected):
            self._said = None
        if isinstance(event, Refused):
            self._tell_refusal(event.reason)
        else:
            self._tell(event)

    def _tell_end(self, was_up: bool, reason: str) -> None:
        if was_up:
            self._tell(Disconnected("stopped" if self._stopping.is_set() else reason))
        elif not self._stopping.is_set():
            self._tell_refusal(reason)

    def _tell_refusal(self, reason: str) -> None:
        if reason != self._said:
            self._said = reason
            self._tell(Refused(reason))

    def _new_client(self) -> mqtt.Client:
        is_mqtt5 = self._settings.protocol == 5
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            self._client_id,
            clean_session=None if is_mqtt5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if is_mqtt5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(0)
        client.will_set(f"{self._prefix}/status", self.last_will, qos=1, retain=True)
        if self._settings.username is not None:
            client.username_pw_set(self._settings.username, self._password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        return client
