"""A camera that looks at a drawn shelf where nothing happens, as a folder of pictures."""

from __future__ import annotations

from pathlib import Path

from edge_agent.settings import CameraSettings, Settings
from edge_agent.simulation.pictures.layout import with_pictures
from edge_agent.simulation.pictures.sensor import jpeg
from edge_agent.simulation.pictures.shelf_view import ShelfView
from edge_agent.simulation.pictures.stage import Stage
from edge_agent.simulation.pictures.taught import teach
from edge_agent.vision.features.gallery import Gallery

SIZE = (1280, 720)
AT = 1_772_413_200.0
# Drawn once and shown again and again; each differs by its noise, as a camera's pictures do.
DRAWN = 25


def still_camera(shop: Settings, folder: Path, seconds: float, state: Path) -> Settings:
    """The settings with a camera that shows `seconds` of 720p pictures, five a second.

    The shop's products are taught in `state`, as a technician would leave them.
    """
    settings = with_pictures(shop, SIZE, "front")
    view, scene = ShelfView(settings, 1, SIZE), Stage(settings, 1, SIZE).state_at(AT)
    pictures = [jpeg(view.frame(AT + n / 5, scene)) for n in range(DRAWN)]
    frames = folder / "frames"
    frames.mkdir()
    for number in range(round(5 * seconds)):
        (frames / f"{number}.jpg").write_bytes(pictures[number % DRAWN])
    teach(Gallery(state), settings, 1, SIZE, AT)
    camera = CameraSettings(id="front", source=str(frames))
    return settings.model_copy(update={"camera": (camera,)})
