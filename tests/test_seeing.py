"""Recordings with pictures: what only a camera sees is told, and what it shows joins the weight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_agent.recordings import Recording
from edge_agent.replaying import replay
from edge_agent.vision.frames import Image

BEGIN = 1_772_420_400.0
SIZE = (640, 360)
REGIONS = {"A1": (40, 60, 160, 240), "A2": (240, 60, 160, 240), "A3": (440, 60, 160, 240)}
FRAMES_PER_S = 5
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Deed:
    """At `at` seconds a hand takes (or puts back) the thing of a plate."""

    at: float
    plate: str
    has_left: bool


def draw(at: float, deeds: Sequence[Deed], seed: int) -> Image:
    """The shelf as it is at a time, with a hand where one works."""
    chance = np.random.default_rng(seed)
    picture = np.full((SIZE[1], SIZE[0], 3), (150, 160, 165), np.uint8)
    for x in range(0, SIZE[0], 20):
        cv2.line(picture, (x, 0), (x, SIZE[1]), (140, 150, 155), 2)
    for number, (plate, (x, y, _, h)) in enumerate(REGIONS.items()):
        done = [deed for deed in deeds if deed.plate == plate and deed.at <= at]
        if not (done and done[-1].has_left):
            color = [(40, 60, 200), (60, 170, 60), (190, 90, 40)][number]
            cv2.rectangle(picture, (x + 45, y + 60), (x + 115, y + h - 10), color, -1)
            cv2.putText(picture, plate, (x + 50, y + 140), 0, 1.0, (240, 240, 240), 3)
            cv2.line(picture, (x + 50, y + 180), (x + 110, y + 190), (250, 250, 80), 5)
    for deed in deeds:
        off_s = abs(at - deed.at)
        if off_s < 0.7:
            x, y, _, h = REGIONS[deed.plate]
            reach = int(h * (1 - off_s))
            cv2.rectangle(picture, (x + 50, y + h - reach), (x + 110, SIZE[1]), (130, 160, 210), -1)
            cv2.circle(picture, (x + 80, y + h - reach), 34, (120, 150, 205), -1)
    noise = chance.normal(0.0, 3.0, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def record(folder: Path, deeds: Sequence[Deed], seconds: float, extra: str = "") -> Recording:
    """A recording of pictures alone: three plates that no scale weighs."""
    frames = folder / "frames" / "front"
    frames.mkdir(parents=True)
    plates = "".join(
        f'[[plate]]\nid = "{plate}"\nproducts = ["sku-{plate}"]\nregion = {list(region)}\n'
        for plate, region in REGIONS.items()
    )
    products = "".join(
        f'[[product]]\nsku = "sku-{plate}"\nname = "Thing {plate}"\nprice = 250\n'
        for plate in REGIONS
    )
    head = 'shelf_id = "seen"\ncurrency = "EUR"\n[[camera]]\nid = "front"\nsource = "recorded"\n'
    (folder / "shelf.toml").write_text(head + extra + plates + products)
    for number in range(int(seconds * FRAMES_PER_S)):
        at = number / FRAMES_PER_S
        name = f"{round(1000 * (BEGIN + at))}.jpg"
        assert cv2.imwrite(str(frames / name), draw(at, deeds, number))
    return Recording(folder)


def told(recording: Recording, topic: str) -> list[dict[str, Any]]:
    """The content of what a replay tells on a topic."""
    return [m["payload"]["data"] for m in replay(recording) if m["topic"] == topic]


def test_goods_that_no_scale_weighs_are_told_by_the_camera_alone(tmp_path: Path) -> None:
    deeds = [Deed(8.0, "A1", True), Deed(16.0, "A3", True), Deed(24.0, "A1", False)]
    changes = told(record(tmp_path, deeds, 32), "changes")
    assert [(c["plate"], c["items"], c["kind"]) for c in changes] == [
        ("A1", [{"sku": "sku-A1", "quantity": -1}], "removed"),
        ("A3", [{"sku": "sku-A3", "quantity": -1}], "removed"),
        ("A1", [{"sku": "sku-A1", "quantity": 1}], "returned"),
    ]
    assert [c["delta_g"] for c in changes] == [None, None, None]


def test_what_the_camera_alone_saw_leave_is_missing_without_a_payment(tmp_path: Path) -> None:
    cases = told(record(tmp_path, [Deed(8.0, "A2", True)], 16), "losses")
    assert [(line["kind"], line["sku"], line["value"]) for line in cases[-1]["lines"]] == [
        ("unpaid", "sku-A2", 250)
    ]


def test_hands_that_take_nothing_and_a_quiet_shelf_tell_nothing(tmp_path: Path) -> None:
    touched = [Deed(8.0, "A2", False), Deed(14.0, "A1", False)]
    assert told(record(tmp_path, touched, 22), "changes") == []


def test_the_same_pictures_are_told_the_same_twice(tmp_path: Path) -> None:
    recording = record(tmp_path, [Deed(8.0, "A1", True)], 14)
    tell: Callable[[], list[dict[str, Any]]] = lambda: list(replay(recording))  # noqa: E731
    assert tell() == tell()


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")
def test_real_bottles_are_seen_to_go_and_to_come_back() -> None:
    recording = Recording(DATA / "bottles" / "recording")
    changes = [(c["plate"], c["items"][0]["quantity"]) for c in told(recording, "changes")]
    assert sorted(changes) == sorted(
        [("left", -1), ("left", 1)] * 2
        + [("middle", -1), ("middle", 1)]
        + [("right", -1), ("right", 1)]
    )
