"""One camera's regions over time: what is taken and put is told once, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.vision.frames import (
    Frame,
    Image,
    decode_picture,
    encode_jpeg,
    recorded_frames,
)
from edge_agent.vision.seen import Region, RegionChange
from edge_agent.vision.watching.region_watch import RegionWatch

BOTTLES = Path(__file__).parents[2].parent / "shared" / "data" / "bottles" / "recording"

A: Region = (60, 60, 150, 190)
B: Region = (250, 60, 150, 190)
C: Region = (440, 60, 150, 190)
REGIONS = {"A": A, "B": B, "C": C}
COLOURS = {"A": (40, 60, 170), "B": (150, 90, 40), "C": (60, 140, 60)}
PERIOD_S = 0.2
SKIN = (120, 150, 205)

Painter = Callable[[Image, float], None]


class Scene:
    """A shelf of 640 x 360 at five frames a second: what stands there, who is before it."""

    def __init__(self, standing: str = "ABC", seed: int = 1) -> None:
        self.standing = set(standing)
        self.at = 1000.0
        self.gain = 1.0
        self.offset = (0, 0)
        self.watch = RegionWatch("front", REGIONS)
        self.told: list[RegionChange] = []
        self._rng = np.random.default_rng(seed)

    def picture(self) -> Image:
        shelf = np.full((360, 640, 3), (150, 160, 165), np.uint8)
        cv2.rectangle(shelf, (0, 250), (640, 262), (70, 80, 90), -1)
        cv2.rectangle(shelf, (20, 300), (90, 330), (230, 230, 230), -1)
        cv2.circle(shelf, (560, 310), 22, (60, 60, 150), -1)
        for plate in sorted(self.standing):
            x, y, width, height = REGIONS[plate]
            box = ((x + 40, y + 50), (x + width - 40, y + height - 4))
            cv2.rectangle(shelf, *box, COLOURS[plate], -1)
            cv2.putText(shelf, f"TEA {plate}", (x + 42, y + 100), 0, 0.6, (250, 250, 250), 2)
            cv2.circle(shelf, (x + width // 2, y + 145), 18, (30, 30, 30), -1)
        return shelf

    def run(self, seconds: float, paint: Painter | None = None) -> list[RegionChange]:
        """Show the scene for so long; `paint` draws over it, told the seconds since the start."""
        told = []
        for n in range(round(seconds / PERIOD_S)):
            picture = self.picture()
            if paint is not None:
                paint(picture, n * PERIOD_S)
            told += self.show(picture)
        return told

    def show(self, picture: Image) -> list[RegionChange]:
        self.at = round(self.at + PERIOD_S, 3)
        moved = np.roll(picture, self.offset, (0, 1))
        noisy = moved * self.gain + self._rng.normal(0, 2.5, picture.shape)
        seen = np.clip(noisy, 0, 255).astype(np.uint8)
        told = self.watch.feed(Frame("front", self.at, decode_picture(encode_jpeg(seen, 85), "")))
        self.told += told
        return told

    def reach(self, plate: str, put: bool = False) -> float:
        """A hand comes from above and takes or puts what belongs there; returns when it did."""
        self.run(0.8, lambda picture, t: draw_hand(picture, plate, t / 0.8))
        moved_at = self.at
        self.standing ^= {plate}
        assert (plate in self.standing) == put
        self.run(0.8, lambda picture, t: draw_hand(picture, plate, 1 - t / 0.8))
        return moved_at


def draw_hand(picture: Image, plate: str, way: float) -> None:
    x, _, width, _ = REGIONS[plate]
    hand = (x + width // 2, int(-40 + 230 * way))
    cv2.line(picture, (x + width // 2 + 60, -60), hand, (90, 60, 50), 44)
    cv2.circle(picture, hand, 36, SKIN, -1)


def draw_person(picture: Image, x: int) -> None:
    cv2.ellipse(picture, (x, 400), (110, 300), 0, 180, 360, (70, 50, 60), -1)
    cv2.circle(picture, (x, 90), 45, SKIN, -1)


def test_a_thing_taken_is_told_within_a_second_with_its_pictures() -> None:
    scene = Scene()
    scene.run(3)
    taken_at = scene.reach("B")
    hand_left_at = scene.at
    assert scene.told == []
    (change,) = scene.run(3)
    assert (change.plate, change.camera) == ("B", "front")
    assert change.began_at < taken_at
    assert change.settled_at == pytest.approx(taken_at, abs=0.5)
    assert change.left > 0.9
    assert change.score > 0.7
    assert change.before.shape == change.after.shape == (190, 150, 3)
    assert change.mask.shape == (190, 150)
    middle, corner = change.mask[70:180, 50:100], change.mask[:30, :30]
    assert (middle > 0).mean() > 0.9
    assert not corner.any()
    assert change.settled_at <= hand_left_at


def test_it_is_told_about_a_second_after_the_hand_has_left() -> None:
    scene = Scene()
    scene.run(3)
    scene.reach("B")
    assert len(scene.run(1.2)) == 1


def test_a_thing_put_back_is_told_as_come() -> None:
    scene = Scene(standing="AC")
    scene.run(3)
    put_at = scene.reach("B", put=True)
    (change,) = scene.run(3)
    assert change.left < 0.1
    assert change.settled_at == pytest.approx(put_at, abs=0.5)


def test_what_looks_again_as_before_is_a_return() -> None:
    scene = Scene()
    scene.run(3)
    scene.reach("B")
    (taken,) = scene.run(3)
    scene.reach("B", put=True)
    (returned,) = scene.run(3)
    assert taken.left > 0.9
    assert returned.left < 1 - taken.left


def test_two_things_taken_at_once_are_two_changes() -> None:
    scene = Scene()
    scene.run(3)

    def both(picture: Image, way: float) -> None:
        draw_hand(picture, "A", way)
        draw_hand(picture, "C", way)

    scene.run(0.8, lambda picture, t: both(picture, t / 0.8))
    scene.standing -= {"A", "C"}
    scene.run(0.8, lambda picture, t: both(picture, 1 - t / 0.8))
    told = scene.run(3)
    assert sorted(c.plate for c in told) == ["A", "C"]
    assert min(c.left for c in told) > 0.9


def test_a_thing_is_told_while_a_hand_is_in_another_region() -> None:
    scene = Scene()
    scene.run(3)
    scene.reach("A")
    told = scene.run(2, lambda picture, t: draw_hand(picture, "C", 0.8 + 0.1 * np.sin(9 * t)))
    assert [c.plate for c in told] == ["A"]
    assert [c.plate for c in scene.run(3)] == []


def test_a_hand_that_only_touches_changes_nothing() -> None:
    scene = Scene()
    scene.run(3)
    scene.run(2, lambda picture, t: draw_hand(picture, "B", 1 - abs(t - 1)))
    scene.run(4)
    assert scene.told == []


@pytest.mark.slow
def test_a_person_who_stands_in_front_for_a_minute_hides_nothing_for_good() -> None:
    scene = Scene()
    scene.run(3)
    scene.run(2, lambda picture, t: draw_person(picture, int(-120 + 220 * t)))
    scene.standing -= {"B"}
    scene.run(60, lambda picture, t: draw_person(picture, 320))
    assert scene.told == []
    scene.run(2, lambda picture, t: draw_person(picture, int(320 + 240 * t)))
    scene.run(3)
    (change,) = scene.told
    assert change.plate == "B"
    assert change.left > 0.9


@pytest.mark.slow
def test_a_plain_jacket_that_stood_there_is_no_part_of_the_shelf_afterwards() -> None:
    scene = Scene()
    scene.run(170)
    scene.run(2, lambda picture, t: draw_person(picture, int(-120 + 160 * t)))
    scene.run(40, lambda picture, t: draw_person(picture, 200 + int(6 * np.sin(3 * t))))
    scene.run(2, lambda picture, t: draw_person(picture, int(200 - 160 * t)))
    scene.run(12)
    scene.reach("A")
    assert [c.plate for c in scene.run(3)] == ["A"]


def test_light_that_is_switched_and_wanders_tells_nothing() -> None:
    scene = Scene()
    scene.run(3)
    for gain in (0.55, 1.2, 0.8):
        scene.gain = gain
        scene.run(4)
    for step in range(20):
        scene.gain = 0.8 + 0.02 * step
        scene.run(0.6)
    assert scene.told == []


def test_a_thing_taken_while_the_light_changes_is_told() -> None:
    scene = Scene()
    scene.run(3)
    scene.gain = 0.7
    scene.reach("A")
    assert [c.plate for c in scene.run(3)] == ["A"]


def test_nothing_is_told_in_the_dark_and_what_left_meanwhile_is_told_in_the_light() -> None:
    scene = Scene()
    scene.run(3)
    scene.gain = 0.01
    scene.run(4)
    scene.standing -= {"C"}
    assert scene.run(4) == []
    scene.gain = 1.0
    assert [c.plate for c in scene.run(4)] == ["C"]


def test_a_camera_that_was_pushed_a_little_tells_nothing_and_sees_on() -> None:
    scene = Scene()
    scene.run(3)
    scene.offset = (5, -7)
    scene.run(5)
    assert scene.told == []
    scene.reach("B")
    (change,) = scene.run(3)
    assert (change.plate, change.left > 0.9) == ("B", True)


def test_what_changed_while_the_camera_was_away_is_told_when_it_is_back() -> None:
    scene = Scene()
    scene.run(3)
    scene.standing -= {"A"}
    scene.at += 300
    assert [c.plate for c in scene.run(3)] == ["A"]


def test_frames_of_another_size_begin_anew() -> None:
    scene = Scene()
    scene.run(3)
    scene.at += 1
    larger = np.full((720, 1280, 3), 90, np.uint8)
    assert scene.watch.feed(Frame("front", scene.at, larger)) == []
    assert scene.run(3) == []


def test_a_frame_that_is_not_newer_is_ignored() -> None:
    scene = Scene()
    scene.run(3)
    assert scene.watch.feed(Frame("front", scene.at - 1, np.zeros((360, 640, 3), np.uint8))) == []
    assert scene.run(1) == []


def test_a_weight_change_gets_the_pictures_before_the_hand_and_after_it() -> None:
    scene = Scene()
    scene.run(3)
    taken_at = scene.reach("B")
    assert scene.watch.compare("B", taken_at - 0.1, taken_at + 0.1) is None
    scene.run(3)
    change = scene.watch.compare("B", taken_at - 0.1, taken_at + 0.3)
    assert change is not None
    assert change.score > 0.7
    assert change.left > 0.9
    assert change.began_at < taken_at < change.settled_at
    assert change.before.shape == change.after.shape == (190, 150, 3)


def test_a_weight_change_that_nothing_shows_of_scores_low() -> None:
    scene = Scene()
    scene.run(5)
    change = scene.watch.compare("B", scene.at - 2, scene.at - 1)
    assert change is not None
    assert change.score < 0.5


def test_a_faint_change_that_a_scale_felt_is_seen_beside_somebody_who_stands_there() -> None:
    def stand(picture: Image, t: float) -> None:
        draw_person(picture, 640)
        x, y, width, _ = B
        label = (slice(y + 120, y + 150), slice(x + 45, x + width - 45))
        picture[label] = picture[label] * 0.62 + 38 if t > 3 else picture[label]

    def reach(picture: Image, t: float) -> None:
        stand(picture, t)
        draw_hand(picture, "B", t / 4)

    def seen(*, is_expected: bool) -> RegionChange | None:
        scene = Scene()
        scene.run(3, lambda picture, t: draw_person(picture, 760 - int(40 * t)))
        scene.run(4, reach)
        at = scene.at
        if is_expected:
            scene.watch.expect("B", at + 60)
        scene.run(5, lambda picture, t: stand(picture, t + 4))
        return scene.watch.compare("B", at - 3, at)

    assert seen(is_expected=False) is None
    assert seen(is_expected=True) is not None


def test_two_things_taken_before_all_is_still_are_two_parts_each_with_its_time() -> None:
    scene = Scene()
    scene.watch = RegionWatch("front", {"both": (60, 60, 340, 190)})
    scene.run(3)
    first = scene.reach("B")
    second = scene.reach("A")
    scene.run(3)
    change = scene.watch.compare("both", first - 1, second + 0.3)
    assert change is not None
    (left, left_at), (right, right_at) = sorted(change.parts, key=lambda part: -part[1])
    assert left_at == pytest.approx(second, abs=0.5)
    assert right_at == pytest.approx(first, abs=0.5)
    assert left[:, :150].any() and not left[:, 190:].any()
    assert right[:, 190:].any() and not right[:, :150].any()


def test_without_a_picture_of_then_nothing_is_compared() -> None:
    scene = Scene()
    assert scene.watch.compare("B", 10.0, 11.0) is None
    scene.run(3)
    assert scene.watch.compare("B", scene.at - 100, scene.at - 99) is None
    assert scene.watch.compare("B", scene.at - 1, scene.at + 100) is None
    assert scene.watch.compare("nowhere", scene.at - 1, scene.at) is None


def test_the_same_frames_tell_the_same() -> None:
    def told() -> list[RegionChange]:
        scene = Scene(seed=9)
        scene.run(2)
        scene.reach("C")
        scene.run(2)
        return scene.told

    (first,), (second,) = told(), told()
    assert (first.began_at, first.settled_at) == (second.began_at, second.settled_at)
    assert (first.score, first.left) == (second.score, second.left)
    assert np.array_equal(first.mask, second.mask)


def test_regions_outside_of_the_picture_are_left_alone() -> None:
    watch = RegionWatch("front", {"far": (2000, 2000, 50, 50), "part": (600, 300, 400, 400)})
    picture = Scene().picture()
    assert [watch.feed(Frame("front", float(n), picture)) for n in range(4)] == [[], [], [], []]
    assert watch.compare("far", 1.0, 2.0) is None


def bottles(every: int) -> Iterator[RegionChange]:
    regions = {
        "left": (40, 40, 130, 290),
        "middle": (260, 40, 120, 290),
        "right": (480, 40, 120, 290),
    }
    watch = RegionWatch("front", regions)
    for n, frame in enumerate(recorded_frames(BOTTLES / "frames" / "front", "front")):
        if n % every == 0:
            yield from watch.feed(frame)


@pytest.mark.slow
@pytest.mark.skipif(not BOTTLES.is_dir(), reason="the shared recordings are not beside the project")
@pytest.mark.parametrize("every", [1, 2])
def test_real_clear_bottles_are_seen_to_leave_and_return(every: int) -> None:
    told = [(c.plate, c.left > 0.5, c.settled_at) for c in bottles(every)]
    lines = (BOTTLES / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    truth = [json.loads(line) for line in lines]
    for true in truth:
        near = [
            (plate, left, at)
            for plate, left, at in told
            if plate == true["plate"]
            and left == (true["items"][0]["quantity"] < 0)
            and abs(at - true["time"]) <= 1.0
        ]
        assert len(near) == 1, true
    assert len(told) == len(truth) == 8
