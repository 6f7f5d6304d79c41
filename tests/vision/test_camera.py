"""The camera reader on folders, video files and a real network stream."""

from __future__ import annotations

import base64
import contextlib
import http.server
import importlib.util
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import pytest

from edge_agent.errors import CameraError
from edge_agent.sensing.outage import RetryPauses
from edge_agent.settings import CameraSettings
from edge_agent.vision.cameras.health import CameraAilment, CameraHealth
from edge_agent.vision.cameras.reader import (
    CameraEnded,
    CameraEvent,
    CameraFound,
    CameraLost,
    CameraReader,
)
from edge_agent.vision.cameras.sources import open_source, without_password
from edge_agent.vision.frames import Frame, Image, encode_jpeg

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
QUICK = RetryPauses(first_s=0.02, longest_s=0.1, healthy_s=0.0)
WAIT_S = 30.0

E = TypeVar("E", Frame, CameraLost, CameraFound, CameraEnded, CameraAilment)


def plain(level: int) -> Image:
    return np.full((48, 64, 3), level, np.uint8)


class Listener:
    def __init__(self) -> None:
        self.events: queue.Queue[CameraEvent] = queue.Queue()
        self.seen: list[CameraEvent] = []

    def until(self, kind: type[E]) -> E:
        while True:
            event = self.events.get(timeout=WAIT_S)
            self.seen.append(event)
            if isinstance(event, kind):
                return event

    def told(self) -> list[CameraEvent]:
        return [e for e in self.seen if not isinstance(e, Frame)]

    def frames(self) -> list[Frame]:
        return [e for e in self.seen if isinstance(e, Frame)]


@contextlib.contextmanager
def watching(source: object) -> Iterator[Listener]:
    listener = Listener()
    settings = CameraSettings(id="front", source=str(source))
    reader = CameraReader(settings, time.time, listener.events.put, retry=QUICK)
    reader.start()
    try:
        yield listener
    finally:
        reader.stop()
        assert not reader.is_alive()


def write_video(path: Path, frames: int, fps: float) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    for n in range(frames):
        writer.write(plain(n * 4))
    writer.release()


class NetworkCamera(http.server.ThreadingHTTPServer):
    unplugged = False


class Handler(http.server.BaseHTTPRequestHandler):
    """A network camera: motion JPEG for as long as the client listens."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        self.end_headers()
        assert isinstance(self.server, NetworkCamera)
        with contextlib.suppress(OSError):
            while not self.server.unplugged:
                jpeg = encode_jpeg(plain(120), 90)
                head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                time.sleep(0.02)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output clean."""


@contextlib.contextmanager
def network_camera(port: int = 0) -> Iterator[int]:
    server = NetworkCamera(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.unplugged = True
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_folder_gives_the_times_of_its_names_and_ends_once(tmp_path: Path) -> None:
    for n, ms in enumerate((1772200000000, 1772200000200, 1772200000400)):
        (tmp_path / f"{ms}.jpg").write_bytes(encode_jpeg(plain(n * 50), 95))
    with watching(tmp_path) as listener:
        ended = listener.until(CameraEnded)
    assert [f.at for f in listener.frames()] == [1772200000.0, 1772200000.2, 1772200000.4]
    assert [round(float(f.image.mean()), -1) for f in listener.frames()] == [0, 50, 100]
    assert ended.frames == 3
    assert listener.told() == [ended]
    assert listener.events.empty()


def test_pictures_without_times_are_paced_five_a_second(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        cv2.imwrite(str(tmp_path / name), plain(80))
    with watching(tmp_path) as listener:
        listener.until(CameraEnded)
    times = [f.at for f in listener.frames()]
    assert np.diff(times) == pytest.approx([0.2, 0.2])


def test_a_broken_picture_does_not_stop_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "1.jpg").write_bytes(b"")
    (tmp_path / "2.jpg").write_bytes(encode_jpeg(plain(80), 95))
    with watching(tmp_path) as listener:
        ended = listener.until(CameraEnded)
    assert ended.frames == 1
    assert "1.jpg: 0 bytes that are no picture" in caplog.text


def test_a_video_gives_five_frames_a_second_of_its_own_time_and_ends(tmp_path: Path) -> None:
    write_video(tmp_path / "shelf.avi", frames=24, fps=24)
    with watching(tmp_path / "shelf.avi") as listener:
        ended = listener.until(CameraEnded)
    times = np.array([f.at for f in listener.frames()])
    assert len(times) == ended.frames == 5
    assert times - times[0] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8], abs=0.03)
    assert listener.told() == [ended]


def test_a_file_that_is_no_video_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "shelf.mp4").write_bytes(b"no video at all")
    with watching(tmp_path / "shelf.mp4") as listener:
        lost = listener.until(CameraLost)
    assert "cannot be read as a video" in lost.reason


def test_an_absent_camera_is_told_once_and_found_when_it_is_there(tmp_path: Path) -> None:
    with watching(tmp_path / "camera") as listener:
        lost = listener.until(CameraLost)
        fresh = tmp_path / "fresh"
        fresh.mkdir()
        (fresh / "1.jpg").write_bytes(encode_jpeg(plain(80), 95))
        fresh.rename(tmp_path / "camera")
        found = listener.until(CameraFound)
        ended = listener.until(CameraEnded)
    assert f"No camera at {tmp_path / 'camera'}. Found " in lost.reason
    assert "Run `edge-agent doctor`" in lost.reason
    assert listener.told() == [lost, found, ended]


def test_a_network_camera_is_read_lost_and_found() -> None:
    with contextlib.ExitStack() as until_the_end:
        with network_camera() as port:
            listener = until_the_end.enter_context(watching(f"http://127.0.0.1:{port}/stream"))
            frame = listener.until(Frame)
        lost = listener.until(CameraLost)
        until_the_end.enter_context(network_camera(port))
        found = listener.until(CameraFound)
        listener.until(Frame)
    assert np.abs(frame.image.astype(int) - 120).max() <= 3
    assert "gives no pictures any more" in lost.reason
    assert listener.told() == [lost, found]


class SinglePictures(http.server.BaseHTTPRequestHandler):
    """A network camera that gives one JPEG a request, to those who know the password."""

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != "Basic " + base64.b64encode(b"guard:x y").decode():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()
            return
        jpeg = encode_jpeg(plain(90), 90)
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(jpeg)))
        self.end_headers()
        self.wfile.write(jpeg)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output clean."""


def test_a_network_camera_of_single_pictures_is_read_with_its_password_and_lost() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SinglePictures)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    with watching(f"http://guard:x%20y@127.0.0.1:{server.server_port}/snapshot.jpg") as listener:
        first, second = listener.until(Frame), listener.until(Frame)
        server.shutdown()
        server.server_close()
        thread.join()
        lost = listener.until(CameraLost)
    assert np.abs(first.image.astype(int) - 90).max() <= 3
    assert 0.1 < second.at - first.at < 5
    assert "gives no pictures any more" in lost.reason
    assert "guard" not in lost.reason


@pytest.mark.skipif(
    importlib.util.find_spec("picamera2") is not None, reason="picamera2 is installed here"
)
def test_without_picamera2_the_pi_camera_says_how_to_install_it() -> None:
    with pytest.raises(CameraError, match="sudo apt install python3-picamera2") as refused:
        open_source(CameraSettings(id="front", source="picamera"), time.time)
    assert 'source = "0"' in str(refused.value)


PI_CAMERA = """
import numpy as np

class Picamera2:
    connected = 1

    @staticmethod
    def global_camera_info():
        return [{"Num": n} for n in range(Picamera2.connected)]

    def __init__(self, number=0):
        self.left = 2

    def create_video_configuration(self, main, controls):
        return main

    def configure(self, configuration):
        self.size = configuration["size"]

    def start(self):
        pass

    def capture_array(self, name, wait=None):
        if not self.left:
            raise TimeoutError("no picture within 5 s")
        self.left -= 1
        return np.full((self.size[1], self.size[0], 3), (200, 100, 50), np.uint8)

    def close(self):
        pass
"""


def test_a_pi_camera_is_read_through_picamera2_and_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "picamera2.py").write_text(PI_CAMERA, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    source = open_source(CameraSettings(id="front", source="picamera"), time.time)
    shot = source.read()
    assert shot is not None
    assert shot.frame.image.shape == (720, 1280, 3)
    assert tuple(shot.frame.image[0, 0]) == (200, 100, 50)
    source.read()
    with pytest.raises(CameraError, match="gives no pictures any more"):
        source.read()
    source.close()
    with pytest.raises(CameraError, match="no camera 1 on the Pi's connectors, found 1"):
        open_source(CameraSettings(id="front", source="picamera:1"), time.time)
    sys.modules.pop("picamera2")


def test_what_is_wrong_with_the_pictures_comes_after_the_frame_that_shows_it(
    tmp_path: Path,
) -> None:
    for n in range(8):
        (tmp_path / f"{1772200000000 + 5000 * n}.png").write_bytes(
            cv2.imencode(".png", plain(2))[1].tobytes()
        )
    listener = Listener()
    settings = CameraSettings(id="front", source=str(tmp_path))
    reader = CameraReader(
        settings, time.time, listener.events.put, health=CameraHealth("front"), retry=QUICK
    )
    reader.start()
    dark = listener.until(CameraAilment)
    listener.until(CameraEnded)
    reader.stop()
    assert (dark.camera_id, dark.ailment, dark.at) == ("front", "dark", 1772200010.0)
    before = listener.seen[: next(n for n, e in enumerate(listener.seen) if e is dark)]
    assert [e.at for e in before if isinstance(e, Frame)][-1] == dark.at


def test_a_missing_device_is_refused_with_what_was_found() -> None:
    with pytest.raises(CameraError, match=r"camera 63 cannot be opened\. Found "):
        open_source(CameraSettings(id="front", source="63"), time.time)


def test_passwords_of_network_cameras_are_not_told() -> None:
    assert without_password("rtsp://guard:s3cret@10.0.0.9/1") == "rtsp://***@10.0.0.9/1"
    settings = CameraSettings(id="front", source="http://guard:s3cret@127.0.0.1:1/stream")
    with pytest.raises(CameraError) as refused:
        open_source(settings, time.time)
    assert "s3cret" not in str(refused.value)
    assert "http://***@127.0.0.1:1/stream does not answer" in str(refused.value)


def test_without_a_camera_opencv_is_not_loaded() -> None:
    modules = (
        "edge_agent.sensing.scale, edge_agent.vision.cameras.reader, "
        "edge_agent.vision.evidence.keeping, edge_agent.vision.frames, sys"
    )
    code = f"import {modules}; assert 'cv2' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(
    not (SHARED / "bottles").is_dir(), reason="the shared recordings are not beside the project"
)
def test_a_real_video_is_shown() -> None:
    with watching(SHARED / "bottles" / "bottle-detection.mp4") as listener:
        first, second = listener.until(Frame), listener.until(Frame)
    assert first.image.shape == (360, 640, 3)
    assert second.at - first.at == pytest.approx(0.2, abs=0.03)
