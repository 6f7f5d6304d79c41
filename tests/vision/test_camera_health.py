"""Frozen, dark, covered or moved: each told once when it has lasted, and once when it is over."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_agent.vision.cameras.health import (
    LASTS_S,
    Ailment,
    CameraAilment,
    CameraHealth,
    CameraRecovered,
    HealthEvent,
)
from edge_agent.vision.frames import Frame, Image


def view(seed: int = 3) -> Image:
    rng = np.random.default_rng(seed)
    picture = np.full((180, 320, 3), 140, np.uint8)
    for _ in range(50):
        x, y = int(rng.integers(0, 300)), int(rng.integers(0, 165))
        size = (int(rng.integers(5, 30)), int(rng.integers(5, 30)))
        colour = tuple(int(c) for c in rng.integers(20, 240, 3))
        cv2.rectangle(picture, (x, y), (x + size[0], y + size[1]), colour, -1)
    return picture


class Camera:
    """Feeds a picture with other noise every two seconds."""

    def __init__(self, aimed: Image | None = None) -> None:
        self.health = CameraHealth("front", aimed)
        self.at = 5000.0
        self._noises = np.random.default_rng(1).normal(0, 2, (5, 180, 320, 3))

    def show(self, picture: Image, seconds: float, noisy: bool = True) -> list[HealthEvent]:
        events: list[HealthEvent] = []
        for n in range(round(seconds / 2)):
            self.at += 2
            seen = picture + self._noises[n % 5] if noisy else picture
            frame = Frame("front", self.at, np.clip(seen, 0, 255).astype(np.uint8))
            events += self.health.feed(frame)
        return events


def pushed(picture: Image, across: int, down: int) -> Image:
    warp = np.array([[1, 0, across], [0, 1, down]], np.float32)
    moved = cv2.warpAffine(picture, warp, (320, 180), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, dtype=np.uint8)


ILL: dict[Ailment, Image] = {
    "dark": np.full((180, 320, 3), 4, np.uint8),
    "covered": np.full((180, 320, 3), (60, 70, 110), np.uint8),
    "moved": view(4),
}


@pytest.mark.parametrize("ailment", ILL)
def test_each_is_told_once_when_it_has_lasted_and_once_when_it_is_over(ailment: Ailment) -> None:
    camera = Camera()
    assert camera.show(view(), 10) == []
    lasts_s = LASTS_S[ailment]
    assert camera.show(ILL[ailment], lasts_s - 4) == []
    (told,) = camera.show(ILL[ailment], 60)
    assert isinstance(told, CameraAilment)
    assert (told.camera_id, told.ailment) == ("front", ailment)
    assert told.at - told.since == pytest.approx(lasts_s, abs=2)
    assert camera.health.ailments == {ailment}
    (over,) = camera.show(view(), 10)
    assert isinstance(over, CameraRecovered)
    assert over.ailment == ailment
    assert over.after_s == pytest.approx(lasts_s + 56, abs=5)
    assert camera.health.ailments == frozenset()


def test_a_frozen_camera_is_told_and_so_is_its_end() -> None:
    camera = Camera()
    camera.show(view(), 10)
    (told,) = camera.show(view(), 40, noisy=False)
    assert isinstance(told, CameraAilment)
    assert told.ailment == "frozen"
    assert "the same picture again" in told.reason
    (over,) = camera.show(view(), 2)
    assert isinstance(over, CameraRecovered)


def test_a_moved_camera_says_that_it_must_be_aimed() -> None:
    camera = Camera()
    camera.show(view(), 10)
    (told,) = camera.show(pushed(view(), 90, 20), LASTS_S["moved"] + 10)
    assert isinstance(told, CameraAilment)
    assert told.ailment == "moved"
    assert "edge-agent camera aim" in told.reason


def test_a_camera_that_was_aimed_elsewhere_is_told_from_the_start() -> None:
    camera = Camera(aimed=view(4))
    (told,) = camera.show(view(), LASTS_S["moved"] + 10)
    assert isinstance(told, CameraAilment)
    assert told.ailment == "moved"


def test_a_camera_pushed_a_little_is_well() -> None:
    camera = Camera()
    camera.show(view(), 10)
    assert camera.show(pushed(view(), 5, -3), LASTS_S["moved"] + 20) == []


def test_light_that_comes_and_goes_and_people_who_pass_are_no_ailment() -> None:
    camera = Camera()
    camera.show(view(), 10)
    assert camera.show((view() * 0.4).astype(np.uint8), 40) == []
    person = view()
    cv2.ellipse(person, (160, 200), (75, 165), 0, 180, 360, (60, 50, 50), -1)
    assert camera.show(person, 60) == []
    assert camera.show(view(), 40) == []


def test_a_dark_picture_without_noise_is_dark_and_not_frozen() -> None:
    camera = Camera()
    camera.show(view(), 10)
    (told,) = camera.show(ILL["dark"], 120, noisy=False)
    assert isinstance(told, CameraAilment)
    assert told.ailment == "dark"
