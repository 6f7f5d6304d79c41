"""A whole shelf for fault tests: goods on a real terminal, a real process, a cloud that listens."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_agent.simulation.board import PtyBoard
from tests.broker import Broker, wait_until

RATE_HZ = 80.0
COUNTS_PER_G = 400.0
ZERO = 84_000
NOISE_G = 0.2
SHELF = "office-7"
PREFIX = f"shelves/{SHELF}"
# plate: product, grams and price of a unit; the units that stand there at first are START_UNITS.
GOODS = {"A1": ("cola", 346.0, 350), "A2": ("nuts", 120.0, 1200), "B1": ("gum", 60.0, 200)}
START_UNITS = 6
PATIENCE_S = 20.0

_names = itertools.count()


def settings_text(
    port: Path | str,
    *,
    broker_port: int | None = None,
    mqtt_lines: str = "",
    payments: str = 'signature = "optional"',
    extra: str = "",
) -> str:
    """A shelf.toml with short times: a visit ends after a second, its grace after another."""
    lines = [f'shelf_id = "{SHELF}"', 'currency = "CNY"']
    lines += ["[[scale]]", 'id = "main"', 'driver = "stream"', f'port = "{port}"']
    for channel, (plate, (sku, grams, price)) in enumerate(GOODS.items()):
        lines += ["[[plate]]", f'id = "{plate}"', 'scale = "main"', f"channel = {channel}"]
        lines += [f"zero_counts = {ZERO}", f"counts_per_g = {COUNTS_PER_G}"]
        lines += [f'products = ["{sku}"]', "[[product]]", f'sku = "{sku}"', f'name = "{sku}"']
        lines += [f"weight_g = {grams}", f"price = {price}", "weight_sd_g = 0.5"]
    if broker_port is not None:
        lines += ["[mqtt]", 'host = "127.0.0.1"', f"port = {broker_port}", "tls = false"]
        lines += [mqtt_lines]
    lines += ["[payments]", payments, "[matching]", "visit_gap_s = 1", "grace_s = 1"]
    return "\n".join([*lines, extra]) + "\n"


class Shelf:
    """Goods on plates, weighed 80 times a second by a board behind the lasting name `port`."""

    def __init__(self, folder: Path) -> None:
        self.port = folder / "scale"
        self.units = dict.fromkeys(GOODS, START_UNITS)
        self._board: PtyBoard | None = None
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._weigh, daemon=True)
        self._thread.start()

    def plug(self) -> None:
        """Put the board in; the system gives it a device of another name each time."""
        with self._lock:
            self._board = PtyBoard(len(GOODS), RATE_HZ)
            self.port.unlink(missing_ok=True)
            self.port.symlink_to(self._board.port)

    def unplug(self) -> None:
        """Pull the board's cable."""
        with self._lock:
            if self._board is not None:
                self._board.close()
                self._board = None
            self.port.unlink(missing_ok=True)

    def grams(self) -> npt.NDArray[np.float64]:
        """What stands on each plate now."""
        return np.array([self.units[plate] * GOODS[plate][1] for plate in GOODS])

    def _weigh(self) -> None:
        chance = np.random.default_rng(3)
        started, sent = time.monotonic(), 0
        while not self._ending.wait(0.05):
            due = int((time.monotonic() - started) * RATE_HZ)
            grams = self.grams() + chance.normal(0.0, NOISE_G, (due - sent, len(GOODS)))
            counts = (ZERO + COUNTS_PER_G * grams).round().astype(np.int64)
            with self._lock:
                if self._board is not None:
                    self._board.send(np.arange(sent, due) / RATE_HZ, counts)
            sent = due

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join(5)
        self.unplug()


class Life:
    """One `edge-agent run`, from its start to its end, with what it tells systemd and its log."""

    def __init__(
        self,
        config: Path,
        state: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        """`prefix` is a command that starts it, as `prlimit` with limits."""
        number = next(_names)
        self.log_file = config.with_name(f"agent-{number}.log")
        name = f"edge-agent-faults-{os.getpid()}-{number}"
        self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ear.bind("\0" + name)
        self._ear.setblocking(False)
        self._words: list[str] = []
        self.started_at = time.monotonic()
        program = [*prefix, sys.executable, "-m", "edge_agent.cli.main", "run"]
        with self.log_file.open("wb") as out:
            self.process = subprocess.Popen(
                [*program, "--config", str(config), "--state", str(state)],
                stdout=out,
                stderr=out,
                env={**os.environ, "NOTIFY_SOCKET": "@" + name, **(environment or {})},
                user=user,
            )

    @property
    def words(self) -> list[str]:
        """Everything it has told systemd so far."""
        while True:
            try:
                self._words.append(self._ear.recv(4096).decode())
            except BlockingIOError:
                return list(self._words)

    @property
    def log(self) -> str:
        """Everything it has logged so far."""
        return self.log_file.read_text(errors="replace")

    def said(self, words: str) -> int:
        """How many lines of the log hold these words."""
        return sum(words in line for line in self.log.splitlines())

    def ready(self) -> Self:
        """Wait until it has told systemd that it runs."""
        self.until(lambda: "READY=1" in self.words, "the agent is ready")
        return self

    def until(self, fact: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
        """Wait for a fact; AssertionError with the log if it does not come, or the agent ends."""

        def true_or_dead() -> bool:
            if fact():
                return True
            assert self.process.poll() is None, f"the agent has ended, waiting for: {what}"
            return False

        try:
            wait_until(true_or_dead, what, timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log}") from error

    def end(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal and wait; returns the exit status and how long it took, in seconds."""
        asked_at = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE_S)
        return status, time.monotonic() - asked_at

    def kill(self) -> None:
        """End it as a power cut does; nothing happens where it has ended."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """Leave nothing behind."""
        self.kill()
        self._ear.close()


@dataclass(frozen=True)
class Heard:
    """One message as a subscriber got it; `topic` without the prefix."""

    topic: str
    payload: bytes
    retained: bool
    content_type: str | None
    correlation: bytes | None

    @property
    def event(self) -> dict[str, Any]:
        """The CloudEvent."""
        found: dict[str, Any] = json.loads(self.payload)
        return found

    @property
    def data(self) -> dict[str, Any]:
        """What the CloudEvent tells."""
        found: dict[str, Any] = self.event["data"]
        return found


class Cloud:
    """The operator: hears everything under the prefix, in a session that outlives a connection."""

    def __init__(self, broker: Broker, client_id: str = "operator") -> None:
        self._heard: list[Heard] = []
        self._parted = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5)
        self.client.on_message = self._take
        self.client.on_connect = self._subscribe
        self.client.on_subscribe = lambda *_: self._parted.set()
        self.client.reconnect_delay_set(1, 1)
        wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        wishes.SessionExpiryInterval = 3600
        self.client.connect(broker.host, broker.port, clean_start=False, properties=wishes)
        self.client.loop_start()
        wait_until(self._parted.is_set, "the operator has subscribed")

    def _subscribe(self, *_: Any) -> None:
        self.client.subscribe([(f"{PREFIX}/#", 1), ("answers/#", 1)])

    def _take(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        properties = message.properties
        self._heard.append(
            Heard(
                message.topic.removeprefix(PREFIX + "/"),
                bytes(message.payload),
                message.retain,
                getattr(properties, "ContentType", None),
                getattr(properties, "CorrelationData", None),
            )
        )

    def heard(self, topic: str = "") -> list[Heard]:
        """What came so far, of one topic or of all but the operator's own."""
        own = ("payments", "commands", "restocks", "catalogue", "acks")
        found = list(self._heard)
        return [h for h in found if (h.topic == topic if topic else h.topic not in own)]

    def data(self, topic: str) -> list[dict[str, Any]]:
        """What the events of one topic told, in the order of their coming."""
        return [h.data for h in self.heard(topic)]

    def latest(self, topic: str, key: str) -> dict[str, dict[str, Any]]:
        """The highest revision told of each thing of a topic, by its id."""
        found: dict[str, dict[str, Any]] = {}
        for data in self.data(topic):
            if data[key] not in found or data["revision"] > found[data[key]]["revision"]:
                found[data[key]] = data
        return found

    def say(
        self, topic: str, payload: bytes | str, *, answer_to: str = "", correlation: bytes = b""
    ) -> None:
        """Publish on one of the shelf's topics at QoS 1, repeated until the broker has it."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if answer_to:
            properties.ResponseTopic = answer_to
            properties.CorrelationData = correlation
        self.client.publish(f"{PREFIX}/{topic}", payload, qos=1, properties=properties)

    def close(self) -> None:
        """Leave the broker."""
        self.client.disconnect()
        self.client.loop_stop()


def event(kind: str, event_id: str, data: Mapping[str, Any]) -> bytes:
    """A CloudEvent of the operator's."""
    envelope = {"specversion": "1.0", "id": event_id, "source": "/cloud", "type": kind}
    return json.dumps({**envelope, "data": data}).encode()


def command(event_id: str, name: str, **arguments: str) -> bytes:
    """A command of the operator's."""
    return event("shelf.command", event_id, {"command": name, "arguments": arguments})


def payment(
    payment_id: str, sku: str, *, revision: int = 1, currency: str = "CNY", state: str = "paid"
) -> bytes:
    """A payment for one unit; its event id is the payment's with its revision."""
    data = {"payment_id": payment_id, "revision": revision, "state": state, "currency": currency}
    return event(
        "shelf.payment",
        f"{payment_id}-{revision}",
        {**data, "lines": [{"sku": sku, "quantity": 1, "unit_price": 350}], "paid": 350},
    )


@dataclass
class Scene:
    """One shelf's files, goods and lives; everything it started ends with it."""

    folder: Path
    shelf: Shelf
    broker: Broker | None
    lives: list[Life]
    clouds: list[Cloud]

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "shelf.toml"

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.folder / "state"

    def write(self, **settings: Any) -> None:
        """Write the settings of this shelf, with its broker if it has one."""
        if self.broker is not None:
            settings.setdefault("broker_port", self.broker.port)
        self.config.write_text(settings_text(self.shelf.port, **settings))

    def run(self, **how: Any) -> Life:
        """Start the agent; does not wait for it."""
        self.lives.append(Life(self.config, self.state, **how))
        return self.lives[-1]

    def cloud(self, client_id: str = "operator") -> Cloud:
        """Connect the operator."""
        assert self.broker is not None
        self.clouds.append(Cloud(self.broker, client_id))
        return self.clouds[-1]


@contextmanager
def scene(folder: Path, broker: Broker | None = None) -> Iterator[Scene]:
    """A shelf whose board is in, with settings for `broker`; without one it is offline."""
    with Shelf(folder) as shelf:
        shelf.plug()
        made = Scene(folder, shelf, broker, [], [])
        made.write()
        try:
            yield made
        finally:
            for life in made.lives:
                life.close()
            for cloud in made.clouds:
                cloud.close()
