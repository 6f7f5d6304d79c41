"""EAN-13 bars as they are printed on a package."""

from __future__ import annotations

import numpy as np

from edge_agent.vision.frames import Image

# GS1 General Specifications 5.2: seven modules a digit; set A, from which the others follow.
_SET_A = (
    "0001101", "0011001", "0010011", "0111101", "0100011",
    "0110001", "0101111", "0111011", "0110111", "0001011",
)  # fmt: skip
# Which set each of the left six digits is in says the first digit.
_PARITY = (
    "AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB",
    "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA",
)  # fmt: skip
QUIET_LEFT, QUIET_RIGHT = 11, 7
WIDTH_MM, HEIGHT_MM = 37.3, 25.9
"""Nominal size with quiet zones and digits, at 0.33 mm a module."""


def is_ean13(sku: str) -> bool:
    """Whether it is thirteen digits with a right check digit."""
    if len(sku) != 13 or not (sku.isascii() and sku.isdecimal()):
        return False
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(sku[:12]))
    return -total % 10 == int(sku[12])


def modules(sku: str) -> str:
    """The 95 modules of an EAN-13, 1 for a dark one."""
    left = ""
    for digit, kind in zip(sku[1:7], _PARITY[int(sku[0])], strict=True):
        code = _SET_A[int(digit)]
        left += code if kind == "A" else _inverted(code)[::-1]
    right = "".join(_inverted(_SET_A[int(digit)]) for digit in sku[7:])
    return f"101{left}01010{right}101"


def bars(sku: str, module_px: int) -> Image:
    """The code on white with its quiet zones and digits: (h, w, 3), `module_px` a module."""
    import cv2

    line = np.array([bit == "1" for bit in modules(sku)])
    row = np.concatenate([np.zeros(QUIET_LEFT, bool), line, np.zeros(QUIET_RIGHT, bool)])
    width, height = row.size * module_px, 79 * module_px
    image = np.full((height, width, 3), 252, np.uint8)
    image[3 * module_px : 68 * module_px, np.repeat(row, module_px)] = (28, 24, 26)
    scale = 0.33 * module_px
    cv2.putText(
        image,
        f"{sku[0]} {sku[1:7]} {sku[7:]}",
        (2 * module_px, height - 2 * module_px),
        cv2.FONT_HERSHEY_SIMPLEX,
        scale,
        (28, 24, 26),
        max(1, module_px // 2),
        cv2.LINE_AA,
    )
    return image


def _inverted(code: str) -> str:
    return "".join("0" if bit == "1" else "1" for bit in code)
