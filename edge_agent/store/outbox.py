"""What the cloud has yet to hear: stored with the decision, dropped when it was heard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edge_agent.store.database import StateDatabase

FIRST_RETRY_S = 1.0
FIRST_CONFIRMATION_S = 20.0
LONGEST_PAUSE_S = 300.0
# A cloud that is away for days is not sent ten thousand rows every five minutes.
LONGEST_CONFIRMATION_PAUSE_S = 3600.0


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message to publish at QoS 1; the same `event_id` however often it is sent.

    `topic` is without the prefix. `response_topic` is absolute and takes its place: an answer to
    an MQTT 5 request, with that request's `correlation`. `at` is Unix seconds.
    """

    event_id: str
    topic: str
    payload: bytes
    content_type: str
    retain: bool
    at: float
    response_topic: str | None = None
    correlation: bytes | None = None


class Outbox:
    """The messages in the order in which they were put, and when each is due.

    When each is due lives in a temporary table: it is rolled back with the transaction it is
    part of, costs no write to the card, and a new start makes everything due.
    """

    def __init__(self, db: StateDatabase, writable: bool = True) -> None:
        self._db = db
        if writable:
            db.execute(
                "create temp table schedule (seq integer primary key, due_at real not null,"
                " tries integer not null, accepted integer not null default 0,"
                " confirmed integer not null default 0)"
            )
            db.execute("create index temp.schedule_by_time on schedule (due_at, seq)")
            self.release_all()

    @property
    def depth(self) -> int:
        """How many messages wait."""
        count: int = self._db.value("select count(*) from outbox")
        return count

    @property
    def oldest_at(self) -> float | None:
        """The time of the message that waits longest, None where none waits."""
        oldest: float | None = self._db.value("select at from outbox order by seq limit 1")
        return oldest

    @property
    def last_failure(self) -> str | None:
        """Why the broker refused the newest message it refused, of those that still wait."""
        reason: str | None = self._db.value(
            "select last_failure from outbox where last_failure is not null"
            " order by seq desc limit 1"
        )
        return reason

    def event_ids(self, topic_prefix: str, before: float | None = None) -> list[str]:
        """Name the messages that wait below a topic; all, or those from before a time."""
        found = self._db.rows(
            "select event_id from outbox where substr(topic, 1, length(?1)) = ?1"
            " and (?2 is null or at < ?2) order by seq",
            (topic_prefix, before),
        )
        return [event_id for (event_id,) in found]

    def put(self, message: OutboxMessage) -> None:
        """Store a message, in the caller's transaction; a repeat of an `event_id` is dropped.

        A retained message takes the place of an older one of its topic that still waits.
        """
        with self._db.together():
            if message.retain:
                self._drop("topic = ? and retain", (message.topic,))
            added = self._db.rows(
                "insert into outbox (event_id, topic, payload, content_type, retain, at,"
                " response_topic, correlation) values (?, ?, ?, ?, ?, ?, ?, ?)"
                " on conflict (event_id) do nothing returning seq",
                (
                    message.event_id,
                    message.topic,
                    message.payload,
                    message.content_type,
                    int(message.retain),
                    message.at,
                    message.response_topic,
                    message.correlation,
                ),
            )
            if added:
                self._db.execute(
                    "insert into temp.schedule (seq, due_at, tries) values (?, 0, 0)", added[0]
                )

    def due(self, now: float, limit: int) -> list[OutboxMessage]:
        """Return up to `limit` messages to send now: first those never sent, in order put."""
        found = self._db.rows(
            "select event_id, topic, payload, content_type, retain, at, response_topic,"
            " correlation from temp.schedule join outbox using (seq)"
            " where due_at <= ? order by due_at, seq limit ?",
            (now, limit),
        )
        return [
            OutboxMessage(event_id, topic, payload, content_type, bool(retain), at, *reply)
            for event_id, topic, payload, content_type, retain, at, *reply in found
        ]

    def sent(self, event_ids: Sequence[str], now: float) -> None:
        """Note messages as under way: due again only if no confirmation comes (20 s … 1 h)."""
        for event_id in event_ids:
            self._postpone(event_id, now)

    def failed(self, event_id: str, now: float, reason: str) -> None:
        """Note that the broker refused a message: due again after a growing pause (1 s … 5 min)."""
        with self._db.together():
            self._db.execute(
                "update outbox set failures = failures + 1, last_failure = ? where event_id = ?",
                (reason, event_id),
            )
            failures = self._db.value("select failures from outbox where event_id = ?", (event_id,))
            self._db.execute(
                "update temp.schedule set due_at = ? where seq ="
                " (select seq from outbox where event_id = ?)",
                (now + pause_s(FIRST_RETRY_S, failures or 1), event_id),
            )

    def delivered(self, event_ids: Sequence[str]) -> None:
        """Drop messages that were heard; ids that do not wait are ignored."""
        with self._db.together():
            for event_id in event_ids:
                self._drop("event_id = ?", (event_id,))

    def accepted(self, event_ids: Sequence[str]) -> None:
        """Note that the broker has messages; those that were confirmed before are dropped now."""
        self._mark("accepted", event_ids)

    def confirmed(self, event_ids: Sequence[str]) -> int:
        """Note that somebody says the cloud has messages; drops those that the broker has.

        Returns how many of them wait, or waited until now.
        """
        return self._mark("confirmed", event_ids)

    def hurry(self, due_at: float) -> None:
        """Make everything due by then at the latest: the cloud is back."""
        self._db.execute("update temp.schedule set due_at = ?1 where due_at > ?1", (due_at,))

    def release_all(self) -> None:
        """Make every message due at once: the connection is new."""
        with self._db.together():
            self._db.execute("update temp.schedule set due_at = 0, tries = 0")
            self._db.execute(
                "insert or ignore into temp.schedule (seq, due_at, tries)"
                " select seq, 0, 0 from outbox"
            )

    def _mark(self, what: Literal["accepted", "confirmed"], event_ids: Sequence[str]) -> int:
        named = "seq in (select seq from outbox where event_id in (select value from json_each(?)))"
        ids = json.dumps(list(event_ids))
        if not self._db.rows(f"select 1 from outbox where {named} limit 1", (ids,)):
            return 0
        with self._db.together():
            found = self._db.execute(f"update temp.schedule set {what} = 1 where {named}", (ids,))
            both = "seq in (select seq from temp.schedule where accepted and confirmed)"
            self._db.execute(f"delete from outbox where {both}")
            self._db.execute("delete from temp.schedule where accepted and confirmed")
        return found

    def _postpone(self, event_id: str, now: float) -> None:
        seq = self._db.value("select seq from outbox where event_id = ?", (event_id,))
        if seq is None:
            return
        tries = self._db.value("select tries from temp.schedule where seq = ?", (seq,)) + 1
        due_at = now + pause_s(FIRST_CONFIRMATION_S, tries, LONGEST_CONFIRMATION_PAUSE_S)
        self._db.execute(
            "update temp.schedule set tries = ?, due_at = ? where seq = ?", (tries, due_at, seq)
        )

    def _drop(self, which: str, parameters: tuple[str]) -> None:
        self._db.execute(
            f"delete from temp.schedule where seq in (select seq from outbox where {which})",
            parameters,
        )
        self._db.execute(f"delete from outbox where {which}", parameters)


def pause_s(first_s: float, tries: int, longest_s: float = LONGEST_PAUSE_S) -> float:
    """Return how long to wait after try number `tries` (from 1): doubled each time, but bounded."""
    return float(min(longest_s, first_s * 2 ** min(tries - 1, 20)))
