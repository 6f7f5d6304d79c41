"""Pictures in terminals that can show them: kitty's protocol, iTerm2's, and sixels.

Which one a terminal knows is read from its variables, which ssh passes on (TERM, and LC_TERMINAL
where it is set up so). `EDGE_AGENT_PICTURES` says it where they do not: kitty, iterm, sixel, none.
Sources: kitty's “Terminal graphics protocol”, iTerm2's “Inline images protocol”, DEC's “VT330/VT340
Programmer Reference Manual”, volume 2, chapter 14.
"""

from __future__ import annotations

import base64
import itertools
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from edge_agent.errors import CameraError, UsageError
from edge_agent.vision.frames import Image, decode_picture

Protocol = Literal["kitty", "iterm", "sixel"]

_VARIABLE = "EDGE_AGENT_PICTURES"
_WIDEST = 900
_KITTY_CHUNK = 4096
_LEVELS = 6
"""Sixels are drawn in 6 levels of each colour: 216 of the 256 registers that terminals have."""


def protocol_of(variables: Mapping[str, str]) -> Protocol | None:
    """How the terminal with these environment variables shows pictures; None: it does not.

    UsageError where EDGE_AGENT_PICTURES is none of what it may be.
    """
    told = variables.get(_VARIABLE)
    if told is not None:
        known: dict[str, Protocol | None] = {
            "kitty": "kitty",
            "iterm": "iterm",
            "sixel": "sixel",
            "none": None,
        }
        if told not in known:
            raise UsageError(f"{_VARIABLE} is {told!r}. Use one of: {', '.join(known)}")
        return known[told]
    term, program = variables.get("TERM", ""), variables.get("TERM_PROGRAM", "")
    if "TMUX" in variables or term.startswith(("screen", "tmux")):
        # They pass no pictures on.
        return None
    if "KITTY_WINDOW_ID" in variables or term in ("xterm-kitty", "xterm-ghostty"):
        return "kitty"
    if program in ("iTerm.app", "WezTerm") or variables.get("LC_TERMINAL") == "iTerm2":
        return "iterm"
    return "sixel" if term.startswith(("foot", "mlterm", "contour")) or "sixel" in term else None


def terminal_protocol() -> Protocol | None:
    """How the terminal that is printed to shows pictures; None: it does not, or is none."""
    return protocol_of(os.environ) if sys.stdout.isatty() else None


def print_picture(image: Image, protocol: Protocol) -> None:
    """Show a picture (h, w, 3) where the cursor is, and go to the next line."""
    sys.stdout.write(inline(image, protocol) + "\n")
    sys.stdout.flush()


def print_kept(file: Path, protocol: Protocol) -> None:
    """Show the picture of a file; one that is gone or broken is said to be so."""
    try:
        print_picture(decode_picture(file.read_bytes(), str(file)), protocol)
    except FileNotFoundError:
        print("          It is no longer there.")
    except (OSError, CameraError) as error:
        print(f"          It cannot be read: {error}")


def inline(image: Image, protocol: Protocol) -> str:
    """The characters that show a picture (h, w, 3), made smaller where it is wide."""
    import cv2

    scale = min(1.0, _WIDEST / image.shape[1])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    shown = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    if protocol == "sixel":
        return _sixel(shown)
    _, png = cv2.imencode(".png", shown)
    packed = base64.b64encode(png.tobytes()).decode("ascii")
    return _kitty(packed) if protocol == "kitty" else _iterm(packed, png.size)


def _kitty(packed: str) -> str:
    parts = [packed[n : n + _KITTY_CHUNK] for n in range(0, len(packed), _KITTY_CHUNK)]
    heads = ["a=T,f=100,", *[""] * (len(parts) - 1)]
    more = [1] * (len(parts) - 1) + [0]
    return "".join(
        f"\x1b_G{head}m={m};{part}\x1b\\" for head, m, part in zip(heads, more, parts, strict=True)
    )


def _iterm(packed: str, size: int) -> str:
    return f"\x1b]1337;File=inline=1;size={size};preserveAspectRatio=1:{packed}\a"


def _sixel(image: Image) -> str:
    height, width = image.shape[:2]
    levels = (image.astype(np.uint16) * (_LEVELS - 1) + 127) // 255
    blue, green, red = (levels[:, :, channel] for channel in range(3))
    colours = (red * _LEVELS + green) * _LEVELS + blue
    steps = [round(100 * level / (_LEVELS - 1)) for level in range(_LEVELS)]
    palette = "".join(
        f"#{number};2;{r};{g};{b}"
        for number, (r, g, b) in enumerate(itertools.product(steps, repeat=3))
    )
    bands = "-".join("$".join(_band(colours[top : top + 6])) for top in range(0, height, 6))
    return f'\x1bPq"1;1;{width};{height}{palette}{bands}\x1b\\'


def _band(colours: np.ndarray[tuple[int, int], np.dtype[np.uint16]]) -> Iterator[str]:
    """Six rows: for each colour in them, the columns' sixels, equal ones counted."""
    weights = (1 << np.arange(len(colours), dtype=np.uint16))[:, np.newaxis]
    for colour in np.unique(colours):
        bits = ((colours == colour) * weights).sum(axis=0)
        ends = np.flatnonzero(np.diff(bits, append=-1))
        runs = np.diff(ends, prepend=-1)
        yield f"#{colour}" + "".join(
            _run(int(run), chr(63 + int(bits[end]))) for run, end in zip(runs, ends, strict=True)
        )


def _run(length: int, sixel: str) -> str:
    return f"!{length}{sixel}" if length > 3 else sixel * length
