"""What stands on the plates and whose hands are among it, at any time: the play's own truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from edge_agent.settings import Settings
from edge_agent.simulation.chance import stream
from edge_agent.simulation.pictures.layout import USUAL_SIZE, Column, Size, columns, floors
from edge_agent.simulation.pictures.parts import parts_of
from edge_agent.simulation.pictures.scene_state import (
    FOREVER,
    LEFT_EDGE,
    NEAR_AFTER_S,
    NEAR_BEFORE_S,
    REACH_S,
    RETREAT_S,
    RIGHT_EDGE,
    Carried,
    Presence,
    Reach,
    SceneState,
    Showing,
    Unit,
)
from edge_agent.simulation.script import Action, Visit
from edge_agent.simulation.shop import initial_stock

__all__ = ["SceneState", "Showing", "Stage", "Unit"]

# How many takings are shown to the camera, where some are; when after the hand, and for how long.
_SHOWN_SHARE = 0.4
_SHOWN_AFTER_S, _SHOWN_S = 1.2, (2.2, 3.4)


class Stage:
    """The shelf's goods and hands over time. Visits are added in the order of their times.

    `scans` scales how often a shopper holds what was taken before the camera.
    """

    def __init__(
        self, settings: Settings, seed: int, size: Size = USUAL_SIZE, scans: float = 0.0
    ) -> None:
        self._showing = stream(seed, "showing")
        self._scans = scans
        self._shown: list[Showing] = []
        self._rng = stream(seed, "stage")
        self._floors = floors(settings, size)
        self._columns: dict[str, tuple[Column, ...]] = {}
        self._places = {plate.id: place for place, plate in enumerate(settings.plate)}
        self._units: list[Unit] = []
        self._gone: list[Unit] = []
        self._reaches: list[Reach] = []
        self._present: list[Presence] = []
        self._lifts: list[tuple[float, float, str]] = []
        self._number = 0
        for plate in settings.plate:
            self._columns[plate.id] = columns(plate, settings, self._floors[plate.id])
        for (plate_id, sku), units in initial_stock(settings).items():
            for _ in range(units):
                self._put(plate_id, sku, sku, -FOREVER)

    def add(self, visits: Iterable[Visit]) -> None:
        """Let these visits take place."""
        for visit in visits:
            self._present.append(
                Presence(
                    visit.number, visit.starts_at - NEAR_BEFORE_S, visit.ends_at + NEAR_AFTER_S
                )
            )
            actions = sorted(visit.actions, key=lambda action: action.at)
            for action in actions:
                self._play(action)
            if self._scans:
                self._show_some(visit, actions)

    def shown_until(self, at: float) -> list[Showing]:
        """All that began to be held before the camera by then, from the beginning."""
        return [showing for showing in self._shown if showing.since <= at]

    def state_at(self, at: float) -> SceneState:
        """What is to be seen at a time; visits must have been added up to some seconds later."""
        return SceneState(
            at,
            tuple(u for u in (*self._units, *self._gone) if u.since <= at < u.until),
            tuple(r for r in self._reaches if r.begins_at - REACH_S <= at < r.ends_at + RETREAT_S),
            tuple(p for p in self._present if p.since <= at < p.until),
            frozenset(plate for since, until, plate in self._lifts if since <= at < until),
            tuple(s for s in self._shown if s.since <= at < s.until),
        )

    def forget(self, before: float) -> None:
        """Drop what was over by then."""
        self._gone = [unit for unit in self._gone if unit.until > before]
        self._reaches = [r for r in self._reaches if r.ends_at + RETREAT_S > before]
        self._present = [p for p in self._present if p.until > before]
        self._lifts = [lift for lift in self._lifts if lift[1] > before]

    def _show_some(self, visit: Visit, actions: list[Action]) -> None:
        """Now and then what was taken is shown, where the shopper has both hands free for it."""
        for action, following in zip(actions, [*actions[1:], None], strict=True):
            since = action.at + _SHOWN_AFTER_S
            until = since + float(self._showing.uniform(*_SHOWN_S))
            wanted = self._showing.random() < _SHOWN_SHARE * self._scans
            is_free = following is None or following.at - following.hand_s - REACH_S > until
            if wanted and is_free and action.sku is not None and action.quantity < 0:
                self._shown.append(Showing(visit.number, action.sku, since, until))

    def _play(self, action: Action) -> None:
        if action.manner == "lift":
            self._lift(action)
            return
        carried: list[Carried] = []
        for at, looks, sku, quantity in parts_of(action):
            for _ in range(-quantity):
                unit = self._take(action.plate, looks, at)
                if unit is not None:
                    carried.append(Carried(unit, at, FOREVER))
            for _ in range(quantity):
                unit = self._put(action.plate, looks, sku, at, self._beside(action))
                if action.manner == "swap" and carried:
                    unit = self._move(unit, carried[0].unit)
                carried.append(Carried(unit, -FOREVER, at))
        if carried:
            where = carried[-1].unit
            across, depth = where.across, where.depth
        else:
            across, depth = (float(v) for v in self._rng.uniform((0.2, 0.0), (0.8, 0.4)))
        self._number += 1
        begins_at = action.at - action.hand_s
        presses = action.manner in ("lean", "touch", "rest")
        self._reaches.append(
            Reach(
                self._number,
                action.visit,
                action.plate,
                across,
                depth,
                begins_at,
                action.at,
                presses,
                tuple(carried),
            )
        )

    def _lift(self, action: Action) -> None:
        """A plate is away from when it is lifted off until it is set down."""
        if action.delta_g < 0:
            self._lifts.append((action.at - 0.3, FOREVER, action.plate))
            return
        for place, (since, until, plate) in enumerate(self._lifts):
            if plate == action.plate and until == FOREVER:
                self._lifts[place] = (since, action.at - 0.7 * action.hand_s, plate)

    def _beside(self, action: Action) -> float | None:
        """Where across the plate goods stand that lie on the one beside it too."""
        if action.beside is None or action.delta_g < 0:
            return None
        is_right = self._places[action.beside[0]] > self._places[action.plate]
        return RIGHT_EDGE if is_right else LEFT_EDGE

    def _take(self, plate: str, looks: str, at: float) -> Unit | None:
        """Take the foremost unit of a column that looks so; None where none stands there."""
        there = [u for u in self._units if u.plate == plate and _is_like(u, looks)]
        if not there:
            return None
        foremost: dict[float, Unit] = {}
        for unit in there:
            if unit.across not in foremost or unit.depth < foremost[unit.across].depth:
                foremost[unit.across] = unit
        ways = sorted(foremost)
        unit = foremost[ways[int(self._rng.integers(len(ways)))]]
        self._units.remove(unit)
        gone = replace(unit, until=at)
        self._gone.append(gone)
        return gone

    def _put(
        self, plate: str, looks: str, sku: str | None, at: float, across: float | None = None
    ) -> Unit:
        """Put a unit in front of the column of its kind with most room, or of any."""
        lanes = self._columns[plate]
        kind = looks.partition(":")[2] if looks.startswith(("dummy:", "empty:")) else looks
        own = [c for c in lanes if c.sku == kind] or list(lanes)
        deepest = [(self._front_of(plate, c), n, c) for n, c in enumerate(own)]
        depth, _, column = max(deepest, key=lambda option: (round(option[0], 4), -option[1]))
        self._number += 1
        products = len({c.sku for c in lanes})
        unit = Unit(
            self._number,
            looks,
            sku,
            plate,
            column.across if across is None else across,
            max(-0.02, depth) if across is None else 0.05,
            300.0 / max(1, products),
            at,
        )
        self._units.append(unit)
        return unit

    def _move(self, unit: Unit, to: Unit) -> Unit:
        """Let a unit stand where another one stood."""
        self._units.remove(unit)
        moved = replace(unit, across=to.across, depth=to.depth, lane_mm=to.lane_mm)
        self._units.append(moved)
        return moved

    def _front_of(self, plate: str, column: Column) -> float:
        """The depth at which the next unit of a column stands."""
        depths = [u.depth for u in self._units if u.plate == plate and u.across == column.across]
        if not depths:
            return min(0.93, (column.rows - 0.5) * column.step + 0.02)
        return min(depths) - column.step


def _is_like(unit: Unit, looks: str) -> bool:
    # Whoever clears foreign things away takes any; what a hand calls goods is goods.
    return unit.sku is None if looks == "foreign" else unit.looks == looks
