"""Pictures of one thing as files: plain ones, and cut-outs that are transparent around it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge_agent.errors import CameraError
from edge_agent.vision.frames import Image
from edge_agent.vision.seen import Mask

LEAST_SIDE_PX = 16


def read_cut_out(file: Path) -> tuple[Image, Mask | None]:
    """Read a picture and, where it has transparent parts, the mask of what is not.

    Raises CameraError, naming the file and why, where it is none.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CameraError(
            f"{file} cannot be read: {error.strerror or error}. Name a file that is there and may "
            "be read."
        ) from error
    return decode_cut_out(content, str(file))


def decode_cut_out(content: bytes, where: str) -> tuple[Image, Mask | None]:
    """Decode what `read_cut_out` reads; `where` it is from stands in the CameraError."""
    encoded = np.frombuffer(content, np.uint8)
    # As it is would keep the transparency, but not turn a phone's picture upright.
    image = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
    if image is None:
        raise CameraError(
            f"{where} is no picture that can be read ({len(content)} bytes). Take it again, or "
            "save it as JPEG or PNG."
        )
    if min(image.shape[:2]) < LEAST_SIDE_PX:
        raise CameraError(
            f"{where} is too small to see anything: {image.shape[1]} x {image.shape[0]} pixels, "
            f"at least {LEAST_SIDE_PX} are needed. Take it again, nearer."
        )
    whole = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED) if content[:4] == b"\x89PNG" else None
    if whole is None or whole.ndim != 3 or whole.shape[2] != 4:
        return np.asarray(image, np.uint8), None
    opaque = np.where(whole[..., 3] > 127, 255, 0).astype(np.uint8)
    seen = 0 < int(np.count_nonzero(opaque)) < opaque.size and opaque.shape == image.shape[:2]
    return np.asarray(image, np.uint8), opaque if seen else None


def encode_cut_out(picture: Image, mask: Mask) -> bytes:
    """Return the masked part of a picture, cut to it, as PNG that is transparent around it.

    Raises CameraError where the mask is empty.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        raise CameraError("Nothing is left of a picture whose mask is empty. Take it again.")
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    done, encoded = cv2.imencode(".png", np.dstack([picture[box], mask[box]]))
    if not done:
        raise CameraError(f"A picture of shape {picture.shape} cannot be encoded as PNG.")
    return encoded.tobytes()
