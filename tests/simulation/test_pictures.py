"""`simulate --pictures`: what the camera sees is what the scale weighs, the same every time."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_agent.errors import UsageError
from edge_agent.settings import Settings
from edge_agent.simulation.live import LiveShelf
from edge_agent.simulation.pictures.layout import floors, with_pictures
from edge_agent.simulation.pictures.plan import PicturePlan
from edge_agent.simulation.pictures.scene_state import SceneState, Showing
from edge_agent.simulation.pictures.shelf_view import ShelfView
from edge_agent.simulation.pictures.stage import Stage
from edge_agent.simulation.profiles import PROFILES, Profile
from edge_agent.simulation.recording import simulate
from edge_agent.simulation.shop import demo_settings
from edge_agent.simulation.variation import Variation
from edge_agent.vision.frames import recorded_frames
from edge_agent.vision.seen import Region

SIZE = (320, 180)
SEEN = Variation(pictures=PicturePlan(size=SIZE))
HOURS = 0.05
CALM = Profile.only()
START_AT = 1772413200.0


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seen") / "made"
    simulate(7, HOURS, folder, variation=SEEN, rate_hz=20.0, visits_per_hour=150.0)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def settings_of(folder: Path) -> Settings:
    return Settings.model_validate(tomllib.loads((folder / "shelf.toml").read_text()))


def cut(image: np.ndarray[Any, Any], region: Region) -> np.ndarray[Any, Any]:
    x, y, w, h = region
    return image[y : y + h, x : x + w].astype(np.float32)


def test_the_same_seed_gives_the_same_pictures(recording: Path, tmp_path: Path) -> None:
    simulate(7, HOURS, tmp_path / "again", variation=SEEN, rate_hz=20.0, visits_per_hour=150.0)
    assert contents(tmp_path / "again") == contents(recording)


def test_pictures_leave_weights_messages_and_truth_as_they_are(
    recording: Path, tmp_path: Path
) -> None:
    simulate(7, HOURS, tmp_path / "blind", rate_hz=20.0, visits_per_hour=150.0)
    seen, blind = contents(recording), contents(tmp_path / "blind")
    for name in ("weights.csv", "messages.jsonl", "truth.jsonl"):
        assert seen[name] == blind[name]


def test_pictures_are_five_a_second_around_hands_and_one_in_two_seconds_else(
    recording: Path,
) -> None:
    times = [frame.at for frame in recorded_frames(recording / "frames" / "front", "front")]
    changes = [line["time"] for line in lines(recording / "truth.jsonl")]
    gaps = np.diff(times)
    assert times[0] == START_AT
    assert times[-1] > START_AT + 3600 * HOURS - 2.1
    assert gaps.max() <= 2.0 + 1e-3
    for at in changes:
        near = [gap for gap, from_at in zip(gaps, times, strict=False) if abs(from_at - at) < 2.0]
        assert max(near) <= 0.2 + 1e-3


def test_the_settings_name_the_camera_and_regions_apart_in_its_picture(recording: Path) -> None:
    settings = settings_of(recording)
    assert [camera.id for camera in settings.camera] == ["front"]
    covered = np.zeros((SIZE[1], SIZE[0]), int)
    for plate in settings.plate:
        assert plate.region is not None
        x, y, w, h = plate.region
        assert x >= 0 and y >= 0 and x + w <= SIZE[0] and y + h <= SIZE[1]
        covered[y : y + h, x : x + w] += 1
    assert covered.max() == 1


def test_what_is_drawn_weighs_what_the_scale_reads() -> None:
    settings = with_pictures(demo_settings(), SIZE, "front")
    shelf = LiveShelf(5, START_AT, "calm", 20.0, 200.0, settings=settings, end_at=START_AT + 900)
    stage = Stage(settings, 5, SIZE)
    weight_g = {product.sku: product.weight_g or 0.0 for product in settings.product}
    moved = 0
    for _ in range(18):
        _, grams = shelf.next_grams(50.0)
        now = shelf.now
        stage.add(shelf.visits_due(now))
        if stage.state_at(now).reaches or stage.state_at(now - 3.0).reaches:
            continue
        counts = stage.state_at(now).counts()
        moved = max(moved, sum(counts.values()))
        for column, plate in enumerate(shelf.plates):
            drawn_g = sum(n * weight_g[sku] for (on, sku), n in counts.items() if on == plate)
            read_g = float(np.nanmedian(grams[-20:, column]))
            assert read_g == pytest.approx(drawn_g, abs=6.0 + 0.02 * drawn_g)
    assert moved > 100


def test_what_is_taken_vanishes_from_its_plate_and_no_other() -> None:
    settings = with_pictures(demo_settings(), SIZE, "front")
    shelf = LiveShelf(3, START_AT, "calm", 20.0, 200.0, settings=settings, end_at=START_AT + 600)
    visits = shelf.visits_due(START_AT + 600.0)
    stage = Stage(settings, 3, SIZE)
    stage.add(visits)
    view = ShelfView(settings, 3, SIZE, CALM)
    taking = next(
        v.actions[0] for v in visits if len(v.actions) == 1 and v.actions[0].quantity == -1
    )
    before = stage.state_at(taking.at - taking.hand_s - 2.0)
    after = stage.state_at(taking.at + 2.0)
    images = [view.frame(at, SceneState(at, s.standing)) for at, s in ((1.0, before), (2.0, after))]
    for plate, floor in floors(settings, SIZE).items():
        pair = [cut(image, floor.region) for image in images]
        differs = float(np.abs(pair[0] - pair[1]).max())
        assert differs > 30.0 if plate == taking.plate else differs == 0.0


def test_the_hand_is_in_the_picture_while_the_weight_moves_and_then_gone() -> None:
    settings = with_pictures(demo_settings(), SIZE, "front")
    shelf = LiveShelf(3, START_AT, "calm", 20.0, 200.0, settings=settings, end_at=START_AT + 600)
    visits = shelf.visits_due(START_AT + 600.0)
    stage = Stage(settings, 3, SIZE)
    stage.add(visits)
    for action in (action for visit in visits for action in visit.actions):
        during = stage.state_at(action.at - 0.5 * action.hand_s)
        assert any(reach.plate == action.plate for reach in during.reaches)
    last = max(action.at for visit in visits for action in visit.actions)
    assert not stage.state_at(last + 5.0).reaches


def test_a_barcode_held_before_the_camera_is_read() -> None:
    zxing = pytest.importorskip("zxingcpp", reason="zxing-cpp is not installed")
    settings = demo_settings()
    view = ShelfView(settings, 1, (1280, 720), CALM)
    for number, product in enumerate(settings.product[:4]):
        showing = Showing(number, product.sku, 10.0, 13.0)
        read: set[str] = set()
        for at in (11.0, 11.4, 11.8):
            image = view.frame(at, SceneState(at, shown=(showing,)))
            read |= {code.text for code in zxing.read_barcodes(image)}
        assert product.sku in read


def test_flavours_weigh_the_same_and_look_alike_but_for_colour_and_a_word() -> None:
    settings = Variation(flavours=True).settings(1, "default")
    plate = next(plate for plate in settings.plate if plate.id == "A1")
    own = [product for product in settings.product if product.sku in plate.products]
    assert len(own) == 3
    assert len({(p.weight_g, p.weight_sd_g, p.price) for p in own}) == 1
    stage = Stage(settings, 1, SIZE)
    view = ShelfView(settings, 1, SIZE, CALM)
    unit = next(u for u in stage.state_at(0.0).standing if u.looks == own[0].sku)
    other = replace(unit, looks=own[1].sku, number=unit.number)
    first, second = (
        view.frame(1.0, SceneState(1.0, (replace(seen, number=number),)))
        for number, seen in ((901, unit), (902, other))
    )
    region = floors(settings, SIZE)["A1"].region
    grey = [
        cv2.cvtColor(cut(i, region).astype(np.uint8), cv2.COLOR_BGR2HSV) for i in (first, second)
    ]
    assert np.abs(grey[0][..., 0].astype(int) - grey[1][..., 0]).max() > 20


def test_a_swap_shows_though_the_plate_hardly_notices() -> None:
    variation = replace(SEEN, swaps=1.0)
    shelf = LiveShelf(4, START_AT, "calm", 20.0, 200.0, variation=variation, end_at=START_AT + 900)
    visits = shelf.visits_due(START_AT + 900.0)
    losses = [loss for visit in visits for loss in visit.losses]
    swaps = [a for visit in visits for a in visit.actions if a.manner == "swap"]
    assert {loss.kind for loss in losses} == {"swapped"}
    assert swaps
    stage = Stage(shelf.settings, 4, SIZE)
    stage.add(visits)
    for swap in swaps:
        before, after = (stage.state_at(swap.at + d).counts() for d in (-swap.hand_s - 2.0, 1.5))
        on = {key: n for key, n in before.items() if key[0] == swap.plate}
        now = {key: n for key, n in after.items() if key[0] == swap.plate}
        assert sum(on.values()) == sum(now.values())
        assert now[swap.plate, str(swap.sku)] == on[swap.plate, str(swap.sku)] - 1


def test_a_plate_without_a_scale_is_seen_but_not_weighed(tmp_path: Path) -> None:
    variation = replace(SEEN, unweighed=("B2",))
    simulate(2, 0.02, tmp_path, variation=variation, rate_hz=10.0, visits_per_hour=300.0)
    plate = next(p for p in settings_of(tmp_path).plate if p.id == "B2")
    assert not plate.is_weighed and plate.region is not None
    header = (tmp_path / "weights.csv").read_text().splitlines()[0]
    assert "B2" not in header.split(",") and "B1" in header.split(",")


def test_a_frozen_camera_repeats_its_picture_and_a_covered_one_shows_nothing() -> None:
    settings = demo_settings()
    state = Stage(settings, 1, SIZE).state_at(0.0)
    seen = ShelfView(settings, 1, SIZE, CALM).frame(5.0, replace(state, at=5.0))
    covers = ShelfView(settings, 1, SIZE, Profile.only(covers=40.0))
    stills = ShelfView(settings, 1, SIZE, Profile.only(stills=40.0))
    hour = [5.0 + step for step in range(3600)]
    covered_at = next(at for at in hour if covers.frame(at, replace(state, at=at)).std() < 15.0)
    assert seen.std() > 30.0
    shown = {stills.shown_at(at) for at in hour}
    assert len(shown) < len(hour) - 100
    assert any(
        line["kind"] == "covered" and line["time"] <= covered_at <= line["ended"]
        for line in covers.faults_until(covered_at)
    )


def test_only_a_faulty_shelf_has_a_faulty_camera() -> None:
    assert PROFILES["default"].bumps == PROFILES["default"].stills == 0.0
    assert PROFILES["faulty"].covers > 0.0


def test_pictures_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match="10x10"):
        PicturePlan(size=(10, 10))
    with pytest.raises(UsageError, match="--pictures"):
        Variation(unweighed=("A1",))
    with pytest.raises(UsageError, match="no plate"):
        replace(SEEN, unweighed=("Z9",)).settings(1, "default")
    with pytest.raises(UsageError, match="other shop"):
        Variation(flavours=True, plates=3).settings(1, "default")
