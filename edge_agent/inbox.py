"""Messages from the cloud turned into facts, or refused: each stored before it is acknowledged."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, assert_never

from edge_agent.cloud import messages
from edge_agent.cloud.events import CloudEvent, parse_event
from edge_agent.cloud.messages import parse_message
from edge_agent.cloud.signatures import Verifier
from edge_agent.errors import MessageError, SignatureError, UsageError
from edge_agent.ledger import Ledger
from edge_agent.shelf.catalogue import Catalogue, Product
from edge_agent.shelf.facts import (
    CatalogueFact,
    Fact,
    PaymentFact,
    RestockFact,
    RestockLine,
    VerdictFact,
)
from edge_agent.shelf.payments import Payment, PaymentLine, Refund, RefundLine
from edge_agent.shelf.state import Output
from edge_agent.stock_requests import count_of

log = logging.getLogger(__name__)

# As much of a refused message as is kept for inspection.
KEPT_BYTES = 2048
COMMANDS = ("close_case", "confirm_case", "count", "query")


@dataclass(frozen=True, slots=True)
class Received:
    """What came of a message: the outputs, and acknowledged ids where it was a `shelf.ack`."""

    outputs: list[Output]
    acknowledged: tuple[str, ...] = ()


class Inbox:
    """Opens, checks and files messages; what it returned from has been committed."""

    def __init__(self, ledger: Ledger, verifier: Verifier, currency: str) -> None:
        self._ledger = ledger
        self._verifier = verifier
        self._currency = currency

    def receive(
        self,
        topic: str,
        payload: bytes,
        at: float,
        answer_to: tuple[str, bytes | None] | None = None,
    ) -> Received:
        """Take one message that arrived on `topic` (without prefix) at `at`.

        A message that cannot be understood, is not signed as it must be, or is in another currency
        changes nothing, is kept, and is answered on `rejections`. `answer_to` is the MQTT 5
        response topic and correlation data of a command. Raises StoreError where it cannot be kept.
        """
        try:
            may_be_unsigned = topic not in messages.SIGNED_TOPICS
            opened = self._verifier.open(payload, may_be_unsigned=may_be_unsigned)
            event = parse_event(opened)
            message = parse_message(topic, event)
            if isinstance(message, messages.Ack):
                return Received([], message.ids)
            if isinstance(message, messages.Command):
                return self._obey(message, event, at, answer_to)
            fact = self._fact(message, event, at)
        except MessageError as error:
            return Received(self._reject(topic, payload, at, error))
        try:
            return Received(self._ledger.take(fact, seen=(event.source, event.id)))
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            # A fault of ours. Unacknowledged, the message would come again and stop every start.
            log.exception("A message on %s could not be reckoned with: a bug, please report", topic)
            fault = MessageError(f"the shelf could not reckon with it ({error!r})")
            return Received(self._reject(topic, payload, at, fault))

    def _fact(
        self,
        message: messages.Payment | messages.Restock | messages.Catalogue,
        event: CloudEvent,
        at: float,
    ) -> Fact:
        told_at = event.at if event.at is not None else at
        if isinstance(message, messages.Payment):
            if message.currency != self._currency:
                raise MessageError(
                    f"payment {message.payment_id!r} is in {message.currency}, "
                    f"this shelf sells in {self._currency}"
                )
            return PaymentFact(at, payment_of(message, told_at))
        if isinstance(message, messages.Restock):
            return restock_of(message, at, told_at)
        if isinstance(message, messages.Catalogue):
            return catalogue_of(message, at, self._ledger.state.catalogue)
        assert_never(message)

    def _obey(
        self,
        command: messages.Command,
        event: CloudEvent,
        at: float,
        answer_to: tuple[str, bytes | None] | None,
    ) -> Received:
        """Carry a command out once; its answer goes to the response topic, else to `replies`."""
        answer: dict[str, Any] = {"command": command.command, "in_reply_to": event.id, "ok": True}
        reply = Output("replies", "shelf.reply", event.id, at, answer)
        seen = (event.source, event.id)
        if command.command == "query":
            cases = self._ledger.state.cases.values()
            answer["open_cases"] = [c.case_id for c in cases if c.state != "closed"]
            told = self._ledger.tell(reply, answer_to, seen)
            return Received([reply] if told else [])
        if command.command in ("close_case", "confirm_case"):
            case_id = str(command.arguments.get("case_id", ""))
            if case_id not in self._ledger.state.cases:
                raise MessageError(f"{command.command}: there is no case {case_id!r}")
            verdict = VerdictFact(
                at, case_id, "confirmed" if command.command == "confirm_case" else "dismissed"
            )
            answer["case_id"] = case_id
            return Received(self._ledger.take(verdict, seen, reply=reply, answer_to=answer_to))
        if command.command == "count":
            try:
                count = count_of(command.arguments, self._ledger.state.catalogue, at)
            except UsageError as error:
                raise MessageError(f"count: {error}") from error
            answer["plate"] = count.plate
            return Received(self._ledger.take(count, seen, reply=reply, answer_to=answer_to))
        raise MessageError(f"unknown command {command.command!r}; known are {', '.join(COMMANDS)}")

    def _reject(self, topic: str, payload: bytes, at: float, error: MessageError) -> list[Output]:
        """Tell why a message was refused, once however often it comes.

        It may have no id to know a repeat by, so its bytes serve: a retained one comes again with
        every connection, and one whose PUBACK was lost comes twice.
        """
        digest = sha256(payload).hexdigest()[:16]
        rejection = Output(
            "rejections",
            "shelf.rejection",
            f"{topic}-{digest}",
            at,
            {
                "topic": topic,
                "reason": "signature" if isinstance(error, SignatureError) else "message",
                "explanation": str(error),
                "sha256": digest,
                "payload": payload[:KEPT_BYTES].decode("utf-8", "backslashreplace"),
            },
        )
        told = self._ledger.tell(rejection, seen=("refused", rejection.key))
        return [rejection] if told else []


def payment_of(message: messages.Payment, told_at: float) -> Payment:
    """A payment message as the shelf reckons with it."""
    return Payment(
        payment_id=message.payment_id,
        revision=message.revision,
        state=message.state,
        told_at=told_at,
        opened_at=message.opened_at,
        paid_at=message.paid_at,
        closed_at=message.closed_at,
        lines=tuple(
            PaymentLine(x.sku, x.quantity, x.unit_price, x.discount, x.gift) for x in message.lines
        ),
        paid=message.paid,
        total=message.total,
        discount=message.discount,
        refunds=tuple(
            Refund(
                r.refund_id,
                r.at,
                r.amount,
                r.reason,
                tuple(RefundLine(x.sku, x.quantity) for x in r.lines),
            )
            for r in message.refunds
        ),
    )


def restock_of(message: messages.Restock, at: float, told_at: float) -> RestockFact:
    """A restock message as the shelf reckons with it."""
    return RestockFact(
        at=at,
        restock_id=message.restock_id,
        revision=message.revision,
        state=message.state,
        told_at=told_at,
        operator=message.operator or "",
        lines=tuple(RestockLine(x.sku, x.quantity, x.plate) for x in message.lines),
    )


def catalogue_of(message: messages.Catalogue, at: float, known: Catalogue) -> CatalogueFact:
    """A catalogue message; raises MessageError where it contradicts itself or the shelf."""
    products = {
        p.sku: Product(p.sku, p.name, p.weight_g, p.weight_sd_g, p.price) for p in message.products
    }
    for plate in message.plates:
        if plate.id not in known.plates:
            raise MessageError(f"catalogue: there is no plate {plate.id!r} on this shelf")
        for sku in plate.products:
            if sku not in products:
                raise MessageError(
                    f"catalogue: plate {plate.id!r} holds {sku!r}, which is not among its products"
                )
    return CatalogueFact(
        at,
        message.version,
        tuple(products.values()),
        {plate.id: plate.products for plate in message.plates},
    )
