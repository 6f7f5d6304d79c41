"""How one plate's changes are told: named, revised, and taken back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from edge_agent.weighing.change import WeightChange, change_id
from edge_agent.weighing.goods import FITS_SIGMAS, Goods
from edge_agent.weighing.judging import Level
from edge_agent.weighing.plateau import Stretch

# A later estimate is worth a revision when it differs by this much, or is this much surer.
WORTH_G = 0.1
UNSURE_G, SURER_SHARE = 0.5, 0.6
# A remainder that is no unit by itself belongs to the change told this long before.
AMEND_S = 10.0
# A push that ends so soon and leaves nothing was a hand; one that ends in a take, so soon.
SHORT_PRESS_S, LONG_PRESS_S = 1.8, 4.0
# A hand that stays so long sways by more than this share of its force, if that can be seen at all.
STAYED_S, SWAY_SHARE, SEEN_SWAY_G = 1.4, 0.003, 0.5
# A hand may rest on a plate for this long after it took.
RESTED_S = 20.0
# Squared deviations by which one reading must fit better than another.
CLEARLY = 3.0
# …and beyond which it fits nothing, even on a coarse plate under a hand.
HARDLY_FITS = 40.0


@dataclass(frozen=True, slots=True)
class _Told:
    change: WeightChange
    base_g: float
    base_sigma_g: float


class Teller:
    """Keeps what was told last of one plate for as long as it may still be revised.

    Every revision leaves here as the first; `Revisions` numbers them in the order of telling.
    """

    def __init__(self, plate: str) -> None:
        self.plate = plate
        self._pending: _Told | None = None
        self._press: _Told | None = None
        self._closed: _Told | None = None
        self._last_named_ms = -(2**63)

    @property
    def pending(self) -> WeightChange | None:
        """The change that may still be revised."""
        return self._pending.change if self._pending else None

    @property
    def latest(self) -> WeightChange | None:
        """The change told last, whether or not it may still be revised."""
        told = self._pending or self._closed
        return told.change if told else None

    def tell(
        self,
        started_at: float,
        settled_at: float,
        base_g: float,
        base_sigma_g: float,
        level_g: float,
        sigma_g: float,
    ) -> list[WeightChange]:
        """Tell a step, as a revision where one is still pending."""
        told = self._pending
        if told is None:
            change = WeightChange(
                self._name(started_at),
                1,
                self.plate,
                started_at,
                max(settled_at, started_at),
                level_g - base_g,
                math.hypot(base_sigma_g, sigma_g),
                level_g,
                level_sigma_g=sigma_g,
            )
            self._pending = _Told(change, base_g, base_sigma_g)
            return [change]
        settled_at = max(settled_at, told.change.settled_at)
        return self._revise(told, level_g, sigma_g, settled_at)

    def refine(
        self, level_g: float, sigma_g: float, settled_at: float | None = None
    ) -> list[WeightChange]:
        """Tell the pending step again where the better estimate is worth it."""
        told = self._pending
        if told is None:
            return []
        old = told.change
        sigma = math.hypot(told.base_sigma_g, sigma_g)
        moved = abs(level_g - old.level_g) > max(WORTH_G, 0.5 * old.sigma_g)
        if not moved and not (old.sigma_g > UNSURE_G and sigma < SURER_SHARE * old.sigma_g):
            return []
        return self._revise(told, level_g, sigma_g, max(settled_at or 0.0, old.settled_at))

    def withdraw(self, level_g: float) -> list[WeightChange]:
        """Take the pending step back, if there is one."""
        told = self._pending
        if told is None:
            return []
        self.forget()
        change = replace(
            told.change,
            delta_g=0.0,
            level_g=level_g,
            withdrawn=True,
        )
        return [change]

    def close(self) -> None:
        """What was told stays told."""
        self._closed = self._pending or self._closed
        self._pending = self._press = None

    def forget(self) -> None:
        """Nothing of what was told is revised any more."""
        self._pending = self._press = self._closed = None

    def amend(
        self, settled_at: float, base_g: float, level_g: float, sigma_g: float, least_g: float
    ) -> list[WeightChange]:
        """Add a small step from `base_g` to a change of `least_g` or more that was just told."""
        told = self._closed if self._pending is None else None
        if told is None or settled_at - told.change.settled_at > AMEND_S:
            return []
        so_far, remainder = told.change.delta_g, level_g - base_g
        # A hand that goes makes a plate lighter; what makes it heavier came.
        if remainder > 0 or abs(so_far) < max(least_g, -2 * remainder):
            return []
        return self._add(told, settled_at, base_g, level_g, sigma_g)

    def amend_to_goods(
        self, settled_at: float, base: Level, level: Level, goods: Goods
    ) -> list[WeightChange]:
        """Add a step down to the change before it, if only together they weigh as goods do.

        A hand that rests on the plate while it takes leaves later than the goods.
        """
        told = self._closed if self._pending is None else None
        remainder = level.grams - base.grams
        if told is None or remainder > 0 or told.change.sigma_g < UNSURE_G:
            return []
        if settled_at - told.change.settled_at > RESTED_S:
            return []
        sigma = math.hypot(base.sigma, level.sigma)
        apart = goods.misfit(told.change.delta_g, told.change.sigma_g)
        apart = min(apart, goods.misfit(remainder, sigma))
        whole_g = told.change.delta_g + remainder
        if whole_g > 0 or apart <= FITS_SIGMAS**2 or not goods.is_single(whole_g, sigma):
            return []
        return self._add(told, settled_at, base.grams, level.grams, level.sigma)

    def _add(
        self, told: _Told, settled_at: float, base_g: float, level_g: float, sigma_g: float
    ) -> list[WeightChange]:
        # The level may have drifted since: add the step, not the difference of levels.
        amended = replace(told, base_g=base_g - told.change.delta_g)
        changes = self._revise(amended, level_g, sigma_g, settled_at)
        self.close()
        return changes

    def keep_for_press(self, rest: Stretch) -> None:
        """Close the pending step, but remember a push, which may turn out to be a hand.

        `rest` is what came after the push: goods lie stiller than any hand.
        """
        told = self._pending
        self.close()
        if told is None or told.change.delta_g <= 0:
            return
        sway_g = SWAY_SHARE * told.change.delta_g
        sways = rest.scatter_g >= sway_g or sway_g < SEEN_SWAY_G
        if sways or rest.span_s < STAYED_S:
            self._press = told

    def was_press(self, level_g: float, tolerance_g: float, left_at: float) -> bool:
        """Whether the plate is back where it was before a short push; then that is pending.

        `left_at` is when the pushed level was left.
        """
        press = self._press
        if press is None or left_at - press.change.settled_at > SHORT_PRESS_S:
            return False
        if abs(level_g - press.base_g) > tolerance_g:
            return False
        self._pending, self._press = press, None
        return True

    def doubt_press(
        self, level_g: float, sigma_g: float, goods: Goods, left_at: float
    ) -> Level | None:
        """Whether a short push and what followed are rather goods together than each by itself.

        Then the push is pending again; returns the level from which it began.
        """
        press = self._press
        if press is None or level_g >= press.change.level_g:
            return None
        if left_at - press.change.settled_at > LONG_PRESS_S:
            return None
        sigma = math.hypot(press.base_sigma_g, sigma_g)
        pushed_g, sank_g = press.change.delta_g, level_g - press.change.level_g
        apart = goods.misfit(pushed_g, press.change.sigma_g) + goods.misfit(sank_g, sigma)
        whole = goods.misfit(level_g - press.base_g, sigma)
        if not goods.units or whole > HARDLY_FITS or apart <= whole + CLEARLY:
            return None
        self._pending, self._press = press, None
        return Level(press.base_g, press.base_sigma_g)

    def _revise(
        self, told: _Told, level_g: float, sigma_g: float, settled_at: float
    ) -> list[WeightChange]:
        change = replace(
            told.change,
            settled_at=settled_at,
            delta_g=level_g - told.base_g,
            sigma_g=math.hypot(told.base_sigma_g, sigma_g),
            level_g=level_g,
            level_sigma_g=sigma_g,
        )
        self._pending = replace(told, change=change)
        return [change]

    def _name(self, started_at: float) -> str:
        """Name by the millisecond, the next free one should two steps begin in the same."""
        named_ms = max(round(started_at * 1000), self._last_named_ms + 1)
        self._last_named_ms = named_ms
        return change_id(self.plate, named_ms / 1000)
