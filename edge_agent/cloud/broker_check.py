"""The way to the broker and back, one step after the other, for `mqtt test`."""

from __future__ import annotations

import secrets
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.cloud import faults
from edge_agent.cloud.connection import FAREWELL_S
from edge_agent.cloud.credentials import tls_context
from edge_agent.cloud.faults import Fault
from edge_agent.cloud.messages import TOPICS
from edge_agent.cloud.session import client_id_of
from edge_agent.errors import SettingsError
from edge_agent.settings import MqttSettings

TEST_TOPIC = "mqtt-test"


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One step: what was found, and what to do where it failed (else empty)."""

    step: str
    ok: bool
    detail: str
    remedy: str = ""


class _Failed(Exception):
    """A step did not work out; the steps after it make no sense."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def check_broker(
    settings: MqttSettings,
    *,
    shelf_id: str,
    topic_prefix: str,
    password: str | None,
    timeout_s: float = 5.0,
) -> list[CheckStep]:
    """Try the broker with a client of its own, beside a running agent; ends at the first failure.

    Nothing is left behind at the broker, and no message of the contract's topics is sent.
    """
    walk = _Walk(settings, shelf_id, topic_prefix, password, timeout_s)
    done: list[CheckStep] = []
    try:
        for name, step in walk.steps():
            try:
                done.append(CheckStep(name, True, step()))
            except _Failed as failed:
                done.append(CheckStep(name, False, failed.fault.found, failed.fault.remedy))
                break
    finally:
        walk.leave()
    return done


class _Walk:
    def __init__(
        self,
        settings: MqttSettings,
        shelf_id: str,
        prefix: str,
        password: str | None,
        timeout_s: float,
    ) -> None:
        self._settings = settings
        self._host, self._port = settings.host, settings.effective_port
        self._client_id = f"{client_id_of(shelf_id)}-test-{secrets.token_hex(3)}"
        self._prefix = prefix
        self._topic = f"{prefix}/{TEST_TOPIC}"
        self._password = password
        self._timeout_s = timeout_s
        self._client: mqtt.Client | None = None
        self._nonce = secrets.token_bytes(8)
        self._came = threading.Event()
        self._gone = threading.Event()
        self._answer = threading.Event()
        self._reasons: list[ReasonCode] = []

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """The steps in their order, each returning what it found or raising `_Failed`."""
        return [
            ("resolve", self._resolve),
            ("tcp", self._tcp),
            *([("tls", self._handshake)] if self._settings.tls else []),
            ("connect", self._connect),
            ("subscribe", self._subscribe),
            ("publish", self._publish),
            ("receive", self._receive),
        ]

    def leave(self) -> None:
        """Disconnect and end the client's thread."""
        if self._client is None:
            return
        self._client.disconnect()
        left = self._client.socket()
        if not self._gone.wait(FAREWELL_S) and left is not None:
            # paho would wait for a silent broker as long as its keepalive.
            left.close()
        self._client.loop_stop()

    def _resolve(self) -> str:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise self._failed(error) from error
        return ", ".join(sorted({str(address[0]) for *_, address in found}))

    def _tcp(self) -> str:
        try:
            with socket.create_connection((self._host, self._port), self._timeout_s):
                return f"{self._host}:{self._port} accepts connections"
        except OSError as error:
            raise self._failed(error) from error

    def _handshake(self) -> str:
        try:
            context = tls_context(self._settings)
        except SettingsError as error:
            raise _Failed(Fault(str(error), "Correct [mqtt] in shelf.toml.")) from error
        assert context is not None
        try:
            with (
                socket.create_connection((self._host, self._port), self._timeout_s) as plain,
                context.wrap_socket(plain, server_hostname=self._host) as wrapped,
            ):
                return _seen(wrapped)
        except OSError as error:
            raise self._failed(error) from error

    def _connect(self) -> str:
        is_mqtt5 = self._settings.protocol == 5
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            self._client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if is_mqtt5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        context = tls_context(self._settings)
        if context is not None:
            client.tls_set_context(context)
        if self._settings.username is not None:
            client.username_pw_set(self._settings.username, self._password)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_end
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.connect_timeout = self._timeout_s
        try:
            client.connect(self._host, self._port)
        except (OSError, ValueError) as error:
            raise self._failed(error) from error
        client.loop_start()
        self._client = client
        (reason,) = self._answers("CONNECT") or (None,)
        if reason is None:
            raise _Failed(faults.broken_off())
        if reason.is_failure:
            raise _Failed(faults.of_refusal(reason, self._client_id))
        return f"accepted as {self._client_id}, MQTT {'5' if is_mqtt5 else '3.1.1'}"

    def _subscribe(self) -> str:
        topics = [self._topic, *(f"{self._prefix}/{topic}" for topic in TOPICS)]
        self._ask(lambda c: c.subscribe([(topic, 1) for topic in topics])[0])
        reasons = self._answers("SUBSCRIBE")
        refused = [t for t, reason in zip(topics, reasons, strict=False) if reason.is_failure]
        if refused or len(reasons) != len(topics):
            raise _Failed(
                Fault(
                    f"The broker does not let this shelf read {', '.join(refused)}.",
                    f"Allow it to read {self._prefix}/# (the broker's ACL).",
                )
            )
        return f"{len(topics)} topics under {self._prefix}"

    def _publish(self) -> str:
        self._ask(lambda c: c.publish(self._topic, self._nonce, qos=1).rc)
        reasons = self._answers("PUBLISH")
        if not reasons or reasons[0].is_failure:
            said = str(reasons[0]) if reasons else "connection closed"
            raise _Failed(
                Fault(
                    f"The broker does not take messages on {self._topic}: {said}.",
                    f"Allow this shelf to publish to {self._prefix}/# (the broker's ACL).",
                )
            )
        return f"{self._topic}: {reasons[0]}"

    def _receive(self) -> str:
        if not self._came.wait(self._timeout_s):
            raise _Failed(faults.not_returned(self._topic, self._prefix, self._timeout_s))
        return "the message came back"

    def _ask(self, request: Callable[[mqtt.Client], MQTTErrorCode]) -> None:
        assert self._client is not None
        self._answer.clear()
        self._reasons = []
        if request(self._client) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise _Failed(Fault("The broker closed the connection.", "Its log says why."))

    def _answers(self, what: str) -> list[ReasonCode]:
        if not self._answer.wait(self._timeout_s):
            raise _Failed(
                Fault(
                    f"No answer to {what} in {self._timeout_s:g} s.", "The broker's log says why."
                )
            )
        return self._reasons

    def _take(self, reasons: list[ReasonCode]) -> None:
        self._reasons = reasons
        self._answer.set()

    def _on_connect(self, _c: Any, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        self._take([reason])

    def _on_end(self, _c: Any, _u: Any, _f: Any, _r: Any, _p: Any) -> None:
        self._answer.set()
        self._gone.set()

    def _on_subscribe(self, _c: Any, _u: Any, _m: int, reasons: list[ReasonCode], _p: Any) -> None:
        self._take(reasons)

    def _on_publish(self, _c: Any, _u: Any, _m: int, reason: ReasonCode, _p: Any) -> None:
        self._take([reason])

    def _on_message(self, _c: Any, _u: Any, message: mqtt.MQTTMessage) -> None:
        if message.payload == self._nonce:
            self._came.set()

    def _failed(self, error: Exception) -> _Failed:
        return _Failed(faults.of_network(error, self._host, self._port))


def _seen(wrapped: ssl.SSLSocket) -> str:
    certificate = wrapped.getpeercert() or {}
    return f"{wrapped.version()}, the broker's certificate is valid until {certificate['notAfter']}"
