"""Who counts as a person before the shelf: whatever is not the scene, however still it stands."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.vision.evidence.likeness import look, small, unlike
from edge_agent.vision.evidence.marking import with_margin
from edge_agent.vision.evidence.people import LONG_STEADY_S, EmptyScene, calm, outlines
from edge_agent.vision.frames import Frame, Image
from tests.vision.drawn_people import (
    FACE_PX,
    HEIGHT,
    PLATES,
    WIDTH,
    face,
    good_box,
    person,
    seen,
    shelf,
)

T0 = 1_772_200_000.0
BOXES = {plate: with_margin(region, WIDTH, HEIGHT) for plate, region in PLATES.items()}
GUEST = (300, 130)


class Camera:
    """A scene and its clock; `shrink` makes long times short to play."""

    def __init__(self, shrink: int = 1) -> None:
        self.scene = EmptyScene(tuple(box for box in BOXES.values() if box is not None))
        self.now = T0
        self._shrink = shrink

    def show(self, image: Image, seconds: int, gain: float = 1.0, pause_s: float = 1.0) -> None:
        for _ in range(seconds):
            self.now += pause_s
            self.scene.learn(Frame("front", self.now, self._seen(image, round(self.now), gain)))

    def _seen(self, image: Image, number: int, gain: float = 1.0) -> Image:
        return seen(image, number, gain)[:: self._shrink, :: self._shrink]

    def blurred(self, image: Image) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """What of a picture would be blurred, (HEIGHT, WIDTH)."""
        return outlines(self.scene.strangers(self._seen(image, 3)), HEIGHT, WIDTH)

    def explain(self, plate: str) -> None:
        box = BOXES[plate]
        assert box is not None
        self.scene.explain(box)


@pytest.fixture
def camera() -> Camera:
    """A camera that has seen the full shelf for thirteen seconds."""
    made = Camera()
    made.show(shelf(), 13)
    return made


@pytest.fixture
def patient() -> Camera:
    """A small camera, for minutes."""
    made = Camera(shrink=4)
    made.show(shelf(), 13)
    return made


def around_face(x: int, y: int) -> tuple[slice, slice]:
    half = FACE_PX // 2
    return slice(y - half, y + half), slice(x - half, x + half)


def place_of(plate: str, place: int) -> tuple[slice, slice]:
    left, top, right, bottom = good_box(plate, place)
    return slice(top, bottom), slice(left, right)


def test_of_an_empty_shelf_nothing_is_blurred(camera: Camera) -> None:
    assert not camera.blurred(shelf()).any()


def test_before_anything_is_known_everything_is_blurred() -> None:
    assert Camera().blurred(shelf()).all()


def test_a_person_is_blurred_to_the_finger_tips_and_the_shelf_beside_is_not(
    camera: Camera,
) -> None:
    bare = shelf()
    guest = person(bare, *GUEST, reach=(150, 160))
    blurred = camera.blurred(guest)
    different = np.abs(guest.astype(int) - bare).max(axis=2) > 0
    assert blurred[different].mean() > 0.999
    assert not blurred[place_of("A3", 1)].any()
    assert blurred.mean() < 2.5 * different.mean()


@pytest.mark.parametrize("x", [90, 320, 500])
@pytest.mark.parametrize("y", [90, 150])
def test_a_head_alone_is_blurred_wherever_it_looks_in(camera: Camera, x: int, y: int) -> None:
    image = shelf()
    face(image, x, y)
    assert camera.blurred(image)[around_face(x, y)].mean() > 0.9


def test_whoever_stands_still_for_minutes_does_not_become_the_shelf(patient: Camera) -> None:
    guest = person(shelf(), *GUEST)
    patient.show(guest, 120, pause_s=2.0)
    assert patient.blurred(guest)[around_face(*GUEST)].all()


def test_what_stays_for_ten_minutes_without_a_movement_becomes_the_shelf(patient: Camera) -> None:
    changed = shelf({("A2", 1)})
    # A look every two seconds counts as two seconds.
    patient.show(changed, round(LONG_STEADY_S / 2) + 10, pause_s=2.0)
    assert not patient.blurred(changed)[place_of("A2", 1)].any()


def test_a_clock_that_jumps_and_a_camera_that_was_away_make_nothing_steady(
    camera: Camera,
) -> None:
    guest = person(shelf(), *GUEST)
    for pause_s in (3600.0, -7200.0, 86400.0):
        camera.now += pause_s
        camera.show(guest, 3)
    assert camera.blurred(guest)[around_face(*GUEST)].all()


def test_where_the_weight_changed_what_is_steady_becomes_the_shelf_soon(camera: Camera) -> None:
    less = shelf({("A1", 1)})
    camera.show(less, 2)
    camera.explain("A1")
    assert camera.blurred(less)[place_of("A1", 1)].all()
    camera.show(less, 20)
    assert not camera.blurred(less).any()
    box = BOXES["A1"]
    assert box is not None
    assert camera.scene.is_clear(box)


def test_without_a_change_of_weight_it_does_not(camera: Camera) -> None:
    less = shelf({("A1", 1)})
    camera.show(less, 30, pause_s=2.0)
    assert camera.blurred(less)[place_of("A1", 1)].all()


def test_a_customer_who_took_something_and_stays_does_not_become_the_shelf(
    patient: Camera,
) -> None:
    guest = person(shelf({("A2", 1)}), *GUEST)
    patient.explain("A2")
    patient.show(guest, 90)
    assert patient.blurred(guest)[around_face(*GUEST)].all()


@pytest.mark.parametrize("gain", [0.45, 0.7, 1.35])
def test_other_light_is_nobody(camera: Camera, gain: float) -> None:
    strangers = calm(camera.scene.strangers(seen(shelf(), 5, gain)))
    assert strangers.mean() < 0.01


def test_a_person_in_other_light_is_one(camera: Camera) -> None:
    guest = person(shelf(), *GUEST)
    strangers = camera.scene.strangers(seen(guest, 5, 0.6))
    assert outlines(strangers, HEIGHT, WIDTH)[around_face(*GUEST)].mean() > 0.95


def test_the_night_does_not_become_the_shelf(patient: Camera) -> None:
    patient.show(shelf(), round(LONG_STEADY_S / 2) + 10, gain=0.02, pause_s=2.0)
    assert not patient.blurred(shelf()).any()


def test_a_camera_of_another_size_is_learned_anew(camera: Camera) -> None:
    wide = np.hstack([shelf(), shelf()])
    assert camera.scene.strangers(wide).all()


def test_noise_is_no_difference_and_another_print_is() -> None:
    first, second = (look(small(seen(shelf(), n))) for n in (1, 2))
    assert unlike(first, second, 2.0).mean() < 0.001
    other = look(small(shelf({("A1", 0)})))
    rows, columns = place_of("A1", 0)
    half = (slice(rows.start // 2, rows.stop // 2), slice(columns.start // 2, columns.stop // 2))
    assert unlike(first, other)[half].mean() > 0.9
