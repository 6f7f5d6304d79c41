"""What the cameras must show of issue 5: bottles, changes under other light, times, calm days.

Tuned on seeds below 1,000 and photographs of `train`; measured here on seeds from 5,000 and of
`test`. The clip of bottles was looked at while the watcher was written; the other rows were not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge_agent.vision.frames import Frame, recorded_frames
from edge_agent.vision.seen import Region, RegionChange
from edge_agent.vision.watching.region_watch import RegionWatch
from scripts.bench import region_scenes as scenes
from scripts.bench.region_days import Day, Passer, Reach, frames, stocked
from scripts.bench.region_pairs import FIRST_SEED, light_rows, pair_time
from scripts.bench.row import Row, slowness

BOTTLES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "bottles" / "recording"
TOLERANCE_S = 1.0


def rows(quick: bool = False) -> list[Row]:
    """Measure everything; `quick` takes a tenth of the pictures."""
    pairs, calm = (6, 250) if quick else (40, 2000)
    measured = [*bottle_rows()] if BOTTLES.is_dir() else []
    measured += light_rows(pairs)
    measured.append(pair_time())
    measured.append(idle_time(60 if quick else 300))
    measured.append(calm_row(calm))
    measured.append(reaches_row(2 if quick else 8))
    return measured


def bottle_rows() -> Iterator[Row]:
    """Removals and returns of the clip by camera alone: found, and told besides."""
    regions = {
        "left": (40, 40, 130, 290),
        "middle": (260, 40, 120, 290),
        "right": (480, 40, 120, 290),
    }
    told = told_of(recorded_frames(BOTTLES / "frames" / "front", "front"), regions)
    truth = [json.loads(line) for line in (BOTTLES / "truth.jsonl").read_text().splitlines()]
    found, besides = matched(
        told, [(t["plate"], t["time"], t["items"][0]["quantity"] < 0) for t in truth]
    )
    yield Row("bottles: found of 8, within 1 s", "8", found, "")
    yield Row("bottles: told besides", "0", besides, "")


def told_of(seen: Iterator[Frame], regions: dict[str, Region]) -> list[RegionChange]:
    """Feed frames and gather what is told."""
    watch = RegionWatch("front", regions)
    return [change for frame in seen for change in watch.feed(frame)]


def matched(told: list[RegionChange], truth: list[tuple[str, float, bool]]) -> tuple[int, int]:
    """Count true changes (plate, time, left) that were told with their direction, and the rest."""
    left_over = list(told)
    found = 0
    for plate, at, left in truth:
        for change in left_over:
            near = abs(change.settled_at - at) <= TOLERANCE_S
            if change.plate == plate and near and (change.left > 0.5) == left:
                left_over.remove(change)
                found += 1
                break
    return found, len(left_over)


def idle_time(pictures: int) -> Row:
    """Take the time of a frame at 5 frames/s while nothing moves, checks included."""
    rng = np.random.default_rng(FIRST_SEED + 1)
    shelf, stock = stocked(rng)
    watch = RegionWatch("front", scenes.REGIONS)
    seen = list(frames(Day(FIRST_SEED, pictures / 5), shelf, stock))
    threads, taken = cv2.getNumThreads(), 0.0
    cv2.setNumThreads(1)
    for n, frame in enumerate(seen):
        began = time.process_time()
        watch.feed(frame)
        taken += time.process_time() - began if n >= 20 else 0.0
    cv2.setNumThreads(threads)
    return Row(
        "feed of a still view, a frame", "10", 1e3 * taken / (len(seen) - 20), "ms", slowness()
    )


def calm_row(pictures: int) -> Row:
    """Count what is told while people pass and stand, light wanders and lamps flicker."""
    rng = np.random.default_rng(FIRST_SEED + 2)
    shelf, stock = stocked(rng)
    seconds = pictures / 5
    passers, at = [], 8.0
    while at < seconds - 20:
        stands_s = float(rng.choice([0, 0, 5, 40]))
        walks_s = float(rng.uniform(1.5, 6))
        tall = float(rng.uniform(0.4, 0.95))
        passers.append(Passer(at, walks_s, stands_s, int(rng.integers(20, 230)), tall))
        at += walks_s + stands_s + float(rng.uniform(2, 20))
    day = Day(FIRST_SEED + 3, seconds, (), passers)
    told = told_of(frames(day, shelf, stock), scenes.REGIONS)
    note = f"{pictures} frames, {len(passers)} people"
    return Row("told of a view where nothing is taken", "0", len(told), "", note)


def reaches_row(days: int) -> Row:
    """Tell which share of drawn removals and returns is found within 1 s, told besides as less."""
    found = besides = number = 0
    for n in range(days):
        rng = np.random.default_rng(FIRST_SEED + 10 + n)
        shelf, stock = stocked(rng)
        reaches, at = [], 4.0
        for plate in rng.permutation(list(scenes.REGIONS))[:10]:
            goods = None if plate in stock else scenes.drawn_goods(rng)
            reaches.append(Reach(at, str(plate), goods, scenes.random_spot(rng)))
            at += float(rng.uniform(2.2, 6))
        day = Day(FIRST_SEED + 10 + n, at + 6, reaches)
        told = told_of(frames(day, shelf, stock), scenes.REGIONS)
        got, extra = matched(told, [(r.plate, r.moved_at, r.goods is None) for r in reaches])
        found, besides, number = found + got, besides + extra, number + len(reaches)
    return Row(
        "drawn removals and returns, direction right", "", found / number, "", f"{besides} besides"
    )


if __name__ == "__main__":
    for row in rows():
        print(f"{row.name:55} {row.value:8.3f} {row.unit:3} goal {row.goal:5} {row.note}")
