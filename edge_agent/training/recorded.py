"""Changes of real shelves whose products are known: what their pictures show, and what is seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edge_agent.detector.recogniser import DetectorRecogniser
from edge_agent.errors import UsageError
from edge_agent.recordings import Recording
from edge_agent.training.cutouts import Cutout, cut_out
from edge_agent.truth import TrueChange
from edge_agent.vision.frames import Frame, decode_picture
from edge_agent.vision.seen import RegionChange
from edge_agent.vision.watching.region_watch import RegionWatch

# The hand is there before goods leave and a little after they came; times are good to a second.
_BEFORE_S, _AFTER_S = 2.5, 1.0
# Later pictures may show the next customer's doing already.
_LOOK_FOR_S = 15.0


@dataclass(frozen=True, slots=True)
class CheckedChange:
    """A true change of one product, and what the detector said: its best guess and its answer.

    `best` and `answer` are None where no picture showed the change, or no product was sure.
    """

    at: float
    plate: str
    sku: str
    best: str | None
    answer: str | None


def true_regions(recording: Recording) -> Iterator[tuple[TrueChange, RegionChange]]:
    """Yield each true change of one product with its plate's pictures, where there are any.

    Raises UsageError where the recording has no truth, no regions or no pictures.
    """
    plates = [plate for plate in recording.settings.plate if plate.region is not None]
    changes = [
        true
        for true in recording.truth()
        if isinstance(true, TrueChange) and len(true.items) == 1 and true.items[0][1]
    ]
    frames = recording.frames()
    first = next(frames, None)
    if not plates or not changes or first is None:
        raise UsageError(
            f"{recording.folder} shows no changes: it needs plates with a region, pictures and a "
            "truth.jsonl. Name a recording that has them."
        )
    watch = RegionWatch(first.camera, {p.id: p.region for p in plates if p.region is not None})
    watched = {plate.id for plate in plates}
    waiting = sorted((c for c in changes if c.plate in watched), key=lambda change: change.at)
    for recorded in (first, *frames):
        if recorded.camera != first.camera:
            continue
        picture = decode_picture(recorded.path.read_bytes(), str(recorded.path))
        watch.feed(Frame(recorded.camera, recorded.at, picture))
        for change in [c for c in waiting if c.at + _AFTER_S < recorded.at]:
            seen = watch.compare(change.plate, change.at - _BEFORE_S, change.at + _AFTER_S)
            if seen is not None or recorded.at > change.at + _LOOK_FOR_S:
                waiting.remove(change)
            if seen is not None:
                yield change, seen


def confirmed_cutouts(recording: Recording) -> dict[str, list[Cutout]]:
    """Cut single units that were taken or put out of a recording's pictures, by SKU."""
    found: dict[str, list[Cutout]] = {}
    for change, seen in true_regions(recording):
        sku, quantity = change.items[0]
        if abs(quantity) == 1 and seen.mask.any():
            picture = seen.before if quantity < 0 else seen.after
            found.setdefault(sku, []).append(cut_out(picture, seen.mask))
    return found


def check_recording(recording: Recording, recogniser: DetectorRecogniser) -> list[CheckedChange]:
    """Ask the detector about every true change of a product that it knows."""
    checked = []
    for change, seen in true_regions(recording):
        sku, _ = change.items[0]
        if sku not in recogniser.skus:
            continue
        said = recogniser.recognise_change(seen)
        best = said.ranking[0][0] if said.ranking else None
        checked.append(CheckedChange(change.at, change.plate, sku, best, said.answer))
    return checked
