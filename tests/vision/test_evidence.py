"""Pictures of a change: which ones, how large, who is in them, and how long they stay."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.errors import StoreError
from edge_agent.settings import EvidenceSettings
from edge_agent.vision.evidence.blurring import MAX_PICTURE_BYTES, clear
from edge_agent.vision.evidence.held import HOLD_S, Asked
from edge_agent.vision.evidence.keeping import EvidenceKeeper, EvidencePicture
from edge_agent.vision.evidence.marking import with_margin
from edge_agent.vision.evidence.view import CameraView, views_of
from edge_agent.vision.frames import Frame, FrameRing, Image, decode_picture, recorded_frames
from edge_agent.vision.seen import Region, RegionChange
from tests.vision.drawn_people import (
    FACE_PX,
    HEIGHT,
    PLATES,
    WIDTH,
    good_box,
    person,
    seen,
    sharpness,
    shelf,
)

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
DAY_S = 86400.0
T0 = 1_772_200_000.0
SHARP = EvidenceSettings(blur_people=False)
BLURRED = EvidenceSettings()


def noise(height: int = 720, width: int = 1280) -> Image:
    return np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)


def checkers(height: int = 480, width: int = 640) -> Image:
    """Squares of 8 pixels: what is sharp has full contrast, what is blurred has next to none."""
    rows, columns = np.indices((height, width)) // 8
    return np.repeat(((rows + columns) % 2 * 255).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)


def contrast(picture: Image) -> float:
    return float(picture.astype(float).std())


def ring_of(levels: dict[float, int]) -> FrameRing:
    ring = FrameRing()
    for at, level in levels.items():
        ring.add(Frame("front", at, np.full((48, 64, 3), level, np.uint8)))
    return ring


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def blind(**rings: FrameRing) -> dict[str, CameraView]:
    """Cameras that see no plate."""
    return {camera: CameraView({}, ring=ring) for camera, ring in rings.items()}


def keep(
    keeper: EvidenceKeeper, change_id: str = "A1-1", started: float = 10.3, settled: float = 10.5
) -> dict[str, EvidencePicture]:
    """Keep the pictures of a change, by side."""
    found = keeper.keep(Asked(change_id, "A1", started, settled), settled)
    return {p.evidence_id.removeprefix(f"{change_id}-").split("-")[0]: p for p in found}


def fill(folder: Path, ages_s: list[float], settings: EvidenceSettings) -> list[EvidencePicture]:
    """One picture for each age, from before changes at T0."""
    pictures = []
    for n, age in enumerate(ages_s):
        keeper = EvidenceKeeper(folder, settings, blind(front=ring_of({T0 - age: 9})))
        pictures.append(keep(keeper, f"A{n}-{n}", T0, T0)["before"])
    return pictures


def test_the_frames_before_during_and_after_are_kept(tmp_path: Path) -> None:
    ring = ring_of({10.0: 20, 10.2: 60, 10.4: 100, 10.6: 140, 10.8: 180})
    keeper = EvidenceKeeper(tmp_path / "evidence", SHARP, blind(front=ring))
    pictures = keep(keeper, "A1-10300")
    assert {side: p.at for side, p in pictures.items()} == {
        "before": 10.2,
        "during": 10.4,
        "after": 10.6,
    }
    for side, level in (("before", 60), ("during", 100), ("after", 140)):
        picture = pictures[side]
        assert picture.evidence_id == f"A1-10300-{side}-front"
        assert picture.change_id == "A1-10300"
        jpeg = picture.path.read_bytes()
        assert (len(jpeg), jpeg[:3]) == (picture.size, b"\xff\xd8\xff")
        assert keeper.find(picture.evidence_id) == jpeg
        assert abs(float(decode_picture(jpeg, "test").mean()) - level) < 3


def test_what_no_frame_shows_is_not_kept(tmp_path: Path) -> None:
    keeper = EvidenceKeeper(tmp_path, SHARP, blind(front=ring_of({10.0: 20})))
    assert set(keep(keeper)) == {"before"}
    assert keep(EvidenceKeeper(tmp_path, SHARP, blind(front=FrameRing()))) == {}


def cleared(image: Image, regions: list[Region], *, blur: bool) -> Image:
    height, width = image.shape[:2]
    boxes = [box for region in regions if (box := with_margin(region, width, height))]
    return decode_picture(clear(image, boxes, None, blur=blur).jpeg, "test")


@pytest.mark.parametrize("image", [noise(), noise(2160, 3840), noise(40, 4000), noise(1, 1)])
def test_a_picture_has_at_most_100_kilobytes(image: Image) -> None:
    jpeg = clear(image, (), None, blur=False).jpeg
    shown = decode_picture(jpeg, "test")
    assert len(jpeg) <= MAX_PICTURE_BYTES == 100_000
    assert max(shown.shape) <= 1280


def test_a_picture_is_cropped_to_all_plates_with_a_margin() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    image[100:150, 100:200] = 255
    image[100:150, 300:400] = 255
    shown = cleared(image, [(100, 100, 100, 50), (300, 100, 100, 50)], blur=False)
    assert shown.shape == (50 + 2 * 16, 300 + 2 * 16, 3)
    assert shown[16 + 25, 16 + 50].min() > 240
    assert shown[2, 2].max() < 15


def test_people_beside_the_plates_are_blurred_and_the_goods_are_not() -> None:
    shown = cleared(checkers(), [(40, 40, 100, 100), (440, 300, 100, 100)], blur=True)
    left, top = 40 - 16, 40 - 16
    goods = shown[40 - top : 140 - top, 40 - left : 140 - left]
    between = shown[200 - top : 280 - top, 200 - left : 400 - left]
    assert contrast(goods) > 100
    assert contrast(between) < 12


@pytest.mark.parametrize("regions", [[], [(5000, 5000, 10, 10)], [(10, 10, 0, 50)]])
def test_where_no_plate_is_known_everything_is_blurred(regions: list[Region]) -> None:
    shown = cleared(checkers(), regions, blur=True)
    assert shown.shape == (480, 640, 3)
    assert contrast(shown) < 12


def test_a_region_over_the_edge_is_cut_at_it() -> None:
    shown = cleared(checkers(), [(-50, -50, 100, 100), (600, 440, 100, 100)], blur=True)
    assert shown.shape == (480, 640, 3)


def test_the_pictures_of_a_camera_that_sees_no_plate_are_blurred_all_over(tmp_path: Path) -> None:
    ring = FrameRing()
    ring.add(Frame("side", 10.2, checkers()))
    keeper = EvidenceKeeper(tmp_path, BLURRED, blind(side=ring))
    picture = keep(keeper)["before"]
    assert picture.evidence_id == "A1-1-before-side"
    assert contrast(decode_picture(picture.path.read_bytes(), "test")) < 12
    assert names(tmp_path) == ["A1-1-before-side.jpg"]


def test_each_camera_sees_its_own_regions() -> None:
    views = views_of(["front", "side"], {"front": {"A1": (1, 2, 3, 4)}})
    assert {camera: view.regions for camera, view in views.items()} == {
        "front": {"A1": (1, 2, 3, 4)},
        "side": {},
    }


def test_pictures_leave_when_their_days_are_over(tmp_path: Path) -> None:
    settings = EvidenceSettings(retention_days=2)
    old, young = fill(tmp_path, [2.1 * DAY_S, 1.9 * DAY_S], settings)
    keeper = EvidenceKeeper(tmp_path, settings, {})
    assert keeper.enforce_limits(T0, {old.evidence_id}) == [old.path.name]
    assert names(tmp_path) == [young.path.name]
    assert keeper.find(old.evidence_id) is None


def test_the_oldest_make_room_and_those_of_open_cases_go_last(tmp_path: Path) -> None:
    pictures = fill(tmp_path, [400.0, 300.0, 200.0, 100.0], BLURRED)
    of_open_case, _, _, youngest = pictures
    room_for_two = EvidenceSettings(max_mb=2.5 * youngest.size / 1e6)
    EvidenceKeeper(tmp_path, room_for_two, {}).enforce_limits(T0, {of_open_case.evidence_id})
    assert [p for p in pictures if p.path.exists()] == [of_open_case, youngest]


def test_open_cases_give_way_too_when_nothing_else_is_left(tmp_path: Path) -> None:
    settings = EvidenceSettings(max_mb=0.0001)
    pictures = fill(tmp_path, [200.0, 100.0], settings)
    keeper = EvidenceKeeper(tmp_path, settings, {})
    keeper.enforce_limits(T0, {p.evidence_id for p in pictures})
    assert names(tmp_path) == []


def test_limits_hold_across_a_restart_and_leftovers_are_removed(tmp_path: Path) -> None:
    old, young = fill(tmp_path, [40 * DAY_S, 0.5], BLURRED)
    (tmp_path / "A9-9-before-front.jpg.part").write_bytes(b"cut off by a power cut")
    keeper = EvidenceKeeper(tmp_path, BLURRED, {})
    assert names(tmp_path) == sorted([old.path.name, young.path.name])
    assert keeper.enforce_limits(T0) == [old.path.name]


def test_a_picture_that_someone_deleted_is_no_trouble(tmp_path: Path) -> None:
    (picture,) = fill(tmp_path, [40 * DAY_S], BLURRED)
    keeper = EvidenceKeeper(tmp_path, BLURRED, {})
    picture.path.unlink()
    assert keeper.enforce_limits(T0) == [picture.path.name]
    assert keeper.enforce_limits(T0) == []


def test_a_picture_kept_again_replaces_itself(tmp_path: Path) -> None:
    keeper = EvidenceKeeper(tmp_path, BLURRED, blind(front=ring_of({10.2: 10})))
    assert keep(keeper) == keep(keeper)
    assert names(tmp_path) == ["A1-1-before-front.jpg"]


def test_the_longest_names_fit_and_none_leads_out_of_the_folder(tmp_path: Path) -> None:
    keeper = EvidenceKeeper(tmp_path / "evidence", BLURRED, blind(front=ring_of({10.2: 10})))
    (tmp_path / "secret.jpg").write_bytes(b"x")
    picture = keep(keeper, "货" * 64 + "-1")["before"]
    assert keeper.find(picture.evidence_id) == picture.path.read_bytes()
    assert keeper.find("../secret") is None


def test_a_folder_that_cannot_be_used_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match=r"Pictures cannot be kept in .*df -h"):
        EvidenceKeeper(tmp_path / "file", BLURRED, {})


def test_a_folder_that_vanished_is_a_store_error_and_leaves_nothing(tmp_path: Path) -> None:
    views = blind(front=ring_of({10.2: 10}))
    keeper = EvidenceKeeper(tmp_path / "evidence", BLURRED, views)
    (tmp_path / "evidence").rmdir()
    with pytest.raises(StoreError, match="No such file"):
        keep(keeper)
    assert names(tmp_path) == []


class Shop:
    """The drawn shelf before a camera, a second at a time, and its evidence."""

    def __init__(self, folder: Path, settings: EvidenceSettings = BLURRED) -> None:
        self.view = CameraView(PLATES)
        self.keeper = EvidenceKeeper(folder, settings, {"front": self.view})
        self.now = T0

    def show(self, image: Image, seconds: float, gain: float = 1.0) -> None:
        """A frame a second, and one at the end."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 1.0, end)
            self.view.see(Frame("front", self.now, seen(image, round(self.now * 10), gain)))
            self.keeper.develop(self.now)

    def kept(self, side: str, change_id: str = "A1-1") -> Image:
        """A picture of a change, put back to where it was cut from."""
        jpeg = self.keeper.find(f"{change_id}-{side}-front")
        assert jpeg is not None
        boxes = self.view.boxes(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
        left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
        cut = decode_picture(jpeg, "test")
        whole = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        whole[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
        return whole

    def change(self, started_at: float, told: RegionChange | None = None) -> None:
        """Plate A1 has changed by now."""
        self.keeper.keep(Asked("A1-1", "A1", started_at, self.now - 0.6, told), self.now)


def good(plate: str, place: int) -> tuple[slice, slice]:
    """Where a good stands in the drawn shelf, a little within its edges."""
    left, top, right, bottom = good_box(plate, place)
    return slice(top + 5, bottom - 5), slice(left + 5, right - 5)


def face_at(x: int, y: int) -> tuple[slice, slice]:
    half = FACE_PX // 2 + 2
    return slice(y - half, y + half), slice(x - half, x + half)


BUYER = (310, 135)


def taken(shop: Shop, stays_s: float = 0.0) -> float:
    """Somebody comes, takes the third good of A1 and leaves; when the hand began."""
    full, less = shelf(), shelf({("A1", 2)})
    shop.show(full, 12)
    shop.show(person(full, *BUYER), 2)
    began = shop.now
    shop.show(person(full, *BUYER, reach=(198, 160)), 1.5)
    shop.show(person(less, *BUYER), 1.2)
    shop.change(began)
    shop.show(person(less, *BUYER), stays_s)
    shop.show(less, 16)
    return began


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Somebody took a good and left."""
    shop = Shop(tmp_path_factory.mktemp("bought"))
    taken(shop)
    return shop


def test_of_a_person_before_the_plates_nothing_is_recognised_in_any_picture(bought: Shop) -> None:
    real = sharpness(person(shelf(), *BUYER)[face_at(*BUYER)])
    for side in ("before", "during", "after"):
        assert sharpness(bought.kept(side)[face_at(*BUYER)]) < real / 4
    arm = (slice(150, 172), slice(236, 262))
    assert sharpness(bought.kept("during")[arm]) < sharpness(shelf()[good("A1", 0)]) / 5


def test_what_was_taken_is_sharp_before_and_its_place_is_sharp_after(bought: Shop) -> None:
    goods = good("A1", 2)
    full, less = shelf(), shelf({("A1", 2)})
    assert np.abs(bought.kept("before")[goods].astype(int) - full[goods]).mean() < 20
    assert np.abs(bought.kept("after")[goods].astype(int) - less[goods]).mean() < 20
    for side in ("before", "during", "after"):
        beside = good("A3", 1)
        assert sharpness(bought.kept(side)[beside]) > sharpness(full[beside]) / 2


def test_a_box_is_drawn_around_what_changed(bought: Shop) -> None:
    left, top, right, bottom = good_box("A1", 2)
    for side in ("before", "during", "after"):
        # Nothing in the drawn shelf is yellow for long.
        plain = bought.kept(side).astype(int)
        yellow = (plain[:, :, 1] - plain[:, :, 0] > 50) & (plain[:, :, 2] - plain[:, :, 0] > 50)
        across, down = slice(left + 5, right - 5), slice(top + 10, bottom - 10)
        for edge in (left, right):
            assert yellow[down, edge - 8 : edge + 8].mean(axis=0).max() > 0.7
        for edge in (top, bottom):
            assert yellow[edge - 8 : edge + 8, across].mean(axis=1).max() > 0.7


def test_until_nobody_is_there_the_changed_place_is_blurred_too(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    full, less = shelf(), shelf({("A1", 2)})
    shop.show(full, 12)
    shop.show(less, 1)
    shop.change(shop.now - 1)
    goods = good("A1", 2)
    assert np.abs(shop.kept("after")[goods].astype(int) - less[goods]).max() > 30
    assert shop.keeper.is_held("A1-1-after-front")
    shop.show(less, 20)
    assert not shop.keeper.is_held("A1-1-after-front")
    assert np.abs(shop.kept("after")[goods].astype(int) - less[goods]).mean() < 20


def test_who_stays_before_the_shelf_is_waited_for_and_not_shown(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    taken(shop, stays_s=25)
    real = sharpness(person(shelf(), *BUYER)[face_at(*BUYER)])
    for side in ("before", "during", "after"):
        assert sharpness(shop.kept(side)[face_at(*BUYER)]) < real / 4
    goods = good("A1", 2)
    assert np.abs(shop.kept("after")[goods].astype(int) - shelf({("A1", 2)})[goods]).mean() < 20


def test_pictures_wait_no_longer_than_until_a_case_may_open(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    full = shelf()
    shop.show(full, 12)
    # Right before the plate itself, so that it never comes free.
    crowd = person(full, 155, 135)
    shop.show(crowd, 2)
    shop.change(shop.now - 1)
    assert shop.keeper.is_held("A1-1-before-front")
    shop.keeper.develop(shop.now + HOLD_S)
    assert not shop.keeper.is_held("A1-1-before-front")
    real = sharpness(crowd[face_at(155, 135)])
    assert sharpness(shop.kept("after")[face_at(155, 135)]) < real / 4


def test_what_a_camera_told_of_the_change_is_where_the_box_is_drawn(tmp_path: Path) -> None:
    shop = Shop(tmp_path, SHARP)
    shop.show(shelf(), 3)
    x, y, w, h = PLATES["A1"]
    mask = np.zeros((h, w), np.uint8)
    mask[50:80, 10:40] = 255
    cut = np.zeros((h, w, 3), np.uint8)
    told = RegionChange("A1", "front", T0, T0 + 1, cut, cut, mask, 0.9, 1.0)
    shop.change(shop.now - 1.0, told)
    picture = shop.kept("after")
    edge = picture[y + 52 : y + 78, x + 10 - 2 : x + 10 + 2].astype(int)
    assert (edge.min(axis=1)[:, 0] < 100).mean() > 0.9
    inside = (slice(y + 55, y + 75), slice(x + 15, x + 35))
    assert np.abs(picture[inside].astype(int) - shelf()[inside]).mean() < 20


def test_an_erased_picture_does_not_come_back(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.show(shelf(), 12)
    shop.show(shelf({("A1", 2)}), 1)
    shop.change(shop.now - 1)
    there = names(tmp_path)
    assert shop.keeper.erase([*there, "nothing.jpg"]) == there
    shop.show(shelf({("A1", 2)}), 20)
    assert names(tmp_path) == []


def test_files_are_named_by_age(tmp_path: Path) -> None:
    old, young = fill(tmp_path, [300.0, 100.0], BLURRED)
    keeper = EvidenceKeeper(tmp_path, BLURRED, {})
    assert keeper.files() == [old.path.name, young.path.name]
    assert keeper.files(before=T0 - 200) == [old.path.name]


@pytest.mark.skipif(
    not (SHARED / "bottles").is_dir(), reason="the shared recordings are not beside the project"
)
def test_real_pictures_are_blurred_around_the_plates() -> None:
    folder = SHARED / "bottles" / "recording" / "frames" / "front"
    frame = next(recorded_frames(folder, "front"))
    sharp = cleared(frame.image, [], blur=False)
    blurred = cleared(frame.image, [], blur=True)

    def edges(picture: Image) -> float:
        return float(cv2.Laplacian(picture, cv2.CV_64F).var())

    assert sharp.shape == blurred.shape == (360, 640, 3)
    assert edges(blurred) < edges(sharp) / 20
