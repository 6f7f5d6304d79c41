"""The recogniser that the settings choose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.settings import Settings
from edge_agent.vision.seen import Recogniser

if TYPE_CHECKING:
    from edge_agent.detector.detector import Detector


def recogniser_for(settings: Settings, state: Path) -> Recogniser | None:
    """What tells products by their pictures; None where the settings want none.

    `state` is the folder with the taught products, and with `models/` where one was installed.
    Raises ModelError where the detector's model is altered or cannot run.
    """
    if settings.vision.recogniser == "features":
        from edge_agent.vision.features.gallery import Gallery
        from edge_agent.vision.features.recogniser import FeaturesRecogniser

        return FeaturesRecogniser(Gallery(state))
    if settings.vision.recogniser == "detector":
        from edge_agent.detector.recogniser import DetectorRecogniser

        return DetectorRecogniser(detector_for(settings, state))
    return None


def detector_for(settings: Settings, state: Path) -> Detector:
    """Load the detector that the settings name, every file of its model verified.

    Raises UsageError where there is no such model, ModelError where it is altered or cannot run.
    """
    from edge_agent.detector.detector import Detector
    from edge_agent.detector.places import find_model, model_folders

    folder = find_model(settings.vision.model, model_folders(state))
    return Detector.load(folder, settings.vision.runtime)
