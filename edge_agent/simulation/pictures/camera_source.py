"""The simulated shelf as a camera: `source = "simulated"`, in real time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from edge_agent.settings import CameraSettings, Settings
from edge_agent.simulation.live import LiveShelf
from edge_agent.simulation.pictures.layout import USUAL_SIZE, Size
from edge_agent.simulation.pictures.shelf_view import USUAL_EFFECTS, ShelfView
from edge_agent.simulation.pictures.stage import Stage
from edge_agent.simulation.profiles import Profile
from edge_agent.vision.cameras.shots import PERIOD_S, Shot
from edge_agent.vision.frames import Frame, Image

# What is out of the picture for so long is forgotten.
_FORGET_S = 30.0


class LiveView:
    """What a camera sees of a shelf that runs. The caller keeps other threads off the shelf.

    `size` is that of the picture in which the plates' regions lie.
    """

    def __init__(
        self,
        settings: Settings,
        seed: int,
        size: Size = USUAL_SIZE,
        effects: Profile = USUAL_EFFECTS,
    ) -> None:
        self._stage = Stage(settings, seed, size)
        self._view = ShelfView(settings, seed, size, effects)
        self._visits = 0

    def follow(self, shelf: LiveShelf, at: float) -> None:
        """Learn who has come by `at`. Takes nothing from what others are told of the shelf."""
        shelf.plan_until(at)
        known = shelf.visits_until(math.inf)
        self._stage.add(known[self._visits :])
        self._visits = len(known)

    def image(self, at: float) -> Image:
        """The picture at a time up to which the shelf was followed: (h, w, 3)."""
        shown_at = self._view.shown_at(at)
        image = self._view.frame(shown_at, self._stage.state_at(shown_at))
        self._stage.forget(at - _FORGET_S)
        return image


class SimulatedSource:
    """Five pictures a second of the simulated shelf that also the simulated scale weighs.

    A `FrameSource`. `seed` is that of the scale.
    """

    def __init__(
        self,
        settings: CameraSettings,
        clock: Callable[[], float],
        seed: int = 1,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        from edge_agent.simulation.running import running_shelf

        self._settings = settings
        self._clock = clock
        self._monotonic = monotonic
        self._opened_s = monotonic()
        self._count = 0
        self._running = running_shelf(seed, clock())
        with self._running as shelf:
            self._view = LiveView(shelf.settings, seed)

    def read(self) -> Shot:
        """Return the next picture, five a second."""
        due_s = self._count * PERIOD_S
        # A machine that cannot keep up leaves pictures out.
        self._count = max(self._count + 1, int((self._monotonic() - self._opened_s) / PERIOD_S))
        at = self._clock()
        with self._running as shelf:
            self._view.follow(shelf, at)
        return Shot(Frame(self._settings.id, at, self._view.image(at)), due_s)

    def close(self) -> None:
        """Nothing to give back."""
