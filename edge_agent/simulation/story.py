"""What really happened beside what the agent found, visit by visit. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import singledispatchmethod
from typing import Any

from edge_agent.settings import MatchingSettings
from edge_agent.simulation.happenings import (
    CloudTold,
    HandGone,
    Happening,
    ShelfTold,
    SomebodyCame,
)
from edge_agent.simulation.script import Action, TrueChange, TrueLoss, Visit
from edge_agent.times import parse_time
from edge_agent.truth import Items, normal_items

Told = dict[str, Any]
"""The `data` of a message, in its highest revision so far."""

LineKey = tuple[str, str | None, int, int]
"""A line of a case or a true loss: kind, SKU, quantity, value in minor units."""

RESTOCK = "restock"


@dataclass(slots=True)
class VisitStory:
    """One true visit, and what has become known of it."""

    visit: Visit
    hands: list[Action] = field(default_factory=list)
    orders: dict[str, Told] = field(default_factory=dict)
    changes: dict[str, Told] = field(default_factory=dict)
    found: dict[str, Told] = field(default_factory=dict)
    cases: dict[str, Told] = field(default_factory=dict)
    restock_report: Told | None = None

    @property
    def is_restock(self) -> bool:
        """Whether it is the operator who fills the shelf."""
        return self.visit.kind == RESTOCK

    @property
    def hands_gone_at(self) -> float:
        """When the last hand will have gone."""
        return max((action.at for action in self.visit.actions), default=self.visit.starts_at)

    def distance_s(self, at: float) -> float:
        """How far a time is from the hands' time at the shelf; 0 within."""
        return max(self.visit.starts_at - at, at - self.hands_gone_at, 0.0)

    def decided_at(self, rules: MatchingSettings) -> float:
        """When the last of it can be known: after the grace, and after the cloud's last word."""
        graced_at = self.hands_gone_at + rules.visit_gap_s + rules.grace_s
        told_at = (message.at for message in self.visit.messages)
        lost_at = (loss.decided_at for loss in self.visit.losses)
        return max([graced_at, *told_at, *lost_at])

    def standing_changes(self) -> list[Told]:
        """The changes told and not withdrawn, in order of time."""
        standing = [told for told in self.changes.values() if told["kind"] != "withdrawn"]
        return sorted(standing, key=lambda told: told["settled_at"])

    def standing_lines(self) -> list[Told]:
        """The lines of its cases that are not closed."""
        return [
            line
            for case in self.cases.values()
            if case["state"] != "closed"
            for line in case["lines"]
        ]

    def pairs(
        self, until: float = math.inf
    ) -> tuple[list[tuple[TrueChange, Told | None]], list[Told]]:
        """Each true change up to `until` with the reported one that tells it; and what else was
        told."""
        left = self.standing_changes()
        pairs: list[tuple[TrueChange, Told | None]] = []
        for change in self.visit.changes:
            if change.at > until:
                continue
            match = next((told for told in left if _same(change, told)), None)
            if match is not None:
                left.remove(match)
            pairs.append((change, match))
        return pairs, left

    def tells_truly(self, change: Told, until: float) -> bool:
        """Whether a change told by now is one that really was."""
        return any(told is change for _, told in self.pairs(until)[0])

    def is_true(self, line: Told) -> bool:
        """Whether a line of a case tells what was really lost in this visit."""
        return told_lines([line]) <= true_lines(self.visit.losses)


class Story:
    """All visits so far. A report is of the visit whose hands were nearest in time."""

    def __init__(self, rules: MatchingSettings) -> None:
        self.rules = rules
        self.visits: list[VisitStory] = []
        self.strays: dict[str, Told] = {}
        self.rejections: list[Told] = []
        self._of_order: dict[str, VisitStory] = {}

    @singledispatchmethod
    def take(self, happening: Happening) -> VisitStory | None:
        """Take note of what happened; returns the visit that it belongs to, if any."""
        raise TypeError(f"no such happening: {type(happening).__name__}")

    @take.register
    def _(self, came: SomebodyCame) -> VisitStory | None:
        story = VisitStory(came.visit)
        self.visits.append(story)
        for message in came.visit.messages:
            self._of_order[_order_id(message.event["data"])] = story
        return story

    @take.register
    def _(self, hand: HandGone) -> VisitStory | None:
        for story in reversed(self.visits):
            if story.visit.number == hand.action.visit:
                story.hands.append(hand.action)
                return story
        return None

    @take.register
    def _(self, told: CloudTold) -> VisitStory | None:
        content = told.message.event["data"]
        story = self._of_order.get(_order_id(content))
        if story is not None:
            _keep_newest(story.orders, _order_id(content), content)
        return story

    @take.register
    def _(self, told: ShelfTold) -> VisitStory | None:
        topic, content = told.report["topic"], told.report["payload"]["data"]
        if topic == "changes":
            return self._file(content, "change_id", content["settled_at"])
        if topic == "visits":
            return self._file(content, "visit_id", content["started_at"])
        if topic == "losses":
            return self._file(content, "case_id", content["started_at"] or content["opened_at"])
        if topic == "restock-reports":
            story = self._of_order.get(content["restock_id"])
            if story is not None:
                story.restock_report = content
            return story
        if topic == "rejections":
            self.rejections.append(content)
        return None

    def _file(self, content: Told, key: str, at: str) -> VisitStory | None:
        story = self._nearest(parse_time(at))
        if story is None:
            _keep_newest(self.strays, content[key], content)
            return None
        places = {"change_id": story.changes, "visit_id": story.found, "case_id": story.cases}
        _keep_newest(places[key], content[key], content)
        return story

    def _nearest(self, at: float) -> VisitStory | None:
        story = min(self.visits, key=lambda s: s.distance_s(at), default=None)
        if story is None or story.distance_s(at) > self.rules.visit_gap_s:
            return None
        return story


def true_lines(losses: Iterable[TrueLoss]) -> Counter[LineKey]:
    """What was really lost, as lines."""
    return Counter((x.kind, x.sku, x.quantity, x.value) for x in losses)


def told_lines(lines: Iterable[Mapping[str, Any]]) -> Counter[LineKey]:
    """What cases tell, as lines."""
    return Counter((x["kind"], x["sku"], x["quantity"], x["value"]) for x in lines)


def true_items(change: TrueChange) -> Items:
    """What a true change moved."""
    return tuple(sorted(change.items))


def _order_id(content: Told) -> str:
    """The name of a payment or of a restock order."""
    name: str = content["payment_id"] if "payment_id" in content else content["restock_id"]
    return name


def _same(change: TrueChange, told: Told) -> bool:
    return told["plate"] == change.plate and normal_items(told["items"]) == true_items(change)


def _keep_newest(kept: dict[str, Told], name: str, content: Told) -> None:
    known = kept.get(name)
    if known is None or content["revision"] > known.get("revision", -math.inf):
        kept[name] = content
