"""`simulate`, `replay`, `score`: recordings made, run through the core, and judged."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_agent.cli.console import note, print_json
from edge_agent.cli.options import AsJson

if TYPE_CHECKING:
    from edge_agent.score import Score

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A folder with a recording.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("simulate", epilog="Example: edge-agent simulate --seed 1 --hours 8 --out day1")(
        simulate
    )
    app.command("replay", epilog="Example: edge-agent replay day1 | grep losses")(replay)
    app.command("score", epilog="Example: edge-agent score day1 day2 --json")(score)


def simulate(
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.", min=0)],
    hours: Annotated[float, typer.Option(help="Length; a day and more begins at midnight.")],
    out: Annotated[Path, typer.Option(help="The folder to write.", metavar="DIR")],
    profile: Annotated[
        str, typer.Option(help="default, calm (no doubles, no faults) or harsh.")
    ] = "default",
    rate: Annotated[float, typer.Option(help="Samples a second.")] = 80.0,
    visits_per_hour: Annotated[float, typer.Option(help="How busy the shelf is.")] = 10.0,
) -> None:
    """Make a recording of a simulated shelf, with the truth beside it."""
    from edge_agent.simulation.recording import simulate as make

    with _Progress("simulating") as progress:
        make(
            seed,
            hours,
            out,
            profile=profile,
            rate_hz=rate,
            visits_per_hour=visits_per_hour,
            progress=progress,
        )


def replay(folder: Folder) -> None:
    """Run a recording through the same core as the live shelf, and print what it publishes."""
    from edge_agent.recordings import Recording
    from edge_agent.replaying import replay as run_through

    recording = Recording(folder)
    with _Progress("replaying") as progress:
        for message in run_through(recording, _part_of(recording.span, progress)):
            print_json(message)
    for warning in recording.warnings:
        note(f"warning: {warning}")


def score(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Recordings with truth.")],
    as_json: AsJson = False,
    jobs: Annotated[int, typer.Option(help="Recordings replayed at the same time.", min=1)] = 1,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also list what was missed or false.")
    ] = False,
) -> None:
    """Replay recordings and compare what was found with what really happened."""
    from edge_agent.score import total

    if jobs > 1 and len(folders) > 1:
        from concurrent.futures import ProcessPoolExecutor

        with ProcessPoolExecutor(jobs) as pool:
            scores = list(pool.map(_score_one, folders))
    else:
        with _Progress("scoring") as progress:
            scores = [
                _score_one(folder, partial(_nth_part, progress, i, len(folders)))
                for i, folder in enumerate(folders)
            ]
    whole = total(scores)
    if as_json:
        print_json(whole.as_dict())
        return
    from edge_agent.cli.score_table import print_score

    print_score(whole, verbose=verbose)


def _score_one(folder: Path, progress: Callable[[float], None] = lambda part: None) -> Score:
    from edge_agent.recordings import Recording
    from edge_agent.replaying import replay as run_through
    from edge_agent.scoring import score as judge

    recording = Recording(folder)
    truth = recording.truth()
    reports = run_through(recording, _part_of(recording.span, progress))
    return judge(truth, reports, duration_s=recording.duration_s)


def _nth_part(progress: Callable[[float], None], i: int, of: int, part: float) -> None:
    progress((i + part) / of)


def _part_of(
    span: tuple[float, float], progress: Callable[[float], None]
) -> Callable[[float], None]:
    start, end = span
    return lambda at: progress(min(1.0, max(0.0, (at - start) / max(end - start, 1e-9))))


class _Progress:
    """A line on standard error that says how far long work is; only on a terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = -1
        self._on = sys.stderr.isatty()

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._on and self._shown >= 0:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def __call__(self, part: float) -> None:
        percent = int(100 * part)
        if self._on and percent != self._shown:
            self._shown = percent
            bar = "█" * (percent // 4) + "·" * (25 - percent // 4)
            print(f"\r{self._what} {bar} {percent:3d} %", end="", file=sys.stderr, flush=True)
