"""Pictures of a change: which ones, how large, who is in them, and how long they stay."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.errors import StoreError
from edge_agent.settings import EvidenceSettings, Settings
from edge_agent.vision.evidence import (
    MAX_PICTURE_BYTES,
    EvidenceKeeper,
    EvidencePicture,
    Region,
    evidence_jpeg,
    regions_by_camera,
)
from edge_agent.vision.frames import Frame, FrameRing, Image, decode_picture, recorded_frames

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


def kept(picture: EvidencePicture | None) -> EvidencePicture:
    assert picture is not None
    return picture


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def fill(keeper: EvidenceKeeper, ages_s: list[float]) -> list[EvidencePicture]:
    return [
        kept(keeper.keep_before(f"A{n}-{n}", T0, ring_of({T0 - age: 9})))
        for n, age in enumerate(ages_s)
    ]


def test_the_frame_before_and_the_frame_after_are_kept(tmp_path: Path) -> None:
    ring = ring_of({10.0: 20, 10.2: 60, 10.4: 100, 10.6: 140, 10.8: 180})
    keeper = EvidenceKeeper(tmp_path / "evidence", SHARP)
    before = kept(keeper.keep_before("A1-10300", 10.3, ring))
    after = kept(keeper.keep_after("A1-10300", 10.5, ring))
    assert before.evidence_id == "A1-10300-before-front"
    assert after.evidence_id == "A1-10300-after-front"
    assert (before.at, after.at) == (10.2, 10.6)
    assert before.change_id == after.change_id == "A1-10300"
    for picture, level in ((before, 60), (after, 140)):
        jpeg = picture.path.read_bytes()
        assert (len(jpeg), jpeg[:3]) == (picture.size, b"\xff\xd8\xff")
        assert keeper.find(picture.evidence_id) == jpeg
        assert abs(float(decode_picture(jpeg, "test").mean()) - level) < 3


def test_the_picture_after_is_waited_for(tmp_path: Path) -> None:
    ring = ring_of({10.0: 20})
    keeper = EvidenceKeeper(tmp_path, SHARP)
    assert keeper.keep_after("A1-10300", 10.5, ring) is None
    ring.add(Frame("front", 10.6, np.zeros((48, 64, 3), np.uint8)))
    assert kept(keeper.keep_after("A1-10300", 10.5, ring)).at == 10.6


@pytest.mark.parametrize("image", [noise(), noise(2160, 3840), noise(40, 4000), noise(1, 1)])
def test_a_picture_has_at_most_100_kilobytes(image: Image) -> None:
    jpeg = evidence_jpeg(image, (), blur=False)
    shown = decode_picture(jpeg, "test")
    assert len(jpeg) <= MAX_PICTURE_BYTES == 100_000
    assert max(shown.shape) <= 1280


def test_a_picture_is_cropped_to_all_plates_with_a_margin() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    image[100:150, 100:200] = 255
    image[100:150, 300:400] = 255
    shown = decode_picture(
        evidence_jpeg(image, [(100, 100, 100, 50), (300, 100, 100, 50)], blur=False), "test"
    )
    assert shown.shape == (50 + 2 * 16, 300 + 2 * 16, 3)
    assert shown[16 + 25, 16 + 50].min() > 240
    assert shown[2, 2].max() < 15


def test_people_beside_the_plates_are_blurred_and_the_goods_are_not() -> None:
    regions: list[Region] = [(40, 40, 100, 100), (440, 300, 100, 100)]
    shown = decode_picture(evidence_jpeg(checkers(), regions, blur=True), "test")
    left, top = 40 - 16, 40 - 16
    goods = shown[40 - top : 140 - top, 40 - left : 140 - left]
    between = shown[200 - top : 280 - top, 200 - left : 400 - left]
    assert contrast(goods) > 100
    assert contrast(between) < 12


@pytest.mark.parametrize("regions", [[], [(5000, 5000, 10, 10)], [(10, 10, 0, 50)]])
def test_where_no_plate_is_known_everything_is_blurred(regions: list[Region]) -> None:
    shown = decode_picture(evidence_jpeg(checkers(), regions, blur=True), "test")
    assert shown.shape == (480, 640, 3)
    assert contrast(shown) < 12


def test_a_region_over_the_edge_is_cut_at_it() -> None:
    jpeg = evidence_jpeg(checkers(), [(-50, -50, 100, 100), (600, 440, 100, 100)], blur=True)
    assert decode_picture(jpeg, "test").shape == (480, 640, 3)


def test_no_unblurred_byte_reaches_the_disk(tmp_path: Path) -> None:
    ring = FrameRing()
    ring.add(Frame("front", 10.0, checkers()))
    ring.add(Frame("side", 10.2, checkers()))
    keeper = EvidenceKeeper(tmp_path, BLURRED, {"front": [(0, 0, 100, 100)]})
    picture = kept(keeper.keep_before("A1-1", 11.0, ring))
    # The regions are another camera's: nothing is known of this one.
    assert picture.evidence_id == "A1-1-before-side"
    assert contrast(decode_picture(picture.path.read_bytes(), "test")) < 12
    assert names(tmp_path) == ["A1-1-before-side.jpg"]


def test_regions_belong_to_the_first_camera() -> None:
    settings = Settings.model_validate(
        {
            "shelf_id": "s",
            "currency": "CNY",
            "camera": [{"id": "front", "source": "0"}, {"id": "side", "source": "1"}],
            "plate": [{"id": "A1", "region": [1, 2, 3, 4]}],
            "product": [{"sku": "x", "name": "X", "price": 1}],
        }
    )
    assert regions_by_camera(settings) == {"front": ((1, 2, 3, 4),)}
    assert regions_by_camera(settings.model_copy(update={"camera": ()})) == {}


def test_pictures_leave_when_their_days_are_over(tmp_path: Path) -> None:
    keeper = EvidenceKeeper(tmp_path, EvidenceSettings(retention_days=2))
    old, young = fill(keeper, [2.1 * DAY_S, 1.9 * DAY_S])
    assert keeper.enforce_limits(T0, {old.evidence_id}) == [old.path.name]
    assert names(tmp_path) == [young.path.name]
    assert keeper.find(old.evidence_id) is None


def test_the_oldest_make_room_and_those_of_open_cases_go_last(tmp_path: Path) -> None:
    pictures = fill(EvidenceKeeper(tmp_path, BLURRED), [400.0, 300.0, 200.0, 100.0])
    of_open_case, _, _, youngest = pictures
    room_for_two = EvidenceSettings(max_mb=2.5 * youngest.size / 1e6)
    EvidenceKeeper(tmp_path, room_for_two).enforce_limits(T0, {of_open_case.evidence_id})
    assert [p for p in pictures if p.path.exists()] == [of_open_case, youngest]


def test_open_cases_give_way_too_when_nothing_else_is_left(tmp_path: Path) -> None:
    keeper = EvidenceKeeper(tmp_path, EvidenceSettings(max_mb=0.0001))
    pictures = fill(keeper, [200.0, 100.0])
    keeper.enforce_limits(T0, {p.evidence_id for p in pictures})
    assert names(tmp_path) == []


def test_limits_hold_across_a_restart_and_leftovers_are_removed(tmp_path: Path) -> None:
    old, young = fill(EvidenceKeeper(tmp_path, BLURRED), [40 * DAY_S, 0.5])
    (tmp_path / "A9-9-before-front.jpg.part").write_bytes(b"cut off by a power cut")
    keeper = EvidenceKeeper(tmp_path, BLURRED)
    assert names(tmp_path) == sorted([old.path.name, young.path.name])
    assert keeper.enforce_limits(T0) == [old.path.name]


def test_a_picture_that_someone_deleted_is_no_trouble(tmp_path: Path) -> None:
    keeper = EvidenceKeeper(tmp_path, BLURRED)
    (picture,) = fill(keeper, [40 * DAY_S])
    picture.path.unlink()
    assert keeper.enforce_limits(T0) == [picture.path.name]
    assert keeper.enforce_limits(T0) == []


def test_a_picture_kept_again_replaces_itself(tmp_path: Path) -> None:
    keeper = EvidenceKeeper(tmp_path, BLURRED)
    ring = ring_of({T0: 10})
    first, second = (kept(keeper.keep_before("A1-1", T0 + 1, ring)) for _ in range(2))
    assert first == second
    assert names(tmp_path) == ["A1-1-before-front.jpg"]


def test_the_longest_names_fit_and_none_leads_out_of_the_folder(tmp_path: Path) -> None:
    keeper = EvidenceKeeper(tmp_path / "evidence", BLURRED)
    (tmp_path / "secret.jpg").write_bytes(b"x")
    picture = kept(keeper.keep_before("货" * 64 + "-1", T0 + 1, ring_of({T0: 10})))
    assert keeper.find(picture.evidence_id) == picture.path.read_bytes()
    assert keeper.find("../secret") is None


def test_a_folder_that_cannot_be_used_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match=r"Pictures cannot be kept in .*df -h"):
        EvidenceKeeper(tmp_path / "file", BLURRED)


def test_a_folder_that_vanished_is_a_store_error_and_leaves_nothing(tmp_path: Path) -> None:
    keeper = EvidenceKeeper(tmp_path / "evidence", BLURRED)
    (tmp_path / "evidence").rmdir()
    with pytest.raises(StoreError, match="No such file"):
        keeper.keep_before("A1-1", T0 + 1, ring_of({T0: 10}))
    assert names(tmp_path) == []


@pytest.mark.skipif(
    not (SHARED / "bottles").is_dir(), reason="the shared recordings are not beside the project"
)
def test_real_pictures_are_blurred_around_the_plates() -> None:
    folder = SHARED / "bottles" / "recording" / "frames" / "front"
    frame = next(recorded_frames(folder, "front"))
    sharp = decode_picture(evidence_jpeg(frame.image, (), blur=False), "test")
    blurred = decode_picture(evidence_jpeg(frame.image, (), blur=True), "test")

    def edges(picture: Image) -> float:
        return float(cv2.Laplacian(picture, cv2.CV_64F).var())

    assert sharp.shape == blurred.shape == (360, 640, 3)
    assert edges(blurred) < edges(sharp) / 20
