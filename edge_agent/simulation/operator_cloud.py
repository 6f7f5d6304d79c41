"""The operator's cloud of a simulated shelf, at the other end of a real broker."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge_agent.errors import BrokerError
from edge_agent.simulation.script import CloudMessage

CLIENT_ID = "edge-agent-operator-cloud"
CONNECT_S = 5.0

Report = dict[str, Any]
"""What the shelf told: `time` (Unix seconds, on arrival), `topic` without prefix, `payload`."""


class OperatorCloud:
    """Tells the shelf what the operator's shop knows, and keeps what the shelf tells.

    A repeat of `(source, id)` is dropped and counted in `repeats` (contract, section 3).
    `on_report` is called in the client's thread, once for each message that is new.
    """

    def __init__(
        self,
        host: str,
        port: int,
        prefix: str,
        clock: Callable[[], float],
        on_report: Callable[[Report], None],
    ) -> None:
        self.repeats = 0
        self.received = 0
        self.sent = 0
        self._host = host
        self._port = port
        self._prefix = prefix
        self._clock = clock
        self._on_report = on_report
        self._seen: set[tuple[str, str]] = set()
        self._listening = threading.Event()
        self._shelf_connected = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, CLIENT_ID, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.max_inflight_messages_set(0)
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = lambda *_: self._listening.set()
        self._client.on_message = self._arrived

    def start(self) -> None:
        """Connect and subscribe; BrokerError where that does not work."""
        try:
            self._client.connect(self._host, self._port)
        except OSError as error:
            raise self._no_connection(str(error)) from error
        self._client.loop_start()
        if not self._listening.wait(CONNECT_S):
            raise self._no_connection(f"no answer within {CONNECT_S:.0f} s")

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def wait_for_shelf(self, timeout_s: float) -> bool:
        """Wait until the shelf said that it is connected; False where it did not in time."""
        return self._shelf_connected.wait(timeout_s)

    def tell(self, message: CloudMessage) -> None:
        """Publish a message to the shelf at QoS 1."""
        payload = json.dumps(message.event, ensure_ascii=False).encode()
        handed = self._client.publish(f"{self._prefix}/{message.topic}", payload, qos=1)
        if handed.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._no_connection(mqtt.error_string(handed.rc))
        self.sent += 1

    def _no_connection(self, reason: str) -> BrokerError:
        return BrokerError(
            f"The simulated cloud has no connection to the broker at {self._host}:{self._port} "
            f"({reason}). Start the demo again."
        )

    def _subscribe(self, client: mqtt.Client, *_: Any) -> None:
        # What it publishes itself comes back otherwise, for the topics of both directions are one.
        client.subscribe(f"{self._prefix}/#", options=SubscribeOptions(qos=1, noLocal=True))

    def _arrived(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        topic = message.topic.removeprefix(f"{self._prefix}/")
        if topic.startswith("evidence/"):
            return
        event = json.loads(message.payload)
        name = (event["source"], event["id"])
        if name in self._seen:
            self.repeats += 1
            return
        self._seen.add(name)
        self.received += 1
        self._on_report({"time": self._clock(), "topic": topic, "payload": event})
        if topic == "status" and event["data"].get("cloud") == "connected":
            self._shelf_connected.set()
