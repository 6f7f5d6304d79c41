"""`products learn` with a camera: a real serial line, a real network camera, a person at both."""

from __future__ import annotations

import http.server
import io
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
import pytest

from edge_agent.cli.learning_course import Units
from edge_agent.cli.unit_watch import Moved
from edge_agent.settings_file import load_settings
from edge_agent.vision.features.gallery import Gallery
from edge_agent.vision.frames import Image, encode_jpeg
from edge_agent.vision.picture_files import read_cut_out
from tests.broker import wait_until
from tests.cli.command_scene import SODA, Board, Shelf, make_shelf, running_agent
from tests.cli.learning_scene import learn
from tests.vision.drawn_prints import carton, photographed
from tests.vision.printed_codes import ean13_bars, held, label

WIDTH, HEIGHT = 640, 400
SODA_PRINT, TEA_PRINT = 3, 4
NEW = "4006381333931"

# Soda has two likes of its weight, and water has another one.
LIKES = """
[[camera]]
id = "front"
source = "{source}"

[[product]]
sku = "twin"
name = "Twin of soda"
weight_g = 346.5
price = 350

[[product]]
sku = "tea"
name = "Tea"
weight_g = 345.0
price = 300

[[product]]
sku = "cocoa"
name = "Cocoa"
weight_g = 347.0
price = 300
"""
REGION = ("camera", "aim", "--set", "A1=60,60,420,300")


def plate(units: Sequence[tuple[int, int, float]] = ()) -> Image:
    """A shelf before which units stand: each its print, where across it is, turned by degrees."""
    image = np.full((HEIGHT, WIDTH, 3), (168, 176, 182), np.uint8)
    image[:50] = (90, 110, 120)
    image[310:330] = (60, 70, 80)
    cv2.rectangle(image, (520, 100), (600, 300), (120, 90, 60), -1)
    for number, x, turned in units:
        image = held(carton(number, height=200), image, x, 200, turned)
    return image


class NetworkCamera:
    """A camera that gives one noisy JPEG a request of what `show` put before it."""

    def __init__(self) -> None:
        camera = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                jpeg = camera.jpeg()
                self.send_response(200)
                self.send_header("Content-Type", "image/jpeg")
                self.send_header("Content-Length", str(len(jpeg)))
                self.end_headers()
                self.wfile.write(jpeg)

            def log_message(self, format: str, *args: object) -> None:
                """Keep the tests' output clean."""

        self._chance = np.random.default_rng(5)
        self._lock = threading.Lock()
        self._image = plate()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.source = f"http://127.0.0.1:{self._server.server_port}/still.jpg"

    def show(self, image: Image) -> None:
        """From now on it sees this."""
        with self._lock:
            self._image = image

    def jpeg(self) -> bytes:
        """What it sees now."""
        with self._lock:
            noise = self._chance.normal(0.0, 2.0, self._image.shape)
            return encode_jpeg(np.clip(self._image + noise, 0, 255).astype(np.uint8), 90)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def camera() -> Iterator[NetworkCamera]:
    with NetworkCamera() as camera:
        yield camera


@pytest.fixture
def board() -> Iterator[Board]:
    with Board() as board:
        yield board


@pytest.fixture
def shelf(
    tmp_path: Path, board: Board, camera: NetworkCamera, monkeypatch: pytest.MonkeyPatch
) -> Shelf:
    """A shelf whose camera sees plate A1."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGE_AGENT_PICTURES", "none")
    made = make_shelf(tmp_path, board.port, LIKES.format(source=camera.source))
    assert made.run(*REGION).status == 0
    return made


class Person(io.StringIO):
    """Somebody who reads what is said, and does the next thing whenever it says so."""

    def __init__(self, *acts: tuple[str, Callable[[], None]]) -> None:
        super().__init__()
        self._acts = list(acts)

    def write(self, text: str) -> int:
        if self._acts and self._acts[0][0] in text:
            self._acts.pop(0)[1]()
        return super().write(text)


def after_two_seconds(act: Callable[[], None]) -> Callable[[], None]:
    """To do something as slowly as one is told to: the camera is to see the empty plate first."""
    return lambda: threading.Timer(2.5, act).start()


class Hands:
    """Puts cartons on plate A1 before the camera and takes them off again."""

    def __init__(self, board: Board, camera: NetworkCamera) -> None:
        self._board = board
        self._camera = camera
        self._units: list[tuple[int, int, float]] = []

    def put(self, grams: float, number: int, x: int, turned: float = 0.0) -> Callable[[], None]:
        """To put down a carton of this print."""
        return lambda: self._change(grams, [*self._units, (number, x, turned)])

    def take_off(self, grams: float) -> Callable[[], None]:
        """To take off what was put down last."""
        return lambda: self._change(-grams, self._units[:-1])

    def hold(self, image: Image) -> Callable[[], None]:
        """To hold something before the camera."""
        return lambda: self._camera.show(image)

    def _change(self, grams: float, units: list[tuple[int, int, float]]) -> None:
        self._units = units
        self._board.grams[0] += grams
        self._camera.show(plate(units))


@pytest.fixture
def hands(board: Board, camera: NetworkCamera) -> Hands:
    return Hands(board, camera)


@pytest.mark.slow
def test_each_unit_is_seen_and_what_neither_weight_nor_picture_tells_apart_is_said(
    shelf: Shelf, hands: Hands
) -> None:
    gallery = Gallery(shelf.state)
    for seed in (1, 2):
        gallery.add("twin", plate([(SODA_PRINT, 200, 5.0 * seed)])[100:300, 140:260])
        gallery.add("tea", *photographed(carton(TEA_PRINT), seed))
        gallery.add("water", *photographed(carton(SODA_PRINT), seed))
    person = Person(
        ("Camera front takes", hands.put(346.0, SODA_PRINT, 130)),
        ("picture 1 taken", hands.put(120.0, 77, 240)),
        ("not like the others", hands.take_off(120.0)),
        ("taken off again", hands.put(346.5, SODA_PRINT, 260, 8.0)),
        ("picture 2 taken", hands.put(345.5, SODA_PRINT, 390, -8.0)),
    )
    done = learn(shelf, person, SODA)
    assert done.status == 0, done.err
    assert done.json["weight_g"] == pytest.approx(346.0, abs=0.5)
    assert (done.json["units"], done.json["added"], len(done.json["pictures"])) == (3, 3, 3)
    for file in done.json["pictures"]:
        picture, mask = read_cut_out(Path(file))
        assert mask is not None
        assert 85 < picture.shape[1] < 160
        assert 170 < picture.shape[0] < 240
    assert [other["sku"] for other in done.json["looks_alike"]] == ["twin"]
    assert "neither weight nor picture surely tells Soda 330 ml from Twin of soda" in done.err
    assert "By weight and picture together it is told from Tea." in done.err
    assert "Cocoa, which has no pictures yet" in done.err
    assert "Water" not in done.err


@pytest.mark.slow
def test_a_new_product_is_scanned_weighed_and_turned_before_the_agents_camera(
    shelf: Shelf, hands: Hands
) -> None:
    code = held(label(ean13_bars(NEW), 2.0, 80), plate(), 300, 200)
    person = Person(
        ("Hold the product's barcode", hands.hold(code)),
        (f"{NEW} is a new product", hands.hold(plate())),
        ("Camera front takes", hands.put(500.0, 9, 260)),
        ("picture 1 taken", hands.take_off(500.0)),
        ("taken off: turn it", after_two_seconds(hands.put(500.3, 9, 260, 15.0))),
    )
    words = ("--name", "Cake", "--price", "900", "--plate", "A1", "--units", "1", "--wait", "10")
    with running_agent(shelf):
        wait_until(lambda: shelf.run("camera", "snapshot").status == 0, "the agent sees")
        done = learn(shelf, person, *words)
        assert done.status == 0, done.err
        assert done.json["in_use"] is True, done.err
    assert (done.json["sku"], done.json["units"], done.json["added"]) == (NEW, 1, 2)
    assert done.json["weight_g"] == pytest.approx(500.0, abs=0.5)
    assert "a unit again" in done.err
    assert "its weight tells it from all" in done.err
    product = load_settings(shelf.config).product[-1]
    assert (product.sku, product.name, product.price) == (NEW, "Cake", 900)
    assert len(Gallery(shelf.state).descriptions(NEW)) == 2


@pytest.mark.slow
def test_without_pictures_it_only_weighs(shelf: Shelf, hands: Hands) -> None:
    person = Person(("Put one unit", hands.put(346.0, SODA_PRINT, 200)))
    done = learn(shelf, person, SODA, "--units", "1", "--no-pictures")
    assert done.status == 0, done.err
    assert "pictures" not in done.json
    assert "picture" not in done.err
    assert "weight alone cannot tell it from Tea" in done.err
    assert Gallery(shelf.state).skus() == []


@pytest.mark.slow
def test_a_camera_that_cannot_be_had_is_told_and_units_are_weighed_all_the_same(
    tmp_path: Path, board: Board
) -> None:
    made = make_shelf(tmp_path, board.port, LIKES.format(source=tmp_path / "nowhere"))
    made.config.write_text(
        made.config.read_text().replace("channel = 0", "channel = 0\nregion = [60, 60, 420, 300]")
    )
    person = Person(("Put one unit", lambda: board.grams.__setitem__(0, 346.0)))
    done = learn(made, person, SODA, "--units", "1")
    assert done.status == 0, done.err
    assert "warning: no pictures from camera front: No camera at" in done.err
    assert done.json["weight_g"] == pytest.approx(346.0, abs=1.0)
    assert "pictures" not in done.json


def test_without_a_sku_and_a_camera_it_is_asked_which_product(tmp_path: Path) -> None:
    done = make_shelf(tmp_path).run("products", "learn", "--yes")
    assert done.status == 2
    assert "Which product?" in done.error


def test_where_no_barcode_comes_nothing_is_learned(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    assert cv2.imwrite(str(pictures / "1.png"), plate())
    made = make_shelf(tmp_path, extra=LIKES.format(source=pictures))
    before = made.config.read_text()
    done = made.run("products", "learn", "--yes", "--wait", "1")
    assert done.status == 1
    assert "No barcode was read within 1 s" in done.err
    assert made.config.read_text() == before


def moved(delta_g: float) -> Moved:
    return Moved(delta_g, 0.2, 0.0, 0.5)


def test_a_unit_that_is_turned_again_and_again_counts_once() -> None:
    units = Units(may_turn=True)
    units.put(moved(346.0))
    for grams in (346.3, 345.8):
        assert "turn it" in units.take_off(moved(-346.0))
        assert "a unit again" in units.put(moved(grams))
    assert units.alike_g() == [346.0]


def test_a_unit_that_stays_in_the_hand_counts_but_one_put_there_by_mistake_does_not() -> None:
    units = Units(may_turn=True)
    units.put(moved(346.0))
    units.take_off(moved(-346.0))
    assert units.alike_g() == [346.0]
    units.put(moved(520.0))
    assert units.weights_g == [520.0]


def test_without_a_camera_what_is_taken_off_again_does_not_count() -> None:
    units = Units()
    units.put(moved(346.0))
    assert "does not count" in units.take_off(moved(-346.0))
    assert units.weights_g == []


@pytest.mark.slow
def test_a_unit_put_back_at_once_gives_no_second_picture(
    shelf: Shelf, board: Board, camera: NetworkCamera, hands: Hands
) -> None:
    def turn_at_once() -> None:
        # The scale feels that it left and came; the camera sees it turned, and never the plate.
        board.grams[0] -= 346.0
        camera.show(plate([(SODA_PRINT, 260, 30.0)]))

    person = Person(
        ("Camera front takes", hands.put(346.0, SODA_PRINT, 260)),
        ("picture 1 taken", turn_at_once),
        ("taken off: turn it", lambda: board.grams.__setitem__(0, 346.0)),
    )
    done = learn(shelf, person, SODA, "--units", "1", "--wait", "2")
    assert done.status == 0, done.err
    assert "no picture" in done.err
    assert done.json["added"] == 1
