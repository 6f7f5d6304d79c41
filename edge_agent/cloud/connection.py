"""One connection to the broker, from the first packet to the last.

Each connection has a paho client of its own. paho keeps unacknowledged messages in memory and
repeats them by itself after a reconnect, and packet ids start anew on both sides: with a client
for each connection the outbox alone decides what is sent again, and an acknowledgement can never
reach a packet of another connection.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.cloud import faults
from edge_agent.cloud.faults import Fault
from edge_agent.cloud.session_events import (
    Arrived,
    Connected,
    Delivered,
    Denied,
    Refused,
    SessionEvent,
    Token,
)
from edge_agent.store.outbox import OutboxMessage

KEEPALIVE_S = 30
HANDSHAKE_S = 10.0
FAREWELL_S = 0.4
SESSION_EXPIRY_S = 7 * 86400
LARGEST_ARRIVAL = 256 * 1024

_LOOP_S = 0.2
_PACKET_OVERHEAD = 512  # more than header, packet id and properties of ours ever take
_WITH_WILL = 0x04  # DISCONNECT reason code: publish the will nevertheless (MQTT 5, 3.14.2.1)


class Connection:
    """One try at the broker: `serve` runs it in the calling thread until it ends."""

    def __init__(
        self,
        client: mqtt.Client,
        *,
        host: str,
        port: int,
        prefix: str,
        topics: Sequence[str],
        on_event: Callable[[SessionEvent], None],
    ) -> None:
        self._client = client
        self._host = host
        self._port = port
        self._prefix = prefix
        self._topics = topics
        self._on_event = on_event
        self._lock = threading.Lock()
        self._in_flight: dict[int, str] = {}
        self._answered_early: dict[int, ReasonCode] = {}
        self._unacknowledged: dict[int, Token] = {}
        self._session_present = False
        self._largest_packet: int | None = None
        self._fault: Fault | None = None
        self._ended = False
        self.is_up = False
        self.came_up = False
        client.on_connect = self._accepted
        client.on_subscribe = self._subscribed
        client.on_message = self._arrived
        client.on_publish = self._answered
        client.on_disconnect = self._disconnected
        # With this callback paho leaves all writing to the thread in `serve`; without it, publish()
        # writes from the calling thread too, and two halves of packets could be interleaved.
        client.on_socket_register_write = _leave_to_the_loop

    @property
    def is_mqtt5(self) -> bool:
        """Whether the connection speaks MQTT 5, with reason codes and properties."""
        return self._client.protocol == mqtt.MQTTv5

    def serve(self, stopping: threading.Event) -> Fault:
        """Connect, then send and receive until the connection ends or `stopping` is set."""
        try:
            self._connect()
        except (OSError, ValueError) as error:
            self._ended = True
            return faults.of_network(error, self._host, self._port)
        deadline = time.monotonic() + HANDSHAKE_S
        while not stopping.is_set():
            if self._client.loop(_LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
            if not self.came_up and time.monotonic() > deadline:
                self._fault = faults.no_answer(HANDSHAKE_S)
                break
        self.is_up = False
        self._leave(stopping.is_set())
        self._ended = True
        return self._fault or faults.broken_off()

    def publish(self, message: OutboxMessage) -> bool:
        """Hand a message to the connection at QoS 1; False where it is not up."""
        if not self.is_up:
            return False
        topic = message.response_topic or f"{self._prefix}/{message.topic}"
        size = len(message.payload) + len(topic.encode("utf-8")) + _PACKET_OVERHEAD
        if self._largest_packet is not None and size > self._largest_packet:
            limit = f"the broker takes packets of {self._largest_packet} bytes, this one has {size}"
            self._on_event(Denied(message.event_id, limit))
            return True
        try:
            handed = self._client.publish(
                topic, message.payload, qos=1, retain=message.retain, properties=self._of(message)
            )
        except ValueError as error:
            self._on_event(Denied(message.event_id, f"{topic!r} cannot be published to: {error}"))
            return True
        with self._lock:
            answer = self._answered_early.pop(handed.mid, None)
            if answer is None:
                self._in_flight[handed.mid] = message.event_id
        if answer is not None:
            self._tell_answer(message.event_id, answer)
        return True

    def acknowledge(self, token: Token) -> bool:
        """Send the PUBACK of an arrived message, once; False where it is too late for that."""
        with self._lock:
            if self._ended or self._unacknowledged.get(token.packet_id) is not token:
                return False
            del self._unacknowledged[token.packet_id]
        self._client.ack(token.packet_id, 1)
        return True

    def _connect(self) -> None:
        if not self.is_mqtt5:
            self._client.connect(self._host, self._port, KEEPALIVE_S)
            return
        wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        wishes.SessionExpiryInterval = SESSION_EXPIRY_S
        wishes.MaximumPacketSize = LARGEST_ARRIVAL
        self._client.connect(
            self._host, self._port, KEEPALIVE_S, clean_start=False, properties=wishes
        )

    def _leave(self, on_purpose: bool) -> None:
        """End the connection so that the broker publishes the will; what is queued goes first."""
        if on_purpose and self.came_up and self.is_mqtt5:
            self._client.disconnect(ReasonCode(PacketTypes.DISCONNECT, identifier=_WITH_WILL))
        deadline = time.monotonic() + FAREWELL_S
        while on_purpose and self._client.want_write() and time.monotonic() < deadline:
            if self._client.loop(_LOOP_S / 10) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
        socket = self._client.socket()
        if socket is not None:
            socket.close()

    def _of(self, message: OutboxMessage) -> Properties | None:
        if not self.is_mqtt5:
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if message.content_type:
            properties.ContentType = message.content_type
        if message.correlation is not None:
            properties.CorrelationData = message.correlation
        return properties

    def _accepted(
        self, client: mqtt.Client, _: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        if reason.is_failure:
            self._fault = faults.of_refusal(reason, _client_id(client))
            return
        self._session_present = bool(flags.session_present)
        self._largest_packet = getattr(properties, "MaximumPacketSize", None)
        client.subscribe([(f"{self._prefix}/{topic}", 1) for topic in self._topics])

    def _subscribed(
        self, client: mqtt.Client, _: Any, mid: int, reasons: list[ReasonCode], properties: Any
    ) -> None:
        self.is_up = self.came_up = True
        self._on_event(Connected(self._session_present))
        refused = [
            f"{topic} ({reason})"
            for topic, reason in zip(self._topics, reasons, strict=True)
            if reason.is_failure
        ]
        if refused:
            self._on_event(
                Refused(
                    f"The broker does not let this shelf read {', '.join(refused)}. Allow "
                    f"{_client_id(client)} to read {self._prefix}/# there (its ACL)."
                )
            )

    def _arrived(self, client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        token = Token(self, message.mid) if message.qos else None
        if token is not None:
            with self._lock:
                self._unacknowledged[message.mid] = token
        answer_to = getattr(message.properties, "ResponseTopic", None)
        if answer_to is not None and (not answer_to or any(c in answer_to for c in "+#\x00")):
            answer_to = None
        self._on_event(
            Arrived(
                message.topic.removeprefix(self._prefix + "/"),
                bytes(message.payload),
                token,
                answer_to,
                getattr(message.properties, "CorrelationData", None),
            )
        )

    def _answered(
        self, client: mqtt.Client, _: Any, mid: int, reason: ReasonCode, properties: Any
    ) -> None:
        with self._lock:
            event_id = self._in_flight.pop(mid, None)
            if event_id is None:
                # The PUBACK came before publish() had returned in the other thread.
                self._answered_early[mid] = reason
        if event_id is not None:
            self._tell_answer(event_id, reason)

    def _tell_answer(self, event_id: str, reason: ReasonCode) -> None:
        if reason.is_failure:
            self._on_event(Denied(event_id, str(reason)))
        else:
            self._on_event(Delivered(event_id))

    def _disconnected(
        self, client: mqtt.Client, _: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        if self._fault is None:
            if flags.is_disconnect_packet_from_server:
                self._fault = faults.of_refusal(reason, _client_id(client))
            elif self.came_up:
                self._fault = faults.of_loss(reason, _client_id(client))


def _leave_to_the_loop(client: mqtt.Client, _: Any, socket: Any) -> None:
    """Do nothing: the loop looks for what to write by itself."""


def _client_id(client: mqtt.Client) -> str:
    return client._client_id.decode("utf-8")
