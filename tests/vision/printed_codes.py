"""Labels with printed codes, as a camera sees them: drawn here, with nothing from the readers."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frames import Frame, Image

A = "0001101 0011001 0010011 0111101 0100011 0110001 0101111 0111011 0110111 0001011".split()  # noqa: SIM905
C = ["".join("10"[int(m)] for m in pattern) for pattern in A]
B = [pattern[::-1] for pattern in C]
SETS = "AAAAAA AABABB AABBAB AABBBA ABAABB ABBAAB ABBBAA ABABAB ABABBA ABBABA".split()  # noqa: SIM905

SODA = "6901028075831"


def with_check_digit(digits: str) -> str:
    """`digits` and the check digit that a till would ask for, reckoned as on paper."""
    threes, ones = digits[::-1][::2], digits[::-1][1::2]
    return digits + str(-(3 * sum(map(int, threes)) + sum(map(int, ones))) % 10)


def ean13_bars(digits: str) -> str:
    """The modules of an EAN-13; 1 is a bar."""
    sets = {"A": A, "B": B}
    left = "".join(sets[s][int(d)] for s, d in zip(SETS[int(digits[0])], digits[1:7], strict=True))
    return "101" + left + "01010" + "".join(C[int(d)] for d in digits[7:]) + "101"


def ean8_bars(digits: str) -> str:
    """The modules of an EAN-8."""
    left = "".join(A[int(d)] for d in digits[:4])
    return "101" + left + "01010" + "".join(C[int(d)] for d in digits[4:]) + "101"


def label(bars: str, module_px: float = 2.0, height: int = 80) -> Image:
    """A white label with bars and quiet zones, grey ink on white paper."""
    fine = 8
    modules = np.array([int(m) for m in "0" * 11 + bars + "0" * 11])
    row = np.repeat(np.where(modules == 1, 40, 225), fine).astype(np.uint8)
    width = round(len(modules) * module_px)
    shown = cv2.resize(row[None, :], (width, 1), interpolation=cv2.INTER_AREA)
    paper = np.full((height + 24, width), 225, dtype=np.uint8)
    paper[12:-12] = shown
    return np.repeat(paper[:, :, None], 3, axis=2)


def qr_label(text: str, side: int = 160) -> Image:
    """A white label with a QR code."""
    code = cv2.QRCodeEncoder.create().encode(text)
    drawn = cv2.resize(code, (side, side), interpolation=cv2.INTER_NEAREST)
    drawn = cv2.copyMakeBorder(drawn, 16, 16, 16, 16, cv2.BORDER_CONSTANT, value=255)
    return np.repeat(np.asarray(drawn, dtype=np.uint8)[:, :, None], 3, axis=2)


def shelf_picture(seed: int = 1, size: tuple[int, int] = (360, 480)) -> Image:
    """What stands behind: blots of colour without anything that looks like bars."""
    rng = np.random.default_rng(seed)
    blots = rng.integers(50, 170, (6, 8, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(blots, size[::-1], interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def held(
    shown: Image, background: Image, x: float, y: float, turned: float = 0.0, scale: float = 1.0
) -> Image:
    """`shown` with its middle at x, y of the background, turned by degrees."""
    height, width = shown.shape[:2]
    warp = cv2.getRotationMatrix2D((width / 2, height / 2), turned, scale)
    warp[:, 2] += (x - width / 2, y - height / 2)
    size = background.shape[1::-1]
    placed = cv2.warpAffine(shown, warp, size, flags=cv2.INTER_AREA)
    where = cv2.warpAffine(np.full_like(shown, 255), warp, size, flags=cv2.INTER_NEAREST)
    return np.where(where > 0, placed, background).astype(np.uint8)


NOTHING_HELD = shelf_picture(size=(240, 320))


def in_hand(shown: Image, number: int) -> Image:
    """`shown` before a small camera, in a hand that is never quite still."""
    return held(shown, NOTHING_HELD, 160 + 3 * (number % 3), 120 + 2 * (number % 2))


def seen(picture: Image, seed: int = 1, blur_px: float = 0.0, noise: float = 2.0) -> Image:
    """The picture through a lens and a sensor."""
    through = cv2.GaussianBlur(picture, (0, 0), blur_px) if blur_px else picture
    grain = _grain(seed % 3, picture.shape) * np.float32(noise)
    return np.clip(through + grain, 0, 255).astype(np.uint8)


@lru_cache(maxsize=12)
def _grain(seed: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def frames(pictures: list[Image], start: float = 1000.0, camera: str = "front") -> list[Frame]:
    """Five frames a second."""
    return [
        Frame(camera, start + number / 5, seen(picture, seed=number))
        for number, picture in enumerate(pictures)
    ]
