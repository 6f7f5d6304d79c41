"""What the MQTT session tells the agent's loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_agent.cloud.connection import Connection


@dataclass(frozen=True, slots=True)
class Token:
    """Names one arrived message of one connection, for `Session.acknowledge`."""

    connection: Connection = field(repr=False)
    packet_id: int


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker has accepted the shelf and its subscriptions; it is time to send."""

    session_present: bool


@dataclass(frozen=True, slots=True)
class Disconnected:
    """A connection that was up has ended; another is being tried for."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """No connection, or one without all it needs; told again only when the reason changes."""

    reason: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message for the shelf: `topic` without the prefix; acknowledge it once it is committed.

    `response_topic` and `correlation` are MQTT 5's, None where there are none. `token` is None
    for a message at QoS 0, which needs no acknowledgement.
    """

    topic: str
    payload: bytes
    token: Token | None
    response_topic: str | None
    correlation: bytes | None


@dataclass(frozen=True, slots=True)
class Delivered:
    """The broker has accepted the message (under MQTT 3.1.1 also one that it denies)."""

    event_id: str


@dataclass(frozen=True, slots=True)
class Denied:
    """The broker, or the connection's limits, did not accept the message."""

    event_id: str
    reason: str


SessionEvent = Connected | Disconnected | Refused | Arrived | Delivered | Denied
