"""From a folder of taught pictures to weights, and from weights to a model: what commands do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from edge_agent.detector.detector import Detector
from edge_agent.detector.manifest import Manifest, model_name, write_manifest
from edge_agent.detector.ultralytics_runtime import keep_ultralytics_quiet
from edge_agent.errors import UsageError
from edge_agent.recordings import Recording
from edge_agent.settings import Settings
from edge_agent.settings_file import find_settings, find_state, load_settings
from edge_agent.training.card import write_card
from edge_agent.training.compositing import Compositor, Labelled
from edge_agent.training.cutouts import Cutout, read_cutouts
from edge_agent.training.dataset import read_labelled, write_data_file, write_part
from edge_agent.training.exporting import About, export
from edge_agent.training.learning import Course, train
from edge_agent.training.measuring import measure, weigh_scores
from edge_agent.vision.features.gallery import FOLDER as GALLERY_FOLDER
from edge_agent.vision.frames import Image, decode_picture, picture_files

TRAINING_FILE = "training.json"
_HELD_BACK = 8  # one picture of so many
_STRIDE = 32


class Training(BaseModel):
    """What `training.json` beside the weights says of them; `names` of products by SKU."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_from: str
    made_on: date
    input_px: int
    names: dict[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train from and how; see `edge-agent model train --help`."""

    frames: Path
    out: Path
    pictures: Path
    recordings: tuple[Path, ...] = ()
    count: int = 400
    epochs: int = 10
    size_px: int = 320
    start: Path | None = None
    seed: int = 0


def carry_out(plan: Plan, config: Path | None, say: Callable[[str], None]) -> Path:
    """Make pictures, train, and return the weights. Takes minutes; `say` hears what goes on.

    Raises UsageError or RecordingError where there is nothing to learn from, ModelError where
    ultralytics is not there.
    """
    if plan.size_px % _STRIDE:
        raise UsageError(
            f"The square of a detector is a multiple of {_STRIDE}; not {plan.size_px}."
        )
    keep_ultralytics_quiet()
    settings = load_settings(find_settings(config)) if config else None
    cutouts = _cutouts(plan)
    plates = plate_pictures(plan.frames, settings)
    together = [plate.products for plate in settings.plate] if settings else []
    units = sum(len(some) for some in cutouts.values())
    say(f"{len(cutouts)} products in {units} pictures, {len(plates)} pictures of plates.")
    learned = Compositor(cutouts, plates, together, plan.seed)
    write_part(plan.out, "train", (learned.make() for _ in range(plan.count)))
    held_back = Compositor(cutouts, plates, together, plan.seed + 1_000_003)
    write_part(plan.out, "val", (held_back.make() for _ in range(plan.count // _HELD_BACK + 1)))
    data = write_data_file(plan.out, learned.skus)
    training = Training(
        made_from=f"{plan.count} composites of {units} pictures of {len(cutouts)} products, put "
        f"into {len(plates)} pictures of plates",
        made_on=date.today(),
        input_px=plan.size_px,
        names={p.sku: p.name for p in settings.product} if settings else {},
    )
    (plan.out / TRAINING_FILE).write_text(training.model_dump_json(indent=1), encoding="utf-8")
    say(f"{plan.count} pictures put together; training for {plan.epochs} rounds.")
    course = Course(size_px=plan.size_px, epochs=plan.epochs, seed=plan.seed)
    return train(data, plan.out, course, plan.start)


def taught_folder(state: Path | None) -> Path:
    """Where `products learn` keeps the taught pictures."""
    return find_state(state) / GALLERY_FOLDER


def _cutouts(plan: Plan) -> dict[str, list[Cutout]]:
    found = read_cutouts(plan.pictures)
    for folder in plan.recordings:
        # Only here: what watches regions is not needed to train from taught pictures.
        from edge_agent.training.recorded import confirmed_cutouts

        for sku, units in confirmed_cutouts(Recording(folder)).items():
            found.setdefault(sku, []).extend(units)
    return found


def plate_pictures(folder: Path, settings: Settings | None) -> list[Image]:
    """Read pictures of plates; those of the whole shelf are cut to the plates' regions.

    Raises UsageError where there are none.
    """
    files = picture_files(folder) if folder.is_dir() else []
    pictures = [decode_picture(file.read_bytes(), str(file)) for file in files]
    if not pictures:
        raise UsageError(
            f"{folder} holds no pictures. Name a folder with pictures of the empty shelf, as "
            "`edge-agent camera snapshot` makes them."
        )
    regions = [p.region for p in settings.plate if p.region is not None] if settings else []
    cuts = [
        np.ascontiguousarray(picture[y : y + h, x : x + w])
        for picture in pictures
        for x, y, w, h in regions
        if y + h <= picture.shape[0] and x + w <= picture.shape[1]
    ]
    return cuts or pictures


def make_model(
    made: Path, out: Path, name: str, formats: Sequence[str], frames: Path | None = None
) -> Manifest:
    """Export what `carry_out` left in `made`, measure it, and write manifest and card.

    It is measured on the labelled pictures in `frames`, else on composites that were held back.
    Raises UsageError where `made` holds no training, ModelError where the export fails.
    """
    training = read_training(made)
    about = About(name, training.made_from, training.made_on, training.input_px, training.names)
    if model_name(name) != name:
        raise UsageError(f"{name!r} is no name for a model; {model_name(name)!r} would be one.")
    manifest = export(made / "weights.pt", out, about, formats)
    labelled = read_labelled(frames or made, manifest.skus)
    on = "labelled pictures held back" if frames else "composites held back, no real pictures"
    return finish(out, manifest, labelled, on)


def finish(
    out: Path,
    manifest: Manifest,
    labelled: Sequence[Labelled],
    on: str,
    remarks: Sequence[str] = (),
) -> Manifest:
    """Measure an exported model, and write manifest and card with the figures."""
    detector = Detector.load(out)
    measured, weight = measure(detector, labelled, on), weigh_scores(detector, labelled)
    whole = manifest.model_copy(update={"measured": measured, "weight": weight})
    write_manifest(out, whole)
    write_card(out, whole, remarks)
    return whole


def read_training(made: Path) -> Training:
    """Read what stands beside the weights. Raises UsageError where there is nothing."""
    path = made / TRAINING_FILE
    if not path.is_file() or not (made / "weights.pt").is_file():
        raise UsageError(
            f"{made} holds no trained weights. Name the folder that `edge-agent model train --out` "
            "wrote, after it ended."
        )
    try:
        return Training.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise UsageError(f"{path} is not what training wrote. Train again.") from error
