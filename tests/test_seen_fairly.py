"""What a camera sees must not accuse: turned goods, restocks, faults of devices and clocks."""

from __future__ import annotations

import re
import time
from collections import deque
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import pytest

import tests.test_seeing as pictured
from edge_agent.eyes import Eyes, Looked
from edge_agent.recordings import Recording
from edge_agent.seeing import Seeing, Seen, regions_by_plate
from edge_agent.shelf.catalogue import Catalogue
from edge_agent.shelf.facts import ChangeFact, RestockFact, RestockLine
from edge_agent.vision.features.gallery import FOLDER, Gallery
from edge_agent.vision.features.recogniser import FeaturesRecogniser
from edge_agent.vision.frames import Frame, FrameRing, Image
from edge_agent.vision.watching.region_watch import RegionWatch
from tests.shelf.scene import START, Scene, put, take
from tests.shelf.test_sights import seen, sight
from tests.test_seeing import BEGIN, REGIONS, Deed, record, told

NOBODY = Catalogue(0, {}, {})


def order(at: float, state: str, revision: int) -> RestockFact:
    """Six units of gum, ordered for a plate that only a camera watches."""
    line = RestockLine("gum", 6, "A3")
    return RestockFact(START + at, "L1", revision, state, START + at, "op", (line,))  # type: ignore[arg-type]


def redraw(picture: Image, kind: str) -> None:
    """The thing of plate A1 turned round, moved aside, or laid down."""
    x, y, _, h = REGIONS["A1"]
    picture[y + 58 : y + h - 8, x + 43 : x + 118] = (148, 158, 163)
    if kind == "turned":
        cv2.rectangle(picture, (x + 45, y + 60), (x + 115, y + h - 10), (200, 200, 205), -1)
        for line in range(5):
            beside = y + 140 + 12 * line
            cv2.line(picture, (x + 50, beside), (x + 110, beside), (60, 60, 60), 3)
    elif kind == "moved":
        cv2.rectangle(picture, (x + 80, y + 60), (x + 150, y + h - 10), (40, 60, 200), -1)
    else:
        cv2.rectangle(picture, (x + 5, y + 160), (x + 155, y + h - 10), (40, 60, 200), -1)


@pytest.mark.parametrize("kind", ["turned", "moved", "lying"])
def test_goods_that_somebody_turned_or_moved_are_no_case(tmp_path: Path, kind: str) -> None:
    recording = record(tmp_path, [], 18)
    for file in (tmp_path / "frames" / "front").iterdir():
        at = int(file.stem) / 1000 - BEGIN
        picture = pictured.draw(at, [], round(at * 5))
        if at > 8.0:
            redraw(picture, kind)
        # Pressed onto the picture, since drawing a hand takes what is under it along.
        hand = pictured.draw(at, [Deed(8.0, "A1", False)], round(at * 5))
        reaches = np.abs(hand.astype(int) - pictured.draw(at, [], round(at * 5))).max(axis=2) > 0
        picture[reaches] = hand[reaches]
        assert cv2.imwrite(str(file), picture)
    assert told(recording, "losses") == []


def test_goods_filled_onto_a_plate_that_is_only_seen_are_no_shortfall() -> None:
    filled = (seen(10, "A3", 1), seen(14, "A3", 1))
    scene = Scene(order(0, "started", 1), *filled, order(30, "finished", 2))
    assert scene.open_lines() == []


def test_goods_put_back_onto_another_plate_that_is_only_seen_are_back() -> None:
    assert Scene(take(0, "A2", "nuts"), seen(20, "A3", 1)).open_lines() == []
    assert Scene(seen(0, "A3", -1), put(20, "A2", "gum")).open_lines() == []


def test_what_was_seen_is_not_told_in_grams() -> None:
    left = seen(0, "A3", -1)
    scene = Scene(left, sight(left, gum=1e-4, cola=1e-4, nuts=1e-4, zero=1e-4))
    assert "1.0 g" not in scene.of("losses")[-1]["explanation"]
    reason = scene.of("reasons")[-1]
    assert reason["changes"][0]["delta_g"] is None
    assert reason["units"][0]["delta_g"] is None


def feed(watch: RegionWatch, begin: float, deeds: list[Deed]) -> int:
    """How many changes a watch tells of fourteen seconds."""
    frames = (Frame("front", begin + n / 5, pictured.draw(n / 5, deeds, n)) for n in range(70))
    return sum(len(watch.feed(frame)) for frame in frames)


def test_a_clock_that_was_set_back_does_not_blind_the_camera() -> None:
    watch = RegionWatch("front", REGIONS)
    assert feed(watch, BEGIN, []) == 0
    assert feed(watch, BEGIN - 3600.0, [Deed(8.0, "A2", True)]) == 1


def test_a_ring_takes_pictures_after_the_clock_was_set_back() -> None:
    ring = FrameRing()
    ring.add(Frame("front", 5000.0, pictured.draw(0.0, [], 0)))
    ring.add(Frame("front", 1400.0, pictured.draw(0.0, [], 0)))
    assert ring.before(1401.0) is not None


def test_what_left_is_told_though_the_taught_pictures_cannot_be_read(tmp_path: Path) -> None:
    settings = record(tmp_path, [], 1).settings
    (tmp_path / FOLDER).write_text("no folder")
    recogniser = FeaturesRecogniser(Gallery(tmp_path))
    seeing = Seeing(settings, regions_by_plate(settings, ["front"]), recogniser, lambda: NOBODY)
    found: list[Seen] = []
    for n in range(70):
        picture = pictured.draw(n / 5, [Deed(8.0, "A2", True)], n)
        found += seeing.feed(Frame("front", BEGIN + n / 5, picture))
    assert [s.fact.change.plate for s in found if isinstance(s.fact, ChangeFact)] == ["A2"]


def test_the_eyes_go_on_after_a_picture_that_opencv_refuses(tmp_path: Path) -> None:
    settings = record(tmp_path, [], 1).settings
    looked: deque[Looked] = deque()
    seeing = Seeing(settings, regions_by_plate(settings, ["front"]), None, lambda: NOBODY)
    eyes = Eyes(seeing, looked.append)
    eyes.start()
    try:
        eyes.see(Frame("front", BEGIN, np.zeros((36, 64, 2), np.uint8)))
        for n in range(70):
            eyes.see(
                Frame("front", BEGIN + 1 + n / 5, pictured.draw(n / 5, [Deed(8.0, "A2", True)], n))
            )
            time.sleep(0.06)
        deadline = time.monotonic() + 10.0
        while not looked and time.monotonic() < deadline:
            time.sleep(0.05)
        assert eyes.is_alive()
        assert looked
    finally:
        eyes.stop()


def weighed(folder: Path, *, has_weights: bool) -> list[str]:
    """The plates of the changes told of one taking, in a recording that may have weights."""
    record(folder, [Deed(8.0, "A2", True)], 22)
    file = folder / "shelf.toml"
    text = file.read_text().replace('name = "Thing', 'weight_g = 300.0\nname = "Thing')
    if not has_weights:
        number = count()
        text = re.sub(
            r'\[\[plate\]\]\nid = "\w+"',
            lambda found: f'{found[0]}\nscale = "main"\nchannel = {next(number)}',
            text,
        )
    file.write_text(text)
    if has_weights:
        noise = np.random.default_rng(1).normal(0.0, 0.1, (220, 3))
        rows = [
            f"{BEGIN + n / 10:.3f},"
            + ",".join(f"{g:.2f}" for g in noise[n] + [900.0, 900.0 if n < 80 else 600.0, 900.0])
            for n in range(220)
        ]
        (folder / "weights.csv").write_text("\n".join(["time,A1,A2,A3", *rows]) + "\n")
    return sorted({c["change_id"].split("-")[0] for c in told(Recording(folder), "changes")})


@pytest.mark.parametrize("has_weights", [True, False])
def test_a_plate_is_weighed_where_the_recording_has_its_weights(
    tmp_path: Path, has_weights: bool
) -> None:
    assert weighed(tmp_path, has_weights=has_weights) == ["A2"]
