"""Simulated shoppers as facts, without any samples: months of visits in minutes."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from edge_agent.settings import Settings
from edge_agent.shelf.facts import ChangeFact, LevelsFact
from edge_agent.simulation.chance import stream
from edge_agent.simulation.script import CloudMessage, TrueChange
from edge_agent.simulation.shoppers import RHYTHM, Shoppers
from edge_agent.weighing.change import WeightChange, change_id

SIGMA_G = 0.12
TOLD_AFTER_S, MOVES_FOR_S = 0.4, 0.3
QUIET_S = 60.0


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it arrives: Unix seconds, topic, bytes."""

    at: float
    topic: str
    payload: bytes


Told = ChangeFact | LevelsFact | Message


def script(
    settings: Settings,
    seed: int,
    start_at: float,
    days: float,
    visits_per_day: float,
    adversarial: float,
) -> Iterator[Told]:
    """What a shelf is told, in the order of time, while shoppers come for so many days."""
    end_at = start_at + 86400.0 * days
    shoppers = Shoppers(
        seed, settings, start_at, visits_per_day / sum(RHYTHM),
        quiet_s=QUIET_S, last_hand_at=end_at, adversarial=adversarial,
    )  # fmt: skip
    levels_g = shoppers.stock.levels_g()
    yield LevelsFact(start_at, dict(levels_g))
    rng = stream(seed, "measured")
    waiting: list[tuple[float, int, TrueChange | CloudMessage]] = []
    ties = 0
    visits = iter(shoppers.next_visit, None)
    for visit in chain(visits, [None]):
        until = visit.starts_at if visit is not None else float("inf")
        while waiting and waiting[0][0] < until:
            at, _, what = heapq.heappop(waiting)
            if isinstance(what, CloudMessage):
                yield Message(at, what.topic, what.payload_bytes)
            else:
                delta_g = what.grams + float(rng.normal(0.0, SIGMA_G))
                levels_g[what.plate] += delta_g
                yield _change(what, delta_g, levels_g[what.plate])
        if visit is not None:
            told: list[TrueChange | CloudMessage] = [*visit.changes, *visit.messages]
            for what in told:
                ties += 1
                heapq.heappush(waiting, (what.at, ties, what))


def _change(true: TrueChange, delta_g: float, level_g: float) -> ChangeFact:
    started_at = true.at - MOVES_FOR_S
    told_at = true.at + TOLD_AFTER_S
    change = WeightChange(
        change_id(true.plate, started_at), 1, true.plate, started_at, true.at, delta_g, SIGMA_G,
        level_g, told_at=told_at,
    )  # fmt: skip
    return ChangeFact(told_at, change)
