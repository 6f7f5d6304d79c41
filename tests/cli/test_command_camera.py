"""`camera snapshot` and `camera aim`: files, settings, live plates and real terminals."""

from __future__ import annotations

import base64
import re
import signal
from collections.abc import Collection
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.cli.inline_pictures import inline, protocol_of
from edge_agent.errors import UsageError
from edge_agent.settings_file import load_settings
from edge_agent.vision.aiming import lifted_box, proposed_regions
from edge_agent.vision.frames import Image
from tests.cli.case_scene import make_case
from tests.cli.command_scene import Board, Shelf, Terminal, make_shelf
from tests.shelf.scene import take
from tests.vision.drawn_people import HEIGHT, PLATES, WIDTH, good_box, person, seen, shelf

CAMERA = """
[[camera]]
id = "front"  # above the door
source = "{source}"
"""


class Camera:
    """A camera whose picture is a file in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def show(self, image: Image) -> None:
        """From now on it sees this."""
        part = self.folder / "1.part"
        done, png = cv2.imencode(".png", image)
        assert done
        part.write_bytes(png.tobytes())
        part.replace(self.folder / "1.png")


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    made = Camera(tmp_path / "pictures")
    made.show(seen(shelf()))
    return made


@pytest.fixture
def aimed(tmp_path: Path, camera: Camera, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A shelf with that camera; commands run in its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGE_AGENT_PICTURES", "none")
    return make_shelf(tmp_path, extra=CAMERA.format(source=camera.folder))


def region(shelf_: Shelf, plate: str) -> tuple[int, ...] | None:
    settings = load_settings(shelf_.config)
    return next(p.region for p in settings.plate if p.id == plate)


def test_a_region_is_written_and_drawn_and_comments_stay(aimed: Shelf, tmp_path: Path) -> None:
    done = aimed.run("camera", "aim", "--set", "A1=80,100,150,120")
    assert done.status == 0, done.err
    assert "A1: 80,100,150,120 (new)" in done.out
    assert "A2 has no region" in done.err
    assert region(aimed, "A1") == (80, 100, 150, 120)
    assert "# what the technician wrote" in aimed.config.read_text()
    assert "# above the door" in aimed.config.read_text()
    drawn = cv2.imread(str(tmp_path / "aim-front.jpg"))
    assert drawn is not None
    edge = drawn[105:215, 78:83].astype(int)
    assert ((edge[:, :, 2] - edge[:, :, 0]) > 60).any(axis=1).mean() > 0.9


def test_aim_tells_programs_where_the_plates_are(aimed: Shelf, tmp_path: Path) -> None:
    aimed.run("camera", "aim", "--set", "A2=250,100,150,120")
    out = tmp_path / "look.jpg"
    told = aimed.run("camera", "aim", "--json", "--out", str(out)).json
    assert told["regions"] == {"A1": None, "A2": [250, 100, 150, 120]}
    assert (told["width"], told["height"]) == (WIDTH, HEIGHT)
    assert told["file"] == str(out)
    assert out.exists()


def test_aim_draws_on_a_picture_of_a_recording_too(aimed: Shelf, camera: Camera) -> None:
    picture = camera.folder / "1.png"
    done = aimed.run(
        "camera", "aim", "--picture", str(picture), "--set", "A1=80,100,150,120", "--json"
    )
    assert done.json["regions"]["A1"] == [80, 100, 150, 120]
    assert Path(done.json["file"]).name == "aim.jpg"


def test_two_regions_over_each_other_and_one_at_the_edge_are_remarked_on(aimed: Shelf) -> None:
    words = ("--set", "A1=0,100,150,120", "--set", "A2=100,100,150,120")
    done = aimed.run("camera", "aim", *words)
    assert done.status == 0
    assert "The regions of A1 and A2 overlap" in done.err
    assert "A1: its region touches the picture's edge" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "A1=1,2,3"], "is no region"),
        (["--set", "B7=1,2,300,300"], "Use one of: A1, A2"),
        (["--set", "A1=500,100,200,100"], "goes beyond the picture, which has 640 x 360"),
        (["--set", "A1=50,100,20,100"], "20 x 100 pixels"),
        (["--propose", "--set", "A1=1,2,30,30"], "leave out --set"),
        (["--picture", "nowhere.jpg"], "Cannot read nowhere.jpg"),
        (["--camera", "back"], "No camera 'back'"),
    ],
)
def test_what_cannot_be_aimed_is_said_and_nothing_written(
    aimed: Shelf, words: list[str], said: str
) -> None:
    before = aimed.config.read_text()
    done = aimed.run("camera", "aim", *words)
    assert done.status == 2
    assert said in done.error
    assert aimed.config.read_text() == before


def test_a_region_is_proposed_from_an_item_that_was_lifted_and_put_back(
    tmp_path: Path, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGE_AGENT_PICTURES", "none")
    with Board() as board:
        made = make_shelf(tmp_path, board.port, CAMERA.format(source=camera.folder))
        board.grams = [1000.0, 1500.0]
        with Terminal(made, "camera", "aim", "--propose") as terminal:
            terminal.wait_for("Lift one item of each plate (A1, A2)")
            camera.show(seen(person(shelf(), 310), 1))
            board.grams[0] -= 346.0
            camera.show(seen(shelf({("A1", 1)}), 2))
            terminal.wait_for("A1: 346 g lifted")
            board.grams[0] += 346.0
            camera.show(seen(shelf(), 3))
            terminal.wait_for("A1: seen. Still to do: A2")
            terminal.process.send_signal(signal.SIGINT)
            terminal.wait_for("Write the regions of A1")
            terminal.press_enter()
            assert terminal.process.wait(20) == 0
    found = region(made, "A1")
    assert found is not None
    assert overlap(found, PLATES["A1"]) > 0.5
    assert region(made, "A2") is None
    assert "# by hand" in made.config.read_text()


def overlap(first: tuple[int, ...], second: tuple[int, ...]) -> float:
    """Intersection over union of two regions."""
    across = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    down = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    shared = max(0, across) * max(0, down)
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)


def at_rest(gone: Collection[tuple[str, int]] = (), number: int = 0) -> Image:
    return seen(shelf(gone), number)


def test_who_walks_by_meanwhile_is_not_taken_for_the_item() -> None:
    without = seen(person(shelf({("A1", 0)}), 500), 1)
    found = lifted_box(at_rest(), without, seen(person(shelf(), 560), 2))
    assert found is not None
    assert np.abs(np.array(found) - good_box("A1", 0)).max() < 24


def test_where_nothing_was_lifted_no_box_is_found() -> None:
    assert lifted_box(at_rest(), at_rest(number=1), at_rest(number=2)) is None


def test_a_proposed_region_ends_in_the_middle_to_its_neighbour() -> None:
    found = proposed_regions(
        {"A1": [(100, 100, 140, 200), (150, 100, 190, 200)], "A2": [(210, 100, 250, 200)]}, 640, 360
    )
    x, _, w, _ = found["A1"]
    assert x + w == found["A2"][0] == 200
    assert x < 100
    assert found["A2"][1] < 100


PICTURE = shelf()[60:260, 60:360]


def pictures_of(shown: str, protocol: str) -> list[Image]:
    """What a terminal would show."""
    if protocol == "kitty":
        parts = re.findall(r"\x1b_G(?:a=T,f=100,)?m=([01]);([^\x1b]*)\x1b\\", shown)
        packed = "".join(part for _, part in parts)
        assert [more for more, _ in parts].count("0") == 1
    elif protocol == "iterm":
        (packed,) = re.findall(r"\x1b\]1337;File=inline=1;[^:]*:([^\a]*)\a", shown)
    else:
        return [read_sixel(body) for body in re.findall(r"\x1bPq([^\x1b]*)\x1b\\", shown)]
    image = cv2.imdecode(np.frombuffer(base64.b64decode(packed), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return [np.asarray(image, np.uint8)]


def read_sixel(body: str) -> Image:
    """A small sixel terminal."""
    raster = re.match(r'"1;1;(\d+);(\d+)', body)
    assert raster
    width, height = int(raster[1]), int(raster[2])
    image = np.zeros((height + 6, width, 3), np.uint8)
    colours: dict[int, list[int]] = {}
    colour, x, y = 0, 0, 0
    for token in re.findall(r"#[\d;]+|!\d+.|[$\-]|[?-~]", body[raster.end() :]):
        if token[0] == "#":
            numbers = [int(n) for n in token[1:].split(";")]
            colour = numbers[0]
            if len(numbers) == 5:
                colours[colour] = [round(n * 255 / 100) for n in reversed(numbers[2:])]
        elif token == "$":
            x = 0
        elif token == "-":
            x, y = 0, y + 6
        else:
            times = int(token[1:-1]) if token[0] == "!" else 1
            bits = ord(token[-1]) - 63
            for row in range(6):
                if bits >> row & 1:
                    image[y + row, x : x + times] = colours[colour]
            x += times
    return image[:height]


@pytest.mark.parametrize(("protocol", "off"), [("kitty", 0), ("iterm", 0), ("sixel", 27)])
def test_a_terminal_shows_the_picture_that_was_meant(protocol: str, off: int) -> None:
    told = protocol_of({"EDGE_AGENT_PICTURES": protocol})
    assert told is not None
    (shown,) = pictures_of(inline(PICTURE, told), protocol)
    assert shown.shape == PICTURE.shape
    assert np.abs(shown.astype(int) - PICTURE).max() <= off


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "iterm"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/1", "KITTY_WINDOW_ID": "1"}, None),
        ({"TERM": "xterm-kitty", "EDGE_AGENT_PICTURES": "none"}, None),
        ({}, None),
    ],
)
def test_terminals_are_known_by_their_variables(
    variables: dict[str, str], told: str | None
) -> None:
    assert protocol_of(variables) == told


def test_another_word_for_the_terminal_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="kitty, iterm, sixel, none"):
        protocol_of({"EDGE_AGENT_PICTURES": "yes"})


def test_a_snapshot_is_shown_in_a_terminal_that_can_and_no_file_is_written(
    aimed: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_AGENT_PICTURES", "iterm")
    with Terminal(aimed, "camera", "snapshot") as terminal:
        terminal.wait_for("\x1b]1337;File=inline=1")
        terminal.wait_for("\a")
        assert terminal.process.wait(10) == 0
    assert not (tmp_path / "snapshot-front.jpg").exists()


def test_a_cases_pictures_are_shown_in_a_terminal_that_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_AGENT_PICTURES", "kitty")
    made = make_shelf(tmp_path)
    (case_id,) = make_case(made.state, take(0, "A1", "cola"), until=1000)
    with Terminal(made, "losses", "show", case_id) as terminal:
        terminal.wait_for("before-front.jpg")
        terminal.wait_for("\x1b_Ga=T,f=100,")
        _, *told = terminal.read_to_end().split("Picture: ")
        assert terminal.process.wait(10) == 0
    assert len(told) > 1
    for picture in told:
        kept = cv2.imread(picture.split()[0])
        assert kept is not None
        (shown,) = pictures_of(picture, "kitty")
        smaller = cv2.resize(kept, shown.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(shown.astype(int) - smaller).mean() < 1
