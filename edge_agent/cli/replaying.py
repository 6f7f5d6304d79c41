"""`replay`, `score`: recordings run through the core, and judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_agent.cli.console import note, print_json
from edge_agent.cli.options import AsJson
from edge_agent.cli.progress import Progress

if TYPE_CHECKING:
    from edge_agent.score import Score

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A folder with a recording.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("replay", epilog="Example: edge-agent replay day1 | grep losses")(replay)
    app.command("score", epilog="Example: edge-agent score day1 day2 --json")(score)


def replay(folder: Folder) -> None:
    """Run a recording through the same core as the live shelf, and print what it publishes."""
    from edge_agent.recordings import Recording
    from edge_agent.replaying import replay as run_through

    recording = Recording(folder)
    with Progress("replaying") as progress:
        for message in run_through(recording, _part_of(recording.span, progress)):
            print_json(message)
    for warning in recording.warnings:
        note(f"warning: {warning}")


def score(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Recordings with truth.")],
    as_json: AsJson = False,
    jobs: Annotated[int, typer.Option(help="Recordings replayed at the same time.", min=1)] = 1,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Also list what was missed, false or wrong, and reliability."
        ),
    ] = False,
) -> None:
    """Replay recordings and compare what was found with what really happened.

    A change is found with its items right, by its weight (within 3 g or 3 %), or at all; an action
    is what one plate went through within 2.5 s; identities are judged where the weight was found.
    """
    from edge_agent.score import total

    with Progress("scoring") as progress:
        whole = total(_scores(folders, jobs, progress))
    if as_json:
        print_json(whole.as_dict())
        return
    from edge_agent.cli.score_table import print_score

    print_score(whole, verbose=verbose)


def _scores(folders: list[Path], jobs: int, progress: Callable[[float], None]) -> Iterator[Score]:
    if jobs == 1 or len(folders) == 1:
        for i, folder in enumerate(folders):
            yield _score_one(folder, partial(_nth_part, progress, i, len(folders)))
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(jobs) as pool:
        for i, scored in enumerate(pool.map(_score_one, folders), 1):
            progress(i / len(folders))
            yield scored


def _score_one(folder: Path, progress: Callable[[float], None] = lambda part: None) -> Score:
    from dataclasses import replace

    from edge_agent.recordings import TRUTH_FILE, Recording
    from edge_agent.replaying import replay as run_through
    from edge_agent.scoring import score as judge

    recording = Recording(folder)
    if not (folder / TRUTH_FILE).is_file():
        note(f"warning: {folder} has no {TRUTH_FILE}; all that is found there counts as false")
    weights_g = {p.sku: p.weight_g for p in recording.settings.product if p.weight_g is not None}
    began_s = time.process_time()
    reports = list(run_through(recording, _part_of(recording.span, progress)))
    cpu_s = time.process_time() - began_s
    scored = judge(recording.truth(), reports, duration_s=recording.duration_s, weights_g=weights_g)
    plate_s = recording.duration_s * len(recording.plates_in_file)
    return replace(scored, cpu_s=cpu_s, plate_s=plate_s)


def _nth_part(progress: Callable[[float], None], i: int, of: int, part: float) -> None:
    progress((i + part) / of)


def _part_of(
    span: tuple[float, float], progress: Callable[[float], None]
) -> Callable[[float], None]:
    start, end = span
    return lambda at: progress(min(1.0, max(0.0, (at - start) / max(end - start, 1e-9))))
