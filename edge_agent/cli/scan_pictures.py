"""Pictures from files that a person names."""

from __future__ import annotations

from pathlib import Path

from edge_agent.errors import CameraError, UsageError
from edge_agent.vision.frames import Image, decode_picture


def read_picture(picture: Path) -> Image:
    """The picture in a file. Raises UsageError where there is none."""
    try:
        encoded = picture.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{picture} cannot be read: {error.strerror}. Name a picture file (JPEG, PNG)."
        ) from error
    try:
        return decode_picture(encoded, str(picture))
    except CameraError as error:
        raise UsageError(f"{picture} is no picture. Name a picture file (JPEG, PNG).") from error
