"""The shelf as one camera sees it: goods, hands, people, light, lens and sensor."""

from __future__ import annotations

from typing import Any

from edge_agent.settings import Settings
from edge_agent.simulation.pictures.faults import CameraFaults, covered, moved
from edge_agent.simulation.pictures.hands_view import Hands
from edge_agent.simulation.pictures.layout import USUAL_SIZE, Size
from edge_agent.simulation.pictures.light import Light, Shade
from edge_agent.simulation.pictures.people_view import People
from edge_agent.simulation.pictures.scene_state import SceneState
from edge_agent.simulation.pictures.scene_view import Goods
from edge_agent.simulation.pictures.sensor import Sensor
from edge_agent.simulation.pictures.showing import Showings
from edge_agent.simulation.profiles import Profile
from edge_agent.vision.frames import Image

USUAL_EFFECTS = Profile()
# What is left of the light when it is switched off.
_NIGHT = 0.035


class ShelfView:
    """Draws a scene, the same for the same arguments. For one thread at a time.

    `size` is width and height of the pictures; of `effects` those of the camera count.
    """

    def __init__(
        self,
        settings: Settings,
        seed: int,
        size: Size = USUAL_SIZE,
        effects: Profile = USUAL_EFFECTS,
    ) -> None:
        self.size = size
        self._goods = Goods(settings, seed, size)
        self._hands = Hands(settings, seed, size, self._goods)
        self._people = People(seed, size, effects.passers)
        self._showings = Showings(settings, seed, size)
        self._light = Light(seed, effects.light)
        self._sensor = Sensor(seed, size, effects.grain)
        self._faults = CameraFaults(seed, size, effects)

    def frame(self, at: float, state: SceneState) -> Image:
        """The picture at `at` (Unix seconds): (h, w, 3), blue green red."""
        image, shades = self._scene(at, state)
        bump = self._faults.now(at, "bumped")
        if bump is not None:
            image = moved(image, bump)
        if self._faults.now(at, "covered") is not None:
            image = covered(image)
        dimmed = 1.0 if self._faults.now(at, "dark") is None else _NIGHT
        gain = self._light.gain(at, shades)
        return self._sensor.expose(image, gain, round(at * 1000.0), dimmed)

    def shown_at(self, at: float) -> float:
        """When the picture was taken that is given at a time: earlier where it is frozen."""
        frozen = self._faults.now(at, "frozen")
        return at if frozen is None else round(frozen.at, 3)

    def faults_until(self, at: float) -> list[dict[str, Any]]:
        """What was wrong with the camera, as lines of `camera-truth.jsonl`."""
        return [fault.line() for fault in self._faults.until(at)]

    def _scene(self, at: float, state: SceneState) -> tuple[Image, tuple[Shade, ...]]:
        """Everything in even light, and who stands in whose."""
        image = self._goods.image(state)
        shades: list[Shade] = []
        if state.reaches or state.shown or self._people.is_seen(state.present, at):
            image = image.copy()
        for reach in state.reaches:
            self._hands.draw(image, reach, at)
            pose = self._hands.pose(reach, at)
            shades.append(Shade(pose.root[0] / self.size[0], 0.3, 0.1))
        shades += self._people.draw(image, state.present, at)
        for showing in state.shown:
            self._showings.draw(image, showing, at)
        return image, tuple(shades[:3])
