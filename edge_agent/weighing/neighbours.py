"""What a step on one plate does to the levels of the others: learned, and taken out again.

Plates share a board, and a board bends: 500 g less here can be a gram more there, for good. A plate
that is in a hand just then would count that gram as goods.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edge_agent.weighing.blocks import Batch
from edge_agent.weighing.change import WeightChange

FloatArray = npt.NDArray[np.float64]

# What a share is expected to be before it was ever seen: plates side by side take 0.2 to 0.5 %.
FIRST_SHARE = 0.002
# More than this is no bending but goods.
MOST_SHARE = 0.02
# How long before and after a step the others are averaged, and how far from it, in seconds.
WINDOW_S, APART_S = 0.7, 0.15
LEAST_STEP_G = 20.0
# A window that scatters more than this many times a channel's noise was touched.
TOUCHED = 2.5
KEPT_S, LEARNT_WITHIN_S = 60.0, 6.0
# A correction is told again where it differs by this much, in grams and in deviations.
WORTH_G, WORTH_SIGMAS = 0.1, 0.5
UNSURER = 1.5
# Deviations by which a step must stand out of what the others may have done.
SIGNIFICANT = 3.0
# The base of a change was measured until this long before it began.
BASE_S = 0.3


@dataclass(frozen=True, slots=True)
class _Last:
    """The last change of a plate: as measured, as told, and until when it was measured."""

    measured: WeightChange
    told: WeightChange
    until: float


class Neighbours:
    """Shares (k, k) of each plate's steps that go to each other plate, by regression."""

    def __init__(self, plates: Sequence[str], least_g: Callable[[str], float]) -> None:
        """`least_g` gives the smallest change told on a plate."""
        self._least_g = least_g
        self._columns = {plate: j for j, plate in enumerate(plates)}
        k = len(plates)
        self._share = np.zeros((k, k))
        self._precision = np.full((k, k), FIRST_SHARE**-2)
        self._steps: deque[WeightChange] = deque(maxlen=64)
        self._last: dict[str, _Last] = {}

    def correct(self, told: Iterable[WeightChange], now: float) -> list[WeightChange]:
        """Take the others' part out of the steps that were told, and again where more is known.

        Revisions are left for the caller to number.
        """
        corrected: list[WeightChange] = []
        for change in told:
            corrected += self._told(change, now)
            self._note(change)
            for plate, last in list(self._last.items()):
                if plate != change.plate and now - last.until < KEPT_S:
                    corrected += self._again(plate, last, change)
        return corrected

    def learn(self, change: WeightChange, history: Sequence[Batch], noise_g: FloatArray) -> None:
        """See what a step did to the plates (k,) that rested meanwhile; `noise_g` is a sample's."""
        now = history[-1].end
        if now - change.settled_at > LEARNT_WITHIN_S:
            return
        alone = not any(
            step.change_id != change.change_id and step.settled_at > change.started_at - WINDOW_S
            for step in self._steps
        )
        if not alone or change.withdrawn or abs(change.delta_g) < LEAST_STEP_G:
            return
        before = _window(history, change.started_at - APART_S)
        after = _window(history, now)
        if before is None or after is None or now - WINDOW_S < change.settled_at:
            return
        i = self._columns[change.plate]
        shift = after.mean(axis=0) - before.mean(axis=0)
        scatter = np.maximum(before.std(axis=0), after.std(axis=0))
        error_g = noise_g * math.sqrt(2 / min(len(before), len(after))) + 0.05
        still = scatter <= TOUCHED * noise_g + 0.05
        small = np.abs(shift) <= np.maximum(MOST_SHARE * abs(change.delta_g), 4 * error_g)
        fits = still & small & np.isfinite(shift)
        fits[i] = False
        added = np.where(fits, (change.delta_g / error_g) ** 2, 0.0)
        total = self._precision[i] + added
        off = np.where(fits, shift / change.delta_g, 0.0) - self._share[i]
        self._share[i] += added / total * off
        # Never surer than a tenth of a thousandth: loads move about on their plates.
        self._precision[i] = np.minimum(total, 1e8)

    def _told(self, change: WeightChange, now: float) -> list[WeightChange]:
        told, last = self._without_others(change, now), self._last.get(change.plate)
        self._last[change.plate] = _Last(change, told, now)
        known = last is not None and last.told.change_id == change.change_id
        return [] if told.withdrawn and not known else [told]

    def _again(self, plate: str, last: _Last, cause: WeightChange) -> list[WeightChange]:
        overlaps = _came_between(cause, last.measured, last.until)
        if not overlaps or last.measured.withdrawn:
            return []
        anew = self._without_others(last.measured, last.until)
        moved = abs(anew.delta_g - last.told.delta_g) > max(
            WORTH_G, WORTH_SIGMAS * last.told.sigma_g
        )
        if not moved and anew.sigma_g <= UNSURER * last.told.sigma_g + WORTH_G:
            return []
        self._last[plate] = replace(last, told=anew)
        return [anew]

    def _without_others(self, change: WeightChange, until: float) -> WeightChange:
        if change.withdrawn or change.unobserved:
            return change
        j = self._columns[change.plate]
        shift = variance = 0.0
        for step in self._steps:
            i = self._columns[step.plate]
            if i != j and _came_between(step, change, until):
                shift += float(self._share[i, j]) * step.delta_g
                variance += step.delta_g**2 / float(self._precision[i, j])
        if not variance:
            return change
        delta_g = change.delta_g - shift
        sigma_g = math.hypot(change.sigma_g, math.sqrt(variance))
        if abs(delta_g) < max(self._least_g(change.plate), SIGNIFICANT * sigma_g):
            # Nothing is left that the others did not do.
            return replace(change, delta_g=0.0, sigma_g=sigma_g, withdrawn=True)
        return replace(change, delta_g=delta_g, sigma_g=sigma_g)

    def _note(self, change: WeightChange) -> None:
        """Keep a step in its last revision."""
        for place, step in enumerate(self._steps):
            if step.change_id == change.change_id:
                self._steps[place] = change
                return
        self._steps.append(change)


def _came_between(step: WeightChange, change: WeightChange, until: float) -> bool:
    """Whether a step elsewhere came after the base of a change was measured, before its level."""
    return change.started_at - BASE_S < step.settled_at <= until


def _window(history: Sequence[Batch], until: float) -> FloatArray | None:
    """Return the samples (n, k) of the WINDOW_S before a time; None where there are too few."""
    parts = []
    for batch in history:
        if batch.end < until - WINDOW_S or batch.start > until:
            continue
        first, last = batch.edges[0], batch.edges[-1]
        times = batch.times[first:last]
        inside = (times >= until - WINDOW_S) & (times <= until)
        parts.append(batch.grams[first:last][inside])
    rows = np.concatenate(parts) if parts else np.empty((0, 0))
    return rows if len(rows) >= 4 else None
