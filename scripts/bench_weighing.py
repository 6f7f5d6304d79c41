"""Weighing side by side, on the same signals: this agent, and four others.

The others: the moving-variance detector of AIM3S with its published constants, and per plate and
tuned; CUSUM then stillness, tuned; PELT from `ruptures`, offline and tuned. Their constants are
tuned for each scene on seeds that are not reported (scripts/bench/tuned.json; --tune does it anew).
The agent has no constants to tune and is the same in every scene. Needs the extra `dev`:
pip install -e '.[dev]'

    python scripts/bench_weighing.py --quick
    python scripts/bench_weighing.py --seeds 500:520 --docs docs/weighing.md
    python scripts/bench_weighing.py --tune 1:4
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edge_agent.cli.console import print_table
from edge_agent.plot.svg import to_svg
from scripts.bench import constants, report
from scripts.bench.arguments import arguments
from scripts.bench.cost import SECONDS, Cost, costs
from scripts.bench.figures import double_pick, f1_drawing, moment_drawing
from scripts.bench.judging import Outcome, summed
from scripts.bench.real import RealResult, real_results
from scripts.bench.rivals import NAMES, START, Tunable, detectors, run, tune
from scripts.bench.signals import SCENES

TRACE_SCENE = "doubles"
F1_FILE, TRACE_FILE = "weighing-f1.svg", "weighing-double.svg"
QUICK_COST_S = 20.0


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was measured in one run."""

    results: dict[str, dict[str, Outcome]]
    costs: dict[str, Cost]
    real: dict[str, RealResult]
    tuned: constants.Tuned
    seeds: tuple[int, int]
    minutes: float


def main() -> int:
    """Measure, print, and write what was asked for."""
    wanted = arguments(__doc__ or "")
    with ProcessPoolExecutor(wanted.jobs) as pool:
        if wanted.tune:
            tuned = _tune(pool, wanted.tune, wanted.tune_minutes)
            constants.save(tuned)
        tuned = constants.load()
        _check_apart(wanted.seeds, tuned.seeds)
        found = _measure(pool, wanted, tuned)
    _print(found)
    if wanted.json:
        wanted.json.write_text(json.dumps(_as_dict(found), indent=1) + "\n", encoding="utf-8")
    if wanted.plots:
        _draw(found, wanted.plots)
    if wanted.docs:
        _draw(found, wanted.docs.parent)
        report.put_between_marks(wanted.docs, _page(found))
    return 0


def _check_apart(reported: tuple[int, int], tuned: tuple[int, int]) -> None:
    if reported[0] < tuned[1] and tuned[0] < reported[1]:
        raise SystemExit(
            f"Seeds {reported[0]}:{reported[1]} are to be reported and {tuned[0]}:{tuned[1]} were "
            "tuned on. Report others."
        )


def _tune(pool: Executor, seeds: tuple[int, int], minutes: float) -> constants.Tuned:
    """The best constants of each detector in each scene that has events."""
    scenes = [scene.name for scene in SCENES.values() if not scene.tuned_on]
    tasks = [(scene, name, seeds, minutes) for scene in scenes for name in START]
    by_scene: constants.ByScene = {scene: {} for scene in scenes}
    for (scene, name, _, _), best in _told(tasks, pool.map(_tune_one, tasks), "tuning"):
        by_scene[scene][name] = best
    return constants.Tuned(by_scene, seeds, minutes)


def _tune_one(task: tuple[str, str, tuple[int, int], float]) -> Tunable:
    scene, name, seeds, minutes = task
    return tune(name, [SCENES[scene].signal(seed, minutes) for seed in range(*seeds)])


Task = tuple[str, int, float, dict[str, Tunable]]


def _measure(pool: Executor, wanted: argparse.Namespace, tuned: constants.Tuned) -> Findings:
    tasks: list[Task] = [
        (scene, seed, wanted.minutes, tuned.by_scene[SCENES[scene].tuned_on or scene])
        for scene in wanted.scenes
        for seed in range(*wanted.seeds)
    ]
    outcomes: dict[str, list[dict[str, Outcome]]] = {scene: [] for scene in wanted.scenes}
    for task, of_seed in _told(tasks, pool.map(_measure_one, tasks), "measuring"):
        outcomes[task[0]].append(of_seed)
    results = {
        scene: {name: summed(o[name] for o in of_scene) for name in NAMES}
        for scene, of_scene in outcomes.items()
    }
    # Alone, after everything else, so that nobody else heats the core.
    cost = costs(tuned.by_scene["fine"], QUICK_COST_S if wanted.quick else SECONDS)
    return Findings(
        results, cost, real_results(tuned.by_scene), tuned, wanted.seeds, wanted.minutes
    )


def _measure_one(task: Task) -> dict[str, Outcome]:
    scene, seed, minutes, tuned = task
    signal = SCENES[scene].signal(seed, minutes)
    return {name: run(detector, signal)[1] for name, detector in detectors(tuned).items()}


def _told(tasks: Sequence[Any], done: Iterable[Any], what: str) -> Iterator[tuple[Any, Any]]:
    """Each task with its result, and how far it all is."""
    for i, (task, result) in enumerate(zip(tasks, done, strict=True), 1):
        if sys.stderr.isatty():
            print(f"\r{what}: {i} of {len(tasks)} ", end="", file=sys.stderr, flush=True)
        yield task, result


def _print(found: Findings) -> None:
    print(_seeds_line(found))
    for scene, outcomes in found.results.items():
        print(f"\n{report.scene_title(scene, outcomes)}")
        print_table(_flush(report.COLUMNS), report.scene_rows(outcomes), "nothing")
    print("What it costs")
    print_table(_flush(report.COST_COLUMNS), report.cost_rows(found.costs), "nothing")
    print("Real recordings (../shared/data)")
    print_table(_flush(report.REAL_COLUMNS), report.real_rows(found.real), "nothing")


def _flush(columns: Sequence[str]) -> list[str]:
    return [columns[0], *(f"{name}>" for name in columns[1:])]


def _seeds_line(found: Findings) -> str:
    (first, end), (tuned_first, tuned_end) = found.seeds, found.tuned.seeds
    return (
        f"Reported: seeds {first} to {end - 1}, {found.minutes:g} minutes each. "
        f"The others' constants were tuned on seeds {tuned_first} to {tuned_end - 1}, "
        f"{found.tuned.minutes:g} minutes each."
    )


def _draw(found: Findings, folder: Path) -> None:
    """Write the two pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / F1_FILE).write_text(to_svg(f1_drawing(found.results)), encoding="utf-8")
    tuned = found.tuned.by_scene[TRACE_SCENE]
    for seed in range(*found.seeds):
        signal = SCENES[TRACE_SCENE].signal(seed, found.minutes)
        told = {name: run(d, signal)[0] for name, d in detectors(tuned).items()}
        moment = double_pick(signal, told)
        if moment is not None:
            (folder / TRACE_FILE).write_text(to_svg(moment_drawing(moment)), encoding="utf-8")
            return


def _page(found: Findings) -> str:
    """The part of the page that is measured."""
    parts = [_seeds_line(found)]
    for scene, outcomes in found.results.items():
        title = report.scene_title(scene, outcomes)
        rows = report.scene_rows(outcomes)
        parts.append(
            f"### {title[0].upper()}{title[1:]}\n\n{report.markdown(report.COLUMNS, rows)}"
        )
    cost = report.markdown(report.COST_COLUMNS, report.cost_rows(found.costs))
    real = report.markdown(report.REAL_COLUMNS, report.real_rows(found.real))
    parts += [
        f"![F1 by scene and detector]({F1_FILE})",
        f"![What each detector said of a double pick]({TRACE_FILE})",
        f"### What it costs\n\n{cost}",
        f"### Real recordings\n\n{real}",
    ]
    return "\n\n".join(parts)


def _as_dict(found: Findings) -> dict[str, Any]:
    return {
        "seeds": found.seeds,
        "minutes": found.minutes,
        "tuned_on_seeds": found.tuned.seeds,
        "tuned_constants": constants.as_dict(found.tuned.by_scene),
        "scenes": {
            scene: {name: o.as_dict() for name, o in outcomes.items()}
            for scene, outcomes in found.results.items()
        },
        "cost": {name: c.as_dict() for name, c in found.costs.items()},
        "real": {name: r.as_dict() for name, r in found.real.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
