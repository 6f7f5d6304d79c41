"""The tuned constants, kept in a file with the seeds that they were tuned on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.rivals import START, Tunable, constants

FILE = Path(__file__).with_name("tuned.json")

ByScene = dict[str, dict[str, Tunable]]


@dataclass(frozen=True, slots=True)
class Tuned:
    """Constants by scene and detector; tuned on `seeds` (first, end) of `minutes` each."""

    by_scene: ByScene
    seeds: tuple[int, int]
    minutes: float


def load(file: Path = FILE) -> Tuned:
    """Read the constants of an earlier tuning."""
    kept = json.loads(file.read_text(encoding="utf-8"))
    by_scene = {
        scene: {name: type(START[name])(**values) for name, values in of_scene.items()}
        for scene, of_scene in kept["constants"].items()
    }
    first, end = kept["seeds"]
    return Tuned(by_scene, (first, end), kept["minutes"])


def save(tuned: Tuned, file: Path = FILE) -> None:
    """Keep the constants for later runs."""
    kept = {
        "seeds": list(tuned.seeds),
        "minutes": tuned.minutes,
        "constants": as_dict(tuned.by_scene),
    }
    file.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def as_dict(by_scene: Mapping[str, Mapping[str, Tunable]]) -> dict[str, dict[str, object]]:
    """Give the constants as JSON values."""
    return {
        scene: {name: constants(detector) for name, detector in of_scene.items()}
        for scene, of_scene in by_scene.items()
    }
