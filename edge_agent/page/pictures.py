"""Pictures within a page, as data URIs."""

from __future__ import annotations

import base64

import numpy as np

from edge_agent.vision.frames import decode_picture, encode_jpeg

# Half an A4 page at 150 dots an inch; more only makes the file larger.
LONGEST_SIDE = 560
QUALITY = 72


def picture_uri(encoded: bytes, where: str) -> str:
    """The picture as a `data:` URI, no larger than it is shown; CameraError where it is none."""
    import cv2

    image = decode_picture(encoded, where)
    scale = LONGEST_SIDE / max(image.shape[:2])
    if scale < 1.0:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    packed = base64.b64encode(encode_jpeg(image, QUALITY)).decode("ascii")
    return f"data:image/jpeg;base64,{packed}"
