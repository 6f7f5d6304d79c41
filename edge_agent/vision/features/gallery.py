"""The taught pictures of each product: `products/<sku>/<n>.jpg` in the state folder.

A picture whose thing is cut out is a PNG, transparent where it is not. What is remembered of each
stands beside it (`<n>.npz`), and is made anew where it is missing, old or damaged.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np

from edge_agent.errors import CameraError, StoreError
from edge_agent.vision.features.describing import (
    COLOUR_BINS,
    DESCRIPTION_VERSION,
    Description,
    describe,
)
from edge_agent.vision.features.local import DIMENSIONS
from edge_agent.vision.frames import Image, encode_jpeg
from edge_agent.vision.picture_files import decode_cut_out, encode_cut_out
from edge_agent.vision.seen import Mask

log = logging.getLogger(__name__)

FOLDER = "products"
MOST_PICTURES = 8
"""Taught pictures a product; with one more the oldest leaves."""
REFERENCE_FEATURES = 400

_QUALITY = 95
_UNFINISHED = ".part"
_PICTURES = frozenset({".jpg", ".png"})


@dataclass(frozen=True, slots=True)
class _Product:
    """A product's pictures as they were when its folder had this stamp."""

    stamp: int
    pictures: tuple[tuple[Path, Description], ...]


class Gallery:
    """What was taught of products, kept in `<state>/products`.

    Every change on the disk, by whomever, is seen at the next use. `damaged` names the files that
    are no pictures any more; they are left where they are. Not to be shared between threads.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER
        self._products: dict[str, _Product] = {}
        self.damaged: dict[Path, str] = {}

    def skus(self) -> list[str]:
        """The products that have pictures, in order."""
        try:
            folders = sorted(f for f in self._folder.iterdir() if f.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unusable(error) from error
        return [unquote(f.name) for f in folders if self._files(f)]

    def pictures(self, sku: str) -> list[Path]:
        """A product's picture files, the oldest first."""
        return self._files(self._folder / _folder_name(sku))

    def descriptions(self, sku: str) -> list[Description]:
        """What is remembered of a product's pictures, the oldest first; none: not taught."""
        folder = self._folder / _folder_name(sku)
        try:
            stamp = folder.stat().st_mtime_ns
        except FileNotFoundError:
            self._products.pop(sku, None)
            return []
        except OSError as error:
            raise self._unusable(error) from error
        known = self._products.get(sku)
        if known is None or known.stamp != stamp:
            pictures = tuple(
                (file, description)
                for file in self._files(folder)
                if (description := self._remembered(file)) is not None
            )
            # Writing what is remembered has changed the folder's own stamp.
            known = _Product(folder.stat().st_mtime_ns, pictures)
            self._products[sku] = known
        return [description for _, description in known.pictures]

    def add(self, sku: str, picture: Image, mask: Mask | None = None) -> Path | None:
        """Keep a picture of a product, whole or not at all; None where it was there already.

        `mask` (height, width) is 255 where the product is. Raises StoreError where it cannot be
        written.
        """
        folder = self._folder / _folder_name(sku)
        suffix = ".jpg" if mask is None else ".png"
        content = encode_jpeg(picture, _QUALITY) if mask is None else encode_cut_out(picture, mask)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            files = self._files(folder)
            if any(file.read_bytes() == content for file in files):
                return None
            number = 1 + max((int(file.stem) for file in files), default=0)
            added = folder / f"{number}{suffix}"
            _write(added, content)
            for file in files[: max(0, len(files) + 1 - MOST_PICTURES)]:
                file.unlink()
                file.with_suffix(".npz").unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error
        return added

    def forget(self, sku: str) -> int:
        """Delete a product's pictures; returns how many."""
        folder = self._folder / _folder_name(sku)
        files = self._files(folder)
        try:
            for file in files:
                file.unlink()
                file.with_suffix(".npz").unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error
        return len(files)

    def _files(self, folder: Path) -> list[Path]:
        try:
            files = [
                file
                for file in folder.iterdir()
                if file.suffix in _PICTURES and file.stem.isascii() and file.stem.isdecimal()
            ]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unusable(error) from error
        return sorted(files, key=lambda file: int(file.stem))

    def _remembered(self, file: Path) -> Description | None:
        """What is remembered of a picture; None where it is damaged, which is told once."""
        try:
            content = file.read_bytes()
        except OSError as error:
            raise self._unusable(error) from error
        digest = hashlib.sha256(content).hexdigest()
        memory = file.with_suffix(".npz")
        description = _load(memory, digest)
        if description is not None:
            return description
        try:
            picture, mask = decode_cut_out(content, str(file))
        except CameraError as error:
            if self.damaged.get(file) != digest:
                log.warning("%s", error)
            self.damaged[file] = digest
            return None
        description = describe(picture, mask, REFERENCE_FEATURES)
        try:
            _write(memory, _dump(description, digest))
        except OSError as error:
            # It only saves time: who may not write here can recognise all the same.
            log.info("%s cannot be written (%s); it is made anew each time.", memory, error)
        return description

    def _unusable(self, error: OSError) -> StoreError:
        return StoreError(
            f"Taught pictures cannot be kept in {self._folder}: {error.strerror or error}. Check "
            "that the disk is not full (`df -h`) and that the agent's user owns the folder."
        )


def _folder_name(sku: str) -> str:
    """A SKU as the name of a folder: only what would leave the folder is written otherwise."""
    name = quote(sku, safe="!$&'()*+,;=:@~ " + "".join(c for c in sku if ord(c) > 127))
    return name.replace(".", "%2E") if name.strip(".") == "" else name


def _write(file: Path, content: bytes) -> None:
    """Write a file whole or not at all, and so that it lasts through a power cut."""
    unfinished = file.with_name(file.name + _UNFINISHED)
    try:
        with unfinished.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        unfinished.replace(file)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    descriptor = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _dump(description: Description, digest: str) -> bytes:
    written = io.BytesIO()
    np.savez(
        written,
        made=np.array([DESCRIPTION_VERSION, digest]),
        size=np.array(description.size),
        places=description.places,
        packed=description.packed,
        weights=description.weights,
        colours=description.colours,
        small=description.small,
    )
    return written.getvalue()


def _load(memory: Path, digest: str) -> Description | None:
    """What was remembered of the picture with this digest; None where that is of no use."""
    try:
        with np.load(memory, allow_pickle=False) as held:
            if list(held["made"]) != [DESCRIPTION_VERSION, digest]:
                return None
            height, width = (int(side) for side in held["size"])
            arrays = (held[n] for n in ("places", "packed", "weights", "colours", "small"))
            description = Description((height, width), *arrays)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    count = len(description.packed)
    fits = (
        description.packed.shape == (count, DIMENSIONS)
        and description.places.shape == (count, 2)
        and description.weights.shape == (count,)
        and description.colours.shape == (COLOUR_BINS**2,)
        and description.small.shape[2:] == (4,)
    )
    return description if fits else None
