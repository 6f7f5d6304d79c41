"""`source = "simulated"`: the camera sees the shelf that the simulated scale weighs."""

from __future__ import annotations

import numpy as np

from edge_agent.sensing.simulated_source import SimulatedSource as SimulatedScale
from edge_agent.settings import CameraSettings, ScaleSettings
from edge_agent.simulation.live import LiveShelf
from edge_agent.simulation.pictures.camera_source import LiveView, SimulatedSource
from edge_agent.simulation.running import running_shelf
from edge_agent.vision.cameras.sources import open_source

AT = 1772413200.0


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> float:
        return self.now


def test_a_simulated_camera_gives_pictures_of_the_shelf_that_is_weighed() -> None:
    clock = Clock()
    scale = SimulatedScale(
        ScaleSettings(id="main", driver="simulated", port="77"), 12, clock, clock
    )
    camera = open_source(CameraSettings(id="front", source="simulated:77"), clock)
    assert isinstance(camera, SimulatedSource)
    clock.now += 1.0
    times, _ = scale.read()
    shot = camera.read()
    assert shot is not None
    assert shot.frame.camera == "front" and shot.frame.at == clock.now
    assert shot.frame.image.shape == (720, 1280, 3)
    with running_shelf(77, 0.0) as shelf:
        assert shelf.now == AT + len(times) / 80.0
    assert camera.read().due_s > shot.due_s


def test_shelves_of_two_seeds_run_apart_and_end_with_their_last_user() -> None:
    one, other = running_shelf(78, AT), running_shelf(79, AT)
    assert one is running_shelf(78, AT + 5.0)
    assert one is not other
    del one
    with running_shelf(78, AT + 9.0) as shelf:
        assert shelf.start_at == AT + 9.0


def test_a_live_view_shows_the_hand_when_the_shelf_tells_of_it() -> None:
    shelf = LiveShelf(80, AT)
    view = LiveView(shelf.settings, 80, (320, 180))
    shelf.plan_until(AT + 3600.0)
    action = shelf.visits_until(AT + 3600.0)[0].actions[0]
    pictures = []
    for at in (AT + 5.0, action.at - 0.5 * action.hand_s):
        view.follow(shelf, at)
        pictures.append(view.image(at).astype(np.float32))
    assert np.abs(pictures[0] - pictures[1]).max() > 40.0
