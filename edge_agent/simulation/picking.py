"""Hands without a story: one action after the other over all plates, and nobody pays.

For judging how the shelf weighs and identifies. What is taken is carried until it is put back,
on its own plate or on a wrong one, or walks away; plates that run low are restocked, with an order.
"""

from __future__ import annotations

import math

from edge_agent.settings import Settings
from edge_agent.simulation.cashier import Cashier
from edge_agent.simulation.chance import stream
from edge_agent.simulation.handiwork import KIND, Handiwork
from edge_agent.simulation.hands_at_work import SAME_PLATE_S
from edge_agent.simulation.odd_acts import odd_acts
from edge_agent.simulation.profiles import Profile
from edge_agent.simulation.restocking import order_lines, restock_messages
from edge_agent.simulation.script import Action, CloudMessage, Visit, true_changes
from edge_agent.simulation.shop import weighed_plates
from edge_agent.simulation.stockroom import Stockroom
from edge_agent.simulation.usual_acts import fill, usual_acts

# Between a hand that has gone and the next one anywhere; one person has left, or steps aside.
SHORTEST_PAUSE_S = 0.5
TRIES = 20
# A restock is told before the first goods arrive, and finished after the last.
ORDERED_AHEAD_S, STARTED_AFTER_S, FINISHED_AFTER_S = (8.0, 12.0), 1.5, (3.0, 6.0)
RESTOCKS_APART_S = 300.0


class Pickers:
    """The visits of a shelf, each one action or a restock; the same for the same arguments.

    `actions_per_hour` is the same by day and night. No hand is on a plate before `quiet_s` after
    the start, or after `last_hand_at`. A plate is left alone for some seconds between two visits.
    """

    def __init__(
        self,
        seed: int,
        settings: Settings,
        start_at: float,
        actions_per_hour: float,
        effects: Profile,
        double_gap_s: tuple[float, float],
        *,
        quiet_s: float = 60.0,
        last_hand_at: float = math.inf,
    ) -> None:
        self._rng = stream(seed, "pickers")
        self.stock = Stockroom(settings, stream(seed, "stock"), effects.outliers)
        self._cashier = Cashier(settings.currency, settings.matching.grace_s, stream(seed, "cloud"))
        self._hands = Handiwork(settings, self.stock, self._rng, effects, double_gap_s)
        self._plates = [plate.id for plate in weighed_plates(settings)]
        self._per_h = actions_per_hour
        self._last_hand_at = last_hand_at
        self._at = start_at + quiet_s
        # So that nobody could take a shopper's hand for the operator's.
        self._alone_s = 1.25 * settings.matching.visit_gap_s + 2.0
        self._restock_from = start_at
        self._gone_at: dict[str, float] = {}
        self._acts = usual_acts(effects.doubles, effects.leans) + odd_acts(effects)
        self._shares = [share / sum(s for _, s in self._acts) for _, share in self._acts]

    def next_visit(self) -> Visit | None:
        """The next action; None when no more fits before the end."""
        if self._per_h <= 0:
            return None
        self._at += max(SHORTEST_PAUSE_S, float(self._rng.exponential(3600.0 / self._per_h)))
        while self._at < self._last_hand_at:
            restock = self._restock()
            if restock is not None:
                return self._accept(restock)
            for _ in range(TRIES):
                plate = self._plates[int(self._rng.integers(len(self._plates)))]
                if self._gone_at.get(plate, -math.inf) + SAME_PLATE_S > self._at:
                    continue
                visit = self._pick(plate)
                if visit is not None:
                    return self._accept(visit)
            self._at += SAME_PLATE_S
        return None

    def _pick(self, plate: str) -> Visit | None:
        act, _ = self._acts[int(self._rng.choice(len(self._acts), p=self._shares))]
        actions = act(self._hands, plate, self._at)
        if not actions:
            return None
        return self._visit(KIND, actions[0].at - actions[0].hand_s, actions[-1].at, actions, ())

    def _restock(self) -> Visit | None:
        """The operator fills what has run low, between the start and the end of an order."""
        if self._at < self._restock_from:
            return None
        actions = fill(self._hands, self._at + self._between(ORDERED_AHEAD_S))
        if not actions:
            return None
        finished_at = actions[-1].at + self._between(FINISHED_AFTER_S)
        lines = order_lines([item for a in actions for item in a.items], self.stock.home)
        self._restock_from = finished_at + RESTOCKS_APART_S
        times = (self._at, self._at + STARTED_AFTER_S, finished_at)
        messages = restock_messages(self._cashier, times, lines)
        return self._visit("restock", self._at, finished_at, actions, messages)

    def _visit(
        self,
        kind: str,
        starts_at: float,
        ends_at: float,
        actions: list[Action],
        messages: tuple[CloudMessage, ...],
    ) -> Visit:
        changes = tuple(change for action in actions for change in true_changes(action))
        number = self._hands.number
        return Visit(number, kind, starts_at, ends_at, tuple(actions), messages, changes, ())

    def _accept(self, visit: Visit) -> Visit | None:
        """Let it take place, unless it does not fit before the end."""
        if visit.ends_at > self._last_hand_at:
            return None
        # The next pause is counted from here, so that hands follow one another.
        self._at = visit.ends_at
        if visit.messages:
            self._at += self._alone_s
        for action in visit.actions:
            self._gone_at[action.plate] = self._at
            if action.beside is not None:
                self._gone_at[action.beside[0]] = self._at
        self._hands.number += 1
        return visit

    def _between(self, limits: tuple[float, float]) -> float:
        return float(self._rng.uniform(*limits))
