"""Recent frames in bounded memory, and pictures in folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import CameraError
from edge_agent.vision.frames import (
    Frame,
    FrameRing,
    Image,
    encode_jpeg,
    picture_files,
    recorded_frames,
)

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def plain(level: int, width: int = 64, height: int = 48) -> Image:
    return np.full((height, width, 3), level, np.uint8)


def noise(seed: int) -> Image:
    return np.random.default_rng(seed).integers(0, 255, (120, 160, 3), np.uint8)


def ring_of(times: list[float], seconds: float = 30.0) -> FrameRing:
    ring = FrameRing(seconds)
    for at in times:
        ring.add(Frame("front", at, plain(int(at) % 256)))
    return ring


def time_of(frame: Frame | None) -> float | None:
    return None if frame is None else frame.at


def test_the_frames_around_a_time_are_found() -> None:
    ring = ring_of([10.0, 10.2, 10.4])
    assert [time_of(ring.before(t)) for t in (10.0, 10.2, 10.3, 99.0)] == [None, 10.0, 10.2, 10.4]
    assert [time_of(ring.after(t)) for t in (9.0, 10.0, 10.3, 10.4)] == [10.0, 10.2, 10.4, None]
    assert [time_of(ring.nearest(t)) for t in (0.0, 10.29, 10.31, 99.0)] == [10.0, 10.2, 10.4, 10.4]


def test_an_empty_ring_has_no_frame() -> None:
    ring = FrameRing()
    assert (ring.before(1.0), ring.after(1.0), ring.nearest(1.0)) == (None, None, None)


def test_a_frame_comes_back_as_it_went_in() -> None:
    frame = ring_of([200.0]).nearest(200.0)
    assert frame is not None
    assert frame.camera == "front"
    assert frame.image.dtype == np.uint8
    assert frame.image.shape == (48, 64, 3)
    assert np.abs(frame.image.astype(int) - 200).max() <= 2


def test_frames_older_than_the_ring_leave() -> None:
    ring = ring_of([float(t) for t in range(100)], seconds=10.0)
    assert len(ring) == 11
    assert time_of(ring.nearest(0.0)) == 89.0


def test_memory_is_bounded_whatever_the_frames_are() -> None:
    ring = FrameRing(seconds=1e6, max_bytes=200_000)
    for n in range(40):
        ring.add(Frame("front", float(n), noise(n)))
        assert ring.bytes_held <= 200_000
    assert 1 < len(ring) < 40
    assert time_of(ring.nearest(99.0)) == 39.0


def test_a_frame_that_is_not_newer_is_ignored() -> None:
    ring = ring_of([10.0, 10.0, 9.0, 11.0])
    assert len(ring) == 2


def test_pictures_of_a_folder_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("10.jpg", "9.jpg", "b.png", "a.JPG", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert [p.name for p in picture_files(tmp_path)] == ["a.JPG", "b.png", "9.jpg", "10.jpg"]


def test_a_recordings_frames_have_the_times_of_their_names(tmp_path: Path) -> None:
    for ms in (1772200000101, 1772200000000):
        (tmp_path / f"{ms}.jpg").write_bytes(encode_jpeg(plain(9), 90))
    (tmp_path / "cover.jpg").write_bytes(encode_jpeg(plain(9), 90))
    frames = list(recorded_frames(tmp_path, "front"))
    assert [f.at for f in frames] == [1772200000.0, 1772200000.101]


def test_a_broken_picture_of_a_recording_is_named(tmp_path: Path) -> None:
    (tmp_path / "1772200000000.jpg").write_bytes(b"no picture")
    with pytest.raises(CameraError, match=r"1772200000000\.jpg: 10 bytes that are no picture"):
        list(recorded_frames(tmp_path, "front"))


@pytest.mark.skipif(
    not (SHARED / "bottles").is_dir(), reason="the shared recordings are not beside the project"
)
def test_a_real_recording_is_read_in_order() -> None:
    folder = SHARED / "bottles" / "recording" / "frames" / "front"
    frames = recorded_frames(folder, "front")
    first, second = next(frames), next(frames)
    assert (first.at, second.at) == (1772200000.0, 1772200000.101)
    assert first.image.shape == (360, 640, 3)
