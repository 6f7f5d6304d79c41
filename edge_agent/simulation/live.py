"""The simulated shelf as it goes along: samples, messages and truth, block by block."""

from __future__ import annotations

import heapq
import math
from collections import deque
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import UsageError
from edge_agent.settings import Settings
from edge_agent.simulation.loadcell import LoadCells
from edge_agent.simulation.noise import Grams
from edge_agent.simulation.picking import Pickers
from edge_agent.simulation.profiles import Build, Profile
from edge_agent.simulation.script import Action, CloudMessage, TrueChange, TrueLoss, Visit
from edge_agent.simulation.shop import weighed_plates
from edge_agent.simulation.shoppers import Shoppers
from edge_agent.simulation.variation import USUAL, Variation
from edge_agent.simulation.venue import USUAL_DOUBLE_GAP_S

# Stands in the counts for a conversion that failed; outside of what 24 bits hold.
MISSING_COUNTS = -(2**31)
USUAL_VISITS_PER_HOUR = 10.0

Planned = TypeVar("Planned", Action, CloudMessage, TrueChange, TrueLoss)


class LiveShelf:
    """Shoppers and load cells from one seed, on the clock of the converter.

    `plates` are the columns of every block. Timings follow `settings.matching`. Without `end_at`
    visits never end; with it the last hand is gone by `last_hand_at` and the last message in
    before `end_at`. The first hand comes after `quiet_s`. `variation` is what differs from the
    profile; its shop yields to `settings`. Raises UsageError for an unknown profile, a negative
    seed or a rate that is none.
    """

    def __init__(
        self,
        seed: int,
        start_at: float,
        profile: str = "default",
        rate_hz: float = 80.0,
        visits_per_hour: float = USUAL_VISITS_PER_HOUR,
        *,
        variation: Variation = USUAL,
        settings: Settings | None = None,
        end_at: float = math.inf,
        last_hand_at: float = math.inf,
        quiet_s: float = 60.0,
        office_rhythm: bool = True,
    ) -> None:
        _check(rate_hz, visits_per_hour)
        effects = variation.profile(profile)
        self.settings = settings or variation.settings(seed, profile)
        self.start_at = start_at
        self.rate_hz = rate_hz
        last_hand_at = min(last_hand_at, end_at)
        gap_s = variation.gap_s(USUAL_DOUBLE_GAP_S)
        self._shoppers: Shoppers | Pickers
        if variation.only_weights:
            self._shoppers = Pickers(
                seed, self.settings, start_at, visits_per_hour, effects, gap_s,
                quiet_s=quiet_s, last_hand_at=last_hand_at,
            )  # fmt: skip
        else:
            self._shoppers = Shoppers(
                seed, self.settings, start_at, visits_per_hour,
                quiet_s=quiet_s, last_hand_at=last_hand_at, end_at=end_at,
                office_rhythm=office_rhythm, effects=effects, double_gap_s=gap_s,
                adversarial=variation.adversarial, swaps=variation.swaps,
            )  # fmt: skip
        self._connect_cells(seed, effects, variation.build(profile))
        self._plan_nothing()

    def _connect_cells(self, seed: int, effects: Profile, build: Build) -> None:
        plates = weighed_plates(self.settings)
        self.plates = [plate.id for plate in plates]
        self._weighed = frozenset(self.plates)
        self._zero = np.array([plate.zero_counts for plate in plates])
        self._counts_per_g = np.array([plate.counts_per_g for plate in plates])
        levels_g = self._shoppers.stock.levels_g()
        levels = [levels_g.get(plate, 0.0) for plate in self.plates]
        self.cells = LoadCells(
            seed, self.plates, levels, self.start_at, self.rate_hz, effects, build
        )

    def _plan_nothing(self) -> None:
        self._actions: list[tuple[float, int, Action]] = []
        self._messages: list[tuple[float, int, CloudMessage]] = []
        self._changes: list[TrueChange] = []
        self._losses: list[TrueLoss] = []
        self._visits: deque[Visit] = deque()
        self._all_visits: list[Visit] = []
        self._ties = 0
        self._asked_s = 0.0
        self._planned_until = self.start_at
        self._is_over = False

    @property
    def now(self) -> float:
        """The time of the next sample."""
        return self.start_at + self.cells.sample / self.rate_hz

    def next_grams(self, duration_s: float) -> tuple[NDArray[np.float64], Grams]:
        """The next samples: times (n,), grams (n, plates), NaN where there is none."""
        first = self.cells.sample
        # Parts of a sample are kept for the next call, so that short blocks do not run away.
        self._asked_s += duration_s
        last = max(first, math.floor(self._asked_s * self.rate_hz + 1e-6))
        self._plan_until(self.start_at + last / self.rate_hz)
        times = self.start_at + np.arange(first, last) / self.rate_hz
        return times, self.cells.take(last - first).T

    def next_block(self, duration_s: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The next samples: times (n,), raw counts (n, plates), `MISSING_COUNTS` where none."""
        times, grams = self.next_grams(duration_s)
        counts = np.rint(self._zero + grams.astype(np.float64) * self._counts_per_g)
        counts = np.nan_to_num(np.clip(counts, -(2**23), 2**23 - 1), nan=MISSING_COUNTS)
        return times, counts.astype(np.int64)

    def visits_due(self, until: float) -> list[Visit]:
        """Who has come up to `until`, each told once, with everything that will follow from it."""
        self._plan_until(until)
        due = []
        while self._visits and self._visits[0].starts_at <= until:
            due.append(self._visits.popleft())
        return due

    def events_due(self, until: float) -> list[Action]:
        """What hands have done up to `until`, each told once, in order."""
        return self._pop(self._actions, until)

    def messages_due(self, until: float) -> list[CloudMessage]:
        """What has arrived from the cloud up to `until`, each told once, in order."""
        return self._pop(self._messages, until)

    def truth_until(self, at: float) -> tuple[list[TrueChange], list[TrueLoss]]:
        """All changes up to `at`, and the losses that can be known by then, from the beginning.

        Nothing is planned for it: a time later than `now` tells what is planned so far.
        """
        changes = sorted((c for c in self._changes if c.at <= at), key=lambda c: c.at)
        losses = sorted((x for x in self._losses if x.decided_at <= at), key=lambda x: x.at)
        return changes, losses

    def visits_until(self, at: float) -> list[Visit]:
        """All visits that were planned and begun by `at`, from the beginning."""
        return [visit for visit in self._all_visits if visit.starts_at <= at]

    def plan_until(self, until: float) -> None:
        """Decide who comes up to a time; `visits_until` tells it. No sample depends on it."""
        self._plan_until(until)

    def _plan_until(self, until: float) -> None:
        while not self._is_over and self._planned_until <= until:
            visit = self._shoppers.next_visit()
            if visit is None:
                self._is_over = True
                return
            for action in visit.actions:
                if action.plate in self._weighed:
                    self.cells.add(action)
                self._push(self._actions, action)
            for message in visit.messages:
                self._push(self._messages, message)
            self._changes += visit.changes
            self._losses += visit.losses
            self._visits.append(visit)
            self._all_visits.append(visit)
            self._planned_until = visit.ends_at

    def _push(self, heap: list[tuple[float, int, Planned]], planned: Planned) -> None:
        # The running number keeps what falls on one instant in its order.
        self._ties += 1
        heapq.heappush(heap, (planned.at, self._ties, planned))

    def _pop(self, heap: list[tuple[float, int, Planned]], until: float) -> list[Planned]:
        self._plan_until(until)
        due = []
        while heap and heap[0][0] <= until:
            due.append(heapq.heappop(heap)[2])
        return due


def _check(rate_hz: float, visits_per_hour: float) -> None:
    if not 1.0 <= rate_hz <= 1000.0:
        raise UsageError(f"A rate of {rate_hz} samples a second; give one from 1 to 1000.")
    if not 0.0 <= visits_per_hour <= 3600.0:
        raise UsageError(f"{visits_per_hour} visits an hour; give 0 (nobody) to 3600.")
