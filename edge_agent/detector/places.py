"""Where models are: installed in the state folder, or shipped with the program."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from edge_agent.detector.manifest import (
    MANIFEST_FILE,
    Manifest,
    load_manifest,
    read_verified,
)
from edge_agent.errors import StoreError, UsageError

MODELS_FOLDER = "models"


def shipped_models() -> tuple[Path, ...]:
    """The folders that models shipped with the program may be in: a checkout's, an install's."""
    checkout = Path(__file__).resolve().parents[2] / MODELS_FOLDER
    return (checkout, Path(sys.prefix) / "share" / "edge-agent" / MODELS_FOLDER)


def model_folders(state: Path | None = None, beside: Path | None = None) -> tuple[Path, ...]:
    """Where a model's name is looked up: installed in `state`, `beside` the settings, shipped."""
    own = [folder / MODELS_FOLDER for folder in (state, beside) if folder is not None]
    return (*own, *shipped_models())


def find_model(name: str, folders: Iterable[Path]) -> Path:
    """Return the folder of the model `name`, which may itself be a path to one.

    Raises UsageError saying which models there are.
    """
    if "/" in name:
        if (Path(name) / MANIFEST_FILE).is_file():
            return Path(name)
        raise UsageError(f"{name} has no {MANIFEST_FILE}. Name a folder that holds a model.")
    looked_in = tuple(folders)
    for folder in looked_in:
        if (folder / name / MANIFEST_FILE).is_file():
            return folder / name
    known = sorted({path.parent.name for f in looked_in for path in f.glob(f"*/{MANIFEST_FILE}")})
    found = f"Found {', '.join(known)}." if known else "There is none at all."
    raise UsageError(
        f"No model {name!r}. {found} Install one with `edge-agent model install FOLDER`, or set "
        "vision.model."
    )


def install_model(source: Path, state: Path) -> tuple[Path, Manifest]:
    """Copy the model in `source` into the state folder, whole or not at all, and return where.

    Every file is verified first, and only files that the manifest names are taken. Raises
    ModelError where one is not what the manifest says, StoreError where it cannot be written.
    """
    manifest = load_manifest(source)
    contents = {file.name: read_verified(source, file) for file in manifest.files}
    contents[MANIFEST_FILE] = (source / MANIFEST_FILE).read_bytes()
    card = source / "README.md"
    if card.is_file():
        contents[card.name] = card.read_bytes()
    target = state / MODELS_FOLDER / manifest.name
    unfinished = target.with_name(f".{target.name}.part")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for name, content in contents.items():
            (unfinished / name).write_bytes(content)
        if target.exists():
            shutil.rmtree(target)
        unfinished.rename(target)
    except OSError as error:
        raise StoreError(
            f"Cannot write the model to {target}: {error.strerror}. Check the folder's owner and "
            "free space, or name another with --state."
        ) from error
    return target, manifest
