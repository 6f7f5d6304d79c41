"""The demo without a terminal: a line for everything that happens, for people or for programs."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import Any

from edge_agent.cli.console import print_json, say
from edge_agent.cli.demo_words import DOES, Words, stopwatch
from edge_agent.simulation.happenings import (
    CloudTold,
    HandGone,
    Happening,
    ShelfTold,
    SomebodyCame,
)
from edge_agent.simulation.showcase import Showcase
from edge_agent.simulation.story import VisitStory

# The event that each topic is in the demo's own JSON.
EVENTS = {
    "changes": "change",
    "visits": "visit",
    "losses": "case",
    "restock-reports": "restock-report",
    "rejections": "rejection",
}

# What a topic's messages are revisions of.
NAMES = {"changes": "change_id", "visits": "visit_id", "losses": "case_id"}


class PlainLines:
    """Prints what happens as sentences."""

    def __init__(self, showcase: Showcase) -> None:
        self._showcase = showcase
        self._words = Words(showcase.settings)
        self._said: dict[str, str] = {}

    def take(self, happening: Happening, visit: VisitStory | None) -> None:
        """Print one happening, if it is worth a line."""
        text = self._text(happening, visit)
        if text and not self._is_said(happening, text):
            since_s = happening.at - self._showcase.started_at
            number = f"visit {visit.visit.number:<3}" if visit is not None else " " * 9
            say(f"{stopwatch(since_s):>7}  {number}  {text}")

    def refresh(self) -> None:
        """Nothing to do: lines stay."""

    def _is_said(self, happening: Happening, text: str) -> bool:
        """Whether a revision says again what the one before it said."""
        if not isinstance(happening, ShelfTold):
            return False
        topic, content = happening.report["topic"], happening.report["payload"]["data"]
        if topic not in NAMES:
            return False
        name = f"{topic} {content[NAMES[topic]]}"
        was, self._said[name] = self._said.get(name), text
        return was == text

    @singledispatchmethod
    def _text(self, happening: Happening, visit: VisitStory | None) -> str:
        raise TypeError(f"no such happening: {type(happening).__name__}")

    @_text.register
    def _(self, came: SomebodyCame, visit: VisitStory | None) -> str:
        return f"── {DOES[came.visit.kind]}"

    @_text.register
    def _(self, hand: HandGone, visit: VisitStory | None) -> str:
        return f"really  {hand.action.plate}  {self._words.hand(hand.action)}"

    @_text.register
    def _(self, told: CloudTold, visit: VisitStory | None) -> str:
        content = told.message.event["data"]
        if told.message.topic == "payments":
            return f"cloud   {content['payment_id']}  {self._words.order(content)}"
        return f"cloud   {content['restock_id']}  {self._words.restock(content)}"

    @_text.register
    def _(self, told: ShelfTold, visit: VisitStory | None) -> str:
        topic, content = told.report["topic"], told.report["payload"]["data"]
        if topic == "changes":
            mark = _mark(agrees(told, visit))
            return f"agent   {content['plate']}  {self._words.change(content)}  {mark}"
        if topic == "visits":
            return f"agent   {self._words.visit(content)}"
        if topic == "losses":
            return f"agent   case {self._words.case(content)}  {_mark(agrees(told, visit))}"
        if topic == "rejections":
            return f"agent   rejected a message: {content}"
        return ""


class JsonLines:
    """Prints what happens as one JSON object a line."""

    def __init__(self, showcase: Showcase) -> None:
        self._words = Words(showcase.settings)

    def take(self, happening: Happening, visit: VisitStory | None) -> None:
        """Print one happening, if it is one of the contract's."""
        content = self._content(happening, visit)
        if content is not None:
            event, rest = content
            number = visit.visit.number if visit is not None else None
            print_json({"event": event, "time": round(happening.at, 3), "visit": number, **rest})

    def refresh(self) -> None:
        """Nothing to do: lines stay."""

    @singledispatchmethod
    def _content(
        self, happening: Happening, visit: VisitStory | None
    ) -> tuple[str, dict[str, Any]] | None:
        raise TypeError(f"no such happening: {type(happening).__name__}")

    @_content.register
    def _(self, came: SomebodyCame, visit: VisitStory | None) -> tuple[str, dict[str, Any]] | None:
        return "somebody", {"plot": came.visit.kind, "does": DOES[came.visit.kind]}

    @_content.register
    def _(self, hand: HandGone, visit: VisitStory | None) -> tuple[str, dict[str, Any]] | None:
        action = hand.action
        return "hand", {
            "plate": action.plate,
            "sku": action.sku,
            "name": self._words.name(action.sku) if action.sku else None,
            "quantity": action.quantity,
            "manner": action.manner,
        }

    @_content.register
    def _(self, told: CloudTold, visit: VisitStory | None) -> tuple[str, dict[str, Any]] | None:
        return told.message.topic.removesuffix("s"), told.message.event["data"]

    @_content.register
    def _(self, told: ShelfTold, visit: VisitStory | None) -> tuple[str, dict[str, Any]] | None:
        event = EVENTS.get(told.report["topic"])
        if event is None:
            return None
        return event, {**told.report["payload"]["data"], "agrees": agrees(told, visit)}


def agrees(told: ShelfTold, visit: VisitStory | None) -> bool | None:
    """Whether a change or a standing case tells what really happened; None for all else."""
    topic, content = told.report["topic"], told.report["payload"]["data"]
    if topic == "changes" and content["kind"] != "withdrawn":
        return visit is not None and visit.tells_truly(content, told.at)
    if topic == "losses" and content["state"] != "closed":
        return visit is not None and all(visit.is_true(line) for line in content["lines"])
    return None


def _mark(agrees: bool | None) -> str:
    return {True: "✓", False: "✗", None: ""}[agrees]
