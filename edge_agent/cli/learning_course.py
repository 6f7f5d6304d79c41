"""The course of `products learn`: ask for units, and say of each what is noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_agent.cli.console import note
from edge_agent.cli.unit_watch import Moved, UnitWatch
from edge_agent.errors import LearningError
from edge_agent.shelf.teaching import sort_out, times_as_heavy

if TYPE_CHECKING:
    from edge_agent.cli.learning_views import Views


@dataclass(frozen=True, slots=True)
class Course:
    """How many units are asked for, how long each is waited for, and whether pictures are taken."""

    units: int
    wait_s: float
    yes: bool
    pictures: bool = True


@dataclass(slots=True)
class Units:
    """The weights of what was put on the plate; with `may_turn` units may come back turned.

    Without it what was taken off again does not count. `in_hand_g` are those that do, though they
    are off the plate.
    """

    may_turn: bool = False
    weights_g: list[float] = field(default_factory=list)
    sigmas_g: list[float] = field(default_factory=list)
    in_hand_g: list[float] = field(default_factory=list)

    def put(self, moved: Moved) -> str:
        """Take in what was put down; what to say of it."""
        self.sigmas_g.append(moved.sigma_g)
        place = _like(self.in_hand_g, moved.delta_g, moved.sigma_g)
        if place is not None:
            del self.in_hand_g[place]
            return f"  {moved.delta_g:.1f} g: a unit again."
        for held_g in [g for g in self.in_hand_g if sort_out([g, moved.delta_g])[1]]:
            # It went and something else came: then it was put there by mistake.
            self.in_hand_g.remove(held_g)
            self.weights_g.remove(held_g)
        self.weights_g.append(moved.delta_g)
        return self._noticed(moved.delta_g)

    def take_off(self, moved: Moved) -> str:
        """Take in what was taken off; what to say of it."""
        gone_g = -moved.delta_g
        on_plate = list(self.weights_g)
        for held_g in self.in_hand_g:
            on_plate.remove(held_g)
        place = _like(on_plate, gone_g, moved.sigma_g)
        if place is None:
            return f"  {gone_g:.1f} g left; that changes nothing."
        if self.may_turn and self.is_like_the_others(on_plate[place]):
            self.in_hand_g.append(on_plate[place])
            return f"  {gone_g:.1f} g taken off: turn it and put it down again."
        self._forget(on_plate[place])
        return f"  {gone_g:.1f} g taken off again, so it does not count."

    def is_like_the_others(self, weight_g: float) -> bool:
        """Whether this weighs like one unit of what was put on."""
        known_g = self.weights_g
        return weight_g in sort_out(known_g if weight_g in known_g else [*known_g, weight_g])[0]

    def alike_g(self) -> list[float]:
        """The weights that are alike."""
        return sort_out(self.weights_g)[0]

    def _forget(self, weight_g: float) -> None:
        last = len(self.weights_g) - 1 - self.weights_g[::-1].index(weight_g)
        del self.weights_g[last]

    def _noticed(self, last: float) -> str:
        alike, odd = sort_out(self.weights_g)
        if last not in odd:
            return f"  {len(alike)}: {last:.1f} g"
        times = times_as_heavy(last, alike or self.weights_g[:-1])
        if times:
            return f"  {last:.1f} g: {times} at once? Not counted; put them one by one."
        return f"  {last:.1f} g: not like the others, not counted."


def weigh_units(
    watch: UnitWatch, plate: str, name: str, course: Course, views: Views | None = None
) -> Units:
    """Ask for units until enough are alike (and seen) or no more come.

    Raises LearningError where nothing was put on the plate.
    """
    watch.wait_for_rest()
    if views is not None:
        views.begin()
    _ask(plate, name, course, views)
    units = Units(may_turn=views is not None)
    for moved in watch.moves(course.wait_s):
        is_put = moved.delta_g > 0
        note(units.put(moved) if is_put else units.take_off(moved))
        if views is not None:
            if is_put and units.is_like_the_others(moved.delta_g):
                views.take(moved)
            else:
                views.passed_by(moved)
        wants_view = views is not None and views.wants_more
        if len(units.alike_g()) >= course.units and not wants_view:
            break
    if not units.sigmas_g:
        raise LearningError(
            f"Nothing was put on plate {plate} within {course.wait_s:g} s. Check that it "
            "is the right plate (`edge-agent weigh`), then try again; --wait gives more time."
        )
    return units


def _ask(plate: str, name: str, course: Course, views: Views | None) -> None:
    note(
        f"Put one unit of {name} after the other on plate {plate}, "
        f"{course.units} in all; each is noticed by itself. Without more of them wait "
        f"{course.wait_s:g} s."
    )
    if views is not None:
        note(
            f"Camera {views.camera} takes a picture of each: best on an empty plate, else in front "
            "of the others. Keep out of the picture until it is taken."
        )


def _like(weights_g: Sequence[float], grams: float, sigma_g: float) -> int | None:
    """The place of the latest that weighs so much."""
    for place in range(len(weights_g) - 1, -1, -1):
        if abs(weights_g[place] - grams) <= max(4 * sigma_g, 0.01 * grams, 1.0):
            return place
    return None


def no_good(plate: str, weights_g: list[float]) -> str:
    """What to say of units of which no weight can be learned."""
    if not weights_g:
        return f"Every unit was taken off plate {plate} again. Leave them on, try again."
    told = " and ".join(f"{g:.1f} g" for g in weights_g)
    return (
        f"What was put on plate {plate} does not weigh alike ({told}). Put units of one "
        "product, one by one, and try again."
    )
