"""The signals that every detector gets: simulated scenes from a seed, and two real ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.ledger import catalogue_of
from edge_agent.pipeline import plate_spec
from edge_agent.settings import Settings
from edge_agent.settings_file import load_settings
from edge_agent.simulation.live import LiveShelf
from edge_agent.simulation.variation import Variation
from edge_agent.truth import TrueChange
from edge_agent.weighing.weigher import PlateSpec

FloatArray = npt.NDArray[np.float64]

REAL_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
START_AT = 1_772_413_200.0
QUIET_S = 30.0
QUIET_END_S = 10.0
BLOCK_S = 60.0
# The log has no times; the library that wrote it averages to about ten readings a second.
LOG_RATE_HZ = 10.0
STORE_RATE_HZ = 60.0


@dataclass(frozen=True, slots=True)
class Signal:
    """What the plates showed: `times` (n,) Unix seconds, `grams` (n, k), NaN where no sample.

    `rate_hz` are the usual samples a second, `boards` the columns of plates that stand on
    one shelf board. `truth` knows its grams.
    """

    scene: str
    seed: int
    rate_hz: float
    times: FloatArray
    grams: FloatArray
    plates: tuple[PlateSpec, ...]
    boards: tuple[tuple[int, ...], ...]
    truth: tuple[TrueChange, ...]

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return float(self.times[-1] - self.times[0])


@dataclass(frozen=True, slots=True)
class Scene:
    """A simulated situation. `longer` times the usual length; `tuned_on` names the scene whose
    tuned constants are used, where it has no events of its own to tune on."""

    name: str
    title: str
    profile: str = "default"
    rate_hz: float = 80.0
    actions_per_hour: float = 300.0
    effects: Mapping[str, float] = field(default_factory=dict)
    platform_hz: tuple[float, float] | None = None
    double_gap_s: tuple[float, float] | None = None
    longer: float = 1.0
    tuned_on: str = ""

    def signal(self, seed: int, minutes: float) -> Signal:
        """Simulate it; the same seed and length give the same samples."""
        duration_s = 60.0 * minutes * self.longer
        variation = Variation(
            effects=self.effects,
            platform_hz=self.platform_hz,
            double_gap_s=self.double_gap_s,
            only_weights=True,
        )
        return simulated(self, seed, duration_s, variation)


SCENES: dict[str, Scene] = {
    scene.name: scene
    for scene in (
        Scene("fine", "full mix with doubles, 80/s"),
        Scene("no-doubles", "full mix without doubles, 80/s", effects={"doubles": 0.0}),
        Scene("harsh", "harsh profile, 80/s", profile="harsh"),
        Scene(
            "doubles",
            "doubles 0.3–1.2 s apart, 18 Hz, 80/s",
            effects={"doubles": 6.0},
            platform_hz=(18.0, 18.0),
            double_gap_s=(0.3, 1.2),
        ),
        Scene("faulty", "faulty profile, 80/s", profile="faulty"),
        Scene("coarse", "coarse 20 kg plates, 12/s", profile="coarse", rate_hz=12.0),
        Scene(
            "untouched",
            "untouched, harsh profile, 80/s",
            profile="harsh",
            actions_per_hour=0.0,
            longer=3.0,
            tuned_on="harsh",
        ),
    )
}


def simulated(scene: Scene, seed: int, duration_s: float, variation: Variation) -> Signal:
    """Simulate a shelf of single actions for so long, with quiet at both ends."""
    end_at = START_AT + duration_s
    shelf = LiveShelf(
        seed,
        START_AT,
        scene.profile,
        scene.rate_hz,
        scene.actions_per_hour,
        variation=variation,
        end_at=end_at,
        last_hand_at=end_at - QUIET_END_S,
        quiet_s=QUIET_S,
    )
    times, grams = [], []
    while shelf.now < end_at - 1e-6:
        block_times, block = shelf.next_grams(min(BLOCK_S, end_at - shelf.now))
        times.append(block_times)
        grams.append(block.astype(np.float64))
    changes, _ = shelf.truth_until(math.inf)
    plates = _specs(shelf.settings)
    return Signal(
        scene.name,
        seed,
        scene.rate_hz,
        np.concatenate(times),
        np.concatenate(grams),
        plates,
        boards_of([p.plate for p in plates], lambda name: name.rstrip("0123456789")),
        tuple(TrueChange(c.at, c.plate, c.items, c.grams) for c in changes),
    )


def _specs(settings: Settings) -> tuple[PlateSpec, ...]:
    """What the agent is told of the plates when it runs: their goods, by the planogram."""
    catalogue = catalogue_of(settings)
    return tuple(plate_spec(plate, catalogue) for plate in settings.plate)


def real_store() -> Signal | None:
    """One bottle taken in a real store (see shared/data); None where the data is absent."""
    folder = REAL_DATA / "aifi-benchmark-1"
    if not folder.is_dir():
        return None
    plates = _specs(load_settings(folder / "shelf.toml", hardware=False))
    rows = np.loadtxt(folder / "weights.csv", delimiter=",", skiprows=1)
    names = [plate.plate for plate in plates]
    # The set tells the item and the time; what left is what the plate lost by its own medians.
    bottle = TrueChange(1587532009.58, "1-5-11", (("071142008582", -1),), -621.7)
    boards = boards_of(names, lambda name: name.rpartition("-")[0])
    return Signal("store", 0, STORE_RATE_HZ, rows[:, 0], rows[:, 1:], plates, boards, (bottle,))


def real_log() -> Signal | None:
    """A spool on a real HX711 (see shared/data), spikes and all; None where it is absent.

    Its truth are the three level steps that are clear by eye, from medians on both sides. Between
    and after them the spool is printed from, and nobody knows what was a change.
    """
    file = REAL_DATA / "scale-logs" / "samples_a931659d.txt"
    if not file.is_file():
        return None
    grams = np.loadtxt(file)
    times = np.arange(len(grams)) / LOG_RATE_HZ
    steps = tuple(
        TrueChange(at / LOG_RATE_HZ, "spool", (), _step(grams, before, after))
        for at, before, after in LOG_STEPS
    )
    plates = (PlateSpec("spool", 2000.0),)
    return Signal("log", 0, LOG_RATE_HZ, times, grams[:, None], plates, ((0,),), steps)


LOG_STEPS = (
    (6316, (6270, 6305), (6322, 6342)),
    (6353, (6322, 6342), (6370, 6400)),
    (7533, (7495, 7525), (7540, 7560)),
)
"""Where the log steps, with the samples before and after whose medians tell by how much."""
LOG_STILL_UNTIL = 6200
LOG_KNOWN = ((6200, 6600), (7480, 7600))
"""The samples around the steps where every move is plain."""


def _step(grams: FloatArray, before: tuple[int, int], after: tuple[int, int]) -> float:
    return float(np.median(grams[slice(*after)]) - np.median(grams[slice(*before)]))


def boards_of(names: list[str], board: Callable[[str], str]) -> tuple[tuple[int, ...], ...]:
    """Group neighbouring columns whose names belong to one board."""
    columns = groupby(range(len(names)), key=lambda column: board(names[column]))
    return tuple(tuple(group) for _, group in columns)
