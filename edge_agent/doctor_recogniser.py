"""The doctor's look at what tells products apart by their pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from edge_agent.doctor_finding import Finding, finding_of
from edge_agent.errors import EdgeAgentError
from edge_agent.settings import Settings
from edge_agent.vision.recognisers import detector_for

_WHAT = "recogniser"
_MOST_NAMED = 5


def check_recogniser(settings: Settings, state: Path) -> Iterator[Finding]:
    """Load what the settings choose, every file of a model verified; say which products it does
    not know."""
    if not settings.camera or settings.vision.recogniser == "none":
        return
    try:
        if settings.vision.recogniser == "detector":
            known, words = _detector(settings, state)
        else:
            known, words = _taught(state)
    except EdgeAgentError as error:
        yield finding_of(_WHAT, error)
        return
    yield Finding("ok", _WHAT, words)
    seen = [plate for plate in settings.plate if plate.region is not None]
    unknown = sorted({sku for plate in seen for sku in plate.products} - known)
    if unknown:
        yield Finding(
            "warn",
            _WHAT,
            f"it knows nothing of {_named(unknown)}, so their weight alone tells them",
            "edge-agent products learn SKU"
            if settings.vision.recogniser == "features"
            else "edge-agent model train, with pictures of them",
        )


def _detector(settings: Settings, state: Path) -> tuple[set[str], str]:
    skus = detector_for(settings, state).manifest.skus
    words = f"model {settings.vision.model} is whole and runs; it knows {len(skus)} products"
    return set(skus), words


def _taught(state: Path) -> tuple[set[str], str]:
    from edge_agent.vision.features.gallery import Gallery

    skus = Gallery(state).skus()
    return set(skus), f"features, taught with pictures of {len(skus)} products"


def _named(skus: Iterable[str]) -> str:
    all_of_them = list(skus)
    named = ", ".join(all_of_them[:_MOST_NAMED])
    more = len(all_of_them) - _MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named
