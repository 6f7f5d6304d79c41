"""From pictures to facts: what moved in each change, and changes that no scale felt.

Used alike by `replay` and, in a thread of its own, by `run`; the same frames give the same facts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from edge_agent.errors import EdgeAgentError
from edge_agent.exchanges import Exchanges
from edge_agent.lookout import Asked, Lookout, is_of, open_lookout, own_part
from edge_agent.settings import Settings
from edge_agent.shelf.catalogue import Catalogue
from edge_agent.shelf.facts import ChangeFact, MotionFact, SightFact
from edge_agent.vision.frames import Frame
from edge_agent.vision.seen import ChangeRecogniser, Recogniser, Recognition, Region, RegionChange
from edge_agent.weighing.change import WeightChange, change_id
from edge_agent.weighing.level_log import LevelLog

log = logging.getLogger(__name__)

# A picture without the hand, or who stands before the shelf, comes by then, or the change stays as
# its weight alone tells it.
LOOK_FOR_S = 180.0
# A scale tells its change this much after the picture shows it, at the latest.
SCALE_TELLS_S = 4.0
# Products whose weight is as near as this are worth comparing with the picture.
NEAR_PART, NEAR_G = 0.12, 8.0
# Below it the pictures before and after show the same.
LEAST_SCORE = 0.1
# Whether something left or came: pictures less sure show goods that were turned or moved.
SURELY_MOVED = 0.9
# That somebody is still there is told so often, in parts of the time that ends a visit.
TELL_MOTION_PART = 0.1


@dataclass(frozen=True, slots=True)
class Seen:
    """A fact that pictures tell, and the region it was seen in."""

    fact: ChangeFact | SightFact
    region: RegionChange

    @property
    def change_id(self) -> str:
        """The change that it is about."""
        if isinstance(self.fact, ChangeFact):
            return self.fact.change.change_id
        return self.fact.change_id


class Seeing:
    """Watches the plates' regions in the cameras' pictures.

    `regions` by camera and plate; `recogniser` is None where nothing is to be recognised;
    `catalogue` gives the products as they are known now; `weighed` are the plates that a scale
    tells of, else those that have one by the settings; `level_log` is what they weigh at rest.
    """

    def __init__(
        self,
        settings: Settings,
        regions: Mapping[str, Mapping[str, Region]],
        recogniser: Recogniser | None,
        catalogue: Callable[[], Catalogue],
        weighed: Collection[str] | None = None,
        level_log: LevelLog | None = None,
    ) -> None:
        by_settings = {plate.id for plate in settings.plate if plate.is_weighed}
        self._weighed = by_settings if weighed is None else frozenset(weighed)
        self._exchanges = Exchanges(catalogue, level_log)
        self._visit_gap_s = settings.matching.visit_gap_s
        self._recogniser = recogniser
        self._catalogue = catalogue
        self._lookouts = {
            camera: open_lookout(camera, some) for camera, some in regions.items() if some
        }

    def ask(self, change: WeightChange) -> None:
        """Look what moved in this change, as soon as pictures allow."""
        if change.unobserved or change.by_sight:
            return
        for lookout in self._lookouts.values():
            if change.plate not in lookout.plates:
                continue
            lookout.asked = [a for a in lookout.asked if a.change.change_id != change.change_id]
            lookout.weighed = [c for c in lookout.weighed if c.change_id != change.change_id][-50:]
            if not change.withdrawn:
                until = change.settled_at + LOOK_FOR_S
                lookout.asked.append(Asked(change, until))
                lookout.weighed.append(change)
                lookout.there_at = change.settled_at
                lookout.watch.expect(change.plate, until)

    def feed(self, frame: Frame) -> list[Seen]:
        """Take the next picture of a camera; returns what is known now."""
        lookout = self._lookouts.get(frame.camera)
        if lookout is None:
            return []
        found: list[Seen] = []
        for region in lookout.watch.feed(frame):
            if region.plate in self._weighed or not _is_surely_moved(region):
                lookout.unexplained.append(region)
            else:
                units = -1 if region.left >= 0.5 else 1
                seen = self._recognise(region, units < 0, None)
                found += self._moved(region, units, seen, frame.at)
                lookout.there_at = region.settled_at
        found += self._answers(lookout, frame.at)
        return found + self._exchanged(lookout, frame.at)

    def motion(self, camera: str, now: float) -> MotionFact | None:
        """What a camera's last picture says of whoever took or put something: he is there still."""
        lookout = self._lookouts.get(camera)
        if lookout is None or lookout.watch.moved_at is None:
            return None
        moved_at, since_s = lookout.watch.moved_at, lookout.watch.moved_at - lookout.there_at
        if not TELL_MOTION_PART * self._visit_gap_s <= since_s <= self._visit_gap_s:
            return None
        lookout.there_at = moved_at
        return MotionFact(now, moved_at)

    def _answers(self, lookout: Lookout, now: float) -> list[Seen]:
        """What pictures say of the changes that wait for them."""
        found: list[Seen] = []
        for asked in list(lookout.asked):
            change = asked.change
            region = lookout.watch.compare(change.plate, change.started_at, change.settled_at)
            if region is not None or now > asked.until:
                lookout.asked.remove(asked)
            if region is not None and region.score >= LEAST_SCORE:
                found += self._look(own_part(region, change, lookout.weighed), change, now)
        return found

    def _look(self, region: RegionChange, change: WeightChange, now: float) -> list[Seen]:
        """What a picture says of the thing that moved in a change."""
        if (
            self._exchanges.is_too_light(change)
            and (exchange := self._exchange(region)) is not None
        ):
            return _sighted(region, change.change_id, now, *exchange)
        seen = self._recognise(region, change.delta_g < 0, self._worth_comparing(change))
        return _sighted(region, change.change_id, now, seen)

    def _moved(
        self, region: RegionChange, units: int, seen: Recognition | None, now: float
    ) -> list[Seen]:
        """A change that only the camera saw, with what its picture says."""
        began_at = region.began_at if units < 0 else region.settled_at
        change = WeightChange(
            change_id=change_id(region.plate, began_at),
            revision=1,
            plate=region.plate,
            started_at=region.began_at,
            settled_at=region.settled_at,
            delta_g=float(units),
            sigma_g=0.0,
            level_g=0.0,
            told_at=now,
            by_sight=True,
        )
        told = Seen(ChangeFact(now, change), region)
        return [told, *_sighted(region, change.change_id, now, seen)]

    def _exchanged(self, lookout: Lookout, now: float) -> list[Seen]:
        """Goods that were exchanged for others without a weight that would tell."""
        found: list[Seen] = []
        for region in [r for r in lookout.unexplained if now >= r.settled_at + SCALE_TELLS_S]:
            lookout.unexplained.remove(region)
            if any(is_of(change, region) for change in lookout.weighed):
                continue
            exchange = self._exchange(region)
            if exchange is not None:
                before, after = exchange
                found += self._moved(region, -1, before, now)
                found += self._moved(region, 1, after, now)
        return found

    def _exchange(self, region: RegionChange) -> tuple[Recognition, Recognition] | None:
        """What stood in a region and what stands there now, where that is surely another thing."""
        before = self._recognise(region, True, None)
        after = self._recognise(region, False, None)
        if before is None or after is None:
            return None
        return self._exchanges.judge(region, before, after)

    def _recognise(
        self, region: RegionChange, has_left: bool, among: Sequence[str] | None
    ) -> Recognition | None:
        if self._recogniser is None:
            return None
        try:
            if isinstance(self._recogniser, ChangeRecogniser):
                change = replace(region, left=1.0 if has_left else 0.0)
                return self._recogniser.recognise_change(change, among)
            picture = region.before if has_left else region.after
            return self._recogniser.recognise(picture, region.mask, among)
        except EdgeAgentError as error:
            # What left has left, whether or not it can be said what it was.
            log.error("plate %s: %s", region.plate, error)
            return None

    def _worth_comparing(self, change: WeightChange) -> list[str] | None:
        """The products that belong on the plate, and those of about such a weight; None: all."""
        if change.by_sight:
            return None
        catalogue = self._catalogue()
        weight_g = abs(change.delta_g)
        near_g = max(NEAR_G, NEAR_PART * weight_g)
        belonging = catalogue.plates.get(change.plate, ())
        return [
            product.sku
            for product in catalogue.products.values()
            if product.sku in belonging
            or (product.weight_g and abs(product.weight_g - weight_g) <= near_g)
        ]


def _sighted(
    region: RegionChange,
    change: str,
    now: float,
    seen: Recognition | None,
    came: Recognition | None = None,
) -> list[Seen]:
    """What pictures say of the thing that moved in a change, and of what came in its place."""
    if seen is None or not seen.likelihoods:
        return []
    instead = dict(came.likelihoods) if came is not None else {}
    return [Seen(SightFact(now, change, dict(seen.likelihoods), instead), region)]


def _is_surely_moved(region: RegionChange) -> bool:
    return max(region.left, 1.0 - region.left) >= SURELY_MOVED


def regions_by_plate(settings: Settings, cameras: Sequence[str]) -> dict[str, dict[str, Region]]:
    """Which plates lie where in which camera's picture: a region is the first camera's."""
    if not cameras:
        return {}
    regions = {plate.id: plate.region for plate in settings.plate if plate.region is not None}
    return {cameras[0]: regions}
