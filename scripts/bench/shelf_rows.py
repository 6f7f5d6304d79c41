"""The simulated shelf with a camera: goods of one weight told apart, and swaps, end to end."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edge_agent.recordings import Recording
from edge_agent.replaying import replay
from edge_agent.score import Score, total
from edge_agent.scoring import score
from edge_agent.simulation.pictures.plan import PicturePlan
from edge_agent.simulation.recording import simulate
from edge_agent.simulation.variation import Variation
from scripts.bench.row import Row

# Never looked at while the recogniser, the watch or the drawings were made.
FIRST_SEED = 9305
HOURS, VISITS_PER_HOUR = 0.25, 60.0
SECONDS = 15


def rows(quick: bool = False) -> list[Row]:
    """Measure everything; `quick` takes one short recording of each kind."""
    seeds = range(FIRST_SEED, FIRST_SEED + (1 if quick else 4))
    return [*flavour_rows(seeds, HOURS / (3 if quick else 1)), *run_rows()]


def flavour_rows(seeds: range, hours: float) -> Iterator[Row]:
    """Flavours of one weight on seven of twelve plates, with the camera and without it."""
    seen = total(_played(seed, hours, with_pictures=True) for seed in seeds)
    weighed = total(_played(seed, hours, with_pictures=False) for seed in seeds)
    for name, told in (("", seen), ("by weight alone: ", weighed)):
        changes, accepted = told.changes, told.identities.accepted
        note = f"{changes.found} of {changes.found + changes.missed} changes"
        share = round(100 * (changes.recall or 0.0), 1)
        yield Row(f"{name}flavours of one weight: item right", "98", share, "%", note)
        right = round(100 * accepted.right / max(1, accepted.of), 1)
        note = f"{accepted.right} of {accepted.of}; the others abstain"
        yield Row(f"{name}… of those that are told", "98", right, "%", note)


def _played(seed: int, hours: float, *, with_pictures: bool) -> Score:
    plan = PicturePlan(size=(1280, 720)) if with_pictures else None
    variation = Variation(flavours=True, pictures=plan)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        simulate(seed, hours, out, visits_per_hour=VISITS_PER_HOUR, variation=variation)
        recording = Recording(out)
        return score(recording.truth(), replay(recording), duration_s=recording.duration_s)


def run_rows() -> Iterator[Row]:
    """What `run` takes with a 720p camera that looks at a shelf where nothing happens."""
    script = Path(__file__).resolve().parents[1] / "bench_run.py"
    for recogniser, most_mb in (("features", 180), ("detector", 250)):
        command = [sys.executable, str(script), "--seconds", str(SECONDS)]
        done = subprocess.run(
            [*command, "--visits-per-hour", "0", "--camera", recogniser],
            capture_output=True,
            text=True,
            check=False,
        )
        if not done.stdout:
            raise SystemExit(f"bench_run.py told nothing: {done.stderr}")
        told = json.loads(done.stdout)
        yield Row(f"`run` with a camera, {recogniser}", str(most_mb), told["rss_mb"], "MB")
        yield Row("… of a core, idle", "15", told["cpu_percent"], "%")
