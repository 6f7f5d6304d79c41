"""Scans from frames: one for each time that something is held before a camera."""

from __future__ import annotations

import numpy as np

from edge_agent.vision.codes.scanning import AWAY_STILL_S, ScanWatch
from edge_agent.vision.frames import Frame, Image
from tests.vision.printed_codes import (
    NOTHING_HELD,
    SODA,
    ean13_bars,
    frames,
    held,
    in_hand,
    label,
    qr_label,
    seen,
)

LABEL = label(ean13_bars(SODA), 1.6, 60)


def shown(number: int = 0) -> Image:
    """The soda in a hand that is never quite still."""
    return in_hand(LABEL, number)


def scans(
    watch: ScanWatch, pictures: list[Image], start: float = 1000.0
) -> list[tuple[str, float]]:
    """Codes and times told for these frames."""
    return [(s.code, s.seen_at) for frame in frames(pictures, start) for s in watch.see(frame)]


def test_a_product_held_for_six_seconds_is_one_scan() -> None:
    watch = ScanWatch()
    pictures = [NOTHING_HELD] * 10 + [shown(n) for n in range(30)] + [NOTHING_HELD] * 10
    ((code, at),) = scans(watch, pictures)
    assert code == SODA
    assert 1002.0 < at <= 1003.2


def test_a_scan_says_which_camera_saw_what_when() -> None:
    watch = ScanWatch()
    pictures = [NOTHING_HELD, *(shown(n) for n in range(8))]
    (scan,) = [s for frame in frames(pictures) for s in watch.see(frame)]
    assert (scan.camera, scan.code, scan.format) == ("front", SODA, "EAN-13")
    assert 1000.4 <= scan.seen_at <= 1001.4
    assert scan.scan_id == f"front-{round(scan.seen_at * 1000)}-1"


def test_one_frame_alone_is_no_scan() -> None:
    assert scans(ScanWatch(), [NOTHING_HELD] * 5 + [shown()] + [NOTHING_HELD] * 20) == []


def test_two_frames_far_apart_do_not_agree() -> None:
    assert (
        scans(ScanWatch(), [shown()] + [NOTHING_HELD] * 25 + [shown()] + [NOTHING_HELD] * 5) == []
    )


def test_a_product_that_comes_back_after_a_while_is_scanned_again() -> None:
    watch = ScanWatch()
    holding = [shown(n) for n in range(5)]
    away = [NOTHING_HELD] * round((AWAY_STILL_S + 3) * 5)
    told = scans(watch, [*holding, *away, *holding])
    assert [code for code, _ in told] == [SODA, SODA]


def test_a_product_that_is_turned_away_for_a_moment_is_not_scanned_again() -> None:
    watch = ScanWatch()
    holding = [shown(n) for n in range(5)]
    assert len(scans(watch, [*holding, *[NOTHING_HELD] * 10, *holding, *[NOTHING_HELD] * 10])) == 1


def test_a_code_that_stays_in_view_is_told_once_however_long() -> None:
    watch = ScanWatch()
    pay = held(qr_label("https://pay.example/office-7", 100), NOTHING_HELD, 80, 120)
    told = scans(watch, [pay] * 120)
    assert [code for code, _ in told] == ["https://pay.example/office-7"]


def test_a_code_that_stands_there_is_not_told_again_when_somebody_reaches_over_it() -> None:
    watch = ScanWatch()
    pay = held(qr_label("https://pay.example/office-7", 100), NOTHING_HELD, 80, 120)
    hand = np.full((140, 80, 3), (90, 120, 190), np.uint8)
    reaching = [held(hand, pay, 40 + 8 * n, 120 + 6 * (n % 2)) for n in range(12)]
    told = scans(watch, [*[pay] * 60, *reaching, *[pay] * 60, *reaching, *[pay] * 20])
    assert len(told) == 1


def test_a_second_product_is_told_while_the_first_stands_there() -> None:
    watch = ScanWatch()
    other = label(ean13_bars("4006381333931"), 1.5, 50)
    standing = held(LABEL, NOTHING_HELD, 160, 60)
    both = [held(other, standing, 160 + 2 * (n % 2), 180) for n in range(8)]
    told = scans(watch, [*[standing] * 30, *both])
    assert [code for code, _ in told] == [SODA, "4006381333931"]


def test_a_product_before_two_cameras_is_one_scan() -> None:
    watch = ScanWatch()
    told = []
    for number in range(6):
        for camera in ("front", "top"):
            picture = seen(shown(number), seed=number)
            told += watch.see(Frame(camera, 1000 + number / 5, picture))
    assert [scan.code for scan in told] == [SODA]


def test_a_change_of_light_is_no_reason_to_read_the_picture() -> None:
    watch = ScanWatch()
    watch_light = [np.clip(NOTHING_HELD.astype(int) + 25 * (n > 20), 0, 255) for n in range(40)]
    assert scans(watch, [picture.astype(np.uint8) for picture in watch_light]) == []


def test_a_camera_that_changes_its_size_is_watched_on() -> None:
    watch = ScanWatch()
    small = np.ascontiguousarray(NOTHING_HELD[:180, :240])
    told = scans(watch, [small] * 5)
    told += scans(watch, [shown(n) for n in range(5)], 1002.0)
    assert [code for code, _ in told] == [SODA]


def test_the_same_frames_give_the_same_scans() -> None:
    pictures = [NOTHING_HELD] * 3 + [shown(n) for n in range(6)]
    assert scans(ScanWatch(), pictures) == scans(ScanWatch(), pictures)
