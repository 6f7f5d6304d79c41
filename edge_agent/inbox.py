"""Messages from the cloud turned into facts, or refused: each stored before it is acknowledged.

What is cheap to look at is looked at first: bytes that were taken already, a topic, sizes, the
header of the signature; then the signature; only then what it signs. What was refused costs the
shelf a fraction of a millisecond, and the disk at most what `rejections` allows.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from hashlib import blake2b

from edge_agent.cloud import messages
from edge_agent.cloud.addressing import check_addressee
from edge_agent.cloud.events import CloudEvent, parse_event
from edge_agent.cloud.messages import SIGNED_TOPICS, TOPICS, parse_message
from edge_agent.cloud.signatures import Opened, Verifier
from edge_agent.commands import Commands, Order
from edge_agent.equipment import Equipment, NoEquipment
from edge_agent.errors import MessageError
from edge_agent.ledger import AnswerTo, Ledger
from edge_agent.message_facts import fact_of
from edge_agent.rejections import Rejections
from edge_agent.settings import Settings
from edge_agent.shelf.state import Output
from edge_agent.store.store import Store

log = logging.getLogger(__name__)

# As many repeats of this size are known by their bytes; all others by (source, id), once opened.
KNOWN_REPEATS = 4096
MOST_KNOWN_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Received:
    """What came of a message: the outputs, and acknowledged ids where it was a `shelf.ack`.

    `vouched` tells whether one of the operator's keys stands behind those ids.
    """

    outputs: list[Output]
    acknowledged: tuple[str, ...] = ()
    vouched: bool = False


class Inbox:
    """Opens, checks and files messages; what it returned from has been committed."""

    def __init__(
        self,
        ledger: Ledger,
        verifier: Verifier,
        settings: Settings,
        store: Store,
        equipment: Equipment | None = None,
    ) -> None:
        """Without `equipment` (a replay) commands that need it are answered so."""
        self._ledger = ledger
        self._verifier = verifier
        self._settings = settings
        self._store = store
        self._commands = Commands(ledger, store, equipment or NoEquipment())
        self._repeats: dict[bytes, None] = {}
        self.rejections = Rejections(ledger, store.journal)

    def receive(
        self, topic: str, payload: bytes, at: float, answer_to: AnswerTo = None
    ) -> Received:
        """Take one message that arrived on `topic` (without prefix) at `at`.

        A message that cannot be understood, is not signed as it must be, is for another shelf or in
        another currency changes nothing, and is answered on `rejections` as far as that allows.
        `answer_to` is the MQTT 5 response topic and correlation data of a command.
        Raises StoreError where it cannot be kept.
        """
        digest = _digest(topic, payload)
        if digest in self._repeats:
            return Received([])
        try:
            opened, event, message = self._read(topic, payload)
            if isinstance(message, messages.Ack):
                return Received([], message.ids, vouched=opened.kid is not None)
            outputs = self._take(message, event, opened, at, answer_to)
        except MessageError as error:
            return Received(self.rejections.refuse(topic, payload, at, error))
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            # A fault of ours. Unacknowledged, the message would come again and stop every start.
            log.exception("A message on %s could not be reckoned with: a bug, please report", topic)
            fault = MessageError(f"the shelf could not reckon with it ({error!r})")
            return Received(self.rejections.refuse(topic, payload, at, fault))
        self._note(digest)
        return Received(outputs)

    def _read(self, topic: str, payload: bytes) -> tuple[Opened, CloudEvent, messages.Message]:
        if topic not in TOPICS:
            raise MessageError(f"Nothing is read from topic {topic!r}; known: {', '.join(TOPICS)}")
        opened = self._verifier.open(payload, may_be_unsigned=topic not in SIGNED_TOPICS)
        event = parse_event(opened.content)
        check_addressee(self._settings.shelf_id, opened.audience, event)
        return opened, event, parse_message(topic, event)

    def _take(
        self,
        message: messages.Payment | messages.Restock | messages.Catalogue | messages.Command,
        event: CloudEvent,
        opened: Opened,
        at: float,
        answer_to: AnswerTo,
    ) -> list[Output]:
        if isinstance(message, messages.Command):
            if self._store.journal.has_taken(event.source, event.id):
                return []
            return self._commands.obey(Order(message, event, opened.kid, at, answer_to))
        known = self._ledger.state.catalogue
        fact = fact_of(message, event, at, currency=self._settings.currency, known=known)
        # Asked here, too, since a transaction that changes nothing costs more than a look.
        if self._store.journal.has_taken(event.source, event.id):
            return []
        return self._ledger.take(fact, seen=(event.source, event.id))

    def _note(self, digest: bytes) -> None:
        if digest:
            self._repeats[digest] = None
        if len(self._repeats) > KNOWN_REPEATS:
            del self._repeats[next(iter(self._repeats))]


def _digest(topic: str, payload: bytes) -> bytes:
    """What names these bytes on this topic; empty for those too long to be worth it."""
    if len(payload) > MOST_KNOWN_BYTES:
        return b""
    return blake2b(topic.encode("utf-8") + b"\0" + payload, digest_size=16).digest()
