"""What a demo plays: its shelf, how fast its time runs, and until when somebody may come."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.errors import UsageError
from edge_agent.settings import (
    CameraSettings,
    MatchingSettings,
    MqttSettings,
    ScaleSettings,
    Settings,
)
from edge_agent.simulation.live import LiveShelf
from edge_agent.simulation.script import Visit
from edge_agent.simulation.shop import demo_settings

SLOWEST, FASTEST = 0.25, 20.0
MOST_VISITS_PER_HOUR = 3600.0
# A shopper waits neither for the bus nor for a visit's grace: what is minutes on a real shelf is
# seconds here, in the same order: a visit's end, then the grace, then what comes late.
MATCHING = MatchingSettings(visit_gap_s=5.0, pay_ahead_s=45.0, grace_s=30.0, late_s=600.0)
PLATES_OF_TWINS = ("A3", "C3")
# Nobody comes before the plates have told their first levels.
QUIET_S = 12.0
# The longest that a visit at the shelf takes, from the first look to the last word of the wallet.
VISIT_S = 35.0
# From a fact to its decision's arrival in the cloud: seconds of the shelf's, then of the machine's.
TOLD_AFTER_S, ARRIVES_AFTER_S = 3.0, 0.5
# Above six times real time fewer samples a second leave the machine its breath.
FULL_RATE_HZ, LOWEST_RATE_HZ = 80.0, 40.0
FULL_RATE_SPEED = 6.0
# A demo without a seed of its own shows at least so many visits with losses, of so many kinds.
FEWEST_LOSSES, FEWEST_KINDS = 2, 2
SEED_TRIES = 300


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """One demo. `speed` is shelf seconds a second, `for_s` real seconds (None: until stopped). With
    `pictures` a camera sees the shelf."""

    speed: float = 4.0
    for_s: float | None = None
    visits_per_hour: float = 240.0
    pictures: bool = False

    @property
    def shelf_s(self) -> float:
        """How long it lasts by the shelf's clock, in seconds; infinite without an end."""
        return math.inf if self.for_s is None else self.for_s * self.speed

    @property
    def rate_hz(self) -> float:
        """Samples a second on each channel, by the shelf's clock."""
        rate_hz = FULL_RATE_HZ * min(1.0, FULL_RATE_SPEED / self.speed)
        return max(LOWEST_RATE_HZ, round(rate_hz))

    @property
    def lag_s(self) -> float:
        """Within how many shelf seconds of a fact the cloud has heard what was decided of it."""
        return TOLD_AFTER_S + ARRIVES_AFTER_S * self.speed

    @property
    def tail_s(self) -> float:
        """How long after the last word of the cloud everything is known, in shelf seconds.

        A refund stands against goods that may still come back for a grace, an order that is
        closed for another.
        """
        return MATCHING.visit_gap_s + 2.0 * MATCHING.grace_s + self.lag_s

    def check(self) -> None:
        """Raise UsageError where it cannot be, or would end before anything is known."""
        if not SLOWEST <= self.speed <= FASTEST:
            raise UsageError(
                f"--speed {self.speed:g} is not possible; give {SLOWEST:g} to {FASTEST:g}."
            )
        if not 0.0 < self.visits_per_hour <= MOST_VISITS_PER_HOUR:
            raise UsageError(
                f"--visits-per-hour {self.visits_per_hour:g} is not possible; give more than 0, "
                f"at most {MOST_VISITS_PER_HOUR:g}."
            )
        needed_s = QUIET_S + VISIT_S + self.tail_s
        if self.shelf_s < needed_s:
            raise UsageError(
                f"--for {self.for_s:g} is too short at --speed {self.speed:g}: one visit and all "
                f"that is decided of it take {math.ceil(needed_s / self.speed)} s. Give --for "
                f"{math.ceil(needed_s / self.speed)} or more, or a higher --speed."
            )

    def shelf(self, seed: int, start_at: float, settings: Settings) -> LiveShelf:
        """The simulated shelf of this demo."""
        last_word_at = start_at + self.shelf_s - self.tail_s
        return LiveShelf(
            seed,
            start_at,
            rate_hz=self.rate_hz,
            visits_per_hour=self.visits_per_hour,
            settings=settings,
            end_at=last_word_at,
            quiet_s=QUIET_S,
            office_rhythm=False,
        )

    def find_seed(self) -> int:
        """A seed by chance; with an end, one whose visits show losses of several kinds."""
        settings = demo_shelf()
        seed = 0
        for _ in range(SEED_TRIES):
            seed = random.SystemRandom().randrange(1, 100_000)
            if self.for_s is None:
                return seed
            if _is_worth_showing(self.shelf(seed, 0.0, settings).visits_due(self.shelf_s)):
                return seed
        # So short or so calm a demo holds less, whatever the seed.
        return seed


def demo_shelf() -> Settings:
    """The demonstration shop in a hurry, sorted so that weight alone can tell its goods apart.

    Nobody looks on: two pairs of goods that weigh about the same, and share a plate in the shop,
    are parted by changing places.
    """
    shop = demo_settings()
    (lemon_tea, soy_milk), (toast, cream_roll) = (
        plate.products for plate in shop.plate if plate.id in PLATES_OF_TWINS
    )
    products = dict(zip(PLATES_OF_TWINS, ((lemon_tea, cream_roll), (toast, soy_milk)), strict=True))
    plates = tuple(
        plate.model_copy(update={"products": products.get(plate.id, plate.products)})
        for plate in shop.plate
    )
    return shop.model_copy(update={"plate": plates, "matching": MATCHING})


def settings_of(port: str, mqtt_port: int) -> Settings:
    """The demo's shelf on a board at `port`, with its broker on this machine."""
    return demo_shelf().model_copy(
        update={
            "scale": (ScaleSettings(id="main", driver="stream", port=port),),
            "mqtt": MqttSettings(host="127.0.0.1", port=mqtt_port, tls=False),
        }
    )


def with_camera(settings: Settings, seed: int) -> Settings:
    """The same shelf with a camera that sees the simulated shelf of this seed."""
    # Only pictures need OpenCV, which is heavy.
    from edge_agent.simulation.pictures.layout import SOURCE, USUAL_SIZE, with_pictures

    seen = with_pictures(settings, USUAL_SIZE, "front")
    camera = CameraSettings(id="front", source=f"{SOURCE}:{seed}")
    return seen.model_copy(update={"camera": (camera,)})


def _is_worth_showing(visits: Sequence[Visit]) -> bool:
    losses = [loss.kind for visit in visits for loss in visit.losses]
    return len(losses) >= FEWEST_LOSSES and len(set(losses)) >= FEWEST_KINDS
