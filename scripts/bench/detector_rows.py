"""What the detector must show of issue 5: its whole path beside the bare runtime, its memory.

And how often it says which product left a drawn plate, on drawings with seeds that neither training
nor the demo model's own figures saw.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edge_agent.detector.detector import Detector
from edge_agent.detector.letterbox import letterbox
from edge_agent.detector.recogniser import DetectorRecogniser
from edge_agent.simulation.flavours import with_flavours
from edge_agent.simulation.shop import demo_settings
from edge_agent.training.drawn import DrawnShelf
from edge_agent.vision.frames import Image
from scripts.bench.row import Row

MODEL = Path(__file__).resolve().parents[2] / "models" / "demo-shelf"
FIRST_SEED = 50_000

_LOADED = """
import sys
from pathlib import Path
import numpy as np
import edge_agent.agent
from edge_agent.detector.detector import Detector
detector = Detector.load(Path(sys.argv[1]), sys.argv[2])
frame = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)
for _ in range(10):
    detector.detect(frame)
status = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in status if line.startswith("VmRSS")))
"""


def rows(quick: bool = False) -> list[Row]:
    """Measure everything; `quick` takes fewer pictures."""
    runs, frames = (40, 2) if quick else (200, 8)
    return [*path_rows(runs), *memory_rows(), *taken_rows(frames)]


def path_rows(runs: int) -> Iterator[Row]:
    """From picture to boxes, against the model alone on the same numbers, each after the other."""
    detector = Detector.load(MODEL)
    size = detector.manifest.input_px
    rng = np.random.default_rng(1)
    plates = [next(DrawnShelf(demo_settings(), FIRST_SEED + n).cuts(1)).image for n in range(3)]
    frame = rng.integers(0, 255, (720, 1280, 3), np.uint8)
    for what, pictures in (("a plate's cut", plates), ("a 720p frame", [frame])):
        whole, bare = _in_turn(detector, pictures, size, runs)
        yield Row(
            f"detector at {size} px, {what}: whole path / bare runtime",
            "1.15",
            round(whole / bare, 3),
            "x",
            f"{detector.runtime.name}: {1000 * whole:.1f} ms against {1000 * bare:.1f} ms",
        )


def _in_turn(
    detector: Detector, pictures: list[Image], size: int, runs: int
) -> tuple[float, float]:
    """Seconds of the whole path and of the runtime alone: the fastest of many, for both alike.

    Other programs only ever make a run slower.
    """
    whole, bare = [], []
    for run in range(runs):
        picture = pictures[run % len(pictures)]
        blob, _ = letterbox(picture, size)
        begin = time.perf_counter()
        detector.runtime.infer(blob)
        middle = time.perf_counter()
        detector.detect(picture)
        whole.append(time.perf_counter() - middle)
        bare.append(middle - begin)
    tenth = max(1, runs // 10)
    return float(np.sort(whole)[:tenth].mean()), float(np.sort(bare)[:tenth].mean())


def memory_rows() -> Iterator[Row]:
    """Resident memory of a process with the agent's modules and the detector at work."""
    for runtime in ("onnx", "ncnn"):
        done = subprocess.run(
            [sys.executable, "-c", _LOADED, str(MODEL), runtime],
            capture_output=True,
            text=True,
            check=True,
        )
        megabytes = int(done.stdout.split()[-1]) / 1024
        yield Row(f"memory with the detector loaded, {runtime}", "250", round(megabytes), "MB")


def taken_rows(frames: int) -> Iterator[Row]:
    """A unit is taken from a drawn plate: which product was it?"""
    recogniser = DetectorRecogniser(Detector.load(MODEL))
    for name, settings in (
        ("", demo_settings()),
        (" of one weight", with_flavours(demo_settings())),
    ):
        right = answered = sure = asked = 0
        for plate, sku, change in DrawnShelf(settings, FIRST_SEED).takings(frames):
            said = recogniser.recognise_change(change, plate)
            asked += 1
            right += bool(said.ranking) and said.ranking[0][0] == sku
            answered += said.answer is not None
            sure += said.answer == sku
        yield Row(
            f"detector, which goods{name} left a drawn plate",
            "0.98",
            round(right / max(1, asked), 3),
            "right",
            f"{asked} takings among the plate's products; sure of {answered}, {sure} of them right",
        )
