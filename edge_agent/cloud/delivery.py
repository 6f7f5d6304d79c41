"""From the outbox to the broker: a few messages under way at a time, none forgotten."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal

from edge_agent.cloud.session import Session
from edge_agent.cloud.session_events import (
    Connected,
    Delivered,
    Denied,
    Disconnected,
    SessionEvent,
)
from edge_agent.store.outbox import FIRST_CONFIRMATION_S, Outbox

log = logging.getLogger(__name__)

IN_FLIGHT_LIMIT = 20
UNANSWERED_S = 60.0
# No confirmation for so long, and the next one tells that the cloud is back.
QUIET_S = 300.0


class Delivery:
    """Sends what is due and drops from the outbox what was heard; used by the agent's loop.

    With `confirm="broker"` a message was heard when the broker accepted it, with `"cloud"` when
    `confirmed` has named it. The contract asks for no signature on `acks`, so whoever may publish
    there could name what nobody has heard: an ack that is not signed drops what the broker has
    accepted in this life of the agent, now or as soon as it does, and so can do no more harm than
    `confirm="broker"`. A signed one drops what it names. Each `now` is seconds of a clock that
    never jumps (`time.monotonic()`), for a clock that is set back would hold messages back.
    """

    def __init__(
        self,
        outbox: Outbox,
        session: Session,
        confirm: Literal["broker", "cloud"],
        in_flight_limit: int = IN_FLIGHT_LIMIT,
    ) -> None:
        self._outbox = outbox
        self._session = session
        self._confirm = confirm
        self._limit = in_flight_limit
        self._connected = False
        self._in_flight: dict[str, float] = {}
        self._heard: list[str] = []
        self._confirmed_at: float | None = None
        self._denials_said: set[str] = set()

    @property
    def in_flight(self) -> int:
        """How many messages the broker has yet to answer."""
        return len(self._in_flight)

    def handle(self, event: SessionEvent, now: float) -> None:
        """Take note of what the session told; events of no concern are ignored."""
        if isinstance(event, Connected):
            self._connected = True
            self._in_flight.clear()
            self._denials_said.clear()
            self._outbox.release_all()
        elif isinstance(event, Disconnected):
            self._connected = False
            self._in_flight.clear()
        elif isinstance(event, Delivered):
            self._in_flight.pop(event.event_id, None)
            self._heard.append(event.event_id)
        elif isinstance(event, Denied):
            self._in_flight.pop(event.event_id, None)
            self._outbox.failed(event.event_id, now, event.reason)
            self._say_once(event)

    def confirmed(self, event_ids: Sequence[str], now: float, *, vouched: bool) -> None:
        """Drop what the cloud has stored (`shelf.ack`); `vouched`: one of its keys signed that.

        Ids that do not wait are ignored. Raises StoreError.
        """
        if self._confirm == "broker":
            return
        if vouched:
            self._outbox.delivered(event_ids)
        elif not self._outbox.confirmed(event_ids):
            return
        since, self._confirmed_at = self._confirmed_at, now
        if since is None or now - since > QUIET_S:
            # The cloud was away, or is heard for the first time: it need not wait out the pauses.
            self._outbox.hurry(now + FIRST_CONFIRMATION_S)

    def pump(self, now: float) -> int:
        """Drop what was heard and send what is due; returns how many were sent.

        Call it after each batch of events. Raises StoreError; nothing is lost by it.
        """
        if self._heard:
            if self._confirm == "broker":
                self._outbox.delivered(self._heard)
            else:
                self._outbox.accepted(self._heard)
            self._heard.clear()
        if not self._connected:
            return 0
        self._give_up_waiting(now)
        sent: list[str] = []
        for message in self._outbox.due(now, max(0, self._limit - len(self._in_flight))):
            self._in_flight[message.event_id] = now
            if not self._session.publish(message):
                del self._in_flight[message.event_id]
                break
            sent.append(message.event_id)
        if sent:
            self._outbox.sent(sent, now)
        return len(sent)

    def _give_up_waiting(self, now: float) -> None:
        for event_id, since in list(self._in_flight.items()):
            if now - since > UNANSWERED_S:
                del self._in_flight[event_id]

    def _say_once(self, denied: Denied) -> None:
        if denied.reason not in self._denials_said:
            self._denials_said.add(denied.reason)
            log.warning(
                "The broker did not accept message %s: %s. It stays in the outbox; check what "
                "the shelf may publish (the broker's ACL)",
                denied.event_id,
                denied.reason,
            )
