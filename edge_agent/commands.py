"""Commands from the cloud, obeyed once each: checked, done, answered and logged.

Who sent one has been found out before (`inbox`). A command that was understood and cannot be done
(no such case, a plate that moves, too old) is answered with `ok: false` and a `reason`, on the same
way as any answer. Reply, deed and the note that the message was taken are one transaction: after a
kill it has been done and answered, or it comes again and is done then.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import singledispatchmethod
from hashlib import sha256
from typing import Any

from edge_agent.cloud.command_arguments import (
    Count,
    Query,
    Restart,
    SetPrice,
    Snapshot,
    Tare,
    Verdict,
    parse_arguments,
)
from edge_agent.cloud.events import CloudEvent
from edge_agent.cloud.messages import Command
from edge_agent.equipment import Deed, Equipment
from edge_agent.errors import EdgeAgentError, StoreError, UsageError
from edge_agent.ledger import SEEN_DAYS, AnswerTo, Ledger
from edge_agent.queries import answer_query
from edge_agent.shelf.facts import Fact, PriceFact, VerdictFact
from edge_agent.shelf.state import Output
from edge_agent.stock_requests import count_of
from edge_agent.store.store import Store

log = logging.getLogger(__name__)

# Who asked for one of these has stopped waiting: the plate is loaded again, the fault is mended.
FRESH_S = 600.0
PROMPT = ("restart", "snapshot", "tare")
# Older ones could have been obeyed already: after SEEN_DAYS that is forgotten.
OLDEST_S = (SEEN_DAYS - 1) * 86400.0
# What waited at the broker arrives at once when the connection is up.
QUEUE_S = 10.0

Decision = tuple[Fact, dict[str, Any]]
"""A fact that the shelf reckons with, and what is answered besides."""


@dataclass(frozen=True, slots=True)
class Order:
    """One command with who sent it (`kid`, None: unsigned), when it came and where to answer."""

    command: Command
    event: CloudEvent
    kid: str | None
    at: float
    answer_to: AnswerTo


class Commands:
    """Carries commands out against the ledger and the equipment; used by the agent's loop alone."""

    def __init__(self, ledger: Ledger, store: Store, equipment: Equipment) -> None:
        self._ledger = ledger
        self._store = store
        self._equipment = equipment

    def obey(self, order: Order) -> list[Output]:
        """Carry out a command that has not been taken before; returns what was told.

        Raises MessageError where it is unknown or its arguments cannot be read (then nothing was
        noted of it), StoreError where it could not be kept: it may come again.
        """
        arguments = parse_arguments(order.command.command, order.command.arguments)
        try:
            self._check_age(order)
            done = self._prepare(arguments, order)
        except StoreError:
            raise
        except EdgeAgentError as error:
            return self._answer(order, Deed({"ok": False, "reason": str(error)}))
        if isinstance(done, Deed):
            return self._answer(order, done)
        fact, answer = done
        reply = _reply(order, {"ok": True, **answer})
        outputs = self._ledger.take(fact, _seen(order), reply=reply, answer_to=order.answer_to)
        _log(order, reply)
        return [*outputs, reply]

    def _answer(self, order: Order, deed: Deed) -> list[Output]:
        reply = _reply(order, {"ok": True, **deed.answer})
        with self._store.atomic():
            if not self._ledger.tell(reply, order.answer_to, _seen(order)):
                return []
            deed.keep()
        _log(order, reply)
        deed.act()
        return [reply]

    @singledispatchmethod
    def _prepare(self, arguments: Any, order: Order) -> Deed | Decision:
        """A deed, or a fact with its answer. Raises EdgeAgentError where it cannot be done."""
        raise TypeError(f"no such arguments: {type(arguments).__name__}")

    @_prepare.register
    def _(self, query: Query, order: Order) -> Deed:
        def status() -> dict[str, Any]:
            return self._equipment.status(order.at)

        return Deed(answer_query(query, self._ledger.state, self._store.views, status))

    @_prepare.register
    def _(self, told: Tare, order: Order) -> Deed:
        return self._equipment.tare(told.plate, told.confirm, order.at)

    @_prepare.register
    def _(self, told: Snapshot, order: Order) -> Deed:
        name = sha256("\0".join(_seen(order)).encode("utf-8")).hexdigest()[:12]
        return self._equipment.snapshot(told.camera, f"snapshot-{name}", order.at)

    @_prepare.register
    def _(self, told: Restart, order: Order) -> Deed:
        return self._equipment.restart()

    @_prepare.register
    def _(self, told: Verdict, order: Order) -> Decision:
        case = self._ledger.state.cases.get(told.case_id)
        if case is None:
            raise UsageError(f"There is no case {told.case_id!r} on this shelf, or no more.")
        is_loss = order.command.command == "confirm_case"
        verdict = VerdictFact(order.at, told.case_id, "confirmed" if is_loss else "dismissed")
        was = {"state": case.state, "resolution": case.resolution}
        noted = {"note": told.note} if told.note is not None else {}
        return verdict, {"case_id": told.case_id, "was": was, **noted}

    @_prepare.register
    def _(self, told: SetPrice, order: Order) -> Decision:
        known = self._ledger.state.catalogue.products.get(told.sku)
        if known is None:
            raise UsageError(f"There is no product {told.sku!r} on this shelf.")
        told_at = order.event.at if order.event.at is not None else order.at
        fact = PriceFact(order.at, told.sku, told.price, told_at)
        return fact, {"sku": told.sku, "price": told.price, "was": known.price}

    @_prepare.register
    def _(self, told: Count, order: Order) -> Decision:
        counted = count_of(told, self._ledger.state.catalogue, order.at)
        return counted, {"plate": told.plate}

    def _check_age(self, order: Order) -> None:
        """Raise UsageError where a command is too old to be carried out."""
        name, state = order.command.command, self._ledger.state
        if order.event.at is not None and state.clock_trusted:
            age_s = order.at - order.event.at
            if age_s > OLDEST_S or (name in PROMPT and age_s > FRESH_S):
                raise UsageError(f"Expired: the {name} is from {_ago(age_s)} ago. Send a new one.")
            if name in PROMPT and age_s < -FRESH_S:
                raise UsageError(f"The {name} is from {_ago(-age_s)} ahead of the shelf's clock.")
        elif name in PROMPT and not (state.link_up and order.at - state.link_since >= QUEUE_S):
            raise UsageError(
                f"Nobody can tell how old this {name} is: it has no time, or the shelf's clock is "
                f"not set yet, and it may have waited at the broker. Send a new one."
            )


def _seen(order: Order) -> tuple[str, str]:
    return order.event.source, order.event.id


def _reply(order: Order, answer: dict[str, Any]) -> Output:
    payload = {"command": order.command.command, "in_reply_to": order.event.id, **answer}
    return Output("replies", "shelf.reply", order.event.id, order.at, payload)


def _log(order: Order, reply: Output) -> None:
    who = f"key {order.kid!r}" if order.kid is not None else "nobody's signature"
    outcome = "done" if reply.payload["ok"] else f"not done: {reply.payload['reason']}"
    noted = f" (note: {reply.payload['note']!r})" if "note" in reply.payload else ""
    log.info(
        "command %s %r by %s: %s%s", reply.payload["command"], order.event.id, who, outcome, noted
    )


def _ago(seconds: float) -> str:
    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
