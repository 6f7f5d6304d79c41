"""The course of `products learn`: ask for units, and say of each what is noticed."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.cli.console import note
from edge_agent.cli.unit_watch import Moved, UnitWatch
from edge_agent.errors import LearningError
from edge_agent.shelf.teaching import sort_out, times_as_heavy


@dataclass(frozen=True, slots=True)
class Course:
    """How many units are asked for, and how long each is waited for."""

    units: int
    wait_s: float
    yes: bool


def weigh_units(
    watch: UnitWatch, plate: str, name: str, course: Course
) -> tuple[list[float], float]:
    """Ask for units until enough are alike or no more come; their grams, and the scale's sigma."""
    watch.wait_for_rest()
    note(
        f"Put one unit of {name} after the other on plate {plate}, "
        f"{course.units} in all; each is noticed by itself. Without more of them wait "
        f"{course.wait_s:g} s."
    )
    weights_g: list[float] = []
    sigmas_g: list[float] = []
    for moved in watch.moves(course.wait_s):
        if moved.delta_g > 0:
            weights_g.append(moved.delta_g)
            sigmas_g.append(moved.sigma_g)
            note(_noticed(weights_g))
        else:
            note(_taken_off(weights_g, moved))
        if len(sort_out(weights_g)[0]) >= course.units:
            break
    if not weights_g:
        raise LearningError(
            f"Nothing was put on plate {plate} within {course.wait_s:g} s. Check that it "
            "is the right plate (`edge-agent weigh`), then try again; --wait gives more time."
        )
    return weights_g, max(sigmas_g)


def _noticed(weights_g: list[float]) -> str:
    last = weights_g[-1]
    alike, odd = sort_out(weights_g)
    if last not in odd:
        return f"  {len(alike)}: {last:.1f} g"
    times = times_as_heavy(last, alike or weights_g[:-1])
    if times:
        return f"  {last:.1f} g: {times} at once? Not counted; put them one by one."
    return f"  {last:.1f} g: not like the others, not counted."


def _taken_off(weights_g: list[float], moved: Moved) -> str:
    """Forget the unit that was taken off again, the latest that weighs as much."""
    gone_g = -moved.delta_g
    for place in range(len(weights_g) - 1, -1, -1):
        if abs(weights_g[place] - gone_g) <= max(4 * moved.sigma_g, 0.01 * gone_g, 1.0):
            del weights_g[place]
            return f"  {gone_g:.1f} g taken off again, so it does not count."
    return f"  {gone_g:.1f} g left; that changes nothing."


def no_good(plate: str, weights_g: list[float]) -> str:
    if not weights_g:
        return f"Every unit was taken off plate {plate} again. Leave them on, try again."
    told = " and ".join(f"{g:.1f} g" for g in weights_g)
    return (
        f"What was put on plate {plate} does not weigh alike ({told}). Put units of one "
        "product, one by one, and try again."
    )
