"""Score weighing and identity on simulated shelves that were never seen: `--seeds 7001:7020`.

Each scene is simulated once a seed, scored by `edge-agent score`, and its recordings are deleted
again. Prints a line a figure beside its goal; `--json FILE` keeps everything that was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

EDGE_AGENT = [sys.executable, "-m", "edge_agent.cli.main"]


@dataclass(frozen=True)
class Goal:
    """A figure of `edge-agent score --json`, by its path, and what it should be."""

    name: str
    path: tuple[str, ...]
    at_least: float | None = None
    at_most: float | None = None

    def line(self, measured: dict[str, Any]) -> str:
        """The figure beside its goal, in words."""
        value: Any = measured
        for key in self.path:
            value = value.get(key) if isinstance(value, dict) else None
        goal = f"at least {self.at_least:g}" if self.at_least is not None else ""
        goal = f"at most {self.at_most:g}" if self.at_most is not None else goal
        if value is None:
            return f"  {self.name:<44} {'–':>8}   {goal}"
        low = self.at_least is not None and value < self.at_least
        high = self.at_most is not None and value > self.at_most
        return f"  {self.name:<44} {value:>8.4g}   {goal}{'   MISSED' if low or high else ''}"


@dataclass(frozen=True)
class Scene:
    """One kind of shelf: options of `edge-agent simulate`, and the goals that are meant for it.

    `hours` and `seeds`, where given, stand for those of the command line.
    """

    name: str
    options: tuple[str, ...]
    goals: tuple[Goal, ...]
    hours: float = 0.0
    seeds: int | None = None


BUSY = ("--only-weights", "--visits-per-hour", "600")
F1 = Goal("changes by weight, F1", ("weights", "f1"), 0.98)
ITEMS = Goal("changes by items, F1", ("changes", "f1"))
FALSE = Goal("false changes an hour", ("weights", "false_per_hour"), at_most=0.5)
ACTIONS = Goal("whole actions weighed right", ("actions", "share"), 0.999)
SPLIT = Goal("doubles from 0.6 s apart split", ("doubles_split", "from_0.6", "share"), 0.95)
MEDIAN = Goal("weight error, median, g", ("weight_error_g", "median"), at_most=0.08)
P95 = Goal("weight error, 95 %, g", ("weight_error_g", "p95"), at_most=0.25)
EARLY = Goal("told after the hand has gone, p99, s", ("hand_gone_delay_s", "p99"), at_most=0.8)
RIGHT = Goal("accepted identities right", ("identities", "accepted", "share"), 0.995)
ABSTAINED = Goal("identities abstained from", ("identities", "abstained", "share"), at_most=0.05)
ECE = Goal("calibration error", ("calibration", "ece_equal_mass"), at_most=0.02)
TOLD = Goal("changes told", ("steps", "false"), at_most=0)
COST = Goal("replay, % of a core", ("replay", "core_percent"))


def but(goal: Goal, at_least: float | None = None) -> Goal:
    """The same figure with another goal."""
    return replace(goal, at_least=at_least, at_most=None)


SCENES = (
    Scene("full mix with doubles", BUSY, (F1, ITEMS, ACTIONS, MEDIAN, P95, EARLY, ECE, COST)),
    Scene(
        "without doubles",
        (*BUSY, "--effect", "doubles=0"),
        (but(F1, 0.995), ITEMS, FALSE, ACTIONS, MEDIAN, P95, EARLY),
    ),
    Scene("harsh", (*BUSY, "--profile", "harsh"), (but(F1), ITEMS, but(ACTIONS, 0.99), EARLY)),
    Scene(
        "doubles on an 18 Hz platform, 0.6 to 1.2 s apart",
        (*BUSY, "--platform-hz", "18:18", "--double-gap", "0.6:1.2", "--effect", "doubles=4"),
        (but(F1), SPLIT),
    ),
    Scene("coarse 20 kg plates, 12 samples/s", (*BUSY, "--profile", "coarse"), (but(F1, 0.97),)),
    Scene(
        "4 products a plate",
        (*BUSY, "--plates", "12", "--products-per-plate", "4"),
        (but(F1), ITEMS, RIGHT, ABSTAINED, ECE),
    ),
    Scene(
        "12 products a plate, pairs",
        (*BUSY, "--plates", "6", "--products-per-plate", "12"),
        (but(F1), ITEMS, but(RIGHT, 0.99), replace(ABSTAINED, at_most=None), ECE),
    ),
    Scene("faulty", (*BUSY, "--profile", "faulty"), (but(F1), ITEMS, replace(FALSE, at_most=None))),
    Scene(
        "untouched for a day, harsh",
        ("--profile", "harsh", "--visits-per-hour", "0"),
        (TOLD,),
        hours=24,
        seeds=1,
    ),
)


def main() -> None:
    arguments = _arguments()
    first, last = (int(seed) for seed in arguments.seeds.split(":"))
    seeds = list(range(first, last + 1))
    measured: dict[str, Any] = {}
    for scene in SCENES:
        if arguments.scene and arguments.scene not in scene.name:
            continue
        chosen = seeds[: scene.seeds] if scene.seeds else seeds
        measured[scene.name] = score(scene, chosen, arguments.minutes / 60, arguments.jobs)
        truth = measured[scene.name]["weights"]
        print(
            f"{scene.name}: {len(chosen)} seeds, {measured[scene.name]['hours']:.2f} h, "
            f"{truth['found'] + truth['missed']} changes"
        )
        for goal in scene.goals:
            print(goal.line(measured[scene.name]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


def score(scene: Scene, seeds: list[int], hours: float, jobs: int) -> dict[str, Any]:
    """Simulate a scene once a seed and return what `edge-agent score --json` says of all."""
    with tempfile.TemporaryDirectory() as folder:
        folders = [Path(folder) / str(seed) for seed in seeds]

        def simulate(place: Path) -> None:
            _run("simulate", "--seed", place.name, "--hours", str(scene.hours or hours), "--out",
                 str(place), *scene.options)  # fmt: skip

        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(simulate, folders))
        told = _run("score", *map(str, folders), "--jobs", str(jobs), "--json")
    scored: dict[str, Any] = json.loads(told)
    return scored


def _run(*arguments: str) -> str:
    done = subprocess.run(
        [*EDGE_AGENT, *arguments], check=True, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    return done.stdout


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1:4", help="first and last seed, as 7001:7020")
    parser.add_argument("--minutes", type=float, default=8.0, help="length of a recording")
    parser.add_argument("--scene", help="only scenes with this in their name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
