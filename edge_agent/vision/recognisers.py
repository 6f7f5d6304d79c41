"""The recogniser that the settings choose."""

from __future__ import annotations

from pathlib import Path

from edge_agent.settings import Settings
from edge_agent.vision.seen import Recogniser


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
        from edge_agent.detector.detector import Detector
        from edge_agent.detector.places import find_model, model_folders
        from edge_agent.detector.recogniser import DetectorRecogniser

        folder = find_model(settings.vision.model, model_folders(state))
        return DetectorRecogniser(Detector.load(folder, settings.vision.runtime))
    return None
