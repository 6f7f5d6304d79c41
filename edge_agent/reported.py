"""What a replay reported in the end: its changes, and the lines of its cases that stay. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edge_agent.times import parse_time
from edge_agent.truth import Items, normal_items

Report = Mapping[str, Any]
"""A line that `edge-agent replay` prints: `time`, `topic`, `payload` (a CloudEvent)."""

Belief = tuple[Items, float | None]
"""An explanation that was told, with its confidence where there is one."""


@dataclass(frozen=True, slots=True)
class ReportedChange:
    """A reported change in its last revision; `told_at` is when its first one was published.

    `confidence` is that of `items`, where there is one; `alternatives` are the further explanations
    that were told, likeliest first. `delta_g` is NaN where nothing was weighed.
    """

    change_id: str
    plate: str
    settled_at: float
    delta_g: float
    items: Items
    told_at: float
    confidence: float | None = None
    alternatives: tuple[Belief, ...] = ()

    @property
    def top(self) -> Belief:
        """What it most likely was, told as such or not: no items where it fits no product."""
        if self.items or not self.alternatives:
            return self.items, self.confidence
        return self.alternatives[0]


@dataclass(frozen=True, slots=True)
class OpenLine:
    """One line of a case that is not closed at the end."""

    case_id: str
    visit_id: str | None
    started_at: float
    ended_at: float
    kind: str
    sku: str | None
    quantity: int
    value: int = 0

    def distance_s(self, at: float) -> float:
        """How far a time lies outside the visit; 0 within."""
        return max(self.started_at - at, at - self.ended_at, 0.0)


@dataclass(frozen=True, slots=True)
class ToldCase:
    """A case over all of its revisions: whether it `stands` at the end, and ever was open."""

    case_id: str
    visit_id: str | None
    started_at: float
    ended_at: float
    stands: bool
    was_open: bool


def reported_changes(reports: Iterable[Report]) -> list[ReportedChange]:
    """Give each change that was reported and not withdrawn, in its last revision."""
    last, first_told = _last_revisions(
        reports, "changes", "change_id", lambda data: data["kind"] != "withdrawn"
    )
    return [
        ReportedChange(
            change_id,
            data["plate"],
            parse_time(data["settled_at"]),
            # Of what a camera alone has seen no weight is known.
            math.nan if data["delta_g"] is None else data["delta_g"],
            normal_items(data["items"]),
            first_told[change_id],
            data.get("confidence"),
            _alternatives(data.get("alternatives", ())),
        )
        for change_id, data in last.items()
    ]


def _alternatives(told: Iterable[Mapping[str, Any]]) -> tuple[Belief, ...]:
    beliefs = ((normal_items(each["items"]), each.get("confidence")) for each in told)
    return tuple(sorted(beliefs, key=lambda belief: -(belief[1] or 0.0)))


def open_lines(reports: Iterable[Report]) -> list[OpenLine]:
    """Give the lines of each case that is not closed, in its last revision.

    A case without a visit's times lies where it was first told.
    """
    last, first_told = _last_revisions(
        reports, "losses", "case_id", lambda data: data["state"] != "closed"
    )
    lines: list[OpenLine] = []
    for case_id, data in last.items():
        started_at, ended_at = _times_of(data, first_told[case_id])
        lines.extend(
            OpenLine(
                case_id,
                data.get("visit_id"),
                started_at,
                ended_at,
                line["kind"],
                line["sku"],
                line["quantity"],
                line.get("value") or 0,
            )
            for line in data["lines"]
        )
    return lines


def told_cases(reports: Iterable[Report]) -> list[ToldCase]:
    """Give each case that was ever told, by its last revision, with times as in `open_lines`."""
    told = list(reports)
    last, first_told = _last_revisions(told, "losses", "case_id", lambda data: True)
    contents = (report["payload"]["data"] for report in told if report["topic"] == "losses")
    opened = {data["case_id"] for data in contents if data["state"] == "open"}
    return [
        ToldCase(
            case_id,
            data.get("visit_id"),
            *_times_of(data, first_told[case_id]),
            stands=data["state"] != "closed" or data.get("resolution") == "confirmed",
            was_open=case_id in opened,
        )
        for case_id, data in last.items()
    ]


def _times_of(case: Mapping[str, Any], first_told_at: float) -> tuple[float, float]:
    """When the visit of a case began and ended; where it has no such times, its first telling."""
    started_at, ended_at = case.get("started_at"), case.get("ended_at")
    return (
        parse_time(started_at) if started_at else first_told_at,
        parse_time(ended_at) if ended_at else first_told_at,
    )


def _last_revisions(
    reports: Iterable[Report], topic: str, key: str, stands: Callable[[Mapping[str, Any]], bool]
) -> tuple[dict[str, Mapping[str, Any]], dict[str, float]]:
    """Give the last revision of each thing that still stands, and when each was first told."""
    last: dict[str, Mapping[str, Any]] = {}
    first_told: dict[str, float] = {}
    for report in reports:
        if report["topic"] != topic:
            continue
        data = report["payload"]["data"]
        name = data[key]
        if stands(data):
            first_told.setdefault(name, report["time"])
        if name not in last or data["revision"] > last[name]["revision"]:
            last[name] = data
    return {name: data for name, data in last.items() if stands(data)}, first_told
