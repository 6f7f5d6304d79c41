"""What goes wrong with a camera: bumped, covered, in the dark, frozen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np

from edge_agent.simulation.chance import stream
from edge_agent.simulation.pictures.layout import Size
from edge_agent.simulation.profiles import Profile
from edge_agent.vision.frames import Image

Kind = Literal["bumped", "covered", "dark", "frozen"]

# How often an hour, and for how long in seconds; a bump lasts until the next.
_KINDS: dict[Kind, tuple[float, float, float]] = {
    "bumped": (0.5, math.inf, math.inf),
    "covered": (0.7, 15.0, 120.0),
    "dark": (0.5, 30.0, 400.0),
    "frozen": (0.7, 15.0, 150.0),
}
_SHIFT, _TURN_DEG = 0.006, 0.35
_HORIZON_S = 3600.0


@dataclass(frozen=True, slots=True)
class CameraFault:
    """From when until when, and what; `shift` is by how many pixels, and degrees, it is moved."""

    at: float
    ends_at: float
    kind: Kind
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def line(self) -> dict[str, Any]:
        """A line of `camera-truth.jsonl`."""
        line: dict[str, Any] = {"time": round(self.at, 3), "kind": self.kind}
        if self.ends_at != math.inf:
            line["ended"] = round(self.ends_at, 3)
        else:
            line["moved_px"] = [round(self.shift[0], 2), round(self.shift[1], 2)]
        return line


class CameraFaults:
    """The faults of one camera from the first picture on, hour by hour."""

    def __init__(self, seed: int, size: Size, effects: Profile) -> None:
        self._rngs = {kind: stream(seed, f"camera {kind}") for kind in _KINDS}
        self._strength: dict[Kind, float] = {
            "bumped": effects.bumps,
            "covered": effects.covers,
            "dark": effects.blackouts,
            "frozen": effects.stills,
        }
        self._size = size
        self._faults: list[CameraFault] = []
        self._planned_until: float | None = None

    def until(self, at: float) -> list[CameraFault]:
        """All faults that began by then."""
        return [fault for fault in self._plan(at) if fault.at <= at]

    def now(self, at: float, kind: Kind) -> CameraFault | None:
        """The fault of this kind that there is at a time."""
        found = (f for f in reversed(self._plan(at)) if f.kind == kind and f.at <= at < f.ends_at)
        return next(found, None)

    def _plan(self, at: float) -> list[CameraFault]:
        if self._planned_until is None:
            self._planned_until = at
        while self._planned_until <= at:
            for kind in _KINDS:
                self._plan_hour(kind, self._planned_until)
            self._planned_until += _HORIZON_S
            self._faults.sort(key=lambda fault: fault.at)
        return self._faults

    def _plan_hour(self, kind: Kind, from_at: float) -> None:
        per_h, least_s, most_s = _KINDS[kind]
        rng = self._rngs[kind]
        for _ in range(int(rng.poisson(per_h * self._strength[kind]))):
            begins_at = from_at + float(rng.uniform(0.0, _HORIZON_S))
            if kind == "bumped":
                dx, dy = rng.normal(0.0, _SHIFT * self._size[0], 2)
                shift = (float(dx), float(dy), float(rng.normal(0.0, _TURN_DEG)))
                self._faults.append(CameraFault(begins_at, math.inf, kind, shift))
            else:
                lasts_s = least_s * (most_s / least_s) ** float(rng.random())
                self._faults.append(CameraFault(begins_at, begins_at + lasts_s, kind))


def moved(image: Image, fault: CameraFault) -> Image:
    """What a camera sees that was moved a little."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2.0, height / 2.0), fault.shift[2], 1.0)
    matrix[:, 2] += np.array(fault.shift[:2])
    return np.asarray(
        cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def covered(image: Image) -> Image:
    """A cloth or a hand before the lens: next to nothing of the shelf."""
    small = cv2.resize(image, (16, 9), interpolation=cv2.INTER_AREA).astype(np.float32)
    near = 0.12 * small + np.array([30.0, 38.0, 58.0], np.float32)
    size = (image.shape[1], image.shape[0])
    return np.clip(cv2.resize(near, size, interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)
